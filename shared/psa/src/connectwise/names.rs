//! What the attributes are called in filters.

pub(super) const COMPANY_TYPE: &str = "companyType";
pub(super) const COMPANY_STATUS: &str = "companyStatus";
pub(super) const CONTACT_TYPE: &str = "contactType";
