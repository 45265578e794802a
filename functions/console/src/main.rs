//! The Lambda function `console`.

use std::sync::Arc;

use admin_console::{Settings, function};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::log_to_stdout();
    let id = std::env::var("CONSOLE_SECRET")?;
    let secret = Arc::new(move || lambda::secret(id.clone()));
    lambda::run(function(Settings::from_env(secret)?)?).await
}
