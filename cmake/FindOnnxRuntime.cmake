# ONNX Runtime as OnnxRuntime::OnnxRuntime: the system's libonnxruntime-dev where there is one (Debian 13), else what
# scripts/setup put under build/deps (every preset finds the same). Header and library always come from the same place.
# OnnxRuntime_VERSION is the headers' API version as 1.<api>.
set(_vd_deps ${PROJECT_SOURCE_DIR}/build/deps/onnxruntime)

find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_cxx_api.h PATH_SUFFIXES onnxruntime onnxruntime/core/session)
find_library(OnnxRuntime_LIBRARY NAMES onnxruntime libonnxruntime.so.1)
if(NOT OnnxRuntime_INCLUDE_DIR OR NOT OnnxRuntime_LIBRARY)
  unset(OnnxRuntime_INCLUDE_DIR CACHE)
  unset(OnnxRuntime_LIBRARY CACHE)
  find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_cxx_api.h PATHS ${_vd_deps}/include NO_DEFAULT_PATH)
  find_library(OnnxRuntime_LIBRARY NAMES libonnxruntime.so.1 PATHS ${_vd_deps}/lib NO_DEFAULT_PATH)
endif()
mark_as_advanced(OnnxRuntime_INCLUDE_DIR OnnxRuntime_LIBRARY)

if(OnnxRuntime_INCLUDE_DIR)
  file(STRINGS ${OnnxRuntime_INCLUDE_DIR}/onnxruntime_c_api.h _vd_api REGEX "^#define ORT_API_VERSION [0-9]+")
  string(REGEX REPLACE "[^0-9]*([0-9]+).*" "1.\\1" OnnxRuntime_VERSION "${_vd_api}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime REQUIRED_VARS OnnxRuntime_LIBRARY OnnxRuntime_INCLUDE_DIR
  VERSION_VAR OnnxRuntime_VERSION REASON_FAILURE_MESSAGE "ONNX Runtime isn't there: run scripts/setup")

if(OnnxRuntime_FOUND AND NOT TARGET OnnxRuntime::OnnxRuntime)
  add_library(OnnxRuntime::OnnxRuntime SHARED IMPORTED)
  set_target_properties(OnnxRuntime::OnnxRuntime PROPERTIES
    IMPORTED_LOCATION ${OnnxRuntime_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${OnnxRuntime_INCLUDE_DIR})
endif()
