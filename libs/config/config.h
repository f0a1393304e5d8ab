// The configuration: structs with defaults are the truth; deploy/vedette.yaml lists every key with its default and a test demands
// that the two are equal. Built-in < file < overrides file < environment < flags. Plain data, no behaviour. Keys, their checks
// and how to add one: config/fields.h. The command line that all programs share: config/command_line.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bus/wait_policy.h"
#include "rules/options.h"

namespace vedette {

using Milliseconds = std::chrono::milliseconds;

// A value that must not show up in logs, pages or dumps. Given as text, `${ENV}`, or by the key `<name>_file`.
struct Secret {
  std::string value;
  bool empty() const { return value.empty(); }

  bool operator==(const Secret&) const = default;
};

struct BusConfig {
  std::string dir;                    // "": default_bus_dir()
  std::uint32_t readers = 16;         // programs that may read one topic at once
  std::uint32_t held_per_reader = 2;  // frames that each may hold at once

  bool operator==(const BusConfig&) const = default;
};

// What outlives the processes and the machine's restart: events, clips, what was changed at run time, counters.
struct StorageConfig {
  std::string dir;  // "": default_storage_dir()

  bool operator==(const StorageConfig&) const = default;
};

struct LogConfig {
  std::string level = "info";  // debug, info, warning, error

  bool operator==(const LogConfig&) const = default;
};

enum class Pace { kSource, kFast };  // by the file's timestamps / as fast as possible

// What an input of a camera is for.
struct Roles {
  bool detect = true;
  bool record = true;
  bool live = true;

  bool operator==(const Roles&) const = default;
};

// One stream of a camera with several: a large one to record and watch, a small one to detect.
struct InputConfig {
  // Of its topics: "" (<camera>/frames, <camera>/packets) for the one that detects, or, if none does, the one to watch; else
  // <camera>/<name>_frames and <camera>/<name>_packets.
  std::string name;
  std::string url;
  Roles roles;  // each role is one input's

  bool operator==(const InputConfig&) const = default;
};

struct PictureSize {
  std::uint32_t width = 0;  // 0: whatever there is
  std::uint32_t height = 0;

  bool operator==(const PictureSize&) const = default;
};

// Relative to the picture: 0, 0 is its top left, 1, 1 its bottom right corner.
using rules::Point;
using rules::Polygon;
struct Rectangle {  // its top left and bottom right corner
  Point from;
  Point to;

  bool operator==(const Rectangle&) const = default;
};

// A named part of the picture as it is published (after `rotate` and `flip`).
struct ZoneConfig {
  std::string name;
  Polygon polygon;
  std::string motion = "watch";      // watch; ignore: what moves here alone doesn't open the motion gate
  float motion_area = 0.0f;          // least part of the zone that moves, 0..1; 0: motion.area
  std::vector<std::string> objects;  // classes that count here; empty: all

  bool operator==(const ZoneConfig&) const = default;
};

struct CameraConfig {
  std::string name;  // the key in `cameras:`
  // /dev/video0, v4l2:<its name>, rtsp://…, http://…, tcp://…, a file or folder (relative to the config file), or one of those
  // below this struct; or `inputs`.
  std::string url;
  // Instead of `url`: up to three streams; each role is exactly one's (detect: unless `detect` is false).
  std::vector<InputConfig> inputs;
  std::string username;  // for the URLs
  Secret password;
  bool loop = true;  // a file starts again at its end
  Pace pace = Pace::kSource;
  float fps = 0.0f;                    // most frames a second that are published; 0: the source's own
  std::string rtsp_transport = "tcp";  // tcp, udp
  Milliseconds timeout{5000};          // no data for so long: reopen
  Milliseconds watchdog{10000};        // data, but no whole picture for so long: reopen
  std::string decode = "auto";         // auto, cpu, vaapi, v4l2m2m, cuda: where H.264 and H.265 are decoded
  bool detect = true;                  // look for objects here
  std::optional<Rectangle>
      detect_region;  // only there: what is far away gets more of the model's pixels; none: the whole picture
  // What is an event, what an alarm (docs/rules.md).
  std::optional<float> threshold;  // least score that counts here; none: sentry.threshold
  std::vector<ZoneConfig> zones;
  std::vector<rules::Line> lines;
  std::vector<rules::Rule> rules;  // empty: one, of any of sentry.classes anywhere; see rules_of()

  // Of a V4L2 device.
  std::string device_format = "auto";  // auto (the cheapest by measured cost), mjpeg, yuyv, nv12, grey
  PictureSize device_size;             // the largest up to 1920x1080
  float device_fps = 0.0f;             // 0: as many as it can at that size
  float standby_device_fps = 0.0f;     // the device is set to this rate in standby; 0: it isn't
  std::vector<std::string>
      controls;  // "exposure_time_absolute=200", "auto_exposure=manual_mode": by the names that `vedette cameras` lists

