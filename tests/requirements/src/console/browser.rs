//! A browser without a screen and without script: it keeps cookies as browsers do, follows links, and fills forms by their labels.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, REFERER, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Url};

use super::checks;
use super::html::Html;
use super::page::Page;

#[derive(Debug, Clone)]
struct Cookie {
    value: String,
    strict: bool,
}

/// Where the console of a sandbox is.
const CONSOLE: &str = "127.0.0.1";

/// A browser drops a cookie whose name and value have more bytes together.
const LARGEST_COOKIE: usize = 4_096;

/// The cookie with the language that somebody chose.
const LANGUAGE: &str = "__Host-language";

/// One person's browser.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, Cookie>>,
    /// What is asked for in `Accept-Language`.
    pub language: &'static str,
    /// Whether every answer is checked.
    pub checks: bool,
    /// Every address that was asked, in order.
    pub asked: Vec<Url>,
}

/// How many bytes a browser that takes gzip loads before a page is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weight {
    /// Of the page itself.
    pub page: usize,
    /// Of its scripts.
    pub script: usize,
    /// Of the page and everything that it loads.
    pub all: usize,
    /// How many answers these are.
    pub answers: usize,
}

impl Browser {
    /// A browser that knows no cookie yet and checks every answer.
    #[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
    pub fn new(language: &'static str) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self {
            client: client.unwrap(),
            cookies: BTreeMap::new(),
            language,
            checks: true,
            asked: Vec::new(),
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

    /// Follows the page's own link to what is new, again and again, while the page says that something goes on.
    pub async fn wait(&mut self, mut page: Page) -> Page {
        for _ in 0..1_200 {
            if !page.html.all("main").any(|(_, main)| main.get("data-again").is_some()) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            let refresh = if self.expected() == "nl" { "Vernieuw" } else { "Refresh" };
            page = self.follow(&page, refresh).await;
        }
        panic!("it does not end: {}", page.words());
    }

    /// Sends a form that a page of this address would send.
    pub async fn send(&mut self, method: Method, url: Url, body: Option<String>, from: Option<&Url>) -> Page {
        self.go(method, url, body, from).await
    }

    /// Sends one request with all cookies and these headers, as no page may send it, and follows nothing.
    pub async fn ask(
        &mut self,
        method: Method,
        url: &Url,
        body: Option<String>,
        headers: &[(&'static str, &str)],
    ) -> Page {
        let cookies = self.sent(url, &method, false);
        let mut request = self.client.request(method, url.clone()).header(COOKIE, cookies);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.receive(url, with_form(request, body)).await
    }

    /// Loads a page and everything that it names, as a browser does that has nothing of it yet.
    #[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
    pub async fn weigh(&self, page: &Page) -> Weight {
        let client = Client::builder().no_gzip().build().unwrap();
        let bytes = async |url: &Url| {
            let request = client.get(url.clone()).header("accept-encoding", "gzip");
            let request = request.header(COOKIE, self.sent(url, &Method::GET, false));
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{url}: {}", answer.status());
            answer.bytes().await.unwrap().len()
        };
        let own = bytes(&page.url).await;
        let mut weight = Weight {
            page: own,
            script: 0,
            all: own,
            answers: 1,
        };
        for (name, attribute) in [("script", "src"), ("link", "href"), ("img", "src")] {
            for (_, element) in page.html.all(name) {
                let url = page.url.join(element.get(attribute).unwrap()).unwrap();
                let loaded = bytes(&url).await;
                weight.script += if name == "script" { loaded } else { 0 };
                weight.all += loaded;
                weight.answers += 1;
            }
        }
        weight
    }

    /// The value of a cookie.
    pub fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.cookies.get(host)?.get(name).map(|cookie| cookie.value.as_str())
    }

    /// The names of the cookies that begin so.
    pub fn cookies(&self, host: &str, prefix: &str) -> Vec<&str> {
        let all = self.cookies.get(host).into_iter().flat_map(BTreeMap::keys);
        all.map(String::as_str)
            .filter(|name| name.starts_with(prefix))
            .collect()
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
            if self.checks && url.host_str() == Some(CONSOLE) {
                checks::page(&page, self.expected());
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
        self.receive(url, with_form(request, body)).await
    }

    async fn receive(&mut self, url: &Url, request: RequestBuilder) -> Page {
        self.asked.push(url.clone());
        let answer = request.send().await.unwrap();
        self.keep(url, answer.headers());
        let (status, headers) = (answer.status(), answer.headers().clone());
        let source = answer.text().await.unwrap();
        let page = Page {
            url: url.clone(),
            status,
            headers,
            html: Html::parse(&source),
            source,
        };
        // Also of what leads on, which nobody sees.
        if self.checks && url.host_str() == Some(CONSOLE) {
            checks::answer(&page);
        }
        page
    }

    /// The language that pages are to have: the one that was chosen, or else the one that is asked for.
    fn expected(&self) -> &str {
        self.cookie(CONSOLE, LANGUAGE).unwrap_or(&self.language[..2])
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
            if name.len() + value.len() > LARGEST_COOKIE {
                continue;
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

fn with_form(request: RequestBuilder, body: Option<String>) -> RequestBuilder {
    match body {
        Some(body) => request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body),
        None => request,
    }
}
