//! A third PSA (R1): the suite of `shared/psa/conformance` and an import, with a product that is not in this program. Its descriptor,
//! wire format, client and server together are the size of what somebody would write who adds one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod server;

use std::sync::Arc;

use domain::filter::Subject;
use domain::ids::{IntegrationId, MspId, SecretId};
use domain::import::Person;
use domain::integration::Integration;
use domain::policy::Policy;
use domain::psa::VendorId;
use jiff::Timestamp;
use psa::Vendor;
use psa_conformance::product::Product;
use requirements::import::{carry_out, choose, fetched, rows};
use requirements::stage::quick;
use requirements::{Options, Sandbox};
use serde_json::{Value, json};
use simkit::msp::Size;
use simkit::{Simulator, serve};

use self::server::KEY;

psa_conformance::suite!(&Example);

struct Example;

impl Product for Example {
    fn vendor(&self) -> &'static Vendor {
        &client::VENDOR
    }

    fn simulator(&self, size: Size) -> Arc<dyn Simulator> {
        Arc::new(server::open(size))
    }

    fn credentials(&self) -> Value {
        json!({ "secret": KEY })
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["secret"]
    }

    fn company_id(&self, number: u32) -> i64 {
        number.into()
    }

    fn contact_id(&self, number: u32) -> i64 {
        number.into()
    }

    fn lists(&self) -> [&'static str; 2] {
        ["/companies$", "/contacts$"]
    }

    fn attributes(&self) -> (&'static [(&'static str, Subject)], &'static str) {
        (&[("companyType", Subject::Company)], "Type 1")
    }

    fn page(&self, rows: &[Value]) -> Value {
        json!({ "rows": rows, "more": false })
    }

    fn new_contact(&self, id: i64) -> Value {
        json!({ "id": id, "name": "New", "company": 2, "active": true, "emails": [] })
    }

    fn discoveries(&self) -> u64 {
        0
    }
}

#[tokio::test]
async fn r01_a_third_psa_is_imported() {
    let (address, _served) = serve(server::open(Size::Small).router(), ([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let origin = format!("http://{address}");
    let sandbox = Sandbox::start(Options {
        vendors: vec![(&client::VENDOR, origin.parse().unwrap())],
        ..quick()
    });
    let sandbox = sandbox.await.unwrap();
    let ana = sandbox.api("ana");
    let new = json!({ "kind": "example", "name": "Ours", "address": origin, "credentials": { "secret": KEY } });
    assert!(
        ana.post("/integrations", &new).await.is_err(),
        "the API offers only products that ship"
    );
    let integration = Integration {
        id: IntegrationId::new("third"),
        kind: VendorId::try_from("example").unwrap(),
        name: "Ours".to_owned(),
        address: origin,
        company_id: None,
        policy: Policy::default(),
        last_filter: None,
        tenant: None,
        system: None,
        secret: SecretId::new("third"),
        paused: false,
        version: 0,
        created_at: Timestamp::now(),
    };
    let by = Person {
        subject: "test".to_owned(),
        name: "Test".to_owned(),
    };
    let tenant = sandbox.services.tenant(&MspId::new("noordzee"));
    tenant.add_integration(&integration, &by).await.unwrap();
    let credentials = "/integrations/third/credentials";
    ana.put(credentials, &json!({ "credentials": { "secret": KEY } }))
        .await
        .unwrap();
    let foreign = json!({ "credentials": { "secret": KEY, "publicKey": "x" } });
    assert!(
        ana.put(credentials, &foreign).await.is_err(),
        "a credential of another product"
    );

    let import = ana.start("third", &json!({})).await.unwrap();
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    let chosen = choose(&ana, &import, 2).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (chosen.len(), &result["companies"]["created"]),
        (2, &json!(2)),
        "{result}"
    );
    sandbox.stop().await;
}

/// Lines of code: neither blank nor comments.
#[test]
fn r01_a_third_psa_is_at_most_250_lines() {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = [include_str!("client.rs"), include_str!("server.rs")].map(|file| file.lines().filter(code).count());
    assert!(lines.iter().sum::<usize>() <= 250, "{lines:?}");
}
