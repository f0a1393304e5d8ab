"""COCO's average precision by pycocotools itself: pycoco.py INSTANCES RESULTS, both JSON. Prints {"ap", "ap50", "ap75", "person_ap"}."""
import contextlib
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

with contextlib.redirect_stdout(sys.stderr):
    truth = COCO(sys.argv[1])
    found = truth.loadRes(sys.argv[2])

    def figures(categories):
        evaluation = COCOeval(truth, found, "bbox")
        if categories:
            evaluation.params.catIds = categories
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        return [float(value) for value in evaluation.stats[:3]]

    ap, ap50, ap75 = figures([])
    person = figures(truth.getCatIds(catNms=["person"]))[0]
print(json.dumps({"ap": ap, "ap50": ap50, "ap75": ap75, "person_ap": person}))
