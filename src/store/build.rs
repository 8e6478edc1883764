//! Makes the client of one store: the entry's settings, then the environment's, then what the machine itself offers.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use object_store::aws::Checksum;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use opendal::Operator;
use opendal::services::{Dropbox, Sftp};

use crate::store::build_s3::s3;
use crate::store::error::StoreError;
use crate::store::secret::keep_secret;
use crate::store::settings::Settings;
use crate::store::url::{Kind, StoreUrl};
use crate::store::way::Made;

/// Where machines in a cloud ask for the credentials of their role.
const METADATA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 254)), 80);

/// Such a machine answers at once; elsewhere nobody does, and the library would try until its deadline.
const METADATA_WAIT: Duration = Duration::from_secs(1);

/// The client of the store that `url` names, and how files get their names there.
pub(super) fn build(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<Made, StoreError> {
    let wrong = |error: object_store::Error| {
        StoreError::of(shown, "setting the store up", &error, settings.patience().deadline)
    };
    Ok(match url.kind {
        Kind::S3 => {
            let builder = s3(url, settings, shown)?.with_checksum_algorithm(Checksum::SHA256);
            Made::s3(builder.build().map_err(wrong)?, &settings.client())
        }
        Kind::Gcs => Made::parts(gcs(url, settings, shown)?.build().map_err(wrong)?),
        Kind::Azure => Made::parts(azure(url, settings, shown)?.build().map_err(wrong)?),
        Kind::Http => Made::read_only(http(url, settings, shown)?.build().map_err(wrong)?),
        Kind::Sftp => Made::server(url.kind, sftp(url, settings, shown)?),
        Kind::Dropbox => Made::server(url.kind, dropbox(settings, shown)?),
    })
}

/// The value of a variable of the environment, if it is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Refuses to wait for a machine's role where there is none.
pub(super) fn check_role(shown: &str, looked: &str) -> Result<(), StoreError> {
    match TcpStream::connect_timeout(&METADATA, METADATA_WAIT) {
        Ok(_) => Ok(()),
        Err(_) => Err(StoreError::denied(
            shown,
            "no credentials were found",
            &format!("looked for: {looked}; a public store takes `anonymous: true`"),
        )),
    }
}

fn gcs(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<GoogleCloudStorageBuilder, StoreError> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(&url.authority)
        .with_retry(settings.retry())
        .with_client_options(settings.client());
    if let Some(path) = settings.get("service_account") {
        if !std::path::Path::new(path).is_file() {
            let fact = format!("{}: no file is at `{path}`", settings.origin("service_account"));
            return Err(StoreError::setting(shown, fact, "it takes the path of a service account's JSON key"));
        }
        builder = builder.with_service_account_path(path);
    }
    if let Some(key) = settings.get("service_account_key") {
        builder = builder.with_service_account_key(key);
    }
    if let Some(endpoint) = settings.get("endpoint") {
        settings.check_endpoint(shown, endpoint, &settings.origin("endpoint"))?;
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    if settings.flag("anonymous") {
        return Ok(builder.with_skip_signature(true));
    }
    let said =
        [GoogleConfigKey::ServiceAccount, GoogleConfigKey::ServiceAccountKey, GoogleConfigKey::ApplicationCredentials];
    let home = variable("HOME").map(|home| format!("{home}/.config/gcloud/application_default_credentials.json"));
    let default = home.is_some_and(|path| std::path::Path::new(&path).is_file());
    let skipped = builder.get_config_value(&GoogleConfigKey::SkipSignature).is_some_and(|text| text == "true");
    if !default && !skipped && said.iter().all(|key| builder.get_config_value(key).is_none()) {
        check_role(
            shown,
            "`stores:` in tanguero.yaml, GOOGLE_APPLICATION_CREDENTIALS, gcloud's own credentials, the machine's role",
        )?;
    }
    Ok(builder)
}

fn azure(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<MicrosoftAzureBuilder, StoreError> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(&url.authority)
        .with_retry(settings.retry())
        .with_client_options(settings.client());
    let account = url.account.as_ref().map(|(account, _)| account.as_str()).or_else(|| settings.get("account"));
    if let Some(account) = account {
        builder = builder.with_account(account);
    }
    if builder.get_config_value(&AzureConfigKey::AccountName).is_none() {
        let cure =
            "set `account` in `stores:` of tanguero.yaml, or AZURE_STORAGE_ACCOUNT_NAME, or use an `abfss://` URL";
        return Err(StoreError::setting(shown, "nothing says which storage account this is".to_owned(), cure));
    }
    let ways = ["access_key", "sas_token", "client_secret"];
    let given: Vec<&str> = ways.into_iter().filter(|key| settings.get(key).is_some()).collect();
    if let [one, other, ..] = given.as_slice() {
        let fact = format!("{} and `{other}` are both set", settings.origin(one));
        return Err(StoreError::setting(shown, fact, "give one of them"));
    }
    for other in ["client_id", "tenant_id"] {
        settings.together(shown, "client_secret", other)?;
    }
    if let Some(way) = given.first() {
        // The environment's credentials of another kind would win otherwise.
        let account = builder.get_config_value(&AzureConfigKey::AccountName).unwrap_or_default();
        builder = MicrosoftAzureBuilder::new()
            .with_account(account)
            .with_container_name(&url.authority)
            .with_retry(settings.retry())
            .with_client_options(settings.client());
        let value = settings.get(way).unwrap_or_default();
        builder = match *way {
            "access_key" => builder.with_access_key(value),
            "sas_token" => builder.with_config(AzureConfigKey::SasKey, value.trim_start_matches('?')),
            _ => builder.with_client_secret_authorization(
                settings.get("client_id").unwrap_or_default(),
                value,
                settings.get("tenant_id").unwrap_or_default(),
            ),
        };
    }
    if let Some(endpoint) = settings.get("endpoint") {
        settings.check_endpoint(shown, endpoint, &settings.origin("endpoint"))?;
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    if settings.flag("anonymous") {
        return Ok(builder.with_skip_signature(true));
    }
    let said = [
        AzureConfigKey::AccessKey,
        AzureConfigKey::SasKey,
        AzureConfigKey::Token,
        AzureConfigKey::ClientSecret,
        AzureConfigKey::FederatedTokenFile,
        AzureConfigKey::MsiEndpoint,
    ];
    let flags = [AzureConfigKey::UseAzureCli, AzureConfigKey::UseEmulator, AzureConfigKey::SkipSignature];
    let by_flag = flags.iter().any(|key| builder.get_config_value(key).is_some_and(|text| text == "true"));
    if !by_flag && said.iter().all(|key| builder.get_config_value(key).is_none()) {
        check_role(
            shown,
            "`stores:` in tanguero.yaml, AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_SECRET, workload identity, the machine's identity",
        )?;
    }
    Ok(builder)
}

fn http(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<HttpBuilder, StoreError> {
    let root = format!("{}://{}/", url.scheme, url.authority);
    settings.check_endpoint(shown, &root, "the URL")?;
    let user = settings.get("user").or(url.user.as_deref());
    if settings.get("password").is_some() && user.is_none() {
        settings.together(shown, "password", "user")?;
    }
    let mut options = settings.client();
    let authorization = match (settings.get("token"), user, settings.get("password")) {
        (Some(_), _, Some(_)) => {
            let fact = format!("{} and `password` are both set", settings.origin("token"));
            return Err(StoreError::setting(shown, fact, "give one of them"));
        }
        (Some(token), ..) => Some(format!("Bearer {token}")),
        (None, Some(user), password) => {
            let basic = base64(format!("{user}:{}", password.unwrap_or_default()).as_bytes());
            keep_secret(&basic);
            Some(format!("Basic {basic}"))
        }
        (None, None, _) => None,
    };
    if let Some(authorization) = authorization {
        let mut value = object_store::HeaderValue::from_str(&authorization).map_err(|_| {
            StoreError::setting(
                shown,
                "the token or password has characters that no header can carry".to_owned(),
                "check it for line ends",
            )
        })?;
        value.set_sensitive(true);
        let mut headers = object_store::HeaderMap::new();
        headers.insert("authorization", value);
        options = options.with_default_headers(headers);
    }
    let query = url.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
    Ok(HttpBuilder::new().with_url(format!("{root}{query}")).with_retry(settings.retry()).with_client_options(options))
}

fn sftp(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<Operator, StoreError> {
    let home = url.key == "~" || url.key.starts_with("~/");
    let mut builder = Sftp::default().endpoint(&format!("ssh://{}", url.authority));
    if !home {
        builder = builder.root("/");
    }
    if let Some(user) = url.user.as_deref().or_else(|| settings.get("user")) {
        builder = builder.user(user);
    }
    if let Some(key) = settings.get("key_file") {
        if !std::path::Path::new(key).is_file() {
            let fact = format!("{}: no file is at `{key}`", settings.origin("key_file"));
            return Err(StoreError::setting(
                shown,
                fact,
                "it takes the path of a private key; a password is not possible",
            ));
        }
        builder = builder.key(key);
    }
    let hosts = match settings.get("host_keys") {
        None | Some("known") => "strict",
        Some("new") => "add",
        Some(_) => "accept",
    };
    let wrong =
        |error: opendal::Error| StoreError::setting(shown, error.to_string(), "e.g. `sftp://user@host:22/folder`");
    // Its own clients are made in the runtime that it is first used in.
    let _runtime = crate::store::runtime::transfers().enter();
    Operator::new(builder.known_hosts_strategy(hosts)).map_err(wrong)
}

fn dropbox(settings: Settings<'_>, shown: &str) -> Result<Operator, StoreError> {
    let mut builder = Dropbox::default().root("/");
    match (settings.get("access_token"), settings.get("refresh_token")) {
        (Some(token), None) => builder = builder.access_token(token),
        (None, Some(token)) => {
            for other in ["client_id", "client_secret"] {
                settings.together(shown, "refresh_token", other)?;
            }
            builder = builder
                .refresh_token(token)
                .client_id(settings.get("client_id").unwrap_or_default())
                .client_secret(settings.get("client_secret").unwrap_or_default());
        }
        (Some(_), Some(_)) => {
            let fact = format!("{} and `refresh_token` are both set", settings.origin("access_token"));
            return Err(StoreError::setting(shown, fact, "give one of them"));
        }
        (None, None) => {
            let cure = "an entry of `stores:` in tanguero.yaml gives `refresh_token`, `client_id` and `client_secret`";
            return Err(StoreError::denied(shown, "no credentials were found", cure));
        }
    }
    let wrong = |error: opendal::Error| StoreError::setting(shown, error.to_string(), "check the store's tokens");
    let _runtime = crate::store::runtime::transfers().enter();
    Operator::new(builder).map_err(wrong)
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= group.len() { char::from(LETTERS[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }
}
