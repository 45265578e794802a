//! What an administrator wants a row to become, as the API has it.

use domain::row::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// What a selected row becomes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "TargetOf{Id}")]
pub enum TargetView<Id> {
    /// The status of the row decides.
    #[serde(with = "empty_object")]
    #[schemars(with = "empty_object::Empty")]
    Automatic,
    /// It becomes a new one, even if one is mapped or has the same name or address.
    #[serde(with = "empty_object")]
    #[schemars(with = "empty_object::Empty")]
    Create,
    /// It is linked to the existing one with this id.
    Existing(Id),
}

impl<Id> From<Target<Id>> for TargetView<Id> {
    fn from(target: Target<Id>) -> Self {
        match target {
            Target::Automatic => Self::Automatic,
            Target::Create => Self::Create,
            Target::Existing(id) => Self::Existing(id),
        }
    }
}

impl<Id> From<TargetView<Id>> for Target<Id> {
    fn from(view: TargetView<Id>) -> Self {
        match view {
            TargetView::Automatic => Self::Automatic,
            TargetView::Create => Self::Create,
            TargetView::Existing(id) => Self::Existing(id),
        }
    }
}

/// Reads what an administrator wants, if it is there.
pub fn read<'de, D: Deserializer<'de>, Id: Deserialize<'de>>(deserializer: D) -> Result<Option<Target<Id>>, D::Error> {
    Ok(Option::<TargetView<Id>>::deserialize(deserializer)?.map(Target::from))
}

/// `{"create": {}}` on the wire, a plain variant in code. A struct variant without fields would also be read from an array.
pub mod empty_object {
    use domain::object;
    use schemars::JsonSchema;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[schemars(inline)]
    pub struct Empty {}

    pub fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        Empty {}.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        object::only::<Empty, D>(deserializer).map(|_| ())
    }
}
