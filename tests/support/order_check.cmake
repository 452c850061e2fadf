# What tests say of an order in the simulated hub. Included once, by the first room that needs it.
include(${PROJECT_SOURCE_DIR}/tests/support/world.cmake)
if(NOT TARGET orderhub_order_check)
  orderhub_library(
    orderhub_order_check
    SOURCES ${PROJECT_SOURCE_DIR}/tests/support/order_check.cpp
    DEPS orderhub_world
    PRIVATE_DEPS nlohmann_json::nlohmann_json)
endif()
