"""Runs an exported graph with numpy: Debian's onnx 1.12 has no reference evaluator, and a parity test needs some second opinion.
Only the operators that the exporter writes for our policies; another one is an error, never skipped."""
from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _layer_norm(x: np.ndarray, scale: np.ndarray, bias: np.ndarray, axis: int, epsilon: float) -> np.ndarray:
    assert axis in (-1, x.ndim - 1)
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) * scale + bias


def _slice(x: np.ndarray, starts, ends, axes, steps=None) -> np.ndarray:
    cut = [slice(None)] * x.ndim
    for i, axis in enumerate(axes):
        cut[int(axis)] = slice(int(starts[i]), int(min(ends[i], x.shape[int(axis)])), 1 if steps is None else int(steps[i]))
    return x[tuple(cut)]


def _reshape(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    return x.reshape([x.shape[i] if size == 0 else int(size) for i, size in enumerate(shape)])


def run(path: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    graph = onnx.load(path).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer} | inputs
    for node in graph.node:
        a = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        x = [values[name] for name in node.input]
        operators = {
            "Constant": lambda: numpy_helper.to_array(a["value"]), "Add": lambda: x[0] + x[1], "Sub": lambda: x[0] - x[1],
            "Mul": lambda: x[0] * x[1], "Div": lambda: x[0] / x[1], "MatMul": lambda: x[0] @ x[1], "Tanh": lambda: np.tanh(x[0]),
            "Exp": lambda: np.exp(x[0]), "Erf": lambda: _erf(x[0]).astype(np.float32), "Identity": lambda: x[0],
            "Sigmoid": lambda: 1 / (1 + np.exp(-x[0])), "Transpose": lambda: x[0].transpose(a["perm"]),
            "Softmax": lambda: _softmax(x[0], a["axis"]), "Gather": lambda: np.take(x[0], x[1], axis=a.get("axis", 0)),
            "Concat": lambda: np.concatenate(x, axis=a["axis"]), "Reshape": lambda: _reshape(x[0], x[1]),
            "Unsqueeze": lambda: np.expand_dims(x[0], tuple(int(i) for i in x[1])), "Slice": lambda: _slice(*x),
            "LayerNormalization": lambda: _layer_norm(*x, a.get("axis", -1), a.get("epsilon", 1e-5)),
            "Gemm": lambda: (x[0].T if a.get("transA") else x[0]) @ (x[1].T if a.get("transB") else x[1]) + x[2],
        }
        values[node.output[0]] = operators[node.op_type]()
    return {output.name: values[output.name] for output in graph.output}
