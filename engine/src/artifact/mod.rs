//! Canonical listings of output groups, and the tar archives that are a pure function of them.
