//! Policies: what law and consent allow to be looked at, and how long it may be kept (R40, R41).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bilingual;

/// Something the candidate can separately agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// Automated analysis of the interview as such.
    AiAnalysis,
    /// Looking at the picture: face geometry, gaze, posture.
    VideoAnalysis,
    /// Reading facial expressions (emotion labels).
    FacialExpression,
    /// Comparing faces by a biometric descriptor.
    BiometricIdentity,
    /// Reading sentiment from words.
    Sentiment,
}

impl Consent {
    /// Every consent there is.
    pub const ALL: [Self; 5] = [
        Self::AiAnalysis,
        Self::VideoAnalysis,
        Self::FacialExpression,
        Self::BiometricIdentity,
        Self::Sentiment,
    ];

    /// The name on the wire and the command line, such as `facial-expression`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AiAnalysis => "ai-analysis",
            Self::VideoAnalysis => "video-analysis",
            Self::FacialExpression => "facial-expression",
            Self::BiometricIdentity => "biometric-identity",
            Self::Sentiment => "sentiment",
        }
    }
}

impl std::str::FromStr for Consent {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|consent| consent.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|consent| consent.as_str()).collect();
            format!("unknown consent {text:?}; known are {}", known.join(", "))
        })
    }
}

/// Under which condition a policy allows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Allowed without a separate consent.
    Allowed,
    /// Allowed only with the candidate's separate consent.
    WithConsent,
    /// Never allowed, whatever the consent.
    Forbidden,
}

/// What can be looked at, each with its permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Automated analysis of words and voice; consent `ai-analysis`.
    pub analysis: Permission,
    /// Decoding the picture at all: face geometry, gaze, posture; consent `video-analysis`.
    pub picture: Permission,
    /// Emotion labels from the face; consent `facial-expression`.
    pub expression: Permission,
    /// Face descriptors that identify a person; consent `biometric-identity`.
    pub identity: Permission,
    /// Sentiment labels from words; consent `sentiment`.
    pub sentiment: Permission,
}

/// A policy as it stands in a file of `pipeline/policies/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name, such as `cn`.
    pub name: String,
    /// Name for people.
    pub title: Bilingual,
    /// The law and the reasoning behind the permissions.
    pub basis: Bilingual,
    /// What is allowed.
    pub permissions: Permissions,
    /// Days after which media and derived copies must be gone; absent: the tenant decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// A hard rule of a profile may recommend against a candidate without a person looking first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic_rejection: bool,
    /// What the report must tell the candidate and HR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Bilingual>,
}

/// A policy applied to one job: decided before any model is loaded or stream decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolvedPolicy {
    /// Name of the policy.
    pub name: String,
    /// What the candidate agreed to.
    pub consent: BTreeSet<Consent>,
    /// The picture may be decoded and measured.
    pub picture: bool,
    /// Emotion labels may be inferred from the face.
    pub expression: bool,
    /// Face descriptors may be computed.
    pub identity: bool,
    /// Sentiment may be inferred from words.
    pub sentiment: bool,
    /// Days after which media and derived copies must be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// A hard rule of a profile may recommend against a candidate without a person looking first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic_rejection: bool,
    /// What the report must tell the candidate and HR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Bilingual>,
}
