//! Switches for what a PSA's documentation leaves open.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The switches after these changes; an unknown name or a wrong value is named in the error.
pub fn changed<T: Serialize + DeserializeOwned>(current: &T, changes: Value) -> Result<T, String> {
    let Value::Object(changes) = changes else {
        return Err("switches: an object of names and values".to_owned());
    };
    let mut all = serde_json::to_value(current).map_err(|error| error.to_string())?;
    for (name, value) in changes {
        let slot = all.get_mut(&name).ok_or_else(|| format!("unknown switch: {name}"))?;
        let before = std::mem::replace(slot, value);
        if let Err(error) = T::deserialize(&all) {
            return Err(format!("switch {name} (now {before}): {error}"));
        }
    }
    T::deserialize(all).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Two {
        cap: u32,
        strict: bool,
    }

    const NOW: Two = Two { cap: 5, strict: false };

    #[test]
    fn only_the_named_switches_change() {
        assert_eq!(changed(&NOW, json!({"strict": true})), Ok(Two { cap: 5, strict: true }));
    }

    #[test]
    fn an_unknown_name_or_a_wrong_value_is_named() {
        assert_eq!(
            changed(&NOW, json!({"strikt": true})),
            Err("unknown switch: strikt".to_owned())
        );
        assert!(
            changed(&NOW, json!({"cap": "x"}))
                .unwrap_err()
                .starts_with("switch cap (now 5): invalid type")
        );
        assert!(changed(&NOW, json!([])).is_err());
    }
}
