//! What happens behind the API's back.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use directory::builtin::BuiltIn;
use directory::{Directory, NewAddress, NewCompany, PackedUsers};
use domain::directory::User;
use domain::filter::Filter;
use domain::ids::{AddressId, IdempotencyKey};
use domain::ids::{ImportId, IntegrationId, ManagedCompanyId, MspId, PsaCompanyId, SecretId, UserId};
use domain::import::{Import, Person};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::plan::{PlanAddress, PlanChange, PlanCompany, PlanSide, Reason, Step};
use domain::policy::Policy;
use domain::remembered::Remembered;
use futures::StreamExt;
use jiff::Timestamp;
use local_aws::sdk;
use sandbox::Sandbox;
use serde_json::{Map, Value, json};
use store::tx::Transaction;
use store::{Store, Tenant};

/// The first MSP.
const MSP: &str = "noordzee";

/// Somebody removes a managed company in the password manager itself, which psa-import has no call for.
pub async fn forget_managed_company(sandbox: &Sandbox, id: &str) {
    let delete = Client::new(&sdk::config(&sandbox.face.dynamodb)).delete_item();
    let delete = delete
        .table_name("RecordsTable")
        .key("pk", AttributeValue::S("MSP#noordzee".to_owned()))
        .key("sk", AttributeValue::S(format!("COMPANY#{id}")))
        .return_values(ReturnValue::AllOld);
    let deleted = delete.send().await.unwrap();
    assert!(deleted.attributes().is_some(), "there is no managed company {id}");
}

/// Somebody removes a user in the password manager itself, which psa-import has no call for.
pub async fn forget_user(sandbox: &Sandbox, company: &str, user: &str) {
    let users = BuiltIn::new(tenant(sandbox));
    let (company, user) = (ManagedCompanyId::new(company), UserId::new(user));
    let found = users.user(&company, &user).await.unwrap().unwrap();
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let delete = client
        .delete_item()
        .table_name("RecordsTable")
        .key("pk", address_partition(found.address.key().as_str()))
        .key("sk", AttributeValue::S("USER".to_owned()))
        .return_values(ReturnValue::AllOld);
    let deleted = delete.send().await.unwrap();
    assert!(deleted.attributes().is_some(), "there is no user {user}");
    // Who reads the lists looks at the users themselves.
    let pieces = client.query().table_name("RecordsTable");
    let pieces = pieces
        .key_condition_expression("pk = :pk AND begins_with(sk, :company)")
        .expression_attribute_values(":pk", AttributeValue::S(format!("MSP#{MSP}#ROSTER")))
        .expression_attribute_values(":company", AttributeValue::S(format!("{company}#")));
    for piece in pieces.send().await.unwrap().items() {
        let mut piece = piece.clone();
        piece.insert("unsure".to_owned(), AttributeValue::Bool(true));
        let put = client.put_item().table_name("RecordsTable").set_item(Some(piece));
        put.send().await.unwrap();
    }
}

/// The directory lists a user so, as it may have done before psa-import.
pub async fn list_user(sandbox: &Sandbox, user: User) {
    let piece = format!("{}#~{}", user.company, user.id);
    put_piece(sandbox, &piece, &[user], false).await;
}

/// The creation of these users was cut off when the first so many were there.
pub async fn cut_off(sandbox: &Sandbox, users: &[User], there: usize) {
    let piece = format!("{}#cut-off", users[0].company);
    put_piece(sandbox, &piece, users, true).await;
    for user in &users[..there] {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = Client::new(&sdk::config(&sandbox.face.dynamodb)).put_item();
        let put = put
            .table_name("RecordsTable")
            .item("pk", address_partition(user.address.key().as_str()))
            .item("sk", text("USER"))
            .item("id", text(user.id.as_str()))
            .item("company", text(user.company.as_str()))
            .item("address", text(user.address.original()))
            .item("name", text(&user.name))
            .item("state", text("invited"));
        put.send().await.unwrap();
    }
}

