//! Who may use the API, and that each MSP sees its own data only.

use local_aws::{Route, Template};
use requirements::import::{addresses, fetch, rows};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text};
use requirements::{Answer, Api, PsaKind, Sandbox, for_both, import, managed, raw};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(r03_another_msp_gets_the_answers_for_unknown_ids_whatever_it_calls);

fn routes() -> Vec<Route> {
    let routes = Template::load().unwrap().routes().to_vec();
    routes.into_iter().filter(|route| route.way.authorised).collect()
}

/// A body that each call would take.
fn body(route: &Route, sandbox: &Sandbox, kind: PsaKind) -> Option<Value> {
    let sent = match (route.method.as_str(), route.path.as_str()) {
        ("GET" | "DELETE", _) | ("POST", "/imports/{x}/keep" | "/sign-ins") => return None,
        ("POST", "/integrations") => sandbox.psas.integration(kind),
        ("PUT", "/integrations/{i}/credentials") => {
            json!({ "credentials": sandbox.psas.integration(kind)["credentials"] })
        }
        ("PATCH", "/integrations/{i}") => json!({ "version": 1, "name": "Gekaapt" }),
        ("PUT", "/integrations/{i}/policy") => json!({ "newCompanies": true }),
        ("POST", "/integrations/{i}/imports") => json!({}),
        ("POST", "/managed-companies") => json!({ "name": "Indringers" }),
        ("POST", "/managed-companies/{c}/users") => json!({ "address": "iemand@elders.example", "name": "Iemand" }),
        ("PATCH", "/managed-companies/{c}/users/{u}") => json!({ "address": "iemand@elders.example" }),
        ("PUT", path) if path.contains("/exclusions/") => json!({ "why": "Niet van ons." }),
        ("PUT", "/directory") => json!({ "kind": "lastpass", "apiKey": "0" }),
        ("PUT", "/licences") => json!({ "total": 7 }),
        ("PATCH", "/imports/{x}/companies/{p}") => json!({ "version": 1, "selected": true }),
        ("PATCH", "/imports/{x}/companies/{p}/addresses/{a}") => json!({ "version": 0, "selected": true }),
        ("POST", path) if path.ends_with("/select") => json!({ "selected": true, "where": {} }),
        ("POST", "/imports/{x}/execute") => json!({ "planHash": "0" }),
        (method, path) => panic!("how is {method} {path} called?"),
    };
    Some(sent)
}

/// What an MSP has, one id for each variable of the routes.
async fn ids(api: &Api, kind: PsaKind) -> [(&'static str, String); 8] {
    let import = fetch(api, kind).await;
    let rows = import::ordinary(&rows(api, &import, "in").await);
    let company = text(&rows[0]["id"]).to_owned();
    let address = text(&addresses(api, &import, &company).await[0]["id"]).to_owned();
    let managed = text(&api.list("/managed-companies").await.unwrap()[0]["id"]).to_owned();
    let select = json!({ "selected": false, "where": { "search": "nobody" } });
    let rule = api
        .post(&format!("/imports/{import}/companies/select"), &select)
        .await
        .unwrap();
    let user = managed::add_user(api, &managed, "bekend@elders.example").await;
    [
        ("{i}", integration(api, kind).await),
        ("{x}", import),
        ("{p}", company),
        ("{n}", requirements::psa::split(&address).0.to_owned()),
        ("{a}", address),
        ("{r}", text(&rule["rule"]).to_owned()),
        ("{c}", managed),
        ("{u}", user),
    ]
}

fn filled(path: &str, ids: &[(&str, String)]) -> String {
    ids.iter()
        .fold(path.to_owned(), |path, (variable, id)| path.replace(variable, id))
}

/// Everything of an answer that is not different each time.
fn essence(mut answer: Answer) -> (u16, Value) {
    answer.body["correlationId"].take();
    (answer.status.as_u16(), answer.body)
}

async fn r03_another_msp_gets_the_answers_for_unknown_ids_whatever_it_calls(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, other) = (sandbox.api("ana"), sandbox.api("otherMsp"));
    let known = ids(&ana, kind).await;
    let unknown = ids_of_nobody(&known);
    let before = everything(&ana, &known).await;
    for route in routes().into_iter().filter(|route| route.path.contains('{')) {
        let sent = body(&route, &sandbox, kind);
        let ask = async |ids: &[(&str, String)]| {
            essence(call(&other, route.method.clone(), &filled(&route.path, ids), sent.as_ref()).await)
        };
        let (theirs, nobodys) = (ask(&known).await, ask(&unknown).await);
        assert_eq!(theirs, nobodys, "{}", route.key());
        assert_eq!(theirs.0, 404, "{}: {}", route.key(), theirs.1);
    }
    assert_eq!(everything(&ana, &known).await, before);
    sandbox.stop().await;
}

