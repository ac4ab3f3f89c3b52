"""The torch replay environment beside the C# engine, on days that both have played. The C# test TorchParityTests runs it:

    python parity.py make FOLDER      two small policies, trained on the first play, as FOLDER/model/<kind>
    python parity.py compare FOLDER   prints what differs, as JSON

plays.json lists plays and their variants. FOLDER/<play> is an export with its prior, FOLDER/<play>.npz the same period's seats played by
the exported policies in the engine, rivals frozen: arrays [E,48,...] in blocks of the export's keys, one block a variant.

Two roll-outs a variant. *Taught*: every step's flow is the engine's, in double precision on the engine's own forecast points, so that
features and decisions can be compared to rounding. *Free*: as in training, on curves of halves at 24 points.
"""
from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

sys.path[:0] = [str(Path(__file__).parent.parent)]

from autobid_policies.common import checkpoint, curves, export  # noqa: E402
from autobid_policies.common.config import Config  # noqa: E402
from autobid_policies.common.data import STEPS, FeatureDropout, Manifest, Normaliser, TrajectorySet, load  # noqa: E402
from autobid_policies.common.features import ARRIVALS, Market, Twin  # noqa: E402
from autobid_policies.common.forecast import Prior, with_tables  # noqa: E402
from autobid_policies.common.model import Policy  # noqa: E402
from autobid_policies.common.rollout import Decide, RollOut, Step, rescale, roll_out  # noqa: E402
from autobid_policies.common.serving import WindowPolicy  # noqa: E402
from autobid_policies.common.windows import Pool, random_windows  # noqa: E402

REQUEST = 0.97
KINDS = {"direct": {"window": 6, "spans": [3, 4], "action": "logMultiplier"}, "residual": {"window": 5, "action": "residualToMpc"}}


def plays(folder: Path) -> list[dict]:
    return json.loads((folder / "plays.json").read_text("utf-8"))


def make(folder: Path) -> None:
    """Policies that pace about as MPC does, and follow every input: an untrained one would lose its budget by noon and hide what comes after."""
    torch.manual_seed(5)
    manifest, days = load(folder / plays(folder)[0]["name"])
    normaliser = Normaliser.fit(days.features, manifest.features)
    for kind, shape in KINDS.items():
        config = Config.parse({"name": kind, "features": manifest.features.version, "model": {"width": 32, "layers": 2, "heads": 2, "dropout": 0.0, **shape}})
        policy = Policy(config.model, len(manifest.features.names))
        with torch.no_grad():
            policy.action_head.weight.normal_(std=0.1)
        pool, generator = Pool.of_log(days), torch.Generator().manual_seed(5)
        optimiser = torch.optim.Adam(policy.parameters(), lr=3e-3)
        for _ in range(40):
            w = random_windows(pool, 64, config.model.window, normaliser, None, generator)
            action, _, _ = policy(w.condition, w.states, w.previous, w.timesteps, w.mask, w.base, w.base_mask)
            wanted = w.base if kind == "direct" else 0.2 * torch.tanh(w.states[:, :, manifest.features.names.index("log_price_last")])
            optimiser.zero_grad()
            (((action - wanted) ** 2 * w.mask).sum() / w.mask.sum()).backward()
            optimiser.step()
        w = random_windows(pool, 8, config.model.window, normaliser, None, generator)
        parity = {"condition": w.condition, "states": w.states, "actions": w.previous, "timesteps": w.timesteps, "mask": w.mask}
        if policy.residual:
            parity |= {"base": w.base, "baseMask": w.base_mask}
        out = folder / "model" / kind
        checkpoint.save({"config": config.as_dict(), "features": manifest.features.as_dict(), "mean": normaliser.mean, "std": normaliser.std,
                         "policy": policy.state_dict(), "request": REQUEST, "data": {"sha256": manifest.sha256, "seeds": list(manifest.seeds)},
                         "scores": {}, "parity": parity}, out / "model.pt")
        export.export(out / "model.pt", out)


@dataclass
class Played:
    """What the engine recorded of one variant, [N,48,...]; money in account currency."""

    features: Tensor
    action: Tensor
    base: Tensor
    cost: Tensor
    value: Tensor
    conversions: Tensor
    score: Tensor    # [N] conversions

    @staticmethod
    def read(path: Path, block: int, keys: int) -> "Played":
        with np.load(path) as file:
            part = {name: torch.from_numpy(file[name][block * keys:(block + 1) * keys].astype(np.float64)) for name in file.files}
        return Played(**{name: part[name] for name in Played.__dataclass_fields__})


def luck(expected: Tensor, drawn: Tensor) -> Tensor:
    """Arrival times [N,256] for which expected conversions [N,48], summed so far, draw the engine's own in every step."""
    arrivals = torch.full((len(drawn), ARRIVALS), float("inf"))
    before = torch.cat([torch.zeros_like(expected[:, :1]), expected[:, :-1]], 1)
    for key in range(len(drawn)):
        times = torch.repeat_interleave(0.5 * (before[key] + expected[key]), drawn[key].long())
        arrivals[key, :len(times)] = times
    return arrivals


def with_engine(days: TrajectorySet, played: Played, twin: Twin) -> TrajectorySet:
    """The days with the engine's wins per value won: the one column that flows do not determine."""
    features = days.features.clone()
    for name in ("win_rate_last", "wins_last"):
        features[:, :, twin.column[name]] = played.features[:, :, twin.column[name]].to(features)
    return replace(days, features=features, value=(played.value * (days.target / days.budget).unsqueeze(1)).to(days.value))


