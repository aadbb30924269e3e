//! Labels: the names of targets, and their grammar.
//!
//! ```text
//! label   = "//" [ package ] [ ":" name ] [ "@" params ]     //a/b = //a/b:b
//! relative = ":" name [ "@" params ]                          in a known package
//! virtual = "@" provider … = "//@" provider …
//! ```
//! A package segment may hold `@`; parameters start at the first `@` that is
//! followed by an identifier and `=`, which neither packages nor names can hold.
//! Printing gives the full form, and reading that gives the same label.

use std::fmt;
use std::sync::Arc;

use crate::{Parameters, SyntaxError, WorkspacePath};

/// Longest label taken, in bytes.
const LONGEST: usize = 4096;

/// A package: a directory of the workspace, or a virtual one such as `@fs`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackagePath(Arc<str>);

impl PackagePath {
    /// The package of the workspace root.
    #[must_use]
    pub fn root() -> PackagePath {
        PackagePath(Arc::from(""))
    }

    /// Reads a package path without the leading `//`.
    pub fn parse(text: &str) -> Result<PackagePath, SyntaxError> {
        check_package(text, 0, text)?;
        Ok(PackagePath(text.into()))
    }

    /// The path as text, without the leading `//`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for packages that no directory stands for, such as `@fs`.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        matches!(&*self.0, "@fs" | "@host")
    }

    /// The directory of this package in the workspace.
    #[must_use]
    pub fn directory(&self) -> WorkspacePath {
        WorkspacePath::from_normalised(&self.0).unwrap_or_else(WorkspacePath::root)
    }
}

impl fmt::Display for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "//{}", self.0)
    }
}

impl fmt::Debug for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The name of a target within its package; may hold `/`, never `:` or `@`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetName(Arc<str>);

