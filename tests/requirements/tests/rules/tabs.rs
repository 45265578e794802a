//! What the tabs count, and what their filters show (R68, R73).

use std::collections::BTreeMap;

use requirements::import::{addresses, fetch, first_import_of, id, ordinary, rows, select};
use requirements::stage::{integration, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

for_both!(r68_counts_come_with_the_import, r73_filters_are_exact);

/// What the import itself may be read for, its counts included: they are part of its snapshot.
const FEW: f64 = 10.0;

/// An import of which companies are absent for several reasons, one is excluded, and those that are clear are selected.
async fn varied(sandbox: &Sandbox, ana: &Api, kind: PsaKind) -> String {
    let first = first_import_of(ana, kind, 4).await;
    let chosen = &first.chosen;
    let contacts = psa::contacts(&addresses(ana, &first.import, id(&chosen[1])).await);
    psa::delete(sandbox, kind, id(&chosen[0]));
    psa::merge(sandbox, kind, id(&chosen[1]), &contacts, id(&chosen[3]));
    let excluded = format!(
        "/integrations/{}/exclusions/companies/{}",
        integration(ana, kind).await,
        id(&chosen[2])
    );
    ana.put(&excluded, &json!({ "why": "Een leverancier." })).await.unwrap();
    let import = fetch(ana, kind).await;
    select(ana, &import, json!({})).await;
    import
}

/// How many rows there are with each of these values.
fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    json!(counts)
}

async fn r68_counts_come_with_the_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = varied(&sandbox, &ana, kind).await;
    let before = sandbox.spent().read_units;
    let counts = ana.get(&format!("/imports/{import}")).await.unwrap()["rows"].clone();
    let units = sandbox.spent().read_units - before;
    assert!(units <= FEW, "{units} read units");
    let (present, absent) = (rows(&ana, &import, "in").await, rows(&ana, &import, "not-in").await);
    let of = |accepts: &dyn Fn(&Value) -> bool| present.iter().filter(|row| accepts(row)).count();
    let types = present.iter().flat_map(|row| text(&row["type"]).split(", "));
    let expected = json!({
        "in": {
            "total": present.len(),
            "own": of(&|row| row["own"] == true),
            "inactive": of(&|row| row["active"] == false),
            "byStatus": counted(present.iter().map(|row| text(&row["status"]))),
            "byType": counted(types.filter(|name| !name.is_empty())),
        },
        "notIn": { "total": absent.len(), "byReason": counted(absent.iter().map(|row| text(&row["reason"]))) },
    });
    assert_eq!(counts, expected);
    assert!(!absent.is_empty() && expected["in"]["own"] == 1, "{expected}");

    // Those that are selected change with each decision: who lists rows gets them, whatever rows that are.
    let path = format!("/imports/{import}/companies");
    let listed = ana
        .get(&format!("{path}?tab=not-in&limit=1&counts=true"))
        .await
        .unwrap();
    let selected = || present.iter().filter(|row| row["selected"] == true);
    let expected = json!({
        "total": present.len(),
        "selected": selected().count(),
        "excluded": of(&|row| row.get("excluded").is_some()),
        "byStatus": expected["in"]["byStatus"],
        "selectedByStatus": counted(selected().map(|row| text(&row["status"]))),
        "undecidedByStatus": counted(present.iter().filter(|row| is_undecided(row)).map(|row| text(&row["status"]))),
    });
    assert_eq!(listed["counts"], expected);
    assert!(selected().count() > 10 && expected["excluded"] == 1, "{expected}");
    assert!(ana.get(&path).await.unwrap().get("counts").is_none());
    sandbox.stop().await;
}

/// Whether somebody has to choose what a row becomes, and nobody has.
fn is_undecided(row: &Value) -> bool {
    let asks = row["status"] == "ambiguous" || row["status"] == "dangling";
    asks && row["target"] == json!({ "automatic": {} }) && row.get("excluded").is_none()
}

/// Whether a row is one that a filter asks for.
type Accepts<'a> = &'a dyn Fn(&Value) -> bool;

async fn r73_filters_are_exact(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = varied(&sandbox, &ana, kind).await;
    let present = rows(&ana, &import, "in").await;
    let absent = rows(&ana, &import, "not-in").await;
    let one = ordinary(&present).remove(0);
    let kind_of_one = text(&one["type"]).split(", ").next().unwrap().to_owned();
    let by_type = format!("type={}", kind_of_one.to_uppercase().replace(' ', "%20"));
    let (reason, name) = (text(&absent[0]["reason"]), text(&absent[0]["name"]));
    let (by_reason, by_name) = (
        format!("reason={reason}"),
        format!("search={}", name.replace(' ', "%20").replace('&', "%26")),
    );
    let is_of_type = |row: &Value| text(&row["type"]).split(", ").any(|name| name == kind_of_one);
    let filters: [(&str, &str, Accepts<'_>); 14] = [
        ("in", "status=ambiguous,unmapped_possible_duplicate", &|row| {
            row["status"] == "ambiguous" || row["status"] == "unmapped_possible_duplicate"
        }),
        ("in", "selected=true", &|row| row["selected"] == true),
        ("in", "undecided=true", &is_undecided),
        ("in", "undecided=false", &|row| !is_undecided(row)),
        ("in", "active=false", &|row| row["active"] == false),
        ("in", "search=cafe%20rene", &|row| row["name"] == "Café René"),
        ("in", "status=dangling", &|_| false),
        ("in", "excluded=true", &|row| row.get("excluded").is_some()),
        ("in", "excluded=false&selected=false", &|row| {
            row.get("excluded").is_none() && row["selected"] == false
        }),
        ("in", &by_type, &is_of_type),
        ("in", &by_reason, &|_| false),
        ("not-in", &by_reason, &|row| row["reason"] == reason),
        ("not-in", &by_name, &|row| row["name"] == name),
        ("not-in", "selected=true", &|_| false),
    ];
    for (tab, filter, accepts) in filters {
        let all = if tab == "in" { &present } else { &absent };
        let path = format!("/imports/{import}/companies?tab={tab}&limit=500&{filter}");
        let page = ana.get(&path).await.unwrap();
        let expected: Vec<&Value> = all.iter().filter(|row| accepts(row)).collect();
        assert_eq!(
            page["items"].as_array().unwrap().iter().collect::<Vec<_>>(),
            expected,
            "{tab}: {filter}"
        );
        assert!(page["next"].is_null());
    }
    assert!(present.iter().any(is_of_type) && !present.iter().all(is_of_type));
    assert!(absent.iter().any(|row| row["reason"] != reason), "{absent:?}");
    for shown in present.iter().chain(&absent) {
        let alone = ana.get(&format!("/imports/{import}/companies/{}", id(shown))).await;
        assert_eq!(alone.unwrap(), *shown);
    }
    sandbox.stop().await;
}
