//! One suite for every PSA: what a client behind the port must do, over HTTP, against a simulator of the product.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

/// Makes a test of each function for each product.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod connectwise {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::bench::Bench::connectwise().await).await;
            })*
        }
        mod autotask {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::bench::Bench::autotask().await).await;
            })*
        }
    };
}

mod autotask_only;
mod bench;
mod budget;
mod changing;
mod connectwise_only;
mod failing;
mod filtering;
mod numbered_pages;
mod reading;
