"""Twin of the C# day forecast and of MPC on it (docs/features.md, policies.md section 2), for roll-outs.

What a forecast says apart from its calibration does not depend on a key's own actions: it is tabulated once per key and step, against
the multiplier. The calibration (realised / predicted) follows the actions that a roll-out takes. Tables are in the units of data.py.
"""
from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from . import curves
from .data import LOG_MAX, LOG_MIN, STEPS, TARGET_FIRST, DataError, FeatureSpec, TrajectorySet

# Room for other targets: a multiplier m of C' = g C is the multiplier g m of C.
MARGIN = 1.25
SHRINK = 0.05
RATIO_LIMIT = 4.0
SIGNALS_FOR_HALF_WEIGHT = 20.0
DECAY_STEPS = 4
# Into which MPC cuts the intervals beside its best point.
PARTS = 8


@dataclass(frozen=True)
class Axis:
    """Equally spaced log multipliers that tables are made for."""

    first: float
    step: float
    points: int

    @staticmethod
    def of(table: Tensor) -> "Axis":
        """The axis of a table [..., points]."""
        return ENGINE if table.shape[-1] == ENGINE.points else COARSE

    def logs(self, device: torch.device | str = "cpu") -> Tensor:
        return self.first + self.step * torch.arange(self.points, device=device)


# What training reads: held for every key, step and state of knowledge.
COARSE = Axis(LOG_MIN - MARGIN, (LOG_MAX - LOG_MIN + 2 * MARGIN) / 111, 112)
# The 160 points of the service's own projection and as many beyond them: tables without an error of their own.
_ENGINE_STEP = (LOG_MAX - LOG_MIN) / 159
_BEYOND = math.ceil(MARGIN / _ENGINE_STEP)
ENGINE = Axis(LOG_MIN - _BEYOND * _ENGINE_STEP, _ENGINE_STEP, 160 + 2 * _BEYOND)


