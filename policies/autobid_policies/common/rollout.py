"""Replay environment on the exported curves, rivals frozen: whole days for a batch of keys, differentiable in the multipliers.

The columns that depend on the key's own past (spend, value, multipliers) are rebuilt by the feature twin; market columns come from
the exported rows. Units as in data.py.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

import torch
from torch import Tensor

from . import curves
from .data import LOG_MAX, LOG_MIN, PROBE_LOGS, TrajectorySet
from .features import OwnHistory, Twin

# (step, raw rows [B,F], own history) -> log multiplier [B]
Decide = Callable[[int, Tensor, OwnHistory], Tensor]


@dataclass
class RollOut:
    features: Tensor  # [B,T,F] raw rows as the policy saw them, hidden groups zeroed
    action: Tensor    # [B,T]
    cost: Tensor      # [B,T]
    value: Tensor     # [B,T]

    def score(self, exponent: float | Tensor = curves.SCORE_EXPONENT) -> Tensor:
        """Expected S_T [B]."""
        return curves.penalised(self.value.sum(1), self.cost.sum(1), exponent)


def rescale(days: TrajectorySet, budget_factor: Tensor, target_factor: Tensor, log_grid: Tensor, twin: Twin) -> TrajectorySet:
    """The same days for another budget B' = f B and target C' = g C (both [N]): exact on the curves, since a multiplier m' of C'
    is the multiplier g m' of C; market columns of the features follow by the twin. efficiency and s_star are recomputed."""
    f, g = budget_factor.unsqueeze(1), target_factor.unsqueeze(1)
    shifted = (log_grid + torch.log(target_factor).view(-1, 1, 1)).expand(-1, days.action.shape[1], -1)

    def read(table: Tensor) -> Tensor:
        keys, steps, points = table.shape
        rows = table.float().reshape(keys * steps, 1, points).expand(-1, points, -1)
        return curves.interpolate(rows, shifted.reshape(keys * steps, points), log_grid).reshape(keys, steps, points)

    curve_cost = read(days.curve_cost) / f.unsqueeze(2)
    curve_value = read(days.curve_value) * (g / f).unsqueeze(2)
    s_star, _, _ = curves.hindsight(curve_cost, curve_value, days.mode, log_grid)
    changed = replace(days, features=twin.rescale(days, target_factor),
                      action=(days.action - torch.log(g)).clamp(LOG_MIN, LOG_MAX), base=days.base - torch.log(g),
                      cost=days.cost / f, value=days.value * g / f, curve_cost=curve_cost, curve_value=curve_value,
                      forecast_cost=probe_at(days.forecast_cost, target_factor) / f.unsqueeze(2),
                      forecast_value=probe_at(days.forecast_value, target_factor) * (g / f).unsqueeze(2), s_star=s_star,
                      budget=days.budget * budget_factor, target=days.target * target_factor)
    score = curves.penalised(changed.value.sum(1), changed.cost.sum(1))
    return replace(changed, efficiency=(score / s_star.clamp(min=1e-9)).clamp(0.0, 1.05))


def probe_at(forecast: Tensor, target_factor: Tensor) -> Tensor:
    """Forecasts [N,T,3] at the probes moved by log g: log-log linear through the three known points, and beyond them."""
    known = torch.log(forecast.clamp(min=1e-9))
    probes = torch.tensor(PROBE_LOGS, device=forecast.device)
    wanted = probes + torch.log(target_factor).view(-1, 1, 1)
    slope = (known[:, :, 1:] - known[:, :, :-1]) / (probes[1:] - probes[:-1])
    upper = wanted >= probes[1]
    moved = torch.where(upper, known[:, :, 1:2] + slope[:, :, 1:] * (wanted - probes[1]),
                        known[:, :, 1:2] + slope[:, :, :1] * (wanted - probes[1]))
    return torch.where(forecast > 0, torch.exp(moved.clamp(max=10.0)), forecast)


def roll_out(days: TrajectorySet, decide: Decide, twin: Twin, log_grid: Tensor, keep: Tensor | None = None,
             detach_state: bool = False, arrivals: Tensor | None = None) -> RollOut:
    """Plays the days. `keep` [B,F] or [1,F] of 0 / 1 hides feature groups from the policy (raw columns zeroed); `arrivals` [B,256]
    draws the conversions that the policy sees, without it they are the expected ones."""
    steps = days.action.shape[1]
    curve_cost, curve_value = days.curve_cost.float(), days.curve_value.float()
    history = OwnHistory(days, arrivals)
    rows = []
    for step in range(steps):
        row = twin.rows(step, days, history)
        if keep is not None:
            row = row * keep
        if detach_state:
            row = row.detach()
        action = decide(step, row, history).clamp(LOG_MIN, LOG_MAX)
        cost, value = curves.clamp_to_budget(curves.interpolate(curve_cost[:, step], action, log_grid),
                                             curves.interpolate(curve_value[:, step], action, log_grid), 1.0 - history.spent)
        history.append(action, cost, value)
        rows.append(row)
    return RollOut(torch.stack(rows, 1), torch.stack(history.action, 1), torch.stack(history.cost, 1), torch.stack(history.value, 1))


def constant(log_multiplier: float | Tensor) -> Decide:
    def decide(step: int, row: Tensor, history: OwnHistory) -> Tensor:
        if isinstance(log_multiplier, Tensor):
            return log_multiplier
        return torch.full((row.shape[0],), float(log_multiplier), device=row.device)
    return decide


class ReplanOracle:
    """At every step the best constant for the rest of the day, given what was spent and gained; it sees the future."""

    def __init__(self, days: TrajectorySet, log_grid: Tensor):
        self.points = curves.fine_grid(days.device)
        self.matrix = curves.refine(log_grid, self.points)
        self.cost = curves.remaining(days.curve_cost)
        self.value = curves.remaining(days.curve_value)
        self.mode = days.mode

    def __call__(self, step: int, row: Tensor, history: OwnHistory) -> Tensor:
        action, _, _ = curves.best_constant(self.cost[:, step] @ self.matrix, self.value[:, step] @ self.matrix,
                                            history.spent, history.gained, self.mode, self.points)
        return action


def hindsight_after(days: TrajectorySet, prefix: Tensor, log_grid: Tensor) -> Decide:
    """Logged actions for the first prefix [B] steps, then the replan oracle."""
    oracle = ReplanOracle(days, log_grid)

    def decide(step: int, row: Tensor, history: OwnHistory) -> Tensor:
        return torch.where(prefix > step, days.action[:, step], oracle(step, row, history))
    return decide
