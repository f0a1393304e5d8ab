#include "notify/connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "notify/client.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMostOnTheWay = 16;             // messages; fewer than the 20 that the library and brokers take by default
constexpr Nanoseconds kLongestSilence = seconds(10);  // from connect() to the broker's answer
constexpr int kLookMs = 500;                          // keep-alive and deadlines
constexpr char kSystemCertificates[] = "/etc/ssl/certs";

std::uint16_t port_of(const MqttConfig& mqtt) {
  return mqtt.port != 0 ? mqtt.port : mqtt.tls ? std::uint16_t{8883} : std::uint16_t{1883};
}

Connection& of(void* object) { return *static_cast<Connection*>(object); }  // what the library's callbacks get

// No terminal is asked for the password of a key.
int no_password(char*, int, int, void*) { return 0; }

bool is_v5(const MqttConfig& mqtt) { return mqtt.protocol == "5"; }

// CONNACK codes of MQTT 3.1.1 (table 3.1) and reason codes of MQTT 5 (3.2.2.2).
bool is_bad_login(int code) {
  return code == 4 || code == 5 || code == MQTT_RC_BAD_USERNAME_OR_PASSWORD || code == MQTT_RC_NOT_AUTHORIZED;
}
bool is_bad_protocol(int code) { return code == 1 || code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION; }

std::string refusal_text(const MqttConfig& mqtt, int code) {
  if (is_bad_login(code) && mqtt.username.empty()) return "it asks for a user name and password (mqtt.username, mqtt.password)";
  if (is_bad_login(code)) return fmt::format("it refuses the user name \"{}\" with this password", mqtt.username);
  if (is_bad_protocol(code)) return fmt::format("it doesn't speak MQTT {} (mqtt.protocol)", mqtt.protocol);
  return fmt::format("it refuses: {}", is_v5(mqtt) ? ::mosquitto_reason_string(code) : ::mosquitto_connack_string(code));
}

}  // namespace

Result<> check_tls_files(const MqttConfig& mqtt) {
  for (const auto& [key, path] :
       {std::pair{"mqtt.tls_ca", &mqtt.tls_ca}, {"mqtt.tls_cert", &mqtt.tls_cert}, {"mqtt.tls_key", &mqtt.tls_key}}) {
    if (path->empty()) continue;
    if (auto file = read_file(*path); !file) return Error{ErrorCode::kInvalidArgument, std::move(file).error().in(key).text};
  }
  return {};
}

Connection::Connection(BrokerClient& client) : client_(client) {}

Result<> Connection::run() {
  static const int initialised = ::mosquitto_lib_init();
  (void)initialised;
  library_.reset(::mosquitto_new(client_.options_.client_id.c_str(), true, this));
  if (!library_) return errno_error("libmosquitto");
  VD_TRY(configure());
  VD_TRY(connect());
  return serve();
}

