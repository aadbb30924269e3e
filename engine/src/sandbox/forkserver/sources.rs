//! What the template takes from the host: mounts, small files and links.
//!
//! Everything is taken before the root changes, and put in place by `root`.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::OpenTreeFlags;

use super::etc;
use super::root::Root;
use super::syscall::{self, Reach};
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::Configuration;

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];
/// What lies in the host's root and belongs to `/usr`, as links or directories.
const USR_KIN: &[&str] = &["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Parts of `/proc` that the host's root may write to, whatever its
/// capabilities: covered, as an action's id is the caller's.
const ROOT_WRITABLE: &[&str] = &["sys", "irq", "bus", "fs", "scsi", "acpi"];
/// How deep a writable file is looked for.
const WRITABLE_DEPTH: usize = 4;

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
const WRITABLE: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
const DEVICE: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC;

/// A detached copy of a host tree and its place in the new root.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tree: OwnedFd,
    pub(super) target: Vec<u8>,
    pub(super) is_directory: bool,
}

#[derive(Debug, Default)]
pub(super) struct Sources {
    trees: Vec<Source>,
    /// Place and contents. Each tree costs every action, a copied file none.
    files: Vec<(String, Vec<u8>)>,
    /// Name in the root and target.
    links: Vec<(&'static str, Vec<u8>)>,
    /// Places for files and directories that network actions see.
    network_places: Vec<(&'static str, bool)>,
}

impl Sources {
    /// Puts everything in place.
    pub(super) fn install(&self, root: &Root) -> Result<(), SetupError> {
        for (name, target) in &self.links {
            root.make_link(name, target)?;
        }
        for (path, contents) in &self.files {
            root.make_file(path.as_bytes(), contents)?;
        }
        for (name, is_directory) in &self.network_places {
            root.make_place(format!("etc/{name}").as_bytes(), *is_directory)?;
        }
        for source in &self.trees {
            root.attach(source)?;
        }
        Ok(())
    }

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
        self.trees.push(Source {
            tree,
            target: target.into(),
            is_directory,
        });
        Ok(())
    }

    /// Takes what there is of the host's `path`: a file is copied, a directory
    /// becomes a mount. The answer is whether it is a directory.
    fn take_existing(&mut self, path: &str, target: String) -> Option<bool> {
        let status = rustix::fs::stat(path).ok()?;
        if FileType::from_raw_mode(status.st_mode).is_dir() {
            self.take(path.as_bytes(), target, READ_ONLY).ok()?;
            return Some(true);
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        let contents = read_whole(&file).ok()?;
        self.files.push((target, contents));
        Some(false)
    }

    /// What network actions see of `/etc`; the answer is what there is.
    pub(super) fn network_files(&mut self) -> Vec<&'static str> {
        for name in etc::NETWORK_PATHS {
            let kind = self.take_existing(&format!("/etc/{name}"), format!("proc/etc/{name}"));
            self.network_places
                .extend(kind.map(|is_directory| (*name, is_directory)));
        }
        self.network_places.iter().map(|(name, _)| *name).collect()
    }

    /// What must be covered in an action's `/proc` when the caller is root.
    pub(super) fn covers(&mut self) -> Result<Vec<&'static str>, SetupError> {
        let mut covers = Vec::new();
        for name in ROOT_WRITABLE {
            let path = format!("/proc/{name}");
            if holds_writable(path.as_bytes(), WRITABLE_DEPTH) {
                self.take(path.as_bytes(), format!("proc/cover/{name}"), READ_ONLY)?;
                covers.push(*name);
            }
        }
        if rustix::fs::lstat("/proc/sysrq-trigger").is_ok() {
            self.take(b"/dev/null", "proc/cover/sysrq-trigger", DEVICE)?;
            covers.push("sysrq-trigger");
        }
        Ok(covers)
    }

    /// `/usr` and what belongs to it.
    pub(super) fn host_base(&mut self) -> Result<(), SetupError> {
        self.take(b"/usr", "usr", READ_ONLY)?;
        for name in USR_KIN {
            let path = format!("/{name}");
            if let Ok(target) = rustix::fs::readlink(&path, Vec::new()) {
                self.links.push((name, target.into_bytes()));
            } else if rustix::fs::stat(&path).is_ok() {
                self.take(path.as_bytes(), *name, READ_ONLY)?;
            }
        }
        for name in etc::BASE_PATHS {
            self.take_existing(&format!("/etc/{name}"), format!("etc/{name}"));
        }
        Ok(())
    }

    /// Host paths and disk roots; the answer is which host paths lie in `/tmp`.
    pub(super) fn configured(
        &mut self,
        configuration: &Configuration,
    ) -> Result<Vec<Vec<u8>>, SetupError> {
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

    /// What every action sees, whatever the base.
    pub(super) fn essentials(&mut self) -> Result<(), SetupError> {
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

/// Whether a file that its owner may write to lies in the directory.
fn holds_writable(directory: &[u8], depth: usize) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let entries = rustix::fs::open(directory, flags, Mode::empty()).and_then(Dir::new);
    let Ok(entries) = entries else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_bytes();
        let path = [directory, b"/", name].concat();
        let Ok(status) = rustix::fs::lstat(&path[..]) else {
            return false;
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => status.st_mode & 0o200 != 0,
            FileType::Directory if name != b"." && name != b".." => {
                depth == 0 || holds_writable(&path, depth - 1)
            }
            _ => false,
        }
    })
}

/// The largest file that is copied; larger ones do not occur among them.
const COPY_LIMIT: usize = 4 << 20;

fn read_whole(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let mut contents = Vec::new();
    loop {
        let mut buffer = [0; 16 << 10];
        match rustix::io::read(file, &mut buffer)? {
            0 => return Ok(contents),
            count => contents.extend_from_slice(&buffer[..count]),
        }
        if contents.len() > COPY_LIMIT {
            return Err(Errno::FBIG);
        }
    }
}
