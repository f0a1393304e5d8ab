// Outbox: what is to go to a broker, and what of it has arrived. Two kinds of messages: values, of which only the newest of a
// topic counts (retained there; a broker that has come back gets all of them again), and events, which go one after the other and
// are kept while the broker is away, up to `limit`; then the oldest goes and is counted. Pure logic, thread-bound.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace vedette::notify {

class Outbox {
 public:
  explicit Outbox(std::size_t limit) : limit_(limit) {}

  void set(const std::string& topic, std::string payload);     // a value; "": the topic is cleared
  std::uint64_t push(std::string topic, std::string payload);  // an event; its number: 1, 2, 3, …

  // A connection begins: nothing that was on its way is known to have arrived, and all values go again.
  void restart();
  void resend_values();

  struct Sending {
    std::uint64_t ticket = 0;
    std::string topic;
    std::string payload;
    bool retain = false;
  };
  // What to send next, values first; on its way from now on. None: all is.
  std::optional<Sending> next();
  // An unknown ticket is of before a restart(), or of an event that was dropped: ignored.
  void arrived(std::uint64_t ticket);
  void refused(std::uint64_t ticket);  // it won't be taken, ever
  // All events of smaller numbers have arrived, or never will.
  std::uint64_t oldest() const { return events_.empty() ? next_number_ : events_.front().number; }

  std::size_t on_the_way() const { return tickets_.size(); }
  std::size_t events() const { return events_.size(); }  // that wait or are on their way
  std::size_t waiting() const { return events_.size() + changed_.size(); }
  bool empty() const { return waiting() == 0 && tickets_.empty(); }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t delivered() const { return delivered_; }  // events
  std::uint64_t refused() const { return refused_; }      // events and values

 private:
  struct Value {
    std::string payload;
    bool changed = false;  // since it was sent last
  };
  struct Event {
    std::uint64_t number = 0;
    std::string topic;
    std::string payload;
    bool done = false;  // arrived, or refused
  };
  enum class Was { kNothing, kValue, kEvent };
  Was finish(std::uint64_t ticket);
  void mark_changed(const std::string& topic, Value& value);

  const std::size_t limit_;
  std::map<std::string, Value> values_;
  std::deque<std::string> changed_;  // topics, in order of change
  std::deque<Event> events_;         // numbered one by one
  std::uint64_t first_unsent_ = 1;   // an event's number
  std::uint64_t next_number_ = 1;
  // On their way: an event's number, or a value's topic.
  struct Target {
    std::uint64_t number = 0;
    std::string topic;
  };
  std::map<std::uint64_t, Target> tickets_;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t dropped_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace vedette::notify
