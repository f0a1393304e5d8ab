#include "process/detect/detect_fixture.h"

#include "support/model_scenes.h"

namespace vedette::test {
namespace {

bus::RingWriter open_writer(const bus::BusDir& dir, const std::string& camera, const std::string& topic, std::uint64_t schema,
                            std::size_t bytes) {
  bus::RingOptions options;
  options.schema_id = schema;
  options.slot_bytes = bytes;
  options.readers = 4;
  auto writer = bus::RingWriter::open(dir, {camera, topic}, options);
  VD_ASSERT(writer.ok(), writer.error().text.c_str());
  return std::move(writer).value();
}

}  // namespace

DetectProgram::DetectProgram(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{VEDETTE_DETECT};
  words.insert(words.end(), arguments.begin(), arguments.end());
  program_ = std::make_unique<Program>(words, folder_.file("detect"));
}

Upstream::Upstream(const bus::BusDir& dir, const std::string& camera, PixelFormat format, std::uint32_t width,
                   std::uint32_t height)
    : frames(open_writer(dir, camera, "frames", kFrameSchema, frame_layout(format, width, height).slot_bytes)),
      control(open_writer(dir, camera, "control", kControlSchema, kMaxRecordBytes)),
      format_(format),
      width_(width),
      height_(height),
      layout_(frame_layout(format, width, height)) {}

FrameInfo Upstream::describe(std::uint64_t id) const {
  FrameInfo info;
  info.mutate_frame_id(id);
  info.mutate_width(width_);
  info.mutate_height(height_);
  info.mutate_source_width(width_ * 2);  // as if decoded at half size
  info.mutate_source_height(height_ * 2);
  info.mutate_format(format_);
  info.mutable_trace().mutate_trace_id_low(id ^ 0x5a5a);
  for (std::size_t plane = 0; plane < layout_.planes.size(); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    info.mutable_plane_offset()->Mutate(index, layout_.planes[plane].offset);
    info.mutable_plane_stride()->Mutate(index, layout_.planes[plane].stride);
  }
  return info;
}

std::uint64_t Upstream::publish_frame(std::uint8_t shade, std::chrono::milliseconds age) { return publish(shade, age, {}); }
std::uint64_t Upstream::publish_square(std::uint32_t column, std::uint8_t shade) { return publish(shade, {}, column); }

std::uint64_t Upstream::publish(std::uint8_t shade, std::chrono::milliseconds age, std::optional<std::uint32_t> square) {
  auto loan = frames.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const std::uint64_t id = frames.next_frame_id();
  FrameInfo info = describe(id);
  info.mutate_captured_at_ns(monotonic_ns() - to_ns(age));
  info.mutate_published_at_ns(monotonic_ns());
  std::memset(loan->bytes().data() + kFramePixelsOffset, shade, layout_.slot_bytes - kFramePixelsOffset);
  const std::uint32_t side = width_ / 16;
  for (std::uint32_t y = 0; square && y < side; ++y)
    std::memset(loan->bytes().data() + layout_.planes[0].offset + (height_ / 2 + y) * layout_.planes[0].stride + *square * side,
                0, side);
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  frames.publish(std::move(*loan), id, layout_.slot_bytes);
  return id;
}

void Upstream::publish_broken_frame() {
  auto loan = frames.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  const std::uint64_t id = frames.next_frame_id();
  FrameInfo info = describe(id);
  info.mutate_captured_at_ns(monotonic_ns());
  info.mutable_plane_offset()->Mutate(0, 0xffff0000u);
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  frames.publish(std::move(*loan), id, layout_.slot_bytes);
}

void Upstream::publish_control(float detect_fps, bool paused, std::uint64_t session, std::chrono::milliseconds age, Mode mode,
                               bool detecting) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      schema::CreateControl(builder, mode, detect_fps, paused, session, monotonic_ns() - to_ns(age), false, detecting));
  auto loan = control.loan();
  VD_ASSERT(loan.has_value(), "no free slot");
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  control.publish(std::move(*loan), control.next_frame_id(), builder.GetSize());
}

DetectFixture::DetectFixture() : folder_(path_ + "-files") {
  std::filesystem::create_directories(folder_);
  model_ = folder_ + "/scene.onnx";
  write_file(model_, serialize(raw_scene(kScene, 80, false)));
}

std::vector<std::string> DetectFixture::arguments(const std::vector<std::string>& cameras,
                                                  const std::vector<std::string>& more) const {
  std::string yaml = "cameras:\n";
  for (const std::string& camera : cameras) yaml += "  " + camera + ":\n    url: none.mp4\n" + camera_keys_;
  write_file(folder_ + "/vedette.yaml", yaml);
  std::vector<std::string> all{"--config", folder_ + "/vedette.yaml", "--bus-dir", path_, "--model", model_};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace vedette::test
