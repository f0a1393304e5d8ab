#include "capture/sources/libav_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "libav/codecs.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kIdleEveryNs = 100'000'000;
// Opening looks into the stream for up to kAnalyzeUs besides connecting.
constexpr unsigned kOpenPatience = 2;
constexpr std::int64_t kAnalyzeUs = 1'500'000;
constexpr std::int64_t kProbeBytes = 5'000'000;
constexpr auto kPoll = std::chrono::milliseconds(2);
constexpr std::int64_t kDefaultFrameNs = 40'000'000;
constexpr AVRational kNanoseconds{1, 1'000'000'000};
constexpr std::uint64_t kNsPerUs = 1000;
// Stamps further apart than this have nothing to do with each other.
constexpr std::int64_t kNewBeginning = 1'000'000'000;
// 36 years; what is farther off is none, and nothing that is computed with stamps overflows.
constexpr std::int64_t kFarthestStamp = 1LL << 60;
// A frame rate above this is none: FFmpeg gives a stream's time base where it doesn't know.
constexpr int kMostFps = 480;
// A camera's clock read from RTCP that differs more than this from the one before is taken only when it stays there.
constexpr std::int64_t kWallTolerance = 2'000'000'000;

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// What FFmpeg would call "Invalid data": the usual case in words.
Result<> check_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_error(path);
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

// What each protocol needs to be a live camera.
void set_options(const SourceOptions& source, Dictionary& options) {
  const std::string& url = source.url;
  if (starts_with(url, "rtsp")) {
    options.set("rtsp_transport", source.rtsp_transport);
    options.set("allowed_media_types", source.audio ? "video+audio" : "video");
    options.set("buffer_size", "1048576");
  } else if (starts_with(url, "rtmp")) {
    options.set("rtmp_live", "live");
    options.set("tcp_nodelay", "1");
    options.set("rtmp_buffer", "100");  // ms; FFmpeg asks for 3 s
  } else if (starts_with(url, "http")) {
    options.set("icy", "0");
  } else if (starts_with(url, "tcp:")) {
    options.set("tcp_nodelay", "1");
  } else if (starts_with(url, "udp:")) {
    options.set("overrun_nonfatal", "1");
    options.set("buffer_size", "1048576");
  }
}

std::uint16_t channels_of(const AVCodecParameters& parameters) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 24, 100)
  return static_cast<std::uint16_t>(parameters.ch_layout.nb_channels);
#else
  return static_cast<std::uint16_t>(parameters.channels);
#endif
}

std::vector<std::byte> copy_of(const std::uint8_t* bytes, std::size_t size) {
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  return bytes == nullptr ? std::vector<std::byte>{} : std::vector<std::byte>(begin, begin + size);
}

}  // namespace

LibavSource::LibavSource(const SourceOptions& options, Idle idle)
    : Source(is_playback(capture::kind_of(options.url)) ? Clock::kPlayback : Clock::kLive),
      options_(options),
      kind_(capture::kind_of(options.url)),
      name_(log::redact_url(options.url)),
      idle_(std::move(idle)) {}

Result<std::unique_ptr<Source>> LibavSource::open(const SourceOptions& options, Idle idle) {
  std::unique_ptr<LibavSource> source(new LibavSource(options, std::move(idle)));
  if (source->kind_ == SourceKind::kFile)
    VD_TRY(check_file(starts_with(options.url, "file:") ? options.url.substr(5) : options.url));
  source->waiting_since_ns_ = monotonic_ns();
  source->patience_ns_ = to_ns(options.timeout) * kOpenPatience;
  VD_TRY(source->open_input());
  VD_TRY(source->choose_streams());
  VD_TRY(source->open_filters());
  source->describe_video();
  source->describe_audio();
  return std::unique_ptr<Source>(std::move(source));
}

Result<> LibavSource::open_input() {
  AVFormatContext* format = avformat_alloc_context();
  if (format == nullptr) return Error{ErrorCode::kResourceExhausted, "no memory to open " + name_};
  format->interrupt_callback = {on_interrupt, this};
  Dictionary options;
  if (kind_ == SourceKind::kNetwork) {
    // Not AVFMT_FLAG_NOBUFFER: the packets read while looking into the stream, its first keyframe among them, would be thrown
    // away.
    format->max_analyze_duration = kAnalyzeUs;
    format->probesize = kProbeBytes;
    format->fps_probe_size = 0;
    set_options(options_, options);
  }
  const std::string url = url_with_credentials(options_);
  int error = avformat_open_input(&format, url.c_str(), nullptr, options.get());  // frees `format` if it fails
  if (error < 0) return failure("can't open", error);
  format_.reset(format);
  error = avformat_find_stream_info(format_.get(), nullptr);
  if (error < 0) return failure("can't read the streams of", error);
  return {};
}

