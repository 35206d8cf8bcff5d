"""Turns a model in ONNX Runtime's own format (.ort, a flatbuffer) back into ONNX.

usage: ort_to_onnx.py INPUT.ort OUTPUT.onnx [--cross-attention]

With --cross-attention, the decoder's attention over the audio, which gives words their times, becomes an output
`cross_attentions.N` per layer. Only the schema inside the onnxruntime package is used, not the runtime.
"""

import argparse
import re
from pathlib import Path

import onnx
from onnx import AttributeProto, TensorProto, helper
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.DimensionValueType import DimensionValueType
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.TensorTypeAndShape import TensorTypeAndShape

from onnx_graph import write_model

# Written into the file and thereby part of the checksum in models/models.toml.
PRODUCER = "ort2onnx spike"
# Moonshine tiny: decoder layers and attention heads.
DECODER_LAYERS = 6
HEADS = 8
CROSS_ATTENTION = re.compile(r"layers\.(\d+)/encoder_attn")


def text(raw):
    return raw.decode() if raw is not None else ""


def listed(count, item):
    """The items of a flatbuffer vector."""
    return [item(index) for index in range(count)]


def read_tensor(source):
    tensor = TensorProto()
    tensor.name = text(source.Name())
    tensor.data_type = source.DataType()
    tensor.dims.extend(listed(source.DimsLength(), source.Dims))
    if source.DataType() == TensorProto.STRING:
        tensor.string_data.extend(listed(source.StringDataLength(), source.StringData))
    else:
        tensor.raw_data = source.RawDataAsNumpy().tobytes() if source.RawDataLength() else b""
    return tensor


def read_dimension(dimension):
    """A length, a name or None for unknown."""
    value = dimension.Value()
    if value is None:
        return None
    if value.DimType() == DimensionValueType.VALUE:
        return value.DimValue()
    if value.DimType() == DimensionValueType.PARAM:
        return text(value.DimParam())
    return None


def read_value_info(source):
    value = source.Type().Value()
    tensor_type = TensorTypeAndShape()
    tensor_type.Init(value.Bytes, value.Pos)
    shape = tensor_type.Shape()
    dimensions = None
    if shape is not None:
        dimensions = [read_dimension(dimension) for dimension in listed(shape.DimLength(), shape.Dim)]
    return helper.make_tensor_value_info(text(source.Name()), tensor_type.ElemType(), dimensions)


def read_attribute(source):
    attribute = AttributeProto()
    attribute.name = text(source.Name())
    attribute.type = kind = source.Type()
    if kind == AttributeProto.FLOAT:
        attribute.f = source.F()
    elif kind == AttributeProto.INT:
        attribute.i = source.I()
    elif kind == AttributeProto.STRING:
        attribute.s = source.S() or b""
    elif kind == AttributeProto.TENSOR:
        attribute.t.CopyFrom(read_tensor(source.T()))
    elif kind == AttributeProto.GRAPH:
        attribute.g.CopyFrom(read_graph(source.G(), text(source.Name())))
    elif kind == AttributeProto.FLOATS:
        attribute.floats.extend(listed(source.FloatsLength(), source.Floats))
    elif kind == AttributeProto.INTS:
        attribute.ints.extend(listed(source.IntsLength(), source.Ints))
    elif kind == AttributeProto.STRINGS:
        attribute.strings.extend(listed(source.StringsLength(), source.Strings))
    else:
        raise SystemExit(f"attribute {attribute.name} has the unknown type {kind}")
    return attribute


def read_node(source):
    node = onnx.NodeProto()
    node.name, node.op_type, node.domain = text(source.Name()), text(source.OpType()), text(source.Domain())
    node.input.extend(text(name) for name in listed(source.InputsLength(), source.Inputs))
    node.output.extend(text(name) for name in listed(source.OutputsLength(), source.Outputs))
    node.attribute.extend(read_attribute(item) for item in listed(source.AttributesLength(), source.Attributes))
    return node


