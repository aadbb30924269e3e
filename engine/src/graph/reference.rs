//! Checks that what a reference selects exists.

use kiln_plugin_abi::{Action, Diagnostic, GroupName, Role, did_you_mean};

use super::builder::at_reference;
use super::{Graph, Item, Node, TargetHandle, TargetId};
use crate::failure::FailureKind;

/// The names of a target's output groups; `None` is the unnamed one.
#[must_use]
pub fn output_groups(node: &Node) -> Vec<Option<&GroupName>> {
    match &node.target.action {
        Action::View(_) => node
            .inputs
            .iter()
            .filter(|group| group.role == Role::Dependency)
            .map(|group| group.name.as_ref())
            .collect(),
        _ => node
            .target
            .outputs
            .iter()
            .map(|group| group.name.as_ref())
            .collect(),
    }
}

/// Checks every group that the inputs of `id` select.
pub(super) fn check_inputs(
    graph: &Graph,
    id: TargetId,
    failures: &mut Vec<(FailureKind, Diagnostic)>,
) {
    let node = graph.node(id);
    for item in node.references() {
        if let Item::Output(of, Some(group)) = item {
            check_group(graph, *of, Some(group), Some(&node.target), failures);
        }
    }
}

/// Checks one selected group; `by` is the target that selects it, `None` the
/// command line.
pub(super) fn check_group(
    graph: &Graph,
    of: TargetId,
    group: Option<&GroupName>,
    by: Option<&TargetHandle>,
    failures: &mut Vec<(FailureKind, Diagnostic)>,
) {
    let Some(group) = group else {
        return;
    };
    let known = output_groups(graph.node(of));
    if known.contains(&Some(group)) {
        return;
    }
    let label = graph.label(of);
    let mut diagnostic = Diagnostic::error(format!("`{label}` has no output group `{group}`"));
    let names: Vec<&str> = known.into_iter().flatten().map(GroupName::as_str).collect();
    diagnostic = match did_you_mean(group.as_str(), names.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{label}[{near}]`?")),
        None if names.is_empty() => diagnostic.hint("its outputs are a plain list, without groups"),
        None => diagnostic.hint(format!("its groups are: {}", names.join(", "))),
    };
    failures.push(match by {
        None => (FailureKind::NothingMatched, diagnostic),
        Some(by) => (
            FailureKind::Build,
            at_reference(by, diagnostic, &format!("{label}[{group}]")),
        ),
    });
}
