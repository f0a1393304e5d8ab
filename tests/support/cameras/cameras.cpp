#include "support/cameras/cameras.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/unique_fd.h"

namespace vedette::test {
namespace {

constexpr const char* kPython = "/usr/bin/python3";  // the distribution's, which knows its gi

std::string script(const std::string& name) { return std::string(VEDETTE_TEST_CAMERAS) + "/" + name; }

std::string text_of(const SceneStream& stream) {
  std::string sizes;
  for (const SceneSize& size : stream.sizes)
    sizes += (sizes.empty() ? "" : "+") + std::to_string(size.width) + "x" + std::to_string(size.height);
  return "codec=" + stream.codec + ",size=" + sizes + ",gop=" + std::to_string(stream.gop) +
         ",b=" + std::to_string(stream.b_frames) + ",delay=" + std::to_string(stream.delay_ms) +
         ",damage=" + std::to_string(stream.damage) + ",damage_kind=" + std::to_string(stream.damage_kind) +
         ",wrap=" + stream.wrap + ",to=" + stream.to;
}

std::vector<std::string> scene_arguments(const SceneOptions& options) {
  std::vector<std::string> arguments{VEDETTE_TEST_SCENE, "--fps", std::to_string(options.fps)};
  for (const SceneStream& stream : options.streams) arguments.insert(arguments.end(), {"--stream", text_of(stream)});
  return arguments;
}

void add_login(std::vector<std::string>& arguments, const Login& login) {
  if (login.method == "none") return;
  arguments.insert(arguments.end(), {"--auth", login.method, "--user", login.user, "--password", login.password});
}

std::vector<std::string> rtsp_arguments(const RtspOptions& options, std::uint16_t port) {
  std::vector<std::string> arguments{kPython,          script("rtsp_camera.py"),
                                     "--port",         std::to_string(port),
                                     "--audio",        options.audio,
                                     "--wall-shift-s", std::to_string(options.wall_shift_s)};
  for (const RtspMount& mount : options.mounts)
    arguments.insert(arguments.end(), {"--mount", mount.path + "=" + mount.codec + ":" + mount.socket});
  add_login(arguments, options.login);
  return arguments;
}

std::vector<std::string> http_arguments(const HttpOptions& options, std::uint16_t port) {
  std::vector<std::string> arguments{
      kPython, script("http_camera.py"), "--port", std::to_string(port), "--serve", options.serve + ":" + options.socket};
  arguments.insert(arguments.end(), options.more.begin(), options.more.end());
  add_login(arguments, options.login);
  return arguments;
}

constexpr const char* kNginx = VEDETTE_TEST_NGINX "/nginx";
constexpr const char* kRtmpModule = VEDETTE_TEST_NGINX "/ngx_rtmp_module.so";

std::vector<std::string> rtmp_arguments(std::uint16_t port, const std::string& prefix) {
  const std::string path = prefix + ".conf";
  // Says on stderr that it listens only with debug logs: a line of our own after -g.
  std::ofstream(path) << "load_module " << kRtmpModule << ";\ndaemon off;\nmaster_process off;\nerror_log stderr notice;\npid "
                      << prefix << ".pid;\nevents {}\nrtmp { access_log off; server { listen 127.0.0.1:" << port
                      << "; application live { live on; drop_idle_publisher 0; } } }\n";
  return {kNginx, "-c", path, "-e", "stderr"};
}

std::vector<std::string> ingest_arguments(const IngestOptions& options, std::uint16_t port, const std::string& prefix) {
  const std::string path = prefix + ".yaml", page = prefix + ".page";
  std::filesystem::create_directory(page);
  std::ofstream(page + "/index.html") << "<title>none</title>\n";
  std::ofstream(path) << "cameras:\n  front:\n    url: \"ingest:\"\nbus:\n  dir: " << options.bus_dir
                      << "\ngateway:\n  port: " << port << "\n  web_root: " << page << "\n";
  return {options.gateway, "-c", path};
}

std::uint16_t free_port(int type) {
  const UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

std::uint16_t free_tcp_port() { return free_port(SOCK_STREAM); }
std::uint16_t free_udp_port() { return free_port(SOCK_DGRAM); }

bool make_film(const SceneStream& stream, double fps, int frames, const std::string& log_prefix) {
  std::vector<std::string> arguments = scene_arguments({fps, {stream}});
  arguments.insert(arguments.end(), {"--frames", std::to_string(frames)});
  Program scene(arguments, log_prefix);
  return scene.wait_exit() == 0;
}

void CameraPart::start() {
  if (program_) kill();
  wanted_ = true;
  program_ = std::make_unique<Program>(arguments_, prefix_);
  wait_until([&] { return !program_->running() || (program_->out() + program_->err()).find(ready_) != std::string::npos; });
  if (!program_->running()) std::fprintf(stderr, "%s ended: %s\n", arguments_[0].c_str(), program_->err().c_str());
}

bool CameraPart::mend() {
  if (!wanted_ || program_->running()) return false;
  std::fprintf(stderr, "%s ended by itself, started again: %s\n", arguments_[1].c_str(), program_->err().c_str());
  start();
  return true;
}
void CameraPart::kill() {
  wanted_ = false;
  program_->signal(SIGKILL);
  (void)program_->wait_exit();
}

Scene::Scene(const SceneOptions& options, const std::string& prefix) : CameraPart(scene_arguments(options), prefix, "filming") {}

RtspServer::RtspServer(const RtspOptions& options, std::uint16_t port, const std::string& prefix)
    : CameraPart(rtsp_arguments(options, port), prefix, "listening") {}

HttpServer::HttpServer(const HttpOptions& options, std::uint16_t port, const std::string& prefix)
    : CameraPart(http_arguments(options, port), prefix, "listening") {}

RtmpServer::RtmpServer(std::uint16_t port, const std::string& prefix)
    : CameraPart(rtmp_arguments(port, prefix), prefix, "nginx/") {}

PushingCamera::PushingCamera(const std::string& by, const std::string& socket, std::uint16_t port, const std::string& prefix)
    : CameraPart({kPython, script("push_camera.py"), "--by", by, "--socket", socket, "--port", std::to_string(port)}, prefix,
                 "pushing") {}

IngestServer::IngestServer(const IngestOptions& options, std::uint16_t port, const std::string& prefix)
    : CameraPart(ingest_arguments(options, port, prefix), prefix, "page on"),
      camera_(options.by, options.socket, port, prefix + ".camera") {}

void IngestServer::start() {
  CameraPart::start();
  if (!std::exchange(pushing_, true)) camera_.start();
}

std::optional<std::string> no_rtsp_server() {
  static const bool there = std::system(
                                "/usr/bin/python3 -c \"import gi; gi.require_version('GstRtspServer', '1.0'); "
                                "from gi.repository import GstRtspServer\" 2> /dev/null") == 0;
  if (there) return std::nullopt;
  return "no GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0)";
}

std::optional<std::string> no_rtmp_server() {
  if (std::filesystem::exists(kRtmpModule)) return std::nullopt;
  const std::string why = read_file(VEDETTE_TEST_NGINX "/why-not");
  return "no nginx with RTMP: " + (why.empty() ? "scripts/fetch-nginx fetches it" : why.substr(0, why.find('\n')));
}

}  // namespace vedette::test
