//! How many people of companies are ticked, and how many conflict: for the rows of a page (R28, R32).

use std::sync::Arc;

use api::Api;
use domain::import::Import;
use domain::plan::planner::{self, AddressView};
use domain::row::AddressStatus;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use lambda::Services;
use planning::{Asked, Context};
use schemars::JsonSchema;
use serde::Serialize;
use store::decided::Decisions;
use store::rows::Row;

/// The most companies of a page whose people are counted: each takes some read units, and one for each person who is not imported.
pub const MAX_ROWS_WITH_PEOPLE: usize = 50;

/// Companies whose people are counted at once.
const COUNT_CONCURRENCY: usize = 8;

/// How many people of a company are ticked, and how many cannot be ticked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TickedPeople {
    /// How many people get or keep access if the company is selected.
    ticked: u64,
    /// How many people have an address that a user of another managed company has.
    conflicts: u64,
}

impl TickedPeople {
    fn of(views: &[AddressView<'_>]) -> Self {
        let count = |accepts: fn(&&AddressView<'_>) -> bool| views.iter().filter(accepts).count() as u64;
        Self {
            ticked: count(|view| view.selected),
            conflicts: count(|view| view.status == AddressStatus::AddressConflict),
        }
    }
}

/// Counts the people of the companies of these rows, in their order.
pub async fn of_rows(
    services: &Services,
    import: &Import,
    decided: &Decisions,
    rows: &[Row],
) -> Api<Vec<TickedPeople>> {
    let (tenant, directory) = (
        services.tenant(&import.msp),
        services.remembered_directory(&import.msp).await?,
    );
    let counts = rows.iter().map(|row| {
        let (tenant, directory) = (tenant.clone(), Arc::clone(&directory));
        let decisions = decided.only_on(&row.id);
        async move {
            let context = Context::of_row(tenant, directory, import.clone(), row, decisions).await?;
            let facts = context.facts(row.clone(), Asked::All).await?;
            Api::Ok(TickedPeople::of(&planner::address_rows(&facts, &context.companies)))
        }
        .boxed()
    });
    let counts: Vec<_> = counts.collect();
    stream::iter(counts).buffered(COUNT_CONCURRENCY).try_collect().await
}
