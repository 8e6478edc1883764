//! What happens beside the files: where they are delivered, and who is told.

use std::fmt;

use super::Text;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Span, Spanned};

/// One entry of `deliver:`.
#[derive(Clone)]
pub struct DeliverEntry {
    /// The file it stands in, as shown.
    pub path: String,
    /// Where in it.
    pub span: Span,
    /// `mappings:` whose files are meant; none: all of the project.
    pub mappings: Option<Vec<Text>>,
    /// `to:` folders and URLs.
    pub to: Vec<Text>,
    /// `trigger:` what is called when the files are there.
    pub trigger: Option<TriggerEntry>,
    /// What variables gave: not to be shown.
    pub secrets: Vec<String>,
    /// Variables without a value: nothing can be delivered before they have one.
    pub unset: Vec<Diagnostic>,
}

/// `trigger:` of an entry of `deliver:`.
#[derive(Clone)]
pub struct TriggerEntry {
    /// `url:` as Totango's screen gives it.
    pub url: Text,
    /// `token:` the header's value.
    pub token: Option<Text>,
    /// `header:` in which the token goes; `app-token` unless said.
    pub header: String,
    /// `method: POST` (default); otherwise `GET`.
    pub post: bool,
    /// `allow_http: true`: unencrypted is meant.
    pub allow_http: bool,
}

/// One entry of `notify:`.
#[derive(Clone)]
pub struct NotifyEntry {
    /// The file it stands in, as shown.
    pub path: String,
    /// Where in it.
    pub span: Span,
    /// Who is told.
    pub target: NotifyTarget,
    /// `on:` of what.
    pub on: Vec<NotifyEvent>,
    /// `values: true`: cell values may be in the message.
    pub values: bool,
    /// What must not be shown.
    pub secrets: Vec<String>,
    /// Variables without a value: nobody can be told before they have one.
    pub unset: Vec<Diagnostic>,
}

/// Who is told.
#[derive(Clone)]
pub enum NotifyTarget {
    /// `slack:` an incoming webhook.
    Slack(Text),
    /// `teams:` a workflow's webhook.
    Teams(Text),
    /// `webhook:` anything that takes our JSON.
    Webhook {
        /// Where.
        url: Text,
        /// `allow_http: true`: unencrypted is meant.
        allow_http: bool,
    },
    /// `email:`.
    Email(Box<EmailEntry>),
}

/// `email:` of an entry of `notify:`.
#[derive(Clone)]
pub struct EmailEntry {
    /// `server:` its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// `user:` and `password:`.
    pub login: Option<(Text, Text)>,
    /// `from:`.
    pub from: Text,
    /// `to:`.
    pub to: Vec<Text>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// `smtps://`: from the first byte.
    Wrapped,
    /// `smtp://`: begun in the clear, and given up if the server cannot encrypt.
    StartTls,
    /// `starttls: none`: not at all.
    None,
}

/// What somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyEvent {
    /// A run did not do all it was asked to.
    Failure,
    /// A limit of a mapping refused the data.
    Limits,
    /// A run is good again.
    Recovery,
}

impl NotifyEvent {
    /// Its word in the project file, in messages and in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Limits => "limits",
            Self::Recovery => "recovery",
        }
    }
}

impl NotifyTarget {
    /// Its word in the project file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Teams(_) => "teams",
            Self::Webhook { .. } => "webhook",
            Self::Email(_) => "email",
        }
    }
}

impl DeliverEntry {
    /// The place of one of its texts.
    pub fn place(&self, text: &Spanned<String>) -> crate::diagnostic::Place {
        crate::diagnostic::Place::new(&self.path, text.span)
    }
}

impl fmt::Debug for DeliverEntry {
    /// Values may be secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeliverEntry").field("places", &self.to.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for NotifyEntry {
    /// Values may be secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NotifyEntry").field("target", &self.target.name()).finish_non_exhaustive()
    }
}
