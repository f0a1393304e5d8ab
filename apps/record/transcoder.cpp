#include "record/transcoder.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/thread.h"
#include "libav/h264.h"
#include "store/tree.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr int kLeastPriority = 19;
constexpr AVRational kAssumedRate{15, 1};

class Job {
 public:
  Job(const std::string& path, const std::function<bool()>& go_on)
      : path_(path), part_(path + std::string(store::kPart)), go_on_(go_on) {}
  ~Job() {
    output_.reset();
    ::unlink(part_.c_str());
  }
  Job(const Job&) = delete;

  Result<> run() {
    VD_ASSIGN(const bool jpegs, open_input());
    if (!jpegs) return {};
    VD_TRY(open_encoder());
    VD_TRY(open_output());
    VD_TRY(go_through());
    VD_TRY(end_mp4(*output_, path_));
    output_.reset();
    return store::settle(path_);
  }

 private:
  // False: its pictures aren't JPEGs, there is nothing to do.
  Result<bool> open_input() {
    AVFormatContext* opened = nullptr;
    if (const int failed = avformat_open_input(&opened, ("file:" + path_).c_str(), nullptr, nullptr); failed < 0)
      return libav_error(path_, failed);
    input_.reset(opened);
    if (const int failed = avformat_find_stream_info(opened, nullptr); failed < 0) return libav_error(path_, failed);
    const AVCodec* decoder = nullptr;
    const int video = av_find_best_stream(opened, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
    if (video < 0) return libav_error(path_, video);
    video_ = opened->streams[video];
    if (video_->codecpar->codec_id != AV_CODEC_ID_MJPEG) return false;
    decoder_.reset(avcodec_alloc_context3(decoder));
    avcodec_parameters_to_context(decoder_.get(), video_->codecpar);
    decoder_->thread_count = 1;
    if (const int failed = avcodec_open2(decoder_.get(), decoder, nullptr); failed < 0) return libav_error(path_, failed);
    return true;
  }

  Result<> open_encoder() {
    H264Options options;
    options.width = video_->codecpar->width & ~1;
    options.height = video_->codecpar->height & ~1;
    options.time_base = video_->time_base;
    options.rate = video_->avg_frame_rate.num > 0 ? video_->avg_frame_rate : kAssumedRate;
    const auto opens = [&](const AVCodec* codec) {
      auto opened = codec == nullptr ? Result<CodecPtr>(Error{ErrorCode::kNotFound, ""}) : open_h264(*codec, options);
      if (opened) encoder_ = std::move(opened).value();
      return opened.ok();
    };
    for (const char* name : kSoftwareH264)
      if (opens(avcodec_find_encoder_by_name(name))) return {};
    if (opens(avcodec_find_encoder(AV_CODEC_ID_H264))) return {};
    return Error{ErrorCode::kNotFound,
                 "this libav has no encoder of H.264: clips of cameras that send JPEGs stay MJPEG, which browsers don't play"};
  }

  Result<> open_output() {
    VD_ASSIGN(output_, make_mp4(part_));
    for (unsigned i = 0; i < input_->nb_streams; ++i) {
      AVStream* stream = avformat_new_stream(output_.get(), nullptr);
      if (stream == nullptr) return Error{ErrorCode::kResourceExhausted, path_ + ": out of memory"};
      const AVStream* in = input_->streams[i];
      stream->time_base = in->time_base;
      if (in == video_)
        avcodec_parameters_from_context(stream->codecpar, encoder_.get());
      else
        avcodec_parameters_copy(stream->codecpar, in->codecpar);
    }
    return begin_mp4(*output_, part_, true);
  }

  Result<> go_through() {
    int failed = 0;
    while ((failed = av_read_frame(input_.get(), packet_.get())) == 0) {
      if (!go_on_()) return Error{ErrorCode::kUnavailable, "stopped"};
      const AVStream* stream = input_->streams[packet_->stream_index];
      if (stream == video_) {
        ++read_;
        if (avcodec_send_packet(decoder_.get(), packet_.get()) == 0) VD_TRY(encode_pictures());
      } else {
        packet_->pos = -1;
        av_packet_rescale_ts(packet_.get(), stream->time_base, output_->streams[packet_->stream_index]->time_base);
        if (const int unwritten = av_interleaved_write_frame(output_.get(), packet_.get()); unwritten < 0)
          return libav_error(path_, unwritten);
      }
      av_packet_unref(packet_.get());
    }
    if (failed != AVERROR_EOF) return libav_error(path_, failed);
    avcodec_send_packet(decoder_.get(), nullptr);
    VD_TRY(encode_pictures());
    avcodec_send_frame(encoder_.get(), nullptr);
    VD_TRY(write_encoded());
    // The only copy is replaced by nothing less.
    const std::int64_t all = std::max(read_, video_->nb_frames);
    if (written_ == all) return {};
    return Error{ErrorCode::kCorrupt, path_ + ": of " + std::to_string(all) + " pictures " + std::to_string(written_) +
                                          " could be turned into H.264: it stays MJPEG"};
  }

  Result<> encode_pictures() {
    while (avcodec_receive_frame(decoder_.get(), decoded_.get()) == 0) {
      VD_TRY(encode(*decoded_));
      av_frame_unref(decoded_.get());
    }
    return {};
  }

  Result<> encode(const AVFrame& picture) {
    scaler_.reset(sws_getCachedContext(scaler_.release(), picture.width, picture.height,
                                       static_cast<AVPixelFormat>(picture.format), encoder_->width, encoder_->height,
                                       AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr, nullptr));
    if (!scaler_) return Error{ErrorCode::kInvalidArgument, path_ + ": pictures of a kind that can't be converted"};
    frame_->width = encoder_->width, frame_->height = encoder_->height, frame_->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(frame_.get(), 0) != 0) return Error{ErrorCode::kResourceExhausted, path_ + ": out of memory"};
    sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height, frame_->data, frame_->linesize);
    frame_->pts = picture.best_effort_timestamp;
    const int failed = avcodec_send_frame(encoder_.get(), frame_.get());
    av_frame_unref(frame_.get());
    return failed < 0 ? Result<>(libav_error(path_, failed)) : write_encoded();
  }

  Result<> write_encoded() {
    while (avcodec_receive_packet(encoder_.get(), encoded_.get()) == 0) {
      ++written_;
      encoded_->stream_index = video_->index;
      av_packet_rescale_ts(encoded_.get(), encoder_->time_base, output_->streams[video_->index]->time_base);
      if (const int failed = av_interleaved_write_frame(output_.get(), encoded_.get()); failed < 0)
        return libav_error(path_, failed);
    }
    return {};
  }

  const std::string path_, part_;
  const std::function<bool()>& go_on_;
  FormatPtr input_;
  OutputPtr output_;
  AVStream* video_ = nullptr;
  std::int64_t read_ = 0, written_ = 0;  // pictures
  CodecPtr decoder_, encoder_;
  ScalerPtr scaler_;
  PacketPtr packet_{av_packet_alloc()}, encoded_{av_packet_alloc()};
  FramePtr decoded_{av_frame_alloc()}, frame_{av_frame_alloc()};
};

}  // namespace