async fn put_piece(sandbox: &Sandbox, piece: &str, users: &[User], unsure: bool) {
    let packed = PackedUsers::of(users).unwrap().into_bytes();
    let put = Client::new(&sdk::config(&sandbox.face.dynamodb)).put_item();
    let mut put = put
        .table_name("RecordsTable")
        .item("pk", AttributeValue::S(format!("MSP#{MSP}#ROSTER")))
        .item("sk", AttributeValue::S(piece.to_owned()))
        .item("data", AttributeValue::B(packed.into()));
    if unsure {
        put = put.item("unsure", AttributeValue::Bool(true));
    }
    put.send().await.unwrap();
}

fn address_partition(address: &str) -> AttributeValue {
    AttributeValue::S(format!("MSP#{MSP}#ADDRESS#{address}"))
}

/// Overwrites an attribute of a record, `sk` in the partition `path` of the first MSP, as another version may have written it.
pub async fn overwrite(sandbox: &Sandbox, path: &str, sk: &str, attribute: &str, text: &str) {
    let update = Client::new(&sdk::config(&sandbox.face.dynamodb)).update_item();
    let update = update
        .table_name("RecordsTable")
        .key("pk", AttributeValue::S(format!("MSP#{MSP}{path}")))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .update_expression("SET #attribute = :text")
        .condition_expression("attribute_exists(#attribute)")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":text", AttributeValue::S(text.to_owned()));
    update.send().await.unwrap();
}

/// The names of the secrets that there are and can be read, of the integrations that the first MSP ever had.
pub async fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let read = Client::new(&sdk::config(&sandbox.face.dynamodb)).scan();
    let items = read.table_name("RecordsTable").send().await.unwrap();
    let tenant = MspId::new(MSP);
    let mut found = Vec::new();
    for item in items.items() {
        let kind = item["sk"].as_s().unwrap();
        let is_integration = kind.starts_with("INTEGRATION#") || kind.starts_with("REMOVED#");
        if let Some(Ok(secret)) = item.get("secret").filter(|_| is_integration).map(AttributeValue::as_s) {
            let read = sandbox.services.secrets.read(&tenant, &SecretId::new(secret)).await;
            if let Ok(Some(_)) = read {
                found.push(secret.clone());
            }
        }
    }
    found
}

/// Somebody deletes the secret of an integration of the first MSP by hand: for days it can be restored, and not be used.
pub async fn delete_secret(sandbox: &Sandbox, integration: &str) {
    let tenant = tenant(sandbox);
    let integration = tenant.integration(&IntegrationId::new(integration)).await.unwrap();
    let secret = integration.unwrap().secret;
    sandbox
        .services
        .secrets
        .delete(&MspId::new(MSP), &secret)
        .await
        .unwrap();
}

/// How many records there are of an integration of the first MSP: its own, and those in its partitions.
pub async fn left(sandbox: &Sandbox, integration: &str) -> usize {
    let scan = Client::new(&sdk::config(&sandbox.face.dynamodb)).scan();
    let pages = scan.table_name("RecordsTable").into_paginator().items().send();
    let items: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    let of_it = |item: &&HashMap<String, AttributeValue>| {
        let key = |name: &str| item[name].as_s().unwrap().contains(integration);
        key("pk") || key("sk")
    };
    items.iter().filter(of_it).count()
}

/// Removes an attribute of a record, as an earlier version did not have it.
pub async fn forget(sandbox: &Sandbox, path: &str, sk: &str, attribute: &str) {
    let update = Client::new(&sdk::config(&sandbox.face.dynamodb)).update_item();
    let update = update
        .table_name("RecordsTable")
        .key("pk", AttributeValue::S(format!("MSP#{MSP}{path}")))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .update_expression("REMOVE #attribute")
        .condition_expression("attribute_exists(#attribute)")
        .expression_attribute_names("#attribute", attribute);
    update.send().await.unwrap();
}

