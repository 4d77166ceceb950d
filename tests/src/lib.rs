//! Holds the integration tests only; see `tests/`.
