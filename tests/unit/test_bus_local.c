// SPDX-License-Identifier: MIT
// The bus inside one process (cluster/bus_local.h), held to the rules of every bus and to its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "bus_rules.h"
#include "cluster/bus_local.h"
#include "net/worker.h"

// ---- the rules

struct rigged {
    struct bus_local *local;
    struct worker workers[RIG_WORKERS];
    struct bus_port ports[RIG_WORKERS];
};

static void *rigged_open(struct bus *buses[RIG_WORKERS])
{
    struct rigged *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->local = bus_local_new(RIG_WORKERS, RIG_REALMS);
    assert_non_null(r->local);
    assert_int_equal(bus_local_n_workers(r->local), RIG_WORKERS);
    for (int i = 0; i < RIG_WORKERS; i++) {
        struct worker *w = &r->workers[i];
        assert_int_equal(worker_init(w), 0);
        assert_int_equal(bus_port_open(&r->ports[i], r->local, i, &w->loop, &w->conns.turn), 0);
        r->ports[i].user = r;
        buses[i] = &r->ports[i].bus;
    }
    return r;
}

static void rigged_turn(void *under_test, int i)
{
    struct rigged *r = under_test;
    worker_turn(&r->workers[i], false);
}

static void rigged_close(void *under_test)
{
    struct rigged *r = under_test;
    bus_local_settle(r->local);
    for (int i = 0; i < RIG_WORKERS; i++) {
        bus_port_close(&r->ports[i]);
        worker_fini(&r->workers[i]);
    }
    bus_local_free(r->local);
    free(r);
}

// ---- its own

// As many ports as there can be, on one loop that never needs to run.
struct wide {
    uv_loop_t loop;
    struct turn turn;
    struct bus_local *local;
    struct bus_port ports[BUS_LOCAL_MAX_WORKERS];
    struct buf log; // a line for each thing that happened
};

static void wide_note(struct wide *w, struct span what, int worker)
{
    char line[32];
    int len = snprintf(line, sizeof line, "%.*s%d ", (int)what.len, what.p, worker);
    assert_int_equal(buf_put(&w->log, line, (size_t)len), 0);
}

static bool wide_deliver(void *user, struct peer_ref to, const struct relay *r)
{
    assert_int_equal(r->n_parts, 1);
    if (to.slot == 0)
        wide_note(user, r->parts[0], to.worker);
    return to.slot == 0;
}

static void wide_undelivered(void *user, const struct relay *r)
{
    wide_note(user, SPAN("back"), r->from.worker);
}

