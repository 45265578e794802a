//! How much alike two names are.

use domain::suggestion::{Score, Similarity};

use crate::words::Words;

// What each difference costs, of 100.
const PUNCTUATION: usize = 3;
const FORM_SPELLED_OTHERWISE: usize = 4;
const FORM_MISSING: usize = 8;
const ANOTHER_FORM: usize = 15;
const WORD_ORDER: usize = 8;
const SPELLING: usize = 6;
/// If every letter were wrong.
const LETTERS: usize = 60;

/// More wrong letters than this are no typing error.
const MOST_ERRORS: usize = 3;

/// What two names differ in, if they are alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Likeness {
    cost: usize,
    pub reasons: Vec<Similarity>,
}

impl Likeness {
    /// Compares two names; equal ones are not merely alike (R21).
    pub fn between(one: &Words, other: &Words) -> Option<Self> {
        if one.name == other.name || one.plain.is_empty() || other.plain.is_empty() {
            return None;
        }
        let mut likeness = Self::of_cores(one, other)?;
        likeness.add_forms(one, other);
        if likeness.reasons.is_empty() {
            likeness.add(Similarity::Punctuation, PUNCTUATION);
        }
        likeness.reasons.sort_unstable();
        Some(likeness)
    }

    pub fn score(&self) -> Score {
        Score::new(100_usize.saturating_sub(self.cost).try_into().unwrap_or(0))
    }

    fn of_cores(one: &Words, other: &Words) -> Option<Self> {
        let mut likeness = Self::default();
        if one.plain.concat() == other.plain.concat() {
            if one.accented.concat() != other.accented.concat() {
                likeness.add(Similarity::Spelling, SPELLING);
            }
            if one.core != other.core {
                likeness.add(Similarity::Punctuation, PUNCTUATION);
            }
            return Some(likeness);
        }
        let errors = if let Some(errors) = typing_errors(&one.plain, &other.plain) {
            errors
        } else {
            likeness.add(Similarity::WordOrder, WORD_ORDER);
            typing_errors(&one.sorted, &other.sorted)?
        };
        if errors > 0 || in_any_order(&one.accented) != in_any_order(&other.accented) {
            let letters = letters(&one.plain).max(letters(&other.plain)).max(1);
            likeness.add(Similarity::Spelling, SPELLING + LETTERS * errors / letters);
        }
        Some(likeness)
    }

    fn add_forms(&mut self, one: &Words, other: &Words) {
        let forms = |words: &Words| words.forms.iter().map(|found| found.form).collect::<Vec<_>>();
        let cost = match (forms(one), forms(other)) {
            _ if one.forms == other.forms => return,
            (one, other) if one == other => FORM_SPELLED_OTHERWISE,
            (one, other) if one.is_empty() || other.is_empty() => FORM_MISSING,
            _ => ANOTHER_FORM,
        };
        self.add(Similarity::LegalSuffix, cost);
    }

    fn add(&mut self, reason: Similarity, cost: usize) {
        self.reasons.push(reason);
        self.cost += cost;
    }
}

fn in_any_order(words: &[String]) -> Vec<&String> {
    let mut words: Vec<&String> = words.iter().collect();
    words.sort();
    words
}

fn letters(words: &[String]) -> usize {
    words.iter().map(|word| word.chars().count()).sum()
}

/// How many letters are wrong, missing, too many or swapped, if so few that they are typing errors.
fn typing_errors(one: &[String], other: &[String]) -> Option<usize> {
    if one.len() != other.len() {
        return None;
    }
    let mut errors = 0;
    for (one, other) in one.iter().zip(other) {
        errors += errors_of_word(one, other)?;
        if errors > MOST_ERRORS {
            return None;
        }
    }
    Some(errors)
}

