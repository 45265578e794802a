//! What administrators set outside an import: schedules, names, pauses and the addresses of users (R90).

use requirements::import;
use requirements::stage::integration;

use crate::stage::{KIND, stage};

#[tokio::test]
async fn r95_a_schedule_is_set_and_taken_away() {
    let stage = stage().await;
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser
        .open(&stage.at(&format!("/console/integrations/{id}/policy")))
        .await;
    let set = browser
        .press(
            &page,
            "Save",
            &[
                ("How often", "every day"),
                ("At", "04:15"),
                ("Import companies that are new", "on"),
            ],
        )
        .await;
    assert!(
        set.words().contains("Saved.") && set.words().contains("Next:"),
        "{}",
        set.words()
    );
    let wrong = browser.press(&set, "Save", &[("Time zone", "Mars/Olympus")]).await;
    assert_eq!(wrong.status.as_u16(), 400, "{}", wrong.words());
    let off = browser.press(&set, "Save", &[("How often", "never")]).await;
    assert!(!off.words().contains("Next:"), "{}", off.words());
}

#[tokio::test]
async fn r52_an_integration_is_renamed_paused_and_removed() {
    let stage = stage().await;
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&stage.at(&format!("/console/integrations/{id}"))).await;
    let page = browser.press(&page, "Rename", &[("Name", "Our own")]).await;
    assert_eq!(page.title(), "Our own");
    let page = browser.press(&page, "Pause this integration", &[]).await;
    assert!(page.words().contains("Paused") && page.has_link("Import"));
    let page = browser.press(&page, "Resume this integration", &[]).await;
    let kept = browser
        .press(&page, "Remove", &[("Type its name", "something else")])
        .await;
    assert_eq!(kept.title(), "Our own", "nothing is removed by mistake");
    let gone = browser.press(&kept, "Remove", &[("Type its name", "Our own")]).await;
    assert_eq!(gone.title(), "Integrations");
    assert!(!gone.words().contains("Our own"), "{}", gone.words());
}

#[tokio::test]
async fn r59_the_address_of_a_user_is_changed() {
    let stage = stage().await;
    import::first_import_of(&stage.sandbox.api("ana"), KIND, 1).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let mappings = browser
        .open(&stage.at(&format!("/console/integrations/{id}/mappings")))
        .await;
    let cell = mappings.html.all("td").find_map(|(at, _)| {
        let mut links = mappings
            .html
            .all("a")
            .filter(|(link, _)| mappings.html.is_in(*link, at));
        links.next().map(|(_, link)| link.words())
    });
    let users = browser.follow(&mappings, &cell.unwrap()).await;
    let changed = browser
        .press(&users, "Change", &[("Address of", "new.address@elsewhere.example")])
        .await;
    assert!(
        changed.source.contains("new.address@elsewhere.example"),
        "{}",
        changed.words()
    );
}

#[tokio::test]
async fn r52_another_name_than_the_integrations_removes_nothing_and_says_so() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let id = integration(&ana, KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&stage.at(&format!("/console/integrations/{id}"))).await;
    let typed = [("Type its name", "Another one")];
    let kept = browser.press(&page, "Remove", &typed).await;
    assert!(kept.words().contains("Nothing was removed."), "{}", kept.words());
    assert!(ana.get(&format!("/integrations/{id}")).await.is_ok());
}
