//! The message in the shapes that services take.

use serde_json::{Value, json};

use crate::deliver::notify::Letter;
use crate::store::scrub;

/// Slack's incoming webhook: text, in which three characters are escaped.
pub(super) fn slack(letter: &Letter) -> Value {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = scrub(&letter.text());
    let (subject, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    json!({ "text": format!("*{}*\n```\n{}\n```", plain(subject), plain(rest.trim_end()).replace("```", "'''")) })
}

/// A Teams workflow ("Post to a channel when a webhook request is received"): a message with an adaptive card.
pub(super) fn teams(letter: &Letter) -> Value {
    let text = scrub(&letter.text());
    let (subject, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let lines: Vec<Value> = (rest.lines().filter(|line| !line.trim().is_empty()))
        .map(|line| json!({ "type": "TextBlock", "text": plain(line), "wrap": true, "spacing": "None", "fontType": "Monospace" }))
        .collect();
    let colour = if letter.event == "recovery" { "Good" } else { "Attention" };
    let mut body = vec![
        json!({ "type": "TextBlock", "text": plain(subject), "wrap": true, "weight": "Bolder", "size": "Medium", "color": colour }),
    ];
    body.extend(lines);
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}

/// Cards read their text as Markdown: what is meant literally is escaped.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if matches!(c, '*' | '_' | '[' | ']' | '`' | '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Ours: the message as it is, and its text.
pub(super) fn own(letter: &Letter) -> Value {
    let mut value = serde_json::to_value(letter).expect("a message is plain data");
    value["text"] = json!(letter.text());
    clean(&mut value);
    value
}

/// Takes secrets out of every text in it.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = scrub(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
