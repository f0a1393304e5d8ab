// Notice: one event and what is known about it, as it is handed to webhooks and hooks. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "notify/messages.h"
#include "notify/news.h"

namespace vedette::notify {

struct Notice {
  Event event;
  EventFiles files;
};

bool is_chosen(const EventChoice& choice, const Event& event);

// `body` with every {{placeholder}} replaced by its value, written so that it may stand within a JSON text. The configuration has
// refused what isn't one.
std::string fill_in(std::string_view body, const Notice& notice);

// `text` as it stands between the quotes of JSON.
std::string json_escaped(const std::string& text);

}  // namespace vedette::notify
