//! rooflines
