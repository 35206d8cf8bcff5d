"""Reads the constants of a TensorFlow Lite model, the sparse ones included."""

import numpy as np
import tflite

DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT64: np.int64,
    tflite.TensorType.INT8: np.int8,
}
INDEX_VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


def tensor_shape(tensor):
    return [int(length) for length in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []


def read_constants(model, graph):
    """The constant tensors by their number, dense."""
    constants = {}
    for number in range(graph.TensorsLength()):
        tensor = graph.Tensors(number)
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            values = np.frombuffer(buffer.DataAsNumpy().tobytes(), DTYPES[tensor.Type()])
            shape, sparsity = tensor_shape(tensor), tensor.Sparsity()
            constants[number] = values.reshape(shape) if sparsity is None else densify(values, sparsity, shape)
    return constants


def index_vector(kind, table):
    vector = INDEX_VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    return vector.ValuesAsNumpy().astype(np.int64)


def read_levels(sparsity):
    """The storage levels: (length, None, None) for a dense one, (None, segments, indices) for a sparse one."""
    levels = []
    for number in range(sparsity.DimMetadataLength()):
        level = sparsity.DimMetadata(number)
        if level.Format() == tflite.DimensionType.DENSE:
            levels.append((level.DenseSize(), None, None))
        else:
            segments = index_vector(level.ArraySegmentsType(), level.ArraySegments())
            indices = index_vector(level.ArrayIndicesType(), level.ArrayIndices())
            levels.append((None, segments, indices))
    return levels


def densify(values, sparsity, shape):
    """The dense array of a sparse tensor. Its storage levels are the tensor's dimensions in traversal order,
    followed by the dimensions of the blocks."""
    levels = read_levels(sparsity)
    order = [sparsity.TraversalOrder(i) for i in range(sparsity.TraversalOrderLength())]
    block_dimensions = [sparsity.BlockMap(i) for i in range(sparsity.BlockMapLength())]
    rank = len(shape)
    block_lengths = {
        block_dimensions[dimension - rank]: levels[level][0]
        for level, dimension in enumerate(order)
        if dimension >= rank
    }
    dense = np.zeros(shape, values.dtype)

    def fill(level, path, position):
        if level == len(levels):
            index = [0] * rank
            for step, dimension in zip(path, order):
                if dimension < rank:
                    index[dimension] += step * block_lengths.get(dimension, 1)
                else:
                    index[block_dimensions[dimension - rank]] += step
            dense[tuple(index)] = values[position]
            return
        length, segments, indices = levels[level]
        if length is not None:
            for step in range(length):
                fill(level + 1, [*path, step], position * length + step)
        else:
            for stored in range(segments[position], segments[position + 1]):
                fill(level + 1, [*path, int(indices[stored])], stored)

    fill(0, [], 0)
    return dense
