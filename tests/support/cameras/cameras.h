// Cameras of a test's own: a scene (scene.h) and the server that shows it, real ones both. Each is a process that can be killed,
// stopped, continued and started again. The address stays the same through all of that. Thread-bound; everything ends with the
// object.
#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/cameras/scene.h"
#include "support/program.h"

namespace vedette::test {

// A port of 127.0.0.1 that nobody has now.
std::uint16_t free_tcp_port();
std::uint16_t free_udp_port();

// A film of `frames` pictures, as a file or folder by stream.wrap; false: it couldn't be made.
bool make_film(const SceneStream& stream, double fps, int frames, const std::string& log_prefix);

// A process of a camera that can be treated badly.
class CameraPart {
 public:
  virtual ~CameraPart() = default;
  virtual void start();  // waits until it says that it is ready
  void kill();           // at once, as when power fails
  // A server of somebody else's that ended without being told to (GStreamer's crashes now and then) is started again. True: it
  // was.
  bool mend();
  void pause() { program_->signal(SIGSTOP); }
  void resume() { program_->signal(SIGCONT); }
  Program& program() { return *program_; }

 protected:
  CameraPart(std::vector<std::string> arguments, std::string prefix, std::string ready)
      : arguments_(std::move(arguments)), prefix_(std::move(prefix)), ready_(std::move(ready)) {}

 private:
  const std::vector<std::string> arguments_;
  const std::string prefix_;
  const std::string ready_;  // what it prints then
  std::unique_ptr<Program> program_;
  bool wanted_ = false;
};

class Scene : public CameraPart {
 public:
  Scene(const SceneOptions& options, const std::string& prefix);
  void next_size() { program().signal(SIGUSR1); }
  void toggle_garbage() { program().signal(SIGUSR2); }
};

struct Login {
  std::string method = "none";  // basic, digest
  std::string user;
  std::string password;
};

// GStreamer's RTSP server.
struct RtspMount {
  std::string path;  // "/main"
  std::string codec;
  std::string socket;  // of the scene's stream
};
struct RtspOptions {
  std::vector<RtspMount> mounts;
  std::string audio = "none";  // aac, pcmu
  Login login;
  double wall_shift_s = 0;  // of the camera's own clock
};
class RtspServer : public CameraPart {
 public:
  RtspServer(const RtspOptions& options, std::uint16_t port, const std::string& prefix);
};

// HTTP, or bare TCP.
struct HttpOptions {
  std::string serve = "mjpeg";  // mjpeg (multipart), ts, tcp (bare)
  std::string socket;
  std::vector<std::string> more;  // arguments of http_camera.py: "--no-length", "--dashes", "--boundary", "x"
  Login login;
};
class HttpServer : public CameraPart {
 public:
  HttpServer(const HttpOptions& options, std::uint16_t port, const std::string& prefix);
};

// nginx with its RTMP module; the scene publishes to `rtmp://127.0.0.1:port/live/camera`.
class RtmpServer : public CameraPart {
 public:
  RtmpServer(std::uint16_t port, const std::string& prefix);
};

// A camera that nobody asks: it sends the scene's records to 127.0.0.1:port, as `by` says: "udp" datagrams of MPEG-TS, or JPEGs
// to the gateway's /ingest/front by "post" or "websocket". It tries for ever.
class PushingCamera : public CameraPart {
 public:
  PushingCamera(const std::string& by, const std::string& socket, std::uint16_t port, const std::string& prefix);
};

// The real gateway with one camera, `front`, whose url is "ingest:", and somebody who pushes to it.
struct IngestOptions {
  std::string gateway;  // the program
  std::string bus_dir;
  std::string by;  // post, websocket
  std::string socket;
};
class IngestServer : public CameraPart {
 public:
  IngestServer(const IngestOptions& options, std::uint16_t port, const std::string& prefix);
  void start() override;  // the gateway; who pushes lives on when it is killed
  Program& camera() { return camera_.program(); }

 private:
  PushingCamera camera_;
  bool pushing_ = false;
};

// Why there can't be such a server here; none: there can.
std::optional<std::string> no_rtsp_server();
std::optional<std::string> no_rtmp_server();

}  // namespace vedette::test
