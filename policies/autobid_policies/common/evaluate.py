"""Scores on the frozen-rival roll-out, for checkpoint selection and for the card."""
from __future__ import annotations

from dataclasses import replace
from typing import Callable

import torch
from torch import Tensor

from ..families import player_of
from . import curves
from .data import SPEND_FIRST, TARGET_FIRST, FeatureDropout, Manifest, Normaliser, TrajectorySet
from .features import Twin, draw_arrivals
from .rollout import Decide, ReplanOracle, constant, receding_horizon, rescale, roll_out
from .model import Policy
from .windows import exponents

BUDGETS = (0.5, 1.0, 1.5)
# Training keys that the constant of a table is chosen on.
CONSTANT_KEYS = 8192
Make = Callable[[TrajectorySet], Decide]


def with_budget(days: TrajectorySet, factor: float | Tensor, twin: Twin, log_grid: Tensor) -> TrajectorySet:
    budget = torch.as_tensor(factor, dtype=torch.float32, device=days.device).expand(len(days))
    return rescale(days, budget, torch.ones_like(budget), log_grid, twin)


def gains(cost: Tensor, value: Tensor, days: TrajectorySet, exponent: float | Tensor = curves.SCORE_EXPONENT) -> tuple[Tensor, Tensor, Tensor]:
    """Per key, in conversions: what was gained and the oracle's S*; and CPA / target. In TargetFirst the gain of a key above its target
    is its score; S* is the held oracle's value, which a small overshoot can pass: read it beside the share of keys that keep the target."""
    conversions = days.budget / days.target
    return curves.penalised(value, cost, exponent) * conversions, days.s_star * conversions, cost / value.clamp(min=1e-9)


def kept(cpa: Tensor) -> dict[str, float]:
    """Shares of keys with expected CPA <= C, and <= 1.1 C."""
    return {"cpaValid": round(float((cpa <= 1.001).float().mean()), 3), "cpaWithinTenth": round(float((cpa <= 1.1).float().mean()), 3)}


def percent(gain: Tensor, best: Tensor) -> float:
    """Ratio of sums, never a mean of ratios."""
    return float(100 * gain.double().sum() / best.double().sum().clamp(min=1e-12))


def interval(gain: Tensor, best: Tensor, cluster: Tensor, draws: int = 400) -> list[float]:
    """95 % bootstrap interval of `percent`, resampling periods."""
    _, index = torch.unique(cluster.cpu(), return_inverse=True)
    groups = int(index.max()) + 1
    sums = torch.zeros(groups, 2, dtype=torch.float64)
    sums.index_add_(0, index, torch.stack([gain, best], 1).double().cpu())
    picks = torch.randint(0, groups, (draws, groups), generator=torch.Generator().manual_seed(7))
    drawn = sums[picks].sum(1)
    ratio = 100 * drawn[:, 0] / drawn[:, 1].clamp(min=1e-12)
    low, high = torch.quantile(ratio, torch.tensor([0.025, 0.975], dtype=torch.float64))
    return [round(float(low), 2), round(float(high), 2)]


def paired(gain: Tensor, other: Tensor, best: Tensor, cluster: Tensor) -> list[float]:
    """Difference of two players on the same keys, in % of S*: mean, and its 95 % bootstrap interval over periods."""
    return [round(percent(gain - other, best), 2), *interval(gain - other, best, cluster)]


def clusters(days: TrajectorySet) -> Tensor:
    """One number per period and line-up [N]."""
    return days.period + days.lineup * (int(days.period.max()) + 1)


def whole_periods(days: TrajectorySet, keys: int) -> TrajectorySet:
    """Random whole periods, the same every time, that together hold at least `keys` keys; all of them for 0."""
    if keys <= 0 or keys >= len(days):
        return days
    found, index, size = torch.unique(clusters(days).cpu(), return_inverse=True, return_counts=True)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(19))
    needed = int(torch.searchsorted(size[order].cumsum(0), keys)) + 1
    chosen = torch.zeros(len(found), dtype=torch.bool)
    chosen[order[:needed]] = True
    return days.take(torch.nonzero(chosen[index]).flatten().to(days.device))


