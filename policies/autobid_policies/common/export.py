"""Exports a trained policy: python -m autobid_policies.common.export --checkpoint OUT/model.pt --out policies/models/gave/1

Writes model.onnx (opset 17, dynamic batch, the last token's outputs), for transformers model.cuda.onnx beside it (fused.py), parity.npz,
card.json and verdict.json. The graph takes z-scored, clamped states: the service normalises by the card's mean and std. Meant for torch
1.13, whose exporter this was checked with.
"""
from __future__ import annotations

import argparse
import inspect
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ..cbd.flows import SIZE as CHANNELS
from ..cbd.policy import PlanPolicy
from ..families import noise_for, policy_of
from ..market.latents import SIZE as LATENTS
from ..market.model import MarketModel
from . import checkpoint, fused
from .card import tensor, write_card, write_verdict
from .config import Config
from .data import STEPS
from .model import ServedPolicy

OPSET = 17


@dataclass(frozen=True)
class Kind:
    """What a card calls a graph, what it answers per row, and how near the served answers must come to torch's (design.md section 4)."""

    name: str
    outputs: dict[str, tuple[int, ...]]
    tolerance: float


DT = Kind("dt", {"action": (), "beta": (), "value": ()}, 1e-4)
DIFFUSION = Kind("diffusion", {"action": (), "plan": (STEPS, CHANNELS), "promise": ()}, 1e-3)


def served(state: dict, guided: bool = False, noises: int | None = None) -> nn.Module:
    """The inference module of a model.pt. For policies that plan: `guided` takes the completer's two passes in place of the one that they
    were distilled into, `noises` averages over so many plans; of a market it is the number of futures."""
    config = Config.parse(state["config"])
    policy = policy_of(config, tuple(state["features"]["names"]))
    policy.load_state_dict(state["policy"])
    if isinstance(policy, MarketModel):
        policy.noises = noises or policy.noises
        return policy.eval()
    if not isinstance(policy, PlanPolicy):
        return ServedPolicy(policy).eval()
    changes = {"distilled": False} if guided else {}
    return policy.eval().with_options(**changes, **({} if noises is None else {"noises": noises}))


def kind_of(module: nn.Module) -> Kind:
    if isinstance(module, MarketModel):
        return Kind("market", {"futures": (module.noises, STEPS, LATENTS)}, 1e-3)
    return DIFFUSION if isinstance(module, PlanPolicy) else DT


def inputs_of(state: dict, module: nn.Module) -> dict[str, Tensor]:
    """Parity inputs in the graph's order."""
    inputs = dict(state["parity"])
    if isinstance(module, PlanPolicy):
        drawn = noise_for(module, len(inputs["condition"]), torch.Generator().manual_seed(31))
        inputs["noise"] = drawn[:, 0].contiguous()
    elif isinstance(module, MarketModel):
        inputs["noise"] = torch.randn(len(inputs["market"]), module.noises, STEPS, LATENTS, generator=torch.Generator().manual_seed(31))
    return inputs


def write_graph(module: nn.Module, inputs: dict[str, Tensor], path: Path) -> None:
    outputs = list(kind_of(module).outputs)
    extra = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    names = list(inputs)
    with warnings.catch_warnings():
        # The window is meant to become a constant of the graph.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.filterwarnings("ignore", "The shape inference of prim::Constant")
        torch.onnx.export(module, tuple(tensor[:2] for tensor in inputs.values()), str(path), opset_version=OPSET, input_names=names,
                          output_names=outputs, dynamic_axes={name: {0: "batch"} for name in [*names, *outputs]},
                          do_constant_folding=True, **extra)
    graph = onnx.load(str(path))
    # The exporter leaves sizes open that are known: a reader should not have to infer them.
    for output in graph.graph.output:
        for size, place in zip(kind_of(module).outputs[output.name], output.type.tensor_type.shape.dim[1:]):
            place.dim_value = size
    onnx.save(graph, str(path))
    onnx.checker.check_model(graph, full_check=True)
    if [i.name for i in graph.graph.input] != names:
        raise ValueError(f"the exported graph takes {[i.name for i in graph.graph.input]}, not {names}")


