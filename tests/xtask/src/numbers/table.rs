//! Tables in what programs print, and numbers as people read them.

/// The cells of each row of a Markdown table, without its head.
pub(super) fn rows(log: &str) -> Vec<Vec<&str>> {
    let lines = log
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").collect::<Vec<_>>());
    rows.filter(|cells| cells.iter().any(|cell| cell.parse::<f64>().is_ok()))
        .collect()
}

/// A row of a Markdown table; whole numbers get their thousands apart.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| cell.parse().map_or_else(|_| (*cell).to_owned(), grouped))
        .collect();
    format!("| {} |\n", cells.join(" | "))
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number rounded to three digits: `12.2 million`.
pub(super) fn rounded(number: u64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    let unit = 10_u64.pow(number.ilog10() - 2);
    let number = (number + unit / 2) / unit * unit;
    if number < 1_000_000 {
        return grouped(number);
    }
    let (millions, rest) = (number / 1_000_000, number % 1_000_000 / 10_000);
    let rest = format!("{rest:02}");
    match rest.trim_end_matches('0') {
        "" => format!("{} million", grouped(millions)),
        rest => format!("{}.{rest} million", grouped(millions)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_three_digits() {
        for (number, text) in [
            (0, "0"),
            (450, "450"),
            (3_270, "3,270"),
            (12_345, "12,300"),
            (1_222_320, "1.22 million"),
            (4_500_000, "4.5 million"),
            (122_232_000, "122 million"),
            (12_223_200_000, "12,200 million"),
        ] {
            assert_eq!(rounded(number), text);
        }
    }

    #[test]
    fn rows_are_those_with_a_number() {
        let log = "Finished\n| PSA | import | units |\n|---|---|---:|\n| connectwise | first | 40630 |\n";
        assert_eq!(rows(log), [["connectwise", "first", "40630"]]);
        assert_eq!(row(&rows(log)[0]), "| connectwise | first | 40,630 |\n");
    }
}
