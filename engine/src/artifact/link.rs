//! Which symbolic links an artifact may hold.
//!
//! A target climbs first and then descends (`../../lib/x`). As no entry of a
//! listing lies behind a link, its text alone then decides where it leads; with
//! `..` after a name that would depend on what the name is.

use kiln_plugin_abi::WorkspacePath;

/// Longest link text that the system takes, in bytes.
const LONGEST: usize = 4095;

/// Why a link is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It starts with `/`.
    #[error("is absolute")]
    Absolute,
    /// It climbs above the top of the tree.
    #[error("leads out of the tree")]
    Leaves,
    /// `..` or `.` after a name, `//`, a trailing `/`, or nothing at all.
    #[error("is not in its plain form, like ../lib/file")]
    NotPlain,
    /// NUL, or more than 4,095 bytes.
    #[error("is no valid link text")]
    Invalid,
}

/// Where the link at `path` with the text `target` leads; the root when it
/// leads to the top of the tree.
pub fn link_destination(path: &WorkspacePath, target: &str) -> Result<WorkspacePath, LinkError> {
    if target.starts_with('/') {
        return Err(LinkError::Absolute);
    }
    if target.len() > LONGEST || target.contains('\0') {
        return Err(LinkError::Invalid);
    }
    let mut base = path.parent().ok_or(LinkError::Leaves)?;
    if target == "." {
        return Ok(base);
    }
    let mut names = target
        .strip_prefix("./")
        .unwrap_or(target)
        .split('/')
        .peekable();
    while names.next_if_eq(&"..").is_some() {
        base = base.parent().ok_or(LinkError::Leaves)?;
    }
    for name in names {
        if matches!(name, "" | "." | "..") {
            return Err(LinkError::NotPlain);
        }
        base = base.join(name);
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(target: &str) -> Result<String, LinkError> {
        let path = WorkspacePath::from_normalised("a/b/link").unwrap();
        link_destination(&path, target).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn a_plain_target_leads_where_it_says() {
        for (target, expected) in [
            ("x", "a/b/x"),
            ("./x", "a/b/x"),
            ("x/y", "a/b/x/y"),
            ("../x", "a/x"),
            ("./../x", "a/x"),
            ("../../x", "x"),
            (".", "a/b"),
            ("..", "a"),
            ("../..", ""),
            ("..x", "a/b/..x"),
            ("...", "a/b/..."),
        ] {
            assert_eq!(destination(target).as_deref(), Ok(expected), "{target:?}");
        }
    }

    #[test]
    fn other_targets_are_refused_with_the_reason() {
        let long = "x".repeat(4096);
        for (target, expected) in [
            ("/etc/passwd", LinkError::Absolute),
            ("../../../x", LinkError::Leaves),
            ("../../..", LinkError::Leaves),
            ("", LinkError::NotPlain),
            ("x/../y", LinkError::NotPlain),
            ("x/./y", LinkError::NotPlain),
            ("x//y", LinkError::NotPlain),
            ("x/", LinkError::NotPlain),
            ("../", LinkError::NotPlain),
            ("./", LinkError::NotPlain),
            ("././x", LinkError::NotPlain),
            ("x\0", LinkError::Invalid),
            (&long, LinkError::Invalid),
        ] {
            assert_eq!(destination(target), Err(expected), "{target:?}");
        }
    }
}
