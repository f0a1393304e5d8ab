// From RF-DETR's outputs to detections, as the detector does it: the family's decode() and what Candidates makes of it. One
// process, hot.
#pragma once

#include "bench/support/result.h"

namespace vedette::bench {

// 300 queries × 91 classes (bench/support/detr_outputs.h), RF-DETR's 512².
Value outputs_to_detections();

}  // namespace vedette::bench
