"""Samples the rest of a day and brings it to what is asked for. Everything here is plain tensor arithmetic, so that it exports."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..common.config import DiffusionConfig
from ..common.data import STEPS
from .denoiser import Denoiser
from .flows import LIMIT, FlowScale
from .returns import ReturnModel
from .schedule import clean_of, ladder, signal, step_down


@dataclass
class Situation:
    """What is known when a step is decided."""

    history: Tensor     # [B,T,4] flows z-scored, 0 where unknown
    known: Tensor       # [B,T] 1 where history is
    at: Tensor          # [B,T] one-hot of the step
    row: Tensor         # [B,F] z-scored row of the step
    asked: Tensor       # [B] efficiency

    @property
    def future(self) -> Tensor:
        """[B,T] 1 from the step on."""
        return self.at.cumsum(1)

    def repeated(self, count: int) -> "Situation":
        """Every key so many times, neighbours together."""
        def repeat(x: Tensor) -> Tensor:
            shape = [int(n) for n in x.shape[1:]]
            return x.unsqueeze(1).expand(-1, count, *shape).reshape(-1, *shape)
        return self if count == 1 else Situation(*(repeat(x) for x in (self.history, self.known, self.at, self.row)),
                                                 self.asked.unsqueeze(1).expand(-1, count).reshape(-1))


@dataclass
class Alignment:
    """A plan before and after, [B,...]; misfits by R."""

    sampled: Tensor
    plan: Tensor
    promised: Tensor        # R of the plan that is kept
    before: Tensor
    after: Tensor


def misfit(promised: Tensor, asked: Tensor, two_sided: bool) -> Tensor:
    """How far a plan stays behind what is asked for; two-sided it also pays for promising more."""
    gap = asked - promised
    return (gap if two_sided else torch.relu(gap)) ** 2


def suffix_norm(x: Tensor) -> Tensor:
    return torch.sqrt((x ** 2).sum((1, 2), keepdim=True) + 1e-12)


class Planner(nn.Module):
    """completer: the guided net, told or not told the efficiency; quick: the same guidance learned in one pass; returns: R."""

    def __init__(self, config: DiffusionConfig, features: int, scale: FlowScale):
        super().__init__()
        self.config, self.scale = config, scale
        self.completer = Denoiser(config, features)
        self.quick = Denoiser(config, features)
        self.returns = ReturnModel(features)
        self.register_buffer("signal", signal(config.noiseSteps), persistent=False)
        self.alphas = [float(a) for a in signal(config.noiseSteps)]

    def predict(self, x: Tensor, now: Situation, context: Tensor, step: int) -> Tensor:
        """The net's answer at noise step `step`, guided."""
        place = torch.full((1,), step, dtype=torch.long, device=x.device)
        whole = not self.config.suffixOnly
        known = torch.zeros_like(now.known) if whole else now.known
        future = torch.ones_like(now.known) if whole else now.future
        given = torch.ones_like(now.asked)
        if self.config.distilled:
            return self.quick(x, known, future, context, place, now.asked, given)
        # Both passes as one batch of twice the size.
        two = [torch.cat([part, part]) for part in (x, known, future, context, now.asked)]
        both = self.completer(*two[:4], place, two[4], torch.cat([given, torch.zeros_like(given)])).reshape(2, -1, STEPS, int(x.shape[2]))
        return both[1] + self.config.guidance * (both[0] - both[1])

    def sample(self, now: Situation, noise: Tensor) -> Tensor:
        """[B,T,4] z-scored: history where it is known, one plan from the step on; noise [B,T,4]."""
        config = self.config
        future = now.future.unsqueeze(2)
        net = self.quick if config.distilled else self.completer
        context = net.context(now.row if config.suffixOnly else torch.zeros_like(now.row))
        rungs = [*ladder(config.noiseSteps, config.samplingSteps), 0]
        x = noise
        clean = noise
        for step, following in zip(rungs, rungs[1:]):
            if config.suffixOnly:
                x = x * future + now.history
            else:
                # Pinned: what was observed, as noisy as the rest.
                alpha = self.alphas[step]
                seen = now.known.unsqueeze(2)
                x = x * (1 - seen) + seen * (alpha ** 0.5 * now.history + (1 - alpha) ** 0.5 * noise)
            clean = clean_of(x, self.predict(x, now, context, step), self.alphas[step], config.predicts).clamp(-LIMIT, LIMIT)
            if config.choice == "guide":
                clean = clean + self._pull(clean * future + now.history, now) * future
            x = step_down(x, clean, self.alphas[step], self.alphas[following])
        return clean * future + now.history

    def _pull(self, plan: Tensor, now: Situation) -> Tensor:
        """A step down the misfit's gradient, cut to its share of the largest change."""
        config, future = self.config, now.future
        promised, gradient = self.returns.with_gradient(plan, now.known, future, now.row)
        gap = now.asked - promised
        wanted = 2 * config.alignRate * (gap if config.twoSided else torch.relu(gap)).reshape(-1, 1, 1)
        move = wanted * gradient * future.unsqueeze(2)
        steps = config.samplingSteps if config.choice == "guide" else config.alignSteps
        room = config.alignReach / steps * suffix_norm(plan * future.unsqueeze(2))
        return move * (room / suffix_norm(move)).clamp(max=1.0)

    def is_likely(self, plan: Tensor, now: Situation) -> Tensor:
        """[B] 1 where the planned rest lies within what training days did."""
        future = now.future
        square = ((plan ** 2).mean(2) * future).sum(1) / future.sum(1)
        return (square <= (now.at * self.scale.reach).sum(1)).to(plan.dtype)

    def align(self, plan: Tensor, now: Situation) -> Alignment:
        """Moves the planned suffix towards the efficiency asked for; every step is kept only where its misfit falls and the plan stays
        in distribution."""
        config, future, sampled = self.config, now.future, plan
        promised = self.returns(plan, now.known, future, now.row)
        before = after = misfit(promised, now.asked, config.twoSided)
        for _ in range(config.alignSteps if config.choice == "align" else 0):
            moved = (plan + self._pull(plan, now) * future.unsqueeze(2)).clamp(-LIMIT, LIMIT)
            told = self.returns(moved, now.known, future, now.row)
            cost = misfit(told, now.asked, config.twoSided)
            kept = torch.logical_and(cost < after, self.is_likely(moved, now) > 0.5)
            plan = torch.where(kept.reshape(-1, 1, 1), moved, plan)
            promised, after = torch.where(kept, told, promised), torch.where(kept, cost, after)
        return Alignment(sampled, plan, promised, before, after)

    def plan(self, now: Situation, noise: Tensor) -> tuple[Alignment, Situation]:
        """Plans of noise [B,M,T,4]: one per noise that counts, B x `noises` of them, with their situations."""
        many = int(noise.shape[1])
        situation = now.repeated(many)
        found = self.align(self.sample(situation, noise.reshape(-1, STEPS, int(noise.shape[3]))), situation)
        if self.config.choice != "best":
            return found, situation
        # The smallest misfit; of plans that reach what is asked for, the one that promises most; what is unlikely comes last.
        rank = misfit(found.promised, situation.asked, self.config.twoSided) - 1e-4 * found.promised + 10 * (1 - self.is_likely(found.plan, situation))
        best = rank.reshape(-1, many).argmin(1)
        rows = torch.arange(len(best), device=best.device) * many + best
        return Alignment(found.sampled[rows], found.plan[rows], found.promised[rows], found.before[rows], found.after[rows]), now

    @property
    def draws(self) -> int:
        """Noises that a decision takes."""
        return self.config.samples if self.config.choice == "best" else self.config.noises
