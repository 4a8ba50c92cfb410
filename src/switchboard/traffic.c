// SPDX-License-Identifier: MIT
// How finely the lengths of calls are told apart; see traffic.h.
#include "switchboard/traffic.h"

#define S(n) (1000ULL * (n))
const struct histogram_scale traffic_setup_scale = {
    .per_unit = 1e3,
    .bounds = { 50, 100, 250, 500, S(1), S(2), S(5), S(10), S(20), S(30), S(60), UINT64_MAX },
};

const struct histogram_scale traffic_call_scale = {
    .per_unit = 1e3,
    .bounds = { S(1), S(5), S(15), S(60), S(300), S(900), S(1800), S(3600), S(7200), S(14400), UINT64_MAX },
};
