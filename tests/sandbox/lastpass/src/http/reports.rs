//! What LastPass bills.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::answer::{Problem, ok};
use super::call::Call;
use super::page::{Row, page};
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::{Company, CompanyStatus};

/// The most rows on one page.
const PAGE: usize = 50;
/// The most billing cycles.
const CYCLES: i32 = 12;

impl Context<'_> {
    /// The newest months, in a list without an envelope.
    pub(super) fn billing_cycles(&self, call: &Call) -> Answer {
        let number = call.parameter("number-of-cycles").unwrap_or("1").parse::<i32>();
        let number = number.ok().filter(|number| (1..=CYCLES).contains(number));
        let number = number.ok_or_else(|| Problem::new(400, "number-of-cycles must be from 1 to 12."))?;
        let today = Timestamp::from_millisecond(self.now).unwrap_or_default();
        let first = today.to_zoned(TimeZone::UTC).date().first_of_month();
        let cycles = (0..number).map(|back| {
            let begin = first.saturating_sub(back.months());
            json!({"startDate": begin.to_string(), "endDate": begin.last_of_month().to_string()})
        });
        Ok(ok(&Value::Array(cycles.collect())))
    }

    /// The companies that are billed; the documents do not show what a row has.
    pub(super) fn billing_reports(&self, call: &Call) -> Answer {
        let date = |name| call.parameter(name).and_then(|date| date.parse::<Date>().ok());
        match (date("start-date"), date("end-date")) {
            (Some(begin), Some(end)) if begin <= end => {}
            _ => return Err(Problem::new(400, "start-date and end-date are needed.")),
        }
        let state = lock(&self.account.state);
        let billed = |company: &&Company| company.msp == self.msp && company.status == CompanyStatus::Active;
        let rows = state.companies.values().filter(billed).map(|company| Row {
            id: company.id,
            since: company.listed_at,
            key: String::new(),
            item: company,
        });
        let rows = (rows.collect(), false);
        page(call, self.switches, self.now, PAGE, rows, |company: &&Company| {
            json!({
                "company": {"id": show::id(company.id, self.switches), "name": company.name},
                "licenseCount": state.members_of(Some(company.id)).count(),
            })
        })
    }
}
