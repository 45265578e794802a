//! One person's browser with the page that it shows.

use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::axe;
use crate::hand::Hand;
use crate::looks::Looks;
use crate::vendor::Own;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// More presses of the Tab key than any page has places to go to.
const MOST_TABS: usize = 400;

/// What an element is called, as assistive technology has it.
const NAME: &str = r#"
    const name = (of) => (of.getAttribute("aria-label")
        || (of.labels && of.labels[0] && of.labels[0].textContent) || of.textContent || "").trim().replace(/\s+/g, " ");
"#;

/// A browser.
pub struct Tab {
    client: Client,
    hand: Hand,
    language: String,
}

impl Tab {
    pub(crate) fn new(client: Client, hand: Hand, language: &str) -> Self {
        Self {
            client,
            hand,
            language: language.to_owned(),
        }
    }

    /// The language that it asks for.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Opens an address that was typed.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// The address that is shown.
    pub async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// The heading of the page.
    pub async fn title(&self) -> String {
        let title = "const title = document.querySelector('h1'); return title ? title.textContent : '';";
        self.ask(title).await.as_str().unwrap_or_default().to_owned()
    }

    /// All that can be read.
    pub async fn words(&self) -> String {
        self.ask("return document.body.innerText;")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// What a script answers that looks at the page. It runs where pages may run none as well.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Presses the button, or follows the link, whose name begins so.
    pub async fn press(&self, name: &str) {
        match self.hand {
            Hand::Mouse => self.found(name, "a, button, summary").await.click().await.unwrap(),
            Hand::Keyboard => {
                self.reach(name, "a, button, summary").await;
                self.keys(&[Key::Enter.into()]).await;
            }
        }
    }

    /// Ticks the box, or chooses the radio button, whose label begins so.
    pub async fn tick(&self, name: &str) {
        match self.hand {
            Hand::Mouse => self.found(name, "input").await.click().await.unwrap(),
            Hand::Keyboard => {
                self.reach(name, "input").await;
                self.keys(&[' ']).await;
            }
        }
    }

    /// Types into the field whose label begins so.
    pub async fn fill(&self, name: &str, text: &str) {
        match self.hand {
            Hand::Mouse => {
                let field = self.found(name, "input").await;
                field.click().await.unwrap();
                field.send_keys(text).await.unwrap();
            }
            Hand::Keyboard => {
                self.reach(name, "input").await;
                self.keys(&text.chars().collect::<Vec<_>>()).await;
            }
        }
    }

    /// Presses keys, one after the other.
    pub async fn keys(&self, keys: &[char]) {
        let presses = keys
            .iter()
            .flat_map(|&value| [KeyAction::Down { value }, KeyAction::Up { value }]);
        let presses = presses.fold(KeyActions::new("keyboard".to_owned()), InputSource::then);
        self.client.perform_actions(presses).await.unwrap();
    }

    /// What has the focus, by its name.
    pub async fn focused(&self) -> String {
        let script = format!("{NAME} return name(document.activeElement);");
        self.ask(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says something.
    pub async fn until(&self, words: &str) {
        self.until_words(|all| all.contains(words), words).await;
    }

    /// Waits until the page has this heading.
    pub async fn until_title(&self, title: &str) {
        let until = Instant::now() + PATIENCE;
        while self.title().await != title {
            assert!(
                Instant::now() < until,
                "{title}: {} {}",
                self.address().await,
                self.words().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page has something that the selector finds.
    pub async fn until_there(&self, selector: &str) {
        let until = Instant::now() + PATIENCE;
        while self.count(selector).await == 0 {
            assert!(Instant::now() < until, "{selector}: {}", self.words().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_words(&self, fits: impl Fn(&str) -> bool, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let words = self.words().await;
            if fits(&words) {
                return;
            }
            assert!(Instant::now() < until, "{wanted}: {} {words}", self.address().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Finds what is called so, in the content first, since the menu is on every page.
    async fn found(&self, name: &str, kinds: &str) -> Element {
        let script = format!(
            "{NAME} const [wanted, kinds] = arguments;
            const all = [...document.querySelectorAll('main, body')].flatMap((part) => [...part.querySelectorAll(kinds)]);
            const fits = (is) => all.find((one) => one.getClientRects().length && is(name(one)));
            return fits((own) => own === wanted) || fits((own) => own.startsWith(wanted)) || null;"
        );
        let until = Instant::now() + PATIENCE;
        loop {
            let arguments = vec![json!(name), json!(kinds)];
            let found = self.client.execute(&script, arguments).await.unwrap();
            // The standard's way to name an element: an object of one field.
            let id = found.as_object().and_then(|element| element.values().next()?.as_str());
            if let Some(id) = id {
                // Out from under the bar at the foot, as people scroll.
                let center = "arguments[0].scrollIntoView({ block: 'center' });";
                self.client.execute(center, vec![found.clone()]).await.unwrap();
                return Element::from_element_id(self.client.clone(), id.to_owned().into());
            }
            assert!(
                Instant::now() < until,
                "nothing is called {name}: {} {}",
                self.address().await,
                self.words().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Goes there with the Tab key alone.
    async fn reach(&self, name: &str, kinds: &str) {
        let _ = self.found(name, kinds).await;
        let script = format!(
            "{NAME} const [wanted, kinds] = arguments; const own = document.activeElement;
            return own.matches(kinds) && name(own).startsWith(wanted);"
        );
        for _ in 0..MOST_TABS {
            let arguments = vec![json!(name), json!(kinds)];
            if self.client.execute(&script, arguments).await.unwrap() == true {
                return;
            }
            self.keys(&[Key::Tab.into()]).await;
        }
        panic!("the Tab key does not lead to {name}: {}", self.words().await);
    }

    /// Shows the page in another way.
    pub async fn look(&self, looks: Looks) {
        let scheme = if looks == Looks::Dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media).await;
        let width = if looks == Looks::Narrow { 320 } else { 1440 };
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await;
        let size = if looks == Looks::Large { "200%" } else { "" };
        self.ask(&format!("document.documentElement.style.fontSize = '{size}';"))
            .await;
    }

    /// What axe finds wrong with the page, and whether it has to be scrolled sideways.
    pub async fn violations(&self) -> Vec<String> {
        self.client.execute(&axe::SOURCE, Vec::new()).await.unwrap();
        let found = self.client.execute_async(axe::RUN, Vec::new()).await.unwrap();
        let mut lines = axe::lines(&found);
        let wider = "const page = document.documentElement; return page.scrollWidth > page.clientWidth;";
        if self.ask(wider).await == true {
            lines.push("the page is wider than the window".to_owned());
        }
        lines
    }

    /// What the browser has logged since it was asked last: violations of the policy, errors of the script, what could not be loaded.
    pub async fn log(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Own::log()).await.unwrap();
        let all = log.as_array().into_iter().flatten();
        let all = all.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        // The page of the stand-in identity provider has no icon, and browsers ask for one.
        all.filter(|line| !line.contains("/favicon.ico")).collect()
    }

    /// Keeps a picture of the whole page.
    pub async fn picture(&self, file: &Path) {
        let height = self.ask("return document.documentElement.scrollHeight;").await;
        let width = self.ask("return window.innerWidth;").await;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await;
        let picture = self.client.screenshot().await.unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Keeps a picture of what the window shows.
    pub async fn window(&self, file: &Path) {
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Forgets all cookies, as when a session is over.
    pub async fn forget_cookies(&self) {
        self.devtools("Network.clearBrowserCookies", &json!({})).await;
    }

    /// Opens another tab of the same browser, which is shown from now on; gives the way back.
    pub async fn another(&self) -> fantoccini::wd::WindowHandle {
        let first = self.client.window().await.unwrap();
        let other = self.client.new_window(true).await.unwrap();
        self.client.switch_to_window(other.handle).await.unwrap();
        first
    }

    /// Shows another tab.
    pub async fn back_to(&self, tab: fantoccini::wd::WindowHandle) {
        self.client.switch_to_window(tab).await.unwrap();
    }

    /// How many elements fit.
    pub async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    async fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.client.issue_cmd(Own::devtools(command, parameters)).await.unwrap()
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
