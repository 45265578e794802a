//! The console and the identity provider in front of it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use admin_console::Settings;
use aws_sdk_secretsmanager::Client as SecretsClient;
use axum::Router;
use axum::extract::Request;
use lambda::Function;
use local_aws::{Account, Invoke, Issuer, Provider, ProviderClient, Secrets, Server, Template, sdk};
use serde_json::json;
use tower::ServiceExt;
use uuid::Uuid;

use crate::people::{MSP, administrator, person};
use crate::places::Places;
use crate::running::{invoke, unusable};
use crate::{ConsoleClient, Error};

/// The audience of the tokens for the API, and the console's client id unless the options name another.
const AUDIENCE: &str = "psa-import";

const FUNCTION: &str = "ConsoleFunction";

/// Its secret, by the name that the template's role allows.
const SECRET: &str = "ConsoleSecret";

/// The provider, at work, and the console, once it is known where it is.
pub(crate) struct Console {
    pub issuer: Issuer,
    pub provider: Provider,
    server: Server,
    secrets: SecretsClient,
    scopes: String,
    client: ConsoleClient,
    function: Arc<OnceLock<Function>>,
}

impl Console {
    /// Starts the provider, and makes the secret that a deployment would make.
    pub async fn start(
        template: &Template,
        secrets: &Secrets,
        places: &mut Places,
        state: Option<&Path>,
        client: ConsoleClient,
    ) -> Result<Self, Error> {
        let routes = Arc::new(OnceLock::new());
        let server = Server::start_on(places.provider, late(&routes)).await;
        let server = server.map_err(|error| Error::Port {
            what: "the identity provider",
            port: places.provider,
            why: error.to_string(),
        })?;
        places.provider = server.address().port();
        // Another name for this machine is another site to a browser.
        let issuer = issuer(&format!("http://localhost:{}", places.provider), state)?;
        let provider = Provider::new(issuer.clone(), registered(&client), accounts());
        let _ = routes.set(provider.clone().router());
        make_secret(&SecretsClient::new(&sdk::config(&secrets.url())), &client).await;
        Ok(Self {
            issuer,
            provider,
            server,
            secrets: SecretsClient::new(&sdk::config_of(&secrets.url(), FUNCTION)),
            scopes: template.environment(FUNCTION).remove("SCOPES").unwrap_or_default(),
            client,
            function: Arc::default(),
        })
    }

    /// The function's code, which works once it is known where the console is.
    pub fn code(&self) -> (String, Invoke) {
        let function = Arc::clone(&self.function);
        let code: Invoke = Arc::new(move |invocation| match function.get() {
            Some(function) => invoke(function.clone())(invocation),
            None => Box::pin(async { Err("the console is not there yet".to_owned()) }),
        });
        (FUNCTION.to_owned(), code)
    }

    /// Says where API and console are.
    pub fn is_at(&self, origin: &str) {
        let secrets = self.secrets.clone();
        let settings = Settings {
            api: origin.to_owned(),
            origin: origin.to_owned(),
            issuer: self.issuer.name().to_owned(),
            client_id: id_of(&self.client),
            scopes: self.scopes.clone(),
            api_token: self.client.api_token,
            secret: Arc::new(move || {
                let secrets = secrets.clone();
                Box::pin(async move { lambda::secret_of(&secrets, SECRET).await })
            }),
        };
        match admin_console::function(settings) {
            Ok(function) => drop(self.function.set(function)),
            Err(error) => eprintln!("{error}"),
        }
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The provider's name has the port in it, which is known only when it listens.
fn late(routes: &Arc<OnceLock<Router>>) -> Router {
    let routes = Arc::clone(routes);
    Router::new().fallback(move |request: Request| {
        let routes = routes.get().cloned().unwrap_or_default();
        async move { routes.oneshot(request).await }
    })
}

fn id_of(client: &ConsoleClient) -> String {
    client.id.clone().unwrap_or_else(|| AUDIENCE.to_owned())
}

/// The console's client, as the provider knows it.
fn registered(client: &ConsoleClient) -> ProviderClient {
    ProviderClient {
        id: id_of(client),
        secret: client.secret.clone(),
        has_bare_access_tokens: client.has_bare_access_tokens,
    }
}

/// With a state, the secret may be there already.
async fn make_secret(secrets: &SecretsClient, client: &ConsoleClient) {
    let key = format!("{}{}", Uuid::now_v7(), Uuid::now_v7());
    let text = json!({ "key": key, "clientSecret": client.secret }).to_string();
    let made = secrets.create_secret().name(SECRET).secret_string(text).send().await;
    drop(made);
}

/// Tokens outlive a restart where everything else does.
fn issuer(name: &str, state: Option<&Path>) -> Result<Issuer, Error> {
    let Some(folder) = state else {
        return Ok(Issuer::with_key(name, AUDIENCE, key_of_this_process()?)?);
    };
    let file = folder.join("token-key.der");
    if !file.exists() {
        std::fs::write(&file, Issuer::make_key()?)?;
    }
    let key = std::fs::read(&file)?;
    Issuer::with_key(name, AUDIENCE, &key).map_err(|error| unusable(state, error))
}

/// One key for all sandboxes of a process, since making one takes longer than many a test. Their tokens differ by the issuer's name.
fn key_of_this_process() -> Result<&'static [u8], Error> {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Ok(key);
    }
    let made = Issuer::make_key()?;
    Ok(KEY.get_or_init(|| made))
}

fn accounts() -> Vec<Account> {
    let account = |label: &str, person| Account {
        label: label.to_owned(),
        person,
    };
    vec![
        account("Ana", administrator("ana", MSP)),
        account("Bram", administrator("bram", MSP)),
        account("Chris, of another MSP", administrator("chris", "alpenblick")),
        account(
            "Dora, who is no administrator",
            person("noordzee-dora", MSP, &["technician"]),
        ),
    ]
}
