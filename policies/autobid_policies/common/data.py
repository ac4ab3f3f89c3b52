"""Trajectories written by `autobid export-data`: a folder with manifest.json and shards *.npz.

A key is one advertiser on one period; N keys, T = 48 steps, F features, 24 curve points. Units: cost is spend / budget, value is
expected value x reference / budget, so cost / value is CPA / target and both scale alike with the budget. `target` is the
reference price per unit of value, in account currency like `budget`.
"""
from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

STEPS = 48
CURVE_POINTS = 24
# Curves are stored at the multipliers 0.1 x 40^(i/23) (design.md section 4).
GRID_FIRST = math.log(0.1)
GRID_STEP = math.log(40) / (CURVE_POINTS - 1)
LOG_MIN = math.log(0.05)
LOG_MAX = math.log(4.0)
SPLITS = {"train": 0, "validation": 1, "test": 2}
SPEND_FIRST, TARGET_FIRST = 0, 1


class DataError(ValueError):
    """The exported folder breaks its contract; the message names the file and the field."""


@dataclass(frozen=True)
class FeatureSpec:
    """Builder identity and columns. `masks` maps a group to its columns; the last of them is the group's known/unknown flag."""

    name: str
    version: int
    names: tuple[str, ...]
    masks: dict[str, tuple[int, ...]]

    @staticmethod
    def parse(raw: dict) -> "FeatureSpec":
        names = tuple(raw["names"])
        if len(set(names)) != len(names):
            raise DataError("manifest.json: features.names has duplicates")
        column = {name: i for i, name in enumerate(names)}
        masks = {}
        for group, columns in raw.get("masks", {}).items():
            try:
                masks[group] = tuple(column[c] if isinstance(c, str) else int(c) for c in columns)
            except KeyError as missing:
                raise DataError(f"manifest.json: masks.{group} names the unknown column {missing}") from None
            if not masks[group] or not all(0 <= c < len(names) for c in masks[group]):
                raise DataError(f"manifest.json: masks.{group} is empty or out of range")
        return FeatureSpec(raw["name"], int(raw["version"]), names, masks)

    @property
    def probes(self) -> tuple[str, ...]:
        """Multipliers at which the rest of the day is projected, in hundredths, as they appear in column names."""
        return tuple(name.removeprefix("log_cost_") for name in self.names if name.startswith("log_cost_"))

    @property
    def probe_logs(self) -> tuple[float, ...]:
        return tuple(math.log(int(probe) / 100) for probe in self.probes)

    def as_dict(self) -> dict:
        return {"name": self.name, "version": self.version, "names": list(self.names),
                "masks": {group: list(columns) for group, columns in self.masks.items()}}


@dataclass(frozen=True)
class Manifest:
    features: FeatureSpec
    log_grid: tuple[float, ...]
    seeds: tuple[int, ...]
    sha256: str
    rebuilt: bool = False   # packed: base, forecasts and the columns that follow them are to be made again
    prior_sha256: str | None = None   # of the population prior behind forecasts and MPC; None in exports that do not say

    @staticmethod
    def read(folder: Path) -> "Manifest":
        path = folder / "manifest.json"
        try:
            raw = json.loads(path.read_text("utf-8"))
            grid = tuple(math.log(float(g)) for g in raw["grid"])
            manifest = Manifest(FeatureSpec.parse(raw["features"]), grid, tuple(int(s) for s in raw["seeds"]), str(raw["sha256"]),
                                bool(raw.get("rebuilt", False)), raw.get("priorSha256"))
        except FileNotFoundError:
            raise DataError(f"{path} is missing: not a folder written by `autobid export-data`") from None
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise DataError(f"{path}: {error!r}") from None
        wanted = GRID_FIRST + GRID_STEP * np.arange(CURVE_POINTS)
        if len(grid) != CURVE_POINTS or not np.allclose(manifest.log_grid, wanted, atol=1e-4):
            raise DataError(f"{path}: grid must have {CURVE_POINTS} points, evenly spaced in log from 0.1 to 4")
        return manifest


