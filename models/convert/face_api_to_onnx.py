"""Turns the expression model of face-api (TensorFlow.js weight shards) into ONNX.

usage: face_api_to_onnx.py WEIGHTS.bin OUTPUT.onnx face_expression_model
The description MODEL-weights_manifest.json lies beside the weights.

The network is TinyXception as face-api defines it: four blocks of depthwise separable convolutions with dense
connections, average pooling and one linear layer. Input `image` float32 [N, 112, 112, 3], RGB 0..255;
output `probabilities` float32 [N, 7]. Weights stay 8-bit in the file; the runtime expands them once on loading.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from onnx_graph import GraphBuilder, write_model

# Written into the file and thereby part of the checksum in models/models.toml.
PRODUCER = "faceapi2onnx spike"
IMAGE_SIZE = 112
EXPRESSIONS = 7
# The mean colour that face-api subtracts before it divides by 255.
MEAN_RGB = [122.782, 117.001, 104.298]
# Smaller weights are not worth two more nodes.
SMALLEST_QUANTIZED = 256
DTYPES = {"float32": np.float32, "int32": np.int32, "uint8": np.uint8, "uint16": np.uint16}


def read_weights(folder, model):
    """The weights by name: array as stored, and its quantization ({dtype, scale, min}) or None."""
    manifest = json.loads((folder / f"{model}-weights_manifest.json").read_text())
    weights = {}
    for group in manifest:
        shards = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            quantization = entry.get("quantization")
            dtype = np.dtype(DTYPES[quantization["dtype"] if quantization else entry["dtype"]])
            count = int(np.prod(entry["shape"])) if entry["shape"] else 1
            array = np.frombuffer(shards, dtype, count, offset).reshape(entry["shape"])
            weights[entry["name"]] = (array, quantization)
            offset += count * dtype.itemsize
        if offset != len(shards):
            raise SystemExit(f"the weight shards have {len(shards)} bytes, their description {offset}")
    return weights


class ExpressionNetwork:
    """Writes the layers of the network into a graph."""

    def __init__(self, weights):
        self.weights = weights
        self.graph = GraphBuilder()

    def parameter(self, name, axes=None):
        """A weight as float32, with its axes in another order if wanted."""
        array, quantization = self.weights[name]
        if axes:
            array = array.transpose(axes)
        if quantization is None:
            return self.graph.constant(array.astype(np.float32), "w")
        scale, minimum = quantization["scale"], quantization["min"]
        if quantization["dtype"] == "uint8" and array.size >= SMALLEST_QUANTIZED:
            stored = self.graph.op("Cast", [self.graph.constant(array, "q")], to=TensorProto.FLOAT)
            scaled = self.graph.op("Mul", [stored, self.graph.floats(scale)])
            return self.graph.op("Add", [scaled, self.graph.floats(minimum)])
        values = (array * np.float32(scale) + np.float32(minimum)).astype(np.float32)
        return self.graph.constant(values, "w")

    def convolution(self, x, name, stride):
        """A full convolution with bias."""
        kernel = list(self.weights[f"{name}/filters"][0].shape[:2])
        filters = self.parameter(f"{name}/filters", (3, 2, 0, 1))
        bias = self.parameter(f"{name}/bias")
        return self.graph.op(
            "Conv", [x, filters, bias], kernel_shape=kernel, strides=[stride] * 2, auto_pad="SAME_UPPER"
        )

    def separable(self, x, name, stride=1):
        """A 3x3 convolution per channel followed by a 1x1 convolution with bias."""
        channels = self.weights[f"{name}/depthwise_filter"][0].shape[2]
        depthwise = self.parameter(f"{name}/depthwise_filter", (2, 3, 0, 1))
        x = self.graph.op(
            "Conv",
            [x, depthwise],
            kernel_shape=[3, 3],
            strides=[stride] * 2,
            group=channels,
            auto_pad="SAME_UPPER",
        )
        pointwise = self.parameter(f"{name}/pointwise_filter", (3, 2, 0, 1))
        bias = self.parameter(f"{name}/bias")
        return self.graph.op("Conv", [x, pointwise, bias], kernel_shape=[1, 1])

    def relu(self, x):
        return self.graph.op("Relu", [x])

    def add(self, a, b):
        return self.graph.op("Add", [a, b])

    def dense_block(self, x, name, first):
        """Four convolutions, each of which sees the sum of all before it."""
        if first:
            out1 = self.relu(self.convolution(x, f"{name}/conv0", stride=2))
        else:
            out1 = self.relu(self.separable(x, f"{name}/conv0", stride=2))
        out2 = self.separable(out1, f"{name}/conv1")
        out3 = self.separable(self.relu(self.add(out1, out2)), f"{name}/conv2")
        out4 = self.separable(self.relu(self.add(out1, self.add(out2, out3))), f"{name}/conv3")
        return self.relu(self.add(out1, self.add(out2, self.add(out3, out4))))

    def build(self, name):
        """The whole model."""
        graph = self.graph
        x = graph.op("Transpose", ["image"], perm=[0, 3, 1, 2])
        x = graph.op("Sub", [x, graph.floats(np.array(MEAN_RGB).reshape(1, 3, 1, 1))])
        x = graph.op("Div", [x, graph.floats(255)])
        for block in range(4):
            x = self.dense_block(x, f"dense{block}", first=block == 0)
        x = graph.op("AveragePool", [x], kernel_shape=[7, 7], strides=[2, 2])
        x = graph.op("Flatten", [x], axis=1)
        x = graph.op("Gemm", [x, self.parameter("fc/weights"), self.parameter("fc/bias")])
        graph.op("Softmax", [x], output="probabilities", axis=1)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", IMAGE_SIZE, IMAGE_SIZE, 3])
        probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", EXPRESSIONS])
        return graph.model(name, [image], [probabilities], PRODUCER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("model", choices=["face_expression_model"])
    arguments = parser.parse_args()
    weights = read_weights(arguments.weights.parent, arguments.model)
    write_model(ExpressionNetwork(weights).build(arguments.model), arguments.output)


if __name__ == "__main__":
    main()
