//! Lists, page by page.

use std::borrow::Cow;

use domain::problem::{Mistake, Problem, ValueKind, Wording};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::problem::ApiError;

/// The most items of a page.
const MOST: usize = 500;

/// The longest `next` of any list, in bytes: some become sort keys, which have at most 1,024.
const LONGEST_CURSOR: usize = 1_000;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct PageQuery {
    /// The cursor of the page: `next` of the page before. Absent for the first page.
    pub after: Option<Cursor>,
    /// The most items that the page has.
    #[serde(default)]
    pub limit: Limit,
}

impl PageQuery {
    /// How many items go before the page, where that is what a cursor says.
    pub fn offset(&self) -> Result<usize, ApiError> {
        let Some(after) = &self.after else { return Ok(0) };
        // More items than this would not fit into any import.
        let offset = after.as_str().parse::<u32>().map_err(|_| Cursor::refused())?;
        Ok(offset as usize)
    }
}

/// The parameters of a list with a filter: the filter, and which page of what it finds.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The filter.
    pub filter: T,
    /// The page.
    pub page: PageQuery,
}

/// Where a page begins. Only the list that gave it can read it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, extend("minLength" = 1, "maxLength" = LONGEST_CURSOR))]
pub struct Cursor(String);

impl Cursor {
    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It is not a cursor of this list.
    pub fn refused() -> ApiError {
        Problem::invalid("after", Mistake::NotANext).into()
    }
}

impl TryFrom<String> for Cursor {
    type Error = Wording;

    fn try_from(text: String) -> Result<Self, Wording> {
        if (1..=LONGEST_CURSOR).contains(&text.len()) {
            return Ok(Self(text));
        }
        Err(Mistake::Length(LONGEST_CURSOR).into())
    }
}

/// How many items a page has at most.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(pub usize);

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<String> for Limit {
    type Error = Wording;

    fn try_from(text: String) -> Result<Self, Wording> {
        match text.parse() {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(Mistake::Not(ValueKind::Whole {
                least: 1,
                most: MOST as u64,
            })
            .into()),
        }
    }
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": Self::default().0 })
    }
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct List<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The cursor of the next page: pass it as `after`. Null on the last page.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A page of a short list that is at hand as a whole and stays in the order it has: a cursor says how many items go before.
    pub fn counted(items: Vec<T>, page: &PageQuery) -> Result<Self, ApiError> {
        let (before, Limit(limit)) = (page.offset()?, page.limit);
        let next = (items.len() > before + limit).then(|| (before + limit).to_string());
        let items = items.into_iter().skip(before).take(limit).collect();
        Ok(Self { items, next })
    }

    /// A page of a list that is at hand as a whole and in the order of `cursor`.
    pub fn page(items: impl IntoIterator<Item = T>, page: &PageQuery, cursor: impl Fn(&T) -> String) -> Self {
        let Limit(limit) = page.limit;
        let behind = |item: &T| {
            page.after
                .as_ref()
                .is_none_or(|after| cursor(item).as_str() > after.as_str())
        };
        let mut items: Vec<T> = items.into_iter().filter(behind).take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(&cursor);
        Self { items, next }
    }
}
