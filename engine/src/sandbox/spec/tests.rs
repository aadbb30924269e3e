//! Tests of `spec`.

use super::*;

fn spec(argv: &[&str]) -> SandboxSpec {
    SandboxSpec {
        argv: argv.iter().map(OsString::from).collect(),
        env: vec![("A".into(), "b=c".into())],
        cwd: "pkg".into(),
        layers: Vec::new(),
        tool_layers: Vec::new(),
        make_dirs: Vec::new(),
        scratch: Scratch::Tmpfs { bytes: 1 },
        network: Network::None,
        timeout: None,
        log_limit: 0,
    }
}

fn refusal(spec: &SandboxSpec) -> String {
    let roots = [PathBuf::from("/store/scratch")];
    spec.to_order(&roots).unwrap_err().to_string()
}

#[test]
fn variables_become_one_string_each() {
    let order = spec(&["true"]).to_order(&[]).unwrap();
    assert_eq!(order.env, [b"A=b=c".to_vec()]);
}

#[test]
fn commands_that_linux_cannot_run_are_refused_with_their_size() {
    assert_eq!(refusal(&spec(&[])), "the command is empty");
    assert_eq!(refusal(&spec(&[""])), "the command is empty");
    assert_eq!(
        refusal(&spec(&["a", "b\0c"])),
        "argument 1 holds a NUL byte"
    );
    let long = "x".repeat(STRING_LIMIT);
    assert!(refusal(&spec(&["a", &long])).contains("131072 bytes"));
    assert!(spec(&["a", &long[1..]]).to_order(&[]).is_ok());
    let many = vec![&long[1..]; 17];
    assert!(refusal(&spec(&many)).contains("together"));
    let mut with_variable = spec(&["a"]);
    with_variable.env.push(("B".into(), long.into()));
    assert!(refusal(&with_variable).starts_with("the variable B has"));
}

#[test]
fn paths_that_leave_the_sandbox_are_refused() {
    for path in ["..", "a/../b", "/a", "a\0"] {
        let mut leaving = spec(&["true"]);
        leaving.cwd = path.into();
        assert!(
            refusal(&leaving).contains("plain relative path"),
            "{path:?}"
        );
        let mut leaving = spec(&["true"]);
        leaving.make_dirs = vec![path.into()];
        assert!(
            refusal(&leaving).contains("plain relative path"),
            "{path:?}"
        );
    }
}

#[test]
fn layers_are_named_within_the_setup_area() {
    let mut layered = spec(&["true"]);
    layered.layers = vec![
        Layer::RunArea("trees/1".into()),
        Layer::RunArea("".into()),
        Layer::Disk("/store/scratch/x".into()),
    ];
    let roots = ["/other", "/store/scratch"].map(PathBuf::from);
    let order = layered.to_order(&roots).unwrap();
    assert_eq!(
        order.layers,
        [&b"run/trees/1"[..], b"run", b"ro/1/x"].map(<[u8]>::to_vec)
    );
}

#[test]
fn layers_outside_the_disk_roots_or_with_special_characters_are_refused() {
    let with = |layer| {
        let mut layered = spec(&["true"]);
        layered.layers = vec![layer];
        refusal(&layered)
    };
    assert!(with(Layer::Disk("/home/me".into())).contains("disk roots"));
    assert!(with(Layer::Disk("/store/scratch/../x".into())).contains("plain"));
    assert!(with(Layer::RunArea("a,upperdir=b".into())).contains("plain"));
    assert!(with(Layer::RunArea("a:b".into())).contains("plain"));
    let mut many = spec(&["true"]);
    many.layers = vec![Layer::RunArea("x".repeat(64).into()); 100];
    assert!(refusal(&many).contains("100 layers"));
}
