#include "models/python_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/process.h"

namespace vedette::models {
namespace {

std::string last_line(std::string text) {
  text.resize(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

Result<pid_t> spawn(std::vector<std::string> command, const std::string& log) {
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error(command[0], failed);
  return pid;
}

}  // namespace

Result<PythonTool> find_quantizer() {
  const char* set = std::getenv("VEDETTE_PYTHON");
  const PythonTool tool{set != nullptr && *set != '\0' ? set : data_dir() + "/python-tools/bin/python",
                        data_dir() + "/tools/quantize.py"};
  if (::access(tool.python.c_str(), X_OK) != 0)
    return Error{ErrorCode::kNotFound, "no Python with onnx and onnxruntime at " + tool.python +
                                           ": run scripts/fetch-python-tools, or name one in VEDETTE_PYTHON"};
  if (::access(tool.script.c_str(), R_OK) != 0) return errno_error(tool.script);
  return tool;
}

Result<> run_tool(const PythonTool& tool, const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<std::string> command{tool.python, "-B", tool.script};
  command.insert(command.end(), arguments.begin(), arguments.end());
  VD_ASSIGN(const pid_t pid, spawn(std::move(command), log));
  int status = 0;
  bool told = false;
  while (::waitpid(pid, &status, 0) != pid) {  // a stop signal ends the wait
    if (errno != EINTR) return errno_error(tool.script);
    if (stop_requested() && !told) told = ::kill(pid, SIGTERM) == 0;
  }
  if (stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const auto said = read_file(log);
  return Error{ErrorCode::kIo, "quantize.py failed: " + (said && !said->empty() ? last_line(*said) : "it said nothing")};
}

}  // namespace vedette::models
