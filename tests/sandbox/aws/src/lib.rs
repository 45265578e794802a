//! local-aws
