//! The identity of the host base: what an action can see of the host without
//! declaring it.

use std::path::{Path, PathBuf};

use kiln_plugin_abi::Digest;

use super::HostFiles;
use crate::failure::Outcome;
use crate::request::SandboxSettings;
use crate::sandbox::{SANDBOX_VERSION, SECCOMP_VERSION};
use crate::sys::{fs, links};

/// Variables that every action sees with these values, unless its `env` says
/// otherwise for `LANG`, `TZ` and `SOURCE_DATE_EPOCH`.
pub const FIXED_ENVIRONMENT: [(&str, &str); 5] = [
    ("COLUMNS", "80"),
    ("LANG", "C.UTF-8"),
    ("SOURCE_DATE_EPOCH", "315532800"),
    ("TZ", "UTC"),
    ("USER", "build"),
];

/// Where distributions keep the list of what is installed.
const PACKAGE_DATABASES: [&str; 5] = [
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local/ALPM_DB_VERSION",
];

/// The identity of the base, and the facts it was made of.
#[derive(Debug, Clone)]
pub struct HostBase {
    /// Enters every key.
    pub digest: Digest,
    /// One fact a line, for `kiln why` and `kiln inspect`.
    pub facts: Vec<String>,
}

impl HostBase {
    /// Examines the host.
    pub fn examine(settings: &SandboxSettings, files: &HostFiles) -> Outcome<HostBase> {
        let mut facts = vec![
            "sandbox mode host".to_owned(),
            format!("sandbox version {SANDBOX_VERSION}"),
            format!("system call filter version {SECCOMP_VERSION}"),
        ];
        for (name, value) in FIXED_ENVIRONMENT {
            facts.push(format!("fixed variable {name}={value}"));
        }
        match &settings.base_id {
            Some(name) => facts.push(format!("base_id {name}")),
            None => facts.extend(distribution(files)?),
        }
        for path in &settings.host_paths {
            facts.push(host_path(path, files)?);
        }
        let digest = Digest::of(facts.join("\n").as_bytes());
        Ok(HostBase { digest, facts })
    }
}

/// Architecture, release, and the list of installed packages.
fn distribution(files: &HostFiles) -> Outcome<Vec<String>> {
    let mut facts = vec![format!("architecture {}", std::env::consts::ARCH)];
    let release = files.digest(Path::new("/etc/os-release"))?;
    facts.push(match release {
        Some(digest) => format!("os-release {}", digest.hex()),
        None => "os-release absent".to_owned(),
    });
    let paths: Vec<PathBuf> = PACKAGE_DATABASES.iter().map(PathBuf::from).collect();
    for (path, digest) in PACKAGE_DATABASES.iter().zip(files.digests(&paths)?) {
        if let Some(digest) = digest {
            facts.push(format!("package database {path} {}", digest.hex()));
        }
    }
    Ok(facts)
}

/// Identity of everything below one configured path.
fn host_path(path: &Path, files: &HostFiles) -> Outcome<String> {
    let mut listed = Vec::new();
    let mut pending = vec![path.to_path_buf()];
    let mut lines = Vec::new();
    while let Some(next) = pending.pop() {
        match fs::symlink_metadata(&next)? {
            None => lines.push(format!("{} absent", next.display())),
            Some(status) if status.is_dir() => {
                for entry in fs::read_dir(&next)? {
                    pending.push(entry.path());
                }
            }
            Some(status) if status.is_symlink() => {
                let target = links::read_link(&next)?;
                lines.push(format!("{} -> {}", next.display(), target.display()));
            }
            Some(status) if status.is_file() => listed.push(next),
            Some(_) => {}
        }
    }
    listed.sort();
    for (file, digest) in listed.iter().zip(files.digests(&listed)?) {
        let digest = digest.map_or_else(|| "unreadable".to_owned(), |digest| digest.hex());
        lines.push(format!("{} {digest}", file.display()));
    }
    lines.sort();
    let digest = Digest::of(lines.join("\n").as_bytes());
    Ok(format!("host path {} {}", path.display(), digest.hex()))
}
