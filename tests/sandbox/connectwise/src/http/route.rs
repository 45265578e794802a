//! From path to endpoint.

use super::login::ROUTER;
use crate::data::resource::Resource;
use crate::switches::Switches;

/// What a path calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// Codebase discovery for this company.
    CompanyInfo(String),
    /// The API proper.
    Api {
        /// The path up to and including the version, as asked.
        base: String,
        /// What is behind it.
        endpoint: Endpoint,
    },
}

/// An endpoint of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A list.
    List(Resource),
    /// How many a list has.
    Count(Resource),
    /// One record.
    One(Resource, i64),
    /// About the server.
    SystemInfo,
}

/// Finds what a path calls, in any letter case and with a slash at the end or without.
pub fn find(path: &str, switches: &Switches) -> Option<Called> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        [login, info, company] if is(login, "login") && is(info, "companyinfo") => {
            Some(Called::CompanyInfo((*company).to_owned()))
        }
        [codebase, apis, "3.0", rest @ ..] if is(apis, "apis") => {
            let current = is(codebase, switches.codebase.trim_end_matches('/'));
            let routed = switches.routes_v4_6_release && is(codebase, ROUTER.trim_end_matches('/'));
            let rest: Vec<String> = rest.iter().map(|segment| segment.to_ascii_lowercase()).collect();
            let endpoint = endpoint(&rest.iter().map(String::as_str).collect::<Vec<_>>())?;
            (current || routed).then(|| Called::Api {
                base: format!("/{codebase}/{apis}/3.0"),
                endpoint,
            })
        }
        _ => None,
    }
}

fn is(segment: &str, expected: &str) -> bool {
    segment.eq_ignore_ascii_case(expected)
}

fn endpoint(segments: &[&str]) -> Option<Endpoint> {
    match segments {
        ["system", "info"] => Some(Endpoint::SystemInfo),
        [rest @ .., "count"] => resource(rest).map(Endpoint::Count),
        [rest @ .., id] => match (resource(segments), id.parse()) {
            (Some(list), _) => Some(Endpoint::List(list)),
            (None, Ok(id)) => resource(rest).map(|list| Endpoint::One(list, id)),
            (None, Err(_)) => None,
        },
        [] => None,
    }
}

fn resource(segments: &[&str]) -> Option<Resource> {
    Some(match segments {
        ["company", "companies"] => Resource::Companies,
        ["company", "companies", "info"] => Resource::CompanyInfos,
        ["company", "companies", "types"] => Resource::CompanyTypes,
        ["company", "companies", "info", "types"] => Resource::CompanyTypeInfos,
        ["company", "companies", "statuses"] => Resource::CompanyStatuses,
        ["company", "companies", company, "typeassociations"] => {
            Resource::TypeAssociations(Some(company.parse().ok()?))
        }
        ["company", "companytypeassociations"] => Resource::TypeAssociations(None),
        ["company", "contacts"] => Resource::Contacts,
        ["company", "contacts", "info"] => Resource::ContactInfos,
        ["company", "contacts", "types"] => Resource::ContactTypes,
        ["company", "contacts", contact, "communications"] => Resource::Communications(contact.parse().ok()?),
        ["company", "contacts", contact, "portalsecurity"] => Resource::PortalSecurity(contact.parse().ok()?),
        ["company", "communicationtypes"] => Resource::CommunicationTypes,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint_of(path: &str) -> Option<Endpoint> {
        match find(&format!("/v4_6_release/apis/3.0/{path}"), &Switches::default())? {
            Called::Api { endpoint, .. } => Some(endpoint),
            Called::CompanyInfo(_) => None,
        }
    }

    #[test]
    fn letter_case_and_a_slash_at_the_end_do_not_matter() {
        assert_eq!(
            endpoint_of("Company/Contacts/7/Communications/"),
            Some(Endpoint::List(Resource::Communications(7)))
        );
        assert_eq!(
            endpoint_of("company/contacts/7/communications/9"),
            Some(Endpoint::One(Resource::Communications(7), 9))
        );
        assert_eq!(
            endpoint_of("company/companies/count"),
            Some(Endpoint::Count(Resource::Companies))
        );
        assert_eq!(
            endpoint_of("company/companies/19301"),
            Some(Endpoint::One(Resource::Companies, 19_301))
        );
        assert_eq!(
            endpoint_of("company/companies/types/1"),
            Some(Endpoint::One(Resource::CompanyTypes, 1))
        );
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in [
            "",
            "company",
            "company/companies/x",
            "company/companies/1/2",
            "service/tickets/search",
        ] {
            assert_eq!(endpoint_of(path), None, "{path}");
        }
    }
}
