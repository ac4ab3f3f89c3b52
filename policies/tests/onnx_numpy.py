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


def _skip_norm(x: np.ndarray, skip: np.ndarray, scale: np.ndarray, shift: np.ndarray, bias=0.0, epsilon: float = 1e-5):
    total = x + skip + bias
    return _layer_norm(total, scale, shift, -1, epsilon), None, None, total


def _attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, bias: np.ndarray, scores: np.ndarray, heads: int, scale: float) -> np.ndarray:
    def split(x, part):
        return (x + part).reshape(x.shape[0], x.shape[1], heads, -1).transpose(0, 2, 1, 3)

    q, k, v = (split(x, part) for x, part in zip((q, k, v), np.split(bias, 3)))
    mixed = _softmax(q @ k.transpose(0, 1, 3, 2) * scale + scores, -1) @ v
    return mixed.transpose(0, 2, 1, 3).reshape(q.shape[0], q.shape[2], -1)


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, a: dict) -> np.ndarray:
    """[B,I,T] by [O,I,K]."""
    (stride,), (before, after), size = a["strides"], a["pads"], weight.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (before, after)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=2)[:, :, ::stride]
    return np.einsum("bitk,oik->bot", windows, weight) + bias[:, None]


def _spread(x: np.ndarray, weight: np.ndarray, a: dict) -> np.ndarray:
    """Transposed convolution of [B,I,T] by [I,O,K]."""
    (stride,), (before, after), size = a["strides"], a["pads"], weight.shape[2]
    length = x.shape[2]
    whole = np.zeros((x.shape[0], weight.shape[1], (length - 1) * stride + size + a.get("output_padding", [0])[0]))
    for t in range(length):
        whole[:, :, t * stride:t * stride + size] += np.einsum("bi,iok->bok", x[:, :, t], weight)
    return whole[:, :, before:whole.shape[2] - after].astype(np.float32)


def run(path: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    graph = onnx.load(path).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer} | inputs
    for node in graph.node:
        a = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        x = [values[name] if name else None for name in node.input]
        operators = {
            "Constant": lambda: numpy_helper.to_array(a["value"]), "Add": lambda: x[0] + x[1], "Sub": lambda: x[0] - x[1],
            "Mul": lambda: x[0] * x[1], "Div": lambda: x[0] / x[1], "MatMul": lambda: x[0] @ x[1], "Tanh": lambda: np.tanh(x[0]),
            "Exp": lambda: np.exp(x[0]), "Erf": lambda: _erf(x[0]).astype(np.float32), "Identity": lambda: x[0],
            "Sigmoid": lambda: 1 / (1 + np.exp(-x[0])), "Transpose": lambda: x[0].transpose(a["perm"]),
            "Softmax": lambda: _softmax(x[0], a["axis"]), "Gather": lambda: np.take(x[0], x[1], axis=a.get("axis", 0)),
            "Concat": lambda: np.concatenate(x, axis=a["axis"]), "Reshape": lambda: _reshape(x[0], x[1]),
            "Unsqueeze": lambda: np.expand_dims(x[0], tuple(int(i) for i in x[1])), "Slice": lambda: _slice(*x),
            "Equal": lambda: x[0] == x[1], "Max": lambda: np.maximum(*x), "Min": lambda: np.minimum(*x),
            "Greater": lambda: x[0] > x[1], "Less": lambda: x[0] < x[1], "LessOrEqual": lambda: x[0] <= x[1], "And": lambda: x[0] & x[1],
            "Where": lambda: np.where(*x), "Clip": lambda: np.clip(x[0], x[1], x[2] if len(x) > 2 else None),
            "Relu": lambda: np.maximum(x[0], 0), "Sqrt": lambda: np.sqrt(x[0]), "Log": lambda: np.log(x[0]), "Neg": lambda: -x[0],
            "Pow": lambda: x[0] ** x[1], "Softplus": lambda: np.logaddexp(x[0], 0), "CumSum": lambda: np.cumsum(x[0], int(x[1])),
            "Shape": lambda: np.array(x[0].shape, dtype=np.int64), "Expand": lambda: x[0] * np.ones(x[1], dtype=x[0].dtype),
            "ConstantOfShape": lambda: np.full(x[0], numpy_helper.to_array(a["value"])[0]),
            "Squeeze": lambda: np.squeeze(x[0], tuple(int(i) for i in x[1])),
            "ReduceSum": lambda: x[0].sum(tuple(int(i) for i in x[1]), keepdims=bool(a.get("keepdims", 1))),
            "ReduceMean": lambda: x[0].mean(tuple(a["axes"]), keepdims=bool(a.get("keepdims", 1))),
            "Split": lambda: np.split(x[0], np.cumsum(x[1])[:-1], a.get("axis", 0)),
            "Conv": lambda: _convolve(*x, a), "ConvTranspose": lambda: _spread(x[0], x[1], a),
            "LayerNormalization": lambda: _layer_norm(*x, a.get("axis", -1), a.get("epsilon", 1e-5)),
            "Cast": lambda: x[0].astype(helper.tensor_dtype_to_np_dtype(a["to"]) if hasattr(helper, "tensor_dtype_to_np_dtype")
                                        else onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[a["to"]]),
            "SkipLayerNormalization": lambda: _skip_norm(*x, epsilon=a["epsilon"]),
            "BiasGelu": lambda: 0.5 * (x[0] + x[1]) * (1 + _erf((x[0] + x[1]) / math.sqrt(2)).astype(x[0].dtype)),
            "MultiHeadAttention": lambda: _attention(*(one for one in x if one is not None), heads=a["num_heads"], scale=a["scale"]),
            "Gemm": lambda: (x[0].T if a.get("transA") else x[0]) @ (x[1].T if a.get("transB") else x[1]) + x[2],
        }
        made = operators[node.op_type]()
        values |= zip(node.output, made) if isinstance(made, (tuple, list)) else {node.output[0]: made}
    return {output.name: values[output.name] for output in graph.output}
