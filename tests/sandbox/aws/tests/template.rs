//! The template says what the API document and the code expect, and hangs together.

use std::time::Duration;

use local_aws::{Error, Filter, Template};

const TEMPLATE: &str = include_str!("../../../../infra/template.yaml");
const DEFINITION: &str = include_str!("../../../../infra/import.asl.json");

const ROUTES: [(&str, &[&str]); 4] = [
    (
        "SetupFunction",
        &[
            "POST /integrations",
            "GET /integrations",
            "GET /integrations/{i}",
            "PATCH /integrations/{i}",
            "DELETE /integrations/{i}",
            "PUT /integrations/{i}/credentials",
            "PUT /integrations/{i}/policy",
            "POST /managed-companies",
            "POST /managed-companies/{c}/users",
            "PATCH /managed-companies/{c}/users/{u}",
            "GET /openapi.json",
            "GET /directory",
            "PUT /directory",
            "DELETE /directory",
            "POST /sign-ins",
            "PUT /licences",
            "DELETE /integrations/{i}/mappings/{p}",
            "DELETE /integrations/{i}/mappings/{p}/addresses/{a}",
        ],
    ),
    (
        "FetchFunction",
        &["GET /integrations/{i}/attributes", "POST /integrations/{i}/imports"],
    ),
    (
        "PlanFunction",
        &[
            "GET /imports/{x}",
            "GET /imports/{x}/companies",
            "PATCH /imports/{x}/companies/{p}",
            "POST /imports/{x}/companies/select",
            "GET /imports/{x}/companies/{p}/addresses",
            "GET /imports/{x}/companies/{p}/hand-overs",
            "GET /imports/{x}/companies/{p}/people-not-in",
            "GET /imports/{x}/orphans",
            "GET /imports/{x}/people-not-in",
            "PATCH /imports/{x}/companies/{p}/addresses/{a}",
            "POST /imports/{x}/companies/{p}/addresses/select",
            "GET /managed-companies",
            "GET /managed-companies/{c}",
            "GET /managed-companies/{c}/users",
            "GET /licences",
            "GET /imports/{x}/plan",
            "POST /imports/{x}/keep",
            "GET /imports/{x}/companies/{p}",
            "GET /imports/{x}/companies/{p}/plan",
            "GET /imports/{x}/rules",
            "DELETE /imports/{x}/rules/{r}",
            "POST /imports/{x}/addresses/select",
            "GET /integrations/{i}/exclusions",
            "PUT /integrations/{i}/exclusions/companies/{p}",
            "DELETE /integrations/{i}/exclusions/companies/{p}",
            "PUT /integrations/{i}/exclusions/people/{n}",
            "DELETE /integrations/{i}/exclusions/people/{n}",
            "GET /integrations/{i}/mappings",
            "GET /integrations/{i}/mappings/{p}/addresses",
            "GET /imports/{x}/addresses",
        ],
    ),
    (
        "ExecuteFunction",
        &[
            "POST /imports/{x}/execute",
            "GET /imports/{x}/result",
            "DELETE /imports/{x}",
            "GET /integrations/{i}/imports",
            "GET /integrations/{i}/audit",
            "GET /audit",
        ],
    ),
];

#[test]
fn every_call_of_the_api_reaches_its_function_and_needs_a_token() {
    let template = Template::load().unwrap();
    let mut found: Vec<_> = template
        .routes()
        .iter()
        .map(|route| (route.way.function.clone(), route.key()))
        .collect();
    let mut expected: Vec<_> = ROUTES
        .iter()
        .flat_map(|(function, keys)| keys.iter().map(|key| ((*function).to_owned(), (*key).to_owned())))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let open = template.routes().iter().filter(|route| !route.way.authorised);
    assert_eq!(
        open.map(local_aws::Route::key).collect::<Vec<_>>(),
        ["GET /openapi.json"]
    );
    let others = template.others().unwrap();
    assert_eq!((others.function.as_str(), others.authorised), ("SetupFunction", true));
}

