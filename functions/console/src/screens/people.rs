//! `/console/imports/{x}/people`: who gets access, company by company or over all of them.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::ids::AddressId;
use domain::row::{AddressStatus, ImportStatus};
use serde_json::json;

use super::frame::{Frame, Step, api, path, query};
use super::pages::Pages;
use super::undo::{self, Mine, Undo, decision, query_after};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::{back_or, own_page};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{AddressRow, Addresses, Companies, Company, FoundAddress, List, Target, User};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/people", get(overview))
        .route("/console/imports/{x}/people/select", post(select_all))
        .route("/console/imports/{x}/people/{p}", get(of_company))
        .route("/console/imports/{x}/people/{p}/select", post(select_some))
        .route("/console/imports/{x}/people/{p}/{a}", get(manage).post(save))
        .route("/console/imports/{x}/people/{p}/{a}/tick", post(tick))
        .route("/console/imports/{x}/people/{p}/{a}/exclude", post(exclude))
}

#[derive(Template)]
#[template(path = "people.html")]
struct Overview {
    page: Page,
    frame: Frame,
    path: String,
    rows: Companies,
    pages: Pages,
    search: String,
    found: Option<List<FoundAddress>>,
}

async fn overview(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let asked = query(&[
        ("selected", "true"),
        ("people", "true"),
        ("limit", "50"),
        ("after", fields.text("after")),
    ]);
    let rows = format!("{}/companies?{asked}", api(&import));
    let (frame, rows) = futures::try_join!(Frame::read(&caller, &import), caller.api.get::<Companies>(&rows))?;
    let found = match fields.get("search") {
        Some(search) => {
            let asked = query(&[("search", search), ("limit", "50")]);
            Some(caller.api.get(&format!("{}/addresses?{asked}", api(&import))).await?)
        }
        None => None,
    };
    show(&Overview {
        pages: Pages::new(&format!("{}/people", path(&import)), &[], &fields, rows.next.as_deref()),
        page: frame.page(&caller, Step::People, ("People", "Personen"), &fields),
        path: path(&import),
        frame,
        rows,
        search: fields.text("search").to_owned(),
        found,
    })
}

/// One decision on the people of all selected companies (R70).
async fn select_all(caller: Caller, Path(import): Path<String>, Form(form): Form) -> Answer {
    let address = format!("{}/addresses/select", api(&import));
    tell(&caller, &address, &form).await?;
    Ok(redirect(&format!("{}/people?saved=people", path(&import))))
}

/// All statuses but that of somebody who was imported before.
const NOT_IMPORTED_BEFORE: [AddressStatus; 6] = [
    AddressStatus::Unmapped,
    AddressStatus::UnmappedPossibleDuplicate,
    AddressStatus::PossibleSuccessor,
    AddressStatus::AddressConflict,
    AddressStatus::NoAddress,
    AddressStatus::Dangling,
];

async fn tell(caller: &Caller, address: &str, form: &Fields) -> Result<(), Refused> {
    let mut decisions = match form.text("what") {
        "active" => vec![json!({ "selected": true, "where": { "active": true } })],
        // Whoever may have been ticked by a single decision as well. If the second call fails, too many are ticked, and nobody is lost.
        "before" => vec![
            json!({ "selected": true, "where": { "status": ["mapped"] } }),
            json!({ "selected": false, "where": { "status": NOT_IMPORTED_BEFORE } }),
        ],
        "none" => vec![json!({ "selected": false, "where": {} })],
        _ => return Err(Refused::NotFound),
    };
    for decision in &mut decisions {
        if let Some(search) = form.get("search") {
            decision["where"]["search"] = json!(search);
        }
        caller.api.send(Method::POST, address, Some(decision)).await?;
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "people_of.html")]
struct OfCompany {
    page: Page,
    frame: Frame,
    path: String,
    company: Company,
    rows: Addresses,
    pages: Pages,
    search: String,
    back: String,
}

impl OfCompany {
    fn own(&self) -> String {
        format!("{}/people/{}", self.path, escaped(&self.company.id))
    }

    /// A row can be ticked unless something has to be settled first.
    fn can_be_ticked(&self, row: &AddressRow) -> bool {
        let free = row.conflict.is_none() && row.no_address.is_none() && row.excluded.is_none();
        self.frame.decides && free
    }
}

