//! A C program laid out in a workspace: its labels, and which object must be compiled again when a file changes.

use std::collections::BTreeMap;

/// A package with one program in it, made of one object per source.
#[derive(Debug)]
pub struct CPackage {
    name: &'static str,
    headers: BTreeMap<String, Vec<String>>,
}

impl CPackage {
    pub(crate) fn new(name: &'static str, headers: BTreeMap<String, Vec<String>>) -> Self {
        Self { name, headers }
    }

    /// The label of the program.
    pub fn program(&self) -> String {
        format!("//{0}:{0}", self.name)
    }

    /// Where the program appears, relative to the workspace's root.
    pub fn output(&self) -> String {
        format!(".kiln/out/{0}/{0}", self.name)
    }

    /// A file's path relative to the workspace's root.
    pub fn file(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }

    /// The sources, relative to the package.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(String::as_str)
    }

    /// The label of a source's object.
    pub fn object(&self, source: &str) -> String {
        let stem = source.strip_suffix(".c").expect("a C source");
        format!("//{0}:{0}.{1}", self.name, stem.replace('/', "."))
    }

    /// The labels of all objects.
    pub fn objects(&self) -> Vec<String> {
        self.sources().map(|source| self.object(source)).collect()
    }

    /// The headers that a source includes, relative to the package.
    pub fn headers_of(&self, source: &str) -> &[String] {
        &self.headers[source]
    }

    /// The objects that include a header.
    pub fn users_of(&self, header: &str) -> Vec<String> {
        let users = self
            .headers
            .iter()
            .filter(|(_, headers)| headers.iter().any(|name| name == header));
        users.map(|(source, _)| self.object(source)).collect()
    }
}
