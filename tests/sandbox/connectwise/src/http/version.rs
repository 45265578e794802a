//! The model version a client asks for.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};

use super::error::ApiError;
use super::route::Endpoint;
use crate::data::resource::Resource;

const VENDOR: &str = "application/vnd.connectwise.com+json";

/// The first model of `communicationTypes`: it refuses 2019.5, and 2020.4 is known to work.
const COMMUNICATION_TYPES_SINCE: (u32, u32) = (2020, 1);

/// Some endpoints refuse models older than themselves; without a version, the latest is meant.
pub fn check(headers: &HeaderMap, endpoint: Endpoint, refused: &[String]) -> Result<(), ApiError> {
    let about_types = matches!(
        endpoint,
        Endpoint::List(Resource::CommunicationTypes)
            | Endpoint::Count(Resource::CommunicationTypes)
            | Endpoint::One(Resource::CommunicationTypes, _)
    );
    let Some((year, number)) = asked(headers) else {
        return Ok(());
    };
    let version = format!("{year}.{number}");
    if refused.contains(&version) || (about_types && (year, number) < COMMUNICATION_TYPES_SINCE) {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "InvalidVersion",
            format!("Version {version} is not supported by this endpoint."),
        ));
    }
    Ok(())
}

fn asked(headers: &HeaderMap) -> Option<(u32, u32)> {
    let accepted = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(','));
    let mut versions = accepted.filter_map(|accepted| {
        let (media, parameters) = accepted.split_once(';')?;
        let version = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("version="))?;
        let mut numbers = version.trim().split('.').map(str::parse);
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        media.trim().eq_ignore_ascii_case(VENDOR).then_some(version)
    });
    versions.next()
}
