#!/usr/bin/env python3
"""What each family's own code makes of a model: reference.py [--exact] COCO_DIR FAMILY=MODEL.onnx… prints a line for each,
{"model", "ap", "ap50"}.

COCO_DIR has instances.json and images/. Pictures are decoded by Pillow, models run by ONNX Runtime, average precision is pycocotools'.
Nothing of Vedette takes part: how a picture becomes a tensor and the outputs become boxes is written here after the code that the
models were published with, named at each function.

Pillow and OpenCV resize in fixed point and round in between. With --exact the same filters are computed in double precision and
rounded once, at the end.
"""
import contextlib
import io
import json
import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # the runtime would tell its maker about its use

import numpy as np
import onnxruntime
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)


def planar(picture):
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32)


EXACT = False


def weighted(picture, rows, columns):
    return np.einsum("yh,hwc,xw->yxc", rows, picture.astype(np.float64), columns, optimize=True)


def bilinear_taps(source, target):
    """Two taps at pixel centres, the outermost pixels go on beyond the border: cv2's INTER_LINEAR."""
    place = (np.arange(target) + 0.5) * (source / target) - 0.5
    first = np.floor(place).astype(int)
    weight = np.where((first < 0) | (first >= source - 1), 0.0, place - first)
    first = first.clip(0, source - 1)
    return first, np.minimum(first + 1, source - 1), weight


def opencv_resize(picture, width, height):
    """cv2.resize(…, INTER_LINEAR) of 8-bit pixels: weights in 1/2048, rounded once."""
    left, right, across = bilinear_taps(picture.shape[1], width)
    top, bottom, down = bilinear_taps(picture.shape[0], height)
    if EXACT:
        pixels = picture.astype(np.float64)
        pixels = pixels[:, left] + (pixels[:, right] - pixels[:, left]) * across[None, :, None]
        return np.rint(pixels[top] + (pixels[bottom] - pixels[top]) * down[:, None, None]).astype(np.uint8)
    across, down = np.rint(across * 2048).astype(np.int64), np.rint(down * 2048).astype(np.int64)
    pixels = picture.astype(np.int64)
    pixels = pixels[:, left] * (2048 - across)[None, :, None] + pixels[:, right] * across[None, :, None]
    pixels = pixels[top] * (2048 - down)[:, None, None] + pixels[bottom] * down[:, None, None]
    return ((pixels + (1 << 21)) >> 22).astype(np.uint8)


def antialiased_taps(source, target):
    """A triangle as wide as a target's pixel, if that is more than the source's: Pillow's BILINEAR."""
    scale = source / target
    reach = max(scale, 1.0)
    centre = (np.arange(target) + 0.5) * scale
    distance = (np.arange(source) + 0.5)[None, :] - centre[:, None]
    weights = (1 - np.abs(distance) / reach).clip(0)
    return weights / weights.sum(1, keepdims=True)


def pillow_resize(picture, width, height):
    if EXACT:
        pixels = np.asarray(picture)
        rows, columns = antialiased_taps(pixels.shape[0], height), antialiased_taps(pixels.shape[1], width)
        return np.rint(weighted(pixels, rows, columns)).clip(0, 255)
    return np.asarray(picture.resize((width, height), Image.BILINEAR))


def suppress(boxes, scores, most_overlap, pixel=0):
    """Greedy, as torchvision.ops.nms: indexes of what stays, best first. `pixel` 1: boxes reach to their last pixel's far side."""
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0] + pixel) * (boxes[:, 3] - boxes[:, 1] + pixel)
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        size = (np.minimum(boxes[best, 2:], boxes[rest, 2:]) - corner + pixel).clip(0)
        shared = size[:, 0] * size[:, 1]
        with np.errstate(invalid="ignore"):  # empty boxes
            overlap = shared / (areas[best] + areas[rest] - shared)
        order = rest[~(overlap > most_overlap)]
    return np.array(kept, int)


def suppress_by_class(boxes, scores, classes, most_overlap, pixel=0):
    kept = [np.zeros(0, int)]
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        kept.append(members[suppress(boxes[members], scores[members], most_overlap, pixel)])
    kept = np.concatenate(kept)
    return kept[np.argsort(-scores[kept], kind="stable")]


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def softmax_expectation(logits):
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return (weights * np.arange(logits.shape[-1])).sum(-1) / weights.sum(-1)


