//! What the directory holds, and what is added to it by hand.

use sandbox::api::Api;
use serde_json::{Value, json};

use crate::import::id;
use crate::stage::text;

/// A managed company made by hand; gives its id.
pub async fn add(api: &Api, name: &str) -> String {
    let added = api.post("/managed-companies", &json!({ "name": name })).await.unwrap();
    id(&added).to_owned()
}

/// A user made by hand; gives its id.
pub async fn add_user(api: &Api, company: &str, address: &str) -> String {
    let path = format!("/managed-companies/{company}/users");
    let user = json!({ "address": address, "name": "Met de hand" });
    id(&api.post(&path, &user).await.unwrap()).to_owned()
}

/// All managed companies.
pub async fn all(api: &Api) -> Vec<Value> {
    api.list("/managed-companies").await.unwrap()
}

/// How many are spelled exactly so.
pub async fn named(api: &Api, name: &str) -> usize {
    all(api).await.iter().filter(|company| company["name"] == name).count()
}

/// The users of one.
pub async fn users(api: &Api, company: &str) -> Vec<Value> {
    api.list(&format!("/managed-companies/{company}/users")).await.unwrap()
}

/// The addresses of the users of one, sorted.
pub async fn addresses(api: &Api, company: &str) -> Vec<String> {
    let users = users(api, company).await;
    let mut addresses: Vec<String> = users.iter().map(|user| text(&user["address"]).to_owned()).collect();
    addresses.sort();
    addresses
}
