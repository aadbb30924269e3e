//! Text of BUILD and `.star` files: reading, decoding, parsing.

use kiln_plugin_abi::{Diagnostic, LoadHost, SourceSpan, WorkspacePath};
use starlark::syntax::{AstModule, Dialect};

use super::failure::{diagnostic_of, source_span};
use super::modules::LoadStatement;
use super::nesting;

/// A file's syntax tree and the files it wants to load.
pub(super) struct Parsed {
    pub module: AstModule,
    pub loads: Vec<LoadStatement>,
}

/// Reads a file as text; `None` when there is none.
pub(super) fn read(
    file: &WorkspacePath,
    host: &dyn LoadHost,
) -> Result<Option<String>, Diagnostic> {
    let Some(bytes) = host.read_file(file)? else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let span = span_at(file, &bytes[..error.valid_up_to()]);
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Diagnostic::error(format!("the file is not UTF-8 text (byte 0x{byte:02x})")).at(&span)
    })?;
    // A byte order mark says nothing in UTF-8, but editors write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(Some(text.to_owned()))
}

/// Parses a file whose nesting is bounded.
pub(super) fn parse(file: &WorkspacePath, text: String) -> Result<Parsed, Diagnostic> {
    nesting::check(&text).map_err(|error| {
        Diagnostic::error(error.message).at(&span_at(file, &text.as_bytes()[..error.offset]))
    })?;
    let dialect = Dialect {
        enable_keyword_only_arguments: true,
        enable_load_reexport: false,
        enable_top_level_stmt: true,
        enable_f_strings: true,
        ..Dialect::Standard
    };
    let mut module =
        AstModule::parse(file.as_str(), text, &dialect).map_err(|error| diagnostic_of(&error))?;
    let loads = module
        .loads()
        .iter()
        .map(|load| LoadStatement::read(load.module_id, file, source_span(&load.span)))
        .collect::<Result<_, _>>()?;
    module.replace_binary_operators(&super::operators::replacements());
    Ok(Parsed { module, loads })
}

/// The place right behind `before`.
fn span_at(file: &WorkspacePath, before: &[u8]) -> SourceSpan {
    let before = String::from_utf8_lossy(before);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
    let line = count(before.matches('\n').count());
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = count(before[line_start..].chars().count());
    SourceSpan {
        file: file.clone(),
        line,
        column,
        end_line: line,
        end_column: column + 1,
    }
}
