use proptest::prelude::*;

use super::*;

/// Names as PSAs hold them, and as they are stored.
#[rustfmt::skip]
const NAMES: &[(&str, &str)] = &[
    // Nothing to clean.
    ("Acme", "Acme"), ("Acme B.V.", "Acme B.V."), ("O'Neill & Sons, Ltd", "O'Neill & Sons, Ltd"), ("3M", "3M"),
    ("100% \"Best\" <Shop>", "100% \"Best\" <Shop>"), ("=1+1", "=1+1"), ("日本電気株式会社", "日本電気株式会社"),
    ("שלום בע״מ", "שלום בע״מ"), ("شركة النور", "شركة النور"), ("Ελληνική ΑΕ", "Ελληνική ΑΕ"), ("ООО Ромашка", "ООО Ромашка"),
    ("हिन्दी", "हिन्दी"), ("한국전력", "한국전력"), ("🚀 Rocket", "🚀 Rocket"),
    // White space.
    (" Acme ", "Acme"), (" Acme", "Acme"), ("Acme ", "Acme"), ("Acme  Dental", "Acme Dental"), ("Acme\tDental", "Acme Dental"), ("Acme\nDental", "Acme Dental"),
    ("Acme\r\nDental", "Acme Dental"), ("Acme\u{b}Dental", "Acme Dental"), ("Acme\u{c}Dental", "Acme Dental"),
    ("Acme\u{85}Dental", "Acme Dental"), ("Acme\u{a0}Dental", "Acme Dental"), ("Acme\u{1680}Dental", "Acme Dental"),
    ("Acme\u{2003}Dental", "Acme Dental"), ("Acme\u{2009}\u{200a}Dental", "Acme Dental"), ("Acme\u{2028}Dental", "Acme Dental"),
    ("Acme\u{2029}Dental", "Acme Dental"), ("Acme\u{202f}Dental", "Acme Dental"), ("Acme\u{205f}Dental", "Acme Dental"),
    ("Acme\u{3000}Dental", "Acme Dental"), ("\u{a0}\u{3000}Acme\u{2029}\n", "Acme"), ("Acme \u{200b} Dental", "Acme Dental"),
    // Control characters.
    ("Acme\0", "Acme"), ("\u{1}Acme", "Acme"), ("Ac\u{7}me", "Acme"), ("Ac\u{8}me", "Acme"), ("Ac\u{1b}[31mme", "Ac[31mme"),
    ("Ac\u{1f}me", "Acme"), ("Ac\u{7f}me", "Acme"), ("Ac\u{80}me", "Acme"), ("Ac\u{84}me", "Acme"), ("Ac\u{86}me", "Acme"),
    ("Ac\u{9f}me", "Acme"), ("An\r\n\u{7}na", "An na"), ("Con\u{85}trol\u{7} BV", "Con trol BV"),
    // Default-ignorable code points.
    ("Zonne\u{ad}veld", "Zonneveld"), ("Zonne\u{34f}veld", "Zonneveld"), ("Zonne\u{61c}veld", "Zonneveld"),
    ("Zonne\u{115f}veld", "Zonneveld"), ("Zonne\u{1160}veld", "Zonneveld"), ("Zonne\u{17b4}veld", "Zonneveld"),
    ("Zonne\u{17b5}veld", "Zonneveld"), ("Zonne\u{180b}veld", "Zonneveld"), ("Zonne\u{180e}veld", "Zonneveld"),
    ("Zonne\u{180f}veld", "Zonneveld"), ("Zonneveld\u{200b} BV", "Zonneveld BV"), ("Zonne\u{200c}veld", "Zonneveld"),
    ("Zonne\u{200d}veld", "Zonneveld"), ("Dräger\u{200e}", "Dräger"), ("\u{200f}Dräger", "Dräger"),
    ("\u{202a}Dräger\u{202c}", "Dräger"), ("\u{202b}Dräger\u{202c}", "Dräger"), ("\u{202d}Dräger\u{202c}", "Dräger"),
    ("\u{202e}Dräger\u{202c}", "Dräger"), ("Zonne\u{2060}veld", "Zonneveld"), ("Zonne\u{2061}veld", "Zonneveld"),
    ("Zonne\u{2064}veld", "Zonneveld"), ("Zonne\u{2065}veld", "Zonneveld"), ("\u{2066}Dräger\u{2069}", "Dräger"),
    ("\u{2067}Dräger\u{2069}", "Dräger"), ("\u{2068}Dräger\u{2069}", "Dräger"), ("Zonne\u{206a}veld", "Zonneveld"),
    ("Zonne\u{206f}veld", "Zonneveld"), ("Zonne\u{3164}veld", "Zonneveld"), ("Zonne\u{fe00}veld", "Zonneveld"),
    ("Heart ❤\u{fe0f}", "Heart ❤"), ("\u{feff}Zonneveld", "Zonneveld"), ("Zonne\u{ffa0}veld", "Zonneveld"),
    ("Zonne\u{fff0}veld", "Zonneveld"), ("Zonne\u{1bca0}veld", "Zonneveld"), ("Zonne\u{1d173}veld", "Zonneveld"),
    ("Zonne\u{e0001}veld", "Zonneveld"), ("Zonne\u{e0041}veld", "Zonneveld"), ("Zonne\u{e0100}veld", "Zonneveld"),
    // Composed and decomposed.
    ("Cafe\u{301}", "Café"), ("Mu\u{308}ller", "Müller"), ("A\u{30a}kesson", "Åkesson"), ("\u{212b}kesson", "Åkesson"),
    ("Jose\u{200b}\u{301}", "José"), ("\u{1112}\u{1161}\u{11ab}국", "한국"),
];

