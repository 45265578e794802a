//! A second import, of an MSP in which much has happened.

use requirements::stage::{integration, text};
use requirements::{behind, import, managed, psa};
use serde_json::{Value, json};

use super::wizard::ALONE;
use crate::walk::{KIND, Walk};

/// Gives the import, which is done.
pub(super) async fn import(walk: &mut Walk, first: &str) -> String {
    let ana = walk.api("ana");
    nothing_to_do(walk).await;
    let company = happens(walk, first).await;
    let import = import::fetch(&ana, KIND).await;
    let at = format!("/console/imports/{import}");
    import::choose_all(&ana, &import).await;
    walk.take(&format!("{at}/companies"), "second-companies").await;
    walk.take(&format!("{at}/companies?tab=not-in"), "not-in").await;
    walk.take(&format!("{at}/people-not-in"), "people-not-in").await;
    people_not_in(walk, &import).await;
    walk.take(&format!("{at}/people/{company}"), "people-conflict").await;
    let page = format!("{at}/companies/{company}");
    walk.take_with(&page, "company-hand-over", "main input[id^=t-h-]").await;
    walk.take_with(&format!("{page}?search=a"), "company-search", "main input[id^=t-f-]")
        .await;
    chosen(walk, &import, &company).await;
    walk.take(&format!("{at}/plan"), "second-plan").await;
    rows(walk, &import).await;
    let seen = text(&import::plan(&ana, &import).await["hash"]).to_owned();
    import::decide(&ana, &import, &company, json!({ "selected": false })).await;
    walk.take(&format!("{at}/plan?since={seen}"), "plan-changed").await;
    import::execute(&ana, &import).await;
    import::done(&ana, &import).await;
    walk.take(&at, "second-result").await;
    import
}

/// What was imported is selected again, before anything has changed.
async fn nothing_to_do(walk: &mut Walk) {
    let ana = walk.api("ana");
    let import = import::fetch(&ana, KIND).await;
    import::choose_mapped(&ana, &import).await;
    walk.take(&format!("/console/imports/{import}/plan"), "plan-nothing-to-do")
        .await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
}

/// What happens in the PSA and in the password manager; gives a company that is new.
async fn happens(walk: &Walk, first: &str) -> String {
    let (ana, sandbox) = (walk.api("ana"), walk.sandbox());
    let rows = import::rows(&ana, first, "in").await;
    let imported: Vec<&Value> = rows.iter().filter(|row| row["selected"] == true).collect();
    psa::delete(sandbox, KIND, import::id(imported[0]));
    psa::deactivate(sandbox, KIND, import::id(imported[1]));
    psa::rename(sandbox, KIND, import::id(imported[2]), "Renamed Holding BV");
    let company = psa::add_company(sandbox, KIND, "Brand New BV");
    psa::add_contact(sandbox, KIND, &company, "somebody@new.example");
    let taken = managed::add(&ana, "Somebody Else BV").await;
    managed::add_user(&ana, &taken, "somebody@new.example").await;
    let alone = managed::all(&ana).await;
    behind::forget_managed_company(sandbox, import::id(import::by_name(&alone, ALONE))).await;
    company
}

/// The people of one company who are gone.
async fn people_not_in(walk: &mut Walk, import: &str) {
    let rows = import::rows(&walk.api("ana"), import, "not-in").await;
    let lacks = rows.iter().find(|row| row["peopleNotIn"].as_u64() > Some(0)).unwrap();
    let page = format!("/console/imports/{import}/people-not-in?company={}", import::id(lacks));
    walk.take_with(&page, "people-not-in-of-a-company", "main p.row a[data-key=Escape]")
        .await;
}

/// A company for which a managed company was chosen that nothing suggests.
async fn chosen(walk: &mut Walk, import: &str, company: &str) {
    let ana = walk.api("ana");
    let other = managed::add(&ana, "Quite Another Holding").await;
    managed::add_user(&ana, &other, "somebody@quite.example").await;
    import::decide(&ana, import, company, json!({ "target": { "existing": other } })).await;
    let page = format!("/console/imports/{import}/companies/{company}");
    walk.take_with(&page, "company-chosen", "main #t-chosen[checked]").await;
    import::decide(&ana, import, company, json!({ "target": { "automatic": {} } })).await;
}

/// Rows that were imported before: mapped, without a managed company any more, and excluded.
async fn rows(walk: &mut Walk, import: &str) {
    let ana = walk.api("ana");
    let at = format!("/console/imports/{import}");
    let rows = import::rows(&ana, import, "in").await;
    let dangling = rows.iter().find(|row| row["status"] == "dangling").unwrap();
    let dangling = import::id(dangling);
    walk.take(&format!("{at}/companies/{dangling}"), "company-dangling")
        .await;
    let several = |row: &&Value| row["status"] == "mapped" && row["addresses"].as_u64() > Some(3);
    let mapped: Vec<&Value> = rows.iter().filter(several).collect();
    walk.take(&format!("{at}/companies/{}", import::id(mapped[0])), "company-mapped")
        .await;

    let (company, home) = (import::id(mapped[1]), import::id(mapped[2]));
    let people = import::addresses(&ana, import, home).await;
    let (person, of) = (import::id(&people[0]), text(&people[0]["address"]));
    let contact = psa::split(person).0;
    let excluded = format!("/integrations/{}/exclusions", integration(&ana, KIND).await);
    for (what, name, why) in [
        (format!("companies/{company}"), &mapped[1]["name"], "They leave us."),
        (format!("people/{contact}"), &people[0]["contact"], "Wants no account."),
    ] {
        let why = json!({ "why": why, "name": name });
        ana.put(&format!("{excluded}/{what}"), &why).await.unwrap();
    }
    let bring_back = "main .note a[href$='/exclusions']";
    walk.take_with(&format!("{at}/companies/{company}"), "company-excluded", bring_back)
        .await;
    let person = format!("{at}/people/{home}/{person}?of={of}");
    walk.take_with(&person, "person-excluded", bring_back).await;
}
