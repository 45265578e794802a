//! Two tabs in conflict, a session that ends, a lock that is lost: as somebody meets them who is at work.

use browser::{Hand, Script};
use requirements::import;
use requirements::stage::{KINDS, advance};

use crate::stage::{nothing_logged, stage};

/// The answers here are refusals, which browsers log as such; nothing else may be logged.
async fn only_refusals_logged(tab: &browser::Tab, status: &str) {
    let log = tab.log().await;
    let others: Vec<_> = log.iter().filter(|line| !line.contains(status)).collect();
    assert!(others.is_empty(), "{others:#?}");
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
    let row = tab.ask("return document.querySelector('#row-1 th').textContent;").await;
    let tick = format!("Import {}", row.as_str().unwrap());
    tab.press(&tick).await;
    tab.until("1 of").await;
    tab.back_to(first).await;
    tab.press(&tick).await;
    tab.until("decision_conflict").await;
    let focused = tab.ask("return document.activeElement.id;").await;
    assert_eq!(focused, "content", "the reader is led to what happened");
    tab.press("Back to where I was").await;
    tab.until_title("Companies").await;
    assert_eq!(
        tab.ask("return document.querySelector('#tick-1').getAttribute('aria-pressed');")
            .await,
        "true"
    );
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
    let row = tab.ask("return document.querySelector('#row-1 th').textContent;").await;
    tab.press(&format!("Import {}", row.as_str().unwrap())).await;
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
async fn r94_a_lock_that_ran_out_meanwhile_is_told_and_taken_up_again() {
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
