//! From a target whose dependencies are done to its inputs, its key, or, when
//! it has no action, its outputs.

use std::sync::Arc;

use kiln_plugin_abi::{Action, Diagnostic, GroupName, Role, View};

use super::examine::World;
use super::produced::{Origin, Produced};
use super::work::Work;
use crate::artifact::Entry;
use crate::artifact::{Artifact, Root};
use crate::declared::{ViewInput, apply_view, inline_artifact};
use crate::execute::{ResolvedGroup, ResolvedItem};
use crate::graph::{Graph, Item, ItemGroup, Node, TargetId};
use crate::key::{ActionFacts, ActionKey, InputGroupFacts, KeyHasher, Manifest, describe};

/// What a ready target turned out to be.
#[derive(Debug)]
pub enum Resolved {
    /// It has an action, with these inputs and this key.
    Action(Vec<ResolvedGroup>, ActionKey),
    /// Its outputs follow from its declaration.
    Declared(Produced),
    /// They should, but cannot.
    Faulty(Diagnostic),
}

/// Reads graph, world and work; changes nothing, so that many targets can be
/// resolved in parallel.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'r> {
    /// The static graph.
    pub graph: &'r Graph,
    /// What enters keys from outside.
    pub world: &'r World,
    /// Where the outputs of dependencies are found.
    pub work: &'r Work,
}

impl Resolver<'_> {
    /// Resolves one target, all of whose dependencies are done.
    #[must_use]
    pub fn resolve(&self, id: TargetId) -> Resolved {
        let node = self.graph.node(id);
        let inputs = self.inputs(node);
        match &node.target.action {
            Action::Execute { .. } => {
                let key = self.key(node, &inputs);
                Resolved::Action(inputs, key)
            }
            Action::Inline(file) => {
                let groups = node.target.outputs.iter().map(|group| {
                    let (artifact, _) = inline_artifact(file, group)?;
                    Ok((group.name.clone(), artifact))
                });
                match groups.collect::<Result<_, crate::artifact::ListingError>>() {
                    Ok(groups) => Resolved::Declared(Produced {
                        groups,
                        origin: Origin::Declared,
                    }),
                    Err(error) => Resolved::Faulty(Diagnostic::error(error.to_string())),
                }
            }
            Action::View(view) => self.view(node, view, &inputs),
        }
    }

    /// The inputs of a target, all of whose dependencies are done.
    #[must_use]
    pub fn inputs(&self, node: &Node) -> Vec<ResolvedGroup> {
        node.inputs.iter().map(|group| self.group(group)).collect()
    }

    /// The facts of an action, kept for later explanations.
    #[must_use]
    pub fn manifest(&self, node: &Node, inputs: &[ResolvedGroup]) -> Manifest {
        let mut manifest = Manifest::default();
        self.describe(node, inputs, &mut manifest);
        manifest
    }

    fn key(&self, node: &Node, inputs: &[ResolvedGroup]) -> ActionKey {
        let mut hasher = KeyHasher::new();
        self.describe(node, inputs, &mut hasher);
        hasher.finish()
    }

    fn describe(
        &self,
        node: &Node,
        inputs: &[ResolvedGroup],
        sink: &mut impl crate::key::LeafSink,
    ) {
        let groups: Vec<InputGroupFacts<'_>> = inputs.iter().map(ResolvedGroup::facts).collect();
        let facts = ActionFacts {
            target: &node.target,
            inputs: &groups,
            base: self.world.base.digest,
            passed: &self.world.passed,
        };
        describe(&facts, sink);
    }

    fn group(&self, group: &ItemGroup) -> ResolvedGroup {
        let mut items = Vec::with_capacity(group.items.len());
        for item in &group.items {
            match item {
                Item::File(id) => {
                    let source = &self.world.sources[id.index()];
                    items.push(ResolvedItem::File {
                        id: *id,
                        path: source.path.clone(),
                        digest: source.source.fingerprint.digest,
                        executable: source.source.fingerprint.executable,
                    });
                }
                Item::HostTool(id) => items.push(ResolvedItem::HostTool {
                    name: self.graph.tools()[id.index()].clone(),
                    tool: self.world.tools[id.index()].clone(),
                }),
                Item::Output(of, selected) => items.extend(self.artifacts(*of, selected.as_ref())),
            }
        }
        ResolvedGroup {
            role: group.role,
            name: group.name.clone(),
            items,
        }
    }

    fn artifacts<'s>(
        &'s self,
        of: TargetId,
        selected: Option<&'s GroupName>,
    ) -> impl Iterator<Item = ResolvedItem> + 's {
        let produced = self.work.produced(of);
        let origin = self.graph.label(of);
        let selected = produced
            .into_iter()
            .flat_map(move |produced| produced.select(selected));
        selected.map(move |artifact| ResolvedItem::Artifact {
            origin: origin.clone(),
            artifact: artifact.clone(),
        })
    }

    fn view(&self, node: &Node, view: &View, inputs: &[ResolvedGroup]) -> Resolved {
        let package = node.target.label.package();
        let mut groups: Vec<(Option<GroupName>, Artifact)> = Vec::new();
        for group in inputs.iter().filter(|group| group.role == Role::Dependency) {
            let sources = SourceEntries::of(group);
            let mut parts: Vec<ViewInput<'_>> = Vec::new();
            let mut own = sources.parts.iter();
            for item in &group.items {
                match item {
                    ResolvedItem::Artifact { origin, artifact } => parts.push(ViewInput {
                        package: origin.package(),
                        roots: &artifact.roots,
                        entries: artifact.listing.entries(),
                    }),
                    ResolvedItem::File { .. } => {
                        if let Some((root, entry)) = own.next() {
                            let roots = std::slice::from_ref(root);
                            let entries = std::slice::from_ref(entry);
                            parts.push(ViewInput {
                                package,
                                roots,
                                entries,
                            });
                        }
                    }
                    ResolvedItem::HostTool { .. } => {}
                }
            }
            match apply_view(view, package, &parts) {
                Ok(artifact) => groups.push((group.name.clone(), artifact)),
                Err(error) => return Resolved::Faulty(Diagnostic::error(error.to_string())),
            }
        }
        Resolved::Declared(Produced {
            groups,
            origin: Origin::Declared,
        })
    }
}

