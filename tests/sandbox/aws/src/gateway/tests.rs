//! The gateway over real HTTP, with functions that show their events.
#![allow(clippy::disallowed_methods, reason = "the gateway is asked, not a PSA")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use lambda_http::RequestExt;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::Gateway;
use crate::{Functions, Invoke, Issuer, Person, Server, Template};

type Answer = fn(Value) -> Result<Value, String>;

struct Bench {
    server: Server,
    issuer: Issuer,
    events: Arc<Mutex<Vec<(String, Value)>>>,
    client: reqwest::Client,
}

impl Bench {
    async fn new(answer: Answer) -> Self {
        Self::with_delay(answer, Duration::ZERO).await
    }

    /// Functions that take this long, behind a gateway that waits half a second.
    async fn with_delay(answer: Answer, delay: Duration) -> Self {
        let events = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let template = Template::load().unwrap();
        let code = template.functions().map(|name| {
            let (events, function) = (events.clone(), name.to_owned());
            let invoke: Invoke = Arc::new(move |invocation| {
                let (events, function) = (events.clone(), function.clone());
                async move {
                    tokio::time::sleep(delay).await;
                    events.lock().unwrap().push((function, invocation.event.clone()));
                    answer(invocation.event)
                }
                .boxed()
            });
            (name.to_owned(), invoke)
        });
        let functions = Functions::new(&template, code).unwrap();
        let issuer = Issuer::new("https://id.sandbox", "psa-import").unwrap();
        let gateway = Gateway::new(&template, functions, issuer.verifier()).with_limit(Duration::from_millis(500));
        let server = Server::start(gateway.router()).await.unwrap();
        // No certificates: reading those of the system would take longer than the tests.
        let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        Self {
            server,
            issuer,
            events,
            client,
        }
    }

    /// A request by an administrator.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let person = Person {
            sub: "ana".into(),
            email: "ana@msp.example".into(),
            msp: "m1".into(),
            roles: vec!["administrator".into(), "auditor".into()],
        };
        self.anonymous(method, path)
            .bearer_auth(self.issuer.token(&person).unwrap())
    }

    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.server.url()))
    }

    fn event(&self) -> Value {
        self.events.lock().unwrap().last().unwrap().1.clone()
    }

    fn calls(&self) -> usize {
        self.events.lock().unwrap().len()
    }
}

const FINE: Answer = |_| Ok(json!({ "statusCode": 200 }));

async fn refusal(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn the_event_says_who_calls_what() {
    let bench = Bench::new(FINE).await;
    let request = bench.request(
        Method::PATCH,
        "/imports/x%201/companies/p+7/addresses/a%C3%A9?q=b%20c&q=d&e",
    );
    let request = request
        .header("x-many", "one")
        .header("X-Many", "two")
        .header("cookie", "a=1; b=2");
    request
        .json(&json!({ "version": 3 }))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let event = bench.event();

    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "PATCH /imports/{x}/companies/{p}/addresses/{a}");
    assert_eq!(event["rawPath"], "/imports/x 1/companies/p+7/addresses/aé");
    assert_eq!(event["rawQueryString"], "q=b%20c&q=d&e");
    assert_eq!(event["queryStringParameters"], json!({ "q": "b c,d", "e": "" }));
    assert_eq!(event["pathParameters"], json!({ "x": "x 1", "p": "p+7", "a": "aé" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-many"], "one,two");
    assert_eq!(event["headers"]["cookie"], Value::Null);
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert_eq!(event["headers"]["host"], bench.server.address().to_string());
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{\"version\":3}"), &json!(false))
    );

    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "PATCH");
    assert_eq!(context["http"]["path"], event["rawPath"]);
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert_eq!(context["stage"], "$default");
    assert!(context["timeEpoch"].as_i64().unwrap() > 1_700_000_000_000);
    let time = context["time"].as_str().unwrap();
    assert!(
        jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", time).is_ok(),
        "{time}"
    );
}

#[tokio::test]
async fn lambda_http_makes_the_same_request_of_the_event() {
    let bench = Bench::new(FINE).await;
    let request = bench.request(Method::POST, "/imports/x%201/companies/select?a=1&a=2");
    request.json(&json!({ "selected": true })).send().await.unwrap();
    let request = lambda_http::request::from_str(&bench.event().to_string()).unwrap();
    assert_eq!(
        (request.method(), request.uri().path()),
        (&Method::POST, "/imports/x%201/companies/select")
    );
    assert_eq!(request.uri().query(), Some("a=1&a=2"));
    assert_eq!(&request.body()[..], b"{\"selected\":true}");
    let authorizer = request.request_context().authorizer().cloned().unwrap();
    assert_eq!(authorizer.jwt.unwrap().claims["msp"], "m1");
}

#[tokio::test]
async fn what_a_call_does_not_have_is_not_in_its_event() {
    let bench = Bench::new(FINE).await;
    bench
        .request(Method::GET, "/integrations")
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    for absent in ["body", "cookies", "queryStringParameters", "pathParameters"] {
        assert_eq!(bench.event().get(absent), None, "{absent}");
    }
    assert_eq!(bench.event()["rawQueryString"], "");
}

