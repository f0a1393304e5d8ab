// DiskNews: has control publish for each camera that recording stopped or goes on. Owner: main(); thread-bound; blocks for a
// second at most. While control is away it is tried again; only the newest news counts.
#pragma once

#include <string>
#include <vector>

#include "record/disk.h"

namespace vedette::record {

class DiskNews {
 public:
  DiskNews(std::string bus_dir, std::vector<std::string> cameras) : bus_dir_(std::move(bus_dir)), cameras_(std::move(cameras)) {}

  void tell(const Disk::Change& change);
  // Sends what couldn't be sent before. Once a second or so.
  void step();

 private:
  const std::string bus_dir_;
  const std::vector<std::string> cameras_;
  Disk::Change change_;
  std::vector<std::string> untold_;  // cameras
};

}  // namespace vedette::record
