"""Trajectory return model R: the efficiency that a day of these flows reaches. Norm-free, so that its gradient is a short chain of transposed
layers, written out here: an exported graph cannot hold autograd."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..common.data import STEPS
from .flows import SIZE

KERNEL, PAD = 5, 2


def _slope(x: Tensor) -> tuple[Tensor, Tensor]:
    """SiLU and its derivative."""
    gate = torch.sigmoid(x)
    return x * gate, gate * (1 + x * (1 - gate))


class ReturnModel(nn.Module):
    """Inputs: flows z-scored [B,T,4] (observed before the step, planned from it on, 0 unknown), masks `known` and `future` [B,T], row [B,F]
    of the step. Output [B]."""

    def __init__(self, features: int, width: int = 32):
        super().__init__()
        self.conv1 = nn.Conv1d(SIZE + 2, width, KERNEL, padding=PAD)
        self.conv2 = nn.Conv1d(width, width, KERNEL, stride=2, padding=PAD)
        self.conv3 = nn.Conv1d(width, width, KERNEL, stride=2, padding=PAD)
        self.flat = width * (STEPS // 4)
        self.joined = nn.Linear(self.flat, 96)
        self.context = nn.Linear(features, 96)
        self.out = nn.Linear(96, 1)

    @staticmethod
    def _input(flows: Tensor, known: Tensor, future: Tensor) -> Tensor:
        return torch.cat([flows, known.unsqueeze(2), future.unsqueeze(2)], 2).transpose(1, 2)

    def forward(self, flows: Tensor, known: Tensor, future: Tensor, row: Tensor) -> Tensor:
        silu = nn.functional.silu
        x = silu(self.conv1(self._input(flows, known, future)))
        x = silu(self.conv3(silu(self.conv2(x))))
        return self.out(silu(self.joined(x.reshape(-1, self.flat)) + self.context(row))).reshape(-1)

    def with_gradient(self, flows: Tensor, known: Tensor, future: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
        """R [B] and dR / dflows [B,T,4]."""
        transposed = nn.functional.conv_transpose1d
        x1, s1 = _slope(self.conv1(self._input(flows, known, future)))
        x2, s2 = _slope(self.conv2(x1))
        x3, s3 = _slope(self.conv3(x2))
        x4, s4 = _slope(self.joined(x3.reshape(-1, self.flat)) + self.context(row))
        g = torch.matmul(self.out.weight * s4, self.joined.weight).reshape(-1, self.conv3.out_channels, STEPS // 4)
        g = transposed(g * s3, self.conv3.weight, stride=2, padding=PAD, output_padding=1)
        g = transposed(g * s2, self.conv2.weight, stride=2, padding=PAD, output_padding=1)
        g = transposed(g * s1, self.conv1.weight, padding=PAD)
        return self.out(x4).reshape(-1), g[:, :SIZE].transpose(1, 2)
