//! Profiles of the AWS tools: `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the two files say about one profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub values: BTreeMap<String, String>,
    /// One of the files has it.
    pub found: bool,
}

impl Profile {
    /// The profile `name`, read from the files that the environment speaks of.
    pub fn read(name: &str) -> Self {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
        let file = |variable: &str, default: &str| {
            let path = std::env::var_os(variable).map(PathBuf::from);
            let path = path.or_else(|| home.as_ref().map(|home| home.join(".aws").join(default)))?;
            std::fs::read_to_string(path).ok()
        };
        let config = file("AWS_CONFIG_FILE", "config").unwrap_or_default();
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
        Self::of(name, &config, &credentials)
    }

    /// The profile `name` of the two files' texts; credentials beat the other.
    fn of(name: &str, config: &str, credentials: &str) -> Self {
        let mut profile = Self::default();
        let long = format!("profile {name}");
        profile.take(config, &[&long, if name == "default" { "default" } else { &long }]);
        profile.take(credentials, &[name]);
        profile
    }

    fn take(&mut self, text: &str, names: &[&str]) {
        let mut inside = false;
        for line in text.lines() {
            // What is indented belongs to a setting of its own, e.g. `s3 =`.
            if line.starts_with([' ', '\t']) {
                continue;
            }
            let line = line.trim_end();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                let name = section.0.split_whitespace().collect::<Vec<_>>().join(" ");
                inside = names.contains(&name.as_str());
                self.found |= inside;
            } else if inside && let Some((key, value)) = line.split_once('=') {
                let value = value.trim();
                if !value.is_empty() {
                    self.values.insert(key.trim().to_ascii_lowercase(), value.to_owned());
                }
            }
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_put_together_from_both_files() {
        let config = "[default]\nregion = eu-west-1\n\n[profile  nightly]\nregion=eu-central-1\ns3 =\n  region = no\noutput = json\n";
        let credentials = "# keys\n[default]\naws_access_key_id = D\n[nightly]\naws_access_key_id = AKIA\naws_secret_access_key = a=b=\n";
        let profile = Profile::of("nightly", config, credentials);
        assert_eq!(profile.get("region"), Some("eu-central-1"));
        assert_eq!(profile.get("aws_access_key_id"), Some("AKIA"));
        assert_eq!(profile.get("aws_secret_access_key"), Some("a=b="));
        assert_eq!(Profile::of("default", config, credentials).get("aws_access_key_id"), Some("D"));
        assert!(!Profile::of("other", config, credentials).found);
    }
}
