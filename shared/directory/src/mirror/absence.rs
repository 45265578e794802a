//! Who is gone from LastPass. A list that leaves somebody out proves nothing: rows shift between its pages while others go, and what is
//! new may be listed late. So a known user that is not listed is read by id.

use std::collections::HashSet;

use domain::directory::User;
use domain::ids::{ManagedCompanyId, UserId};
use jiff::SignedDuration;

use super::{Mirror, Refused};
use crate::DirectoryError;
use crate::lastpass::{Company, Failed};

/// So many are asked for by id. If more are missing and one of these is there, the list is not believed; if none is, all are gone.
const MAX_ASKED_FOR: usize = 25;

/// A company that LastPass has just made may not take users yet, nor show them; how long that may be.
const READY_AFTER: SignedDuration = SignedDuration::from_mins(2);

impl Mirror {
    /// Lists the companies, with those of the known ones that the list leaves out and that are there.
    pub(super) async fn list_companies(&self, known: &[ManagedCompanyId]) -> Result<Vec<Company>, DirectoryError> {
        let lastpass = self.lastpass()?;
        let mut companies = lastpass.companies().await?;
        let listed: HashSet<&ManagedCompanyId> = companies.iter().map(|company| &company.id).collect();
        let missing: Vec<&ManagedCompanyId> = known.iter().filter(|id| !listed.contains(id)).collect();
        let mut there = Vec::new();
        for id in missing.iter().take(MAX_ASKED_FOR) {
            match lastpass.company(id).await {
                Ok(found) => there.extend(found),
                // The key was good for the whole list: the company is somebody else's now.
                Err(Failed::Forbidden(_)) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        believe(missing.len(), there.len())?;
        companies.extend(there);
        Ok(companies)
    }

    /// The users of a company, with those of the known ones whom the list leaves out and who are there.
    pub(super) async fn list_persons(&self, company: &ManagedCompanyId, known: &[User]) -> Result<Vec<User>, Refused> {
        let lastpass = self.lastpass()?;
        let list = async || match lastpass.users(company).await {
            Ok(listed) => Ok(listed),
            Err(failed) => Err(self.why_not_listed(company, failed).await),
        };
        let listed = list().await?;
        let ids: HashSet<&UserId> = listed.iter().map(|person| &person.id).collect();
        let missing: Vec<&UserId> = known
            .iter()
            .map(|user| &user.id)
            .filter(|id| !ids.contains(id))
            .collect();
        let (mut there, mut is_refused) = (Vec::new(), false);
        for id in missing.iter().take(MAX_ASKED_FOR) {
            match lastpass.user(company, id).await {
                Ok(person) => there.push(person),
                Err(Failed::NotFound(_) | Failed::Rejected(_, 410)) => {}
                // Of this user, not of the key, to which the list was shown just before: the user is not this company's any more.
                Err(Failed::Forbidden(_) | Failed::Rejected(_, 400)) => is_refused = true,
                Err(failed) => return Err(failed.into()),
            }
        }
        // Such a refusal alone does not say that somebody is gone; a second list that leaves the user out, too, does.
        if is_refused {
            let again = list().await?.into_iter();
            there.extend(again.filter(|person| missing.contains(&&person.id)));
        }
        believe(missing.len(), there.len())?;
        let persons = listed.into_iter().chain(there);
        let mut users: Vec<User> = persons.map(|person| person.of(company)).collect();
        users.sort_by(|one, other| one.id.cmp(&other.id));
        users.dedup_by(|one, other| one.id == other.id);
        Ok(users)
    }

    /// Whether a company whose users are refused is gone. A refusal alone does not say that.
    async fn why_not_listed(&self, company: &ManagedCompanyId, failed: Failed) -> Refused {
        if !matches!(failed, Failed::NotFound(_) | Failed::Forbidden(_)) {
            return failed.into();
        }
        match self.is_there(company).await {
            Ok(true) => Refused::Hidden,
            Ok(false) => Refused::Gone,
            Err(error) => Refused::Failed(error),
        }
    }

    async fn is_there(&self, company: &ManagedCompanyId) -> Result<bool, DirectoryError> {
        match self.lastpass()?.company(company).await {
            Ok(found) => Ok(found.is_some()),
            // Of this company or of the key: the whole list tells which.
            Err(Failed::Forbidden(_)) => {
                let listing = self.listing().await?;
                Ok(listing.iter().any(|listed| listed.id == *company))
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Whether a company was made a moment ago, and has not taken anybody yet.
    pub(super) async fn is_new(&self, company: &ManagedCompanyId) -> Result<bool, DirectoryError> {
        let known = self.content.known_users(company).await?;
        if !known.users.is_empty() {
            return Ok(false);
        }
        let made = self.made.lock().await.get(company).copied();
        let made = made.or_else(|| known.written());
        Ok(made.is_some_and(|made| self.now().duration_since(made) < READY_AFTER))
    }
}

/// Refuses a list that leaves out too many to ask for, some of whom are there.
fn believe(missing: usize, there: usize) -> Result<(), DirectoryError> {
    if missing > MAX_ASKED_FOR && there > 0 {
        return Err(DirectoryError::Unavailable(
            "LastPass leaves out of a list what is there".to_owned(),
        ));
    }
    Ok(())
}
