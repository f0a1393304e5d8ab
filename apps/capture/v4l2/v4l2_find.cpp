#include "capture/v4l2/v4l2_find.h"

#include <dirent.h>
#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace vedette::capture {
namespace {

constexpr std::string_view kNodePrefix = "/dev/video";
constexpr std::string_view kByIdPrefix = "/dev/v4l/by-id/";
// udev makes the folders of links with the first camera, and removes them with the last.
constexpr std::array<const char*, 4> kFolders = {"/dev", "/dev/v4l", "/dev/v4l/by-id", "/dev/v4l/by-path"};
// A /dev without notifications (a bind mount into a container) is looked at this often all the same.
constexpr std::chrono::milliseconds kLookAgain{500};

std::optional<unsigned> number_of(std::string_view path) {
  if (!path.starts_with(kNodePrefix)) return std::nullopt;
  const std::string_view digits = path.substr(kNodePrefix.size());
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

struct Nodes {
  std::vector<V4l2Node> open;
  std::string there;    // "\"card\" (bus) at /dev/video0, …"
  std::string refused;  // paths that this user may not open
};

Nodes all_capture_nodes() {
  Nodes nodes;
  for (const std::string& path : v4l2_paths()) {
    auto node = V4l2Node::open(path);
    if (!node.ok()) {
      if (node.error().code == ErrorCode::kPermissionDenied) nodes.refused += (nodes.refused.empty() ? "" : ", ") + path;
      continue;
    }
    nodes.there += (nodes.there.empty() ? "" : ", ") + to_text(node->identity()) + " at " + path;
    nodes.open.push_back(std::move(node).value());
  }
  if (nodes.there.empty()) nodes.there = "no camera";
  if (!nodes.refused.empty()) nodes.there += "; not allowed to open " + nodes.refused;
  return nodes;
}

Result<V4l2Node> by_name(const std::string& name, const std::optional<V4l2Identity>& known) {
  Nodes nodes = all_capture_nodes();
  std::vector<V4l2Node*> fitting;
  for (V4l2Node& node : nodes.open)
    if (node.identity().card == name || node.identity().bus == name) fitting.push_back(&node);
  // Where several fit now and one was told apart before, that one is meant.
  for (V4l2Node* node : fitting)
    if (known && node->identity() == *known) return std::move(*node);
  if (fitting.size() == 1) return std::move(*fitting.front());
  if (fitting.empty()) return Error{ErrorCode::kNotFound, "no camera is called \"" + name + "\"; there is: " + nodes.there};
  std::string text = "several cameras are called \"" + name + "\":";
  for (const V4l2Node* node : fitting) text += " " + to_text(node->identity()) + " at " + node->path();
  return Error{ErrorCode::kInvalidArgument, text + "; ask for one by its bus or a path of /dev/v4l/by-path"};
}

// A camera that was at that number before: there again, or where it is now.
Result<V4l2Node> by_number(const std::string& path, const V4l2Identity& known) {
  std::string now = "nothing is";
  if (auto node = V4l2Node::open(path); node.ok()) {
    if (node->identity() == known) return node;
    now = to_text(node->identity()) + " is";
  } else if (node.error().code != ErrorCode::kNotFound && node.error().code != ErrorCode::kInvalidArgument) {
    return node;
  }
  Nodes nodes = all_capture_nodes();
  for (V4l2Node& node : nodes.open)
    if (node.identity() == known) return std::move(node);
  return Error{ErrorCode::kNotFound, path + ": " + now + " there now, not " + to_text(known) + " that was opened as this camera"};
}

}  // namespace

std::vector<std::string> v4l2_paths() {
  std::vector<std::pair<unsigned, std::string>> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/dev"), ::closedir);
  while (folder) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    std::string path = std::string("/dev/") + entry->d_name;
    if (const auto number = number_of(path)) found.emplace_back(*number, std::move(path));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

Result<V4l2Node> find_v4l2(const std::string& device, const std::optional<V4l2Identity>& known) {
  if (device.starts_with(kV4l2NamePrefix)) {
    const std::string name = device.substr(kV4l2NamePrefix.size());
    if (!name.starts_with('/')) return by_name(name, known);
    return find_v4l2(name, known);
  }
  if (known && number_of(device)) return by_number(device, *known);
  auto node = V4l2Node::open(device);
  // A link by id is made of maker, model and serial number; of two cameras without one it leads to either of them, never to
  // another model.
  if (node.ok() && known && device.starts_with(kByIdPrefix) && node->identity().card != known->card)
    return Error{ErrorCode::kNotFound, device + ": " + to_text(node->identity()) + " is there now, not " + to_text(*known)};
  return node;
}

Result<V4l2Watch> V4l2Watch::create() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return errno_error("watching /dev for cameras");
  V4l2Watch watch(std::move(fd));
  watch.watch_folders();
  return watch;
}

void V4l2Watch::watch_folders() {
  // A folder that is watched already stays so; one that isn't there is tried again with each change of its parent.
  for (const char* folder : kFolders)
    ::inotify_add_watch(fd_.get(), folder, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_ONLYDIR);
}

bool V4l2Watch::changed(std::chrono::milliseconds timeout) {
  pollfd waiting{fd_.get(), POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) return false;
    bool ours = false;
    alignas(inotify_event) std::array<char, 4096> events;
    for (;;) {
      const ssize_t bytes = ::read(fd_.get(), events.data(), events.size());
      if (bytes <= 0) break;
      for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(bytes);) {
        const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
        // In /dev itself only cameras and the folder of their links matter; everything does in that folder.
        const std::string_view name = event->len > 0 ? event->name : "";
        ours = ours || name.starts_with("video") || name == "v4l" || name.find('-') != std::string_view::npos;
        at += sizeof(inotify_event) + event->len;
      }
    }
    watch_folders();
    if (ours) return true;
  }
}

bool wait_for_device(const std::string& device, const std::optional<V4l2Identity>& known, std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  auto watch = V4l2Watch::create();
  for (;;) {
    if (find_v4l2(device, known).ok()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const auto slice = std::min(left, kLookAgain);
    if (watch.ok())
      watch->changed(slice);
    else
      ::poll(nullptr, 0, static_cast<int>(slice.count()));
  }
}

}  // namespace vedette::capture
