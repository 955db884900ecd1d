// SPDX-License-Identifier: MPL-2.0
//! What is refused, what decides about rows, and how lists are written.

use super::*;

fn audit() -> Settings {
    Settings::new(vec!["clips".into()], "model.onnx", "report")
}

#[test]
fn an_audit_has_as_many_judges_as_it_counts() {
    let with = |judges: usize| Settings {
        judges: vec![ClassifierSettings::default(); judges],
        ..audit()
    };
    with(64).check().unwrap();
    assert!(with(65).check().unwrap_err().to_string().starts_with("65 judges"));
}

#[test]
fn what_contradicts_itself_is_refused_with_what_to_do() {
    type Change = fn(&mut Settings);
    let changes: [(Change, &str); 6] = [
        (|s| s.methods.clear(), "--methods names no method"),
        (|s| s.source = Source::True, "--source true needs"),
        (
            |s| {
                s.shard = Some(Shard { number: 1, of: 2 });
                s.results.format = Format::Csv;
            },
            "shards are merged as Parquet",
        ),
        (
            |s| (s.other_control, s.steps) = (true, 2),
            "--control other is of one step",
        ),
        (|s| s.samples.clear(), "--samples names no number"),
        (|s| s.morph.padding = 1000, "padding is 1000"),
    ];
    for (change, said) in changes {
        let mut settings = audit();
        settings.check().unwrap();
        change(&mut settings);
        let refused = settings.check().unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn what_decides_about_rows_is_an_option_and_nothing_else_is() {
    type Change = fn(&mut Settings);
    let decides: [(&str, Change); 19] = [
        ("sample", |s| s.sample = SampleRule::ALL),
        ("truth", |s| s.truth = Truth::Folder),
        ("source", |s| s.source = Source::True),
        ("targets", |s| s.targets = Targets::All),
        ("pairs", |s| s.targets = Targets::pairs("3:8, 4:9").unwrap()),
        ("budgets", |s| s.budgets = vec![1.0, 2.5]),
        ("magnifications", |s| s.magnifications = vec![0.5]),
        ("no-flip", |s| s.flips = false),
        ("steps", |s| s.steps = 8),
        ("methods", |s| s.methods = methods("pixel").unwrap()),
        ("control", |s| s.random_control = true),
        ("control", |s| s.other_control = true),
        ("samples", |s| s.samples = vec![1, 16]),
        ("shift", |s| s.copies.shift = 0.25),
        ("seed", |s| s.seed = 7),
        ("phase-limit", |s| s.morph.tuning.phase_limit = 0.5),
        ("grid", |s| s.morph.pyramid.grid = Grid::default()),
        ("shard", |s| s.shard = Some(Shard { number: 1, of: 2 })),
        ("input-size", |s| s.model.input_size = Some((28, 32))),
    ];
    let usual = audit().options();
    let names: Vec<&String> = usual.keys().collect();
    assert_eq!(names, ["sample", "source", "targets", "methods", "grid"]);
    for (name, change) in decides {
        let mut settings = audit();
        change(&mut settings);
        let options = settings.options();
        assert_ne!(options.get(name), usual.get(name), "{name}");
        let others = options.iter().filter(|(other, _)| *other != name);
        assert!(
            others
                .clone()
                .all(|(other, value)| usual.get(other) == Some(value)),
            "{name}"
        );
    }
    let aside: [Change; 8] = [
        |s| s.inputs.clear(),
        |s| s.jobs = 7,
        |s| s.resume = true,
        |s| s.clips = false,
        |s| s.results.format = Format::Csv,
        |s| s.results.baseline = Some("summary.json".into()),
        |s| s.model.threads = 3,
        |s| s.morph.method = Method::Pixel,
    ];
    for change in aside {
        let mut settings = audit();
        change(&mut settings);
        assert_eq!(settings.options(), usual);
    }
}

#[test]
fn lists_are_read_as_people_write_them() {
    assert_eq!(
        methods("pixel, csp-phase,pixel").unwrap(),
        [Method::Pixel, Method::CspPhase]
    );
    assert!(methods("magic").unwrap_err().to_string().contains("csp-joint"));
    let Ok(targets) = "smile, 3".parse::<Targets>();
    assert_eq!(targets, Targets::List(vec!["smile".into(), "3".into()]));
    assert!(Targets::pairs("3-8").unwrap_err().to_string().contains("not 3-8"));
}
