//! What LastPass holds.

use serde::{Deserialize, Serialize};

/// A day, in milliseconds.
pub(crate) const DAY: i64 = 24 * 3_600 * 1_000;

/// Which MSP a record is of: the number of its key.
pub(crate) type Msp = u8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CompanyType {
    Managed,
    ManagedMsp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CompanyStatus {
    Active,
    Suspended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Addon {
    Mfa,
    Sso,
}

/// A managed company. Times are milliseconds of the simulator's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Company {
    pub id: i64,
    pub msp: Msp,
    pub name: String,
    pub r#type: CompanyType,
    pub status: CompanyStatus,
    pub license_limit: u64,
    pub addons: Vec<Addon>,
    pub parent: Option<i64>,
    /// When it appears in lists.
    pub listed_at: i64,
    /// When users can be created in it.
    pub usable_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccountStatus {
    Enrolled,
    PendingInvitation,
    ExpiredInvitation,
    Staged,
    Disabled,
    AwaitingApproval,
}

/// A user of a managed company, or of the MSP itself where there is no company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub id: i64,
    pub msp: Msp,
    pub company: Option<i64>,
    pub name: String,
    pub email: String,
    pub status: AccountStatus,
    /// When a pending invitation expires.
    pub expires_at: i64,
    /// How many days an invitation lives.
    pub invitation_days: i64,
    /// The address that waits for the user to sign in.
    pub pending_email: Option<String>,
    pub admin_level: Option<i64>,
    /// When it appears in lists.
    pub listed_at: i64,
}

impl User {
    /// The status at a time: an invitation expires by itself.
    pub fn status_at(&self, now: i64) -> AccountStatus {
        if self.status == AccountStatus::PendingInvitation && now >= self.expires_at {
            return AccountStatus::ExpiredInvitation;
        }
        self.status
    }

    /// Sends the invitation, anew where there was one.
    pub fn invite(&mut self, now: i64) {
        self.status = AccountStatus::PendingInvitation;
        self.expires_at = now + self.invitation_days * DAY;
    }
}

/// Something that was accepted, and is done later. Its ids are of another range than those of companies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub id: i64,
    pub msp: Msp,
    pub company: i64,
    /// `None` is never.
    pub done_at: Option<i64>,
    pub failure: Option<String>,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MailKind {
    Invitation,
    AddressChange,
}

/// A mail that LastPass would have sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mail {
    pub at: String,
    pub kind: MailKind,
    pub to: String,
    pub company_id: Option<i64>,
    pub user_id: i64,
}

/// A call that must never be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Forbidden {
    pub at: String,
    /// What it does: `detach`, `suspend`, `lowerLimit`, `delete`, `disable`.
    pub what: String,
    pub method: String,
    pub path: String,
}

/// One step of what happened, as the journal keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Event {
    Company(Company),
    User(User),
    Request(Request),
    Private(String),
    Mail(Mail),
    Forbidden(Forbidden),
    DetachCompany(i64),
    RemoveUser(i64),
}
