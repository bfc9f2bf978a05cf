/* serve.h: HTTP/1.1 for a server over plain sockets: the other half of sockets.h, for examples/server.c. POSIX.

   A connection is a state machine that never blocks. Whenever its socket is ready or its time has come:

       serve_receive(&s);                            what the client has sent
       while ((what = serve_next(&s)) != SERVE_MORE)
           SERVE_HEAD     a request begins: s.method, s.path, serve_header...; say s.most, or answer at once
           SERVE_REQUEST  its body is whole: answer it, now or later
           SERVE_WRONG    it is no HTTP, too long or too late: answer with s.status and s.why
       serve_transmit(&s);                           what the client takes

   An answer is serve_head, serve_put as often as there is something, serve_end. The connection is over when s.stage
   is SERVE_AT_END. Bodies come with a Content-Length or in chunks; 100-continue, keep-alive, pipelining and HTTP/1.0
   are taken care of, and every wait for the client ends after s.patience milliseconds.

   Include it after sockets.h. Without memory it aborts. */
#ifndef SERVE_INCLUDED
#define SERVE_INCLUDED

#include <stdlib.h>

enum {
    SERVE_MOST_HEAD = 64 * 1024,     /* bytes of a request's head                                            */
    SERVE_MOST_UNSENT = 1024 * 1024, /* a client that has so much to take is not listened to                 */
    SERVE_LINGER_MS = 3000           /* for a client that still sends what was refused                       */
};

typedef enum serve_what { SERVE_MORE, SERVE_HEAD, SERVE_REQUEST, SERVE_WRONG } serve_what;

/* Where a connection is: in a request, in its answer, behind the last one. */
typedef enum serve_stage {
    SERVE_AT_LINE, SERVE_AT_HEADER, SERVE_AT_HEAD_END, SERVE_AT_BODY, SERVE_AT_SIZE, SERVE_AT_CHUNK,
    SERVE_AT_CHUNK_END, SERVE_AT_TRAILER, SERVE_AT_ANSWER, SERVE_AT_LINGER, SERVE_AT_END
} serve_stage;

typedef struct serve_bytes { char *ptr; size_t len, cap; } serve_bytes;

/* One connection. {0} with fd and patience is ready, after serve_touch. */
typedef struct serve {
    int fd, patience;
    serve_stage stage;
    uint64_t deadline;           /* of what is waited for                                                    */
    serve_bytes in, body, out;   /* as it came; the request's body; what is to be sent                       */
    size_t used, sent;           /* of `in`; of `out`                                                        */
    char method[16], path[200];  /* without the query                                                        */
    char target[1000];           /* with it                                                                  */
    serve_bytes headers;         /* "name\0value\0" of each                                                  */
    size_t most;                 /* bytes of body that are wanted; said at SERVE_HEAD                        */
    int status;                  /* of SERVE_WRONG                                                           */
    const char *why;
    bool plain;                  /* HTTP/1.0: an answer is not chunked                                       */
    bool keep;                   /* the connection serves again                                              */
    bool chunked, counted;       /* how the body comes                                                       */
    bool pieces, told;           /* the answer is chunked; its head is out                                   */
    size_t head, left;           /* bytes of the head; of the body or chunk that are still to come           */
} serve;

static inline void serve_add(serve_bytes *b, const void *data, size_t len) {
    if (b->len + len + 1 > b->cap) {
        b->cap = (b->len + len + 1) * 2;
        b->ptr = (char *)realloc(b->ptr, b->cap);
        if (!b->ptr) abort();
    }
    if (len) memcpy(b->ptr + b->len, data, len);
    b->len += len;
    b->ptr[b->len] = 0;
}

static inline void serve_forget(serve_bytes *b) {
    free(b->ptr);
    memset(b, 0, sizeof *b);
}

/* Takes away what was used up. */
static inline void serve_cut(serve_bytes *b, size_t *from) {
    if (*from) memmove(b->ptr, b->ptr + *from, b->len - *from);
    b->len -= *from;
    *from = 0;
}

static inline size_t serve_unsent(const serve *s) {
    return s->out.len - s->sent;
}

/* The client gets its time anew. */
static inline void serve_touch(serve *s) {
    s->deadline = sockets_now(NULL) + (uint64_t)(s->stage == SERVE_AT_LINGER ? SERVE_LINGER_MS : s->patience);
}

