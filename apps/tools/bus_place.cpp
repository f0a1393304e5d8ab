#include "tools/bus_place.h"

#include <sys/stat.h>

#include <algorithm>

namespace vedette::tools {

Result<bus::BusDir> open_existing_bus(const std::string& path) {
  const std::string place = path.empty() ? bus::default_bus_dir() : path;
  struct stat status {};
  if (::stat(place.c_str(), &status) != 0)
    return Error{ErrorCode::kNotFound, "there is no bus at " + place + "; is vedette up, and is it this --bus-dir?"};
  return bus::BusDir::open(path);
}

Result<std::vector<bus::TopicName>> topics_named(const bus::BusDir& dir, const std::vector<std::string>& names) {
  const std::vector<bus::TopicName> all = dir.topics();
  if (names.empty()) return all;
  std::vector<bus::TopicName> chosen;
  const auto choose = [&chosen](const bus::TopicName& topic) {
    if (std::find(chosen.begin(), chosen.end(), topic) == chosen.end()) chosen.push_back(topic);
  };
  for (const std::string& name : names) {
    if (name.find('/') != std::string::npos) {
      VD_ASSIGN(const bus::TopicName topic, bus::TopicName::parse(name));
      choose(topic);
      continue;
    }
    const std::size_t before = chosen.size();
    for (const bus::TopicName& topic : all)
      if (topic.camera == name) choose(topic);
    if (chosen.size() == before)
      return Error{ErrorCode::kNotFound, "camera \"" + name + "\" has no topics in " + dir.path() + "; vedette top lists them"};
  }
  return chosen;
}

}  // namespace vedette::tools
