#include "support/cameras/sinks.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

namespace vedette::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

// Everybody who is connected to the socket.
class SocketSink : public SceneSink {
 public:
  explicit SocketSink(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail("socket path too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ::unlink(path.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
      fail(path + ": " + std::strerror(errno));
  }

  void write(const SceneRecord& record) override {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
      readers_.push_back({fd, false});
    std::vector<std::uint8_t> message(sizeof record.head);
    std::memcpy(message.data(), &record.head, sizeof record.head);
    message.insert(message.end(), record.bytes.begin(), record.bytes.end());
    for (Reader& reader : readers_) {
      if (record.head.keyframe == 0 && !reader.in_step) continue;
      const ssize_t sent = ::send(reader.fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      reader.in_step = sent >= 0;
      if (sent >= 0 || errno == EAGAIN) continue;
      if (errno == EMSGSIZE) fail("a picture is too large for the socket");
      ::close(std::exchange(reader.fd, -1));
    }
    readers_.erase(std::remove_if(readers_.begin(), readers_.end(), [](const Reader& r) { return r.fd < 0; }), readers_.end());
  }

 private:
  struct Reader {
    int fd;
    bool in_step;
  };
  int listener_ = -1;
  std::vector<Reader> readers_;
};

// A container of libav's: an RTMP server, tried again and again, or a file.
class MuxerSink : public SceneSink {
 public:
  MuxerSink(std::string url, const SceneEncoder& encoder) : url_(std::move(url)), encoder_(encoder) {}
  ~MuxerSink() override { close(); }

  void write(const SceneRecord& record) override {
    if (muxer_ == nullptr && (record.head.keyframe == 0 || !open(record.head.dts_ns))) return;
    AVPacket* packet = av_packet_alloc();
    av_new_packet(packet, static_cast<int>(record.bytes.size()));
    std::memcpy(packet->data, record.bytes.data(), record.bytes.size());
    packet->pts = stamp_of(record.head.pts_ns);
    packet->dts = stamp_of(record.head.dts_ns);
    packet->flags = record.head.keyframe != 0 ? AV_PKT_FLAG_KEY : 0;
    if (record.head.keyframe != 0 && width_ != encoder_.codec().width) {
      // The server hands the new parameter sets on, as it did the first ones.
      const AVCodecContext& codec = encoder_.codec();
      std::uint8_t* sets =
          av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, static_cast<std::size_t>(codec.extradata_size));
      std::memcpy(sets, codec.extradata, static_cast<std::size_t>(codec.extradata_size));
      width_ = codec.width;
    }
    const bool written = av_write_frame(muxer_, packet) >= 0 && muxer_->pb->error >= 0;
    av_packet_free(&packet);
    if (written) return;
    if (!is_url()) fail(url_ + ": can't be written");
    close();
  }

 private:
  bool is_url() const { return url_.find("://") != std::string::npos; }
  std::int64_t stamp_of(std::uint64_t at_ns) const {
    const auto since = static_cast<std::int64_t>(at_ns - first_ns_);
    return av_rescale_q(since, {1, 1'000'000'000}, muxer_->streams[0]->time_base);
  }
  bool open(std::uint64_t first_ns) {
    first_ns_ = first_ns;
    avformat_alloc_output_context2(&muxer_, nullptr, is_url() ? "flv" : nullptr, url_.c_str());
    if (muxer_ == nullptr) fail(url_ + ": no such container");
    AVStream* stream = avformat_new_stream(muxer_, nullptr);
    avcodec_parameters_from_context(stream->codecpar, &encoder_.codec());
    stream->codecpar->codec_tag = 0;
    stream->time_base = encoder_.codec().time_base;
    stream->avg_frame_rate = encoder_.codec().framerate;
    width_ = encoder_.codec().width;
    muxer_->flush_packets = 1;
    const bool opened = avio_open2(&muxer_->pb, url_.c_str(), AVIO_FLAG_WRITE, nullptr, nullptr) >= 0;
    begun_ = opened && avformat_write_header(muxer_, nullptr) >= 0;
    if (!begun_ && !is_url()) fail(url_ + ": can't be written");
    if (!begun_) close();
    return begun_;
  }
  void close() {
    if (muxer_ == nullptr) return;
    if (begun_ && !is_url()) av_write_trailer(muxer_);
    if (muxer_->pb != nullptr) avio_closep(&muxer_->pb);
    avformat_free_context(std::exchange(muxer_, nullptr));
    begun_ = false;
  }

  const std::string url_;
  const SceneEncoder& encoder_;
  AVFormatContext* muxer_ = nullptr;
  bool begun_ = false;
  int width_ = 0;  // that the parameter sets told last are for
  std::uint64_t first_ns_ = 0;
};

// One file a picture: 000001.jpg, …
class FolderSink : public SceneSink {
 public:
  explicit FolderSink(std::string folder) : folder_(std::move(folder)) {}

  void write(const SceneRecord& record) override {
    char name[32];
    std::snprintf(name, sizeof name, "/%06d.jpg", ++number_);
    std::ofstream file(folder_ + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(record.bytes.data()), static_cast<std::streamsize>(record.bytes.size()));
    if (!file) fail(folder_ + name + ": can't be written");
  }

 private:
  const std::string folder_;
  int number_ = 0;
};

}  // namespace

std::unique_ptr<SceneSink> open_sink(const SceneStream& stream, const SceneEncoder& encoder) {
  if (stream.wrap == "flv" || stream.wrap == "file") return std::make_unique<MuxerSink>(stream.to, encoder);
  if (stream.wrap == "folder") return std::make_unique<FolderSink>(stream.to);
  return std::make_unique<SocketSink>(stream.to);
}

}  // namespace vedette::test
