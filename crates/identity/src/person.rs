//! What every provider says about a person, as it is kept here.
use url::Url;

/// The maximum length of a person's name, in bytes (`docs/compatibility.md#users`), and of the address of a picture.
const MAX_NAME_LENGTH: usize = 128;
const MAX_PICTURE_LENGTH: usize = 2048;

/// A name as one's profile may hold it: without the character NUL and blanks around it, and as much of it as fits.
pub(crate) fn name(text: &str) -> String {
    let text = text.replace('\0', "");
    let text = text.trim();
    text.get(..text.floor_char_boundary(MAX_NAME_LENGTH)).unwrap_or_default().trim_end().to_owned()
}

/// The address of a picture, which may be relative to the provider's; empty if it is none that a browser may open.
pub(crate) fn picture(address: &str, provider: &str) -> String {
    if address.trim().is_empty() {
        return String::new();
    }
    let absolute = Url::parse(provider).and_then(|provider| provider.join(address));
    let absolute = absolute.ok().filter(|url| ["http", "https"].contains(&url.scheme())).map(String::from);
    absolute.filter(|url| url.len() <= MAX_PICTURE_LENGTH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_to_what_a_profile_may_hold() {
        assert_eq!(name(" \tAmy Adams \n"), "Amy Adams");
        assert_eq!(name("\0 A\0my \0"), "Amy");
        assert_eq!(name(&"a".repeat(129)), "a".repeat(128));
        assert_eq!(name(&format!("a{}", "ü".repeat(64))), format!("a{}", "ü".repeat(63)));
        assert_eq!(name(&format!("{} b", "a".repeat(127))), "a".repeat(127));
    }

    #[test]
    fn a_picture_is_an_address_of_the_web() {
        for (address, absolute) in [
            ("https://pictures.example/amy.png", "https://pictures.example/amy.png"),
            ("http://pictures.example/amy.png?size=2", "http://pictures.example/amy.png?size=2"),
            ("/avatars/amy", "https://id.example.com/avatars/amy"),
            ("amy.png", "https://id.example.com/realms/amy.png"),
            ("//cdn.example/amy", "https://cdn.example/amy"),
            ("/a\0my?a\0b#c\0d", "https://id.example.com/a%00my?a%00b#c%00d"),
            ("https://pic\0tures.example/amy", ""),
            ("", ""),
            (" ", ""),
            ("javascript:alert(1)", ""),
            ("data:image/png;base64,AAAA", ""),
            ("http://", ""),
        ] {
            assert_eq!(picture(address, "https://id.example.com/realms/acme"), absolute, "{address}");
        }
        assert_eq!(picture(&format!("/{}", "a".repeat(3000)), "https://id.example.com"), "");
        assert_eq!(picture("https://pictures.example/amy", "no address"), "");
    }
}
