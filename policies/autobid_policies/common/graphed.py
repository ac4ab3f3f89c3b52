"""Loss and gradient of one batch of days, run plainly or replayed as a CUDA graph."""
from __future__ import annotations

import gc
from dataclasses import fields
from typing import Callable

import torch
from torch import Tensor, nn

from .data import TrajectorySet

Loss = Callable[[TrajectorySet, Tensor, Tensor], Tensor]


class EagerGradient:
    """Sets the parameters' gradients; the call returns the loss."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], days: TrajectorySet, keep: Tensor, arrivals: Tensor):
        self.loss, self.parameters = loss, parameters

    def compute(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        loss = self.loss(days, keep, arrivals)
        return loss.detach(), torch.autograd.grad(loss, self.parameters, allow_unused=True)

    def __call__(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> Tensor:
        loss, gradients = self.compute(days, keep, arrivals)
        for parameter, gradient in zip(self.parameters, gradients):
            parameter.grad = gradient
        return loss


class GraphedGradient:
    """The same as one CUDA graph. Shapes are those of the first batch; later ones are copied into it. Gradients live in the graph's
    own memory: a replay overwrites them."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], days: TrajectorySet, keep: Tensor, arrivals: Tensor):
        self.days, self.keep, self.arrivals = days.map(torch.clone), keep.clone(), arrivals.clone()
        self.parameters = parameters
        eager = EagerGradient(loss, parameters, days, keep, arrivals)
        # An autograd graph still alive from another stream would break the capture.
        gc.collect()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                eager.compute(self.days, self.keep, self.arrivals)
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.empty_cache()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.value, self.gradients = eager.compute(self.days, self.keep, self.arrivals)

    def __call__(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> Tensor:
        for field in fields(days):
            getattr(self.days, field.name).copy_(getattr(days, field.name))
        self.keep.copy_(keep)
        self.arrivals.copy_(arrivals)
        self.graph.replay()
        for parameter, gradient in zip(self.parameters, self.gradients):
            parameter.grad = gradient
        return self.value
