//! Lists that a reply cannot fill the memory with: an element of three bytes takes a hundred as a record.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// A list of which the first `MOST` elements are kept. Those behind are read and dropped.
#[derive(Debug)]
pub(crate) struct Few<T, const MOST: usize>(pub(crate) Vec<T>);

/// A list as [`Few`] has it, without the elements that cannot be read.
#[derive(Debug)]
pub(crate) struct Readable<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for Few<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MOST: usize> Default for Readable<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let first = First::<T, MOST>(PhantomData);
        deserializer.deserialize_seq(first).map(Self)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Readable<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Few::<Lenient<T>, MOST>(all) = Few::deserialize(deserializer)?;
        let readable = all.into_iter().filter_map(|element| match element {
            Lenient::Read(element) => Some(element),
            Lenient::Odd(_) => None,
        });
        Ok(Self(readable.collect()))
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Read(T),
    Odd(IgnoredAny),
}

struct First<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for First<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MOST {
            match list.next_element()? {
                Some(element) => kept.push(element),
                None => return Ok(kept),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_elements_are_kept_and_the_rest_is_read() {
        let Few(all) = serde_json::from_str::<Few<i64, 3>>("[1,2]").unwrap();
        assert_eq!(all, [1, 2]);
        let Few(first) = serde_json::from_str::<Few<i64, 3>>(r#"[1,2,3,{"a":[4]},"5"]"#).unwrap();
        assert_eq!(first, [1, 2, 3]);
        for broken in ["[1,2,3,", "[1,2,3,4", "{}", r#"["1"]"#] {
            assert!(serde_json::from_str::<Few<i64, 3>>(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn elements_that_cannot_be_read_are_left_out() {
        let Readable(all) = serde_json::from_str::<Readable<i64, 9>>(r#"[null,1,"x",{},2,[3]]"#).unwrap();
        assert_eq!(all, [1, 2]);
        assert!(serde_json::from_str::<Readable<i64, 9>>("[1,").is_err());
    }
}
