//! The awkward cases, present in every size: what PSAs hold in real life.

use super::{Company, Contact, Kind};

/// The MSP's own company, number 1.
pub const OWN: &str = "Noordzee ICT Beheer B.V.";
/// Two different companies bear exactly this name.
pub const NAMESAKE: &str = "Bakkerij van Dijk B.V.";
/// Two companies whose names differ by upper and lower case only.
pub const CASE_PAIR: [&str; 2] = ["Brasserie du Port", "BRASSERIE DU PORT"];
/// Two companies whose names differ by white space only: one ends in a space, one has two in the middle.
pub const SPACE_PAIR: [&str; 2] = ["Apotheek Centraal ", "Apotheek  Centraal"];
/// Two companies whose names look the same: composed and decomposed letters.
pub const COMPOSED_PAIR: [&str; 2] = ["Caf\u{e9} Ren\u{e9}", "Cafe\u{301} Rene\u{301}"];
/// Two companies whose names differ by the legal suffix, with one domain and one web site.
pub const SUFFIX_PAIR: [&str; 2] = ["Müller & Söhne", "Müller & Söhne GmbH"];
/// Two companies whose names differ by punctuation.
pub const PUNCTUATION_PAIR: [&str; 2] = ["Notariat Dr. Vogel", "Notariat Dr Vogel"];
/// A zero-width space and a no-break space.
pub const INVISIBLE: &str = "Zahnarztpraxis\u{200b}\u{a0}Sommer";
/// A NUL in the middle.
pub const NUL: &str = "Drukkerij\u{0}Smets";
/// What query strings, quoted text and CSV stumble over.
pub const PUNCTUATION: &str = "O'Brien & Sons \"Catering\", 100% + More Ltd";
/// Looks like HTML and is not.
pub const ENTITY: &str = "Schmidt &amp; Partner";
/// Exactly 50 characters, more bytes.
pub const FIFTY: &str = "Übersetzungsbüro für Dänisch, Français & Íslensku.";
/// Exactly 100 characters, more bytes.
pub const HUNDRED: &str =
    "Vereinigung der Hörgeräte, Brillen- und Prothesenhändler Österreichs, Südtirols und Graubündens e.V.";
/// Receives every unknown sender; its contacts are junk.
pub const CATCH_ALL: &str = "Onbekende afzenders (catch-all)";
/// Inactive, with active contacts.
pub const INACTIVE: &str = "Reisbureau Horizon";
/// Sells to the MSP.
pub const VENDOR: &str = "Distri Cloud Europe N.V.";
/// Its domain has letters outside ASCII.
pub const IDN: &str = "Bäckerei Grün";
/// Has no contact at all.
pub const EMPTY: &str = "Stichting Leegstand";
/// Has the most contacts: 20,000 in [`super::Size::Extreme`].
pub const BIGGEST: &str = "Streekziekenhuis Noord";
/// Its volunteers typed the contacts: most bad addresses are here.
pub const MESSY: &str = "Sportvereniging De Meeuwen";

/// One address of a contact of [`MESSY`] and of one of [`PUNCTUATION_PAIR`]'s first.
pub const IN_TWO_COMPANIES: &str = "boekhouding@kantoor-jansen.example";
/// One address of two contacts of [`MESSY`].
pub const TWICE_IN_COMPANY: &str = "penningmeester@demeeuwen.example";
/// One mailbox that three contacts of the first [`SUFFIX_PAIR`] company use.
pub const SHARED_MAILBOX: &str = "info@mueller-soehne.example";
/// One address in two spellings of its domain: two contacts of [`IDN`].
pub const IDN_PAIR: [&str; 2] = ["laden@bäckerei-grün.example", "laden@xn--bckerei-grn-l8a53a.example"];
/// Upper and lower case mixed.
pub const MIXED_CASE: &str = "Wim.VanDijk@BakkerijVanDijk.Example";
/// First and last name of three contacts: two in [`BIGGEST`], one in the first [`NAMESAKE`].
pub const HOMONYM: (&str, &str) = ("Jan", "de Vries");
/// Each is the only address of one contact of [`MESSY`] and none is one.
pub const INVALID: [&str; 6] = [
    "geen",
    "info@",
    "@demeeuwen.example",
    "piet@@demeeuwen.example",
    "piet klaas@demeeuwen.example",
    "een-heel-lange-naam-die-iemand-uit-een-ander-veld-heeft-geplakt-en@demeeuwen.example",
];

type CompanyCase = (
    &'static str,
    Kind,
    bool,
    Option<&'static str>,
    &'static str,
    u8,
    &'static str,
);

