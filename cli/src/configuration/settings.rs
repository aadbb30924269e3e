//! The effective configuration: every setting with the place it came from.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use kiln_engine::request::{CacheSettings, SandboxSettings, UndeclaredOutputs, Verify};

use super::size::{parse_age, parse_size};

/// Where a value came from; later variants win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    BuiltIn,
    /// A configuration file.
    File {
        /// The file, as people know it.
        path: String,
        /// Line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A command line flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::BuiltIn => f.write_str("built-in"),
            Origin::File { path, line } => write!(f, "{path}:{line}"),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub origin: Origin,
}

impl<T> Setting<T> {
    fn built_in(value: T) -> Setting<T> {
        Setting {
            value,
            origin: Origin::BuiltIn,
        }
    }

    /// Replaces the value by one of a later layer.
    pub fn set(&mut self, value: T, origin: Origin) {
        *self = Setting { value, origin };
    }
}

/// An amount together with how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// As written.
    pub text: String,
    /// What it means.
    pub amount: T,
}

impl Written<u64> {
    /// A size, in bytes.
    pub fn size(text: String) -> Result<Written<u64>, String> {
        let amount = parse_size(&text)?;
        Ok(Written { text, amount })
    }
}

impl Written<Duration> {
    /// An age.
    pub fn age(text: String) -> Result<Written<Duration>, String> {
        let amount = parse_age(&text)?;
        Ok(Written { text, amount })
    }
}

/// Every setting there is.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// `build.jobs`, at least 1.
    pub jobs: Setting<usize>,
    /// `build.files`, not empty.
    pub files: Setting<Vec<String>>,
    /// `build.ignore`.
    pub ignore: Setting<Vec<String>>,
    /// `sandbox.base_id`; `None` is "auto".
    pub base_id: Setting<Option<String>>,
    /// `sandbox.host_paths`, absolute.
    pub host_paths: Setting<Vec<PathBuf>>,
    /// `sandbox.tmpfs`, in bytes.
    pub tmpfs: Setting<Written<u64>>,
    /// `sandbox.undeclared_outputs`.
    pub undeclared_outputs: Setting<UndeclaredOutputs>,
    /// `cache.max_size`, in bytes.
    pub max_size: Setting<Written<u64>>,
    /// `cache.max_age`.
    pub max_age: Setting<Written<Duration>>,
    /// `cache.verify`.
    pub verify: Setting<Verify>,
}

impl Configuration {
    /// What holds when nothing is configured.
    #[must_use]
    pub fn built_in() -> Configuration {
        let size = |text: &str, amount| {
            Setting::built_in(Written {
                text: text.to_owned(),
                amount,
            })
        };
        Configuration {
            jobs: Setting::built_in(std::thread::available_parallelism().map_or(1, usize::from)),
            files: Setting::built_in(vec!["BUILD.kiln".to_owned()]),
            ignore: Setting::built_in(Vec::new()),
            base_id: Setting::built_in(None),
            host_paths: Setting::built_in(Vec::new()),
            tmpfs: size("1G", 1 << 30),
            undeclared_outputs: Setting::built_in(UndeclaredOutputs::Allow),
            max_size: size("50G", 50 << 30),
            max_age: Setting::built_in(Written {
                text: "60d".to_owned(),
                amount: Duration::from_secs(60 * 86_400),
            }),
            verify: Setting::built_in(Verify::Size),
        }
    }

    /// `[sandbox]`, as the engine takes it.
    #[must_use]
    pub fn sandbox(&self) -> SandboxSettings {
        SandboxSettings {
            base_id: self.base_id.value.clone(),
            host_paths: self.host_paths.value.clone(),
            tmpfs_bytes: self.tmpfs.value.amount,
            undeclared_outputs: self.undeclared_outputs.value,
        }
    }

    /// `[cache]`, as the engine takes it.
    #[must_use]
    pub fn cache(&self) -> CacheSettings {
        CacheSettings {
            max_size: self.max_size.value.amount,
            max_age: self.max_age.value.amount,
            verify: self.verify.value,
        }
    }
}
