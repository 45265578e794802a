//! A small import at the level of the port, and what has to come of each of its rows under every value of the switches.

use std::collections::{BTreeMap, HashMap};

use directory::{Directory as _, DirectoryError, Look, NewAddress, NewCompany, NewUser, UserRequest};
use domain::ids::ManagedCompanyId;
use serde_json::Value;

use crate::expected::{expected, expected_end};
use crate::msp::{self, CHILD, DISABLED, ELSEWHERE, GONE, JAN, OWN, PIET, SUSPENDED};
use crate::port::{Database, Port, request};

/// Values of switches by name; what is not named has its default.
pub type Values = BTreeMap<String, Value>;

/// How often something is tried that LastPass does not answer.
const MAX_TRIES: usize = 60;

/// Companies that are created: what they are for, and their names. The last one has the name of a company that is there.
pub const COMPANIES: [(&str, &str); 3] = [
    ("nieuw", "Nieuw"),
    ("tweede", "Tweede & Zn. 50%_"),
    ("naamgenoot", "Bakkerij Jansen"),
];

/// Users who are created in the company that is there.
const USERS: [(&str, &str); 9] = [
    ("een", "een@x.example"),
    ("plus", "twee+1@x.example"),
    ("unicode", "drie@bäckerei.example"),
    ("elders", ELSEWHERE),
    ("dochter", CHILD.1),
    ("prive", msp::PRIVATE),
    ("uit", DISABLED),
    ("aanvaardt", "aanvaardt@x.example"),
    ("jan", "JAN@jansen.example"),
];

/// Rows of the first import alone: these users may have another address by the second.
const MOVED: [&str; 2] = ["aanvaardt", "jan"];

/// Who is created in the company that is suspended.
const IN_SUSPENDED: [(&str, &str); 1] = [("stil", "nieuw@stil.example")];

/// Users who are created in the first new company.
const NEW_USERS: [(&str, &str); 2] = [("n1", "n1@nieuw.example"), ("n2", "N2@nieuw.example")];

/// How each row ended, in words; with the id of what was created.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended {
    pub rows: BTreeMap<&'static str, &'static str>,
    pub ids: HashMap<&'static str, String>,
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
        let users = USERS.iter().filter(|(row, _)| number == 1 || !MOVED.contains(row));
        let users: Vec<(&str, &str)> = users.copied().collect();
        self.user_rows(number, &msp::company(self, OWN), &users, &mut ended)
            .await;
        self.user_rows(number, &msp::company(self, SUSPENDED), &IN_SUSPENDED, &mut ended)
            .await;
        if let Some(id) = ended.ids.get("nieuw") {
            let id = ManagedCompanyId::new(id.clone());
            self.user_rows(number, &id, &NEW_USERS, &mut ended).await;
        }
        if number == 1 {
            let addresses = [
                ("address", JAN, "jan@jansen.example", "jan.nieuw@jansen.example"),
                ("staged", PIET, "piet@jansen.example", "piet.nieuw@jansen.example"),
            ];
            for (row, user, from, to) in addresses {
                ended.rows.insert(row, self.address_row(user, from, to).await);
            }
        }
        Ok(ended)
    }

    /// What a look says of the company that was detached.
    async fn look_at_gone(&self) -> Result<Look, &'static str> {
        for _ in 0..MAX_TRIES {
            match self.run().look_again(&msp::company(self, GONE)).await {
                Err(error) if self.waited(&error) => {}
                looked => return looked.map_err(|error| word(&error)),
            }
        }
        Err("directory_unavailable")
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

    async fn address_row(&self, user: i64, from: &str, to: &str) -> &'static str {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let (company, user) = (msp::company(self, OWN), msp::user(self, user));
        for _ in 0..MAX_TRIES {
            match self.run().change_address(&company, &user, Some(&from), &to).await {
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

    /// What must hold of LastPass whatever happened: nobody and nothing twice, no mail twice.
    pub async fn audit(&self, what: &str) {
        self.account.heal();
        for (name, values) in lastpass::Switches::choices() {
            self.account.switch(&name, values[0].clone());
        }
        self.account.clock.advance(60);
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
            .filter(|(address, count)| **count > 1 && ![ELSEWHERE, CHILD.1].contains(&address.as_str()))
            .collect();
        assert!(twice.is_empty(), "{what}: {twice:?}");
        let mut mails: HashMap<String, usize> = HashMap::new();
        for mail in self.account.mails() {
            *mails.entry(format!("{} {}", mail["kind"], mail["to"])).or_default() += 1;
        }
        assert!(mails.values().all(|count| *count == 1), "{what}: {mails:?}");
    }
}

/// Runs a first and a second import under these values; says what is not as it has to be.
pub async fn first_and_second(database: &Database, msp: &str, values: &Values) -> Result<(), String> {
    let port = msp::start(database, msp, values).await;
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
    msp::change(&port, first.ids.get("aanvaardt"));
    let looked = port.look_at_gone().await;
    if looked != Ok(Look::Gone) {
        return Err(format!("a detached company: {looked:?}"));
    }
    let second = port
        .import(2)
        .await
        .map_err(|code| format!("the second ended with {code}"))?;
    for (row, id) in &first.ids {
        if !MOVED.contains(row) && second.ids.get(row) != Some(id) {
            return Err(format!("{row}: {id} became {:?}", second.ids.get(row)));
        }
    }
    msp::assert_known(&port, values, first.ids.get("aanvaardt")).await?;
    port.audit(msp).await;
    Ok(())
}
