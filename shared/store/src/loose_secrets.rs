//! Secrets that no integration has: those of one that is being connected, or was removed. Secrets Manager and the tables cannot be
//! written at once, so an item here names a secret before it is made and from the moment it is not needed any more; the sweeper deletes
//! what nobody deleted in time.

use std::time::Duration;

use domain::ids::{MspId, SecretId};
use jiff::Timestamp;
use serde::Deserialize;

use crate::StoreError;
use crate::expiry::EXPIRES;
use crate::keys;
use crate::schema::Kind;
use crate::sweep::UNDER_WAY;
use crate::table::{Item, Readable, Store, Table, Tenant, bare_item, body, number, readable, text};
use crate::tx::{Action, Transaction};

const LOOSE_SECRET: Kind = Kind::first("loose secret");

/// The value by which the index finds them.
const ASSIGNMENT: &str = "secret";

/// How long connecting may take. A call ends after half a minute.
const CONNECTING: Duration = Duration::from_hours(1);

/// How long an item outlives the deletion of its secret: longer than any call that could still store an integration with it.
const REMEMBERED: Duration = Duration::from_hours(48);

/// A secret that no integration has.
#[derive(Debug, Deserialize)]
pub struct LooseSecret {
    /// The tenant.
    pub msp: MspId,
    /// The secret.
    pub id: SecretId,
}

impl Store {
    /// The secrets that no integration has, a moment ago, of all tenants.
    pub async fn loose_secrets(&self) -> Result<Readable<LooseSecret>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.imports)
            .index_name(UNDER_WAY)
            .key_condition_expression("assignment = :assignment")
            .expression_attribute_values(":assignment", text(ASSIGNMENT));
        let items: Vec<Item> = query
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        Ok(readable(
            LOOSE_SECRET,
            items.into_iter().map(|item| body(LOOSE_SECRET, item)),
        ))
    }
}

impl Tenant {
    /// Names a secret that is about to be made: deleted after a while, unless an integration is stored with it.
    pub async fn expect_secret(&self, secret: &SecretId, now: Timestamp) -> Result<(), StoreError> {
        let item = self.loose_secret(secret, now.checked_add(CONNECTING).unwrap_or(now));
        // If not, this very item is there.
        let _ = self.add_alone(Table::Imports, item).await?;
        Ok(())
    }

    /// An item that has a secret deleted from `due` on.
    fn loose_secret(&self, secret: &SecretId, due: Timestamp) -> Item {
        let mut item = bare_item(LOOSE_SECRET, &keys::loose_secret(&self.msp, secret));
        item.insert("msp".to_owned(), text(self.msp.as_str()));
        item.insert("id".to_owned(), text(secret.as_str()));
        item.insert("assignment".to_owned(), text(ASSIGNMENT));
        item.insert("due".to_owned(), number(due.as_second()));
        item
    }

    /// Adds to a transaction that a secret is to be deleted from `due` on.
    pub(crate) fn loosen_secret(
        &self,
        tx: &mut Transaction,
        secret: &SecretId,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        tx.put(self, Table::Imports, self.loose_secret(secret, due))?;
        Ok(())
    }

    /// Adds to a transaction that an integration has another secret from now on. Who has just read the integration may still read the
    /// old one.
    pub(crate) fn replace_secret(
        &self,
        tx: &mut Transaction,
        (old, new): (&SecretId, &SecretId),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.push(self.keep_secret(new)?)?;
        self.loosen_secret(tx, old, now.checked_add(CONNECTING).unwrap_or(now))
    }

    /// The write by which an integration gets its secret, refused once the secret is being deleted.
    pub(crate) fn keep_secret(&self, secret: &SecretId) -> Result<Action, StoreError> {
        let key = keys::loose_secret(&self.msp, secret);
        Action::delete(self, Table::Imports, &key, "attribute_not_exists(claimed)", &[])
    }

    /// Decides that a secret is deleted if its time has come; from then on no integration can be stored with it.
    pub async fn claim_secret(&self, secret: &SecretId, now: Timestamp) -> Result<bool, StoreError> {
        let key = keys::loose_secret(&self.msp, secret);
        let values = [(":now", number(now.as_second())), (":true", number(1))];
        self.update_alone(Table::Imports, &key, "SET claimed = :true", "due <= :now", &values)
            .await
    }

    /// Notes that a secret is deleted. The item stays for a while, so that nothing is stored with the secret late.
    pub async fn secret_deleted(&self, secret: &SecretId, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::loose_secret(&self.msp, secret);
        let expires = now.checked_add(REMEMBERED).unwrap_or(now).as_second();
        let (update, condition) = (
            format!("SET {EXPIRES} = :expires, claimed = :true REMOVE assignment"),
            "attribute_exists(pk)",
        );
        let values = [(":expires", number(expires)), (":true", number(1))];
        // Refused: another call has noted it, and the item is gone since.
        let _ = self
            .update_alone(Table::Imports, &key, &update, condition, &values)
            .await?;
        Ok(())
    }
}
