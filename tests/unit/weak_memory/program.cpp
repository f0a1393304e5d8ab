#include "program.h"

#include "base/check.h"

namespace vedette::weak {
namespace {

struct Stop {};  // the graph lacks the next access
struct Waits {};
struct Died {};
struct Wrong {
  const char* what;
};

}  // namespace

std::uint16_t Program::add_location(std::uint64_t initial) {
  initial_.push_back(initial);
  names_.push_back("m" + std::to_string(initial_.size() - 1));
  return static_cast<std::uint16_t>(initial_.size() - 1);
}

std::memory_order Program::order(std::uint16_t location, Access access, std::memory_order wanted) const {
  for (const Weakened& m : mutations_)
    if (m.access == access && m.from == wanted && m.name == names_[location]) return m.to;
  return wanted;
}

std::uint64_t Program::last_value(std::uint16_t location) const { return graph_->at(graph_->writes(location).back()).value; }

std::uint64_t Program::access(Event wanted) {
  // An RMW is one step: nobody dies between its read and its write.
  if (may_die_ && !wanted.exclusive && wanted.kind != Kind::kChoice && choose(2) == 1) throw Died{};
  const auto& events = graph_->thread(running_);
  if (cursor_ == events.size()) throw wanted;
  const Event& event = events[cursor_++];
  VD_ASSERT(event.kind == wanted.kind && event.location == wanted.location, "a thread did something else when run again");
  return event.value;
}

Program::Next Program::run(const Graph& graph, std::uint8_t number) {
  const Thread& thread = threads_[number - 1u];
  graph_ = &graph, running_ = number, cursor_ = 0, may_die_ = thread.mortal;
  Next next;
  try {
    try {
      thread.body();
    } catch (const Died&) {
      may_die_ = false;
      thread.at_death();
    }
    VD_ASSERT(cursor_ == graph.thread(number).size(), "a thread ended sooner when run again");
  } catch (const Event& event) {
    next.what = Next::kAccess;
    next.event = event;
  } catch (const Waits&) {
    next.what = Next::kWaits;
  } catch (const Wrong& wrong) {
    next.what = Next::kWrong;
    next.wrong = wrong.what;
  }
  return next;
}

std::string Program::check_end(const Graph& graph) {
  for (std::uint8_t thread = 1; thread <= threads_.size(); ++thread) (void)run(graph, thread);
  try {
    at_end_();
  } catch (const Wrong& wrong) {
    return wrong.what;
  }
  return {};
}

void expect(bool good, const char* what) {
  if (!good) throw Wrong{what};
}
void await(bool good) {
  if (!good) throw Waits{};
}
std::uint32_t choose(std::uint32_t choices) {
  // The number of choices travels where a write's value would.
  return static_cast<std::uint32_t>(Program::current().access({.kind = Kind::kChoice, .value = choices}));
}
void fence(std::memory_order order) { Program::current().access({.kind = Kind::kFence, .order = order}); }

}  // namespace vedette::weak
