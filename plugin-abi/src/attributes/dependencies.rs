//! `deps` and `runtime_deps`: what an action reads, and what its outputs need
//! beside them when they run.

use std::collections::BTreeMap;

use crate::attributes::AttributeReader;
use crate::{Diagnostic, GroupName, InputGroup, Role, Value};

impl<'a> AttributeReader<'a> {
    /// Reads `deps`: a list is the unnamed group, a dict has named ones. The
    /// groups come sorted by name, their members as declared.
    pub fn dependencies(&mut self) -> Result<Vec<InputGroup>, Diagnostic> {
        match self.value("deps") {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => Ok(vec![self.input_group(
                Role::Dependency,
                None,
                "deps",
                items,
            )?]),
            Some(Value::Dict(groups)) => self.dependency_groups(groups),
            Some(other) => Err(self
                .wrong_type("deps", "a list, or a dict of lists", other)
                .hint("write `deps = [\"a.c\", \":other\"]`")),
        }
    }

    /// Reads `runtime_deps`, a list.
    pub fn runtime_dependencies(&mut self) -> Result<Vec<InputGroup>, Diagnostic> {
        match self.value("runtime_deps") {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => Ok(vec![self.input_group(
                Role::Runtime,
                None,
                "runtime_deps",
                items,
            )?]),
            Some(other) => Err(self.wrong_type("runtime_deps", "a list", other)),
        }
    }

    fn dependency_groups(
        &self,
        groups: &'a BTreeMap<String, Value>,
    ) -> Result<Vec<InputGroup>, Diagnostic> {
        let mut read = Vec::with_capacity(groups.len());
        for (key, value) in groups {
            let name = self.group_name("deps", key)?;
            self.check_list_variable(key, groups)?;
            let items = match value {
                Value::List(items) => items.as_slice(),
                Value::String(_) => std::slice::from_ref(value),
                other => {
                    let wanted = "a list of strings";
                    return Err(self.wrong_group_type("deps", key, wanted, other));
                }
            };
            read.push(self.input_group(Role::Dependency, Some(name), "deps", items)?);
        }
        Ok(read)
    }

    /// Groups become `$SRCS_<GROUP>` and `$SRCS_<GROUP>_LIST`: no two may meet.
    fn check_list_variable(
        &self,
        key: &str,
        groups: &BTreeMap<String, Value>,
    ) -> Result<(), Diagnostic> {
        let taken_by = match key.strip_suffix("list").map(|rest| rest.strip_suffix('_')) {
            None => return Ok(()),
            Some(None) if key == "list" => "all inputs".to_owned(),
            Some(Some(other)) if groups.contains_key(other) => format!("the group `{other}`"),
            Some(_) => return Ok(()),
        };
        let variable = format!("$SRCS_{}", key.to_ascii_uppercase());
        Err(self
            .literal_error(
                key,
                format!("the group name `{key}` is taken: `{variable}` is the list of {taken_by}"),
            )
            .hint("choose another name for the group"))
    }

    fn input_group(
        &self,
        role: Role,
        name: Option<GroupName>,
        attribute: &str,
        items: &'a [Value],
    ) -> Result<InputGroup, Diagnostic> {
        let items = self
            .strings_of(attribute, items)?
            .into_iter()
            .map(|text| self.dependency(text))
            .collect::<Result<_, _>>()?;
        Ok(InputGroup { role, name, items })
    }

    /// Reads the name of a group of `attribute`.
    pub(super) fn group_name(&self, attribute: &str, key: &str) -> Result<GroupName, Diagnostic> {
        GroupName::parse(key).map_err(|error| {
            self.syntax_error(&error)
                .note(format!("it is a key of `{attribute}`"))
        })
    }

    /// The error for a group whose members are of another type than wanted.
    pub(super) fn wrong_group_type(
        &self,
        attribute: &str,
        key: &str,
        wanted: &str,
        got: &Value,
    ) -> Diagnostic {
        let got = super::with_article(got);
        let message = format!("the group `{key}` of `{attribute}` must be {wanted}, not {got}");
        self.spec().attribute_error(attribute, message)
    }
}
