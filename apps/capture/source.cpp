#include "capture/source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "capture/slots.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kIdleEveryNs = 100'000'000;
// Opening looks into the stream for up to FFmpeg's analyzeduration besides connecting.
constexpr unsigned kOpenPatience = 2;
constexpr auto kDevicePoll = std::chrono::milliseconds(2);
constexpr std::int64_t kDefaultFrameNs = 40'000'000;
constexpr int kMaxDecoderThreads = 8;
constexpr AVRational kNanoseconds{1, 1'000'000'000};

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// What FFmpeg would call "Invalid data": the two usual cases in words.
Result<> check_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_error(path);
  if (S_ISDIR(status.st_mode)) return Error{ErrorCode::kInvalidArgument, path + ": is a folder, expected a video file"};
  if (S_ISREG(status.st_mode) && status.st_size == 0)
    return Error{ErrorCode::kCorrupt, path + ": is empty (0 bytes), expected a video file"};
  return {};
}

class Dictionary {
 public:
  ~Dictionary() { av_dict_free(&entries_); }
  void set(const char* key, const std::string& value) { av_dict_set(&entries_, key, value.c_str(), 0); }
  AVDictionary** get() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

}  // namespace

SourceKind kind_of(const std::string& url) {
  if (starts_with(url, "/dev/")) return SourceKind::kDevice;
  return url.find("://") == std::string::npos || starts_with(url, "file:") ? SourceKind::kFile : SourceKind::kNetwork;
}

std::string url_with_credentials(const SourceOptions& options) {
  if (kind_of(options.url) == SourceKind::kFile && !starts_with(options.url, "file:")) return "file:" + options.url;
  if (kind_of(options.url) != SourceKind::kNetwork || options.username.empty()) return options.url;
  const std::size_t host = options.url.find("://") + 3;
  const std::string user = percent_encoded(options.username);
  const std::string password = options.password.empty() ? "" : ":" + percent_encoded(options.password.value);
  return options.url.substr(0, host) + user + password + "@" + options.url.substr(host);
}

std::vector<std::string> secrets_of(const SourceOptions& options) {
  std::vector<std::string> secrets{options.password.value, percent_encoded(options.password.value)};
  const std::string url = options.url;
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return secrets;
  const std::string authority = url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at != std::string::npos && colon < at) secrets.push_back(authority.substr(colon + 1, at - colon - 1));
  return secrets;
}

Source::Source(const SourceOptions& options, std::function<bool()> idle)
    : options_(options), kind_(kind_of(options.url)), name_(log::redact_url(options.url)), idle_(std::move(idle)) {}

Source::~Source() = default;

Result<std::unique_ptr<Source>> Source::open(const SourceOptions& options, Slots& slots, std::function<bool()> idle) {
  std::unique_ptr<Source> source(new Source(options, std::move(idle)));
  if (source->kind_ == SourceKind::kFile)
    VD_TRY(check_file(starts_with(options.url, "file:") ? options.url.substr(5) : options.url));
  source->waiting_since_ns_ = monotonic_ns();
  source->patience_ns_ = to_ns(options.timeout) * kOpenPatience;
  VD_TRY(source->open_input());
  VD_TRY(source->open_decoder(slots));
  return source;
}

Result<> Source::open_input() {
  AVFormatContext* format = avformat_alloc_context();
  if (format == nullptr) return Error{ErrorCode::kResourceExhausted, "no memory to open " + name_};
  format->interrupt_callback = {on_interrupt, this};
  Dictionary options;
  const AVInputFormat* input = nullptr;
  if (kind_ == SourceKind::kDevice) {
    input = av_find_input_format("v4l2");
    // Else a device that gives nothing would hold us in its ioctl for ever.
    format->flags |= AVFMT_FLAG_NONBLOCK;
  } else if (kind_ == SourceKind::kNetwork) {
    format->flags |= AVFMT_FLAG_NOBUFFER;
    if (starts_with(options_.url, "rtsp")) options.set("rtsp_transport", options_.rtsp_transport);
  }
  const std::string url = url_with_credentials(options_);
  int error = avformat_open_input(&format, url.c_str(), input, options.get());  // frees `format` if it fails
  if (error < 0) return failure("can't open", error);
  format_.reset(format);
  error = avformat_find_stream_info(format_.get(), nullptr);
  if (error < 0) return failure("can't read the streams of", error);
  return {};
}

Result<> Source::open_decoder(Slots& slots) {
  const int index = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return Error{ErrorCode::kInvalidArgument, name_ + ": has no video stream"};
  stream_ = format_->streams[index];
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    if (static_cast<int>(i) != index) format_->streams[i]->discard = AVDISCARD_ALL;
  const AVCodec* decoder = avcodec_find_decoder(stream_->codecpar->codec_id);
  if (decoder == nullptr)
    return Error{ErrorCode::kInvalidArgument, name_ + ": no decoder for " + avcodec_get_name(stream_->codecpar->codec_id)};
  codec_.reset(avcodec_alloc_context3(decoder));
  if (!codec_) return Error{ErrorCode::kResourceExhausted, "no memory for a decoder of " + name_};
  int error = avcodec_parameters_to_context(codec_.get(), stream_->codecpar);
  if (error < 0) return failure("can't use the parameters of", error);
  codec_->pkt_timebase = stream_->time_base;
  codec_->thread_count = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, unsigned{kMaxDecoderThreads}));
  codec_->thread_type = options_.latency_first ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
  codec_->codec = decoder;
  if (Slots::decodes_into_slots(*codec_)) {
    codec_->opaque = &slots;
    codec_->get_buffer2 = Slots::get_buffer;
#if LIBAVCODEC_VERSION_MAJOR < 60
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    codec_->thread_safe_callbacks = 1;  // what newer libraries take for granted
#pragma GCC diagnostic pop
#endif
  }
  error = avcodec_open2(codec_.get(), decoder, nullptr);
  if (error < 0) return failure("can't open the decoder of", error);
  const AVRational rate = av_guess_frame_rate(format_.get(), stream_, nullptr);
  frame_duration_ns_ = rate.num > 0 && rate.den > 0 ? av_rescale_q(1, av_inv_q(rate), kNanoseconds) : kDefaultFrameNs;
  return {};
}

