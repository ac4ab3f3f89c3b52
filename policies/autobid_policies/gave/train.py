"""Trains GAVE: python -m autobid_policies.gave.train --config FILE --data DIR --out DIR [--resume] [--minutes M]

Stage 1 (offline): GAVE's losses on logged days and on hindsight-relabelled ones. Stage 2 (fineTune): gradient of the score through
interpolated curves. OUT/checkpoint.pt is the resumable state, OUT/model.pt the best policy by validation, ready for export.
"""
from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor

from ..common import checkpoint
from ..common.data import DataError, FeatureDropout, Normaliser, TrajectorySet, load
from ..common.features import Twin, draw_arrivals
from ..common.graphed import EagerGradient, GraphedGradient
from ..common.rollout import roll_out
from .config import Config
from .evaluate import Evaluator
from .losses import Losses, gave_losses
from .model import Critic, Policy, parameters
from .serving import WindowPolicy
from .windows import Pool, exponents, join, measure, parity_windows, random_windows, sample_days

Report = Callable[[str], None]


def pick_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def schedule(step: int, steps: int, warm_up: int) -> float:
    """Linear warm-up, then a cosine down to a tenth."""
    if step < warm_up:
        return (step + 1) / warm_up
    progress = (step - warm_up) / max(1, steps - warm_up)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, progress)))


