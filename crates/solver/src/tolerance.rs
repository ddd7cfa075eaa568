//! Every tolerance of this crate, each with its reason.
//!
//! `u = 2⁻⁵³ ≈ 1.1e-16` is the unit roundoff of `f64`.

/// Unit roundoff of `f64`: the largest relative error of one rounded operation.
pub const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// Largest component of the gradient at which a fit may stop, in units of the objective's
/// [`scale`](crate::Objective::scale).
///
/// On standardised columns and the mean scale, 1e-10 leaves about ten correct digits in every
/// score; rounding of the gradient itself is near 1e-16.
pub const GRADIENT: f64 = 1e-10;

/// Smallest spread of the targets of a regression, over their root mean square, in which gradients and steps
/// are measured: [`GRADIENT`] of it is still ten times the rounding of the targets.
pub const TARGET_SPREAD: f64 = 1e-5;

/// Iterations a full-batch solver may take; Newton needs five to ten.
pub const MAX_ITERATIONS: usize = 100;

/// Relative rounding of an objective that sums `f64` terms in blocks.
///
/// The terms are positive and the longest chain of additions for a million rows has about 800
/// links, hence at most `800 u ≈ 9e-14`. Differences of the objective below this are noise.
pub const OBJECTIVE_ROUNDING: f64 = 1e-13;

/// Exponent that turns a tolerance on gradients into one on the next change of a score.
///
/// Near the optimum a Newton step squares the error, so asking `t <= tol^0.75` of the coming
/// step costs at most one more iteration. On separated data the coming step changes some score by
/// about one, however small the gradient, so any bound well below one tells the two apart.
pub const SCORE_CHANGE_EXPONENT: f64 = 0.75;

/// Largest change of a score that Newton's next step may still make when rounding stops a fit.
///
/// At the rounding floor the step is noise amplified by the condition of the curvature; on
/// separated data it is about one. 1e-2 stands far from both.
pub const FLOOR_SCORE_CHANGE: f64 = 1e-2;

/// Part of the gradient that conjugate gradients may leave of it, far from the optimum (Dembo, Eisenstat and
/// Steihaug 1982).
pub const LARGEST_RESIDUAL: f64 = 0.25;

/// The least that they are asked for: two digits a step at the end, where more would be lost on a tolerance that the
/// next step meets anyway.
pub const SMALLEST_RESIDUAL: f64 = 0.02;

/// The same for the step that tells a minimum from a descent towards infinity: its length must be known to a few
/// percent.
pub const CONFIRMED_RESIDUAL: f64 = 0.05;

/// Products of one solution by conjugate gradients, at most. Steps that stop short still descend.
pub const MAX_PRODUCTS: usize = 1000;

/// A step in the rounding regime must at least halve the gradient's norm to count as progress.
///
/// Newton's step shrinks it far more unless rounding dominates; separated data shrink it by
/// `e ≈ 2.7`, which must count as progress so that they are not mistaken for a rounding floor.
pub const POLISH_SHRINK: f64 = 0.5;

/// Armijo's constant: the part of the predicted decrease a step must deliver (Nocedal and Wright
/// 2006, §3.1).
pub const ARMIJO: f64 = 1e-4;

/// The part of the first slope that may be left after a step of the strong Wolfe conditions (Nocedal and
/// Wright 2006, §3.1: 0.9 for quasi-Newton directions, whose first trial is nearly always good).
pub const WOLFE: f64 = 0.9;

/// Trials of one line search. Lengths grow by [`STEP_GROWTH`] and brackets shrink by at least
/// [`BRACKET_EDGE`], so forty trials span twenty orders of magnitude.
pub const MAX_TRIALS: usize = 40;

/// Growth of a step until it is bracketed.
pub const STEP_GROWTH: f64 = 4.0;

/// Share of a bracket that an interpolated step keeps from both ends.
pub const BRACKET_EDGE: f64 = 0.1;

