//! `outs`.

use super::*;
use crate::{AttributeReader, OutputKind};

/// Each output as `group: path`, directories with a `/`.
fn outputs(value: Value) -> Result<Vec<String>, String> {
    let spec = spec([("outs", value)]);
    let groups = AttributeReader::new(&spec)
        .outputs()
        .map_err(|error| shown(&error))?;
    let mut all = Vec::new();
    for group in groups {
        let name = group.name.map_or_else(String::new, |name| name.to_string());
        for output in group.outputs {
            let slash = match output.kind {
                OutputKind::File => "",
                OutputKind::Directory => "/",
            };
            all.push(format!("{name}: {}{slash}", output.path));
        }
    }
    Ok(all)
}

fn read(value: Value, expected: &[&str]) {
    let expected = expected.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(outputs(value), Ok(expected));
}

#[test]
fn outputs_lie_in_the_package_and_end_in_a_slash_when_they_are_directories() {
    read(
        list(["z", "a/b", "./c//d", "man/"]),
        &[": p/z", ": p/a/b", ": p/c/d", ": p/man/"],
    );
    read(
        dict([("docs", list(["man/"])), ("bin", "lua".into())]),
        &["bin: p/lua", "docs: p/man/"],
    );
    read(list([]), &[]);
    read(list(["a[1].txt", "@x"]), &[": p/a[1].txt", ": p/@x"]);
}

#[test]
fn equal_and_nested_outputs_are_refused() {
    let twice = "the output `p/a` is declared twice\nfocus: attribute outs";
    assert_eq!(outputs(list(["a", "./a"])), Err(twice.to_owned()));
    assert_eq!(
        outputs(dict([("x", list(["a"])), ("y", list(["a/"]))])),
        Err(twice.to_owned())
    );
    assert_eq!(
        outputs(list(["d/", "d.x", "d-1", "d/f/g"])),
        Err(
            "the output `p/d/f/g` lies inside the output `p/d`\nfocus: attribute outs\n\
             hint: declare the directory only, or separate the two"
                .to_owned()
        )
    );
    read(list(["d", "d.x", "dd"]), &[": p/d", ": p/d.x", ": p/dd"]);
}

#[test]
fn what_cannot_be_an_output_is_refused() {
    for (text, message) in [
        ("*.o", "`*.o`: an output cannot be a glob"),
        (":x", "`:x` is a label, not an output"),
        ("//x", "`//x` is a label, not an output"),
        ("../x", "`../x`: the path leaves its package"),
        ("/x", "`/x`: an absolute path is not allowed here"),
        ("./", "`./`: the path is empty"),
        ("", "``: the path is empty"),
        ("a\nb", "`a\u{fffd}b`: the path has a control character"),
    ] {
        let error = outputs(list([text])).unwrap_err();
        assert_eq!(error.lines().next(), Some(message));
    }
    assert!(outputs(Value::from("x")).is_err());
    assert!(outputs(dict([("A", list([]))])).is_err());
}
