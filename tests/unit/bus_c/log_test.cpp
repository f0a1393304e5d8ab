// Logs in C: what a writer of ours appends is what a reader of C gets; every mistake is a status and a sentence.
#include <vedette/log.h>

#include <thread>
#include <vector>

#include "c_fixture.h"
#include "schema/packet.h"
#include "support/log_records.h"

namespace vedette::test {
namespace {

class CLog : public CApi {
 protected:
  bus::LogWriter writer_of(std::uint64_t data_bytes = 8192) {
    return std::move(bus::LogWriter::open(dir_, topic("cam0/packets"),
                                          {.schema_id = kSchema,
                                           .data_bytes = data_bytes,
                                           .index_entries = 64,
                                           .max_record_bytes = 2000,
                                           .readers = 3,
                                           .metadata = "text"}))
        .value();
  }
  vd_log_reader* log_reader(std::uint32_t from = VD_LOG_OLDEST_KEYFRAME) {
    vd_log_reader_options options = vd_log_reader_options_default();
    options.from = from;
    vd_log_reader* opened = nullptr;
    EXPECT_EQ(vd_log_reader_open(bus_, "cam0/packets", &options, &opened), VD_OK) << vd_last_error();
    return opened;
  }
  vd_status take(vd_log_reader* reader) { return vd_log_reader_take_next(reader, buffer_.data(), buffer_.size(), &record_); }
  std::span<const std::byte> taken() const { return std::as_bytes(std::span(buffer_)).first(record_.bytes); }

  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(2000);
  vd_log_record record_{};
};

TEST_F(CLog, carries_records_from_writer_to_reader) {
  vd_log_reader* const in = log_reader();
  EXPECT_EQ(take(in), VD_NOTHING);
  EXPECT_EQ(vd_log_reader_wait(in, 0), VD_TIMEOUT);
  vd_log_info about;
  EXPECT_TRUE(says(vd_log_reader_about(in, &about), VD_NOT_FOUND, "no such topic"));
  auto out = writer_of();
  ASSERT_TRUE(append_number(out, 1, 1234, true));
  ASSERT_TRUE(append_number(out, 2, 0, false));
  ASSERT_EQ(vd_log_reader_wait(in, kWatchdogNs), VD_OK);
  EXPECT_TRUE(out.demand().packets);
  ASSERT_EQ(take(in), VD_OK) << vd_last_error();
  EXPECT_EQ(record_.bytes, 1234u);
  EXPECT_EQ(record_.frame_id, 10u);
  EXPECT_EQ(record_.at_ns, 1000u);
  EXPECT_EQ(record_.sequence, 1u);
  EXPECT_EQ(record_.missed, 0u);
  EXPECT_EQ(record_.keyframe, 1u);
  EXPECT_TRUE(is_whole(1, taken()));
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.bytes, 0u);
  EXPECT_EQ(record_.keyframe, 0u);
  EXPECT_EQ(take(in), VD_NOTHING);
  EXPECT_EQ(record_.sequence, 0u);
  ASSERT_EQ(vd_log_reader_about(in, &about), VD_OK);
  EXPECT_EQ(about.schema_id, kSchema);
  EXPECT_EQ(about.max_record_bytes, 2000u);
  EXPECT_EQ(about.records, 2u);
  EXPECT_EQ(about.bytes, 1240u);
  EXPECT_EQ(about.oldest_at_ns, 1000u);
  EXPECT_EQ(about.newest_at_ns, 2000u);
  EXPECT_STREQ(about.metadata, "text");
  vd_stats stats;
  ASSERT_EQ(vd_log_reader_stats(in, &stats), VD_OK);
  EXPECT_EQ(stats.published, 2u);
  vd_log_reader_close(in);
}

TEST_F(CLog, a_buffer_that_is_too_small_costs_no_record) {
  auto out = writer_of();
  vd_log_reader* const in = log_reader();
  ASSERT_TRUE(append_number(out, 1, 300, true));
  ASSERT_EQ(vd_log_reader_take_next(in, nullptr, 0, &record_), VD_TOO_SMALL);
  EXPECT_EQ(record_.bytes, 300u);
  EXPECT_EQ(vd_log_reader_take_next(in, buffer_.data(), 299, &record_), VD_TOO_SMALL);
  EXPECT_EQ(vd_log_reader_wait(in, 0), VD_OK) << "there is something to take";
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 1u);
  EXPECT_TRUE(is_whole(1, taken()));
  EXPECT_EQ(take(in), VD_NOTHING);
  ASSERT_TRUE(append_number(out, 2, 300, true));
  ASSERT_EQ(vd_log_reader_take_next(in, nullptr, 0, &record_), VD_TOO_SMALL);
  ASSERT_EQ(vd_log_reader_seek_frame(in, 10), VD_OK) << "a seek forgets it";
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 1u);
  vd_log_reader_close(in);
}

