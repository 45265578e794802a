//! A plan as the administrator reads it.

use std::collections::BTreeMap;

use super::super::answers::{Action, Item, LicenceMode, Plan, Side};
use super::super::tables::{name, table, words};

/// Lines that are shown of each action.
const SAMPLES: usize = 2;

/// How much of what the plan would do.
pub(in super::super) fn plan(plan: &Plan) -> String {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for item in &plan.items {
        *counts.entry(item.action).or_default() += 1;
    }
    let mut rows: Vec<Vec<String>> = counts
        .iter()
        .map(|(action, count)| vec![many(*action).to_owned(), count.to_string()])
        .collect();
    let licences = &plan.licences;
    let licences = match licences.mode {
        LicenceMode::Pool => format!("{} needed, {} available", licences.needed, licences.available),
        LicenceMode::Consumption => format!("{} needed, charged by use", licences.needed),
    };
    rows.push(vec!["licences".to_owned(), licences]);
    table(["what would happen", "how many"], rows)
}

/// A few lines of the plan, of each kind.
pub(in super::super) fn samples(items: &[Item]) -> String {
    let mut seen: BTreeMap<Action, Vec<&Item>> = BTreeMap::new();
    for item in items {
        let samples = seen.entry(item.action).or_default();
        if samples.len() < SAMPLES {
            samples.push(item);
        }
    }
    let rows = seen.into_values().flatten();
    let rows = rows.map(|item| {
        vec![
            one(item.action).to_owned(),
            name(&item.company.name),
            whose(item),
            words(&item.reason),
        ]
    });
    table(["what", "company", "address", "why"], rows)
}

/// The lines of a plan that change something.
pub(in super::super) fn differences(items: &[Item]) -> String {
    let changing = items
        .iter()
        .filter(|item| !matches!(item.action, Action::Unchanged | Action::Skip));
    let rows = changing.map(|item| {
        vec![
            one(item.action).to_owned(),
            name(&item.company.name),
            change(item),
            words(&item.reason),
        ]
    });
    table(["what", "company", "change", "why"], rows)
}

/// The address that a line is about, or whose contact has none.
fn whose(item: &Item) -> String {
    let address = item.address.as_ref();
    address.map_or("–".to_owned(), |row| {
        name(row.address.as_ref().unwrap_or(&row.contact))
    })
}

/// From what to what.
fn change(item: &Item) -> String {
    let text = |side: &Side| side.address.as_ref().or(side.name.as_ref()).map(|text| name(text));
    let sides = [&item.before, &item.after].map(|side| side.as_ref().and_then(text));
    sides.into_iter().flatten().collect::<Vec<String>>().join(" → ")
}

const fn one(action: Action) -> &'static str {
    match action {
        Action::CreateCompany => "create company",
        Action::LinkCompany => "link company",
        Action::UpdateCompany => "rename company",
        Action::CreateUser => "create user",
        Action::LinkUser => "link user",
        Action::ChangeAddress => "change address",
        Action::Unchanged => "leave as it is",
        Action::Skip => "skip",
        Action::UnmapCompany => "drop mapping",
    }
}

const fn many(action: Action) -> &'static str {
    match action {
        Action::CreateCompany => "companies to create",
        Action::LinkCompany => "companies to link to existing ones",
        Action::UpdateCompany => "companies to rename",
        Action::CreateUser => "users to create",
        Action::LinkUser => "users to link to existing ones",
        Action::ChangeAddress => "addresses to change",
        Action::Unchanged => "rows that stay as they are",
        Action::Skip => "rows to skip",
        Action::UnmapCompany => "mappings to drop",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::answers::read;
    use super::*;

    fn items() -> Vec<Item> {
        let company = json!({ "id": "1", "name": "Bakkerij" });
        let address = json!({ "id": "51~e", "address": "new@b.example", "contact": "Jan" });
        read(json!([
            { "action": "unchanged", "company": company, "before": { "name": "Bakkerij" }, "after": { "name": "Bakkerij" }, "reason": "mapped" },
            { "action": "changeAddress", "company": company, "address": address, "before": { "address": "old@b.example" },
                "after": { "address": "new@b.example" }, "reason": "changed_in_psa" },
            { "action": "skip", "company": company, "address": { "id": "52~e", "address": null, "contact": "Piet" }, "before": null,
                "after": null, "reason": "no_address" },
        ]))
        .unwrap()
    }

    #[test]
    fn differences_leave_out_what_stays_as_it_is() {
        let expected = "\
┌────────────────┬──────────┬───────────────────────────────┬────────────────┐
│ what           ┆ company  ┆ change                        ┆ why            │
╞════════════════╪══════════╪═══════════════════════════════╪════════════════╡
│ change address ┆ Bakkerij ┆ old@b.example → new@b.example ┆ changed in PSA │
└────────────────┴──────────┴───────────────────────────────┴────────────────┘";
        assert_eq!(differences(&items()), expected);
    }

    #[test]
    fn a_sample_without_an_address_names_the_contact() {
        let samples = samples(&items());
        let last = samples.lines().rev().nth(1).unwrap();
        assert_eq!(last, "│ skip           ┆ Bakkerij ┆ Piet          ┆ no address     │");
    }

    #[test]
    fn the_summary_counts_each_action_and_the_licences() {
        let plan = Plan {
            hash: String::new(),
            licences: read(json!({ "mode": "pool", "needed": 0, "available": 7 })).unwrap(),
            items: items(),
        };
        let expected = "\
┌────────────────────────────┬───────────────────────┐
│ what would happen          ┆ how many              │
╞════════════════════════════╪═══════════════════════╡
│ addresses to change        ┆ 1                     │
│ rows that stay as they are ┆ 1                     │
│ rows to skip               ┆ 1                     │
│ licences                   ┆ 0 needed, 7 available │
└────────────────────────────┴───────────────────────┘";
        assert_eq!(super::plan(&plan), expected);
    }
}
