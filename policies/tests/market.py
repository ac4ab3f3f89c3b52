"""Writes a small folder with the layout of `autobid export-data`: a market in closed form whose curves, rows and logs agree.

Per key and step the ratio lwc / (value x C) is log-normal, so that value(m) = V Phi(d), cost(m) = V M Phi(d - s): the step's whole
value V (in score units), its mean ratio M, d = (log m - mu) / s. Values re-draw every 8 steps, prices wander.
"""
from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from autobid_policies.common import curves
from autobid_policies.common.data import STEPS, FeatureSpec, TrajectorySet
from autobid_policies.common.features import OwnHistory, Twin, draw_arrivals
from autobid_policies.common.forecast import Prior, with_tables

GRID = [0.1 * 40 ** (i / 23) for i in range(24)]
LOG_GRID = torch.tensor(GRID, dtype=torch.float64).log().float()
PROBES = ("074", "100", "135")
NAMES = ["time_left", "budget_left", "spend_minus_time", "value_so_far", "log_cpa_shrunk", "log_spend_last", "log_value_last",
         "log_price_last", "log_multiplier_last", "log_spend_last3", "log_value_last3", "win_rate_last", "impressions_last", "wins_last",
         "conversions_so_far", "step_level", "step_volume", "step_known", "regime_phase", "regime_known",
         *(f"log_cost_{p}" for p in PROBES), *(f"log_value_{p}" for p in PROBES), "curves_known", "target_first", "has_target"]
MASKS = {"step": list(range(15, 18)), "regime": [18, 19], "curves": list(range(20, 27))}


def phi(x: Tensor) -> Tensor:
    return 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def prior() -> dict:
    """A flat prior near the market's average key: mean value 0.0004 an opportunity, targets about 90."""
    points = [math.exp(math.log(2) + i * math.log(400) / 63) for i in range(64)]
    d = (torch.tensor(points).log() - math.log(90) + 0.5) / 1.0
    value, cost = 0.0004 * phi(d), 0.0004 * 90 * math.exp(-0.5 + 0.5) * phi(d - 1.0)
    return {"bidPerValue": points, "cost": cost.tolist(), "value": value.tolist(), "meanValue": 0.0004, "reference": 90.0,
            "shape": [1.0] * STEPS, "opportunitiesPerDay": 48 * 8000.0, "regimeSteps": 8, "levelPersistence": 0.1}


