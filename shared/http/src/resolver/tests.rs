use std::sync::Mutex;

use super::*;
use crate::client::client_through;
use crate::fault::Fault;
use crate::policy::HttpPolicy;
use crate::reply;

/// A resolver whose answers change with every question, as a rebinding name server's do.
fn rebinding(allowed: &[Origin], answers: &[&[&str]]) -> GuardedResolver {
    let answers: Vec<Vec<SocketAddr>> = answers
        .iter()
        .map(|answer| {
            answer
                .iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                .collect()
        })
        .collect();
    let answers = Mutex::new(answers.into_iter());
    let lookup = move |_| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let answer = answers.lock().unwrap().next().unwrap();
        Box::pin(async move { Ok(answer) })
    };
    GuardedResolver::new(allowed, Arc::new(lookup))
}

async fn resolves(resolver: &GuardedResolver, name: &str) -> bool {
    resolver.resolve(name.parse().unwrap()).await.is_ok()
}

#[tokio::test]
async fn r50_a_name_that_is_rebound_to_a_private_address_is_refused_at_its_next_use() {
    let resolver = rebinding(&[], &[&["8.8.8.8"], &["169.254.169.254"], &["8.8.8.8"]]);
    assert!(resolves(&resolver, "psa.example").await);
    assert!(!resolves(&resolver, "psa.example").await);
    assert!(resolves(&resolver, "psa.example").await);
}

#[tokio::test]
async fn r50_one_private_address_among_public_ones_refuses_the_name() {
    let resolver = rebinding(&[], &[&["8.8.8.8", "2606:4700::1111", "10.0.0.1"]]);
    assert!(!resolves(&resolver, "psa.example").await);
}

#[tokio::test]
async fn r42_a_resolver_that_fails_is_told_from_a_connection_that_does() {
    let lookup = |_| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Err(io::Error::other("temporary failure in name resolution")) })
    };
    let resolver = GuardedResolver::new(&[], Arc::new(lookup));
    let client = client_through(resolver, &HttpPolicy::default()).unwrap();
    let error = client.get("https://psa.example").send().await.unwrap_err();
    assert_eq!(reply::fault(&error), Fault::Dns);
}

#[tokio::test]
async fn only_the_allowed_name_itself_is_exempt() {
    let allowed = ["http://sandbox.localhost:8080".parse().unwrap()];
    let resolver = rebinding(&allowed, &[&["127.0.0.1"], &["127.0.0.1"]]);
    assert!(resolves(&resolver, "sandbox.localhost").await);
    assert!(!resolves(&resolver, "x.sandbox.localhost").await);
}
