//! A `CronJob` of Kubernetes.

use super::{Exported, season};

pub(super) fn text(exported: &Exported<'_>) -> Result<String, String> {
    let lines = exported.cron_lines(false)?;
    let [line] = lines.as_slice() else {
        return Err(format!(
            "one cron expression cannot say it, and a CronJob has one; {} would be needed",
            lines.len()
        ));
    };
    // Its Sunday is 0.
    let line = match line.rsplit_once(' ') {
        Some((rest, "7")) => format!("{rest} 0"),
        Some((_, days)) if days.contains('7') => return Err("its Sunday is 0, not 7".to_owned()),
        _ => line.clone(),
    };
    let comments: String = season::comments(exported, "Kubernetes leaves it out", "Kubernetes has a rule of its own")
        .iter()
        .map(|comment| format!("# {comment}\n"))
        .collect();
    Ok(format!(
        "\
# {title}
{comments}apiVersion: batch/v1
kind: CronJob
metadata:
  name: {unit}
spec:
  schedule: \"{line}\"
  timeZone: {zone}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 60
          containers:
            - name: tanguero
              image: {image}
              workingDir: {folder}
              args: [\"--quiet\", \"schedule\", \"once\", \"{name}\"]
              volumeMounts:
                - name: project
                  mountPath: {folder}
          volumes:
            - name: project
              persistentVolumeClaim:
                claimName: tanguero
",
        title = exported.title(),
        unit = exported.unit().to_ascii_lowercase().replace('_', "-"),
        zone = exported.zone(),
        image = exported.image,
        folder = exported.folder,
        name = exported.plan.name,
    ))
}
