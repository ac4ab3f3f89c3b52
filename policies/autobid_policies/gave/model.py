"""The policy (exported) and its critic (training only).

Token t joins the condition e, the z-scored features of step t, the executed action of step t-1 and a time embedding: one token a
step, so the work is a third of the (return, state, action) layout. Windows are right-aligned: the last token is the step to decide.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..common.data import LOG_MAX, LOG_MIN
from .config import ModelConfig

# Large enough to silence a token in softmax, small enough for half precision.
_HIDDEN = -1e4


def _length(x: Tensor) -> int:
    # int(): an exported graph holds the window as a constant, only the batch stays dynamic.
    return int(x.shape[1])


def _scalars(x: Tensor) -> Tensor:
    """[B,L,1] -> [B,L]."""
    return x.reshape(-1, _length(x))


class Attention(nn.Module):
    """Plain MatMul / Softmax: torch 1.13 has no fused kernel to export, and ONNX Runtime fuses this form."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.width, self.heads, self.part = width, heads, width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, _length(x), self.heads, self.part).transpose(1, 2)

    def forward(self, queries: Tensor, tokens: Tensor, bias: Tensor) -> Tensor:
        """queries [B,Q,D], tokens [B,L,D], bias [B,1,Q,L] added to the scores."""
        q, k, v = self._split(self.query(queries)), self._split(self.key(tokens)), self._split(self.value(tokens))
        scores = torch.matmul(q, k.transpose(2, 3)) * (1.0 / math.sqrt(self.part)) + bias
        mixed = torch.matmul(self.drop(torch.softmax(scores, dim=3)), v)
        return self.out(mixed.transpose(1, 2).reshape(-1, _length(queries), self.width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, mlp_ratio: int, dropout: float):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        self.mlp = nn.Sequential(nn.Linear(width, mlp_ratio * width), nn.GELU(), nn.Linear(mlp_ratio * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor, last_only: bool = False) -> Tensor:
        normed = self.norm1(x)
        queries = normed[:, -1:] if last_only else normed
        if last_only:
            x, bias = x[:, -1:], bias[:, :, -1:]
        x = x + self.drop(self.attention(queries, normed, bias))
        return x + self.drop(self.mlp(self.norm2(x)))


class Trunk(nn.Module):
    """Causal pre-LN GPT over joined tokens [B,L,inputs] with a padding mask [B,L] (1 = real)."""

    def __init__(self, inputs: int, window: int, steps: int, time_dim: int, width: int, layers: int, heads: int,
                 mlp_ratio: int, dropout: float):
        super().__init__()
        self.time = nn.Embedding(steps, time_dim)
        self.embed = nn.Linear(inputs + time_dim, width)
        self.norm_in, self.norm_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, dropout) for _ in range(layers))
        self.register_buffer("causal", torch.tril(torch.ones(window, window)), persistent=False)

    def forward(self, tokens: Tensor, timesteps: Tensor, mask: Tensor, last_only: bool = False) -> Tensor:
        length = _length(tokens)
        x = self.norm_in(self.embed(torch.cat([tokens, self.time(timesteps)], dim=2)))
        visible = self.causal[:length, :length].unsqueeze(0) * mask.unsqueeze(1)
        bias = ((1.0 - visible) * _HIDDEN).unsqueeze(1)
        for index, block in enumerate(self.blocks):
            x = block(x, bias, last_only and index == len(self.blocks) - 1)
        return self.norm_out(x)


