//! Section O: an integration belongs to one tenant of its PSA (R51).

use futures::future::join_all;
use requirements::import::{carry_out, choose, directory, fetch, fetch_failing, first_import_of};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text, two_addresses};
use requirements::unattended::{set_policy, unattended};
use requirements::{Api, PsaKind, Sandbox, behind, faults, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r51_credentials_of_another_tenant_are_refused_and_nothing_is_stored,
    r51_a_server_that_moves_stays_the_same_tenant,
    r51_where_the_psa_answers_is_shown_and_not_compared,
    r51_a_tenant_is_recognised_by_half_of_the_mapped_companies,
    r51_a_tenant_without_any_mapped_company_is_another_one,
    r51_a_failure_of_the_read_is_the_psas,
    r51_an_integration_of_an_earlier_version_learns_its_tenant,
    r51_what_was_learned_from_nobody_is_not_learned,
    r51_two_replacements_at_once_both_end_well,
);

/// Replaces the credentials by the simulator's own; gives the answer.
async fn replace(sandbox: &Sandbox, kind: PsaKind) -> requirements::Answer {
    let ana = sandbox.api("ana");
    let credentials = json!({ "credentials": sandbox.psas.integration(kind)["credentials"] });
    let path = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    call(&ana, Method::PUT, &path, Some(&credentials)).await
}

async fn shown(api: &Api, kind: PsaKind) -> Value {
    let path = format!("/integrations/{}", integration(api, kind).await);
    api.get(&path).await.unwrap()
}

async fn trail(api: &Api, kind: PsaKind) -> usize {
    let path = format!("/integrations/{}/audit", integration(api, kind).await);
    api.list(&path).await.unwrap().len()
}

async fn r51_credentials_of_another_tenant_are_refused_and_nothing_is_stored(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let (before, entries) = (shown(&ana, kind).await, trail(&ana, kind).await);
    psa::be_another_tenant(&sandbox, kind, true);
    let answer = replace(&sandbox, kind).await;
    assert_problem(&answer, 422, "psa_other_tenant");
    assert!(
        text(&answer.body["detail"]).contains("another tenant"),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["retryable"], false);
    psa::be_another_tenant(&sandbox, kind, false);
    assert_eq!((shown(&ana, kind).await, trail(&ana, kind).await), (before, entries));
    // The credentials stored before still read the PSA.
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

/// Case 04: the credentials are those of a sandbox copy, whose ids are the same.
#[tokio::test]
async fn r51_the_other_tenants_companies_and_people_change_nobody() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let records = |company: &str, first: &str, address: &str| {
        json!({
            "companies": [{ "id": 77_180, "companyName": company, "companyType": 1, "isActive": true }],
            "contacts": [{
                "id": 889_971, "companyID": 77_180, "firstName": first, "lastName": "A", "emailAddress": address,
                "emailAddress2": null, "emailAddress3": null, "isActive": 1,
            }],
        })
    };
    psa::change(&sandbox, kind, records("Tenant A Klant", "Ada", "ada@klant-a.example"));
    let import = fetch(&ana, kind).await;
    let row = requirements::import::row(&ana, &import, "77180").await;
    requirements::import::choose_one(&ana, &import, &row).await;
    carry_out(&ana, &import).await;
    let before = directory(&ana).await;
    psa::be_another_tenant(&sandbox, kind, true);
    psa::change(
        &sandbox,
        kind,
        records("Tenant B Vreemde", "Xan", "xan@vreemde.example"),
    );
    assert_problem(&replace(&sandbox, kind).await, 422, "psa_other_tenant");
    let night = unattended(&sandbox, kind, "n1").await;
    assert_eq!(
        (&night["state"], &night["error"]["code"]),
        (&json!("failed"), &json!("psa_other_tenant"))
    );
    assert_eq!(directory(&ana).await, before);
    sandbox.stop().await;
}

