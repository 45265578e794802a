//! Which rows a call is about, as callers say it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use domain::ids::{ImportId, PsaCompanyId};
use domain::object;
use domain::problem::{Mistake, Problem};
use domain::row::{AddressStatus, ImportStatus};
use domain::rules::{CompanyFilter, PersonFilter, Sought};
use domain::text::Term;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A text of a filter as rules keep it.
pub fn sought(term: Term) -> Sought {
    String::from(term).into()
}

/// Refuses to select rows that the PSA counts as inactive: nobody gets access by a click on all of them (R69).
pub fn check_active(selected: bool, active: Option<bool>) -> Result<(), Problem> {
    match (selected, active) {
        (true, Some(false)) => Err(Problem::invalid("/where/active", Mistake::InactiveOneByOne)),
        _ => Ok(()),
    }
}

/// One value or several: a list, or a text with commas between them.
#[derive(Debug, Clone)]
pub struct Several<T>(pub Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMore(PhantomData))
    }
}

struct OneOrMore<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for OneOrMore<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value or several")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Several<T>, E> {
        let words = text.split(',');
        let values = words.map(|word| T::deserialize(IntoDeserializer::<E>::into_deserializer(word)));
        Ok(Several(values.collect::<Result<_, E>>()?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        if values.is_empty() {
            return Err(A::Error::invalid_length(0, &self));
        }
        Ok(Several(values))
    }
}

impl<T: JsonSchema> JsonSchema for Several<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Several{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = generator.subschema_for::<T>();
        json_schema!({
            "description": "One value or a list of values; in a query parameter, separated by commas.",
            "oneOf": [of, { "type": "array", "items": of, "minItems": 1 }],
        })
    }
}

/// Which companies. All conditions must hold; without any, all companies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "WhereCompanies")]
pub struct WhereCompanies {
    /// Companies with one of these statuses: one value, or a list.
    pub status: Several<ImportStatus>,
    /// Companies whose name contains this text, in any case and with or without accents.
    pub search: Option<Term>,
    /// Companies with this type, by its name in the PSA.
    #[serde(rename = "type")]
    pub kind: Option<Term>,
    /// Companies that the PSA counts as active, or only others. A rule selects no inactive company: `false` works only with
    /// `"selected": false`.
    pub active: Option<bool>,
    /// Companies with one of these ids in the PSA.
    pub ids: Option<BTreeSet<PsaCompanyId>>,
    /// The id of an earlier import: companies of which a row failed in it, and the people who failed (R75). Excludes all other conditions;
    /// a rule for people refuses it.
    pub failed_in: Option<ImportId>,
}

impl WhereCompanies {
    /// The import whose failed rows are asked for, which no other condition narrows.
    pub fn failed_in_alone(&self) -> Result<Option<&ImportId>, Problem> {
        let is_alone = self.status.0.is_empty()
            && self.search.is_none()
            && self.kind.is_none()
            && self.active.is_none()
            && self.ids.is_none();
        match &self.failed_in {
            Some(_) if !is_alone => Err(Problem::invalid("/where/failedIn", Mistake::NotAlone)),
            failed_in => Ok(failed_in.as_ref()),
        }
    }
}

impl From<WhereCompanies> for CompanyFilter {
    fn from(asked: WhereCompanies) -> Self {
        Self {
            statuses: asked.status.0,
            search: asked.search.map(sought),
            kind: asked.kind.map(sought),
            active: asked.active,
            ids: asked.ids,
        }
    }
}

/// Which people. All conditions must hold; without any, all people of the selected companies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "WherePeople")]
pub struct WherePeople {
    /// People whose address has one of these statuses: one value, or a list.
    pub status: Several<AddressStatus>,
    /// People whose name or address contains this text, in any case and with or without accents.
    pub search: Option<Term>,
    /// People whom the PSA counts as active, or only others. A rule ticks no inactive contact: `false` works only with `"selected": false`.
    pub active: Option<bool>,
    /// The companies of these people; only selected ones count.
    #[serde(deserialize_with = "object::only")]
    pub company: WhereCompanies,
}

impl TryFrom<WherePeople> for PersonFilter {
    type Error = Problem;

    fn try_from(asked: WherePeople) -> Result<Self, Problem> {
        if asked.company.failed_in.is_some() {
            return Err(Problem::invalid("/where/company/failedIn", Mistake::OnlyForCompanies));
        }
        Ok(Self {
            statuses: asked.status.0,
            search: asked.search.map(sought),
            active: asked.active,
            ids: None,
            company: asked.company.into(),
        })
    }
}
