//! monotonicity
