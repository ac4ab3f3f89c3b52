"""GAVE's critic (training only)."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..common.config import ModelConfig
from ..common.model import Trunk


class CriticMember(nn.Module):
    def __init__(self, config: ModelConfig, inputs: int):
        super().__init__()
        width = config.criticWidth
        self.trunk = Trunk(inputs, config.window, config.steps, config.timeDim, width, config.criticLayers, 4, 2, 0.0)
        self.head = nn.Sequential(nn.Linear(width + 1, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def value(self, history: Tensor, action: Tensor) -> Tensor:
        return self.head(torch.cat([history, action.unsqueeze(2)], dim=2)).squeeze(2)


class Critic(nn.Module):
    """q_t(h_t, a): expected S_T - S_{t-1}. The history is states up to t and actions before t ONLY: with the return among its
    inputs the difference q~ - q^ would measure minus the immediate gain (policies.md section 3).

    `returns` makes the paper's critic, for the ablation that shows it: its inputs hold r_t, and it predicts r_{t+1}."""

    def __init__(self, config: ModelConfig, features: int, returns: bool = False):
        super().__init__()
        self.returns = returns
        self.members = nn.ModuleList(CriticMember(config, features + 1 + returns) for _ in range(config.criticMembers))

    def encode(self, states: Tensor, actions: Tensor, timesteps: Tensor, mask: Tensor, returns: Tensor | None = None) -> list[Tensor]:
        parts = [states, actions.unsqueeze(2)]
        if self.returns:
            parts.append(returns.unsqueeze(2))
        tokens = torch.cat(parts, dim=2)
        return [member.trunk(tokens, timesteps, mask) for member in self.members]

    def value(self, history: list[Tensor], action: Tensor) -> Tensor:
        """[members, B, L] at the step's own action [B,L]."""
        return torch.stack([member.value(h, action) for member, h in zip(self.members, history)])
