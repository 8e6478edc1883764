//! `notify:` who is told when a run fails, is refused by a limit, or is good again.

use super::read::{Entry, Keys, Reader, Section, Takes, words};
use super::service::{Gathered, Openness, entries};
use super::tree::{EmailEntry, MailEncryption, NotifyEntry, NotifyEvent, NotifyTarget, Text};
use crate::diagnostic::{Diagnostic, code};

pub(super) const NOTIFY: Section = Section {
    what: "an entry of `notify`",
    keys: &[&[
        ("slack", Takes::Text),
        ("teams", Takes::Text),
        ("webhook", Takes::Text),
        ("email", Takes::Section(&EMAIL)),
        ("on", Takes::WordList(|| words(EVENTS))),
        ("values", Takes::Flag),
        ("allow_http", Takes::Flag),
    ]],
    required: &[],
    one_of: TARGETS,
    example: "{slack: \"${SLACK_WEBHOOK}\", on: [failure, recovery]}",
};
const TARGETS: &[&str] = &["slack", "teams", "webhook", "email"];
const EMAIL: Section = Section {
    what: "`email`",
    keys: &[&[
        ("server", Takes::Text),
        ("user", Takes::Text),
        ("password", Takes::Text),
        ("from", Takes::Text),
        ("to", Takes::OneOrMore),
        ("starttls", Takes::Words(|| words(STARTTLS))),
        ("allow_plain", Takes::Flag),
    ]],
    required: &["server", "from", "to"],
    one_of: &[],
    example: "{server: \"smtp://mail.example.com:587\", user: tanguero, password: \"${SMTP_PASSWORD}\", \
              from: tanguero@example.com, to: [data@example.com]}",
};
const EVENTS: &[(&str, NotifyEvent)] =
    &[("failure", NotifyEvent::Failure), ("limits", NotifyEvent::Limits), ("recovery", NotifyEvent::Recovery)];
/// Whether the connection is encrypted.
const STARTTLS: &[(&str, bool)] = &[("required", true), ("none", false)];

