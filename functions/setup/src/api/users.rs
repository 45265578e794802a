//! `/managed-companies/{c}/users`: users added and changed by hand in the built-in directory (R59)

use api::{Api, Body, Call, Caller, Json, Path, Routes, State};
use axum::http::StatusCode;
use directory::builtin::BuiltIn;
use directory::{Directory, NewAddress, NewUser, UserRequest};
use domain::address::{Address, EnteredAddress};
use domain::directory::{CreationAction, User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use domain::name::Name;
use domain::problem::{Code, Mistake, Problem, ResourceKind};
use lambda::Services;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::changes::{built_in, noticed};

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/managed-companies/{c}/users", add, || {
        Call::new("addUser", "Adds a user by hand; takes a licence")
            .body::<NewPerson>(json!({ "address": "sanne@postma.example", "name": "Sanne Postma" }))
            .answers::<User>(201, example())
            .refuses(&[Code::InsufficientLicences, Code::DirectoryCannot])
    })
    .patch("/managed-companies/{c}/users/{u}", change, || {
        Call::new("changeUser", "Gives a user another address; takes no licence")
            .body::<OtherAddress>(json!({ "address": "sanne@postma.example" }))
            .answers::<User>(200, example())
            .refuses(&[Code::DirectoryCannot])
    })
}

fn example() -> Value {
    json!({
        "id": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "company": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
        "address": "sanne@postma.example", "name": "Sanne Postma", "state": "invited",
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPerson {
    /// The user's email address. No other user may have it.
    address: EnteredAddress,
    /// The person's name. Invisible and control characters are dropped; white space is trimmed and collapsed.
    name: Name<250>,
}

async fn add(
    State(services): State<Services>,
    caller: Caller,
    Path(company): Path<ManagedCompanyId>,
    Body(new): Body<NewPerson>,
) -> Api<(StatusCode, Json<User>)> {
    let directory = directory_with(&services, &caller, &company).await?;
    let (name, EnteredAddress(address)) = (String::from(new.name), new.address);
    let request = UserRequest {
        key: IdempotencyKey::by_hand(&services.ids.next()),
        address: address.clone(),
        name: name.clone(),
        action: CreationAction::Invite,
    };
    let created = directory.create_user_by_hand(&company, &request);
    match noticed(&services, &directory, created).await? {
        Some(NewUser::Created(id)) => Ok((StatusCode::CREATED, Json(invited(id, company, address, name)))),
        // The built-in directory makes a user at once, and so nobody waits.
        Some(NewUser::AddressTaken(_) | NewUser::AddressTakenElsewhere(_) | NewUser::Waits(_)) => Err(taken().into()),
        None => {
            let available = directory.licences().await?.available;
            Err(Problem::InsufficientLicences { needed: 1, available }.into())
        }
    }
}

const fn invited(id: UserId, company: ManagedCompanyId, address: Address, name: String) -> User {
    User {
        id,
        company,
        address,
        name,
        state: UserState::Invited,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OtherAddress {
    /// The user's new email address. No other user may have it.
    address: EnteredAddress,
}

/// Gives a user another address, or the same one in another spelling. Takes no licence.
async fn change(
    State(services): State<Services>,
    caller: Caller,
    Path((company, user)): Path<(ManagedCompanyId, UserId)>,
    Body(new): Body<OtherAddress>,
) -> Api<Json<User>> {
    let directory = directory_with(&services, &caller, &company).await?;
    let EnteredAddress(address) = new.address;
    let no_user = || Problem::not_found(ResourceKind::User);
    let changed = directory.change_address(&company, &user, None, &address);
    match noticed(&services, &directory, changed).await? {
        NewAddress::Changed => Ok(Json(directory.user(&company, &user).await?.ok_or_else(no_user)?)),
        NewAddress::AddressTaken(_) => Err(taken().into()),
        // The change above accepts any earlier address (`None`), so `ChangedMeanwhile` is not expected.
        NewAddress::ChangedMeanwhile | NewAddress::NoSuchUser => Err(no_user().into()),
        NewAddress::WaitsForUser | NewAddress::NotPossible(_) => Err(Problem::DirectoryCannot.into()),
    }
}

/// The built-in directory, if it has this company.
async fn directory_with(services: &Services, caller: &Caller, company: &ManagedCompanyId) -> Api<BuiltIn> {
    let directory = built_in(services, caller).await?;
    match directory.company(company).await? {
        Some(_) => Ok(directory),
        None => Err(Problem::not_found(ResourceKind::ManagedCompany).into()),
    }
}

fn taken() -> Problem {
    Problem::invalid("/address", Mistake::AddressTaken)
}
