"""Training pools and the windows cut from them."""
from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from . import curves
from .config import FineTuneConfig
from .data import STEPS, TARGET_FIRST, FeatureDropout, Normaliser, TrajectorySet
from .features import Twin, draw_arrivals
from .rollout import hindsight_after, rescale, roll_out


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

    def following(self, x: Tensor) -> Tensor:
        """[B,L] -> x one token later; 0 after the last."""
        return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], 1)

    @property
    def has_next(self) -> Tensor:
        """Tokens whose successor is in the window."""
        return self.mask * self.following(self.mask)

    @property
    def is_end(self) -> Tensor:
        """Tokens after which the day is over."""
        return self.mask * (self.timesteps == STEPS - 1)

    @property
    def next_target(self) -> Tensor:
        """S_T - S_t: 0 after the last step; counts where `has_next` or `is_end`."""
        return self.following(self.target) * (1 - self.is_end)


def exponents(mode: Tensor, target_exponent: float = curves.TARGET_EXPONENT, score_exponent: float = curves.SCORE_EXPONENT) -> Tensor:
    """Score exponent per key [N]: TargetFirst is held to its target by a steep penalty."""
    return torch.where(mode == TARGET_FIRST, torch.full_like(mode, target_exponent, dtype=torch.float32),
                       torch.full_like(mode, score_exponent, dtype=torch.float32))


def measure(days: TrajectorySet, log_grid: Tensor, score_exponent: float = curves.SCORE_EXPONENT) -> TrajectorySet:
    """The same days with S* and e as roll-outs have them: the best constant among the 160 points on the stored curves. e takes each
    mode's own exponent: under the score's square a TargetFirst day that overshoots can pass 1, and would teach to overshoot."""
    best, _, _ = curves.hindsight(days.curve_cost, days.curve_value, days.mode, log_grid)
    score = curves.penalised(days.value.sum(1), days.cost.sum(1), exponents(days.mode, score_exponent=score_exponent))
    efficiency = torch.where(best > 1e-6, score / best.clamp(min=1e-6), torch.zeros_like(best))
    return replace(days, s_star=best, efficiency=efficiency.clamp(0.0, 1.05))


@dataclass
class Pool:
    """Whole days, raw; label_from is the first step whose action is a label, logged says whether it came from the log."""

    features: Tensor    # [N,T,F]
    action: Tensor      # [N,T]
    base: Tensor
    base_mask: Tensor
    target: Tensor      # [N,T] S_T - S_{t-1}
    condition: Tensor   # [N,T]
    label_from: Tensor  # [N]
    logged: bool
    cost: Tensor        # [N,T]
    value: Tensor       # [N,T]
    period: Tensor      # [N]

    def __len__(self) -> int:
        return self.action.shape[0]

    @staticmethod
    def of_log(days: TrajectorySet, condition: str = "efficiency", score_exponent: float = curves.SCORE_EXPONENT) -> "Pool":
        target = curves.return_to_go(days.value, days.cost, exponents(days.mode, score_exponent=score_exponent).unsqueeze(1))
        return Pool(days.features, days.action, days.base, days.base_mask, target,
                    _condition(condition, days.efficiency.clamp(0.0, 1.05), target), torch.zeros_like(days.mode), True,
                    days.cost, days.value, days.period)

    @staticmethod
    def in_hindsight(days: TrajectorySet, scale: FineTuneConfig, keys: int, twin: Twin, log_grid: Tensor, own_money: bool,
                     generator: torch.Generator, condition: str = "efficiency", score_exponent: float = curves.SCORE_EXPONENT) -> "Pool":
        """Random keys under other budgets and targets: a random prefix as logged, then the replan oracle. Seen from the end of its
        prefix such a day is as good as it can be, so it is asked for with e in 0.97 to 1 and only its suffix is a label."""
        days = sample_days(days, scale, keys, twin, log_grid, own_money, generator)
        prefix = torch.randint(0, STEPS, (len(days),), generator=generator).to(days.device)
        arrivals = draw_arrivals(len(days), generator, days.device)
        with torch.no_grad():
            played = roll_out(days, hindsight_after(days, prefix, log_grid), twin, log_grid, arrivals=arrivals)
        efficiency = 0.97 + 0.03 * torch.rand(len(days), generator=generator).to(days.device)
        target = curves.return_to_go(played.value, played.cost, exponents(days.mode, score_exponent=score_exponent).unsqueeze(1))
        return Pool(played.features, played.action, played.base, played.base_mask, target, _condition(condition, efficiency, target), prefix,
                    False, played.cost, played.value, days.period)


def _condition(kind: str, efficiency: Tensor, target: Tensor) -> Tensor:
    if kind == "return":
        return target
    return efficiency.unsqueeze(1).expand_as(target) if kind == "efficiency" else torch.zeros_like(target)


