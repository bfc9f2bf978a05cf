/* line.c: leads a serial line to a server that closes its connections when it likes: the board has one connection to here for
   good, and its next bytes open a new one to the server. Prints "listening on 127.0.0.1:PORT", and ends with the board.

   cc -std=c99 -o line tests/platform/bare/line.c && ./line SERVER-PORT */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in here(int port) {
    struct sockaddr_in at;
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((unsigned short)port);
    return at;
}

static int dial(int port) {
    struct sockaddr_in at = here(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof at)) return fd;
    perror("line: the server");
    exit(1);
}

/* Some bytes from one to the other; how many, 0 = the end. */
static ssize_t move(int from, int to) {
    char piece[4096];
    ssize_t n = read(from, piece, sizeof piece), done = 0, one = 1;
    for (; done < n && one > 0; done += one) one = write(to, piece + done, (size_t)(n - done));
    return n > 0 && done == n ? n : 0;
}

int main(int argc, char **argv) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), server = -1, board;
    struct sockaddr_in at = here(0);
    socklen_t size = sizeof at;
    struct pollfd p[2];
    if (argc != 2 || bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&at, &size)) return 1;
    signal(SIGPIPE, SIG_IGN);
    alarm(120);
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    board = accept(listener, NULL, NULL);
    for (;;) {
        p[0].fd = board;
        p[1].fd = server;                                      /* poll passes over -1 */
        p[0].events = p[1].events = POLLIN;
        p[0].revents = p[1].revents = 0;
        if (poll(p, 2, -1) < 0) return 1;
        if (p[1].revents && !move(server, board)) {            /* first: its end is seen before what comes for it */
            close(server);
            server = -1;
        }
        if (!p[0].revents) continue;
        if (server < 0) server = dial(atoi(argv[1]));
        if (!move(board, server)) return 0;
    }
}
