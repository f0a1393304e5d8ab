// Encodes and wraps the pictures of one stream of the scene. Thread-bound. Errors end the program: it is a test's.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "support/cameras/scene.h"

namespace vedette::test {

struct SceneRecord {
  RecordHead head;
  std::vector<std::uint8_t> bytes;
};

class SceneEncoder {
 public:
  SceneEncoder(const SceneStream& stream, double fps);
  ~SceneEncoder();
  SceneEncoder(const SceneEncoder&) = delete;

  // Draws the picture and encodes it; `out` gets what comes out.
  void encode(std::uint64_t number, std::uint64_t at_ns, const std::function<void(SceneRecord)>& out);
  void flush(const std::function<void(SceneRecord)>& out);  // what the encoder still holds; the end
  void next_size();
  // From now on the coded pictures are noise behind correct headers / are right again.
  void set_garbage(bool garbage) { garbage_ = garbage; }
  const AVCodecContext& codec() const { return *codec_; }

 private:
  void open_codec();
  void open_muxer();
  void take_packets(const std::function<void(SceneRecord)>& out);
  void spoil(AVPacket& packet) const;
  void damage(AVPacket& packet);
  std::vector<std::uint8_t> wrap(AVPacket& packet);

  const SceneStream stream_;
  const double fps_;
  std::size_t size_ = 0;
  AVCodecContext* codec_ = nullptr;
  AVFormatContext* muxer_ = nullptr;
  AVFrame* frame_ = nullptr;
  AVPacket* packet_ = nullptr;
  std::deque<std::pair<std::int64_t, std::uint64_t>> drawn_;  // pts, at_ns
  std::uint64_t first_at_ns_ = 0;
  std::int64_t next_pts_ = 0;
  bool garbage_ = false;
  std::mt19937 random_;  // always the same
};

// "av_thing: what libav says", and exit.
[[noreturn]] void scene_failed(const char* what, int error);

}  // namespace vedette::test
