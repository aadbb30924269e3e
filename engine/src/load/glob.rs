//! Patterns of `glob()`: which files they match and which directories they can
//! reach. Touches no file system.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use kiln_plugin_abi::{Diagnostic, Focus};

/// Longest pattern taken, in bytes.
const LONGEST: usize = 4096;

/// Characters that make a pattern more than a path.
const SPECIAL: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

/// The patterns of one `glob()`, ready to match paths relative to the package.
#[derive(Debug)]
pub(super) struct Patterns {
    include: GlobSet,
    exclude: GlobSet,
    reach: Vec<Vec<Step>>,
    /// Directories where walks begin, none below another; empty is the package.
    pub starts: Vec<String>,
    /// Patterns that are the path of one file.
    pub literals: Vec<String>,
}

/// What one segment of an include pattern lets a walk enter.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The directory of this name.
    Named(String),
    /// Any directory.
    Any,
    /// Any directory, at any depth.
    Deep,
}

impl Patterns {
    pub(super) fn new(include: &[String], exclude: &[String]) -> Result<Patterns, Diagnostic> {
        let is_literal = |pattern: &&String| !pattern.contains(SPECIAL);
        let (literals, walked): (Vec<_>, Vec<_>) = include.iter().partition(is_literal);
        Ok(Patterns {
            include: compile(include)?,
            exclude: compile(exclude)?,
            reach: walked.iter().map(|pattern| steps(pattern)).collect(),
            starts: starts(&walked),
            literals: literals.into_iter().cloned().collect(),
        })
    }

    /// True when the file at `path` is asked for.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.include.is_match(path) && !self.exclude.is_match(path)
    }

    /// True when something below the directory at `path` may be asked for.
    pub(super) fn may_enter(&self, path: &str) -> bool {
        self.reach.iter().any(|steps| reaches(steps, path))
    }
}

fn compile(patterns: &[String]) -> Result<GlobSet, Diagnostic> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        check(pattern).map_err(|reason| error(pattern, reason))?;
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|problem| error(pattern, &problem.kind().to_string()))?);
    }
    set.build().map_err(|problem| {
        let pattern = problem.glob().unwrap_or("…");
        error(pattern, &problem.kind().to_string())
    })
}

fn error(pattern: &str, reason: &str) -> Diagnostic {
    let shown: String = pattern.chars().take(80).collect();
    Diagnostic::error(format!("glob pattern `{}`: {reason}", shown.escape_debug()))
        .focus(Focus::Literal(pattern.to_owned()))
}

/// What no pattern may be, whatever the matcher thinks of it.
fn check(pattern: &str) -> Result<(), &'static str> {
    if pattern.len() > LONGEST {
        return Err("longer than 4096 bytes");
    }
    if pattern.is_empty() {
        return Err("the pattern is empty");
    }
    if pattern.starts_with('/') {
        return Err("a pattern is relative to its package");
    }
    if pattern.ends_with('/') {
        return Err("a pattern matches files; write `dir/**` for all below a directory");
    }
    for segment in pattern.split('/') {
        match segment {
            ".." => return Err("a pattern may not leave its package"),
            "." => return Err("leave out the `.`: a pattern is relative to its package"),
            "" => return Err("empty segment"),
            _ => {}
        }
    }
    Ok(())
}

/// The directories that the patterns name before anything special in them.
fn starts(patterns: &[&String]) -> Vec<String> {
    let mut starts: Vec<&str> = patterns
        .iter()
        .map(|pattern| {
            let plain = pattern.split(SPECIAL).next().unwrap_or("");
            plain
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory)
        })
        .collect();
    starts.sort_unstable();
    let mut outermost: Vec<String> = Vec::new();
    for start in starts {
        let is_covered = outermost.iter().any(|outer| {
            outer.is_empty()
                || start
                    .strip_prefix(outer.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if !is_covered {
            outermost.push(start.to_owned());
        }
    }
    outermost
}

/// What each segment but the last lets a walk enter. Where a segment is hard to
/// judge the walk may go anywhere: that costs time, and finds nothing wrong.
fn steps(pattern: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let segments: Vec<&str> = pattern.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_hard = segment.contains(['{', '}', '[', ']', '\\']);
        if is_hard || *segment == "**" {
            steps.push(Step::Deep);
            return steps;
        }
        if index + 1 == segments.len() {
            return steps;
        }
        steps.push(match segment.contains(['*', '?']) {
            true => Step::Any,
            false => Step::Named((*segment).to_owned()),
        });
    }
    steps
}

fn reaches(steps: &[Step], path: &str) -> bool {
    let mut steps = steps.iter();
    for segment in path.split('/') {
        match steps.next() {
            Some(Step::Deep) => return true,
            Some(Step::Any) => {}
            Some(Step::Named(name)) if name == segment => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(include: &[&str], exclude: &[&str]) -> Patterns {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        Patterns::new(&owned(include), &owned(exclude)).unwrap()
    }

    #[test]
    fn a_star_stays_within_its_segment_and_two_cross_them() {
        let set = patterns(&["src/*.c", "gen/**/*.h"], &["src/luac.c"]);
        for yes in ["src/a.c", "src/.a.c", "gen/x.h", "gen/a/b/x.h"] {
            assert!(set.matches(yes), "{yes}");
        }
        for no in ["src/luac.c", "src/a/b.c", "a.c", "gen/x.c"] {
            assert!(!set.matches(no), "{no}");
        }
    }

    #[test]
    fn a_walk_enters_only_what_a_pattern_can_reach() {
        let set = patterns(&["src/*.c", "gen/*/x/*.h"], &[]);
        for yes in ["src", "gen", "gen/a", "gen/a/x"] {
            assert!(set.may_enter(yes), "{yes}");
        }
        for no in ["src/a", "doc", "gen/a/b", "gen/a/x/y"] {
            assert!(!set.may_enter(no), "{no}");
        }
        assert!(patterns(&["**/*.c"], &[]).may_enter("any/depth"));
        assert!(patterns(&["a/{b/c,d}/*.h"], &[]).may_enter("a/b"));
        assert!(!patterns(&["a/{b/c,d}/*.h"], &[]).may_enter("b"));
    }

    #[test]
    fn walks_begin_where_patterns_stop_being_plain_paths() {
        let set = patterns(&["src/a/*.c", "src/ab/x?", "src/a/b/**", "one/f.c"], &[]);
        assert_eq!(set.starts, ["src/a", "src/ab"]);
        assert_eq!(set.literals, ["one/f.c"]);
        assert_eq!(patterns(&["*.c", "src/*.c"], &[]).starts, [""]);
        assert_eq!(patterns(&["src/{a,b}/*.c"], &[]).starts, ["src"]);
    }

    #[test]
    fn patterns_that_leave_the_package_or_make_no_sense_are_refused() {
        let long = "x".repeat(5000);
        for bad in [
            "/etc/*", "../x", "a/../b", "", "a//b", "a/", "./a", "a[", "{a", &long,
        ] {
            let error = Patterns::new(&[bad.to_owned()], &[]).unwrap_err();
            assert!(error.message.starts_with("glob pattern `"), "{error}");
            assert!(error.message.len() < 250, "{error}");
        }
    }
}
