#include "explore.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace vedette::weak {
namespace {

class Explorer {
 public:
  Explorer(Program& program, bool remember) : program_(program), remember_(remember) {}

  Explored run() {
    Graph graph(program_.initial(), program_.threads());
    std::vector<Program::Next> next(program_.threads() + 1);
    for (std::uint8_t thread = 1; thread < next.size(); ++thread) next[thread] = program_.run(graph, thread);
    visit(graph, next);
    return std::move(result_);
  }

 private:
  using NextOf = std::vector<Program::Next>;

  bool stopped() const { return !result_.wrong.empty(); }
  void fail(const Graph& graph, const std::string& what) { result_.wrong = what + "\n" + graph.text(program_.names()); }

  // The graph has a new last event in `thread`, just found consistent: look at it, and go on.
  void proceed(Graph& graph, NextOf& next, std::uint8_t thread) {
    if (Id other; graph.races(thread, other))
      return fail(graph, "data race on " + program_.names()[graph.thread(thread).back().location]);
    Program::Next saved = std::move(next[thread]);
    next[thread] = program_.run(graph, thread);
    visit(graph, next);
    next[thread] = std::move(saved);
  }

  void visit(Graph& graph, NextOf& next) {
    ++result_.steps;
    std::uint8_t thread = 0;
    bool waiting = false;
    for (std::uint8_t i = 1; i < next.size(); ++i) {
      if (next[i].what == Program::Next::kWrong) return fail(graph, next[i].wrong);
      waiting |= next[i].what == Program::Next::kWaits;
      if (next[i].what == Program::Next::kAccess && (thread == 0 || next[i].event.exclusive)) thread = i;
    }
    if (thread == 0) return complete(graph, waiting);
    const Event event = next[thread].event;
    switch (event.kind) {
      case Kind::kChoice:
        return visit_choice(graph, next, thread, event);
      case Kind::kRead:
        return visit_read(graph, next, thread, event);
      case Kind::kWrite:
        return visit_write(graph, next, thread, event);
      case Kind::kFence:
        return step(graph, next, thread, event, {});
    }
  }

  void complete(const Graph& graph, bool waiting) {
    ++result_.executions;
    result_.waiting += waiting;
    if (const std::string wrong = program_.check_end(graph); !wrong.empty()) return fail(graph, wrong);
    if (remember_) VD_ASSERT(result_.graphs.insert(graph.fingerprint()).second, "an execution was explored twice");
  }

  void step(Graph& graph, NextOf& next, std::uint8_t thread, const Event& event, Id behind) {
    if (stopped()) return;
    graph.add(thread, event, behind);
    if (graph.consistent(thread)) proceed(graph, next, thread);
    graph.remove_last(thread);
  }

  void visit_choice(Graph& graph, NextOf& next, std::uint8_t thread, Event event) {
    const std::uint64_t choices = event.value;
    for (event.value = 0; event.value < choices; ++event.value) step(graph, next, thread, event, {});
  }

  void visit_read(Graph& graph, NextOf& next, std::uint8_t thread, Event event) {
    const std::vector<Id> writes = graph.writes(event.location);
    for (const Id write : writes) {
      event.from = write;
      step(graph, next, thread, event, {});
    }
  }

  // Where a write may stand in modification order: an RMW's right behind what it read, others anywhere after the initial one.
  static std::vector<Id> places(const Graph& graph, std::uint8_t thread, const Event& event) {
    if (event.exclusive) return {graph.thread(thread).back().from};
    return graph.writes(event.location);
  }

  void visit_write(Graph& graph, NextOf& next, std::uint8_t thread, const Event& event) {
    for (const Id behind : places(graph, thread, event)) step(graph, next, thread, event, behind);
    const auto& events = graph.thread(thread);
    const Clock past = events.empty() ? Clock{} : events.back().past;
    std::vector<Id> reads;
    graph.each([&](Id id, const Event& e) {
      if (e.is_read() && e.location == event.location && !past.has(id)) reads.push_back(id);
    });
    for (const Id read : reads)
      if (!stopped() && may_be_revisited(graph, read, past)) revisit(graph, next, thread, event, read, past);
  }

  // Only if everything that goes is as it would be added again: else this execution is found from another graph.
  static bool may_be_revisited(const Graph& graph, Id read, const Clock& past) {
    const std::uint32_t since = graph.at(read).stamp;
    bool good = true;
    graph.each([&](Id id, const Event& event) {
      if (good && (id == read || (event.stamp > since && !past.has(id)))) good = is_maximal(graph, id, event, past);
    });
    return good;
  }

