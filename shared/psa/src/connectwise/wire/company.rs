//! Companies.

use domain::ids::PsaCompanyId;
use domain::name::NameKey;
use domain::psa::PsaCompany;
use serde::Deserialize;

use super::reference::{Reference, value};
use crate::connectwise::names::{COMPANY_STATUS, COMPANY_TYPE};
use crate::few::Few;
use crate::flag::Flag;
use crate::text::{MAX_ELEMENTS, MAX_ENTRIES, company_name, present};

/// The identifier that the MSP's own company has from the beginning.
const OWN: &str = "YourCompany";

/// A row of `/company/companies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::connectwise) struct Company {
    /// Required, and in a walk above 0: it is an identity column.
    pub(in crate::connectwise) id: i64,
    /// Optional: stands in for a name that is missing.
    identifier: Option<String>,
    /// Optional.
    name: Option<String>,
    /// Optional: a company without a status, or with one that is not in its table, is active.
    status: Option<Reference>,
    /// Optional: none.
    types: Option<Few<Reference, MAX_ELEMENTS>>,
    /// Optional: not deleted.
    pub(in crate::connectwise) deleted_flag: Option<Flag>,
    /// Optional.
    website: Option<String>,
}

impl Company {
    /// `own` is recognised by the name that the server itself gives the MSP, or by an identifier that nobody has changed.
    pub(in crate::connectwise) fn into_domain(self, inactive_statuses: &[i64], msp: Option<&NameKey>) -> PsaCompany {
        let id = PsaCompanyId::new(self.id.to_string());
        let identifier = present(self.identifier);
        let name = company_name(self.name.as_deref(), identifier.as_deref(), &id);
        let mut types = self.types.unwrap_or_default().0;
        types.truncate(MAX_ENTRIES);
        let status = self.status.as_ref().and_then(|status| status.id);
        PsaCompany {
            id,
            own: is_own(identifier.as_deref(), &name, msp),
            active: is_active(status, inactive_statuses),
            values: types
                .iter()
                .filter_map(|of| Some(value(COMPANY_TYPE, of.id?)))
                .chain(status.map(|status| value(COMPANY_STATUS, status)))
                .collect(),
            types: types.into_iter().filter_map(|of| present(of.name)).collect(),
            status: self.status.and_then(|status| present(status.name)).unwrap_or_default(),
            website: present(self.website),
            name,
            identifier,
        }
    }
}

fn is_own(identifier: Option<&str>, name: &str, msp: Option<&NameKey>) -> bool {
    identifier == Some(OWN) || msp.is_some_and(|msp| *msp == NameKey::of(name))
}

fn is_active(status: Option<i64>, inactive_statuses: &[i64]) -> bool {
    status.is_none_or(|status| !inactive_statuses.contains(&status))
}

