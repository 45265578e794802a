//! Fingerprints of plans: what is confirmed, and compared before it is applied (R35).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CompanyPlan;
use crate::ids::PsaCompanyId;

/// The number of the form of plans. Digests are made of the form, so a change of what is serialised of a [`CompanyPlan`] gets the next
/// number: then an import that was confirmed by another version, and is executing during a deployment, is told apart from one
/// whose facts have changed. Its companies that are not begun end as `plan_changed` all the same, since nobody can tell whether
/// they are planned as they were; the log says why.
pub const PLAN_SCHEMA: u32 = 1;

/// The fingerprint of one company's part of a plan. 8 bytes suffice: it guards against change, not against an adversary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(u64);

impl PlanDigest {
    pub(super) fn of(plan: &CompanyPlan) -> Self {
        // Serialising a plan cannot fail: it has no maps with odd keys and no floats.
        let hash = Sha256::digest(serde_json::to_vec(&(PLAN_SCHEMA, plan)).unwrap_or_default());
        let mut digest = [0; size_of::<u64>()];
        digest.copy_from_slice(&hash[..size_of::<u64>()]);
        Self(u64::from_be_bytes(digest))
    }
}

/// The hash of a whole plan, fed with its companies in the order of their rows.
#[derive(Default)]
pub struct PlanHasher(Sha256);

impl PlanHasher {
    /// Adds the next company.
    pub fn add(&mut self, company: &PsaCompanyId, digest: PlanDigest) {
        self.0.update(company.as_str().len().to_be_bytes());
        self.0.update(company.as_str());
        self.0.update(digest.0.to_be_bytes());
    }

    /// The hash, 64 hexadecimal digits.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
