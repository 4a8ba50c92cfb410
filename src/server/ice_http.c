// SPDX-License-Identifier: MIT
// Tells those who ask by HTTP which STUN and TURN servers to use; see ice_http.h.
#include "server/ice_http.h"

#include <string.h>

static const struct page {
    const char *path;
    bool is_for_relay; // there only with TURN
    int (*put)(const struct ice *i, struct buf *out);
} pages[] = {
    { "/ice", false, ice_put_configuration },
    { "/turn/credentials", true, ice_put_credentials },
};

static const struct page *find_page(const char *path, const struct ice *ice)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(path, pages[i].path) == 0 && (!pages[i].is_for_relay || ice_has_relay(ice)))
            return &pages[i];
    return NULL;
}

// Credentials are for who asked, and not to be kept on the way.
static void respond(struct http_conn *h, const struct http_request *r, const struct page *page,
                    const struct branch *branch)
{
    struct buf body = { 0 }, fields = { 0 };
    bool is_asked = r->method == HTTP_OPTIONS;
    struct http_response response = { .status = is_asked ? 204 : 200, .is_bodyless = is_asked };
    if (buf_put_span(&fields, SPAN("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n")) != 0 ||
        origin_put_cors(&branch->origins, false, r, &fields) != 0 ||
        (!is_asked && page->put(branch->site->ice, &body) != 0)) {
        http_respond_text(h, 503, SPAN("Retry-After: 1\r\n"), SPAN("There is no memory for this right now.\n"));
    } else {
        response.type = is_asked ? SPAN("") : SPAN("application/json");
        response.fields = buf_span(&fields);
        response.body = buf_span(&body);
        *branch->n_credentials += !is_asked && ice_has_relay(branch->site->ice);
        http_respond(h, &response);
    }
    buf_fini(&fields);
    buf_fini(&body);
}

// Whether the network of C's client has not asked too often, which is counted.
static bool may_ask(struct answer_limit *l, struct conn *c)
{
    struct addr client = conn_client_address(c);
    bool may = answer_limit_take(l, &client, uv_now(c->group->loop));
    c->group->stats.n_ice_refused += !may;
    return may;
}

bool ice_http_serve(struct http_conn *h, const struct http_request *r, const char *path, const struct branch *branch)
{
    const struct page *page = find_page(path, branch->site->ice);
    if (!page)
        return false;
    if (r->method != HTTP_GET && r->method != HTTP_HEAD && r->method != HTTP_OPTIONS)
        http_respond_text(h, 405, SPAN("Allow: GET, HEAD, OPTIONS\r\n"), SPAN("Only GET is understood here.\n"));
    else if (!origin_admit(&branch->origins, h->conn, r))
        http_respond_text(h, 403, SPAN(""), SPAN("Pages of this origin may not ask here.\n"));
    else if (!may_ask(branch->ice_limit, h->conn))
        http_respond_text(h, 429, SPAN("Retry-After: 1\r\n"), SPAN("Your network asks this too often.\n"));
    else
        respond(h, r, page, branch);
    return true;
}
