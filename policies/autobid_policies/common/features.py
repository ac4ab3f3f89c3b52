"""Python twin of the C# feature builder `scale-free` for the columns that depend on a key's own past.

In a roll-out these columns are rebuilt from what the policy spent and gained; every other column is the market's and stays as
exported. `Twin.check` replays logged days through the twin and refuses data on which the two builders differ.
Formulas: docs/features.md. Units as in data.py.
"""
from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor

from .data import STEPS, DataError, FeatureSpec, TrajectorySet

# A log ratio adds this share of the budget to both sides, so that an empty step stays finite.
FLOOR = 1.0 / 3000
LOG_LIMIT = 4.0


class OwnHistory:
    """What a key did so far today: per-step lists of [B] and their sums."""

    def __init__(self, keys: int, device: torch.device | str):
        self.action: list[Tensor] = []
        self.cost: list[Tensor] = []
        self.value: list[Tensor] = []
        self.spent = torch.zeros(keys, device=device)
        self.gained = torch.zeros(keys, device=device)

    def append(self, action: Tensor, cost: Tensor, value: Tensor) -> None:
        self.action.append(action)
        self.cost.append(cost)
        self.value.append(value)
        self.spent = self.spent + cost
        self.gained = self.gained + value

    def last(self, name: str) -> Tensor:
        past = getattr(self, name)
        return past[-1] if past else torch.zeros_like(self.spent)


def log_ratio(numerator: Tensor, denominator: Tensor | float) -> Tensor:
    return (torch.log(numerator + FLOOR) - torch.log(torch.as_tensor(denominator, device=numerator.device) + FLOOR)).clamp(-LOG_LIMIT, LOG_LIMIT)


# (step, days, own history) -> column [B]
Own = Callable[[int, TrajectorySet, OwnHistory], Tensor]

OWN: dict[str, Own] = {
    "logSpendShare": lambda step, days, own: log_ratio(own.last("cost"), 1.0 / STEPS),
    "logValueShare": lambda step, days, own: log_ratio(own.last("value"), 1.0 / STEPS),
    "logMultiplier": lambda step, days, own: own.last("action"),
    "budgetLeft": lambda step, days, own: 1.0 - own.spent,
    "spendMinusTime": lambda step, days, own: own.spent - step / STEPS,
    "valueSoFar": lambda step, days, own: own.gained,
    "shrunkCpa": lambda step, days, own: torch.log((own.spent + 0.2 * days.target / days.budget)
                                                   / (own.gained + 0.2 * days.target / days.budget)),
}


class Twin:
    def __init__(self, spec: FeatureSpec):
        if spec.name != "scale-free" or spec.version != 1:
            raise DataError(f"no Python twin of the feature builder {spec.name} {spec.version}")
        self.spec = spec
        self.own = [(i, OWN[name]) for i, name in enumerate(spec.names) if name in OWN]

    def rows(self, step: int, days: TrajectorySet, own: OwnHistory) -> Tensor:
        """[B,F] for the decision of `step`."""
        columns = list(days.features[:, step].unbind(1))
        for index, column in self.own:
            columns[index] = column(step, days, own)
        return torch.stack(columns, 1)

    def rescale(self, features: Tensor, days: TrajectorySet, budget_factor: Tensor, target_factor: Tensor) -> Tensor:
        """Market columns [N,T,F] of the same days under B' = f B and C' = g C."""
        return features

    def check(self, days: TrajectorySet, keys: int = 64, tolerance: float = 2e-3) -> None:
        """Raises DataError, naming the worst column, when the twin does not reproduce the exported rows of logged days."""
        chosen = torch.linspace(0, len(days) - 1, min(keys, len(days))).long().unique()
        sample = days.take(chosen)
        own = OwnHistory(len(sample), sample.device)
        worst, name = 0.0, ""
        for step in range(sample.action.shape[1]):
            gap = (self.rows(step, sample, own) - sample.features[:, step]).abs().max(0).values
            if float(gap.max()) > worst:
                worst, name = float(gap.max()), f"{self.spec.names[int(gap.argmax())]} at step {step}"
            own.append(sample.action[:, step], sample.cost[:, step], sample.value[:, step])
        if worst > tolerance:
            raise DataError(f"the feature twin differs from the exported {name} by {worst:.4g}: one of the two builders changed")
