"""Batches of whole days for fine-tuning. What is random about a batch is drawn first, on the device; making the days from it is pure,
so that it can be part of a captured graph."""
from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Callable

import torch
from torch import Tensor

from .config import FineTuneConfig
from .data import FeatureDropout, TrajectorySet
from .features import Twin, draw_arrivals
from .forecast import as_known
from .rollout import rescale


@dataclass
class Draw:
    """One batch, [B] unless said otherwise."""

    keys: Tensor
    donors: Tensor        # keys of the same line-up whose (B, C) are taken over
    budget: Tensor        # log factors
    target: Tensor
    price: Tensor         # log of how much dearer the day is than the forecasts know
    keep: Tensor          # [B,F] 0 hides a feature group
    arrivals: Tensor      # [B,256]
    noise: Tensor         # [B,T,noises,T,channels] of policies that plan, else empty

    def clone(self) -> "Draw":
        return Draw(**{f.name: getattr(self, f.name).clone() for f in fields(self)})

    def copy_(self, other: "Draw") -> None:
        for f in fields(self):
            getattr(self, f.name).copy_(getattr(other, f.name))


class DaySampler:
    def __init__(self, days: TrajectorySet, options: FineTuneConfig, twin: Twin, log_grid: Tensor, own_money: bool, never: Tensor | None,
                 noise: Callable[[int, torch.Generator], Tensor] | None = None):
        """With own_money the days keep their (B, C): an exported base holds for them only. `never` [1,F] hides groups for good; `noise`
        draws what a policy plans from."""
        self.noise = noise or (lambda size, generator: torch.zeros(size, 0, device=days.device))
        self.days, self.options, self.twin, self.log_grid, self.own_money, self.never = days, options, twin, log_grid, own_money, never
        self.dropout = FeatureDropout(twin.spec)
        lineup, self.order = torch.sort(days.lineup, stable=True)
        self.first = torch.searchsorted(lineup, days.lineup)
        self.count = torch.searchsorted(lineup, days.lineup, right=True) - self.first

    def draw(self, size: int, generator: torch.Generator) -> Draw:
        """On the device of the days; the generator must live there."""
        device, options = self.days.device, self.options

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, device=device)

        def within(bounds: tuple[float, float]) -> Tensor:
            low, high = math.log(bounds[0]), math.log(bounds[1])
            return low + (high - low) * uniform(size)

        keys = (uniform(size) * len(self.days)).long().clamp(max=len(self.days) - 1)
        count = self.count[keys]
        donors = self.order[self.first[keys] + torch.minimum((uniform(size) * count).long(), count - 1)] if options.permute else keys
        price = options.priceShift * torch.randn(size, generator=generator, device=device)
        keep = self.dropout.draw(uniform(size, len(self.dropout.groups)), options.featureDropout)
        if self.never is not None:
            keep = keep * self.never
        return Draw(keys, donors, within(options.budgetScale), within(options.targetScale), price, keep,
                    draw_arrivals(size, generator, device),
                    self.noise(size, generator))

    def days_of(self, draw: Draw) -> TrajectorySet:
        """s_star is scaled, not searched again: it only weighs the loss."""
        taken = as_known(self.days.take(draw.keys), draw.keep, self.twin.spec)
        if self.own_money:
            return taken
        money, price = self.days.budget[draw.donors] / taken.budget, self.days.target[draw.donors] / taken.target
        return rescale(taken, money * torch.exp(draw.budget), price * torch.exp(draw.target), self.log_grid, self.twin,
                       draw.price if self.options.priceShift > 0 else None, oracle=False)
