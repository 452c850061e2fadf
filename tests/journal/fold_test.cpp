#include "tests/support/catch2.hpp"
