//! Whether anything in the directory has changed since a plan was computed (R71).
//!
//! One item per MSP holds a number, and a mark for each run or call that is changing the directory at this moment. Before its first write,
//! a run or call raises the number and sets its mark. After its last write it removes the mark. So if there is no mark, and the number is
//! the same as before, nothing has changed in between. The number is raised once for many changes. If it were raised with each change, a
//! user would cost two write units instead of one, and all writes of an MSP would wait for this item.
//!
//! A process that dies before its last write leaves its mark behind. The mark counts for `LONGEST`, which is as long as any process can
//! live. During that time, nothing that rests on the number is used.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use store::table::number;
use store::{Item, Key, StoreError, Table};

use super::BuiltIn;
use super::records::CHANGES;

/// What the attributes of marks begin with.
const CHANGING: &str = "changing";

/// How long a mark counts: as long as Lambda lets a call or a run go on.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// How many marks of dead processes one write removes at most: an expression has a limit.
const MAX_FORGOTTEN: usize = 20;

impl BuiltIn {
    /// The number, unless somebody is changing the directory.
    pub(super) async fn number_of_changes(&self, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let Some(item) = self.tenant.get(Table::Records, &self.changes_key()).await? else {
            return Ok(Some(0));
        };
        CHANGES.check(&item)?;
        if changing(&item).any(|(_, until)| until > now.as_second()) {
            return Ok(None);
        }
        Ok(item.get("changes").and_then(read))
    }

    /// Raises the number, and sets the mark of `by`, which is about to change something.
    pub(super) async fn begin(&self, by: &str, now: Timestamp) -> Result<(), StoreError> {
        let own = attribute(by);
        let before = self.tenant.get(Table::Records, &self.changes_key()).await?;
        let ended = before.iter().flat_map(changing);
        let ended = ended.filter(|(name, until)| *until <= now.as_second() && **name != own);
        let ended: Vec<String> = ended.map(|(name, _)| format!("#{name}")).take(MAX_FORGOTTEN).collect();
        let mut update = format!("SET #{own} = :until, #schema = :schema ADD changes :one");
        if !ended.is_empty() {
            update += " REMOVE ";
            update += &ended.join(", ");
        }
        let values = [(":until", number((now + LONGEST).as_second())), (":one", number(1))];
        self.change(&update, &values).await
    }

    /// Removes the mark of `by`, which has made its last change.
    pub(super) async fn end(&self, by: &str) -> Result<(), StoreError> {
        let update = format!("SET #schema = :schema REMOVE #{}", attribute(by));
        self.change(&update, &[]).await
    }

    async fn change(&self, update: &str, values: &[(&str, AttributeValue)]) -> Result<(), StoreError> {
        let (key, mut values) = (self.changes_key(), values.to_vec());
        values.push((":schema", number(CHANGES.schema)));
        let condition = "attribute_not_exists(#schema) OR #schema <= :schema";
        let changed = self
            .tenant
            .update_alone(Table::Records, &key, update, condition, &values);
        if changed.await? {
            return Ok(());
        }
        Err(StoreError::shape(CHANGES.name, "it is of a newer version"))
    }

    fn changes_key(&self) -> Key {
        Key::in_records(&self.tenant.msp, "", "CHANGES")
    }
}

/// The marks of an item: the name of each attribute, and until when it counts.
fn changing(item: &Item) -> impl Iterator<Item = (&String, i64)> {
    let all = item.iter().filter(|(name, _)| name.starts_with(CHANGING));
    all.map(|(name, until)| (name, read(until).unwrap_or(i64::MAX)))
}

fn read<T: std::str::FromStr>(value: &AttributeValue) -> Option<T> {
    value.as_n().ok()?.parse().ok()
}

/// Names of attributes have letters and digits only, as expressions take them.
fn attribute(by: &str) -> String {
    let id: String = by.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{CHANGING}{id}")
}
