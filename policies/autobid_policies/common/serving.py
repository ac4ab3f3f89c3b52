"""The policy as it serves: window of the last K steps, condition, one decision a step."""
from __future__ import annotations

import torch
from torch import Tensor

from . import curves
from .data import Normaliser, TrajectorySet
from .model import Policy
from .rollout import Step


class WindowPolicy:
    """Decide for one batch of days; holds their windows, so one instance plays one roll-out.

    Policies that stream compute each token once. Others re-encode their window; early steps then use a shorter one in place of left
    padding: padded tokens are masked, so the outcome is the same.
    """

    def __init__(self, policy: Policy, normaliser: Normaliser, condition: float | Tensor, days: TrajectorySet, detach_state: bool = False,
                 gained_with: Tensor | None = None):
        """`condition`: e, or with `gained_with` (score exponent per key [B]) the return asked for at the start, from which what was
        gained is taken off."""
        self.policy, self.normaliser, self.condition, self.days = policy, normaliser, condition, days
        self.detach_state, self.gained_with = detach_state, gained_with
        self.parts: list[tuple[Tensor, ...]] = []
        self.stream = policy.stream() if policy.streams else None

    def __call__(self, now: Step) -> Tensor:
        last = now.history.action[-1] if now.step > 0 else torch.zeros_like(now.base)
        condition = torch.zeros_like(last) + self.condition
        if self.gained_with is not None:
            condition = condition - curves.penalised(now.history.gained, now.history.spent, self.gained_with).detach()
        parts = (condition, self.normaliser(now.row), last.detach() if self.detach_state else last, now.base, now.base_mask)
        residual = self.policy.residual
        if self.stream is not None:
            columns = [parts[0].unsqueeze(1), parts[1], parts[2].unsqueeze(1)]
            if residual:
                columns += [parts[3].unsqueeze(1), parts[4].unsqueeze(1)]
            action = self.stream(torch.cat(columns, 1), now.step)
            return action + now.base if residual else action
        self.parts = [*self.parts, parts][-self.policy.config.window:]
        condition, states, previous, base, base_mask = (torch.stack(column, 1) for column in zip(*self.parts))
        steps = torch.arange(now.step - len(self.parts) + 1, now.step + 1, device=last.device).expand(len(last), -1)
        action, _, _ = self.policy(condition, states, previous, steps, torch.ones_like(previous), base, base_mask, last_only=True)
        return self.policy.log_multiplier(action.squeeze(1), now.base)
