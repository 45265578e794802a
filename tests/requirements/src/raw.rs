//! What a PSA really holds, read by a client that shares no code with the product.

use domain::psa::PsaKind;
use reqwest::{RequestBuilder, header};
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::stage::text;

/// All companies in the PSA's own JSON, deleted ones included where the PSA keeps them.
pub async fn companies(sandbox: &Sandbox, kind: PsaKind) -> Vec<Value> {
    match kind {
        PsaKind::Connectwise => connectwise(sandbox, "company/companies").await,
        PsaKind::Autotask => autotask_rows(sandbox, "Companies").await,
    }
}

/// All contacts in the PSA's own JSON.
pub async fn contacts(sandbox: &Sandbox, kind: PsaKind) -> Vec<Value> {
    match kind {
        PsaKind::Connectwise => connectwise(sandbox, "company/contacts").await,
        PsaKind::Autotask => autotask_rows(sandbox, "Contacts").await,
    }
}

/// The addresses of a contact, as they are typed; an empty one is none.
pub fn addresses(kind: PsaKind, contact: &Value) -> Vec<String> {
    let typed = match kind {
        PsaKind::Connectwise => {
            let items = contact["communicationItems"].as_array().cloned().unwrap_or_default();
            let addresses = items.into_iter().filter(|item| item["communicationType"] == "Email");
            addresses.map(|item| item["value"].clone()).collect()
        }
        PsaKind::Autotask => ["emailAddress", "emailAddress2", "emailAddress3"]
            .map(|field| contact[field].clone())
            .to_vec(),
    };
    let typed = typed.iter().filter_map(Value::as_str);
    typed
        .filter(|address| !address.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

/// The company that a contact hangs on; empty if there is none.
pub fn company_of(kind: PsaKind, contact: &Value) -> String {
    let company = match kind {
        PsaKind::Connectwise => &contact["company"]["id"],
        PsaKind::Autotask => &contact["companyID"],
    };
    company.as_i64().map(|id| id.to_string()).unwrap_or_default()
}

/// A list of `ConnectWise`, page by page until one is empty, however few the pages hold.
pub async fn connectwise(sandbox: &Sandbox, list: &str) -> Vec<Value> {
    let origin = text(&sandbox.face.connectwise["url"]);
    let mut rows = Vec::new();
    for page in 1.. {
        let url = format!("{origin}/v4_6_release/apis/3.0/{list}?pageSize=1000&orderBy=id&page={page}");
        let answer = send(signed(sandbox, PsaKind::Connectwise, client().get(url))).await;
        let more = answer.as_array().unwrap();
        if more.is_empty() {
            break;
        }
        rows.extend_from_slice(more);
    }
    rows
}

/// Something of Autotask that is read with GET.
pub async fn autotask(sandbox: &Sandbox, path: &str) -> Value {
    let url = format!("{}/ATServicesRest/v1.0/{path}", text(&sandbox.face.autotask["url"]));
    send(signed(sandbox, PsaKind::Autotask, client().get(url))).await
}

async fn autotask_rows(sandbox: &Sandbox, entity: &str) -> Vec<Value> {
    let url = format!(
        "{}/ATServicesRest/v1.0/{entity}/query",
        text(&sandbox.face.autotask["url"])
    );
    let everything = json!({ "filter": [{ "op": "gte", "field": "id", "value": 0 }] });
    let mut answer = send(signed(sandbox, PsaKind::Autotask, client().post(url)).json(&everything)).await;
    let mut rows = answer["items"].as_array().unwrap().clone();
    while let Some(next) = answer["pageDetails"]["nextPageUrl"].as_str() {
        answer = send(signed(sandbox, PsaKind::Autotask, client().post(next)).json(&everything)).await;
        rows.extend(answer["items"].as_array().unwrap().clone());
    }
    rows
}

#[expect(clippy::disallowed_methods, reason = "asks the simulators, not a PSA")]
/// A client of anything on this machine.
pub fn client() -> reqwest::Client {
    reqwest::Client::new()
}

fn signed(sandbox: &Sandbox, kind: PsaKind, request: RequestBuilder) -> RequestBuilder {
    let face = match kind {
        PsaKind::Connectwise => &sandbox.face.connectwise,
        PsaKind::Autotask => &sandbox.face.autotask,
    };
    let of = |name: &str| text(&face[name]);
    match kind {
        PsaKind::Connectwise => request
            .basic_auth(
                format!("{}+{}", of("companyId"), of("publicKey")),
                Some(of("privateKey")),
            )
            .header("clientId", of("clientId")),
        PsaKind::Autotask => request
            .header("UserName", of("username"))
            .header("Secret", of("secret"))
            .header("ApiIntegrationCode", of("integrationCode")),
    }
    .header(header::ACCEPT, "application/json")
}

async fn send(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    response.json().await.unwrap()
}
