#include "notify/outbox.h"

#include <algorithm>

namespace vedette::notify {

void Outbox::mark_changed(const std::string& topic, Value& value) {
  if (value.changed) return;
  value.changed = true;
  changed_.push_back(topic);
}

void Outbox::set(const std::string& topic, std::string payload) {
  const auto [found, fresh] = values_.try_emplace(topic);
  if (!fresh && found->second.payload == payload) return;
  found->second.payload = std::move(payload);
  mark_changed(topic, found->second);
}

std::uint64_t Outbox::push(std::string topic, std::string payload) {
  if (events_.size() >= limit_) {
    events_.pop_front();
    ++dropped_;
  }
  events_.push_back({next_number_++, std::move(topic), std::move(payload)});
  first_unsent_ = std::max(first_unsent_, events_.front().number);
  return events_.back().number;
}

void Outbox::restart() {
  tickets_.clear();
  if (!events_.empty()) first_unsent_ = events_.front().number;
  resend_values();
}

void Outbox::resend_values() {
  for (auto& [topic, value] : values_) mark_changed(topic, value);
}

std::optional<Outbox::Sending> Outbox::next() {
  if (!changed_.empty()) {
    const std::string topic = std::move(changed_.front());
    changed_.pop_front();
    Value& value = values_.at(topic);
    value.changed = false;
    tickets_[next_ticket_] = {0, topic};
    return Sending{next_ticket_++, topic, value.payload, true};
  }
  if (events_.empty() || first_unsent_ > events_.back().number) return std::nullopt;
  const Event& event = events_[first_unsent_ - events_.front().number];
  tickets_[next_ticket_] = {event.number, ""};
  ++first_unsent_;
  return Sending{next_ticket_++, event.topic, event.payload, false};
}

void Outbox::arrived(std::uint64_t ticket) {
  if (finish(ticket) == Was::kEvent) ++delivered_;
}

void Outbox::refused(std::uint64_t ticket) {
  if (finish(ticket) != Was::kNothing) ++refused_;
}

Outbox::Was Outbox::finish(std::uint64_t ticket) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return Was::kNothing;
  const Target target = std::move(found->second);
  tickets_.erase(found);
  if (target.number == 0) {
    const auto value = values_.find(target.topic);
    if (value != values_.end() && value->second.payload.empty() && !value->second.changed) values_.erase(value);  // cleared
    return Was::kValue;
  }
  if (events_.empty() || target.number < events_.front().number) return Was::kNothing;  // dropped meanwhile
  events_[target.number - events_.front().number].done = true;
  while (!events_.empty() && events_.front().done) events_.pop_front();
  return Was::kEvent;
}

}  // namespace vedette::notify