def certain_flows(days: TrajectorySet, played: Played) -> TrajectorySet:
    """Curves that give the engine's flow of every step at the engine's multiplier."""
    flat = replace(days, curve_cost=torch.ones(len(days), STEPS, 24), curve_value=torch.ones(len(days), STEPS, 24))
    reader = curves.Reader(flat)
    # Below the grid a curve falls with the multiplier.
    fall = torch.stack([reader.flow(step, played.action[:, step]) for step in range(STEPS)], 1)
    made = [(flow / scale.unsqueeze(1) / fall[:, :, i]).unsqueeze(2).expand(-1, -1, 24)
            for i, (flow, scale) in enumerate(((played.cost, days.budget), (played.value, days.budget / days.target)))]
    return replace(days, curve_cost=made[0], curve_value=made[1])


class Taught:
    """Asks the policy, does what the engine did."""

    def __init__(self, policy: Decide, actions: Tensor):
        self.policy, self.actions, self.answers = policy, actions, []

    def __call__(self, now: Step) -> Tensor:
        self.answers.append(self.policy(now))
        return self.actions[:, now.step]


@contextmanager
def doubles():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


class Comparison:
    def __init__(self, folder: Path):
        self.folder = folder
        self.manifest, days = load(folder)
        self.days = self._planned(days, exact=False)
        with doubles():
            self.exact = self._planned(days.map(lambda tensor: tensor.double() if tensor.dtype == torch.float32 else tensor), exact=True)
        self.twin = Twin(self.manifest.features)
        self.dropout = FeatureDropout(self.manifest.features)
        self.models = {kind: self._model(folder.parent / "model" / kind) for kind in KINDS}

    @staticmethod
    def _model(folder: Path) -> tuple[Policy, Normaliser]:
        state = checkpoint.load(folder / "model.pt")
        return export.served(state).policy, Normaliser(state["mean"], state["std"])

    def of(self, block: int, variant: dict) -> dict:
        played = Played.read(self.folder.with_suffix(".npz"), block, len(self.days))
        keep = self.dropout.hide(tuple(variant["hidden"]), "cpu")
        with doubles():
            found = self._taught(self._rescaled(self.exact, variant), variant, played, keep.double())
        return found | self._free(self._rescaled(self.days, variant), variant, played, keep)

    def _planned(self, days: TrajectorySet, exact: bool) -> TrajectorySet:
        return with_tables(days, Prior.read(self.folder / "prior.json"), torch.tensor(self.manifest.log_grid), exact)

    def _rescaled(self, days: TrajectorySet, variant: dict) -> TrajectorySet:
        factor = torch.full((len(days),), float(variant["budget"]))
        return rescale(days, factor, torch.ones_like(factor), torch.tensor(self.manifest.log_grid), self.twin, oracle=False)

    def _policy(self, variant: dict, days: TrajectorySet) -> WindowPolicy:
        policy, normaliser = self.models[variant["policy"]]
        kind = days.cost.dtype
        return WindowPolicy(policy.to(kind), Normaliser(normaliser.mean.to(kind), normaliser.std.to(kind)), REQUEST, days)

    @torch.no_grad()
    def _roll_out(self, days: TrajectorySet, decide: Decide, played: Played, keep: Tensor) -> RollOut:
        arrivals = luck(played.value.cumsum(1), played.conversions).to(days.cost)
        return roll_out(days, decide, self.twin, torch.tensor(self.manifest.log_grid), keep, arrivals=arrivals)

    def _taught(self, days: TrajectorySet, variant: dict, played: Played, keep: Tensor) -> dict:
        wins = self._wins(days, played)
        days = certain_flows(with_engine(days, played, self.twin), played)
        taught = Taught(self._policy(variant, days), played.action)
        rolled = self._roll_out(days, taught, played, keep)
        gaps = (rolled.features - played.features).abs().amax((0, 1))
        return {"feature": float(gaps.max()), "worst": self.manifest.features.names[int(gaps.argmax())],
                "decision": float((torch.stack(taught.answers, 1) - played.action).abs().max()),
                "base": float(torch.quantile((rolled.base - played.base).abs().flatten(), 0.99)),
                "wins": wins, "spread": float(played.action.std()), "exhausted": int((played.cost.sum(1) > 0.99 * days.budget).sum())}

    def _wins(self, days: TrajectorySet, played: Played) -> float:
        """What the roll-out's rule makes of the engine's values over the day, relative to the engine's wins."""
        market = Market(days, self.twin)
        theirs = self.twin.logged_wins(played.features[:, 1:], market.opportunities[:, :-1])
        mine = (played.value * (days.target / days.budget).unsqueeze(1))[:, :-1]
        ours = torch.minimum(torch.where(mine > 1e-9, mine * market.wins_per_value, market.wins_of_nothing), market.opportunities[:, :-1])
        return float(ours.sum() / theirs.sum())

    def _free(self, days: TrajectorySet, variant: dict, played: Played, keep: Tensor) -> dict:
        rolled = self._roll_out(days, self._policy(variant, days), played, keep)
        score = (rolled.score() * days.budget / days.target).double()
        return {"engine": float(played.score.sum()), "torch": float(score.sum()),
                "key": float(torch.median((score - played.score).abs() / played.score.clamp(min=1e-9)))}


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    command, folder = arguments[0], Path(arguments[1])
    if command == "make":
        make(folder)
        return
    rows = []
    for play in plays(folder):
        comparison = Comparison(folder / play["name"])
        rows += [{"play": play["name"], "variant": variant["name"], **comparison.of(block, variant)} for block, variant in enumerate(play["variants"])]
    print(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
