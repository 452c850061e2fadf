# The simulator of a whole hub, with real handlers and the mock vendors. Included once, by the first
# room that needs it.
if(NOT TARGET orderhub_world)
  include(${PROJECT_SOURCE_DIR}/tests/support/sim.cmake)
  orderhub_library(
    orderhub_world
    SOURCES ${PROJECT_SOURCE_DIR}/tests/support/world.cpp
    DEPS orderhub_host orderhub_handlers orderhub_mock_vendors orderhub_sim_support)
endif()
