// Programs for the model checker: threads written as plain C++ on Atomic<T> and Plain<T>, which look like std::atomic<T> and a T.
// The bus's own templates (bus/handshake.h, bus/doorbell.h) run on them unchanged.
//
// A thread is a function that is run again and again from its start: reads return what the graph explored at the moment says, up
// to the first access that the graph lacks; there the run ends (by an exception), and the checker decides what that access may
// do. So a thread must depend on nothing but what it reads, and locals that it captures must be set before they are used.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "graph.h"

namespace vedette::weak {

// A mutation: accesses of one kind to locations of this name, made with the order `from`, are made with `to` instead.
enum class Access { kLoad, kStore, kExchange };
struct Weakened {
  std::string name;
  Access access;
  std::memory_order from, to;
};

class Program {
 public:
  // Atomics and Plains made while this is the newest program are its memory.
  Program() : outer_(current_) { current_ = this; }
  ~Program() { current_ = outer_; }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Mortal: may die before any of its accesses. The kernel then runs `at_death`: releases locks.
  void thread(std::function<void()> body) { threads_.push_back({std::move(body), {}, false}); }
  void mortal_thread(std::function<void()> body, std::function<void()> at_death) {
    threads_.push_back({std::move(body), std::move(at_death), true});
  }
  // Looked at after every execution, when all threads have ended or wait for ever; may use peek() and what threads captured.
  void at_end(std::function<void()> check) { at_end_ = std::move(check); }
  void weaken(Weakened mutation) { mutations_.push_back(std::move(mutation)); }

  // For Atomic and Plain.
  std::uint16_t add_location(std::uint64_t initial);
  void start_as(std::uint16_t location, std::uint64_t initial) { initial_[location] = initial; }
  void rename(std::uint16_t location, std::string name) { names_[location] = std::move(name); }
  std::memory_order order(std::uint16_t location, Access access, std::memory_order wanted) const;
  std::uint64_t access(Event wanted);  // the value read
  std::uint64_t last_value(std::uint16_t location) const;
  static Program& current() { return *current_; }

  struct Thread {
    std::function<void()> body, at_death;
    bool mortal;
  };
  // What a thread does next in a graph.
  struct Next {
    enum { kAccess, kEnded, kWaits, kWrong } what = kEnded;
    Event event;
    std::string wrong;
  };
  Next run(const Graph& graph, std::uint8_t thread);
  std::string check_end(const Graph& graph);  // empty: good
  const std::vector<std::uint64_t>& initial() const { return initial_; }
  const std::vector<std::string>& names() const { return names_; }
  std::size_t threads() const { return threads_.size(); }

 private:
  static inline Program* current_ = nullptr;
  Program* const outer_;
  std::vector<Thread> threads_;
  std::function<void()> at_end_ = [] {};
  std::vector<Weakened> mutations_;
  std::vector<std::uint64_t> initial_;
  std::vector<std::string> names_;
  const Graph* graph_ = nullptr;  // of the run at the moment
  std::uint8_t running_ = 0;
  std::size_t cursor_ = 0;
  bool may_die_ = false;
};

// In a thread or at the end: the property that is checked.
void expect(bool good, const char* what);
// In a thread: waits for ever if not (a lock that isn't free, a value that hasn't come).
void await(bool good);
// In a thread: all of 0 … choices - 1 are tried.
std::uint32_t choose(std::uint32_t choices);
void fence(std::memory_order order);

template <class T>
class Atomic {
 public:
  Atomic(T initial = {}) : location_(Program::current().add_location(static_cast<std::uint64_t>(initial))) {}
  void called(const std::string& name) { Program::current().rename(location_, name); }
  void starts_as(T initial) { Program::current().start_as(location_, static_cast<std::uint64_t>(initial)); }

  T load(std::memory_order order = std::memory_order_seq_cst) const {
    return static_cast<T>(
        Program::current().access({.kind = Kind::kRead, .order = ordered(Access::kLoad, order), .location = location_}));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    write(value, ordered(Access::kStore, order), false);
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify(order, [&](T) { return value; });
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify(order, [&](T before) { return static_cast<T>(before + value); });
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order = std::memory_order_seq_cst) {
    const std::memory_order real = ordered(Access::kExchange, order);
    const T found = read(real);
    if (found == expected) return write(value, real, true), true;
    expected = found;
    return false;
  }
  T peek() const { return static_cast<T>(Program::current().last_value(location_)); }

 private:
  std::memory_order ordered(Access access, std::memory_order order) const {
    return Program::current().order(location_, access, order);
  }
  T read(std::memory_order order) const {
    return static_cast<T>(Program::current().access({.kind = Kind::kRead, .order = order, .location = location_}));
  }
  void write(T value, std::memory_order order, bool exclusive) {
    Program::current().access({.kind = Kind::kWrite,
                               .exclusive = exclusive,
                               .order = order,
                               .location = location_,
                               .value = static_cast<std::uint64_t>(value)});
  }
  template <class Change>
  T modify(std::memory_order order, Change change) {
    const std::memory_order real = ordered(Access::kExchange, order);
    const T before = read(real);
    write(change(before), real, true);
    return before;
  }
  std::uint16_t location_;
};

// Not atomic: two accesses without order, one of them a write, are an error.
class Plain {
 public:
  Plain(std::uint64_t initial = 0) : location_(Program::current().add_location(initial)) {}
  void called(const std::string& name) { Program::current().rename(location_, name); }
  void starts_as(std::uint64_t initial) { Program::current().start_as(location_, initial); }
  std::uint64_t read() const { return Program::current().access({.kind = Kind::kRead, .plain = true, .location = location_}); }
  void write(std::uint64_t value) {
    Program::current().access({.kind = Kind::kWrite, .plain = true, .location = location_, .value = value});
  }

 private:
  std::uint16_t location_;
};

}  // namespace vedette::weak
