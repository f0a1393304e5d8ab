// docs/memory_layout.md is the contract: each row of its tables is a field of the code's structs, in place and size, and each
// field has its row.
#include <gtest/gtest.h>
#include <vedette/log.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "bus/layout.h"
#include "bus/log_protocol.h"
#include "schema/motion.h"
#include "schema/packet.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::test {
namespace {

struct Field {
  std::size_t offset, bytes;
  std::string words;  // what its row must say
};

struct Row {
  std::size_t offset, bytes;
  std::string text;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" *`"), last = text.find_last_not_of(" *`");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream rest(line.substr(1));
  for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

struct Page {
  std::string text;
  std::map<std::string, std::vector<std::vector<std::string>>> tables;  // heading -> rows, without their head
};

Page read_page() {
  Page page;
  std::ifstream file(VEDETTE_LAYOUT_DOC);
  std::string heading;
  bool in_body = false;
  for (std::string line; std::getline(file, line);) {
    page.text += line + "\n";
    if (line.rfind("#", 0) == 0) heading = line.substr(line.find_first_not_of("# "));
    const bool is_row = line.rfind("|", 0) == 0;
    if (is_row && in_body) page.tables[heading].push_back(cells_of(line));
    if (line.rfind("|---", 0) == 0) in_body = true;
    if (!is_row) in_body = false;
  }
  return page;
}

const Page& page() {
  static const Page read = read_page();
  return read;
}

std::vector<Row> rows_of(const std::string& heading) {
  std::vector<Row> rows;
  const auto found = page().tables.find(heading);
  if (found == page().tables.end()) return rows;
  // "32 each" counts one; "stride each" none: its size isn't fixed.
  for (const auto& cells : found->second)
    rows.push_back({std::stoul(cells.at(0)), std::isdigit(cells.at(1)[0]) ? std::stoul(cells[1]) : 0, cells.at(2)});
  return rows;
}

void expect_table(const std::string& heading, const std::vector<Field>& fields) {
  const std::vector<Row> rows = rows_of(heading);
  EXPECT_EQ(rows.size(), fields.size()) << heading;
  std::size_t end = 0;
  for (std::size_t i = 0; i < std::min(rows.size(), fields.size()); ++i) {
    const std::string where = heading + ", \"" + rows[i].text + "\"";
    EXPECT_EQ(rows[i].offset, fields[i].offset) << where;
    EXPECT_EQ(rows[i].bytes, fields[i].bytes) << where;
    EXPECT_NE(rows[i].text.find(fields[i].words), std::string::npos) << where << " should speak of " << fields[i].words;
    EXPECT_GE(rows[i].offset, end) << where << " overlaps the row before";
    end = rows[i].offset + rows[i].bytes;
  }
}

#define VD_FIELD(type, member, words) \
  Field { offsetof(type, member), sizeof(type::member), words }

TEST(MemoryLayout, of_the_payload_file_is_as_documented) {
  using bus::Descriptor, bus::Header;
  expect_table("Payload file", {VD_FIELD(Header, magic, "magic"),
                                VD_FIELD(Header, layout_version, "layout version"),
                                VD_FIELD(Header, slots, "slots"),
                                VD_FIELD(Header, schema_id, "schema id"),
                                VD_FIELD(Header, instance, "instance"),
                                VD_FIELD(Header, slot_bytes, "slot bytes"),
                                VD_FIELD(Header, slot_stride, "slot stride"),
                                VD_FIELD(Header, slots_offset, "offset of slot 0"),
                                VD_FIELD(Header, file_bytes, "bytes of the file"),
                                VD_FIELD(Header, metadata_offset, "metadata: its offset"),
                                VD_FIELD(Header, metadata_bytes, "metadata: its bytes"),
                                VD_FIELD(Header, keep, "keep"),
                                VD_FIELD(Header, writer_slots, "writer may have out"),
                                VD_FIELD(Header, readers, "reader entries"),
                                VD_FIELD(Header, held_per_reader, "leases a reader may hold"),
                                VD_FIELD(Header, policy, "slot policy"),
                                VD_FIELD(Header, head, "head"),
                                VD_FIELD(Header, doorbell, "doorbell"),
                                VD_FIELD(Header, retired, "retired"),
                                VD_FIELD(Header, epoch, "epoch"),
                                VD_FIELD(Header, published, "published"),
                                VD_FIELD(Header, dropped, "dropped"),
                                VD_FIELD(Header, beat_at_ns, "beat"),
                                VD_FIELD(Header, frame_id, "frame id"),
                                VD_FIELD(Header, writer_pid, "writer's pid"),
                                Field{sizeof(Header), sizeof(Descriptor), "descriptors"}});
  expect_table("A descriptor", {VD_FIELD(Descriptor, generation, "generation"), VD_FIELD(Descriptor, frame_id, "frame id"),
                                VD_FIELD(Descriptor, bytes, "bytes"), VD_FIELD(Descriptor, reserved, "unused")});
}

TEST(MemoryLayout, of_a_logs_payload_file_is_as_documented) {
  using bus::Header, bus::LogEntry, bus::LogHeader;
  std::vector<Field> fields{VD_FIELD(LogHeader, max_record_bytes, "longest record"),
                            VD_FIELD(LogHeader, data_bytes, "bytes of the data"),
                            VD_FIELD(LogHeader, data_offset, "offset of the data"),
                            VD_FIELD(LogHeader, index_offset, "offset of the index"),
                            VD_FIELD(LogHeader, index_entries, "index entries"),
                            VD_FIELD(LogHeader, reserved, "reserved"),
                            VD_FIELD(LogHeader, tail, "tail"),
                            Field{sizeof(LogHeader), sizeof(LogEntry), "index"}};
  for (Field& field : fields) field.offset += sizeof(Header);
  expect_table("Payload file of a log", fields);
  expect_table("An index entry", {VD_FIELD(LogEntry, position, "position"), VD_FIELD(LogEntry, length, "length"),
                                  VD_FIELD(LogEntry, frame_id, "frame id"), VD_FIELD(LogEntry, at_ns, "time")});
}

TEST(MemoryLayout, of_the_lease_file_is_as_documented) {
  using bus::LeaseEntry, bus::LeaseHeader;
  expect_table("Lease file", {VD_FIELD(LeaseHeader, magic, "magic"), VD_FIELD(LeaseHeader, layout_version, "layout version"),
                              VD_FIELD(LeaseHeader, readers, "reader entries"), VD_FIELD(LeaseHeader, instance, "instance"),
                              VD_FIELD(LeaseHeader, held_per_reader, "leases a reader may hold"),
                              VD_FIELD(LeaseHeader, entry_stride, "entry stride"), VD_FIELD(LeaseHeader, waiters, "waiters"),
                              VD_FIELD(LeaseHeader, demand_sequence, "demand sequence"),
                              VD_FIELD(LeaseHeader, entries_used, "entries used"), Field{sizeof(LeaseHeader), 0, "entries"}});
  expect_table("An entry", {VD_FIELD(LeaseEntry, demand, "demand"), VD_FIELD(LeaseEntry, pid, "pid"),
                            VD_FIELD(LeaseEntry, missed, "missed"), VD_FIELD(LeaseEntry, taken, "taken"),
                            VD_FIELD(LeaseEntry, reserved, "unused"), Field{sizeof(LeaseEntry), 4, "hazards"}});
}

// The C structs are the schema's: tests/unit/bus_c/frame_test.cpp.
TEST(MemoryLayout, of_the_records_is_as_documented) {
  using Frame = vd_frame_info;
  using Boxes = vd_detections_info;
  expect_table("FrameInfo",
               {VD_FIELD(Frame, frame_id, "frame id"), VD_FIELD(Frame, captured_at_ns, "captured"),
                VD_FIELD(Frame, published_at_ns, "published"), VD_FIELD(Frame, wall_at_ns, "wall"),
                VD_FIELD(Frame, trace, "trace"), VD_FIELD(Frame, width, "width"), VD_FIELD(Frame, height, "height"),
                VD_FIELD(Frame, source_width, "source width"), VD_FIELD(Frame, source_height, "source height"),
                VD_FIELD(Frame, plane_offset, "plane offset"), VD_FIELD(Frame, plane_stride, "plane stride"),
                VD_FIELD(Frame, camera, "camera"), VD_FIELD(Frame, format, "format"), VD_FIELD(Frame, matrix, "matrix"),
                VD_FIELD(Frame, range, "range"), VD_FIELD(Frame, memory, "memory"), VD_FIELD(Frame, mode, "mode"),
                VD_FIELD(Frame, reserved, "reserved"), VD_FIELD(Frame, camera_wall_at_ns, "camera's wall")});
  using Packet = vd_packet_info;
  expect_table("PacketInfo",
               {VD_FIELD(Packet, frame_id, "frame id"), VD_FIELD(Packet, captured_at_ns, "captured"),
                VD_FIELD(Packet, published_at_ns, "published"), VD_FIELD(Packet, wall_at_ns, "wall"),
                VD_FIELD(Packet, camera_wall_at_ns, "camera's wall"), VD_FIELD(Packet, trace, "trace"),
                VD_FIELD(Packet, pts_ns, "pts"), VD_FIELD(Packet, dts_ns, "dts"), VD_FIELD(Packet, duration_ns, "duration"),
                VD_FIELD(Packet, width, "width"), VD_FIELD(Packet, height, "height"),
                VD_FIELD(Packet, sample_rate, "sample rate"), VD_FIELD(Packet, config_bytes, "configuration"),
                VD_FIELD(Packet, data_bytes, "packet"), VD_FIELD(Packet, channels, "channels"), VD_FIELD(Packet, codec, "codec"),
                VD_FIELD(Packet, keyframe, "keyframe"), VD_FIELD(Packet, stream, "stream")});
  expect_table("DetectionsInfo",
               {VD_FIELD(Boxes, frame_id, "frame id"), VD_FIELD(Boxes, captured_at_ns, "captured"),
                VD_FIELD(Boxes, published_at_ns, "published"), VD_FIELD(Boxes, inference_ns, "inference"),
                VD_FIELD(Boxes, trace, "trace"), VD_FIELD(Boxes, count, "count"), VD_FIELD(Boxes, source_width, "source width"),
                VD_FIELD(Boxes, source_height, "source height"), VD_FIELD(Boxes, camera_clock_ms, "camera clock")});
  expect_table("Detection",
               {VD_FIELD(vd_detection, x, "x"), VD_FIELD(vd_detection, y, "y"), VD_FIELD(vd_detection, width, "width"),
                VD_FIELD(vd_detection, height, "height"), VD_FIELD(vd_detection, score, "score"),
                VD_FIELD(vd_detection, class_id, "class id"), VD_FIELD(vd_detection, reserved, "reserved")});
}

constexpr float kAll = std::bit_cast<float>(~0u);  // its bits

// Where a field lies that has no C struct: the bytes that change with it.
template <typename Info, typename Change>
Field changed_field(Change change, const char* words) {
  Info info;
  change(info);
  unsigned char bytes[sizeof info];
  std::memcpy(bytes, &info, sizeof info);
  const auto set = [](unsigned char byte) { return byte != 0; };
  const auto* first = std::find_if(std::begin(bytes), std::end(bytes), set);
  const auto count = static_cast<std::size_t>(std::count_if(std::begin(bytes), std::end(bytes), set));
  return {static_cast<std::size_t>(first - bytes), count, words};
}

template <typename Change>
Field motion_field(Change change, const char* words) {
  return changed_field<MotionInfo>(change, words);
}

template <typename Info>
Field info_trace() {
  return changed_field<Info>([](Info& info) { info.mutable_trace() = {~0ull, ~0ull, ~0ull, ~0ull}; }, "trace");
}

TEST(MemoryLayout, of_tracks_is_as_documented) {
  const auto info = [](auto change, const char* words) { return changed_field<TracksInfo>(change, words); };
  expect_table("TracksInfo", {info([](auto& all) { all.mutate_frame_id(~0ull); }, "frame id"),
                              info([](auto& all) { all.mutate_captured_at_ns(~0ull); }, "captured"),
                              info([](auto& all) { all.mutate_published_at_ns(~0ull); }, "published"), info_trace<TracksInfo>(),
                              info([](auto& all) { all.mutate_count(~0u); }, "count"),
                              info([](auto& all) { all.mutate_source_width(~0u); }, "source width"),
                              info([](auto& all) { all.mutate_source_height(~0u); }, "source height"),
                              info([](auto& all) { all.mutate_next_id(~0u); }, "next id")});
  const auto track = [](auto change, const char* words) { return changed_field<Track>(change, words); };
  expect_table(
      "Track",
      {track([](Track& one) { one.mutate_id(~0ull); }, "id"),
       track([](Track& one) { one.mutate_first_at_ns(~0ull); }, "first at"),
       track([](Track& one) { one.mutate_seen_at_ns(~0ull); }, "seen at"),
       track([](Track& one) { one.mutate_still_since_ns(~0ull); }, "still since"),
       track([](Track& one) { one.mutate_x(kAll); }, "x of"), track([](Track& one) { one.mutate_y(kAll); }, "y of"),
       track([](Track& one) { one.mutate_width(kAll); }, "width"), track([](Track& one) { one.mutate_height(kAll); }, "height"),
       track([](Track& one) { one.mutate_velocity_x(kAll); }, "along x"),
       track([](Track& one) { one.mutate_velocity_y(kAll); }, "along y"),
       track([](Track& one) { one.mutate_score(kAll); }, "score"), track([](Track& one) { one.mutate_zones(~0u); }, "zones"),
       track([](Track& one) { one.mutate_class_id(0xFFFF); }, "class id"),
       track([](Track& one) { one.mutate_phase(static_cast<TrackPhase>(0xFF)); }, "phase"),
       Field{sizeof(Track) - 5, 5, "reserved"}});
}

TEST(MemoryLayout, of_motion_is_as_documented) {
  using Info = MotionInfo;
  const auto zone_area = [](Info& info) {
    for (flatbuffers::uoffset_t zone = 0; zone < kMaxMotionZones; ++zone) info.mutable_zone_area()->Mutate(zone, kAll);
  };
  expect_table("MotionInfo", {motion_field([](Info& info) { info.mutate_frame_id(~0ull); }, "frame id"),
                              motion_field([](Info& info) { info.mutate_captured_at_ns(~0ull); }, "captured"),
                              motion_field([](Info& info) { info.mutate_published_at_ns(~0ull); }, "published"),
                              info_trace<Info>(), motion_field([](Info& info) { info.mutate_columns(0xFFFF); }, "columns"),
                              motion_field([](Info& info) { info.mutate_rows(0xFFFF); }, "rows"),
                              motion_field([](Info& info) { info.mutate_cell_width(0xFFFF); }, "cell width"),
                              motion_field([](Info& info) { info.mutate_cell_height(0xFFFF); }, "cell height"),
                              motion_field([](Info& info) { info.mutate_area(kAll); }, "area"),
                              motion_field([](Info& info) { info.mutate_threshold(0xFF); }, "threshold"),
                              motion_field([](Info& info) { info.mutate_moving(0xFF); }, "moving"),
                              motion_field([](Info& info) { info.mutate_light_changed(0xFF); }, "light changed"),
                              motion_field([](Info& info) { info.mutate_model_skipped(0xFF); }, "model skipped"),
                              motion_field([](Info& info) { info.mutate_zones(~0u); }, "zones"),
                              motion_field(zone_area, "zone area"), Field{sizeof(Info) - 4, 4, "unused"}});
  EXPECT_EQ(kMaxMotionCells, 25600u);
}

void expect_says(const std::string& words) {
  EXPECT_NE(page().text.find(words), std::string::npos) << "the page doesn't say: " << words;
}

std::string magic(std::uint64_t number) { return std::string(reinterpret_cast<const char*>(&number), sizeof number); }

TEST(MemoryLayout, constants_are_as_documented) {
  expect_says("The layout version is " + std::to_string(bus::kLayoutVersion) + ";");
  expect_says("magic `" + magic(bus::kPayloadMagic) + "`");
  expect_says("magic `" + magic(bus::kLeaseMagic) + "`");
  expect_says("magic is `" + magic(bus::kLogMagic) + "`");
  expect_says("a power of two, " + std::to_string(bus::kMinIndexEntries) + " to " + std::to_string(bus::kMaxIndexEntries));
  ASSERT_EQ(bus::kMaxLogBytes, 1ull << 36);
  ASSERT_EQ(bus::kKeyframeBit, 1ull << 63);
  expect_says("slots, 1 to " + std::to_string(bus::kMaxSlots));
  expect_says("reader entries, 1 to " + std::to_string(bus::kMaxReaders));
  expect_says("leases a reader may hold, 1 to " + std::to_string(bus::kMaxHeldPerReader));
  expect_says("its bytes, at most " + std::to_string(bus::kMaxMetadataBytes));
  ASSERT_EQ(bus::pack_head(1, 0), 4096u);
  expect_says("sequence × 4096 + slot");
  ASSERT_EQ(bus::kEntryLockOffset, 1ll << 32);
  expect_says("byte 2³² + *i*");
  expect_says("1 to " + std::to_string(kMaxSide) + " pixels");
  expect_says("at least " + std::to_string(sizeof(FrameInfo)));
  expect_says("begin at byte " + std::to_string(kFramePixelsOffset));
  expect_says("count of Detections, at most " + std::to_string(kMaxDetections));
  expect_says("Detections at " + std::to_string(sizeof(DetectionsInfo)));
  expect_says("count of Tracks, at most " + std::to_string(kMaxTracks));
  expect_says("Tracks at " + std::to_string(sizeof(TracksInfo)));
  EXPECT_EQ(kMaxRecordBytes, 4096u);
}

TEST(MemoryLayout, schema_ids_are_as_documented) {
  const std::map<std::string, std::uint64_t> ids{
      {"<camera>/frames", kFrameSchema},    {"<camera>/detections", kDetectionsSchema}, {"<camera>/motion", kMotionSchema},
      {"<camera>/control", kControlSchema}, {"<camera>/state", kStateSchema},           {"<camera>/source", kSourceSchema},
      {"<camera>/ingest", kPacketsSchema},  {"<camera>/events", kEventSchema},          {"<camera>/packets", kPacketsSchema},
      {"<camera>/tracks", kTracksSchema},   {"<camera>/media", kMediaSchema},           {"<camera>/encoded", kPacketsSchema}};
  std::map<std::string, std::uint64_t> documented;
  const auto found = page().tables.find("Records");
  ASSERT_NE(found, page().tables.end());
  for (const auto& cells : found->second) documented[cells.at(0)] = std::stoull(cells.at(1), nullptr, 16);
  EXPECT_EQ(documented, ids);
}

}  // namespace
}  // namespace vedette::test
