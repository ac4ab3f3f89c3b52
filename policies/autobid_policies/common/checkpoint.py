"""Checkpoints: written beside and renamed, so that a killed run leaves the last whole one."""
from __future__ import annotations

import os
from pathlib import Path

import torch


def save(state: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    torch.save(state, partial)
    os.replace(partial, path)


def load(path: Path) -> dict:
    """On the CPU; only tensors and plain containers are read, in torch 1.13 and 2.x alike."""
    return torch.load(path, map_location="cpu", weights_only=True)


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
