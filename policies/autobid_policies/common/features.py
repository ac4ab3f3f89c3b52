"""Python twin of the C# feature builder `scale-free` 1 (docs/features.md) for the columns that follow a key's own actions.

In a roll-out these columns are rebuilt from what the policy spent and gained; every other column is the market's and stays as
exported. `Twin.check` replays logged days through the twin and refuses data on which the two builders differ. Two columns have no
exact counterfactual: wins follow the logged wins in proportion to the value won, conversions are drawn (or expected, without a draw).
Units as in data.py: everything over the budget.
"""
from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor

from .data import PROBES, STEPS, DataError, FeatureSpec, TrajectorySet

FLOOR = 1.0 / 3000
EVEN = 1.0 / STEPS
LOG_LIMIT = 4.0
# Realised conversions of the log are not those of a roll-out.
INEXACT = ("conversions_so_far",)


# More conversions than a key has in a day.
ARRIVALS = 256


def draw_arrivals(keys: int, generator: torch.Generator, device: torch.device | str) -> Tensor:
    """[keys, 256] arrival times of unit-rate Poisson processes: the number below L is a Poisson draw of mean L, and it can only grow
    as L does, so two policies share their luck."""
    return (-torch.log1p(-torch.rand(keys, ARRIVALS, generator=generator))).cumsum(1).to(device)


class OwnHistory:
    """What a key did so far today: per-step lists of [B] and their sums. `arrivals` draws conversions from the expected ones (no
    gradient), as the service will see them; without it the expected number stands for them."""

    def __init__(self, days: TrajectorySet, arrivals: Tensor | None = None):
        self.action: list[Tensor] = []
        self.cost: list[Tensor] = []
        self.value: list[Tensor] = []
        self.spent = torch.zeros(len(days), device=days.device)
        self.gained = torch.zeros_like(self.spent)
        self.converted = torch.zeros_like(self.spent)
        self._conversions = days.budget / days.target
        self._arrivals = arrivals

    def append(self, action: Tensor, cost: Tensor, value: Tensor) -> None:
        self.action.append(action)
        self.cost.append(cost)
        self.value.append(value)
        self.spent = self.spent + cost
        self.gained = self.gained + value
        expected = (self.gained * self._conversions).detach()
        self.converted = expected if self._arrivals is None else (self._arrivals < expected.unsqueeze(1)).sum(1).float()


def log_ratio(x: Tensor, y: Tensor | float) -> Tensor:
    """L(x, y) = log(x / y) clamped to +-4."""
    return torch.log(x / y).clamp(-LOG_LIMIT, LOG_LIMIT)


def _flow(past: list[Tensor], steps: int) -> Tensor:
    recent = past[-steps:]
    return log_ratio(sum(recent[1:], recent[0]) / len(recent) + FLOOR, EVEN + FLOOR)


