// SPDX-License-Identifier: MIT
// Unit tests of base/log.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { STAMP_LEN = sizeof "2026-01-02T03:04:05.678Z " - 1 };

static int real_stderr, pipe_ends[2];

// Lets stderr go into a pipe, so that no byte of it is lost or mixed.
static void catch_stderr(void)
{
    assert_int_equal(pipe2(pipe_ends, O_NONBLOCK), 0);
    real_stderr = dup(STDERR_FILENO);
    dup2(pipe_ends[1], STDERR_FILENO);
}

// What was written to stderr since; OUT gets a closing zero.
static size_t release_stderr(char *out, size_t cap)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    ssize_t n = read(pipe_ends[0], out, cap - 1);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

#define LOGGED(out, level, ...) (catch_stderr(), log_write(level, __VA_ARGS__), release_stderr(out, sizeof(out)))

static void assert_logged_fields(struct log_field field, const char *wanted)
{
    char out[4096], line[4096];
    LOGGED(out, LOG_INFO, "hello", field);
    snprintf(line, sizeof line, "info hello %s\n", wanted);
    assert_string_equal(out + STAMP_LEN, line);
}

static void a_record_is_a_line(void **state)
{
    (void)state;
    char out[4096];
    LOGGED(out, LOG_WARN, "peer joined", LOG_TEXT("peer", "alice"), LOG_INT("n", -3), LOG_INT("max", INT64_MIN));
    assert_string_equal(out + STAMP_LEN, "warn peer joined peer=alice n=-3 max=-9223372036854775808\n");
    LOGGED(out, LOG_ERROR, "alone");
    assert_string_equal(out + STAMP_LEN, "error alone\n");
}

static void it_begins_with_the_time(void **state)
{
    (void)state;
    char out[4096];
    time_t before = time(NULL);
    LOGGED(out, LOG_INFO, "now");
    time_t after = time(NULL);
    struct tm tm = { 0 };
    const char *rest = strptime(out, "%Y-%m-%dT%H:%M:%S", &tm);
    assert_non_null(rest);
    assert_in_range(timegm(&tm), before, after);
    int ms = -1, len = 0;
    assert_int_equal(sscanf(rest, ".%3dZ %n", &ms, &len), 1);
    assert_int_equal(len, 6);
    assert_in_range(ms, 0, 999);
}

static void strange_values_are_quoted(void **state)
{
    (void)state;
    assert_logged_fields(LOG_TEXT("v", "a-b_c.d:e/f[g]h%i+j@k"), "v=a-b_c.d:e/f[g]h%i+j@k");
    assert_logged_fields(LOG_TEXT("v", ""), "v=\"\"");
    assert_logged_fields(LOG_TEXT("v", NULL), "v=\"\"");
    assert_logged_fields(LOG_TEXT("v", "two words"), "v=\"two words\"");
    assert_logged_fields(LOG_TEXT("v", "a=b"), "v=\"a=b\"");
    assert_logged_fields(LOG_TEXT("v", "\"\\"), "v=\"\\\"\\\\\"");
    assert_logged_fields(LOG_TEXT("v", "x\n2026 info forged"), "v=\"x\\x0a2026 info forged\"");
    assert_logged_fields(LOG_TEXT("v", "\r\t\033[2J\177"), "v=\"\\x0d\\x09\\x1b[2J\\x7f\"");
    assert_logged_fields(LOG_SPAN("v", SPAN("a\0b")), "v=\"a\\x00b\"");
    assert_logged_fields(LOG_TEXT("v", "\u2028\u202e"), "v=\"\\xe2\\x80\\xa8\\xe2\\x80\\xae\"");
}

static void every_byte_stays_in_its_line(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char out[4096], text[] = { (char)c };
        size_t len = LOGGED(out, LOG_INFO, "byte", LOG_SPAN("v", ((struct span){ text, 1 })));
        assert_ptr_equal(memchr(out, '\n', len), out + len - 1);
        for (size_t i = 0; i + 1 < len; i++)
            assert_in_range(out[i], 0x20, 0x7e);
    }
}

