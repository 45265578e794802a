//! `/console/imports/{x}/rules`: decisions on many rows, in words, and how they are taken back (R69).

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};

use super::frame::{self, Frame, Step, query};
use super::pages::Listed;
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::Fields;
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{List, RowFilter, Rule, RuleTarget, Scope};
use crate::words::{self, Word};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/rules", get(list))
        .route("/console/imports/{x}/rules/{r}", post(take_back))
}

#[derive(Template)]
#[template(path = "rules.html")]
struct Rules {
    page: Page,
    path: String,
    frame: Frame,
    all: Listed<Rule>,
}

impl Rules {
    fn says(&self, rule: &Rule) -> String {
        decision(&self.page, rule)
    }

    fn of(&self, rule: &Rule) -> String {
        conditions(&self.page, &rule.scope)
    }
}

/// What a rule decides, and on which kind of rows.
fn decision(page: &Page, rule: &Rule) -> String {
    let is_people = matches!(rule.scope, Scope::People { .. });
    let whom = if is_people {
        page.t("People", "Personen")
    } else {
        page.t("Companies", "Bedrijven")
    };
    let what = match (rule.selected, &rule.target) {
        _ if rule.reset => page.t("as suggested", "zoals voorgesteld").to_owned(),
        (Some(false), _) if is_people => page.t("not ticked", "niet aangevinkt").to_owned(),
        (Some(false), _) => page.t("not selected", "niet geselecteerd").to_owned(),
        (_, Some(RuleTarget::Automatic {})) => page
            .t(
                "selected, each as its status suggests",
                "geselecteerd, elk zoals de status voorstelt",
            )
            .to_owned(),
        (_, Some(RuleTarget::Create {})) => page
            .t(
                "selected, each as a new managed company",
                "geselecteerd, elk als een nieuw beheerd bedrijf",
            )
            .to_owned(),
        (_, Some(RuleTarget::Suggested { least })) => format!(
            "{} {} % {}",
            page.t(
                "selected, with their suggestions of",
                "geselecteerd, met hun suggesties van"
            ),
            page.n(least),
            page.t("and more", "en meer")
        ),
        _ if is_people => page.t("ticked", "aangevinkt").to_owned(),
        _ => page.t("selected", "geselecteerd").to_owned(),
    };
    format!("{whom}: {what}")
}

/// The conditions of a rule, in words.
fn conditions(page: &Page, scope: &Scope) -> String {
    let all = match scope {
        Scope::Companies { filter } => of_companies(page, filter),
        Scope::People { company, filter } => {
            let mut all = of_rows(page, &filter.people, words::address_status);
            let search = filter.people.search.as_ref();
            all.extend(
                search.map(|text| format!("{} \"{text}\"", page.t("name or address with", "naam of adres met"))),
            );
            let ids = filter.people.ids.as_ref();
            all.extend(ids.map(|ids| {
                let (one, many) = (
                    ("person from a list", "persoon uit een lijst"),
                    ("people from a list", "personen uit een lijst"),
                );
                page.many(ids.len() as u64, &one, &many)
            }));
            let id = company.as_ref();
            all.extend(id.map(|id| {
                let of = page.t(
                    "of the company with this id in the PSA",
                    "van het bedrijf met dit id in de PSA",
                );
                format!("{of}: {id}")
            }));
            let companies = of_companies(page, &filter.company);
            if !companies.is_empty() {
                let of = page.t("of these companies", "van deze bedrijven");
                all.push(format!("{of}: {}", companies.join(", ")));
            }
            all
        }
    };
    if all.is_empty() {
        page.t("all", "alle").to_owned()
    } else {
        all.join(", ")
    }
}

fn of_companies(page: &Page, filter: &RowFilter<domain::row::ImportStatus>) -> Vec<String> {
    let mut all = of_rows(page, filter, words::status);
    let search = filter.search.as_ref();
    all.extend(search.map(|text| format!("{} \"{text}\"", page.t("name with", "naam met"))));
    let kind = filter.kind.as_ref();
    all.extend(kind.map(|kind| format!("{} {kind}", page.t("type", "soort"))));
    let ids = filter.ids.as_ref();
    all.extend(ids.map(|ids| {
        let (one, many) = (
            ("company from a list", "bedrijf uit een lijst"),
            ("companies from a list", "bedrijven uit een lijst"),
        );
        page.many(ids.len() as u64, &one, &many)
    }));
    all
}

