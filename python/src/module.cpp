// vedette._bus: the native half of the Python package. What users see is python/vedette/*.py on top of it.
#include "errors.h"
#include "log_subscriber.h"
#include "publisher.h"
#include "records.h"
#include "subscriber.h"

PYBIND11_MODULE(_bus, module) {
  using namespace vedette;
  module.doc() = "The bus, natively; use the package vedette instead.";
  python::bind_subscriber(module);
  python::bind_log_subscriber(module);
  python::bind_publisher(module);
  python::bind_records(module);
  module.def("topics", [](const std::string& bus_dir) {
    python::py::list names;
    for (const bus::TopicName& topic : python::open_bus_dir(bus_dir)->topics()) names.append(topic.text());
    return names;
  });
  module.def("default_bus_dir", bus::default_bus_dir);
  module.attr("__version__") = VEDETTE_VERSION;
}
