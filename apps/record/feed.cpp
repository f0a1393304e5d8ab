#include "record/feed.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "stage/topics.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kLongestStepNs = 100'000'000;
constexpr bus::Demand kPackets{.packets = true};
constexpr bus::Demand kPictures{.pixels = true, .fps = 15.0f};  // of a camera without a bitstream: each costs a JPEG

}  // namespace

Feed::Feed(const bus::BusDir& dir, FeedOptions options)
    : dir_(dir),
      options_(std::move(options)),
      packets_topic_{options_.camera, stage::packets_topic(options_.input)},
      packets_(subscribe()),
      frames_(dir, {options_.camera, stage::frames_topic(options_.input)}, kFrameSchema) {}

bus::LogSubscriber Feed::subscribe() const {
  return {dir_, packets_topic_, kPacketsSchema, options_.always ? kPackets : bus::Demand{}};
}

bus::Lease Feed::newest_frame() {
  bus::Taken taken = frames_.take_newest();
  if (taken) {
    frame_id_ = taken.lease.frame_id();
    return std::move(taken.lease);
  }
  return std::move(frames_.find(frame_id_).lease);
}

Result<bus::LogReader> Feed::reader_at(std::uint64_t at_ns) const {
  VD_ASSIGN(bus::LogReader reader,
            bus::LogReader::attach(dir_, packets_topic_, kPacketsSchema, kPackets, bus::LogFrom::kOldestKeyframe));
  reader.seek_time(at_ns);
  return reader;
}

void Feed::ask() {
  packets_.set_demand(options_.always || !sinks_.empty() ? kPackets : bus::Demand{});
  frames_.set_demand(!sinks_.empty() && !packets_.attached() ? kPictures : bus::Demand{});
}

void Feed::add(Sink& sink, std::uint64_t from_ns) {
  const bool first = sinks_.empty();
  sinks_.push_back(&sink);
  if (first) {
    // Not by the attachment of before: its files may have been replaced since, and would be read to their end first.
    bus::LogSubscriber fresh = subscribe();
    fresh.seek_time(from_ns);
    packets_ = std::move(fresh);
    sequence_ = 0;
  } else if (packets_.attached()) {
    catch_up(sink, from_ns);
  }
  ask();
}

void Feed::remove(Sink& sink) {
  if (handing_on_)
    std::replace(sinks_.begin(), sinks_.end(), &sink, static_cast<Sink*>(nullptr));
  else
    std::erase(sinks_, &sink);
  ask();
}

// What was handed on to the others before `sink` came.
void Feed::catch_up(Sink& sink, std::uint64_t from_ns) {
  auto reader = reader_at(from_ns);
  if (!reader) return log::warning("{}: no pre-roll, {}", options_.camera, reader.error().text);
  std::vector<std::byte> record;
  while (const bus::LogTaken taken = reader->take_next(record)) {
    if (taken.sequence > sequence_) return;
    if (const auto packet = packet_view(record)) sink.take(*packet);
  }
}

void Feed::hand_on(std::span<const std::byte> record) {
  if (const auto packet = packet_view(record)) hand_on(*packet);
}

void Feed::hand_on(const PacketView& packet) {
  handing_on_ = true;
  for (Sink* sink : sinks_)
    if (sink != nullptr) sink->take(packet);
  handing_on_ = false;
  std::erase(sinks_, nullptr);
}

bool Feed::step() {
  if (sinks_.empty()) return true;
  const std::uint64_t until_ns = monotonic_ns() + kLongestStepNs;
  if (!step_packets(until_ns)) return false;
  if (packets_.attached()) return true;
  ask();
  step_frames();
  return true;
}

bool Feed::step_packets(std::uint64_t until_ns) {
  for (;;) {
    const bus::LogTaken taken = packets_.take_next(record_);
    if (taken.status == bus::LogTake::kTooLong) continue;
    if (!taken) return true;
    if (sequence_ != 0) missed_ += taken.missed;
    sequence_ = taken.sequence;
    hand_on(record_);
    if (monotonic_ns() > until_ns) return false;
  }
}

void Feed::step_frames() {
  const bus::Taken taken = frames_.take_newest();
  FrameInfo info;
  if (!taken || taken.lease.bytes().size() < sizeof info) return;
  std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
  frame_id_ = taken.lease.frame_id();
  const auto picture = vision::image_view(info, taken.lease.bytes());
  if (!picture) return;
  const auto file = encoder_.encode(*picture, static_cast<int>(options_.jpeg_quality));
  if (!file) return;
  PacketView packet{};
  packet.info.mutate_frame_id(info.frame_id());
  packet.info.mutate_captured_at_ns(info.captured_at_ns());
  packet.info.mutate_wall_at_ns(info.wall_at_ns());
  packet.info.mutate_codec(Codec::MJPEG);
  packet.info.mutate_keyframe(1);
  packet.info.mutate_pts_ns(static_cast<std::int64_t>(info.captured_at_ns()));
  packet.info.mutate_dts_ns(packet.info.pts_ns());
  packet.info.mutate_width(info.width());
  packet.info.mutate_height(info.height());
  packet.data = *file;
  hand_on(packet);
}

}  // namespace vedette::record
