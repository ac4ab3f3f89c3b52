"""What planning is worth in a trained policy: python -m autobid_policies.cbd.diagnose --checkpoint OUT/model.pt --data DIR --out DIR [--keys N]

The same weights play the test periods under every way of planning: sampler, aligner and its alternatives, number of steps and of samples, and
with the plans of other keys. Writes OUT/planning.md and OUT/planning.json. Exit codes: 0 done, 2 bad input.
"""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from ..common import checkpoint
from ..common.config import Config
from ..common.data import SPEND_FIRST, STEPS, TARGET_FIRST, DataError
from ..common.evaluate import clusters, gains, interval, kept, paired, percent, whole_periods
from ..common.features import draw_arrivals
from ..common.rollout import roll_out
from ..common.trainer import Trainer
from ..families import noise_for, player_of
from .planner import Alignment, Planner, Situation, misfit
from .policy import PlanPolicy

OTHERS = "plans of other keys"
# Ways of planning, each a change of the served one.
ROWS: tuple[tuple[str, dict], ...] = (
    ("served", {}),
    ("completer alone", {"choice": "none"}),
    ("aligner, 1 step", {"choice": "align", "alignSteps": 1}),
    ("aligner, 5 steps", {"choice": "align", "alignSteps": 5}),
    ("aligner, two-sided misfit", {"choice": "align", "twoSided": True}),
    ("classifier guidance", {"choice": "guide"}),
    ("best of 8 samples", {"choice": "best", "samples": 8}),
    ("guided in two passes", {"distilled": False}),
    ("guided in two passes, weight 1", {"distilled": False, "guidance": 1.0}),
    ("guided in two passes, weight 2", {"distilled": False, "guidance": 2.0}),
    ("4 noises", {"noises": 4}),
    ("4 noises, guided in two passes", {"distilled": False, "noises": 4}),
    *((f"{steps} DDIM steps", {"samplingSteps": steps}) for steps in (1, 2, 3, 10, 20)),
    (OTHERS, {}),
)


@dataclass
class Watch:
    """What a roll-out planned, step by step."""

    policy: PlanPolicy
    spend: list[Tensor] = field(default_factory=list)     # [B] planned for the step that was decided
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0

    def __call__(self, step: int, found: Alignment, outlook, now: Situation) -> None:
        policy, keys = self.policy, len(found.plan)
        many = keys // policy.current_keys
        self.spend.append(outlook.spend[:, step].reshape(-1, many).mean(1))
        before = policy.judge(found.sampled, now.known, now.future, now.row)
        after = policy.judge(found.plan, now.known, now.future, now.row)
        moved = (found.plan != found.sampled).flatten(1).any(1).float()
        told = {"misfit before": found.before, "misfit after": found.after, "judged before": misfit(before, now.asked, False),
                "judged after": misfit(after, now.asked, False), "judged gain of moved": (after - before) * moved, "moved": moved,
                "legal": policy.scale.legal(outlook), "likely": policy.planner.is_likely(found.plan, now), "promised": found.promised}
        for name, value in told.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.double().sum())
        self.count += keys

    def means(self) -> dict[str, float]:
        found = {name: value / self.count for name, value in self.sums.items()}
        found["judged gain of moved"] = self.sums["judged gain of moved"] / max(self.sums["moved"], 1.0)
        return found


def with_plans_of_others(policy: PlanPolicy) -> PlanPolicy:
    """Every key bids from the plan of its neighbour: what is lost says what plans are worth to the decision."""
    other = policy.with_options()

    def plan(now: Situation, noise: Tensor) -> tuple[Alignment, Situation]:
        found, situation = Planner.plan(other.planner, now, noise)
        future = situation.future.unsqueeze(2)
        return replace(found, plan=torch.roll(found.plan, 1, 0) * future + situation.history), situation

    other.planner.plan = plan
    return other


