#include "record/events_command.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "config/command_line.h"
#include "config/text.h"
#include "store/sidecar.h"
#include "store/store.h"

namespace vedette::record {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  CommonOptions common;
  std::string camera, label, zone, since, until;
  bool favourites = false;
  bool json = false;
  std::uint32_t limit = 50;
  std::string key;  // of favourite, unfavourite, delete
};

std::string time_text(std::int64_t at_ms) {
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string length_text(const store::Event& event) {
  if (event.state == store::EventState::kOpen) return "goes on";
  return fixed(static_cast<double>(event.ended_at_ms - event.started_at_ms) / 1000, 1) + " s";
}

std::string key_text(const store::EventKey& key) { return key.camera + "/" + std::to_string(key.id); }

Json to_json_object(const store::Tree& tree, const store::Event& event) {
  Json json = Json::parse(store::to_json(event));
  json["files"] = tree.files_of(event);
  return json;
}

Result<std::string> storage_of(CLI::App& app, const Options& options) {
  std::error_code error;
  const bool has_config = app.count("--config") > 0 || std::filesystem::exists(options.common.config, error);
  VD_ASSIGN(const Config config, has_config ? load_config(options.common.config, overrides_of(options.common))
                                            : load_settings(overrides_of(options.common)));
  return storage_dir(config.storage);
}

Result<store::Filter> filter_of(const Options& options) {
  store::Filter filter;
  const auto given = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  filter.camera = given(options.camera), filter.label = given(options.label), filter.zone = given(options.zone);
  filter.favourites = options.favourites;
  filter.limit = options.limit;
  const auto now_ms = static_cast<std::int64_t>(wall_ns() / 1'000'000);
  for (const auto& [name, text, member] : {std::tuple("--since", options.since, &store::Filter::since_ms),
                                           std::tuple("--until", options.until, &store::Filter::until_ms)}) {
    if (text.empty()) continue;
    filter.*member = parse_moment(text, now_ms);
    if (!(filter.*member))
      return Error{
          ErrorCode::kInvalidArgument,
          std::string(name) + " \"" + text + "\"; expected how long ago (2h, 3d) or a time (UTC) such as 2026-11-26T12:05"};
  }
  return filter;
}

Result<> list(const std::string& root, const Options& options) {
  VD_ASSIGN(const store::Filter filter, filter_of(options));
  VD_ASSIGN(const store::Store store, store::Store::open_to_read(root));
  VD_ASSIGN(const std::vector<store::Event> events, store.list(filter));
  if (options.json) {
    for (const store::Event& event : events) std::printf("%s\n", to_json_object(store.tree(), event).dump().c_str());
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"ID", "TIME", "LENGTH", "KIND", "LABEL", "SCORE", "RULE", "CLIP", "SIZE", "", "ZONES"}};
  for (const store::Event& event : events)
    rows.push_back({key_text(event.key), time_text(event.started_at_ms), length_text(event), event.kind, event.label,
                    event.score > 0 ? fixed(static_cast<double>(event.score), 2) : "", event.rule,
                    event.clips > 0 ? fixed(static_cast<double>(event.clip_ms) / 1000, 1) + " s" : "-", size_text(event.bytes),
                    event.favourite ? "*" : "", store::zones_text(event.visits)});
  for (const std::string& line : aligned(rows)) std::printf("%s\n", line.c_str());
  return {};
}

Result<> change(const std::string& root, const std::string& verb, const std::string& text) {
  const auto key = parse_key(text);
  if (!key) return Error{ErrorCode::kInvalidArgument, "\"" + text + "\"; expected an event's id such as front/1846212334592"};
  VD_ASSIGN(store::Store store, store::Store::open_to_change(root));
  return verb == "delete" ? store.remove(*key) : store.set_favourite(*key, verb == "favourite");
}

}  // namespace

std::optional<store::EventKey> parse_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  store::EventKey key{std::string(text.substr(0, slash)), 0};
  const std::string_view number = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), key.id);
  const bool whole = error == std::errc{} && end == number.data() + number.size();
  return whole && config::is_camera_name(key.camera) ? std::optional(key) : std::nullopt;
}

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms) {
  if (const auto ago = config::parse_duration(text)) return now_ms - ago->count();
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm time{};
    const std::string copy(text);
    const char* end = ::strptime(copy.c_str(), format, &time);
    if (end != nullptr && *end == '\0') return std::int64_t{::timegm(&time)} * 1000;
  }
  return std::nullopt;
}

int events_command(int argc, char** argv) {
  CLI::App app{"Lists what was recorded, the newest first; marks favourites; removes events", "vedette events"};
  Options options;
  add_common_options(app, options.common);
  app.add_option("--camera", options.camera, "Of this camera");
  app.add_option("--label", options.label, "Of this class: person, car, …");
  app.add_option("--zone", options.zone, "That were in this zone");
  app.add_option("--since", options.since, "Begun since then: 2h, 3d (ago), 2026-11-26T12:05 (UTC)")->type_name("TIME");
  app.add_option("--until", options.until, "Begun before then")->type_name("TIME");
  app.add_flag("--favourites", options.favourites, "Favourites alone");
  app.add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_flag("--json", options.json, "One JSON object a line");
  const std::pair<const char*, const char*> verbs[] = {{"favourite", "It stays, whatever its age and whatever room it takes"},
                                                       {"unfavourite", "It may go again"},
                                                       {"delete", "It goes, with its files"}};
  for (const auto& [verb, help] : verbs)
    app.add_subcommand(verb, help)->add_option("id", options.key, "The event: <camera>/<number>, as listed")->required();
  app.require_subcommand(0, 1);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto root = storage_of(app, options);
  if (!root) return fail(root.error(), exit_code_of(root.error()));
  const auto verb = app.get_subcommands();
  const auto done = verb.empty() ? list(*root, options) : change(*root, verb.front()->get_name(), options.key);
  return done ? 0 : fail(done.error());
}

}  // namespace vedette::record
