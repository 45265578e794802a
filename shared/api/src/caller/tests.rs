use axum::http::HeaderValue;
use serde_json::json;

use super::*;

/// A token with this payload. Nobody signed it: the authorizer is the one who looks at signatures.
fn token(payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmVk", part(&json!({ "alg": "RS256" })), part(payload))
}

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// What the authorizer says of a token: every claim a text, and the scopes next to them.
fn context(claims: &Value, scopes: &Value) -> RequestContext {
    let context = json!({
        "accountId": "0", "apiId": "a", "requestId": "r", "stage": "$default",
        "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
        "authorizer": { "jwt": { "claims": claims, "scopes": scopes } },
    });
    RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap())
}

fn payload_with(name: &str, value: Value) -> Value {
    let mut payload = json!({ "sub": "ana", "msp": "noordzee", "email": "ana@noordzee.example" });
    payload[name] = value;
    payload
}

/// The forms in which a list arrives as a text: API Gateway's own, and those of its imitations.
fn flattened(value: &Value) -> Vec<String> {
    let member = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(members) => {
            let members: Vec<String> = members.iter().map(member).collect();
            vec![
                format!("[{}]", members.join(" ")),
                value.to_string(),
                members.join(" "),
                members.join(","),
            ]
        }
        other => vec![other.to_string()],
    }
}

/// Whether somebody with this claim is let in, in whatever form the claims arrive next to the token.
fn is_let_in(claim: &str, read: &str, value: &Value) -> bool {
    let payload = payload_with(claim, value.clone());
    let bearer = format!("Bearer {}", token(&payload));
    let mut answers = Vec::new();
    for text in flattened(value) {
        let mut claims = json!({ "sub": "ana", "msp": "noordzee", "email": "ana@noordzee.example" });
        claims[claim] = text.into();
        for scopes in [Value::Null, json!(["administrator", "openid"])] {
            let caller = authorized(Some(&context(&claims, &scopes)), &headers(&[&bearer]), read);
            answers.push(caller.is_some());
        }
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{value}: {answers:?}"
    );
    answers[0]
}

#[test]
fn r64_roles_are_compared_whole() {
    for (roles, administrator) in [
        (json!("administrator"), true),
        (json!(["administrator"]), true),
        (json!(["technician", "administrator"]), true),
        (json!(["company administrator"]), false),
        (json!(["helpdesk administrator", "administrator helpdesk"]), false),
        (json!("company administrator"), false),
        (json!("technician administrator"), false),
        (json!("technician,administrator"), false),
        (json!("[administrator]"), false),
        (json!("[\"administrator\"]"), false),
        (json!("\"administrator\""), false),
        (json!(["[administrator]"]), false),
        (json!(["\"administrator\""]), false),
        (json!(["administrator,technician"]), false),
        (json!([" administrator"]), false),
        (json!(["administrator "]), false),
        (json!("administrator\n"), false),
        (json!("\u{feff}administrator"), false),
        (json!("Administrator"), false),
        (json!(["administrators", "not-administrator"]), false),
        (json!([["administrator"]]), false),
        (json!([["administrator"], "technician"]), false),
        (json!(["administrator", ["technician"]]), false),
        (json!(["administrator", 7]), false),
        (json!(["administrator", null]), false),
        (json!({ "administrator": true }), false),
        (json!([{ "name": "administrator" }]), false),
        (json!(7), false),
        (json!(true), false),
        (json!(null), false),
        (json!([]), false),
        (json!(""), false),
    ] {
        assert_eq!(is_let_in("roles", "roles", &roles), administrator, "{roles}");
    }
}

#[test]
fn r64_only_the_claim_that_is_configured_holds_roles() {
    let administrator = json!(["administrator"]);
    for (claim, read, administers) in [
        ("cognito:groups", "cognito:groups", true),
        ("https://noordzee.example/roles", "https://noordzee.example/roles", true),
        ("cognito:groups", "roles", false),
        ("roles", "cognito:groups", false),
        ("role", "roles", false),
        ("Roles", "roles", false),
    ] {
        assert_eq!(
            is_let_in(claim, read, &administrator),
            administers,
            "{claim} for {read}"
        );
    }
    // A scope is a text of words and stays one: a client that may ask for it is nobody's administrator.
    for scope in [
        json!("openid administrator"),
        json!("administrator"),
        json!(["administrator"]),
    ] {
        assert!(!is_let_in("scope", "roles", &scope), "{scope}");
    }
    assert!(!is_let_in("scope", "scope", &json!("openid administrator")));
}

fn caller(context: Option<&RequestContext>, authorization: &[&str]) -> Option<Caller> {
    authorized(context, &headers(authorization), "roles")
}

