//! Tests of `nesting`.

use super::*;

#[track_caller]
fn accepted(text: &str) {
    if let Err(error) = check(text) {
        panic!("{}", error.message);
    }
}

#[track_caller]
fn refused_at(text: &str, offset: usize, what: &str) {
    let error = check(text).unwrap_err();
    assert!(error.message.starts_with(what), "{}", error.message);
    assert_eq!(error.offset, offset);
}

#[test]
fn brackets_are_counted_while_they_are_open() {
    accepted(&"[]".repeat(10_000).replace("][", "],["));
    refused_at(&"(".repeat(300), 200, "brackets");
    refused_at(&format!("\n{}", "[{".repeat(150)), 201, "brackets");
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let many = "(".repeat(1_000);
    for text in [
        format!("x = \"{many}\""),
        format!("x = '\\'{many}'"),
        format!("x = \"\"\"\n\"{many}\n\"\"\""),
        format!("x = r'{many}'"),
        format!("x = f\"{many}\""),
        format!("x = f\"{{{{{many}\""),
        format!("# {many}"),
        format!("x = 1 # {many}\ny = 2"),
    ] {
        accepted(&text);
    }
}

#[test]
fn brackets_after_strings_and_in_format_strings_count() {
    let many = "(".repeat(1_000);
    for text in [
        format!("x = '' + {many}"),
        format!("x = \"\"\"a\"\"\" + {many}"),
        format!("x = 'unfinished\n{many}"),
        format!("x = f\"{{{many}"),
        format!("x = f\"{{x}}\" + {many}"),
        format!("x = f'{{f\"{{{many}"),
        format!("x = \"\\\\\" + {many}"),
    ] {
        assert!(check(&text).is_err(), "{}", &text[..20]);
    }
}

#[test]
fn a_long_list_of_small_expressions_is_flat() {
    accepted(&format!("x = [{}]", "a + b.c(1), ".repeat(20_000)));
    accepted(&"x = a + b.c(1)\n".repeat(20_000));
    accepted(&"target(name = 'a', deps = glob(['*.c']) + [':x'])\n".repeat(20_000));
    accepted(&format!("x = {{{}}}", "'k': not a, ".repeat(20_000)));
}

#[test]
fn one_deep_expression_is_not() {
    refused_at(
        &format!("x = 1{}", "+1".repeat(6_000)),
        9_999,
        "the expression",
    );
    assert!(check(&format!("x = [{}1]", "lambda a, b: ".repeat(6_000))).is_err());
    assert!(check(&format!("f({}1)", "not ".repeat(6_000))).is_err());
}

#[test]
fn blocks_are_counted_by_indentation() {
    let deep: String = (0..300)
        .map(|n| format!("{}if x:\n", " ".repeat(n)))
        .collect();
    assert!(check(&deep).unwrap_err().message.starts_with("blocks"));
    accepted(&"if x:\n  pass\nelif y:\n  pass\n".repeat(5_000));
    assert!(
        check(&format!(
            "if x:\n  pass\n{}",
            "elif y:\n  pass\n".repeat(6_000)
        ))
        .is_err()
    );
}
