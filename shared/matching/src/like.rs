//! Names in the order of how much they are like another one: for a list to choose from, of which all names are shown.

use std::cmp::Reverse;

use crate::likeness::Likeness;
use crate::words::Words;

/// A name that others are compared with.
#[derive(Debug)]
pub struct Like(Words);

/// Where a name stands in the order: the smallest comes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Reverse<u8>, Reverse<usize>);

/// What the same name scores, which no name that is merely alike does.
const SAME: u8 = 100;

impl Like {
    /// Names like this one.
    pub fn to(name: &str) -> Self {
        Self(Words::of(name))
    }

    /// Where another name stands: the same name first, then names that could be meant, then those that have words in common.
    pub fn place(&self, other: &str) -> Place {
        let other = Words::of(other);
        let score = if self.0.name == other.name {
            SAME
        } else {
            Likeness::between(&self.0, &other).map_or(0, |likeness| likeness.score().into())
        };
        let common = self.0.plain.iter().filter(|word| other.plain.contains(word));
        Place(Reverse(score), Reverse(common.count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r24_names_come_in_the_order_of_their_likeness() {
        let like = Like::to("Bakkerij Postma");
        let mut names = [
            "Aannemer Vos",
            "Postma Verhuur",
            "Bakkeri Postma",
            "Bakkerij Postma B.V.",
            "BAKKERIJ  POSTMA",
        ];
        names.sort_by_key(|name| like.place(name));
        assert_eq!(
            names,
            [
                "BAKKERIJ  POSTMA",
                "Bakkerij Postma B.V.",
                "Bakkeri Postma",
                "Postma Verhuur",
                "Aannemer Vos",
            ]
        );
    }
}