Result<> LibavSource::choose_streams() {
  const int video = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0) return Error{ErrorCode::kInvalidArgument, name_ + ": has no video stream"};
  stream_ = format_->streams[video];
  const int sound = options_.audio ? av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, video, nullptr, 0) : -1;
  if (sound >= 0 && codec_of(format_->streams[sound]->codecpar->codec_id) != Codec::Unknown) sound_ = format_->streams[sound];
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    if (format_->streams[i] != stream_ && format_->streams[i] != sound_) format_->streams[i]->discard = AVDISCARD_ALL;
  // Their stamps are made up from a frame rate that the camera need not keep.
  const AVInputFormat& input = *format_->iformat;
  without_stamps_ = clock_ == Clock::kLive && ((input.flags & AVFMT_NOTIMESTAMPS) != 0 || std::strcmp(input.name, "mpjpeg") == 0);
  return {};
}

// H.264 and H.265: from length-prefixed to Annex B, and parameter sets that come within the stream made known.
Result<> LibavSource::open_filters() {
  const Codec codec = codec_of(stream_->codecpar->codec_id);
  if (codec != Codec::H264 && codec != Codec::H265) return {};
  AVBSFContext* filter = nullptr;
  const char* chain = codec == Codec::H264 ? "h264_mp4toannexb,extract_extradata" : "hevc_mp4toannexb,extract_extradata";
  int error = av_bsf_list_parse_str(chain, &filter);
  filter_.reset(filter);
  if (error >= 0) error = avcodec_parameters_copy(filter->par_in, stream_->codecpar);
  if (error >= 0) {
    filter->time_base_in = stream_->time_base;
    error = av_bsf_init(filter);
  }
  return error < 0 ? Result<>(failure("can't use the bitstream of", error)) : Result<>();
}

void LibavSource::describe_video() {
  const AVCodecParameters& parameters = filter_ ? *filter_->par_out : *stream_->codecpar;
  const AVCodecDescriptor* codec = avcodec_descriptor_get(parameters.codec_id);
  const AVRational rate = av_guess_frame_rate(format_.get(), stream_, nullptr);
  video_.codec = codec_of(parameters.codec_id);
  video_.parameters = &parameters;
  video_.time_base = stream_->time_base;
  video_.intra_only = codec != nullptr && (codec->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
  video_.width = static_cast<std::uint32_t>(std::max(parameters.width, 0));
  video_.height = static_cast<std::uint32_t>(std::max(parameters.height, 0));
  const bool known = rate.num > 0 && rate.den > 0 && av_q2d(rate) <= kMostFps;
  video_.frame_duration_ns = known ? av_rescale_q(1, av_inv_q(rate), kNanoseconds) : kDefaultFrameNs;
  video_.reorder_ns = std::max(parameters.video_delay, 0) * video_.frame_duration_ns;
  config_ =
      filter_ ? copy_of(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)) : std::vector<std::byte>{};
  video_.config = config_;
  video_.description = fmt::format("{} {}x{}", avcodec_get_name(parameters.codec_id), parameters.width, parameters.height);
  if (known) video_.description += fmt::format(", {:.4g} fps", av_q2d(rate));
}

void LibavSource::describe_audio() {
  if (sound_ == nullptr) return;
  const AVCodecParameters& parameters = *sound_->codecpar;
  sound_config_ = copy_of(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
  audio_.codec = codec_of(parameters.codec_id);
  audio_.sample_rate = static_cast<std::uint32_t>(std::max(parameters.sample_rate, 0));
  audio_.channels = channels_of(parameters);
  audio_.config = sound_config_;
  video_.description += fmt::format(", sound {}", avcodec_get_name(parameters.codec_id));
}

Error LibavSource::failure(const std::string& what, int error) const {
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
    case AVERROR_HTTP_FORBIDDEN:
      return Error{ErrorCode::kPermissionDenied, text};
    default:
      return Error{ErrorCode::kUnavailable, text};
  }
}

