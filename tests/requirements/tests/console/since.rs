//! What the console offers outside the wizard, and how decisions are taken back (R90).

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::import::{self, choose, fetch, first_import_of};
use requirements::stage::{advance, integration, text};
use requirements::{PsaKind, for_both, unattended};
use serde_json::{Value, json};

use crate::stage::{KIND, Stage, stage};

for_both!(r52_the_mappings_of_a_removed_integration_are_taken_over_by_a_form);

/// Connects a PSA of the sandbox with what its form asks.
async fn connect(stage: &Stage, browser: &mut Browser, page: &Page, kind: PsaKind) -> Page {
    let known = stage.sandbox.psas.integration(kind);
    let of = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let credentials = |name: &str| of(&known["credentials"][name]);
    let (address, company) = (of(&known["address"]), of(&known["companyId"]));
    let filled = [
        ("Name", "Again".to_owned()),
        ("Address", address),
        ("Login company", company),
        ("Public key", credentials("publicKey")),
        ("Private key", credentials("privateKey")),
        ("Client ID", credentials("clientId")),
        ("Username", credentials("username")),
        ("Password", credentials("secret")),
        ("Tracking identifier", credentials("integrationCode")),
    ];
    let filled = filled.each_ref().map(|(label, value)| (*label, value.as_str()));
    browser.press(page, "Check and save", &filled).await
}

async fn r52_the_mappings_of_a_removed_integration_are_taken_over_by_a_form(kind: PsaKind) {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    first_import_of(&ana, kind, 3).await;
    let removed = integration(&ana, kind).await;
    ana.delete(&format!("/integrations/{removed}")).await.unwrap();
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let mut form = browser.follow(&home, "Connect a PSA").await;
    if kind == PsaKind::Autotask {
        form = browser.follow(&form, "Autotask PSA").await;
    }
    let added = connect(&stage, &mut browser, &form, kind).await;
    assert!(
        added.words().contains("3 companies are still mapped."),
        "{}",
        added.words()
    );
    let form = browser.follow(&added, "Take the mappings over").await;
    let taken = connect(&stage, &mut browser, &form, kind).await;
    assert_eq!(taken.title(), "Again", "{}", taken.words());
    assert_eq!(
        integration(&ana, kind).await,
        removed,
        "the one before is there again, and no other"
    );
    let mappings = browser.follow(&taken, "Mapped companies").await;
    assert_eq!(mappings.html.all("tr").count(), 4);
}

/// An unattended import with this filter that stops because it changes much; its id.
pub async fn stopped_at_night(stage: &Stage, filter: &Value) -> String {
    let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": filter, "massChange": { "percent": 1, "atLeast": 1 } });
    unattended::set_policy(&stage.sandbox.api("ana"), KIND, &policy).await;
    let stopped = unattended::unattended(&stage.sandbox, KIND, "night").await;
    assert_eq!(stopped["state"], "review", "{stopped}");
    text(&stopped["id"]).to_owned()
}

#[tokio::test]
async fn r94_an_import_that_stopped_at_night_waits_in_the_morning() {
    let stage = stage().await;
    let import = stopped_at_night(&stage, &json!({})).await;
    advance(&stage.sandbox, 3 * 3_600).await;
    for (language, waits, takes) in [
        ("en", "This import waits for an administrator", "Take it over"),
        ("nl", "Deze import wacht op een beheerder", "Neem hem over"),
    ] {
        let (mut browser, _) = stage.sign_in("Bram", language).await;
        let page = browser.open(&stage.at(&format!("/console/imports/{import}"))).await;
        assert!(
            page.words().contains(waits) && page.has_button(takes),
            "{}",
            page.words()
        );
    }
    let (mut ana, home) = stage.sign_in("Ana", "en").await;
    let page = ana.follow(&home, "Look at it").await;
    let mine = ana.press(&page, "Take it over", &[]).await;
    assert!(mine.words().contains("Held by you until"), "{}", mine.words());
    // It waits for nobody else from then on, nor once her time has run out.
    for seconds in [1, 3 * 3_600] {
        advance(&stage.sandbox, seconds).await;
        let (mut bram, home) = stage.sign_in("Bram", "en").await;
        let page = bram.open(page.url.as_str()).await;
        let offered = home.words().contains("an import waits for you") || page.has_button("Take it");
        assert!(!offered, "{} {}", home.words(), page.words());
    }
}

