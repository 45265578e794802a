//! axe-core, which finds what keeps people out.

use std::sync::LazyLock;

use serde_json::Value;

/// The library's source. It is not committed: `AXE` names the file.
pub(crate) static SOURCE: LazyLock<String> = LazyLock::new(|| {
    let path = std::env::var("AXE").expect("AXE names axe.min.js of axe-core 4.14.1: npm pack axe-core@4.14.1");
    std::fs::read_to_string(path).expect("AXE can be read")
});

/// Everything that WCAG 2.2 AA asks, and good practice besides.
pub(crate) const RUN: &str = r#"
    const done = arguments[arguments.length - 1];
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })
        .then((results) => done(results.violations), (error) => done([{ id: String(error), nodes: [] }]));
"#;

/// What it says, one line for each element.
pub(crate) fn lines(violations: &Value) -> Vec<String> {
    let all = violations.as_array().into_iter().flatten();
    let lines = all.flat_map(|violation| {
        let id = violation["id"].as_str().unwrap_or_default();
        let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
        let nodes: Vec<String> = nodes
            .iter()
            .map(|node| format!("{id}: {} {}", node["html"], node["failureSummary"]))
            .collect();
        if nodes.is_empty() { vec![id.to_owned()] } else { nodes }
    });
    lines.collect()
}
