// SPDX-License-Identifier: MIT
// Unit tests of server/site.h, and of a station's branches.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/station.h"

static char error[CONFIG_ERROR_LEN];
static const struct own_addresses nowhere;

static struct config defaults(void)
{
    return (struct config){ .unknown_text = "", .peerjs_path = "/peerjs", .peerjs_key = "peerjs" };
}

static bool has_mount(const struct site *s, const char *item)
{
    for (size_t i = 0; i < s->n_mounts; i++)
        if (strcmp(s->mounts[i], item) == 0)
            return true;
    return false;
}

static void a_site_is_what_its_configuration_says(void **state)
{
    (void)state;
    const char *mounts[] = { "/=login", "/calls=join" };
    struct config c = defaults();
    c.greeting = "hello";
    c.mount = (struct config_list){ 2, mounts };
    c.peerjs_key = "secret";
    struct site s;
    assert_int_equal(site_init(&s, &c, &nowhere, error), 0);
    assert_true(span_equal(s.dialect_opts.greeting, SPAN("hello")));
    assert_true(has_mount(&s, "/=auto"));
    assert_true(has_mount(&s, "/secret/=/peerjs/"));
    assert_string_equal(s.mounts[s.n_mounts - 1], "/calls=join");
    assert_false(web_root_is_open(&s.web_root));
    site_fini(&s);
}

// Has C refused with CODE, in words that have TEXT in them.
static void refuse(const struct config *c, int code, const char *text)
{
    struct site s;
    assert_int_equal(site_init(&s, c, &nowhere, error), code);
    assert_non_null(strstr(error, text));
    site_fini(&s);
}

static void what_can_never_work_is_refused(void **state)
{
    (void)state;
    const char *item;
    struct config_list list = { 1, &item };
    struct config c = defaults();
    c.mount = list;
    item = "/x=dance";
    refuse(&c, -EINVAL, "'/x=dance': there is no such dialect");
    item = "x=login";
    refuse(&c, -EINVAL, "not 'x=login'");
    c = defaults();
    c.room_event = list;
    item = "bye";
    refuse(&c, -EINVAL, "THEIRS=OURS, not 'bye'");
    c = defaults();
    c.namespace = list;
    refuse(&c, -EINVAL, "begins with '/', not 'bye'");
    c = defaults();
    c.web_root = "/nowhere/at/all";
    refuse(&c, -EIO, "--web-root '/nowhere/at/all': No such file or directory");
}

// What the realms of ALL's mounts are numbered: marks each in SEEN.
static void mark_realms(const struct mounts *all, uint8_t *seen, uint32_t n)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->list[i].is_alias)
            continue;
        assert_in_range(all->list[i].realm->id, 0, n - 1);
        assert_int_equal(seen[all->list[i].realm->id]++, 0);
    }
}

static void no_realm_is_two_sites(void **state)
{
    (void)state;
    const char *mounts[] = { "/socket.io/=rooms" };
    struct config_set set = { .sites = calloc(2, sizeof *set.sites), .n_sites = 2 };
    assert_non_null(set.sites);
    set.sites[0] = set.sites[1] = defaults();
    set.sites[0].no_rate_limits = true; // which have no defaults here
    set.sites[1].mount = (struct config_list){ 1, mounts };
    struct live *live;
    assert_int_equal(live_read(&live, &set, &nowhere, error), 0);
    assert_null(set.sites);
    struct common common;
    assert_int_equal(common_init(&common, live, error), 0);
    struct station_opts opts = { .common = &common, .live = live, .max_sockets = 1 };
    struct station s;
    assert_int_equal(station_init(&s, &opts), 0);
    assert_int_equal(s.n_branches, 2);
    uint8_t seen[64] = { 0 };
    uint32_t n_realms = live->sites[0].n_realms + live->sites[1].n_realms;
    assert_in_range(n_realms, 2, sizeof seen);
    for (size_t i = 0; i < 2; i++) {
        assert_ptr_equal(s.branches[i].site, &live->sites[i]);
        mark_realms(&s.branches[i].mounts, seen, n_realms);
    }
    station_close(&s);
    station_fini(&s);
    common_fini(&common);
    live_release(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_what_its_configuration_says),
        cmocka_unit_test(what_can_never_work_is_refused),
        cmocka_unit_test(no_realm_is_two_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
