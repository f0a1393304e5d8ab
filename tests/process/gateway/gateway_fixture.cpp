#include "process/gateway/gateway_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "base/clock.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

bus::RingWriter open_writer(const bus::BusDir& dir, const std::string& camera, const std::string& topic,
                            const bus::RingOptions& options) {
  auto writer = bus::RingWriter::open(dir, {camera, topic}, options);
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

bus::RingOptions annotations(std::uint64_t schema, std::size_t bytes) {
  bus::RingOptions options;
  options.schema_id = schema;
  options.slot_bytes = bytes;
  options.keep = 64;
  options.readers = 4;
  options.policy = bus::SlotPolicy::kOldestFirst;
  options.metadata = schema == kDetectionsSchema ? "person\ncar" : "";
  return options;
}

bus::RingOptions pictures() {
  bus::RingOptions options;
  options.schema_id = kFrameSchema;
  options.slot_bytes = frame_layout(PixelFormat::I420, kWidth, kHeight).slot_bytes;
  options.readers = 4;
  return options;
}

void publish_table(bus::RingWriter& writer, const flatbuffers::FlatBufferBuilder& builder, std::uint64_t frame_id) {
  auto loan = writer.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  writer.publish(std::move(*loan), frame_id, builder.GetSize());
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kWatchdog;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

GatewayProgram::GatewayProgram(const std::string& config_file, const std::vector<std::string>& more) {
  int ends[2];
  VD_ASSERT(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  log_fd_ = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  std::vector<std::string> words{VEDETTE_GATEWAY, "--config", config_file};
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(write_end.get(), STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
}

GatewayProgram::~GatewayProgram() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool GatewayProgram::read_log() {
  pollfd wait{log_fd_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(kWatchdog.count() * 1000)) != 1) return false;
  char chunk[4096];
  const auto got = ::read(log_fd_.get(), chunk, sizeof chunk);
  if (got <= 0) return false;
  log_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::uint16_t GatewayProgram::wait_for_port() {
  const std::string words = "://127.0.0.1:";
  for (;;) {
    const std::size_t found = log_.find(words, std::min(log_.find("page on http"), log_.size()));
    if (found != std::string::npos && log_.find('\n', found) != std::string::npos)
      return static_cast<std::uint16_t>(std::stoi(log_.substr(found + words.size())));
    if (!read_log()) return 0;
  }
}

void GatewayProgram::signal(int number) const { ::kill(pid_, number); }

int GatewayProgram::wait_exit() {
  while (read_log()) {
  }
  int status = -1;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

Stages::Stages(const bus::BusDir& dir, const std::string& camera)
    : frames(open_writer(dir, camera, "frames", pictures())),
      detections(open_writer(dir, camera, "detections", annotations(kDetectionsSchema, kDetectionsSlotBytes))),
      state(open_writer(dir, camera, "state", annotations(kStateSchema, kMaxRecordBytes))),
      events(open_writer(dir, camera, "events", annotations(kEventSchema, kMaxRecordBytes))) {}

std::uint64_t Stages::publish_frame() {
  auto loan = frames.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const std::uint64_t id = frames.next_frame_id();
  const FrameLayout layout = frame_layout(PixelFormat::I420, kWidth, kHeight);
  FrameInfo info;
  captured_at_ns_ = monotonic_ns();
  info.mutate_frame_id(id);
  info.mutate_captured_at_ns(captured_at_ns_);
  info.mutate_published_at_ns(captured_at_ns_);
  info.mutate_width(kWidth);
  info.mutate_height(kHeight);
  info.mutate_source_width(kWidth);
  info.mutate_source_height(kHeight);
  info.mutate_format(PixelFormat::I420);
  info.mutate_range(ColorRange::Full);
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const PlaneGeometry& geometry = layout.planes[plane];
    info.mutable_plane_offset()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.offset);
    info.mutable_plane_stride()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.stride);
    std::memset(loan->bytes().data() + geometry.offset, plane == 0 ? luma_of(id) : 128, geometry.stride * geometry.rows);
  }
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  frames.publish(std::move(*loan), id, layout.slot_bytes);
  return id;
}

void Stages::publish_detections(std::uint64_t frame_id, int boxes) {
  auto loan = detections.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  DetectionsInfo info;
  info.mutate_frame_id(frame_id);
  info.mutate_captured_at_ns(captured_at_ns_);
  info.mutate_published_at_ns(monotonic_ns());
  const std::vector<Detection> found(static_cast<std::size_t>(boxes), Detection(0.25f, 0.5f, 0.125f, 0.25f, 0.75f, 1, 0));
  const std::size_t bytes = write_detections(loan->bytes(), info, found);
  detections.publish(std::move(*loan), frame_id, bytes);
}

void Stages::publish_state(Mode mode, std::uint32_t targets, bool still) {
  flatbuffers::FlatBufferBuilder builder;
  const std::uint64_t now = monotonic_ns();
  builder.Finish(schema::CreateState(builder, mode, Mode::Standby, now, now, false, 0, targets, false, still));
  publish_table(state, builder, state.next_frame_id());
}

void Stages::publish_event(std::uint64_t id, schema::EventKind kind, const std::string& text) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, id, kind, monotonic_ns(), wall_ns(), 0, "person", 0.5f, text.c_str()));
  publish_table(events, builder, id);
}

