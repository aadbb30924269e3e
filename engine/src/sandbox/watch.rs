//! Owned descriptors in the reactor of the async runtime.
#![allow(
    unsafe_code,
    reason = "registering a descriptor is unsafe; the block says why it is sound"
)]

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches `descriptor` for `interest`. Call it within a runtime.
pub(super) fn watch(descriptor: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd keeps one descriptor open for as long as it lives, and
    // nothing here changes which.
    unsafe { AsyncFd::register_with_interest(descriptor, interest) }.map_err(Into::into)
}
