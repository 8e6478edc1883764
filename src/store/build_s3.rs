//! S3 and what is compatible with it: keys and settings of the entry, then of the environment, then of AWS profiles.

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

use crate::store::aws_profile::Profile;
use crate::store::build::{check_role, variable};
use crate::store::error::StoreError;
use crate::store::secret::keep_secret;
use crate::store::settings::Settings;
use crate::store::url::StoreUrl;

/// The client of the bucket that `url` names.
pub(super) fn s3(url: &StoreUrl, settings: Settings<'_>, shown: &str) -> Result<AmazonS3Builder, StoreError> {
    settings.together(shown, "access_key_id", "secret_access_key")?;
    settings.together(shown, "secret_access_key", "access_key_id")?;
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&url.authority)
        .with_retry(settings.retry())
        .with_client_options(settings.client());
    let said = |builder: &AmazonS3Builder, key: AmazonS3ConfigKey| builder.get_config_value(&key);
    let name = settings.get("profile").map(str::to_owned).or_else(|| variable("AWS_PROFILE"));
    let own_keys = settings.get("access_key_id").is_some();
    let environment_keys = said(&builder, AmazonS3ConfigKey::AccessKeyId).is_some();
    let web = said(&builder, AmazonS3ConfigKey::WebIdentityTokenFile).is_some();
    let container = said(&builder, AmazonS3ConfigKey::ContainerCredentialsRelativeUri).is_some()
        || said(&builder, AmazonS3ConfigKey::ContainerCredentialsFullUri).is_some();
    let profile = Profile::read(name.as_deref().unwrap_or("default"));
    if let Some(name) = name.as_deref().filter(|_| !profile.found) {
        let origin =
            if settings.get("profile").is_some() { settings.origin("profile") } else { "`AWS_PROFILE`".to_owned() };
        let fact =
            format!("{origin} names the profile `{name}`, which is in neither ~/.aws/config nor ~/.aws/credentials");
        return Err(StoreError::setting(shown, fact, "`aws configure list-profiles` lists what is there"));
    }
    if said(&builder, AmazonS3ConfigKey::Region).is_none()
        && let Some(region) = variable("AWS_DEFAULT_REGION").or_else(|| profile.get("region").map(str::to_owned))
    {
        builder = builder.with_region(region);
    }
    let mut by_profile = false;
    let mut credentials = own_keys || environment_keys || web || container;
    // As with the AWS tools: a profile that is named beats the environment's keys only where it is named here.
    if !own_keys && (settings.get("profile").is_some() || !(environment_keys || web || container)) {
        match (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
            (Some(id), Some(key)) => {
                keep_secret(key);
                builder = builder.with_access_key_id(id).with_secret_access_key(key);
                if let Some(token) = profile.get("aws_session_token") {
                    keep_secret(token);
                    builder = builder.with_token(token);
                }
                credentials = true;
                by_profile = true;
            }
            _ if profile.get("web_identity_token_file").is_some() => {
                for (key, name) in [
                    (AmazonS3ConfigKey::WebIdentityTokenFile, "web_identity_token_file"),
                    (AmazonS3ConfigKey::RoleArn, "role_arn"),
                    (AmazonS3ConfigKey::RoleSessionName, "role_session_name"),
                ] {
                    if let Some(value) = profile.get(name) {
                        builder = builder.with_config(key, value);
                    }
                }
                credentials = true;
            }
            _ => {
                let unread =
                    ["source_profile", "credential_source", "credential_process", "sso_session", "sso_start_url"];
                if let Some(way) = unread.iter().find(|key| profile.get(key).is_some()) {
                    let fact = format!(
                        "the AWS profile `{}` uses `{way}`, which is not read here",
                        name.as_deref().unwrap_or("default")
                    );
                    let cure = "`eval \"$(aws configure export-credentials --format env)\"` puts its keys into the environment";
                    return Err(StoreError::setting(shown, fact, cure));
                }
            }
        }
    }
    for (key, config) in [
        ("region", AmazonS3ConfigKey::Region),
        ("access_key_id", AmazonS3ConfigKey::AccessKeyId),
        ("secret_access_key", AmazonS3ConfigKey::SecretAccessKey),
        ("session_token", AmazonS3ConfigKey::Token),
        ("anonymous", AmazonS3ConfigKey::SkipSignature),
        ("request_payer", AmazonS3ConfigKey::RequestPayer),
    ] {
        if let Some(value) = settings.get(key) {
            builder = builder.with_config(config, value);
        }
    }
    if let Some(key) = settings.get("kms_key") {
        builder = builder.with_sse_kms_encryption(key);
    }
    let own_token = settings.get("session_token").is_some() || by_profile && profile.get("aws_session_token").is_some();
    if (own_keys || by_profile) && !own_token && said(&builder, AmazonS3ConfigKey::Token).is_some() {
        // A token of the environment's keys does not belong to these.
        builder = without_token(builder, url, settings);
    }
    let (endpoint, origin) = match settings.get("endpoint") {
        Some(endpoint) => (Some(endpoint.to_owned()), settings.origin("endpoint")),
        None => {
            let names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
            let found = names.iter().find_map(|name| Some((variable(name)?, format!("`{name}`"))));
            let found = found.or_else(|| {
                Some((profile.get("endpoint_url")?.to_owned(), "`endpoint_url` of the AWS profile".to_owned()))
            });
            found.map_or((None, String::new()), |(endpoint, origin)| (Some(endpoint), origin))
        }
    };
    let virtual_host = settings.get("path_style").map_or_else(
        || variable("AWS_VIRTUAL_HOSTED_STYLE_REQUEST").is_some_and(|text| text == "true"),
        |said| said == "false",
    );
    if let Some(endpoint) = endpoint {
        let by_environment =
            settings.get("allow_http").is_none() && variable("AWS_ALLOW_HTTP").is_some_and(|text| text == "true");
        if !by_environment {
            settings.check_endpoint(shown, &endpoint, &origin)?;
        }
        let endpoint = endpoint.trim_end_matches('/');
        let endpoint = match endpoint.split_once("://") {
            Some((scheme, host)) if virtual_host => format!("{scheme}://{}.{host}", url.authority),
            _ => endpoint.to_owned(),
        };
        builder = builder.with_endpoint(endpoint);
        if by_environment {
            builder = builder.with_client_options(settings.client().with_allow_http(true));
        }
    }
    builder = builder.with_virtual_hosted_style_request(virtual_host);
    let anonymous = settings.flag("anonymous") || variable("AWS_SKIP_SIGNATURE").is_some_and(|text| text == "true");
    if !credentials && !anonymous {
        check_role(
            shown,
            "`stores:` in tanguero.yaml, AWS_ACCESS_KEY_ID, AWS profiles, AWS_WEB_IDENTITY_TOKEN_FILE, the machine's role",
        )?;
    }
    Ok(builder)
}

/// The same without the session token that the environment has.
fn without_token(builder: AmazonS3Builder, url: &StoreUrl, settings: Settings<'_>) -> AmazonS3Builder {
    let mut clean = AmazonS3Builder::new()
        .with_bucket_name(&url.authority)
        .with_retry(settings.retry())
        .with_client_options(settings.client());
    for key in [
        AmazonS3ConfigKey::Region,
        AmazonS3ConfigKey::AccessKeyId,
        AmazonS3ConfigKey::SecretAccessKey,
        AmazonS3ConfigKey::SkipSignature,
        AmazonS3ConfigKey::RequestPayer,
    ] {
        if let Some(value) = builder.get_config_value(&key) {
            clean = clean.with_config(key, value);
        }
    }
    match settings.get("kms_key") {
        Some(key) => clean.with_sse_kms_encryption(key),
        None => clean,
    }
}
