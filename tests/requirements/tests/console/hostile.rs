//! Texts of a PSA and of the password manager that try to be more than text: every page that has them shows them as they are (R92).

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::import::{self, choose_one, fetch, id, row};
use requirements::stage::integration;
use requirements::{hostile, managed, psa};
use serde_json::{Value, json};

use crate::stage::{KIND, Stage, stage};

/// One of each shape.
const MANY: usize = 20;

/// Hostile texts, each in another place.
struct Texts {
    companies: Vec<String>,
    kinds: Vec<String>,
    /// The names of contacts whose addresses are free.
    people: Vec<String>,
    /// Those of contacts whose addresses are taken.
    conflicts: Vec<String>,
    /// What stands where addresses belong.
    addresses: Vec<String>,
    /// Managed companies that have the addresses which are taken.
    holders: Vec<String>,
    integration: String,
}

impl Texts {
    fn new() -> Self {
        let mut rest = hostile::names();
        let mut some = || rest.drain(..MANY).collect::<Vec<_>>();
        Self {
            companies: some(),
            kinds: some(),
            people: some(),
            conflicts: some(),
            addresses: some(),
            holders: some(),
            integration: some().remove(0),
        }
    }
}

fn contact(company: &str, first_name: &str, address: &str) -> Value {
    let mut contact = psa::new_contact(KIND, company, address);
    contact["firstName"] = json!(first_name);
    contact
}

/// Enters everything, and fetches it; gives the import and the companies.
async fn entered(stage: &Stage, texts: &Texts) -> (String, Vec<String>) {
    let ana = stage.sandbox.api("ana");
    let mut companies = Vec::new();
    for place in 0..MANY {
        // A type that was taken off the list of types, and is still referred to.
        let kind = json!({ "id": 900 + place, "name": texts.kinds[place] });
        let company = json!({ "name": texts.companies[place], "types": [kind] });
        let added = psa::change(&stage.sandbox, KIND, json!({ "companies": [company] }));
        let company = psa::added(KIND, &added["companies"]);
        let taken = format!("taken{place}@other.example");
        let contacts = [
            contact(&company, &texts.people[place], &format!("free{place}@own.example")),
            contact(&company, &texts.conflicts[place], &taken),
            contact(&company, "Nobody", &texts.addresses[place]),
        ];
        psa::change(&stage.sandbox, KIND, json!({ "contacts": contacts }));
        let holder = managed::add(&ana, &texts.holders[place]).await;
        managed::add_user(&ana, &holder, &taken).await;
        companies.push(company);
    }
    let path = format!("/integrations/{}", integration(&ana, KIND).await);
    let version = ana.get(&path).await.unwrap()["version"].clone();
    let renamed = json!({ "version": version, "name": texts.integration });
    ana.patch(&path, &renamed).await.unwrap();
    let import = fetch(&ana, KIND).await;
    for company in &companies {
        choose_one(&ana, &import, &row(&ana, &import, company).await).await;
    }
    (import, companies)
}

/// Nothing of the page is markup that the console did not make.
fn assert_own_markup(page: &Page) {
    assert_eq!(page.html.all("script").count(), 1, "{}", page.url);
    for foreign in ["img", "iframe", "base", "style", "math", "mi", "b"] {
        assert_eq!(page.html.all(foreign).count(), 0, "{}: {foreign}", page.url);
    }
}

/// Every text is shown as it is.
fn assert_shown<'a>(shown: &str, texts: impl IntoIterator<Item = &'a String>, on: &str) {
    for text in texts {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&text), "{on} does not show {text} as it is: {shown}");
    }
}

/// All words of a list, page after page.
async fn all_words(browser: &mut Browser, url: &str) -> String {
    let mut page = browser.open(url).await;
    let mut words = page.words();
    assert_own_markup(&page);
    while page.has_link("Next page") {
        page = browser.follow(&page, "Next page").await;
        assert_own_markup(&page);
        words += &page.words();
    }
    words
}

