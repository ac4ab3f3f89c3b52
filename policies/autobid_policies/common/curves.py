"""The market with its rivals frozen: what a step costs and brings at any multiplier, scores, and the best constant in hindsight.

All quantities are in the units of data.py: cost / budget and value x reference / budget.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from .data import CURVE_POINTS, GRID_FIRST, GRID_STEP, LOG_MAX, LOG_MIN, TARGET_FIRST, TrajectorySet

SCORE_EXPONENT = 2.0
# TargetFirst has no score to trade against: a steep penalty stands for the constraint CPA <= C in differentiable objectives.
TARGET_EXPONENT = 8.0
ORACLE_POINTS = 160


def _cubic(before: Tensor, left: Tensor, right: Tensor, after: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Coefficients, from the constant up, of the Catmull-Rom cubic between two neighbours as a function of the share of the interval."""
    return (left, 0.5 * (right - before), before - 2.5 * left + 2 * right - 0.5 * after, 0.5 * (after - before) + 1.5 * (left - right))


def _read(table: Tensor, log_multiplier: Tensor, log_grid: Tensor) -> Tensor:
    last = len(log_grid) - 1
    first, step = log_grid[0], (log_grid[-1] - log_grid[0]) / last
    position = ((log_multiplier - first) / step).clamp(0, last)
    low = position.detach().floor().clamp(max=last - 1).long()
    at = position - low

    def neighbour(offset: int) -> Tensor:
        return table.gather(-1, (low + offset).clamp(0, last).unsqueeze(-1)).squeeze(-1)

    left, right = neighbour(0), neighbour(1)
    before = torch.where(low == 0, left * torch.exp(-step), neighbour(-1))
    after = torch.where(low == last - 1, 2 * right - left, neighbour(2))
    c0, c1, c2, c3 = _cubic(before, left, right, after)
    below = torch.exp((log_multiplier - first).clamp(max=0.0))
    return (c0 + at * (c1 + at * (c2 + at * c3))) * below


def interpolate(table: Tensor, log_multiplier: Tensor, log_grid: Tensor) -> Tensor:
    """table [...,G] read at log_multiplier [...]: cubic in log between points (straight lines overstate the cost and value of a convex
    curve: 1.2 % of the score of a day), flat above the grid, proportional to the multiplier below it (a bid of nothing costs nothing).
    Differentiable in both."""
    return _read(table, log_multiplier, log_grid).clamp(min=0.0)