int LibavSource::on_interrupt(void* self) { return static_cast<LibavSource*>(self)->keep_waiting() ? 0 : 1; }

bool LibavSource::keep_waiting() {
  const std::uint64_t now = monotonic_ns();
  if (now >= next_idle_ns_) {
    next_idle_ns_ = now + kIdleEveryNs;
    if (!stopped_) stopped_ = !idle_();
  }
  // A file isn't live: a slow disk is no reason to give up.
  if (clock_ == Clock::kLive && age_ns(waiting_since_ns_, now) > patience_ns_) timed_out_ = true;
  return !stopped_ && !timed_out_;
}

Source::Read LibavSource::read() {
  waiting_since_ns_ = monotonic_ns();
  patience_ns_ = to_ns(options_.timeout);
  for (;;) {
    const int error = next_packet();
    if (error == 0) {
      describe_packet();
      ++counters_.packets;
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
    std::this_thread::sleep_for(kPoll);
  }
}

// The next packet of our streams in av_, video through the filter. A packet that the filter refuses is damaged: counted, skipped.
int LibavSource::next_packet() {
  for (;;) {
    if (filter_holds_packet_ && filter()) return 0;
    av_packet_unref(av_.get());
    const int error = av_read_frame(format_.get(), av_.get());
    if (error < 0) return error;
    if (sound_ != nullptr && av_->stream_index == sound_->index) return 0;
    if (av_->stream_index != stream_->index) continue;
    if (!filter_) return 0;
    filter_holds_packet_ = av_bsf_send_packet(filter_.get(), av_.get()) >= 0;
    if (!filter_holds_packet_) ++counters_.bad;
  }
}

bool LibavSource::filter() {
  av_packet_unref(av_.get());
  const int error = av_bsf_receive_packet(filter_.get(), av_.get());
  if (error == 0) return true;
  filter_holds_packet_ = false;
  if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) ++counters_.bad;
  return false;
}

std::int64_t LibavSource::to_ns_of(std::int64_t stamp) const {
  const AVRational base = av_->stream_index == stream_->index ? stream_->time_base : sound_->time_base;
  const std::int64_t ns = stamp == AV_NOPTS_VALUE ? kNoTimestamp : av_rescale_q(stamp, base, kNanoseconds);
  return ns >= -kFarthestStamp && ns <= kFarthestStamp ? ns : kNoTimestamp;
}

void LibavSource::describe_packet() {
  const bool sound = av_->stream_index != stream_->index;
  packet_ = Packet{};
  packet_.kind = sound ? Packet::Kind::kAudio : Packet::Kind::kVideo;
  packet_.data = std::as_bytes(std::span(av_->data, static_cast<std::size_t>(std::max(av_->size, 0))));
  packet_.av = av_.get();
  packet_.keyframe = sound || video_.codec == Codec::MJPEG || (av_->flags & AV_PKT_FLAG_KEY) != 0;
  packet_.pts_ns = to_ns_of(av_->pts);
  packet_.dts_ns = to_ns_of(av_->dts);
  packet_.arrived_ns = monotonic_ns();
  const std::int64_t duration = to_ns_of(av_->duration);
  packet_.duration_ns = static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration, 0, UINT32_MAX));
  if (sound) return;
  if (without_stamps_) {
    packet_.pts_ns = packet_.dts_ns = static_cast<std::int64_t>(packet_.arrived_ns);
  } else if (packet_.dts_ns != kNoTimestamp || packet_.pts_ns != kNoTimestamp) {
    counted_ns_ = packet_.dts_ns != kNoTimestamp ? packet_.dts_ns : packet_.pts_ns;
  } else {
    // A file without any: counted by its frame rate.
    counted_ns_ = counted_ns_ == kNoTimestamp ? 0 : counted_ns_ + video_.frame_duration_ns;
    packet_.dts_ns = counted_ns_;
    if (video_.reorder_ns == 0) packet_.pts_ns = counted_ns_;
  }
  order_dts();
  if (filter_ && packet_.keyframe) note_config();
  note_camera_clock();
}

