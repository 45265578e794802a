//! What each problem says, in the languages of administrators. An error says what happened, why, and what to do next.

use jiff::Timestamp;

use crate::import::Holder;
use crate::language::Language;
use crate::policy::MassChange;
use crate::problem::{Problem, ResourceKind};
use crate::psa::{PsaFailure, PsaFailureKind, VendorId};

impl Problem {
    /// What happened, why, and what to do next.
    pub fn detail(&self, language: Language) -> String {
        let nl = language == Language::Dutch;
        match self {
            Self::CredentialsRequired { field: Some(field) } if nl => {
                format!("De aanmeldgegevens zijn niet compleet: \"{field}\" is leeg. Vul alle velden in en probeer het opnieuw.")
            }
            Self::CredentialsRequired { field: Some(field) } => {
                format!("The credentials are incomplete: \"{field}\" is empty. Fill in every field and try again.")
            }
            Self::CredentialsRequired { field: None } => language
                .pick(
                    "No credentials are stored for this integration. Enter them under Credentials and try again.",
                    "Voor deze koppeling zijn geen aanmeldgegevens opgeslagen. Voer ze in bij Aanmeldgegevens en probeer het opnieuw.",
                )
                .to_owned(),
            Self::IntegrationLocked(holder) => locked(holder, nl),
            Self::InsufficientLicences { needed, available } => {
                if nl {
                    format!("Er zijn {needed} licenties nodig en {available} beschikbaar. Er is niets gewijzigd. Koop licenties bij of vink minder adressen aan.")
                } else {
                    format!("{needed} licences are needed and {available} are available. Nothing was changed. Add licences or tick fewer addresses.")
                }
            }
            Self::Psa { psa, failure } => psa_detail(*psa, failure, nl),
            Self::InvalidFilter { attribute, value: Some(value) } => {
                if nl {
                    format!("Het filterkenmerk \"{attribute}\" heeft in de PSA geen waarde met het id \"{value}\". Kies een id uit de lijst van waarden.")
                } else {
                    format!("The filter attribute \"{attribute}\" has no value with the id \"{value}\" in the PSA. Choose an id from its list of values.")
                }
            }
            Self::InvalidFilter { attribute, value: None } => {
                if nl {
                    format!("De PSA kent geen filterkenmerk \"{attribute}\", of het heeft geen waarde gekregen. Kies een kenmerk en een waarde uit de lijst.")
                } else {
                    format!("The PSA has no filter attribute \"{attribute}\", or it was given no value. Choose an attribute and a value from the list.")
                }
            }
            Self::InvalidPsaAddress { reason } => {
                let reason = reason.text(language);
                if nl {
                    format!("Het adres van de PSA is geweigerd: {reason}. Vul de hostnaam in waarmee u de PSA opent.")
                } else {
                    format!("The address of the PSA is refused: {reason}. Enter the host name you open the PSA with.")
                }
            }
            Self::NotFound { what: ResourceKind::Resource } => language
                .pick(
                    "No such endpoint, or the method is not allowed. See /openapi.json for the endpoints and their methods.",
                    "Dit endpoint bestaat niet, of de methode is er niet toegestaan. Zie /openapi.json voor de endpoints en hun methoden.",
                )
                .to_owned(),
            Self::NotFound { what } => {
                let what = what.text(language);
                if nl {
                    format!("Er is geen {what} met dit id. Vernieuw de lijst en kies opnieuw.")
                } else {
                    format!("There is no {what} with this id. Reload the list and choose again.")
                }
            }
            Self::DecisionConflict { version } => {
                if nl {
                    format!("Deze rij is intussen gewijzigd (versie {version}). Laad de rij opnieuw en herhaal uw keuze.")
                } else {
                    format!("This row was changed meanwhile (version {version}). Reload the row and repeat your choice.")
                }
            }
            Self::MassChange(MassChange { changes, limit }) => {
                if nl {
                    format!("Deze import maakt of wijzigt {changes} bedrijven en gebruikers; zonder bevestiging zijn het er hoogstens {limit}. Er is niets gewijzigd. Bekijk het plan en bevestig de massale wijziging (\"confirmMassChange\": true).")
                } else {
                    format!("This import creates or changes {changes} companies and users; without confirmation it is {limit} at most. Nothing was changed. Look at the plan and confirm the mass change (\"confirmMassChange\": true).")
                }
            }
            Self::WrongState { state } => {
                let state = state.as_str();
                if nl {
                    format!("Dit kan niet terwijl de import in de toestand \"{state}\" is. Laad de import opnieuw om te zien wat wel kan.")
                } else {
                    format!("This cannot be done while the import is in state \"{state}\". Reload the import to see what can.")
                }
            }
            Self::NotSelectable { status } => {
                if nl {
                    format!("Een rij met status \"{status}\" kan niet worden aangevinkt. Los eerst op wat de rij meldt.")
                } else {
                    format!("A row with status \"{status}\" cannot be ticked. Resolve first what the row reports.")
                }
            }
            other => other.fixed_detail(language).to_owned(),
        }
    }

