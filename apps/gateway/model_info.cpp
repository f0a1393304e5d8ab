#include "gateway/model_info.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/signals_blocked.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::ordered_json;
using State = model_file::FileWithCard::State;

constexpr std::chrono::milliseconds kPatience{5};

const char* name_of(State state) {
  switch (state) {
    case State::kNoCard:
      return "none";
    case State::kFresh:
      return "fresh";
    case State::kStale:
      return "stale";
    case State::kUnreadable:
      break;
  }
  return "unreadable";
}

std::string dump(Json model) { return Json{{"model", std::move(model)}}.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json start(const std::string& path, std::uint64_t bytes, const char* card, const std::string& problem) {
  return {{"file", file_name(path)}, {"bytes", bytes}, {"card", card}, {"problem", problem.empty() ? Json() : Json(problem)}};
}

std::string describe(const std::string& path, const Result<model_file::FileWithCard>& look) {
  if (!look) return dump(start(path, 0, "unreadable", look.error().text));
  Json model = start(path, look->bytes, name_of(look->state), look->problem);
  if (look->state != State::kFresh) return dump(std::move(model));
  const Json card = Json::parse(model_file::to_json(look->card), nullptr, false);
  for (const char* key : {"family", "input", "accuracy", "latency", "origin", "made", "date"}) model[key] = card[key];
  return dump(std::move(model));
}

}  // namespace

std::string ModelInfo::json() {
  const Stamp now{mark_of(path_), mark_of(model_file::card_path(path_))};
  if (!look_.valid() && (known_.empty() || now != looked_at_)) {
    looking_at_ = now;
    const SignalsBlocked none;
    look_ = std::async(std::launch::async, [path = path_] { return model_file::look_at_file(path); });
  }
  if (look_.valid() && look_.wait_for(kPatience) == std::future_status::ready) {
    known_ = describe(path_, look_.get());
    looked_at_ = looking_at_;
  }
  return known_.empty() ? dump(start(path_, static_cast<std::uint64_t>(now[0].size), "checking", "")) : known_;
}

}  // namespace vedette::gateway
