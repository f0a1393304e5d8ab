# The project's own verbs: a folder becomes a library, a program or a test by one line in its CMakeLists.txt.
include(GNUInstallDirs)
include(GoogleTest)

option(VEDETTE_FUZZ "Build the libFuzzer programs too (clang)" OFF)

# vd_library(NAME DEPS a b PUBLIC_LIBS x PRIVATE_LIBS y): libs/NAME/*.cpp as vedette_NAME, included as "NAME/header.h".
function(vd_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;PUBLIC_LIBS;PRIVATE_LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(vedette_${name} STATIC ${sources})
  target_include_directories(vedette_${name} PUBLIC ${PROJECT_SOURCE_DIR}/libs)
  list(TRANSFORM ARG_DEPS PREPEND vedette_)
  target_link_libraries(vedette_${name} PUBLIC ${ARG_DEPS} ${ARG_PUBLIC_LIBS} PRIVATE ${ARG_PRIVATE_LIBS})
endfunction()

add_custom_target(programs)  # every vd_app(): what `make demo` builds

# vd_app(NAME BINARY vedette-name DEPS a b LIBS x): apps/NAME as build/bin/BINARY. Everything but main.cpp also becomes the
# library app_NAME, so that tests reach the parts.
function(vd_app name)
  cmake_parse_arguments(ARG "" "BINARY" "DEPS;LIBS" ${ARGN})
  list(TRANSFORM ARG_DEPS PREPEND vedette_)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  add_executable(${ARG_BINARY} main.cpp)
  add_dependencies(programs ${ARG_BINARY})
  install(TARGETS ${ARG_BINARY} COMPONENT programs RUNTIME DESTINATION bin)
  if(sources)
    add_library(app_${name} STATIC ${sources})
    target_include_directories(app_${name} PUBLIC ${PROJECT_SOURCE_DIR}/apps)
    target_link_libraries(app_${name} PUBLIC ${ARG_DEPS} ${ARG_LIBS})
    target_link_libraries(${ARG_BINARY} PRIVATE app_${name})
  else()
    target_link_libraries(${ARG_BINARY} PRIVATE ${ARG_DEPS} ${ARG_LIBS})
  endif()
endfunction()

# One compiler flag off, and the precompiled headers don't fit. With them GCC 12 takes strings that are put together for overruns.
set(VD_TEST_OPTIONS $<$<CONFIG:RelWithDebInfo>:-O1> $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)

# vd_test(NAME LABEL unit DEPS a b LIBS x SOURCES f.cpp ENV A=b SERIAL): a GoogleTest program; each test is a ctest entry.
# SERIAL: nothing else runs beside it. Tests compile with less optimisation than what they test: a fifth of their build time;
# FAST: not this one, which computes much itself.
# SOURCES default to every *.cpp of the folder.
function(vd_test name)
  cmake_parse_arguments(ARG "SERIAL;FAST" "LABEL;TIMEOUT" "DEPS;LIBS;SOURCES;ENV" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)  # a watchdog, not an expectation
  endif()
  list(TRANSFORM ARG_DEPS PREPEND vedette_)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_LIBS} test_support GTest::gtest_main)
  if(NOT ARG_FAST)
    target_compile_options(${name} PRIVATE ${VD_TEST_OPTIONS})
    if(TARGET test_precompiled)
      target_precompile_headers(${name} REUSE_FROM test_precompiled)
    endif()
  endif()
  gtest_discover_tests(${name} TEST_PREFIX ${ARG_LABEL}. DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_SERIAL} ENVIRONMENT "${ARG_ENV}" SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()

# vd_fuzz(NAME DEPS a b LIBS x): the folder's *.cpp define LLVMFuzzerTestOneInput. Its corpus, tests/data/fuzz/NAME, is replayed
# as a plain test (label fuzz-replay); with VEDETTE_FUZZ (preset fuzz, clang) it is a libFuzzer program, build/fuzz/bin/fuzz_NAME.
function(vd_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  vd_test(fuzz_replay_${name} LABEL fuzz-replay DEPS ${ARG_DEPS} LIBS ${ARG_LIBS}
    SOURCES ${sources} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
  target_compile_definitions(fuzz_replay_${name} PRIVATE VEDETTE_CORPUS="${PROJECT_SOURCE_DIR}/tests/data/fuzz/${name}")
  if(VEDETTE_FUZZ)
    list(TRANSFORM ARG_DEPS PREPEND vedette_)
    add_executable(fuzz_${name} ${sources})
    target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPS} ${ARG_LIBS})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

set(VEDETTE_ONLY "" CACHE STRING "Only the libraries, programs and tests in folders of these names (base;bus); all if empty")

# Every folder below `dir` that has a CMakeLists.txt.
function(vd_add_subdirectories dir)
  file(GLOB children CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*/CMakeLists.txt)
  foreach(child ${children})
    get_filename_component(folder ${child} DIRECTORY)
    get_filename_component(name ${folder} NAME)
    if(NOT VEDETTE_ONLY OR name IN_LIST VEDETTE_ONLY)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