/// Steps below the objective's rounding in which L-BFGS's gradient must halve to count as progress: ten
/// memories. On 200 correlated columns, ten steps were seen to stall and the next to go on.
pub const FLOOR_STEPS: usize = 100;

/// Steps of L-BFGS after which the curvature of a sample is worth its price: independent columns are done in
/// eleven to twenty, and correlated ones that are not done by then may need thousands.
pub const LBFGS_STEPS: usize = 40;

/// Rows for each parameter in that sample. By Marchenko and Pastur's law its curvature is then within factors
/// `(1 ± √¼)²` of that of all rows, and conjugate directions gain a factor of two or more a step.
pub const START_ROWS_PER_PARAMETER: usize = 4;

/// Cosine between a step and its change of gradient below which the pair is rounding and is not
/// remembered. Exact convex pairs have at least twice the root of the inverse condition of the curvature.
pub const PAIR_CURVATURE: f64 = 1e-10;

/// Rows of a sample over those of the sample before it. The optimum of the smaller one leaves a decrement
/// that is `√8` times larger than the larger's own, within reach of one Newton step; the smaller one's
/// five to eight steps then cost less than one of the larger.
pub const LADDER: usize = 8;

/// Rows for each parameter that a sample must have for its problem to be worth solving: below five or so
/// most samples are separated (Candès and Sur 2020), and the optimum of those above scatters less than a
/// standard error of a tenth of the scores' spread.
pub const SAMPLE_ROWS_PER_PARAMETER: usize = 10;

/// Steps on one sample. Newton needs five to eight; where there is no optimum every step lowers the
/// gradient by `e` and none is the last.
pub const MAX_SAMPLE_STEPS: usize = 15;

/// Part of a sample's own scatter to which its problem is solved: a tenth of it, squared.
pub const SAMPLE_NOISE_SHARE: f64 = 1e-2;

/// Largest change of a sample's score by the coming step that proves that the sample has an optimum.
///
/// *On separated rows Newton's undamped step changes some score by at least one, wherever it starts.* Let
/// `δ` separate, `uᵢ = yᵢxᵢ·δ ≥ 0` for labels `±1`, not all zero; `rᵢ ≥ cᵢ` the sizes of residual and
/// curvature, `rᵢ = 1/(1 + e^{mᵢ})` and `cᵢ = rᵢ(1 − rᵢ)`. From `Hh = −g`, `δᵀHh = Σ wᵢcᵢuᵢyᵢ(xᵢ·h)`
/// equals `−δᵀg = Σ wᵢrᵢuᵢ ≥ Σ wᵢcᵢuᵢ`, hence `maxᵢ |xᵢ·h| ≥ 1`. (Multinomial: with `u` the scores of `δ` in a
/// row of class `y` and `v` those of `h`, `Cov(u, v) = E(u − u_y)(v − v̄) ≤ spread(v) · E(u_y − u)`, and the
/// sum over rows of the left side equals that of `E(u_y − u)`. A penalty adds nothing along `δ`, which has
/// no penalised part.) The rest is room for rounding.
pub const SAMPLE_SCORE_CHANGE: f64 = 0.9;

/// A step with a sample's curvature that leaves more of the decrement than this is slow.
pub const SLOW_PROGRESS: f64 = 0.5;

/// Slow steps running after which the curvature is measured on all rows. One may be the price of learning
/// a direction that the sample had wrong.
pub const SLOW_STEPS: usize = 2;

/// Cost of a curvature pass over one column, in gradient passes; and columns for each further one.
///
/// Measured for one output, `f32` on two cores: 3.2 gradient passes at 28 columns, 8.6 at 200, about 75 at
/// 2,000.
pub const CURVATURE_PASSES: f64 = 2.0;

/// See [`CURVATURE_PASSES`].
pub const CURVATURE_COLUMNS: f64 = 28.0;

/// Cost of one stored number of sparse rows in a gradient pass, in dense cells: it is read twice, by rows and by
/// columns, each time with a number gathered from elsewhere (2.5 ns against 0.25).
pub const SPARSE_CELL: f64 = 10.0;

