//! The one walk over everything that influences an action.

use std::collections::BTreeMap;

use kiln_plugin_abi::{
    Action, Digest, GroupName, Label, OutputKind, Role, Target, Value, WorkspacePath,
};

use super::leaf::{Leaf, LeafSink, LeafValue};
use crate::artifact::Root;

/// One input with its identity.
#[derive(Debug, Clone, Copy)]
pub enum InputFact<'a> {
    /// A source file.
    File {
        /// Where the action sees it.
        path: &'a WorkspacePath,
        /// Its bytes.
        digest: Digest,
        /// Its exec bit.
        executable: bool,
    },
    /// An output group of another target.
    Artifact {
        /// Its paths, in the order in which the action sees them.
        roots: &'a [Root],
        /// Digest of its listing.
        digest: Digest,
        /// Whose output it is; explains, but does not enter the key.
        origin: &'a Label,
    },
    /// A program of the host.
    HostTool {
        /// Where it stands, absolute.
        path: &'a str,
        /// Its bytes.
        digest: Digest,
    },
}

/// Inputs of one role and name.
#[derive(Debug, Clone)]
pub struct InputGroupFacts<'a> {
    /// What they are for.
    pub role: Role,
    /// The group's name.
    pub name: Option<&'a GroupName>,
    /// The inputs in their order.
    pub items: Vec<InputFact<'a>>,
}

/// Everything that influences one action.
#[derive(Debug)]
pub struct ActionFacts<'a> {
    /// The declaration.
    pub target: &'a Target,
    /// The inputs, groups in the target's order.
    pub inputs: &'a [InputGroupFacts<'a>],
    /// Digest over the sandbox's version, its mode and the host's identity.
    pub base: Digest,
    /// Digest of the value of each variable taken from the caller; `None` when unset.
    pub passed: &'a BTreeMap<String, Option<Digest>>,
}

/// Walks over all facts of an action in their canonical order.
pub fn describe(facts: &ActionFacts<'_>, sink: &mut impl LeafSink) {
    let target = facts.target;
    text(sink, &["driver"], &target.driver.name);
    number(sink, &["driver version"], target.driver.version.into());
    text(sink, &["package"], target.label.package().as_str());
    text(sink, &["name"], target.label.name().as_str());
    for (key, value) in target.label.parameters().iter() {
        text(sink, &["parameter", key], value);
    }
    if let Action::Execute { payload } = &target.action {
        describe_value(payload, &mut vec!["command"], sink);
    }
    let base = LeafValue::Content {
        digest: facts.base,
        executable: false,
    };
    sink.leaf(&Leaf {
        path: &["base"],
        value: base,
        origin: None,
    });
    number(sink, &["network"], target.network.into());
    for (name, value) in &target.environment {
        text(sink, &["env", name], value);
    }
    for name in &target.pass_environment {
        let value = match facts.passed.get(name) {
            Some(Some(digest)) => LeafValue::Secret(*digest),
            _ => LeafValue::Unset,
        };
        sink.leaf(&Leaf {
            path: &["pass_env", name],
            value,
            origin: None,
        });
    }
    describe_outputs(target, sink);
    for group in facts.inputs {
        describe_inputs(group, sink);
    }
}

fn text(sink: &mut impl LeafSink, path: &[&str], value: &str) {
    sink.leaf(&Leaf {
        path,
        value: LeafValue::Text(value),
        origin: None,
    });
}

fn number(sink: &mut impl LeafSink, path: &[&str], value: u64) {
    sink.leaf(&Leaf {
        path,
        value: LeafValue::Number(value),
        origin: None,
    });
}

/// The nesting of a value is bounded by whoever read it.
fn describe_value<'a>(value: &'a Value, path: &mut Vec<&'a str>, sink: &mut impl LeafSink) {
    match value {
        Value::None => sink.leaf(&Leaf {
            path,
            value: LeafValue::Unset,
            origin: None,
        }),
        Value::Bool(truth) => number(sink, path, (*truth).into()),
        // Two's complement keeps negative numbers apart from positive ones.
        Value::Int(integer) => number(sink, path, *integer as u64),
        Value::String(string) => text(sink, path, string),
        Value::List(items) => {
            path.push("list");
            number(sink, path, items.len() as u64);
            for item in items {
                describe_value(item, path, sink);
            }
            path.pop();
        }
        Value::Dict(entries) => {
            path.push("dict");
            number(sink, path, entries.len() as u64);
            for (key, item) in entries {
                path.push(key);
                describe_value(item, path, sink);
                path.pop();
            }
            path.pop();
        }
    }
}

fn describe_outputs(target: &Target, sink: &mut impl LeafSink) {
    for group in &target.outputs {
        let name = group.name.as_ref().map_or("", GroupName::as_str);
        number(sink, &["outputs", name], group.outputs.len() as u64);
        for output in &group.outputs {
            describe_root(sink, &["output", name], &output.path, output.kind, None);
        }
    }
}

fn describe_root(
    sink: &mut impl LeafSink,
    path: &[&str],
    root: &WorkspacePath,
    kind: OutputKind,
    origin: Option<&Label>,
) {
    let slash = format!("{root}/");
    let shown = match kind {
        OutputKind::File => root.as_str(),
        OutputKind::Directory => &slash,
    };
    sink.leaf(&Leaf {
        path,
        value: LeafValue::Text(shown),
        origin,
    });
}

fn describe_inputs(group: &InputGroupFacts<'_>, sink: &mut impl LeafSink) {
    let role = match group.role {
        Role::Dependency => "deps",
        Role::Tool => "tools",
        Role::Runtime => "runtime_deps",
    };
    let name = group.name.map_or("", GroupName::as_str);
    number(sink, &[role, name], group.items.len() as u64);
    for item in &group.items {
        match *item {
            InputFact::File {
                path,
                digest,
                executable,
            } => sink.leaf(&Leaf {
                path: &[role, name, path.as_str()],
                value: LeafValue::Content { digest, executable },
                origin: None,
            }),
            InputFact::HostTool { path, digest } => sink.leaf(&Leaf {
                path: &[role, name, path],
                value: LeafValue::Content {
                    digest,
                    executable: true,
                },
                origin: None,
            }),
            InputFact::Artifact {
                roots,
                digest,
                origin,
            } => {
                number(sink, &[role, name, "paths"], roots.len() as u64);
                for root in roots {
                    let path = [role, name, "path"];
                    describe_root(sink, &path, &root.path, root.kind, Some(origin));
                }
                sink.leaf(&Leaf {
                    path: &[role, name, "listing"],
                    value: LeafValue::Content {
                        digest,
                        executable: false,
                    },
                    origin: Some(origin),
                });
            }
        }
    }
}
