//! All integration tests of norn.
