//! What is known of LastPass is kept no longer than documented (R67).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use local_aws::sdk;
use requirements::import::first_import_of;
use requirements::lastpass;
use requirements::{PsaKind, for_both};

for_both!(r67_what_is_known_of_lastpass_expires);

const DAY: i64 = 24 * 3_600;

async fn r67_what_is_known_of_lastpass_expires(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    first_import_of(&sandbox.api("ana"), kind, 1).await;
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let scan = client.scan().table_name("RecordsTable").into_paginator().items().send();
    let items: Vec<_> = scan.collect::<Result<_, _>>().await.unwrap();
    let (now, mut seen) = (Timestamp::now().as_second(), BTreeMap::new());
    for item in items {
        let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
        let Some((_, partition)) = pk.split_once("#LASTPASS") else {
            continue;
        };
        let (what, days) = match (partition, sk.split('#').next().unwrap()) {
            ("USERS", _) => ("USERS", 30),
            ("", of @ ("HEAD" | "COMPANIES" | "USED")) => (of, 30),
            ("", of @ ("CREATION" | "CREATING" | "ASKING")) => (of, 400),
            ("", of @ "SENDING") => (of, 1),
            _ => panic!("{pk} {sk} is of no kind that is documented"),
        };
        let expires: i64 = item["expires"].as_n().unwrap().parse().unwrap();
        assert!((now + days * DAY - expires).abs() < 300, "{sk} expires at {expires}");
        *seen.entry(what.to_owned()).or_insert(0) += 1;
    }
    let seen: Vec<&String> = seen.keys().collect();
    let all = ["COMPANIES", "CREATING", "CREATION", "HEAD", "SENDING", "USED", "USERS"];
    assert_eq!(seen, all);
    lastpass::end(sandbox).await;
}
