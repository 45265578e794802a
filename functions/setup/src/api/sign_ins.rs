//! `/sign-ins`: who signed in to the console (R41, R92)

use api::{Api, Call, Routes, SignIn, State};
use axum::http::StatusCode;
use domain::audit::{AuditAction, Entry};
use lambda::Services;
use store::audit::trail_of_msp;

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/sign-ins", record, || {
        Call::new(
            "recordSignIn",
            "Records in the audit trail that the caller signed in; repeated calls with the same token record it once",
        )
        .answers_nothing()
    })
}

async fn record(State(services): State<Services>, sign_in: SignIn) -> Api<StatusCode> {
    // A repeated call meets the entry of the first one, since time and key are those of the token.
    let what = format!("signed-in.{}", sign_in.key);
    let entry = Entry {
        at: sign_in.at(services.clock.now()),
        by: sign_in.caller.person,
        import: None,
        action: AuditAction::SignedIn,
    };
    let tenant = services.tenant(&sign_in.caller.msp);
    tenant.audit_alone(&trail_of_msp(), &entry, &what).await?;
    Ok(StatusCode::NO_CONTENT)
}
