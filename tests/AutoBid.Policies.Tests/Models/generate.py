"""Makes the tiny models of these tests: /usr/bin/python3 generate.py (Debian's python3-onnx). Output is committed."""
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
WINDOW, FEATURES, ROWS = 4, 29, 40
rng = np.random.default_rng(7)
WEIGHTS = rng.normal(0, 0.05, FEATURES).astype(np.float32)


STEPS, CHANNELS, SAMPLES = 48, 4, 2


def graph(window, residual, plans=False):
    names = ["condition", "actions", "mask"] + (["base", "baseMask"] if residual else [])
    inputs = [helper.make_tensor_value_info("condition", TensorProto.FLOAT, ["batch", window]),
              helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", window, FEATURES]),
              helper.make_tensor_value_info("actions", TensorProto.FLOAT, ["batch", window]),
              helper.make_tensor_value_info("timesteps", TensorProto.INT64, ["batch", window]),
              helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", window])]
    if residual:
        inputs += [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", window]) for n in ("base", "baseMask")]
    nodes, terms = [], []
    consts = {"w": WEIGHTS, "last": np.array([window - 1], np.int64), "end": np.array([window], np.int64), "axis1": np.array([1], np.int64),
              "axis": np.array([1, 2], np.int64)}
    # last token's features . w
    nodes.append(helper.make_node("Slice", ["states", "last", "end", "axis1"], ["state"]))
    nodes.append(helper.make_node("Mul", ["state", "w"], ["weighted"]))
    nodes.append(helper.make_node("ReduceSum", ["weighted", "axis"], ["t0"], keepdims=0))
    terms.append("t0")
    nodes.append(helper.make_node("Cast", ["timesteps"], ["times"], to=TensorProto.FLOAT))
    scales = {"condition": 0.1, "actions": 0.2, "mask": 0.01, "times": 0.001, "base": 0.03, "baseMask": 0.04}
    for name in names + ["times"]:
        consts["k_" + name] = np.array(scales[name], np.float32)
        nodes.append(helper.make_node("Mul", [name, "k_" + name], [name + "_k"]))
        nodes.append(helper.make_node("ReduceSum", [name + "_k", "axis1"], [name + "_s"], keepdims=0))
        terms.append(name + "_s")
    nodes.append(helper.make_node("Sum", terms, ["action"]))
    if plans:
        # every step 1 %, give or take a little noise
        inputs.append(helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["batch", SAMPLES, STEPS, CHANNELS]))
        consts |= {"spread": np.array(0.001, np.float32), "middle": np.array(0.01, np.float32)}
        nodes += [helper.make_node("ReduceMean", ["noise"], ["mean"], axes=[1], keepdims=0), helper.make_node("Mul", ["mean", "spread"], ["off"]),
                  helper.make_node("Add", ["off", "middle"], ["plan"]), helper.make_node("Tanh", ["action"], ["promise"])]
    else:
        nodes += [helper.make_node("Exp", ["t0"], ["beta"]), helper.make_node("Tanh", ["action"], ["value"])]
    shapes = {"action": [], "plan": [STEPS, CHANNELS], "promise": []} if plans else {"action": [], "beta": [], "value": []}
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", *shape]) for n, shape in shapes.items()]
    made = helper.make_graph(nodes, "tiny", inputs, outputs, [numpy_helper.from_array(v, k) for k, v in consts.items()])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], producer_name="autobid-tests")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def write(folder, window, residual, plans=False):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(graph(window, residual, plans).SerializeToString())
    x = {"condition": np.full((ROWS, window), 0.98, np.float32), "states": rng.normal(0, 1, (ROWS, window, FEATURES)).astype(np.float32),
         "actions": rng.normal(0, 0.3, (ROWS, window)).astype(np.float32),
         "timesteps": np.tile(np.arange(window), (ROWS, 1)).astype(np.int64), "mask": np.ones((ROWS, window), np.float32)}
    if residual:
        x["base"] = rng.normal(0, 0.3, (ROWS, window)).astype(np.float32)
        x["baseMask"] = np.ones((ROWS, window), np.float32)
    t0 = (x["states"][:, -1] * WEIGHTS).sum(1)
    action = (t0 + 0.1 * x["condition"].sum(1) + 0.2 * x["actions"].sum(1) + 0.01 * x["mask"].sum(1) + 0.001 * x["timesteps"].sum(1))
    if residual:
        action = action + 0.03 * x["base"].sum(1) + 0.04 * x["baseMask"].sum(1)
    if plans:
        x["noise"] = rng.normal(0, 1, (ROWS, SAMPLES, STEPS, CHANNELS)).astype(np.float32)
        out = {"out_action": action.astype(np.float32), "out_plan": (0.01 + 0.001 * x["noise"].mean(1)).astype(np.float32),
               "out_promise": np.tanh(action).astype(np.float32)}
    else:
        out = {"out_action": action.astype(np.float32), "out_beta": np.exp(t0).astype(np.float32), "out_value": np.tanh(action).astype(np.float32)}
    np.savez(folder / "parity.npz", **x, **out)
    dtypes = {"timesteps": "int64"}
    card = {
        "name": folder.name, "version": 1, "kind": "diffusion" if plans else "dt",
        "features": {"name": "scale-free", "version": 1, "mean": [0.1] * FEATURES, "std": [2.0] * FEATURES}, "window": window,
        "inputs": [{"name": n, "dtype": dtypes.get(n, "float32"), "shape": [-1, *v.shape[1:]]} for n, v in x.items()],
        "outputs": [{"name": n.removeprefix("out_"), "dtype": "float32", "shape": [-1, *v.shape[1:]]} for n, v in out.items()],
        "action": "residualToMpc" if residual else "logMultiplier", "rtg": {"scale": 1.0, "gamma": 2.0},
        "files": [{"path": "model.onnx", "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), "precision": "fp32",
                   "provider": "cpu", "rtol": 1e-4, "atol": 1e-4}],
        "parity": {"file": "parity.npz", "n": ROWS}, "data": {"sha256": "0" * 64, "seeds": [7]}, "serving": {"e": 0.98, "smoothing": 0},
        "scores": {}, "p99Ms": {"cpu1": 1.5, "h100": None}}
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def write_market(folder):
    """A market that completes days with a tenth of the noise."""
    folder.mkdir(parents=True, exist_ok=True)
    draw, rows, latents = np.random.default_rng(8), 8, 3
    x = {"market": draw.normal(0, 0.3, (rows, STEPS, latents)), "known": draw.integers(0, 2, (rows, STEPS, latents)), "now": np.zeros((rows, STEPS)),
         "boundary": np.zeros((rows, STEPS)), "noise": draw.normal(0, 1, (rows, SAMPLES, STEPS, latents))}
    x = {name: value.astype(np.float32) for name, value in x.items()}
    node = helper.make_node
    # now and boundary are inputs of the kind: times 0 they change nothing.
    nodes = [node("Unsqueeze", ["market", "one"], ["days"]), node("Unsqueeze", ["known", "one"], ["given"]), node("Mul", ["days", "given"], ["kept"]),
             node("Sub", ["unit", "given"], ["open"]), node("Mul", ["noise", "tenth"], ["drawn"]), node("Mul", ["drawn", "open"], ["filled"]),
             node("Add", ["now", "boundary"], ["marks"]), node("Mul", ["marks", "zero"], ["nothing"]), node("ReduceSum", ["nothing", "axis"], ["none"], keepdims=1),
             node("Unsqueeze", ["none", "two"], ["still"]), node("Sum", ["kept", "filled", "still"], ["futures"])]
    consts = {"one": np.array([1], np.int64), "two": np.array([2, 3], np.int64), "axis": np.array([1], np.int64), "unit": np.array(1, np.float32),
              "tenth": np.array(0.1, np.float32), "zero": np.array(0, np.float32)}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", *v.shape[1:]]) for n, v in x.items()]
    outputs = [helper.make_tensor_value_info("futures", TensorProto.FLOAT, ["batch", SAMPLES, STEPS, latents])]
    model = helper.make_model(helper.make_graph(nodes, "market", inputs, outputs, [numpy_helper.from_array(v, k) for k, v in consts.items()]),
                              opset_imports=[helper.make_opsetid("", 17)], producer_name="autobid-tests")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    given = (x["market"] * x["known"])[:, None]
    futures = given + np.float32(0.1) * x["noise"] * (1 - x["known"][:, None])
    np.savez(folder / "parity.npz", **x, out_futures=futures.astype(np.float32))
    card = {
        "name": "market", "version": 1, "kind": "market", "features": {"name": "market-levels", "version": 1, "mean": [0.0] * latents, "std": [0.3] * latents},
        "window": STEPS, "inputs": [{"name": n, "dtype": "float32", "shape": [-1, *v.shape[1:]]} for n, v in x.items()],
        "outputs": [{"name": "futures", "dtype": "float32", "shape": [-1, SAMPLES, STEPS, latents]}], "action": "none", "rtg": {"scale": 1.0, "gamma": 2.0},
        "files": [{"path": "model.onnx", "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), "precision": "fp32", "provider": "cpu",
                   "rtol": 1e-3, "atol": 1e-3}],
        "parity": {"file": "parity.npz", "n": rows}, "data": {"sha256": "0" * 64, "seeds": [8]}, "serving": {"e": 0, "smoothing": 0, "noises": SAMPLES, "steps": 1},
        "scores": {}, "p99Ms": {"cpu1": 1.5, "h100": None}}
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")


write(HERE / "tiny", WINDOW, False)
write(HERE / "residual", WINDOW, True)
write(HERE / "planner", WINDOW, False, plans=True)
write_market(HERE / "market")
# A graph whose window is not the one its card (copied from tiny by the test) promises.
(HERE / "wrong-shape.onnx").write_bytes(graph(WINDOW + 1, False).SerializeToString())
np.savez_compressed(HERE / "arrays.npz", f4=np.arange(6, dtype=np.float32).reshape(2, 3) / 4, f2=np.array([1.5, -2], np.float16),
                    i4=np.array([[-3], [70000]], np.int32), i8=np.array([1 << 40, -5], np.int64), i1=np.array([-1, 2, 3], np.int8),
                    scalar=np.float32(2.5), fortran=np.asfortranarray(np.ones((2, 3), np.float32)), f8=np.ones(2))