/// Stored numbers of a row for each of which, and all behind it, one more gradient pass is added to a curvature pass
/// over sparse rows; see [`CURVATURE_PASSES`].
pub const SPARSE_CURVATURE_COLUMNS: f64 = 4.0;

/// Cost of an entry of the matrix, which is written, mirrored and divided whatever is stored, in dense cells.
pub const SPARSE_MATRIX: f64 = 10.0;

/// Curvature passes of a fit by Newton's method: five to eight steps and the start.
pub const NEWTON_PASSES: f64 = 8.0;

/// Curvature passes over a sample until its problem is solved, smaller samples included: 3.3 to 4.5 were
/// counted from 28 to 200 columns.
pub const SAMPLE_PASSES: f64 = 3.5;

/// Cost of a pass over a sample beside its share of a pass over all rows: its rows lie apart in memory. Of
/// 1,000,000 × 28 rows, samples of one in 16, 32 and 64 were solved in 21, 11 and 6 ms where their shares of
/// the passes come to 6, 3 and 2.
pub const SAMPLE_SCATTER: f64 = 2.0;

/// What steps with a sample's curvature have to gain, as a natural logarithm: from a gradient near 1e-3
/// at the sample's optimum to 1e-9. Each gains about `√(m/p)`; for 28 columns and one row in 4, 8, 16 and
/// 32 factors of 90, 55, 38 and 28 were counted, where `√(m/p)` is 93, 66, 46 and 33.
pub const SAMPLE_DIGITS: f64 = 14.0;

/// Passes of a fit by L-BFGS on standardised columns: 11 (independent) to 45 (correlated) were counted.
pub const LBFGS_PASSES: f64 = 40.0;

/// Parameters up to which Newton's matrix is formed: 4,096 take 134 MB and half a minute of arithmetic a
/// step.
pub const NEWTON_PARAMETERS: usize = 4096;

/// Cells times gradient passes up to which Newton's method is taken whatever it costs beside others:
/// some 0.05 s, for the most robust method.
pub const NEWTON_CELLS: f64 = 2e8;

/// Cells from which on a sample is worth its steps: a gradient pass over fewer takes less than 0.3 ms.
pub const SAMPLED_CELLS: f64 = 1e6;

/// How many times cheaper a sample's curvature must promise to be than that of all rows.
pub const SAMPLED_GAIN: f64 = 1.5;

/// Cells up to which least squares are solved by QR: some tenths of a second. Beyond, Newton's method solves
/// the same problem in a few passes, and its certificate says how near it came.
pub const QR_CELLS: f64 = 6e6;

/// Rows times the square of the parameters up to which least squares are solved by QR: a few seconds of
/// one core.
pub const QR_WORK: f64 = 4e9;

/// Shortest and longest cut of a step in backtracking (Dennis and Schnabel 1996, §6.3).
pub const BACKTRACK: (f64, f64) = (0.1, 0.5);

/// Cuts of one step before the line search gives up: the last is below `0.5⁶⁰ ≈ 1e-18`.
pub const MAX_BACKTRACKS: usize = 60;

/// Part of Newton's step below which its length says nothing: the quadratic model does not reach that far.
/// Steps of logistic regressions are rarely cut below a hundredth unless their rows are saturated.
pub const SHORT_STEP: f64 = 1e-3;

/// First damping of a curvature that is not positive definite, relative to its unit diagonal.
///
/// A factor of 1e3 above the pivots treated as zero; each failure multiplies it by ten.
pub const FIRST_DAMPING: f64 = 1e-10;

/// Damping at which a factorisation is given up: the curvature holds something not finite.
pub const LAST_DAMPING: f64 = 1e6;

/// Smallest pivot of a unit-diagonal matrix that counts as positive.
///
/// Rounding leaves up to about `dimension · u` in the place of an exact zero, and the sums that made
/// the matrix a few more; see [`smallest_pivot`].
pub const PIVOT: f64 = 1e-13;

