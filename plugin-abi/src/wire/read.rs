//! From messages to specs and targets, with every part checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use kiln_proto::target as proto;
use kiln_proto::target::action::Kind as ActionKind;
use kiln_proto::target::input_reference::Kind as InputKind;

use super::{LONGEST, WireError, value};
use crate::{
    Action, DeclaredOutput, DriverId, GroupName, InlineFile, InputGroup, InputReference, Label,
    OutputGroup, OutputKind, OutputReference, PackagePath, Parameters, Resources, Role,
    SandboxMode, SourceSpan, Target, TargetName, TargetSpec, Value, View, WorkspacePath,
};

/// Reads messages of one origin. Packages and source files that were read
/// before share their text with the new ones.
#[derive(Debug, Default)]
pub struct Reader {
    latest_package: Option<PackagePath>,
    packages: HashMap<String, PackagePath>,
    latest_file: Option<WorkspacePath>,
}

impl Reader {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Reads a spec.
    pub fn spec(&mut self, spec: proto::TargetSpec) -> Result<TargetSpec, WireError> {
        Ok(TargetSpec {
            label: self.label(spec.label)?,
            driver: spec.driver,
            attributes: value::read_entries("", spec.attributes, Value::DEEPEST)?,
            span: self.span(spec.span)?,
        })
    }

    /// Reads a target.
    pub fn target(&mut self, target: proto::Target) -> Result<Target, WireError> {
        let label = self.label(target.label)?;
        let inputs = self.input_groups(target.inputs)?;
        let outputs = output_groups(target.outputs)?;
        let action = action(target.action)?;
        check_outputs(&action, &outputs)?;
        let resources = target.resources.unwrap_or_default();
        Ok(Target {
            label,
            driver: DriverId {
                name: target.driver,
                version: target.driver_version,
            },
            span: self.span(target.span)?,
            inputs,
            outputs,
            action,
            environment: texts("variable", target.environment)?,
            pass_environment: words("variable", target.pass_environment)?,
            labels: words("label", target.labels)?,
            timeout: target.timeout.map(duration).transpose()?,
            network: target.network,
            cache: !target.uncached,
            resources: Resources {
                cpu: resources.cpu,
                memory: resources.memory,
            },
            sandbox: sandbox(target.sandbox)?,
        })
    }

    fn package(&mut self, text: &str) -> Result<PackagePath, WireError> {
        if let Some(latest) = &self.latest_package
            && latest.as_str() == text
        {
            return Ok(latest.clone());
        }
        let package = match self.packages.get(text) {
            Some(known) => known.clone(),
            None => {
                let package = PackagePath::parse(text)?;
                self.packages.insert(text.to_owned(), package.clone());
                package
            }
        };
        self.latest_package = Some(package.clone());
        Ok(package)
    }

    fn label(&mut self, label: Option<proto::Label>) -> Result<Label, WireError> {
        let label = label.ok_or(WireError::Missing { field: "label" })?;
        let package = self.package(&label.package)?;
        let name = TargetName::parse(&label.name)?;
        let plain = Label::new(package, name);
        if label.package.len() + label.name.len() > LONGEST {
            return Label::parse(&plain.to_string(), &PackagePath::root()).map_err(Into::into);
        }
        if label.parameters.is_empty() {
            return Ok(plain);
        }
        let parameters = Parameters::from_map(texts("parameter", label.parameters)?);
        // The grammar of labels judges keys and values, in the one place that knows it.
        let full = Label::parse(&format!("{plain}@{parameters}"), &PackagePath::root())?;
        if *full.parameters() != parameters {
            return Err(WireError::Contradiction(
                "the label's parameters have keys that are no identifiers",
            ));
        }
        Ok(full)
    }

    fn span(&mut self, span: Option<proto::SourceSpan>) -> Result<Option<SourceSpan>, WireError> {
        let Some(span) = span else {
            return Ok(None);
        };
        let file = match &self.latest_file {
            Some(latest) if latest.as_str() == span.file => latest.clone(),
            _ => path("source file", &span.file)?,
        };
        self.latest_file = Some(file.clone());
        Ok(Some(SourceSpan {
            file,
            line: span.line,
            column: span.column,
            end_line: span.end_line,
            end_column: span.end_column,
        }))
    }

    fn input_groups(
        &mut self,
        groups: Vec<proto::InputGroup>,
    ) -> Result<Vec<InputGroup>, WireError> {
        let groups: Vec<InputGroup> = groups
            .into_iter()
            .map(|group| self.input_group(group))
            .collect::<Result<_, _>>()?;
        let sorted = groups
            .windows(2)
            .all(|pair| (pair[0].role, &pair[0].name) < (pair[1].role, &pair[1].name));
        match sorted {
            true => Ok(groups),
            false => Err(WireError::Unsorted {
                field: "input groups",
            }),
        }
    }

    fn input_group(&mut self, group: proto::InputGroup) -> Result<InputGroup, WireError> {
        let role = role(group.role)?;
        let items = group.items.into_iter().map(|item| match item.kind {
            None => Err(WireError::Missing {
                field: "input reference",
            }),
            Some(InputKind::File(text)) => path("input", &text).map(InputReference::File),
            Some(InputKind::Target(target)) => Ok(InputReference::Target(OutputReference {
                label: self.label(target.label)?,
                group: group_name(target.group)?,
            })),
            Some(InputKind::HostTool(_)) if role != Role::Tool => Err(WireError::Contradiction(
                "a host tool stands among the inputs that are no tools",
            )),
            Some(InputKind::HostTool(name)) => Ok(InputReference::HostTool(name)),
        });
        Ok(InputGroup {
            role,
            items: items.collect::<Result<_, _>>()?,
            name: group_name(group.name)?,
        })
    }
}

