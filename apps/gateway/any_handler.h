// AnyHandler: what is called when one operation is done, whatever its type. Beast's composed operations have a type of their own
// for every place they are called from; behind this each of Connection's operations is compiled once instead of once for each of
// those. Costs an allocation an operation. Movable, called once, on the thread that runs the operation's executor.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace vedette::gateway {

template <typename... Arguments>
class AnyHandler {
 public:
  template <typename Handler, typename = std::enable_if_t<!std::is_same_v<std::decay_t<Handler>, AnyHandler>>>
  explicit AnyHandler(Handler&& handler) : held_(std::make_unique<Held<std::decay_t<Handler>>>(std::forward<Handler>(handler))) {}

  void operator()(Arguments... arguments) { std::exchange(held_, nullptr)->call(arguments...); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void call(Arguments... arguments) = 0;
  };
  template <typename Handler>
  struct Held : Base {
    explicit Held(Handler given) : handler(std::move(given)) {}
    void call(Arguments... arguments) override { handler(arguments...); }
    Handler handler;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace vedette::gateway
