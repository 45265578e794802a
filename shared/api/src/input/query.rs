//! The parameters of a query string. A call names those that it takes; every other one is refused by name.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::problem::{Mistake, Problem, ValueKind};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use url::form_urlencoded;

use super::fault::{Fault, shown};
use crate::page::{PageQuery, Paged};
use crate::problem::ApiError;

/// The pairs of a query string, and which of them a call takes.
pub struct QueryString {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

/// The parameters that a call takes.
pub trait Query: Sized {
    /// Reads them.
    fn read(query_string: &mut QueryString) -> Result<Self, Problem>;
}

impl<T: DeserializeOwned> Query for T {
    fn read(query_string: &mut QueryString) -> Result<Self, Problem> {
        query_string.read()
    }
}

impl<T: DeserializeOwned> Query for Paged<T> {
    fn read(query_string: &mut QueryString) -> Result<Self, Problem> {
        Ok(Self {
            filter: query_string.read()?,
            page: query_string.read::<PageQuery>()?,
        })
    }
}

impl QueryString {
    pub(crate) fn of(parts: &Parts) -> Self {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
            known: Vec::new(),
        }
    }

    fn read<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let mut track = serde_path_to_error::Track::new();
        let parameters = QueryDeserializer {
            pairs: self.pairs.clone(),
            known: &mut self.known,
        };
        T::deserialize(serde_path_to_error::Deserializer::new(parameters, &mut track)).map_err(|fault| {
            let path = track.path().to_string();
            let name = fault
                .field()
                .unwrap_or(if path == "." { "query" } else { &path })
                .to_owned();
            Problem::invalid(name, fault.wording())
        })
    }

    /// Refuses the first parameter that nothing has read.
    pub(crate) fn refuse_others(&self) -> Result<(), Problem> {
        let other = self.pairs.iter().find(|(name, _)| !self.known.contains(&name.as_str()));
        let Some((name, _)) = other else { return Ok(()) };
        let mistake = if self.known.is_empty() {
            Mistake::NoParameters
        } else {
            Mistake::NotAParameter(&self.known)
        };
        Err(Problem::invalid(shown(name).unwrap_or("query".into()), mistake))
    }
}

/// No parameters at all.
#[derive(Debug, Clone, Copy)]
pub struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        QueryString::of(parts).refuse_others()?;
        Ok(Self)
    }
}

/// All parameters, read into a type that takes some of them. It says which by its fields.
struct QueryDeserializer<'a> {
    pairs: Vec<(String, String)>,
    known: &'a mut Vec<&'static str>,
}

impl<'de> Deserializer<'de> for QueryDeserializer<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        // A type without fields of its own would hide which parameters it takes.
        debug_assert!(false, "parameters are read into a plain struct");
        Err(Fault::Impossible)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.known.extend(fields);
        let pairs = self
            .pairs
            .into_iter()
            .filter(|(name, _)| fields.contains(&name.as_str()));
        visitor.visit_map(MapDeserializer::new(pairs.map(|(name, value)| (name, Word(value)))))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// The value of a parameter, which is always a text.
struct Word(String);

impl IntoDeserializer<'_, Fault> for Word {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Word {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Fault::Not(ValueKind::Flag)),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
