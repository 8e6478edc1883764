//! How things are said: to whom, in which format, in colour or not.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::diagnostic::{Diagnostic, Renderer, Style, Texts, code};
use crate::pipeline::{Exit, Unanswered};
use crate::store::scrub;

/// Colours of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Red,
    Green,
    Yellow,
    Bold,
    Dim,
}

impl Paint {
    /// `text` in this colour.
    pub(super) fn on(self, text: &str) -> String {
        let number = match self {
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Bold => 1,
            Self::Dim => 2,
        };
        format!("\u{1b}[{number}m{text}\u{1b}[0m")
    }
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// For people, on stderr.
    Text,
    /// JSON lines on stdout.
    Json,
    /// GitHub annotations on stdout.
    Github,
}

/// The voice of the command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Say {
    /// Only errors and the last line.
    pub quiet: bool,
    /// Stages and times too.
    pub verbose: bool,
    /// Of diagnostics.
    pub format: MessageFormat,
    /// stderr takes colour.
    pub colour: bool,
    /// stderr is a terminal.
    pub terminal: bool,
    /// stdout takes colour.
    pub colour_of_data: bool,
}

impl Say {
    pub(super) fn new(quiet: bool, verbose: bool, format: MessageFormat) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour_of_data = std::io::stdout().is_terminal() && wanted;
        Self { quiet, verbose, format, colour: terminal && wanted, terminal, colour_of_data }
    }

    /// A line for people.
    pub(super) fn line(&self, text: &str) {
        // Nobody is left to tell if stderr is closed.
        let _ = writeln!(std::io::stderr().lock(), "{}", scrub(text));
    }

    /// Diagnostics, in the format asked for.
    pub(super) fn diagnostics<'d>(&self, found: impl IntoIterator<Item = &'d Diagnostic>, texts: &Texts) {
        let style = match self.format {
            MessageFormat::Text if self.colour => Style::Colour,
            MessageFormat::Text => Style::Plain,
            MessageFormat::Json => Style::Json,
            MessageFormat::Github => Style::GitHub,
        };
        let text = scrub(&Renderer::new(style, texts).render(found));
        if text.is_empty() {
            return;
        }
        let _ = match self.format {
            MessageFormat::Text => writeln!(std::io::stderr().lock(), "{text}"),
            MessageFormat::Json | MessageFormat::Github => write!(std::io::stdout().lock(), "{text}"),
        };
    }

    /// What was typed cannot be done.
    pub(super) fn usage(&self, message: String) -> ExitCode {
        self.diagnostics([&Diagnostic::error(&code::USAGE, message)], &Texts::new());
        ExitCode::from(Exit::Usage.code())
    }

    /// A question about earlier runs has no answer.
    pub(super) fn unanswered(&self, wrong: Unanswered) -> ExitCode {
        match wrong {
            Unanswered::Usage(message) => self.usage(message),
            Unanswered::Failed(failure) => {
                self.diagnostics(&failure.diagnostics(), &Texts::new());
                ExitCode::from(failure.exit().code())
            }
        }
    }

    /// `text` in a colour of the terminal, where stderr takes colour.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour { paint.on(text) } else { text.to_owned() }
    }

    /// Data on stdout.
    pub(super) fn data(&self, text: &str) {
        let _ = write!(std::io::stdout().lock(), "{text}");
    }
}
