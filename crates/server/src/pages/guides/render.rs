//! A guide as HTML: its headings can be linked to, and its links to other guides lead to their pages here.
use std::collections::BTreeMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::{PATH, is_guide};

/// A guide as it is shown.
pub(super) struct Rendered {
    /// Its heading.
    pub(super) title: String,
    /// All below it.
    pub(super) html: String,
    /// What is in it, by anchor.
    pub(super) contents: Vec<(String, String)>,
}

/// Renders a guide. HTML in it is shown as it is written.
pub(super) fn render(text: &str) -> Rendered {
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).map(as_text).collect();
    let mut anchors = Anchors::default();
    let (mut title, mut contents) = (String::new(), Vec::new());
    for place in 0..events.len() {
        let Some(Event::Start(Tag::Heading { level, .. })) = events.get(place) else { continue };
        let level = *level;
        let heading = heading_text(events.get(place + 1..).unwrap_or_default());
        if level == HeadingLevel::H1 {
            title.clone_from(&heading);
        }
        let anchor = anchors.next(&heading);
        if level == HeadingLevel::H2 {
            contents.push((anchor.clone(), heading));
        }
        if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(place) {
            *id = Some(anchor.into());
        }
    }
    let mut below = String::new();
    html::push_html(&mut below, linked(without_title(events)).into_iter());
    Rendered { title, html: below, contents }
}

/// The page has the heading itself.
fn without_title(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut is_in_title = false;
    let is_below = |event: &Event<'_>| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
            is_in_title = true;
            false
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
            is_in_title = false;
            false
        }
        _ => !is_in_title,
    };
    events.into_iter().filter(is_below).collect()
}

fn as_text(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    }
}

/// The text of a heading, of what follows its beginning.
fn heading_text(events: &[Event<'_>]) -> String {
    let own = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    own.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    })
    .collect()
}

/// Anchors of headings, as GitHub makes them: links in the files lead to the same place here and there.
#[derive(Default)]
struct Anchors(BTreeMap<String, usize>);

impl Anchors {
    fn next(&mut self, heading: &str) -> String {
        let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor: String = heading.to_lowercase().chars().filter(|c| kept(*c)).collect();
        let anchor = anchor.replace(' ', "-");
        let count = self.0.entry(anchor.clone()).or_default();
        *count += 1;
        if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
    }
}

/// The same with links that lead somewhere: what is not served here stays as text.
fn linked(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut kept = Vec::with_capacity(events.len());
    // Links do not nest.
    let mut is_dropped = false;
    for event in events {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match target(&dest_url) {
                Some(dest_url) => {
                    kept.push(Event::Start(Tag::Link { link_type, dest_url: CowStr::from(dest_url), title, id }));
                }
                None => is_dropped = true,
            },
            Event::End(TagEnd::Link) if is_dropped => is_dropped = false,
            // Pictures are files of the sources.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            other => kept.push(other),
        }
    }
    kept
}

/// Where a link of a guide leads here; none to what only the sources have.
pub(super) fn target(link: &str) -> Option<String> {
    let (file, fragment) = link.split_once('#').map_or((link, None), |(file, fragment)| (file, Some(fragment)));
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    match file {
        _ if file.starts_with("https://") => Some(link.to_owned()),
        "" => Some(fragment),
        "README.md" => Some(PATH.to_owned()),
        "reference/api.md" => Some("/docs".to_owned()),
        "reference/openapi.json" => Some("/api/v2/openapi.json".to_owned()),
        file => {
            let name = file.strip_suffix(".md").filter(|name| is_guide(name))?;
            Some(format!("{PATH}/{name}{fragment}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::all, *};

    #[test]
    fn html_and_pictures_are_text_and_links_lead_to_pages_or_nowhere() {
        let text = "# A & B\n\n<script>alert(1)</script>\n\nSee [roles](roles.md#who-may-assign-what), <b>x</b>, \
                    [code](../crates/x.rs), [js](javascript:alert(1)), [evil](//evil.example/), ![p](x.png).\n\n## `x`: y\n\n## `x`: y\n";
        let Rendered { title, html, contents } = render(text);
        assert_eq!(title, "A & B");
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<img"), "{html}");
        assert!(html.contains("<a href=\"/docs/guides/roles#who-may-assign-what\">roles</a>"), "{html}");
        assert!(html.contains(", code, js, evil, p."), "{html}");
        assert_eq!(contents.iter().map(|(anchor, _)| anchor.as_str()).collect::<Vec<_>>(), ["x-y", "x-y-1"]);
        assert!(html.contains("<h2 id=\"x-y-1\">"), "{html}");
    }

    /// A heading that is renamed leaves no link behind.
    #[test]
    fn every_link_from_guide_to_guide_leads_to_a_heading_that_is_there() {
        let rendered: Vec<_> = all().map(|guide| (guide.name, render(guide.text))).collect();
        for (name, guide) in &rendered {
            for link in guide.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let Some((page, fragment)) = link.split_once('#') else { continue };
                let page = page.strip_prefix("/docs/guides/").unwrap_or(if page.is_empty() { name } else { page });
                let Some((_, target)) = rendered.iter().find(|(known, _)| *known == page) else {
                    panic!("{name} links to {link}")
                };
                assert!(target.html.contains(&format!(" id=\"{fragment}\"")), "{name} links to {link}");
            }
        }
    }
}
