/* raw: sends a request as it stands to a port of this machine and prints all that comes back.

       printf 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n' | raw PORT

   tests/loop.sh asks the mock server with it what the command line never asks. Needs POSIX. */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

int main(int argc, char **argv) {
    static char bytes[65536];
    struct sockaddr_in at;
    ssize_t len, sent;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
    if (s < 0 || connect(s, (struct sockaddr *)&at, sizeof at)) return fail("raw: connect");
    while ((len = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        for (char *from = bytes; len > 0; from += sent, len -= sent)
            if ((sent = send(s, from, (size_t)len, MSG_NOSIGNAL)) < 0) return fail("raw: send");
    while ((len = recv(s, bytes, sizeof bytes, 0)) > 0) fwrite(bytes, 1, (size_t)len, stdout);
    close(s);
    return len < 0 || fflush(stdout) ? fail("raw: receive") : 0;
}
