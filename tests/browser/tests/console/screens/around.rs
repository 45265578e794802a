//! What is around imports: signing in, connecting a PSA, settings, lists.

use requirements::stage::integration;
use requirements::{PsaKind, import, managed};
use serde_json::json;

use crate::walk::{KIND, Walk};

pub(super) async fn signed_out(walk: &mut Walk) {
    walk.take("/console/signed-out", "signed-out").await;
    walk.take("/console/signed-in?state=x&code=y", "sign-in-failed").await;
}

/// An MSP that has nothing yet.
pub(super) async fn nothing_yet(walk: &mut Walk) {
    walk.sign_in("Chris").await;
    walk.take("/console", "home-empty").await;
    walk.take("/console/managed-companies", "managed-companies-empty").await;
    walk.take("/console/integrations/new", "connect-connectwise").await;
    walk.take("/console/integrations/new?kind=autotask", "connect-autotask")
        .await;
    walk.send("/new", "connect-refused").await;
    walk.sign_in("Ana").await;
}

pub(super) async fn before_imports(walk: &mut Walk) {
    let (one, other) = (walk.of(KIND).await, walk.of(PsaKind::Autotask).await);
    walk.take("/console", "home").await;
    walk.take(&one, "integration-new").await;
    walk.take(&format!("{one}/import"), "filter").await;
    walk.take(&format!("{other}/import"), "filter-autotask").await;
    walk.take(&format!("{one}/policy"), "policy").await;
    refused(walk, "percent", "/policy").await;
    walk.take(&format!("{one}/mappings"), "mappings-empty").await;
    walk.take(&format!("{one}/exclusions"), "exclusions-empty").await;
    walk.take(&format!("{one}/credentials"), "credentials").await;
    walk.take("/console/licences", "licences").await;
    refused(walk, "total", "/licences").await;
    walk.take("/console/directory", "directory").await;
    walk.take("/console/keys", "keys").await;
    walk.take("/console/nothing-here", "not-found").await;
}

/// The form that is shown, sent with a field that should hold a number.
async fn refused(walk: &mut Walk, field: &str, action: &str) {
    let fill = format!("document.querySelector('#{field}').value = 'many';");
    walk.tab.ask(&fill).await;
    walk.submit(action).await;
    walk.shown_with(&format!("{field}-refused"), "main .problem").await;
}

/// The lists after two imports.
pub(super) async fn afterwards(walk: &mut Walk) {
    let one = walk.of(KIND).await;
    walk.take("/console", "home-imported").await;
    walk.take(&one, "integration").await;
    walk.take(&format!("{one}/audit"), "audit").await;
    walk.take("/console/audit", "audit-of-msp").await;
    walk.take(&format!("{one}/mappings"), "mappings").await;
    walk.take_with(&format!("{one}/exclusions"), "exclusions", "main tbody tr + tr")
        .await;
    walk.take("/console/managed-companies", "managed-companies").await;
    let all = managed::all(&walk.api("ana")).await;
    let id = import::id(all.last().unwrap());
    walk.take(&format!("/console/managed-companies/{id}"), "users").await;
}

/// An integration that is paused, that has a twin, and that could take over what a removed one has left.
pub(super) async fn settings(walk: &mut Walk) {
    let (ana, one) = (walk.api("ana"), walk.of(KIND).await);
    let path = format!("/integrations/{}", integration(&ana, KIND).await);
    for paused in [true, false] {
        let now = ana.get(&path).await.unwrap();
        let change = json!({ "version": now["version"], "paused": paused });
        ana.patch(&path, &change).await.unwrap();
        if paused {
            walk.take_with(&one, "integration-paused", "main button[name=paused][value=false]")
                .await;
        }
    }
    let twin = walk.sandbox().psas.integration(KIND);
    let twin = ana.post("/integrations", &twin).await.unwrap();
    let twin = import::id(&twin);
    walk.take_with(&one, "integration-twin", "main .note a[href^='/console/integrations/']")
        .await;
    ana.delete(&format!("/integrations/{twin}")).await.unwrap();
    // The page to which connecting leads if the tenant was connected before.
    let connected = format!("{one}?saved=tried&previous={twin}&name=ConnectWise&companies=29");
    let offer = "main .note a[href*='adopt=']";
    walk.take_with(&connected, "integration-offers-mappings", offer).await;
    let form = format!("return document.querySelector(\"{offer}\").getAttribute('href');");
    let form = walk.tab.ask(&form).await;
    walk.take_with(
        form.as_str().unwrap(),
        "connect-and-take-over",
        "main input[name=adopt]",
    )
    .await;
}