class Twin:
    def __init__(self, spec: FeatureSpec):
        if spec.name != "scale-free" or spec.version != 1:
            raise DataError(f"no Python twin of the feature builder {spec.name} {spec.version}")
        self.spec = spec
        self.column = {name: index for index, name in enumerate(spec.names)}
        own: dict[str, Callable[[int, TrajectorySet, OwnHistory], Tensor]] = {
            "budget_left": lambda t, days, own: 1.0 - own.spent,
            "spend_minus_time": lambda t, days, own: own.spent - t / STEPS,
            "value_so_far": lambda t, days, own: own.gained,
            "log_cpa_shrunk": lambda t, days, own: log_ratio(own.spent + 0.2 * days.target / days.budget,
                                                             own.gained + 0.2 * days.target / days.budget),
            "conversions_so_far": lambda t, days, own: torch.log1p(own.converted) / 5,
        }
        last: dict[str, Callable[[int, TrajectorySet, OwnHistory], Tensor]] = {
            "log_spend_last": lambda t, days, own: _flow(own.cost, 1),
            "log_value_last": lambda t, days, own: _flow(own.value, 1),
            "log_multiplier_last": lambda t, days, own: own.action[-1].clamp(-LOG_LIMIT, LOG_LIMIT),
            "log_spend_last3": lambda t, days, own: _flow(own.cost, 3),
            "log_value_last3": lambda t, days, own: _flow(own.value, 3),
        }
        missing = [name for name in (*own, *last, "win_rate_last", "impressions_last", "wins_last", "log_price_last", "curves_known",
                                     *(f"log_{kind}_{probe}" for kind in ("cost", "value") for probe in PROBES))
                   if name not in self.column]
        if missing:
            raise DataError(f"manifest.json: columns {missing} of scale-free 1 are missing")
        self.own = [(self.column[name], make) for name, make in own.items()]
        self.last = [(self.column[name], make) for name, make in last.items()]

    def rows(self, step: int, days: TrajectorySet, own: OwnHistory) -> Tensor:
        """[B,F] for the decision of `step`."""
        exported = days.features[:, step]
        columns = list(exported.unbind(1))
        for index, make in self.own:
            columns[index] = make(step, days, own)
        if step > 0:
            for index, make in self.last:
                columns[index] = make(step, days, own)
            wins, opportunities = self._wins(step, days, own)
            columns[self.column["wins_last"]] = torch.log1p(wins) / 10
            columns[self.column["win_rate_last"]] = wins / opportunities.clamp(min=1.0)
        left = (1.0 - own.spent).clamp(min=0.0) + FLOOR
        known = exported[:, self.column["curves_known"]]
        for i, probe in enumerate(PROBES):
            columns[self.column[f"log_cost_{probe}"]] = log_ratio(days.forecast_cost[:, step, i] + FLOOR, left) * known
            columns[self.column[f"log_value_{probe}"]] = log_ratio(days.forecast_value[:, step, i] + FLOOR, left) * known
        return torch.stack(columns, 1)

    def _wins(self, step: int, days: TrajectorySet, own: OwnHistory) -> tuple[Tensor, Tensor]:
        """Wins and opportunities of step - 1: the logged wins in proportion to the value won; where the log won nothing, the
        share of the step's whole value."""
        exported = days.features[:, step]
        opportunities = torch.expm1(10 * exported[:, self.column["impressions_last"]])
        logged = torch.expm1(10 * exported[:, self.column["wins_last"]])
        mine, theirs = own.value[-1], days.value[:, step - 1]
        whole = days.curve_value[:, step - 1, -1].float()
        fresh = opportunities * mine / whole.clamp(min=1e-9)
        scaled = logged * mine / theirs.clamp(min=1e-9)
        wins = torch.where(theirs > 1e-9, scaled, torch.where(mine > 1e-9, fresh, logged))
        return torch.minimum(wins, opportunities), opportunities

    def rescale(self, days: TrajectorySet, target_factor: Tensor) -> Tensor:
        """Market columns of the same days [N,T,F] under C' = g C: the price level is measured against the reference."""
        features = days.features.clone()
        price = features[:, :, self.column["log_price_last"]]
        shifted = (price - torch.log(target_factor).unsqueeze(1)).clamp(-LOG_LIMIT, LOG_LIMIT)
        # 0 says unknown.
        features[:, :, self.column["log_price_last"]] = torch.where(price == 0, price, shifted)
        return features

    def check(self, days: TrajectorySet, keys: int = 64, tolerance: float = 5e-3) -> None:
        """Raises DataError, naming the worst column, when the twin does not reproduce the exported rows of logged days."""
        chosen = torch.linspace(0, len(days) - 1, min(keys, len(days))).long().unique().to(days.device)
        sample = days.take(chosen)
        own = OwnHistory(sample)
        exact = torch.ones(len(self.spec.names), device=days.device)
        exact[[self.column[name] for name in INEXACT]] = 0.0
        worst, name = 0.0, ""
        for step in range(STEPS):
            gap = ((self.rows(step, sample, own) - sample.features[:, step]).abs() * exact).max(0).values
            if float(gap.max()) > worst:
                worst, name = float(gap.max()), f"{self.spec.names[int(gap.argmax())]} at step {step}"
            own.append(sample.action[:, step], sample.cost[:, step], sample.value[:, step])
        if worst > tolerance:
            raise DataError(f"the feature twin differs from the exported {name} by {worst:.4g}: one of the two builders changed")
