// The measures on cases small enough to count by hand, and files of boxes.
#include "mot/measures.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace vedette::mot {
namespace {

// An object or a track, 100 x 100, at `left` on a frame.
Row at(std::int64_t frame, std::int64_t id, double left, double conf = 1) { return {frame, id, left, 0, 100, 100, conf}; }

Measures measured(const std::vector<Row>& truth, const std::vector<Row>& results) {
  const auto counts = measure(truth, results);
  EXPECT_TRUE(counts.ok());
  return counts.ok() ? *counts : Measures{};
}

TEST(Measures, AllRight) {
  std::vector<Row> truth, results;
  for (int frame = 1; frame <= 10; ++frame) truth.push_back(at(frame, 1, frame)), results.push_back(at(frame, 77, frame));
  const Measures counts = measured(truth, results);
  EXPECT_EQ(counts.truth, 10u);
  EXPECT_EQ(counts.matches, 10u);
  EXPECT_EQ(counts.switches + counts.fragments, 0u);
  EXPECT_DOUBLE_EQ(counts.mota(), 1);
  EXPECT_DOUBLE_EQ(counts.motp(), 1);
  EXPECT_DOUBLE_EQ(counts.idf1(), 1);
}

TEST(Measures, MissedAndFalseBoxes) {
  // Frame 2 is missed, frame 3 has a false box too. The false box's IoU with the object is 0.
  const Measures counts =
      measured({at(1, 1, 0), at(2, 1, 0), at(3, 1, 0), at(4, 1, 0)}, {at(1, 5, 0), at(3, 5, 0), at(3, 6, 500), at(4, 5, 0)});
  EXPECT_EQ(counts.matches, 3u);
  EXPECT_EQ(counts.switches, 0u);
  EXPECT_EQ(counts.fragments, 1u);
  EXPECT_DOUBLE_EQ(counts.mota(), 1 - 2.0 / 4);
  EXPECT_DOUBLE_EQ(counts.idf1(), 2 * 3.0 / (4 + 4));
}

TEST(Measures, ASwitchCostsOneInMotaAndHalfTheTrackInIdf1) {
  std::vector<Row> truth, results;
  for (int frame = 1; frame <= 10; ++frame) truth.push_back(at(frame, 1, 0)), results.push_back(at(frame, frame <= 6 ? 8 : 9, 0));
  const Measures counts = measured(truth, results);
  EXPECT_EQ(counts.switches, 1u);
  EXPECT_EQ(counts.fragments, 0u);
  EXPECT_DOUBLE_EQ(counts.mota(), 0.9);
  EXPECT_DOUBLE_EQ(counts.idf1(), 2 * 6.0 / 20);
}

TEST(Measures, ASwitchIsSeenAcrossAGap) {
  const Measures counts = measured({at(1, 1, 0), at(2, 1, 0), at(3, 1, 0)}, {at(1, 8, 0), at(3, 9, 0)});
  EXPECT_EQ(counts.switches, 1u);
  EXPECT_EQ(counts.fragments, 1u);
}

TEST(Measures, AnObjectThatIsAwayIsNoFragment) {
  const Measures counts = measured({at(1, 1, 0), at(3, 1, 0)}, {at(1, 8, 0), at(3, 8, 0)});
  EXPECT_EQ(counts.fragments + counts.switches, 0u);
  EXPECT_DOUBLE_EQ(counts.mota(), 1);
}

TEST(Measures, APairStaysTogetherWhileItFits) {
  // On frame 2 track 9 fits the object better, but 8 still fits: IoU 80 / 120.
  const Measures counts = measured({at(1, 1, 0), at(2, 1, 0)}, {at(1, 8, 0), at(2, 8, 20), at(2, 9, 0)});
  EXPECT_EQ(counts.switches, 0u);
  EXPECT_EQ(counts.matches, 2u);
  EXPECT_DOUBLE_EQ(counts.motp(), (1 + 80.0 / 120) / 2);
  EXPECT_DOUBLE_EQ(counts.mota(), 1 - 1.0 / 2);
}

TEST(Measures, WhatOverlapsLessThanHalfIsNoMatch) {
  // 34 to the side: 66 / 134 < 0.5; 33: 67 / 133 > 0.5.
  EXPECT_EQ(measured({at(1, 1, 0)}, {at(1, 8, 34)}).matches, 0u);
  EXPECT_EQ(measured({at(1, 1, 0)}, {at(1, 8, 33)}).matches, 1u);
  EXPECT_DOUBLE_EQ(measured({at(1, 1, 0)}, {at(1, 8, 34)}).mota(), -1) << "one missed, one false, of one";
}

TEST(Measures, IdsAreGivenForTheMostBoxesInAll) {
  // Track 8 is on object 1 for two frames and on object 2 for three; track 9 on object 1 for the rest.
  std::vector<Row> truth, results;
  for (int frame = 1; frame <= 5; ++frame) {
    truth.push_back(at(frame, 1, 0)), truth.push_back(at(frame, 2, 500));
    results.push_back(at(frame, 8, frame <= 2 ? 0 : 500));
    if (frame > 2) results.push_back(at(frame, 9, 0));
  }
  const Measures counts = measured(truth, results);
  EXPECT_EQ(counts.id_matches, 6u);
  EXPECT_DOUBLE_EQ(counts.idf1(), 2 * 6.0 / (10 + 8));
  EXPECT_EQ(counts.switches, 1u) << "object 1 from 8 to 9";
}

TEST(Measures, WhatIsNotToBeCountedIsNot) {
  const Measures counts =
      measured({at(1, 1, 0), at(1, 2, 500, 0), at(2, 1, 0), at(2, 2, 500, 0)}, {at(1, 8, 0), at(1, 9, 500), at(2, 8, 0)});
  EXPECT_EQ(counts.truth, 2u);
  EXPECT_EQ(counts.results, 2u);
  EXPECT_DOUBLE_EQ(counts.mota(), 1);
  EXPECT_DOUBLE_EQ(counts.idf1(), 1);
}

// A made-up scene, followed badly on purpose. The numbers are what TrackEval 1.3.0, which computes the Challenge's own tables,
// says about these two files.
TEST(Measures, AgreeWithTrackEval) {
  const auto rows = [](const std::string& name) {
    const auto text = read_file(VEDETTE_MOT_DATA "/" + name);
    EXPECT_TRUE(text.ok());
    const auto read = rows_from_text(text.ok() ? *text : "", name);
    EXPECT_TRUE(read.ok());
    return read.ok() ? *read : std::vector<Row>{};
  };
  const Measures counts = measured(rows("truth.txt"), rows("result.txt"));
  EXPECT_NEAR(counts.mota(), 0.6223506743737958, 1e-12);
  EXPECT_NEAR(counts.motp(), 0.7725608921857852, 1e-12);
  EXPECT_NEAR(counts.idf1(), 0.4665936473165389, 1e-12);
  EXPECT_EQ(counts.switches, 63u);
  EXPECT_EQ(counts.fragments, 51u);
  EXPECT_EQ(counts.truth - counts.matches, 129u);
  EXPECT_EQ(counts.results - counts.matches, 4u);
}

TEST(Measures, NothingAtAll) {
  const Measures counts = measured({}, {});
  EXPECT_EQ(counts.mota() + counts.motp() + counts.idf1(), 0);
}

TEST(Measures, AnIdTwiceOnAFrameIsRefused) {
  const auto counts = measure({at(1, 1, 0)}, {at(1, 8, 0), at(1, 8, 500)});
  ASSERT_FALSE(counts.ok());
  EXPECT_EQ(counts.error().text, "result: id 8 stands twice on frame 1");
}

TEST(Rows, ComeBackAsWritten) {
  const std::vector<Row> rows = {{1, 3, 1.5, -2, 30, 40.25, 1, 1, 0.5}, {7, -1, 0, 0, 0, 0, 0.625, 2, 1}};
  const auto read = rows_from_text(text_of_rows(rows), "rows");
  ASSERT_TRUE(read.ok()) << read.error().text;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(text_of_rows(*read), text_of_rows(rows));
  EXPECT_EQ((*read)[1].id, -1);
  EXPECT_EQ((*read)[0].visibility, 0.5);
}

TEST(Rows, FilesOfTheChallengeAreRead) {
  const auto read = rows_from_text("# a comment\r\n1, -1, 10.5, 20, 30, 40, 0.9, -1, -1, -1\r\n\n2,4,1,2,3,4,1\n", "det.txt");
  ASSERT_TRUE(read.ok()) << read.error().text;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].left, 10.5);
  EXPECT_EQ((*read)[0].class_id, 1);
  EXPECT_EQ((*read)[1].id, 4);
}

