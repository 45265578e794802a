//! Reads the deployed template: what is not in it does not exist here, and what is in it is not written twice.

mod api;
mod document;
mod functions;
mod pipe;
mod policies;
mod tables;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::pipe::{EventsPipe, Filter};
use crate::state_machine::Definition;
use crate::{Error, template::document::Document};

pub(crate) use api::OTHERS;
pub use api::{Route, Throttle, Way};
pub use policies::Permission;
pub use tables::Table;
pub(crate) use tables::{Attribute, Index, Key};

const TEMPLATE: &str = include_str!("../../../../../infra/template.yaml");
const DEFINITION: &str = include_str!("../../../../../infra/import.asl.json");

/// What the template says, as far as the stand-ins play it.
///
/// Resources go by their logical ids (`ImportsTable`, `FetchFunction`), which here are also their names and ARNs.
#[derive(Debug, Clone)]
pub struct Template {
    tables: Vec<Table>,
    api: api::Api,
    functions: BTreeMap<String, functions::Function>,
    permissions: BTreeMap<String, Vec<Permission>>,
    pipe: pipe::Pipe,
    events_pipe: EventsPipe,
    definition: Definition,
}

impl Template {
    /// The template of this repository.
    pub fn load() -> Result<Self, Error> {
        Self::parse(TEMPLATE, DEFINITION)
    }

    /// Another template, with the state machine's definition that it names.
    pub fn parse(template: &str, definition: &str) -> Result<Self, Error> {
        let document = Document::parse(template)?;
        let functions = functions::read(&document)?;
        let (pipe, events_pipe) = pipe::read(&document)?;
        Ok(Self {
            tables: tables::read(&document)?,
            api: api::read(&document, &functions)?,
            permissions: policies::read(&document)?,
            pipe,
            events_pipe,
            definition: Definition::parse(&pipe::substitute(&document, definition)?)?,
            functions,
        })
    }

    /// The tables.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The calls that reach a function.
    pub fn routes(&self) -> &[Route] {
        &self.api.routes
    }

    /// The pages of the console, which no JSON call reaches.
    pub fn pages(&self) -> &[Route] {
        &self.api.pages
    }

    /// Where calls go for which there is no route.
    pub fn others(&self) -> Option<&Way> {
        self.api.others.as_ref()
    }

    /// How many calls the API lets pass.
    pub fn throttle(&self) -> Throttle {
        self.api.throttle
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// How long a function may run; `None` for a function that the template does not have.
    pub fn timeout(&self, function: &str) -> Option<Duration> {
        self.functions.get(function).map(|function| function.timeout)
    }

    /// The environment variables of a function, as Lambda would set them; none for one the template does not have.
    pub fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let found = self.functions.get(function);
        found.map(|function| function.environment.clone()).unwrap_or_default()
    }

    /// What the role of a function allows; nothing for one the template does not have.
    pub fn permissions(&self, function: &str) -> &[Permission] {
        self.permissions.get(function).map(Vec::as_slice).unwrap_or_default()
    }

    /// The table whose stream the pipe reads.
    pub fn pipe_source(&self) -> &str {
        &self.pipe.source
    }

    /// The records that the pipe lets through.
    pub fn pipe_filter(&self) -> &Filter {
        &self.pipe.filter
    }

    /// The pipe to the event bus. It reads the same stream.
    pub fn events_pipe(&self) -> &EventsPipe {
        &self.events_pipe
    }

    /// The state machine that the pipe feeds.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }
}
