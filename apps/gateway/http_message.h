// Between Beast's messages and ours: a request's head as plain text, and an answer as it goes out. Pure functions.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateway/reply.h"
#include "gateway/request.h"

namespace vedette::gateway {

using Response = boost::beast::http::response<boost::beast::http::string_body>;

RequestHead head_of(const boost::beast::http::request<boost::beast::http::empty_body>& request);

// Without the bytes of a file, or of what answers a HEAD: their length alone.
Response response_of(const Reply& reply, bool is_head, bool keep_alive);

}  // namespace vedette::gateway