#[rustfmt::skip]
const COMPANIES: [CompanyCase; 26] = [
    (OWN, Kind::Customer, true, Some("https://www.noordzee-ict.example"), "noordzee-ict.example", 0, "Den Helder"),
    (NAMESAKE, Kind::Customer, true, Some("www.bakkerijvandijk.example/"), "bakkerijvandijk.example", 1, "Alkmaar"),
    (NAMESAKE, Kind::Customer, true, None, "vandijkbrood.example", 1, "Zwolle"),
    (CASE_PAIR[0], Kind::Customer, true, Some(""), "brasserie-du-port.example", 2, "Dunkerque"),
    (CASE_PAIR[1], Kind::Prospect, true, None, "brasserieduport.test", 2, "Oostende"),
    (SPACE_PAIR[0], Kind::Customer, true, Some("http://apotheekcentraal.example"), "apotheekcentraal.example", 3, "Utrecht"),
    (SPACE_PAIR[1], Kind::Customer, true, None, "apotheek-centraal.example", 3, "Gent"),
    (COMPOSED_PAIR[0], Kind::Customer, true, None, "cafe-rene.example", 2, "Lille"),
    (COMPOSED_PAIR[1], Kind::Lead, true, None, "caferene.test", 2, "Lille"),
    (SUFFIX_PAIR[0], Kind::Customer, true, Some("www.mueller-soehne.example"), "mueller-soehne.example", 4, "Emden"),
    (SUFFIX_PAIR[1], Kind::Customer, true, Some("http://mueller-soehne.example/kontakt"), "mueller-soehne.example", 4, "Oldenburg"),
    (PUNCTUATION_PAIR[0], Kind::Customer, true, None, "notariat-vogel.example", 5, "Aachen"),
    (PUNCTUATION_PAIR[1], Kind::Customer, true, None, "vogel-notariat.example", 5, "Aachen"),
    (INVISIBLE, Kind::Customer, true, None, "praxis-sommer.example", 3, "Münster"),
    (NUL, Kind::Customer, true, None, "drukkerijsmets.example", 4, "Hasselt"),
    (PUNCTUATION, Kind::Customer, true, Some("https://obrien-catering.example/?a=b&c=d"), "obrien-catering.example", 2, "Leeds"),
    (ENTITY, Kind::Partner, true, None, "schmidt-partner.example", 5, "Emden"),
    (FIFTY, Kind::Prospect, true, None, "uebersetzungen.example", 0, "Duisburg"),
    (HUNDRED, Kind::Lead, true, None, "hoeren-und-sehen.example", 3, "Würzburg"),
    (CATCH_ALL, Kind::Customer, true, None, "onbekend.test", 0, "Den Helder"),
    (INACTIVE, Kind::Customer, false, Some("www.reisbureau-horizon.example"), "reisbureau-horizon.example", 1, "Breda"),
    (VENDOR, Kind::Vendor, true, Some("https://distri-cloud.example"), "distri-cloud.example", 0, "Mechelen"),
    (IDN, Kind::Customer, true, Some("https://bäckerei-grün.example"), "bäckerei-grün.example", 1, "Göttingen"),
    (EMPTY, Kind::Dead, true, None, "leegstand.example", 0, "Emmen"),
    (BIGGEST, Kind::Customer, true, Some("https://streekziekenhuis-noord.example"), "streekziekenhuis-noord.example", 3, "Groningen"),
    (MESSY, Kind::Customer, true, None, "demeeuwen.example", 0, "Texel"),
];

/// The companies of the cases, numbered from 1.
pub(super) fn companies() -> Vec<Company> {
    (1..)
        .zip(COMPANIES)
        .map(
            |(number, (name, kind, active, website, domain, segment, city))| Company {
                number,
                name: name.into(),
                kind,
                active,
                website: website.map(Into::into),
                domain: domain.into(),
                own: number == 1,
                segment,
                city,
            },
        )
        .collect()
}

