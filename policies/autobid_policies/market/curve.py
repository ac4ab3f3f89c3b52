"""The population's curve at a known level and price. A population prior is a mean over days whose levels and prices differ, so it is flatter than
the curve of any step; laid over itself at sampled levels and prices it counts their spread twice. Aligning the steps before the mean is taken
gives the curve that latents shift."""
from __future__ import annotations

import torch
from torch import Tensor

from ..common.data import TrajectorySet
from ..common.forecast import Prior
from . import latents
from .latents import LEVEL, PRICE

# Response points that a point of the curve needs; where there are fewer the prior goes on, scaled to join.
FEWEST = 200
_CHUNK = 1024


def aligned(days: TrajectorySet, raw: dict, log_grid: Tensor, device: torch.device | str = "cpu") -> dict:
    """The prior file `raw` with cost and value as means over the steps of training days, each shifted by its own level and price; all else stays.
    One round: prices estimated anew against the curve gain no more, and the two would drift together."""
    prior = Prior.parse(raw)
    points = torch.tensor(raw["bidPerValue"], dtype=torch.float64).log()
    sums = torch.zeros(3, len(points), dtype=torch.float64)
    for start in range(0, len(days), _CHUNK):
        chunk = days.take(torch.arange(start, min(start + _CHUNK, len(days)), device=days.device)).to(device)
        sums += _sums(chunk, prior, log_grid.to(device), points.to(device)).cpu()
    count, cost, value = sums
    seen = torch.nonzero(count >= FEWEST).flatten()
    if not len(seen):
        return raw
    first, last = int(seen[0]), int(seen[-1])
    tables = {name: _joined(table / count.clamp(min=1e-9), torch.tensor(raw[name], dtype=torch.float64), first, last).tolist()
              for name, table in (("cost", cost), ("value", value))}
    return {**raw, **tables}


def _sums(days: TrajectorySet, prior: Prior, log_grid: Tensor, points: Tensor) -> Tensor:
    """[3, points]: number, cost and value of the response points at each log bid, every one shared between its two neighbours, per opportunity
    of the population's own level and price."""
    found = latents.of_days(days, prior, log_grid)
    told = found.exists.min(2).values > 0
    level, price = found.values[:, :, LEVEL].unsqueeze(2), found.values[:, :, PRICE].unsqueeze(2)
    at = torch.log(days.target).view(-1, 1, 1) + level - price + log_grid
    unit = (days.budget.unsqueeze(1) / days.impressions.clamp(min=1e-9)).unsqueeze(2)
    cost = days.response_cost.to(level.dtype) * unit * torch.exp(-price)
    value = days.response_value.to(level.dtype) * unit * torch.exp(-level) / days.target.view(-1, 1, 1)
    inside = told.unsqueeze(2) & (at >= points[0]) & (at <= points[-1])
    at = at[inside].double()
    low = torch.searchsorted(points, at, right=True).clamp(1, len(points) - 1) - 1
    part = (at - points[low]) / (points[low + 1] - points[low])
    sums = torch.zeros(3, len(points), dtype=torch.float64, device=points.device)
    for row, table in enumerate((None, cost, value)):
        amount = torch.ones_like(at) if table is None else table[inside].double()
        sums[row].index_add_(0, low, (1 - part) * amount).index_add_(0, low + 1, part * amount)
    return sums


def _joined(table: Tensor, prior: Tensor, first: int, last: int) -> Tensor:
    """Rising, with the prior's course before `first` and after `last`."""
    for place, outside in ((first, slice(None, first)), (last, slice(last + 1, None))):
        table[outside] = prior[outside] * (table[place] / prior[place].clamp(min=1e-30))
    return table.cummax(0).values