/// Smallest pivot that counts as positive for a matrix of this dimension.
pub fn smallest_pivot(dimension: usize) -> f64 {
    PIVOT.max(16.0 * dimension as f64 * f64::EPSILON)
}

/// Largest share of the curvature that rounding may have made when a certificate is given.
pub const CURVATURE_ROUNDING: f64 = 0.5;

/// Largest rounding of a score for which a certificate is given: beyond it, first-order error
/// terms do not describe the probabilities.
pub const SCORE_ROUNDING: f64 = 1e-2;

/// Parameters up to which a certificate always uses the whole curvature.
pub const FULL_CERTIFICATE_PARAMETERS: usize = 500;

/// Rows times pairs of outputs times the square of the columns up to which it does so beyond: some 1.5
/// seconds of one core.
pub const FULL_CERTIFICATE_WORK: f64 = 2e10;

/// Columns of sparse rows, times outputs, up to which collinear columns and separation are looked for by dense blocks of
/// rows. Beyond, only what one pass over the stored numbers proves is found.
pub const SPARSE_DIAGNOSIS_COLUMNS: usize = 2000;

/// Parameters up to which the curvature of some rows is factored for a certificate: one matrix takes
/// 134 MB, and a factorisation less than a second.
pub const SAMPLED_CERTIFICATE_PARAMETERS: usize = 4096;

/// Rows for each parameter in that sample. By Marchenko and Pastur's law, the smallest eigenvalue of
/// independent columns is then `(1 − √½)² = 0.09` of the mean.
pub const SAMPLED_CERTIFICATE_ROWS: usize = 2;

/// What is added to a bound of the largest eigenvalue for the rounding of three products of matrices whose
/// norms are within the root of their dimension of it: about `3d²u`, which is below this up to 1,000 columns.
pub const EIGENVALUE_ROUNDING: f64 = 1e-9;

/// Steps of inverse iteration before a bound of the smallest eigenvalue is tried: the estimate is never too
/// small, and need not be exact.
pub const EIGENVALUE_STEPS: usize = 12;

/// Share of the estimated smallest eigenvalue that is tried as its lower bound, and by which it is lowered
/// further if the factorisation fails.
pub const EIGENVALUE_SHARE: f64 = 0.5;

/// Trials of a lower bound of the smallest eigenvalue.
pub const EIGENVALUE_TRIALS: i32 = 6;

/// Largest relative rounding of the weighted mean of curvatures and of their trace: four times that of a
/// score, at most [`SCORE_ROUNDING`], and what the sums add.
pub const TRACE_ROUNDING: f64 = 0.05;

/// Largest error of a score, by certificate, with which a solver that ran out of progress is still
/// called converged: a millionth of a logit.
pub const CERTIFIED_SCORE_ERROR: f64 = 1e-6;

/// Largest error of a score, by certificate, with which a classification is called converged whatever
/// the solver's tolerance was: a tenth of a logit, or 2.5 points of probability.
pub const CONVERGED_SCORE_ERROR: f64 = 0.1;

/// Largest error of a score, by certificate, over the largest target with which a regression is called
/// converged whatever the solver's tolerance was: tolerances on gradients know nothing of the targets' unit.
pub const CONVERGED_TARGET_SHARE: f64 = 1e-3;

/// Squared share of a column that earlier columns leave unexplained, below which a dependence is
/// suspected. The correlations carry rounding near 1e-15, so the suspicion is wide, and every suspect
/// is checked again on the rows.
pub const SUSPECTED_DEPENDENCE: f64 = 1e-9;

/// The same for a column that is replaced by its difference from earlier ones where no certificate can be
/// given: a distance of a thousandth, from which on the curvature's condition leaves enough digits.
pub const NEAR_DEPENDENCE: f64 = 1e-6;

/// Largest deviation from a dependence on any row, in units of the columns involved, for `f64`
/// rows: standardised cells carry relative rounding near 1e-15 times the column's mean over its
/// spread.
pub const DEPENDENCE_F64: f64 = 1e-9;

/// The same for `f32` rows, whose cells are rounded at 6e-8.
pub const DEPENDENCE_F32: f64 = 3e-6;

