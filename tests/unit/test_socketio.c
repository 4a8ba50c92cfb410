// SPDX-License-Identifier: MIT
// Tests of Socket.IO's codec: packets of both versions as the reference makes them, read and made again; relays that
// change no byte; every truncation; what must be refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "at_end.h"
#include "proto/socketio.h"

#define PLACEHOLDER(num) "{\"_placeholder\":true,\"num\":" num "}"

// A packet as the reference writes it, and what is in it.
static const struct sample {
    struct span text;
    enum socketio_type type;
    struct span nsp;
    int id; // -1: none
    struct span name, args, payload;
    size_t n_args;
    unsigned n_attachments;
} samples[] = {
    { SPAN("0"), SOCKETIO_CONNECT, SPAN("/"), -1, { 0 }, { 0 }, { 0 }, 0, 0 },
    { SPAN("0/chat,"), SOCKETIO_CONNECT, SPAN("/chat"), -1, { 0 }, { 0 }, { 0 }, 0, 0 },
    { SPAN("0{\"token\":\"x\"}"), SOCKETIO_CONNECT, SPAN("/"), -1, { 0 }, { 0 }, SPAN("{\"token\":\"x\"}"), 0, 0 },
    { SPAN("0/chat,{}"), SOCKETIO_CONNECT, SPAN("/chat"), -1, { 0 }, { 0 }, SPAN("{}"), 0, 0 },
    { SPAN("1"), SOCKETIO_DISCONNECT, SPAN("/"), -1, { 0 }, { 0 }, { 0 }, 0, 0 },
    { SPAN("1/chat,"), SOCKETIO_DISCONNECT, SPAN("/chat"), -1, { 0 }, { 0 }, { 0 }, 0, 0 },
    { SPAN("2[\"bye\"]"), SOCKETIO_EVENT, SPAN("/"), -1, SPAN("\"bye\""), SPAN(""), SPAN("[\"bye\"]"), 0, 0 },
    { SPAN("2[\"created\",\"r€1\"]"), SOCKETIO_EVENT, SPAN("/"), -1, SPAN("\"created\""), SPAN("\"r€1\""),
      SPAN("[\"created\",\"r€1\"]"), 1, 0 },
    { SPAN("2/a,12[\"e\",1,\"2\",{\"3\":[true]}]"), SOCKETIO_EVENT, SPAN("/a"), 12, SPAN("\"e\""),
      SPAN("1,\"2\",{\"3\":[true]}"), SPAN("[\"e\",1,\"2\",{\"3\":[true]}]"), 3, 0 },
    { SPAN("20[\"e\"]"), SOCKETIO_EVENT, SPAN("/"), 0, SPAN("\"e\""), SPAN(""), SPAN("[\"e\"]"), 0, 0 },
    { SPAN("2[7,null]"), SOCKETIO_EVENT, SPAN("/"), -1, SPAN("7"), SPAN("null"), SPAN("[7,null]"), 1, 0 },
    { SPAN("37[]"), SOCKETIO_ACK, SPAN("/"), 7, { 0 }, SPAN(""), SPAN("[]"), 0, 0 },
    { SPAN("3/a,7[\"ok\",\"x\"]"),
      SOCKETIO_ACK,
      SPAN("/a"),
      7,
      { 0 },
      SPAN("\"ok\",\"x\""),
      SPAN("[\"ok\",\"x\"]"),
      2,
      0 },
    { SPAN("4/nope,\"Invalid namespace\""),
      SOCKETIO_CONNECT_ERROR,
      SPAN("/nope"),
      -1,
      { 0 },
      { 0 },
      SPAN("\"Invalid namespace\""),
      0,
      0 },
    { SPAN("4/nope,{\"message\":\"Invalid namespace\"}"),
      SOCKETIO_CONNECT_ERROR,
      SPAN("/nope"),
      -1,
      { 0 },
      { 0 },
      SPAN("{\"message\":\"Invalid namespace\"}"),
      0,
      0 },
    { SPAN("52-/c,[\"b\"," PLACEHOLDER("0") ",{\"x\":" PLACEHOLDER("1") "}]"), SOCKETIO_BINARY_EVENT, SPAN("/c"), -1,
      SPAN("\"b\""), SPAN(PLACEHOLDER("0") ",{\"x\":" PLACEHOLDER("1") "}"),
      SPAN("[\"b\"," PLACEHOLDER("0") ",{\"x\":" PLACEHOLDER("1") "}]"), 2, 2 },
    { SPAN("61-3[" PLACEHOLDER("0") "]"),
      SOCKETIO_BINARY_ACK,
      SPAN("/"),
      3,
      { 0 },
      SPAN(PLACEHOLDER("0")),
      SPAN("[" PLACEHOLDER("0") "]"),
      1,
      1 },
};