    const fn fixed_detail(&self, language: Language) -> &'static str {
        match self {
            Self::IntegrationNotFound => language.pick(
                "This integration does not exist. Set up an integration with your PSA first.",
                "Deze koppeling bestaat niet. Maak eerst een koppeling met uw PSA.",
            ),
            Self::InvalidRequest { .. } => language.pick(
                "The request is not valid; \"errors\" says what and where. Nothing was changed.",
                "Het verzoek is niet geldig; \"errors\" zegt wat en waar. Er is niets gewijzigd.",
            ),
            Self::UnsupportedMediaType => language.pick(
                "The request needs \"Content-Type: application/json\". Nothing was changed. Send the body as JSON, with this header.",
                "Voor dit verzoek is \"Content-Type: application/json\" vereist. Er is niets gewijzigd. Stuur de inhoud als JSON, met deze header.",
            ),
            Self::PlanChanged { .. } => language.pick(
                "What the plan rests on has changed since you saw it. Nothing was written. Look at the new plan and confirm that one.",
                "Waar het plan op berust is gewijzigd sinds u het zag. Er is niets geschreven. Bekijk het nieuwe plan en bevestig dat.",
            ),
            Self::NotAdministrator => language.pick(
                "Only an administrator of an MSP may do this. Sign in as one.",
                "Alleen een beheerder van een MSP mag dit. Meld u als beheerder aan.",
            ),
            Self::ImportAbandoned => language.pick(
                "The import was given up, or its lock ran out and another import took over. What was done is in its result; start a new import for the rest.",
                "De import is opgegeven, of de vergrendeling verliep en een andere import nam het over. Wat gedaan is staat in het resultaat; start een nieuwe import voor de rest.",
            ),
            Self::NewerVersion => language.pick(
                "A newer version of this service wrote what you asked for, and this one cannot read it. Nothing was changed. Try again when the update is complete; if it happens again, report the correlation id.",
                "Een nieuwere versie van deze dienst heeft deze gegevens opgeslagen, en deze versie kan ze niet lezen. Er is niets gewijzigd. Probeer het opnieuw als de update klaar is; gebeurt het weer, meld dan het correlatie-id.",
            ),
            _ => language.pick(
                "Something went wrong on our side. Try again; if it happens again, report the correlation id.",
                "Er ging bij ons iets mis. Probeer het opnieuw; gebeurt het weer, meld dan het correlatie-id.",
            ),
        }
    }
}

/// Nobody can be asked about an unattended import, and every administrator may cancel it.
fn locked(holder: &Holder, nl: bool) -> String {
    let (since, until) = (minute(holder.since), minute(holder.until));
    let name = &holder.person.name;
    match (holder.person.is_principal(), nl) {
        (false, false) => format!(
            "{name} has been importing from this integration since {since}. The integration stays locked until {until}, or longer while {name} works on the import. Wait until the import ends, or ask {name} to finish or cancel it."
        ),
        (false, true) => format!(
            "{name} is sinds {since} bezig met een import van deze koppeling. De koppeling blijft vergrendeld tot {until}, of langer zolang {name} aan de import werkt. Wacht tot de import klaar is, of vraag {name} hem af te ronden of af te breken."
        ),
        (true, false) => format!(
            "An unattended import of this integration has been running since {since}. The integration stays locked until {until}, or longer while the import runs. Wait until the import ends, or cancel it."
        ),
        (true, true) => format!(
            "Sinds {since} loopt een onbewaakte import van deze koppeling. De koppeling blijft vergrendeld tot {until}, of langer zolang de import loopt. Wacht tot de import klaar is, of breek hem af."
        ),
    }
}

