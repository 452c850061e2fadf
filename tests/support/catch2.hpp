#pragma once
// Catch2 is version 2 in Debian 12 and version 3 in Debian 13.
#ifdef ORDERHUB_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Generators::range;
#else
#include <catch2/catch.hpp>
using Catch::Generators::range;
#endif