std::string refusal(const std::string& text) {
  const auto read = rows_from_text(text, "gt.txt");
  return read.ok() ? "" : read.error().text;
}

TEST(Rows, MistakesAreNamedWithTheirLine) {
  EXPECT_EQ(refusal("1,1,0,0,5,5,1\n1,2,0,zero,5,5,1\n"), "gt.txt:2: \"zero\" is no number that this file may hold");
  EXPECT_EQ(refusal("1,1,0,0,5\n"), "gt.txt:1: expected frame,id,left,top,width,height,conf,class,visibility");
  EXPECT_EQ(refusal("0,1,0,0,5,5,1\n"), "gt.txt:1: frames are whole numbers from 1 to 10000000");
  EXPECT_EQ(refusal("1,1,0,0,-5,5,1\n"), "gt.txt:1: a box's width and height aren't below 0");
  EXPECT_NE(refusal("1,1,nan,0,5,5,1\n"), "");
  EXPECT_NE(refusal("1,1,inf,0,5,5,1\n"), "");
  EXPECT_NE(refusal("1,1,1e300,0,5,5,1\n"), "");
  EXPECT_NE(refusal("1,,0,0,5,5,1\n"), "");
  EXPECT_EQ(refusal("1,1,0,0,5,5,1,1,1,1,1\n"), "gt.txt:1: more than ten fields");
  EXPECT_EQ(refusal(""), "");
}

}  // namespace
}  // namespace vedette::mot