/// Nobody mistypes the first letter and overlooks it; and another number is another thing.
fn errors_of_word(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return Some(0);
    }
    let (length, other_length) = (one.chars().count(), other.chars().count());
    let allowed = match length.min(other_length) {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    let number = |word: &str| word.chars().any(char::is_numeric);
    if length.abs_diff(other_length) > allowed
        || one.chars().next() != other.chars().next()
        || number(one)
        || number(other)
    {
        return None;
    }
    Some(strsim::osa_distance(one, other)).filter(|errors| *errors <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::suggestion::Similarity::{LegalSuffix, Punctuation, Spelling, WordOrder};

    fn compare(one: &str, other: &str) -> Option<(u8, Vec<Similarity>)> {
        let likeness = Likeness::between(&Words::of(one), &Words::of(other))?;
        Some((likeness.score().into(), likeness.reasons))
    }

    #[test]
    fn r23_each_difference_has_its_reason() {
        let table: &[(&str, &str, &[Similarity])] = &[
            ("Acme", "Acme Ltd", &[LegalSuffix]),
            ("Acme Limited", "Acme Ltd.", &[LegalSuffix]),
            ("Acme GmbH", "Acme AG", &[LegalSuffix]),
            ("Müller & Söhne", "Müller & Söhne GmbH", &[LegalSuffix]),
            ("SARL Dupont", "Dupont", &[LegalSuffix]),
            ("Acme B.V.", "Acme BV", &[Punctuation]),
            ("Notariat Dr. Vogel", "Notariat Dr Vogel", &[Punctuation]),
            ("Müller & Söhne", "Müller und Söhne", &[Punctuation]),
            ("Auto-bedrijf Postma", "Autobedrijf Postma", &[Punctuation]),
            ("O'Brien", "OBrien", &[Punctuation]),
            ("Acme-Dental Ltd", "Acme Dental", &[LegalSuffix, Punctuation]),
            ("Vogel-René GmbH", "Vogel René", &[LegalSuffix, Punctuation]),
            ("Jansen Accountants", "Accountants Jansen", &[WordOrder]),
            (
                "Accountants Jansen BV",
                "Jansen, Accountants",
                &[LegalSuffix, WordOrder],
            ),
            ("Bakkerij Jansen", "Bakkerij Janssen", &[Spelling]),
            ("Brasserie du Port", "Brasserie du Prot", &[Spelling]),
            ("Café René", "Cafe Rene", &[Spelling]),
            ("Müller Technik", "Mueller Technik", &[Spelling]),
            ("Jansen Bakkerij", "Bakkerij Janssen", &[WordOrder, Spelling]),
            ("Café Vogel", "Vogel Cafe", &[WordOrder, Spelling]),
            // Each word is the other one, mistyped.
            ("Jansen Jansem", "Jansem Jansen", &[Spelling]),
        ];
        for (one, other, reasons) in table {
            let (score, found) = compare(one, other).unwrap_or_else(|| panic!("{one} / {other}"));
            assert_eq!(found, *reasons, "{one} / {other}");
            assert!((65..100).contains(&score), "{one} / {other}: {score}");
        }
    }

    #[test]
    fn r23_what_is_another_company_is_not_alike() {
        for (one, other) in [
            ("Acme", "ACME "),
            ("Filiaal 12", "Filiaal 13"),
            // Both are long enough for a typing error.
            ("Bakkerijen", "Bakkerij3n"),
            ("Bakkerij3n", "Bakkerijen"),
            ("Bakkerij Jansen", "Bakkerij Hansen"),
            ("ABC", "ABD"),
            ("Acme", "Acme Dental"),
            ("---", "***"),
            ("Jansen", "Pietersen"),
            ("Jansen", "Jamsem"),
        ] {
            assert_eq!(compare(one, other), None, "{one} / {other}");
        }
    }

    #[test]
    fn r23_three_letters_are_mistyped_at_most() {
        let name = "Timmerfabriek Waterloopbosch Dakdekkers";
        assert!(compare(name, "Timmerfabreik Watrelopbosch Dakdekkers").is_some());
        assert_eq!(compare(name, "Timmerfabreik Watrelopbosch Dakdekers"), None);
    }

    #[test]
    fn r23_another_form_tells_more_than_another_spelling() {
        let cost = |one, other| compare(one, other).map(|(score, _)| 100 - score).unwrap();
        let falling = [
            cost("Acme GmbH", "Acme AG"),
            cost("Acme GmbH", "Acme"),
            cost("Acme Ltd", "Acme Limited"),
        ];
        assert!(falling.is_sorted_by(|one, other| one > other), "{falling:?}");
    }

    #[test]
    fn r23_the_more_differs_the_lower_the_score() {
        let score = |other| compare("Streekziekenhuis Noord B.V.", other).map(|found| found.0);
        let falling = [
            "Streekziekenhuis Noord BV",
            "Streekziekenhuis Noord",
            "Streekziekenhuis Nord",
            "Streekzikenhuis Nord",
            "Nord Streekzikenhuis",
        ];
        let scores = falling.map(|other| score(other).unwrap());
        assert!(scores.is_sorted_by(|one, other| one > other), "{scores:?}");
    }
}
