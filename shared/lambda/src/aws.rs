//! The AWS SDK as a function needs it, by what Lambda's environment says.
//!
//! The SDK's own way of finding out reads profile files, and asks services that Lambda lacks.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};

/// How long calls to AWS may take. By default the SDK waits for an answer without end, and a node that accepts and never answers would
/// hold a worker until Lambda ends it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    /// One attempt, the connection included: a transaction of four megabytes and a query of one take a second or so.
    pub attempt: Duration,
    /// All attempts of one call, with the pauses between them. An administrator's call has 29 seconds for everything.
    pub operation: Duration,
}

/// The limits of all clients.
pub(crate) const TIME_LIMITS: TimeLimits = TimeLimits {
    attempt: Duration::from_secs(4),
    operation: Duration::from_secs(15),
};

/// What a client of one service goes by. `service` is its name in `AWS_ENDPOINT_URL_…`, which stand-ins set.
pub(crate) fn config(http: &SharedHttpClient, service: &str, limits: TimeLimits) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(limits.attempt)
        .operation_timeout(limits.operation);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(env::var("AWS_REGION").ok().map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .http_client(http.clone())
        .timeout_config(timeouts.build());
    let endpoint = env::var(format!("AWS_ENDPOINT_URL_{service}")).or_else(|_| env::var("AWS_ENDPOINT_URL"));
    config.set_endpoint_url(endpoint.ok());
    config.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use aws_sdk_dynamodb::config::Credentials;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::aws_http::{CONNECT_LIMIT, http_client};

    /// Accepts, reads, and never answers; counts the requests.
    async fn silent() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    let mut is_first = true;
                    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {
                        count.fetch_add(usize::from(std::mem::take(&mut is_first)), Ordering::SeqCst);
                    }
                });
            }
        });
        (format!("http://{address}"), asked)
    }

    async fn dynamodb(limits: TimeLimits) -> (aws_sdk_dynamodb::Client, Arc<AtomicUsize>) {
        let (url, asked) = silent().await;
        (client_of(url, limits), asked)
    }

    fn client_of(url: String, limits: TimeLimits) -> aws_sdk_dynamodb::Client {
        let config = config(&http_client().unwrap(), "DYNAMODB", limits).into_builder();
        let config = config.region(Region::from_static("eu-west-1")).endpoint_url(url);
        let credentials = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
        let config = config.credentials_provider(credentials).build();
        aws_sdk_dynamodb::Client::new(&config)
    }

    #[tokio::test]
    async fn a_call_that_is_never_answered_is_repeated_and_ends() {
        let limits = TimeLimits {
            attempt: Duration::from_millis(100),
            operation: Duration::from_secs(30),
        };
        let (client, asked) = dynamodb(limits).await;
        let began = Instant::now();
        let answer = client.list_tables().send().await;
        let (error, took) = (answer.unwrap_err(), began.elapsed());
        assert!(
            error.to_string().contains("timed out") || format!("{error:?}").contains("Timeout"),
            "{error:?}"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 3, "the SDK makes three attempts");
        assert!(took >= 3 * limits.attempt && took < limits.operation, "took {took:?}");
    }

    #[tokio::test]
    async fn a_call_as_a_whole_ends_in_time_however_many_attempts_are_left() {
        let limits = TimeLimits {
            attempt: Duration::from_secs(20),
            operation: Duration::from_millis(300),
        };
        let (client, asked) = dynamodb(limits).await;
        let began = Instant::now();
        client.list_tables().send().await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_repeated_as_one_that_never_came() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, asked) = (
            format!("http://{}", listener.local_addr().unwrap()),
            Arc::<AtomicUsize>::default(),
        );
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes).await;
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
                    .await;
            }
        });
        client_of(url, TIME_LIMITS).list_tables().send().await.unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn three_attempts_fit_into_a_call_and_a_call_into_an_administrators() {
        let TimeLimits { attempt, operation } = TIME_LIMITS;
        assert!(
            CONNECT_LIMIT < attempt && 3 * attempt < operation && operation < Duration::from_secs(29) / 2 + attempt
        );
    }
}
