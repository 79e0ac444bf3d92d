//! What the readers of XML share.

use quick_xml::events::{BytesStart, Event};

/// An attribute's text. Entities that XML does not name itself are left as they stand: nothing grows.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    let raw = attribute.value.into_owned();
    Some(unescaped(&raw))
}

fn unescaped(raw: &str) -> String {
    quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), std::borrow::Cow::into_owned)
}

/// Adds the text of an event to what stands before.
pub(super) fn add_text(to: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(text) => to.push_str(&unescaped(text)),
        Event::CData(text) => to.push_str(text),
        Event::GeneralRef(name) => {
            let name: &str = name;
            to.push_str(&unescaped(&format!("&{name};")));
        }
        _ => {}
    }
}
