//! A target's attributes as the filters `attr` and `labels` see them, under the
//! names that BUILD files use.

use std::borrow::Cow;
use std::fmt::Display;

use kiln_plugin_abi::{InputReference, Role, Target};

/// The value of an attribute as text: `True` or `False`, a list as `[a, b]`;
/// `None` when targets have no such attribute, or this one has no value for it.
#[must_use]
pub fn attribute_text<'a>(target: &'a Target, name: &str) -> Option<Cow<'a, str>> {
    Some(match name {
        "name" => target.label.name().as_str().into(),
        "driver" => target.driver.name.as_str().into(),
        "network" => truth(target.network),
        "cache" => truth(target.cache),
        "labels" => list(&target.labels),
        "pass_env" => list(&target.pass_environment),
        "env" => list(
            target
                .environment
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        ),
        "timeout" => format!("{}s", target.timeout?.as_secs_f64()).into(),
        "outs" => {
            let outputs = target.outputs.iter().flat_map(|group| &group.outputs);
            let package = target.label.package().as_str();
            list(outputs.map(|output| output.path.below(package).unwrap_or_default()))
        }
        _ => list(attribute_inputs(target, name)?.map(input_text)),
    })
}

/// What an attribute that holds inputs names, in order; `None` for others.
pub fn attribute_inputs<'a>(
    target: &'a Target,
    name: &str,
) -> Option<impl Iterator<Item = &'a InputReference>> {
    let role = match name {
        "deps" => Role::Dependency,
        "tools" => Role::Tool,
        "runtime_deps" => Role::Runtime,
        _ => return None,
    };
    let groups = target.inputs.iter().filter(move |group| group.role == role);
    Some(groups.flat_map(|group| &group.items))
}

fn truth(value: bool) -> Cow<'static, str> {
    if value { "True" } else { "False" }.into()
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> Cow<'static, str> {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", ")).into()
}

fn input_text(input: &InputReference) -> String {
    match input {
        InputReference::File(path) => path.to_string(),
        InputReference::Target(target) => target.to_string(),
        InputReference::HostTool(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use kiln_plugin_abi::{
        Action, DeclaredOutput, DriverId, InputGroup, Label, OutputGroup, OutputKind,
        OutputReference, PackagePath, Resources, Value, WorkspacePath,
    };

    use super::*;

    fn target() -> Target {
        let path = |text| WorkspacePath::from_normalised(text).unwrap();
        let reference = OutputReference::parse("//b:x[hdrs]", &PackagePath::root()).unwrap();
        let dependencies = vec![
            InputReference::File(path("a/x.c")),
            InputReference::Target(reference),
        ];
        let group = |role, items| InputGroup {
            role,
            name: None,
            items,
        };
        Target {
            label: Label::parse("//a:t", &PackagePath::root()).unwrap(),
            driver: DriverId {
                name: "sh".into(),
                version: 1,
            },
            span: None,
            inputs: vec![
                group(Role::Dependency, dependencies),
                group(Role::Tool, vec![InputReference::HostTool("cc".into())]),
            ],
            outputs: vec![OutputGroup {
                name: None,
                outputs: vec![DeclaredOutput {
                    path: path("a/bin/t"),
                    kind: OutputKind::File,
                }],
            }],
            action: Action::Execute {
                payload: Value::None,
            },
            environment: BTreeMap::from([("K".into(), "v".into())]),
            pass_environment: BTreeSet::new(),
            labels: BTreeSet::from(["a".into(), "b".into()]),
            timeout: Some(Duration::from_secs(90)),
            network: false,
            cache: true,
            resources: Resources::default(),
            sandbox: None,
        }
    }

    #[test]
    fn attributes_read_as_they_were_written() {
        for (name, text) in [
            ("name", "t"),
            ("driver", "sh"),
            ("deps", "[a/x.c, //b:x[hdrs]]"),
            ("tools", "[cc]"),
            ("runtime_deps", "[]"),
            ("outs", "[bin/t]"),
            ("env", "[K=v]"),
            ("pass_env", "[]"),
            ("labels", "[a, b]"),
            ("timeout", "90s"),
            ("network", "False"),
            ("cache", "True"),
        ] {
            assert_eq!(
                attribute_text(&target(), name).as_deref(),
                Some(text),
                "{name}"
            );
        }
        assert_eq!(attribute_text(&target(), "nothing"), None);
    }
}
