//! What the port promises of every directory: one suite for the built-in one and for LastPass.

use std::collections::HashSet;

use directory::{DirectoryError, Look, NewAddress, NewUser, Reservation, UserRequest};
use domain::address::{Address, AddressKey};
use domain::directory::{AddressChange, LicenceMode, ReservationId, User};
use domain::ids::{ImportId, ManagedCompanyId, UserId};
use store::Consistency;

use crate::bench::{Bench, benches};
use crate::port::request;

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn key_of(text: &str) -> AddressKey {
    address(text).key().clone()
}

fn by_id(mut users: Vec<User>) -> Vec<User> {
    users.sort_by(|one, other| one.id.cmp(&other.id));
    users
}

#[tokio::test]
async fn r37_a_company_that_is_asked_for_again_is_the_same() {
    let (_database, benches) = benches("again").await;
    for bench in benches {
        let made = bench.company("1", "Garage Peeters").await;
        assert_eq!(bench.company("1", "Garage Peeters").await, made);
        bench.fetch().await;
        assert_eq!(bench.company("1", "Garage Peeters").await, made);
        let run = bench.run();
        let companies = run.companies().await.unwrap();
        assert_eq!(companies.len(), 1);
        assert_eq!(
            (&companies[0].id, companies[0].name.as_str()),
            (&made, "Garage Peeters")
        );
        assert_eq!(run.company(&made).await.unwrap().as_ref(), Some(&companies[0]));
        assert_eq!(run.namesakes("GARAGE peeters").await.unwrap(), companies);
        assert!(run.namesakes("Garage").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn r21_two_companies_of_one_name_stay_two() {
    let (_database, benches) = benches("two").await;
    for bench in benches {
        let first = bench.company("1", "Garage Peeters").await;
        let second = bench.company("2", "Garage Peeters").await;
        assert_ne!(first, second);
        bench.fetch().await;
        let found = bench.run().namesakes("Garage Peeters").await.unwrap();
        let found: HashSet<&ManagedCompanyId> = found.iter().map(|company| &company.id).collect();
        assert_eq!(found, HashSet::from([&first, &second]));
    }
}

#[tokio::test]
async fn r37_users_are_created_once_in_the_order_of_the_requests() {
    let (_database, benches) = benches("users").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        let requests: Vec<UserRequest> = (0..120)
            .map(|n| request(&format!("k{n}"), &format!("u{n}@x.example")))
            .collect();
        let made = bench.users(&company, &requests).await;
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), 120);
        assert_eq!(bench.users(&company, &requests).await, made, "a repeated call");
        assert_eq!(bench.users(&company, &requests[7..9]).await, made[7..9], "a part of it");
        let run = bench.run();
        let listed = run.users(&company).await.unwrap();
        assert_eq!(listed.len(), 120);
        for (request, id) in requests.iter().zip(&made) {
            let user = listed.iter().find(|user| user.id == *id).unwrap();
            assert_eq!(
                (&user.address, &user.company, user.name.as_str()),
                (&request.address, &company, "Nieuw")
            );
        }
        bench.fetch().await;
        assert_eq!(bench.run().users(&company).await.unwrap().len(), 120);
    }
}

#[tokio::test]
async fn r32_an_address_that_somebody_has_is_taken_and_stops_nobody_else() {
    let (_database, benches) = benches("taken").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        let other = bench.company("2", "Bakkerij Jansen").await;
        let made = bench.users(&company, &[request("1", "Ana@x.example")]).await;
        let requests = [
            request("2", "b@x.example"),
            request("3", "ANA@X.example"),
            request("4", "c@x.example"),
        ];
        let outcomes = bench.run().create_users(&other, &requests).await;
        let [
            Ok(NewUser::Created(_)),
            Ok(NewUser::AddressTaken(holder)),
            Ok(NewUser::Created(_)),
        ] = &outcomes[..]
        else {
            panic!("{outcomes:?}")
        };
        assert_eq!((&holder.id, &holder.company), (&made[0], &company));
        // In its own company somebody has it under any key: the caller is led to that user.
        let again = bench
            .run()
            .create_users(&company, &[request("5", "ana@x.example")])
            .await
            .remove(0);
        match again.unwrap() {
            NewUser::Created(id) => assert_eq!(id, made[0]),
            NewUser::AddressTaken(holder) => assert_eq!(holder.id, made[0]),
            outcome => panic!("{outcome:?}"),
        }
        assert_eq!(
            bench
                .run()
                .all_users(Consistency::Strong)
                .await
                .unwrap()
                .users(&other)
                .unwrap()
                .len(),
            2
        );
    }
}