  // What is kept of the bitstream, in shared memory.
  bool audio = true;                     // packets of sound too, for clips
  Milliseconds pre_roll{5000};           // at least so much, from a keyframe on
  Milliseconds keyframe_interval{2000};  // the longest that the camera goes without one (MJPEG: each picture is one)
  std::uint32_t max_mbit = 0;            // the most that the camera sends, Mbit/s; 0: 50 for MJPEG, 8 for H.264 and H.265

  // Privacy: these parts of the picture are black in every topic, and the camera's own bitstream isn't published.
  std::vector<Polygon> masks;
  bool record_unmasked = false;  // it is published all the same: recordings and <camera>/packets show what the masks hide
  std::uint32_t rotate = 0;      // 0, 90, 180, 270 degrees clockwise
  std::string flip = "none";     // none, horizontal, vertical, both; before it is rotated

  bool operator==(const CameraConfig&) const = default;
};

// The `url` of a camera whose <camera>/frames another program publishes (a Python program, for one): nothing is captured.
inline constexpr char kExternalCamera[] = "bus:";
// The `url` of a camera whose pictures come to the gateway by HTTP: POST /ingest/<camera>.
inline constexpr char kIngestedCamera[] = "ingest:";
// What the `url` of our own moving test picture begins with: "synthetic:", "synthetic:?size=1280x720&fps=30".
inline constexpr char kSyntheticPrefix[] = "synthetic:";
// What the `url` of a device by the name that it gives itself begins with: "v4l2:HD Webcam C525".
inline constexpr char kDeviceNamePrefix[] = "v4l2:";

// It may send pictures without a bitstream, so that they are encoded for who watches: a device, another program, what is pushed
// or drawn. Files and network cameras send what is encoded already.
bool may_be_raw(const CameraConfig& camera);

// A camera's inputs; one with all roles for one that has just a `url`.
std::vector<InputConfig> inputs_of(const CameraConfig& camera);

struct SentryConfig;
// What the engine of a camera's rules works by: with the one rule "sentry", of any of sentry.classes anywhere, if the camera has
// no rules; with sentry.classes in rules that name no classes.
rules::EngineOptions rules_of(const CameraConfig& camera, const SentryConfig& sentry);

// How a stage's thread (of the gateway: one a camera) waits for topics, and where it runs.
struct WaitConfig {
  bus::WaitPolicy wait;              // block, spin, hybrid(50us); spin needs a cpu, used by nothing else
  std::optional<std::uint32_t> cpu;  // none: any

  bool operator==(const WaitConfig&) const = default;
};

struct DetectConfig {
  std::string model;       // .onnx file, relative to the config file; "": the default model
  std::string labels;      // class names, one a line; "": the model's metadata, else COCO
  float threshold = 0.4f;  // least score, 0..1
  float nms_iou = 0.6f;    // overlap above which the weaker of two boxes of a class goes (yolox, nanodet)
  std::string provider =
      "auto";  // auto, cpu, cuda, tensorrt, webgpu: what runs the model; auto: the first of tensorrt, cuda and cpu that does
  std::uint32_t device = 0;        // which of several GPUs
  std::string precision = "auto";  // auto, fp32, fp16, int8: of TensorRT's engines; auto: fp16
  std::string cache;               // folder of engines and timings; "": cache_dir()
  std::uint32_t threads = 0;       // of the inference; 0: half of the cores, 1 to 4
  float fps = 30.0f;               // most detections a second and camera while control is away
  Milliseconds deadline{500};      // a frame older than this is skipped and counted
  WaitConfig waiting;              // keys wait, cpu

  bool operator==(const DetectConfig&) const = default;
};

// In Standby the model runs only on frames where something moves (libs/vision/motion.h).
struct MotionConfig {
  bool gate = true;
  float threshold = 12.0f;       // least change of a cell's brightness that is motion, 0..255
  float area = 0.002f;           // least part of the watched picture that moves, 0..1
  Milliseconds hold{3000};       // the gate stays open so long after the last motion
  Milliseconds recheck{300000};  // and the model looks anyway so often, for what came without a motion

  bool operator==(const MotionConfig&) const = default;
};

struct ControlConfig {
  WaitConfig waiting;  // keys wait, cpu

  bool operator==(const ControlConfig&) const = default;
};

// What is the same object from frame to frame.
struct TrackingConfig {
  Milliseconds lost_time{3000};   // an object that isn't found for so long is gone
  Milliseconds still_time{5000};  // one that stays where it is for so long stands still

