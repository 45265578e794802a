//! Every screen in every state that there is, as pictures and before axe (R90, R91, R94).

use browser::{Hand, Looks, Script, Tab};
use requirements::faults::{self, COMPANIES};
use requirements::stage::{advance, integration};
use requirements::{PsaKind, import, managed, psa, unattended};
use serde_json::{Value, json};

use crate::gallery::Gallery;
use crate::stage::{Stage, stage};

const KIND: PsaKind = PsaKind::Connectwise;

/// One walk through everything, in one language.
struct Walk {
    stage: Stage,
    tab: Tab,
    gallery: Gallery,
}

impl Walk {
    async fn begin(language: &str, looks: &'static [Looks]) -> Self {
        let stage = stage().await;
        let tab = stage.tab(Script::On, Hand::Mouse, language).await;
        let gallery = Gallery::new(language, looks);
        Self { stage, tab, gallery }
    }

    /// Opens a page and takes it.
    async fn take(&mut self, path: &str, name: &str) {
        self.tab.open(&self.stage.at(path)).await;
        self.gallery.take(&self.tab, name).await;
    }

    /// Sends the form of the page that leads to this address, whatever its fields hold, and takes what is answered.
    async fn send(&mut self, action: &str, name: &str) {
        let form = format!("const form = document.querySelector('main form[action$=\"{action}\"]');");
        let before = self.tab.ask("return performance.timeOrigin;").await;
        self.tab
            .ask(&format!("{form} form.noValidate = true; form.requestSubmit();"))
            .await;
        while self
            .tab
            .ask("return document.readyState === 'complete' && performance.timeOrigin;")
            .await
            == before
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.gallery.take(&self.tab, name).await;
    }

    async fn of(&self, kind: PsaKind) -> String {
        let id = integration(&self.stage.sandbox.api("ana"), kind).await;
        format!("/console/integrations/{id}")
    }

    async fn signed_out(&mut self) {
        self.take("/console/signed-out", "signed-out").await;
        self.take("/console/signed-in?state=x&code=y", "sign-in-failed").await;
    }

    /// An MSP that has nothing yet.
    async fn nothing_yet(&mut self) {
        self.stage.sign_in(&self.tab, "Chris").await;
        self.take("/console", "home-empty").await;
        self.take("/console/managed-companies", "managed-companies-empty").await;
        self.take("/console/integrations/new", "connect-connectwise").await;
        self.take("/console/integrations/new?kind=autotask", "connect-autotask")
            .await;
        self.send("/new", "connect-refused").await;
        self.tab.forget_cookies().await;
        self.stage.sign_in(&self.tab, "Ana").await;
    }

    async fn before_imports(&mut self) {
        let one = self.of(KIND).await;
        self.take("/console", "home").await;
        self.take(&one, "integration-new").await;
        self.take(&format!("{one}/import"), "filter").await;
        self.take(&format!("{one}/policy"), "policy").await;
        self.take(&format!("{one}/mappings"), "mappings-empty").await;
        self.take(&format!("{one}/exclusions"), "exclusions-empty").await;
        self.take(&format!("{one}/credentials"), "credentials").await;
        self.take("/console/licences", "licences").await;
        self.take("/console/directory", "directory").await;
        self.take("/console/keys", "keys").await;
        self.take("/console/nothing-here", "not-found").await;
    }

    /// A download at its beginning, in its midst, and failed.
    async fn downloads(&mut self) {
        let ana = self.stage.sandbox.api("ana");
        self.stage.sandbox.pause(true).await;
        let import = import::start(&ana, KIND, &json!({})).await;
        self.take(&format!("/console/imports/{import}"), "download-begins")
            .await;
        self.stage.sandbox.pause(false).await;
        import::fetched(&ana, &import).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        self.take(&format!("/console/imports/{import}"), "cancelled").await;
        faults::hold(&self.stage.sandbox, KIND, COMPANIES, 0);
        let import = import::start(&ana, KIND, &json!({})).await;
        faults::held(&self.stage.sandbox, KIND).await;
        self.take(&format!("/console/imports/{import}"), "download-waits").await;
        faults::let_go(&self.stage.sandbox).await;
        import::fetched(&ana, &import).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        faults::answer(&self.stage.sandbox, KIND, COMPANIES, &faults::forbidden(KIND));
        let import = import::start(&ana, KIND, &json!({})).await;
        import::fetched(&ana, &import).await;
        self.take(&format!("/console/imports/{import}"), "download-failed")
            .await;
        faults::answer(&self.stage.sandbox, KIND, ".*", &json!({ "status": 503 }));
        let one = self.of(KIND).await;
        self.take(&format!("{one}/import"), "psa-does-not-answer").await;
        faults::clear(&self.stage.sandbox, KIND);
    }