fn ids_of_nobody(like: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    like.iter()
        .map(|(variable, _)| (*variable, "0-nobody".to_owned()))
        .collect()
}

/// Whatever the first MSP can see of what the other one tried to change.
async fn everything(api: &Api, ids: &[(&str, String)]) -> Vec<Value> {
    let paths = [
        "/integrations",
        "/integrations/{i}/imports",
        "/integrations/{i}/exclusions",
        "/integrations/{i}/mappings",
        "/imports/{x}",
        "/imports/{x}/companies?limit=500",
        "/imports/{x}/companies/{p}/addresses",
        "/imports/{x}/plan",
        "/managed-companies",
        "/managed-companies/{c}",
        "/managed-companies/{c}/users",
        "/licences",
    ];
    let mut all = Vec::new();
    for path in paths {
        all.push(api.get(&filled(path, ids)).await.unwrap());
    }
    all
}

#[tokio::test]
async fn r03_what_one_msp_sets_up_the_other_never_sees() {
    let sandbox = sandbox().await;
    let (ana, other) = (sandbox.api("ana"), sandbox.api("otherMsp"));
    let lists = ["/integrations", "/managed-companies"];
    for list in lists {
        assert_eq!(other.list(list).await.unwrap(), Vec::<Value>::new());
    }
    assert_eq!(other.get("/licences").await.unwrap()["total"], 0);
    let before = [ana.list(lists[0]).await.unwrap(), ana.list(lists[1]).await.unwrap()];
    let licences = ana.get("/licences").await.unwrap();

    let body = sandbox.psas.integration(PsaKind::Autotask);
    other.post("/integrations", &body).await.unwrap();
    other.put("/licences", &json!({ "total": 5 })).await.unwrap();
    let own = other
        .post("/managed-companies", &json!({ "name": "Alpenblick" }))
        .await
        .unwrap();
    assert_eq!(
        [ana.list(lists[0]).await.unwrap(), ana.list(lists[1]).await.unwrap()],
        before
    );
    assert_eq!(ana.get("/licences").await.unwrap(), licences);
    assert_eq!(other.list("/managed-companies").await.unwrap(), [own]);
    sandbox.stop().await;
}

#[tokio::test]
async fn r03_only_an_administrator_of_an_msp_may_act() {
    let sandbox = sandbox().await;
    let ids = ids(&sandbox.api("ana"), PsaKind::Connectwise).await;
    let caller =
        |msp: &str, roles: &[&str]| Api::new(&sandbox.face.api, sandbox.token_for("dirk", msp, roles).unwrap());
    let refused = [
        caller("noordzee", &[]),
        caller("noordzee", &["technician", "administrators", "company-administrator"]),
        caller("", &["administrator"]),
        caller("noordzee#INTEGRATION", &["administrator"]),
    ];
    for route in routes() {
        let (path, sent) = (filled(&route.path, &ids), body(&route, &sandbox, PsaKind::Connectwise));
        for caller in &refused {
            let answer = call(caller, route.method.clone(), &path, sent.as_ref()).await;
            assert_eq!(
                answer.body["code"],
                "not_administrator",
                "{}: {}",
                route.key(),
                answer.body
            );
            assert_problem(&answer, 403, "not_administrator");
        }
    }
    let technician_too = caller("noordzee", &["technician", "administrator"]);
    assert!(!technician_too.list("/integrations").await.unwrap().is_empty());
    sandbox.stop().await;
}

