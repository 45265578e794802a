//! What happens behind the API's back.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use local_aws::sdk;
use sandbox::Sandbox;

/// Somebody removes a managed company in the password manager itself, which psa-import has no call for.
pub async fn forget_managed_company(sandbox: &Sandbox, id: &str) {
    let delete = Client::new(&sdk::config(&sandbox.face.dynamodb)).delete_item();
    let delete = delete
        .table_name("RecordsTable")
        .key("pk", AttributeValue::S("MSP#noordzee".to_owned()))
        .key("sk", AttributeValue::S(format!("COMPANY#{id}")))
        .return_values(ReturnValue::AllOld);
    let deleted = delete.send().await.unwrap();
    assert!(deleted.attributes().is_some(), "there is no managed company {id}");
}
