//! Imports that read only what changed (R77–R79).

use fastrand::Rng;
use requirements::import::{
    addresses, by_name, carry_out, choose, choose_mapped, choose_one, fetch, fetch_failing, fetch_full, fetched,
    first_import_of, id, plan, rows, start,
};
use requirements::stage::{advance, integration, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, behind, faults, for_both, psa, unattended};
use serde_json::{Value, json};

for_both!(
    r77_an_unchanged_import_takes_six_requests,
    r78_everything_is_read_when_asked_for_when_due_and_after_another_filter,
    r77_a_hundred_changed_addresses_take_eight_requests,
    r78_everything_is_read_when_the_policy_says_so_and_with_other_credentials,
    r78_what_was_deleted_is_found_by_the_counts,
    r78_what_changes_leave_open_is_read_in_full,
    r78_what_cannot_be_read_of_the_last_import_is_read_anew,
    r78_a_psa_that_refuses_to_say_what_changed_is_read_in_full,
    r79_a_chain_of_deltas_ends_as_a_full_read,
    r79_an_edit_without_a_stamp_is_late_and_makes_nobody_absent,
    r79_clocks_that_differ_and_equal_stamps_hide_no_change,
    r79_without_counts_or_without_overlap_a_change_is_missed,
    r78_an_import_that_fails_does_not_move_the_watermark,
);

/// Histories that are played, unless `HISTORIES` says how many.
const HISTORIES: u64 = 2;

/// Requests that the PSA has seen.
fn asked(sandbox: &Sandbox, kind: PsaKind) -> usize {
    sandbox.psas.get(kind).requests().items().len()
}

async fn reading(api: &Api, import: &str) -> Value {
    api.get(&format!("/imports/{import}")).await.unwrap()["progress"]["reading"].clone()
}

async fn cancel(api: &Api, import: &str) {
    api.delete(&format!("/imports/{import}")).await.unwrap();
}

/// Fetches, and expects that it reads so.
async fn fetch_reading(api: &Api, kind: PsaKind, expected: &Value) -> String {
    let import = fetch(api, kind).await;
    assert_eq!(reading(api, &import).await, *expected);
    import
}

fn changes() -> Value {
    json!({ "mode": "changes" })
}

fn full(reason: &str) -> Value {
    json!({ "mode": "full", "reason": reason })
}

async fn r77_an_unchanged_import_takes_six_requests(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    assert_eq!(reading(&ana, &first.import).await, full("first"));
    for occasion in ["one", "two"] {
        sandbox.psas.get(kind).requests().clear();
        let import = unattended::unattended(&sandbox, kind, occasion).await;
        assert_eq!(
            (&import["state"], &import["progress"]["reading"]),
            (&json!("done"), &changes())
        );
        assert!(asked(&sandbox, kind) <= 6, "{}", asked(&sandbox, kind));
        assert_eq!(import["counts"]["users"]["failed"], 0, "{import}");
    }
    // What changed is read as well, in as many requests.
    let company = id(&first.chosen[0]);
    let address = id(&addresses(&ana, &first.import, company).await[0]).to_owned();
    psa::change_address(&sandbox, kind, &address, "nieuw@adres.example");
    sandbox.psas.get(kind).requests().clear();
    let import = unattended::unattended(&sandbox, kind, "three").await;
    assert_eq!(import["counts"]["users"]["changedAddress"], 1, "{import}");
    assert!(asked(&sandbox, kind) <= 6, "{}", asked(&sandbox, kind));
}

async fn r78_everything_is_read_when_asked_for_when_due_and_after_another_filter(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for expected in [full("first"), changes(), changes()] {
        cancel(&ana, &fetch_reading(&ana, kind, &expected).await).await;
    }
    let asked_for = fetch_full(&ana, kind).await;
    assert_eq!(reading(&ana, &asked_for).await, full("requested"));
    cancel(&ana, &asked_for).await;
    advance(&sandbox, 23 * 3_600).await;
    cancel(&ana, &fetch_reading(&ana, kind, &changes()).await).await;
    advance(&sandbox, 2 * 3_600).await;
    cancel(&ana, &fetch_reading(&ana, kind, &full("due")).await).await;
    let filtered = start(&ana, kind, &json!({ "companyType": ["1"] })).await;
    fetched(&ana, &filtered).await;
    assert_eq!(reading(&ana, &filtered).await, full("other_filter"));
    cancel(&ana, &filtered).await;
    let again = start(&ana, kind, &json!({ "companyType": ["1"] })).await;
    fetched(&ana, &again).await;
    assert_eq!(reading(&ana, &again).await, changes());
}

