//! sim-connectwise
