//! The calls of the client by name, and how each can end.

use directory::lastpass::{Accepted, Failed, LastPass, Progress};
use domain::directory::CreationAction;

use crate::account::{Account, company, jan};

/// The calls there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Check,
    Companies,
    Company,
    CreateCompany,
    Progress,
    Users,
    User,
    CreateUser,
    ChangeAddress,
}

pub const CALLS: [Call; 9] = [
    Call::Check,
    Call::Companies,
    Call::Company,
    Call::CreateCompany,
    Call::Progress,
    Call::Users,
    Call::User,
    Call::CreateUser,
    Call::ChangeAddress,
];

impl Call {
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Companies => "companies",
            Self::Company => "company",
            Self::CreateCompany => "create company",
            Self::Progress => "progress",
            Self::Users => "users",
            Self::User => "user",
            Self::CreateUser => "create user",
            Self::ChangeAddress => "change address",
        }
    }

    /// The method, and what paths of the call look like.
    pub fn matching(self) -> (&'static str, &'static str) {
        match self {
            Self::Check | Self::Companies | Self::Company => ("GET", "managed-companies$"),
            Self::CreateCompany => ("POST", "managed-companies$"),
            Self::Progress => ("GET", "async-requests/"),
            Self::Users => ("GET", "/users$"),
            Self::User => ("GET", "/users/[0-9]+$"),
            Self::CreateUser => ("POST", "/users$"),
            Self::ChangeAddress => ("PATCH", "/users/[0-9]+$"),
        }
    }

    pub fn writes(self) -> bool {
        !matches!(self.matching().0, "GET")
    }

    /// Makes the call; returns its outcome. `accepted` is a creation whose progress can be asked for.
    pub async fn make(self, client: &LastPass, accepted: &Accepted) -> Result<String, Failed> {
        let address = "nieuw@jansen.example".parse().unwrap();
        Ok(match self {
            Self::Check => client.check().await.map(|()| "good".to_owned())?,
            Self::Companies => format!("{} listed", client.companies().await?.len()),
            Self::Company => match client.company(&company()).await? {
                Some(found) => format!("named {}", found.name),
                None => "gone".to_owned(),
            },
            Self::CreateCompany => {
                let accepted = client.create_company("Nieuw").await?;
                let told = if accepted.url.is_some() {
                    ""
                } else {
                    " without a place to ask"
                };
                format!("accepted{told}")
            }
            Self::Progress => match client.progress(accepted).await? {
                Progress::Open => "open".to_owned(),
                Progress::Failed => "failed".to_owned(),
            },
            Self::Users => format!("{} listed", client.users(&company()).await?.len()),
            Self::User => format!("named {}", client.user(&company(), &jan()).await?.name),
            Self::CreateUser => {
                let user = (&address, "Nieuw");
                let made = client.create_user(&company(), user, CreationAction::Invite).await?;
                format!("made {:?}", made.state).to_lowercase()
            }
            Self::ChangeAddress => {
                client.change_address(&company(), &jan(), &address).await?;
                "asked".to_owned()
            }
        })
    }

    /// How often what the call does was done.
    pub async fn effects(self, account: &Account) -> usize {
        if self == Self::CreateCompany {
            account.clock.advance(3);
            account.heal();
            let companies = account.client().companies().await.unwrap();
            return companies.iter().filter(|company| company.name == "Nieuw").count();
        }
        account.mails().len()
    }
}

/// A failure by its name.
pub fn named(failed: &Failed) -> &'static str {
    match failed {
        Failed::Unauthorized => "unauthorized",
        Failed::Forbidden(_) => "forbidden",
        Failed::NotFound(_) => "not found",
        Failed::Rejected(..) => "rejected",
        Failed::Later(_, None) => "later",
        Failed::Later(_, Some(_)) => "later, at a moment",
        Failed::Unanswered(_) => "unanswered",
    }
}