static void wide_open(struct wide *w)
{
    static const struct bus_handler handler = { .deliver = wide_deliver, .undelivered = wide_undelivered };
    *w = (struct wide){ 0 };
    assert_int_equal(uv_loop_init(&w->loop), 0);
    turn_init(&w->turn);
    w->local = bus_local_new(BUS_LOCAL_MAX_WORKERS, 1);
    assert_non_null(w->local);
    for (int i = 0; i < BUS_LOCAL_MAX_WORKERS; i++) {
        assert_int_equal(bus_port_open(&w->ports[i], w->local, i, &w->loop, &w->turn), 0);
        w->ports[i].user = w;
        w->ports[i].bus.handler = &handler;
        w->ports[i].bus.user = w;
    }
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

static void wide_close(struct wide *w)
{
    bus_local_settle(w->local);
    for (int i = 0; i < BUS_LOCAL_MAX_WORKERS; i++)
        bus_port_close(&w->ports[i]);
    bus_local_free(w->local);
    uv_walk(&w->loop, close_handle, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    buf_fini(&w->log);
}

static void wide_logged(struct wide *w, const char *wanted)
{
    assert_int_equal(buf_put(&w->log, "", 1), 0);
    assert_string_equal(w->log.p, wanted);
    w->log.len = 0;
}

static struct bus *wide_bus(struct wide *w, int i)
{
    return &w->ports[i].bus;
}

static struct relay relay_from(int worker, const struct span *text)
{
    return (struct relay){ .from = { .worker = (uint8_t)worker }, .parts = text, .n_parts = 1 };
}

static void all_workers_that_there_can_be_hear_a_room(void **state)
{
    (void)state;
    struct wide w;
    struct bus_seat seats[BUS_LOCAL_MAX_WORKERS];
    struct span hello = SPAN("hello");
    char wanted[BUS_LOCAL_MAX_WORKERS * 10] = "";
    wide_open(&w);
    for (int i = 0; i < BUS_LOCAL_MAX_WORKERS; i++) {
        struct bus_joined joined = { 0 };
        struct bus_join want = { .name = SPAN("r") };
        seats[i] = (struct bus_seat){ .ref = { .worker = (uint8_t)i } };
        assert_int_equal(wide_bus(&w, i)->ops->join(wide_bus(&w, i), &seats[i], &want, &joined), 0);
        assert_int_equal(joined.n_members, i + 1);
        if (i)
            sprintf(wanted + strlen(wanted), "hello%d ", i);
    }
    struct relay r = relay_from(0, &hello);
    wide_bus(&w, 0)->ops->publish(wide_bus(&w, 0), 0, &seats[0], &r);
    bus_local_settle(w.local);
    wide_logged(&w, wanted);
    for (int i = 0; i < BUS_LOCAL_MAX_WORKERS; i++)
        wide_bus(&w, i)->ops->leave(wide_bus(&w, i), 0, &seats[i], NULL);
    wide_close(&w);
}

static void note_errand(struct bus_errand *e, struct bus_port *p)
{
    (void)e;
    wide_note(p->user, SPAN("errand"), p->bus.worker);
}

static void errands_run_in_order_with_letters(void **state)
{
    (void)state;
    struct wide w;
    struct span text = SPAN("letter");
    struct relay r = relay_from(3, &text);
    struct bus_errand errands[3] = { { .run = note_errand }, { .run = note_errand }, { .run = note_errand } };
    wide_open(&w);
    struct bus *b = wide_bus(&w, 3);
    assert_true(b->ops->send(b, (struct peer_ref){ .worker = 5 }, &r));
    bus_port_post(&w.ports[3], 5, &errands[0]);
    assert_true(b->ops->send(b, (struct peer_ref){ .worker = 5 }, &r));
    bus_port_post(&w.ports[3], 3, &errands[1]); // to itself: not from within this call
    assert_true(b->ops->send(b, (struct peer_ref){ .worker = 3 }, &r));
    wide_logged(&w, "");
    turn_end(&w.turn);
    wide_logged(&w, "errand3 letter3 ");
    bus_local_settle(w.local);
    wide_logged(&w, "letter5 errand5 letter5 ");
    wide_close(&w);
}

static void another_worker_is_woken_once_a_turn(void **state)
{
    (void)state;
    struct wide w;
    struct span text = SPAN("letter");
    struct relay r = relay_from(0, &text);
    wide_open(&w);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(list_is_empty(&w.turn.tasks), i == 0);
        wide_bus(&w, 0)->ops->send(wide_bus(&w, 0), (struct peer_ref){ .worker = (i & 1) ? 63 : 7 }, &r);
        assert_ptr_equal(w.turn.tasks.next, w.turn.tasks.prev); // one task, however many letters
    }
    assert_int_equal(w.ports[0].to_wake, UINT64_C(1) << 63 | 1 << 7);
    turn_end(&w.turn);
    assert_int_equal(w.ports[0].to_wake, 0);
    uv_run(&w.loop, UV_RUN_NOWAIT); // one loop for all, so that this is the others' turn too
    size_t n = 0;
    for (size_t i = 0; i < w.log.len; i++)
        n += w.log.p[i] == ' ';
    assert_int_equal(n, 100);
    wide_close(&w);
}

// What could not be delivered is on its way back when all stop; and somebody who stops tells others.
static void settling_leaves_no_letter(void **state)
{
    (void)state;
    struct wide w;
    struct span text = SPAN("letter");
    struct relay r = relay_from(9, &text);
    wide_open(&w);
    for (int i = 0; i < BUS_LOCAL_MAX_WORKERS; i++)
        wide_bus(&w, 9)->ops->send(wide_bus(&w, 9), (struct peer_ref){ .worker = (uint8_t)i, .slot = i == 8 }, &r);
    w.log.len = 0;
    bus_local_settle(w.local);
    assert_non_null(memmem(w.log.p, w.log.len, "back9 ", 6));
    assert_null(memmem(w.log.p, w.log.len, "letter8 ", 8));
    assert_non_null(memmem(w.log.p, w.log.len, "letter63 ", 9));
    w.log.len = 0;
    bus_local_settle(w.local);
    wide_logged(&w, "");
    wide_close(&w);
}

int main(void)
{
    static const struct rig_ops rig_ops = { .open = rigged_open, .turn = rigged_turn, .close = rigged_close };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_workers_that_there_can_be_hear_a_room),
        cmocka_unit_test(errands_run_in_order_with_letters),
        cmocka_unit_test(another_worker_is_woken_once_a_turn),
        cmocka_unit_test(settling_leaves_no_letter),
    };
    int failed = run_bus_rules("bus_local keeps the rules of a bus", &rig_ops);
    return failed + cmocka_run_group_tests_name("bus_local", tests, NULL, NULL);
}
