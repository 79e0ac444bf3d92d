//! XML, written by hand: indented, escaped, and without what no XML may hold.

use std::fmt::Write;

/// A document in the making.
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into(), open: Vec::new() }
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        _ = write!(self.text, "{:indent$}<{name}", "", indent = 2 * self.open.len());
        for (key, value) in attributes {
            _ = write!(self.text, " {key}=\"{}\"", escaped(value));
        }
    }

    /// Opens an element, to be closed with [`Xml::close`].
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.text += ">\n";
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            _ = writeln!(self.text, "{:indent$}</{name}>", "", indent = 2 * self.open.len());
        }
    }

    /// An element without contents.
    pub(super) fn leaf(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.text += "/>\n";
    }

    /// An element that holds text.
    pub(super) fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, attributes);
        _ = writeln!(self.text, ">{}</{name}>", escaped(text));
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

/// Text for contents or attributes. Characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut xml = Xml::new();
        xml.open("a", &[("b", "\"<&>\"\n")]);
        xml.text("c", &[], "1 < 2 \u{0}& 3");
        xml.leaf("d", &[]);
        let text = xml.finish();
        assert!(
            text.ends_with("<a b=\"&quot;&lt;&amp;&gt;&quot; \">\n  <c>1 &lt; 2 &amp; 3</c>\n  <d/>\n</a>\n"),
            "{text}"
        );
    }
}
