"""The trainer that all families share. Stage 1 (offline): the family's objective on logged days, and on hindsight-relabelled ones.
Stage 2 (fineTune): gradient of the score through interpolated curves. OUT/checkpoint.pt is the resumable state, OUT/model.pt the best
policy by validation, ready for export; progress.json and scores.npz are for curves and paired comparisons.
"""
from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable

import numpy as np
import torch
from torch import Tensor

from ..families import noise_for, objective_of, player_of, policy_of
from . import checkpoint
from .config import Config
from .data import DataError, FeatureDropout, Normaliser, TrajectorySet, load
from .evaluate import Evaluator, whole_periods
from .features import Twin, upgrade
from .forecast import Prior, with_tables
from .graphed import EagerGradient, GraphedGradient, gradient_of
from .model import Policy, parameters
from .objective import Loss, Report
from .rollout import rebuild, roll_out
from .sampling import DaySampler, Draw
from .stages import Course, Stages
from .windows import Pool, exponents, join, measure, parity_windows, random_windows

# Keys that are played at once outside training, by device.
CHUNK = {"cpu": 1024, "cuda": 4096}


def pick_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def schedule(step: int, warm_up: int, progress: float, final: float) -> float:
    """Linear warm-up, then a cosine down to `final`; progress 0..1 of the stage."""
    if step < warm_up:
        return (step + 1) / warm_up
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


