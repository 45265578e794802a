//! What is different where LastPass is the password manager.

use requirements::stage::{number, text};
use requirements::{import, lastpass, managed, psa, unattended};
use serde_json::json;

use crate::walk::{KIND, Walk};

const DIRECTORY: &str = "/console/directory";

/// LastPass is left, refuses a key, and is connected again.
pub(super) async fn connecting(walk: &mut Walk) {
    let leave = "main form[action$='/leave']";
    walk.sign_in("Ana").await;
    walk.take_with(DIRECTORY, "directory-lastpass", leave).await;
    walk.send("/leave", "directory-left").await;
    enter_key(walk, "lpkey_wrong").await;
    walk.shown_with("directory-refused", "main .problem").await;
    let key = lastpass::key(walk.sandbox());
    enter_key(walk, text(&key["apiKey"])).await;
    walk.shown_with("directory-connected", leave).await;
    walk.take_with("/console/licences", "licences-lastpass", "main dl ~ p.hint")
        .await;
    walk.take("/console/managed-companies", "managed-companies-unknown")
        .await;
}

async fn enter_key(walk: &Walk, key: &str) {
    let fill = format!("document.querySelector('#apiKey').value = '{key}';");
    walk.tab.ask(&fill).await;
    walk.submit(DIRECTORY).await;
}

/// An import that invites, and of which a row fails.
pub(super) async fn import(walk: &mut Walk) {
    let ana = walk.api("ana");
    let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 10, "atLeast": 50 }, "creation": "invite" });
    unattended::set_policy(&ana, KIND, &policy).await;
    let one = walk.of(KIND).await;
    let invites = "#creation option[value=invite][selected]";
    walk.take_with(&format!("{one}/policy"), "policy-invites", invites)
        .await;

    let company = psa::add_company(walk.sandbox(), KIND, "Brand New BV");
    // LastPass takes no such letter before the @.
    psa::add_contact(walk.sandbox(), KIND, &company, "ren\u{e9}@new.example");
    let import = import::fetch(&ana, KIND).await;
    let chosen = import::choose(&ana, &import, 2).await;
    import::choose_one(&ana, &import, &import::row(&ana, &import, &company).await).await;
    let plan = import::plan(&ana, &import).await;
    assert!(number(&plan["leastTime"]["seconds"]) > 0, "{plan}");
    let at = format!("/console/imports/{import}");
    let asks = "#creation[required] option[value='']";
    walk.take_with(&format!("{at}/plan"), "plan-asks-for-mails", asks).await;
    import::carry_out(&ana, &import).await;
    walk.take_with(&at, "result-with-errors", "main form[action$='/again']")
        .await;

    let again = import::fetch(&ana, KIND).await;
    walk.take_with(
        &format!("/console/imports/{again}/companies?failed={import}"),
        "companies-that-failed",
        "main button[value=failed]",
    )
    .await;
    let all = managed::all(&ana).await;
    let users = import::id(import::by_name(&all, text(&chosen[0]["name"])));
    walk.take_with(&format!("/console/managed-companies/{users}"), "users", "main table")
        .await;
    walk.take("/console/managed-companies", "managed-companies").await;
}
