//! The query language.

use serde_json::json;
use simkit::msp::cases;

use crate::support::{refused, sent, small};

const COMPANIES: &str = "company/companies";
const CONTACTS: &str = "company/contacts";
const VALUES: &str = "String values should be enclosed with double or single quotes; DateTime values should be enclosed \
    in square brackets; numbers should consist of only digits, and optionally a decimal point and a negation sign; \
    boolean values should be indicated with the keywords true or false; null values should be indicated by the keyword \
    null.";

#[tokio::test]
async fn every_operator_selects_what_it_says() {
    let sim = small().await;
    let all: Vec<i64> = sim.ids(COMPANIES, &[]).await;
    let range = |from: i64, to: i64| {
        all.iter()
            .copied()
            .filter(|id| (from..=to).contains(id))
            .collect::<Vec<_>>()
    };
    for (conditions, expected) in [
        ("id = 19305", range(19_305, 19_305)),
        ("id != 19305", all.iter().copied().filter(|id| *id != 19_305).collect()),
        ("id<19303", range(0, 19_302)),
        ("id <= 19303", range(0, 19_303)),
        ("id>19338", range(19_339, 99_999)),
        ("id >= 19338", range(19_338, 99_999)),
        ("id in (19303, 19304,7)", range(19_303, 19_304)),
        ("id not in (2) and id < 18003", range(18_001, 18_002)),
        ("id = 2.0", range(2, 2)),
        ("id > -1 AND id < 3", range(2, 2)),
    ] {
        assert_eq!(sim.companies_where(conditions).await, expected, "{conditions}");
    }
}

#[tokio::test]
async fn texts_compare_without_regard_to_case_unless_switched() {
    let sim = small().await;
    let pair = [19_304, 19_305];
    assert_eq!(
        sim.companies_where(&format!("name = '{}'", cases::CASE_PAIR[0])).await,
        pair
    );
    assert_eq!(sim.companies_where("name like \"brasserie*\"").await, pair);
    sim.switch(json!({"caseSensitive": true}));
    assert_eq!(
        sim.companies_where(&format!("name = \"{}\"", cases::CASE_PAIR[1]))
            .await,
        [19_305]
    );
    assert_eq!(sim.companies_where("name like 'brasserie%'").await, [0; 0]);
}

#[tokio::test]
async fn contains_and_like_take_wildcards() {
    let sim = small().await;
    assert_eq!(sim.companies_where("name contains 'du port'").await, [19_304, 19_305]);
    assert_eq!(
        sim.companies_where("name Not Contains 'e' and id < 19000").await.len(),
        0
    );
    assert_eq!(sim.companies_where("name like 'Bras*Port'").await, [19_304, 19_305]);
    assert_eq!(sim.companies_where("name like 'Port'").await, [0; 0]);
    let catering = sim.companies_where("name contains '100[%] + More'").await;
    assert_eq!(catering.len(), 1, "a bracketed wildcard stands for itself");
}

#[tokio::test]
async fn and_binds_closer_than_or_and_parentheses_change_that() {
    let sim = small().await;
    assert_eq!(sim.companies_where("id = 2 or id = 19305 and id = 0").await, [2]);
    assert_eq!(sim.companies_where("(id = 2 OR id = 19305) And id = 0").await, [0; 0]);
    assert_eq!(sim.companies_where("not (id > 2 or id = 5)").await, [2]);
    assert_eq!(sim.companies_where("((id=2))").await, [2]);
}

#[tokio::test]
async fn references_are_reached_with_a_slash_in_any_letter_case() {
    let sim = small().await;
    let by_id = sim.companies_where("Status/Id = 4").await;
    assert_eq!(by_id, sim.companies_where("status/name = 'former client'").await);
    assert!(!by_id.is_empty());
    let of_company = sim.contacts_where("company/id = 19302").await;
    let identifier = sim.company(19_302).await["identifier"].as_str().unwrap().to_owned();
    assert_eq!(
        of_company,
        sim.contacts_where(&format!("company/identifier = '{identifier}'"))
            .await
    );
    assert!(!of_company.is_empty());
}

#[tokio::test]
async fn null_is_asked_for_by_name_and_equals_nothing_else() {
    let sim = small().await;
    let without = sim.contacts_where("company/id = null").await;
    assert_eq!(without, sim.contacts_where("company = null").await);
    let with = sim.contacts_where("company/id !=null").await;
    assert!(!without.is_empty() && !with.is_empty());
    assert_eq!(without.len() + with.len(), 600);
    let compared =
        sim.contacts_where("company/id = 19302").await.len() + sim.contacts_where("company/id != 19302").await.len();
    assert_eq!(compared, with.len(), "a missing value is neither equal nor unequal");
}

