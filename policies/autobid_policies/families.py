"""Which objective a config names."""
from __future__ import annotations

import torch

from .baselines.cql import ConservativeQ
from .baselines.iql import ImplicitQ
from .common.config import Config
from .common.objective import Imitation, Objective
from .dt import DecisionTransformer
from .gave.objective import GaveObjective

_FAMILIES = {"gave": GaveObjective, "dt": DecisionTransformer, "bc": Imitation, "cql": ConservativeQ, "iql": ImplicitQ}


def objective_of(config: Config, features: int, device: torch.device) -> Objective:
    return _FAMILIES[config.objective](config, features, device)
