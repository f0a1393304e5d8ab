#include "process/notify/notify_fixture.h"

#include <cstring>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

constexpr stage::Share kShare{};

bus::RingWriter open_writer(const bus::BusDir& dir, const std::string& camera, const char* topic,
                            const bus::RingOptions& options) {
  auto writer = bus::RingWriter::open(dir, {camera, topic}, options);
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

}  // namespace

Stages::Stages(const bus::BusDir& dir, const std::string& camera)
    : events_(open_writer(dir, camera, "events", stage::events_ring(kShare))),
      state_(open_writer(dir, camera, "state", stage::state_ring(kShare))),
      source_(open_writer(dir, camera, "source", stage::source_ring(kShare))),
      media_(open_writer(dir, camera, "media", stage::media_ring(kShare))) {
  beating_ = std::thread([this] {
    while (!ending_) {
      {
        const std::lock_guard lock(mutex_);
        for (bus::RingWriter* writer : {&events_, &state_, &source_, &media_}) writer->beat();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
}

Stages::~Stages() {
  ending_ = true;
  beating_.join();
}

void Stages::publish(bus::RingWriter& writer, const flatbuffers::FlatBufferBuilder& builder, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  auto loan = writer.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  writer.publish(std::move(*loan), id != 0 ? id : writer.next_frame_id(), builder.GetSize());
}

std::uint64_t Stages::tell(Told event) {
  {
    const std::lock_guard lock(mutex_);
    if (event.id == 0) event.id = events_.next_frame_id();
  }
  const bool once = event.phase == schema::EventPhase::Once;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, event.id, event.kind, monotonic_ns(), wall_ns(), 1000, event.label.c_str(),
                                           0.875f, event.text.c_str(), event.phase, event.rule.c_str(), event.zone.c_str(),
                                           once ? 0 : 7, once ? 0 : monotonic_ns(), once ? 0 : wall_ns(), once ? 0 : 1001,
                                           once ? 0 : monotonic_ns(), 0.25f, 0.125f, once ? 0.0f : 0.5f, once ? 0.0f : 0.25f));
  publish(events_, builder, event.id);
  return event.id;
}

void Stages::publish(const Played& state) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Count>> counts;
  for (const Counted& count : state.counts)
    counts.push_back(
        schema::CreateCountDirect(builder, count.place.c_str(), count.label.c_str(), count.inside, count.into, count.out_of));
  const std::uint64_t now = monotonic_ns();
  builder.Finish(schema::CreateStateDirect(builder, state.mode, state.previous_mode, now, now, state.paused, 1, state.targets,
                                           false, false, state.detecting, &counts, state.threshold));
  publish(state_, builder, 0);
}

void Stages::publish_source(schema::SourceStatus status, const std::string& error) {
  flatbuffers::FlatBufferBuilder builder;
  const std::uint64_t now = monotonic_ns();
  builder.Finish(schema::CreateSourceDirect(builder, status, now, now, now, "h264 1920x1080, 25 fps", error.c_str()));
  publish(source_, builder, 0);
}

void Stages::publish_media(std::uint64_t event_id, schema::MediaKind kind, const std::string& path) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateMediaDirect(builder, event_id, kind, monotonic_ns(), path.c_str(), 1001, 4, 0));
  publish(media_, builder, 0);
}

NotifyTest::NotifyTest() {
  dir_ = std::move(bus::BusDir::open(folder_.file("bus"))).value();
  stages_ = std::make_unique<Stages>(*dir_);
}

void NotifyTest::TearDown() {
  if (HasFailure() && program_) std::fputs(log().c_str(), stderr);
}

void NotifyTest::configure(std::uint16_t port, const std::string& mqtt, const std::string& more) {
  const std::string id = mqtt.find("client_id:") == std::string::npos ? "  client_id: test-1\n" : "";
  configure_without_broker("mqtt:\n  host: 127.0.0.1\n  port: " + std::to_string(port) + "\n" + id + mqtt + more);
}

void NotifyTest::configure_without_broker(const std::string& more) {
  folder_.write(
      "vedette.yaml",
      "cameras:\n  front:\n    url: clip.mp4\n    zones: [{name: door, polygon: \"0,0 0.3,0 0.3,0.2\"}]\nbus:\n  dir: " +
          folder_.file("bus") + "\nstorage:\n  dir: " + folder_.file("storage") + "\n" + more);
}

void NotifyTest::start() {
  program_ = std::make_unique<Program>(std::vector<std::string>{VEDETTE_NOTIFY, "--config", folder_.file("vedette.yaml")},
                                       folder_.file("notify"));
  ASSERT_TRUE(wait_log("tells of 1 camera"));
}

int NotifyTest::count_log(const std::string& text) const {
  const std::string all = log();
  int count = 0;
  for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + text.size())) ++count;
  return count;
}

bool NotifyTest::wait_log(const std::string& text) const {
  return wait_until([&] { return count_log(text) > 0; });
}

}  // namespace vedette::test
