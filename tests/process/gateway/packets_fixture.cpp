#include "process/gateway/packets_fixture.h"

#include "base/check.h"
#include "base/clock.h"

namespace vedette::test {
namespace {

bus::LogWriter open_log(const bus::BusDir& dir, const bus::TopicName& topic) {
  bus::LogOptions options;
  options.schema_id = kPacketsSchema;
  options.data_bytes = 16 << 20;
  options.max_record_bytes = 4 << 20;
  options.readers = 4;
  auto writer = bus::LogWriter::open(dir, topic, options);
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

}  // namespace

PacketsWriter::PacketsWriter(const bus::BusDir& dir, Codec codec, const std::string& topic, const std::string& camera)
    : log(open_log(dir, {camera, topic})), codec_(codec) {}

std::uint64_t PacketsWriter::publish(bool key, const std::string& data, std::uint64_t captured_at_ns) {
  PacketInfo info;
  const std::uint64_t id = next_id++;
  info.mutate_frame_id(id);
  info.mutate_captured_at_ns(captured_at_ns != 0 ? captured_at_ns : monotonic_ns());
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_pts_ns(static_cast<std::int64_t>(id) * 40'000'000);
  info.mutate_codec(codec_);
  info.mutate_keyframe(key ? 1 : 0);
  info.mutate_width(width);
  info.mutate_height(height);
  info.mutate_stream(stream);
  const bool has_sets = key && codec_ != Codec::MJPEG;
  const auto pieces = packet_pieces(info, has_sets ? std::as_bytes(std::span(kSets)) : std::span<const std::byte>{},
                                    std::as_bytes(std::span(data)));
  VD_ASSERT(log.append({id, info.captured_at_ns(), key}, pieces), "a packet that is too long");
  return id;
}

}  // namespace vedette::test
