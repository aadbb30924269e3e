//! The root that every action starts from, built once.
//!
//! ```text
//! /              tmpfs, read-only
//!   usr bin lib… the host's, read-only
//!   etc          generated; alternatives and the linker's cache are the host's
//!   dev          null zero full random urandom, links to /proc/self/fd, shm
//!   tmp kiln/…   mount points
//!   proc         the setup area, invisible once an action's own /proc covers it
//!     host         the host's /proc, without which the kernel refuses a new one
//!     run          the run area, read-only
//!     ro/N rw/N    disk root N for layers, and for scratch
//!     cover/…      read-only parts of /proc, when the caller is root
//!     etc/…        the host's resolver and certificates, for network actions
//!     private/N    host paths below /tmp
//!     scratch      mount point of the action's tmpfs
//! ```
//! The forkserver's working directory is the setup area, so that an init names
//! what lies there by relative paths.

use std::os::fd::OwnedFd;

use rustix::mount::MountPropagationFlags;

use super::confinement::Caller;
use super::root::Root;
use super::sources::Sources;
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::Configuration;

/// What an init needs to know about the template.
#[derive(Debug)]
pub(super) struct Template {
    /// The run area, writable; for the engine.
    pub(super) run_area: OwnedFd,
    /// Parts of `/proc` to cover from `cover/…`, each a name.
    pub(super) covers: Vec<&'static str>,
    /// Names in `etc/…` to bind over `/etc/…` for network actions.
    pub(super) network_files: Vec<&'static str>,
    /// Host paths below `/tmp`, relative to it; the N-th is `private/N`.
    pub(super) private_paths: Vec<Vec<u8>>,
}

/// Builds the template and makes it the root of the forkserver.
pub(super) fn build(configuration: &Configuration, caller: Caller) -> Result<Template, SetupError> {
    rustix::mount::mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .map_err(|errno| SetupError::on(Step::Attach, "/", errno))?;
    let mut sources = Sources::default();
    let network_files = sources.network_files();
    let covers = if caller.is_root {
        sources.covers()?
    } else {
        Vec::new()
    };
    if configuration.host_base {
        sources.host_base()?;
    }
    let private_paths = sources.configured(configuration)?;
    sources.essentials()?;

    let root = Root::create()?;
    root.populate()?;
    sources.install(&root)?;
    let run_area = root.attach_run_area(configuration.run_area_bytes)?;
    root.enter()?;
    Ok(Template {
        run_area,
        covers,
        network_files,
        private_paths,
    })
}
