//! Users who are sent to LastPass: looked for, sent, and looked for again where the answer says nothing.
//!
//! Who is sent is written down before. So a run that dies leaves behind who may have been created, and the next one that does not
//! find such a user waits before it sends the user again (R82). That run may be one of another import, with other idempotency keys. So
//! users are noted by their addresses, of which only digests are stored.

use std::collections::HashMap;
use std::sync::Arc;

use domain::address::AddressKey;
use domain::directory::{User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{Key, Table};

use super::Mirror;
use super::content::Content;
use super::records::{SENDING, SendingRecord};
use crate::lastpass::{CONCURRENCY, CompanyStatus, Failed};
use crate::{DirectoryError, NewUser, Rejection, UserRequest};

/// How long a user is looked for before being sent again.
const SENT_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How often to try whether a company that LastPass has just made takes users.
const NOT_READY_WAIT: SignedDuration = SignedDuration::from_secs(15);

type Outcome = Result<NewUser, DirectoryError>;
type Sent = Result<User, Failed>;

/// Users who may have been created, by their digests, and when they were sent.
type Doubtful = HashMap<String, Timestamp>;

impl Mirror {
    /// Creates the users who are not there yet. Each has an outcome, in the order of the requests.
    pub(super) async fn send_users(
        &self,
        company: &ManagedCompanyId,
        requests: &[UserRequest],
    ) -> Result<Vec<Outcome>, DirectoryError> {
        let lock = Arc::clone(self.sending.lock().await.entry(company.clone()).or_default());
        let _alone = lock.lock().await;
        let sent = self.sent(company).await?;
        let is_doubtful = requests
            .iter()
            .any(|request| sent.contains_key(&digest(company, request.address.key())));
        let there = if is_doubtful {
            // What this run has seen may be older than what was sent.
            self.list_by_address(company).await?
        } else {
            self.users_by_address(company).await?
        };
        let now = self.now();
        let mut doubtful: Doubtful = sent
            .into_iter()
            .filter(|(_, at)| now < *at + SENT_AGAIN_AFTER)
            .collect();
        let known = |request: &UserRequest| match there.get(request.address.key()) {
            Some(user) => Some(NewUser::Created(user.id.clone())),
            None => doubtful
                .get(&digest(company, request.address.key()))
                .map(|at| NewUser::Waits(*at + SENT_AGAIN_AFTER)),
        };
        let known: Vec<Option<NewUser>> = requests.iter().map(known).collect();
        let open = requests.iter().zip(&known).filter(|(_, known)| known.is_none());
        let open: Vec<&UserRequest> = open.map(|(request, _)| request).collect();
        let mut outcomes = self.send_each(company, &open, &mut doubtful).await?.into_iter();
        let all = known.into_iter().map(|known| known.map(Ok).or_else(|| outcomes.next()));
        Ok(all.flatten().collect())
    }

    /// Who was sent and when: of each an answer may be missing.
    async fn sent(&self, company: &ManagedCompanyId) -> Result<Doubtful, DirectoryError> {
        let record: Option<SendingRecord> = self.content.small(SENDING, &self.sending_key(company)).await?;
        Ok(record.unwrap_or_default().users.into_iter().collect())
    }

    /// Sends users, several at once, after it is written down who they are.
    async fn send_each(
        &self,
        company: &ManagedCompanyId,
        open: &[&UserRequest],
        doubtful: &mut Doubtful,
    ) -> Result<Vec<Outcome>, DirectoryError> {
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let digests = open.iter().map(|request| digest(company, request.address.key()));
        let digests: Vec<String> = digests.collect();
        doubtful.extend(digests.iter().map(|digest| (digest.clone(), now)));
        self.write_sending(company, doubtful).await?;
        let calls: Vec<_> = open.iter().map(|request| self.send(company, request).boxed()).collect();
        let answers: Vec<Sent> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
        for (digest, answer) in digests.iter().zip(&answers) {
            if !matches!(answer, Err(failed) if failed.may_be_applied()) {
                doubtful.remove(digest);
            }
        }
        let outcomes = self.outcomes(company, open, answers).await?;
        // Delete this record last: the created users must be stored before we forget which requests were sent.
        self.write_sending(company, doubtful).await?;
        Ok(outcomes)
    }

    async fn send(&self, company: &ManagedCompanyId, request: &UserRequest) -> Sent {
        let lastpass = self.lastpass.as_ref().ok_or(Failed::Unauthorized)?;
        let user = (&request.address, request.name.as_str());
        let person = lastpass.create_user(company, user, request.action).await?;
        Ok(User {
            id: person.id,
            company: company.clone(),
            address: person.address,
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
        let is_to_look = |answer: &Sent| matches!(answer, Err(failed) if may_be_there(failed));
        let there = if answers.iter().any(is_to_look) {
            self.list_by_address(company).await
        } else {
            Ok(HashMap::new())
        };
        // Ask this before the created users are stored: a company with known users does not count as new. It may have become ready in the
        // middle of this batch, after it had refused some of the users.
        let is_refused = |answer: &Sent| matches!(answer, Err(Failed::NotFound(_) | Failed::Rejected(_, 409)));
        let may_become_ready = answers.iter().any(is_refused) && self.is_new(company).await?;
        // After the look, which may not show them yet.
        let of_batch = (name.as_str(), self.now());
        self.content.add_users(company, &created, of_batch).await?;
        self.add_seen(company, created).await;
        let mut outcomes = Vec::with_capacity(answers.len());
        for (request, answer) in requests.iter().zip(answers) {
            let there = there.as_ref().map(|there| there.get(request.address.key()));
            outcomes.push(match (answer, there) {
                (Ok(user), _) => Ok(NewUser::Created(user.id)),
                (Err(_), Ok(Some(user))) => Ok(NewUser::Created(user.id.clone())),
                // Nobody could look whether the user is there all the same.
                (Err(failed), Err(error)) if may_be_there(&failed) => Err(error.clone()),
                (Err(failed), _) => self.of_failed(company, request, failed, may_become_ready).await,
            });
        }
        Ok(outcomes)
    }

    /// The outcome of a user who was not created, as far as anybody can see.
    async fn of_failed(
        &self,
        company: &ManagedCompanyId,
        request: &UserRequest,
        failed: Failed,
        may_become_ready: bool,
    ) -> Outcome {
        if failed.may_be_applied() {
            return Ok(NewUser::Waits(self.now() + SENT_AGAIN_AFTER));
        }
        if matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_)) {
            let holders = self.everybody().await?;
            let mut holders = holders.holders(&[request.address.key().clone()])?.into_iter();
            if let Some(holder) = holders.find(|holder| holder.company != *company) {
                return Ok(NewUser::AddressTaken(holder));
            }
        }
        match failed {
            Failed::NotFound(_) | Failed::Rejected(_, 409) if may_become_ready => {
                Ok(NewUser::Waits(self.now() + NOT_READY_WAIT))
            }
            Failed::Rejected(refused, 409) => match self.refuses_all(company).await? {
                Some(reason) => Err(DirectoryError::Refused(Rejection::quoting(reason, refused.said))),
                None => Ok(NewUser::AddressTakenElsewhere(refused.said)),
            },
            // Of this company or user, not of the key: that was listed just before.
            Failed::Forbidden(refused) => Err(DirectoryError::Refused(refused)),
            failed => Err(failed.into()),
        }
    }

    /// Why a company takes no user at all; `None` if it may take others.
    async fn refuses_all(&self, company: &ManagedCompanyId) -> Result<Option<&'static str>, DirectoryError> {
        let Some(found) = self.lastpass()?.company(company).await? else {
            return Ok(Some("LastPass does not know the company any more"));
        };
        if found.status == CompanyStatus::Suspended {
            return Ok(Some("LastPass has suspended the company"));
        }
        let users = self.users_by_address(company).await?;
        let users = users.values().filter(|user| user.state != UserState::Disabled).count() as u64;
        let is_full = found.licence_limit.is_some_and(|limit| limit > 0 && users >= limit);
        Ok(is_full.then_some("the company has as many users as its licence limit allows"))
    }

    async fn write_sending(&self, company: &ManagedCompanyId, sent: &Doubtful) -> Result<(), DirectoryError> {
        let users = sent.iter().map(|(digest, at)| (digest.clone(), *at)).collect();
        let key = self.sending_key(company);
        let item = Content::small_item(SENDING, &key, &SendingRecord { users }, self.now())?;
        Ok(self.content.tenant.replace_alone(Table::Records, item).await?)
    }

    fn sending_key(&self, company: &ManagedCompanyId) -> Key {
        self.content.key(format!("SENDING#{company}"))
    }
}

/// Identifies a user by company and address, whichever import asks.
fn digest(company: &ManagedCompanyId, address: &AddressKey) -> String {
    hex::encode(Sha256::digest(format!("{company}#{}", address.as_str())))
}

/// Whether the user may be there all the same.
fn may_be_there(failed: &Failed) -> bool {
    failed.may_be_applied() || matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_))
}
