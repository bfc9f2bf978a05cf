/* What the code blocks of the manual and of README.md may use without declaring it (tools/manual.c). */
#include <math.h>
#include <stdlib.h>

static llmprov_client *ai, *client;
static llmprov_call *call;
static llmprov_response r, response;
static llmprov_history talk, history;
static llmprov_request req, request;
static llmprov_message message;
static llmprov_block block;
static llmprov_tool tool, tools[2];
static llmprov_schema schema;
static llmprov_event ev, event;
static llmprov_error err;
static llmprov_text text;
static llmprov_alloc alloc;
static llmprov_desc desc;
static llmprov_transport transport;
static llmprov_registry *reg;
static llmprov_provider row;
static llmprov_json *root;
static llmprov_writer w;
static llmprov_status status;
static const llmprov_block *use;
static const llmprov_http *http;

static const char *question, *answer, *json, *key, *image;
static char line[1024], buffer[65536];
static size_t len, n, i;
static unsigned long long now_ms;
static int64_t wall_clock(void *of) { return of ? 0 : 1; }
static void *user;