#[tokio::test]
async fn claims_are_texts() {
    let bench = Bench::new(FINE).await;
    bench
        .request(Method::GET, "/licences")
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let event = bench.event();
    let jwt = &event["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["scopes"], Value::Null);
    assert_eq!(jwt["claims"]["sub"], "ana");
    assert_eq!(jwt["claims"]["roles"], "[administrator auditor]");
    assert!(jwt["claims"]["exp"].as_str().unwrap().parse::<i64>().is_ok());
}

#[tokio::test]
async fn only_texts_are_passed_on_as_they_are() {
    let bench = Bench::new(FINE).await;
    for (kind, body, expected, encoded) in [
        (Some("application/json; charset=utf-8"), &b"{}"[..], "{}", false),
        (Some("text/csv"), b"a;b", "a;b", false),
        (Some("application/problem+json"), b"{}", "e30=", true),
        (Some("application/x-www-form-urlencoded"), b"a=b", "YT1i", true),
        (Some("application/octet-stream"), b"abc", "YWJj", true),
        (Some("text/plain"), b"\xff", "/w==", true),
        (None, b"abc", "YWJj", true),
    ] {
        let request = bench.request(Method::POST, "/integrations").body(body);
        let request = kind
            .into_iter()
            .fold(request, |request, kind| request.header("content-type", kind));
        request.send().await.unwrap().error_for_status().unwrap();
        let event = bench.event();
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!(expected), &json!(encoded)),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn without_a_good_token_nothing_reaches_a_function() {
    let bench = Bench::new(FINE).await;
    let foreign = Issuer::new("https://id.sandbox", "psa-import")
        .unwrap()
        .sign(&json!({ "exp": 4_000_000_000_i64 }));
    let over = json!({ "iss": "https://id.sandbox", "aud": "psa-import", "exp": 1_000 });
    let over = bench.issuer.sign(&over).unwrap();
    let tokens = [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some("Bearer junk".into()),
    ];
    let signed = [foreign.unwrap(), over].map(|token| Some(format!("Bearer {token}")));
    for token in tokens.into_iter().chain(signed) {
        let request = bench.anonymous(Method::GET, "/integrations");
        let request = token
            .iter()
            .fold(request, |request, token| request.header("authorization", token));
        let refused = refusal(request).await;
        assert_eq!(
            refused,
            (StatusCode::UNAUTHORIZED, json!({ "message": "Unauthorized" })),
            "{token:?}"
        );
    }
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_token_may_stand_without_its_scheme() {
    let bench = Bench::new(FINE).await;
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({ "iss": "https://id.sandbox", "aud": "psa-import", "exp": now + 60 });
    let token = bench.issuer.sign(&claims).unwrap();
    let request = bench
        .anonymous(Method::GET, "/integrations")
        .header("authorization", token);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn what_has_no_route_goes_by_the_default_one_and_needs_a_token() {
    let bench = Bench::new(FINE).await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/imports"),
        (Method::GET, "/imports/"),
        (Method::GET, "/imports/x1/"),
        (Method::GET, "/imports/x1/companies/p1/addresses/a1/b"),
        (Method::PUT, "/integrations"),
        (Method::HEAD, "/integrations"),
        (Method::OPTIONS, "/integrations"),
    ] {
        let answer = bench.anonymous(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        let calls = bench.calls();
        bench.request(method.clone(), path).send().await.unwrap();
        assert_eq!(bench.calls(), calls + 1, "{method} {path}");
        let event = bench.event();
        assert_eq!(event["routeKey"], "$default", "{method} {path}");
        assert_eq!(event["rawPath"], path);
        assert_eq!(event.get("pathParameters"), None);
    }
}

#[tokio::test]
async fn a_fixed_path_goes_before_one_with_a_variable() {
    let bench = Bench::new(FINE).await;
    bench
        .request(Method::POST, "/imports/x1/companies/select")
        .send()
        .await
        .unwrap();
    assert_eq!(bench.event()["routeKey"], "POST /imports/{x}/companies/select");
}

#[tokio::test]
async fn the_answer_is_what_the_function_said() {
    let bench = Bench::new(|_| {
        Ok(json!({
            "statusCode": 202,
            "headers": { "content-type": "text/csv", "location": "/imports/x1", "x-count": 3 },
            "multiValueHeaders": { "x-old": ["format"] },
            "cookies": ["a=1", "b=2"],
            "body": "YSxi",
            "isBase64Encoded": true
        }))
    })
    .await;
    let answer = bench.request(Method::GET, "/licences").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header("content-type").unwrap(), "text/csv");
    assert_eq!(header("location").unwrap(), "/imports/x1");
    assert_eq!(header("x-count").unwrap(), "3");
    assert_eq!(header("x-old"), None);
    assert_eq!(
        header("apigw-requestid"),
        bench.event()["requestContext"]["requestId"].as_str().map(str::to_owned)
    );
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.text().await.unwrap(), "a,b");
}

#[tokio::test]
async fn a_fault_of_the_function_says_nothing_about_it() {
    let faults: [Answer; 5] = [
        |_| Err("the credentials are abc".into()),
        |_| panic!("as told"),
        |_| Ok(json!("no status")),
        |_| Ok(json!({ "statusCode": 99 })),
        |_| Ok(json!({ "statusCode": 200, "body": "not Base64", "isBase64Encoded": true })),
    ];
    for fault in faults {
        let bench = Bench::new(fault).await;
        let refused = refusal(bench.request(Method::GET, "/licences")).await;
        assert_eq!(
            refused,
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "message": "Internal Server Error" })
            )
        );
    }
}

#[tokio::test]
async fn a_body_over_ten_megabytes_is_refused() {
    let bench = Bench::new(FINE).await;
    let request = bench
        .request(Method::POST, "/integrations")
        .body(vec![b'x'; 10 * 1024 * 1024 + 1]);
    let refused = refusal(request).await;
    assert_eq!(
        refused,
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            json!({ "message": "Request Entity Too Large" })
        )
    );
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_not_waited_for_but_goes_on() {
    let bench = Bench::with_delay(FINE, Duration::from_millis(800)).await;
    let refused = refusal(bench.request(Method::POST, "/imports/x1/execute")).await;
    assert_eq!(
        refused,
        (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "message": "Service Unavailable" })
        )
    );
    let went_on = async {
        while bench.calls() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), went_on).await.unwrap();
}
