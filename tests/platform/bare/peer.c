/* peer.c: the other side of a line whose bytes are known. Prints "listening on 127.0.0.1:PORT", takes one connection, and for
   each FOLDER/N.request, N = 1, 2, ..., reads as many bytes, which must be the same, and sends FOLDER/N.reply. Ends with 0 when
   all were exchanged; otherwise it says at which byte, and what came.

   cc -std=c99 -o peer tests/platform/bare/peer.c && ./peer FOLDER */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char text[65536], heard[65536];

static size_t load(const char *folder, int n, const char *what) {
    char name[512];
    size_t len;
    FILE *f;
    snprintf(name, sizeof name, "%s/%d.%s", folder, n, what);
    f = fopen(name, "rb");
    if (!f) return 0;
    len = fread(text, 1, sizeof text, f);
    fclose(f);
    return len;
}

static int listen_here(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&at, &size)) return -1;
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

/* As many bytes as were expected, and the same. */
static int same(int fd, int n, size_t len) {
    size_t at = 0, first = 0;
    while (at < len) {
        ssize_t got = read(fd, heard + at, len - at);
        if (got <= 0) break;
        at += (size_t)got;
        while (first < at && heard[first] == text[first]) first++;
        if (first < at) break;
    }
    if (first == len) return 1;
    fprintf(stderr, "peer: request %d is another one at byte %lu of %lu: %.*s\n", n, (unsigned long)first, (unsigned long)len,
            (int)(at - first), heard + first);
    return 0;
}

int main(int argc, char **argv) {
    int listener = listen_here(), fd, n;
    size_t len;
    alarm(60);
    if (argc != 2 || listener < 0 || (fd = accept(listener, NULL, NULL)) < 0) return 1;
    for (n = 1; (len = load(argv[1], n, "request")) > 0; n++) {
        if (!same(fd, n, len)) return 1;
        len = load(argv[1], n, "reply");
        if (!len || write(fd, text, len) != (ssize_t)len) return 1;
    }
    if (n < 2) fprintf(stderr, "peer: %s has no 1.request\n", argv[1]);
    return n < 2 || read(fd, heard, 1) > 0;                    /* until the other side ends; it has nothing more to say */
}