def donors(days: TrajectorySet, keys: Tensor, generator: torch.Generator) -> Tensor:
    """For every key another random key of the same line-up, whose (B, C) it takes over."""
    lineup, order = torch.sort(days.lineup.cpu(), stable=True)
    chosen = days.lineup.cpu()[keys]
    first = torch.searchsorted(lineup, chosen, right=False)
    count = torch.searchsorted(lineup, chosen, right=True) - first
    return order[first + (torch.rand(len(keys), generator=generator) * count).long().clamp(max=count - 1)]


def sample_days(days: TrajectorySet, scale: FineTuneConfig, keys: int, twin: Twin, log_grid: Tensor, own_money: bool,
                generator: torch.Generator) -> TrajectorySet:
    """Random keys with (B, C) of other seats, scaled further. With own_money they stay as they are: an exported base holds for its own
    (B, C) only."""
    chosen = torch.randint(0, len(days), (keys,), generator=generator)
    taken = days.take(chosen.to(days.device))
    if own_money:
        return taken

    def log_uniform(bounds: tuple[float, float]) -> Tensor:
        low, high = torch.log(torch.tensor(bounds))
        return torch.exp(low + (high - low) * torch.rand(keys, generator=generator)).to(days.device)

    budget, target = log_uniform(scale.budgetScale), log_uniform(scale.targetScale)
    if scale.permute:
        other = days.take(donors(days, chosen, generator).to(days.device))
        budget, target = budget * other.budget / taken.budget, target * other.target / taken.target
    return rescale(taken, budget, target, log_grid, twin)


def cut(pool: Pool, keys: Tensor, starts: Tensor, window: int, normaliser: Normaliser, keep: Tensor | None) -> Windows:
    """Right-aligned windows of steps start .. start + window - 1, cut at both ends of the day and padded on the left, so that
    starts in [-window + 1, T - 1] show step 0 as often as any other. `keep` [B,F] hides feature groups."""
    end = (starts + window - 1).clamp(max=STEPS - 1)
    steps = end.unsqueeze(1) - window + 1 + torch.arange(window, device=starts.device)
    mask = (steps >= starts.clamp(min=0).unsqueeze(1)).float()
    at = steps.clamp(min=0)
    rows = keys.unsqueeze(1)

    def gather(tensor: Tensor) -> Tensor:
        return tensor[rows, at] * mask

    features = pool.features[rows, at]
    if keep is not None:
        features = features * keep.unsqueeze(1)
    before = pool.action[rows, (at - 1).clamp(min=0)] * (at > 0) * mask
    label = mask * (at >= pool.label_from[keys].unsqueeze(1))
    return Windows(condition=gather(pool.condition), states=normaliser(features) * mask.unsqueeze(2),
                   previous=before, timesteps=at * mask.long(), mask=mask, action=gather(pool.action), base=gather(pool.base),
                   base_mask=gather(pool.base_mask), target=gather(pool.target), loss_mask=label,
                   explore_mask=label if pool.logged else torch.zeros_like(label))


def join(first: Windows, second: Windows) -> Windows:
    return type(first)(**{name: torch.cat([getattr(first, name), getattr(second, name)]) for name in first.__dataclass_fields__})


def random_windows(pool: Pool, count: int, window: int, normaliser: Normaliser, keep: Tensor | None,
                   generator: torch.Generator) -> Windows:
    device = pool.action.device
    keys = torch.randint(0, len(pool), (count,), generator=generator).to(device)
    starts = torch.randint(-window + 1, STEPS, (count,), generator=generator).to(device)
    return cut(pool, keys, starts, window, normaliser, keep)


def parity_windows(days: TrajectorySet, normaliser: Normaliser, dropout: FeatureDropout, window: int, residual: bool,
                   count: int = 64) -> dict[str, Tensor]:
    """Inputs of the exported graph as the service would fill them: logged windows that end at every part of the day, the first step
    included, some with hidden groups."""
    generator = torch.Generator().manual_seed(17)
    keys = torch.randint(0, len(days), (count,), generator=generator).to(days.device)
    starts = (torch.arange(count) * STEPS // count - window + 1).to(days.device)
    w = cut(Pool.of_log(days), keys, starts, window, normaliser, dropout.sample(count, 0.2, generator, days.device))
    inputs = {"condition": w.condition.clamp(max=1.0), "states": w.states, "actions": w.previous, "timesteps": w.timesteps, "mask": w.mask}
    if residual:
        inputs |= {"base": w.base, "baseMask": w.base_mask}
    return {name: tensor.cpu().contiguous() for name, tensor in inputs.items()}
