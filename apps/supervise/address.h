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

// "http://127.0.0.1:8080/": one for each address that the page can be reached at, with the token if there is one.
std::vector<std::string> page_urls(const GatewayConfig& config);

// 128 random bits in hexadecimal.
Result<std::string> new_token();

}  // namespace vedette::supervise
