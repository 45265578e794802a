//! What the attributes are called in filters.

pub(super) const COMPANY_TYPE: &str = "companyType";
pub(super) const COMPANY_CATEGORY: &str = "companyCategory";
pub(super) const CLASSIFICATION: &str = "classification";
pub(super) const MARKET_SEGMENT: &str = "marketSegment";
pub(super) const COMPANY_ACTIVE: &str = "companyActive";
pub(super) const CONTACT_ACTIVE: &str = "contactActive";
