"""Python twin of the C# feature builder `scale-free` 1 and 2 (docs/features.md) for the columns that follow a key's own actions.

In a roll-out these columns are rebuilt from what the policy spent and gained; every other column is the market's and stays as
exported. `Twin.check` replays logged days through the twin and refuses data on which the two builders differ. Two columns have no
exact counterfactual: wins follow the logged wins in proportion to the value won, conversions are drawn (or expected, without a draw).
Forecasts are rebuilt with the roll-out's own calibration where the days have tables (forecast.py), else they keep the log's.
Units as in data.py: everything over the budget.
"""
from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from . import forecast
from .curves import Reader
from .data import STEPS, DataError, FeatureSpec, TrajectorySet

FLOOR = 1.0 / 3000
EVEN = 1.0 / STEPS
LOG_LIMIT = 4.0
# Realised conversions of the log are not those of a roll-out.
INEXACT = ("conversions_so_far",)
VERSIONS = (1, 2)
# More conversions than a key has in a day.
ARRIVALS = 256


def draw_arrivals(keys: int, generator: torch.Generator, device: torch.device | str) -> Tensor:
    """[keys, 256] arrival times of unit-rate Poisson processes: the number below L is a Poisson draw of mean L, and it can only grow
    as L does, so two policies share their luck. Drawn where the generator lives."""
    draws = torch.rand(keys, ARRIVALS, generator=generator, device=generator.device)
    return (-torch.log1p(-draws)).cumsum(1).to(device)


def upgrade(days: TrajectorySet, spec: FeatureSpec, prior: forecast.Prior) -> tuple[TrajectorySet, FeatureSpec]:
    """Rows of version 1 as version 2 writes them: counts relative to what the prior expects. Needs the exported opportunities."""
    if spec.version == 2:
        return days, spec
    column = {name: index for index, name in enumerate(spec.names)}
    if not days.has_responses or prior.per_day <= 0:
        raise DataError("features 2 need an export with opportunities, and a prior that says how many to expect")
    features = days.features.clone()
    expected = (prior.per_day * prior.shape.to(days.device)).clamp(min=1e-9).expand_as(days.impressions)
    volume = torch.where(days.impressions > 0, log_ratio(days.impressions.clamp(min=1e-9), expected), torch.zeros_like(expected))
    wins = torch.expm1(10 * features[:, 1:, column["wins_last"]])
    realised = torch.round(torch.expm1(5 * features[:, 1:, column["conversions_so_far"]])) * (days.target / days.budget).unsqueeze(1)
    features[:, 1:, column["impressions_last"]] = volume[:, :-1]
    features[:, 1:, column["wins_last"]] = log_ratio(wins + expected[:, :-1] / 50, expected[:, :-1])
    features[:, 1:, column["conversions_so_far"]] = log_ratio(realised + 0.05, days.value.cumsum(1)[:, :-1] + 0.05)
    features[:, :, column["step_volume"]] = volume * features[:, :, column["step_known"]]
    return replace(days, features=features), replace(spec, version=2)


class OwnHistory:
    """What a key did so far today: its actions [B], its flows (cost, value) [B,2] and their sums. `arrivals` draws conversions from the
    expected ones (no gradient), as the service will see them; without it the expected number stands for them."""

    def __init__(self, days: TrajectorySet, arrivals: Tensor | None = None, responses: Reader | None = None):
        """`responses` reads the curves that forecasts calibrate by; None: forecasts keep the log's calibration."""
        self.action: list[Tensor] = []
        self.flow: list[Tensor] = []
        self.total = torch.zeros(len(days), 2, device=days.device)
        self.spent, self.gained = self.total.unbind(1)
        self.predicted = torch.zeros_like(self.total)
        self.converted = torch.zeros_like(self.spent)
        self.market: Market | None = None
        self._conversions = days.budget / days.target
        self._arrivals = arrivals
        self._responses = responses

    def ratios(self) -> Tensor:
        """Calibration of cost and value [B,2]; no gradient: it is the market's answer, not a lever."""
        return forecast.ratio(self.total.detach(), self.predicted)

    def append(self, action: Tensor, cost: Tensor, value: Tensor) -> None:
        self.extend(action, torch.stack([cost, value], 1))

    def extend(self, action: Tensor, flow: Tensor) -> None:
        if self._responses is not None:
            with torch.no_grad():
                self.predicted = self.predicted + self._responses.response(len(self.action), action.detach())
        self.action.append(action)
        self.flow.append(flow)
        self.total = self.total + flow
        self.spent, self.gained = self.total.unbind(1)
        expected = (self.gained * self._conversions).detach()
        self.converted = expected if self._arrivals is None else (self._arrivals < expected.unsqueeze(1)).sum(1).float()


