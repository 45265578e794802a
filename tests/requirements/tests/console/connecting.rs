//! An integration is connected by its form (R5).

use requirements::{PsaKind, for_both};

use crate::stage::stage;

for_both!(r05_an_integration_is_connected_by_its_form);

async fn r05_an_integration_is_connected_by_its_form(kind: PsaKind) {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Chris", "en").await;
    let mut page = browser.follow(&home, "Connect a PSA").await;
    if kind == PsaKind::Autotask {
        page = browser.follow(&page, "Autotask PSA").await;
    }
    let blank = browser
        .press(
            &page,
            "Check and save",
            &[("Name", "Ours"), ("Address", "https://psa.example")],
        )
        .await;
    assert!(blank.words().contains("credentials_required"), "{}", blank.words());
    assert_eq!(blank.status.as_u16(), 400);
    let known = stage.sandbox.psas.integration(kind);
    let credentials = &known["credentials"];
    let of = |name: &str| credentials[name].as_str().unwrap_or_default().to_owned();
    let (public, private, client) = (of("publicKey"), of("privateKey"), of("clientId"));
    let (user, secret, code) = (of("username"), of("secret"), of("integrationCode"));
    let company = known["companyId"].as_str().unwrap_or_default();
    let address = known["address"].as_str().unwrap();
    let mut fields = vec![
        ("Name", "Ours"),
        ("Address", address),
        ("Login company", company),
        ("Public key", &public),
        ("Private key", "wrong"),
        ("Client ID", &client),
        ("Username", &user),
        ("Password", "wrong"),
        ("Tracking identifier", &code),
    ];
    let refused = browser.press(&blank, "Check and save", &fields).await;
    assert!(refused.words().contains("psa_unauthorized"), "{}", refused.words());
    assert!(!refused.source.contains("wrong"), "a secret is never shown again");
    fields[4].1 = &private;
    fields[7].1 = &secret;
    let added = browser.press(&refused, "Check and save", &fields).await;
    assert_eq!(
        (added.status.as_u16(), added.title().as_str()),
        (200, "Ours"),
        "{}",
        added.words()
    );
    assert!(added.words().contains("Nothing was imported yet."));
    let says = "Another integration has this address";
    assert!(
        added.words().contains("The credentials were tried, and work."),
        "{}",
        added.words()
    );
    assert!(!added.words().contains(says), "{}", added.words());
    fields[0].1 = "Ours once more";
    let form = browser.open(page.url.as_str()).await;
    let twin = browser.press(&form, "Check and save", &fields).await;
    assert!(twin.words().contains(says) && twin.has_link("Ours"), "{}", twin.words());
}
