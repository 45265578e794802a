//! What an import leaves behind, so that two runs can be compared: everything that lasts, without times, ids of imports and
//! the epoch, which differ between runs that come to the same.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::DeflateDecoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::engine::{Engine, IMPORTS, RECORDS};
use crate::lastpass::Holds;

/// Everything that lasts, by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(BTreeMap<String, Value>);

/// How a state differs from the one that is right.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// What should be there and is not.
    pub lost: Vec<String>,
    /// What should not be there: usually what is there already under another key.
    pub twice: Vec<String>,
    /// What is there and not as it should be.
    pub other: Vec<String>,
}

impl Difference {
    /// The import never came to an end.
    pub fn stuck(why: String) -> Self {
        Self {
            other: vec![why],
            ..Self::default()
        }
    }

    /// Whether there is none.
    pub const fn is_none(&self) -> bool {
        self.lost.is_empty() && self.twice.is_empty() && self.other.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lost {:?}, twice {:?}, other {:?}",
            self.lost, self.twice, self.other
        )
    }
}

impl State {
    /// What is there now. Users go by their addresses: which import made one is in its id, and makes no difference.
    pub fn read(engine: &Engine) -> Self {
        let mut state = BTreeMap::new();
        let mut done = Vec::new();
        let mut addresses = HashMap::new();
        for item in lasting(engine) {
            let (pk, sk) = (text(&item["pk"]), text(&item["sk"]));
            if sk.starts_with("IMPORT#") {
                assert!(is_final(&item), "an import that lasts has ended: {item}");
                if item["state"]["S"] == "done" {
                    done.push((sk.to_owned(), item["counts"].clone()));
                }
                continue;
            }
            // Listed below, with the users that are there.
            if pk.ends_with("#ROSTER") {
                continue;
            }
            if sk == "USER" {
                // What a user left at an address says how it got to another one, not where it is.
                if item["moved"]["BOOL"] == true {
                    continue;
                }
                addresses.insert(text(&item["id"]).to_owned(), text(&item["address"]).to_owned());
            }
            let value = match sk.split('#').next().unwrap_or_default() {
                "LOCK" => json!({ "held": item["import"], "worker": item["workerUntil"] }),
                "DATES" => dates(&unpacked(&item)),
                "SNAPSHOT" => without_moments(&item),
                // No more than what the next import would find out again.
                "NOTHING" => continue,
                "ADDRESSES" => unpacked(&item),
                _ => item.clone(),
            };
            state.insert(format!("{pk} {sk}"), value);
        }
        state.extend(roster(engine));
        done.sort_by(|one, other| one.0.cmp(&other.0));
        for (number, (_, counts)) in done.into_iter().enumerate() {
            state.insert(format!("import {number}"), counts);
        }
        let by_address = |(key, value): (String, Value)| {
            let value = with_addresses(&value.to_string(), &addresses);
            (with_addresses(&key, &addresses), serde_json::from_str(&value).unwrap())
        };
        Self(state.into_iter().map(by_address).collect())
    }

    /// How many users each managed company has.
    pub fn users(&self) -> BTreeMap<&str, usize> {
        let rosters = self.0.iter().filter(|(key, _)| key.starts_with("ROSTER "));
        let counted = rosters.map(|(key, users)| (key.as_str(), users.as_array().map_or(0, Vec::len)));
        counted.collect()
    }

    /// All there is now, with the work under way: of two runs that are equal here, the rest is equal too. Ids of imports
    /// are counted, since a run that was disturbed may have used up some; times, epochs and versions are left out, since
    /// nothing depends on which they are.
    pub fn whole(engine: &Engine) -> String {
        let records = lasting(engine);
        let items = records.iter().cloned().chain(engine.items(IMPORTS));
        let items = items.flat_map(|item| alone(&item)).map(|mut item| {
            if item["sk"]["S"] == "SNAPSHOT" {
                item = without_moments(&item);
            }
            if item["data"]["B"].is_string() {
                let is_dates = text(&item["sk"]).starts_with("DATES#");
                let body = unpacked(&item);
                item["data"] = if is_dates { dates(&body) } else { body };
            }
            forget(&mut item);
            item.to_string()
        });
        let mut items: Vec<String> = items.collect();
        items.sort();
        let mut all = items.join("\n");
        let imports = records
            .iter()
            .map(|item| text(&item["sk"]))
            .filter_map(|sk| sk.strip_prefix("IMPORT#"));
        let mut imports: Vec<&str> = imports.collect();
        imports.sort_unstable();
        for (number, import) in imports.iter().enumerate() {
            all = all.replace(import, &format!("import {number}"));
        }
        all
    }

    /// Without where the PSAs answered last: a fetch that failed later may have learned that.
    #[must_use]
    pub fn without_systems(mut self) -> Self {
        for value in self.0.values_mut() {
            if let Some(fields) = value.as_object_mut() {
                fields.remove("system");
            }
        }
        self
    }

    /// With what LastPass holds, and whom and what it names in the place of ids: which request was answered first is in these, and makes
    /// no difference. What is only remembered of LastPass is left out: it can be read again.
    #[must_use]
    pub fn with_lastpass(self, holds: &Holds) -> Self {
        let lasting = self.0.into_iter().filter(|(key, _)| !key.contains("#LASTPASS"));
        let named = lasting.map(|(key, value)| {
            let value = holds.with_names(&value.to_string());
            (holds.with_names(&key), serde_json::from_str(&value).unwrap())
        });
        let mut state: BTreeMap<String, Value> = named.collect();
        state.extend(holds.things());
        Self(state)
    }

    /// Without what imports have counted.
    #[must_use]
    pub fn without_counts(mut self) -> Self {
        self.0.retain(|key, _| !key.starts_with("import "));
        self
    }

