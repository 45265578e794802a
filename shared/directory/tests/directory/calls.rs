//! Every call as it should be: what is sent, and what is read.

use std::time::{Duration, Instant};

use directory::lastpass::{Access, ApiKey, CONCURRENCY, CompanyStatus, Failed, LastPass};
use domain::directory::{CreationAction, UserState};
use domain::ids::ManagedCompanyId;
use serde_json::{Value, json};

use crate::account::{Account, company, impatient, jan};

fn sent(account: &Account) -> Value {
    let last = account.requests().pop().unwrap();
    json!({
        "method": last.method, "path": last.path, "query": last.query,
        "body": serde_json::from_str::<Value>(&last.body).unwrap_or_default(),
    })
}

#[tokio::test]
async fn r87_companies_are_read_with_status_and_limit() {
    let account = Account::start().await;
    account.change(json!({"companies": [
        {"id": 1102, "name": "Stil", "status": "suspended"},
        {"id": 1103, "name": "Onze MSP", "type": "managed-msp"},
    ]}));
    let companies = account.client().companies().await.unwrap();
    let read: Vec<_> = companies
        .iter()
        .map(|one| (one.id.as_str(), one.status, one.licence_limit))
        .collect();
    let expected = [
        ("lastpass-1101", CompanyStatus::Active, Some(5)),
        ("lastpass-1102", CompanyStatus::Suspended, Some(0)),
    ];
    assert_eq!(read, expected);
    assert_eq!(sent(&account)["query"], "max-results=500&sort=id%3Aasc");
}

#[tokio::test]
async fn r87_more_rows_than_a_page_has_are_read_to_the_end() {
    let account = Account::start().await;
    let users: Vec<Value> = (0..1_200)
        .map(|n| json!({"companyId": 1101, "name": format!("U {n}"), "email": format!("u{n}@x.example")}))
        .collect();
    account.change(json!({ "users": users }));
    let users = account.client_with(http_client::HttpPolicy {
        largest_reply: 1_000_000,
        ..impatient()
    });
    assert_eq!(users.users(&company()).await.unwrap().len(), 1_202);
    assert_eq!(account.count("GET", "/users"), 3);
}

#[tokio::test]
async fn r85_a_single_company_is_asked_for_by_its_id() {
    let account = Account::start().await;
    let client = account.client();
    let found = client.company(&company()).await.unwrap().unwrap();
    assert_eq!(found.name, "Bakkerij Jansen");
    for (switch, unknown) in [("empty", "1999"), ("notFound", "1999"), ("badRequest", "1999")] {
        account.switch("parentFilterUnknownId", switch);
        let unknown = ManagedCompanyId::new(format!("lastpass-{unknown}"));
        assert_eq!(client.company(&unknown).await.unwrap(), None, "{switch}");
    }
}

#[tokio::test]
async fn r82_a_company_is_asked_for_by_its_name_alone() {
    let account = Account::start().await;
    account.client().create_company("Garage “Peeters” & Zn.").await.unwrap();
    let body = json!({"name": "Garage “Peeters” & Zn.", "type": "managed", "addons": []});
    let expected = json!({"method": "POST", "path": "/business/v1/managed-companies", "query": "", "body": body});
    assert_eq!(sent(&account), expected);
}

#[tokio::test]
async fn r86_a_user_is_sent_with_what_becomes_of_it() {
    let account = Account::start().await;
    let client = account.client();
    for (action, word, address, name, state) in [
        (CreationAction::Stage, "stage", "an@x.example", "An", UserState::Staged),
        (
            CreationAction::Invite,
            "invite",
            "Bo+1@bäckerei.example",
            "",
            UserState::Invited,
        ),
    ] {
        let user = (&address.parse().unwrap(), name);
        let made = client.create_user(&company(), user, action).await.unwrap();
        let named = if name.is_empty() { "Bo+1" } else { name };
        let body = json!({"email": address, "name": named, "creationAccountAction": word});
        assert_eq!(sent(&account)["body"], body);
        assert_eq!((made.state, made.name.as_str()), (state, named));
    }
    assert_eq!(account.mails().len(), 1, "who is staged gets no mail");
}

