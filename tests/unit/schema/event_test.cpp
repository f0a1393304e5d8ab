// Records of events as structs: every field, and what is no event or has values that can't be.
#include "schema/event.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace vedette {
namespace {

struct Values {
  schema::EventKind kind = schema::EventKind::Object;
  schema::EventPhase phase = schema::EventPhase::Update;
  float score = 0.5f;
  float x = 0.25f;
};

Result<EventRecord> decoded(const Values& values) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, 1, values.kind, 2, 3, 4, "person", values.score, "text", values.phase, "rule",
                                           "zone", 5, 6, 7, 8, 9, values.x, 0.5f, 0.125f, 0.75f));
  return decode_event(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

TEST(EventRecord, HasEveryField) {
  const EventRecord event = decoded({}).value();
  EXPECT_EQ(event.kind, schema::EventKind::Object);
  EXPECT_EQ(event.phase, schema::EventPhase::Update);
  EXPECT_EQ((std::vector{event.id, event.at_ns, event.wall_at_ns, event.frame_id, event.track_id, event.started_at_ns,
                         event.started_wall_at_ns, event.best_frame_id, event.best_captured_at_ns}),
            (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ((std::vector{event.label, event.text, event.rule, event.zone}),
            (std::vector<std::string>{"person", "text", "rule", "zone"}));
  EXPECT_EQ((std::vector{event.score, event.x, event.y, event.width, event.height}),
            (std::vector{0.5f, 0.25f, 0.5f, 0.125f, 0.75f}));
}

TEST(EventRecord, WhatCanNotBeIsRefusedOrLeftOut) {
  EXPECT_EQ(decoded({.kind = schema::EventKind{200}}).error().text, "event has kind 200, which there isn't");
  EXPECT_EQ(decoded({.phase = schema::EventPhase{200}}).error().text, "event has phase 200, which there isn't");
  EXPECT_EQ(decode_event({}).error().code, ErrorCode::kCorrupt);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(decoded({.score = kNan}).value().score, 0.0f);
  EXPECT_EQ(decoded({.score = 7.0f}).value().score, 1.0f);
  for (const float x : {kNan, -0.5f, 1.5f}) EXPECT_EQ(decoded({.x = x}).value().width, 0.0f) << x;
}

}  // namespace
}  // namespace vedette
