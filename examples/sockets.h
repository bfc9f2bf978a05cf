/* sockets.h: HTTP/1.1 over plain sockets, for llmprov.h. POSIX; http:// only, since TLS needs libcurl.

   An exchange is a small state machine, so that one program may block on it and another may poll many:

       sockets_begin(&s, call);                  the call wants SEND
       while (sockets_step(&s)) poll(...);       wait for s.fd to be ready for sockets_events(&s)

   and at its end the call has been told llmprov_call_eof or llmprov_call_fail. sockets_transport makes of it what
   llmprov_desc wants. A connection is kept and used again for the same host. Nothing is allocated here; only
   getaddrinfo, which looks the host up, blocks and allocates. Redirects are not followed.

   Include it after llmprov.h, with _POSIX_C_SOURCE defined as 200809L before the first include. */
#ifndef SOCKETS_INCLUDED
#define SOCKETS_INCLUDED

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS_BUFFER = 16384, SOCKETS_HEADERS = 128 };

typedef enum sockets_state { SOCKETS_IDLE, SOCKETS_CONNECT, SOCKETS_SEND, SOCKETS_HEAD, SOCKETS_BODY } sockets_state;

/* What ends a body: a count, chunks, or the end of the connection; and where we are within chunks. */
typedef enum sockets_framing { SOCKETS_COUNT, SOCKETS_CLOSE, SOCKETS_CHUNK_SIZE, SOCKETS_CHUNK_NOTE, SOCKETS_CHUNK_DATA,
    SOCKETS_CHUNK_END, SOCKETS_TRAILER } sockets_framing;

/* One connection and the exchange on it. {0} is ready for sockets_begin. */
typedef struct sockets {
    int fd;                      /* only while open                                                          */
    bool open;
    bool reused;                 /* the connection has served before: it may turn out to be closed           */
    bool answered;               /* a byte of the reply came                                                 */
    bool keep;                   /* the connection may serve again                                           */
    bool succeeded;              /* how the last exchange ended                                              */
    char host[256], port[8];
    struct addrinfo *addresses, *next;         /* while it connects                                          */
    llmprov_call *call;
    sockets_state state;
    sockets_framing framing;
    uint64_t unsent, left;       /* of the request's body; of the reply's body or chunk                      */
    size_t digits;               /* of a chunk's size; in a trailer: of its line                             */
    size_t out_at, out_len, in_len;
    char out[SOCKETS_BUFFER], in[SOCKETS_BUFFER];
} sockets;

/* -- ends -- */

static inline void sockets_close(sockets *s) {
    if (s->open) close(s->fd);
    if (s->addresses) freeaddrinfo(s->addresses);
    s->addresses = s->next = NULL;
    s->open = false;
    s->state = SOCKETS_IDLE;
}

static inline bool sockets_fail(sockets *s, llmprov_status why, const char *what, const char *more) {
    char text[600];
    snprintf(text, sizeof text, "%s%s%s", what, more ? ": " : "", more ? more : "");
    sockets_close(s);
    s->succeeded = false;
    llmprov_call_fail(s->call, why, text);
    return false;
}

static inline bool sockets_done(sockets *s) {
    s->state = SOCKETS_IDLE;
    if (!s->keep) sockets_close(s);
    s->succeeded = true;
    llmprov_call_eof(s->call);
    return false;
}

/* -- connecting -- */

static inline void sockets_prepare(int fd) {
    int on = 1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

/* Begins to connect to the next of the addresses; `error` is why the last one failed. */
static inline bool sockets_try(sockets *s, int error) {
    char where[300];
    for (; s->next; s->next = s->next->ai_next) {
        const struct addrinfo *a = s->next;
        s->fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (s->fd >= 0) {
            sockets_prepare(s->fd);
            if (!connect(s->fd, a->ai_addr, a->ai_addrlen) || errno == EINPROGRESS) {
                s->next = a->ai_next;
                s->open = true;
                s->state = SOCKETS_CONNECT;
                return true;
            }
        }
        error = errno;
        if (s->fd >= 0) close(s->fd);
    }
    snprintf(where, sizeof where, "cannot connect to %s port %s", s->host, s->port);
    return sockets_fail(s, LLMPROV_ERR_TRANSPORT, where, strerror(error));
}

static inline bool sockets_dial(sockets *s) {
    struct addrinfo hints;
    int error;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    s->reused = false;
    error = getaddrinfo(s->host, s->port, &hints, &s->addresses);
    if (error) {
        s->addresses = NULL;
        return sockets_fail(s, LLMPROV_ERR_TRANSPORT, s->host, gai_strerror(error));
    }
    s->next = s->addresses;
    return sockets_try(s, 0);
}

static inline bool sockets_connected(sockets *s) {
    struct pollfd p;
    int error = 0;
    socklen_t size = sizeof error;
    p.fd = s->fd;
    p.events = POLLOUT;
    if (poll(&p, 1, 0) <= 0) return true;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        close(s->fd);
        s->open = false;
        return sockets_try(s, error);
    }
    freeaddrinfo(s->addresses);
    s->addresses = s->next = NULL;
    s->state = SOCKETS_SEND;
    return true;
}