class Market:
    """What the twin needs of the market, for whole days at once: a roll-out reads it step by step."""

    def __init__(self, days: TrajectorySet, twin: "Twin"):
        column = twin.column
        f = days.features
        self.shrink = (0.2 * days.target / days.budget).unsqueeze(1)
        self.known = f[:, :, column["curves_known"]].unsqueeze(2)
        self.opportunities = days.impressions if days.impressions.shape[1] else torch.cat(
            [torch.expm1(10 * f[:, 1:, column["impressions_last"]]), torch.zeros_like(f[:, :1, 0])], 1)
        # Wins of a step per unit of value won: the log's own, else the share of the step's whole value; the log's count where it won nothing.
        logged = twin.logged_wins(f[:, 1:], self.opportunities[:, :-1])
        theirs = days.value[:, :-1]
        whole = days.curve_value[:, :-1, -1].float()
        bought = theirs > 1e-9
        self.wins_per_value = torch.where(bought, logged / theirs.clamp(min=1e-9), self.opportunities[:, :-1] / whole.clamp(min=1e-9))
        self.wins_of_nothing = torch.where(bought, torch.zeros_like(logged), logged)
        self.forecast = forecast.at_probes(days, twin.probes(days.device)) if days.has_tables \
            else torch.cat([days.forecast_cost, days.forecast_value], 2)


def log_ratio(x: Tensor, y: Tensor | float) -> Tensor:
    """L(x, y) = log(x / y) clamped to +-4."""
    return torch.log(x / y).clamp(-LOG_LIMIT, LOG_LIMIT)


