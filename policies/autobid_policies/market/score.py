"""The model's own quality: CRPS of the log cost and log value of the rest of the day on held-out periods, beside what it has to beat.

futures       composed from the model's samples
forecast      the deterministic forecast that MPC decides by, price level included, without the calibration by its own flows
climatology   whole days of training, drawn at random, what is known of the running step put in
true latents  composed from the day's own latents: what prior and latents cannot tell, whatever is sampled
"""
from __future__ import annotations

from dataclasses import replace
from typing import Iterator

import torch
from torch import Tensor

from ..common.data import STEPS, TrajectorySet
from ..common.evaluate import clusters, whole_periods
from ..common.forecast import Prior, at_probes, tabulate
from . import latents
from .latents import Latents
from .model import Known, MarketModel
from .outcome import PROBES, after_each, compose, crps, in_log, probe_logs
from .situations import at_step, regime_starts

# Are step and regime known?
KNOWLEDGE = {"known": True, "unknown": False}
ROWS = ("futures", "forecast", "climatology", "true latents")
STEPS_PER_KEY = 4
_CHUNK = 512


class Examination:
    """Days of one split at fixed steps; noise and climatology are drawn once, so that checkpoints are compared on the same numbers."""

    def __init__(self, days: TrajectorySet, training: Latents, prior: Prior, curve: Prior, log_grid: Tensor, noises: int, keys: int,
                 device: torch.device):
        """`prior` is MPC's, `curve` what latents are relative to; `keys`: of whole periods, 0 all."""
        days, log_grid = whole_periods(days, keys).to(device), log_grid.to(device)
        generator = torch.Generator().manual_seed(37)
        self.regime, self.curve, self.logs = prior.regime, curve, probe_logs(device)
        rows = torch.arange(len(days), device=device).repeat_interleave(STEPS_PER_KEY)
        places = torch.arange(len(rows), device=device)
        self.steps = (13 * rows + STEPS // STEPS_PER_KEY * (places % STEPS_PER_KEY)) % STEPS
        self.target, self.budget = days.target[rows], days.budget[rows]
        self.truth = after_each(days, self.logs, log_grid)[rows, self.steps]
        self.cluster = clusters(days)[rows].cpu()
        day, course = latents.of_days(days, curve, log_grid), training.course().to(device)
        self.day, self.filled = day.take(rows), day.filled(course)[rows]
        self.noise = torch.randn(len(rows), noises, STEPS, latents.SIZE, generator=generator).to(device)
        drawn = torch.randint(0, len(training), (len(rows), noises), generator=generator).to(training.values.device)
        self.drawn = training.take(drawn).filled(training.course()).to(device)
        dearer = latents.day_level(days, prior, log_grid)
        self.deterministic = {name: _told(days, prior, log_grid, knows, dearer, self.logs)[rows, self.steps].unsqueeze(1) for name, knows in KNOWLEDGE.items()}
        self.baselines = {name: self._baselines(name) for name in KNOWLEDGE}

    def __len__(self) -> int:
        return len(self.steps)

    def given(self, knowledge: str, rows: slice = slice(None)) -> Known:
        knows = KNOWLEDGE[knowledge]
        steps = self.steps[rows]
        return at_step(self.day.take(rows), steps, regime_starts(self.regime if knows else 0, len(steps), steps.device),
                       torch.full_like(steps, float(knows), dtype=torch.float32))

    def _composed(self, market: Tensor, given: Known, rows: slice) -> Tensor:
        """[B,M,6]: log cost, then log value, at each probe."""
        return in_log(torch.cat(compose(market, given.future, self.target[rows], self.budget[rows], self.curve, self.logs), 2))

    def _chunks(self) -> Iterator[slice]:
        return (slice(start, min(start + _CHUNK, len(self))) for start in range(0, len(self), _CHUNK))

    @torch.no_grad()
    def futures(self, model: MarketModel, knowledge: str) -> Tensor:
        """[B,M,6]."""
        model.eval()
        found = []
        for rows in self._chunks():
            given = self.given(knowledge, rows)
            found.append(self._composed(model.sample(given, self.noise[rows]), given, rows))
        return torch.cat(found)

    def _baselines(self, knowledge: str) -> dict[str, Tensor]:
        found: dict[str, list[Tensor]] = {"climatology": [], "true latents": []}
        for rows in self._chunks():
            given = self.given(knowledge, rows)
            known = (given.known * given.now.unsqueeze(2)).unsqueeze(1)
            drawn = self.drawn[rows] * (1 - known) + given.market.unsqueeze(1) * known
            found["climatology"].append(self._composed(drawn, given, rows))
            found["true latents"].append(self._composed(self.filled[rows].unsqueeze(1), given, rows))
        return {"forecast": self.deterministic[knowledge], **{name: torch.cat(parts) for name, parts in found.items()}}

    def selection(self, model: MarketModel) -> float:
        """Mean CRPS, step and regime known and unknown alike; lower is better."""
        return sum(float(crps(self.futures(model, name), self.truth).mean()) for name in KNOWLEDGE) / len(KNOWLEDGE)

    def table(self, model: MarketModel) -> dict:
        """Per state of knowledge and row: CRPS, its parts, error of the mean (log), spread / error of the samples (1 where honest), and what the futures'
        CRPS is below the row's with its 95 % bootstrap interval over periods."""
        made = {}
        for name in KNOWLEDGE:
            samples = {"futures": self.futures(model, name), **self.baselines[name]}
            scores = {row: crps(samples[row], self.truth) for row in ROWS}
            made[name] = {row: self._cell(samples[row], scores[row], scores["futures"]) for row in ROWS}
        return made

    def _cell(self, samples: Tensor, score: Tensor, ours: Tensor) -> dict:
        count = samples.shape[1]
        error = float(((samples.mean(1) - self.truth) ** 2).mean()) ** 0.5
        parts = score.mean(0).reshape(2, len(PROBES))
        cell = {"crps": round(float(score.mean()), 5), "logCost": [round(float(x), 4) for x in parts[0]],
                "logValue": [round(float(x), 4) for x in parts[1]], "error": round(error, 4)}
        if count > 1:
            # The mean of M samples is itself off by spread^2 / M.
            spread = (float(samples.var(1).mean()) * (1 + 1 / count)) ** 0.5
            cell["spreadOfError"] = round(spread / max(error, 1e-9), 3)
        if ours is not score:
            cell["futuresBelow"] = below((score - ours).mean(1), self.cluster)
        return cell


def below(difference: Tensor, cluster: Tensor, draws: int = 400) -> list[float]:
    """Mean of [B] and its 95 % bootstrap interval, resampling periods."""
    _, index = torch.unique(cluster, return_inverse=True)
    groups = int(index.max()) + 1
    sums = torch.zeros(groups, 2, dtype=torch.float64)
    sums.index_add_(0, index, torch.stack([difference, torch.ones_like(difference)], 1).double().cpu())
    drawn = sums[torch.randint(0, groups, (draws, groups), generator=torch.Generator().manual_seed(7))].sum(1)
    low, high = torch.quantile(drawn[:, 0] / drawn[:, 1], torch.tensor([0.025, 0.975], dtype=torch.float64))
    return [round(float(x), 5) for x in (difference.mean(), low, high)]


def _told(days: TrajectorySet, prior: Prior, log_grid: Tensor, knows: bool, dearer: Tensor, logs: Tensor) -> Tensor:
    """[N,T,6]: MPC's log cost, then log value, at the probes."""
    cost, value = (table.unsqueeze(1) for table in tabulate(days, prior, log_grid, knows, knows, dearer=dearer))
    tabled = replace(days, table_cost=cost, table_value=value, table_budget=days.budget, table_target=days.target)
    return in_log(at_probes(tabled, logs))
