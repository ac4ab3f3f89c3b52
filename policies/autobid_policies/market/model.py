"""Samples the unknown rest of a day's market by diffusion. Plain tensor arithmetic, so that it exports as one graph."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..cbd.denoiser import net_of
from ..cbd.schedule import clean_of, ladder, noised, signal, step_down, target_of
from ..common.config import Config
from ..common.data import STEPS
from ..common.losses import mean
from .latents import LIMITS, SIZE, Latents

# z-scores beyond it are clamped.
LIMIT = 4.0


@dataclass
class Known:
    """What is known when a step is decided."""

    market: Tensor      # [B,T,3] latents, 0 where unknown
    known: Tensor       # [B,T,3] 1 where known
    now: Tensor         # [B,T] one-hot of the step
    boundary: Tensor    # [B,T] 1 where a value regime begins; all 0 where that is unknown

    @property
    def future(self) -> Tensor:
        """[B,T] 1 from the step on."""
        return self.now.cumsum(1)


def _repeat(x: Tensor, count: int) -> Tensor:
    """Every key so many times, neighbours together."""
    shape = [int(n) for n in x.shape[1:]]
    return x.unsqueeze(1).expand(-1, count, *shape).reshape(-1, *shape)


class MarketModel(nn.Module):
    """Completes days: known latents stay as they are, the others are drawn. Statistics are buffers, so a graph takes and answers natural units."""

    def __init__(self, config: Config):
        super().__init__()
        self.config, self.noises = config.diffusion, config.futures.noises
        self.step = nn.Embedding(self.config.noiseSteps + 1, self.config.conditionWidth)
        # Of every step: latents, which of them are known, whether it is the one decided and whether a regime begins.
        self.net = net_of(self.config, 2 * SIZE + 2, SIZE)
        self.register_buffer("mean", torch.zeros(SIZE))
        self.register_buffer("std", torch.ones(SIZE))
        self.register_buffer("limits", torch.tensor(LIMITS), persistent=False)
        self.register_buffer("signal", signal(self.config.noiseSteps), persistent=False)
        self.alphas = [float(a) for a in signal(self.config.noiseSteps)]

    @torch.no_grad()
    def fit(self, days: Latents) -> None:
        """Statistics of training days, each channel over the steps that have it."""
        for channel in range(SIZE):
            x = days.values[:, :, channel][days.exists[:, :, channel] > 0].double()
            self.mean[channel] = float(x.mean()) if len(x) else 0.0
            self.std[channel] = max(float(x.std(unbiased=False)), 0.05) if len(x) else 1.0

    def scaled(self, market: Tensor) -> Tensor:
        return ((market - self.mean) / self.std).clamp(-LIMIT, LIMIT)

    def _predict(self, x: Tensor, known: Tensor, marks: Tensor, noise_step: Tensor) -> Tensor:
        return self.net(torch.cat([x, known, marks], 2), nn.functional.silu(self.step(noise_step)))

    def loss(self, given: Known, day: Latents, noise_step: Tensor, noise: Tensor) -> Tensor:
        """Error on the latents that were noised and exist; noise_step [B], noise [B,T,3]."""
        clean, unknown = self.scaled(day.values) * day.exists, 1 - given.known
        alpha = self.signal[noise_step].view(-1, 1, 1)
        x = noised(clean, noise, alpha) * unknown + clean * given.known
        answer = self._predict(x, given.known, torch.stack([given.now, given.boundary], 2), noise_step)
        return mean((answer - target_of(clean, noise, alpha, self.config.predicts)) ** 2, unknown * day.exists)

    def sample(self, given: Known, noise: Tensor) -> Tensor:
        """[B,M,T,3] of noise [B,M,T,3]: DDIM with eta 0, what is known put back before every pass."""
        count = int(noise.shape[1])
        known = _repeat(given.known, count)
        fixed, unknown = _repeat(self.scaled(given.market) * given.known, count), 1 - known
        marks = _repeat(torch.stack([given.now, given.boundary], 2), count)
        rungs = [*ladder(self.config.noiseSteps, self.config.samplingSteps), 0]
        x = noise.reshape(-1, STEPS, SIZE)
        clean = x
        for step, following in zip(rungs, rungs[1:]):
            x = x * unknown + fixed
            told = self._predict(x, known, marks, torch.full((1,), step, dtype=torch.long, device=x.device))
            clean = clean_of(x, told, self.alphas[step], self.config.predicts).clamp(-LIMIT, LIMIT)
            x = step_down(x, clean, self.alphas[step], self.alphas[following])
        drawn = torch.minimum(torch.maximum(clean * self.std + self.mean, -self.limits), self.limits)
        return (drawn * unknown + _repeat(given.market * given.known, count)).reshape(-1, count, STEPS, SIZE)

    def forward(self, market: Tensor, known: Tensor, now: Tensor, boundary: Tensor, noise: Tensor) -> tuple[Tensor]:
        """The served graph: market and known [B,T,3], now and boundary [B,T], noise [B,M,T,3] -> futures [B,M,T,3]."""
        return (self.sample(Known(market, known, now, boundary), noise),)
