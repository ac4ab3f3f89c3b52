import math

import pytest
import torch

from autobid_policies.common import curves
from autobid_policies.common.rollout import constant, hindsight_after, rescale, roll_out, ReplanOracle
import market
from market import LOG_GRID, NAMES


def test_interpolation_hits_the_points_keeps_lines_and_is_proportional_below():
    table = torch.arange(24.0).repeat(3, 1) + 2
    at = torch.stack([LOG_GRID[4], 0.5 * (LOG_GRID[4] + LOG_GRID[5]), LOG_GRID[0] - math.log(2)])
    assert torch.allclose(curves.interpolate(table, at, LOG_GRID), torch.tensor([6.0, 6.5, 1.0]), atol=1e-4)
    assert curves.interpolate(table[:1], torch.tensor([5.0]), LOG_GRID).item() == pytest.approx(25.0)


def test_a_smooth_curve_is_read_between_its_points_as_it_is():
    """The market's law between the 24 points: straight lines would overstate it by 1 % and more, and so the CPA of every bid between them."""
    law = lambda at: market.phi((at + 0.4) / 0.8)
    at = torch.linspace(-1.2, 1.3, 400)
    wanted = law(at)
    read = curves.interpolate(law(LOG_GRID).expand(400, -1), at, LOG_GRID)
    assert float((read / wanted - 1).abs().max()) < 2e-3
    assert torch.allclose(law(LOG_GRID) @ curves.refine(LOG_GRID, at), read, atol=1e-6)
    low = ((at - LOG_GRID[0]) / (LOG_GRID[1] - LOG_GRID[0])).floor().long()
    left, right = law(LOG_GRID)[low], law(LOG_GRID)[low + 1]
    straight = left + (right - left) * (at - LOG_GRID[low]) / (LOG_GRID[low + 1] - LOG_GRID[low])
    assert float((straight / wanted - 1).abs().max()) > 5 * float((read / wanted - 1).abs().max())


def test_a_jump_costs_nothing_before_it_comes():
    table = (torch.arange(24) >= 9).float().expand(300, -1)
    read = curves.interpolate(table, torch.linspace(curves.LOG_MIN, curves.LOG_MAX, 300), LOG_GRID)
    assert float(read.min()) == 0.0 and float(read.max()) < 1.08


def test_score_penalises_only_above_the_target():
    value, cost = torch.tensor([0.5, 0.5, 0.5]), torch.tensor([0.4, 0.5, 1.0])
    assert torch.allclose(curves.penalised(value, cost), torch.tensor([0.5, 0.5, 0.125]))
    assert curves.penalised(torch.zeros(1), torch.tensor([0.3])).item() == pytest.approx(0.0, abs=1e-9)


def test_return_to_go_by_hand():
    value, cost = torch.tensor([[0.1, 0.1, 0.2]]), torch.tensor([[0.2, 0.1, 0.1]])
    # S = 0.1 * (0.1/0.2)^2 = 0.025; 0.2 * (0.2/0.3)^2 = 0.0889; 0.4
    assert torch.allclose(curves.return_to_go(value, cost), torch.tensor([[0.4, 0.375, 0.4 - 0.2 * 4 / 9]]), atol=1e-5)


def test_budget_clamp_keeps_the_price_per_value():
    cost, value = curves.clamp_to_budget(torch.tensor([0.4, 0.1]), torch.tensor([0.8, 0.2]), torch.tensor([0.1, 0.5]))
    assert torch.allclose(cost, torch.tensor([0.1, 0.1])) and torch.allclose(value, torch.tensor([0.2, 0.2]))


def test_best_constant_matches_a_search_that_plays_every_constant(logged, twin):
    days = logged.take(torch.arange(24))
    best, action, cost = curves.hindsight(days.curve_cost, days.curve_value, days.mode, LOG_GRID)
    played = [roll_out(days, constant(float(m)), twin, LOG_GRID) for m in curves.fine_grid()[::8]]
    for key in range(24):
        if days.mode[key] == 0:
            assert max(float(p.score()[key]) for p in played) <= float(best[key]) * 1.0001
        else:
            held = [float(p.value[key].sum()) for p in played if p.cost[key].sum() <= p.value[key].sum()]
            assert max(held) <= float(best[key]) * 1.001
            assert float(cost[key]) <= float(best[key]) * 1.001
    again = roll_out(days, constant(action), twin, LOG_GRID)
    assert torch.allclose(again.value.sum(1)[days.mode == 1], best[days.mode == 1], rtol=1e-3)


def test_target_first_with_no_point_below_target_takes_the_lowest_cpa():
    points = curves.fine_grid()
    value = torch.linspace(0.1, 0.3, len(points)).unsqueeze(0)
    cost = value * torch.linspace(1.2, 2.0, len(points))
    zero = torch.zeros(1)
    action, _, _ = curves.best_constant(cost, value, zero, zero, torch.ones(1, dtype=torch.long), points)
    assert action.item() == pytest.approx(curves.LOG_MIN)


