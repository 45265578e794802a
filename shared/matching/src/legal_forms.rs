//! Legal forms of companies in English, Dutch, German and French, with those of Belgium, Austria and Switzerland.

/// A legal form.
#[derive(Debug)]
pub(crate) struct LegalForm {
    /// How it is spelled, in plain lower-case words; the first spelling names the form.
    spellings: &'static [&'static str],
    /// Whether it also stands before the name.
    leads: bool,
}

const fn form(spellings: &'static [&'static str]) -> LegalForm {
    let leads = false;
    LegalForm { spellings, leads }
}

const fn leading(spellings: &'static [&'static str]) -> LegalForm {
    let leads = true;
    LegalForm { spellings, leads }
}

/// A form that was found, as it was spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The form.
    pub form: &'static str,
    /// Its spelling here.
    pub spelling: &'static str,
}

static FORMS: &[LegalForm] = &[
    // English
    form(&["ltd", "limited", "co ltd", "company limited"]),
    form(&["pty ltd", "pty limited", "proprietary limited"]),
    form(&["plc", "public limited company"]),
    form(&["llc", "limited liability company"]),
    form(&["llp", "limited liability partnership"]),
    form(&["lp", "limited partnership"]),
    form(&["inc", "incorporated"]),
    form(&["corp", "corporation"]),
    form(&["cic", "community interest company"]),
    form(&["co", "company", "& co"]),
    // Dutch, also of Belgium
    leading(&["bv", "besloten vennootschap"]),
    leading(&["nv", "naamloze vennootschap"]),
    leading(&["vof", "vennootschap onder firma"]),
    form(&["cv", "commv", "comm v", "commanditaire vennootschap"]),
    form(&["gcv"]),
    form(&["bvba", "besloten vennootschap met beperkte aansprakelijkheid"]),
    form(&["ebvba"]),
    form(&["cvba"]),
    leading(&["vzw", "vereniging zonder winstoogmerk"]),
    leading(&["ivzw"]),
    leading(&["eenmanszaak"]),
    leading(&["maatschap"]),
    leading(&["stichting"]),
    leading(&["vereniging"]),
    leading(&["cooperatie", "cooperatie ua", "ua"]),
    form(&["wa"]),
    form(&["ba"]),
    form(&["bv io", "bv in oprichting", "io"]),
    // German, also of Austria and Switzerland
    form(&[
        "gmbh",
        "gesmbh",
        "ges mbh",
        "mbh",
        "gesellschaft mit beschrankter haftung",
    ]),
    form(&["ggmbh"]),
    form(&["gmbh & co kg", "gmbh co kg", "gmbh u co kg", "gmbh & cokg"]),
    form(&["gmbh & co kgaa"]),
    form(&["gmbh & co ohg"]),
    form(&["ug & co kg"]),
    form(&["ug", "ug haftungsbeschrankt", "unternehmergesellschaft"]),
    form(&["ag", "aktiengesellschaft"]),
    form(&["ag & co kg"]),
    form(&["kg", "kommanditgesellschaft", "& co kg"]),
    form(&["kgaa"]),
    form(&["ohg", "offene handelsgesellschaft"]),
    form(&["gbr"]),
    form(&["partg", "partgmbb", "partg mbb"]),
    form(&["ek", "e kfm", "ekfm", "e kfr", "ekfr"]),
    form(&["ev", "eingetragener verein"]),
    form(&["eg", "eingetragene genossenschaft"]),
    leading(&["stiftung"]),
    // French, also of Belgium and Luxembourg
    leading(&["sa", "societe anonyme"]),
    leading(&["sarl", "societe a responsabilite limitee"]),
    leading(&["sas", "societe par actions simplifiee"]),
    leading(&["sasu"]),
    leading(&["eurl"]),
    leading(&["snc", "societe en nom collectif"]),
    leading(&["scs"]),
    leading(&["sci", "societe civile immobiliere"]),
    leading(&["scp"]),
    leading(&["scop"]),
    leading(&["selarl"]),
    leading(&["gie"]),
    leading(&["eirl", "ei"]),
    leading(&["srl"]),
    leading(&["sprl"]),
    leading(&["sprlu"]),
    leading(&["scrl"]),
    leading(&["sc"]),
    leading(&["asbl", "association sans but lucratif"]),
    leading(&["aisbl"]),
    leading(&["association"]),
    // European
    form(&["se"]),
    form(&["sce"]),
];

/// The longest form that the words end with.
pub(crate) fn at_the_end(words: &[&str]) -> Option<(Found, usize)> {
    longest(FORMS.iter(), |spelling| {
        spelling
            .rsplit(' ')
            .eq(words.iter().rev().take(count(spelling)).copied())
    })
}

/// The longest form that the words begin with.
pub(crate) fn at_the_beginning(words: &[&str]) -> Option<(Found, usize)> {
    longest(FORMS.iter().filter(|form| form.leads), |spelling| {
        spelling.split(' ').eq(words.iter().take(count(spelling)).copied())
    })
}

/// The fitting spelling of the most words, and how many these are.
fn longest(
    forms: impl Iterator<Item = &'static LegalForm>,
    fits: impl Fn(&'static str) -> bool,
) -> Option<(Found, usize)> {
    forms
        .flat_map(|form| form.spellings.iter().map(move |spelling| (form, *spelling)))
        .filter(|(_, spelling)| fits(spelling))
        .max_by_key(|(_, spelling)| count(spelling))
        .and_then(|(form, spelling)| {
            let form = form.spellings.first()?;
            Some((Found { form, spelling }, count(spelling)))
        })
}

fn count(spelling: &str) -> usize {
    spelling.split(' ').count()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn r23_every_spelling_belongs_to_one_form_and_is_in_plain_words() {
        let mut seen = HashSet::new();
        for spelling in FORMS.iter().flat_map(|form| form.spellings) {
            assert!(seen.insert(spelling), "{spelling} twice");
            let plain = |c: char| c.is_ascii_lowercase() || c == ' ' || c == '&';
            assert!(spelling.chars().all(plain), "{spelling}");
        }
    }

    #[test]
    fn r23_the_longest_form_is_meant() {
        let found = at_the_end(&["bau", "gmbh", "&", "co", "kg"]);
        assert_eq!(
            found.map(|(found, words)| (found.form, words)),
            Some(("gmbh & co kg", 4))
        );
        assert_eq!(at_the_beginning(&["gmbh", "bau"]), None);
        assert_eq!(at_the_beginning(&["sarl", "bau"]).map(|found| found.1), Some(1));
    }
}
