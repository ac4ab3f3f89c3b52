"""Cosine noise schedule and deterministic DDIM steps (eta 0)."""
from __future__ import annotations

import math

import torch
from torch import Tensor

_OFFSET = 0.008
# The last step keeps a trace of the signal: with none left an eps prediction says nothing about x0.
_LEAST_SIGNAL = 1e-3


def signal(steps: int) -> Tensor:
    """Share of signal left (alpha bar) after k = 0..steps noise steps: 1 at k = 0, falling."""
    k = torch.arange(steps + 1, dtype=torch.float64) / steps
    curve = torch.cos((k + _OFFSET) / (1 + _OFFSET) * math.pi / 2) ** 2
    return (curve / curve[0]).clamp(_LEAST_SIGNAL, 1.0).float()


def ladder(steps: int, count: int) -> list[int]:
    """Noise steps that a sampler of so many passes visits, from pure noise down; 0 (clean) follows the last."""
    if not 1 <= count <= steps:
        raise ValueError(f"sampling takes 1 to {steps} steps, not {count}")
    return [round(steps * (count - i) / count) for i in range(count)]


def noised(clean: Tensor, noise: Tensor, alpha: Tensor) -> Tensor:
    """x_k of alpha bar [B,1,1]."""
    return torch.sqrt(alpha) * clean + torch.sqrt(1 - alpha) * noise


def clean_of(x: Tensor, predicted: Tensor, alpha: float, predicts: str) -> Tensor:
    """x0 from what the net says at x_k: its noise (eps), or the velocity v = sqrt(a) eps - sqrt(1 - a) x0."""
    root, rest = math.sqrt(alpha), math.sqrt(1 - alpha)
    return (x - rest * predicted) / root if predicts == "eps" else root * x - rest * predicted


def target_of(clean: Tensor, noise: Tensor, alpha: Tensor, predicts: str) -> Tensor:
    return noise if predicts == "eps" else torch.sqrt(alpha) * noise - torch.sqrt(1 - alpha) * clean


def step_down(x: Tensor, clean: Tensor, alpha: float, following: float) -> Tensor:
    """DDIM with eta 0: the noise that x holds beside `clean`, scaled to the next step's."""
    noise = (x - math.sqrt(alpha) * clean) / math.sqrt(1 - alpha)
    return math.sqrt(following) * clean + math.sqrt(1 - following) * noise
