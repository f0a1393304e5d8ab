// What is said of a camera's inputs, by what capture said last.
#include "gateway/health.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;

InputReport good() {
  InputReport report;
  report.beat_at_ns = kNow - 200 * kMs;
  report.open = true;
  report.since_ns = kNow - 60'000 * kMs;
  report.picture_at_ns = kNow - 40 * kMs;
  report.about = "h264 640x360, 25 fps";
  return report;
}

TEST(InputHealth, IsOkWhilePicturesCome) {
  InputReport report = good();
  report.error = "of an hour ago";
  const Input input = judge(report, kNow);
  EXPECT_EQ(input.status, InputStatus::kOk);
  EXPECT_EQ(input.picture_age_ms, 40u);
  EXPECT_EQ(input.about, "h264 640x360, 25 fps");
  EXPECT_EQ(input.error, "");
}

TEST(InputHealth, EachWayOfBeingNotOk) {
  const auto status = [](auto change) {
    InputReport report = good();
    change(report);
    return judge(report, kNow).status;
  };
  EXPECT_EQ(status([](InputReport& r) { r.beat_at_ns.reset(); }), InputStatus::kMissing);
  EXPECT_EQ(status([](InputReport& r) { r.beat_at_ns = kNow - 1501 * kMs; }), InputStatus::kStale);
  EXPECT_EQ(status([](InputReport& r) { r.open = false, r.failed = true; }), InputStatus::kReopening);
  EXPECT_EQ(status([](InputReport& r) { r.open = false; }), InputStatus::kOpening);
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = 0, r.since_ns = kNow - 4000 * kMs; }), InputStatus::kOpening);
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = 0; }), InputStatus::kSilent);
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = kNow - 5000 * kMs; }), InputStatus::kOk);
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = kNow - 5001 * kMs; }), InputStatus::kSilent);
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = kNow - 9000 * kMs, r.silent_after_ms = 10'000; }), InputStatus::kOk);
  // Opened again a moment ago: it has its time.
  EXPECT_EQ(status([](InputReport& r) { r.picture_at_ns = kNow - 60'000 * kMs, r.since_ns = kNow - 1000 * kMs; }),
            InputStatus::kOk);
}

TEST(InputHealth, SaysWhyItIsOpenedAgain) {
  InputReport report = good();
  report.open = false;
  report.failed = true;
  report.error = "can't open rtsp://cam/a: Connection refused";
  EXPECT_EQ(judge(report, kNow).error, report.error);
  EXPECT_EQ(to_string(judge(report, kNow).status), "reopening");
}

TEST(InputHealth, TheStageCaptureStandsForTheInputWithoutAName) {
  const auto ok = [](const std::string& name, InputStatus status) {
    Input input;
    input.name = name;
    input.status = status;
    return all_ok(std::vector<Input>{input});
  };
  for (const std::string name : {"", "record"}) {
    EXPECT_TRUE(ok(name, InputStatus::kOk));
    for (const InputStatus status : {InputStatus::kOpening, InputStatus::kSilent, InputStatus::kReopening})
      EXPECT_FALSE(ok(name, status)) << name << to_string(status);
  }
  for (const InputStatus status : {InputStatus::kMissing, InputStatus::kStale}) {
    EXPECT_TRUE(ok("", status));
    EXPECT_FALSE(ok("record", status));
  }
  EXPECT_TRUE(all_ok(std::vector<Input>{}));
}

}  // namespace
}  // namespace vedette::gateway