class Twin:
    OWN = ("budget_left", "spend_minus_time", "value_so_far", "log_cpa_shrunk", "log_spend_last", "log_value_last", "log_multiplier_last",
           "log_spend_last3", "log_value_last3", "win_rate_last", "wins_last", "conversions_so_far")

    def __init__(self, spec: FeatureSpec):
        if spec.name != "scale-free" or spec.version not in VERSIONS:
            raise DataError(f"no Python twin of the feature builder {spec.name} {spec.version}")
        self.spec = spec
        self.column = {name: index for index, name in enumerate(spec.names)}
        self._probes = torch.tensor(spec.probe_logs)
        projected = tuple(f"log_{kind}_{probe}" for kind in ("cost", "value") for probe in spec.probes)
        wanted = (*self.OWN, *projected)
        missing = [name for name in (*wanted, "impressions_last", "log_price_last", "curves_known") if name not in self.column]
        if missing or not spec.probes:
            raise DataError(f"manifest.json: columns {missing or 'log_cost_*'} of scale-free {spec.version} are missing")
        self.size = len(spec.names)
        # A row is put together from runs of neighbouring columns, alternately exported and rebuilt.
        places = sorted(range(len(wanted)), key=lambda i: self.column[wanted[i]])
        self.order = places
        rebuilt = [self.column[wanted[i]] for i in places]
        self.runs: list[tuple[bool, int, int]] = []
        at = 0
        while at < self.size:
            own = at in rebuilt
            end = at
            while end < self.size and (end in rebuilt) == own:
                end += 1
            self.runs.append((own, at, end))
            at = end
        self.lengths = [end - start for own, start, end in self.runs if own]

    def probes(self, device: torch.device) -> Tensor:
        """Log multipliers [P]. Moved once: a captured graph must not copy from the host."""
        if self._probes.device != device:
            self._probes = self._probes.to(device)
        return self._probes

    def logged_wins(self, rows: Tensor, opportunities: Tensor) -> Tensor:
        if self.spec.version == 1:
            return torch.expm1(10 * rows[..., self.column["wins_last"]])
        return rows[..., self.column["win_rate_last"]] * opportunities

    def rows(self, step: int, days: TrajectorySet, own: OwnHistory) -> Tensor:
        """[B,F] for the decision of `step`."""
        if own.market is None:
            own.market = Market(days, self)
        market, exported = own.market, days.features[:, step]
        spent, gained = own.spent, own.gained
        left = (1.0 - spent).clamp(min=0.0) + FLOOR
        projected = market.forecast[:, step]
        if days.has_tables:
            projected = (projected.view(len(projected), 2, -1) * own.ratios().unsqueeze(2)).flatten(1)
        # All columns that are log ratios together: numerators, then denominators.
        shrunk = own.total + market.shrink
        if step > 0:
            last, few = own.flow[-1], own.flow[-3:]
            mean = sum(few[1:], few[0]) / len(few)
            logs = torch.log(torch.cat([shrunk, left.unsqueeze(1), torch.cat([last, mean], 1) + FLOOR], 1))
            log_spent, log_gained, log_left, flows = torch.split(logs, [1, 1, 1, 4], 1)
            ratios = torch.cat([log_spent - log_gained, flows - math.log(EVEN + FLOOR), torch.log(projected + FLOOR) - log_left], 1)
        else:
            logs = torch.log(torch.cat([shrunk, left.unsqueeze(1)], 1))
            ratios = torch.cat([logs[:, :1] - logs[:, 1:2], torch.zeros_like(exported[:, :4]), torch.log(projected + FLOOR) - logs[:, 2:]], 1)
        cpa, spend, value, spend3, value3, ahead = torch.split(ratios.clamp(-LOG_LIMIT, LOG_LIMIT), [1, 1, 1, 1, 1, projected.shape[1]], 1)
        head = [1.0 - spent, spent - step / STEPS, gained]
        if step > 0:
            opportunities = market.opportunities[:, step - 1]
            mine = last[:, 1]
            wins = torch.where(mine > 1e-9, mine * market.wins_per_value[:, step - 1], market.wins_of_nothing[:, step - 1])
            wins = torch.minimum(wins, opportunities)
            tail = [wins / opportunities.clamp(min=1.0), self._wins(step, days, wins), self._conversions(own, days)]
            action = own.action[-1].unsqueeze(1)
        else:
            tail = [torch.zeros_like(spent)] * 3
            action = torch.zeros_like(cpa)
        parts = [torch.stack(head, 1), cpa, spend, value, action, spend3, value3, torch.stack(tail, 1), ahead * market.known[:, step]]
        rebuilt = torch.cat(parts, 1)
        if self.order != list(range(len(self.order))):
            rebuilt = torch.cat([rebuilt[:, i:i + 1] for i in self.order], 1)
        pieces = iter(torch.split(rebuilt, self.lengths, 1))
        return torch.cat([next(pieces) if own_run else exported[:, start:end] for own_run, start, end in self.runs], 1)

    def _wins(self, step: int, days: TrajectorySet, wins: Tensor) -> Tensor:
        if self.spec.version == 1:
            return torch.log1p(wins) / 10
        # Exported as L(n, E) of the same step, so E is known from it.
        expected = days.impressions[:, step - 1] * torch.exp(-days.features[:, step, self.column["impressions_last"]])
        return log_ratio(wins + expected / 50, expected.clamp(min=1e-9))

    def _conversions(self, own: OwnHistory, days: TrajectorySet) -> Tensor:
        if self.spec.version == 1:
            return torch.log1p(own.converted) / 5
        realised = own.converted * days.target / days.budget
        return log_ratio(realised + 0.05, own.gained.detach() + 0.05)

    def rescale(self, days: TrajectorySet, target_factor: Tensor) -> Tensor:
        """Market columns of the same days [N,T,F] under C' = g C: the price level is measured against the reference."""
        features = days.features.clone()
        price = features[:, :, self.column["log_price_last"]]
        shifted = (price - torch.log(target_factor).unsqueeze(1)).clamp(-LOG_LIMIT, LOG_LIMIT)
        # 0 says unknown.
        features[:, :, self.column["log_price_last"]] = torch.where(price == 0, price, shifted)
        return features

    def check(self, days: TrajectorySet, keys: int = 64, tolerance: float = 5e-3, projected: float = 0.05) -> None:
        """Raises DataError, naming the worst column, when the twin does not reproduce the exported rows of logged days. Forecasts that are
        rebuilt from tables may differ by `projected`: the tables are interpolated."""
        chosen = torch.linspace(0, len(days) - 1, min(keys, len(days))).long().unique().to(days.device)
        sample = days.take(chosen)
        own = OwnHistory(sample, responses=Reader(sample) if sample.has_tables else None)
        allowed = torch.full((self.size,), tolerance, device=days.device)
        allowed[[self.column[name] for name in INEXACT]] = float("inf")
        if sample.has_tables:
            allowed[[i for name, i in self.column.items() if name.startswith(("log_cost_", "log_value_")) and name[-1].isdigit()]] = projected
        worst, name = 0.0, ""
        for step in range(STEPS):
            gap = (self.rows(step, sample, own) - sample.features[:, step]).abs().max(0).values / allowed
            if float(gap.max()) > worst:
                worst, name = float(gap.max()), f"{self.spec.names[int(gap.argmax())]} at step {step}"
            own.append(sample.action[:, step], sample.cost[:, step], sample.value[:, step])
        if worst > 1:
            raise DataError(f"the feature twin differs from the exported {name} by {worst:.3g} times what is allowed: one of the two builders changed")
