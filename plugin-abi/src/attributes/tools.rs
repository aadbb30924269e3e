//! `tools`: the programs an action may call, each with the name it is known by.

use std::collections::BTreeMap;

use crate::attributes::AttributeReader;
use crate::attributes::reference::{host_tool, is_label};
use crate::{Diagnostic, GroupName, InputGroup, InputReference, Role, Value};

/// A tool as it was written.
struct Tool {
    /// Its name, before it was made fit for a variable.
    written: String,
    reference: InputReference,
}

impl AttributeReader<'_> {
    /// Reads `tools`: bare words name programs of the host, labels name targets,
    /// dicts give names of one's own. One group each, named as in
    /// `$TOOL_<NAME>` but in lower case, sorted.
    pub fn tools(&mut self) -> Result<Vec<InputGroup>, Diagnostic> {
        let items = match self.value("tools") {
            None => return Ok(Vec::new()),
            Some(Value::List(items)) => items,
            Some(other) => {
                return Err(self
                    .wrong_type("tools", "a list", other)
                    .hint("write `tools = [\"cc\", {\"gen\": \"//tools:gen\"}]`"));
            }
        };
        let mut tools: BTreeMap<GroupName, Tool> = BTreeMap::new();
        for item in items {
            match item {
                Value::String(text) => {
                    let reference = self.tool(text)?;
                    let name = tool_name(text, &reference).to_owned();
                    self.add_tool(&mut tools, &name, reference)?;
                }
                Value::Dict(entries) => {
                    for (name, value) in entries {
                        let Value::String(text) = value else {
                            let wanted = "the name of a program or a label";
                            return Err(self.wrong_group_type("tools", name, wanted, value));
                        };
                        let reference = self.tool(text)?;
                        self.add_tool(&mut tools, name, reference)?;
                    }
                }
                other => {
                    let wanted = "a list of strings and dicts; it holds another value";
                    return Err(self.wrong_type("tools", wanted, other));
                }
            }
        }
        Ok(tools
            .into_iter()
            .map(|(name, tool)| InputGroup {
                role: Role::Tool,
                name: Some(name),
                items: vec![tool.reference],
            })
            .collect())
    }

    /// Reads a program's bare name or a label.
    fn tool(&self, text: &str) -> Result<InputReference, Diagnostic> {
        if is_label(text) {
            let reference = self.label(text)?;
            let Some(name) = host_tool(&reference) else {
                return Ok(InputReference::Target(reference));
            };
            self.check_program(text, name)?;
            return Ok(InputReference::HostTool(name.to_owned()));
        }
        self.check_program(text, text)?;
        Ok(InputReference::HostTool(text.to_owned()))
    }

    fn check_program(&self, literal: &str, name: &str) -> Result<(), Diagnostic> {
        if name.contains('/') {
            return Err(self
                .literal_error(literal, "a host tool is named without a directory")
                .hint("a file of the workspace is named `@fs:file@path=<path from the root>`"));
        }
        let is_word = !name.is_empty()
            && !name.starts_with(['-', '.'])
            && !name.chars().any(|c| c.is_whitespace() || c.is_control());
        if is_word {
            return Ok(());
        }
        Err(self
            .literal_error(literal, "this is not the name of a program")
            .hint("`tools` takes bare names such as \"cc\", labels, and dicts from names to both"))
    }

    fn add_tool(
        &self,
        tools: &mut BTreeMap<GroupName, Tool>,
        written: &str,
        reference: InputReference,
    ) -> Result<(), Diagnostic> {
        let variable: String = written
            .chars()
            .map(|c| match c.to_ascii_lowercase() {
                c @ ('a'..='z' | '0'..='9') => c,
                _ => '_',
            })
            .collect();
        let name = self.group_name("tools", &variable)?;
        let upper = variable.to_ascii_uppercase();
        match tools.get(&name) {
            Some(other) if other.reference != reference => {
                let message = if other.written == written {
                    format!("two tools have the name `{written}`")
                } else {
                    let other = &other.written;
                    format!("the tools `{other}` and `{written}` are both `$TOOL_{upper}`")
                };
                Err(self
                    .spec()
                    .attribute_error("tools", message)
                    .hint("give one of them another name: `{\"name\": \"//label\"}`"))
            }
            Some(_) => Ok(()),
            None => {
                let written = written.to_owned();
                tools.insert(name, Tool { written, reference });
                Ok(())
            }
        }
    }
}

/// The name of a tool that is given none: the program's, or the target's last
/// segment.
fn tool_name<'a>(text: &'a str, reference: &'a InputReference) -> &'a str {
    let name = match reference {
        InputReference::Target(target) => target.label.name().as_str(),
        InputReference::HostTool(name) => name,
        InputReference::File(_) => text,
    };
    name.rsplit('/').next().unwrap_or(name)
}