void Stages::beat() {
  for (bus::RingWriter* writer : {&frames, &detections, &state, &events}) writer->beat();
}

void Stages::remove() {
  for (bus::RingWriter* writer : {&frames, &detections, &state, &events}) writer->remove();
}

void GatewayTest::SetUp() {
  std::string pattern = "/dev/shm/vedette_test_XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  auto dir = bus::BusDir::open((folder_ / "bus").string());
  ASSERT_TRUE(dir) << dir.error().text;
  bus_dir_ = std::move(dir).value();
  fs::create_directory(folder_ / "web");
  std::ofstream(folder_ / "web" / "index.html") << "<!doctype html><title>page</title>";
  configure();
}

void GatewayTest::TearDown() {
  gateway_.reset();
  fs::remove_all(folder_);
}

void GatewayTest::configure(const std::string& gateway) {
  std::ofstream(folder_ / "vedette.yaml") << "cameras:\n  front:\n    url: clip.mp4\nbus:\n  dir: " << (folder_ / "bus").string()
                                          << "\nstorage:\n  dir: " << (folder_ / "storage").string()
                                          << "\ngateway:\n  port: 0\n  web_root: " << (folder_ / "web").string() << "\n"
                                          << gateway;
}

void GatewayTest::start() {
  gateway_ = std::make_unique<GatewayProgram>((folder_ / "vedette.yaml").string());
  port_ = gateway_->wait_for_port();
  ASSERT_NE(port_, 0) << gateway_->log();
}

Json GatewayTest::wait_text(WebSocket& viewer, const std::function<bool(const Json&)>& fits) {
  while (const auto message = viewer.receive()) {
    if (message->binary) continue;
    Json json = Json::parse(message->payload);
    if (fits(json)) return json;
  }
  ADD_FAILURE() << "the connection ended before the message came";
  return {};
}

Json GatewayTest::wait_type(WebSocket& viewer, const std::string& type) {
  return wait_text(viewer, [&](const Json& json) { return json["type"] == type; });
}

std::optional<GatewayTest::Shown> GatewayTest::split(const WsMessage& message) {
  if (!message.binary || message.payload.size() < 4) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(message.payload[i])) << (8 * i);
  if (message.payload.size() < 4 + length) return std::nullopt;
  return Shown{Json::parse(message.payload.substr(4, length)), message.payload.substr(4 + length)};
}

std::optional<GatewayTest::Shown> GatewayTest::wait_picture(WebSocket& viewer) {
  while (const auto message = viewer.receive())
    if (message->binary) return split(*message);
  return std::nullopt;
}

std::string GatewayTest::stage_status(const Json& state_or_camera, const std::string& stage) {
  for (const Json& entry : state_or_camera["stages"])
    if (entry["name"] == stage) return entry["status"];
  return "absent";
}

Json GatewayTest::ready() const { return Json::parse(http_get(port_, "/readyz").body); }

std::uint64_t GatewayTest::metric(const std::string& name) const {
  const std::string text = http_get(port_, "/metrics").body;
  const std::string key = "\nvedette_gateway_" + name + "{camera=\"front\"} ";
  const std::size_t found = text.find(key);
  return found == std::string::npos ? ~0ull : std::stoull(text.substr(found + key.size()));
}

}  // namespace vedette::test
