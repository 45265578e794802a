//! What the pages of an import share: its steps, who holds it, and where it stands.

use domain::import::ImportState;

use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::Fields;
use crate::page::{Page, StepLink, StepState};
use crate::refused::Refused;
use crate::views::{Import, Integration};

/// A step of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Filter,
    Download,
    Companies,
    People,
    Check,
    Result,
}

const STEPS: [(Step, &str, &str); 6] = [
    (Step::Filter, "Filter", "Filter"),
    (Step::Download, "Download", "Ophalen"),
    (Step::Companies, "Companies", "Bedrijven"),
    (Step::People, "People", "Personen"),
    (Step::Check, "Check", "Controle"),
    (Step::Result, "Result", "Resultaat"),
];

/// After how many seconds an import that another administrator holds is looked at again: it may be free by then.
const HELD_SECONDS: u8 = 30;

/// An import, as the person who looks at it may use it.
pub(super) struct Frame {
    pub import: Import,
    /// Its integration, unless that was removed.
    pub integration: Option<Integration>,
    /// Whether decisions can be made: in review, by the administrator who holds it.
    pub decides: bool,
    /// Whether it is theirs at all.
    pub mine: bool,
    /// Whether it was theirs until its lock ran out: only they can take it up again.
    pub was_mine: bool,
}

/// The path of an import's pages.
pub(super) fn path(import: &str) -> String {
    format!("/console/imports/{}", escaped(import))
}

/// The path of an import in the API.
pub(super) fn api(import: &str) -> String {
    format!("/imports/{}", escaped(import))
}

impl Frame {
    pub async fn read(caller: &Caller, import: &str) -> Result<Self, Refused> {
        let import: Import = caller.api.get(&api(import)).await?;
        let integration = format!("/integrations/{}", escaped(&import.integration));
        let integration = match caller.api.get::<Integration>(&integration).await {
            Err(Refused::Problem(problem)) if problem.status == 404 => None,
            integration => Some(integration?),
        };
        let mine = import.lock.as_ref().is_some_and(|lock| lock.holder == caller.name);
        let holder = import.taken_over_by.as_ref().unwrap_or(&import.started_by);
        Ok(Self {
            decides: mine && import.state == ImportState::Review,
            was_mine: import.lock.is_none() && *holder == caller.name,
            mine,
            integration,
            import,
        })
    }

    /// The form of a new import, with what this one was started with.
    pub fn same_filter(&self) -> String {
        let like = query(&[("like", &self.import.id)]);
        format!(
            "/console/integrations/{}/import?{like}",
            escaped(&self.import.integration)
        )
    }

    pub fn is_in_review(&self) -> bool {
        self.import.state == ImportState::Review
    }

    /// Whether an unattended import has stopped for an administrator to decide, and nobody has taken it over yet.
    pub fn waits_for_somebody(&self) -> bool {
        self.is_in_review() && self.import.stopped.is_some() && self.import.taken_over_by.is_none()
    }

    /// Whether another administrator decides on it, so that all others can only look.
    fn is_held_by_another(&self) -> bool {
        self.is_in_review() && self.import.lock.is_some() && !self.mine && !self.waits_for_somebody()
    }

    /// The page of a step.
    pub fn page(&self, caller: &Caller, step: Step, title: (&'static str, &'static str), fields: &Fields) -> Page {
        let mut page = Page::titled(&caller.visit, title);
        let integration = format!("/console/integrations/{}", escaped(&self.import.integration));
        let integrations = page.t("Integrations", "Integraties");
        let one = match &self.integration {
            Some(integration) => integration.name.clone(),
            None => page.t("Integration", "Integratie").to_owned(),
        };
        let steps = STEPS.iter().map(|&(each, english, dutch)| StepLink {
            name: page.t(english, dutch),
            href: self.leads(each, step),
            state: match each.cmp(&step) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Ahead,
            },
        });
        page.steps = steps.collect();
        page.saved = saved(&page, fields);
        // Each look at a plan may compute all of it, and the number of those is limited.
        let is_cheap = step != Step::Check;
        page.again = (is_cheap && self.is_held_by_another()).then_some(HELD_SECONDS);
        page.crumb("/console", integrations).crumb(integration, one)
    }

    /// Where the link of a step leads. Only an import in review has links: to its companies, people and plan, without the current one.
    fn leads(&self, to: Step, from: Step) -> Option<String> {
        let in_review = self.import.state == ImportState::Review;
        let page = match to {
            Step::Companies if in_review => "companies",
            Step::People if in_review => "people",
            Step::Check if in_review => "plan",
            _ => return None,
        };
        (to != from).then(|| format!("{}/{page}", path(&self.import.id)))
    }
}

