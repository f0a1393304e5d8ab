// What is kept for a broker: in order, bounded, counted, and again after each break until it has arrived.
#include "notify/outbox.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace vedette::notify {
namespace {

std::vector<Outbox::Sending> take_all(Outbox& outbox) {
  std::vector<Outbox::Sending> all;
  while (auto sending = outbox.next()) all.push_back(*std::move(sending));
  return all;
}
std::vector<std::string> payloads(const std::vector<Outbox::Sending>& all) {
  std::vector<std::string> payloads;
  for (const auto& sending : all) payloads.push_back(sending.payload);
  return payloads;
}
using Texts = std::vector<std::string>;

TEST(Outbox, SendsEventsInOrderOnce) {
  Outbox outbox(10);
  for (const char* text : {"1", "2", "3"}) outbox.push("t", text);
  const auto sent = take_all(outbox);
  EXPECT_EQ(payloads(sent), (Texts{"1", "2", "3"}));
  EXPECT_EQ(outbox.on_the_way(), 3u);
  EXPECT_FALSE(outbox.empty());
  for (const auto& sending : sent) {
    EXPECT_FALSE(sending.retain);
    outbox.arrived(sending.ticket);
    outbox.arrived(sending.ticket);  // a second time changes nothing
  }
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.delivered(), 3u);
}

TEST(Outbox, OfAValueOnlyTheNewestCounts) {
  Outbox outbox(10);
  outbox.set("a", "1");
  outbox.set("b", "1");
  outbox.set("a", "2");
  auto sent = take_all(outbox);
  EXPECT_EQ(payloads(sent), (Texts{"2", "1"}));
  EXPECT_TRUE(sent[0].retain);
  outbox.set("a", "2");  // nothing new
  EXPECT_TRUE(take_all(outbox).empty());
  for (const auto& sending : sent) outbox.arrived(sending.ticket);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, AfterABreakGoesAllThatHasNotArrivedAndEveryValue) {
  Outbox outbox(10);
  outbox.set("v", "x");
  for (const char* text : {"1", "2", "3", "4"}) outbox.push("t", text);
  const auto sent = take_all(outbox);
  outbox.arrived(sent[0].ticket);  // the value
  outbox.arrived(sent[1].ticket);
  outbox.restart();
  EXPECT_EQ(outbox.on_the_way(), 0u);
  EXPECT_EQ(payloads(take_all(outbox)), (Texts{"x", "2", "3", "4"}));
  outbox.arrived(sent[2].ticket);  // of the connection before
  EXPECT_EQ(outbox.delivered(), 1u);
}

TEST(Outbox, FullItDropsTheOldestAndCounts) {
  Outbox outbox(3);
  for (const char* text : {"1", "2"}) outbox.push("t", text);
  const auto sent = take_all(outbox);
  for (const char* text : {"3", "4", "5"}) outbox.push("t", text);
  EXPECT_EQ(outbox.dropped(), 2u);
  EXPECT_EQ(payloads(take_all(outbox)), (Texts{"3", "4", "5"}));
  outbox.arrived(sent[0].ticket);  // dropped meanwhile
  EXPECT_EQ(outbox.delivered(), 0u);
  EXPECT_EQ(outbox.waiting(), 3u);
}

TEST(Outbox, WhatIsRefusedIsDoneButNotDelivered) {
  Outbox outbox(3);
  outbox.set("v", "x");
  EXPECT_EQ(outbox.oldest(), 1u);
  EXPECT_EQ(outbox.push("t", "1"), 1u);
  EXPECT_EQ(outbox.push("t", "2"), 2u);
  const auto sent = take_all(outbox);
  outbox.refused(sent[0].ticket);
  outbox.refused(sent[2].ticket);
  EXPECT_EQ(outbox.oldest(), 1u) << "the first is still on its way";
  outbox.arrived(sent[1].ticket);
  outbox.refused(sent[1].ticket);  // changes nothing
  EXPECT_EQ(outbox.oldest(), 3u);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.delivered(), 1u);
  EXPECT_EQ(outbox.refused(), 2u);
}

TEST(Outbox, AClearedValueIsForgottenOnceItHasArrived) {
  Outbox outbox(3);
  outbox.set("v", "x");
  (void)take_all(outbox);
  outbox.set("v", "");
  outbox.restart();
  const auto sent = take_all(outbox);
  ASSERT_EQ(payloads(sent), (Texts{""}));
  outbox.arrived(sent[0].ticket);
  outbox.restart();
  EXPECT_TRUE(take_all(outbox).empty());
}

// Whatever happens: events are sent in order within a connection, none is left out but the dropped, and the bound holds.
TEST(Outbox, HoldsItsPromisesOnRandomWalks) {
  std::minstd_rand dice(7);
  for (int walk = 0; walk < 200; ++walk) {
    Outbox outbox(1 + dice() % 8);
    std::uint64_t pushed = 0, newest_arrived = 0, arrived = 0, last_sent = 0;
    std::vector<Outbox::Sending> flying;
    for (int step = 0; step < 300; ++step) {
      switch (dice() % 6) {
        case 0:
        case 1:
          outbox.push("t", std::to_string(++pushed));
          break;
        case 2:
        case 3:
          if (auto sending = outbox.next()) {
            const std::uint64_t number = std::stoull(sending->payload);
            EXPECT_GT(number, last_sent);
            last_sent = number;
            flying.push_back(*std::move(sending));
          }
          break;
        case 4:
          if (!flying.empty()) {  // the broker acknowledges in order
            const std::uint64_t before = outbox.delivered();
            outbox.arrived(flying.front().ticket);
            if (outbox.delivered() > before) {
              ++arrived;
              EXPECT_GT(std::stoull(flying.front().payload), newest_arrived) << "counted twice";
              newest_arrived = std::stoull(flying.front().payload);
            }
            flying.erase(flying.begin());
          }
          break;
        default:
          if (dice() % 8 != 0) break;
          outbox.restart();
          flying.clear();
          last_sent = newest_arrived;
      }
    }
    for (auto& sending : flying) outbox.arrived(sending.ticket);
    outbox.restart();
    for (const auto& sending : take_all(outbox)) outbox.arrived(sending.ticket);
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.delivered() + outbox.dropped(), pushed);
  }
}

}  // namespace
}  // namespace vedette::notify
