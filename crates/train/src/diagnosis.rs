//! Separation and collinearity in the words of the table: columns, levels, labels, units.

use dataset::Pipeline;
use serde::Serialize;
use solver::{Alone, Dependence, Diagnosis, Separation, Verdict};

/// What stands in the way of a unique, finite optimum.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DiagnosisReport {
    /// Rows whose class a combination of columns determines.
    pub separation: Option<SeparationReport>,
    /// Columns that are combinations of others; their coefficients are held at zero.
    pub dependences: Vec<DependenceReport>,
    /// Columns that are nearly combinations of others: their coefficients are hardly determined.
    pub near_dependences: Vec<DependenceReport>,
}

/// Rows whose class a combination of columns determines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeparationReport {
    /// Whether every row is determined; otherwise the separation is quasi-complete.
    pub complete: bool,
    /// How many rows are determined.
    pub rows: usize,
    /// The design columns of the combination, the largest share first.
    pub columns: Vec<String>,
    /// Columns that determine rows all by themselves.
    pub alone: Vec<AloneReport>,
}

/// A column that determines rows all by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AloneReport {
    /// The design column.
    pub column: String,
    /// The column of the table.
    pub source: String,
    /// The level, of a category.
    pub level: Option<String>,
    /// The label that the column tells from the others.
    pub label: String,
    /// The value that divides the rows, in the column's own unit.
    pub threshold: f64,
    /// Whether the label's rows lie above it.
    pub above: bool,
    /// Rows of the label that lie off the threshold.
    pub members: usize,
    /// Other rows that lie off the threshold.
    pub others: usize,
}

/// A column that is, or nearly is, a combination of others on every training row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DependenceReport {
    /// The design column.
    pub column: String,
    /// The columns that it is made of, in their own units.
    pub terms: Vec<(String, f64)>,
    /// The constant of the combination.
    pub constant: f64,
}

/// Puts column numbers and standardised units into names and the table's own units.
pub fn describe(diagnosis: &Diagnosis, pipeline: &Pipeline, labels: &[String]) -> DiagnosisReport {
    let separation = match &diagnosis.separation {
        Some(Verdict::Separated(separation)) => Some(separated(separation, pipeline, labels)),
        _ => None,
    };
    let told = |dependences: &[Dependence]| {
        let one = |dependence| dependent(dependence, pipeline);
        dependences.iter().map(one).collect()
    };
    DiagnosisReport {
        separation,
        dependences: told(&diagnosis.dependences),
        near_dependences: told(
            &diagnosis
                .near_dependences
                .iter()
                .map(essential)
                .collect::<Vec<_>>(),
        ),
    }
}

/// What a near dependence mainly consists of: terms of a thousandth of the largest only shift what is left.
fn essential(dependence: &Dependence) -> Dependence {
    let mut essential = dependence.clone();
    let most = (essential.terms.iter()).fold(0.0, |most: f64, (_, c)| most.max(c.abs()));
    essential.terms.retain(|(_, c)| c.abs() > 1e-3 * most);
    essential
}

fn separated(separation: &Separation, pipeline: &Pipeline, labels: &[String]) -> SeparationReport {
    let name = |&column: &usize| {
        pipeline
            .columns
            .get(column)
            .map_or_else(|| "intercept".to_owned(), |c| c.name.clone())
    };
    let alone = |alone: &Alone| {
        let column = pipeline.columns.get(alone.column)?;
        // A product of numbers is one of numbers less their means: no threshold of the table's own.
        let is_shifted = |factor: &usize| {
            let factor = pipeline.columns.get(*factor);
            factor.is_none_or(|factor| factor.level.is_none() && factor.mean != 0.0)
        };
        if column.factors.iter().flatten().any(is_shifted) {
            return None;
        }
        Some(AloneReport {
            column: column.name.clone(),
            source: column.source.clone(),
            level: column.level.clone(),
            label: labels.get(alone.class).cloned().unwrap_or_default(),
            threshold: alone.threshold * column.scale + column.mean,
            above: alone.above,
            members: alone.members,
            others: alone.others,
        })
    };
    SeparationReport {
        complete: separation.complete,
        rows: separation.rows,
        columns: separation.columns.iter().map(name).collect(),
        alone: separation.alone.iter().filter_map(alone).collect(),
    }
}

