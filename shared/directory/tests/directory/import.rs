//! A small import at the level of the port, and what has to come of each of its rows under every value of the switches.

use std::collections::{BTreeMap, HashMap};

use directory::{Directory as _, DirectoryError, NewAddress, NewCompany, NewUser, UserRequest};
use domain::directory::LASTPASS_COMPANY;
use domain::ids::{ManagedCompanyId, UserId};
use serde_json::{Value, json};

use crate::account::{company, jan};
use crate::port::{Database, Port, request};

/// Values of switches by name; what is not named has its default.
pub type Values = BTreeMap<String, Value>;

/// How often something is tried that LastPass does not answer.
const MAX_TRIES: usize = 60;

/// Companies that are created: what they are for, and their names. The last one has the name of a company that is there.
const COMPANIES: [(&str, &str); 3] = [
    ("nieuw", "Nieuw"),
    ("tweede", "Tweede & Zn. 50%_"),
    ("naamgenoot", "Bakkerij Jansen"),
];

/// Users who are created in the company that is there.
const USERS: [(&str, &str); 7] = [
    ("een", "een@x.example"),
    ("plus", "twee+1@x.example"),
    ("unicode", "drie@bäckerei.example"),
    ("elders", "elders@x.example"),
    ("prive", "prive@x.example"),
    ("uit", "uit@jansen.example"),
    ("jan", "JAN@jansen.example"),
];

/// Users who are created in the first new company.
const NEW_USERS: [(&str, &str); 2] = [("n1", "n1@nieuw.example"), ("n2", "N2@nieuw.example")];

/// How each row ended, in words; with the id of what was created.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub rows: BTreeMap<&'static str, &'static str>,
    pub ids: HashMap<&'static str, String>,
}

/// An MSP with a company that has an enrolled, a staged and a disabled user, another company with a user, and somebody with a private
/// account.
pub async fn start(database: &Database, msp: &str, values: &Values) -> Port {
    let port = Port::start(database, msp).await;
    port.account.change(json!({
        "companies": [{"id": 1101, "licenseLimit": 100}, {"id": 1102, "name": "Anders", "licenseLimit": 100}],
        "users": [
            {"id": 50103, "companyId": 1101, "name": "Uit", "email": "uit@jansen.example", "accountStatus": "disabled"},
            {"id": 50104, "companyId": 1102, "name": "Elders", "email": "elders@x.example"},
        ],
        "privateAccounts": ["prive@x.example"],
    }));
    // So that a whole row meets the limit, and does not take minutes.
    port.account.switch("requestsPerSecond", 40);
    for (name, value) in values {
        port.account.switch(name, value.clone());
    }
    port
}

/// The word for an error that ends a row or an import.
fn word(error: &DirectoryError) -> &'static str {
    match error {
        DirectoryError::Unavailable(_) | DirectoryError::Busy(..) => "directory_unavailable",
        DirectoryError::Refused(_) => "refused",
        DirectoryError::Unauthorized(_) => "directory_unauthorized",
        DirectoryError::Forbidden(_) => "directory_forbidden",
    }
}

impl Port {
    /// Lets some time pass if that may help.
    fn waited(&self, error: &DirectoryError) -> bool {
        match error {
            DirectoryError::Busy(_, until) => self.wait_until(*until),
            DirectoryError::Unavailable(_) => self.account.clock.advance(2),
            _ => return false,
        }
        true
    }

