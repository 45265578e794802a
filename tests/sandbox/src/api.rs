//! A caller of the public API, as an administrator's screen is one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::Error;

/// Between two looks at work under way.
const LOOK: Duration = Duration::from_millis(50);

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Api {
    client: reqwest::Client,
    url: String,
    token: String,
    witness: Option<Witness>,
}

/// Is shown every answer.
pub type Witness = Arc<dyn Fn(&Method, &str, &Answer) + Send + Sync>;

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null if there is none.
    pub body: Value,
}

impl Api {
    /// A caller with a token.
    #[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: url.into(),
            token: token.into(),
            witness: None,
        }
    }

    /// The same caller, with somebody who looks at every answer.
    #[must_use]
    pub fn watched(&self, witness: Witness) -> Self {
        Self {
            witness: Some(witness),
            ..self.clone()
        }
    }

    /// Calls the API, whatever it answers.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Error> {
        self.call_in("en", method, path, body).await
    }

    /// Calls the API in a language.
    pub async fn call_in(
        &self,
        language: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let request = self.request(method.clone(), path).header("accept-language", language);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.send(method, path, request).await
    }

    /// A request with the caller's token, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    /// Sends a request.
    pub async fn send(&self, method: Method, path: &str, request: RequestBuilder) -> Result<Answer, Error> {
        let response: Response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body };
        if let Some(witness) = &self.witness {
            witness(&method, path, &answer);
        }
        Ok(answer)
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.succeed(Method::GET, path, None).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.succeed(Method::POST, path, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.succeed(Method::PATCH, path, Some(body)).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.succeed(Method::PUT, path, Some(body)).await
    }

    /// Ends.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.succeed(Method::DELETE, path, None).await
    }

    async fn succeed(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let answer = self.call(method.clone(), path, body).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        Err(Error::Unexpected(format!(
            "{method} {path}: {} {} {detail}",
            answer.status, answer.body["code"]
        )))
    }

    /// All items of a list, page by page.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut url =
                url::Url::parse(&format!("http://list{path}")).map_err(|error| Error::Unexpected(error.to_string()))?;
            url.query_pairs_mut().append_pair("limit", "500");
            if let Some(next) = &next {
                url.query_pairs_mut().append_pair("after", next);
            }
            let page = self.get(&url.as_str()["http://list".len()..]).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() {
                return Ok(items);
            }
        }
    }

    /// The id of the integration of a kind.
    pub async fn integration(&self, kind: &str) -> Result<String, Error> {
        let integrations = self.list("/integrations").await?;
        let found = integrations
            .iter()
            .find(|integration| integration["kind"] == kind)
            .and_then(|found| found["id"].as_str());
        found
            .map(str::to_owned)
            .ok_or_else(|| Error::Unexpected(format!("there is no {kind} integration")))
    }

    /// Starts an import and gives its id.
    pub async fn start(&self, integration: &str, filter: &Value) -> Result<String, Error> {
        let import = self
            .post(
                &format!("/integrations/{integration}/imports"),
                &json!({ "filter": filter }),
            )
            .await?;
        import["id"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Error::Unexpected("the import has no id".to_owned()))
    }

    /// Watches an import until it is in a state other than `while_in`; `seen` is shown it at every look.
    pub async fn wait(
        &self,
        import: &str,
        while_in: &str,
        limit: Duration,
        mut seen: impl FnMut(&Value),
    ) -> Result<Value, Error> {
        let end = Instant::now() + limit;
        loop {
            let now = self.get(&format!("/imports/{import}")).await?;
            seen(&now);
            if now["state"] != while_in {
                return Ok(now);
            }
            if Instant::now() > end {
                return Err(Error::Unexpected(format!(
                    "the import is {while_in} after {} s: {now}",
                    limit.as_secs()
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
