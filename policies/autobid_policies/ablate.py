"""Trains many rows and puts them into one table: python -m autobid_policies.ablate --configs A B ... --data DIR --out DIR --minutes M
[--grid FILE ...] [--jobs N] [--reference NAME]; or, of runs that are there: --collect FOLDER ... --out DIR [--reference NAME]

Each row is a process with its share of the time, N at once, spread over the GPUs; a row that fails is a line in the table, not the end. A grid file holds
{"config": FILE, "vary": {"offline.temperature": [1, 3, 10], ...}}: every combination is a row. Writes OUT/ablation.json, OUT/ablation.md,
OUT/curves.png (where matplotlib is installed) and OUT/<row>/ as training does. Rows that are collected must
have been scored on the same keys. Exit codes: 0 every row done, 1 some failed, 2 bad input.
"""
from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import torch

from .common import checkpoint
from .common.config import Config, merge
from .common.data import SPEND_FIRST, TARGET_FIRST
from .common.evaluate import interval, kept, paired, percent
from .common.model import parameters
from .common.plots import draw_courses
from .families import policy_of

MODES = (("SpendFirst", SPEND_FIRST), ("TargetFirst", TARGET_FIRST))
# A row may pass its share by so much (seconds) before it is ended.
GRACE = 120.0


@dataclass
class Row:
    name: str
    config: dict


def rows_of(configs: list[Path], grids: list[Path]) -> list[Row]:
    """The rows asked for, checked before any is trained. ValueError names the file."""
    rows = [Row(path.stem, json.loads(path.read_text("utf-8"))) for path in configs]
    for path in grids:
        grid = json.loads(path.read_text("utf-8"))
        if set(grid) != {"config", "vary"} or not grid["vary"]:
            raise ValueError(f"{path}: a grid has a config and what to vary")
        base = path.parent / grid["config"]
        raw, names = json.loads(base.read_text("utf-8")), list(grid["vary"])
        for values in itertools.product(*grid["vary"].values()):
            changed = raw
            for name, value in zip(names, values):
                for part in reversed(name.split(".")):
                    value = {part: value}
                changed = merge(changed, value)
            label = ",".join(f"{name.split('.')[-1]}={value:g}" if isinstance(value, (int, float)) else f"{name.split('.')[-1]}={value}"
                             for name, value in zip(names, values))
            rows.append(Row(f"{base.stem}[{label}]", changed))
    for row in rows:
        try:
            if Config.parse(row.config).objective == "market":
                raise ValueError("the market bids nothing that could be compared; train it alone")
        except (ValueError, TypeError) as error:
            raise ValueError(f"{row.name}: {error}") from None
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not rows:
        raise ValueError(f"rows named twice: {', '.join(twice)}" if twice else "no rows to train")
    return rows


def folder_of(out: Path, row: Row) -> Path:
    return out / "".join(c if c.isalnum() or c in "-._=" else "_" for c in row.name)


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return named.split(",") if named and torch.cuda.is_available() else [str(i) for i in range(torch.cuda.device_count())]


