// Where the page is: checks that its address is free before anything starts, and names it for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace vedette::supervise {

// The port to listen on: `config.port`, or a free one if that is 0. kBusy, naming address and port, if somebody has it.
Result<std::uint16_t> free_port(const GatewayConfig& config);

// Does somebody accept connections there now?
bool answers(const GatewayConfig& config);

// "http://127.0.0.1:8080/" (https: with TLS): one for each address that the page can be reached at. A token made for this run is
// part of it; one that the configuration keeps is secret: "?token=<gateway.token>" stands for it.
std::vector<std::string> page_urls(const GatewayConfig& config, bool token_is_of_this_run);

// 128 random bits in hexadecimal.
Result<std::string> new_token();

}  // namespace vedette::supervise
