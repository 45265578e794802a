//! What an entity says about itself.

use serde::Serialize;
use serde_json::{Value, json};

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

/// `{"fields":[…]}`
#[derive(Serialize)]
pub struct Fields<T> {
    fields: Vec<T>,
}

/// `/{Entity}/entityInformation`
pub fn info(model: &Model, switches: &Switches) -> Value {
    let access = |allowed: bool| match (switches.access_as_text, allowed) {
        (true, true) => json!("All"),
        (true, false) => json!("None"),
        (false, allowed) => json!(u8::from(allowed)),
    };
    json!({"info": {
        "name": if switches.plural_entity_name { model.plural } else { model.name },
        "canCreate": model.can_create,
        "canDelete": model.can_delete,
        "canQuery": true,
        "canUpdate": model.can_create,
        "userAccessForCreate": access(model.can_create),
        "userAccessForDelete": access(model.can_delete),
        "userAccessForQuery": access(true),
        "userAccessForUpdate": access(model.can_create),
        "hasUserDefinedFields": !model.udfs.is_empty(),
        "supportsWebhookCallouts": !model.udfs.is_empty(),
    }})
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
