// SPDX-License-Identifier: MIT
// The tests of json once more, over what is compiled for machines without SSE2.
#undef __SSE2__
#define json_string_plain_end json_string_plain_end_portable
#define json_string_long_end  json_string_long_end_portable
#define json_string_escaped   json_string_escaped_portable
#define json_parse            json_parse_portable
#define json_parse_object     json_parse_object_portable
#define json_parse_array      json_parse_array_portable
#define json_next             json_next_portable
#define json_string_is        json_string_is_portable
#define json_string_decode    json_string_decode_portable
#define json_put_string       json_put_string_portable
#define json_plain_len        json_plain_len_portable
#include "proto/json.c"        // NOLINT(bugprone-suspicious-include)
#include "proto/json_string.c" // NOLINT(bugprone-suspicious-include)
#include "test_json.c"         // NOLINT(bugprone-suspicious-include)
