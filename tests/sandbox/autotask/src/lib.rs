//! sim-autotask
