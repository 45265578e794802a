//! Managed companies that are asked for. LastPass makes them later, and never says which one belongs to which request.
//!
//! Before each request we store the name, and the ids of the companies that already have this name. If LastPass later lists exactly one
//! other company of this name, it is the one that we asked for. This works only if requests for equal names come one after another, so a
//! request claims the name first. A request with an unknown outcome is repeated only if an administrator says so (R82).

use domain::directory::ManagedCompany;
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use domain::name::NameKey;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::table::text;
use store::{Key, PutOutcome, Table};

use super::Mirror;
use super::content::Content;
use super::records::{CREATION, CreationRecord, NAME, NameRecord};
use crate::lastpass::{Accepted, Company, Progress};
use crate::{DirectoryError, NewCompany};

/// How long a company may take to appear whose request was accepted.
const ACCEPTED_PATIENCE: SignedDuration = SignedDuration::from_hours(2);

/// How long one is looked for whose request got no answer.
const UNANSWERED_PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The age from which an administrator may have a request with an unknown outcome repeated.
const SENT_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The first wait for a company that was asked for.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(3);

/// The wait for another company of the same name.
const TURN: SignedDuration = SignedDuration::from_secs(15);

/// How long to wait for the next look, by how long ago it was asked for.
const LOOKS: [(SignedDuration, SignedDuration); 3] = [
    (SignedDuration::from_secs(30), FIRST_LOOK),
    (SignedDuration::from_mins(2), SignedDuration::from_secs(15)),
    (SignedDuration::from_mins(30), SignedDuration::from_mins(1)),
];

/// The longest wait between two looks.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

impl Mirror {
    pub(super) async fn ask_for_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError> {
        if let Some(creation) = self.creation(key.as_str()).await? {
            return self.look_for(key.as_str(), creation).await;
        }
        let before = match self.claim_name(key, name).await? {
            Claim::Ours(before) => before,
            Claim::Waits => return Ok(NewCompany::Waits(self.now() + TURN)),
            // What it has left open would be taken for ours.
            Claim::Unknown => return Ok(NewCompany::Unknown),
        };
        let listing = self.listing().await?;
        let known = named(&listing, name).map(|company| company.id.clone());
        let mut creation = CreationRecord {
            name: name.to_owned(),
            known: known.chain(before).collect(),
            asked: self.now(),
            accepted: false,
            url: None,
            id: None,
        };
        if !self
            .write_creation(key.as_str(), &creation, "attribute_not_exists(pk)")
            .await?
        {
            // Another worker has asked for it at this moment.
            return Ok(NewCompany::Waits(self.now() + FIRST_LOOK));
        }
        match self.lastpass()?.create_company(name).await {
            Ok(accepted) => {
                (creation.accepted, creation.url) = (true, accepted.url);
                self.write_creation(key.as_str(), &creation, "attribute_exists(pk)")
                    .await?;
            }
            Err(failed) if failed.may_be_applied() => {}
            Err(failed) => {
                self.forget_creation(key.as_str(), name).await?;
                return Err(failed.into());
            }
        }
        Ok(NewCompany::Waits(self.now() + FIRST_LOOK))
    }

    pub(super) async fn look_for_requested(&self, key: &IdempotencyKey) -> Result<Option<NewCompany>, DirectoryError> {
        let Some(creation) = self.creation(key.as_str()).await? else {
            return Ok(None);
        };
        match self.look_for(key.as_str(), creation).await {
            Err(error) if error.is_retryable() || error.is_of_key() => Ok(Some(NewCompany::Unknown)),
            found => found.map(Some),
        }
    }

    /// Looks whether a company is there that was asked for.
    async fn look_for(&self, key: &str, mut creation: CreationRecord) -> Result<NewCompany, DirectoryError> {
        if let Some(id) = creation.id {
            // It was never mapped, or nobody would ask, so somebody may have detached it since.
            let is_old = self.now().duration_since(creation.asked) >= SENT_AGAIN_AFTER;
            let is_there = !is_old || self.listing().await?.iter().any(|company| company.id == id);
            return Ok(if is_there {
                NewCompany::Created(id)
            } else {
                NewCompany::Unknown
            });
        }
        let listing = self.listing().await?;
        let mut found = named(&listing, &creation.name).filter(|company| !creation.known.contains(&company.id));
        match (found.next(), found.next()) {
            (Some(company), None) => {
                let id = company.id.clone();
                creation.id = Some(id.clone());
                self.made.lock().await.insert(id.clone(), self.now());
                // Nobody is in it yet, as far as is known.
                let known = self.content.known_users(&id).await?;
                self.content
                    .write_users(&id, (&known, &known.users), self.now())
                    .await?;
                let company = ManagedCompany::from(company.clone());
                self.content.add_company(&company, self.now()).await?;
                self.forget_companies().await;
                self.write_creation(key, &creation, "attribute_exists(pk)").await?;
                return Ok(NewCompany::Created(id));
            }
            // Somebody has made one of the same name by hand: nobody can tell which one is ours.
            (Some(_), Some(_)) => return Ok(NewCompany::Unknown),
            (None, _) => {}
        }
        if creation.accepted {
            let accepted = Accepted {
                url: creation.url.clone(),
            };
            if self.lastpass()?.progress(&accepted).await? == Progress::Failed {
                self.forget_creation(key, &creation.name).await?;
                return Err(DirectoryError::Refused("LastPass did not make the company".into()));
            }
        }
        let next = self.next_look(&creation);
        Ok(next.map_or(NewCompany::Unknown, NewCompany::Waits))
    }

