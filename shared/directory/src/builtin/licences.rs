//! The MSP's licences: one item. An import writes it once before and once after its changes, never per user (R46). It is also written when
//! somebody creates a user by hand, or sets the number of licences.
//!
//! The item keeps `available` next to `used` and the reservations, because a condition of DynamoDB cannot add up. Every write changes them
//! together, so that `used`, the reservations and `available` always add up to `total`.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::directory::{LicenceMode, Licences, ReservationId};
use store::retry::Attempts;
use store::table::{body, item, number, value};
use store::tx::Transaction;
use store::{Item, Key, StoreError, Table, Tenant};

use super::records::{LICENCES, LicencesRecord};
use crate::{DirectoryError, Reservation};

fn key(tenant: &Tenant) -> Key {
    Key::in_records(&tenant.msp, "", "LICENCES")
}

/// Reads the pool; an MSP that never had one gets an empty one.
async fn pool(tenant: &Tenant) -> Result<LicencesRecord, DirectoryError> {
    if let Some(found) = tenant.get(Table::Records, &key(tenant)).await? {
        return Ok(body(LICENCES, found)?);
    }
    let empty = LicencesRecord {
        mode: LicenceMode::Pool,
        total: 0,
        used: 0,
        available: 0,
        reservations: HashMap::new(),
    };
    let item = item(LICENCES, &key(tenant), &empty)?;
    if tenant.add_alone(Table::Records, item).await? {
        return Ok(empty);
    }
    match tenant.get(Table::Records, &key(tenant)).await? {
        Some(found) => Ok(body(LICENCES, found)?),
        None => Ok(empty),
    }
}

pub(super) async fn read(tenant: &Tenant) -> Result<Licences, DirectoryError> {
    let pool = pool(tenant).await?;
    let reserved = pool.reservations.values().sum();
    Ok(Licences {
        mode: pool.mode,
        total: pool.total,
        used: pool.used,
        reserved,
        available: free(pool.available),
    })
}

fn free(available: i64) -> u64 {
    u64::try_from(available).unwrap_or(0)
}

pub(super) async fn set(tenant: &Tenant, mode: LicenceMode, total: u64) -> Result<bool, DirectoryError> {
    let mut attempts = Attempts::at("licences");
    loop {
        let seen = pool(tenant).await?;
        let taken = seen.used + seen.reservations.values().sum::<u64>();
        if total < taken && mode == LicenceMode::Pool {
            return Ok(false);
        }
        let available = i64::try_from(total).unwrap_or(i64::MAX) - i64::try_from(taken).unwrap_or(i64::MAX);
        let update = "SET #mode = :mode, #total = :total, available = :available";
        let values = [
            (":mode", value("licence mode", &mode)?),
            (":total", number(total)),
            (":available", number(available)),
            (":seen", number(seen.available)),
            (":before", number(seen.total)),
        ];
        let condition = "available = :seen AND #total = :before";
        let key = key(tenant);
        let set = tenant.update_alone(Table::Records, &key, update, condition, &values);
        if set.await? {
            return Ok(true);
        }
        // Somebody reserved or released meanwhile: count again.
        attempts.again().await?;
    }
}

/// Adds the use of one free licence to a transaction, which is refused if there is none.
pub(super) async fn use_one(tenant: &Tenant, tx: &mut Transaction) -> Result<(), DirectoryError> {
    // So that there is one.
    pool(tenant).await?;
    let update = "SET used = used + :one, available = available - :one";
    tx.update(
        tenant,
        Table::Records,
        &key(tenant),
        update,
        "available >= :one OR #mode = :consumption",
        &[
            (":one", number(1)),
            (":consumption", value("licence mode", &LicenceMode::Consumption)?),
        ],
    )?;
    Ok(())
}

pub(super) async fn reserve(
    tenant: &Tenant,
    reservation: &ReservationId,
    licences: u64,
) -> Result<Reservation, DirectoryError> {
    if licences == 0 {
        return Ok(Reservation::Made);
    }
    // So that there is one to tell how much is left.
    pool(tenant).await?;
    let condition =
        "attribute_not_exists(reservations.#reservation) AND (available >= :licences OR #mode = :consumption)";
    let update = tenant
        .client()
        .update_item()
        .table_name(tenant.table(Table::Records))
        .set_key(Some(key(tenant).to_item()))
        .update_expression("SET available = available - :licences, reservations.#reservation = :licences")
        .condition_expression(condition)
        .expression_attribute_names("#reservation", reservation.as_str())
        .expression_attribute_names("#mode", "mode")
        .expression_attribute_values(":licences", number(licences))
        .expression_attribute_values(":consumption", value("licence mode", &LicenceMode::Consumption)?)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match update {
        Ok(_) => Ok(Reservation::Made),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                let pool: LicencesRecord = body(LICENCES, refused.item.clone().unwrap_or_default())?;
                Ok(if pool.reservations.contains_key(reservation) {
                    Reservation::Made
                } else {
                    Reservation::Insufficient {
                        available: free(pool.available),
                    }
                })
            }
            _ => Err(StoreError::sdk("UpdateItem", error).into()),
        },
    }
}

pub(super) async fn reservations(tenant: &Tenant) -> Result<Vec<ReservationId>, DirectoryError> {
    Ok(pool(tenant).await?.reservations.into_keys().collect())
}

pub(super) async fn release(tenant: &Tenant, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError> {
    let Some(reserved) = pool(tenant).await?.reservations.get(reservation).copied() else {
        return Ok(());
    };
    let used = used.min(reserved);
    let values: Item = HashMap::from([
        (":used".to_owned(), number(used)),
        (":back".to_owned(), number(reserved - used)),
        (":reserved".to_owned(), number(reserved)),
    ]);
    let update = tenant
        .client()
        .update_item()
        .table_name(tenant.table(Table::Records))
        .set_key(Some(key(tenant).to_item()))
        .update_expression("SET used = used + :used, available = available + :back REMOVE reservations.#reservation")
        .condition_expression("reservations.#reservation = :reserved")
        .expression_attribute_names("#reservation", reservation.as_str())
        .set_expression_attribute_values(Some(values))
        .send()
        .await;
    match update {
        Ok(_) => Ok(()),
        // Somebody else has released it.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::sdk("UpdateItem", error).into()),
    }
}