static void a_long_record_is_cut(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, '\n', sizeof text);
    for (size_t len = 200; len < 300; len++) { // so that the cut goes through every part of an escape
        char out[4096];
        struct span s = { text, len };
        assert_int_equal(LOGGED(out, LOG_INFO, "long", LOG_SPAN("v", s)),
                         STAMP_LEN + strlen("info long v=\"\"\n") + 4 * len > 1025
                             ? 1025
                             : STAMP_LEN + strlen("info long v=\"\"\n") + 4 * len);
        assert_int_equal(out[strlen(out) - 1], '\n');
    }
    char out[4096];
    assert_int_equal(
        LOGGED(out, LOG_INFO, "long", LOG_SPAN("v", ((struct span){ text, sizeof text })), LOG_INT("n", 1)), 1025);
}

static void graver_levels_pass(void **state)
{
    (void)state;
    static const char *const names[] = { "error", "warn", "info", "debug", "trace" };
    for (int set = LOG_ERROR; set <= LOG_TRACE; set++) {
        log_set_level((enum log_level)set);
        for (int level = LOG_ERROR; level <= LOG_TRACE; level++) {
            char out[4096];
            size_t len = LOGGED(out, (enum log_level)level, "message");
            assert_int_equal(len > 0, level <= set);
            assert_int_equal(log_is_on((enum log_level)level), level <= set);
            if (len)
                assert_non_null(strstr(out, names[level]));
        }
    }
    log_set_level(LOG_INFO);
}

// What is logged of FIELD as JSON, from "msg" on.
static void assert_json(struct log_field field, const char *wanted)
{
    char out[4096], rest[4096];
    log_set_format(LOG_JSON);
    size_t len = LOGGED(out, LOG_INFO, "hello", field);
    log_set_format(LOG_WORDS);
    snprintf(rest, sizeof rest, "\",\"level\":\"info\",\"msg\":\"hello\"%s}\n", wanted);
    assert_memory_equal(out, "{\"ts\":\"20", 9);
    assert_string_equal(out + strlen("{\"ts\":\"") + STAMP_LEN - 1, rest);
    assert_true(len <= 1025);
}

static void json_is_an_object_a_line(void **state)
{
    (void)state;
    assert_json(LOG_TEXT("peer", "alice"), ",\"peer\":\"alice\"");
    assert_json(LOG_INT("n", INT64_MIN), ",\"n\":-9223372036854775808");
    assert_json(LOG_TEXT("v", NULL), ",\"v\":\"\"");
    assert_json(LOG_TEXT("v", "two \"words\" \\"), ",\"v\":\"two \\\"words\\\" \\\\\"");
    assert_json(LOG_TEXT("v", "a\nb\x7f"), ",\"v\":\"a\\u000ab\\u007f\"");
    assert_json(LOG_SPAN("v", SPAN("a\0b")), ",\"v\":\"a\\u0000b\"");
    assert_json(LOG_TEXT("v", "\u674e \u2028\u00e9"), ",\"v\":\"\\u674e \\u2028\\u00e9\"");
    assert_json(LOG_TEXT("v", "\U0001f600"), ",\"v\":\"\\ud83d\\ude00\"");
    assert_json(LOG_TEXT("v", "\xff\xc3("), ",\"v\":\"\\ufffd\\ufffd(\"");
    assert_json(LOG_TEXT("v", "\xed\xa0\x80"), ",\"v\":\"\\ufffd\\ufffd\\ufffd\"");
}

static void long_json_stays_whole(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, '\n', sizeof text);
    log_set_format(LOG_JSON);
    for (size_t len = 100; len < 200; len++) {
        char out[4096];
        struct span s = { text, len };
        size_t n = LOGGED(out, LOG_INFO, "long", LOG_SPAN("v", s), LOG_INT("last", 1), LOG_TEXT("w", "x"));
        assert_in_range(n, 100, 1025);
        assert_string_equal(out + n - 2, "}\n");
        assert_int_equal((strrchr(out, '\\') - strchr(out, '\\')) % 6, 0); // no escape was cut
        if (n < 1000)
            assert_non_null(strstr(out, "\",\"last\":1,\"w\":\"x\"}\n"));
    }
    log_set_format(LOG_WORDS);
}

