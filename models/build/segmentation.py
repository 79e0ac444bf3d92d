"""The segmentation network (PyanNet: SincNet, four bidirectional LSTM layers, two linear layers) as ONNX."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import load

HIDDEN = 128


def sinc_filters(weights: dict) -> np.ndarray:
    """The band-pass filters that SincNet's cut-off frequencies stand for: cosine ones, then sine ones."""
    bank = {name: weights[f"sincnet.conv1d.0.filterbank.{name}"].astype(np.float64)
            for name in ("low_hz_", "band_hz_", "window_", "n_")}
    low = 50 + np.abs(bank["low_hz_"])
    high = np.clip(low + 50 + np.abs(bank["band_hz_"]), 50, 8000)
    band = (high - low)[:, 0]
    lower, upper, half = low @ bank["n_"], high @ bank["n_"], bank["n_"] / 2
    side = ((np.sin(upper) - np.sin(lower)) / half) * bank["window_"]
    even = np.concatenate([side, 2 * band[:, None], side[:, ::-1]], 1) / (2 * band[:, None])
    side = ((np.cos(lower) - np.cos(upper)) / half) * bank["window_"]
    odd = np.concatenate([side, np.zeros((len(band), 1)), -side[:, ::-1]], 1) / (2 * band[:, None])
    return np.concatenate([even, odd], 0)[:, None, :]


def gates(array: np.ndarray) -> np.ndarray:
    """PyTorch orders an LSTM's gates input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, g, o = np.split(array, 4, 0)
    return np.concatenate([i, o, f, g], 0)


def build(path: Path, out: Path) -> None:
    weights = {k: np.asarray(v) for k, v in load(path)["state_dict"].items() if isinstance(v, np.ndarray)}
    initializers, nodes = [], []

    def constant(name, array, kind=np.float32):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(array.astype(kind)), name))
        return name

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def normalised(x, prefix, output):
        scale, shift = constant(f"{prefix}.w", weights[f"{prefix}.weight"]), constant(f"{prefix}.b", weights[f"{prefix}.bias"])
        return node("InstanceNormalization", [x, scale, shift], output, epsilon=1e-5)

    # A convolution over time is written as one over a picture of height 1: ONNX Runtime has faster code for pictures.
    x = normalised("waveform", "sincnet.wav_norm1d", "x0")
    x = node("Unsqueeze", [x, constant("height", np.array([2]), np.int64)], "u0")
    x = node("Conv", [x, constant("sinc", sinc_filters(weights)[:, :, None])], "c0", strides=[1, 10], kernel_shape=[1, 251])
    x = node("Abs", [x], "a0")
    for i in range(3):
        if i:
            operands = [constant(f"w{i}", weights[f"sincnet.conv1d.{i}.weight"][:, :, None]),
                        constant(f"b{i}", weights[f"sincnet.conv1d.{i}.bias"])]
            x = node("Conv", [x, *operands], f"c{i}", kernel_shape=[1, 5], strides=[1, 1])
        x = node("MaxPool", [x], f"p{i}", kernel_shape=[1, 3], strides=[1, 3])
        x = normalised(x, f"sincnet.norm1d.{i}", f"n{i}")
        x = node("LeakyRelu", [x], f"l{i}", alpha=0.01)
    x = node("Squeeze", [x, "height"], "flat")
    x = node("Transpose", [x], "seq0", perm=[2, 0, 1])
    constant("shape", np.array([0, 0, -1]), np.int64)
    layer = 0
    while f"lstm.weight_ih_l{layer}" in weights:
        both = ("", "_reverse")
        name = f"l{layer}"
        forward = np.stack([gates(weights[f"lstm.weight_ih_{name}{d}"]) for d in both])
        recurrent = np.stack([gates(weights[f"lstm.weight_hh_{name}{d}"]) for d in both])
        bias = np.stack([np.concatenate([gates(weights[f"lstm.bias_ih_{name}{d}"]),
                                         gates(weights[f"lstm.bias_hh_{name}{d}"])]) for d in both])
        operands = [constant(f"W{layer}", forward), constant(f"R{layer}", recurrent), constant(f"B{layer}", bias)]
        y = node("LSTM", [x, *operands], f"y{layer}", hidden_size=HIDDEN, direction="bidirectional")
        y = node("Transpose", [y], f"yt{layer}", perm=[0, 2, 1, 3])
        x = node("Reshape", [y, "shape"], f"seq{layer + 1}")
        layer += 1
    x = node("Transpose", [x], "bt", perm=[1, 0, 2])
    layer = 0
    while f"linear.{layer}.weight" in weights:
        x = node("MatMul", [x, constant(f"lw{layer}", weights[f"linear.{layer}.weight"].T)], f"m{layer}")
        x = node("Add", [x, constant(f"lb{layer}", weights[f"linear.{layer}.bias"])], f"ma{layer}")
        x = node("LeakyRelu", [x], f"ml{layer}", alpha=0.01)
        layer += 1
    x = node("MatMul", [x, constant("cw", weights["classifier.weight"].T)], "cm")
    x = node("Add", [x, constant("cb", weights["classifier.bias"])], "logits")
    node("LogSoftmax", [x], "scores", axis=-1)
    classes = weights["classifier.bias"].shape[0]
    graph = helper.make_graph(
        nodes, "pyannet", [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["N", 1, "T"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "F", classes])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, out)
