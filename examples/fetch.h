/* fetch.h: the fetch of browsers and of Node as a transport, for llmprov.h compiled by emscripten. https:// included.

   emcc -std=gnu99 -I. -O1 -sASYNCIFY -sALLOW_MEMORY_GROWTH -sEXIT_RUNTIME=1 -sSINGLE_FILE=1 -o program.js program.c

   The program blocks, the page does not: asyncify (-sASYNCIFY) saves the stack while fetch_next waits. Each piece of a
   reply is fed as fetch hands it over, so events arrive as they do elsewhere. A call that is cancelled or out of time
   aborts its fetch, which closes the connection. What fetch keeps to itself: when the body has left (the call is told at
   once that it has), a reply's head before it is whole, and where a redirect of a page leads: none is followed.
   In a page the server must allow its origin, and a key in a page is known to whoever reads the page: put a gateway of
   your own (examples/server.c) between.

   Include it after llmprov.h. */
#ifndef FETCH_INCLUDED
#define FETCH_INCLUDED

#include <emscripten.h>
#include <stdlib.h>
#include <string.h>

enum { FETCH_BUFFER = 16384, FETCH_HEADERS = 128, FETCH_WAIT_MS = 100 };

/* What fetch_next has to tell. */
enum { FETCH_NOTHING, FETCH_HEAD, FETCH_BYTES, FETCH_END, FETCH_REFUSED, FETCH_UNREACHED, FETCH_LATE, FETCH_CUT, FETCH_REDIRECTED };

/* A fetch that is not begun; returns its number. */
EM_JS(int, fetch_new, (const char *method, const char *url), {
    const all = Module.llmprovFetches = Module.llmprovFetches || { next: 1 };
    all[all.next] = { method: UTF8ToString(method), url: UTF8ToString(url), headers: [], body: [], message: "", texts: [] };
    return all.next++;
})

/* A character of a header is a byte: so fetch wants it, and so UTF-8 goes through. */
EM_JS(void, fetch_header, (int id, const char *name, const char *value), {
    const bytes = at => {
        let text = "";
        for (; HEAPU8[at]; at++) text += String.fromCharCode(HEAPU8[at]);
        return text;
    };
    Module.llmprovFetches[id].headers.push([bytes(name), bytes(value)]);
})

EM_JS(void, fetch_body, (int id, const char *bytes, int len), {
    Module.llmprovFetches[id].body.push(HEAPU8.slice(bytes, bytes + len));
})

/* Begins. What happens then stands in f.coming, a promise of one of the numbers above. */
EM_JS(void, fetch_start, (int id), {
    const f = Module.llmprovFetches[id];
    const told = (what, error) => {
        const cause = error && error.cause;
        const code = cause && cause.code ? ` (${cause.code})` : "";
        if (error) f.message = (cause && cause.message || error.message || String(error)) + code;
        return error && cause && /TIMEOUT|TIMEDOUT/.test(cause.code || "") ? 6 : what;
    };
    f.abort = new AbortController();
    try {
        if (!/^https?:$/.test(new URL(f.url).protocol)) throw new TypeError('not an http:// or https:// URL');
        new Headers(f.headers);
    } catch (error) {
        f.coming = Promise.resolve(told(4, error));
        return;
    }
    f.read = () => f.reader.read().then(({ done, value }) => { f.bytes = value; return done ? 3 : 2; }, error => told(7, error));
    f.coming = fetch(f.url, { method: f.method, headers: f.headers, body: f.body.length ? new Blob(f.body) : undefined,
                              redirect: 'manual', credentials: 'omit', cache: 'no-store', signal: f.abort.signal }).then(reply => {
        if (reply.type === 'opaqueredirect') return 8;
        f.status = reply.status;
        for (const [name, value] of reply.headers) f.texts.push(name, value);
        f.reader = reply.body ? reply.body.getReader() : { read: () => Promise.resolve({ done: true }) };
        return 1;
    }).catch(error => told(5, error));
})

/* Waits for what comes, at most so long. After a head or bytes the next is waited for. */
EM_ASYNC_JS(int, fetch_next, (int id, int most_ms), {
    const f = Module.llmprovFetches[id];
    let timer;
    const what = await Promise.race([f.coming, new Promise(resolve => { timer = setTimeout(resolve, most_ms, 0); })]);
    clearTimeout(timer);
    if (what === 1) f.coming = f.read();
    return what;
})

EM_JS(int, fetch_status, (int id), { return Module.llmprovFetches[id].status; })

/* The texts of the head: names and values in turn; before them, at -1, what went wrong. A text is malloc's; NULL = there
   are no more, or no memory. */
EM_JS(char *, fetch_text, (int id, int number), {
    const f = Module.llmprovFetches[id];
    const text = number < 0 ? new TextEncoder().encode(f.message) : f.texts[number] !== undefined && Uint8Array.from(f.texts[number], c => c.charCodeAt(0));
    const to = text ? _malloc(text.length + 1) : 0;
    if (to) {
        HEAPU8.set(text, to);
        HEAPU8[to + text.length] = 0;
    }
    return to;
})

