"""Trains a policy: python -m autobid_policies.train --config FILE --data DIR --out DIR [--resume | --start-from MODEL] [--minutes M | --finish-in M] [--small]

The config names the family: GAVE, decision transformer, behaviour cloning, CQL, IQL, CBD; or the market, which is no policy. --small cuts it down to a run of seconds on a CPU.
Exit codes: 0 done, 2 bad input, 3 stopped by --minutes with a checkpoint.
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .common.config import Config, merge
from .common.data import DataError
from .common.trainer import Trainer
from .market.trainer import MarketTrainer

STOPPED = 3
# What --small lays over a config: every part runs, none for long.
SMALL = {"device": "cpu", "validateKeys": 48, "validateEvery": 10, "reportBudgets": [1.0],
         "offline": {"batch": 32, "warmUp": 4, "explorationFrom": 8, "relabelPool": 32, "relabelEvery": 10},
         "fineTune": {"batch": 16, "warmUp": 2}}
SMALL_STEPS = {"offline": 12, "fineTune": 4}


def small(config: Config) -> Config:
    """The same row for a few steps; stages that it does without stay out."""
    raw = merge(config.as_dict(), SMALL)
    for stage, steps in SMALL_STEPS.items():
        raw[stage]["steps"] = min(steps, raw[stage]["steps"])
    return Config.parse(raw)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.train", description="Trains a bidding policy on exported trajectories.")
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path, help="folder written by `autobid export-data`")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from OUT/checkpoint.pt if there is one")
    parser.add_argument("--start-from", type=Path, metavar="MODEL", help="fine-tune this model.pt of the same config; no offline stage")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--minutes", type=float, help="stop after this long with a checkpoint (exit code 3)")
    limit.add_argument("--finish-in", type=float, metavar="MINUTES", help="end in this time, evaluation included; learning rates fall with the clock")
    parser.add_argument("--small", action="store_true", help="a few steps of everything on the CPU")
    options = parser.parse_args(arguments)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        config = Config.read(options.config)
        kind = MarketTrainer if config.objective == "market" else Trainer
        trainer = kind(small(config) if options.small else config, options.data, options.out, lambda line: print(line, flush=True))
        if options.resume and (options.out / "checkpoint.pt").exists():
            trainer.resume()
        elif options.start_from:
            trainer.start_from(options.start_from)
        return 0 if trainer.run(minutes=options.minutes, finish_in=options.finish_in) else STOPPED
    except (DataError, ValueError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