    /// Imports everything. `Err` is the code with which the import ends as a whole.
    pub async fn import(&self, number: u32) -> Result<Ended, &'static str> {
        for tries in 0.. {
            match self.read().await {
                Ok(()) => break,
                Err(error) if tries < MAX_TRIES && self.waited(&error) => {}
                Err(error) => return Err(word(&error)),
            }
        }
        let mut ended = Ended::default();
        for (row, name) in COMPANIES {
            let made = self.company_row(row, name).await;
            ended
                .rows
                .insert(row, made.as_ref().map_or_else(|word| *word, |_| "created"));
            if let Ok(id) = made {
                ended.ids.insert(row, id.as_str().to_owned());
            }
        }
        // Jan may have another address by then.
        let users = if number == 1 {
            &USERS[..]
        } else {
            &USERS[..USERS.len() - 1]
        };
        self.user_rows(number, &company_of(self), users, &mut ended).await;
        if let Some(id) = ended.ids.get("nieuw") {
            let id = ManagedCompanyId::new(id.clone());
            self.user_rows(number, &id, &NEW_USERS, &mut ended).await;
        }
        if number == 1 {
            ended.rows.insert("address", self.address_row().await);
        }
        Ok(ended)
    }

    async fn company_row(&self, row: &str, name: &str) -> Result<ManagedCompanyId, &'static str> {
        for _ in 0..MAX_TRIES {
            match self.create_company(row, name).await {
                Ok(NewCompany::Created(id)) => return Ok(id),
                Ok(NewCompany::Unknown) => return Err("outcome_unknown"),
                Ok(NewCompany::Waits(_)) => return Err("waits for ever"),
                Err(error) if self.waited(&error) => {}
                Err(error) => return Err(word(&error)),
            }
        }
        Err("directory_unavailable")
    }

    async fn user_rows(
        &self,
        number: u32,
        company: &ManagedCompanyId,
        users: &[(&'static str, &str)],
        ended: &mut Ended,
    ) {
        let requests = users
            .iter()
            .map(|(row, address)| request(&format!("{row}-{number}"), address));
        let mut open: Vec<(&'static str, UserRequest)> = users.iter().map(|(row, _)| *row).zip(requests).collect();
        for _ in 0..MAX_TRIES {
            let requests: Vec<UserRequest> = open.iter().map(|(_, request)| request.clone()).collect();
            let outcomes = self.run().create_users(company, &requests).await;
            let (mut again, mut until) = (Vec::new(), None);
            for ((row, request), outcome) in open.into_iter().zip(outcomes) {
                let word = match outcome {
                    Ok(NewUser::Created(id)) => {
                        ended.ids.insert(row, id.as_str().to_owned());
                        "created"
                    }
                    Ok(NewUser::AddressTaken(_)) => "taken",
                    Ok(NewUser::AddressTakenElsewhere(_)) => "taken elsewhere",
                    Ok(NewUser::Waits(moment)) => {
                        until = until.max(Some(moment));
                        again.push((row, request));
                        "waits for ever"
                    }
                    Err(error) => {
                        if self.waited(&error) {
                            again.push((row, request));
                        }
                        word(&error)
                    }
                };
                ended.rows.insert(row, word);
            }
            open = again;
            if open.is_empty() {
                return;
            }
            if let Some(until) = until {
                self.wait_until(until);
            }
        }
    }

    async fn address_row(&self) -> &'static str {
        let (from, to) = (
            "jan@jansen.example".parse().unwrap(),
            "jan.nieuw@jansen.example".parse().unwrap(),
        );
        for _ in 0..MAX_TRIES {
            match self
                .run()
                .change_address(&company_of(self), &jan_of(self), Some(&from), &to)
                .await
            {
                Ok(NewAddress::Changed) => return "changed",
                Ok(NewAddress::WaitsForUser) => return "waits for the user",
                Ok(NewAddress::NotPossible(_)) => return "not possible",
                Ok(_) => return "another outcome",
                Err(error) if self.waited(&error) => {}
                Err(error) => return word(&error),
            }
        }
        "directory_unavailable"
    }

    /// What must hold of LastPass whatever happened: nobody and nothing twice, no mail twice, nothing that must never be done.
    pub async fn audit(&self, what: &str) {
        self.account.heal();
        for (name, values) in lastpass::Switches::choices() {
            self.account.switch(&name, values[0].clone());
        }
        self.account.clock.advance(60);
        assert!(self.account.forbidden().is_empty(), "{what}");
        let client = self.account.client();
        let companies = client.companies().await.unwrap();
        let mut names: HashMap<&str, usize> = HashMap::new();
        let mut addresses: HashMap<String, usize> = HashMap::new();
        for company in &companies {
            *names.entry(&company.name).or_default() += 1;
            for user in client.users(&company.id).await.unwrap() {
                *addresses.entry(user.address.key().as_str().to_owned()).or_default() += 1;
            }
        }
        for (row, name) in COMPANIES {
            let most = if row == "naamgenoot" { 2 } else { 1 };
            assert!(names.get(name).is_none_or(|count| *count <= most), "{what}: {names:?}");
        }
        // Who is in another company is created once more only where LastPass lets an address have two invitations.
        let twice: Vec<_> = addresses
            .iter()
            .filter(|(address, count)| **count > 1 && *address != "elders@x.example")
            .collect();
        assert!(twice.is_empty(), "{what}: {twice:?}");
        let mut mails: HashMap<String, usize> = HashMap::new();
        for mail in self.account.mails() {
            *mails.entry(format!("{} {}", mail["kind"], mail["to"])).or_default() += 1;
        }
        assert!(mails.values().all(|count| *count == 1), "{what}: {mails:?}");
    }
}

/// An id in the form that is switched on.
fn in_form(port: &Port, id: &str) -> String {
    use simkit::Simulator as _;
    let is_above = port.account.simulator.switches()["ids"] == "aboveDouble";
    let number: i64 = id.parse().unwrap();
    let number = if is_above { (1 << 53) + 1 + 2 * number } else { number };
    number.to_string()
}

fn jan_of(port: &Port) -> UserId {
    UserId::new(in_form(port, jan().as_str()))
}

fn company_of(port: &Port) -> ManagedCompanyId {
    let id = company();
    let number = id.as_str().trim_start_matches(LASTPASS_COMPANY);
    ManagedCompanyId::new(format!("{LASTPASS_COMPANY}{}", in_form(port, number)))
}

/// How an import has to end as a whole under these values, if it does.
pub fn expected_end(values: &Values) -> Option<&'static str> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    if is("keyStates", "revoked") {
        return Some("directory_unauthorized");
    }
    let is_forbidden =
        is("keyStates", "notEnrolled") || is("keyStates", "noMspRight") || is("managedUserRoutes", "noList");
    is_forbidden.then_some("directory_forbidden")
}

