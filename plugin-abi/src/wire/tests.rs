//! Tests of `wire`.

use std::collections::BTreeMap;
use std::time::Duration;

use kiln_proto::target as proto;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::{
    Action, DeclaredOutput, DriverId, GroupName, InlineFile, InputGroup, InputReference, Label,
    OutputGroup, OutputKind, OutputReference, PackagePath, Resources, Role, SandboxMode,
    SourceSpan, Target, TargetSpec, Value, View, WorkspacePath,
};

fn text() -> impl Strategy<Value = String> {
    "[ -~é\n]{0,8}"
}

fn path() -> impl Strategy<Value = WorkspacePath> {
    "[a-z@ ]{1,4}(/[a-zé.]{3,5}){0,2}"
        .prop_map(|text| WorkspacePath::from_normalised(&text).unwrap())
}

fn label() -> impl Strategy<Value = Label> {
    let parameters = btree_map("[a-z_][a-z0-9]{0,3}", "[ -~é]{0,6}", 0..3);
    (
        "[a-z@+]{0,3}",
        "[a-zé.-]{1,2}[a-z](/[a-z]{1,3})?",
        parameters,
    )
        .prop_map(|(package, name, parameters)| {
            let parameters = crate::Parameters::from_map(parameters);
            let at = if parameters.is_empty() { "" } else { "@" };
            let text = format!("//{package}:{name}{at}{parameters}");
            Label::parse(&text, &PackagePath::root()).unwrap()
        })
}

fn group() -> impl Strategy<Value = Option<GroupName>> {
    option::of("[a-z0-9_]{1,4}".prop_map(|name| GroupName::parse(&name).unwrap()))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::List),
            btree_map(text(), inner, 0..3).prop_map(Value::Dict),
        ]
    })
}

fn span() -> impl Strategy<Value = Option<SourceSpan>> {
    let numbers = any::<(u32, u32, u32, u32)>();
    option::of(
        (path(), numbers).prop_map(|(file, (line, column, end_line, end_column))| SourceSpan {
            file,
            line,
            column,
            end_line,
            end_column,
        }),
    )
}

fn input(role: Role) -> impl Strategy<Value = InputReference> {
    let target = (label(), group())
        .prop_map(|(label, group)| InputReference::Target(OutputReference { label, group }));
    prop_oneof![
        path().prop_map(InputReference::File),
        target,
        text().prop_map(move |name| match role {
            Role::Tool => InputReference::HostTool(name),
            _ => InputReference::File(WorkspacePath::root()),
        }),
    ]
}

fn inputs() -> impl Strategy<Value = Vec<InputGroup>> {
    let role = prop_oneof![
        Just(Role::Dependency),
        Just(Role::Tool),
        Just(Role::Runtime)
    ];
    let one = role.prop_flat_map(|role| {
        (group(), vec(input(role), 0..3)).prop_map(move |(name, items)| ((role, name), items))
    });
    vec(one, 0..4).prop_map(|groups| {
        let groups: BTreeMap<_, _> = groups.into_iter().collect();
        let group = |((role, name), items)| InputGroup { role, name, items };
        groups.into_iter().map(group).collect()
    })
}

fn outputs() -> impl Strategy<Value = Vec<OutputGroup>> {
    let kind = prop_oneof![Just(OutputKind::File), Just(OutputKind::Directory)];
    let output = (path(), kind).prop_map(|(path, kind)| DeclaredOutput { path, kind });
    btree_map(group(), vec(output, 0..3), 0..3).prop_map(|groups| {
        let group = |(name, outputs)| OutputGroup { name, outputs };
        groups.into_iter().map(group).collect()
    })
}

fn inline_output() -> Vec<OutputGroup> {
    vec![OutputGroup {
        name: None,
        outputs: vec![DeclaredOutput {
            path: WorkspacePath::from_normalised("a/b").unwrap(),
            kind: OutputKind::File,
        }],
    }]
}

fn action() -> impl Strategy<Value = (Action, Vec<OutputGroup>)> {
    let execute =
        (value(), outputs()).prop_map(|(payload, outputs)| (Action::Execute { payload }, outputs));
    let inline = (vec(any::<u8>(), 0..9), any::<bool>()).prop_map(|(content, executable)| {
        let file = InlineFile {
            content,
            executable,
        };
        (Action::Inline(file), inline_output())
    });
    let view = (
        vec(text(), 0..2),
        vec(text(), 0..2),
        text(),
        text(),
        btree_map(text(), text(), 0..2),
    )
        .prop_map(|(include, exclude, strip_prefix, prefix, rename)| {
            let view = View {
                include,
                exclude,
                strip_prefix,
                prefix,
                rename,
            };
            (Action::View(view), Vec::new())
        });
    prop_oneof![execute, inline, view]
}

fn target() -> impl Strategy<Value = Target> {
    let head = (label(), text(), any::<u32>(), span(), inputs(), action());
    let words = (
        btree_map(text(), text(), 0..3),
        btree_set(text(), 0..3),
        btree_set(text(), 0..3),
    );
    let limits = (
        option::of((any::<u64>(), 0..1_000_000_000_u32)),
        any::<(bool, bool)>(),
        any::<(u32, u64)>(),
        any::<bool>(),
    );
    (head, words, limits).prop_map(|(head, words, limits)| {
        let (label, name, version, span, inputs, (action, outputs)) = head;
        let (timeout, (network, cache), (cpu, memory), host) = limits;
        Target {
            label,
            driver: DriverId { name, version },
            span,
            inputs,
            outputs,
            action,
            environment: words.0,
            pass_environment: words.1,
            labels: words.2,
            timeout: timeout.map(|(seconds, nanos)| Duration::new(seconds, nanos)),
            network,
            cache,
            resources: Resources { cpu, memory },
            sandbox: host.then_some(SandboxMode::Host),
        }
    })
}

