//! Who is told of a run: of what, in which shape, and what is not in it.

use std::time::Instant;

use crate::binary::{Place, Said};
use crate::delivering::{ACCOUNTS, evidence};
use crate::ears::{Ear, Mailbox};
use crate::services::service;
use crate::support::files;

const SECRET: &str = "canary-of-messages-41";

/// A project whose mapping refuses any reject, and tells `notify`.
fn place(notify: &str) -> Place {
    let mapping = ACCOUNTS.replace("Name,", "{column: Name, values: [Fine]},") + "limits: {rejects: 0}\n";
    let place = Place::new(&[("mappings/accounts.yaml", &mapping)]);
    place.write("tanguero.yaml", notify);
    place
}

fn refused(place: &Place) {
    place.write("crm.csv", "Id,Name\nA1,Fine\nA2,Hunter Two\nA3,Hunter Three\n");
}

fn fine(place: &Place) {
    place.write("crm.csv", "Id,Name\nA1,Fine\n");
}

fn go(place: &Place, variables: &[(&str, String)], arguments: &[&str]) -> Said {
    let said = Said::new(&place.command(arguments).envs(variables.iter().cloned()).output().unwrap());
    assert!(!said.err.contains(SECRET) && !said.out.contains(SECRET), "{}{}", said.err, said.out);
    said
}

#[test]
fn a_refused_run_is_told_with_counts_places_and_no_value() {
    let (place, ear) =
        (place("notify:\n  - webhook: ${HOOK}\n  - {webhook: \"${HOOK}/values\", values: true}\n"), Ear::new());
    let variables = [("HOOK", ear.url(SECRET))];
    refused(&place);
    go(&place, &variables, &["run"]).ends_with(4);
    let mut heard = ear.heard();
    heard.sort_by_key(|one| one.path.len());
    assert_eq!(heard.len(), 2);
    let letter = heard[0].json();
    assert_eq!((letter["event"].as_str(), letter["exit"].as_u64()), (Some("limits"), Some(4)));
    assert_eq!(letter["mappings"][0]["rows"]["rejected"].as_u64(), Some(2));
    let code = &letter["rejects"][0];
    assert_eq!((code["count"].as_u64(), code["first"].as_str()), (Some(2), Some("crm.csv:3")));
    assert!(code.get("value").is_none() && !heard[0].body.contains("Hunter"), "{}", heard[0].body);
    assert!(heard[1].json()["rejects"][0]["value"] == "Hunter Two", "{}", heard[1].body);
    for part in ["L701", "accounts refused: 3 read", "first at crm.csv:3", ".tanguero/runs/", "--accept rejects"] {
        assert!(letter["text"].as_str().unwrap().contains(part), "{part}: {}", letter["text"]);
    }
    assert!(!heard[0].body.contains(SECRET));
    let report = evidence(&place);
    assert_eq!(report["notifications"][1]["told"], true);
    assert_eq!(report["notifications"][0]["event"], "limits");

    // Good again, and then nothing of interest.
    fine(&place);
    go(&place, &variables, &["run"]).ends_with(0);
    let heard = ear.heard();
    assert!(heard.len() == 2 && heard.iter().all(|one| one.json()["event"] == "recovery"));
    go(&place, &variables, &["run"]).ends_with(0);
    go(&place, &variables, &["run", "--dry-run"]).ends_with(0);
    refused(&place);
    go(&place, &variables, &["run", "--local"]).ends_with(4);
    assert!(ear.heard().is_empty());
}

#[test]
fn everybody_hears_only_of_what_is_wanted() {
    let notify = "notify:\n  - {webhook: \"${HOOK}/f\", on: [failure]}\n  - {webhook: \"${HOOK}/l\", on: [limits]}\n  \
                  - {webhook: \"${HOOK}/r\", on: [recovery]}\n";
    let (place, ear) = (place(notify), Ear::new());
    let variables = [("HOOK", ear.url(SECRET))];
    let ends = |wanted: &str| {
        let heard = ear.heard();
        assert!(heard.len() == 1 && heard[0].path.ends_with(wanted), "{wanted}: {heard:?}");
    };
    refused(&place);
    go(&place, &variables, &["run"]).ends_with(4);
    ends("/l");
    std::fs::remove_file(place.join("crm.csv")).unwrap();
    go(&place, &variables, &["run"]).ends_with(6);
    ends("/f");
    fine(&place);
    go(&place, &variables, &["run"]).ends_with(0);
    ends("/r");
}