/// The conditions that companies and people have in common.
fn of_rows<S>(page: &Page, filter: &RowFilter<S>, word: impl Fn(&S) -> Word) -> Vec<String> {
    let statuses: Vec<&str> = filter.statuses.iter().map(|status| page.w(&word(status))).collect();
    let status = statuses.join(page.t(" or ", " of "));
    let status = (!status.is_empty()).then(|| format!("{} {status}", page.t("status", "status")));
    let active = filter.active.map(|active| {
        let (english, dutch) = if active {
            ("active", "actief")
        } else {
            ("inactive", "inactief")
        };
        page.t(english, dutch).to_owned()
    });
    status.into_iter().chain(active).collect()
}

async fn list(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let asked = query(&[("limit", "50"), ("after", fields.text("after"))]);
    let all = format!("{}/rules?{asked}", frame::api(&import));
    let (frame, all) = futures::try_join!(Frame::read(&caller, &import), caller.api.get::<List<Rule>>(&all))?;
    let path = frame::path(&import);
    show(&Rules {
        page: frame.page(
            &caller,
            Step::Companies,
            ("Decisions on many", "Keuzes voor velen"),
            &fields,
        ),
        all: Listed::new(all, &format!("{path}/rules"), &fields),
        path,
        frame,
    })
}

/// Taking a decision back restores the decisions before it.
async fn take_back(caller: Caller, Path((import, rule)): Path<(String, String)>) -> Answer {
    let address = format!("{}/rules/{}", frame::api(&import), escaped(&rule));
    caller.api.send(Method::DELETE, &address, None).await?;
    Ok(redirect(&format!("{}/rules?saved=rule", frame::path(&import))))
}

#[cfg(test)]
mod tests {
    use domain::language::Language;
    use serde_json::{Value, json};

    use super::*;

    /// The page's description of a rule of the API, in both languages.
    fn described(rule: &Value) -> [String; 2] {
        let rule: Rule = serde_json::from_value(rule.clone()).unwrap();
        [Language::English, Language::Dutch].map(|language| {
            let page = Page::of_test(language);
            format!("{} | {}", decision(&page, &rule), conditions(&page, &rule.scope))
        })
    }

    #[test]
    fn r91_rules_are_described_in_each_language() {
        let table = [
            (
                json!({ "id": "1", "selected": true, "about": "companies", "where": {} }),
                "Companies: selected | all",
                "Bedrijven: geselecteerd | alle",
            ),
            (
                json!({ "id": "2", "reset": true, "about": "companies", "where": {
                    "statuses": ["unmapped", "unmapped_possible_duplicate"], "search": "bv", "type": "Client", "active": true,
                } }),
                "Companies: as suggested | status New or Same name, active, name with \"bv\", type Client",
                "Bedrijven: zoals voorgesteld | status Nieuw of Zelfde naam, actief, naam met \"bv\", soort Client",
            ),
            (
                json!({ "id": "3", "selected": true, "target": { "suggested": { "least": 90 } }, "about": "companies", "where": { "ids": ["1", "2"] } }),
                "Companies: selected, with their suggestions of 90 % and more | 2 companies from a list",
                "Bedrijven: geselecteerd, met hun suggesties van 90 % en meer | 2 bedrijven uit een lijst",
            ),
            (
                json!({ "id": "251~4", "selected": false, "about": "people", "company": "251", "where": { "statuses": ["mapped"], "company": {} } }),
                "People: not ticked | status Has a user, of the company with this id in the PSA: 251",
                "Personen: niet aangevinkt | status Heeft een gebruiker, van het bedrijf met dit id in de PSA: 251",
            ),
            (
                json!({ "id": "5", "selected": true, "about": "people", "where": {
                    "active": false, "search": "an", "ids": ["7"], "company": { "statuses": ["mapped"] },
                } }),
                "People: ticked | inactive, name or address with \"an\", 1 person from a list, of these companies: status Mapped",
                "Personen: aangevinkt | inactief, naam of adres met \"an\", 1 persoon uit een lijst, van deze bedrijven: status Gekoppeld",
            ),
            (
                json!({ "id": "6", "selected": true, "target": { "create": {} }, "about": "companies", "where": {} }),
                "Companies: selected, each as a new managed company | all",
                "Bedrijven: geselecteerd, elk als een nieuw beheerd bedrijf | alle",
            ),
            (
                json!({ "id": "7", "selected": true, "target": { "automatic": {} }, "about": "companies", "where": {} }),
                "Companies: selected, each as its status suggests | all",
                "Bedrijven: geselecteerd, elk zoals de status voorstelt | alle",
            ),
        ];
        for (rule, english, dutch) in table {
            assert_eq!(described(&rule), [english.to_owned(), dutch.to_owned()]);
        }
    }
}