async fn of_company(caller: Caller, Path((import, company)): Path<(String, String)>, fields: Fields) -> Answer {
    let row = format!("{}/companies/{}", api(&import), escaped(&company));
    let (search, status) = (fields.text("search"), fields.text("status"));
    let pairs = [
        ("search", search),
        ("status", status),
        ("after", fields.text("after")),
        ("counts", "true"),
        ("limit", "100"),
    ];
    let rows = format!("{row}/addresses?{}", query(&pairs));
    let (frame, company, rows) = futures::try_join!(
        Frame::read(&caller, &import),
        caller.api.get::<Company>(&row),
        caller.api.get::<Addresses>(&rows)
    )?;
    let mut page = frame.page(&caller, Step::People, ("", ""), &fields);
    let people = page.t("People", "Personen");
    page = page.crumb(format!("{}/people", path(&import)), people);
    page.title = format!("{people}: {}", company.name);
    let here = format!("{}/people/{}", path(&import), escaped(&company.id));
    let kept = [("search", search), ("status", status)];
    let before = fields.all("before").map(|cursor| ("before", cursor));
    let shown: Vec<_> = kept
        .into_iter()
        .chain(before)
        .chain([("after", fields.text("after"))])
        .collect();
    show(&OfCompany {
        back: format!("{here}?{}", query(&shown)),
        pages: Pages::new(&here, &kept, &fields, rows.next.as_deref()),
        page,
        frame,
        path: path(&import),
        rows,
        search: search.to_owned(),
        company,
    })
}

async fn select_some(caller: Caller, Path((import, company)): Path<(String, String)>, Form(form): Form) -> Answer {
    let address = format!("{}/companies/{}/addresses/select", api(&import), escaped(&company));
    tell(&caller, &address, &form).await?;
    let asked = query(&[("search", form.text("search")), ("saved", "people")]);
    Ok(redirect(&format!(
        "{}/people/{}?{asked}",
        path(&import),
        escaped(&company)
    )))
}

type OfAddress = Path<(String, String, String)>;

fn address_of(import: &str, company: &str, address: &str) -> String {
    format!(
        "{}/companies/{}/addresses/{}",
        api(import),
        escaped(company),
        escaped(address)
    )
}

async fn tick(caller: Caller, Path((import, company, address)): OfAddress, Form(form): Form) -> Answer {
    let version: u64 = form.text("version").parse().unwrap_or_default();
    let sent = json!({ "version": version, "selected": form.get("selected") == Some("true") });
    caller
        .api
        .send(Method::PATCH, &address_of(&import, &company, &address), Some(&sent))
        .await?;
    Ok(redirect(&own_page(form.get("back"))))
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    frame: Frame,
    path: String,
    company: Company,
    row: AddressRow,
    users: Vec<User>,
    /// The user that was chosen, if `users` does not have it.
    chosen: Option<Chosen>,
    search: String,
    undo: Option<Undo>,
    mine: Option<Mine>,
    /// The user of `mine`, if `users` does not have it.
    user_of_mine: Option<Chosen>,
    /// The list that led here.
    back: String,
}

/// A user that was chosen before.
struct Chosen {
    id: String,
    /// Who it is, if one call of the API lists it.
    user: Option<User>,
}

impl PersonPage {
    fn target(&self) -> &str {
        undo::code(&self.row.target)
    }

    fn goes_to(&self, id: &str) -> bool {
        self.row.target == Target::Existing(id.to_owned())
    }

    /// Where decisions on it are sent to.
    fn at(&self) -> String {
        let (company, row) = (escaped(&self.company.id), escaped(&self.row.id));
        format!("{}/people/{company}/{row}", self.path)
    }

    /// A decision in words.
    fn says(&self, target: &Target, ticked: &bool) -> String {
        let goes_to = match target {
            Target::Automatic {} => self.page.t("as the status suggests", "zoals de status voorstelt"),
            Target::Create {} => self.page.t("a new user", "een nieuwe gebruiker"),
            Target::Existing(id) => self.name_of(id).unwrap_or(id),
        };
        let ticked = if *ticked {
            self.page.t("ticked", "aangevinkt")
        } else {
            self.page.t("not ticked", "niet aangevinkt")
        };
        format!("{goes_to}, {ticked}")
    }

    fn name_of(&self, id: &str) -> Option<&str> {
        let chosen = self.chosen.iter().chain(&self.user_of_mine);
        let mut known = self
            .users
            .iter()
            .chain(chosen.filter_map(|chosen| chosen.user.as_ref()));
        known.find(|user| user.id == id).map(User::shown)
    }
}

