"""Shrinks an export for the way to a training machine: python -m autobid_policies.common.pack --data DIR --out DIR [--train-periods N]

Keeps the arrays that training reads, features and forecasts as half, compressed; `manifest.json` is copied as it is, so a model names
the data set it came from. --train-periods keeps only so many periods of the training split.
"""
from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from .data import ARRAYS, SPLITS, DataError

HALF = ("features", "curveCost", "curveValue", "forecastCost", "forecastValue")


def pack(data: Path, out: Path, train_periods: int | None = None) -> int:
    """Returns the number of keys written."""
    shards = sorted(data.glob("*.npz"))
    if not shards or not (data / "manifest.json").exists():
        raise DataError(f"{data} is not a folder written by `autobid export-data`")
    out.mkdir(parents=True, exist_ok=True)
    kept: set[tuple[int, int]] = set()
    keys = 0
    for shard in shards:
        with np.load(shard, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ARRAYS}
        wanted = np.ones(len(arrays["period"]), dtype=bool)
        if train_periods is not None:
            for i, (split, lineup, period) in enumerate(zip(arrays["split"], arrays["lineup"], arrays["period"])):
                key = (int(lineup), int(period))
                if split == SPLITS["train"] and key not in kept:
                    if len(kept) >= train_periods:
                        wanted[i] = False
                        continue
                    kept.add(key)
        if not wanted.any():
            continue
        keys += int(wanted.sum())
        np.savez_compressed(out / shard.name, **{name: array[wanted].astype(np.float16) if name in HALF else array[wanted]
                                                 for name, array in arrays.items()})
    shutil.copyfile(data / "manifest.json", out / "manifest.json")
    return keys


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.common.pack", description="Shrinks an export for the way to a training machine.")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--train-periods", type=int)
    options = parser.parse_args(arguments)
    try:
        keys = pack(options.data, options.out, options.train_periods)
    except (OSError, ValueError, KeyError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in options.out.glob("*.npz"))
    print(f"{keys} keys, {size / 2**20:.1f} MiB in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
