"""Which objective and which policy a config names."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .baselines.cql import ConservativeQ
from .baselines.iql import ImplicitQ
from .cbd.objective import CbdObjective
from .cbd.policy import PlanPolicy
from .common.config import Config
from .common.data import STEPS, Normaliser, TrajectorySet
from .common.model import Policy
from .common.objective import Imitation, Objective
from .common.rollout import Decide
from .common.serving import WindowPolicy
from .dt import DecisionTransformer
from .gave.objective import GaveObjective
from .market.model import MarketModel

_FAMILIES = {"gave": GaveObjective, "dt": DecisionTransformer, "bc": Imitation, "cql": ConservativeQ, "iql": ImplicitQ, "cbd": CbdObjective}


def objective_of(config: Config, features: int, device: torch.device) -> Objective:
    return _FAMILIES[config.objective](config, features, device)


def policy_of(config: Config, names: tuple[str, ...]) -> Policy | PlanPolicy | MarketModel:
    """Untrained. The market is no policy; its model has their place in a checkpoint."""
    if config.objective == "market":
        return MarketModel(config)
    return PlanPolicy(config, names) if config.objective == "cbd" else Policy(config.model, len(names))


def player_of(policy: nn.Module, normaliser: Normaliser, condition: float | Tensor, days: TrajectorySet, detach_state: bool = False,
              gained_with: Tensor | None = None, noise: Tensor | None = None) -> Decide:
    """Plays one batch of days; noise [B,T,noises,T,4] for a policy that plans, drawn for every decision."""
    if not isinstance(policy, PlanPolicy):
        return WindowPolicy(policy, normaliser, condition, days, detach_state, gained_with)
    if noise is None:
        noise = noise_for(policy, len(days), torch.Generator(device=days.device).manual_seed(29))
    return policy.player(normaliser, condition, days, detach_state, noise)


def noise_for(policy: nn.Module, keys: int, generator: torch.Generator) -> Tensor:
    """[keys,T,noises,T,4], on the generator's device; empty for policies that do not plan."""
    channels = policy.scale.mean.shape[1] if policy.noises else 0
    return torch.randn(keys, STEPS, policy.noises, STEPS, channels, generator=generator, device=generator.device)
