// SPDX-License-Identifier: MIT
// The tests of json_string once more, over what is compiled for machines without SSE2.
#undef __SSE2__
#define json_string_plain_end json_string_plain_end_portable
#define json_string_long_end  json_string_long_end_portable
#define json_string_escaped   json_string_escaped_portable
#include "proto/json_string.c" // NOLINT(bugprone-suspicious-include)
#include "test_json_string.c"  // NOLINT(bugprone-suspicious-include)
