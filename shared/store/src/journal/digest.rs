//! Fingerprints of plans: what is confirmed, and compared before it is applied (R35).

use std::io::{self, BufWriter, Write};

use domain::ids::PsaCompanyId;
use domain::plan::CompanyPlan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::records::{PLAN_SCHEMA, PlanRecord};

/// So much of a plan is hashed at once: the form of a company of 20,000 people has ten megabytes.
const FORM_BYTES: usize = 16 * 1024;

/// The fingerprint of one company's part of a plan. 8 bytes suffice: it guards against change, not against an adversary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(u64);

/// Hashes what is written to it.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<&CompanyPlan> for PlanDigest {
    fn from(plan: &CompanyPlan) -> Self {
        let mut hash = Hashed(Sha256::new());
        let mut form = BufWriter::with_capacity(FORM_BYTES, &mut hash);
        // Serialising a plan cannot fail: it has no maps with odd keys and no floats.
        let _ = serde_json::to_writer(&mut form, &(PLAN_SCHEMA, PlanRecord::from(plan)));
        let _ = form.flush();
        drop(form);
        let hash = hash.0.finalize();
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
