# What tests of the durable core and the simulator share. Included once, by the first room that
# needs it.
if(NOT TARGET orderhub_sim_support)
  orderhub_library(
    orderhub_sim_support
    SOURCES ${PROJECT_SOURCE_DIR}/tests/support/sim_bench.cpp
            ${PROJECT_SOURCE_DIR}/tests/support/sim_operations.cpp
    DEPS orderhub_durable orderhub_memory_store)
endif()
