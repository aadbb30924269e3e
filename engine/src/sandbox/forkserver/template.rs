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

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags,
};

use super::confinement::Caller;
use super::etc;
use super::syscall::{self, Reach};
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::Configuration;

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];
const LINKS: &[(&str, &str)] = &[
    ("dev/fd", "/proc/self/fd"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("dev/stderr", "/proc/self/fd/2"),
    ("dev/shm", "/tmp"),
    ("var/tmp", "/tmp"),
];
const DIRECTORIES: &[&str] = &[
    "etc",
    "dev",
    "tmp",
    "var",
    "usr",
    "kiln/ws",
    "kiln/tools",
    "kiln/home",
    "proc/run",
    "proc/scratch",
];
/// What lies in the host's root and belongs to `/usr`, as links or directories.
const USR_KIN: &[&str] = &["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Parts of `/proc` that the host's root may write to, whatever its
/// capabilities: covered, as an action's id is the caller's.
const ROOT_WRITABLE: &[&str] = &["sys", "irq", "bus", "fs", "scsi", "acpi"];
/// Any directory to hold the new root until it becomes the root.
const STAGING: &[&str] = &["/tmp", "/usr", "/etc"];

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
const WRITABLE: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
const DEVICE: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC;

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
    let network_files = sources.host_etc();
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
    root.populate(configuration.host_base)?;
    for source in &sources.list {
        root.attach(source)?;
    }
    let run_area = root.attach_run_area(configuration.run_area_bytes)?;
    root.enter()?;
    Ok(Template {
        run_area,
        covers,
        network_files,
        private_paths,
    })
}

/// A detached copy of a host tree and its place in the new root.
#[derive(Debug)]
struct Source {
    tree: OwnedFd,
    target: Vec<u8>,
    is_directory: bool,
}

#[derive(Debug, Default)]
struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Takes the host's `path` as `target`, with all that is mounted below.
    fn take(
        &mut self,
        path: &[u8],
        target: impl Into<Vec<u8>>,
        attributes: u64,
    ) -> Result<(), SetupError> {
        let clone = || {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC
                | OpenTreeFlags::AT_RECURSIVE;
            let tree = rustix::mount::open_tree(CWD, path, flags)?;
            syscall::set_mount_attributes(tree.as_fd(), attributes, Reach::Tree)?;
            let status = rustix::fs::statat(&tree, c"", AtFlags::EMPTY_PATH)?;
            let is_directory = FileType::from_raw_mode(status.st_mode).is_dir();
            Ok((tree, is_directory))
        };
        let (tree, is_directory) = clone().map_err(|errno| {
            SetupError::on(Step::HostPath, String::from_utf8_lossy(path), errno)
        })?;
        self.list.push(Source {
            tree,
            target: target.into(),
            is_directory,
        });
        Ok(())
    }

    /// Takes those of `names` in `directory` that exist, and says which.
    fn take_existing(
        &mut self,
        directory: &str,
        names: &[&'static str],
        target: &str,
    ) -> Vec<&'static str> {
        let take = |name: &&'static str| {
            let path = format!("{directory}/{name}");
            self.take(path.as_bytes(), format!("{target}/{name}"), READ_ONLY)
                .is_ok()
        };
        names.iter().copied().filter(take).collect()
    }

    fn host_etc(&mut self) -> Vec<&'static str> {
        self.take_existing("/etc", etc::NETWORK_PATHS, "proc/etc")
    }

    fn covers(&mut self) -> Result<Vec<&'static str>, SetupError> {
        let mut covers = self.take_existing("/proc", ROOT_WRITABLE, "proc/cover");
        if rustix::fs::lstat("/proc/sysrq-trigger").is_ok() {
            self.take(b"/dev/null", "proc/cover/sysrq-trigger", DEVICE)?;
            covers.push("sysrq-trigger");
        }
        Ok(covers)
    }

    fn host_base(&mut self) -> Result<(), SetupError> {
        self.take(b"/usr", "usr", READ_ONLY)?;
        for name in USR_KIN {
            let path = format!("/{name}");
            let is_directory = rustix::fs::lstat(&path)
                .is_ok_and(|status| FileType::from_raw_mode(status.st_mode).is_dir());
            if is_directory {
                self.take(path.as_bytes(), *name, READ_ONLY)?;
            }
        }
        self.take_existing("/etc", &["alternatives"], "etc");
        self.take_existing("/etc", etc::LINKER_PATHS, "etc");
        Ok(())
    }

    /// Host paths and disk roots; the answer is which host paths lie in `/tmp`.
    fn configured(&mut self, configuration: &Configuration) -> Result<Vec<Vec<u8>>, SetupError> {
        let mut private = Vec::new();
        for path in &configuration.host_paths {
            let absolute = Path::new(OsStr::from_bytes(path));
            if let Ok(below) = absolute.strip_prefix("/tmp") {
                let target = format!("proc/private/{}", private.len());
                self.take(path, target, READ_ONLY)?;
                private.push(below.as_os_str().as_bytes().to_vec());
            } else if !(configuration.host_base && is_in_host_base(absolute)) {
                self.take(path, below_root(path), READ_ONLY)?;
            }
        }
        for (index, path) in configuration.disk_roots.iter().enumerate() {
            self.take(path, format!("proc/ro/{index}"), READ_ONLY)?;
            self.take(path, format!("proc/rw/{index}"), WRITABLE)?;
        }
        Ok(private)
    }

    fn essentials(&mut self) -> Result<(), SetupError> {
        for name in DEVICES {
            let path = format!("dev/{name}");
            self.take(format!("/{path}").as_bytes(), path, DEVICE)?;
        }
        // No attribute is changed: a restriction here would bind the /proc of
        // every action.
        self.take(b"/proc", "proc/host", 0)
    }
}