  bool operator==(const TrackingConfig&) const = default;
};

struct SentryConfig {
  std::vector<std::string> classes = {"person"};  // what counts as a target
  float threshold = 0.5f;                         // least score that counts
  std::uint32_t validate_frames = 3;              // so many frames with a target, and
  Milliseconds validate_time{500};                // over so long: Validation -> Tracking
  std::uint32_t lose_frames = 10;                 // so many frames without one, and
  Milliseconds lose_time{5000};                   // over so long: back to Standby
  float standby_fps = 3.0f;                       // detections a second in Standby
  float tracking_fps = 30.0f;                     // in Validation and Tracking; 0: every frame

  bool operator==(const SentryConfig&) const = default;
};

// What is kept of events, below storage.dir: pictures, clips, and the index of both.
struct RecordConfig {
  bool enabled = true;
  Milliseconds post_roll{5000};             // a clip goes on so long after its event (before it: cameras.*.pre_roll)
  Milliseconds longest_clip{300000};        // of an event that goes on longer only its first part has a clip
  std::uint32_t snapshot_quality = 90;      // 1..100, of pictures that aren't the camera's own JPEG
  bool snapshot_boxes = true;               // one more picture with a box around what it is about
  Milliseconds keep{30 * 24 * 3600'000LL};  // events older than this are removed; favourites stay
  std::uint64_t most = 10'000'000'000;      // bytes of events; beyond that the oldest are removed
  bool continuous = false;                  // all the time, whatever happens
  Milliseconds segment{60000};              // of continuous recording: a file each, from keyframe to keyframe
  Milliseconds keep_continuous{3 * 24 * 3600'000LL};
  std::uint64_t most_continuous = 50'000'000'000;
  std::uint64_t least_free = 1'000'000'000;  // bytes of the disk that stay free: with less nothing is recorded

  bool operator==(const RecordConfig&) const = default;
};

// Cameras that send no bitstream, as H.264 while somebody watches (apps/encode).
struct EncodeConfig {
  std::string encoder = "auto";          // auto, software, vaapi, v4l2m2m, nvenc: what encodes
  std::uint32_t quality = 70;            // 1..100
  std::uint32_t max_mbit = 8;            // the most that a camera's stream takes, Mbit/s
  Milliseconds keyframe_interval{2000};  // the longest without a keyframe

  bool operator==(const EncodeConfig&) const = default;
};

// Who may log in on the page. More are made while it runs (libs/users).
struct UserConfig {
  std::string name;
  std::string role = "viewer";       // viewer, operator, admin
  Secret password_hash;              // config/password_hash.h
  std::vector<std::string> cameras;  // that they see; empty: all

  bool operator==(const UserConfig&) const = default;
};

struct GatewayConfig {
  std::string listen = "127.0.0.1";  // address; wider than loopback needs users, a token, or auth: none
  std::uint16_t port = 8080;         // 0: any free one (it is logged)
  std::string auth = "auto";         // auto: who isn't known is asked, if there are users or tokens; none: nobody is asked
  std::vector<UserConfig> users;
  Secret token;                     // who comes with ?token= or a cookie of it may do everything; "": none
  std::string tls_cert;             // file: the certificate that it shows, and those that lead to who is trusted; "": plain HTTP
  std::string tls_key;              // file: that certificate's key
  std::uint32_t jpeg_quality = 80;  // 1..100
  float fps = 30.0f;                // most pictures a second and viewer
  std::string web_root;             // the built page; "": next to the program
  std::uint32_t max_viewers = 128;  // at once
  WaitConfig waiting;               // keys wait, cpu; of the threads that read the bus

  bool operator==(const GatewayConfig&) const = default;
};

// Who is told by MQTT (apps/notify).
struct MqttConfig {
  std::string host;            // of the broker; "": no MQTT
  std::uint16_t port = 0;      // 0: 8883 with tls, else 1883
  std::string protocol = "5";  // 5, 3.1.1
  std::string username;
  Secret password;
  bool tls = false;
  std::string tls_ca;    // certificates that sign the broker's; "": the system's
  std::string tls_cert;  // our own, for brokers that ask for one
  std::string tls_key;
  bool tls_insecure = false;     // the broker's certificate isn't checked
  std::string client_id;         // "": vedette-<host name>-<eight digits that storage.dir keeps>
  std::string base = "vedette";  // what all our topics begin with
  std::uint32_t queue = 10'000;  // messages kept while the broker is away; then the oldest goes
  std::uint32_t qos = 1;         // 0, 1, 2
  Milliseconds keepalive{30'000};
  bool discovery = true;  // Home Assistant is told of every camera
  std::string discovery_prefix = "homeassistant";
  std::string birth_topic = "homeassistant/status";  // where it says that it has started
  std::string detr_mmap_topic;                       // changes of mode in detr-mmap's words go there; "": nowhere

  bool operator==(const MqttConfig&) const = default;
};

// Which events somebody is told of.
struct EventChoice {
  std::vector<std::string> events;                      // kinds; empty: all
  std::vector<std::string> phases = {"once", "start"};  // once, start, update, end
  std::vector<std::string> cameras;                     // empty: all

  bool operator==(const EventChoice&) const = default;
};

// One address that events are posted to.
struct WebhookConfig {
  std::string url;
  EventChoice choice;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // with {{placeholders}}, each for a text within JSON; "": the event as JSON
  bool snapshot = false;             // its picture too, as multipart/form-data
  Milliseconds timeout{10'000};      // of one try
  std::uint32_t retries = 8;

  bool operator==(const WebhookConfig&) const = default;
};

// One program that is run for events.
struct HookConfig {
  std::vector<std::string> exec;  // program, arguments
  EventChoice choice;
  Milliseconds timeout{30'000};  // then it is killed

  bool operator==(const HookConfig&) const = default;
};

struct NotifyConfig {
  std::vector<WebhookConfig> webhooks;
  std::vector<HookConfig> hooks;

  bool operator==(const NotifyConfig&) const = default;
};

struct SuperviseConfig {
  Milliseconds backoff_min{200};  // before the first restart of a stage; doubles each time
  Milliseconds backoff_max{10000};
  Milliseconds healthy_after{10000};  // running so long resets the back-off
  Milliseconds stop_timeout{4000};    // after SIGTERM, before SIGKILL

  bool operator==(const SuperviseConfig&) const = default;
};

struct Config {
  std::string path;                      // of the file it came from
  std::vector<std::string> overridden;   // keys that were changed while it ran: "cameras.front.zones" (config/overrides.h)
  std::vector<std::string> passed_over;  // of those, what is about no camera of this configuration: a sentence each
  BusConfig bus;
  StorageConfig storage;
  LogConfig log;
  std::vector<CameraConfig> cameras;  // in the file's order, at least one
  DetectConfig detect;
  MotionConfig motion;
  ControlConfig control;
  TrackingConfig tracking;
  SentryConfig sentry;
  RecordConfig record;
  EncodeConfig encode;
  GatewayConfig gateway;
  MqttConfig mqtt;
  NotifyConfig notify;
  SuperviseConfig supervise;

  bool operator==(const Config&) const = default;
};

// What `events` of an EventChoice may name, and what may stand between {{ and }} in a webhook's body; a hook's program finds the
// same in its environment ("track_id": VEDETTE_TRACK_ID).
inline constexpr std::array<std::string_view, 10> kEventKinds = {
    "alarm",         "standby", "camera_lost", "camera_back",       "detector_lost",
    "detector_back", "object",  "crowd",       "recording_stopped", "recording_back"};
inline constexpr std::array<std::string_view, 14> kEventPlaceholders = {"camera", "kind",     "phase",    "id",       "rule",
                                                                        "zone",   "label",    "score",    "track_id", "text",
                                                                        "time",   "frame_id", "snapshot", "json"};

// Reads and checks a YAML file, then what lies over it:
//   overrides file  what was changed while it ran (config/overrides.h), if storage.dir has one
//   environment  VEDETTE_<SECTION>_<KEY>=value (VEDETTE_GATEWAY_PORT=9000), all sections but `cameras`
//   VEDETTE_SET  what overrides would say, one a line: how `vedette up` hands its overrides on to the stages
//   overrides    "section.key=value" or "cameras.<name>.key=value" ("gateway.port=9000"); the last one of a key wins.
//                "cameras.<name>.inputs[0].key=value" for an input (zone, line, rule) that the file has; a camera's url replaces
//                its inputs
// A list is written with commas there (sentry.classes=person,car), masks with semicolons. The Error holds every mistake of all
// layers, one "file:line:column: key: what was found; what was expected" a line ("--set key: …", "VEDETTE_…: key: …" for the
// others). Relative paths become absolute: of the file against its folder, of the other layers against the current one.
// `${NAME}` in the file is replaced from the environment, an unset one is a mistake; `$${` stands for a plain `${`.
Result<Config> load_config(const std::string& path, const std::vector<std::string>& overrides = {});
// The file's layer alone, from text; `path` is for messages and relative paths.
Result<Config> parse_config(const std::string& text, const std::string& path);
// The same layers without a file, and so without cameras: for what looks at no camera.
Result<Config> load_settings(const std::vector<std::string>& overrides);

// Every secret value in it, those within camera URLs too (for log::add_secret).
std::vector<std::string> secrets_of(const Config& config);

}  // namespace vedette
