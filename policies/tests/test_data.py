import json
import shutil

import numpy as np
import pytest
import torch

from autobid_policies.common.data import SPLITS, DataError, FeatureDropout, FeatureSpec, Normaliser, load
from autobid_policies.common.evaluate import clusters, whole_periods
from autobid_policies.common.features import OwnHistory, Twin, draw_arrivals, log_ratio
from autobid_policies.common.forecast import Planner, Prior, with_tables
from autobid_policies.common.pack import from_ratios, pack, to_ratios
from autobid_policies.common.rollout import rebuild
import market
from market import LOG_GRID


def test_loader_gives_back_what_was_written(data):
    manifest, days = load(data)
    made = market.days(120, 5)
    assert len(days) == 120 and manifest.features.names == tuple(market.NAMES) and manifest.features.masks["regime"] == (18, 19)
    assert torch.equal(days.features, made.features) and torch.equal(days.curve_cost, made.curve_cost)
    assert days.base_mask[0].sum() == 0 and days.base[0].abs().sum() == 0, "an absent base is masked"
    assert len(days.where("train")) + len(days.where("validation")) + len(days.where("test")) == 120


def broken(data, tmp_path, change):
    folder = tmp_path / "broken"
    shutil.copytree(data, folder)
    shard = folder / "shard-000.npz"
    with np.load(shard) as file:
        arrays = dict(file)
    change(arrays)
    np.savez(shard, **arrays)
    return folder


