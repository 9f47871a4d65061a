//! The co-design search over transformers and accelerators.