async fn r77_a_hundred_changed_addresses_take_eight_requests(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = psa::add_company(&sandbox, kind, "Veel Personen");
    let people: Vec<String> = (0..100).map(|person| format!("p{person}@veel.example")).collect();
    psa::add_contacts(&sandbox, kind, &company, &people);
    let import = fetch(&ana, kind).await;
    let rows = rows(&ana, &import, "in").await;
    choose_one(&ana, &import, by_name(&rows, "Veel Personen")).await;
    carry_out(&ana, &import).await;
    let people = addresses(&ana, &import, &company).await;
    for (number, person) in people.iter().enumerate() {
        psa::change_address(&sandbox, kind, id(person), &format!("n{number}@veel.example"));
    }
    let policy = json!({ "massChange": { "percent": 100, "atLeast": 100 } });
    unattended::set_policy(&ana, kind, &policy).await;
    sandbox.psas.get(kind).requests().clear();
    let import = unattended::unattended(&sandbox, kind, "one").await;
    assert_eq!(import["progress"]["reading"], changes());
    assert_eq!(import["counts"]["users"]["changedAddress"], 100, "{import}");
    assert!(asked(&sandbox, kind) <= 8, "{}", asked(&sandbox, kind));
}

async fn r78_everything_is_read_when_the_policy_says_so_and_with_other_credentials(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    cancel(&ana, &fetch_reading(&ana, kind, &full("first")).await).await;
    unattended::set_policy(&ana, kind, &json!({ "fullReadHours": 2 })).await;
    advance(&sandbox, 3_600).await;
    cancel(&ana, &fetch_reading(&ana, kind, &changes()).await).await;
    advance(&sandbox, 3_600).await;
    cancel(&ana, &fetch_reading(&ana, kind, &full("due")).await).await;
    let path = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    let credentials = json!({ "credentials": sandbox.psas.integration(kind)["credentials"] });
    ana.put(&path, &credentials).await.unwrap();
    cancel(&ana, &fetch_reading(&ana, kind, &full("other_connection")).await).await;
    cancel(&ana, &fetch_reading(&ana, kind, &changes()).await).await;
}

/// Somebody moves to a company that the filter leaves out: its name takes a request to know.
async fn r78_what_changes_leave_open_is_read_in_full(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let unfiltered = fetch(&ana, kind).await;
    let mut all = rows(&ana, &unfiltered, "in").await;
    cancel(&ana, &unfiltered).await;
    let filter = json!({ "companyType": ["1"] });
    let first = start(&ana, kind, &filter).await;
    assert_eq!(fetched(&ana, &first).await["progress"]["reading"], full("other_filter"));
    let company = choose(&ana, &first, 1).await.remove(0);
    let accepted = rows(&ana, &first, "in").await;
    carry_out(&ana, &first).await;
    all.retain(|row| row["addresses"].as_u64() > Some(0) && !accepted.iter().any(|accepted| id(accepted) == id(row)));
    let outside = &all[0];
    let person = id(&addresses(&ana, &first, id(&company)).await[0]).to_owned();
    psa::move_contact(&sandbox, kind, psa::split(&person).0, id(outside));
    for expected in [full("left_open"), changes()] {
        let import = start(&ana, kind, &filter).await;
        assert_eq!(fetched(&ana, &import).await["progress"]["reading"], expected);
        let people = ana.list(&format!("/imports/{import}/people-not-in")).await.unwrap();
        assert_eq!(people[0]["reason"], "moved_to_company");
        assert_eq!(people[0]["company"]["name"], outside["name"]);
        cancel(&ana, &import).await;
    }
}

async fn r78_what_cannot_be_read_of_the_last_import_is_read_anew(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    cancel(&ana, &fetch_reading(&ana, kind, &full("first")).await).await;
    let path = format!("#SNAPSHOT#{}", integration(&ana, kind).await);
    behind::damage(&sandbox, "ImportsTable", &path, "STATE#MIRROR", "data").await;
    cancel(&ana, &fetch_reading(&ana, kind, &full("first")).await).await;
    cancel(&ana, &fetch_reading(&ana, kind, &changes()).await).await;
}