def train_all(rows: list[Row], data: Path, out: Path, minutes: float, jobs: int, report: Callable[[str], None]) -> dict[str, str]:
    """Trains every row, `jobs` at once; returns why a row failed, by name."""
    share = minutes * jobs / max(len(rows), jobs)
    failed: dict[str, str] = {}
    waiting, running = list(rows), []
    devices = gpus()
    # A slot for every row that may run, spread over the GPUs.
    free = list(range(jobs))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")])),
                   "PYTHONUNBUFFERED": "1"}
    while waiting or running:
        while waiting and len(running) < jobs:
            row = waiting.pop(0)
            folder = folder_of(out, row)
            folder.mkdir(parents=True, exist_ok=True)
            # What an earlier attempt left must not pass for this one's.
            for name in ("model.pt", "scores.npz", "progress.json"):
                (folder / name).unlink(missing_ok=True)
            (folder / "config.json").write_text(json.dumps(row.config, indent=2), "utf-8")
            log = (folder / "log.txt").open("w", encoding="utf-8")
            command = [sys.executable, "-m", "autobid_policies.train", "--config", str(folder / "config.json"), "--data", str(data),
                       "--out", str(folder), "--finish-in", f"{share:.3f}"]
            slot = free.pop(0)
            own = {**environment, "CUDA_VISIBLE_DEVICES": devices[slot % len(devices)]} if devices else environment
            running.append((row, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=own), log, time.monotonic(), slot))
            report(f"{row.name}: started, {share:.1f} minutes")
        for entry in list(running):
            row, process, log, started, slot = entry
            if process.poll() is None and time.monotonic() - started > 60 * share + GRACE:
                process.kill()
                process.wait()
                failed[row.name] = f"still running {GRACE:.0f} s after its time"
            if process.poll() is not None:
                running.remove(entry)
                free.append(slot)
                log.close()
                if process.returncode != 0 and row.name not in failed:
                    lines = (folder_of(out, row) / "log.txt").read_text("utf-8", errors="replace").strip().splitlines()
                    failed[row.name] = lines[-1] if lines else f"exit code {process.returncode}"
                report(f"{row.name}: {'FAILED: ' + failed[row.name] if row.name in failed else 'done'} after {time.monotonic() - started:.0f} s")
        time.sleep(0.2)
    return failed


def read_row(folder: Path) -> dict:
    """What a finished row left: scores per split, mode and budget, its size and its time."""
    state = checkpoint.load(folder / "model.pt")
    config = Config.parse(state["config"])
    progress = json.loads((folder / "progress.json").read_text("utf-8"))
    with np.load(folder / "scores.npz") as file:
        arrays = {name: torch.from_numpy(file[name]) for name in file.files}
    return {"parameters": parameters(policy_of(config, tuple(state["features"]["names"]))), "seconds": progress["seconds"],
            "steps": {stage: max((p["step"] for p in progress["points"] if p["stage"] == stage), default=0) for stage in ("offline", "fineTune")},
            "selection": state["scores"]["selection"], "points": progress["points"], "arrays": arrays}


def compare(found: dict[str, dict], reference: str) -> dict:
    """% of S*, interval over periods, keys within target, paired difference to the reference; per split, mode and budget."""
    table: dict = {}
    other = found[reference]["arrays"]
    for name, row in found.items():
        same = all(torch.equal(row["arrays"][key], other[key]) for key in other if key.endswith(("_cluster", "_mode")) and key in row["arrays"])
        if not same:
            raise ValueError(f"{name} was scored on other keys than {reference}")
        arrays, cells = row["arrays"], {}
        for split in ("validation", "test"):
            if f"{split}_mode" not in arrays:
                continue
            for mode, number in MODES:
                keys = arrays[f"{split}_mode"] == number
                for key in sorted(k for k in arrays if k.startswith(f"{split}_gain_")):
                    budget = key.rsplit("_", 1)[1]
                    gain, best, cpa = (arrays[f"{split}_{kind}_{budget}"][keys] for kind in ("gain", "best", "cpa"))
                    if not len(gain):
                        continue
                    cluster = arrays[f"{split}_cluster"][keys]
                    cells.setdefault(split, {}).setdefault(mode, {})[budget] = {
                        "percentOfBest": round(percent(gain, best), 2), "interval95": interval(gain, best, cluster), **kept(cpa),
                        "minusReference": paired(gain, other[key][keys], best, cluster)}
        table[name] = {"parameters": row["parameters"], "seconds": row["seconds"], "steps": row["steps"], "selection": row["selection"], "scores": cells}
    return table


