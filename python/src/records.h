// The bus's records as Python values. Every record is copied out of its slot first, then checked, then turned into Python: a
// writer that changes the bytes meanwhile changes nothing. Pixels alone are read in place.
#pragma once

#include <pybind11/pybind11.h>

namespace vedette::python {

namespace py = pybind11;

void bind_records(py::module_& module);

}  // namespace vedette::python
