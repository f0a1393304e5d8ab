#include "gateway/live_video.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "gateway/health.h"
#include "stage/topics.h"
#include "vision/image_view.h"

namespace vedette::gateway {

LiveVideo::LiveVideo(const bus::BusDir& dir, CameraHub& hub, const LiveVideoOptions& options,
                     std::function<void(const Error&)> bad_record)
    : hub_(hub),
      options_(options),
      bad_record_(std::move(bad_record)),
      camera_(dir, hub.name(), stage::packets_topic(""), VideoSource::kCamera),
      encoded_(dir, hub.name(), stage::kEncodedTopic, VideoSource::kEncoded),
      frames_(dir, {hub.name(), stage::frames_topic("")}, kFrameSchema),
      pacer_(static_cast<double>(options.fps)),
      jpegs_(static_cast<double>(options.fps)) {}

void LiveVideo::open() {
  camera_.open();
  encoded_.open();
  update_offer();
  ask(hub_.video_needs());
}

void LiveVideo::close() {
  camera_.close();
  encoded_.close();
  ask({});
  hub_.forget_video();
}

void LiveVideo::add_waits(std::vector<bus::Subscription*>& waits, Nanoseconds& timeout) {
  if (camera_.wanted()) waits.push_back(camera_.subscription());
  if (encoded_.wanted()) waits.push_back(encoded_.subscription());
  if (!pixels_) return;
  const std::uint64_t now = monotonic_ns(), due = pacer_.next_ns();
  if (now >= due)
    waits.push_back(&frames_);
  else
    timeout = std::min(timeout, Nanoseconds(due - now));
}

void LiveVideo::take() {
  const PacketFeed::Sink sink{[this](const PicturePtr& picture) { pass_on(picture); }, bad_record_};
  camera_.take(sink);
  encoded_.take(sink);
  update_offer();
  ask(hub_.video_needs());
  if (pixels_) take_pixels();
}

void LiveVideo::pass_on(const PicturePtr& picture) {
  if (!picture->video()->inter_coded() && !jpegs_.accept(picture->captured_at_ns())) return;
  hub_.send_picture(picture);
}

void LiveVideo::update_offer() {
  const std::uint64_t now = monotonic_ns();
  // Capture writes both topics. If it hangs or is gone there is no other picture to be had than the last of its packets.
  const auto frames = frames_.stats();
  const bool capture_lives = frames && age_ns(frames->beat_at_ns, now) < kStaleAfterMs * 1'000'000;
  camera_.look(!capture_lives, now);
  encoded_.look(false, now);
  hub_.set_offer({camera_.codec(), camera_.pending(), encoded_.codec(), encoded_.pending()});
}

void LiveVideo::ask(const VideoNeeds& needs) {
  camera_.want(needs.camera);
  encoded_.want(needs.encoded);
  if (needs.pixels == pixels_) return;
  pixels_ = needs.pixels;
  (void)frames_.take_newest();  // while nobody asked for pixels it may have been long ago
  frames_.set_demand(pixels_ ? bus::Demand::pixels_at(options_.fps) : bus::Demand{});
}

void LiveVideo::take_pixels() {
  if (monotonic_ns() < pacer_.next_ns()) return;
  const bus::Taken taken = frames_.take_newest();
  if (!taken) return;
  (void)pacer_.accept(monotonic_ns());
  const auto picture = encode(taken.lease.bytes());
  if (picture)
    hub_.send_picture(*picture);
  else
    bad_record_(picture.error());
}

Result<PicturePtr> LiveVideo::encode(std::span<const std::byte> slot) {
  FrameInfo info;
  if (slot.size() < sizeof info) return Error{ErrorCode::kCorrupt, "frame record: shorter than its header"};
  std::memcpy(&info, slot.data(), sizeof info);
  VD_ASSIGN(const vision::ImageView view, vision::image_view(info, slot));
  VD_ASSIGN(const auto jpeg, encoder_.encode(view, options_.jpeg_quality));
  if (!video_ || video_->width != info.width() || video_->height != info.height())
    video_ = std::make_shared<const Video>(Video{VideoSource::kPixels, Codec::MJPEG, "mjpeg", info.width(), info.height(), 0});
  return Picture::of_jpeg(video_, info.frame_id(), info.captured_at_ns(), {jpeg.begin(), jpeg.end()});
}

}  // namespace vedette::gateway
