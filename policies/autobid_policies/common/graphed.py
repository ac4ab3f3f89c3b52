"""Loss and gradient of one batch of days, run plainly or replayed as a CUDA graph."""
from __future__ import annotations

from dataclasses import fields
from typing import Callable

import torch
from torch import Tensor, nn

from .data import TrajectorySet

Loss = Callable[[TrajectorySet, Tensor, Tensor], Tensor]


class EagerGradient:
    """Fills the parameters' gradients; the call returns the loss."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], days: TrajectorySet, keep: Tensor, arrivals: Tensor):
        self.loss, self.parameters = loss, parameters

    def __call__(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> Tensor:
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.loss(days, keep, arrivals)
        loss.backward()
        return loss.detach()


class GraphedGradient:
    """The same as one CUDA graph. Shapes are those of the first batch; inputs are copied into it. Gradients live in the graph's own
    memory and are overwritten at each replay: nobody may set them to None."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], days: TrajectorySet, keep: Tensor, arrivals: Tensor):
        self.days, self.keep, self.arrivals = days.map(torch.clone), keep.clone(), arrivals.clone()
        eager = EagerGradient(loss, parameters, days, keep, arrivals)
        # Capture needs a stream on which everything was allocated and warmed once.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                eager(self.days, self.keep, self.arrivals)
        torch.cuda.current_stream().wait_stream(side)
        for parameter in parameters:
            parameter.grad = None
        torch.cuda.empty_cache()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.value = loss(self.days, self.keep, self.arrivals)
            self.value.backward()

    def __call__(self, days: TrajectorySet, keep: Tensor, arrivals: Tensor) -> Tensor:
        for field in fields(days):
            getattr(self.days, field.name).copy_(getattr(days, field.name))
        self.keep.copy_(keep)
        self.arrivals.copy_(arrivals)
        self.graph.replay()
        return self.value.detach()
