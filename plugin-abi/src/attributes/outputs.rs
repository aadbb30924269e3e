//! `outs`: what an action makes, and where.

use std::collections::BTreeMap;

use crate::attributes::AttributeReader;
use crate::attributes::reference::printable;
use crate::{
    DeclaredOutput, Diagnostic, GroupName, OutputGroup, OutputKind, PathError, Value, WorkspacePath,
};

impl<'a> AttributeReader<'a> {
    /// Reads `outs`: a list is the unnamed group, a dict has named ones; a `/` at
    /// the end makes a directory. Sorted by group, no two equal or nested.
    pub fn outputs(&mut self) -> Result<Vec<OutputGroup>, Diagnostic> {
        let groups = match self.value("outs") {
            None => Vec::new(),
            Some(Value::List(items)) if items.is_empty() => Vec::new(),
            Some(Value::List(items)) => vec![self.output_group(None, items)?],
            Some(Value::Dict(groups)) => self.output_groups(groups)?,
            Some(other) => {
                return Err(self
                    .wrong_type("outs", "a list, or a dict of lists", other)
                    .hint("write `outs = [\"file\", \"directory/\"]`"));
            }
        };
        self.check_disjoint(&groups)?;
        Ok(groups)
    }

    fn output_groups(
        &self,
        groups: &'a BTreeMap<String, Value>,
    ) -> Result<Vec<OutputGroup>, Diagnostic> {
        let mut read = Vec::with_capacity(groups.len());
        for (key, value) in groups {
            let name = self.group_name("outs", key)?;
            let items = match value {
                Value::List(items) => items.as_slice(),
                Value::String(_) => std::slice::from_ref(value),
                other => {
                    return Err(self.wrong_group_type("outs", key, "a list of strings", other));
                }
            };
            read.push(self.output_group(Some(name), items)?);
        }
        Ok(read)
    }

    fn output_group(
        &self,
        name: Option<GroupName>,
        items: &'a [Value],
    ) -> Result<OutputGroup, Diagnostic> {
        let outputs = self
            .strings_of("outs", items)?
            .into_iter()
            .map(|text| self.output(text))
            .collect::<Result<_, _>>()?;
        Ok(OutputGroup { name, outputs })
    }

    /// Reads one output's path.
    pub fn output(&self, text: &str) -> Result<DeclaredOutput, Diagnostic> {
        if text.contains(['*', '?']) {
            return Err(self
                .literal_error(text, format!("`{text}`: an output cannot be a glob"))
                .hint("declare a directory, written with `/` at its end, and make files in it"));
        }
        if text.starts_with(':') || text.starts_with("//") {
            return Err(self
                .literal_error(text, format!("`{text}` is a label, not an output"))
                .hint("outputs are paths relative to the package"));
        }
        let directory = self.package().directory();
        let path = WorkspacePath::resolve(directory.as_str(), text).map_err(|error| {
            let diagnostic = self.literal_error(text, format!("`{}`: {error}", printable(text)));
            match error {
                PathError::Leaves | PathError::Absolute => {
                    diagnostic.hint("a target makes files in its own package only")
                }
                PathError::Empty => diagnostic.hint("name a directory below the package"),
                _ => diagnostic,
            }
        })?;
        let kind = if text.ends_with('/') {
            OutputKind::Directory
        } else {
            OutputKind::File
        };
        Ok(DeclaredOutput { path, kind })
    }

    fn check_disjoint(&self, groups: &[OutputGroup]) -> Result<(), Diagnostic> {
        let mut paths: Vec<&str> = groups
            .iter()
            .flat_map(|group| &group.outputs)
            .map(|output| output.path.as_str())
            .collect();
        // With `/` as the smallest character, what lies below a path follows it
        // directly.
        paths.sort_unstable_by(|a, b| a.split('/').cmp(b.split('/')));
        for pair in paths.windows(2) {
            let [outer, inner] = pair else { continue };
            if outer == inner {
                let message = format!("the output `{outer}` is declared twice");
                return Err(self.spec().attribute_error("outs", message));
            }
            let is_below = inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('/'));
            if is_below {
                let message = format!("the output `{inner}` lies inside the output `{outer}`");
                return Err(self
                    .spec()
                    .attribute_error("outs", message)
                    .hint("declare the directory only, or separate the two"));
            }
        }
        Ok(())
    }
}
