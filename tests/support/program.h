// Runs one of the real programs as a child process, its stdout and stderr in files. Killed and reaped when it goes out of scope,
// and with the test if that is killed. Thread-bound.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vedette::test {

// Until the condition holds, looked at 50 times a second; false: the watchdog came first.
bool wait_until(const std::function<bool()>& condition, std::chrono::seconds watchdog = std::chrono::seconds(60));

// A folder of the test's own, gone with it.
class TempFolder {
 public:
  explicit TempFolder(const std::string& parent);
  ~TempFolder();
  TempFolder(TempFolder&&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file in it; returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// All of it; as much as can be read.
std::string read_file(const std::string& path);

class Program {
 public:
  // arguments[0]: the program's path. It leads a process group of its own. What it prints goes to `prefix`.out and .err; what it
  // keeps (storage.dir) to the folder "storage" beside those.
  Program(const std::vector<std::string>& arguments, const std::string& prefix);
  ~Program();
  Program(Program&&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;
  void signal_group(int number) const;  // as a terminal's Ctrl-C does
  // Its exit code, 128 + n if signal n ended it; none: the watchdog came first.
  std::optional<int> wait_exit(std::chrono::seconds watchdog = std::chrono::seconds(60));

  std::string out() const { return read_file(prefix_ + ".out"); }
  std::string err() const { return read_file(prefix_ + ".err"); }

 private:
  std::string prefix_;
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

struct ChildProcess {
  std::string name;  // of the program's file
  pid_t pid = 0;
  bool operator==(const ChildProcess&) const = default;
};
// Children of `parent` that haven't ended, ordered by name and pid.
std::vector<ChildProcess> children_of(pid_t parent);
// True once there is no such process any more, or only its zombie.
bool has_ended(pid_t pid);

}  // namespace vedette::test
