//! Reads LastPass at the fetch: first the companies, then the users of all active companies or only of those whose users were not read yet.
//! LastPass names no limit, so our own `Pace` limits the requests.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::directory::ManagedCompany;
use domain::ids::ManagedCompanyId;
use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use store::Consistency;
use tokio::time::Instant;
use tracing::warn;

use super::records::HeadRecord;
use super::{Mirror, Refused};
use crate::lastpass::CONCURRENCY;
use crate::{Directory, DirectoryError, Reading, ReadingLimits};

/// Companies whose users are read between two looks at the time.
const PIECE: usize = 2 * CONCURRENCY;

impl Mirror {
    /// Reads the companies, and decides which companies' users are to be read. `None` if it is not time to read the users of all companies,
    /// and the users of every active company were read before.
    pub(super) async fn read_companies(&self, limits: &ReadingLimits) -> Result<Option<Reading>, DirectoryError> {
        let began = self.now();
        let head = self.content.head().await?;
        let known = self.content.companies_of(&head).await?;
        let ids: Vec<ManagedCompanyId> = known.iter().map(|company| company.id.clone()).collect();
        let companies = self.list_companies(&ids).await?.into_iter();
        let mut companies: Vec<ManagedCompany> = companies.map(ManagedCompany::from).collect();
        companies.sort_by(|one, other| one.id.cmp(&other.id));
        let age = head.walked.map(|walked| began.duration_since(walked));
        let whole = age.is_none_or(|age| age >= limits.max_age);
        let head = self.write_listing((head, known), &companies, began).await?;
        let total = if whole {
            active(&companies).count()
        } else {
            head.open.len()
        };
        if total == 0 && !whole {
            return Ok(None);
        }
        Ok(Some(Reading {
            began,
            whole,
            after: None,
            done: 0,
            total: total as u64,
            hidden: 0,
            not_before: None,
        }))
    }

    /// Writes the list of companies, unless it is as it was.
    async fn write_listing(
        &self,
        (before, known): (HeadRecord, Vec<ManagedCompany>),
        companies: &[ManagedCompany],
        now: Timestamp,
    ) -> Result<HeadRecord, DirectoryError> {
        let open = still_open(&before, &known, companies);
        let mut head = HeadRecord { open, ..before.clone() };
        let differs = known != companies || before.version.is_empty();
        let is_to_be_written = differs || self.content.is_running_out(now).await?;
        // A plan that is computed meanwhile may still rest on the companies of before.
        let by = format!("reading {now}");
        if differs {
            self.begin_changes(&by, now).await?;
        }
        if is_to_be_written {
            (head.version, head.items) = self.content.write_companies(companies, now).await?;
        }
        if head != before {
            self.content.write_head(&head, now).await?;
            self.forget_companies().await;
        }
        if is_to_be_written {
            let listed: HashSet<&ManagedCompanyId> = companies.iter().map(|company| &company.id).collect();
            for gone in known.iter().filter(|company| !listed.contains(&company.id)) {
                self.content.drop_users(&gone.id).await?;
            }
            self.content.drop_superseded(&head).await?;
        }
        if differs {
            self.end_changes(&by).await?;
        }
        Ok(head)
    }

    /// Reads the users of the next companies, for as long as there is time.
    pub(super) async fn read_users(
        &self,
        from: &Reading,
        limits: &ReadingLimits,
    ) -> Result<Option<Reading>, DirectoryError> {
        if let Some(until) = from.not_before.filter(|until| self.now() < *until) {
            let what = "LastPass has asked for a pause".to_owned();
            return Err(DirectoryError::Busy(what, until));
        }
        let head = self.content.head().await?;
        // It has come to its end, which is in no checkpoint yet.
        if from.whole && head.walked.is_some_and(|walked| walked >= from.began) {
            return Ok(None);
        }
        let companies = self.content.companies_of(&head).await?;
        let open: HashSet<&ManagedCompanyId> = head.open.iter().collect();
        let left = active(&companies)
            .filter(|company| from.whole || open.contains(&company.id))
            .filter(|company| from.after.as_ref().is_none_or(|after| company.id > *after));
        let left: Vec<ManagedCompanyId> = left.map(|company| company.id.clone()).collect();
        let mut reading = Reading {
            not_before: None,
            ..from.clone()
        };
        for piece in left.chunks(PIECE) {
            // By the clock of the pace, which tests move.
            if Instant::now().into_std() >= limits.until {
                return Ok(Some(reading));
            }
            match self.read_piece(piece, &mut reading).await {
                Ok(()) => {}
                // Return what was read, so that a walk comes to its end although LastPass takes only some requests between two waits. The
                // next call meets the error again if it lasts.
                Err(error) if error.is_retryable() && reading.after != from.after => {
                    let not_before = error.asks_to_wait();
                    return Ok(Some(Reading { not_before, ..reading }));
                }
                Err(error) => return Err(error),
            }
        }
        self.end_reading(head, &reading, &companies).await?;
        Ok(None)
    }