async fn r78_a_psa_that_refuses_to_say_what_changed_is_read_in_full(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    cancel(&ana, &fetch_reading(&ana, kind, &full("first")).await).await;
    for path in [faults::COMPANIES, faults::CONTACTS] {
        faults::answer_some(&sandbox, kind, path, 0, 1, &json!({ "status": 400 }));
        cancel(&ana, &fetch_reading(&ana, kind, &full("not_offered")).await).await;
    }
    cancel(&ana, &fetch_reading(&ana, kind, &changes()).await).await;
}

async fn r78_what_was_deleted_is_found_by_the_counts(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let contacts = psa::contacts(&addresses(&ana, &first.import, id(&first.chosen[0])).await);
    psa::change(
        &sandbox,
        kind,
        json!({ "delete": { "contacts": [contacts[0].parse::<u64>().unwrap()] } }),
    );
    let import = fetch_reading(&ana, kind, &full("counts_differ")).await;
    let path = format!("/imports/{import}/people-not-in");
    let people = ana.list(&path).await.unwrap();
    assert!(!people.is_empty() && people.iter().all(|person| person["reason"] == "contact_deleted"));
    cancel(&ana, &import).await;
    // The next one knows why, without asking.
    let import = fetch_reading(&ana, kind, &changes()).await;
    let path = format!("/imports/{import}/people-not-in");
    assert_eq!(ana.list(&path).await.unwrap(), people);
}

/// What an import shows, without what differs from import to import.
async fn shown(api: &Api, import: &str) -> Value {
    let mut all = Vec::new();
    for tab in ["in", "not-in"] {
        for mut row in rows(api, import, tab).await {
            let company = text(&row["id"]).to_owned();
            let mut people = addresses(api, import, &company).await;
            for person in &mut people {
                person.as_object_mut().unwrap().remove("version");
            }
            row.as_object_mut().unwrap().remove("version");
            all.push(json!([row, people]));
        }
    }
    let not_in = api.list(&format!("/imports/{import}/people-not-in")).await.unwrap();
    choose_mapped(api, import).await;
    let plan = plan(api, import).await;
    json!({ "rows": all, "notIn": not_in, "plan": plan["items"] })
}

/// One edit of the PSA, of those that it stamps or that the counts show.
fn edit(sandbox: &Sandbox, kind: PsaKind, rng: &mut Rng, companies: &[Value], people: &[Value], step: usize) {
    let company = id(&companies[rng.usize(..companies.len())]).to_owned();
    let person = id(&people[rng.usize(..people.len())]).to_owned();
    match rng.usize(..9) {
        0 => psa::rename(sandbox, kind, &company, &format!("Anders {step}")),
        1 => psa::deactivate(sandbox, kind, &company),
        2 => psa::reactivate(sandbox, kind, &company),
        3 => drop(psa::add_company(sandbox, kind, &format!("Nieuw {step}"))),
        4 => drop(psa::add_contact(
            sandbox,
            kind,
            &company,
            &format!("nieuw.{step}@erbij.example"),
        )),
        5 => psa::rename_contact(sandbox, kind, psa::split(&person).0, ("Anna", "Anders")),
        6 => psa::retype(sandbox, kind, &company),
        7 => psa::set_web_site(sandbox, kind, &company, "https://anders.example"),
        _ if kind == PsaKind::Connectwise => psa::delete(sandbox, kind, &company),
        _ => psa::rename(sandbox, kind, &company, &format!("Nog anders {step}")),
    }
}

async fn r79_a_chain_of_deltas_ends_as_a_full_read(kind: PsaKind) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = number("SEED").map_or(0..number("HISTORIES").unwrap_or(HISTORIES), |seed| seed..seed + 1);
    for seed in seeds {
        println!("{kind:?}: seed {seed}");
        let mut rng = Rng::with_seed(seed);
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let first = first_import_of(&ana, kind, 4).await;
        let mut companies = rows(&ana, &first.import, "in").await;
        companies.retain(|row| row["own"] == false);
        let people = addresses(&ana, &first.import, id(&first.chosen[0])).await;
        let mut of_changes = Value::Null;
        for round in 0..3 {
            for step in 0..rng.usize(1..4) {
                edit(&sandbox, kind, &mut rng, &companies, &people, 10 * round + step);
            }
            let import = fetch_reading(&ana, kind, &changes()).await;
            of_changes = shown(&ana, &import).await;
            if rng.bool() {
                carry_out(&ana, &import).await;
                let import = fetch_reading(&ana, kind, &changes()).await;
                of_changes = shown(&ana, &import).await;
                cancel(&ana, &import).await;
            } else {
                cancel(&ana, &import).await;
            }
        }
        let import = fetch_full(&ana, kind).await;
        assert_eq!(shown(&ana, &import).await, of_changes, "{kind:?}, seed {seed}");
    }
}

