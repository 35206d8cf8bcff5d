"""MediaPipe's own operators, written with standard ONNX operators."""

import struct

import numpy as np
from flatbuffers import flexbuffers
from onnx import TensorProto


def flexible_options(operator):
    """The options of an operator as a dictionary."""
    return flexbuffers.GetRoot(bytearray(operator.custom_options())).Value


def convolution_transpose_bias(converter, operator):
    """Transposed convolution with bias, without overlap: kernel and stride are equal."""
    _padding, stride_width, stride_height = struct.unpack("<iii", operator.custom_options()[:12])
    weights = converter.constants[operator.inputs[1]].astype(np.float32).transpose(3, 0, 1, 2)
    before, after = converter.shape(operator.inputs[0]), converter.shape(operator.output)
    height, width = weights.shape[2:]
    if (height, width) != (stride_height, stride_width) or after[1] != before[1] * stride_height:
        raise SystemExit("a transposed convolution with overlap is not known")
    inputs = [
        converter.values[operator.inputs[0]],
        converter.weight(weights, "w"),
        converter.graph.constant(converter.constants[operator.inputs[2]].astype(np.float32)),
    ]
    return converter.op(
        "ConvTranspose", inputs, strides=[stride_height, stride_width], kernel_shape=[height, width]
    )


class MatrixBuilder:
    """Shorthand for arithmetic on [N, 1, 1] values."""

    def __init__(self, converter):
        self.converter = converter
        self.op = converter.op
        self.floats = converter.graph.floats
        self.integers = converter.graph.integers

    def slice(self, value, start, stop, axis):
        return self.op("Slice", [value, self.integers([start]), self.integers([stop]), self.integers([axis])])

    def multiply(self, a, b):
        return self.op("Mul", [a, b])

    def add(self, a, b):
        return self.op("Add", [a, b])

    def subtract(self, a, b):
        return self.op("Sub", [a, b])

    def negative(self, a):
        return self.op("Neg", [a])

    def largest(self, value):
        return self.op("ReduceMax", [value], axes=[1], keepdims=1)

    def smallest(self, value):
        return self.op("ReduceMin", [value], axes=[1], keepdims=1)


def landmarks_to_transform_matrix(converter, operator):
    """[N, 4, 4] matrices that map an output picture of the options' size onto the rotated box around some of the
    landmarks: the eyes or the lips, for a closer look."""
    options = flexible_options(operator)
    if options["target_rotation_radians"] != 0:
        raise SystemExit("a target rotation is not known")
    m = MatrixBuilder(converter)
    landmarks = converter.values[operator.inputs[0]]
    points = m.op("Slice", [landmarks, m.integers([0]), m.integers([2]), m.integers([2])])
    left = m.op("Gather", [points, m.integers([options["left_rotation_idx"]])], axis=1)
    right = m.op("Gather", [points, m.integers([options["right_rotation_idx"]])], axis=1)
    # (cosine, sine) of the angle of the line from left to right; the box is turned back by it.
    line = m.subtract(right, left)
    length = m.op("Max", [m.op("ReduceL2", [line], axes=[2], keepdims=1), m.floats(1e-12)])
    direction = m.op("Div", [line, length])
    cosine = m.slice(direction, 0, 1, 2)
    sine = m.negative(m.slice(direction, 1, 2, 2))

    chosen = m.op("Gather", [points, m.integers(options["subset_idxs"])], axis=1)
    x, y = m.slice(chosen, 0, 1, 2), m.slice(chosen, 1, 2, 2)
    turned_x = m.subtract(m.multiply(cosine, x), m.multiply(sine, y))
    turned_y = m.add(m.multiply(sine, x), m.multiply(cosine, y))
    right_edge, left_edge = m.largest(turned_x), m.smallest(turned_x)
    bottom_edge, top_edge = m.largest(turned_y), m.smallest(turned_y)
    # Names count up, so the order of these lines is part of the file.
    center_x = m.multiply(m.add(right_edge, left_edge), m.floats(0.5))
    center_y = m.multiply(m.add(bottom_edge, top_edge), m.floats(0.5))
    position_x = m.add(m.multiply(cosine, center_x), m.multiply(sine, center_y))
    position_y = m.subtract(m.multiply(cosine, center_y), m.multiply(sine, center_x))

    width, height = options["output_width"], options["output_height"]
    scale_x = m.multiply(m.subtract(right_edge, left_edge), m.floats(options["scale_x"] / width))
    scale_y = m.multiply(m.subtract(bottom_edge, top_edge), m.floats(options["scale_y"] / height))
    a, b = m.multiply(cosine, scale_x), m.multiply(sine, scale_y)
    c, d = m.negative(m.multiply(sine, scale_x)), m.multiply(cosine, scale_y)

    def shift(position, along_x, along_y):
        half_x = m.multiply(along_x, m.floats(width / 2))
        half_y = m.multiply(along_y, m.floats(height / 2))
        return m.subtract(position, m.add(half_x, half_y))

    shift_x = shift(position_x, a, b)
    shift_y = shift(position_y, c, d)
    zero = m.multiply(a, m.floats(0))
    one = m.add(zero, m.floats(1))
    rows = [
        m.op("Concat", row, axis=2)
        for row in ([a, b, zero, shift_x], [c, d, zero, shift_y], [zero, zero, one, zero], [zero, zero, zero, one])
    ]
    return m.op("Concat", rows, axis=1)


