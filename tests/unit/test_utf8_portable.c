// SPDX-License-Identifier: MIT
// The tests of utf8 once more, over what is compiled for machines without SSE2.
#undef __SSE2__
#define utf8_check utf8_check_portable
#define utf8_cut   utf8_cut_portable
#include "base/utf8.c" // NOLINT(bugprone-suspicious-include)
#include "test_utf8.c" // NOLINT(bugprone-suspicious-include)
