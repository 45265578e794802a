//! Who uses the sandbox.

use local_aws::Person;

/// The MSP whose integrations exist already.
pub(crate) const MSP: &str = "noordzee";

pub(crate) fn administrator(name: &str, msp: &str) -> Person {
    Person {
        email: format!("{name}@{msp}.example"),
        ..person(&format!("{msp}-{name}"), msp, &["administrator"])
    }
}

pub(crate) fn person(sub: &str, msp: &str, roles: &[&str]) -> Person {
    Person {
        sub: sub.to_owned(),
        email: format!("{sub}@{msp}.example"),
        msp: msp.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    }
}
