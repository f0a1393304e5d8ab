// vedette doctor finds what was planted, says what to do about it, and changes nothing unless it is told to.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "bus/inspect.h"
#include "bus/layout.h"
#include "process/tools/tools.h"
#include "stage/topics.h"
#include "support/child.h"

namespace vedette::test {
namespace {

class Doctor : public ToolsFixture {
 protected:
  // Cameras that another program publishes: nothing is looked at.
  std::string config(const std::string& more = "") {
    return folder_.write("vedette.yaml", "cameras:\n  cam0:\n    url: \"bus:\"\n    detect: false\n" + more);
  }
  struct Diagnosis {
    int code = -1;
    nlohmann::json findings;
    // Those of this health whose text has `text`.
    int count(const std::string& health, const std::string& check, const std::string& text) const {
      int found = 0;
      for (const auto& one : findings)
        if (one.at("health") == health && one.at("check") == check &&
            one.at("text").get<std::string>().find(text) != std::string::npos) {
          ++found;
          EXPECT_EQ(one.at("do").get<std::string>().empty(), health == "ok") << one;
        }
      return found;
    }
  };
  Diagnosis diagnose(std::vector<std::string> more = {}, const std::string& bus = "") {
    more.insert(more.begin(), {"doctor", "--json", "-c", config_});
    const Ran ran = run(more, bus);
    const auto json = parsed(ran.out);
    EXPECT_TRUE(json.is_object()) << ran.out << ran.err;
    return {ran.code, json.is_object() ? json.at("findings") : nlohmann::json::array()};
  }
  void die_as_writer() {
    Child([&] {
      bus::RingWriter frames = frames_writer(dir_);
      ::raise(SIGKILL);
      return 0;
    }).wait();
  }

  std::string config_ = config();
};

TEST_F(Doctor, a_healthy_bus_is_well) {
  bus::RingWriter frames = frames_writer(dir_);
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 0) << seen.findings;
  EXPECT_EQ(seen.count("ok", "topics", "1, all with living writers"), 1) << seen.findings;
  EXPECT_EQ(seen.count("ok", "tmpfs", "the topics need"), 1) << seen.findings;
  for (const char* check : {"futex_waitv", "swap", "core dumps", "cgroup", "versions"}) {
    int there = 0;
    for (const auto& one : seen.findings) there += one.at("check") == check;
    EXPECT_EQ(there, 1) << check;
  }
}

TEST_F(Doctor, what_was_changed_at_run_time_is_told) {
  EXPECT_EQ(diagnose().count("ok", "changes", ""), 0);
  std::filesystem::create_directory(folder_.file("storage"));
  folder_.write("storage/overrides.yaml", "cameras: {cam0: {threshold: 0.6}}\n");
  EXPECT_EQ(diagnose().count("ok", "changes", "overrides.yaml overrides cameras.cam0.threshold"), 1);
  folder_.write("storage/overrides.yaml", "cameras: {cam0: {threshold: 6}}\n");
  const Diagnosis broken = diagnose();
  EXPECT_EQ(broken.count("bad", "configuration", "overrides.yaml:1:29: cameras.cam0.threshold: \"6\""), 1) << broken.findings;
}

TEST_F(Doctor, a_dead_writers_topic_is_found_and_removed_on_demand_only) {
  die_as_writer();
  const std::string gone = "cam0/frames: its writer (process ";
  EXPECT_EQ(diagnose().count("warn", "topics", gone), 1);
  EXPECT_TRUE(std::filesystem::exists(path_ + "/cam0/frames")) << "looking removes nothing";
  EXPECT_EQ(diagnose({"--fix"}).count("warn", "topics", gone), 0);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/frames"));
}

TEST_F(Doctor, fixing_leaves_the_living_alone) {
  bus::RingWriter frames = frames_writer(dir_);
  EXPECT_EQ(diagnose({"--fix"}).code, 0);
  EXPECT_TRUE(publish_frame(frames, 1, 1));
  EXPECT_TRUE(bus::inspect(dir_, topic("cam0/frames")).ok());
}

TEST_F(Doctor, a_dead_reader_that_nobody_sweeps_is_found) {
  bus::RingWriter frames = frames_writer(dir_);  // never beats: it sweeps nobody
  Child([&] {
    const auto reader = bus::RingReader::attach(dir_, topic("cam0/frames"), kFrameSchema);
    ::raise(SIGKILL);
    return 0;
  }).wait();
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "readers", "cam0/frames: 1 of 16 entries are of dead readers"), 1) << seen.findings;
}