/// The policy of an integration filters by a value that its PSA has not, which no administrator could enter.
pub async fn filter_by(sandbox: &Sandbox, integration: &str, attribute: &str, value: &str) {
    let policy = Policy {
        filter: serde_json::from_value(serde_json::json!({ attribute: [value] })).unwrap(),
        ..Policy::default()
    };
    let integration = IntegrationId::new(integration);
    let by = Person::principal(&integration, "Behind");
    let tenant = tenant(sandbox);
    let set = tenant.set_policy(&integration, &policy, &by, Timestamp::now()).await;
    assert!(set.unwrap());
}

/// Damages an item of the first MSP: one of its attributes is of another type than anybody wrote.
pub async fn damage(sandbox: &Sandbox, table: &str, path: &str, sk: &str, attribute: &str) {
    let update = Client::new(&sdk::config(&sandbox.face.dynamodb)).update_item();
    let update = update
        .table_name(table)
        .key("pk", AttributeValue::S(format!("MSP#{MSP}{path}")))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .update_expression("SET #attribute = :damage")
        .condition_expression("attribute_exists(#attribute)")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":damage", AttributeValue::Bool(true));
    update.send().await.unwrap();
}

/// An import gives a user another address than the one that its plan saw; what the directory answers.
pub async fn change_planned(sandbox: &Sandbox, (company, user): (&str, &str), (from, to): (&str, &str)) -> NewAddress {
    let (company, user) = (ManagedCompanyId::new(company), UserId::new(user));
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    let directory = BuiltIn::new(tenant(sandbox));
    directory
        .change_address(&company, &user, Some(&from), &to)
        .await
        .unwrap()
}

/// Somebody gives a user another address in the password manager itself.
pub async fn change_address(sandbox: &Sandbox, company: &str, user: &str, address: &str) {
    let tenant = tenant(sandbox);
    let (company, user) = (ManagedCompanyId::new(company), UserId::new(user));
    let changed = BuiltIn::new(tenant)
        .change_address(&company, &user, None, &address.parse().unwrap())
        .await
        .unwrap();
    assert!(matches!(changed, NewAddress::Changed), "{changed:?}");
}

/// Entries of the audit trail, each about so many users of a company.
pub async fn add_to_trail(sandbox: &Sandbox, integration: &str, entries: usize, people: usize) {
    let tenant = tenant(sandbox);
    let import = Import::new(
        ImportId::new("behind"),
        MspId::new(MSP),
        IntegrationId::new(integration),
        Filter::default(),
        Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        },
        Timestamp::now(),
    );
    for entry in 0..entries {
        let change = |number: usize| PlanChange {
            action: Step::LinkUser,
            company: PlanCompany {
                id: PsaCompanyId::new("1"),
                name: "Behind".to_owned(),
            },
            address: Some(PlanAddress {
                id: AddressId::new(format!("{number}~1")),
                address: Some(format!("{:016x}@behind.example", rand::random::<u64>())),
                contact: format!("{:016x}", rand::random::<u64>()),
                no_address: None,
            }),
            before: None,
            after: Some(PlanSide::user(
                &UserId::new(format!("u-{:020x}", rand::random::<u128>() >> 48)),
                None,
            )),
            reason: Reason::SameAddressOrChosen,
        };
        let mut tx = Transaction::new();
        let changes: Vec<PlanChange> = (0..people).map(change).collect();
        tenant
            .audit_changes(&mut tx, &import, (entry, 0), &changes, Timestamp::now())
            .unwrap();
        assert!(tx.commit(&tenant).await.unwrap().committed());
    }
}

/// Companies were imported that the PSA does not know any more.
pub async fn map_absent(sandbox: &Sandbox, integration: &str, many: usize) {
    let (tenant, integration) = (tenant(sandbox), IntegrationId::new(integration));
    let directory = BuiltIn::new(tenant.clone());
    let map = |number: usize| {
        let (tenant, integration, directory) = (&tenant, &integration, &directory);
        async move {
            let name = format!("Verdwenen {number}");
            let key = IdempotencyKey::by_hand(&name);
            let NewCompany::Created(managed) = directory.create_company(&key, &name).await.unwrap() else {
                panic!("{name} was not created at once")
            };
            let mapping = CompanyMapping {
                company: PsaCompanyId::new((7_000_000 + number).to_string()),
                managed,
                name,
                identifier: None,
                generation: 0,
                users: 0,
                former: None,
            };
            let mut tx = Transaction::new();
            tenant.map_company(&mut tx, integration, None, &mapping).unwrap();
            assert!(tx.commit(tenant).await.unwrap().committed());
        }
    };
    futures::stream::iter((0..many).map(map))
        .buffer_unordered(16)
        .collect::<Vec<()>>()
        .await;
}

