//! The provider of BUILD files.
//!
//! A package's file is read ([`source`]), bounded in its nesting ([`nesting`]),
//! parsed, its `load()`s brought in ([`modules`]), and evaluated ([`evaluation`])
//! with the functions of [`functions`], which declare targets in [`context`].

mod context;
mod conversion;
mod evaluation;
mod failure;
mod functions;
mod large_stack;
mod modules;
mod nesting;
mod operators;
mod rendering;
mod source;
mod surroundings;

use async_trait::async_trait;
use kiln_plugin_abi::{
    Diagnostic, Label, LoadError, LoadHost, Package, PackagePath, Provider, TargetSpec,
    WorkspacePath,
};

use context::PackageContext;
use modules::Modules;

/// Serves every package that a directory stands for.
///
/// Files brought in by `load()` are evaluated once and shared by all packages,
/// so an instance must not outlive the request whose files it has seen.
#[derive(Debug, Default)]
pub struct BuildFileProvider {
    modules: Modules,
}

impl BuildFileProvider {
    fn evaluate(
        &self,
        package: &PackagePath,
        file: &WorkspacePath,
        host: &dyn LoadHost,
    ) -> Result<Package, Diagnostic> {
        let Some(text) = source::read(file, host)? else {
            let message = format!("{file} vanished while it was being read");
            return Err(Diagnostic::error(message));
        };
        let parsed = source::parse(file, text)?;
        let loaded = self.modules.load(&parsed.loads, host)?;
        let context = PackageContext::new(package, file, host);
        evaluation::evaluate_build_file(parsed.module, &loaded, &context)?;
        Ok(Package {
            targets: context.into_targets(),
        })
    }
}

#[async_trait]
impl Provider for BuildFileProvider {
    fn name(&self) -> &str {
        "BUILD files"
    }

    fn serves(&self, package: &PackagePath) -> bool {
        !package.is_virtual()
    }

    async fn load(&self, package: &PackagePath, host: &dyn LoadHost) -> Result<Package, LoadError> {
        let faulty = |error: Diagnostic| LoadError::Faulty(vec![error]);
        let Some(file) = host.build_file(package).map_err(faulty)? else {
            return Err(LoadError::NoPackage);
        };
        large_stack::run(|| self.evaluate(package, &file, host)).map_err(faulty)
    }

    async fn get(&self, label: &Label, _: &dyn LoadHost) -> Result<Option<TargetSpec>, LoadError> {
        let error = Diagnostic::error("a target of a BUILD file takes no parameters")
            .on(label)
            .hint(format!("write `{}:{}`", label.package(), label.name()));
        Err(LoadError::Faulty(vec![error]))
    }
}

#[cfg(test)]
mod tests;
