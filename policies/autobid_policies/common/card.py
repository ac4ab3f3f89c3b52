"""The model's papers: card.json (what it is, how to feed it, how it scored) and verdict.json (may it serve).

Hash rule: a verdict names the SHA-256 of card.json and of each file of the card, over the bytes on disk, in lower-case hex.
"""
from __future__ import annotations

import hashlib
import json
from pathlib import Path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_json(path: Path, content: dict) -> None:
    # newline fixed: the hash must not depend on the system that wrote the file.
    with path.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(content, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def tensor(name: str, dtype: str, *shape: int) -> dict:
    """Shape with -1 for the batch."""
    return {"name": name, "dtype": dtype, "shape": list(shape)}


def write_card(folder: Path, *, name: str, version: int, kind: str, features: dict, window: int, inputs: list[dict],
               outputs: list[dict], action: str, rtg: dict, tolerance: float, parity: int, data: dict, serving: dict,
               scores: dict, p99_cpu1: float | None = None, curve: dict | None = None) -> None:
    """card.json of the model.onnx and parity.npz that lie in `folder`. `curve`: a market's own, as a prior file says it."""
    write_json(folder / "card.json", {
        "name": name, "version": version, "kind": kind, "features": features, "window": window, "inputs": inputs, "outputs": outputs,
        "action": action, "rtg": rtg,
        "files": [{"path": "model.onnx", "sha256": sha256(folder / "model.onnx"), "precision": "fp32", "provider": "cpu",
                   "rtol": tolerance, "atol": tolerance}],
        "parity": {"file": "parity.npz", "n": parity}, "data": data, "serving": serving, "scores": scores,
        "p99Ms": {"cpu1": p99_cpu1, "h100": None}, **({} if curve is None else {"curve": curve})})


def write_verdict(folder: Path, verdict: str, reason: str) -> None:
    """verdict: default, usable or provisional. It holds only while every hash in it does."""
    if verdict not in ("default", "usable", "provisional"):
        raise ValueError(f"unknown verdict {verdict}")
    card = json.loads((folder / "card.json").read_text("utf-8"))
    write_json(folder / "verdict.json", {
        "cardSha256": sha256(folder / "card.json"),
        "files": {entry["path"]: sha256(folder / entry["path"]) for entry in card["files"]}, "verdict": verdict, "reason": reason})
