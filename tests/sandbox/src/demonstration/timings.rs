//! How long each stage took.

use std::time::{Duration, Instant};

/// Stages in the order in which they ran.
#[derive(Debug, Default)]
pub(super) struct Timings(Vec<(&'static str, Duration)>);

impl Timings {
    /// Runs a stage and remembers how long it took.
    pub(super) async fn time<T>(&mut self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        self.0.push((stage, began.elapsed()));
        done
    }

    fn of(&self, stage: &str) -> Option<Duration> {
        self.0.iter().find(|(name, _)| *name == stage).map(|(_, took)| *took)
    }
}

/// Stages down, imports across.
pub(super) fn table(columns: &[(String, Timings)]) -> String {
    let mut header = vec![String::new()];
    header.extend(columns.iter().map(|(name, _)| name.clone()));
    let stages = columns.first().map_or(&[][..], |(_, timings)| &timings.0);
    let rows = stages.iter().map(|(stage, _)| {
        let took = |(_, timings): &(String, Timings)| {
            timings
                .of(stage)
                .map_or("–".to_owned(), |took| format!("{:.2} s", took.as_secs_f64()))
        };
        let mut row = vec![(*stage).to_owned()];
        row.extend(columns.iter().map(took));
        row
    });
    super::tables::table(header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_has_a_column_and_each_stage_a_row() {
        let timings = |fetch| {
            Timings(vec![
                ("fetch", Duration::from_millis(fetch)),
                ("plan", Duration::from_millis(5)),
            ])
        };
        let table = table(&[
            ("first".to_owned(), timings(1_230)),
            ("second".to_owned(), timings(340)),
        ]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            &lines[1..5],
            [
                "│       ┆ first  ┆ second │",
                "╞═══════╪════════╪════════╡",
                "│ fetch ┆ 1.23 s ┆ 0.34 s │",
                "│ plan  ┆ 0.01 s ┆ 0.01 s │",
            ]
        );
    }
}
