#include "gateway/picture.h"

#include "base/clock.h"
#include "gateway/messages.h"
#include "vision/jpeg_tables.h"

namespace vedette::gateway {

PicturePtr Picture::of_jpeg(VideoPtr video, std::uint64_t frame_id, std::uint64_t captured_at_ns, std::vector<std::byte> jpeg) {
  const std::shared_ptr<Picture> picture(new Picture);
  picture->frame_id_ = frame_id;
  picture->captured_at_ns_ = captured_at_ns;
  picture->made_at_ns_ = monotonic_ns();
  picture->video_ = std::move(video);
  picture->memory_ = std::move(jpeg);
  picture->parts_[0] = picture->memory_;
  picture->head_ = frame_prefix(*picture);
  return picture;
}

PicturePtr Picture::of_packet(VideoPtr video, std::vector<std::byte> record, const PacketView& view) {
  const std::shared_ptr<Picture> picture(new Picture);
  picture->frame_id_ = view.info.frame_id();
  picture->captured_at_ns_ = view.info.captured_at_ns();
  picture->made_at_ns_ = monotonic_ns();
  picture->key_ = view.info.keyframe() != 0;
  picture->video_ = std::move(video);
  picture->memory_ = std::move(record);  // what `view` points to stays where it is
  if (picture->video_->inter_coded()) {
    picture->parts_ = {view.config, view.data};
    picture->head_ = packet_prefix(*picture, view.info.pts_ns());
    return picture;
  }
  const std::size_t missing_at = vision::huffman_tables_missing_at(view.data);
  if (missing_at == 0)
    picture->parts_[0] = view.data;
  else
    picture->parts_ = {view.data.first(missing_at), vision::standard_huffman_tables(), view.data.subspan(missing_at)};
  picture->head_ = frame_prefix(*picture);
  return picture;
}

}  // namespace vedette::gateway
