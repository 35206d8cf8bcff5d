"""Turns the sentence-embedding model all-MiniLM-L6-v2 (safetensors) into ONNX.

usage: minilm_to_onnx.py model.safetensors OUTPUT.onnx

The graph is BERT's encoder (6 layers, 384 wide, 12 heads), the mean over the tokens of the mask, and scaling to
length one, as the model card describes. Inputs `input_ids` and `attention_mask` int64 [batch, sequence]; output
`sentence_embedding` float32 [batch, 384]. Matrices are stored as float16 and expanded once on loading; all
arithmetic is float32.
"""

import argparse
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from safetensors.numpy import load_file

from onnx_graph import GraphBuilder, write_model

# Written into the file and thereby part of the checksum in models/models.toml.
PRODUCER = "embed_build spike"
LAYERS = 6
WIDTH = 384
HEADS = 12
EPSILON = 1e-12
# Added to the attention scores of masked tokens.
MASKED_SCORE = -1e9


class MiniLm:
    """Writes the encoder into a graph. Names follow the layers: `l0.qkv`, `l0.ff1` and so on."""

    def __init__(self, weights):
        self.weights = weights
        self.graph = GraphBuilder()

    def constant(self, name, array):
        """A constant; float32 matrices are stored as float16."""
        if array.dtype != np.float32 or array.ndim != 2:
            return self.graph.named_constant(array, name)
        stored = self.graph.named_constant(array.astype(np.float16), f"{name}.f16")
        node = helper.make_node("Cast", [stored], [name], f"{name}.cast", to=TensorProto.FLOAT)
        self.graph.nodes.append(node)
        return name

    def op(self, kind, inputs, name, **attributes):
        return self.graph.op(kind, inputs, name, **attributes)

    def linear(self, x, name, weight, bias):
        weight = self.constant(f"{name}.w", np.ascontiguousarray(weight.T))
        product = self.op("MatMul", [x, weight], f"{name}.mm")
        return self.op("Add", [product, self.constant(f"{name}.b", bias)], name)

    def layer_norm(self, x, name, prefix):
        gain = self.constant(f"{name}.g", self.weights[f"{prefix}.weight"])
        offset = self.constant(f"{name}.c", self.weights[f"{prefix}.bias"])
        return self.op("LayerNormalization", [x, gain, offset], name, axis=-1, epsilon=EPSILON)

    def embeddings(self):
        """Token and position vectors; the token type is always 0, so its row is part of the position table."""
        for name, value in (("zero", 0), ("one", 1), ("two", 2), ("minus1", -1)):
            self.constant(name, np.array([value], np.int64))
        positions = (
            self.weights["embeddings.position_embeddings.weight"]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        shape = self.op("Shape", ["input_ids"], "shape")
        self.batch = self.op("Slice", [shape, "zero", "one"], "B")
        self.sequence = self.op("Slice", [shape, "one", "two"], "S")
        positions = self.constant("pos", positions)
        position_rows = self.op("Slice", [positions, "zero", self.sequence, "zero"], "pos_rows")
        words = self.constant("words", self.weights["embeddings.word_embeddings.weight"])
        word_rows = self.op("Gather", [words, "input_ids"], "word_rows")
        x = self.op("Add", [word_rows, position_rows], "emb_sum")
        return self.layer_norm(x, "emb", "embeddings.LayerNorm")

    def attention_constants(self):
        """The mask as an addend of the scores, and what every layer's attention shares."""
        self.mask = self.op("Cast", ["attention_mask"], "mask_f", to=TensorProto.FLOAT)
        inverse = self.op("Sub", [self.constant("f1", np.array(1, np.float32)), self.mask], "inv")
        addend = self.op("Mul", [inverse, self.constant("neg", np.array(MASKED_SCORE, np.float32))], "bias2")
        axes = self.constant("ax12", np.array([1, 2], np.int64))
        self.mask_addend = self.op("Unsqueeze", [addend, axes], "bias4")
        self.thirds = self.constant("qkv_split", np.array([WIDTH] * 3, np.int64))
        per_head = self.constant("hd", np.array([HEADS, WIDTH // HEADS], np.int64))
        self.head_shape = self.op("Concat", [self.batch, self.sequence, per_head], "split_shape", axis=0)
        whole = self.constant("dd", np.array([WIDTH], np.int64))
        self.merged_shape = self.op("Concat", [self.batch, self.sequence, whole], "merge_shape", axis=0)
        self.scale = self.constant("scale", np.array(1 / np.sqrt(WIDTH // HEADS), np.float32))

    def attention(self, x, layer):
        """Self-attention with the three projections in one matrix."""
        prefix = f"encoder.layer.{layer}.attention.self."
        parts = ("query", "key", "value")
        weight = np.concatenate([self.weights[f"{prefix}{part}.weight"] for part in parts])
        bias = np.concatenate([self.weights[f"{prefix}{part}.bias"] for part in parts])
        name = f"l{layer}"
        qkv = self.linear(x, f"{name}.qkv", weight, bias)
        outputs = [f"{name}.q", f"{name}.k", f"{name}.v"]
        split = helper.make_node("Split", [qkv, self.thirds], outputs, name=f"{name}.split", axis=2)
        self.graph.nodes.append(split)

        def heads(part, axes):
            rows = self.op("Reshape", [f"{name}.{part}", self.head_shape], f"{name}.{part}4")
            return self.op("Transpose", [rows], f"{name}.{part}h", perm=axes)

        query, key, value = heads("q", [0, 2, 1, 3]), heads("k", [0, 2, 3, 1]), heads("v", [0, 2, 1, 3])
        scores = self.op("MatMul", [query, key], f"{name}.qk")
        scores = self.op("Mul", [scores, self.scale], f"{name}.sc")
        scores = self.op("Add", [scores, self.mask_addend], f"{name}.scm")
        weights = self.op("Softmax", [scores], f"{name}.p", axis=-1)
        context = self.op("MatMul", [weights, value], f"{name}.ctx")
        context = self.op("Transpose", [context], f"{name}.ctxt", perm=[0, 2, 1, 3])
        return self.op("Reshape", [context, self.merged_shape], f"{name}.ctx3")

    def gelu(self, x, name):
        """x/2 (1 + erf(x/sqrt 2))."""
        divisor = self.constant(f"{name}.sqrt2", np.array(np.sqrt(2), np.float32))
        erf = self.op("Erf", [self.op("Div", [x, divisor], f"{name}.g1")], f"{name}.g2")
        product = self.op("Mul", [x, self.op("Add", [erf, "f1"], f"{name}.g3")], f"{name}.g4")
        half = self.constant(f"{name}.half", np.array(0.5, np.float32))
        return self.op("Mul", [product, half], f"{name}.gelu")

    def layer(self, x, layer):
        """Attention and feed-forward, each with a residual connection and layer normalisation."""
        prefix, name, weights = f"encoder.layer.{layer}.", f"l{layer}", self.weights

        def dense(x, suffix, part):
            return self.linear(
                x, f"{name}.{suffix}", weights[f"{prefix}{part}.weight"], weights[f"{prefix}{part}.bias"]
            )

        projected = dense(self.attention(x, layer), "o", "attention.output.dense")
        x = self.op("Add", [projected, x], f"{name}.r1")
        x = self.layer_norm(x, f"{name}.ln1", f"{prefix}attention.output.LayerNorm")
        hidden = self.gelu(dense(x, "ff1", "intermediate.dense"), name)
        projected = dense(hidden, "ff2", "output.dense")
        x = self.op("Add", [projected, x], f"{name}.r2")
        return self.layer_norm(x, f"{name}.ln2", f"{prefix}output.LayerNorm")

    def pooled(self, x):
        """Mean over the tokens of the mask, scaled to length one."""
        mask = self.op("Unsqueeze", [self.mask, "minus1"], "mask3")
        masked = self.op("Mul", [x, mask], "xm")
        total = self.op("ReduceSum", [masked, "one"], "sum", keepdims=0)
        count = self.op("ReduceSum", [self.mask, "one"], "cnt", keepdims=1)
        count = self.op("Max", [count, self.constant("tiny", np.array(1e-9, np.float32))], "cntc")
        mean = self.op("Div", [total, count], "mean")
        length = self.op("ReduceL2", [mean], "l2", axes=[1], keepdims=1)
        length = self.op("Max", [length, self.constant("eps12", np.array(1e-12, np.float32))], "l2c")
        return self.op("Div", [mean, length], "sentence_embedding")

    def build(self):
        """The whole model."""
        x = self.embeddings()
        self.attention_constants()
        for layer in range(LAYERS):
            x = self.layer(x, layer)
        self.pooled(x)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", WIDTH])
        return self.graph.model("all-MiniLM-L6-v2", inputs, [output], PRODUCER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    write_model(MiniLm(load_file(arguments.weights)).build(), arguments.output)


if __name__ == "__main__":
    main()
