//! What a laptop lacks of AWS, made from the very template that is deployed: tables, API, pipe and state machine.
//!
//! Every piece is a value that owns what it started: nothing is global, no port is fixed, and dropping a piece stops
//! it at once, as a crash would. The usual order, because each piece needs the one before:
//!
//! 1. [`Template::load`] reads `infra/template.yaml` and `infra/import.asl.json`.
//! 2. [`DynamoDb::start`] and [`Secrets::start`] listen on free loopback ports; [`sdk::config`] makes a client's
//!    configuration for them, [`Template::environment`] what a function finds in its environment.
//! 3. [`Functions::new`] takes one [`Invoke`] for each function of the template.
//! 4. [`Gateway::new`] makes the router that stands for API Gateway; [`Server::start`] serves it.
//! 5. [`StateMachine::new`] and [`Pipe::start`] hand the stream's records to the workers.
//!
//! A real crash also cuts off the functions at work: [`Functions::kill`] does that, then drop the rest.

mod access;
mod dynamodb;
mod error;
mod files;
mod gateway;
mod invoke;
mod pipe;
mod provider;
pub mod sdk;
mod secrets;
mod server;
mod state_machine;
mod template;
mod tokens;

pub use dynamodb::{Admitted, Capacity, DynamoDb, Limiter, Meter, Rate, Refused, Spent, Store, StoreFault};
pub use error::Error;
pub use gateway::Gateway;
pub use invoke::{Fault, Functions, Invocation, Invoke};
pub use pipe::{Bus, EventsPipe, Filter, InputTemplate, Pipe, PipeOptions};
pub use provider::{Account, Provider, ProviderClient};
pub use secrets::Secrets;
pub use server::Server;
pub use state_machine::{Clock, Definition, MachineOptions, Outcome, StateMachine};
pub use template::{Permission, Route, Table, Template, Throttle, Way};
pub use tokens::{Issuer, Person, Rejected, Verifier, unsigned};