/* -- the request -- */

/* Cuts an http:// URL: host and port into their fields; returns the path. NULL = it is none. */
static inline const char *sockets_url(const char *url, char *host, size_t host_size, char *port, size_t port_size) {
    const char *at = url + 7, *end, *colon;
    size_t len;
    if (strncasecmp(url, "http://", 7)) return NULL;
    len = strcspn(at, "/?#");
    end = at + len;
    colon = memchr(at, ':', len);
    if (*at == '[') {
        const char *bracket = memchr(at, ']', len);
        if (!bracket) return NULL;
        at++;
        len = (size_t)(bracket - at);
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
    } else if (colon) {
        len = (size_t)(colon - at);
    }
    if (!len || len >= host_size || (colon && (size_t)(end - colon - 1) >= port_size)) return NULL;
    memcpy(host, at, len);
    host[len] = 0;
    if (colon && end > colon + 1) {
        memcpy(port, colon + 1, (size_t)(end - colon - 1));
        port[end - colon - 1] = 0;
    } else {
        memcpy(port, "80", 3);
    }
    return end;
}

static inline bool sockets_add(sockets *s, const char *a, const char *b, const char *c, const char *d) {
    int n = snprintf(s->out + s->out_len, sizeof s->out - s->out_len, "%s%s%s%s", a, b, c, d);
    if (n < 0 || (size_t)n >= sizeof s->out - s->out_len) return false;
    s->out_len += (size_t)n;
    return true;
}

/* Fills the rest of the buffer with the body; short only when the call failed. */
static inline void sockets_pull(sockets *s) {
    size_t room = sizeof s->out - s->out_len, n;
    if (room > s->unsent) room = (size_t)s->unsent;
    while (room && (n = llmprov_call_body(s->call, s->out + s->out_len, room)) > 0) {
        s->out_len += n;
        s->unsent -= n;
        room -= n;
    }
}

/* Puts the head, and what fits of the body, into the buffer. */
static inline bool sockets_write_head(sockets *s, const llmprov_http *http, const char *path) {
    bool v6 = strchr(s->host, ':') != NULL, ok;
    char length[24];
    size_t i;
    s->out_at = s->out_len = s->in_len = 0;
    s->answered = false;
    s->keep = true;
    s->unsent = http->body_len;
    snprintf(length, sizeof length, "%llu", (unsigned long long)http->body_len);
    ok = sockets_add(s, http->method, *path == '/' ? " " : " /", path, " HTTP/1.1\r\n") &&
         sockets_add(s, "host: ", v6 ? "[" : "", s->host, v6 ? "]" : "") &&
         sockets_add(s, strcmp(s->port, "80") ? ":" : "", strcmp(s->port, "80") ? s->port : "", "\r\n", "");
    for (i = 0; ok && i < http->header_count; i++) ok = sockets_add(s, http->headers[i].name, ": ", http->headers[i].value, "\r\n");
    if (!ok || !sockets_add(s, "content-length: ", length, "\r\n\r\n", "")) return false;
    sockets_pull(s);
    return true;
}

