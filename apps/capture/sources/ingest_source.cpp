#include "capture/sources/ingest_source.h"

#include <fmt/format.h>

#include <cstring>

#include "base/clock.h"
#include "schema/packet.h"
#include "stage/topics.h"

namespace vedette::capture {
namespace {

constexpr auto kNap = std::chrono::milliseconds(100);

}  // namespace

bus::LogSubscriber IngestSource::make_topic(const SourceOptions& options, const bus::BusDir& dir) {
  return {dir, {options.camera, stage::kIngestTopic}, kPacketsSchema, bus::Demand{.packets = true}, bus::LogFrom::kNext};
}

IngestSource::IngestSource(bus::LogSubscriber& topic, Idle idle)
    : Source(Clock::kMonotonic), idle_(std::move(idle)), topic_(topic) {
  video_.codec = Codec::MJPEG;
  video_.description = "pictures that somebody pushes";
}

Result<std::unique_ptr<Source>> IngestSource::open(bus::LogSubscriber& topic, Idle idle) {
  return std::unique_ptr<Source>(new IngestSource(topic, std::move(idle)));
}

Source::Read IngestSource::read() {
  while (idle_()) {
    const bus::LogTaken taken = topic_.take_next(record_);
    counters_.lost += taken.missed;
    if (taken && accept()) return Read::kPacket;
    counters_.bad += taken ? 1 : 0;
    if (!taken && topic_.wait(kNap) == bus::Wait::kTimeout) return Read::kNothing;
  }
  return Read::kStopped;
}

bool IngestSource::accept() {
  const auto view = packet_view(record_);
  if (!view || (view->info.codec() != Codec::MJPEG && view->info.codec() != Codec::RAW)) return false;
  packet_ = Packet{};
  packet_.data = view->data;
  packet_.arrived_ns = monotonic_ns();
  const std::uint64_t captured = view->info.captured_at_ns();
  packet_.captured_at_ns = captured != 0 && captured <= packet_.arrived_ns ? captured : packet_.arrived_ns;
  packet_.camera_wall_at_ns = view->info.camera_wall_at_ns();
  packet_.pts_ns = packet_.dts_ns = static_cast<std::int64_t>(packet_.captured_at_ns);
  packet_.duration_ns = view->info.duration_ns();
  packet_.width = view->info.width();
  packet_.height = view->info.height();
  ++counters_.packets;
  if (view->info.codec() != Codec::RAW) return true;
  packet_.kind = Packet::Kind::kPicture;
  packet_.format = raw_format(view->config);
  if (packet_.format == PixelFormat::GRAY8) packet_.range = ColorRange::Full;
  return true;
}

void IngestSource::write_picture(const vision::MutableImageView& out) {
  const std::byte* from = packet_.data.data();
  for (int plane = 0; plane < plane_count(out.format); ++plane) {
    const PlaneGeometry extent = plane_extent(out.format, plane, out.width, out.height);
    const auto& to = out.planes[static_cast<std::size_t>(plane)];
    for (std::uint32_t row = 0; row < extent.rows; ++row, from += extent.row_bytes)
      std::memcpy(to.data + std::size_t{row} * to.stride, from, extent.row_bytes);
  }
}

}  // namespace vedette::capture
