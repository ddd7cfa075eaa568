//! smartcore: L-BFGS with backtracking. It has no tolerance to set.

use std::error::Error;

use rust_rivals::protocol::{Fitted, serve};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

fn main() -> Result<(), Box<dyn Error>> {
    serve("smartcore 0.7.0", |request, x, y| {
        let alpha = request.lambda * x.rows as f64; // its loss is a sum
        let labels: Vec<u32> = y.iter().map(|&y| u32::from(y > 0.5)).collect();
        let rows = DenseMatrix::new(x.rows, x.columns, x.values.into_f64(), false)?;
        Ok(move || {
            let parameters = LogisticRegressionParameters::default().with_alpha(alpha);
            let model = LogisticRegression::fit(&rows, &labels, parameters)?;
            let mut theta: Vec<f64> = model.coefficients().iterator(0).copied().collect();
            theta.push(*model.intercept().get((0, 0)));
            Ok(Fitted {
                theta,
                ..Fitted::default()
            })
        })
    })
}
