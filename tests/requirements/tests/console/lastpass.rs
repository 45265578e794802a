//! What administrators see of LastPass as the password manager (R81, R86).

use requirements::{import, lastpass, psa};

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
    }
}

#[tokio::test]
async fn r75_what_failed_is_tried_again_in_two_steps() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KIND, "Brand New BV");
    // LastPass takes no such letter before the @.
    psa::add_contact(&stage.sandbox, KIND, &company, "ren\u{e9}@new.example");
    let id = import::fetch(&ana, KIND).await;
    import::choose_one(&ana, &id, &import::row(&ana, &id, &company).await).await;
    import::carry_out(&ana, &id).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let result = browser.open(&stage.at(&format!("/console/imports/{id}/result"))).await;
    let says = "LastPass says: One or more validation errors occurred. The email is not valid.";
    assert!(result.words().contains(says), "{}", result.words());
    let again = browser.press(&result, "Try these again", &[]).await;
    let again = browser.wait(again).await;
    let plan = browser.press(&again, "Select them and see what will happen", &[]).await;
    assert_eq!(plan.title(), "What will happen", "{}", plan.words());
    assert!(plan.has_button("Import 1 company"), "{}", plan.words());
}
