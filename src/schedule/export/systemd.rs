//! A timer of systemd and the service it starts.

use std::fmt::Write;

use super::{Exported, fields, season};

pub(super) fn text(exported: &Exported<'_>) -> Result<String, String> {
    let (unit, zone) = (exported.unit(), exported.zone());
    let mut calendar = String::new();
    for fields in fields(exported.every())? {
        let _ = writeln!(calendar, "OnCalendar={} {zone}", fields.calendar());
    }
    // As `systemd-analyze calendar` tells it, version 252.
    let comments: String = season::comments(exported, "systemd leaves it out", "systemd takes the first, too")
        .iter()
        .map(|comment| format!("# {comment}\n"))
        .collect();
    Ok(format!(
        "\
# /etc/systemd/system/{unit}.service
[Unit]
Description=tanguero {title}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={program} --quiet schedule once {name}

# /etc/systemd/system/{unit}.timer
# Persistent: a time that was missed while the machine was down is caught up with once.
{comments}[Unit]
Description=tanguero {title}

[Timer]
{calendar}Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
",
        title = exported.title(),
        folder = exported.folder,
        program = exported.program,
        name = exported.plan.name,
    ))
}