#[tokio::test]
async fn r07_a_new_import_like_a_stopped_one_has_its_filter() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let filter = json!({ "companyStatus": ["1"] });
    let import = stopped_at_night(&stage, &filter).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser
        .open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    browser.press(&page, "Take it over", &[]).await;
    advance(&stage.sandbox, 3 * 3_600).await;
    let lapsed = browser.open(page.url.as_str()).await;
    ana.post(&format!("/imports/{import}/keep"), &json!({})).await.unwrap();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let cancelled = browser.open(&stage.at(&format!("/console/imports/{import}"))).await;
    for page in [lapsed, cancelled] {
        let form = browser.follow(&page, "Start a new import with the same filter").await;
        let begun = browser.press(&form, "Download", &[]).await;
        let begun = browser.wait(begun).await;
        let id = begun.url.path().split('/').nth(3).unwrap().to_owned();
        let read = ana.get(&format!("/imports/{id}")).await.unwrap();
        assert_eq!(read["filter"], filter, "{read}");
        ana.delete(&format!("/imports/{id}")).await.unwrap();
    }
}

#[tokio::test]
async fn r90_the_history_of_an_integration_has_pages() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let mut all = Vec::new();
    for _ in 0..23 {
        let import = fetch(&ana, KIND).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        all.push(import);
    }
    let listed = |page: &Page| {
        let links = |id: &&String| page.source.contains(&format!("/imports/{id}\""));
        all.iter().filter(links).count()
    };
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let integration = integration(&ana, KIND).await;
    let first = browser
        .open(&stage.at(&format!("/console/integrations/{integration}")))
        .await;
    let second = browser.follow(&first, "Next page").await;
    assert_eq!((listed(&first), listed(&second)), (20, 3), "{}", second.words());
    assert!(!second.has_link("Next page"), "{}", second.words());
    let back = browser.follow(&second, "Previous page").await;
    assert_eq!(listed(&back), 20, "{}", back.words());
}

#[tokio::test]
async fn r94_an_unattended_import_that_stopped_waits_on_the_first_page() {
    let stage = stage().await;
    stopped_at_night(&stage, &json!({})).await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert!(home.words().contains("an import waits for you"), "{}", home.words());
    let import = browser.follow(&home, "Look at it").await;
    assert!(
        import.words().contains("an administrator has to decide"),
        "{}",
        import.words()
    );
    let mine = browser.press(&import, "Take it over", &[]).await;
    assert!(mine.words().contains("Held by you until"), "{}", mine.words());
    assert!(!mine.has_button("Take it over"));
}

/// The text of a lock says that every administrator may.
#[tokio::test]
async fn r62_an_import_that_came_by_itself_is_cancelled_by_anybody() {
    let stage = stage().await;
    stage.sandbox.pause(true).await;
    let started = unattended::trigger(&stage.sandbox, KIND, "night").await;
    let import = started["import"].as_str().unwrap().to_owned();
    let (mut browser, _) = stage.sign_in("Bram", "en").await;
    let page = browser.open(&stage.at(&format!("/console/imports/{import}"))).await;
    browser.press(&page, "Cancel this import", &[]).await;
    let shown = stage.sandbox.api("ana").get(&format!("/imports/{import}")).await;
    assert_eq!(shown.unwrap()["state"], "cancelled");
}

#[tokio::test]
async fn r90_a_decision_on_one_company_or_person_is_taken_back() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let row = import::ordinary(&import::rows(&api, &import, "in").await).remove(0);
    let company = import::id(&row).to_owned();
    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&format!("{at}/companies/{company}")).await;
    let decided = [("A new one", "on"), ("As the status suggests", "")];
    let saved = browser.press(&page, "Save and select", &decided).await;
    assert_eq!(import::row(&api, &import, &company).await["selected"], true);
    let undone = browser.press(&saved, "Undo", &[]).await;
    let row = import::row(&api, &import, &company).await;
    assert_eq!(
        (&row["selected"], &row["target"]),
        (&json!(false), &json!({ "automatic": {} }))
    );
    assert!(!undone.has_button("Undo"));

    let person = import::addresses(&api, &import, &company).await.remove(0);
    let (id, of) = (import::id(&person), person["address"].as_str().unwrap());
    let page = browser.open(&format!("{at}/people/{company}/{id}?of={of}")).await;
    let saved = browser.press(&page, "Save and tick", &[]).await;
    assert_eq!(import::address_row(&api, &import, &company, id).await["selected"], true);
    browser.press(&saved, "Undo", &[]).await;
    assert_eq!(
        import::address_row(&api, &import, &company, id).await["selected"],
        false
    );
}

