//! Finding suggestions among many managed companies without comparing with each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::directory::ManagedCompany;
use domain::suggestion::{Score, Similarity, Suggestion};

use crate::MAX_SUGGESTIONS;
use crate::domains::Domain;
use crate::likeness::Likeness;
use crate::words::Words;

const EMAIL_DOMAIN: Score = Score::new(70);
const WEB_SITE: Score = Score::new(65);

/// What a PSA company is recognised by.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'a> {
    /// Its name.
    pub name: &'a str,
    /// The domain of its addresses.
    pub domain: Option<&'a Domain>,
    /// The domain of its web site.
    pub web_site: Option<&'a Domain>,
}

/// The managed companies that can be suggested.
///
/// Names can only be alike if they are the same letters without spaces, or if their words, sorted, have the same initials: a
/// typing error is never in the first letter. Hence only companies that share one of these, or a domain, are compared.
#[derive(Debug, Default)]
pub struct Suggestions {
    companies: Vec<(ManagedCompany, Words)>,
    by_letters: HashMap<String, Vec<usize>>,
    by_initials: HashMap<String, Vec<usize>>,
    by_domain: HashMap<Domain, Vec<usize>>,
}

impl Suggestions {
    /// Indexes managed companies with the domains of their users' addresses.
    pub fn among(companies: impl IntoIterator<Item = (ManagedCompany, Option<Domain>)>) -> Self {
        let mut index = Self::default();
        for (number, (company, domain)) in companies.into_iter().enumerate() {
            let words = Words::of(&company.name);
            index.by_letters.entry(letters(&words)).or_default().push(number);
            index.by_initials.entry(initials(&words)).or_default().push(number);
            if let Some(domain) = domain {
                index.by_domain.entry(domain).or_default().push(number);
            }
            index.companies.push((company, words));
        }
        index
    }

    /// The managed companies that a PSA company could be, best first. Those of the same name are candidates, not suggestions.
    pub fn of(&self, company: Traits<'_>) -> Vec<Suggestion> {
        let words = Words::of(company.name);
        let mut found: BTreeMap<usize, Evidence> = BTreeMap::new();
        for number in self.alike(&words) {
            if let Some((_, other)) = self.companies.get(number)
                && let Some(likeness) = Likeness::between(&words, other)
            {
                let (score, reasons) = (likeness.score(), likeness.reasons);
                found.insert(number, Evidence { score, reasons });
            }
        }
        for &number in self.of_domain(company.domain) {
            add(&mut found, number, EMAIL_DOMAIN, Similarity::EmailDomain);
        }
        for &number in self.of_domain(company.web_site) {
            add(&mut found, number, WEB_SITE, Similarity::WebSite);
        }
        let found = found.into_iter().filter(|(_, evidence)| evidence.score >= Score::LEAST);
        let suggestions = found.filter_map(|(number, evidence)| {
            let (managed, other) = self.companies.get(number)?;
            (other.name != words.name).then(|| Suggestion {
                managed_company: managed.clone(),
                score: evidence.score,
                reasons: evidence.reasons,
            })
        });
        best(suggestions.collect())
    }

    fn alike(&self, words: &Words) -> BTreeSet<usize> {
        let letters = self.by_letters.get(&letters(words));
        let initials = self.by_initials.get(&initials(words));
        letters.into_iter().chain(initials).flatten().copied().collect()
    }

    /// A domain that many have tells none of them from the others.
    fn of_domain(&self, domain: Option<&Domain>) -> &[usize] {
        domain
            .and_then(|domain| self.by_domain.get(domain))
            .filter(|numbers| numbers.len() <= MAX_SUGGESTIONS)
            .map_or(&[], Vec::as_slice)
    }
}

/// What speaks for one managed company.
struct Evidence {
    score: Score,
    reasons: Vec<Similarity>,
}

fn add(found: &mut BTreeMap<usize, Evidence>, number: usize, score: Score, reason: Similarity) {
    let evidence = found.entry(number).or_insert_with(|| Evidence {
        score: Score::new(0),
        reasons: Vec::new(),
    });
    evidence.score = evidence.score.and(score);
    evidence.reasons.push(reason);
}

fn best(mut suggestions: Vec<Suggestion>) -> Vec<Suggestion> {
    suggestions.sort_by(|one, other| {
        let (company, other_company) = (&one.managed_company, &other.managed_company);
        other
            .score
            .cmp(&one.score)
            .then_with(|| company.name.cmp(&other_company.name))
            .then_with(|| company.id.cmp(&other_company.id))
    });
    suggestions.truncate(MAX_SUGGESTIONS);
    suggestions
}

fn letters(words: &Words) -> String {
    words.plain.concat()
}

fn initials(words: &Words) -> String {
    words.sorted.iter().filter_map(|word| word.chars().next()).collect()
}

#[cfg(test)]
mod tests {
    use domain::ids::ManagedCompanyId;

    use super::*;

    #[test]
    fn r23_a_name_is_compared_with_few_of_many() {
        let initials = ('a'..='z').flat_map(|one| ('a'..='z').map(move |other| (one, other)));
        let companies = initials.map(|(one, other)| {
            let id = ManagedCompanyId::new(format!("{one}{other}"));
            ManagedCompany::new(id, format!("{one}ccountants {other}ergen"))
        });
        let index = Suggestions::among(companies.map(|company| (company, None)));
        // The words sorted, the other way round has the same initials.
        assert_eq!(index.alike(&Words::of("Accountants Bergen")).len(), 2);
        assert_eq!(index.alike(&Words::of("Cccountantsbergen")).len(), 1);
        assert_eq!(index.alike(&Words::of("Vogel")).len(), 0);
    }
}
