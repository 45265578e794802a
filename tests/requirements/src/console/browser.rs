//! A browser without a screen and without script: it keeps cookies as browsers do, follows links, and fills forms by their labels.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, REFERER, SET_COOKIE};
use reqwest::{Client, Method, Url};

use super::checks;
use super::html::Html;
use super::page::Page;

#[derive(Debug, Clone)]
struct Cookie {
    value: String,
    strict: bool,
}

/// One person's browser.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, Cookie>>,
    /// What is asked for in `Accept-Language`.
    pub language: &'static str,
    /// Whether every page is checked.
    pub checks: bool,
}

impl Browser {
    /// A browser that knows no cookie yet and checks every page.
    #[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
    pub fn new(language: &'static str) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self {
            client: client.unwrap(),
            cookies: BTreeMap::new(),
            language,
            checks: true,
        }
    }

    /// Opens an address that was typed.
    pub async fn open(&mut self, url: &str) -> Page {
        self.go(Method::GET, url.parse().unwrap(), None, None).await
    }

    /// Follows the link of this text.
    pub async fn follow(&mut self, page: &Page, text: &str) -> Page {
        // First those of the content, since the menu is on every page.
        let main = page.html.all("main").next().map(|(main, _)| main);
        let in_main = |at: usize| main.is_some_and(|main| page.html.is_in(at, main));
        let (content, rest): (Vec<_>, Vec<_>) = page.html.all("a").partition(|(at, _)| in_main(*at));
        let links: Vec<_> = content.into_iter().chain(rest).map(|(_, link)| link).collect();
        let link = links.iter().find(|link| link.words() == text);
        let link = link.or_else(|| links.iter().find(|link| link.words().starts_with(text)));
        let link = link.unwrap_or_else(|| panic!("{} has no link {text}: {}", page.url, page.words()));
        let to = page.url.join(link.get("href").unwrap()).unwrap();
        self.go(Method::GET, to, None, Some(&page.url)).await
    }

    /// Presses the button of this text, having filled the fields of these labels in its form.
    pub async fn press(&mut self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let (method, to, body) = page.submission(button, fields);
        self.go(method, to, body, Some(&page.url)).await
    }

    /// Loads a page again and again while it says of itself that something goes on.
    pub async fn wait(&mut self, mut page: Page) -> Page {
        for _ in 0..1_200 {
            if !page.html.all("main").any(|(_, main)| main.get("data-again").is_some()) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            page = self.open(page.url.as_str()).await;
        }
        panic!("it does not end: {}", page.words());
    }

    /// Sends a form that a page of this address would send.
    pub async fn send(&mut self, method: Method, url: Url, body: Option<String>, from: Option<&Url>) -> Page {
        self.go(method, url, body, from).await
    }

    /// The value of a cookie.
    pub fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.cookies.get(host)?.get(name).map(|cookie| cookie.value.as_str())
    }

    /// Puts another value into a cookie, as somebody does who has got hold of one.
    pub fn set_cookie(&mut self, host: &str, name: &str, value: &str) {
        let cookie = Cookie {
            value: value.to_owned(),
            strict: false,
        };
        self.cookies
            .entry(host.to_owned())
            .or_default()
            .insert(name.to_owned(), cookie);
    }

    /// Deletes a cookie.
    pub fn forget(&mut self, host: &str, name: &str) {
        if let Some(cookies) = self.cookies.get_mut(host) {
            cookies.remove(name);
        }
    }

    async fn go(&mut self, mut method: Method, mut url: Url, mut body: Option<String>, from: Option<&Url>) -> Page {
        let mut from = from.cloned();
        let mut crossed = false;
        for _ in 0..20 {
            // A redirect keeps the one who began, and one step across sites makes the whole way cross-site.
            crossed |= from.as_ref().is_some_and(|from| from.host_str() != url.host_str());
            let page = self.one(&method, &url, body.take(), from.as_ref(), crossed).await;
            if let Some(to) = page.headers.get(LOCATION).filter(|_| page.status.is_redirection()) {
                url = url.join(to.to_str().unwrap()).unwrap();
                method = Method::GET;
                continue;
            }
            if self.checks && url.host_str() == Some("127.0.0.1") {
                checks::page(&page);
                page.keep(self.language);
            }
            let Some(to) = page.refresh() else { return page };
            (from, crossed, method) = (Some(url.clone()), false, Method::GET);
            url = url.join(&to).unwrap();
        }
        panic!("{url}: it never ends");
    }

    async fn one(
        &mut self,
        method: &Method,
        url: &Url,
        body: Option<String>,
        from: Option<&Url>,
        crossed: bool,
    ) -> Page {
        let site = match from {
            None => "none",
            Some(_) if crossed => "cross-site",
            Some(_) => "same-origin",
        };
        let mut request = self
            .client
            .request(method.clone(), url.clone())
            .header(ACCEPT_LANGUAGE, self.language)
            .header("sec-fetch-site", site)
            .header(COOKIE, self.sent(url, method, crossed));
        if let Some(from) = from.filter(|_| !crossed) {
            request = request.header(REFERER, from.as_str());
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        self.keep(url, answer.headers());
        let (status, headers) = (answer.status(), answer.headers().clone());
        let source = answer.text().await.unwrap();
        Page {
            url: url.clone(),
            status,
            headers,
            html: Html::parse(&source),
            source,
        }
    }

    fn sent(&self, url: &Url, method: &Method, crossed: bool) -> String {
        let own = self.cookies.get(url.host_str().unwrap_or_default());
        let cookies = own.into_iter().flatten();
        let sent = cookies.filter(|(_, cookie)| !crossed || !cookie.strict && *method == Method::GET);
        sent.map(|(name, cookie)| format!("{name}={}", cookie.value))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        let own = self
            .cookies
            .entry(url.host_str().unwrap_or_default().to_owned())
            .or_default();
        for cookie in headers.get_all(SET_COOKIE) {
            let mut parts = cookie.to_str().unwrap().split(';').map(str::trim);
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let rest: Vec<&str> = parts.collect();
            assert!(name.starts_with("__Host-"), "{name}");
            for needed in ["Path=/", "Secure", "HttpOnly"] {
                assert!(rest.contains(&needed), "{name} is not {needed}");
            }
            if rest.contains(&"Max-Age=0") {
                own.remove(name);
                continue;
            }
            let strict = rest.contains(&"SameSite=Strict");
            let value = value.to_owned();
            own.insert(name.to_owned(), Cookie { value, strict });
        }
    }
}
