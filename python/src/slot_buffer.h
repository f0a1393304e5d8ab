// SlotBuffer: bytes of the bus that Python objects look at through the buffer protocol (NumPy, memoryview). Counts who looks, so
// that nothing goes back to the bus under somebody's eyes, and refuses a process that forked: mappings aren't inherited.
// Owner: the Python object it is the base of; its count is guarded by the GIL.
#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <string>

namespace vedette::python {

namespace py = pybind11;

class SlotBuffer {
 public:
  virtual ~SlotBuffer() = default;

  virtual bool writable() const = 0;
  // The bytes, or nothing with a reason in `why_not`.
  virtual std::span<std::byte> bytes(std::string& why_not) const = 0;
  Py_ssize_t views() const { return views_; }

  // For py::class_: gives the type the buffer protocol. T derives from SlotBuffer.
  static py::custom_type_setup protocol();

 protected:
  bool forked() const { return owner_ != ::getpid(); }

 private:
  static int get(PyObject* object, Py_buffer* view, int flags);
  static void release(PyObject* object, Py_buffer* view);

  Py_ssize_t views_ = 0;
  const pid_t owner_ = ::getpid();
};

inline constexpr char kForkedText[] =
    "made before this process was forked, and shared memory isn't inherited: make a new one in the child";

}  // namespace vedette::python
