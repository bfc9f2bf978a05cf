/* provider.c: a provider that the library does not know: a row of data in a registry of one's own, and a profile for its
   models. The row says where it departs from its wire format.

   cc -std=c99 -I. -DLLMPROV_CURL -o provider examples/provider.c -lcurl
   cc -std=c99 -I. -o provider examples/provider.c                     without libcurl: http:// only

   HOUSE_API_KEY=... ./provider [id [base-url]] */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "sockets.h"
#endif
#include <stdio.h>

int main(int argc, char **argv) {
    llmprov_provider row = {
        .id = "house", .format = "openai-chat", .base_url = "http://localhost:9000/v1", .base_env = "HOUSE_BASE_URL",
        .key_env = "HOUSE_API_KEY", .auth_optional = true, .aliases = "home my-house", .default_model = "house-small",
        .headers = "X-Team: kitchen", .quirks = { .reasoning_key = "reasoning", .flags = LLMPROV_QUIRK_NO_SEED } };
    llmprov_profile profile = { .prefix = "house-", .flags = LLMPROV_MODEL_NO_STOP, .max_output_tokens = 4096 };
    llmprov_registry *registry = llmprov_registry_new(NULL);
    llmprov_response reply;

    llmprov_status status = llmprov_register(registry, &row, 0);
    if (!status) status = llmprov_register_profile(registry, &profile, 0);
    if (status) fprintf(stderr, "provider: %s\n", llmprov_registry_error(registry)->message);

    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "home", .base_url = argc > 2 ? argv[2] : NULL, .registry = registry };
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    llmprov_client *client = llmprov_open(&desc);
    llmprov_request request = { .prompt = "Say hello.", .seed = LLMPROV_INT(7) };
    status = llmprov_chat(client, &request, &reply);
    for (size_t i = 0; i < reply.warning_count; i++) printf("[%s: %s]\n", reply.warnings[i].field, reply.warnings[i].text);
    if (status) fprintf(stderr, "provider: %s\n", reply.error.message);
    else printf("%s\n", reply.text);

    llmprov_response_free(&reply);
    llmprov_close(client);
    llmprov_registry_free(registry);
    return status != LLMPROV_OK;
}
