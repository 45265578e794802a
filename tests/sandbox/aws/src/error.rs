//! What can go wrong when a stand-in starts.

/// Why a stand-in could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template says something that is wrong, or that the stand-ins do not know.
    #[error("infra/template.yaml: {0}")]
    Template(String),
    /// The state machine's definition uses something that the interpreter does not know.
    #[error("infra/import.asl.json: {0}")]
    StateMachine(String),
    /// The pipe's filter uses something that the matcher does not know.
    #[error("the pipe's filter: {0}")]
    Filter(String),
    /// The functions handed over are not those of the template.
    #[error("the functions: {0}")]
    Functions(String),
    /// `DynamoDB` could not be reached or set up.
    #[error("DynamoDB: {0}")]
    DynamoDb(String),
    /// Keys for tokens could not be made.
    #[error("token keys: {0}")]
    Tokens(String),
    /// A file or a port.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
