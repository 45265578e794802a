//! A company name taken apart: legal forms, and the words between them.

use domain::name::NameKey;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::legal_forms::{self, Found};

/// What connects two names; with it or without it, they are the same two.
const CONNECTORS: [&str; 5] = ["&", "and", "en", "et", "und"];

/// A name taken apart.
#[derive(Debug)]
pub(crate) struct Words {
    /// The name as it compares.
    pub name: NameKey,
    /// What is between the legal forms, with its punctuation, without accents.
    pub core: String,
    /// The words of the core.
    pub accented: Vec<String>,
    /// The words without accents.
    pub plain: Vec<String>,
    /// The words without accents, in the order of the alphabet.
    pub sorted: Vec<String>,
    /// The legal forms.
    pub forms: Vec<Found>,
}

/// A word and where it stands.
#[derive(Debug)]
struct Word {
    text: String,
    start: usize,
    end: usize,
}

impl Words {
    pub fn of(name: &str) -> Self {
        let name = NameKey::of(name);
        let mut all = join_initials(split(name.as_str()));
        let mut forms = Vec::new();
        let plain: Vec<String> = all.iter().map(|word| plain(&word.text)).collect();
        let mut rest: Vec<&str> = plain.iter().map(String::as_str).collect();
        let mut start = 0;
        // A name that is nothing but a form is a name.
        while let Some((found, words)) = legal_forms::at_the_end(&rest).filter(|found| found.1 < rest.len()) {
            forms.push(found);
            rest.truncate(rest.len() - words);
        }
        while let Some((found, words)) = legal_forms::at_the_beginning(&rest).filter(|found| found.1 < rest.len()) {
            forms.push(found);
            rest.drain(..words);
            start += words;
        }
        all.drain(start + rest.len()..);
        all.drain(..start);
        Self::between(name, &all, forms)
    }

    fn between(name: NameKey, all: &[Word], mut forms: Vec<Found>) -> Self {
        let core = match (all.first(), all.last()) {
            (Some(first), Some(last)) => name.as_str().get(first.start..last.end).unwrap_or_default(),
            _ => "",
        };
        let connects = |word: &&Word| CONNECTORS.contains(&word.text.as_str());
        let mut accented: Vec<String> = all.iter().filter(|word| !connects(word)).map(text).collect();
        if accented.is_empty() {
            accented = all.iter().map(text).collect();
        }
        let plain_words: Vec<String> = accented.iter().map(|word| plain(word)).collect();
        let mut sorted = plain_words.clone();
        sorted.sort();
        forms.sort_by_key(|found| (found.form, found.spelling));
        Self {
            core: plain(core),
            accented,
            plain: plain_words,
            sorted,
            forms,
            name,
        }
    }
}

fn text(word: &Word) -> String {
    word.text.clone()
}

/// Letters without their accents.
fn plain(text: &str) -> String {
    text.nfd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .nfc()
        .collect()
}

/// Splits at everything that is no letter or digit; apostrophes and what cannot be seen stand within words.
fn split(name: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (start, c) in name.char_indices() {
        let end = start + c.len_utf8();
        let unseen = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
        if unseen || matches!(c, '\'' | '’' | '‘' | '`' | '´') {
            continue;
        }
        let connects = matches!(c, '&' | '+');
        let belongs = c.is_alphanumeric() || is_combining_mark(c);
        if let Some(word) = words.last_mut().filter(|_| open && belongs) {
            word.text.push(c);
            word.end = end;
        } else if belongs || connects {
            let text = if connects { '&' } else { c }.to_string();
            words.push(Word { text, start, end });
        }
        open = belongs;
    }
    words
}

/// Single letters in a row are one word, as in "b.v." or "B V".
fn join_initials(words: Vec<Word>) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::new();
    let mut initials = false;
    for word in words {
        let mut letters = word.text.chars();
        let initial = letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
        match joined.last_mut().filter(|_| initial && initials) {
            Some(before) => {
                before.text.push_str(&word.text);
                before.end = word.end;
            }
            None => joined.push(word),
        }
        initials = initial;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(name: &str) -> (Vec<String>, Vec<&'static str>) {
        let words = Words::of(name);
        (words.plain, words.forms.iter().map(|found| found.form).collect())
    }

    #[test]
    fn r23_legal_forms_stand_apart_however_they_are_spelled() {
        for (name, form) in [
            ("Acme B.V.", "bv"),
            ("Acme b. v.", "bv"),
            ("B.V. Acme", "bv"),
            ("Acme, Limited", "ltd"),
            ("Acme Co. Ltd.", "ltd"),
            ("Acme (GmbH & Co. KG)", "gmbh & co kg"),
            ("Acme UG (haftungsbeschränkt)", "ug"),
            ("Acme e.V.", "ev"),
            ("S.à r.l. Acme", "sarl"),
            ("Société Anonyme Acme", "sa"),
            ("Acme Comm. V.", "cv"),
            ("Stichting Acme", "stichting"),
            ("Coöperatie Acme U.A.", "cooperatie"),
        ] {
            let (words, forms) = taken_apart(name);
            assert_eq!(words, ["acme"], "{name}");
            assert!(forms.contains(&form), "{name}: {forms:?}");
        }
    }

    #[test]
    fn r23_a_name_that_is_nothing_but_a_form_is_a_name() {
        for name in ["Stichting", "B.V.", "Company Ltd"] {
            assert_eq!(taken_apart(name).0.len(), 1, "{name}");
        }
        assert_eq!(taken_apart("---").0, Vec::<String>::new());
        assert_eq!(taken_apart("En").0, ["en"]);
    }

    #[test]
    fn r23_words_are_what_is_between_punctuation() {
        assert_eq!(
            taken_apart("O’Brien-Sons/Dr.Vogel & A.B.C.").0,
            ["obrien", "sons", "dr", "vogel", "abc"]
        );
        assert_eq!(taken_apart("Zahn\u{200b}arzt\u{a0}Sömmer").0, ["zahnarzt", "sommer"]);
    }
}
