//! English.

use std::borrow::Cow;

use super::texts::{Messages, counted, minute};
use crate::address::NoAddressReason;
use crate::import::Holder;
use crate::not_in::{PersonAbsence, SuspiciousSnapshot};
use crate::plan::Reason;
use crate::plan::mass_change::MassChange;
use crate::problem::{DirectoryFailure, Limited, Mistake, Problem, ResourceKind, UrlRefused, ValueKind};
use crate::psa::{PsaFailure, PsaFailureKind, VendorId};
use crate::reading::FullReadReason;
use crate::row::Absence;
use crate::suggestion::Similarity;

pub(super) struct English;

impl Messages for English {
    fn problem(&self, problem: &Problem) -> String {
        match problem {
            Problem::CredentialsRequired { field: Some(field) } => format!(
                "The credentials are incomplete: \"{field}\" is empty. Fill in every field and try again."
            ),
            Problem::CredentialsRequired { field: None } => "No credentials are stored for this integration. Open the integration, choose \"Replace the credentials\", and try again.".to_owned(),
            Problem::IntegrationLocked(holder) => locked(holder),
            Problem::LockedByCaller(holder) => locked_by_caller(holder),
            Problem::InsufficientLicences { needed, available } => {
                let needed = counted(*needed, "licence is", "licences are");
                let available = counted(*available, "is", "are");
                format!("{needed} needed and {available} available. Nothing was changed. Add licences or tick fewer addresses.")
            }
            Problem::Psa { psa, failure } => psa_failure(*psa, failure),
            Problem::DirectoryCannot => "The companies and users of this MSP are in a directory that is not changed by hand here. Make the change in the console of that directory; another address can also be entered in the PSA, and the next import then asks the user to agree to it.".to_owned(),
            Problem::Directory(DirectoryFailure::Unauthorized) => "The directory rejects its API key: it is wrong, or was revoked. Make a new key in the console of the directory and enter it here; mappings stay.".to_owned(),
            Problem::Directory(DirectoryFailure::Forbidden) => "The API key lacks the right to read managed companies and their users. Grant it in the console of the directory, or enter a key that has it.".to_owned(),
            Problem::Directory(DirectoryFailure::OtherAccount) => "Under this API key fewer than half of the mapped companies are listed: it is the key of another account. Nothing was stored. Enter a key of the account that the companies are in.".to_owned(),
            Problem::Directory(DirectoryFailure::Unavailable) => "The directory does not answer, or not as expected. Nothing was changed. Try again later.".to_owned(),
            Problem::IntegrationPaused => "This integration is paused: schedules and events start no imports of it. Resume it, or start the import by hand.".to_owned(),
            Problem::IntegrationNotFound => "This integration does not exist. Set up an integration with your PSA first.".to_owned(),
            Problem::NotFound { what: ResourceKind::Resource } => "No such endpoint, or the method is not allowed. See /openapi.json for the endpoints and their methods.".to_owned(),
            Problem::NotFound { what } => {
                let what = self.resource(*what);
                format!("There is no {what} with this id. Reload the list and choose again.")
            }
            Problem::UnsupportedMediaType => "The request needs \"Content-Type: application/json\". Nothing was changed. Send the body as JSON, with this header.".to_owned(),
            Problem::InvalidFilter { attribute, value: Some(value) } => format!(
                "The filter attribute \"{attribute}\" has no value with the id \"{value}\" in the PSA. Choose an id from its list of values."
            ),
            Problem::InvalidFilter { attribute, value: None } => format!(
                "The PSA has no filter attribute \"{attribute}\", or it was given no value. Choose an attribute and a value from the list."
            ),
            Problem::InvalidRequest { .. } => "The request is not valid; \"errors\" says what and where. Nothing was changed.".to_owned(),
            Problem::InvalidPsaAddress { reason } => {
                let reason = self.url_refused(*reason);
                format!("The address of the PSA is refused: {reason}. Enter the host name you open the PSA with.")
            }
            Problem::DecisionConflict { version } => format!(
                "This was changed meanwhile (version {version}). Reload it and repeat your change."
            ),
            Problem::PlanChanged { .. } => "What the plan rests on has changed since you saw it. Nothing was written. Look at the new plan and confirm that one.".to_owned(),
            Problem::MassChange(MassChange { changes, limit }) => format!(
                "This import creates or changes {changes} companies and users; without confirmation it is {limit} at most. Nothing was changed. Look at the plan, and confirm with it that so many changes are meant."
            ),
            Problem::WrongState { state } => {
                let state = state.as_str();
                format!("This cannot be done while the import is in state \"{state}\". Reload the import to see what can.")
            }
            Problem::NotSelectable { status } => format!(
                "A row with status \"{status}\" cannot be ticked. Resolve first what the row reports."
            ),
            Problem::LimitExceeded { of } => {
                let limit = of.limit();
                match of {
                    Limited::Integrations => format!("An MSP has {limit} integrations at most. Nothing was changed. Remove one that is no longer used, then add this one."),
                    Limited::Companies => format!("The PSA has more than {limit} companies that match the filter, which is the most that an import reads. Start an import with a narrower filter."),
                    Limited::Contacts => format!("The PSA has more than {limit} contacts that match the filter, which is the most that an import reads. Start an import with a narrower filter."),
                    Limited::Rules => format!("An import, and each of its companies, has {limit} decisions on many rows at most. Nothing was changed. Take one of them back, or decide on single rows."),
                    Limited::NamedRows => format!("The decisions on many rows of an import name {limit} rows by their ids at most. Nothing was changed. Take one of them back that names rows, or decide by status or search."),
                    Limited::Exclusions => format!("An integration has {limit} excluded companies and people at most, and fewer if their reasons are long. Nothing was changed. Bring some back, or leave them out by the filter of the import."),
                    Limited::DroppedMappings => format!("An integration has {limit} companies at most whose mapping was dropped by hand. Nothing was changed. Choose another managed company for the row in an import instead."),
                }
            }
            Problem::TooManyCalls { retry_after } => format!("Your MSP has made too many calls that read a PSA or compute a plan. Nothing was changed. Try again in {}.", counted(*retry_after, "second", "seconds")),
            Problem::NotAdministrator => "Only an administrator of an MSP may do this. Sign in as one.".to_owned(),
            Problem::SnapshotExpired => "The import is too old. Its plan can be confirmed for 7 days after its start, and its rows are kept for 14. Start a new import.".to_owned(),
            Problem::ImportAbandoned => "The import was given up, or its lock ran out and another import took over. What was done is in its result; start a new import for the rest.".to_owned(),
            Problem::ReviewLapsed => "Nobody worked on this review until its lock ran out, so another import or the removal of the integration ended it. It changed nothing. Start a new import.".to_owned(),
            Problem::NewerVersion => "A newer version of this service wrote what you asked for, and this one cannot read it. Nothing was changed. Try again when the update is complete; if it happens again, report the correlation id, or the id of the import.".to_owned(),
            Problem::Internal => "Something went wrong on our side. Try again; if it happens again, report the correlation id, or the id of the import.".to_owned(),
        }
    }