fn is_in_host_base(path: &Path) -> bool {
    path.starts_with("/usr")
        || USR_KIN
            .iter()
            .any(|name| path.starts_with(Path::new("/").join(name)))
}

/// An absolute path, relative to the root.
fn below_root(path: &[u8]) -> &[u8] {
    let start = path.iter().position(|&byte| byte != b'/');
    start.map_or(&[], |start| &path[start..])
}

/// The new root while it is being built.
#[derive(Debug)]
struct Root {
    mount: OwnedFd,
}

impl Root {
    fn create() -> Result<Root, SetupError> {
        let mount = tmpfs(16 << 20)?;
        let staged = STAGING.iter().any(|place| {
            let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            rustix::mount::move_mount(&mount, c"", CWD, *place, flags).is_ok()
        });
        if staged {
            Ok(Root { mount })
        } else {
            Err(SetupError::on(Step::Attach, "/", Errno::NOENT))
        }
    }

    fn populate(&self, host_base: bool) -> Result<(), SetupError> {
        for directory in DIRECTORIES {
            self.make_directory(directory.as_bytes())?;
        }
        for (name, text) in etc::FILES {
            self.make_file(format!("etc/{name}").as_bytes(), text.as_bytes())?;
        }
        for (name, target) in LINKS {
            self.make_link(name, target.as_bytes())?;
        }
        if host_base {
            for name in USR_KIN {
                // A directory fails here; it is attached instead.
                if let Ok(target) = rustix::fs::readlink(format!("/{name}"), Vec::new()) {
                    self.make_link(name, target.as_bytes())?;
                }
            }
        }
        Ok(())
    }

    fn attach(&self, source: &Source) -> Result<(), SetupError> {
        if source.is_directory {
            self.make_directory(&source.target)?;
        } else {
            self.make_file(&source.target, b"")?;
        }
        rustix::mount::move_mount(
            &source.tree,
            c"",
            &self.mount,
            &source.target[..],
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
        )
        .map_err(|errno| {
            SetupError::on(Step::Attach, String::from_utf8_lossy(&source.target), errno)
        })?;
        // The place of the host's file for actions with a network.
        let Some(place) = source.target.strip_prefix(b"proc/") else {
            return Ok(());
        };
        if !place.starts_with(b"etc/") {
            Ok(())
        } else if source.is_directory {
            self.make_directory(place)
        } else {
            self.make_file(place, b"")
        }
    }