class Reader:
    """The step's flows (cost, value) [B,2] at a legal log multiplier [B], for whole days prepared at once: what `interpolate` gives, in
    one look-up. Below the grid, points of its own stand for the proportional fall. Differentiable in the multiplier."""

    spacing = GRID_STEP
    below = math.ceil((GRID_FIRST - LOG_MIN) / GRID_STEP)
    first = GRID_FIRST - below * GRID_STEP
    last = CURVE_POINTS - 1 + below

    def __init__(self, days: TrajectorySet):
        self.real = days.cost.dtype
        self.curves = self._cubics(self._extend(days.curve_cost, days.curve_value, 1.0))
        self.responses = self._lines(self._extend(days.response_cost, days.response_value, 2.0)) if days.has_responses else None
        # Responses stay in the units that they were recorded in.
        self.shift = torch.log(days.target / days.table_target)
        share = days.table_budget / days.budget
        self.unit = torch.stack([share, share * days.target / days.table_target], 1)

    def _extend(self, cost: Tensor, value: Tensor, cost_power: float) -> Tensor:
        """[N,T,G',2] with points below the grid."""
        fall = torch.exp(-self.spacing * torch.arange(self.below, 0, -1, device=cost.device))
        return torch.stack([torch.cat([table[:, :, :1] * fall ** power, table], 2)
                            for table, power in ((cost.to(self.real), cost_power), (value.to(self.real), 1.0))], 3)

    def _cubics(self, points: Tensor) -> Tensor:
        """[N,T,G'-1,8]: four coefficients of cost and value for each interval. Below the grid nothing bends towards what follows on it."""
        low, rise = self.below + 1, math.exp(self.spacing)
        before = torch.cat([points[:, :, :1] / rise, points[:, :, :-2]], 2)
        after = torch.cat([points[:, :, 2:low], points[:, :, low - 1:low] * rise, points[:, :, low + 1:],
                           2 * points[:, :, -1:] - points[:, :, -2:-1]], 2)
        return torch.cat(_cubic(before, points[:, :, :-1], points[:, :, 1:], after), 3)

    @staticmethod
    def _lines(points: Tensor) -> Tensor:
        """[N,T,G'-1,4]: left ends and rises of the intervals."""
        return torch.cat([points[:, :, :-1], points[:, :, 1:] - points[:, :, :-1]], 3)

    def _interval(self, table: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients of the interval [B,C] and the share of it [B,1]."""
        low = position.detach().floor().clamp(0, self.last - 1)
        found = table.gather(1, low.long().view(-1, 1, 1).expand(-1, 1, table.shape[2])).squeeze(1)
        return found, (position - low).unsqueeze(1)

    def flow(self, step: int, log_multiplier: Tensor) -> Tensor:
        """The multiplier must be legal."""
        found, at = self._interval(self.curves[:, step], (log_multiplier - self.first) / self.spacing)
        c0, c1, c2, c3 = torch.split(found, 2, 1)
        return torch.addcmul(c0, at, torch.addcmul(c1, at, torch.addcmul(c2, at, c3))).clamp(min=0.0)

    def response(self, step: int, log_multiplier: Tensor) -> Tensor:
        """What the step's response curve predicts, read as the service reads it: straight between points; below the grid cost falls with
        the square of the bid."""
        position = (log_multiplier + (self.shift - self.first)) / self.spacing
        found, at = self._interval(self.responses[:, step], position.clamp(0, self.last))
        return torch.addcmul(found[:, :2], found[:, 2:], at) * self.unit


def fine_grid(device: torch.device | str = "cpu") -> Tensor:
    """160 log points over the legal range: an argmax on the 24 stored points would lose 0.7 to 0.9 % of S*."""
    return torch.linspace(LOG_MIN, LOG_MAX, ORACLE_POINTS, device=device)


def refine(log_grid: Tensor, points: Tensor) -> Tensor:
    """[24, P] matrix such that curve [..., 24] @ matrix is the curve at `points`, but for values below 0 next to a steep rise."""
    eye = torch.eye(len(log_grid), device=points.device)
    table = eye.unsqueeze(1).expand(len(log_grid), len(points), len(log_grid))
    return _read(table, points.unsqueeze(0).expand(len(log_grid), -1), log_grid)


def penalised(value: Tensor, cost: Tensor, exponent: float | Tensor = SCORE_EXPONENT) -> Tensor:
    """S = value * min(1, (value / cost)^exponent): value / cost is target / CPA in these units."""
    ratio = ((value + 1e-10) / cost.clamp(min=1e-10)).clamp(max=1.0)
    return value * ratio ** exponent


def score_so_far(value: Tensor, cost: Tensor, exponent: float | Tensor = SCORE_EXPONENT) -> Tensor:
    """S_t [N,T] after each step, from per-step value and cost [N,T]."""
    return penalised(value.cumsum(-1), cost.cumsum(-1), exponent)


def return_to_go(value: Tensor, cost: Tensor, exponent: float = SCORE_EXPONENT) -> Tensor:
    """r_t = S_T - S_{t-1} [N,T]: what is still to be gained when step t is decided."""
    so_far = score_so_far(value, cost, exponent)
    before = torch.cat([torch.zeros_like(so_far[:, :1]), so_far[:, :-1]], dim=1)
    return so_far[:, -1:] - before


def clamp_to_budget(cost: Tensor, value: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
    """A step that would cost more than is left stops when the money is gone: value shrinks in proportion."""
    share = (left.clamp(min=0.0) / cost.clamp(min=1e-12)).clamp(max=1.0)
    return cost * share, value * share


def within_budget(flow: Tensor, spent: Tensor) -> Tensor:
    """`clamp_to_budget` for flows (cost, value) [B,2] after `spent` [B]."""
    return flow * ((1.0 - spent).clamp(min=0.0) / (flow[:, 0] + 1e-12)).clamp(max=1.0).unsqueeze(1)


def remaining(table: Tensor) -> Tensor:
    """Suffix sums over the steps: [N,T,G] -> [N,T,G], entry t is the curve of steps t..T-1 together."""
    return table.float().flip(1).cumsum(1).flip(1)


def best_constant(rest_cost: Tensor, rest_value: Tensor, spent: Tensor, gained: Tensor, mode: Tensor,
                  points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Best constant multiplier for the rest of a day whose summed curves at `points` are rest_* [N,P].

    SpendFirst maximises the score; TargetFirst the value among the points with CPA <= C, and where none has it the point of
    lowest CPA. Returns log multiplier, final cost and final value, each [N].
    """
    left = (1.0 - spent).unsqueeze(1)
    cost, value = clamp_to_budget(rest_cost, rest_value, left)
    cost, value = cost + spent.unsqueeze(1), value + gained.unsqueeze(1)
    score = penalised(value, cost)
    meets = cost <= value * (1 + 1e-6)
    held = torch.where(meets, value, value / cost.clamp(min=1e-10) - 1e3)
    best = torch.where((mode == TARGET_FIRST).unsqueeze(1), held, score).argmax(1, keepdim=True)
    return points[best.squeeze(1)], cost.gather(1, best).squeeze(1), value.gather(1, best).squeeze(1)


def walk_constants(curve_cost: Tensor, curve_value: Tensor, log_grid: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Total cost and value [N,P] of playing each constant through the whole day with the budget clamp, step by step."""
    matrix = refine(log_grid, points)
    keys, steps = curve_cost.shape[:2]
    spent = torch.zeros(keys, len(points), device=curve_cost.device)
    gained = torch.zeros_like(spent)
    for step in range(steps):
        cost, value = clamp_to_budget(*((table[:, step].float() @ matrix).clamp(min=0.0) for table in (curve_cost, curve_value)), 1.0 - spent)
        spent, gained = spent + cost, gained + value
    return spent, gained


def hindsight(curve_cost: Tensor, curve_value: Tensor, mode: Tensor, log_grid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """S* of every key [N] (in TargetFirst the value of the oracle held to CPA <= C), with its log multiplier and its cost."""
    points = fine_grid(curve_cost.device)
    spent, gained = walk_constants(curve_cost, curve_value, log_grid, points)
    zero = torch.zeros_like(spent[:, 0])
    action, cost, value = best_constant(spent, gained, zero, zero, mode, points)
    best = torch.where(mode == TARGET_FIRST, value, penalised(value, cost))
    return best, action, cost
