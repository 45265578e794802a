//! The routes of the API, and the function behind each.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use super::functions::Function;
use crate::Error;

/// A call that reaches a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method; `ANY` is every method.
    pub method: Method,
    /// The path, its variables in braces; `{name+}` matches the rest of the path.
    pub path: String,
    /// Where it goes.
    pub way: Way,
}

/// The way to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The function's logical id.
    pub function: String,
    /// Whether the JWT authorizer stands in front of it.
    pub authorised: bool,
}

/// The API.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub routes: Vec<Route>,
    /// The pages of the console.
    pub pages: Vec<Route>,
    /// Where calls go for which there is no route.
    pub others: Option<Way>,
    /// How many calls pass, of all callers together.
    pub throttle: Throttle,
}

/// How many calls a stage lets pass.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Throttle {
    /// In a second, in the long run.
    #[serde(rename = "ThrottlingRateLimit")]
    pub rate: NonZeroU32,
    /// At once.
    #[serde(rename = "ThrottlingBurstLimit")]
    pub burst: NonZeroU32,
}

/// Below this are pages for people.
const PAGES: &str = "/console";

/// The key of the route for what no other route is for.
pub(crate) const OTHERS: &str = "$default";

impl Route {
    /// Its name in events: `GET /imports/{x}`.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteProperties {
    #[serde(rename = "ApiId")]
    _api: Value,
    route_key: String,
    target: Value,
    authorization_type: Option<String>,
    authorizer_id: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Integration {
    #[serde(rename = "IntegrationType")]
    kind: String,
    #[serde(rename = "IntegrationUri")]
    uri: Value,
    payload_format_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stage {
    default_route_settings: Throttle,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Authorizer {
    authorizer_type: String,
}

pub(super) fn read(document: &Document, functions: &BTreeMap<String, Function>) -> Result<Api, Error> {
    let integrations = document.all::<Integration>("AWS::ApiGatewayV2::Integration")?;
    let authorizers = document.all::<Authorizer>("AWS::ApiGatewayV2::Authorizer")?;
    let routes = document.all::<RouteProperties>("AWS::ApiGatewayV2::Route")?;
    let mut api = Api {
        routes: Vec::new(),
        pages: Vec::new(),
        others: None,
        throttle: document
            .only::<Stage>("AWS::ApiGatewayV2::Stage")?
            .default_route_settings,
    };
    for (id, route) in routes {
        let wrong = |what: &str| Error::Template(format!("{id}: {what}"));
        let target = document.text(&route.target)?;
        let integration = target
            .strip_prefix("integrations/")
            .and_then(|name| integrations.get(name));
        let integration = integration.ok_or_else(|| wrong("its target is no integration"))?;
        let function = lambda(document, integration)?;
        if !functions.contains_key(&function) {
            return Err(wrong("its integration calls no function"));
        }
        let authorised = authorised(document, &route, &authorizers)?;
        let way = Way { function, authorised };
        if route.route_key == OTHERS {
            api.others = Some(way);
            continue;
        }
        let key = route
            .route_key
            .split_once(' ')
            .and_then(|(method, path)| Some((method.parse().ok()?, path.to_owned())));
        let (method, path) = key.ok_or_else(|| wrong("a RouteKey is a method and a path"))?;
        let of_kind = if path.starts_with(PAGES) {
            &mut api.pages
        } else {
            &mut api.routes
        };
        of_kind.push(Route { method, path, way });
    }
    Ok(api)
}

fn lambda(document: &Document, integration: &Integration) -> Result<String, Error> {
    if integration.kind != "AWS_PROXY" || integration.payload_format_version != "2.0" {
        return Err(Error::Template(
            "an integration must be AWS_PROXY with payload format 2.0".into(),
        ));
    }
    document.text(&integration.uri)
}

fn authorised(
    document: &Document,
    route: &RouteProperties,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Result<bool, Error> {
    match (route.authorization_type.as_deref(), &route.authorizer_id) {
        (None | Some("NONE"), None) => Ok(false),
        (Some("JWT"), Some(id)) => {
            let authorizer = authorizers.get(&document.text(id)?);
            match authorizer.filter(|authorizer| authorizer.authorizer_type == "JWT") {
                Some(_) => Ok(true),
                None => Err(Error::Template(format!("{} has no JWT authorizer", route.route_key))),
            }
        }
        _ => Err(Error::Template(format!(
            "{} has an authorization not known here",
            route.route_key
        ))),
    }
}