/// The fields of an address that belong to one visit: the message about a form, what its undo needs, a decision that was refused, and what a
/// changed plan was confirmed with.
pub(super) const OF_ONE_VISIT: [&str; 9] = [
    "saved",
    "count",
    "left",
    "was",
    "wasSelected",
    "at",
    "mine",
    "mineSelected",
    "creation",
];

/// The message about the form that led here.
pub(super) fn saved(page: &Page, fields: &Fields) -> Option<String> {
    let count: Option<u64> = fields.get("count").and_then(|count| count.parse().ok());
    let left_out: Option<u64> = fields
        .get("left")
        .and_then(|count| count.parse().ok())
        .filter(|left| *left > 0);
    let mut text = match (fields.get("saved")?, count) {
        ("select", Some(count)) => page.many(
            count,
            &("company selected.", "bedrijf geselecteerd."),
            &("companies selected.", "bedrijven geselecteerd."),
        ),
        ("suggested", Some(0)) => page
            .t(
                "No company has a suggestion of 90 % or more. Select those of the same name: each is linked to the one that has it.",
                "Geen bedrijf heeft een suggestie van 90 % of meer. Selecteer die met dezelfde naam: elk wordt gekoppeld aan het bedrijf dat hem heeft.",
            )
            .to_owned(),
        ("suggested", Some(count)) => page.many(
            count,
            &("suggestion is taken over.", "suggestie is overgenomen."),
            &("suggestions are taken over.", "suggesties zijn overgenomen."),
        ),
        ("unselect", Some(count)) => page.many(
            count,
            &("company is no longer selected.", "bedrijf is niet meer geselecteerd."),
            &(
                "companies are no longer selected.",
                "bedrijven zijn niet meer geselecteerd.",
            ),
        ),
        ("reset", Some(count)) => page.many(
            count,
            &(
                "company is as suggested again, and not selected.",
                "bedrijf is weer zoals voorgesteld, en niet geselecteerd.",
            ),
            &(
                "companies are as suggested again, and not selected.",
                "bedrijven zijn weer zoals voorgesteld, en niet geselecteerd.",
            ),
        ),
        ("otherName", _) => page
            .t(
                "What you typed is not the name of the integration. Nothing was removed.",
                "Wat u typte, is niet de naam van de integratie. Er is niets verwijderd.",
            )
            .to_owned(),
        ("tried", _) => page
            .t(
                "Saved. The credentials were tried, and work.",
                "Opgeslagen. De inloggegevens zijn geprobeerd en werken.",
            )
            .to_owned(),
        ("people", _) => page
            .t(
                "The people are ticked as you said.",
                "De personen zijn aangevinkt zoals u vroeg.",
            )
            .to_owned(),
        ("rule", _) => page
            .t(
                "The decision on many is taken back.",
                "De keuze voor meerdere rijen is ingetrokken.",
            )
            .to_owned(),
        ("keep", _) => page
            .t("The import stays yours for longer.", "De import blijft langer van u.")
            .to_owned(),
        _ => page.t("Saved.", "Opgeslagen.").to_owned(),
    };
    if let Some(left) = left_out {
        let more = page.many(
            left,
            &(
                "is left out, because it needs a decision of its own or is not in the PSA any more.",
                "is overgeslagen, omdat het een eigen keuze vraagt of niet meer in de PSA staat.",
            ),
            &(
                "are left out, because they need decisions of their own or are not in the PSA any more.",
                "zijn overgeslagen, omdat ze een eigen keuze vragen of niet meer in de PSA staan.",
            ),
        );
        text = format!("{text} {more}");
    }
    Some(text)
}

/// A query string of the pairs whose value is not empty.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}
