// SPDX-License-Identifier: MIT
// Unit tests of base/map.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "base/list.h"
#include "base/map.h"
#include "chance.h"

// SipHash-c-d as its paper describes it, for comparison: written apart from map.c, and itself held to the paper's vector.
struct sip {
    uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t x, unsigned bits)
{
    return (x << bits) + (x >> (64 - bits));
}

static void sip_rounds(struct sip *s, int n)
{
    while (n--) {
        s->a += s->b;
        s->c += s->d;
        s->b = turn(s->b, 13) ^ s->a;
        s->d = turn(s->d, 16) ^ s->c;
        s->a = turn(s->a, 32);
        s->c += s->b;
        s->a += s->d;
        s->b = turn(s->b, 17) ^ s->c;
        s->d = turn(s->d, 21) ^ s->a;
        s->c = turn(s->c, 32);
    }
}

static uint64_t siphash_reference(int c, int d, const uint64_t key[2], const unsigned char *p, size_t len)
{
    struct sip s = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573 };
    for (size_t i = 0; i <= len / 8; i++) {
        uint64_t word = i == len / 8 ? (uint64_t)(len % 256) << 56 : 0;
        for (size_t j = 0; j < 8 && i * 8 + j < len; j++)
            word += (uint64_t)p[i * 8 + j] << (8 * j);
        s.d ^= word;
        sip_rounds(&s, c);
        s.a ^= word;
    }
    s.c ^= 0xff;
    sip_rounds(&s, d);
    return s.a ^ s.b ^ s.c ^ s.d;
}

static void hash_is_siphash_1_3(void **state)
{
    (void)state;
    const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    unsigned char text[300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)i;
    assert_int_equal(siphash_reference(2, 4, key, text, 15), 0xa129ca6149be45e5); // the paper's appendix A
    for (size_t len = 0; len <= sizeof text; len++) {
        char *copy = at_end(text, len);
        assert_int_equal(siphash13(key[0], key[1], (struct span){ copy, len }),
                         siphash_reference(1, 3, key, text, len));
        free(copy);
    }
}

// CPython 3.11 hashes byte strings with SipHash-1-3, its key zero under PYTHONHASHSEED=0.
static void hash_is_that_of_others(void **state)
{
    (void)state;
    assert_int_equal(siphash13(0, 0, SPAN("a")), 0x407448d2b89b1813);
    assert_int_equal(siphash13(0, 0, SPAN("abcdefg")), 0x6db12aae9070f506);
    assert_int_equal(siphash13(0, 0, SPAN("abcdefgh")), 0x3f7b849c0b8e35ea);
    assert_int_equal(siphash13(0, 0, SPAN("strowger")), 0x22c20e441825113d);
}

struct thing {
    struct map_node node;
    size_t len;
    char name[16];
};

static struct span name_of(const struct map_node *node)
{
    const struct thing *t = CONTAINER_OF(node, struct thing, node);
    return (struct span){ t->name, t->len };
}

static void name_thing(struct thing *t, size_t number)
{
    t->len = (size_t)snprintf(t->name, sizeof t->name, "thing %zu", number);
}

static void an_empty_map_holds_nothing(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, name_of);
    assert_null(m.buckets);
    assert_null(map_find(&m, SPAN("")));
    assert_null(map_find(&m, SPAN("nobody")));
    assert_null(map_next(&m, NULL));
    map_fini(&m);
}

static void any_bytes_are_a_name(void **state)
{
    (void)state;
    static const struct span names[] = { SPAN(""), SPAN("\0"), SPAN("\0\0"), SPAN("__proto__"), SPAN("a"), SPAN("A") };
    enum { N = sizeof names / sizeof *names };
    struct thing things[N];
    struct map m;
    map_init(&m, name_of);
    for (size_t i = 0; i < N; i++) {
        assert_null(map_find(&m, names[i]));
        things[i].len = names[i].len;
        memcpy(things[i].name, names[i].p, names[i].len);
        assert_int_equal(map_insert(&m, &things[i].node), 0);
    }
    for (size_t i = 0; i < N; i++)
        assert_ptr_equal(map_find(&m, names[i]), &things[i].node);
    map_fini(&m);
}

