//! What happens behind the API's back.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use directory::builtin::BuiltIn;
use directory::{Directory, NewAddress};
use domain::ids::{ManagedCompanyId, MspId, UserId};
use local_aws::sdk;
use sandbox::Sandbox;
use store::Store;

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

/// Somebody gives a user another address in the password manager itself.
pub async fn change_address(sandbox: &Sandbox, company: &str, user: &str, address: &str) {
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let tenant = Store::new(client, "RecordsTable", "ImportsTable").of(&MspId::new("noordzee"));
    let (company, user) = (ManagedCompanyId::new(company), UserId::new(user));
    let changed = BuiltIn::new(tenant)
        .change_address(&company, &user, &address.parse().unwrap())
        .await
        .unwrap();
    assert!(matches!(changed, NewAddress::Changed), "{changed:?}");
}
