# Everything comes from the distribution (Debian 12 and 13). Packages without CMake files become
# imported targets here.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(ICU 72 COMPONENTS uc i18n REQUIRED)

function(orderhub_imported name header library)
  find_path(${name}_include ${header} REQUIRED)
  add_library(orderhub_imported_${name} INTERFACE)
  target_include_directories(orderhub_imported_${name} SYSTEM INTERFACE ${${name}_include})
  if(library)
    find_library(${name}_library ${library} REQUIRED)
    target_link_libraries(orderhub_imported_${name} INTERFACE ${${name}_library})
  endif()
endfunction()

orderhub_imported(lmdb lmdb.h lmdb)
add_library(lmdb::lmdb ALIAS orderhub_imported_lmdb)
orderhub_imported(jemalloc jemalloc/jemalloc.h jemalloc)
add_library(jemalloc::jemalloc ALIAS orderhub_imported_jemalloc)
orderhub_imported(libdeflate libdeflate.h deflate)
add_library(libdeflate::deflate ALIAS orderhub_imported_libdeflate)
orderhub_imported(zstd zstd.h zstd)
add_library(zstd::zstd ALIAS orderhub_imported_zstd)
orderhub_imported(simdjson simdjson.h simdjson)
add_library(simdjson::dom ALIAS orderhub_imported_simdjson)
orderhub_imported(ncursesw ncursesw/curses.h ncursesw)
# Its macros are named `move`, `clear` and the like; each is a function as well.
target_compile_definitions(orderhub_imported_ncursesw INTERFACE NCURSES_NOMACROS)
add_library(ncurses::ncursesw ALIAS orderhub_imported_ncursesw)
orderhub_imported(expected tl/expected.hpp "")
add_library(tl::expected_headers ALIAS orderhub_imported_expected)
orderhub_imported(toml toml++/toml.h "")
add_library(toml::headers ALIAS orderhub_imported_toml)
orderhub_imported(mustache kainjow/mustache.hpp "")
add_library(mustache::headers ALIAS orderhub_imported_mustache)
orderhub_imported(phonenumber phonenumbers/phonenumberutil.h phonenumber)
add_library(phonenumber::phonenumber ALIAS orderhub_imported_phonenumber)
# Its own CMake files ask for what its other libraries need; `core` needs nothing.
orderhub_imported(prometheus prometheus/metric_family.h prometheus-cpp-core)
add_library(prometheus-cpp::core ALIAS orderhub_imported_prometheus)
if(ORDERHUB_CAF_SOURCE)
  # The same CAF with ThreadSanitizer in it, which otherwise takes every hand-over through a mailbox for
  # a race: its sources of the installed version, against the installed headers (scripts/tsan.sh).
  orderhub_imported(caf_core caf/all.hpp "")
  file(GLOB_RECURSE caf_sources CONFIGURE_DEPENDS ${ORDERHUB_CAF_SOURCE}/libcaf_core/src/*.cpp)
  if(NOT caf_sources)
    message(FATAL_ERROR "no sources of CAF below ${ORDERHUB_CAF_SOURCE}")
  endif()
  add_library(orderhub_instrumented_caf_core STATIC EXCLUDE_FROM_ALL ${caf_sources})
  set_target_properties(orderhub_instrumented_caf_core PROPERTIES CXX_STANDARD 17
                                                                  EXPORT_COMPILE_COMMANDS OFF)
  target_compile_options(orderhub_instrumented_caf_core PRIVATE -w -O1 -g1 -fsanitize=thread
                                                                -fno-omit-frame-pointer)
  target_include_directories(orderhub_instrumented_caf_core SYSTEM PRIVATE ${caf_core_include})
  target_link_libraries(orderhub_imported_caf_core INTERFACE orderhub_instrumented_caf_core)
else()
  orderhub_imported(caf_core caf/all.hpp caf_core)
endif()
target_link_libraries(orderhub_imported_caf_core INTERFACE Threads::Threads)
add_library(CAF::core ALIAS orderhub_imported_caf_core)
add_library(orderhub_beast INTERFACE)
target_link_libraries(orderhub_beast INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(orderhub_beast INTERFACE BOOST_ASIO_NO_DEPRECATED
                                                    BOOST_ASIO_SEPARATE_COMPILATION
                                                    BOOST_BEAST_SEPARATE_COMPILATION)

# Version 2 in Debian 12 and 3 in Debian 13; tests/support/catch2.hpp includes the right one.
find_package(Catch2 REQUIRED)

# The countries' codes and names of Debian's package iso-codes, compiled in by `orderhub_embed`.
find_file(ORDERHUB_ISO_3166_1 iso_3166-1.json PATHS /usr/share/iso-codes/json NO_DEFAULT_PATH REQUIRED)
