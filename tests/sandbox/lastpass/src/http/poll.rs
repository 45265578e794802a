//! What became of an asynchronous request.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde_json::json;

use super::answer::{Problem, json_with, ok};
use super::call::Call;
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::Request;
use crate::switches::{PollFailure, PollShape};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Pending,
    Succeeded,
    Failed,
}

impl Progress {
    fn of(request: &Request, now: i64) -> Self {
        match request.done_at {
            Some(done) if done <= now && request.failure.is_some() => Self::Failed,
            Some(done) if done <= now => Self::Succeeded,
            _ => Self::Pending,
        }
    }

    /// In the words of the default, and in others.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Pending => ["pending", "in-progress"],
            Self::Succeeded => ["succeeded", "completed"],
            Self::Failed => ["failed", "faulted"],
        }
    }
}

impl Context<'_> {
    pub(super) fn poll(&self, id: i64, call: &Call) -> Answer {
        if self.switches.poll_failure == PollFailure::ServerError {
            return Err(Problem::new(500, "An unexpected error occurred."));
        }
        let state = lock(&self.account.state);
        let request = state.requests.get(&id).filter(|request| request.msp == self.msp);
        let request = request.ok_or_else(|| Problem::new(404, "The request does not exist."))?;
        let progress = Progress::of(request, self.now);
        let company = state.companies.get(&request.company);
        let company = company.filter(|_| progress == Progress::Succeeded);
        let item = company.map(|company| show::company(company, self.switches));
        let key = company.map(|company| show::id(company.id, self.switches));
        let failure = request.failure.clone().filter(|_| progress == Progress::Failed);
        let details = failure.map(|why| Problem::new(409, why).details(&call.path));
        let [word, other_word] = progress.words();
        let plain = json!({"id": show::id(id, self.switches), "status": word, "resourceId": key, "error": details});
        match self.switches.poll_shape {
            PollShape::AcceptedThenCompany if progress == Progress::Pending => {
                Ok(json_with(StatusCode::ACCEPTED, &plain))
            }
            PollShape::AcceptedThenCompany => Ok(ok(&item.unwrap_or(plain))),
            PollShape::SeeOther if progress == Progress::Succeeded => {
                let key = json!(key).to_string().replace('"', "");
                let location = format!("{}/business/v1/managed-companies/{key}", call.origin);
                Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
            }
            PollShape::OtherWords => Ok(ok(&json!({
                "id": show::id(id, self.switches), "status": other_word, "result": item, "error": details,
            }))),
            PollShape::GoneOnceDone if progress != Progress::Pending => {
                Err(Problem::new(404, "The request does not exist."))
            }
            PollShape::UnknownJson => Ok(ok(&json!({"progress": {"percent": 50}}))),
            PollShape::Status | PollShape::SeeOther | PollShape::GoneOnceDone => Ok(ok(&plain)),
        }
    }
}
