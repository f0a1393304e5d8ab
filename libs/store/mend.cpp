#include "store/mend.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "store/schema.h"
#include "store/sidecar.h"

namespace vedette::store {
namespace {

namespace fs = std::filesystem;

// All of them: half a list would make good recordings look lost.
Result<std::vector<std::string>> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  while (!error && it != fs::recursive_directory_iterator()) {
    if (it->is_regular_file(error)) files.push_back(it->path().string());
    if (error && error != std::errc::no_such_file_or_directory) break;  // that one has just been removed, or links to nothing
    it.increment(error);
  }
  if (error) return errno_error(folder, error.value());
  return files;
}

}  // namespace

class Mender {
 public:
  explicit Mender(Store& store) : store_(store), tree_(store.tree()) {}

  Result<Mended> run() {
    VD_TRY(mend_events());
    VD_TRY(mend_segments());
    return std::move(mended_);
  }

 private:
  // The files of `folder` that are ours, without those that aren't whole.
  template <typename IsOurs>
  Result<std::vector<std::string>> whole_files(std::string_view folder, IsOurs is_ours) {
    VD_ASSIGN(const std::vector<std::string> files, files_below(tree_.root() + "/" + std::string(folder)));
    std::vector<std::string> whole;
    for (const std::string& path : files) {
      const bool part = path.ends_with(kPart);
      if (!is_ours(part ? path.substr(0, path.size() - kPart.size()) : path)) continue;
      if (!part) {
        whole.push_back(path);
        continue;
      }
      VD_TRY(remove_file(path));
      ++mended_.parts;
    }
    return whole;
  }

  Result<> mend_events() {
    VD_ASSIGN(const std::vector<std::string> files,
              whole_files(kEventsFolder, [&](const std::string& path) { return tree_.is_of_event(path); }));
    std::map<std::string, std::set<std::string>> by_stem;  // what follows the stem
    for (const std::string& path : files) {
      const std::string stem = Tree::stem_of(path);
      by_stem[stem].insert(path.substr(stem.size()));
    }
    VD_ASSIGN(const std::vector<Event> rows, store_.rows("SELECT " + kEventColumns + " FROM events"));
    VD_ASSIGN(Transaction transaction, Transaction::begin(store_.database_));
    for (const Event& row : rows) {
      const std::string stem = Tree::stem_of(tree_.sidecar(row.key, row.started_at_ms));
      const auto found = by_stem.find(stem);
      if (found == by_stem.end() || !found->second.contains(".json")) {
        VD_TRY(store_.drop_row(row.key));
        ++mended_.dropped;
        continue;
      }
      VD_TRY(mend_row(row, found->second));
      by_stem.erase(found);
    }
    for (const auto& [stem, suffixes] : by_stem) VD_TRY(mend_unknown(stem, suffixes));
    return transaction.commit();
  }

  // The event's files as they are.
  void look_at_files(Event& event, const std::set<std::string>& suffixes) const {
    event.snapshot = suffixes.contains(".jpg");
    event.clips = 0;
    for (std::uint32_t part = 1;; ++part) {
      const std::string path = tree_.clip(event.key, event.started_at_ms, part);
      if (!suffixes.contains(path.substr(Tree::stem_of(path).size()))) break;
      event.clips = part;
    }
    event.bytes = 0;
    for (const std::string& path : tree_.files_of(event)) event.bytes += file_bytes(path);
  }

  Result<> mend_row(const Event& row, const std::set<std::string>& suffixes) {
    Event now = row;
    look_at_files(now, suffixes);
    if (now.snapshot == row.snapshot && now.clips == row.clips && row.state != EventState::kOpen) return {};
    const std::string path = tree_.sidecar(row.key, row.started_at_ms);
    const auto text = read_file(path);
    // What died between the .json and the row has the last word in the .json.
    if (auto read = text ? event_from_json(*text) : text.error();
        read && read->key == row.key && read->started_at_ms == row.started_at_ms) {
      now = *std::move(read);
      now.favourite = row.favourite;
      look_at_files(now, suffixes);
    }
    return take_up(std::move(now), row.state == EventState::kOpen ? mended_.interrupted : mended_.corrected);
  }

  Result<> mend_unknown(const std::string& stem, const std::set<std::string>& suffixes) {
    const std::string path = stem + ".json";
    if (!suffixes.contains(".json")) {
      for (const std::string& suffix : suffixes) VD_TRY(remove_file(stem + suffix));
      mended_.orphans += suffixes.size();
      return {};
    }
    const auto text = read_file(path);
    auto event = text ? event_from_json(*text) : text.error();
    if (!event || tree_.sidecar(event->key, event->started_at_ms) != path) {
      mended_.unreadable.push_back(path);
      return {};
    }
    look_at_files(*event, suffixes);
    return take_up(*std::move(event), mended_.added);
  }

  Result<> take_up(Event event, std::uint64_t& count) {
    if (event.state == EventState::kOpen) event.state = EventState::kInterrupted;
    if (event.ended_at_ms == 0) event.ended_at_ms = event.started_at_ms + event.clip_ms;
    VD_TRY(write_durably(tree_.sidecar(event.key, event.started_at_ms), to_json(event)));
    VD_TRY(store_.put_row(event));
    ++count;
    return {};
  }

  Result<> mend_segments() {
    VD_ASSIGN(const std::vector<std::string> files,
              whole_files(kRecordingsFolder, [&](const std::string& path) { return tree_.segment_of(path).has_value(); }));
    std::set<std::string> unknown(files.begin(), files.end());
    VD_ASSIGN(const std::vector<Segment> rows, store_.segments("", ~0u >> 1));
    for (const Segment& row : rows) {
      if (unknown.erase(tree_.segment(row.camera, row.started_at_ms)) > 0) continue;
      VD_TRY(store_.drop_row(row));
      ++mended_.dropped;
    }
    for (const std::string& path : unknown) {
      auto segment = tree_.segment_of(path);
      const FileMark mark = mark_of(path);
      segment->ended_at_ms = mark.modified_s * 1000 + mark.modified_ns / 1'000'000;
      segment->bytes = static_cast<std::uint64_t>(mark.size);
      VD_TRY(store_.put(*segment));
      ++mended_.added;
    }
    return {};
  }

  Store& store_;
  const Tree& tree_;
  Mended mended_;
};

Result<Mended> mend(Store& store) { return Mender(store).run(); }

}  // namespace vedette::store
