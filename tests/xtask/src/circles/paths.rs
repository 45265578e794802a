//! The paths that a source names.

/// A path: `crate::a::B` is `["crate", "a", "B"]`; a glob import ends with `*`.
pub(super) type Segments = Vec<String>;

/// What a source imports and names.
#[derive(Default)]
pub(super) struct Paths {
    /// Each import: the name that it gives, its path, and whether it is for others too (`pub use`).
    pub imports: Vec<Import>,
    /// Paths in code.
    pub named: Vec<Segments>,
}

pub(super) struct Import {
    pub name: String,
    pub path: Segments,
    pub public: bool,
}

pub(super) fn of(tokens: &[&str]) -> Paths {
    let mut paths = Paths::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if *token == "use" {
            let public = is_public(&tokens[..at]);
            at = tree(tokens, at + 1, &mut Vec::new(), public, &mut paths.imports);
        } else if is_path(tokens, at) {
            let mut path = vec![(*token).to_owned()];
            while let (Some(&"::"), Some(next)) = (tokens.get(at + 1), tokens.get(at + 2)) {
                if !next.starts_with(char::is_alphabetic) && !next.starts_with('_') {
                    break;
                }
                path.push((*next).to_owned());
                at += 2;
            }
            paths.named.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    paths
}

/// Whether the tokens before a `use` say `pub` or `pub(…)`.
fn is_public(before: &[&str]) -> bool {
    let before = match before {
        [before @ .., ")"] => {
            let open = before.iter().rposition(|token| *token == "(").unwrap_or_default();
            &before[..open]
        }
        _ => before,
    };
    before.last() == Some(&"pub")
}

fn is_path(tokens: &[&str], at: usize) -> bool {
    let starts = tokens[at].starts_with(|c: char| c.is_alphabetic() || c == '_');
    let goes_further = tokens.get(at + 1) == Some(&"::");
    let inside = at > 0 && matches!(tokens[at - 1], "::" | ".");
    // `pub(in super::super)` says who may see an item, and needs nothing of it.
    let visibility = tokens[..at].ends_with(&["pub", "(", "in"]);
    starts && goes_further && !inside && !visibility
}

/// Reads one tree of imports up to its `;`, `,` or `}`; gives where it ended.
fn tree(tokens: &[&str], mut at: usize, before: &mut Segments, public: bool, into: &mut Vec<Import>) -> usize {
    let depth = before.len();
    let mut name = None;
    while let Some(token) = tokens.get(at) {
        match *token {
            ";" | "," | "}" => break,
            "::" => {}
            "as" => {
                at += 1;
                name = tokens.get(at).map(|&name| name.to_owned());
            }
            "{" => {
                at += 1;
                while !matches!(tokens.get(at), None | Some(&("}" | ";"))) {
                    at = tree(tokens, at, before, public, into);
                    if tokens.get(at) == Some(&",") {
                        at += 1;
                    }
                }
                before.truncate(depth);
                return at + 1;
            }
            segment => before.push(segment.to_owned()),
        }
        at += 1;
    }
    if before.last().is_some_and(|last| last == "self") {
        before.pop();
    }
    if let Some(last) = before.last() {
        into.push(Import {
            name: name.unwrap_or_else(|| last.clone()),
            path: before.clone(),
            public,
        });
    }
    before.truncate(depth);
    at
}
