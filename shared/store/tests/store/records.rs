//! Items as they are stored. Their form must not change unnoticed: two versions of this program share the tables.

use std::collections::BTreeMap;

use domain::directory::ManagedCompany;
use domain::filter::Filter;
use domain::ids::{
    AttributeId, IntegrationId, ManagedCompanyId, PsaCompanyId, SecretId, TenantFingerprint, UserId, ValueId,
};
use domain::integration::Integration;
use domain::mapping::CompanyMapping;
use domain::plan::mass_change::MassChangeLimit;
use domain::policy::Policy;
use domain::psa::PsaKind;
use domain::row::{Absence, AddressCounts, AddressDecision, CompanyDecision, CompanyRow, ImportStatus, Tab, Target};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::rows::Chunk;
use store::tx::Transaction;

use crate::fill;
use crate::wire::{Wire, import, lease, now};

mod imports;
mod plans;

fn managed(id: &str, name: &str) -> ManagedCompany {
    ManagedCompany {
        id: ManagedCompanyId::new(id),
        name: name.to_owned(),
    }
}

fn row() -> CompanyRow {
    CompanyRow {
        id: PsaCompanyId::new("7"),
        name: "Acme".to_owned(),
        identifier: None,
        tab: Tab::NotIn,
        status: ImportStatus::UnmappedPossibleDuplicate,
        types: vec!["Client".to_owned()],
        psa_status: "Active".to_owned(),
        active: true,
        own: false,
        last_imported: Some(now()),
        mapped: Some(managed("c-1", "Acme")),
        candidates: vec![managed("c-2", "ACME")],
        suggestions: Vec::new(),
        namesake_in_psa: false,
        reason: Some(Absence::FilteredOut),
        addresses: AddressCounts {
            addresses: 2,
            no_address: 1,
        },
        people_not_in: 2,
        decision: CompanyDecision {
            selected: true,
            ticks_new: true,
            target: Target::Existing(ManagedCompanyId::new("c-2")),
            version: 3,
        },
    }
}

fn stored_row() -> Value {
    json!({
        "pk": { "S": "MSP#m#IMPORT#x" }, "sk": { "S": "ROW#7" }, "schema": { "N": "1" },
        "browse": { "S": "not-in#0#acme\u{1}7" }, "expires": { "N": "1801209600" },
        "id": { "S": "7" }, "name": { "S": "Acme" }, "tab": { "S": "not-in" },
        "status": { "S": "unmapped_possible_duplicate" }, "types": { "L": [{ "S": "Client" }] },
        "psaStatus": { "S": "Active" }, "active": { "BOOL": true }, "own": { "BOOL": false },
        "lastImported": { "S": "2027-01-15T08:00:00Z" },
        "mapped": { "M": { "id": { "S": "c-1" }, "name": { "S": "Acme" } } },
        "candidates": { "L": [{ "M": { "id": { "S": "c-2" }, "name": { "S": "ACME" } } }] },
        "namesakeInPsa": { "BOOL": false }, "reason": { "S": "filtered_out" },
        "addresses": { "N": "2" }, "noAddress": { "N": "1" }, "peopleNotIn": { "N": "2" },
        "selected": { "BOOL": true }, "ticksNew": { "BOOL": true },
        "target": { "M": { "existing": { "S": "c-2" } } }, "version": { "N": "3" },
    })
}

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
async fn a_row_is_stored_so() {
    let wire = Wire::willing();
    let tenant = wire.tenant();
    let lease = lease(&tenant).await;
    let rows = [(row(), Vec::new())];
    let added = tenant
        .add_rows(&lease, &import(), &rows, &fill::checkpoint(), now)
        .await;
    assert!(added.unwrap().committed());
    assert_eq!(written(&wire)[1]["Put"]["Item"], stored_row());
}

#[tokio::test]
async fn a_row_is_read_as_it_was_stored() {
    let tenant = Wire::holding(stored_row()).tenant();
    let found = tenant.row(&import(), &PsaCompanyId::new("7")).await.unwrap();
    assert_eq!(found, Some(row()));
}

#[tokio::test]
async fn a_row_of_an_earlier_version_has_no_counts_and_ticks_nobody() {
    let old = without(
        stored_row(),
        &[
            "schema",
            "addresses",
            "noAddress",
            "ticksNew",
            "lastImported",
            "mapped",
            "reason",
        ],
    );
    let found = Wire::holding(old)
        .tenant()
        .row(&import(), &PsaCompanyId::new("7"))
        .await;
    let expected = CompanyRow {
        last_imported: None,
        mapped: None,
        reason: None,
        addresses: AddressCounts::default(),
        decision: CompanyDecision {
            ticks_new: false,
            ..row().decision
        },
        ..row()
    };
    assert_eq!(found.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_target_without_an_id_is_an_empty_object() {
    for (target, stored) in [(Target::Automatic, "automatic"), (Target::Create, "create")] {
        let wire = Wire::willing();
        let mut row = row();
        row.decision.target = target;
        let _ = wire.tenant().decide_company(&import(), &row, 2, now()).await.unwrap();
        let values = written(&wire)[2]["Update"]["ExpressionAttributeValues"].clone();
        assert_eq!(values[":target"], json!({ "M": { stored: { "M": {} } } }));
        let mut item = stored_row();
        item["target"] = values[":target"].clone();
        let found = Wire::holding(item).tenant().row(&import(), &row.id).await.unwrap();
        assert_eq!(found, Some(row));
    }
}

#[tokio::test]
async fn decisions_on_addresses_are_stored_so() {
    let decision = AddressDecision {
        selected: Some(true),
        target: Target::Existing(UserId::new("u-1")),
        version: 1,
    };
    let chunk = Chunk {
        number: 0,
        addresses: Vec::new(),
        decisions: BTreeMap::from([(fill::id(1), decision)]),
    };
    let seen = BTreeMap::from([(fill::id(1), AddressDecision::default())]);
    let wire = Wire::willing();
    let (tenant, company) = (wire.tenant(), PsaCompanyId::new("7"));
    let _ = tenant
        .decide_addresses(&import(), &company, &chunk, &seen, now())
        .await
        .unwrap();
    let decided = json!({ "M": { "00000001~1": { "M": {
        "selected": { "BOOL": true }, "target": { "M": { "existing": { "S": "u-1" } } }, "version": { "N": "1" },
    } } } });
    let undecided = json!({ "M": { "00000001~1": { "M": {
        "selected": { "NULL": true }, "target": { "M": { "automatic": { "M": {} } } }, "version": { "N": "0" },
    } } } });
    let values = written(&wire)[2]["Update"]["ExpressionAttributeValues"].clone();
    assert_eq!((&values[":new"], &values[":seen"]), (&decided, &undecided));
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
            new_companies: true,
            new_addresses: false,
            filter: Filter(accepted.clone()),
            schedule: None,
            mass_change: MassChangeLimit {
                percent: 10,
                at_least: 5,
            },
        },
        last_filter: Some(Filter(accepted)),
        tenant: Some(TenantFingerprint::new("acme")),
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
        "tenant": { "S": "acme" }, "secret": { "S": "s" }, "paused": { "BOOL": true }, "version": { "N": "3" },
        "policy": { "M": {
            "newCompanies": { "BOOL": true }, "newAddresses": { "BOOL": false }, "filter": filter,
            "massChange": { "M": { "percent": { "N": "10" }, "atLeast": { "N": "5" } } },
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
