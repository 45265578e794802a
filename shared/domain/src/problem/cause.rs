//! Whose fault a problem is: what operators are woken for, and what they are not.

use super::Code;

/// Whose fault a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This service's: an operator has to look.
    Ours,
    /// The customer's, who can mend it: keys, rights, licences, a decision that is missing.
    Customer,
    /// Another system's, a PSA or a directory, which does not answer or answers what it should not.
    Psa,
}

impl Cause {
    /// What events call it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Customer => "customer",
            Self::Psa => "psa",
        }
    }
}

impl Code {
    /// Whose fault it is.
    pub const fn cause(self) -> Cause {
        match (self, self.status()) {
            // Work is given up, and a worker's lock runs out, only while no worker of ours gets on with it.
            (Self::ImportAbandoned, _) | (_, 500) => Cause::Ours,
            (_, 502) => Cause::Psa,
            _ => Cause::Customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(cause: Cause) -> Vec<&'static str> {
        let all = Code::ALL.iter().filter(|code| code.cause() == cause);
        all.map(|code| code.as_str()).collect()
    }

    #[test]
    fn r66_only_our_own_faults_are_ours() {
        assert_eq!(
            codes_of(Cause::Ours),
            ["import_abandoned", "internal_error", "newer_version"]
        );
    }

    #[test]
    fn r66_what_a_psa_answers_is_its_own_fault_unless_the_customer_can_mend_it() {
        assert_eq!(
            codes_of(Cause::Psa),
            [
                "directory_unavailable",
                "psa_server_error",
                "psa_invalid_response",
                "psa_unknown_error"
            ]
        );
        for code in Code::of_psa() {
            assert_ne!(code.cause(), Cause::Ours, "{}", code.as_str());
        }
    }
}
