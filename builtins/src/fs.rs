//! The provider of `@fs`: workspace files as targets, by path or by glob.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kiln_plugin_abi::{
    Diagnostic, GlobRequest, Label, LoadError, LoadHost, Package, PackagePath, Provider,
    TargetSpec, Value, WorkspacePath, did_you_mean,
};

use crate::drivers::check_glob_pattern;

/// Serves `@fs:file@path=…` and `@fs:glob@include=…[,exclude=…][,package=…]`.
#[derive(Debug, Default)]
pub struct FileSystemProvider;

#[async_trait]
impl Provider for FileSystemProvider {
    fn name(&self) -> &str {
        "@fs"
    }

    fn serves(&self, package: &PackagePath) -> bool {
        package.as_str() == "@fs"
    }

    async fn load(&self, _: &PackagePath, _: &dyn LoadHost) -> Result<Package, LoadError> {
        Ok(Package::default())
    }

    async fn get(
        &self,
        label: &Label,
        host: &dyn LoadHost,
    ) -> Result<Option<TargetSpec>, LoadError> {
        let paths = match label.name().as_str() {
            "file" => file(label),
            "glob" => glob(label, host),
            _ => return Ok(None),
        };
        let paths = paths.map_err(|error| LoadError::Faulty(vec![error.on(label)]))?;
        let paths = paths
            .into_iter()
            .map(|path| Value::from(path.as_str()))
            .collect();
        Ok(Some(TargetSpec {
            label: label.clone(),
            driver: "files".to_owned(),
            attributes: BTreeMap::from([("paths".to_owned(), Value::List(paths))]),
            span: None,
        }))
    }
}

fn file(label: &Label) -> Result<Vec<WorkspacePath>, Diagnostic> {
    check_parameters(label, &["path"])?;
    let path = required(label, "path")?;
    WorkspacePath::resolve("", path)
        .map(|path| vec![path])
        .map_err(|error| Diagnostic::error(format!("`{path}`: {error}")))
}

fn glob(label: &Label, host: &dyn LoadHost) -> Result<Vec<WorkspacePath>, Diagnostic> {
    check_parameters(label, &["include", "exclude", "package"])?;
    let package = label.parameters().get("package").unwrap_or_default();
    let package = package.strip_prefix("//").unwrap_or(package);
    let request = GlobRequest {
        package: PackagePath::parse(package)
            .map_err(|error| Diagnostic::error(error.to_string()))?,
        include: patterns(required(label, "include")?)?,
        exclude: match label.parameters().get("exclude") {
            None => Vec::new(),
            Some(text) => patterns(text)?,
        },
    };
    let paths = host.glob(&request)?;
    if paths.is_empty() {
        return Err(Diagnostic::error("the glob matches no file"));
    }
    Ok(paths)
}

/// The patterns of a parameter: separated by commas outside of `{…}`.
fn patterns(text: &str) -> Result<Vec<String>, Diagnostic> {
    let mut depth = 0_usize;
    let separator = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    let patterns: Vec<String> = text.split(separator).map(str::to_owned).collect();
    for pattern in &patterns {
        check_glob_pattern(pattern)
            .map_err(|message| Diagnostic::error(format!("`{pattern}`: {message}")))?;
    }
    Ok(patterns)
}

fn required<'a>(label: &'a Label, key: &str) -> Result<&'a str, Diagnostic> {
    label.parameters().get(key).ok_or_else(|| {
        let name = label.name();
        Diagnostic::error(format!("`@fs:{name}` needs the parameter `{key}`"))
            .hint(format!("write `@fs:{name}@{key}=…`"))
    })
}

fn check_parameters(label: &Label, known: &[&str]) -> Result<(), Diagnostic> {
    let unknown = label
        .parameters()
        .iter()
        .map(|(key, _)| key)
        .find(|key| !known.contains(key));
    let Some(key) = unknown else { return Ok(()) };
    let name = label.name();
    let error = Diagnostic::error(format!("`@fs:{name}` takes no parameter `{key}`"));
    Err(match did_you_mean(key, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("it takes {}", known.join(", "))),
    })
}

#[cfg(test)]
mod tests;
