//! An integration is given another address by a form (R52, R90).

use requirements::console::page::Page;
use requirements::stage::{integration, text, two_addresses};
use requirements::{PsaKind, for_both};

use crate::stage::Stage;

for_both!(r52_an_integration_is_given_another_address_by_its_form);

async fn r52_an_integration_is_given_another_address_by_its_form(kind: PsaKind) {
    let (sandbox, _served, origin) = two_addresses(kind).await;
    let stage = Stage::of(sandbox);
    let ana = stage.sandbox.api("ana");
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    let shown = async || ana.get(&path).await.unwrap();
    let before = shown().await;
    let known = text(&before["address"]);
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let one = browser.open(&stage.at(&format!("/console{path}"))).await;
    let form = browser.follow(&one, "Change address or credentials").await;
    assert_eq!(filled(&form, "address"), Some(known));
    assert_eq!(filled(&form, "companyId"), before["companyId"].as_str());

    // Nothing is changed, and no credentials are given.
    let refused = browser.press(&form, "Check and save", &[]).await;
    assert!(refused.words().contains("credentials_required"), "{}", refused.words());
    // What is refused comes back as it was typed.
    for wrong in ["https://10.0.0.1", "https://psa.internal"] {
        let refused = browser.press(&form, "Check and save", &[("Address", wrong)]).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.words());
        assert!(refused.words().contains("invalid_psa_address"), "{}", refused.words());
        assert_eq!(filled(&refused, "address"), Some(wrong));
    }
    // Another address alone is tried with the credentials that are stored.
    let moved = browser.press(&form, "Check and save", &[("Address", &origin)]).await;
    assert!(
        moved.words().contains("The credentials were tried, and work."),
        "{}",
        moved.words()
    );
    assert!(moved.words().contains(&origin), "{}", moved.words());
    assert_eq!(shown().await["address"], origin);

    // And back, together with credentials.
    let form = browser.follow(&moved, "Change address or credentials").await;
    let given = stage.sandbox.psas.integration(kind);
    let of = |name: &str| given["credentials"][name].as_str().unwrap_or_default().to_owned();
    let fields = [
        ("Address", known.to_owned()),
        ("Public key", of("publicKey")),
        ("Private key", of("privateKey")),
        ("Client ID", of("clientId")),
        ("Username", of("username")),
        ("Password", of("secret")),
        ("Tracking identifier", of("integrationCode")),
    ];
    let fields = fields.each_ref().map(|(label, value)| (*label, value.as_str()));
    let back = browser.press(&form, "Check and save", &fields).await;
    assert!(
        back.words().contains("The credentials were tried, and work."),
        "{}",
        back.words()
    );
    assert_eq!(shown().await["address"], known);
}

/// What a field of the form holds.
fn filled<'a>(form: &'a Page, name: &str) -> Option<&'a str> {
    let mut inputs = form.html.all("input").map(|(_, input)| input);
    let input = inputs.find(|input| input.get("name") == Some(name))?;
    input.get("value")
}