TEST_F(Doctor, a_stopped_writer_is_found) {
  Child writer([&] {
    bus::RingWriter frames = frames_writer(dir_);
    ::raise(SIGSTOP);
    return 0;
  });
  ::waitpid(writer.pid(), nullptr, WUNTRACED);
  EXPECT_TRUE(wait_until([&] {
    return diagnose().count("bad", "topics",
                            "cam0/frames: its writer (process " + std::to_string(writer.pid()) + ") has given no sign") == 1;
  }));
}

TEST_F(Doctor, full_reader_entries_are_found) {
  auto writer =
      std::move(bus::RingWriter::open(dir_, topic("cam0/own"), {.schema_id = 1, .slot_bytes = 8, .readers = 1})).value();
  const auto reader = bus::RingReader::attach(dir_, topic("cam0/own"), 1);
  EXPECT_EQ(diagnose().count("warn", "readers", "cam0/own: all 1 reader entries are taken"), 1);
}

TEST_F(Doctor, foreign_modes_owners_and_files_are_found) {
  bus::RingWriter frames = frames_writer(dir_);
  ::chmod((path_ + "/cam0/frames").c_str(), 0666);
  std::ofstream(path_ + "/cam0/frames.new") << "half";
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown((path_ + "/cam0/frames.leases").c_str(), 65534, 65534), 0);
  }
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "files", "cam0/frames: frames has mode 0666, expected 0640"), 1) << seen.findings;
  EXPECT_EQ(seen.count("warn", "files", "cam0/frames.new is no file of a topic"), 1) << seen.findings;
  EXPECT_EQ(seen.count("bad", "files", "frames.leases belongs to user 65534"), root ? 1 : 0) << seen.findings;
}

TEST_F(Doctor, an_open_bus_directory_is_found) {
  ::chmod(path_.c_str(), 0777);
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "bus directory", "may be written to by others"), 1) << seen.findings;
}

TEST_F(Doctor, another_layout_version_is_found) {
  bus::RingWriter frames = frames_writer(dir_);
  std::fstream file(path_ + "/cam0/frames", std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offsetof(bus::Header, layout_version));
  file.put('\x63');
  file.close();
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "versions", "written with layout version 99, this program reads version "), 1) << seen.findings;
}

