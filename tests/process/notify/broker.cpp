#include "process/notify/broker.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "base/check.h"
#include "base/unique_fd.h"

namespace vedette::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

bool answers(std::uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Broker::Broker(const TempFolder& folder, std::uint16_t port, const std::string& lines)
    : file_(folder.write("mosquitto.conf", "user root\nlistener " + std::to_string(port) +
                                               " 127.0.0.1\nmax_queued_messages 0\nset_tcp_nodelay true\n" + lines)),
      port_(port) {
  start();
}

void Broker::start() {
  program_ = std::make_unique<Program>(std::vector<std::string>{"/usr/sbin/mosquitto", "-c", file_}, file_);
  VD_ASSERT(wait_until([this] { return answers(port_) || !program_->running(); }) && program_->running(), log().c_str());
}

void Broker::kill() {
  program_->signal(SIGKILL);
  (void)program_->wait_exit();
}

Listener::Listener(const ListenerOptions& options) : options_(options) {
  ::mosquitto_lib_init();
  library_ = ::mosquitto_new(nullptr, true, this);
  ::mosquitto_reconnect_delay_set(library_, 1, 1, false);
  if (!options_.username.empty()) ::mosquitto_username_pw_set(library_, options_.username.c_str(), options_.password.c_str());
  const auto file = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
  if (!options_.ca.empty())
    ::mosquitto_tls_set(library_, file(options_.ca), nullptr, file(options_.cert), file(options_.key), nullptr);
  ::mosquitto_connect_callback_set(library_, [](mosquitto* library, void* object, int code) {
    if (code != 0) return;
    for (const std::string& topic : static_cast<Listener*>(object)->options_.topics)
      ::mosquitto_subscribe(library, nullptr, topic.c_str(), 1);
  });
  ::mosquitto_subscribe_callback_set(library_, [](mosquitto*, void* object, int, int, const int*) {
    auto* const self = static_cast<Listener*>(object);
    const std::lock_guard lock(self->mutex_);
    self->subscribed_ = true;
    self->grown_.notify_all();
  });
  ::mosquitto_message_callback_set(library_, [](mosquitto*, void* object, const mosquitto_message* message) {
    auto* const self = static_cast<Listener*>(object);
    const std::lock_guard lock(self->mutex_);
    self->heard_.push_back(
        {message->topic, std::string(static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)),
         message->retain});
    self->grown_.notify_all();
  });
  VD_ASSERT(::mosquitto_connect(library_, "127.0.0.1", options_.port, 600) == MOSQ_ERR_SUCCESS, "the listener can't connect");
  ::mosquitto_loop_start(library_);
  std::unique_lock lock(mutex_);
  VD_ASSERT(grown_.wait_for(lock, kPatience, [this] { return subscribed_; }), "the listener can't subscribe");
}

Listener::~Listener() {
  ::mosquitto_disconnect(library_);
  ::mosquitto_loop_stop(library_, true);
  ::mosquitto_destroy(library_);
}

void Listener::publish(const std::string& topic, const std::string& payload, bool retain) {
  ::mosquitto_publish(library_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, retain);
}

std::vector<Heard> Listener::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

std::vector<std::string> Listener::payloads(const std::string& topic) const {
  std::vector<std::string> payloads;
  for (const Heard& message : heard())
    if (message.topic == topic) payloads.push_back(message.payload);
  return payloads;
}

std::optional<std::string> Listener::last_unlocked(const std::string& topic) const {
  for (auto message = heard_.rbegin(); message != heard_.rend(); ++message)
    if (message->topic == topic) return message->payload;
  return std::nullopt;
}

std::optional<std::string> Listener::last(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  return last_unlocked(topic);
}

bool Listener::wait(const std::function<bool(const std::vector<Heard>&)>& condition) {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, kPatience, [&] { return condition(heard_); });
}

bool Listener::wait_last(const std::string& topic, const std::string& payload) {
  return wait([&](const std::vector<Heard>&) { return last_unlocked(topic) == payload; });
}

void Listener::forget() {
  const std::lock_guard lock(mutex_);
  heard_.clear();
}

}  // namespace vedette::test
