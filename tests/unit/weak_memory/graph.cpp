#include "graph.h"

#include <algorithm>
#include <sstream>

#include "base/check.h"

namespace vedette::weak {

Graph::Graph(const std::vector<std::uint64_t>& initial, std::size_t threads) : threads_(threads + 1), writes_(initial.size()) {
  VD_ASSERT(threads < kMaxThreads && initial.size() < 256, "more threads or locations than the checker can name");
  for (std::size_t location = 0; location < initial.size(); ++location) {
    Event event{.kind = Kind::kWrite, .location = static_cast<std::uint16_t>(location), .value = initial[location]};
    writes_[location].push_back(Id{0, static_cast<std::uint8_t>(location)});
    threads_[0].push_back(event);
  }
}

std::size_t Graph::position(Id write, std::uint16_t location) const {
  const auto& writes = writes_[location];
  return static_cast<std::size_t>(std::find(writes.begin(), writes.end(), write) - writes.begin());
}

std::size_t Graph::place(const Event& event, Id id) const {
  return event.is_write() ? 2 * position(id, event.location) : 2 * position(event.from, event.location) + 1;
}

void Graph::add(std::uint8_t thread, Event event, Id behind, std::uint32_t stamp) {
  auto& events = threads_[thread];
  const Id id{thread, static_cast<std::uint8_t>(events.size())};
  VD_ASSERT(events.size() < 255, "a thread of more events than the checker can name");
  event.stamp = stamp != 0 ? stamp : ++stamp_;
  stamp_ = std::max(stamp_, event.stamp);
  const Event* previous = events.empty() ? nullptr : &events.back();
  event.before = previous ? previous->before : Clock{};
  event.past = previous ? previous->past : Clock{};
  event.unfenced = previous ? previous->unfenced : Clock{};
  event.fenced = previous ? previous->fenced : Clock{};
  event.message = Clock{};
  if (event.is_read()) {
    const Event& from = at(event.from);
    event.value = from.value;
    event.past.join(from.past);
    if (!event.plain) event.unfenced.join(from.message);
    if (!event.plain && event.acquires()) event.before.join(from.message);
  }
  if (event.kind == Kind::kFence && event.acquires()) event.before.join(event.unfenced);
  event.before.seen[thread] = event.past.seen[thread] = static_cast<std::uint8_t>(id.index + 1);
  if (event.kind == Kind::kFence && event.releases()) event.fenced = event.before;
  if (event.is_write()) {
    if (!event.plain) event.message = event.releases() ? event.before : event.fenced;
    if (event.exclusive) event.message.join(at(previous->from).message);  // release sequence
    auto& writes = writes_[event.location];
    writes.insert(writes.begin() + static_cast<std::ptrdiff_t>(position(behind, event.location)) + 1, id);
  }
  events.push_back(event);
}

void Graph::remove_last(std::uint8_t thread) {
  auto& events = threads_[thread];
  const Id id{thread, static_cast<std::uint8_t>(events.size() - 1)};
  if (events.back().is_write()) std::erase(writes_[events.back().location], id);
  events.pop_back();
}

void Graph::restrict_to(std::uint32_t stamp, const Clock& past) {
  for (std::size_t number = 1; number < threads_.size(); ++number) {
    const auto thread = static_cast<std::uint8_t>(number);
    auto& events = threads_[thread];
    while (!events.empty() && events.back().stamp > stamp && !past.has({thread, static_cast<std::uint8_t>(events.size() - 1)}))
      remove_last(thread);
  }
}

bool Graph::consistent(std::uint8_t thread) const {
  const Id id{thread, static_cast<std::uint8_t>(threads_[thread].size() - 1)};
  const Event& event = threads_[thread].back();
  if (event.kind == Kind::kChoice) return true;
  if (event.kind != Kind::kFence && !coherent(id, event)) return false;
  // New edges of S start or end at the event itself, or start at a fence before it.
  if (event.is_seq_cst() && !has_seq_cst_order(id)) return false;
  bool good = true;
  each([&](Id fence, const Event& e) {
    if (good && e.kind == Kind::kFence && e.is_seq_cst() && fence != id && happens_before(fence, event))
      good = has_seq_cst_order(fence);
  });
  return good;
}

// Nothing happens after the newest event, so the rules only forbid that it comes, in coherence order, before what happened before
// it.
bool Graph::coherent(Id id, const Event& event) const {
  const auto& writes = writes_[event.location];
  const std::size_t mine = place(event, id);
  bool good = true;
  each([&](Id other, const Event& e) {
    if (good && other != id && (e.is_read() || e.is_write()) && e.location == event.location && happens_before(other, event))
      good = place(e, other) <= mine;
  });
  if (!good || !event.is_write()) return good;
  // Atomicity: what an RMW wrote stays right behind what it read.
  if (const std::size_t next = mine / 2 + 1; next < writes.size()) {
    const Id other = writes[next];
    if (at(other).exclusive && at({other.thread, static_cast<std::uint8_t>(other.index - 1)}).from != id) return false;
  }
  return true;
}

bool Graph::races(std::uint8_t thread, Id& other) const {
  const Event& event = threads_[thread].back();
  if (!event.is_read() && !event.is_write()) return false;
  bool found = false;
  each([&](Id id, const Event& e) {
    if (found || id.thread == thread || !(e.is_read() || e.is_write()) || e.location != event.location) return;
    if ((e.is_write() || event.is_write()) && (e.plain || event.plain) && !happens_before(id, event)) found = true, other = id;
  });
  return found;
}

bool Graph::precedes(Id a, Id b) const {
  if (a.thread == b.thread) return a.index < b.index;
  const Event &from = at(a), &to = at(b);
  // Strongly happens before: program order, happens-before, program order; all of an RMW is one operation.
  const auto& events = threads_[a.thread];
  const std::size_t end = a.index + (from.is_read() && a.index + 1u < events.size() && events[a.index + 1u].exclusive ? 2u : 1u);
  const std::size_t begin = b.index - (to.exclusive ? 1u : 0u);
  if (begin > 0 && threads_[b.thread][begin - 1].before.seen[a.thread] > end) return true;
  if (from.kind == Kind::kFence || to.kind == Kind::kFence) return precedes_by_fence(a, b);
  return from.location == to.location && place(from, a) < place(to, b);
}

// [atomics.order]/4.2 to 4.4, literally: some access at or after a, coherence-ordered before some access at or before b.
bool Graph::precedes_by_fence(Id a, Id b) const {
  const auto reaches = [&](Id from, Id to) {
    return from == to || (at(from).kind == Kind::kFence && happens_before(from, at(to)));
  };
  const auto reached = [&](Id from, Id to) {
    return from == to || (at(to).kind == Kind::kFence && happens_before(from, at(to)));
  };
  bool found = false;
  each([&](Id x, const Event& ex) {
    if (found || !(ex.is_read() || ex.is_write()) || !reaches(a, x)) return;
    each([&](Id y, const Event& ey) {
      if (found || x == y || !(ey.is_read() || ey.is_write()) || ex.location != ey.location || !reached(y, b)) return;
      found = place(ex, x) < place(ey, y);
    });
  });
  return found;
}

// Is there no cycle in S through this event?
bool Graph::has_seq_cst_order(Id through) const {
  std::vector<Id> unseen, reached{through};
  each([&](Id id, const Event& event) {
    if (event.is_seq_cst() && id != through) unseen.push_back(id);
  });
  while (!reached.empty()) {
    const Id from = reached.back();
    reached.pop_back();
    if (from != through && precedes(from, through)) return false;
    for (std::size_t i = 0; i < unseen.size();) {
      if (!precedes(from, unseen[i])) {
        ++i;
        continue;
      }
      reached.push_back(unseen[i]);
      unseen[i] = unseen.back();
      unseen.pop_back();
    }
  }
  return true;
}

std::array<std::uint64_t, 2> Graph::fingerprint() const {
  std::array<std::uint64_t, 2> sum{0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f};
  const auto mix = [&](std::uint64_t word) {
    sum[0] = (sum[0] ^ word) * 0xff51afd7ed558ccd, sum[0] ^= sum[0] >> 32;
    sum[1] = (sum[1] + word) * 0xc4ceb9fe1a85ec53, sum[1] ^= sum[1] >> 29;
  };
  each([&](Id id, const Event& e) {
    mix(std::uint64_t{id.thread} << 56 | std::uint64_t{id.index} << 48 | std::uint64_t{e.from.thread} << 40 |
        std::uint64_t{e.from.index} << 32 | std::uint64_t{static_cast<std::uint8_t>(e.kind)} << 16 | e.location);
    mix(e.value);
  });
  for (const auto& writes : writes_)
    for (const Id id : writes) mix(std::uint64_t{id.thread} << 8 | id.index);
  return sum;
}

std::string Graph::text(const std::vector<std::string>& names) const {
  static constexpr std::array<const char*, 6> kOrders{"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
  const auto called = [](Id id) { return std::to_string(id.thread) + "." + std::to_string(id.index); };
  std::ostringstream out;
  each([&](Id id, const Event& e) {
    out << "  " << called(id)
        << (e.is_read()              ? " read "
            : e.is_write()           ? " write "
            : e.kind == Kind::kFence ? " fence "
                                     : " choice ");
    if (e.is_read() || e.is_write()) out << names[e.location] << " = " << e.value;
    if (e.kind == Kind::kChoice) out << e.value;
    if (e.is_read()) out << (e.from.thread == 0 ? std::string(" (initial)") : " (of " + called(e.from) + ")");
    out << " " << (e.kind == Kind::kChoice ? "" : e.plain ? "plain" : kOrders[static_cast<std::size_t>(e.order)]) << "\n";
  });
  for (std::size_t location = 0; location < writes_.size(); ++location) {
    if (writes_[location].size() < 3) continue;
    out << "  order of " << names[location] << ":";
    for (const Id id : writes_[location]) out << " " << at(id).value;
    out << "\n";
  }
  return out.str();
}

}  // namespace vedette::weak