async fn r79_an_edit_without_a_stamp_is_late_and_makes_nobody_absent(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let people = addresses(&ana, &first.import, id(&first.chosen[0])).await;
    let unstamped = match kind {
        PsaKind::Connectwise => json!(["communicationItems"]),
        PsaKind::Autotask => json!(["emailAddress", "emailAddress2", "emailAddress3"]),
    };
    let switches = json!({ "unstampedFields": unstamped });
    sandbox.psas.get(kind).set_switches(switches).unwrap();
    psa::change_address(&sandbox, kind, id(&people[0]), "stil@gewijzigd.example");
    let import = fetch_reading(&ana, kind, &changes()).await;
    assert_eq!(addresses(&ana, &import, id(&first.chosen[0])).await.len(), people.len());
    assert_eq!(
        ana.list(&format!("/imports/{import}/people-not-in")).await.unwrap(),
        [] as [Value; 0]
    );
    cancel(&ana, &import).await;
    let import = fetch_full(&ana, kind).await;
    let now = addresses(&ana, &import, id(&first.chosen[0])).await;
    assert!(now.iter().any(|row| row["address"] == "stil@gewijzigd.example"));
}

/// Whether a delta after an edit shows what a full read then shows.
async fn delta_equals_full(sandbox: &Sandbox, kind: PsaKind, edit: impl FnOnce(&[Value])) -> bool {
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let before = fetch_reading(&ana, kind, &changes()).await;
    let people = addresses(&ana, &before, id(&first.chosen[0])).await;
    cancel(&ana, &before).await;
    edit(&people);
    let import = fetch_reading(&ana, kind, &changes()).await;
    let of_changes = shown(&ana, &import).await;
    cancel(&ana, &import).await;
    let import = fetch_full(&ana, kind).await;
    shown(&ana, &import).await == of_changes
}

async fn r79_clocks_that_differ_and_equal_stamps_hide_no_change(kind: PsaKind) {
    for switches in [
        json!({ "clockSkewSeconds": -300, "dateSkewSeconds": 300 }),
        json!({ "clockSkewSeconds": 300, "dateSkewSeconds": -300 }),
        json!({ "equalStampSeconds": 3_600 }),
    ] {
        let sandbox = sandbox().await;
        sandbox.psas.get(kind).set_switches(switches.clone()).unwrap();
        let change = |people: &[Value]| psa::change_address(&sandbox, kind, id(&people[0]), "nieuw@klok.example");
        assert!(delta_equals_full(&sandbox, kind, change).await, "{switches}");
    }
}

/// What finds nothing must be able to find something: where the counts say what they said before, and where stamps are further behind than
/// the overlap is long, the comparison fails.
async fn r79_without_counts_or_without_overlap_a_change_is_missed(kind: PsaKind) {
    let lagging = sandbox().await;
    let gone = |people: &[Value]| psa::delete_contact(&lagging, kind, psa::split(id(&people[0])).0);
    lagging
        .psas
        .get(kind)
        .set_switches(json!({ "countsLag": true }))
        .unwrap();
    assert!(!delta_equals_full(&lagging, kind, gone).await);
    let behind = sandbox().await;
    behind
        .psas
        .get(kind)
        .set_switches(json!({ "clockSkewSeconds": -2 * 86_400 }))
        .unwrap();
    let change = |people: &[Value]| psa::change_address(&behind, kind, id(&people[0]), "nieuw@klok.example");
    assert!(!delta_equals_full(&behind, kind, change).await);
}

async fn r78_an_import_that_fails_does_not_move_the_watermark(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let people = addresses(&ana, &first.import, id(&first.chosen[0])).await;
    psa::change_address(&sandbox, kind, id(&people[0]), "nieuw@adres.example");
    faults::answer(&sandbox, kind, faults::CONTACTS, &json!({ "status": 403 }));
    fetch_failing(&ana, kind).await;
    faults::clear(&sandbox, kind);
    let import = fetch_reading(&ana, kind, &changes()).await;
    let now = addresses(&ana, &import, id(&first.chosen[0])).await;
    assert!(now.iter().any(|row| row["address"] == "nieuw@adres.example"));
}
