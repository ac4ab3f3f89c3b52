"""Shrinks exports for the way to a training machine: python -m autobid_policies.common.pack --data DIR ... --out DIR
[--train-periods N] [--held-out-periods N] [--keys-per-period K] [--jobs N] [--plain]

Several exports become one (line-ups that nobody perturbs beside those of the training mix, say); they must share builder and prior, and
line-ups of the later ones get numbers of their own.

Curves become 8-bit ratios of neighbouring points (within 0.4 %), what the trainer can rebuild from the rest is left out where the
export holds what MPC sees, and the prior travels along. `manifest.json` keeps the hash of the export, so a model names the data it came
from. --train-periods keeps only so many periods of the training split, --held-out-periods so many of validation and of test each,
--keys-per-period so many of the keys of each training period: more periods in the same space. --jobs shards are packed at the same time; --plain leaves out the last compression, for data that stay on the machine.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np

from .data import ARRAYS, CURVES, REBUILT, RESPONSES, SPLITS, DataError

LINEUPS_PER_EXPORT = 1000
HALF = ("features", "forecastCost", "forecastValue")
# Columns that follow the key's own actions and have no other use: the twin writes them again.
OWN_COLUMNS = ("budget_left", "spend_minus_time", "value_so_far", "log_cpa_shrunk", "log_spend_last", "log_value_last",
               "log_multiplier_last", "log_spend_last3", "log_value_last3")


def to_ratios(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rising curves [...,G] -> their tops [...] and, from the top down, each point as a share of the next in 1/255 [...,G-1]. Each
    share is taken of the restored neighbour, so that errors do not add up."""
    top = table[..., -1].astype(np.float16)
    restored = top.astype(np.float32)
    ratios = np.zeros((*table.shape[:-1], table.shape[-1] - 1), dtype=np.uint8)
    for i in range(table.shape[-1] - 2, -1, -1):
        share = np.divide(table[..., i].astype(np.float32), restored, out=np.zeros_like(restored), where=restored > 0)
        ratios[..., i] = np.clip(np.rint(255 * share), 0, 255).astype(np.uint8)
        restored = restored * ratios[..., i] / 255
    return top, ratios


