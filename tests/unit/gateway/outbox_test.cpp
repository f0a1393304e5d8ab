#include "gateway/outbox.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

Text text(int number) { return std::make_shared<const std::string>(std::to_string(number)); }
const VideoPtr kPixelVideo = std::make_shared<const Video>();
PicturePtr picture(std::uint64_t id, const VideoPtr& video = kPixelVideo) { return Picture::of_jpeg(video, id, 0, {}); }
// The next that is no word about the way of pictures.
Outgoing next_but_announcements(Outbox& outbox) {
  Outgoing message = outbox.next();
  const Text* text = std::get_if<Text>(&message);
  return text != nullptr && (*text)->find("\"type\":\"video\"") != std::string::npos ? outbox.next() : message;
}
std::string text_of(const Outgoing& message) {
  const Text* found = std::get_if<Text>(&message);
  return found != nullptr ? **found : "not a text";
}
std::uint64_t picture_of(const Outgoing& message) {
  const PicturePtr* found = std::get_if<PicturePtr>(&message);
  return found != nullptr ? (*found)->frame_id() : 0;
}

TEST(Outbox, NewestPictureWins) {
  Outbox outbox([] {});
  for (std::uint64_t id = 1; id <= 5; ++id) outbox.offer_picture(picture(id));
  EXPECT_EQ(picture_of(next_but_announcements(outbox)), 5u);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
  EXPECT_EQ(outbox.skipped_pictures(), 4u);
}

TEST(Outbox, TextsAreBoundedAndInOrder) {
  Outbox outbox([] {});
  outbox.offer_state({text(0)});
  for (int i = 0; i < 100; ++i) outbox.offer_detections(text(i));
  for (int i = 200; i < 300; ++i) outbox.offer_event(text(i));
  outbox.offer_hello(text(-1));
  EXPECT_EQ(text_of(outbox.next()), "-1");
  for (int i = 300 - static_cast<int>(Outbox::kEvents); i < 300; ++i) EXPECT_EQ(text_of(outbox.next()), std::to_string(i));
  for (int i = 100 - static_cast<int>(Outbox::kDetections); i < 100; ++i) EXPECT_EQ(text_of(outbox.next()), std::to_string(i));
  EXPECT_TRUE(std::holds_alternative<StateHead>(outbox.next()));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
}

TEST(Outbox, TextsDoNotStarvePictures) {
  Outbox outbox([] {});
  outbox.offer_picture(picture(1));
  bool seen = false;
  for (int i = 0; i < 2 * Outbox::kTextsInARow && !seen; ++i) {
    outbox.offer_detections(text(i));
    seen = picture_of(next_but_announcements(outbox)) == 1;
  }
  EXPECT_TRUE(seen);
}

TEST(Outbox, WakesOnlyASessionThatFoundNothing) {
  int wakes = 0;
  Outbox outbox([&] { ++wakes; });
  outbox.offer_picture(picture(1));
  EXPECT_EQ(wakes, 0) << "it hasn't asked yet";
  EXPECT_EQ(picture_of(next_but_announcements(outbox)), 1u);
  outbox.offer_picture(picture(2));
  EXPECT_EQ(wakes, 0) << "it is still writing";
  EXPECT_EQ(picture_of(outbox.next()), 2u);
  (void)outbox.next();
  outbox.offer_picture(picture(3));
  outbox.offer_detections(text(1));
  EXPECT_EQ(wakes, 1);
}

// Whoever decodes must know of a change before it sees the first picture of the new kind, and none of the old after it.
TEST(Outbox, AChangeIsToldRightBeforeItsFirstPicture) {
  Outbox outbox([] {});
  outbox.follow(nullptr, "because");
  outbox.offer_picture(picture(1));
  EXPECT_NE(text_of(outbox.next()).find("\"why\":\"because\""), std::string::npos);
  EXPECT_EQ(picture_of(outbox.next()), 1u);
  outbox.offer_picture(picture(2));
  EXPECT_EQ(picture_of(outbox.next()), 2u) << "once is enough";
  Video larger;
  larger.width = 640;
  outbox.offer_picture(picture(3, std::make_shared<const Video>(larger)));
  EXPECT_NE(text_of(outbox.next()).find("\"width\":640"), std::string::npos);
  outbox.offer_state({text(0)});
  EXPECT_EQ(picture_of(outbox.next()), 3u) << "nothing comes between";
  outbox.follow(nullptr, "of another reason");
  outbox.offer_picture(picture(4));
  (void)outbox.next();  // the state
  EXPECT_NE(text_of(outbox.next()).find("of another reason"), std::string::npos);
}

TEST(Outbox, PicturesOnlyMeansIt) {
  Outbox outbox([] {}, Outbox::Takes::kPicturesOnly);
  outbox.offer_hello(text(1));
  outbox.offer_event(text(2));
  outbox.offer_state({text(0)});
  outbox.offer_pong({});
  outbox.offer_picture(picture(1));
  EXPECT_EQ(picture_of(outbox.next()), 1u);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
}

TEST(Outbox, TheNewestPingIsAnswered) {
  Outbox outbox([] {});
  for (int id = 0; id < 1000; ++id) outbox.offer_pong({id, 0.5});
  const Outgoing message = outbox.next();
  ASSERT_TRUE(std::holds_alternative<Ping>(message));
  EXPECT_EQ(std::get<Ping>(message).id, 999);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
}

}  // namespace
}  // namespace vedette::gateway
