//! `deliver:` and `notify:` of the project file.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{owned, show};
use crate::mapping::{
    MailEncryption, NotifyEvent, NotifyTarget, ProjectFile, Variables, parse_project, project_schema,
};

fn run(text: &str) -> (ProjectFile, String) {
    let environment = owned(&[("TOKEN", "hunter2-token"), ("URL", "https://x.example.com/hunter2"), ("HOST", "files")]);
    let given = Variables::new(BTreeMap::new(), environment, date(2024, 3, 2), Some("prod".to_owned()));
    let (project, found) = parse_project("tanguero.yaml", text, &given);
    (project.expect("it can be read"), show(text, &found))
}

#[test]
fn deliver_is_one_entry_or_a_list() {
    let (project, wrong) = run("deliver: {to: there}\n");
    assert_eq!((wrong.as_str(), project.deliver.len()), ("", 1));
    assert!(project.deliver[0].trigger.is_none() && project.deliver[0].mappings.is_none());
    let text = "\
deliver:
  - mappings: [accounts, users]
    to: [\"sftp://${HOST}/in\", \"s3://b/${env}/${as_of}\"]
    trigger: {url: \"${URL}\", token: \"Bearer ${TOKEN}\", header: Authorization, method: GET}
  - to: copy
";
    let (project, wrong) = run(text);
    assert_eq!(wrong, "");
    let first = &project.deliver[0];
    assert_eq!(
        first.to.iter().map(|to| to.value.as_str()).collect::<Vec<_>>(),
        ["sftp://files/in", "s3://b/prod/2024-03-02"]
    );
    let trigger = first.trigger.as_ref().unwrap();
    assert_eq!((trigger.header.as_str(), trigger.post), ("authorization", false));
    assert_eq!(trigger.token.as_ref().unwrap().value, "Bearer hunter2-token");
    for secret in ["hunter2-token", "Bearer hunter2-token", "https://x.example.com/hunter2", "files"] {
        assert!(first.secrets.iter().any(|kept| kept == secret), "{secret}");
    }
    // The day and the environment's name are in every other text.
    for plain in ["prod", "2024-03-02", "sftp://files/in", "s3://b/prod/2024-03-02"] {
        assert!(!first.secrets.iter().any(|kept| kept == plain), "{plain}");
    }
    assert!(!format!("{project:?}").contains("hunter2"));
}

#[test]
fn a_variable_without_a_value_waits_until_it_is_needed() {
    let (project, wrong) =
        run("deliver: {to: \"s3://${BUCKET}/x\", trigger: {url: \"${WHERE}\"}}\nnotify: {slack: \"${HOOK}\"}\n");
    assert_eq!(wrong, "");
    assert_eq!((project.deliver[0].unset.len(), project.notify[0].unset.len()), (2, 1));
    assert!(project.deliver[0].unset[0].message.contains("BUCKET"));
}

#[test]
fn notify_reads_every_kind() {
    let text = "\
notify:
  - slack: ${URL}
  - {teams: \"${URL}\", on: [recovery], values: true}
  - {webhook: \"http://monitor.internal/in\", allow_http: true}
  - email: {server: \"smtps://mail.example.com\", from: a@example.com, to: b@example.com}
  - email: {server: \"smtp://localhost:2525\", from: a@example.com, to: [b@example.com], starttls: none}
  - email: {server: \"smtp://mail.example.com\", from: a@example.com, to: [b@example.com], user: me, password: \"${TOKEN}\"}
";
    let (project, wrong) = run(text);
    assert_eq!(wrong, "");
    let [slack, teams, webhook, wrapped, plain, starttls] = project.notify.as_slice() else { panic!() };
    assert_eq!(
        (slack.on.len(), slack.values, teams.on.as_slice(), teams.values),
        (3, false, [NotifyEvent::Recovery].as_slice(), true)
    );
    assert!(matches!(webhook.target, NotifyTarget::Webhook { allow_http: true, .. }));
    let mail = |entry: &crate::mapping::NotifyEntry| match &entry.target {
        NotifyTarget::Email(email) => (email.port, email.encryption, email.login.is_some()),
        _ => panic!("no mail"),
    };
    assert_eq!(mail(wrapped), (465, MailEncryption::Wrapped, false));
    assert_eq!(mail(plain), (2525, MailEncryption::None, false));
    assert_eq!(mail(starttls), (587, MailEncryption::StartTls, true));
}

#[test]
fn mistakes_are_told_and_secrets_are_not() {
    let text = "\
deliver:
  - {too: x}
  - {to: [], trigger: {token: hunter2}}
  - {to: x, trigger: {url: nowhere, header: \"a b\"}}
notify:
  - {slack: \"${URL}\", teams: \"${URL}\"}
  - {slack: \"https://hooks.slack.com/hunter2\"}
  - {webhook: \"ftp://x\"}
  - {email: {server: \"smtp://me:hunter3@h\", from: x, to: [a@b], user: me}}
";
    let (_, wrong) = run(text);
    for part in [
        "unknown key `too`",
        "`to` cannot be empty",
        "`token` (tanguero.yaml:3) stands in the file for everybody to read",
        "`url` is missing",
        "no URL of a service",
        "`header` cannot be `a b`",
        "tells one: `slack`, `teams`, `webhook` or `email`",
        "`slack` (tanguero.yaml:7) stands in the file",
        "no mail server",
        "`from` cannot be `x`",
        "`user` stands alone",
    ] {
        assert!(wrong.contains(part), "`{part}` is not in\n{wrong}");
    }
    assert!(!wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn the_schema_knows_both() {
    let schema = project_schema();
    let deliver = &schema["properties"]["deliver"]["anyOf"];
    assert_eq!(deliver[1]["items"]["required"], serde_json::json!(["to"]));
    assert!(deliver[0]["properties"]["trigger"]["properties"]["header"].is_object());
    let notify = &schema["properties"]["notify"]["anyOf"][0];
    assert_eq!(notify["oneOf"].as_array().unwrap().len(), 4);
    assert!(notify["properties"]["on"]["items"].to_string().contains("recovery"));
}