/// Share below which a term of a dependence is rounding and is left out.
pub const DEPENDENCE_TERM: f64 = 1e-7;

/// Corrections of a dependence's coefficients by its residual on the rows.
pub const DEPENDENCE_REFINEMENTS: usize = 3;

/// Cosine between a row and a direction above which the row counts as separated, and below whose
/// negative it counts as violated.
///
/// Directions come from orthogonal projections with error near 1e-14; the rows that a direction
/// leaves alone come out at 1e-15 to 1e-12.
pub const SEPARATION_COSINE: f64 = 1e-9;

/// Length, relative to the sum it was projected from, below which a recession direction is zero.
pub const RECESSION_ZERO: f64 = 1e-11;

/// Share of a direction below which a column is not part of it.
pub const DIRECTION_SHARE: f64 = 1e-7;

/// Share of `log 2` times the smallest weight below which the total loss proves complete separation:
/// one but for a margin far above the rounding of the sum.
pub const SEPARATED_LOSS: f64 = 1.0 - 1e-6;

/// Relative size below which a pivot of least squares is rounding, for unit columns: a few roundings for
/// each parameter. Columns that are combinations of others, themselves rounded, leave near 1e-15; Filip's
/// polynomial of degree ten leaves 1e-9.
pub fn rank_rounding(parameters: usize) -> f64 {
    8.0 * (parameters as f64 + 8.0) * UNIT_ROUNDOFF
}

/// Corrections of a least-squares solution at most. The error shrinks by about the condition times
/// [`CORRECTION_RATE`], so that three suffice below a condition of 1e10.
pub const CORRECTIONS: usize = 8;

/// Share of a correction, over the condition, that its own rounding leaves to the next: a hundred unit
/// roundoffs, for the factorisation and two substitutions.
pub const CORRECTION_RATE: f64 = 100.0 * UNIT_ROUNDOFF;

/// Relative error to expect of a least-squares solution above which it is corrected whatever it costs: the
/// bound is wide, and eleven digits are more than any standard error needs.
pub const ACCURATE: f64 = 1e-11;

/// Cells up to which it is corrected in any case: a few milliseconds.
pub const CORRECTED_CELLS: usize = 1 << 20;

/// Part of the residual that coordinate descent on a quadratic model may leave of it.
///
/// Proximal Newton squares the error only if the model is solved ever more exactly; a fixed part makes
/// each step gain at least three digits, more than the change of the curvature allows at first.
pub const INNER: f64 = 1e-3;

/// Rounds of coordinate descent on one quadratic model: sweeps over everything, each followed by sweeps
/// over the support and a factorisation. Two to five are usual; each lowers the model, so stopping early
/// only costs another step.
pub const MODEL_ROUNDS: usize = 60;

/// Parts of the residual that a model over sparse rows may leave of it: as much as the last step left, which makes
/// convergence faster than linear, but no more and no less than these.
pub const LARGEST_MODEL_RESIDUAL: f64 = 0.4;

/// See [`LARGEST_MODEL_RESIDUAL`].
pub const SMALLEST_MODEL_RESIDUAL: f64 = 1e-3;

/// Sweeps of coordinate descent over one model of sparse rows, and over the first: the model far from the optimum is not
/// worth more. Each model has twice the sweeps of the last.
pub const MODEL_SWEEPS: (usize, usize) = (4, 100);

/// Share of the support that one more sweep may add or take away where conjugate gradients are worth a try: each
/// product costs as much as a sweep, and a change of the support makes the last ones worthless.
pub const SETTLED_SHARE: f64 = 0.1;

/// Products of one run of conjugate gradients within a face.
pub const FACE_PRODUCTS: usize = 30;

/// Part of the slopes that a run may leave of them: signs may have changed by then.
pub const FACE_RESIDUAL: f64 = 0.1;

/// Lengths of a step that are tried with the coefficients that change their sign stopped at zero.
pub const FACE_LENGTHS: usize = 3;