/// `x = a + Σ c·xⱼ` from the same combination of standardised columns. Where products take part, so
/// do their factors: a product is standardised as that of its factors less their means.
fn dependent(dependence: &Dependence, pipeline: &Pipeline) -> DependenceReport {
    let columns = &pipeline.columns;
    let mut standardized = vec![0.0; columns.len()];
    for &(other, coefficient) in &dependence.terms {
        standardized[other] = coefficient;
    }
    standardized[dependence.column] = -1.0;
    // All that together is 0.
    let (original, intercept) = pipeline.unstandardize(&standardized, dependence.intercept);
    let weight = |column: usize| (original[column] * columns[column].scale).abs();
    let mut own = dependence.column;
    if weight(own) < NEGLIGIBLE {
        // Its part in a product makes up for it.
        let others = dependence.terms.iter().map(|&(other, _)| other);
        own = others.fold(own, |most, other| {
            if weight(other) > weight(most) {
                other
            } else {
                most
            }
        });
    }
    let slope = |column: usize| tidy(-original[column] / original[own]);
    let taken = |column: usize| dependence.terms.iter().any(|&(other, _)| other == column);
    let terms = (0..columns.len())
        .filter(|&column| column != own && (taken(column) || weight(column) > NEGLIGIBLE))
        .map(|column| (columns[column].name.clone(), slope(column)))
        .collect();
    DependenceReport {
        column: columns[own].name.clone(),
        terms,
        constant: tidy(-intercept / original[own]),
    }
}

/// What is left of a standardised coefficient that cancels, at most.
const NEGLIGIBLE: f64 = 1e-12;

/// Takes away the rounding of the way there and back between scales.
fn tidy(value: f64) -> f64 {
    let nearest = (value * 1e6).round() / 1e6;
    if (value - nearest).abs() < 1e-9 * value.abs().max(1.0) {
        nearest
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dataset::MissingPolicy;
    use dataset::pipeline::DesignColumn;

    use super::*;

    fn column(name: &str, mean: f64, scale: f64) -> DesignColumn {
        DesignColumn {
            name: name.into(),
            source: name.into(),
            level: None,
            function: None,
            factors: None,
            mean,
            scale,
        }
    }

    fn pipeline(columns: Vec<DesignColumn>) -> Pipeline {
        Pipeline {
            features: Vec::new(),
            columns,
            dropped: Vec::new(),
            standardized: true,
            missing: MissingPolicy::Impute,
            notations: BTreeMap::new(),
            fill: 1.0,
        }
    }

    #[test]
    fn a_combination_with_a_product_is_told_in_products_of_the_cells() {
        // c is (a − 5)(b − 2) = ab − 2a − 5b + 10.
        let mut product = column("a:b", 0.0, 3.0);
        product.factors = Some([0, 1]);
        let columns = vec![
            column("a", 5.0, 4.0),
            column("b", 2.0, 1.0),
            product,
            column("c", 0.0, 3.0),
        ];
        let dependence = Dependence {
            column: 3,
            terms: vec![(2, 1.0)],
            intercept: 0.0,
            residual: 0.0,
        };
        let report = dependent(&dependence, &pipeline(columns));
        let terms: Vec<_> = report.terms.iter().map(|(n, c)| (n.as_str(), *c)).collect();
        assert_eq!(terms, [("a", -2.0), ("b", -5.0), ("a:b", 1.0)]);
        assert_eq!((report.column.as_str(), report.constant), ("c", 10.0));
    }

    #[test]
    fn a_combination_is_told_in_the_columns_own_units() {
        // c = 3 + 2a on the original scale, a standardised with mean 5 and scale 4
        let columns = [column("a", 5.0, 4.0), column("c", 13.0, 8.0)];
        let dependence = Dependence {
            column: 1,
            terms: vec![(0, 1.0)],
            intercept: 0.0,
            residual: 0.0,
        };
        let report = dependent(&dependence, &pipeline(columns.to_vec()));
        assert_eq!(report.terms, [("a".to_owned(), 2.0)]);
        assert!((report.constant - 3.0).abs() < 1e-12);
    }
}
