/* vertex.c: Gemini or Claude on Google's Vertex AI, with a service account's key file. The library signs nothing with
   RSA: the token that it asks for is a JWT, signed here by OpenSSL, and made again when it expires or was refused.
   https://google.aip.dev/auth/4111

   cc -std=c99 -I. -DLLMPROV_CURL -o vertex examples/vertex.c -lcurl -lcrypto

   GOOGLE_APPLICATION_CREDENTIALS=key.json ./vertex "Why is the sky blue?" [location [model]] */
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <time.h>

typedef struct account {
    llmprov_json *key;
    char token[4096];
    time_t expires;
} account;

/* Adds base64 as URLs have it, without padding. */
static void add_base64url(char *to, const void *bytes, size_t len) {
    to += strlen(to);
    to[EVP_EncodeBlock((unsigned char *)to, (const unsigned char *)bytes, (int)len)] = 0;
    for (; *to && *to != '='; to++) *to = *to == '+' ? '-' : *to == '/' ? '_' : *to;
    *to = 0;
}

static bool sign(account *a, const char *private_key) {
    unsigned char signature[1024];
    size_t len = sizeof signature;
    BIO *pem = BIO_new_mem_buf(private_key, -1);
    EVP_PKEY *key = pem ? PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL) : NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = key && md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(md, signature, &len, (const unsigned char *)a->token, strlen(a->token)) == 1;
    if (good) {
        strcat(a->token, ".");
        add_base64url(a->token, signature, len);
    }
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    BIO_free(pem);
    return good;
}

/* Called before each attempt; after a 401 with `refused`. */
static bool token(void *user, llmprov_credentials *out) {
    account *a = (account *)user;
    const char *email = llmprov_json_str(llmprov_json_get(a->key, "client_email"), ""), *id = llmprov_json_str(llmprov_json_get(a->key, "private_key_id"), "");
    time_t now = time(NULL);
    char text[1024];
    out->bearer = a->token;
    if (a->expires > now + 60 && !out->refused) return true;
    *a->token = 0;
    if (strlen(email) > 300 || strlen(id) > 300) return false;
    sprintf(text, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", id);
    add_base64url(a->token, text, strlen(text));
    strcat(a->token, ".");
    sprintf(text, "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"https://aiplatform.googleapis.com/\",\"iat\":%ld,\"exp\":%ld}", email, email, (long)now, (long)now + 3600);
    add_base64url(a->token, text, strlen(text));
    if (!sign(a, llmprov_json_str(llmprov_json_get(a->key, "private_key"), ""))) return false;
    a->expires = now + 3600;
    return true;
}

int main(int argc, char **argv) {
    static account me;
    static char file[16384];
    const char *path = getenv("GOOGLE_APPLICATION_CREDENTIALS"), *place = argc > 2 ? argv[2] : "global";
    const char *model = argc > 3 ? argv[3] : NULL, *project;
    bool claude = model && !strncmp(model, "claude-", 7);
    FILE *f = path ? fopen(path, "rb") : NULL;
    char base[512];
    llmprov_response r;
    llmprov_client *ai;
    llmprov_status status;
    if (f) me.key = llmprov_json_parse(file, fread(file, 1, sizeof file, f), NULL, NULL);
    if (f) fclose(f);
    project = llmprov_json_str(llmprov_json_get(me.key, "project_id"), NULL);
    if (argc < 2 || !project || strlen(project) + 2 * strlen(place) > 300) {
        fprintf(stderr, "usage: GOOGLE_APPLICATION_CREDENTIALS=key.json %s QUESTION [LOCATION [MODEL]]\n", argv[0]);
        llmprov_json_free(me.key);
        return 2;
    }
    sprintf(base, "https://%s%saiplatform.googleapis.com/v1/projects/%s/locations/%s/publishers/%s",
            strcmp(place, "global") ? place : "", strcmp(place, "global") ? "-" : "", project, place,
            claude ? "anthropic" : "google");
    ai = llmprov_open(&(llmprov_desc){ .provider = claude ? "vertex-anthropic" : "vertex", .base_url = base,
                                       .credentials = token, .user = &me });
    status = llmprov_chat(ai, &(llmprov_request){ .model = model, .prompt = argv[1] }, &r);
    if (status) fprintf(stderr, "vertex: %s\n", r.error.message);
    else puts(r.text);
    llmprov_response_free(&r);
    llmprov_close(ai);
    llmprov_json_free(me.key);
    return status != LLMPROV_OK;
}
