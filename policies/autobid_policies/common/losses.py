"""Loss terms shared by the policies; every function averages over the tokens where `weight` is 1."""
from __future__ import annotations

import torch
from torch import Tensor


def mean(x: Tensor, weight: Tensor) -> Tensor:
    """Mean of x over weight > 0; 0 when nothing counts."""
    return (x * weight).sum() / weight.sum().clamp(min=1.0)


def expectile(difference: Tensor, tau: float) -> Tensor:
    """|tau - 1(d < 0)| d^2 with d = target - estimate: tau above 0.5 makes the estimate an optimistic one."""
    return torch.abs(tau - (difference < 0).to(difference.dtype)) * difference ** 2


def lower_bound(members: Tensor) -> Tensor:
    """Mean minus one standard deviation over the ensemble [M, ...]."""
    average = members.mean(0)
    if members.shape[0] == 1:
        return average
    # The small constant keeps the gradient finite where the members agree.
    return average - torch.sqrt(((members - average) ** 2).mean(0) + 1e-10)
