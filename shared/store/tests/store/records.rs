//! Items as they are stored. Their form must not change unnoticed: two versions of this program share the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::filter::Filter;
use domain::ids::{
    AttributeId, IntegrationId, ManagedCompanyId, PsaCompanyId, SecretId, TenantFingerprint, UserId, ValueId,
};
use domain::integration::Integration;
use domain::mapping::CompanyMapping;
use domain::plan::mass_change::MassChangeLimit;
use domain::policy::Policy;
use domain::problem::MAX_NAMED_ROWS;
use domain::psa::PsaKind;
use domain::row::{AddressDecision, ImportStatus, Target};
use domain::rules::{CompanyFilter, Moment, PeopleRules, Scope};
use domain::tenant::PsaSystem;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::decided::{CompanyChoice, Decided, Decisions, StoredRules};
use store::tx::Transaction;

use crate::fill;
use crate::wire::{Wire, import, now};

mod imports;
mod plans;

/// The same item without some fields, and with one of a later version.
fn without(mut item: Value, fields: &[&str]) -> Value {
    let object = item.as_object_mut().unwrap();
    for field in fields {
        object.remove(*field).unwrap();
    }
    object.insert("later".to_owned(), json!({ "M": { "any": { "S": "thing" } } }));
    item
}

/// The items and updates of the last transaction.
fn written(wire: &Wire) -> Vec<Value> {
    let calls = wire.calls("TransactWriteItems");
    calls.last().unwrap()["TransactItems"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_decision_on_a_company_is_stored_so() {
    let at = Moment { import: 1, company: 0 };
    for (target, stored) in [
        (Target::Automatic, json!({ "automatic": { "M": {} } })),
        (Target::Create, json!({ "create": { "M": {} } })),
        (
            Target::Existing(ManagedCompanyId::new("c-2")),
            json!({ "existing": { "S": "c-2" } }),
        ),
    ] {
        let choice = CompanyChoice {
            selected: Some(true),
            target: Some((at, target)),
            version: 3,
            at: Moment { import: 2, company: 0 },
        };
        let (wire, company) = (Wire::willing(), PsaCompanyId::new("7"));
        let (tenant, import) = (wire.tenant(), import());
        let decided = tenant.decide_company(&import, &company, &choice, 2, now()).await;
        assert_eq!(decided.unwrap(), Decided::Recorded);
        let put = written(&wire)[2]["Put"].clone();
        let item = json!({
            "pk": { "S": "MSP#m#IMPORT#x" }, "sk": { "S": "DECISION#COMPANY#7" }, "schema": { "N": "1" },
            "expires": { "N": "1801209600" }, "selected": { "BOOL": true }, "target": { "M": stored }, "version": { "N": "3" },
            "at": { "M": { "import": { "N": "2" }, "company": { "N": "0" } } },
            "target_at": { "M": { "import": { "N": "1" }, "company": { "N": "0" } } },
        });
        assert_eq!(put["Item"], item);
        // Of two decisions on the same version one is refused (R27).
        assert_eq!(put["ConditionExpression"], "#version = :seen");
        let decided = Wire::holding(item)
            .tenant()
            .decided(&crate::wire::import())
            .await
            .unwrap();
        assert_eq!(decided.of_company(&company), choice);
    }
}

#[tokio::test]
async fn a_decision_on_an_address_is_stored_so() {
    let decision = AddressDecision {
        selected: None,
        target: Target::Existing(UserId::new("u-1")),
        version: 1,
        at: Moment::default(),
        excluded: None,
    };
    let (wire, company, address) = (Wire::willing(), PsaCompanyId::new("7"), fill::id(1));
    let (tenant, import) = (wire.tenant(), import());
    let decided = tenant
        .decide_address(&import, (&company, &address), &decision, 0, now())
        .await;
    assert_eq!(decided.unwrap(), Decided::Recorded);
    let put = written(&wire)[2]["Put"].clone();
    assert_eq!(put["Item"]["sk"], json!({ "S": "DECISION#ADDRESS#7#00000001~1" }));
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(pk)");
    let decided = Wire::holding(put["Item"].clone())
        .tenant()
        .decided(&crate::wire::import())
        .await
        .unwrap();
    assert_eq!(
        decided.of_people(&company).single,
        BTreeMap::from([(address, decision)])
    );
}

#[test]
fn r69_all_that_is_planned_shares_the_rules_of_the_import() {
    let mut decisions = Decisions::default();
    let ids = (0..MAX_NAMED_ROWS).map(|number| PsaCompanyId::new(number.to_string()));
    let filter = CompanyFilter {
        ids: Some(ids.collect()),
        ..CompanyFilter::default()
    };
    let rules = Arc::make_mut(&mut decisions.rules.rules);
    rules.add(0, true, Scope::Companies(filter)).unwrap();
    // A copy of them for each company made the plan of many companies quadratic.
    let planned: Vec<PeopleRules> = (0..1_000)
        .map(|company| decisions.people_rules(&fill::row(company, 0).0))
        .collect();
    assert_eq!(Arc::strong_count(&decisions.rules.rules), 1 + planned.len());
}

#[tokio::test]
async fn rules_are_read_as_they_were_stored() {
    let mut after = StoredRules::default();
    let filter = CompanyFilter {
        statuses: vec![ImportStatus::Mapped],
        search: Some("acme".to_owned().into()),
        ..CompanyFilter::default()
    };
    let rules = Arc::make_mut(&mut after.rules);
    rules.add(0, true, Scope::Companies(filter)).unwrap();
    let wire = Wire::willing();
    let (tenant, import) = (wire.tenant(), import());
    let kept = tenant.keep_rules(&import, None, &after, now()).await;
    assert_eq!(kept.unwrap(), Decided::Recorded);
    let put = written(&wire)[2]["Put"].clone();
    let decided = Wire::holding(put["Item"].clone())
        .tenant()
        .decided(&crate::wire::import())
        .await
        .unwrap();
    assert_eq!((decided.rules.rules, decided.rules.version), (after.rules, 1));
}

fn mapping() -> CompanyMapping {
    CompanyMapping {
        company: PsaCompanyId::new("7"),
        managed: ManagedCompanyId::new("c-1"),
        name: "Acme".to_owned(),
        identifier: Some("acme".to_owned()),
        generation: 2,
        users: 5,
        former: None,
    }
}

fn stored_mapping() -> Value {
    json!({
        "pk": { "S": "MSP#m#INTEGRATION#i" }, "sk": { "S": "PSA#7" }, "schema": { "N": "1" },
        "company": { "S": "7" }, "managed": { "S": "c-1" }, "name": { "S": "Acme" },
        "identifier": { "S": "acme" }, "generation": { "N": "2" }, "users": { "N": "5" },
    })
}

#[tokio::test]
async fn a_company_mapping_is_stored_so() {
    let wire = Wire::willing();
    let tenant = wire.tenant();
    let mut tx = Transaction::new();
    tenant
        .map_company(&mut tx, &import().integration, None, &mapping())
        .unwrap();
    let _ = tx.commit(&tenant).await.unwrap();
    assert_eq!(written(&wire)[1]["Put"]["Item"], stored_mapping());
}

#[tokio::test]
async fn a_company_mapping_of_an_earlier_version_has_no_count_and_an_unclean_name() {
    let mut old = without(stored_mapping(), &["users", "identifier", "schema"]);
    old["name"] = json!({ "S": " Ac\u{200b}me " });
    for (item, identifier, users) in [(stored_mapping(), Some("acme".to_owned()), 5), (old, None, 0)] {
        let tenant = Wire::holding(item).tenant();
        let found = tenant
            .company_mapping(&import().integration, &PsaCompanyId::new("7"))
            .await;
        assert_eq!(
            found.unwrap(),
            Some(CompanyMapping {
                identifier,
                users,
                ..mapping()
            })
        );
    }
}

fn integration() -> Integration {
    let accepted = BTreeMap::from([(AttributeId::new("type"), vec![ValueId::new("1")])]);
    Integration {
        id: IntegrationId::new("i"),
        kind: PsaKind::Connectwise.into(),
        name: "PSA".to_owned(),
        address: "psa.test".to_owned(),
        company_id: Some("acme".to_owned()),
        policy: Policy {
            creation: domain::directory::CreationAction::Invite,
            new_companies: true,
            new_addresses: false,
            filter: Filter(accepted.clone()),
            schedule: None,
            full_read_hours: 36,
            mass_change: MassChangeLimit {
                percent: 10,
                at_least: 5,
            },
        },
        last_filter: Some(Filter(accepted)),
        tenant: Some(TenantFingerprint::new("acme")),
        system: Some(PsaSystem {
            origin: Some("https://psa.test".to_owned()),
            zone: None,
            codebase: Some("v2026_1".to_owned()),
            version: Some("v2026.1".to_owned()),
        }),
        secret: SecretId::new("s"),
        paused: true,
        version: 3,
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

fn stored_integration() -> Value {
    let filter = json!({ "M": { "type": { "L": [{ "S": "1" }] } } });
    json!({
        "pk": { "S": "MSP#m" }, "sk": { "S": "INTEGRATION#i" }, "schema": { "N": "1" },
        "id": { "S": "i" }, "kind": { "S": "connectwise" }, "name": { "S": "PSA" }, "address": { "S": "psa.test" },
        "companyId": { "S": "acme" }, "createdAt": { "S": "2027-01-15T08:00:00Z" }, "lastFilter": filter,
        "system": { "M": {
            "origin": { "S": "https://psa.test" }, "codebase": { "S": "v2026_1" }, "version": { "S": "v2026.1" },
        } },
        "tenant": { "S": "acme" }, "secret": { "S": "s" }, "paused": { "BOOL": true }, "version": { "N": "3" },
        "policy": { "M": {
            "newCompanies": { "BOOL": true }, "newAddresses": { "BOOL": false }, "creation": { "S": "invite" }, "filter": filter,
            "massChange": { "M": { "percent": { "N": "10" }, "atLeast": { "N": "5" } } },
            "fullReadHours": { "N": "36" },
        } },
    })
}

#[tokio::test]
async fn an_integration_is_stored_and_read_so() {
    let wire = Wire::holding(stored_integration());
    let tenant = wire.tenant();
    let person = import().started_by;
    tenant.add_integration(&integration(), &person).await.unwrap();
    assert_eq!(written(&wire)[0]["Put"]["Item"], stored_integration());
    let found = tenant.integration(&integration().id).await.unwrap().unwrap();
    assert_eq!(found, integration());
}

#[tokio::test]
async fn an_integration_of_an_earlier_version_has_the_defaults() {
    let old = without(
        stored_integration(),
        &[
            "policy",
            "lastFilter",
            "companyId",
            "tenant",
            "secret",
            "paused",
            "version",
            "schema",
        ],
    );
    let found = Wire::holding(old).tenant().integration(&integration().id).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.policy, Policy::default());
    assert_eq!((found.last_filter, found.company_id), (None, None));
    assert_eq!((found.tenant, found.version, found.paused), (None, 0, false));
    assert_eq!(
        found.secret.as_str(),
        "i",
        "earlier versions named the secret like its integration"
    );
}

#[tokio::test]
async fn a_policy_is_replaced_only_if_it_is_as_it_was_read() {
    let wire = Wire::holding(stored_integration());
    let person = import().started_by;
    let (tenant, default) = (wire.tenant(), Policy::default());
    assert!(
        tenant
            .set_policy(&integration().id, &default, &person, now())
            .await
            .unwrap()
    );
    let values = written(&wire)[0]["Update"]["ExpressionAttributeValues"].clone();
    assert_eq!(values[":before"], stored_integration()["policy"]);
    let default = json!({ "M": {
        "newCompanies": { "BOOL": false }, "newAddresses": { "BOOL": false }, "filter": { "M": {} },
        "massChange": { "M": { "percent": { "N": "25" }, "atLeast": { "N": "50" } } },
    } });
    assert_eq!(values[":policy"], default);
}

#[tokio::test]
async fn a_policy_that_another_version_wrote_is_replaced() {
    let mut later = stored_integration();
    later["policy"]["M"]["later"] = json!({ "BOOL": true });
    let earlier = without(stored_integration(), &["policy"]);
    for (stored, before) in [(later.clone(), later["policy"].clone()), (earlier, Value::Null)] {
        let wire = Wire::holding(stored);
        let (tenant, person) = (wire.tenant(), import().started_by);
        let replaced = tenant
            .set_policy(&integration().id, &Policy::default(), &person, now())
            .await;
        assert!(replaced.unwrap());
        let update = written(&wire)[0]["Update"].clone();
        assert_eq!(update["ExpressionAttributeValues"][":before"], before);
        let condition = update["ConditionExpression"].as_str().unwrap();
        assert_eq!(
            condition.contains("attribute_not_exists(#policy)"),
            before.is_null(),
            "{condition}"
        );
    }
}
