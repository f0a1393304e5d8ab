// A forked child whose system calls that change files are counted: it is killed just before the n-th of them, and what a power
// cut at that moment leaves in the worst case can be laid out: of every file only what was brought to the disk (fsync), under the
// names that its folder had when that was.
//
// What lies in the folder `on_disk` before is taken to be on the disk.
//
// Files are told apart by their inodes, so they must lie in a file system that doesn't use one again soon (a tmpfs, where fsync
// is called all the same). Thread-bound; the child has one thread.
#pragma once

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "support/child.h"

namespace vedette::test {

class WriteTracer {
 public:
  // Runs `body` in a child up to its `stop_at`-th call that changes a file (from 1), and kills it there.
  WriteTracer(const std::function<int()>& body, std::size_t stop_at, const std::string& on_disk = "")
      : child_([&body] {
          ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
          ::raise(SIGSTOP);
          return body();
        }) {
    int status = 0;
    ::waitpid(child_.pid(), &status, 0);
    if (!on_disk.empty()) {
      bring_to_disk(on_disk);
      for (const auto& entry : std::filesystem::recursive_directory_iterator(on_disk)) bring_to_disk(entry.path().string());
    }
    ::ptrace(PTRACE_SETOPTIONS, child_.pid(), nullptr, PTRACE_O_TRACESYSGOOD);
    while (!finished_ && calls_ < stop_at) step(stop_at);
    if (!finished_) child_.end();
  }

  bool finished() const { return finished_; }  // it came to its end before that
  std::size_t calls() const { return calls_; }
  int exit_code() const { return exit_code_; }  // of one that finished

  // Below `to` what the disk has of the folder `root`.
  void lay_out(const std::string& root, const std::string& to) const {
    std::filesystem::create_directories(to);
    lay_out_folder(inode_of(root), to);
  }

 private:
  using Inode = std::uint64_t;

  static Inode inode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }

  static bool changes_files(std::uint64_t call, const std::uint64_t* arguments) {
    static const std::set<std::uint64_t> calls = {
        SYS_write,  SYS_pwrite64, SYS_fsync, SYS_fdatasync, SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_ftruncate,
#ifdef __x86_64__
        SYS_rename, SYS_unlink,   SYS_mkdir,
#endif
    };
    return calls.contains(call) || (call == SYS_openat && (arguments[2] & O_CREAT) != 0);
  }

  void step(std::size_t stop_at) {
    ::ptrace(PTRACE_SYSCALL, child_.pid(), nullptr, nullptr);
    int status = 0;
    ::waitpid(child_.pid(), &status, 0);
    if (!WIFSTOPPED(status)) {
      finished_ = true;
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      return;
    }
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, child_.pid(), sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      call_ = info.entry.nr;
      fd_ = static_cast<int>(info.entry.args[0]);
      if (changes_files(call_, reinterpret_cast<const std::uint64_t*>(info.entry.args))) ++calls_;
      if (calls_ >= stop_at) return;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.rval == 0 && (call_ == SYS_fsync || call_ == SYS_fdatasync)) {
      bring_to_disk("/proc/" + std::to_string(child_.pid()) + "/fd/" + std::to_string(fd_));
    }
  }

  void bring_to_disk(const std::string& link) {
    const Inode inode = inode_of(link);
    if (std::filesystem::is_directory(link)) {
      auto& names = folders_[inode];
      names.clear();
      for (const auto& entry : std::filesystem::directory_iterator(link))
        names[entry.path().filename().string()] = {inode_of(entry.path().string()), entry.is_directory()};
      return;
    }
    std::ifstream file(link, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    files_[inode] = content.str();
  }

  void lay_out_folder(Inode inode, const std::string& to) const {
    const auto names = folders_.find(inode);
    if (names == folders_.end()) return;
    for (const auto& [name, entry] : names->second) {
      const std::string path = to + "/" + name;
      if (entry.folder) {
        std::filesystem::create_directory(path);
        lay_out_folder(entry.inode, path);
      } else {
        const auto content = files_.find(entry.inode);
        std::ofstream(path, std::ios::binary) << (content == files_.end() ? "" : content->second);
      }
    }
  }

  struct Entry {
    Inode inode = 0;
    bool folder = false;
  };
  Child child_;
  bool finished_ = false;
  int exit_code_ = 0;
  std::size_t calls_ = 0;
  std::uint64_t call_ = 0;
  int fd_ = -1;
  std::map<Inode, std::string> files_;                     // as of their last fsync
  std::map<Inode, std::map<std::string, Entry>> folders_;  // as of theirs
};

}  // namespace vedette::test
