//! Markdown as HTML. What looks like HTML in it is shown as it is written; links and pictures lead to the web and nowhere else.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

/// Renders a text. No tag and no attribute of the result is the author's own.
pub(crate) fn html(text: &str) -> String {
    let mut open = Vec::new();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = events.filter_map(|event| harmless(event, &mut open));
    let mut html = String::new();
    push_html(&mut html, events);
    html
}

/// The event as it may be shown. `open` says of each link and picture that is open whether it is one to us.
fn harmless<'a>(event: Event<'a>, open: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(written) | Event::InlineHtml(written) => Some(Event::Text(written)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Link { dest_url, title, .. }) => {
            let fits = is_of(&dest_url, &["https://", "http://", "mailto:"]);
            open.push(fits);
            fits.then(|| Event::InlineHtml(link(&dest_url, &title)))
        }
        Event::End(TagEnd::Link) => open.pop().filter(|fits| *fits).map(|_| Event::InlineHtml("</a>".into())),
        Event::Start(Tag::Image { ref dest_url, .. }) => {
            let fits = is_of(dest_url, &["https://", "http://"]);
            open.push(fits);
            fits.then_some(event)
        }
        Event::End(TagEnd::Image) => open.pop().filter(|fits| *fits).map(|_| event),
        event => Some(event),
    }
}

/// A list of what is allowed, by how it is written: browsers see a scheme in much that does not look like one.
fn is_of(url: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// Opens beside the course, and the page that it leads to knows nothing of it.
fn link<'a>(url: &str, title: &str) -> CowStr<'a> {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", quoted(title)) };
    format!("<a href=\"{}\"{title} rel=\"noopener noreferrer\" target=\"_blank\">", quoted(url)).into()
}

/// Fit for an attribute.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            '"' => quoted.push_str("&quot;"),
            '\'' => quoted.push_str("&#39;"),
            char => quoted.push(char),
        }
    }
    quoted
}

#[cfg(test)]
mod tests;
