"""The speaker network (CAM++) as ONNX, for up to 200 frames: there, segment pooling is the global mean."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import load

BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each dense block


class Builder:
    def __init__(self, weights: dict):
        self.weights, self.nodes, self.initializers, self.count = weights, [], [], 0

    def constant(self, array, kind=np.float32):
        self.count += 1
        name = f"k{self.count}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(array).astype(kind)), name))
        return name

    def node(self, operator, inputs, **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(operator, inputs, [f"t{self.count}"], **attributes))
        return f"t{self.count}"

    def norm(self, x, prefix, affine=True):
        mean, variance = self.weights[f"{prefix}.running_mean"], self.weights[f"{prefix}.running_var"]
        scale = self.weights[f"{prefix}.weight"] if affine else np.ones_like(mean)
        shift = self.weights[f"{prefix}.bias"] if affine else np.zeros_like(mean)
        operands = [self.constant(a) for a in (scale, shift, mean, variance)]
        return self.node("BatchNormalization", [x, *operands], epsilon=1e-5)

    def conv(self, x, prefix, pad=0, **attributes):
        """A convolution over time is one over a picture of height 1: ONNX Runtime has faster code for pictures."""
        kernel = self.weights[f"{prefix}.weight"]
        if kernel.ndim == 3:
            kernel = kernel[:, :, None, :]
            attributes = {name: [1, *value] for name, value in attributes.items()} | {"pads": [0, pad, 0, pad]}
        operands = [x, self.constant(kernel)]
        if f"{prefix}.bias" in self.weights:
            operands.append(self.constant(self.weights[f"{prefix}.bias"]))
        return self.node("Conv", operands, kernel_shape=list(kernel.shape[2:]), **attributes)

    def relu(self, x):
        return self.node("Relu", [x])

    def head(self, x):
        x = self.relu(self.norm(self.conv(x, "head.conv1", pads=[1] * 4), "head.bn1"))
        for layer in (1, 2):
            for block in (0, 1):
                p, stride = f"head.layer{layer}.{block}", 2 if block == 0 else 1
                y = self.relu(self.norm(self.conv(x, f"{p}.conv1", pads=[1] * 4, strides=[stride, 1]), f"{p}.bn1"))
                y = self.norm(self.conv(y, f"{p}.conv2", pads=[1] * 4), f"{p}.bn2")
                if f"{p}.shortcut.0.weight" in self.weights:
                    x = self.norm(self.conv(x, f"{p}.shortcut.0", strides=[stride, 1]), f"{p}.shortcut.1")
                x = self.relu(self.node("Add", [y, x]))
        return self.relu(self.norm(self.conv(x, "head.conv2", pads=[1] * 4, strides=[2, 1]), "head.bn2"))

    def dense_layer(self, x, p, dilation):
        y = self.conv(self.relu(self.norm(x, f"{p}.nonlinear1.batchnorm")), f"{p}.linear1")
        y = self.relu(self.norm(y, f"{p}.nonlinear2.batchnorm"))
        local = self.conv(y, f"{p}.cam_layer.linear_local", pad=dilation, dilations=[dilation])
        mean = self.node("ReduceMean", [y], axes=[3], keepdims=1)
        mean = self.node("Add", [mean, mean])  # global mean + segment mean, the same here
        gate = self.relu(self.conv(mean, f"{p}.cam_layer.linear1"))
        gate = self.node("Sigmoid", [self.conv(gate, f"{p}.cam_layer.linear2")])
        return self.node("Concat", [x, self.node("Mul", [local, gate])], axis=1)


def build(path: Path, out: Path) -> None:
    b = Builder(load(path))
    x = b.node("Transpose", ["feats"], perm=[0, 2, 1])
    x = b.node("Unsqueeze", [x, b.constant([1], np.int64)])
    x = b.head(x)
    bands = b.weights["xvector.tdnn.linear.weight"].shape[1]
    x = b.node("Reshape", [x, b.constant([0, bands, 1, -1], np.int64)])
    x = b.relu(b.norm(b.conv(x, "xvector.tdnn.linear", pad=2, strides=[2]), "xvector.tdnn.nonlinear.batchnorm"))
    for i, (layers, dilation) in enumerate(BLOCKS, 1):
        for j in range(1, layers + 1):
            x = b.dense_layer(x, f"xvector.block{i}.tdnnd{j}", dilation)
        x = b.conv(b.relu(b.norm(x, f"xvector.transit{i}.nonlinear.batchnorm")), f"xvector.transit{i}.linear")
    x = b.relu(b.norm(x, "xvector.out_nonlinear.batchnorm"))
    mean = b.node("ReduceMean", [x], axes=[3], keepdims=1)
    apart = b.node("Sub", [x, mean])
    squares = b.node("ReduceSum", [b.node("Mul", [apart, apart]), b.constant([3], np.int64)], keepdims=1)
    count = b.node("Gather", [b.node("Shape", [x]), b.constant([3], np.int64)])
    others = b.node("Sub", [b.node("Cast", [count], to=TensorProto.FLOAT), b.constant([1])])
    spread = b.node("Sqrt", [b.node("Div", [squares, others])])
    x = b.conv(b.node("Concat", [mean, spread], axis=1), "xvector.dense.linear")
    x = b.norm(x, "xvector.dense.nonlinear.batchnorm", affine=False)
    b.nodes.append(helper.make_node("Flatten", [x], ["embedding"], axis=1))
    size = b.weights["xvector.dense.linear.weight"].shape[0]
    graph = helper.make_graph(
        b.nodes, "campp", [helper.make_tensor_value_info("feats", TensorProto.FLOAT, ["N", "T", 80])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", size])], b.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, out)
