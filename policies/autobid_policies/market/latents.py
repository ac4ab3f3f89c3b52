"""What is diffused: the market of the 48 steps of a day as one campaign meets it, three channels each (version 1 of `market-levels`).

0 volume: log(opportunities of the step / what the prior expects of it)
1 level:  log(mean value / the prior's mean value)
2 price:  the shift, in log bid, that lays the prior over the step's response curve: how much dearer the step was than the prior

None depends on what the campaign bid, nor on its budget. The price is the estimate of src/AutoBid.Core/Response/PriceLevel.cs for one step.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..common.data import STEPS, DataError, TrajectorySet
from ..common.forecast import Prior

NAME, VERSION = "market-levels", 1
CHANNELS = ("volume", "level", "price")
SIZE = len(CHANNELS)
VOLUME, LEVEL, PRICE = range(SIZE)
LIMITS = (2.0, 2.0, 1.0)

# As in PriceLevel.cs. Grid multipliers outside 0.26 to 2.1 are hardly ever bid.
FIRST_POINT, LAST_POINT = 6, 19
LEAST_SHARE, LARGEST_SHARE = 0.05, 0.9
SLOPE_STEP = 0.1
# Of the day's level: evidence worth as much as the assumption that nothing changed, in days x slope.
SHRINK = 1.25
# Steps whose curves a trajectory keeps.
CURVES_KEPT = 20
_CHUNK = 4096


@dataclass
class Latents:
    """Of N days: values [N,T,3] in the units above, 0 where there are none; exists [N,T,3] of 0 / 1."""

    values: Tensor
    exists: Tensor

    def __len__(self) -> int:
        return len(self.values)

    def course(self) -> Tensor:
        """Mean of each step [T,3]."""
        return (self.values * self.exists).sum(0) / self.exists.sum(0).clamp(min=1.0)

    def filled(self, course: Tensor) -> Tensor:
        """Values with the course in place of what does not exist."""
        return torch.where(self.exists > 0, self.values, course)

    def take(self, keys: Tensor | slice) -> "Latents":
        return Latents(self.values[keys], self.exists[keys])


def _evidence(days: TrajectorySet, prior: Prior, log_grid: Tensor) -> tuple[Tensor, Tensor]:
    """Of each step [N,T]: the sum of slope x distance between prior and response curve over the grid points that tell, and the sum of slopes."""
    whole = days.impressions * days.mean_value
    seen = whole > 0
    shift = torch.log(days.target).unsqueeze(1) + torch.log(torch.where(seen, days.mean_value, torch.ones_like(whole)) / prior.mean_value)
    points = slice(FIRST_POINT, LAST_POINT + 1)
    at = shift.unsqueeze(2) + log_grid[points]
    all_value = (whole * (days.target / days.budget).unsqueeze(1)).unsqueeze(2)
    share = days.response_value[:, :, points].to(whole.dtype) / torch.where(all_value > 0, all_value, torch.ones_like(all_value))
    here, following = prior.at(at)[1], prior.at(at + SLOPE_STEP)[1]
    slope = (following - here) / prior.mean_value / SLOPE_STEP
    tells = (share > LEAST_SHARE) & (share < LARGEST_SHARE) & (slope > 0) & seen.unsqueeze(2)
    slope = torch.where(tells, slope, torch.zeros_like(slope))
    distance = ((here / prior.mean_value - share) / torch.where(tells, slope, torch.ones_like(slope))).clamp(-1.0, 1.0)
    return (slope * distance).sum(2), slope.sum(2)


def _check(days: TrajectorySet, prior: Prior) -> None:
    if not days.has_responses:
        raise DataError("market latents need an export with the curves of the minimum to win")
    if prior.per_day <= 0:
        raise DataError("market latents need a prior that says how many opportunities to expect")


def of_days(days: TrajectorySet, prior: Prior, log_grid: Tensor, device: torch.device | str | None = None) -> Latents:
    """`device`: where they are computed and stay; None: where the days are."""
    _check(days, prior)
    device = device or days.device
    log_grid, parts = log_grid.to(device), []
    for start in range(0, len(days), _CHUNK):
        chunk = days.take(torch.arange(start, min(start + _CHUNK, len(days)), device=days.device)).to(device)
        expected = prior.per_day * prior.shape.to(chunk.device)
        counted = (chunk.impressions > 0) & (expected > 0)
        valued = (chunk.impressions > 0) & (chunk.mean_value > 0)
        total, weight = _evidence(chunk, prior, log_grid)
        ratios = (torch.where(counted, chunk.impressions / expected.clamp(min=1e-12), torch.ones_like(chunk.impressions)),
                  torch.where(valued, chunk.mean_value / prior.mean_value, torch.ones_like(chunk.mean_value)))
        values = [*(torch.log(r).clamp(-limit, limit) for r, limit in zip(ratios, LIMITS)), total / weight.clamp(min=1e-12)]
        parts.append((torch.stack(values, 2), torch.stack([counted, valued, weight > 0], 2).to(values[0].dtype)))
    return Latents(*(torch.cat(column) for column in zip(*parts)))


def day_level(days: TrajectorySet, prior: Prior, log_grid: Tensor) -> Tensor:
    """How much dearer than its prior the day is, as the service's MPC knows it when each step is decided [N,T]: PriceLevel.Log over the closed
    steps whose curves are kept."""
    _check(days, prior)
    total, weight = _evidence(days, prior, log_grid)
    share = days.impressions / prior.per_day

    def kept(x: Tensor) -> Tensor:
        sums = torch.cat([torch.zeros_like(x[:, :1]), (share * x).cumsum(1)], 1)
        steps = torch.arange(STEPS, device=x.device)
        return sums[:, steps] - sums[:, (steps - CURVES_KEPT).clamp(min=0)]

    return kept(total) / (kept(weight) + SHRINK)
