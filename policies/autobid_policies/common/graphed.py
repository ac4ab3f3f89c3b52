"""Loss and gradient of one batch of days, run plainly or replayed as a CUDA graph."""
from __future__ import annotations

import gc
from typing import Callable

import torch
from torch import Tensor, nn

from .sampling import Draw

Loss = Callable[[Draw], Tensor]


class EagerGradient:
    """Sets the parameters' gradients; the call returns the loss."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], draw: Draw):
        self.loss, self.parameters = loss, parameters

    def compute(self, draw: Draw) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        loss = self.loss(draw)
        return loss.detach(), torch.autograd.grad(loss, self.parameters, allow_unused=True)

    def __call__(self, draw: Draw) -> Tensor:
        loss, gradients = self.compute(draw)
        for parameter, gradient in zip(self.parameters, gradients):
            parameter.grad = gradient
        return loss


class GraphedGradient:
    """The same as one CUDA graph, the making of the days included: what is random is drawn before and copied in. Shapes are those of
    the first batch. Gradients live in the graph's own memory: a replay overwrites them."""

    def __init__(self, loss: Loss, parameters: list[nn.Parameter], draw: Draw):
        self.draw, self.parameters = draw.clone(), parameters
        eager = EagerGradient(loss, parameters, draw)
        # An autograd graph still alive from another stream would break the capture.
        gc.collect()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                eager.compute(self.draw)
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.empty_cache()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.value, self.gradients = eager.compute(self.draw)

    def __call__(self, draw: Draw) -> Tensor:
        self.draw.copy_(draw)
        self.graph.replay()
        for parameter, gradient in zip(self.parameters, self.gradients):
            parameter.grad = gradient
        return self.value


def gradient_of(loss: Loss, parameters: list[nn.Parameter], draw: Draw, device: torch.device,
                report: Callable[[str], None]) -> EagerGradient | GraphedGradient:
    """A graph on a GPU. A graph that cannot be captured costs speed, not the run."""
    if device.type != "cuda":
        return EagerGradient(loss, parameters, draw)
    try:
        return GraphedGradient(loss, parameters, draw)
    except RuntimeError as error:
        report(f"no CUDA graph, going on without: {str(error).splitlines()[0]}")
        torch.cuda.synchronize()
        return EagerGradient(loss, parameters, draw)
