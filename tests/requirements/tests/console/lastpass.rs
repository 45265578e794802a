//! What administrators see of LastPass as the password manager (R81, R83, R85, R86).

use requirements::console::page::Page;
use requirements::people::Company;
use requirements::stage::{advance, integration};
use requirements::{import, lastpass, psa, unattended};
use serde_json::json;

use crate::since::stopped_at_night;
use crate::stage::{KIND, Stage};

async fn stage() -> Stage {
    Stage::of(lastpass::sandbox().await)
}

#[tokio::test]
async fn r81_lastpass_is_left_and_connected_again() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let page = browser.follow(&home, "Password manager").await;
    assert!(page.words().contains("are in LastPass."), "{}", page.words());
    let users = browser.follow(&page, "Managed companies").await;
    assert!(!users.has_button("Add"), "what is refused is not offered");
    let left = browser.press(&page, "Leave LastPass", &[]).await;
    assert!(
        left.words().contains("are in the built-in directory."),
        "{}",
        left.words()
    );
    let wrong = "lpkey_wrong";
    let refused = browser.press(&left, "Check and save", &[("API key", wrong)]).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.words());
    assert!(refused.words().contains("The directory rejects its API key"));
    assert!(!refused.source.contains(wrong), "no key is shown again");
    let key = lastpass::key(&stage.sandbox);
    let key = key["apiKey"].as_str().unwrap();
    let connected = browser.press(&refused, "Check and save", &[("API key", key)]).await;
    assert!(connected.words().contains("are in LastPass.") && connected.words().contains("Saved."));
    assert!(!connected.source.contains(key));
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r86_whether_people_get_a_mail_is_chosen_at_the_check() {
    for (choice, mailed) in [
        ("they are created, and LastPass invites them by mail at once", true),
        ("they are created, and invited later in the console of LastPass", false),
    ] {
        let stage = stage().await;
        let ana = stage.sandbox.api("ana");
        let id = import::fetch(&ana, KIND).await;
        import::choose(&ana, &id, 1).await;
        let (mut browser, _) = stage.sign_in("Ana", "en").await;
        let plan = browser.open(&stage.at(&format!("/console/imports/{id}/plan"))).await;
        assert!(
            plan.words()
                .contains("At least 3 seconds: LastPass takes only a few requests a second"),
            "{}",
            plan.words()
        );
        let chosen = [("Yes, all", "on"), ("Invitation of new users", choice)];
        let result = browser.press(&plan, "Import ", &chosen).await;
        let result = browser.wait(result).await;
        assert!(result.words().contains("The import is done"), "{}", result.words());
        assert_eq!(lastpass::mails(&stage.sandbox, "invitation") > 0, mailed);
        lastpass::end(stage.sandbox).await;
    }
}

#[tokio::test]
async fn r86_the_choice_of_mails_outlasts_a_plan_that_has_changed() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let id = import::fetch(&ana, KIND).await;
    let chosen = import::choose(&ana, &id, 2).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let plan = stage.at(&format!("/console/imports/{id}/plan"));
    let choices = [
        "they are created, and invited later in the console of LastPass",
        "they are created, and LastPass invites them by mail at once",
    ];
    for (choice, selected) in choices.iter().zip([false, true]) {
        let page = browser.open(&plan).await;
        import::decide(&ana, &id, import::id(&chosen[0]), json!({ "selected": selected })).await;
        let filled = [("Yes, all", "on"), ("Invitation of new users", choice)];
        let changed = browser.press(&page, "Import ", &filled).await;
        let says = "Something has changed since you looked";
        assert!(changed.words().contains(says), "{}", changed.words());
        let options = changed.html.all("option");
        let mut offered = options.filter(|(_, option)| choices.contains(&option.words().as_str()));
        let kept = offered.find(|(_, option)| option.get("selected").is_some());
        // The first of them is chosen if none is marked.
        let kept = kept.map_or(choices[0].to_owned(), |(_, option)| option.words());
        assert_eq!(kept, *choice);
    }
    lastpass::end(stage.sandbox).await;
}

/// Whether the page asks for the choice of mails, with none made.
fn asks_for_mails(page: &Page) -> bool {
    let mut selects = page.html.all("select");
    let Some((at, select)) = selects.find(|(_, select)| select.get("id") == Some("creation")) else {
        return false;
    };
    let options = page
        .html
        .all("option")
        .filter(|(option, _)| page.html.is_in(*option, at));
    let options: Vec<_> = options.map(|(_, option)| option).collect();
    let none_is_made = options.iter().all(|option| option.get("selected").is_none());
    select.get("required").is_some() && none_is_made && options[0].get("value") == Some("")
}

