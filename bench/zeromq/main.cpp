// ZeroMQ as a contestant: PUSH to PULL, over ipc or (--tcp) 127.0.0.1. The message is written in place in a zmq_msg and handed
// over without a copy in user space. Its I/O threads may run on both CPUs, as they would if nothing were pinned. The reader polls
// where that was faster (64 bytes: 16 against 33 us) and blocks where polling keeps the I/O threads from running (1080p: 2
// against 12 ms).
#include <zmq.h>

#include <cerrno>
#include <memory>

#include "bench/support/one_way.h"

namespace {

using namespace vedette::bench;

bool g_tcp = false;
bool g_poll = false;

class Socket {
 public:
  explicit Socket(int type) : context_(::zmq_ctx_new()) {
    for (const bool reader : {false, true}) ::zmq_ctx_set(context_, ZMQ_THREAD_AFFINITY_CPU_ADD, cpu_of(reader));
    socket_ = ::zmq_socket(context_, type);
    const int linger = 0, timeout_ms = 100;
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (type == ZMQ_PULL) ::zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    ::zmq_close(socket_);
    ::zmq_ctx_term(context_);
  }
  void* get() const { return socket_; }

 private:
  void* context_;
  void* socket_ = nullptr;
};

// The name the writer bound; told to the reader through shared memory, because ZeroMQ or the kernel chooses it.
struct Endpoint {
  char name[256];
};

class Writer {
 public:
  explicit Writer(Endpoint& endpoint) : socket_(ZMQ_PUSH) {
    // Names of its own choice: a socket file that ZeroMQ named is one that it removes.
    if (::zmq_bind(socket_.get(), g_tcp ? "tcp://127.0.0.1:*" : "ipc://*") != 0) fail("ZeroMQ can't bind");
    std::size_t size = sizeof endpoint.name;
    ::zmq_getsockopt(socket_.get(), ZMQ_LAST_ENDPOINT, endpoint.name, &size);
  }
  std::span<std::byte> loan(std::size_t bytes) {
    if (::zmq_msg_init_size(&message_, bytes) != 0) fail("ZeroMQ has no memory for a message");
    return {static_cast<std::byte*>(::zmq_msg_data(&message_)), bytes};
  }
  void publish() {
    if (::zmq_msg_send(&message_, socket_.get(), 0) < 0) fail("zmq_msg_send failed");
  }

 private:
  Socket socket_;
  zmq_msg_t message_{};
};

class Reader {
 public:
  explicit Reader(const Endpoint& endpoint) : socket_(ZMQ_PULL) {
    if (::zmq_connect(socket_.get(), endpoint.name) != 0) fail("ZeroMQ can't connect");
    ::zmq_msg_init(&message_);
  }
  std::span<const std::byte> take() {
    if (::zmq_msg_recv(&message_, socket_.get(), g_poll ? ZMQ_DONTWAIT : 0) < 0) return {};
    return {static_cast<const std::byte*>(::zmq_msg_data(&message_)), ::zmq_msg_size(&message_)};
  }
  void release() {}

 private:
  Socket socket_;
  zmq_msg_t message_{};
};

Value hand_over(const OneWay& plan, bool poll) {
  g_poll = poll;
  auto& endpoint = *static_cast<Endpoint*>(shared_memory(sizeof(Endpoint)));
  return one_way(
      plan, [&] { return std::make_unique<Writer>(endpoint); }, [&] { return std::make_unique<Reader>(endpoint); });
}

}  // namespace

int main(int argc, char** argv) {
  g_tcp = argc == 3 && std::string_view(argv[1]) == "--tcp";
  const Figure figures[] = {
      {"spin_64", [] { return hand_over(kSpin64, true); }},
      {"block_64", [] { return hand_over(kBlock64, false); }},
      {"frame_1080p", [] { return hand_over(kFrame1080p, false); }},
      {"vehicle_800x600", [] { return hand_over(kVehicle, false); }},
  };
  return run_figure(argc, argv, figures);
}
