//! Mail by SMTP.

use std::error::Error;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

use crate::mapping::MailEncryption;

/// A mail server, who writes and who reads.
#[derive(Clone)]
pub struct MailAccount {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Who writes.
    pub from: String,
    /// Who reads.
    pub to: Vec<String>,
}

/// Sends one message to all of them. Each answer of the server is waited for no longer than `timeout`.
pub(super) fn send(account: &MailAccount, subject: &str, text: &str, timeout: Duration) -> Result<(), String> {
    let mailbox =
        |address: &String| address.parse::<Mailbox>().map_err(|error| format!("`{address}` is no address: {error}"));
    let mut message = Message::builder()
        .from(mailbox(&account.from)?)
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .message_id(None);
    for address in &account.to {
        message = message.to(mailbox(address)?);
    }
    let message = message.body(text.to_owned()).map_err(|error| words(&error))?;
    let host = account.host.trim_matches(['[', ']']);
    let parameters = || TlsParameters::new(host.to_owned()).map_err(|error| words(&error));
    let tls = match account.encryption {
        MailEncryption::Wrapped => Tls::Wrapper(parameters()?),
        MailEncryption::StartTls => Tls::Required(parameters()?),
        MailEncryption::None => Tls::None,
    };
    // "Dangerous" means that it encrypts nothing unless told so, as it is here.
    let mut transport = SmtpTransport::builder_dangerous(host).port(account.port).tls(tls).timeout(Some(timeout));
    if let Some((user, password)) = &account.login {
        transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
    }
    transport.build().send(&message).map(|_| ()).map_err(|error| words(&error))
}

/// An error with its causes.
fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}
