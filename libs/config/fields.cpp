#include "config/fields.h"

#include "config/binders.h"
#include "config/camera_binders.h"
#include "config/notify_binders.h"
#include "config/rule_binders.h"
#include "config/user_binders.h"

namespace vedette::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Milliseconds kNone{0};
constexpr Milliseconds kSecond{1000};
constexpr Milliseconds kLongestKept = hours{10 * 366 * 24};
constexpr std::size_t kLeastToken = 8;  // bytes: it opens live cameras

Fields fields_of(BusConfig& bus) {
  return {
      path("dir", bus.dir),
      number("readers", bus.readers, 4u, 64u),
      number("held_per_reader", bus.held_per_reader, 1u, 16u),
  };
}

Fields fields_of(StorageConfig& storage) {
  return {
      path("dir", storage.dir),
  };
}

Fields fields_of(LogConfig& log) {
  return {
      choice("level", log.level, {"debug", "info", "warning", "error"}),
  };
}

Fields fields_of(DetectConfig& detect) {
  return {
      path("model", detect.model),
      path("labels", detect.labels),
      number("threshold", detect.threshold, 0.0f, 1.0f),
      number("nms_iou", detect.nms_iou, 0.0f, 1.0f),
      choice("provider", detect.provider, {"auto", "cpu", "cuda", "tensorrt", "webgpu"}),
      number("device", detect.device, 0u, 255u),
      choice("precision", detect.precision, {"auto", "fp32", "fp16", "int8"}),
      path("cache", detect.cache),
      number("threads", detect.threads, 0u, 256u),
      number("fps", detect.fps, 0.1f, 1000.0f),
      duration("deadline", detect.deadline, Milliseconds{10}, minutes{1}),
      wait_policy("wait", detect.waiting.wait),
      cpu("cpu", detect.waiting.cpu),
  };
}

Fields fields_of(MotionConfig& motion) {
  return {
      boolean("gate", motion.gate),
      number("threshold", motion.threshold, 1.0f, 255.0f),
      number("area", motion.area, 0.0f, 1.0f),
      duration("hold", motion.hold, kNone, hours{1}),
      duration("recheck", motion.recheck, Milliseconds{100}, hours{24}),
  };
}

Fields fields_of(ControlConfig& control) {
  return {
      wait_policy("wait", control.waiting.wait),
      cpu("cpu", control.waiting.cpu),
  };
}

Fields fields_of(TrackingConfig& tracking) {
  return {
      duration("lost_time", tracking.lost_time, Milliseconds{100}, minutes{10}),
      duration("still_time", tracking.still_time, kSecond, hours{1}),
  };
}

