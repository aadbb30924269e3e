//! What an init mounts for its action, on its own copy of the template.
//!
//! Paths without a leading slash lie in the setup area, which the last mount,
//! the action's `/proc`, covers.

use std::ffi::CString;
use std::fmt::Write as _;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::root::make_directories;
use super::template::Template;
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::{Order, ScratchPlace};

/// The time stamp of every directory that the sandbox creates.
const CONSTANT_TIME: i64 = 315_532_800;
const PLAIN: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

/// Directories of the scratch besides `upper` and `work`, with the place where
/// each is bound, and its mode.
const SCRATCH_BINDS: &[(&str, &str, u32)] =
    &[("tmp", "/tmp", 0o1777), ("home", "/kiln/home", 0o755)];

/// Mounts everything; the answer is the upper layer.
pub(super) fn prepare(template: &Template, order: &Order) -> Result<OwnedFd, SetupError> {
    let scratch = scratch(&order.scratch)?;
    let upper = make_scratch_directories(&scratch, order)?;
    mount_workspace(&scratch, order)?;
    mount_tools(&order.tool_layers)?;
    for (name, place, _) in SCRATCH_BINDS {
        bind(&format!("{scratch}/{name}"), place)?;
    }
    for (index, path) in template.private_paths.iter().enumerate() {
        bind_private(&scratch, index, path)?;
    }
    if order.host_network {
        for name in &template.network_files {
            bind(&format!("etc/{name}"), &format!("/etc/{name}"))?;
        }
    }
    rustix::mount::mount(c"proc", c"/proc", c"proc", PLAIN | MountFlags::NOEXEC, None)
        .map_err(|errno| SetupError::new(Step::Proc, errno))?;
    for name in &template.covers {
        // Relative: the working directory lies under the new /proc.
        bind(&format!("cover/{name}"), &format!("/proc/{name}"))?;
    }
    Ok(upper)
}

/// Where the scratch is, relative to the setup area.
fn scratch(place: &ScratchPlace) -> Result<String, SetupError> {
    match place {
        ScratchPlace::Tmpfs(bytes) => {
            let options = option_string(format!("mode=0755,size={bytes}"))?;
            rustix::mount::mount(c"tmpfs", c"scratch", c"tmpfs", PLAIN, options.as_c_str())
                .map_err(|errno| SetupError::new(Step::Tmpfs, errno))?;
            Ok("scratch".into())
        }
        ScratchPlace::Disk(path) => String::from_utf8(path.clone())
            .map_err(|_| SetupError::new(Step::Scratch, Errno::ILSEQ)),
    }
}

fn make_scratch_directories(scratch: &str, order: &Order) -> Result<OwnedFd, SetupError> {
    let make = || {
        for (name, _, mode) in SCRATCH_BINDS {
            make_directory(&format!("{scratch}/{name}"), *mode)?;
        }
        make_directory(&format!("{scratch}/work"), 0o755)?;
        let upper = format!("{scratch}/upper");
        make_directory(&upper, 0o755)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let upper = rustix::fs::open(&upper, flags, Mode::empty())?;
        for path in &order.make_dirs {
            make_directories(upper.as_fd(), path)?;
        }
        for path in &order.make_dirs {
            set_constant_times(upper.as_fd(), path)?;
        }
        rustix::fs::futimens(&upper, &constant_times())?;
        Ok(upper)
    };
    make().map_err(|errno| SetupError::new(Step::Scratch, errno))
}

fn make_directory(path: &str, mode: u32) -> Result<(), Errno> {
    rustix::fs::mkdir(path, Mode::from_raw_mode(0o755))?;
    if mode == 0o755 {
        return Ok(());
    }
    rustix::fs::chmod(path, Mode::from_raw_mode(mode))
}

fn constant_times() -> Timestamps {
    let time = Timespec {
        tv_sec: CONSTANT_TIME,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

/// For `path` below `root` and every directory on the way to it.
fn set_constant_times(root: BorrowedFd<'_>, path: &[u8]) -> Result<(), Errno> {
    let mut rest = path;
    while !rest.is_empty() {
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(root, rest, &constant_times(), flags)?;
        let parent = rest.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        rest = &rest[..parent];
    }
    Ok(())
}

/// `/kiln/ws`: the layers below, the upper above.
fn mount_workspace(scratch: &str, order: &Order) -> Result<(), SetupError> {
    if order.layers.is_empty() {
        return bind(&format!("{scratch}/upper"), "/kiln/ws");
    }
    let mut options = lower_option(&order.layers);
    // `volatile`: nothing needs the upper after a crash, so nothing is synced.
    let _ = write!(
        options,
        ",upperdir={scratch}/upper,workdir={scratch}/work,userxattr,volatile"
    );
    let options = option_string(options)?;
    rustix::mount::mount(
        c"overlay",
        c"/kiln/ws",
        c"overlay",
        PLAIN,
        options.as_c_str(),
    )
    .map_err(|errno| SetupError::on(Step::Overlay, options.to_string_lossy(), errno))
}

/// `/kiln/tools`, read-only as its layers are.
fn mount_tools(layers: &[Vec<u8>]) -> Result<(), SetupError> {
    match layers {
        [] => Ok(()),
        [only] => bind(&String::from_utf8_lossy(only), "/kiln/tools"),
        several => {
            let options = option_string(format!("{},userxattr", lower_option(several)))?;
            let flags = PLAIN | MountFlags::RDONLY;
            rustix::mount::mount(
                c"overlay",
                c"/kiln/tools",
                c"overlay",
                flags,
                options.as_c_str(),
            )
            .map_err(|errno| SetupError::on(Step::Tools, options.to_string_lossy(), errno))
        }
    }
}

fn lower_option(layers: &[Vec<u8>]) -> String {
    let paths: Vec<_> = layers
        .iter()
        .map(|path| String::from_utf8_lossy(path))
        .collect();
    format!("lowerdir={}", paths.join(":"))
}

fn option_string(options: String) -> Result<CString, SetupError> {
    CString::new(options).map_err(|_| SetupError::new(Step::Order, Errno::INVAL))
}

/// Shows a host path that lies below `/tmp` in the action's own `/tmp`.
fn bind_private(scratch: &str, index: usize, path: &[u8]) -> Result<(), SetupError> {
    let source = format!("private/{index}");
    let target = String::from_utf8_lossy(path);
    let make = || {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let tmp = rustix::fs::open(format!("{scratch}/tmp"), flags, Mode::empty())?;
        let mode = rustix::fs::stat(&source)?.st_mode;
        if rustix::fs::FileType::from_raw_mode(mode).is_dir() {
            return make_directories(tmp.as_fd(), path);
        }
        let parent = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        if parent > 0 {
            make_directories(tmp.as_fd(), &path[..parent])?;
        }
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        rustix::fs::openat(&tmp, path, flags, Mode::from_raw_mode(0o644)).map(drop)
    };
    make().map_err(|errno| SetupError::on(Step::Bind, target.clone(), errno))?;
    bind(&source, &format!("/tmp/{target}"))
}

/// Shows `source` at `target`, with the attributes that its mount has.
fn bind(source: &str, target: &str) -> Result<(), SetupError> {
    rustix::mount::mount_bind(source, target)
        .map_err(|errno| SetupError::on(Step::Bind, target, errno))
}
