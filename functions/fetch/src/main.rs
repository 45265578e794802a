//! The Lambda function `fetch`.

use runtime::Services;
use runtime::config::Config;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    runtime::log_to_stdout();
    let services = Services::from_config(&Config::from_env()?)?;
    tokio::join!(services.store.warm(), services.secrets.warm());
    runtime::run(fetch::function(services)).await
}
