#include "gateway/api/model_api.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "gateway/api/schemas.h"

namespace vedette::gateway {
namespace {

using namespace schemas;
namespace fs = std::filesystem;

constexpr std::size_t kMostModels = 100;

Json accuracy_schema() {
  return or_null(object({{"dataset", text()},
                         {"photos", integer()},
                         {"ap", number()},
                         {"ap50", number()},
                         {"ap75", number()},
                         {"person_ap", or_null(number())}}));
}

Json latency_schema() {
  return or_null(
      object({{"median_ms", number()}, {"p90_ms", number()}, {"machine", text()}, {"provider", text()}, {"threads", integer()}}));
}

Json model_schema() {
  return with(object({{"file", text()},
                      {"bytes", integer()},
                      {"card", described(one_of({"fresh", "none", "stale", "unreadable", "checking"}),
                                         "stale: it is about another file; checking: its checksum is being made, ask again")},
                      {"problem", or_null(text())}}),
              {{"family", text()},
               {"input", object({{"width", integer()}, {"height", integer()}})},
               {"accuracy", accuracy_schema()},
               {"latency", latency_schema()},
               {"origin", described(or_null({{"type", "object"}}), "what it was made from")},
               {"made", text()},
               {"date", text()}});
}

class ModelsApi {
 public:
  ModelsApi(std::vector<std::string> folders, std::string in_use) : folders_(std::move(folders)), in_use_(std::move(in_use)) {}

  Reply list() {
    const std::lock_guard lock(mutex_);
    Json models = Json::array();
    for (const std::string& path : paths()) {
      auto& info = infos_[path];
      if (!info) info = std::make_unique<ModelInfo>(path);
      Json model = Json::parse(info->json())["model"];
      model["in_use"] = path == in_use_;
      models.push_back(std::move(model));
    }
    return json_reply(200, dump({{"models", std::move(models)}}));
  }

 private:
  std::set<std::string> paths() const {
    std::set<std::string> paths;
    for (const std::string& folder : folders_) {
      std::error_code error;
      for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".onnx" && paths.size() < kMostModels) paths.insert(entry->path().string());
    }
    if (!in_use_.empty()) paths.insert(in_use_);
    return paths;
  }

  const std::vector<std::string> folders_;
  const std::string in_use_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ModelInfo>> infos_;
};

}  // namespace

void add_model_route(RouteTable& table, ModelInfo* model) {
  Operation what{.tag = "models", .summary = "The model that looks for objects"};
  what.answers = {{200, "null: nobody detects", object({{"model", or_null(model_schema())}})}};
  table.add({"GET", "/api/model", Role::kViewer,
             [model](const Request&) { return json_reply(200, model == nullptr ? R"({"model":null})" : model->json()); },
             std::move(what)});
}

void add_models_route(RouteTable& table, std::vector<std::string> folders, std::string in_use) {
  const auto api = std::make_shared<ModelsApi>(std::move(folders), std::move(in_use));
  Operation what{.tag = "models", .summary = "The models of this machine, with their cards"};
  Json model = model_schema();
  model["properties"]["in_use"] = boolean();
  model["required"].push_back("in_use");
  what.answers = {{200, "", object({{"models", list(model)}})}};
  table.add({"GET", "/api/models", Role::kViewer, [api](const Request&) { return api->list(); }, std::move(what), true});
}

}  // namespace vedette::gateway
