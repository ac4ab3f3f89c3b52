import json
import shutil

import numpy as np
import onnx
import pytest
import torch

from autobid_policies.common import checkpoint, export, fused, timing
from autobid_policies.common.card import sha256
from autobid_policies.common.config import ModelConfig
from autobid_policies.common.model import ServedPolicy
import onnx_numpy
from market import NAMES
from test_model import BANDED, lively
from test_train import trained  # noqa: F401  (a fixture)


def rows(config: ModelConfig, count: int = 9) -> dict[str, torch.Tensor]:
    """Windows of every length: the first has one token, the last is full."""
    torch.manual_seed(3)
    length = config.window
    inputs = {"condition": torch.rand(count, length), "states": torch.randn(count, length, len(NAMES)), "actions": torch.randn(count, length),
              "timesteps": torch.arange(length).expand(count, -1).contiguous(), "mask": torch.ones(count, length)}
    if config.action == "residualToMpc":
        inputs |= {"base": torch.randn(count, length), "baseMask": torch.ones(count, length)}
    for row in range(count):
        real = 1 + row * (length - 1) // (count - 1)
        for name, value in inputs.items():
            value[row, :length - real] = 0
    return inputs


@pytest.mark.parametrize("precision, tolerance", [("fp32", 2e-5), ("fp16", 1e-2)])
@pytest.mark.parametrize("config", [
    BANDED, ModelConfig(width=24, layers=2, heads=2, window=5, spans=()), ModelConfig(width=32, layers=2, heads=4, window=6, spans=(3, 4), action="residualToMpc")])
def test_the_fused_graph_is_the_served_policy(tmp_path, config, precision, tolerance):
    policy, inputs = lively(config), rows(config)
    with torch.no_grad():
        # Away from where tanh is flat.
        policy.action_head.weight.mul_(0.2)
    graph = fused.FusedGraph(policy, precision)
    onnx.save(graph.model(), str(tmp_path / "fused.onnx"))
    with torch.no_grad():
        wanted = ServedPolicy(policy)(*inputs.values())[0].numpy()
    found = onnx_numpy.run(str(tmp_path / "fused.onnx"), {name: value.numpy() for name, value in inputs.items()})
    assert list(found) == ["action"] and found["action"].dtype == np.float32
    assert wanted.std() > 0.01
    assert np.abs(found["action"] - wanted).max() < tolerance * (1 + np.abs(wanted).max())
    # All that a row needs: no less than its products, counted by hand for the widest of them.
    mlp = sum(2 * 2 * config.mlpRatio * config.width**2 * n for n in policy.trunk._needed(config.window, True))
    assert mlp < graph.flop < 4 * mlp


def test_depths_are_what_tensor_cores_take():
    model = fused.FusedGraph(lively(ModelConfig(width=24, layers=2, heads=2, window=5, spans=(2, 4)))).model()
    shapes = {weight.name: list(weight.dims) for weight in model.graph.initializer}
    products = [node.input[1] for node in model.graph.node if node.op_type == "MatMul"]
    assert all(size % 8 == 0 for name in products for size in shapes[name])


def test_export_adds_it_and_attach_does_too(trained, tmp_path):
    folder = tmp_path / "served"
    export.export(trained[0] / "model.pt", folder)
    card, verdict = (json.loads((folder / name).read_text()) for name in ("card.json", "verdict.json"))
    entry = card["files"][1]
    assert (entry["path"], entry["provider"], entry["precision"], entry["outputs"]) == ("model.cuda.onnx", "cuda", "fp16", ["action"])
    assert verdict["files"] == {file["path"]: sha256(folder / file["path"]) for file in card["files"]}
    assert verdict["cardSha256"] == sha256(folder / "card.json")

    (folder / "model.cuda.onnx").unlink()
    verdict["reason"] = "the gate said so"
    (folder / "verdict.json").write_text(json.dumps(verdict))
    assert fused.main(["--checkpoint", str(trained[0] / "model.pt"), "--model", str(folder), "--precision", "fp32"]) == 0
    again, judged = (json.loads((folder / name).read_text()) for name in ("card.json", "verdict.json"))
    assert again["files"][0] == card["files"][0] and again["files"][1]["precision"] == "fp32" and len(again["files"]) == 2
    assert judged["reason"] == "the gate said so" and judged["cardSha256"] == sha256(folder / "card.json")
    assert judged["files"]["model.cuda.onnx"] == sha256(folder / "model.cuda.onnx")


def test_a_graph_that_plans_runs_on_gpus_as_it_is(trained, tmp_path):
    folder = tmp_path / "served"
    export.export(trained[0] / "model.pt", folder)
    (folder / "model.cuda.onnx").unlink()
    assert fused.main(["--model", str(folder), "--p99-h100", "2.5"]) == 0
    card, verdict = (json.loads((folder / name).read_text()) for name in ("card.json", "verdict.json"))
    cpu, cuda = card["files"]
    assert cuda == {**cpu, "provider": "cuda", "rtol": fused.TOLERANCE, "atol": fused.TOLERANCE}
    assert card["p99Ms"]["h100"] == 2.5
    assert verdict["cardSha256"] == sha256(folder / "card.json") and verdict["files"] == {"model.onnx": sha256(folder / "model.onnx")}


def test_attach_refuses_another_models_weights(trained, tmp_path, capsys):
    folder = tmp_path / "served"
    export.export(trained[0] / "model.pt", folder)
    state = checkpoint.load(trained[0] / "model.pt")
    state["policy"]["action_head.bias"] = state["policy"]["action_head.bias"] + 0.5
    checkpoint.save(state, tmp_path / "other.pt")
    before = (folder / "card.json").read_bytes()
    assert fused.main(["--checkpoint", str(tmp_path / "other.pt"), "--model", str(folder)]) == 2
    assert "other weights" in capsys.readouterr().err
    assert (folder / "card.json").read_bytes() == before
    shutil.rmtree(folder)
    assert fused.main(["--checkpoint", str(tmp_path / "other.pt"), "--model", str(folder)]) == 2


def test_timing_reports_each_batch(trained, tmp_path):
    out = tmp_path / "timing.json"
    assert timing.main(["--checkpoint", str(trained[0] / "model.pt"), "--batches", "1", "3", "--seconds", "0.01", "--no-compile", "--json", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    assert [(row["mode"], row["batch"]) for row in rows] == [("eager", 1), ("eager", 3)]
    assert all(0 < row["p50"] <= row["p99"] and row["calls"] >= 20 for row in rows)
    assert timing.main(["--checkpoint", str(tmp_path / "none.pt")]) == 2
