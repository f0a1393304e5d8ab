#include "gateway/snapshot_taker.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <deque>
#include <utility>

#include "base/clock.h"

namespace vedette::gateway {
namespace {

namespace net = boost::asio;

constexpr std::uint64_t kMostWaitNs = 5'000'000'000;   // for a picture
constexpr std::uint64_t kBoxesWaitNs = 1'000'000'000;  // from then on, for what is detected on it
constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::size_t kPicturesHeld = 8;  // that wait for their boxes: detection takes not every frame

Reply picture_reply(const Picture& picture, std::string file) {
  Reply reply = json_reply(200, std::move(file));
  reply.content_type = "image/jpeg";
  const std::uint64_t taken_ms = (wall_ns() - age_ns(picture.captured_at_ns())) / 1'000'000;
  reply.headers.emplace_back("X-Frame-Id", std::to_string(picture.frame_id()));
  reply.headers.emplace_back("X-Captured-At", std::to_string(taken_ms));
  return reply;
}

std::string file_of(const Picture& picture) {
  std::string file;
  file.reserve(picture.bytes());
  for (const auto& part : picture.parts()) file.append(reinterpret_cast<const char*>(part.data()), part.size());
  return file;
}

Reply render(const Picture& picture, const DetectedFrame* found, const SnapshotWish& wish) {
  const auto file = render_snapshot(picture, found, wish);
  if (!file) return problem(502, "the camera's picture can't be decoded: " + file.error().text);
  return picture_reply(picture, std::string(reinterpret_cast<const char*>(file->data()), file->size()));
}

class SnapshotTaker : public std::enable_shared_from_this<SnapshotTaker>, public Wakeable {
 public:
  SnapshotTaker(const Executor& executor, CameraHub& camera, const SnapshotWish& wish, SessionContext& context,
                std::function<void(Reply)> done)
      : executor_(executor), camera_(camera), wish_(wish), context_(context), done_(std::move(done)), timer_(executor) {}

  ~SnapshotTaker() override {
    if (outbox_) camera_.leave(outbox_);
  }

  void start() {
    outbox_ = std::make_shared<Outbox>(context_.wakes->of(weak_from_this()), Outbox::Takes::kPicturesOnly);
    camera_.join(outbox_);
    wait();
    look();
  }

  void on_wake() override { look(); }

 private:
  void wait() {
    timer_.expires_after(kLookEvery);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || !self->outbox_) return;
      self->look();
      if (self->outbox_ && age_ns(self->asked_at_ns_) > kMostWaitNs) self->give_up();
      if (self->outbox_) self->wait();
    });
  }

  void look() {
    if (!outbox_) return;
    for (Outgoing next = outbox_->next(); const PicturePtr* picture = std::get_if<PicturePtr>(&next); next = outbox_->next()) {
      if ((*picture)->captured_at_ns() < asked_at_ns_) continue;
      if (pictures_.empty()) first_at_ns_ = monotonic_ns();
      if (pictures_.size() == kPicturesHeld) pictures_.pop_front();
      pictures_.push_back(*picture);
    }
    if (pictures_.empty()) return;
    if (!wish_.boxes || !camera_.has_detect()) return finish(pictures_.back(), nullptr);
    for (auto picture = pictures_.rbegin(); picture != pictures_.rend(); ++picture)
      if (auto found = camera_.found_on((*picture)->frame_id())) return finish(*picture, std::move(found));
    if (age_ns(first_at_ns_) > kBoxesWaitNs) finish(pictures_.back(), camera_.held_found());
  }

  void stop_watching() {
    timer_.cancel();
    camera_.leave(std::exchange(outbox_, nullptr));
  }

  void finish(const PicturePtr& picture, std::shared_ptr<const DetectedFrame> found) {
    stop_watching();
    if (wish_.as_it_is()) return done_(picture_reply(*picture, file_of(*picture)));
    const bool taken = context_.workers->offer([self = shared_from_this(), picture, found = std::move(found)]() mutable {
      Reply reply = render(*picture, found.get(), self->wish_);
      const auto executor = self->executor_;
      net::post(executor,
                [session = std::move(self), answer = std::move(reply)]() mutable { session->done_(std::move(answer)); });
    });
    if (!taken) done_(problem(503, "too many requests wait for an answer; ask again"));
  }

  void give_up() {
    stop_watching();
    std::string why = "no picture was taken within " + std::to_string(kMostWaitNs / 1'000'000'000) + " s";
    for (const Input& input : camera_.inputs(monotonic_ns()))
      if (input.name.empty() && input.status != InputStatus::kOk)
        why += "; the camera is " + std::string(to_string(input.status)) + (input.error.empty() ? "" : ": " + input.error);
    done_(problem(503, why));
  }

  const Executor executor_;
  CameraHub& camera_;
  const SnapshotWish wish_;
  SessionContext& context_;
  const std::function<void(Reply)> done_;
  Timer timer_;
  const std::uint64_t asked_at_ns_ = monotonic_ns();
  std::shared_ptr<Outbox> outbox_;   // null: no longer watching
  std::deque<PicturePtr> pictures_;  // taken since it was asked for
  std::uint64_t first_at_ns_ = 0;
};

}  // namespace

void take_snapshot(const Executor& executor, CameraHub& camera, const SnapshotWish& wish, SessionContext& context,
                   std::function<void(Reply)> done) {
  std::make_shared<SnapshotTaker>(executor, camera, wish, context, std::move(done))->start();
}

}  // namespace vedette::gateway
