// SPDX-License-Identifier: MIT
// Unit tests of server/watchdog.h: workers in one thread, of which one gets no turn, as if it hung.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/watchdog.h"

enum { N_WORKERS = 3, NOBODY = -1, WATCHDOG_MS = 20, ASKS = 10 };

struct fixture {
    struct station stations[N_WORKERS]; // of which there are only loops and ports
    struct bus_local *local;
    struct notify notify;
    struct watchdog watchdog;
    int supervisor;
};

static int setup(void **state)
{
    static struct fixture f;
    int pair[2];
    f = (struct fixture){ .local = bus_local_new(N_WORKERS, 1) };
    assert_non_null(f.local);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    f.supervisor = pair[0];
    f.notify = (struct notify){ .fd = pair[1], .watchdog_ms = WATCHDOG_MS };
    for (int i = 0; i < N_WORKERS; i++) {
        struct station *s = &f.stations[i];
        assert_int_equal(worker_init(&s->worker), 0);
        assert_int_equal(bus_port_open(&s->port, f.local, i, &s->worker.loop, &s->worker.conns.turn), 0);
        s->port.user = s;
    }
    watchdog_start(&f.watchdog, &f.notify, f.stations, N_WORKERS);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bus_local_settle(f->local);
    for (int i = 0; i < N_WORKERS; i++)
        bus_port_close(&f->stations[i].port);
    for (int i = 0; i < N_WORKERS; i++)
        worker_fini(&f->stations[i].worker);
    bus_local_free(f->local);
    close(f->supervisor);
    notify_close(&f->notify);
    return 0;
}

// How often the supervisor was told that all is well, since it was last looked at.
static int count_signs(struct fixture *f)
{
    char text[256];
    int n = 0;
    for (ssize_t len; (len = recv(f->supervisor, text, sizeof text, MSG_DONTWAIT)) > 0;)
        n += memmem(text, (size_t)len, "WATCHDOG=1", strlen("WATCHDOG=1")) != NULL;
    return n;
}

// Gives all but the worker HUNG turns for as long as the supervisor would ask ASKS times. Returns the signs it got.
static int run(struct fixture *f, int hung)
{
    uint64_t until = uv_hrtime() + (uint64_t)ASKS * WATCHDOG_MS * 1000000;
    while (uv_hrtime() < until)
        for (int i = 0; i < N_WORKERS; i++)
            if (i != hung)
                worker_turn(&f->stations[i].worker, false);
    return count_signs(f);
}

static void all_is_well_while_every_worker_answers(void **state)
{
    assert_in_range(run(*state, NOBODY), 1, 2 * ASKS + 1);
}

static void a_single_worker_that_hangs_is_silence(void **state)
{
    for (int hung = 0; hung < N_WORKERS; hung++) {
        assert_in_range(run(*state, NOBODY), 1, 2 * ASKS + 1);
        run(*state, hung); // what it had answered before may still be told
        assert_int_equal(run(*state, hung), 0);
    }
    assert_in_range(run(*state, NOBODY), 1, 2 * ASKS + 1); // it was only busy
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_well_while_every_worker_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_single_worker_that_hangs_is_silence, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
