//! The driver `text_file`: a file whose content stands in the BUILD file.

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, AttributeReader, Command, Diagnostic, Driver, DriverId, InlineFile, InputPaths,
    OutputGroup, OutputKind, Target, TargetSpec,
};

/// `driver = "text_file"`.
#[derive(Debug, Default)]
pub struct TextFile;

#[async_trait]
impl Driver for TextFile {
    fn id(&self) -> DriverId {
        DriverId {
            name: "text_file".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, _: &InputPaths) -> Result<Command, Diagnostic> {
        Err(Diagnostic::error("a text file runs no command").on(&target.label))
    }
}

fn read(spec: &TargetSpec, id: DriverId) -> Result<Target, Diagnostic> {
    let mut reader = AttributeReader::new(spec);
    let name = spec.label.name().as_str();
    let out = reader.string("out")?.unwrap_or(name);
    let output = reader.output(out)?;
    if output.kind == OutputKind::Directory {
        return Err(spec.attribute_error("out", "a text file cannot be a directory"));
    }
    let content = reader.string("content")?;
    let file = InlineFile {
        content: content.unwrap_or_default().as_bytes().to_vec(),
        executable: reader.bool("executable", false)?,
    };
    let outputs = vec![OutputGroup {
        name: None,
        outputs: vec![output],
    }];
    let target = reader.plain_target(id, Action::Inline(file), Vec::new(), outputs)?;
    let missing = reader.missing("content", "the text of the file");
    reader.finish()?;
    content.map(|_| target).ok_or(missing)
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::Value;

    use super::*;
    use crate::testing::{parse_one, spec};

    #[test]
    fn the_file_is_named_after_the_target_unless_out_says_otherwise() {
        let target = parse_one(&TextFile, &spec("//p:f.txt", &[("content", "hi".into())])).unwrap();
        assert_eq!(target.outputs[0].outputs[0].path.as_str(), "p/f.txt");
        let attributes = [
            ("content", "hi".into()),
            ("out", "d/x".into()),
            ("executable", true.into()),
        ];
        let target = parse_one(&TextFile, &spec("//p:f", &attributes)).unwrap();
        assert_eq!(target.outputs[0].outputs[0].path.as_str(), "p/d/x");
        let file = InlineFile {
            content: b"hi".to_vec(),
            executable: true,
        };
        assert_eq!(target.action, Action::Inline(file));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (attributes, message) in [
            (
                vec![],
                "the driver `text_file` needs the attribute `content`",
            ),
            (
                vec![("content", Value::Int(1))],
                "`content` must be a string, not an int",
            ),
            (
                vec![("content", "x".into()), ("out", "d/".into())],
                "a text file cannot be a directory",
            ),
            (
                vec![
                    ("content", "x".into()),
                    ("env", Value::Dict(Default::default())),
                ],
                "the driver `text_file` knows no attribute `env`",
            ),
        ] {
            let error = parse_one(&TextFile, &spec("//p:f", &attributes)).unwrap_err();
            assert_eq!(error.message, message);
        }
    }
}
