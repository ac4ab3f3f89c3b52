"""Everything a run is made of. A config file is JSON with the same names; unknown names are errors, so that a typo cannot pass."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

ACTIONS = ("logMultiplier", "residualToMpc")
ARCHITECTURES = ("transformer", "mlp")
# What the offline stage learns from the logs: GAVE, a decision transformer, behaviour cloning, conservative and implicit Q-learning,
# CBD (a planner by diffusion, which the config's `diffusion` describes); or no policy but the market, by diffusion (`diffusion` and `futures`).
OBJECTIVES = ("gave", "dt", "bc", "cql", "iql", "cbd", "market")
# What is asked for: efficiency e, the return still to be gained (falls as it is gained), or nothing.
CONDITIONS = ("efficiency", "return", "none")
CRITICS = ("history", "paper")
# Whose answer to other bids training days give: the frozen rivals' (a simulator's), or what the minimum to win alone says (a user's logs).
MARKETS = ("frozen", "leastWinningCost")
DENOISERS = ("transformer", "unet")
# What a plan is made of: per-step flows, or running means since midnight (the public diffusion baseline's).
PLAN_STATES = ("flows", "means")
# How a sampled plan is brought to what is asked for: not at all, by the aligner, by picking the best of several samples, by classifier guidance.
CHOICES = ("none", "align", "best", "guide")
MARKET_CURVES = ("prior", "aligned")


@dataclass(frozen=True)
class ModelConfig:
    arch: str = "transformer"          # or "mlp": on the current token, the small net a transformer must beat
    window: int = 12                   # more cannot be rebuilt from a live trajectory (docs/features.md)
    spans: tuple[int, ...] = ()        # steps that each layer attends to, their own included; () = the whole window
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
    """Stage 1: the objective on logged days, mixed with hindsight-relabelled ones when relabelFraction > 0."""

    steps: int = 4000
    batch: int = 256
    learningRate: float = 1e-3
    weightDecay: float = 1e-4
    warmUp: int = 200
    finalRate: float = 0.1             # share of the learning rate that is left at the end
    clip: float = 0.25
    exploration: bool = True           # False: GAVE without w
    explorationFrom: int = 1000        # before this step w = 0; then k = 2 / sd(q~ - q^) on validation, frozen
    critic: str = "history"            # or "paper": returns among its inputs
    value: bool = True                 # False: no V, q~ is pushed up without an anchor
    expectile: float = 0.8
    weightCritic: float = 1.0
    weightExpectile: float = 1.0
    weightExplore: float = 1.0
    featureDropout: float = 0.3
    relabelFraction: float = 0.4
    relabelPool: int = 2048
    relabelEvery: int = 100
    timeShare: float = 0.25            # of a run that must finish in time, where fine-tuning follows
    discount: float = 1.0              # cql, iql
    targetRate: float = 0.01           # cql, iql: Polyak step of the target critics
    conservative: float = 1.0          # cql: weight of the penalty on actions that the logs do not have
    temperature: float = 3.0           # iql: advantage, in its own standard deviations, that multiplies a weight by e
    qWidth: int = 64                   # cql, iql


@dataclass(frozen=True)
class FineTuneConfig:
    """Stage 2: gradient of the score through interpolated curves. 0 steps: a pure-offline row."""

    steps: int = 0
    batch: int = 256
    learningRate: float = 3e-4
    weightDecay: float = 1e-4
    warmUp: int = 50
    finalRate: float = 0.1
    clip: float = 0.25
    ema: float = 0.0                   # decay of the averaged weights, which are what is evaluated and shipped; 0 = none
    featureDropout: float = 0.3
    budgetScale: tuple[float, float] = (0.4, 1.7)
    targetScale: tuple[float, float] = (0.8, 1.25)
    priceShift: float = 0.0            # sd of a day's log price level that forecasts are not told
    permute: bool = True               # (B, C) permuted over seats, so that seats cannot be learned by heart
    detachState: bool = False          # True: no gradient through the features and previous actions
    targetExponent: float = 8.0


@dataclass(frozen=True)
class DiffusionConfig:
    """CBD's planner, and of the market its net, schedule and sampler; other objectives do not look at it."""

    arch: str = "transformer"
    width: int = 64
    layers: int = 3
    heads: int = 4
    mlpRatio: int = 3
    patch: int = 4                     # steps a token, transformer only
    conditionWidth: int = 96
    states: str = "flows"
    predicts: str = "v"                # or "eps"
    noiseSteps: int = 64               # of training
    samplingSteps: int = 5             # DDIM, eta 0
    suffixOnly: bool = True            # False: the whole day is noised in training and history only pinned when sampling
    conditionDropout: float = 0.2
    guidance: float = 1.5
    distilled: bool = True             # guidance in one pass of a net of its own; False: two passes of the completer
    noises: int = 1                    # samples whose log multipliers are averaged
    choice: str = "align"
    samples: int = 8                   # of choice "best"
    alignSteps: int = 2
    alignRate: float = 2.0             # of the misfit's gradient, before it is cut to alignReach
    alignReach: float = 0.05           # largest change of a plan, relative to it
    twoSided: bool = False             # the paper's misfit, which worsens plans that promise more than was asked for
    previousDropout: float = 0.5       # windows whose previous actions the inverse dynamics do not see, offline
    returnNoise: float = 0.3           # largest noise on what the return model learns from
    weightDistil: float = 1.0
    weightReturn: float = 1.0
    weightInverse: float = 1.0

    def check(self) -> None:
        for name, value, allowed in (("arch", self.arch, DENOISERS), ("states", self.states, PLAN_STATES), ("predicts", self.predicts, ("v", "eps")),
                                     ("choice", self.choice, CHOICES)):
            if value not in allowed:
                raise ValueError(f"diffusion.{name} must be one of {', '.join(allowed)}")
        if self.width % self.heads or 48 % self.patch or self.arch == "unet" and self.width % 8:
            raise ValueError("diffusion.width must be a multiple of heads (of 8 in a unet), and patch must divide 48")
        if not 1 <= self.samplingSteps <= self.noiseSteps or min(self.noises, self.samples, self.layers) < 1:
            raise ValueError("diffusion.samplingSteps must lie in 1..noiseSteps; noises, samples and layers must be at least 1")


