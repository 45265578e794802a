//! Names from a PSA that try to be more than text, in a browser that would run them (R92).

use browser::{Hand, Script, Tab};
use requirements::stage::KINDS;
use requirements::{hostile, import, psa};

use crate::stage::{nothing_logged, stage};

async fn no_name_did_anything(tab: &Tab) {
    assert_eq!(
        tab.ask("return window.hit;").await,
        serde_json::Value::Null,
        "{}",
        tab.address().await
    );
    assert_eq!(tab.count("script").await, 1, "only the console's own");
    assert_eq!(tab.count("img, iframe, base, style, math").await, 0);
    nothing_logged(tab).await;
}

#[tokio::test]
async fn r92_200_hostile_names_are_shown_as_text_on_every_screen_that_has_them() {
    let stage = stage().await;
    let names = hostile::names();
    for name in &names {
        psa::add_company(&stage.sandbox, KINDS[0], name);
    }
    let ana = stage.sandbox.api("ana");
    let import = import::fetch(&ana, KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    let mut shown = String::new();
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    loop {
        no_name_did_anything(&tab).await;
        shown += &tab.words().await;
        if tab.count("a[rel=next]").await == 0 {
            break;
        }
        tab.press("Next page").await;
        tab.until_title("Companies").await;
    }
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = plain(&shown);
    for name in &names {
        assert!(shown.contains(&plain(name)), "{name} is not shown as it is");
    }
    // The script puts parts of pages in: what it puts in is text as well.
    tab.open(&stage.at(&format!("/console/imports/{import}/companies?search=window.hit")))
        .await;
    for row in 1..=5 {
        tab.ask(&format!("document.querySelector('#tick-{row}').click();"))
            .await;
    }
    tab.until("5 of").await;
    no_name_did_anything(&tab).await;
    import::select(&ana, &import, serde_json::json!({ "search": "7" })).await;
    for page in ["people", "plan", "rules"] {
        tab.open(&stage.at(&format!("/console/imports/{import}/{page}"))).await;
        no_name_did_anything(&tab).await;
    }
    tab.close().await;
}
