//! Rust source as words and signs, without comments, texts and tests.

/// The words, `::`, and single signs of a source. Texts and comments are left out.
fn tokens(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = ignored(rest) {
            length
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            found.push(&rest[..length]);
            length
        } else {
            let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                found.push(&rest[..length]);
            }
            length
        };
        rest = &rest[length..];
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the comment or text is that begins here.
fn ignored(rest: &str) -> Option<usize> {
    let raw = rest.trim_start_matches(['b', 'c']);
    if rest.starts_with("//") {
        Some(rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        Some(rest.find("*/").map_or(rest.len(), |end| end + 2))
    } else if let Some(hashes) = raw.strip_prefix('r').and_then(raw_text) {
        let end = format!("\"{}", "#".repeat(hashes));
        let begin = rest.len() - raw.len() + 2 + hashes;
        Some(rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len()))
    } else if rest.starts_with('"') {
        Some(quoted(rest, '"'))
    } else if rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'') && rest.starts_with('\'') {
        Some(quoted(rest, '\''))
    } else {
        None
    }
}

/// How many hashes a raw text begins with.
fn raw_text(rest: &str) -> Option<usize> {
    let quote = rest.trim_start_matches('#');
    quote.starts_with('"').then_some(rest.len() - quote.len())
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The tokens of a source without the items that are only for tests; and the names of the modules that are only for tests.
pub(super) fn of_product(source: &str) -> (Vec<&str>, Vec<&str>) {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let all = tokens(source);
    let (mut kept, mut test_modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(token) = all.get(at) {
        if all[at..].starts_with(&TEST) {
            let item = at + TEST.len();
            let end = item_end(&all, item);
            if let Some(["mod", name, ";"]) = all.get(item..end) {
                test_modules.push(*name);
            }
            at = end;
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    (kept, test_modules)
}

/// Behind the item that begins here: behind its first `;` or block.
fn item_end(all: &[&str], begin: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(begin) {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(*token, ";" | "}") {
            return at + 1;
        }
    }
    all.len()
}
