//! What the administrator decides in the review.

use sandbox::Error;
use sandbox::api::Api;
use serde_json::{Value, json};

use super::answers::{self, AddressRow, CompanyRow};
use super::changes::Changed;

/// What to import.
pub(super) enum Choice<'a> {
    /// Every company with everybody who is active in it, and one of the ambiguous ones.
    Everything,
    /// What was imported before, and the contact that was added.
    MappedAnd(&'a Changed),
}

/// Makes the decisions, and says which.
pub(super) async fn decide(ana: &Api, import: &str, rows: &[CompanyRow], choice: &Choice<'_>) -> Result<String, Error> {
    let companies = format!("/imports/{import}/companies");
    match choice {
        Choice::Everything => everything(ana, &companies, rows).await,
        Choice::MappedAnd(changed) => mapped_and(ana, &companies, changed).await,
    }
}

async fn everything(ana: &Api, companies: &str, rows: &[CompanyRow]) -> Result<String, Error> {
    let selected = select(ana, companies, json!({})).await?;
    let mut ticked = 0;
    for row in rows.iter().filter(|row| !row.own) {
        ticked += select(ana, &format!("{companies}/{}/addresses", row.id), json!({})).await?;
    }
    let chosen = format!("Chosen: all {selected} companies but our own, with {ticked} addresses of active contacts.");
    // Read again: selecting has changed the versions.
    let ambiguous: Vec<CompanyRow> = answers::list(ana, &format!("{companies}?tab=in&status=ambiguous")).await?;
    let Some(row) = ambiguous.first() else {
        return Ok(chosen);
    };
    let decision = json!({ "version": row.version, "target": { "create": {} } });
    ana.patch(&format!("{companies}/{}", row.id), &decision).await?;
    Ok(format!(
        "{chosen}\nDecided: {} becomes a new company. The other {} ambiguous ones are left for later.",
        row.name.trim(),
        ambiguous.len() - 1
    ))
}

async fn mapped_and(ana: &Api, companies: &str, changed: &Changed) -> Result<String, Error> {
    let selected = select(ana, companies, json!({ "status": "mapped" })).await?;
    let addresses = format!("{companies}/{}/addresses", changed.joined.id);
    let rows: Vec<AddressRow> = answers::list(ana, &addresses).await?;
    let row = rows.iter().find(|row| row.address == changed.joiner.address);
    let row = row.ok_or_else(|| Error::Unexpected("the added contact is not offered".to_owned()))?;
    let decision = json!({ "version": row.version, "selected": true });
    ana.patch(&format!("{addresses}/{}", row.id), &decision).await?;
    Ok(format!(
        "Chosen: the {selected} mapped companies with the addresses imported before, and {}, who was added.",
        changed.joiner.name()
    ))
}

/// Selects the rows that match, and says how many do.
async fn select(ana: &Api, rows: &str, matching: Value) -> Result<u64, Error> {
    let answer = ana
        .post(
            &format!("{rows}/select"),
            &json!({ "selected": true, "where": matching }),
        )
        .await?;
    Ok(answer["matched"].as_u64().unwrap_or_default())
}
