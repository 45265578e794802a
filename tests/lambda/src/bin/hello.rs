//! The least that a function can be: what the others' starts are compared with.

use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async {
        Ok::<_, Error>(Response::new("hello".to_owned()))
    }))
    .await
}
