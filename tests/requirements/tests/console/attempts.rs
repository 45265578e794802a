//! Attempts to be taken for somebody, or to have somebody's browser do something (R92). Each function checks that all of its attempts are
//! refused, and gives how many they were.

use std::time::Duration;

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use reqwest::header::LOCATION;
use reqwest::{Method, Url};

use crate::stage::Stage;

/// Where the console is. The provider is at `localhost`, which is another site.
pub const HOST: &str = "127.0.0.1";

pub const SESSION: &str = "__Host-session";
pub const RENEWAL: &str = "__Host-renewal";
pub const SIGNING_IN: &str = "__Host-signing-in-";

/// What tokens of the provider usually last.
const USUAL: Duration = Duration::from_hours(1);

/// Shorter than what is renewed beforehand, so that every request renews.
pub const SHORT: Duration = Duration::from_secs(30);

/// Where the provider sends people back to.
const BACK: &str = "/console/signed-in";

/// Other sites, and what a browser or a server may take for one.
const ELSEWHERE: [&str; 14] = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/console@evil.example",
    "/console.evil.example",
    "/console//evil.example",
    "/console/../evil",
    "/console/%2e%2e/evil",
    "/console/%2f%2fevil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/console/\r\nset-cookie: a=b",
];

/// The forms of the console that change something.
const FORMS: [&str; 12] = [
    "sign-out",
    "keys",
    "integrations/new",
    "integrations/x/import",
    "integrations/x/edit",
    "integrations/x/remove",
    "integrations/x/credentials",
    "imports/x/execute",
    "imports/x/cancel",
    "imports/x/companies/select",
    "licences",
    "directory/leave",
];

/// How a request says that no page of the console sent it, or does not say that one did.
const FOREIGN: [&[(&str, &str)]; 7] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "none")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1")],
    &[],
];

/// The way back was refused, and nobody is signed in.
fn assert_nobody(browser: &Browser, page: &Page, what: &str) {
    let session = [SESSION, RENEWAL].map(|cookie| browser.cookie(HOST, cookie));
    assert_eq!(
        (page.status.as_u16(), page.title().as_str(), session),
        (400, "You are not signed in", [None, None]),
        "{what}: {}",
        page.words()
    );
}

/// A browser in which a sign-in is under way, and the page of the provider.
async fn signing_in(stage: &Stage) -> (Browser, Page) {
    let mut browser = Browser::new("en");
    let provider = browser.open(&stage.console).await;
    (browser, provider)
}

/// The way back from the provider, which the browser has not taken yet.
async fn way_back(browser: &mut Browser, provider: &Page, who: &str) -> Url {
    let (method, to, body) = provider.submission(who, &[]);
    let answer = browser.ask(method, &to, body, &[]).await;
    to.join(answer.headers[LOCATION].to_str().unwrap()).unwrap()
}

/// A way back with another value in one of its fields.
fn with(back: &Url, name: &str, value: &str) -> String {
    let mut changed = back.clone();
    let pairs = back.query_pairs();
    let pairs = pairs.map(|(known, own)| {
        if known == name {
            (known, value.into())
        } else {
            (known, own)
        }
    });
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed.into()
}

fn field(back: &Url, name: &str) -> String {
    let found = back.query_pairs().find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned()).unwrap()
}

/// Ways back that no provider made.
pub async fn forged_ways_back(stage: &Stage) -> usize {
    let queries = [
        "",
        "?code=x",
        "?state=x",
        "?code=&state=",
        "?code=x&state=x",
        "?code=x&state=x&iss=https://evil.example",
        "?error=access_denied",
        "?code=x&state=%00",
        "?code=x&code=y&state=x",
        "?state=x&error=server_error",
        "?code=%0d%0aset-cookie:a=b&state=x",
    ];
    for query in queries {
        let address = stage.at(&format!("{BACK}{query}"));
        let mut fresh = Browser::new("en");
        let page = fresh.open(&address).await;
        assert_nobody(&fresh, &page, query);
        let (mut begun, _) = signing_in(stage).await;
        let page = begun.open(&address).await;
        assert_nobody(&begun, &page, query);
    }
    queries.len() * 2
}

/// A way back that has signed somebody in, once more.
pub async fn replayed_ways_back(stage: &Stage) -> usize {
    let (mut browser, provider) = signing_in(stage).await;
    let name = browser.cookies(HOST, SIGNING_IN).pop().unwrap().to_owned();
    let under_way = browser.cookie(HOST, &name).unwrap().to_owned();
    browser.press(&provider, "Ana", &[]).await;
    assert!(browser.cookie(HOST, SESSION).is_some());
    let back = browser.asked.iter().find(|url| url.path() == BACK).unwrap().clone();
    let mut same = browser;
    for cookie in [SESSION, RENEWAL] {
        same.forget(HOST, cookie);
    }
    let mut with_its_cookie = same.clone();
    with_its_cookie.set_cookie(HOST, &name, &under_way);
    let mut other_with_its_cookie = Browser::new("en");
    other_with_its_cookie.set_cookie(HOST, &name, &under_way);
    let browsers = [
        ("the same browser", same),
        ("the same browser with its cookie", with_its_cookie),
        ("another browser", Browser::new("en")),
        ("another browser with its cookie", other_with_its_cookie),
        ("another browser that is signing in", signing_in(stage).await.0),
    ];
    let many = browsers.len();
    for (what, mut browser) in browsers {
        let page = browser.open(back.as_str()).await;
        assert_nobody(&browser, &page, what);
    }
    many
}

