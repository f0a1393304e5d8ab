// What the tests of the C API share: a bus directory with a handle on it, writers and readers of small records.
#pragma once

#include <vedette/frame.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "support/bus_fixture.h"

namespace vedette::test {

inline constexpr std::uint64_t kSchema = 0x1234;
inline constexpr std::int64_t kWatchdogNs = 60'000'000'000;

// Does the last error speak of this?
inline ::testing::AssertionResult says(vd_status status, vd_status expected, const std::string& words) {
  const std::string text = vd_last_error();
  if (status == expected && text.find(words) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "status " << status << " (" << vd_status_text(status) << "), \"" << text
                                       << "\"; expected " << expected << " and \"" << words << '"';
}

class CApi : public BusFixture {
 protected:
  CApi() { EXPECT_EQ(vd_bus_open(path_.c_str(), &bus_), VD_OK) << vd_last_error(); }
  ~CApi() override { vd_bus_close(bus_); }

  static vd_writer_options options(std::uint64_t slot_bytes = 256) {
    vd_writer_options options = vd_writer_options_default();
    options.schema_id = kSchema;
    options.slot_bytes = slot_bytes;
    return options;
  }
  vd_writer* writer(const char* topic, const vd_writer_options& options) {
    vd_writer* opened = nullptr;
    EXPECT_EQ(vd_writer_open(bus_, topic, &options, &opened), VD_OK) << vd_last_error();
    return opened;
  }
  vd_reader* reader(const char* topic) {
    vd_reader* opened = nullptr;
    EXPECT_EQ(vd_reader_open(bus_, topic, nullptr, &opened), VD_OK) << vd_last_error();
    return opened;
  }
  // Publishes one record of 8 bytes.
  static vd_status publish(vd_writer* writer, std::uint64_t frame_id, std::uint64_t value) {
    vd_slot slot;
    if (const vd_status status = vd_loan(writer, &slot); status != VD_OK) return status;
    std::memcpy(slot.data, &value, sizeof value);
    return vd_publish(writer, &slot, frame_id, sizeof value);
  }
  static std::uint64_t value_of(const vd_record& record) {
    std::uint64_t value = 0;
    if (record.bytes >= sizeof value) std::memcpy(&value, record.data, sizeof value);
    return value;
  }

  vd_bus* bus_ = nullptr;
};

}  // namespace vedette::test
