//! Declared tools, of the host and of the workspace.

use super::{files, target};

#[test]
fn a_tool_of_the_workspace_is_called_by_its_name_with_its_files_around_it() {
    let workspace = files();
    let build = r#"
text_file(name = "data", out = "data.txt", content = "from the tool's data\n")
target(name = "tool", driver = "sh", run = "printf '#!/bin/sh\ncat \"$(dirname \"$0\")/data.txt\"\n' > $OUT; chmod +x $OUT", outs = ["tool.sh"], runtime_deps = [":data"])
"#;
    workspace.write("tools/BUILD.kiln", build);
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"tools = [{"helper": "//tools:tool"}]"#,
            "tool.sh > $OUT; $TOOL_HELPER >> $OUT",
        ),
    );
    workspace.run(["//p:t"]).success();
    assert_eq!(
        workspace.read(".kiln/out/p/out.txt"),
        "from the tool's data\nfrom the tool's data\n"
    );
}

#[test]
fn two_tools_with_one_variable_are_an_error_of_loading() {
    let workspace = files();
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"tools = ["x86_64-linux-gnu-gcc", "x86_64_linux_gnu_gcc"]"#,
            "true",
        ),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["TOOL_X86_64_LINUX_GNU_GCC"]);
}

#[test]
fn a_host_tool_that_is_not_installed_is_named() {
    let workspace = files();
    workspace.write(
        "p/BUILD.kiln",
        target(r#"tools = ["no-such-compiler"]"#, "true"),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["no-such-compiler", "/usr/bin"]);
}