/// Ports of mail submission, with and without encryption from the first byte.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// `notify:`.
pub(super) fn notify(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<NotifyEntry> {
    entries(entry).into_iter().filter_map(|entry| one(reader, entry)).collect()
}

fn one(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<NotifyEntry> {
    let keys = reader.keys(entry, &NOTIFY)?;
    let mut gathered = Gathered::default();
    let allow_http = keys.get("allow_http").and_then(|entry| reader.flag(entry));
    let named: Vec<(&str, Entry<'_>)> =
        TARGETS.iter().filter_map(|name| keys.get(name).map(|entry| (*name, entry))).collect();
    let target = match named.as_slice() {
        [(name, entry)] => target(reader, name, *entry, &mut gathered, allow_http.is_some_and(|flag| flag.value)),
        several => {
            let (at, label) =
                several.get(1).map_or((entry.key, "who is told?"), |(_, second)| (second.key, "a second one"));
            let place = reader.place(reader.spot(at));
            let message = "an entry of `notify` tells one: `slack`, `teams`, `webhook` or `email`";
            let diagnostic = Diagnostic::error(&code::WRONG_SHAPE, message).at(place, label);
            reader.report(diagnostic.help("write one entry for each: `notify: [{slack: ...}, {email: ...}]`"));
            None
        }
    };
    let on = keys.get("on").map(|entry| {
        entries(entry).into_iter().filter_map(|entry| reader.word(entry, EVENTS)).map(|word| word.value).collect()
    });
    let values = keys.get("values").and_then(|entry| reader.flag(entry));
    let span = reader.spot(entry.node.span);
    let Gathered { secrets, unset } = gathered;
    Some(NotifyEntry {
        path: reader.path.to_owned(),
        span,
        target: target?,
        on: on.unwrap_or_else(|| EVENTS.iter().map(|(_, event)| *event).collect()),
        values: values.is_some_and(|flag| flag.value),
        secrets,
        unset,
    })
}

fn target(
    reader: &mut Reader<'_>,
    name: &str,
    entry: Entry<'_>,
    gathered: &mut Gathered,
    allow_http: bool,
) -> Option<NotifyTarget> {
    match name {
        "slack" => gathered.url(reader, entry, Openness::Secret).map(NotifyTarget::Slack),
        "teams" => gathered.url(reader, entry, Openness::Secret).map(NotifyTarget::Teams),
        "webhook" => gathered.url(reader, entry, Openness::Hidden).map(|url| NotifyTarget::Webhook { url, allow_http }),
        _ => email(reader, entry, gathered).map(|email| NotifyTarget::Email(Box::new(email))),
    }
}

fn email(reader: &mut Reader<'_>, entry: Entry<'_>, gathered: &mut Gathered) -> Option<EmailEntry> {
    let keys = reader.keys(entry, &EMAIL)?;
    let server = keys.required(reader, "server").and_then(|entry| server(reader, entry, gathered));
    let from = keys.required(reader, "from").and_then(|entry| address(reader, entry, gathered));
    let to = keys.required(reader, "to").map(entries).unwrap_or_default();
    let to: Vec<Text> = to.into_iter().filter_map(|entry| address(reader, entry, gathered)).collect();
    let login = login(reader, &keys, gathered);
    let required = keys.get("starttls").and_then(|entry| reader.word(entry, STARTTLS));
    let plain = keys.get("allow_plain").and_then(|entry| reader.flag(entry)).is_some_and(|flag| flag.value);
    let Server { host, port, wrapped } = server?;
    let near = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    let encryption = match required {
        Some(word) if !word.value => {
            if let Some(entry) = keys.get("starttls").filter(|_| !near && !plain) {
                let help = "use `required`; over a network that is trusted, say `allow_plain: true` too";
                reader.bad_value(entry, "none", "anybody on the way could read it", help);
            }
            MailEncryption::None
        }
        _ if wrapped => MailEncryption::Wrapped,
        _ => MailEncryption::StartTls,
    };
    Some(EmailEntry { host, port, encryption, login, from: from?, to })
}

fn login(reader: &mut Reader<'_>, keys: &Keys<'_>, gathered: &mut Gathered) -> Option<(Text, Text)> {
    let user = keys.get("user").map(|entry| (entry, gathered.text(reader, entry, Openness::Hidden)));
    let password = keys.get("password").map(|entry| (entry, gathered.text(reader, entry, Openness::Secret)));
    match (user, password) {
        (Some((_, user)), Some((_, password))) => Some((user?, password?)),
        (Some((entry, _)), None) | (None, Some((entry, _))) => {
            let place = reader.place(reader.spot(entry.key));
            let message = format!("`{}` stands alone", entry.name);
            let diagnostic = Diagnostic::error(&code::WRONG_SHAPE, message).at(place, "without the other");
            reader.report(diagnostic.help("give `user` and `password`, or neither"));
            None
        }
        (None, None) => None,
    }
}

struct Server {
    host: String,
    port: u16,
    wrapped: bool,
}

fn server(reader: &mut Reader<'_>, entry: Entry<'_>, gathered: &mut Gathered) -> Option<Server> {
    let before = gathered.unset.len();
    let text = gathered.text(reader, entry, Openness::Shown)?;
    if gathered.unset.len() > before {
        return Some(Server { host: text.value, port: SUBMISSION, wrapped: false });
    }
    let read = |text: &str| {
        let (scheme, rest) = text.split_once("://")?;
        let wrapped = match scheme {
            "smtp" => false,
            "smtps" => true,
            _ => return None,
        };
        let rest = rest.trim_end_matches('/');
        let bracketed = rest.ends_with(']');
        let (host, port) = match rest.rsplit_once(':').filter(|_| !bracketed) {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (rest, if wrapped { SUBMISSIONS } else { SUBMISSION }),
        };
        let plain = !host.is_empty() && !host.contains(['/', '@', ' ']);
        plain.then(|| Server { host: host.to_owned(), port, wrapped })
    };
    let found = read(text.value.trim());
    if found.is_none() {
        reader.bad_value(
            entry,
            &text.value,
            "no mail server",
            "e.g. `smtp://mail.example.com:587`, `smtps://mail.example.com`",
        );
    }
    found
}

fn address(reader: &mut Reader<'_>, entry: Entry<'_>, gathered: &mut Gathered) -> Option<Text> {
    let before = gathered.unset.len();
    let text = gathered.text(reader, entry, Openness::Shown)?;
    let parts = text.value.split_once('@');
    let fits = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if gathered.unset.len() == before && (!fits || text.value.contains(['\r', '\n'])) {
        reader.bad_value(entry, &text.value, "no address", "e.g. `data@example.com`");
        return None;
    }
    Some(text)
}
