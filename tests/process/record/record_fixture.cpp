#include "process/record/record_fixture.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kWidth = 320, kHeight = 180;

bus::RingWriter events_of(const bus::BusDir& dir, const std::string& camera) {
  auto writer = bus::RingWriter::open(dir, {camera, "events"}, stage::events_ring({}));
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

}  // namespace

Source::Source(const bus::BusDir& dir, const std::string& camera, bool bitstream) : events_(events_of(dir, camera)) {
  if (!bitstream) {
    const std::size_t bytes = frame_layout(PixelFormat::I420, kWidth, kHeight).slot_bytes;
    auto ring = bus::RingWriter::open(dir, {camera, "frames"}, stage::frames_ring({}, bytes, 1));
    VD_ASSERT(ring.ok(), ring.error().text.c_str());
    frames_ = std::move(ring).value();
    return;
  }
  auto log = bus::LogWriter::open(dir, {camera, "packets"}, stage::packets_log({}, {.pre_roll = std::chrono::seconds(20)}));
  VD_ASSERT(log.ok(), log.error().text.c_str());
  packets_ = std::move(log).value();
}

void Source::begin(double ago) {
  zero_ns_ = monotonic_ns() - static_cast<std::uint64_t>(ago * 1e9);
  zero_wall_ns_ = wall_ns() - static_cast<std::uint64_t>(ago * 1e9);
  next_ = 0;
}

void Source::publish(const std::vector<SourcePacket>& packets, double until) {
  for (; next_ < packets.size() && static_cast<double>(packets[next_].info.pts_ns()) / 1e9 < until; ++next_) {
    SourcePacket packet = packets[next_];
    const double at = static_cast<double>(packet.info.pts_ns()) / 1e9;
    if (!is_audio(packet.info.codec())) ++frame_id_, times_.push_back(at);
    packet.info.mutate_frame_id(frame_id_);
    packet.info.mutate_captured_at_ns(at_ns(at));
    packet.info.mutate_wall_at_ns(zero_wall_ns_ + static_cast<std::uint64_t>(at * 1e9));
    packet.info.mutate_published_at_ns(monotonic_ns());
    packet.info.mutate_stream(stream_);
    const auto pieces = packet_pieces(packet.info, packet.config, packet.data);
    const bool keyframe = packet.info.keyframe() == 1 && !is_audio(packet.info.codec());
    VD_ASSERT(packets_->append({frame_id_, packet.info.captured_at_ns(), keyframe}, pieces), "a packet that is too long");
  }
}

double Source::time_of(std::uint64_t frame_id) const {
  return frame_id > 1000 && frame_id - 1001 < times_.size() ? times_[frame_id - 1001] : -1;
}

void Source::tell(const Told& told) {
  flatbuffers::FlatBufferBuilder builder;
  const auto wall = [&](double at) { return zero_wall_ns_ + static_cast<std::uint64_t>(at * 1e9); };
  const bool once = told.phase == schema::EventPhase::Once;
  builder.Finish(schema::CreateEventDirect(
      builder, told.id, told.kind, at_ns(told.at), wall(told.at), told.frame_id, "person", 0.87f, "a person at the door",
      told.phase, "intruder", told.zone.c_str(), 7, once ? 0 : at_ns(told.started), once ? 0 : wall(told.started),
      once ? 0 : static_cast<std::uint64_t>(told.best * 1000) + 1, once ? 0 : at_ns(told.best), 0.25f, 0.25f, 0.25f, 0.5f));
  auto loan = events_.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  events_.publish(std::move(*loan), events_.next_frame_id(), builder.GetSize());
}

void Source::publish_picture(std::uint8_t luma) {
  auto loan = frames_->loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const FrameLayout layout = frame_layout(PixelFormat::I420, kWidth, kHeight);
  FrameInfo info;
  const std::uint64_t id = frames_->next_frame_id();
  info.mutate_frame_id(id);
  info.mutate_captured_at_ns(monotonic_ns());
  info.mutate_wall_at_ns(wall_ns());
  info.mutate_published_at_ns(info.captured_at_ns());
  info.mutate_width(kWidth), info.mutate_height(kHeight);
  info.mutate_source_width(kWidth), info.mutate_source_height(kHeight);
  info.mutate_format(PixelFormat::I420);
  info.mutate_range(ColorRange::Full);
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const PlaneGeometry& geometry = layout.planes[plane];
    info.mutable_plane_offset()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.offset);
    info.mutable_plane_stride()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.stride);
    std::memset(loan->bytes().data() + geometry.offset, plane == 0 ? luma : 128, std::size_t{geometry.stride} * geometry.rows);
  }
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  frames_->publish(std::move(*loan), id, layout.slot_bytes);
}

