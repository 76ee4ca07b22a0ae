//! Reads XML answers into a tree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element with its text and its children.
#[derive(Debug, Default, Clone)]
pub struct Element {
    /// The name without its prefix.
    pub name: String,
    /// The text, with entities replaced.
    pub text: String,
    /// Attributes: names and values.
    pub attributes: Vec<(String, String)>,
    /// The children in their order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

/// Reads a document; `None` where it is not XML.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Element> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let element = element(&start)?;
                open.last_mut()?.children.push(element);
            }
            Event::End(_) => {
                let mut element = open.pop()?;
                if !element.children.is_empty() {
                    element.text.clear();
                }
                open.last_mut()?.children.push(element);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::CData(data) => open.last_mut()?.text.push_str(&data.decode().ok()?),
            Event::GeneralRef(reference) => {
                let name = reference.decode().ok()?;
                let last = open.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(character) => last.text.push(character),
                    None => last.text.push_str(quick_xml::escape::resolve_predefined_entity(&name)?),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    open.pop()?.children.into_iter().next()
}

fn element(start: &BytesStart<'_>) -> Option<Element> {
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        attributes.push((name(attribute.key.as_ref()), name(&attribute.value)));
    }
    Some(Element { name: name(start.local_name().as_ref()), attributes, ..Element::default() })
}

/// Text as it is written inside an element.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;").replace('\n', "&#xA;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_and_nested_elements_are_read() {
        let root =
            parse(b"<?xml version=\"1.0\"?><a xmlns=\"x\"><b>1 &amp; &#x41;</b><b/><c><d>2</d></c></a>").unwrap();
        assert_eq!(root.text_of("b"), Some("1 & A"));
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(root.child("c").unwrap().text_of("d"), Some("2"));
        assert!(parse(b"{}").is_none());
    }
}
