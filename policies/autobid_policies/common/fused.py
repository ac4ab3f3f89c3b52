"""The graph a GPU serves: the served policy written directly in ONNX Runtime's fused operators, in half precision.

python -m autobid_policies.common.fused --checkpoint OUT/model.pt --model policies/models/gave/2 adds model.cuda.onnx to a model that
is there already; export writes it with every transformer. The file beside it for CPUs stays as torch exported it. Without --checkpoint
the CPU's file is entered for GPUs too: what export does for graphs that plan or sample.

What is fused: com.microsoft's SkipLayerNormalization (residual + bias + norm) and BiasGelu, and MultiHeadAttention where a layer sees its
whole window; attention to the last few tokens is written out (_attend_to_last). The time embedding and the embedding's bias are one table.
Depths of products are padded with zero columns to a multiple of 8, so that the tensor cores take them. What matters is float32: inputs,
statistics of the norms and the softmax (inside the operators), the action head and the answer. Only the action is answered: the service
reads nothing else, and each head less is eight kernels less at batch 1.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from . import checkpoint
from .card import sha256, write_json
from .model import Policy

FILE = "model.cuda.onnx"
TOLERANCE = 1e-2
_OPSET = 17
# Added to scores of hidden tokens: twice this is still a half.
_HIDDEN = -1e4
_TYPES = {"fp16": (TensorProto.FLOAT16, np.float16), "fp32": (TensorProto.FLOAT, np.float32)}


class FusedGraph:
    """Writes one policy. `flop`: multiplications and additions of one row."""

    def __init__(self, policy: Policy, precision: str = "fp16"):
        if policy.config.arch != "transformer":
            raise ValueError("only transformers have a fused graph")
        self.policy, self.config = policy, policy.config
        self.kind, self.number = _TYPES[precision]
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.flop = 0

    def model(self) -> onnx.ModelProto:
        window = self.config.window
        shapes = {"condition": [window], "states": [window, self.policy.features], "actions": [window], "timesteps": [window], "mask": [window]}
        if self.policy.residual:
            shapes |= {"base": [window], "baseMask": [window]}
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64 if name == "timesteps" else TensorProto.FLOAT, ["batch", *shape])
                  for name, shape in shapes.items()]
        self._action(self._trunk())
        graph = helper.make_graph(self.nodes, "fused", inputs, [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch"])], self.weights)
        made = helper.make_model(graph, producer_name="autobid", opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)])
        made.ir_version = 8
        return made

    def _node(self, kind: str, inputs: list[str], outputs: int = 1, domain: str = "", **attributes) -> list[str]:
        names = [f"{kind.lower()}_{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def _one(self, kind: str, *inputs: str, domain: str = "", **attributes) -> str:
        return self._node(kind, list(inputs), 1, domain, **attributes)[0]

    def _constant(self, name: str, value: Tensor | np.ndarray, number=None) -> str:
        array = value.detach().numpy() if isinstance(value, Tensor) else value
        array = array.astype(number or (self.number if array.dtype.kind == "f" else array.dtype))
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _integers(self, *values: int) -> str:
        name = "i_" + "_".join(str(v) for v in values)
        if all(w.name != name for w in self.weights):
            self._constant(name, np.array(values, np.int64))
        return name

    def _linear(self, x: str, name: str, weight: Tensor | np.ndarray, tokens: int) -> str:
        """x @ weight.T without its bias, which the operator after it adds."""
        array = weight.detach().numpy() if isinstance(weight, Tensor) else weight
        self.flop += 2 * tokens * array.size
        return self._one("MatMul", x, self._constant(name, array.T))

    def _last(self, x: str, tokens: int, of: int, axis: int = 1) -> str:
        if tokens == of:
            return x
        return self._one("Slice", x, self._integers(of - tokens), self._integers(of), self._integers(axis))

    def _trunk(self) -> str:
        trunk, window = self.policy.trunk, self.config.window
        needed = trunk._needed(window, True)
        normed, x = self._embed()
        lengths = [window, *needed[:-1]]
        hidden = self._hidden()
        for index, (block, length, answers) in enumerate(zip(trunk.blocks, lengths, needed)):
            after = trunk.blocks[index + 1].norm1 if index + 1 < len(trunk.blocks) else trunk.norm_out
            normed, x = self._block(f"b{index}", block, after, normed, x, hidden, (trunk.spans or (window,) * len(needed))[index], length, answers)
        return normed

    def _embed(self) -> tuple[str, str]:
        """(first block's normed input, residual stream)"""
        trunk, window = self.policy.trunk, self.config.window
        axis = self._integers(2)
        parts = [self._one("Unsqueeze", "condition", axis), "states", self._one("Unsqueeze", "actions", axis)]
        if self.policy.residual:
            parts += [self._one("Unsqueeze", "base", axis), self._one("Unsqueeze", "baseMask", axis)]
        width = trunk.inputs
        while width % 8:
            # Columns whose weights are 0: a product of an odd depth misses the tensor cores.
            parts.append(self._one("Unsqueeze", "mask", axis))
            width += 1
        tokens = self._one("Cast", self._one("Concat", *parts, axis=2), to=self.kind)
        embed = trunk.embed.weight.detach().numpy()
        columns = np.zeros((embed.shape[0], width), np.float32)
        columns[:, :trunk.inputs] = embed[:, :trunk.inputs]
        times = trunk.time.weight.detach().numpy() @ embed[:, trunk.inputs:].T + trunk.embed.bias.detach().numpy()
        time = self._one("Gather", self._constant("times", times), "timesteps")
        x = self._norm("norm_in", trunk.norm_in, self._linear(tokens, "embed", columns, window), time)[0]
        first = trunk.blocks[0].norm1
        normed = self._one("LayerNormalization", x, self._constant("first_w", first.weight), self._constant("first_b", first.bias), axis=-1, epsilon=first.eps)
        return normed, x

    def _hidden(self) -> str:
        """[B,L]: 0 where the token is real."""
        mask = self._one("Cast", "mask", to=self.kind)
        return self._one("Mul", self._one("Sub", mask, self._constant("one", np.ones(1, np.float32))), self._constant("hide", np.array([-_HIDDEN], np.float32)))

    def _norm(self, name: str, norm, x: str, skip: str, bias: Tensor | None = None) -> tuple[str, str]:
        """(norm of x + bias + skip, the sum)"""
        inputs = [x, skip, self._constant(name + "_w", norm.weight), self._constant(name + "_b", norm.bias)]
        if bias is not None:
            inputs.append(self._constant(name + "_bias", bias))
        outputs = self._node("SkipLayerNormalization", inputs, 4, "com.microsoft", epsilon=norm.eps)
        # The second and third are what training keeps.
        self.nodes[-1].output[1] = self.nodes[-1].output[2] = ""
        return outputs[0], outputs[3]

    def _block(self, name: str, block, after, normed: str, x: str, hidden: str, span: int, length: int, answers: int) -> tuple[str, str]:
        attend = self._attend_to_last if self.policy.trunk.spans else self._attend
        mixed, bias = attend(name, block.attention, normed, hidden, span, length, answers)
        normed, x = self._norm(name + "_norm2", block.norm2, mixed, self._last(x, answers, length), bias)
        wide = self._linear(normed, name + "_m0", block.mlp[0].weight, answers)
        wide = self._one("BiasGelu", wide, self._constant(name + "_m0_bias", block.mlp[0].bias), domain="com.microsoft")
        return self._norm(name + "_after", after, self._linear(wide, name + "_m2", block.mlp[2].weight, answers), x, block.mlp[2].bias)

    def _attend_to_last(self, name: str, attention, normed: str, hidden: str, span: int, length: int, answers: int) -> tuple[str, Tensor]:
        """Attention to the last `span` tokens; (its answer without bias, the bias).

        A window is so short that the operator's batched products of 12 x 24 numbers cost more than the rest of the net. Each query's
        keys lie side by side instead: scores are an elementwise product and one wide product that adds up each head's columns; another
        wide product spreads the weights over the values' columns, and the outer projection adds up the span.
        """
        width, heads, part = attention.width, attention.heads, attention.part
        # Slots beyond the span are hidden; they make the depth of a product one that tensor cores take.
        slots = next(n for n in range(span, span + 8) if heads * n % 8 == 0)
        back = np.arange(length - answers, length)[:, None] - np.arange(slots)[None]
        place = np.maximum(back[:, :span], 0)
        query = self._linear(self._last(normed, answers, length), name + "_q", attention.query.weight / math.sqrt(part), answers)
        query = self._one("Add", query, self._constant(name + "_q_bias", attention.query.bias / math.sqrt(part)))
        # A key's bias adds the same to all scores of a query, which softmax does not see; the values' passes through it unchanged.
        key = self._linear(normed, name + "_k", attention.key.weight, length)
        value = self._linear(normed, name + "_v", attention.value.weight, length)
        at = self._constant(name + "_at", place.astype(np.int64))

        def beside(stacked: str, other: str) -> str:
            return self._one("Reshape", self._one("Mul", stacked, other), self._integers(0, answers, span * width))

        keys = self._one("Gather", key, at, axis=1)
        products = beside(keys, self._one("Unsqueeze", query, self._integers(2)))
        adds_up = np.zeros((span, heads, part, heads, slots), np.float32)
        for h in range(heads):
            for j in range(span):
                adds_up[j, h, :, h, j] = 1
        scores = self._linear(products, name + "_adds_up", adds_up.reshape(span * width, heads * slots).T, answers)
        visible = np.where((back >= 0) & (np.arange(slots) < span), 0.0, _HIDDEN).astype(np.float32)
        behind = self.config.window - length
        seen = self._one("Gather", hidden, self._constant(name + "_seen", behind + np.maximum(back, 0).astype(np.int64)), axis=1)
        if visible.any():
            # At the window's start it is hidden twice; -2e4 is still a half.
            seen = self._one("Add", seen, self._constant(name + "_visible", visible))
        scores = self._one("Add", self._one("Reshape", scores, self._integers(0, answers, heads, slots)), self._one("Unsqueeze", seen, self._integers(2)))
        weights = self._one("Reshape", self._one("Softmax", scores, axis=-1), self._integers(0, answers, heads * slots))
        spread = adds_up.transpose(3, 4, 0, 1, 2).reshape(heads * slots, span * width)
        weights = self._one("Reshape", self._linear(weights, name + "_spread", spread.T, answers), self._integers(0, answers, span, width))
        values = beside(self._one("Gather", value, at, axis=1), weights)
        out = attention.out.weight.detach().numpy()
        self.flop += 4 * answers * span * width
        bias = attention.out.bias + attention.out.weight @ attention.value.bias
        return self._linear(values, name + "_o", np.tile(out, (1, span)), answers), bias

    def _attend(self, name: str, attention, normed: str, hidden: str, span: int, length: int, answers: int) -> tuple[str, Tensor]:
        """Attention to a whole window; (its answer without bias, the bias)."""
        heads, part, padded = attention.heads, attention.part, 8 * math.ceil(attention.part / 8)

        def split(weight: Tensor) -> np.ndarray:
            wide = np.zeros((heads, padded, *weight.shape[1:]), np.float32)
            wide[:, :part] = weight.detach().numpy().reshape(heads, part, *weight.shape[1:])
            return wide.reshape(heads * padded, *weight.shape[1:])

        query = self._linear(self._last(normed, answers, length), name + "_q", split(attention.query.weight), answers)
        key = self._linear(normed, name + "_k", split(attention.key.weight), length)
        value = self._linear(normed, name + "_v", split(attention.value.weight), length)
        biases = self._constant(name + "_qkv_bias", np.concatenate([split(layer.bias) for layer in (attention.query, attention.key, attention.value)]))
        back = np.arange(answers)[:, None] + length - answers - np.arange(length)[None]
        band = np.where((back >= 0) & (back < span), 0.0, _HIDDEN).astype(np.float32)
        masked = self._one("Unsqueeze", self._last(hidden, length, self.config.window), self._integers(1, 2))
        scores = self._one("Add", self._constant(name + "_band", band[None, None]), masked)
        mixed = self._one("MultiHeadAttention", query, key, value, biases, "", scores, domain="com.microsoft", num_heads=heads, scale=1 / math.sqrt(part))
        self.flop += 4 * answers * length * heads * padded
        return self._linear(mixed, name + "_o", split(attention.out.weight.T).T, answers), attention.out.bias

    def _action(self, hidden: str) -> None:
        head, width, single = self.policy.action_head, self.config.width, np.float32
        row = self._one("Reshape", self._one("Cast", hidden, to=TensorProto.FLOAT), self._integers(-1, width))
        raw = self._one("Gemm", row, self._constant("head_w", head.weight.detach().numpy().T, single), self._constant("head_b", head.bias, single))
        self.flop += 2 * width
        reach = self._constant("reach", np.array([self.policy.reach], single), single)
        bounded = self._one("Mul", self._one("Tanh", self._one("Div", raw, reach)), reach)
        moved = self._one("Add", bounded, self._constant("middle", np.array([self.policy.middle], single), single))
        self.nodes.append(helper.make_node("Reshape", [moved, self._integers(-1)], ["action"]))


def entry(folder: Path, policy: Policy, precision: str = "fp16") -> dict:
    """Writes FILE into the folder; its entry among the card's files."""
    graph = FusedGraph(policy, precision)
    path = folder / FILE
    onnx.save(graph.model(), str(path))
    return {"path": FILE, "sha256": sha256(path), "precision": precision, "provider": "cuda", "rtol": TOLERANCE, "atol": TOLERANCE,
            "outputs": ["action"], "flop": graph.flop}


def add(folder: Path, policy: Policy | None, precision: str = "fp16", p99: float | None = None) -> dict:
    """Enters the GPU's file in the card of the folder; the card. `policy`: writes its fused graph; None: the CPU's graph runs there too,
    as TF32. That is for graphs of a thousand small operators, whose time is the number of them. `p99`: milliseconds of one decision on an
    H100."""
    card = json.loads((folder / "card.json").read_text("utf-8"))
    files = [file for file in card["files"] if file["provider"] != "cuda"]
    made = entry(folder, policy, precision) if policy is not None else {**files[0], "provider": "cuda", "rtol": TOLERANCE, "atol": TOLERANCE}
    card["files"] = files + [made]
    if p99 is not None:
        card["p99Ms"]["h100"] = p99
    write_json(folder / "card.json", card)
    return card


def attach(source: Path | None, folder: Path, precision: str = "fp16", p99: float | None = None) -> None:
    """Adds the GPU's file to a model that is there; its verdict stands, for a file that leaves the parity rows is refused at load."""
    from .export import served

    verdict = json.loads((folder / "verdict.json").read_text("utf-8"))
    policy = None
    if source is not None:
        module = served(checkpoint.load(source))
        check(module, folder)
        policy = module.policy
    card = add(folder, policy, precision, p99)
    verdict["cardSha256"] = sha256(folder / "card.json")
    verdict["files"] = {file["path"]: file["sha256"] for file in card["files"]}
    write_json(folder / "verdict.json", verdict)


def check(module: torch.nn.Module, folder: Path) -> None:
    """The checkpoint must be that of the model beside it."""
    arrays = np.load(folder / "parity.npz")
    inputs = [torch.from_numpy(arrays[name]) for name in arrays.files if not name.startswith("out_")]
    with torch.no_grad():
        action = module(*inputs)[0].numpy()
    if not np.allclose(action, arrays["out_action"], rtol=1e-4, atol=1e-4):
        raise ValueError(f"{folder}: parity.npz was made with other weights than the checkpoint's")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autobid_policies.common.fused", description="Adds the GPU's file to a model.")
    parser.add_argument("--checkpoint", type=Path, help="model.pt of that model, a transformer: its fused half-precision graph; without it the CPU's graph runs on the GPU too")
    parser.add_argument("--model", required=True, type=Path, help="policies/models/<policy>/<version>")
    parser.add_argument("--precision", default="fp16", choices=tuple(_TYPES), help="fp32 runs as TF32 on the tensor cores")
    parser.add_argument("--p99-h100", type=float, metavar="MS", help="of one decision on an H100, from `autobid bench inference`")
    options = parser.parse_args(arguments)
    try:
        attach(options.checkpoint, options.model, options.precision, options.p99_h100)
    except (OSError, ValueError, KeyError) as error:
        print(f"fused: {error}", file=sys.stderr)
        return 2
    print(f"wrote {options.model / FILE}" if options.checkpoint else f"entered model.onnx for GPUs in {options.model / 'card.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
