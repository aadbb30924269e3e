//! The local store: action results, file contents, locks, limits.