    /// Mounts the run area: read-only in the namespace, writable through the
    /// descriptor that is returned.
    fn attach_run_area(&self, bytes: u64) -> Result<OwnedFd, SetupError> {
        let writable = tmpfs(bytes)?;
        let place = |mount: &OwnedFd| {
            let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            rustix::mount::move_mount(mount, c"", &self.mount, c"proc/run", flags)
        };
        let attach = || {
            // Only an attached mount can be cloned on older kernels.
            place(&writable)?;
            let flags = OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC
                | OpenTreeFlags::AT_EMPTY_PATH;
            let read_only = rustix::mount::open_tree(&writable, c"", flags)?;
            syscall::set_mount_attributes(read_only.as_fd(), READ_ONLY, Reach::Mount)?;
            place(&read_only)
        };
        attach().map_err(|errno| SetupError::on(Step::Attach, "run area", errno))?;
        Ok(writable)
    }

    /// Makes this the root, read-only, and lets go of the host's.
    fn enter(&self) -> Result<(), SetupError> {
        let enter = || {
            rustix::process::fchdir(&self.mount)?;
            rustix::process::pivot_root(c".", c".")?;
            rustix::mount::unmount(c".", UnmountFlags::DETACH)?;
            syscall::set_mount_attributes(self.mount.as_fd(), READ_ONLY, Reach::Mount)?;
            rustix::process::chdir(c"/proc")
        };
        enter().map_err(|errno| SetupError::new(Step::PivotRoot, errno))
    }

    fn make_directory(&self, path: &[u8]) -> Result<(), SetupError> {
        make_directories(self.mount.as_fd(), path).map_err(|errno| template_file(path, errno))
    }

    fn make_file(&self, path: &[u8], text: &[u8]) -> Result<(), SetupError> {
        if let Some(slash) = path.iter().rposition(|&byte| byte == b'/') {
            self.make_directory(&path[..slash])?;
        }
        let flags =
            rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CREATE | rustix::fs::OFlags::CLOEXEC;
        let write = || {
            let mode = Mode::from_raw_mode(0o644);
            let file = rustix::fs::openat(&self.mount, path, flags, mode)?;
            rustix::io::write(&file, text).map(drop)
        };
        write().map_err(|errno| template_file(path, errno))
    }

    fn make_link(&self, path: &str, target: &[u8]) -> Result<(), SetupError> {
        rustix::fs::symlinkat(target, &self.mount, path)
            .map_err(|errno| template_file(path.as_bytes(), errno))
    }
}

fn template_file(path: &[u8], errno: Errno) -> SetupError {
    SetupError::on(Step::TemplateFile, String::from_utf8_lossy(path), errno)
}

/// Creates a directory with its parents below `root`.
pub(super) fn make_directories(root: rustix::fd::BorrowedFd<'_>, path: &[u8]) -> Result<(), Errno> {
    let ends = path
        .iter()
        .enumerate()
        .filter_map(|(index, &byte)| (byte == b'/').then_some(index))
        .chain([path.len()]);
    for end in ends {
        match rustix::fs::mkdirat(root, &path[..end], Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// A new tmpfs that is not attached anywhere yet.
fn tmpfs(bytes: u64) -> Result<OwnedFd, SetupError> {
    let create = || {
        let context = rustix::mount::fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        rustix::mount::fsconfig_set_string(&context, c"mode", c"0755")?;
        rustix::mount::fsconfig_set_string(&context, c"size", bytes.to_string())?;
        rustix::mount::fsconfig_create(&context)?;
        rustix::mount::fsmount(
            &context,
            FsMountFlags::FSMOUNT_CLOEXEC,
            MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV,
        )
    };
    create().map_err(|errno| SetupError::new(Step::Tmpfs, errno))
}
