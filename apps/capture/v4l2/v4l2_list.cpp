#include "capture/v4l2/v4l2_list.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "capture/v4l2/v4l2_find.h"

namespace vedette::capture {
namespace {

std::vector<std::string> links_to(const std::string& path, const char* folder) {
  std::vector<std::string> links;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code broken;
    if (std::filesystem::canonical(entry->path(), broken) == path && !broken) links.push_back(entry->path().string());
  }
  std::sort(links.begin(), links.end());
  return links;
}

}  // namespace

V4l2DeviceList list_v4l2_devices() {
  V4l2DeviceList list;
  for (const std::string& path : v4l2_paths()) {
    auto node = V4l2Node::open(path);
    if (!node.ok()) {
      if (node.error().code == ErrorCode::kPermissionDenied) list.refused.push_back(path);
      continue;
    }
    V4l2DeviceInfo info;
    info.path = path;
    info.by_id = links_to(path, "/dev/v4l/by-id");
    info.by_path = links_to(path, "/dev/v4l/by-path");
    info.identity = node->identity();
    info.driver = node->driver();
    info.inputs = node->inputs();
    info.formats = node->formats();
    info.controls = v4l2_controls(node->fd());
    list.devices.push_back(std::move(info));
  }
  return list;
}

}  // namespace vedette::capture