class Trainer:
    def __init__(self, config: Config, data: Path, out: Path, report: Report = print, clock: Callable[[], float] = time.monotonic):
        self.config, self.out, self.report, self.clock = config, out, report, clock
        self.device = pick_device(config.device)
        if config.threads > 0:
            torch.set_num_threads(config.threads)
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
        self.manifest, days = load(data)
        spec = self.manifest.features
        self.twin = Twin(spec)
        self.twin.check(days)
        self.log_grid = torch.tensor(self.manifest.log_grid, device=self.device)
        self.train, self.validation, self.test = (measure(days.where(s).to(self.device), self.log_grid)
                                                  for s in ("train", "validation", "test"))
        if not len(self.train) or not len(self.validation):
            raise DataError(f"{data}: the train and validation splits must not be empty")
        self.normaliser = Normaliser.fit(self.train.features.cpu(), spec).to(self.device)
        self.dropout = FeatureDropout(spec)
        self.evaluator = Evaluator(self.manifest, self.twin, self.log_grid, config.serveAt)

        torch.manual_seed(config.seed)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.policy = Policy(config.model, len(spec.names)).to(self.device)
        self.critic = Critic(config.model, len(spec.names)).to(self.device) if config.offline.exploration else None
        self.logged = Pool.of_log(self.train)
        self.relabelled: Pool | None = None
        self.pool_seed = 0
        self.stage, self.step, self.k = "offline", 0, None
        self.best, self.best_state = -math.inf, None
        self.graph: EagerGradient | GraphedGradient | None = None
        self.optimiser = self._optimiser()

    # -- state -----------------------------------------------------------------------------------------------------------------

    def _optimiser(self) -> torch.optim.Optimizer:
        options = self.config.offline if self.stage == "offline" else self.config.fineTune
        modules = [self.policy] + ([self.critic] if self.critic is not None and self.stage == "offline" else [])
        return torch.optim.AdamW([p for m in modules for p in m.parameters()], lr=options.learningRate, betas=(0.9, 0.98),
                                 weight_decay=options.weightDecay)

    def save(self) -> None:
        checkpoint.save({
            "config": self.config.as_dict(), "stage": self.stage, "step": self.step, "k": self.k, "poolSeed": self.pool_seed,
            "policy": self.policy.state_dict(), "critic": self.critic.state_dict() if self.critic is not None else {},
            "optimiser": self.optimiser.state_dict(), "best": self.best, "bestState": self.best_state,
            "random": checkpoint.random_state(self.generator, self.device), "sha256": self.manifest.sha256,
        }, self.out / "checkpoint.pt")

    def resume(self) -> None:
        """Goes on from OUT/checkpoint.pt; refuses one of other data or of another model."""
        state = checkpoint.load(self.out / "checkpoint.pt")
        if state["sha256"] != self.manifest.sha256:
            raise DataError("checkpoint.pt was trained on other data")
        if state["config"]["model"] != self.config.as_dict()["model"]:
            raise DataError("checkpoint.pt has another model configuration")
        self.stage, self.step, self.k, self.pool_seed = state["stage"], state["step"], state["k"], state["poolSeed"]
        self.policy.load_state_dict(state["policy"])
        if self.critic is not None:
            self.critic.load_state_dict(state["critic"])
        self.optimiser = self._optimiser()
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.best_state = state["best"], state["bestState"]
        checkpoint.restore_random(state["random"], self.generator, self.device)
        if self.stage == "offline" and self.pool_seed:
            self._relabel()

    # -- one step --------------------------------------------------------------------------------------------------------------

    def _relabel(self) -> None:
        # The pool has its own seed, kept in the checkpoint, so that a resumed run rebuilds it as it was.
        self.relabelled = Pool.in_hindsight(self.train, self.config.fineTune, self.config.offline.relabelPool, self.twin, self.log_grid,
                                            self.policy.residual, torch.Generator().manual_seed(self.pool_seed))

    def _offline_loss(self) -> Losses:
        options = self.config.offline
        if options.relabelFraction > 0 and self.step % options.relabelEvery == 0:
            self.pool_seed = int(torch.randint(1, 2**31 - 1, (1,), generator=self.generator))
            self._relabel()
        if options.exploration and self.step == options.explorationFrom:
            self.k = self._measure_k()
        relabelled = int(round(options.batch * options.relabelFraction))
        keep = self.dropout.sample(options.batch, options.featureDropout, self.generator, self.device)
        window = self.config.model.window
        batch = random_windows(self.logged, options.batch - relabelled, window, self.normaliser, keep[relabelled:], self.generator)
        if relabelled:
            batch = join(batch, random_windows(self.relabelled, relabelled, window, self.normaliser, keep[:relabelled], self.generator))
        return gave_losses(self.policy, self.critic, batch, options, self.k)

    @torch.no_grad()
    def _measure_k(self) -> float:
        """2 / sd(q~ - q^) on validation windows."""
        self.policy.eval()
        batch = random_windows(Pool.of_log(self.validation), 1024, self.config.model.window, self.normaliser, None,
                               torch.Generator().manual_seed(13))
        gain = gave_losses(self.policy, self.critic, batch, self.config.offline, None).gain
        self.policy.train()
        k = 2.0 / max(float(gain.std(unbiased=False)), 1e-6)
        self.report(f"exploration on: k = {k:.4g}")
        return k

    def _score_loss(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> Tensor:
        """Minus the share of S* gained in a roll-out, through the interpolated curves."""
        options = self.config.fineTune
        player = WindowPolicy(self.policy, self.normaliser, self.config.serveAt, days, options.detachState)
        played = roll_out(days, player, self.twin, self.log_grid, keep, options.detachState, arrivals)
        weight = days.budget / days.target
        return -(weight * played.score(exponents(days.mode, options.targetExponent))).sum() / (weight * days.s_star).sum().clamp(min=1e-9)

    def _score_gradient(self) -> Tensor:
        """One batch through the roll-out and back; on a GPU as one captured graph, since its thousands of small kernels would
        otherwise wait for Python."""
        options = self.config.fineTune
        days = sample_days(self.train, options, options.batch, self.twin, self.log_grid, self.policy.residual, self.generator)
        keep = self.dropout.sample(options.batch, options.featureDropout, self.generator, self.device)
        arrivals = draw_arrivals(options.batch, self.generator, self.device)
        if self.graph is None:
            maker = GraphedGradient if self.device.type == "cuda" else EagerGradient
            self.graph = maker(self._score_loss, list(self.policy.parameters()), days, keep, arrivals)
        return self.graph(days, keep, arrivals)

    def train_step(self) -> None:
        options = self.config.offline if self.stage == "offline" else self.config.fineTune
        for group in self.optimiser.param_groups:
            group["lr"] = options.learningRate * schedule(self.step, options.steps, options.warmUp)
        if self.stage == "offline":
            self.policy.train()
            losses = self._offline_loss()
            self.optimiser.zero_grad(set_to_none=True)
            losses.total.backward()
            # Kept for the progress line only: the autograd graph must not outlive the step.
            loss = losses.total = losses.total.detach()
        else:
            # No dropout: one noise through 48 decisions is another policy, not a regulariser.
            self.policy.eval()
            losses, loss = None, self._score_gradient()
        parts = [self.policy] + ([self.critic] if self.critic is not None and self.stage == "offline" else [])
        for module in parts:
            torch.nn.utils.clip_grad_norm_(module.parameters(), options.clip)
        self.optimiser.step()
        self.step += 1
        self.last = (loss, losses)

    def _describe(self) -> str:
        loss, losses = self.last
        if losses is None:
            return f"gained {-100 * float(loss):.2f} % of S*"
        text = f"loss {float(loss):.4f} action {float(losses.action):.4f} critic {float(losses.critic):.5f} " \
               f"expectile {float(losses.expectile):.5f} explore {float(losses.explore):.5f}"
        if self.k is not None and losses.weight.numel():
            quartiles = torch.quantile(losses.weight.float().cpu(), torch.tensor([0.25, 0.5, 0.75]))
            text += " w " + "/".join(f"{float(q):.2f}" for q in quartiles)
        return text

    # -- the run ---------------------------------------------------------------------------------------------------------------

    def validate(self) -> float:
        score = self.evaluator.selection(self.validation, self.config.validateKeys, self.policy, self.normaliser)
        if score > self.best:
            self.best = score
            self.best_state = {name: tensor.detach().cpu().clone() for name, tensor in self.policy.state_dict().items()}
        return score

    def run(self, stop_at: tuple[str, int] | None = None, minutes: float | None = None) -> bool:
        """True when both stages are done; False when stopped at (stage, step) or by the time limit, with a checkpoint written."""
        self.report(f"policy {parameters(self.policy):,} parameters, {len(self.train):,} / {len(self.validation):,} / {len(self.test):,} "
                    f"keys, {self.device}")
        started = saved = told = self.clock()
        told_at = (self.stage, self.step)
        while True:
            limit = self.config.offline.steps if self.stage == "offline" else self.config.fineTune.steps
            if stop_at == (self.stage, self.step):
                self.save()
                return False
            if self.step >= limit:
                if self.stage == "fineTune":
                    break
                if self.best_state is not None:
                    self.policy.load_state_dict(self.best_state)
                self.stage, self.step = "fineTune", 0
                self.optimiser = self._optimiser()
                continue
            self.train_step()
            now = self.clock()
            if self.step % self.config.validateEvery == 0 or self.step == limit:
                self.report(f"{self.stage} {self.step}/{limit} validation {self.validate():.2f} % of S* (best {self.best:.2f})")
            if now - told >= self.config.progressSeconds or self.step == limit:
                done = self.step - told_at[1] if told_at[0] == self.stage else self.step
                self.report(f"{self.stage} {self.step}/{limit} {self._describe()} {done / max(now - told, 1e-9):.1f} steps/s")
                told, told_at = now, (self.stage, self.step)
            if now - saved >= self.config.checkpointSeconds:
                self.save()
                saved = now
            if minutes is not None and now - started > 60 * minutes:
                self.save()
                self.report(f"stopped after {minutes:g} minutes; --resume goes on")
                return False
        self.finish()
        return True

    def finish(self) -> None:
        """Scores the best policy on validation and test periods and writes OUT/model.pt."""
        if self.best_state is None:
            self.validate()
        self.save()
        self.policy.load_state_dict(self.best_state)
        scores = {"environment": "frozen rivals, exported curves, torch roll-out; % of S* is sum of scores / sum of S*",
                  "selection": round(self.best, 3)}
        for name, days in (("validation", self.validation), ("test", self.test)):
            if len(days):
                scores[name] = self.evaluator.table(days, self.train, self.policy, self.normaliser, self.config.reportBudgets)
        for name in ("validation", "test"):
            for mode, part in scores.get(name, {}).items():
                for player, budgets in part["rows"].items():
                    line = "  ".join(f"{budget}: {cell['percentOfBest']:.2f}" for budget, cell in budgets.items())
                    self.report(f"{name} {mode} {player}: {line}")
        self.write_model(scores)

    def write_model(self, scores: dict) -> None:
        """OUT/model.pt: the best policy with all that export needs."""
        checkpoint.save({
            "config": self.config.as_dict(), "policy": self.best_state, "features": self.manifest.features.as_dict(),
            "mean": self.normaliser.mean.cpu(), "std": self.normaliser.std.cpu(), "scores": scores,
            "parity": parity_windows(self.validation, self.normaliser, self.dropout, self.config.model.window, self.policy.residual),
            "data": {"sha256": self.manifest.sha256, "seeds": list(self.manifest.seeds)}}, self.out / "model.pt")
        self.report(f"wrote {self.out / 'model.pt'}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.gave.train", description="Trains GAVE on exported trajectories.")
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path, help="folder written by `autobid export-data`")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from OUT/checkpoint.pt if there is one")
    parser.add_argument("--minutes", type=float, help="stop after this long with a checkpoint (exit code 3)")
    options = parser.parse_args(arguments)
    try:
        trainer = Trainer(Config.read(options.config), options.data, options.out, lambda line: print(line, flush=True))
        if options.resume and (options.out / "checkpoint.pt").exists():
            trainer.resume()
        return 0 if trainer.run(minutes=options.minutes) else 3
    except (DataError, ValueError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