/// Maps so many more addresses of a company that is mapped, each of a contact and a user that do not exist; gives the addresses.
pub async fn map_addresses(sandbox: &Sandbox, integration: &str, company: &str, many: usize) -> Vec<String> {
    let (tenant, integration, company) = (
        tenant(sandbox),
        IntegrationId::new(integration),
        PsaCompanyId::new(company),
    );
    let mapping = tenant.company_mapping(&integration, &company).await.unwrap().unwrap();
    let before = tenant.stored_address_mappings(&integration, &company).await.unwrap();
    let addresses: Vec<String> = (0..many).map(|number| format!("weg{number:05}@weg.example")).collect();
    let mut after = before.all();
    after.extend(addresses.iter().enumerate().map(|(number, address)| AddressMapping {
        id: AddressId::new(format!("{}~weg", 7_000_000 + number)),
        user: UserId::new(format!("u-weg-{number}")),
        address: address.parse().unwrap(),
        other_addresses: Vec::new(),
        remembered: Remembered::default(),
    }));
    let before = before.counted_as(mapping.users);
    let (actions, _) = tenant.map_addresses(&integration, &company, &before, &after).unwrap();
    let mut tx = Transaction::new();
    for action in actions {
        tx.push(action).unwrap();
    }
    assert!(tx.commit(&tenant).await.unwrap().committed());
    addresses
}

fn tenant(sandbox: &Sandbox) -> Tenant {
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    Store::new(client, "RecordsTable", "ImportsTable").of(&MspId::new(MSP))
}

/// The address mappings of a company have no names, as those of an earlier version.
pub async fn forget_names(sandbox: &Sandbox, integration: &str, company: &str) {
    let (tenant, integration) = (tenant(sandbox), IntegrationId::new(integration));
    let company = PsaCompanyId::new(company);
    let before = tenant.stored_address_mappings(&integration, &company).await.unwrap();
    let counted = before.len();
    let mut mappings = before.all();
    assert!(mappings.iter().any(|mapping| mapping.remembered.name.is_some()));
    for mapping in &mut mappings {
        mapping.remembered.name = None;
    }
    let before = before.counted_as(counted);
    let (actions, _) = tenant
        .map_addresses(&integration, &company, &before, &mappings)
        .unwrap();
    let mut tx = Transaction::new();
    for action in actions {
        tx.push(action).unwrap();
    }
    assert!(tx.commit(&tenant).await.unwrap().committed());
}

/// Excludes people of an integration, by its path, for these reasons, in place of whatever is excluded of it.
pub async fn exclude(sandbox: &Sandbox, path: &str, reasons: impl Iterator<Item = String>) {
    let tenant = tenant(sandbox);
    let key = store::Key {
        pk: format!("MSP#{MSP}#INTEGRATION#{}", path.rsplit('/').next().unwrap()),
        sk: "STANDING".to_owned(),
    };
    let by = json!({ "subject": "ana", "name": "Ana" });
    let exclusion = |why: String| json!({ "by": by, "at": "2026-03-02T08:00:00Z", "why": why });
    let people = reasons.enumerate();
    let people: Map<String, Value> = people.map(|(id, why)| (id.to_string(), exclusion(why))).collect();
    let kind = store::Kind::first("standing decisions");
    let mut item = store::table::packed_item(kind, &key, &json!({ "p": people })).unwrap();
    item.insert("version".to_owned(), store::table::number(1));
    let table = tenant.table(store::Table::Records);
    let put = tenant.client().put_item().table_name(table).set_item(Some(item));
    put.send().await.unwrap();
}
