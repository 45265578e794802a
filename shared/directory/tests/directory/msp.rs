//! An MSP for imports under all switches: as many of them as is simple have something to act on.

use directory::Directory as _;
use domain::directory::{LASTPASS_COMPANY, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use serde_json::{Value, json};

use crate::import::Values;
use crate::port::{Database, Port};

/// The company that users are created in: it has Jan, who is enrolled, Piet, who is staged, somebody who is disabled, and somebody who is
/// deleted between the imports.
pub const OWN: i64 = 1_101;
pub const JAN: i64 = 50_101;
pub const PIET: i64 = 50_102;
pub const DISABLED: &str = "uit@jansen.example";
const DELETED: i64 = 50_105;

/// Another company, whose user has this address.
const OTHER: i64 = 1_102;
pub const ELSEWHERE: &str = "elders@x.example";

/// A company that is suspended, with a user.
pub const SUSPENDED: i64 = 1_103;

/// A company below the other one, whose user has this address.
pub const CHILD: (i64, &str) = (1_104, "dochter@x.example");

/// A company that is detached between the imports, with a user.
pub const GONE: i64 = 1_105;

/// A company with more users than a page has.
const LARGE: i64 = 1_106;
const MANY: i64 = 510;

/// Who has an account of its own.
pub const PRIVATE: &str = "prive@x.example";

/// What a user's address begins with who has enrolled with another one.
const OWN_ADDRESS: &str = "own.";

/// The MSP, with LastPass as these values say.
pub async fn start(database: &Database, msp: &str, values: &Values) -> Port {
    let port = Port::start(database, msp).await;
    let company = |id: i64, name: &str| json!({"id": id, "name": name, "licenseLimit": 100});
    let user =
        |id: i64, company: i64, email: &str| json!({"id": id, "companyId": company, "name": "U", "email": email});
    let mut companies = vec![
        json!({"id": OWN, "licenseLimit": 100}),
        company(OTHER, "Anders"),
        company(SUSPENDED, "Stil"),
        company(CHILD.0, "Dochter"),
        company(GONE, "Weg"),
        company(LARGE, "Groot"),
    ];
    companies[2]["status"] = json!("suspended");
    companies[3]["parentId"] = json!(OTHER);
    let mut users = vec![
        user(50_103, OWN, DISABLED),
        user(50_104, OTHER, ELSEWHERE),
        user(DELETED, OWN, "vertrokken@jansen.example"),
        user(50_106, SUSPENDED, "al@stil.example"),
        user(50_107, CHILD.0, CHILD.1),
        user(50_108, GONE, "al@weg.example"),
    ];
    users[0]["accountStatus"] = json!("disabled");
    users.extend((0..MANY).map(|n| user(60_000 + n, LARGE, &format!("u{n}@groot.example"))));
    port.account
        .change(json!({"companies": companies, "users": users, "privateAccounts": [PRIVATE]}));
    // So that a whole row meets the limit, and does not take minutes.
    port.account.switch("requestsPerSecond", 40);
    for (name, value) in values {
        port.account.switch(name, value.clone());
    }
    port
}

/// What people do in LastPass between the imports: a company is detached, a user is deleted, and one who was invited enrols.
pub fn change(port: &Port, invited: Option<&String>) {
    let accept: Vec<i64> = invited.iter().map(|id| raw(port, id)).collect();
    port.account
        .change(json!({"accept": accept, "delete": {"companies": [GONE], "users": [DELETED]}}));
}

/// What has to be known of LastPass after the second import; says what is not as it has to be.
pub async fn assert_known(port: &Port, values: &Values, invited: Option<&String>) -> Result<(), String> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    let run = port.run();
    let companies = run.companies().await.unwrap();
    for (number, is_listed) in [
        (OWN, true),
        (SUSPENDED, true),
        (CHILD.0, !is("listScopeWithoutParent", "children")),
        (GONE, false),
    ] {
        let id = company(port, number);
        if companies.iter().any(|known| known.id == id) != is_listed {
            return Err(format!("{id} has to be known: {is_listed}"));
        }
    }
    let many = run.users(&company(port, LARGE)).await.unwrap().len();
    if many != usize::try_from(MANY).unwrap() {
        return Err(format!("{many} users of the large company"));
    }
    let users = run.users(&company(port, OWN)).await.unwrap();
    if users.iter().any(|known| known.id == user(port, DELETED)) {
        return Err("a deleted user is known".to_owned());
    }
    let Some(invited) = invited else { return Ok(()) };
    let found = users.iter().find(|known| known.id.as_str() == invited);
    let has_own = found.is_some_and(|found| found.address.original().starts_with(OWN_ADDRESS));
    let is_enrolled = found.is_some_and(|found| found.state == UserState::Enrolled);
    let is_right = is_enrolled && has_own == is("enrolWithOtherAddress", "on");
    is_right
        .then_some(())
        .ok_or_else(|| format!("who has enrolled: {found:?}"))
}

/// The company of a number.
pub fn company(port: &Port, number: i64) -> ManagedCompanyId {
    ManagedCompanyId::new(format!("{LASTPASS_COMPANY}{}", shown(port, number)))
}

/// The user of a number.
pub fn user(port: &Port, number: i64) -> UserId {
    UserId::new(shown(port, number).to_string())
}

/// What is added to twice a number where ids are beyond what a floating-point number holds.
const ABOVE_DOUBLE: i64 = (1 << 53) + 1;

fn is_above(port: &Port) -> bool {
    use simkit::Simulator as _;
    let switches: Value = port.account.simulator.switches();
    switches["ids"] == "aboveDouble"
}

/// A number in the form that is switched on.
fn shown(port: &Port, number: i64) -> i64 {
    if is_above(port) {
        ABOVE_DOUBLE + 2 * number
    } else {
        number
    }
}

/// The simulator's own number of an id.
fn raw(port: &Port, id: &str) -> i64 {
    let number: i64 = id.parse().unwrap();
    if is_above(port) {
        (number - ABOVE_DOUBLE) / 2
    } else {
        number
    }
}
