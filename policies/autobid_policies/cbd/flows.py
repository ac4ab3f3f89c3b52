"""What is diffused: flows of the 48 steps of a day, four channels each.

0 spend: logit of the step's share of the budget that was left, so that a planned spend is left x sigmoid(x): legal by construction
1 value: log((C x value / B + floor) / (even + floor)) as in the feature builder
2 price: log(mean minimum to win / (C x mean value)); 0 unknown
3 multiplier: log of the executed one

`means` replaces 0 and 1 by running means since midnight, the public diffusion baseline's states: an ablation. To read a step's flow out of
them multiplies their error by the number of the step.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..common.data import STEPS, Normaliser
from ..common.features import EVEN, FLOOR, LOG_LIMIT, log_ratio

CHANNELS = ("spend", "value", "price", "multiplier")
SIZE = len(CHANNELS)
SPEND, VALUE, PRICE, MULTIPLIER = range(SIZE)
# Of what the head is told about a plan: its next step without the multiplier (which would be copied, not inverted), and the day's end.
PLANNED = 5
LIMIT = 4.0
# The least spend that a feature row can tell.
_LEAST = math.exp(-LOG_LIMIT) * (EVEN + FLOOR) - FLOOR
_COLUMNS = ("budget_left", "value_so_far", "log_spend_last", "log_value_last", "log_price_last", "log_multiplier_last")


def hazard(spent: Tensor, left_after: Tensor) -> Tensor:
    """Logit of the share that a step took of what was left."""
    return torch.log((spent + FLOOR) / (left_after.clamp(min=0.0) + FLOOR))


def of_days(features: Tensor, price_column: int, action: Tensor, cost: Tensor, value: Tensor, means: bool = False) -> Tensor:
    """Flows [N,T,4] of whole days. The price of step t is told by row t + 1; the last step's repeats the one before."""
    spent = cost.cumsum(1)
    price = features[:, :, price_column]
    price = torch.cat([price[:, 1:], price[:, -1:]], 1)
    if means:
        number = torch.arange(1, cost.shape[1] + 1, device=cost.device)
        return torch.stack([STEPS * spent / number, STEPS * value.cumsum(1) / number, price, action], 2)
    return torch.stack([hazard(cost.clamp(min=_LEAST), 1 - spent), log_ratio(value + FLOOR, EVEN + FLOOR), price, action], 2)


@dataclass
class Outlook:
    """A plan in natural units, all [B,T] but where said; 0 before the step that is decided."""

    spend: Tensor       # share of the budget
    value: Tensor       # C x value / B
    spent_end: Tensor   # [B] share of the budget at the day's end
    value_end: Tensor   # [B]