    #[rustfmt::skip]
    fn reason(&self, reason: Reason) -> (&'static str, &'static str) {
        match reason {
            Reason::AskedFor => ("You decided so.", ""),
            Reason::NotMapped => ("It was not imported before.", ""),
            Reason::SameNameOrChosen => ("The managed company has the same name, or was chosen.", ""),
            Reason::RenamedInPsa => ("It was renamed in the PSA.", ""),
            Reason::Mapped => ("It was imported before, and nothing differs.", ""),
            Reason::Ticked => ("It is ticked, and nobody has this address yet.", ""),
            Reason::SameAddressOrChosen => ("The user has the same address, or was chosen.", ""),
            Reason::ChangedInPsa => ("The address was changed in the PSA.", ""),
            Reason::ReplacedInPsa => ("The address was replaced by another one in the PSA.", ""),
            Reason::Chosen => ("The user was chosen and gets this address.", ""),
            Reason::SpellingCorrected => ("Invisible characters are removed.", ""),
            Reason::SameAddressInAnotherCompany => ("Another company of this import gets the user with this address.", ""),
            Reason::Dangling => ("Its managed company is not in the directory: it was removed there, or belongs to the directory that was chosen before.", "Choose another managed company, or create a new one."),
            Reason::Ambiguous => ("Several companies have this name.", "Choose one of the candidates, or create a new one."),
            Reason::ManagedCompanyNotFound => ("The chosen managed company does not exist.", "Choose another one."),
            Reason::AlreadyMapped => ("The managed company is mapped to another PSA company.", "Choose another one. Or end this import, drop that mapping under \"Mapped companies\" of its integration, and import again."),
            Reason::UserNotFound => ("The chosen user does not exist in this managed company.", "Choose another user."),
            Reason::UserAlreadyMapped => ("The user is mapped to another contact.", "Choose another user, or untick one of the two."),
            Reason::Excluded => ("Imported before and excluded for good since.", "Bring the contact back to include it; access stays as it is."),
            Reason::Unticked => ("Imported before and not ticked this time.", "Tick it to include it; access stays as it is."),
            Reason::NoAddress => ("The contact has no valid e-mail address.", "Correct the address in the PSA and import again."),
            Reason::AddressConflict => ("Another user already has this address.", "Give that user another address, or correct the address in the PSA."),
            Reason::ImportAgain => ("The user with this address moves to another address first.", "Import again; by then the address is free."),
            Reason::PossibleSuccessor => ("The contact has another name and another address: it may be another person.", "If it is the same person, tick the row. If it is another person, tick it and create a new user; the old user stays."),
            Reason::FormerCompanyGone => ("The PSA does not have the company any more that the managed company was mapped to. This company takes it over.", ""),
            Reason::NotInNewCompany => ("No contact of the company that takes over has this address. The user stays.", ""),
            Reason::HeldByFormerCompany => ("A user of the managed company that this company was mapped to before has this address.", "Give that user another address, or choose that managed company for the company again."),
            Reason::CompanyNotImported => ("Its company was not imported.", "Resolve what the company's row reports and import again."),
            Reason::PlanChanged => ("Something this row rests on changed after the plan was confirmed.", "Import again; the new plan shows the change."),
            Reason::Cancelled => ("The import was cancelled before it reached this row.", "Import again to include it."),
            Reason::GivenUp => ("The import was given up before it reached this row.", "Import again to include it."),
            Reason::NeedsUsersAgreement => ("The address was changed in the PSA. The directory asks the user, who keeps the old address until then.", "Tell the user to sign in with the old address and to agree; a later import completes it."),
            Reason::CannotRename => ("It was renamed in the PSA, and the directory does not rename companies.", "Rename the company in the console of the directory; the next import takes it over."),
            Reason::CompanySuspended => ("The company is suspended in the directory.", "Activate it in the console of the directory and import again."),
            Reason::WaitsForUser => ("The directory was told to ask the user to agree to the new address. The user has not done so yet, and it is not known whether the question has arrived.", "Tell the user to look for the mail, to sign in with the old address and to agree; a later import completes it. If there is no mail, change the address in the console of the directory."),
            Reason::AddressCannotChange => ("The directory does not change the address of this user.", "Remove the user's invitation in the console of the directory and import again; or change the address there."),
            Reason::UserHasAnotherAddress => ("The user has another address in the directory than in the PSA.", "If that is meant, correct the address in the PSA; else change it in the console of the directory."),
            Reason::UserDisabled => ("The user is disabled in the directory.", "Enable the user in the console of the directory, or untick the row."),
            Reason::UserGone => ("Its user no longer exists in the directory.", "Tick the row to create the user again, or map it to another user."),
            Reason::OutcomeUnknown => ("The directory was asked to create it and gave no answer, so the outcome is unknown.", "Import again later: what appears in the directory is taken over. A day later, choose a new company for the row to have it sent again."),
            Reason::DirectoryRefused => ("The directory refused this row.", "Check in the directory whether the company has reached its limit of users. If it has not, correct the address in the PSA: it may have a letter that the directory does not take. Then import again."),
            Reason::DirectoryUnavailable => ("The directory did not answer.", "Import again later; nothing will be made twice."),
        }
    }