    /// Reads the users of some companies, several at once. After an error no further company is begun, and only those before it count;
    /// those under way come to their end, since a dropped one would leave its mark of a change behind.
    async fn read_piece(&self, piece: &[ManagedCompanyId], reading: &mut Reading) -> Result<(), DirectoryError> {
        let has_failed = AtomicBool::new(false);
        let calls = piece.iter().map(|company| {
            let read = async {
                if has_failed.load(Ordering::Relaxed) {
                    return None;
                }
                let read = self.read_users_of(company).await;
                has_failed.fetch_or(read.is_err(), Ordering::Relaxed);
                Some(read)
            };
            read.boxed()
        });
        let calls: Vec<_> = calls.collect();
        let read: Vec<_> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
        for (company, shown) in piece.iter().zip(read.into_iter().flatten()) {
            let is_shown = shown?;
            reading.done += 1;
            reading.hidden += u64::from(!is_shown);
            reading.after = Some(company.clone());
        }
        Ok(())
    }

    async fn end_reading(
        &self,
        mut head: HeadRecord,
        reading: &Reading,
        companies: &[ManagedCompany],
    ) -> Result<(), DirectoryError> {
        if reading.whole && reading.hidden > 0 && reading.hidden == reading.done {
            let what = "LastPass shows the users of no company".to_owned();
            return Err(DirectoryError::Forbidden(what));
        }
        head.open.clear();
        if reading.whole {
            head.walked = Some(reading.began);
            head.users = self.count_users(companies).await?;
        }
        self.content.write_head(&head, self.now()).await
    }

    /// Reads the users of a company; `false` if LastPass does not show them.
    async fn read_users_of(&self, company: &ManagedCompanyId) -> Result<bool, DirectoryError> {
        match self.list_users(company).await {
            // A company that is gone was detached since the companies were listed: the next fetch sees that.
            Ok(_) | Err(Refused::Gone) => Ok(true),
            // What was known of it stays; before it is changed its users are listed again.
            Err(Refused::Hidden) => Ok(false),
            Err(Refused::Failed(error @ DirectoryError::Refused(_))) => {
                warn!(%error, "the users of a managed company were not read");
                Ok(false)
            }
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    async fn count_users(&self, companies: &[ManagedCompany]) -> Result<u64, DirectoryError> {
        let roster = self.content.whole_roster(Consistency::Eventual).await?;
        let mut users = 0;
        for company in active(companies) {
            users += roster.users(&company.id)?.len() as u64;
        }
        Ok(users)
    }
}

/// Companies whose users have not been read since the companies are listed.
fn still_open(before: &HeadRecord, known: &[ManagedCompany], companies: &[ManagedCompany]) -> Vec<ManagedCompanyId> {
    let open: HashSet<&ManagedCompanyId> = before.open.iter().collect();
    let read: HashSet<&ManagedCompanyId> = active(known).map(|company| &company.id).collect();
    let is_open = |company: &&ManagedCompany| open.contains(&company.id) || !read.contains(&company.id);
    let open = active(companies).filter(is_open);
    open.map(|company| company.id.clone()).collect()
}

/// Companies that are read and changed: LastPass serves no others.
fn active(companies: &[ManagedCompany]) -> impl Iterator<Item = &ManagedCompany> {
    companies.iter().filter(|company| !company.suspended)
}
