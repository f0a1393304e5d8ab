#include "schema/class_names.h"

#include <gtest/gtest.h>

namespace vedette {
namespace {

using Names = std::vector<std::string>;

TEST(ClassNames, WhatIsJoinedIsSplitAgain) {
  for (const Names& names :
       {Names{}, Names{"person"}, Names{"person", "traffic light", "car"}, Names{"", "b"}, Names{"a", ""}, Names{""}})
    EXPECT_EQ(split_class_names(join_class_names(names)), names);
  EXPECT_EQ(join_class_names(Names{"person", "car"}), "person\ncar");
  EXPECT_EQ(split_class_names(join_class_names(Names{"two\nlines", "car"})), (Names{"two lines", "car"}));
}

TEST(ClassNames, ALastLineMayEndInABreak) { EXPECT_EQ(split_class_names("person\ncar\n"), (Names{"person", "car"})); }

TEST(ClassNames, AnIdWithoutANameIsItsNumber) {
  const Names names{"person", "car"};
  EXPECT_EQ(class_name(names, 1), "car");
  EXPECT_EQ(class_name(names, 2), "2");
  EXPECT_EQ(class_name({}, 0), "0");
}

}  // namespace
}  // namespace vedette