@dataclass
class TrajectorySet:
    """Tensors with the keys first; `features` holds raw (not normalised) rows as known when step t is decided."""

    features: Tensor      # [N,T,F]
    action: Tensor        # [N,T] executed log multiplier
    base: Tensor          # [N,T] log multiplier of MPC with prior; 0 where absent
    base_mask: Tensor     # [N,T] 1 where base is present
    cost: Tensor          # [N,T]
    value: Tensor         # [N,T]
    curve_cost: Tensor    # [N,T,24] half
    curve_value: Tensor   # [N,T,24] half
    forecast_cost: Tensor   # [N,T,P] projected cost of steps t..T-1 at the builder's probe multipliers; 0 where unknown
    forecast_value: Tensor  # [N,T,P]
    efficiency: Tensor    # [N]
    s_star: Tensor        # [N]
    period: Tensor        # [N] int64, as are seat, lineup, split, mode
    seat: Tensor
    lineup: Tensor
    split: Tensor
    mode: Tensor
    target: Tensor        # [N]
    budget: Tensor        # [N]
    # What MPC sees besides: empty ([N,0]) in exports without it.
    impressions: Tensor     # [N,T] opportunities of the step
    mean_value: Tensor      # [N,T] their mean value
    response_cost: Tensor   # [N,T,24] half, curves of the minimum to win, exposure taken as certain
    response_value: Tensor  # [N,T,24] half
    # Forecasts by common/forecast.py, empty until tabulated; in units of the budget and target that they were made for.
    table_cost: Tensor      # [N,V,T,POINTS] half, V = what is known (forecast.py)
    table_value: Tensor
    table_budget: Tensor    # [N]
    table_target: Tensor    # [N]

    @property
    def has_responses(self) -> bool:
        return self.response_cost.dim() == 3

    @property
    def has_tables(self) -> bool:
        return self.table_cost.dim() == 4

    def __len__(self) -> int:
        return self.action.shape[0]

    @property
    def device(self) -> torch.device:
        return self.action.device

    def map(self, change) -> "TrajectorySet":
        return replace(self, **{f.name: change(getattr(self, f.name)) for f in fields(self)})

    def take(self, keys: Tensor) -> "TrajectorySet":
        return self.map(lambda tensor: tensor[keys])

    def to(self, device: str | torch.device) -> "TrajectorySet":
        return self.map(lambda tensor: tensor.to(device))

    def where(self, split: str) -> "TrajectorySet":
        return self.take(torch.nonzero(self.split == SPLITS[split]).flatten())


_SHAPES = {"features": (STEPS, "features"), "action": (STEPS,), "base": (STEPS,), "cost": (STEPS,), "value": (STEPS,),
           "curveCost": (STEPS, CURVE_POINTS), "curveValue": (STEPS, CURVE_POINTS), "forecastCost": (STEPS, "probes"),
           "forecastValue": (STEPS, "probes"), "efficiency": (), "sStar": (), "period": (),
           "seat": (), "lineup": (), "split": (), "target": (), "budget": (), "mode": ()}
# All of them or none.
_RESPONSES = {"impressions": (STEPS,), "meanValue": (STEPS,), "responseCost": (STEPS, CURVE_POINTS), "responseValue": (STEPS, CURVE_POINTS)}
CURVES = ("curveCost", "curveValue", "responseCost", "responseValue")
# What a packed export leaves out: the trainer makes it again (rollout.rebuild).
REBUILT = ("base", "forecastCost", "forecastValue")
ARRAYS = tuple(_SHAPES)
RESPONSES = tuple(_RESPONSES)
_FINITE = ("features", "action", "cost", "value", "curveCost", "curveValue", "efficiency", "sStar", "target", "budget")


def _arrays(file: np.lib.npyio.NpzFile, spec: FeatureSpec, rebuilt: bool) -> dict[str, np.ndarray]:
    """Every array of a shard; packed curves unpacked, arrays that are to be rebuilt empty."""
    from .pack import from_ratios  # pack reads this module's constants

    arrays = {name: file[name] for name in file.files if "." not in name}
    for name in CURVES:
        if f"{name}.ratio" in file.files:
            arrays[name] = from_ratios(file[f"{name}.top"], file[f"{name}.ratio"])
    if rebuilt and "action" in arrays:
        empty = np.zeros((*arrays["action"].shape, len(spec.probes)), dtype=np.float32)
        arrays |= {"base": np.zeros_like(arrays["action"]), "forecastCost": empty, "forecastValue": empty}
    return arrays


def _read_shard(path: Path, spec: FeatureSpec, rebuilt: bool) -> dict[str, np.ndarray]:
    sizes = {"features": len(spec.names), "probes": len(spec.probes)}
    with np.load(path, allow_pickle=False) as file:
        found = _arrays(file, spec, rebuilt)
    missing = [name for name in _SHAPES if name not in found]
    if missing:
        raise DataError(f"{path.name}: arrays {missing} are missing")
    shapes = {**_SHAPES, **(_RESPONSES if all(name in found for name in _RESPONSES) else {})}
    arrays = {name: found[name] for name in shapes}
    keys = arrays["action"].shape[0]
    for name, tail in shapes.items():
        expected = (keys, *(sizes.get(size, size) for size in tail))
        if arrays[name].shape != expected:
            raise DataError(f"{path.name}: {name} has shape {arrays[name].shape}, expected {expected}")
    for name in _FINITE:
        if not np.isfinite(arrays[name]).all():
            raise DataError(f"{path.name}: {name} has values that are not finite")
    if (arrays["budget"] <= 0).any() or (arrays["target"] <= 0).any():
        raise DataError(f"{path.name}: budget and target must be positive")
    if (arrays["cost"] < 0).any() or (arrays["value"] < 0).any():
        raise DataError(f"{path.name}: cost and value must not be negative")
    return arrays


