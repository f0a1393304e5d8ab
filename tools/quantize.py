#!/usr/bin/env python3
"""Static INT8 of an ONNX model: quantize.py MODEL OUTPUT --calibration DIR [options]; what `vedette model quantize` runs.

DIR holds manifest.json, {"inputs": [{"name", "type", "shape"}], "pictures": N}, and N files 0.bin, 1.bin, …: the inputs' tensors one
behind the other, as the product's own preprocessing made them. The output is a graph of QuantizeLinear and DequantizeLinear pairs around
floating-point operations (QDQ), which ONNX Runtime's providers turn into integer kernels. Weights are quantised for each output channel.
Whether the result is any good is not judged here. Needs onnx and onnxruntime (scripts/fetch-python-tools).
"""
import argparse
import json
import logging
import os
import sys
import tempfile

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # the runtime would tell its maker about its use

import numpy as np
import onnx
from onnx import version_converter
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

TYPES = {"u8": QuantType.QUInt8, "s8": QuantType.QInt8}
METHODS = {"minmax": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy, "percentile": CalibrationMethod.Percentile}
# The first that has DequantizeLinear for each channel.
LEAST_OPSET = 13
WEIGHTED = {"Conv", "ConvTranspose", "MatMul", "Gemm"}
FOLLOWERS = {"Relu", "LeakyRelu", "Clip", "HardSwish", "MaxPool"}
MOST_STEM_CHANNELS = 4


class Pictures(CalibrationDataReader):
    """The tensors of the calibration folder, one picture at a time."""

    def __init__(self, folder):
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self._manifest = json.load(file)
        self._folder = folder
        self._next = 0

    def get_next(self):
        if self._next == self._manifest["pictures"]:
            return None
        data = np.fromfile(os.path.join(self._folder, f"{self._next}.bin"), dtype=np.uint8)
        self._next += 1
        tensors, offset = {}, 0
        for tensor in self._manifest["inputs"]:
            kind = np.dtype({"f32": "f4", "i64": "i8"}[tensor["type"]])
            size = int(np.prod(tensor["shape"])) * kind.itemsize
            tensors[tensor["name"]] = data[offset:offset + size].view(kind).reshape(tensor["shape"])
            offset += size
        if offset != len(data):
            sys.exit(f"quantize: {self._folder}/{self._next - 1}.bin has {len(data)} bytes, expected {offset}")
        return tensors


def near_outputs(graph, most):
    """Names of the nodes with fewer than `most` weighted operations on their shortest way to an output, themselves counted, and of what follows
    the last of these: a detector's heads, whose numbers are boxes and scores."""
    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    outputs = {output.name for output in graph.output}
    distance = {}
    for node in reversed(graph.node):
        ways = [distance[user.name] for name in node.output for user in users.get(name, [])]
        if any(name in outputs for name in node.output):
            ways.append(0)
        distance[node.name] = min(ways, default=0) + (node.op_type in WEIGHTED)
    return [name for name, way in distance.items() if way <= most]


def stem(graph):
    """Names of the convolutions over a picture's few channels, with their activations and pooling: integer kernels are slower there than float ones."""
    channels = {tensor.name: tensor.dims[1] for tensor in graph.initializer if len(tensor.dims) == 4}
    names, outputs = [], set()
    for node in graph.node:
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        few = node.op_type == "Conv" and groups == 1 and channels.get(node.input[1], MOST_STEM_CHANNELS + 1) <= MOST_STEM_CHANNELS
        if few or (node.op_type in FOLLOWERS and node.input[0] in outputs):
            names.append(node.name)
            outputs.update(node.output)
    return names


def pool_first(graph):
    """Swaps a rising activation with the pooling that follows it, which changes no number: ONNX Runtime moves the quantisation of what comes
    next up through pooling, and its integer pooling of a picture whose channels lie apart is slow."""
    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    for node in graph.node:
        after = users.get(node.output[0], [])
        falls = any(attribute.name == "alpha" and attribute.f < 0 for attribute in node.attribute)
        if node.op_type in {"Relu", "LeakyRelu"} and not falls and len(after) == 1 and after[0].op_type == "MaxPool" and len(after[0].output) == 1:
            pool, between, last = after[0], node.output[0], after[0].output[0]
            pool.input[0], node.input[0] = node.input[0], between
            pool.output[0], node.output[0] = between, last
            first, second = onnx.NodeProto(), onnx.NodeProto()
            first.CopyFrom(pool), second.CopyFrom(node)
            node.CopyFrom(first), pool.CopyFrom(second)


def opset_of(model):
    return next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))


def prepare(path, folder):
    """The model in an opset that QDQ needs, shapes inferred, batch norms folded, every node with a name of its own."""
    model = onnx.load(path)
    metadata = [(entry.key, entry.value) for entry in model.metadata_props]
    if opset_of(model) < LEAST_OPSET:
        model = version_converter.convert_version(model, LEAST_OPSET)
    pool_first(model.graph)
    for index, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{index}"
    whole, prepared = os.path.join(folder, "named.onnx"), os.path.join(folder, "prepared.onnx")
    onnx.save(model, whole)
    quant_pre_process(whole, prepared, skip_symbolic_shape=True)
    return prepared, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--activations", choices=TYPES, default="u8")
    parser.add_argument("--weights", choices=TYPES, default="s8")
    parser.add_argument("--seven-bit-weights", action="store_true", help="for processors whose 8-bit dot product saturates")
    parser.add_argument("--method", choices=METHODS, default="minmax", help="how ranges follow from what was seen")
    parser.add_argument("--percentile", type=float, default=99.99)
    parser.add_argument("--float-head", type=int, default=0, metavar="N", help="the last N weighted operations before each output stay in float")
    parser.add_argument("--float-stem", action="store_true", help="the convolutions over the picture's own channels stay in float")
    options = parser.parse_args()
    logging.disable(logging.WARNING)

    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(options.output))) as folder:
        prepared, metadata = prepare(options.model, folder)
        graph = onnx.load(prepared).graph
        excluded = near_outputs(graph, options.float_head) if options.float_head > 0 else []
        excluded += stem(graph) if options.float_stem else []
        extra = {"CalibPercentile": options.percentile} if options.method == "percentile" else {}
        # A symmetric range for signed activations: their zero is a plain 0, as integer kernels want it.
        extra["ActivationSymmetric"] = options.activations == "s8"
        quantize_static(prepared, options.output, Pictures(options.calibration), quant_format=QuantFormat.QDQ,
                        activation_type=TYPES[options.activations], weight_type=TYPES[options.weights],
                        per_channel=options.weights == "s8", reduce_range=options.seven_bit_weights,
                        calibrate_method=METHODS[options.method], nodes_to_exclude=excluded, extra_options=extra)
    model = onnx.load(options.output)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.save(model, options.output)


main()
