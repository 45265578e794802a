//! Names of companies and people: how they are cleaned (R60), and when two are the same (R21).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use caseless::Caseless;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::ids::PsaCompanyId;
use crate::language::Language;
use crate::visible::visible;

/// A name as it is stored and shown: nothing in it is invisible, it is composed (NFC), and its words are separated by one space.
/// Cleaning a clean name changes nothing.
pub fn clean(name: &str) -> String {
    if is_plain(name) {
        return name.to_owned();
    }
    let visible = visible(name);
    let mut words = visible.split_whitespace();
    let mut clean = words.next().unwrap_or_default().to_owned();
    for word in words {
        clean.push(' ');
        clean.push_str(word);
    }
    clean
}

/// Cleans a name that the caller owns: it is returned as it is if it is clean already, as most are.
pub fn cleaned(name: String) -> String {
    if is_plain(&name) { name } else { clean(&name) }
}

/// Whether a name is clean, and so plain that its comparable form differs from it by upper and lower case alone. Most are, and there may be
/// a million of them.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && !name.contains("  ")
        && !name.starts_with(' ')
        && !name.ends_with(' ')
}

/// The name of a company of a PSA: never empty, since nobody could tell two such companies apart.
pub fn of_company(name: &str, identifier: Option<&str>, id: &PsaCompanyId) -> String {
    [name, identifier.unwrap_or_default()]
        .into_iter()
        .map(clean)
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| format!("Company {id}"))
}

/// A name that somebody enters: cleaned, then 1 to `MAX` characters.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name<const MAX: usize>(String);

/// The name is empty or too long. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidName {
    most: usize,
}

impl std::error::Error for InvalidName {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Language::of_format(f).messages().invalid_name(self.most))
    }
}

impl<const MAX: usize> TryFrom<String> for Name<MAX> {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let name = clean(&text);
        if (1..=MAX).contains(&name.chars().count()) {
            Ok(Self(name))
        } else {
            Err(InvalidName { most: MAX })
        }
    }
}

impl<const MAX: usize> From<Name<MAX>> for String {
    fn from(name: Name<MAX>) -> Self {
        name.0
    }
}

impl<const MAX: usize> Deref for Name<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Shows its length alone: it may be somebody's name.
impl<const MAX: usize> fmt::Debug for Name<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({} bytes)", self.0.len())
    }
}

impl<const MAX: usize> JsonSchema for Name<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Name{MAX}").into()
    }

    /// Without a pattern: Unicode's list of what is invisible is too long for one.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX,
            "description": "The service drops invisible and control characters, trims the text, and joins white space to one space. The length counts after that.",
        })
    }
}

/// Whether two names of people have the first name or the last name in common, as [`NameKey`]s. A PSA's two fields are joined here, so
/// the first name is the first word and the last name is the rest; a single word may be either.
pub fn may_be_one_person(one: &str, other: &str) -> bool {
    // Nearly all are written as they were, and there is no more to find out about them.
    if one == other {
        return true;
    }
    let (one, other) = (NameKey::of(one), NameKey::of(other));
    if one == other {
        return true;
    }
    match (one.0.split_once(' '), other.0.split_once(' ')) {
        (Some((first, last)), Some((other_first, other_last))) => first == other_first || last == other_last,
        (Some((first, last)), None) => other.0 == first || other.0 == last,
        (None, Some((first, last))) => one.0 == first || one.0 == last,
        (None, None) => false,
    }
}

/// A name as it compares: cleaned, NFKC, case folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// The comparable form of a name.
    pub fn of(name: &str) -> Self {
        if is_plain(name) {
            return Self(name.to_ascii_lowercase());
        }
        // Folding can undo normalisation and the other way round, hence NFKC on both sides of it.
        let folded: String = visible(name).nfkc().default_case_fold().nfkc().collect();
        Self(folded.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The name as lists are sorted by it: an accent does not move it behind the other letters.
    pub fn sorted_as(&self) -> String {
        self.0.nfd().filter(|c| !is_combining_mark(*c)).collect()
    }

    /// The comparable form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is searched for in many names, whatever the case and the accents of either (R73). It is folded once.
#[derive(Clone)]
pub struct Searched(String);

impl Searched {
    /// Something to search for.
    pub fn of(search: &str) -> Self {
        Self(NameKey::of(search).sorted_as())
    }

    /// Whether a name holds it.
    pub fn is_in(&self, name: &str) -> bool {
        // Nothing in it is to be decomposed.
        if is_plain(name) {
            return name.to_ascii_lowercase().contains(&self.0);
        }
        NameKey::of(name).sorted_as().contains(&self.0)
    }
}

#[cfg(test)]
mod tests;
