// What the numbers of a model mean: names as files and metadata have them.
#include "model/class_names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "model/literal.h"

namespace vedette::model {
namespace {

using Names = std::vector<std::string>;

TEST(ClassNames, CocoIdsAndIndexesAreInverse) {
  EXPECT_EQ(coco_category_id(0), 1);    // person
  EXPECT_EQ(coco_category_id(11), 13);  // stop sign
  EXPECT_EQ(coco_category_id(79), 90);  // toothbrush
  std::set<int> ids;
  for (std::size_t i = 0; i < 80; ++i) {
    EXPECT_EQ(coco_index(coco_category_id(i)), static_cast<int>(i));
    ids.insert(coco_category_id(i));
  }
  EXPECT_EQ(ids.size(), 80u);
  for (const int none : {-1, 0, 12, 83, 91, 1000}) EXPECT_EQ(coco_index(none), -1);
}

TEST(ClassNames, AreReadFromEveryUsualForm) {
  const Names wanted{"cat", "sheep dog", "cow's calf"};
  for (const char* text : {
           R"({0: 'cat', 1: 'sheep dog', 2: "cow's calf"})",                                       // Ultralytics
           R"({"0": "cat", "1": "sheep dog", "2": "cow's calf"})",                                 // JSON
           R"({"2": "cow's calf", "0": "cat", "1": "sheep dog"})",                                 // in any order
           R"({"cat": 0, "sheep dog": 1, "cow's calf": 2})",                                       // the other way round
           R"(['cat', 'sheep dog', 'cow\'s calf',])",                                              // Python
           R"(("cat", "sheep dog", "cow's calf"))",                                                //
           R"({"num_labels": 3, "id2label": {"0": "cat", "1": "sheep dog", "2": "cow's calf"}})",  // a Hugging Face config.json
           R"({"class_names": ["cat", "sheep dog", "cow's calf"], "num_classes": 3, "lr": 1e-4, "ema": true, "x": null})",
           "cat\r\nsheep dog\r\ncow's calf\r\n",  //
           "cat\nsheep dog\ncow's calf\n\n",      //
           " cat, sheep dog ,cow's calf",         //
       })
    EXPECT_EQ(parse_names(text), wanted) << text;
  EXPECT_EQ(parse_names("person"), Names{"person"});
  EXPECT_EQ(parse_names("{0: 'cat', 2: 'dog'}"), (Names{"cat", "", "dog"}));  // a class without a name
  EXPECT_EQ(parse_names(R"(["sm\u00f8rrebr\u00f8d", "\ud83d\udc31", "tab\there"])"),
            (Names{"sm\u00f8rrebr\u00f8d", "\U0001f431", "tab\there"}));
}

TEST(ClassNames, OfNothingUsualAreNone) {
  for (const char* text : {"",
                           "  \n ",
                           "{}",
                           "[]",
                           "{",
                           "[",
                           "['cat'",
                           "{0: 'cat'",
                           "{0 'cat'}",
                           "{-1: 'cat'}",
                           "{0.5: 'cat'}",
                           "{99999999: 'cat'}",
                           "{'cat': 'dog'}",
                           "{'a': {'b': 1}}",
                           "[['cat']]",
                           "[{'id': 1}]",
                           "['cat'] and more",
                           "{0: }",
                           "[,]",
                           "['\\x4']",
                           "['\\ud800']",
                           "['cat' 'dog']",
                           "{\"a\": 1e999}",
                           "((((((((((((((((((((1))))))))))))))))))))"})
    EXPECT_TRUE(parse_names(text).empty()) << text;
}

TEST(ClassNames, OfAModelAreUnderTheKeysThatPeopleUse) {
  std::map<std::string, std::string, std::less<>> entries;
  const auto names = [&] {
    return names_in_metadata([&](std::string_view key) {
      const auto found = entries.find(key);
      return found == entries.end() ? std::string() : found->second;
    });
  };
  EXPECT_TRUE(names().empty());
  for (const char* key : {"names", "class_names", "classes", "labels", "id2label", "label2id"}) {
    entries = {{key, "{'cat': 0, 'dog': 1}"}};
    EXPECT_EQ(names(), (Names{"cat", "dog"})) << key;
  }
  entries = {{"classes", "80"}, {"labels", "['cat', 'dog']"}};  // a number of classes isn't a name
  EXPECT_EQ(names(), (Names{"cat", "dog"}));
  entries = {{"rfdetr_notes", R"({"run": 7, "class_names": ["cat", "dog"]})"}};
  EXPECT_EQ(names(), (Names{"cat", "dog"}));
  entries = {{"rfdetr_notes", "trained on cats, dogs"}};
  EXPECT_TRUE(names().empty());
}

TEST(ClassNames, OfAFile) {
  const std::string path = testing::TempDir() + "vedette-labels.txt";
  std::ofstream(path) << R"({"id2label": {"0": "cat", "1": "dog"}})";
  const auto names = read_labels_file(path);
  ASSERT_TRUE(names.ok()) << names.error().text;
  EXPECT_EQ(*names, (Names{"cat", "dog"}));
  std::ofstream(path) << "\n \n";
  const auto none = read_labels_file(path);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().text.find(path + ": no names in it"), std::string::npos) << none.error().text;
  EXPECT_FALSE(read_labels_file("/nonexistent").ok());
}

TEST(ClassTable, CocoCategoryIdsAreMappedToIndexes) {
  const Names coco(coco_names().begin(), coco_names().end());
  for (const Names& given : {Names{}, coco})
    for (const std::size_t classes : {90, 91}) {
      const auto table = make_class_table(given, {.count = classes});
      ASSERT_TRUE(table.ok());
      EXPECT_EQ(table->names.size(), 80u);
      ASSERT_EQ(table->map.size(), classes);
      EXPECT_EQ(table->map.at(0), -1);
      EXPECT_EQ(table->map.at(1), 0);
      EXPECT_EQ(table->map.back(), classes == 91 ? 79 : 78);
    }
}

TEST(ClassTable, WhatHasNoNameIsNotReported) {
  const auto table = make_class_table({"background", "cat", "", "N/A", "dog"}, {.count = 5});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->names, (Names{"cat", "dog"}));
  EXPECT_EQ(table->map, (std::vector<int>{-1, 0, -1, -1, 1}));
  const auto spare = make_class_table({"cat", "dog"}, {.count = 3, .background = true});
  ASSERT_TRUE(spare.ok());
  EXPECT_EQ(spare->map, (std::vector<int>{0, 1}));  // the third is beyond it: dropped
  const auto none = make_class_table({"", "background"}, {.count = 2});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().text.find("none of the 2 classes has a name"), std::string::npos) << none.error().text;
}

TEST(ClassTable, RefusesNumbersThatDoNotFit) {
  const auto refusal = [](Names given, ModelClasses classes) {
    const auto table = make_class_table(std::move(given), classes);
    return table.ok() ? std::string("accepted") : table.error().text;
  };
  EXPECT_EQ(refusal({"cat", "dog"}, {.count = 3}), "there are 2 class names, but the model tells 3 classes apart");
  EXPECT_EQ(refusal({"cat", "dog"}, {.count = 4, .background = true}),
            "there are 2 class names, but the model tells 4 classes apart");
  EXPECT_EQ(refusal(Names(coco_names().begin(), coco_names().end()), {.count = 7}),
            "there are 80 class names, but the model tells 7 classes apart");
  EXPECT_EQ(refusal({}, {.count = 7}),
            "the model tells 7 classes apart and doesn't name them: a labels file (detect.labels) is needed");
  EXPECT_EQ(refusal(Names(70000, "cat"), {}), "there are 70000 class names, at most 65535 can be told apart");
  EXPECT_EQ(refusal({"cat"}, {}), "accepted");
}

}  // namespace
}  // namespace vedette::model
