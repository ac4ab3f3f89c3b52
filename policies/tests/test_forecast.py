"""The torch twin of the C# forecast and of MPC, against an export of the C# simulator of 2026-11-22 (fixtures/: `autobid export-data
--seed 3 --periods 1 --lineup 1 --opportunities 60000 --prior-periods 1 --features V`, every twelfth key; the market has changed since)."""
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autobid_policies.common import curves
from autobid_policies.common.data import LOG_MIN, DataError, FeatureDropout, load
from autobid_policies.common.features import OwnHistory, Twin, upgrade
from autobid_policies.common.forecast import ENGINE, Planner, Prior, as_known, ratio, with_tables
from autobid_policies.common.rollout import constant, receding_horizon, rescale, roll_out
import market
from market import LOG_GRID

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module", params=[1, 2])
def exported(request):
    folder = FIXTURES / f"export-{request.param}"
    manifest, days = load(folder)
    return manifest, with_tables(days, Prior.read(folder / "prior.json"), torch.tensor(manifest.log_grid))


def replayed(days, twin):
    """Planner's answer in the logged state of every step [N,T]."""
    planner, own, answers = Planner(days), OwnHistory(days, responses=curves.Reader(days)), []
    for step in range(days.action.shape[1]):
        twin.rows(step, days, own)
        answers.append(planner(step, own.ratios(), own.total))
        own.append(days.action[:, step], days.cost[:, step], days.value[:, step])
    return torch.stack(answers, 1)


def test_rows_and_forecasts_are_those_of_the_exporter(exported):
    manifest, days = exported
    assert days.has_responses and manifest.features.version in (1, 2)
    Twin(manifest.features).check(days, keys=len(days), projected=0.03)
    wrong = replace(days, features=days.features.clone())
    wrong.features[:, 30, manifest.features.names.index("log_cost_100")] += 0.2
    with pytest.raises(DataError, match="log_cost_100 at step 30"):
        Twin(manifest.features).check(wrong, keys=len(days))


def test_mpc_in_torch_is_mpc_in_the_service(exported):
    manifest, days = exported
    gap = (replayed(days, Twin(manifest.features)) - days.base).abs() * days.base_mask
    assert float(days.base_mask.min()) == 1
    assert float(gap.median()) < 0.01 and float(torch.quantile(gap.flatten(), 0.97)) < 0.06
    # Where it is off, the projected score is flat.
    assert float((gap > 0.2).float().mean()) < 0.02


