use dataset::{SparseDesign, SparseMatrix};
use solver::*;
use std::time::Instant;
fn cpu() -> f64 {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|t| {
            let text = std::fs::read_to_string(t.unwrap().path().join("schedstat")).unwrap();
            text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
        })
        .sum()
}
fn main() {
    let text = std::fs::read_to_string("/tmp/sparse-data/text.svm").unwrap();
    let (mut o, mut p, mut v, mut y) = (vec![0], vec![], vec![], vec![]);
    for line in text.lines() {
        let mut parts = line.split(' ');
        y.push(parts.next().unwrap().parse::<f64>().unwrap());
        for part in parts {
            let (a, b) = part.split_once(':').unwrap();
            p.push(a.parse::<u32>().unwrap());
            v.push(b.parse::<f64>().unwrap());
        }
        o.push(v.len());
    }
    let design = SparseDesign::unscaled(SparseMatrix::new(100_000, o, p, v).unwrap());
    let n = y.len() as f64;
    let args: Vec<String> = std::env::args().collect();
    let tol: f64 = args.get(1).map_or(1e-10, |a| a.parse().unwrap());
    for l1 in [false, true] {
        for c in [1.0, 10.0, 100.0] {
            let penalty = Penalty {
                lambda: 1.0 / (c * n),
                l1_ratio: if l1 { 1.0 } else { 0.0 },
            };
            let problem = Problem {
                penalty,
                intercept: false,
                ..Problem::new(&design, TargetValues::Binary(&y))
            };
            let stop = Stop {
                gradient_tolerance: tol,
                ..Stop::default()
            };
            for _ in 0..2 {
                let t = Instant::now();
                let objective = HostObjective::new(problem).unwrap();
                let built = t.elapsed();
                let start = vec![0.0; 100_000];
                let t = Instant::now();
                let c0 = cpu();
                let mut show = |r: &Record| {
                    if args.len() > 2 {
                        println!(
                            "   {} {:.12} {:.2e} {} {:.1} ms",
                            r.iteration,
                            r.objective,
                            r.gradient_max,
                            r.step,
                            t.elapsed().as_secs_f64() * 1e3
                        )
                    }
                };
                let found = if l1 {
                    coordinate_observed(&objective, &start, &stop, &mut show).unwrap()
                } else {
                    minimize_observed(&NewtonCg::default(), &objective, &start, &stop, &mut show)
                        .unwrap()
                };
                let fitted = t.elapsed();
                let used = cpu() - c0;
                let t = Instant::now();
                let concluded = conclude(&objective, found.clone(), &stop).unwrap();
                let certified = t.elapsed();
                let t = Instant::now();
                let gap = duality_gap(&objective, &found.theta).unwrap();
                println!(
                    "l1 {l1} C {c}: build {:.1} fit {:.1} (cpu {used:.1}) certify {:.1} gap {:.1} ms, {:?} {} steps, objective {:.12}, gradient {:.1e}, nonzero {}, p error {:?} gap p {:?} {:?}",
                    built.as_secs_f64() * 1e3,
                    fitted.as_secs_f64() * 1e3,
                    certified.as_secs_f64() * 1e3,
                    t.elapsed().as_secs_f64() * 1e3,
                    concluded.solution.status,
                    found.iterations(),
                    found.objective,
                    found.gradient_max,
                    found.theta.iter().filter(|b| **b != 0.0).count(),
                    concluded.certificate.probability_error,
                    gap.probability_error,
                    concluded.solution.detail
                );
            }
        }
    }
}
