//! Burn's own L-BFGS on its `flex` backend, strong Wolfe, gradient by autodiff.

use std::cell::Cell;
use std::error::Error;

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, LBFGSConfig, LineSearchFn};
use burn::tensor::{DType, Device, Tensor, TensorData, activation};
use rust_rivals::protocol::{Fitted, Said, serve};

#[derive(Module, Debug)]
struct Logistic {
    beta: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    serve("Burn 0.22.1", |request, x, y| {
        let (rows, columns, lambda) = (x.rows, x.columns, request.lambda);
        let device = Device::flex();
        let dtype = match request.precision.as_str() {
            "f32" => DType::F32,
            _ => DType::F64,
        };
        let data = TensorData::new(x.values.into_f32(), [rows, columns]);
        let design = Tensor::<2>::from_data(data, (&device, dtype));
        let targets = Tensor::<1>::from_data(TensorData::new(y, [rows]), (&device, dtype));
        let mut config = LBFGSConfig::new()
            .with_max_iter(10_000)
            .with_history_size(10)
            .with_line_search_fn(LineSearchFn::StrongWolfe);
        if let Some(tolerance) = request.tolerance {
            config = config
                .with_tolerance_grad(tolerance)
                .with_tolerance_change(0.0);
        }
        Ok(move || {
            let place = (&device.clone().autodiff(), dtype);
            let module = Logistic {
                beta: Param::from_tensor(Tensor::zeros([columns, 1], place)),
                bias: Param::from_tensor(Tensor::zeros([1], place)),
            };
            let passes = Cell::new(0);
            let (module, _) = config.init().step(1.0, module, |module| {
                passes.set(passes.get() + 1);
                let beta = module.beta.val();
                let z = design.clone().matmul(beta.clone()).squeeze_dim::<1>(1) + module.bias.val();
                // log(1 + e^z) - y z, stable for either sign of z
                let losses = -activation::log_sigmoid(-z.clone()) - targets.clone() * z;
                let loss = losses.mean() + (beta.clone() * beta).sum().mul_scalar(0.5 * lambda);
                let value = loss.clone().into_scalar::<f64>();
                (value, GradientsParams::from_grads(loss.backward(), &module))
            });
            let (beta, bias) = (module.beta.val().into_data(), module.bias.val().into_data());
            let theta = beta.iter::<f64>().chain(bias.iter::<f64>()).collect();
            Ok(Fitted {
                theta,
                said: Said {
                    passes: Some(passes.get()),
                    ..Said::default()
                },
                ..Fitted::default()
            })
        })
    })
}
