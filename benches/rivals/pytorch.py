"""PyTorch's L-BFGS on all rows, strong Wolfe line search, gradient by autograd; or an epoch of
mini-batches by one of its optimizers, without a DataLoader, which would take longer."""

import torch

import protocol


def prepare(request, x, y):
    torch.set_num_threads(request["threads"])
    if request["batch_size"]:
        return epoch(request, x, y)
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


def epoch(request, x, y):
    """Rows by index, loss by autograd, the penalty as the optimizer's decay of the coefficients."""
    rows, targets = torch.from_numpy(x), torch.from_numpy(y.astype(x.dtype))
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[request["solver"]]
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits
    rate, size = request["learning_rate"], request["batch_size"]
    random = torch.Generator().manual_seed(0)

    def fit():
        beta = torch.zeros(rows.shape[1], dtype=rows.dtype, requires_grad=True)
        bias = torch.zeros((), dtype=rows.dtype, requires_grad=True)
        decayed = {"params": [beta], "weight_decay": request["lambda"]}
        optimizer = kind([decayed, {"params": [bias]}], lr=rate)
        steps = 0
        for batch in torch.randperm(len(rows), generator=random).split(size):
            optimizer.zero_grad()
            loss_of(rows[batch] @ beta + bias, targets[batch]).backward()
            optimizer.step()
            steps += 1
        found = torch.cat([beta.detach(), bias.detach().reshape(1)])
        return found.numpy(), {"iterations": steps}

    return fit


protocol.serve(prepare, f"PyTorch {torch.__version__}")
