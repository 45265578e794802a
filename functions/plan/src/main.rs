//! The Lambda function `plan`.

use lambda::Services;
use lambda::config::Config;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::log_to_stdout();
    let services = Services::without_psas(&Config::from_env()?)?;
    services.store.warm().await;
    lambda::run(plan::function(services)).await
}
