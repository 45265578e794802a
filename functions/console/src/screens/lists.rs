//! Lists around an integration and an import: trail, exclusions, mappings, people not in. And the trail of the MSP.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::get;

use super::frame::{self, Frame, Step, query};
use super::integrations::{page, path};
use super::pages::{Listed, Pages};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::back_or;
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{AuditEntry, Company, Exclusion, Integration, List, Mapping, PersonNotIn};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/audit", get(audit_of_msp))
        .route("/console/integrations/{i}/audit", get(audit))
        .route("/console/integrations/{i}/exclusions", get(exclusions).post(bring_back))
        .route("/console/integrations/{i}/mappings", get(mappings).post(drop_mapping))
        .route("/console/imports/{x}/people-not-in", get(people_not_in))
}

async fn of_integration<T: serde::de::DeserializeOwned>(
    caller: &Caller,
    id: &str,
    name: &str,
    fields: &Fields,
) -> Result<(Integration, Listed<T>), crate::refused::Refused> {
    let one = format!("/integrations/{}", escaped(id));
    let all = format!(
        "{one}/{name}?{}",
        query(&[("limit", "100"), ("after", fields.text("after"))])
    );
    let (one, all) = futures::try_join!(caller.api.get::<Integration>(&one), caller.api.get::<List<T>>(&all))?;
    let here = format!("{}/{name}", path(id));
    Ok((one, Listed::new(all, &here, fields)))
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    page: Page,
    all: Listed<AuditEntry>,
}

impl Audit {
    /// What was done, in words.
    fn says(&self, entry: &AuditEntry) -> &'static str {
        let same = entry.facts.get("before") == entry.facts.get("after");
        let (english, dutch) = match entry.action.as_str() {
            "integrationAdded" => ("Integration connected", "Integratie verbonden"),
            "integrationChanged" => ("Integration changed", "Integratie gewijzigd"),
            "integrationRemoved" => ("Integration removed", "Integratie verwijderd"),
            "integrationAdopted" => ("Mappings taken over", "Koppelingen overgenomen"),
            "credentialsReplaced" => ("Credentials replaced", "Inloggegevens vervangen"),
            "connectionReplaced" => ("Connection replaced", "Verbinding vervangen"),
            "policyReplaced" => ("Policy changed", "Beleid gewijzigd"),
            "excluded" => ("Excluded", "Uitgesloten"),
            "broughtBack" => ("Brought back", "Teruggehaald"),
            "mappingDropped" => ("Mapping dropped", "Koppeling losgemaakt"),
            "signedIn" => ("Signed in", "Aangemeld"),
            "directoryChosen" if same => (
                "Key of the password manager replaced",
                "Sleutel van de wachtwoordbeheerder vervangen",
            ),
            "directoryChosen" => ("Password manager chosen", "Wachtwoordbeheerder gekozen"),
            "importStarted" => ("Import started", "Import begonnen"),
            "importTakenOver" => ("Import taken over", "Import overgenomen"),
            "planConfirmed" => ("Plan confirmed", "Plan bevestigd"),
            "importStopped" => (
                "Import stopped: an administrator has to decide",
                "Import gestopt: een beheerder moet beslissen",
            ),
            "companyImported" => ("Company imported", "Bedrijf geïmporteerd"),
            "importEnded" => ("Import ended", "Import geëindigd"),
            _ => ("Something else", "Iets anders"),
        };
        self.page.t(english, dutch)
    }

    /// What it was done to.
    fn about(&self, entry: &AuditEntry) -> String {
        match entry.facts.get("after").and_then(serde_json::Value::as_str) {
            Some("lastpass") => "LastPass".to_owned(),
            Some("builtIn") => self.page.t("built-in directory", "ingebouwde directory").to_owned(),
            _ => entry.about(),
        }
    }
}

async fn audit(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    let (one, all) = of_integration(&caller, &id, "audit", &fields).await?;
    show(&Audit {
        page: page(&caller, &one, ("Who did what", "Wie deed wat"), &fields),
        all,
    })
}

async fn audit_of_msp(caller: Caller, fields: Fields) -> Answer {
    let asked = query(&[("limit", "100"), ("after", fields.text("after"))]);
    let all: List<AuditEntry> = caller.api.get(&format!("/audit?{asked}")).await?;
    let page = Page::titled(
        &caller.visit,
        ("Log: sign-ins and settings", "Logboek: aanmeldingen en instellingen"),
    );
    show(&Audit {
        page: page.crumb("/console", "psa-import"),
        all: Listed::new(all, "/console/audit", &fields),
    })
}

#[derive(Template)]
#[template(path = "exclusions.html")]
struct Exclusions {
    page: Page,
    path: String,
    all: Listed<Exclusion>,
}

async fn exclusions(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    let (one, all) = of_integration(&caller, &id, "exclusions", &fields).await?;
    show(&Exclusions {
        page: page(&caller, &one, ("Excluded", "Uitgesloten"), &fields),
        path: path(&id),
        all,
    })
}

async fn bring_back(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let kind = if form.get("kind") == Some("person") {
        "people"
    } else {
        "companies"
    };
    let address = format!(
        "/integrations/{}/exclusions/{kind}/{}",
        escaped(&id),
        escaped(form.text("id"))
    );
    caller.api.send(Method::DELETE, &address, None).await?;
    Ok(redirect(&format!("{}/exclusions?saved=yes", path(&id))))
}

#[derive(Template)]
#[template(path = "mappings.html")]
struct Mappings {
    page: Page,
    path: String,
    all: Listed<Mapping>,
}

async fn mappings(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    let (one, all) = of_integration(&caller, &id, "mappings", &fields).await?;
    show(&Mappings {
        page: page(&caller, &one, ("Mapped companies", "Gekoppelde bedrijven"), &fields),
        path: path(&id),
        all,
    })
}

async fn drop_mapping(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let address = format!(
        "/integrations/{}/mappings/{}",
        escaped(&id),
        escaped(form.text("company"))
    );
    caller.api.send(Method::DELETE, &address, None).await?;
    Ok(redirect(&format!("{}/mappings?saved=yes", path(&id))))
}

#[derive(Template)]
#[template(path = "people_not_in.html")]
struct PeopleNotIn {
    page: Page,
    path: String,
    /// The only company whose people are listed, if it is one.
    company: Option<Company>,
    /// The list from which that company was reached.
    back: String,
    all: Listed<PersonNotIn>,
}

async fn people_not_in(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let (api, path) = (frame::api(&import), frame::path(&import));
    let (of, company) = match fields.get("company") {
        Some(company) => {
            let row = format!("{api}/companies/{}", escaped(company));
            let company: Company = caller.api.get(&row).await?;
            (row, Some(company))
        }
        None => (api, None),
    };
    let asked = query(&[("limit", "100"), ("after", fields.text("after"))]);
    let all = format!("{of}/people-not-in?{asked}");
    let (frame, all) = futures::try_join!(Frame::read(&caller, &import), caller.api.get::<List<PersonNotIn>>(&all))?;
    let title = ("People gone from the PSA", "Personen weg uit de PSA");
    let mut page = frame.page(&caller, Step::People, title, &fields);
    if let Some(company) = &company {
        page.title = format!("{}: {}", page.title, company.name);
    }
    let kept = [("company", fields.text("company")), ("back", fields.text("back"))];
    show(&PeopleNotIn {
        page,
        all: Listed {
            pages: Pages::new(&format!("{path}/people-not-in"), &kept, &fields, all.next.as_deref()),
            items: all.items,
        },
        back: back_or(fields.get("back"), format!("{path}/companies")),
        company,
        path,
    })
}
