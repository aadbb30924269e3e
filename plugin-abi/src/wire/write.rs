//! From specs and targets to messages. The only thing that cannot be written
//! is a value that nests too deep.

use kiln_proto::target as proto;
use kiln_proto::target::action::Kind as ActionKind;
use kiln_proto::target::input_reference::Kind as InputKind;

use super::{WireError, value};
use crate::{
    Action, InputGroup, InputReference, Label, OutputGroup, OutputKind, OutputReference, Role,
    SandboxMode, SourceSpan, Target, TargetSpec, View,
};

/// Writes a spec.
pub fn write_spec(spec: &TargetSpec) -> Result<proto::TargetSpec, WireError> {
    let attributes = spec.attributes.iter().map(|(name, attribute)| {
        Ok(proto::ValueEntry {
            name: name.clone(),
            value: Some(value::write(name, attribute)?),
        })
    });
    Ok(proto::TargetSpec {
        label: Some(label(&spec.label)),
        driver: spec.driver.clone(),
        attributes: attributes.collect::<Result<_, WireError>>()?,
        span: spec.span.as_ref().map(span),
    })
}

/// Writes a target.
pub fn write_target(target: &Target) -> Result<proto::Target, WireError> {
    let resources = target.resources;
    Ok(proto::Target {
        label: Some(label(&target.label)),
        driver: target.driver.name.clone(),
        driver_version: target.driver.version,
        span: target.span.as_ref().map(span),
        inputs: target.inputs.iter().map(input_group).collect(),
        outputs: target.outputs.iter().map(output_group).collect(),
        action: Some(action(&target.action)?),
        environment: texts(&target.environment),
        pass_environment: target.pass_environment.iter().cloned().collect(),
        labels: target.labels.iter().cloned().collect(),
        timeout: target.timeout.map(|timeout| proto::Duration {
            seconds: timeout.as_secs(),
            nanoseconds: timeout.subsec_nanos(),
        }),
        network: target.network,
        uncached: !target.cache,
        resources: (resources != crate::Resources::default()).then_some(proto::Resources {
            cpu: resources.cpu,
            memory: resources.memory,
        }),
        sandbox: match target.sandbox {
            None => proto::SandboxMode::Unspecified,
            Some(SandboxMode::Host) => proto::SandboxMode::Host,
        }
        .into(),
    })
}

fn texts<'a>(entries: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<proto::TextEntry> {
    let entry = |(name, text): (&String, &String)| proto::TextEntry {
        name: name.clone(),
        text: text.clone(),
    };
    entries.into_iter().map(entry).collect()
}

fn label(label: &Label) -> proto::Label {
    proto::Label {
        package: label.package().as_str().to_owned(),
        name: label.name().as_str().to_owned(),
        parameters: label
            .parameters()
            .iter()
            .map(|(name, text)| proto::TextEntry {
                name: name.to_owned(),
                text: text.to_owned(),
            })
            .collect(),
    }
}

fn reference(reference: &OutputReference) -> proto::OutputReference {
    proto::OutputReference {
        label: Some(label(&reference.label)),
        group: reference.group.as_ref().map(ToString::to_string),
    }
}

fn span(span: &SourceSpan) -> proto::SourceSpan {
    proto::SourceSpan {
        file: span.file.as_str().to_owned(),
        line: span.line,
        column: span.column,
        end_line: span.end_line,
        end_column: span.end_column,
    }
}

fn input_group(group: &InputGroup) -> proto::InputGroup {
    let role = match group.role {
        Role::Dependency => proto::Role::Dependency,
        Role::Tool => proto::Role::Tool,
        Role::Runtime => proto::Role::Runtime,
    };
    let item = |item: &InputReference| proto::InputReference {
        kind: Some(match item {
            InputReference::File(path) => InputKind::File(path.as_str().to_owned()),
            InputReference::Target(target) => InputKind::Target(reference(target)),
            InputReference::HostTool(name) => InputKind::HostTool(name.clone()),
        }),
    };
    proto::InputGroup {
        role: role.into(),
        name: group.name.as_ref().map(ToString::to_string),
        items: group.items.iter().map(item).collect(),
    }
}

fn output_group(group: &OutputGroup) -> proto::OutputGroup {
    let outputs = group.outputs.iter().map(|output| proto::DeclaredOutput {
        path: output.path.as_str().to_owned(),
        kind: match output.kind {
            OutputKind::File => proto::OutputKind::File,
            OutputKind::Directory => proto::OutputKind::Directory,
        }
        .into(),
    });
    proto::OutputGroup {
        name: group.name.as_ref().map(ToString::to_string),
        outputs: outputs.collect(),
    }
}

fn action(action: &Action) -> Result<proto::Action, WireError> {
    let kind = match action {
        Action::Execute { payload } => ActionKind::Execute(value::write("payload", payload)?),
        Action::Inline(file) => ActionKind::Inline(proto::InlineFile {
            content: file.content.clone(),
            executable: file.executable,
        }),
        Action::View(shown) => ActionKind::View(view(shown)),
    };
    Ok(proto::Action { kind: Some(kind) })
}

fn view(view: &View) -> proto::View {
    proto::View {
        include: view.include.clone(),
        exclude: view.exclude.clone(),
        strip_prefix: view.strip_prefix.clone(),
        prefix: view.prefix.clone(),
        rename: texts(&view.rename),
    }
}
