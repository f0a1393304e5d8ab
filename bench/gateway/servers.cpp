#include "bench/gateway/servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/unique_fd.h"
#include "bench/support/jpeg_picture.h"
#include "bench/support/result.h"

namespace vedette::bench {
namespace {

constexpr int kQuality = 80;  // the gateway's own

std::vector<unsigned char> read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) fail(path + " can't be read");
  return bytes;
}

// All viewers, upgraded.
std::vector<UniqueFd> accept_viewers(const ServerOptions& options) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), any, length) != 0 || ::listen(listener.get(), 128) != 0 ||
      ::getsockname(listener.get(), any, &length) != 0)
    fail("no port to listen on");
  std::ofstream(options.port_file + ".part") << ntohs(address.sin_port) << std::endl;
  if (::rename((options.port_file + ".part").c_str(), options.port_file.c_str()) != 0)
    fail(options.port_file + " can't be written");
  std::vector<UniqueFd> viewers;
  while (viewers.size() < static_cast<std::size_t>(options.viewers)) {
    UniqueFd viewer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (stop_requested()) std::exit(0);
    const int on = 1;
    ::setsockopt(viewer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::string request;
    for (char byte = 0; !request.ends_with("\r\n\r\n") && ::recv(viewer.get(), &byte, 1, 0) == 1;) request += byte;
    const std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    (void)::send(viewer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    viewers.push_back(std::move(viewer));
  }
  return viewers;
}

// A picture's message as the gateway makes it: WebSocket header, length, JSON, JPEG.
void make_message(std::vector<unsigned char>& message, std::span<const unsigned char> jpeg, std::uint64_t frame_id) {
  const std::string json = "{\"type\":\"frame\",\"codec\":\"jpeg\",\"frame_id\":" + std::to_string(frame_id) +
                           ",\"captured_at_ms\":123456789.123,\"width\":1920,\"height\":1080}";
  const std::uint64_t payload = 4 + json.size() + jpeg.size();
  message.assign({0x82, 127});
  for (int shift = 56; shift >= 0; shift -= 8) message.push_back(static_cast<unsigned char>(payload >> shift));
  for (int shift = 0; shift < 32; shift += 8) message.push_back(static_cast<unsigned char>(json.size() >> shift));
  message.insert(message.end(), json.begin(), json.end());
  message.insert(message.end(), jpeg.begin(), jpeg.end());
}

bool send_all(int socket, std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR && !stop_requested()) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

// At the camera's pace, until a viewer is gone or it is told to stop.
int serve(const ServerOptions& options, const std::function<std::span<const unsigned char>()>& next_picture) {
  const std::vector<UniqueFd> viewers = accept_viewers(options);
  std::vector<unsigned char> message;
  const auto period = static_cast<std::uint64_t>(1e9 / options.fps);
  std::uint64_t due = monotonic_ns();
  for (std::uint64_t frame_id = 1; !stop_requested(); ++frame_id) {
    make_message(message, next_picture(), frame_id);
    for (const UniqueFd& viewer : viewers)
      if (!send_all(viewer.get(), message)) return 0;
    due += period;
    const std::uint64_t now = monotonic_ns();
    if (due > now) std::this_thread::sleep_for(Nanoseconds(due - now));
  }
  return 0;
}

}  // namespace

int serve_bytes(const ServerOptions& options) {
  const std::vector<unsigned char> picture = read_all(options.picture);
  return serve(options, [&] { return std::span(picture); });
}

int serve_encoded(const ServerOptions& options) {
  const std::vector<unsigned char> rgb = rgb_of(read_all(options.picture));
  const tjhandle encoder = tjInitCompress();
  unsigned char* file = tjAlloc(static_cast<int>(tjBufSize(kPictureWidth, kPictureHeight, TJSAMP_420)));
  return serve(options, [&] {
    unsigned long bytes = 0;
    if (tjCompress2(encoder, rgb.data(), kPictureWidth, 0, kPictureHeight, TJPF_RGB, &file, &bytes, TJSAMP_420, kQuality,
                    TJFLAG_NOREALLOC) != 0)
      fail(tjGetErrorStr2(encoder));
    return std::span<const unsigned char>(file, bytes);
  });
}

}  // namespace vedette::bench
