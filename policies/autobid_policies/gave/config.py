"""Everything a run is made of. A config file is JSON with the same names; unknown names are errors, so that a typo cannot pass."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

ACTIONS = ("logMultiplier", "residualToMpc")


@dataclass(frozen=True)
class ModelConfig:
    arch: str = "transformer"          # or "mlp": 64 x 64 on the current token, the small net a transformer must beat
    window: int = 12                   # more cannot be rebuilt from a live trajectory (docs/features.md)
    steps: int = 48
    width: int = 96
    layers: int = 3
    heads: int = 4
    mlpRatio: int = 3
    timeDim: int = 8
    dropout: float = 0.1
    action: str = "logMultiplier"
    residualLimit: float = 0.6
    criticWidth: int = 64
    criticLayers: int = 1
    criticMembers: int = 3


@dataclass(frozen=True)
class OfflineConfig:
    """Stage 1: GAVE's losses on logged days, mixed with hindsight-relabelled ones when relabelFraction > 0."""

    steps: int = 4000
    batch: int = 256
    learningRate: float = 1e-3
    weightDecay: float = 1e-4
    warmUp: int = 200
    clip: float = 0.25
    exploration: bool = True           # False: a plain decision transformer
    explorationFrom: int = 1000        # before this step w = 0; then k = 2 / sd(q~ - q^) on validation, frozen
    expectile: float = 0.8
    weightCritic: float = 1.0
    weightExpectile: float = 1.0
    weightExplore: float = 1.0
    featureDropout: float = 0.3
    relabelFraction: float = 0.4
    relabelPool: int = 2048
    relabelEvery: int = 100


@dataclass(frozen=True)
class FineTuneConfig:
    """Stage 2: gradient of the score through interpolated curves. 0 steps: a pure-offline row."""

    steps: int = 0
    batch: int = 256
    learningRate: float = 3e-4
    weightDecay: float = 1e-4
    warmUp: int = 50
    clip: float = 0.25
    featureDropout: float = 0.3
    budgetScale: tuple[float, float] = (0.4, 1.7)
    targetScale: tuple[float, float] = (0.8, 1.25)
    permute: bool = True               # (B, C) permuted over seats, so that seats cannot be learned by heart
    detachState: bool = False          # True: no gradient through the features and previous actions
    targetExponent: float = 8.0


@dataclass(frozen=True)
class Config:
    name: str = "gave"
    version: int = 1
    seed: int = 1
    device: str = "auto"
    threads: int = 0                   # 0: torch's own choice
    serveAt: float = 0.98              # the efficiency asked for when serving
    checkpointSeconds: float = 120.0
    progressSeconds: float = 10.0
    validateEvery: int = 250
    validateKeys: int = 512
    reportBudgets: tuple[float, ...] = (0.5, 1.0, 1.5)
    model: ModelConfig = field(default_factory=ModelConfig)
    offline: OfflineConfig = field(default_factory=OfflineConfig)
    fineTune: FineTuneConfig = field(default_factory=FineTuneConfig)

    def as_dict(self) -> dict:
        return json.loads(json.dumps(asdict(self)))

    @staticmethod
    def parse(raw: dict) -> "Config":
        config = _build(Config, raw, "config")
        if config.model.action not in ACTIONS:
            raise ValueError(f"model.action must be one of {ACTIONS}")
        if config.model.arch not in ("transformer", "mlp"):
            raise ValueError("model.arch must be transformer or mlp")
        if config.model.width % config.model.heads:
            raise ValueError("model.width must be a multiple of model.heads")
        return config

    @staticmethod
    def read(path: str | Path) -> "Config":
        return Config.parse(json.loads(Path(path).read_text("utf-8")))


def _build(kind: type, raw: dict, where: str):
    nested = {"model": ModelConfig, "offline": OfflineConfig, "fineTune": FineTuneConfig}
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ValueError(f"{where}: unknown names {unknown}")
    values = {}
    for name, value in raw.items():
        if kind is Config and name in nested:
            value = _build(nested[name], value, f"{where}.{name}")
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
