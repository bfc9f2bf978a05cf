/* What the tests over real sockets share: the mock server as a second process, an allocator that counts, and the two ways
   of moving many calls in one thread. Included after llmprov.h, with _POSIX_C_SOURCE defined as 200809L. */
#ifndef DRIVE_H
#define DRIVE_H

#include "../examples/sockets.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { DRIVE_DIALLING = 256, DRIVE_TURN_MS = 100 };

// -- memory --------------------------------------------------------------------------------

typedef struct drive_count { size_t live, most; } drive_count;

/* llmprov_alloc.fn over the C library's; user is a drive_count. */
static inline void *drive_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
    drive_count *of = (drive_count *)user;
    void *p = new_size ? realloc(ptr, new_size) : NULL;
    if (!new_size) free(ptr);
    if (new_size && !p) return NULL;
    of->live += new_size;
    of->live -= old_size;
    if (of->live > of->most) of->most = of->live;
    return p;
}

static inline void *drive_zeroed(size_t count, size_t size) {
    void *p = calloc(count, size);
    if (!p) exit(3);
    return p;
}

// -- the two ways of moving calls ----------------------------------------------------------

typedef struct drive {
    llmprov_call *call;
    sockets *socket;             /* while it is polled */
    bool busy, over;             /* it has a socket; it wants nothing more */
} drive;

/* What is done to each call, or all of them, until they want nothing more or the time is over; `turn` (may be NULL) is
   called once in a while. */
typedef void (*drive_way)(drive *list, size_t count, uint64_t until, void (*turn)(void));

/* Moves one as far as it goes without waiting. */
static inline void drive_move(drive *d, uint64_t ms, int *dialling) {
    llmprov_want want;
    llmprov_call_tick(d->call, ms);
    if (llmprov_call_want(d->call) == LLMPROV_WANT_SEND && !d->busy && *dialling < DRIVE_DIALLING) d->busy = sockets_begin(d->socket, d->call);
    if (d->busy) d->busy = sockets_step(d->socket);
    *dialling += d->busy && d->socket->state == SOCKETS_CONNECT;
    want = llmprov_call_want(d->call);
    if (d->busy && (want == LLMPROV_WANT_TIME || want == LLMPROV_WANT_NOTHING)) {
        sockets_close(d->socket);
        d->busy = false;
    }
    d->over = want == LLMPROV_WANT_NOTHING;
}

static inline void drive_poll(drive *list, size_t count, uint64_t until, void (*turn)(void)) {
    struct pollfd *wait = (struct pollfd *)drive_zeroed(count, sizeof *wait);
    size_t i, running = count;
    uint64_t turned = 0;
    for (i = 0; i < count; i++) {
        wait[i].fd = -1;
        list[i].socket = (sockets *)drive_zeroed(1, sizeof(sockets));
    }
    while (running && sockets_now(NULL) < until) {
        uint64_t ms = sockets_now(NULL);
        bool all = ms - turned >= DRIVE_TURN_MS; /* now and then each has its time told, ready or not */
        int dialling = 0;
        if (all) turned = ms;
        running = 0;
        for (i = 0; i < count; i++) {
            drive *d = &list[i];
            if (d->over) continue;
            running++;
            if (d->busy && !wait[i].revents && !all) {
                dialling += d->socket->state == SOCKETS_CONNECT;
                continue;
            }
            drive_move(d, ms, &dialling);
            wait[i].fd = d->busy ? d->socket->fd : -1;
            wait[i].events = sockets_events(d->socket);
        }
        if (turn) turn();
        if (running) poll(wait, (nfds_t)count, DRIVE_TURN_MS);
    }
    for (i = 0; i < count; i++) {
        sockets_close(list[i].socket);
        free(list[i].socket);
    }
    free(wait);
}

#ifdef LLMPROV_CURL
static inline void drive_curl(drive *list, size_t count, uint64_t until, void (*turn)(void)) {
    llmprov_curl_many *many = llmprov_curl_many_new(NULL);
    size_t i;
    if (!many) exit(3);
    for (i = 0; i < count; i++)
        if (!llmprov_curl_many_add(many, list[i].call)) exit(3);
    while (llmprov_curl_many_step(many, DRIVE_TURN_MS) > 0 && sockets_now(NULL) < until)
        if (turn) turn();
    llmprov_curl_many_free(many);
}
#endif

// -- the mock ------------------------------------------------------------------------------

/* Starts it, and leaves its base URL. */
static inline pid_t drive_mock(const char *mock, char *url, size_t size) {
    int ends[2];
    char line[256];
    size_t len = 0;
    const char *port;
    pid_t pid;
    struct pollfd wait;
    if (pipe(ends) || (pid = fork()) < 0) exit(3);
    if (!pid) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(mock, mock, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    wait.fd = ends[0];
    wait.events = POLLIN;
    while (len < sizeof line - 1 && !memchr(line, '\n', len) && poll(&wait, 1, 10000) > 0) {
        ssize_t n = read(ends[0], line + len, sizeof line - 1 - len);
        if (n <= 0) break;
        len += (size_t)n;
    }
    close(ends[0]);
    line[len] = 0;
    port = strrchr(line, ':');
    if (!port) {
        fprintf(stderr, "%s does not start\n", mock);
        exit(3);
    }
    snprintf(url, size, "http://127.0.0.1:%d", atoi(port + 1));
    return pid;
}

static inline void drive_stop(pid_t mock) {
    kill(mock, SIGKILL);
    waitpid(mock, NULL, 0);
}

#endif /* DRIVE_H */