void Source::beat() {
  if (packets_) packets_->beat();
  if (frames_) frames_->beat();
  events_.beat();
}

RecordTest::RecordTest()
    : folder_(fs::temp_directory_path()), shm_("/dev/shm"), bus_(std::move(bus::BusDir::open(shm_.file("bus"))).value()) {
  folder_.write("vedette.yaml", "cameras:\n  front:\n    url: clip.mp4\n    pre_roll: 3s\nstorage:\n  dir: " + storage() +
                                    "\nbus:\n  dir: " + shm_.file("bus") + "\nrecord:\n  post_roll: 2s\n  least_free: 0\n");
}

RecordTest::~RecordTest() {
  if (HasFailure() && record_) ADD_FAILURE() << "log of vedette-record:\n" << log();
}

void RecordTest::start(std::vector<std::string> set) {
  std::vector<std::string> arguments{VEDETTE_BIN_DIR "/vedette-record", "--config", folder_.file("vedette.yaml")};
  for (const std::string& key : set) arguments.insert(arguments.end(), {"--set", key});
  record_ = std::make_unique<Program>(arguments, folder_.file("record-" + std::to_string(runs_++)));
  const auto says = [&](const char* text) { return log().find(text) != std::string::npos; };
  ASSERT_TRUE(wait_until([&] { return says(" records ") || says("recording stopped") || !record_->running(); })) << log();
  ASSERT_TRUE(record_->running()) << log();
  if (!media_) media_ = std::make_unique<bus::Subscriber>(bus_, bus::TopicName{"front", "media"}, kMediaSchema);
}

void RecordTest::stop() {
  record_->signal(SIGTERM);
  EXPECT_EQ(record_->wait_exit(), 0) << log();
}

std::vector<store::Event> RecordTest::events() const {
  const auto store = store::Store::open_to_read(storage());
  if (!store) return {};
  const auto list = store->list({.limit = 1000});
  return list ? *list : std::vector<store::Event>{};
}

std::optional<store::Event> RecordTest::wait_done(std::uint64_t id, const std::string& camera) {
  std::optional<store::Event> found;
  wait_until([&] {
    if (!record_->running()) return true;
    const auto store = store::Store::open_to_read(storage());
    if (!store) return false;
    const auto event = store->find({camera, id});
    if (!event || !*event || (*event)->state != store::EventState::kDone) return false;
    found = **event;
    return true;
  });
  return found;
}

std::vector<SeenMedia> RecordTest::media() {
  std::vector<SeenMedia> seen;
  for (;;) {
    const bus::Taken taken = media_->take_next();
    if (!taken) return seen;
    RecordBuffer buffer;
    const auto media = copy_record<schema::Media>(taken.lease.bytes(), buffer);
    EXPECT_TRUE(media.ok());
    if (media)
      seen.push_back(
          {(*media)->event_id(), (*media)->kind(), (*media)->path()->str(), (*media)->frame_id(), (*media)->duration_ms()});
  }
}

std::vector<std::string> RecordTest::files(const std::string& suffix) const {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(storage()))
    if (entry.is_regular_file() && entry.path().string().ends_with(suffix)) found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::string probe(const std::string& path, const std::string& entries, const std::string& more) {
  const std::string command =
      "ffprobe -v error " + more + " -show_entries " + entries + " -of default=nw=1:nk=1 '" + path + "' 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> chunk{};
  while (pipe != nullptr && std::fgets(chunk.data(), chunk.size(), pipe) != nullptr) text += chunk.data();
  if (pipe != nullptr) ::pclose(pipe);
  return text;
}

}  // namespace vedette::test
