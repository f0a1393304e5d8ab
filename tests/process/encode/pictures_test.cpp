// Every kind of picture arrives as it was, under its own id, with its colours said.
#include <cstring>
#include <map>

#include "base/clock.h"
#include "process/encode/encode_fixture.h"
#include "schema/frame.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

class EncodeFormats : public EncodeTest, public ::testing::WithParamInterface<const char*> {};

// The synthetic camera draws into each picture when it was taken; the frame of that time has the id.
TEST_P(EncodeFormats, PicturesAreTheFramesTheyClaimToBe) {
  start_capture(std::string("synthetic:?size=322x242&fps=30&format=") + GetParam());
  start_encode();
  ASSERT_TRUE(wait_for_log());
  bus::Subscriber frames(bus_, bus::TopicName{"front", "frames"}, kFrameSchema, bus::Demand::every_pixel());
  std::map<std::uint64_t, std::uint64_t> ids;  // by capture time
  const auto note_frames = [&] {
    while (const bus::Taken taken = frames.take_next()) {
      FrameInfo info;
      std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
      ids[info.captured_at_ns()] = info.frame_id();
    }
  };
  Viewer viewer(bus_);
  std::map<std::uint64_t, std::uint64_t> encoded;
  std::int64_t last_pts = 0;
  for (int i = 0; i < 45; ++i) {
    note_frames();
    const auto seen = viewer.next();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->info.codec(), Codec::H264);
    EXPECT_EQ(seen->info.keyframe() == 1, seen->has_config);
    if (i == 0) {
      EXPECT_EQ(seen->info.keyframe(), 1);
    }
    EXPECT_EQ(seen->info.width(), 322u);
    EXPECT_EQ(seen->width, 322u);
    EXPECT_EQ(seen->height, 242u);
    EXPECT_GT(seen->info.pts_ns(), last_pts);
    EXPECT_EQ(seen->info.pts_ns(), seen->info.dts_ns());
    EXPECT_GE(seen->info.published_at_ns(), seen->info.captured_at_ns());
    last_pts = seen->info.pts_ns();
    ASSERT_TRUE(seen->stamp) << "picture " << i << " can't be read";
    EXPECT_EQ(seen->stamp->at_ns, seen->info.captured_at_ns()) << "another picture than it says";
    EXPECT_EQ(seen->range, AVCOL_RANGE_MPEG);
    EXPECT_EQ(seen->matrix, AVCOL_SPC_SMPTE170M);
    encoded[seen->info.captured_at_ns()] = seen->info.frame_id();
  }
  note_frames();
  int compared = 0;
  for (const auto& [at_ns, id] : encoded) {
    const auto frame = ids.find(at_ns);
    if (frame == ids.end()) continue;
    EXPECT_EQ(id, frame->second);
    ++compared;
  }
  EXPECT_GT(compared, 0);
}
INSTANTIATE_TEST_SUITE_P(Synthetic, EncodeFormats, ::testing::Values("i420", "nv12", "yuyv", "gray8"));

TEST_F(EncodeTest, AnotherSizeIsAnotherStream) {
  start_capture("synthetic:?size=320x240&fps=30");
  start_encode();
  ASSERT_TRUE(wait_for_log());
  Viewer viewer(bus_);
  auto seen = viewer.next();
  ASSERT_TRUE(seen);
  const std::uint32_t stream = seen->info.stream();
  capture_->signal(SIGTERM);
  ASSERT_EQ(capture_->wait_exit(), 0);
  start_capture("synthetic:?size=640x480&fps=30");
  ASSERT_TRUE(wait_until([&] {
    seen = viewer.next();
    return seen && seen->info.width() == 640;
  }));
  EXPECT_EQ(seen->info.height(), 480u);
  EXPECT_EQ(seen->info.keyframe(), 1);
  EXPECT_TRUE(seen->has_config);
  EXPECT_GT(seen->info.stream(), stream);
  EXPECT_EQ(seen->width, 640u);
  ASSERT_TRUE(seen->stamp);
  EXPECT_EQ(seen->stamp->at_ns, seen->info.captured_at_ns());
}

