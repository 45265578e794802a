//! A filter means the same whether the PSA evaluates it or we do (R7).

use domain::filter::{Filter, Subject};
use domain::ids::{AttributeId, ValueId};

use crate::bench::{Bench, companies, contacts, filter};

pub async fn r7_every_value_of_every_attribute_means_what_it_says(bench: Bench) {
    let psa = bench.psa();
    let everything = Filter::default();
    let all_companies = companies(&*psa, &everything, true).await.unwrap();
    let all_contacts = contacts(&*psa, &everything, true).await.unwrap();
    let mut matched = 0;
    for attribute in psa.attributes().await.unwrap() {
        for value in &attribute.values {
            let one = filter(&[(attribute.id.as_str(), &[value.id.as_str()])]);
            assert_eq!(one.hides_contacts(), psa.filters_contacts(&one), "{one:?}");
            let wanted = (attribute.id.clone(), value.id.clone());
            let found = match attribute.subject {
                Subject::Company => {
                    let by_hand: Vec<_> = all_companies
                        .iter()
                        .filter(|of| of.values.contains(&wanted))
                        .cloned()
                        .collect();
                    assert_eq!(companies(&*bench.psa(), &one, true).await.unwrap(), by_hand, "{one:?}");
                    by_hand.len()
                }
                Subject::Contact => {
                    let by_hand: Vec<_> = all_contacts
                        .iter()
                        .filter(|of| of.values.contains(&wanted))
                        .cloned()
                        .collect();
                    assert_eq!(contacts(&*bench.psa(), &one, true).await.unwrap(), by_hand, "{one:?}");
                    by_hand.len()
                }
            };
            matched += usize::from(found > 0);
        }
    }
    assert!(matched >= 8, "hardly any value is in use: {matched}");
}

pub async fn r7_values_are_combined_with_or_and_attributes_with_and(bench: Bench) {
    let psa = bench.psa();
    let all = companies(&*psa, &Filter::default(), true).await.unwrap();
    let attributes = psa.attributes().await.unwrap();
    let mut both = Filter::default();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.subject == Subject::Company)
    {
        let values: Vec<ValueId> = attribute.values.iter().take(2).map(|value| value.id.clone()).collect();
        both.0.insert(attribute.id.clone(), values);
    }
    let ids: Vec<AttributeId> = both.0.keys().cloned().collect();
    let by_hand: Vec<_> = all
        .into_iter()
        .filter(|company| both.accepts(&ids, &company.values))
        .collect();
    assert!(!by_hand.is_empty());
    assert_eq!(companies(&*psa, &both, true).await.unwrap(), by_hand);
}

pub async fn r7_a_filter_too_long_for_the_psa_means_the_same(bench: Bench) {
    let psa = bench.psa();
    let short = filter(&[("companyType", &["1"])]);
    let many: Vec<String> = std::iter::once(1)
        .chain(500..1_100)
        .map(|id: i32| id.to_string())
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = filter(&[("companyType", &many)]);
    assert_eq!(
        companies(&*psa, &long, true).await,
        companies(&*psa, &short, true).await
    );
}

pub async fn r7_totals_count_what_the_filter_accepts(bench: Bench) {
    let psa = bench.psa();
    for filter in [Filter::default(), filter(&[("companyType", &["1", "7"])])] {
        let totals = psa.totals(&filter).await.unwrap();
        assert_eq!(
            totals.companies,
            companies(&*psa, &filter, false).await.unwrap().len() as u64,
            "{filter:?}"
        );
        assert_eq!(
            totals.contacts,
            contacts(&*psa, &filter, false).await.unwrap().len() as u64,
            "{filter:?}"
        );
    }
}
