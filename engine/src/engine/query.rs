//! `kiln query`: the query language over the static graph.
//!
//! Source files are nodes of this graph, under the labels of `@fs:file`: an
//! answer holds them like targets, and one can ask who uses a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kiln_plugin_abi::{
    Diagnostic, InputReference, Label, OutputReference, PackagePath, Pattern, Role, Target,
};
use serde_json::{Value, json};

use super::inspect::{declared_facts, payload_text};
use super::select::expand;
use super::session::Session;
use super::{Engine, QueryAnswer};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::graph::{Graph, GraphBuilder, TargetId};
use crate::load::Loader;
use crate::query::{Answer, Expression, NodeId, QueryGraph, evaluate};

impl Engine {
    /// Answers a query; relative labels in it belong to `current`.
    pub async fn query(&self, expression: &str, current: &PackagePath) -> Outcome<QueryAnswer> {
        let expression = Expression::parse(expression, current).map_err(|error| {
            Failure::new(FailureKind::Usage, Diagnostic::error(error.to_string()))
        })?;
        let session = Session::open(self)?;
        let mut roots = Vec::new();
        for pattern in expression.patterns() {
            if file_of(pattern).is_none() {
                roots.extend(expand(pattern, &session.loader)?);
            }
        }
        roots.sort();
        roots.dedup();
        let graph = GraphBuilder::new(&session.loader).finish(&roots)?;
        let nodes = QueryNodes::new(&graph, &session.loader);
        let answer = evaluate(&expression, &nodes)?;
        // A snapshot that cannot be kept costs time in the next run, nothing else.
        let _ = session.save();
        Ok(nodes.answer(&answer))
    }
}

/// The path that a pattern `@fs:file@path=…` means.
fn file_of(pattern: &Pattern) -> Option<&str> {
    let Pattern::One(OutputReference { label, group: None }) = pattern else {
        return None;
    };
    let is_file = label.package().as_str() == "@fs" && label.name().as_str() == "file";
    label.parameters().get("path").filter(|_| is_file)
}

/// Targets first, then source files, as dense numbers.
struct QueryNodes<'g> {
    graph: &'g Graph,
    loader: &'g Loader,
    dependencies: Vec<Vec<NodeId>>,
}

impl<'g> QueryNodes<'g> {
    fn new(graph: &'g Graph, loader: &'g Loader) -> QueryNodes<'g> {
        let mut dependencies = Vec::with_capacity(graph.len() + graph.files().len());
        for index in 0..graph.len() {
            let id = TargetId(index as u32);
            let mut nodes: Vec<NodeId> = graph
                .node(id)
                .references()
                .filter_map(|item| node_of(graph, item))
                .collect();
            nodes.sort_unstable();
            nodes.dedup();
            dependencies.push(nodes);
        }
        dependencies.resize(graph.len() + graph.files().len(), Vec::new());
        QueryNodes {
            graph,
            loader,
            dependencies,
        }
    }

    fn target(&self, node: NodeId) -> Option<&Target> {
        let is_target = (node as usize) < self.graph.len();
        is_target.then(|| &*self.graph.node(TargetId(node)).target)
    }

    fn answer(&self, answer: &Answer) -> QueryAnswer {
        let parse = |text: &String| Label::parse(text, &PackagePath::root()).ok();
        let labels: Vec<Option<Label>> = answer.labels.iter().map(parse).collect();
        let edge = |(from, to): &(u32, u32)| {
            Some((
                labels[*from as usize].clone()?,
                labels[*to as usize].clone()?,
            ))
        };
        let facts = answer
            .nodes
            .iter()
            .zip(&labels)
            .filter_map(|(node, label)| {
                let facts = match self.target(*node) {
                    Some(target) => declared_facts(target),
                    None => json!({ "driver": "file" }),
                };
                Some((label.clone()?, facts))
            });
        let facts: BTreeMap<Label, Value> = facts.collect();
        let edges = answer.edges.iter().filter_map(edge).collect();
        QueryAnswer {
            facts,
            edges,
            labels: labels.into_iter().flatten().collect(),
        }
    }
}

fn node_of(graph: &Graph, item: &crate::graph::Item) -> Option<NodeId> {
    match item {
        crate::graph::Item::Output(id, _) => Some(id.0),
        crate::graph::Item::File(file) => Some(graph.len() as u32 + file.0),
        crate::graph::Item::HostTool(_) => None,
    }
}

