// SPDX-License-Identifier: MIT
// Tests of Engine.IO's codec: the bytes that the reference's parsers for versions 3 and 4 make, read and made again;
// every truncation of them; what must be refused; queries and the order in which requests are judged; JSONP.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "at_end.h"
#include "proto/engineio.h"

enum { MAX_PACKETS = 8 };

#define TEXT(digit_type, literal)                                                                                      \
    {                                                                                                                  \
        .data = SPAN(literal), .type = (digit_type)                                                                    \
    }
#define BINARY(literal)                                                                                                \
    {                                                                                                                  \
        .data = SPAN(literal), .type = ENGINEIO_MESSAGE, .is_binary = true                                             \
    }

// What the reference's encoders made of the packets.
static const struct sample {
    enum engineio_payload payload;
    struct span body;
    size_t n_packets;
    struct engineio_packet packets[MAX_PACKETS];
} samples[] = {
    { ENGINEIO_PAYLOAD_4, SPAN("4hello"), 1, { TEXT(ENGINEIO_MESSAGE, "hello") } },
    { ENGINEIO_PAYLOAD_4, SPAN("3"), 1, { TEXT(ENGINEIO_PONG, "") } },
    { ENGINEIO_PAYLOAD_4,
      SPAN("4h€😀\x1E"
           "2probe\x1E"
           "6"),
      3,
      { TEXT(ENGINEIO_MESSAGE, "h€😀"), TEXT(ENGINEIO_PING, "probe"), TEXT(ENGINEIO_NOOP, "") } },
    { ENGINEIO_PAYLOAD_4,
      SPAN("4h€😀\x1E"
           "bAAH/gA==\x1E"
           "3"),
      3,
      { TEXT(ENGINEIO_MESSAGE, "h€😀"), BINARY("\x00\x01\xFF\x80"), TEXT(ENGINEIO_PONG, "") } },
    { ENGINEIO_PAYLOAD_4, SPAN("b"), 1, { BINARY("") } },
    { ENGINEIO_PAYLOAD_3, SPAN("6:4hello"), 1, { TEXT(ENGINEIO_MESSAGE, "hello") } },
    { ENGINEIO_PAYLOAD_3, SPAN("19:42[\"created\",\"r€1\"]"), 1, { TEXT(ENGINEIO_MESSAGE, "2[\"created\",\"r€1\"]") } },
    { ENGINEIO_PAYLOAD_3,
      SPAN("5:4h€😀6:2probe1:6"),
      3,
      { TEXT(ENGINEIO_MESSAGE, "h€😀"), TEXT(ENGINEIO_PING, "probe"), TEXT(ENGINEIO_NOOP, "") } },
    { ENGINEIO_PAYLOAD_3,
      SPAN("5:4h€😀10:b4AAH/gA==1:3"),
      3,
      { TEXT(ENGINEIO_MESSAGE, "h€😀"), BINARY("\x00\x01\xFF\x80"), TEXT(ENGINEIO_PONG, "") } },
    { ENGINEIO_PAYLOAD_3_BINARY,
      SPAN("\x00\x09\xFF"
           "4h€😀"
           "\x01\x05\xFF\x04\x00\x01\xFF\x80"
           "\x00\x01\xFF"
           "3"),
      3,
      { TEXT(ENGINEIO_MESSAGE, "h€😀"), BINARY("\x00\x01\xFF\x80"), TEXT(ENGINEIO_PONG, "") } },
    { ENGINEIO_PAYLOAD_3_BINARY,
      SPAN("\x00\x06\xFF"
           "4hello"
           "\x01\x05\xFF\x04\x01\x02\x03\x04"),
      2,
      { TEXT(ENGINEIO_MESSAGE, "hello"), BINARY("\x01\x02\x03\x04") } },
};

enum { N_SAMPLES = sizeof samples / sizeof *samples };

// Reads a whole body into PACKETS. Returns how many there were, or the parser's error.
static ssize_t read_all(enum engineio_payload payload, char *p, size_t len, struct engineio_packet *packets)
{
    size_t at = 0, n = 0;
    do {
        assert_true(n < MAX_PACKETS);
        ssize_t eaten = engineio_parse_payload(payload, p + at, len - at, &packets[n]);
        if (eaten < 0)
            return eaten;
        assert_true(eaten > 0 && (size_t)eaten <= len - at);
        at += (size_t)eaten;
        n++;
    } while (at < len);
    return (ssize_t)n;
}

