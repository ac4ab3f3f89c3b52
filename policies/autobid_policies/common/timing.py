"""What a decision costs in PyTorch: python -m autobid_policies.common.timing --checkpoint OUT/model.pt [--device cuda] [--json FILE]

Rows of features in (pinned) host memory to actions in host memory, as `autobid bench inference` measures its own: eager and
torch.compile, in single and half precision, one batch after the other.
"""
from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from . import checkpoint
from .export import inputs_of, served


def _module(source: Path, device: str, half: bool) -> tuple[nn.Module, dict[str, Tensor]]:
    state = checkpoint.load(source)
    module = served(state)
    inputs = inputs_of(state, module)
    module = module.to(device)
    return (module.half() if half else module), inputs


def _staged(inputs: dict[str, Tensor], batch: int, device: str) -> list[Tensor]:
    rows = torch.arange(batch) % len(inputs["condition"])
    staged = [value[rows].contiguous() for value in inputs.values()]
    return [value.pin_memory() for value in staged] if device == "cuda" else staged


def _once(module: nn.Module, staged: list[Tensor], device: str, half: bool, answer: Tensor) -> None:
    moved = [value.to(device, non_blocking=True) for value in staged]
    if half:
        moved = [value.half() if value.is_floating_point() else value for value in moved]
    answer.copy_(module(*moved)[0], non_blocking=True)
    if device == "cuda":
        torch.cuda.synchronize()


def time_batch(module: nn.Module, inputs: dict[str, Tensor], batch: int, device: str, half: bool, seconds: float) -> dict[str, float]:
    """Microseconds of one call."""
    staged = _staged(inputs, batch, device)
    answer = torch.empty(batch, dtype=torch.float16 if half else torch.float32, pin_memory=device == "cuda")
    for _ in range(5):
        _once(module, staged, device, half, answer)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 20:
        begun = time.perf_counter()
        _once(module, staged, device, half, answer)
        times.append(1e6 * (time.perf_counter() - begun))
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[int(0.99 * (len(times) - 1))], "calls": len(times)}


def measure(source: Path, device: str, batches: list[int], seconds: float, compiled: bool) -> list[dict]:
    torch.backends.cuda.matmul.allow_tf32 = True
    modes = ["eager"] + (["compile"] if compiled and hasattr(torch, "compile") else [])
    rows = []
    for half in ([False, True] if device == "cuda" else [False]):
        for mode in modes:
            module, inputs = _module(source, device, half)
            # Fixed shapes and graphs, as the service has them.
            run = module if mode == "eager" else torch.compile(module, mode="reduce-overhead", dynamic=False)
            for batch in batches:
                with torch.no_grad():
                    rows.append({"mode": mode, "precision": "fp16" if half else "fp32", "batch": batch,
                                 **time_batch(run, inputs, batch, device, half, seconds)})
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.common.timing", description="Times a trained policy in PyTorch, eager and compiled.")
    parser.add_argument("--checkpoint", required=True, type=Path)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64, 1024, 8192])
    parser.add_argument("--seconds", type=float, default=0.5, help="per row of the table")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("timing: torch sees no GPU here", file=sys.stderr)
        return 2
    try:
        rows = measure(options.checkpoint, options.device, options.batches, options.seconds, not options.no_compile)
    except (OSError, ValueError, KeyError) as error:
        print(f"timing: {error}", file=sys.stderr)
        return 2
    for row in rows:
        print(f"{row['mode']:8} {row['precision']} batch {row['batch']:5}  p50 {row['p50']:9.1f} us  p99 {row['p99']:9.1f} us")
    if options.json:
        options.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
