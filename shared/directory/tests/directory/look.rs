//! The script for the first owner of a key only reads, and tells nobody's name, address or key (R50, R88).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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
}

/// So each test here would fail if the product made such a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "forbidden calls")]
async fn r88_a_forbidden_call_fails_whichever_test_makes_it() {
    let account = Account::start().await;
    let address = account.origin.trim_start_matches("http://").to_owned();
    let (path, key) = ("/business/v1/managed-companies/1101", lastpass::KEY);
    let headers = format!("Host: {address}\r\nAuthorization: api-key {key}\r\nConnection: close");
    let detach = format!("DELETE {path} HTTP/1.1\r\n{headers}\r\nContent-Length: 0\r\n\r\n");
    let call = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(detach.as_bytes()).unwrap();
        connection.read_to_string(&mut String::new()).unwrap();
    });
    call.await.unwrap();
}