def names_needed(node, made):
    """The names out of `made` that must exist before the node runs, those in its subgraphs included."""
    needed = {name for name in node.input if name in made}
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            inner = {name for child in attribute.g.node for name in child.output}
            inner |= {tensor.name for tensor in attribute.g.initializer}
            used = {name for child in attribute.g.node for name in child.input}
            used |= {output.name for output in attribute.g.output}
            needed |= {name for name in used if name in made and name not in inner}
    return needed


def in_order(nodes):
    """The nodes, each after those whose outputs it needs, otherwise in their old order."""
    made = {name for node in nodes for name in node.output if name}
    waiting = [(node, names_needed(node, made)) for node in nodes]
    done, ordered = set(), []
    while waiting:
        still_waiting = []
        for node, needed in waiting:
            if needed <= done:
                ordered.append(node)
                done |= set(node.output)
            else:
                still_waiting.append((node, needed))
        if len(still_waiting) == len(waiting):
            raise SystemExit("the graph has a cycle")
        waiting = still_waiting
    return ordered


def read_graph(source, name):
    initializers = [read_tensor(item) for item in listed(source.InitializersLength(), source.Initializers)]
    arguments = {text(item.Name()): item for item in listed(source.NodeArgsLength(), source.NodeArgs)}
    constants = {tensor.name for tensor in initializers}
    inputs = [text(item) for item in listed(source.InputsLength(), source.Inputs)]
    outputs = [text(item) for item in listed(source.OutputsLength(), source.Outputs)]
    graph = onnx.GraphProto()
    graph.name = name
    graph.node.extend(in_order([read_node(item) for item in listed(source.NodesLength(), source.Nodes)]))
    graph.initializer.extend(initializers)
    graph.input.extend(read_value_info(arguments[item]) for item in inputs if item not in constants)
    graph.output.extend(
        read_value_info(arguments[item]) if item in arguments else onnx.ValueInfoProto(name=item)
        for item in outputs
    )
    return graph


def domains_used(graph):
    """The operator domains of a graph and its subgraphs; the standard one is empty."""
    used = set()
    for node in graph.node:
        used.add("" if node.domain == "ai.onnx" else node.domain)
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                used |= domains_used(attribute.g)
    return used


def read_model(path):
    """The ONNX model in an .ort file."""
    source = InferenceSession.GetRootAsInferenceSession(path.read_bytes(), 0).Model()
    graph = read_graph(source.Graph(), "main")
    used = domains_used(graph) | {""}
    versions = {}
    for item in listed(source.OpsetImportLength(), source.OpsetImport):
        versions[text(item.Domain())] = item.Version()
    opsets = [helper.make_opsetid(domain, version) for domain, version in versions.items() if domain in used]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = source.IrVersion()
    model.producer_name = PRODUCER
    return model


def add_cross_attention(model):
    """Makes the Softmax of each layer's attention over the audio an output, in both branches of the decoder
    (with and without cache) and of the whole model."""
    branch_node = next(node for node in model.graph.node if node.op_type == "If")
    for attribute in branch_node.attribute:
        branch, found = attribute.g, {}
        for node in branch.node:
            match = CROSS_ATTENTION.search(f"{node.name} {node.output[0]}")
            if node.op_type == "Softmax" and match:
                found[int(match.group(1))] = node.output[0]
        if sorted(found) != list(range(DECODER_LAYERS)):
            raise SystemExit(f"branch {attribute.name} has attention over the audio in layers {sorted(found)}")
        for layer in range(DECODER_LAYERS):
            name = f"xattn_{attribute.name}_{layer}"
            branch.node.append(helper.make_node("Identity", [found[layer]], [name], name=name))
            branch.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4))
    for layer in range(DECODER_LAYERS):
        name = f"cross_attentions.{layer}"
        branch_node.output.append(name)
        shape = ["batch_size", HEADS, "decoder_sequence_length", "encoder_sequence_length"]
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--cross-attention", action="store_true")
    arguments = parser.parse_args()
    model = read_model(arguments.input)
    if arguments.cross_attention:
        add_cross_attention(model)
    write_model(model, arguments.output)


if __name__ == "__main__":
    main()
