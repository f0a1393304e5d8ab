#include "supervise/supervisor.h"

#include <poll.h>
#include <sys/wait.h>
#include <csignal>

#include <algorithm>

#include "base/process.h"
#include "telemetry/log.h"

namespace vedette::supervise {
namespace {

constexpr std::uint64_t kTickNs = 100'000'000;
// In stopping, a stage gets so long, or its share of the time left, before the next one is asked too: readers go before writers,
// but nobody waits for who hangs.
constexpr std::uint64_t kStopStepNs = 1'000'000'000;
// Who asks for a restart sooner than this is started again by the back-off.
constexpr Nanoseconds kShortestRun = std::chrono::seconds(1);

bool is_capture(const StageSpec& spec) { return spec.tag.starts_with("capture/"); }

}  // namespace

Supervisor::Supervisor(std::vector<StageSpec> stages, const SuperviseConfig& config, bool endless)
    : config_(config), endless_(endless) {
  for (StageSpec& spec : stages) {
    LogRelay relay(spec.tag);
    stages_.push_back(Stage{std::move(spec), std::move(relay), Backoff(config), std::nullopt});
  }
}

Result<> Supervisor::run(std::uint64_t deadline_ns, const std::function<void()>& tick) {
  Result<> outcome;
  while (!stop_requested() && !cameras_done() && (deadline_ns == 0 || monotonic_ns() < deadline_ns)) {
    start_due_stages();
    wait_for_output(kTickNs);
    outcome = reap();
    if (!outcome.ok()) break;
    tick();
  }
  stop_all();
  return outcome;
}

void Supervisor::start_due_stages() {
  const std::uint64_t now = monotonic_ns();
  for (Stage& stage : stages_) {
    if (stage.child || stage.done || now < stage.start_at_ns) continue;
    auto started = Child::start(stage.spec);
    stage.started_ns = now;
    if (started.ok()) {
      stage.child = std::move(started).value();
      continue;
    }
    const Nanoseconds delay = stage.backoff.next(Nanoseconds::zero());
    stage.start_at_ns = now + to_ns(delay);
    log::error("{}; trying again in {} ms", started.error().text, delay.count() / 1'000'000);
  }
}

void Supervisor::wait_for_output(std::uint64_t at_most_ns) {
  std::vector<pollfd> watched = {{stop_fd(), POLLIN, 0}};
  std::vector<Stage*> owners = {nullptr};
  for (Stage& stage : stages_) {
    if (!stage.child || stage.child->output_fd() < 0) continue;
    watched.push_back({stage.child->output_fd(), POLLIN, 0});
    owners.push_back(&stage);
  }
  // A stop that has been asked for stays readable: then it must not keep us from sleeping.
  if (stop_requested()) watched[0].fd = -1;
  ::poll(watched.data(), watched.size(), static_cast<int>(at_most_ns / 1'000'000));
  for (std::size_t i = 1; i < watched.size(); ++i)
    if (watched[i].revents != 0 && !owners[i]->relay.drain(watched[i].fd)) owners[i]->child->close_output();
}

void Supervisor::let_go(Stage& stage) {
  // A pipe holds as much as one call reads; the second one sees the end.
  if (stage.child->output_fd() >= 0 && stage.relay.drain(stage.child->output_fd())) stage.relay.drain(stage.child->output_fd());
  stage.child.reset();
}

Result<> Supervisor::reap() {
  for (Stage& stage : stages_) {
    if (!stage.child) continue;
    const auto status = stage.child->ended();
    if (!status) continue;
    let_go(stage);
    VD_TRY(on_end(stage, *status));
  }
  return {};
}

Result<> Supervisor::on_end(Stage& stage, int wait_status) {
  const std::uint64_t now = monotonic_ns();
  const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  const Nanoseconds ran(now - stage.started_ns);
  // What has run well and can't any more (a file was taken away) may be able to again.
  if ((code == kExitUsage || code == kExitConfig) && ran < config_.healthy_after)
    return Error{ErrorCode::kInvalidArgument, stage.spec.tag + " cannot run: " + stage.relay.last()};
  if (code == kExitRestart && ran >= kShortestRun) {
    log::info("{} restarts", stage.spec.tag);
    stage.start_at_ns = now;
    return {};
  }
  if (code == 0 && is_capture(stage.spec)) {
    log::info("{} is done", stage.spec.tag);
    stage.done = true;
    return {};
  }
  const Nanoseconds delay = stage.backoff.next(ran);
  stage.start_at_ns = now + to_ns(delay);
  log::warning("{} {}; restarting in {} ms", stage.spec.tag, describe(wait_status), delay.count() / 1'000'000);
  return {};
}

bool Supervisor::cameras_done() const {
  return !endless_ &&
         std::all_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.done || !is_capture(stage.spec); });
}

void Supervisor::stop_all() {
  const std::uint64_t kill_at = monotonic_ns() + to_ns(config_.stop_timeout);
  const auto drain_until = [&](std::uint64_t when, const auto& satisfied) {
    while (!satisfied() && monotonic_ns() < when) {
      wait_for_output(10'000'000);
      for (Stage& stage : stages_) {
        if (stage.child && stage.child->ended()) let_go(stage);
      }
    }
  };
  auto left = static_cast<std::uint64_t>(stages_.size());
  for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage, --left) {
    if (!stage->child) continue;
    stage->child->signal(SIGTERM);
    const std::uint64_t now = monotonic_ns();
    const std::uint64_t share = now < kill_at ? (kill_at - now) / left : 0;
    drain_until(now + std::min(kStopStepNs, share), [&] { return !stage->child; });
  }
  const auto all_ended = [&] {
    return std::none_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.child.has_value(); });
  };
  drain_until(kill_at, all_ended);
  for (Stage& stage : stages_) {
    if (!stage.child) continue;
    log::warning("{} does not stop; killing it", stage.spec.tag);
    stage.child->signal(SIGKILL);
  }
  drain_until(~0ull, all_ended);
}

}  // namespace vedette::supervise
