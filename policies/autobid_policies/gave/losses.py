"""GAVE's losses (policies.md section 3) on one batch of windows."""
from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..common.config import OfflineConfig
from ..common.data import LOG_MAX, LOG_MIN
from ..common.losses import expectile, lower_bound, mean
from ..common.model import Policy
from ..common.windows import Windows
from .critic import Critic


@dataclass
class Losses:
    total: Tensor
    action: Tensor
    critic: Tensor
    expectile: Tensor
    explore: Tensor
    gain: Tensor            # q~ - q^ where explore_mask, flat and detached
    weight: Tensor          # w there


@contextmanager
def frozen(module: nn.Module):
    """Inside, a forward pass records no gradient for the module's parameters, only for its inputs."""
    kept = [(p, p.requires_grad) for p in module.parameters()]
    for p, _ in kept:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p, wanted in kept:
            p.requires_grad_(wanted)


def exploration_weight(explored: Tensor, logged: Tensor, k: float) -> Tensor:
    """w = sigmoid(k (q~ - q^)), detached: a dominated action gets w < 0.5."""
    return torch.sigmoid(k * (explored - logged)).detach()


def action_term(predicted: Tensor, logged: Tensor, explored: Tensor, weight: Tensor) -> Tensor:
    """(1 - w')(a_hat - a)^2 + w'(a_hat - a~')^2, elementwise; weight and explored count as constants."""
    weight, explored = weight.detach(), explored.detach()
    return (1 - weight) * (predicted - logged) ** 2 + weight * (predicted - explored) ** 2


def gave_losses(policy: Policy, critic: Critic, batch: Windows, config: OfflineConfig, k: float | None) -> Losses:
    """k None: exploration is off (w = 0), the critic and beta train already."""
    action, beta, value = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base,
                                 batch.base_mask)
    predicted = policy.log_multiplier(action, batch.base)
    real = batch.loss_mask

    history = critic.encode(batch.states, batch.previous, batch.timesteps, batch.mask, batch.target)
    members = critic.value(history, batch.action)
    if critic.returns:
        # The paper's: r_{t+1} from r_t; the successor must be known.
        wanted, known = batch.next_target, (batch.has_next + batch.is_end).clamp(max=1.0)
    else:
        wanted, known = batch.target, batch.mask
    regression = mean(((members - wanted) ** 2).mean(0), known)

    explored = (batch.action + torch.log(beta)).clamp(LOG_MIN, LOG_MAX)
    with frozen(critic):
        q_explored = lower_bound(critic.value([h.detach() for h in history], explored))
    q_logged = lower_bound(members).detach()
    if config.value:
        pull = mean((q_explored - value.detach()) ** 2, batch.explore_mask)
        optimistic = mean(expectile(batch.target - value, config.expectile), batch.mask)
    else:
        pull, optimistic = -mean(q_explored, batch.explore_mask), predicted.new_zeros(())

    weight = torch.zeros_like(q_logged) if k is None else exploration_weight(q_explored, q_logged, k) * batch.explore_mask
    imitation = mean(action_term(predicted, batch.action, explored, weight), real)
    total = imitation + config.weightCritic * regression + config.weightExpectile * optimistic + config.weightExplore * pull
    logged = batch.explore_mask > 0
    return Losses(total, imitation.detach(), regression.detach(), optimistic.detach(), pull.detach(),
                  (q_explored - q_logged).detach()[logged], weight[logged])
