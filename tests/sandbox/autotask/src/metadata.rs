//! What an entity says about itself.

use serde::Serialize;

use crate::model::COMPANY_TYPE_GERMAN;
use crate::model::{Choice, Field, Kind, Model, Udf};
use crate::query::EXTRA_FIELD;
use crate::switches::Switches;

#[derive(Serialize)]
struct PicklistValue {
    value: String,
    label: &'static str,
    #[serde(rename = "isDefaultValue")]
    is_default: bool,
    #[serde(rename = "sortOrder")]
    sort_order: usize,
    #[serde(rename = "parentValue")]
    parent: &'static str,
    #[serde(rename = "isActive")]
    is_active: bool,
    #[serde(rename = "isSystem")]
    is_system: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the server's own shape")]
struct FieldInfo {
    name: &'static str,
    data_type: &'static str,
    length: u16,
    is_required: bool,
    is_read_only: bool,
    is_queryable: bool,
    is_reference: bool,
    reference_entity_type: &'static str,
    is_pick_list: bool,
    picklist_values: Option<Vec<PicklistValue>>,
    picklist_parent_value_field: &'static str,
    is_supported_webhook_field: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the server's own shape")]
struct UdfInfo {
    name: &'static str,
    label: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    length: u16,
    description: &'static str,
    is_required: bool,
    is_read_only: bool,
    is_queryable: bool,
    is_reference: bool,
    reference_entity_type: &'static str,
    is_pick_list: bool,
    picklist_values: Option<Vec<PicklistValue>>,
    picklist_parent_value_field: &'static str,
    default_value: &'static str,
    is_supported_webhook_field: bool,
}

#[derive(Serialize)]
struct Information {
    info: EntityInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the server's own shape")]
struct EntityInfo {
    name: &'static str,
    can_create: bool,
    can_delete: bool,
    can_query: bool,
    can_update: bool,
    user_access_for_create: Access,
    user_access_for_delete: Access,
    user_access_for_query: Access,
    user_access_for_update: Access,
    has_user_defined_fields: bool,
    supports_webhook_callouts: bool,
}

/// Which of the two it is, is an open question.
#[derive(Serialize)]
#[serde(untagged)]
enum Access {
    Number(u8),
    Word(&'static str),
}

/// `{"fields":[…]}`
#[derive(Serialize)]
pub struct Fields<T> {
    fields: Vec<T>,
}

/// `/{Entity}/entityInformation`
pub fn info(model: &Model, switches: &Switches) -> impl Serialize + use<> {
    let access = |allowed: bool| match (switches.access_as_text, allowed) {
        (true, true) => Access::Word("All"),
        (true, false) => Access::Word("None"),
        (false, allowed) => Access::Number(u8::from(allowed)),
    };
    Information {
        info: EntityInfo {
            name: if switches.plural_entity_name {
                model.plural
            } else {
                model.name
            },
            can_create: model.can_create,
            can_delete: model.can_delete,
            can_query: true,
            can_update: model.can_create,
            user_access_for_create: access(model.can_create),
            user_access_for_delete: access(model.can_delete),
            user_access_for_query: access(true),
            user_access_for_update: access(model.can_create),
            has_user_defined_fields: !model.udfs.is_empty(),
            supports_webhook_callouts: !model.udfs.is_empty(),
        },
    }
}

/// `/{Entity}/entityInformation/fields`
pub fn fields(model: &Model, switches: &Switches) -> Fields<impl Serialize + use<>> {
    let mut fields: Vec<_> = model.fields.iter().map(|field| field_info(field, switches)).collect();
    if switches.extra_field {
        fields.push(field_info(
            &Field::new(EXTRA_FIELD, Kind::Integer).read_only(),
            switches,
        ));
    }
    Fields { fields }
}

/// `/{Entity}/entityInformation/userDefinedFields`
pub fn user_defined_fields(model: &Model) -> Fields<impl Serialize + use<>> {
    Fields {
        fields: model.udfs.iter().map(udf_info).collect(),
    }
}

fn field_info(field: &Field, switches: &Switches) -> FieldInfo {
    let is_category = field.name == "companyCategoryID";
    let is_reference = !field.reference.is_empty() && (!is_category || switches.category_is_reference);
    let choices = field.choices.filter(|_| !is_category || switches.category_is_picklist);
    let german = switches.german_labels && field.name == "companyType";
    FieldInfo {
        name: field.name,
        data_type: field.kind.data_type(),
        length: if let Kind::Text(length) = field.kind { length } else { 0 },
        is_required: field.required,
        is_read_only: field.read_only,
        is_queryable: field.queryable,
        is_reference,
        reference_entity_type: if is_reference { field.reference } else { "" },
        is_pick_list: choices.is_some(),
        picklist_values: choices.map(|choices| picklist(choices, german)),
        picklist_parent_value_field: "",
        is_supported_webhook_field: field.queryable,
    }
}

fn udf_info(udf: &Udf) -> UdfInfo {
    UdfInfo {
        name: udf.name,
        label: udf.name,
        kind: udf.kind.type_name(),
        length: 0,
        description: "",
        is_required: false,
        is_read_only: false,
        is_queryable: true,
        is_reference: false,
        reference_entity_type: "",
        is_pick_list: udf.choices.is_some(),
        picklist_values: udf.choices.map(|choices| picklist(choices, false)),
        picklist_parent_value_field: "",
        default_value: "",
        is_supported_webhook_field: true,
    }
}

fn picklist(choices: &[Choice], german: bool) -> Vec<PicklistValue> {
    let value = |(index, choice): (usize, &Choice)| PicklistValue {
        value: choice.value.to_string(),
        label: if german {
            COMPANY_TYPE_GERMAN[index]
        } else {
            choice.label
        },
        is_default: false,
        sort_order: index + 1,
        parent: "",
        is_active: choice.active,
        is_system: choice.system,
    };
    choices.iter().enumerate().map(value).collect()
}