def grid(size, stride, offset):
    rows, columns = np.mgrid[0 : -(-size[1] // stride), 0 : -(-size[0] // stride)]
    return np.stack([columns.ravel() + offset, rows.ravel() + offset], 1).astype(np.float64)


def stretched(picture, size):
    """torchvision's Resize of a Pillow picture, then ToTensor."""
    return pillow_resize(picture, *size).astype(np.float32) / 255


def best_of_queries(logits, boxes, picture, most):
    """PostProcess of RT-DETR, D-FINE, DEIM and RF-DETR: the best (query, class) pairs, boxes from centre and size."""
    scores = sigmoid(logits)
    order = np.argsort(-scores.ravel(), kind="stable")[:most]
    query, classes = np.divmod(order, logits.shape[1])
    centre, half = boxes[query, :2], boxes[query, 2:] / 2
    return np.concatenate([centre - half, centre + half], 1) * np.tile(picture.size, 2), scores.ravel()[order], classes


def detr(session, picture, size):
    """rtdetrv2_pytorch/references/deploy/rtdetrv2_onnxruntime.py, DEIMv2's configs/deimv2/deimv2_hgnetv2_atto_coco.yml (no Normalize)."""
    labels, boxes, scores = session.run(
        ["labels", "boxes", "scores"],
        {"images": planar(stretched(picture, size)), "orig_target_sizes": np.array([picture.size], np.int64)},
    )
    return boxes[0], scores[0], labels[0]


def detr_raw(session, picture, size):
    """The same before its postprocessor (src/zoo/rtdetr/rtdetr_postprocessor.py)."""
    logits, boxes = session.run(["logits", "pred_boxes"], {session.get_inputs()[0].name: planar(stretched(picture, size))})
    return best_of_queries(logits[0], boxes[0], picture, 300)


def rf_detr(session, picture, size):
    """rfdetr 1.4: datasets/coco.py (SquareResize, ToTensor, Normalize), models/lwdetr.py PostProcess; classes are COCO's category ids."""
    tensor = planar((stretched(picture, size) - IMAGENET_MEAN) / IMAGENET_STD)
    logits, boxes = session.run(["labels", "dets"], {"input": tensor})
    return best_of_queries(logits[0], boxes[0], picture, 300)


def yolox(session, picture, size):
    """yolox/data/data_augment.py preproc(), yolox/utils/demo_utils.py demo_postprocess() and multiclass_nms_class_aware(). Scores
    above 0.001 and an overlap of 0.65, as for average precision; as many boxes as a record of Vedette holds."""
    pixels = np.asarray(picture)[:, :, ::-1]
    ratio = min(size[1] / pixels.shape[0], size[0] / pixels.shape[1])
    inner = opencv_resize(pixels, int(pixels.shape[1] * ratio), int(pixels.shape[0] * ratio))
    tensor = np.full((size[1], size[0], 3), 114, np.uint8)
    tensor[: inner.shape[0], : inner.shape[1]] = inner
    out = session.run(None, {session.get_inputs()[0].name: planar(tensor)})[0][0].astype(np.float64)
    strides = np.concatenate([np.full((len(grid(size, s, 0)), 1), s) for s in (8, 16, 32)])
    centre = (out[:, :2] + np.concatenate([grid(size, s, 0) for s in (8, 16, 32)])) * strides
    half = np.exp(out[:, 2:4]) * strides / 2
    boxes = np.concatenate([centre - half, centre + half], 1) / ratio
    scores = out[:, 4:5] * out[:, 5:]
    cells, classes = np.nonzero(scores > 0.001)
    boxes, scores = boxes[cells], scores[cells, classes]
    kept = suppress_by_class(boxes, scores, classes, 0.65, pixel=1)[:300]
    return boxes[kept], scores[kept], classes[kept]


def nanodet(session, picture, size):
    """nanodet/model/head/gfl_head.py get_bboxes() with config/legacy_v0.x_configs/nanodet-g.yml: the picture keeps its shape, what
    is missing of the tensor is 0 after normalisation (nanodet/data/batch_process.py), as training batches had it. Its own resize is
    warpPerspective, whose pixels lie a fraction to the side; here OpenCV's resize, as in its demos for other runtimes."""
    mean, std = np.array([103.53, 116.28, 123.675]), np.array([57.375, 57.12, 58.395])
    pixels = np.asarray(picture)[:, :, ::-1]
    ratio = min(size[1] / pixels.shape[0], size[0] / pixels.shape[1])
    inner = (opencv_resize(pixels, int(pixels.shape[1] * ratio), int(pixels.shape[0] * ratio)) - mean) / std
    tensor = np.zeros((size[1], size[0], 3))
    tensor[: inner.shape[0], : inner.shape[1]] = inner
    outputs = session.run(None, {session.get_inputs()[0].name: planar(tensor)})
    all_boxes, all_scores = [], []
    for stride, scores, distances in zip((8, 16, 32), outputs[:3], outputs[3:]):
        centre = grid(size, stride, 0.5) * stride
        sides = softmax_expectation(distances[0].reshape(len(centre), 4, -1)) * stride
        all_boxes.append(np.concatenate([centre - sides[:, :2], centre + sides[:, 2:]], 1))
        all_scores.append(scores[0])
    scores = np.concatenate(all_scores)
    cells, classes = np.nonzero(scores > 0.05)
    boxes = np.concatenate(all_boxes).clip(0, np.tile(size, 2))[cells] / ratio
    scores = scores[cells, classes]
    kept = suppress_by_class(boxes, scores, classes, 0.6)[:100]
    return boxes[kept], scores[kept], classes[kept]


FAMILIES = {"detr": detr, "detr-raw": detr_raw, "rf-detr": rf_detr, "yolox": yolox, "nanodet": nanodet}


def average_precision(truth, found):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {"ap": float(evaluation.stats[0]), "ap50": float(evaluation.stats[1])}


def run(folder, truth, family, model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    height, width = next(t.shape for t in session.get_inputs() if len(t.shape) == 4)[2:]
    category_ids = sorted(truth.getCatIds())
    found = []
    for image in truth.dataset["images"]:
        with Image.open(os.path.join(folder, "images", image["file_name"])) as file:
            picture = file.convert("RGB")
        boxes, scores, classes = FAMILIES[family](session, picture, (width, height))
        boxes = boxes.clip(0, np.tile(picture.size, 2))
        for box, score, number in zip(boxes.tolist(), scores.tolist(), classes.tolist()):
            category = number if family == "rf-detr" else category_ids[number]
            found.append({"image_id": image["id"], "category_id": category, "score": score,
                          "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]})
    return average_precision(truth, found)


def main():
    global EXACT
    arguments = sys.argv[1:]
    EXACT = arguments[0] == "--exact"
    folder, *models = arguments[1:] if EXACT else arguments
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(os.path.join(folder, "instances.json"))
    for argument in models:
        family, model = argument.split("=", 1)
        print(json.dumps({"model": model, **run(folder, truth, family, model)}), flush=True)


if __name__ == "__main__":
    main()
