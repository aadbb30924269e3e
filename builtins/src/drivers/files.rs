//! The driver `files`, which the `@fs` targets have: source files as they are.
//! Their view copies nothing and stores nothing.

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, AttributeReader, Command, Diagnostic, Driver, DriverId, InputGroup, InputPaths,
    InputReference, Role, Target, TargetSpec, View, WorkspacePath,
};

/// `driver = "files"`, for targets of the package `@fs` only.
#[derive(Debug, Default)]
pub struct Files;

#[async_trait]
impl Driver for Files {
    fn id(&self) -> DriverId {
        DriverId {
            name: "files".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, _: &InputPaths) -> Result<Command, Diagnostic> {
        Err(Diagnostic::error("source files run no command").on(&target.label))
    }
}

fn read(spec: &TargetSpec, id: DriverId) -> Result<Target, Diagnostic> {
    if spec.label.package().as_str() != "@fs" {
        return Err(spec
            .attribute_error("driver", "the driver `files` is for targets of `@fs`")
            .hint("use `group` to give files a name"));
    }
    let mut reader = AttributeReader::new(spec);
    let items = reader
        .string_list("paths")?
        .into_iter()
        .map(|path| {
            WorkspacePath::resolve("", path)
                .map(InputReference::File)
                .map_err(|error| spec.error(format!("`{}`: {error}", path.escape_debug())))
        })
        .collect::<Result<_, _>>()?;
    let inputs = vec![InputGroup {
        role: Role::Dependency,
        name: None,
        items,
    }];
    let target = reader.plain_target(id, Action::View(View::default()), inputs, Vec::new())?;
    reader.finish()?;
    Ok(target)
}
