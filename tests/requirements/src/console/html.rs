//! A page as a tree, read by the rules of browsers. Whatever a browser would have to mend fails the test.

use std::collections::BTreeMap;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// Elements without an end.
const VOID: [&str; 7] = ["br", "hr", "img", "input", "link", "meta", "col"];

/// An element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its name, in lower case.
    pub name: String,
    /// Its attributes by name.
    pub attributes: BTreeMap<String, String>,
    /// Its text, that of what is in it included.
    pub text: String,
    /// The element that it is in.
    pub parent: Option<usize>,
}

impl Element {
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Its text with white space collapsed.
    pub fn words(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// All elements, in their order.
#[derive(Debug, Clone, Default)]
pub struct Html {
    /// In the order in which they begin.
    pub elements: Vec<Element>,
    /// What a browser would have to mend.
    pub wrong: Vec<String>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Html {
    /// Reads a page.
    pub fn parse(source: &str) -> Self {
        let mut emitter = DefaultEmitter::<()>::default();
        emitter.naively_switch_states(true);
        let mut html = Self::default();
        let mut open: Vec<usize> = Vec::new();
        for token in Tokenizer::new_with_emitter(source, emitter) {
            let Ok(token) = token;
            html.take(token, &mut open);
        }
        for left in open {
            let left = html.elements[left].name.clone();
            html.wrong.push(format!("<{left}> is not closed"));
        }
        html
    }

    fn take(&mut self, token: Token, open: &mut Vec<usize>) {
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value)));
                self.elements.push(Element {
                    attributes: attributes.collect(),
                    text: String::new(),
                    parent: open.last().copied(),
                    name: name.clone(),
                });
                if !tag.self_closing && !VOID.contains(&name.as_str()) {
                    open.push(self.elements.len() - 1);
                }
            }
            Token::EndTag(tag) => {
                let (name, closed) = (text(&tag.name), open.pop());
                let closed = closed.map(|at| self.elements[at].name.clone());
                if closed.as_ref() != Some(&name) {
                    self.wrong.push(format!("</{name}> closes {closed:?}"));
                }
            }
            Token::String(string) => {
                let string = text(&string);
                for at in open.iter() {
                    self.elements[*at].text += &string;
                }
            }
            Token::Error(error) => self.wrong.push(format!("{error:?}")),
            Token::Comment(_) | Token::Doctype(_) => {}
        }
    }

    /// The elements of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Element)> {
        let found = self.elements.iter().enumerate();
        found.filter(move |(_, element)| element.name == name)
    }

    /// Whether one element is somewhere in another.
    pub fn is_in(&self, mut element: usize, of: usize) -> bool {
        while let Some(parent) = self.elements[element].parent {
            if parent == of {
                return true;
            }
            element = parent;
        }
        false
    }

    /// What a reader of screens calls an element.
    pub fn label(&self, at: usize) -> String {
        let element = &self.elements[at];
        if let Some(label) = element.get("aria-label") {
            return label.to_owned();
        }
        if let Some(by) = element.get("aria-labelledby") {
            let found = self.elements.iter().find(|other| other.get("id") == Some(by));
            return found.map(Element::words).unwrap_or_default();
        }
        let of = element.get("id").and_then(|id| {
            let mut labels = self.all("label");
            labels.find(|(_, label)| label.get("for") == Some(id))
        });
        match of {
            Some((_, label)) => label.words(),
            None => element.words(),
        }
    }
}
