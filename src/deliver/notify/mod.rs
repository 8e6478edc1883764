//! Telling people how a run ended: best effort, soon over, and never with a secret in it.

mod letter;
mod mail;
mod shapes;

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::diagnostic::code;
use crate::output::Problem;
use crate::store::{Patience, scrub};
use crate::web::{Call, Method, call_and_wait};

pub use letter::{Letter, LetterCode, LetterMapping, LetterProblem};
pub use mail::MailAccount;

/// Two tries of ten seconds: a run that is over must not hang on a chat.
const PATIENCE: Patience = Patience {
    connect_timeout: Duration::from_secs(10),
    timeout: Duration::from_secs(10),
    deadline: Duration::from_secs(20),
    retries: 1,
};

/// Who is told, and how.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// As people may read it: `slack`, `email to data@example.com`.
    pub shown: String,
    /// How.
    pub way: Way,
    /// Cell values may be in the message.
    pub values: bool,
}

/// How somebody is told.
#[derive(Clone)]
pub enum Way {
    /// Slack's incoming webhook.
    Slack(String),
    /// A Teams workflow's webhook.
    Teams(String),
    /// Whatever takes our JSON.
    Webhook {
        /// Where.
        url: String,
        /// Unencrypted is meant.
        allow_http: bool,
    },
    /// Mail.
    Mail(MailAccount),
}

impl std::fmt::Debug for Way {
    /// URLs are secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Slack(_) => "Slack",
            Self::Teams(_) => "Teams",
            Self::Webhook { .. } => "Webhook",
            Self::Mail(_) => "Mail",
        })
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Time spent.
    pub seconds: f64,
    /// Why it was not taken; none if it was.
    pub problem: Option<Problem>,
}

/// Tells all of them at once, each once; comes back when the last one answered, at most half a minute later.
pub fn tell(recipients: &[Recipient], letter: &Letter) -> Vec<Told> {
    let waiting: Vec<_> = recipients
        .iter()
        .map(|recipient| {
            let letter = if recipient.values { letter.clone() } else { letter.without_values() };
            let (way, shown) = (recipient.way.clone(), recipient.shown.clone());
            let (give, told) = channel();
            let began = Instant::now();
            // Not waited for beyond its time: a mail server can be slow in ways that no timeout of a library ends.
            let started = thread::Builder::new().name("notify".to_owned()).spawn(move || {
                let problem = one(&way, &shown, &letter).err();
                let _ = give.send(Told { seconds: began.elapsed().as_secs_f64(), problem });
            });
            (began, started.is_ok().then_some(told), &recipient.shown)
        })
        .collect();
    let late = |shown: &str, began: Instant| Told {
        seconds: began.elapsed().as_secs_f64(),
        problem: Some(problem(format!("{shown}: no answer in {} s", PATIENCE.deadline.as_secs()))),
    };
    let longest = PATIENCE.deadline + Duration::from_secs(5);
    waiting
        .into_iter()
        .map(|(began, told, shown)| {
            let left = longest.saturating_sub(began.elapsed());
            told.and_then(|told| told.recv_timeout(left).ok()).unwrap_or_else(|| late(shown, began))
        })
        .collect()
}

fn one(way: &Way, shown: &str, letter: &Letter) -> Result<(), Problem> {
    let post = |url: &str, allow_http: bool, body: serde_json::Value| {
        let call = Call {
            what: shown.to_owned(),
            method: Method::Post,
            url: url.to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            // One message, not perhaps two.
            repeatable: false,
            allow_http,
        };
        let failed = |error: crate::web::WebError| Problem { code: error.code().id.to_owned(), message: error.message };
        call_and_wait(call, PATIENCE).map(|_| ()).map_err(failed)
    };
    match way {
        Way::Slack(url) => post(url, false, shapes::slack(letter)),
        Way::Teams(url) => post(url, false, shapes::teams(letter)),
        Way::Webhook { url, allow_http } => post(url, *allow_http, shapes::own(letter)),
        Way::Mail(account) => {
            let failed = |why: String| problem(format!("{shown}: {why}"));
            mail::send(account, &scrub(&letter.subject()), &scrub(&letter.text()), PATIENCE.timeout).map_err(failed)
        }
    }
}

fn problem(message: String) -> Problem {
    Problem { code: code::NOTIFY_FAILED.id.to_owned(), message: scrub(&message) }
}