static void check_packet(const struct engineio_packet *got, const struct engineio_packet *expected)
{
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->is_binary, expected->is_binary);
    assert_int_equal(got->data.len, expected->data.len);
    assert_true(span_equal(got->data, expected->data));
}

static void it_reads_what_the_reference_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        struct engineio_packet packets[MAX_PACKETS];
        char *p = at_end(samples[i].body.p, samples[i].body.len);
        assert_int_equal(read_all(samples[i].payload, p, samples[i].body.len, packets), samples[i].n_packets);
        for (size_t j = 0; j < samples[i].n_packets; j++)
            check_packet(&packets[j], &samples[i].packets[j]);
        free(p);
    }
}

static void it_makes_what_the_reference_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        struct buf out = { 0 };
        for (size_t j = 0; j < samples[i].n_packets; j++)
            assert_int_equal(engineio_put_packet(samples[i].payload, &samples[i].packets[j], &out), 0);
        assert_int_equal(out.len, samples[i].body.len);
        assert_true(span_equal(buf_span(&out), samples[i].body));
        buf_fini(&out);
    }
}

// A cut body holds the packets before the cut and then an error, or is whole in itself; it never holds others.
static void a_payload_cut_anywhere_is_read_up_to_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (size_t len = 0; len < samples[i].body.len; len++) {
            struct engineio_packet packets[MAX_PACKETS];
            char *p = at_end(samples[i].body.p, len);
            ssize_t n = read_all(samples[i].payload, p, len, packets);
            assert_true(n == -400 || (n >= 1 && (size_t)n <= samples[i].n_packets));
            for (ssize_t j = 0; j + 1 < n; j++)
                check_packet(&packets[j], &samples[i].packets[j]);
            if (samples[i].payload != ENGINEIO_PAYLOAD_4 && n > 0) // their lengths leave no doubt about the last one
                check_packet(&packets[n - 1], &samples[i].packets[n - 1]);
            free(p);
        }
    }
}

static void check_refused(enum engineio_payload payload, struct span body)
{
    struct engineio_packet packets[MAX_PACKETS];
    char *p = at_end(body.p, body.len);
    assert_int_equal(read_all(payload, p, body.len, packets), -400);
    free(p);
}