/// Brings up to date what a company does not have of its own row.
pub(in crate::connectwise) fn refresh(company: &mut PsaCompany, inactive_statuses: &[i64], msp: Option<&NameKey>) {
    let mut values = company.values.iter();
    let status = values.find(|(attribute, _)| attribute.as_str() == COMPANY_STATUS);
    let status = status.and_then(|(_, status)| status.as_str().parse().ok());
    company.own = is_own(company.identifier.as_deref(), &company.name, msp);
    company.active = is_active(status, inactive_statuses);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r79_a_company_that_is_refreshed_is_as_if_it_were_read_anew() {
        for (status, identifier, name) in [
            ("3", "A", "Acme"),
            ("1", "A", "Bright MSP"),
            ("1", "YourCompany", "Acme"),
        ] {
            let json = format!(r#"{{"id":1,"status":{{"id":{status}}},"identifier":"{identifier}","name":"{name}"}}"#);
            let read = |inactive: &[i64], msp: &str| {
                let row: Company = serde_json::from_str(&json).unwrap();
                row.into_domain(inactive, Some(&NameKey::of(msp)))
            };
            let mut company = read(&[1], "Acme");
            refresh(&mut company, &[3], Some(&NameKey::of("Bright MSP")));
            assert_eq!(company, read(&[3], "Bright MSP"));
        }
    }

    #[test]
    fn what_refers_to_nothing_is_no_reference() {
        for (status, active) in [
            (r#"{"id":null,"name":"Active"}"#, true),
            (r#"{"name":"Inactive"}"#, true),
            ("{}", true),
            (r#"{"id":3}"#, false),
        ] {
            let company: Company = serde_json::from_str(&format!(r#"{{"id":1,"status":{status}}}"#)).unwrap();
            let company = company.into_domain(&[3], None);
            assert_eq!(company.active, active, "{status}");
            assert_eq!(company.values.len(), usize::from(!active), "{status}");
        }
        let types = r#"{"id":1,"types":[{"id":null,"name":"Client"},{"name":"Vendor"},{},{"id":5}]}"#;
        let company = serde_json::from_str::<Company>(types).unwrap().into_domain(&[], None);
        assert_eq!(company.types, ["Client", "Vendor"]);
        assert_eq!(company.values, [value(COMPANY_TYPE, 5)]);
    }

    #[test]
    fn r12_the_msp_is_known_by_its_name_or_by_the_identifier_it_began_with() {
        let msp = NameKey::of("Bright MSP");
        for (name, identifier, own) in [
            ("Bright MSP", "BrightMSP", true),
            ("Bright MSP LLC", "YourCompany", true),
            ("Bright MSP LLC", "BrightMSP", false),
        ] {
            let json = format!(r#"{{"id":2,"name":"{name}","identifier":"{identifier}"}}"#);
            let company: Company = serde_json::from_str(&json).unwrap();
            assert_eq!(company.into_domain(&[], Some(&msp)).own, own, "{name} {identifier}");
        }
    }

    #[test]
    fn r16_a_company_of_endless_types_has_as_many_as_fit() {
        let types: Vec<String> = (0..3_000)
            .map(|id| format!(r#"{{"id":{id},"name":"{}"}}"#, "n".repeat(300)))
            .collect();
        let company: Company = serde_json::from_str(&format!(r#"{{"id":1,"types":[{}]}}"#, types.join(","))).unwrap();
        let company = company.into_domain(&[], None);
        assert_eq!((company.types.len(), company.values.len()), (MAX_ENTRIES, MAX_ENTRIES));
    }

    #[test]
    fn r12_the_msps_own_company_is_the_one_that_the_server_names() {
        let company = |name: &str, msp: Option<&str>| {
            let company: Company = serde_json::from_str(&format!(r#"{{"id":2,"name":"{name}"}}"#)).unwrap();
            company.into_domain(&[], msp.map(NameKey::of).as_ref()).own
        };
        assert!(company("Bright MSP ", Some("BRIGHT msp")));
        assert!(!company("Acme", Some("Bright MSP")));
        assert!(!company("YourCompany", None));
    }

    #[test]
    fn a_company_is_inactive_by_its_status_and_shows_its_labels() {
        let company: Company = serde_json::from_str(
            r#"{"id":5,"identifier":"Acme","name":"\u0000","status":{"id":3,"name":"Gone"},
            "types":[{"id":1,"name":"Client"},{"id":5}, {"id":6,"name":"Partner"}],"website":""}"#,
        )
        .unwrap();
        let company = company.into_domain(&[3], None);
        assert_eq!((company.name.as_str(), company.active), ("Acme", false));
        assert_eq!(
            (company.types.join("/"), company.status.as_str()),
            ("Client/Partner".to_owned(), "Gone")
        );
        assert_eq!(company.website, None);
        let values = [
            value(COMPANY_TYPE, 1),
            value(COMPANY_TYPE, 5),
            value(COMPANY_TYPE, 6),
            value(COMPANY_STATUS, 3),
        ];
        assert_eq!(company.values, values);
    }
}
