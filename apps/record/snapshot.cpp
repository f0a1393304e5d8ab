#include "record/snapshot.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vision/convert.h"
#include "vision/overlay.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kSameTimeNs = 1'000'000'000;  // what moves is elsewhere after that

std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string label_of(const store::Event& event) {
  if (event.label.empty()) return {};
  return event.label + " " + std::to_string(std::lround(event.score * 100.0f)) + "%";
}

}  // namespace

Result<Still> SnapshotWriter::take(std::uint64_t best_ns) {
  if (auto reader = feed_.reader_at(best_ns))
    if (auto still = take_still(*reader, best_ns)) return still;
  const bus::Lease newest = feed_.newest_frame();
  FrameInfo info;
  if (!newest || newest.bytes().size() < sizeof info) return Error{ErrorCode::kNotFound, "no picture of it is there"};
  std::memcpy(&info, newest.bytes().data(), sizeof info);
  VD_ASSIGN(const vision::ImageView view, vision::image_view(info, newest.bytes()));
  Still still{info.frame_id(), info.captured_at_ns(), {}, {}};
  vision::to_jpeg_planes(view, still.picture);
  return still;
}

Result<> SnapshotWriter::write_jpeg(const std::string& path, const vision::ImageView& picture) {
  VD_ASSIGN(const std::span<const std::byte> file, encoder_.encode(picture, static_cast<int>(options_.quality)));
  return store::write_durably(path, text_of(file));
}

Result<Snapshot> SnapshotWriter::write(const store::Tree& tree, const store::Event& event, std::uint64_t best_ns) {
  VD_ASSIGN(Still still, take(best_ns));
  const bool of_then = std::max(still.captured_at_ns, best_ns) - std::min(still.captured_at_ns, best_ns) <= kSameTimeNs;
  if (!of_then && event.snapshot) return Error{ErrorCode::kNotFound, "the picture isn't kept any more"};
  Snapshot snapshot{tree.snapshot(event.key, event.started_at_ms), still.frame_id, 0};
  if (still.jpeg.empty())
    VD_TRY(write_jpeg(snapshot.path, still.picture.view()));
  else
    VD_TRY(store::write_durably(snapshot.path, text_of(still.jpeg)));
  const vision::BoxOnPicture box{event.x, event.y, event.width, event.height};
  if (of_then && box.width > 0.0f && box.height > 0.0f) {
    VD_TRY(write_jpeg(tree.crop(event.key, event.started_at_ms), vision::cropped(still.picture.view(), box)));
    if (options_.boxes) {
      vision::draw_box(still.picture, box, label_of(event));
      snapshot.path = tree.boxed(event.key, event.started_at_ms);
      VD_TRY(write_jpeg(snapshot.path, still.picture.view()));
    }
  }
  snapshot.bytes = store::file_bytes(snapshot.path);
  return snapshot;
}

}  // namespace vedette::record
