"""GAVE's losses (policies.md section 3) on one batch of windows."""
from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..common.data import LOG_MAX, LOG_MIN
from ..common.losses import expectile, lower_bound, mean
from .config import OfflineConfig
from .model import Critic, Policy


@dataclass
class Windows:
    """A batch of training windows, all [B,L] but states [B,L,F]."""

    condition: Tensor
    states: Tensor          # z-scored
    previous: Tensor        # executed log multiplier of the step before
    timesteps: Tensor
    mask: Tensor
    action: Tensor          # label: log multiplier of the step
    base: Tensor
    base_mask: Tensor
    target: Tensor          # S_T - S_{t-1}, expected values
    loss_mask: Tensor       # real tokens whose action is a label
    explore_mask: Tensor    # of these, the logged ones: a hindsight label leaves nothing to explore


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


def gave_losses(policy: Policy, critic: Critic | None, batch: Windows, config: OfflineConfig, k: float | None) -> Losses:
    """k None: exploration is off (w = 0), the critic and beta train already. critic None: a plain decision transformer."""
    action, beta, value = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base,
                                 batch.base_mask)
    predicted = policy.log_multiplier(action, batch.base)
    real = batch.loss_mask
    zero = predicted.new_zeros(())
    if critic is None:
        loss = mean((predicted - batch.action) ** 2, real)
        optimistic = mean(expectile(batch.target - value, config.expectile), batch.mask)
        return Losses(loss + config.weightExpectile * optimistic, loss.detach(), zero, optimistic.detach(), zero, zero[None], zero[None])

    history = critic.encode(batch.states, batch.previous, batch.timesteps, batch.mask)
    members = critic.value(history, batch.action)
    regression = mean(((members - batch.target) ** 2).mean(0), batch.mask)

    explored = (batch.action + torch.log(beta)).clamp(LOG_MIN, LOG_MAX)
    with frozen(critic):
        q_explored = lower_bound(critic.value([h.detach() for h in history], explored))
    q_logged = lower_bound(members).detach()
    pull = mean((q_explored - value.detach()) ** 2, batch.explore_mask)
    optimistic = mean(expectile(batch.target - value, config.expectile), batch.mask)

    weight = torch.zeros_like(q_logged) if k is None else exploration_weight(q_explored, q_logged, k) * batch.explore_mask
    imitation = mean(action_term(predicted, batch.action, explored, weight), real)
    total = imitation + config.weightCritic * regression + config.weightExpectile * optimistic + config.weightExplore * pull
    logged = batch.explore_mask > 0
    return Losses(total, imitation.detach(), regression.detach(), optimistic.detach(), pull.detach(),
                  (q_explored - q_logged).detach()[logged], weight[logged])