/* Takes what came, in pieces; 0 = all is taken, and the next is waited for. */
EM_JS(int, fetch_take, (int id, char *to, int room), {
    const f = Module.llmprovFetches[id];
    const n = Math.min(room, f.bytes.length);
    HEAPU8.set(f.bytes.subarray(0, n), to);
    f.bytes = f.bytes.subarray(n);
    if (!n) f.coming = f.read();
    return n;
})

EM_JS(void, fetch_free, (int id), {
    Module.llmprovFetches[id].abort.abort();
    delete Module.llmprovFetches[id];
})

/* -- one exchange -- */

static inline void fetch_failed(int id, llmprov_call *call, int what) {
    char *message = fetch_text(id, -1);
    const char *text = message && *message ? message : "fetch failed";
    switch (what) {
    case FETCH_REFUSED: llmprov_call_fail(call, LLMPROV_ERR_ARGUMENT, text); break;
    case FETCH_LATE: llmprov_call_fail(call, LLMPROV_ERR_TIMEOUT, text); break;
    case FETCH_CUT: llmprov_call_fail(call, LLMPROV_ERR_TRUNCATED, text); break;
    case FETCH_REDIRECTED: llmprov_call_fail(call, LLMPROV_ERR_BAD_REPLY, "the server redirects, which was not followed: the key stays here"); break;
    default: llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, text); break;
    }
    free(message);
}

static inline void fetch_head(int id, llmprov_call *call) {
    llmprov_header headers[FETCH_HEADERS];
    char *texts[FETCH_HEADERS * 2];
    int count = 0, i;
    while (count < FETCH_HEADERS * 2 && (texts[count] = fetch_text(id, count)) != NULL) count++;
    for (i = 0; i + 1 < count; i += 2) {
        headers[i / 2].name = texts[i];
        headers[i / 2].value = texts[i + 1];
    }
    llmprov_call_head(call, fetch_status(id), headers, (size_t)(count / 2));
    for (i = 0; i < count; i++) free(texts[i]);
}

static inline bool fetch_bytes(int id, llmprov_call *call) {
    char buffer[FETCH_BUFFER];
    int n;
    while ((n = fetch_take(id, buffer, FETCH_BUFFER)) > 0)
        if (!llmprov_call_feed(call, buffer, (size_t)n)) return false;
    return true;
}

/* fetch wants the whole body at once. False = it could not be read to its end. */
static inline bool fetch_send(int id, const llmprov_http *http, llmprov_call *call) {
    char buffer[FETCH_BUFFER];
    uint64_t unsent = http->body_len;
    size_t i, n;
    for (i = 0; i < http->header_count; i++) fetch_header(id, http->headers[i].name, http->headers[i].value);
    while (unsent && (n = llmprov_call_body(call, buffer, FETCH_BUFFER)) > 0) {
        fetch_body(id, buffer, (int)n);
        unsent -= n;
    }
    fetch_start(id);
    if (!unsent) llmprov_call_sent(call);
    return !unsent;
}

static inline uint64_t fetch_now(void *user) {
    (void)user;
    return (uint64_t)emscripten_get_now();
}

static inline void fetch_sleep(void *user, int ms) {
    (void)user;
    emscripten_sleep((unsigned)ms);
}

/* Waits at most a tenth of a second at a time, so that time-outs and a cancelled call are noticed. */
static inline bool fetch_exchange(int id, llmprov_call *call) {
    for (;;) {
        int due = llmprov_call_due_ms(call);
        int what = fetch_next(id, due < 0 || due > FETCH_WAIT_MS ? FETCH_WAIT_MS : due);
        llmprov_call_tick(call, fetch_now(NULL));
        if (llmprov_call_want(call) == LLMPROV_WANT_TIME || llmprov_call_want(call) == LLMPROV_WANT_NOTHING) return false;
        switch (what) {
        case FETCH_NOTHING: break;
        case FETCH_HEAD: fetch_head(id, call); break;
        case FETCH_BYTES: if (!fetch_bytes(id, call)) return false; break;
        case FETCH_END: llmprov_call_eof(call); return true;
        default: fetch_failed(id, call, what); return false;
        }
    }
}

static inline bool fetch_perform(void *user, const llmprov_http *http, llmprov_call *call) {
    int id;
    bool done;
    (void)user;
    llmprov_call_tick(call, fetch_now(NULL));
    if (llmprov_call_want(call) != LLMPROV_WANT_SEND) return false;
    id = fetch_new(http->method, http->url);
    done = fetch_send(id, http, call);
    if (!done) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "the body could not be read to its end");
    done = done && fetch_exchange(id, call);
    fetch_free(id);
    return done;
}

/* One transport serves any number of clients; only one of their calls can wait at a time. */
static inline llmprov_transport fetch_transport(void) {
    llmprov_transport t;
    t.perform = fetch_perform;
    t.wait = fetch_sleep;
    t.now = fetch_now;
    t.close = NULL;
    t.user = NULL;
    return t;
}

#endif /* FETCH_INCLUDED */