def test_tables_on_the_services_points_leave_next_to_nothing(exported):
    """What the coarse tables of training cost, against 160 points: TorchParityTests compares to rounding, on fresh days."""
    manifest, days = exported
    exact = with_tables(days, Prior.read(FIXTURES / f"export-{manifest.features.version}" / "prior.json"), torch.tensor(manifest.log_grid), exact=True)
    assert exact.table_cost.shape[-1] == ENGINE.points and exact.table_cost.dtype == torch.float32
    assert float(ENGINE.logs()[ENGINE.points // 2 - 80]) == pytest.approx(LOG_MIN, abs=1e-5)
    coarse, fine = ((replayed(d, Twin(manifest.features)) - d.base).abs() for d in (days, exact))
    assert float(fine.median()) < 1e-5 and float(torch.quantile(fine.flatten(), 0.97)) < 0.2 * float(torch.quantile(coarse.flatten(), 0.97))
    Twin(manifest.features).check(exact, keys=len(days), projected=0.005)


def test_version_2_of_the_exporter_is_version_1_upgraded():
    one, days = load(FIXTURES / "export-1")
    two, wanted = load(FIXTURES / "export-2")
    made, spec = upgrade(days, one.features, Prior.read(FIXTURES / "export-1" / "prior.json"))
    assert spec == two.features and torch.equal(days.action, wanted.action)
    assert float((made.features - wanted.features).abs().max()) < 2e-3
    assert upgrade(wanted, two.features, None) == (wanted, two.features)
    with pytest.raises(DataError, match="features 2 need"):
        upgrade(replace(days, response_cost=torch.zeros(len(days), 0)), one.features, Prior.read(FIXTURES / "export-1" / "prior.json"))


def test_calibration_is_shrunk_and_bounded():
    real, predicted = torch.tensor([0.0, 0.05, 1.0, 0.3]), torch.tensor([0.0, 0.0, 0.1, 0.6])
    assert torch.allclose(ratio(real, predicted), torch.tensor([1.0, 2.0, 4.0, 0.35 / 0.65]))


@pytest.fixture(scope="module")
def known(planned):
    manifest, days = load(planned)
    return Twin(manifest.features), with_tables(days, Prior.read(planned / "prior.json"), LOG_GRID)


def test_a_rescaled_day_is_the_same_market_to_mpc(known):
    """MPC's multiplier m under target C is m / g under g C, when the budget allows the same."""
    twin, days = known
    days = days.take(torch.arange(24))
    factor = torch.full((24,), 1.25)
    # With f = g = 1.25 cost / budget and value x reference / budget of the same bids: cost / 1.25, value as it was.
    other = rescale(days, factor, factor, LOG_GRID, twin)
    first = Planner(days), Planner(other)
    nothing, one = torch.zeros(24, 2), torch.ones(24, 2)
    tables = [p.tables[0][:, 5] * p.unit[:, :1] for p in first]
    assert torch.allclose(tables[1], tables[0] / 1.25, rtol=2e-3)
    here, there = (p(5, one, nothing) for p in first)
    for planner, action, money in ((first[0], here, 1.0), (first[1], there, 1.25)):
        assert action.shape == (24,) and torch.isfinite(action).all()
    # What they bid in money: the richer campaign with the higher target never bids less.
    assert float((there + torch.log(factor) - here).min()) > -0.03


def test_min_pacing_keeps_target_and_budget(known):
    """Against its own forecast (calibration 1): the projected spend fits what is left, the projected CPA the target."""
    twin, days = known
    days = replace(days.take(torch.arange(40)), mode=torch.ones(40, dtype=torch.long))
    planner = Planner(days)
    nothing = torch.zeros(40, 2)
    action = planner(0, torch.ones(40, 2), nothing)
    position = (action + planner.shift - planner.axis.first) / planner.axis.step
    low = position.floor().long().unsqueeze(1)
    part = (position - position.floor()).unsqueeze(1)
    cost, value = (torch.lerp(t[:, 0].float().gather(1, low), t[:, 0].float().gather(1, low + 1), part) * planner.unit[:, i:i + 1]
                   for i, t in enumerate(planner.tables))
    assert float(cost.max()) < 1.02
    inside = (action > -2.9) & (action < 1.3)
    assert inside.sum() > 10 and float((cost / value)[inside].max()) < 1.02


def test_what_is_hidden_changes_what_mpc_knows(known):
    twin, days = known
    dropout = FeatureDropout(twin.spec)
    narrowed = [as_known(days, dropout.hide(groups, "cpu").expand(len(days), -1), twin.spec).table_cost[:, 0]
                for groups in ((), ("step",), ("regime",), ("step", "regime"))]
    for index, table in enumerate(narrowed):
        assert torch.equal(table, days.table_cost[:, index])
        assert index == 0 or not torch.equal(table, narrowed[0])
    played = roll_out(days, receding_horizon, twin, LOG_GRID, keep=dropout.hide(("curves",), "cpu"))
    assert played.base_mask.max() == 0 and played.action.abs().max() == 0, "no curves, no plan"


def test_mpc_beats_a_truthful_bid_in_roll_outs(known):
    twin, days = known
    spend_first = days.take(torch.nonzero(days.mode == 0).flatten())
    mpc, truthful = (roll_out(spend_first, player, twin, LOG_GRID).score() for player in (receding_horizon, constant(0.0)))
    assert float(mpc.sum()) > 1.02 * float(truthful.sum())


def test_a_broken_prior_is_named(tmp_path):
    with pytest.raises(DataError, match="prior.json is missing"):
        Prior.read(tmp_path / "prior.json")
    raw = market.prior()
    del raw["cost"]
    (tmp_path / "prior.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(DataError, match="cost"):
        Prior.read(tmp_path / "prior.json")


def test_packed_export_cannot_do_without_its_prior(planned, tmp_path):
    from autobid_policies.common.config import Config
    from autobid_policies.common.pack import pack
    from autobid_policies.common.trainer import Trainer
    pack(planned, tmp_path / "packed")
    (tmp_path / "packed" / "prior.json").unlink()
    with pytest.raises(DataError, match="without its prior"):
        Trainer(Config.parse({"device": "cpu"}), tmp_path / "packed", tmp_path / "out", report=lambda line: None)
    shutil.rmtree(tmp_path / "packed")