#[tokio::test]
async fn r92_hostile_texts_of_every_kind_are_shown_as_text() {
    let (stage, texts) = (stage().await, Texts::new());
    let ana = stage.sandbox.api("ana");
    let (import, companies) = entered(&stage, &texts).await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert_own_markup(&home);
    assert_shown(&home.words(), [&texts.integration], "the first page");
    let at = stage.at(&format!("/console/imports/{import}"));
    // What they all have in common is the number of their round.
    let search = format!("{at}/companies/{}?search=75", companies[0]);
    let found = browser.open(&search).await;
    assert_own_markup(&found);
    assert_shown(&found.words(), &texts.holders, "the search of a managed company");
    for (place, company) in companies.iter().enumerate() {
        let page = browser.open(&format!("{at}/companies/{company}")).await;
        assert_own_markup(&page);
        let own = [&texts.companies[place], &texts.kinds[place]];
        assert_shown(&page.words(), own, "a company");
        let page = browser.open(&format!("{at}/people/{company}")).await;
        assert_own_markup(&page);
        let people = [&texts.people, &texts.conflicts, &texts.addresses, &texts.holders];
        let own = people
            .map(|texts| &texts[place])
            .into_iter()
            .chain([&texts.companies[place]]);
        assert_shown(&page.words(), own, "people of a company");
        let free = import::addresses(&ana, &import, company).await;
        let free = free
            .iter()
            .find(|row| row["address"] == format!("free{place}@own.example"));
        let free = id(free.unwrap());
        let of = format!("{at}/people/{company}/{free}?of=free{place}@own.example");
        let page = browser.open(&of).await;
        assert_own_markup(&page);
        assert_shown(&page.words(), [&texts.people[place]], "a person");
    }
    let people = all_words(&mut browser, &format!("{at}/people?search=own.example")).await;
    assert_shown(&people, texts.companies.iter().chain(&texts.people), "people");
    let plan = all_words(&mut browser, &format!("{at}/plan")).await;
    let planned = texts.companies.iter().chain(&texts.people).chain(&texts.conflicts);
    assert_shown(&plan, planned, "the plan");

    import::carry_out(&ana, &import).await;
    let result = all_words(&mut browser, &format!("{at}/result")).await;
    let skipped = texts.companies.iter().chain(&texts.conflicts).chain(&texts.holders);
    assert_shown(&result, skipped, "the result");
    let of_integration = stage.at(&format!("/console/integrations/{}", integration(&ana, KIND).await));
    let mappings = all_words(&mut browser, &format!("{of_integration}/mappings")).await;
    assert_shown(
        &mappings,
        texts.companies.iter().chain([&texts.integration]),
        "mappings",
    );
    let trail = all_words(&mut browser, &format!("{of_integration}/audit")).await;
    assert_shown(&trail, [&texts.integration], "the trail");
    let managed = all_words(&mut browser, &stage.at("/console/managed-companies")).await;
    assert_shown(
        &managed,
        texts.companies.iter().chain(&texts.holders),
        "managed companies",
    );
}

#[tokio::test]
async fn r92_hostile_names_are_shown_as_text() {
    let stage = stage().await;
    let names = hostile::names();
    for name in &names {
        psa::add_company(&stage.sandbox, KIND, name);
    }
    let import = fetch(&stage.sandbox.api("ana"), KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let mut page = browser
        .open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    let mut shown = String::new();
    loop {
        assert_eq!(page.html.all("script").count(), 1, "only the console's own");
        assert_eq!(page.html.all("img").count() + page.html.all("iframe").count(), 0);
        shown += &page.words();
        if !page.has_link("Next page") {
            break;
        }
        page = browser.follow(&page, "Next page").await;
    }
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in names {
        assert!(shown.contains(&plain(&name)), "{name} is not shown as it is");
    }
}