// A program that publishes pictures of its own: one colour all over.
class Painter {
 public:
  Painter(const bus::BusDir& dir, PixelFormat format, std::uint32_t width, std::uint32_t height, ColorMatrix matrix,
          ColorRange range)
      : layout_(frame_layout(format, width, height)),
        ring_(std::move(bus::RingWriter::open(dir, {"front", "frames"}, stage::frames_ring({}, layout_.slot_bytes, 1))).value()) {
    info_.mutate_width(width), info_.mutate_height(height);
    info_.mutate_source_width(width), info_.mutate_source_height(height);
    info_.mutate_format(format), info_.mutate_matrix(matrix), info_.mutate_range(range);
    for (std::size_t plane = 0; plane < layout_.planes.size(); ++plane) {
      info_.mutable_plane_offset()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), layout_.planes[plane].offset);
      info_.mutable_plane_stride()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), layout_.planes[plane].stride);
    }
  }

  // `color`: the bytes of a pixel of packed RGB; of planes, one for each. `garbled`: its planes lie outside the slot, it says.
  void paint(const std::vector<std::uint8_t>& color, bool garbled = false) {
    ring_.beat();
    auto loan = ring_.loan();
    ASSERT_TRUE(loan);
    for (std::size_t plane = 0; plane < layout_.planes.size(); ++plane) {
      const PlaneGeometry& geometry = layout_.planes[plane];
      auto* begin = reinterpret_cast<std::uint8_t*>(loan->bytes().data()) + geometry.offset;
      const bool packed = layout_.planes.size() == 1;
      for (std::uint32_t y = 0; y < geometry.rows; ++y)
        for (std::uint32_t x = 0; x < geometry.row_bytes; ++x)
          begin[std::size_t{y} * geometry.stride + x] = color[packed ? x % color.size() : plane];
    }
    const std::uint64_t id = ring_.next_frame_id();
    info_.mutate_frame_id(id);
    info_.mutate_captured_at_ns(monotonic_ns());
    info_.mutate_published_at_ns(info_.captured_at_ns());
    FrameInfo told = info_;
    if (garbled) told.mutable_plane_offset()->Mutate(0, UINT32_MAX);
    std::memcpy(loan->bytes().data(), &told, sizeof told);
    ring_.publish(std::move(*loan), id, layout_.slot_bytes);
  }

 private:
  FrameLayout layout_;
  bus::RingWriter ring_;
  FrameInfo info_;
};

class EncodePainted : public EncodeTest {
 protected:
  // What comes out of pictures that the painter paints all the while.
  std::optional<Viewer::Seen> see(Painter& painter, const std::vector<std::uint8_t>& color) {
    start_capture("bus:");
    start_encode();
    painter.paint(color);
    EXPECT_TRUE(wait_for_log());
    Viewer viewer(bus_);
    std::optional<Viewer::Seen> seen;
    wait_until([&] {
      painter.paint(color);
      seen = viewer.next(std::chrono::seconds(0));
      return seen.has_value();
    });
    return seen;
  }
};

TEST_F(EncodePainted, FullRangeAndAnotherMatrixAreSaid) {
  Painter painter(bus_, PixelFormat::I420, 321, 181, ColorMatrix::BT709, ColorRange::Full);
  const auto seen = see(painter, {250, 100, 160});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->width, 320u) << "an odd column is left out";
  EXPECT_EQ(seen->height, 180u);
  EXPECT_EQ(seen->info.width(), 320u);
  EXPECT_EQ(seen->range, AVCOL_RANGE_JPEG);
  EXPECT_EQ(seen->matrix, AVCOL_SPC_BT709);
  EXPECT_NEAR(seen->luma, 250, 3);
  EXPECT_NEAR(seen->blue, 100, 3);
  EXPECT_NEAR(seen->red, 160, 3);
}

TEST_F(EncodePainted, GreyStaysGrey) {
  Painter painter(bus_, PixelFormat::GRAY8, 320, 240, ColorMatrix::BT601, ColorRange::Full);
  const auto seen = see(painter, {77});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->range, AVCOL_RANGE_JPEG);
  EXPECT_NEAR(seen->luma, 77, 3);
  EXPECT_NEAR(seen->blue, 128, 1);
  EXPECT_NEAR(seen->red, 128, 1);
}

// ITU-R BT.601, limited range: Y = 16 + 65.481 R + 128.553 G + 24.966 B and so on, of 0 to 1.
TEST_F(EncodePainted, RgbBecomesWhatItSays) {
  Painter painter(bus_, PixelFormat::RGB24, 320, 240, ColorMatrix::BT601, ColorRange::Full);
  const auto seen = see(painter, {255, 0, 0});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->range, AVCOL_RANGE_MPEG);
  EXPECT_EQ(seen->matrix, AVCOL_SPC_SMPTE170M);
  EXPECT_NEAR(seen->luma, 81, 4);
  EXPECT_NEAR(seen->blue, 90, 4);
  EXPECT_NEAR(seen->red, 240, 4);
}

TEST_F(EncodePainted, AGarbledFrameIsPassedBy) {
  Painter painter(bus_, PixelFormat::BGR24, 320, 240, ColorMatrix::BT601, ColorRange::Full);
  ASSERT_TRUE(see(painter, {0, 0, 255}));
  Viewer viewer(bus_);
  std::optional<Viewer::Seen> seen;
  ASSERT_TRUE(wait_until([&] {
    painter.paint({0, 255, 0}, true);
    painter.paint({0, 255, 0});
    while (const auto next = viewer.next(std::chrono::seconds(0))) seen = next;
    return seen && seen->luma > 130 && encode_->err().find("frame record") != std::string::npos;
  }));
  EXPECT_NEAR(seen->luma, 145, 4);
}

}  // namespace
}  // namespace vedette::test