enum { N_SAMPLES = sizeof samples / sizeof *samples };

static bool is_event(enum socketio_type type)
{
    return type == SOCKETIO_EVENT || type == SOCKETIO_BINARY_EVENT;
}

static bool is_ack(enum socketio_type type)
{
    return type == SOCKETIO_ACK || type == SOCKETIO_BINARY_ACK;
}

static void check_span(struct span got, struct span expected)
{
    assert_int_equal(got.len, expected.len);
    assert_true(span_equal(got, expected));
}

static void it_reads_what_the_reference_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *s = &samples[i];
        struct socketio_packet packet;
        char *p = at_end(s->text.p, s->text.len);
        assert_int_equal(socketio_parse(SOCKETIO_5, (struct span){ p, s->text.len }, &packet), 0);
        assert_int_equal(packet.head.type, s->type);
        check_span(packet.head.nsp, s->nsp);
        assert_int_equal(packet.head.has_id, s->id >= 0);
        assert_int_equal(packet.head.id, s->id >= 0 ? s->id : 0);
        assert_int_equal(packet.head.n_attachments, s->n_attachments);
        check_span(packet.payload.raw, s->payload);
        check_span(packet.name.raw, s->name);
        check_span(packet.args_raw, s->args);
        assert_int_equal(packet.n_args, s->n_args);
        free(p);
    }
}

// Head, arguments as they came and the end make the same bytes again.
static void a_relayed_packet_leaves_as_it_came(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        struct socketio_packet packet;
        assert_int_equal(socketio_parse(SOCKETIO_5, samples[i].text, &packet), 0);
        struct buf out = { 0 };
        if (is_event(samples[i].type) && packet.name.type == JSON_STRING) {
            struct span name = json_string_raw(&packet.name);
            assert_int_equal(socketio_put_event_start(&out, &packet.head, name, packet.args_raw.len > 0), 0);
            assert_int_equal(buf_put_span(&out, packet.args_raw), 0);
            assert_int_equal(buf_put_span(&out, SPAN("]")), 0);
        } else if (is_ack(samples[i].type)) {
            assert_int_equal(socketio_put_ack(&out, &packet.head, &packet.args_raw, 1), 0);
        } else {
            assert_int_equal(socketio_put_head(&out, &packet.head), 0);
            assert_int_equal(buf_put_span(&out, packet.payload.raw), 0);
        }
        check_span(buf_span(&out), samples[i].text);
        buf_fini(&out);
    }
}

// A cut packet is refused, or it is one whose rest could be left out: a namespace without its comma or a shorter one,
// no payload where none is needed.
static void a_packet_cut_anywhere_is_refused_or_has_no_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (size_t len = 0; len < samples[i].text.len; len++) {
            struct socketio_packet packet;
            char *p = at_end(samples[i].text.p, len);
            int err = socketio_parse(SOCKETIO_5, (struct span){ p, len }, &packet);
            assert_true(err == 0 || err == -EINVAL);
            if (err == 0) {
                assert_false(is_event(packet.head.type) || is_ack(packet.head.type));
                assert_int_equal(packet.payload.type, JSON_ABSENT);
            }
            free(p);
        }
    }
}

static int parse(enum socketio_version version, struct span text)
{
    struct socketio_packet packet;
    char *p = at_end(text.p, text.len);
    int err = socketio_parse(version, (struct span){ p, text.len }, &packet);
    free(p);
    return err;
}

static void check_refused(struct span text)
{
    assert_int_equal(parse(SOCKETIO_4, text), -EINVAL);
    assert_int_equal(parse(SOCKETIO_5, text), -EINVAL);
}