@torch.no_grad()
def play(trainer: Trainer, policy: PlanPolicy, days, chunk: int) -> tuple[Tensor, Tensor, Tensor, dict[str, float]]:
    """gains() of the keys and what was seen of the plans."""
    parts, watch, gaps = [], Watch(policy), []
    for start in range(0, len(days), chunk):
        part = days.take(torch.arange(start, min(start + chunk, len(days)), device=days.device))
        policy.current_keys = len(part)
        watch.spend.clear()
        noise = noise_for(policy, len(part), torch.Generator(device=days.device).manual_seed(29 + start))
        player = player_of(policy, trainer.normaliser, trainer.request, part, noise=noise)
        player.watch = watch
        arrivals = draw_arrivals(len(part), torch.Generator().manual_seed(start), days.device)
        played = roll_out(part, player, trainer.twin, trainer.log_grid, arrivals=arrivals, plans=False)
        gaps.append((torch.stack(watch.spend, 1) - played.cost).abs().mean(1) * STEPS)
        parts.append(gains(played.cost.sum(1), played.value.sum(1), part))
    gain, best, cpa = (torch.cat(column) for column in zip(*parts))
    return gain, best, cpa, {**watch.means(), "next step": float(torch.cat(gaps).mean())}


def measure(trainer: Trainer, keys: int, chunk: int, rows=ROWS, report=print) -> dict:
    days = whole_periods(trainer.test, keys)
    cluster = clusters(days)
    table, served = {}, None
    for name, changes in rows:
        policy = with_plans_of_others(trainer.policy) if name == OTHERS else trainer.policy.with_options(**changes)
        gain, best, cpa, seen = play(trainer, policy, days, max(1, chunk // policy.noises))
        served = gain if served is None else served
        cells = {}
        for mode, number in (("SpendFirst", SPEND_FIRST), ("TargetFirst", TARGET_FIRST)):
            at = days.mode == number
            if bool(at.any()):
                cells[mode] = {"percentOfBest": round(percent(gain[at], best[at]), 2), "interval95": interval(gain[at], best[at], cluster[at]),
                               "minusServed": paired(gain[at], served[at], best[at], cluster[at]), **kept(cpa[at])}
        table[name] = {"modes": cells, "plans": {key: round(value, 5) for key, value in seen.items()}}
        report(f"{name}: " + "  ".join(f"{mode} {cell['percentOfBest']:.2f}" for mode, cell in cells.items()) + f"  {table[name]['plans']}")
    return table


def markdown(table: dict) -> str:
    lines = ["| planning | SpendFirst | difference | TargetFirst | difference | misfit before | after | judged before | after | moved % | gain of moved, judged "
             "| next step off | legal % | likely % |", "|---|" + "---:|" * 13]
    for name, row in table.items():
        parts = []
        for mode in ("SpendFirst", "TargetFirst"):
            cell = row["modes"].get(mode)
            if cell is None:
                parts += ["–", "–"]
                continue
            mean, low, high = cell["minusServed"]
            parts += [f"{cell['percentOfBest']:.1f}", "" if name == "served" else f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"]
        p = row["plans"]
        lines.append(f"| {name} | " + " | ".join(parts) + f" | {p['misfit before']:.4f} | {p['misfit after']:.4f} | {p['judged before']:.4f} | {p['judged after']:.4f} "
                     f"| {100 * p['moved']:.0f} | {p['judged gain of moved']:+.4f} | {p['next step']:.3f} | {100 * p['legal']:.1f} | {100 * p['likely']:.1f} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.cbd.diagnose", description="Plays a trained CBD under every way of planning.")
    parser.add_argument("--checkpoint", required=True, type=Path, help="model.pt written by training")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--keys", type=int, default=4608)
    parser.add_argument("--chunk", type=int, default=2048, help="keys x samples that are planned for at once")
    options = parser.parse_args(arguments)
    try:
        state = checkpoint.load(options.checkpoint)
        options.out.mkdir(parents=True, exist_ok=True)
        trainer = Trainer(Config.parse(state["config"]), options.data, options.out, lambda line: None)
        if not isinstance(trainer.policy, PlanPolicy):
            raise ValueError(f"{options.checkpoint} is not a policy that plans")
        trainer.policy.load_state_dict(state["policy"])
        trainer.policy.eval()
        table = measure(trainer, options.keys, options.chunk, report=lambda line: print(line, flush=True))
    except (DataError, ValueError, OSError, KeyError) as error:
        print(f"diagnose: {error}", file=sys.stderr)
        return 2
    (options.out / "planning.json").write_text(json.dumps(table, indent=2), "utf-8")
    (options.out / "planning.md").write_text(markdown(table), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
