// SPDX-License-Identifier: MIT
// The tests of json_string once more, over what runs on processors without AVX2.
#include "base/cpu.h"
#define cpu_has_avx2()        false
#define json_string_plain_end json_string_plain_end_sse2
#define json_string_long_end  json_string_long_end_sse2
#define json_string_escaped   json_string_escaped_sse2
#include "proto/json_string.c" // NOLINT(bugprone-suspicious-include)
#include "test_json_string.c"  // NOLINT(bugprone-suspicious-include)
