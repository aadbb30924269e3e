//! `kiln config`: the effective configuration, as TOML or JSON.

use serde_json::{Map, Value, json};

use super::table::aligned;
use crate::arguments::OutputForm;
use crate::configuration::{Configuration, KEYS};
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::terminal::Data;
use crate::workspace::Workspace;

/// Does it; outside of a workspace with what holds everywhere.
pub fn execute(session: &Session, origin: bool) -> Result<Exit, CommandError> {
    let workspace = Workspace::find(&session.directory);
    let configuration = session.configuration(workspace.as_ref())?;
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            for line in text(&configuration, origin) {
                data.line(&line);
            }
        }
        OutputForm::Json => data.json(&json(&configuration)),
    }
    data.write()?;
    Ok(Exit::Done)
}

/// TOML that configures what holds already; origins are comments in it.
fn text(configuration: &Configuration, origin: bool) -> Vec<String> {
    let rows: Vec<[String; 2]> = KEYS
        .iter()
        .map(|key| {
            let (value, from) = (key.get)(configuration);
            let from = if origin {
                format!("# {from}")
            } else {
                String::new()
            };
            [format!("{} = {}", key.name, toml(&value)), from]
        })
        .collect();
    let mut lines = Vec::new();
    let mut table = "";
    for (key, row) in KEYS.iter().zip(aligned(&rows)) {
        if key.table != table {
            if !table.is_empty() {
                lines.push(String::new());
            }
            table = key.table;
            lines.push(format!("[{table}]"));
        }
        lines.push(row);
    }
    lines
}

/// A value in TOML: numbers, strings and lists are written as in JSON, but for
/// one character that JSON leaves and TOML forbids.
fn toml(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}

fn json(configuration: &Configuration) -> Value {
    let mut settings = Map::new();
    for key in KEYS {
        let (value, origin) = (key.get)(configuration);
        let setting = json!({ "value": value, "origin": origin.to_string() });
        settings.insert(key.full_name(), setting);
    }
    json!({ "settings": settings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_a_configuration_file() {
        let lines = text(&Configuration::built_in(), true);
        let document: toml::Table = lines.join("\n").parse().unwrap();
        assert_eq!(
            document.keys().collect::<Vec<_>>(),
            ["build", "cache", "sandbox"]
        );
        assert_eq!(document["cache"]["max_age"].as_str(), Some("60d"));
        assert!(
            lines
                .iter()
                .filter(|line| line.contains(" = "))
                .all(|line| line.ends_with("# built-in"))
        );
    }
}
