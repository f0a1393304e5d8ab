// A source that behaves: order, time stamps, pacing, frame ids; packets that decode to the very pictures that frames show.
#include <algorithm>
#include <map>
#include <set>

#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

constexpr std::size_t kPictures = 40;

Codec codec_of(const Kind& kind) {
  return kind.codec == "mjpeg" ? Codec::MJPEG : kind.codec == "h264" ? Codec::H264 : Codec::H265;
}

bool starts_with(const std::vector<std::byte>& bytes, std::initializer_list<int> head) {
  return bytes.size() >= head.size() &&
         std::equal(head.begin(), head.end(), bytes.begin(), [](int a, std::byte b) { return a == static_cast<int>(b); });
}
bool is_annex_b(const std::vector<std::byte>& bytes) { return starts_with(bytes, {0, 0, 1}) || starts_with(bytes, {0, 0, 0, 1}); }

// Of a picture as a reader of either topic sees it.
struct Shown {
  std::uint64_t number = 0;
  std::uint64_t captured_at_ns = 0;
};

void check_video(const SeenPacket& packet, const Kind& kind) {
  const PacketInfo& info = packet.info;
  EXPECT_EQ(info.codec(), codec_of(kind));
  EXPECT_EQ(info.width(), 320u);
  EXPECT_EQ(info.height(), 240u);
  EXPECT_LE(info.captured_at_ns(), info.published_at_ns() + kPeriodNs * 4);
  EXPECT_LE(info.dts_ns(), info.pts_ns());
  EXPECT_LE(info.duration_ns(), 1'000'000'000u);
  if (info.codec() == Codec::MJPEG) {
    EXPECT_TRUE(starts_with(packet.data, {0xff, 0xd8}));
    EXPECT_TRUE(info.keyframe());
    EXPECT_TRUE(packet.config.empty());
    return;
  }
  EXPECT_TRUE(is_annex_b(packet.data));
  if (info.keyframe() != 0) {
    EXPECT_TRUE(is_annex_b(packet.config)) << "a keyframe carries the codec's configuration";
  }
}

void check_sound(const SeenPacket& packet, const Kind& kind) {
  const PacketInfo& info = packet.info;
  EXPECT_EQ(info.codec(), kind.audio == "aac" ? Codec::AAC : Codec::PCMU);
  EXPECT_EQ(info.sample_rate(), kind.audio == "aac" ? 16000u : 8000u);
  EXPECT_EQ(info.channels(), 1u);
  EXPECT_EQ(info.width(), 0u);
  EXPECT_TRUE(info.keyframe());
  EXPECT_FALSE(packet.data.empty());
  if (info.codec() == Codec::AAC) {
    EXPECT_GE(packet.config.size(), 2u) << "an AudioSpecificConfig";
  }
}

// Order and times of frames, one after the other.
class FrameOrder {
 public:
  explicit FrameOrder(bool live) : live_(live) {}
  void add(const SeenFrame& frame) {
    const FrameInfo& info = frame.info;
    ASSERT_TRUE(frame.stamp) << "frame " << info.frame_id() << " is no whole picture of the scene";
    EXPECT_EQ(info.source_width(), 320u);
    EXPECT_LE(info.captured_at_ns(), info.published_at_ns());
    if (last_) {
      EXPECT_GT(info.frame_id(), last_->info.frame_id());
      EXPECT_GE(info.captured_at_ns(), last_->info.captured_at_ns());
      if (live_) {
        EXPECT_GT(frame.stamp->number, last_->stamp->number);
      }
      // What lies between two pictures by their stamps lies between their capture times.
      const auto drawn = static_cast<double>(frame.stamp->at_ns) - static_cast<double>(last_->stamp->at_ns);
      const auto taken = static_cast<double>(info.captured_at_ns()) - static_cast<double>(last_->info.captured_at_ns());
      if (drawn > 0) {
        ++steps_;
        even_steps_ += std::abs(taken - drawn) < static_cast<double>(kPeriodNs) / 2 ? 1 : 0;
      }
    }
    if (live_)
      lateness_.push_back(static_cast<std::int64_t>(info.captured_at_ns()) - static_cast<std::int64_t>(frame.stamp->at_ns));
    last_ = frame;
  }
  void check() const {
    // The first steps settle the clock, others may meet a machine that is busy.
    EXPECT_GE(even_steps_, steps_ * 8 / 10) << "of " << steps_ << " steps";
    if (live_) {
      EXPECT_GT(*std::min_element(lateness_.begin(), lateness_.end()), -static_cast<std::int64_t>(kPeriodNs) / 2)
          << "taken before it was drawn; at picture " << std::min_element(lateness_.begin(), lateness_.end()) - lateness_.begin()
          << " of " << lateness_.size();
    }
  }

 private:
  const bool live_;
  std::optional<SeenFrame> last_;
  std::vector<std::int64_t> lateness_;
  std::size_t steps_ = 0, even_steps_ = 0;
};

class SamePictures : public Rig {
 public:
  void run();
};
void SamePictures::run() {
  start_capture();
  FrameOrder order(!is_film(kind_));
  std::map<std::uint64_t, Shown> by_frames, by_packets;
  std::map<std::uint64_t, std::uint64_t> taken_by_packets;
  PacketDecoder decoder;
  std::vector<Decoded> decoded;
  std::size_t sounds = 0, in_both = 0;
  std::uint64_t last_id = 0;
  std::int64_t last_dts = INT64_MIN / 2;
  while (in_both < kPictures) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame) << "no frame any more";
    order.add(*frame);
    if (!frame->stamp) return;
    by_frames[frame->info.frame_id()] = {frame->stamp->number, frame->info.captured_at_ns()};
    while (const auto packet = next_packet(std::chrono::seconds(0))) {
      if (is_audio(packet->info.codec())) {
        check_sound(*packet, kind_);
        ++sounds;
        continue;
      }
      check_video(*packet, kind_);
      const bool begins_again = is_film(kind_) && packet->info.dts_ns() < last_dts - 1'000'000'000;
      EXPECT_TRUE(begins_again || packet->info.dts_ns() > last_dts) << packet->info.dts_ns() << " after " << last_dts;
      last_dts = packet->info.dts_ns();
      if (kind_.b_frames == 0) {
        EXPECT_GT(packet->info.frame_id(), last_id);
      }
      last_id = packet->info.frame_id();
      taken_by_packets[packet->info.frame_id()] = packet->info.captured_at_ns();
      EXPECT_TRUE(decoder.decode(packet->view(), decoded));
    }
    for (const Decoded& picture : decoded) {
      ASSERT_TRUE(picture.stamp) << "packet of frame " << picture.frame_id << " decodes to no picture of the scene";
      by_packets[picture.frame_id] = {picture.stamp->number, taken_by_packets[picture.frame_id]};
    }
    decoded.clear();
    in_both = static_cast<std::size_t>(
        std::count_if(by_frames.begin(), by_frames.end(), [&](const auto& f) { return by_packets.count(f.first) != 0; }));
    if (kind_.codec.empty()) in_both = by_frames.size();  // raw pictures have no packets
    ASSERT_LT(by_frames.size(), kPictures * 4)
        << "of " << by_packets.size() << " decoded packets only " << in_both << " have the frame id of a frame";
  }
  for (const auto& [id, shown] : by_frames) {
    const auto same = by_packets.find(id);
    if (same == by_packets.end()) continue;
    EXPECT_EQ(shown.number, same->second.number) << "frame " << id;
    // With B-frames what was learnt of the clock between the packet and the picture may have moved the latter, so that it isn't
    // shown as taken before its neighbour.
    const auto off = std::llabs(static_cast<long long>(shown.captured_at_ns - same->second.captured_at_ns));
    EXPECT_LE(off, static_cast<long long>(kind_.b_frames > 0 && is_live(kind_) ? kPeriodNs : 0)) << "frame " << id;
  }
  order.check();
  EXPECT_EQ(sounds > 0, kind_.audio != "none");
}