/// The plain files of a group as entries of a listing.
struct SourceEntries {
    parts: Vec<(Root, (kiln_plugin_abi::WorkspacePath, Entry))>,
}

impl SourceEntries {
    fn of(group: &ResolvedGroup) -> SourceEntries {
        let part = |item: &ResolvedItem| match item {
            ResolvedItem::File {
                path,
                digest,
                executable,
                ..
            } => {
                let kind = kiln_plugin_abi::OutputKind::File;
                let entry = Entry::File {
                    digest: *digest,
                    executable: *executable,
                };
                Some((
                    Root {
                        path: path.clone(),
                        kind,
                    },
                    (path.clone(), entry),
                ))
            }
            _ => None,
        };
        SourceEntries {
            parts: group.items.iter().filter_map(part).collect(),
        }
    }
}

/// The artifacts of a result under the roots that its target declares; `None`
/// when the result does not fit the declaration.
#[must_use]
pub fn produced_by_action(
    node: &Node,
    listings: Vec<(Option<GroupName>, Arc<crate::artifact::Listing>)>,
    origin: Origin,
) -> Option<Produced> {
    if listings.len() != node.target.outputs.len() {
        return None;
    }
    let mut groups = Vec::with_capacity(listings.len());
    for (declared, (name, listing)) in node.target.outputs.iter().zip(listings) {
        if declared.name != name {
            return None;
        }
        let root = |output: &kiln_plugin_abi::DeclaredOutput| Root {
            path: output.path.clone(),
            kind: output.kind,
        };
        let roots: Arc<[Root]> = declared.outputs.iter().map(root).collect();
        groups.push((
            name,
            Artifact {
                digest: listing.digest(),
                roots,
                listing,
            },
        ));
    }
    Some(Produced { groups, origin })
}
