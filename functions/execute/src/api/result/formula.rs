//! Cells that no spreadsheet takes for formulas (R76; OWASP ASVS 5.0, 1.2.10).
//!
//! Spreadsheets do not ask the file what separates its cells: with Dutch, German or French settings it is a semicolon, and a tab or
//! a bar where somebody chooses so. Some split at separators inside quotes, or at line breaks there. So a cell of theirs may begin
//! behind each of these in a cell of ours, and wherever such a beginning could be a formula, a `'` is put in front of it.
//!
//! To undo it, remove one `'` from each beginning that still could be one without it.

/// What a cell may begin behind, besides where it begins itself.
const SEPARATORS: [char; 11] = [
    ',', ';', '|', '\t', '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
];

/// What makes a formula, also in the forms that input methods of East Asia give it, and what is dropped in front of one.
const DANGEROUS: [char; 17] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}', '\u{fe63}', '\u{fe6b}',
    '\u{2212}', '\t', '\r', '\n', '\0',
];

/// The cell, with a `'` in front of everything in it that a spreadsheet could take for a formula.
pub(super) fn defused(cell: &str) -> String {
    let mut safe = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for (at, c) in cell.char_indices() {
        if begins && cell.get(at..).is_some_and(is_dangerous) {
            safe.push('\'');
        }
        safe.push(c);
        begins = SEPARATORS.contains(&c);
    }
    safe
}

/// Whether a cell that begins so could be a formula. Quotes are skipped, since some spreadsheets drop them; `'` is, so that the
/// one put in front can be told from one that was there.
fn is_dangerous(cell: &str) -> bool {
    let mut rest = cell.chars();
    rest.find(|c| DANGEROUS.contains(c) || !(is_blank(*c) || matches!(c, '"' | '\'')))
        .is_some_and(|c| DANGEROUS.contains(&c))
}

/// What cannot be seen: white space, control characters, and marks without width.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a spreadsheet makes of a file when it takes cells to be separated so, and does not look at quotes.
    fn split(file: &str, separator: char) -> Vec<String> {
        let lines = file.split(|c| SEPARATORS[4..].contains(&c));
        lines
            .flat_map(|line| line.split(separator))
            .map(str::to_owned)
            .collect()
    }

    /// The same, with quotes honoured.
    fn read(file: &str, separator: char) -> Vec<String> {
        let mut reader = ::csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(separator as u8);
        let mut cells = Vec::new();
        for line in reader.from_reader(file.as_bytes()).into_records() {
            cells.extend(line.unwrap().iter().map(str::to_owned));
        }
        cells
    }

    fn is_formula(cell: &str) -> bool {
        let shown = cell.trim_matches(|c| is_blank(c) || c == '"');
        shown.starts_with(&DANGEROUS[..13])
    }

    fn undone(cell: &str) -> String {
        let mut plain = String::new();
        let mut begins = true;
        for (at, c) in cell.char_indices() {
            let ours = begins && c == '\'' && is_dangerous(&cell[at + 1..]);
            if !ours {
                plain.push(c);
            }
            begins = !ours && SEPARATORS.contains(&c);
        }
        plain
    }

    #[test]
    fn r76_formulas_are_defused_wherever_a_cell_may_begin() {
        for (cell, safe) in [
            ("", ""),
            ("Bakkerij Postma", "Bakkerij Postma"),
            ("Jansen-de Vries; Postma", "Jansen-de Vries; Postma"),
            ("a=b, c+d", "a=b, c+d"),
            ("=1", "'=1"),
            ("-", "'-"),
            (" @a", "' @a"),
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("x\t+1", "x\t'+1"),
            ("x|\u{a0}\u{200b}-1", "x|'\u{a0}\u{200b}-1"),
            ("x,\"=1\"", "x,'\"=1\""),
            ("x\n=1\r@a", "x\n'=1\r'@a"),
            ("x;\u{ff1d}1", "x;'\u{ff1d}1"),
            ("x;;=1", "x;;'=1"),
            ("'=1", "''=1"),
        ] {
            assert_eq!(defused(cell), safe);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn r76_no_cell_is_a_formula_however_the_file_is_split(
            cells in prop::collection::vec(r#"[=+\-@\t\r\n\x00"',;| a\u{ff1d}\u{ff0b}\u{200b}\u{a0}\u{2028}]{0,10}"#, 9),
        ) {
            let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
            for line in cells.chunks(3) {
                writer.write_record(line.iter().map(|cell| defused(cell))).unwrap();
            }
            let file = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            for separator in [',', ';', '\t', '|'] {
                for cell in split(&file, separator).into_iter().chain(read(&file, separator)) {
                    prop_assert!(!is_formula(&cell), "{separator:?}: {cell:?} in {file:?}");
                }
            }
            let plain: Vec<String> = read(&file, ',').iter().map(|cell| undone(cell)).collect();
            prop_assert_eq!(plain, cells);
        }
    }
}
