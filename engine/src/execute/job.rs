//! One action to run, with everything it needs; and the trees made of it.

use std::collections::BTreeMap;

use kiln_plugin_abi::{Diagnostic, Role, WorkspacePath};

use super::contents::ContentId;
use super::environment::{ActionEnvironment, EnvironmentRequest, ToolPath, describe_environment};
use super::inputs::{ResolvedGroup, ResolvedItem};
use super::stage::{InputTree, StagedEntry};
use crate::artifact::Artifact;
use crate::artifact::Entry;
use crate::graph::TargetHandle;

/// An action to run.
#[derive(Debug)]
pub struct Job {
    /// The declaration.
    pub target: TargetHandle,
    /// What it reads and runs.
    pub inputs: Vec<ResolvedGroup>,
    /// Values of the caller's variables that it declares and that are set.
    pub passed: BTreeMap<String, String>,
}

/// What a job's action sees.
#[derive(Debug)]
pub struct JobView {
    /// Everything below `/kiln/ws`.
    pub workspace: InputTree,
    /// Everything below `/kiln/tools`.
    pub tools: InputTree,
    /// Variables, paths for the driver, list files.
    pub environment: ActionEnvironment,
}

impl Job {
    /// Works out what the action sees.
    pub fn view(&self) -> Result<JobView, Diagnostic> {
        let mut workspace = InputTree::default();
        let mut tools = InputTree::default();
        let mut tool_paths = Vec::new();
        for group in &self.inputs {
            match group.role {
                Role::Dependency => {
                    for item in &group.items {
                        add_item(&mut workspace, "", item)?;
                    }
                }
                Role::Tool | Role::Runtime => {
                    self.add_tools(group, &mut tools, &mut tool_paths)?;
                }
            }
        }
        let dependencies = self
            .inputs
            .iter()
            .filter(|group| group.role == Role::Dependency);
        let environment = describe_environment(&EnvironmentRequest {
            target: &self.target,
            inputs: dependencies
                .map(|group| {
                    (
                        group.name.as_ref(),
                        group.items.iter().flat_map(paths).collect(),
                    )
                })
                .collect(),
            tools: &tool_paths,
            passed: self.passed.clone(),
        });
        Ok(JobView {
            workspace,
            tools,
            environment,
        })
    }

    fn add_tools(
        &self,
        group: &ResolvedGroup,
        tree: &mut InputTree,
        paths: &mut Vec<ToolPath>,
    ) -> Result<(), Diagnostic> {
        let declared = group.name.as_ref().map(ToString::to_string);
        for item in &group.items {
            if let ResolvedItem::HostTool { name, tool } = item {
                let name = declared.clone().unwrap_or_else(|| name.clone());
                paths.push(ToolPath {
                    name,
                    path: tool.path.clone(),
                });
                continue;
            }
            let name = declared.clone().unwrap_or_else(|| item_name(item));
            add_item(tree, &name, item)?;
            if group.role == Role::Tool {
                let path = format!("/kiln/tools/{name}/{}", program(item)?);
                paths.push(ToolPath { name, path });
            }
        }
        Ok(())
    }
}

fn item_name(item: &ResolvedItem) -> String {
    match item {
        ResolvedItem::Artifact { origin, .. } => origin
            .name()
            .as_str()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        ResolvedItem::File { path, .. } => path.file_name().to_owned(),
        ResolvedItem::HostTool { name, .. } => name.clone(),
    }
}

/// The one executable file of a tool, below the workspace root.
fn program(item: &ResolvedItem) -> Result<String, Diagnostic> {
    let (origin, artifact) = match item {
        ResolvedItem::Artifact { origin, artifact } => (origin, artifact),
        ResolvedItem::File {
            path,
            executable: true,
            ..
        } => return Ok(path.to_string()),
        ResolvedItem::File { path, .. } => {
            return Err(
                Diagnostic::error(format!("the tool `{path}` is not executable"))
                    .hint(format!("run `chmod +x {path}`")),
            );
        }
        ResolvedItem::HostTool { tool, .. } => return Ok(tool.path.clone()),
    };
    let programs = executables(artifact);
    match programs.as_slice() {
        [one] => Ok(one.to_string()),
        [] => Err(
            Diagnostic::error(format!("the tool `{origin}` has no executable output"))
                .hint("an output is executable when its action sets the x bit: `chmod +x $OUT`"),
        ),
        several => Err(Diagnostic::error(format!(
            "the tool `{origin}` has {} executable outputs",
            several.len()
        ))
        .hint("select one output group: `:name[group]`")),
    }
}

/// The executable files among an artifact's declared paths.
#[must_use]
pub fn executables(artifact: &Artifact) -> Vec<&WorkspacePath> {
    let is_executable = |path: &&WorkspacePath| {
        matches!(
            artifact.listing.get(path),
            Some(Entry::File {
                executable: true,
                ..
            })
        )
    };
    artifact
        .roots
        .iter()
        .map(|root| &root.path)
        .filter(is_executable)
        .collect()
}

fn add_item(tree: &mut InputTree, below: &str, item: &ResolvedItem) -> Result<(), Diagnostic> {
    let place = |path: &WorkspacePath| {
        if below.is_empty() {
            Some(path.clone())
        } else {
            WorkspacePath::from_normalised(&format!("{below}/{path}"))
        }
    };
    let bad = || Diagnostic::error(format!("`{below}` cannot name a tool's directory"));
    match item {
        ResolvedItem::File {
            id,
            path,
            digest,
            executable,
        } => {
            let staged = StagedEntry {
                entry: Entry::File {
                    digest: *digest,
                    executable: *executable,
                },
                content: Some(ContentId::Source(*id)),
                owner: "a source file".to_owned(),
            };
            tree.add(place(path).ok_or_else(bad)?, staged)
        }
        ResolvedItem::Artifact { origin, artifact } => {
            for (path, entry) in artifact.listing.entries() {
                let content = match entry {
                    Entry::File { digest, executable } => {
                        Some(ContentId::Digest(*digest, *executable))
                    }
                    Entry::Link { .. } | Entry::Directory => None,
                };
                let owner = format!("`{origin}`");
                let staged = StagedEntry {
                    entry: entry.clone(),
                    content,
                    owner,
                };
                tree.add(place(path).ok_or_else(bad)?, staged)?;
            }
            Ok(())
        }
        ResolvedItem::HostTool { .. } => Ok(()),
    }
}

fn paths(item: &ResolvedItem) -> Vec<String> {
    match item {
        ResolvedItem::File { path, .. } => vec![path.to_string()],
        ResolvedItem::Artifact { artifact, .. } => artifact
            .roots
            .iter()
            .map(|root| root.path.to_string())
            .collect(),
        ResolvedItem::HostTool { .. } => Vec::new(),
    }
}