class Trainer(Stages):
    model_settings = ("model", "objective", "condition", "diffusion")

    def __init__(self, config: Config, data: Path, out: Path, report: Report = print, clock: Callable[[], float] = time.monotonic):
        self.config, self.out, self.report, self.clock = config, out, report, clock
        self.device = pick_device(config.device)
        if config.threads > 0:
            torch.set_num_threads(config.threads)
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
        self.manifest, days = load(data)
        self.log_grid = torch.tensor(self.manifest.log_grid, device=self.device)
        days = days.to(self.device)
        self.planned = days.has_responses and (data / "prior.json").exists()
        prior = Prior.read(data / "prior.json") if self.planned else None
        if config.features not in (0, self.manifest.features.version):
            if prior is None or config.features != 2:
                raise DataError(f"{data}: features {config.features} cannot be made of this export (it has {self.manifest.features.version})")
            days, spec = upgrade(days, self.manifest.features, prior)
            self.manifest = replace(self.manifest, features=spec)
        if prior is not None:
            days = with_tables(days, prior, self.log_grid)
        spec = self.manifest.features
        self.twin = Twin(spec)
        if self.manifest.rebuilt:
            if not self.planned:
                raise DataError(f"{data}: packed without its prior, base and forecasts cannot be made again")
            days = rebuild(days, self.twin, CHUNK[self.device.type])
        else:
            self.twin.check(days)
        self.train, self.validation, self.test = (measure(self._market_of(days.where(s), s), self.log_grid, config.scoreExponent)
                                                  for s in ("train", "validation", "test"))
        del days
        if not len(self.train) or not len(self.validation):
            raise DataError(f"{data}: the train and validation splits must not be empty")
        self.normaliser = Normaliser.fit(self.train.features.cpu(), spec).to(self.device)
        self.dropout = FeatureDropout(spec)
        self.never = self.dropout.hide(config.hide, self.device) if config.hide else None

        torch.manual_seed(config.seed)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.noise = torch.Generator(device=self.device).manual_seed(config.seed)
        self.policy = policy_of(config, spec.names).to(self.device)
        self.average: Policy | None = None
        self.objective = objective_of(config, len(spec.names), self.device)
        self.policy.fit(self.train, self.normaliser)
        self.logged = Pool.of_log(self.train, config.condition, config.scoreExponent)
        self.own_money = self.policy.residual and not self.planned
        self.sampler = DaySampler(self.train, config.fineTune, self.twin, self.log_grid, self.own_money, self.never,
                                  lambda size, generator: noise_for(self.policy, size, generator))
        returns = config.condition == "return"
        self.request = float(torch.quantile(self.logged.target[:, 0], config.serveAt)) if returns else config.serveAt * (config.condition != "none")
        self.evaluator = Evaluator(self.manifest, self.twin, self.log_grid, self.request, CHUNK[self.device.type], returns, config.hide)
        self.relabelled: Pool | None = None
        self.pool_seed = 0
        self.stage, self.step, self.progress = "offline", 0, 0.0
        self.best, self.best_state = -math.inf, None
        self.course = Course()
        self.graph: EagerGradient | GraphedGradient | None = None
        self.optimiser = self._optimiser()

    def _market_of(self, days: TrajectorySet, split: str) -> TrajectorySet:
        if split != "train" or self.config.market == "frozen":
            return days
        if not days.has_responses:
            raise DataError("market leastWinningCost needs an export with the curves of the minimum to win")
        return replace(days, curve_cost=days.response_cost, curve_value=days.response_value)

    # -- state -----------------------------------------------------------------------------------------------------------------

    def _trained(self) -> list[torch.nn.Module]:
        return [self.policy] + (list(self.objective.modules.values()) if self.stage == "offline" else [])

    def _optimiser(self) -> torch.optim.Optimizer:
        wanted = [p for m in self._trained() for p in m.parameters() if p.requires_grad]
        return torch.optim.AdamW(wanted, lr=self.options.learningRate, betas=(0.9, 0.98), weight_decay=self.options.weightDecay)

    def save(self) -> None:
        checkpoint.save({
            **self._progress_state(), "poolSeed": self.pool_seed, "policy": self.policy.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None, "objective": self.objective.state(),
            "noise": self.noise.get_state()}, self.out / "checkpoint.pt")
        if self.best_state is not None:
            # A run that is cut off can be exported all the same.
            self.write_model({"selection": round(self.best, 3)})

    def resume(self) -> None:
        """Goes on from OUT/checkpoint.pt; refuses one of other data or of another model."""
        state = self._read_checkpoint()
        self.stage, self.step, self.progress, self.pool_seed = state["stage"], state["step"], state["progress"], state["poolSeed"]
        self.policy.load_state_dict(state["policy"])
        if state["average"] is not None:
            self.average = copy.deepcopy(self.policy)
            self.average.load_state_dict(state["average"])
        if self.stage == "fineTune":
            self.policy.tune()
        self.objective.load(state["objective"])
        self._restore_progress(state)
        self.noise.set_state(state["noise"])
        if self.stage == "offline" and self.pool_seed:
            self._relabel()

    def start_from(self, model: Path) -> None:
        """Fine-tunes a model.pt of an earlier run: its weights and its normalisation."""
        state = checkpoint.load(model)
        self._check_settings(state, model)
        self.normaliser = Normaliser(state["mean"], state["std"]).to(self.device)
        self.policy.load_state_dict(state["policy"])
        self._enter_fine_tuning()

    # -- one step --------------------------------------------------------------------------------------------------------------

    def _relabel(self) -> None:
        # The pool has its own seed, kept in the checkpoint, so that a resumed run rebuilds it as it was.
        self.relabelled = Pool.in_hindsight(self.train, self.config.fineTune, self.config.offline.relabelPool, self.twin, self.log_grid,
                                            self.own_money, torch.Generator().manual_seed(self.pool_seed), self.config.condition,
                                            self.config.scoreExponent)

    def _keep(self, size: int) -> Tensor:
        keep = self.dropout.sample(size, self.options.featureDropout, self.generator, self.device)
        return keep if self.never is None else keep * self.never

    def _offline_loss(self) -> Loss:
        options = self.config.offline
        if options.relabelFraction > 0 and self.step % options.relabelEvery == 0:
            self.pool_seed = int(torch.randint(1, 2**31 - 1, (1,), generator=self.generator))
            self._relabel()
        self.objective.prepare(self.step, self.policy, self._validation_windows, self.report)
        relabelled = int(round(options.batch * options.relabelFraction))
        keep = self._keep(options.batch)
        window = self.config.model.window
        batch = self.objective.batch(self.policy, self.logged, options.batch - relabelled, window, self.normaliser, keep[relabelled:], self.generator)
        if relabelled:
            batch = join(batch, self.objective.batch(self.policy, self.relabelled, relabelled, window, self.normaliser, keep[:relabelled],
                                                     self.generator))
        return self.objective.loss(self.policy, batch)

    def _validation_windows(self):
        pool = Pool.of_log(self.validation, self.config.condition, self.config.scoreExponent)
        return random_windows(pool, 1024, self.config.model.window, self.normaliser, self.never, torch.Generator().manual_seed(13))

    def _score_loss(self, draw: Draw) -> Tensor:
        """Minus the share of S* gained in a roll-out, through the interpolated curves."""
        options = self.config.fineTune
        days = self.sampler.days_of(draw)
        score_exponents = exponents(days.mode, options.targetExponent, self.config.scoreExponent)
        player = player_of(self.policy, self.normaliser, self.request, days, options.detachState,
                           score_exponents if self.config.condition == "return" else None, draw.noise)
        played = roll_out(days, player, self.twin, self.log_grid, draw.keep, options.detachState, draw.arrivals, plans=self.policy.residual)
        weight = days.budget / days.target
        return -(weight * played.score(score_exponents)).sum() / (weight * days.s_star).sum().clamp(min=1e-9)

    def _score_gradient(self) -> Tensor:
        draw = self.sampler.draw(self.config.fineTune.batch, self.noise)
        if self.graph is None:
            self.graph = gradient_of(self._score_loss, [p for p in self.policy.parameters() if p.requires_grad], draw, self.device, self.report)
        return self.graph(draw)

    def train_step(self) -> None:
        options = self.options
        rate = options.learningRate * schedule(self.step, options.warmUp, self.progress, options.finalRate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        if self.stage == "offline":
            self.policy.train()
            loss = self._offline_loss()
            self.optimiser.zero_grad(set_to_none=True)
            loss.total.backward()
            # Kept for the progress line only: the autograd graph must not outlive the step.
            loss = Loss(loss.total.detach(), loss.parts)
        else:
            # No dropout: one noise through 48 decisions is another policy, not a regulariser.
            self.policy.eval()
            loss = Loss(self._score_gradient())
        for module in self._trained():
            torch.nn.utils.clip_grad_norm_(module.parameters(), options.clip)
        self.optimiser.step()
        if self.stage == "offline":
            self.objective.stepped()
        elif self.config.fineTune.ema > 0:
            self._follow(min(self.config.fineTune.ema, (self.step + 1) / (self.step + 10)))
        self.step += 1
        self.progress = max(self.progress, self.step / max(1, options.steps))
        self.last = loss

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        """Averaged weights; the decay grows at first, so that the start is soon forgotten."""
        if self.average is None:
            self.average = copy.deepcopy(self.policy)
        slow, fast = list(self.average.parameters()), list(self.policy.parameters())
        torch._foreach_mul_(slow, decay)
        torch._foreach_add_(slow, fast, alpha=1 - decay)

    def _enter_fine_tuning(self) -> None:
        if self.policy.noises:
            # The days that it plays say nothing about its plans, which are as good as they have become and stay so from here on.
            self.best, self.best_state = -math.inf, None
        elif self.best_state is not None:
            self.policy.load_state_dict(self.best_state)
        self.stage, self.step, self.progress = "fineTune", 0, 0.0
        self.policy.tune()
        self.optimiser = self._optimiser()

    def _describe(self) -> str:
        total = float(self.last.total)
        if self.stage == "fineTune":
            return f"gained about {-100 * total:.2f} % of S*"
        return " ".join([f"loss {total:.4f}", *(f"{name} {float(value):.4g}" for name, value in self.last.parts.items())])

    # -- the run ---------------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Policy:
        return self.average if self.average is not None and self.stage == "fineTune" else self.policy

    def validate(self) -> float:
        score = self.evaluator.selection(self.validation, self.config.validateKeys, self.current, self.normaliser)
        self.course.points.append({"stage": self.stage, "step": self.step, "validation": round(score, 3), "loss": round(float(self.last.total), 5)
                                   if hasattr(self, "last") else None})
        if score > self.best:
            self.best = score
            self.best_state = {name: tensor.detach().cpu().clone() for name, tensor in self.current.state_dict().items()}
        return score

    def _begin(self) -> None:
        self.report(f"{self.config.name}: policy {parameters(self.policy):,} parameters, {len(self.train):,} / {len(self.validation):,} / "
                    f"{len(self.test):,} keys, {self.device}{', forecasts and MPC in roll-outs' if self.planned else ''}")
        if self.stage == "offline" and self.step == 0 and not self.policy.noises:
            # Untrained, a residual is MPC itself, which imitation of the logs may well spoil.
            self.report(f"untrained: validation {self._score(self.validate())}")

    def _score(self, value: float) -> str:
        return f"{value:.2f} % of S*"

    def finish(self) -> None:
        """Scores the best policy on validation and test periods and writes OUT/model.pt, scores.npz and progress.json."""
        if self.best_state is None:
            self.validate()
        self.save()
        self.policy.load_state_dict(self.best_state)
        scores = {"environment": "frozen rivals, exported curves, torch roll-out; % of S* is sum of scores / sum of S*",
                  "selection": round(self.best, 3)}
        arrays: dict[str, np.ndarray] = {}
        for name, days in (("validation", self.validation), ("test", self.test)):
            if not len(days):
                continue
            days = whole_periods(days, self.config.reportKeys)
            scores[name] = self.evaluator.table(days, self.train, self.policy, self.normaliser, self.config.reportBudgets)
            compact = self.evaluator.compact(days, self.policy, self.normaliser, self.config.reportBudgets)
            arrays |= {f"{name}_{key}": value.numpy() for key, value in compact.items()}
        for name in ("validation", "test"):
            for mode, part in scores.get(name, {}).items():
                for player, budgets in part["rows"].items():
                    line = "  ".join(f"{budget}: {cell['percentOfBest']:.2f}" for budget, cell in budgets.items())
                    self.report(f"{name} {mode} {player}: {line}")
        np.savez_compressed(self.out / "scores.npz", **arrays)
        (self.out / "progress.json").write_text(json.dumps({"name": self.config.name, "seconds": self.course.seconds, "points": self.course.points}), "utf-8")
        self.write_model(scores)
        self.report(f"wrote {self.out / 'model.pt'}")

    def write_model(self, scores: dict) -> None:
        """OUT/model.pt: the best policy with all that export needs."""
        checkpoint.save({
            "config": self.config.as_dict(), "policy": self.best_state, "features": self.manifest.features.as_dict(),
            "mean": self.normaliser.mean.cpu(), "std": self.normaliser.std.cpu(), "scores": scores, "request": self.request,
            "parity": parity_windows(self.validation, self.normaliser, self.dropout, self.config.model.window, self.policy.residual),
            "data": {"sha256": self.manifest.sha256, "seeds": list(self.manifest.seeds), "priorSha256": self.manifest.prior_sha256}}, self.out / "model.pt")
