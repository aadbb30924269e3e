//! Inputs below, what the action writes above.

use kiln_engine::sandbox::{Exit, Layer, Sandbox, Scratch, SpecError, remove_scratch};
use rustix::fs::{AtFlags, FileType};

use crate::kit::{config, contents, sandbox, sh, succeeded, text, tree};

crate::tests![
    inputs_are_seen_and_outputs_land_above_them,
    a_changed_input_shows_above_and_stays_as_it_was_below,
    a_removed_input_leaves_a_whiteout_above,
    several_layers_are_seen_as_one_tree,
    tools_are_read_only_and_callable,
    layers_and_scratch_may_lie_on_disk,
    a_full_scratch_is_told,
    a_missing_layer_is_an_error_naming_it,
    a_missing_working_directory_is_an_error_naming_it,
];

fn inputs_are_seen_and_outputs_land_above_them() {
    let layer = tree(sandbox(), "inputs", &[("pkg/in", "hello"), ("lib/x", "x")]);
    let finished = sh("cat in ../lib/x > out; mkdir -p sub; touch sub/file")
        .layer(layer)
        .run();
    succeeded(&finished);
    assert_eq!(
        contents(&finished.upper, "pkg/out").as_deref(),
        Some("hellox")
    );
    assert_eq!(
        contents(&finished.upper, "pkg/sub/file").as_deref(),
        Some("")
    );
    assert_eq!(contents(&finished.upper, "pkg/in"), None);
    assert_eq!(contents(&finished.upper, "lib/x"), None);
}

fn a_changed_input_shows_above_and_stays_as_it_was_below() {
    let layer = tree(
        sandbox(),
        "changed",
        &[("pkg/a", "1"), ("pkg/b", "2"), ("pkg/c", "3")],
    );
    let script = "echo x > a 2>/dev/null; chmod 644 b; ln c d; chmod u+w d; echo y >> d; true";
    let finished = sh(script).layer(layer).run();
    succeeded(&finished);
    // Read-only inputs refuse a plain write; after a chmod the change shows.
    assert_eq!(contents(&finished.upper, "pkg/b").as_deref(), Some("2"));
    assert_eq!(contents(&finished.upper, "pkg/d").as_deref(), Some("3y\n"));
    let below = rustix::fs::openat(
        sandbox().run_area(),
        "changed",
        rustix::fs::OFlags::DIRECTORY,
        0.into(),
    )
    .unwrap();
    for (path, expected) in [("pkg/a", "1"), ("pkg/b", "2"), ("pkg/c", "3")] {
        assert_eq!(contents(&below, path).as_deref(), Some(expected));
        let status = rustix::fs::statat(&below, path, AtFlags::empty()).unwrap();
        assert_eq!(status.st_mode & 0o777, 0o555, "{path}");
    }
}

fn a_removed_input_leaves_a_whiteout_above() {
    let layer = tree(sandbox(), "removed", &[("pkg/a", "1")]);
    let finished = sh("rm -f a; ls").layer(layer).run();
    assert_eq!(succeeded(&finished), "");
    let status = rustix::fs::statat(&finished.upper, "pkg/a", AtFlags::SYMLINK_NOFOLLOW).unwrap();
    assert_eq!(
        FileType::from_raw_mode(status.st_mode),
        FileType::CharacterDevice
    );
}

fn several_layers_are_seen_as_one_tree() {
    let upper = tree(
        sandbox(),
        "layer-1",
        &[("pkg/a", "1"), ("pkg/both", "upper")],
    );
    let lower = tree(
        sandbox(),
        "layer-2",
        &[("pkg/b", "2"), ("pkg/both", "lower")],
    );
    let action = sh("cat a b both").layer(upper).layer(lower);
    assert_eq!(action.stdout(), "12upper");
}

fn tools_are_read_only_and_callable() {
    let one = tree(sandbox(), "tools-1", &[("gen/gen", "#!/bin/sh\necho made")]);
    let two = tree(
        sandbox(),
        "tools-2",
        &[("fmt/fmt", "#!/bin/sh\necho formatted")],
    );
    let script =
        "/kiln/tools/gen/gen; touch /kiln/tools/x /kiln/tools/gen/x; rm -f /kiln/tools/gen/gen";
    let alone = sh(script)
        .with(|spec| spec.tool_layers = vec![one.clone()])
        .run();
    assert_eq!(alone.exit, Exit::Code(1));
    assert_eq!(text(&alone.log.merged()).matches("Read-only").count(), 3);
    let script = "/kiln/tools/gen/gen; /kiln/tools/fmt/fmt; ! touch /kiln/tools/x";
    let both = sh(script).with(|spec| spec.tool_layers = vec![one, two]);
    assert_eq!(both.stdout(), "made\nformatted\n");
}

fn layers_and_scratch_may_lie_on_disk() {
    // A name that means something in the options of an overlay.
    let root = tempfile::Builder::new().prefix("a:b,c=").tempdir().unwrap();
    let layer = root.path().join("layer");
    let scratch = root.path().join("scratch");
    std::fs::create_dir_all(layer.join("pkg")).unwrap();
    std::fs::create_dir(&scratch).unwrap();
    std::fs::write(layer.join("pkg/in"), "disk").unwrap();
    let mut configuration = config();
    configuration.disk_roots = vec![root.path().into()];
    let sandbox = Sandbox::start(&configuration).unwrap();
    let action = |place: &std::path::Path| {
        sh("cp in out; echo t > $TMPDIR/t; echo h > $HOME/h")
            .layer(Layer::Disk(layer.clone()))
            .with(|spec| spec.scratch = Scratch::Disk(place.into()))
    };
    succeeded(&action(&scratch).run_in(&sandbox));
    assert_eq!(
        std::fs::read_to_string(scratch.join("upper/pkg/out")).unwrap(),
        "disk"
    );
    assert_eq!(
        std::fs::read_to_string(scratch.join("tmp/t")).unwrap(),
        "t\n"
    );
    remove_scratch(&scratch).unwrap();
    assert!(!scratch.exists());

    let outside = action("/nowhere".as_ref())
        .try_run_in(&sandbox)
        .unwrap_err();
    assert!(outside.to_string().contains("/nowhere"), "{outside}");
    assert!(matches!(
        outside,
        kiln_engine::sandbox::SandboxError::Spec(SpecError::OutsideDiskRoots(_))
    ));
}

fn a_full_scratch_is_told() {
    let small = |script| sh(script).with(|spec| spec.scratch = Scratch::Tmpfs { bytes: 1 << 20 });
    let full = small("head -c 2000000 /dev/zero > big").run();
    assert!(!full.exit.is_success());
    assert!(full.scratch_full);
    assert!(!small("head -c 20000 /dev/zero > big").run().scratch_full);
}

fn a_missing_layer_is_an_error_naming_it() {
    let error = sh("true")
        .layer(Layer::RunArea("not-there".into()))
        .try_run_in(sandbox());
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("not-there") && text.contains("overlay"),
        "{text}"
    );
}

fn a_missing_working_directory_is_an_error_naming_it() {
    let error = sh("true")
        .with(|spec| spec.cwd = "not/there".into())
        .try_run_in(sandbox());
    let text = error.unwrap_err().to_string();
    assert!(text.contains("/kiln/ws/not/there"), "{text}");
}
