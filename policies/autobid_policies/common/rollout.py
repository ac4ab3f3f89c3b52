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
from .data import LOG_MAX, LOG_MIN, TrajectorySet
from .features import OwnHistory, Twin
from .forecast import Planner, as_known


@dataclass
class Step:
    """What a policy sees when it decides."""

    step: int
    row: Tensor         # [B,F] raw, hidden groups zeroed
    history: OwnHistory
    base: Tensor        # [B] log multiplier of MPC, 0 where absent
    base_mask: Tensor   # [B]


# Log multiplier [B]
Decide = Callable[[Step], Tensor]


@dataclass
class RollOut:
    features: Tensor  # [B,T,F] raw rows as the policy saw them, hidden groups zeroed
    action: Tensor    # [B,T]
    cost: Tensor      # [B,T]
    value: Tensor     # [B,T]
    base: Tensor      # [B,T]
    base_mask: Tensor

    def score(self, exponent: float | Tensor = curves.SCORE_EXPONENT) -> Tensor:
        """Expected S_T [B]."""
        return curves.penalised(self.value.sum(1), self.cost.sum(1), exponent)


def rescale(days: TrajectorySet, budget_factor: Tensor, target_factor: Tensor, log_grid: Tensor, twin: Twin,
            price_shift: Tensor | None = None, oracle: bool = True) -> TrajectorySet:
    """The same days for another budget B' = f B and target C' = g C (both [N]): exact on the curves, since a multiplier m' of C'
    is the multiplier g m' of C; market columns of the features follow by the twin. efficiency and s_star are recomputed unless `oracle`
    is False (a gradient step needs neither: then s_star is the old one under the factor g / f).

    price_shift d [N] makes the whole market exp(d) times as dear without telling the forecasts: what multiplier m bought is had at
    m exp(d), for exp(d) times the money."""
    f, g = budget_factor.unsqueeze(1), target_factor.unsqueeze(1)
    dearer = torch.zeros_like(target_factor) if price_shift is None else price_shift
    shifted = (log_grid + (torch.log(target_factor) - dearer).view(-1, 1, 1)).expand(-1, days.action.shape[1], -1)

    def read(table: Tensor) -> Tensor:
        keys, steps, points = table.shape
        rows = table.float().reshape(keys * steps, 1, points).expand(-1, points, -1)
        return curves.interpolate(rows, shifted.reshape(keys * steps, points), log_grid).reshape(keys, steps, points)

    curve_cost = read(days.curve_cost) * (torch.exp(dearer).unsqueeze(1) / f).unsqueeze(2)
    curve_value = read(days.curve_value) * (g / f).unsqueeze(2)
    s_star = curves.hindsight(curve_cost, curve_value, days.mode, log_grid)[0] if oracle else days.s_star * (g / f).squeeze(1)
    features = twin.rescale(days, target_factor * torch.exp(-dearer))
    changed = replace(days, features=features,
                      action=(days.action - torch.log(g)).clamp(LOG_MIN, LOG_MAX), base=days.base - torch.log(g),
                      cost=days.cost / f, value=days.value * g / f, curve_cost=curve_cost, curve_value=curve_value,
                      s_star=s_star, budget=days.budget * budget_factor, target=days.target * target_factor)
    if not days.has_tables:
        probes = twin.probes(days.device)
        changed = replace(changed, forecast_cost=probe_at(days.forecast_cost, target_factor, probes) / f.unsqueeze(2),
                          forecast_value=probe_at(days.forecast_value, target_factor, probes) * (g / f).unsqueeze(2))
    if not oracle:
        return changed
    score = curves.penalised(changed.value.sum(1), changed.cost.sum(1))
    return replace(changed, efficiency=(score / s_star.clamp(min=1e-9)).clamp(0.0, 1.05))


def probe_at(forecast: Tensor, target_factor: Tensor, probes: Tensor) -> Tensor:
    """Forecasts [N,T,P] at the probes moved by log g: log-log linear through the known points, and beyond them."""
    known = torch.log(forecast.clamp(min=1e-9))
    wanted = probes + torch.log(target_factor).view(-1, 1, 1)
    slope = (known[:, :, 1:] - known[:, :, :-1]) / (probes[1:] - probes[:-1])
    at = (torch.searchsorted(probes, wanted.contiguous()) - 1).clamp(0, len(probes) - 2).expand(-1, known.shape[1], -1)
    moved = known.gather(2, at) + slope.gather(2, at) * (wanted - probes[at])
    return torch.where(forecast > 0, torch.exp(moved.clamp(max=10.0)), forecast)


