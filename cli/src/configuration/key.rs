//! The table of configuration keys: name, kind of value, and how it enters the
//! configuration. Adding a key is adding an entry here and a setting.

use std::path::{Path, PathBuf};

use kiln_engine::request::{UndeclaredOutputs, Verify};
use serde_json::{Value, json};

use super::raw::{Misfit, Raw, Shape};
use super::settings::{Configuration, Origin, Written};

/// Most jobs that can be configured; more would only exhaust descriptors.
pub const MOST_JOBS: u16 = 4096;

/// One key of the configuration.
pub struct Key {
    /// The table it stands in.
    pub table: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What kind of value it takes.
    pub shape: Shape,
    /// Puts a value of some layer in place; relative to the home directory.
    pub set: fn(&mut Configuration, Raw, Origin, Option<&Path>) -> Result<(), Misfit>,
    /// The effective value and its origin.
    pub get: fn(&Configuration) -> (Value, &Origin),
}

impl Key {
    /// `table.name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("KILN_{}_{}", self.table, self.name).to_uppercase()
    }
}

/// The names of the tables, in order.
pub fn tables() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    KEYS.iter()
        .map(|key| key.table)
        .filter(move |table| std::mem::replace(&mut last, table) != *table)
}

/// Every key there is; those of one table stand together.
pub static KEYS: &[Key] = &[
    Key {
        table: "build",
        name: "jobs",
        shape: Shape::Integer,
        set: |configuration, raw, origin, _| {
            let jobs = raw.integer(1, i64::from(MOST_JOBS))?;
            let jobs = usize::try_from(jobs).map_err(|_| Misfit::new("is out of range"))?;
            configuration.jobs.set(jobs, origin);
            Ok(())
        },
        get: |configuration| (json!(configuration.jobs.value), &configuration.jobs.origin),
    },
    Key {
        table: "build",
        name: "files",
        shape: Shape::List,
        set: |configuration, raw, origin, _| {
            let files = raw.list(file_name)?;
            if files.is_empty() {
                return Err(Misfit::new("must name at least one file"));
            }
            configuration.files.set(files, origin);
            Ok(())
        },
        get: |configuration| {
            (
                json!(configuration.files.value),
                &configuration.files.origin,
            )
        },
    },
    Key {
        table: "build",
        name: "ignore",
        shape: Shape::List,
        set: |configuration, raw, origin, _| {
            configuration.ignore.set(raw.list(file_name)?, origin);
            Ok(())
        },
        get: |configuration| {
            (
                json!(configuration.ignore.value),
                &configuration.ignore.origin,
            )
        },
    },
    Key {
        table: "sandbox",
        name: "base_id",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let id = raw.text()?;
            if id.is_empty() || id.chars().any(char::is_control) {
                return Err(Misfit::new("must be \"auto\" or a name"));
            }
            let id = (id != "auto").then_some(id);
            configuration.base_id.set(id, origin);
            Ok(())
        },
        get: |configuration| {
            let id = configuration.base_id.value.as_deref().unwrap_or("auto");
            (json!(id), &configuration.base_id.origin)
        },
    },
    Key {
        table: "sandbox",
        name: "host_paths",
        shape: Shape::List,
        set: |configuration, raw, origin, home| {
            let paths = raw.list(|text| absolute(&text, home))?;
            configuration.host_paths.set(paths, origin);
            Ok(())
        },
        get: |configuration| {
            let paths = &configuration.host_paths;
            (json!(paths.value), &paths.origin)
        },
    },
    Key {
        table: "sandbox",
        name: "tmpfs",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let size = Written::size(raw.text()?).map_err(Misfit::new)?;
            configuration.tmpfs.set(size, origin);
            Ok(())
        },
        get: |configuration| {
            let tmpfs = &configuration.tmpfs;
            (json!(tmpfs.value.text), &tmpfs.origin)
        },
    },
    Key {
        table: "sandbox",
        name: "undeclared_outputs",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let choice = match raw.text()?.as_str() {
                "allow" => UndeclaredOutputs::Allow,
                "error" => UndeclaredOutputs::Error,
                other => return Err(not_among(other, "`allow` or `error`")),
            };
            configuration.undeclared_outputs.set(choice, origin);
            Ok(())
        },
        get: |configuration| {
            let choice = &configuration.undeclared_outputs;
            let text = match choice.value {
                UndeclaredOutputs::Allow => "allow",
                UndeclaredOutputs::Error => "error",
            };
            (json!(text), &choice.origin)
        },
    },
    Key {
        table: "cache",
        name: "max_size",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let size = Written::size(raw.text()?).map_err(Misfit::new)?;
            configuration.max_size.set(size, origin);
            Ok(())
        },
        get: |configuration| {
            let size = &configuration.max_size;
            (json!(size.value.text), &size.origin)
        },
    },
    Key {
        table: "cache",
        name: "max_age",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let age = Written::age(raw.text()?).map_err(Misfit::new)?;
            configuration.max_age.set(age, origin);
            Ok(())
        },
        get: |configuration| {
            let age = &configuration.max_age;
            (json!(age.value.text), &age.origin)
        },
    },
    Key {
        table: "cache",
        name: "verify",
        shape: Shape::Text,
        set: |configuration, raw, origin, _| {
            let choice = match raw.text()?.as_str() {
                "size" => Verify::Size,
                "always" => Verify::Always,
                other => return Err(not_among(other, "`size` or `always`")),
            };
            configuration.verify.set(choice, origin);
            Ok(())
        },
        get: |configuration| {
            let choice = &configuration.verify;
            let text = match choice.value {
                Verify::Size => "size",
                Verify::Always => "always",
            };
            (json!(text), &choice.origin)
        },
    },
];

fn not_among(value: &str, choices: &str) -> Misfit {
    Misfit::new(format!("must be {choices}, not `{value}`"))
}

/// A name of one file or directory, without a path.
fn file_name(text: String) -> Result<String, String> {
    let plain = !matches!(text.as_str(), "" | "." | "..")
        && !text.contains(|c: char| c == '/' || c.is_control());
    if plain {
        Ok(text)
    } else {
        Err(format!("must hold plain file names, not `{text}`"))
    }
}

/// An absolute path, with `~` as the home directory.
fn absolute(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    let path = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => home
            .ok_or_else(|| format!("cannot expand `{text}`: HOME is not set"))?
            .join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    };
    if path.is_absolute() && !text.contains('\0') {
        Ok(path)
    } else {
        Err(format!("must hold absolute paths or `~/…`, not `{text}`"))
    }
}
