"""CBD's offline stage on logged days: the completer on noised suffixes, its guidance distilled into the quick net, the return model, and
inverse dynamics on what really came next."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..common.config import Config
from ..common.data import STEPS, Normaliser
from ..common.losses import mean
from ..common.objective import Loss, Objective
from ..common.windows import Pool, Windows, cut
from .denoiser import Denoiser
from .flows import of_days
from .policy import PlanPolicy
from .schedule import noised, target_of


@dataclass
class DayWindows(Windows):
    """Windows that end at a random step, with the flows of their whole day."""

    flows: Tensor    # [B,T,4] not z-scored
    period: Tensor   # [B] int64


class CbdObjective(Objective):
    def __init__(self, config: Config, features: int, device: torch.device):
        super().__init__(config, features, device)
        self.diffusion = config.diffusion
        self.price: int | None = None

    def batch(self, policy: PlanPolicy, pool: Pool, count: int, window: int, normaliser: Normaliser, keep: Tensor | None,
              generator: torch.Generator) -> DayWindows:
        """Every step of the day as often as any other: plans are made at each."""
        device = pool.action.device
        keys = torch.randint(0, len(pool), (count,), generator=generator).to(device)
        steps = torch.randint(0, STEPS, (count,), generator=generator).to(device)
        windows = cut(pool, keys, steps - window + 1, window, normaliser, keep)
        flows = of_days(pool.features[keys], policy.price, pool.action[keys], pool.cost[keys], pool.value[keys], policy.scale.means)
        return DayWindows(**windows.__dict__, flows=flows, period=pool.period[keys])

    def loss(self, policy: PlanPolicy, batch: DayWindows) -> Loss:
        options, planner = self.diffusion, policy.planner
        now = policy.situation(batch.condition, batch.states, batch.timesteps, batch.mask)
        day = policy.scale(batch.flows)
        completer, distilled = self._completer(policy, batch, now, day)
        promised, judged = self._returns(policy, batch, now, day)
        inverse = self._inverse(policy, batch, now, day)
        total = completer + options.weightDistil * distilled + options.weightReturn * (promised + judged) + options.weightInverse * inverse
        parts = {"completer": completer, "distilled": distilled, "return": promised, "judge": judged, "inverse": inverse}
        return Loss(total, {name: part.detach() for name, part in parts.items()})

    def _completer(self, policy: PlanPolicy, batch: DayWindows, now, day: Tensor) -> tuple[Tensor, Tensor]:
        """Error on the steps that were noised: the suffix, or in the public baseline's way the whole day without its history."""
        options, planner = self.diffusion, policy.planner
        size, device = len(day), day.device
        steps = torch.randint(1, options.noiseSteps + 1, (size,), device=device)
        alpha = planner.signal[steps].view(-1, 1, 1)
        noise = torch.randn_like(day)
        future, known, history, row = now.future, now.known, now.history, now.row
        if not options.suffixOnly:
            future, known, history, row = torch.ones_like(future), torch.zeros_like(known), torch.zeros_like(history), torch.zeros_like(row)
        x = noised(day, noise, alpha) * future.unsqueeze(2) + history
        target = target_of(day, noise, alpha, options.predicts)
        weight = future.unsqueeze(2).expand_as(day)
        given = (torch.rand(size, device=device) >= options.conditionDropout).float()

        def answer(net: Denoiser, given: Tensor) -> Tensor:
            return net(x, known, future, net.context(row), steps, now.asked, given)

        fitted = mean((answer(planner.completer, given) - target) ** 2, weight)
        with torch.no_grad():
            told, untold = answer(planner.completer, torch.ones_like(given)), answer(planner.completer, torch.zeros_like(given))
            guided = untold + options.guidance * (told - untold)
        return fitted, mean((answer(planner.quick, torch.ones_like(given)) - guided) ** 2, weight)

    def _returns(self, policy: PlanPolicy, batch: DayWindows, now, day: Tensor) -> tuple[Tensor, Tensor]:
        """R on clean and lightly noised days; the judge on the periods that R does not see. A relabelled day's efficiency is a wish."""
        level = self.diffusion.returnNoise * torch.rand(len(day), 1, 1, device=day.device) * (torch.rand(len(day), 1, 1, device=day.device) < 0.5)
        seen = (day + level * torch.randn_like(day)) * now.future.unsqueeze(2) + now.history
        real = batch.explore_mask[:, -1]
        first = (batch.period % 2 == 0).float() * real
        models = ((policy.planner.returns, first), (policy.judge, real - first))
        return tuple(mean((model(seen, now.known, now.future, now.row) - now.asked.clamp(max=1.0)) ** 2, weight) for model, weight in models)

    def _inverse(self, policy: PlanPolicy, batch: DayWindows, now, day: Tensor) -> Tensor:
        """Every token of the window from what came next. The step before is hidden at times, in both places that tell it: a residual to it
        would copy."""
        hidden_previous = (torch.rand(len(day), 1, device=day.device) < self.diffusion.previousDropout).float()
        states = batch.states.clone()
        told = policy.names.index("log_multiplier_last")
        states[:, :, told] = states[:, :, told] * (1 - hidden_previous)
        tokens = torch.cat([batch.condition.unsqueeze(2), states, (batch.previous * (1 - hidden_previous)).unsqueeze(2)], 2)
        hidden = policy.trunk(tokens, batch.timesteps, batch.mask)
        outlook = policy.scale.outlook(batch.flows, now.future, now.row)
        end = torch.stack([outlook.spent_end, outlook.value_end.clamp(0.0, 4.0)], 1).unsqueeze(1).expand(-1, hidden.shape[1], -1)
        following = day[torch.arange(len(day), device=day.device).unsqueeze(1), batch.timesteps][:, :, :3]
        action = policy.inverse(hidden, torch.cat([following, end], 2))
        return mean((action - batch.action) ** 2, batch.loss_mask)