def from_ratios(top: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """[...,G] half."""
    points = [top.astype(np.float32)]
    for i in range(ratios.shape[-1] - 1, -1, -1):
        points.append(points[-1] * ratios[..., i] / 255)
    return np.stack(points[::-1], -1).astype(np.float16)


def pack(data: Path | list[Path], out: Path, train_periods: int | None = None, keys_per_period: int | None = None, jobs: int = 1,
         plain: bool = False, held_out_periods: int | None = None) -> int:
    """Returns the number of keys written. Periods count for each export. The result does not depend on `jobs`."""
    folders = [data] if isinstance(data, Path) else data
    manifests = [_manifest(folder) for folder in folders]
    first = manifests[0]
    for folder, manifest in zip(folders, manifests):
        for name in ("features", "grid", "priorSha256"):
            if manifest.get(name) != first.get(name):
                raise DataError(f"{folder}: another {name} than {folders[0]}")
    out.mkdir(parents=True, exist_ok=True)
    names = first["features"]["names"]
    with np.load(sorted(folders[0].glob("*.npz"))[0], allow_pickle=False) as file:
        rebuilds = all(name in file.files for name in RESPONSES) and (folders[0] / "prior.json").exists()
    own = [i for i, name in enumerate(names) if name in OWN_COLUMNS or name.startswith(("log_cost_", "log_value_")) and name[-1].isdigit()]
    periods = {SPLITS["train"]: train_periods, SPLITS["validation"]: held_out_periods, SPLITS["test"]: held_out_periods}
    work = list(_work(folders, out, periods, keys_per_period, _Form(tuple(own), rebuilds, plain)))
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            keys = sum(pool.map(_write, work))
    else:
        keys = sum(map(_write, work))
    digest = first["sha256"] if len(folders) == 1 else hashlib.sha256("".join(m["sha256"] for m in manifests).encode()).hexdigest()
    seeds = sorted({seed for manifest in manifests for seed in manifest["seeds"]})
    merged = {**first, "sha256": digest, "seeds": seeds, "sources": [m["sha256"] for m in manifests], "packed": True, "rebuilt": rebuilds}
    (out / "manifest.json").write_text(json.dumps(merged, indent=2), "utf-8")
    if rebuilds:
        shutil.copyfile(folders[0] / "prior.json", out / "prior.json")
    return keys


@dataclass(frozen=True)
class _Form:
    own: tuple[int, ...]
    rebuilds: bool
    plain: bool


@dataclass(frozen=True)
class _Work:
    """One shard to one shard: which keys, and what is added to their line-ups."""

    shard: Path
    target: Path
    wanted: np.ndarray
    lineups: int
    form: _Form


def _work(folders: list[Path], out: Path, periods: dict[int, int | None], keys_per_period: int | None, form: _Form) -> Iterator[_Work]:
    """What is kept is drawn here, in order: it must not depend on who writes what when."""
    random = np.random.default_rng(1)
    number = 0
    for source, folder in enumerate(folders):
        kept: dict[int, set[tuple[int, int]]] = {split: set() for split in periods}
        for shard in sorted(folder.glob("*.npz")):
            with np.load(shard, allow_pickle=False) as file:
                where = {name: file[name] for name in ("split", "lineup", "period")}
            wanted = _first_periods(where, periods, kept)
            if keys_per_period is not None:
                wanted &= _thin(where, keys_per_period, random)
            if wanted.any():
                yield _Work(shard, out / f"shard-{number:04}.npz", wanted, LINEUPS_PER_EXPORT * source, form)
                number += 1


def _write(work: _Work) -> int:
    form = work.form
    with np.load(work.shard, allow_pickle=False) as file:
        arrays = {name: file[name][work.wanted] for name in (*ARRAYS, *(RESPONSES if form.rebuilds else ()))}
    arrays["lineup"] = arrays["lineup"] + work.lineups
    (np.savez if form.plain else np.savez_compressed)(work.target, **_shrink(arrays, list(form.own), form.rebuilds))
    return int(work.wanted.sum())


def _manifest(folder: Path) -> dict:
    if not (folder / "manifest.json").exists() or not any(folder.glob("*.npz")):
        raise DataError(f"{folder} is not a folder written by `autobid export-data`")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    if manifest.get("packed"):
        raise DataError(f"{folder} is packed already")
    return manifest


def _shrink(arrays: dict[str, np.ndarray], own: list[int], rebuilds: bool) -> dict[str, np.ndarray]:
    written = {}
    for name, array in arrays.items():
        if rebuilds and name in REBUILT:
            continue
        if rebuilds and name == "features":
            array[:, :, own] = 0
        if name in CURVES:
            written[f"{name}.top"], written[f"{name}.ratio"] = to_ratios(array)
        else:
            written[name] = array.astype(np.float16) if name in HALF else array
    return written


def _first_periods(arrays: dict[str, np.ndarray], periods: dict[int, int | None], kept: dict[int, set[tuple[int, int]]]) -> np.ndarray:
    """Keys that are not of a period beyond the first so many of its split; `kept` remembers them from shard to shard."""
    wanted = np.ones(len(arrays["period"]), dtype=bool)
    for i, (split, lineup, period) in enumerate(zip(arrays["split"], arrays["lineup"], arrays["period"])):
        limit, known, key = periods[int(split)], kept[int(split)], (int(lineup), int(period))
        if limit is not None and key not in known:
            if len(known) >= limit:
                wanted[i] = False
                continue
            known.add(key)
    return wanted


def _thin(arrays: dict[str, np.ndarray], count: int, random: np.random.Generator) -> np.ndarray:
    """At most `count` random keys of each training period; validation and test stay whole."""
    chosen = arrays["split"] != SPLITS["train"]
    pairs = arrays["lineup"].astype(np.int64) * 1_000_000 + arrays["period"]
    for pair in np.unique(pairs[~chosen]):
        at = np.flatnonzero((pairs == pair) & (arrays["split"] == SPLITS["train"]))
        chosen[random.permutation(at)[:count]] = True
    return chosen


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.common.pack", description="Shrinks an export for the way to a training machine.")
    parser.add_argument("--data", required=True, nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--train-periods", type=int)
    parser.add_argument("--held-out-periods", type=int)
    parser.add_argument("--keys-per-period", type=int)
    parser.add_argument("--jobs", type=int, default=1, help="shards packed at the same time")
    parser.add_argument("--plain", action="store_true", help="not compressed: larger, and faster to write and to read")
    options = parser.parse_args(arguments)
    try:
        keys = pack(options.data, options.out, options.train_periods, options.keys_per_period, options.jobs, options.plain,
                    options.held_out_periods)
    except (OSError, ValueError, KeyError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in options.out.glob("*.npz"))
    print(f"{keys} keys, {size / 2**20:.1f} MiB in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
