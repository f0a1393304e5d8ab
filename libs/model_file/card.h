// Model card: what is known about a model's file, as JSON beside it (`m.onnx.card.json`): how well it does, how fast it is, how
// it was made. `vedette model eval --card` and `quantize` write it, `info` and the gateway show it. It belongs to the file with
// the SHA-256 that it names: beside another one it is stale. Plain data and functions without state; errors name the card's path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace vedette::model_file {

// COCO's average precision (model/coco_eval.h), 0..1.
struct Accuracy {
  std::string dataset;     // the folder's name
  std::size_t photos = 0;  // that it was measured on
  double ap = 0, ap50 = 0, ap75 = 0;
  std::optional<double> person_ap;  // none: the dataset has no persons
};

// Of one picture: pixel pass, model and boxes together.
struct Latency {
  double median_ms = 0, p90_ms = 0;
  std::string machine;        // the processor's name
  std::string provider;       // what ran the model
  std::uint32_t threads = 0;  // that were asked for; 0: the detector's own choice
};

struct Card {
  std::string file;    // name, without folders
  std::string sha256;  // of the file that all this is about
  std::uint64_t bytes = 0;
  std::string family;
  std::uint32_t width = 0, height = 0;  // of the input
  std::optional<Accuracy> accuracy;
  std::optional<Latency> latency;

  // What it was made from, and how: of a quantised model the original, measured in the same run.
  struct Origin {
    std::string file, sha256;
    Accuracy accuracy;
    Latency latency;
  };
  std::optional<Origin> origin;
  std::string made;  // "static INT8, …"; "": not said
  std::string date;  // UTC, "2026-11-26"
};

std::string card_path(const std::string& model_path);
Result<Card> read_card(const std::string& path);
Result<> write_card(const std::string& path, const Card& card);

// The card as it stands in its file.
std::string to_json(const Card& card);
// kCorrupt with one sentence for what isn't a card; numbers are finite and in range.
Result<Card> parse_card(const std::string& text);

// A model's file with what its card says about it.
struct FileWithCard {
  enum class State { kNoCard, kFresh, kStale, kUnreadable };
  State state = State::kNoCard;
  std::uint64_t bytes = 0;
  std::string sha256;
  Card card;            // unless kNoCard or kUnreadable
  std::string problem;  // kStale, kUnreadable: one sentence
};
// Reads the whole model file for its SHA-256 if there is a card. The Error is about the model's file.
Result<FileWithCard> look_at_file(const std::string& model_path);

// Today, and this machine's processor, as cards have them.
std::string today();
std::string machine_name();

}  // namespace vedette::model_file
