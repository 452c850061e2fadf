# What every target of ours shares: warnings, sanitizers, asserts in every build.
add_library(orderhub_options INTERFACE)
target_compile_options(
  orderhub_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
            -Wnon-virtual-dtor -Woverloaded-virtual -UNDEBUG
            $<$<BOOL:${ORDERHUB_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own library headers after inlining.
  target_compile_options(orderhub_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized
                                                    -Wno-array-bounds -Wno-stringop-overflow
                                                    -Wno-stringop-overread -Wno-dangling-reference)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(orderhub_options INTERFACE -Wno-unknown-warning)
endif()
# nlohmann/json checks its own invariants at every move of a value: the sanitizer build does that.
if(NOT ORDERHUB_SANITIZE)
  target_compile_options(orderhub_options INTERFACE "-DJSON_ASSERT(x)=static_cast<void>(0)")
endif()
if(ORDERHUB_SANITIZE)
  target_compile_options(
    orderhub_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                               -fno-omit-frame-pointer)
  target_link_options(orderhub_options INTERFACE -fsanitize=address,undefined)
endif()
if(ORDERHUB_TSAN)
  target_compile_options(orderhub_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(orderhub_options INTERFACE -fsanitize=thread)
endif()
if(ORDERHUB_FUZZ)
  target_compile_options(orderhub_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The headers that most sources include are read once for all of them: a quarter of a library's build
# time, a third of a test's. g++'s reading and clang-tidy's do without, so a source that does not
# include what it uses is found there.
set(ORDERHUB_PRECOMPILED_HEADERS
    <algorithm> <array> <charconv> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <utility> <vector> <nlohmann/json.hpp> <tl/expected.hpp>)

# `orderhub_precompile(<target> <of>)`: `target` uses the precompiled headers of `of`, a target with the
# same options.
function(orderhub_precompile target of)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_precompile_headers(${target} REUSE_FROM ${of})
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp) # For ccache.
  endif()
endfunction()

# The target that others name as `of`: has nothing but the headers.
function(orderhub_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;DEPS;OPTIONS")
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    file(CONFIGURE OUTPUT ${name}.cpp CONTENT "" @ONLY)
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE ${arg_DEPS} orderhub_options)
    target_compile_options(${name} PRIVATE ${arg_OPTIONS} -Xclang -fno-pch-timestamp)
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  endif()
endfunction()

# Sources of one target are compiled several at a time (scripts/source_groups.py tells which go
# together): half of the time of a full build, and a good deal more for whoever changes one of them, so
# -DORDERHUB_GROUPS=OFF is the better for work on the code. The groups follow every change of a source.
option(ORDERHUB_GROUPS "Compile sources in groups" ON)
find_program(ORDERHUB_PYTHON python3)
function(orderhub_in_groups target)
  set(line "${target}")
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    string(APPEND line " ${source}")
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ORDERHUB_IN_GROUPS ${line})
endfunction()

# Divides what the targets have said, in one run of the script; after the last of them.
function(orderhub_divide)
  if(NOT ORDERHUB_GROUPS OR NOT ORDERHUB_PYTHON)
    return()
  endif()
  get_property(lines GLOBAL PROPERTY ORDERHUB_IN_GROUPS)
  list(JOIN lines "\n" lines)
  file(WRITE ${PROJECT_BINARY_DIR}/sources.txt "${lines}\n")
  execute_process(
    COMMAND ${ORDERHUB_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/source_groups.py ${PROJECT_BINARY_DIR}/sources.txt
    OUTPUT_VARIABLE groups
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" groups "${groups}")
  set(number 0)
  foreach(group IN LISTS groups)
    string(REPLACE " " ";" group "${group}")
    list(POP_FRONT group target)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    set_source_files_properties(${group} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP group_${number})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${group})
    math(EXPR number "${number} + 1")
  endforeach()
endfunction()

# One subject, one target, and the targets that it may see: scripts/check_layers.py holds each include
# against DEPS (what its headers include) and PRIVATE_DEPS (the rest), and HEADERS names headers that
# have no .cpp. Headers are included from the root. Without SOURCES there is nothing to build.
function(orderhub_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS")
  if(NOT arg_SOURCES)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
    return()
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS} orderhub_options)
  orderhub_precompile(${name} orderhub_precompiled_headers)
  orderhub_in_groups(${name} ${arg_SOURCES})
endfunction()

# A test program of one room; every Catch2 test in it runs in one ctest entry. LABELS `timing`: it has
# threads, sockets or processes, so scripts/flaky.sh runs it, or its cases tagged `[timing]` where
# there are any, a hundred times. COST: seconds, about, where it takes more than a few; ctest begins
# with the longest, so that none of them is left for the end. Its own sources are not optimized, which takes a third of the time;
# what it tests is.
function(orderhub_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;COST" "SOURCES;DEPS;LABELS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} orderhub_catch2 orderhub_options)
  target_compile_options(${name} PRIVATE -O0 -g1)
  orderhub_precompile(${name} orderhub_precompiled_for_tests)
  orderhub_in_groups(${name} ${arg_SOURCES})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  list(PREPEND arg_LABELS catch2)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  if(arg_COST)
    set_tests_properties(${name} PROPERTIES COST ${arg_COST})
  endif()
endfunction()

# The bytes of a file as adjacent string literals, into the variable `out`: a literal has a bound
# (65,536 bytes are promised), and adjacent ones are one.
function(orderhub_literals out file)
  get_filename_component(path ${file} ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} content)
  string(LENGTH "${content}" size)
  set(literals "")
  set(at 0)
  while(at LESS size)
    string(SUBSTRING "${content}" ${at} 8000 part)
    string(APPEND literals "\n    R\"~~~(${part})~~~\"")
    math(EXPR at "${at} + 8000")
  endwhile()
  set(${out} "${literals}" PARENT_SCOPE)
endfunction()

# Compiles a data file into `target`: `std::string_view orderhub::<symbol>()` returns its bytes. A
# table that people maintain stays a file with its source and date, and the program needs no file
# beside it.
function(orderhub_embed target file symbol)
  orderhub_literals(literals ${file})
  # Longer ones than a compiler must take are taken by those that we have.
  file(CONFIGURE OUTPUT ${symbol}.cpp CONTENT "#include <string_view>
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
namespace orderhub {
std::string_view @symbol@();
std::string_view @symbol@() {
  return @literals@;
}
} // namespace orderhub
" @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
endfunction()

# The same of several files: `orderhub::<symbol>()` returns their names, without folders, and bytes.
function(orderhub_embed_files target symbol)
  set(rows "")
  foreach(file ${ARGN})
    orderhub_literals(literals ${file})
    get_filename_component(name ${file} NAME)
    string(APPEND rows "\n    {\"${name}\", ${literals}},")
  endforeach()
  file(CONFIGURE OUTPUT ${symbol}.cpp CONTENT "#include <span>
#include <string_view>
#include <utility>
namespace orderhub {
using embedded_file = std::pair<std::string_view, std::string_view>;
std::span<const embedded_file> @symbol@();
std::span<const embedded_file> @symbol@() {
  static constexpr embedded_file files[] = {@rows@
  };
  return files;
}
} // namespace orderhub
" @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
endfunction()
