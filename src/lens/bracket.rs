// SPDX-License-Identifier: MPL-2.0
//! The search for the smallest magnification at which something holds of the morph.

/// A search from the source outwards begins here and doubles, and ends at [`FARTHEST_FLIP`].
const NEAREST: f64 = 1.0 / 64.0;

/// The magnification up to which [`super::Editor::flip`] searches: with a limit of half a turn no phase is left to move
/// there, and pixels have moved by four times the picture's contrast.
pub const FARTHEST_FLIP: f64 = 4.0;

/// Halvings of a bracket: the magnification is known to 1/64 of it.
const HALVINGS: usize = 6;

/// Two magnifications between which it begins to hold. Where it does so more than once, the other times go unseen.
#[derive(Debug)]
pub(super) struct Bracket {
    low: f64,
    pub(super) high: f64,
    /// Whether it holds at the upper end.
    pub(super) holds: bool,
    halved: usize,
}

impl Bracket {
    /// From the source on, where it is known whether it holds: outwards until it does.
    pub(super) fn from_source(holds: bool) -> Self {
        Self {
            low: 0.0,
            high: 0.0,
            holds,
            halved: 0,
        }
    }

    /// Between the source and a magnification at which it holds, of either sign.
    pub(super) fn up_to(high: f64) -> Self {
        Self {
            high,
            ..Self::from_source(true)
        }
    }

    /// The magnification that is to be looked at; `None` at the end of the search.
    pub(super) fn next(&self) -> Option<f64> {
        match self.holds {
            false if self.high == 0.0 => Some(NEAREST),
            false => (self.high < FARTHEST_FLIP).then_some(2.0 * self.high),
            true => (self.high != 0.0 && self.halved < HALVINGS).then_some(0.5 * (self.low + self.high)),
        }
    }

    /// Takes in whether it holds there.
    pub(super) fn narrow(&mut self, magnification: f64, holds: bool) {
        match (self.holds, holds) {
            (false, _) => (self.low, self.high, self.holds) = (self.high, magnification, holds),
            (true, true) => (self.high, self.halved) = (magnification, self.halved + 1),
            (true, false) => (self.low, self.halved) = (magnification, self.halved + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a search for what holds from a magnification on, and how many magnifications were looked at.
    fn found(from: f64) -> (f64, bool, usize) {
        search(Bracket::from_source(from <= 0.0), |m| m >= from)
    }

    fn search(mut bracket: Bracket, holds: impl Fn(f64) -> bool) -> (f64, bool, usize) {
        let mut looks = 0;
        while let Some(magnification) = bracket.next() {
            bracket.narrow(magnification, holds(magnification));
            looks += 1;
        }
        (bracket.high, bracket.holds, looks)
    }

    #[test]
    fn the_beginning_is_found_from_above_to_a_part_in_thirty_two() {
        for from in [1e-6, 0.01, 1.0 / 64.0, 0.02, 0.3, 1.0, 1.7, 4.0] {
            let (high, holds, looks) = found(from);
            assert!(holds && looks <= 15, "{from}: {looks}");
            // Between two doublings lies half of the upper one at most; below the first all of it.
            let width = (high - from) / (0.5f64 * from.max(NEAREST)).max(0.5 * high);
            assert!(high >= from && width <= 1.0 / 32.0, "{from}: {high}");
        }
    }

    #[test]
    fn what_holds_already_is_at_zero_and_what_never_does_at_the_far_end() {
        assert_eq!(found(0.0), (0.0, true, 0));
        assert_eq!(found(f64::INFINITY), (FARTHEST_FLIP, false, 9));
    }

    #[test]
    fn between_the_source_and_an_end_of_either_sign_it_is_found_to_a_part_in_sixty_four() {
        for end in [2.0, -0.5] {
            let (high, holds, looks) = search(Bracket::up_to(end), |m| m / end >= 0.3);
            assert!(holds && looks == HALVINGS);
            assert!(
                high / end >= 0.3 && high / end <= 0.3 + 1.0 / 64.0,
                "{end}: {high}"
            );
        }
    }
}
