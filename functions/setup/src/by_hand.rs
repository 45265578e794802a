//! Changes made by hand in the built-in directory.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::builtin::BuiltIn;
use directory::{Directory, NewAddress, NewUser};
use domain::address::EnteredAddress;
use domain::directory::{LicenceMode, Licences, ManagedCompany, User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use domain::name;
use domain::problem::{Mistake, Problem, ResourceKind};
use runtime::{Api, Body, Caller, PathIds, Services};
use schemars::JsonSchema;
use serde::Deserialize;

/// The name of a managed company or user.
type Name = name::Name<250>;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCompany {
    name: Name,
}

pub(crate) async fn add_company(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewCompany>,
) -> Api<(StatusCode, Json<ManagedCompany>)> {
    let name = String::from(new.name);
    let key = IdempotencyKey::by_hand(&services.ids.next());
    let id = built_in(&services, &caller).create_company(&key, &name).await?;
    Ok((StatusCode::CREATED, Json(ManagedCompany { id, name })))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPerson {
    address: EnteredAddress,
    name: Name,
}

pub(crate) async fn add_user(
    State(services): State<Services>,
    caller: Caller,
    PathIds(company): PathIds<ManagedCompanyId>,
    Body(new): Body<NewPerson>,
) -> Api<(StatusCode, Json<User>)> {
    let (name, EnteredAddress(address)) = (String::from(new.name), new.address);
    let directory = built_in(&services, &caller);
    if directory.company(&company).await?.is_none() {
        return Err(Problem::not_found(ResourceKind::ManagedCompany).into());
    }
    let key = IdempotencyKey::by_hand(&services.ids.next());
    match directory.create_user_by_hand(&key, &company, &address, &name).await? {
        Some(NewUser::Created(id)) => Ok((
            StatusCode::CREATED,
            Json(User {
                id,
                company,
                address,
                name,
                state: UserState::Invited,
            }),
        )),
        Some(NewUser::AddressTaken(_)) => Err(taken().into()),
        None => {
            let available = directory.licences().await?.available;
            Err(Problem::InsufficientLicences { needed: 1, available }.into())
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OtherAddress {
    address: EnteredAddress,
}

/// Gives a user another address, or the same one in another spelling (R59). Takes no licence.
pub(crate) async fn change_user(
    State(services): State<Services>,
    caller: Caller,
    PathIds((company, user)): PathIds<(ManagedCompanyId, UserId)>,
    Body(new): Body<OtherAddress>,
) -> Api<Json<User>> {
    let EnteredAddress(address) = new.address;
    let directory = built_in(&services, &caller);
    if directory.company(&company).await?.is_none() {
        return Err(Problem::not_found(ResourceKind::ManagedCompany).into());
    }
    let no_user = || Problem::not_found(ResourceKind::User);
    match directory.change_address(&company, &user, &address).await? {
        NewAddress::Changed => Ok(Json(directory.user(&company, &user).await?.ok_or_else(no_user)?)),
        NewAddress::AddressTaken(_) => Err(taken().into()),
        NewAddress::NoSuchUser => Err(no_user().into()),
    }
}

fn taken() -> Problem {
    Problem::invalid("/address", Mistake::AddressTaken)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewLicences {
    total: u32,
    #[serde(default = "pool")]
    mode: LicenceMode,
}

const fn pool() -> LicenceMode {
    LicenceMode::Pool
}

pub(crate) async fn set_licences(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewLicences>,
) -> Api<Json<Licences>> {
    let directory = built_in(&services, &caller);
    if !directory.set_licences(new.mode, new.total.into()).await? {
        return Err(Problem::invalid("/total", Mistake::LicencesInUse).into());
    }
    Ok(Json(directory.licences().await?))
}

fn built_in(services: &Services, caller: &Caller) -> BuiltIn {
    BuiltIn::new(services.tenant(&caller.msp))
}