#[tokio::test]
async fn r03_nobody_gets_in_without_a_token_of_the_issuer() {
    let (sandbox, elsewhere) = (sandbox().await, sandbox().await);
    let ids = ids(&sandbox.api("ana"), PsaKind::Connectwise).await;
    let foreign = elsewhere.token_for("ana", "noordzee", &["administrator"]).unwrap();
    let right = sandbox.token_for("ana", "noordzee", &["administrator"]).unwrap();
    let (claims, _signature) = right.rsplit_once('.').unwrap();
    for token in ["", "not-a-token", &foreign, &format!("{claims}.")] {
        let nobody = Api::new(&sandbox.face.api, token);
        for route in routes() {
            let sent = body(&route, &sandbox, PsaKind::Connectwise);
            let answer = call(&nobody, route.method.clone(), &filled(&route.path, &ids), sent.as_ref()).await;
            assert_eq!(answer.status.as_u16(), 401, "{}", route.key());
        }
    }
    sandbox.stop().await;
    elsewhere.stop().await;
}

/// A caller whose token says this, besides who it is.
fn with_claim(sandbox: &Sandbox, name: &str, value: &Value) -> Api {
    let mut claims = json!({ "sub": "dirk", "email": "dirk@noordzee.example", "msp": "noordzee" });
    claims[name] = value.clone();
    Api::new(&sandbox.face.api, sandbox.token_with(&claims).unwrap())
}

#[tokio::test]
async fn r64_a_role_of_several_words_is_one_role() {
    let sandbox = sandbox().await;
    for (roles, administrator) in [
        (json!("administrator"), true),
        (json!(["administrator"]), true),
        (json!(["technician", "administrator"]), true),
        (json!("company administrator"), false),
        (json!("administrator technician"), false),
        (json!("[administrator]"), false),
        (json!("[\"administrator\"]"), false),
        (json!("technician,administrator"), false),
        (json!(["company administrator"]), false),
        (json!(["billing administrator", "administrator of nothing"]), false),
        (json!(["\"administrator\""]), false),
        (json!(["[administrator]"]), false),
        (json!([["administrator"]]), false),
        (json!(["administrator", 1]), false),
        (json!({ "administrator": "administrator" }), false),
        (json!(1), false),
        (json!(null), false),
    ] {
        let caller = with_claim(&sandbox, "roles", &roles);
        let answer = call(&caller, Method::GET, "/integrations", None).await;
        if administrator {
            assert_eq!(answer.status.as_u16(), 200, "{roles}: {}", answer.body);
        } else {
            assert_eq!(answer.body["code"], "not_administrator", "{roles}: {}", answer.body);
            assert_problem(&answer, 403, "not_administrator");
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r64_no_other_claim_makes_an_administrator() {
    let sandbox = sandbox().await;
    for claim in [
        "scope",
        "scp",
        "role",
        "Roles",
        "cognito:groups",
        "groups",
        "permissions",
    ] {
        for value in [
            json!("administrator"),
            json!(["administrator"]),
            json!("openid administrator"),
        ] {
            let caller = with_claim(&sandbox, claim, &value);
            let answer = call(&caller, Method::GET, "/integrations", None).await;
            assert_problem(&answer, 403, "not_administrator");
        }
    }
    sandbox.stop().await;
}

/// API Gateway joins two headers by a comma, and which of the two tokens its authorizer looked at is not said.
#[tokio::test]
async fn r64_a_second_token_is_never_read() {
    let sandbox = sandbox().await;
    let good = sandbox.token_for("ana", "noordzee", &["administrator"]).unwrap();
    let lesser = sandbox.token_for("dirk", "noordzee", &["technician"]).unwrap();
    let nobody = Api::new(&sandbox.face.api, "");
    for (first, second) in [(&lesser, &good), (&good, &lesser), (&good, &good)] {
        let request = raw::client()
            .get(format!("{}/integrations", sandbox.face.api))
            .header("authorization", format!("Bearer {first}"))
            .header("authorization", format!("Bearer {second}"));
        let answer = nobody.send(Method::GET, "/integrations", request).await.unwrap();
        assert!(matches!(answer.status.as_u16(), 401 | 403), "{}", answer.status);
    }
    for scheme in ["", "Bearer ", "bearer ", "BEARER "] {
        let request = raw::client()
            .get(format!("{}/integrations", sandbox.face.api))
            .header("authorization", format!("{scheme}{good}"));
        let answer = nobody.send(Method::GET, "/integrations", request).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{scheme}");
    }
    sandbox.stop().await;
}
