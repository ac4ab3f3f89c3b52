"""What bidding needs of a sampled market: cost and value of the rest of the day at a multiplier, and how well samples foretell them.

Units of data.py: cost / budget and value x reference / budget.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from ..common.data import TrajectorySet
from ..common.features import EVEN, FLOOR
from ..common.forecast import Prior
from .latents import LEVEL, PRICE, VOLUME

# Multipliers that futures are scored at: those of the feature builder's forecasts.
PROBES = (0.74, 1.0, 1.35)


def probe_logs(device: torch.device | str) -> Tensor:
    return torch.tensor([math.log(p) for p in PROBES], device=device)


def compose(market: Tensor, future: Tensor, target: Tensor, budget: Tensor, prior: Prior, logs: Tensor) -> tuple[Tensor, Tensor]:
    """Latents [B,M,T,3], future [B,T] of 0 / 1, target and budget [B], log multipliers [P] -> cost and value of the future steps together, each
    [B,M,P]: the prior, at the step's level and price, times the step's opportunities."""
    expected = prior.per_day * prior.shape.to(market.device) * future
    opportunities = (expected.unsqueeze(1) * torch.exp(market[..., VOLUME])).unsqueeze(3)
    level, price = market[..., LEVEL].unsqueeze(3), market[..., PRICE].unsqueeze(3)
    reference, unit = (x.view(-1, 1, 1, 1) for x in (target, 1 / budget))
    cost, value = prior.at(torch.log(reference) + level + logs - price)
    return (opportunities * torch.exp(price) * cost * unit).sum(2), (opportunities * torch.exp(level) * value * reference * unit).sum(2)


def after_each(days: TrajectorySet, logs: Tensor, log_grid: Tensor) -> Tensor:
    """What the steps' own response curves say of the rest of the day from each step on, in log: [N,T,2P], cost then value."""
    position = (logs - log_grid[0]) / (log_grid[1] - log_grid[0])
    low = position.floor().long()
    part = position - low
    tables = [(1 - part) * table[:, :, low].float() + part * table[:, :, low + 1].float() for table in (days.response_cost, days.response_value)]
    return in_log(torch.cat(tables, 2).flip(1).cumsum(1).flip(1))


def in_log(flow: Tensor) -> Tensor:
    """Relative to one even step, with the feature builder's floor."""
    return torch.log((flow.clamp(min=0.0) + FLOOR) / (EVEN + FLOOR))


def energy_score(samples: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """[B] of samples [B,M,...] against [B,...] as whole vectors, root mean squares over the entries of weight [B,...] 1; M at least 2. Like `crps` it
    is least in expectation for the distribution that truth comes from, but it sees how entries go together."""
    count = samples.shape[1]
    size = weight.flatten(1).sum(1).clamp(min=1.0)

    def norm(x: Tensor) -> Tensor:
        # The small constant keeps the gradient finite where nothing differs.
        return torch.sqrt(((x ** 2) * weight.unsqueeze(1)).flatten(2).sum(2) / size.unsqueeze(1) + 1e-6)

    first, second = torch.triu_indices(count, count, 1, device=samples.device)
    return norm(samples - truth.unsqueeze(1)).mean(1) - 0.5 * norm(samples[:, first] - samples[:, second]).mean(1)


def crps(samples: Tensor, truth: Tensor) -> Tensor:
    """Continuous ranked probability score of samples [B,M,...] against [B,...], the estimate that does not depend on M in expectation;
    of one sample its absolute error. Lower is better."""
    count = samples.shape[1]
    error = (samples - truth.unsqueeze(1)).abs().mean(1)
    if count == 1:
        return error
    ordered = samples.sort(1).values
    weight = 2 * torch.arange(count, device=samples.device, dtype=samples.dtype) - count + 1
    apart = (ordered * weight.view(-1, *[1] * (samples.dim() - 2))).sum(1) * 2 / (count * (count - 1))
    return error - 0.5 * apart