    /// Deletes the record of a request whose outcome has been unknown for long enough and still is, so that the request can be repeated.
    pub(super) async fn forget_unknown(&self, key: &IdempotencyKey) -> Result<(), DirectoryError> {
        let Some(creation) = self.creation(key.as_str()).await? else {
            return Ok(());
        };
        let is_old = self.now().duration_since(creation.asked) >= SENT_AGAIN_AFTER;
        if !is_old || self.next_look(&creation).is_some() {
            return Ok(());
        }
        let (name, known, was_found) = (creation.name.clone(), creation.known.clone(), creation.id.is_some());
        // Look once more: a company that has appeared since the last look is the one that was asked for.
        match self.look_for(key.as_str(), creation).await {
            Ok(NewCompany::Unknown) => {
                let listing = self.listing().await?;
                // Several have appeared: one of them may be ours, and an administrator can choose it.
                let has_appeared = named(&listing, &name).any(|company| !known.contains(&company.id));
                if has_appeared {
                    return Ok(());
                }
                if was_found {
                    // The claim of the name may be another's by now.
                    let creation = self.creation_key(key.as_str());
                    return Ok(self.content.tenant.delete_alone(Table::Records, &creation).await?);
                }
                self.forget_creation(key.as_str(), &name).await
            }
            // LastPass says by now that it has failed, so it is forgotten.
            Ok(_) | Err(DirectoryError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// When to look again; `None` if that is of no use any more.
    fn next_look(&self, creation: &CreationRecord) -> Option<Timestamp> {
        let now = self.now();
        let age = now.duration_since(creation.asked);
        let patience = if creation.accepted {
            ACCEPTED_PATIENCE
        } else {
            UNANSWERED_PATIENCE
        };
        let wait = LOOKS.iter().find(|(until, _)| age < *until);
        let wait = wait.map_or(LONGEST_WAIT, |(_, wait)| *wait);
        (age < patience).then(|| now + wait)
    }

    /// Claims a name, so that no other company of it is asked for meanwhile.
    async fn claim_name(&self, key: &IdempotencyKey, name: &str) -> Result<Claim, DirectoryError> {
        let (item_key, now) = (self.name_key(name), self.now());
        let record = NameRecord {
            holder: key.as_str().to_owned(),
            since: now,
        };
        let claim = async |condition: &str, holder: &str| {
            let item = Content::small_item(NAME, &item_key, &record, now)?;
            let values = [(":holder", text(holder))];
            let tenant = &self.content.tenant;
            let put = tenant.put_alone(Table::Records, item, condition, &values).await?;
            Ok::<_, DirectoryError>(matches!(put, PutOutcome::Applied))
        };
        if claim("attribute_not_exists(pk) OR holder = :holder", key.as_str()).await? {
            return Ok(Claim::Ours(None));
        }
        let Some(holder) = self.content.small::<NameRecord>(NAME, &item_key).await? else {
            return Ok(Claim::Waits);
        };
        let before = match self.creation(&holder.holder).await? {
            Some(creation) if creation.id.is_some() => creation.id,
            // Perhaps nobody asks for the holder's company any more: look for it here.
            Some(open) if self.next_look(&open).is_none() => match self.look_for(&holder.holder, open).await {
                Ok(NewCompany::Created(id)) => Some(id),
                Ok(_) => return Ok(Claim::Unknown),
                // LastPass says by now that it has failed, so its claim is gone.
                Err(DirectoryError::Refused(_)) => return Ok(Claim::Waits),
                Err(error) => return Err(error),
            },
            Some(_) => return Ok(Claim::Waits),
            // No request of the holder is stored. The holder is about to send one, or its run died while the name was claimed.
            None if now.duration_since(holder.since) < UNANSWERED_PATIENCE => return Ok(Claim::Waits),
            None => None,
        };
        let is_ours = claim("holder = :holder", &holder.holder).await?;
        Ok(if is_ours { Claim::Ours(before) } else { Claim::Waits })
    }

    async fn creation(&self, key: &str) -> Result<Option<CreationRecord>, DirectoryError> {
        self.content.small(CREATION, &self.creation_key(key)).await
    }

    async fn write_creation(
        &self,
        key: &str,
        creation: &CreationRecord,
        condition: &str,
    ) -> Result<bool, DirectoryError> {
        let item = Content::small_item(CREATION, &self.creation_key(key), creation, creation.asked)?;
        let tenant = &self.content.tenant;
        let written = tenant.put_alone(Table::Records, item, condition, &[]).await?;
        Ok(matches!(written, PutOutcome::Applied))
    }

    /// LastPass has not made the company, and will not: it may be asked for again.
    async fn forget_creation(&self, key: &str, name: &str) -> Result<(), DirectoryError> {
        let tenant = &self.content.tenant;
        let creation = self.creation_key(key);
        tenant.delete_alone(Table::Records, &creation).await?;
        Ok(tenant.delete_alone(Table::Records, &self.name_key(name)).await?)
    }

    fn creation_key(&self, key: &str) -> Key {
        self.content.key(format!("CREATION#{key}"))
    }

    /// By the digest of the name, since a key is shorter than a name may be.
    fn name_key(&self, name: &str) -> Key {
        let digest = hex::encode(Sha256::digest(NameKey::of(name).as_str()));
        self.content.key(format!("CREATING#{digest}"))
    }
}

/// Who may ask for a company of a name.
enum Claim {
    /// This one; and what the one before it has become.
    Ours(Option<ManagedCompanyId>),
    /// Another one, for now.
    Waits,
    /// Another one, with an unknown outcome.
    Unknown,
}

fn named<'a>(companies: &'a [Company], name: &str) -> impl Iterator<Item = &'a Company> + use<'a> {
    let name = NameKey::of(name);
    companies
        .iter()
        .filter(move |company| NameKey::of(&company.name) == name)
}