#[test]
fn r60_names_are_cleaned() {
    for (entered, stored) in NAMES.iter().copied() {
        assert_eq!(clean(entered), stored, "{}", entered.escape_unicode());
        assert_eq!(cleaned(entered.to_owned()), stored, "{}", entered.escape_unicode());
    }
}

#[test]
fn r60_r21_a_plain_name_is_read_as_any_other() {
    for c in '\0'..='\u{7f}' {
        for plain in [
            format!("{c}"),
            format!("{c}A{c} B{c}"),
            format!("{c} {c}"),
            format!("A {c}"),
        ] {
            // What cannot be seen makes it a name of which everything is looked at.
            let other = format!("{plain}\u{200b}");
            assert_eq!(clean(&plain), clean(&other), "{plain:?}");
            assert_eq!(NameKey::of(&plain), NameKey::of(&other), "{plain:?}");
        }
    }
}

#[test]
fn r60_a_name_of_nothing_visible_is_empty() {
    for blank in [
        "",
        " ",
        "\t\n",
        "\0",
        "\u{200b}",
        " \u{ad} \u{7}",
        "\u{3164}",
        "\u{2800}\u{200b}",
    ] {
        // The blank braille pattern is a character like others.
        assert_eq!(clean(blank).is_empty(), !blank.contains('\u{2800}'), "{blank:?}");
    }
}

#[test]
fn r60_a_company_without_a_name_gets_its_identifier_or_id() {
    let id = PsaCompanyId::new("77040");
    assert_eq!(of_company("Acme ", Some("ACM"), &id), "Acme");
    assert_eq!(of_company(" ", Some(" ACM\u{200b}"), &id), "ACM");
    assert_eq!(of_company("\u{ad}", Some("\u{7}"), &id), "Company 77040");
    assert_eq!(of_company("", None, &id), "Company 77040");
}

#[test]
fn r60_an_entered_name_is_cleaned_and_has_a_length() {
    let name = |text: &str| Name::<5>::try_from(text.to_owned()).map(String::from);
    assert_eq!(name(" Dräg\u{200e}er "), Err(InvalidName { most: 5 }));
    assert_eq!(name(" Drä\u{200e}ge "), Ok("Dräge".to_owned()));
    for blank in ["", " ", "\u{200b}\u{7}"] {
        assert!(name(blank).is_err(), "{blank:?}");
    }
    let entered = Name::<5>::try_from("Drä".to_owned()).unwrap();
    assert_eq!(&*entered, "Drä");
    assert_eq!(format!("{entered:?}"), "Name(4 bytes)");
    for why in [
        InvalidName { most: 5 }.to_string(),
        format!("{:#}", InvalidName { most: 5 }),
    ] {
        assert!(why.contains('5'), "{why}");
    }
}

