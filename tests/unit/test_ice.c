// SPDX-License-Identifier: MIT
// Unit tests of server/ice.h: which URLs it takes. That its credentials are right is for coturn to say, end to end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "scratch_dir.h"
#include "server/ice.h"

// What ice_load() makes of one URL.
static int load(const char *stun, const char *turn, const char *secret_file)
{
    char error[CONFIG_ERROR_LEN] = "";
    struct config c = { .stun = { .n = stun != NULL, .items = &stun },
                        .turn_url = { .n = turn != NULL, .items = &turn },
                        .turn_secret_file = secret_file,
                        .turn_ttl = 60000 };
    struct ice *i = ice_new(&c);
    assert_non_null(i);
    int err = ice_load(i, error);
    assert_int_equal(err != 0, error[0] != '\0');
    ice_free(i);
    return err;
}

static void urls_are_those_of_the_rfcs(void **state)
{
    (void)state;
    static const char *const good[] = {
        "stun:a",        "stuns:a.example",    "stun:a.example:3478", "stun:192.0.2.1:1",
        "stun:[::1]:80", "stun:[2001:db8::1]", "stun:a-b_c.d:65535"
    };
    static const char *const bad[] = { "stun:",
                                       "stun",
                                       "a.example",
                                       "turn:a",
                                       "stunx:a",
                                       "stun://a",
                                       "stun:a b",
                                       "stun:a:0",
                                       "stun:a:65536",
                                       "stun:a:",
                                       "stun:a:x",
                                       "stun:a\"",
                                       "stun:[::1",
                                       "stun:[]",
                                       "stun:a/b",
                                       "STUN:a",
                                       "stun:a?transport=udp",
                                       "stun::3478",
                                       "stun:a:3478x",
                                       "http:a" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(load(good[i], NULL, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(load(bad[i], NULL, NULL), -EINVAL);
}

static void turn_has_a_transport_and_a_secret(void **state)
{
    (void)state;
    struct scratch_dir dir;
    const struct scratch_entry entries[] = { { "secret", SCRATCH_FILE, "sesame\n" }, { NULL, SCRATCH_FILE, NULL } };
    scratch_dir_init(&dir, entries);
    char path[128];
    snprintf(path, sizeof path, "%s/secret", dir.path);
    static const char *const good[] = { "turn:a", "turns:a:443", "turn:a?transport=udp",
                                        "turns:[::1]:5349?transport=tcp" };
    static const char *const bad[] = {
        "turn:a?transport=", "turn:a?transport=sctp", "turn:a?x", "turn:a?", "stun:a", "turn:a?transport=udp&x=1"
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(load(NULL, good[i], path), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(load(NULL, bad[i], path), -EINVAL);
    assert_int_equal(load(NULL, "turn:a", NULL), -EINVAL);
    assert_int_equal(load(NULL, NULL, path), -EINVAL);
    assert_int_equal(load(NULL, "turn:a", "/nowhere"), -EIO);
    scratch_dir_fini(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_those_of_the_rfcs),
        cmocka_unit_test(turn_has_a_transport_and_a_secret),
    };
    return cmocka_run_group_tests_name("ice", tests, NULL, NULL);
}
