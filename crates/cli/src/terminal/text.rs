//! Text from elsewhere, made safe for a terminal.

/// The text with its control characters escaped, and those that turn it around or are not seen: names may hold any, and
/// some could take over a terminal, or show something else than is there.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same for text of several lines, which the program may have coloured.
pub(crate) fn printable_lines(text: &str, is_coloured: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}').filter(|_| is_coloured) {
        let (before, from) = rest.split_at(at);
        safe += &escaped(before, is_layout);
        let own = STYLES.iter().find(|style| from.starts_with(**style));
        safe += own.map_or("\\u{1b}", |style| style);
        rest = from.get(own.map_or(1, |style| style.len())..).unwrap_or_default();
    }
    safe + &escaped(rest, is_layout)
}

/// What begins and ends the styles of this program.
pub(crate) const STYLES: [&str; 4] = ["\u{1b}[1m", "\u{1b}[32m", "\u{1b}[31m", "\u{1b}[0m"];

fn is_layout(c: char) -> bool {
    matches!(c, '\n' | '\t')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let escape = |c: char| {
        if is_harmful(c) && !stays(c) { c.escape_default().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(escape).collect()
}

/// Control characters, line separators, and format characters that change the direction of a text, or have no width and
/// join nothing.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0001}'..='\u{e007f}'
        )
}

/// A text of a server in one line. Other control characters than line breaks are escaped.
pub(crate) fn text_of_server(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_name_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mred\nb"), "a\\u{1b}[31mred\\nb");
    }

    #[test]
    fn what_turns_a_text_around_or_is_not_seen_is_escaped() {
        let harmful = "\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{202a}\u{202e}\u{2028}\u{2060}\u{2061}\u{2064}\
                       \u{2066}\u{2069}\u{206a}\u{206f}\u{feff}\u{9b}\u{e0001}\u{e0020}\u{e007f}";
        for c in harmful.chars() {
            let escaped = format!("a\\u{{{:x}}}b", u32::from(c));
            assert_eq!(printable(&format!("a{c}b")), escaped);
        }
        let harmless = "👩\u{200d}👧 é שלום می\u{200c}خواهم";
        assert_eq!(printable(harmless), harmless, "letters of other scripts and joined characters stay");
    }

    #[test]
    fn only_the_programs_own_styles_reach_the_terminal() {
        let text = "\u{1b}[1mname\u{1b}[0m\t\u{1b}[2J\u{1b}]0;title\u{7}\n";
        assert_eq!(printable_lines(text, true), "\u{1b}[1mname\u{1b}[0m\t\\u{1b}[2J\\u{1b}]0;title\\u{7}\n");
        assert_eq!(printable_lines("\u{1b}[1ma\u{202e}\n", false), "\\u{1b}[1ma\\u{202e}\n");
    }
}
