// SPDX-License-Identifier: MPL-2.0
//! The page's one script, and the policy that lets nothing else run or load.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Sorts and filters tables; whoever reads needs it not.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// What a browser may run and load: the style, pictures within the page, and this very script.
pub(super) fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'"
    )
}