TEST_F(Doctor, the_size_is_what_the_stages_take) {
  const stage::Share share{5, 3};
  config_ = config("bus:\n  readers: 5\n  held_per_reader: 3\n");
  std::vector<bus::RingWriter> writers;
  for (const auto& [name, ring] :
       std::vector<std::pair<std::string, bus::RingOptions>>{{"cam0/frames", stage::frames_ring(share, 700'000, 4)},
                                                             {"cam0/control", stage::control_ring(share)},
                                                             {"cam0/state", stage::state_ring(share)},
                                                             {"cam0/events", stage::events_ring(share)},
                                                             {"cam0/media", stage::media_ring(share)}})
    writers.push_back(std::move(bus::RingWriter::open(dir_, topic(name), ring)).value());
  const auto encoded = bus::LogWriter::open(dir_, topic("cam0/encoded"), stage::encoded_log(share, std::chrono::seconds(2), 8));
  ASSERT_TRUE(encoded) << encoded.error().text;
  std::uint64_t bytes = 0;
  for (const bus::TopicName& name : dir_.topics()) bytes += bus::inspect(dir_, name)->bytes();
  const Ran size = run({"doctor", "--size", "-c", config_});
  EXPECT_EQ(size.code, 0) << size.err;
  EXPECT_EQ(size.out, std::to_string(bytes) + "\n");
  EXPECT_EQ(parsed(run({"doctor", "--size", "--json", "-c", config_}).out).at("bytes"), bytes);
  const Ran assumed = run({"doctor", "--size", "-c", config_}, unique_path());
  EXPECT_NE(assumed.err.find("cam0/frames: its program isn't up; 1920x1080 is assumed"), std::string::npos) << assumed.err;
}

TEST_F(Doctor, the_size_counts_the_logs_of_packets) {
  // Cameras that can't be looked at: their keys say how much is kept.
  config_ = folder_.write("packets.yaml",
                          "cameras:\n  a:\n    url: nowhere.mjpeg\n    pre_roll: 8s\n    max_mbit: 10\n  b:\n    inputs:\n"
                          "      - {url: nowhere.mp4, roles: [detect]}\n"
                          "      - {url: rtsp://127.0.0.1:9/y, roles: [record, live]}\n  c:\n    url: 'ingest:'\n");
  const stage::Share share{16, 2};
  const auto log_bytes = [&](Codec codec, int pre_roll_s, std::uint32_t mbit) {
    return bus::bytes_needed(
        stage::packets_log(share, {.codec = codec, .pre_roll = std::chrono::seconds(pre_roll_s), .max_mbit = mbit}));
  };
  const auto topics = [&] {
    std::map<std::string, std::pair<std::uint64_t, std::string>> all;
    const auto answer = parsed(run({"doctor", "--size", "--json", "-c", config_}).out);
    for (const auto& one : answer.at("topics")) all[one.at("topic")] = {one.at("bytes"), one.at("basis")};
    return all;
  };
  auto planned = topics();
  using Planned = std::pair<std::uint64_t, std::string>;
  EXPECT_EQ(planned["a/packets"], (Planned{log_bytes(Codec::MJPEG, 8, 10), "config"}));
  EXPECT_EQ(planned["b/packets"], (Planned{log_bytes(Codec::MJPEG, 5, 0), "config"}));
  EXPECT_EQ(planned["b/record_packets"], (Planned{log_bytes(Codec::H264, 5, 0), "config"}));
  EXPECT_EQ(planned["c/ingest"], (Planned{bus::bytes_needed(stage::ingest_log(share, stage::kIngestPictureBytes)), "config"}));
  EXPECT_TRUE(planned.contains("b/frames") && !planned.contains("b/record_frames"));
  EXPECT_GT(planned["a/tracks"].first, bus::bytes_needed(stage::tracks_ring(share, "person")) - 1);
  EXPECT_EQ(planned["a/motion"], (Planned{bus::bytes_needed(stage::motion_ring(share)), "config"}));

  // One that runs has what it has.
  const auto log = bus::LogWriter::open(dir_, topic("a/packets"), stage::packets_log(share, {.codec = Codec::H264}));
  ASSERT_TRUE(log.ok()) << log.error().text;
  planned = topics();
  EXPECT_EQ(planned["a/packets"], (Planned{bus::inspect(dir_, topic("a/packets"))->bytes(), "bus"}));
}

TEST_F(Doctor, too_small_a_tmpfs_is_found) {
  std::string cameras = "cameras:\n";
  for (int i = 0; i < 200; ++i) cameras += "  c" + std::to_string(i) + ":\n    url: \"bus:\"\n";
  config_ = folder_.write("large.yaml", cameras + "bus:\n  readers: 64\n  held_per_reader: 16\n");
  const std::string nowhere = unique_path();
  const Diagnosis seen = diagnose({}, nowhere);
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "tmpfs", "the topics need "), 1) << seen.findings;
  EXPECT_FALSE(std::filesystem::exists(nowhere)) << "looking makes nothing";
}

TEST_F(Doctor, what_is_no_tmpfs_is_found) {
  const Diagnosis seen = diagnose({}, "/proc/self");
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "tmpfs", "/proc/self is not in a tmpfs"), 1) << seen.findings;
}

TEST_F(Doctor, without_a_configuration_it_tells_what_the_topics_take) {
  bus::RingWriter frames = frames_writer(dir_);
  const Ran ran = run({"doctor", "--json"});
  const auto json = parsed(ran.out);
  ASSERT_TRUE(json.is_object()) << ran.out << ran.err;
  bool told = false;
  for (const auto& one : json.at("findings"))
    told |= one.at("check") == "tmpfs" && one.at("text").get<std::string>().starts_with("the topics take ");
  EXPECT_TRUE(told) << json;
}

TEST_F(Doctor, an_installed_page_and_model_are_found) {
  const std::string bin = folder_.file("bin"), share = folder_.file("share/vedette");
  std::filesystem::create_directories(bin);
  std::filesystem::create_directories(share + "/web");
  std::filesystem::copy_file(VEDETTE_BIN_DIR "/vedette-tools", bin + "/vedette-tools");
  std::ofstream(share + "/web/index.html") << "page";
  Program doctor({bin + "/vedette-tools", "doctor", "--json", "-c", config_, "--bus-dir", path_}, folder_.file("ran"));
  doctor.wait_exit();
  const Diagnosis seen{0, parsed(doctor.out()).at("findings")};
  EXPECT_EQ(seen.count("ok", "page", share + "/web/index.html"), 1) << seen.findings;
}

TEST_F(Doctor, a_wrong_configuration_is_found) {
  config_ = folder_.write("wrong.yaml", "cameras:\n  cam0:\n    nonsense: 1\n");
  const Diagnosis seen = diagnose();
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.count("bad", "configuration", "nonsense"), 1) << seen.findings;
  EXPECT_NE(run({"doctor", "--size", "-c", config_}).code, 0);
}

}  // namespace
}  // namespace vedette::test
