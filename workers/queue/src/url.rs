//! The address of a queue with its options: `amqp://…`, `amqps://…` or `sqlite:FILE`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ::url::Url;

/// Where the tiers of delayed retry lie unless the address says otherwise.
const RETRY_TIERS: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(1800),
];
/// RabbitMQ's default since 3.8.17.
const CONSUMER_TIMEOUT: Duration = Duration::from_secs(1800);
/// A dead worker's jobs come back after this time.
const LEASE: Duration = Duration::from_secs(30);
/// A connection that is silent for twice this time is dead.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a publish may take before it has failed; time in which the broker is blocked does not count.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(20);

/// Certificates for TLS, all in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Authorities that are trusted; the system's when absent.
    pub ca: Option<PathBuf>,
    /// Certificate of this client, with its chain (mTLS).
    pub certificate: Option<PathBuf>,
    /// Private key of this client, PKCS #8.
    pub key: Option<PathBuf>,
}

/// Where the queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A broker, with the options of this crate taken out of the address.
    Amqp(Url),
    /// A file.
    Sqlite(PathBuf),
}

/// The address of a queue. Options stand behind a `?`: `prefix`, `retry_tiers` (such as `2s,10s,60s`),
/// `consumer_timeout` (what the broker is configured to), `heartbeat`, `lease` (SQLite), `publish_timeout`, `ca`,
/// `cert`, `key`, `auth`. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueUrl {
    pub(crate) place: Place,
    /// What the names of exchanges and queues begin with; `interview` unless stated.
    pub prefix: String,
    /// How long a job can be sent away for.
    pub retry_tiers: Vec<Duration>,
    /// After this time the broker takes an un-acknowledged job away.
    pub consumer_timeout: Duration,
    /// A dead worker's jobs come back after this time (SQLite).
    pub lease: Duration,
    /// Interval of heartbeats (AMQP).
    pub heartbeat: Duration,
    /// How long a publish may take.
    pub publish_timeout: Duration,
    /// Certificates.
    pub tls: TlsFiles,
    /// The client certificate is the login (`auth=external`, needs RabbitMQ's plugin for it).
    pub external_auth: bool,
}

/// Why a text is no address of a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; an address is amqp://user:password@host/vhost, amqps://… or sqlite:FILE")]
pub struct QueueUrlError(String);

impl FromStr for QueueUrl {
    type Err = QueueUrlError;

    fn from_str(text: &str) -> Result<Self, QueueUrlError> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(QueueUrlError("sqlite: names no file".to_owned()));
            }
            let mut url = Self::with_defaults(Place::Sqlite(PathBuf::from(path)));
            for (name, value) in ::url::form_urlencoded::parse(query.as_bytes()) {
                url.option(&name, &value)?;
            }
            return Ok(url);
        }
        let scheme = text.split(':').next().unwrap_or_default();
        if scheme != "amqp" && scheme != "amqps" {
            return Err(QueueUrlError(format!("the scheme {scheme:?} is not known")));
        }
        // The text may hold a password: it is not repeated in the message.
        let mut parsed =
            Url::parse(text).map_err(|error| QueueUrlError(format!("the address is not valid: {error}")))?;
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(QueueUrlError("the address names no host".to_owned()));
        }
        let options: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
        parsed.set_query(None);
        // `amqp://host/` would mean a virtual host without a name; everybody means the default one.
        if matches!(parsed.path(), "" | "/") {
            parsed.set_path("/%2f");
        }
        let mut url = Self::with_defaults(Place::Amqp(parsed));
        for (name, value) in &options {
            url.option(name, value)?;
        }
        Ok(url)
    }
}