    /// A review from the first look to the confirmation; gives the import.
    async fn review(&mut self) -> String {
        let ana = self.stage.sandbox.api("ana");
        let import = import::fetch(&ana, KIND).await;
        let at = format!("/console/imports/{import}");
        self.take(&format!("{at}/companies"), "companies").await;
        self.take(&format!("{at}/people"), "people-nobody-selected").await;
        self.take(&format!("{at}/companies?tab=not-in"), "not-in-empty").await;
        self.take(&format!("{at}/companies?search=nothing+is+called+so"), "companies-none")
            .await;
        let rows = import::rows(&ana, &import, "in").await;
        for status in ["ambiguous", "unmapped_possible_duplicate", "unmapped"] {
            if let Some(row) = rows.iter().find(|row| row["status"] == status) {
                let company = row["id"].as_str().unwrap();
                self.take(&format!("{at}/companies/{company}"), &format!("company-{status}"))
                    .await;
            }
        }
        import::choose_all(&ana, &import).await;
        self.take(&format!("{at}/companies"), "companies-selected").await;
        self.take(&format!("{at}/rules"), "rules").await;
        self.take(&format!("{at}/people"), "people").await;
        self.take(&format!("{at}/people?search=an"), "people-found").await;
        self.people(&at, &import, &rows).await;
        self.take(&format!("{at}/people-not-in"), "people-not-in-empty").await;
        self.plans(&at).await;
        import
    }

    async fn people(&mut self, at: &str, import: &str, rows: &[Value]) {
        let ana = self.stage.sandbox.api("ana");
        let several = import::ordinary(rows);
        let company = several[0]["id"].as_str().unwrap();
        self.take(&format!("{at}/people/{company}"), "people-of-a-company")
            .await;
        let people = import::addresses(&ana, import, company).await;
        let person = people[0]["id"].as_str().unwrap();
        let of = people[0]["address"].as_str().unwrap();
        self.take(&format!("{at}/people/{company}/{person}?of={of}"), "person")
            .await;
    }

    async fn plans(&mut self, at: &str) {
        let ana = self.stage.sandbox.api("ana");
        self.take(&format!("{at}/plan"), "plan").await;
        self.send("/execute", "mass-change-refused").await;
        let licences = ana.get("/licences").await.unwrap();
        let used = licences["used"].as_u64().unwrap();
        ana.put("/licences", &json!({ "total": used + 3 })).await.unwrap();
        self.take(&format!("{at}/plan"), "plan-licences-short").await;
        ana.put("/licences", &json!({ "total": licences["total"] }))
            .await
            .unwrap();
    }

    /// What somebody else sees meanwhile.
    async fn held_by_another(&mut self, import: &str) {
        self.tab.forget_cookies().await;
        self.stage.sign_in(&self.tab, "Bram").await;
        self.take("/console", "home-in-use").await;
        self.take(
            &format!("/console/imports/{import}/companies"),
            "companies-held-by-another",
        )
        .await;
        let one = self.of(KIND).await;
        self.take(&format!("{one}/import"), "filter-held-by-another").await;
        self.send("/import", "locked").await;
        self.tab.forget_cookies().await;
        self.stage.sign_in(&self.tab, "Ana").await;
    }

    async fn execution(&mut self, import: &str) {
        let ana = self.stage.sandbox.api("ana");
        self.stage.sandbox.pause(true).await;
        import::execute(&ana, import).await;
        self.take(&format!("/console/imports/{import}"), "importing").await;
        self.stage.sandbox.pause(false).await;
        import::done(&ana, import).await;
        self.take(&format!("/console/imports/{import}"), "result").await;
    }