class Evaluator:
    def __init__(self, manifest: Manifest, twin: Twin, log_grid: Tensor, serve_at: float, batch: int = 1024, returns: bool = False,
                 hide: tuple[str, ...] = ()):
        """`serve_at`: the efficiency asked for, with `returns` the return asked for at the start of the day. `hide`: groups that the
        model under test never sees."""
        self.manifest, self.twin, self.log_grid, self.serve_at, self.batch = manifest, twin, log_grid, serve_at, batch
        self.returns = returns
        self.dropout = FeatureDropout(manifest.features)
        self.never = self.dropout.hide(hide, "cpu") if hide else None

    @torch.no_grad()
    def play(self, days: TrajectorySet, make: Make, keep: Tensor | None = None, plans: bool = True,
             steep: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """gains() over all keys, in chunks; make(chunk) -> Decide. `plans`: whether it looks at MPC's answer. `steep`: TargetFirst pays
        for missing its target as it does in training."""
        parts = []
        if self.never is not None:
            never = self.never.to(days.device)
            keep = never if keep is None else keep * never
        for start in range(0, len(days), self.batch):
            keys = torch.arange(start, min(start + self.batch, len(days)), device=days.device)
            chunk = days.take(keys)
            hidden = keep[keys] if keep is not None and len(keep) > 1 else keep
            arrivals = draw_arrivals(len(chunk), torch.Generator().manual_seed(start), days.device)
            parts.append(self._gains(chunk, make, hidden, arrivals, plans, steep))
        return tuple(torch.cat(column) for column in zip(*parts))

    def _gains(self, chunk: TrajectorySet, make: Make, keep: Tensor | None, arrivals: Tensor, plans: bool, steep: bool) -> tuple[Tensor, Tensor, Tensor]:
        played = roll_out(chunk, make(chunk), self.twin, self.log_grid, keep, arrivals=arrivals, plans=plans)
        return gains(played.cost.sum(1), played.value.sum(1), chunk, exponents(chunk.mode) if steep else curves.SCORE_EXPONENT)

    def policy(self, policy: Policy, normaliser: Normaliser) -> Make:
        policy.eval()
        return lambda chunk: player_of(policy, normaliser, self.serve_at, chunk, gained_with=exponents(chunk.mode) if self.returns else None)

    def selection(self, days: TrajectorySet, keys: int, policy: Policy, normaliser: Normaliser) -> float:
        """One figure for choosing checkpoints: % of S* with budgets spread over 0.5 to 1.5 and groups hidden at random, the same
        draw every time. A checkpoint that gains in TargetFirst by missing targets must not be chosen: misses cost as in training."""
        generator = torch.Generator().manual_seed(11)
        chosen = torch.randperm(len(days), generator=generator)[:keys].sort().values
        mixed = days.take(chosen.to(days.device))
        factors = torch.tensor(BUDGETS)[torch.arange(len(mixed)) % len(BUDGETS)].to(days.device)
        keep = self.dropout.sample(len(mixed), 0.3, generator, days.device)
        gain, best, _ = self.play(with_budget(mixed, factors, self.twin, self.log_grid), self.policy(policy, normaliser), keep, policy.residual,
                                  steep=True)
        return percent(gain, best)

    def compact(self, days: TrajectorySet, policy: Policy, normaliser: Normaliser, budgets: tuple[float, ...] = BUDGETS) -> dict[str, Tensor]:
        """Gains of the model per key, for paired comparisons of rows: `gain_<budget>`, `best_<budget>`, `cpa_<budget>`, `mode`, `cluster`."""
        found: dict[str, Tensor] = {"mode": days.mode.cpu(), "cluster": clusters(days).cpu()}
        for factor in budgets:
            gain, best, cpa = self.play(with_budget(days, factor, self.twin, self.log_grid), self.policy(policy, normaliser), plans=policy.residual)
            found |= {f"gain_{factor:g}": gain.cpu(), f"best_{factor:g}": best.cpu(), f"cpa_{factor:g}": cpa.cpu()}
        return found

    def table(self, days: TrajectorySet, train: TrajectorySet, policy: Policy, normaliser: Normaliser,
              budgets: tuple[float, ...] = BUDGETS) -> dict:
        """Model and baselines per mode and budget: % of S*, its interval over periods, share of keys with expected CPA <= C. MPC has a
        row where the export holds what it sees; the model's difference to it is paired by key."""
        rows: dict[str, dict] = {}
        # The constant looks at curves alone; forecast tables are nine tenths of a key, and half of them would be copied.
        plain = replace(train, table_cost=train.table_cost[:, :0], table_value=train.table_value[:, :0])
        for mode, name in ((SPEND_FIRST, "SpendFirst"), (TARGET_FIRST, "TargetFirst")):
            chosen = days.take(torch.nonzero(days.mode == mode).flatten())
            if len(chosen) == 0:
                continue
            earlier = plain.take(torch.nonzero(train.mode == mode).flatten())
            cluster = clusters(chosen)
            mine: dict[str, dict] = {}
            for factor in budgets:
                scaled = with_budget(chosen, factor, self.twin, self.log_grid)
                model = None
                for player, (make, keep) in self._players(policy, normaliser, self._best_constant(earlier, factor), scaled).items():
                    gain, best, cpa = self.play(scaled, make, keep)
                    cell = {"percentOfBest": round(percent(gain, best), 2), "interval95": interval(gain, best, cluster), **kept(cpa)}
                    model = gain if player == "model" else model
                    if player == "mpc":
                        cell["modelMinusThis"] = paired(model, gain, best, cluster)
                    mine.setdefault(player, {})[f"{factor:g}"] = cell
            gain, best, cpa = gains(chosen.cost.sum(1), chosen.value.sum(1), chosen)
            mine["logged behaviour"] = {"1": {"percentOfBest": round(percent(gain, best), 2), **kept(cpa)}}
            rows[name] = {"keys": len(chosen), "periods": int(torch.unique(cluster).numel()), "rows": mine}
        return rows

    def _players(self, policy: Policy, normaliser: Normaliser, best_constant: float, days: TrajectorySet) -> dict[str, tuple]:
        players: dict[str, tuple] = {"model": (self.policy(policy, normaliser), None)}
        for group in self.dropout.groups:
            players[f"model without {group}"] = (self.policy(policy, normaliser), self.dropout.hide((group,), days.device))
        if self.dropout.groups:
            every = self.dropout.hide(tuple(self.dropout.groups), days.device)
            players["model with all of these hidden"] = (self.policy(policy, normaliser), every)
        players["truthful"] = (lambda chunk: constant(0.0), None)
        players["best constant of training"] = (lambda chunk: constant(best_constant), None)
        if days.has_tables:
            players["mpc"] = (lambda chunk: receding_horizon, None)
        players["replan oracle"] = (lambda chunk: ReplanOracle(chunk, self.log_grid), None)
        return players

    def _best_constant(self, train: TrajectorySet, factor: float) -> float:
        """The log multiplier that would have gained most over the training keys, one for all."""
        if len(train) == 0:
            return 0.0
        points = curves.fine_grid(train.device)
        total = torch.zeros(len(points), dtype=torch.float64)
        train = whole_periods(train, CONSTANT_KEYS)
        for start in range(0, len(train), self.batch):
            part = train.take(torch.arange(start, min(start + self.batch, len(train)), device=train.device))
            cost, value = curves.walk_constants(part.curve_cost.float() / factor, part.curve_value.float() / factor,
                                                self.log_grid, points)
            exponent = exponents(part.mode).unsqueeze(1)
            total += ((part.budget * factor / part.target).unsqueeze(1) * curves.penalised(value, cost, exponent)).double().sum(0).cpu()
        return float(points[int(total.argmax())])