    #[rustfmt::skip]
    fn no_address(&self, reason: NoAddressReason) -> (&'static str, &'static str) {
        match reason {
            NoAddressReason::Empty => ("The contact has no e-mail address.", "Enter an address in the PSA and import again."),
            NoAddressReason::Several => ("The field holds several e-mail addresses.", "Leave one address in this field of the PSA, put the others into fields of their own, and import again."),
            NoAddressReason::NotAnAddress => ("The text is not an e-mail address.", "Correct the address in the PSA and import again."),
        }
    }

    fn absence(&self, absence: Absence) -> &'static str {
        match absence {
            Absence::FilteredOut => "The filter of this import leaves it out.",
            Absence::Inactive => "It is inactive in the PSA, and the filter leaves it out.",
            Absence::DeletedInPsa => "It was deleted in the PSA.",
            Absence::MergedInPsa => "It was merged into another company in the PSA.",
            Absence::Unreadable => "The PSA gave no usable answer about it.",
        }
    }

    #[rustfmt::skip]
    fn person_absence(&self, absence: PersonAbsence) -> (&'static str, &'static str) {
        match absence {
            PersonAbsence::ContactDeleted => ("The contact, or its company, was deleted in the PSA.", "The user stays, with its licence. If somebody else is to get the address, give the user another address first."),
            PersonAbsence::ContactInactive => ("The contact, or its company, is inactive in the PSA, and the filter leaves it out.", "The user stays, with its licence. If somebody else is to get the address, give the user another address first."),
            PersonAbsence::AddressRemoved => ("The contact no longer has this address in the PSA.", "Enter the address in the PSA again. If somebody else is to get it, give the user, who stays with its licence, another address first."),
            PersonAbsence::MovedToCompany => ("In the PSA the contact no longer belongs to this company.", "The user here stays, with its licence. If the contact belongs to another company, give the user here another address, then import the contact there."),
            PersonAbsence::MergedInto => ("The company was merged into another one in the PSA.", "The user here stays, with its licence. Give it another address, then import the contact in the other company."),
            PersonAbsence::FilteredOut => ("The filter of this import leaves the contact, or its company, out.", "Nothing needs to be done. To see the person, import with another filter."),
            PersonAbsence::Unreadable => ("The PSA gave no usable answer about the contact or its company.", "Import again later. If it stays so, look at the contact in the PSA."),
        }
    }

    fn suspicious(&self, snapshot: &SuspiciousSnapshot) -> String {
        let SuspiciousSnapshot { companies, addresses } = snapshot;
        format!(
            "Much that the last finished import found is absent from the PSA now: {} of {} mapped companies and {} of {} mapped addresses. \
             Check in the PSA that the rights of the API user and the data are as they should be. Nothing that is absent is changed by this import.",
            companies.absent, companies.of, addresses.absent, addresses.of
        )
    }

    fn full_read(&self, reason: FullReadReason) -> &'static str {
        match reason {
            FullReadReason::First => "No earlier import can be built on, so everything is read.",
            FullReadReason::Requested => "A full read was requested when the import was started.",
            FullReadReason::Due => "The last time everything was read is longer ago than the policy allows.",
            FullReadReason::OtherFilter => "The filter differs from that of the last import.",
            FullReadReason::OtherConnection => {
                "The address, the login company or the credentials have changed since the last import."
            }
            FullReadReason::OtherVersion => "A newer version of this product reads the PSA.",
            FullReadReason::NotOffered => "The PSA does not say what changed, or when it answered.",
            FullReadReason::FilterNotCounted => {
                "The filter has more values than the PSA evaluates, so its counts prove nothing."
            }
            FullReadReason::ManyChanges => "So much has changed that reading everything is as cheap.",
            FullReadReason::CountsDiffer => {
                "The PSA counts other rows than there are after the changes: some were deleted or changed without a new date."
            }
            FullReadReason::LeftOpen => "The changes do not say what became of a company or a contact.",
        }
    }

    fn similarity(&self, similarity: Similarity) -> &'static str {
        match similarity {
            Similarity::LegalSuffix => "The names differ in the legal form, such as Ltd or B.V.",
            Similarity::Punctuation => "The names differ in punctuation or spaces.",
            Similarity::WordOrder => "The names have their words in another order.",
            Similarity::Spelling => "The names differ in a few letters.",
            Similarity::EmailDomain => "Most e-mail addresses of both have the same domain.",
            Similarity::WebSite => "The company's web site has the domain of the managed company's e-mail addresses.",
        }
    }

    fn resource(&self, kind: ResourceKind) -> &'static str {
        match kind {
            ResourceKind::Import => "import",
            ResourceKind::CompanyOfImport => "company in this import",
            ResourceKind::AddressOfCompany => "address of this company",
            ResourceKind::ManagedCompany => "managed company",
            ResourceKind::User => "user of this managed company",
            ResourceKind::Rule => "decision on many rows",
            ResourceKind::Exclusion => "exclusion",
            ResourceKind::Mapping => "mapping",
            ResourceKind::Resource => "call",
        }
    }

    fn url_refused(&self, reason: UrlRefused) -> &'static str {
        match reason {
            UrlRefused::Empty => "it is empty",
            UrlRefused::NotAnAddress => "it is no address",
            UrlRefused::NotHttps => "it must begin with https://",
            UrlRefused::UserInfo => "it must not hold a user name or a password",
            UrlRefused::IpLiteral => "it must be a name, not an IP address",
            UrlRefused::Port => "it must not name a port other than 443",
            UrlRefused::PrivateName => "it must be a name of the public internet",
            UrlRefused::NotTheVendor => "it must be under autotask.net",
        }
    }

    fn invalid_address(&self, reason: NoAddressReason) -> &'static str {
        match reason {
            NoAddressReason::Empty => "must not be empty",
            NoAddressReason::Several => "must hold one e-mail address, not several",
            NoAddressReason::NotAnAddress => "is not a valid e-mail address",
        }
    }

    fn invalid_name(&self, most: usize) -> String {
        format!("must have 1 to {most} visible characters")
    }

    fn invalid_text(&self, least: usize, most: usize) -> String {
        format!("must have {least} to {most} characters, none of them a control character")
    }

    fn no_interval(&self, known: &str) -> String {
        format!("must be one of {known}")
    }

    fn no_time_of_day(&self) -> &'static str {
        "must be a time of the day such as 03:00"
    }

    fn filter_too_large(&self, attributes: usize, values: usize) -> String {
        format!("must name at most {attributes} attributes, each with at most {values} values")
    }

    fn mistake(&self, mistake: &Mistake<'_>) -> Cow<'static, str> {
        match *mistake {
            Mistake::Not(ValueKind::Text) => "must be a text".into(),
            Mistake::Not(ValueKind::Number) => "must be a number".into(),
            Mistake::Not(ValueKind::Whole {
                least: 0,
                most: u64::MAX,
            }) => "must be a whole number, 0 or more".into(),
            Mistake::Not(ValueKind::Whole { least, most }) => {
                format!("must be a whole number from {least} to {most}").into()
            }
            Mistake::Not(ValueKind::Flag) => "must be true or false".into(),
            Mistake::Not(ValueKind::List) => "must be a list".into(),
            Mistake::Not(ValueKind::Object) => "must be an object".into(),
            Mistake::Not(ValueKind::Null) => "must be null".into(),
            Mistake::NotOneOf(known) => format!("must be one of: {}", known.join(", ")).into(),
            Mistake::NotAnObjectOf(known) => format!(
                "must be an object with exactly one of these fields: {}",
                known.join(", ")
            )
            .into(),
            Mistake::UnknownTimeZone => "must be a time zone by its IANA name, such as Europe/Amsterdam".into(),
            Mistake::UnknownField => "is not a known field".into(),
            Mistake::Missing => "is missing".into(),
            Mistake::Twice => "is given more than once".into(),
            Mistake::OneRequired(known) => {
                format!("at least one of these fields is required: {}", known.join(", ")).into()
            }
            Mistake::Impossible => "is not valid".into(),
            Mistake::Length(most) => format!("must have 1 to {most} characters").into(),
            Mistake::TooLong(most) => format!("must have at most {most} characters").into(),
            Mistake::TooLarge(most) => format!("must be at most {most}").into(),
            Mistake::OutOfRange(least, most) => format!("must be from {least} to {most}").into(),
            Mistake::BodyTooLong(most) => format!("the body is longer than {most} bytes, or was cut off").into(),
            Mistake::IncompleteJson => "is incomplete JSON: it ends too early".into(),
            Mistake::NotJson => "is not valid JSON, or is nested too deeply".into(),
            Mistake::AfterTheEnd => "has characters after the end of the JSON value".into(),
            Mistake::NotHttp => "is not a valid HTTP request".into(),
            Mistake::IdInPath => "holds an id that is not valid".into(),
            Mistake::NoKeptPlan => "is not the hash of a plan of this import that was shown and is still kept".into(),
            Mistake::NotANext => "is not a `next` value of this list".into(),
            Mistake::NoParameters => "is not allowed: this call takes no parameters".into(),
            Mistake::NotAParameter(known) => {
                format!("is not a parameter of this call; allowed: {}", known.join(", ")).into()
            }
            Mistake::NotWith(other) => format!("cannot be combined with {other}").into(),
            Mistake::NotAlone => "must be the only condition".into(),
            Mistake::OnlyForCompanies => {
                "is not a condition for people. Select the companies, with their people who failed, by POST /imports/{x}/companies/select".into()
            }
            Mistake::InactiveOneByOne => {
                "rows that the PSA counts as inactive cannot be selected many at once; select each by its own call"
                    .into()
            }
            Mistake::NoManagedCompany => "there is no managed company with this id".into(),
            Mistake::MappedTo(company) => format!("is mapped to company {company} of the PSA already").into(),
            Mistake::NoUser => "there is no such user in the managed company".into(),
            Mistake::AddressTaken => "another user has this address".into(),
            Mistake::LicencesInUse => "is less than the licences in use and reserved".into(),
            Mistake::NoToken => {
                "must not be empty: it identifies the event, so that a redelivery starts no second import".into()
            }
            Mistake::NotRemoved => {
                "is not the id of an integration of this PSA that was removed in the last 400 days".into()
            }
            Mistake::CompanyIdCharacters => "must not contain `+`, `:`, `/` or `\\`".into(),
            Mistake::OnlyFor(products) => format!("is for {} only", products.join(", ")).into(),
            Mistake::ForeignCredential(product) => format!("is not a credential of {product}").into(),
        }
    }

    fn billed_by_use(&self) -> &'static str {
        "Each user that is created will be billed."
    }
}

