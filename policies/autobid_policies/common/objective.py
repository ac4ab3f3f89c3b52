"""What a family brings to the trainer: its loss on windows, and the networks that only training needs."""
from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Callable

import torch
from torch import Tensor, nn

from .config import Config
from .data import Normaliser
from .losses import expectile, mean
from .model import Policy
from .windows import Pool, Windows, random_windows

Report = Callable[[str], None]


@dataclass
class Loss:
    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)   # for the progress line, detached


class Objective(ABC):
    """Base of the families' offline objectives. `modules` train beside the policy with the same optimiser."""

    def __init__(self, config: Config, features: int, device: torch.device):
        self.config, self.options = config, config.offline
        self.modules: dict[str, nn.Module] = {}

    def batch(self, policy: Policy, pool: Pool, count: int, window: int, normaliser: Normaliser, keep: Tensor | None,
              generator: torch.Generator) -> Windows:
        """What a step learns from."""
        return random_windows(pool, count, window, normaliser, keep, generator)

    @abstractmethod
    def loss(self, policy: Policy, batch: Windows) -> Loss:
        """Of one batch; its gradient reaches the policy and the modules."""

    def prepare(self, step: int, policy: Policy, validation: Callable[[], Windows], report: Report) -> None:
        """Before each step."""

    def stepped(self) -> None:
        """After each optimiser step."""

    def state(self) -> dict:
        return {name: module.state_dict() for name, module in self.modules.items()}

    def load(self, state: dict) -> None:
        for name, module in self.modules.items():
            module.load_state_dict(state[name])


class Imitation(Objective):
    """Mean squared error of the log multiplier: a decision transformer under a condition, behaviour cloning without. The policy's value
    head learns S_T - S_{t-1} on the way."""

    def loss(self, policy: Policy, batch: Windows) -> Loss:
        action, _, value = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base, batch.base_mask)
        imitation = mean((policy.log_multiplier(action, batch.base) - batch.action) ** 2, batch.loss_mask)
        optimistic = mean(expectile(batch.target - value, self.options.expectile), batch.mask)
        return Loss(imitation + self.options.weightExpectile * optimistic, {"action": imitation.detach(), "expectile": optimistic.detach()})
