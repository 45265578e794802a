//! Every screen in every state that there is, as pictures and before axe (R90, R91, R94).

mod around;
mod lastpass;
mod second;
mod trouble;
mod wizard;

use crate::stage::{Stage, stage};
use crate::walk::Walk;

async fn every_screen(language: &str) {
    let mut walk = Walk::begin(stage().await, language, language).await;
    around::signed_out(&mut walk).await;
    around::nothing_yet(&mut walk).await;
    around::before_imports(&mut walk).await;
    wizard::downloads(&mut walk).await;
    let first = wizard::review(&mut walk).await;
    wizard::held_by_another(&mut walk, &first).await;
    wizard::execution(&mut walk, &first).await;
    let second = second::import(&mut walk, &first).await;
    around::afterwards(&mut walk).await;
    around::settings(&mut walk).await;
    trouble::stopped(&mut walk).await;
    trouble::lost(&mut walk, &second).await;
    trouble::computing(&mut walk).await;
    trouble::no_answer(&mut walk).await;
    trouble::not_let_in(&mut walk).await;
    walk.end(90).await;
}

async fn every_screen_of_lastpass(language: &str) {
    let stage = Stage::of(requirements::lastpass::sandbox().await);
    let mut walk = Walk::begin(stage, language, &format!("{language}-lastpass")).await;
    lastpass::connecting(&mut walk).await;
    lastpass::import(&mut walk).await;
    walk.end(12).await;
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_any_screen_in_english_in_any_looks() {
    every_screen("en").await;
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_any_screen_in_dutch_in_any_looks() {
    every_screen("nl").await;
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_the_screens_of_lastpass_in_english() {
    every_screen_of_lastpass("en").await;
}

#[tokio::test]
async fn r91_axe_finds_nothing_on_the_screens_of_lastpass_in_dutch() {
    every_screen_of_lastpass("nl").await;
}
