// What the gateway is compared with: servers of the same messages that do nothing else, on one thread. They take any WebSocket
// upgrade, write the port they got to a file, wait for all viewers, and serve until SIGTERM.
#pragma once

#include <string>

namespace vedette::bench {

struct ServerOptions {
  std::string port_file;
  std::string picture;  // a JPEG of 1920 x 1080
  int viewers = 1;
  double fps = 30;
};

// The bare loop: the picture's bytes by one send() for each viewer.
int serve_bytes(const ServerOptions& options);
// The baseline: each picture is encoded of RGB24 (libjpeg-turbo, quality 80, 4:2:0) and then sent to all, as detr-mmap's gateway
// does.
int serve_encoded(const ServerOptions& options);

}  // namespace vedette::bench
