//! Measures how large the functions are and how soon they answer.

fn main() {}
