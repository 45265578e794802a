//! The reply of `/login/companyinfo`.

use serde::Deserialize;

use crate::flag::Flag;

/// What a server says of itself without being given credentials.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::connectwise) struct CompanyInfo {
    /// Optional: the MSP's name. Without it, its own company is known by its identifier alone.
    pub(in crate::connectwise) company_name: Option<String>,
    /// Required: the folder that the API is in.
    pub(in crate::connectwise) codebase: String,
    /// Optional: what a codebase other than the common one proves as well.
    pub(in crate::connectwise) is_cloud: Option<Flag>,
    /// Optional: the release, such as `v2025.1`. Without it, the codebase may tell.
    pub(in crate::connectwise) version_code: Option<String>,
}
