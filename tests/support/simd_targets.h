// Runs a test with each instruction set that our loops were compiled for and this machine has: Highway's choice is overruled
// meanwhile. Not thread-safe.
#pragma once

// As where the loops are.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <gtest/gtest.h>
#include <hwy/highway.h>

namespace vedette::test {

template <typename Test>
void for_each_simd_target(Test test) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  EXPECT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace vedette::test
