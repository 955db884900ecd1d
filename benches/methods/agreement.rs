// SPDX-License-Identifier: MPL-2.0
//! How often driver and judge agree that a morph is its target: random pairs at matched distance, against the
//! straight step of pixels and against chance.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use steerlens::Control;
use steerlens::morph::Method;

use super::Result;
use super::kind::{Kind, top_class};
use super::walk::{Reach, Walker, Way};

/// Random pairs of a picture and a class that it is not.
const PAIRS: usize = 200;

pub(crate) fn table(kind: &mut Kind) -> Result<()> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
    let mut below = |n: usize| (random.next_u64() % n as u64) as usize;
    let cases: Vec<(usize, usize)> = (0..PAIRS)
        .map(|_| {
            let picture = below(kind.pictures.len());
            let other = below(kind.labels.len() - 1);
            (
                picture,
                other + usize::from(other >= kind.pictures[picture].label),
            )
        })
        .collect();
    println!("\n### Agreement on {}, {PAIRS} random pairs\n", kind.name);
    println!(
        "Share of the pairs that reached the distance in which the driver, and the judge, see the target.\n"
    );
    let distances = kind.budgets.map(|budget| format!("L2 {budget} |"));
    println!("| driver | way | {}", distances.join(" "));
    println!("|---|---|---|---|---|");
    let ways = [1, 8].into_iter().flat_map(|steps| {
        let methods = [
            Method::CspPhase,
            Method::CspJoint,
            Method::FourierPhase,
            Method::Pixel,
        ];
        let along = methods.map(|method| (method, Control::None));
        let by_chance = [(Method::CspPhase, Control::Random)];
        along
            .into_iter()
            .chain(by_chance)
            .map(move |(method, control)| (method, steps, control))
    });
    let ways: Vec<_> = ways.collect();
    let mut drivers = std::mem::take(&mut kind.drivers);
    for (name, driver) in &mut drivers {
        for &(method, steps, control) in &ways {
            let mut row = String::new();
            let mut title = String::new();
            for budget in kind.budgets {
                let way = Way {
                    method,
                    steps,
                    control,
                    reach: Reach::Budget(budget),
                    color_mode: kind.color_mode,
                    tuning: None,
                };
                let mut walker = Walker::new(driver, way)?;
                let (mut reached, mut driven, mut judged) = (0, 0, 0);
                for (seed, &(picture, target)) in (0..).zip(&cases) {
                    let source = &kind.pictures[picture];
                    let morphed = walker.walk(driver, source, target, seed)?;
                    if !morphed.attained {
                        continue;
                    }
                    reached += 1;
                    driven += usize::from(top_class(driver, &morphed.picture)? == target);
                    judged += usize::from(kind.verdict(&morphed.picture)? == target);
                }
                let share = |count: usize| count as f64 / f64::from(reached.max(1));
                row += &format!(" {:.2} / {:.2}", share(driven), share(judged));
                if reached < PAIRS as i32 {
                    row += &format!(" of {reached}");
                }
                row += " |";
                title = way.name();
            }
            println!("| {name} | {title} |{row}");
        }
    }
    kind.drivers = drivers;
    Ok(())
}
