//! simkit