/* A header of the request, or NULL. Names in small letters. */
static inline const char *serve_header(const serve *s, const char *name) {
    const char *at = s->headers.ptr, *end = at ? at + s->headers.len : NULL;
    for (; at && at < end; at += strlen(at) + 1) {
        bool found = !strcasecmp(at, name);
        at += strlen(at) + 1;
        if (found) return at;
    }
    return NULL;
}

/* -- answers -- */

static inline void serve_send(serve *s, const void *data, size_t len) {
    if (!serve_unsent(s)) serve_touch(s);
    serve_add(&s->out, data, len);
}

/* Begins an answer of `len` bytes, or of as many as come (-1). `more` are further header lines, each with CRLF. */
static inline void serve_head(serve *s, int status, const char *type, const char *more, long len) {
    char line[400], date[40], length[40] = "";
    time_t now = time(NULL);
    if (s->stage != SERVE_AT_ANSWER) s->keep = false;      /* what is still to come is not another request */
    if (len < 0 && s->plain) s->keep = false;
    s->pieces = len < 0 && !s->plain;
    if (len >= 0) snprintf(length, sizeof length, "content-length: %ld\r\n", len);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\ndate: %s\r\ncontent-type: %s\r\n%s%s%s",
             status, status < 300 ? "OK" : "Error", date, type, length,
             s->pieces ? "transfer-encoding: chunked\r\n" : "", s->keep ? "" : "connection: close\r\n");
    serve_send(s, line, strlen(line));
    serve_send(s, more, strlen(more));
    serve_send(s, "\r\n", 2);
    s->stage = SERVE_AT_ANSWER;
    s->told = true;
}

/* Some bytes of the answer's body. */
static inline void serve_put(serve *s, const void *data, size_t len) {
    char size[32];
    if (!len) return;
    snprintf(size, sizeof size, "%lx\r\n", (unsigned long)len);
    if (s->pieces) serve_send(s, size, strlen(size));
    serve_send(s, data, len);
    if (s->pieces) serve_send(s, "\r\n", 2);
}

/* The answer is over. Not complete: the client sees that it was cut. The connection waits for another request, or
   ends when all is sent. */
static inline void serve_end(serve *s, bool complete) {
    if (!complete) s->keep = false;
    else if (s->pieces) serve_send(s, "0\r\n\r\n", 5);
    s->stage = s->keep ? SERVE_AT_LINE : SERVE_AT_LINGER;
    s->told = s->pieces = false;
    s->head = 0;
    serve_forget(&s->body);
    serve_touch(s);
}

/* -- requests -- */

static inline serve_what serve_wrong(serve *s, int status, const char *why) {
    s->status = status;
    s->why = why;
    s->keep = false;
    return SERVE_WRONG;
}

/* The next line of what has come, without its end; NULL = it is not whole. */
static inline char *serve_line(serve *s) {
    size_t len = s->in.len - s->used;
    char *from = len ? s->in.ptr + s->used : NULL, *end = len ? (char *)memchr(from, '\n', len) : NULL, *at;
    if (!end) return NULL;
    len = (size_t)(end - from) + 1;
    s->used += len;
    s->head += len;
    for (at = from; at < end; at++)
        if (!*at) *at = ' ';                               /* where it will be refused */
    *end = 0;
    if (end > from && end[-1] == '\r') end[-1] = 0;
    return from;
}

/* "POST /v1/messages HTTP/1.1": forgets the request before. */
static inline serve_what serve_read_line(serve *s, char *line) {
    char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;
    if (!*line) return SERVE_MORE;                         /* a blank line before a request is legal */
    s->keep = s->plain = s->chunked = s->counted = false;
    s->left = s->headers.len = 0;
    s->method[0] = s->path[0] = s->target[0] = 0;
    if (!version || path == line || path[1] != '/' || (strcmp(version, " HTTP/1.1") && strcmp(version, " HTTP/1.0")))
        return serve_wrong(s, 400, "this is not HTTP/1.1");
    s->plain = version[8] == '0';
    s->keep = !s->plain;
    *version = *path++ = 0;
    snprintf(s->target, sizeof s->target, "%s", path);
    path[strcspn(path, "?")] = 0;
    snprintf(s->method, sizeof s->method, "%s", line);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->stage = SERVE_AT_HEADER;
    return SERVE_MORE;
}