@dataclass(frozen=True)
class FuturesConfig:
    """The market by diffusion; other objectives do not look at it. Steps, batch and rates are those of both stages."""

    noises: int = 16                   # futures of one decision
    members: int = 4                   # of a day in fine-tuning: what a proper score of samples is taken of
    curve: str = "prior"               # that latents shift: the population prior, or "aligned": at known level and price, made of the training days
    ema: float = 0.999                 # decay of the averaged weights, which are what is evaluated and shipped
    hideStep: float = 0.3              # shares of training days whose running step is not forecast,
    hideRegime: float = 0.3            # whose regime is unknown,
    hidePrices: float = 0.3            # and of whom no curves are known;
    gaps: float = 0.1                  # and of those with steps of which nothing is known
    recut: float = 0.25                # share of days whose regimes are cut to another length
    recutLengths: tuple[int, ...] = (4, 6, 12, 16, 24)

    def check(self) -> None:
        shares = (self.hideStep, self.hideRegime, self.hidePrices, self.gaps, self.recut)
        if self.noises < 1 or self.members < 2 or not 0 <= self.ema < 1 or min(shares) < 0 or max(shares) > 1:
            raise ValueError("futures: noises must be at least 1, members 2, ema lie in [0, 1), shares in 0..1")
        if self.curve not in MARKET_CURVES:
            raise ValueError(f"futures.curve must be one of {', '.join(MARKET_CURVES)}")
        if not self.recutLengths or not all(1 <= n <= 48 for n in self.recutLengths):
            raise ValueError("futures.recutLengths must lie in 1..48")


@dataclass(frozen=True)
class Config:
    name: str = "gave"
    version: int = 1
    objective: str = "gave"
    condition: str = "efficiency"
    features: int = 0                  # version of scale-free; 0 as exported, 2 also makes version 2 of an export with version 1
    scoreExponent: float = 2.0         # gamma of the score behind efficiencies and returns; results are always measured with 2
    hide: tuple[str, ...] = ()         # feature groups that this row never sees
    market: str = "frozen"             # curves of the training days; validation and test are always the frozen rivals'
    seed: int = 1
    device: str = "auto"
    threads: int = 0                   # 0: torch's own choice
    serveAt: float = 0.98              # the efficiency, or the quantile of logged returns, that is asked for when serving
    checkpointSeconds: float = 120.0
    progressSeconds: float = 10.0
    validateEvery: int = 250
    validateKeys: int = 512
    reportBudgets: tuple[float, ...] = (0.5, 1.0, 1.5)
    reportKeys: int = 0                # keys of each split in the last table, whole periods; 0 = all
    model: ModelConfig = field(default_factory=ModelConfig)
    offline: OfflineConfig = field(default_factory=OfflineConfig)
    fineTune: FineTuneConfig = field(default_factory=FineTuneConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)
    futures: FuturesConfig = field(default_factory=FuturesConfig)

    def as_dict(self) -> dict:
        return json.loads(json.dumps(asdict(self)))

    @staticmethod
    def parse(raw: dict) -> "Config":
        config = _build(Config, raw, "config")
        model = config.model
        for name, value, allowed in (("objective", config.objective, OBJECTIVES), ("condition", config.condition, CONDITIONS),
                                     ("model.action", model.action, ACTIONS), ("model.arch", model.arch, ARCHITECTURES),
                                     ("offline.critic", config.offline.critic, CRITICS), ("market", config.market, MARKETS)):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}")
        config.diffusion.check()
        config.futures.check()
        if config.objective == "cbd" and (model.action != "logMultiplier" or config.condition != "efficiency" or not model.spans):
            raise ValueError("objective cbd needs model.spans, action logMultiplier and condition efficiency")
        if model.width % model.heads:
            raise ValueError("model.width must be a multiple of model.heads")
        if model.spans and (len(model.spans) != model.layers or min(model.spans) < 1 or sum(model.spans) - model.layers + 1 != model.window):
            raise ValueError("model.spans needs one span a layer, and together they must reach back exactly model.window steps")
        return config

    @staticmethod
    def read(path: str | Path) -> "Config":
        try:
            return Config.parse(json.loads(Path(path).read_text("utf-8")))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: {error}") from None


def merge(raw: dict, changes: dict) -> dict:
    """A copy of a config's JSON with `changes` laid over it, nested objects name by name."""
    merged = dict(raw)
    for name, value in changes.items():
        merged[name] = merge(merged.get(name, {}), value) if isinstance(value, dict) else value
    return merged


def _build(kind: type, raw: dict, where: str):
    if not isinstance(raw, dict):
        raise ValueError(f"{where}: not an object")
    nested = {"model": ModelConfig, "offline": OfflineConfig, "fineTune": FineTuneConfig, "diffusion": DiffusionConfig,
              "futures": FuturesConfig}
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