class FlowScale(nn.Module):
    """Reads flows out of feature rows and z-scores them per step of the day; all statistics are buffers of the model."""

    def __init__(self, names: tuple[str, ...], means: bool):
        super().__init__()
        missing = [name for name in _COLUMNS if name not in names]
        if missing:
            raise ValueError(f"flows need the feature columns {missing}")
        self.means = means
        # A buffer: indexing by a list would copy from the host, which a captured graph must not.
        self.register_buffer("columns", torch.tensor([names.index(name) for name in _COLUMNS]), persistent=False)
        self.register_buffer("row_mean", torch.zeros(len(_COLUMNS)))
        self.register_buffer("row_std", torch.ones(len(_COLUMNS)))
        self.register_buffer("mean", torch.zeros(STEPS, SIZE))
        self.register_buffer("std", torch.ones(STEPS, SIZE))
        # Mean square of a day's z-scored rest, by the step it begins at: beyond it a plan is like no day that was seen.
        self.register_buffer("reach", torch.full((STEPS,), LIMIT ** 2))

    @torch.no_grad()
    def fit(self, flows: Tensor, normaliser: Normaliser) -> None:
        """flows [N,T,4] of training days."""
        self.row_mean.copy_(normaliser.mean[self.columns])
        self.row_std.copy_(normaliser.std[self.columns])
        self.mean.copy_(flows.mean(0))
        self.std.copy_(flows.std(0, unbiased=False).clamp(min=0.05))
        square = (self(flows) ** 2).mean(2).flip(1).cumsum(1).flip(1) / torch.arange(STEPS, 0, -1, device=flows.device)
        keys = torch.linspace(0, len(square) - 1, min(len(square), 50_000), device=square.device).long()
        self.reach.copy_(torch.quantile(square[keys], 0.995, dim=0))

    def forward(self, flows: Tensor) -> Tensor:
        return ((flows - self.mean) / self.std).clamp(-LIMIT, LIMIT)

    def at_steps(self, flows: Tensor, steps: Tensor) -> Tensor:
        """z-scores of flows [B,L,4] that belong to `steps` [B,L]."""
        return ((flows - self.mean[steps]) / self.std[steps]).clamp(-LIMIT, LIMIT)

    def natural(self, z: Tensor) -> Tensor:
        return z * self.std + self.mean

    def known(self, states: Tensor, timesteps: Tensor) -> Tensor:
        """Flows [B,L,4], not z-scored, of the steps before those of the rows `states` [B,L,F]; `timesteps` [B,L]."""
        left, gained, spend, value, price, multiplier = (states.index_select(2, self.columns) * self.row_std + self.row_mean).unbind(2)
        if self.means:
            number = timesteps.clamp(min=1).to(states.dtype)
            return torch.stack([STEPS * (1 - left) / number, STEPS * gained / number, price, multiplier], 2)
        spent = (torch.exp(spend) * (EVEN + FLOOR) - FLOOR).clamp(min=0.0)
        return torch.stack([hazard(spent, left), value, price, multiplier], 2)

    def standing(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """Share of the budget left and value so far [B] from z-scored rows [B,F]."""
        raw = row.index_select(1, self.columns[:2]) * self.row_std[:2] + self.row_mean[:2]
        return raw[:, 0].clamp(min=0.0), raw[:, 1].clamp(min=0.0)

    def outlook(self, flows: Tensor, future: Tensor, row: Tensor) -> Outlook:
        """flows [B,T,4] not z-scored, future [B,T] of 0 / 1 from the step that is decided on, row [B,F] of that step."""
        left, gained = self.standing(row)
        if self.means:
            number = torch.arange(1, STEPS + 1, device=flows.device, dtype=flows.dtype) / STEPS
            totals = [flows[:, :, channel] * number for channel in (SPEND, VALUE)]
            before = [torch.cat([torch.zeros_like(t[:, :1]), t[:, :-1]], 1) for t in totals]
            first = future * torch.cat([torch.ones_like(future[:, :1]), 1 - future[:, :-1]], 1)
            starts = [(1 - left).unsqueeze(1), gained.unsqueeze(1)]
            spend, value = ((t - torch.where(first > 0, s, b)) * future for t, b, s in zip(totals, before, starts))
        else:
            x = flows[:, :, SPEND]
            passed = (nn.functional.softplus(x) * future).cumsum(1)
            before = torch.cat([torch.zeros_like(passed[:, :1]), passed[:, :-1]], 1)
            spend = left.unsqueeze(1) * torch.exp(-before) * torch.sigmoid(x) * future
            value = (torch.exp(flows[:, :, VALUE]) * (EVEN + FLOOR) - FLOOR).clamp(min=0.0) * future
        return Outlook(spend, value, 1 - left + spend.sum(1), gained + value.sum(1))

    def legal(self, outlook: Outlook) -> Tensor:
        """[B] 1 where no step is planned to spend less than nothing and the day not more than its budget."""
        return ((outlook.spend >= -1e-6).all(1) & (outlook.spent_end <= 1 + 1e-5)).float()

    def features(self, z: Tensor, at: Tensor, outlook: Outlook) -> Tensor:
        """What the head is told [B,PLANNED]: next step's spend, value and price of the plan z [B,T,4]; at [B,T] one-hot of the step."""
        following = (z[:, :, :MULTIPLIER] * at.unsqueeze(2)).sum(1)
        end = torch.stack([outlook.spent_end.clamp(-1.0, 2.0), outlook.value_end.clamp(0.0, 4.0)], 1)
        return torch.cat([following, end], 1)
