#include "model/literal.h"

#include <charconv>
#include <cstdint>

namespace vedette::model {
namespace {

constexpr int kDeepest = 16;
constexpr std::string_view kSpace = " \t\r\n";

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Literal> whole() {
    auto value = literal(0);
    skip_space();
    return rest_.empty() ? value : std::nullopt;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }
  bool take(char wanted) {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<Literal> literal(int depth) {
    if (depth > kDeepest) return std::nullopt;
    if (take('{')) return dict(depth);
    if (take('[')) return list(depth, ']');
    if (take('(')) return list(depth, ')');
    if (take('\'')) return text('\'');
    if (take('"')) return text('"');
    return word();
  }

  std::optional<Literal> list(int depth, char close) {
    Literal result;
    result.kind = Literal::Kind::kList;
    while (!take(close)) {
      auto item = literal(depth + 1);
      if (!item) return std::nullopt;
      result.items.push_back(std::move(*item));
      if (!take(',')) return take(close) ? std::optional(std::move(result)) : std::nullopt;
    }
    return result;
  }

  std::optional<Literal> dict(int depth) {
    Literal result;
    result.kind = Literal::Kind::kDict;
    while (!take('}')) {
      auto key = literal(depth + 1);
      if (!key || !take(':')) return std::nullopt;
      auto value = literal(depth + 1);
      if (!value) return std::nullopt;
      result.keys.push_back(std::move(*key));
      result.items.push_back(std::move(*value));
      if (!take(',')) return take('}') ? std::optional(std::move(result)) : std::nullopt;
    }
    return result;
  }

  std::optional<Literal> text(char quote) {
    Literal result;
    result.kind = Literal::Kind::kText;
    while (!rest_.empty()) {
      const char next = rest_.front();
      rest_.remove_prefix(1);
      if (next == quote) return result;
      if (next != '\\')
        result.text += next;
      else if (!escape(result.text))
        return std::nullopt;
    }
    return std::nullopt;
  }

  // What follows a backslash.
  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    switch (kind) {
      case 'n':
        out += '\n';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 'b':
      case 'f':
        return true;  // nothing that a name or a number has
      case 'x':
        return code_point(2, out);
      case 'u':
        return code_point(4, out);
      case 'U':
        return code_point(8, out);
      default:
        out += kind;
        return true;
    }
  }

  bool code_point(std::size_t digits, std::string& out) {
    auto code = hex(digits);
    if (!code) return false;
    const bool high = *code >= 0xd800 && *code < 0xdc00;
    if (high && rest_.starts_with("\\u")) {  // JSON writes what lies beyond 16 bits as a pair
      rest_.remove_prefix(2);
      const auto low = hex(4);
      if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    if (*code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) return false;
    append_utf8(out, *code);
    return true;
  }

  std::optional<std::uint32_t> hex(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    std::uint32_t code = 0;
    const char* const end = rest_.data() + digits;
    const auto read = std::from_chars(rest_.data(), end, code, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    rest_.remove_prefix(digits);
    return code;
  }

  // A number, or a word such as None, true, nan.
  std::optional<Literal> word() {
    const std::size_t length = std::min(rest_.find_first_of(",:]}) \t\r\n"), rest_.size());
    if (length == 0) return std::nullopt;
    Literal result;
    const std::string_view letters = rest_.substr(0, length);
    const auto read = std::from_chars(letters.data(), letters.data() + length, result.number);
    if (read.ec == std::errc() && read.ptr == letters.data() + length)
      result.kind = Literal::Kind::kNumber;
    else if (letters.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string_view::npos)
      return std::nullopt;
    rest_.remove_prefix(length);
    return result;
  }

  std::string_view rest_;
};

}  // namespace

const Literal* Literal::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].kind == Kind::kText && keys[i].text == key) return &items[i];
  return nullptr;
}

std::optional<Literal> parse_literal(std::string_view text) { return Parser(text).whole(); }

}  // namespace vedette::model