#[tokio::test]
async fn r90_undo_is_offered_for_the_last_decision_on_a_row_only() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let row = import::ordinary(&import::rows(&api, &import, "in").await).remove(0);
    let company = import::id(&row).to_owned();
    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&format!("{at}/companies/{company}")).await;
    let saved = browser.press(&page, "Save and select", &[]).await;
    assert!(saved.has_button("Undo"));
    // In another tab; then the page is loaded again.
    import::decide(&api, &import, &company, json!({ "selected": false })).await;
    let again = browser.open(saved.url.as_str()).await;
    assert!(!again.has_button("Undo"), "{}", again.words());

    let person = import::addresses(&api, &import, &company).await.remove(0);
    let (id, of) = (import::id(&person), person["address"].as_str().unwrap());
    let page = browser.open(&format!("{at}/people/{company}/{id}?of={of}")).await;
    let saved = browser.press(&page, "Save and tick", &[]).await;
    assert!(saved.has_button("Undo"));
    import::decide_address(&api, &import, &company, id, json!({ "selected": false })).await;
    let again = browser.open(saved.url.as_str()).await;
    assert!(!again.has_button("Undo"), "{}", again.words());
}

#[tokio::test]
async fn r96_a_person_is_excluded_for_good_and_brought_back() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let company = import::id(&choose(&api, &import, 1).await[0]).to_owned();
    let person = import::addresses(&api, &import, &company).await.remove(0);
    let (id, of) = (import::id(&person), person["address"].as_str().unwrap());
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let address = stage.at(&format!("/console/imports/{import}/people/{company}/{id}?of={of}"));
    let page = browser.open(&address).await;
    let why = [("Exclude this person", "A scanner's mailbox.")];
    let excluded = browser.press(&page, "Exclude", &why).await;
    assert!(
        excluded.words().contains("A scanner's mailbox. (ana@noordzee.example"),
        "{}",
        excluded.words()
    );
    assert!(!excluded.has_button("Save and tick"));
    let list = browser.follow(&excluded, "Bring this person back").await;
    let empty = browser.press(&list, "Bring back", &[]).await;
    assert!(empty.words().contains("Saved."), "{}", empty.words());
    assert!(browser.open(&address).await.has_button("Save and tick"));
}

#[tokio::test]
async fn r69_many_get_companies_of_their_own_or_what_was_suggested() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let status = "unmapped_possible_duplicate";
    let rows = || async {
        let rows = import::rows(&api, &import, "in").await;
        rows.into_iter()
            .filter(|row| row["status"] == status)
            .collect::<Vec<_>>()
    };
    let page = browser
        .open(&stage.at(&format!("/console/imports/{import}/companies?status={status}")))
        .await;
    let page = browser.press(&page, "A new managed company for each", &[]).await;
    assert!(
        rows()
            .await
            .iter()
            .all(|row| row["selected"] == true && row["target"] == json!({ "create": {} }))
    );
    let page = browser.press(&page, "As suggested again, and not selected", &[]).await;
    let says = "as suggested again, and not selected.";
    assert!(page.words().contains(says), "{}", page.words());
    assert!(
        rows()
            .await
            .iter()
            .all(|row| row["selected"] == false && row["target"] == json!({ "automatic": {} }))
    );
}

#[tokio::test]
async fn r90_the_directory_is_changed_by_hand() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let companies = browser.follow(&home, "Managed companies").await;
    let users = browser
        .press(&companies, "Add", &[("Name of the new company", "By Hand BV")])
        .await;
    assert!(users.words().contains("There is no user."), "{}", users.words());
    assert_eq!(users.title(), "Users: By Hand BV");
    let someone = [
        ("Name of the new user", "Sanne Postma"),
        ("Address of the new user", "sanne@byhand.example"),
    ];
    let users = browser.press(&users, "Add", &someone).await;
    assert!(users.words().contains("Sanne Postma"), "{}", users.words());
    let licences = browser.follow(&users, "Licences").await;
    let set = browser
        .press(&licences, "Save", &[("How many there are in all", "1234")])
        .await;
    assert!(set.words().contains("1,234"), "{}", set.words());
    let refused = browser
        .press(&set, "Save", &[("How many there are in all", "many")])
        .await;
    assert_eq!(refused.status.as_u16(), 400);
    // The form comes back with what was typed, to be mended.
    assert!(refused.source.contains("value=\"many\""), "{}", refused.source);
    let mended = [("How many there are in all", "1235")];
    let set = browser.press(&refused, "Save", &mended).await;
    assert!(set.words().contains("1,235"), "{}", set.words());
}
