"""GAVE's offline stage: imitation, critic, beta and V, exploration after a warm-up."""
from __future__ import annotations

from typing import Callable

import torch

from ..common.config import Config
from ..common.model import Policy
from ..common.objective import Loss, Objective, Report
from ..common.windows import Windows
from .critic import Critic
from .losses import gave_losses


class GaveObjective(Objective):
    def __init__(self, config: Config, features: int, device: torch.device):
        super().__init__(config, features, device)
        self.critic = Critic(config.model, features, returns=config.offline.critic == "paper").to(device)
        self.modules = {"critic": self.critic}
        self.k: float | None = None

    def prepare(self, step: int, policy: Policy, validation: Callable[[], Windows], report: Report) -> None:
        """When exploration begins, k = 2 / sd(q~ - q^) on validation windows, frozen from then on."""
        if not self.options.exploration or step != self.options.explorationFrom:
            return
        policy.eval()
        with torch.no_grad():
            gain = gave_losses(policy, self.critic, validation(), self.options, None).gain
        policy.train()
        self.k = 2.0 / max(float(gain.std(unbiased=False)), 1e-6)
        report(f"exploration on: k = {self.k:.4g}")

    def loss(self, policy: Policy, batch: Windows) -> Loss:
        found = gave_losses(policy, self.critic, batch, self.options, self.k)
        parts = {"action": found.action, "critic": found.critic, "expectile": found.expectile, "explore": found.explore}
        if self.k is not None and found.weight.numel():
            quartiles = torch.quantile(found.weight.float(), torch.tensor([0.25, 0.5, 0.75], device=found.weight.device))
            parts |= {f"w{name}": q for name, q in zip(("25", "50", "75"), quartiles)}
        return Loss(found.total, parts)

    def state(self) -> dict:
        return {**super().state(), "k": self.k}

    def load(self, state: dict) -> None:
        super().load(state)
        self.k = state["k"]
