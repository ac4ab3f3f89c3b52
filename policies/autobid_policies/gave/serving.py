"""The policy as it serves: window of the last K steps, condition e, one decision a step."""
from __future__ import annotations

import torch
from torch import Tensor

from ..common.data import Normaliser, TrajectorySet
from ..common.features import OwnHistory
from .model import Policy


class WindowPolicy:
    """Decide for one batch of days; holds their windows, so one instance plays one roll-out.

    Early steps use a shorter window in place of left padding: padded tokens are masked, so the outcome is the same.
    """

    def __init__(self, policy: Policy, normaliser: Normaliser, condition: float, days: TrajectorySet, detach_state: bool = False):
        self.policy, self.normaliser, self.condition, self.days = policy, normaliser, condition, days
        self.detach_state = detach_state
        self.states: list[Tensor] = []
        self.previous: list[Tensor] = []

    def __call__(self, step: int, row: Tensor, history: OwnHistory) -> Tensor:
        window = self.policy.config.window
        last = history.action[-1] if history.action else torch.zeros_like(row[:, 0])
        self.states = [*self.states, self.normaliser(row)][-window:]
        self.previous = [*self.previous, last.detach() if self.detach_state else last][-window:]
        states, previous = torch.stack(self.states, 1), torch.stack(self.previous, 1)
        length = states.shape[1]
        ones = torch.ones_like(previous)
        steps = torch.arange(step - length + 1, step + 1, device=row.device).expand(len(row), -1)
        span = slice(step - length + 1, step + 1)
        action, _, _ = self.policy(ones * self.condition, states, previous, steps, ones, self.days.base[:, span],
                                   self.days.base_mask[:, span], last_only=True)
        return self.policy.log_multiplier(action.squeeze(1), self.days.base[:, step])