/// Nobody can be asked about an unattended import, and every administrator may cancel it.
fn locked(holder: &Holder) -> String {
    let (since, until) = (minute(holder.since), minute(holder.until));
    let name = &holder.person.name;
    if holder.person.is_principal() {
        format!(
            "An unattended import of this integration has been running since {since}. The integration stays locked until {until}, or longer while the import runs. Wait until the import ends; if it waits for an administrator, open it and confirm it; or cancel it."
        )
    } else {
        format!(
            "{name} has been importing from this integration since {since}. The integration stays locked until {until}, or longer while {name} works on the import. Wait until the import ends, or ask {name} to finish or cancel it."
        )
    }
}

fn locked_by_caller(holder: &Holder) -> String {
    let (since, until) = (minute(holder.since), minute(holder.until));
    format!(
        "Your own import of this integration has been running since {since}. The integration stays locked until {until}, or longer while you work on the import. Continue with that import, or cancel it and start again."
    )
}

fn psa_failure(psa: VendorId, failure: &PsaFailure) -> String {
    let (product, endpoint) = (psa.product(), &failure.endpoint);
    match failure.kind {
        PsaFailureKind::PsaServerError => format!(
            "{product} answers {endpoint} with a server error, still after retries. Nothing was changed. Try again later."
        ),
        PsaFailureKind::PsaUnauthorized => format!(
            "{product} rejects the credentials: they are invalid, expired or revoked. Check them in {product} and replace them in the integration."
        ),
        PsaFailureKind::PsaForbidden => {
            let right = failure.missing_right.as_deref().unwrap_or(endpoint);
            format!(
                "The credentials lack a right in {product}: {endpoint} is refused, or does not show all rows. Nothing was changed. Grant \"{right}\" to the API user and try again."
            )
        }
        PsaFailureKind::PsaInvalidResponse => format!(
            "{product} answers {endpoint} with unexpected data. Nothing was changed. Check the address of the PSA; if it is right, report the correlation id, or the id of the import."
        ),
        PsaFailureKind::PsaUnknownError => format!(
            "{product} could not be read at {endpoint} (time-out, network, or a limit that does not end). Nothing was changed. Check that {product} can be reached and try again later."
        ),
        PsaFailureKind::PsaOtherTenant => format!(
            "The credentials or the address lead to another tenant of {product} than the one this integration belongs to, or fewer than half of the mapped companies that were checked could be recognised there. Nothing was changed. Enter the address and credentials of the integration's own tenant, with the right to read all companies. For another tenant, add an integration of its own."
        ),
    }
}
