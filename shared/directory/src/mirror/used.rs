//! How many users the MSP pays for: LastPass charges by use, and says nowhere how many there are (R47, R89).
//!
//! Counted are the users that were there when all were last read, and those that imports have created since. A confirmed import is written
//! down with its reservation, which reserves nothing; at its end the number of users is added that it has created.

use domain::directory::ReservationId;
use store::table::body;
use store::{Item, Key, StoreError, Table};

use super::Mirror;
use super::content::Content;
use super::records::{USED, UsedRecord};
use crate::DirectoryError;

impl Mirror {
    /// Users that are paid for. Users of an import that has not ended when a reading of all
    /// begins may count twice until the next one.
    pub(super) async fn used(&self) -> Result<u64, DirectoryError> {
        let head = self.content.head().await?;
        let is_later = |noted: &UsedRecord| head.walked.is_none_or(|walked| noted.at > walked);
        let later = self.noted().await?.into_iter().filter(is_later);
        let created: u64 = later.filter_map(|noted| noted.users).sum();
        Ok(head.users + created)
    }

    /// Writes down an import that is about to create users.
    pub(super) async fn note_reservation(&self, reservation: &ReservationId) -> Result<(), DirectoryError> {
        let item = self.used_item(reservation, None)?;
        // One that is there stays, since it may have the number already.
        self.content.tenant.add_alone(Table::Records, item).await?;
        Ok(())
    }

    /// Imports that are written down and have not ended.
    pub(super) async fn noted_reservations(&self) -> Result<Vec<ReservationId>, DirectoryError> {
        let open = self.noted().await?.into_iter().filter(|noted| noted.users.is_none());
        Ok(open.map(|noted| noted.reservation).collect())
    }

    /// Adds how many users an import has created. The moment of the first call counts, however often it is repeated.
    pub(super) async fn note_used(&self, reservation: &ReservationId, users: u64) -> Result<(), DirectoryError> {
        let tenant = &self.content.tenant;
        if users == 0 {
            let key = self.used_key(reservation.as_str());
            // Another worker may have added the number.
            let is_open = "attribute_not_exists(#users)";
            return Ok(tenant.delete_if(Table::Records, &key, is_open, &[]).await?);
        }
        let item = self.used_item(reservation, Some(users))?;
        tenant
            .put_alone(Table::Records, item, "attribute_not_exists(#users)", &[])
            .await?;
        Ok(())
    }

    async fn noted(&self) -> Result<Vec<UsedRecord>, DirectoryError> {
        let all = self.used_key("");
        let items = self.content.tenant.query(Table::Records, &all.pk, &all.sk).await?;
        let records = items.into_iter().map(|item| body(USED, item));
        Ok(records.collect::<Result<_, StoreError>>()?)
    }

    fn used_item(&self, reservation: &ReservationId, users: Option<u64>) -> Result<Item, StoreError> {
        let record = UsedRecord {
            reservation: reservation.clone(),
            at: self.now(),
            users,
        };
        Content::small_item(USED, &self.used_key(reservation.as_str()), &record, self.now())
    }

    fn used_key(&self, reservation: &str) -> Key {
        self.content.key(format!("USED#{reservation}"))
    }
}