type ContactCase = (&'static str, &'static str, &'static str, &'static [&'static str]);

/// Company, first name, last name, addresses. No company is `""`.
#[rustfmt::skip]
const CONTACTS: [ContactCase; 44] = [
    (MESSY, "Greet", "Bakker", &[]),
    (MESSY, "Kees", "Visser", &[""]),
    (MESSY, "Ria", "Smit", &[" "]),
    (MESSY, "Aad", "Kuiper", &[INVALID[0]]),
    (MESSY, "Corrie", "Dekker", &[INVALID[1]]),
    (MESSY, "Wil", "Postma", &[INVALID[2]]),
    (MESSY, "Piet", "Klaassen", &[INVALID[3]]),
    (MESSY, "Piet", "Klaas", &[INVALID[4]]),
    (MESSY, "Leo", "Prins", &[INVALID[5]]),
    (MESSY, "Joke", "Mulder", &[TWICE_IN_COMPANY]),
    (MESSY, "Henk", "Mulder", &[TWICE_IN_COMPANY]),
    (MESSY, "Trees", "Hoekstra", &["secretaris@demeeuwen.example"]),
    (MESSY, "Theresia", "Hoekstra-Vos", &["Secretaris@DeMeeuwen.Example"]),
    (MESSY, "Administratie", "", &[IN_TWO_COMPANIES]),
    (PUNCTUATION_PAIR[0], "Herr", "Jansen", &[IN_TWO_COMPANIES]),
    (MESSY, "Nel", "Brouwer", &["", "nel.brouwer@demeeuwen.example"]),
    (MESSY, "Fred", "Timmer", &["  fred.timmer@demeeuwen.example "]),
    (MESSY, "Gerda", "Timmer", &["gerda@demeeuwen.example", "GERDA@demeeuwen.example"]),
    (MESSY, "", "Wedstrijdzaken", &["wedstrijden@demeeuwen.example"]),
    (MESSY, "Sjaan", "", &["sjaan@demeeuwen.example"]),
    (MESSY, "", "", &["kantine@demeeuwen.example"]),
    (NAMESAKE, "Wim", "van Dijk", &[MIXED_CASE]),
    (NAMESAKE, HOMONYM.0, HOMONYM.1, &["jan@bakkerijvandijk.example"]),
    (BIGGEST, HOMONYM.0, HOMONYM.1, &["jan.de.vries@streekziekenhuis-noord.example"]),
    (BIGGEST, HOMONYM.0, HOMONYM.1, &["jan.de.vries.ok@streekziekenhuis-noord.example"]),
    (BIGGEST, "Nynke", "Wiersma", &["n.wiersma@streekziekenhuis-noord.example", "nynke@maatschap-wiersma.example", "nynke.wiersma@thuis.test"]),
    (BIGGEST, "Sietse", "Dijkstra", &["s.dijkstra@streekziekenhuis-noord.example", "sietse@dijkstra.test"]),
    (IDN, "Laden", "Mitte", &[IDN_PAIR[0]]),
    (IDN, "Laden", "Süd", &[IDN_PAIR[1]]),
    (IDN, "Änne", "Grün", &["änne@bäckerei-grün.example"]),
    (SUFFIX_PAIR[0], "Empfang", "", &[SHARED_MAILBOX]),
    (SUFFIX_PAIR[0], "Ute", "Müller", &[SHARED_MAILBOX]),
    (SUFFIX_PAIR[0], "Jörg", "Müller", &[SHARED_MAILBOX, "joerg.mueller@mueller-soehne.example"]),
    (SUFFIX_PAIR[1], "Lager", "Versand", &["lager@mueller-soehne.example"]),
    ("", "Losse", "Bezoeker", &["losse.bezoeker@onbekend.test"]),
    ("", "Piet", "Zwerver", &[]),
    (INACTIVE, "Mieke", "Claes", &["mieke@reisbureau-horizon.example"]),
    (INACTIVE, "Bart", "Claes", &["bart@reisbureau-horizon.example"]),
    (INACTIVE, "Oud", "Medewerker", &["oud@reisbureau-horizon.example"]),
    (NAMESAKE, "Vroegere", "Verkoper", &["verkoop@bakkerijvandijk.example"]),
    (PUNCTUATION, "D'Arcy", "O'Neill, \"Bob\"", &["d'arcy.o'neill+orders@obrien-catering.example"]),
    (NUL, "An\u{0}", "Smets ", &["an@drukkerijsmets.example"]),
    (FIFTY, "Guðrún Þórbjörg Ævarsdóttir", "Ólafsdóttir Sæmundsson-Löfgren", &["gudrun@uebersetzungen.example"]),
    (VENDOR, "Sales", "Benelux", &["sales@distri-cloud.example"]),
];

/// The contacts of the cases, numbered from 1.
pub(super) fn contacts(companies: &[Company]) -> Vec<Contact> {
    (1..)
        .zip(CONTACTS)
        .map(|(number, (company, first, last, emails))| Contact {
            number,
            company: companies.iter().find(|c| c.name == company).map(|c| c.number),
            first: first.into(),
            last: last.into(),
            title: "",
            emails: emails.iter().map(|&e| e.into()).collect(),
            active: !matches!(first, "Oud" | "Vroegere"),
            primary: false,
        })
        .collect()
}
