"""Implicit Q-learning (Kostrikov et al. 2021): V is an upper expectile of Q over logged actions, the actor imitates what beat V."""
from __future__ import annotations

import torch

from ..common.config import Config
from ..common.losses import expectile, mean
from ..common.model import Policy
from ..common.objective import Loss, Objective
from ..common.windows import Windows
from .critics import TwinQ, follow, net, target_of, transitions

LARGEST_WEIGHT = 100.0


def advantage_weight(advantage: torch.Tensor, temperature: float, spread: torch.Tensor) -> torch.Tensor:
    """exp(temperature x advantage / its standard deviation), at most 100; no gradient."""
    return torch.exp(temperature * advantage / spread.clamp(min=1e-6)).clamp(max=LARGEST_WEIGHT).detach()


class ImplicitQ(Objective):
    def __init__(self, config: Config, features: int, device: torch.device):
        super().__init__(config, features, device)
        self.q = TwinQ(features, config.offline.qWidth).to(device)
        self.slow = target_of(self.q)
        self.v = net(features + 2, config.offline.qWidth).to(device)
        self.modules = {"q": self.q, "slow": self.slow, "v": self.v}

    def loss(self, policy: Policy, batch: Windows) -> Loss:
        step = transitions(batch, self.config)
        value = self.v(step.state).squeeze(2)
        with torch.no_grad():
            ahead = self.v(step.following).squeeze(2)
            wanted = step.reward + self.options.discount * step.goes_on * ahead
            believed = self.slow.lower(step.state, batch.action)
        regression = mean(((self.q(step.state, batch.action) - wanted) ** 2).mean(0), step.weight)
        upper = mean(expectile(believed - value, self.options.expectile), batch.mask)
        advantage = (believed - value).detach()
        centre = mean(advantage, batch.mask)
        spread = torch.sqrt(mean((advantage - centre) ** 2, batch.mask))
        action, _, _ = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base, batch.base_mask)
        miss = (policy.log_multiplier(action, batch.base) - batch.action) ** 2
        actor = mean(advantage_weight(advantage, self.options.temperature, spread) * miss, batch.loss_mask)
        return Loss(actor + regression + upper, {"actor": actor.detach(), "critic": regression.detach(), "value": upper.detach()})

    def stepped(self) -> None:
        follow(self.slow, self.q, self.options.targetRate)
