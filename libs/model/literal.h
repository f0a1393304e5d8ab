// Literals as models carry them in their metadata: JSON, and what Python's repr() makes of dicts, lists, tuples, texts, numbers,
// True and None. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::model {

struct Literal {
  enum class Kind { kNothing, kText, kNumber, kList, kDict };
  Kind kind = Kind::kNothing;  // also True, False and whatever else isn't one of the others
  std::string text;
  double number = 0;
  std::vector<Literal> items;  // of a list; a dict's values
  std::vector<Literal> keys;   // of a dict, as many as items

  const Literal* find(std::string_view key) const;  // a dict's value; null
};

// Nothing if `text` isn't one whole literal, or is nested deeper than 16.
std::optional<Literal> parse_literal(std::string_view text);

}  // namespace vedette::model
