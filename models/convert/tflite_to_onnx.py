"""Turns a MediaPipe model (TensorFlow Lite) into ONNX.

usage: tflite_to_onnx.py INPUT.tflite OUTPUT.onnx

Inputs and four-dimensional outputs stay in TensorFlow's order (batch, height, width, channels); inside, the graph
runs channels first, as ONNX does. The batch length is free (`N`). Weights that float16 holds exactly are stored
as float16 and expanded once on loading; all arithmetic is float32.
"""

import argparse
from pathlib import Path

import numpy as np
import tflite
from onnx import TensorProto, helper

import tflite_mediapipe
from onnx_graph import GraphBuilder, write_model
from tflite_weights import read_constants, tensor_shape

# Written into the file and thereby part of the checksum in models/models.toml.
PRODUCER = "tfl2onnx spike"
OPERATOR_NAMES = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
# Smaller weights are not worth one more node.
SMALLEST_HALF_WEIGHT = 64
CHANNELS_FIRST = [0, 3, 1, 2]
CHANNELS_LAST = [0, 2, 3, 1]


class Operator:
    """One operator of the TensorFlow Lite graph: numbers of its tensors, and its options."""

    def __init__(self, source):
        self.source = source
        self.inputs = [source.Inputs(index) for index in range(source.InputsLength())]
        self.output = source.Outputs(0)

    def options(self, options_class):
        options, table = options_class(), self.source.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def has_options(self):
        return self.source.BuiltinOptions() is not None

    def has_input(self, position):
        return len(self.inputs) > position and self.inputs[position] >= 0

    def custom_options(self):
        return self.source.CustomOptionsAsNumpy().tobytes()


def same_padding(length, kernel, stride, dilation=1):
    """TensorFlow's SAME padding of one dimension: before and after."""
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
    return total // 2, total - total // 2


def padding(options, shape, kernel, strides, dilations=(1, 1)):
    """ONNX padding [top, left, bottom, right] of a convolution or pooling."""
    if options.Padding() != tflite.Padding.SAME:
        return [0, 0, 0, 0]
    top, bottom = same_padding(shape[1], kernel[0], strides[0], dilations[0])
    left, right = same_padding(shape[2], kernel[1], strides[1], dilations[1])
    return [top, left, bottom, right]


class Converter:
    """Walks the operators in their order and writes each into the ONNX graph."""

    def __init__(self, path):
        self.model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self.source = self.model.Subgraphs(0)
        self.constants = read_constants(self.model, self.source)
        self.graph = GraphBuilder(share_constants=True)
        # Name in the ONNX graph by tensor number.
        self.values = {}
        self.half_weights = {}

    def shape(self, tensor):
        return tensor_shape(self.source.Tensors(tensor))

    def name(self, tensor):
        return self.source.Tensors(tensor).Name().decode()

    def op(self, kind, inputs, output=None, **attributes):
        return self.graph.op(kind, inputs, output, **attributes)

    def weight(self, array, hint):
        """A weight; as float16 where that loses nothing."""
        array = np.asarray(array)
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        exact = np.array_equal(half.astype(np.float32), array.astype(np.float32))
        if array.size < SMALLEST_HALF_WEIGHT or not exact:
            return self.graph.constant(array.astype(np.float32), hint)
        key = (array.shape, half.tobytes())
        if key not in self.half_weights:
            stored = self.graph.constant(half, f"{hint}_h")
            self.half_weights[key] = self.op("Cast", [stored], to=TensorProto.FLOAT)
        return self.half_weights[key]

    def value(self, tensor):
        """An activation, or a constant as it is."""
        if tensor in self.values:
            return self.values[tensor]
        return self.graph.constant(self.constants[tensor].astype(np.float32))

    def broadcast_value(self, tensor, rank):
        """An activation, or a constant that is broadcast against a tensor of `rank` dimensions."""
        if tensor in self.values:
            return self.values[tensor]
        array = self.constants[tensor].astype(np.float32)
        if rank == 4:
            array = array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(CHANNELS_FIRST)
        return self.graph.constant(array)

    def channels_last(self, tensor):
        value = self.values[tensor]
        return self.op("Transpose", [value], perm=CHANNELS_LAST) if len(self.shape(tensor)) == 4 else value

    def activated(self, value, function):
        """The fused activation of an operator."""
        if function == tflite.ActivationFunctionType.NONE:
            return value
        if function == tflite.ActivationFunctionType.RELU:
            return self.op("Relu", [value])
        if function == tflite.ActivationFunctionType.RELU6:
            bounds = [self.graph.constant(np.float32(bound)) for bound in (0, 6)]
            return self.op("Clip", [value, *bounds])
        raise SystemExit(f"the activation function {function} is not known")

    def operator_name(self, source):
        code = self.model.OperatorCodes(source.OpcodeIndex())
        name = OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        return code.CustomCode().decode() if name == "CUSTOM" else name

    def convert_operator(self, source):
        name, operator = self.operator_name(source), Operator(source)
        first = operator.inputs[0]
        if name in ("DEQUANTIZE", "DENSIFY") and first in self.constants:
            array = self.constants[first]
            self.constants[operator.output] = array.astype(np.float32) if name == "DEQUANTIZE" else array
        elif name in HANDLERS:
            self.values[operator.output] = HANDLERS[name](self, operator)
        else:
            raise SystemExit(f"the operator {name} is not known")

    def convert(self):
        """The whole model."""
        inputs, outputs = [], []
        for tensor in (self.source.Inputs(index) for index in range(self.source.InputsLength())):
            name, shape = self.name(tensor), self.shape(tensor)
            inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape[1:]]))
            image = len(shape) == 4
            self.values[tensor] = self.op("Transpose", [name], perm=CHANNELS_FIRST) if image else name
        for index in range(self.source.OperatorsLength()):
            self.convert_operator(self.source.Operators(index))
        for tensor in (self.source.Outputs(index) for index in range(self.source.OutputsLength())):
            name, shape = self.name(tensor), self.shape(tensor)
            self.op("Identity", [self.channels_last(tensor)], output=name)
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape[1:]]))
        return self.graph.model("tfl", inputs, outputs, PRODUCER)


