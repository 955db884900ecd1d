// SPDX-License-Identifier: MPL-2.0
//! Numbers and names as the page writes them.

use steerlens::settings::Choice;

use crate::summary::{Cell, Estimate, Share};
use crate::table::{Direction, Reach};

/// Stands where there is no number.
const NONE: &str = "\u{2013}";
/// A space that keeps number and unit together.
const THIN: char = '\u{202f}';

/// What stands where there is no number.
pub(super) fn none() -> String {
    NONE.to_owned()
}

/// Three digits: 0.00123, 0.434, 12.3, 1230.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let text = match magnitude {
        ..-4 | 6.. => return format!("{value:.2e}"),
        _ => format!("{value:.*}", (2 - magnitude).max(0) as usize),
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count, its thousands apart.
pub(super) fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted: "1 frame", "2 frames".
pub(super) fn counted(value: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// A probability or share in per cent.
pub(super) fn percent(value: f64) -> String {
    let value = 100.0 * value;
    let text = match value {
        99.95.. if value < 100.0 => "> 99.9".to_owned(),
        0.0001.. if value < 0.1 => number(value),
        _ if value > 0.0 && value < 0.0001 => format!("{value:.0e}"),
        0.1..10.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{THIN}%")
}

/// A part of a whole that is divided into many, in per cent: cells of a map, where a narrow column says more than what
/// is next to nothing.
pub(super) fn part(share: f64) -> String {
    match share {
        _ if share > 0.0 && share < 1e-4 => format!("<{THIN}0.01{THIN}%"),
        _ => percent(share),
    }
}

/// A median of a probability or share.
pub(super) fn percent_estimate(estimate: &Estimate) -> String {
    estimate.median.map_or_else(|| NONE.to_owned(), percent)
}

/// The interval of one, empty without.
pub(super) fn percent_interval(estimate: &Estimate) -> String {
    let ends = estimate.interval.map(|ends| ends.map(|end| end.map(percent)));
    match ends {
        Some([Some(low), Some(high)]) => format!(
            "{}\u{2013}{high}",
            low.trim_end_matches('%').trim_end_matches(THIN)
        ),
        _ => String::new(),
    }
}

/// The interval of a share, empty without.
pub(super) fn share_interval(share: &Share) -> String {
    let ends = share.interval.map(|ends| ends.map(percent));
    ends.map_or_else(String::new, |[low, high]| {
        format!(
            "{}\u{2013}{high}",
            low.trim_end_matches('%').trim_end_matches(THIN)
        )
    })
}

/// A median magnification or distance; `beyond` where it lies beyond the range.
pub(super) fn estimate(estimate: &Estimate, beyond: &str) -> String {
    match (estimate.median, estimate.of) {
        (_, 0) => NONE.to_owned(),
        (Some(median), _) => number(median),
        (None, _) => beyond.to_owned(),
    }
}

/// Its interval, empty without.
pub(super) fn interval(estimate: &Estimate) -> String {
    match estimate.interval {
        Some([Some(low), Some(high)]) => format!("{}\u{2013}{}", number(low), number(high)),
        Some([Some(low), None]) => format!("{}\u{2013}beyond", number(low)),
        _ => String::new(),
    }
}

/// "3 of 4".
pub(super) fn of(share: &Share) -> String {
    format!("{} of {}", count(share.count), count(share.of))
}

/// "3 of 4 (75 %)".
pub(super) fn of_percent(part: &Share) -> String {
    match part.share() {
        Some(value) => format!("{} ({})", of(part), percent(value)),
        None => of(part),
    }
}

/// "csp-phase" as a name: "CSP phase".
pub(super) fn method(nick: &str) -> String {
    let (nick, samples) = nick
        .split_once(',')
        .map_or((nick, String::new()), |(nick, rest)| (nick, format!(",{rest}")));
    let text = nick.replace('-', " ") + &samples;
    if let Some(rest) = text.strip_prefix("csp ") {
        return format!("CSP {rest}");
    }
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "L2 = 2", "magnification 0.5", "the flip".
pub(super) fn reach(reach: Reach, requested: Option<f64>) -> String {
    let requested = requested.map_or_else(|| NONE.to_owned(), number);
    match reach {
        Reach::L2 => format!("L2 = {requested}"),
        Reach::Magnification => format!("magnification {requested}"),
        Reach::Flip => "the flip".to_owned(),
    }
}

/// The distance of a cell, and what it is in units that a person knows.
pub(super) fn reach_of(cell: &Cell) -> String {
    let reach = reach(cell.reach, cell.requested);
    match cell.psnr.median {
        Some(psnr) => format!("{reach} ({})", change(psnr)),
        None => reach,
    }
}

/// A signal-to-noise ratio: "42.1 dB".
pub(super) fn psnr(psnr: f64) -> String {
    format!("{psnr:.1}\u{a0}dB")
}

/// A median of one, with a dash for none.
pub(super) fn psnr_estimate(estimate: &Estimate) -> String {
    estimate.median.map_or_else(|| NONE.to_owned(), psnr)
}

/// The root mean square change of luma that a PSNR stands for, in the 255 steps of eight bits.
pub(super) fn grey_levels(psnr: f64) -> String {
    let levels = 255.0 * share_of_range(psnr);
    match levels {
        ..0.095 => number((levels * 1e3).round() / 1e3),
        ..9.95 => number((levels * 1e2).round() / 1e2),
        _ => number(levels.round()),
    }
}

/// The same as a share of the range from black to white.
pub(super) fn share_of_range(psnr: f64) -> f64 {
    10_f64.powf(-psnr / 20.0)
}

/// The three together: "PSNR 42.1 dB, 0.79 % of the range".
pub(super) fn change(value: f64) -> String {
    format!(
        "PSNR {}, {} of the range",
        psnr(value),
        percent(share_of_range(value))
    )
}

/// What a person makes of a change of this PSNR, by rule of thumb. From 48.1 dB on it is less than one step of eight bits;
/// good JPEG and video files lie between 35 and 45 dB.
pub(super) fn visible(psnr: f64) -> &'static str {
    match psnr {
        48.1.. => "nobody sees this",
        40.0.. => "hardly anyone sees this",
        34.0.. => "seen when compared side by side",
        28.0.. => "seen at a second look",
        _ => "plainly seen",
    }
}

/// The direction.
pub(super) fn control(control: Direction) -> &'static str {
    match control {
        Direction::Gradient => "class gradient",
        Direction::Random => "random direction",
        Direction::Other => "another picture's gradient",
    }
}

/// A presentation time: "1:04.20".
pub(super) fn time(nanoseconds: u64) -> String {
    let hundredths = nanoseconds / 10_000_000;
    let (minutes, rest) = (hundredths / 6000, hundredths % 6000);
    format!("{minutes}:{:02}.{:02}", rest / 100, rest % 100)
}

/// What the method of this nick does, in the settings' own words.
pub(super) fn about(nick: &str) -> &'static str {
    let all = steerlens::morph::Method::ALL;
    let nick = nick.split(',').next().unwrap_or_default();
    all.iter()
        .find(|(_, of, _)| *of == nick)
        .map_or("", |(.., blurb)| *blurb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let pairs = [
            (0.0, "0"),
            (0.43381, "0.434"),
            (12.345, "12.3"),
            (2.0, "2"),
            (1234.0, "1234"),
            (0.00012, "0.00012"),
        ];
        for (value, text) in pairs {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(1.5e-7), "1.50e-7");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
    }

    #[test]
    fn a_change_is_said_in_units_that_people_know() {
        // One step of eight bits on average is 20 log10(255) = 48.13 dB, ten are 20 less.
        assert_eq!(
            (grey_levels(48.1308), grey_levels(28.1308)),
            ("1".to_owned(), "10".to_owned())
        );
        assert_eq!(change(40.0), "PSNR 40.0\u{a0}dB, 1\u{202f}% of the range");
        assert_eq!(
            [60.0, 48.1, 40.0, 34.0, 28.0, 9.0].map(visible)[0],
            "nobody sees this"
        );
        assert_eq!(
            [47.9, 39.9, 33.9, 27.9].map(visible),
            [
                "hardly anyone sees this",
                "seen when compared side by side",
                "seen at a second look",
                "plainly seen",
            ]
        );
    }

    #[test]
    fn next_to_nothing_of_a_map_takes_no_room() {
        assert_eq!(part(0.000_038_4), "<\u{202f}0.01\u{202f}%");
        assert_eq!(part(0.0), percent(0.0));
        assert_eq!(part(0.25), percent(0.25));
    }

    #[test]
    fn per_cent_keeps_what_is_small_and_does_not_round_up_to_all() {
        let pairs = [
            (0.0, "0"),
            (1.0, "100"),
            (0.5, "50"),
            (0.0131, "1.31"),
            (0.99999, "> 99.9"),
            (0.0000107, "0.00107"),
            (9.08e-9, "9e-7"),
        ];
        for (value, text) in pairs {
            assert_eq!(percent(value), format!("{text}\u{202f}%"));
        }
    }

    #[test]
    fn what_is_beyond_the_range_is_said() {
        let beyond = Estimate {
            median: None,
            interval: Some([Some(0.5), None]),
            of: 9,
        };
        assert_eq!(estimate(&beyond, "> 4"), "> 4");
        assert_eq!(interval(&beyond), "0.5\u{2013}beyond");
        assert_eq!(estimate(&Estimate::default(), "> 4"), "\u{2013}");
    }

    #[test]
    fn names_and_times_are_written_for_people() {
        assert_eq!(method("csp-phase"), "CSP phase");
        assert_eq!(method("fourier-phase"), "Fourier phase");
        assert_eq!(method("csp-joint, 16 samples"), "CSP joint, 16 samples");
        assert_eq!(time(64_200_000_000), "1:04.20");
        assert_eq!(reach(Reach::L2, Some(2.0)), "L2 = 2");
    }
}
