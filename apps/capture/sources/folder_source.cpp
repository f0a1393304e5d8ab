#include "capture/sources/folder_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/clock.h"

namespace vedette::capture {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 256u << 20;

bool is_jpeg(std::span<const std::byte> bytes) {
  return bytes.size() > 3 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8} && bytes[2] == std::byte{0xff};
}

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const bool hidden = entry.path().filename().string().starts_with(".");
    if (!hidden && entry.is_regular_file(error)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The first picture of a file, as FFmpeg decodes it; null if there is none.
FramePtr decode_file(const std::string& path) {
  AVFormatContext* opened = nullptr;
  if (avformat_open_input(&opened, ("file:" + path).c_str(), nullptr, nullptr) < 0) return nullptr;
  const FormatPtr format(opened);
  if (avformat_find_stream_info(opened, nullptr) < 0) return nullptr;
  const int index = av_find_best_stream(opened, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return nullptr;
  const AVCodec* decoder = avcodec_find_decoder(opened->streams[index]->codecpar->codec_id);
  const CodecPtr codec(decoder != nullptr ? avcodec_alloc_context3(decoder) : nullptr);
  if (!codec || avcodec_parameters_to_context(codec.get(), opened->streams[index]->codecpar) < 0) return nullptr;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return nullptr;
  const PacketPtr packet(av_packet_alloc());
  FramePtr frame(av_frame_alloc());
  while (av_read_frame(opened, packet.get()) >= 0) {
    if (packet->stream_index == index) avcodec_send_packet(codec.get(), packet.get());
    av_packet_unref(packet.get());
    if (avcodec_receive_frame(codec.get(), frame.get()) == 0) return frame;
  }
  avcodec_send_packet(codec.get(), nullptr);
  return avcodec_receive_frame(codec.get(), frame.get()) == 0 ? std::move(frame) : nullptr;
}

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

std::string path_of(const std::string& url) { return url.starts_with("file:") ? url.substr(5) : url; }

FolderSource::FolderSource(const SourceOptions& options, Idle idle)
    : Source(Clock::kPlayback), folder_(path_of(options.url)), idle_(std::move(idle)) {
  video_.codec = Codec::MJPEG;
  video_.frame_duration_ns = static_cast<std::int64_t>(1e9 / (options.fps > 0 ? static_cast<double>(options.fps) : 1.0));
}

Result<std::unique_ptr<Source>> FolderSource::open(const SourceOptions& options, Idle idle) {
  std::unique_ptr<FolderSource> source(new FolderSource(options, std::move(idle)));
  if (!source->rewind())
    return Error{ErrorCode::kInvalidArgument, source->folder_ + ": a folder without files; expected pictures"};
  source->video_.description = fmt::format("{} files, {:.4g} a second", source->files_.size(),
                                           1e9 / static_cast<double>(source->video_.frame_duration_ns));
  return std::unique_ptr<Source>(std::move(source));
}

bool FolderSource::rewind() {
  files_ = files_of(folder_);
  next_ = 0;
  shown_ = 0;
  return !files_.empty();
}

Source::Read FolderSource::read() {
  while (idle_()) {
    if (next_ == files_.size()) return Read::kEnd;
    if (!load(files_[next_++])) {
      ++counters_.bad;
      continue;
    }
    packet_.pts_ns = packet_.dts_ns = shown_++ * video_.frame_duration_ns;
    packet_.duration_ns = static_cast<std::uint32_t>(std::min<std::int64_t>(video_.frame_duration_ns, UINT32_MAX));
    packet_.arrived_ns = monotonic_ns();
    ++counters_.packets;
    return Read::kPacket;
  }
  return Read::kStopped;
}

bool FolderSource::load(const std::string& file) {
  packet_ = Packet{};
  std::error_code error;
  if (std::filesystem::file_size(file, error) > kMaxFileBytes || error) return false;
  std::ifstream stream(file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto content_bytes = std::as_bytes(std::span(content));
  if (is_jpeg(content_bytes)) {
    bytes_.assign(content_bytes.begin(), content_bytes.end());
    packet_.data = bytes_;
    return true;
  }
  picture_ = decode_file(file);
  if (!picture_ || sws_isSupportedInput(static_cast<AVPixelFormat>(picture_->format)) == 0) return false;
  packet_.kind = Packet::Kind::kPicture;
  packet_.format = PixelFormat::RGB24;
  packet_.range = ColorRange::Full;
  packet_.width = static_cast<std::uint32_t>(picture_->width);
  packet_.height = static_cast<std::uint32_t>(picture_->height);
  return packet_.width <= kMaxSide && packet_.height <= kMaxSide;
}

void FolderSource::write_picture(const vision::MutableImageView& out) {
  const ScalerPtr scaler(sws_getContext(picture_->width, picture_->height, static_cast<AVPixelFormat>(picture_->format),
                                        picture_->width, picture_->height, AV_PIX_FMT_RGB24, SWS_BILINEAR, nullptr, nullptr,
                                        nullptr));
  std::uint8_t* const planes[4] = {out.planes[0].data, nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(out.planes[0].stride), 0, 0, 0};
  if (scaler) sws_scale(scaler.get(), picture_->data, picture_->linesize, 0, picture_->height, planes, strides);
}

}  // namespace vedette::capture
