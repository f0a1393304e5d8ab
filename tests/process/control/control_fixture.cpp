#include "process/control/control_fixture.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>

#include "schema/control_socket.h"
#include "schema/motion.h"

namespace vedette::test {
namespace {

constexpr std::uint32_t kWidth = 32, kHeight = 16;

bus::RingOptions detections_options() {
  bus::RingOptions options;
  options.schema_id = kDetectionsSchema;
  options.slot_bytes = kDetectionsSlotBytes;
  options.keep = 64;
  options.readers = 4;
  options.policy = bus::SlotPolicy::kOldestFirst;
  options.metadata = "person\ncar";
  return options;
}

bus::RingOptions motion_options() {
  bus::RingOptions options = detections_options();
  options.schema_id = kMotionSchema;
  options.slot_bytes = kMotionSlotBytes;
  options.metadata.clear();
  return options;
}

bus::RingOptions frames_options() {
  bus::RingOptions options;
  options.schema_id = kFrameSchema;
  options.slot_bytes = frame_layout(PixelFormat::GRAY8, kWidth, kHeight).slot_bytes;
  options.readers = 4;
  return options;
}

bus::RingWriter open_writer(const bus::BusDir& dir, const std::string& topic, const bus::RingOptions& options) {
  auto writer = bus::RingWriter::open(dir, {"front", topic}, options);
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

// `column` 0 to 4: side by side.
Detection box(std::uint16_t class_id, float score, int column) {
  return Detection(0.02f + 0.19f * static_cast<float>(column), 0.1f, 0.15f, 0.4f, score, class_id, 0);
}

}  // namespace

Stages::Stages(const bus::BusDir& dir) {
  frames = open_writer(dir, "frames", frames_options());
  detections = open_writer(dir, "detections", detections_options());
  motion = open_writer(dir, "motion", motion_options());
}

std::uint64_t Stages::publish_frame() {
  const std::uint64_t id = frames->next_frame_id();
  auto loan = frames->loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  FrameInfo info{};
  info.mutate_frame_id(id);
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  frames->publish(std::move(*loan), id, sizeof info);
  frames->beat();
  return id;
}

void Stages::publish_detections(std::uint64_t frame_id, int persons, Nanoseconds age) {
  std::vector<Detection> boxes{box(1, 0.95f, 4)};
  for (int i = 0; i < persons; ++i) boxes.push_back(box(0, 0.82f - 0.01f * static_cast<float>(i), i));
  boxes.push_back(box(0, 0.3f, 3));  // below the threshold
  publish_boxes(frame_id, boxes, age);
}

void Stages::publish_boxes(std::uint64_t frame_id, std::span<const Detection> boxes, Nanoseconds age) {
  DetectionsInfo info{};
  info.mutate_frame_id(frame_id);
  info.mutate_captured_at_ns(monotonic_ns() - to_ns(age));
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_source_width(kWidth);
  info.mutate_source_height(kHeight);
  auto loan = detections->loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const std::size_t bytes = write_detections(loan->bytes(), info, boxes);
  detections->publish(std::move(*loan), frame_id, bytes);
  detections->beat();
}

std::uint64_t Stages::step(int persons, Nanoseconds age) {
  const std::uint64_t id = publish_frame();
  publish_detections(id, persons, age);
  return id;
}

std::uint64_t Stages::step_motion(bool spared) {
  const std::uint64_t id = publish_frame();
  const std::vector<std::uint8_t> cells(4, 0);
  MotionInfo info{};
  info.mutate_frame_id(id);
  info.mutate_captured_at_ns(monotonic_ns());
  info.mutate_columns(2);
  info.mutate_rows(2);
  info.mutate_moving(spared ? 0 : 1);
  info.mutate_model_skipped(spared ? 1 : 0);
  auto loan = motion->loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const std::size_t bytes = write_motion(loan->bytes(), info, cells, cells);
  motion->publish(std::move(*loan), id, bytes);
  detections->beat();
  return id;
}

Commander::Commander(const std::string& bus_dir) : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", bus_dir.c_str());
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) socket_.reset();
}

