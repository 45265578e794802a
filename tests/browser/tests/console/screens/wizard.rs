//! A first import, step by step.

use requirements::faults::{self, COMPANIES};
use requirements::{import, psa};
use serde_json::{Value, json};

use crate::walk::{KIND, Walk};

/// A company without people, whose managed company goes before the second import.
pub(super) const ALONE: &str = "Spoorloos BV";

/// A download at its beginning, in its midst, and failed.
pub(super) async fn downloads(walk: &mut Walk) {
    let ana = walk.api("ana");
    walk.sandbox().pause(true).await;
    let import = import::start(&ana, KIND, &json!({})).await;
    walk.take(&format!("/console/imports/{import}"), "download-begins")
        .await;
    walk.sandbox().pause(false).await;
    import::fetched(&ana, &import).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    walk.take(&format!("/console/imports/{import}"), "cancelled").await;
    faults::hold(walk.sandbox(), KIND, COMPANIES, 0);
    let import = import::start(&ana, KIND, &json!({})).await;
    faults::held(walk.sandbox(), KIND).await;
    walk.take(&format!("/console/imports/{import}"), "download-waits").await;
    faults::let_go(walk.sandbox()).await;
    import::fetched(&ana, &import).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    faults::answer(walk.sandbox(), KIND, COMPANIES, &faults::forbidden(KIND));
    let import = import::start(&ana, KIND, &json!({})).await;
    import::fetched(&ana, &import).await;
    walk.take(&format!("/console/imports/{import}"), "download-failed")
        .await;
    faults::answer(walk.sandbox(), KIND, ".*", &json!({ "status": 503 }));
    let one = walk.of(KIND).await;
    walk.take(&format!("{one}/import"), "psa-does-not-answer").await;
    faults::clear(walk.sandbox(), KIND);
}

/// A review from the first look to the confirmation; gives the import.
pub(super) async fn review(walk: &mut Walk) -> String {
    let ana = walk.api("ana");
    psa::add_company(walk.sandbox(), KIND, ALONE);
    let import = import::fetch(&ana, KIND).await;
    let at = format!("/console/imports/{import}");
    walk.take(&format!("{at}/companies"), "companies").await;
    walk.take(&format!("{at}/people"), "people-nobody-selected").await;
    walk.take_with(
        &format!("{at}/plan"),
        "plan-nothing-selected",
        "main > p > a[href$='/companies']",
    )
    .await;
    walk.take(&format!("{at}/companies?tab=not-in"), "not-in-empty").await;
    walk.take(&format!("{at}/companies?search=nothing+is+called+so"), "companies-none")
        .await;
    walk.take_with(
        &format!("{at}/companies?undecided=true"),
        "companies-undecided",
        "main tr[id^=row-]",
    )
    .await;
    let rows = import::rows(&ana, &import, "in").await;
    for status in ["ambiguous", "unmapped_possible_duplicate", "unmapped"] {
        let row = rows.iter().find(|row| row["status"] == status).unwrap();
        let company = import::id(row);
        walk.take(&format!("{at}/companies/{company}"), &format!("company-{status}"))
            .await;
    }
    decision(walk, &import, &rows).await;
    import::choose_all(&ana, &import).await;
    walk.take(&format!("{at}/companies"), "companies-selected").await;
    walk.take(&format!("{at}/rules"), "rules").await;
    walk.take(&format!("{at}/people"), "people").await;
    walk.take(&format!("{at}/people?search=an"), "people-found").await;
    people(walk, &import, &rows).await;
    walk.take(&format!("{at}/people-not-in"), "people-not-in-empty").await;
    plans(walk, &at).await;
    import
}

/// A decision that can be taken back, and one that somebody else was quicker to make.
async fn decision(walk: &mut Walk, import: &str, rows: &[Value]) {
    let several = import::ordinary(rows);
    let company = import::id(&several[1]);
    walk.open(&format!("/console/imports/{import}/companies/{company}"))
        .await;
    let save = format!("/companies/{company}");
    walk.submit(&save).await;
    // Only the form that takes it back says what was selected before.
    walk.shown_with("company-saved", "main input[name=selected]").await;
    import::decide(&walk.api("ana"), import, company, json!({ "selected": true })).await;
    walk.submit(&save).await;
    // Only the form that sends the refused one again.
    walk.shown_with("decision-conflict", "main .note[role=alert] input[name=wasSelected]")
        .await;
}

async fn people(walk: &mut Walk, import: &str, rows: &[Value]) {
    let several = import::ordinary(rows);
    let company = import::id(&several[0]);
    let at = format!("/console/imports/{import}/people/{company}");
    walk.take(&at, "people-of-a-company").await;
    let people = import::addresses(&walk.api("ana"), import, company).await;
    let (person, of) = (import::id(&people[0]), people[0]["address"].as_str().unwrap());
    walk.take(&format!("{at}/{person}?of={of}"), "person").await;
}

async fn plans(walk: &mut Walk, at: &str) {
    let ana = walk.api("ana");
    walk.take(&format!("{at}/plan"), "plan").await;
    walk.send("/execute", "mass-change-refused").await;
    let licences = ana.get("/licences").await.unwrap();
    let used = licences["used"].as_u64().unwrap();
    ana.put("/licences", &json!({ "total": used + 3 })).await.unwrap();
    walk.take(&format!("{at}/plan"), "plan-licences-short").await;
    walk.tab.ask("document.querySelector('#mass').checked = true;").await;
    walk.submit("/execute").await;
    walk.shown_saying("licences-refused", "insufficient_licences").await;
    ana.put("/licences", &json!({ "total": licences["total"] }))
        .await
        .unwrap();
}

/// What somebody else sees meanwhile.
pub(super) async fn held_by_another(walk: &mut Walk, import: &str) {
    walk.sign_in("Bram").await;
    walk.take("/console", "home-in-use").await;
    walk.take(
        &format!("/console/imports/{import}/companies"),
        "companies-held-by-another",
    )
    .await;
    let one = walk.of(KIND).await;
    walk.take(&format!("{one}/import"), "filter-held-by-another").await;
    walk.send("/import", "locked").await;
    walk.sign_in("Ana").await;
}

pub(super) async fn execution(walk: &mut Walk, import: &str) {
    let ana = walk.api("ana");
    walk.sandbox().pause(true).await;
    import::execute(&ana, import).await;
    walk.take(&format!("/console/imports/{import}"), "importing").await;
    walk.sandbox().pause(false).await;
    import::done(&ana, import).await;
    walk.take(&format!("/console/imports/{import}"), "result").await;
}
