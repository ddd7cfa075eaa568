//! linfa-logistic: L-BFGS with More and Thuente's line search (argmin).

use std::error::Error;

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use rust_rivals::protocol::{Fitted, serve};

fn main() -> Result<(), Box<dyn Error>> {
    serve("linfa-logistic 0.8.1", |request, x, y| {
        let alpha = request.lambda * x.rows as f64; // its loss is a sum
        let tolerance = request.tolerance;
        let labels: Array1<usize> = y.iter().map(|&y| usize::from(y > 0.5)).collect();
        let rows = Array2::from_shape_vec((x.rows, x.columns), x.values.into_f64())?;
        let data = Dataset::new(rows, labels);
        Ok(move || {
            let mut model = LogisticRegression::default()
                .alpha(alpha)
                .max_iterations(10_000);
            if let Some(tolerance) = tolerance {
                model = model.gradient_tolerance(tolerance);
            }
            let fitted = model.fit(&data)?;
            // Which class its coefficients speak of depends on the balance of the classes.
            let sign = if fitted.labels().pos.class == 1 {
                1.0
            } else {
                -1.0
            };
            let mut theta: Vec<f64> = fitted.params().iter().map(|b| sign * b).collect();
            theta.push(sign * fitted.intercept());
            Ok(Fitted {
                theta,
                ..Fitted::default()
            })
        })
    })
}
