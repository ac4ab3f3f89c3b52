"""Trains the market model. Stage 1 (offline): the error of the denoiser. Stage 2 (fineTune): the sampler that serves, its few passes as one, by proper
scores of its samples: a sampler of few passes draws too narrow a spread otherwise. The model is chosen by the score of what bidding needs (score.py).
Files as of common/trainer.py: OUT/checkpoint.pt is the resumable state, OUT/model.pt the best model by validation, ready for export; progress.json is
for curves.
"""
from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable

import torch

from ..common import checkpoint
from ..common.config import Config
from ..common.data import STEPS, DataError, TrajectorySet, load
from ..common.evaluate import clusters
from ..common.forecast import Prior
from ..common.losses import mean
from ..common.model import parameters
from ..common.objective import Report
from ..common.stages import Course, Stages
from ..common.trainer import pick_device, schedule
from . import latents
from .curve import aligned
from .model import MarketModel
from .outcome import after_each, compose, crps, energy_score, in_log, probe_logs
from .score import Examination
from .situations import SituationSampler

PARITY_ROWS = 32


def _lean(days: TrajectorySet) -> TrajectorySet:
    """Without what the market does not look at: rows, forecasts and the curves of bids as they were exposed."""
    nothing = torch.zeros(len(days), 0)
    return replace(days, **{name: nothing for name in ("features", "curve_cost", "curve_value", "forecast_cost", "forecast_value")})