// Stamps of decoding that aren't there (Matroska has none, and libav doesn't make up the first ones of a stream with B-frames)
// lie between those around them: they ascend, and none is later than that of showing.
void LibavSource::order_dts() {
  if (packet_.pts_ns == kNoTimestamp && packet_.dts_ns == kNoTimestamp) return;
  const bool made_up = packet_.dts_ns == kNoTimestamp;
  if (made_up) packet_.dts_ns = packet_.pts_ns - video_.reorder_ns;
  const bool begins = last_dts_ns_ == kNoTimestamp || packet_.dts_ns > last_dts_ns_ + kNewBeginning ||
                      packet_.dts_ns < last_dts_ns_ - kNewBeginning;
  if (made_up && !begins) packet_.dts_ns = std::min(packet_.pts_ns, last_dts_ns_ + video_.frame_duration_ns);
  if (!begins) packet_.dts_ns = std::max(packet_.dts_ns, last_dts_ns_ + 1);
  last_dts_ns_ = packet_.dts_ns;
}

// The camera's wall clock, from its RTCP sender reports. FFmpeg's value is off by hours between a wrap of RTP's 32-bit stamps and
// the next report: what it says is taken once two packets agree on it. H.264 and H.265 go through FFmpeg's parser, which ends a
// picture when the next one begins and hands it that one's value.
void LibavSource::note_camera_clock() {
  if (packet_.pts_ns == kNoTimestamp) return;
  std::size_t size = 0;
  const auto* data = av_packet_get_side_data(av_.get(), AV_PKT_DATA_PRFT, &size);
  std::int64_t wall = kNoTimestamp;
  if (data != nullptr && size >= sizeof(AVProducerReferenceTime)) {
    AVProducerReferenceTime reference{};
    std::memcpy(&reference, data, sizeof reference);
    wall = std::max<std::int64_t>(reference.wallclock, 0) * static_cast<std::int64_t>(kNsPerUs);
  }
  const std::int64_t of_this = filter_ ? std::exchange(next_wall_ns_, wall) : wall;
  if (of_this != kNoTimestamp) {
    const std::int64_t offset = of_this - packet_.pts_ns;
    const std::int64_t change = told_offset_ns_ == kNoTimestamp ? kWallTolerance : offset - told_offset_ns_;
    told_offset_ns_ = offset;
    if (change < kWallTolerance && change > -kWallTolerance) wall_offset_ns_ = offset;
  }
  if (wall_offset_ns_ != kNoTimestamp) packet_.camera_wall_at_ns = static_cast<std::uint64_t>(packet_.pts_ns + wall_offset_ns_);
}

// Parameter sets that came with this keyframe, if they aren't the ones that are known.
void LibavSource::note_config() {
  std::size_t size = 0;
  const auto* sets = av_packet_get_side_data(av_.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (sets == nullptr || size == 0) return;
  if (size == config_.size() && std::memcmp(sets, config_.data(), size) == 0) return;
  config_ = copy_of(sets, size);
  video_.config = config_;
  note_size();
}

// The picture's size by the parameter sets of the keyframe at hand: FFmpeg goes on telling that of the stream's beginning.
void LibavSource::note_size() {
  AVCodecParserContext* parser = av_parser_init(filter_->par_out->codec_id);
  CodecPtr codec(avcodec_alloc_context3(nullptr));
  if (parser != nullptr && codec) {
    parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    std::uint8_t* data = nullptr;
    int bytes = 0;
    (void)av_parser_parse2(parser, codec.get(), &data, &bytes, av_->data, av_->size, av_->pts, av_->dts, av_->pos);
    if (parser->width > 0 && parser->height > 0) {
      video_.width = static_cast<std::uint32_t>(parser->width);
      video_.height = static_cast<std::uint32_t>(parser->height);
    }
  }
  av_parser_close(parser);
}

bool LibavSource::rewind() {
  counted_ns_ = last_dts_ns_ = kNoTimestamp;
  const std::int64_t start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
  // Time stamps of transport streams may jump: their start is byte 0.
  const int flags = format_->iformat->flags;
  const bool by_byte = (flags & AVFMT_TS_DISCONT) != 0 && (flags & AVFMT_NO_BYTE_SEEK) == 0;
  const int error = by_byte ? avformat_seek_file(format_.get(), -1, 0, 0, 0, AVSEEK_FLAG_BYTE)
                            : avformat_seek_file(format_.get(), stream_->index, INT64_MIN, start, start, 0);
  if (error < 0) return false;
  if (filter_) av_bsf_flush(filter_.get());
  filter_holds_packet_ = false;
  return true;
}

}  // namespace vedette::capture
