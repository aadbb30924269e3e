//! The driver `group`: other targets' files and plain files under one name,
//! selected and renamed without copying a byte.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, AttributeReader, Command, Diagnostic, Driver, DriverId, Focus, InputPaths, Target,
    TargetSpec, View, WorkspacePath,
};

use crate::drivers::check_glob_pattern;

/// `driver = "group"`.
#[derive(Debug, Default)]
pub struct Group;

#[async_trait]
impl Driver for Group {
    fn id(&self) -> DriverId {
        DriverId {
            name: "group".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, _: &InputPaths) -> Result<Command, Diagnostic> {
        Err(Diagnostic::error("a group runs no command").on(&target.label))
    }
}

fn read(spec: &TargetSpec, id: DriverId) -> Result<Target, Diagnostic> {
    let mut reader = AttributeReader::new(spec);
    let inputs = reader.dependencies()?;
    let view = View {
        include: patterns(&mut reader, "include")?,
        exclude: patterns(&mut reader, "exclude")?,
        strip_prefix: directory(&mut reader, "strip_prefix")?,
        prefix: directory(&mut reader, "prefix")?,
        rename: renames(&mut reader)?,
    };
    let target = reader.plain_target(id, Action::View(view), inputs, Vec::new())?;
    reader.finish()?;
    Ok(target)
}

fn patterns(
    reader: &mut AttributeReader<'_>,
    name: &'static str,
) -> Result<Vec<String>, Diagnostic> {
    let patterns = reader.string_list(name)?;
    for pattern in &patterns {
        check_glob_pattern(pattern).map_err(|message| {
            reader
                .spec()
                .error(format!("`{}`: {message}", pattern.escape_debug()))
                .focus(Focus::Literal((*pattern).to_owned()))
        })?;
    }
    Ok(patterns.into_iter().map(str::to_owned).collect())
}

/// Reads a directory's path; a `/` at its end is not kept.
fn directory(reader: &mut AttributeReader<'_>, name: &'static str) -> Result<String, Diagnostic> {
    match reader.string(name)? {
        None | Some("") => Ok(String::new()),
        Some(text) => path(reader, name, text),
    }
}

fn renames(reader: &mut AttributeReader<'_>) -> Result<BTreeMap<String, String>, Diagnostic> {
    let mut renames = BTreeMap::new();
    for (from, to) in reader.string_dict("rename")? {
        let old = path(reader, "rename", from)?;
        let new = path(reader, "rename", to)?;
        if renames.insert(old, new).is_some() {
            let message = format!("`rename` gives `{from}` two new names");
            return Err(reader.spec().attribute_error("rename", message));
        }
    }
    Ok(renames)
}

fn path(reader: &AttributeReader<'_>, name: &str, text: &str) -> Result<String, Diagnostic> {
    WorkspacePath::resolve("", text)
        .map(|path| path.as_str().to_owned())
        .map_err(|error| {
            let shown = text.escape_debug();
            reader
                .spec()
                .attribute_error(name, format!("`{shown}` in `{name}`: {error}"))
        })
}

#[cfg(test)]
mod tests;
