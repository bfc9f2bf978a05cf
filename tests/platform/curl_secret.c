/* The libcurl transport frees no key, no proxy's password and no header that holds one without wiping it. What libcurl
   copies for itself is its own. No network: nothing listens at the port. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const secrets[] = { "sk-secret-of-the-tests", "sk-secret%2Dcoded", "proxy-password" };
static int found, freed;

static void look(const char *p, const char *where) {
    size_t i;
    for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (p && strstr(p, secrets[i])) printf("%s holds %s\n", where, secrets[i]), found++;
}

/* Texts of the header's end in NUL, and so do blocks of anything else: there is one more byte. */
static void *take(size_t size) {
    char *p = (char *)calloc(size + 1, 1);
    return p;
}

static void give(void *p) {
    look((const char *)p, "memory that is given back");
    freed += p != NULL;
    free(p);
}

static void give_list(struct curl_slist *list) {
    struct curl_slist *l;
    for (l = list; l; l = l->next) look(l->data, "a header that is given back");
    curl_slist_free_all(list);
}

#define malloc take
#define free give
#define curl_slist_free_all give_list
#define LLMPROV_CURL
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"

static int ask(const llmprov_curl_desc *with, const char *key, const char *provider, const char *headers) {
    llmprov_transport transport = llmprov_curl(with);
    llmprov_desc d = { .provider = provider, .api_key = key, .base_url = "http://127.0.0.1:9/v1", .headers = headers, .max_retries = -1 };
    llmprov_request req = { .model = "m", .prompt = "Hello" };
    llmprov_response r;
    llmprov_client *c;
    d.transport = transport;
    c = llmprov_open(&d);
    llmprov_chat(c, &req, &r);
    look(r.error.message, "an error");
    if (!r.error.code) printf("something answers at port 9\n"), found++;
    llmprov_response_free(&r);
    llmprov_close(c);
    return 0;
}

int main(void) {
    llmprov_curl_desc proxy = { .proxy = "http://me:proxy-password@127.0.0.1:9" }, none = { .proxy = "" };
    ask(&none, secrets[0], "openai", NULL);
    ask(&none, secrets[0], "anthropic", NULL);
    ask(&none, NULL, "custom", "Authorization: Bearer sk-secret-of-the-tests");
    ask(&proxy, secrets[0], "openai", NULL);
    if (!freed) printf("nothing was freed\n"), found++;
    printf("curl_secret: %d blocks, %d with a secret\n", freed, found);
    return found != 0;
}