def any_convolution(converter, operator, options, depthwise):
    weights = converter.constants[operator.inputs[1]].astype(np.float32)
    shape = converter.shape(operator.inputs[0])
    strides = [options.StrideH(), options.StrideW()]
    dilations = [options.DilationHFactor(), options.DilationWFactor()]
    weights = weights.transpose([3, 0, 1, 2] if depthwise else CHANNELS_FIRST)
    group = shape[3] if depthwise else shape[3] // weights.shape[1]
    kernel = list(weights.shape[2:])
    inputs = [converter.values[operator.inputs[0]], converter.weight(weights, "w")]
    if operator.has_input(2):
        inputs.append(converter.weight(converter.constants[operator.inputs[2]], "b"))
    value = converter.op(
        "Conv",
        inputs,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        pads=padding(options, shape, kernel, strides, dilations),
        group=group,
    )
    return converter.activated(value, options.FusedActivationFunction())


def convolution(converter, operator):
    return any_convolution(converter, operator, operator.options(tflite.Conv2DOptions), depthwise=False)


def depthwise_convolution(converter, operator):
    return any_convolution(converter, operator, operator.options(tflite.DepthwiseConv2DOptions), depthwise=True)


def pooling(kind):
    def handler(converter, operator):
        options = operator.options(tflite.Pool2DOptions)
        kernel = [options.FilterHeight(), options.FilterWidth()]
        strides = [options.StrideH(), options.StrideW()]
        pads = padding(options, converter.shape(operator.inputs[0]), kernel, strides)
        value = converter.values[operator.inputs[0]]
        value = converter.op(kind, [value], kernel_shape=kernel, strides=strides, pads=pads)
        return converter.activated(value, options.FusedActivationFunction())

    return handler


def unary(kind):
    def handler(converter, operator):
        return converter.op(kind, [converter.values[operator.inputs[0]]])

    return handler


def binary(kind, options_class):
    def handler(converter, operator):
        rank = len(converter.shape(operator.output))
        value = converter.op(kind, [converter.broadcast_value(tensor, rank) for tensor in operator.inputs])
        if not operator.has_options():
            return value
        return converter.activated(value, operator.options(options_class).FusedActivationFunction())

    return handler


def relu6(converter, operator):
    return converter.activated(converter.values[operator.inputs[0]], tflite.ActivationFunctionType.RELU6)


def prelu(converter, operator):
    """slope * x + (1 - slope) * relu(x), each factor a convolution over one point of one channel.

    ONNX Runtime has no fast PRelu: it alone took two thirds of the time of the face mesh, because it also leaves the
    blocked layout in which its convolutions work. Convolutions stay in it.
    """
    value = converter.values[operator.inputs[0]]
    slope = converter.constants[operator.inputs[1]].astype(np.float32)
    if slope.size != slope.shape[-1]:
        slope = slope.reshape((1,) * (3 - slope.ndim) + slope.shape).transpose(2, 0, 1)
        return converter.op("PRelu", [value, converter.weight(slope, "slope")])
    factor = slope.reshape(-1, 1, 1, 1)
    scaled = [
        converter.op("Conv", [source, converter.weight(by, "slope")], group=slope.size, kernel_shape=[1, 1])
        for source, by in ((value, factor), (converter.op("Relu", [value]), np.float32(1) - factor))
    ]
    return converter.op("Add", scaled)


