//! One test or more for each rule of the requirements, through the public HTTP API against the sandbox. The tests are in
//! `tests/`, and their names begin with the rule's number.
