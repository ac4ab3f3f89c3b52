import hashlib
import json
import shutil

import numpy as np
import pytest
import torch

from autobid_policies.common import checkpoint, export
from autobid_policies.common.data import DataError
from autobid_policies import train
from autobid_policies.common.config import Config
from autobid_policies.common.pack import pack
from autobid_policies.common.rollout import receding_horizon
from autobid_policies.common.trainer import Trainer, schedule
from autobid_policies.common.windows import Pool, random_windows
from autobid_policies.gave.losses import gave_losses
import onnx_numpy

TINY = {"threads": 1, "seed": 3, "validateKeys": 24, "validateEvery": 20, "reportBudgets": [1.0], "device": "cpu",
        "model": {"width": 32, "layers": 2, "heads": 2, "window": 20, "criticWidth": 16},
        "offline": {"steps": 20, "batch": 32, "warmUp": 5, "explorationFrom": 14, "relabelPool": 32, "relabelEvery": 8},
        "fineTune": {"steps": 4, "batch": 16, "learningRate": 0.003, "warmUp": 2}}


def trainer(data, out, **changes):
    return Trainer(Config.parse({**TINY, **changes}), data, out, report=lambda line: None, clock=lambda: 0.0)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    run = trainer(data, out)
    assert run.run()
    return out, run


def test_training_lowers_the_loss(data, tmp_path):
    run = trainer(data, tmp_path, offline={**TINY["offline"], "steps": 40, "learningRate": 0.005, "explorationFrom": 1000})
    windows = random_windows(Pool.of_log(run.validation), 64, 20, run.normaliser, None, torch.Generator().manual_seed(1))

    def losses():
        run.policy.eval()
        with torch.no_grad():
            return gave_losses(run.policy, run.objective.critic, windows, run.config.offline, None)

    before = losses()
    for _ in range(40):
        run.train_step()
    after = losses()
    assert float(after.action) < 0.7 * float(before.action)
    assert float(after.critic) < 0.7 * float(before.critic)
    assert float(after.expectile) < 0.7 * float(before.expectile)


def test_fine_tuning_raises_the_score(data, tmp_path):
    run = trainer(data, tmp_path, fineTune={**TINY["fineTune"], "steps": 15})
    run.stage = "fineTune"
    run.optimiser = run._optimiser()
    before = run.evaluator.selection(run.train, 48, run.policy, run.normaliser)
    for _ in range(10):
        run.train_step()
    assert run.evaluator.selection(run.train, 48, run.policy, run.normaliser) > before + 1.0


@pytest.mark.parametrize("stop", [("offline", 11), ("fineTune", 2)])
def test_a_resumed_run_ends_in_the_state_of_an_uninterrupted_one(trained, data, tmp_path, stop):
    assert not trainer(data, tmp_path).run(stop_at=stop)
    second = trainer(data, tmp_path)
    second.resume()
    assert (second.stage, second.step) == stop
    assert not second.run(stop_at=("fineTune", TINY["fineTune"]["steps"]))
    first = trained[1]
    assert second.objective.k == first.objective.k and second.best == first.best
    done, other = (checkpoint.load(folder / "checkpoint.pt") for folder in (tmp_path, trained[0]))
    assert all(torch.equal(done["policy"][name], other["policy"][name]) for name in done["policy"])
    assert all(torch.equal(done["bestState"][name], other["bestState"][name]) for name in done["bestState"])
    for index, moments in done["optimiser"]["state"].items():
        assert all(torch.equal(moments[name], other["optimiser"]["state"][index][name]) for name in moments)


def test_resume_refuses_another_model(trained, data, tmp_path):
    run = trainer(data, trained[0], model={**TINY["model"], "width": 64})
    with pytest.raises(DataError, match="another model"):
        run.resume()


def test_checkpoints_come_by_the_clock(data, tmp_path):
    times = iter(range(0, 100_000, 50))
    run = Trainer(Config.parse(TINY), data, tmp_path, report=lambda line: None, clock=lambda: float(next(times)))
    run.save = lambda saved=[]: (saved.append(run.step), setattr(run, "saved", saved))
    run.run(stop_at=("offline", 10))
    assert run.saved == [3, 6, 9, 10], "every 120 s of 50 s steps, and at the stop"


