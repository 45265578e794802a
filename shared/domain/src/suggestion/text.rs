//! What each reason says, in the languages of administrators.

use super::Similarity;
use crate::language::Language;

impl Similarity {
    /// The reason as a person understands it.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::LegalSuffix, Language::English) => "The names differ in the legal form, such as Ltd or B.V.",
            (Self::LegalSuffix, Language::Dutch) => "De namen verschillen in de rechtsvorm, zoals B.V. of Ltd.",
            (Self::Punctuation, Language::English) => "The names differ in punctuation or spaces.",
            (Self::Punctuation, Language::Dutch) => "De namen verschillen in leestekens of spaties.",
            (Self::WordOrder, Language::English) => "The names have their words in another order.",
            (Self::WordOrder, Language::Dutch) => "De woorden van de namen staan in een andere volgorde.",
            (Self::Spelling, Language::English) => "The names differ in a few letters.",
            (Self::Spelling, Language::Dutch) => "De namen verschillen in een paar letters.",
            (Self::EmailDomain, Language::English) => "Most e-mail addresses of both have the same domain.",
            (Self::EmailDomain, Language::Dutch) => "De meeste e-mailadressen van beide hebben hetzelfde domein.",
            (Self::WebSite, Language::English) => {
                "The company's web site has the domain of the managed company's e-mail addresses."
            }
            (Self::WebSite, Language::Dutch) => {
                "De website van het bedrijf heeft het domein van de e-mailadressen van het beheerde bedrijf."
            }
        }
    }
}
