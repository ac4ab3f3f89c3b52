"""The loop of a training run: two stages, offline and fineTune, each until its steps are done or its share of the time is over."""
from __future__ import annotations

from dataclasses import dataclass, field

from . import checkpoint
from .data import DataError


@dataclass
class Course:
    """How a run went: points of the validation curve and what each stage took."""

    points: list[dict] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Stages:
    """What a trainer has beside it: config, out, manifest, device, generator, optimiser, stage, step, progress (0..1 of the stage), best,
    best_state, course, clock, report, train_step, validate, save, finish, and what is named below."""

    # Share of a run that must finish in time, and seconds, whichever is less, that are left for the last evaluation.
    report_share, report_seconds = 0.2, 75.0

    # Of the config, what a checkpoint must have been trained with.
    model_settings: tuple[str, ...] = ()

    @property
    def options(self):
        """Of the running stage."""
        return self.config.offline if self.stage == "offline" else self.config.fineTune

    def _optimiser(self):
        raise NotImplementedError

    def _progress_state(self) -> dict:
        """What every trainer's checkpoint holds."""
        return {"config": self.config.as_dict(), "sha256": self.manifest.sha256, "stage": self.stage, "step": self.step, "progress": self.progress,
                "optimiser": self.optimiser.state_dict(), "best": self.best, "bestState": self.best_state,
                "course": {"points": self.course.points, "seconds": self.course.seconds},
                "random": checkpoint.random_state(self.generator, self.device)}

    def _read_checkpoint(self) -> dict:
        """OUT/checkpoint.pt; refuses one of other data or of another model."""
        state = checkpoint.load(self.out / "checkpoint.pt")
        if state["sha256"] != self.manifest.sha256:
            raise DataError("checkpoint.pt was trained on other data")
        self._check_settings(state, "checkpoint.pt")
        return state

    def _check_settings(self, state: dict, source) -> None:
        if any(state["config"].get(name) != self.config.as_dict()[name] for name in self.model_settings):
            raise DataError(f"{source} has another model configuration")

    def _restore_progress(self, state: dict) -> None:
        """After the weights, and with the stage that says which of them learn."""
        self.optimiser = self._optimiser()
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.best_state = state["best"], state["bestState"]
        self.course = Course(**state["course"])
        checkpoint.restore_random(state["random"], self.generator, self.device)

    def _begin(self) -> None:
        """Before the first step, told or not."""

    def _enter_fine_tuning(self) -> None:
        """Sets stage, step, progress and the optimiser."""
        raise NotImplementedError

    def _describe(self) -> str:
        """The last step's losses."""
        raise NotImplementedError

    def _score(self, value: float) -> str:
        """A validation score with its unit."""
        raise NotImplementedError

    def run(self, stop_at: tuple[str, int] | None = None, minutes: float | None = None, finish_in: float | None = None) -> bool:
        """True when both stages are done; False when stopped at (stage, step) or after `minutes`, with a checkpoint written.
        `finish_in`: minutes in which the run ends and is evaluated; learning rates then fall with the clock."""
        started = saved = told = stage_started = self.clock()
        told_at, progress_then = (self.stage, self.step), self.progress
        self._begin()
        while True:
            limit, stage_end = self.options.steps, None
            if finish_in is not None:
                end = started + 60 * finish_in - min(self.report_seconds, 60 * finish_in * self.report_share)
                share = self.config.offline.timeShare if self.stage == "offline" and self.config.fineTune.steps > 0 else 1.0
                stage_end = started + share * (end - started)
            if stop_at == (self.stage, self.step):
                self.save()
                return False
            if self.step >= limit or stage_end is not None and self.clock() >= stage_end:
                self.course.seconds[self.stage] = round(self.course.seconds.get(self.stage, 0) + self.clock() - stage_started, 1)
                if self.step > 0 and not self._is_validated():
                    self._tell_validation(limit)
                if self.stage == "fineTune" or self.config.fineTune.steps == 0:
                    break
                self._enter_fine_tuning()
                stage_started, progress_then = self.clock(), 0.0
                continue
            self.train_step()
            now = self.clock()
            if stage_end is not None:
                through = (now - stage_started) / max(stage_end - stage_started, 1e-9)
                self.progress = max(self.progress, progress_then + (1 - progress_then) * min(1.0, through))
            if self.step % self.config.validateEvery == 0 or self.step == limit:
                self._tell_validation(limit)
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

    def _is_validated(self) -> bool:
        """At this step: the clock may end a stage anywhere."""
        last = self.course.points[-1] if self.course.points else {}
        return (last.get("stage"), last.get("step")) == (self.stage, self.step)

    def _tell_validation(self, limit: int) -> None:
        score = self._score(self.validate())
        self.report(f"{self.stage} {self.step}/{limit} validation {score} (best {self._score(self.best)})")