def test_exported_graph_is_the_module(trained, tmp_path):
    out = tmp_path / "gave" / "1"
    assert export.main(["--checkpoint", str(trained[0] / "model.pt"), "--out", str(out)]) == 0
    with np.load(out / "parity.npz") as parity:
        arrays = dict(parity)
    inputs = {name: value for name, value in arrays.items() if not name.startswith("out_")}
    assert list(inputs) == ["condition", "states", "actions", "timesteps", "mask"]
    assert inputs["timesteps"].dtype == np.int64 and (inputs["mask"][0] == [0] * 19 + [1]).all() and inputs["states"].max() <= 5
    module = export.served(checkpoint.load(trained[0] / "model.pt"))
    with torch.no_grad():
        answers = module(*(torch.from_numpy(value) for value in inputs.values()))
    graph = onnx_numpy.run(str(out / "model.onnx"), inputs)
    for name, answer in zip(("action", "beta", "value"), answers):
        assert arrays[f"out_{name}"].shape == (64,) and np.ptp(arrays[f"out_{name}"]) > 1e-4
        np.testing.assert_allclose(answer.numpy(), arrays[f"out_{name}"], atol=1e-6)
        np.testing.assert_allclose(graph[name], arrays[f"out_{name}"], rtol=1e-4, atol=1e-4)


def test_card_and_verdict_name_the_files(trained, tmp_path):
    export.export(trained[0] / "model.pt", tmp_path)
    card, verdict = (json.loads((tmp_path / name).read_text("utf-8")) for name in ("card.json", "verdict.json"))
    assert list(card) == ["name", "version", "kind", "features", "window", "inputs", "outputs", "action", "rtg", "files", "parity", "data",
                          "serving", "scores", "p99Ms"]
    digest = lambda name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert card["files"][0]["sha256"] == digest("model.onnx") == verdict["files"]["model.onnx"]
    assert verdict["cardSha256"] == digest("card.json") and verdict["verdict"] == "provisional"
    assert len(card["features"]["mean"]) == len(card["features"]["std"]) == card["inputs"][1]["shape"][2]
    rows = card["scores"]["validation"]["SpendFirst"]["rows"]
    assert {"model", "truthful", "best constant of training", "replan oracle"} <= set(rows)


