//! A page that is shown, and what can be read and sent from it.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};

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
    pub(super) fn keep(&self, language: &str) {
        let Some(folder) = std::env::var_os("SCREENS") else {
            return;
        };
        let name: String = self.title().chars().filter(|c| c.is_alphanumeric()).collect();
        let file = std::path::Path::new(&folder).join(format!("{}-{name}.html", &language[..2]));
        std::fs::write(file, &self.source).unwrap();
    }

    pub(super) fn refresh(&self) -> Option<String> {
        let mut metas = self.html.all("meta").map(|(_, meta)| meta);
        let refresh = metas.find(|meta| meta.get("http-equiv") == Some("refresh"))?;
        Some(refresh.get("content")?.split_once("url=")?.1.to_owned())
    }

    /// What a press of a button sends.
    pub fn submission(&self, button: &str, fields: &[(&str, &str)]) -> (Method, Url, Option<String>) {
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
