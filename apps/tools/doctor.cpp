#include "tools/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "config/overrides.h"
#include "tools/bus_checks.h"
#include "tools/bus_place.h"
#include "tools/machine_checks.h"
#include "tools/memory_plan.h"
#include "tools/output.h"

namespace vedette::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextColumn = 21;
constexpr std::array<const char*, 3> kHealth = {"ok", "warn", "bad"};
const char* name_of(Health health) { return kHealth[static_cast<std::size_t>(health)]; }

void tell(const Findings& findings, bool json) {
  if (json) {
    Json all = Json::array();
    for (const Finding& finding : findings)
      all.push_back(
          {{"health", name_of(finding.health)}, {"check", finding.check}, {"text", finding.text}, {"do", finding.advice}});
    print(json_line({{"findings", std::move(all)}}) + "\n");
    return;
  }
  for (const Finding& finding : findings) {
    std::string text = finding.text;  // of several lines, if a configuration has several mistakes
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; ++at) text.insert(at + 1, kTextColumn, ' ');
    print(fmt::format("{:<5} {:<14} {}\n", name_of(finding.health), finding.check, text));
    if (!finding.advice.empty()) print(fmt::format("{:{}}-> {}\n", "", kTextColumn, finding.advice));
  }
}

std::string why_assumed(const PlannedTopic& topic) {
  return topic.external ? ": its program isn't up; 1920x1080 is assumed"
                        : ": the camera can't be looked at; 1920x1080 is assumed";
}

void tell_size(const MemoryPlan& plan, bool json) {
  for (const PlannedTopic& topic : plan.topics)
    if (topic.basis == "assumed") note(topic.topic + why_assumed(topic));
  if (!json) return void(print(fmt::format("{}\n", plan.bytes())));
  Json topics = Json::array();
  for (const PlannedTopic& topic : plan.topics)
    topics.push_back({{"topic", topic.topic}, {"bytes", topic.bytes}, {"basis", topic.basis}});
  print(json_line({{"bytes", plan.bytes()}, {"topics", std::move(topics)}}) + "\n");
}

// None: no configuration was named, and there is none where it is looked for.
Result<std::optional<Config>> load(const DoctorOptions& options) {
  std::error_code error;
  if (!options.config_given && !std::filesystem::exists(options.common.config, error)) return std::optional<Config>();
  VD_ASSIGN(Config config, load_config(options.common.config, overrides_of(options.common)));
  return std::optional<Config>(std::move(config));
}

// Bytes that the plan's topics take now, or, without a plan, all.
std::uint64_t taken_by(const std::optional<MemoryPlan>& plan, const look::BusSample& sample) {
  const auto counts = [&plan](const std::string& name) {
    return !plan || std::any_of(plan->topics.begin(), plan->topics.end(), [&](const auto& p) { return p.topic == name; });
  };
  std::uint64_t bytes = 0;
  for (const look::TopicSample& topic : sample.topics)
    if (!topic.error && counts(topic.topic.text())) bytes += topic.report.bytes();
  return bytes;
}

void check_plan(Findings& findings, const MemoryPlan& plan) {
  for (const PlannedTopic& topic : plan.topics)
    if (topic.basis == "assumed")
      findings.push_back({Health::kWarn, "cameras", topic.topic + why_assumed(topic) + " for its memory",
                          topic.external ? "start the program that publishes its pictures (url \"bus:\")"
                                         : "is it plugged in, its url right? vedette capture --camera NAME says what is wrong"});
}

Result<> fix(const bus::BusDir& dir) {
  const auto before = dir.topics();
  (void)dir.remove_dead_topics();
  const auto after = dir.topics();
  for (const bus::TopicName& topic : before)
    if (std::find(after.begin(), after.end(), topic) == after.end()) note("removed " + topic.text() + ": its writer is gone");
  return {};
}

}  // namespace

Result<int> doctor(const DoctorOptions& options) {
  auto config = load(options);
  const std::string wanted = config.ok() && *config ? (*config)->bus.dir : options.common.bus_dir;
  const std::string place = wanted.empty() ? bus::default_bus_dir() : wanted;
  if (options.size) {
    if (!config.ok()) return std::move(config).error();
    if (!*config) return Error{ErrorCode::kNotFound, options.common.config + ": no such file; -c names the configuration"};
    auto dir = open_existing_bus(place);
    tell_size(plan_memory(**config, options.common, dir.ok() ? std::optional(std::move(dir).value()) : std::nullopt),
              options.json);
    return 0;
  }

  Findings findings;
  if (!config.ok())
    findings.push_back(
        {Health::kBad, "configuration", config.error().text, "mend the file; deploy/vedette.yaml shows every key"});
  else if (!*config)
    findings.push_back({Health::kWarn, "configuration",
                        options.common.config + ": no such file, so it isn't known what is needed",
                        "-c names it; vedette init writes one"});
  else
    findings.push_back({Health::kOk, "configuration", (*config)->path + ", " + counted((*config)->cameras.size(), "camera"), ""});
  if (config.ok() && *config && !(*config)->overridden.empty())
    findings.push_back(
        {Health::kOk, "changes",
         fmt::format("{} overrides {}", overrides_path((*config)->storage), fmt::join((*config)->overridden, ", ")), ""});
  const auto dir = check_directory(findings, place);
  if (dir && options.fix) VD_TRY(fix(*dir));
  const look::BusSample sample = dir ? look::look_at_bus(*dir) : look::BusSample{};
  std::optional<MemoryPlan> plan;
  if (config.ok() && *config) check_plan(findings, plan.emplace(plan_memory(**config, options.common, dir)));
  check_memory(findings, place, plan ? std::optional(plan->bytes()) : std::nullopt, taken_by(plan, sample));
  if (dir) check_topics(findings, *dir, sample);
  check_stages(findings, sample);
  check_kernel(findings);
  check_swap(findings);
  if (config.ok() && *config) check_configured(findings, **config);
  tell(findings, options.json);
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.health == Health::kBad; }) ? 1
                                                                                                                              : 0;
}

}  // namespace vedette::tools
