//! The OpenAPI 3.1 document: each function describes its calls with the types that it reads and writes, and here they
//! become one document. No function needs any of this to run; the document is made by a test and served as a file.

mod call;
mod document;
mod headers;
mod problems;
mod samples;

pub use call::{Call, Part};
pub use document::document;