// Catches stderr as a pipe that JOURNAL_STREAM names.
static void catch_journal(void)
{
    char stream[64];
    struct stat st;
    catch_stderr();
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_find_journal();
}

static void the_journal_is_told_the_priority(void **state)
{
    (void)state;
    static const char *const lines[] = { "<3>hello n=1\n", "<4>hello n=1\n", "<6>hello n=1\n", "<7>hello n=1\n",
                                         "<7>hello n=1\n" };
    log_set_level(LOG_TRACE);
    for (int level = LOG_ERROR; level <= LOG_TRACE; level++) {
        char out[4096];
        catch_journal();
        log_write((enum log_level)level, "hello", LOG_INT("n", 1));
        release_stderr(out, sizeof out);
        assert_string_equal(out, lines[level]);
    }
    log_set_level(LOG_INFO);
    char out[4096];
    catch_journal();
    log_set_format(LOG_JSON);
    log_write(LOG_WARN, "hello");
    log_set_format(LOG_WORDS);
    release_stderr(out, sizeof out);
    assert_memory_equal(out, "<4>{\"ts\":", 9);
    catch_journal();
    setenv("JOURNAL_STREAM", "1:2", 1); // of a service that started us with a stderr of its own
    log_find_journal();
    log_write(LOG_INFO, "hello");
    release_stderr(out, sizeof out);
    assert_string_equal(out + STAMP_LEN, "info hello\n");
    unsetenv("JOURNAL_STREAM");
}

// Logs 100 records and an error, and counts the records that came out and those that notices tell of.
static void *flood(void *counts)
{
    char out[16384];
    int *n = counts;
    catch_stderr();
    for (int i = 0; i < 100; i++)
        log_write(LOG_WARN, "flood");
    log_write(LOG_ERROR, "not left out");
    release_stderr(out, sizeof out);
    for (const char *p = out; (p = strstr(p, "warn flood\n")); p++)
        n[0]++;
    const char notice[] = "warn records left out n=";
    for (const char *p = out; (p = strstr(p, notice)); p++)
        n[1] += atoi(p + strlen(notice));
    assert_non_null(strstr(out, "error not left out\n"));
    return NULL;
}

static void a_flood_is_left_out_and_told(void **state)
{
    (void)state;
    uint64_t n_before = log_left_out(), n_told = 0;
    for (int i = 0; i < 2; i++) { // each thread has so many to itself
        int n[2] = { 0 };
        pthread_t thread;
        log_set_rate((struct bucket_rate){ 1, 5 });
        assert_int_equal(pthread_create(&thread, NULL, flood, n), 0);
        pthread_join(thread, NULL);
        assert_in_range(n[0], 5, 50); // one more a second, however long this machine takes
        assert_int_equal(n[0] + n[1], 100);
        n_told += (uint64_t)n[1];
    }
    assert_int_equal(log_left_out() - n_before, n_told);
    int n[2] = { 0 };
    log_set_rate((struct bucket_rate){ 0 });
    flood(n);
    assert_int_equal(n[0], 100);
    assert_int_equal(n[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_line),
        cmocka_unit_test(it_begins_with_the_time),
        cmocka_unit_test(strange_values_are_quoted),
        cmocka_unit_test(every_byte_stays_in_its_line),
        cmocka_unit_test(a_long_record_is_cut),
        cmocka_unit_test(graver_levels_pass),
        cmocka_unit_test(json_is_an_object_a_line),
        cmocka_unit_test(long_json_stays_whole),
        cmocka_unit_test(the_journal_is_told_the_priority),
        cmocka_unit_test(a_flood_is_left_out_and_told),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
