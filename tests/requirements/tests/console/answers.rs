//! What every answer has, also one that is no page (R92). Of pages and of what leads to them the browser of the walks checks it.

use requirements::console::browser::Browser;
use reqwest::{Method, Url};

use crate::stage::stage;

/// As a page of the console sends it.
const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

/// With a host that is none, no request can be made of it.
const UNREADABLE: &[(&str, &str)] = &[("host", "[")];

#[tokio::test]
async fn r92_every_kind_of_answer_has_the_protecting_headers() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let mut assets = 0;
    for (name, attribute) in [("script", "src"), ("link", "href")] {
        for (_, element) in home.html.all(name) {
            let url = home.url.join(element.get(attribute).unwrap()).unwrap();
            let asset = browser.ask(Method::GET, &url, None, &[]).await;
            assert_eq!(asset.status.as_u16(), 200, "{url}");
            assets += 1;
        }
    }
    assert_eq!(assets, 3);
    let cross_site: &[(&str, &str)] = &[("sec-fetch-site", "cross-site")];
    for (method, path, headers, status) in [
        (Method::GET, "/sign-in", &[][..], 303),
        (Method::GET, "/language/en", &[], 303),
        (Method::GET, "/language/fr", &[], 404),
        (Method::GET, "/none", &[], 404),
        (Method::GET, "/imports/none", &[], 404),
        (Method::GET, "/assets/0/none.css", &[], 404),
        (Method::HEAD, "/keys", &[], 200),
        (Method::PUT, "/keys", OWN, 405),
        (Method::POST, "/keys", OWN, 303),
        (Method::POST, "/keys", cross_site, 403),
        (Method::POST, "/none", &[], 403),
        (Method::GET, "/keys", UNREADABLE, 400),
        (Method::POST, "/keys", UNREADABLE, 400),
    ] {
        let url: Url = stage.at(&format!("/console{path}")).parse().unwrap();
        let answer = browser.ask(method.clone(), &url, None, headers).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}");
    }
    let mut nobody = Browser::new("en");
    let url: Url = stage.at("/console/keys").parse().unwrap();
    let too_large = Some("x".repeat(300_000));
    for (method, body, status) in [
        (Method::GET, None, 303),
        (Method::POST, None, 401),
        (Method::POST, too_large, 401),
    ] {
        let answer = nobody.ask(method.clone(), &url, body, OWN).await;
        assert_eq!(answer.status.as_u16(), status, "{method}");
    }
}
