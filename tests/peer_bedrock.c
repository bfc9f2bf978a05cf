/* llmprov.h against AWS's own signer and event-stream codec: every signature is made again there, from what arrived, and
   the streams are made of frames that are AWS's. Built and run by tests/peer_bedrock.sh:

       peer BASE      keys and region are in AWS's variables

   A line a check; the last one counts them. */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "../llmprov.h"
#include "../examples/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HELLO "Hello caf\xC3\xA9"

static const char *base;
static int passed, failed;
static sockets plain;

static int64_t wall_clock(void *user) {
    (void)user;
    return (int64_t)time(NULL) * 1000;
}

static bool credentials(void *user, llmprov_credentials *out) {
    (void)user;
    out->access_key = getenv("AWS_ACCESS_KEY_ID");
    out->secret_key = getenv("AWS_SECRET_ACCESS_KEY");
    out->session_token = "from+a/callback==";
    out->expires_ms = ((int64_t)time(NULL) + 60) * 1000;
    return true;
}

static llmprov_desc desc_of(void) {
    llmprov_desc d = { .provider = "bedrock", .unix_ms = wall_clock, .timeout_ms = 10000, .max_retries = -1 };
    d.base_url = base;
    d.transport = sockets_transport(&plain);
    return d;
}

/* One call: an error code, the text, a part of the message. */
static void try_it(const char *what, const llmprov_desc *d, const llmprov_request *req, llmprov_status code, const char *text, const char *says) {
    llmprov_client *c = llmprov_open(d);
    llmprov_response r;
    bool good;
    llmprov_chat(c, req, &r);
    good = r.error.code == code && !strcmp(r.text, text) && (!says || strstr(r.error.message, says) || strstr(r.error.provider_code, says)) &&
           (code || (r.usage.input_tokens == 1 && r.usage.output_tokens == 2 && r.stop == LLMPROV_STOP_END));
    printf("%s %s\n", good ? "ok     " : "FAILED ", what);
    if (!good) printf("        %d %s: %s | %s\n", (int)r.error.code, r.error.provider_code, r.error.message, r.text);
    fflush(stdout);
    if (good) passed++;
    else failed++;
    llmprov_response_free(&r);
    llmprov_close(c);
}

static size_t noise(void *user, uint64_t offset, void *to, size_t size) {
    unsigned char *p = (unsigned char *)to;
    size_t i;
    (void)user;
    for (i = 0; i < size; i++) p[i] = (unsigned char)((offset + i) * 2654435761u >> 13);
    return size;
}

/* The server needs a moment to begin. */
static bool wait_for_server(void) {
    struct timespec pause = { 0, 50000000 };
    int tries;
    for (tries = 0; tries < 200; tries++) {
        llmprov_desc d = desc_of();
        llmprov_request req = { .model = "m", .prompt = "Hi" };
        llmprov_client *c = llmprov_open(&d);
        llmprov_response r;
        llmprov_status status = llmprov_chat(c, &req, &r);
        llmprov_response_free(&r);
        llmprov_close(c);
        if (status != LLMPROV_ERR_TRANSPORT) return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

int main(int argc, char **argv) {
    static char longer[200000];
    static const char *const models[] = {
        "anthropic.claude-3-5-sonnet-20240620-v1:0", "us.amazon.nova-lite-v1:0", "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3", "name with spaces + & \xC3\xA9 ~._-",
    };
    llmprov_block image[2] = { { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data_len = 300001, .source = { noise, NULL, false } }, { .text = "What is it?" } };
    llmprov_message message = { .blocks = image, .block_count = 2 };
    llmprov_request req = { .prompt = "Hi" }, media = { .messages = &message, .message_count = 1 };
    llmprov_desc d;
    size_t i;
    base = argc > 1 ? argv[1] : "http://127.0.0.1:18150";
    if (!wait_for_server()) {
        printf("bedrock peer: nobody answers at %s\n", base);
        return 1;
    }
    d = desc_of();
    for (i = 0; i < sizeof models / sizeof *models; i++) {
        req.model = models[i];
        req.stream = LLMPROV_STREAM_OFF;
        try_it("a whole reply", &d, &req, LLMPROV_OK, HELLO, NULL);
        req.stream = LLMPROV_STREAM_ON;
        try_it("a stream", &d, &req, LLMPROV_OK, HELLO " \xF0\x9F\x98\x80", NULL);
    }
    req.prompt = "Say boom.";
    try_it("an exception in a stream", &d, &req, LLMPROV_ERR_RATE_LIMIT, HELLO " \xF0\x9F\x98\x80", "slow down");
    req.stream = LLMPROV_STREAM_OFF;
    for (i = 0; i + 1 < sizeof longer; i++) longer[i] = "plain \"quoted\" \\ \n\t\x01 and so on "[i % 32];
    req.prompt = longer;
    try_it("a long text that is escaped on the way out", &d, &req, LLMPROV_OK, HELLO, NULL);
    try_it("an image from a source", &d, &media, LLMPROV_OK, HELLO, NULL);
    req.prompt = "Hi";
    req.headers = "X-Custom: not signed\nX-Amz-Meta:  signed,   with blanks  ";
    try_it("headers of the caller's", &d, &req, LLMPROV_OK, HELLO, NULL);
    req.headers = NULL;
    image[0].source.once = true;
    try_it("a source that can be read only once", &d, &media, LLMPROV_ERR_UNSUPPORTED, "", "read only once");
    d.session_token = "ignored: the keys are not the desc's";
    d.credentials = credentials;
    try_it("credentials from a callback", &d, &req, LLMPROV_OK, HELLO, NULL);
    d = desc_of();
    d.access_key = "AKIDEXAMPLE";
    d.secret_key = "another";
    try_it("a wrong secret", &d, &req, LLMPROV_ERR_AUTH, "", "InvalidSignatureException");
    d.access_key = "AKIDOTHER";
    try_it("a wrong key", &d, &req, LLMPROV_ERR_AUTH, "", "UnrecognizedClientException");
    d = desc_of();
    d.api_key = "a-bearer-key";
    try_it("a bearer key where signatures are wanted", &d, &req, LLMPROV_ERR_AUTH, "", "MissingAuthenticationTokenException");
    d = desc_of();
    d.region = "us-gov-west-1";
    try_it("another region", &d, &req, LLMPROV_OK, HELLO, NULL);
    printf("bedrock peer: %d passed, %d failed\n", passed, failed);
    sockets_close(&plain);
    return failed != 0;
}