static inline serve_what serve_read_length(serve *s, const char *value) {
    uint64_t length = 0;
    size_t digits = strspn(value, "0123456789"), i;
    for (i = 0; i < digits && i < 19; i++) length = length * 10 + (uint64_t)(value[i] - '0');
    if (!digits || value[digits] || digits > 18 || (s->counted && length != s->left))
        return serve_wrong(s, 400, "Content-Length is not one number");
    s->counted = true;
    s->left = (size_t)length;
    return SERVE_MORE;
}

static inline serve_what serve_read_header(serve *s, char *line) {
    char *value = strchr(line, ':');
    size_t n;
    if (!value || value == line || strcspn(line, " \t") < (size_t)(value - line))
        return serve_wrong(s, 400, "a line of the head is no header");
    *value++ = 0;
    value += strspn(value, " \t");
    for (n = strlen(value); n && strchr(" \t", value[n - 1]); n--) value[n - 1] = 0;
    serve_add(&s->headers, line, strlen(line) + 1);
    serve_add(&s->headers, value, n + 1);
    if (!strcasecmp(line, "connection") && sockets_has(value, "keep-alive")) s->keep = true;
    if (!strcasecmp(line, "connection") && sockets_has(value, "close")) s->keep = false;
    if (!strcasecmp(line, "content-length")) return serve_read_length(s, value);
    if (strcasecmp(line, "transfer-encoding")) return SERVE_MORE;
    s->chunked = true;
    if (s->plain || strcasecmp(value, "chunked")) return serve_wrong(s, 400, "the only Transfer-Encoding is chunked");
    return SERVE_MORE;
}

/* The head is complete. */
static inline serve_what serve_read_head_end(serve *s) {
    if (!s->plain && !serve_header(s, "host")) return serve_wrong(s, 400, "a request needs a Host");
    if (s->chunked && s->counted) return serve_wrong(s, 400, "Content-Length excludes Transfer-Encoding");
    s->stage = SERVE_AT_HEAD_END;
    s->most = 0;
    return SERVE_HEAD;
}

