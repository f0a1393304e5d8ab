// A bus of the test's own, the tools as programs on it, and records to publish.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "bus/log.h"
#include "schema/packet.h"
#include "schema/records.h"
#include "support/bus_fixture.h"
#include "support/program.h"

namespace vedette::test {

class ToolsFixture : public BusFixture {
 protected:
  struct Ran {
    int code = -1;
    std::string out, err;
  };
  std::unique_ptr<Program> start(std::vector<std::string> arguments, const std::string& bus = "") {
    arguments.insert(arguments.begin(), VEDETTE_BIN_DIR "/vedette");
    arguments.insert(arguments.end(), {"--bus-dir", bus.empty() ? path_ : bus});
    return std::make_unique<Program>(arguments, folder_.file("ran-" + std::to_string(++runs_)));
  }
  Ran run(std::vector<std::string> arguments, const std::string& bus = "") {
    const auto program = start(std::move(arguments), bus);
    const int code = program->wait_exit().value_or(-1);
    return {code, program->out(), program->err()};
  }
  static nlohmann::json parsed(const std::string& text) { return nlohmann::json::parse(text, nullptr, false); }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
  }

  bus::RingWriter frames_writer(const bus::BusDir& dir, std::uint32_t slot_bytes = 40'000) {
    return std::move(bus::RingWriter::open(dir, topic("cam0/frames"), {.schema_id = kFrameSchema, .slot_bytes = slot_bytes}))
        .value();
  }
  bus::RingWriter detections_writer(const bus::BusDir& dir) {
    return std::move(bus::RingWriter::open(dir, topic("cam0/detections"),
                                           {.schema_id = kDetectionsSchema,
                                            .slot_bytes = kDetectionsSlotBytes,
                                            .keep = 64,
                                            .policy = bus::SlotPolicy::kOldestFirst,
                                            .metadata = "person\ncar"}))
        .value();
  }
  // A 160 x 120 GRAY8 picture whose pixels all are `value`.
  static bool publish_frame(bus::RingWriter& writer, std::uint64_t id, std::uint8_t value) {
    auto loan = writer.loan();
    if (!loan) return false;
    const FrameLayout layout = frame_layout(PixelFormat::GRAY8, 160, 120);
    FrameInfo info;
    info.mutate_frame_id(id);
    const std::uint64_t now = monotonic_ns();
    info.mutate_captured_at_ns(now - 5'000'000);
    info.mutate_published_at_ns(now);
    info.mutate_wall_at_ns(1'700'000'000'000'000'000 + id);
    info.mutate_width(160), info.mutate_height(120), info.mutate_source_width(160), info.mutate_source_height(120);
    info.mutate_format(PixelFormat::GRAY8);
    info.mutable_plane_offset()->Mutate(0, layout.planes[0].offset);
    info.mutable_plane_stride()->Mutate(0, layout.planes[0].stride);
    set_camera(info, "cam0");
    std::memset(loan->bytes().data(), value, layout.slot_bytes);
    std::memcpy(loan->bytes().data(), &info, sizeof info);
    writer.publish(std::move(*loan), id, layout.slot_bytes);
    return true;
  }
  static bool publish_detection(bus::RingWriter& writer, std::uint64_t id, std::uint16_t class_id) {
    auto loan = writer.loan();
    if (!loan) return false;
    DetectionsInfo info;
    info.mutate_frame_id(id);
    const std::uint64_t now = monotonic_ns();
    info.mutate_captured_at_ns(now - 5'000'000);
    info.mutate_published_at_ns(now);
    const Detection box(0.25f, 0.5f, 0.125f, 0.25f, 0.75f, class_id, 0);
    const std::size_t bytes = write_detections(loan->bytes(), info, std::span(&box, 1));
    writer.publish(std::move(*loan), id, bytes);
    return true;
  }

  bus::LogWriter packets_writer(const bus::BusDir& dir) {
    return std::move(bus::LogWriter::open(dir, topic("cam0/packets"),
                                          {.schema_id = kPacketsSchema, .data_bytes = 1 << 20, .max_record_bytes = 20'000}))
        .value();
  }
  // A packet of `bytes` that all are the id's lowest; one in five is a keyframe with a configuration.
  static bool append_packet(bus::LogWriter& writer, std::uint64_t id, std::size_t bytes) {
    const std::uint64_t now = monotonic_ns();
    const bool keyframe = id % 5 == 0;
    PacketInfo info;
    info.mutate_frame_id(id);
    info.mutate_captured_at_ns(now - 5'000'000);
    info.mutate_published_at_ns(now);
    info.mutate_wall_at_ns(1'700'000'000'000'000'000 + id);
    info.mutate_width(640), info.mutate_height(480);
    info.mutate_codec(Codec::H264);
    info.mutate_keyframe(keyframe ? 1 : 0);
    const std::vector<std::byte> config(keyframe ? 11 : 0, std::byte{7}), data(bytes, static_cast<std::byte>(id));
    const bus::LogStamp stamp{.frame_id = id, .at_ns = info.captured_at_ns(), .keyframe = keyframe};
    return writer.append(stamp, packet_pieces(info, config, data));
  }

  TempFolder folder_{std::filesystem::temp_directory_path()};
  int runs_ = 0;
};

}  // namespace vedette::test