async fn manage(caller: Caller, Path((import, company, address)): OfAddress, fields: Fields) -> Answer {
    let row = format!("{}/companies/{}", api(&import), escaped(&company));
    // There is no call for one address: its own text finds it among those of its company.
    let rows = format!(
        "{row}/addresses?{}",
        query(&[("search", fields.text("of")), ("limit", "500")])
    );
    let (frame, company, rows) = futures::try_join!(
        Frame::read(&caller, &import),
        caller.api.get::<Company>(&row),
        caller.api.get::<Addresses>(&rows)
    )?;
    let row = rows
        .items
        .into_iter()
        .find(|row| row.id == address)
        .ok_or(Refused::NotFound)?;
    let users = users(&caller, &company, fields.text("search"), FEW).await?;
    let chosen = chosen(&caller, &company, &row.target, &users).await?;
    let mine = Mine::of(&fields, row.version);
    let user_of_mine = match &mine {
        Some(mine) => self::chosen(&caller, &company, &mine.target, &users).await?,
        None => None,
    };
    let mut page = frame.page(&caller, Step::People, ("", ""), &fields);
    let people = page.t("People", "Personen");
    page = page.crumb(format!("{}/people", path(&import)), people);
    page = page.crumb(
        format!("{}/people/{}", path(&import), escaped(&company.id)),
        company.name.clone(),
    );
    page.title = if row.contact.is_empty() {
        row.address.clone()
    } else {
        row.contact.clone()
    };
    show(&PersonPage {
        undo: Undo::of(&fields, row.version),
        page,
        frame,
        back: back_or(
            fields.get("back"),
            format!("{}/people/{}", path(&import), escaped(&company.id)),
        ),
        path: path(&import),
        company,
        row,
        users,
        chosen,
        mine,
        user_of_mine,
        search: fields.text("search").to_owned(),
    })
}

/// How many users are offered at once.
const FEW: &str = "20";

/// As many as one call of the API lists.
const MOST: &str = "500";

/// The user that was chosen, if it is none of those that are offered.
async fn chosen(
    caller: &Caller,
    company: &Company,
    target: &Target,
    offered: &[User],
) -> Result<Option<Chosen>, Refused> {
    let Target::Existing(id) = target else {
        return Ok(None);
    };
    if offered.iter().any(|user| user.id == *id) {
        return Ok(None);
    }
    let all = users(caller, company, "", MOST).await?;
    Ok(Some(Chosen {
        id: id.clone(),
        user: all.into_iter().find(|user| user.id == *id),
    }))
}

/// The users of the managed company that the row goes to, if it is there already.
async fn users(caller: &Caller, company: &Company, search: &str, most: &str) -> Result<Vec<User>, Refused> {
    let managed = match (&company.target, &company.mapped) {
        (Target::Existing(id), _) => id.clone(),
        (Target::Automatic {}, Some(mapped)) => mapped.id.clone(),
        // The company is linked to the one that has its name.
        (Target::Automatic {}, None) if company.status == ImportStatus::UnmappedPossibleDuplicate => {
            match company.candidates.as_slice() {
                [only] => only.id.clone(),
                _ => return Ok(Vec::new()),
            }
        }
        _ => return Ok(Vec::new()),
    };
    let asked = query(&[("search", search), ("limit", most)]);
    let list: List<User> = caller
        .api
        .get(&format!("/managed-companies/{}/users?{asked}", escaped(&managed)))
        .await?;
    Ok(list.items)
}

/// The page of an address, after something was done to it. Its own text finds it again.
fn page_of(import: &str, (company, address): (&str, &str), form: &Fields, query_after: &str) -> String {
    let of = query(&[("of", form.text("of"))]);
    let (company, address) = (escaped(company), escaped(address));
    format!("{}/people/{company}/{address}?{of}&{query_after}", path(import))
}

async fn save(caller: Caller, Path((import, company, address)): OfAddress, Form(form): Form) -> Answer {
    let row = address_of(&import, &company, &address);
    let page = |query: &str| page_of(&import, (&company, &address), &form, query);
    match caller.api.send(Method::PATCH, &row, Some(&decision(&form))).await {
        Ok(saved) => Ok(redirect(&page(&query_after(&form, &saved)))),
        Err(refused) => undo::refused(refused, &form, page),
    }
}

/// The contact, with all its addresses, for good (R96).
async fn exclude(caller: Caller, Path((import, company, address)): OfAddress, Form(form): Form) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let contact = AddressId::new(address.as_str());
    let excluded = format!(
        "/integrations/{}/exclusions/people/{}",
        escaped(&frame.import.integration),
        escaped(contact.contact())
    );
    let mut sent = json!({ "why": form.text("why") });
    if let Some(name) = form.get("name") {
        sent["name"] = json!(name);
    }
    caller.api.send(Method::PUT, &excluded, Some(&sent)).await?;
    let asked = query(&[("saved", "row"), ("back", form.text("back"))]);
    Ok(redirect(&page_of(&import, (&company, &address), &form, &asked)))
}
