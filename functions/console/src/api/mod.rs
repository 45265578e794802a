//! The JSON API, called with the administrator's own token: the console may do nothing that its user may not.

mod problem;

use axum::http::{Method, StatusCode};
use domain::language::Language;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use problem::Problem;

use crate::Console;
use crate::language::pick;
use crate::refused::Refused;
use crate::session::{Renewal, Session};

/// What needs no escape in a segment of a path or a value of a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Escapes a segment of a path or a value of a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The API, for one person.
pub(crate) struct Api {
    http: reqwest::Client,
    origin: String,
    token: String,
    renewal: Option<Renewal>,
    language: Language,
}

impl Api {
    pub(crate) fn new(console: &Console, session: &Session, language: Language) -> Self {
        Self {
            http: console.http.clone(),
            origin: console.settings.api.clone(),
            token: session.token.clone(),
            renewal: None,
            language,
        }
    }

    /// Gets a newer token by this once its own is refused.
    pub(crate) fn renewed_by(self, renewal: Option<Renewal>) -> Self {
        Self { renewal, ..self }
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        self.json(Method::GET, path, None).await
    }

    /// Sends a change and reads the answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Refused> {
        self.json(method, path, body).await
    }

    /// Makes a call that takes no body and answers none.
    pub(crate) async fn post(&self, path: &str) -> Result<(), Refused> {
        self.call(Method::POST, path, None, "application/json").await.map(drop)
    }

    /// Reads a file, and the address of the next part if there is one.
    pub(crate) async fn csv(&self, path: &str) -> Result<(String, Option<String>), Refused> {
        let answer = self.call(Method::GET, path, None, "text/csv").await?;
        let link = answer.headers().get("link").and_then(|link| link.to_str().ok());
        let next = link.and_then(|link| Some(link.split_once('<')?.1.split_once('>')?.0.to_owned()));
        Ok((answer.text().await.map_err(|_| Refused::Unreachable)?, next))
    }

    async fn json<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&Value>) -> Result<T, Refused> {
        let answer = self.call(method, path, body, "application/json").await?;
        let bytes = answer.bytes().await.map_err(|_| Refused::Unreachable)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(%error, "an answer of the API cannot be read");
            Refused::Unreachable
        })
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        accept: &str,
    ) -> Result<reqwest::Response, Refused> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.origin))
            .header("accept", format!("{accept}, application/problem+json"))
            .header("accept-language", pick(self.language, "en", "nl"));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.answer(request).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Refused::SignedOut);
        }
        let problem: Result<Problem, _> = answer.json().await;
        let mut problem = problem.map_err(|_| Refused::Unreachable)?;
        problem.status = status.as_u16();
        Err(Refused::Problem(Box::new(problem)))
    }

    /// Sends a request, and once more with a newer token if the one that it had is refused. Only the authorizer refuses a token, before any
    /// function runs: whatever the request changes, it has not changed it.
    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Refused> {
        let known = self.renewal.as_ref().and_then(Renewal::known_token);
        let token = known.unwrap_or(&self.token);
        let again = request.try_clone();
        let answer = sent(request, token).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let newer = match &self.renewal {
            Some(renewal) => renewal.token().await.filter(|newer| *newer != token),
            None => None,
        };
        match (again, newer) {
            (Some(again), Some(newer)) => sent(again, newer).await,
            _ => Ok(answer),
        }
    }
}

async fn sent(request: reqwest::RequestBuilder, token: &str) -> Result<reqwest::Response, Refused> {
    request.bearer_auth(token).send().await.map_err(|error| {
        // The address has what was searched for, which may be a person's.
        let error = error.without_url();
        tracing::error!(%error, "the API cannot be reached");
        Refused::Unreachable
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "nothing is reached")]
    async fn r50_an_api_that_cannot_be_reached_brings_no_address_into_the_log() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        // Nobody listens there any more.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = Api {
            http: reqwest::Client::new(),
            origin: format!("http://{free}"),
            token: "token".to_owned(),
            renewal: None,
            language: Language::English,
        };
        let read = api.get::<Value>("/imports/i/addresses?search=anna%40client.example");
        assert!(matches!(read.await, Err(Refused::Unreachable)));
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("the API cannot be reached"), "{log}");
        assert!(!log.contains("anna") && !log.contains("search"), "{log}");
    }
}