class MarketTrainer(Stages):
    """Has the trainer's face: run, resume, start_from."""

    report_share, report_seconds = 0.1, 15.0
    model_settings = ("objective", "diffusion", "futures")

    def __init__(self, config: Config, data: Path, out: Path, report: Report = print, clock: Callable[[], float] = time.monotonic):
        self.config, self.out, self.report, self.clock = config, out, report, clock
        self.device = pick_device(config.device)
        if config.threads > 0:
            torch.set_num_threads(config.threads)
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
        self.manifest, days = load(data)
        days = _lean(days)
        self.prior = Prior.read(data / "prior.json")
        raw = json.loads((data / "prior.json").read_text("utf-8"))
        self.log_grid = torch.tensor(self.manifest.log_grid)
        train, self.validation, self.test = (days.where(split) for split in ("train", "validation", "test"))
        del days
        if not len(train) or not len(self.validation):
            raise DataError(f"{data}: the train and validation splits must not be empty")
        self.raw_curve = raw if config.futures.curve == "prior" else aligned(train, raw, self.log_grid, self.device)
        self.curve = Prior.parse(self.raw_curve)
        self.days = latents.of_days(train, self.curve, self.log_grid, self.device)
        self.target, self.budget = train.target.to(self.device), train.budget.to(self.device)
        self.logs = probe_logs(self.device)
        self.outcome = after_each(train, self.logs.cpu(), self.log_grid).to(self.device) if config.fineTune.steps > 0 else None
        self.sampler = SituationSampler(self.days, clusters(train).to(self.device), self.prior.regime, config.futures)
        torch.manual_seed(config.seed)
        self.generator = torch.Generator(device=self.device).manual_seed(config.seed)
        self.model = MarketModel(config).to(self.device)
        self.model.fit(self.days)
        self.average = copy.deepcopy(self.model)
        self.examination = self._examine(self.validation, config.validateKeys)
        self.stage, self.step, self.progress, self.last = "offline", 0, 0.0, math.nan
        self.optimiser = self._optimiser()
        self.best, self.best_state = math.inf, None
        self.course = Course()

    def _examine(self, days: TrajectorySet, keys: int) -> Examination:
        return Examination(days, self.days, self.prior, self.curve, self.log_grid, self.config.futures.noises, keys, self.device)

    def _optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.model.parameters(), lr=self.options.learningRate, betas=(0.9, 0.98), weight_decay=self.options.weightDecay)

    # -- state -----------------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        checkpoint.save({**self._progress_state(), "model": self.model.state_dict(), "average": self.average.state_dict()}, self.out / "checkpoint.pt")
        if self.best_state is not None:
            # A run that is cut off can be exported all the same.
            self.write_model({"selection": round(self.best, 5)})

    def resume(self) -> None:
        """Goes on from OUT/checkpoint.pt; refuses one of other data or of another model."""
        state = self._read_checkpoint()
        self.stage, self.step, self.progress = state["stage"], state["step"], state["progress"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self._restore_progress(state)

    def start_from(self, model: Path) -> None:
        raise ValueError(f"{model}: objective market trains both stages in one run, --resume goes on with one")

    # -- one step --------------------------------------------------------------------------------------------------------------

    def _noise(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def _denoising_loss(self) -> torch.Tensor:
        drawn = self.sampler.draw(self.options.batch, self.generator)
        noise_step = torch.randint(1, self.config.diffusion.noiseSteps + 1, (self.options.batch,), generator=self.generator, device=self.device)
        return self.model.loss(drawn.given, drawn.day, noise_step, self._noise(*drawn.day.values.shape))

    def _sampling_loss(self) -> torch.Tensor:
        """Energy score of the future latents, and CRPS of what they cost and bring against what the days' own curves say. Days that were cut anew
        have no curves: of them the first only."""
        drawn = self.sampler.draw(self.options.batch, self.generator)
        given, day, keys = drawn.given, drawn.day, drawn.keys
        samples = self.model.sample(given, self._noise(len(keys), self.config.futures.members, STEPS, latents.SIZE))
        weight = (1 - given.known) * day.exists * given.future.unsqueeze(2)
        joint = energy_score(samples / self.model.std, day.values / self.model.std, weight).mean()
        flows = compose(samples, given.future, self.target[keys], self.budget[keys], self.curve, self.logs)
        truth = self.outcome[keys, given.now.argmax(1)]
        return joint + mean(crps(in_log(torch.cat(flows, 2)), truth).mean(1), drawn.as_played)

    def train_step(self) -> None:
        options = self.options
        for group in self.optimiser.param_groups:
            group["lr"] = options.learningRate * schedule(self.step, options.warmUp, self.progress, options.finalRate)
        self.model.train()
        loss = self._denoising_loss() if self.stage == "offline" else self._sampling_loss()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), options.clip)
        self.optimiser.step()
        self._follow(min(self.config.futures.ema, (self.step + 1) / (self.step + 10)))
        self.step += 1
        self.progress = max(self.progress, self.step / max(1, options.steps))
        self.last = loss.detach()

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        """Averaged weights; the decay grows at first, so that the start is soon forgotten."""
        slow, fast = list(self.average.parameters()), list(self.model.parameters())
        torch._foreach_mul_(slow, decay)
        torch._foreach_add_(slow, fast, alpha=1 - decay)

    def validate(self) -> float:
        score = self.examination.selection(self.average)
        self.course.points.append({"stage": self.stage, "step": self.step, "validation": round(score, 5), "loss": round(float(self.last), 5)})
        if score < self.best:
            self.best = score
            self.best_state = {name: tensor.detach().cpu().clone() for name, tensor in self.average.state_dict().items()}
        return score

    # -- the run ---------------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.report(f"{self.config.name}: market model {parameters(self.model):,} parameters, {len(self.days):,} / {len(self.validation):,} / "
                    f"{len(self.test):,} keys, {self.device}")

    def _describe(self) -> str:
        return f"loss {float(self.last):.4f}"

    def _score(self, value: float) -> str:
        return f"CRPS {value:.5f}"

    def _enter_fine_tuning(self) -> None:
        """From the averaged weights: they are the better ones."""
        self.model.load_state_dict(self.average.state_dict())
        self.stage, self.step, self.progress = "fineTune", 0, 0.0
        self.optimiser = self._optimiser()

    def finish(self) -> None:
        """Scores the best model on validation and test periods and writes OUT/model.pt and progress.json."""
        self.save()
        self.average.load_state_dict(self.best_state)
        scores = {"environment": "CRPS of log cost and log value of the rest of the day at 0.74, 1 and 1.35 against the steps' own response curves; "
                                 "lower is better", "selection": round(self.best, 5)}
        for name, days in (("validation", self.validation), ("test", self.test)):
            if len(days):
                scores[name] = self._examine(days, self.config.reportKeys).table(self.average)
                self._tell(name, scores[name])
        (self.out / "progress.json").write_text(json.dumps({"name": self.config.name, "seconds": self.course.seconds, "points": self.course.points}), "utf-8")
        self.write_model(scores)
        self.report(f"wrote {self.out / 'model.pt'}")

    def _tell(self, split: str, table: dict) -> None:
        for knowledge, cells in table.items():
            line = "  ".join(f"{row}: {cell['crps']:.4f}" for row, cell in cells.items())
            self.report(f"{split} CRPS, step and regime {knowledge}: {line}")

    def write_model(self, scores: dict) -> None:
        """OUT/model.pt: the best model with all that export needs."""
        rows = torch.linspace(0, len(self.examination) - 1, min(PARITY_ROWS, len(self.examination))).long()
        some = [self.examination.given(name) for name in ("known", "unknown")]
        # Alternately with and without step and regime.
        parity = {name: torch.stack([getattr(some[i % 2], name)[row].cpu() for i, row in enumerate(rows)]).contiguous()
                  for name in ("market", "known", "now", "boundary")}
        checkpoint.save({
            "config": self.config.as_dict(), "policy": self.best_state,
            "features": {"name": latents.NAME, "version": latents.VERSION, "names": list(latents.CHANNELS)},
            "mean": self.best_state["mean"], "std": self.best_state["std"], "scores": scores, "request": 0.0, "parity": parity,
            "curve": self.raw_curve if self.config.futures.curve == "aligned" else None,
            "data": {"sha256": self.manifest.sha256, "seeds": list(self.manifest.seeds), "priorSha256": self.manifest.prior_sha256}}, self.out / "model.pt")
