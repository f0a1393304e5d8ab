#include "model_file/card.h"

#include <sys/stat.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "model_file/sha256.h"

namespace vedette::model_file {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json json_of(const Accuracy& accuracy) {
  return {{"dataset", accuracy.dataset}, {"photos", accuracy.photos},
          {"ap", accuracy.ap},           {"ap50", accuracy.ap50},
          {"ap75", accuracy.ap75},       {"person_ap", accuracy.person_ap ? Json(*accuracy.person_ap) : Json()}};
}

Json json_of(const Latency& latency) {
  return {{"median_ms", latency.median_ms},
          {"p90_ms", latency.p90_ms},
          {"machine", latency.machine},
          {"provider", latency.provider},
          {"threads", latency.threads}};
}

// Reads members of one object and remembers the first that isn't as it should be.
class Members {
 public:
  Members(const Json& object, std::string name, std::string& mistake)
      : object_(object), name_(std::move(name)), mistake_(mistake) {
    if (!object_.is_object()) wrong("", "an object");
  }

  void read(const char* key, std::string& text) {
    const Json* value = find(key);
    if (value == nullptr || !value->is_string()) return wrong(key, "a text");
    text = value->get<std::string>();
  }
  void read(const char* key, double& number, double most) {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number()) return wrong(key, "a number");
    number = value->get<double>();
    if (!(number >= 0 && number <= most)) wrong(key, "a number in its range");
  }
  template <typename Integer>
  void read(const char* key, Integer& number) {
    const Json* value = find(key);
    constexpr std::uint64_t kMost = std::min<std::uint64_t>(std::numeric_limits<Integer>::max(), std::uint64_t{1} << 53);
    if (value == nullptr || !value->is_number_unsigned() || value->get<std::uint64_t>() > kMost)
      return wrong(key, "a whole number");
    number = static_cast<Integer>(value->get<std::uint64_t>());
  }
  // Absent or null: none.
  const Json* optional(const char* key) const {
    const Json* value = find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

 private:
  const Json* find(const char* key) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  void wrong(const char* key, const char* expected) {
    const std::string separator = name_.empty() || *key == '\0' ? "" : ".";
    if (mistake_.empty()) mistake_ = "\"" + name_ + separator + key + "\": expected " + expected;
  }

  const Json& object_;
  std::string name_;
  std::string& mistake_;
};

Accuracy accuracy_of(const Json& object, const std::string& name, std::string& mistake) {
  Accuracy accuracy;
  Members members(object, name, mistake);
  members.read("dataset", accuracy.dataset);
  members.read("photos", accuracy.photos);
  members.read("ap", accuracy.ap, 1);
  members.read("ap50", accuracy.ap50, 1);
  members.read("ap75", accuracy.ap75, 1);
  if (members.optional("person_ap") != nullptr) members.read("person_ap", accuracy.person_ap.emplace(), 1);
  return accuracy;
}

Latency latency_of(const Json& object, const std::string& name, std::string& mistake) {
  constexpr double kDayMs = 86'400e3;
  Latency latency;
  Members members(object, name, mistake);
  members.read("median_ms", latency.median_ms, kDayMs);
  members.read("p90_ms", latency.p90_ms, kDayMs);
  members.read("machine", latency.machine);
  members.read("provider", latency.provider);
  members.read("threads", latency.threads);
  return latency;
}

}  // namespace

std::string card_path(const std::string& model_path) { return model_path + ".card.json"; }

