#!/usr/bin/env python3
"""More photos out of few: versions.py COCO_DIR OUTPUT_DIR COUNT writes COUNT versions of each photo, cut by some pixels and mirrored,
with instances.json. The first is the photo as it is.

Which of two neighbouring scores is higher decides average precision on 32 photos: one level of one pixel more or less moves it by
±0.005. Over several versions of each photo that averages out.
"""
import copy
import json
import os
import shutil
import sys

from PIL import Image, ImageOps

# Pixels cut off at the left and at the top, for every other version; those between are mirrored.
CUTS = [(0, 0), (5, 3), (2, 7), (9, 4), (3, 11), (12, 8), (7, 1), (6, 13)]


def main():
    source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(os.path.join(source, "instances.json")) as file:
        dataset = json.load(file)
    boxes_of = {image["id"]: [] for image in dataset["images"]}
    for annotation in dataset["annotations"]:
        boxes_of[annotation["image_id"]].append(annotation)
    os.makedirs(os.path.join(target, "images"))
    images, annotations = [], []
    for image in dataset["images"]:
        path = os.path.join(source, "images", image["file_name"])
        with Image.open(path) as file:
            picture = file.convert("RGB")
        for version in range(count):
            left, top = CUTS[version // 2]
            mirrored = version % 2 == 1
            name = f"{version}-{image['file_name']}"
            part = picture.crop((left, top, *picture.size))
            if version == 0:
                shutil.copy(path, os.path.join(target, "images", name))
            else:
                part = ImageOps.mirror(part) if mirrored else part
                part.save(os.path.join(target, "images", name), quality=98, subsampling=0)
            number = len(images) + 1
            images.append({"id": number, "file_name": name, "width": part.width, "height": part.height})
            for annotation in boxes_of[image["id"]]:
                x, y, width, height = annotation["bbox"]
                x0, y0, x1, y1 = max(x - left, 0), max(y - top, 0), x + width - left, y + height - top
                if x1 - x0 < 1 or y1 - y0 < 1:
                    continue
                box = copy.copy(annotation)
                box["bbox"] = [part.width - x1 if mirrored else x0, y0, x1 - x0, y1 - y0]
                box["area"] = (x1 - x0) * (y1 - y0)
                box["image_id"], box["id"] = number, len(annotations) + 1
                annotations.append(box)
    with open(os.path.join(target, "instances.json"), "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": dataset["categories"]}, file)


if __name__ == "__main__":
    main()
