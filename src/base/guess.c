// SPDX-License-Identifier: MIT
// What somebody who mistyped a name may have meant; see guess.h.
#include "base/guess.h"

enum { MAX_LEN = 32, FAR = 99 };

static bool is_same(char a, char b)
{
    return a == b || (a == '-' && b == '_');
}

// How many letters must change, come or go to make A of B (Levenshtein's distance).
static int distance(struct span a, struct span b)
{
    int row[MAX_LEN];
    if (a.len >= MAX_LEN || b.len >= MAX_LEN)
        return FAR;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= a.len; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b.len; j++) {
            int change = diagonal + !is_same(a.p[i - 1], b.p[j - 1]);
            int shorter = row[j - 1] < row[j] ? row[j - 1] : row[j];
            diagonal = row[j];
            row[j] = change < shorter + 1 ? change : shorter + 1;
        }
    }
    return row[b.len];
}

bool guess_try(struct guess *g, struct span name)
{
    int n = distance(g->given, name);
    if (n >= g->least || 2 * (size_t)n > g->given.len)
        return false;
    g->least = n;
    return true;
}
