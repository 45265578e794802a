//! How much a browser has to load before somebody sees the first page (R93).

use requirements::console::browser::Browser;

use crate::stage::stage;

/// Over the wire, with everything that the page loads.
const MOST_BYTES: usize = 15_000;

const MOST_BYTES_OF_SCRIPT: usize = 20_000;

/// How many bytes are sent for an address to a client that takes gzip.
#[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
async fn sent(url: &str, cookies: &str) -> usize {
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let request = client.get(url).header("accept-encoding", "gzip");
    let answer = request.header("cookie", cookies).send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.bytes().await.unwrap().len()
}

fn cookies(browser: &Browser) -> String {
    let value = browser.cookie("127.0.0.1", "__Host-session").unwrap();
    format!("__Host-session={value}")
}

#[tokio::test]
async fn r93_the_first_page_and_all_that_it_loads_is_small() {
    let stage = stage().await;
    let (browser, home) = stage.sign_in("Ana", "en").await;
    let cookies = cookies(&browser);
    let mut all = sent(home.url.as_str(), &cookies).await;
    assert!(all < home.source.len(), "it is compressed");
    let (mut script, mut loaded) = (0, 0);
    for (name, attribute) in [("script", "src"), ("link", "href"), ("img", "src")] {
        for (_, element) in home.html.all(name) {
            let url = home.url.join(element.get(attribute).unwrap()).unwrap();
            let bytes = sent(url.as_str(), &cookies).await;
            script += if name == "script" { bytes } else { 0 };
            all += bytes;
            loaded += 1;
        }
    }
    println!("{all} bytes, {script} of them script, in {} answers", loaded + 1);
    assert!(
        loaded >= 3 && all <= MOST_BYTES,
        "{all} bytes in {} answers",
        loaded + 1
    );
    assert!(script <= MOST_BYTES_OF_SCRIPT, "{script} bytes of script");
}
