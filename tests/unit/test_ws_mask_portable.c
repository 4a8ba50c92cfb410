// SPDX-License-Identifier: MIT
// The tests of ws_mask once more, over what runs on processors without AVX2.
#include "base/cpu.h"
#define cpu_has_avx2() false
#define ws_mask_remove ws_mask_remove_portable
#define ws_mask_turn   ws_mask_turn_portable
#include "proto/ws_mask.c" // NOLINT(bugprone-suspicious-include)
#include "test_ws_mask.c"  // NOLINT(bugprone-suspicious-include)
