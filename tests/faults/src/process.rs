//! A process of the functions, and what is delivered to it.

use std::sync::Arc;
use std::time::Duration;

use lambda::{Function, Services};
use local_aws::{Route, unsigned};
use serde_json::{Value, json};

/// The MSP.
pub const MSP: &str = "m";

/// How long a worker may run, unless a test says otherwise.
pub(crate) const RUN: Duration = Duration::from_mins(5);

/// The four functions in one process.
#[derive(Clone)]
pub struct Process {
    functions: Arc<[(&'static str, Function); 4]>,
    routes: Arc<Vec<Route>>,
    run: Duration,
}

impl Process {
    pub(crate) fn new(services: &Services, routes: Arc<Vec<Route>>, run: Duration) -> Self {
        Self {
            functions: Arc::new([
                ("SetupFunction", setup::function(services.clone())),
                ("FetchFunction", fetch::function(services.clone())),
                ("PlanFunction", plan::function(services.clone())),
                ("ExecuteFunction", execute::function(services.clone())),
            ]),
            routes,
            run,
        }
    }

    /// Handles an event.
    pub async fn handle(&self, message: &Message) -> Result<Value, String> {
        let function = match message {
            Message::Work(function, _) => function,
            Message::Call { method, path, .. } => self.route(method, path.split('?').next().unwrap_or_default()),
        };
        self.invoke(function, message.event()).await
    }

    /// Hands any event to a function.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, String> {
        let (_, function) = self.functions.iter().find(|(name, _)| *name == function).unwrap();
        let end = tokio::time::Instant::now().into_std() + self.run;
        let answer = function.handle(event, end).await;
        answer.map_err(|error| error.to_string())
    }

    /// The function that a call is for.
    pub fn route(&self, method: &str, path: &str) -> &str {
        let fits = |route: &&Route| {
            let mut parts = path.split('/');
            let same = route.path.split('/').all(|wanted| {
                parts
                    .next()
                    .is_some_and(|part| wanted.starts_with('{') || wanted == part)
            });
            route.method.as_str() == method && same && parts.next().is_none()
        };
        let found = self.routes.iter().find(fits);
        &found
            .unwrap_or_else(|| panic!("no route for {method} {path}"))
            .way
            .function
    }
}

/// What is delivered to a function.
#[derive(Debug, Clone)]
pub enum Message {
    /// A piece of work for a worker.
    Work(&'static str, Value),
    /// A call by an administrator.
    Call {
        /// Who calls; of another MSP than [`MSP`] with `@` and that.
        who: &'static str,
        /// The method.
        method: &'static str,
        /// The path, with its query.
        path: String,
        /// The body.
        body: Value,
    },
}

impl Message {
    /// The event as the function gets it.
    pub fn event(&self) -> Value {
        match self {
            Self::Work(_, work) => work.clone(),
            Self::Call {
                who,
                method,
                path,
                body,
            } => call(who, method, path, body),
        }
    }
}

/// An HTTP API event, format 2.0, as API Gateway makes it.
fn call(who: &str, method: &str, path: &str, body: &Value) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (sub, msp) = who.split_once('@').unwrap_or((who, MSP));
    let claims = json!({ "sub": sub, "email": format!("{sub}@{msp}.example"), "msp": msp, "roles": ["administrator"] });
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "isBase64Encoded": false,
        "headers": { "authorization": unsigned(&claims), "content-type": "application/json", "host": "api.test" },
        "requestContext": {
            "accountId": "0", "apiId": "test", "domainName": "api.test", "domainPrefix": "api", "requestId": "r",
            "routeKey": "$default", "stage": "$default", "time": "01/Jan/2027:00:00:00 +0000", "timeEpoch": 0,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "" },
            "authorizer": { "jwt": { "claims": { "sub": sub, "msp": msp }, "scopes": null } },
        },
    });
    if !body.is_null() {
        event["body"] = body.to_string().into();
    }
    event
}