static void each_map_has_its_own_key(void **state)
{
    (void)state;
    struct map a, b;
    map_init(&a, name_of);
    map_init(&b, name_of);
    assert_false(a.k0 == b.k0 || a.k1 == b.k1 || a.k0 == a.k1);
    map_fini(&a);
    map_fini(&b);
}

static size_t longest_chain(const struct map *m)
{
    size_t longest = 0;
    for (size_t i = 0; i < m->n_buckets; i++) {
        size_t n = 0;
        for (const struct map_node *node = m->buckets[i]; node; node = node->next)
            n++;
        longest = n > longest ? n : longest;
    }
    return longest;
}

static void chains_stay_short_as_it_grows(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct thing *things = calloc(N, sizeof *things);
    struct map m;
    map_init(&m, name_of);
    for (size_t i = 0; i < N; i++) {
        name_thing(&things[i], i);
        assert_int_equal(map_insert(&m, &things[i].node), 0);
        assert_true(m.n <= m.n_buckets);
    }
    assert_int_equal(m.n_buckets, 32768);
    assert_in_range(longest_chain(&m), 1, 16); // 10 would already be rarer than one run in 200
    map_fini(&m);
    free(things);
}

// A map that could not grow for want of memory does so at the next chance.
static void growth_is_made_up_for(void **state)
{
    (void)state;
    struct thing things[40];
    struct map m;
    map_init(&m, name_of);
    for (size_t i = 0; i < 40; i++) {
        name_thing(&things[i], i);
        assert_int_equal(map_insert(&m, &things[i].node), 0);
        if (i == 15)
            m.n += 1000; // as if a thousand had come while it could not
    }
    assert_true(m.n_buckets > 16);
    m.n -= 1000;
    for (size_t i = 0; i < 40; i++)
        assert_ptr_equal(map_find(&m, name_of(&things[i].node)), &things[i].node);
    map_fini(&m);
}

// Everything the map says, against an array that says who is in.
static void random_comings_and_goings(void **state)
{
    (void)state;
    enum { N = 700 };
    static struct thing things[N];
    static bool is_in[N], is_seen[N];
    size_t n = 0;
    uint64_t random = 20261224;
    struct map m;
    map_init(&m, name_of);
    for (size_t i = 0; i < N; i++)
        name_thing(&things[i], i);
    for (int i = 0; i < 50000; i++) {
        size_t k = chance_below(&random, N);
        struct map_node *found = map_find(&m, name_of(&things[k].node));
        assert_ptr_equal(found, is_in[k] ? &things[k].node : NULL);
        if (is_in[k])
            map_remove(&m, found);
        else
            assert_int_equal(map_insert(&m, &things[k].node), 0);
        is_in[k] = !is_in[k];
        n += is_in[k] ? 1 : (size_t)-1;
        assert_int_equal(m.n, n);
        if (i % 997)
            continue;
        memset(is_seen, 0, sizeof is_seen);
        for (struct map_node *node = map_next(&m, NULL); node; node = map_next(&m, node)) {
            size_t seen = (size_t)(CONTAINER_OF(node, struct thing, node) - things);
            assert_false(is_seen[seen]);
            is_seen[seen] = true;
        }
        assert_memory_equal(is_seen, is_in, sizeof is_in);
    }
    map_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_siphash_1_3),        cmocka_unit_test(hash_is_that_of_others),
        cmocka_unit_test(an_empty_map_holds_nothing), cmocka_unit_test(any_bytes_are_a_name),
        cmocka_unit_test(each_map_has_its_own_key),   cmocka_unit_test(chains_stay_short_as_it_grows),
        cmocka_unit_test(growth_is_made_up_for),      cmocka_unit_test(random_comings_and_goings),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
