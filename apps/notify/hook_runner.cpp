#include "notify/hook_runner.h"

#include <algorithm>

#include "base/file.h"
#include "base/thread.h"
#include "notify/child_run.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr std::size_t kMostAtOnce = 4;
constexpr std::size_t kMostQueued = 256;
constexpr int kMostLines = 16;

std::vector<std::string> environment_of(const Notice& notice) {
  std::vector<std::string> variables;
  for (const std::string_view name : kEventPlaceholders) {
    if (name == "json") continue;  // that is on its standard input
    std::string variable = "VEDETTE_";
    for (const char c : name) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    std::string value = placeholder_value(name, notice.event, notice.files);
    std::erase(value, '\0');
    variables.push_back(variable + "=" + value);
  }
  return variables;
}

}  // namespace

HookRunner::HookRunner(std::vector<HookConfig> hooks) : hooks_(std::move(hooks)) {
  for (std::size_t i = 0; i < kMostAtOnce; ++i) threads_.push_back(start_thread("hook", [this] { run(); }));
}

HookRunner::~HookRunner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  if (!jobs_.empty()) log::warning("hooks: {} runs are left out", jobs_.size());
}

void HookRunner::offer(const Event& event, const EventFiles& files) {
  for (const HookConfig& hook : hooks_) {
    if (!is_chosen(hook.choice, event)) continue;
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= kMostQueued) {
      jobs_.pop_front();
      if (dropped_++ == 0) log::warning("hooks: {} runs wait; the oldest are dropped, and counted", kMostQueued);
    }
    jobs_.push_back({&hook, {event, files}});
    news_.notify_one();
  }
}

void HookRunner::run() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      if (jobs_.empty() && dropped_ > 0)
        log::info("hooks: no run waits any more; {} were dropped meanwhile", std::exchange(dropped_, 0));
    }
    carry_out(job);
  }
}

void HookRunner::carry_out(const Job& job) {
  const std::string name = file_name(job.hook->exec.front());
  int lines = 0;
  ChildRun run;
  run.words = job.hook->exec;
  run.environment = environment_of(job.notice);
  run.input = event_json(job.notice.event, job.notice.files) + "\n";
  run.timeout = job.hook->timeout;
  run.stopping = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  run.print = [&](std::string_view line) {
    if (++lines <= kMostLines) log::info("hook {}: {}", name, line);
    if (lines == kMostLines) log::info("hook {}: the rest of what it prints is left out", name);
  };
  const Result<int> status = run_child(run);
  if (!status) return log::warning("hook {}: {}", name, status.error().text);
  if (*status != 0) log::warning("hook {}: ended with {}", name, *status);
}

}  // namespace vedette::notify
