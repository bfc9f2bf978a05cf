/* fetch.c: a chat in WebAssembly, over the fetch of a browser or of Node; each text is shown as it arrives.

   emcc -std=gnu99 -I. -O1 -sASYNCIFY -sALLOW_MEMORY_GROWTH -sEXIT_RUNTIME=1 -sSINGLE_FILE=1 -o fetch.js examples/fetch.c

   node fetch.js openai "" "$OPENAI_API_KEY" "Why is the sky blue?"        provider, base URL, key, question
   In a page: <script>var Module = { arguments: ["openai", "https://gateway.example", "key", "Hello"] };</script>
              <script src="fetch.js"></script>                             each event is a line of the console */
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include "fetch.h"
#include <stdio.h>
#include <stdlib.h>

/* A line for each event: emscripten shows whole lines. */
static bool on_event(void *user, const llmprov_event *e) {
    (void)user;
    if (e->type == LLMPROV_EVENT_TEXT) printf("text: %.*s\n", (int)e->text_len, e->text);
    if (e->type == LLMPROV_EVENT_RETRY) printf("trying again: %s\n", e->error->message);
    if (e->type == LLMPROV_EVENT_END) printf("end: %s\n", llmprov_stop_text(e->stop));
    return true;
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = argc > 1 ? argv[1] : "openai", .transport = fetch_transport() };
    llmprov_request request = { .prompt = argc > 4 ? argv[4] : "Hello", .on_event = on_event };
    llmprov_client *client;
    llmprov_response reply;
    llmprov_status status;

    if (argc > 2 && *argv[2]) desc.base_url = argv[2];
    if (argc > 3 && *argv[3]) desc.api_key = argv[3];
    client = llmprov_open(&desc);
    status = llmprov_chat(client, &request, &reply);
    if (status) printf("fetch: %s\n", reply.error.message);
    else printf("whole: %s\n", reply.text);
    llmprov_response_free(&reply);
    llmprov_close(client);
    exit(status != LLMPROV_OK);                 /* what main returns after it has waited, emscripten forgets */
}
