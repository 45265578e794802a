//! An administrator has a company sent again whose request had an unknown outcome: a day later at the earliest (R82).

use directory::{Directory as _, NewCompany};
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use jiff::SignedDuration;
use serde_json::json;

use crate::port::{Database, Port};

/// What the company is for.
const KEY: &str = "1";

const NAME: &str = "Nieuw";

/// A company was asked for, and nobody knows what became of it. It may be sent again at that moment.
async fn unknown(port: &Port) -> jiff::Timestamp {
    port.account.switch("companyCreateDelay", "never");
    let asked = port.now();
    assert_eq!(port.create_company(KEY, NAME).await.unwrap(), NewCompany::Unknown);
    port.account.switch("companyCreateDelay", "none");
    asked + SignedDuration::from_hours(24)
}

/// What an import does whose administrator has chosen a new company.
async fn send_again(port: &Port) -> NewCompany {
    let key = IdempotencyKey::by_hand(KEY);
    port.run().send_again(&key).await.unwrap();
    port.create_company(KEY, NAME).await.unwrap()
}

fn sent(port: &Port) -> usize {
    port.account.count("POST", "managed-companies")
}

#[tokio::test]
async fn r82_a_company_is_sent_again_a_day_later_and_not_before() {
    let database = Database::start().await;
    for lost_reply in ["off", "companies"] {
        let port = Port::start(&database, &format!("a-day-later-{lost_reply}")).await;
        port.account.switch("lostReply", lost_reply);
        let a_day_later = unknown(&port).await;
        port.account.switch("lostReply", "off");
        port.wait_until(a_day_later - SignedDuration::from_hours(1));
        assert_eq!(send_again(&port).await, NewCompany::Unknown, "after 23 hours");
        assert_eq!(sent(&port), 1, "{lost_reply}");

        port.wait_until(a_day_later + SignedDuration::from_hours(1));
        let made = send_again(&port).await;
        assert!(matches!(made, NewCompany::Created(_)), "{made:?} after 25 hours");
        // And not once more, however often the administrator chooses a new company.
        port.wait_until(a_day_later + SignedDuration::from_hours(48));
        assert_eq!(send_again(&port).await, made);
        assert_eq!(sent(&port), 2, "{lost_reply}");
    }
}

#[tokio::test]
async fn r82_a_company_that_came_late_is_adopted_not_sent_again() {
    let database = Database::start().await;
    let port = Port::start(&database, "came-late").await;
    let a_day_later = unknown(&port).await;
    port.account.change(json!({"companies": [{"id": 1900, "name": NAME}]}));
    port.wait_until(a_day_later + SignedDuration::from_hours(1));
    let taken_over = NewCompany::Created(ManagedCompanyId::new("lastpass-1900"));
    assert_eq!(send_again(&port).await, taken_over);
    assert_eq!(sent(&port), 1);
}
