// The start-up check: makes files and index of one mind again after whatever ended the last recorder: a kill, a power cut, a
// restored backup, a hand that removed files. Call it before recording begins, from one process alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace vedette::store {

struct Mended {
  std::uint64_t parts = 0;              // files of ours that weren't whole: removed
  std::uint64_t orphans = 0;            // media of no event: removed
  std::uint64_t added = 0;              // rows of events and segments whose files were there
  std::uint64_t dropped = 0;            // rows of events and segments without files
  std::uint64_t corrected = 0;          // events that had lost some of their files
  std::uint64_t interrupted = 0;        // events that were being recorded
  std::vector<std::string> unreadable;  // .json files that aren't an event's: they and their media are left alone

  bool nothing() const { return parts + orphans + added + dropped + corrected + interrupted == 0 && unreadable.empty(); }
};

// Looks at every file's name, and into those .json files that the index doesn't know or knows otherwise. What doesn't have the
// name of a file of ours is left alone. An Error, and nothing removed for being unknown, where not all folders can be listed.
Result<Mended> mend(Store& store);

}  // namespace vedette::store
