//! Whether a PSA is still the tenant that an integration was set up for (R51). Ids mean other companies and people in another tenant.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::PsaCompanyId;
use crate::mapping::CompanyMapping;
use crate::name::NameKey;
use crate::psa::{LookedUp, PsaCompany};

/// Where a tenant's PSA answers, and what it says of itself. Only for display: a tenant stays the same when it moves to another zone, host
/// or folder, or gets another release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PsaSystem {
    /// The origin of the API, such as `https://api-eu.myconnectwise.net`. Absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The name of the zone. Absent unless it is Autotask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The folder of the API, such as `v2026_1`. Absent unless it is `ConnectWise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codebase: Option<String>,
    /// The release, such as `v2026.1`. Absent unless it is `ConnectWise` and named its release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How many mapped companies are read by id to recognise a tenant.
pub const MAX_WITNESSES: usize = 50;

/// The mapped companies by which a tenant is recognised: those imported last, since they are the likeliest to be still there, under the
/// name last seen.
pub fn witnesses(
    mappings: impl IntoIterator<Item = CompanyMapping>,
    imported: impl Fn(&PsaCompanyId) -> Option<Timestamp>,
) -> Vec<CompanyMapping> {
    let mut mappings: Vec<CompanyMapping> = mappings.into_iter().collect();
    mappings.sort_by(|one, other| {
        let (newer, older) = (imported(&other.company), imported(&one.company));
        newer.cmp(&older).then_with(|| one.company.cmp(&other.company))
    });
    mappings.truncate(MAX_WITNESSES);
    mappings
}

/// Whether the companies that were read are the mapped ones: at least half of those found have the name or the identifier last seen.
/// If none is found, nothing proves that it is the same tenant.
pub fn is_recognised(witnesses: &[CompanyMapping], read: &[LookedUp]) -> bool {
    let found: Vec<&PsaCompany> = read.iter().filter_map(present).collect();
    let alike = found.iter().filter(|company| {
        let mapping = witnesses.iter().find(|mapping| mapping.company == company.id);
        mapping.is_some_and(|mapping| is_alike(mapping, company))
    });
    !found.is_empty() && 2 * alike.count() >= found.len()
}

fn is_alike(mapping: &CompanyMapping, company: &PsaCompany) -> bool {
    let has_identifier = mapping.identifier.is_some() && mapping.identifier == company.identifier;
    has_identifier || NameKey::of(&mapping.name) == NameKey::of(&company.name)
}

const fn present(answer: &LookedUp) -> Option<&PsaCompany> {
    match answer {
        LookedUp::Present(company) => Some(company),
        LookedUp::Deleted(_) | LookedUp::Gone(_) | LookedUp::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ManagedCompanyId;

    fn mapping(id: usize) -> CompanyMapping {
        CompanyMapping {
            company: PsaCompanyId::new(id.to_string()),
            managed: ManagedCompanyId::new(format!("m{id}")),
            name: format!("Company of {id}"),
            identifier: Some(format!("C{id}")),
            former: None,
            generation: 0,
            users: 0,
        }
    }

    fn read(id: usize, name: &str, identifier: Option<&str>) -> LookedUp {
        LookedUp::Present(PsaCompany {
            id: PsaCompanyId::new(id.to_string()),
            name: name.to_owned(),
            identifier: identifier.map(str::to_owned),
            types: Vec::new(),
            status: String::new(),
            active: true,
            own: false,
            website: None,
            values: Vec::new(),
        })
    }

    #[test]
    fn r51_half_of_the_companies_found_recognise_a_tenant() {
        let witnesses: Vec<CompanyMapping> = (1..5).map(mapping).collect();
        let (same, other) = (read(1, "COMPANY  of 1", None), read(2, "Other", None));
        let gone = |id: usize| LookedUp::Gone(PsaCompanyId::new(id.to_string()));
        let (renamed, read_other) = (read(3, "Renamed", Some("C3")), read(4, "Other", Some("C5")));
        for (read, recognised) in [
            (vec![], false),
            (vec![gone(1), gone(2)], false),
            (vec![other.clone()], false),
            (vec![same.clone()], true),
            (vec![same.clone(), other.clone()], true),
            (vec![same, other.clone(), read_other], false),
            (vec![renamed, other, gone(1), gone(4)], true),
        ] {
            assert_eq!(is_recognised(&witnesses, &read), recognised, "{read:?}");
        }
    }

    #[test]
    fn r51_companies_without_an_identifier_are_not_alike_for_it() {
        let mut unnamed = mapping(1);
        unnamed.identifier = None;
        assert!(!is_recognised(&[unnamed], &[read(1, "Other", None)]));
    }

    #[test]
    fn r51_the_witnesses_are_the_companies_imported_last() {
        let imported = |company: &PsaCompanyId| {
            let second = company.as_str().parse().unwrap();
            (second != 3).then(|| Timestamp::from_second(second).unwrap())
        };
        let found = witnesses((0..70).map(mapping), imported);
        assert_eq!(found.len(), MAX_WITNESSES);
        assert_eq!(found[0].company.as_str(), "69");
        assert_eq!(found[49].company.as_str(), "20");
    }
}
