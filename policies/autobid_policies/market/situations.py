"""What a campaign knows of a day when it decides a step: training hides what live engines do not always know."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..common.config import FuturesConfig
from ..common.data import STEPS
from .latents import CURVES_KEPT, LEVEL, PRICE, VOLUME, Latents
from .model import Known


def regime_starts(length: int, keys: int, device: torch.device | str) -> Tensor:
    """[keys,T] 1 where a value regime begins; all 0 for length 0 (unknown)."""
    steps = torch.arange(STEPS, device=device)
    starts = (steps % length == 0).float() if length > 0 else torch.zeros(STEPS, device=device)
    return starts.expand(keys, -1)


def at_step(day: Latents, steps: Tensor, boundary: Tensor, knows_step: Tensor | None = None, prices_back: Tensor | None = None) -> Known:
    """Days [B] seen when `steps` [B] are decided. knows_step [B] of 0 / 1: the step's own volume and level are forecast; prices_back [B]: steps
    whose curves are known, 0 none. By default everything is known that can be."""
    every = torch.arange(STEPS, device=steps.device).unsqueeze(0)
    step = steps.unsqueeze(1)
    now = (every == step).to(day.values.dtype)
    closed = (every < step).to(day.values.dtype)
    forecast = closed + now * (1.0 if knows_step is None else knows_step.unsqueeze(1))
    curves = closed if prices_back is None else closed * (every >= step - prices_back.unsqueeze(1))
    seen = [None] * day.values.shape[2]
    seen[VOLUME] = seen[LEVEL] = forecast
    seen[PRICE] = curves
    known = torch.stack(seen, 2) * day.exists
    return Known(day.values * known, known, now, boundary)


@dataclass
class Draw:
    """A batch of days as they were and as they are seen."""

    given: Known
    day: Latents
    keys: Tensor         # [B] which days
    as_played: Tensor    # [B] 0 where the regimes were cut anew


class SituationSampler:
    """Random days at random steps. What is random is drawn on the device of the days, whose generator it takes."""

    def __init__(self, days: Latents, cluster: Tensor, regime: int, options: FuturesConfig):
        """cluster [N]: days of one number shared their market. regime: steps of a value regime, 0 unknown."""
        self.days, self.regime, self.options = days, regime, options
        # What is cut anew are the distances to it.
        self.course = days.course()
        number, self.order = torch.sort(cluster, stable=True)
        self.first = torch.searchsorted(number, cluster)
        self.count = torch.searchsorted(number, cluster, right=True) - self.first
        self.lengths = torch.tensor(options.recutLengths, device=cluster.device)

    def draw(self, size: int, generator: torch.Generator) -> Draw:
        options, device = self.options, self.days.values.device

        def whole(high: int, *shape: int) -> Tensor:
            return torch.randint(0, high, shape, generator=generator, device=device)

        def happens(probability: float, *shape: int) -> Tensor:
            return (torch.rand(*shape, generator=generator, device=device) < probability).float()

        keys, steps = whole(len(self.days), size), whole(STEPS, size)
        day, boundary, cut = self.days.take(keys), regime_starts(self.regime, size, device), torch.zeros(size, device=device)
        if self.regime > 0 and options.recut > 0:
            cut = happens(options.recut, size)
            day, boundary = self._recut(day, keys, boundary, cut, whole)
        hidden = happens(options.hideStep, size)
        back = torch.where(happens(0.5, size) > 0, torch.full_like(steps, STEPS), torch.full_like(steps, CURVES_KEPT))
        back = back * (1 - happens(options.hidePrices, size)).long()
        boundary = boundary * (1 - happens(options.hideRegime, size)).unsqueeze(1)
        given = at_step(day, steps, boundary, 1 - hidden, back)
        # Steps in which nothing was seen: closed hours, an outage.
        gaps = happens(options.gaps, size).unsqueeze(1) * happens(0.3, size, STEPS)
        kept = given.known * (1 - gaps * (1 - given.now)).unsqueeze(2)
        return Draw(Known(day.values * kept, kept, given.now, boundary), day, keys, 1 - cut)

    def _recut(self, day: Latents, keys: Tensor, boundary: Tensor, chosen: Tensor, whole) -> tuple[Latents, Tensor]:
        """Days with regimes of another length: each takes level and price, as distances to the mean course, from a random regime of a random
        campaign of the same market. Volume keeps its own course: it does not follow the regimes."""
        size, device = len(day), day.values.device
        length = self.lengths[whole(len(self.lengths), size)].unsqueeze(1)
        steps = torch.arange(STEPS, device=device).unsqueeze(0)
        block, place = steps // length, steps % length
        # Regimes longer than their source go through it again.
        donors = torch.gather(self.first[keys].unsqueeze(1) + whole(2**31 - 1, size, STEPS) % self.count[keys].unsqueeze(1), 1, block)
        source = torch.gather(whole(STEPS // self.regime, size, STEPS), 1, block) * self.regime + place % self.regime
        donors = self.order[donors]
        values = self.days.values[donors, source] - self.course[source] + self.course
        exists = self.days.exists[donors, source]
        limits = torch.tensor([0.0, 1.0, 1.0], device=device) * chosen.view(-1, 1, 1)
        mixed = Latents(torch.where(limits > 0, values, day.values), torch.where(limits > 0, exists, day.exists))
        starts = (place == 0).float()
        return Latents(mixed.values * mixed.exists, mixed.exists), torch.where(chosen.unsqueeze(1) > 0, starts, boundary)
