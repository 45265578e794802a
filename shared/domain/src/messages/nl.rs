//! Dutch.

use std::borrow::Cow;

use super::texts::{Messages, counted, minute};
use crate::address::NoAddressReason;
use crate::import::{Holder, ImportState};
use crate::not_in::{PersonAbsence, SuspiciousSnapshot};
use crate::plan::Reason;
use crate::plan::mass_change::MassChange;
use crate::problem::{DirectoryFailure, Limited, Mistake, Problem, ResourceKind, UrlRefused, ValueKind};
use crate::psa::{PsaFailure, PsaFailureKind, VendorId};
use crate::reading::FullReadReason;
use crate::row::Absence;
use crate::suggestion::Similarity;

pub(super) struct Dutch;

impl Messages for Dutch {
    fn problem(&self, problem: &Problem) -> String {
        match problem {
            Problem::CredentialsRequired { field: Some(field) } => format!(
                "De inloggegevens zijn niet compleet: \"{field}\" is leeg. Vul alle velden in en probeer het opnieuw."
            ),
            Problem::CredentialsRequired { field: None } => "Voor deze integratie zijn geen inloggegevens opgeslagen. Open de integratie, kies \"Vervang de inloggegevens\" en probeer het opnieuw.".to_owned(),
            Problem::IntegrationLocked(holder) => locked(holder),
            Problem::LockedByCaller(holder) => locked_by_caller(holder),
            Problem::InsufficientLicences { needed, available } => {
                let be = if *needed == 1 { "is" } else { "zijn" };
                let needed = counted(*needed, "licentie", "licenties");
                format!("Er {be} {needed} nodig en {available} beschikbaar. Er is niets gewijzigd. Koop licenties bij of vink minder adressen aan.")
            }
            Problem::Psa { psa, failure } => psa_failure(*psa, failure),
            Problem::DirectoryCannot => "De bedrijven en gebruikers van deze MSP staan in een directory die hier niet met de hand wordt gewijzigd. Wijzig dit in de console van die directory; een ander adres kan ook in de PSA worden ingevoerd, en de volgende import vraagt de gebruiker dan om akkoord te gaan.".to_owned(),
            Problem::Directory(DirectoryFailure::Unauthorized) => "De directory weigert de API-sleutel: die is onjuist of ingetrokken. Maak in de console van de directory een nieuwe sleutel en vul die hier in; koppelingen blijven bestaan.".to_owned(),
            Problem::Directory(DirectoryFailure::Forbidden) => "De API-sleutel mist het recht om beheerde bedrijven en hun gebruikers te lezen. Geef dat in de console van de directory, of vul een sleutel in die het heeft.".to_owned(),
            Problem::Directory(DirectoryFailure::OtherAccount) => "Onder deze API-sleutel staat minder dan de helft van de gekoppelde bedrijven: het is de sleutel van een ander account. Er is niets opgeslagen. Vul een sleutel in van het account waarin de bedrijven staan.".to_owned(),
            Problem::Directory(DirectoryFailure::Unavailable) => "De directory geeft geen antwoord, of niet zoals verwacht. Er is niets gewijzigd. Probeer het later opnieuw.".to_owned(),
            Problem::IntegrationPaused => "Deze integratie is gepauzeerd: planningen en gebeurtenissen starten er geen imports van. Hervat de integratie of start de import met de hand.".to_owned(),
            Problem::IntegrationNotFound => "Deze integratie bestaat niet. Verbind eerst uw PSA.".to_owned(),
            Problem::NotFound { what: ResourceKind::Resource } => "Dit endpoint bestaat niet, of de methode is er niet toegestaan. Zie /openapi.json voor de endpoints en hun methoden.".to_owned(),
            Problem::NotFound { what } => {
                let what = self.resource(*what);
                format!("Er is geen {what} met dit id. Vernieuw de lijst en kies opnieuw.")
            }
            Problem::UnsupportedMediaType => "Voor dit verzoek is \"Content-Type: application/json\" vereist. Er is niets gewijzigd. Stuur de inhoud als JSON, met deze header.".to_owned(),
            Problem::InvalidFilter { attribute, value: Some(value) } => format!(
                "Het filterkenmerk \"{attribute}\" heeft in de PSA geen waarde met het id \"{value}\". Kies een id uit de lijst van waarden."
            ),
            Problem::InvalidFilter { attribute, value: None } => format!(
                "De PSA kent geen filterkenmerk \"{attribute}\", of het heeft geen waarde gekregen. Kies een kenmerk en een waarde uit de lijst."
            ),
            Problem::InvalidRequest { .. } => "Het verzoek is niet geldig; \"errors\" zegt wat en waar. Er is niets gewijzigd.".to_owned(),
            Problem::InvalidPsaAddress { reason } => {
                let reason = self.url_refused(*reason);
                format!("Het adres van de PSA is geweigerd: {reason}. Vul de hostnaam in waarmee u de PSA opent.")
            }
            Problem::DecisionConflict { version } => format!(
                "Dit is intussen gewijzigd (versie {version}). Laad het opnieuw en herhaal uw wijziging."
            ),
            Problem::PlanChanged { .. } => "Waar het plan op berust is gewijzigd sinds u het zag. Er is niets geschreven. Bekijk het nieuwe plan en bevestig dat.".to_owned(),
            Problem::MassChange(MassChange { changes, limit }) => format!(
                "Deze import maakt of wijzigt {changes} bedrijven en gebruikers; zonder bevestiging zijn het er hoogstens {limit}. Er is niets gewijzigd. Bekijk het plan, en bevestig daarbij dat zoveel wijzigingen de bedoeling zijn."
            ),
            Problem::WrongState { state } => {
                let code = state.as_str();
                let says = match state {
                    ImportState::Fetching => "wordt opgehaald",
                    ImportState::Review => "wordt beoordeeld",
                    ImportState::Executing => "wordt uitgevoerd",
                    ImportState::Done => "klaar is",
                    ImportState::Failed => "is mislukt",
                    ImportState::Cancelled => "is geannuleerd",
                };
                format!("Dit kan niet, omdat de import {says} (toestand \"{code}\"). Laad de import opnieuw om te zien wat wel kan.")
            }
            Problem::NotSelectable { status } => format!(
                "Deze rij kan nog niet worden aangevinkt (status \"{status}\"). Los eerst op wat de rij meldt."
            ),
            Problem::LimitExceeded { of } => {
                let limit = of.limit();
                match of {
                    Limited::Integrations => format!("Een MSP heeft hoogstens {limit} integraties. Er is niets gewijzigd. Verwijder een integratie die niet meer wordt gebruikt en voeg deze dan toe."),
                    Limited::Companies => format!("De PSA heeft meer dan {limit} bedrijven die aan het filter voldoen; meer leest een import niet. Start een import met een enger filter."),
                    Limited::Contacts => format!("De PSA heeft meer dan {limit} contacten die aan het filter voldoen; meer leest een import niet. Start een import met een enger filter."),
                    Limited::Rules => format!("Een import, en elk van de bedrijven daarin, heeft hoogstens {limit} beslissingen over veel rijen tegelijk. Er is niets gewijzigd. Trek er een in, of beslis per rij."),
                    Limited::NamedRows => format!("De beslissingen over veel rijen van een import noemen hoogstens {limit} rijen bij hun id. Er is niets gewijzigd. Trek er een in die rijen noemt, of beslis op status of zoekterm."),
                    Limited::Exclusions => format!("Een integratie heeft hoogstens {limit} uitgesloten bedrijven en personen, en minder als de redenen lang zijn. Er is niets gewijzigd. Haal er enkele terug, of laat ze met het filter van de import weg."),
                    Limited::DroppedMappings => format!("Een integratie heeft hoogstens {limit} bedrijven waarvan de koppeling met de hand is losgemaakt. Er is niets gewijzigd. Kies in een import een ander beheerd bedrijf voor de rij."),
                }
            }
            Problem::TooManyCalls { retry_after } => format!("Uw MSP heeft te veel aanroepen gedaan die een PSA lezen of een plan berekenen. Er is niets gewijzigd. Probeer het over {} opnieuw.", counted(*retry_after, "seconde", "seconden")),
            Problem::NotAdministrator => "Alleen een beheerder van een MSP mag dit. Meld u als beheerder aan.".to_owned(),
            Problem::SnapshotExpired => "De import is te oud. Het plan kan tot 7 dagen na de start worden bevestigd, en de rijen blijven 14 dagen bewaard. Start een nieuwe import.".to_owned(),
            Problem::ImportAbandoned => "De import is opgegeven, of de vergrendeling verliep en een andere import nam het over. Wat gedaan is staat in het resultaat; start een nieuwe import voor de rest.".to_owned(),
            Problem::ReviewLapsed => "Niemand werkte aan deze beoordeling tot de vergrendeling verliep; daarom heeft een andere import of het verwijderen van de integratie haar beëindigd. Er is niets gewijzigd. Start een nieuwe import.".to_owned(),
            Problem::NewerVersion => "Een nieuwere versie van deze dienst heeft deze gegevens opgeslagen, en deze versie kan ze niet lezen. Er is niets gewijzigd. Probeer het opnieuw als de update klaar is; gebeurt het weer, meld dan het correlatie-id, of het id van de import.".to_owned(),
            Problem::Internal => "Er ging bij ons iets mis. Probeer het opnieuw; gebeurt het weer, meld dan het correlatie-id, of het id van de import.".to_owned(),
        }
    }

