//! The names a resource has, and what is behind each.

/// A field of a record or of a record within it.
#[derive(Debug)]
pub struct Field {
    /// As spelled in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether conditions may name it: some are returned and yet refused there.
    pub queryable: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// A point in time.
    Time,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A record.
    One(&'static [Field]),
    /// A list of records.
    Many(&'static [Field]),
    /// Any scalar: the value of a custom field.
    Scalar,
    /// Anything; conditions cannot look into it.
    Free,
}

impl Field {
    /// A field that conditions may name.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            queryable: true,
        }
    }

    /// A field that conditions may not name.
    pub const fn answered_only(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            queryable: false,
        }
    }
}

/// Finds a field by its name in any letter case.
pub fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

/// A field found by the names between the slashes.
#[derive(Clone, Debug)]
pub struct Found {
    /// The names as spelled in answers.
    pub path: Vec<&'static str>,
    /// What the last one holds.
    pub kind: Kind,
    /// How many of the names lead to the list that was crossed, if one was.
    pub list: Option<usize>,
}

/// The time of the last change is asked for by this name and answered inside `_info`.
const LAST_UPDATED: &str = "lastUpdated";

/// Looks a name up for conditions and order; at most one list is crossed.
pub fn look_up(fields: &'static [Field], names: &[impl AsRef<str>]) -> Option<Found> {
    if let [only] = names
        && only.as_ref().eq_ignore_ascii_case(LAST_UPDATED)
    {
        return Some(Found {
            path: vec!["_info", LAST_UPDATED],
            kind: Kind::Time,
            list: None,
        });
    }
    let mut found = Found {
        path: Vec::new(),
        kind: Kind::One(fields),
        list: None,
    };
    for name in names {
        let (Kind::One(inner) | Kind::Many(inner)) = found.kind else {
            return None;
        };
        if matches!(found.kind, Kind::Many(_)) {
            found.list = Some(found.path.len());
        }
        let field = find(inner, name.as_ref()).filter(|field| field.queryable)?;
        found.path.push(field.name);
        found.kind = field.kind;
    }
    (!matches!(found.kind, Kind::Many(_) | Kind::Free)).then_some(found)
}
