//! Builds the graph of a request: from labels to the closure of all they need.

use std::collections::HashMap;

use kiln_plugin_abi::{
    Diagnostic, Focus, InputReference, Label, LoadError, OutputReference, PackagePath, Role,
    WorkspacePath,
};

use super::reference::check_group;
use super::{FileId, Graph, Item, ItemGroup, Node, TargetHandle, TargetId, ToolId};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::load::{Loaded, LoadedPackage, Loader};

/// Where declared targets come from.
pub trait TargetSource {
    /// Loads packages, in parallel where that helps; one answer each, in order.
    fn load(&self, packages: &[PackagePath]) -> Vec<Loaded>;

    /// A target with parameters; `None` when there is no such target.
    fn parametrised(&self, label: &Label) -> Result<Option<TargetHandle>, LoadError>;
}

impl TargetSource for Loader {
    fn load(&self, packages: &[PackagePath]) -> Vec<Loaded> {
        Loader::load(self, packages)
            .into_iter()
            .map(|(_, loaded)| loaded)
            .collect()
    }

    fn parametrised(&self, label: &Label) -> Result<Option<TargetHandle>, LoadError> {
        Ok(self.target(label)?.map(TargetHandle::Alone))
    }
}

/// Who named a target first, for messages.
#[derive(Debug, Clone, Copy)]
enum Referrer {
    CommandLine,
    Target(TargetId),
}

/// Grows a graph from labels; see [`GraphBuilder::finish`].
pub struct GraphBuilder<'s> {
    source: &'s dyn TargetSource,
    by_label: HashMap<Label, TargetId>,
    labels: Vec<Label>,
    referrers: Vec<Referrer>,
    handles: Vec<Option<TargetHandle>>,
    packages: HashMap<PackagePath, Loaded>,
    files: HashMap<WorkspacePath, FileId>,
    file_users: Vec<TargetId>,
    tools: HashMap<String, ToolId>,
    failures: Vec<(FailureKind, Diagnostic)>,
}

