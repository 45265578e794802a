//! The parameters of a request.

use url::form_urlencoded::{Serializer, parse};

/// Names in any letter case; an empty value counts as absent, as clients send those for options not set.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string.
    pub fn parse(query: &str) -> Self {
        Self(parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self
            .0
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// The query string with this parameter set and at the end: clients look for it there.
    pub fn with_last(&self, name: &str, value: i64) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(given, _)| !given.eq_ignore_ascii_case(name)));
        query.append_pair(name, &value.to_string());
        query.finish()
    }
}
