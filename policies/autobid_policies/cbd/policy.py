"""The policy: a planner by diffusion and inverse dynamics, which read the action off the plan's next step (policies.md section 5)."""
from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..common.config import Config
from ..common.data import LOG_MAX, LOG_MIN, STEPS, Normaliser, TrajectorySet
from ..common.model import Trunk
from ..common.rollout import Step
from .flows import PLANNED, SIZE, FlowScale, Outlook, of_days
from .planner import Alignment, Planner, Situation
from .returns import ReturnModel


class InverseDynamics(nn.Module):
    """a_t = f(rows and actions up to t, planned step t and day's end), in log. The planned multiplier is not among its inputs."""

    def __init__(self, width: int, reach: float, middle: float):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(width + PLANNED, 96), nn.GELU(), nn.Linear(96, 1))
        self.reach, self.middle = reach, middle
        nn.init.normal_(self.net[2].weight, std=0.01)
        nn.init.constant_(self.net[2].bias, reach * math.atanh((0.0 - middle) / reach))

    def forward(self, hidden: Tensor, planned: Tensor) -> Tensor:
        """hidden [...,D], planned [...,PLANNED] -> log multiplier [...]."""
        x = self.net(torch.cat([hidden, planned], -1))
        # Smoothly bounded, as every policy's.
        return self.middle + self.reach * torch.tanh(x[..., 0] / self.reach)


