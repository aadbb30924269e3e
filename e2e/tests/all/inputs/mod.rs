//! What an action finds of its inputs.

mod files;
mod links;
mod lists;
mod tools;

use kiln_e2e::Workspace;

/// Runs a target `//p:t` with these attributes, in a workspace with some files, and returns what it wrote to `$OUT`.
fn prints(attributes: &str, run: &str) -> String {
    let workspace = files();
    workspace.write("p/BUILD.kiln", target(attributes, run));
    workspace.run(["//p:t"]).success();
    workspace.read(".kiln/out/p/out.txt")
}

fn target(attributes: &str, run: &str) -> String {
    format!(
        "target(name = \"t\", driver = \"bash\", run = {run:?}, outs = [\"out.txt\"], {attributes})\n"
    )
}

fn files() -> Workspace {
    let workspace = Workspace::new();
    for name in ["b.c", "a.c", "sub/c.c", "h.h", "with space.c"] {
        workspace.write(format!("p/{name}"), format!("{name}\n"));
    }
    workspace.write("q/BUILD.kiln", r#"target(name = "gen", driver = "sh", run = "echo 1 > z; echo 2 > y", outs = {"one": ["z"], "two": ["y"]})"#);
    workspace
}