#[tokio::test]
async fn times_are_in_brackets_naive_or_utc() {
    let sim = small().await;
    let merged = 18_003;
    for time in [
        "[2020-01-01T00:00:00Z]",
        "[2020-01-01T00:00:00.000000]",
        "[2020-01-01]",
        "[2020-01-01 00:00]",
    ] {
        assert_eq!(
            sim.companies_where(&format!("lastUpdated < {time}")).await,
            [merged],
            "{time}"
        );
    }
    let exact = sim.company(19_305).await["_info"]["lastUpdated"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(sim.companies_where(&format!("lastUpdated = [{exact}]")).await, [19_305]);
    assert!(
        !sim.companies_where(&format!("LASTUPDATED > [{exact}]"))
            .await
            .contains(&19_305)
    );
}

#[tokio::test]
async fn an_offset_in_a_time_is_refused_unless_switched() {
    let sim = small().await;
    let conditions = "lastUpdated < [2020-01-01T02:00:00+02:00]";
    assert_eq!(sim.get(COMPANIES, &[("conditions", conditions)]).await.status, 400);
    sim.switch(json!({"datetimeOffsets": true}));
    assert_eq!(sim.companies_where(conditions).await, [18_003]);
}

#[tokio::test]
async fn quotes_within_quotes_are_written_as_switched() {
    let sim = small().await;
    let found = |conditions: &'static str| sim.companies_where(conditions);
    let catering = found("name contains \"O'Brien\"").await;
    assert_eq!(catering.len(), 1);
    assert_eq!(found("name contains 'O\\'Brien'").await, catering);
    assert_eq!(found("name contains \"\\\"Catering\\\"\"").await, catering);
    sim.switch(json!({"quoteEscape": "doubled"}));
    assert_eq!(found("name contains 'O''Brien'").await, catering);
    assert_eq!(
        sim.get(COMPANIES, &[("conditions", "name contains 'O\\'Brien'")])
            .await
            .status,
        400
    );
    sim.switch(json!({"quoteEscape": "none"}));
    assert_eq!(
        sim.get(COMPANIES, &[("conditions", "name contains 'O''Brien'")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn unknown_names_are_refused_by_name() {
    let sim = small().await;
    for name in [
        "invoiceDate",
        "typeids",
        "types/name",
        "_info/lastUpdated",
        "dateEntered",
        "status/colour",
        "name/id",
    ] {
        let error = sim
            .get(COMPANIES, &[("conditions", &format!("{name} = null"))])
            .await
            .error();
        assert_eq!(
            error,
            refused(&format!("{name} is not a recognized name.")),
            "lists cannot be reached either"
        );
    }
    for name in ["name", "email", "communicationItems/value"] {
        let error = sim
            .get(CONTACTS, &[("conditions", &format!("{name} = \"x\""))])
            .await
            .error();
        assert_eq!(error, refused(&format!("{name} is not a recognized name.")));
    }
}

#[tokio::test]
async fn a_setup_field_may_be_answered_and_yet_refused_in_conditions() {
    let sim = small().await;
    let path = "company/companies/statuses";
    assert!(
        sim.get(path, &[])
            .await
            .rows()
            .iter()
            .all(|row| row["inactiveFlag"].is_boolean())
    );
    assert_eq!(sim.get(path, &[("conditions", "inactiveFlag=false")]).await.status, 400);
    assert_eq!(sim.get(path, &[("conditions", "name='Active'")]).await.ids(), [1]);
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_explained() {
    let sim = small().await;
    for (conditions, expected) in [
        ("deletedFlag = 1", "Expected a boolean value, not a numeric. "),
        ("id = '7'", "Expected a numeric value, not a string. "),
        ("name = 7", "Expected a string value, not a numeric. "),
        (
            "lastUpdated > '2024-01-01'",
            "Expected a datetime value, not a string. ",
        ),
        ("id > null", "Expected a numeric value, not a null. "),
        ("status = 1", "Expected a null value, not a numeric. "),
    ] {
        let error = sim.get(COMPANIES, &[("conditions", conditions)]).await.error();
        assert_eq!(error, refused(&format!("{expected}{VALUES}")), "{conditions}");
    }
    let error = sim
        .get(
            CONTACTS,
            &[("childConditions", "communicationItems/communicationType = 'Pigeon'")],
        )
        .await
        .error();
    assert_eq!(error, refused("Enum value supplied was invalid"));
    assert_eq!(sim.get(COMPANIES, &[("conditions", "id like '1*'")]).await.status, 400);
}

#[tokio::test]
async fn what_is_no_condition_is_refused_and_hostile_nesting_too() {
    let sim = small().await;
    sim.switch(json!({"longestUrl": 100_000}));
    let nested = format!("{}id=1{}", "(".repeat(5_000), ")".repeat(5_000));
    let negated = format!("{}id=1", "not ".repeat(5_000));
    for conditions in [
        "id",
        "id =",
        "= 1",
        "id = 1 and",
        "(id = 1",
        "id = 1)",
        "id == 1",
        "name = \"x",
        "id in ()",
        "id 1",
        &nested,
        &negated,
    ] {
        let (status, code, _) = sim.get(COMPANIES, &[("conditions", conditions)]).await.error();
        assert_eq!((status, code), (400, json!("ApiFindCondition")), "{conditions:.40}");
    }
    let ids: Vec<String> = (1..2_000).map(|id| format!("id={id}")).collect();
    assert_eq!(
        sim.companies_where(&ids.join(" or ")).await,
        [2],
        "length alone does no harm"
    );
}

#[tokio::test]
async fn child_conditions_reach_into_lists_and_only_there() {
    let sim = small().await;
    let children = async |path: &str, conditions: &str| sim.ids(path, &[("childConditions", conditions)]).await;
    let vendors = children(COMPANIES, "types/id=4").await;
    assert_eq!(vendors, children(COMPANIES, "types/name=\"vendor\"").await);
    assert!(vendors.contains(&19_322), "client and vendor at once");
    let without = children(COMPANIES, "types/id != null").await;
    assert!(
        !without.contains(&19_324),
        "a company without types has none that is not null"
    );
    let mail = "communicationItems/value like \"wim.vandijk@*\" AND communicationItems/communicationType=\"Email\"";
    assert_eq!(children(CONTACTS, mail).await, [3_022]);
    let error = sim.get(COMPANIES, &[("childConditions", "name = 'x'")]).await.error();
    assert_eq!(error, refused("name is not a recognized name."));
    let error = sim
        .get(COMPANIES, &[("childConditions", "types/id in (1,2)")])
        .await
        .error();
    assert_eq!(error, refused("The operator in is not allowed in childConditions."));
}

#[tokio::test]
async fn whether_and_ed_child_conditions_mean_one_element_is_switched() {
    let sim = small().await;
    let both = [("childConditions", "types/id=1 and types/id=4")];
    assert_eq!(sim.ids(COMPANIES, &both).await, [0; 0]);
    sim.switch(json!({"childConditions": "anyElement"}));
    assert_eq!(sim.ids(COMPANIES, &both).await, [19_322]);
}

#[tokio::test]
async fn conditions_and_child_conditions_both_hold() {
    let sim = small().await;
    let found = sim
        .ids(
            COMPANIES,
            &[
                ("conditions", "status/name=\"Active\""),
                ("childConditions", "types/name=\"Client\""),
            ],
        )
        .await;
    let active = sim.companies_where("status/name=\"Active\"").await;
    let clients = sim
        .ids(COMPANIES, &[("childConditions", "types/name=\"Client\"")])
        .await;
    assert_eq!(
        found,
        active.into_iter().filter(|id| clients.contains(id)).collect::<Vec<_>>()
    );
    assert!(!found.is_empty() && found.len() < clients.len());
}

#[tokio::test]
async fn custom_field_conditions_speak_of_one_custom_field() {
    let sim = small().await;
    let custom = async |conditions: &str| sim.ids(COMPANIES, &[("customFieldConditions", conditions)]).await;
    let region = custom("caption=\"Region\" AND value=\"Utrecht\"").await;
    assert!(!region.is_empty());
    for id in &region {
        assert_eq!(sim.company(*id).await["city"], "Utrecht");
    }
    assert_eq!(custom("caption=\"Seats\" AND value=\"Utrecht\"").await, [0; 0]);
    assert!(!custom("caption=\"Seats\" AND value >= 10").await.is_empty());
    assert!(!custom("caption=\"Onboarded\" AND value = true").await.is_empty());
    assert_eq!(
        sim.get(COMPANIES, &[("customFieldConditions", "name=\"x\"")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_bytes_that_known_clients_send_are_understood() {
    let sim = small().await;
    for (client, query) in [
        (
            "axios",
            "conditions=lastUpdated+%3E+[2000-01-01T00:00:00Z]+and+id+in+(2,19302)+and+name+!%3D+'x:y'",
        ),
        (
            "python",
            "conditions=%28deletedFlag%3DFalse+and+id+in+%282%2C19302%29+and+lastUpdated%3E%5B2000-01-01T00%3A00%3A00.000000%5D%29",
        ),
        ("%20", "conditions=id%20in%20(2,19302)"),
    ] {
        let answer = sim.get(&format!("{COMPANIES}?{query}"), &[]).await;
        assert_eq!(answer.ids(), [2, 19_302], "{client}");
    }
    let plus = sim
        .get(
            &format!("{COMPANIES}?conditions=name+contains+\"%25+%2B+More\"&pageSize=1"),
            &[],
        )
        .await;
    assert_eq!(plus.ids().len(), 1);
    let django =
        "company/companies?conditions=%28deletedFlag%3DFalse+and+status%2Fid+not+in+%282%2C3%29%29&pageSize=50&page=1";
    let answer = sent(
        sim.request(django, &[])
            .header("Accept", "application/vnd.connectwise.com+json; version=2020.4"),
    )
    .await;
    assert!(answer.ids().len() > 30);
}