static void check_accepted(struct span text)
{
    assert_int_equal(parse(SOCKETIO_4, text), 0);
    assert_int_equal(parse(SOCKETIO_5, text), 0);
}

static void bad_types_and_heads_are_refused(void **state)
{
    (void)state;
    check_refused(SPAN(""));
    check_refused(SPAN("abc"));
    check_refused(SPAN("7"));
    check_refused(SPAN("-1"));
    check_refused(SPAN(" 2[\"a\"]"));
    check_refused(SPAN("0,"));
    check_refused(SPAN("2a[\"e\"]"));
    check_refused(SPAN("29007199254740992[\"e\"]"));
    check_refused(SPAN("218446744073709551617[\"e\"]")); // 1 modulo 2^64
    check_refused(SPAN("2-1[\"e\"]"));
    check_refused(SPAN("21.5[\"e\"]"));
    check_accepted(SPAN("29007199254740991[\"e\"]"));
    check_accepted(SPAN("2007[\"e\"]"));
}

static void bad_attachment_counts_are_refused(void **state)
{
    (void)state;
    check_refused(SPAN("5[\"e\"]"));
    check_refused(SPAN("5-[\"e\"]"));
    check_refused(SPAN("51[\"e\"]"));
    check_refused(SPAN("50-[\"e\"]"));
    check_refused(SPAN("511-[\"e\"]"));
    check_refused(SPAN("5-1-[\"e\"]"));
    check_refused(SPAN("5 1-[\"e\"]"));
    check_refused(SPAN("51e0-[\"e\"]"));
    check_refused(SPAN("518446744073709551617-[\"e\"]"));
    check_refused(SPAN("6-1[]"));
    check_refused(SPAN("2-[\"e\"]"));
    check_accepted(SPAN("510-[\"e\"]"));
    check_accepted(SPAN("61-1[]"));
}

static void payloads_that_their_type_cannot_have_are_refused(void **state)
{
    (void)state;
    check_refused(SPAN("0[]"));
    check_refused(SPAN("0\"a\""));
    check_refused(SPAN("0null"));
    check_refused(SPAN("0{"));
    check_refused(SPAN("0/a,{}x"));
    check_refused(SPAN("1{}"));
    check_refused(SPAN("1/a,[]"));
    check_refused(SPAN("2"));
    check_refused(SPAN("21"));
    check_refused(SPAN("2[]"));
    check_refused(SPAN("2 [ ] "));
    check_refused(SPAN("2{\"0\":\"a\"}"));
    check_refused(SPAN("2\"a\""));
    check_refused(SPAN("2[null]"));
    check_refused(SPAN("2[true]"));
    check_refused(SPAN("2[{}]"));
    check_refused(SPAN("2[[\"a\"]]"));
    check_refused(SPAN("2[\"a\",]"));
    check_refused(SPAN("2[\"a\"]]"));
    check_refused(SPAN("2[\"a\"][\"a\"]"));
    check_refused(SPAN("2['a']"));
    check_refused(SPAN("2[\"a\x1E\"]"));
    check_refused(SPAN("3[]"));
    check_refused(SPAN("31"));
    check_refused(SPAN("31{}"));
    check_refused(SPAN("4[]"));
    check_accepted(SPAN("4"));
    check_accepted(SPAN("4{}"));
    check_accepted(SPAN("31[]"));
}

static void what_is_nested_too_deep_is_refused(void **state)
{
    (void)state;
    char text[2 * JSON_MAX_DEPTH + 64];
    for (unsigned depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        size_t len = (size_t)snprintf(text, sizeof text, "51-[\"e\",");
        for (unsigned i = 1; i < depth; i++)
            text[len++] = '[';
        for (unsigned i = 1; i < depth; i++)
            text[len++] = ']';
        text[len++] = ']';
        assert_int_equal(parse(SOCKETIO_5, (struct span){ text, len }), depth <= JSON_MAX_DEPTH ? 0 : -EINVAL);
    }
}

