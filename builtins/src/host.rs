//! The provider of `@host`: programs of the host, which are no targets but can
//! be named in `tools`.

use async_trait::async_trait;
use kiln_plugin_abi::{
    Diagnostic, Label, LoadError, LoadHost, Package, PackagePath, Provider, TargetSpec,
};

/// Serves `@host`. `@host:tool@name=cc` means the same as the bare word `cc`
/// where it stands in `tools`, and is refused with that advice elsewhere.
#[derive(Debug, Default)]
pub struct HostToolProvider;

#[async_trait]
impl Provider for HostToolProvider {
    fn name(&self) -> &str {
        "@host"
    }

    fn serves(&self, package: &PackagePath) -> bool {
        package.as_str() == "@host"
    }

    async fn load(&self, _: &PackagePath, _: &dyn LoadHost) -> Result<Package, LoadError> {
        Ok(Package::default())
    }

    async fn get(&self, label: &Label, _: &dyn LoadHost) -> Result<Option<TargetSpec>, LoadError> {
        if label.name().as_str() != "tool" {
            return Ok(None);
        }
        let error = Diagnostic::error("a program of the host is not a target")
            .on(label)
            .hint("it can be named in `tools`, as this label or as a bare word");
        Err(LoadError::Faulty(vec![error]))
    }
}