    /// How this differs from what is right.
    pub fn difference(&self, right: &Self) -> Difference {
        let missing = |from: &Self, of: &Self| {
            let keys = of.0.keys().filter(|key| !from.0.contains_key(*key));
            keys.cloned().collect()
        };
        let other = right.0.iter().filter_map(|(key, value)| {
            let seen = self.0.get(key).filter(|seen| *seen != value)?;
            Some(format!("{key}: {seen} instead of {value}"))
        });
        Difference {
            lost: missing(self, right),
            twice: missing(right, self),
            other: other.collect(),
        }
    }

    /// How many things of a kind there are: the beginning of the sort key.
    pub fn count(&self, kind: &str) -> usize {
        let of_kind = |key: &&String| key.split_once(' ').is_some_and(|(_, sk)| sk.starts_with(kind));
        self.0.keys().filter(of_kind).count()
    }

    /// One thing.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
}

/// The users of each managed company as they are listed, whichever calls listed them.
fn roster(engine: &Engine) -> BTreeMap<String, Value> {
    let items = lasting(engine);
    let users = items
        .iter()
        .filter(|item| text(&item["sk"]) == "USER" && item["moved"].is_null());
    let held: HashMap<&str, &str> = users.map(|user| (text(&user["address"]), text(&user["id"]))).collect();
    let mut pieces: Vec<&Value> = items
        .iter()
        .filter(|item| text(&item["pk"]).ends_with("#ROSTER"))
        .collect();
    pieces.sort_by_key(|piece| text(&piece["sk"]));
    let mut listed: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for piece in pieces {
        let (company, _) = text(&piece["sk"]).rsplit_once('#').unwrap();
        for (place, user) in unpacked(piece).as_array().unwrap().iter().enumerate() {
            let places = piece["unsure"]["L"].as_array();
            let is_named = places.is_some_and(|places| places.contains(&json!({ "N": place.to_string() })));
            let is_unsure = piece["unsure"]["BOOL"] == true || is_named;
            let (id, address) = (user["i"].as_str().unwrap(), user["a"].as_str().unwrap());
            if !is_unsure || held.get(address) == Some(&id) {
                let users = listed.entry(format!("ROSTER {company}")).or_default();
                users.insert(id.to_owned(), user.clone());
            }
        }
    }
    let by_address = |users: BTreeMap<String, Value>| {
        let mut users: Vec<Value> = users.into_values().collect();
        users.sort_by_key(|user| user["a"].as_str().unwrap().to_owned());
        json!(users)
    };
    listed
        .into_iter()
        .map(|(company, users)| (company, by_address(users)))
        .collect()
}

/// A text with the ids of users replaced by their addresses.
fn with_addresses(text: &str, addresses: &HashMap<String, String>) -> String {
    const LENGTH: usize = "u-".len() + 20;
    let (mut replaced, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("u-") {
        let id = rest.get(at..at + LENGTH);
        let (name, length) = match id.and_then(|id| addresses.get(id)) {
            Some(address) => (address.as_str(), LENGTH),
            None => ("u-", 2),
        };
        replaced.push_str(&rest[..at]);
        replaced.push_str(name);
        rest = &rest[at + length..];
    }
    replaced + rest
}

/// Until when the last snapshot is kept, without the moments: these differ between runs of which one waited.
fn without_moments(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(fields) = item.as_object_mut() {
        fields.retain(|name, _| !["at", "due"].contains(&name.as_str()));
    }
    item
}

/// Leaves out times, epochs and versions.
fn forget(value: &mut Value) {
    const DIFFERS: [&str; 9] = [
        "epoch",
        "since",
        "until",
        "workerUntil",
        "expires",
        "version",
        "waited",
        "watermark",
        "fullAt",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DIFFERS.contains(&name.as_str()));
            fields.values_mut().for_each(forget);
        }
        Value::Array(values) => values.iter_mut().for_each(forget),
        Value::String(text) if text.len() == 20 && text.parse::<Timestamp>().is_ok() => text.clear(),
        _ => {}
    }
}

/// What lasts, but for the audit trail and the count of changes: they tell how things came about, which differs between runs that come
/// to the same.
fn lasting(engine: &Engine) -> Vec<Value> {
    let told = |item: &Value| text(&item["pk"]).contains("#AUDIT#") || text(&item["sk"]) == "CHANGES";
    engine.items(RECORDS).into_iter().filter(|item| !told(item)).collect()
}

fn text(value: &Value) -> &str {
    value["S"].as_str().unwrap()
}

fn is_final(import: &Value) -> bool {
    matches!(text(&import["state"]), "done" | "failed" | "cancelled")
}

/// Outcomes one by one: which companies' outcomes are in one item depends on who was applied at one moment.
fn alone(item: &Value) -> Vec<Value> {
    if !text(&item["sk"]).starts_with("OUTCOMES#") {
        return vec![item.clone()];
    }
    let all = unpacked(item);
    let all = all.as_array().into_iter().flatten();
    all.map(|outcomes| json!({ "pk": item["pk"], "sk": { "S": "OUTCOMES#" }, "outcomes": outcomes }))
        .collect()
}

/// The packed body of an item.
pub fn unpacked(item: &Value) -> Value {
    let packed = BASE64_STANDARD.decode(item["data"]["B"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    DeflateDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Which companies have a date, whatever it is: the companies as they are stored, and of their dates only how many there are.
fn dates(body: &Value) -> Value {
    let runs = body.as_array().unwrap().iter();
    let counts: Option<Vec<u64>> = runs.map(|run| run.get(0)?.as_u64()).collect();
    counts.map_or_else(|| body.clone(), |counts| json!(counts.iter().sum::<u64>()))
}