def write_parity(module: nn.Module, inputs: dict[str, Tensor], path: Path) -> None:
    """Inputs under their names, torch's answers as out_<name>; uncompressed and in C order for plain readers."""
    with torch.no_grad():
        answers = module(*inputs.values())
    arrays = {name: np.ascontiguousarray(value.numpy()) for name, value in inputs.items()}
    arrays |= {f"out_{name}": np.ascontiguousarray(value.numpy()) for name, value in zip(kind_of(module).outputs, answers)}
    np.savez(path, **arrays)


def export(source: Path, out: Path, verdict: str = "provisional", reason: str = "the gate has not run", p99_cpu1: float | None = None,
           guided: bool = False, noises: int | None = None, version: int | None = None) -> None:
    state = checkpoint.load(source)
    config = Config.parse(state["config"])
    if config.condition == "return":
        # The service asks for one efficiency the whole day; a return that falls as it is gained is an ablation.
        raise ValueError(f"{source}: a policy conditioned on returns cannot be served")
    module = served(state, guided, noises)
    kind, inputs = kind_of(module), inputs_of(state, module)
    out.mkdir(parents=True, exist_ok=True)
    write_graph(module, inputs, out / "model.onnx")
    write_parity(module, inputs, out / "parity.npz")
    features, market = state["features"], isinstance(module, MarketModel)
    serving = {"e": state["request"], "smoothing": 0}
    if market:
        serving |= {"noises": module.noises, "steps": config.diffusion.samplingSteps}
    if state["data"].get("priorSha256"):
        # What evaluation must use; a service has the prior of its own market.
        serving["priorSha256"] = state["data"]["priorSha256"]
    write_card(
        out, name=config.name, version=version or config.version, kind=kind.name,
        features={"name": features["name"], "version": features["version"], "mean": state["mean"].tolist(), "std": state["std"].tolist()},
        window=STEPS if market else config.model.window,
        inputs=[tensor(name, str(value.dtype).split(".")[-1], -1, *value.shape[1:]) for name, value in inputs.items()],
        outputs=[tensor(name, "float32", -1, *shape) for name, shape in kind.outputs.items()], action="none" if market else config.model.action,
        rtg={"scale": 1.0, "gamma": config.scoreExponent},
        tolerance=kind.tolerance, parity=len(next(iter(inputs.values()))), data=state["data"],
        serving=serving, scores=state["scores"], p99_cpu1=p99_cpu1, curve=state.get("curve"))
    if not isinstance(module, ServedPolicy):
        fused.add(out, None)
    elif config.model.arch == "transformer":
        fused.add(out, module.policy)
    write_verdict(out, verdict, reason)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.common.export", description="Exports a trained policy to ONNX with its card.")
    parser.add_argument("--checkpoint", required=True, type=Path, help="model.pt written by training")
    parser.add_argument("--out", required=True, type=Path, help="policies/models/<policy>/<version>")
    parser.add_argument("--p99-cpu1", type=float, metavar="MS", help="of one decision on one CPU core, from `autobid bench policy`")
    parser.add_argument("--guided", action="store_true", help="policies that plan: the completer's two passes, not the one they were distilled into")
    parser.add_argument("--noises", type=int, help="policies that plan: how many plans a decision averages over; market: how many futures")
    parser.add_argument("--version", type=int, help="another version than the config's")
    parser.add_argument("--verdict", default="provisional", choices=("default", "usable", "provisional"))
    parser.add_argument("--reason", default="the gate has not run")
    options = parser.parse_args(arguments)
    try:
        export(options.checkpoint, options.out, options.verdict, options.reason, options.p99_cpu1, options.guided, options.noises, options.version)
    except (OSError, ValueError, KeyError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