@dataclass(frozen=True)
class Prior:
    """The population prior: cost and value of one average opportunity at equally spaced log bids per value."""

    first: float
    step: float
    cost: Tensor          # [192]
    value: Tensor         # [192]
    mean_value: float
    shape: Tensor         # [48], sums to 1
    per_day: float
    regime: int
    persistence: float
    SAMPLES = 192

    @staticmethod
    def read(path: Path) -> "Prior":
        """In torch's default precision."""
        try:
            return Prior.parse(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise DataError(f"{path} is missing: forecasts need the prior that the data were made with") from None
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: {error!r}") from None

    @staticmethod
    def parse(raw: dict) -> "Prior":
        """Of what a prior file holds. KeyError, TypeError or ValueError where it does not."""
        real = torch.get_default_dtype()
        logs = torch.tensor(raw["bidPerValue"], dtype=torch.float64).log()
        shape = torch.tensor(raw.get("shape") or [1.0] * STEPS, dtype=torch.float64)
        samples = torch.linspace(float(logs[0]), float(logs[-1]), Prior.SAMPLES, dtype=torch.float64)

        def resample(table: list[float]) -> Tensor:
            points = torch.tensor(table, dtype=torch.float64)
            right = torch.searchsorted(logs, samples).clamp(1, len(logs) - 1)
            part = (samples - logs[right - 1]) / (logs[right] - logs[right - 1])
            return (points[right - 1] + part * (points[right] - points[right - 1])).to(real)

        return Prior(float(samples[0]), float(samples[1] - samples[0]), resample(raw["cost"]), resample(raw["value"]),
                     float(raw["meanValue"]), (shape / shape.sum()).to(real), float(raw.get("opportunitiesPerDay", 0)),
                     int(raw.get("regimeSteps", 0)), float(raw.get("levelPersistence", 0)))

    def at(self, log: Tensor) -> tuple[Tensor, Tensor]:
        """Below the first point cost falls with the square of the bid, value with the bid; flat above the last."""
        position = (log - self.first) / self.step
        fall = torch.exp(position.clamp(max=0.0) * self.step)
        position = position.clamp(0, self.SAMPLES - 1)
        low = position.floor().clamp(max=self.SAMPLES - 2).long()
        part = position - low
        cost, value = self.cost.to(log.device), self.value.to(log.device)
        return ((cost[low] + part * (cost[low + 1] - cost[low])) * fall * fall, (value[low] + part * (value[low + 1] - value[low])) * fall)


def _before(x: Tensor) -> Tensor:
    """Sums over the steps before each: [N,T,...]."""
    return torch.cat([torch.zeros_like(x[:, :1]), x.cumsum(1)[:, :-1]], 1)


def _levels(days: TrajectorySet, prior: Prior, regime: int, knows_step: bool) -> tuple[Tensor, Tensor]:
    """Value level of the step and the one expected beyond the regime, relative to the population, each [N,T]."""
    now = days.mean_value / prior.mean_value
    seen, value = _before(days.impressions), _before(days.impressions * days.mean_value)
    own = torch.where((seen > 0) & (value > 0), value / seen.clamp(min=1e-9) / prior.mean_value, torch.ones_like(now))
    started = own ** prior.persistence
    last = torch.cat([torch.zeros_like(now[:, :1]), now[:, :-1]], 1)
    fresh = torch.arange(STEPS, device=now.device) % regime == 0 if regime > 0 else torch.zeros(STEPS, dtype=torch.bool, device=now.device)
    guess = torch.where((last > 0) & ~fresh, last, started)
    level = torch.where(now > 0, now, guess) if knows_step else guess
    # Before anything was seen the level of the step stands for the campaign's own.
    lasting = torch.where((seen > 0) & (value > 0), started, level ** prior.persistence)
    return level, lasting


def _volumes(days: TrajectorySet, prior: Prior, regime: int, knows_step: bool) -> tuple[Tensor, Tensor]:
    """Opportunities to come inside the regime and beyond it [N,T]."""
    shape = prior.shape.to(days.device)
    seen, shape_seen = _before(days.impressions), _before(shape.expand(1, -1))
    flat = 1.0 / STEPS
    if prior.per_day > 0:
        day = (seen + prior.per_day * flat) / (shape_seen + flat)
    else:
        current = days.impressions / shape.clamp(min=1e-12) if knows_step else torch.zeros_like(seen)
        day = torch.where(shape_seen > 0, seen / shape_seen.clamp(min=1e-12), current)
    step = torch.arange(STEPS, device=days.device)
    later = step.unsqueeze(0) >= step.unsqueeze(1)
    near = (step.unsqueeze(0) // regime == step.unsqueeze(1) // regime).to(shape.dtype) if regime > 0 \
        else torch.exp(-(step.unsqueeze(0) - step.unsqueeze(1)).clamp(min=0) / DECAY_STEPS)
    near_shape, far_shape = (near * later) @ shape, ((1 - near) * later) @ shape
    inside, beyond = day * near_shape, day * far_shape
    if knows_step:
        # The running step is known: its near weight is 1.
        inside = torch.where(days.impressions > 0, inside - day * shape + days.impressions, inside)
    return inside, beyond


def _recent(days: TrajectorySet, regime: int) -> tuple[Tensor, Tensor, Tensor]:
    """Cost and value of one opportunity of the recent closed steps on the 24 points [N,T,24], and their opportunities [N,T]."""
    sums = [_before(table.to(days.cost.dtype)) for table in (days.response_cost, days.response_value)] + [_before(days.impressions)]
    step = torch.arange(STEPS, device=days.device)
    first = step // regime * regime if regime > 0 else (step - DECAY_STEPS).clamp(min=0)
    cost, value, count = (table - table[:, first] for table in sums)
    scale = count.clamp(min=1e-9).unsqueeze(2)
    return cost / scale, value / scale, count


def with_tables(days: TrajectorySet, prior: Prior, log_grid: Tensor, exact: bool = False, dearer: Tensor | None = None) -> TrajectorySet:
    """The days with forecasts for each state of knowledge: V = 4, index (step unknown) + 2 x (regime unknown). `exact`: on the
    service's own points in the days' own precision, at five times the memory. `dearer` [N,T]: log of the prices relative to the prior's
    when each step is decided, which MPC follows and features do not."""
    made = [tabulate(days, prior, log_grid, step, regime, exact, dearer) for regime in (True, False) for step in (True, False)]
    cost, value = (torch.stack([pair[i] for pair in made], 1) for i in (0, 1))
    return replace(days, table_cost=cost, table_value=value, table_budget=days.budget.clone(), table_target=days.target.clone())


def as_known(days: TrajectorySet, keep: Tensor | None, spec: FeatureSpec) -> TrajectorySet:
    """Narrows the tables to what each key knows (V = 1). `keep` [B,F] or [1,F] hides feature groups as in roll-outs."""
    if not days.has_tables or days.table_cost.shape[1] == 1:
        return days
    index = torch.zeros(len(days), dtype=torch.long, device=days.device)
    for weight, group in ((1, "step"), (2, "regime")):
        if keep is not None and group in spec.masks:
            index = index + weight * (keep[:, spec.masks[group][-1]] == 0).long()
    rows = torch.arange(len(days), device=days.device)
    return replace(days, table_cost=days.table_cost[rows, index].unsqueeze(1), table_value=days.table_value[rows, index].unsqueeze(1))


def _units(days: TrajectorySet) -> tuple[Tensor, Tensor, Tensor]:
    """Log target, cost and value of the tables in terms of the days' own budget and target, each [N]."""
    factor = days.target / days.table_target
    share = days.table_budget / days.budget
    return torch.log(factor), share, share * factor


def at_probes(days: TrajectorySet, probes: Tensor) -> Tensor:
    """Uncalibrated cost, then value, of the rest of the day at each probe (log multipliers [P]), [N,T,2P]. Tables must be narrowed (V = 1) or all known."""
    axis = Axis.of(days.table_cost)
    shift, *units = _units(days)
    position = (probes + shift.unsqueeze(1) - axis.first) / axis.step
    low = position.floor().clamp(0, axis.points - 2)
    part = (position - low).unsqueeze(1)
    index = low.long().unsqueeze(1).expand(-1, STEPS, -1)
    found = []
    for table, unit in zip((days.table_cost[:, 0], days.table_value[:, 0]), units):
        left, right = (table.gather(2, i).to(days.cost.dtype) for i in (index, index + 1))
        found.append((left + part * (right - left)) * unit.view(-1, 1, 1))
    return torch.cat(found, 2)


class Planner:
    """MPC inside a roll-out. One instance plays one roll-out."""

    def __init__(self, days: TrajectorySet, known: Tensor | None = None):
        """`known` [B]: 0 where nothing can be projected."""
        self.axis = Axis.of(days.table_cost)
        self.shift, cost, value = _units(days)
        self.unit = torch.stack([cost, value], 1)
        self.tables = days.table_cost[:, 0], days.table_value[:, 0]
        self.mode = days.mode
        self.known = torch.ones_like(cost) if known is None else known

    @torch.no_grad()
    def __call__(self, step: int, ratios: Tensor, total: Tensor) -> Tensor:
        """Log multiplier [B] from the calibration and the totals (cost, value) so far, each [B,2]; 0 where unknown."""
        scale = ratios * self.unit
        cost, value = (table[:, step] * scale[:, i:i + 1] for i, table in enumerate(self.tables))
        return plan(cost, value, self.axis, self.shift, total[:, 0], total[:, 1], self.mode) * self.known


def tabulate(days: TrajectorySet, prior: Prior, log_grid: Tensor, knows_step: bool = True, knows_regime: bool = True,
             exact: bool = False, dearer: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Uncalibrated cost and value of the rest of the day at the axis' points [N,T,points], half unless `exact`."""
    regime = prior.regime if knows_regime else 0
    logs = (ENGINE if exact else COARSE).logs(days.device)
    parts = []
    if dearer is None:
        dearer = torch.zeros_like(days.cost)
    for start in range(0, len(days), 256):
        chunk = days.take(torch.arange(start, min(start + 256, len(days)), device=days.device))
        made = _tabulate(chunk, prior, log_grid, logs, regime, knows_step, dearer[start:start + 256].unsqueeze(2))
        parts.append(made if exact else tuple(table.half() for table in made))
    return tuple(torch.cat(column) for column in zip(*parts))


def _tabulate(days: TrajectorySet, prior: Prior, log_grid: Tensor, logs: Tensor, regime: int, knows_step: bool,
              dearer: Tensor) -> tuple[Tensor, Tensor]:
    level, lasting = _levels(days, prior, regime, knows_step)
    inside, beyond = _volumes(days, prior, regime, knows_step)
    recent_cost, recent_value, count = _recent(days, regime)
    budget, target = days.budget.view(-1, 1, 1), days.target.view(-1, 1, 1)
    weight = (count / (count + SIGNALS_FOR_HALF_WEIGHT)).unsqueeze(2)

    def read_prior(at: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        cost, value = prior.at(at + torch.log(target * scale.unsqueeze(2)) - dearer)
        return cost * torch.exp(dearer) / budget, value * scale.unsqueeze(2) * target / budget

    near_cost, near_value = read_prior(logs.view(1, 1, -1), level)
    far_cost, far_value = read_prior(logs.view(1, 1, -1), lasting)
    position = ((logs - log_grid[0]) / (log_grid[1] - log_grid[0]))
    low = position.clamp(0, len(log_grid) - 1).floor().clamp(max=len(log_grid) - 2).long()
    part = (position - low).clamp(0.0, 1.0)
    # Outside its points the recent curve goes on as the prior, scaled to join it there.
    outside = (position < 0) | (position > len(log_grid) - 1)
    edges = log_grid[[0, -1]].view(1, 1, -1)
    edge_cost, edge_value = read_prior(edges, level)
    above = (position > 0).long()

    def join(recent: Tensor, at_edge: Tensor, prior_table: Tensor) -> Tensor:
        inner = recent[..., low] + part * (recent[..., low + 1] - recent[..., low])
        factor = recent[..., [0, -1]] / at_edge.clamp(min=1e-30)
        return torch.where(outside, factor[..., above] * prior_table, inner)

    cost = near_cost + weight * (join(recent_cost, edge_cost, near_cost) - near_cost)
    value = near_value + weight * (join(recent_value, edge_value, near_value) - near_value)
    cost = inside.unsqueeze(2) * cost + beyond.unsqueeze(2) * far_cost
    value = inside.unsqueeze(2) * value + beyond.unsqueeze(2) * far_value
    return cost.cummax(2).values, value.cummax(2).values


def ratio(real: Tensor, predicted: Tensor) -> Tensor:
    """Shrunk realised / predicted."""
    return ((real + SHRINK) / (predicted + SHRINK)).clamp(1 / RATIO_LIMIT, RATIO_LIMIT)


def plan(cost: Tensor, value: Tensor, axis: Axis, shift: Tensor, spent: Tensor, gained: Tensor, mode: Tensor) -> Tensor:
    """MPC's log multiplier [B] from calibrated tables [B,P] at the axis' points - shift [B]: the best projected score in SpendFirst, min-pacing in
    TargetFirst."""
    left = (1.0 - spent).clamp(min=0.0).unsqueeze(1)
    spent, gained = spent.unsqueeze(1), gained.unsqueeze(1)
    last = axis.points - 1
    index = torch.arange(axis.points, device=cost.device)

    def largest(condition: Tensor) -> Tensor:
        """[B,1] index of the last point that meets it; -1 without one."""
        return torch.where(condition, index, -torch.ones_like(index)).amax(1, keepdim=True)

    def crossing(at: Tensor, table: Tensor, wanted: Tensor) -> Tensor:
        """Position between point `at` and the next at which the table takes the wanted value [B,1]."""
        low = at.clamp(0, last - 1)
        here, there = table.gather(1, low), table.gather(1, low + 1)
        return low + ((wanted - here) / (there - here).clamp(min=1e-12)).clamp(0.0, 1.0)

    def score(cost: Tensor, value: Tensor) -> Tensor:
        share = (left / cost.clamp(min=1e-12)).clamp(max=1.0)
        return curves.penalised(gained + share * value, spent + share * cost)

    found = score(cost, value)
    best = found.argmax(1, keepdim=True)
    # Beside the best point: eighths of both intervals, and where the money ends.
    low = torch.cat([best - 1, best], 1).clamp(0, last - 1)
    ends = [(table.gather(1, low), table.gather(1, low + 1)) for table in (cost, value)]
    kink = (left - ends[0][0]) / (ends[0][1] - ends[0][0]).clamp(min=1e-12)
    kink = torch.where((kink > 0) & (kink < 1), kink, torch.zeros_like(kink))
    parts = torch.cat([kink.unsqueeze(2), (torch.arange(1, PARTS, device=cost.device) / PARTS).expand(len(cost), 2, -1)], 2)
    between = score(*(torch.lerp(here.unsqueeze(2), there.unsqueeze(2), parts).flatten(1) for here, there in ends))
    places = torch.cat([best.to(cost.dtype), (low.unsqueeze(2) + parts).flatten(1)], 1)
    chosen = torch.cat([found.gather(1, best), between], 1).argmax(1, keepdim=True)
    spend_first = places.gather(1, chosen)

    budget_end = crossing(largest(cost <= left), cost, left)
    excess, slack = cost - value, gained - spent
    held = largest(excess <= slack)
    target_end = torch.where(held >= 0, crossing(held, excess, slack), excess.argmin(1, keepdim=True).to(cost.dtype))
    position = torch.where(mode.unsqueeze(1) == TARGET_FIRST, torch.minimum(budget_end, target_end), spend_first)
    return (axis.first + position.squeeze(1) * axis.step - shift).clamp(LOG_MIN, LOG_MAX)
