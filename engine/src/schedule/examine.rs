//! What a run finds in the world before it computes any key: source files,
//! host tools, the host's base, the caller's variables.

use std::collections::BTreeMap;
use std::path::Path;

use kiln_plugin_abi::{Diagnostic, Digest, Focus, Role};

use crate::content::{FingerprintCache, Source, SourceError};
use crate::execute::RunSource;
use crate::failure::{Failure, FailureKind, Outcome};
use crate::graph::{FileId, Graph, Item, TargetId, ToolId};
use crate::host::{HostBase, HostFiles, HostTool, ToolError, find_tool};
use crate::request::EngineConfig;
use crate::sys::stat::EntryKind;

/// Everything outside of the graph that enters keys.
#[derive(Debug)]
pub struct World {
    /// By [`FileId`].
    pub sources: Vec<RunSource>,
    /// By [`ToolId`].
    pub tools: Vec<HostTool>,
    /// What actions see of the host undeclared.
    pub base: HostBase,
    /// Digests of the caller's variables that some target declares.
    pub passed: BTreeMap<String, Option<Digest>>,
}

impl World {
    /// Examines everything that `graph` refers to.
    pub fn examine(
        graph: &Graph,
        config: &EngineConfig,
        fingerprints: &FingerprintCache,
        host: &HostFiles,
    ) -> Outcome<World> {
        let found = fingerprints.fingerprints(&config.workspace, graph.files())?;
        let sources = sources(graph, &config.workspace, found)?;
        let tools = tools(graph, config, host)?;
        Ok(World {
            sources,
            tools,
            base: HostBase::examine(&config.sandbox, host)?,
            passed: passed(graph, &config.environment),
        })
    }
}

fn sources(
    graph: &Graph,
    workspace: &Path,
    found: Vec<Result<Source, SourceError>>,
) -> Outcome<Vec<RunSource>> {
    let mut sources = Vec::with_capacity(found.len());
    let mut diagnostics = Vec::new();
    for (index, result) in found.into_iter().enumerate() {
        let path = graph.files()[index].clone();
        match result {
            Ok(source) => {
                let real = source.real_path.as_ref().unwrap_or(&path);
                sources.push(RunSource {
                    file: workspace.join(real.as_str()),
                    path,
                    source,
                });
            }
            Err(error) => diagnostics.push(source_error(graph, FileId(index as u32), &error)),
        }
    }
    if diagnostics.is_empty() {
        return Ok(sources);
    }
    Err(Failure {
        kind: FailureKind::Build,
        diagnostics,
    })
}

fn source_error(graph: &Graph, file: FileId, error: &SourceError) -> Diagnostic {
    let path = &graph.files()[file.index()];
    let target = &graph.node(graph.user_of_file(file)).target;
    let package = target.label.package().as_str();
    let written = path.below(package).unwrap_or(path.as_str());
    let mut diagnostic = match error {
        SourceError::Missing { .. } => {
            Diagnostic::error(format!("the source file `{path}` does not exist"))
        }
        SourceError::NotRegular {
            kind: EntryKind::Directory,
            ..
        } => Diagnostic::error(format!("`{path}` is a directory"))
            .hint(format!("name its files with glob([\"{written}/**\"])")),
        error => Diagnostic::error(error.to_string()),
    };
    if let SourceError::Missing { .. } = error {
        diagnostic = diagnostic.hint(
            "a plain string is a file of this package; a target is written `:name` or `//package:name`",
        );
    }
    let diagnostic = diagnostic
        .on(&target.label)
        .focus(Focus::Literal(written.to_owned()));
    match &target.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn tools(graph: &Graph, config: &EngineConfig, host: &HostFiles) -> Outcome<Vec<HostTool>> {
    let mut tools = Vec::with_capacity(graph.tools().len());
    for (index, name) in graph.tools().iter().enumerate() {
        match find_tool(name, &config.sandbox.host_paths, host) {
            Ok(tool) => tools.push(tool),
            Err(ToolError::Failed(failure)) => return Err(failure),
            Err(ToolError::NotFound(searched)) => {
                let directories: Vec<String> = searched
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                let diagnostic = Diagnostic::error(format!("the host has no tool `{name}`"))
                    .note(format!("searched in {}", directories.join(", ")))
                    .hint("install it, or add its directory to `[sandbox] host_paths`");
                let diagnostic = blame_tool(graph, ToolId(index as u32), diagnostic);
                return Err(Failure::new(FailureKind::Build, diagnostic));
            }
        }
    }
    Ok(tools)
}

/// Ties a message about a host tool to the first target that declares it.
fn blame_tool(graph: &Graph, tool: ToolId, diagnostic: Diagnostic) -> Diagnostic {
    let uses = |id: &&TargetId| {
        let groups = graph
            .node(**id)
            .inputs
            .iter()
            .filter(|group| group.role == Role::Tool);
        groups
            .flat_map(|group| &group.items)
            .any(|item| *item == Item::HostTool(tool))
    };
    let Some(user) = graph.order().iter().find(uses) else {
        return diagnostic;
    };
    let target = &graph.node(*user).target;
    let name = graph.tools()[tool.index()].clone();
    let diagnostic = diagnostic.on(&target.label).focus(Focus::Literal(name));
    match &target.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn passed(
    graph: &Graph,
    environment: &BTreeMap<String, String>,
) -> BTreeMap<String, Option<Digest>> {
    let mut passed = BTreeMap::new();
    for id in graph.order() {
        for name in &graph.node(*id).target.pass_environment {
            let value = || {
                environment
                    .get(name)
                    .map(|value| Digest::of(value.as_bytes()))
            };
            passed.entry(name.clone()).or_insert_with(value);
        }
    }
    passed
}
