"""Conservative Q-learning (Kumar et al. 2020) with a deterministic actor: actions that the logs do not have are pressed down by
logsumexp Q(s, .) - Q(s, a)."""
from __future__ import annotations

import math

import torch
from torch import Tensor

from ..common.config import Config
from ..common.data import LOG_MAX, LOG_MIN
from ..common.losses import mean
from ..common.model import Policy
from ..common.objective import Loss, Objective
from ..common.windows import Windows
from ..gave.losses import frozen
from .critics import Transitions, TwinQ, follow, target_of, transitions

SAMPLES = 8


class ConservativeQ(Objective):
    def __init__(self, config: Config, features: int, device: torch.device):
        super().__init__(config, features, device)
        self.q = TwinQ(features, config.offline.qWidth).to(device)
        self.slow = target_of(self.q)
        self.modules = {"q": self.q, "slow": self.slow}

    def loss(self, policy: Policy, batch: Windows) -> Loss:
        action, _, _ = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base, batch.base_mask)
        chosen = policy.log_multiplier(action, batch.base)
        step = transitions(batch, self.config)
        with torch.no_grad():
            ahead = torch.cat([chosen[:, 1:], torch.zeros_like(chosen[:, :1])], 1)
            wanted = step.reward + self.options.discount * step.goes_on * self.slow.lower(step.following, ahead)
        estimates = self.q(step.state, batch.action)
        regression = mean(((estimates - wanted) ** 2).mean(0), step.weight)
        penalty = mean((self._everywhere(step, chosen.detach()) - estimates).mean(0), step.weight)
        with frozen(self.q):
            valued = self.q.lower(step.state, chosen)
        # Scaled by its own size, so that learning rates mean the same whatever a day is worth.
        actor = -mean(valued, batch.mask) / mean(valued.detach().abs(), batch.mask).clamp(min=1e-3)
        return Loss(actor + regression + self.options.conservative * penalty,
                    {"actor": actor.detach(), "critic": regression.detach(), "penalty": penalty.detach()})

    def _everywhere(self, step: Transitions, chosen: Tensor) -> Tensor:
        """log mean exp Q over the legal range and around the policy's own choice [2,B,L]; a mean, so that the penalty of a flat Q is 0."""
        uniform = [LOG_MIN + (LOG_MAX - LOG_MIN) * torch.rand_like(chosen) for _ in range(SAMPLES)]
        near = [(chosen + 0.2 * torch.randn_like(chosen)).clamp(LOG_MIN, LOG_MAX) for _ in range(SAMPLES // 2)]
        values = torch.stack([self.q(step.state, sample) for sample in [*uniform, *near]])
        return torch.logsumexp(values, 0) - math.log(len(values))

    def stepped(self) -> None:
        follow(self.slow, self.q, self.options.targetRate)