impl QueueUrl {
    fn with_defaults(place: Place) -> Self {
        Self {
            place,
            prefix: "interview".to_owned(),
            retry_tiers: RETRY_TIERS.to_vec(),
            consumer_timeout: CONSUMER_TIMEOUT,
            lease: LEASE,
            heartbeat: HEARTBEAT,
            publish_timeout: PUBLISH_TIMEOUT,
            tls: TlsFiles::default(),
            external_auth: false,
        }
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), QueueUrlError> {
        match name {
            "prefix" => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                if value.is_empty() || value.len() > 64 || !value.chars().all(allowed) {
                    return Err(QueueUrlError(format!(
                        "prefix={value}: 1 to 64 letters, digits, '.', '_' or '-'"
                    )));
                }
                value.clone_into(&mut self.prefix);
            }
            "retry_tiers" => {
                let mut tiers =
                    value.split(',').map(|tier| duration(name, tier)).collect::<Result<Vec<_>, _>>()?;
                tiers.sort();
                tiers.dedup();
                self.retry_tiers = tiers;
            }
            "consumer_timeout" => self.consumer_timeout = duration(name, value)?,
            "lease" => self.lease = duration(name, value)?,
            "heartbeat" => self.heartbeat = duration(name, value)?.max(Duration::from_secs(1)),
            "publish_timeout" => self.publish_timeout = duration(name, value)?,
            "ca" => self.tls.ca = Some(PathBuf::from(value)),
            "cert" => self.tls.certificate = Some(PathBuf::from(value)),
            "auth" => match value {
                "external" => self.external_auth = true,
                "plain" => self.external_auth = false,
                _ => return Err(QueueUrlError(format!("auth={value}: plain or external"))),
            },
            "key" => self.tls.key = Some(PathBuf::from(value)),
            _ => {
                return Err(QueueUrlError(format!(
                    "unknown option {name:?}; known are prefix, retry_tiers, consumer_timeout, lease, heartbeat, \
                     publish_timeout, ca, cert, key, auth"
                )));
            }
        }
        Ok(())
    }

    /// The tier for a delay: the shortest that is long enough, else the longest.
    #[must_use]
    pub fn tier_for(&self, delay: Duration) -> Duration {
        let longest = self.retry_tiers.last().copied().unwrap_or(delay);
        self.retry_tiers.iter().copied().find(|tier| *tier >= delay).unwrap_or(longest)
    }

    /// Whether the queue is a broker, which several machines can share.
    #[must_use]
    pub fn is_amqp(&self) -> bool {
        matches!(self.place, Place::Amqp(_))
    }
}

impl std::fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::Amqp(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
            }
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

impl std::fmt::Debug for QueueUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueueUrl({self})")
    }
}

/// Reads `250ms`, `10s`, `5m` or `1h`; between one millisecond and ten days.
fn duration(name: &str, text: &str) -> Result<Duration, QueueUrlError> {
    let wrong =
        || QueueUrlError(format!("{name}={text}: a time is a number with its unit, such as 250ms, 10s, 5m"));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let milliseconds = number.checked_mul(unit_ms).ok_or_else(wrong)?;
    if !(1..=864_000_000).contains(&milliseconds) {
        return Err(wrong());
    }
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_with_their_options() {
        let url: QueueUrl =
            "amqps://u:secret@broker:5671/hr?prefix=test&retry_tiers=10s,250ms&heartbeat=5s&ca=/etc/ca.pem"
                .parse()
                .unwrap();
        assert_eq!(url.to_string(), "amqps://broker:5671/hr");
        assert!(!format!("{url:?}").contains("secret"));
        assert_eq!(url.prefix, "test");
        assert_eq!(url.retry_tiers, [Duration::from_millis(250), Duration::from_secs(10)]);
        assert_eq!(url.tier_for(Duration::from_secs(1)), Duration::from_secs(10));
        assert_eq!(url.tier_for(Duration::from_secs(99)), Duration::from_secs(10));
        assert_eq!(url.tls.ca, Some(PathBuf::from("/etc/ca.pem")));
        assert_eq!("amqp://h".parse::<QueueUrl>().unwrap().to_string(), "amqp://h/%2f");
        let file: QueueUrl = "sqlite:/var/lib/q.db?lease=5s".parse().unwrap();
        assert_eq!(file.to_string(), "sqlite:/var/lib/q.db");
        assert_eq!(file.lease, Duration::from_secs(5));
    }

    #[test]
    fn wrong_addresses_are_refused_and_keep_the_password_to_themselves() {
        for wrong in [
            "",
            "redis://h",
            "sqlite:",
            "amqp://u:secret@",
            "amqp://h/v?retry_tiers=10",
            "amqp://h/v?lease=9999999999999999999s",
            "amqp://u:secret@h/v?colour=red",
            "amqp://h/v?prefix=a/b",
        ] {
            let error = wrong.parse::<QueueUrl>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(amqp://|sqlite:)?\\PC{0,40}") {
            let _ = text.parse::<QueueUrl>();
        }
    }
}