static void bad_payloads_of_version_4_are_refused(void **state)
{
    (void)state;
    check_refused(ENGINEIO_PAYLOAD_4, SPAN(""));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("abc"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("7"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("/"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("\x1E"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("4a\x1E"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("\x1E"
                                           "4a"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("4a\x1E\x1E"
                                           "4b"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("bAQI"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("b4AQIDBA==x"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("4\xC0\x80"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("4\xED\xA0\x80"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("4\xE2\x82\x1E"
                                           "4a"));
    check_refused(ENGINEIO_PAYLOAD_4, SPAN("6:4hello"
                                           "\x1E"
                                           "x"));
}

static void bad_payloads_of_version_3_are_refused(void **state)
{
    (void)state;
    check_refused(ENGINEIO_PAYLOAD_3, SPAN(""));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("abc"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN(":4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("4hello"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("6"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("7:4hello"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("5:4hello"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("6:4hello1"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("-1:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("+2:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN(" 2:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2.0:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2e0:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("99999999999999999999999999999999:4a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("18446744073709551618:4a")); // 2 modulo 2^64
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2:9a"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2:4😀"));    // cuts the emoji in two
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("5:4😀"));    // bytes, not code units
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2:4\xE2")); // not UTF-8
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("2:b4AQ"));
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("9:bAQIDBA=="));   // no type
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("10:b2AQIDBA==")); // not a message
    check_refused(ENGINEIO_PAYLOAD_3, SPAN("1:b"));
}

static void bad_binary_payloads_of_version_3_are_refused(void **state)
{
    (void)state;
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN(""));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x02\x01\xFF"
                                                  "3"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("6:4hello"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\xFF"
                                                  "3"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\x00\xFF"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\x0A\xFF"
                                                  "3"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\x31\xFF"
                                                  "3")); // a digit in ASCII
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09"
                                                  "\x09\x09\x09\x09\x09\x09\x09\xFF"
                                                  "3"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x00\x02\xFF"
                                                  "4\xE2"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x01\x00\xFF"));
    check_refused(ENGINEIO_PAYLOAD_3_BINARY, SPAN("\x01\x02\xFF\x02"
                                                  "a")); // binary, but no message
}

static void an_empty_packet_of_version_3_is_a_noop(void **state)
{
    (void)state;
    struct engineio_packet packets[MAX_PACKETS];
    char *p = at_end("0:2:4a", 6);
    assert_int_equal(read_all(ENGINEIO_PAYLOAD_3, p, 6, packets), 2);
    check_packet(&packets[0], &(struct engineio_packet)TEXT(ENGINEIO_NOOP, ""));
    check_packet(&packets[1], &(struct engineio_packet)TEXT(ENGINEIO_MESSAGE, "a"));
    free(p);
}

// Lengths around the words that the counting goes by, with characters of every width at every place in a word.
static void lengths_of_version_3_count_utf16(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        size_t n_units;
    } widths[] = { { SPAN("a"), 1 }, { SPAN("é"), 1 }, { SPAN("€"), 1 }, { SPAN("😀"), 2 } };
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct buf text = { 0 }, body = { 0 };
        size_t n_units = 1;
        for (unsigned x = seed, n = seed % 41; n > 0; n--, x = x * 1103515245 + 12345) {
            assert_int_equal(buf_put_span(&text, widths[x >> 16 & 3].text), 0);
            n_units += widths[x >> 16 & 3].n_units;
        }
        struct engineio_packet packet = { buf_span(&text), ENGINEIO_MESSAGE, false }, next = TEXT(ENGINEIO_PING, "😀");
        assert_int_equal(engineio_put_packet(ENGINEIO_PAYLOAD_3, &packet, &body), 0);
        assert_int_equal(strtoul(body.p, NULL, 10), n_units);
        assert_int_equal(engineio_put_packet(ENGINEIO_PAYLOAD_3, &next, &body), 0);

        struct engineio_packet packets[MAX_PACKETS];
        char *p = at_end(body.p, body.len);
        assert_int_equal(read_all(ENGINEIO_PAYLOAD_3, p, body.len, packets), 2);
        check_packet(&packets[0], &packet);
        check_packet(&packets[1], &next);
        free(p);
        buf_fini(&text);
        buf_fini(&body);
    }
}

static void line_breaks_in_base64_are_skipped(void **state)
{
    (void)state;
    struct engineio_packet packets[MAX_PACKETS];
    char *p = at_end("bAQID\nBA==\n", 11);
    assert_int_equal(read_all(ENGINEIO_PAYLOAD_4, p, 11, packets), 1);
    check_packet(&packets[0], &(struct engineio_packet)BINARY("\x01\x02\x03\x04"));
    free(p);
}

static void a_frame_is_a_packet_where_it_lies(void **state)
{
    (void)state;
    struct engineio_packet packet;
    char text[] = "42[\"a\"]", v4[] = "bAQID", v3[] = "b4AQID", bad[] = "x";
    assert_int_equal(engineio_parse_text(ENGINEIO_4, text, 7, &packet), 0);
    check_packet(&packet, &(struct engineio_packet)TEXT(ENGINEIO_MESSAGE, "2[\"a\"]"));
    assert_ptr_equal(packet.data.p, text + 1);
    assert_int_equal(engineio_parse_text(ENGINEIO_4, v4, 5, &packet), 0);
    check_packet(&packet, &(struct engineio_packet)BINARY("\x01\x02\x03"));
    assert_int_equal(engineio_parse_text(ENGINEIO_3, v3, 6, &packet), 0);
    check_packet(&packet, &(struct engineio_packet)BINARY("\x01\x02\x03"));
    assert_int_equal(engineio_parse_text(ENGINEIO_4, bad, 1, &packet), -EINVAL);
    assert_int_equal(engineio_parse_text(ENGINEIO_4, bad, 0, &packet), -EINVAL);

    assert_int_equal(engineio_parse_binary(ENGINEIO_4, SPAN("\x01\x02"), &packet), 0);
    check_packet(&packet, &(struct engineio_packet)BINARY("\x01\x02"));
    assert_int_equal(engineio_parse_binary(ENGINEIO_4, SPAN(""), &packet), 0);
    check_packet(&packet, &(struct engineio_packet)BINARY(""));
    assert_int_equal(engineio_parse_binary(ENGINEIO_3, SPAN("\x04\x01\x02"), &packet), 0);
    check_packet(&packet, &(struct engineio_packet)BINARY("\x01\x02"));
    assert_int_equal(engineio_parse_binary(ENGINEIO_3, SPAN("\x01\x02"), &packet), -EINVAL);
    assert_int_equal(engineio_parse_binary(ENGINEIO_3, SPAN(""), &packet), -EINVAL);
}

static void every_packet_has_its_prefix(void **state)
{
    (void)state;
    assert_true(span_equal(engineio_prefix(ENGINEIO_4, ENGINEIO_OPEN, false), SPAN("0")));
    assert_true(span_equal(engineio_prefix(ENGINEIO_3, ENGINEIO_NOOP, false), SPAN("6")));
    assert_true(span_equal(engineio_prefix(ENGINEIO_4, ENGINEIO_MESSAGE, false), SPAN("4")));
    assert_true(span_equal(engineio_prefix(ENGINEIO_4, ENGINEIO_MESSAGE, true), SPAN("")));
    assert_true(span_equal(engineio_prefix(ENGINEIO_3, ENGINEIO_MESSAGE, true), SPAN("\x04")));
}

static void binary_is_written_into_text_as_each_version_does(void **state)
{
    (void)state;
    struct buf out = { 0 };
    assert_int_equal(engineio_put_text(ENGINEIO_4, &(struct engineio_packet)TEXT(ENGINEIO_PONG, "probe"), &out), 0);
    assert_int_equal(engineio_put_text(ENGINEIO_4, &(struct engineio_packet)BINARY("\x01\x02\x03"), &out), 0);
    assert_int_equal(engineio_put_text(ENGINEIO_3, &(struct engineio_packet)BINARY("\x01\x02\x03"), &out), 0);
    assert_true(span_equal(buf_span(&out), SPAN("3probe"
                                                "bAQID"
                                                "b4AQID")));
    buf_fini(&out);
}

static void the_open_packet_tells_what_each_version_wants(void **state)
{
    (void)state;
    const struct engineio_open open = { SPAN("WRqac4uGgkxVAWsMAAA0"), 25000, 20000, 1000000, true };
    const struct engineio_open upgraded = { SPAN("s"), 300, 200, 1000000, false };
    struct buf out = { 0 };
    assert_int_equal(engineio_put_open(ENGINEIO_4, &open, &out), 0);
    assert_true(
        span_equal(buf_span(&out), SPAN("{\"sid\":\"WRqac4uGgkxVAWsMAAA0\",\"upgrades\":[\"websocket\"],"
                                        "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}")));
    out.len = 0;
    assert_int_equal(engineio_put_open(ENGINEIO_3, &upgraded, &out), 0);
    assert_true(
        span_equal(buf_span(&out), SPAN("{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":200}")));
    out.len = 0;
    const struct engineio_open huge = { SPAN(""), UINT32_MAX, UINT32_MAX, UINT32_MAX, true };
    assert_int_equal(engineio_put_open(ENGINEIO_4, &huge, &out), 0);
    assert_true(
        span_equal(buf_span(&out), SPAN("{\"sid\":\"\",\"upgrades\":[\"websocket\"],\"pingInterval\":4294967295,"
                                        "\"pingTimeout\":4294967295,\"maxPayload\":4294967295}")));
    buf_fini(&out);
}

static void the_payload_is_chosen_by_version_and_content(void **state)
{
    (void)state;
    struct engineio_link v4 = { ENGINEIO_4, ENGINEIO_POLLING, false };
    struct engineio_link v3 = { ENGINEIO_3, ENGINEIO_POLLING, false }, v3_b64 = { ENGINEIO_3, ENGINEIO_POLLING, true };
    assert_int_equal(engineio_choose_payload(&v4, true), ENGINEIO_PAYLOAD_4);
    assert_int_equal(engineio_choose_payload(&v3, false), ENGINEIO_PAYLOAD_3);
    assert_int_equal(engineio_choose_payload(&v3, true), ENGINEIO_PAYLOAD_3_BINARY);
    assert_int_equal(engineio_choose_payload(&v3_b64, true), ENGINEIO_PAYLOAD_3);
}

static void a_query_is_read_parameter_by_parameter(void **state)
{
    (void)state;
    struct engineio_query q;
    engineio_parse_query(SPAN("EIO=4&transport=polling&t=Oxyz"), &q);
    assert_int_equal(q.link.version, ENGINEIO_4);
    assert_int_equal(q.link.transport, ENGINEIO_POLLING);
    assert_false(q.link.is_base64);
    assert_false(q.is_jsonp);
    assert_int_equal(q.sid.len, 0);

    engineio_parse_query(SPAN("EIO=3&transport=websocket&sid=abc_-9&b64=1&j=0"), &q);
    assert_int_equal(q.link.version, ENGINEIO_3);
    assert_int_equal(q.link.transport, ENGINEIO_WEBSOCKET);
    assert_true(q.link.is_base64);
    assert_false(q.is_jsonp); // there is none over WebSocket
    assert_true(span_equal(q.sid, SPAN("abc_-9")));

    engineio_parse_query(SPAN("EIO=3&transport=polling&j=12);alert(1"), &q);
    assert_true(q.is_jsonp);
    assert_true(q.link.is_base64);
    assert_true(span_equal(q.jsonp_number, SPAN("12")));

    engineio_parse_query(SPAN("EIO=4&transport=polling&b64="), &q);
    assert_false(q.link.is_base64);

    static const struct span unknown[] = {
        SPAN(""),           SPAN("EIO=&transport="),      SPAN("EIO=5&transport=webtransport"),
        SPAN("EIO&sid"),    SPAN("EIO=abc&transport=ab"), SPAN("EIO=04&transport=POLLING"),
        SPAN("eio=4&sid="),
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char *p = at_end(unknown[i].p, unknown[i].len);
        engineio_parse_query((struct span){ p, unknown[i].len }, &q);
        assert_int_equal(q.link.version, ENGINEIO_NO_VERSION);
        assert_int_equal(q.link.transport, ENGINEIO_NO_TRANSPORT);
        assert_int_equal(q.sid.len, 0);
        free(p);
    }
}

static void check_judged(const char *query, bool is_get, bool is_upgrade, const struct engineio_link *found, int code)
{
    struct engineio_query q;
    engineio_parse_query(span_of(query), &q);
    assert_ptr_equal(engineio_check(&q, is_get, is_upgrade, found), code < 0 ? NULL : &engineio_refusals[code]);
}

static void handshakes_are_judged_as_the_reference_does(void **state)
{
    (void)state;
    check_judged("EIO=4&transport=polling", true, false, NULL, -1);
    check_judged("EIO=3&transport=polling", true, false, NULL, -1);
    check_judged("EIO=4&transport=websocket", true, true, NULL, -1);
    check_judged("", true, false, NULL, ENGINEIO_TRANSPORT_UNKNOWN);
    check_judged("EIO=4&transport=abc", false, true, NULL, ENGINEIO_TRANSPORT_UNKNOWN);
    check_judged("EIO=4&transport=polling", false, false, NULL, ENGINEIO_BAD_HANDSHAKE_METHOD);
    check_judged("transport=polling", false, false, NULL, ENGINEIO_BAD_HANDSHAKE_METHOD);
    check_judged("EIO=4&transport=websocket", true, false, NULL, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=4&transport=polling", true, true, NULL, ENGINEIO_BAD_REQUEST);
    check_judged("transport=polling", true, false, NULL, ENGINEIO_UNSUPPORTED_VERSION);
    check_judged("EIO=abc&transport=websocket", true, true, NULL, ENGINEIO_UNSUPPORTED_VERSION);
}

static void requests_of_sessions_are_judged_as_the_reference_does(void **state)
{
    (void)state;
    const struct engineio_link polling = { ENGINEIO_4, ENGINEIO_POLLING, false };
    const struct engineio_link websocket = { ENGINEIO_4, ENGINEIO_WEBSOCKET, false };
    check_judged("EIO=4&transport=polling&sid=a", true, false, &polling, -1);
    check_judged("EIO=4&transport=polling&sid=a", false, false, &polling, -1);
    check_judged("EIO=4&transport=websocket&sid=a", true, true, &polling, -1);
    check_judged("EIO=4&transport=websocket&sid=a", true, true, &websocket, -1);
    check_judged("EIO=4&transport=polling&sid=a", true, false, NULL, ENGINEIO_SESSION_UNKNOWN);
    check_judged("transport=polling&sid=a", false, false, NULL, ENGINEIO_SESSION_UNKNOWN);
    check_judged("EIO=4&transport=x&sid=a", true, false, &polling, ENGINEIO_TRANSPORT_UNKNOWN);
    check_judged("EIO=4&transport=polling&sid=a", true, false, &websocket, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=4&transport=websocket&sid=a", true, false, &polling, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=4&transport=websocket&sid=a", true, false, &websocket, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=4&transport=websocket&sid=a", false, false, &websocket, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=4&transport=polling&sid=a", true, true, &polling, ENGINEIO_BAD_REQUEST);
    check_judged("EIO=3&transport=polling&sid=a", true, false, &polling, ENGINEIO_BAD_REQUEST);
    check_judged("transport=polling&sid=a", true, false, &polling, ENGINEIO_BAD_REQUEST);
}

static void every_refusal_has_its_status_and_body(void **state)
{
    (void)state;
    static const struct {
        int status;
        struct span message, body;
    } expected[] = {
        { 400, SPAN("Transport unknown"), SPAN("{\"code\":0,\"message\":\"Transport unknown\"}") },
        { 400, SPAN("Session ID unknown"), SPAN("{\"code\":1,\"message\":\"Session ID unknown\"}") },
        { 400, SPAN("Bad handshake method"), SPAN("{\"code\":2,\"message\":\"Bad handshake method\"}") },
        { 400, SPAN("Bad request"), SPAN("{\"code\":3,\"message\":\"Bad request\"}") },
        { 403, SPAN("Forbidden"), SPAN("{\"code\":4,\"message\":\"Forbidden\"}") },
        { 400, SPAN("Unsupported protocol version"),
          SPAN("{\"code\":5,\"message\":\"Unsupported protocol version\"}") },
    };
    for (size_t i = 0; i < ENGINEIO_N_CODES; i++) {
        assert_int_equal(engineio_refusals[i].status, expected[i].status);
        assert_true(span_equal(engineio_refusals[i].message, expected[i].message));
        assert_true(span_equal(engineio_refusals[i].body, expected[i].body));
    }
}

static void check_jsonp(struct span payload, struct span expected)
{
    struct buf out = { 0 };
    char *p = at_end(payload.p, payload.len);
    assert_int_equal(engineio_put_jsonp(SPAN("7"), (struct span){ p, payload.len }, &out), 0);
    assert_int_equal(out.len, expected.len);
    assert_true(span_equal(buf_span(&out), expected));
    buf_fini(&out);
    free(p);
}

static void jsonp_is_a_script_that_cannot_break_out(void **state)
{
    (void)state;
    check_jsonp(SPAN("1:6"), SPAN("___eio[7](\"1:6\");"));
    check_jsonp(SPAN(""), SPAN("___eio[7](\"\");"));
    check_jsonp(SPAN("3:4\"\n"), SPAN("___eio[7](\"3:4\\\"\\n\");"));
    check_jsonp(SPAN("\u2028"), SPAN("___eio[7](\"\\u2028\");"));
    check_jsonp(SPAN("4a\u2028\u2029b\u2027€\u2029"), SPAN("___eio[7](\"4a\\u2028\\u2029b\u2027€\\u2029\");"));
}

static void check_form(struct span form, struct span expected)
{
    struct buf out = { 0 };
    char *p = at_end(form.p, form.len);
    int err = engineio_decode_jsonp((struct span){ p, form.len }, &out);
    assert_int_equal(err, expected.p ? 0 : -EINVAL);
    if (expected.p)
        assert_true(span_equal(buf_span(&out), expected));
    buf_fini(&out);
    free(p);
}

static void a_form_of_jsonp_is_decoded(void **state)
{
    (void)state;
    check_form(SPAN("d=6%3A4hello"), SPAN("6:4hello"));
    check_form(SPAN("a=b&d=1%3A2+%2b"), SPAN("1:2 +"));
    check_form(SPAN("d="), SPAN(""));
    check_form(SPAN("d=a%5Cnb"), SPAN("a\nb"));
    check_form(SPAN("d=a%5C%5Cnb"), SPAN("a\\nb"));
    check_form(SPAN("d=a%5C%5C%5Cnb"), SPAN("a\\\\nb"));
    check_form(SPAN("d=%5C%5Cx%5C%5C%5C%5Cn%5C"), SPAN("\\\\x\\\\\\n\\"));
    check_form(SPAN("d=%5C%5C"), SPAN("\\\\"));
    check_form(SPAN("d=%5Cn%5Cn"), SPAN("\n\n"));
    check_form(SPAN(""), (struct span){ 0 });
    check_form(SPAN("e=4"), (struct span){ 0 });
    check_form(SPAN("d=%4"), (struct span){ 0 });
    check_form(SPAN("d=%zz"), (struct span){ 0 });
}

// More than there can be memory for.
static void without_memory_nothing_is_written(void **state)
{
    (void)state;
    const struct engineio_packet huge = { { "", SIZE_MAX / 2 + 1 }, ENGINEIO_MESSAGE, false };
    const struct engineio_packet huge_binary = { { "", SIZE_MAX / 2 + 1 }, ENGINEIO_MESSAGE, true };
    const struct engineio_open open = { huge.data, 1, 1, 1, true };
    struct buf out = { 0 };
    assert_int_equal(buf_put_span(&out, SPAN("4a")), 0);
    assert_int_equal(engineio_put_text(ENGINEIO_4, &huge, &out), -ENOMEM);
    assert_int_equal(engineio_put_text(ENGINEIO_3, &huge_binary, &out), -ENOMEM);
    assert_int_equal(engineio_put_packet(ENGINEIO_PAYLOAD_4, &huge, &out), -ENOMEM);
    assert_int_equal(engineio_put_packet(ENGINEIO_PAYLOAD_3, &huge_binary, &out), -ENOMEM);
    assert_int_equal(engineio_put_packet(ENGINEIO_PAYLOAD_3_BINARY, &huge_binary, &out), -ENOMEM);
    assert_int_equal(engineio_put_open(ENGINEIO_4, &open, &out), -ENOMEM);
    assert_int_equal(engineio_put_jsonp(huge.data, SPAN("1:6"), &out), -ENOMEM);
    assert_true(span_equal(buf_span(&out), SPAN("4a")));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_the_reference_makes),
        cmocka_unit_test(it_makes_what_the_reference_makes),
        cmocka_unit_test(a_payload_cut_anywhere_is_read_up_to_there),
        cmocka_unit_test(bad_payloads_of_version_4_are_refused),
        cmocka_unit_test(bad_payloads_of_version_3_are_refused),
        cmocka_unit_test(bad_binary_payloads_of_version_3_are_refused),
        cmocka_unit_test(an_empty_packet_of_version_3_is_a_noop),
        cmocka_unit_test(lengths_of_version_3_count_utf16),
        cmocka_unit_test(line_breaks_in_base64_are_skipped),
        cmocka_unit_test(a_frame_is_a_packet_where_it_lies),
        cmocka_unit_test(every_packet_has_its_prefix),
        cmocka_unit_test(binary_is_written_into_text_as_each_version_does),
        cmocka_unit_test(the_open_packet_tells_what_each_version_wants),
        cmocka_unit_test(the_payload_is_chosen_by_version_and_content),
        cmocka_unit_test(a_query_is_read_parameter_by_parameter),
        cmocka_unit_test(handshakes_are_judged_as_the_reference_does),
        cmocka_unit_test(requests_of_sessions_are_judged_as_the_reference_does),
        cmocka_unit_test(every_refusal_has_its_status_and_body),
        cmocka_unit_test(jsonp_is_a_script_that_cannot_break_out),
        cmocka_unit_test(a_form_of_jsonp_is_decoded),
        cmocka_unit_test(without_memory_nothing_is_written),
    };
    return cmocka_run_group_tests_name("engineio", tests, NULL, NULL);
}