/// Factorisations in a row while a support shrinks; each but the last puts at least one coordinate at zero,
/// and sweeps find what is left to do.
pub const MODEL_FACTORS: usize = 10;

/// Sweeps over the support before it is solved for at once, beside what a factorisation costs.
pub const FIRST_SWEEPS: usize = 4;

/// Part of the residual that a step may leave before proximal Newton measures the curvature again.
///
/// A pass for the curvature of a few dozen columns costs five to ten passes for the gradient. A step that
/// gains a digit or so is cheaper without it; one that does not shows that the curvature has changed.
pub const LAGGED_CONTRACTION: f64 = 0.3;

/// Share of the threshold at which a coefficient may become nonzero, from which on its column is looked at
/// together with the others: a working set that is a little too large saves passes over all columns.
pub const NEAR_THRESHOLD: f64 = 0.9;

/// Columns of the first working set of a cold start, at least; later ones may have twice the columns of the support. A
/// curvature costs the square of them, so that sets which double cost a third more than the last.
pub const FIRST_WORKING_COLUMNS: usize = 100;

/// Columns up to which all of them are one working set.
pub const WORKING_COLUMNS: usize = 32;

/// Quadratic models of one working set before all columns are looked at again.
pub const WORKING_STEPS: usize = 25;

/// Memory for column-major copies of the columns at work, beside [`PACKED_SHARE`] of the design matrix.
/// Half of what a fit may take for itself (50 MB); the rest is for curvatures and sums.
pub const PACKED_BYTES: usize = 24 << 20;

/// The design matrix over what column-major copies may take of it: 4%.
pub const PACKED_SHARE: usize = 25;

/// Cells up to which a design matrix is small enough to be worked on by columns, in one thread: 8 MB,
/// about the size of a cache.
pub const SMALL_CELLS: usize = 1 << 20;

/// Coordinates whose curvature is held as a matrix while columns are copied; beyond, residuals are updated
/// instead. At a thousand the matrix takes 8 MB and its factorisation 0.1 s.
pub const MODEL_COORDINATES: usize = 1000;

/// The smallest `α` that the first penalty of a path is computed with: `λmax` is infinite for ridge, and
/// glmnet takes that of `α = 0.001`.
pub const SMALLEST_PATH_RATIO: f64 = 1e-3;

/// Part of a fit's tolerance to which solutions are found that are judged on rows held out.
///
/// At its own minimum a loss moves with the square of an error of the coefficients, on other rows with the
/// error itself: lassos stopped at a gradient of 1e-10 had losses 5e-8 apart on rows held out
/// (`breast_cancer`). The last step being quadratic, two more digits often cost none.
pub const HELD_OUT_TOLERANCE: f64 = 1e-2;

/// Rows up to which the folds of a cross-validation are fitted side by side; beyond, their design matrices would
/// add up, and the passes of one fold keep all threads busy.
pub const FOLDS_TOGETHER_ROWS: usize = 1 << 16;

/// The last penalty over the first of a ridge path when nothing is said: glmnet's ratio for its own paths.
pub const RIDGE_GRID_RATIO: f64 = 1e-4;

/// The last penalty of a ridge path times the rows' total weight, where that is smaller: scikit-learn's `1/C`
/// for `C = 100`.
pub const RIDGE_GRID_WEIGHT: f64 = 1e-2;

/// Deviance explained from which on a path that may saturate ends (glmnet's `devmax`).
pub const SATURATED_DEVIANCE: f64 = 0.999;

/// Relative gain of explained deviance below which a path that may saturate ends (glmnet's `fdev`).
pub const SATURATED_GAIN: f64 = 1e-5;

/// Parameters up to which the ridge points of a path are found by Newton: its matrix takes 8 MB.
pub const NEWTON_PATH_PARAMETERS: usize = 1000;

/// Roundings of one row's terms in the duality gap, beside those of the sums: a logarithm or an exponential
/// within 2 units, a few products, and the centring's quotient.
pub const GAP_ROUNDING: f64 = 24.0;
