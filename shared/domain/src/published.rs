//! What operators are told of imports (R97): events that they route to mail, chat or a webhook.
//!
//! They hold codes, counts and ids, and nothing that a person or a PSA wrote: no name, no address, no secret.

use jiff::Timestamp;

use crate::ids::{ImportId, IntegrationId, MspId};
use crate::import::ImportState;
use crate::plan::{Counts, Effect};
use crate::problem::Code;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The import came to its end: done, failed or cancelled.
    Ended,
    /// The unattended import stopped in review and waits for an administrator.
    Stopped,
    /// The unattended import was refused before it began.
    Refused,
    /// The integration has a schedule and had no finished import for too long.
    Overdue,
}

impl Happening {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Ended, Self::Stopped, Self::Refused, Self::Overdue];

    /// What events call it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Overdue => "overdue",
        }
    }
}

/// An event for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEvent {
    /// The same however often the event is delivered.
    pub id: String,
    /// What happened.
    pub what: Happening,
    /// When.
    pub at: Timestamp,
    /// The tenant.
    pub msp: MspId,
    /// The integration.
    pub integration: IntegrationId,
    /// The import, if it is about one.
    pub import: Option<ImportId>,
    /// The state of the import.
    pub state: Option<ImportState>,
    /// Why it failed, stopped or was refused.
    pub code: Option<Code>,
    /// Whether a schedule or an event started it.
    pub unattended: bool,
    /// Whether much was missing from the snapshot (R54).
    pub suspicious: bool,
    /// The outcomes of its rows, once it was applied.
    pub counts: Option<Counts>,
}

impl PublishedEvent {
    /// A refused start of an unattended import. `id` is new for each refusal.
    pub const fn refused(id: String, msp: MspId, integration: IntegrationId, code: Code, at: Timestamp) -> Self {
        Self {
            id,
            what: Happening::Refused,
            at,
            msp,
            integration,
            import: None,
            state: None,
            code: Some(code),
            unattended: true,
            suspicious: false,
            counts: None,
        }
    }

    /// An integration whose scheduled imports do not come to their end. `id` is new for each.
    pub const fn overdue(id: String, msp: MspId, integration: IntegrationId, at: Timestamp) -> Self {
        Self {
            id,
            what: Happening::Overdue,
            at,
            msp,
            integration,
            import: None,
            state: None,
            code: None,
            unattended: true,
            suspicious: false,
            counts: None,
        }
    }

    /// The fields of the event by name, all of them texts: the Pipe that carries it can leave none out. What there is nothing to say
    /// of is empty.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let mut fields = vec![
            ("what", self.what.as_str().to_owned()),
            ("event", self.id.clone()),
            ("at", self.at.to_string()),
            ("msp", self.msp.to_string()),
            ("integration", self.integration.to_string()),
            ("import", text(self.import.as_ref().map(ImportId::as_str))),
            ("state", text(self.state.map(ImportState::as_str))),
            ("code", text(self.code.map(Code::as_str))),
            ("cause", text(self.code.map(|code| code.cause().as_str()))),
            ("unattended", self.unattended.to_string()),
            ("suspicious", self.suspicious.to_string()),
            ("look", self.look()),
        ];
        let counts = self.counts.unwrap_or_default();
        for (name, effect) in [
            ("created", Effect::Created),
            ("linked", Effect::Linked),
            ("changed", Effect::Changed),
            ("unchanged", Effect::Unchanged),
            ("skipped", Effect::Skipped),
            ("failed", Effect::Failed),
        ] {
            fields.push((name, counts.of(effect).to_string()));
        }
        fields
    }

    /// Where the API shows more.
    fn look(&self) -> String {
        match &self.import {
            Some(import) => format!("/imports/{import}"),
            None => format!("/integrations/{}", self.integration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r97_a_refusal_says_why_and_where_to_look() {
        let (msp, integration) = (MspId::new("m"), IntegrationId::new("i"));
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let event = PublishedEvent::refused("e".to_owned(), msp, integration, Code::CredentialsRequired, at);
        let fields = event.fields();
        let field = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1.as_str();
        assert_eq!(
            ["what", "event", "at", "import", "code", "cause", "look", "created"].map(field),
            [
                "refused",
                "e",
                "2027-01-15T08:00:00Z",
                "",
                "credentials_required",
                "customer",
                "/integrations/i",
                "0"
            ]
        );
    }
}
