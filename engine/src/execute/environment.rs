//! The variables that an action sees, and the paths that its driver may use.

use std::collections::BTreeMap;

use kiln_plugin_abi::{GroupName, InputPaths, NamedPaths, OutputGroup, OutputKind, Target};

use crate::host::FIXED_ENVIRONMENT;

/// Longest value of a variable that holds paths, in bytes.
const LONGEST: usize = 100 * 1024;

/// Where list files stand, below the workspace as the action sees it.
pub const LISTS: &str = ".kiln/lists";

/// A declared tool where the action finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolPath {
    /// The name it was declared under.
    pub name: String,
    /// Absolute path as the action sees it.
    pub path: String,
}

/// What the variables follow from.
#[derive(Debug)]
pub struct EnvironmentRequest<'a> {
    /// The declaration.
    pub target: &'a Target,
    /// Dependencies by group, as workspace-relative paths, in their order.
    pub inputs: Vec<(Option<&'a GroupName>, Vec<String>)>,
    /// Tools in the declared order.
    pub tools: &'a [ToolPath],
    /// Values of the declared variables of the caller that are set.
    pub passed: BTreeMap<String, String>,
}

/// Everything an action is told in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEnvironment {
    /// Variables, sorted by name.
    pub variables: BTreeMap<String, String>,
    /// What the driver may use to make the command.
    pub paths: InputPaths,
    /// List files: name below [`LISTS`], NUL-terminated paths.
    pub lists: Vec<(String, Vec<u8>)>,
}

/// Computes what an action is told.
#[must_use]
pub fn describe_environment(request: &EnvironmentRequest<'_>) -> ActionEnvironment {
    let target = request.target;
    let package = target.label.package().as_str();
    let mut words = Words::default();
    words.set_fixed(request);
    let mut all = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut groups = Vec::new();
    for (name, paths) in &request.inputs {
        let paths: Vec<String> = paths.iter().map(|path| relative(package, path)).collect();
        if let Some(name) = name {
            words.input_list(&format!("SRCS_{}", variable(name.as_str())), &paths);
        }
        all.extend(
            paths
                .iter()
                .filter(|path| seen.insert((*path).clone()))
                .cloned(),
        );
        groups.push(NamedPaths {
            name: (*name).cloned(),
            paths,
        });
    }
    words.input_list("SRCS", &all);
    words.set_outputs(package, &target.outputs);
    words.set_tools(request.tools);
    ActionEnvironment {
        variables: words.variables,
        paths: InputPaths {
            groups,
            all,
            unset: words.unset,
        },
        lists: words.lists,
    }
}

/// The upper-case form of a name in variables: what is no letter or digit
/// becomes `_`.
#[must_use]
pub fn variable(name: &str) -> String {
    let upper = name.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    upper.collect()
}

/// `path` as seen from the directory of `package`; both below the workspace root.
fn relative(package: &str, path: &str) -> String {
    if package.is_empty() {
        return path.to_owned();
    }
    let mut from = package.split('/').peekable();
    let mut to = path.split('/').peekable();
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let mut relative = "../".repeat(from.count());
    relative.push_str(&to.collect::<Vec<_>>().join("/"));
    relative
}

#[derive(Default)]
struct Words {
    variables: BTreeMap<String, String>,
    unset: Vec<(String, String)>,
    lists: Vec<(String, Vec<u8>)>,
}

impl Words {
    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    fn set_fixed(&mut self, request: &EnvironmentRequest<'_>) {
        for (name, value) in FIXED_ENVIRONMENT {
            self.set(name, value);
        }
        self.set("HOME", "/kiln/home");
        self.set("TMPDIR", "/tmp");
        self.set("PKG", request.target.label.package().as_str());
        self.set("NAME", request.target.label.name().as_str());
        for (name, value) in &request.target.environment {
            self.set(name, value);
        }
        for (name, value) in &request.passed {
            self.set(name, value);
        }
    }

    /// Sets a variable of paths, or notes why it stays unset.
    fn set_paths(&mut self, name: &str, paths: &[String]) {
        let spaced = paths.iter().find(|path| path.contains(char::is_whitespace));
        let reason = if let Some(path) = spaced {
            format!("the path `{path}` has white space")
        } else if paths.iter().map(|path| path.len() + 1).sum::<usize>() > LONGEST {
            "it would be longer than 100 KiB".to_owned()
        } else {
            self.set(name, paths.join(" "));
            return;
        };
        self.unset.push((name.to_owned(), reason));
    }

    /// Sets a variable of input paths together with its list file.
    fn input_list(&mut self, name: &str, paths: &[String]) {
        self.set_paths(name, paths);
        self.set(&format!("{name}_LIST"), format!("/kiln/ws/{LISTS}/{name}"));
        let mut list = Vec::new();
        for path in paths {
            list.extend_from_slice(path.as_bytes());
            list.push(0);
        }
        self.lists.push((name.to_owned(), list));
    }

    fn set_outputs(&mut self, package: &str, groups: &[OutputGroup]) {
        let mut all = Vec::new();
        for group in groups {
            let paths: Vec<String> = group
                .outputs
                .iter()
                .map(|output| {
                    let path = relative(package, output.path.as_str());
                    match output.kind {
                        OutputKind::File => path,
                        OutputKind::Directory => path.trim_end_matches('/').to_owned(),
                    }
                })
                .collect();
            if let Some(name) = &group.name {
                self.set_paths(&format!("OUT_{}", variable(name.as_str())), &paths);
            }
            all.extend(paths);
        }
        if let [only] = all.as_slice() {
            self.set("OUT", only);
        }
        self.set_paths("OUTS", &all);
    }

    fn set_tools(&mut self, tools: &[ToolPath]) {
        let mut search: Vec<&str> = Vec::new();
        for tool in tools {
            self.set(&format!("TOOL_{}", variable(&tool.name)), &tool.path);
            let directory = tool
                .path
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory);
            if !search.contains(&directory) && !matches!(directory, "/usr/bin" | "/bin" | "") {
                search.push(directory);
            }
        }
        search.extend(["/usr/bin", "/bin"]);
        self.set("PATH", search.join(":"));
    }
}

#[cfg(test)]
mod tests;