#[tokio::test]
async fn r51_every_place_that_reads_the_psa_compares_the_tenant() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    let attributes = ana.list(&format!("{path}/attributes")).await.unwrap();
    let (attribute, value) = (text(&attributes[0]["id"]), text(&attributes[0]["values"][0]["id"]));
    let filter = json!({ attribute: [value] });
    let mut policy = ana.get(&path).await.unwrap()["policy"].clone();
    policy["filter"] = filter.clone();
    psa::be_another_tenant(&sandbox, kind, true);
    faults::forget_requests(&sandbox, kind);
    let (start, policy) = (json!({ "filter": filter }), policy);
    for (method, call_at, body) in [
        (Method::GET, "attributes", None),
        (Method::POST, "imports", Some(&start)),
        (Method::PUT, "policy", Some(&policy)),
    ] {
        let answer = call(&ana, method, &format!("{path}/{call_at}"), body).await;
        assert_problem(&answer, 422, "psa_other_tenant");
    }
    let failed = fetch_failing(&ana, kind).await;
    assert_eq!(failed["error"]["code"], "psa_other_tenant");
    let asked = faults::requests(&sandbox, kind);
    let fetched = asked
        .iter()
        .filter(|request| !request.path.to_lowercase().ends_with("/zoneinformation"));
    assert_eq!(fetched.count(), 0, "nothing is read of another tenant");
    sandbox.stop().await;
}

#[tokio::test]
async fn r51_an_unattended_import_with_a_filter_fails_by_the_code() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut policy = shown(&ana, kind).await["policy"].clone();
    policy["filter"] = json!({ "companyType": ["1"] });
    set_policy(&ana, kind, &policy).await;
    psa::be_another_tenant(&sandbox, kind, true);
    let failed = unattended(&sandbox, kind, "night").await;
    assert_eq!(
        (&failed["state"], &failed["error"]["code"]),
        (&json!("failed"), &json!("psa_other_tenant"))
    );
    psa::be_another_tenant(&sandbox, kind, false);
    let fetched = unattended(&sandbox, kind, "next night").await;
    assert_eq!(fetched["state"], "done");
    sandbox.stop().await;
}

async fn r51_a_server_that_moves_stays_the_same_tenant(kind: PsaKind) {
    let (sandbox, _served, origin) = two_addresses(kind).await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let switches = match kind {
        PsaKind::Connectwise => json!({ "codebase": "v2026_2/" }),
        PsaKind::Autotask => json!({ "zoneUrl": format!("{origin}/ATServicesRest/") }),
    };
    sandbox.psas.get(kind).set_switches(switches).unwrap();
    assert_eq!(replace(&sandbox, kind).await.status, 200);
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 1).await;
    carry_out(&ana, &import).await;
    sandbox.stop().await;
}

/// The tenant is in another zone, or has another folder and release.
fn upgrade(sandbox: &Sandbox, kind: PsaKind, to: &str) {
    match kind {
        PsaKind::Connectwise => {
            let switches = json!({ "codebase": format!("v{}/", to.replace('.', "_")) });
            sandbox.psas.get(kind).set_switches(switches).unwrap();
        }
        PsaKind::Autotask => {
            let switches = json!({ "zoneName": to });
            sandbox.psas.get(kind).set_switches(switches).unwrap();
        }
    }
}

async fn r51_where_the_psa_answers_is_shown_and_not_compared(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let system = |to: &str| {
        let origin = sandbox.psas.url(kind);
        match kind {
            PsaKind::Connectwise => json!({
                "origin": origin, "codebase": format!("v{}", to.replace('.', "_")), "version": format!("v{to}"),
            }),
            PsaKind::Autotask => json!({ "origin": origin, "zone": to }),
        }
    };
    let tenant = shown(&ana, kind).await["tenant"].clone();
    // By an import.
    upgrade(&sandbox, kind, "2026.3");
    let before = shown(&ana, kind).await;
    let first = first_import_of(&ana, kind, 2).await;
    let after = shown(&ana, kind).await;
    assert_ne!(before["system"], after["system"]);
    assert_eq!((&after["system"], &after["tenant"]), (&system("2026.3"), &tenant));
    assert_eq!(after["version"], before["version"], "nobody has edited it");
    // By other credentials.
    upgrade(&sandbox, kind, "2026.4");
    assert_eq!(replace(&sandbox, kind).await.body["system"], system("2026.4"));
    // Unattended, too, it is the same tenant.
    upgrade(&sandbox, kind, "2027.1");
    let night = unattended(&sandbox, kind, "night").await;
    assert_eq!(night["state"], "done", "{night}");
    let after = shown(&ana, kind).await;
    assert_eq!((&after["system"], &after["tenant"]), (&system("2027.1"), &tenant));
    // A new integration shows it from the start.
    let added = call(
        &ana,
        Method::POST,
        "/integrations",
        Some(&sandbox.psas.integration(kind)),
    )
    .await;
    assert_eq!(added.body["system"], system("2027.1"), "{}", added.body);
    assert_eq!(first.chosen.len(), 2);
    sandbox.stop().await;
}

