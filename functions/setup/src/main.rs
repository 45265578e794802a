//! The Lambda function `setup`.

use runtime::Services;
use runtime::config::Config;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    runtime::log_to_stdout();
    let services = Services::from_config(&Config::from_env()?)?;
    services.store.warm().await;
    runtime::run(setup::function(services)).await
}