impl<'s> GraphBuilder<'s> {
    /// A builder without targets.
    #[must_use]
    pub fn new(source: &'s dyn TargetSource) -> GraphBuilder<'s> {
        GraphBuilder {
            source,
            by_label: HashMap::new(),
            labels: Vec::new(),
            referrers: Vec::new(),
            handles: Vec::new(),
            packages: HashMap::new(),
            files: HashMap::new(),
            file_users: Vec::new(),
            tools: HashMap::new(),
            failures: Vec::new(),
        }
    }

    /// Builds the closure of `roots`, which the command line named.
    pub fn finish(mut self, roots: &[OutputReference]) -> Outcome<Graph> {
        for root in roots {
            self.id(&root.label, Referrer::CommandLine);
        }
        self.load_closure();
        self.give_up_on_failures()?;
        let mut graph = self.resolve();
        for root in roots {
            // Every root was interned above.
            let id = graph.by_label[&root.label];
            check_group(&graph, id, root.group.as_ref(), None, &mut self.failures);
        }
        self.give_up_on_failures()?;
        graph.sort()?;
        super::runtime::surround_tools(&mut graph);
        graph.connect();
        Ok(graph)
    }

    fn id(&mut self, label: &Label, referrer: Referrer) -> TargetId {
        if let Some(id) = self.by_label.get(label) {
            return *id;
        }
        let id = TargetId(self.labels.len() as u32);
        self.by_label.insert(label.clone(), id);
        self.labels.push(label.clone());
        self.referrers.push(referrer);
        self.handles.push(None);
        id
    }

    /// Loads wave by wave, so that independent packages load in parallel.
    fn load_closure(&mut self) {
        let mut next = 0;
        while next < self.labels.len() {
            let wave = next..self.labels.len();
            next = wave.end;
            self.load_packages(wave.clone());
            for index in wave {
                let id = TargetId(index as u32);
                match self.find_target(id) {
                    Ok(Some(handle)) => {
                        self.intern_inputs(id, &handle);
                        self.handles[index] = Some(handle);
                    }
                    Ok(None) => {}
                    Err((kind, diagnostic)) => self.failures.push((kind, diagnostic)),
                }
            }
        }
    }

    fn load_packages(&mut self, wave: std::ops::Range<usize>) {
        let mut wanted: Vec<PackagePath> = wave
            .map(|index| &self.labels[index])
            .filter(|label| label.parameters().is_empty())
            .map(|label| label.package().clone())
            .filter(|package| !self.packages.contains_key(package))
            .collect();
        wanted.sort();
        wanted.dedup();
        let loaded = self.source.load(&wanted);
        for (package, result) in wanted.into_iter().zip(loaded) {
            if let Err(LoadError::Faulty(diagnostics)) = &result {
                let failed = diagnostics.iter().cloned();
                self.failures
                    .extend(failed.map(|diagnostic| (FailureKind::Build, diagnostic)));
            }
            self.packages.insert(package, result);
        }
    }

    /// `Ok(None)` when the package is faulty, which was reported with the package.
    fn find_target(&self, id: TargetId) -> Result<Option<TargetHandle>, (FailureKind, Diagnostic)> {
        let label = &self.labels[id.index()];
        if !label.parameters().is_empty() {
            return match self.source.parametrised(label) {
                Ok(Some(handle)) => Ok(Some(handle)),
                Ok(None) | Err(LoadError::NoPackage) => Err(self.missing_target(id, None)),
                Err(LoadError::Faulty(mut diagnostics)) => {
                    let first = diagnostics.swap_remove(0);
                    Err(self.blame(id, first))
                }
            };
        }
        match &self.packages[label.package()] {
            Ok(package) => match package.position(label.name()) {
                Some(at) => Ok(Some(TargetHandle::InPackage(package.clone(), at))),
                None => Err(self.missing_target(id, Some(package))),
            },
            Err(LoadError::NoPackage) => {
                let message = format!("there is no package `{}`", label.package());
                let hint = format!(
                    "a package is a directory with a BUILD file; looked for one in `{}`",
                    display_directory(label.package())
                );
                Err(self.blame(id, Diagnostic::error(message).hint(hint)))
            }
            Err(LoadError::Faulty(_)) => Ok(None),
        }
    }

    fn missing_target(
        &self,
        id: TargetId,
        package: Option<&LoadedPackage>,
    ) -> (FailureKind, Diagnostic) {
        let label = &self.labels[id.index()];
        let message = format!("there is no target `{label}`");
        let mut diagnostic = Diagnostic::error(message);
        if let Some(package) = package {
            let names = package
                .targets()
                .iter()
                .map(|target| target.label.name().as_str());
            if let Some(near) = kiln_plugin_abi::did_you_mean(label.name().as_str(), names) {
                diagnostic = diagnostic.hint(format!("did you mean `{}:{near}`?", label.package()));
            }
        }
        self.blame(id, diagnostic)
    }

    /// Ties a message about a label to whoever wrote the label.
    fn blame(&self, id: TargetId, diagnostic: Diagnostic) -> (FailureKind, Diagnostic) {
        match self.referrers[id.index()] {
            Referrer::CommandLine => (FailureKind::NothingMatched, diagnostic),
            Referrer::Target(by) => {
                let written = self.labels[id.index()].to_string();
                let Some(handle) = &self.handles[by.index()] else {
                    return (FailureKind::Build, diagnostic);
                };
                (
                    FailureKind::Build,
                    at_reference(handle, diagnostic, &written),
                )
            }
        }
    }

    fn intern_inputs(&mut self, id: TargetId, handle: &TargetHandle) {
        for group in &handle.inputs {
            for item in &group.items {
                match item {
                    InputReference::Target(reference) => {
                        self.id(&reference.label, Referrer::Target(id));
                    }
                    InputReference::File(path) => {
                        let next = FileId(self.files.len() as u32);
                        if !self.files.contains_key(path) {
                            self.files.insert(path.clone(), next);
                            self.file_users.push(id);
                        }
                    }
                    InputReference::HostTool(name) => {
                        let next = ToolId(self.tools.len() as u32);
                        self.tools.entry(name.clone()).or_insert(next);
                    }
                }
            }
        }
    }

    fn give_up_on_failures(&mut self) -> Outcome<()> {
        let Some(kind) = self.failures.iter().map(|(kind, _)| *kind).min() else {
            return Ok(());
        };
        let diagnostics = self
            .failures
            .drain(..)
            .map(|(_, diagnostic)| diagnostic)
            .collect();
        Err(Failure { kind, diagnostics })
    }

    /// Turns references into numbers; every label has its target by now.
    fn resolve(&mut self) -> Graph {
        let handles = std::mem::take(&mut self.handles);
        let nodes = handles
            .into_iter()
            .flatten()
            .map(|handle| self.resolve_node(handle));
        let mut graph = Graph {
            nodes: nodes.collect(),
            by_label: std::mem::take(&mut self.by_label),
            files: vec![WorkspacePath::root(); self.files.len()],
            file_users: std::mem::take(&mut self.file_users),
            tools: vec![String::new(); self.tools.len()],
            ..Graph::default()
        };
        for (path, id) in self.files.drain() {
            graph.files[id.index()] = path;
        }
        for (name, id) in self.tools.drain() {
            graph.tools[id.index()] = name;
        }
        for index in 0..graph.nodes.len() {
            super::reference::check_inputs(&graph, TargetId(index as u32), &mut self.failures);
        }
        graph
    }

    fn resolve_node(&self, target: TargetHandle) -> Node {
        let mut inputs = Vec::with_capacity(target.inputs.len());
        let mut runtime = Vec::new();
        for group in &target.inputs {
            let items = group.items.iter().map(|item| match item {
                InputReference::File(path) => Item::File(self.files[path]),
                InputReference::HostTool(name) => Item::HostTool(self.tools[name]),
                InputReference::Target(reference) => {
                    Item::Output(self.by_label[&reference.label], reference.group.clone())
                }
            });
            if group.role == Role::Runtime {
                runtime.extend(items);
            } else {
                inputs.push(ItemGroup {
                    role: group.role,
                    name: group.name.clone(),
                    items: items.collect(),
                });
            }
        }
        Node {
            target,
            inputs,
            runtime,
            waits_for: Vec::new(),
        }
    }
}

fn display_directory(package: &PackagePath) -> &str {
    match package.as_str() {
        "" => "the workspace root",
        directory => directory,
    }
}

/// Points a message at the place where `target` refers to `written`.
pub(super) fn at_reference(
    target: &TargetHandle,
    diagnostic: Diagnostic,
    written: &str,
) -> Diagnostic {
    let diagnostic = diagnostic
        .on(&target.label)
        .focus(Focus::Literal(written.to_owned()));
    match &target.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}
