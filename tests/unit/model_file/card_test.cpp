#include "model_file/card.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <span>

#include "model_file/sha256.h"
#include "support/program.h"

namespace vedette::model_file {
namespace {

using State = FileWithCard::State;

Card full_card() {
  Card card;
  card.file = "m_int8.onnx";
  card.sha256 = std::string(64, 'a');
  card.bytes = 3'967'499;
  card.family = "nanodet";
  card.width = 416, card.height = 320;
  card.accuracy = {"coco_val32", 32, 0.2411, 0.3992, 0.2587, 0.2218};
  card.latency = {8.25, 9.5, "a \"machine\"", "cpu", 2};
  card.origin = {
      "m.onnx", std::string(64, 'b'), {"coco_val32", 32, 0.247, 0.3987, 0.2475, std::nullopt}, {14.5, 16, "a machine", "cpu", 2}};
  card.made = "static INT8";
  card.date = "2026-11-26";
  return card;
}

TEST(Card, WhatIsWrittenIsRead) {
  const auto read = parse_card(to_json(full_card()));
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(to_json(*read), to_json(full_card()));
  EXPECT_EQ(read->accuracy->person_ap, 0.2218);
  EXPECT_EQ(read->origin->accuracy.person_ap, std::nullopt);
  EXPECT_EQ(read->latency->machine, "a \"machine\"");

  Card small;
  small.file = "m.onnx";
  const auto again = parse_card(to_json(small));
  ASSERT_TRUE(again.ok()) << again.error().text;
  EXPECT_FALSE(again->accuracy || again->latency || again->origin);
}

TEST(Card, MistakesAreSaidInOneSentence) {
  const std::string good = to_json(full_card());
  const auto mistake = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto card = parse_card(text);
    return card.ok() ? "no mistake" : card.error().text;
  };
  EXPECT_EQ(parse_card("[]").error().text, "no JSON object");
  EXPECT_EQ(parse_card(good.substr(0, good.size() / 2)).error().text, "no JSON object");
  EXPECT_EQ(mistake("\"card\": 1", "\"card\": 2"), "a card of version 2, expected 1");
  EXPECT_EQ(mistake("\"card\": 1,", ""), "\"card\": expected a whole number");
  EXPECT_EQ(mistake("\"m_int8.onnx\"", "5"), "\"file\": expected a text");
  EXPECT_EQ(mistake("\"bytes\": 3967499", "\"bytes\": -1"), "\"bytes\": expected a whole number");
  EXPECT_EQ(mistake("\"width\": 416", "\"width\": 1e3"), "\"input.width\": expected a whole number");
  EXPECT_EQ(mistake("\"width\": 416", "\"width\": 4294967296"), "\"input.width\": expected a whole number");
  EXPECT_EQ(mistake("\"ap\": 0.2411", "\"ap\": 1.5"), "\"accuracy.ap\": expected a number in its range");
  EXPECT_EQ(mistake("\"ap\": 0.2411", "\"ap\": null"), "\"accuracy.ap\": expected a number");
  EXPECT_EQ(mistake("\"median_ms\": 8.25", "\"median_ms\": -8.25"), "\"latency.median_ms\": expected a number in its range");
  EXPECT_EQ(mistake("\"dataset\": \"coco_val32\"", "\"dataset\": {}"), "\"accuracy.dataset\": expected a text");
}

TEST(Card, AnyBytesAreRefusedOrRead) {
  const std::string good = to_json(full_card());
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
      text[random() % text.size()] = static_cast<char>(random());
    const auto card = parse_card(text);
    if (!card.ok()) continue;
    EXPECT_TRUE(!card->accuracy || (card->accuracy->ap >= 0 && card->accuracy->ap <= 1));
    EXPECT_TRUE(parse_card(to_json(*card)).ok());
  }
}

TEST(Sha256, IsThatOfTheStandard) {
  Sha256 hash;
  const std::string text = "abc";
  hash.add(std::as_bytes(std::span(text).first(1)));
  hash.add(std::as_bytes(std::span(text).subspan(1)));
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256_of("/nowhere").error().text, "/nowhere: No such file or directory");
}

TEST(CardOfAFile, IsFreshStaleAbsentOrUnreadable) {
  const test::TempFolder folder(std::filesystem::temp_directory_path());
  const std::string model = folder.write("m.onnx", "the weights");
  EXPECT_EQ(look_at_file(model)->state, State::kNoCard);
  EXPECT_EQ(look_at_file(model)->bytes, 11u);

  Card card = full_card();
  card.sha256 = sha256_of(model).value();
  ASSERT_TRUE(write_card(card_path(model), card).ok());
  EXPECT_EQ(card_path(model), model + ".card.json");
  auto look = look_at_file(model);
  EXPECT_EQ(look->state, State::kFresh);
  EXPECT_EQ(look->problem, "");
  EXPECT_EQ(look->card.accuracy->ap, 0.2411);

  folder.write("m.onnx", "the weightS");
  look = look_at_file(model);
  EXPECT_EQ(look->state, State::kStale);
  EXPECT_EQ(look->problem,
            "model card " + model + ".card.json is stale: it is about another file, with the sha256 " + card.sha256);

  folder.write("m.onnx.card.json", "{");
  look = look_at_file(model);
  EXPECT_EQ(look->state, State::kUnreadable);
  EXPECT_EQ(look->problem, "model card " + model + ".card.json: no JSON object");

  EXPECT_EQ(look_at_file(folder.file("none")).error().text, "model " + folder.file("none") + ": No such file or directory");
  EXPECT_FALSE(write_card(folder.file("none/m.onnx.card.json"), card).ok());
}

TEST(CardOfAFile, SaysDayAndMachine) {
  EXPECT_EQ(today().size(), 10u);
  EXPECT_FALSE(machine_name().empty());
}

}  // namespace
}  // namespace vedette::model_file
