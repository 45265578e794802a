//! A service that does not answer has its page, in both languages, which says what to do (R94).

use crate::stage::{browsers, post, stage};

#[tokio::test]
async fn r94_a_service_that_does_not_answer_has_its_page() {
    let stage = stage().await;
    let browsers = browsers(&stage, "Ana").await;
    let says = [
        [
            "The service does not answer",
            "Try again in a moment.",
            "look at the page before you send it again.",
            "To the integrations",
            "Try again",
            "Integrations",
        ],
        [
            "De dienst antwoordt niet",
            "Probeer het zo opnieuw.",
            "bekijk de pagina voordat u het opnieuw verstuurt.",
            "Naar de integraties",
            "Opnieuw proberen",
            "Integraties",
        ],
    ];
    for (mut browser, [title, advice, unsure, way, again, home]) in browsers.into_iter().zip(says) {
        stage.sandbox.fail_functions(true);
        let asked = browser.open(&stage.console).await;
        let sent = post(&mut browser, &stage.at("/console/licences"), &[("total", "7")]).await;
        for page in [&asked, &sent] {
            let found = (page.status.as_u16(), page.title());
            assert_eq!(found, (502, title.to_owned()), "{}", page.words());
            assert!(page.has_link(way), "{}", page.words());
        }
        assert!(asked.words().contains(advice), "{}", asked.words());
        assert!(sent.words().contains(unsure), "{}", sent.words());
        stage.sandbox.fail_functions(false);
        assert_eq!(browser.follow(&asked, again).await.title(), home);
    }
}