    #[rustfmt::skip]
    fn reason(&self, reason: Reason) -> (&'static str, &'static str) {
        match reason {
            Reason::AskedFor => ("U hebt dit zo gekozen.", ""),
            Reason::NotMapped => ("Het is nog niet eerder geïmporteerd.", ""),
            Reason::SameNameOrChosen => ("Het beheerde bedrijf heeft dezelfde naam of is gekozen.", ""),
            Reason::RenamedInPsa => ("Het kreeg in de PSA een andere naam.", ""),
            Reason::Mapped => ("Het is eerder geïmporteerd en er is niets veranderd.", ""),
            Reason::Ticked => ("Het is aangevinkt en niemand heeft dit adres al.", ""),
            Reason::SameAddressOrChosen => ("De gebruiker heeft hetzelfde adres of is gekozen.", ""),
            Reason::ChangedInPsa => ("Het adres is in de PSA gewijzigd.", ""),
            Reason::ReplacedInPsa => ("Het adres is in de PSA door een ander vervangen.", ""),
            Reason::Chosen => ("De gebruiker is gekozen en krijgt dit adres.", ""),
            Reason::SpellingCorrected => ("Onzichtbare tekens worden verwijderd.", ""),
            Reason::SameAddressInAnotherCompany => ("Een ander bedrijf in deze import krijgt de gebruiker met dit adres.", ""),
            Reason::Dangling => ("Het beheerde bedrijf staat niet in de directory: het is daar verwijderd, of hoort bij de directory die eerder was gekozen.", "Kies een ander beheerd bedrijf of maak een nieuw."),
            Reason::Ambiguous => ("Meerdere bedrijven hebben deze naam.", "Kies een van de kandidaten of maak een nieuw bedrijf."),
            Reason::ManagedCompanyNotFound => ("Het gekozen beheerde bedrijf bestaat niet.", "Kies een ander."),
            Reason::AlreadyMapped => ("Het beheerde bedrijf is aan een ander PSA-bedrijf gekoppeld.", "Kies een ander. Of beëindig deze import, maak die koppeling los bij \"Gekoppelde bedrijven\" van haar integratie en importeer opnieuw."),
            Reason::UserNotFound => ("De gekozen gebruiker bestaat niet in dit beheerde bedrijf.", "Kies een andere gebruiker."),
            Reason::UserAlreadyMapped => ("De gebruiker is aan een andere contactpersoon gekoppeld.", "Kies een andere gebruiker of vink een van beide uit."),
            Reason::Excluded => ("Eerder geïmporteerd en sindsdien blijvend uitgesloten.", "Haal de contactpersoon terug om het adres mee te nemen; de toegang blijft zoals die is."),
            Reason::Unticked => ("Eerder geïmporteerd en nu niet aangevinkt.", "Vink het aan om het mee te nemen; de toegang blijft zoals die is."),
            Reason::NoAddress => ("De contactpersoon heeft geen geldig e-mailadres.", "Verbeter het adres in de PSA en importeer opnieuw."),
            Reason::AddressConflict => ("Een andere gebruiker heeft dit adres al.", "Geef die gebruiker een ander adres of verbeter het adres in de PSA."),
            Reason::ImportAgain => ("De gebruiker met dit adres krijgt eerst een ander adres.", "Importeer opnieuw; dan is het adres vrij."),
            Reason::PossibleSuccessor => ("De contactpersoon heeft een andere naam en een ander adres: het kan iemand anders zijn.", "Vink de rij aan als het dezelfde persoon is. Is het iemand anders, vink de rij dan aan en maak een nieuwe gebruiker; de oude blijft."),
            Reason::FormerCompanyGone => ("De PSA heeft het bedrijf niet meer waaraan het beheerde bedrijf was gekoppeld. Dit bedrijf neemt het over.", ""),
            Reason::NotInNewCompany => ("Geen contactpersoon van het bedrijf dat overneemt heeft dit adres. De gebruiker blijft.", ""),
            Reason::HeldByFormerCompany => ("Een gebruiker van het beheerde bedrijf waaraan dit bedrijf eerder was gekoppeld heeft dit adres.", "Geef die gebruiker een ander adres, of kies dat beheerde bedrijf opnieuw voor het bedrijf."),
            Reason::CompanyNotImported => ("Het bedrijf is niet geïmporteerd.", "Los op wat de rij van het bedrijf meldt en importeer opnieuw."),
            Reason::PlanChanged => ("Er is iets gewijzigd nadat het plan was bevestigd.", "Importeer opnieuw; het nieuwe plan laat de wijziging zien."),
            Reason::Cancelled => ("De import is geannuleerd voordat deze rij aan de beurt was.", "Importeer opnieuw om de rij mee te nemen."),
            Reason::GivenUp => ("De import is opgegeven voordat deze rij aan de beurt was.", "Importeer opnieuw om de rij mee te nemen."),
            Reason::NeedsUsersAgreement => ("Het adres is in de PSA gewijzigd. De directory vraagt de gebruiker om akkoord te gaan; tot dan houdt de gebruiker het oude adres.", "Laat de gebruiker zich met het oude adres aanmelden en akkoord gaan; een latere import maakt het af."),
            Reason::CannotRename => ("Het kreeg in de PSA een andere naam, en de directory hernoemt geen bedrijven.", "Hernoem het bedrijf in de console van de directory; de volgende import neemt dat over."),
            Reason::CompanySuspended => ("Het bedrijf is in de directory opgeschort.", "Activeer het in de console van de directory en importeer opnieuw."),
            Reason::WaitsForUser => ("De directory kreeg de opdracht de gebruiker te vragen akkoord te gaan met het nieuwe adres. De gebruiker heeft dat nog niet gedaan, en het is niet bekend of de vraag is aangekomen.", "Laat de gebruiker de mail zoeken, zich met het oude adres aanmelden en akkoord gaan; een latere import maakt het af. Is er geen mail, wijzig het adres dan in de console van de directory."),
            Reason::AddressCannotChange => ("De directory wijzigt het adres van deze gebruiker niet.", "Verwijder de uitnodiging van de gebruiker in de console van de directory en importeer opnieuw; of wijzig het adres daar."),
            Reason::UserHasAnotherAddress => ("De gebruiker heeft in de directory een ander adres dan in de PSA.", "Verbeter het adres in de PSA als dat zo bedoeld is; wijzig het anders in de console van de directory."),
            Reason::UserDisabled => ("De gebruiker is in de directory uitgeschakeld.", "Schakel de gebruiker in de console van de directory in, of vink de rij uit."),
            Reason::UserGone => ("De gebruiker bestaat niet meer in de directory.", "Vink de rij aan om de gebruiker opnieuw te maken, of koppel de rij aan een andere gebruiker."),
            Reason::OutcomeUnknown => ("De directory is gevraagd dit te maken en gaf geen antwoord; niemand weet of het gelukt is.", "Importeer later opnieuw: wat in de directory verschijnt wordt overgenomen. Kies een dag later een nieuw bedrijf voor de rij om het nog eens te laten sturen."),
            Reason::DirectoryRefused => ("De directory weigerde deze rij.", "Kijk in de directory of het bedrijf zijn maximale aantal gebruikers heeft bereikt. Zo niet, verbeter het adres in de PSA: misschien heeft het een letter die de directory niet aanneemt. Importeer daarna opnieuw."),
            Reason::DirectoryUnavailable => ("De directory gaf geen antwoord.", "Importeer later opnieuw; er wordt niets dubbel gemaakt."),
        }
    }

