//! What is allowed in a profile and yet worth a second look.

use std::collections::BTreeSet;

use super::Profile;
use super::error::suggestion;
use super::library::Library;

/// Notes about a valid profile: scenes are named freely, so a misspelt one is no mistake, but measures nothing.
#[must_use]
pub fn notes(profile: &Profile) -> Vec<String> {
    let Ok(base) = Library::shipped().check_named("interview-base") else { return Vec::new() };
    let scenes = |profile: &Profile| -> BTreeSet<String> {
        profile.indicators().iter().flat_map(|indicator| indicator.scenes.iter().flatten().cloned()).collect()
    };
    let known = scenes(&base.profile);
    let note = |scene: &String| {
        let near = suggestion(scene, known.iter().map(String::as_str));
        (!near.is_empty()).then(|| format!("scene {scene:?} is none of the shipped profiles{near}"))
    };
    scenes(profile).difference(&known).filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::source::{Format, Source};

    #[test]
    fn a_misspelt_scene_is_noted_and_a_new_one_is_not() {
        let checked = |scene: &str| {
            let text = include_str!("../../profiles/interview-base.toml").replace("\"complaint\"", scene);
            let source = Source::new("base.toml", &text, Format::Toml);
            notes(&Library::shipped().check(source).unwrap().profile)
        };
        assert_eq!(checked("\"complaint\""), Vec::<String>::new());
        assert_eq!(checked("\"night-shift\""), Vec::<String>::new());
        let noted = checked("\"complant\"");
        assert!(noted.len() == 1 && noted[0].contains("did you mean \"complaint\""), "{noted:?}");
    }
}
