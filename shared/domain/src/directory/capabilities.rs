//! What a directory can do, as far as a plan says so before anything is carried out (R83).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LicenceMode, UserState};

/// What a directory can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it renames managed companies.
    pub rename: bool,
    /// How the address of a user changes who has come far enough: see [`address_change`](Self::address_change).
    pub change_address: AddressChange,
    /// How it charges, where it does not say otherwise with its licences.
    pub licences: LicenceMode,
    /// Whether a managed company that was asked for may be there only later.
    pub creation_waits: bool,
    /// Whether companies and users may be gone that were there before (R85).
    pub forgets: bool,
    /// Whether it can create users without inviting them (R86).
    pub stages: bool,
}

/// How a directory changes the address of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AddressChange {
    /// With the call.
    AtOnce,
    /// It asks the user, who has the old address until then (R84).
    AfterUserAgrees,
    /// Not at all.
    Never,
}

/// Whether the directory invites a new user at once (R86).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CreationAction {
    /// The directory invites the person by mail.
    Invite,
    /// The directory sends no mail until its administrator invites the person.
    #[default]
    Stage,
}

impl CreationAction {
    /// Whether it is the one where nobody chose: records leave that out.
    pub const fn is_default(&self) -> bool {
        matches!(self, Self::Stage)
    }
}

impl Capabilities {
    /// Everything, and at once.
    pub const ALL_AT_ONCE: Self = Self {
        rename: true,
        change_address: AddressChange::AtOnce,
        licences: LicenceMode::Pool,
        creation_waits: false,
        forgets: false,
        stages: false,
    };

    /// How the address of a user in this state changes. Only somebody who has enrolled can be asked, and one who is disabled cannot sign in.
    pub const fn address_change(self, state: UserState) -> AddressChange {
        match (self.change_address, state) {
            (AddressChange::AfterUserAgrees, UserState::Enrolled) => AddressChange::AfterUserAgrees,
            (AddressChange::AfterUserAgrees, _) => AddressChange::Never,
            (any, _) => any,
        }
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::ALL_AT_ONCE
    }
}
