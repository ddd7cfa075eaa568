use proptest::prelude::*;

use super::*;

fn recognised(cells: &[&str]) -> Recognised {
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    recognise(&cells, None)
}

#[test]
fn names_are_examples_and_read_back() {
    let mut names: Vec<String> = Vec::new();
    for notation in Notation::all() {
        let name = notation.to_string();
        assert_eq!(name.parse(), Ok(notation));
        match notation.kind() {
            Kind::Numeric => assert_eq!(notation.read(&name), Some(1234.5), "{name}"),
            _ if name == "unix" => assert_eq!(notation.read("3600"), Some(3600.0)),
            // `date -u -d 2026-01-31 +%s`
            _ => assert_eq!(notation.read(&name), Some(1_769_817_600.0), "{name}"),
        }
        assert!(!names.contains(&name), "{name} names two notations");
        names.push(name);
    }
    assert!("1234.5".parse::<Notation>().is_err());
    let json = serde_json::to_string("1.234,5 €").unwrap();
    let read: Notation = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
}

#[test]
fn numbers_written_for_people() {
    for (cells, notation, values) in [
        (
            &["1,234,567", "12", "-1,000"][..],
            "1,234.5",
            &[1_234_567.0, 12.0, -1000.0][..],
        ),
        (&["1,234.5", "7e3"], "1,234.5", &[1234.5, 7000.0]),
        (&["1.234.567", "1,5"], "1.234,5", &[1_234_567.0, 1.5]),
        (&["1 234", "12"], "1 234.5", &[1234.0, 12.0]),
        (
            &["1\u{202f}234,25", "1\u{a0}000"],
            "1 234,5",
            &[1234.25, 1000.0],
        ),
        (&["1'234'567.5", "1’000"], "1'234.5", &[1_234_567.5, 1000.0]),
        (&["0,5", "12,75", "1,234"], "1234,5", &[0.5, 12.75, 1.234]),
        (&[",5", "-1,5"], "1234,5", &[0.5, -1.5]),
        (&["12.5%", "-3 %", "1e2%"], "1234.5%", &[12.5, -3.0, 100.0]),
        (&["1,5%", "2%"], "1234,5%", &[1.5, 2.0]),
        (
            &["$1,234.50", "-$7", "$-8"],
            "$1,234.5",
            &[1234.5, -7.0, -8.0],
        ),
        (&["1.234,50 €", "-12 €"], "1.234,5 €", &[1234.5, -12.0]),
    ] {
        let expected: Notation = notation.parse().unwrap();
        assert_eq!(recognised(cells), Recognised::As(expected), "{cells:?}");
        for (cell, value) in cells.iter().zip(values) {
            assert_eq!(expected.read(cell), Some(*value), "{cell}");
        }
    }
}

#[test]
fn what_is_not_a_number_stays_text() {
    for cells in [
        &["12,34,567"][..],
        &["1,234,567", "x"],
        &["0,123,456"],
        &["12%", "13"],
        &["%"],
        &["$"],
        &["$5", "€5"],
        &["1,234,5678"],
        &["--1,5"],
        &["-$-5"],
        &["1 23"],
        &["inf%"],
        &["1e999%"],
        &["1,5,", "2,5"],
        &["1.2.3.4"],
        &[""],
        &["<= 50K"],
        &["10-19", "20-29"],
    ] {
        assert_eq!(recognised(cells), Recognised::No, "{cells:?}");
    }
    assert_eq!(recognise(&[], None), Recognised::No);
}

#[test]
fn what_can_be_read_in_two_ways_is_not_decided() {
    let either = |cells: &[&str], first: &str, second: &str| {
        let [first, second] = [first, second].map(|name| name.parse().unwrap());
        assert_eq!(
            recognised(cells),
            Recognised::Either(first, second),
            "{cells:?}"
        );
    };
    either(&["1,234", "5,678"], "1234,5", "1,234.5");
    either(&["$1,234", "$12"], "$1234,5", "$1,234.5");
    either(&["01/02/2026", "1/1/2026"], "31/01/2026", "01/31/2026");
    // Groups and decimal commas agree about numbers without either.
    let german: Notation = "1.234,5".parse().unwrap();
    assert_eq!(recognised(&["1.234.567", "12"]), Recognised::As(german));
    assert_eq!(
        recognise(&["1,234".to_owned()], Some(Kind::Date)),
        Recognised::No
    );
}

