// VD_ASSERT: our own bug ends the process, in release too; the supervisor restarts it.
// Never for bytes from shared memory, network or files: those are never "our bug".
#pragma once

namespace vedette {

// Prints "file:line: assertion failed: condition: text" to stderr and aborts. Async-signal-safe.
[[noreturn]] void assertion_failed(const char* file, int line, const char* condition, const char* text);

}  // namespace vedette

#define VD_ASSERT(condition, text) ((condition) ? (void)0 : ::vedette::assertion_failed(__FILE__, __LINE__, #condition, text))