def transform_tensor_bilinear(converter, operator):
    """The part of a feature map that a matrix describes, sampled bilinearly; zero outside of the map."""
    options = flexible_options(operator)
    height, width = options["output_height"], options["output_width"]
    _, input_height, input_width, _ = converter.shape(operator.inputs[0])
    m = MatrixBuilder(converter)
    rows, columns = np.mgrid[0:height, 0:width]
    count = height * width
    # Centres of the output pixels as homogeneous coordinates.
    centers = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5, np.zeros(count), np.ones(count)], 0)
    matrix = m.slice(converter.values[operator.inputs[1]], 0, 2, 1)
    positions = m.op("MatMul", [matrix, converter.graph.constant(centers.astype(np.float32))])
    positions = m.subtract(positions, m.floats(0.5))
    positions = m.op("Transpose", [positions], perm=[0, 2, 1])
    positions = m.op("Reshape", [positions, m.integers([0, height, width, 2])])
    # 1 where the position lies inside of the map.
    last = m.floats([input_width - 1, input_height - 1])
    inside = m.op(
        "And",
        [m.op("GreaterOrEqual", [positions, m.floats(0)]), m.op("LessOrEqual", [positions, last])],
    )
    inside = m.op("ReduceMin", [m.op("Cast", [inside], to=TensorProto.FLOAT)], axes=[3], keepdims=0)
    inside = m.op("Unsqueeze", [inside, m.integers([1])])
    scale = converter.graph.constant((2 / np.array([input_width - 1, input_height - 1])).astype(np.float32))
    grid = m.subtract(m.multiply(positions, scale), m.floats(1))
    sampled = m.op(
        "GridSample",
        [converter.values[operator.inputs[0]], grid],
        mode="bilinear",
        padding_mode="zeros",
        align_corners=1,
    )
    return m.multiply(sampled, inside)


def transform_landmarks(converter, operator):
    """Points [N, points, 2] through the upper two rows of a matrix."""
    if converter.shape(operator.inputs[0])[2] != 2:
        raise SystemExit("only points of two coordinates are known")
    m = MatrixBuilder(converter)
    matrix = converter.values[operator.inputs[1]]

    def part(begin, end):
        return m.op("Slice", [matrix, m.integers(begin), m.integers(end), m.integers([1, 2])])

    linear, shift = part([0, 0], [2, 2]), part([0, 3], [2, 4])
    transposed = m.op("Transpose", [linear], perm=[0, 2, 1])
    moved = m.op("MatMul", [converter.values[operator.inputs[0]], transposed])
    return m.add(moved, m.op("Transpose", [shift], perm=[0, 2, 1]))


HANDLERS = {
    "Convolution2DTransposeBias": convolution_transpose_bias,
    "Landmarks2TransformMatrix": landmarks_to_transform_matrix,
    "TransformLandmarks": transform_landmarks,
    "TransformTensorBilinear": transform_tensor_bilinear,
}
