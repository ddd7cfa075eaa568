"""PyTorch's L-BFGS on all rows, strong Wolfe line search, gradient by autograd."""

import torch

import protocol


def prepare(request, x, y):
    torch.set_num_threads(request["threads"])
    rows = torch.from_numpy(x)
    targets = torch.from_numpy(y.astype(x.dtype))
    penalty = request["lambda"]
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits
    # With the default tolerances nothing but them should end the fit.
    options = {"max_iter": 10_000, "history_size": 10, "line_search_fn": "strong_wolfe"}
    if request["tolerance"] is not None:
        options |= {"tolerance_grad": request["tolerance"], "tolerance_change": 0.0}

    def fit():
        beta = torch.zeros(rows.shape[1], dtype=rows.dtype, requires_grad=True)
        bias = torch.zeros((), dtype=rows.dtype, requires_grad=True)
        optimizer = torch.optim.LBFGS([beta, bias], **options)
        passes = 0

        def closure():
            nonlocal passes
            passes += 1
            optimizer.zero_grad()
            loss = loss_of(rows @ beta + bias, targets) + 0.5 * penalty * beta.dot(beta)
            loss.backward()
            return loss

        optimizer.step(closure)
        found = torch.cat([beta.detach(), bias.detach().reshape(1)])
        return found.numpy(), {"iterations": optimizer.state[beta]["n_iter"], "passes": passes}

    return fit


protocol.serve(prepare, f"PyTorch {torch.__version__}")
