//! A request of somebody who is signed in.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::Console;
use crate::api::Api;
use crate::refused::Refused;
use crate::session::Renewal;
use crate::visit::Visit;

/// The signed-in administrator, with the API at hand. Anybody else is sent to sign in.
pub(crate) struct Caller {
    pub visit: Visit,
    pub name: String,
    pub api: Api,
}

impl FromRequestParts<Console> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Refused> {
        let visit = parts.extensions.get::<Visit>().cloned().ok_or(Refused::SignedOut)?;
        let session = visit.session.clone().ok_or(Refused::SignedOut)?;
        let renewal = parts.extensions.get::<Renewal>().cloned();
        Ok(Self {
            api: Api::new(console, &session, visit.language).renewed_by(renewal),
            name: session.name,
            visit,
        })
    }
}
