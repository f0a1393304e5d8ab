// The kinds of values that only the keys of `mqtt` and `notify` take; as in binders.h. Used by fields.cpp alone. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"

namespace vedette::config {

Field host(std::string name, std::string& member);       // a name or an address; "": none
Field client_id(std::string name, std::string& member);  // printable, without spaces; "": a made-up one

// A topic that can be published on: no wildcards, no empty levels.
enum class NoTopic { kTaken, kRefused };  // "" stands for none
Field mqtt_topic(std::string name, std::string& member, NoTopic none);

Field web_url(std::string name, std::string& member);  // http:// or https://
// A list, which may be empty, of some of `choices` each once; no choices: any words.
Field words(std::string name, std::vector<std::string>& member, std::vector<std::string> choices);
Field headers(std::string name, std::vector<std::string>& member);     // a list of "Name: value"
Field body_template(std::string name, std::string& member);            // each {{…}} in it is one of kEventPlaceholders
Field command(std::string name, std::vector<std::string>& member);     // a program, absolute or of the PATH, and its arguments
Field webhooks(std::string name, std::vector<WebhookConfig>& member);  // a list of maps
Field hooks(std::string name, std::vector<HookConfig>& member);

// What is secret in a header such as "Authorization: Bearer x": "x". "" if its name doesn't tell of a secret.
std::string secret_in_header(std::string_view header);

}  // namespace vedette::config
