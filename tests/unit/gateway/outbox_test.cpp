#include "gateway/outbox.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

Text text(int number) { return std::make_shared<const std::string>(std::to_string(number)); }
PicturePtr picture(std::uint64_t id) {
  auto made = std::make_shared<Picture>();
  made->frame_id = id;
  return made;
}
std::string text_of(const Outgoing& message) {
  const Text* found = std::get_if<Text>(&message);
  return found != nullptr ? **found : "not a text";
}
std::uint64_t picture_of(const Outgoing& message) {
  const PicturePtr* found = std::get_if<PicturePtr>(&message);
  return found != nullptr ? (*found)->frame_id : 0;
}

TEST(Outbox, NewestPictureWins) {
  Outbox outbox([] {});
  for (std::uint64_t id = 1; id <= 5; ++id) outbox.offer_picture(picture(id));
  EXPECT_EQ(picture_of(outbox.next()), 5u);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
  EXPECT_EQ(outbox.skipped_pictures(), 4u);
}

TEST(Outbox, TextsAreBoundedAndInOrder) {
  Outbox outbox([] {});
  outbox.offer_state(std::make_shared<StateReport>());
  for (int i = 0; i < 100; ++i) outbox.offer_detections(text(i));
  for (int i = 200; i < 300; ++i) outbox.offer_event(text(i));
  outbox.offer_hello(text(-1));
  EXPECT_EQ(text_of(outbox.next()), "-1");
  for (int i = 300 - static_cast<int>(Outbox::kEvents); i < 300; ++i) EXPECT_EQ(text_of(outbox.next()), std::to_string(i));
  for (int i = 100 - static_cast<int>(Outbox::kDetections); i < 100; ++i) EXPECT_EQ(text_of(outbox.next()), std::to_string(i));
  EXPECT_TRUE(std::holds_alternative<StatePtr>(outbox.next()));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(outbox.next()));
}

TEST(Outbox, TextsDoNotStarvePictures) {
  Outbox outbox([] {});
  outbox.offer_picture(picture(1));
  bool seen = false;
  for (int i = 0; i < 2 * Outbox::kTextsInARow && !seen; ++i) {
    outbox.offer_detections(text(i));
    seen = picture_of(outbox.next()) == 1;
  }
  EXPECT_TRUE(seen);
}

TEST(Outbox, WakesOnlyASessionThatFoundNothing) {
  int wakes = 0;
  Outbox outbox([&] { ++wakes; });
  outbox.offer_picture(picture(1));
  EXPECT_EQ(wakes, 0) << "it hasn't asked yet";
  (void)outbox.next();
  outbox.offer_picture(picture(2));
  EXPECT_EQ(wakes, 0) << "it is still writing";
  (void)outbox.next();
  (void)outbox.next();
  outbox.offer_picture(picture(3));
  outbox.offer_detections(text(1));
  EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace vedette::gateway
