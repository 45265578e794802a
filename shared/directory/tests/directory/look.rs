//! The script for the first owner of a key only reads, and tells nobody's name, address or key (R50, R88).

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::account::Account;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r88_the_script_for_a_first_look_only_reads() {
    let account = Account::start().await;
    account.change(json!({"companies": [{"id": 1102, "name": "Stil", "status": "suspended"}]}));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/lastpass/look");
    let port = account.origin.rsplit(':').next().unwrap().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let mut script = Command::new(script);
        script.env("LASTPASS_API_KEY", lastpass::KEY);
        script.env("LASTPASS_SANDBOX_PORT", port).output().unwrap()
    });
    let run = run.await.unwrap();
    let told = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{told}");
    for answer in [
        "fields",
        "id: integer",
        "users of a company (switch 1)",
        "status 404",
        "active, suspended",
    ] {
        assert!(told.contains(answer), "{answer} is not in {told}");
    }
    for secret in ["lpkey_", "Jan", "jansen", "@", "Stil"] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
    let requests = account.requests();
    assert!(requests.len() > 10 && requests.iter().all(|request| request.method == "GET"));
    assert!(account.forbidden().is_empty());
}
