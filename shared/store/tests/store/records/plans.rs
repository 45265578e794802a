//! Plans as the journal holds them, and as their digests are made of them.

use domain::address::{Address, NoAddress, NoAddressReason};
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, PsaContactId, UserId};
use domain::plan::{CompanyPlan, CompanyStep, Mapped, Reason, UserPlan, UserStep};
use domain::remembered::{Remembered, Sharers};
use serde_json::{from_str, json, to_value};
use store::journal::{CompanyChunk, PLAN_SCHEMA, PlanDigest};

fn user() -> UserPlan {
    UserPlan {
        id: AddressId::new("1~1"),
        name: "Ana".to_owned(),
        no_address: None,
        address: Some("ana@acme.example".parse().unwrap()),
        step: UserStep::Create,
        mapped: None,
        other_addresses: Vec::new(),
        displaces: None,
        remembered: Remembered::default(),
        rewrite_mapping: false,
        status: None,
    }
}

fn plan() -> CompanyPlan {
    CompanyPlan {
        company: PsaCompanyId::new("1"),
        name: "Acme".to_owned(),
        identifier: None,
        step: CompanyStep::Create,
        unmap: None,
        generation: 0,
        rewrite_mapping: false,
        users: vec![user()],
        orphaned: Vec::new(),
        dropped: Vec::new(),
        status: None,
    }
}

const FORM: &str = r#"{"company":"1","name":"Acme","step":"create","unmap":null,"generation":0,"refreshes":false,"users":[{"id":"1~1","name":"Ana","address":"ana@acme.example","step":"create","mapped":null,"beside":[],"remembers":{},"refreshes":false}],"gone":[]}"#;

/// The journal's form of a plan of which nothing is done yet.
fn chunk(form: &str) -> String {
    format!(r#"{{"p":{form}}}"#)
}

#[test]
fn r35_the_form_of_plans_has_the_number_it_says() {
    let chunks = CompanyChunk::of(plan()).unwrap();
    let stored = serde_json::to_string(&chunks[0]).unwrap();
    let advice = "another form of plans needs the next PLAN_SCHEMA: imports under way were confirmed by this one";
    assert_eq!((PLAN_SCHEMA, stored), (2, chunk(FORM)), "{advice}");
    let digest = to_value(PlanDigest::from(&plan())).unwrap();
    assert_eq!(digest, json!(12_253_308_850_955_095_376_u64), "{advice}");
}

#[test]
fn a_plan_is_read_as_it_was_stored() {
    let full = CompanyPlan {
        unmap: Some(ManagedCompany::new(ManagedCompanyId::new("c-1"), "Old".to_owned())),
        generation: 2,
        rewrite_mapping: true,
        users: vec![UserPlan {
            address: None,
            no_address: Some(NoAddress {
                reason: NoAddressReason::Several,
                text: "ana; bram".to_owned(),
            }),
            step: UserStep::Skip(Reason::Unticked.into()),
            mapped: Some(Mapped {
                id: AddressId::new("1~2"),
                user: UserId::new("u-1"),
                address: "old@acme.example".parse().unwrap(),
                remembered: Remembered {
                    name: Some("Olga".to_owned()),
                    sharers: Sharers::Many,
                    asked_for: None,
                },
            }),
            other_addresses: vec!["ana@home.example".parse::<Address>().unwrap().key().clone()],
            displaces: Some(UserId::new("u-2")),
            remembered: Remembered {
                name: Some("Ana".to_owned()),
                sharers: [PsaContactId::new("7"), PsaContactId::new("12")].into_iter().collect(),
                asked_for: None,
            },
            rewrite_mapping: true,
            ..user()
        }],
        orphaned: vec![(AddressId::new("1~3"), Vec::new())],
        ..plan()
    };
    for plan in [plan(), full] {
        let chunks = CompanyChunk::of(plan.clone()).unwrap();
        let stored = serde_json::to_string(&chunks[0]).unwrap();
        assert_eq!(from_str::<CompanyChunk>(&stored).unwrap().plan, plan);
    }
}

#[test]
fn a_plan_of_an_earlier_version_rewrites_no_mapping() {
    let old = FORM.replace(r#""refreshes":false,"#, "");
    let old = old.replace(r#","mapped":null,"beside":[],"remembers":{},"refreshes":false"#, "");
    assert!(!old.contains("refreshes") && !old.contains("beside"), "{old}");
    assert_eq!(from_str::<CompanyChunk>(&chunk(&old)).unwrap().plan, plan());
}
