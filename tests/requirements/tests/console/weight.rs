//! How much a browser has to load before somebody sees the first page (R93).

use crate::stage::stage;

/// Over the wire, with everything that the page loads.
const MOST_BYTES: usize = 15_000;

const MOST_BYTES_OF_SCRIPT: usize = 20_000;

#[tokio::test]
async fn r93_the_first_page_and_all_that_it_loads_is_small() {
    let stage = stage().await;
    let (browser, home) = stage.sign_in("Ana", "en").await;
    let weight = browser.weigh(&home).await;
    println!("{weight:?}");
    assert!(weight.page < home.source.len(), "it is compressed");
    assert!(weight.answers >= 4 && weight.all <= MOST_BYTES, "{weight:?}");
    assert!(weight.script <= MOST_BYTES_OF_SCRIPT, "{weight:?}");
}
