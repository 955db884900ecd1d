// SPDX-License-Identifier: MPL-2.0
//! How a property is described to GObject, whatever its kind.

use gst::prelude::*;

/// When a property may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before the start; in NULL or READY.
    Ready,
    /// At any time, from the next frame on.
    Playing,
    /// As `Playing`, and a controller may drive it.
    Controlled,
}

/// What all kinds of properties have: a nick made of the name, the blurb, and when they may change.
pub(super) fn described<'a, B: GstParamSpecBuilderExt<'a>>(
    builder: B,
    nick: &'a str,
    blurb: &'a str,
    when: When,
) -> B {
    let builder = builder.nick(nick).blurb(blurb);
    match when {
        When::Ready => builder.mutable_ready(),
        When::Playing => builder.mutable_playing(),
        When::Controlled => builder.mutable_playing().controllable(),
    }
}

/// "model-file" as "Model file".
pub(super) fn nick(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first
        .into_iter()
        .chain(letters.map(|letter| if letter == '-' { ' ' } else { letter }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicks_are_written_as_words() {
        assert_eq!(nick("model-file"), "Model file");
        assert_eq!(nick("steps"), "Steps");
    }
}
