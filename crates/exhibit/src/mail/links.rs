//! Links: found in text and in HTML, and written so that no program takes them for links.

use domain::observable::host_of_url;

/// A link with what it shows itself as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub target: String,
    /// The text that is clicked on, in HTML.
    pub shown: Option<String>,
    /// Whether the text looks like an address on another host than the link's.
    pub misleads: bool,
}

/// The schemes that are looked for in text; a longer one before one that it ends with.
const SCHEMES: [&str; 8] = ["https", "http", "hxxps", "hxxp", "sftp", "ftps", "ftp", "file"];
/// The longest link that is kept.
const LONGEST: usize = 2_048;

impl Link {
    pub(super) fn new(target: &str, shown: Option<&str>) -> Option<Self> {
        let target = target.trim();
        let is_link = target.split_once(':').is_some_and(|(scheme, rest)| {
            !rest.is_empty()
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        if !is_link || target.len() > LONGEST || target.starts_with("cid:") {
            return None;
        }
        let shown = shown.map(str::trim).filter(|shown| !shown.is_empty());
        Some(Link {
            target: target.to_owned(),
            misleads: shown.is_some_and(|shown| misleads(shown, target)),
            shown: shown.map(|shown| crate::one_line(shown, 200)),
        })
    }
}

/// Whether what is shown names another host than the one that the link leads to.
fn misleads(shown: &str, target: &str) -> bool {
    let word = shown.split_whitespace().next().unwrap_or_default();
    let with_scheme = if word.contains("://") { word.to_owned() } else { format!("http://{word}") };
    let (Some(says), Some(leads)) = (host_of_url(&with_scheme), host_of_url(target)) else { return false };
    let plain = |host: &str| host.trim_start_matches("www.").trim_end_matches('.').to_lowercase();
    let looks_like_host = says.contains('.')
        && says
            .rsplit('.')
            .next()
            .is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && says.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let (says, leads) = (plain(says), plain(leads));
    looks_like_host && says != leads && !leads.ends_with(&format!(".{says}"))
}

/// The links in running text.
pub(super) fn in_text(text: &str, most: usize) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), "://") {
        if links.len() >= most {
            break;
        }
        let (before, behind) = text.split_at(at);
        let scheme = SCHEMES.iter().find(|scheme| {
            let begin = before.len().checked_sub(scheme.len()).and_then(|begin| before.get(begin..));
            begin.is_some_and(|word| word.eq_ignore_ascii_case(scheme))
        });
        let Some(begin) = scheme.map(|scheme| at - scheme.len()) else { continue };
        let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"'`|{}".contains(c);
        let end = behind.find(ends).unwrap_or(behind.len()).min(LONGEST * 2);
        let link = text.get(begin..at + end).unwrap_or_default();
        let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*']);
        if link.len() > at - begin + 3 && !links.iter().any(|known| known.target == link) {
            links.extend(Link::new(link, None));
        }
    }
    links
}

/// An address or a link written so that nothing takes it for one: `hxxps://evil[.]example/a.b`.
pub fn defang(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.replace('.', "[.]").replace('@', "[@]");
    match scheme {
        Some(scheme) if scheme.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http")) => {
            format!("hxxp{}://{host}{path}", scheme.get(4..).unwrap_or_default())
        }
        Some(scheme) => format!("{scheme}[:]//{host}{path}"),
        None => match host.split_once(':') {
            Some((scheme, rest)) => format!("{scheme}[:]{rest}{path}"),
            None => format!("{host}{path}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_text_end_where_they_end() {
        let links = in_text("See https://a.example/x?y=1. (or HTTP://b.example/), hxxp://c.example ok", 10);
        let targets: Vec<_> = links.iter().map(|link| link.target.as_str()).collect();
        assert_eq!(targets, ["https://a.example/x?y=1", "HTTP://b.example/", "hxxp://c.example"]);
        assert!(in_text("http:// and https://", 10).is_empty());
    }

    #[test]
    fn a_link_that_shows_another_host_misleads() {
        let misleads = |shown, target| Link::new(target, Some(shown)).is_some_and(|link| link.misleads);
        assert!(misleads("https://bank.example/login", "https://evil.example/login"));
        assert!(misleads("www.bank.example", "http://192.0.2.1/"));
        assert!(!misleads("www.bank.example", "https://bank.example/"));
        assert!(!misleads("bank.example", "https://login.bank.example/"));
        assert!(!misleads("Click here", "https://evil.example/"));
        assert!(!misleads("v1.2", "https://evil.example/"));
    }

    #[test]
    fn nothing_takes_a_defanged_link_for_a_link() {
        assert_eq!(defang("https://evil.example/a.b?c=d.e"), "hxxps://evil[.]example/a.b?c=d.e");
        assert_eq!(defang("ftp://u@evil.example"), "ftp[:]//u[@]evil[.]example");
        assert_eq!(defang("javascript:alert(1)"), "javascript[:]alert(1)");
        assert_eq!(defang("192.0.2.1"), "192[.]0[.]2[.]1");
    }
}
