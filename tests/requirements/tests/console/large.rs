//! Many companies: a way through the list in both directions, and a page that announces a plan that takes long (R93).

use requirements::{import, psa};

use crate::stage::{KIND, stage};

/// With more, the first answer of a plan is announced.
const MANY: usize = 2_000;

#[tokio::test]
async fn r93_a_long_list_is_walked_in_both_directions_and_its_plan_is_announced() {
    let stage = stage().await;
    let names: Vec<String> = (0..MANY).map(|number| format!("Client {number:05}")).collect();
    psa::add_companies(&stage.sandbox, KIND, &names);
    let api = stage.sandbox.api("ana");
    let import = import::fetch(&api, KIND).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let first = browser.open(&format!("{at}/companies?search=Client")).await;
    let second = browser.follow(&first, "Next page").await;
    let third = browser.follow(&second, "Next page").await;
    assert!(third.words().contains("Client 00100"), "{}", third.words());
    let back = browser.follow(&third, "Previous page").await;
    assert_eq!(back.url, second.url);
    let back = browser.follow(&back, "Previous page").await;
    assert!(back.words().contains("Client 00000") && !back.has_link("Previous page"));
    // Decisions lead back to the very page that they were made on.
    let ticked = browser.press(&second, "Import Client 00050", &[]).await;
    assert_eq!(ticked.url, second.url);
    let plan = browser.open(&format!("{at}/plan")).await;
    assert_eq!(plan.url.query(), Some("announced=yes"), "{}", plan.words());
    assert_eq!(plan.title(), "What will happen");
}