/// A way back that is good, in a browser that it was not made for; and one that is put together from two.
pub async fn swapped_ways_back(stage: &Stage) -> usize {
    let (mut ana, provider) = signing_in(stage).await;
    let back = way_back(&mut ana, &provider, "Ana").await;
    let (mut bram, provider) = signing_in(stage).await;
    let of_bram = way_back(&mut bram, &provider, "Bram").await;
    let of_other = |name| field(&of_bram, name);
    let attempts = [
        ("another browser", Browser::new("en"), back.to_string()),
        ("another one that is signing in", bram.clone(), back.to_string()),
        (
            "the state of another",
            ana.clone(),
            with(&back, "state", &of_other("state")),
        ),
        (
            "another provider",
            ana.clone(),
            with(&back, "iss", "https://evil.example"),
        ),
        // This uses the code of Bram up, so that the next attempt fails.
        (
            "the code of another",
            ana.clone(),
            with(&back, "code", &of_other("code")),
        ),
        ("a code that was swapped", bram.clone(), of_bram.to_string()),
    ];
    let many = attempts.len();
    for (what, mut browser, address) in attempts {
        let page = browser.open(&address).await;
        assert_nobody(&browser, &page, what);
    }
    // It was good all the while.
    let home = ana.open(back.as_str()).await;
    assert_eq!(home.title(), "Integrations", "{}", home.words());
    many
}

/// Cookies that the console did not seal, or sealed as others.
pub async fn changed_cookies(stage: &Stage) -> usize {
    let (browser, _) = stage.sign_in("Ana", "en").await;
    let session = browser.cookie(HOST, SESSION).unwrap().to_owned();
    let renewal = browser.cookie(HOST, RENEWAL).unwrap().to_owned();
    let mut half = session.clone();
    half.truncate(session.len() / 2);
    let reversed: String = session.chars().rev().collect();
    let forged = [
        renewal.as_str(),
        &half,
        &reversed,
        "",
        "x",
        "eyJhbGciOiJub25lIn0",
        &session.replace(['A', 'a'], "b"),
    ];
    for value in forged {
        let mut other = Browser::new("en");
        other.set_cookie(HOST, SESSION, value);
        let page = other.open(&stage.console).await;
        assert_eq!(page.url.host_str(), Some("localhost"), "{value}");
    }
    forged.len()
}

/// A session whose token is over, and that the provider does not renew.
pub async fn expired_sessions(stage: &Stage) -> usize {
    let provider = stage.sandbox.provider();
    provider.set_lifetime(SHORT);
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    provider.set_lifetime(Duration::ZERO);
    browser.open(&stage.at("/console/keys")).await;
    provider.forget();
    let pages = ["", "/keys", "/licences", "/audit", "/directory", "/integrations/new"];
    for page in pages {
        let shown = browser.clone().open(&stage.at(&format!("/console{page}"))).await;
        assert_eq!(shown.url.host_str(), Some("localhost"), "{page}: {}", shown.words());
    }
    let forms = ["keys", "licences", "integrations/new"];
    for form in forms {
        let to = stage.at(&format!("/console/{form}")).parse().unwrap();
        let own = [("sec-fetch-site", "same-origin")];
        let answer = browser.clone().ask(Method::POST, &to, Some(String::new()), &own).await;
        let found = (answer.status.as_u16(), answer.title());
        assert_eq!(found, (401, "Your session has ended".to_owned()), "{form}");
    }
    provider.set_lifetime(USUAL);
    pages.len() + forms.len()
}

/// Forms that another site has the browser of somebody send who is signed in.
pub async fn forms_of_other_sites(stage: &Stage) -> usize {
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for form in FORMS {
        let to: Url = stage.at(&format!("/console/{form}")).parse().unwrap();
        for headers in FOREIGN {
            let answer = browser.ask(Method::POST, &to, Some(String::new()), headers).await;
            assert_eq!(answer.status.as_u16(), 403, "{form} {headers:?}");
        }
        // As a browser sends it: without the session's cookie.
        let evil = "http://evil.example/page".parse().unwrap();
        let answer = browser.send(Method::POST, to, Some(String::new()), Some(&evil)).await;
        assert_eq!(answer.status.as_u16(), 403, "{form}");
    }
    let home = browser.open(&stage.console).await;
    assert_eq!(home.title(), "Integrations", "still signed in");
    FORMS.len() * (FOREIGN.len() + 1)
}

/// Addresses that would lead to another site after a choice of language or a sign-in.
pub async fn ways_to_other_sites(stage: &Stage) -> usize {
    for to in ELSEWHERE {
        let mut address: Url = stage.at("/console/language/nl").parse().unwrap();
        address.query_pairs_mut().append_pair("to", to);
        let answer = Browser::new("en").ask(Method::GET, &address, None, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers[LOCATION].to_str().unwrap()),
            (303, "/console"),
            "{to}"
        );
        let mut address: Url = stage.at("/console/sign-in").parse().unwrap();
        address.query_pairs_mut().append_pair("to", to);
        let mut browser = Browser::new("en");
        let provider = browser.open(address.as_str()).await;
        let page = browser.press(&provider, "Ana", &[]).await;
        let found = (page.url.host_str(), page.url.path());
        assert_eq!(found, (Some(HOST), "/console"), "{to}");
    }
    ELSEWHERE.len() * 2
}
