#include "capture/sources/ingest_source.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "schema/packet.h"

namespace vedette::capture {
namespace {

constexpr auto kNap = std::chrono::milliseconds(100);

}  // namespace

IngestSource::IngestSource(const SourceOptions& options, const bus::BusDir& dir, Idle idle)
    : Source(Clock::kMonotonic),
      options_(options),
      idle_(std::move(idle)),
      topic_(dir, {options.camera, "ingest"}, kPacketsSchema, bus::Demand{.packets = true}, bus::LogFrom::kNext) {
  video_.codec = Codec::MJPEG;
  video_.description = "pictures that somebody pushes";
}

Result<std::unique_ptr<Source>> IngestSource::open(const SourceOptions& options, const bus::BusDir& dir, Idle idle) {
  return std::unique_ptr<Source>(new IngestSource(options, dir, std::move(idle)));
}

Source::Read IngestSource::read() {
  const std::uint64_t since = monotonic_ns();
  while (idle_()) {
    const bus::LogTaken taken = topic_.take_next(record_);
    counters_.lost += taken.missed;
    if (taken) {
      if (accept()) return Read::kPacket;
      ++counters_.bad;
      continue;
    }
    if (age_ns(since) > to_ns(options_.timeout)) {
      error_ = Error{ErrorCode::kUnavailable, fmt::format("nobody has pushed a picture to /ingest/{} for {} ms", options_.camera,
                                                          options_.timeout.count())};
      return Read::kFailed;
    }
    topic_.wait(kNap);
  }
  return Read::kStopped;
}

bool IngestSource::accept() {
  const auto view = packet_view(record_);
  if (!view) return false;
  packet_ = Packet{};
  packet_.data = view->data;
  packet_.captured_at_ns = view->info.captured_at_ns();
  packet_.camera_wall_at_ns = view->info.camera_wall_at_ns();
  packet_.arrived_ns = monotonic_ns();
  packet_.pts_ns = packet_.dts_ns = static_cast<std::int64_t>(packet_.captured_at_ns);
  packet_.duration_ns = view->info.duration_ns();
  packet_.width = view->info.width();
  packet_.height = view->info.height();
  ++counters_.packets;
  return true;
}

void IngestSource::write_picture(const vision::MutableImageView&) {}

}  // namespace vedette::capture