/* Begins an exchange for a call that wants SEND. The call must live until sockets_step says false. */
static inline bool sockets_begin(sockets *s, llmprov_call *call) {
    const llmprov_http *http = llmprov_call_http(call);
    char host[256], port[8];
    const char *path = http ? sockets_url(http->url, host, sizeof host, port, sizeof port) : NULL;
    s->call = call;
    if (!http) return sockets_fail(s, LLMPROV_ERR_ARGUMENT, "the call has nothing to send", NULL);
    if (!strncasecmp(http->url, "https:", 6)) return sockets_fail(s, LLMPROV_ERR_UNSUPPORTED, "these plain sockets cannot do https: TLS needs libcurl", NULL);
    if (!path) return sockets_fail(s, LLMPROV_ERR_ARGUMENT, "not an http:// URL", http->secret_in_url ? NULL : http->url);
    s->reused = s->open && s->state == SOCKETS_IDLE && !strcmp(host, s->host) && !strcmp(port, s->port);
    if (!s->reused) sockets_close(s);
    memcpy(s->host, host, sizeof host);
    memcpy(s->port, port, sizeof port);
    if (!sockets_write_head(s, http, path)) return sockets_fail(s, LLMPROV_ERR_LIMIT, "the request's headers are too long", NULL);
    s->state = SOCKETS_SEND;
    return s->reused || sockets_dial(s);
}

/* The connection was kept too long: the same again on a fresh one. */
static inline bool sockets_again(sockets *s) {
    char host[256], port[8];
    const llmprov_http *http = llmprov_call_http(s->call);
    const char *path = http ? sockets_url(http->url, host, sizeof host, port, sizeof port) : NULL;
    sockets_close(s);
    if (!path || !llmprov_call_body_rewind(s->call) || !sockets_write_head(s, http, path))
        return sockets_fail(s, LLMPROV_ERR_TRANSPORT, "the kept connection was closed, and the body cannot be sent twice", NULL);
    return sockets_dial(s);
}

/* -- the reply -- */

static inline bool sockets_cut(sockets *s) {
    return sockets_fail(s, LLMPROV_ERR_TRUNCATED, "the connection closed before the reply was complete", NULL);
}

/* The connection ended; error is 0 when it was closed in good order. */
static inline bool sockets_ended(sockets *s, int error) {
    if (s->state == SOCKETS_BODY && s->framing == SOCKETS_CLOSE && !error) {
        s->keep = false;
        return sockets_done(s);
    }
    if (s->state == SOCKETS_BODY || s->answered) return sockets_cut(s);
    if (s->reused) return sockets_again(s);
    return sockets_fail(s, LLMPROV_ERR_TRANSPORT, "the server closed the connection without a reply", error ? strerror(error) : NULL);
}

/* One byte of the framing around chunks. */
static inline bool sockets_chunk_byte(sockets *s, char c) {
    static const char hex[] = "0123456789abcdef";
    const char *digit;
    if (s->framing == SOCKETS_TRAILER) {
        if (c == '\n' && !s->digits) return sockets_done(s);
        if (c != '\r') s->digits = c != '\n';
    } else if (s->framing == SOCKETS_CHUNK_END) {
        if (c != '\r' && c != '\n') return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "a chunk of the reply is longer than it says", NULL);
        if (c == '\n') s->framing = SOCKETS_CHUNK_SIZE;
    } else if (c == '\n') {
        if (!s->digits) return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "a chunk of the reply has no size", NULL);
        s->framing = s->left ? SOCKETS_CHUNK_DATA : SOCKETS_TRAILER;
        s->digits = 0;
    } else if (s->framing == SOCKETS_CHUNK_SIZE) {
        digit = c ? strchr(hex, c | 0x20) : NULL;
        if (c >= '0' && digit && s->digits < 15) {
            s->left = s->left * 16 + (uint64_t)(digit - hex);
            s->digits++;
        } else if (c == ';' || c == ' ' || c == '\t' || c == '\r') {
            s->framing = SOCKETS_CHUNK_NOTE;
        } else {
            return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "a chunk of the reply has a size that is no number", NULL);
        }
    }
    return true;
}