class CurrentToken(nn.Module):
    """`mlp+cf`: 64 x 64 on the current token alone, behind the same interface."""

    def __init__(self, inputs: int, steps: int, time_dim: int, width: int = 64):
        super().__init__()
        self.time = nn.Embedding(steps, time_dim)
        self.net = nn.Sequential(nn.Linear(inputs + time_dim, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, tokens: Tensor, timesteps: Tensor, mask: Tensor, last_only: bool = False) -> Tensor:
        if last_only:
            tokens, timesteps, mask = tokens[:, -1:], timesteps[:, -1:], mask[:, -1:]
        return self.net(torch.cat([tokens, self.time(timesteps)], dim=2)) * mask.unsqueeze(2)


class Policy(nn.Module):
    """Heads from the state token: action, beta = exp(0.5 tanh), V.

    Inputs: condition [B,L], states [B,L,F] z-scored, actions [B,L] executed log multiplier of the step before (0 at t = 0),
    timesteps [B,L], mask [B,L]; with action residualToMpc also base [B,L] and base_mask [B,L].
    """

    def __init__(self, config: ModelConfig, features: int):
        super().__init__()
        self.config, self.features = config, features
        self.residual = config.action == "residualToMpc"
        inputs = 2 + features + (2 if self.residual else 0)
        if config.arch == "mlp":
            self.trunk: nn.Module = CurrentToken(inputs, config.steps, config.timeDim)
            width = 64
        else:
            self.trunk = Trunk(inputs, config.window, config.steps, config.timeDim, config.width, config.layers, config.heads,
                               config.mlpRatio, config.dropout)
            width = config.width
        self.action_head = nn.Linear(width, 1)
        self.beta_head = nn.Sequential(nn.Linear(width, 32), nn.GELU(), nn.Linear(32, 1))
        self.value_head = nn.Linear(width, 1)
        self.middle = 0.0 if self.residual else 0.5 * (LOG_MIN + LOG_MAX)
        self.reach = config.residualLimit if self.residual else 0.5 * (LOG_MAX - LOG_MIN)
        nn.init.normal_(self.action_head.weight, std=0.01)
        nn.init.constant_(self.action_head.bias, self.reach * math.atanh((0.0 - self.middle) / self.reach))

    def forward(self, condition: Tensor, states: Tensor, actions: Tensor, timesteps: Tensor, mask: Tensor,
                base: Tensor | None = None, base_mask: Tensor | None = None,
                last_only: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """(action, beta, value), each [B,L], or [B,1] with last_only. `action` is a log multiplier or a residual to base."""
        parts = [condition.unsqueeze(2), states, actions.unsqueeze(2)]
        if self.residual:
            parts += [base.unsqueeze(2), base_mask.unsqueeze(2)]
        hidden = self.trunk(torch.cat(parts, dim=2), timesteps, mask, last_only)
        # Bounded smoothly: a hard clip would end the gradient of a sample that strays outside the legal range.
        action = self.middle + self.reach * torch.tanh(_scalars(self.action_head(hidden)) / self.reach)
        # Detached: what pulls q~ up may move beta and nothing else.
        beta = torch.exp(0.5 * torch.tanh(_scalars(self.beta_head(hidden.detach()))))
        return action, beta, _scalars(self.value_head(hidden))

    def log_multiplier(self, action: Tensor, base: Tensor | None = None) -> Tensor:
        return (action + base).clamp(LOG_MIN, LOG_MAX) if self.residual else action


class ServedPolicy(nn.Module):
    """The exported graph: the last token only, outputs [B]."""

    def __init__(self, policy: Policy):
        super().__init__()
        self.policy = policy

    def forward(self, condition: Tensor, states: Tensor, actions: Tensor, timesteps: Tensor, mask: Tensor,
                base: Tensor | None = None, base_mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        action, beta, value = self.policy(condition, states, actions, timesteps, mask, base, base_mask, last_only=True)
        return action.reshape(-1), beta.reshape(-1), value.reshape(-1)


class CriticMember(nn.Module):
    def __init__(self, config: ModelConfig, features: int):
        super().__init__()
        width = config.criticWidth
        self.trunk = Trunk(features + 1, config.window, config.steps, config.timeDim, width, config.criticLayers, 4, 2, 0.0)
        self.head = nn.Sequential(nn.Linear(width + 1, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def value(self, history: Tensor, action: Tensor) -> Tensor:
        return _scalars(self.head(torch.cat([history, action.unsqueeze(2)], dim=2)))


class Critic(nn.Module):
    """q_t(h_t, a): expected S_T - S_{t-1}. The history is states up to t and actions before t ONLY: with the return among its
    inputs the difference q~ - q^ would measure minus the immediate gain (policies.md section 3)."""

    def __init__(self, config: ModelConfig, features: int):
        super().__init__()
        self.members = nn.ModuleList(CriticMember(config, features) for _ in range(config.criticMembers))

    def encode(self, states: Tensor, actions: Tensor, timesteps: Tensor, mask: Tensor) -> list[Tensor]:
        tokens = torch.cat([states, actions.unsqueeze(2)], dim=2)
        return [member.trunk(tokens, timesteps, mask) for member in self.members]

    def value(self, history: list[Tensor], action: Tensor) -> Tensor:
        """[members, B, L] at the step's own action [B,L]."""
        return torch.stack([member.value(h, action) for member, h in zip(self.members, history)])


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
