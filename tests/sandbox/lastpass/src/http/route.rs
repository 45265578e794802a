//! Paths.

use crate::http::show::read_id;

/// What a path leads to. Users of no company are the MSP's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Users(Option<i64>),
    User(Option<i64>, i64),
    Invite(Option<i64>, i64),
    Companies,
    Company(i64),
    Poll(i64),
    AdminLevels,
    AdminLevelUsers(i64),
    CompanyAdminLevel(i64, i64),
    CompanyAdminLevelUsers(i64, i64),
    AdminUsers,
    BillingCycles,
    BillingReports,
}

impl Route {
    pub fn find(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/business/v1/")?.split('/').collect();
        match *segments.as_slice() {
            ["users", ref rest @ ..] => Self::users(None, rest),
            ["async-requests", id] => Some(Self::Poll(read_id(id)?)),
            ["admin-levels"] => Some(Self::AdminLevels),
            ["admin-levels", level, "users"] => Some(Self::AdminLevelUsers(read_id(level)?)),
            ["managed-companies"] => Some(Self::Companies),
            ["managed-companies", id] => Some(Self::Company(read_id(id)?)),
            ["managed-companies", id, "users", ref rest @ ..] => Self::users(Some(read_id(id)?), rest),
            ["managed-companies", id, "admin-levels", level] => {
                Some(Self::CompanyAdminLevel(read_id(id)?, read_id(level)?))
            }
            ["managed-companies", id, "admin-levels", level, "users"] => {
                Some(Self::CompanyAdminLevelUsers(read_id(id)?, read_id(level)?))
            }
            ["managed-companies-reports", "admin-users"] => Some(Self::AdminUsers),
            ["managed-companies-reports", "billing-cycles"] => Some(Self::BillingCycles),
            ["managed-companies-reports", "billing-reports"] => Some(Self::BillingReports),
            _ => None,
        }
    }

    fn users(company: Option<i64>, rest: &[&str]) -> Option<Self> {
        match *rest {
            [] => Some(Self::Users(company)),
            [user] => Some(Self::User(company, read_id(user)?)),
            [user, "invite"] => Some(Self::Invite(company, read_id(user)?)),
            _ => None,
        }
    }

    pub fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Users(_) | Self::Companies => &["GET", "POST"],
            Self::User(..) => &["GET", "PATCH", "DELETE"],
            Self::Company(_) => &["GET", "PUT", "DELETE"],
            Self::Invite(..) | Self::AdminLevelUsers(_) => &["POST"],
            _ => &["GET"],
        }
    }

    /// The path with names for the ids, as the reference has it.
    pub fn template(self) -> &'static str {
        match self {
            Self::Users(None) => "/v1/users",
            Self::Users(Some(_)) => "/v1/managed-companies/{child-company-id}/users",
            Self::User(None, _) => "/v1/users/{user-id}",
            Self::User(Some(_), _) => "/v1/managed-companies/{child-company-id}/users/{user-id}",
            Self::Invite(None, _) => "/v1/users/{user-id}/invite",
            Self::Invite(Some(_), _) => "/v1/managed-companies/{child-company-id}/users/{user-id}/invite",
            Self::Companies => "/v1/managed-companies",
            Self::Company(_) => "/v1/managed-companies/{child-company-id}",
            Self::Poll(_) => "/v1/async-requests/{request-id}",
            Self::AdminLevels => "/v1/admin-levels",
            Self::AdminLevelUsers(_) => "/v1/admin-levels/{admin-level-id}/users",
            Self::CompanyAdminLevel(..) => "/v1/managed-companies/{child-company-id}/admin-levels/{admin-level-id}",
            Self::CompanyAdminLevelUsers(..) => {
                "/v1/managed-companies/{child-company-id}/admin-levels/{admin-level-id}/users"
            }
            Self::AdminUsers => "/v1/managed-companies-reports/admin-users",
            Self::BillingCycles => "/v1/managed-companies-reports/billing-cycles",
            Self::BillingReports => "/v1/managed-companies-reports/billing-reports",
        }
    }
}
