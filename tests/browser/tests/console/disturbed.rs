//! Two tabs in conflict, a session that ends, a lock that is lost: as somebody meets them who is at work.

use browser::{Hand, Script, Tab};
use requirements::import;
use requirements::stage::{KINDS, advance};

use crate::stage::{nothing_logged, stage};

/// The answers here are refusals, which browsers log as such; nothing else may be logged.
async fn only_refusals_logged(tab: &Tab, status: &str) {
    let log = tab.log().await;
    let others: Vec<_> = log.iter().filter(|line| !line.contains(status)).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// Ticks the first company: the script sends that without loading the page anew.
async fn tick_the_first(tab: &Tab) {
    let row = tab.ask("return document.querySelector('#row-1 th').textContent;").await;
    tab.press(&format!("Import {}", row.as_str().unwrap())).await;
}

async fn is_ticked(tab: &Tab) -> bool {
    let pressed = "return document.querySelector('#tick-1').getAttribute('aria-pressed');";
    tab.ask(pressed).await == "true"
}

#[tokio::test]
async fn r27_two_tabs_that_tick_the_same_row_do_not_overwrite_each_other() {
    let stage = stage().await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let companies = stage.at(&format!("/console/imports/{import}/companies?status=unmapped"));
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    tab.open(&companies).await;
    let first = tab.another().await;
    tab.open(&companies).await;
    tick_the_first(&tab).await;
    tab.until("1 of").await;
    tab.back_to(first).await;
    tick_the_first(&tab).await;
    tab.until("decision_conflict").await;
    let focused = tab.ask("return document.activeElement.id;").await;
    assert_eq!(focused, "content", "the reader is led to what happened");
    tab.press("Back to where I was").await;
    tab.until_title("Companies").await;
    assert!(is_ticked(&tab).await);
    only_refusals_logged(&tab, "409").await;
    tab.close().await;
}

#[tokio::test]
async fn r94_a_tick_after_the_session_has_ended_says_so_and_leads_back() {
    let stage = stage().await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    let companies = stage.at(&format!("/console/imports/{import}/companies?status=unmapped"));
    tab.open(&companies).await;
    tab.forget_cookies().await;
    tick_the_first(&tab).await;
    tab.until_title("Your session has ended").await;
    tab.press("Sign in").await;
    tab.until_title("Sign in as").await;
    tab.press("Ana").await;
    tab.until_title("Companies").await;
    assert_eq!(tab.address().await, companies);
    only_refusals_logged(&tab, "401").await;
    tab.close().await;
}

#[tokio::test]
async fn r94_an_expired_lock_is_shown_and_taken_up_again() {
    let stage = stage().await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Keyboard, "en").await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    advance(&stage.sandbox, 3 * 3600).await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    tab.until("Nobody holds this import any more").await;
    tab.press("Take it up again").await;
    tab.until("Held by you until").await;
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r94_a_tick_after_the_lock_ran_out_takes_the_import_up_again() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = import::fetch(&ana, KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    let companies = stage.at(&format!("/console/imports/{import}/companies?status=unmapped"));
    tab.open(&companies).await;
    advance(&stage.sandbox, 3 * 3600).await;
    let path = format!("/imports/{import}");
    let before = ana.get(&path).await.unwrap();
    assert!(before["lock"].is_null(), "{before}");
    tick_the_first(&tab).await;
    tab.until("1 of").await;
    assert!(is_ticked(&tab).await);
    assert_eq!(tab.address().await, companies);
    let now = ana.get(&path).await.unwrap();
    assert_eq!(now["lock"]["holder"], "ana@noordzee.example", "{now}");
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r94_a_tick_after_somebody_else_has_started_says_so_and_leads_to_what_became_of_the_import() {
    let stage = stage().await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies?status=unmapped")))
        .await;
    advance(&stage.sandbox, 3 * 3600).await;
    import::fetch(&stage.sandbox.api("bram"), KINDS[0]).await;
    tick_the_first(&tab).await;
    tab.until("wrong_state").await;
    let focused = tab.ask("return document.activeElement.id;").await;
    assert_eq!(focused, "content", "the reader is led to what happened");
    tab.press("To the import").await;
    tab.until_title("The import was cancelled").await;
    tab.until("review_lapsed").await;
    only_refusals_logged(&tab, "409").await;
    tab.close().await;
}