/* The program has seen the head: does the body come, and is it wanted? */
static inline serve_what serve_begin_body(serve *s) {
    const char *expects = serve_header(s, "expect");
    if (s->left > s->most) return serve_wrong(s, 413, "the request is longer than what is taken here");
    s->stage = s->chunked ? SERVE_AT_SIZE : SERVE_AT_BODY;
    if (expects && sockets_has(expects, "100-continue") && (s->chunked || s->left))
        serve_send(s, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return SERVE_MORE;
}

static inline serve_what serve_read_size(serve *s, const char *line) {
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    unsigned long long size = strtoull(line, NULL, 16);
    if (!digits || digits > 15 || !strchr("; \t", line[digits])) return serve_wrong(s, 400, "a chunk has no size");
    if (size > s->most - s->body.len) return serve_wrong(s, 413, "the request is longer than what is taken here");
    s->left = (size_t)size;
    s->head = 0;
    s->stage = size ? SERVE_AT_CHUNK : SERVE_AT_TRAILER;
    return SERVE_MORE;
}

static inline serve_what serve_whole(serve *s) {
    s->stage = SERVE_AT_ANSWER;
    return SERVE_REQUEST;
}

/* Moves what has come of the body, or of a chunk. */
static inline serve_what serve_read_body(serve *s) {
    size_t len = s->in.len - s->used;
    if (len > s->left) len = s->left;
    serve_add(&s->body, len ? s->in.ptr + s->used : "", len);
    s->used += len;
    s->left -= len;
    if (s->left) return SERVE_MORE;
    if (s->stage == SERVE_AT_BODY) return serve_whole(s);
    s->stage = SERVE_AT_CHUNK_END;
    return SERVE_MORE;
}

static inline serve_what serve_read_lines(serve *s, char *line) {
    switch (s->stage) {
    case SERVE_AT_LINE:    return serve_read_line(s, line);
    case SERVE_AT_HEADER:  return *line ? serve_read_header(s, line) : serve_read_head_end(s);
    case SERVE_AT_SIZE:    return serve_read_size(s, line);
    case SERVE_AT_TRAILER: return *line ? SERVE_MORE : serve_whole(s);
    default:               break;
    }
    s->stage = SERVE_AT_SIZE;                              /* behind a chunk */
    return *line ? serve_wrong(s, 400, "a chunk is longer than it says") : SERVE_MORE;
}

/* Reads on in what has come. */
static inline serve_what serve_next(serve *s) {
    serve_what what = SERVE_MORE;
    while (what == SERVE_MORE && s->stage < SERVE_AT_ANSWER) {
        bool body = s->stage == SERVE_AT_BODY || s->stage == SERVE_AT_CHUNK;
        char *line = NULL;
        if (s->stage == SERVE_AT_HEAD_END) what = serve_begin_body(s);
        else if (body) what = serve_read_body(s);
        else if ((line = serve_line(s)) != NULL && s->head <= SERVE_MOST_HEAD) what = serve_read_lines(s, line);
        else if (line || s->in.len - s->used > SERVE_MOST_HEAD) what = serve_wrong(s, 431, "the head is too long");
        else break;
        if (body && s->left) break;
    }
    serve_cut(&s->in, &s->used);
    return what;
}

/* -- the socket -- */

static inline void serve_receive(serve *s) {
    char piece[65536];
    ssize_t n = recv(s->fd, piece, sizeof piece, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (n <= 0) {
        s->stage = SERVE_AT_END;                           /* the client is gone, whatever it asked for */
        return;
    }
    if (s->stage == SERVE_AT_LINGER) return;               /* what was refused */
    if (s->stage != SERVE_AT_ANSWER) serve_touch(s);
    serve_add(&s->in, piece, (size_t)n);
}

static inline void serve_transmit(serve *s) {
    while (serve_unsent(s)) {
#ifdef MSG_NOSIGNAL
        ssize_t n = send(s->fd, s->out.ptr + s->sent, serve_unsent(s), MSG_NOSIGNAL);
#else
        ssize_t n = send(s->fd, s->out.ptr + s->sent, serve_unsent(s), 0);
#endif
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
        if (n < 0) {
            s->stage = SERVE_AT_END;
            return;
        }
        s->sent += (size_t)n;
        serve_touch(s);
    }
    if (!serve_unsent(s) && s->stage == SERVE_AT_LINGER) shutdown(s->fd, SHUT_WR);
    if (!serve_unsent(s) || s->sent > SERVE_MOST_UNSENT) serve_cut(&s->out, &s->sent);
}

/* Whether something is waited for from the client. What an answer is made of has its own time-outs. */
static inline bool serve_waits(const serve *s) {
    return s->stage != SERVE_AT_ANSWER || serve_unsent(s);
}

/* Patience has ended: a request that was begun is wrong, anything else is over. */
static inline serve_what serve_expire(serve *s) {
    bool begun = s->stage != SERVE_AT_LINE || s->in.len;
    if (!serve_waits(s) || sockets_now(NULL) < s->deadline) return SERVE_MORE;
    if (begun && s->stage < SERVE_AT_ANSWER) return serve_wrong(s, 408, "the request did not come in time");
    s->stage = SERVE_AT_END;
    return SERVE_MORE;
}

/* What to wait for on s->fd. */
static inline short serve_events(const serve *s) {
    bool full = serve_unsent(s) >= SERVE_MOST_UNSENT || s->in.len > SERVE_MOST_HEAD;
    return (short)((full && s->stage != SERVE_AT_LINGER ? 0 : POLLIN) | (serve_unsent(s) ? POLLOUT : 0));
}

static inline void serve_close(serve *s) {
    close(s->fd);
    serve_forget(&s->in);
    serve_forget(&s->body);
    serve_forget(&s->headers);
    serve_forget(&s->out);
}

/* A listener on this machine; *port 0 = any, and then it is told. -1 = there is none. */
static inline int serve_listen(int *port) {
    struct sockaddr_in at;
    struct sockaddr *address = (struct sockaddr *)&at;
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0) return -1;
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)*port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockets_prepare(fd);
    if (bind(fd, address, size) || listen(fd, 128) || getsockname(fd, address, &size)) {
        close(fd);
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

#endif /* SERVE_INCLUDED */
