#include "bench/gateway/viewers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "bench/support/result.h"

namespace vedette::bench {
namespace {

constexpr std::uint64_t kPatienceNs = 20'000'000'000;
constexpr std::uint8_t kBinary = 2, kClose = 8, kPing = 9;

class Viewer {
 public:
  Viewer(int port, const std::string& target) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("nobody listens");
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                                "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      fail("the request can't be sent");
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  }

  int fd() const { return socket_.get(); }
  std::uint64_t pictures() const { return pictures_; }
  std::uint64_t bytes() const { return bytes_; }

  void read(std::span<std::uint8_t> buffer) {
    const ssize_t got = ::recv(fd(), buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fail("the server hung up");
    if (got > 0) take(buffer.first(static_cast<std::size_t>(got)));
  }

 private:
  void take(std::span<const std::uint8_t> data) {
    while (!data.empty()) {
      if (payload_ > 0) {
        const std::size_t part = std::min<std::uint64_t>(payload_, data.size());
        take_payload(data.first(part));
        data = data.subspan(part);
        continue;
      }
      head_.push_back(static_cast<char>(data.front()));
      data = data.subspan(1);
      upgraded_ ? look_at_frame() : look_at_answer();
    }
  }

  void look_at_answer() {
    if (!head_.ends_with("\r\n\r\n")) return;
    if (!head_.starts_with("HTTP/1.1 101")) fail("refused: " + head_.substr(0, head_.find('\r')));
    upgraded_ = true;
    head_.clear();
  }

  void look_at_frame() {
    const auto byte = [this](std::size_t i) { return static_cast<std::uint8_t>(head_[i]); };
    if (head_.size() < 2) return;
    const std::size_t extra = (byte(1) & 0x7f) == 126 ? 2 : (byte(1) & 0x7f) == 127 ? 8 : 0;
    if (head_.size() < 2 + extra) return;
    payload_ = extra == 0 ? byte(1) & 0x7f : 0;
    for (std::size_t i = 0; i < extra; ++i) payload_ = payload_ << 8 | byte(2 + i);
    if ((byte(0) & 0x0f) != 0) opcode_ = byte(0) & 0x0f;
    if (opcode_ == kClose) fail("the server closed");
    last_ = (byte(0) & 0x80) != 0;
    if (opcode_ == kBinary) bytes_ += payload_;
    note_.clear();
    head_.clear();
    if (payload_ == 0) end_frame();
  }

  void take_payload(std::span<const std::uint8_t> part) {
    if (opcode_ == kPing) note_.insert(note_.end(), part.begin(), part.end());
    payload_ -= part.size();
    if (payload_ == 0) end_frame();
  }

  void end_frame() {
    if (last_ && opcode_ == kBinary) ++pictures_;
    if (opcode_ != kPing) return;
    // Masked by zeros, as any mask may be.
    std::vector<std::uint8_t> pong{0x8a, static_cast<std::uint8_t>(0x80 | note_.size()), 0, 0, 0, 0};
    pong.insert(pong.end(), note_.begin(), note_.end());
    (void)::send(fd(), pong.data(), pong.size(), MSG_NOSIGNAL);
  }

  UniqueFd socket_;
  bool upgraded_ = false, last_ = false;
  std::string head_;  // of the answer, or of a frame, as far as it is there
  std::uint8_t opcode_ = 0;
  std::uint64_t payload_ = 0;  // of the frame, that is still to come
  std::vector<std::uint8_t> note_;
  std::uint64_t pictures_ = 0, bytes_ = 0;
};

double cpu_ns(int pid) {
  double total = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    double spent = 0;
    std::ifstream(task.path() / "schedstat") >> spent;
    total += spent;
  }
  return total;
}

}  // namespace

Service watch(int port, const std::string& target, int viewers, int pid, double settle_s, double measure_s) {
  const UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::unique_ptr<Viewer>> all;
  for (int i = 0; i < viewers; ++i) {
    all.push_back(std::make_unique<Viewer>(port, target));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = all.back().get()}};
    ::epoll_ctl(events.get(), EPOLL_CTL_ADD, all.back()->fd(), &event);
  }
  std::vector<std::uint8_t> buffer(1 << 20);
  const auto read_for = [&](double seconds) {
    const std::uint64_t until = monotonic_ns() + static_cast<std::uint64_t>(seconds * 1e9);
    std::array<epoll_event, 64> ready;
    while (monotonic_ns() < until) {
      const int count = ::epoll_wait(events.get(), ready.data(), static_cast<int>(ready.size()), 10);
      for (int i = 0; i < count; ++i) static_cast<Viewer*>(ready[static_cast<std::size_t>(i)].data.ptr)->read(buffer);
    }
  };
  const auto delivered = [&] {
    Service sum{cpu_ns(pid), 0, 0};
    for (const auto& viewer : all)
      sum.pictures += static_cast<double>(viewer->pictures()), sum.bytes += static_cast<double>(viewer->bytes());
    return sum;
  };
  const auto is_waiting = [](const auto& viewer) { return viewer->pictures() == 0; };
  const std::uint64_t began = monotonic_ns();
  while (std::any_of(all.begin(), all.end(), is_waiting)) {
    if (age_ns(began) > kPatienceNs) fail("a viewer got no picture");
    read_for(0.1);
  }
  read_for(settle_s);
  const Service before = delivered();
  std::vector<std::uint64_t> had;
  for (const auto& viewer : all) had.push_back(viewer->pictures());
  read_for(measure_s);
  const Service after = delivered();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i]->pictures() == had[i]) fail("a viewer got no picture");
  return {after.cpu_ns - before.cpu_ns, after.pictures - before.pictures, after.bytes - before.bytes};
}

}  // namespace vedette::bench