/// The words with which a row may end under these values in the first import.
pub fn expected(values: &Values, row: &str) -> Vec<&'static str> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    let is_unanswered = is("rateLimit", "unavailable");
    let one_of_companies = COMPANIES.iter().any(|(name, _)| *name == row);
    if one_of_companies {
        let word = expected_company(values, row);
        let mut words = vec![word];
        // A refusal that may have been applied is never sent again by itself.
        if is_unanswered {
            words.push("outcome_unknown");
        }
        // The answer has no poll address, and the creation takes longer than the search for it.
        let is_lost = is("lostReply", "companies") || is("lostReply", "all");
        if is_lost && is("companyCreateDelay", "fifteenMinutes") && word == "created" {
            words.push("outcome_unknown");
        }
        return words;
    }
    if row == "address" {
        let word = match values.get("patchFields").and_then(Value::as_str) {
            Some("atOnce") => "changed",
            Some("pending" | "ignored") => "waits for the user",
            _ => "not possible",
        };
        // Somebody who may have been asked is not asked again.
        return if is_unanswered {
            vec![word, "waits for the user"]
        } else {
            vec![word]
        };
    }
    let is_there = ["uit", "jan"].contains(&row);
    let is_new = ["n1", "n2"].contains(&row);
    vec![if is_there {
        "created"
    } else if is("managedUserRoutes", "noCreate")
        || (row == "plus" && is("addressValidation", "noPlus"))
        || (row == "unicode" && is("addressValidation", "noUnicode"))
        || (is_new && is("licenseLimitEnforced", "badRequest"))
    {
        "refused"
    } else if is_new && is("licenseLimitEnforced", "conflict") {
        // With a limit of 0, which may as well be none: nobody can tell it from an address that somebody has.
        "taken elsewhere"
    } else if row == "elders" && !is("userExistsOtherCompany", "pending") {
        "taken"
    } else if row == "prive" && is("userHasPrivateAccount", "conflict") {
        "taken elsewhere"
    } else {
        "created"
    }]
}

fn expected_company(values: &Values, row: &str) -> &'static str {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    let is_namesake = row == "naamgenoot";
    if is_namesake && (is("companyNameUnique", "badRequest") || is("companyNameUnique", "conflict")) {
        return "refused";
    }
    if is("companyCreateDelay", "never") {
        return "outcome_unknown";
    }
    let fails = is("pollFailure", "failed")
        || is("licenseLimitEnforced", "poolFailsInPoll")
        || is_namesake && is("companyNameUnique", "failsInPoll");
    let is_told = !is("pollFailure", "serverError")
        && !is("lostReply", "companies")
        && !is("lostReply", "all")
        && !["otherHost", "missing", "emptyBody"]
            .iter()
            .any(|form| is("pollUrlForm", form))
        && !["goneOnceDone", "unknownJson"]
            .iter()
            .any(|shape| is("pollShape", shape));
    match (fails, is_told) {
        (false, _) => "created",
        (true, true) => "refused",
        (true, false) => "outcome_unknown",
    }
}

/// Runs a first and a second import under these values; says what is not as it has to be.
pub async fn first_and_second(database: &Database, msp: &str, values: &Values) -> Result<(), String> {
    let port = start(database, msp, values).await;
    let first = port.import(1).await;
    if let Some(code) = expected_end(values) {
        let ended = first.map(|ended| ended.rows);
        return (ended == Err(code))
            .then_some(())
            .ok_or_else(|| format!("{ended:?} instead of {code}"));
    }
    let first = first.map_err(|code| format!("ended with {code}"))?;
    for (row, word) in &first.rows {
        let expected = expected(values, row);
        if !expected.contains(word) {
            return Err(format!("{row}: {word} instead of {expected:?}"));
        }
    }
    let second = port
        .import(2)
        .await
        .map_err(|code| format!("the second ended with {code}"))?;
    for (row, id) in &first.ids {
        if *row != "jan" && second.ids.get(row) != Some(id) {
            return Err(format!("{row}: {id} became {:?}", second.ids.get(row)));
        }
    }
    port.audit(msp).await;
    Ok(())
}