def roll_out(days: TrajectorySet, decide: Decide, twin: Twin, log_grid: Tensor, keep: Tensor | None = None,
             detach_state: bool = False, arrivals: Tensor | None = None, plans: bool = True) -> RollOut:
    """Plays the days. `keep` [B,F] or [1,F] of 0 / 1 hides feature groups from the policy (raw columns zeroed); `arrivals` [B,256]
    draws the conversions that the policy sees, without it they are the expected ones. Days with tables get their base from MPC in the
    roll-out's own state (unless `plans` is False: a policy that does not look at it need not wait for it), and forecasts with its own
    calibration; without tables both are the log's."""
    steps = days.action.shape[1]
    days = as_known(days, keep, twin.spec)
    reader = curves.Reader(days)
    history = OwnHistory(days, arrivals, reader if days.has_tables else None)
    planner, known = None, None
    if days.has_tables and plans:
        known = keep[:, twin.column["curves_known"]].expand(len(days)) if keep is not None else None
        planner = Planner(days, known)
        days = replace(days, base=torch.zeros_like(days.base), base_mask=torch.ones_like(days.base_mask) * planner.known.unsqueeze(1))
    rows, bases = [], []
    for step in range(steps):
        row = twin.rows(step, days, history)
        if keep is not None:
            row = row * keep
        if detach_state:
            row = row.detach()
        base = days.base[:, step] if planner is None else planner(step, history.ratios(), history.total.detach())
        action = decide(Step(step, row, history, base, days.base_mask[:, step])).clamp(LOG_MIN, LOG_MAX)
        history.extend(action, curves.within_budget(reader.flow(step, action), history.spent))
        rows.append(row)
        bases.append(base)
    flow = torch.stack(history.flow, 1)
    return RollOut(torch.stack(rows, 1), torch.stack(history.action, 1), flow[..., 0], flow[..., 1], torch.stack(bases, 1), days.base_mask)


@torch.no_grad()
def rebuild(days: TrajectorySet, twin: Twin, batch: int = 1024) -> TrajectorySet:
    """Own columns, forecasts and base of logged days, which packed exports leave out: the log replayed. Conversions stay the log's."""
    parts = []
    for start in range(0, len(days), batch):
        chunk = days.take(torch.arange(start, min(start + batch, len(days)), device=days.device))
        planner, own = Planner(chunk), OwnHistory(chunk, responses=curves.Reader(chunk))
        rows, bases = [], []
        for step in range(chunk.action.shape[1]):
            row = twin.rows(step, chunk, own)
            row[:, twin.column["conversions_so_far"]] = chunk.features[:, step, twin.column["conversions_so_far"]]
            rows.append(row)
            bases.append(planner(step, own.ratios(), own.total))
            own.append(chunk.action[:, step], chunk.cost[:, step], chunk.value[:, step])
        parts.append((torch.stack(rows, 1), torch.stack(bases, 1)))
    features, base = (torch.cat(column) for column in zip(*parts))
    return replace(days, features=features, base=base, base_mask=torch.ones_like(base))


def constant(log_multiplier: float | Tensor) -> Decide:
    def decide(now: Step) -> Tensor:
        if isinstance(log_multiplier, Tensor):
            return log_multiplier
        return torch.full((now.row.shape[0],), float(log_multiplier), device=now.row.device)
    return decide


def receding_horizon(now: "Step") -> Tensor:
    """MPC with prior: the base itself."""
    return now.base


class ReplanOracle:
    """At every step the best constant for the rest of the day, given what was spent and gained; it sees the future."""

    def __init__(self, days: TrajectorySet, log_grid: Tensor):
        self.points = curves.fine_grid(days.device)
        self.matrix = curves.refine(log_grid, self.points)
        self.cost = curves.remaining(days.curve_cost)
        self.value = curves.remaining(days.curve_value)
        self.mode = days.mode

    def __call__(self, now: Step) -> Tensor:
        action, _, _ = curves.best_constant(self.cost[:, now.step] @ self.matrix, self.value[:, now.step] @ self.matrix,
                                            now.history.spent, now.history.gained, self.mode, self.points)
        return action


def hindsight_after(days: TrajectorySet, prefix: Tensor, log_grid: Tensor) -> Decide:
    """Logged actions for the first prefix [B] steps, then the replan oracle."""
    oracle = ReplanOracle(days, log_grid)

    def decide(now: Step) -> Tensor:
        return torch.where(prefix > now.step, days.action[:, now.step], oracle(now))
    return decide