#[test]
fn slack_and_teams_get_their_shapes() {
    let (place, ear) = (place("notify: [{slack: \"${HOOK}/slack\"}, {teams: \"${HOOK}/teams\"}]\n"), Ear::new());
    refused(&place);
    go(&place, &[("HOOK", ear.url(SECRET))], &["run"]).ends_with(4);
    let mut heard = ear.heard();
    heard.sort_by_key(|one| one.path.clone());
    let slack = heard[0].json();
    assert!(slack["text"].as_str().unwrap().starts_with("*tanguero: "), "{slack}");
    assert!(slack["text"].as_str().unwrap().contains("crm.csv:3"));
    assert!(slack["text"].as_str().unwrap().ends_with("\n```"), "{slack}");
    let teams = heard[1].json();
    let card = &teams["attachments"][0];
    assert_eq!(teams["type"], "message");
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!((&card["content"]["type"], &card["content"]["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    let body = card["content"]["body"].as_array().unwrap();
    assert!(body.len() > 5 && body.iter().all(|block| block["type"] == "TextBlock"), "{card}");
}

#[test]
fn who_cannot_be_told_makes_no_run_worse_and_no_redirect_is_followed() {
    let (place, ear, other) =
        (place("notify: [{webhook: \"${HOOK}\"}, {slack: \"http://127.0.0.1:9/${KEY}\"}]\n"), Ear::new(), Ear::new());
    let variables = [("HOOK", ear.url(SECRET)), ("KEY", SECRET.to_owned())];
    ear.answer(307, Some(&other.url(SECRET)));
    refused(&place);
    let began = Instant::now();
    let said = go(&place, &variables, &["run"]).ends_with(4);
    assert!(began.elapsed().as_secs() < 30);
    said.tells(&["warning[N871]: nobody was told by webhook", "307", "nobody was told by slack"]);
    assert!(other.heard().is_empty(), "a redirect is not followed");
    assert_eq!(ear.heard().len(), 1);
    let report = evidence(&place);
    assert_eq!(
        (&report["notifications"][0]["told"], &report["notifications"][1]["told"]),
        (&false.into(), &false.into())
    );
    assert!(!report.to_string().contains(SECRET));
}

fn mail(port: u16, more: &str) -> String {
    format!(
        "notify:\n  email: {{server: \"smtp://127.0.0.1:{port}\", from: tanguero@example.com, \
         to: [data@example.com, ops@example.com]{more}}}\n"
    )
}

#[test]
fn a_letter_goes_by_mail() {
    let mailbox = Mailbox::new(false);
    let place = place(&mail(mailbox.port(), ", starttls: none, user: me@example.com, password: \"${PASSWORD}\""));
    refused(&place);
    go(&place, &[("PASSWORD", SECRET.to_owned())], &["run"]).ends_with(4);
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    for part in
        ["AUTH ", "MAIL FROM:<tanguero@example.com>", "RCPT TO:<ops@example.com>", "Subject: tanguero: ", "crm.csv:3"]
    {
        assert!(letters[0].contains(part), "{part}: {}", letters[0]);
    }
    let text = letters[0].split_once("Subject").unwrap().1;
    assert!(!text.contains(SECRET) && !text.contains("Hunter"), "{text}");
}

#[test]
fn a_mail_server_without_encryption_gets_no_password_and_a_mute_one_is_left() {
    let mailbox = Mailbox::new(false);
    let place = place(&mail(mailbox.port(), ", user: me@example.com, password: \"${PASSWORD}\""));
    refused(&place);
    let variables = [("PASSWORD", SECRET.to_owned())];
    go(&place, &variables, &["run"]).ends_with(4).tells(&["warning[N871]: nobody was told by email"]);
    assert!(mailbox.letters().is_empty());

    let mute = Mailbox::new(true);
    place.write("tanguero.yaml", mail(mute.port(), ", starttls: none"));
    let began = Instant::now();
    go(&place, &variables, &["run"]).ends_with(4).tells(&["warning[N871]: nobody was told by email"]);
    assert!(began.elapsed().as_secs() < 40, "{:?}", began.elapsed());
}

#[test]
fn the_sample_shows_who_hears_and_ends_with_7_if_somebody_does_not() {
    let ear = Ear::new();
    let place = place("notify: [{webhook: \"${HOOK}\"}, {slack: \"${HOOK}/slack\", on: [failure]}]\n");
    fine(&place);
    let variables = [("HOOK", ear.url(SECRET))];
    let said = go(&place, &variables, &["notify"]).ends_with(0);
    assert_eq!(said.out, "webhook on failure, limits, recovery\nslack on failure\n");
    assert!(ear.heard().is_empty());
    let said = go(&place, &variables, &["notify", "--test"]).ends_with(0);
    assert!(said.out.contains("sample sent"), "{}", said.out);
    let sample = ear.heard();
    assert_eq!(sample.len(), 2);
    let slack = sample.iter().find(|one| one.path.ends_with("/slack")).unwrap().json();
    let text = slack["text"].as_str().unwrap();
    assert!(text.contains("project ") && !text.contains("\nrun ") && !text.contains("evidence"), "{text}");
    ear.answer(404, None);
    go(&place, &variables, &["notify", "--test"]).ends_with(7).tells(&["N854", "404"]);
    place.write("tanguero.yaml", "");
    place.go(&["notify"]).ends_with(2).tells(&["has no `notify:`"]);
}

#[test]
fn a_letter_goes_encrypted_to_a_real_server_and_to_no_stranger() {
    let Some(server) = service("smtp") else { return };
    let notify = format!(
        "notify:\n  email: {{server: \"smtp://localhost:{}\", user: {}, password: \"${{PASSWORD}}\", \
         from: tanguero@example.com, to: [data@example.com]}}\n",
        server.told["port"],
        server.said("user")
    );
    let place = place(&notify);
    refused(&place);
    let letters = || files(std::path::Path::new(server.said("letters")));
    let test = |certificate: &str, password: &str, code: i32| {
        let mut command = place.command(&["notify", "--test"]);
        command.env("SSL_CERT_FILE", certificate).env("PASSWORD", password);
        let said = Said::new(&command.output().unwrap()).ends_with(code);
        assert!(!said.err.contains(password), "{}", said.err);
        said
    };
    // Nobody vouches for its certificate; the password is wrong.
    test("/etc/ssl/certs/ca-certificates.crt", server.said("password"), 7).tells(&["N871", "certificate"]);
    test(server.said("certificate"), SECRET, 7).tells(&["N871"]);
    assert!(letters().is_empty());
    test(server.said("certificate"), server.said("password"), 0);
    let all = letters();
    let text = String::from_utf8_lossy(all.values().next().expect("one letter")).into_owned();
    assert!(all.len() == 1 && text.contains("Subject: tanguero: ") && text.contains("a test"), "{text}");
}
