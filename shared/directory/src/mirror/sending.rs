//! Users who are sent to LastPass: looked for, sent, and looked for again where the answer says nothing.
//!
//! Who is sent is written down before. So a run that dies leaves behind who may have been created, and the next one that does not
//! find such a user waits before it sends the user again (R82).

use std::collections::HashMap;

use domain::address::AddressKey;
use domain::directory::User;
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use store::{Consistency, Key, Table};

use super::content::Content;
use super::records::{SENDING, SendingRecord};
use super::{Mirror, Refused};
use crate::lastpass::{CONCURRENCY, Failed};
use crate::{DirectoryError, NewUser, UserRequest};

/// How long a user is looked for before being sent again.
const SENT_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A company that LastPass has just made may not take users yet; how long that may be, and how often to try.
const READY_AFTER: SignedDuration = SignedDuration::from_mins(2);
const NOT_READY_WAIT: SignedDuration = SignedDuration::from_secs(15);

type Outcome = Result<NewUser, DirectoryError>;
type Sent = Result<User, Failed>;

impl Mirror {
    /// Creates the users who are not there yet. Each has an outcome, in the order of the requests.
    pub(super) async fn send_users(
        &self,
        company: &ManagedCompanyId,
        requests: &[UserRequest],
    ) -> Result<Vec<Outcome>, DirectoryError> {
        let there = self.users_by_address(company).await?;
        let mut sent = self.sent_of_late(company).await?;
        let known = |request: &UserRequest| match there.get(request.address.key()) {
            Some(user) => Some(NewUser::Created(user.id.clone())),
            None => sent
                .get(request.key.as_str())
                .map(|at| NewUser::Waits(*at + SENT_AGAIN_AFTER)),
        };
        let known: Vec<Option<NewUser>> = requests.iter().map(known).collect();
        let open = requests.iter().zip(&known).filter(|(_, known)| known.is_none());
        let open: Vec<&UserRequest> = open.map(|(request, _)| request).collect();
        let answers = self.send_each(company, &open, &mut sent).await?;
        let mut outcomes = self.outcomes(company, &open, answers).await?.into_iter();
        let all = known.into_iter().map(|known| known.map(Ok).or_else(|| outcomes.next()));
        Ok(all.flatten().collect())
    }

    /// Who was sent so shortly ago that an answer may be missing, and when.
    async fn sent_of_late(&self, company: &ManagedCompanyId) -> Result<HashMap<String, Timestamp>, DirectoryError> {
        let record: Option<SendingRecord> = self.content.small(SENDING, &self.sending_key(company)).await?;
        let (users, now) = (record.unwrap_or_default().users, self.now());
        let of_late = users.into_iter().filter(|(_, at)| now < *at + SENT_AGAIN_AFTER);
        Ok(of_late.collect())
    }

    /// Sends users, several at once, after it is written down who they are.
    async fn send_each(
        &self,
        company: &ManagedCompanyId,
        open: &[&UserRequest],
        sent: &mut HashMap<String, Timestamp>,
    ) -> Result<Vec<Sent>, DirectoryError> {
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        sent.extend(open.iter().map(|request| (request.key.as_str().to_owned(), now)));
        self.write_sending(company, sent).await?;
        let calls: Vec<_> = open.iter().map(|request| self.send(company, request).boxed()).collect();
        let answers: Vec<Sent> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
        let mut doubtful = sent.len();
        for (request, answer) in open.iter().zip(&answers) {
            // Who was answered with a refusal may be sent again at any time.
            if matches!(answer, Err(failed) if !failed.may_be_applied()) {
                sent.remove(request.key.as_str());
                doubtful -= 1;
            }
        }
        if doubtful < open.len() {
            self.write_sending(company, sent).await?;
        }
        Ok(answers)
    }

    async fn send(&self, company: &ManagedCompanyId, request: &UserRequest) -> Sent {
        let lastpass = self.lastpass.as_ref().ok_or(Failed::Unauthorized)?;
        let user = (&request.address, request.name.as_str());
        let person = lastpass.create_user(company, user, request.action).await?;
        Ok(User {
            id: person.id,
            company: company.clone(),
            // Whoever enrols under another address is found by the id from here on.
            address: person.address.unwrap_or_else(|| request.address.clone()),
            name: person.name,
            state: person.state,
        })
    }