    #[rustfmt::skip]
    fn no_address(&self, reason: NoAddressReason) -> (&'static str, &'static str) {
        match reason {
            NoAddressReason::Empty => ("De contactpersoon heeft geen e-mailadres.", "Vul in de PSA een adres in en importeer opnieuw."),
            NoAddressReason::Several => ("Het veld bevat meerdere e-mailadressen.", "Laat in dit veld van de PSA één adres staan, zet de andere in eigen velden en importeer opnieuw."),
            NoAddressReason::NotAnAddress => ("De tekst is geen e-mailadres.", "Verbeter het adres in de PSA en importeer opnieuw."),
        }
    }

    fn absence(&self, absence: Absence) -> &'static str {
        match absence {
            Absence::FilteredOut => "Het filter van deze import laat het weg.",
            Absence::Inactive => "Het is in de PSA niet actief en het filter laat het weg.",
            Absence::DeletedInPsa => "Het is in de PSA verwijderd.",
            Absence::MergedInPsa => "Het is in de PSA met een ander bedrijf samengevoegd.",
            Absence::Unreadable => "De PSA gaf er geen bruikbaar antwoord over.",
        }
    }

    #[rustfmt::skip]
    fn person_absence(&self, absence: PersonAbsence) -> (&'static str, &'static str) {
        match absence {
            PersonAbsence::ContactDeleted => ("De contactpersoon, of het bedrijf ervan, is in de PSA verwijderd.", "De gebruiker blijft, met zijn licentie. Moet iemand anders het adres krijgen, geef de gebruiker dan eerst een ander adres."),
            PersonAbsence::ContactInactive => ("De contactpersoon, of het bedrijf ervan, is in de PSA niet actief en het filter laat die weg.", "De gebruiker blijft, met zijn licentie. Moet iemand anders het adres krijgen, geef de gebruiker dan eerst een ander adres."),
            PersonAbsence::AddressRemoved => ("De contactpersoon heeft dit adres in de PSA niet meer.", "Vul het adres in de PSA weer in. Moet iemand anders het krijgen, geef de gebruiker, die met zijn licentie blijft, dan eerst een ander adres."),
            PersonAbsence::MovedToCompany => ("De contactpersoon hoort in de PSA niet meer bij dit bedrijf.", "De gebruiker hier blijft, met zijn licentie. Hoort de contactpersoon bij een ander bedrijf, geef de gebruiker hier dan een ander adres en importeer de contactpersoon daarna daar."),
            PersonAbsence::MergedInto => ("Het bedrijf is in de PSA met een ander bedrijf samengevoegd.", "De gebruiker hier blijft, met zijn licentie. Geef hem een ander adres en importeer de contactpersoon daarna in het andere bedrijf."),
            PersonAbsence::FilteredOut => ("Het filter van deze import laat de contactpersoon, of het bedrijf ervan, weg.", "Er hoeft niets te gebeuren. Importeer met een ander filter om de persoon te zien."),
            PersonAbsence::Unreadable => ("De PSA gaf geen bruikbaar antwoord over de contactpersoon of het bedrijf ervan.", "Importeer later opnieuw. Blijft het zo, bekijk de contactpersoon dan in de PSA."),
        }
    }

    fn suspicious(&self, snapshot: &SuspiciousSnapshot) -> String {
        let SuspiciousSnapshot { companies, addresses } = snapshot;
        format!(
            "Veel van wat de laatst voltooide import vond, ontbreekt nu in de PSA: {} van {} gekoppelde bedrijven en {} van {} gekoppelde adressen. \
             Controleer in de PSA of de rechten van de API-gebruiker en de gegevens kloppen. Deze import verandert niets aan wat ontbreekt.",
            companies.absent, companies.of, addresses.absent, addresses.of
        )
    }

    fn full_read(&self, reason: FullReadReason) -> &'static str {
        match reason {
            FullReadReason::First => "Er is geen eerdere import om op voort te bouwen, dus alles wordt gelezen.",
            FullReadReason::Requested => "Wie de import startte, vroeg om alles te lezen.",
            FullReadReason::Due => "De laatste keer dat alles werd gelezen, is langer geleden dan het beleid toestaat.",
            FullReadReason::OtherFilter => "Het filter is anders dan dat van de vorige import.",
            FullReadReason::OtherConnection => {
                "Het adres, het inlogbedrijf of de inloggegevens zijn sinds de vorige import gewijzigd."
            }
            FullReadReason::OtherVersion => "Een nieuwere versie van dit product leest de PSA.",
            FullReadReason::NotOffered => "De PSA zegt niet wat er is gewijzigd, of wanneer hij antwoordde.",
            FullReadReason::FilterNotCounted => {
                "Het filter heeft meer waarden dan de PSA verwerkt, dus zijn aantallen bewijzen niets."
            }
            FullReadReason::ManyChanges => "Er is zo veel gewijzigd dat alles lezen even goedkoop is.",
            FullReadReason::CountsDiffer => {
                "De PSA telt andere rijen dan er na de wijzigingen zijn: er zijn rijen verwijderd, of gewijzigd zonder nieuwe datum."
            }
            FullReadReason::LeftOpen => "De wijzigingen zeggen niet wat er van een bedrijf of een contact is geworden.",
        }
    }

    fn similarity(&self, similarity: Similarity) -> &'static str {
        match similarity {
            Similarity::LegalSuffix => "De namen verschillen in de rechtsvorm, zoals B.V. of Ltd.",
            Similarity::Punctuation => "De namen verschillen in leestekens of spaties.",
            Similarity::WordOrder => "De woorden van de namen staan in een andere volgorde.",
            Similarity::Spelling => "De namen verschillen in een paar letters.",
            Similarity::EmailDomain => "De meeste e-mailadressen van beide hebben hetzelfde domein.",
            Similarity::WebSite => {
                "De website van het bedrijf heeft het domein van de e-mailadressen van het beheerde bedrijf."
            }
        }
    }

    fn resource(&self, kind: ResourceKind) -> &'static str {
        match kind {
            ResourceKind::Import => "import",
            ResourceKind::CompanyOfImport => "bedrijf in deze import",
            ResourceKind::AddressOfCompany => "adres van dit bedrijf",
            ResourceKind::ManagedCompany => "beheerd bedrijf",
            ResourceKind::User => "gebruiker van dit beheerde bedrijf",
            ResourceKind::Rule => "beslissing over veel rijen",
            ResourceKind::Exclusion => "uitsluiting",
            ResourceKind::Mapping => "koppeling",
            ResourceKind::Resource => "aanroep",
        }
    }

    fn url_refused(&self, reason: UrlRefused) -> &'static str {
        match reason {
            UrlRefused::Empty => "het is leeg",
            UrlRefused::NotAnAddress => "het is geen adres",
            UrlRefused::NotHttps => "het moet met https:// beginnen",
            UrlRefused::UserInfo => "er mag geen gebruikersnaam of wachtwoord in staan",
            UrlRefused::IpLiteral => "het moet een naam zijn, geen IP-adres",
            UrlRefused::Port => "er mag geen andere poort dan 443 in staan",
            UrlRefused::PrivateName => "het moet een naam van het openbare internet zijn",
            UrlRefused::NotTheVendor => "het moet onder autotask.net vallen",
        }
    }

    fn invalid_address(&self, reason: NoAddressReason) -> &'static str {
        match reason {
            NoAddressReason::Empty => "mag niet leeg zijn",
            NoAddressReason::Several => "moet één e-mailadres bevatten, niet meerdere",
            NoAddressReason::NotAnAddress => "is geen geldig e-mailadres",
        }
    }

    fn invalid_name(&self, most: usize) -> String {
        format!("moet 1 tot {most} zichtbare tekens hebben")
    }

    fn invalid_text(&self, least: usize, most: usize) -> String {
        format!("moet {least} tot {most} tekens hebben, zonder besturingstekens")
    }

    fn no_interval(&self, known: &str) -> String {
        format!("moet een van deze getallen zijn: {known}")
    }

    fn no_time_of_day(&self) -> &'static str {
        "moet een tijdstip zijn, zoals 03:00"
    }

    fn filter_too_large(&self, attributes: usize, values: usize) -> String {
        format!("mag hoogstens {attributes} kenmerken noemen, elk met hoogstens {values} waarden")
    }

    fn mistake(&self, mistake: &Mistake<'_>) -> Cow<'static, str> {
        match *mistake {
            Mistake::Not(ValueKind::Text) => "moet een tekst zijn".into(),
            Mistake::Not(ValueKind::Number) => "moet een getal zijn".into(),
            Mistake::Not(ValueKind::Whole { least: 0, most: u64::MAX }) => "moet een heel getal zijn, 0 of meer".into(),
            Mistake::Not(ValueKind::Whole { least, most }) => format!("moet een heel getal van {least} tot en met {most} zijn").into(),
            Mistake::Not(ValueKind::Flag) => "moet true of false zijn".into(),
            Mistake::Not(ValueKind::List) => "moet een lijst zijn".into(),
            Mistake::Not(ValueKind::Object) => "moet een object zijn".into(),
            Mistake::Not(ValueKind::Null) => "moet null zijn".into(),
            Mistake::NotOneOf(known) => format!("moet een van deze waarden zijn: {}", known.join(", ")).into(),
            Mistake::NotAnObjectOf(known) => format!("moet een object zijn met precies een van deze velden: {}", known.join(", ")).into(),
            Mistake::UnknownTimeZone => "moet een tijdzone met haar IANA-naam zijn, zoals Europe/Amsterdam".into(),
            Mistake::UnknownField => "is geen bekend veld".into(),
            Mistake::Missing => "ontbreekt".into(),
            Mistake::Twice => "is meer dan een keer opgegeven".into(),
            Mistake::OneRequired(known) => format!("ten minste één van deze velden is verplicht: {}", known.join(", ")).into(),
            Mistake::Impossible => "is niet geldig".into(),
            Mistake::Length(most) => format!("moet 1 tot {most} tekens hebben").into(),
            Mistake::TooLong(most) => format!("mag hoogstens {most} tekens hebben").into(),
            Mistake::TooLarge(most) => format!("mag hoogstens {most} zijn").into(),
            Mistake::OutOfRange(least, most) => format!("moet van {least} tot {most} zijn").into(),
            Mistake::BodyTooLong(most) => format!("de inhoud is langer dan {most} bytes, of is afgebroken").into(),
            Mistake::IncompleteJson => "is onvolledige JSON: het eind ontbreekt".into(),
            Mistake::NotJson => "is geen geldige JSON, of is te diep genest".into(),
            Mistake::AfterTheEnd => "bevat nog tekens na het einde van de JSON-waarde".into(),
            Mistake::NotHttp => "is geen geldig HTTP-verzoek".into(),
            Mistake::IdInPath => "bevat een id dat niet geldig is".into(),
            Mistake::NoKeptPlan => "is niet de hash van een plan van deze import dat is getoond en nog wordt bewaard".into(),
            Mistake::NotANext => "is geen `next`-waarde van deze lijst".into(),
            Mistake::NoParameters => "is niet toegestaan: deze aanroep heeft geen parameters".into(),
            Mistake::NotAParameter(known) => format!("is geen parameter van deze aanroep; toegestaan: {}", known.join(", ")).into(),
            Mistake::NotWith(other) => format!("gaat niet samen met {other}").into(),
            Mistake::NotAlone => "moet de enige voorwaarde zijn".into(),
            Mistake::OnlyForCompanies => "is geen voorwaarde voor personen. Kies de bedrijven, met hun personen bij wie het mislukte, met POST /imports/{x}/companies/select".into(),
            Mistake::InactiveOneByOne => "rijen die in de PSA inactief zijn, kunnen niet met veel tegelijk worden gekozen; kies elke rij met een eigen aanroep".into(),
            Mistake::NoManagedCompany => "er is geen beheerd bedrijf met dit id".into(),
            Mistake::MappedTo(company) => format!("is al gekoppeld aan bedrijf {company} van de PSA").into(),
            Mistake::NoUser => "het beheerde bedrijf heeft deze gebruiker niet".into(),
            Mistake::AddressTaken => "een andere gebruiker heeft dit adres".into(),
            Mistake::LicencesInUse => "is minder dan de licenties die in gebruik of gereserveerd zijn".into(),
            Mistake::NoToken => "mag niet leeg zijn: het identificeert de gebeurtenis, zodat een herhaalde bezorging geen tweede import start".into(),
            Mistake::NotRemoved => "is niet het id van een integratie met deze PSA die in de laatste 400 dagen is verwijderd".into(),
            Mistake::CompanyIdCharacters => "mag geen `+`, `:`, `/` of `\\` bevatten".into(),
            Mistake::OnlyFor(products) => format!("is alleen voor {}", products.join(", ")).into(),
            Mistake::ForeignCredential(product) => format!("hoort niet bij de inloggegevens van {product}").into(),
        }
    }

    fn billed_by_use(&self) -> &'static str {
        "Elke gebruiker die wordt aangemaakt, wordt in rekening gebracht."
    }
}