Fields fields_of(SentryConfig& sentry) {
  return {
      text_list("classes", sentry.classes),
      number("threshold", sentry.threshold, 0.0f, 1.0f),
      number("validate_frames", sentry.validate_frames, 1u, 10'000u),
      duration("validate_time", sentry.validate_time, kNone, hours{1}),
      number("lose_frames", sentry.lose_frames, 1u, 10'000u),
      duration("lose_time", sentry.lose_time, kNone, hours{24}),
      number("standby_fps", sentry.standby_fps, 0.1f, 1000.0f),
      number("tracking_fps", sentry.tracking_fps, 0.0f, 1000.0f),
  };
}

Fields fields_of(RecordConfig& record) {
  constexpr std::uint64_t kMostBytes = 1'000'000'000'000'000;
  return {
      boolean("enabled", record.enabled),
      duration("post_roll", record.post_roll, kNone, minutes{10}),
      duration("longest_clip", record.longest_clip, kSecond, hours{24}),
      number("snapshot_quality", record.snapshot_quality, 1u, 100u),
      boolean("snapshot_boxes", record.snapshot_boxes),
      duration("keep", record.keep, kSecond, kLongestKept),
      bytes("most", record.most, 1'000'000, kMostBytes),
      boolean("continuous", record.continuous),
      duration("segment", record.segment, kSecond, hours{1}),
      duration("keep_continuous", record.keep_continuous, kSecond, kLongestKept),
      bytes("most_continuous", record.most_continuous, 1'000'000, kMostBytes),
      bytes("least_free", record.least_free, 0, kMostBytes),
  };
}

Fields fields_of(EncodeConfig& encode) {
  return {
      choice("encoder", encode.encoder, {"auto", "software", "vaapi", "v4l2m2m", "nvenc"}),
      number("quality", encode.quality, 1u, 100u),
      number("max_mbit", encode.max_mbit, 1u, 1000u),
      duration("keyframe_interval", encode.keyframe_interval, Milliseconds{100}, minutes{1}),
  };
}

Fields fields_of(GatewayConfig& gateway) {
  return {
      address("listen", gateway.listen),
      number<std::uint16_t>("port", gateway.port, 0, 65535),
      choice("auth", gateway.auth, {"auto", "none"}),
      users("users", gateway.users),
      secret("token", gateway.token, kLeastToken),
      secret_file("token", gateway.token, kLeastToken),
      path("tls_cert", gateway.tls_cert),
      path("tls_key", gateway.tls_key),
      number("jpeg_quality", gateway.jpeg_quality, 1u, 100u),
      number("fps", gateway.fps, 0.1f, 1000.0f),
      path("web_root", gateway.web_root),
      number("max_viewers", gateway.max_viewers, 1u, 10'000u),
      wait_policy("wait", gateway.waiting.wait),
      cpu("cpu", gateway.waiting.cpu),
  };
}

Fields fields_of(MqttConfig& mqtt) {
  return {
      host("host", mqtt.host),
      number<std::uint16_t>("port", mqtt.port, 0, 65535),
      choice("protocol", mqtt.protocol, {"5", "3.1.1"}),
      text("username", mqtt.username),
      secret("password", mqtt.password, 1),
      secret_file("password", mqtt.password, 1),
      boolean("tls", mqtt.tls),
      path("tls_ca", mqtt.tls_ca),
      path("tls_cert", mqtt.tls_cert),
      path("tls_key", mqtt.tls_key),
      boolean("tls_insecure", mqtt.tls_insecure),
      client_id("client_id", mqtt.client_id),
      mqtt_topic("base", mqtt.base, NoTopic::kRefused),
      number("queue", mqtt.queue, 1u, 1'000'000u),
      number("qos", mqtt.qos, 0u, 2u),
      duration("keepalive", mqtt.keepalive, Milliseconds{5000}, hours{12}),
      boolean("discovery", mqtt.discovery),
      mqtt_topic("discovery_prefix", mqtt.discovery_prefix, NoTopic::kRefused),
      mqtt_topic("birth_topic", mqtt.birth_topic, NoTopic::kTaken),
      mqtt_topic("detr_mmap_topic", mqtt.detr_mmap_topic, NoTopic::kTaken),
  };
}

Fields fields_of(NotifyConfig& notify) {
  return {
      webhooks("webhooks", notify.webhooks),
      hooks("hooks", notify.hooks),
  };
}

Fields fields_of(SuperviseConfig& supervise) {
  return {
      duration("backoff_min", supervise.backoff_min, Milliseconds{10}, hours{1}),
      duration("backoff_max", supervise.backoff_max, Milliseconds{10}, hours{1}),
      duration("healthy_after", supervise.healthy_after, kSecond, hours{1}),
      duration("stop_timeout", supervise.stop_timeout, Milliseconds{100}, minutes{5}),
  };
}

Field changeable(Field field) {
  field.changeable = true;
  return field;
}

}  // namespace

Fields fields_of(InputConfig& input) {
  return {
      source_url("url", input.url),
      roles("roles", input.roles),
      name("name", input.name),
  };
}

Fields fields_of(ZoneConfig& zone) {
  return {
      name("name", zone.name),
      polygon("polygon", zone.polygon),
      choice("motion", zone.motion, {"watch", "ignore"}),
      number("motion_area", zone.motion_area, 0.0f, 1.0f),
      text_list("objects", zone.objects),
  };
}

Fields fields_of(rules::Line& line) {
  return {
      name("name", line.name),
      course("points", line.course),
  };
}

Fields fields_of(rules::Rule& rule) {
  return {
      name("name", rule.name),
      text_list("classes", rule.classes),
      number_or_none("threshold", rule.threshold, 0.0f, 1.0f),
      thresholds("thresholds", rule.thresholds),
      text_list("zones", rule.zones),
      text_list("except", rule.except),
      text("line", rule.line),
      enumeration<rules::Direction>(
          "direction", rule.direction,
          {{"any", rules::Direction::kAny}, {"in", rules::Direction::kIn}, {"out", rules::Direction::kOut}}),
      duration("dwell", rule.dwell, kNone, hours{24}),
      number("min_size", rule.min_size, 0.0f, 1.0f),
      number("max_size", rule.max_size, 0.0f, 1.0f),
      count_limits("count", rule),
      schedule("schedule", rule.schedule),
      boolean("alarm", rule.alarm),
      boolean("event", rule.event),
  };
}

Fields fields_of(UserConfig& user) {
  return {
      user_name("name", user.name),
      choice("role", user.role, {"viewer", "operator", "admin"}),
      password_hash("password_hash", user.password_hash),
      words("cameras", user.cameras, {}),
  };
}

Fields fields_of(WebhookConfig& webhook) {
  return {
      web_url("url", webhook.url),
      words("events", webhook.choice.events, {kEventKinds.begin(), kEventKinds.end()}),
      words("phases", webhook.choice.phases, {"once", "start", "update", "end"}),
      words("cameras", webhook.choice.cameras, {}),
      headers("headers", webhook.headers),
      body_template("body", webhook.body),
      boolean("snapshot", webhook.snapshot),
      duration("timeout", webhook.timeout, Milliseconds{100}, minutes{10}),
      number("retries", webhook.retries, 0u, 100u),
  };
}

Fields fields_of(HookConfig& hook) {
  return {
      command("exec", hook.exec),
      words("events", hook.choice.events, {kEventKinds.begin(), kEventKinds.end()}),
      words("phases", hook.choice.phases, {"once", "start", "update", "end"}),
      words("cameras", hook.choice.cameras, {}),
      duration("timeout", hook.timeout, Milliseconds{100}, hours{1}),
  };
}

Fields fields_of(CameraConfig& camera) {
  Field url = source_url("url", camera.url);
  url.excludes = "inputs";
  return {
      std::move(url),
      inputs("inputs", camera.inputs),
      text("username", camera.username),
      secret("password", camera.password, 1),
      secret_file("password", camera.password, 1),
      boolean("loop", camera.loop),
      enumeration("pace", camera.pace, {{"source", Pace::kSource}, {"fast", Pace::kFast}}),
      number("fps", camera.fps, 0.0f, 1000.0f),
      choice("rtsp_transport", camera.rtsp_transport, {"tcp", "udp"}),
      duration("timeout", camera.timeout, Milliseconds{100}, hours{1}),
      duration("watchdog", camera.watchdog, Milliseconds{100}, hours{1}),
      choice("decode", camera.decode, {"auto", "cpu", "vaapi", "v4l2m2m", "cuda"}),
      boolean("detect", camera.detect),
      rectangle("detect_region", camera.detect_region),
      changeable(number_or_none("threshold", camera.threshold, 0.0f, 1.0f)),
      changeable(zones("zones", camera.zones)),
      changeable(lines("lines", camera.lines)),
      changeable(rule_list("rules", camera.rules)),
      choice("device_format", camera.device_format, {"auto", "mjpeg", "yuyv", "nv12", "grey"}),
      picture_size("device_size", camera.device_size),
      number("device_fps", camera.device_fps, 0.0f, 1000.0f),
      number("standby_device_fps", camera.standby_device_fps, 0.0f, 1000.0f),
      device_controls("controls", camera.controls),
      boolean("audio", camera.audio),
      duration("pre_roll", camera.pre_roll, kNone, minutes{10}),
      duration("keyframe_interval", camera.keyframe_interval, Milliseconds{10}, minutes{5}),
      number("max_mbit", camera.max_mbit, 0u, 10'000u),
      changeable(polygons("masks", camera.masks)),
      boolean("record_unmasked", camera.record_unmasked),
      enumeration<std::uint32_t>("rotate", camera.rotate, {{"0", 0}, {"90", 90}, {"180", 180}, {"270", 270}}),
      choice("flip", camera.flip, {"none", "horizontal", "vertical", "both"}),
  };
}

std::vector<Section> sections_of(Config& config) {
  return {
      {"bus", fields_of(config.bus)},           {"storage", fields_of(config.storage)},
      {"log", fields_of(config.log)},           {"detect", fields_of(config.detect)},
      {"motion", fields_of(config.motion)},     {"control", fields_of(config.control)},
      {"tracking", fields_of(config.tracking)}, {"sentry", fields_of(config.sentry)},
      {"record", fields_of(config.record)},     {"encode", fields_of(config.encode)},
      {"gateway", fields_of(config.gateway)},   {"mqtt", fields_of(config.mqtt)},
      {"notify", fields_of(config.notify)},     {"supervise", fields_of(config.supervise)},
  };
}

std::vector<std::string> all_keys() {
  Config config;
  CameraConfig camera;
  std::vector<std::string> keys;
  for (const Section& section : sections_of(config))
    for (const Field& field : section.fields) keys.push_back(section.name + "." + field.name);
  for (const Field& field : fields_of(camera)) keys.push_back("cameras.*." + field.name);
  return keys;
}

std::optional<std::string> store(const Field& field, const Value& value) {
  std::optional<std::string> wrong = field.set(value);
  if (!field.append) return wrong;
  for (const std::string& item : value.items) {
    if (wrong) break;
    wrong = field.append({Value::Kind::kText, item, {}, item, value.folder});
  }
  return wrong;
}

const Field* find_field(const Fields& fields, const std::string& name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

std::vector<std::string> names_of(const Fields& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace vedette::config