def days(keys: int, seed: int, periods: int = 10, planned: Path | None = None, version: int = 1) -> TrajectorySet:
    """`planned`: a folder with prior.json; the days then hold what MPC sees."""
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=g)

    spread = 0.8
    level = (0.5 * normal(keys, STEPS // 8, 1)).expand(-1, -1, 8).reshape(keys, STEPS)
    mu = -0.5 + 0.3 * normal(keys, 1) + 0.1 * normal(keys, STEPS) - 0.5 * level
    shape = torch.exp(0.3 * torch.sin(torch.arange(STEPS) / STEPS * 2 * math.pi))
    total = shape * torch.exp(level + 0.5 * normal(keys, 1)) * 3.0 / STEPS
    d = (LOG_GRID - mu.unsqueeze(2)) / spread
    curve_value = total.unsqueeze(2) * phi(d)
    curve_cost = total.unsqueeze(2) * torch.exp(mu + spread**2 / 2).unsqueeze(2) * phi(d - spread)
    budget, target = uniform(2000, 4800, keys), uniform(60, 130, keys)
    mode = (torch.rand(keys, generator=g) < 0.3).long()

    noise = torch.repeat_interleave(uniform(-0.7, 0.7, keys, STEPS // 6), 6, dim=1)
    wanted = (uniform(math.log(0.3), math.log(3.0), keys, 1) * 0.6 + noise).clamp(math.log(0.05), math.log(4.0))
    opportunities = torch.floor(8000 * shape * uniform(0.8, 1.2, keys, 1))
    exported = TrajectorySet(
        features=torch.zeros(keys, STEPS, len(NAMES)), action=wanted, base=torch.zeros_like(wanted), base_mask=torch.ones_like(wanted),
        cost=torch.zeros_like(wanted), value=torch.zeros_like(wanted), curve_cost=curve_cost.half(), curve_value=curve_value.half(),
        forecast_cost=forecast(curve_cost, uniform(0.8, 1.25, keys, STEPS, 1)),
        forecast_value=forecast(curve_value, uniform(0.8, 1.25, keys, STEPS, 1)),
        efficiency=torch.zeros(keys), s_star=torch.zeros(keys), period=torch.arange(keys) % periods, seat=torch.arange(keys) // periods,
        lineup=torch.zeros(keys, dtype=torch.long), split=torch.zeros(keys, dtype=torch.long), mode=mode, target=target, budget=budget,
        impressions=opportunities, mean_value=total * (budget / target).unsqueeze(1) / opportunities, response_cost=curve_cost.half(),
        response_value=curve_value.half(), table_cost=torch.zeros(keys, 0), table_value=torch.zeros(keys, 0), table_budget=budget.clone(),
        table_target=target.clone())
    if planned is None:
        for name in ("impressions", "mean_value", "response_cost", "response_value"):
            setattr(exported, name, torch.zeros(keys, 0))
    else:
        exported = with_tables(exported, Prior.read(planned / "prior.json"), LOG_GRID)
    exported.split = torch.where(exported.period < periods - 4, 0, torch.where(exported.period < periods - 2, 1, 2))
    f, column = exported.features, {name: i for i, name in enumerate(NAMES)}
    f[:, :, column["time_left"]] = 1 - torch.arange(STEPS) / STEPS
    f[:, 1:, column["log_price_last"]] = mu[:, :-1]
    f[:, 1:, column["impressions_last"]] = torch.log1p(opportunities[:, :-1]) / 10
    f[:, :, column["step_level"]] = level
    f[:, :, column["step_volume"]] = torch.log1p(opportunities) / 10
    f[:, :, column["regime_phase"]] = (torch.arange(STEPS) % 8) / 8
    f[:, :, [column[name] for name in ("step_known", "regime_known", "curves_known", "has_target")]] = 1
    f[:, :, column["target_first"]] = mode.float().unsqueeze(1)
    if version == 2:
        f[:, 1:, column["impressions_last"]] = torch.log(opportunities[:, :-1] / 8000)
        f[:, :, column["step_volume"]] = torch.log(opportunities / 8000)
    twin = Twin(FeatureSpec.parse(manifest(version)["features"]))
    own = OwnHistory(exported, draw_arrivals(keys, g, "cpu"), curves.Reader(exported) if exported.has_tables else None)
    for step in range(STEPS):
        if step > 0:
            won = torch.floor(opportunities[:, step - 1] * exported.value[:, step - 1] / total[:, step - 1])
            f[:, step, column["wins_last"]] = torch.log1p(won) / 10 if version == 1 else torch.log(won / 8000 + 0.02)
            f[:, step, column["win_rate_last"]] = won / opportunities[:, step - 1]
        f[:, step] = twin.rows(step, exported, own)
        cost, value = curves.clamp_to_budget(curves.interpolate(exported.curve_cost[:, step].float(), wanted[:, step], LOG_GRID),
                                             curves.interpolate(exported.curve_value[:, step].float(), wanted[:, step], LOG_GRID),
                                             1 - own.spent)
        exported.cost[:, step], exported.value[:, step] = cost, value
        own.append(wanted[:, step], cost, value)
    exported.s_star, _, _ = curves.hindsight(exported.curve_cost, exported.curve_value, mode, LOG_GRID)
    exported.efficiency = (curves.penalised(own.gained, own.spent) / exported.s_star).clamp(0.0, 1.05)
    exported.base = torch.log(torch.full_like(wanted, 0.9))
    return exported


def forecast(table: Tensor, error: Tensor) -> Tensor:
    """Summed curves of the rest of the day at the probes, wrong by `error`."""
    probes = torch.tensor([math.log(int(p) / 100) for p in PROBES])
    return curves.remaining(table) @ curves.refine(LOG_GRID, probes) * error


def manifest(version: int = 1) -> dict:
    return {"features": {"name": "scale-free", "version": version, "names": NAMES, "masks": MASKS}, "grid": list(GRID), "seeds": [5], "sha256": "0" * 64}


def write(folder: Path, keys: int = 240, seed: int = 5, shards: int = 2, planned: bool = False, version: int = 1) -> TrajectorySet:
    folder.mkdir(parents=True, exist_ok=True)
    if planned:
        (folder / "prior.json").write_text(json.dumps(prior()), "utf-8")
    made = days(keys, seed, planned=folder if planned else None, version=version)
    (folder / "manifest.json").write_text(json.dumps(manifest(version)), "utf-8")
    for i, part in enumerate(torch.arange(keys).chunk(shards)):
        t = made.take(part)
        base = t.base.clone()
        base[0] = float("nan")
        responses = {} if not planned else {
            "impressions": t.impressions.numpy(), "meanValue": t.mean_value.numpy(), "responseCost": t.response_cost.numpy(),
            "responseValue": t.response_value.numpy()}
        np.savez_compressed(folder / f"shard-{i:03}.npz", **responses, features=t.features.numpy(), action=t.action.numpy(), base=base.numpy(),
                            cost=t.cost.numpy(), value=t.value.numpy(), curveCost=t.curve_cost.numpy(), curveValue=t.curve_value.numpy(),
                            forecastCost=t.forecast_cost.numpy(), forecastValue=t.forecast_value.numpy(),
                            efficiency=t.efficiency.numpy(), sStar=t.s_star.numpy(), period=t.period.int().numpy(),
                            seat=t.seat.int().numpy(), lineup=t.lineup.int().numpy(), split=t.split.to(torch.int8).numpy(),
                            target=t.target.numpy(), budget=t.budget.numpy(), mode=t.mode.to(torch.int8).numpy())
    return made