@pytest.mark.parametrize("change, message", [
    (lambda a: a.pop("curveCost"), "missing"),
    (lambda a: a.update(cost=a["cost"][:, :-1]), "shape"),
    (lambda a: a["features"].__setitem__((0, 0, 0), np.nan), "not finite"),
    (lambda a: a["budget"].__setitem__(0, 0), "positive"),
    (lambda a: a["value"].__setitem__((0, 0), -1), "negative"),
    (lambda a: a["split"].__setitem__(0, 2), "more than one split"),
])
def test_loader_refuses_a_broken_shard(data, tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        load(broken(data, tmp_path, change))


def test_loader_refuses_folders_without_manifest_or_with_another_grid(data, tmp_path):
    with pytest.raises(DataError, match="manifest.json is missing"):
        load(tmp_path)
    raw = market.manifest()
    raw["grid"][5] *= 1.5
    (tmp_path / "manifest.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(DataError, match="evenly spaced in log"):
        load(tmp_path)


def test_twin_reproduces_exported_rows_and_refuses_others(logged, twin):
    twin.check(logged)
    wrong = logged.take(torch.arange(len(logged)))
    wrong.features[:, 20, market.NAMES.index("log_spend_last3")] += 0.1
    with pytest.raises(DataError, match="log_spend_last3 at step 20"):
        twin.check(wrong)
    with pytest.raises(DataError, match="no Python twin"):
        Twin(FeatureSpec("scale-free", 3, ("a",), {}))


def test_own_columns_by_hand(logged, twin):
    days = logged.take(torch.arange(1))
    own = OwnHistory(days)
    own.append(torch.tensor([0.3]), torch.tensor([0.02]), torch.tensor([0.05]))
    own.append(torch.tensor([-0.2]), torch.tensor([0.04]), torch.tensor([0.01]))
    row = dict(zip(market.NAMES, twin.rows(2, days, own)[0].tolist()))
    floor, shrink = 1 / 3000, 0.2 * float(days.target / days.budget)
    assert row["budget_left"] == pytest.approx(0.94)
    assert row["spend_minus_time"] == pytest.approx(0.06 - 2 / 48)
    assert row["value_so_far"] == pytest.approx(0.06)
    assert row["log_cpa_shrunk"] == pytest.approx(np.log((0.06 + shrink) / (0.06 + shrink)), abs=1e-6)
    assert row["log_spend_last"] == pytest.approx(np.log((0.04 + floor) / (1 / 48 + floor)), abs=1e-5)
    assert row["log_value_last3"] == pytest.approx(np.log((0.03 + floor) / (1 / 48 + floor)), abs=1e-5)
    assert row["log_multiplier_last"] == pytest.approx(-0.2)
    assert row["conversions_so_far"] == pytest.approx(np.log1p(0.06 * float(days.budget / days.target)) / 5, abs=1e-5)
    expected = np.log((float(days.forecast_cost[0, 2, 1]) + floor) / (0.94 + floor))
    assert row["log_cost_100"] == pytest.approx(np.clip(expected, -4, 4), abs=1e-5)
    assert log_ratio(torch.tensor([1e9]), 1.0).item() == 4.0


def test_wins_follow_the_value_won(logged, twin):
    days = logged.take(torch.arange(1))
    step = int(torch.nonzero(days.features[0, 1:, market.NAMES.index("wins_last")] > 0.3)[0]) + 1
    own = OwnHistory(days)
    for t in range(step):
        own.append(days.action[:, t], days.cost[:, t], days.value[:, t] * 0.5)
    column = market.NAMES.index("wins_last")
    half = torch.expm1(10 * twin.rows(step, days, own)[0, column])
    assert float(half) == pytest.approx(0.5 * float(torch.expm1(10 * days.features[0, step, column])), rel=1e-3)


def test_normaliser_keeps_flags_and_ignores_hidden_rows(spec):
    rows = torch.randn(500, len(spec.names)) * 3 + 1
    known = torch.arange(500) % 2
    rows[:, [15, 16]] *= known.unsqueeze(1)
    rows[:, 17], rows[:, 19], rows[:, 26], rows[:, 28] = known.float(), 1.0, 1.0, 1.0
    fit = Normaliser.fit(rows, spec)
    assert fit.mean[17] == 0 and fit.std[17] == 1 and fit.std[28] == 1
    assert fit.mean[15] == pytest.approx(float(rows[known == 1, 15].mean()), abs=1e-5)
    assert float(fit(rows * 100).abs().max()) == 5.0


def test_feature_dropout_hides_whole_groups_with_their_flag(spec):
    dropout = FeatureDropout(spec)
    keep = dropout.sample(2000, 0.3, torch.Generator().manual_seed(1), "cpu")
    for columns in spec.masks.values():
        group = keep[:, list(columns)]
        assert torch.equal(group.min(1).values, group.max(1).values)
        assert float(group[:, 0].mean()) == pytest.approx(0.7, abs=0.04)
    assert keep[:, :15].min() == 1
    assert dropout.hide(("curves",), "cpu")[0].sum() == len(spec.names) - 7


def size(folder):
    return sum(path.stat().st_size for path in folder.glob("*.npz"))


def test_packed_data_is_smaller_and_still_passes_the_twin(data, tmp_path, twin):
    assert pack(data, tmp_path / "all") == 120
    manifest, days = load(tmp_path / "all")
    assert not manifest.rebuilt, "without what MPC sees nothing can be rebuilt"
    twin.check(days)
    _, whole = load(data)
    assert torch.equal(days.cost, whole.cost) and torch.allclose(days.features, whole.features, atol=4e-3)
    assert size(tmp_path / "all") < 0.7 * size(data)
    assert pack(data, tmp_path / "few", train_periods=2) == 24 + 48
    _, few = load(tmp_path / "few")
    assert len(few.where("train")) == 24 and len(few.where("test")) == 24
    with pytest.raises(DataError, match="not a folder"):
        pack(tmp_path, tmp_path / "none")
    with pytest.raises(DataError, match="packed already"):
        pack(tmp_path / "all", tmp_path / "none")


def test_packing_does_not_depend_on_jobs_or_compression(planned, tmp_path):
    pack(planned, tmp_path / "one", keys_per_period=3)
    assert pack(planned, tmp_path / "two", keys_per_period=3, jobs=2, plain=True) == sum(len(load(tmp_path / "one")[1].where(s)) for s in SPLITS)
    for a, b in zip(sorted((tmp_path / "one").glob("*.npz")), sorted((tmp_path / "two").glob("*.npz")), strict=True):
        with np.load(a) as first, np.load(b) as second:
            assert set(first.files) == set(second.files)
            assert all(np.array_equal(first[name], second[name]) for name in first.files)


def test_held_out_periods_are_counted_by_split(data, tmp_path):
    _, whole = load(data)
    pack(data, tmp_path / "few", held_out_periods=1)
    _, few = load(tmp_path / "few")
    assert len(few.where("train")) == len(whole.where("train"))
    for split in ("validation", "test"):
        assert len(torch.unique(clusters(whole.where(split)))) > 1 and len(torch.unique(clusters(few.where(split)))) == 1


def test_tables_take_whole_periods(data):
    _, days = load(data)
    part = whole_periods(days, 30)
    sizes = {int(c): int((clusters(days) == c).sum()) for c in torch.unique(clusters(days))}
    assert 30 <= len(part) < len(days)
    assert all(int((clusters(part) == c).sum()) == sizes[int(c)] for c in torch.unique(clusters(part))), "no period is cut"
    assert torch.equal(whole_periods(days, 30).seat, part.seat), "the same every time"
    assert whole_periods(days, 0) is days and whole_periods(days, 10_000) is days


def test_several_exports_become_one(data, tmp_path):
    second = tmp_path / "second"
    market.write(second, keys=40, seed=9)
    assert pack([data, second], tmp_path / "both", train_periods=3) == (36 + 48) + (12 + 16)
    manifest, days = load(tmp_path / "both")
    assert sorted(days.lineup.unique().tolist()) == [0, 1000] and manifest.seeds == (5,)
    assert manifest.sha256 not in ("", "0" * 64), "neither export alone"
    raw = json.loads((second / "manifest.json").read_text("utf-8"))
    (second / "manifest.json").write_text(json.dumps({**raw, "priorSha256": "other"}), "utf-8")
    with pytest.raises(DataError, match="another priorSha256"):
        pack([data, second], tmp_path / "none")


def test_curves_survive_eight_bits_within_half_a_percent():
    generator = np.random.default_rng(3)
    curve = np.cumsum(generator.random((50, 48, 24)) ** 3, -1).astype(np.float16)
    curve[0] = 0
    curve[1, :, :5] = 0
    restored = from_ratios(*to_ratios(curve)).astype(np.float32)
    assert restored[0].max() == 0 and restored[1, :, :5].max() == 0
    known = curve > 0.02 * curve[..., -1:]
    assert np.abs(restored[known] / curve.astype(np.float32)[known] - 1).max() < 0.02
    assert np.abs(restored[known] / curve.astype(np.float32)[known] - 1).mean() < 0.003
    assert (np.diff(restored, axis=-1) >= 0).all()


def test_what_a_packed_export_leaves_out_is_rebuilt(planned, tmp_path):
    assert pack(planned, tmp_path / "all", keys_per_period=4) == 2 * 6 * 4 + 40, "two shards, each with keys of every period"
    manifest, days = load(tmp_path / "all")
    assert manifest.rebuilt and days.base.abs().max() == 0
    _, whole = load(planned)
    twin = Twin(manifest.features)
    prior = Prior.read(tmp_path / "all" / "prior.json")
    made = rebuild(with_tables(days.where("test"), prior, LOG_GRID), twin)
    wanted = whole.where("test")
    assert torch.equal(made.cost, wanted.cost)
    assert float((made.features - wanted.features).abs().mean()) < 5e-3
    assert float((made.features - wanted.features).abs().max()) < 0.06
    assert float(made.base.abs().mean()) > 0.05
    # The first decision rests on the prior and on nothing that packing could change.
    planner = Planner(with_tables(wanted, prior, LOG_GRID))
    nothing = torch.zeros(len(wanted), 2)
    assert torch.allclose(made.base[:, 0], planner(0, torch.ones_like(nothing), nothing), atol=1e-4)


def test_arrivals_draw_poisson_counts(logged):
    arrivals = draw_arrivals(4000, torch.Generator().manual_seed(1), "cpu")
    counts = (arrivals < 7.5).sum(1).float()
    assert float(counts.mean()) == pytest.approx(7.5, abs=0.2) and float(counts.var()) == pytest.approx(7.5, abs=0.6)
    days = logged.take(torch.arange(2))
    own = OwnHistory(days, arrivals[:2])
    own.append(torch.zeros(2), torch.zeros(2), days.target / days.budget * 7.5)
    assert own.converted.tolist() == counts[:2].tolist()
