// `vedette cameras URL` against files, a camera that streams JPEGs over HTTP, and cameras that refuse.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/unique_fd.h"
#include "process/cli/cli.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

// Listens on a port of 127.0.0.1 and lets `serve` answer each connection, one after the other.
class Server {
 public:
  using Serve = std::function<void(int fd, const std::string& request)>;
  explicit Server(Serve serve) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      while (!stop_) {
        const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client) continue;
        std::string request(4096, '\0');
        const ssize_t got = ::recv(client.get(), request.data(), request.size(), 0);
        request.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (!stop_) serve(client.get(), request);
      }
    });
  }
  ~Server() {
    stop_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string at() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

bool send_all(int fd, const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t sent = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

class Cameras : public ::testing::Test {
 protected:
  Ran cameras(std::vector<std::string> words) {
    words.insert(words.begin(), "cameras");
    return run_vedette(folder_, words);
  }
  std::string make(const std::string& name, const std::string& arguments) {
    const std::string path = folder_.file(name);
    EXPECT_EQ(std::system(("ffmpeg -nostdin -v error -y " + arguments + " " + path).c_str()), 0) << arguments;
    return path;
  }
  TempFolder folder_{fs::temp_directory_path()};
};

TEST_F(Cameras, AFileSaysWhatIsInIt) {
  const std::string file =
      make("a.mp4",
           "-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=r=16000 -t 8 -c:v libx264 -preset ultrafast -pix_fmt yuv420p "
           "-g 75 -keyint_min 75 -sc_threshold 0 -bf 2 -c:a aac -ac 1");
  const Ran ran = cameras({file, "--json", "--seconds", "7"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << ran.out;
  EXPECT_EQ(json.at("codec"), "H264");
  EXPECT_EQ(json.at("width"), 320);
  EXPECT_EQ(json.at("height"), 180);
  EXPECT_NEAR(json.at("fps").get<double>(), 25.0, 0.01);
  EXPECT_NEAR(json.at("keyframe_interval_s").get<double>(), 3.0, 0.01);
  EXPECT_EQ(json.at("reordered"), true);
  EXPECT_EQ(json.at("live"), false);
  EXPECT_EQ(json.at("sound"), (nlohmann::json{{"codec", "AAC"}, {"sample_rate", 16000}, {"channels", 1}}));
  EXPECT_EQ(json.at("keys"), (nlohmann::json{"keyframe_interval: 4s"}));
  // 7 s of 8: the rate of what was read is the file's.
  const double file_mbit = static_cast<double>(fs::file_size(file)) * 8 / 8 / 1e6;
  EXPECT_NEAR(json.at("mbit").get<double>(), file_mbit, file_mbit * 0.2);
  EXPECT_GE(json.at("peak_mbit").get<double>(), json.at("mbit").get<double>());

  const Ran text = cameras({file});
  EXPECT_NE(text.out.find("H264 320x180, 25 fps, with B-frames"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("every 3 s"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("AAC, 16000 Hz, 1 channel\n"), std::string::npos) << text.out;
}

TEST_F(Cameras, ALiveCameraIsMeasured) {
  const std::string jpeg = read_file(make("a.jpg", "-f lavfi -i testsrc2=s=640x480 -frames:v 1"));
  Server server([&](int fd, const std::string&) {
    std::string text = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n";
    while (send_all(fd, text)) {
      text = "--b\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(jpeg.size()) + "\r\n\r\n" + jpeg + "\r\n";
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  const Ran ran = cameras({"http://" + server.at() + "/video", "--json", "--seconds", "2"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  EXPECT_EQ(json.at("codec"), "MJPEG");
  EXPECT_EQ(json.at("live"), true);
  EXPECT_EQ(json.at("width"), 640);
  EXPECT_EQ(json.at("largest_packet_bytes"), jpeg.size());
  ASSERT_TRUE(json.at("fps").is_number()) << ran.out;
  EXPECT_GT(json.at("fps").get<double>(), 0);
  EXPECT_GE(json.at("seconds").get<double>(), 2.0);
  EXPECT_NEAR(json.at("mbit").get<double>() * 1e6 / 8 * json.at("seconds").get<double>(),
              json.at("pictures").get<double>() * static_cast<double>(jpeg.size()), static_cast<double>(jpeg.size()));
}

TEST_F(Cameras, WhatIsWrongIsOneSentence) {
  Server refusing([](int fd, const std::string&) {
    send_all(
        fd,
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"cam\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const std::string password = folder_.write("password", "hunter22\n");
  const Ran nobody = cameras({"http://" + refusing.at() + "/v"});
  EXPECT_GT(nobody.code, 0);
  expect_one_sentence(nobody.err);
  EXPECT_NE(nobody.err.find("401"), std::string::npos) << nobody.err;
  EXPECT_NE(nobody.err.find("--username, --password-file"), std::string::npos) << nobody.err;
  const Ran wrong = cameras({"http://" + refusing.at() + "/v", "--username", "admin", "--password-file", password});
  EXPECT_GT(wrong.code, 0);
  EXPECT_NE(wrong.err.find("a password that this camera takes"), std::string::npos) << wrong.err;
  EXPECT_EQ(wrong.err.find("hunter22"), std::string::npos) << wrong.err;

  const std::string sound = make("sound.wav", "-f lavfi -i sine -t 1");
  const struct {
    std::string url, expected;
  } cases[] = {
      {"rtsp://127.0.0.1:9/x", "Connection refused"},
      {sound, "has no video stream"},
      {folder_.write("text.mp4", "no video at all"), "text.mp4"},
      {folder_.file("nothing.mp4"), "No such file"},
      {"/dev/video250", "`vedette cameras` lists them"},
      {"synthetic:", "expected the URL of a stream"},
  };
  for (const auto& [url, expected] : cases) {
    const Ran ran = cameras({url});
    EXPECT_GT(ran.code, 0) << url;
    expect_one_sentence(ran.err);
    EXPECT_NE(ran.err.find(expected), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(Cameras, WithoutAUrlItListsDevices) {
  const Ran ran = cameras({"--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << ran.out;
  EXPECT_TRUE(json.at("devices").is_array());
}

}  // namespace
}  // namespace vedette::test
