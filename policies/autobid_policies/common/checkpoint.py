"""Checkpoints: written beside and renamed, so that a killed run leaves the last whole one.

A file holds a dictionary of tensors and a JSON skeleton that refers to them: torch's safe loader of 1.13 reads neither floats nor
nested optimiser states, and a model file must open without running code.
"""
from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from torch import Tensor


def _pack(tree, tensors: dict[str, Tensor]):
    if isinstance(tree, Tensor):
        name = str(len(tensors))
        tensors[name] = tree.detach()
        return {"tensor": name}
    if isinstance(tree, dict):
        # Pairs, because JSON would turn the integer keys of an optimiser's state into strings.
        return {"pairs": [[key, _pack(value, tensors)] for key, value in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {"list": [_pack(item, tensors) for item in tree]}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return {"value": tree}
    raise TypeError(f"a checkpoint cannot hold {type(tree).__name__}")


def _unpack(node: dict, tensors: dict[str, Tensor]):
    (kind, content), = node.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "pairs":
        return {key: _unpack(value, tensors) for key, value in content}
    if kind == "list":
        return [_unpack(item, tensors) for item in content]
    return content


def save(state: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_pack(state, tensors))
    torch.save({"skeleton": skeleton, "tensors": tensors}, partial)
    os.replace(partial, path)


def load(path: Path) -> dict:
    """On the CPU."""
    file = torch.load(path, map_location="cpu", weights_only=True)
    return _unpack(json.loads(file["skeleton"]), file["tensors"])


def random_state(generator: torch.Generator, device: torch.device) -> dict:
    state = {"sampling": generator.get_state(), "cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random(state: dict, generator: torch.Generator, device: torch.device) -> None:
    generator.set_state(state["sampling"])
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