std::optional<Commander::Answer> Commander::send(const control::Bytes& packet) {
  if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  pollfd wait{socket_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(kPatience.count() * 1000)) != 1) return std::nullopt;
  control::Bytes reply(kMaxControlPacket);
  const ssize_t got = ::recv(socket_.get(), reply.data(), reply.size(), 0);
  if (got <= 0) return std::nullopt;
  reply.resize(static_cast<std::size_t>(got));
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(reply.data()), reply.size());
  if (!verifier.VerifyBuffer<schema::Reply>(nullptr)) return std::nullopt;
  const auto* record = flatbuffers::GetRoot<schema::Reply>(reply.data());
  return Answer{record->ok(), record->text() == nullptr ? "" : record->text()->str()};
}

void ControlTest::SetUp() {
  static std::atomic<int> number{0};
  folder_ = "/dev/shm/vedette-control-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++);
  std::filesystem::create_directory(folder_);
  std::ofstream(folder_ / "vedette.yaml")
      << "storage:\n  dir: " << (folder_ / "storage").string() << "\ncameras:\n  front:\n    url: /dev/null\n    timeout: 100ms\n"
      << "sentry:\n  validate_frames: 3\n  validate_time: 100ms\n  lose_frames: 5\n  lose_time: 200ms\n";
  dir_ = std::move(bus::BusDir::open(folder_ / "bus")).value();
  stages = std::make_unique<Stages>(*dir_);
  state_topic_.emplace(*dir_, bus::TopicName{"front", "state"}, kStateSchema);
  control_topic_.emplace(*dir_, bus::TopicName{"front", "control"}, kControlSchema);
  event_topic_.emplace(*dir_, bus::TopicName{"front", "events"}, kEventSchema);
}

void ControlTest::TearDown() {
  if (HasFailure() && program_) std::fputs(program_->log().c_str(), stderr);
  program_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ControlTest::start(const std::vector<std::string>& more) {
  launch(more);
  ASSERT_TRUE(program_->wait_log("decides for 1 camera")) << program_->log();
}

void ControlTest::launch(const std::vector<std::string>& more) {
  std::vector<std::string> words{VEDETTE_CONTROL, "--config", folder_ / "vedette.yaml", "--bus-dir", folder_ / "bus"};
  words.insert(words.end(), more.begin(), more.end());
  program_ = std::make_unique<Program>(std::move(words));
}

control::CameraState ControlTest::state() {
  eventually([&] {
    if (const auto taken = state_topic_->take_newest()) state_ = control::decode_state(taken.lease.bytes()).value();
    return state_.has_value();
  });
  VD_ASSERT(state_.has_value(), "no state record");
  return *state_;
}

control::DesiredState ControlTest::desired() {
  eventually([&] {
    if (const auto taken = control_topic_->take_newest()) desired_ = control::decode_control(taken.lease.bytes()).value();
    return desired_.has_value();
  });
  VD_ASSERT(desired_.has_value(), "no control record");
  return *desired_;
}

control::CameraState ControlTest::state_after(std::uint64_t at_ns) {
  EXPECT_TRUE(eventually([&] { return state().heartbeat_at_ns > at_ns; }));
  return state();
}

const std::vector<control::EventRecord>& ControlTest::events() {
  while (const auto taken = event_topic_->take_next()) {
    EXPECT_EQ(taken.missed, 0u);
    events_.push_back(control::decode_event(taken.lease.bytes()).value());
  }
  return events_;
}

int ControlTest::count_events(schema::EventKind kind) {
  int count = 0;
  for (const control::EventRecord& event : events()) count += event.kind == kind ? 1 : 0;
  return count;
}

int ControlTest::count_events(schema::EventKind kind, schema::EventPhase phase) {
  int count = 0;
  for (const control::EventRecord& event : events()) count += event.kind == kind && event.phase == phase ? 1 : 0;
  return count;
}

}  // namespace vedette::test