TEST(Sources, FramesAndPacketsAreTheSamePicturesInOrder) { for_all<SamePictures>(kinds()); }

// At the end of a film that isn't to begin again the program ends, and nothing of it is missing.
class PlayedOnce : public Rig {
 public:
  void run();
};
void PlayedOnce::run() {
  start_capture({"loop: false", "pre_roll: 10s"});
  std::set<std::uint64_t> shown, in_packets;
  PacketDecoder decoder;
  std::vector<Decoded> decoded;
  const auto look_at_frames = [&] {
    while (const auto frame = next_frame(std::chrono::seconds(0)))
      if (frame->stamp) shown.insert(frame->stamp->number);
  };
  while (const auto packet = next_packet()) {
    EXPECT_TRUE(decoder.decode(packet->view(), decoded));
    look_at_frames();
  }
  look_at_frames();
  decoder.flush(decoded);
  for (const Decoded& picture : decoded) {
    ASSERT_TRUE(picture.stamp);
    in_packets.insert(picture.stamp->number);
  }
  EXPECT_EQ(capture().wait_exit(), 0);
  EXPECT_EQ(in_packets.size(), std::size_t{kFilmPictures});
  ASSERT_FALSE(in_packets.empty() || shown.empty());
  EXPECT_EQ(*in_packets.begin(), 1u);
  EXPECT_EQ(*in_packets.rbegin(), std::uint64_t{kFilmPictures});
  EXPECT_GT(shown.size(), std::size_t{kFilmPictures / 2});
  EXPECT_EQ(*shown.rbegin(), std::uint64_t{kFilmPictures}) << "what the decoder holds at the end is shown too";
}

TEST(Films, PlayedOnceEveryPictureIsThereAndThenTheyEnd) { for_all<PlayedOnce>(film_kinds()); }

}  // namespace
}  // namespace vedette::test