static void reserved_names_are_refused(void **state)
{
    (void)state;
    check_refused(SPAN("2[\"connect\"]"));
    check_refused(SPAN("2[\"connect_error\",1]"));
    check_refused(SPAN("2[\"disconnect\"]"));
    check_refused(SPAN("2[\"disconnecting\"]"));
    check_refused(SPAN("2[\"newListener\"]"));
    check_refused(SPAN("2[\"removeListener\"]"));
    check_refused(SPAN("2[\"c\\u006fnnect\"]"));
    check_refused(SPAN("51-[\"disconnect\"," PLACEHOLDER("0") "]"));
    check_accepted(SPAN("2[\"Connect\"]"));
    check_accepted(SPAN("2[\"connect \"]"));
    check_accepted(SPAN("2[\"error\"]"));
    check_accepted(SPAN("2[\"\"]"));
    check_accepted(SPAN("2[\"__proto__\"]"));
    check_accepted(SPAN("31[\"connect\"]"));
}

static void a_placeholder_needs_its_attachment(void **state)
{
    (void)state;
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("1") "]"));
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("-1") "]"));
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("\"0\"") "]"));
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("0.5") "]"));
    check_refused(SPAN("52-[\"e\"," PLACEHOLDER("1e1") "]"));
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("18446744073709551616") "]"));
    check_refused(SPAN("51-[\"e\"," PLACEHOLDER("{}") "]"));
    check_refused(SPAN("51-[\"e\",{\"_placeholder\":true}]"));
    check_refused(SPAN("51-[\"e\",{\"num\":0},{\"_placeholder\":true}]"));
    check_refused(SPAN("51-[\"e\",{\"_placeholder\":true,\"a\":{\"num\":0}}]"));
    check_refused(SPAN("51-[\"e\",{\"a\":[1,{\"b\":[" PLACEHOLDER("1") "]}]}]"));
    check_refused(SPAN("51-[\"e\",{\"num\":1,\"_placeholder\":true}]"));
    check_refused(SPAN("51-[\"e\",{\"_placehold\\u0065r\":true,\"num\":1}]"));
    check_refused(SPAN("51-[\"e\",{\"_placeholder\":true,\"num\":0,\"num\":1}]"));
    check_refused(SPAN("51-[\"e\",{\"_placeholder\":false,\"num\":1,\"_placeholder\":true}]"));
    check_refused(SPAN("61-1[" PLACEHOLDER("1") "]"));
    check_refused(SPAN("51-[\"e\", { \"_placeholder\" : true , \"num\" : 1 } ]"));

    check_accepted(SPAN("51-[\"e\", { \"_placeholder\" : true , \"num\" : 0 } ]"));
    check_accepted(SPAN("510-[\"e\"," PLACEHOLDER("9") "]"));
    check_accepted(SPAN("51-[\"e\",{\"num\":0,\"_placeholder\":true}]"));
    check_accepted(SPAN("51-[\"e\",{\"_placeholder\":true,\"num\":1,\"n\\u0075m\":0}]"));
    check_accepted(SPAN("51-[\"e\",{\"_placeholder\":true,\"num\":1,\"_placeholder\":\"true\"}]"));
    check_accepted(SPAN("51-[\"e\",{\"_placeholder\":1,\"num\":7}]"));
    check_accepted(SPAN("51-[\"e\",\"{\\\"_placeholder\\\":true}\",\"_placeholder\",\"\\\\\",true]"));
    check_accepted(SPAN("51-[\"e\",{\"a\":\"_placeholder\",\"b\":true,\"_placeholder\":{\"num\":4}}]"));
    check_refused(SPAN("51-[\"e\",\"\\\"\"," PLACEHOLDER("1") "]"));
    check_accepted(SPAN("51-[\"e\",\"\\\"}]{\"," PLACEHOLDER("0") "]"));
    check_accepted(
        SPAN("2[\"e\"," PLACEHOLDER("5") ",{\"_placeholder\":true}]")); // no binary packet: an object like any other
}