/// A moment as people read it, in the one time zone that holds for everybody.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn psa_detail(psa: VendorId, failure: &PsaFailure, nl: bool) -> String {
    let (product, endpoint) = (psa.product(), &failure.endpoint);
    match failure.kind {
        PsaFailureKind::PsaServerError if nl => {
            format!(
                "{product} antwoordt op {endpoint} met een serverfout, ook na herhaling. Er is niets gewijzigd. Probeer het later opnieuw."
            )
        }
        PsaFailureKind::PsaServerError => {
            format!(
                "{product} answers {endpoint} with a server error, still after retries. Nothing was changed. Try again later."
            )
        }
        PsaFailureKind::PsaUnauthorized if nl => {
            format!(
                "{product} weigert de aanmeldgegevens: ze zijn ongeldig, verlopen of ingetrokken. Controleer ze in {product} en vervang ze in de koppeling."
            )
        }
        PsaFailureKind::PsaUnauthorized => {
            format!(
                "{product} rejects the credentials: they are invalid, expired or revoked. Check them in {product} and replace them in the integration."
            )
        }
        PsaFailureKind::PsaForbidden => {
            let right = failure.missing_right.as_deref().unwrap_or(endpoint);
            if nl {
                format!(
                    "De aanmeldgegevens missen een recht in {product}: {endpoint} is geweigerd. Verleen \"{right}\" aan de API-gebruiker en probeer het opnieuw."
                )
            } else {
                format!(
                    "The credentials lack a right in {product}: {endpoint} was refused. Grant \"{right}\" to the API user and try again."
                )
            }
        }
        PsaFailureKind::PsaInvalidResponse if nl => {
            format!(
                "{product} antwoordt op {endpoint} met onverwachte gegevens. Er is niets gewijzigd. Controleer het adres van de PSA; klopt dat, meld dan het correlatie-id."
            )
        }
        PsaFailureKind::PsaInvalidResponse => {
            format!(
                "{product} answers {endpoint} with unexpected data. Nothing was changed. Check the address of the PSA; if it is right, report the correlation id."
            )
        }
        PsaFailureKind::PsaUnknownError if nl => {
            format!(
                "{product} kon op {endpoint} niet worden gelezen (time-out, netwerk of aanhoudende limiet). Er is niets gewijzigd. Controleer of {product} bereikbaar is en probeer het later opnieuw."
            )
        }
        PsaFailureKind::PsaUnknownError => {
            format!(
                "{product} could not be read at {endpoint} (time-out, network, or a limit that does not end). Nothing was changed. Check that {product} can be reached and try again later."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ImportId, IntegrationId};
    use crate::import::Person;

    #[test]
    fn r62_nobody_is_told_to_ask_an_unattended_import() {
        let ana = Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        };
        let nobody = Person::principal(&IntegrationId::new("i"), "Ours");
        for (person, english, dutch) in [
            (ana, "ask Ana to finish or cancel it", "vraag Ana hem af te ronden"),
            (nobody, "or cancel it.", "of breek hem af."),
        ] {
            let problem = Problem::IntegrationLocked(Holder {
                person,
                import: ImportId::new("x"),
                since: Timestamp::constant(1_767_258_000, 123_456_789),
                until: Timestamp::constant(1_767_259_800, 0),
            });
            for (language, advice) in [(Language::English, english), (Language::Dutch, dutch)] {
                let detail = problem.detail(language);
                assert!(detail.contains(advice), "{detail}");
                assert!(
                    detail.contains("2026-01-01 09:00 UTC") && detail.contains("2026-01-01 09:30 UTC"),
                    "{detail}"
                );
            }
        }
    }
}