Result<> Connection::configure() {
  mosquitto* const library = library_.get();
  const MqttConfig& mqtt = client_.options_.mqtt;
  ::mosquitto_int_option(library, MOSQ_OPT_PROTOCOL_VERSION, is_v5(mqtt) ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  ::mosquitto_int_option(library, MOSQ_OPT_TCP_NODELAY, 1);
  const std::string& will = client_.options_.availability;
  constexpr std::string_view kOffline = "offline";
  int code = ::mosquitto_will_set(library, will.c_str(), kOffline.size(), kOffline.data(), static_cast<int>(mqtt.qos), true);
  if (code == MOSQ_ERR_SUCCESS && !mqtt.username.empty())
    code = ::mosquitto_username_pw_set(library, mqtt.username.c_str(),
                                       mqtt.password.empty() ? nullptr : mqtt.password.value.c_str());
  if (code != MOSQ_ERR_SUCCESS) return ended(code);
  if (mqtt.tls) VD_TRY(configure_tls());
  ::mosquitto_connect_callback_set(library, [](mosquitto*, void* object, int rc) { of(object).on_connect(rc); });
  ::mosquitto_disconnect_callback_set(library, [](mosquitto*, void* object, int rc) { of(object).on_disconnect(rc); });
  ::mosquitto_publish_v5_callback_set(library, [](mosquitto*, void* object, int mid, int reason, const mosquitto_property*) {
    of(object).on_publish(mid, reason);
  });
  ::mosquitto_subscribe_callback_set(
      library, [](mosquitto*, void* object, int, int count, const int* granted) { of(object).on_subscribe(count, granted); });
  ::mosquitto_message_callback_set(
      library, [](mosquitto*, void* object, const mosquitto_message* message) { of(object).on_message(*message); });
  ::mosquitto_log_callback_set(library, [](mosquitto*, void* object, int level, const char* line) {
    if (level == MOSQ_LOG_ERR) of(object).complaint_ = line;
  });
  return {};
}

Result<> Connection::configure_tls() {
  const MqttConfig& mqtt = client_.options_.mqtt;
  const auto file = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
  int code = ::mosquitto_tls_set(library_.get(), file(mqtt.tls_ca), mqtt.tls_ca.empty() ? kSystemCertificates : nullptr,
                                 file(mqtt.tls_cert), file(mqtt.tls_key), no_password);
  if (code == MOSQ_ERR_SUCCESS && mqtt.tls_insecure) {
    constexpr int kDontVerify = 0;  // SSL_VERIFY_NONE
    code = ::mosquitto_tls_opts_set(library_.get(), kDontVerify, nullptr, nullptr);
    if (code == MOSQ_ERR_SUCCESS) code = ::mosquitto_tls_insecure_set(library_.get(), true);
  }
  if (code != MOSQ_ERR_SUCCESS) return ended(code);
  return {};
}

Result<> Connection::connect() {
  const MqttConfig& mqtt = client_.options_.mqtt;
  client_.connecting_since_ns_ = monotonic_ns();
  errno = 0;
  // It tries all addresses of the name, as the non-blocking one doesn't; BrokerClient::watch() bounds it.
  const int code = ::mosquitto_connect(library_.get(), mqtt.host.c_str(), port_of(mqtt),
                                       static_cast<int>(std::chrono::duration_cast<seconds>(mqtt.keepalive).count()));
  client_.connecting_since_ns_ = 0;
  if (code != MOSQ_ERR_SUCCESS) return ended(code);
  return {};
}

Result<> Connection::serve() {
  const std::uint64_t began = monotonic_ns();
  while (!client_.stopping_) {
    wait();
    errno = 0;
    if (const int code = ::mosquitto_loop(library_.get(), 0, 1); code != MOSQ_ERR_SUCCESS) return ended(code);
    if (accepted_) VD_TRY(send());
    if (!accepted_ && age_ns(began) > to_ns(kLongestSilence)) {
      return Error{ErrorCode::kUnavailable, fmt::format("{}:{} takes the connection, but doesn't answer",
                                                        client_.options_.mqtt.host, port_of(client_.options_.mqtt))};
    }
  }
  ::mosquitto_disconnect(library_.get());
  return {};
}

void Connection::wait() const {
  const auto events = static_cast<short>(::mosquitto_want_write(library_.get()) ? POLLIN | POLLOUT : POLLIN);
  pollfd sources[] = {{::mosquitto_socket(library_.get()), events, 0}, {client_.wake_.get(), POLLIN, 0}};
  (void)::poll(sources, 2, kLookMs);
  eventfd_t ignored = 0;
  (void)::eventfd_read(client_.wake_.get(), &ignored);
}

Result<> Connection::send() {
  const int qos = static_cast<int>(client_.options_.mqtt.qos);
  while (const auto message = client_.next(kMostOnTheWay)) {
    int mid = 0;
    const int code = ::mosquitto_publish(library_.get(), &mid, message->topic.c_str(), static_cast<int>(message->payload.size()),
                                         message->payload.data(), qos, message->retain);
    if (code == MOSQ_ERR_NO_CONN || code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_ERRNO || code == MOSQ_ERR_TLS)
      return ended(code);
    if (code != MOSQ_ERR_SUCCESS) {  // this message can't be sent at all: the next ones mustn't wait for it
      client_.refused(message->ticket, fmt::format("{} can't be sent: {}", message->topic, ::mosquitto_strerror(code)));
    } else if (early_.erase(mid) > 0) {
      client_.arrived(message->ticket);
    } else {
      tickets_[mid] = message->ticket;
    }
  }
  return {};
}

Error Connection::ended(int code) const {
  const MqttConfig& mqtt = client_.options_.mqtt;
  const std::string where = fmt::format("{}:{}: ", mqtt.host, port_of(mqtt));
  const int system = errno;
  if (refusal_ != 0)
    return {is_bad_login(refusal_) || is_bad_protocol(refusal_) ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
            where + refusal_text(mqtt, refusal_)};
  if (goodbye_ == MQTT_RC_SESSION_TAKEN_OVER)
    return {ErrorCode::kPermissionDenied,
            where + fmt::format("another client came with our id \"{}\" (mqtt.client_id)", client_.options_.client_id)};
  if (!complaint_.empty()) return {ErrorCode::kUnavailable, where + complaint_};
  if (code == MOSQ_ERR_ERRNO && system != 0) return {ErrorCode::kUnavailable, where + std::strerror(system)};
  if (code == MOSQ_ERR_EAI) return {ErrorCode::kUnavailable, fmt::format("there is no host \"{}\"", mqtt.host)};
  if (goodbye_ > 0) return {ErrorCode::kUnavailable, where + ::mosquitto_reason_string(goodbye_)};
  return {ErrorCode::kUnavailable, where + ::mosquitto_strerror(code)};
}

void Connection::on_connect(int code) {
  refusal_ = code;
  if (code != 0) return;
  accepted_ = true;
  client_.connected();
  subscribe();
}

void Connection::subscribe() {
  for (const std::string& topic : client_.options_.subscriptions)
    if (const int code = ::mosquitto_subscribe(library_.get(), nullptr, topic.c_str(), 1); code != MOSQ_ERR_SUCCESS)
      log::warning("MQTT: can't subscribe to {}: {}", topic, ::mosquitto_strerror(code));
}

// From 0x80 on it is the broker's own reason; that the connection is lost follows.
void Connection::on_disconnect(int code) {
  if (code >= 0x80) goodbye_ = code;
}

void Connection::on_publish(int mid, int reason) {
  const auto found = tickets_.find(mid);
  if (found == tickets_.end()) {
    early_.insert(mid);
    return;
  }
  if (reason >= 0x80)  // MQTT 5, table 2-6; 3.1.1 has none
    client_.refused(found->second, fmt::format("the broker says: {}", ::mosquitto_reason_string(reason)));
  else
    client_.arrived(found->second);
  tickets_.erase(found);
}

void Connection::on_subscribe(int count, const int* granted) const {
  for (int i = 0; i < count; ++i)
    if (granted[i] >= 0x80)
      log::warning("MQTT: the broker refuses a subscription: commands, or Home Assistant's start, aren't heard");
}

void Connection::on_message(const mosquitto_message& message) const {
  const auto size = static_cast<std::size_t>(std::max(message.payloadlen, 0));
  client_.received_(message.topic, {static_cast<const char*>(message.payload), message.payload != nullptr ? size : 0},
                    message.retain);
}

}  // namespace vedette::notify
