//! Data is kept no longer than needed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use local_aws::sdk;
use requirements::download::download;
use requirements::import::{addresses, carry_out, choose_mapped, fetch, first_import_of, id, ordinary, plan, rows};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, number, quick, sandbox, text};
use requirements::unattended::{set_policy, trigger, unattended};
use requirements::{Api, CallRates, Options, PsaKind, Sandbox, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r67_every_item_has_the_period_of_its_kind,
    r67_items_are_deleted_after_their_period,
    r67_what_has_expired_is_not_shown_before_it_is_deleted,
);

const DAY: i64 = 24 * 3600;
const DOCUMENTED: &str = include_str!("../../../../infra/README.md");

pub type Item = HashMap<String, AttributeValue>;

/// A row of the table in the documentation.
struct Kind {
    table: &'static str,
    partition: &'static str,
    sort_key: &'static str,
    seconds: Option<i64>,
    /// The period begins when another item supersedes it.
    after_superseded: bool,
}

fn documented() -> Vec<Kind> {
    let table = DOCUMENTED.split("## How long data is kept").nth(1).unwrap();
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| Imports") || line.starts_with("| Records"));
    let quoted = |cell: &'static str| cell.split('`').nth(1).unwrap_or_default();
    let kinds = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let kept: Vec<&str> = cells[4].split(' ').collect();
        let seconds = match kept[..] {
            [days, "days"] | [days, "days", "after", ..] => Some(days.parse::<i64>().unwrap() * DAY),
            [hours, "hour"] => Some(hours.parse::<i64>().unwrap() * 3600),
            _ => None,
        };
        Kind {
            table: cells[1],
            partition: quoted(cells[2]),
            sort_key: quoted(cells[3]),
            seconds,
            after_superseded: kept.contains(&"after"),
        }
    });
    kinds.collect()
}

impl Kind {
    fn has(&self, table: &str, item: &Item) -> bool {
        let key = |name: &str| item[name].as_s().unwrap();
        let (pk, sk) = (key("pk"), key("sk"));
        // The MSP's own partition has no part behind the MSP's name.
        let partition = match self.partition {
            "" => pk.matches('#').count() == 1,
            part => pk
                .splitn(3, '#')
                .nth(2)
                .is_some_and(|rest| rest.starts_with(&part[1..])),
        };
        let exact = !self.sort_key.ends_with('#') && !self.sort_key.is_empty();
        let sorted = if exact {
            sk == self.sort_key
        } else {
            sk.starts_with(self.sort_key)
        };
        table == self.table && partition && sorted
    }
}

/// All items of both tables.
pub async fn items(sandbox: &Sandbox) -> Vec<(&'static str, Item)> {
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let mut all = Vec::new();
    for table in ["Imports", "Records"] {
        let scan = client
            .scan()
            .table_name(format!("{table}Table"))
            .into_paginator()
            .items()
            .send();
        let found: Vec<Item> = scan.collect::<Result<_, _>>().await.unwrap();
        all.extend(found.into_iter().map(|item| (table, item)));
    }
    all
}

/// How many items there are of each documented kind.
async fn counted(sandbox: &Sandbox) -> BTreeMap<(&'static str, &'static str), usize> {
    let (kinds, mut counted) = (documented(), BTreeMap::new());
    for (table, item) in items(sandbox).await {
        let kind = kinds.iter().find(|kind| kind.has(table, &item)).unwrap();
        if kind.after_superseded && !item.contains_key("expires") {
            continue;
        }
        // Of audit entries the partition says what they are.
        let name = if kind.sort_key.is_empty() {
            kind.partition
        } else {
            kind.sort_key
        };
        *counted.entry((table, name)).or_default() += 1;
    }
    counted
}

/// An import of everything that leaves items behind: created, unchanged, absent, orphaned, by an administrator and by a schedule.
async fn leave_everything(sandbox: &Sandbox, ana: &Api, kind: PsaKind) -> String {
    let first = first_import_of(ana, kind, 2).await;
    let all = ordinary(&rows(ana, &first.import, "in").await);
    let few = all
        .iter()
        .find(|row| row["selected"] != true && (1..20).contains(&number(&row["addresses"])));
    let hidden: u64 = id(few.unwrap()).parse().unwrap();
    let switches = json!({ "hiddenCompanies": [hidden] });
    sandbox.psas.get(kind).set_switches(switches).unwrap();
    let people = addresses(ana, &first.import, id(&first.chosen[0])).await;
    let leaver = people.iter().find(|row| row["selected"] == true).unwrap();
    psa::delete_contact(sandbox, kind, psa::split(id(leaver)).0);
    let schedule = json!({ "everyMinutes": 1440, "timeZone": "Europe/Amsterdam" });
    set_policy(ana, kind, &json!({ "newCompanies": true, "schedule": schedule })).await;
    unattended(sandbox, kind, "at night").await;
    // While somebody reviews, an event is refused.
    let review = fetch(ana, kind).await;
    trigger(sandbox, kind, "by day").await;
    ana.delete(&format!("/imports/{review}")).await.unwrap();
    let exclusion = format!(
        "/integrations/{}/exclusions/people/nobody",
        integration(ana, kind).await
    );
    ana.put(&exclusion, &json!({ "why": "Niet van ons." })).await.unwrap();
    first.import
}

async fn r67_every_item_has_the_period_of_its_kind(kind: PsaKind) {
    // With a rate, so that what counts calls is there, too.
    let counting = Options {
        call_rates: Some(CallRates::per_minute(1_000, 1_000)),
        ..quick()
    };
    let sandbox = Sandbox::start(counting).await.unwrap();
    let ana = sandbox.api("ana");
    leave_everything(&sandbox, &ana, kind).await;
    let (kinds, mut seen) = (documented(), BTreeSet::new());
    let now = Timestamp::now().as_second();
    for (table, item) in items(&sandbox).await {
        let of: Vec<usize> = (0..kinds.len()).filter(|at| kinds[*at].has(table, &item)).collect();
        assert_eq!(of.len(), 1, "{table}: {:?} {:?}", item["pk"], item["sk"]);
        seen.insert(of[0]);
        let expires = item
            .get("expires")
            .map(|expires| expires.as_n().unwrap().parse::<i64>().unwrap());
        let kept = kinds[of[0]].seconds;
        let lasts = kept.is_none() || (kinds[of[0]].after_superseded && expires.is_none());
        assert_eq!(expires.is_none(), lasts, "{table}: {:?}", item["sk"]);
        if let (Some(expires), Some(kept)) = (expires, kept) {
            let about = now + kept - 300..=now + kept;
            assert!(
                about.contains(&expires),
                "{table}: {:?} expires in {} s",
                item["sk"],
                expires - now
            );
        }
    }
    // All but the lease of a worker that lost its lock, what a snapshot has while it is written, and what a removed integration has.
    let unseen: Vec<&str> = (0..kinds.len())
        .filter(|at| !seen.contains(at))
        .map(|at| kinds[at].sort_key)
        .collect();
    assert_eq!(
        unseen,
        [
            "STATE#DRAFT",
            "STATE#SUPERSEDED#",
            "WORKER",
            "FORGET",
            "SECRET",
            "REMOVED#"
        ]
    );
    sandbox.stop().await;
}

async fn r67_items_are_deleted_after_their_period(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    leave_everything(&sandbox, &ana, kind).await;
    let before = counted(&sandbox).await;
    let mut day = 0;
    // The tables delete two days late. The clock runs on while the test does, so that a period is over on its last day.
    for (until, gone) in [
        (3, &["CLAIM"][..]),
        (4, &["CLAIM", "STAGED#"]),
        (15, &["CLAIM", "STAGED#"]),
        (
            16,
            &[
                "CLAIM",
                "STAGED#",
                "INDEX",
                "DECISION#",
                "ROWS#",
                "ADDRESSES#",
                "MIRROR#",
                "ORPHANS#",
                "FOUND-ABSENT#",
                "DIGESTS#",
                "PLAN#",
                "NOTHING",
                "EVENT#",
            ],
        ),
        (
            92,
            &[
                "CLAIM",
                "STAGED#",
                "INDEX",
                "DECISION#",
                "ROWS#",
                "ADDRESSES#",
                "MIRROR#",
                "ORPHANS#",
                "FOUND-ABSENT#",
                "DIGESTS#",
                "PLAN#",
                "NOTHING",
                "EVENT#",
                "OCCASION#",
            ],
        ),
        (
            402,
            &[
                "CLAIM",
                "STAGED#",
                "INDEX",
                "DECISION#",
                "ROWS#",
                "ADDRESSES#",
                "MIRROR#",
                "ORPHANS#",
                "FOUND-ABSENT#",
                "DIGESTS#",
                "PLAN#",
                "NOTHING",
                "EVENT#",
                "OCCASION#",
                "IMPORT",
                "CHECKPOINT#",
                "PART#",
                "OUTCOMES#",
                "PASSED#",
                "PEOPLE#",
                "#AUDIT#",
            ],
        ),
    ] {
        advance(&sandbox, (until - day) * DAY).await;
        day = until;
        let mut left = before.clone();
        let lasts = |table, kind| table == "Records" && !["#AUDIT#", "NOTHING"].contains(&kind);
        left.retain(|(table, kind), _| !gone.contains(kind) || lasts(*table, *kind));
        assert_eq!(counted(&sandbox).await, left, "after {day} days");
    }
    // Nothing that lasts was lost: the next import finds its mappings.
    let import = fetch(&ana, kind).await;
    let mapped = rows(&ana, &import, "in")
        .await
        .into_iter()
        .filter(|row| row["status"] == "mapped")
        .count();
    assert!(mapped >= 2, "{mapped}");
    sandbox.stop().await;
}

async fn refused(api: &Api, method: Method, path: &str, body: Option<&Value>, problem: (u16, &str)) {
    assert_problem(&call(api, method, path, body).await, problem.0, problem.1);
}

async fn r67_what_has_expired_is_not_shown_before_it_is_deleted(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let done = first.import.as_str();
    let unchanged = carry_out_again(&ana, kind).await;
    let review = fetch(&ana, kind).await;
    let company = id(&rows(&ana, &review, "in").await[0]).to_owned();
    let hash = plan(&ana, &review).await["hash"].clone();

    advance(&sandbox, 7 * DAY).await;
    let expired = (410, "snapshot_expired");
    let row = format!("/imports/{review}/companies/{company}");
    let decision = json!({ "version": 1, "selected": true });
    refused(&ana, Method::PATCH, &row, Some(&decision), expired).await;
    let execute = format!("/imports/{review}/execute");
    refused(
        &ana,
        Method::POST,
        &execute,
        Some(&json!({ "planHash": hash })),
        expired,
    )
    .await;
    // What was fetched can still be seen, and the text's advice can be followed.
    assert_eq!(rows(&ana, &review, "in").await.len(), 40);
    fetch(&ana, kind).await;

    advance(&sandbox, 7 * DAY).await;
    for path in [
        "companies?tab=in",
        &format!("companies/{company}/addresses"),
        "plan",
        "orphans",
    ] {
        refused(&ana, Method::GET, &format!("/imports/{done}/{path}"), None, expired).await;
    }
    for import in [done, &unchanged] {
        let csv = download(&sandbox, &format!("/imports/{import}/result"), "text/csv")
            .await
            .text;
        let mut csv = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
        let names: Vec<String> = csv.records().map(|line| line.unwrap()[1].to_owned()).collect();
        assert!(
            !names.is_empty() && names.iter().all(|name| !name.is_empty()),
            "{names:?}"
        );
    }

    advance(&sandbox, 386 * DAY).await;
    for path in ["", "/result", "/companies"] {
        refused(
            &ana,
            Method::GET,
            &format!("/imports/{done}{path}"),
            None,
            (404, "not_found"),
        )
        .await;
    }
    let history = format!("/integrations/{}/imports", integration(&ana, kind).await);
    let line = ana
        .list(&history)
        .await
        .unwrap()
        .into_iter()
        .find(|line| line["id"] == done)
        .unwrap();
    let until: Timestamp = text(&line["resultUntil"]).parse().unwrap();
    let now = Timestamp::now().as_second() + 400 * DAY;
    assert!((now - 300..=now).contains(&until.as_second()), "{line}");
    let trail = format!("/integrations/{}/audit", integration(&ana, kind).await);
    let entries = ana.list(&trail).await.unwrap();
    assert!(entries.iter().all(|entry| entry["import"] != done), "{entries:?}");
    sandbox.stop().await;
}

/// Another import of what is mapped, in which nothing changes.
async fn carry_out_again(ana: &Api, kind: PsaKind) -> String {
    let import = fetch(ana, kind).await;
    choose_mapped(ana, &import).await;
    carry_out(ana, &import).await;
    import
}