#[test]
fn every_function_finds_tables_and_prefix_in_its_environment() {
    let template = Template::load().unwrap();
    let tables: Vec<_> = template.tables().iter().map(local_aws::Table::name).collect();
    assert_eq!(template.functions().count(), 5);
    for function in template.functions() {
        let environment = template.environment(function);
        for (name, table) in [("RECORDS_TABLE", "RecordsTable"), ("IMPORTS_TABLE", "ImportsTable")] {
            assert_eq!(environment[name], table, "{function}");
            assert!(tables.contains(&table));
        }
        assert_eq!(environment["SECRET_PREFIX"], "psa-import/", "{function}");
        assert_eq!(environment["ROLES_CLAIM"], "roles", "{function}");
        assert_eq!(environment["RUST_LOG"], "info", "{function}");
    }
}

#[test]
fn everybody_waits_longer_than_the_one_he_waits_for() {
    let template = Template::load().unwrap();
    let mut tasks = 0;
    for (function, limit) in template.definition().task_limits() {
        assert!(
            limit > template.timeout(function).unwrap(),
            "the task ends before {function}"
        );
        tasks += 1;
    }
    assert_eq!(tasks, 4);
    let gateway = Duration::from_secs(30);
    for function in ["SetupFunction", "PlanFunction"] {
        assert!(
            template.timeout(function).unwrap() < gateway,
            "API Gateway answers before {function}"
        );
    }
}

#[test]
fn the_pipe_reads_the_imports_table() {
    let template = Template::load().unwrap();
    assert_eq!(template.pipe_source(), "ImportsTable");
    let expected =
        r#"{"dynamodb":{"Keys":{"sk":{"S":["IMPORT"]}},"NewImage":{"assignment":{"S":["fetch","execute"]}}}}"#;
    assert_eq!(template.pipe_filter(), &Filter::parse(expected).unwrap());
}

#[test]
fn a_template_that_does_not_hang_together_is_refused() {
    for (good, bad) in [
        (
            "IntegrationUri: { \"Fn::GetAtt\": [PlanFunction, Arn] }",
            "IntegrationUri: { \"Fn::GetAtt\": [PlanFunctoin, Arn] }",
        ),
        (
            "IntegrationUri: { \"Fn::GetAtt\": [PlanFunction, Arn] }",
            "IntegrationUri: { \"Fn::GetAtt\": [ImportsTable, Arn] }",
        ),
        ("integrations/${PlanIntegration}", "integrations/${PlanFunction}"),
        ("AuthorizerId: { Ref: JwtAuthorizer }", "AuthorizerId: { Ref: HttpApi }"),
        ("AuthorizationType: JWT", "AuthorizationType: AWS_IAM"),
        ("PayloadFormatVersion: \"2.0\"", "PayloadFormatVersion: \"1.0\""),
        (
            "RECORDS_TABLE: { Ref: RecordsTable }",
            "RECORDS_TABLE: { Ref: RecordTable }",
        ),
        (
            "RECORDS_TABLE: { Ref: RecordsTable }",
            "RECORDS_TABLE: { \"Fn::ImportValue\": records }",
        ),
        ("BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED"),
        ("      GlobalSecondaryIndexes:", "      GlobalSecondaryIndices:"),
        ("BatchSize: 1", "BatchSize: 10"),
        ("FIRE_AND_FORGET }", "REQUEST_RESPONSE }"),
        ("FIRE_AND_FORGET }", "FIRE_AND_FORGET }\n        InputTemplate: \"{}\""),
        (
            "Target: { Ref: ImportStateMachine }",
            "Target: { Ref: UndeliveredWork }",
        ),
        ("{\"S\":[\"IMPORT\"]}", "{\"S\":[{\"prefix\":\"IMPORT\"}]}"),
        ("Type: STANDARD", "Type: EXPRESS"),
        ("FetchFunctionArn: {", "FetchArn: {"),
    ] {
        assert!(TEMPLATE.contains(good), "{good}");
        let refused = Template::parse(&TEMPLATE.replace(good, bad), DEFINITION);
        assert!(
            matches!(refused, Err(Error::Template(_) | Error::Filter(_))),
            "{bad}: {refused:?}"
        );
    }
}