/* Bytes of the body, with their framing. False = the exchange is over. */
static inline bool sockets_body(sockets *s, const char *p, size_t n) {
    while (n) {
        size_t take = n;
        if (s->framing > SOCKETS_CHUNK_DATA || s->framing == SOCKETS_CHUNK_SIZE || s->framing == SOCKETS_CHUNK_NOTE) {
            if (n > 1 && s->framing == SOCKETS_TRAILER && *p == '\n' && !s->digits) s->keep = false;   /* bytes behind the end */
            if (!sockets_chunk_byte(s, *p)) return false;
            p++;
            n--;
            continue;
        }
        if (s->framing != SOCKETS_CLOSE && take > s->left) take = (size_t)s->left;
        if (take && !llmprov_call_feed(s->call, p, take)) {
            sockets_close(s);
            return s->succeeded = false;
        }
        p += take;
        n -= take;
        if (s->framing == SOCKETS_CLOSE) continue;
        s->left -= take;
        if (s->left) continue;
        if (s->framing == SOCKETS_COUNT) {
            if (n) s->keep = false;
            return sockets_done(s);
        }
        s->framing = SOCKETS_CHUNK_END;
    }
    return true;
}

static inline bool sockets_has(const char *list, const char *word) {
    size_t len = strlen(word);
    for (; *list; list += strcspn(list, ",")) {
        list += strspn(list, ", \t");
        if (!strncasecmp(list, word, len) && strchr(", \t;", list[len])) return true;
    }
    return false;
}

/* How long the body is: from the headers. False when they make no sense. */
static inline bool sockets_measure(sockets *s, int status, const llmprov_header *h, size_t count) {
    const char *length = NULL;
    bool chunked = false, coded = false;
    size_t i, k;
    for (i = 0; i < count; i++) {
        if (!strcasecmp(h[i].name, "connection")) s->keep = sockets_has(h[i].value, "close") ? false : s->keep || sockets_has(h[i].value, "keep-alive");
        if (!strcasecmp(h[i].name, "transfer-encoding")) {
            coded = true;
            chunked = sockets_has(h[i].value, "chunked");
        }
        if (!strcasecmp(h[i].name, "content-length")) {
            if (length && strcmp(length, h[i].value)) return false;
            length = h[i].value;
        }
    }
    s->left = 0;
    s->digits = 0;
    s->framing = chunked ? SOCKETS_CHUNK_SIZE : SOCKETS_COUNT;
    if (status == 204 || status == 304) s->framing = SOCKETS_COUNT;
    else if (!chunked && (coded || !length)) s->framing = SOCKETS_CLOSE;
    else if (!chunked) {
        for (k = 0; length[k] >= '0' && length[k] <= '9' && k < 19; k++) s->left = s->left * 10 + (uint64_t)(length[k] - '0');
        if (!k || length[k]) return false;
    }
    return true;
}

/* Cuts the head into lines, in place; returns how many headers there are. */
static inline size_t sockets_lines(char *head, char *end, llmprov_header *headers) {
    size_t count = 0;
    char *line = head, *next, *value, *tail;
    for (; line < end && count < SOCKETS_HEADERS; line = next) {
        next = memchr(line, '\n', (size_t)(end - line));
        tail = next ? next : end;
        next = tail + 1;
        while (tail > line && strchr(" \t\r", tail[-1])) tail--;
        *tail = 0;
        value = strchr(line, ':');
        if (!value) continue;
        *value++ = 0;
        headers[count].name = line;
        headers[count++].value = value + strspn(value, " \t");
    }
    return count;
}

/* The end of the head that the buffer begins with; NULL = it is not whole yet. */
static inline char *sockets_head_end(sockets *s) {
    size_t i, line = 0;
    for (i = 0; i < s->in_len; i++) {
        if (s->in[i] == '\n' && !line && i > 1) return s->in + i + 1;
        if (s->in[i] == '\n') line = 0;
        else if (s->in[i] != '\r') line++;
    }
    return NULL;
}

/* Reads as many heads as the buffer holds: those of 1xx are passed over. */
static inline bool sockets_heads(sockets *s) {
    llmprov_header headers[SOCKETS_HEADERS];
    char *end;
    while ((end = sockets_head_end(s)) != NULL) {
        int minor = 0, status = 0;
        char *first = memchr(s->in, '\n', s->in_len);
        size_t count, rest = s->in_len - (size_t)(end - s->in);
        if (sscanf(s->in, " HTTP/1.%1d %3d", &minor, &status) != 2 || status < 100) return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "the reply is not HTTP/1.1", NULL);
        s->in_len = 0;
        if (status >= 200) {
            if (s->state == SOCKETS_SEND || !minor) s->keep = false;
            count = sockets_lines(first + 1, end, headers);
            if (!sockets_measure(s, status, headers, count)) return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "the reply has no valid Content-Length", NULL);
            s->state = SOCKETS_BODY;
            llmprov_call_head(s->call, status, headers, count);
            if (s->framing == SOCKETS_COUNT && !s->left) return sockets_done(s);
            return sockets_body(s, end, rest);
        }
        memmove(s->in, end, rest);
        s->in_len = rest;
    }
    return true;
}

