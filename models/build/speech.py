"""The first pass (Silero VAD, sequence form) with its convolutions written as matrix products.

The network takes frames of 512 samples one by one: its convolutions see 4, 2 or 1 positions each, for which a runtime makes one
tiny product per frame. Written over all frames at once the same numbers take a third of the time.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HOP = 128
FIELD = 576 + 64  # samples of a frame with its context, and what the network mirrors at its end
BINS = 129


def build(path: Path, out: Path) -> None:
    model = onnx.load(path)
    weights = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    initializers, nodes = [], []

    def constant(name, array, kind=np.float32):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(array).astype(kind)), name))
        return name

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def part(x, axis, start, end, step, output):
        names = [constant(f"{output}.{k}", [v], np.int64)
                 for k, v in (("from", start), ("to", end), ("axis", axis), ("step", step))]
        return node("Slice", [x, *names], output)

    # Spectrum at positions 1 to 4 of the mirrored frame (position 0 is thrown away).
    x = node("Pad", ["input", constant("pads", [0, 0, 0, 64], np.int64)], "mirrored", mode="reflect")
    x = node("Reshape", [x, constant("hops", [0, FIELD // HOP, HOP], np.int64)], "blocks")
    x = node("Concat", [part(x, 1, 0, 4, 1, "first"), part(x, 1, 1, 5, 1, "second")], "fields", axis=2)
    basis = weights["stft.forward_basis_buffer"][:, 0, :].T
    x = node("MatMul", [x, constant("basis", basis)], "waves")
    square = [node("Mul", [y, y], f"square{i}") for i, y in
              enumerate((part(x, 2, 0, BINS, 1, "real"), part(x, 2, BINS, 2 * BINS, 1, "imaginary")))]
    x = node("Sqrt", [node("Add", square, "power")], "spectrum")
    # Four convolutions over three neighbouring positions.
    positions = 4
    for layer, stride in enumerate((1, 2, 2, 1)):
        kernel, bias = weights[f"encoder.{layer}.weight"], weights[f"encoder.{layer}.bias"]
        after = (positions - 1) // stride + 1
        edge = constant(f"edge{layer}", [0, 1, 0, 0, 1, 0], np.int64)
        x = node("Pad", [x, edge], f"padded{layer}")
        near = [part(x, 1, k, k + (after - 1) * stride + 1, stride, f"near{layer}.{k}") for k in range(3)]
        x = node("Concat", near, f"three{layer}", axis=2)
        rows = kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0])
        x = node("MatMul", [x, constant(f"kernel{layer}", rows)], f"product{layer}")
        x = node("Relu", [node("Add", [x, constant(f"bias{layer}", bias)], f"sum{layer}")], f"encoded{layer}")
        positions = after
    operands = [constant(name, weights[f"onnx::LSTM_{number}"]) for name, number in (("W", 209), ("R", 210), ("B", 211))]
    nodes.append(helper.make_node("LSTM", [x, *operands, "", "h", "c"], ["heard", "hn", "cn"], hidden_size=HOP))
    x = node("Relu", ["heard"], "known")
    x = node("MatMul", [x, constant("last", weights["output.weight"][0])], "said")
    x = node("Sigmoid", [node("Add", [x, constant("offset", weights["output.bias"])], "odds")], "speech")
    node("Reshape", [x, constant("flat", [-1], np.int64)], "speech_probs")
    graph = helper.make_graph(nodes, "silero", list(model.graph.input), list(model.graph.output), initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    onnx.save(made, out)
