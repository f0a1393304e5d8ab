#include "slot_buffer.h"

namespace vedette::python {

int SlotBuffer::get(PyObject* object, Py_buffer* view, int flags) {
  std::string why_not;
  SlotBuffer* slot = nullptr;
  try {
    slot = py::cast<SlotBuffer*>(py::handle(object));
  } catch (const py::cast_error&) {
    why_not = "not a slot";
  }
  const std::span<std::byte> bytes = slot != nullptr ? slot->bytes(why_not) : std::span<std::byte>();
  if (bytes.data() == nullptr) {
    PyErr_SetString(PyExc_BufferError, why_not.c_str());
    return -1;
  }
  const int failed =
      PyBuffer_FillInfo(view, object, bytes.data(), static_cast<Py_ssize_t>(bytes.size()), slot->writable() ? 0 : 1, flags);
  if (failed == 0) ++slot->views_;
  return failed;
}

void SlotBuffer::release(PyObject* object, Py_buffer*) { --py::cast<SlotBuffer*>(py::handle(object))->views_; }

py::custom_type_setup SlotBuffer::protocol() {
  return py::custom_type_setup([](PyHeapTypeObject* type) {
    type->as_buffer.bf_getbuffer = get;
    type->as_buffer.bf_releasebuffer = release;
    type->ht_type.tp_as_buffer = &type->as_buffer;
  });
}

}  // namespace vedette::python