static inline bool sockets_receive(sockets *s) {
    size_t room = sizeof s->in - s->in_len - 1;
    ssize_t n = recv(s->fd, s->in + s->in_len, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return true;
    if (n <= 0) return sockets_ended(s, n < 0 ? errno : 0);
    s->answered = true;
    if (s->state == SOCKETS_BODY) return sockets_body(s, s->in, (size_t)n);
    s->in_len += (size_t)n;
    s->in[s->in_len] = 0;
    if (s->in_len + 1 == sizeof s->in && !sockets_head_end(s)) return sockets_fail(s, LLMPROV_ERR_BAD_REPLY, "the reply's headers are too long", NULL);
    return sockets_heads(s);
}

/* Sends what the socket takes. A server that answers before it has everything is listened to. */
static inline bool sockets_send(sockets *s) {
    for (;;) {
        ssize_t n;
        if (s->out_at == s->out_len) {
            s->out_at = s->out_len = 0;
            sockets_pull(s);
            if (!s->out_len) break;
        }
#ifdef MSG_NOSIGNAL
        n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_NOSIGNAL);
#else
        n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, 0);
#endif
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return sockets_receive(s);
        s->out_at += (size_t)n;
    }
    if (s->unsent) return sockets_fail(s, LLMPROV_ERR_TRANSPORT, "the body could not be read to its end", NULL);
    llmprov_call_sent(s->call);
    s->state = SOCKETS_HEAD;
    return true;
}

/* What to wait for on s->fd. */
static inline short sockets_events(const sockets *s) {
    return (short)(s->state == SOCKETS_CONNECT ? POLLOUT : s->state == SOCKETS_SEND ? POLLIN | POLLOUT : POLLIN);
}

/* Does what can be done without waiting. False = the exchange is over, and the call knows how it ended. */
static inline bool sockets_step(sockets *s) {
    switch (s->state) {
    case SOCKETS_IDLE: return false;
    case SOCKETS_CONNECT: return sockets_connected(s);
    case SOCKETS_SEND: return sockets_send(s);
    case SOCKETS_HEAD:
    case SOCKETS_BODY: return sockets_receive(s);
    }
    return false;
}

/* -- the transport -- */

static inline uint64_t sockets_now(void *user) {
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static inline void sockets_wait(void *user, int ms) {
    (void)user;
    poll(NULL, 0, ms);
}

/* Waits at most a tenth of a second at a time, so that time-outs and a cancelled call are noticed. */
static inline bool sockets_perform(void *user, const llmprov_http *http, llmprov_call *call) {
    sockets *s = (sockets *)user;
    bool going;
    (void)http;
    llmprov_call_tick(call, sockets_now(NULL));
    if (llmprov_call_want(call) != LLMPROV_WANT_SEND) return false;
    for (going = sockets_begin(s, call); going; going = sockets_step(s)) {
        int due = llmprov_call_due_ms(call);
        struct pollfd p;
        p.fd = s->fd;
        p.events = sockets_events(s);
        poll(&p, 1, due < 0 || due > 100 ? 100 : due);
        llmprov_call_tick(call, sockets_now(NULL));
        if (llmprov_call_want(call) == LLMPROV_WANT_TIME || llmprov_call_want(call) == LLMPROV_WANT_NOTHING) {
            sockets_close(s);
            return false;
        }
    }
    return s->succeeded;
}

static inline void sockets_end(void *user) {
    sockets_close((sockets *)user);
}

/* A transport over *s, which must outlive the client. */
static inline llmprov_transport sockets_transport(sockets *s) {
    llmprov_transport t;
    t.perform = sockets_perform;
    t.wait = sockets_wait;
    t.now = sockets_now;
    t.close = sockets_end;
    t.user = s;
    return t;
}

#endif /* SOCKETS_INCLUDED */
