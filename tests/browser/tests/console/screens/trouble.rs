//! Imports that stopped, were taken over or lost their lock, a plan that takes long, a service that does not answer, and people who are
//! not let in.

use std::collections::BTreeSet;

use requirements::stage::advance;
use requirements::{PsaKind, import, psa, unattended};
use serde_json::{Value, json};

use crate::walk::{KIND, Walk};

/// The PSA that the import of the night is from.
const OTHER: PsaKind = PsaKind::Autotask;

/// With more companies than this, a page announces the plan.
const MANY: usize = 2_000;

/// An import that came by itself and stopped for a person. Then somebody took it over and left it.
pub(super) async fn stopped(walk: &mut Walk) {
    let bram = walk.api("bram");
    let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 1, "atLeast": 1 } });
    unattended::set_policy(&walk.api("ana"), OTHER, &policy).await;
    let import = unattended::unattended(walk.sandbox(), OTHER, "night").await;
    let import = import::id(&import);
    walk.take("/console", "home-waiting").await;
    let at = format!("/console/imports/{import}");
    walk.take_with(
        &format!("{at}/companies"),
        "import-stopped",
        "main .note form[action$='/keep']",
    )
    .await;
    bram.post(&format!("/imports/{import}/keep"), &Value::Null)
        .await
        .unwrap();
    bram.delete(&format!("/imports/{import}")).await.unwrap();
    walk.open(&at).await;
    walk.shown_saying("import-taken-over", "bram@noordzee.example").await;
}

/// A snapshot that lacks much, whose lock then runs out; a form after the session's end; and how that import ended once somebody
/// else had started another one.
pub(super) async fn lost(walk: &mut Walk, last: &str) {
    let ana = walk.api("ana");
    delete_much(walk, last).await;
    let import = import::fetch(&ana, KIND).await;
    let at = format!("/console/imports/{import}");
    let companies = format!("{at}/companies");
    walk.take_with(&companies, "companies-suspicious", "main .note[role=alert]")
        .await;
    advance(walk.sandbox(), 3 * 3600).await;
    walk.take_with(&companies, "lock-lost", "main .note form[action$='/keep']")
        .await;
    walk.tab.forget_cookies().await;
    walk.send("/keep", "session-ended").await;
    walk.sign_in("Ana").await;
    import::fetch(&walk.api("bram"), KIND).await;
    walk.open(&at).await;
    walk.shown_saying("import-lapsed", "review_lapsed").await;
}

/// Deletes ten companies of the last import in the PSA, with their contacts.
async fn delete_much(walk: &Walk, last: &str) {
    let (ana, sandbox) = (walk.api("ana"), walk.sandbox());
    let rows = import::rows(&ana, last, "in").await;
    for row in rows.iter().filter(|row| row["status"] == "mapped").take(10) {
        let people = import::addresses(&ana, last, import::id(row)).await;
        // Contacts that stay without their company would prove hidden rows.
        for contact in BTreeSet::from_iter(psa::contacts(&people)) {
            psa::delete_contact(sandbox, KIND, &contact);
        }
        psa::delete(sandbox, KIND, import::id(row));
    }
}

/// The page that announces a plan.
pub(super) async fn computing(walk: &mut Walk) {
    let names: Vec<String> = (0..MANY).map(|number| format!("Filiaal {number}")).collect();
    psa::add_companies(walk.sandbox(), OTHER, &names);
    let import = import::fetch(&walk.api("ana"), OTHER).await;
    let at = format!("/console/imports/{import}");
    walk.open(&format!("{at}/people")).await;
    // The page leads on at once. So that it can be looked at, its content is put into another page.
    let put = format!(
        "const request = new XMLHttpRequest();
        request.responseType = 'document';
        request.onload = () => document.querySelector('.frame').replaceWith(
            document.adoptNode(request.response.querySelector('.frame')));
        request.open('GET', '{at}/plan');
        request.send();"
    );
    walk.tab.ask(&put).await;
    walk.tab.until_there("main p[aria-busy=true]").await;
    walk.shown("plan-being-made").await;
}

/// A service that gives no answer that can be read.
pub(super) async fn no_answer(walk: &mut Walk) {
    walk.sandbox().fail_functions(true);
    walk.take_with(
        "/console/licences",
        "service-unreachable",
        "main:not(:has(.problem)) > p > a.button[href='/console']",
    )
    .await;
    walk.sandbox().fail_functions(false);
}

/// Somebody who is no administrator.
pub(super) async fn not_let_in(walk: &mut Walk) {
    walk.tab.forget_cookies().await;
    walk.stage.identify(&walk.tab, "Dora").await;
    walk.tab.until("not_administrator").await;
    walk.shown("not-administrator").await;
}