    /// What became of users who were sent: those who were created are remembered, and of the others is looked who is there all the same.
    async fn outcomes(
        &self,
        company: &ManagedCompanyId,
        requests: &[&UserRequest],
        answers: Vec<Sent>,
    ) -> Result<Vec<Outcome>, DirectoryError> {
        let created: Vec<User> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok().cloned())
            .collect();
        let name = IdempotencyKey::batch(requests.iter().map(|request| &request.key));
        let there = if answers
            .iter()
            .any(|answer| matches!(answer, Err(failed) if may_be_there(failed)))
        {
            self.look_once_more(company).await?
        } else {
            HashMap::new()
        };
        // After the look, which may not show them yet.
        let of_batch = (name.as_str(), self.now());
        self.content.add_users(company, &created, of_batch).await?;
        self.add_seen(company, created).await;
        let mut outcomes = Vec::with_capacity(answers.len());
        for (request, answer) in requests.iter().zip(answers) {
            let there = there.get(request.address.key());
            outcomes.push(match (answer, there) {
                (Ok(user), _) => Ok(NewUser::Created(user.id)),
                (Err(_), Some(user)) => Ok(NewUser::Created(user.id.clone())),
                (Err(failed), None) => self.of_failed(company, request, failed).await,
            });
        }
        Ok(outcomes)
    }

    /// The users by address as they are now; nobody if LastPass does not know the company.
    async fn look_once_more(&self, company: &ManagedCompanyId) -> Result<HashMap<AddressKey, User>, DirectoryError> {
        match self.list_users(company).await {
            Ok(_) => self.users_by_address(company).await,
            Err(Refused::Gone) => Ok(HashMap::new()),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// The outcome of a user who was not created, as far as anybody can see.
    async fn of_failed(&self, company: &ManagedCompanyId, request: &UserRequest, failed: Failed) -> Outcome {
        if failed.may_be_applied() {
            return Ok(NewUser::Waits(self.now() + SENT_AGAIN_AFTER));
        }
        if matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_)) {
            let holders = self.content.whole_roster(Consistency::Strong).await?;
            let mut holders = holders.holders(&[request.address.key().clone()])?.into_iter();
            if let Some(holder) = holders.find(|holder| holder.company != *company) {
                return Ok(NewUser::AddressTaken(holder));
            }
        }
        match failed {
            Failed::NotFound(_) | Failed::Rejected(_, 409) if self.is_new(company).await? => {
                Ok(NewUser::Waits(self.now() + NOT_READY_WAIT))
            }
            Failed::Rejected(_, 409) => Ok(NewUser::AddressTakenElsewhere),
            // Of this company or user, not of the key: that was listed just before.
            Failed::Forbidden(what) => Err(DirectoryError::Refused(what)),
            failed => Err(failed.into()),
        }
    }

    /// Whether a company was made a moment ago, and has not taken anybody yet.
    async fn is_new(&self, company: &ManagedCompanyId) -> Result<bool, DirectoryError> {
        if !self.users_by_address(company).await?.is_empty() {
            return Ok(false);
        }
        let made = self.made.lock().await.get(company).copied();
        let made = match made {
            Some(made) => Some(made),
            None => self.content.written(company).await?,
        };
        Ok(made.is_some_and(|made| self.now().duration_since(made) < READY_AFTER))
    }

    async fn write_sending(
        &self,
        company: &ManagedCompanyId,
        sent: &HashMap<String, Timestamp>,
    ) -> Result<(), DirectoryError> {
        let users = sent.iter().map(|(key, at)| (key.clone(), *at)).collect();
        let key = self.sending_key(company);
        let item = Content::small_item(SENDING, &key, &SendingRecord { users }, self.now())?;
        Ok(self.content.tenant.replace_alone(Table::Records, item).await?)
    }

    fn sending_key(&self, company: &ManagedCompanyId) -> Key {
        self.content.key(format!("SENDING#{company}"))
    }
}

/// Whether the user may be there all the same.
fn may_be_there(failed: &Failed) -> bool {
    failed.may_be_applied() || matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_))
}
