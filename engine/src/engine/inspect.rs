//! `kiln inspect`: everything known of one target, as one structure.

use kiln_plugin_abi::{
    Action, GroupName, InputReference, Label, OutputKind, OutputReference, Role, Target,
    Value as Attribute,
};
use serde_json::{Map, Value, json};

use super::Engine;
use super::build::Preparation;
use super::why::look_at;
use crate::cancel::CancelToken;
use crate::execute::{ResolvedGroup, ResolvedItem};
use crate::failure::Outcome;
use crate::graph::TargetId;
use crate::request::Inspection;
use crate::schedule::{Produced, Run};

impl Engine {
    /// Everything known of a target. Nothing runs: what depends on outputs that
    /// do not exist yet is null.
    pub async fn inspect(&self, label: &Label) -> Outcome<Inspection> {
        let quiet = self.quiet();
        let reference = OutputReference {
            label: label.clone(),
            group: None,
        };
        let request = look_at(&reference);
        let prepared = Preparation::new(&quiet, &request, &CancelToken::new())?;
        let (session, _, graph, mut run) = prepared.into_parts();
        run.drive().await;
        let mut facts = Map::new();
        if let Some(id) = graph.find(label) {
            let target = &graph.node(id).target;
            facts.insert("label".to_owned(), json!(label.to_string()));
            if let Value::Object(declared) = declared_facts(target) {
                facts.extend(declared);
            }
            facts.insert("key".to_owned(), json!(run.key(id).map(|key| key.hex())));
            facts.insert("base".to_owned(), json!(run.base_facts()));
            facts.insert("inputs".to_owned(), inputs(&run, id));
            let outputs = run.produced(id).map(|produced| outputs(produced));
            facts.insert("outputs".to_owned(), json!(outputs));
        }
        // What was learnt about files only saves time.
        let _ = session.save();
        Ok(Inspection {
            label: label.clone(),
            facts: Value::Object(facts),
        })
    }
}

/// A target as declared and understood.
pub(super) fn declared_facts(target: &Target) -> Value {
    let group = |name: &Option<GroupName>| name.as_ref().map(ToString::to_string);
    let inputs = |role: Role| -> Vec<Value> {
        let groups = target.inputs.iter().filter(|group| group.role == role);
        groups
            .map(|one| {
                let items: Vec<String> = one.items.iter().map(reference_text).collect();
                json!({ "group": group(&one.name), "items": items })
            })
            .collect()
    };
    let outs: Vec<Value> = target
        .outputs
        .iter()
        .map(|one| {
            let paths: Vec<String> = one
                .outputs
                .iter()
                .map(|output| match output.kind {
                    OutputKind::File => output.path.to_string(),
                    OutputKind::Directory => format!("{}/", output.path),
                })
                .collect();
            json!({ "group": group(&one.name), "paths": paths })
        })
        .collect();
    let declared_at = target
        .span
        .as_ref()
        .map(|span| format!("{}:{}:{}", span.file, span.line, span.column));
    json!({
        "driver": target.driver.name,
        "declared_at": declared_at,
        "run": payload_text(target),
        "deps": inputs(Role::Dependency),
        "tools": inputs(Role::Tool),
        "runtime_deps": inputs(Role::Runtime),
        "outs": outs,
        "env": target.environment,
        "pass_env": target.pass_environment,
        "labels": target.labels,
        "timeout_seconds": target.timeout.map(|timeout| timeout.as_secs_f64()),
        "network": target.network,
        "cache": target.cache,
    })
}

/// What a target's action runs, as text.
pub(super) fn payload_text(target: &Target) -> Option<String> {
    let Action::Execute { payload } = &target.action else {
        return None;
    };
    match payload {
        Attribute::String(text) => Some(text.clone()),
        Attribute::List(items) => {
            let words = items.iter().map(|item| match item {
                Attribute::String(word) => format!("{word:?}"),
                other => format!("{other:?}"),
            });
            Some(format!("[{}]", words.collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}

fn reference_text(item: &InputReference) -> String {
    match item {
        InputReference::File(path) => path.to_string(),
        InputReference::Target(reference) => reference.to_string(),
        InputReference::HostTool(name) => name.clone(),
    }
}

fn inputs(run: &Run, id: TargetId) -> Value {
    let Some(groups) = run.resolved_inputs(id) else {
        return Value::Null;
    };
    let items = groups.iter().flat_map(|group: &ResolvedGroup| {
        let role = match group.role {
            Role::Dependency => "deps",
            Role::Tool => "tools",
            Role::Runtime => "runtime_deps",
        };
        let name = group.name.as_ref().map(ToString::to_string);
        group
            .items
            .iter()
            .map(move |item| item_facts(role, name.as_deref(), item))
    });
    Value::Array(items.collect())
}

fn item_facts(role: &str, group: Option<&str>, item: &ResolvedItem) -> Value {
    match item {
        ResolvedItem::File {
            path,
            digest,
            executable,
            ..
        } => json!({
            "role": role, "group": group, "path": path.to_string(),
            "digest": digest.hex(), "size": digest.size(), "executable": executable,
        }),
        ResolvedItem::Artifact { origin, artifact } => json!({
            "role": role, "group": group, "label": origin.to_string(),
            "digest": artifact.digest.hex(),
        }),
        ResolvedItem::HostTool { tool, .. } => json!({
            "role": role, "group": group, "path": tool.path, "digest": tool.digest.hex(),
        }),
    }
}

fn outputs(produced: &Produced) -> Vec<Value> {
    let files = produced.groups.iter().flat_map(|(name, artifact)| {
        let group = name.as_ref().map(ToString::to_string);
        artifact
            .listing
            .files()
            .map(move |(path, digest, executable)| {
                json!({
                    "group": group, "path": path.to_string(), "digest": digest.hex(),
                    "size": digest.size(), "executable": executable,
                })
            })
    });
    files.collect()
}