fn path(field: &'static str, text: &str) -> Result<WorkspacePath, WireError> {
    let path = (text.len() <= LONGEST)
        .then(|| WorkspacePath::from_normalised(text))
        .flatten();
    path.ok_or_else(|| WireError::Path {
        field,
        text: text.chars().take(80).collect(),
    })
}

fn group_name(name: Option<String>) -> Result<Option<GroupName>, WireError> {
    name.map(|name| GroupName::parse(&name))
        .transpose()
        .map_err(Into::into)
}

fn role(number: i32) -> Result<Role, WireError> {
    match proto::Role::try_from(number) {
        Ok(proto::Role::Dependency) => Ok(Role::Dependency),
        Ok(proto::Role::Tool) => Ok(Role::Tool),
        Ok(proto::Role::Runtime) => Ok(Role::Runtime),
        Ok(proto::Role::Unspecified) => Err(WireError::Missing { field: "role" }),
        Err(_) => Err(WireError::Unknown {
            field: "role",
            number,
        }),
    }
}

fn output_groups(groups: Vec<proto::OutputGroup>) -> Result<Vec<OutputGroup>, WireError> {
    let groups: Vec<OutputGroup> = groups
        .into_iter()
        .map(|group| {
            let outputs = group.outputs.iter().map(declared_output);
            Ok(OutputGroup {
                outputs: outputs.collect::<Result<_, WireError>>()?,
                name: group_name(group.name)?,
            })
        })
        .collect::<Result<_, WireError>>()?;
    let sorted = groups.windows(2).all(|pair| pair[0].name < pair[1].name);
    match sorted {
        true => Ok(groups),
        false => Err(WireError::Unsorted {
            field: "output groups",
        }),
    }
}

fn declared_output(output: &proto::DeclaredOutput) -> Result<DeclaredOutput, WireError> {
    let kind = match proto::OutputKind::try_from(output.kind) {
        Ok(proto::OutputKind::File) => OutputKind::File,
        Ok(proto::OutputKind::Directory) => OutputKind::Directory,
        Ok(proto::OutputKind::Unspecified) => {
            return Err(WireError::Missing {
                field: "output kind",
            });
        }
        Err(_) => {
            return Err(WireError::Unknown {
                field: "output kind",
                number: output.kind,
            });
        }
    };
    let path = path("output", &output.path)?;
    Ok(DeclaredOutput { path, kind })
}

fn action(action: Option<proto::Action>) -> Result<Action, WireError> {
    let kind = action.and_then(|action| action.kind);
    Ok(match kind.ok_or(WireError::Missing { field: "action" })? {
        ActionKind::Execute(payload) => Action::Execute {
            payload: value::read("payload", Some(payload), Value::DEEPEST)?,
        },
        ActionKind::Inline(file) => Action::Inline(InlineFile {
            content: file.content,
            executable: file.executable,
        }),
        ActionKind::View(view) => Action::View(View {
            include: view.include,
            exclude: view.exclude,
            strip_prefix: view.strip_prefix,
            prefix: view.prefix,
            rename: texts("renamed path", view.rename)?,
        }),
    })
}

/// What the kind of an action says about the declared outputs must hold.
fn check_outputs(action: &Action, outputs: &[OutputGroup]) -> Result<(), WireError> {
    let count: usize = outputs.iter().map(|group| group.outputs.len()).sum();
    match action {
        Action::Inline(_) if count != 1 => Err(WireError::Contradiction(
            "an action that writes one file does not declare one output",
        )),
        Action::View(_) if !outputs.is_empty() => Err(WireError::Contradiction(
            "a view declares outputs, which follow from its inputs",
        )),
        _ => Ok(()),
    }
}

fn texts(
    field: &'static str,
    entries: Vec<proto::TextEntry>,
) -> Result<BTreeMap<String, String>, WireError> {
    let mut map = BTreeMap::new();
    for entry in entries {
        if map.contains_key(&entry.name) {
            let name = entry.name;
            return Err(WireError::Duplicate { field, name });
        }
        map.insert(entry.name, entry.text);
    }
    Ok(map)
}

fn words(field: &'static str, items: Vec<String>) -> Result<BTreeSet<String>, WireError> {
    let mut set = BTreeSet::new();
    for name in items {
        if set.contains(&name) {
            return Err(WireError::Duplicate { field, name });
        }
        set.insert(name);
    }
    Ok(set)
}

fn duration(duration: proto::Duration) -> Result<Duration, WireError> {
    if duration.nanoseconds >= 1_000_000_000 {
        return Err(WireError::Contradiction(
            "the timeout has a second or more of nanoseconds",
        ));
    }
    Ok(Duration::new(duration.seconds, duration.nanoseconds))
}

fn sandbox(number: i32) -> Result<Option<SandboxMode>, WireError> {
    match proto::SandboxMode::try_from(number) {
        Ok(proto::SandboxMode::Unspecified) => Ok(None),
        Ok(proto::SandboxMode::Host) => Ok(Some(SandboxMode::Host)),
        Err(_) => Err(WireError::Unknown {
            field: "sandbox mode",
            number,
        }),
    }
}