std::string to_json(const Card& card) {
  Json json{{"card", kVersion},    {"file", card.file},     {"sha256", card.sha256},
            {"bytes", card.bytes}, {"family", card.family}, {"input", {{"width", card.width}, {"height", card.height}}},
            {"accuracy", nullptr}, {"latency", nullptr},    {"origin", nullptr},
            {"made", card.made},   {"date", card.date}};
  if (card.accuracy) json["accuracy"] = json_of(*card.accuracy);
  if (card.latency) json["latency"] = json_of(*card.latency);
  if (card.origin)
    json["origin"] = {{"file", card.origin->file},
                      {"sha256", card.origin->sha256},
                      {"accuracy", json_of(card.origin->accuracy)},
                      {"latency", json_of(card.origin->latency)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Card> parse_card(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::kCorrupt, "no JSON object"};
  std::string mistake;
  Members members(json, "", mistake);
  int version = 0;
  members.read("card", version);
  if (mistake.empty() && version != kVersion)
    return Error{ErrorCode::kIncompatible,
                 "a card of version " + std::to_string(version) + ", expected " + std::to_string(kVersion)};
  Card card;
  members.read("file", card.file);
  members.read("sha256", card.sha256);
  members.read("bytes", card.bytes);
  members.read("family", card.family);
  members.read("made", card.made);
  members.read("date", card.date);
  static const Json nothing;
  const Json* input = members.optional("input");
  Members sides(input == nullptr ? nothing : *input, "input", mistake);
  sides.read("width", card.width);
  sides.read("height", card.height);
  if (const Json* accuracy = members.optional("accuracy")) card.accuracy = accuracy_of(*accuracy, "accuracy", mistake);
  if (const Json* latency = members.optional("latency")) card.latency = latency_of(*latency, "latency", mistake);
  if (const Json* origin = members.optional("origin")) {
    Card::Origin& from = card.origin.emplace();
    Members its(*origin, "origin", mistake);
    its.read("file", from.file);
    its.read("sha256", from.sha256);
    const Json* accuracy = its.optional("accuracy");
    const Json* latency = its.optional("latency");
    from.accuracy = accuracy_of(accuracy == nullptr ? nothing : *accuracy, "origin.accuracy", mistake);
    from.latency = latency_of(latency == nullptr ? nothing : *latency, "origin.latency", mistake);
  }
  if (!mistake.empty()) return Error{ErrorCode::kCorrupt, mistake};
  return card;
}

Result<Card> read_card(const std::string& path) {
  auto text = read_file(path);
  if (!text) return std::move(text).error().in("model card");
  auto card = parse_card(*text);
  if (!card) return std::move(card).error().in("model card " + path);
  return card;
}

Result<> write_card(const std::string& path, const Card& card) {
  auto written = write_file(path, to_json(card));
  if (!written) return std::move(written).error().in("model card");
  return {};
}

Result<FileWithCard> look_at_file(const std::string& model_path) {
  struct ::stat info {};
  if (::stat(model_path.c_str(), &info) != 0) return errno_error("model " + model_path);
  FileWithCard look;
  look.bytes = static_cast<std::uint64_t>(info.st_size);
  auto card = read_card(card_path(model_path));
  if (!card && card.error().code == ErrorCode::kNotFound) return look;
  if (!card) {
    look.state = FileWithCard::State::kUnreadable;
    look.problem = card.error().text;
    return look;
  }
  auto sha256 = sha256_of(model_path);
  if (!sha256) return std::move(sha256).error().in("model");
  look.sha256 = *sha256;
  look.card = std::move(*card);
  look.state = look.sha256 == look.card.sha256 ? FileWithCard::State::kFresh : FileWithCard::State::kStale;
  if (look.state == FileWithCard::State::kStale)
    look.problem =
        "model card " + card_path(model_path) + " is stale: it is about another file, with the sha256 " + look.card.sha256;
  return look;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm day{};
  ::gmtime_r(&now, &day);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &day)};
}

std::string machine_name() {
  const auto cpus = read_file("/proc/cpuinfo");
  // x86 says the name; many ARM kernels only the board's.
  const auto board = read_file("/sys/firmware/devicetree/base/model");
  if (cpus) {
    const std::size_t at = cpus->find("model name");
    const std::size_t colon = at == std::string::npos ? at : cpus->find(": ", at);
    if (colon != std::string::npos) return cpus->substr(colon + 2, cpus->find('\n', colon) - colon - 2);
  }
  return board ? board->substr(0, board->find('\0')) : "unknown";
}

}  // namespace vedette::model_file
