// detr-mmap's way from RF-DETR's outputs to boxes, written anew: for each query the best of all classes by a plain loop, its
// sigmoid, the threshold, then corners in the picture's pixels, the letterbox undone. Given every chance: it fills an array that
// is there already, where detr-mmap builds a table per box. One process, hot.
#pragma once

#include "bench/support/result.h"

namespace vedette::bench {

// 300 queries × 91 classes (bench/support/detr_outputs.h).
Value best_class_of_each_query();

}  // namespace vedette::bench
