#include "notify/client.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/thread.h"
#include "notify/connection.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds kFirstPause = seconds(1);
constexpr Nanoseconds kPauseWhenRefused = seconds(15);  // a wrong password doesn't mend by itself
constexpr Nanoseconds kLongestPause = seconds(60);
constexpr Nanoseconds kLasted = seconds(10);  // a connection so long starts over with the first pause
constexpr Nanoseconds kLongestConnect = seconds(10);
constexpr Nanoseconds kLongestFarewell = seconds(1);
constexpr std::size_t kMostRefusalsTold = 16;  // reasons

}  // namespace

Result<std::unique_ptr<BrokerClient>> BrokerClient::start(ClientOptions options, Received received) {
  VD_TRY(check_tls_files(options.mqtt));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return errno_error("eventfd");
  struct ::sigaction interrupt {};
  interrupt.sa_handler = [](int) {};  // without SA_RESTART: connect() returns
  if (::sigaction(SIGUSR1, &interrupt, nullptr) != 0) return errno_error("sigaction");
  std::unique_ptr<BrokerClient> client(new BrokerClient(std::move(options), std::move(received), std::move(wake)));
  client->thread_ = start_thread("mqtt", [self = client.get()] {
    sigset_t interrupting;
    ::sigemptyset(&interrupting);
    ::sigaddset(&interrupting, SIGUSR1);
    ::pthread_sigmask(SIG_UNBLOCK, &interrupting, nullptr);
    self->run();
    self->ended_ = true;
  });
  return client;
}

BrokerClient::BrokerClient(ClientOptions options, Received received, UniqueFd wake)
    : options_(std::move(options)), received_(std::move(received)), wake_(std::move(wake)), outbox_(options_.mqtt.queue) {
  outbox_.set(options_.availability, "online");
}

BrokerClient::~BrokerClient() {
  (void)stop();
  thread_.join();
}

void BrokerClient::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void BrokerClient::set(const std::string& topic, std::string payload) {
  {
    const std::lock_guard lock(mutex_);
    outbox_.set(topic, std::move(payload));
  }
  wake();
}

std::uint64_t BrokerClient::push(std::string topic, std::string payload) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = outbox_.push(std::move(topic), std::move(payload));
  }
  wake();
  return number;
}

void BrokerClient::resend_values() {
  {
    const std::lock_guard lock(mutex_);
    outbox_.resend_values();
  }
  wake();
}

ClientStats BrokerClient::stats() const {
  const std::lock_guard lock(mutex_);
  return {connected_, outbox_.waiting(), outbox_.events(), outbox_.dropped(), outbox_.delivered(), outbox_.refused()};
}

std::uint64_t BrokerClient::oldest() const {
  const std::lock_guard lock(mutex_);
  return outbox_.oldest();
}

void BrokerClient::watch() {
  const std::uint64_t since = connecting_since_ns_;
  if (since != 0 && age_ns(since) > to_ns(kLongestConnect)) ::pthread_kill(thread_.native_handle(), SIGUSR1);
}

bool BrokerClient::stop() {
  if (stopping_) return ended_;
  set(options_.availability, "offline");
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLongestFarewell, [this] { return !connected_ || outbox_.empty(); });
    stopping_ = true;
  }
  wake();
  changed_.notify_all();
  const std::uint64_t began = monotonic_ns();
  while (!ended_ && age_ns(began) < to_ns(kLongestFarewell)) {
    if (connecting_since_ns_ != 0) ::pthread_kill(thread_.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ended_;
}

void BrokerClient::run() {
  while (!stopping_) {
    Connection connection(*this);
    const std::uint64_t began = monotonic_ns();
    const Result<> end = connection.run();
    {
      const std::lock_guard lock(mutex_);
      connected_ = false;
    }
    changed_.notify_all();
    if (end || stopping_) return;
    tell(end.error().text);
    wait(pause_after(connection.accepted() && age_ns(began) >= to_ns(kLasted), end.error().code == ErrorCode::kPermissionDenied));
  }
}

Nanoseconds BrokerClient::pause_after(bool lasted, bool refused) {
  const Nanoseconds least = refused ? kPauseWhenRefused : kFirstPause;
  pause_ = lasted ? least : std::clamp(2 * pause_, least, kLongestPause);
  // Many devices whose broker has come back don't come at once: 75 to 125 %.
  return pause_ * std::uniform_int_distribution(75, 125)(dice_) / 100;
}

void BrokerClient::wait(Nanoseconds pause) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause, [this] { return stopping_.load(); });
}

void BrokerClient::tell(const std::string& failure) {
  if (failure == told_) return;
  told_ = failure;
  log::warning("MQTT: {}; tried again until it works, events are kept meanwhile", failure);
}

void BrokerClient::connected() {
  {
    const std::lock_guard lock(mutex_);
    connected_ = true;
    outbox_.restart();
  }
  told_.clear();
  log::info("MQTT: connected to {}", options_.mqtt.host);
}

std::optional<Outbox::Sending> BrokerClient::next(std::size_t most_on_the_way) {
  const std::lock_guard lock(mutex_);
  return outbox_.on_the_way() < most_on_the_way ? outbox_.next() : std::nullopt;
}

void BrokerClient::arrived(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  outbox_.arrived(ticket);
  if (outbox_.empty()) changed_.notify_all();
}

void BrokerClient::refused(std::uint64_t ticket, const std::string& why) {
  if (refusals_told_.size() < kMostRefusalsTold && refusals_told_.insert(why).second)
    log::warning("MQTT: messages are refused, and counted: {}", why);
  const std::lock_guard lock(mutex_);
  outbox_.refused(ticket);
  if (outbox_.empty()) changed_.notify_all();
}

}  // namespace vedette::notify
