//! psa
