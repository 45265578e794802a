//! The picture in the README: `PICTURE=tests/browser/console.png tests/browser/run /tmp/browser picture` makes it anew.

use std::path::Path;

use browser::{Hand, Looks, Script};
use requirements::import;
use requirements::stage::KINDS;

use crate::stage::{nothing_logged, stage};

#[tokio::test]
async fn r90_a_picture_of_the_plan_is_made() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    import::first_import_of(&ana, KINDS[0], 8).await;
    let import = import::fetch(&ana, KINDS[0]).await;
    import::choose_all(&ana, &import).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    tab.look(Looks::Light).await;
    tab.open(&stage.at(&format!("/console/imports/{import}/plan"))).await;
    let file = std::env::var("PICTURE").unwrap_or_else(|_| "target/screens/plan.png".to_owned());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    tab.window(&file).await;
    nothing_logged(&tab).await;
    tab.close().await;
}
