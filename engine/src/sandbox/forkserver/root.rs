//! The new root while it is being built.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
};

use super::etc;
use super::sources::Source;
use super::syscall::{self, Reach};
use crate::sandbox::error::{SetupError, Step};

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
/// Any directory to hold the new root until it becomes the root.
const STAGING: &[&str] = &["/tmp", "/usr", "/etc"];

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// The new root while it is being built.
#[derive(Debug)]
pub(super) struct Root {
    mount: OwnedFd,
}

impl Root {
    pub(super) fn create() -> Result<Root, SetupError> {
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

    /// Creates what is the same on every machine.
    pub(super) fn populate(&self) -> Result<(), SetupError> {
        for directory in DIRECTORIES {
            self.make_directory(directory.as_bytes())?;
        }
        for (name, text) in etc::FILES {
            self.make_file(format!("etc/{name}").as_bytes(), text.as_bytes())?;
        }
        for (name, target) in LINKS {
            self.make_link(name, target.as_bytes())?;
        }
        Ok(())
    }

    /// Puts a tree in its place.
    pub(super) fn attach(&self, source: &Source) -> Result<(), SetupError> {
        self.make_place(&source.target, source.is_directory)?;
        rustix::mount::move_mount(
            &source.tree,
            c"",
            &self.mount,
            &source.target[..],
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
        )
        .map_err(|errno| {
            SetupError::on(Step::Attach, String::from_utf8_lossy(&source.target), errno)
        })
    }

    /// Creates what a mount needs to be mounted on.
    pub(super) fn make_place(&self, path: &[u8], is_directory: bool) -> Result<(), SetupError> {
        if is_directory {
            self.make_directory(path)
        } else {
            self.make_file(path, b"")
        }
    }

    /// Mounts the run area: read-only in the namespace, writable through the
    /// descriptor that is returned.
    pub(super) fn attach_run_area(&self, bytes: u64) -> Result<OwnedFd, SetupError> {
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
    pub(super) fn enter(&self) -> Result<(), SetupError> {
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

    pub(super) fn make_file(&self, path: &[u8], text: &[u8]) -> Result<(), SetupError> {
        if let Some(slash) = path.iter().rposition(|&byte| byte == b'/') {
            self.make_directory(&path[..slash])?;
        }
        let flags =
            rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CREATE | rustix::fs::OFlags::CLOEXEC;
        let write = || {
            let mode = Mode::from_raw_mode(0o644);
            let file = rustix::fs::openat(&self.mount, path, flags, mode)?;
            let mut rest = text;
            while !rest.is_empty() {
                rest = &rest[rustix::io::write(&file, rest)?..];
            }
            Ok(())
        };
        write().map_err(|errno| template_file(path, errno))
    }

    pub(super) fn make_link(&self, path: &str, target: &[u8]) -> Result<(), SetupError> {
        rustix::fs::symlinkat(target, &self.mount, path)
            .map_err(|errno| template_file(path.as_bytes(), errno))
    }
}

fn template_file(path: &[u8], errno: Errno) -> SetupError {
    SetupError::on(Step::TemplateFile, String::from_utf8_lossy(path), errno)
}

/// Creates a directory with its parents below `root`.
pub(super) fn make_directories(root: BorrowedFd<'_>, path: &[u8]) -> Result<(), Errno> {
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