    /// A second import, of an MSP in which much has happened.
    async fn second(&mut self, first: &str) {
        let ana = self.stage.sandbox.api("ana");
        let rows = import::rows(&ana, first, "in").await;
        let imported: Vec<&Value> = rows.iter().filter(|row| row["selected"] == true).collect();
        let sandbox = &self.stage.sandbox;
        psa::delete(sandbox, KIND, import::id(imported[0]));
        psa::deactivate(sandbox, KIND, import::id(imported[1]));
        psa::rename(sandbox, KIND, import::id(imported[2]), "Renamed Holding BV");
        let company = psa::add_company(sandbox, KIND, "Brand New BV");
        psa::add_contact(sandbox, KIND, &company, "somebody@new.example");
        let taken = managed::add(&ana, "Somebody Else BV").await;
        managed::add_user(&ana, &taken, "somebody@new.example").await;
        let import = import::fetch(&ana, KIND).await;
        let at = format!("/console/imports/{import}");
        import::choose_all(&ana, &import).await;
        self.take(&format!("{at}/companies"), "second-companies").await;
        self.take(&format!("{at}/companies?tab=not-in"), "not-in").await;
        self.take(&format!("{at}/people-not-in"), "people-not-in").await;
        self.take(&format!("{at}/people/{company}"), "people-conflict").await;
        self.take(&format!("{at}/companies/{company}"), "company-hand-over")
            .await;
        self.take(&format!("{at}/plan"), "second-plan").await;
        let seen = import::plan(&ana, &import).await["hash"].as_str().unwrap().to_owned();
        import::decide(&ana, &import, &company, json!({ "selected": false })).await;
        self.take(&format!("{at}/plan?since={seen}"), "plan-changed").await;
        import::execute(&ana, &import).await;
        import::done(&ana, &import).await;
        self.take(&at, "second-result").await;
    }

    async fn afterwards(&mut self) {
        let ana = self.stage.sandbox.api("ana");
        let one = self.of(KIND).await;
        self.take("/console", "home-imported").await;
        self.take(&one, "integration").await;
        self.take(&format!("{one}/audit"), "audit").await;
        self.take("/console/audit", "audit-of-msp").await;
        self.take(&format!("{one}/mappings"), "mappings").await;
        self.take("/console/managed-companies", "managed-companies").await;
        let all = managed::all(&ana).await;
        let id = all.last().unwrap()["id"].as_str().unwrap();
        self.take(&format!("/console/managed-companies/{id}"), "users").await;
    }

    /// An import that came by itself and stopped for a person, one whose lock ran out, and a form after the session's end.
    async fn disturbed(&mut self) {
        let ana = self.stage.sandbox.api("ana");
        let other = PsaKind::Autotask;
        let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 1, "atLeast": 1 } });
        unattended::set_policy(&ana, other, &policy).await;
        unattended::unattended(&self.stage.sandbox, other, "night").await;
        self.take("/console", "home-waiting").await;
        let import = import::fetch(&ana, KIND).await;
        let companies = format!("/console/imports/{import}/companies");
        advance(&self.stage.sandbox, 3 * 3600).await;
        self.take(&companies, "lock-lost").await;
        self.tab.forget_cookies().await;
        self.send("/keep", "session-ended").await;
    }
}

async fn every_screen(language: &str) {
    let mut walk = Walk::begin(language, &Looks::ALL).await;
    walk.signed_out().await;
    walk.nothing_yet().await;
    walk.before_imports().await;
    walk.downloads().await;
    let import = walk.review().await;
    walk.held_by_another(&import).await;
    walk.execution(&import).await;
    walk.second(&import).await;
    walk.afterwards().await;
    walk.disturbed().await;
    walk.tab.close().await;
    walk.gallery.end(50);
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_any_screen_in_english_in_any_looks() {
    every_screen("en").await;
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_any_screen_in_dutch_in_any_looks() {
    every_screen("nl").await;
}