fn through_bytes(target: &Target) -> Target {
    let bytes = write_target(target).unwrap().encode_to_vec();
    let message = proto::Target::decode(&*bytes).unwrap();
    Reader::new().target(message).unwrap()
}

proptest! {
    #[test]
    fn a_target_crosses_the_wire_without_loss(target in target()) {
        prop_assert_eq!(&through_bytes(&target), &target);
    }

    #[test]
    fn a_spec_crosses_the_wire_without_loss(
        label in label(), driver in text(), attributes in btree_map(text(), value(), 0..4), span in span(),
    ) {
        let spec = TargetSpec { label, driver, attributes, span };
        let bytes = write_spec(&spec).unwrap().encode_to_vec();
        let message = proto::TargetSpec::decode(&*bytes).unwrap();
        prop_assert_eq!(Reader::new().spec(message).unwrap(), spec);
    }

    #[test]
    fn flipped_bytes_are_refused_or_read_but_never_panic(target in target(), at in any::<usize>(), bit in 0..8_u32) {
        let mut bytes = write_target(&target).unwrap().encode_to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1_u8 << bit;
        if let Ok(message) = proto::Target::decode(&*bytes)
            && let Ok(read) = Reader::new().target(message)
        {
            prop_assert_eq!(through_bytes(&read), read);
        }
    }
}

/// A message that is fine, to be spoilt.
fn message() -> proto::Target {
    let mut message = proto::Target {
        label: Some(proto::Label {
            package: "a".into(),
            name: "b".into(),
            parameters: Vec::new(),
        }),
        action: Some(proto::Action {
            kind: Some(proto::action::Kind::Execute(proto::Value::default())),
        }),
        ..proto::Target::default()
    };
    message.inputs.push(proto::InputGroup {
        role: proto::Role::Dependency.into(),
        ..proto::InputGroup::default()
    });
    assert!(Reader::new().target(message.clone()).is_ok());
    message
}

fn refused(spoil: impl FnOnce(&mut proto::Target)) -> String {
    let mut message = message();
    spoil(&mut message);
    Reader::new().target(message).unwrap_err().to_string()
}

fn file(path: &str) -> proto::InputReference {
    proto::InputReference {
        kind: Some(proto::input_reference::Kind::File(path.into())),
    }
}

#[test]
fn what_is_missing_unknown_or_out_of_order_is_refused() {
    assert_eq!(refused(|m| m.label = None), "the label is missing");
    assert_eq!(refused(|m| m.action = None), "the action is missing");
    assert_eq!(refused(|m| m.inputs[0].role = 0), "the role is missing");
    assert_eq!(
        refused(|m| m.inputs[0].role = 9),
        "9 is no role that this version knows"
    );
    assert_eq!(
        refused(|m| m.sandbox = 7),
        "7 is no sandbox mode that this version knows"
    );
    let twice = refused(|m| m.inputs.push(m.inputs[0].clone()));
    assert_eq!(twice, "the input groups are not sorted");
    let twice = refused(|m| m.labels = vec!["x".into(), "x".into()]);
    assert_eq!(twice, "label \"x\" is given twice");
}

#[test]
fn names_and_paths_are_checked() {
    for bad in ["/etc/passwd", "../x", "a//b", "a/", "a/./b", "a\0b"] {
        let message = refused(|m| m.inputs[0].items.push(file(bad)));
        assert!(message.starts_with("input "), "{message}");
    }
    let long = "x".repeat(5000);
    assert!(refused(|m| m.inputs[0].items.push(file(&long))).len() < 200);
    assert!(refused(|m| m.label.as_mut().unwrap().name = "a:b".into()).contains("not allowed"));
    assert!(refused(|m| m.label.as_mut().unwrap().package = "..".into()).contains("not allowed"));
    assert!(refused(|m| m.label.as_mut().unwrap().name = long.clone()).contains("longer than"));
    let parameter = |name: &str| proto::TextEntry {
        name: name.into(),
        text: "x".into(),
    };
    for bad in ["", "a-b", "1", "a=\"y\",b"] {
        refused(|m| m.label.as_mut().unwrap().parameters = vec![parameter(bad)]);
    }
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let tool = proto::InputReference {
        kind: Some(proto::input_reference::Kind::HostTool("cc".into())),
    };
    assert!(refused(|m| m.inputs[0].items.push(tool)).contains("host tool"));
    let inline = proto::action::Kind::Inline(proto::InlineFile::default());
    assert!(refused(|m| m.action.as_mut().unwrap().kind = Some(inline)).contains("one output"));
    let timeout = proto::Duration {
        seconds: 0,
        nanoseconds: 1_000_000_000,
    };
    assert!(refused(|m| m.timeout = Some(timeout)).contains("nanoseconds"));
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(Value::None, |inner, _| {
        Value::Dict(BTreeMap::from([("k".to_owned(), inner)]))
    })
}

#[test]
fn values_cross_down_to_the_deepest_level_and_no_deeper() {
    let mut target = Reader::new().target(message()).unwrap();
    target.action = Action::Execute {
        payload: nested(Value::DEEPEST),
    };
    let list = proto::TargetList {
        targets: vec![write_target(&target).unwrap()],
    };
    let read = proto::TargetList::decode(&*list.encode_to_vec()).unwrap();
    assert_eq!(
        Reader::new().target(read.targets[0].clone()).unwrap(),
        target
    );
    target.action = Action::Execute {
        payload: nested(Value::DEEPEST + 1),
    };
    let error = write_target(&target).unwrap_err();
    assert!(error.to_string().contains("30 levels"), "{error}");
}
