#include "log_feed.h"

#include "support/bus_fixture.h"
#include "support/log_records.h"

namespace vedette::test {

struct LogFeed::Parts : BusFixture {
  Parts()
      : writer(
            std::move(bus::LogWriter::open(dir_, topic("cam0/packets"),
                                           {.schema_id = 9, .data_bytes = 1 << 16, .max_record_bytes = 4096, .metadata = "text"}))
                .value()) {}
  void TestBody() override {}
  const std::string& where() const { return path_; }
  bus::LogWriter writer;
};

LogFeed::LogFeed() : parts_(std::make_unique<Parts>()) {}
LogFeed::~LogFeed() = default;
const std::string& LogFeed::path() const { return parts_->where(); }
bool LogFeed::append(std::uint64_t n, std::size_t bytes, bool keyframe) {
  return append_number(parts_->writer, n, bytes, keyframe);
}
bool LogFeed::is_whole(std::uint64_t n, const void* data, std::size_t bytes) {
  return test::is_whole(n, {static_cast<const std::byte*>(data), bytes});
}

}  // namespace vedette::test
