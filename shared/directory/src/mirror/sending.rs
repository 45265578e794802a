//! Users who are sent to LastPass: looked for, sent, and looked for again where the answer says nothing.
//!
//! Who is sent is written down before. So a run that dies leaves behind who may have been created, and the next one that does not
//! find such a user waits before it sends the user again (R82). That run may be one of another import, with other idempotency keys. So
//! users are noted by their addresses, of which only digests are stored. And it may work at the same time: nobody is sent whom another
//! run may have sent since this one has looked.

use std::collections::HashMap;
use std::sync::Arc;

use domain::address::AddressKey;
use domain::directory::{User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::table::text;
use store::{Key, PutOutcome, Table};
use tokio::sync::OnceCell;

use super::Mirror;
use super::content::Content;
use super::records::{SENDING, SendingRecord};
use crate::lastpass::{CONCURRENCY, CompanyStatus, Failed};
use crate::{DirectoryError, NewUser, Rejection, Roster, UserRequest};

/// How long a user is looked for before being sent again.
const SENT_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How often to try whether a company that LastPass has just made takes users.
const NOT_READY_WAIT: SignedDuration = SignedDuration::from_secs(15);

/// How often a run begins anew since other runs send users to the same company.
const MAX_TRIES: usize = 5;

type Outcome = Result<NewUser, DirectoryError>;
type Sent = Result<User, Failed>;

/// Users who may have been created, by their digests, and when they were sent.
type Doubtful = HashMap<String, Timestamp>;

/// Who was sent to a company.
pub(super) struct Note {
    users: Doubtful,
    /// Which write of the record this is; empty if there is none.
    pub by: String,
}

impl Mirror {
    /// Creates the users who are not there yet. Each has an outcome, in the order of the requests.
    pub(super) async fn send_users(
        &self,
        company: &ManagedCompanyId,
        requests: &[UserRequest],
    ) -> Result<Vec<Outcome>, DirectoryError> {
        let lock = Arc::clone(self.sending.lock().await.entry(company.clone()).or_default());
        let _alone = lock.lock().await;
        for _ in 0..MAX_TRIES {
            if let Some(outcomes) = self.send_once(company, requests).await? {
                return Ok(outcomes);
            }
        }
        Err(taken_by_others())
    }

    /// Creates the users who are not there yet; `None` if another run has sent users meanwhile, so that nobody was sent here.
    async fn send_once(
        &self,
        company: &ManagedCompanyId,
        requests: &[UserRequest],
    ) -> Result<Option<Vec<Outcome>>, DirectoryError> {
        let mut sent = self.sent(company).await?;
        let is_doubtful = requests
            .iter()
            .any(|request| sent.users.contains_key(&digest(company, request.address.key())));
        let there = if is_doubtful || self.has_seen_less(company, &sent).await {
            // What this run has seen may be older than what was sent.
            self.list_by_address(company).await?
        } else {
            self.users_by_address(company).await?
        };
        let now = self.now();
        sent.users.retain(|_, at| now < *at + SENT_AGAIN_AFTER);
        let known = |request: &UserRequest| match there.get(request.address.key()) {
            Some(user) => Some(NewUser::Created(user.id.clone())),
            None => sent
                .users
                .get(&digest(company, request.address.key()))
                .map(|at| NewUser::Waits(*at + SENT_AGAIN_AFTER)),
        };
        let known: Vec<Option<NewUser>> = requests.iter().map(known).collect();
        let open = requests.iter().zip(&known).filter(|(_, known)| known.is_none());
        let open: Vec<&UserRequest> = open.map(|(request, _)| request).collect();
        let Some(outcomes) = self.send_each(company, &open, sent).await? else {
            return Ok(None);
        };
        let mut outcomes = outcomes.into_iter();
        let all = known.into_iter().map(|known| known.map(Ok).or_else(|| outcomes.next()));
        Ok(Some(all.flatten().collect()))
    }

    /// Who was sent and when: of each an answer may be missing.
    pub(super) async fn sent(&self, company: &ManagedCompanyId) -> Result<Note, DirectoryError> {
        let record: Option<SendingRecord> = self.content.small(SENDING, &self.sending_key(company)).await?;
        let record = record.unwrap_or_default();
        Ok(Note {
            users: record.users.into_iter().collect(),
            by: record.by,
        })
    }

    /// Whether another run has sent users to a company since this one has seen its users. Also those whose answers have come since are no
    /// longer in the record.
    async fn has_seen_less(&self, company: &ManagedCompanyId, sent: &Note) -> bool {
        let seen = self.seen.lock().await;
        seen.get(company).is_some_and(|seen| seen.sent != sent.by)
    }

    /// Sends users, several at once, after it is written down who they are; `None` if another run has written that meanwhile.
    async fn send_each(
        &self,
        company: &ManagedCompanyId,
        open: &[&UserRequest],
        mut note: Note,
    ) -> Result<Option<Vec<Outcome>>, DirectoryError> {
        if open.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let now = self.now();
        let digests = open.iter().map(|request| digest(company, request.address.key()));
        let digests: Vec<String> = digests.collect();
        note.users.extend(digests.iter().map(|digest| (digest.clone(), now)));
        if !self.write_sending(company, &mut note).await? {
            return Ok(None);
        }
        let calls: Vec<_> = open.iter().map(|request| self.send(company, request).boxed()).collect();
        let answers: Vec<Sent> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
        // From now on, since they may have waited long for their turn.
        let now = self.now();
        let in_doubt = |answer: &Sent| matches!(answer, Err(failed) if failed.may_be_applied()).then_some(now);
        let answered: Vec<_> = digests.into_iter().zip(answers.iter().map(in_doubt)).collect();
        let outcomes = self.outcomes(company, open, answers).await?;
        // Write this last: the created users must be stored before we forget which requests were sent.
        self.note_answers(company, note, &answered).await?;
        Ok(Some(outcomes))
    }

    /// Notes of users who were sent since when they are in doubt, if they still are. What other runs have noted meanwhile stays.
    async fn note_answers(
        &self,
        company: &ManagedCompanyId,
        mut note: Note,
        answered: &[(String, Option<Timestamp>)],
    ) -> Result<(), DirectoryError> {
        for _ in 0..MAX_TRIES {
            for (digest, in_doubt) in answered {
                match in_doubt {
                    Some(since) => note.users.insert(digest.clone(), *since),
                    None => note.users.remove(digest),
                };
            }
            if self.write_sending(company, &mut note).await? {
                return Ok(());
            }
            note = self.sent(company).await?;
        }
        Err(taken_by_others())
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
        // Ask this before users are stored, whom a look finds or who were created: a company with known users does not count as new. It may
        // have become ready in the middle of this batch, after it had refused some of the users.
        let is_refused = |answer: &Sent| matches!(answer, Err(Failed::NotFound(_) | Failed::Rejected(_, 409)));
        let may_become_ready = answers.iter().any(is_refused) && self.is_new(company).await?;
        let is_to_look = |answer: &Sent| matches!(answer, Err(failed) if may_be_there(failed));
        let there = if answers.iter().any(is_to_look) {
            self.list_by_address(company).await
        } else {
            Ok(HashMap::new())
        };
        // After the look, which may not show them yet.
        let of_batch = (name.as_str(), self.now());
        self.content.add_users(company, &created, of_batch).await?;
        self.add_seen(company, created).await;
        let mut outcomes = Vec::with_capacity(answers.len());
        // Who holds the addresses that were refused: read once for all of them.
        let everybody = OnceCell::new();
        for (request, answer) in requests.iter().zip(answers) {
            let there = there.as_ref().map(|there| there.get(request.address.key()));
            outcomes.push(match (answer, there) {
                (Ok(user), _) => Ok(NewUser::Created(user.id)),
                (Err(_), Ok(Some(user))) => Ok(NewUser::Created(user.id.clone())),
                // Nobody could look whether the user is there all the same. That the look has to wait does not mean that nothing was done.
                (Err(failed), Err(_)) if failed.may_be_applied() => Err(failed.into()),
                (Err(failed), Err(error)) if may_be_there(&failed) => Err(error.clone()),
                (Err(failed), _) => {
                    let of_failed = self.of_failed((company, &everybody), request, failed, may_become_ready);
                    of_failed.await
                }
            });
        }
        Ok(outcomes)
    }

    /// The outcome of a user who was not created, as far as anybody can see.
    async fn of_failed(
        &self,
        (company, everybody): (&ManagedCompanyId, &OnceCell<Arc<Roster>>),
        request: &UserRequest,
        failed: Failed,
        may_become_ready: bool,
    ) -> Outcome {
        if failed.may_be_applied() {
            return Ok(NewUser::Waits(self.now() + SENT_AGAIN_AFTER));
        }
        if matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_)) {
            let holders = everybody.get_or_try_init(|| self.everybody()).await?;
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
        let found = match self.lastpass()?.company(company).await {
            Ok(found) => found,
            // Of this company, not of the key: its users were listed just before.
            Err(Failed::Forbidden(_)) => None,
            Err(failed) => return Err(failed.into()),
        };
        let Some(found) = found else {
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

    /// Writes down who was sent, unless another run has since the note was read: then `false`.
    async fn write_sending(&self, company: &ManagedCompanyId, note: &mut Note) -> Result<bool, DirectoryError> {
        let record = SendingRecord {
            users: note.users.iter().map(|(digest, at)| (digest.clone(), *at)).collect(),
            by: format!("{:016x}", fastrand::u64(..)),
        };
        let item = Content::small_item(SENDING, &self.sending_key(company), &record, self.now())?;
        // Its own, should the answer be lost and the request repeated.
        let condition = "attribute_not_exists(#by) OR #by = :read OR #by = :by";
        let values = [(":read", text(&note.by)), (":by", text(&record.by))];
        let put = self.content.tenant.put_alone(Table::Records, item, condition, &values);
        if matches!(put.await?, PutOutcome::Refused(_)) {
            return Ok(false);
        }
        // Whom this run sends, it adds to whom it has seen; others it has not.
        let mut seen = self.seen.lock().await;
        if let Some(seen) = seen.get_mut(company).filter(|seen| seen.sent == note.by) {
            seen.sent.clone_from(&record.by);
        }
        note.by = record.by;
        Ok(true)
    }

    fn sending_key(&self, company: &ManagedCompanyId) -> Key {
        self.content.key(format!("SENDING#{company}"))
    }
}

fn taken_by_others() -> DirectoryError {
    DirectoryError::Unavailable("other runs send users to the same company all the time".to_owned())
}

/// Identifies a user by company and address, whichever import asks.
fn digest(company: &ManagedCompanyId, address: &AddressKey) -> String {
    hex::encode(Sha256::digest(format!("{company}#{}", address.as_str())))
}

/// Whether the user may be there all the same.
fn may_be_there(failed: &Failed) -> bool {
    failed.may_be_applied() || matches!(failed, Failed::Rejected(..) | Failed::Forbidden(_))
}
