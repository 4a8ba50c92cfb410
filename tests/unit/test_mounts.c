// SPDX-License-Identifier: MIT
// Unit tests of server/mounts.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "server/mounts.h"

static struct switchboard switchboard;
static struct bus bus;
static const struct dialect_opts opts;

static struct mounts empty(void)
{
    struct mounts m;
    mounts_init(&m, &switchboard, &bus, 0);
    return m;
}

static const struct mount *find(const struct mounts *m, const char *path)
{
    for (size_t i = 0; i < m->n; i++)
        if (span_equal(m->list[i].path, span_of(path)))
            return &m->list[i];
    return NULL;
}

static void items_are_path_and_dialect(void **state)
{
    (void)state;
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/=login", &opts), 0);
    assert_int_equal(mounts_add(&m, "/a/b/=join", &opts), 0);
    assert_int_equal(mounts_add(&m, "/x=y=echo", &opts), 0); // the last '=' counts
    assert_int_equal(m.n, 3);
    assert_ptr_equal(find(&m, "/")->dialect, &dialect_login);
    assert_ptr_equal(find(&m, "/a/b/")->dialect, &dialect_join);
    assert_ptr_equal(find(&m, "/x=y")->dialect, &dialect_echo);
    assert_ptr_equal(find(&m, "/")->opts, &opts);
    mounts_fini(&m);
    assert_int_equal(m.n, 0);
}

static void other_items_are_refused(void **state)
{
    (void)state;
    struct mounts m = empty();
    static const char *const malformed[] = { "", "/", "/a", "login", "a=login", "=login", " /=login", "=" };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(mounts_add(&m, malformed[i], &opts), -EINVAL);
    static const char *const unknown[] = { "/=", "/a=dance", "/a=Login", "/a= login", "/a=login " };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(mounts_add(&m, unknown[i], &opts), -ENOENT);
    assert_int_equal(m.n, 0);
    mounts_fini(&m);
}

static void a_later_mount_replaces_one_at_its_path(void **state)
{
    (void)state;
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/=auto", &opts), 0);
    assert_int_equal(mounts_add(&m, "/a=login", &opts), 0);
    assert_int_equal(mounts_add(&m, "/=echo", &opts), 0);
    assert_int_equal(mounts_add(&m, "/a/=join", &opts), 0); // another path
    assert_int_equal(m.n, 3);
    assert_ptr_equal(find(&m, "/")->dialect, &dialect_echo);
    assert_null(find(&m, "/")->choices);
    assert_int_equal(mounts_add(&m, "/a=dance", &opts), -ENOENT);
    assert_ptr_equal(find(&m, "/a")->dialect, &dialect_login); // as it was
    mounts_fini(&m);
}

static void realms_are_all_different(void **state)
{
    (void)state;
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/=login", &opts), 0);
    assert_int_equal(mounts_add(&m, "/b=auto", &opts), 0);
    assert_int_equal(mounts_add(&m, "/c=login", &opts), 0);
    const struct realm *realms[] = { find(&m, "/")->realm, find(&m, "/b")->realm, find(&m, "/b")->choices[0].realm,
                                     find(&m, "/b")->choices[1].realm, find(&m, "/c")->realm };
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(realms[i]->switchboard, &switchboard);
        assert_ptr_equal(realms[i]->bus, &bus);
        assert_in_range(realms[i]->id, 0, m.next_realm - 1);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(realms[i]->id, realms[j]->id);
    }
    mounts_fini(&m);
}

// Names are held in the same realms by whichever worker.
static void the_same_items_give_the_same_realms(void **state)
{
    (void)state;
    static const char *const items[] = { "/=auto", "/l=login", "/s/=rooms", "/=login", "/j=join" };
    struct mounts a = empty(), b = empty();
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        assert_int_equal(mounts_add(&a, items[i], &opts), 0);
        assert_int_equal(mounts_add(&b, items[i], &opts), 0);
    }
    assert_int_equal(a.n, b.n);
    assert_int_equal(a.next_realm, b.next_realm);
    for (size_t i = 0; i < a.n; i++)
        assert_int_equal(a.list[i].realm->id, b.list[i].realm->id);
    mounts_fini(&a);
    mounts_fini(&b);
}

static void one_that_speaks_for_others_has_a_mount_for_each(void **state)
{
    (void)state;
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/=auto", &opts), 0);
    const struct mount *mount = find(&m, "/");
    for (size_t i = 0; dialect_auto.choices[i]; i++) {
        assert_ptr_equal(mount->choices[i].dialect, dialect_auto.choices[i]);
        assert_ptr_equal(mount->choices[i].opts, &opts);
    }
    mounts_fini(&m);
}

static void namespaces_are_mounts_of_their_own(void **state)
{
    (void)state;
    static const char *const names[] = { "/one", "/two" };
    const struct dialect_opts with_names = { .namespaces = names, .n_namespaces = 2 };
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/socket.io/=rooms", &with_names), 0);
    assert_int_equal(mounts_add(&m, "/plain=login", &with_names), 0);
    const struct mount *mount = find(&m, "/socket.io/");
    assert_int_equal(mount->n_namespaces, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(span_equal(mount->namespaces[i].path, span_of(names[i])));
        assert_ptr_equal(mount->namespaces[i].dialect, mount->dialect);
        assert_int_not_equal(mount->namespaces[i].realm->id, mount->realm->id);
    }
    assert_int_equal(find(&m, "/plain")->n_namespaces, 0);
    mounts_fini(&m);
}

static void another_path_leads_to_the_same(void **state)
{
    (void)state;
    struct mounts m = empty();
    assert_int_equal(mounts_add(&m, "/a/=auto", &opts), 0);
    assert_int_equal(mounts_add(&m, "/b=/a/", &opts), 0);
    assert_int_equal(mounts_add(&m, "/c=/b", &opts), 0);
    assert_ptr_equal(find(&m, "/b")->realm, find(&m, "/a/")->realm);
    assert_ptr_equal(find(&m, "/c")->choices, find(&m, "/a/")->choices);
    assert_int_equal(mounts_add(&m, "/d=/nothing", &opts), -ENOENT);
    assert_int_equal(mounts_add(&m, "/a/=/a/", &opts), -ENOENT);
    // It stays when its first path comes to lead elsewhere, whichever goes first.
    assert_int_equal(mounts_add(&m, "/a/=login", &opts), 0);
    assert_ptr_equal(find(&m, "/b")->dialect, &dialect_auto);
    assert_int_equal(mounts_add(&m, "/b=login", &opts), 0);
    assert_ptr_equal(find(&m, "/c")->dialect, &dialect_auto);
    assert_ptr_equal(find(&m, "/c")->choices[0].opts, &opts);
    assert_int_equal(mounts_add(&m, "/c=login", &opts), 0);
    assert_int_equal(m.n, 3);
    mounts_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_path_and_dialect),
        cmocka_unit_test(other_items_are_refused),
        cmocka_unit_test(a_later_mount_replaces_one_at_its_path),
        cmocka_unit_test(realms_are_all_different),
        cmocka_unit_test(the_same_items_give_the_same_realms),
        cmocka_unit_test(one_that_speaks_for_others_has_a_mount_for_each),
        cmocka_unit_test(namespaces_are_mounts_of_their_own),
        cmocka_unit_test(another_path_leads_to_the_same),
    };
    return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