impl QueryGraph for QueryNodes<'_> {
    type Error = Failure;

    fn node_count(&self) -> u32 {
        self.dependencies.len() as u32
    }

    fn resolve(&self, pattern: &Pattern) -> Outcome<Vec<NodeId>> {
        if let Some(path) = file_of(pattern) {
            let found = self
                .graph
                .files()
                .iter()
                .position(|file| file.as_str() == path);
            return found
                .map(|file| vec![(self.graph.len() + file) as NodeId])
                .ok_or_else(|| {
                    let message = format!("no target of this query uses the file `{path}`");
                    Failure::new(FailureKind::NothingMatched, Diagnostic::error(message))
                });
        }
        let references = expand(pattern, self.loader)?;
        let ids = references
            .iter()
            .filter_map(|one| self.graph.find(&one.label));
        Ok(ids.map(|id| id.0).collect())
    }

    fn dependencies(&self, node: NodeId) -> &[NodeId] {
        &self.dependencies[node as usize]
    }

    fn label(&self, node: NodeId) -> Cow<'_, str> {
        match self.target(node) {
            Some(target) => target.label.to_string().into(),
            None => {
                let file = &self.graph.files()[node as usize - self.graph.len()];
                file_label(file.as_str()).into()
            }
        }
    }

    fn driver(&self, node: NodeId) -> Option<&str> {
        Some(
            self.target(node)
                .map_or("file", |target| target.driver.name.as_str()),
        )
    }

    fn attribute(&self, node: NodeId, name: &str) -> Option<Cow<'_, str>> {
        let target = self.target(node)?;
        let list = |items: Vec<String>| Some(format!("[{}]", items.join(", ")).into());
        match name {
            "name" => Some(target.label.name().as_str().into()),
            "driver" => Some(target.driver.name.as_str().into()),
            "run" => payload_text(target).map(Into::into),
            "labels" => list(target.labels.iter().cloned().collect()),
            "pass_env" => list(target.pass_environment.iter().cloned().collect()),
            "env" => list(
                target
                    .environment
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect(),
            ),
            "network" => Some(python_bool(target.network).into()),
            "cache" => Some(python_bool(target.cache).into()),
            "timeout" => Some(format!("{}s", target.timeout?.as_secs_f64()).into()),
            "outs" => {
                let outputs = target.outputs.iter().flat_map(|group| &group.outputs);
                list(outputs.map(|output| output.path.to_string()).collect())
            }
            "deps" | "tools" | "runtime_deps" => {
                let nodes = inputs(target, name).map(input_text).collect();
                list(nodes)
            }
            _ => None,
        }
    }

    fn attribute_labels(&self, node: NodeId, name: &str) -> Vec<NodeId> {
        let Some(target) = self.target(node) else {
            return Vec::new();
        };
        let nodes = inputs(target, name).filter_map(|item| match item {
            InputReference::Target(reference) => Some(self.graph.find(&reference.label)?.0),
            InputReference::File(path) => {
                let at = self.graph.files().iter().position(|file| file == path)?;
                Some((self.graph.len() + at) as NodeId)
            }
            InputReference::HostTool(_) => None,
        });
        nodes.collect()
    }
}

fn python_bool(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

fn inputs<'t>(target: &'t Target, attribute: &str) -> impl Iterator<Item = &'t InputReference> {
    let role = match attribute {
        "deps" => Some(Role::Dependency),
        "tools" => Some(Role::Tool),
        "runtime_deps" => Some(Role::Runtime),
        _ => None,
    };
    let groups = target
        .inputs
        .iter()
        .filter(move |group| Some(group.role) == role);
    groups.flat_map(|group| &group.items)
}

fn input_text(item: &InputReference) -> String {
    match item {
        InputReference::File(path) => path.to_string(),
        InputReference::Target(reference) => reference.to_string(),
        InputReference::HostTool(name) => name.clone(),
    }
}

/// The label of a source file.
fn file_label(path: &str) -> String {
    let parameters = [("path".to_owned(), path.to_owned())].into();
    format!(
        "//@fs:file@{}",
        kiln_plugin_abi::Parameters::from_map(parameters)
    )
}
