// SPDX-License-Identifier: MPL-2.0
//! Pairs of classes that a person tells apart by a stroke: in how many does the judge see the target?

use std::path::Path;

use steerlens::Control;
use steerlens::morph::Method;

use super::Result;
use super::kind::{CLOTHES, FACES, Kind, Pair, top_class};
use super::walk::{Reach, Walker, Way};

/// Method, steps, reach and tuning.
type Choice = (Method, u32, Reach, Option<(f64, u32)>);

/// A kind's pairs, how many pictures of each, and the ways.
fn plan(kind: &str) -> (&'static [Pair], usize, Vec<Choice>) {
    use Reach::{Budget, Magnification};
    match kind {
        "digits" => (
            &[
                ("3", "8"),
                ("4", "9"),
                ("9", "4"),
                ("5", "6"),
                ("7", "9"),
                ("1", "7"),
                ("8", "3"),
                ("0", "6"),
            ],
            25,
            vec![
                (Method::CspPhase, 8, Budget(6.0), None),
                (Method::CspPhase, 8, Budget(6.0), Some((2.0, 4))),
                (Method::CspJoint, 8, Budget(6.0), None),
                (Method::Pixel, 8, Budget(6.0), None),
                (Method::CspPhase, 1, Budget(6.0), None),
            ],
        ),
        "clothes" => (
            CLOTHES,
            25,
            vec![
                (Method::CspPhase, 8, Budget(5.0), None),
                (Method::CspJoint, 8, Budget(5.0), None),
                (Method::Pixel, 8, Budget(5.0), None),
                (Method::CspPhase, 1, Budget(5.0), None),
            ],
        ),
        "faces" => (
            FACES,
            20,
            vec![
                (Method::CspPhase, 8, Magnification(1.0), None),
                (Method::CspJoint, 8, Magnification(0.5), None),
                (Method::Pixel, 8, Budget(4.0), None),
                (Method::CspPhase, 1, Magnification(1.0), None),
            ],
        ),
        _ => (
            &[
                ("circle", "square"),
                ("square", "circle"),
                ("circle", "triangle"),
                ("square", "triangle"),
                ("triangle", "star"),
                ("cross", "star"),
                ("circle", "ring"),
                ("ring", "circle"),
            ],
            20,
            vec![
                (Method::CspPhase, 8, Budget(12.0), None),
                (Method::CspJoint, 8, Budget(12.0), None),
                (Method::Pixel, 8, Budget(12.0), None),
                (Method::CspPhase, 1, Budget(12.0), None),
            ],
        ),
    }
}

/// Prints the table; the morphs of faces go into `out`, where their mouths are measured.
pub(crate) fn table(kind: &mut Kind, out: &Path) -> Result<()> {
    let (pairs, count, ways) = plan(kind.name);
    println!(
        "\n### Pairs of {}, {count} pictures each: driver / judge\n",
        kind.name
    );
    let names: Vec<String> = pairs.iter().map(|(s, t)| format!("{s}\u{2192}{t} |")).collect();
    println!("| driver | way | {} all | attained | judge |", names.join(" "));
    println!("|---|---|{}---|---|---|", "---|".repeat(pairs.len()));
    let mut drivers = std::mem::take(&mut kind.drivers);
    let mut comparisons = Vec::new();
    for (name, driver) in &mut drivers {
        let mut by_way = Vec::new();
        for &(method, steps, reach, tuning) in &ways {
            let way = Way {
                method,
                steps,
                control: Control::None,
                reach,
                color_mode: kind.color_mode,
                tuning,
            };
            let title = match reach {
                Reach::Budget(budget) => format!("{}, L2 {budget}", way.name()),
                Reach::Magnification(magnification) => format!("{}, m {magnification}", way.name()),
            };
            let mut walker = Walker::new(driver, way)?;
            let (mut row, mut all, mut attained, mut sums) = (String::new(), 0, 0, [0; 2]);
            let mut outcomes = Vec::new();
            for (source, target) in pairs {
                let (from, to) = (kind.class(source)?, kind.class(target)?);
                let pictures = kind.pictures.iter().filter(|picture| picture.label == from);
                let pictures: Vec<_> = pictures.take(count).cloned().collect();
                let (mut counts, mut reached) = ([0; 2], 0);
                for picture in &pictures {
                    let morphed = walker.walk(driver, picture, to, 0)?;
                    let convinced = morphed.attained && kind.verdict(&morphed.picture)? == to;
                    outcomes.push(Outcome {
                        is_thin: picture.norm() < THIN,
                        reached: morphed.attained,
                        convinced,
                    });
                    // Compared at matched distance: what falls short is left out, not scored 0.
                    if !morphed.attained {
                        continue;
                    }
                    reached += 1;
                    counts[0] += usize::from(top_class(driver, &morphed.picture)? == to);
                    counts[1] += usize::from(convinced);
                    if kind.name == "faces" {
                        let folder = out.join("mouths").join(format!("{name}, {title}"));
                        std::fs::create_dir_all(&folder)?;
                        let file = format!("{}\u{2192}{target}.png", picture.name);
                        morphed.picture.save(&folder.join(file))?;
                    }
                }
                row += &format!(" {}/{}", counts[0], counts[1]);
                if reached < pictures.len() {
                    row += &format!(" of {reached}");
                }
                row += " |";
                all += pictures.len();
                attained += reached;
                sums = [sums[0] + counts[0], sums[1] + counts[1]];
            }
            let share = 100.0 * sums[1] as f64 / attained.max(1) as f64;
            println!(
                "| {name} | {title} |{row} {}/{} | {attained}/{all} | {share:.0} % |",
                sums[0], sums[1]
            );
            by_way.push((title, outcomes));
        }
        comparisons.extend(compared(name, &by_way));
    }
    for comparison in comparisons {
        println!("\n{comparison}");
    }
    kind.drivers = drivers;
    Ok(())
}

/// What became of one picture of a pair by one way.
struct Outcome {
    /// Whether it has little ink to move.
    is_thin: bool,
    /// Whether the distance was reached.
    reached: bool,
    /// Whether the judge then sees the target.
    convinced: bool,
}

/// L2 norm below which a picture on black is called thin.
const THIN: f64 = 8.0;

/// The first of a driver's ways beside each of the others, on the same pictures.
fn compared(driver: &str, ways: &[(String, Vec<Outcome>)]) -> Vec<String> {
    let Some(((first, outcomes), others)) = ways.split_first() else {
        return Vec::new();
    };
    let count = |thin: bool| {
        let of = outcomes.iter().filter(|outcome| outcome.is_thin == thin);
        (of.clone().filter(|outcome| outcome.reached).count(), of.count())
    };
    let ((thin, all_thin), (thick, all_thick)) = (count(true), count(false));
    let mut sentences = Vec::new();
    if all_thin > 0 && all_thick > 0 {
        sentences.push(format!(
            "{driver}, {first}: {thin} of {all_thin} thin pictures reach the distance, {thick} of {all_thick} others"
        ));
    }
    sentences.extend(others.iter().map(|(other, theirs)| {
        let same = || outcomes.iter().zip(theirs);
        let convinced = same().filter(|(one, other)| one.reached && other.convinced).count();
        let failed = same().filter(|(one, other)| !one.reached && !other.convinced).count();
        let reached = thin + thick;
        format!(
            "{driver}, {other}: the judge convinced in {convinced} of the {reached} that {first} brings there, and not in {failed} of \
             the {} others",
            outcomes.len() - reached
        )
    }));
    sentences
}
