"""Q networks on one step's features, and what temporal differences need of a window."""
from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..common.config import Config
from ..common.windows import Windows


def tokens(batch: Windows, config: Config) -> Tensor:
    """[B,L,F+2]: what the small policies see of a step, time included."""
    return torch.cat([batch.states, batch.previous.unsqueeze(2), batch.timesteps.unsqueeze(2) / config.model.steps], 2)


def net(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))


class TwinQ(nn.Module):
    """Two Q(s, a); the smaller one is believed."""

    def __init__(self, features: int, width: int):
        super().__init__()
        self.members = nn.ModuleList(net(features + 3, width) for _ in range(2))

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """[2,B,L] from state [B,L,F+2] and log multiplier [B,L]."""
        joined = torch.cat([state, action.unsqueeze(2)], 2)
        return torch.stack([member(joined).squeeze(2) for member in self.members])

    def lower(self, state: Tensor, action: Tensor) -> Tensor:
        return self(state, action).min(0).values


def target_of(module: nn.Module) -> nn.Module:
    made = copy.deepcopy(module)
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    return made


@torch.no_grad()
def follow(target: nn.Module, source: nn.Module, rate: float) -> None:
    """Polyak averaging."""
    for slow, fast in zip(target.parameters(), source.parameters()):
        slow.add_(rate * (fast - slow))


@dataclass
class Transitions:
    """Steps of a window with their successor, or the day's last."""

    state: Tensor       # [B,L,F+2]
    following: Tensor   # [B,L,F+2] the next step's; only where `goes_on`
    reward: Tensor      # [B,L] S_t - S_{t-1}
    goes_on: Tensor     # [B,L] 1 where the day has a next step
    weight: Tensor      # [B,L] 1 where the transition is known


def transitions(batch: Windows, config: Config) -> Transitions:
    state = tokens(batch, config)
    following = torch.cat([state[:, 1:], torch.zeros_like(state[:, :1])], 1)
    known = (batch.has_next + batch.is_end).clamp(max=1.0)
    return Transitions(state, following, (batch.target - batch.next_target) * known, batch.has_next, known)