def pad(converter, operator):
    pads = converter.constants[operator.inputs[1]].astype(np.int64)
    if len(pads) == 4:
        pads = pads[CHANNELS_FIRST]
    pads = converter.graph.constant(np.concatenate([pads[:, 0], pads[:, 1]]))
    return converter.op("Pad", [converter.values[operator.inputs[0]], pads], mode="constant")


def reshape(converter, operator):
    shape = converter.shape(operator.output)
    value = converter.channels_last(operator.inputs[0])
    # 0 keeps the batch length.
    value = converter.op("Reshape", [value, converter.graph.integers([0, *shape[1:]])])
    return converter.op("Transpose", [value], perm=CHANNELS_FIRST) if len(shape) == 4 else value


def concatenation(converter, operator):
    options = operator.options(tflite.ConcatenationOptions)
    rank = len(converter.shape(operator.output))
    axis = options.Axis() % rank
    if rank == 4:
        axis = CHANNELS_LAST[axis]
    value = converter.op("Concat", [converter.value(tensor) for tensor in operator.inputs], axis=axis)
    return converter.activated(value, options.FusedActivationFunction())


def resize_bilinear(converter, operator):
    options = operator.options(tflite.ResizeBilinearOptions)
    before, after = converter.shape(operator.inputs[0]), converter.shape(operator.output)
    if options.AlignCorners():
        mode = "align_corners"
    else:
        mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    scales = converter.graph.floats([1, 1, after[1] / before[1], after[2] / before[2]])
    inputs = [converter.values[operator.inputs[0]], "", scales]
    return converter.op("Resize", inputs, mode="linear", coordinate_transformation_mode=mode)


def depth_to_space(converter, operator):
    block = operator.options(tflite.DepthToSpaceOptions).BlockSize()
    return converter.op("DepthToSpace", [converter.values[operator.inputs[0]]], blocksize=block, mode="DCR")


def mean(converter, operator):
    axes = sorted(int(axis) % 4 for axis in converter.constants[operator.inputs[1]].reshape(-1))
    if axes != [1, 2]:
        raise SystemExit(f"a mean over the axes {axes} is not known")
    keep = int(operator.options(tflite.ReducerOptions).KeepDims())
    return converter.op("ReduceMean", [converter.values[operator.inputs[0]]], axes=[2, 3], keepdims=keep)


def fully_connected(converter, operator):
    options = operator.options(tflite.FullyConnectedOptions)
    weights = converter.constants[operator.inputs[1]].astype(np.float32)
    value = converter.channels_last(operator.inputs[0])
    value = converter.op("Reshape", [value, converter.graph.integers([-1, weights.shape[1]])])
    inputs = [value, converter.weight(weights, "fc")]
    if operator.has_input(2):
        inputs.append(converter.weight(converter.constants[operator.inputs[2]], "fcb"))
    value = converter.op("Gemm", inputs, transB=1)
    return converter.activated(value, options.FusedActivationFunction())


def strided_slice(converter, operator):
    options = operator.options(tflite.StridedSliceOptions)
    if options.EllipsisMask() or options.NewAxisMask() or options.ShrinkAxisMask():
        raise SystemExit("a slice that changes the number of dimensions is not known")
    shape = converter.shape(operator.inputs[0])
    value = converter.values[operator.inputs[0]]
    if converter.shape(operator.output) == shape:
        return value
    begin, end, step = (converter.constants[tensor].tolist() for tensor in operator.inputs[1:4])
    rank = len(shape)
    begin = [0 if options.BeginMask() >> axis & 1 else begin[axis] for axis in range(rank)]
    end = [2**31 if options.EndMask() >> axis & 1 else end[axis] for axis in range(rank)]
    axes = CHANNELS_LAST if rank == 4 else list(range(rank))
    # The batch dimension stays whole.
    bounds = [converter.graph.integers(values[1:]) for values in (begin, end, axes, step)]
    return converter.op("Slice", [value, *bounds])


HANDLERS = {
    "ADD": binary("Add", tflite.AddOptions),
    "AVERAGE_POOL_2D": pooling("AveragePool"),
    "CONCATENATION": concatenation,
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise_convolution,
    "DEPTH_TO_SPACE": depth_to_space,
    "FULLY_CONNECTED": fully_connected,
    "HARD_SWISH": unary("HardSwish"),
    "LOGISTIC": unary("Sigmoid"),
    "MAX_POOL_2D": pooling("MaxPool"),
    "MEAN": mean,
    "MUL": binary("Mul", tflite.MulOptions),
    "PAD": pad,
    "PRELU": prelu,
    "RELU": unary("Relu"),
    "RELU6": relu6,
    "RESHAPE": reshape,
    "RESIZE_BILINEAR": resize_bilinear,
    "STRIDED_SLICE": strided_slice,
    **tflite_mediapipe.HANDLERS,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    write_model(Converter(arguments.input).convert(), arguments.output)


if __name__ == "__main__":
    main()
