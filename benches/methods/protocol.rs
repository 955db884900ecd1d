// SPDX-License-Identifier: MPL-2.0
//! The authors' protocol on digits (METHOD.md 0): driver, two judges and explained energy, never merged into one.

use steerlens::Control;
use steerlens::measure::SmoothWarp;
use steerlens::morph::Method;
use steerlens::settings::Choice;

use super::Result;
use super::kind::{Kind, Picture};
use super::walk::{Reach, Walker, Way};

/// Source and target; the same number of digits each.
const PAIRS: [(&str, &str); 4] = [("3", "8"), ("5", "6"), ("1", "7"), ("4", "9")];
const PER_PAIR: usize = 75;
const BUDGETS: [f64; 2] = [1.0, 2.0];
const STEPS: [u32; 2] = [1, 20];

/// A digit, the class it is to become, and the warps of its plane.
struct Case {
    picture: Picture,
    target: usize,
    warp: SmoothWarp,
}

/// What became of all cases of one way.
#[derive(Default)]
struct Tally {
    attained: usize,
    probability: Vec<f64>,
    explained: Vec<f64>,
    explained_with_gain: Vec<f64>,
    driver: usize,
    judges: [usize; 2],
    both: usize,
}

pub(crate) fn table(kind: &mut Kind) -> Result<()> {
    let mut cases = Vec::new();
    for (source, target) in PAIRS {
        let (source, target) = (kind.class(source)?, kind.class(target)?);
        let of_source = kind.pictures.iter().filter(|picture| picture.label == source);
        cases.extend(of_source.take(PER_PAIR).map(|picture| Case {
            picture: picture.clone(),
            target,
            warp: SmoothWarp::new(&picture.luma(), picture.width),
        }));
    }
    println!("\n### The protocol, {} digits\n", cases.len());
    println!(
        "| driver | steps | L2 | method | attained | median p | driver | judge | judge2 | both | E warp | E warp+gain |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut drivers = std::mem::take(&mut kind.drivers);
    for (name, driver) in &mut drivers {
        for steps in STEPS {
            for budget in BUDGETS {
                for control in [Control::None, Control::Random] {
                    for &(method, ..) in Method::ALL {
                        let way = Way {
                            method,
                            steps,
                            control,
                            reach: Reach::Budget(budget),
                            color_mode: kind.color_mode,
                            rival: false,
                            tuning: None,
                        };
                        let mut walker = Walker::new(driver, way)?;
                        let mut tally = Tally::default();
                        for (seed, case) in (0..).zip(&cases) {
                            let morphed = walker.walk(driver, &case.picture, case.target, seed)?;
                            // Comparisons are made at matched distance: what falls short is left out, not scored 0.
                            if !morphed.attained {
                                continue;
                            }
                            let reading = driver.score(&morphed.picture.view()?)?;
                            let probability = f64::from(reading.probabilities[case.target]);
                            let verdicts = kind.verdicts(&morphed.picture)?;
                            tally.add(case, &morphed.picture, probability, &verdicts);
                        }
                        let (attained, all) = (tally.attained, cases.len());
                        let chance = if control == Control::Random {
                            ", by chance"
                        } else {
                            ""
                        };
                        println!(
                            "| {name} | {steps} | {budget} | {}{chance} | {attained}/{all} | {:.3} % | {} | {} | {} | {} | {:.3} | {:.3} |",
                            method.nick(),
                            100.0 * median(&mut tally.probability),
                            tally.driver,
                            tally.judges[0],
                            tally.judges[1],
                            tally.both,
                            median(&mut tally.explained),
                            median(&mut tally.explained_with_gain),
                        );
                    }
                }
            }
        }
    }
    kind.drivers = drivers;
    Ok(())
}

impl Tally {
    fn add(&mut self, case: &Case, morph: &Picture, probability: f64, verdicts: &[usize]) {
        self.attained += 1;
        self.probability.push(probability);
        self.driver += usize::from(probability > 0.5);
        let plane = morph.luma();
        self.explained.push(case.warp.fit(&plane, false).explained);
        self.explained_with_gain
            .push(case.warp.fit(&plane, true).explained);
        for (count, verdict) in self.judges.iter_mut().zip(verdicts) {
            *count += usize::from(*verdict == case.target);
        }
        self.both += usize::from(verdicts.iter().all(|verdict| *verdict == case.target));
    }
}

/// The middle value; NaN of none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => 0.5 * (values[middle - 1] + values[middle]),
    }
}