static void the_first_arguments_are_described_and_all_are_counted(void **state)
{
    (void)state;
    struct socketio_packet packet;
    struct span text = SPAN("2 [ \"j\\u006fin\" , \"r\" , 2, [3,{}] ,null, 5 , 6 ] ");
    char *p = at_end(text.p, text.len);
    assert_int_equal(socketio_parse(SOCKETIO_5, (struct span){ p, text.len }, &packet), 0);
    assert_false(packet.head.has_id);
    assert_true(json_string_is(&packet.name, SPAN("join")));
    check_span(packet.payload.raw, SPAN("[ \"j\\u006fin\" , \"r\" , 2, [3,{}] ,null, 5 , 6 ]"));
    check_span(packet.args_raw, SPAN("\"r\" , 2, [3,{}] ,null, 5 , 6"));
    assert_int_equal(packet.n_args, 6);
    check_span(packet.args[0].raw, SPAN("\"r\""));
    assert_int_equal(packet.args[0].type, JSON_STRING);
    check_span(packet.args[2].raw, SPAN("[3,{}]"));
    check_span(packet.args[3].raw, SPAN("null"));
    free(p);

    assert_int_equal(socketio_parse(SOCKETIO_5, SPAN("31[1,2,3,4,5]"), &packet), 0);
    assert_int_equal(packet.n_args, 5);
    check_span(packet.args[0].raw, SPAN("1"));
    check_span(packet.args[3].raw, SPAN("4"));
}

static void a_namespace_may_carry_a_query_in_version_4(void **state)
{
    (void)state;
    struct socketio_packet packet;
    assert_int_equal(socketio_parse(SOCKETIO_4, SPAN("0/chat?token=a&b=?,"), &packet), 0);
    check_span(packet.head.nsp, SPAN("/chat"));
    check_span(packet.query, SPAN("token=a&b=?"));
    assert_int_equal(socketio_parse(SOCKETIO_4, SPAN("0/?"), &packet), 0);
    check_span(packet.head.nsp, SPAN("/"));
    assert_int_equal(packet.query.len, 0);
    assert_int_equal(socketio_parse(SOCKETIO_5, SPAN("0/chat?token=a,"), &packet), 0);
    check_span(packet.head.nsp, SPAN("/chat?token=a"));
    assert_int_equal(packet.query.len, 0);
    assert_int_equal(socketio_parse(SOCKETIO_5, SPAN("1/a1[2"), &packet), 0);
    check_span(packet.head.nsp, SPAN("/a1[2"));
    assert_int_equal(socketio_parse(SOCKETIO_5, SPAN("2/,5[\"e\"]"), &packet), 0);
    check_span(packet.head.nsp, SPAN("/"));
    assert_int_equal(packet.head.id, 5);
}

static void events_are_written(void **state)
{
    (void)state;
    const struct span args[] = { SPAN("\"r\""), SPAN("1,{\"a\":[]}") };
    struct socketio_head head = { .type = SOCKETIO_EVENT };
    struct buf out = { 0 };
    assert_int_equal(socketio_put_event(&out, &head, SPAN("joined"), args, 2), 0);
    check_span(buf_span(&out), SPAN("2[\"joined\",\"r\",1,{\"a\":[]}]"));
    out.len = 0;
    assert_int_equal(socketio_put_event(&out, &head, SPAN("a \"b\"\n"), NULL, 0), 0);
    check_span(buf_span(&out), SPAN("2[\"a \\\"b\\\"\\n\"]"));
    out.len = 0;
    head = (struct socketio_head){ SOCKETIO_BINARY_EVENT, 10, SPAN("/c"), true, SOCKETIO_MAX_ID };
    assert_int_equal(socketio_put_event(&out, &head, SPAN("f"), args, 1), 0);
    check_span(buf_span(&out), SPAN("510-/c,9007199254740991[\"f\",\"r\"]"));
    buf_fini(&out);
}

static void acknowledgements_are_written(void **state)
{
    (void)state;
    const struct span args[] = { SPAN("\"ok\""), SPAN("\"x\"") };
    struct socketio_head head = { SOCKETIO_ACK, 0, SPAN("/"), true, 7 };
    struct buf out = { 0 };
    assert_int_equal(socketio_put_ack(&out, &head, args, 2), 0);
    check_span(buf_span(&out), SPAN("37[\"ok\",\"x\"]"));
    out.len = 0;
    head.id = 0;
    assert_int_equal(socketio_put_ack(&out, &head, NULL, 0), 0);
    check_span(buf_span(&out), SPAN("30[]"));
    buf_fini(&out);
}

