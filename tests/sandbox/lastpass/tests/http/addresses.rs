//! Which addresses are accepted, and how they are compared and found.

use serde_json::json;

use crate::client::start;

const USERS: &str = "/v1/managed-companies/1101/users";

#[tokio::test]
async fn addresses_are_validated_as_switched() {
    let plus = "a+b@x.example";
    let [unicode, ascii] = ["a@bäckerei.example", "a@xn--bckerei-5wa.example"];
    for (switch, addresses) in [
        ("idna", [(plus, 201), (unicode, 201), (ascii, 201)]),
        ("noUnicode", [(plus, 201), (unicode, 400), (ascii, 201)]),
        ("noPlus", [(plus, 400), (unicode, 201), (ascii, 201)]),
    ] {
        let sandbox = start().await;
        sandbox.switch("addressValidation", switch);
        for (address, status) in addresses {
            assert_eq!(sandbox.invite(1101, address).await.0, status, "{switch} {address}");
        }
        for address in [
            "",
            "a",
            "a@",
            "@x.example",
            "é@x.example",
            "a b@x.example",
            "a@x",
            "a@x..example",
        ] {
            assert_eq!(sandbox.invite(1101, address).await.0, 400, "{switch} {address}");
        }
    }
}

#[tokio::test]
async fn the_case_of_addresses_is_switched() {
    for (switch, kept, again) in [
        ("kept", "An@X.example", 409),
        ("lowered", "an@x.example", 409),
        ("sensitive", "An@X.example", 201),
    ] {
        let sandbox = start().await;
        sandbox.switch("addressCase", switch);
        assert_eq!(sandbox.invite(1101, "An@X.example").await.1["email"], kept);
        assert_eq!(sandbox.invite(1101, "an@X.EXAMPLE").await.0, again, "{switch}");
    }
}

#[tokio::test]
async fn a_filter_without_a_wildcard_compares_as_switched() {
    let sandbox = start().await;
    for (switch, filter, found) in [
        ("equality", "JAN@jansen.example", 1),
        ("equality", "jan", 0),
        ("contains", "jansen", 2),
        ("caseSensitive", "JAN@jansen.example", 0),
        ("caseSensitive", "jan@jansen.example", 1),
        ("prefix", "jan", 1),
    ] {
        sandbox.switch("emailFilterPlain", switch);
        assert_eq!(
            sandbox.walk(&format!("{USERS}?email={filter}")).await.len(),
            found,
            "{switch} {filter}"
        );
    }
}

#[tokio::test]
async fn wildcards_are_those_switched() {
    let sandbox = start().await;
    sandbox.change(json!({"users": [{"companyId": 1101, "email": "j_n@jansen.example", "name": "J"}]}));
    for (switch, filter, found) in [
        ("percent", "j_n%25", 1),
        ("percentAndUnderscore", "j_n%25", 2),
        ("percentAndUnderscore", "j%5C_n%25", 1),
        ("percent", "j%5C%25n", 0),
        ("percentUnescapable", "j%25n@jansen.example", 2),
    ] {
        sandbox.switch("filterMagic", switch);
        assert_eq!(
            sandbox.walk(&format!("{USERS}?email={filter}")).await.len(),
            found,
            "{switch} {filter}"
        );
    }
}
