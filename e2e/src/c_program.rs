//! A C program whose sources a crate carries: how to lay it out in a workspace, one object per target,
//! with the headers of each object as the host's compiler lists them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{CPackage, Workspace, included_files, repository, vendored_crate};

/// The recipe of a program.
#[derive(Debug, Clone, Copy)]
pub struct CProgram {
    /// Name of the package and of the program in it.
    pub name: &'static str,
    /// The crate that carries the sources.
    pub crate_name: &'static str,
    /// The crate's directory that becomes the package's directory.
    pub directory: &'static str,
    /// Its folders to take C files and headers from, not recursively; `.` is the directory itself.
    pub folders: &'static [&'static str],
    /// File names to leave out.
    pub excluded: &'static [&'static str],
    /// The text of `main.c`, added beside the sources.
    pub main: &'static str,
    /// Flags of the compiler.
    pub copts: &'static [&'static str],
    /// Flags of the linker.
    pub linkopts: &'static [&'static str],
}

impl CProgram {
    /// Writes sources, the C rules of the examples, and a BUILD file into the workspace.
    ///
    /// # Panics
    /// When the sources cannot be found, copied, or preprocessed.
    pub fn lay_out(&self, workspace: &Workspace) -> CPackage {
        let rules = repository().join("examples/rules/c.star");
        workspace.write(
            "rules/c.star",
            fs::read(&rules).expect("the examples have C rules"),
        );
        let mut sources = self.copy_sources(workspace);
        workspace.write(format!("{}/main.c", self.name), self.main);
        sources.push("main.c".to_owned());
        let headers = included_files(&workspace.path(self.name), self.copts, &sources);
        workspace.write(
            format!("{}/BUILD.kiln", self.name),
            self.build_file(&headers),
        );
        CPackage::new(self.name, headers)
    }

    fn copy_sources(&self, workspace: &Workspace) -> Vec<String> {
        let root = vendored_crate(self.crate_name).join(self.directory);
        let mut sources = Vec::new();
        for folder in self.folders {
            for name in c_files(&root.join(folder)) {
                if self.excluded.contains(&name.as_str()) {
                    continue;
                }
                let relative = crate::normalized(&format!("{folder}/{name}"));
                let content = fs::read(root.join(&relative)).expect("just listed");
                workspace.write(format!("{}/{relative}", self.name), content);
                if name.ends_with(".c") {
                    sources.push(relative);
                }
            }
        }
        sources
    }

    fn build_file(&self, headers: &BTreeMap<String, Vec<String>>) -> String {
        let mut text = String::from("load(\"//rules/c.star\", \"c_binary\")\n\nc_binary(\n");
        let _ = writeln!(text, "    name = {:?},\n    srcs = {{", self.name);
        for (source, headers) in headers {
            let _ = writeln!(text, "        {source:?}: {headers:?},");
        }
        let _ = writeln!(
            text,
            "    }},\n    copts = {:?},\n    linkopts = {:?},\n)",
            self.copts, self.linkopts
        );
        text
    }
}

/// The names of the C sources and headers directly in a directory.
fn c_files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("list {}: {error}", directory.display()));
    let names = entries.map(|entry| entry.expect("a readable directory entry").file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.ends_with(".c") || name.ends_with(".h"));
    names.sort();
    names
}
