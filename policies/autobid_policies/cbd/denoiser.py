"""The nets behind the completer and behind sampled markets: a small diffusion transformer over patches of steps, or a temporal U-Net. Both take what
is known of each step, partly noisy, [B,T,inputs] and a condition vector [B,D], or [1,D] for all; both answer [B,T,outputs]."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..common.config import DiffusionConfig
from ..common.data import STEPS
from .flows import SIZE


class Modulated(nn.Module):
    """Pre-norm block whose scales, shifts and gates follow the condition; gates start at 0 and scales at 1, so an untrained net is the identity."""

    def __init__(self, width: int, heads: int, condition: int, ratio: int):
        super().__init__()
        self.heads, self.part, self.width = heads, width // heads, width
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.joined = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))
        self.modulation = nn.Linear(condition, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        with torch.no_grad():
            self.modulation.bias.copy_(torch.tensor([0.0, 1.0, 0.0] * 2).repeat_interleave(width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = torch.split(self.modulation(condition).unsqueeze(1), self.width, 2)
        x = torch.addcmul(x, gate1, self._attend(torch.addcmul(shift1, scale1, self.norm1(x))))
        return torch.addcmul(x, gate2, self.mlp(torch.addcmul(shift2, scale2, self.norm2(x))))

    def _attend(self, x: Tensor) -> Tensor:
        # int(): lengths become constants of an exported graph.
        length = int(x.shape[1])
        q, k, v = (part.reshape(-1, length, self.heads, self.part).transpose(1, 2) for part in torch.split(self.joined(x), self.width, 2))
        mixed = torch.matmul(torch.softmax(torch.matmul(q, k.transpose(2, 3)) * (1 / math.sqrt(self.part)), 3), v)
        return self.out(mixed.transpose(1, 2).reshape(-1, length, self.width))


class PatchTransformer(nn.Module):
    def __init__(self, config: DiffusionConfig, condition: int, inputs: int, outputs: int):
        super().__init__()
        self.outputs, self.patched, self.tokens = outputs, inputs * config.patch, STEPS // config.patch
        self.embed = nn.Linear(self.patched, config.width)
        self.place = nn.Parameter(0.02 * torch.randn(1, self.tokens, config.width))
        self.blocks = nn.ModuleList(Modulated(config.width, config.heads, condition, config.mlpRatio) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, outputs * config.patch)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        x = self.embed(x.reshape(-1, self.tokens, self.patched)) + self.place
        for block in self.blocks:
            x = block(x, condition)
        return self.out(self.norm(x)).reshape(-1, STEPS, self.outputs)


class Residual(nn.Module):
    """Two convolutions (kernel 5, GroupNorm 8, Mish), the condition added between them."""

    def __init__(self, inputs: int, outputs: int, condition: int):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv1d(inputs, outputs, 5, padding=2), nn.GroupNorm(8, outputs)
        self.conv2, self.norm2 = nn.Conv1d(outputs, outputs, 5, padding=2), nn.GroupNorm(8, outputs)
        self.condition = nn.Linear(condition, outputs)
        self.direct = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.mish = nn.Mish()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.mish(self.norm1(self.conv1(x))) + self.condition(condition).unsqueeze(2)
        return self.mish(self.norm2(self.conv2(h))) + self.direct(x)


class TemporalUNet(nn.Module):
    def __init__(self, config: DiffusionConfig, condition: int, inputs: int, outputs: int):
        super().__init__()
        w = config.width
        self.first, self.down1, self.down2 = Residual(inputs, w, condition), nn.Conv1d(w, w, 3, 2, 1), nn.Conv1d(2 * w, 2 * w, 3, 2, 1)
        self.second, self.middle = Residual(w, 2 * w, condition), Residual(2 * w, 2 * w, condition)
        self.up2, self.up1 = nn.ConvTranspose1d(2 * w, 2 * w, 4, 2, 1), nn.ConvTranspose1d(w, w, 4, 2, 1)
        self.third, self.fourth = Residual(4 * w, w, condition), Residual(2 * w, w, condition)
        self.out = nn.Conv1d(w, outputs, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        wide = self.first(x, condition)
        half = self.second(self.down1(wide), condition)
        small = self.middle(self.down2(half), condition)
        half = self.third(torch.cat([self.up2(small), half], 1), condition)
        return self.out(self.fourth(torch.cat([self.up1(half), wide], 1), condition)).transpose(1, 2)


def net_of(config: DiffusionConfig, inputs: int, outputs: int) -> PatchTransformer | TemporalUNet:
    return (PatchTransformer if config.arch == "transformer" else TemporalUNet)(config, config.conditionWidth, inputs, outputs)


class Denoiser(nn.Module):
    """Adds what a plan depends on: the noise step, the row of the step that is decided, and the efficiency asked for or (classifier-free) nothing."""

    def __init__(self, config: DiffusionConfig, features: int):
        super().__init__()
        width = config.conditionWidth
        self.noise = nn.Embedding(config.noiseSteps + 1, width)
        self.row = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))
        self.asked = nn.Linear(1, width)
        self.nothing = nn.Parameter(torch.zeros(width))
        self.net = net_of(config, SIZE + 2, SIZE)

    def context(self, row: Tensor) -> Tensor:
        """Of the row [B,F]; the same at every noise step."""
        return self.row(row)

    def forward(self, x: Tensor, known: Tensor, future: Tensor, context: Tensor, noise_step: Tensor, asked: Tensor, given: Tensor) -> Tensor:
        """noise_step [B] or [1]; asked [B] efficiency; given [B] 1 where it is told, 0 where the net must do without."""
        told = self.nothing + given.unsqueeze(1) * (self.asked((asked.unsqueeze(1) - 0.8) * 5) - self.nothing)
        seen = torch.cat([x, known.unsqueeze(2), future.unsqueeze(2)], 2)
        return self.net(seen, nn.functional.silu(context + self.noise(noise_step) + told))
