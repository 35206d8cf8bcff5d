"""What the conversions share: building an ONNX graph node by node, and writing the same bytes every time."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Every converted model declares these, so that the runtime needs no newer version than this.
OPSET = 17
IR_VERSION = 8


class GraphBuilder:
    """Collects nodes and constants. Names count up in the order of the calls, so that the same calls give the
    same file."""

    def __init__(self, share_constants=False):
        """With `share_constants`, equal constants become one."""
        self.nodes = []
        self._constants = []
        self._shared = {} if share_constants else None
        self._count = 0

    def unique(self, hint):
        """A name that is not taken."""
        self._count += 1
        return f"{hint}_{self._count}"

    def constant(self, array, hint="c"):
        """Adds a constant of at least one dimension; returns its name."""
        array = np.ascontiguousarray(array)
        if self._shared is None:
            return self.named_constant(array, self.unique(hint))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._shared:
            self._shared[key] = self.named_constant(array, self.unique(hint))
        return self._shared[key]

    def named_constant(self, array, name):
        """Adds a constant under a name of the caller's choice; returns the name."""
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, values):
        """Adds a float32 constant; returns its name."""
        return self.constant(np.array(values, np.float32))

    def integers(self, values):
        """Adds an int64 constant; returns its name."""
        return self.constant(np.array(values, np.int64))

    def op(self, kind, inputs, output=None, **attributes):
        """Adds a node with one output; returns the output's name, which is the node's name too."""
        output = output or self.unique(kind)
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def model(self, name, inputs, outputs, producer):
        """The finished and checked model. `producer` is written into the file."""
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        model.producer_name = producer
        onnx.checker.check_model(model)
        return model


def write_model(model, path):
    """Writes a model with its fields in a fixed order."""
    with open(path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
