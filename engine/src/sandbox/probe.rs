//! What isolation this machine offers, as data for `kiln doctor`.

use std::ffi::OsString;
use std::path::Path;

use super::error::SandboxError;
use super::server::{Base, Sandbox, SandboxConfig};
use super::spec::{Layer, Network, SandboxSpec, Scratch};
use super::unavailable::SandboxUnavailable;
use crate::cancel::CancelToken;
use crate::sys::fs;

/// What isolation this machine offers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// A forkserver in its user namespace, with its template root and system
    /// call filter.
    pub user_namespaces: Result<(), SandboxUnavailable>,
    /// An action of its own PID, network and IPC namespaces, with its `/proc`.
    pub namespaces: Result<(), String>,
    /// The same with inputs: an overlay whose upper layer is a tmpfs.
    pub overlay: Result<(), String>,
    /// Memory and process limits.
    pub cgroups: Cgroups,
    /// Landlock is built in and active.
    pub landlock: bool,
}

/// Which control groups the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cgroups {
    /// The unified hierarchy at `/sys/fs/cgroup`.
    Unified,
    /// The older one, or both beside each other.
    Legacy,
    /// None.
    None,
}

/// Tries what actions need, with real processes.
pub async fn probe() -> Probe {
    let config = SandboxConfig {
        base: Base::Empty,
        host_paths: Vec::new(),
        disk_roots: Vec::new(),
        run_area_bytes: 1 << 20,
        slots: 1,
    };
    let (user_namespaces, namespaces, overlay) = match Sandbox::start(&config) {
        Ok(sandbox) => (
            Ok(()),
            try_action(&sandbox, Vec::new()).await,
            // The run area itself serves as an empty layer.
            try_action(&sandbox, vec![Layer::RunArea("".into())]).await,
        ),
        Err(unavailable) => {
            let without = || Err("not tried, as there are no user namespaces".to_owned());
            (Err(unavailable), without(), without())
        }
    };
    Probe {
        user_namespaces,
        namespaces,
        overlay,
        cgroups: cgroups(),
        landlock: security_modules().split(',').any(|name| name == "landlock"),
    }
}

/// Sets an action up that has no program to run.
async fn try_action(sandbox: &Sandbox, layers: Vec<Layer>) -> Result<(), String> {
    let spec = SandboxSpec {
        argv: vec![OsString::from("/kiln/ws/nothing")],
        env: Vec::new(),
        cwd: String::new(),
        layers,
        tool_layers: Vec::new(),
        make_dirs: Vec::new(),
        scratch: Scratch::Tmpfs { bytes: 1 << 20 },
        network: Network::None,
        timeout: None,
        log_limit: 0,
    };
    let result = sandbox.run(&spec, &CancelToken::new()).await;
    result
        .map(drop)
        .map_err(|error: SandboxError| error.to_string())
}

fn cgroups() -> Cgroups {
    let root = Path::new("/sys/fs/cgroup");
    let exists = |path: &Path| matches!(fs::symlink_metadata(path), Ok(Some(_)));
    if exists(&root.join("cgroup.controllers")) {
        Cgroups::Unified
    } else if exists(&root.join("memory")) || exists(&root.join("unified")) {
        Cgroups::Legacy
    } else {
        Cgroups::None
    }
}

fn security_modules() -> String {
    let bytes = fs::read(Path::new("/sys/kernel/security/lsm")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
