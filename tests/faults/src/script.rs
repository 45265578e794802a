//! An import as an administrator and the state machine make it, each as stubborn as they are: whatever is interrupted is
//! looked at again and gone on with.

use domain::psa::PsaKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{MSP, Message, World, beyond_lease};

/// How often a step is tried before the test gives up. A company of LastPass is looked for thirty times.
const PATIENCE: usize = 120;

/// Who imports.
pub const ANA: &str = "ana";

/// A step of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Take the lock and begin.
    Start,
    /// Download the snapshot.
    Fetch,
    /// Select companies and tick people.
    Decide,
    /// Confirm the plan.
    Confirm,
    /// Carry it out.
    CarryOut,
}

/// One import.
pub const STEPS: [Step; 5] = [Step::Start, Step::Fetch, Step::Decide, Step::Confirm, Step::CarryOut];

/// The imports of a world.
pub struct Script<'a> {
    world: &'a World,
    who: &'static str,
}

impl<'a> Script<'a> {
    /// The script of a world.
    pub const fn new(world: &'a World) -> Self {
        Self::by(world, ANA)
    }

    /// The same by somebody else, perhaps of another MSP.
    pub const fn by(world: &'a World, who: &'static str) -> Self {
        Self { world, who }
    }

    fn msp(&self) -> &'static str {
        self.who.split_once('@').map_or(MSP, |(_, msp)| msp)
    }

    /// Licences and the integration.
    pub async fn seed(&self) {
        if self.world.lastpass.is_some() {
            let chosen = json!({ "kind": "lastpass", "apiKey": lastpass::KEY });
            self.expect("PUT", "/directory", chosen).await;
        } else {
            let licences = json!({ "total": 500, "mode": "pool" });
            self.expect("PUT", "/licences", licences).await;
        }
        let integration = self.world.psa.integration();
        self.expect("POST", "/integrations", integration).await;
    }

    /// Takes a step, however often that takes. `cycle` is 0 for the first import and 1 for the second.
    pub async fn take(&self, cycle: usize, step: Step) -> Result<(), String> {
        self.world.psa.show(cycle);
        self.repeat(cycle, step).await
    }

    async fn repeat(&self, cycle: usize, step: Step) -> Result<(), String> {
        for _ in 0..PATIENCE {
            if self.attempt(cycle, step).await == Some(true) {
                return Ok(());
            }
        }
        Err(format!("{step:?} of import {cycle} is never done"))
    }

    /// Tries a step once: whether it is done, or `None` if nothing was answered.
    pub async fn attempt(&self, cycle: usize, step: Step) -> Option<bool> {
        match step {
            Step::Start => self.start(cycle).await,
            Step::Fetch => self.reach("review", "fetching", "FetchFunction", cycle).await,
            Step::Decide => self.decide(cycle).await,
            Step::Confirm => self.confirm(cycle).await,
            Step::CarryOut => self.reach("done", "executing", "ExecuteFunction", cycle).await,
        }
    }

    async fn start(&self, cycle: usize) -> Option<bool> {
        if self.import(cycle).await?.is_some() {
            return Some(true);
        }
        let path = format!("/integrations/{}/imports", self.integration().await?);
        self.call("POST", &path, json!({ "filter": {} })).await?;
        Some(false)
    }

    /// Lets a worker work until the import is in a state.
    async fn reach(&self, wanted: &str, working: &str, function: &'static str, cycle: usize) -> Option<bool> {
        let Some(import) = self.import(cycle).await? else {
            // It failed for good: an administrator begins again.
            assert_eq!(wanted, "review", "an import ended without being carried out");
            return self.start(cycle).await.map(|_| false);
        };
        if import["state"] != working {
            return Some(import["state"] == wanted);
        }
        let work = Message::Work(
            function,
            json!({ "msp": self.msp(), "import": import["id"], "giveUp": false }),
        );
        match self.world.deliver(&work).await {
            // Lambda tells that the run was cut off; the state machine comes again when the lease has ended.
            Err(_) => self.world.ticking.advance(beyond_lease()),
            Ok(Ok(answer)) if answer["outcome"] == "wait" => {
                let until: Timestamp = answer["until"].as_str().unwrap().parse().unwrap();
                self.world.ticking.wait_until(until);
            }
            Ok(_) => {}
        }
        Some(false)
    }

    async fn decide(&self, cycle: usize) -> Option<bool> {
        let import = self.import(cycle).await?.expect("the import in review is gone");
        let path = format!("/imports/{}/companies", import["id"].as_str().unwrap());
        let all = self.select(&path).await?;
        assert_eq!(
            all["matched"], self.world.extent.companies,
            "at the second import one is gone and one is new"
        );
        let rows = self
            .call("GET", &format!("{path}?tab=in&limit=100"), Value::Null)
            .await?;
        for row in rows["items"].as_array()?.iter().filter(|row| row["own"] != true) {
            // Whoever was imported before is ticked already.
            let at = row["id"].as_str().unwrap();
            if row["status"] == "unmapped" || row["addresses"] != self.world.extent.people {
                let ticked = self.select(&format!("{path}/{at}/addresses")).await?;
                assert_eq!(ticked["matched"], row["addresses"]);
            }
        }
        Some(true)
    }

    /// Companies of an import whose creation in LastPass has an unknown outcome (R82).
    pub async fn unknown(&self, cycle: usize) -> usize {
        let import = self.import(cycle).await.flatten().unwrap();
        let result = self
            .get(&format!("/imports/{}/result", import["id"].as_str().unwrap()))
            .await;
        let errors = result["errors"].as_array().unwrap().iter();
        errors
            .filter(|row| row["code"] == "outcome_unknown" && row["address"].is_null())
            .count()
    }

    /// Follows the advice of these rows: a day later the requests are repeated, in one more import (R82). It is the import of
    /// this number, of the PSA as it was.
    pub async fn send_again(&self, number: usize) -> Result<(), String> {
        self.world.ticking.advance(25 * 3_600);
        for step in STEPS {
            self.repeat(number, step).await?;
            if step == Step::Decide {
                self.ask_for_new_ones(number).await;
            }
        }
        Ok(())
    }

    /// Asks for a new managed company for each that is not mapped.
    async fn ask_for_new_ones(&self, number: usize) {
        let import = self.import(number).await.flatten().unwrap();
        let path = format!("/imports/{}/companies", import["id"].as_str().unwrap());
        let rows = self.get(&format!("{path}?tab=in&limit=100")).await;
        for row in rows["items"].as_array().unwrap() {
            if row["status"] == "unmapped" && row["own"] != true {
                let decision = json!({ "version": row["version"], "selected": true, "target": { "create": {} } });
                self.expect("PATCH", &format!("{path}/{}", row["id"].as_str().unwrap()), decision)
                    .await;
            }
        }
    }

    /// Selects so many companies and ticks so many people of each.
    pub async fn decide_few(&self, companies: usize, people: usize) {
        let import = self.import(0).await.flatten().unwrap();
        let path = format!("/imports/{}/companies", import["id"].as_str().unwrap());
        let rows = self
            .expect("GET", &format!("{path}?tab=in&limit=100"), Value::Null)
            .await;
        let rows = rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["own"] != true);
        for row in rows.take(companies) {
            let company = format!("{path}/{}", row["id"].as_str().unwrap());
            let select = json!({ "version": row["version"], "selected": true });
            self.expect("PATCH", &company, select).await;
            let addresses = self
                .expect("GET", &format!("{company}/addresses?limit=100"), Value::Null)
                .await;
            for address in addresses["items"].as_array().unwrap().iter().take(people) {
                let at = format!("{company}/addresses/{}", address["id"].as_str().unwrap());
                let tick = json!({ "version": address["version"], "selected": true });
                self.expect("PATCH", &at, tick).await;
            }
        }
    }

    /// Confirms the plan as it is now: the call that does.
    pub async fn confirmation(&self) -> Message {
        let import = self.import(0).await.flatten().unwrap();
        let path = format!("/imports/{}", import["id"].as_str().unwrap());
        let plan = self.expect("GET", &format!("{path}/plan"), Value::Null).await;
        Message::Call {
            who: self.who,
            method: "POST",
            path: format!("{path}/execute"),
            body: json!({ "planHash": plan["hash"], "confirmMassChange": true }),
        }
    }

    async fn select(&self, what: &str) -> Option<Value> {
        let everything = json!({ "selected": true, "where": {} });
        self.call("POST", &format!("{what}/select"), everything).await
    }

    async fn confirm(&self, cycle: usize) -> Option<bool> {
        let import = self.import(cycle).await?.expect("the import in review is gone");
        if import["state"] != "review" {
            return Some(true);
        }
        let path = format!("/imports/{}", import["id"].as_str().unwrap());
        let plan = self.call("GET", &format!("{path}/plan"), Value::Null).await?;
        let mut confirmation = json!({ "planHash": plan["hash"], "confirmMassChange": true });
        if self.world.lastpass.is_some() {
            // With mails, none of which may be sent twice (R86).
            confirmation["creation"] = json!("invite");
        }
        self.call("POST", &format!("{path}/execute"), confirmation).await?;
        Some(true)
    }

    /// The import of this cycle that has not failed.
    async fn import(&self, cycle: usize) -> Option<Option<Value>> {
        let path = format!("/integrations/{}/imports", self.integration().await?);
        let history = self.call("GET", &path, Value::Null).await?;
        let mut alive: Vec<&Value> = history["items"]
            .as_array()?
            .iter()
            .filter(|import| import["state"] != "failed")
            .collect();
        alive.reverse();
        let Some(found) = alive.get(cycle) else {
            return Some(None);
        };
        let path = format!("/imports/{}", found["id"].as_str().unwrap());
        self.call("GET", &path, Value::Null).await.map(Some)
    }

    /// The id of the integration.
    pub async fn integration(&self) -> Option<String> {
        let all = self.call("GET", "/integrations", Value::Null).await?;
        Some(all["items"][0]["id"].as_str()?.to_owned())
    }

    /// What is at a path.
    pub async fn get(&self, path: &str) -> Value {
        self.expect("GET", path, Value::Null).await
    }

    /// What is answered to a call, which must not be refused.
    pub async fn expect(&self, method: &'static str, path: &str, body: Value) -> Value {
        self.call(method, path, body)
            .await
            .unwrap_or_else(|| panic!("{method} {path} failed"))
    }

    /// A call by the administrator; `None` if it was not answered or failed, so that one has to look again.
    async fn call(&self, method: &'static str, path: &str, body: Value) -> Option<Value> {
        let call = Message::Call {
            who: self.who,
            method,
            path: path.to_owned(),
            body,
        };
        let answer = self.world.deliver(&call).await.ok()?.ok()?;
        let status = answer["statusCode"].as_u64()?;
        let body = serde_json::from_str(answer["body"].as_str().unwrap_or("null")).unwrap_or_default();
        (status < 300).then_some(body)
    }
}

/// How a PSA is called in what a test prints.
pub const fn name(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "ConnectWise",
        PsaKind::Autotask => "Autotask",
    }
}
