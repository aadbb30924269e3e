//! What the engine asks of the sandbox for one action, and its check against
//! what Linux and the sandbox can do.
//!
//! Knows nothing of targets, keys or artifacts.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::error::SpecError;
use super::message::{Order, ScratchPlace};

/// The longest single argument or `NAME=value` that Linux takes, its NUL included.
const STRING_LIMIT: usize = 128 << 10;
/// The most that Linux takes as arguments and environment with the stack limit
/// that every action has (a quarter of 8 MiB), less a page for its own needs.
const ARGUMENTS_LIMIT: usize = (2 << 20) - 4096;
/// The longest option string that `mount` takes, less what is not a layer.
const LAYERS_LIMIT: usize = 4096 - 128;

/// One action, as the sandbox sees it.
#[derive(Debug, Clone)]
pub struct SandboxSpec {
    /// The program and its arguments. A program without a slash is looked up
    /// in the `PATH` of `env`, inside the sandbox.
    pub argv: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory, relative to `/kiln/ws`; it must exist in a layer
    /// or stand in `make_dirs`. Empty for `/kiln/ws` itself.
    pub cwd: String,
    /// Read-only trees that make up `/kiln/ws`, the topmost first.
    pub layers: Vec<Layer>,
    /// Read-only trees that make up `/kiln/tools`, the topmost first.
    pub tool_layers: Vec<Layer>,
    /// Directories created in `/kiln/ws` with their parents, relative to it.
    pub make_dirs: Vec<String>,
    /// Where the action's writes go.
    pub scratch: Scratch,
    /// Whether the action has a network.
    pub network: Network,
    /// After this time the action is asked to end (SIGTERM), and killed 5 s later.
    pub timeout: Option<Duration>,
    /// How many bytes of each of stdout and stderr are kept, the last ones.
    pub log_limit: usize,
}

/// A read-only directory tree. It must not change while an action uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A directory of the run area, relative to it.
    RunArea(PathBuf),
    /// An absolute directory below one of the configured disk roots.
    Disk(PathBuf),
}

/// Where the upper layer, `$HOME` and `/tmp` of an action lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scratch {
    /// A tmpfs of the action's own, gone when the last descriptor of it is closed.
    Tmpfs {
        /// Its size limit, in bytes.
        bytes: u64,
    },
    /// An existing, empty directory below one of the configured disk roots, for
    /// this action alone. It receives `upper` and others, and is removed with
    /// [`super::remove_scratch`].
    Disk(PathBuf),
}

/// What an action can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Its own loopback interface and nothing else.
    None,
    /// The host's network, with its resolver configuration and certificates.
    Host,
}

impl SandboxSpec {
    /// Checks the spec and turns it into the init's order.
    pub(super) fn to_order(&self, disk_roots: &[PathBuf]) -> Result<Order, SpecError> {
        let argv: Vec<Vec<u8>> = self.argv.iter().map(|a| a.as_bytes().to_vec()).collect();
        let env: Vec<Vec<u8>> = self
            .env
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
            .collect();
        check_strings(&argv, &env, &self.env)?;
        let layers = layer_paths(&self.layers, disk_roots)?;
        let tool_layers = layer_paths(&self.tool_layers, disk_roots)?;
        let scratch = match &self.scratch {
            Scratch::Tmpfs { bytes } => ScratchPlace::Tmpfs(*bytes),
            Scratch::Disk(path) => ScratchPlace::Disk(below_disk_root(path, "rw", disk_roots)?),
        };
        let make_dirs = self
            .make_dirs
            .iter()
            .map(|path| plain_path(Path::new(path)))
            .collect::<Result<_, _>>()?;
        Ok(Order {
            argv,
            env,
            cwd: plain_path(Path::new(&self.cwd))?,
            layers,
            tool_layers,
            make_dirs,
            scratch,
            host_network: self.network == Network::Host,
        })
    }
}

fn check_strings(
    argv: &[Vec<u8>],
    env: &[Vec<u8>],
    names: &[(OsString, OsString)],
) -> Result<(), SpecError> {
    if argv.first().is_none_or(Vec::is_empty) {
        return Err(SpecError::EmptyCommand);
    }
    let arguments = argv
        .iter()
        .enumerate()
        .map(|(index, bytes)| (bytes, move || format!("argument {index}")));
    for (bytes, what) in arguments {
        check_string(bytes, what)?;
    }
    for (bytes, (name, _)) in env.iter().zip(names) {
        check_string(bytes, || format!("the variable {}", name.display()))?;
    }
    let strings: usize = argv.iter().chain(env).map(|bytes| bytes.len() + 1).sum();
    let bytes = strings + (argv.len() + env.len() + 2) * size_of::<usize>();
    if bytes > ARGUMENTS_LIMIT {
        return Err(SpecError::ArgumentsTooLong {
            bytes,
            limit: ARGUMENTS_LIMIT,
        });
    }
    Ok(())
}

fn check_string(bytes: &[u8], what: impl FnOnce() -> String) -> Result<(), SpecError> {
    if bytes.contains(&0) {
        return Err(SpecError::Nul(what()));
    }
    if bytes.len() >= STRING_LIMIT {
        return Err(SpecError::TooLong {
            what: what(),
            bytes: bytes.len(),
            limit: STRING_LIMIT - 1,
        });
    }
    Ok(())
}

/// The layers' paths relative to the setup area.
fn layer_paths(layers: &[Layer], disk_roots: &[PathBuf]) -> Result<Vec<Vec<u8>>, SpecError> {
    let paths = layers
        .iter()
        .map(|layer| match layer {
            Layer::RunArea(path) => overlay_path(b"run", path),
            Layer::Disk(path) => below_disk_root(path, "ro", disk_roots),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if paths.iter().map(|path| path.len() + 1).sum::<usize>() > LAYERS_LIMIT {
        return Err(SpecError::TooManyLayers(layers.len()));
    }
    Ok(paths)
}

fn below_disk_root(path: &Path, side: &str, disk_roots: &[PathBuf]) -> Result<Vec<u8>, SpecError> {
    let (index, relative) = disk_roots
        .iter()
        .enumerate()
        .find_map(|(index, root)| Some((index, path.strip_prefix(root).ok()?)))
        .ok_or_else(|| SpecError::OutsideDiskRoots(path.to_path_buf()))?;
    overlay_path(format!("{side}/{index}").as_bytes(), relative)
}

/// `prefix/path`, where `path` has no character that means something in the
/// options of an overlay.
fn overlay_path(prefix: &[u8], path: &Path) -> Result<Vec<u8>, SpecError> {
    let relative = plain_path(path)?;
    if relative.iter().any(|byte| b":,\\".contains(byte)) {
        return Err(bad_path(path.as_os_str()));
    }
    if relative.is_empty() {
        return Ok(prefix.to_vec());
    }
    Ok([prefix, b"/", &relative].concat())
}

fn plain_path(path: &Path) -> Result<Vec<u8>, SpecError> {
    let plain = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let bytes = path.as_os_str().as_bytes();
    if plain && !bytes.contains(&0) {
        Ok(bytes.to_vec())
    } else {
        Err(bad_path(path.as_os_str()))
    }
}

fn bad_path(path: &OsStr) -> SpecError {
    SpecError::BadPath(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