def test_logged_actions_replay_to_the_logged_flows(logged, twin):
    played = roll_out(logged, hindsight_after(logged, torch.full((len(logged),), 48), LOG_GRID), twin, LOG_GRID)
    assert torch.allclose(played.cost, logged.cost, atol=1e-5) and torch.allclose(played.value, logged.value, atol=1e-5)
    assert float(played.cost.sum(1).max()) <= 1 + 1e-5


def test_replan_oracle_is_no_worse_than_the_best_constant(logged, twin):
    spend_first = logged.take(torch.nonzero(logged.mode == 0).flatten())
    played = roll_out(spend_first, ReplanOracle(spend_first, LOG_GRID), twin, LOG_GRID)
    assert float((played.score() / spend_first.s_star).min()) > 0.995


def test_rescaled_days_are_the_same_market(logged, twin):
    """A multiplier m of target C is m / g of g C: same money spent, same conversions."""
    days = logged.take(torch.arange(16))
    f, g = torch.full((16,), 1.3), torch.full((16,), 1.25)
    other = rescale(days, f, g, LOG_GRID, twin)
    # Re-reading a convex curve at 24 points costs up to 3 %.
    at = math.log(0.35)
    before = roll_out(days, constant(at), twin, LOG_GRID)
    after = roll_out(other, constant(at - math.log(1.25)), twin, LOG_GRID)
    loose = before.cost.sum(1) < 0.99
    assert loose.sum() >= 8
    assert torch.allclose((after.cost.sum(1) * 1.3)[loose], before.cost.sum(1)[loose], rtol=0.04)
    assert torch.allclose((after.value.sum(1) * 1.3 / 1.25)[loose], before.value.sum(1)[loose], rtol=0.04)


def test_a_dearer_market_sells_the_same_for_more_and_forecasts_do_not_know(logged, twin):
    days = logged.take(torch.arange(12))
    shift, one = torch.full((12,), 0.2), torch.ones(12)
    dear = rescale(days, 3 * one, one, LOG_GRID, twin, shift)
    plain = rescale(days, 3 * one, one, LOG_GRID, twin)
    at = math.log(0.5)
    before, after = roll_out(plain, constant(at), twin, LOG_GRID), roll_out(dear, constant(at + 0.2), twin, LOG_GRID)
    assert torch.allclose(after.value.sum(1), before.value.sum(1), rtol=0.02)
    assert torch.allclose(after.cost.sum(1), before.cost.sum(1) * math.exp(0.2), rtol=0.02)
    assert torch.equal(dear.forecast_cost, plain.forecast_cost)
    price = NAMES.index("log_price_last")
    assert torch.allclose(dear.features[:, 1:, price], plain.features[:, 1:, price] + 0.2, atol=1e-5)


def test_the_reader_is_interpolation_and_the_clamp_never_pays_back(logged):
    days = logged.take(torch.arange(30))
    reader = curves.Reader(days)
    at = torch.linspace(curves.LOG_MIN, curves.LOG_MAX, 30)
    flow = reader.flow(7, at)
    for column, table in ((0, days.curve_cost), (1, days.curve_value)):
        assert torch.allclose(flow[:, column], curves.interpolate(table[:, 7].float(), at, LOG_GRID), rtol=5e-3, atol=1e-7)
    # Rounding may leave a hair more spent than there was.
    spent = torch.tensor([1.0 + 2e-7, 1.0, 0.5])
    clamped = curves.within_budget(torch.tensor([[0.0, 1e-3], [0.1, 0.1], [0.1, 0.2]]), spent)
    assert torch.equal(clamped, torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.1, 0.2]]))


def test_rescale_by_one_changes_nothing(logged, twin):
    days = logged.take(torch.arange(8))
    same = rescale(days, torch.ones(8), torch.ones(8), LOG_GRID, twin)
    for name in ("features", "action", "cost", "value", "forecast_cost", "forecast_value", "s_star", "efficiency", "budget", "target"):
        assert torch.allclose(getattr(same, name), getattr(days, name), atol=1e-5), name


def test_gradient_of_a_day_matches_a_finite_difference(logged, twin):
    days = logged.take(torch.arange(6))
    at = torch.full((6,), math.log(0.63), requires_grad=True)
    roll_out(days, constant(at), twin, LOG_GRID).score().sum().backward()
    with torch.no_grad():
        up = roll_out(days, constant(at + 1e-3), twin, LOG_GRID).score()
        down = roll_out(days, constant(at - 1e-3), twin, LOG_GRID).score()
    assert torch.allclose(at.grad, (up - down) / 2e-3, rtol=0.02, atol=0.01)