TEST_F(CLog, overruns_are_told_and_seeks_find_what_is_there) {
  auto out = writer_of();
  vd_log_reader* const in = log_reader();
  EXPECT_EQ(vd_log_reader_seek_time(in, 5), VD_NOTHING);
  for (std::uint64_t n = 1; n <= 40; ++n) ASSERT_TRUE(append_number(out, n, 1000, n % 5 == 0));  // 33 … 40 are left
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 35u);
  EXPECT_EQ(record_.missed, 34u);
  ASSERT_EQ(vd_log_reader_seek(in, VD_LOG_NEWEST_KEYFRAME), VD_OK);
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 40u);
  ASSERT_EQ(vd_log_reader_seek_time(in, 39'000), VD_OK);
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 35u);
  ASSERT_EQ(vd_log_reader_seek_frame(in, 370), VD_OK);
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 37u);
  EXPECT_EQ(vd_log_reader_seek_frame(in, 10), VD_NOTHING);
  ASSERT_EQ(take(in), VD_OK);
  EXPECT_EQ(record_.sequence, 38u);
  vd_log_reader_close(in);
}

TEST_F(CLog, one_thread_waits_for_rings_and_logs) {
  auto out = writer_of();
  vd_writer* const ring = writer("cam0/own", options());
  vd_reader* const frames = reader("cam0/own");
  vd_log_reader* const in = log_reader();
  EXPECT_EQ(vd_log_wait_any(&frames, 1, &in, 1, 0), VD_TIMEOUT);
  ASSERT_EQ(publish(ring, 1, 1), VD_OK);
  EXPECT_EQ(vd_log_wait_any(&frames, 1, &in, 1, kWatchdogNs), VD_OK);
  vd_record record;
  ASSERT_EQ(vd_take_newest(frames, &record), VD_OK);
  ASSERT_EQ(vd_release(frames, &record), VD_OK);
  std::thread appender([&] { EXPECT_TRUE(append_number(out, 1, 10, true)); });
  EXPECT_EQ(vd_log_wait_any(&frames, 1, &in, 1, kWatchdogNs), VD_OK);
  EXPECT_EQ(take(in), VD_OK);
  appender.join();
  EXPECT_EQ(vd_log_reader_set_wait(in, VD_WAIT_HYBRID, 50'000), VD_OK);
  EXPECT_EQ(vd_log_reader_wait(in, 1'000'000), VD_TIMEOUT);
  const vd_demand none{};
  EXPECT_EQ(vd_log_reader_set_demand(in, &none), VD_OK);
  EXPECT_FALSE(out.demand().any());
  vd_log_reader_close(in);
  vd_reader_close(frames);
  vd_writer_close(ring);
}

TEST_F(CLog, every_mistake_is_a_sentence) {
  auto out = writer_of();
  vd_log_reader* in = log_reader();
  vd_log_reader* none = nullptr;
  vd_log_reader_options options = vd_log_reader_options_default();
  options.from = 3;
  EXPECT_TRUE(says(vd_log_reader_open(bus_, "cam0/packets", &options, &none), VD_INVALID_ARGUMENT, "not from 3"));
  EXPECT_TRUE(says(vd_log_reader_seek(in, 3), VD_INVALID_ARGUMENT, "not from 3"));
  options = vd_log_reader_options_default();
  options.size = 7;
  EXPECT_TRUE(says(vd_log_reader_open(bus_, "cam0/packets", &options, &none), VD_INVALID_ARGUMENT, "vd_log_reader_options"));
  EXPECT_TRUE(says(vd_log_reader_open(bus_, "packets", nullptr, &none), VD_INVALID_ARGUMENT, "packets"));
  vd_writer* const ring = writer("cam0/own", CApi::options());
  EXPECT_TRUE(says(vd_log_reader_open(bus_, "cam0/own", nullptr, &none), VD_INCOMPATIBLE, "is a ring"));
  vd_reader* as_ring = nullptr;
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/packets", nullptr, &as_ring), VD_INCOMPATIBLE, "is a log"));
  EXPECT_TRUE(says(take(nullptr), VD_INVALID_ARGUMENT, "the log reader is NULL"));
  EXPECT_TRUE(says(vd_log_reader_take_next(in, nullptr, 1, &record_), VD_INVALID_ARGUMENT, "buffer is NULL"));
  vd_stats stats;
  for (const vd_status status :
       {vd_log_reader_open(nullptr, "cam0/packets", nullptr, &none), vd_log_reader_open(bus_, nullptr, nullptr, &none),
        vd_log_reader_open(bus_, "cam0/packets", nullptr, nullptr), vd_log_reader_take_next(in, buffer_.data(), 10, nullptr),
        vd_log_reader_seek(nullptr, VD_LOG_NEXT), vd_log_reader_seek_time(nullptr, 0), vd_log_reader_seek_frame(nullptr, 0),
        vd_log_reader_wait(nullptr, 0), vd_log_wait_any(nullptr, 0, nullptr, 0, 0), vd_log_wait_any(nullptr, 1, &in, 1, 0),
        vd_log_reader_set_wait(nullptr, VD_WAIT_BLOCK, 0), vd_log_reader_set_wait(in, 9, 0),
        vd_log_reader_set_demand(in, nullptr), vd_log_reader_stats(nullptr, &stats), vd_log_reader_stats(in, nullptr),
        vd_log_reader_about(in, nullptr), vd_packet_read(nullptr, 1, nullptr)})
    EXPECT_EQ(status, VD_INVALID_ARGUMENT);
  vd_log_reader_close(in);
  EXPECT_TRUE(says(take(in), VD_INVALID_ARGUMENT, "is closed"));
  vd_log_reader_close(nullptr);
  vd_writer_close(ring);
}

TEST_F(CLog, packets_are_the_schemas) {
  PacketInfo info;
  info.mutate_frame_id(1), info.mutate_captured_at_ns(2), info.mutate_published_at_ns(3), info.mutate_wall_at_ns(4);
  info.mutate_camera_wall_at_ns(5), info.mutate_pts_ns(-6), info.mutate_dts_ns(-7), info.mutate_duration_ns(8);
  info.mutable_trace() = TraceContext(11, 12, 13, 14);
  info.mutate_width(640), info.mutate_height(480), info.mutate_sample_rate(9), info.mutate_channels(10);
  info.mutate_codec(Codec::H265), info.mutate_keyframe(1), info.mutate_stream(15);
  const std::vector<std::byte> config(5, std::byte{1}), data(50, std::byte{2});
  std::vector<std::byte> record;
  for (const auto piece : packet_pieces(info, config, data)) record.insert(record.end(), piece.begin(), piece.end());
  vd_packet packet;
  ASSERT_EQ(vd_packet_read(record.data(), record.size(), &packet), VD_OK) << vd_last_error();
  const vd_packet_info& read = packet.info;
  EXPECT_EQ(read.frame_id, 1u);
  EXPECT_EQ(read.captured_at_ns, 2u);
  EXPECT_EQ(read.published_at_ns, 3u);
  EXPECT_EQ(read.wall_at_ns, 4u);
  EXPECT_EQ(read.camera_wall_at_ns, 5u);
  EXPECT_EQ(read.trace.trace_id_high, 11u);
  EXPECT_EQ(read.trace.flags, 14u);
  EXPECT_EQ(read.pts_ns, -6);
  EXPECT_EQ(read.dts_ns, -7);
  EXPECT_EQ(read.duration_ns, 8u);
  EXPECT_EQ(read.width, 640u);
  EXPECT_EQ(read.height, 480u);
  EXPECT_EQ(read.sample_rate, 9u);
  EXPECT_EQ(read.config_bytes, 5u);
  EXPECT_EQ(read.data_bytes, 50u);
  EXPECT_EQ(read.channels, 10u);
  EXPECT_EQ(read.codec, VD_H265);
  EXPECT_EQ(read.keyframe, 1u);
  EXPECT_EQ(read.stream, 15u);
  EXPECT_EQ(packet.config, reinterpret_cast<const std::uint8_t*>(record.data()) + 120);
  EXPECT_EQ(packet.data, packet.config + 5);
  EXPECT_TRUE(says(vd_packet_read(record.data(), record.size() - 1, &packet), VD_CORRUPT, "its lengths add up to"));
  EXPECT_EQ(packet.data, nullptr);
}

}  // namespace
}  // namespace vedette::test
