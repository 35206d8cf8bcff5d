//! Policy before perception: law and consent decide which streams are decoded and which models loaded.

use std::collections::BTreeSet;

use interview_schemas::policy::{Consent, Permission, Policy, ResolvedPolicy};

use crate::PipelineError;

/// The policy of a job that names none.
pub const DEFAULT: &str = "cn";

const SHIPPED: [(&str, &str); 5] = [
    ("cn", include_str!("../policies/cn.toml")),
    ("eu", include_str!("../policies/eu.toml")),
    ("us-il", include_str!("../policies/us-il.toml")),
    ("us-nyc", include_str!("../policies/us-nyc.toml")),
    ("audio-text", include_str!("../policies/audio-text.toml")),
];

/// Names of the shipped policies.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The shipped policy of this name.
///
/// # Errors
/// [`PipelineError::Policy`] when there is none.
pub fn shipped(name: &str) -> Result<Policy, PipelineError> {
    let text = SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        let known: Vec<_> = names().collect();
        PipelineError::Policy(format!("no policy {name:?}; known are {}", known.join(", ")))
    })?;
    toml::from_str(text).map_err(|error| PipelineError::Policy(format!("{name}: {error}")))
}

/// Applies a policy to what a candidate agreed to.
///
/// # Errors
/// [`PipelineError::Policy`] when the policy needs consent for any analysis and there is none.
pub fn resolve(policy: &Policy, consent: &BTreeSet<Consent>) -> Result<ResolvedPolicy, PipelineError> {
    let allows = |permission: Permission, needed: Consent| match permission {
        Permission::Allowed => true,
        Permission::WithConsent => consent.contains(&needed),
        Permission::Forbidden => false,
    };
    let permissions = &policy.permissions;
    if !allows(permissions.analysis, Consent::AiAnalysis) {
        return Err(PipelineError::Policy(format!(
            "policy {} allows no automated analysis without the candidate's consent `{}`",
            policy.name,
            Consent::AiAnalysis.as_str()
        )));
    }
    let picture = allows(permissions.picture, Consent::VideoAnalysis);
    Ok(ResolvedPolicy {
        name: policy.name.clone(),
        consent: consent.clone(),
        picture,
        expression: picture && allows(permissions.expression, Consent::FacialExpression),
        identity: picture && allows(permissions.identity, Consent::BiometricIdentity),
        sentiment: allows(permissions.sentiment, Consent::Sentiment),
        retention_days: policy.retention_days,
        automatic_rejection: policy.automatic_rejection,
        notices: policy.notices.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, consent: &[Consent]) -> Result<ResolvedPolicy, PipelineError> {
        resolve(&shipped(name).unwrap(), &consent.iter().copied().collect())
    }

    #[test]
    fn every_shipped_policy_is_valid_and_named_after_its_file() {
        for name in names() {
            assert_eq!(shipped(name).unwrap().name, name);
        }
    }

    #[test]
    fn expression_needs_its_own_consent_in_china() {
        assert!(!resolved("cn", &[]).unwrap().expression);
        assert!(!resolved("cn", &[Consent::BiometricIdentity]).unwrap().expression);
        assert!(resolved("cn", &[Consent::FacialExpression]).unwrap().expression);
    }

    #[test]
    fn no_consent_opens_emotion_or_identity_in_the_eu() {
        let policy = resolved("eu", &Consent::ALL).unwrap();
        assert!(policy.picture && !policy.expression && !policy.identity && !policy.sentiment);
    }

    #[test]
    fn illinois_needs_consent_for_everything_and_deletes_in_30_days() {
        assert!(resolved("us-il", &[]).is_err());
        let policy = resolved("us-il", &[Consent::AiAnalysis]).unwrap();
        assert!(!policy.picture && policy.retention_days == Some(30));
    }

    #[test]
    fn audio_text_decodes_no_picture() {
        let policy = resolved("audio-text", &Consent::ALL).unwrap();
        assert!(!policy.picture && !policy.expression && !policy.identity);
    }
}