class PlanPolicy(nn.Module):
    """Stands where common.model.Policy stands in the trainer; always streams."""

    residual = False
    streams = True

    def __init__(self, config: Config, names: tuple[str, ...]):
        super().__init__()
        model, diffusion = config.model, config.diffusion
        self.config, self.diffusion, self.features = model, diffusion, len(names)
        self.scale = FlowScale(names, diffusion.states == "means")
        self.planner = Planner(diffusion, len(names), self.scale)
        # Trained on other periods than the planner's R: says whether aligned plans are better, or only please their R. Never served.
        self.judge = ReturnModel(len(names))
        self.trunk = Trunk(2 + len(names), model.window, model.steps, model.timeDim, model.width, model.layers, model.heads, model.mlpRatio,
                           model.dropout, model.spans)
        self.inverse = InverseDynamics(model.width, 0.5 * (LOG_MAX - LOG_MIN), 0.5 * (LOG_MIN + LOG_MAX))
        self.names = tuple(names)
        self.price = self.names.index("log_price_last")

    @torch.no_grad()
    def fit(self, days: TrajectorySet, normaliser: Normaliser) -> None:
        """Statistics of training days."""
        self.scale.fit(of_days(days.features, self.price, days.action, days.cost, days.value, self.scale.means), normaliser)

    def tune(self) -> None:
        """From here on only the decision learns: plans are its inputs."""
        for parameter in [*self.planner.parameters(), *self.judge.parameters()]:
            parameter.requires_grad_(False)

    @property
    def noises(self) -> int:
        return self.planner.draws

    def decide(self, hidden: Tensor, now: Situation, noise: Tensor) -> tuple[Tensor, Alignment, Outlook, Situation]:
        """hidden [B,D] of the step, noise [B,M,T,4] -> log multiplier [B] (averaged over the plans), and the plans."""
        with torch.no_grad():
            found, situation = self.planner.plan(now, noise)
            outlook = self.scale.outlook(self.scale.natural(found.plan), situation.future, situation.row)
            planned = self.scale.features(found.plan, situation.at, outlook)
        count = self.diffusion.noises if self.diffusion.choice != "best" else 1
        width = int(hidden.shape[1])
        action = self.inverse(hidden.unsqueeze(1).expand(-1, count, width).reshape(-1, width), planned)
        return action.reshape(-1, count).mean(1), found, outlook, situation

    def forward(self, condition: Tensor, states: Tensor, actions: Tensor, timesteps: Tensor, mask: Tensor,
                noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Windows as common.model.Policy takes them, right-aligned, with noise [B,M,T,4]. Log multiplier [B], plan [B,T,4] in natural units
        (share of the budget, C x value / B, log price, log multiplier; 0 before the step that is decided), and what R says of it [B]."""
        tokens = torch.cat([condition.unsqueeze(2), states, actions.unsqueeze(2)], 2)
        hidden = self.trunk(tokens, timesteps, mask, last_only=True).reshape(-1, self.config.width)
        action, found, outlook, situation = self.decide(hidden, self.situation(condition, states, timesteps, mask), noise)
        natural = self.scale.natural(found.plan)
        plan = torch.cat([outlook.spend.unsqueeze(2), outlook.value.unsqueeze(2), natural[:, :, 2:] * situation.future.unsqueeze(2)], 2)
        count = self.diffusion.noises if self.diffusion.choice != "best" else 1
        # The mean of legal plans is legal.
        return action, plan.reshape(-1, count, STEPS, SIZE).mean(1).reshape(-1, STEPS, SIZE), found.promised.reshape(-1, count).mean(1)

    def situation(self, condition: Tensor, states: Tensor, timesteps: Tensor, mask: Tensor) -> Situation:
        """Of windows [B,L,...]: row t tells the flows of step t - 1."""
        steps = torch.arange(STEPS, device=states.device)
        closed = mask * (timesteps > 0).to(mask.dtype)
        place = (timesteps.unsqueeze(2) - 1 == steps).to(mask.dtype) * closed.unsqueeze(2)
        flows = self.scale.at_steps(self.scale.known(states, timesteps), (timesteps - 1).clamp(min=0))
        history = torch.matmul(place.transpose(1, 2), flows)
        at = (timesteps[:, -1].unsqueeze(1) == steps).to(mask.dtype)
        return Situation(history, place.sum(1), at, states[:, -1], condition[:, -1])

    def player(self, normaliser: Normaliser, condition: float | Tensor, days: TrajectorySet, detach_state: bool, noise: Tensor) -> "PlanPlayer":
        return PlanPlayer(self, normaliser, condition, days, detach_state, noise)

    def with_options(self, **changes) -> "PlanPolicy":
        """The same weights, planning otherwise; shares its modules."""
        other = object.__new__(PlanPolicy)
        other.__dict__.update(self.__dict__)
        other._modules = dict(self._modules)
        planner = object.__new__(Planner)
        planner.__dict__.update(self.planner.__dict__)
        other.diffusion = planner.config = replace(self.diffusion, **changes)
        other._modules["planner"] = planner
        return other


class PlanPlayer:
    """Decide for one batch of days, step by step from step 0; plays what the served graph plays: history reaches back one window.

    noise [B,T,M,T',4]: of every decision its own."""

    def __init__(self, policy: PlanPolicy, normaliser: Normaliser, condition: float | Tensor, days: TrajectorySet, detach_state: bool,
                 noise: Tensor):
        self.policy, self.normaliser, self.condition, self.detach_state, self.noise = policy, normaliser, condition, detach_state, noise
        self.stream = policy.trunk.stream()
        self.history: list[Tensor] = []
        self.watch = None   # called with (step, alignment, outlook, situation) after each decision

    def __call__(self, now: Step) -> Tensor:
        policy, step = self.policy, now.step
        last = now.history.action[-1] if step > 0 else torch.zeros_like(now.base)
        row = self.normaliser(now.row)
        condition = torch.zeros_like(last) + self.condition
        hidden = self.stream(torch.cat([condition.unsqueeze(1), row, (last.detach() if self.detach_state else last).unsqueeze(1)], 1), step)
        with torch.no_grad():
            situation = self._situation(row.detach(), step, condition)
        action, found, outlook, repeated = policy.decide(hidden, situation, self.noise[:, step])
        if self.watch is not None:
            self.watch(step, found, outlook, repeated)
        return action

    def _situation(self, row: Tensor, step: int, condition: Tensor) -> Situation:
        scale, keys, device = self.policy.scale, len(row), row.device
        if step > 0:
            steps = torch.full((1, 1), step, device=device)
            self.history.append(scale.at_steps(scale.known(row.unsqueeze(1), steps), steps - 1)[:, 0])
            del self.history[:-self.policy.config.window]
        seen = len(self.history)
        parts = [torch.zeros(keys, step - seen, SIZE, device=device), *(f.unsqueeze(1) for f in self.history),
                 torch.zeros(keys, STEPS - step, SIZE, device=device)]
        places = torch.zeros(2, STEPS, device=device)
        # fill_: a number set by index is copied from the host, which a captured graph must not.
        places[0, step - seen:step].fill_(1.0)
        places[1, step:step + 1].fill_(1.0)
        known, at = places[0].expand(keys, -1), places[1].expand(keys, -1)
        return Situation(torch.cat(parts, 1), known, at, row, condition)
