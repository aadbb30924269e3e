//! `kiln query`: the targets an expression selects, as lines, JSON or a graph.

use kiln_engine::engine::QueryAnswer;
use kiln_plugin_abi::Label;
use serde_json::{Map, Value, json};

use crate::arguments::QueryForm;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, Silent, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal::Data;

/// Does it.
pub fn execute(session: &Session, expression: &str, form: QueryForm) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let engine = session.engine(&workspace, std::sync::Arc::new(Silent))?;
    signals::listen(FirstSignal::Exit);
    let package = workspace
        .current_package()
        .unwrap_or_else(kiln_plugin_abi::PackagePath::root);
    let answer = wait_for(engine.query(expression, &package))??;
    let mut data = Data::default();
    match form {
        QueryForm::Label => {
            for label in &answer.labels {
                data.line(&label.to_string());
            }
        }
        QueryForm::Json => data.json(&json(&answer)),
        QueryForm::Dot => {
            for line in dot(&answer) {
                data.line(&line);
            }
        }
    }
    data.write()?;
    Ok(Exit::Done)
}

fn json(answer: &QueryAnswer) -> Value {
    let facts: Map<String, Value> = answer
        .facts
        .iter()
        .map(|(label, facts)| (label.to_string(), facts.clone()))
        .collect();
    let edges: Vec<[String; 2]> = answer
        .edges
        .iter()
        .map(|(from, to)| [from.to_string(), to.to_string()])
        .collect();
    let labels: Vec<String> = answer.labels.iter().map(Label::to_string).collect();
    json!({ "labels": labels, "edges": edges, "targets": facts })
}

fn dot(answer: &QueryAnswer) -> Vec<String> {
    let mut lines = vec!["digraph kiln {".to_owned()];
    for label in &answer.labels {
        lines.push(format!("  {};", quoted(label)));
    }
    for (from, to) in &answer.edges {
        lines.push(format!("  {} -> {};", quoted(from), quoted(to)));
    }
    lines.push("}".to_owned());
    lines
}

fn quoted(label: &Label) -> String {
    let text = label.to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::PackagePath;

    use super::*;

    #[test]
    fn a_graph_quotes_its_labels() {
        let label = |text| Label::parse(text, &PackagePath::root()).unwrap();
        let (a, b) = (label("//a"), label("@fs:file@path=\"x y\""));
        let answer = QueryAnswer {
            labels: vec![a.clone(), b.clone()],
            edges: vec![(a, b)],
            facts: std::collections::BTreeMap::new(),
        };
        assert_eq!(
            dot(&answer),
            [
                "digraph kiln {",
                "  \"//a:a\";",
                "  \"//@fs:file@path=\\\"x y\\\"\";",
                "  \"//a:a\" -> \"//@fs:file@path=\\\"x y\\\"\";",
                "}"
            ]
        );
    }
}
