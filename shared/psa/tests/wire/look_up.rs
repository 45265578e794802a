//! A company that makes no sense costs no other one of the same look-up its answer (R14).

use std::time::Duration;

use domain::ids::PsaCompanyId;
use domain::psa::{LookedUp, PsaKind};
use serde_json::{Value, json};

use super::generated::elements;
use super::server::{Asked, KINDS, Server, impatient, json as reply, rows};

const LONG: Duration = Duration::from_secs(20);

/// The ids that a look-up asks for.
fn looked_up(kind: PsaKind, asked: &Asked<'_>) -> Vec<i64> {
    match kind {
        PsaKind::Connectwise => {
            let list = asked.path.split("in+%28").nth(1).unwrap();
            let list = list.split("%29").next().unwrap();
            list.split("%2C").map(|id| id.parse().unwrap()).collect()
        }
        PsaKind::Autotask => {
            let query: Value = serde_json::from_str(asked.body).unwrap();
            elements(&query["filter"][0]["value"])
                .iter()
                .filter_map(Value::as_i64)
                .collect()
        }
    }
}

#[tokio::test]
async fn r14_a_company_that_makes_no_sense_costs_no_other_its_answer() {
    for kind in KINDS {
        let server = Server::start_by(kind, 9, move |asked| {
            let row = |id: i64| {
                if id == 77 {
                    json!({"id": id, "name": [], "companyName": []})
                } else {
                    json!({"id": id})
                }
            };
            let all: Vec<Value> = looked_up(kind, asked).into_iter().map(row).collect();
            reply(rows(kind, all.len(), &json!(all).to_string()))
        })
        .await;
        let ids: Vec<PsaCompanyId> = (1..=100).map(|id: i32| PsaCompanyId::new(id.to_string())).collect();
        let answers = server.connect(&impatient(), LONG).look_up(&ids).await.unwrap();
        for (id, answer) in ids.iter().zip(answers) {
            match answer {
                LookedUp::Present(company) => assert_eq!(&company.id, id),
                answer => assert_eq!((answer, id.as_str()), (LookedUp::Unreadable(id.clone()), "77")),
            }
        }
        assert!(server.asked().len() <= 1 + 2 * 7, "{}", server.asked().len());
    }
}
