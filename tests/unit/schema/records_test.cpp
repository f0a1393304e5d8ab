#include "schema/records.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace vedette {
namespace {

std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  const auto* data = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {data, data + builder.GetSize()};
}

std::vector<std::byte> event() {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      schema::CreateEventDirect(builder, 5, schema::EventKind::Alarm, 1, 2, 3, "person", 0.5f, "a person at the door"));
  return bytes_of(builder);
}

TEST(Records, come_back_as_written) {
  const auto bytes = event();
  const auto root = verified<schema::Event>(bytes);
  ASSERT_TRUE(root.ok());
  EXPECT_EQ((*root)->id(), 5u);
  EXPECT_EQ((*root)->label()->string_view(), "person");
  EXPECT_EQ(to_string((*root)->kind()), "alarm");
  EXPECT_EQ(to_string(static_cast<schema::EventKind>(200)), "unknown");
}

TEST(Records, a_required_field_that_is_missing_is_refused) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.Finish(flatbuffers::Offset<schema::Command>(builder.EndTable(start)));
  const auto refused = verified<schema::Command>(bytes_of(builder));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(refused.error().text.find("is not a valid vedette.schema.Command"), std::string::npos) << refused.error().text;
}

TEST(Records, every_cut_is_refused_or_whole) {
  const auto whole = event();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    // A copy of exactly that size: ASan sees a read beyond it.
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
    const auto root = verified<schema::Event>(cut);
    EXPECT_TRUE(!root.ok() || (*root)->text() == nullptr || (*root)->text()->size() < bytes);
  }
  EXPECT_FALSE(verified<schema::Event>({}).ok());
}

TEST(Records, garbage_and_flipped_bytes_never_lead_outside) {
  std::mt19937 random(1);
  const auto good = event();
  std::size_t passed = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::vector<std::byte> bytes = good;
    if (round % 2 == 0) bytes.resize(random() % 200);
    const std::size_t changes = round % 2 == 0 ? bytes.size() : 1 + random() % 3;
    for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    const auto root = verified<schema::Event>(bytes);
    if (!root.ok()) continue;
    ++passed;
    for (const flatbuffers::String* text : {(*root)->label(), (*root)->text()}) {
      if (text == nullptr) continue;
      ASSERT_GE(reinterpret_cast<const std::byte*>(text->c_str()), bytes.data());
      ASSERT_LT(reinterpret_cast<const std::byte*>(text->c_str()) + text->size(), bytes.data() + bytes.size());
    }
  }
  EXPECT_GT(passed, 100u);
}

TEST(Records, more_than_a_record_may_have_is_refused) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateReplyDirect(builder, true, std::string(kMaxRecordBytes, 'x').c_str()));
  EXPECT_FALSE(verified<schema::Reply>(bytes_of(builder)).ok());
}

}  // namespace
}  // namespace vedette