#[tokio::test]
async fn r86_the_choice_of_mails_is_asked_for_on_each_page_of_a_plan() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": {}, "creation": "invite" });
    unattended::set_policy(&ana, KIND, &policy).await;
    let id = import::fetch(&ana, KIND).await;
    let at = stage.at(&format!("/console/imports/{id}/plan"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    assert!(!asks_for_mails(&browser.open(&at).await), "nobody is created");
    let chosen = import::choose(&ana, &id, 2).await;
    for (language, all, invites) in [
        (
            "en",
            "All",
            "they are created, and LastPass invites them by mail at once",
        ),
        (
            "nl",
            "Alle",
            "ze worden gemaakt, en LastPass nodigt ze meteen per mail uit",
        ),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let plan = browser.open(&at).await;
        assert!(asks_for_mails(&plan), "{}", plan.source);
        import::decide(
            &ana,
            &id,
            import::id(&chosen[0]),
            json!({ "selected": language == "nl" }),
        )
        .await;
        // What was chosen is kept for a plan that has changed, and for no page that is reached from there.
        let (button, box_, field) = if language == "en" {
            ("Import ", "Yes, all", "Invitation of new users")
        } else {
            ("Importeer ", "Ja, alle", "Uitnodiging van nieuwe gebruikers")
        };
        let changed = browser.press(&plan, button, &[(box_, "on"), (field, invites)]).await;
        assert!(!asks_for_mails(&changed), "{}", changed.words());
        let filtered = browser.follow(&changed, all).await;
        assert!(asks_for_mails(&filtered), "{}", filtered.words());
    }
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r75_what_failed_at_night_is_tried_again_with_its_filter() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KIND, "Brand New BV");
    psa::add_contact(&stage.sandbox, KIND, &company, "ren\u{e9}@new.example");
    let filter = json!({ "companyStatus": ["1"] });
    let id = stopped_at_night(&stage, &filter).await;
    ana.post(
        &format!("/imports/{id}/companies/select"),
        &json!({ "selected": false, "where": {} }),
    )
    .await
    .unwrap();
    import::choose_one(&ana, &id, &import::row(&ana, &id, &company).await).await;
    import::carry_out(&ana, &id).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let result = browser.open(&stage.at(&format!("/console/imports/{id}/result"))).await;
    let again = browser.press(&result, "Try these again", &[]).await;
    let begun = again.url.path().split('/').nth(3).unwrap();
    let begun = ana.get(&format!("/imports/{begun}")).await.unwrap();
    assert_eq!(begun["filter"], filter, "{begun}");
    browser.wait(again).await;
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r75_what_failed_is_tried_again_in_two_steps() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KIND, "Brand New BV");
    // LastPass takes no such letter before the @.
    psa::add_contact(&stage.sandbox, KIND, &company, "ren\u{e9}@new.example");
    let filter = json!({ "companyStatus": ["1"] });
    let id = import::fetch_filtered(&ana, KIND, &filter).await;
    import::choose_one(&ana, &id, &import::row(&ana, &id, &company).await).await;
    import::carry_out(&ana, &id).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let result = browser.open(&stage.at(&format!("/console/imports/{id}/result"))).await;
    let says = "LastPass says: One or more validation errors occurred. The email is not valid.";
    assert!(result.words().contains(says), "{}", result.words());
    // Without script, the page's own link leads on: it must not forget what failed.
    stage.sandbox.pause(true).await;
    let reading = browser.press(&result, "Try these again", &[]).await;
    assert_eq!(reading.title(), "Downloading", "{}", reading.words());
    let reading = browser.follow(&reading, "Refresh").await;
    let query = reading.url.query().unwrap_or_default();
    assert_eq!(
        (reading.title().as_str(), query),
        ("Downloading", format!("failed={id}").as_str())
    );
    let home = browser.open(&stage.console).await;
    let reading = browser.follow(&home, "Go on").await;
    assert_eq!(reading.url.query().unwrap_or_default(), query, "{}", reading.words());
    stage.sandbox.pause(false).await;
    browser.wait(reading).await;
    // It has read what the one that failed had read, and so will the next.
    let integration = ana
        .get(&format!("/integrations/{}", integration(&ana, KIND).await))
        .await;
    assert_eq!(integration.unwrap()["lastFilter"], filter);
    // The first page leads back to it, too: while it reads, and then.
    let home = browser.open(&stage.console).await;
    let again = browser.follow(&home, "Go on").await;
    let plan = browser.press(&again, "Select them and see what will happen", &[]).await;
    assert_eq!(plan.title(), "What will happen", "{}", plan.words());
    assert!(plan.has_button("Import 1 company"), "{}", plan.words());
    lastpass::end(stage.sandbox).await;
}

/// The day after which LastPass is read again.
const NEXT_DAY: i64 = 25 * 3_600;

