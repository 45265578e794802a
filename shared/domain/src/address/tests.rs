use proptest::prelude::*;

use super::*;

const EMPTY: NoAddressReason = NoAddressReason::Empty;
const SEVERAL: NoAddressReason = NoAddressReason::Several;
const NOT_AN_ADDRESS: NoAddressReason = NoAddressReason::NotAnAddress;

/// Texts as PSAs hold them, the address as it is stored, and the form by which it compares.
#[rustfmt::skip]
const ADDRESSES: &[(&str, &str, &str)] = &[
    // As they are.
    ("ana@x.example", "ana@x.example", "ana@x.example"),
    ("Ana.Lindqvist@X.Example", "Ana.Lindqvist@X.Example", "ana.lindqvist@x.example"),
    ("ana.o'neil+tag@sub.kantoor-jansen.example", "ana.o'neil+tag@sub.kantoor-jansen.example", "ana.o'neil+tag@sub.kantoor-jansen.example"),
    ("o@x.test", "o@x.test", "o@x.test"), ("1@2.example", "1@2.example", "1@2.example"),
    ("a/b@x.example", "a/b@x.example", "a/b@x.example"), ("a|b@x.example", "a|b@x.example", "a|b@x.example"),
    ("{a}=b?c*d!e#f$g%h&i`j~k^l@x.example", "{a}=b?c*d!e#f$g%h&i`j~k^l@x.example", "{a}=b?c*d!e#f$g%h&i`j~k^l@x.example"),
    ("_@x.example", "_@x.example", "_@x.example"), ("a-@x.example", "a-@x.example", "a-@x.example"),
    // White space around it.
    (" ana@x.example ", "ana@x.example", "ana@x.example"), ("\tana@x.example\r\n", "ana@x.example", "ana@x.example"),
    ("\u{a0}ana@x.example\u{3000}", "ana@x.example", "ana@x.example"), ("ana@x.example\u{85}", "ana@x.example", "ana@x.example"),
    // What cannot be seen.
    ("rita@onzichtbaar.example\u{200b}", "rita@onzichtbaar.example", "rita@onzichtbaar.example"),
    ("rita@onzicht\u{200b}baar.example", "rita@onzichtbaar.example", "rita@onzichtbaar.example"),
    ("ri\u{200b}ta@x.example", "rita@x.example", "rita@x.example"), ("ri\u{ad}ta@x.example", "rita@x.example", "rita@x.example"),
    ("rita@x.exa\u{ad}mple", "rita@x.example", "rita@x.example"), ("\u{feff}rita@x.example", "rita@x.example", "rita@x.example"),
    ("\u{200e}rita@x.example\u{200f}", "rita@x.example", "rita@x.example"), ("\u{202a}rita@x.example\u{202c}", "rita@x.example", "rita@x.example"),
    ("\u{202e}rita@x.example\u{202c}", "rita@x.example", "rita@x.example"), ("\u{2066}rita@x.example\u{2069}", "rita@x.example", "rita@x.example"),
    ("rita\u{61c}@x.example", "rita@x.example", "rita@x.example"), ("rita\u{34f}@x.example", "rita@x.example", "rita@x.example"),
    ("rita\u{2060}@x.example", "rita@x.example", "rita@x.example"), ("rita\u{3164}@x.example", "rita@x.example", "rita@x.example"),
    ("rita\u{fe0f}@x.example", "rita@x.example", "rita@x.example"), ("rita\u{e0041}@x.example", "rita@x.example", "rita@x.example"),
    ("rita@x\u{200d}.example", "rita@x.example", "rita@x.example"), ("rita\u{200c}@x.example", "rita@x.example", "rita@x.example"),
    // Control characters.
    ("rita\0@x.example", "rita@x.example", "rita@x.example"), ("\u{7}rita@x.example", "rita@x.example", "rita@x.example"),
    ("rita@x.example\u{7f}", "rita@x.example", "rita@x.example"), ("ri\u{9f}ta@x.example", "rita@x.example", "rita@x.example"),
    // Composed and decomposed.
    ("josé@vormen.example", "josé@vormen.example", "josé@vormen.example"), ("jose\u{301}@vormen.example", "josé@vormen.example", "josé@vormen.example"),
    ("Jose\u{301}@vormen.example", "José@vormen.example", "josé@vormen.example"), ("É@x.example", "É@x.example", "é@x.example"),
    ("jose\u{200b}\u{301}@x.example", "josé@x.example", "josé@x.example"), ("\u{212b}@x.example", "Å@x.example", "å@x.example"),
    // Internationalised domains, in both forms.
    ("ana@Müller.EXAMPLE", "ana@Müller.EXAMPLE", "ana@xn--mller-kva.example"), ("ana@xn--mller-kva.example", "ana@xn--mller-kva.example", "ana@xn--mller-kva.example"),
    ("ana@mu\u{308}ller.example", "ana@müller.example", "ana@xn--mller-kva.example"), ("ana@XN--MLLER-KVA.example", "ana@XN--MLLER-KVA.example", "ana@xn--mller-kva.example"),
    ("ana@straße.example", "ana@straße.example", "ana@xn--strae-oqa.example"), ("ana@例え.テスト", "ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"),
    ("ana@例え。テスト", "ana@例え。テスト", "ana@xn--r8jz45g.xn--zckzah"), ("ana@ｅｘａｍｐｌｅ.example", "ana@ｅｘａｍｐｌｅ.example", "ana@example.example"),
    ("用户@例子.测试", "用户@例子.测试", "用户@xn--fsqu00a.xn--0zwm56d"), ("ana@пример.испытание", "ana@пример.испытание", "ana@xn--e1afmkfd.xn--80akhbyknj4f"),
    ("שלום@דוגמה.example", "שלום@דוגמה.example", "שלום@xn--6dbbec0c.example"),
    // What stands behind it.
    ("gijs@velden.example.", "gijs@velden.example", "gijs@velden.example"), ("els@velden.example;", "els@velden.example", "els@velden.example"),
    ("els@velden.example,", "els@velden.example", "els@velden.example"), ("els@velden.example ; ", "els@velden.example", "els@velden.example"),
    ("els@velden.example.,;", "els@velden.example", "els@velden.example"), ("els@velden.example...", "els@velden.example", "els@velden.example"),
    // A scheme.
    ("mailto:bert@velden.example", "bert@velden.example", "bert@velden.example"), ("MAILTO:Bert@velden.example", "Bert@velden.example", "bert@velden.example"),
    ("mailto: bert@velden.example;", "bert@velden.example", "bert@velden.example"), ("mail\u{200b}to:bert@velden.example", "bert@velden.example", "bert@velden.example"),
    ("mailto:mailto:bert@velden.example", "bert@velden.example", "bert@velden.example"),
    // Brackets and display names (RFC 5322, 3.4).
    ("<dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("Dirk Dijk <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"), ("Dirk Dijk<Dirk@velden.example>", "Dirk@velden.example", "dirk@velden.example"),
    ("\"Dijk, Dirk\" <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"), ("'Dirk Dijk' <dirk@velden.example>;", "dirk@velden.example", "dirk@velden.example"),
    ("Dirk (home) <dirk@velden.example>.", "dirk@velden.example", "dirk@velden.example"), ("Dirk @ Velden <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("Dirk <mailto:dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"), ("mailto:Dirk <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("Dirk < dirk@velden.example. >", "dirk@velden.example", "dirk@velden.example"), ("dirk@velden.example <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("\"DIRK@velden.example\" <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"), ("Dirk\r\n <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("=?utf-8?q?Dirk?= <dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"), ("Dirk\u{200e} <\u{200b}dirk@velden.example>", "dirk@velden.example", "dirk@velden.example"),
    ("\"o'neil@x.example\" <o'neil@x.example>", "o'neil@x.example", "o'neil@x.example"),
    ("Müller, Jürgen <juergen@müller.example>", "juergen@müller.example", "juergen@xn--mller-kva.example"),
];

/// Texts that are not one address, and why.
#[rustfmt::skip]
const NO_ADDRESSES: &[(&str, NoAddressReason)] = &[
    ("", EMPTY), (" ", EMPTY), ("\t\r\n", EMPTY), ("\u{200b}\u{feff}", EMPTY), ("\0", EMPTY), (";", EMPTY), ("mailto:", EMPTY), ("<>", EMPTY),
    ("Dirk <>", EMPTY), ("...", EMPTY),
    ("lou@velden.example; lou2@velden.example", SEVERAL), ("lou@velden.example;lou2@velden.example", SEVERAL),
    ("lou@velden.example,lou2@velden.example", SEVERAL), ("lou@velden.example lou2@velden.example", SEVERAL),
    ("lou@velden.example\nlou2@velden.example", SEVERAL), ("lou@velden.example\tlou2@velden.example", SEVERAL),
    ("lou@velden.example / lou2@velden.example", SEVERAL), ("lou@velden.example/lou2@velden.example", SEVERAL),
    ("lou@velden.example|lou2@velden.example", SEVERAL), ("lou@velden.example and lou2@velden.example", SEVERAL),
    ("lou@velden.example; lou2@velden.example;", SEVERAL), ("Lou <lou@velden.example>, Els <els@velden.example>", SEVERAL),
    ("lou@velden.example <els@velden.example>", SEVERAL), ("\"lou@velden.example\" <els@velden.example>", SEVERAL),
    ("Lou (lou@velden.example) <els@velden.example>", SEVERAL), ("mailto:lou@velden.example,mailto:els@velden.example", SEVERAL),
    ("Team: lou@velden.example, els@velden.example;", SEVERAL), ("lou@velden.example (els@velden.example)", SEVERAL),
    ("lou@velden.example，els@velden.example", SEVERAL), ("lou@velden.example；els@velden.example", SEVERAL),
    ("lou@velden.example, lou@velden.example", SEVERAL), ("a@x.example b c@x.example", SEVERAL),
    ("n/a", NOT_AN_ADDRESS), ("-", NOT_AN_ADDRESS), ("none", NOT_AN_ADDRESS), ("0612345678", NOT_AN_ADDRESS), ("ana", NOT_AN_ADDRESS),
    ("ana@", NOT_AN_ADDRESS), ("@x.example", NOT_AN_ADDRESS), ("ana@x", NOT_AN_ADDRESS), ("ana@localhost", NOT_AN_ADDRESS),
    ("a b@x.example", NOT_AN_ADDRESS), ("ana @x.example", NOT_AN_ADDRESS), ("ana@ x.example", NOT_AN_ADDRESS), ("ana\t@x.example", NOT_AN_ADDRESS),
    ("ana@@x.example", NOT_AN_ADDRESS), ("ana@b@x.example", NOT_AN_ADDRESS), (".ana@x.example", NOT_AN_ADDRESS), ("ana.@x.example", NOT_AN_ADDRESS),
    ("an..a@x.example", NOT_AN_ADDRESS), ("ana@x..example", NOT_AN_ADDRESS), ("ana@.example", NOT_AN_ADDRESS), ("ana@-x.example", NOT_AN_ADDRESS),
    ("ana@x-.example", NOT_AN_ADDRESS), ("ana@x_y.example", NOT_AN_ADDRESS), ("ana@x.exam ple", NOT_AN_ADDRESS), ("ana@xn--a.example", NOT_AN_ADDRESS),
    // IP addresses and numeric top-level domains.
    ("ana@127.0.0.1", NOT_AN_ADDRESS), ("ana@[127.0.0.1]", NOT_AN_ADDRESS), ("ana@[IPv6:::1]", NOT_AN_ADDRESS), ("ana@::1", NOT_AN_ADDRESS),
    ("ana@x.123", NOT_AN_ADDRESS), ("ana@1.2.3.4.5", NOT_AN_ADDRESS), ("ana@x.１２３", NOT_AN_ADDRESS), ("Ana <ana@10.0.0.1>", NOT_AN_ADDRESS),
    ("ana@2130706433", NOT_AN_ADDRESS), ("ana@x.example.1", NOT_AN_ADDRESS),
    // Quoted local parts, comments, and what else RFC 5322 allows and no directory takes.
    ("\"ana lindqvist\"@x.example", NOT_AN_ADDRESS), ("\"ana\"@x.example", NOT_AN_ADDRESS), ("\"a@b\"@x.example", NOT_AN_ADDRESS),
    ("ana@x.example (work)", NOT_AN_ADDRESS), ("(work) ana@x.example", NOT_AN_ADDRESS), ("ana(work)@x.example", NOT_AN_ADDRESS),
    ("<<ana@x.example>>", NOT_AN_ADDRESS),
];

#[test]
fn r61_r33_an_address_is_cleaned_and_keeps_its_letter_case() {
    for (text, stored, key) in ADDRESSES.iter().copied() {
        let address: Address = text
            .parse()
            .unwrap_or_else(|why| panic!("{}: {why}", text.escape_unicode()));
        assert_eq!(
            (address.original(), address.key().as_str()),
            (stored, key),
            "{}",
            text.escape_unicode()
        );
        assert!(address.is_clean());
    }
}

#[test]
fn r61_r32_a_text_that_is_not_one_address_says_why() {
    for (text, why) in NO_ADDRESSES.iter().copied() {
        assert_eq!(text.parse::<Address>().err(), Some(why), "{}", text.escape_unicode());
    }
    let long = format!("{}@x.example", "a".repeat(260));
    assert_eq!(long.parse::<Address>().err(), Some(NOT_AN_ADDRESS));
    let long = format!("ana@{}.example", "a".repeat(64));
    assert_eq!(long.parse::<Address>().err(), Some(NOT_AN_ADDRESS));
}

#[test]
fn r61_an_address_stored_earlier_is_read_as_it_is_and_compares_cleaned() {
    let stored = |text: &str| Address::stored(text);
    let dirty = stored("rita@x.example\u{200b}");
    assert_eq!(dirty.original(), "rita@x.example\u{200b}");
    assert!(!dirty.is_clean());
    assert_eq!(Ok(dirty), "rita@x.example".parse());
    // Accepted once, and no address any more.
    let literal = stored("Ana@10.0.0.1");
    assert_eq!(
        (literal.original(), literal.key().as_str()),
        ("Ana@10.0.0.1", "ana@10.0.0.1")
    );
    assert!(literal.is_clean());
}

#[test]
fn r50_an_address_is_not_in_its_debug_form() {
    let address: Address = "ana@x.example".parse().unwrap();
    assert_eq!(format!("{address:?} {:?}", address.key()), "Address(…) AddressKey(…)");
    let entered = EnteredAddress::try_from("ana@x.example".to_owned()).unwrap();
    assert_eq!(format!("{entered:?}"), "EnteredAddress(Address(…))");
    let none = read("ana@").unwrap_err();
    assert_eq!(format!("{none:?}"), "NoAddress { reason: NotAnAddress, .. }");
}

#[test]
fn r32_why_a_text_is_no_address_is_said_in_both_languages() {
    for why in [EMPTY, SEVERAL, NOT_AN_ADDRESS] {
        let (english, dutch) = (format!("{why}"), format!("{why:#}"));
        assert!(!english.is_empty() && !dutch.is_empty() && english != dutch, "{why:?}");
    }
}

#[test]
fn r33_an_address_has_a_local_part_and_a_domain() {
    let address: Address = "Ana.L@Müller.example".parse().unwrap();
    assert_eq!(address.key().local(), "ana.l");
    assert_eq!(address.key().domain(), "xn--mller-kva.example");
    let stored = Address::stored("Ana");
    assert_eq!((stored.key().local(), stored.key().domain()), ("ana", ""));
}

#[test]
fn r61_the_api_document_asks_for_an_address_that_is_not_empty() {
    let alone = schemars::schema_for!(EnteredAddress);
    assert_eq!(alone.get("title").unwrap(), "EnteredAddress");
    let address = SchemaGenerator::default().subschema_for::<EnteredAddress>();
    let said = |key| address.get(key).cloned();
    assert_eq!(
        (said("type"), said("minLength")),
        (Some("string".into()), Some(1.into()))
    );
}

proptest! {
    #[test]
    fn r61_cleaning_a_clean_address_changes_nothing(
        text in r#"[ <"]{0,2}[a-zA-Zé\u{301}\u{200b}\u{ad}.]{0,6}@[a-zA-Zü\u{200e}.。-]{0,8}\.[a-z]{2,4}[ >;.,"\t]{0,3}"#,
    ) {
        if let Ok(address) = text.parse::<Address>() {
            let again: Address = address.original().parse().unwrap();
            prop_assert_eq!(again.original(), address.original());
            prop_assert_eq!(again.key(), address.key());
            let key: Address = address.key().as_str().parse().unwrap();
            prop_assert_eq!(key.key(), address.key());
        }
    }

    #[test]
    fn r61_whatever_the_text_is_reading_it_ends(text in any::<String>()) {
        let _ = text.parse::<Address>();
    }
}
