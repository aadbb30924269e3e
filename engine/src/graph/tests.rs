//! Tests of `graph`, on packages made up on the spot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kiln_plugin_abi::{
    Action, DriverId, InputGroup, InputReference, LoadError, OutputReference, PackagePath,
    Resources, TargetName, Value,
};

use super::*;
use crate::failure::{Failure, FailureKind};
use crate::load::Loaded;

/// One root package of targets, each with its dependencies.
struct OnePackage(Arc<LoadedPackage>);

impl TargetSource for OnePackage {
    fn load(&self, packages: &[PackagePath]) -> Vec<Loaded> {
        let load = |package: &PackagePath| match package.as_str() {
            "" => Ok(self.0.clone()),
            _ => Err(LoadError::NoPackage),
        };
        packages.iter().map(load).collect()
    }

    fn parametrised(&self, _: &Label) -> Result<Option<TargetHandle>, LoadError> {
        Ok(None)
    }
}

pub(crate) fn graph_of(targets: &[(String, Vec<String>)]) -> Result<Graph, Failure> {
    let made = targets
        .iter()
        .map(|(name, deps)| target(name, deps))
        .collect();
    let source = OnePackage(Arc::new(LoadedPackage::new(PackagePath::root(), made)));
    let roots: Vec<OutputReference> = targets.iter().map(|(name, _)| reference(name)).collect();
    GraphBuilder::new(&source).finish(&roots)
}

fn reference(name: &str) -> OutputReference {
    OutputReference::parse(&format!("//:{name}"), &PackagePath::root()).unwrap()
}

fn target(name: &str, deps: &[String]) -> Target {
    let items = deps
        .iter()
        .map(|dep| InputReference::Target(reference(dep)));
    Target {
        label: Label::new(PackagePath::root(), TargetName::parse(name).unwrap()),
        driver: DriverId {
            name: "sh".into(),
            version: 1,
        },
        span: None,
        inputs: vec![InputGroup {
            role: Role::Dependency,
            name: None,
            items: items.collect(),
        }],
        outputs: Vec::new(),
        action: Action::Execute {
            payload: Value::None,
        },
        environment: BTreeMap::new(),
        pass_environment: BTreeSet::new(),
        labels: BTreeSet::new(),
        timeout: None,
        network: false,
        cache: true,
        resources: Resources::default(),
        sandbox: None,
    }
}

pub(crate) fn words(text: &str) -> Vec<(String, Vec<String>)> {
    let split = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.collect())
    };
    text.lines().map(split).collect()
}

#[test]
fn every_target_stands_behind_what_it_waits_for() {
    let graph = graph_of(&words("top left right\nleft base\nright base\nbase")).unwrap();
    let place = |name: &str| {
        let id = graph.find(&reference(name).label).unwrap();
        graph.order().iter().position(|other| *other == id).unwrap()
    };
    assert!(place("base") < place("left") && place("left") < place("top"));
    assert!(place("right") < place("top"));
    let base = graph.find(&reference("base").label).unwrap();
    assert_eq!(graph.dependents(base).len(), 2);
}

#[test]
fn a_cycle_is_told_with_its_whole_path() {
    let failure = graph_of(&words("a b\nb c\nc a")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Build);
    let told = &failure.diagnostics[0];
    assert!(told.message.contains("dependency cycle"), "{told}");
    assert_eq!(told.notes, ["   //:a\n-> //:b\n-> //:c\n-> //:a"]);
}

#[test]
fn a_target_that_needs_itself_is_a_cycle() {
    let failure = graph_of(&words("a a")).unwrap_err();
    assert_eq!(failure.diagnostics[0].notes, ["   //:a\n-> //:a"]);
}

#[test]
fn a_chain_longer_than_any_call_stack_is_ordered() {
    let chain: Vec<(String, Vec<String>)> = (0..100_000)
        .map(|n| {
            (
                format!("n{n}"),
                if n == 0 {
                    vec![]
                } else {
                    vec![format!("n{}", n - 1)]
                },
            )
        })
        .collect();
    let graph = graph_of(&chain).unwrap();
    assert_eq!(graph.order().len(), 100_000);
    assert_eq!(graph.label(graph.order()[0]).to_string(), "//:n0");
}

#[test]
fn a_reference_to_nothing_blames_who_wrote_it() {
    let failure = graph_of(&words("a libb\nlib")).unwrap_err();
    let told = &failure.diagnostics[0];
    assert_eq!(failure.kind, FailureKind::Build);
    assert_eq!(told.label.as_ref().unwrap().to_string(), "//:a");
    assert_eq!(told.hints, ["did you mean `//:lib`?"]);
}