Error Source::failure(const std::string& what, int error) const {
  if (timed_out_) return Error{ErrorCode::kUnavailable, fmt::format("{} {}: no answer", what, name_)};
  const std::string text = what + " " + name_ + ": " + libav_text(error);
  switch (error) {
    case AVERROR_INVALIDDATA:
      return Error{kind_ == SourceKind::kFile ? ErrorCode::kCorrupt : ErrorCode::kUnavailable, text};
    case AVERROR(ENOENT):
      return Error{ErrorCode::kNotFound, text};
    case AVERROR(EBUSY):
      return Error{ErrorCode::kBusy, text};
    case AVERROR(EACCES):
    case AVERROR_HTTP_UNAUTHORIZED:
      return Error{ErrorCode::kPermissionDenied, text};
    default:
      return Error{ErrorCode::kUnavailable, text};
  }
}

int Source::on_interrupt(void* self) { return static_cast<Source*>(self)->keep_waiting() ? 0 : 1; }

bool Source::keep_waiting() {
  const std::uint64_t now = monotonic_ns();
  if (now >= next_idle_ns_) {
    next_idle_ns_ = now + kIdleEveryNs;
    if (!stopped_) stopped_ = !idle_();
  }
  // A file isn't live: a slow disk is no reason to give up.
  if (kind_ != SourceKind::kFile && age_ns(waiting_since_ns_, now) > patience_ns_) timed_out_ = true;
  return !stopped_ && !timed_out_;
}

Source::Read Source::read() {
  waiting_since_ns_ = monotonic_ns();
  patience_ns_ = to_ns(options_.timeout);
  for (;;) {
    av_packet_unref(packet_.get());
    const int error = av_read_frame(format_.get(), packet_.get());
    if (error == 0 && packet_->stream_index != stream_->index) continue;
    if (error == 0) {
      ++counters_.packets;
      note_packet_time();
      return Read::kPacket;
    }
    if (!keep_waiting() && stopped_) return Read::kStopped;
    if (timed_out_) {
      error_ = Error{ErrorCode::kUnavailable, fmt::format("{}: gave nothing for {} ms", name_, options_.timeout.count())};
      return Read::kFailed;
    }
    if (error == AVERROR_EOF) return Read::kEnd;
    if (error != AVERROR(EAGAIN)) {
      error_ = failure("can't read from", error);
      return Read::kFailed;
    }
    std::this_thread::sleep_for(kDevicePoll);
  }
}

void Source::note_packet_time() {
  const std::int64_t stamp = packet_->dts != AV_NOPTS_VALUE ? packet_->dts : packet_->pts;
  if (stamp != AV_NOPTS_VALUE)
    packet_ns_ = av_rescale_q(stamp, stream_->time_base, kNanoseconds);
  else
    packet_ns_ = packet_ns_ == kNoTimestamp ? 0 : packet_ns_ + frame_duration_ns_;
}

void Source::decode() {
  // Never EAGAIN: all pictures were taken before.
  if (avcodec_send_packet(codec_.get(), packet_.get()) < 0) ++counters_.bad;
}

void Source::flush() { avcodec_send_packet(codec_.get(), nullptr); }

const AVFrame* Source::next_picture() {
  for (;;) {
    const int error = avcodec_receive_frame(codec_.get(), picture_.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return nullptr;
    const bool damaged = error < 0 || picture_->decode_error_flags != 0 || (picture_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
    if (!damaged) return picture_.get();
    ++counters_.bad;
    if (error < 0 && error != AVERROR_INVALIDDATA) return nullptr;
  }
}

std::int64_t Source::picture_time() {
  std::int64_t time = 0;
  if (picture_->best_effort_timestamp != AV_NOPTS_VALUE)
    time = av_rescale_q(picture_->best_effort_timestamp, stream_->time_base, kNanoseconds);
  else
    time = last_picture_ns_ == kNoTimestamp ? 0 : last_picture_ns_ + frame_duration_ns_;
  last_picture_ns_ = time;
  return time;
}

bool Source::rewind() {
  last_picture_ns_ = packet_ns_ = kNoTimestamp;
  const std::int64_t start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
  // Time stamps of transport streams may jump: their start is byte 0.
  const int flags = format_->iformat->flags;
  const bool by_byte = (flags & AVFMT_TS_DISCONT) != 0 && (flags & AVFMT_NO_BYTE_SEEK) == 0;
  const int error = by_byte ? avformat_seek_file(format_.get(), -1, 0, 0, 0, AVSEEK_FLAG_BYTE)
                            : avformat_seek_file(format_.get(), stream_->index, INT64_MIN, start, start, 0);
  if (error < 0) return false;
  avcodec_flush_buffers(codec_.get());
  return true;
}

bool Source::intra_only() const {
  const AVCodecDescriptor* codec = avcodec_descriptor_get(codec_->codec_id);
  return codec != nullptr && (codec->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
}

std::string Source::description() const {
  return fmt::format("{} {}x{}, {:.4g} fps", avcodec_get_name(codec_->codec_id), stream_->codecpar->width,
                     stream_->codecpar->height, 1e9 / static_cast<double>(frame_duration_ns_));
}

}  // namespace vedette::capture
