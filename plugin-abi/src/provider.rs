//! Where targets come from.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Diagnostic, Label, PackagePath, TargetSpec, WorkspacePath};

/// What lies at a path, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, FIFO or socket.
    Other,
    /// Nothing.
    Absent,
}

/// Which files a `glob` asks for. Patterns are relative to the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobRequest {
    /// The package; the walk never enters another one.
    pub package: PackagePath,
    /// A file that any of these matches is in …
    pub include: Vec<String>,
    /// … unless one of these matches it.
    pub exclude: Vec<String>,
}

/// The targets of one package.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Package {
    /// In the order of declaration; names are unique.
    pub targets: Vec<TargetSpec>,
}

/// Why a package could not be loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadError {
    /// There is no such package.
    NoPackage,
    /// It is there and faulty.
    Faulty(Vec<Diagnostic>),
}

/// What a provider may ask of the engine while it loads a package. Everything
/// asked is noted: the package is loaded anew when an answer would change.
pub trait LoadHost: Send + Sync {
    /// The contents of a workspace file; `None` when there is none. At most
    /// 16 MiB, larger ones are an error.
    fn read_file(&self, path: &WorkspacePath) -> Result<Option<Arc<[u8]>>, Diagnostic>;

    /// Notes a dependency on a file that was read for an earlier package.
    fn note_file(&self, path: &WorkspacePath) -> Result<(), Diagnostic>;

    /// The file that declares the targets of `package`; `None` when the
    /// directory is no package.
    fn build_file(&self, package: &PackagePath) -> Result<Option<WorkspacePath>, Diagnostic>;

    /// Regular files and links below a package that match, sorted by path.
    fn glob(&self, request: &GlobRequest) -> Result<Vec<WorkspacePath>, Diagnostic>;

    /// A message of the package's author to whoever runs the build.
    fn print(&self, package: &PackagePath, text: &str);
}

/// A source of targets: BUILD files, the file system, a plugin.
#[async_trait]
pub trait Provider: Send + Sync {
    /// A word for messages.
    fn name(&self) -> &str;

    /// True when this provider answers for `package`. The first that does wins.
    fn serves(&self, package: &PackagePath) -> bool;

    /// All targets of a package that have no parameters.
    async fn load(&self, package: &PackagePath, host: &dyn LoadHost) -> Result<Package, LoadError>;

    /// One target with parameters; `None` when there is no such target.
    async fn get(
        &self,
        label: &Label,
        host: &dyn LoadHost,
    ) -> Result<Option<TargetSpec>, LoadError>;
}
