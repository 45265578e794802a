//! The secrets, through the real SDK over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use local_aws::{Secrets, Template, sdk};

const NAME: &str = "psa-import/m1/i1";
const TOKEN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OTHER_TOKEN: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

async fn start() -> (Secrets, Client) {
    let secrets = Secrets::start(None, &Template::load().unwrap()).await.unwrap();
    let client = Client::new(&sdk::config(&secrets.url()));
    (secrets, client)
}

async fn current(client: &Client) -> String {
    client
        .get_secret_value()
        .secret_id(NAME)
        .send()
        .await
        .unwrap()
        .secret_string
        .unwrap()
}

#[tokio::test]
async fn a_secret_is_found_by_name_and_by_arn() {
    let (_secrets, client) = start().await;
    let created = client
        .create_secret()
        .name(NAME)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    assert_eq!(current(&client).await, "one");
    let by_arn = client
        .get_secret_value()
        .secret_id(created.arn().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!((by_arn.name(), by_arn.secret_string()), (Some(NAME), Some("one")));
    assert_eq!(by_arn.version_id(), created.version_id());
    assert_eq!(by_arn.version_stages(), ["AWSCURRENT"]);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_not_found() {
    let (_secrets, client) = start().await;
    let missing = client.get_secret_value().secret_id(NAME).send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let missing = client
        .put_secret_value()
        .secret_id(NAME)
        .secret_string("one")
        .send()
        .await
        .unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let missing = client.describe_secret().secret_id(NAME).send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn creating_is_done_once_for_each_token() {
    let (_secrets, client) = start().await;
    let create = client
        .create_secret()
        .name(NAME)
        .client_request_token(TOKEN)
        .secret_string("one");
    let first = create.clone().send().await.unwrap();
    let again = create.clone().send().await.unwrap();
    assert_eq!((first.arn(), first.version_id()), (again.arn(), again.version_id()));
    for other in [
        create.clone().secret_string("two"),
        create.client_request_token(OTHER_TOKEN),
    ] {
        let refused = other.send().await.unwrap_err().into_service_error();
        assert!(refused.is_resource_exists_exception(), "{refused}");
    }
    assert_eq!(current(&client).await, "one");
}

#[tokio::test]
async fn a_new_value_becomes_the_current_one_once_for_each_token() {
    let (_secrets, client) = start().await;
    client
        .create_secret()
        .name(NAME)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    let put = client
        .put_secret_value()
        .secret_id(NAME)
        .client_request_token(TOKEN)
        .secret_string("two");
    let version = put.clone().send().await.unwrap().version_id.unwrap();
    assert_eq!(put.clone().send().await.unwrap().version_id(), Some(version.as_str()));
    let refused = put
        .secret_string("three")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_resource_exists_exception());
    assert_eq!(current(&client).await, "two");

    let previous = client
        .get_secret_value()
        .secret_id(NAME)
        .version_stage("AWSPREVIOUS")
        .send()
        .await
        .unwrap();
    assert_eq!(previous.secret_string(), Some("one"));
    let described = client.describe_secret().secret_id(NAME).send().await.unwrap();
    assert_eq!(described.version_ids_to_stages().unwrap()[&version], ["AWSCURRENT"]);
    let wrong_pair = client
        .get_secret_value()
        .secret_id(NAME)
        .version_id(version)
        .version_stage("AWSPREVIOUS");
    assert!(
        wrong_pair
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn bytes_come_back_as_bytes() {
    let (_secrets, client) = start().await;
    client
        .create_secret()
        .name(NAME)
        .secret_binary(Blob::new(*b"\x00\xff"))
        .send()
        .await
        .unwrap();
    let value = client.get_secret_value().secret_id(NAME).send().await.unwrap();
    assert_eq!(value.secret_binary().unwrap().as_ref(), b"\x00\xff");
    assert_eq!(value.secret_string(), None);
}

#[tokio::test]
async fn a_deleted_secret_keeps_its_name_unless_it_is_forgotten_at_once() {
    let (_secrets, client) = start().await;
    client
        .create_secret()
        .name(NAME)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    client.delete_secret().secret_id(NAME).send().await.unwrap();
    let refused = client
        .get_secret_value()
        .secret_id(NAME)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_invalid_request_exception());
    let refused = client
        .create_secret()
        .name(NAME)
        .secret_string("two")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_invalid_request_exception());

    client
        .delete_secret()
        .secret_id(NAME)
        .force_delete_without_recovery(true)
        .send()
        .await
        .unwrap();
    client
        .create_secret()
        .name(NAME)
        .secret_string("two")
        .send()
        .await
        .unwrap();
    assert_eq!(current(&client).await, "two");
}

#[tokio::test]
async fn a_file_keeps_the_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state").join("secrets.json");
    let secrets = Secrets::start(Some(file.clone()), &Template::load().unwrap())
        .await
        .unwrap();
    let client = Client::new(&sdk::config(&secrets.url()));
    client
        .create_secret()
        .name(NAME)
        .client_request_token(TOKEN)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    client
        .put_secret_value()
        .secret_id(NAME)
        .secret_string("two")
        .send()
        .await
        .unwrap();
    drop(secrets);

    let secrets = Secrets::start(Some(file), &Template::load().unwrap()).await.unwrap();
    let client = Client::new(&sdk::config(&secrets.url()));
    assert_eq!(current(&client).await, "two");
    let create = client
        .create_secret()
        .name(NAME)
        .client_request_token(TOKEN)
        .secret_string("one");
    assert_eq!(
        create.send().await.unwrap().version_id(),
        Some(TOKEN),
        "the token is remembered"
    );
}
