//! Every refusal of the API has its page, in both languages: it says what happened and what to do (R94).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::language::Language;
use domain::problem::Code;
use local_aws::{StoreFault, sdk};
use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::faults::{self, COMPANIES};
use requirements::import::{self, fetch, first_import_of, id, plan, row};
use requirements::problem::call;
use requirements::stage::{advance, integration, quick, text};
use requirements::{Options, PsaKind, Sandbox, lastpass, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::catalogue;
use crate::stage::{KIND, Stage, browsers, post, stage};

const DAY: i64 = 24 * 3_600;

/// Codes that no page shows: schedules and events get the one, and callers that send no JSON get the other.
const NEVER_SHOWN: [Code; 2] = [Code::IntegrationPaused, Code::UnsupportedMediaType];

/// The heading of the page that shows a code, by code and language.
#[derive(Default)]
struct Met(BTreeMap<String, BTreeMap<&'static str, String>>);

impl Met {
    /// A page that shows a problem of this code.
    fn meet(&mut self, language: &'static str, page: &Page, code: &str) {
        let mut sections = page.html.all("section");
        let found = sections.find(|(_, section)| section.get("class") == Some("problem"));
        let (at, problem) = found.unwrap_or_else(|| panic!("{code}: {} shows no problem: {}", page.url, page.words()));
        let within = |name| page.html.all(name).filter(|(place, _)| page.html.is_in(*place, at));
        let shown = within("code").any(|(_, shown)| shown.words() == code);
        assert!(shown, "{code}: {}", page.words());
        let heading = within("h2").next().map(|(_, heading)| heading.words());
        let says = problem.words();
        let known = Code::ALL.iter().find(|known| known.as_str() == code).unwrap();
        assert!(
            catalogue::says(&says, *known, Language::accepted(language)),
            "{code}: {says}"
        );
        self.note(page, (code, language), heading.unwrap());
    }

    /// A page that shows a code under a heading, and leads on.
    fn note(&mut self, page: &Page, (code, language): (&str, &'static str), heading: String) {
        let main = page.html.all("main").next().unwrap().0;
        let mut ways = page.html.all("a").chain(page.html.all("button"));
        let leads_on = ways.any(|(way, _)| page.html.is_in(way, main));
        assert!(leads_on, "{code}: {}", page.words());
        self.0.entry(code.to_owned()).or_default().insert(language, heading);
    }

    /// Fails unless everything was met, in two languages.
    fn assert_all(&self) {
        let in_both = |code: &Code| {
            let said: Vec<&String> = self
                .0
                .get(code.as_str())
                .into_iter()
                .flat_map(BTreeMap::values)
                .collect();
            said.len() == 2 && said[0] != said[1]
        };
        let missing: Vec<Code> = Code::ALL.iter().copied().filter(|code| !in_both(code)).collect();
        assert_eq!(missing, NEVER_SHOWN, "{:#?}", self.0);
    }
}

/// What the form asks for that connects the PSA, with another value in one of its fields.
fn connection<'a>(known: &'a Value, (field, value): (&str, &'a str)) -> Vec<(&'static str, &'a str)> {
    let of = |value: &'a Value| value.as_str().unwrap_or_default();
    let mut fields = vec![
        ("kind", "connectwise"),
        ("name", "Ours"),
        ("address", of(&known["address"])),
        ("companyId", of(&known["companyId"])),
        ("publicKey", of(&known["credentials"]["publicKey"])),
        ("privateKey", of(&known["credentials"]["privateKey"])),
        ("clientId", of(&known["credentials"]["clientId"])),
    ];
    for known in &mut fields {
        if known.0 == field {
            known.1 = value;
        }
    }
    fields
}

async fn of_connecting(stage: &Stage, met: &mut Met) {
    let known = stage.sandbox.psas.integration(KIND);
    let new = stage.at("/console/integrations/new");
    for mut browser in browsers(stage, "Ana").await {
        let language = browser.language;
        for (code, answer) in [
            ("psa_server_error", json!({ "status": 503 })),
            ("psa_unauthorized", json!({ "status": 401 })),
            ("psa_forbidden", faults::forbidden(KIND)),
            ("psa_invalid_response", json!({ "status": 200, "body": "<html>" })),
            ("psa_unknown_error", json!({ "reset": true })),
        ] {
            faults::answer(&stage.sandbox, KIND, COMPANIES, &answer);
            let page = post(&mut browser, &new, &connection(&known, ("", ""))).await;
            met.meet(language, &page, code);
            faults::clear(&stage.sandbox, KIND);
        }
        for (code, wrong) in [
            ("credentials_required", ("privateKey", " ")),
            ("invalid_psa_address", ("address", "http://10.0.0.1")),
        ] {
            let page = post(&mut browser, &new, &connection(&known, wrong)).await;
            met.meet(language, &page, code);
        }
        let page = post(&mut browser, &stage.at("/console/licences"), &[("total", "many")]).await;
        met.meet(language, &page, "invalid_request");
    }
}

async fn of_asking(stage: &Stage, met: &mut Met) {
    let known = integration(&stage.sandbox.api("ana"), KIND).await;
    for mut browser in browsers(stage, "Ana").await {
        let language = browser.language;
        let (_, dora) = stage.sign_in("Dora", language).await;
        met.meet(language, &dora, "not_administrator");
        for (code, path) in [("integration_not_found", "integrations"), ("not_found", "imports")] {
            let page = browser.open(&stage.at(&format!("/console/{path}/none"))).await;
            met.meet(language, &page, code);
        }
        let filter = stage.at(&format!("/console/integrations/{known}/import"));
        let page = post(&mut browser, &filter, &[("f.shoeSize", "44")]).await;
        met.meet(language, &page, "invalid_filter");
    }
}

/// Another tenant, and an import that is decided on by Ana and looked at by Bram.
async fn of_review(stage: &Stage, met: &mut Met) {
    let api = stage.sandbox.api("ana");
    let known = integration(&api, KIND).await;
    let first = first_import_of(&api, KIND, 2).await;
    let absent = id(&first.chosen[0]);
    let (mut ana, mut bram) = (browsers(stage, "Ana").await, browsers(stage, "Bram").await);
    let of_integration = stage.at(&format!("/console/integrations/{known}"));
    let own = stage.sandbox.psas.integration(KIND);
    psa::be_another_tenant(&stage.sandbox, KIND, true);
    for browser in &mut ana {
        let replaced = connection(&own, ("", ""));
        let page = post(browser, &format!("{of_integration}/credentials"), &replaced).await;
        met.meet(browser.language, &page, "psa_other_tenant");
    }
    psa::be_another_tenant(&stage.sandbox, KIND, false);
    psa::delete(&stage.sandbox, KIND, absent);
    let import = fetch(&api, KIND).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    for browser in &mut bram {
        let page = post(browser, &format!("{of_integration}/import"), &[]).await;
        met.meet(browser.language, &page, "integration_locked");
    }
    import::choose_all(&api, &import).await;
    let mapped = id(&first.chosen[1]);
    for browser in &mut ana {
        let language = browser.language;
        let hash = plan(&api, &import).await["hash"].clone();
        let hash = text(&hash);
        let version = row(&api, &import, absent).await["version"].to_string();
        let tick = |version| vec![("version", version), ("selected", "true")];
        for (code, path, fields) in [
            (
                "not_selectable",
                format!("companies/{absent}/tick"),
                tick(version.as_str()),
            ),
            ("decision_conflict", format!("companies/{mapped}/tick"), tick("99")),
            ("mass_change", "execute".to_owned(), vec![("hash", hash)]),
        ] {
            let page = post(browser, &format!("{at}/{path}"), &fields).await;
            met.meet(language, &page, code);
        }
        let is_selected = row(&api, &import, mapped).await["selected"] == true;
        import::decide(&api, &import, mapped, json!({ "selected": !is_selected })).await;
        // What differs is shown, to be confirmed again.
        let page = post(browser, &format!("{at}/execute"), &[("hash", hash), ("mass", "yes")]).await;
        let mut headings = page.html.all("h2").map(|(_, heading)| heading.words());
        let expected = [
            "Something has changed since you looked",
            "Er is iets gewijzigd sinds u keek",
        ];
        let heading = headings.find(|heading| expected.contains(&heading.as_str())).unwrap();
        assert!(page.has_button("Import"), "{}", page.words());
        let (says, advice) = (
            page.words(),
            ["confirm again if it is right.", "bevestig opnieuw als het klopt."],
        );
        assert!(advice.iter().any(|advice| says.contains(advice)), "{says}");
        met.note(&page, ("plan_changed", language), heading);
    }
    of_too_much(stage, &import, &mut ana, met).await;
    api.delete(&format!("/imports/{import}")).await.unwrap();
    for browser in &mut ana {
        let page = post(browser, &format!("{at}/execute"), &[("hash", "0")]).await;
        met.meet(browser.language, &page, "wrong_state");
    }
    of_time(stage, (&mut ana, &mut bram), met).await;
}

/// Too few licences, and more decisions on many rows than there may be.
async fn of_too_much(stage: &Stage, import: &str, ana: &mut [Browser; 2], met: &mut Met) {
    let api = stage.sandbox.api("ana");
    let at = stage.at(&format!("/console/imports/{import}"));
    let used = api.get("/licences").await.unwrap()["used"].clone();
    api.put("/licences", &json!({ "total": used })).await.unwrap();
    let hash = plan(&api, import).await["hash"].clone();
    for browser in &mut *ana {
        let page = post(
            browser,
            &format!("{at}/execute"),
            &[("hash", text(&hash)), ("mass", "yes")],
        )
        .await;
        met.meet(browser.language, &page, "insufficient_licences");
    }
    let select = format!("/imports/{import}/companies/select");
    // The same once more would be no further decision.
    let mut selected = true;
    for _ in 0..200 {
        let all = json!({ "selected": selected, "where": {} });
        if !call(&api, Method::POST, &select, Some(&all)).await.status.is_success() {
            break;
        }
        selected = !selected;
    }
    let what = if selected { "all" } else { "none" };
    for browser in ana {
        let page = post(browser, &format!("{at}/companies/select"), &[("what", what)]).await;
        met.meet(browser.language, &page, "limit_exceeded");
    }
}

/// An import that is left alone, for hours and for days.
async fn of_time(stage: &Stage, (ana, bram): (&mut [Browser; 2], &mut [Browser; 2]), met: &mut Met) {
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    advance(&stage.sandbox, 3 * 3_600).await;
    for browser in bram {
        let page = post(browser, &format!("{at}/keep"), &[("back", "/console")]).await;
        met.meet(browser.language, &page, "import_abandoned");
    }
    advance(&stage.sandbox, 7 * DAY).await;
    for browser in &mut *ana {
        let page = post(browser, &format!("{at}/execute"), &[("hash", "0")]).await;
        met.meet(browser.language, &page, "snapshot_expired");
    }
    fetch(&api, KIND).await;
    for browser in ana {
        let page = browser.open(&at).await;
        met.meet(browser.language, &page, "review_lapsed");
    }
}

async fn of_too_many_calls(met: &mut Met) {
    let limited = Options {
        call_rates: None,
        ..quick()
    };
    let stage = Stage::of(Sandbox::start(limited).await.unwrap());
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let filter = stage.at(&format!("/console/integrations/{id}/import"));
    for mut browser in browsers(&stage, "Ana").await {
        let mut page = browser.open(&filter).await;
        for _ in 0..200 {
            if !page.status.is_success() {
                break;
            }
            page = browser.open(&filter).await;
        }
        met.meet(browser.language, &page, "too_many_calls");
    }
}

async fn of_directory(met: &mut Met) {
    let stage = Stage::of(lastpass::sandbox().await);
    first_import_of(&stage.sandbox.api("ana"), KIND, 1).await;
    let (key, other) = (lastpass::key(&stage.sandbox), lastpass::other_key(&stage.sandbox));
    let (key, other) = (text(&key["apiKey"]), text(&other["apiKey"]));
    let directory = stage.at("/console/directory");
    for mut browser in browsers(&stage, "Ana").await {
        let language = browser.language;
        let companies = stage.at("/console/managed-companies");
        let page = post(&mut browser, &companies, &[("name", "By hand")]).await;
        met.meet(language, &page, "directory_cannot");
        let page = post(&mut browser, &directory, &[("apiKey", other)]).await;
        met.meet(language, &page, "directory_other_account");
        for (code, state) in [
            ("directory_unauthorized", "revoked"),
            ("directory_forbidden", "notEnrolled"),
        ] {
            lastpass::set(&stage.sandbox, json!({ "keyStates": state }));
            let page = post(&mut browser, &directory, &[("apiKey", key)]).await;
            met.meet(language, &page, code);
        }
        lastpass::set(&stage.sandbox, json!({ "keyStates": "valid" }));
        lastpass::answer(&stage.sandbox, &json!({ "status": 503 }));
        let page = post(&mut browser, &directory, &[("apiKey", key)]).await;
        met.meet(language, &page, "directory_unavailable");
        lastpass::take_all(&stage.sandbox);
    }
}

/// A fault of the service's own, and an integration that a newer version of it has written.
async fn of_the_service(stage: &Stage, met: &mut Met) {
    let mut ana = browsers(stage, "Ana").await;
    stage.sandbox.fail_store(Some(StoreFault::Error));
    for browser in &mut ana {
        let page = browser.open(&stage.console).await;
        met.meet(browser.language, &page, "internal_error");
    }
    stage.sandbox.fail_store(None);
    let id = integration(&stage.sandbox.api("ana"), PsaKind::Autotask).await;
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let update = Client::new(&sdk::config(&stage.sandbox.face.dynamodb)).update_item();
    let update = update
        .table_name("RecordsTable")
        .key("pk", key("MSP#noordzee"))
        .key("sk", key(&format!("INTEGRATION#{id}")))
        .update_expression("SET #schema = :newer")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_names("#schema", "schema")
        .expression_attribute_values(":newer", AttributeValue::N("999".to_owned()));
    update.send().await.unwrap();
    for browser in &mut ana {
        let page = browser.open(&stage.at(&format!("/console/integrations/{id}"))).await;
        met.meet(browser.language, &page, "newer_version");
    }
}

#[tokio::test]
async fn r94_each_code_of_the_api_has_its_page_in_both_languages() {
    let stage = stage().await;
    let mut met = Met::default();
    of_connecting(&stage, &mut met).await;
    of_asking(&stage, &mut met).await;
    of_review(&stage, &mut met).await;
    of_the_service(&stage, &mut met).await;
    of_directory(&mut met).await;
    of_too_many_calls(&mut met).await;
    met.assert_all();
}
