// `make install`'s programs: moved to a folder of their own they start each other, serve the page and load the default model.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "installation.h"
#include "support/net_client.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

std::uint16_t port_in(const std::string& out) {
  const std::size_t slash = out.find('/', out.find("http://") + 7);
  return static_cast<std::uint16_t>(std::stoi(out.substr(out.rfind(':', slash) + 1)));
}

TEST(InstalledPrograms, run_wherever_they_lie) {
  if (!fs::exists(VEDETTE_BUILD_DIR "/models/nanodet_g_416.onnx")) GTEST_SKIP() << "no default model: run scripts/fetch-model";
  const Installation installation("programs");
  const TempFolder shm("/dev/shm");
  const std::string clip = installation.folder().file("grey.mp4");
  installation.shell(
      "ffmpeg -v error -nostdin -f lavfi -i color=color=gray:size=320x240:rate=25 -t 2 -c:v mpeg4 -pix_fmt yuv420p " + clip);
  const std::string config =
      installation.folder().write("v.yaml", "cameras:\n  front:\n    url: \"" + clip + "\"\n    loop: true\n");
  Program up({installation.prefix() + "/bin/vedette", "up", "-c", config, "--bus-dir", shm.file("bus"), "--port", "0", "--set",
              "storage.dir=" + installation.folder().file("storage")},
             installation.folder().file("up"));
  ASSERT_TRUE(wait_until([&] { return up.out().find("page: ") != std::string::npos || !up.running(); }));
  ASSERT_TRUE(up.running()) << up.err();
  const std::uint16_t port = port_in(up.out());
  // Ready: every stage gives signs of life, the detector with its model too.
  EXPECT_TRUE(wait_until([&] { return http_get(port, "/readyz").status == 200 || !up.running(); })) << up.err();
  for (const ChildProcess& stage : children_of(up.pid()))
    EXPECT_EQ(fs::read_symlink("/proc/" + std::to_string(stage.pid) + "/exe").parent_path(), installation.prefix() + "/bin");
  if (fs::exists(VEDETTE_BUILD_DIR "/web/index.html")) {
    EXPECT_NE(http_get(port, "/").body.find("<html"), std::string::npos) << "the page isn't served";
  }
  up.signal(SIGTERM);
  EXPECT_EQ(up.wait_exit(), 0) << up.err();
}

}  // namespace
}  // namespace vedette::test
