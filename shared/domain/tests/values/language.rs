//! The language that a request asks for.

use domain::language::Language;

#[test]
fn the_language_of_the_highest_weight_is_taken() {
    for (header, tag) in [
        ("", "en"),
        ("nl", "nl"),
        ("NL-be", "nl"),
        ("fr, nl;q=0.5", "nl"),
        ("fr", "en"),
        ("nl;q=0.4, en;q=0.5", "en"),
        ("en;q=0.4, nl;q=0.5", "nl"),
        ("*, nl;q=0.9", "en"),
        // The first of equal weight.
        ("nl, en", "nl"),
        ("en, nl", "en"),
        // Refused.
        ("nl;q=0", "en"),
    ] {
        assert_eq!(Language::accepted(header).tag(), tag, "{header:?}");
    }
}

#[test]
fn each_language_picks_its_own_text() {
    let texts = [Language::English, Language::Dutch].map(|language| language.pick("yes", "ja"));
    assert_eq!(texts, ["yes", "ja"]);
}
