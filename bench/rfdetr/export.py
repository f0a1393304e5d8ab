"""export.py OUT: RF-DETR nano (384 × 384, 300 queries × 91 classes) as OUT/…, an ONNX file whose name is the last line said. The weights are
random, the same every time: the graph and its tensors are real, what it finds means nothing.
"""
import sys

import torch
from rfdetr import RFDETRNano

torch.manual_seed(0)
print(RFDETRNano(pretrain_weights=None, device="cpu").export(output_dir=sys.argv[1], verbose=False))
