//! Applies a `group` target's selection and renaming to its inputs.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use kiln_plugin_abi::{OutputKind, PackagePath, View, WorkspacePath};

use crate::artifact::Artifact;
use crate::artifact::Root;
use crate::artifact::{Entry, Listing, ListingError};

/// Files that a view shows, and the package that their paths are relative to.
#[derive(Debug)]
pub struct ViewInput<'a> {
    /// The package of the producer; for sources, the view's own.
    pub package: &'a PackagePath,
    /// The paths as the producer declared them.
    pub roots: &'a [Root],
    /// The entries below these roots.
    pub entries: &'a [(WorkspacePath, Entry)],
}

/// Why a view has no artifact.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A pattern that is none.
    #[error("`{pattern}` is not a valid glob pattern: {reason}")]
    Pattern {
        /// As written.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `strip_prefix` that a path does not have.
    #[error("`{path}` does not start with the strip_prefix `{prefix}`")]
    Prefix {
        /// Relative to the producer's package.
        path: String,
        /// As written.
        prefix: String,
    },
    /// A new name that leaves the package.
    #[error("the new path `{path}` is not allowed: {reason}")]
    Path {
        /// The new path.
        path: String,
        /// What is wrong with it.
        reason: kiln_plugin_abi::PathError,
    },
    /// Two files at one path, or a path too long.
    #[error(transparent)]
    Listing(#[from] ListingError),
}

/// The artifact that `view`, declared in `package`, makes of `inputs`.
pub fn apply_view(
    view: &View,
    package: &PackagePath,
    inputs: &[ViewInput<'_>],
) -> Result<Artifact, ViewError> {
    let include = patterns(&view.include)?;
    let exclude = patterns(&view.exclude)?;
    let is_whole = view.include.is_empty() && view.exclude.is_empty() && !view.moves_files();
    let mut roots = Vec::new();
    let mut entries = Vec::new();
    for input in inputs {
        if is_whole {
            roots.extend_from_slice(input.roots);
            entries.extend_from_slice(input.entries);
            continue;
        }
        for (path, entry) in input.entries {
            let relative = path.below(input.package.as_str()).unwrap_or(path.as_str());
            let selected = (view.include.is_empty() || include.is_match(relative))
                && !exclude.is_match(relative);
            if !selected {
                continue;
            }
            let path = if view.moves_files() {
                move_path(view, package, relative)?
            } else {
                path.clone()
            };
            let kind = match entry {
                Entry::Directory => OutputKind::Directory,
                Entry::File { .. } | Entry::Link { .. } => OutputKind::File,
            };
            roots.push(Root {
                path: path.clone(),
                kind,
            });
            entries.push((path, entry.clone()));
        }
    }
    Ok(Artifact::new(roots.into(), Listing::new(entries)?))
}

fn patterns(patterns: &[String]) -> Result<GlobSet, ViewError> {
    let bad = |pattern: &str, error: &globset::Error| ViewError::Pattern {
        pattern: pattern.to_owned(),
        reason: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| bad(pattern, &error))?);
    }
    set.build()
        .map_err(|error| bad(&patterns.join(", "), &error))
}

fn move_path(
    view: &View,
    package: &PackagePath,
    relative: &str,
) -> Result<WorkspacePath, ViewError> {
    let prefix = view.strip_prefix.trim_end_matches('/');
    let stripped = if prefix.is_empty() {
        relative
    } else {
        let rest = relative
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('/'));
        rest.ok_or_else(|| ViewError::Prefix {
            path: relative.to_owned(),
            prefix: view.strip_prefix.clone(),
        })?
    };
    let placed = match view.prefix.trim_end_matches('/') {
        "" => stripped.to_owned(),
        prefix => format!("{prefix}/{stripped}"),
    };
    let renamed = view.rename.get(&placed).unwrap_or(&placed);
    WorkspacePath::resolve(package.as_str(), renamed).map_err(|reason| ViewError::Path {
        path: renamed.clone(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::Digest;

    use super::*;

    fn entries(paths: &[&str]) -> Vec<(WorkspacePath, Entry)> {
        let entry = |path: &&str| {
            let digest = Digest::of(path.as_bytes());
            let path = WorkspacePath::from_normalised(path).unwrap();
            (
                path,
                Entry::File {
                    digest,
                    executable: false,
                },
            )
        };
        paths.iter().map(entry).collect()
    }

    fn shown(view: &View, paths: &[&str]) -> Result<Vec<String>, ViewError> {
        let producer = PackagePath::parse("lib").unwrap();
        let package = PackagePath::parse("pkg").unwrap();
        let entries = entries(paths);
        let input = ViewInput {
            package: &producer,
            roots: &[],
            entries: &entries,
        };
        let artifact = apply_view(view, &package, &[input])?;
        Ok(artifact
            .listing
            .entries()
            .iter()
            .map(|(path, _)| path.to_string())
            .collect())
    }

    #[test]
    fn without_moves_files_stay_where_they_are() {
        let view = View {
            exclude: vec!["**/*.o".into()],
            ..View::default()
        };
        assert_eq!(
            shown(&view, &["lib/a.h", "lib/x/b.o"]).unwrap(),
            ["lib/a.h"]
        );
    }

    #[test]
    fn moved_files_come_into_the_package_of_the_view() {
        let view = View {
            include: vec!["inc/*.h".into()],
            strip_prefix: "inc".into(),
            prefix: "include/x".into(),
            rename: [("include/x/a.h".to_owned(), "main.h".to_owned())].into(),
            ..View::default()
        };
        let paths = ["lib/inc/a.h", "lib/inc/b.h", "lib/inc/deep/c.h"];
        assert_eq!(
            shown(&view, &paths).unwrap(),
            ["pkg/include/x/b.h", "pkg/main.h"]
        );
    }

    #[test]
    fn a_path_without_the_prefix_and_one_that_leaves_are_errors() {
        let strip = View {
            strip_prefix: "inc".into(),
            ..View::default()
        };
        assert!(matches!(
            shown(&strip, &["lib/include/a.h"]),
            Err(ViewError::Prefix { .. })
        ));
        let leave = View {
            prefix: "..".into(),
            ..View::default()
        };
        assert!(matches!(
            shown(&leave, &["lib/a.h"]),
            Err(ViewError::Path { .. })
        ));
    }

    #[test]
    fn two_files_moved_to_one_path_are_an_error() {
        let rename = [
            ("p/a".to_owned(), "x".to_owned()),
            ("p/b".to_owned(), "x".to_owned()),
        ];
        let view = View {
            prefix: "p".into(),
            rename: rename.into(),
            ..View::default()
        };
        assert!(matches!(
            shown(&view, &["lib/a", "lib/b"]),
            Err(ViewError::Listing(_))
        ));
    }
}