#[test]
fn r60_the_api_document_says_how_long_a_name_may_be() {
    let alone = schemars::schema_for!(Name<5>);
    assert_eq!(alone.get("title").unwrap(), "Name5");
    let name = SchemaGenerator::default().subschema_for::<Name<5>>();
    let said = |key| name.get(key).cloned();
    assert_eq!(
        (said("type"), said("minLength"), said("maxLength")),
        (Some("string".into()), Some(1.into()), Some(5.into()))
    );
}

#[test]
fn r21_names_are_the_same_after_nfkc_case_folding_and_collapsing_white_space() {
    for (one, other) in [
        ("Acme  Dental ", " ACME dental"),
        ("Straße GmbH", "STRASSE GMBH"),
        ("ﬁne", "FINE"),
        ("Ａｃｍｅ", "acme"),
        ("Café", "Cafe\u{301}"),
        ("A\u{a0}B", "a b"),
        ("Zonneveld\u{200b} BV", "Zonneveld BV"),
        ("Drä\u{ad}ger\u{200e}", "dräger"),
    ] {
        assert_eq!(NameKey::of(one), NameKey::of(other), "{one} / {other}");
    }
}

#[test]
fn r16_names_sort_as_people_sort_them() {
    let sorted = [
        "Bäckerei Grün",
        "Bakery Moore",
        "brasserie Oost",
        "Übersetzungsbüro",
        "Zahnarzt",
    ];
    let keys = sorted.map(|name| NameKey::of(name).sorted_as());
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn r21_punctuation_and_legal_suffixes_make_a_different_name() {
    assert_ne!(NameKey::of("Acme B.V."), NameKey::of("Acme BV"));
    assert_ne!(NameKey::of("Acme"), NameKey::of("Acme BV"));
}

proptest! {
    #[test]
    fn r60_cleaning_a_clean_name_changes_nothing(name in any::<String>()) {
        let once = clean(&name);
        prop_assert_eq!(&clean(&once), &once);
        prop_assert!(!once.contains(crate::visible::is_invisible));
        prop_assert!(!once.contains("  ") && once.trim() == once);
    }

    #[test]
    fn r60_r21_a_name_compares_as_its_cleaned_form(name in r"[ a-zé\u{300}-\u{302}\u{ad}\u{200b}\u{200e}\u{7}\t\u{fe0f}ﬁ]{0,12}") {
        prop_assert_eq!(NameKey::of(&name), NameKey::of(&clean(&name)));
    }
}

#[test]
fn r57_a_first_or_a_last_name_in_common_may_be_one_person() {
    for (one, other, expected) in [
        ("Ada Smit", "ADA  smit", true),
        ("Ada Smit", "Ada Jansen", true),
        ("Ada van den Berg", "Bob van den Berg", true),
        ("A\u{ad}da Smit", "Ada de Vries", true),
        ("Smit", "Ada Smit", true),
        ("Ada", "Ada Smit", true),
        ("", "", true),
        ("Ada Smit", "Xander van den Berg", false),
        ("Ada Berg", "Xander van den Berg", false),
        ("Smit Ada", "Ada Smit", false),
        ("", "Ada Smit", false),
        ("Ada", "Bob", false),
    ] {
        assert_eq!(may_be_one_person(one, other), expected, "{one} {other}");
        assert_eq!(may_be_one_person(other, one), expected, "{other} {one}");
    }
}

#[test]
fn r73_a_search_finds_what_the_name_holds() {
    let names = [
        "Renée Zoekmaar",
        "RENEE ZOEKMAAR",
        "renee@een.example",
        " renee  zoekmaar ",
        "Ren\u{200b}ée",
        "Straße",
        "",
        "a\tb",
    ];
    let searches = ["renee zoek", "RENÉE", "strasse", "@een", "", " ", "a b", "nobody"];
    for name in names {
        for search in searches {
            let expected = NameKey::of(name).sorted_as().contains(&NameKey::of(search).sorted_as());
            assert_eq!(Searched::of(search).is_in(name), expected, "{search:?} in {name:?}");
        }
    }
}