#[test]
fn r64_the_token_read_is_the_one_that_was_verified() {
    let payload = payload_with("roles", json!(["administrator"]));
    let verified = context(
        &json!({ "sub": "ana", "msp": "noordzee", "roles": "[technician]" }),
        &Value::Null,
    );
    let good = token(&payload);
    let other = |name: &str, value: &str| {
        let mut payload = payload.clone();
        payload[name] = value.into();
        token(&payload)
    };
    for fine in [
        good.clone(),
        format!("Bearer {good}"),
        format!("bearer {good}"),
        format!("BEARER  {good}"),
    ] {
        let caller = caller(Some(&verified), &[&fine]).unwrap();
        assert_eq!(
            (caller.msp.as_str(), caller.person.subject.as_str()),
            ("noordzee", "ana")
        );
        assert_eq!(caller.person.name, "ana@noordzee.example");
    }
    let (eve, elsewhere) = (other("sub", "eve"), other("msp", "alpenblick"));
    let (joined, twice) = (format!("Bearer {eve},Bearer {good}"), format!("{good},{good}"));
    let (before, behind) = (format!("foo,Bearer {good}"), format!("Bearer {good},foo"));
    let spaced = format!("Bearer {good} {good}");
    let padded = good.replacen('.', "=.", 2);
    for wrong in [
        vec![],
        vec![""],
        vec!["Bearer"],
        vec!["Bearer "],
        vec![&*eve],
        vec![&*elsewhere],
        vec![&*joined],
        vec![&*twice],
        vec![&*before],
        vec![&*behind],
        vec![&*spaced],
        vec![&*padded],
        vec![&*good, &*good],
        vec!["Basic YW5hOmFuYQ=="],
        vec!["a.b.c"],
        vec!["e30.e30.e30"],
        vec!["e30.W10.e30"],
    ] {
        assert!(caller(Some(&verified), &wrong).is_none(), "{wrong:?}");
    }
}

#[test]
fn r64_a_token_counts_only_where_the_authorizer_ran() {
    let good = token(&payload_with("roles", json!(["administrator"])));
    assert!(caller(None, &[&good]).is_none());
    for authorizer in [
        json!(null),
        json!({}),
        json!({ "lambda": { "sub": "ana", "msp": "noordzee" } }),
        json!({ "jwt": { "claims": {}, "scopes": null } }),
        json!({ "jwt": { "claims": { "sub": "ana" }, "scopes": null } }),
        json!({ "jwt": { "claims": { "msp": "noordzee" }, "scopes": null } }),
    ] {
        let mut context = json!({
            "accountId": "0", "apiId": "a", "requestId": "r", "stage": "$default",
            "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
        });
        if !authorizer.is_null() {
            context["authorizer"] = authorizer.clone();
        }
        let context = RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap());
        assert!(caller(Some(&context), &[&good]).is_none(), "{authorizer}");
    }
}

#[test]
fn r64_who_and_whose_are_texts() {
    for (name, value) in [
        ("sub", json!(7)),
        ("sub", json!(["ana"])),
        ("sub", json!(" ")),
        ("msp", json!(7)),
        ("msp", json!(["noordzee"])),
        ("msp", json!({ "id": "noordzee" })),
        ("msp", json!(null)),
        ("msp", json!("noordzee#INTEGRATION")),
        ("msp", json!("m".repeat(129))),
    ] {
        let mut payload = payload_with("roles", json!("administrator"));
        payload[name] = value.clone();
        let mut claims = json!({ "sub": "ana", "msp": "noordzee" });
        for text in flattened(&value) {
            claims[name] = text.into();
            let caller = caller(Some(&context(&claims, &Value::Null)), &[&token(&payload)]);
            assert!(caller.is_none(), "{name}: {value}");
        }
    }
    // Without an address that is a text, somebody is shown by the subject.
    for email in [json!(null), json!(["a@b.example"]), json!(""), json!(7)] {
        let mut payload = payload_with("roles", json!("administrator"));
        payload["email"] = email.clone();
        let claims = json!({ "sub": "ana", "msp": "noordzee" });
        let caller = caller(Some(&context(&claims, &Value::Null)), &[&token(&payload)]).unwrap();
        assert_eq!(caller.person.name, "ana", "{email}");
    }
}

#[test]
fn r92_a_sign_in_has_the_time_of_its_token_if_that_is_credible() {
    let now: Timestamp = "2027-01-15T08:00:00Z".parse().unwrap();
    let at = |issued_at: Option<&str>| {
        let sign_in = SignIn {
            caller: Caller {
                msp: MspId::new("noordzee"),
                person: Person {
                    subject: "ana".to_owned(),
                    name: "Ana".to_owned(),
                },
            },
            key: IdempotencyKey::sign_in("token"),
            issued_at: issued_at.map(|at| at.parse().unwrap()),
        };
        sign_in.at(now).to_string()
    };
    for credible in ["2027-01-15T07:59:58Z", "2027-01-15T08:00:03Z", "2027-01-14T08:00:00Z"] {
        assert_eq!(at(Some(credible)), credible);
    }
    for other in [None, Some("1970-01-01T00:00:00Z"), Some("2027-01-16T08:00:01Z")] {
        assert_eq!(at(other), now.to_string(), "{other:?}");
    }
}
