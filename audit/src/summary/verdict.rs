// SPDX-License-Identifier: MPL-2.0
//! Whether the conditions that the user set are fulfilled: what the verdict goes by.

use serde::{Deserialize, Serialize};
use steerlens::settings::{Choice, short};

use super::cases::{Collected, Entry};
use super::interval::{Share, share};
use crate::condition::{Condition, Filter, Measure, Quantity};
use crate::table::Direction;

/// A condition, and what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    /// The condition as it was written.
    pub condition: String,
    /// Whether it is fulfilled, and the audit fails. So it does where there is nothing to tell it by.
    pub failed: bool,
    /// The share that was compared with the limit; with several methods that of the one nearest to a failure.
    pub share: Share,
    /// That method's nick; only of flips.
    pub method: Option<String>,
}

impl Checked {
    /// What was found, in words: "3 of 12, 25 %, with csp-phase".
    pub fn found(&self) -> String {
        let Share { count, of, .. } = self.share;
        match (self.share.share(), &self.method) {
            (None, _) => "there is nothing to tell it by".to_owned(),
            (Some(share), None) => format!("{count} of {of}, {} %", short((1000.0 * share).round() / 10.0)),
            (Some(share), Some(method)) => {
                format!(
                    "{count} of {of}, {} %, with {method}",
                    short((1000.0 * share).round() / 10.0)
                )
            }
        }
    }
}

pub(super) fn check(collected: &Collected, conditions: &[Condition]) -> Vec<Checked> {
    conditions
        .iter()
        .map(|condition| {
            let (share, method) = match condition.measure {
                Measure::Flips => flips(collected, condition),
                Measure::Wrong => {
                    let wrong = collected.answers.iter().map(|(right, source)| (!right, *source));
                    (share(wrong), None)
                }
                Measure::Failed => {
                    let failed = collected.cells.iter().map(|(_, entries)| entries.failed).sum();
                    let of = collected.rows;
                    let interval = None;
                    (
                        Share {
                            count: failed,
                            of,
                            interval,
                        },
                        None,
                    )
                }
            };
            let value = share.share();
            Checked {
                condition: condition.to_string(),
                failed: value.is_none_or(|value| condition.relation.holds(value, condition.limit)),
                share,
                method,
            }
        })
        .collect()
}

/// Of the methods that the condition speaks of, the one whose share is nearest to a failure.
fn flips(collected: &Collected, condition: &Condition) -> (Share, Option<String>) {
    let searched = collected.cells.iter().filter(|(key, _)| {
        let named = condition.filters.iter().all(|filter| match filter {
            Filter::Method(method) => method.nick() == key.way.method,
            Filter::Where(..) => true,
        });
        key.is_flip() && key.control == Direction::Gradient && named
    });
    let of_each = searched.map(|(key, entries)| {
        let looked_at = entries
            .done
            .iter()
            .filter(|entry| holds(collected, condition, entry, true));
        let flipped = looked_at.map(|entry| {
            let flips = entry.attained && holds(collected, condition, entry, false);
            collected.sourced(entry, flips)
        });
        (share(flipped), key.name())
    });
    let upward = condition.relation.is_upward();
    let worst = of_each.filter(|(share, _)| share.of > 0).reduce(|worst, next| {
        let rises = next.0.share() > worst.0.share();
        let falls = next.0.share() < worst.0.share();
        if (upward && rises) || (!upward && falls) {
            next
        } else {
            worst
        }
    });
    worst.map_or((Share::default(), None), |(share, method)| (share, Some(method)))
}

/// Whether the filters let an entry pass: those of its frame, or those of its flip.
fn holds(collected: &Collected, condition: &Condition, entry: &Entry, of_the_frame: bool) -> bool {
    condition.filters.iter().all(|filter| match *filter {
        Filter::Where(quantity, relation, limit) if quantity.is_of_the_frame() == of_the_frame => {
            let value = match quantity {
                Quantity::Psnr => entry.psnr.into(),
                Quantity::Ssim => entry.ssim.into(),
                Quantity::L2 => entry.l2,
                Quantity::Magnification => entry.magnification,
                Quantity::Sure => collected.of(entry).p_source_before.into(),
            };
            relation.holds(value, limit)
        }
        _ => true,
    })
}
