//! What never happens.

use requirements::import::{carry_out, choose_mapped, fetch, first_import_of};
use requirements::stage::{sandbox, text};
use requirements::{PsaKind, faults, for_both, managed, psa};

for_both!(
    r50_a_psa_is_only_ever_read,
    r50_what_is_gone_in_the_psa_stays_in_the_directory,
);

async fn r50_a_psa_is_only_ever_read(kind: PsaKind) {
    let sandbox = sandbox().await;
    first_import_of(&sandbox.api("ana"), kind, 3).await;
    let requests = faults::requests(&sandbox, kind);
    assert!(!requests.is_empty());
    for request in requests {
        let queries = request.method == "POST" && request.path.to_lowercase().contains("/query");
        assert!(
            request.method == "GET" || queries,
            "{} {}",
            request.method,
            request.path
        );
    }
    sandbox.stop().await;
}

async fn r50_what_is_gone_in_the_psa_stays_in_the_directory(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    let before = requirements::import::directory(&ana).await;
    psa::delete(&sandbox, kind, text(&first.chosen[0]["id"]));
    let people = requirements::import::addresses(&ana, &first.import, text(&first.chosen[1]["id"])).await;
    for contact in psa::contacts(&people) {
        psa::delete_contact(&sandbox, kind, &contact);
    }
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["unchanged"], 2, "{result}");
    assert_eq!(requirements::import::directory(&ana).await, before);
    assert_eq!(managed::named(&ana, text(&first.chosen[0]["name"])).await, 1);
    sandbox.stop().await;
}
