/* The interface as C++11, and as C++20 with designated initialisers. */
#define LLMPROV_EXTEND
#include "../../llmprov.h"

#include <cstring>

static int events;

/* on_event is a plain function; a lambda that catches nothing is one, too. */
static llmprov_status ask(llmprov_client *ai, llmprov_response *r) {
#if __cplusplus >= 202002L
    events = 1;
    return llmprov_chat(ai, { .prompt = "Hello", .temperature = LLMPROV_NUM(0) }, r);
#else
    llmprov_request req = {};
    req.prompt = "Hello";
    req.temperature = { 0.0, true };
    req.on_event = [](void *, const llmprov_event *) { return ++events > 0; };
    return llmprov_chat(ai, req, r);
#endif
}

int main() {
    llmprov_response r;
#if __cplusplus >= 202002L
    llmprov_client *ai = llmprov_open({ .provider = "nosuch" });
#else
    llmprov_desc desc = {};
    desc.provider = "nosuch";
    llmprov_client *ai = llmprov_open(desc);
#endif
    llmprov_history talk = {};
    llmprov_add_text(&talk, LLMPROV_ROLE_USER, "Hello");
    llmprov_status status = ask(ai, &r);
    bool good = status == LLMPROV_ERR_NO_PROVIDER && std::strcmp(r.text, "") == 0 && talk.message_count == 1 && events >= 0;
    llmprov_response_free(&r);
    llmprov_history_free(&talk);
    llmprov_close(ai);
    return !good;
}