#[tokio::test]
async fn r32_holders_are_found_by_any_spelling() {
    let (_database, benches) = benches("holders").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        let requests = [
            request("1", "An+1@bäckerei.example"),
            request("2", "Bo@X.example"),
            request("3", "o'neill@x.example"),
        ];
        let made = bench.users(&company, &requests).await;
        let asked = [
            "an+1@xn--bckerei-5wa.example",
            "BO@x.example",
            "O'Neill@x.example",
            "nobody@x.example",
        ]
        .map(key_of);
        let run = bench.run();
        let found = by_id(run.holders(&asked).await.unwrap());
        assert_eq!(found, by_id(run.users(&company).await.unwrap()));
        let ids: HashSet<&UserId> = found.iter().map(|user| &user.id).collect();
        assert_eq!(ids, made.iter().collect());
        assert!(run.holders(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn r30_an_address_changes_as_the_directory_says_it_does() {
    let (_database, benches) = benches("address").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        let made = bench
            .users(&company, &[request("1", "a@x.example"), request("2", "b@x.example")])
            .await;
        if let Bench::LastPass(port) = &bench {
            port.account.switch("patchFields", "pending");
            let user: i64 = made[0].as_str().parse().unwrap();
            port.account.change(serde_json::json!({ "accept": [user] }));
        }
        bench.fetch().await;
        let run = bench.run();
        let user = run
            .users(&company)
            .await
            .unwrap()
            .into_iter()
            .find(|user| user.id == made[0])
            .unwrap();
        let change = async |user: &UserId, from: &str, to: &str| {
            let changed = run
                .change_address(&company, user, Some(&address(from)), &address(to))
                .await;
            changed.unwrap()
        };
        assert_eq!(
            change(&UserId::new("999999"), "a@x.example", "c@x.example").await,
            NewAddress::NoSuchUser
        );
        assert_eq!(
            change(&made[0], "z@x.example", "c@x.example").await,
            NewAddress::ChangedMeanwhile
        );
        let taken = change(&made[0], "a@x.example", "b@x.example").await;
        assert!(
            matches!(&taken, NewAddress::AddressTaken(holder) if holder.id == made[1]),
            "{taken:?}"
        );
        let expected = match run.capabilities().address_change(user.state) {
            AddressChange::AtOnce => NewAddress::Changed,
            AddressChange::AfterUserAgrees => NewAddress::WaitsForUser,
            AddressChange::Never => NewAddress::NotPossible(None),
        };
        let changed = match change(&made[0], "a@x.example", "c@x.example").await {
            // What a directory says of it is its own.
            NewAddress::NotPossible(_) => NewAddress::NotPossible(None),
            changed => changed,
        };
        assert_eq!(changed, expected);
        if expected == NewAddress::Changed {
            assert_eq!(
                change(&made[0], "a@x.example", "c@x.example").await,
                NewAddress::Changed,
                "repeated"
            );
        }
        let holds = |text: &str| {
            let (run, key) = (bench.run(), key_of(text));
            async move { !run.holders(&[key]).await.unwrap().is_empty() }
        };
        let is_changed = expected == NewAddress::Changed;
        assert_eq!(
            (holds("a@x.example").await, holds("c@x.example").await),
            (!is_changed, is_changed)
        );
    }
}

#[tokio::test]
async fn r83_a_company_is_renamed_where_the_directory_says_so() {
    let (_database, benches) = benches("rename").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        bench.fetch().await;
        let run = bench.run();
        let renamed = run.rename_company(&company, "Garage Peeters & Zn.").await;
        let name = bench.run().company(&company).await.unwrap().unwrap().name;
        if run.capabilities().rename {
            assert!(renamed.unwrap());
            assert_eq!(name, "Garage Peeters & Zn.");
            assert!(!run.rename_company(&ManagedCompanyId::new("nobody"), "X").await.unwrap());
        } else {
            assert!(matches!(renamed, Err(DirectoryError::Refused(_))));
            assert_eq!(name, "Garage Peeters");
        }
    }
}

#[tokio::test]
async fn r87_what_was_not_changed_is_as_known() {
    let (_database, benches) = benches("look").await;
    for bench in benches {
        let company = bench.company("1", "Garage Peeters").await;
        bench.users(&company, &[request("1", "a@x.example")]).await;
        bench.fetch().await;
        let run = bench.run();
        assert_eq!(run.look_again(&company).await.unwrap(), Look::AsKnown);
        bench.users(&company, &[request("2", "b@x.example")]).await;
        assert_eq!(
            bench.run().look_again(&company).await.unwrap(),
            Look::AsKnown,
            "our own changes are known"
        );
        let whole = run
            .all_users(Consistency::Strong)
            .await
            .unwrap()
            .users(&company)
            .unwrap();
        let some = run
            .users_of(std::slice::from_ref(&company), Consistency::Strong)
            .await
            .unwrap();
        assert_eq!(by_id(whole.clone()), by_id(some.users(&company).unwrap()));
        assert_eq!(by_id(whole), by_id(run.users(&company).await.unwrap()));
        run.answers().await.unwrap();
    }
}

#[tokio::test]
async fn r15_what_does_not_exist_is_nowhere() {
    let (_database, benches) = benches("nowhere").await;
    for bench in benches {
        let nobody = ManagedCompanyId::new("lastpass-424242");
        bench.fetch().await;
        let run = bench.run();
        assert_eq!(run.company(&nobody).await.unwrap(), None);
        assert!(run.users(&nobody).await.unwrap().is_empty());
        assert!(run.companies().await.unwrap().is_empty());
        assert!(run.holders(&[key_of("a@x.example")]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn r71_the_version_tells_whether_somebody_changes_something() {
    let (_database, benches) = benches("version").await;
    for bench in benches {
        let (run, now) = (bench.run(), bench.now());
        let before = run.version(now).await.unwrap();
        assert!(before.is_some());
        assert_eq!(run.version(now).await.unwrap(), before);
        run.begin_changes("import-1", now).await.unwrap();
        assert_eq!(bench.run().version(now).await.unwrap(), None);
        run.end_changes("import-1").await.unwrap();
        let after = bench.run().version(now).await.unwrap();
        assert!(after.is_some() && after != before);
    }
}

#[tokio::test]
async fn r46_licences_are_reserved_and_released_once() {
    let (_database, benches) = benches("licences").await;
    for bench in benches {
        let run = bench.run();
        let reservation = ReservationId::of(&ImportId::new("i"), "c");
        for _ in 0..2 {
            assert_eq!(run.reserve(&reservation, 5).await.unwrap(), Reservation::Made);
        }
        let licences = run.licences().await.unwrap();
        assert_eq!(licences.mode, run.capabilities().licences);
        assert_eq!(licences.used + licences.reserved + licences.available, licences.total);
        for _ in 0..2 {
            run.release(&reservation, 3).await.unwrap();
        }
        assert!(run.reservations().await.unwrap().is_empty());
        let licences = run.licences().await.unwrap();
        assert_eq!(licences.used + licences.reserved + licences.available, licences.total);
        let too_many = run
            .reserve(&ReservationId::of(&ImportId::new("i"), "d"), 10_000)
            .await
            .unwrap();
        match licences.mode {
            LicenceMode::Pool => assert!(
                matches!(too_many, Reservation::Insufficient { available: 997 }),
                "{too_many:?}"
            ),
            LicenceMode::Consumption => assert_eq!(too_many, Reservation::Made),
        }
    }
}
