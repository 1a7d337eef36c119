//! A configuration as a tree, from which directives can be left out.

/// A directive with the block that it may open.
#[derive(Clone, Debug)]
pub(super) struct Node {
    line: String,
    block: Option<Vec<Node>>,
}

impl Node {
    /// A directive without a block.
    pub(super) fn line(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            block: None,
        }
    }

    /// A directive with one.
    pub(super) fn block(line: impl Into<String>, block: Vec<Self>) -> Self {
        Self {
            line: line.into(),
            block: Some(block),
        }
    }

    /// Its words, as they are written.
    pub(super) fn words(&self) -> &str {
        &self.line
    }

    /// Returns the content of the directive's block.
    pub(super) fn inner(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// The text of some directives.
pub(super) fn text(nodes: &[Node]) -> String {
    let mut text = String::new();
    nodes.iter().for_each(|node| write(node, 0, &mut text));
    text
}

fn write(node: &Node, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    let Some(block) = &node.block else {
        *text += &format!("{indent}{};\n", node.line);
        return;
    };
    *text += &format!("{indent}{} {{\n", node.line);
    block.iter().for_each(|inner| write(inner, depth + 1, text));
    *text += &format!("{indent}}}\n");
}

/// The trees that have one directive less, larger blocks first.
pub(super) fn smaller(nodes: &[Node]) -> Vec<Vec<Node>> {
    let mut found = Vec::new();
    for place in 0..nodes.len() {
        let mut without = nodes.to_vec();
        without.remove(place);
        found.push(without);
    }
    for (place, node) in nodes.iter().enumerate() {
        for block in smaller(node.inner()) {
            let mut changed = nodes.to_vec();
            changed[place].block = Some(block);
            found.push(changed);
        }
    }
    found
}