@pytest.mark.parametrize("model", [{"arch": "mlp"}, {**TINY["model"], "action": "residualToMpc"}])
def test_other_architectures_train_and_export(data, tmp_path, model):
    run = trainer(data, tmp_path, model=model, offline={**TINY["offline"], "steps": 2, "explorationFrom": 1})
    assert not run.run(stop_at=("fineTune", 1))
    run.write_model({})
    export.export(tmp_path / "model.pt", tmp_path / "x")
    with np.load(tmp_path / "x" / "parity.npz") as parity:
        inputs = {name: parity[name] for name in parity.files if not name.startswith("out_")}
        graph = onnx_numpy.run(str(tmp_path / "x" / "model.onnx"), inputs)
        np.testing.assert_allclose(graph["action"], parity["out_action"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("action, features, packed", [("residualToMpc", 0, False), ("logMultiplier", 2, True)])
def test_days_that_hold_what_mpc_sees_train_with_it(planned, tmp_path, action, features, packed):
    folder = planned
    if packed:
        folder = tmp_path / "packed"
        pack(planned, folder)
    run = trainer(folder, tmp_path, model={**TINY["model"], "window": 6, "spans": [3, 4], "action": action}, features=features,
                  offline={**TINY["offline"], "steps": 3}, fineTune={**TINY["fineTune"], "ema": 0.5, "priceShift": 0.1})
    assert run.planned and run.manifest.features.version == max(1, features)
    if action == "residualToMpc":
        mpc = run.evaluator.play(run.validation, lambda chunk: receding_horizon)[0]
        untrained = run.evaluator.play(run.validation, run.evaluator.policy(run.policy, run.normaliser))[0]
        assert torch.allclose(mpc, untrained, rtol=0.05), "an untrained residual is MPC"
    assert run.run()
    scores = checkpoint.load(tmp_path / "model.pt")["scores"]["test"]["SpendFirst"]["rows"]
    mean, low, high = scores["mpc"]["1"]["modelMinusThis"]
    assert low <= mean <= high
    assert mean == pytest.approx(scores["model"]["1"]["percentOfBest"] - scores["mpc"]["1"]["percentOfBest"], abs=0.02)
    assert 0 <= scores["mpc"]["1"]["cpaValid"] <= scores["mpc"]["1"]["cpaWithinTenth"] <= 1
    export.export(tmp_path / "model.pt", tmp_path / "x")
    with np.load(tmp_path / "x" / "parity.npz") as parity:
        inputs = {name: parity[name] for name in parity.files if not name.startswith("out_")}
        graph = onnx_numpy.run(str(tmp_path / "x" / "model.onnx"), inputs)
        np.testing.assert_allclose(graph["action"], parity["out_action"], rtol=1e-4, atol=1e-4)
    assert json.loads((tmp_path / "x" / "card.json").read_text("utf-8"))["features"]["version"] == max(1, features)


def test_a_policy_that_follows_its_return_is_not_served(data, tmp_path):
    run = trainer(data, tmp_path, condition="return", offline={**TINY["offline"], "steps": 2}, fineTune={"steps": 0})
    assert run.run()
    assert 0 < run.request < 10
    with pytest.raises(ValueError, match="cannot be served"):
        export.export(tmp_path / "model.pt", tmp_path / "x")


def test_what_the_minimum_to_win_says_is_for_training_only(planned, data, tmp_path):
    # Exposure taken as certain: the minimum to win promises more than the frozen rivals give.
    promised = tmp_path / "promised"
    shutil.copytree(planned, promised)
    for path in promised.glob("*.npz"):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        np.savez(path, **{**arrays, "curveCost": arrays["curveCost"] / 2, "curveValue": arrays["curveValue"] / 2})
    planned = promised
    theirs = trainer(planned, tmp_path / "a", features=0, market="leastWinningCost")
    frozen = trainer(planned, tmp_path / "b", features=0)
    assert torch.equal(theirs.train.curve_cost, theirs.train.response_cost) and torch.equal(theirs.train.curve_value, theirs.train.response_value)
    assert not torch.equal(theirs.train.curve_value, frozen.train.curve_value) and not torch.equal(theirs.train.s_star, frozen.train.s_star)
    assert torch.equal(theirs.test.curve_cost, frozen.test.curve_cost) and torch.equal(theirs.test.s_star, frozen.test.s_star)
    with pytest.raises(DataError, match="minimum to win"):
        trainer(data, tmp_path / "c", market="leastWinningCost")
    with pytest.raises(ValueError, match="market must be one of"):
        Config.parse({"market": "theirs"})


def test_a_run_that_is_cut_off_can_be_exported(data, tmp_path):
    run = trainer(data, tmp_path, offline={**TINY["offline"], "steps": 4}, validateEvery=2)
    assert not run.run(stop_at=("offline", 3))
    export.export(tmp_path / "model.pt", tmp_path / "served")
    assert (tmp_path / "served" / "model.onnx").exists()


def test_hidden_groups_stay_hidden(data, tmp_path):
    run = trainer(data, tmp_path, hide=["curves"])
    columns = list(run.dropout.groups["curves"])
    assert float(run._keep(16)[:, columns].max()) == 0 and float(run.sampler.draw(16, run.noise).keep[:, columns].max()) == 0
    seen = []
    run.evaluator.play(run.validation, lambda chunk: lambda now: (seen.append(now.row[:, columns]), torch.zeros(len(now.row)))[1])
    assert float(torch.stack([rows.abs().max() for rows in seen]).max()) == 0
    with pytest.raises(DataError, match="no feature group weather"):
        trainer(data, tmp_path, hide=["weather"])


def test_a_draw_decides_everything_about_its_days(data, tmp_path):
    run = trainer(data, tmp_path)
    draw = run.sampler.draw(64, run.noise)
    first, second = run.sampler.days_of(draw), run.sampler.days_of(draw.clone())
    assert torch.equal(first.curve_cost, second.curve_cost) and torch.equal(first.budget, second.budget)
    assert torch.equal(run.train.lineup[draw.keys], run.train.lineup[draw.donors]) and not torch.equal(draw.keys, draw.donors)
    low, high = (torch.log(torch.tensor(b)) for b in run.config.fineTune.budgetScale)
    assert float(draw.budget.min()) >= float(low) and float(draw.budget.max()) <= float(high)
    expected = run.train.budget[draw.donors] * torch.exp(draw.budget)
    assert torch.allclose(first.budget, expected, rtol=1e-5)
    other = run.sampler.draw(64, run.noise)
    assert not torch.equal(draw.keys, other.keys)


def test_schedule_warms_up_and_falls():
    assert schedule(0, 10, 0.0, 0.1) == pytest.approx(0.1) and schedule(10, 10, 0.0, 0.1) == pytest.approx(1.0)
    assert schedule(60, 10, 0.5, 0.0) == pytest.approx(0.5)
    assert schedule(100, 10, 1.0, 0.1) == pytest.approx(0.1) and schedule(100, 10, 1.0, 0.0) == pytest.approx(0.0)


def test_command_line_reports_bad_input(data, tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**TINY, "nonsense": 1}), "utf-8")
    assert train.main(["--config", str(config), "--data", str(data), "--out", str(tmp_path)]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert export.main(["--checkpoint", str(tmp_path / "none.pt"), "--out", str(tmp_path)]) == 2
