//! Layers, and the full text of configuration errors.

use proptest::prelude::*;

use super::*;
use crate::diagnostics::Renderer;

/// A workspace whose `kiln.toml` is `text`, loaded with `variables`.
fn load_with(text: &str, variables: &[(&str, &str)]) -> Result<Configuration, CommandError> {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("kiln.toml"), text).unwrap();
    load(&Sources {
        environment: &Environment::of(variables),
        workspace: Some(root.path()),
        jobs: None,
    })
}

fn error_of(result: Result<Configuration, CommandError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.exit, crate::exit::Exit::Usage);
    let renderer = Renderer::new(false, 100);
    error
        .messages
        .iter()
        .map(|message| renderer.render(message))
        .collect()
}

fn error(text: &str) -> String {
    error_of(load_with(text, &[]))
}

#[test]
fn later_layers_win_and_every_value_knows_its_origin() {
    let root = tempfile::tempdir().unwrap();
    let user = root.path().join("config/kiln");
    std::fs::create_dir_all(&user).unwrap();
    std::fs::write(
        user.join("kiln.toml"),
        "[cache]\nmax_size = \"1G\"\nmax_age = \"1d\"\n",
    )
    .unwrap();
    std::fs::write(
        root.path().join("kiln.toml"),
        "[cache]\nmax_size = \"2G\"\n[build]\njobs = 2\n",
    )
    .unwrap();
    std::fs::write(
        root.path().join("kiln.local.toml"),
        "build.jobs = 3\nbuild.ignore = [\"x\"]\n",
    )
    .unwrap();
    let config_home = root.path().join("config");
    let environment = Environment::of(&[
        ("XDG_CONFIG_HOME", config_home.to_str().unwrap()),
        ("KILN_BUILD_IGNORE", "a:b"),
    ]);
    let sources = Sources {
        environment: &environment,
        workspace: Some(root.path()),
        jobs: Some(9),
    };
    let configuration = load(&sources).unwrap();
    let shown: Vec<String> = KEYS
        .iter()
        .map(|key| {
            let (value, origin) = (key.get)(&configuration);
            let origin = origin.to_string();
            let origin = origin.rsplit('/').next().unwrap().to_owned();
            format!("{} = {value} ({origin})", key.full_name())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "build.jobs = 9 (flag -j)",
            "build.files = [\"BUILD.kiln\"] (built-in)",
            "build.ignore = [\"a\",\"b\"] (environment KILN_BUILD_IGNORE)",
            "sandbox.base_id = \"auto\" (built-in)",
            "sandbox.host_paths = [] (built-in)",
            "sandbox.tmpfs = \"1G\" (built-in)",
            "sandbox.undeclared_outputs = \"allow\" (built-in)",
            "cache.max_size = \"2G\" (kiln.toml:2)",
            "cache.max_age = \"1d\" (kiln.toml:3)",
            "cache.verify = \"size\" (built-in)",
        ]
    );
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_known_one() {
    assert_eq!(
        error("[build]\njob = 3\n"),
        "\
error: unknown key `job` in `[build]`
 --> kiln.toml:2:1
  |
2 | job = 3
  | ^^^
  |
  = hint: did you mean `jobs`?
"
    );
}

#[test]
fn what_is_not_built_yet_is_unknown() {
    for (text, what) in [
        ("[remote]\nendpoint = \"x\"\n", "unknown table `remote`"),
        ("[plugins.greet]\n", "unknown table `plugins`"),
        (
            "[sandbox]\nscratch = \"auto\"\n",
            "unknown key `scratch` in `[sandbox]`",
        ),
        (
            "[sandbox]\ndefault = \"host\"\n",
            "unknown key `default` in `[sandbox]`",
        ),
    ] {
        let shown = error(text);
        assert!(shown.starts_with(&format!("error: {what}\n")), "{shown}");
    }
}

#[test]
fn a_key_outside_of_its_table_is_sent_home() {
    let shown = error("jobs = 3\n");
    assert!(
        shown.contains("hint: `jobs` belongs into the table `[build]`"),
        "{shown}"
    );
}

#[test]
fn values_that_do_not_fit_are_marked_and_all_of_them_are_told() {
    assert_eq!(
        error("[build]\njobs = \"many\"\nfiles = [\"ok\", 7]\n[cache]\nverify = \"never\"\n"),
        "\
error: `build.jobs` must be a whole number from 1 to 4096, not `many`
 --> kiln.toml:2:8
  |
2 | jobs = \"many\"
  |        ^^^^^^
error: `build.files` must be a list of strings; this element must be a string, not a number
 --> kiln.toml:3:16
  |
3 | files = [\"ok\", 7]
  |                ^
error: `cache.verify` must be `size` or `always`, not `never`
 --> kiln.toml:5:10
  |
5 | verify = \"never\"
  |          ^^^^^^^
"
    );
}

#[test]
fn unknown_keys_and_bad_values_are_told_together_in_their_order() {
    let shown = error("[cache]\nverify = 1\nsize = 2\nmax_size = 3\n");
    let lines: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_eq!(
        lines,
        [
            "error: `cache.verify` must be a string, not a number",
            "error: unknown key `size` in `[cache]`",
            "error: `cache.max_size` must be a string, not a number",
        ]
    );
}

#[test]
fn duplicates_and_broken_syntax_are_marked() {
    for (text, place) in [
        ("[build]\njobs = 1\njobs = 2\n", "kiln.toml:3:1"),
        ("[build]\n[build]\n", "kiln.toml:2:"),
        ("[build\n", "kiln.toml:1:"),
        ("[build]\njobs = \n", "kiln.toml:2:"),
    ] {
        let shown = error(text);
        assert!(shown.contains(place), "{shown}");
    }
}

#[test]
fn odd_values_are_refused() {
    for text in [
        "[build]\njobs = 0\n",
        "[build]\njobs = 99999999999999999999\n",
        "[build]\njobs = 1.5\n",
        "[build]\nfiles = []\n",
        "[build]\nfiles = [\"a/b\"]\n",
        "[build]\nignore = [\"..\"]\n",
        "build = 3\n",
        "[sandbox]\nhost_paths = [\"relative\"]\n",
        "[sandbox]\nhost_paths = [\"~/x\"]\n",
        "[sandbox]\ntmpfs = \"much\"\n",
        "[cache]\nmax_age = \"60\"\n",
        "[cache]\nmax_size = true\n",
    ] {
        error(text);
    }
}

#[test]
fn a_tilde_is_the_home_directory() {
    let text = "[sandbox]\nhost_paths = [\"~/.rustup\", \"/opt/~x\"]\n";
    let configuration = load_with(text, &[("HOME", "/home/me")]).unwrap();
    let paths = configuration.sandbox().host_paths;
    assert_eq!(paths, [PathBuf::from("/home/me/.rustup"), "/opt/~x".into()]);
}

#[test]
fn a_bad_variable_is_named() {
    assert_eq!(
        error_of(load_with("", &[("KILN_BUILD_JOBS", "few")])),
        "error: `build.jobs`, set by the variable KILN_BUILD_JOBS, must be a whole number from 1 to 4096, not `few`\n"
    );
    assert_eq!(
        error_of(load_with("", &[("KILN_BUILD_JOSB", "1")])),
        "error: unknown variable KILN_BUILD_JOSB in the environment\n |\n = hint: did you mean KILN_BUILD_JOBS?\n"
    );
    assert!(load_with("", &[("KILN_TOKEN", "x"), ("KILN_BUILD_JOBS", "")]).is_ok());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let root = tempfile::tempdir().unwrap();
    let sources = |root: &Path| {
        load(&Sources {
            environment: &Environment::default(),
            workspace: Some(root),
            jobs: None,
        })
        .map(drop)
    };
    let kiln_toml = root.path().join("kiln.toml");
    std::fs::write(&kiln_toml, b"[build]\n\xff\n").unwrap();
    let not_utf8 = sources(root.path()).unwrap_err();
    assert_eq!(
        not_utf8.messages[0].text,
        "cannot read kiln.toml: line 2 is not UTF-8"
    );
    std::fs::remove_file(&kiln_toml).unwrap();
    std::fs::create_dir(&kiln_toml).unwrap();
    let directory = sources(root.path()).unwrap_err();
    assert_eq!(
        directory.messages[0].text,
        "cannot read kiln.toml: it is not a regular file"
    );
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        read_and_render(&text);
    }

    #[test]
    fn almost_valid_text_never_panics(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "[build]", "[sandbox]", "[cache]", "[", "]", "jobs", "files", "host_paths", "=", ".",
                "1", "-1", "\"x\"", "\"\"\"", "'", "[\"a\", 2]", "{", "}", ",", "\n", "\r\n", "#", " ",
                "ü", "\u{feff}", "\0", "1979-05-27", "inf", "0x10", "true",
            ]),
            0..24,
        )
    ) {
        read_and_render(&pieces.concat());
    }
}

/// Applies `text` and renders what is wrong with it.
fn read_and_render(text: &str) {
    let mut configuration = Configuration::built_in();
    let Err(faults) = apply_text(&mut configuration, text, "kiln.toml", None) else {
        return;
    };
    assert!(!faults.is_empty());
    let renderer = Renderer::new(false, 100);
    for fault in faults {
        let shown = renderer.render(&describe(fault, text, "kiln.toml"));
        assert!(shown.starts_with("error: "));
    }
}
