//! A browser without a screen and without script: it keeps cookies as browsers do, follows links, and fills forms by their labels.

use std::collections::BTreeMap;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, REFERER, SET_COOKIE};
use reqwest::{Client, Method, StatusCode, Url};

use super::checks;
use super::html::{Element, Html};

/// A page that is shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it came from, redirects followed.
    pub url: Url,
    /// What the server said of it.
    pub status: StatusCode,
    /// What came with it.
    pub headers: HeaderMap,
    /// As it was sent.
    pub source: String,
    /// As it was understood.
    pub html: Html,
}

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

impl Page {
    /// All that can be read.
    pub fn words(&self) -> String {
        let body = self.html.all("body").next();
        body.map(|(_, body)| body.words()).unwrap_or_default()
    }

    /// Its first heading.
    pub fn title(&self) -> String {
        self.html
            .all("h1")
            .next()
            .map(|(_, title)| title.words())
            .unwrap_or_default()
    }

    /// Whether it has a link whose text begins so.
    pub fn has_link(&self, text: &str) -> bool {
        self.html.all("a").any(|(_, link)| link.words().starts_with(text))
    }

    /// Whether it has a button whose label begins so.
    pub fn has_button(&self, text: &str) -> bool {
        self.html
            .all("button")
            .any(|(at, _)| self.html.label(at).starts_with(text))
    }

    /// Keeps the page in the folder that `SCREENS` names, to be looked at.
    fn keep(&self, language: &str) {
        let Some(folder) = std::env::var_os("SCREENS") else {
            return;
        };
        let name: String = self.title().chars().filter(|c| c.is_alphanumeric()).collect();
        let file = std::path::Path::new(&folder).join(format!("{}-{name}.html", &language[..2]));
        std::fs::write(file, &self.source).unwrap();
    }

    fn refresh(&self) -> Option<String> {
        let mut metas = self.html.all("meta").map(|(_, meta)| meta);
        let refresh = metas.find(|meta| meta.get("http-equiv") == Some("refresh"))?;
        Some(refresh.get("content")?.split_once("url=")?.1.to_owned())
    }

    /// What a press of a button sends.
    fn submission(&self, button: &str, fields: &[(&str, &str)]) -> (Method, Url, Option<String>) {
        let mut buttons = self.html.all("button");
        let found = buttons.find(|(at, _)| self.html.label(*at) == button || self.html.label(*at).starts_with(button));
        let (at, button) = found.unwrap_or_else(|| panic!("{} has no button {button}: {}", self.url, self.words()));
        let (of, form) = self
            .html
            .all("form")
            .find(|(form, _)| self.html.is_in(at, *form))
            .unwrap();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (field, element) in self.html.elements.iter().enumerate() {
            if self.html.is_in(field, of) {
                pairs.extend(self.value(field, element, fields));
            }
        }
        if let Some(name) = button.get("name") {
            pairs.push((name.to_owned(), button.get("value").unwrap_or_default().to_owned()));
        }
        let sent = url_encoded(&pairs);
        let mut to = self.url.join(form.get("action").unwrap()).unwrap();
        if form.get("method") == Some("post") {
            return (Method::POST, to, Some(sent));
        }
        to.set_query(Some(&sent));
        (Method::GET, to, None)
    }

    /// What a field sends: what it was filled with, or what it has. A check box is ticked by `on` and cleared by nothing.
    fn value(&self, at: usize, element: &Element, filled: &[(&str, &str)]) -> Option<(String, String)> {
        let name = element.get("name")?.to_owned();
        let label = self.html.label(at);
        let given = filled
            .iter()
            .find(|(wanted, _)| label == *wanted || label.starts_with(wanted));
        let given = given.map(|(_, value)| (*value).to_owned());
        let own = element.get("value").unwrap_or_default().to_owned();
        match (element.name.as_str(), element.get("type")) {
            ("input", Some("hidden")) => Some((name, own)),
            ("input", Some("checkbox" | "radio")) => {
                let on = given.map_or(element.get("checked").is_some(), |value| !value.is_empty());
                on.then_some((name, own))
            }
            ("input", _) => Some((name, given.unwrap_or(own))),
            ("select", _) => {
                let options: Vec<_> = self
                    .html
                    .all("option")
                    .filter(|(option, _)| self.html.is_in(*option, at))
                    .collect();
                let selected = options.iter().find(|(_, option)| option.get("selected").is_some());
                let value = |option: &Element| option.get("value").unwrap_or_default().to_owned();
                let kept = selected.or(options.first()).map(|(_, option)| value(option));
                let chosen = options.iter().find(|(_, option)| Some(option.words()) == given);
                Some((name, chosen.map(|(_, option)| value(option)).or(given).or(kept)?))
            }
            _ => None,
        }
    }
}

fn url_encoded(pairs: &[(String, String)]) -> String {
    let mut url = Url::parse("http://form").unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}