impl TargetName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<TargetName, SyntaxError> {
        check_name(text, 0, text)?;
        Ok(TargetName(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// The name of an output or input group: `[a-z0-9_]+`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// Reads a group name.
    pub fn parse(text: &str) -> Result<GroupName, SyntaxError> {
        let bad = text
            .char_indices()
            .find(|(_, c)| !matches!(c, 'a'..='z' | '0'..='9' | '_'));
        match bad {
            Some((at, _)) => Err(SyntaxError::new(
                "group name",
                text,
                at,
                "a group is written with a-z, 0-9 and _",
            )),
            None if text.is_empty() => Err(SyntaxError::new(
                "group name",
                text,
                0,
                "the group has no name",
            )),
            None => Ok(GroupName(text.into())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// The name of a target.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    package: PackagePath,
    name: TargetName,
    parameters: Parameters,
}

impl Label {
    /// A label without parameters.
    #[must_use]
    pub fn new(package: PackagePath, name: TargetName) -> Label {
        Label {
            package,
            name,
            parameters: Parameters::default(),
        }
    }

    /// Reads a label; `:name` is taken relative to `package`.
    pub fn parse(text: &str, package: &PackagePath) -> Result<Label, SyntaxError> {
        let reference = OutputReference::parse(text, package)?;
        match reference.group {
            None => Ok(reference.label),
            Some(_) => Err(SyntaxError::new(
                "label",
                text,
                text.rfind('[').unwrap_or(0),
                "an output group is not allowed here",
            )),
        }
    }

    /// Where the target is declared.
    #[must_use]
    pub fn package(&self) -> &PackagePath {
        &self.package
    }

    /// Its name there.
    #[must_use]
    pub fn name(&self) -> &TargetName {
        &self.name
    }

    /// What it is parametrised with; empty for targets of BUILD files.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.package, self.name)?;
        if !self.parameters.is_empty() {
            write!(f, "@{}", self.parameters)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A target, or one output group of it: `//a:b[hdrs]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputReference {
    /// The target.
    pub label: Label,
    /// `None` means all its groups.
    pub group: Option<GroupName>,
}

impl OutputReference {
    /// Reads a label with an optional group; `:name` is relative to `package`.
    pub fn parse(text: &str, package: &PackagePath) -> Result<OutputReference, SyntaxError> {
        if text.len() > LONGEST {
            return Err(SyntaxError::new(
                "label",
                text,
                LONGEST,
                format!("longer than {LONGEST} bytes"),
            ));
        }
        let (body, group) = split_group(text)?;
        let parameters_at = Parameters::find_start(body);
        let path = &body[..parameters_at.unwrap_or(body.len())];
        let (package, name) = parse_path(text, path, package)?;
        let parameters = match parameters_at {
            Some(at) => Parameters::parse(text, at + 1, body.len())?,
            None => Parameters::default(),
        };
        Ok(OutputReference {
            label: Label {
                package,
                name,
                parameters,
            },
            group,
        })
    }
}

impl fmt::Display for OutputReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label)?;
        match &self.group {
            Some(group) => write!(f, "[{group}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OutputReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Cuts `[group]` off the end.
fn split_group(text: &str) -> Result<(&str, Option<GroupName>), SyntaxError> {
    let Some(inner) = text.strip_suffix(']') else {
        return Ok((text, None));
    };
    let Some(open) = inner.rfind('[') else {
        return Err(SyntaxError::new(
            "label",
            text,
            text.len() - 1,
            "`]` without `[`",
        ));
    };
    let group = GroupName::parse(&inner[open + 1..])
        .map_err(|error| SyntaxError::new("label", text, open + 1 + error.offset, error.message))?;
    Ok((&inner[..open], Some(group)))
}

/// Reads `//package:name`, `//package`, `@virtual:name` or `:name`; `path` is
/// the part of `text` in front of parameters and group.
fn parse_path(
    text: &str,
    path: &str,
    package: &PackagePath,
) -> Result<(PackagePath, TargetName), SyntaxError> {
    if let Some(name) = path.strip_prefix(':') {
        check_name(name, 1, text)?;
        return Ok((package.clone(), TargetName(name.into())));
    }
    let start = match path {
        _ if path.starts_with("//") => 2,
        _ if path.starts_with('@') => 0,
        "" => return Err(SyntaxError::new("label", text, 0, "the label is empty")),
        _ => {
            return Err(SyntaxError::new(
                "label",
                text,
                0,
                "a label starts with `//`, or with `:` for a target of this package",
            ));
        }
    };
    let (package, name, name_at) = match path[start..].split_once(':') {
        Some((package, name)) => (package, name, start + package.len() + 1),
        None => {
            let package = &path[start..];
            let name = package.rsplit('/').next().unwrap_or(package);
            (package, name, start + package.len() - name.len())
        }
    };
    check_package(package, start, text)?;
    if name.is_empty() && package.is_empty() {
        let message = "the root package has no default target; write `//:name`";
        return Err(SyntaxError::new("label", text, text.len(), message));
    }
    check_name(name, name_at, text)?;
    Ok((PackagePath(package.into()), TargetName(name.into())))
}

fn check_package(package: &str, offset: usize, text: &str) -> Result<(), SyntaxError> {
    if package.is_empty() {
        return Ok(());
    }
    check_segments(package, offset, text, "package", |_| false)
}

fn check_name(name: &str, offset: usize, text: &str) -> Result<(), SyntaxError> {
    if name.is_empty() {
        return Err(SyntaxError::new(
            "label",
            text,
            offset,
            "the target has no name",
        ));
    }
    check_segments(name, offset, text, "name", |c| c == '@')
}

/// Checks the segments of a package or name that starts at `offset` of `text`.
fn check_segments(
    part: &str,
    offset: usize,
    text: &str,
    what: &str,
    also_forbidden: impl Fn(char) -> bool,
) -> Result<(), SyntaxError> {
    let error = |at: usize, message: String| Err(SyntaxError::new("label", text, at, message));
    let mut at = offset;
    for segment in part.split('/') {
        if matches!(segment, "." | "..") {
            return error(at, format!("`{segment}` is not allowed in a {what}"));
        }
        if segment.is_empty() {
            return error(at, format!("empty segment in the {what}"));
        }
        for (index, c) in segment.char_indices() {
            let forbidden = matches!(c, ':' | '[' | ']' | ',' | '=' | '"' | '\\')
                || c.is_control()
                || c.is_whitespace()
                || also_forbidden(c);
            if forbidden {
                let shown = c.escape_default();
                return error(at + index, format!("`{shown}` is not allowed in a {what}"));
            }
        }
        at += segment.len() + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
