// SignalsBlocked: while it lives the calling thread takes no signal, and the threads it starts never do: signals are for the
// program's own threads. Thread-bound.
#pragma once

#include <csignal>

namespace vedette {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace vedette
