//! Paths. The web server does not mind case or a slash at the end.

use axum::http::Method;

use crate::store::EntityName;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    ZoneInformation,
    VersionInformation,
    Version,
    ThresholdInformation,
    Query(EntityName),
    Next(EntityName),
    Count(EntityName),
    Item(EntityName, i64),
    /// `/Companies`, where records are created and updated: this simulator's API is read-only.
    Collection,
    /// The contacts of one company, by the company's id.
    Contacts(i64),
    /// One contact of one company, by their ids.
    Contact(i64, i64),
    Info(EntityName),
    Fields(EntityName),
    UserDefinedFields(EntityName),
}

impl Route {
    /// The route and the endpoint whose threads it takes.
    pub fn find(path: &str) -> Option<(Self, String)> {
        let path = path.to_ascii_lowercase();
        let segments: Vec<_> = path.strip_suffix('/').unwrap_or(&path).split('/').skip(1).collect();
        match *segments.as_slice() {
            ["atservicesrest", "versioninformation"] => Some((Route::VersionInformation, "versioninformation".into())),
            ["atservicesrest", "v1.0", endpoint, ref rest @ ..] => {
                Some((Self::below(endpoint, rest)?, endpoint.to_owned()))
            }
            _ => None,
        }
    }

    fn below(endpoint: &str, rest: &[&str]) -> Option<Self> {
        let entity = match (endpoint, rest) {
            ("zoneinformation", []) => return Some(Route::ZoneInformation),
            ("version", []) => return Some(Route::Version),
            ("thresholdinformation", []) => return Some(Route::ThresholdInformation),
            ("companies", []) => return Some(Route::Collection),
            ("companies", [company, "contacts"]) => return Some(Route::Contacts(company.parse().ok()?)),
            ("companies", [company, "contacts", contact]) => {
                return Some(Route::Contact(company.parse().ok()?, contact.parse().ok()?));
            }
            ("companies", _) => EntityName::Companies,
            ("contacts", _) => EntityName::Contacts,
            ("companycategories", _) => EntityName::CompanyCategories,
            _ => return None,
        };
        match *rest {
            ["query"] => Some(Route::Query(entity)),
            ["query", "next"] => Some(Route::Next(entity)),
            ["query", "count"] => Some(Route::Count(entity)),
            ["entityinformation"] => Some(Route::Info(entity)),
            ["entityinformation", "fields"] => Some(Route::Fields(entity)),
            ["entityinformation", "userdefinedfields"] => Some(Route::UserDefinedFields(entity)),
            [id] => Some(Route::Item(entity, id.parse().ok()?)),
            _ => None,
        }
    }

    pub fn allows(self, method: &Method) -> bool {
        match self {
            Route::Query(_) | Route::Next(_) | Route::Count(_) => method == Method::GET || method == Method::POST,
            Route::Collection => false,
            _ => method == Method::GET,
        }
    }

    /// Whose rows it reads.
    pub fn reads(self) -> Option<EntityName> {
        match self {
            Route::Query(entity) | Route::Next(entity) | Route::Count(entity) | Route::Item(entity, _) => Some(entity),
            Route::Contacts(_) | Route::Contact(..) => Some(EntityName::Contacts),
            _ => None,
        }
    }
}
