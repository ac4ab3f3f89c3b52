"""The policy that every family trains and exports.

Token t joins the condition e, the z-scored features of step t, the executed action of step t-1 and a time embedding: one token a
step, so the work is a third of the (return, state, action) layout. Windows are right-aligned: the last token is the step to decide.

With `spans` each layer attends to its last few tokens only, and all layers together reach back exactly one window. What a layer makes
of a token then never depends on where the window starts, so a roll-out computes every token once (`Stream`) and still gives what the
served graph gives for the whole window.
"""
from __future__ import annotations

import math
from typing import Callable

import torch
from torch import Tensor, nn

from .data import LOG_MAX, LOG_MIN, Normaliser, TrajectorySet
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

    def latest(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """query [B,D], scaled, over the last n tokens' keys and values [B,n,D]: elementwise, since a batched product of one row each is
        slower."""
        length = keys.shape[1]
        scores = (query.view(-1, 1, self.heads, self.part) * keys.view(-1, length, self.heads, self.part)).sum(3)
        mixed = torch.softmax(scores, dim=1).unsqueeze(3) * values.view(-1, length, self.heads, self.part)
        return self.out(mixed.sum(1).view(-1, self.width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, mlp_ratio: int, dropout: float):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        self.mlp = nn.Sequential(nn.Linear(width, mlp_ratio * width), nn.GELU(), nn.Linear(mlp_ratio * width, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor, last: int) -> Tensor:
        """Answers for the last so many tokens."""
        normed = self.norm1(x)
        queries = normed
        if last < _length(x):
            queries, x, bias = normed[:, -last:], x[:, -last:], bias[:, :, -last:]
        x = x + self.drop(self.attention(queries, normed, bias))
        return x + self.drop(self.mlp(self.norm2(x)))


class Trunk(nn.Module):
    """Causal pre-LN GPT over joined tokens [B,L,inputs] with a padding mask [B,L] (1 = real)."""

    def __init__(self, inputs: int, window: int, steps: int, time_dim: int, width: int, layers: int, heads: int,
                 mlp_ratio: int, dropout: float, spans: tuple[int, ...] = ()):
        super().__init__()
        self.inputs, self.spans = inputs, tuple(spans)
        self.time = nn.Embedding(steps, time_dim)
        self.embed = nn.Linear(inputs + time_dim, width)
        self.norm_in, self.norm_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, dropout) for _ in range(layers))
        for index, span in enumerate(self.spans or (window,) * layers):
            band = torch.tril(torch.ones(window, window)) * torch.triu(torch.ones(window, window), 1 - span)
            self.register_buffer(f"visible{index}", band, persistent=False)

    def _needed(self, length: int, last_only: bool) -> list[int]:
        """Tokens that each layer must answer for."""
        if not last_only:
            return [length] * len(self.blocks)
        needed = [1]
        for span in reversed(self.spans[1:]):
            needed.insert(0, min(length, needed[0] + span - 1))
        return [length] * (len(self.blocks) - len(needed)) + needed

    def forward(self, tokens: Tensor, timesteps: Tensor, mask: Tensor, last_only: bool = False) -> Tensor:
        length = _length(tokens)
        x = self.norm_in(self.embed(torch.cat([tokens, self.time(timesteps)], dim=2)))
        for index, (block, last) in enumerate(zip(self.blocks, self._needed(length, last_only))):
            seen = _length(x)
            band = getattr(self, f"visible{index}")[:seen, :seen].unsqueeze(0) * mask[:, length - seen:].unsqueeze(1)
            x = block(x, ((1.0 - band) * _HIDDEN).unsqueeze(1), last)
        return self.norm_out(x)

    def stream(self) -> "Stream":
        return Stream(self)


class Stream:
    """The trunk, one token at a time; for trunks with spans. Holds the weights as they were when it was made: one roll-out."""

    def __init__(self, trunk: Trunk):
        self.trunk = trunk
        embed = trunk.embed.weight
        self.tokens = embed[:, :trunk.inputs]
        self.times = nn.functional.linear(trunk.time.weight, embed[:, trunk.inputs:], trunk.embed.bias)
        # Scales and shifts of the norms inside the blocks are folded into what follows them: less to add up over 48 steps.
        self.joined = [_after(block.norm1, *self._join(block.attention)) for block in trunk.blocks]
        self.widened = [_after(block.norm2, block.mlp[0].weight, block.mlp[0].bias) for block in trunk.blocks]
        self.past: list[tuple[list[Tensor], list[Tensor]]] = [([], []) for _ in trunk.blocks]

    @staticmethod
    def _join(attention: Attention) -> tuple[Tensor, Tensor]:
        scale = 1.0 / math.sqrt(attention.part)
        return (torch.cat([attention.query.weight * scale, attention.key.weight, attention.value.weight]),
                torch.cat([attention.query.bias * scale, attention.key.bias, attention.value.bias]))

    def __call__(self, token: Tensor, step: int) -> Tensor:
        """[B,inputs] -> [B,D]. Steps must come in order, from 0 on."""
        linear, normed = nn.functional.linear, lambda x: nn.functional.layer_norm(x, x.shape[1:])
        x = self.trunk.norm_in(linear(token, self.tokens, self.times[step]))
        for block, joined, widened, (keys, values), span in zip(self.trunk.blocks, self.joined, self.widened, self.past, self.trunk.spans):
            query, key, value = torch.split(linear(normed(x), *joined), block.attention.width, 1)
            keys.append(key)
            values.append(value)
            del keys[:-span], values[:-span]
            x = x + block.attention.latest(query, torch.stack(keys, 1), torch.stack(values, 1))
            x = x + block.mlp[2](block.mlp[1](linear(normed(x), *widened)))
        return self.trunk.norm_out(x)


def _after(norm: nn.LayerNorm, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """A linear layer that takes in the affine part of the norm before it."""
    return weight * norm.weight, bias + weight @ norm.bias


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

    def stream(self) -> Callable[[Tensor, int], Tensor]:
        return lambda token, step: self.net(torch.cat([token, self.time.weight[step].expand(len(token), -1)], dim=1))


class Policy(nn.Module):
    """Heads from the state token: action, beta = exp(0.5 tanh), V.

    Inputs: condition [B,L], states [B,L,F] z-scored, actions [B,L] executed log multiplier of the step before (0 at t = 0),
    timesteps [B,L], mask [B,L]; with action residualToMpc also base [B,L] and base_mask [B,L].
    """

    noises = 0  # samples of noise that a decision takes

    def __init__(self, config: ModelConfig, features: int):
        super().__init__()
        self.config, self.features = config, features
        self.residual = config.action == "residualToMpc"
        inputs = 2 + features + (2 if self.residual else 0)
        if config.arch == "mlp":
            self.trunk: nn.Module = CurrentToken(inputs, config.steps, config.timeDim, config.width)
            width = config.width
        else:
            self.trunk = Trunk(inputs, config.window, config.steps, config.timeDim, config.width, config.layers, config.heads,
                               config.mlpRatio, config.dropout, config.spans)
            width = config.width
        self.action_head = nn.Linear(width, 1)
        self.beta_head = nn.Sequential(nn.Linear(width, 32), nn.GELU(), nn.Linear(32, 1))
        self.value_head = nn.Linear(width, 1)
        self.middle = 0.0 if self.residual else 0.5 * (LOG_MIN + LOG_MAX)
        self.reach = config.residualLimit if self.residual else 0.5 * (LOG_MAX - LOG_MIN)
        self.streams = config.arch == "mlp" or len(config.spans) > 0
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
        action = self._bounded(_scalars(self.action_head(hidden)))
        # Detached: what pulls q~ up may move beta and nothing else.
        beta = torch.exp(0.5 * torch.tanh(_scalars(self.beta_head(hidden.detach()))))
        return action, beta, _scalars(self.value_head(hidden))

    def fit(self, days: TrajectorySet, normaliser: Normaliser) -> None:
        """Statistics of training days that the net holds: none."""

    def tune(self) -> None:
        """Fine-tuning begins: every weight learns."""

    def stream(self) -> Callable[..., Tensor]:
        """Decides step by step: (token parts [B,..] joined, step) -> action [B]; only where `streams`."""
        trunk = self.trunk.stream()
        return lambda token, step: self._bounded(self.action_head(trunk(token, step)).squeeze(1))

    def _bounded(self, x: Tensor) -> Tensor:
        # Smoothly: a hard clip would end the gradient of a sample that strays outside the legal range.
        return self.middle + self.reach * torch.tanh(x / self.reach)

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


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
