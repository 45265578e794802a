//! What is to be said of one call.

use std::collections::BTreeSet;

use domain::problem::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Makes the schema of a type.
pub(crate) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// The calls of one function.
pub struct Part {
    /// What its calls are gathered under.
    pub(crate) name: &'static str,
    /// What they are for.
    pub(crate) about: &'static str,
    /// The calls.
    pub(crate) calls: Vec<Call>,
}

impl Part {
    /// The part of a function that has no calls yet.
    pub const fn new(name: &'static str, about: &'static str) -> Self {
        let calls = Vec::new();
        Self { name, about, calls }
    }

    /// With another call.
    #[must_use]
    pub fn with(mut self, call: Call) -> Self {
        self.calls.push(call);
        self
    }

    /// The calls as `GET /path`, each with the file that declares it.
    pub fn declared(&self) -> impl Iterator<Item = (String, &'static str)> {
        let calls = self.calls.iter();
        calls.map(|call| (format!("{} {}", call.method, call.path), call.file))
    }
}

/// One call of the API.
pub struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Where it is declared.
    pub(crate) file: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) public: bool,
    pub(crate) query: Vec<Describe>,
    pub(crate) body: Option<Content>,
    pub(crate) answer: Option<Answer>,
    pub(crate) codes: BTreeSet<Code>,
}

pub(crate) struct Content {
    pub(crate) schema: Describe,
    pub(crate) example: Value,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Nothing if the status says all.
    pub(crate) content: Option<Content>,
    /// Another form of it, by media type, with an example.
    pub(crate) other: Option<(&'static str, &'static str)>,
    pub(crate) headers: Vec<&'static str>,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Call {
    /// A call that an administrator makes. Every such call may answer that the caller is no administrator, that something in the request is
    /// wrong, that a newer version wrote what is asked for, and that the service failed.
    pub fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            method: "",
            path: "",
            file: "",
            id,
            summary,
            public: false,
            query: Vec::new(),
            body: None,
            answer: None,
            codes: BTreeSet::from([
                Code::NotAdministrator,
                Code::InvalidRequest,
                Code::NewerVersion,
                Code::Internal,
            ]),
        }
    }

    /// Has this method and path, declared in this file. A call whose path has an id may answer that nothing has that id.
    #[must_use]
    pub fn at(self, method: &'static str, path: &'static str, file: &'static str) -> Self {
        let call = Self {
            method,
            path,
            file,
            ..self
        };
        if path.contains('{') {
            return call.refuses(&[Code::NotFound]);
        }
        call
    }

    /// Anybody may call it, without a token; nothing can be wrong with that but its parameters.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self.codes = BTreeSet::from([Code::InvalidRequest]);
        self
    }

    /// Takes the fields of `T` as parameters of the query string.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query.push(of::<T>);
        self
    }

    /// Takes a `T` as its body.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Content {
            schema: of::<T>,
            example,
        });
        self.codes.insert(Code::UnsupportedMediaType);
        self
    }

    /// Answers a `T`.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16, example: Value) -> Self {
        self.answer = Some(Answer {
            status,
            content: Some(Content {
                schema: of::<T>,
                example,
            }),
            other: None,
            headers: Vec::new(),
        });
        self
    }

    /// Answers 204, without a body.
    #[must_use]
    pub fn answers_nothing(mut self) -> Self {
        self.answer = Some(Answer {
            status: 204,
            content: None,
            other: None,
            headers: Vec::new(),
        });
        self
    }

    /// Answers another form of it to callers who ask for that.
    #[must_use]
    pub fn or_as(mut self, media_type: &'static str, example: &'static str) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.other = Some((media_type, example));
        }
        self
    }

    /// The answer has this header.
    #[must_use]
    pub fn with_header(mut self, header: &'static str) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.headers.push(header);
        }
        self
    }

    /// The answer says where the new thing is.
    #[must_use]
    pub fn located(self) -> Self {
        self.with_header("Location")
    }

    /// May be refused with these, besides what every call may be.
    #[must_use]
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// Reads the PSA with the stored credentials.
    #[must_use]
    pub fn reads_psa(self) -> Self {
        self.refuses(&Code::of_psa())
            .refuses(&[Code::CredentialsRequired, Code::InvalidPsaAddress, Code::TooManyCalls])
    }

    /// Computes a plan.
    #[must_use]
    pub fn computes_plan(self) -> Self {
        self.refuses(&[Code::TooManyCalls])
    }
}