def markdown(table: dict, failed: dict[str, str], reference: str) -> str:
    """One table per split and mode."""
    lines = [f"# Ablation\n\n% of S* (best constant in hindsight), rivals frozen, expected values; [95 % bootstrap interval over periods]. "
             f"Difference: paired by key against {reference}. Time is training without the last evaluation, on a device shared by the rows "
             f"that ran beside.\n"]
    splits = sorted({split for row in table.values() for split in row["scores"]}, reverse=True)
    for split in splits:
        for mode, _ in MODES:
            budgets = next((list(row["scores"][split][mode]) for row in table.values() if mode in row["scores"].get(split, {})), [])
            if not budgets:
                continue
            lines.append(f"## {split}, {mode}\n")
            lines.append("| row | " + " | ".join(f"{100 * float(b):g} % | difference" for b in budgets) + " | CPA kept | parameters | steps | seconds |")
            lines.append("|---|" + "---|" * (2 * len(budgets) + 4))
            for name, row in table.items():
                cells = row["scores"][split][mode]
                parts = []
                for budget in budgets:
                    cell = cells[budget]
                    low, high = cell["interval95"]
                    mean, left, right = cell["minusReference"]
                    parts += [f"{cell['percentOfBest']:.1f} [{low:.1f}, {high:.1f}]", "" if name == reference else f"{mean:+.1f} [{left:+.1f}, {right:+.1f}]"]
                valid = " / ".join(f"{cells[budget]['cpaValid']:.2f}" for budget in budgets)
                lines.append(f"| {'**' + name + '**' if name == reference else name} | " + " | ".join(parts) +
                             f" | {valid} | {row['parameters']:,} | {row['steps']['offline']} + {row['steps']['fineTune']} | {sum(row['seconds'].values()):.0f} |")
            lines.append("")
    if failed:
        lines += ["## Failed\n", *(f"- {name}: {why}" for name, why in failed.items()), ""]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.ablate", description="Trains many rows and compares them in one table.")
    parser.add_argument("--configs", nargs="*", default=[], type=Path)
    parser.add_argument("--grid", nargs="*", default=[], type=Path, help="files that vary a config")
    parser.add_argument("--collect", nargs="*", default=[], type=Path, help="folders that training wrote: compare, train nothing")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--minutes", type=float, help="for all rows together")
    parser.add_argument("--jobs", type=int, default=3 * len(gpus()) or 1, help="rows trained at the same time, over all GPUs")
    parser.add_argument("--reference", help="row that the others are compared with; the first one")
    options = parser.parse_args(arguments)

    def report(line: str) -> None:
        print(line, flush=True)

    try:
        if options.collect:
            folders = {folder.name: folder for folder in options.collect}
            if options.configs or options.grid or len(folders) < len(options.collect):
                raise ValueError("--collect takes folders of different names, and nothing to train beside them")
        else:
            rows = rows_of(options.configs, options.grid)
            folders = {row.name: folder_of(options.out, row) for row in rows}
            if options.data is None or options.minutes is None or options.jobs < 1 or options.minutes <= 0:
                raise ValueError("training needs --data, and --jobs and --minutes above 0")
        reference = options.reference or next(iter(folders))
        if reference not in folders:
            raise ValueError(f"--reference: there is no row {reference}")
        options.out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        print(f"ablate: {error}", file=sys.stderr)
        return 2

    failed = {} if options.collect else train_all(rows, options.data, options.out, options.minutes, options.jobs, report)
    found: dict[str, dict] = {}
    for name, folder in folders.items():
        if name not in failed:
            try:
                found[name] = read_row(folder)
            except (OSError, ValueError, KeyError) as error:
                failed[name] = f"its results cannot be read: {error!r}"
    if found:
        if reference not in found:
            reference = next(iter(found))
        try:
            table = compare(found, reference)
        except ValueError as error:
            print(f"ablate: {error}", file=sys.stderr)
            return 2
        text = markdown(table, failed, reference)
        (options.out / "ablation.json").write_text(json.dumps({"reference": reference, "rows": table, "failed": failed}, indent=2), "utf-8")
        (options.out / "ablation.md").write_text(text, "utf-8")
        draw_courses({name: row["points"] for name, row in found.items()}, options.out / "curves.png", report)
        print(text)
    for name, why in failed.items():
        print(f"ablate: {name} failed: {why}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