Result<> turn_into_h264(const std::string& path, const std::function<bool()>& go_on) { return Job(path, go_on).run(); }

Transcoder::Transcoder(store::Store& store) : store_(store) {
  if (const auto waiting = store.clips_of("mjpeg"))
    for (const store::Event& event : *waiting) waiting_.push_back(event.key);
  thread_ = start_thread("transcoder", [this] { run(); });
}

Transcoder::~Transcoder() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Transcoder::add(const store::EventKey& key) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(key);
  changed_.notify_all();
}

void Transcoder::run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLeastPriority);
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const store::EventKey key = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work(key);
  }
}

void Transcoder::work(const store::EventKey& key) {
  const auto go_on = [this] {
    const std::scoped_lock lock(mutex_);
    return !stopping_;
  };
  auto event = store_.find(key);
  if (!event || !*event) return;
  for (std::uint32_t part = 1; part <= (*event)->clips; ++part) {
    const auto done = turn_into_h264(store_.tree().clip(key, (*event)->started_at_ms, part), go_on);
    if (done) continue;
    const bool known =
        done.error().code == ErrorCode::kUnavailable || (done.error().code == ErrorCode::kNotFound && std::exchange(told_, true));
    if (!known) log::warning("{}: event {}: {}", key.camera, key.id, done.error().text);
    return;
  }
  const auto marked = store_.clips_are(key, "h264");
  if (!marked && marked.error().code == ErrorCode::kNotFound) {  // removed while it was worked on
    for (const std::string& path : store_.tree().files_of(**event)) (void)store::remove_file(path);
  } else if (!marked) {
    log::warning("{}: event {}: {}", key.camera, key.id, marked.error().text);
  }
}

}  // namespace vedette::record