/// A company with people who are enrolled, staged, disabled and enrolled, of which the last one has nothing to do with it.
async fn imported(stage: &Stage) -> Company<'_> {
    let people = [
        (("Anna", "Bos"), "anna@eigen.example"),
        (("Bert", "Vos"), "bert@eigen.example"),
        (("Cora", "Dam"), "cora@eigen.example"),
        (("Dirk", "Eik"), "dirk@eigen.example"),
    ];
    let company = Company::imported(&stage.sandbox, KIND, &people).await;
    for ((_, address), state) in people.iter().zip(["enrolled", "staged", "disabled", "enrolled"]) {
        let user = lastpass::number(&company.user_of(address).await);
        let change = json!({ "users": [{ "id": user, "accountStatus": state }] });
        lastpass::change(&stage.sandbox, change);
    }
    advance(&stage.sandbox, NEXT_DAY).await;
    company
}

/// The rows of tables with this text in one of their cells.
fn rows_of(page: &Page, text: &str) -> String {
    let rows = page.html.all("tr").map(|(_, row)| row.words());
    let found: Vec<String> = rows.filter(|row| row.contains(text)).collect();
    assert!(!found.is_empty(), "{text} is not listed: {}", page.words());
    found.join(" ")
}

#[tokio::test]
async fn r83_what_lastpass_cannot_do_is_shown_before_the_import() {
    let stage = stage().await;
    lastpass::set(&stage.sandbox, json!({ "patchFields": "pending" }));
    let company = imported(&stage).await;
    psa::rename(&stage.sandbox, KIND, &company.id, "Heel anders BV");
    company.moves(0, "anna@nieuw.example");
    company.moves(1, "bert@nieuw.example");
    let id = company.review().await;
    let at = stage.at(&format!("/console/imports/{id}"));
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let manager = browser.follow(&home, "Password manager").await;
    let says = "What an import cannot do there, it says beforehand, with what to do in the console of LastPass.";
    assert!(manager.words().contains(says), "{}", manager.words());

    let told = [
        (
            "It was renamed in the PSA, and the directory does not rename companies.",
            "Rename the company in the console of the directory; the next import takes it over.",
        ),
        (
            "The directory does not change the address of this user.",
            "Remove the user's invitation in the console of the directory and import again; or change the address there.",
        ),
        (
            "The user is disabled in the directory.",
            "Enable the user in the console of the directory, or untick the row.",
        ),
    ];
    let plan = browser.open(&format!("{at}/plan")).await;
    for (why, advice) in told {
        let skipped = format!("1 {why} {advice}");
        assert!(plan.words().contains(&skipped), "{skipped}: {}", plan.words());
        assert!(rows_of(&plan, why).contains("Skipped"), "{}", plan.words());
    }
    let asked =
        "The address was changed in the PSA. The directory asks the user, who keeps the old address until then.";
    let row = rows_of(&plan, asked);
    assert!(
        row.contains("New address") && row.contains("anna@nieuw.example"),
        "{row}"
    );

    let result = browser.press(&plan, "Import 1 company", &[("Yes, all", "on")]).await;
    let result = browser.wait(result).await;
    assert_eq!(result.title(), "The import is done", "{}", result.words());
    for (why, advice) in told {
        assert!(rows_of(&result, why).contains(advice), "{}", result.words());
    }
    let waits = "The directory was told to ask the user to agree to the new address.";
    assert!(
        rows_of(&result, waits).contains("anna@nieuw.example"),
        "{}",
        result.words()
    );
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r85_how_far_users_are_is_shown_where_they_are_listed() {
    let stage = stage().await;
    let company = imported(&stage).await;
    // What is shown is what an import has read.
    company.review().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let companies = browser.follow(&home, "Managed companies").await;
    let says = "By hand, companies are added in the console of LastPass.";
    assert!(companies.words().contains(says), "{}", companies.words());
    assert!(
        companies.words().contains("(at most 25 users)"),
        "{}",
        companies.words()
    );
    let users = stage.at(&format!("/console/managed-companies/{}", company.managed));
    let users = browser.open(&users).await;
    for (address, state) in [
        ("anna@", "enrolled"),
        ("bert@", "created, not invited yet"),
        ("cora@", "disabled"),
    ] {
        assert!(rows_of(&users, address).contains(state), "{}", users.words());
    }
    let says = "By hand, users are added and changed in the console of LastPass.";
    assert!(
        users.words().contains(says) && !users.has_button("Change"),
        "{}",
        users.words()
    );
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r85_who_is_disabled_is_shown_among_the_people_to_tick() {
    let stage = stage().await;
    let company = imported(&stage).await;
    let id = company.review().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let people = stage.at(&format!("/console/imports/{id}/people/{}", company.id));
    let people = browser.open(&people).await;
    assert!(rows_of(&people, "cora@").contains("disabled"), "{}", people.words());
    assert!(!rows_of(&people, "dirk@").contains("disabled"), "{}", people.words());
    lastpass::end(stage.sandbox).await;
}