/// Nobody can be asked about an unattended import, and every administrator may cancel it.
fn locked(holder: &Holder) -> String {
    let (since, until) = (minute(holder.since), minute(holder.until));
    let name = &holder.person.name;
    if holder.person.is_principal() {
        format!(
            "Sinds {since} loopt een onbewaakte import van deze integratie. De integratie blijft vergrendeld tot {until}, of langer zolang de import loopt. Wacht tot de import klaar is; als hij op een beheerder wacht, open en bevestig hem; of annuleer hem."
        )
    } else {
        format!(
            "{name} is sinds {since} bezig met een import van deze integratie. De integratie blijft vergrendeld tot {until}, of langer zolang {name} aan de import werkt. Wacht tot de import klaar is, of vraag {name} hem af te ronden of te annuleren."
        )
    }
}

fn locked_by_caller(holder: &Holder) -> String {
    let (since, until) = (minute(holder.since), minute(holder.until));
    format!(
        "Uw eigen import van deze integratie loopt sinds {since}. De integratie blijft vergrendeld tot {until}, of langer zolang u aan de import werkt. Ga verder met die import, of annuleer hem en begin opnieuw."
    )
}

fn psa_failure(psa: VendorId, failure: &PsaFailure) -> String {
    let (product, endpoint) = (psa.product(), &failure.endpoint);
    match failure.kind {
        PsaFailureKind::PsaServerError => format!(
            "{product} antwoordt op {endpoint} met een serverfout, ook na herhaling. Er is niets gewijzigd. Probeer het later opnieuw."
        ),
        PsaFailureKind::PsaUnauthorized => format!(
            "{product} weigert de inloggegevens: ze zijn ongeldig, verlopen of ingetrokken. Controleer ze in {product} en vervang ze in de integratie."
        ),
        PsaFailureKind::PsaForbidden => {
            let right = failure.missing_right.as_deref().unwrap_or(endpoint);
            format!(
                "De inloggegevens missen een recht in {product}: {endpoint} is geweigerd, of toont niet alle rijen. Er is niets gewijzigd. Verleen \"{right}\" aan de API-gebruiker en probeer het opnieuw."
            )
        }
        PsaFailureKind::PsaInvalidResponse => format!(
            "{product} antwoordt op {endpoint} met onverwachte gegevens. Er is niets gewijzigd. Controleer het adres van de PSA; klopt dat, meld dan het correlatie-id, of het id van de import."
        ),
        PsaFailureKind::PsaUnknownError => format!(
            "{product} kon op {endpoint} niet worden gelezen (time-out, netwerk of aanhoudende limiet). Er is niets gewijzigd. Controleer of {product} bereikbaar is en probeer het later opnieuw."
        ),
        PsaFailureKind::PsaOtherTenant => format!(
            "De inloggegevens of het adres leiden naar een andere omgeving van {product} dan die van deze integratie, of minder dan de helft van de gecontroleerde gekoppelde bedrijven is daar te herkennen. Er is niets gewijzigd. Vul het adres en de inloggegevens van de eigen omgeving in, met het recht om alle bedrijven te lezen. Maak voor een andere omgeving een eigen integratie."
        ),
    }
}