#[tokio::test]
async fn r84_another_address_is_sent_alone() {
    let account = Account::start().await;
    account.switch("patchFields", "atOnce");
    let client = account.client();
    let address = "jan.nieuw@jansen.example".parse().unwrap();
    client.change_address(&company(), &jan(), &address).await.unwrap();
    let expected = json!({
        "method": "PATCH", "path": "/business/v1/managed-companies/1101/users/50101", "query": "",
        "body": {"email": "jan.nieuw@jansen.example"},
    });
    assert_eq!(sent(&account), expected);
    assert_eq!(client.user(&company(), &jan()).await.unwrap().address, address);
}

#[tokio::test]
async fn r81_a_key_of_another_account_sees_nothing_of_this_one() {
    let account = Account::start().await;
    let access = Access {
        key: ApiKey::new(lastpass::OTHER_KEY).unwrap(),
        ..account.access(impatient())
    };
    let other = LastPass::new(&access, std::time::Instant::now() + std::time::Duration::from_mins(1)).unwrap();
    let names: Vec<String> = other
        .companies()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Bergbahnen Alpenblick AG"]);
    assert!(matches!(other.users(&company()).await, Err(Failed::NotFound(_))));
}

#[tokio::test]
async fn r87_nothing_is_sent_during_a_long_pause() {
    let account = Account::start().await;
    let (client, before) = (account.client(), account.requests().len());
    let pause = json!({"status": 429, "headers": {"Retry-After": "3600"}});
    account.fault(json!({"times": 1, "answer": pause}));
    for _ in 0..3 {
        let failed = client.check().await;
        assert!(matches!(failed, Err(Failed::Later(_, Some(_)))), "{failed:?}");
    }
    assert_eq!(account.requests().len(), before + 1);
    account.clock.advance(3_601);
    client.check().await.unwrap();
    assert_eq!(account.requests().len(), before + 2);
}

#[tokio::test]
async fn r87_calls_that_wait_share_a_pause_within_the_run() {
    let account = Account::start().await;
    let (client, before) = (account.client(), account.requests().len());
    let pause = json!({"status": 429, "headers": {"Retry-After": "120"}});
    account.fault(json!({"match": {}, "answer": pause}));
    let begun = Instant::now();
    let calls = (0..20).map(|_| client.check());
    for failed in futures::future::join_all(calls).await {
        assert!(matches!(failed, Err(Failed::Later(_, Some(_)))), "{failed:?}");
    }
    let sent = account.requests().len() - before;
    assert!(sent <= CONCURRENCY, "{sent} requests");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn r43_a_read_that_the_end_of_a_run_cuts_off_is_for_later() {
    let account = Account::start().await;
    account.fault(json!({"match": {}, "answer": {"delayMs": 60_000}}));
    let client = account.client_for(impatient(), Duration::from_millis(400));
    let failed = client.users(&company()).await;
    assert!(matches!(failed, Err(Failed::Later(_, Some(_)))), "{failed:?}");
}

#[tokio::test]
async fn r43_a_read_without_repetitions_left_is_for_later() {
    let account = Account::start().await;
    account.fault(json!({"match": {}, "answer": {"status": 503}}));
    for (retry_budget, is_later) in [(0, true), (20, false)] {
        let client = account.client_with(http_client::HttpPolicy {
            retry_budget,
            ..impatient()
        });
        let failed = client.users(&company()).await.unwrap_err();
        assert_eq!(matches!(failed, Failed::Later(_, Some(_))), is_later, "{failed:?}");
        // A change may have been made all the same.
        let failed = client.create_company("Nieuw").await.unwrap_err();
        assert!(failed.may_be_applied(), "{failed:?}");
    }
}

#[tokio::test]
async fn r87_requests_are_begun_no_faster_than_the_pace() {
    let account = Account::start().await;
    let access = Access {
        pace: std::sync::Arc::new(directory::lastpass::Pace::per_second(20)),
        ..account.access(impatient())
    };
    let begun = std::time::Instant::now();
    let client = LastPass::new(&access, begun + std::time::Duration::from_mins(1)).unwrap();
    let calls = (0..5).map(|_| client.check());
    futures::future::try_join_all(calls).await.unwrap();
    assert!(begun.elapsed() >= std::time::Duration::from_millis(200));
}
