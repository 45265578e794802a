//! The table of the comparison, printed row by row.

use domain::psa::PsaKind;

use super::clients::{Client, Round, Settings};
use crate::stage::name;

/// What reading took.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Companies and contacts together.
    pub rows: u64,
    pub requests: u32,
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_mib: f64,
}

/// What reading with a client took, or why that is not known.
pub(crate) struct Row<'a> {
    pub client: &'a Client,
    pub settings: Settings,
    pub round: Round,
    pub measured: Result<Measured, String>,
}

#[derive(Default)]
pub(crate) struct Table {
    ours: Vec<(PsaKind, Round, Measured)>,
    /// Who read everything and took less of something.
    ahead: Vec<String>,
}

/// How what stands below the table begins.
const SENTENCE: &str = "Of those who read everything,";

const COLUMNS: [&str; 4] = ["requests", "seconds", "CPU s", "peak MiB"];

impl Table {
    pub(crate) fn begin() -> Self {
        println!(
            "| PSA | reads with | how | import | rows | requests | × | seconds | × | CPU s | × | peak MiB | × | cannot |"
        );
        println!("|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|");
        Self::default()
    }

    pub(crate) fn ours(&mut self, kind: PsaKind, round: Round, measured: Measured) {
        self.ours.push((kind, round, measured));
        let head = [name(kind), "psa-import", "a snapshot in its database", round.name()];
        println!("{}", line(&head, &measured, None, "–"));
    }

    pub(crate) fn theirs(&mut self, row: &Row) {
        let client = row.client;
        let called = format!("{} {}", client.package, client.version());
        let only_changes = client.incremental && row.round == Round::Unchanged;
        let how = match (client.settings(row.settings), only_changes) {
            (how, true) => format!("{how}, only what changed"),
            (how, false) => how.to_owned(),
        };
        let head = [name(client.kind), &called, &how, row.round.name()];
        let measured = match &row.measured {
            Ok(measured) => measured,
            Err(why) => {
                println!("| {} |{} not measured: {why} |", head.join(" | "), " – |".repeat(9));
                return;
            }
        };
        let ours = self
            .ours
            .iter()
            .find(|ours| (ours.0, ours.1) == (client.kind, row.round));
        let ours = ours.map(|ours| ours.2);
        let everything = ours.filter(|ours| measured.rows >= ours.rows);
        let comparable = if only_changes { ours } else { everything };
        println!("{}", line(&head, measured, comparable.as_ref(), client.cannot));
        let times = everything.map(|ours| measured.times(&ours)).into_iter().flatten();
        for (column, ratio) in COLUMNS.iter().zip(times) {
            if ratio < 1.0 {
                let round = row.round.name();
                self.ahead.push(format!(
                    "{called}, {how}, {round}: {} of the {column}",
                    times_text(ratio)
                ));
            }
        }
    }

    pub(crate) fn end(&self) {
        if self.ahead.is_empty() {
            println!("\n{SENTENCE} nobody took less of any column.");
        } else {
            println!("\n{SENTENCE} these took less of a column: {}.", self.ahead.join("; "));
        }
    }
}

impl Measured {
    /// How many times as much this is, in each column.
    fn times(&self, ours: &Self) -> [f64; 4] {
        let (theirs, ours) = (self.columns(), ours.columns());
        std::array::from_fn(|column| theirs[column] / ours[column])
    }

    fn columns(&self) -> [f64; 4] {
        [self.requests.into(), self.seconds, self.cpu_seconds, self.peak_mib]
    }
}

fn line(head: &[&str], measured: &Measured, ours: Option<&Measured>, cannot: &str) -> String {
    let times = ours.map(|ours| measured.times(ours).map(times_text));
    let times = times.unwrap_or_else(|| std::array::from_fn(|_| "–".to_owned()));
    format!(
        "| {} | {} | {} | {} | {:.1} | {} | {:.1} | {} | {:.0} | {} | {cannot} |",
        head.join(" | "),
        measured.rows,
        measured.requests,
        times[0],
        measured.seconds,
        times[1],
        measured.cpu_seconds,
        times[2],
        measured.peak_mib,
        times[3],
    )
}

/// Near 1 the second digit matters.
fn times_text(ratio: f64) -> String {
    format!("{ratio:.*}", if ratio < 10.0 { 2 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::super::clients::CLIENTS;
    use super::*;

    const OURS: Measured = Measured {
        rows: 100,
        requests: 2,
        seconds: 4.0,
        cpu_seconds: 1.0,
        peak_mib: 20.0,
    };

    fn ahead(measured: Measured, round: Round) -> Vec<String> {
        let mut table = Table::default();
        table.ours(PsaKind::Connectwise, round, OURS);
        table.theirs(&Row {
            client: &CLIENTS[2],
            settings: Settings::Best,
            round,
            measured: Ok(measured),
        });
        table.ahead
    }

    #[test]
    fn who_reads_everything_with_less_is_ahead() {
        assert!(ahead(OURS, Round::First).is_empty());
        let quicker = Measured { seconds: 3.0, ..OURS };
        let found = ahead(quicker, Round::First);
        assert!(
            found.len() == 1 && found[0].ends_with("first: 0.75 of the seconds"),
            "{found:?}"
        );
    }

    #[test]
    fn who_reads_less_is_not_ahead() {
        let less = Measured {
            rows: 99,
            requests: 1,
            ..OURS
        };
        assert!(ahead(less, Round::First).is_empty());
        assert!(ahead(less, Round::Unchanged).is_empty());
    }

    #[test]
    fn a_line_has_a_ratio_for_each_column() {
        let theirs = Measured {
            requests: 20,
            peak_mib: 30.0,
            ..OURS
        };
        let line = line(&["a", "b"], &theirs, Some(&OURS), "fly");
        assert_eq!(
            line,
            "| a | b | 100 | 20 | 10 | 4.0 | 1.00 | 1.0 | 1.00 | 30 | 1.50 | fly |"
        );
    }
}