static void a_connect_tells_what_each_version_wants(void **state)
{
    (void)state;
    static const struct {
        enum socketio_version version;
        struct span nsp, sid, pid, expected;
    } cases[] = {
        { SOCKETIO_4, SPAN("/"), SPAN("abc"), SPAN(""), SPAN("0") },
        { SOCKETIO_4, SPAN("/a"), SPAN("abc"), SPAN("p"), SPAN("0/a,") },
        { SOCKETIO_5, SPAN("/"), SPAN("abc"), SPAN(""), SPAN("0{\"sid\":\"abc\"}") },
        { SOCKETIO_5, SPAN("/a"), SPAN("abc"), SPAN("p"), SPAN("0/a,{\"sid\":\"abc\",\"pid\":\"p\"}") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = { 0 };
        assert_int_equal(socketio_put_connect(&out, cases[i].version, cases[i].nsp, cases[i].sid, cases[i].pid), 0);
        check_span(buf_span(&out), cases[i].expected);
        buf_fini(&out);
    }
}

static void a_connect_error_is_a_string_or_an_object_by_version(void **state)
{
    (void)state;
    struct buf out = { 0 };
    assert_int_equal(socketio_put_connect_error(&out, SOCKETIO_4, SPAN("/nope"), SPAN("Invalid namespace")), 0);
    check_span(buf_span(&out), SPAN("4/nope,\"Invalid namespace\""));
    out.len = 0;
    assert_int_equal(socketio_put_connect_error(&out, SOCKETIO_5, SPAN("/random"), SPAN("Invalid namespace")), 0);
    check_span(buf_span(&out), SPAN("4/random,{\"message\":\"Invalid namespace\"}"));
    buf_fini(&out);
}

// More than there can be memory for.
static void without_memory_nothing_is_written(void **state)
{
    (void)state;
    const struct span huge = { "", SIZE_MAX / 2 + 1 };
    const struct socketio_head head = { .type = SOCKETIO_EVENT }, huge_head = { .type = SOCKETIO_EVENT, .nsp = huge };
    struct buf out = { 0 };
    assert_int_equal(buf_put_span(&out, SPAN("4")), 0);
    assert_int_equal(socketio_put_head(&out, &huge_head), -ENOMEM);
    assert_int_equal(socketio_put_event_start(&out, &huge_head, SPAN("a"), true), -ENOMEM);
    assert_int_equal(socketio_put_event(&out, &head, SPAN("a"), &huge, 1), -ENOMEM);
    assert_int_equal(socketio_put_ack(&out, &head, &huge, 1), -ENOMEM);
    assert_int_equal(socketio_put_connect(&out, SOCKETIO_5, SPAN("/"), huge, SPAN("")), -ENOMEM);
    assert_int_equal(socketio_put_connect(&out, SOCKETIO_5, SPAN("/"), SPAN("a"), huge), -ENOMEM);
    assert_int_equal(socketio_put_connect_error(&out, SOCKETIO_5, huge, SPAN("no")), -ENOMEM);
    check_span(buf_span(&out), SPAN("4"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_the_reference_makes),
        cmocka_unit_test(a_relayed_packet_leaves_as_it_came),
        cmocka_unit_test(a_packet_cut_anywhere_is_refused_or_has_no_payload),
        cmocka_unit_test(bad_types_and_heads_are_refused),
        cmocka_unit_test(bad_attachment_counts_are_refused),
        cmocka_unit_test(payloads_that_their_type_cannot_have_are_refused),
        cmocka_unit_test(what_is_nested_too_deep_is_refused),
        cmocka_unit_test(reserved_names_are_refused),
        cmocka_unit_test(a_placeholder_needs_its_attachment),
        cmocka_unit_test(the_first_arguments_are_described_and_all_are_counted),
        cmocka_unit_test(a_namespace_may_carry_a_query_in_version_4),
        cmocka_unit_test(events_are_written),
        cmocka_unit_test(acknowledgements_are_written),
        cmocka_unit_test(a_connect_tells_what_each_version_wants),
        cmocka_unit_test(a_connect_error_is_a_string_or_an_object_by_version),
        cmocka_unit_test(without_memory_nothing_is_written),
    };
    return cmocka_run_group_tests_name("socketio", tests, NULL, NULL);
}
