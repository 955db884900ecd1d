// SPDX-License-Identifier: MPL-2.0
//! Labels that somebody may have meant.

/// How alike a label must be to be named: 1 is the same, .8 about one letter in five.
const ALIKE: f64 = 0.8;

/// The classes whose names contain `label` or are spelt like it, the likest first; all in lower case.
pub(super) fn to(label: &str, names: &[String]) -> Vec<usize> {
    if label.is_empty() {
        return Vec::new();
    }
    let likeness = |name: &String| {
        let spelt = name
            .split(',')
            .map(|synonym| strsim::jaro_winkler(label, synonym.trim()))
            .fold(strsim::jaro_winkler(label, name), f64::max);
        // What contains it is meant more probably than what is spelt like it.
        let contains = !name.is_empty() && (name.contains(label) || label.contains(name.as_str()));
        f64::from(u8::from(contains)) + spelt
    };
    let mut found: Vec<(f64, usize)> = names
        .iter()
        .enumerate()
        .map(|(class, name)| (likeness(name), class))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.into_iter().map(|(_, class)| class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_and_parts_of_names_are_recognised() {
        let names = ["neutral", "smile", "frown", "surprise", "siamese cat, siamese"].map(str::to_owned);
        for (typed, meant) in [
            ("smlie", 1),
            ("smiel", 1),
            ("suprise", 3),
            ("nuetral", 0),
            ("cat", 4),
            ("simaese", 4),
        ] {
            assert_eq!(to(typed, &names).first(), Some(&meant), "{typed}");
        }
        assert_eq!(to("zebra", &names), Vec::<usize>::new());
    }
}
