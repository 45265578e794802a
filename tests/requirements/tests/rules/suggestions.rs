//! Section E: managed companies that could be meant though they have another name.

use requirements::import::{by_name, carry_out, decide, fetch, first_import_of, id, row, rows};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, behind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r23_a_suggestion_has_a_score_and_reasons,
    r23_the_reasons_are_in_the_language_of_the_administrator,
    r23_a_suggestion_is_never_applied_unasked,
    r23_a_suggestion_that_is_chosen_gets_the_company,
    r23_what_is_mapped_is_suggested_to_nobody,
    r23_a_dangling_row_has_suggestions,
);

/// Names in the PSA and of a managed company, and why the one suggests the other.
const NAMES: [(&str, &str, &[&str]); 8] = [
    ("Zeilmakerij Hoek B.V.", "Zeilmakerij Hoek", &["legal_suffix"]),
    ("Kiln & Clay Ltd", "Kiln & Clay Limited", &["legal_suffix"]),
    (
        "Druckerei Ahlborn GmbH",
        "Druckerei Ahlborn GmbH & Co. KG",
        &["legal_suffix"],
    ),
    ("SARL Moulin Vert", "Moulin Vert", &["legal_suffix"]),
    ("Van-der-Wal IJshandel", "Van der Wal IJshandel", &["punctuation"]),
    ("Tandartspraktijk Oever", "Oever Tandartspraktijk", &["word_order"]),
    ("Rijschool Verstegen", "Rijschool Versteegen", &["spelling"]),
    (
        "Loodgieter Quist NV",
        "Quist, Loodgieter",
        &["legal_suffix", "word_order"],
    ),
];

/// A PSA company and a managed company of another name; gives the ids.
async fn pair(sandbox: &Sandbox, ana: &Api, kind: PsaKind, in_psa: &str, managed: &str) -> (String, String) {
    (
        psa::add_company(sandbox, kind, in_psa),
        managed::add(ana, managed).await,
    )
}

fn suggested(row: &Value) -> Vec<&str> {
    let suggestions = row["suggestions"].as_array().unwrap().iter();
    suggestions.map(|of| id(&of["managedCompany"])).collect()
}

fn reasons(suggestion: &Value) -> Vec<&str> {
    let reasons = suggestion["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| text(&reason["code"])).collect()
}

async fn r23_a_suggestion_has_a_score_and_reasons(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for (in_psa, managed, _) in NAMES {
        pair(&sandbox, &ana, kind, in_psa, managed).await;
    }
    let (by_mail, mailed) = pair(&sandbox, &ana, kind, "Bureau Oostwaarts", "Atelier West").await;
    for person in ["ben", "cor"] {
        psa::add_contact(&sandbox, kind, &by_mail, &format!("{person}@oostwest.example"));
        managed::add_user(&ana, &mailed, &format!("{person}.elders@OostWest.example")).await;
    }
    let (by_site, sited) = pair(&sandbox, &ana, kind, "Rederij Noord", "Veerdienst Zuid").await;
    psa::set_web_site(&sandbox, kind, &by_site, "https://www.veerdienst.example/nl");
    managed::add_user(&ana, &sited, "balie@veerdienst.example").await;

    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let others = [
        ("Bureau Oostwaarts", "Atelier West", &["email_domain"][..]),
        ("Rederij Noord", "Veerdienst Zuid", &["web_site"]),
    ];
    for (in_psa, managed, expected) in NAMES.into_iter().chain(others) {
        let row = by_name(&shown, in_psa);
        assert_eq!((&row["status"], &row["candidates"]), (&json!("unmapped"), &json!([])));
        let found = &row["suggestions"][0];
        assert_eq!(
            (text(&found["managedCompany"]["name"]), reasons(found)),
            (managed, expected.to_vec())
        );
        assert!((65..100).contains(&number(&found["score"])), "{found}");
    }
    for row in &shown {
        let scores: Vec<u64> = row["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| number(&of["score"]))
            .collect();
        assert!(
            scores.len() <= 5 && scores.is_sorted_by(|one, next| one >= next),
            "{row}"
        );
    }
    sandbox.stop().await;
}

async fn r23_the_reasons_are_in_the_language_of_the_administrator(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    pair(&sandbox, &ana, kind, NAMES[0].0, NAMES[0].1).await;
    let import = fetch(&ana, kind).await;
    let path = format!("/imports/{import}/companies?search=zeilmakerij");
    let read = async |language| {
        let page = ana.call_in(language, Method::GET, &path, None).await.unwrap().body;
        text(&page["items"][0]["suggestions"][0]["reasons"][0]["text"]).to_owned()
    };
    let (english, dutch) = (read("en").await, read("nl-NL").await);
    assert!(
        english.contains("legal form") && dutch.contains("rechtsvorm"),
        "{english} {dutch}"
    );
    sandbox.stop().await;
}

async fn r23_a_suggestion_is_never_applied_unasked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed) = pair(&sandbox, &ana, kind, NAMES[0].0, NAMES[0].1).await;
    let import = fetch(&ana, kind).await;
    assert_eq!(suggested(&row(&ana, &import, &company).await), [managed.as_str()]);
    decide(&ana, &import, &company, json!({ "selected": true })).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["created"], 1);
    assert_eq!(
        (
            managed::named(&ana, NAMES[0].0).await,
            managed::named(&ana, NAMES[0].1).await
        ),
        (1, 1)
    );
    let import = fetch(&ana, kind).await;
    let mapped = row(&ana, &import, &company).await;
    assert_ne!(mapped["mapped"]["id"], managed.as_str());
    assert_eq!(suggested(&mapped), Vec::<&str>::new());
    sandbox.stop().await;
}

async fn r23_a_suggestion_that_is_chosen_gets_the_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed) = pair(&sandbox, &ana, kind, NAMES[0].0, NAMES[0].1).await;
    let before = managed::all(&ana).await.len();
    let import = fetch(&ana, kind).await;
    let chosen = json!({ "selected": true, "target": { "existing": managed } });
    decide(&ana, &import, &company, chosen).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["created"], 0);
    assert_eq!(managed::all(&ana).await.len(), before);
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, &company).await["mapped"]["id"], managed.as_str());
    sandbox.stop().await;
}

async fn r23_what_is_mapped_is_suggested_to_nobody(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let alike = format!("{} Ltd", text(&first.chosen[0]["name"]));
    let company = psa::add_company(&sandbox, kind, &alike);
    let import = fetch(&ana, kind).await;
    assert_eq!(suggested(&row(&ana, &import, &company).await), Vec::<&str>::new());
    sandbox.stop().await;
}

async fn r23_a_dangling_row_has_suggestions(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed) = pair(&sandbox, &ana, kind, NAMES[0].0, NAMES[0].1).await;
    let import = fetch(&ana, kind).await;
    decide(&ana, &import, &company, json!({ "selected": true })).await;
    carry_out(&ana, &import).await;
    let import = fetch(&ana, kind).await;
    let made = text(&row(&ana, &import, &company).await["mapped"]["id"]).to_owned();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    behind::forget_managed_company(&sandbox, &made).await;
    let import = fetch(&ana, kind).await;
    let dangling = row(&ana, &import, &company).await;
    assert_eq!(
        (&dangling["status"], suggested(&dangling)),
        (&json!("dangling"), vec![managed.as_str()])
    );
    sandbox.stop().await;
}
