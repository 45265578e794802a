//! Users: inviting, changing and removing them.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::answer::{Problem, not_kept, ok};
use super::call::Call;
use super::fields::Fields;
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::{AccountStatus, Event, MailKind, State, User};
use crate::switches::{AddressCase, Deleting, LostReplies, PatchEmail, PatchReply, StagedAddress};

impl Context<'_> {
    /// Invites, or invites again.
    pub(super) fn invite_user(&self, company: Option<i64>, id: i64) -> Answer {
        let mut state = lock(&self.account.state);
        let mut user = self.user(&state, company, id)?.clone();
        match user.status_at(self.now) {
            AccountStatus::Staged | AccountStatus::PendingInvitation | AccountStatus::ExpiredInvitation => {}
            AccountStatus::Enrolled | AccountStatus::Disabled | AccountStatus::AwaitingApproval => {
                return Err(Problem::new(409, "The user cannot be invited."));
            }
        }
        user.invite(self.now);
        let answer = ok(&show::user(&user, self.now, self.switches));
        let events = vec![self.mail(MailKind::Invitation, &user), Event::User(user)];
        state.commit(events).map_err(not_kept)?;
        Ok(self.lose(LostReplies::Invites, answer))
    }

    pub(super) fn patch_user(&self, company: Option<i64>, id: i64, call: &Call) -> Answer {
        let mut fields = Fields::read(call, self.switches)?;
        let name: Option<String> = fields.take("name");
        let status: Option<AccountStatus> = fields.take("accountStatus");
        let email: Option<String> = fields.take("email");
        if !matches!(status, None | Some(AccountStatus::Enrolled | AccountStatus::Disabled)) {
            fields.refuse("accountStatus", "The status cannot be set.");
        }
        if email.as_ref().is_some_and(|email| !self.is_address(email)) {
            fields.refuse("email", "The email is not valid.");
        }
        fields.finish()?;
        let mut state = lock(&self.account.state);
        let before = self.user(&state, company, id)?;
        let mut user = before.clone();
        let mut events = Vec::new();
        if let Some(email) = email.filter(|email| *email != before.email) {
            events.extend(self.change_address(&state, &mut user, email)?);
        }
        user.name = name.unwrap_or(user.name);
        match (status, user.status) {
            (Some(AccountStatus::Disabled), _) => {
                // To the importer this is a way to suspend somebody.
                events.push(self.forbid("disable", call));
                user.status = AccountStatus::Disabled;
            }
            (Some(AccountStatus::Enrolled), AccountStatus::Disabled) => user.status = AccountStatus::Enrolled,
            (Some(_), AccountStatus::Enrolled) | (None, _) => {}
            (Some(_), _) => return Err(Problem::new(409, "The user is not enrolled.")),
        }
        let answer = self.patched(&user);
        events.push(Event::User(user));
        state.commit(events).map_err(not_kept)?;
        Ok(self.lose(LostReplies::Patches, answer))
    }

    fn patched(&self, user: &User) -> Response {
        match self.switches.patch_reply {
            PatchReply::User => ok(&show::user(user, self.now, self.switches)),
            PatchReply::NoContent => StatusCode::NO_CONTENT.into_response(),
            PatchReply::Accepted => StatusCode::ACCEPTED.into_response(),
        }
    }

    /// Changes an address at once, asks the user to confirm it, or refuses.
    fn change_address(&self, state: &State, user: &mut User, email: String) -> Result<Option<Event>, Problem> {
        const REFUSED: &str = "The email cannot be changed.";
        let never_enrolled = !matches!(
            user.status_at(self.now),
            AccountStatus::Enrolled | AccountStatus::Disabled
        );
        let effect = match self.switches.patch_fields {
            PatchEmail::Ignored => return Ok(None),
            _ if never_enrolled && self.switches.staged_address_change == StagedAddress::AtOnce => PatchEmail::AtOnce,
            _ if never_enrolled => PatchEmail::Refused,
            effect => effect,
        };
        if effect == PatchEmail::Refused {
            return Err(Problem::invalid(&[("email", REFUSED)]));
        }
        if self.holders(state, &email).iter().any(|holder| holder.id != user.id) {
            return Err(Problem::new(409, "A user with this email already exists."));
        }
        let email = match self.switches.address_case {
            AddressCase::Lowered => email.to_lowercase(),
            AddressCase::Kept | AddressCase::Sensitive => email,
        };
        if effect == PatchEmail::AtOnce {
            user.email = email;
            return Ok(None);
        }
        user.pending_email = Some(email);
        Ok(Some(self.mail(MailKind::AddressChange, user)))
    }

    /// Forbidden to the importer, and recorded.
    pub(super) fn delete_user(&self, company: Option<i64>, id: i64, call: &Call) -> Answer {
        let mut state = lock(&self.account.state);
        let found = self.user(&state, company, id).map(|user| user.id);
        let mut events = vec![self.forbid("delete", call)];
        let answer = match found {
            Ok(_) if self.switches.delete_semantics == Deleting::Failure => {
                Err(Problem::new(500, "Users must never be deleted."))
            }
            Ok(id) => {
                events.push(Event::RemoveUser(id));
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            Err(problem) => Err(problem),
        };
        state.commit(events).map_err(not_kept)?;
        answer
    }
}
