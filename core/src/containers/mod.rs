//! Part of norn-core; see the crate's floors.