def load(folder: str | Path) -> tuple[Manifest, TrajectorySet]:
    """Reads every shard of the folder, in name order. Raises DataError on any breach of the contract."""
    folder = Path(folder)
    manifest = Manifest.read(folder)
    shards = [_read_shard(path, manifest.features, manifest.rebuilt) for path in sorted(folder.glob("*.npz"))]
    if not shards:
        raise DataError(f"{folder}: no *.npz shards")
    names = [name for name in (*_SHAPES, *_RESPONSES) if all(name in shard for shard in shards)]
    joined = {name: np.concatenate([shard[name] for shard in shards]) for name in names}
    splits_of_period: dict[tuple[int, int], set[int]] = {}
    for period, lineup, split in zip(joined["period"], joined["lineup"], joined["split"]):
        splits_of_period.setdefault((int(lineup), int(period)), set()).add(int(split))
    shared = [key for key, splits in splits_of_period.items() if len(splits) > 1]
    if shared:
        raise DataError(f"{folder}: period {shared[0][1]} of line-up {shared[0][0]} is in more than one split")

    def real(name: str) -> Tensor:
        return torch.from_numpy(joined[name].astype(np.float32, copy=False))

    def whole(name: str) -> Tensor:
        return torch.from_numpy(joined[name].astype(np.int64))

    def half(name: str) -> Tensor:
        return torch.from_numpy(joined[name].astype(np.float16, copy=False))

    base = real("base")
    none = torch.zeros(len(base), 0)
    responses = RESPONSES[0] in joined
    known = torch.isfinite(base)
    return manifest, TrajectorySet(
        features=real("features"), action=real("action"), base=torch.where(known, base, torch.zeros_like(base)),
        base_mask=known.float(), cost=real("cost"), value=real("value"),
        curve_cost=half("curveCost"), curve_value=half("curveValue"),
        forecast_cost=torch.nan_to_num(real("forecastCost")), forecast_value=torch.nan_to_num(real("forecastValue")),
        efficiency=real("efficiency"), s_star=real("sStar"), period=whole("period"), seat=whole("seat"), lineup=whole("lineup"),
        split=whole("split"), mode=whole("mode"), target=real("target"), budget=real("budget"),
        impressions=real("impressions") if responses else none, mean_value=real("meanValue") if responses else none,
        response_cost=half("responseCost") if responses else none, response_value=half("responseValue") if responses else none,
        table_cost=none, table_value=none, table_budget=real("budget"), table_target=real("target"))


@dataclass
class Normaliser:
    """z = clamp((x - mean) / std, +-5). Mask flags keep mean 0 and std 1, and a masked group's columns are counted where known."""

    mean: Tensor
    std: Tensor
    LIMIT = 5.0

    @staticmethod
    def fit(rows: Tensor, spec: FeatureSpec) -> "Normaliser":
        """rows: [..., F] of the training split only."""
        flat = rows.reshape(-1, rows.shape[-1]).double()
        mean, std = flat.mean(0), flat.std(0, unbiased=False)
        for columns in spec.masks.values():
            *group, flag = columns
            known = flat[flat[:, flag] > 0]
            if group and len(known) > 0:
                mean[group], std[group] = known[:, group].mean(0), known[:, group].std(0, unbiased=False)
        flags = [columns[-1] for columns in spec.masks.values()]
        mean[flags], std[flags] = 0.0, 1.0
        std = torch.where(std < 1e-4, torch.ones_like(std), std)
        return Normaliser(mean.float(), std.float())

    def __call__(self, rows: Tensor) -> Tensor:
        return torch.addcmul(-self.mean / self.std, rows, 1 / self.std).clamp(-self.LIMIT, self.LIMIT)

    def to(self, device: str | torch.device) -> "Normaliser":
        return Normaliser(self.mean.to(device), self.std.to(device))


class FeatureDropout:
    """Hides whole groups of raw columns (regime, current step, curves) as the live engine does when it does not know them."""

    def __init__(self, spec: FeatureSpec):
        self.groups = {name: list(columns) for name, columns in spec.masks.items()}
        self.width = len(spec.names)

    def sample(self, keys: int, probability: float, generator: torch.Generator, device: str | torch.device) -> Tensor:
        """[keys, F] of 0 / 1: one draw per key and group, drawn on the CPU so that a run repeats on any device."""
        keep = torch.ones(keys, self.width)
        for columns in self.groups.values():
            drawn = torch.rand(keys, generator=generator) < probability
            for column in columns:
                keep[drawn, column] = 0.0
        return keep.to(device)

    def draw(self, uniform: Tensor, probability: float) -> Tensor:
        """[keys, F] of 0 / 1 from uniform draws [keys, groups], on their device."""
        keep = torch.ones(len(uniform), self.width, device=uniform.device)
        for index, columns in enumerate(self.groups.values()):
            keep[:, columns] = (uniform[:, index:index + 1] >= probability).float()
        return keep

    def hide(self, groups: tuple[str, ...], device: str | torch.device) -> Tensor:
        """[1, F] that hides exactly the named groups."""
        keep = torch.ones(1, self.width)
        for group in groups:
            if group not in self.groups:
                raise DataError(f"there is no feature group {group}: {', '.join(self.groups)}")
            keep[:, self.groups[group]] = 0.0
        return keep.to(device)
