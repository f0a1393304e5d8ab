// Any bytes as any record that crosses a process border: refused with a sentence, or nothing in it leads outside.
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "schema/class_names.h"
#include "schema/frame.h"
#include "schema/motion.h"
#include "schema/records.h"
#include "schema/tracks.h"

using namespace vedette;

namespace {

void take_frame(std::span<const std::byte> record, std::size_t slot_bytes) {
  FrameInfo info;
  if (record.size() < sizeof info) return;
  std::memcpy(&info, record.data(), sizeof info);
  const Result<> good = check_frame(info, slot_bytes);
  VD_ASSERT(camera_of(info).size() <= 32, "a camera's name runs out of its record");
  (void)to_string(info.mode());
  if (!good.ok()) return VD_ASSERT(!good.error().text.empty(), "a refusal without a sentence");
  for (int plane = 0; plane < plane_count(info.format()); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
    const auto last_row = static_cast<std::uint64_t>(info.plane_stride()->Get(index)) * (extent.rows - 1);
    VD_ASSERT(extent.rows > 0 && info.plane_offset()->Get(index) + last_row + extent.row_bytes <= slot_bytes,
              "a plane leads out of its slot");
  }
  VD_ASSERT(frame_layout(info.format(), info.width(), info.height()).slot_bytes >= kFramePixelsOffset, "no room for pixels");
}

void take_detections(std::span<const std::byte> record) {
  Detections read;
  if (!read_detections(record, read).ok()) return;
  VD_ASSERT(read.boxes.size() <= kMaxDetections, "more boxes than a record holds");
  for (const Detection& box : read.boxes)
    VD_ASSERT(std::isfinite(box.x() + box.y() + box.width() + box.height() + box.score()), "a box out of this world");
  std::vector<std::byte> again(kDetectionsSlotBytes);
  again.resize(write_detections(again, read.info, read.boxes));
  VD_ASSERT(again.size() <= record.size() && std::memcmp(again.data(), record.data(), again.size()) == 0, "read, write differ");
}

void take_motion(std::span<const std::byte> record) {
  Motion read;
  if (const Result<> good = read_motion(record, read); !good.ok())
    return VD_ASSERT(!good.error().text.empty(), "a refusal without a sentence");
  VD_ASSERT(read.cells.size() == std::size_t{read.info.columns()} * read.info.rows() && read.cells.size() <= kMaxMotionCells,
            "cells that don't fit");
  VD_ASSERT(read.info.area() >= 0.0f && read.info.area() <= 1.0f && read.info.zones() <= kMaxMotionZones,
            "an area of more than all");
  std::vector<std::byte> again(kMotionSlotBytes);
  again.resize(write_motion(again, read.info, read.cells, read.luma));
  VD_ASSERT(again.size() <= record.size() && std::memcmp(again.data(), record.data(), again.size()) == 0, "read, write differ");
}

void take_tracks(std::span<const std::byte> record) {
  Tracks read;
  if (const Result<> good = read_tracks(record, read); !good.ok())
    return VD_ASSERT(!good.error().text.empty(), "a refusal without a sentence");
  VD_ASSERT(read.tracks.size() <= kMaxTracks, "more tracks than a record holds");
  for (const Track& track : read.tracks)
    VD_ASSERT(std::isfinite(track.x() + track.y() + track.width() + track.height() + track.velocity_x() + track.velocity_y()) &&
                  !to_string(track.phase()).empty(),
              "a track out of this world");
  std::vector<std::byte> again(kTracksSlotBytes);
  again.resize(write_tracks(again, read.info, read.tracks));
  VD_ASSERT(again.size() <= record.size() && std::memcmp(again.data(), record.data(), again.size()) == 0, "read, write differ");
}

std::size_t length(const flatbuffers::String* text) { return text == nullptr ? 0 : text->str().size(); }

template <typename T, typename Visit>
void take_table(std::span<const std::byte> record, Visit visit) {
  RecordBuffer copy;
  const Result<const T*> table = copy_record<T>(record, copy);
  if (table.ok())
    visit(**table);
  else
    VD_ASSERT(!table.error().text.empty(), "a refusal without a sentence");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::size_t slot_bytes = std::size_t{data[1]} << (data[2] % 24);
  // A copy of its own, so that AddressSanitizer knows where it ends.
  const std::vector<std::byte> record(reinterpret_cast<const std::byte*>(data) + 3,
                                      reinterpret_cast<const std::byte*>(data) + size);
  switch (data[0] % 11) {
    case 0:
      take_frame(record, slot_bytes);
      break;
    case 1:
      take_detections(record);
      break;
    case 2:
      take_table<schema::Control>(record,
                                  [](const auto& t) { VD_ASSERT(!is_mode(t.mode()) || !to_string(t.mode()).empty(), "mode"); });
      break;
    case 3:
      take_table<schema::State>(record, [](const auto& t) {
        (void)to_string(t.previous_mode());
        if (t.counts() == nullptr) return;
        for (const schema::Count* count : *t.counts())
          VD_ASSERT(length(count->place()) + length(count->label()) <= kMaxRecordBytes, "a count");
      });
      break;
    case 4:
      take_table<schema::Event>(record, [](const auto& t) {
        VD_ASSERT(length(t.label()) + length(t.text()) + length(t.rule()) + length(t.zone()) <= kMaxRecordBytes &&
                      !to_string(t.kind()).empty() && !to_string(t.phase()).empty(),
                  "an event");
      });
      break;
    case 5:
      take_table<schema::Command>(record, [](const auto& t) { VD_ASSERT(length(t.camera()) <= kMaxRecordBytes, "a command"); });
      break;
    case 6:
      take_table<schema::Reply>(record, [](const auto& t) { VD_ASSERT(length(t.text()) <= kMaxRecordBytes, "a reply"); });
      break;
    case 7: {
      const std::string text(reinterpret_cast<const char*>(record.data()), record.size());
      const auto names = split_class_names(text);
      VD_ASSERT(split_class_names(join_class_names(names)) == names, "names split, joined and split again differ");
      break;
    }
    case 8:
      take_motion(record);
      break;
    case 9:
      take_tracks(record);
      break;
    case 10:
      take_table<schema::Media>(record, [](const auto& t) { VD_ASSERT(length(t.path()) <= kMaxRecordBytes, "a file"); });
      break;
  }
  return 0;
}