#[test]
fn dates_in_their_forms() {
    for (cells, notation) in [
        (&["2026-01-31", "2024-02-29"][..], "2026-01-31"),
        (
            &["2026-01-31T12:30", "2026-01-31 12:30:59.25Z"],
            "2026-01-31",
        ),
        (
            &["2026-01-31T12:30:00+02:00", "2026-01-31 12:30 -0130"],
            "2026-01-31",
        ),
        (&["2026/1/3"], "2026/01/31"),
        (&["31.01.2026", "1.2.2026"], "31.01.2026"),
        (&["31/01/2026", "01/02/2026"], "31/01/2026"),
        (&["01/31/2026 1:05 PM", "01/02/2026 12:00 am"], "01/31/2026"),
        // Days and months are the same here, so it does not matter which is which.
        (&["01/01/2026", "2/2/2026"], "31/01/2026"),
    ] {
        let expected: Notation = notation.parse().unwrap();
        assert_eq!(recognised(cells), Recognised::As(expected), "{cells:?}");
    }
    for cells in [
        &["2026-02-29"][..],
        &["2026-13-01"],
        &["31/01/2026", "01/31/2026"],
        &["2026-01-31", "soon"],
        &["2026-01-31", "2026/01/31"],
        &["2026-01"],
        &["26-01-31"],
        &["2026-01-31T25:00"],
        &["2026-01-31T12:3"],
        &["2026-01-31T12:30+2"],
        &["2026-01-31T12:30+99:00"],
        &["2026-01-31T13:30 PM"],
        &["2026-01-31T12:30:61"],
        &["2026_01_31"],
        &["2026-01-31é"],
        &["2026-01-31T"],
    ] {
        assert_eq!(recognised(cells), Recognised::No, "{cells:?}");
    }
    // Seconds from Python: datetime(2026, 1, 31, 12, 30, 59, 250000, UTC).timestamp(), and of
    // 2026-01-31 13:05.
    let [iso, american] = ["2026-01-31", "01/31/2026"].map(|n| n.parse::<Notation>().unwrap());
    assert_eq!(iso.read("2026-01-31 12:30:59.25Z"), Some(1_769_862_659.25));
    assert_eq!(
        iso.read("2026-01-31T12:30:00+02:00"),
        iso.read("2026-01-31T12:30")
    );
    assert_eq!(american.read("01/31/2026 1:05 PM"), Some(1_769_864_700.0));
    assert_eq!(american.read("01/31/2026 12:05 AM"), Some(1_769_817_900.0));
    let unix = Notation::Date(DateNotation::UNIX);
    assert_eq!(unix.read("1e300"), None);
}

proptest! {
    #[test]
    fn numbers_are_read_as_they_were_written(
        thousandths in -1_000_000_000_000_i64..1_000_000_000_000,
        which in 0usize..1000,
    ) {
        let notations: Vec<NumberNotation> = NumberNotation::all().collect();
        let notation = Notation::Number(notations[which % notations.len()]);
        let example = notation.to_string();
        let inner = &example[example.find('1').unwrap()..];
        let group: String = inner[1..inner.find('2').unwrap()].to_owned();
        let mark: String = inner[inner.find('4').unwrap() + 1..inner.find('5').unwrap()].to_owned();
        let behind = &inner[inner.find('5').unwrap() + 1..];
        let before = &example[..example.find('1').unwrap()];
        // The integer part in groups of three, by hand.
        let digits = (thousandths.abs() / 1000).to_string();
        let mut whole = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                whole.push_str(&group);
            }
            whole.push(digit);
        }
        let minus = if thousandths < 0 { "-" } else { "" };
        let cell = format!("{minus}{before}{whole}{mark}{:03}{behind}", thousandths.abs() % 1000);
        // Quotients of integers below 2^53 are rounded once, as decimals are.
        prop_assert_eq!(notation.read(&cell), Some(thousandths as f64 / 1000.0), "{}", cell);
    }

    #[test]
    fn no_text_panics(cell in "[-+0-9., '%$€TZ:/apm\u{a0}é]{0,24}", any in ".{0,12}") {
        for notation in Notation::all() {
            for cell in [&cell, &any] {
                if let Some(value) = notation.read(cell) {
                    prop_assert!(value.is_finite());
                }
            }
        }
        recognise(&[cell, any], None);
    }
}