  static bool is_maximal(const Graph& graph, Id id, const Event& event, const Clock& past) {
    if (event.kind == Kind::kChoice) return event.value == 0;
    if (event.kind == Kind::kFence) return true;
    const auto is_previous = [&](Id other) {
      return other.thread == 0 || graph.at(other).stamp <= event.stamp || past.has(other);
    };
    bool good = true;
    if (event.is_write())
      graph.each([&](Id other, const Event& e) {
        if (e.is_read() && e.from == id && is_previous(other)) good = false;
      });
    const Id write = event.is_write() ? id : event.from;
    if (!good || !is_previous(write)) return false;
    const auto& writes = graph.writes(event.location);
    return std::none_of(std::find(writes.begin(), writes.end(), write) + 1, writes.end(), is_previous);
  }

  void revisit(const Graph& graph, const NextOf& next, std::uint8_t thread, const Event& write, Id read, const Clock& past) {
    Graph base = graph;
    const std::uint32_t since = graph.at(read).stamp;
    base.restrict_to(since, past);
    Event again = base.at(read);
    base.remove_last(read.thread);
    again.from = {thread, static_cast<std::uint8_t>(base.thread(thread).size())};
    for (const Id behind : places(base, thread, write)) {
      if (stopped()) return;
      Graph changed = base;
      changed.add(thread, write, behind);
      if (!changed.consistent(thread)) continue;
      changed.add(read.thread, again, {}, since);
      if (!changed.consistent(read.thread)) continue;
      for (const std::uint8_t touched : {thread, read.thread})
        if (Id other; changed.races(touched, other)) return fail(changed, "data race on " + program_.names()[write.location]);
      NextOf now = next;
      for (std::uint8_t i = 1; i < now.size(); ++i)
        if (i == thread || i == read.thread || changed.thread(i).size() != graph.thread(i).size())
          now[i] = program_.run(changed, i);
      visit(changed, now);
    }
  }

  Program& program_;
  const bool remember_;
  Explored result_;
};

class PlainExplorer {
 public:
  explicit PlainExplorer(Program& program) : program_(program) {}

  Explored run() {
    visit(Graph(program_.initial(), program_.threads()));
    return std::move(result_);
  }

 private:
  void visit(const Graph& graph) {
    if (!result_.wrong.empty() || !seen_.insert(graph.fingerprint()).second) return;
    ++result_.steps;
    bool ended = true, waiting = false;
    for (std::uint8_t thread = 1; thread <= program_.threads(); ++thread) {
      const Program::Next next = program_.run(graph, thread);
      if (next.what == Program::Next::kWrong) result_.wrong = next.wrong;
      waiting |= next.what == Program::Next::kWaits;
      if (next.what != Program::Next::kAccess) continue;
      ended = false;
      Event event = next.event;
      if (event.kind == Kind::kChoice)
        for (event.value = 0; event.value < next.event.value; ++event.value) step(graph, thread, event, {});
      else if (event.is_read())
        for (const Id write : graph.writes(event.location)) event.from = write, step(graph, thread, event, {});
      else if (event.is_write() && !event.exclusive)
        for (const Id behind : graph.writes(event.location)) step(graph, thread, event, behind);
      else
        step(graph, thread, event, event.exclusive ? graph.thread(thread).back().from : Id{});
    }
    if (!ended || !result_.wrong.empty()) return;
    ++result_.executions;
    result_.waiting += waiting;
    result_.wrong = program_.check_end(graph);
    result_.graphs.insert(graph.fingerprint());
  }

  void step(const Graph& graph, std::uint8_t thread, const Event& event, Id behind) {
    Graph changed = graph;
    changed.add(thread, event, behind);
    if (!changed.consistent(thread)) return;
    if (Id other; changed.races(thread, other)) result_.wrong = "data race on " + program_.names()[event.location];
    visit(changed);
  }

  Program& program_;
  Explored result_;
  std::set<std::array<std::uint64_t, 2>> seen_;
};

}  // namespace

Explored explore(Program& program, bool remember_graphs) { return Explorer(program, remember_graphs).run(); }
Explored explore_plainly(Program& program) { return PlainExplorer(program).run(); }

}  // namespace vedette::weak
