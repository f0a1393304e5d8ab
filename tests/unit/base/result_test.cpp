#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace vedette {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::kInvalidArgument, "odd"};
  return number / 2;
}

Result<int> quarter(int number) {
  VD_ASSIGN(const int once, half(number));
  VD_ASSIGN(const int twice, half(once));
  return twice;
}

TEST(Result, carries_a_value_or_an_error) {
  EXPECT_EQ(quarter(8).value(), 2);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(failed.error().text, "odd");
}

TEST(Result, moves_values_that_cannot_be_copied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> owned = std::move(result).value();
  EXPECT_EQ(*owned, 7);
}

TEST(Result, context_is_put_in_front) {
  Error inner{ErrorCode::kIo, "no"};
  EXPECT_EQ(std::move(inner).in("cam0/frames").text, "cam0/frames: no");
}

TEST(Result, errno_gets_a_code_and_a_sentence) {
  const Error error = errno_error("/nowhere", ENOENT);
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.text, "/nowhere: No such file or directory");
}

TEST(ResultDeathTest, reading_the_value_of_a_failure_is_our_bug) { EXPECT_DEATH((void)half(1).value(), "assertion failed.*odd"); }

}  // namespace
}  // namespace vedette