async fn r51_a_tenant_is_recognised_by_half_of_the_mapped_companies(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 4).await;
    let ids: Vec<&str> = first.chosen.iter().map(|row| text(&row["id"])).collect();
    let mut renamed = 0;
    // With half of them renamed it is the same tenant; one more, and it is not, unless the identifiers say so.
    for (many, recognised) in [(2, true), (3, kind == PsaKind::Connectwise)] {
        for id in &ids[renamed..many] {
            psa::rename(&sandbox, kind, id, &format!("Anders {id}"));
        }
        renamed = many;
        let answer = replace(&sandbox, kind).await;
        assert_eq!(answer.status == 200, recognised, "{many} renamed: {}", answer.body);
    }
    // Companies that are not found count for nothing.
    for id in &ids[..3] {
        psa::delete(&sandbox, kind, id);
    }
    assert_eq!(replace(&sandbox, kind).await.status, 200);
    sandbox.stop().await;
}

async fn r51_a_tenant_without_any_mapped_company_is_another_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    for row in &first.chosen {
        psa::delete(&sandbox, kind, text(&row["id"]));
    }
    assert_problem(&replace(&sandbox, kind).await, 422, "psa_other_tenant");
    sandbox.stop().await;
}

async fn r51_a_failure_of_the_read_is_the_psas(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let before = shown(&ana, kind).await;
    // The first request for companies proves the credentials, the next ones read the mapped companies.
    let failing = json!({ "status": 503 });
    faults::answer_some(&sandbox, kind, faults::COMPANIES, 1, 99, &failing);
    assert_problem(&replace(&sandbox, kind).await, 502, "psa_server_error");
    faults::clear(&sandbox, kind);
    assert_eq!(shown(&ana, kind).await, before);
    sandbox.stop().await;
}

async fn forget_tenant(sandbox: &Sandbox, kind: PsaKind) {
    let id = integration(&sandbox.api("ana"), kind).await;
    behind::forget(sandbox, "", &format!("INTEGRATION#{id}"), "tenant").await;
}

async fn r51_an_integration_of_an_earlier_version_learns_its_tenant(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let own = shown(&ana, kind).await["tenant"].clone();
    for by_fetch in [true, false] {
        forget_tenant(&sandbox, kind).await;
        assert_eq!(shown(&ana, kind).await.get("tenant"), None);
        if by_fetch {
            let import = fetch(&ana, kind).await;
            ana.delete(&format!("/imports/{import}")).await.unwrap();
        } else {
            assert_eq!(replace(&sandbox, kind).await.status, 200);
        }
        assert_eq!(shown(&ana, kind).await["tenant"], own);
    }
    sandbox.stop().await;
}

async fn r51_what_was_learned_from_nobody_is_not_learned(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    forget_tenant(&sandbox, kind).await;
    for row in &first.chosen {
        let id = text(&row["id"]);
        let field = if kind == PsaKind::Connectwise {
            "name"
        } else {
            "companyName"
        };
        let stranger =
            json!({ "id": id.parse::<i64>().unwrap(), field: format!("Vreemd {id}"), "identifier": format!("V{id}") });
        let stranger = match kind {
            PsaKind::Connectwise => stranger,
            PsaKind::Autotask => json!({ "id": stranger["id"], field: stranger[field] }),
        };
        psa::change(&sandbox, kind, json!({ "companies": [stranger] }));
    }
    let failed = fetch_failing(&ana, kind).await;
    assert_eq!(failed["error"]["code"], "psa_other_tenant");
    assert_problem(&replace(&sandbox, kind).await, 422, "psa_other_tenant");
    assert_eq!(shown(&ana, kind).await.get("tenant"), None);
    sandbox.stop().await;
}

async fn r51_two_replacements_at_once_both_end_well(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = shown(&ana, kind).await["version"].as_u64().unwrap();
    let answers = join_all((0..4).map(|_| replace(&sandbox, kind))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(shown(&ana, kind).await["version"], before + 4);
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

/// Another API user of the same server is of another tenant: that is known without any mapped company.
#[tokio::test]
async fn r51_the_user_of_another_autotask_tenant_is_refused_before_the_first_import() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let credentials = sandbox.psas.other_tenant(kind)["credentials"].clone();
    let path = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    let answer = call(&ana, Method::PUT, &path, Some(&json!({ "credentials": credentials }))).await;
    assert_problem(&answer, 422, "psa_other_tenant");
    sandbox.stop().await;
}
