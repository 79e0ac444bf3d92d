"""TensorFlow Lite (float weights) to ONNX opset 13, without TensorFlow: the operators of the face and pose networks.

Pictures become NCHW. PReLU(x) with slopes a is written as a*x + (1-a)*relu(x), two 1x1 depthwise convolutions and a
sum: ONNX Runtime does these three times faster than its own PRelu.
"""

from pathlib import Path

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
ARITHMETIC = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div"}
ELEMENTWISE = {"LOGISTIC": "Sigmoid", "NEG": "Neg", "SQRT": "Sqrt"}
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """How TensorFlow's SAME pads one axis: before, after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Converter:
    def __init__(self, path: Path):
        self.model = tflite.Model.GetRootAs(path.read_bytes(), 0)
        self.graph = self.model.Subgraphs(0)
        self.tensors = [self.graph.Tensors(i) for i in range(self.graph.TensorsLength())]
        self.constants = {}
        for index, tensor in enumerate(self.tensors):
            data = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
            if isinstance(data, np.ndarray) and data.size:
                shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else ()
                self.constants[index] = data.view(TYPES[tensor.Type()]).reshape(shape)
        self.nodes, self.initializers = [], []
        self.name_of, self.is_nchw = {}, {}
        self.count = 0

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def constant(self, array, prefix="c") -> str:
        name = self.fresh(prefix)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes) -> str:
        output = self.fresh("v")
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def shape(self, index: int) -> tuple[int, ...]:
        tensor = self.tensors[index]
        return tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()

    def weight(self, index: int) -> np.ndarray:
        return self.constants[index].astype(np.float32)

    def read(self, index: int, nchw: bool) -> str:
        """Name of a tensor in the wanted layout."""
        if index in self.constants:
            array = self.constants[index]
            array = array.astype(np.float32) if array.dtype == np.float16 else array
            if nchw and array.ndim == 4:
                array = array.transpose(TO_NCHW)
            elif nchw and array.ndim == 1 and array.size > 1:
                array = array.reshape(1, -1, 1, 1)
            elif nchw and array.ndim == 3:
                array = array.transpose(2, 0, 1)[None]
            return self.constant(array)
        if self.is_nchw[index] == nchw or len(self.shape(index)) != 4:
            return self.name_of[index]
        return self.node("Transpose", [self.name_of[index]], perm=TO_NCHW if nchw else TO_NHWC)

    def activated(self, name: str, activation: int) -> str:
        if activation == tflite.ActivationFunctionType.NONE:
            return name
        if activation == tflite.ActivationFunctionType.RELU:
            return self.node("Relu", [name])
        if activation == tflite.ActivationFunctionType.RELU6:
            return self.node("Clip", [name, self.constant(np.float32(0)), self.constant(np.float32(6))])
        raise NotImplementedError(f"activation {activation}")

    @staticmethod
    def options(operator, kind):
        options, table = kind(), operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def pads(self, options, shape, kernel) -> list[int]:
        if options.Padding() != tflite.Padding.SAME:
            return [0, 0, 0, 0]
        top, bottom = same_padding(shape[1], kernel[0], options.StrideH())
        left, right = same_padding(shape[2], kernel[1], options.StrideW())
        return [top, left, bottom, right]

    def convolution(self, operator, inputs, depthwise: bool) -> str:
        kind = tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions
        options = self.options(operator, kind)
        weights = self.weight(inputs[1])
        x, shape = self.read(inputs[0], True), self.shape(inputs[0])
        kernel = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(TO_NCHW)
        groups = shape[3] if depthwise else shape[3] // weights.shape[3]
        size = list(kernel.shape[2:])
        pads = self.pads(options, shape, size)
        operands = [x, self.constant(kernel, "w")]
        if len(inputs) > 2 and inputs[2] >= 0:
            operands.append(self.constant(self.weight(inputs[2]), "b"))
        result = self.node("Conv", operands, kernel_shape=size, strides=[options.StrideH(), options.StrideW()],
                           dilations=[options.DilationHFactor(), options.DilationWFactor()], group=groups, pads=pads)
        return self.activated(result, options.FusedActivationFunction())

    def max_pool(self, operator, inputs) -> str:
        options = self.options(operator, tflite.Pool2DOptions)
        size = [options.FilterHeight(), options.FilterWidth()]
        pads = self.pads(options, self.shape(inputs[0]), size)
        result = self.node("MaxPool", [self.read(inputs[0], True)], kernel_shape=size,
                           strides=[options.StrideH(), options.StrideW()], pads=pads)
        return self.activated(result, options.FusedActivationFunction())

    def resize(self, operator, inputs, output) -> str:
        options = self.options(operator, tflite.ResizeBilinearOptions)
        kind = "half_pixel" if options.HalfPixelCenters() else "align_corners" if options.AlignCorners() else "asymmetric"
        sizes = np.array([self.shape(output)[axis] for axis in TO_NCHW], np.int64)
        return self.node("Resize", [self.read(inputs[0], True), "", "", self.constant(sizes)], mode="linear",
                         coordinate_transformation_mode=kind)

    def prelu(self, inputs) -> str:
        slopes = self.weight(inputs[1]).reshape(-1)
        x = self.read(inputs[0], True)
        positive = self.node("Relu", [x])
        first = self.node("Conv", [x, self.constant(slopes.reshape(-1, 1, 1, 1))], group=slopes.size,
                          kernel_shape=[1, 1])
        second = self.node("Conv", [positive, self.constant((1 - slopes).reshape(-1, 1, 1, 1))], group=slopes.size,
                           kernel_shape=[1, 1])
        return self.node("Add", [first, second])

    def arithmetic(self, operator, code, inputs, output) -> tuple[str, bool]:
        known = all(i in self.constants or (len(self.shape(i)) == 4 and self.is_nchw[i]) for i in inputs)
        nchw = known and len(self.shape(output)) == 4
        a, b = self.read(inputs[0], nchw), self.read(inputs[1], nchw)
        if code == "SQUARED_DIFFERENCE":
            difference = self.node("Sub", [a, b])
            return self.node("Mul", [difference, difference]), nchw
        result = self.node(ARITHMETIC[code], [a, b])
        if operator.BuiltinOptions():
            options = self.options(operator, getattr(tflite, f"{code.capitalize()}Options"))
            result = self.activated(result, options.FusedActivationFunction())
        return result, nchw

    def strided_slice(self, operator, inputs) -> str:
        options = self.options(operator, tflite.StridedSliceOptions)
        begin, end, stride = (self.constants[i].astype(np.int64).copy() for i in inputs[1:4])
        shape, dropped = self.shape(inputs[0]), []
        for axis in range(len(begin)):
            if options.BeginMask() >> axis & 1:
                begin[axis] = 0
            if options.EndMask() >> axis & 1:
                end[axis] = shape[axis]
            if options.ShrinkAxisMask() >> axis & 1:
                end[axis] = begin[axis] + 1
                dropped.append(axis)
        axes = np.arange(len(begin), dtype=np.int64)
        operands = [self.read(inputs[0], False), *(self.constant(a) for a in (begin, end, axes, stride))]
        result = self.node("Slice", operands)
        return self.node("Squeeze", [result, self.constant(np.array(dropped, np.int64))]) if dropped else result

    def reduce(self, operator, code, inputs) -> str:
        options = self.options(operator, tflite.ReducerOptions)
        axes = self.constants[inputs[1]].reshape(-1).astype(np.int64)
        x = self.read(inputs[0], False)
        if code == "MEAN":
            return self.node("ReduceMean", [x], axes=axes.tolist(), keepdims=int(options.KeepDims()))
        return self.node("ReduceSum", [x, self.constant(axes)], keepdims=int(options.KeepDims()))

    def pad(self, inputs) -> tuple[str, bool]:
        amounts = self.constants[inputs[1]].reshape(-1, 2)
        nchw = self.is_nchw[inputs[0]] and len(amounts) == 4
        amounts = amounts[TO_NCHW] if nchw else amounts
        wanted = np.concatenate([amounts[:, 0], amounts[:, 1]]).astype(np.int64)
        return self.node("Pad", [self.read(inputs[0], nchw), self.constant(wanted)]), nchw

    def convert_operator(self, operator) -> None:
        entry = self.model.OperatorCodes(operator.OpcodeIndex())
        code = OPERATORS[max(entry.BuiltinCode(), entry.DeprecatedBuiltinCode())]
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        output, nchw = operator.Outputs(0), False
        if code == "DEQUANTIZE":
            self.constants[output] = self.weight(inputs[0])
            return
        if code in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            result, nchw = self.convolution(operator, inputs, code != "CONV_2D"), True
        elif code == "MAX_POOL_2D":
            result, nchw = self.max_pool(operator, inputs), True
        elif code == "PRELU":
            result, nchw = self.prelu(inputs), True
        elif code == "RESIZE_BILINEAR":
            result, nchw = self.resize(operator, inputs, output), True
        elif code in (*ARITHMETIC, "SQUARED_DIFFERENCE"):
            result, nchw = self.arithmetic(operator, code, inputs, output)
        elif code == "RSQRT":
            nchw = self.is_nchw[inputs[0]]
            result = self.node("Reciprocal", [self.node("Sqrt", [self.read(inputs[0], nchw)])])
        elif code in ELEMENTWISE:
            nchw = self.is_nchw[inputs[0]]
            result = self.node(ELEMENTWISE[code], [self.read(inputs[0], nchw)])
        elif code == "PAD":
            result, nchw = self.pad(inputs)
        elif code == "RESHAPE":
            wanted = np.array(self.shape(output), np.int64)
            result = self.node("Reshape", [self.read(inputs[0], False), self.constant(wanted)])
        elif code == "CONCATENATION":
            axis = self.options(operator, tflite.ConcatenationOptions).Axis() % max(1, len(self.shape(output)))
            result = self.node("Concat", [self.read(i, False) for i in inputs], axis=axis)
        elif code in ("MEAN", "SUM"):
            result = self.reduce(operator, code, inputs)
        elif code == "TRANSPOSE":
            result = self.node("Transpose", [self.read(inputs[0], False)], perm=self.constants[inputs[1]].tolist())
        elif code == "STRIDED_SLICE":
            result = self.strided_slice(operator, inputs)
        else:
            raise NotImplementedError(code)
        self.name_of[output], self.is_nchw[output] = result, nchw

    def tensor_name(self, index: int) -> str:
        return self.tensors[index].Name().decode().replace(":", "_")

    def keep_only_what_leads_to(self, wanted: list[str]) -> None:
        """Drops the nodes and constants of the outputs that nobody reads."""
        needed, kept = set(wanted), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.initializers = [constant for constant in self.initializers if constant.name in needed]

    def convert(self, wanted: list[str] | None = None) -> onnx.ModelProto:
        inputs, outputs = [], []
        for i in range(self.graph.InputsLength()):
            index = self.graph.Inputs(i)
            shape, name = self.shape(index), self.tensor_name(index)
            self.name_of[index], self.is_nchw[index] = name, len(shape) == 4
            shape = tuple(shape[axis] for axis in TO_NCHW) if len(shape) == 4 else shape
            inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, *shape[1:])))
        for i in range(self.graph.OperatorsLength()):
            self.convert_operator(self.graph.Operators(i))
        for i in range(self.graph.OutputsLength()):
            index = self.graph.Outputs(i)
            shape, name = self.shape(index), self.tensor_name(index)
            if wanted and name not in wanted:
                continue
            self.nodes.append(helper.make_node("Identity", [self.read(index, False)], [name]))
            shape = (1, *shape[1:]) if len(shape) > 1 else shape
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        if wanted:
            self.keep_only_what_leads_to(wanted)
        graph = helper.make_graph(self.nodes, "g", inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="tfl2onnx")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        return model


def convert(path: Path, out: Path, wanted: list[str] | None = None) -> None:
    """All outputs, or only those of these names."""
    onnx.save(Converter(path).convert(wanted), out)
