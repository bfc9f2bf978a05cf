/*  llmprov.h - v0.1.0 - speak to every language model from one C file - MIT or public domain, as you choose

    One header, C99, libc only. You copy it in, say whom to speak to, and get the same messages, events and errors
    whatever the provider's wire format is. It does no I/O of its own: bytes go out and come in through one callback
    (libcurl is built in, if you want it), or your program moves them itself.

        #define LLMPROV_IMPLEMENTATION         // in one C file
        #define LLMPROV_CURL                   // optional: the libcurl transport; link with -lcurl
        #include "llmprov.h"
        #include <stdio.h>

        int main(void) {
            llmprov_response r;
            llmprov_client *ai = llmprov_open(&(llmprov_desc){ .provider = "anthropic" });    // key: ANTHROPIC_API_KEY
            llmprov_chat(ai, &(llmprov_request){ .prompt = "Say hello." }, &r);
            puts(r.error.code ? r.error.message : r.text);
            llmprov_response_free(&r);                         // everything in it lives until here
            llmprov_close(ai);
            return 0;
        }

    CONTENTS

    Manual (this comment)
        1 First steps   2 Messages   3 Streaming   4 Tools   5 Without I/O   6 Transports   7 Providers and profiles
        8 Errors, retries, warnings   9 Memory   10 Threads   11 Build options   12 Adding a provider
        13 Adding a wire format   14 What goes over the wire   15 Being a server

    Interface: from #ifndef LLMPROV_INCLUDED on, in the order of the manual

    Rooms (grep -n '^// >>' llmprov.h)
    >>impl           includes and compiler differences
    >>mem            allocator, arena, growing buffer
    >>text           characters, numbers, base64
    >>err            status texts, filling an llmprov_error, the log
    >>json           reading JSON: a cursor over the bytes, and a tree for programs
    >>write          writing JSON, and the plan of a body
    >>msg            messages and histories, Anthropic-shape load and save
    >>http           requests, headers, URLs
    >>crypt          checksums and hashes
    >>frame          cutting a byte stream into frames
    >>auth           AWS's signature, version 4
    >>retry          which failures are worth another try, and how long to wait
    >>reply          what a translator says becomes events and one response
    >>normal         any history becomes legal for a target
    >>translator     what a wire format's code may say while it writes
    >>parts          what translators share
    >>t_messages     the wire format anthropic-messages
    >>t_chat         the wire format openai-chat
    >>t_responses    the wire format openai-responses
    >>face           what translators share as servers
    >>s_messages     anthropic-messages as a server
    >>s_chat         openai-chat as a server
    >>translators    the wire formats that are compiled in
    >>providers      the built-in rows
    >>profiles       what families of models accept and refuse
    >>registry       providers, formats and profiles added at run time
    >>client         keys, base URLs, defaults
    >>call           the state machine of one exchange
    >>ask            the other side: requests in, replies out
    >>curl           an optional transport over libcurl
    >>easy           blocking calls

    1 FIRST STEPS

    A client knows one provider: where it is, how it is spoken to, with which key. A request says what is asked of a
    model. A response is what came back, and everything in it is freed at once. There is one place to look for what
    went wrong: the result.

        llmprov_client *groq = llmprov_open(&(llmprov_desc){ .provider = "groq", .max_retries = 4 });
        llmprov_chat(groq, &(llmprov_request){
            .model = "openai/gpt-oss-120b", .system = "You are terse.", .prompt = "Why is the sky blue?",
            .max_tokens = LLMPROV_INT(300), .temperature = LLMPROV_NUM(0) }, &r);
        if (r.error.code) fprintf(stderr, "%s\n", r.error.message);
        llmprov_response_free(&r);
        llmprov_close(groq);

    Every struct works from {0}; what is not set is not sent, but for what a format demands (a model: the row's default;
    Anthropic's max_tokens: the model's most). Where 0 is a value too there is a flag beside it:
    LLMPROV_NUM(0) says zero. An OpenAI-compatible server of your own is the provider "custom" (or llama.cpp, vllm,
    lmstudio, ollama) with a base_url, with or without "/v1" at its end.

    2 MESSAGES

    A history owns a conversation. Adds never fail visibly; the first failure stays in history.status. The JSON that it
    loads and saves is Anthropic's own form, whatever the provider was, and nothing in it is lost: unknown kinds of
    blocks, unknown members, signatures, citations. (A block without a member that its kind must have gains it, empty.)

        llmprov_add_text(&talk, LLMPROV_ROLE_USER, "What is in this picture?");
        llmprov_add_image(&talk, "image/png", buffer, len);
        llmprov_chat(ai, &(llmprov_request){ .history = &talk }, &r);
        llmprov_add_message(&talk, &r.message);         // a failed reply has no blocks, and adds nothing
        llmprov_response_free(&r);
        if (llmprov_history_save(&talk, &text) == LLMPROV_OK) fwrite(text.ptr, 1, text.len, stdout);
        llmprov_text_free(&text);

    A history may go to any provider at any turn. Before it is written it is made legal for the target: ids and names
    of tool calls, the order of results, calls without a result, empty texts, thinking of another provider, images in
    tool results, system messages in the middle, cache marks. Whatever was changed or dropped is a warning in the
    response (chapter 8). The caller's history is not touched.

    Opaque things (signatures, encrypted reasoning) carry their origin and go back there only. Saved histories have it
    in a member "origin" beside the others; blocks of Anthropic's have none.

    3 STREAMING

    With on_event the reply is streamed, and each event arrives before the next byte is read:

        static bool show(void *user, const llmprov_event *e) {
            (void)user;
            if (e->type == LLMPROV_EVENT_TEXT) fwrite(e->text, 1, e->text_len, stdout);
            return fflush(stdout) == 0;                 // false cancels the call
        }

        static llmprov_status ask(llmprov_client *ai, const char *question, llmprov_response *r) {
            return llmprov_chat(ai, &(llmprov_request){ .prompt = question, .on_event = show }, r);
        }

    A stream and a whole reply give the same events in the same order, but for how text is cut:

    START (only an OTHER may come before it), then for each block BLOCK, any number of TEXT, THINKING, JSON or PART, and
    BLOCK_END; then META if the reply has members of its own, and END. Blocks may overlap: index says which one an event
    belongs to, choice which answer.
    A call that fails ends with ERROR instead of END; RETRY says that it is tried again. A stream is complete only with
    its format's own end; otherwise the error is ERR_TRUNCATED, and all that came is in the response. request.keep says
    what is gathered; a device that shows events keeps nothing.

    4 TOOLS

    A tool is a name, a description and a JSON Schema. The model asks for a call with a TOOL_USE block; you run it and
    add the result; the next request goes on from there.

        llmprov_tool add = { .name = "add", .description = "Adds two numbers.",
            .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"},\"b\":{\"type\":\"number\"}}}" };
        llmprov_add_text(&talk, LLMPROV_ROLE_USER, "What is 2 + 40?");
        do {
            llmprov_response_free(&r);
            llmprov_chat(ai, &(llmprov_request){ .history = &talk, .tools = &add, .tool_count = 1 }, &r);
            llmprov_add_message(&talk, &r.message);
            for (use = NULL; r.stop == LLMPROV_STOP_TOOL_USE && (use = llmprov_block_next(&r.message, LLMPROV_BLOCK_TOOL_USE, use)); )
                llmprov_add_tool_result(&talk, use->id, "42", false);
        } while (r.stop == LLMPROV_STOP_TOOL_USE && !r.error.code);

    Arguments (use->json) are always a JSON object. What a model sends that is none comes as {"rawInvalidInput":"..."}
    with use->invalid set, so that the call can be answered. Only STOP_TOOL_USE asks for tools to be run: a turn that
    was cut by its length is not. SERVER_USE blocks are tools that the provider runs itself: never answer those.

    .schema of a request asks for a structured answer: natively where the model gives one, otherwise by a forced tool
    whose arguments come back as the answer's text.

    5 WITHOUT I/O

    The engine says what it wants and is fed. It has no clock: time is fed as well. Any number of calls live in one
    thread; nothing blocks, waits or allocates behind your back.

        call = llmprov_call_chat(ai, &(llmprov_request){ .prompt = question, .stream = LLMPROV_STREAM_ON });
        while (llmprov_call_want(call) != LLMPROV_WANT_NOTHING) {
            llmprov_call_tick(call, now_ms);                                // monotonic milliseconds
            switch (llmprov_call_want(call)) {
            case LLMPROV_WANT_SEND:                                         // url, headers; the body in pieces
                http = llmprov_call_http(call);
                while ((n = llmprov_call_body(call, buffer, sizeof buffer)) > 0) { }   // send them
                llmprov_call_sent(call);
                break;
            case LLMPROV_WANT_RECV:                                         // head, feed, feed, ... eof
                llmprov_call_head(call, 200, NULL, 0);
                llmprov_call_feed(call, buffer, n);
                while (llmprov_call_next(call, &ev)) { }                    // events
                llmprov_call_eof(call);
                break;
            case LLMPROV_WANT_TIME:                                         // a retry is due in llmprov_call_due_ms
            case LLMPROV_WANT_NOTHING:
                break;
            }
        }
        while (llmprov_call_next(call, &ev)) { }
        llmprov_call_take(call, &r);
        llmprov_call_free(call);

    The body's length is known before its first byte (http->body_len); long texts and images are not copied into it
    but referred to, and made on the way out: escaped, base64, or base64 of what a source's callback reads. So a device
    sends a photograph larger than its RAM.

    examples/poll.c and examples/sockets.c are whole programs.

    6 TRANSPORTS

    A transport performs one exchange: sends llmprov_http and the body, reports the head, feeds the bytes. With
    LLMPROV_CURL libcurl is the default; llmprov_curl takes a proxy and a CA file. llmprov_curl_many_* runs many calls
    in one thread. Redirects are followed inside their origin only. A transport of your own is one function and, if
    calls are to be retried, a clock and a sleep: examples/sockets.h is one in a few screens.

        transport = llmprov_curl(&(llmprov_curl_desc){ .proxy = "http://proxy:3128", .ca_file = "ca.pem" });
        client = llmprov_open(&(llmprov_desc){ .provider = "openai", .transport = transport });

    7 PROVIDERS AND PROFILES

    A provider is a row of data: id, wire format, base URL, key variables, default model, quirks. What is asked first
    is the desc, then the environment (ANTHROPIC_API_KEY, OPENAI_BASE_URL, ...), then the row. A profile is a row about
    a family of models: what they accept and refuse. It is found by the longest prefix of the model's name and decides
    what is sent (sampling settings, efforts, forced tools, the member for the token limit). Both can be replaced:

        reg = llmprov_registry_new(NULL);
        llmprov_register_profile(reg, &(llmprov_profile){ .prefix = "my-model", .efforts = "none high" }, 0);
        client = llmprov_open(&(llmprov_desc){ .provider = "vllm", .registry = reg });

    8 ERRORS, RETRIES, WARNINGS

    llmprov_error is the same for all providers: a canonical code, the HTTP status, the provider's own code, a request
    id for its support, a sentence, the raw body. An error inside a stream that began with 200 gives the same code as
    the HTTP status would have.

    Retried are 408, 409, 429, 5xx and lost connections, unless x-should-retry says otherwise, at most max_retries
    times, and never once any of the answer was shown. Not retried: no credit, too long a context, refusals. The wait is
    what the provider asked for (retry-after-ms, retry-after in seconds or as a date) up to retry_after_cap_ms, otherwise
    half a second doubled each time up to eight, less up to a quarter. Three time-outs: connect_ms, gap_ms, timeout_ms.

    Warnings say what was asked for and was changed or dropped, with its path. Where nothing changed there is none.

        for (i = 0; i < r.warning_count; i++) fprintf(stderr, "%s: %s\n", r.warnings[i].field, r.warnings[i].text);

    9 MEMORY

    Every allocation passes one realloc-shaped function with user data, per client and per history; {0} is the C
    library's. llmprov_arena makes one over a fixed block: no heap at all.

        static char block_of_memory[65536];
        client = llmprov_open(&(llmprov_desc){ .provider = "llama.cpp", .alloc = llmprov_arena(block_of_memory, sizeof block_of_memory) });

    A call holds 6 KB, and about 500 bytes for each message of its history (64-bit pointers, one short text each): the
    history made legal, and the body's plan. Long texts and images stay where the caller has them.

    Ownership: a desc and a row are copied. A request struct is copied, what it points to is not: it lives until the
    call wants nothing or is freed. A response owns what is in it until llmprov_response_free, also after its client is
    closed (its allocator must live). An event is valid until the next. Histories copy what is added. Keys are held once
    and wiped at llmprov_close. A NULL handle (client, call, registry) means that there was no memory, to every function;
    other pointers must not be NULL unless it is said.

    10 THREADS

    An object belongs to one thread at a time; different objects are free. There is no global state. A registry is
    read-only once it is filled and may be shared; llmprov_client_for changes it and needs your lock. A call is
    cancelled from another thread through desc.cancelled, which is polled.

    11 BUILD OPTIONS

    LLMPROV_IMPLEMENTATION          in one C file, before the include
    LLMPROV_STATIC                  everything static, for a program of one file
    LLMPROV_API                     what stands before every public function: __declspec(dllexport), ...
    LLMPROV_CURL                    the libcurl transport
    LLMPROV_EXTEND                  the interface for wire formats of your own
    LLMPROV_NO_STDLIB               no malloc and no getenv: every alloc must be given
    LLMPROV_NO_GETENV               keys and base URLs from the desc only
    LLMPROV_NO_SIMD                 no SSE2
    LLMPROV_NO_ANTHROPIC_MESSAGES   without this wire format; its providers say so when they are used
    LLMPROV_NO_OPENAI_CHAT          without this one
    LLMPROV_NO_OPENAI_RESPONSES     nor this one

    12 ADDING A PROVIDER

        llmprov_provider mine = { .id = "mine", .format = "openai-chat", .base_url = "https://llm.example.com/v1",
                                  .key_env = "MINE_KEY", .default_model = "large" };
        if (llmprov_register(reg, &mine, 0)) fprintf(stderr, "%s\n", llmprov_registry_error(reg)->message);

    Departures from the format are typed quirks of the row, read in one place each. There is no code by provider.

    13 ADDING A WIRE FORMAT

    A translator is one llmprov_translator (LLMPROV_EXTEND): `write` turns a legal request into a body; `read` and
    `read_frame` turn a whole reply and one frame of a stream into the same calls of llmprov_turn_*; `read_end` says at
    [DONE] or at the end whether the reply was complete; `read_error` fills an error. As a server `read_request`,
    `write_reply`, `write_event` and `write_error` do the reverse, all four or none. What it demands of histories are
    rules, not code. llmprov_register_translator refuses one that lacks a function, naming it.

    14 WHAT GOES OVER THE WIRE

    The same request gives the same bytes. The conversation is the last member of every body, so a turn's body begins
    with that of the turn before, less its closing brackets and the cache marks that move: prompt caches pay.

    request.extra is merged last and deep into the body; a member that was written anyway is replaced once, with a
    warning. `llmprov request` (tools/) prints the request that an Anthropic-shape body becomes.

    15 BEING A SERVER

    The same formats from the other side: a gateway, a recorder, a mock, a converter of stored traffic. What a client
    sends becomes a request like any other, for any provider; the events that come back become what that client expects.

        static bool answer(void *face, const llmprov_event *e) {
            return llmprov_face_event((llmprov_face *)face, e) == LLMPROV_OK;   // false cancels: the client is gone
        }

        static void serve(llmprov_client *ai, const char *body, size_t len, llmprov_out_fn out, void *socket) {
            llmprov_face *face = llmprov_face_open(&(llmprov_face_desc){ .format = "openai-chat", .out = out, .user = socket });
            llmprov_asked asked;
            llmprov_response r;
            int status;
            if (llmprov_ask(NULL, "openai-chat", body, len, NULL, &asked) || llmprov_asked_check(&asked, NULL)) {
                llmprov_face_error(face, &asked.error, &status);        // 400, in OpenAI's words, naming the member
            } else {
                asked.request.on_event = answer;
                asked.request.user = face;
                llmprov_chat(ai, &asked.request, &r);
                llmprov_response_free(&r);
            }
            llmprov_asked_free(&asked);
            llmprov_face_free(face);
        }

    A whole reply goes through llmprov_face_reply. Members that a format has and the request struct has not are in
    request.kept and go back to that format as they were said; elsewhere each is a warning. Converting a format into
    itself gives equal JSON but for what the warnings name. The blocks of a stream are put in order where the client's
    format does not let them overlap: a call that comes too early waits until the one before it is whole.

    llmprov_normalise is the first step of every call by itself: any history, legal for one provider and model.
    examples/server.c is a whole gateway, and `llmprov convert` turns requests, replies, streams and errors of each
    format into every other.
*/
#ifndef LLMPROV_INCLUDED
#define LLMPROV_INCLUDED

#define LLMPROV_VERSION_MAJOR 0
#define LLMPROV_VERSION_MINOR 1
#define LLMPROV_VERSION_PATCH 0
#define LLMPROV_VERSION "0.1.0"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LLMPROV_API
#ifdef LLMPROV_STATIC
#define LLMPROV_API static
#else
#define LLMPROV_API extern
#endif
#endif

// -- errors --------------------------------------------------------------------------------

/* One list, expanded to the enum here and to the texts in >>err. */
#define LLMPROV_STATUS_LIST(X)                                                      \
    X(OK,              "ok")                                                        \
    X(ERR_ARGUMENT,    "a field is missing, malformed or out of range")             \
    X(ERR_NO_MEMORY,   "out of memory")                                             \
    X(ERR_NO_PROVIDER, "no provider of that name is registered")                    \
    X(ERR_NO_KEY,      "no API key: set desc.api_key or the provider's variable")   \
    X(ERR_UNSUPPORTED, "this provider cannot do that")                              \
    X(ERR_TRANSPORT,   "the transport could not reach the server")                  \
    X(ERR_TIMEOUT,     "a time-out passed, ours or the provider's")                 \
    X(ERR_LIMIT,       "a limit set in llmprov_limits was reached")                 \
    X(ERR_TRUNCATED,   "the reply ended before the provider said it was complete")  \
    X(ERR_CANCELLED,   "the call was cancelled")                                    \
    X(ERR_BAD_JSON,    "the text is not JSON")                                      \
    X(ERR_BAD_REPLY,   "the reply was not what its wire format promises")           \
    X(ERR_AUTH,        "the provider rejected the credentials")                     \
    X(ERR_FORBIDDEN,   "the credentials do not allow that")                         \
    X(ERR_NOT_FOUND,   "the provider does not know that model or endpoint")         \
    X(ERR_REQUEST,     "the provider rejected the request")                         \
    X(ERR_TOO_LONG,    "the request does not fit the model's context")              \
    X(ERR_RATE_LIMIT,  "rate limited")                                              \
    X(ERR_QUOTA,       "out of quota or credit")                                    \
    X(ERR_OVERLOADED,  "the provider is overloaded")                                \
    X(ERR_SERVER,      "the provider failed")

/* What happened, the same words for every provider. The list grows at its end only. */
typedef enum llmprov_status {
#define LLMPROV__X(name, text) LLMPROV_##name,
    LLMPROV_STATUS_LIST(LLMPROV__X)
#undef LLMPROV__X
    LLMPROV_STATUS_COUNT
} llmprov_status;

/* Everything known about a failure. The texts live as long as the result, client, call or registry that holds
   the struct, and are never NULL there. */
typedef struct llmprov_error {
    llmprov_status code;         /* LLMPROV_OK (0) when nothing went wrong                                    */
    int http_status;             /* 0 when no reply arrived                                                  */
    int retry_after_ms;          /* how long the provider asked us to wait; 0 when it did not say            */
    bool retryable;              /* the same request may succeed later                                       */
    const char *provider;        /* which provider: a row's id                                               */
    const char *provider_code;   /* its own error code or type                                               */
    const char *param;           /* the request member that it blames                                        */
    const char *request_id;      /* what its support will ask for                                            */
    const char *message;         /* one sentence for a person: what, and where                               */
    const char *raw;             /* its own error body, up to 64 KiB                                         */
    size_t raw_len;              /* bytes of raw                                                             */
    size_t offset;               /* where, in a text that we refused: bytes from its beginning               */
} llmprov_error;

// -- small shared types --------------------------------------------------------------------

/* A piece of text that someone else owns; not NUL-terminated. */
typedef struct llmprov_str { const char *ptr; size_t len; } llmprov_str;

/* A number that may be absent: {0} is "not given", LLMPROV_NUM(0) is zero. */
typedef struct llmprov_num { double value; bool set; } llmprov_num;
#define LLMPROV_NUM(v) { (v), true }

/* A whole number that may be absent. */
typedef struct llmprov_int { int64_t value; bool set; } llmprov_int;
#define LLMPROV_INT(v) { (v), true }

/* Yes, no, or whatever the provider does by itself. */
typedef enum llmprov_flag { LLMPROV_UNSET, LLMPROV_NO, LLMPROV_YES } llmprov_flag;

/* Bytes that are fetched when they are needed: a photograph larger than RAM. `read` copies up to `size` bytes
   from `offset` and returns how many; fewer than asked means that it failed. Offsets rise by what was returned,
   and start from 0 again for a retry, unless `once` is set: then the request is never sent a second time after
   its first byte was read. */
typedef struct llmprov_source {
    size_t (*read)(void *user, uint64_t offset, void *to, size_t size);
    void *user;
    bool once;                   /* read from 0 only once: no retry after the first byte                      */
} llmprov_source;

/* A realloc-shaped allocator: new_size 0 frees, ptr NULL allocates. fn NULL = the C library's. It is copied into
   what it is given to; `user` must outlive that. */
typedef struct llmprov_alloc {
    void *(*fn)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *user;
} llmprov_alloc;

/* An allocator over one fixed block: no malloc at all. The block must outlive everything made from it.
   One thread at a time. `size` is in bytes; below some 200 nothing fits. */
LLMPROV_API llmprov_alloc llmprov_arena(void *memory, size_t size);

/* Where the library says what it does. Level 0 error, 1 warning (a retry), 2 info. No key and no text of a
   conversation is ever in it. NULL = silent. */
typedef struct llmprov_log {
    void (*fn)(void *user, int level, const char *room, const char *text);
    void *user;
} llmprov_log;

/* Text that the library made and the caller owns: free it with llmprov_text_free. NUL-terminated. */
typedef struct llmprov_text { char *ptr; size_t len; llmprov_alloc alloc; } llmprov_text;

/* Frees the text and zeroes the struct. {0} is legal. */
LLMPROV_API void llmprov_text_free(llmprov_text *text);

/* The sentence that belongs to a status; never NULL. Static. */
LLMPROV_API const char *llmprov_status_text(llmprov_status status);

/* "0.1.0": of the implementation that was linked, where LLMPROV_VERSION is of the header that was included. */
LLMPROV_API const char *llmprov_version(void);

// -- messages ------------------------------------------------------------------------------

typedef enum llmprov_role { LLMPROV_ROLE_USER, LLMPROV_ROLE_ASSISTANT, LLMPROV_ROLE_SYSTEM } llmprov_role;

typedef enum llmprov_block_type {
    LLMPROV_BLOCK_TEXT,          /* text; citations travel in extra                                          */
    LLMPROV_BLOCK_IMAGE,         /* mime and data, base64 or source; or url; or file_id                      */
    LLMPROV_BLOCK_AUDIO,         /* mime and data, base64 or source; text = the transcript in a reply        */
    LLMPROV_BLOCK_VIDEO,         /* as an image                                                              */
    LLMPROV_BLOCK_DOCUMENT,      /* as an image; or text with mime "text/plain"; name = its title            */
    LLMPROV_BLOCK_TOOL_USE,      /* id, name, json = the arguments: always an object                         */
    LLMPROV_BLOCK_TOOL_RESULT,   /* id of the use, content or text, is_error                                 */
    LLMPROV_BLOCK_THINKING,      /* text and signature                                                       */
    LLMPROV_BLOCK_REDACTED,      /* text = opaque reasoning, to be sent back unchanged                       */
    LLMPROV_BLOCK_SERVER_USE,    /* a tool that the provider runs itself: never answer it. As TOOL_USE, kind */
    LLMPROV_BLOCK_SERVER_RESULT, /* its result: id of the use, kind, json = the content                      */
    LLMPROV_BLOCK_RAW,           /* kind, json = a whole block of a kind this version does not know          */
    LLMPROV_BLOCK_COUNT
} llmprov_block_type;

/* Where a prompt-cache breakpoint ends, and how long the provider keeps what came before it. */
typedef enum llmprov_cache { LLMPROV_CACHE_NONE, LLMPROV_CACHE_5M, LLMPROV_CACHE_1H } llmprov_cache;

/* One block of a message: flat, and valid from {0}. In what the caller hands in, every pointer is the caller's
   and a length of 0 means NUL-terminated; what the library hands out is NUL-terminated and has its length. */
typedef struct llmprov_block {
    llmprov_block_type type;
    const char *text;            /* UTF-8                                                                    */
    size_t text_len;
    const char *json;            /* JSON text                                                                */
    size_t json_len;
    const char *id;              /* of a tool call, in the use and in its result                             */
    const char *name;            /* of the tool; of a document                                               */
    const char *mime;            /* "image/png", "application/pdf", "audio/wav", ...                         */
    const char *url;
    const void *data;            /* the bytes themselves                                                     */
    size_t data_len;             /* bytes of data, or of source                                              */
    const char *base64;          /* or: the bytes as base64 text already                                     */
    size_t base64_len;
    llmprov_source source;       /* or: data_len bytes, read when they are sent                              */
    const char *file_id;         /* or: a file that the provider holds                                       */
    const char *signature;       /* opaque proof that comes with thinking                                    */
    const struct llmprov_block *content;       /* of a tool result: text, images, documents                  */
    size_t content_count;
    bool is_error;               /* the tool failed                                                          */
    bool invalid;                /* the arguments did not parse: json wraps them as {"rawInvalidInput":...}  */
    llmprov_cache cache;         /* a prompt-cache breakpoint ends here                                      */
    const char *kind;            /* the wire's own type word: SERVER_*, RAW                                  */
    const char *origin;          /* the wire format that minted signature and opaque text; NULL = Anthropic's
                                    own form, otherwise "format" or "format:member"                          */
    const char *extra;           /* a JSON object: members that this struct has no field for. Kept and saved */
    size_t extra_len;
} llmprov_block;

/* One turn of a conversation. */
typedef struct llmprov_message {
    llmprov_role role;
    const llmprov_block *blocks;
    size_t block_count;
    bool plain;                  /* its content was a string, not a list                                     */
    const char *extra;           /* a JSON object: members beside role and content                           */
    size_t extra_len;
} llmprov_message;

/* A conversation that owns its memory. {0} is an empty, usable history. Fields are for reading; the functions
   below change them. One thread at a time. */
typedef struct llmprov_history {
    const char *system;          /* the system prompt, or:                                                   */
    size_t system_len;           /* 0 = NUL-terminated                                                       */
    const llmprov_block *system_blocks;        /* the system prompt in text blocks, with cache marks         */
    size_t system_count;
    llmprov_message *messages;
    size_t message_count;
    const char *extra;           /* members of the loaded JSON beside system and messages                    */
    size_t extra_len;
    llmprov_alloc alloc;         /* set it before the first use, or leave it                                 */
    llmprov_status status;       /* sticky: the first failure of an add; what failed was left out whole      */
    void *memory;                /* private                                                                  */
} llmprov_history;

/* Frees everything and zeroes the struct but for its allocator. */
LLMPROV_API void llmprov_history_free(llmprov_history *h);

/* Adds copy what they are given. A block goes into the last message when the role is the same, otherwise a new
   message begins. Failures are sticky in h->status. */
LLMPROV_API void llmprov_add_text(llmprov_history *h, llmprov_role role, const char *text);
LLMPROV_API void llmprov_add_image(llmprov_history *h, const char *mime, const void *data, size_t len);
LLMPROV_API void llmprov_add_document(llmprov_history *h, const char *mime, const char *title, const void *data, size_t len);
LLMPROV_API void llmprov_add_tool_result(llmprov_history *h, const char *use_id, const char *text, bool is_error);
LLMPROV_API void llmprov_add_block(llmprov_history *h, llmprov_role role, const llmprov_block *block);

/* Adds a message of its own, deep. One without blocks adds nothing, so that a failed reply can be added blindly. */
LLMPROV_API void llmprov_add_message(llmprov_history *h, const llmprov_message *message);

/* Sets the system prompt; NULL removes it. */
LLMPROV_API void llmprov_set_system(llmprov_history *h, const char *text);

/* Replaces the text of one block of h->messages; nothing else changes. ERR_ARGUMENT when there is no such block. */
LLMPROV_API llmprov_status llmprov_set_text(llmprov_history *h, size_t message, size_t block, const char *text);

/* Removes the messages from `count` on. Their memory comes back with llmprov_history_free only. To leave out the oldest
   ones, pass h->messages + k as request.messages; to shrink, add what is kept to a fresh history. */
LLMPROV_API void llmprov_history_cut(llmprov_history *h, size_t count);

/* Reads Anthropic-shape JSON into an empty history: a list of messages, or an object with "messages" (a whole
   request body is one). Nothing is lost: unknown kinds become RAW, unknown members extra. On failure the history
   stays empty and *err (may be NULL) says what and where; its texts are static or live in h. */
LLMPROV_API llmprov_status llmprov_history_load(llmprov_history *h, const char *json, size_t len, llmprov_error *err);

/* Writes what llmprov_history_load reads: {"system":...,"messages":[...]}. *out is the caller's to free. */
LLMPROV_API llmprov_status llmprov_history_save(const llmprov_history *h, llmprov_text *out);

/* One block as Anthropic-shape JSON. The allocator may be NULL. */
LLMPROV_API llmprov_status llmprov_block_save(const llmprov_block *block, const llmprov_alloc *alloc, llmprov_text *out);

/* The next block of that type after `after` (NULL = from the first), or NULL. */
LLMPROV_API const llmprov_block *llmprov_block_next(const llmprov_message *m, llmprov_block_type type, const llmprov_block *after);

// -- requests ------------------------------------------------------------------------------

struct llmprov_client;   typedef struct llmprov_client llmprov_client;
struct llmprov_call;     typedef struct llmprov_call llmprov_call;
struct llmprov_registry; typedef struct llmprov_registry llmprov_registry;

/* A tool that the model may call. */
typedef struct llmprov_tool {
    const char *type;            /* NULL = a function of yours; else the vendor's word, its members in extra */
    const char *name;            /* letters, digits, _ and -; others are mapped for the wire and mapped back */
    const char *description;
    const char *schema;          /* JSON Schema of the arguments; NULL = no arguments                        */
    llmprov_flag strict;         /* arguments must follow the schema exactly                                 */
    llmprov_cache cache;         /* a prompt-cache breakpoint ends here                                      */
    const char *extra;           /* a JSON object: further members                                           */
} llmprov_tool;

typedef enum llmprov_tool_choice { LLMPROV_TOOL_AUTO, LLMPROV_TOOL_NONE, LLMPROV_TOOL_ANY, LLMPROV_TOOL_NAMED } llmprov_tool_choice;

/* How hard the model thinks. The nearest word that the model knows is sent, with a warning when it differs. */
typedef enum llmprov_effort { LLMPROV_EFFORT_DEFAULT, LLMPROV_EFFORT_OFF, LLMPROV_EFFORT_MINIMAL, LLMPROV_EFFORT_LOW,
    LLMPROV_EFFORT_MEDIUM, LLMPROV_EFFORT_HIGH, LLMPROV_EFFORT_XHIGH, LLMPROV_EFFORT_MAX } llmprov_effort;

/* Whether the model thinks aloud. AUTO: effort or thinking_tokens decide. UNSAID: nothing is sent about it. */
typedef enum llmprov_thinking { LLMPROV_THINKING_AUTO, LLMPROV_THINKING_UNSAID, LLMPROV_THINKING_OFF, LLMPROV_THINKING_ON,
    LLMPROV_THINKING_BETWEEN_TOOLS } llmprov_thinking;

typedef enum llmprov_stream { LLMPROV_STREAM_AUTO, LLMPROV_STREAM_ON, LLMPROV_STREAM_OFF } llmprov_stream;

/* What is gathered into the response; the events come in any case. TOOLS: tool calls whole, texts not. */
typedef enum llmprov_keep { LLMPROV_KEEP_ALL, LLMPROV_KEEP_TOOLS, LLMPROV_KEEP_NOTHING } llmprov_keep;

/* Why the model stopped. */
typedef enum llmprov_stop { LLMPROV_STOP_OTHER, LLMPROV_STOP_END, LLMPROV_STOP_LENGTH, LLMPROV_STOP_SEQUENCE,
    LLMPROV_STOP_TOOL_USE, LLMPROV_STOP_REFUSAL, LLMPROV_STOP_PAUSE, LLMPROV_STOP_ERROR, LLMPROV_STOP_CONTEXT,
    LLMPROV_STOP_COUNT } llmprov_stop;

/* Tokens. The four input buckets are disjoint: their sum is the whole prompt, whatever the provider's habit is. */
typedef struct llmprov_usage {
    int64_t input_tokens;        /* neither read from nor written to a cache                                 */
    int64_t cache_read_tokens;
    int64_t cache_write_5m_tokens;             /* also where the provider does not say for how long          */
    int64_t cache_write_1h_tokens;
    int64_t output_tokens;       /* everything generated, thinking included                                  */
    int64_t thinking_tokens;     /* of output_tokens; 0 when not told                                        */
    int64_t input_audio_tokens, output_audio_tokens;
    const char *raw;             /* the provider's own JSON object, or NULL                                  */
} llmprov_usage;

/* One thing that was asked for and was changed or dropped on the way. */
typedef struct llmprov_warning {
    llmprov_status code;         /* ERR_UNSUPPORTED = dropped, ERR_ARGUMENT = adjusted                       */
    const char *field;           /* "temperature", "messages[3].content[0]"                                  */
    const char *text;            /* one sentence: what was there and what was done                           */
} llmprov_warning;

typedef enum llmprov_event_type {
    LLMPROV_EVENT_START,         /* id, model: the reply begins                                              */
    LLMPROV_EVENT_BLOCK,         /* choice, index, block: a block begins; block has what is known so far     */
    LLMPROV_EVENT_TEXT,          /* choice, index, text: a piece of text                                     */
    LLMPROV_EVENT_THINKING,      /* choice, index, text: a piece of thinking                                 */
    LLMPROV_EVENT_JSON,          /* choice, index, text: a piece of tool arguments                           */
    LLMPROV_EVENT_PART,          /* choice, index, kind: "citation" (extra), "signature" (text), "audio"
                                    (data), "logprobs" (extra; index -1)                                     */
    LLMPROV_EVENT_BLOCK_END,     /* choice, index, block: the block, whole unless keep says otherwise        */
    LLMPROV_EVENT_META,          /* extra: members of the reply that have no field                           */
    LLMPROV_EVENT_OTHER,         /* kind, extra: an event that this version does not know                    */
    LLMPROV_EVENT_CHOICE_END,    /* choice > 0, stop, stop_word: a further answer is complete                */
    LLMPROV_EVENT_RETRY,         /* error: what failed, before it is tried again                             */
    LLMPROV_EVENT_END,           /* stop, stop_word, stop_sequence, usage: the reply is complete             */
    LLMPROV_EVENT_ERROR,         /* error: the call failed; instead of END                                   */
    LLMPROV_EVENT_COUNT
} llmprov_event_type;

/* One step of a reply: the same events in the same order for a stream and for a whole reply, but for how text is
   cut. Everything it points to is valid until the next event. Texts are valid UTF-8 and not NUL-terminated. */
typedef struct llmprov_event {
    llmprov_event_type type;
    int choice;                  /* 0 unless several answers were asked for                                  */
    int index;                   /* of the block in its message                                              */
    const char *text;
    size_t text_len;
    const llmprov_block *block;
    const char *id, *model;
    const char *kind;
    const void *data;
    size_t data_len;
    llmprov_stop stop;
    const char *stop_word;       /* the provider's own word                                                  */
    const char *stop_sequence;   /* the sequence that matched, or NULL                                       */
    const llmprov_usage *usage;
    const char *extra;
    size_t extra_len;
    const llmprov_error *error;
} llmprov_event;

/* Receives events. Returning false cancels the call. Inside it only getters and llmprov_call_cancel are legal. */
typedef bool (*llmprov_event_fn)(void *user, const llmprov_event *event);

/* What is asked of a model. {0} with a prompt is a request. What it points to is not copied and lives until the
   call wants nothing or is freed. What is not set is not sent, but for what a format demands: there are no hidden
   defaults. */
typedef struct llmprov_request {
    uint32_t size;               /* sizeof this struct; 0 = this header's. Bindings set it                   */
    const char *model;           /* NULL = the provider row's default                                        */
    const char *prompt;          /* one user message, after the messages                                     */
    const llmprov_history *history;            /* system and messages, or:                                   */
    const char *system;          /* before the history's                                                     */
    const llmprov_block *system_blocks;        /* text blocks, with cache marks                              */
    size_t system_count;
    const llmprov_message *messages;           /* after the history's                                        */
    size_t message_count;
    const llmprov_tool *tools;
    size_t tool_count;
    llmprov_tool_choice tool_choice;           /* AUTO says nothing                                          */
    const char *tool_name;       /* for TOOL_NAMED                                                           */
    llmprov_flag parallel_tools; /* may the model call several tools in one turn?                            */
    llmprov_int max_tokens;      /* everything generated, thinking included. anthropic-messages demands it:
                                    not set, it is the model's most (of an unknown model 4096, with a warning) */
    llmprov_thinking thinking;
    llmprov_effort effort;
    llmprov_int thinking_tokens; /* a budget, for models that take one                                       */
    llmprov_num temperature, top_p;            /* 0 to 1; openai-chat takes a temperature up to 2            */
    llmprov_int top_k, seed;
    llmprov_num presence_penalty, frequency_penalty;
    llmprov_int n;               /* how many answers                                                         */
    const char *const *stop;     /* stop sequences                                                           */
    size_t stop_count;
    const char *schema;          /* JSON Schema of a structured answer                                       */
    const char *schema_name;     /* NULL = "answer"                                                          */
    llmprov_flag schema_strict;
    const char *user_id;         /* who asks, for the provider's abuse detection: opaque, no personal data   */
    const char *service_tier;    /* the provider's own word                                                  */
    llmprov_cache cache;         /* marks the end of the conversation as a prompt-cache breakpoint           */
    const char *headers;         /* "Name: value\nName: value": with this request; replaces ours             */
    const char *extra;           /* a JSON object merged last and deep into the body                         */
    const char *kept;            /* members that llmprov_ask had no field for: written to their format only  */
    size_t kept_len;
    const char *origin;          /* the format that kept came from                                           */
    llmprov_stream stream;       /* AUTO = when on_event is set                                              */
    llmprov_keep keep;
    llmprov_event_fn on_event;   /* called from llmprov_call_feed; NULL = llmprov_call_next                  */
    void *user;                  /* for on_event                                                             */
} llmprov_request;

/* One of several answers. */
typedef struct llmprov_choice {
    llmprov_message message;
    llmprov_stop stop;
    const char *stop_word, *stop_sequence;
    const char *extra;           /* members of the choice without a field: logprobs, content filters          */
    size_t extra_len;
} llmprov_choice;

/* What came back. Everything in it lives until llmprov_response_free. After a failure it holds what had arrived. */
typedef struct llmprov_response {
    uint32_t size;               /* set by the library                                                       */
    llmprov_error error;
    const char *text;            /* the text blocks joined; "" and never NULL                                */
    size_t text_len;
    llmprov_message message;     /* ready for llmprov_add_message                                            */
    llmprov_stop stop;
    const char *stop_word, *stop_sequence;
    llmprov_usage usage;
    const char *id, *model;      /* model = the one that really served                                       */
    const llmprov_choice *choices;             /* message, stop, ... above are choice 0                      */
    size_t choice_count;
    const char *extra;           /* a JSON object: members of the reply without a field                      */
    size_t extra_len;
    const llmprov_warning *warnings;
    size_t warning_count;
    int attempts;                /* how often the request was sent                                           */
    void *memory;                /* private                                                                  */
} llmprov_response;

/* Frees what is inside and zeroes the struct. */
LLMPROV_API void llmprov_response_free(llmprov_response *r);

/* The reply as one Anthropic-shape message: {"id","type":"message","role","model","content",...}, with every member that
   Anthropic's replies have, null where nothing is known. Members of the reply and of its blocks that Anthropic's have
   not (extra, origin) stand beside them, so that nothing is lost. *out is the caller's to free. */
LLMPROV_API llmprov_status llmprov_response_save(const llmprov_response *r, llmprov_text *out);

/* {"type":"error","error":{"type","message"}} with Anthropic's error types. The allocator may be NULL. */
LLMPROV_API llmprov_status llmprov_error_save(const llmprov_error *e, const llmprov_alloc *alloc, llmprov_text *out);

/* Anthropic's words for a stop reason and for an error: "end_turn", "rate_limit_error". Static. */
LLMPROV_API const char *llmprov_stop_text(llmprov_stop stop);
LLMPROV_API const char *llmprov_error_type(llmprov_status code);

/* Past one of these: ERR_LIMIT naming it, never a silent cut. 0 = the default. */
typedef struct llmprov_limits {
    size_t max_reply_bytes;      /* of one reply, all pieces together; 64 MiB                                */
    size_t max_event_bytes;      /* of one stream event; 16 MiB                                              */
    size_t max_memory_bytes;     /* held by the client and its calls; none                                   */
    int max_json_depth;          /* 128; at most 1024                                                        */
} llmprov_limits;

// -- wire: what a transport carries --------------------------------------------------------

typedef struct llmprov_header { const char *name, *value; } llmprov_header;

/* One HTTP request. Lives until the call is tried again or freed. */
typedef struct llmprov_http {
    const char *method;          /* "POST"                                                                   */
    const char *url;             /* absolute, percent-encoded                                                */
    const llmprov_header *headers;             /* Content-Length is not among them                           */
    size_t header_count;
    uint64_t body_len;           /* bytes; pull them with llmprov_call_body or _body_whole                   */
    bool secret_in_url;          /* the URL holds a key: mask it in logs                                     */
} llmprov_http;

/* Performs one exchange: sends http and the body, says llmprov_call_sent, reports the head, and feeds the bytes
   until they end or a function says stop. Returns true when the reply ended as HTTP says it should; false when
   not, after llmprov_call_fail has said why (or it will be said for it). `close` frees what the transport holds. */
typedef struct llmprov_transport {
    bool (*perform)(void *user, const llmprov_http *http, llmprov_call *call);
    void (*wait)(void *user, int ms);          /* sleeps; NULL = the blocking calls never retry              */
    uint64_t (*now)(void *user);               /* monotonic milliseconds, any origin; NULL = no time-outs    */
    void (*close)(void *user);                 /* by llmprov_close; may be NULL                              */
    void *user;
} llmprov_transport;

// -- providers, profiles, registry ---------------------------------------------------------

/* How the key is sent. */
typedef enum llmprov_auth { LLMPROV_AUTH_BEARER, LLMPROV_AUTH_HEADER, LLMPROV_AUTH_QUERY, LLMPROV_AUTH_NONE,
    LLMPROV_AUTH_SIGV4 } llmprov_auth;         /* SIGV4: requests are signed with AWS's keys; an api_key is sent as Bearer */

/* What a provider can do. */
enum {
    LLMPROV_CAN_CHAT = 1,        /* answer at all                                                            */
    LLMPROV_CAN_STREAM = 2,      /* send the answer as it is made                                            */
    LLMPROV_CAN_TOOLS = 4,       /* call tools                                                               */
    LLMPROV_CAN_IMAGES = 8,      /* look at images                                                           */
    LLMPROV_CAN_SCHEMA = 16,     /* give structured answers natively                                         */
    LLMPROV_CAN_CHOICES = 32     /* give several answers                                                     */
};

/* Where a provider departs from its wire format. */
enum {
    LLMPROV_QUIRK_NO_STREAM_OPTIONS = 1,       /* refuses stream_options; tells the usage by itself          */
    LLMPROV_QUIRK_NO_PENALTIES = 2,            /* refuses presence_penalty and frequency_penalty             */
    LLMPROV_QUIRK_NO_PARALLEL = 4,             /* refuses parallel_tool_calls                                */
    LLMPROV_QUIRK_NO_STRICT = 8,               /* refuses strict in tool definitions                         */
    LLMPROV_QUIRK_NO_FORCED_TOOL = 16,         /* tool_choice "required" or a name: auto is sent             */
    LLMPROV_QUIRK_TOP_K = 32,                  /* takes top_k, which the format does not know                */
    LLMPROV_QUIRK_DEVELOPER = 64,              /* OpenAI itself: reasoning models want the role "developer"  */
    LLMPROV_QUIRK_CACHE_CONTROL = 128,         /* takes Anthropic's cache_control on parts                   */
    LLMPROV_QUIRK_TOOL_IMAGES = 256,           /* takes images inside tool results                           */
    LLMPROV_QUIRK_NO_SEED = 512,               /* refuses seed                                               */
    LLMPROV_QUIRK_REASONING_OBJECT = 1024,     /* reasoning:{effort,max_tokens} instead of reasoning_effort  */
    LLMPROV_QUIRK_THINKING_OBJECT = 2048,      /* thinking:{type} beside reasoning_effort                    */
    LLMPROV_QUIRK_ONE_SYSTEM = 4096,           /* one system message, at the beginning                       */
    LLMPROV_QUIRK_NO_JSON_SCHEMA = 8192,       /* json_object is the only response_format                    */
    LLMPROV_QUIRK_NINE_LETTER_IDS = 32768,     /* ids of tool calls are nine letters and digits              */
    LLMPROV_QUIRK_NO_USER_AFTER_TOOL = 65536,  /* refuses a user message directly behind tool results        */
    LLMPROV_QUIRK_TOOLS_DEFINED = 131072,      /* refuses calls in the history when no tools are given       */
    LLMPROV_QUIRK_NO_NAMES = 262144,           /* refuses members beside role and content in messages        */
    LLMPROV_QUIRK_CALLS_LAST = 524288,         /* calls with other items of their turn behind them are lost  */
    LLMPROV_QUIRK_THINK_TAGS = 16384           /* thinking stands in <think> tags at the beginning of the text */
};

/* Typed departures; NULL and 0 = as the wire format has it. */
typedef struct llmprov_quirks {
    const char *chat_path;       /* "/chat/completions"                                                      */
    const char *max_tokens_key;  /* "max_completion_tokens"                                                  */
    const char *reasoning_key;   /* the member that thinking is sent back in: "reasoning_content"            */
    const char *user_key;        /* "safety_identifier"                                                      */
    const char *efforts;         /* "qwen3: none default": the efforts of models here, over their profile's  */
    unsigned flags;              /* LLMPROV_QUIRK_*                                                          */
} llmprov_quirks;

/* One provider: data, no code. Every field but the first three may be 0. */
typedef struct llmprov_provider {
    const char *id;              /* "groq"                                                                   */
    const char *format;          /* the wire format: "openai-chat"                                           */
    const char *base_url;        /* "https://api.groq.com/openai/v1"; NULL = desc.base_url is required; {region} in
                                    it becomes the desc's region                                             */
    const char *key_env;         /* "GROQ_API_KEY GROQ_KEY": tried in order; NAME=bearer is sent as Bearer   */
    const char *base_env;        /* "GROQ_BASE_URL": one or more, tried in order                             */
    const char *aliases;         /* "or openrouter.ai"                                                       */
    const char *default_model;
    llmprov_auth auth;
    bool auth_optional;          /* without a key none is sent                                               */
    const char *auth_name;       /* the header's or the query's name for AUTH_HEADER and AUTH_QUERY; the
                                    service's for AUTH_SIGV4: "bedrock"                                      */
    const char *headers;         /* "Name: value\n...": with every request                                   */
    unsigned can;                /* LLMPROV_CAN_*; 0 = whatever the translator can                           */
    llmprov_quirks quirks;
} llmprov_provider;

/* What a family of models accepts and refuses. */
enum {
    LLMPROV_MODEL_REASONS = 1,                 /* thinks unless told otherwise                               */
    LLMPROV_MODEL_NO_SAMPLING = 2,             /* refuses temperature, top_p, top_k, penalties, logprobs     */
    LLMPROV_MODEL_SAMPLING_IF_OFF = 4,         /* takes them only while it does not think                    */
    LLMPROV_MODEL_ONE_SAMPLING = 8,            /* temperature or top_p, not both                             */
    LLMPROV_MODEL_ADAPTIVE = 16,               /* takes thinking "adaptive"                                  */
    LLMPROV_MODEL_NO_BUDGET = 32,              /* refuses a thinking budget                                  */
    LLMPROV_MODEL_NO_DISABLED = 64,            /* refuses thinking "disabled"                                */
    LLMPROV_MODEL_BETWEEN_TOOLS = 128,         /* takes thinking "between_tools"                             */
    LLMPROV_MODEL_OFF_CAPS_EFFORT = 256,       /* thinking off together with effort above high is refused    */
    LLMPROV_MODEL_NO_FORCED_TOOL = 512,        /* refuses a forced tool choice always                        */
    LLMPROV_MODEL_NO_PREFILL = 1024,           /* refuses a conversation that ends with the assistant        */
    LLMPROV_MODEL_MID_SYSTEM = 2048,           /* takes system messages in the middle of a conversation      */
    LLMPROV_MODEL_SCHEMA = 4096,               /* gives structured answers natively                          */
    LLMPROV_MODEL_NO_STOP = 8192,              /* refuses stop sequences                                     */
    LLMPROV_MODEL_REPLAY_THINKING = 16384,     /* wants its thinking back in tool conversations              */
    LLMPROV_MODEL_NO_REPLAY = 32768,           /* refuses its thinking back                                  */
    LLMPROV_MODEL_CACHE_MARKS = 65536,         /* takes prompt_cache_breakpoint on parts                     */
    LLMPROV_MODEL_TOOLS_IF_OFF = 131072,       /* function tools only with effort "none" on openai-chat      */
    LLMPROV_MODEL_NO_SYSTEM = 262144,          /* has no system role: it is put before the first user text   */
    LLMPROV_MODEL_NO_REQUIRED = 524288,        /* knows no tool_choice "required"                            */
    LLMPROV_MODEL_TRIM_START = 1048576,        /* begins its text with white space that means nothing        */
    LLMPROV_MODEL_CLAUDE = 4194304,            /* one of five: how thinking, effort and top_k are said in
                                    bedrock-converse. Claude refuses documents beside tool results there     */
    LLMPROV_MODEL_NOVA = 8388608,
    LLMPROV_MODEL_GPT_OSS = 12582912,
    LLMPROV_MODEL_GPT = 16777216,
    LLMPROV_MODEL_QWEN = 20971520,
    LLMPROV_MODEL_FAMILY = 29360128,           /* the bits of these five                                     */
    LLMPROV_MODEL_ASSISTANT_FIRST = 33554432,  /* takes a conversation that begins with the assistant        */
    LLMPROV_MODEL_RESULTS_ALONE = 67108864,    /* refuses anything beside tool results in their message      */
    LLMPROV_MODEL_RESULT_DOCUMENTS = 134217728,              /* takes documents inside tool results          */
    LLMPROV_MODEL_NO_MARKS = 268435456,        /* refuses cache marks                                        */
    LLMPROV_MODEL_NINE_LETTER_IDS = 536870912  /* ids of tool calls are nine letters and digits              */
};

/* A row about a family of models, found by the longest prefix of the model's name after a vendor's "vendor/". */
typedef struct llmprov_profile {
    const char *prefix;          /* "claude-opus-4-6"                                                        */
    unsigned flags;              /* LLMPROV_MODEL_*                                                          */
    int max_output_tokens;       /* 0 = not known                                                            */
    const char *efforts;         /* the words it takes: "none low medium high"; "" = none; NULL = not known  */
} llmprov_profile;

/* A registry holds rows beside the built-in ones, and clients opened through it. Once it is filled it is read-only
   and may be shared by threads, but for llmprov_client_for. The allocator may be NULL. NULL = out of memory. */
LLMPROV_API llmprov_registry *llmprov_registry_new(const llmprov_alloc *alloc);
LLMPROV_API void llmprov_registry_free(llmprov_registry *reg);

enum { LLMPROV_REPLACE = 1 };    /* registering may replace a row of the same name                           */

/* Registering copies the row. It refuses, naming the member in llmprov_registry_error, what could not work. */
LLMPROV_API llmprov_status llmprov_register(llmprov_registry *reg, const llmprov_provider *row, unsigned flags);
LLMPROV_API llmprov_status llmprov_register_profile(llmprov_registry *reg, const llmprov_profile *profile, unsigned flags);
LLMPROV_API const llmprov_error *llmprov_registry_error(const llmprov_registry *reg);

/* Hides a row, built in or not; false when there is none of that id. */
LLMPROV_API bool llmprov_unregister(llmprov_registry *reg, const char *id);

/* By id or alias; NULL when unknown. A NULL registry has the built-in rows. */
LLMPROV_API const llmprov_provider *llmprov_provider_find(const llmprov_registry *reg, const char *id);
LLMPROV_API size_t llmprov_provider_count(const llmprov_registry *reg);
LLMPROV_API const llmprov_provider *llmprov_provider_at(const llmprov_registry *reg, size_t i);

/* The profile that fits best; never NULL. */
LLMPROV_API const llmprov_profile *llmprov_profile_find(const llmprov_registry *reg, const char *model);

/* The names of the wire formats, in order; NULL past the last. */
LLMPROV_API const char *llmprov_format_at(const llmprov_registry *reg, size_t i);

// -- clients -------------------------------------------------------------------------------

/* What a program's credentials callback hands out: AWS's three keys, or a bearer token. The texts are copied at once. */
typedef struct llmprov_credentials {
    const char *access_key, *secret_key;       /* AWS: "AKIA...", and its secret                             */
    const char *session_token;   /* of temporary ones; NULL = none                                           */
    const char *bearer;          /* in place of these: sent as Authorization: Bearer                         */
    int64_t expires_ms;          /* unix time from which they are not used any more; 0 = they do not expire  */
} llmprov_credentials;

/* How to reach a provider. Copied by llmprov_open; the texts too. */
typedef struct llmprov_desc {
    uint32_t size;               /* sizeof this struct; 0 = this header's                                    */
    const char *provider;        /* required: an id or alias in the registry                                 */
    const char *api_key;         /* NULL = the row's variables                                               */
    const char *base_url;        /* NULL = the row's variable, then the row; with or without the version     */
    const char *api_version;     /* Anthropic: "2023-06-01" or "2026-10-21"; NULL = what the request needs   */
    const char *region;          /* AWS: "us-east-1"; NULL = AWS_REGION, then AWS_DEFAULT_REGION             */
    const char *access_key, *secret_key;       /* AWS: NULL = AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY       */
    const char *session_token;   /* AWS: of temporary keys; with the variables AWS_SESSION_TOKEN             */
    bool (*credentials)(void *user, llmprov_credentials *out);       /* asked before each attempt, in place of keys
                                    and variables; false = there are none. *out comes zeroed                 */
    const char *headers;         /* "Name: value\n...": with every request; replaces the row's and ours      */
    llmprov_transport transport; /* {0} = the compiled-in backend, if any                                    */
    int max_retries;             /* 0 = 2, negative = never                                                  */
    int timeout_ms;              /* the whole call, retries included; 0 = 600000, negative = never           */
    int connect_ms;              /* until the first byte of the body is taken, and between two of its pieces; 0 = 10000 */
    int gap_ms;                  /* between two pieces of a stream; 0 = 120000                               */
    int retry_after_cap_ms;      /* a Retry-After beyond this is not followed; 0 = 60000                     */
    int64_t (*unix_ms)(void *user);            /* wall clock, milliseconds since 1970: for AUTH_SIGV4, and for
                                    Retry-After dates (NULL = the reply's Date)                              */
    bool (*cancelled)(void *user);             /* polled in feed, body and tick: the way from another thread */
    void *user;                  /* for credentials, unix_ms and cancelled                                   */
    llmprov_registry *registry;  /* NULL = the built-in rows                                                 */
    llmprov_limits limits;
    llmprov_alloc alloc;
    llmprov_log log;
} llmprov_desc;

/* Opens a client. NULL only without memory, and every function takes NULL for "out of memory": a client that cannot
   work (no such provider, no key, a malformed header) says why when it is used, or at once when asked. */
LLMPROV_API llmprov_client *llmprov_open(const llmprov_desc *desc);

/* Wipes the key, closes the transport, frees. Calls of the client must be freed before. NULL is legal. */
LLMPROV_API void llmprov_close(llmprov_client *c);

LLMPROV_API const llmprov_error *llmprov_client_error(const llmprov_client *c);
LLMPROV_API const llmprov_provider *llmprov_client_provider(const llmprov_client *c);
LLMPROV_API const llmprov_transport *llmprov_client_transport(const llmprov_client *c);

/* Gives the client a transport in place of the one it has, which is closed. */
LLMPROV_API void llmprov_client_set_transport(llmprov_client *c, const llmprov_transport *transport);

/* Opens a client once and returns the same one for the same desc: every field that changes behaviour counts.
   The registry owns it. Threads that share the registry call this under a lock of theirs. */
LLMPROV_API llmprov_client *llmprov_client_for(llmprov_registry *reg, const llmprov_desc *desc);

/* Closes the cached clients of a provider (NULL = of all). */
LLMPROV_API void llmprov_client_forget(llmprov_registry *reg, const char *provider);

// -- blocking calls ------------------------------------------------------------------------

/* Sends the request and waits for the whole answer; events come on the way. Needs a transport. *out must be freed
   with llmprov_response_free whatever is returned; its error.code is what is returned. */
LLMPROV_API llmprov_status llmprov_chat(llmprov_client *c, const llmprov_request *req, llmprov_response *out);

#ifdef LLMPROV_CURL
/* Options of the libcurl transport; {0} is what libcurl does by itself, its proxy variables included. */
typedef struct llmprov_curl_desc {
    const char *proxy;           /* "http://host:port"; "" = none whatever the environment says              */
    const char *ca_file;         /* certificates to trust, PEM                                               */
    bool verbose;                /* libcurl's own trace on stderr; it shows keys                             */
} llmprov_curl_desc;

/* A transport over libcurl: one connection cache per client. The program calls curl_global_init itself when it has
   threads. desc may be NULL. */
LLMPROV_API llmprov_transport llmprov_curl(const llmprov_curl_desc *desc);

/* Many calls at once in one thread, over curl's multi interface. */
struct llmprov_curl_many; typedef struct llmprov_curl_many llmprov_curl_many;
LLMPROV_API llmprov_curl_many *llmprov_curl_many_new(const llmprov_curl_desc *desc);

/* Adds a call; it stays the caller's, who frees it after it wants nothing. False without memory. */
LLMPROV_API bool llmprov_curl_many_add(llmprov_curl_many *many, llmprov_call *call);

/* Moves everything that can move and waits at most wait_ms for more. Returns how many calls still run. */
LLMPROV_API int llmprov_curl_many_step(llmprov_curl_many *many, int wait_ms);
LLMPROV_API void llmprov_curl_many_free(llmprov_curl_many *many);
#endif

// -- the engine without I/O ----------------------------------------------------------------

typedef enum llmprov_want {
    LLMPROV_WANT_SEND,           /* send llmprov_call_http() and its body, and say llmprov_call_sent()       */
    LLMPROV_WANT_RECV,           /* the reply: head, feed, feed, ... eof                                     */
    LLMPROV_WANT_TIME,           /* nothing until llmprov_call_tick() has brought enough of it               */
    LLMPROV_WANT_NOTHING         /* done: drain the events, take the result                                  */
} llmprov_want;

/* Begins a call. It never fails visibly: a broken request wants nothing and its result says why. NULL = no memory. */
LLMPROV_API llmprov_call *llmprov_call_chat(llmprov_client *c, const llmprov_request *req);
LLMPROV_API llmprov_want llmprov_call_want(const llmprov_call *call);

/* What to send: valid while the call wants SEND or RECV. NULL otherwise. */
LLMPROV_API const llmprov_http *llmprov_call_http(const llmprov_call *call);

/* The next piece of the body, up to `size` bytes, in order. 0 = the end, or failed: see llmprov_call_want. */
LLMPROV_API size_t llmprov_call_body(llmprov_call *call, void *to, size_t size);

/* From the beginning again, within one attempt (a redirect, a lost connection). False when a source can be read
   only once and was. */
LLMPROV_API bool llmprov_call_body_rewind(llmprov_call *call);

/* The whole body at once, made in memory. NULL when it failed or has no memory; see llmprov_call_want. */
LLMPROV_API const void *llmprov_call_body_whole(llmprov_call *call, size_t *len);

LLMPROV_API void llmprov_call_sent(llmprov_call *call);        /* the request is out; implied by head         */

/* The reply's status and headers. Later calls for the same attempt (1xx, redirects) replace earlier ones. */
LLMPROV_API void llmprov_call_head(llmprov_call *call, int status, const llmprov_header *headers, size_t count);

/* Some bytes of the reply's body, without HTTP's own framing. False = send no more. With on_event (or muted) they are
   read at once; otherwise a stream's are kept until llmprov_call_next asks for their events. */
LLMPROV_API bool llmprov_call_feed(llmprov_call *call, const void *data, size_t len);
LLMPROV_API void llmprov_call_eof(llmprov_call *call);         /* the reply ended as HTTP says it should      */

/* The attempt failed: ERR_TRANSPORT, ERR_TIMEOUT, ERR_TRUNCATED, ... and one sentence, which is copied. */
LLMPROV_API void llmprov_call_fail(llmprov_call *call, llmprov_status why, const char *text);

/* Time is fed like bytes: monotonic milliseconds of any origin. Retries and time-outs happen here. */
LLMPROV_API void llmprov_call_tick(llmprov_call *call, uint64_t now_ms);

/* How many milliseconds after the last tick the next one matters; -1 = never. */
LLMPROV_API int llmprov_call_due_ms(const llmprov_call *call);

/* The next event of a request without on_event; false = none until more is fed. */
LLMPROV_API bool llmprov_call_next(llmprov_call *call, llmprov_event *event);
LLMPROV_API void llmprov_call_mute(llmprov_call *call);        /* nobody will ask for events: none is kept    */
LLMPROV_API void llmprov_call_cancel(llmprov_call *call);      /* legal at any moment, also in on_event       */

/* Moves the result into *out, which needs no initialising, once. Before the call wants nothing it is what has come so
   far, and the call is cancelled. */
LLMPROV_API llmprov_status llmprov_call_take(llmprov_call *call, llmprov_response *out);

/* The text of the failure so far, or OK: for progress displays. Valid until the call changes. */
LLMPROV_API const llmprov_error *llmprov_call_error(const llmprov_call *call);
LLMPROV_API const llmprov_warning *llmprov_call_warnings(const llmprov_call *call, size_t *count);
LLMPROV_API void llmprov_call_free(llmprov_call *call);        /* from inside a callback: put off             */

// -- the other side: being a server --------------------------------------------------------

/* A request that was read or made legal. request points into memory and into the text, which must outlive it. */
typedef struct llmprov_asked {
    llmprov_error error;         /* param is the member that is wrong; http_status what its own API would answer */
    llmprov_request request;
    const llmprov_warning *warnings;
    size_t warning_count;
    void *memory;                /* private                                                                  */
} llmprov_asked;

/* Reads a request body of a wire format. What has a wrong type or an unknown role is refused, naming its path; members
   without a field are in request.kept and go back to their own format. Bytes that are no UTF-8 become U+FFFD. reg and alloc
   may be NULL. *out must be freed whatever is returned. */
LLMPROV_API llmprov_status llmprov_ask(const llmprov_registry *reg, const char *format, const char *json, size_t len,
                                       const llmprov_alloc *alloc, llmprov_asked *out);
LLMPROV_API void llmprov_asked_free(llmprov_asked *asked);

/* Refuses what could be read or repaired, but what the API of that format answers with an error: no model, no
   max_tokens where it is demanded, a tool result without its call, a call without its result. For servers that want to
   be as strict; the others send on what they read, and it is repaired. reg may be NULL. */
LLMPROV_API llmprov_status llmprov_asked_check(llmprov_asked *asked, const llmprov_registry *reg);

/* What every call does before it writes: makes the history of a request legal for a provider (an id or alias) and
   req->model (NULL = the row's default). out->request has the whole conversation in its messages and system_blocks; each
   repair is a warning with the place in the caller's messages. The same input gives the same result. It points into what
   req points to. reg and alloc may be NULL. *out must be freed with llmprov_asked_free whatever is returned. */
LLMPROV_API llmprov_status llmprov_normalise(const llmprov_registry *reg, const char *provider, const llmprov_request *req,
                                             const llmprov_alloc *alloc, llmprov_asked *out);

/* Takes the bytes of an answer, in order. False = the client is gone: nothing more is written. */
typedef bool (*llmprov_out_fn)(void *user, const void *bytes, size_t len);

/* How an answer is to look. Copied by llmprov_face_open; the texts too, but for what request points to. */
typedef struct llmprov_face_desc {
    uint32_t size;               /* sizeof this struct; 0 = this header's                                    */
    const char *format;          /* required: the wire format that the client speaks                         */
    const char *from;            /* the one that the reply came in: its own words and members are kept where it
                                    is the same; NULL = not known                                            */
    const llmprov_request *request;            /* what the client asked (llmprov_ask), or NULL; it must outlive the face */
    const char *id, *model;      /* in place of the reply's own                                              */
    int64_t created;             /* seconds since 1970, for formats that tell them                           */
    llmprov_out_fn out;          /* required                                                                 */
    void *user;                  /* for out                                                                  */
    const llmprov_registry *registry;          /* NULL = the built-in formats                                */
    llmprov_alloc alloc;
} llmprov_face_desc;

/* One answer being written: a whole reply, or a stream that is begun by its first event. NULL only without memory; a
   face that cannot work says why at its first use. */
struct llmprov_face; typedef struct llmprov_face llmprov_face;
LLMPROV_API llmprov_face *llmprov_face_open(const llmprov_face_desc *desc);
LLMPROV_API void llmprov_face_free(llmprov_face *f);          /* NULL is legal                                */

/* The Content-Type of a whole reply, or of a stream. Static. */
LLMPROV_API const char *llmprov_face_type(const llmprov_face *f, bool stream);

/* Writes the frames that an event becomes, none or several, before it returns. Feed it a call's events as they come, to
   END or ERROR. Without the events' whole blocks (keep) it is the same. */
LLMPROV_API llmprov_status llmprov_face_event(llmprov_face *f, const llmprov_event *event);

/* Writes a whole reply; a failed one becomes its error. */
LLMPROV_API llmprov_status llmprov_face_reply(llmprov_face *f, const llmprov_response *reply);

/* Writes an error in the format's shape: a frame once a stream began, otherwise a whole body. *http_status (may be NULL)
   is the status that the format's own API answers with. */
LLMPROV_API llmprov_status llmprov_face_error(llmprov_face *f, const llmprov_error *error, int *http_status);

/* Why the face failed, and what the format had no place for. Both live until the face is freed. */
LLMPROV_API const llmprov_error *llmprov_face_failure(const llmprov_face *f);
LLMPROV_API const llmprov_warning *llmprov_face_warnings(const llmprov_face *f, size_t *count);

// -- JSON ----------------------------------------------------------------------------------

/* A value in a parsed text. Every getter takes NULL and gives what stands for absent. */
struct llmprov_json; typedef struct llmprov_json llmprov_json;
typedef enum llmprov_json_type { LLMPROV_JSON_NONE, LLMPROV_JSON_NULL, LLMPROV_JSON_BOOL, LLMPROV_JSON_NUMBER,
    LLMPROV_JSON_STRING, LLMPROV_JSON_ARRAY, LLMPROV_JSON_OBJECT } llmprov_json_type;

/* Parses RFC 8259 text of `len` bytes, nesting at most 128 deep. The tree has its own copy. NULL on failure: *err (may be
   NULL) has code, offset and a static message. A byte-order mark is skipped; invalid UTF-8 and lone surrogates become
   U+FFFD; of equal keys the last counts; numbers beyond double are infinite. */
LLMPROV_API llmprov_json *llmprov_json_parse(const char *text, size_t len, const llmprov_alloc *alloc, llmprov_error *err);
LLMPROV_API void llmprov_json_free(llmprov_json *root);
LLMPROV_API llmprov_json_type llmprov_json_kind(const llmprov_json *v);
LLMPROV_API const llmprov_json *llmprov_json_get(const llmprov_json *object, const char *key);
LLMPROV_API const llmprov_json *llmprov_json_path(const llmprov_json *v, const char *path);    /* "a.b[0].c" */

/* The member or item after `after` (NULL = the first), or NULL: for walking objects and arrays. */
LLMPROV_API const llmprov_json *llmprov_json_next(const llmprov_json *container, const llmprov_json *after);
LLMPROV_API size_t llmprov_json_count(const llmprov_json *container);
LLMPROV_API const char *llmprov_json_key(const llmprov_json *member);                            /* NULL in arrays */
LLMPROV_API const char *llmprov_json_str(const llmprov_json *v, const char *otherwise);
LLMPROV_API llmprov_str llmprov_json_text(const llmprov_json *v);       /* a string with its length; NUL inside is legal */
LLMPROV_API llmprov_str llmprov_json_raw(const llmprov_json *v);        /* the value as it stood in the text */
LLMPROV_API double llmprov_json_num(const llmprov_json *v, double otherwise);
LLMPROV_API int64_t llmprov_json_int(const llmprov_json *v, int64_t otherwise);   /* exact, otherwise `otherwise` */
LLMPROV_API bool llmprov_json_bool(const llmprov_json *v, bool otherwise);

struct llmprov_plan;             /* private: where long texts are referred to instead of copied              */

/* Writes JSON text. {0} is ready; the first failure is sticky. Keys are NULL inside arrays and at the top. */
typedef struct llmprov_writer {
    char *text;                  /* NUL-terminated once something was written                                */
    size_t len, cap;
    llmprov_alloc alloc;
    llmprov_status status;
    int depth;
    bool comma;
    char stack[64];              /* the closing brackets                                                     */
    struct llmprov_plan *plan;   /* private                                                                  */
} llmprov_writer;
LLMPROV_API void llmprov_write_open(llmprov_writer *w, const char *key, char bracket);         /* '{' or '[' */
LLMPROV_API void llmprov_write_close(llmprov_writer *w);
LLMPROV_API void llmprov_write_str(llmprov_writer *w, const char *key, const char *text, size_t len);   /* len is literal */
LLMPROV_API void llmprov_write_num(llmprov_writer *w, const char *key, double value);          /* shortest; not finite = an error */
LLMPROV_API void llmprov_write_int(llmprov_writer *w, const char *key, int64_t value);
LLMPROV_API void llmprov_write_bool(llmprov_writer *w, const char *key, bool value);
LLMPROV_API void llmprov_write_null(llmprov_writer *w, const char *key);
LLMPROV_API void llmprov_write_raw(llmprov_writer *w, const char *key, const char *json, size_t len);   /* trusted to be JSON */
LLMPROV_API void llmprov_writer_free(llmprov_writer *w);

#if defined(LLMPROV_EXTEND) || defined(LLMPROV_IMPLEMENTATION)
// -- writing a translator -----------------------------------------------------------------

/* A cursor over JSON text: no tree, a sticky status, every value checked as it is passed. Texts with escapes are
   unescaped into scratch, which the next text uses again; without scratch they come as they are written. Each value must be consumed, by one of the functions:
       while (llmprov_scan_key(s, &key)) if (key is "id") llmprov_scan_text(s, &id); else llmprov_scan_skip(s);   */
typedef struct llmprov_scan {
    const char *at, *end, *begin;
    void *scratch;               /* private                                                                  */
    int depth, max_depth;
    bool after;                  /* private: a value was just consumed                                       */
    llmprov_status status;       /* ERR_BAD_JSON or ERR_NO_MEMORY once something is wrong                    */
    const char *why;             /* static; at is where                                                      */
} llmprov_scan;

/* Enters the object that comes, or goes on in the one we are in; false = it ended, or it is no object and was skipped. */
LLMPROV_API bool llmprov_scan_key(llmprov_scan *s, llmprov_str *key);
LLMPROV_API bool llmprov_scan_item(llmprov_scan *s);                        /* the same for an array         */
LLMPROV_API bool llmprov_scan_text(llmprov_scan *s, llmprov_str *text);     /* false = no string: skipped    */
LLMPROV_API bool llmprov_scan_num(llmprov_scan *s, double *value);          /* false = no number: skipped    */
LLMPROV_API bool llmprov_scan_int(llmprov_scan *s, int64_t *value);         /* false = not a whole number    */
LLMPROV_API bool llmprov_scan_bool(llmprov_scan *s, bool *value);           /* false = neither: skipped      */
LLMPROV_API bool llmprov_scan_raw(llmprov_scan *s, llmprov_str *json);      /* any value, checked, as bytes  */
LLMPROV_API void llmprov_scan_skip(llmprov_scan *s);
LLMPROV_API llmprov_json_type llmprov_scan_kind(const llmprov_scan *s);     /* of the value that comes       */
LLMPROV_API llmprov_scan llmprov_scan_in(const llmprov_scan *s, llmprov_str json);  /* over a raw value of s, sharing its scratch */

/* How a stream is cut into frames: server-sent events, or AWS's binary messages. */
typedef enum llmprov_framing { LLMPROV_FRAMING_SSE, LLMPROV_FRAMING_EVENTSTREAM } llmprov_framing;

/* One frame of a stream; texts are valid until the next. */
typedef struct llmprov_frame {
    llmprov_str event, data;
    bool failed;                 /* an exception or an error of AWS's: event is its type or code             */
    llmprov_str message;         /* an error's sentence, where data is empty                                 */
} llmprov_frame;

/* One request being written. The request has been made legal for the target before. */
typedef struct llmprov_draft {
    llmprov_writer *body;
    const llmprov_provider *row;
    const llmprov_profile *profile;
    const llmprov_request *chat;
    const char *model;           /* never NULL                                                               */
    const char *api_version;     /* as the desc has it, or NULL                                              */
    bool stream;
    void *call;                  /* private                                                                  */
} llmprov_draft;

LLMPROV_API void llmprov_draft_header(llmprov_draft *d, const char *name, const char *value);   /* copied; replaces */
LLMPROV_API void llmprov_draft_warn(llmprov_draft *d, llmprov_status code, const char *field, const char *text);  /* copied */
LLMPROV_API void llmprov_draft_fail(llmprov_draft *d, llmprov_status code, const char *field, const char *text);  /* copied */

LLMPROV_API void llmprov_draft_fold(llmprov_draft *d, const char *tool);   /* this tool's arguments are the answer's text */

/* What a translator may say about a reply. A block is named by the number that llmprov_turn_block gave. */
struct llmprov_turn; typedef struct llmprov_turn llmprov_turn;
LLMPROV_API void llmprov_turn_start(llmprov_turn *t, llmprov_str id, llmprov_str model);        /* again: fills what was empty */
LLMPROV_API int  llmprov_turn_block(llmprov_turn *t, int choice, const llmprov_block *begin);   /* its texts are copied; -1 = no memory */
LLMPROV_API bool llmprov_turn_read_block(llmprov_turn *t, llmprov_scan *s, llmprov_block *block);  /* an Anthropic-shape block */
LLMPROV_API void llmprov_turn_text(llmprov_turn *t, int block, const char *text, size_t len);   /* text, thinking or arguments: as the block is */
LLMPROV_API void llmprov_turn_piece(llmprov_turn *t, int block, const llmprov_scan *s, llmprov_str string);  /* the same from a raw JSON string */
LLMPROV_API void llmprov_turn_freeform(llmprov_turn *t, int block, llmprov_str string);         /* arguments that are a text: a raw JSON string */
LLMPROV_API void llmprov_turn_part(llmprov_turn *t, int block, const char *kind, llmprov_str value);  /* signature, citation, audio, data, json, extra members */
LLMPROV_API void llmprov_turn_block_end(llmprov_turn *t, int block);
LLMPROV_API void llmprov_turn_choice_part(llmprov_turn *t, int choice, const char *kind, llmprov_str json);   /* logprobs */
LLMPROV_API void llmprov_turn_stop(llmprov_turn *t, int choice, llmprov_stop stop, llmprov_str word, llmprov_str sequence);
LLMPROV_API llmprov_usage *llmprov_turn_usage(llmprov_turn *t, llmprov_str raw);                /* raw: its members replace those of before */
LLMPROV_API void llmprov_turn_extra(llmprov_turn *t, int choice, llmprov_str key, llmprov_str json);  /* choice -1: of the reply */
LLMPROV_API void llmprov_turn_other(llmprov_turn *t, llmprov_str kind, llmprov_str json);
LLMPROV_API void llmprov_turn_done(llmprov_turn *t);                                            /* the format's terminal event came */
LLMPROV_API llmprov_error *llmprov_turn_fail(llmprov_turn *t, llmprov_status code, const char *message);   /* copied; ends the reply */
LLMPROV_API void *llmprov_turn_state(llmprov_turn *t);                                          /* read_state bytes, zeroed */
LLMPROV_API bool llmprov_turn_streamed(const llmprov_turn *t);                                  /* frames, or one whole body */
LLMPROV_API const llmprov_provider *llmprov_turn_row(const llmprov_turn *t);                    /* while it is read */
LLMPROV_API const llmprov_profile *llmprov_turn_profile(const llmprov_turn *t);
LLMPROV_API char *llmprov_turn_keep(llmprov_turn *t, llmprov_str text);                         /* a copy that lives as long as the result; NULL = no memory */

/* What a translator may say while it reads a request. Paths are as in "messages[3].content". */
LLMPROV_API void *llmprov_asked_take(llmprov_asked *a, size_t size);                            /* zeroed, lives as long as *a; NULL = no memory */
LLMPROV_API char *llmprov_asked_keep(llmprov_asked *a, llmprov_str text);                       /* a copy that does */
LLMPROV_API void llmprov_asked_warn(llmprov_asked *a, llmprov_status code, const char *field, const char *text);  /* copied */
LLMPROV_API void llmprov_asked_fail(llmprov_asked *a, const char *code, const char *path, const char *text);      /* copied; code is the vendor's */

/* What a translator may say while it writes an answer. Each frame is begun, written as JSON, and sent. */
LLMPROV_API llmprov_writer *llmprov_face_begin(llmprov_face *f, const char *event);             /* its name in SSE, or NULL */
LLMPROV_API void llmprov_face_text(llmprov_face *f, const char *key, const char *text, size_t len);  /* the piece of a delta: makes the next like it cheap */
LLMPROV_API char *llmprov_face_keep(llmprov_face *f, const char *text, size_t len);             /* a copy that lives as long; NULL = no memory */
LLMPROV_API void llmprov_face_send(llmprov_face *f);                                            /* a whole body when no stream began */
LLMPROV_API void llmprov_face_word(llmprov_face *f, const char *word);                          /* a frame that is no JSON: [DONE] */
LLMPROV_API void *llmprov_face_state(llmprov_face *f);                                          /* write_state bytes, zeroed */
LLMPROV_API const llmprov_face_desc *llmprov_face_asked(const llmprov_face *f);
LLMPROV_API bool llmprov_face_own(const llmprov_face *f);                                       /* the reply came in this format */
LLMPROV_API void llmprov_face_warn(llmprov_face *f, llmprov_status code, const char *field, const char *text);    /* once per field; copied */

/* What a history must look like to be legal in a wire format. */
enum {
    LLMPROV_RULE_MERGE = 1,      /* neighbours of one role become one message                                */
    LLMPROV_RULE_ID_CHARS = 2,   /* ids of tool calls: letters, digits, _ and -                              */
    LLMPROV_RULE_SYSTEM_TOP = 4, /* the leading system messages stand outside the messages                   */
    LLMPROV_RULE_TRIM_PREFILL = 8,             /* a final assistant text does not end in white space         */
    LLMPROV_RULE_NATIVE = 16,    /* takes Anthropic's own blocks, signatures and cache marks                 */
    LLMPROV_RULE_TOOL_TEXT = 32, /* tool results hold text only                                              */
    LLMPROV_RULE_MAX_TOKENS = 64,              /* refuses a request without max_tokens                       */
    LLMPROV_RULE_ONE_BLOCK = 128,              /* the blocks of a stream do not overlap                      */
    LLMPROV_RULE_SIGNED = 256,   /* takes its own thinking back with its signature                           */
    LLMPROV_RULE_MARKS = 512,    /* takes cache marks                                                        */
    LLMPROV_RULE_NO_BLANKS = 1024,             /* refuses texts of white space only, but beside thinking     */
    LLMPROV_RULE_USER_FIRST = 2048,            /* the user speaks first, but for models of ASSISTANT_FIRST   */
    LLMPROV_RULE_TOOL_IMAGES = 4096,           /* tool results hold text and images, and what the profile says */
    LLMPROV_RULE_THINKING = 8192,              /* its write decides which of its own thinking goes back      */
    LLMPROV_RULE_STORED = 16384                /* a request may go on from turns that the server holds       */
};

/* One wire format. */
typedef struct llmprov_translator {
    const char *format;          /* "openai-chat"                                                            */
    const char *path;            /* "/chat/completions": after the version segment; {model} in it becomes the
                                    request's model, percent-encoded                                         */
    const char *stream_path;     /* for a streamed reply; NULL = the same                                    */
    const char *version;         /* "v1": the segment that a base URL may lack; NULL = none                  */
    llmprov_framing framing;
    unsigned can;                /* LLMPROV_CAN_*                                                            */
    unsigned rules;              /* LLMPROV_RULE_*                                                           */
    size_t id_max, name_max;     /* bytes of a tool call's id and of a tool's name                           */
    size_t read_state;           /* bytes of its own per reply                                               */
    void (*write)(llmprov_draft *d);                                  /* our request to its body             */
    void (*read)(llmprov_turn *t, llmprov_scan *body);                /* a whole reply to events             */
    void (*read_frame)(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data);   /* a frame to events */
    void (*read_end)(llmprov_turn *t);                                /* the stream ended cleanly            */
    void (*read_error)(llmprov_turn *t, llmprov_error *e, llmprov_scan *body);     /* fills what it finds    */
    /* as a server; all NULL = it is no server: */
    size_t write_state;          /* bytes of its own per answer                                              */
    size_t body_max;             /* bytes of the longest request that its API takes; 0 = not known           */
    void (*read_request)(llmprov_asked *asked, llmprov_scan *body);
    void (*write_reply)(llmprov_face *f, const llmprov_response *r);
    void (*write_event)(llmprov_face *f, const llmprov_event *e);     /* no RETRY and no ERROR               */
    int (*write_error)(llmprov_face *f, const llmprov_error *e);      /* returns the HTTP status             */
} llmprov_translator;

/* Adds a wire format; the struct is not copied. Refuses one that lacks a function, naming it. */
LLMPROV_API llmprov_status llmprov_register_translator(llmprov_registry *reg, const llmprov_translator *translator, unsigned flags);
#endif /* LLMPROV_EXTEND */

#ifdef __cplusplus
} /* extern "C" */

/* So that C++20 can pass {.model = ...} where C99 passes &(T){...}. */
inline llmprov_client *llmprov_open(const llmprov_desc &desc) { return llmprov_open(&desc); }
inline llmprov_status llmprov_chat(llmprov_client *c, const llmprov_request &req, llmprov_response *out) { return llmprov_chat(c, &req, out); }
#endif

#endif /* LLMPROV_INCLUDED */

#ifdef LLMPROV_IMPLEMENTATION
#ifndef LLMPROV_IMPLEMENTED
#define LLMPROV_IMPLEMENTED

#ifdef __cplusplus
#error "llmprov.h: define LLMPROV_IMPLEMENTATION in one C file, not in C++"
#else

//==============================================================================
// >>impl       includes and compiler differences
//
// Nothing here depends on an operating system. LLMPROV_NO_SIMD turns the SSE2
// paths off; they are used only where every processor of the target has them.
// Calls: -
//==============================================================================

#include <stdarg.h>
#include <string.h>
#ifndef LLMPROV_NO_STDLIB
#include <stdlib.h>
#endif

#if defined(__SSE2__) && !defined(LLMPROV_NO_SIMD) && (defined(__GNUC__) || defined(__clang__))
#include <emmintrin.h>
#define LLMPROV__SSE2 1
#else
#define LLMPROV__SSE2 0
#endif

/* Where a wire format is left out, what translators share may have no user; and a program of one file uses what it uses. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#if defined(LLMPROV_STATIC) || defined(LLMPROV_NO_ANTHROPIC_MESSAGES) || defined(LLMPROV_NO_OPENAI_CHAT) || defined(LLMPROV_NO_OPENAI_RESPONSES)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#endif
#endif

#define LLMPROV__COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LLMPROV__STR(literal) { (literal), sizeof(literal) - 1 }

//==============================================================================
// >>mem        allocator, arena, growing buffer
//
// Every byte that the library holds passes llmprov__mem_realloc. An arena is a
// chain of chunks for small things that die together; a buffer is one growing
// text. Both remember that an allocation failed, so that callers look once.
// Calls: -
//==============================================================================

/* realloc: new_size 0 frees. The C library's when no function was given. */
static void *llmprov__mem_realloc(const llmprov_alloc *a, void *ptr, size_t old_size, size_t new_size) {
    if (a->fn) return (ptr || new_size) ? a->fn(a->user, ptr, old_size, new_size) : NULL;
#ifndef LLMPROV_NO_STDLIB
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
#else
    return NULL;
#endif
}

/* Overwrites a secret in a way that the compiler keeps. */
static void llmprov__mem_wipe(void *ptr, size_t size) {
    volatile char *p = (volatile char *)ptr;
    while (size--) *p++ = 0;
}

/* -- a growing text, NUL-terminated when it has memory -- */

typedef struct llmprov__mem_buf {
    char *ptr;
    size_t len, cap;
    llmprov_alloc alloc;
    bool failed;
} llmprov__mem_buf;

/* Makes room for `extra` more bytes and a NUL, and returns where they go; NULL = no memory. */
static char *llmprov__mem_room(llmprov__mem_buf *b, size_t extra) {
    size_t cap;
    char *ptr;
    if (b->failed || extra >= (size_t)-1 - b->len) {
        b->failed = true;
        return NULL;
    }
    if (b->len + extra < b->cap) return b->ptr + b->len;
    cap = b->cap + b->cap / 2;
    if (cap < b->len + extra + 1) cap = b->len + extra + 1;
    if (cap < 64) cap = 64;
    ptr = (char *)llmprov__mem_realloc(&b->alloc, b->ptr, b->cap, cap);
    if (!ptr) {
        b->failed = true;
        return NULL;
    }
    b->ptr = ptr;
    b->cap = cap;
    return ptr + b->len;
}

static bool llmprov__mem_add(llmprov__mem_buf *b, const void *from, size_t len) {
    char *to = llmprov__mem_room(b, len);
    if (!to) return false;
    if (len) memcpy(to, from, len);
    b->len += len;
    b->ptr[b->len] = 0;
    return true;
}

static void llmprov__mem_buf_free(llmprov__mem_buf *b) {
    llmprov__mem_realloc(&b->alloc, b->ptr, b->cap, 0);
    b->ptr = NULL;
    b->len = b->cap = 0;
    b->failed = false;
}

/* -- an arena: what is taken from it lives until it is freed -- */

typedef union llmprov__mem_align {
    long long integer;
    double real;
    void *pointer;
    void (*function)(void);
} llmprov__mem_align;

typedef struct llmprov__mem_chunk {
    struct llmprov__mem_chunk *next;
    size_t size;                 /* of the whole allocation */
} llmprov__mem_chunk;

typedef struct llmprov__mem_arena {
    llmprov_alloc alloc;
    llmprov__mem_chunk *chunks;  /* the newest first; small things come from it */
    size_t used;                 /* of the newest */
    bool failed;
} llmprov__mem_arena;

enum { LLMPROV__MEM_ALIGN = sizeof(llmprov__mem_align), LLMPROV__MEM_CHUNK = 1024 };
#define LLMPROV__MEM_ROUND(size) (((size) + (LLMPROV__MEM_ALIGN - 1)) / LLMPROV__MEM_ALIGN * LLMPROV__MEM_ALIGN)

/* Zeroed memory, aligned for anything; NULL = no memory. Large things get a chunk of their own behind the newest. */
static void *llmprov__mem_take(llmprov__mem_arena *a, size_t size) {
    size_t head = LLMPROV__MEM_ROUND(sizeof(llmprov__mem_chunk)), want;
    llmprov__mem_chunk *c = a->chunks;
    char *p;
    if (size > (size_t)-1 / 2) {
        a->failed = true;
        return NULL;
    }
    size = LLMPROV__MEM_ROUND(size ? size : 1);
    if (c && c->size - a->used >= size && a->used <= c->size) {
        p = (char *)c + a->used;
        a->used += size;
        memset(p, 0, size);
        return p;
    }
    want = head + size > LLMPROV__MEM_CHUNK ? head + size : LLMPROV__MEM_CHUNK;
    c = (llmprov__mem_chunk *)llmprov__mem_realloc(&a->alloc, NULL, 0, want);
    if (!c) {
        a->failed = true;
        return NULL;
    }
    c->size = want;
    if (a->chunks && want > LLMPROV__MEM_CHUNK) {
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->next = a->chunks;
        a->chunks = c;
        a->used = head + size;
    }
    p = (char *)c + head;
    memset(p, 0, size);
    return p;
}

/* A NUL-terminated copy; NULL = no memory. */
static char *llmprov__mem_copy(llmprov__mem_arena *a, const void *from, size_t len) {
    char *to = len < (size_t)-1 ? (char *)llmprov__mem_take(a, len + 1) : NULL;
    if (to && len) memcpy(to, from, len);
    return to;
}

static void llmprov__mem_arena_free(llmprov__mem_arena *a) {
    while (a->chunks) {
        llmprov__mem_chunk *c = a->chunks;
        a->chunks = c->next;
        llmprov__mem_realloc(&a->alloc, c, c->size, 0);
    }
    a->used = 0;
    a->failed = false;
}

/* Frees an arena that held secrets. */
static void llmprov__mem_arena_wipe(llmprov__mem_arena *a) {
    size_t head = LLMPROV__MEM_ROUND(sizeof(llmprov__mem_chunk));
    llmprov__mem_chunk *c;
    for (c = a->chunks; c; c = c->next) llmprov__mem_wipe((char *)c + head, c->size - head);
    llmprov__mem_arena_free(a);
}

/* Empties an arena but keeps its newest chunk, so that it can be filled again without an allocation. */
static void llmprov__mem_arena_reset(llmprov__mem_arena *a) {
    llmprov__mem_arena rest = *a;
    if (!a->chunks) return;
    rest.chunks = a->chunks->next;
    a->chunks->next = NULL;
    a->used = LLMPROV__MEM_ROUND(sizeof(llmprov__mem_chunk));
    llmprov__mem_arena_free(&rest);
}

/* -- llmprov_arena: a heap inside one block, its free cells in order of address so that neighbours join -- */

typedef struct llmprov__mem_cell {
    size_t size;                 /* of the whole cell */
    struct llmprov__mem_cell *next;            /* the next free one; only while this is free */
} llmprov__mem_cell;

typedef struct llmprov__mem_heap {
    llmprov__mem_cell *free;
} llmprov__mem_heap;

enum { LLMPROV__MEM_HEAD = sizeof(llmprov__mem_cell) > LLMPROV__MEM_ALIGN ?
       LLMPROV__MEM_ROUND(sizeof(llmprov__mem_cell)) : LLMPROV__MEM_ALIGN };

/* Cuts what a cell has beyond `size` into a free cell of its own, if something useful is left. */
static llmprov__mem_cell *llmprov__mem_split(llmprov__mem_cell *cell, size_t size) {
    llmprov__mem_cell *rest;
    if (cell->size - size < LLMPROV__MEM_HEAD + LLMPROV__MEM_ALIGN) return NULL;
    rest = (llmprov__mem_cell *)(void *)((char *)cell + size);
    rest->size = cell->size - size;
    cell->size = size;
    return rest;
}

static void *llmprov__mem_heap_take(llmprov__mem_heap *heap, size_t size) {
    llmprov__mem_cell **at = &heap->free, *cell, *rest;
    while (*at && (*at)->size < size) at = &(*at)->next;
    cell = *at;
    if (!cell) return NULL;
    rest = llmprov__mem_split(cell, size);
    if (rest) rest->next = cell->next;
    *at = rest ? rest : cell->next;
    return (char *)cell + LLMPROV__MEM_HEAD;
}

static bool llmprov__mem_touch(const llmprov__mem_cell *a, const llmprov__mem_cell *b) {
    return (const char *)a + a->size == (const char *)b;
}

static void llmprov__mem_heap_give(llmprov__mem_heap *heap, llmprov__mem_cell *cell) {
    llmprov__mem_cell **at = &heap->free, *before = NULL;
    while (*at && *at < cell) {
        before = *at;
        at = &(*at)->next;
    }
    cell->next = *at;
    *at = cell;
    if (cell->next && llmprov__mem_touch(cell, cell->next)) {
        cell->size += cell->next->size;
        cell->next = cell->next->next;
    }
    if (before && llmprov__mem_touch(before, cell)) {
        before->size += cell->size;
        before->next = cell->next;
    }
}

/* Lets a cell grow into the free one behind it. */
static bool llmprov__mem_heap_grow(llmprov__mem_heap *heap, llmprov__mem_cell *cell, size_t size) {
    llmprov__mem_cell **at = &heap->free, *next, *rest;
    while (*at && *at < cell) at = &(*at)->next;
    next = *at;
    if (!next || !llmprov__mem_touch(cell, next) || cell->size + next->size < size) return false;
    *at = next->next;
    cell->size += next->size;
    rest = llmprov__mem_split(cell, size);
    if (rest) {
        rest->next = *at;
        *at = rest;
    }
    return true;
}

static void *llmprov__mem_heap_realloc(void *user, void *ptr, size_t old_size, size_t new_size) {
    llmprov__mem_heap *heap = (llmprov__mem_heap *)user;
    llmprov__mem_cell *cell = ptr ? (llmprov__mem_cell *)(void *)((char *)ptr - LLMPROV__MEM_HEAD) : NULL;
    size_t size = LLMPROV__MEM_HEAD + LLMPROV__MEM_ROUND(new_size);
    void *to;
    if (new_size > (size_t)-1 / 2) return NULL;
    if (!new_size) {
        if (cell) llmprov__mem_heap_give(heap, cell);
        return NULL;
    }
    if (!cell) return llmprov__mem_heap_take(heap, size);
    if (size <= cell->size) {
        llmprov__mem_cell *rest = llmprov__mem_split(cell, size);
        if (rest) llmprov__mem_heap_give(heap, rest);
        return ptr;
    }
    if (llmprov__mem_heap_grow(heap, cell, size)) return ptr;
    to = llmprov__mem_heap_take(heap, size);
    if (!to) return NULL;
    memcpy(to, ptr, old_size < new_size ? old_size : new_size);
    llmprov__mem_heap_give(heap, cell);
    return to;
}

/* What an arena without room answers. */
static void *llmprov__mem_nothing(void *user, void *ptr, size_t old_size, size_t new_size) {
    (void)user, (void)ptr, (void)old_size, (void)new_size;
    return NULL;
}

LLMPROV_API llmprov_alloc llmprov_arena(void *memory, size_t size) {
    llmprov_alloc a = { llmprov__mem_nothing, NULL };
    size_t skip = (LLMPROV__MEM_ALIGN - (size_t)((uintptr_t)memory % LLMPROV__MEM_ALIGN)) % LLMPROV__MEM_ALIGN;
    size_t head = LLMPROV__MEM_ROUND(sizeof(llmprov__mem_heap));
    llmprov__mem_heap *heap;
    if (!memory || size < skip + head + LLMPROV__MEM_HEAD + LLMPROV__MEM_ALIGN) return a;
    heap = (llmprov__mem_heap *)(void *)((char *)memory + skip);
    heap->free = (llmprov__mem_cell *)(void *)((char *)heap + head);
    heap->free->size = (size - skip - head) / LLMPROV__MEM_ALIGN * LLMPROV__MEM_ALIGN;
    heap->free->next = NULL;
    a.fn = llmprov__mem_heap_realloc;
    a.user = heap;
    return a;
}

/* An allocator that counts, for max_memory_bytes. */
typedef struct llmprov__mem_meter {
    llmprov_alloc inner;
    size_t used, most;           /* most 0 = no limit */
    bool refused;
} llmprov__mem_meter;

static void *llmprov__mem_metered(void *user, void *ptr, size_t old_size, size_t new_size) {
    llmprov__mem_meter *m = (llmprov__mem_meter *)user;
    void *to;
    if (!ptr) old_size = 0;
    if (m->most && new_size > old_size && new_size - old_size > m->most - m->used) {
        m->refused = true;
        return NULL;
    }
    to = llmprov__mem_realloc(&m->inner, ptr, old_size, new_size);
    if (to || !new_size) m->used = m->used - old_size + new_size;
    return to;
}

/* The allocator behind a meter: for what outlives the meter. */
static llmprov_alloc llmprov__mem_unmetered(const llmprov_alloc *a) {
    return a->fn == llmprov__mem_metered ? ((const llmprov__mem_meter *)a->user)->inner : *a;
}

//==============================================================================
// >>text       characters, numbers, base64
//
// Everything is independent of the locale, the rounding mode and the byte order:
// numbers are read and printed with integers alone. What is fast where there is
// SSE2 is eight bytes at a time elsewhere.
// Calls: -
//==============================================================================

/* The length that a field means: 0 is "up to its NUL", and NULL is empty. */
static size_t llmprov__text_len(const char *s, size_t len) {
    return s ? (len ? len : strlen(s)) : 0;
}

static bool llmprov__text_is(llmprov_str a, const char *literal) {
    size_t len = strlen(literal);
    return a.len == len && (!len || memcmp(a.ptr, literal, len) == 0);
}

static char llmprov__text_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* NULL equals only NULL. */
static bool llmprov__text_same(const char *a, const char *b, bool nocase) {
    if (!a || !b) return a == b;
    for (; *a && (*a == *b || (nocase && llmprov__text_lower(*a) == llmprov__text_lower(*b))); a++) b++;
    return *a == *b;
}

/* Whether a text begins with a word, whatever its case. */
static bool llmprov__text_begins(const char *text, const char *word) {
    for (; *word && llmprov__text_lower(*text) == llmprov__text_lower(*word); word++) text++;
    return !*word;
}

static uint32_t llmprov__text_hash(const char *p, size_t len) {
    uint32_t hash = 2166136261u;
    while (len--) hash = (hash ^ (unsigned char)*p++) * 16777619u;
    return hash;
}

/* -- numbers by text: open addressing in an arena, at most half full -- */

typedef struct llmprov__text_entry { llmprov_str key; size_t value, round; } llmprov__text_entry;

/* {0} is empty. What an earlier round entered counts as free, so that forgetting all of it costs nothing. */
typedef struct llmprov__text_index { llmprov__text_entry *slots; size_t cap, count, round; } llmprov__text_index;

static void llmprov__text_forget(llmprov__text_index *x) {
    x->round++;
    x->count = 0;
}

/* Where a text is, or would go; there is always a free slot. */
static llmprov__text_entry *llmprov__text_slot(const llmprov__text_index *x, llmprov_str key) {
    size_t at = llmprov__text_hash(key.ptr, key.len) & (x->cap - 1);
    for (;; at = (at + 1) & (x->cap - 1)) {
        llmprov__text_entry *e = &x->slots[at];
        if (!e->key.ptr || e->round != x->round) return e;
        if (e->key.len == key.len && !memcmp(e->key.ptr, key.ptr, key.len)) return e;
    }
}

/* What was entered under a text, or NULL. */
static llmprov__text_entry *llmprov__text_find(const llmprov__text_index *x, llmprov_str key) {
    llmprov__text_entry *e = x->count ? llmprov__text_slot(x, key) : NULL;
    return e && e->key.ptr && e->round == x->round ? e : NULL;
}

/* Enters a text, which must outlive the index, or changes its number; false = no memory. */
static bool llmprov__text_enter(llmprov__text_index *x, llmprov__mem_arena *a, llmprov_str key, size_t value) {
    llmprov__text_entry *e;
    if (x->count * 2 >= x->cap) {
        llmprov__text_index wider = *x;
        size_t i;
        wider.cap = x->cap ? x->cap * 2 : 8;
        wider.slots = (llmprov__text_entry *)llmprov__mem_take(a, wider.cap * sizeof *wider.slots);
        if (!wider.slots) return false;
        for (i = 0; i < x->cap; i++)
            if (x->slots[i].key.ptr && x->slots[i].round == x->round)
                *llmprov__text_slot(&wider, x->slots[i].key) = x->slots[i];
        *x = wider;
    }
    e = llmprov__text_slot(x, key);
    x->count += !e->key.ptr || e->round != x->round;
    e->key = key;
    e->value = value;
    e->round = x->round;
    return true;
}

static llmprov_str llmprov__text_of(const char *text) {
    llmprov_str s = { "", 0 };
    if (text) s.ptr = text, s.len = strlen(text);
    return s;
}

/* -- many bytes at a time -- */

#if LLMPROV__SSE2
/* One bit for each of 16 bytes that is a quote, a backslash or a control character. */
static unsigned llmprov__text_mask(__m128i v) {
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, mark));
}

static __m128i llmprov__text_load(const char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
#endif

static uint64_t llmprov__text_word(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Whether one of eight bytes is a quote, a backslash or a control character: the classic tests for a zero byte and
   for a byte below n, which are exact about "any", whatever the byte order. */
static bool llmprov__text_marked(uint64_t word) {
    const uint64_t ones = ~(uint64_t)0 / 255, tops = ones * 128;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t hit = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - ones * 32) & ~word);
    return (hit & tops) != 0;
}

/* The first byte that JSON cannot have in a string as it is, or end. */
static const char *llmprov__text_plain(const char *p, const char *end) {
#if LLMPROV__SSE2
    for (; end - p >= 16; p += 16) {
        unsigned mask = llmprov__text_mask(llmprov__text_load(p));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (end - p >= 8 && !llmprov__text_marked(llmprov__text_word(p))) p += 8;
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\') p++;
    return p;
}

/* The first byte that is not ASCII, or end. */
static const char *llmprov__text_ascii(const char *p, const char *end) {
#if LLMPROV__SSE2
    for (; end - p >= 16; p += 16) {
        unsigned mask = (unsigned)_mm_movemask_epi8(llmprov__text_load(p));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (end - p >= 8 && !(llmprov__text_word(p) & (~(uint64_t)0 / 255 * 128))) p += 8;
    while (p < end && (unsigned char)*p < 0x80) p++;
    return p;
}

/* -- UTF-8 -- */

/* A character at the beginning of some bytes: how many of them fit, and how many its first byte announces; need 0
   = nothing begins with that byte. */
typedef struct llmprov__text_shape { unsigned have, need; } llmprov__text_shape;

/* The range of the second byte is what refuses overlong forms and numbers past 10FFFF; with `halves` the halves of
   UTF-16 pairs pass. */
static llmprov__text_shape llmprov__text_look(const unsigned char *p, size_t len, bool halves) {
    llmprov__text_shape c = { 1, 0 };
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xF4 ? 0x8F : p[0] == 0xED && !halves ? 0x9F : 0xBF;
    c.need = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (c.need < 2 || len < 2 || p[1] < low || p[1] > high) return c;
    for (c.have = 2; c.have < c.need && c.have < len && (p[c.have] & 0xC0) == 0x80; ) c.have++;
    return c;
}

/* Passes characters of three bytes, which most text of East Asia consists of, but for the two first bytes that are
   particular about the second. */
static const char *llmprov__text_han(const char *p, const char *end) {
    for (; end - p >= 3; p += 3) {
        const unsigned char *c = (const unsigned char *)p;
        if ((c[0] & 0xF0) != 0xE0 || c[0] == 0xE0 || c[0] == 0xED) break;
        if ((c[1] & 0xC0) != 0x80 || (c[2] & 0xC0) != 0x80) break;
    }
    return p;
}

/* Whether a text is ASCII that means itself in JSON: no quote, no backslash, no control character. `readable` bytes
   from p may be looked at, so that a short text takes one step. */
static bool llmprov__text_simple(const char *p, size_t len, size_t readable) {
    size_t i = 0;
#if LLMPROV__SSE2
    for (; i < len && i + 16 <= readable; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
        unsigned bits = (unsigned)_mm_movemask_epi8(_mm_or_si128(odd, _mm_cmplt_epi8(x, _mm_set1_epi8(' '))));
        if (len - i < 16) bits &= (1u << (len - i)) - 1;
        if (bits) return false;
    }
#else
    (void)readable;
#endif
    for (; i < len; i++)
        if ((unsigned char)p[i] < ' ' || (unsigned char)p[i] >= 0x80 || p[i] == '"' || p[i] == '\\') return false;
    return true;
}

/* How many bytes from the beginning are valid UTF-8. */
static size_t llmprov__text_valid(const char *p, size_t len) {
    const char *begin = p, *end = p + len;
    while ((p = llmprov__text_ascii(p, end)) < end) {
        do {
            llmprov__text_shape c = llmprov__text_look((const unsigned char *)p, (size_t)(end - p), false);
            if (c.have != c.need) return (size_t)(p - begin);
            p = llmprov__text_han(p + c.need, end);
        } while (p < end && (unsigned char)*p >= 0x80);
    }
    return len;
}

/* How many characters valid UTF-8 has. */
static size_t llmprov__text_count(const char *p, size_t len) {
    size_t i, count = 0;
    for (i = 0; i < len; i++) count += ((unsigned char)p[i] & 0xC0) != 0x80;
    return count;
}

/* Encodes one code point, UTF-16 halves too, and returns how many bytes it took: at most 4. */
static size_t llmprov__text_put(char *to, unsigned long cp) {
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;
    static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (i = n; i-- > 1; cp >>= 6) to[i] = (char)(0x80 | (cp & 0x3F));
    to[0] = (char)(first[n] | cp);
    return n;
}

/* The code point of a character of n bytes that was looked at. */
static unsigned long llmprov__text_get(const unsigned char *p, unsigned n) {
    unsigned long cp = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
    unsigned i;
    for (i = 1; i < n; i++) cp = cp << 6 | (p[i] & 0x3F);
    return cp;
}

/* -- text that comes in pieces -- */

/* What could not be told at the end of a piece: at most a high half and two bytes of the low one. */
typedef struct llmprov__text_sieve { unsigned char held[6]; unsigned char count; } llmprov__text_sieve;

/* How many bytes the next character takes, and which it is: U+FFFD for what is broken, as browsers count it.
   0 = more must come first. */
static size_t llmprov__text_unit(const unsigned char *p, size_t len, bool last, unsigned long *cp) {
    llmprov__text_shape c = llmprov__text_look(p, len, true);
    unsigned long half;
    *cp = 0xFFFD;
    if (c.have != c.need) return c.need && c.have == len && !last ? 0 : c.have;
    half = llmprov__text_get(p, c.need);
    if (half < 0xD800 || half > 0xDFFF) {
        *cp = half;
        return c.need;
    }
    if (half >= 0xDC00) return 3;
    if (len == 3) return last ? 3 : 0;
    if (p[3] != 0xED || (len > 4 && (p[4] < 0xB0 || p[4] > 0xBF))) return 3;
    if (len < 6) return last ? 3 : 0;
    if ((p[5] & 0xC0) != 0x80) return 3;
    *cp = 0x10000 + ((half - 0xD800) << 10) + (llmprov__text_get(p + 3, 3) - 0xDC00);
    return 6;
}

/* The first of what is held, when it can be told: false = not yet. */
static bool llmprov__text_sift_held(llmprov__text_sieve *sieve, llmprov__mem_buf *out, bool last) {
    unsigned long cp;
    size_t take = sieve->count ? llmprov__text_unit(sieve->held, sieve->count, last, &cp) : 0;
    char c[4];
    if (!take) return false;
    llmprov__mem_add(out, c, llmprov__text_put(c, cp));
    sieve->count = (unsigned char)(sieve->count - take);
    memmove(sieve->held, sieve->held + take, sieve->count);
    return true;
}

/* Appends what a piece makes to out, and holds what it leaves open. */
static void llmprov__text_sift_add(llmprov__text_sieve *sieve, llmprov__mem_buf *out, const char *p, size_t len,
                                   bool last) {
    while (sieve->count && len) {
        sieve->held[sieve->count++] = (unsigned char)*p++;
        len--;
        while (llmprov__text_sift_held(sieve, out, last && !len)) continue;
    }
    while (len) {
        size_t n = llmprov__text_valid(p, len), take;
        unsigned long cp;
        char c[4];
        llmprov__mem_add(out, p, n);
        p += n;
        len -= n;
        if (!len) break;
        take = llmprov__text_unit((const unsigned char *)p, len, last, &cp);
        if (!take) {
            memcpy(sieve->held, p, len);
            sieve->count = (unsigned char)len;
            break;
        }
        llmprov__mem_add(out, c, llmprov__text_put(c, cp));
        p += take;
        len -= take;
    }
    while (last && llmprov__text_sift_held(sieve, out, true)) continue;
}

/* Makes valid UTF-8 of a text that comes in pieces. A piece that is valid as it stands is returned as a view, but for
   a beginning character at its end, which is held; anything else is made in scratch. Two UTF-16 halves in three
   bytes each, which is how the JSON scanner leaves them, become one character. */
static llmprov_str llmprov__text_sift(llmprov__text_sieve *sieve, llmprov__mem_buf *scratch, const char *p,
                                      size_t len, bool last) {
    llmprov_str text = { "", 0 };
    if (!sieve->count) {
        size_t n = llmprov__text_valid(p, len);
        unsigned long cp;
        if (n == len || (!last && !llmprov__text_unit((const unsigned char *)p + n, len - n, false, &cp))) {
            sieve->count = (unsigned char)(len - n);
            if (n < len) memcpy(sieve->held, p + n, len - n);
            if (n) text.ptr = p;
            text.len = n;
            return text;
        }
    }
    scratch->len = 0;
    llmprov__text_sift_add(sieve, scratch, p, len, last);
    if (scratch->failed || !scratch->len) return text;
    text.ptr = scratch->ptr;
    text.len = scratch->len;
    return text;
}

/* How much of a text makes the first `sifted` bytes of what sifting it whole gives. */
static size_t llmprov__text_unsifted(const char *p, size_t len, size_t sifted) {
    const char *begin = p, *end = p + len;
    for (;;) {
        size_t n = llmprov__text_valid(p, (size_t)(end - p)), made;
        unsigned long cp;
        char c[4];
        if (n >= sifted || p + n == end) return (size_t)(p - begin) + (n < sifted ? n : sifted);
        p += n;
        sifted -= n;
        p += llmprov__text_unit((const unsigned char *)p, (size_t)(end - p), true, &cp);
        made = llmprov__text_put(c, cp);
        sifted -= made < sifted ? made : sifted;
    }
}

/* -- whole numbers -- */

/* Decimal digits without a NUL; returns how many: at most 20. */
static size_t llmprov__text_digits(char *to, uint64_t v) {
    char reversed[20];
    size_t n = 0, i;
    do reversed[n++] = (char)('0' + v % 10); while (v /= 10);
    for (i = 0; i < n; i++) to[i] = reversed[n - 1 - i];
    return n;
}

/* NUL-terminated; returns the length. */
static size_t llmprov__text_from_int(char to[24], int64_t v) {
    size_t sign = v < 0, n;
    if (sign) to[0] = '-';
    n = sign + llmprov__text_digits(to + sign, sign ? (uint64_t)0 - (uint64_t)v : (uint64_t)v);
    to[n] = 0;
    return n;
}

/* A JSON number taken apart: top * 10^ten, top being its first 19 digits from the first that is not zero; more =
   something but zeros came after them. */
typedef struct llmprov__text_decimal {
    uint64_t top;
    int64_t ten;
    bool negative, more;
} llmprov__text_decimal;

/* The exponent after the e. It saturates far beyond what any length of digits could bring back. */
static int64_t llmprov__text_exponent(const char *p, const char *end) {
    bool negative = p < end && *p == '-';
    int64_t v = 0;
    if (p < end && (*p == '-' || *p == '+')) p++;
    for (; p < end; p++) if (v < (int64_t)1 << 56) v = v * 10 + (*p - '0');
    return negative ? -v : v;
}

/* Takes digits in; behind the point each counts in the exponent. */
static const char *llmprov__text_take_digits(llmprov__text_decimal *d, const char *p, const char *end, bool point) {
    const uint64_t full = (uint64_t)1000000000 * 1000000000;
    const char *first = p;
    uint64_t top = d->top;
    for (; p < end && *p >= '0' && *p <= '9' && top < full; p++) top = top * 10 + (uint64_t)(*p - '0');
    d->top = top;
    if (point) d->ten -= p - first;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        d->more |= *p != '0';
        d->ten += !point;
    }
    return p;
}

static llmprov__text_decimal llmprov__text_take_apart(const char *p, size_t len) {
    const char *end = p + len;
    llmprov__text_decimal d = { 0, 0, false, false };
    d.negative = p < end && *p == '-';
    p = llmprov__text_take_digits(&d, p + d.negative, end, false);
    if (p < end && *p == '.') p = llmprov__text_take_digits(&d, p + 1, end, true);
    if (p < end) d.ten += llmprov__text_exponent(p + 1, end);
    return d;
}

/* False when it is no whole number or does not fit. 1.0, 1e3 and 10e-1 are whole numbers. */
static bool llmprov__text_to_int(const char *p, size_t len, int64_t *v) {
    llmprov__text_decimal d = llmprov__text_take_apart(p, len);
    uint64_t limit = (uint64_t)INT64_MAX + d.negative;
    if (!d.top) d.ten = 0;
    for (; d.ten < 0 && d.top % 10 == 0; d.ten++) d.top /= 10;
    for (; d.ten > 0 && d.top <= limit / 10; d.ten--) d.top *= 10;
    if (d.more || d.ten || d.top > limit) return false;
    *v = d.negative && d.top ? -(int64_t)(d.top - 1) - 1 : (int64_t)d.top;
    return true;
}

/* -- numbers with a point: integers of any size do the work -- */

/* Room for 10^1101 * 2^62, which the longest number that is kept needs. */
typedef struct llmprov__text_big { uint32_t limb[120]; int count; } llmprov__text_big;

static void llmprov__text_big_multiply(llmprov__text_big *b, uint32_t factor, uint32_t add) {
    uint64_t carry = add;
    int i;
    for (i = 0; i < b->count; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) b->limb[b->count++] = (uint32_t)carry;
}

/* Returns whether something was left over. */
static bool llmprov__text_big_divide(llmprov__text_big *b, uint32_t by) {
    uint64_t rest = 0;
    int i;
    for (i = b->count; i-- > 0; rest %= by) {
        rest = rest << 32 | b->limb[i];
        b->limb[i] = (uint32_t)(rest / by);
    }
    while (b->count && !b->limb[b->count - 1]) b->count--;
    return rest != 0;
}

/* * 2^bits; cut is set when bits that were not zero fall out at the end. */
static void llmprov__text_big_shift(llmprov__text_big *b, int bits, bool *cut) {
    int limbs = (bits < 0 ? -bits : bits) / 32, i;
    uint32_t factor = (uint32_t)1 << ((bits < 0 ? -bits : bits) % 32);
    if (bits >= 0) {
        memmove(b->limb + limbs, b->limb, (size_t)b->count * sizeof b->limb[0]);
        memset(b->limb, 0, (size_t)limbs * sizeof b->limb[0]);
        b->count += limbs;
        llmprov__text_big_multiply(b, factor, 0);
        return;
    }
    if (limbs > b->count) limbs = b->count;
    for (i = 0; i < limbs; i++) *cut |= b->limb[i] != 0;
    b->count -= limbs;
    memmove(b->limb, b->limb + limbs, (size_t)b->count * sizeof b->limb[0]);
    *cut |= llmprov__text_big_divide(b, factor);
}

/* * 10^ten * 2^two, which the caller knows to fit in 64 bits; cut = it was rounded down. */
static uint64_t llmprov__text_big_scale(llmprov__text_big *b, int ten, int two, bool *cut) {
    for (; ten >= 9; ten -= 9) llmprov__text_big_multiply(b, 1000000000u, 0);
    for (; ten > 0; ten--) llmprov__text_big_multiply(b, 10, 0);
    if (two > 0) llmprov__text_big_shift(b, two, cut);
    for (; ten <= -9; ten += 9) *cut |= llmprov__text_big_divide(b, 1000000000u);
    for (; ten < 0; ten++) *cut |= llmprov__text_big_divide(b, 10);
    if (two < 0) llmprov__text_big_shift(b, two, cut);
    return (b->count > 0 ? b->limb[0] : 0) | (uint64_t)(b->count > 1 ? b->limb[1] : 0) << 32;
}

static int llmprov__text_bits(uint64_t v) {
#if defined(__GNUC__) || defined(__clang__)
    return v ? 64 - __builtin_clzll(v) : 0;
#else
    int n = 0, step;
    for (step = 32; step; step /= 2) {
        if (v >> step) {
            v >>= step;
            n += step;
        }
    }
    return n + (v != 0);
#endif
}

/* floor(ten * log2(10)), within 1 for what is far out; shifted so that no negative number is divided. */
static int llmprov__text_twos(int ten) {
    return (ten * 217706 + 8192 * 65536) / 65536 - 8192;
}

/* floor(two * log10(2)) in the same way. */
static int llmprov__text_tens(int two) {
    return (two * 78913 + 4096 * 262144) / 262144 - 4096;
}

static double llmprov__text_from_bits(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* top * 2^two to the nearest double, ties to even; `more` = a little above that. */
static double llmprov__text_round(uint64_t top, int two, bool more) {
    int length = llmprov__text_bits(top), exponent = two + length - 1 + 1023, drop;
    uint64_t kept, cut, half, bits;
    if (exponent > 2046) return llmprov__text_from_bits((uint64_t)0x7FF << 52);
    top <<= 64 - length;
    drop = exponent < 1 ? 12 - exponent : 11;
    if (drop > 64) return 0;
    half = (uint64_t)1 << (drop - 1);
    cut = top & (half - 1 + half);
    kept = drop == 64 ? 0 : top >> drop;
    kept += cut > half || (cut == half && (more || (kept & 1)));
    bits = (exponent < 1 ? 0 : (uint64_t)(exponent - 1) << 52) + kept;
    return llmprov__text_from_bits(bits);
}

/* The 64 leading bits of 10^-27 .. 10^27, rounded down; exact from 10^0 on. */
static const uint64_t llmprov__text_powers[] = {
    0x9E74D1B791E07E48u, 0xC612062576589DDAu, 0xF79687AED3EEC551u, 0x9ABE14CD44753B52u, 0xC16D9A0095928A27u,
    0xF1C90080BAF72CB1u, 0x971DA05074DA7BEEu, 0xBCE5086492111AEAu, 0xEC1E4A7DB69561A5u, 0x9392EE8E921D5D07u,
    0xB877AA3236A4B449u, 0xE69594BEC44DE15Bu, 0x901D7CF73AB0ACD9u, 0xB424DC35095CD80Fu, 0xE12E13424BB40E13u,
    0x8CBCCC096F5088CBu, 0xAFEBFF0BCB24AAFEu, 0xDBE6FECEBDEDD5BEu, 0x89705F4136B4A597u, 0xABCC77118461CEFCu,
    0xD6BF94D5E57A42BCu, 0x8637BD05AF6C69B5u, 0xA7C5AC471B478423u, 0xD1B71758E219652Bu, 0x83126E978D4FDF3Bu,
    0xA3D70A3D70A3D70Au, 0xCCCCCCCCCCCCCCCCu, 0x8000000000000000u, 0xA000000000000000u, 0xC800000000000000u,
    0xFA00000000000000u, 0x9C40000000000000u, 0xC350000000000000u, 0xF424000000000000u, 0x9896800000000000u,
    0xBEBC200000000000u, 0xEE6B280000000000u, 0x9502F90000000000u, 0xBA43B74000000000u, 0xE8D4A51000000000u,
    0x9184E72A00000000u, 0xB5E620F480000000u, 0xE35FA931A0000000u, 0x8E1BC9BF04000000u, 0xB1A2BC2EC5000000u,
    0xDE0B6B3A76400000u, 0x8AC7230489E80000u, 0xAD78EBC5AC620000u, 0xD8D726B7177A8000u, 0x878678326EAC9000u,
    0xA968163F0A57B400u, 0xD3C21BCECCEDA100u, 0x84595161401484A0u, 0xA56FA5B99019A5C8u, 0xCECB8F27F4200F3Au
};

/* The upper half of a product of 128 bits. */
static uint64_t llmprov__text_multiply(uint64_t a, uint64_t b) {
    uint64_t a1 = a >> 32, a0 = a & 0xFFFFFFFFu, b1 = b >> 32, b0 = b & 0xFFFFFFFFu;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & 0xFFFFFFFFu);
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* top * 10^ten by one multiplication, which is off by less than 2 units of its 64 bits: false when that leaves the
   rounding open, once in some 500 times, and for exponents beyond the table. */
static bool llmprov__text_near(uint64_t top, int64_t ten, double *v) {
    int length = llmprov__text_bits(top), drop;
    uint64_t high, half, cut;
    if (ten < -27 || ten > 27 || !top) return false;
    high = llmprov__text_multiply(top << (64 - length), llmprov__text_powers[ten + 27]);
    drop = llmprov__text_bits(high) - 53;
    half = (uint64_t)1 << (drop - 1);
    cut = high & (half - 1 + half);
    if (cut + 1 >= half && cut <= half) return false;
    *v = llmprov__text_round(high, llmprov__text_twos((int)ten) + length - 63, true);
    return true;
}

/* The significant digits as one integer, at most 770 of them: no double lies so near to the middle of two that
   those after would matter, but for whether there are any: they become one digit 1. Returns how many. */
static int llmprov__text_big_digits(llmprov__text_big *b, const char *p, const char *end) {
    int n = 0;
    bool more = false;
    b->count = 0;
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p < '0' || (!n && *p == '0')) continue;
        if (n < 770) llmprov__text_big_multiply(b, 10, (uint32_t)(*p - '0'));
        if (n < 770) n++;
        else more |= *p != '0';
    }
    if (more) llmprov__text_big_multiply(b, 10, 1);
    return n + more;
}

/* By all digits, for what is neither zero nor far outside of what a double holds. */
static double llmprov__text_exact(const char *p, const char *end, llmprov__text_decimal d) {
    llmprov__text_big b;
    int n = llmprov__text_big_digits(&b, p, end), ten = (int)d.ten - n, two;
    uint64_t top;
    bool cut = false;
    for (; d.top; d.top /= 10) ten++;
    two = 62 - (b.count - 1) * 32 - llmprov__text_bits(b.limb[b.count - 1]) - llmprov__text_twos(ten);
    if (ten + n > 310) return llmprov__text_from_bits((uint64_t)0x7FF << 52);
    top = llmprov__text_big_scale(&b, ten, two, &cut);
    return llmprov__text_round(top, -two, cut);
}

/* The nearest double of a JSON number, ties to even. Beyond the largest it is infinite, below the smallest zero. */
static bool llmprov__text_to_double(const char *p, size_t len, double *v) {
    llmprov__text_decimal d = llmprov__text_take_apart(p, len);
    *v = 0;
    if (d.more || !llmprov__text_near(d.top, d.ten, v)) {
        if (d.top && d.ten > 310) *v = llmprov__text_from_bits((uint64_t)0x7FF << 52);
        else if (d.top && d.ten > -350) *v = llmprov__text_exact(p, p + len, d);
    }
    if (d.negative) *v = -*v;
    return true;
}

/* Digits * 10^ten as JavaScript shows a number: without an exponent from 1e-6 up to below 1e21. */
static size_t llmprov__text_show(char *to, uint64_t digits, int ten) {
    char d[24], *begin = to;
    int n, point, i, e;
    for (; digits && digits % 10 == 0; digits /= 10) ten++;
    n = (int)llmprov__text_digits(d, digits);
    point = n + ten;
    if (point > 21 || point < -5) {
        *to++ = d[0];
        if (n > 1) *to++ = '.';
        for (i = 1; i < n; i++) *to++ = d[i];
        e = point - 1;
        *to++ = 'e';
        *to++ = e < 0 ? '-' : '+';
        to += llmprov__text_digits(to, (uint64_t)(e < 0 ? -e : e));
        return (size_t)(to - begin);
    }
    if (point <= 0) {
        *to++ = '0';
        *to++ = '.';
    }
    for (i = point; i < 0; i++) *to++ = '0';
    for (i = 0; i < n || i < point; i++) {
        if (i && i == point) *to++ = '.';
        *to++ = i < n ? d[i] : '0';
    }
    return (size_t)(to - begin);
}

/* value * 2^two / 10^ten, rounded down. */
static uint64_t llmprov__text_scaled(uint64_t value, int two, int ten, bool *cut) {
    llmprov__text_big b;
    b.limb[0] = (uint32_t)value;
    b.limb[1] = (uint32_t)(value >> 32);
    b.count = b.limb[1] ? 2 : 1;
    *cut = false;
    return llmprov__text_big_scale(&b, -ten, two, cut);
}

/* The shortest digits that read back as m * 2^two, and of those the nearest: *digits * 10^(what is returned). They
   lie between the middles to both neighbours; the lower one is nearer at a power of two. Eighteen digits of the
   three are enough to see which prefix is the first that fits. */
static int llmprov__text_shortest(uint64_t m, int two, bool power, uint64_t *digits) {
    int ten = llmprov__text_tens(two + llmprov__text_bits(m) - 1) + 1 - 18;
    bool even = !(m & 1), low_cut, cut, high_cut;
    uint64_t low = llmprov__text_scaled(4 * m - (power ? 1 : 2), two - 2, ten, &low_cut);
    uint64_t v = llmprov__text_scaled(4 * m, two - 2, ten, &cut);
    uint64_t high = llmprov__text_scaled(4 * m + 2, two - 2, ten, &high_cut);
    uint64_t unit = (uint64_t)1000000000 * 1000000000;
    int zeros = 18;
    for (;; unit /= 10, zeros--) {
        uint64_t down = v / unit * unit, up = down + unit, rest = v - down;
        bool down_fits = down > low || (down == low && !low_cut && even);
        bool up_fits = up < high || (up == high && (high_cut || even));
        bool nearer = rest > unit - rest || (rest == unit - rest && (cut || (down / unit & 1)));
        if (!down_fits && !up_fits) continue;
        *digits = (up_fits && (nearer || !down_fits) ? up : down) / unit;
        return ten + zeros;
    }
}

/* A decimal of at most 15 digits, few of them after the point, that reads back as v: most numbers people write. */
static bool llmprov__text_few(double v, uint64_t *digits, int *ten) {
    static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
    double back;
    int i;
    for (i = 0; i < (int)LLMPROV__COUNT(powers) && v * powers[i] < 1e15; i++) {
        *digits = (uint64_t)(v * powers[i] + 0.5);
        *ten = -i;
        if (llmprov__text_near(*digits, -i, &back) && back == v) return true;
    }
    return false;
}

/* The shortest digits that read back as the same finite number, as JavaScript writes them; NUL-terminated. */
static size_t llmprov__text_from_double(char to[32], double v) {
    uint64_t bits, digits = 0, fraction;
    int ten = 0, exponent;
    size_t n = 0;
    bool power;
    memcpy(&bits, &v, sizeof bits);
    if (bits >> 63) {
        to[n++] = '-';
        v = -v;
    }
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7FF);
    power = !fraction && exponent > 1;
    if (v != 0 && !llmprov__text_few(v, &digits, &ten)) {
        if (exponent) fraction |= (uint64_t)1 << 52;
        ten = llmprov__text_shortest(fraction, exponent ? exponent - 1075 : -1074, power, &digits);
    }
    n += llmprov__text_show(to + n, digits, ten);
    to[n] = 0;
    return n;
}

/* -- base64, percent-encoding -- */

/* Writes (n + 2) / 3 * 4 characters, and returns how many. */
static size_t llmprov__text_base64(char *to, const void *from, size_t n) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)from;
    char *begin = to;
    for (; n >= 3; n -= 3, p += 3, to += 4) {
        unsigned long bits = (unsigned long)p[0] << 16 | (unsigned long)p[1] << 8 | p[2];
        to[0] = letters[bits >> 18];
        to[1] = letters[bits >> 12 & 63];
        to[2] = letters[bits >> 6 & 63];
        to[3] = letters[bits & 63];
    }
    if (n) {
        unsigned long bits = (unsigned long)p[0] << 16 | (n > 1 ? (unsigned long)p[1] << 8 : 0);
        to[0] = letters[bits >> 18];
        to[1] = letters[bits >> 12 & 63];
        to[2] = n > 1 ? letters[bits >> 6 & 63] : '=';
        to[3] = '=';
        to += 4;
    }
    return (size_t)(to - begin);
}

/* What six bits a character stands for in either alphabet; 64 and more = none. */
static unsigned llmprov__text_six(char letter) {
    static const unsigned char values[] = {
        62, 64, 62, 64, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64, 64,
         0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
        64, 64, 64, 64, 63, 64,
        26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    };
    unsigned c = (unsigned)(unsigned char)letter - '+';
    return c < sizeof values ? values[c] : 64;
}

/* Reads the standard and the URL alphabet, with or without padding; nothing else may stand in it. `to` has room for
   len / 4 * 3 + 2 bytes. */
static bool llmprov__text_unbase64(void *to, size_t *n, const char *from, size_t len) {
    unsigned char *p = (unsigned char *)to;
    unsigned a, b, c, d, bad = 0;
    if (len && len % 4 == 0 && from[len - 1] == '=') len -= from[len - 2] == '=' ? 2 : 1;
    for (; len >= 4; len -= 4, from += 4, p += 3) {
        a = llmprov__text_six(from[0]), b = llmprov__text_six(from[1]);
        c = llmprov__text_six(from[2]), d = llmprov__text_six(from[3]);
        bad |= a | b | c | d;
        p[0] = (unsigned char)(a << 2 | b >> 4);
        p[1] = (unsigned char)(b << 4 | c >> 2);
        p[2] = (unsigned char)(c << 6 | d);
    }
    if (len > 1) {
        a = llmprov__text_six(from[0]), b = llmprov__text_six(from[1]);
        c = len > 2 ? llmprov__text_six(from[2]) : 0;
        bad |= a | b | c;
        *p++ = (unsigned char)(a << 2 | b >> 4);
        if (len > 2) *p++ = (unsigned char)(b << 4 | c >> 2);
    }
    *n = (size_t)(p - (unsigned char *)to);
    return len != 1 && bad < 64;
}

/* RFC 3986: what is not unreserved becomes %XX. `to` has room for three times as much. Returns the length. */
static size_t llmprov__text_percent(char *to, const char *from, size_t len) {
    static const char hex[] = "0123456789ABCDEF";
    char *begin = to;
    for (; len--; from++) {
        unsigned char c = (unsigned char)*from, letter = (unsigned char)(c | 0x20);
        if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c))) {
            *to++ = *from;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return (size_t)(to - begin);
}

//==============================================================================
// >>err        status texts, filling an llmprov_error, the log
//
// Every text in an error is never NULL. Sentences are joined from pieces, since
// nothing here prints.
// Calls: -
//==============================================================================

LLMPROV_API const char *llmprov_status_text(llmprov_status status) {
    static const char *const texts[] = {
#define LLMPROV__ERR_X(name, text) text,
        LLMPROV_STATUS_LIST(LLMPROV__ERR_X)
#undef LLMPROV__ERR_X
    };
    return (unsigned)status < LLMPROV__COUNT(texts) ? texts[status] : "unknown status";
}

LLMPROV_API const char *llmprov_version(void) {
    return LLMPROV_VERSION;
}

LLMPROV_API void llmprov_text_free(llmprov_text *text) {
    if (!text) return;
    llmprov__mem_realloc(&text->alloc, text->ptr, text->len + 1, 0);
    text->ptr = NULL;
    text->len = 0;
}

/* Joins C strings up to a NULL; NULL = no memory. */
static char *llmprov__err_join_list(llmprov__mem_arena *a, va_list list) {
    llmprov_str pieces[16];
    size_t count = 0, len = 0, i;
    const char *piece;
    char *to, *p;
    while (count < LLMPROV__COUNT(pieces) && (piece = va_arg(list, const char *)) != NULL) {
        pieces[count].ptr = piece;
        pieces[count].len = strlen(piece);
        len += pieces[count++].len;
    }
    to = p = (char *)llmprov__mem_take(a, len + 1);
    for (i = 0; to && i < count; i++) {
        memcpy(p, pieces[i].ptr, pieces[i].len);
        p += pieces[i].len;
    }
    return to;
}

static char *llmprov__err_join(llmprov__mem_arena *a, ...) {
    va_list list;
    char *to;
    va_start(list, a);
    to = llmprov__err_join_list(a, list);
    va_end(list);
    return to;
}

static void llmprov__err_clear(llmprov_error *e) {
    memset(e, 0, sizeof *e);
    e->provider = e->provider_code = e->param = e->request_id = e->message = e->raw = "";
}

/* Whether the same request may succeed later, as far as the code alone says. */
static bool llmprov__err_retryable(llmprov_status code) {
    return code == LLMPROV_ERR_TRANSPORT || code == LLMPROV_ERR_TIMEOUT || code == LLMPROV_ERR_TRUNCATED ||
           code == LLMPROV_ERR_RATE_LIMIT || code == LLMPROV_ERR_OVERLOADED || code == LLMPROV_ERR_SERVER;
}

/* The first failure stays; the pieces up to NULL make its sentence. Without memory for it: the status's own text. */
static llmprov_status llmprov__err_set(llmprov_error *e, llmprov__mem_arena *a, llmprov_status code, ...) {
    va_list list;
    const char *text;
    if (e->code) return e->code;
    va_start(list, code);
    text = code == LLMPROV_ERR_NO_MEMORY ? NULL : llmprov__err_join_list(a, list);
    va_end(list);
    e->code = code;
    e->retryable = llmprov__err_retryable(code);
    e->message = text && *text ? text : llmprov_status_text(code);
    return code;
}

typedef struct llmprov__err_number { char text[24]; } llmprov__err_number;

/* A number as text, for a sentence. */
static llmprov__err_number llmprov__err_int(int64_t value) {
    llmprov__err_number n;
    n.text[llmprov__text_from_int(n.text, value)] = 0;
    return n;
}

/* -- warnings: a list that grows in an arena -- */

typedef struct llmprov__err_warnings {
    llmprov_warning *items;
    size_t count, cap;
} llmprov__err_warnings;

static void llmprov__err_warn(llmprov__err_warnings *list, llmprov__mem_arena *a, llmprov_status code,
                              const char *field, const char *text) {
    llmprov_warning *w;
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4;
        llmprov_warning *items = (llmprov_warning *)llmprov__mem_take(a, cap * sizeof *items);
        if (!items) return;
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    w = &list->items[list->count];
    w->code = code;
    w->field = llmprov__mem_copy(a, field, strlen(field));
    w->text = llmprov__mem_copy(a, text, strlen(text));
    if (w->field && w->text) list->count++;
}

static void llmprov__err_log(const llmprov_log *log, int level, const char *room, const char *text) {
    if (log->fn) log->fn(log->user, level, room, text);
}

//==============================================================================
// >>json       reading JSON: a cursor over the bytes, and a tree for programs
//
// RFC 8259 and nothing more: what is refused has an offset and a sentence. Left
// open there, decided here: invalid UTF-8, lone surrogates and numbers beyond a
// double are accepted (U+FFFD, infinite, zero); a byte-order mark is skipped;
// UTF-16 and nesting beyond the limit are refused. Nothing recurses.
// Calls: -
//==============================================================================

enum { LLMPROV__JSON_DEPTH = 128, LLMPROV__JSON_DEPTH_MAX = 1024 };

/* Remembers the first failure. NULL, so that a caller can return it. */
static const char *llmprov__json_fail(llmprov_scan *s, llmprov_status status, const char *at, const char *why) {
    if (s->status) return NULL;
    s->status = status;
    s->at = at;
    s->why = why;
    return NULL;
}

static const char *llmprov__json_bad(llmprov_scan *s, const char *at, const char *why) {
    return llmprov__json_fail(s, LLMPROV_ERR_BAD_JSON, at, why);
}

static const char *llmprov__json_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

static const char *llmprov__json_digits(const char *p, const char *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

static int llmprov__json_limit(const llmprov_scan *s) {
    int limit = s->max_depth > 0 ? s->max_depth : LLMPROV__JSON_DEPTH;
    return limit < LLMPROV__JSON_DEPTH_MAX ? limit : LLMPROV__JSON_DEPTH_MAX;
}

/* -- passing one value; each function gets where it begins and returns where it ends, NULL = refused -- */

static const char *llmprov__json_number(llmprov_scan *s, const char *p) {
    const char *end = s->end, *first = p + (*p == '-');
    p = llmprov__json_digits(first, end);
    if (p == first) return llmprov__json_bad(s, p, "a digit was expected");
    if (*first == '0' && p - first > 1) return llmprov__json_bad(s, first, "a number begins with a zero");
    if (p < end && *p == '.') {
        first = p + 1;
        p = llmprov__json_digits(first, end);
        if (p == first) return llmprov__json_bad(s, p, "a digit was expected after the point");
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        first = p + 1;
        if (first < end && (*first == '+' || *first == '-')) first++;
        p = llmprov__json_digits(first, end);
        if (p == first) return llmprov__json_bad(s, p, "a digit was expected in the exponent");
    }
    return p;
}

/* The value of a hexadecimal digit; 16 = it is none. */
static unsigned llmprov__json_hex(char c) {
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* p is after the backslash. */
static const char *llmprov__json_escape(llmprov_scan *s, const char *p) {
    int i;
    if (p == s->end) return llmprov__json_bad(s, p, "the string is not closed");
    if (*p && strchr("\"\\/bfnrt", *p)) return p + 1;
    if (*p != 'u') return llmprov__json_bad(s, p, "an unknown escape in a string");
    for (p++, i = 0; i < 4 && p < s->end && llmprov__json_hex(*p) < 16; i++) p++;
    if (i < 4) return llmprov__json_bad(s, p, "four hexadecimal digits were expected");
    return p;
}

static const char *llmprov__json_string(llmprov_scan *s, const char *p) {
    for (p++; p; p = llmprov__json_escape(s, p + 1)) {
        p = llmprov__text_plain(p, s->end);
        if (p == s->end) return llmprov__json_bad(s, p, "the string is not closed");
        if (*p == '"') return p + 1;
        if (*p != '\\') return llmprov__json_bad(s, p, "a control character in a string");
    }
    return NULL;
}

static const char *llmprov__json_word(llmprov_scan *s, const char *p, const char *word, size_t len) {
    if ((size_t)(s->end - p) >= len && memcmp(p, word, len) == 0) return p + len;
    return llmprov__json_bad(s, p, "a value was expected");
}

/* A value that holds no others. */
static const char *llmprov__json_scalar(llmprov_scan *s, const char *p) {
    if (p == s->end) return llmprov__json_bad(s, p, "the text ends where a value was expected");
    switch (*p) {
        case '"': return llmprov__json_string(s, p);
        case 't': return llmprov__json_word(s, p, "true", 4);
        case 'f': return llmprov__json_word(s, p, "false", 5);
        case 'n': return llmprov__json_word(s, p, "null", 4);
        default: break;
    }
    if (*p != '-' && (*p < '0' || *p > '9')) return llmprov__json_bad(s, p, "a value was expected");
    return llmprov__json_number(s, p);
}

/* A key and its colon; *key = where the key ends. */
static const char *llmprov__json_key(llmprov_scan *s, const char *p, const char **key) {
    if (p == s->end || *p != '"') return llmprov__json_bad(s, p, "a key in double quotes was expected");
    p = *key = llmprov__json_string(s, p);
    if (!p) return NULL;
    p = llmprov__json_space(p, s->end);
    if (p == s->end || *p != ':') return llmprov__json_bad(s, p, "a colon was expected");
    return p + 1;
}

static const char *llmprov__json_comma(llmprov_scan *s, const char *p, bool object) {
    if (p < s->end && *p == ',') return llmprov__json_space(p + 1, s->end);
    if (object) return llmprov__json_bad(s, p, "a comma or a closing brace was expected");
    return llmprov__json_bad(s, p, "a comma or a closing bracket was expected");
}

/* Any value, with all that it holds. One bit for each open bracket says whether it is an object's. */
static const char *llmprov__json_pass(llmprov_scan *s, const char *p) {
    unsigned char objects[LLMPROV__JSON_DEPTH_MAX / 8];
    int depth = 0, limit = llmprov__json_limit(s) - s->depth;
    const char *end = s->end, *key;
    unsigned char *group, bit;
    for (;;) {
        bool object = false, entered = false;
        p = llmprov__json_space(p, end);
        if (p < end && (*p == '{' || *p == '[')) {
            if (depth >= limit) return llmprov__json_bad(s, p, "it is nested too deeply");
            object = *p == '{';
            entered = true;
            group = &objects[depth / 8];
            bit = (unsigned char)(1u << depth % 8);
            *group = (unsigned char)((depth % 8 ? *group & ~bit : 0) | (object ? bit : 0));
            depth++;
            p = llmprov__json_space(p + 1, end);
        } else {
            p = llmprov__json_scalar(s, p);
            if (!p) return NULL;
        }
        for (; depth; p++, depth--, entered = false) {
            if (!entered) p = llmprov__json_space(p, end);
            object = objects[(depth - 1) / 8] >> (depth - 1) % 8 & 1;
            if (p == end || *p != (object ? '}' : ']')) break;
        }
        if (!depth) return p;
        if (!entered) p = llmprov__json_comma(s, p, object);
        if (p && object) p = llmprov__json_key(s, p, &key);
        if (!p) return NULL;
    }
}

/* -- the cursor -- */

LLMPROV_API llmprov_json_type llmprov_scan_kind(const llmprov_scan *s) {
    const char *p = llmprov__json_space(s->at, s->end);
    if (s->status || s->after || p == s->end) return LLMPROV_JSON_NONE;
    switch (*p) {
        case '{': return LLMPROV_JSON_OBJECT;
        case '[': return LLMPROV_JSON_ARRAY;
        case '"': return LLMPROV_JSON_STRING;
        case 't': case 'f': return LLMPROV_JSON_BOOL;
        case 'n': return LLMPROV_JSON_NULL;
        default: return *p == '-' || (*p >= '0' && *p <= '9') ? LLMPROV_JSON_NUMBER : LLMPROV_JSON_NONE;
    }
}

LLMPROV_API bool llmprov_scan_raw(llmprov_scan *s, llmprov_str *json) {
    const char *p;
    json->ptr = "";
    json->len = 0;
    if (s->status) return false;
    s->at = llmprov__json_space(s->at, s->end);
    p = s->after ? llmprov__json_bad(s, s->at, "no value comes here") : llmprov__json_pass(s, s->at);
    if (!p) return false;
    json->ptr = s->at;
    json->len = (size_t)(p - s->at);
    s->at = p;
    s->after = true;
    return true;
}

LLMPROV_API void llmprov_scan_skip(llmprov_scan *s) {
    llmprov_str json;
    llmprov_scan_raw(s, &json);
}

/* A scalar of one kind, as bytes; anything else is skipped. */
static bool llmprov__json_take(llmprov_scan *s, llmprov_json_type kind, llmprov_str *raw) {
    bool found = llmprov_scan_kind(s) == kind;
    return llmprov_scan_raw(s, raw) && found;
}

/* The code unit of a checked \uXXXX, p being after the u. */
static unsigned long llmprov__json_unit(const char *p) {
    unsigned long unit = 0;
    int i;
    for (i = 0; i < 4; i++) unit = unit << 4 | llmprov__json_hex(p[i]);
    return unit;
}

/* Writes what a checked escape stands for and moves *from, which is after the backslash. Two halves of a pair become
   one character; a lone one stays as three bytes. */
static size_t llmprov__json_unescape(char *to, const char **from, const char *end) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const char *p = *from, *name;
    unsigned long high, low;
    *from = p + 1;
    if (*p != 'u') {
        name = strchr(names, *p);
        *to = name ? values[name - names] : *p;
        return 1;
    }
    high = llmprov__json_unit(p + 1);
    *from = p += 5;
    low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? llmprov__json_unit(p + 2) : 0;
    if (high < 0xD800 || high > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return llmprov__text_put(to, high);
    *from = p + 6;
    return llmprov__text_put(to, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
}

/* Replaces what is not UTF-8 in a text that is made in b: the good text follows the bad one. */
static llmprov_str llmprov__json_repair(llmprov__mem_buf *b) {
    llmprov__text_sieve sieve = { { 0 }, 0 };
    llmprov_str text = { NULL, 0 };
    size_t bad = b->len;
    if (bad > (size_t)-1 / 4 || !llmprov__mem_room(b, bad * 3)) return text;
    llmprov__text_sift_add(&sieve, b, b->ptr, bad, true);
    text.ptr = b->ptr + bad;
    text.len = b->len - bad;
    return text;
}

/* The text of a checked JSON string with its quotes: a view where it can be, otherwise made in the scratch; ptr NULL
   = no memory. With `halves` neither lone surrogates nor bad bytes are repaired: for llmprov__text_sift. */
static llmprov_str llmprov__json_unquote(const llmprov_scan *s, llmprov_str raw, bool halves) {
    const char *p = raw.ptr + 1, *end = raw.ptr + raw.len - 1, *next;
    llmprov__mem_buf *b = (llmprov__mem_buf *)s->scratch;
    llmprov_str text = { p, (size_t)(end - p) };
    bool whole = halves;
    char *to;
    next = (const char *)memchr(p, '\\', text.len);
    if (!b || (!next && (whole = halves || llmprov__text_valid(p, text.len) == text.len))) return text;
    text.ptr = NULL;
    b->len = 0;
    to = llmprov__mem_room(b, text.len);
    text.len = 0;
    if (!to) return text;
    text.ptr = to;
    for (;; p = next) {
        next = llmprov__text_plain(p, end);
        memcpy(to, p, (size_t)(next - p));
        to += next - p;
        if (next == end) break;
        next++;
        to += llmprov__json_unescape(to, &next, end);
    }
    b->len = text.len = (size_t)(to - text.ptr);
    return whole || llmprov__text_valid(text.ptr, text.len) == text.len ? text : llmprov__json_repair(b);
}

static bool llmprov__json_text(llmprov_scan *s, llmprov_str raw, llmprov_str *text) {
    *text = llmprov__json_unquote(s, raw, false);
    if (text->ptr) return true;
    text->ptr = "";
    llmprov__json_fail(s, LLMPROV_ERR_NO_MEMORY, s->at, "no memory for a text");
    return false;
}

/* Enters the container that comes, or goes on in the one we are in. True = a member or an item comes. */
static bool llmprov__json_step(llmprov_scan *s, char open) {
    const char *p = llmprov__json_space(s->at, s->end);
    bool entering = !s->after;
    if (s->status || (s->after && !s->depth)) return false;
    if (entering) {
        if (p == s->end || *p != open) {
            llmprov_scan_skip(s);
            return false;
        }
        if (s->depth >= llmprov__json_limit(s)) return llmprov__json_bad(s, p, "it is nested too deeply") != NULL;
        s->depth++;
        p = llmprov__json_space(p + 1, s->end);
    }
    s->after = p < s->end && *p == open + ('}' - '{');
    if (s->after) {
        s->at = p + 1;
        s->depth--;
        return false;
    }
    if (!entering) p = llmprov__json_comma(s, p, open == '{');
    if (p) s->at = p;
    return p != NULL;
}

LLMPROV_API bool llmprov_scan_key(llmprov_scan *s, llmprov_str *key) {
    const char *p, *end;
    llmprov_str raw;
    key->ptr = "";
    key->len = 0;
    if (!llmprov__json_step(s, '{')) return false;
    p = llmprov__json_key(s, s->at, &end);
    if (!p) return false;
    raw.ptr = s->at;
    raw.len = (size_t)(end - s->at);
    s->at = p;
    return llmprov__json_text(s, raw, key);
}

LLMPROV_API bool llmprov_scan_item(llmprov_scan *s) {
    return llmprov__json_step(s, '[');
}

LLMPROV_API bool llmprov_scan_text(llmprov_scan *s, llmprov_str *text) {
    llmprov_str raw;
    text->ptr = "";
    text->len = 0;
    return llmprov__json_take(s, LLMPROV_JSON_STRING, &raw) && llmprov__json_text(s, raw, text);
}

LLMPROV_API bool llmprov_scan_num(llmprov_scan *s, double *value) {
    llmprov_str raw;
    return llmprov__json_take(s, LLMPROV_JSON_NUMBER, &raw) && llmprov__text_to_double(raw.ptr, raw.len, value);
}

LLMPROV_API bool llmprov_scan_int(llmprov_scan *s, int64_t *value) {
    llmprov_str raw;
    return llmprov__json_take(s, LLMPROV_JSON_NUMBER, &raw) && llmprov__text_to_int(raw.ptr, raw.len, value);
}

LLMPROV_API bool llmprov_scan_bool(llmprov_scan *s, bool *value) {
    llmprov_str raw;
    if (!llmprov__json_take(s, LLMPROV_JSON_BOOL, &raw)) return false;
    *value = raw.ptr[0] == 't';
    return true;
}

/* A cursor before the value that p holds. */
static llmprov_scan llmprov__json_scan(const char *p, size_t len, llmprov__mem_buf *scratch, int max_depth) {
    llmprov_scan s = { NULL, NULL, NULL, NULL, 0, 0, false, LLMPROV_OK, NULL };
    s.begin = s.at = p ? p : "";
    s.end = s.begin + (p ? len : 0);
    s.scratch = scratch;
    s.max_depth = max_depth;
    if (s.end - s.at >= 3 && memcmp(s.at, "\xEF\xBB\xBF", 3) == 0) s.at += 3;
    return s;
}

LLMPROV_API llmprov_scan llmprov_scan_in(const llmprov_scan *s, llmprov_str json) {
    return llmprov__json_scan(json.ptr, json.len, (llmprov__mem_buf *)s->scratch, s->max_depth);
}

/* To be asked after the value: nothing was wrong and nothing but white space is left. */
static bool llmprov__json_done(llmprov_scan *s) {
    const char *p = llmprov__json_space(s->at, s->end);
    if (!s->status && (s->depth || !s->after)) llmprov__json_bad(s, p, "the value is not complete");
    if (!s->status && p < s->end) llmprov__json_bad(s, p, "something follows the value");
    return !s->status;
}

/* JSON that is kept as it came, but always valid UTF-8: itself, or what `clean` has room for; see its failed. */
static llmprov_str llmprov__json_clean(llmprov__mem_buf *clean, llmprov_str json) {
    llmprov__text_sieve sieve = { { 0 }, 0 };
    return llmprov__text_sift(&sieve, clean, json.ptr, json.len, true);
}

/* Where a scan of the clean text stands in the text as it came. */
static size_t llmprov__json_offset(const llmprov_scan *s, llmprov_str came) {
    size_t at = (size_t)(s->at - s->begin);
    return s->begin == came.ptr ? at : llmprov__text_unsifted(came.ptr, came.len, at);
}

/* -- the tree -- */

struct llmprov_json {
    llmprov_json_type kind;
    size_t count;                /* of members or items */
    llmprov_str raw;
    llmprov_str key;             /* ptr NULL in arrays; NUL-terminated, like text */
    llmprov_json *next, *parent;
    union {
        llmprov_str text;
        struct { llmprov_json *first, *last; } inner;
    } is;
};

/* The root comes first, so that a pointer to it is one to the document. */
typedef struct llmprov__json_document {
    llmprov_json root;
    llmprov__mem_arena arena;
} llmprov__json_document;

/* A NUL-terminated copy; its ptr is NULL when there is no memory. */
static llmprov_str llmprov__json_copy(llmprov__mem_arena *a, llmprov_str text) {
    text.ptr = llmprov__mem_copy(a, text.ptr, text.len);
    return text;
}

/* Reads the value at the cursor into v. A container is only opened: its members come next. True = go on. */
static bool llmprov__json_read_value(llmprov_scan *s, llmprov__mem_arena *a, llmprov_json *v) {
    v->kind = llmprov_scan_kind(s);
    v->raw.ptr = llmprov__json_space(s->at, s->end);
    if (v->kind == LLMPROV_JSON_OBJECT || v->kind == LLMPROV_JSON_ARRAY) return true;
    if (!llmprov_scan_raw(s, &v->raw)) return false;
    if (v->kind == LLMPROV_JSON_STRING) {
        if (!llmprov__json_text(s, v->raw, &v->is.text)) return false;
        v->is.text = llmprov__json_copy(a, v->is.text);
    }
    return !a->failed;
}

/* Adds an empty value to a container. */
static llmprov_json *llmprov__json_append(llmprov__mem_arena *a, llmprov_json *parent, const llmprov_str *key) {
    llmprov_json *v = (llmprov_json *)llmprov__mem_take(a, sizeof *v);
    if (!v) return NULL;
    if (key) v->key = llmprov__json_copy(a, *key);
    v->parent = parent;
    if (parent->count++) parent->is.inner.last->next = v;
    else parent->is.inner.first = v;
    parent->is.inner.last = v;
    return a->failed ? NULL : v;
}

/* The container in which the next member or item comes, having closed those that end; NULL = all are closed. */
static llmprov_json *llmprov__json_next_place(llmprov_scan *s, llmprov_json *in, llmprov_str *key) {
    while (in && !(in->kind == LLMPROV_JSON_OBJECT ? llmprov_scan_key(s, key) : llmprov_scan_item(s))) {
        in->raw.len = (size_t)(s->at - in->raw.ptr);
        in = in->parent;
    }
    return in;
}

static void llmprov__json_build(llmprov_scan *s, llmprov__mem_arena *a, llmprov_json *v) {
    llmprov_str key;
    while (v && llmprov__json_read_value(s, a, v)) {
        bool open = v->kind == LLMPROV_JSON_OBJECT || v->kind == LLMPROV_JSON_ARRAY;
        llmprov_json *in = llmprov__json_next_place(s, open ? v : v->parent, &key);
        if (!in) return;
        v = llmprov__json_append(a, in, in->kind == LLMPROV_JSON_OBJECT ? &key : NULL);
    }
}

static void llmprov__json_report(llmprov_error *err, llmprov_status code, size_t offset, const char *why) {
    if (!err) return;
    memset(err, 0, sizeof *err);
    err->code = code;
    err->offset = offset;
    err->message = why;
    err->provider = err->provider_code = err->param = err->request_id = err->raw = "";
}

LLMPROV_API llmprov_json *llmprov_json_parse(const char *text, size_t len, const llmprov_alloc *alloc,
                                             llmprov_error *err) {
    llmprov__mem_arena arena = { { NULL, NULL }, NULL, 0, false };
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov__json_document *document;
    llmprov_str own = { text, text ? len : 0 };
    llmprov_scan s;
    if (alloc) arena.alloc = scratch.alloc = *alloc;
    document = (llmprov__json_document *)llmprov__mem_take(&arena, sizeof *document);
    own = llmprov__json_copy(&arena, own);
    s = llmprov__json_scan(own.ptr, own.len, &scratch, 0);
    if (document && own.ptr) llmprov__json_build(&s, &arena, &document->root);
    if (arena.failed) llmprov__json_fail(&s, LLMPROV_ERR_NO_MEMORY, s.at, "out of memory");
    llmprov__mem_buf_free(&scratch);
    if (llmprov__json_done(&s)) {
        llmprov__json_report(err, LLMPROV_OK, 0, "");
        document->arena = arena;
        return &document->root;
    }
    llmprov__json_report(err, s.status, (size_t)(s.at - s.begin), s.why);
    llmprov__mem_arena_free(&arena);
    return NULL;
}

LLMPROV_API void llmprov_json_free(llmprov_json *root) {
    llmprov__mem_arena arena;
    if (!root) return;
    arena = ((llmprov__json_document *)(void *)root)->arena;
    llmprov__mem_arena_free(&arena);
}

LLMPROV_API llmprov_json_type llmprov_json_kind(const llmprov_json *v) {
    return v ? v->kind : LLMPROV_JSON_NONE;
}

LLMPROV_API const llmprov_json *llmprov_json_next(const llmprov_json *container, const llmprov_json *after) {
    if (after) return after->next;
    return llmprov_json_kind(container) >= LLMPROV_JSON_ARRAY ? container->is.inner.first : NULL;
}

/* Of equal keys the last counts. */
static const llmprov_json *llmprov__json_find(const llmprov_json *object, const char *key, size_t len) {
    const llmprov_json *v = NULL, *found = NULL;
    if (llmprov_json_kind(object) != LLMPROV_JSON_OBJECT) return NULL;
    while ((v = llmprov_json_next(object, v)) != NULL) {
        if (v->key.len == len && memcmp(v->key.ptr, key, len) == 0) found = v;
    }
    return found;
}

LLMPROV_API const llmprov_json *llmprov_json_get(const llmprov_json *object, const char *key) {
    return key ? llmprov__json_find(object, key, strlen(key)) : NULL;
}

static const llmprov_json *llmprov__json_at(const llmprov_json *array, size_t index) {
    const llmprov_json *v = NULL;
    if (llmprov_json_kind(array) != LLMPROV_JSON_ARRAY || index >= array->count) return NULL;
    do v = llmprov_json_next(array, v); while (index--);
    return v;
}

LLMPROV_API const llmprov_json *llmprov_json_path(const llmprov_json *v, const char *path) {
    while (v && path && *path) {
        size_t n, index = 0;
        if (*path == '[') {
            for (path++; *path >= '0' && *path <= '9' && index < (size_t)-1 / 16; path++) {
                index = index * 10 + (size_t)(*path - '0');
            }
            if (*path++ != ']') return NULL;
            v = llmprov__json_at(v, index);
            continue;
        }
        if (*path == '.') path++;
        n = strcspn(path, ".[");
        v = llmprov__json_find(v, path, n);
        path += n;
    }
    return v;
}

LLMPROV_API size_t llmprov_json_count(const llmprov_json *container) {
    return container ? container->count : 0;
}

LLMPROV_API const char *llmprov_json_key(const llmprov_json *member) {
    return member ? member->key.ptr : NULL;
}

LLMPROV_API llmprov_str llmprov_json_text(const llmprov_json *v) {
    llmprov_str none = { "", 0 };
    return llmprov_json_kind(v) == LLMPROV_JSON_STRING ? v->is.text : none;
}

LLMPROV_API const char *llmprov_json_str(const llmprov_json *v, const char *otherwise) {
    return llmprov_json_kind(v) == LLMPROV_JSON_STRING ? v->is.text.ptr : otherwise;
}

LLMPROV_API llmprov_str llmprov_json_raw(const llmprov_json *v) {
    llmprov_str none = { "", 0 };
    return v ? v->raw : none;
}

LLMPROV_API double llmprov_json_num(const llmprov_json *v, double otherwise) {
    double value = otherwise;
    if (llmprov_json_kind(v) == LLMPROV_JSON_NUMBER) llmprov__text_to_double(v->raw.ptr, v->raw.len, &value);
    return value;
}

LLMPROV_API int64_t llmprov_json_int(const llmprov_json *v, int64_t otherwise) {
    int64_t value = otherwise;
    if (llmprov_json_kind(v) == LLMPROV_JSON_NUMBER) llmprov__text_to_int(v->raw.ptr, v->raw.len, &value);
    return value;
}

LLMPROV_API bool llmprov_json_bool(const llmprov_json *v, bool otherwise) {
    return llmprov_json_kind(v) == LLMPROV_JSON_BOOL ? v->raw.ptr[0] == 't' : otherwise;
}

/* -- equality -- */

/* Numbers are equal as whole numbers when both are, otherwise as doubles. */
static bool llmprov__json_same_number(const llmprov_json *a, const llmprov_json *b) {
    int64_t m, n;
    bool whole = llmprov__text_to_int(a->raw.ptr, a->raw.len, &m);
    if (whole != llmprov__text_to_int(b->raw.ptr, b->raw.len, &n)) return false;
    return whole ? m == n : llmprov_json_num(a, 0) == llmprov_json_num(b, 0);
}

/* All but what containers hold. */
static bool llmprov__json_same_value(const llmprov_json *a, const llmprov_json *b) {
    llmprov_str s = llmprov_json_text(a), t = llmprov_json_text(b);
    if (llmprov_json_kind(a) != llmprov_json_kind(b)) return false;
    if (a->kind == LLMPROV_JSON_NUMBER) return llmprov__json_same_number(a, b);
    if (a->kind == LLMPROV_JSON_BOOL) return llmprov_json_bool(a, false) == llmprov_json_bool(b, false);
    return a->count == b->count && s.len == t.len && memcmp(s.ptr, t.ptr, s.len) == 0;
}

/* The member of the other object with that key; the item of the other array at that place, which follows the last. */
static const llmprov_json *llmprov__json_partner(const llmprov_json *v, const llmprov_json *other,
                                                 const llmprov_json *last) {
    return v->key.ptr ? llmprov__json_find(other, v->key.ptr, v->key.len) : llmprov_json_next(other, last);
}

/* Walks through a, and in b from partner to partner. */
static bool llmprov__json_same_tree(const llmprov_json *a, const llmprov_json *b) {
    const llmprov_json *v = a, *w = b;
    while (llmprov__json_same_value(v, w)) {
        const llmprov_json *in = v, *other = w, *last = NULL;
        v = llmprov_json_next(in, NULL);
        for (; !v && in != a; in = in->parent) {
            v = in->next;
            last = other;
            other = other->parent;
        }
        if (!v) return true;
        w = llmprov__json_partner(v, other, last);
        if (!w) return false;
    }
    return false;
}

/* Whether two texts say the same: the order of members does not count. False when one is not JSON. */
static bool llmprov__json_equal(llmprov_str a, llmprov_str b, const llmprov_alloc *alloc) {
    llmprov_json *v = llmprov_json_parse(a.ptr, a.len, alloc, NULL);
    llmprov_json *w = v ? llmprov_json_parse(b.ptr, b.len, alloc, NULL) : NULL;
    bool same = a.len == b.len && a.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    bool equal = v && w && (same || llmprov__json_same_tree(v, w));
    llmprov_json_free(v);
    llmprov_json_free(w);
    return equal;
}

//==============================================================================
// >>write      writing JSON, and the plan of a body
//
// Without a plan a writer is one growing text. With one, that text is only the
// glue: long texts and binaries stay where they are, are referred to with the way
// to send them, and are escaped or encoded while the body is pulled. A caller's
// own object can be merged into what is written, at any depth.
// Calls: -
//==============================================================================

/* From here on a reference costs less than a copy. */
enum { LLMPROV__WRITE_LONG = 256 };

typedef enum llmprov__write_how {
    LLMPROV__WRITE_PLAIN,
    LLMPROV__WRITE_ESCAPED,
    LLMPROV__WRITE_BASE64
} llmprov__write_how;

/* Bytes that someone else owns, and where in the glue they belong. */
typedef struct llmprov__write_ref {
    size_t at;
    llmprov__write_how how;
    const char *data;            /* NULL = they come from source */
    uint64_t len;
    llmprov_source source;
} llmprov__write_ref;

struct llmprov_plan {
    llmprov__mem_buf refs;       /* of llmprov__write_ref, in order */
    uint64_t referred;           /* what they make, in bytes */
    const llmprov_json *root;    /* the object that is merged in; NULL = none */
    const llmprov_json *merge;   /* the part of it that belongs to the open object at merge_depth */
    int merge_depth;
    llmprov__text_index written; /* the members of it that were written, by where they stand in its text */
    llmprov__mem_arena marks;    /* for indices */
    const llmprov_json *replacing;             /* what will stand in the place of the value that is being written */
    int replace_depth;
    size_t replace_len, replace_refs;          /* what there was before that value */
    uint64_t replace_referred;
    void (*merge_replaced)(void *user, const char *path);  /* told when a value was replaced; may be NULL */
    void *merge_user;
};

static void llmprov__write_fail(llmprov_writer *w, llmprov_status status) {
    if (!w->status) w->status = status;
}

/* Room for len bytes and a NUL; NULL = failed. */
static char *llmprov__write_room(llmprov_writer *w, size_t len) {
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    char *to;
    if (w->status) return NULL;
    if (len < w->cap - w->len) return w->text + w->len;
    b.ptr = w->text;
    b.len = w->len;
    b.cap = w->cap;
    b.alloc = w->alloc;
    to = llmprov__mem_room(&b, len);
    w->text = b.ptr;
    w->cap = b.cap;
    if (!to) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    return to;
}

static void llmprov__write_add(llmprov_writer *w, const char *p, size_t len) {
    char *to = llmprov__write_room(w, len);
    if (!to) return;
    if (len) memcpy(to, p, len);
    to[len] = 0;
    w->len += len;
}

/* -- escaping -- */

/* The letter of a control character that has a short escape, or 0. */
static char llmprov__write_letter(unsigned char c) {
    return (char)(c >= '\b' && c <= '\r' ? "btn\0fr"[c - '\b'] : 0);
}

/* Escapes one character that must be; returns 2 or 6. */
static size_t llmprov__write_one(char to[6], unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    char letter = (char)(c < 0x20 ? llmprov__write_letter(c) : (char)c);
    to[0] = '\\';
    to[1] = letter;
    if (letter) return 2;
    memcpy(to + 1, "u00", 3);
    to[4] = hex[c >> 4];
    to[5] = hex[c & 15];
    return 6;
}

/* How many bytes escaping adds. */
static uint64_t llmprov__write_growth(const char *p, size_t len) {
    const char *end = p + len;
    uint64_t growth = 0;
#if LLMPROV__SSE2
    __m128i sum = _mm_setzero_si128();
    uint64_t halves[2];
    for (; end - p >= 16; p += 16) {
        __m128i v = llmprov__text_load(p), from8 = _mm_sub_epi8(v, _mm_set1_epi8('\b'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
        __m128i brief = _mm_cmpeq_epi8(_mm_min_epu8(from8, _mm_set1_epi8('\r' - '\b')), from8);
        __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        brief = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\v')), brief);
        mark = _mm_and_si128(_mm_or_si128(mark, control), _mm_set1_epi8(1));
        mark = _mm_or_si128(mark, _mm_and_si128(_mm_andnot_si128(brief, control), _mm_set1_epi8(4)));
        sum = _mm_add_epi64(sum, _mm_sad_epu8(mark, _mm_setzero_si128()));
    }
    _mm_storeu_si128((__m128i *)(void *)halves, sum);
    growth = halves[0] + halves[1];
#endif
    for (; (p = llmprov__text_plain(p, end)) < end; p++) {
        growth += (unsigned char)*p >= 0x20 || llmprov__write_letter((unsigned char)*p) ? 1 : 5;
    }
    return growth;
}

/* Escapes until the input ends or the next escape does not fit; moves *to and returns where it stopped. */
static const char *llmprov__write_escape(char **to, const char *stop, const char *p, const char *end) {
    char *at = *to, one[6];
#if LLMPROV__SSE2
    while (end - p >= 16 && stop - at >= 16) {
        __m128i v = llmprov__text_load(p);
        unsigned mask = llmprov__text_mask(v), n = mask ? (unsigned)__builtin_ctz(mask) : 16;
        _mm_storeu_si128((__m128i *)(void *)at, v);
        p += n;
        at += n;
        if (!mask) continue;
        if (stop - at < 6) break;
        at += llmprov__write_one(at, (unsigned char)*p++);
    }
#endif
    for (;;) {
        const char *fits = end - p < stop - at ? end : p + (stop - at), *next = llmprov__text_plain(p, fits);
        size_t n = (size_t)(next - p);
        if (n) memcpy(at, p, n);
        p = next;
        at += n;
        if (p == fits) break;
        n = llmprov__write_one(one, (unsigned char)*p);
        if ((size_t)(stop - at) < n) break;
        memcpy(at, one, n);
        at += n;
        p++;
    }
    *to = at;
    return p;
}

/* Escaped text, which is valid UTF-8. */
static void llmprov__write_escaped(llmprov_writer *w, const char *p, size_t len) {
    uint64_t total = len + llmprov__write_growth(p, len);
    char *to = total < (size_t)-1 ? llmprov__write_room(w, (size_t)total) : NULL;
    if (!to) {
        llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
        return;
    }
    llmprov__write_escape(&to, to + total, p, p + len);
    *to = 0;
    w->len += (size_t)total;
}

/* Escaped text from a stranger: what is not UTF-8 becomes U+FFFD. */
static void llmprov__write_copy_piece(llmprov_writer *w, const char *p, size_t len) {
    llmprov__text_sieve sieve = { { 0 }, 0 };
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_str text;
    if (w->status || !len) return;
    scratch.alloc = w->alloc;
    text = llmprov__text_sift(&sieve, &scratch, p, len, true);
    if (scratch.failed) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    else llmprov__write_escaped(w, text.ptr, text.len);
    llmprov__mem_buf_free(&scratch);
}

/* -- merging -- */

static bool llmprov__write_plan(llmprov_writer *w) {
    if (w->plan || w->status) return !w->status;
    w->plan = (struct llmprov_plan *)llmprov__mem_realloc(&w->alloc, NULL, 0, sizeof *w->plan);
    if (!w->plan) {
        llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
        return false;
    }
    memset(w->plan, 0, sizeof *w->plan);
    w->plan->refs.alloc = w->plan->marks.alloc = w->alloc;
    return true;
}

/* The root object that is written next shall have all that extra has: objects are merged, anything else of extra
   takes the place of what is written there. extra must outlive the writing. */
static void llmprov__write_merge(llmprov_writer *w, const llmprov_json *extra) {
    if (w->plan && llmprov_json_kind(extra) == LLMPROV_JSON_OBJECT) w->plan->root = extra;
}

/* Whether the innermost open object is one that is merged. */
static bool llmprov__write_merging(const llmprov_writer *w) {
    return w->plan && w->plan->merge && w->plan->merge_depth == w->depth && !w->plan->replacing;
}

/* What extra has in the place of a value that is written next, or NULL. */
static const llmprov_json *llmprov__write_here(const llmprov_writer *w, llmprov_str key) {
    if (w->plan && w->depth == 0) return w->plan->root;
    return llmprov__write_merging(w) ? llmprov__json_find(w->plan->merge, key.ptr, key.len) : NULL;
}

/* What a member is known by: no two begin at the same byte. */
static llmprov_str llmprov__write_identity(const llmprov_json *member) {
    llmprov_str bytes = { (const char *)&member->raw.ptr, sizeof member->raw.ptr };
    return bytes;
}

static void llmprov__write_mark(llmprov_writer *w, const llmprov_json *member) {
    if (!llmprov__text_enter(&w->plan->written, &w->plan->marks, llmprov__write_identity(member), 0))
        llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
}

/* The number of the last member with each key of an object: it hides those before it. */
static llmprov__text_index llmprov__write_last(llmprov_writer *w, const llmprov_json *object) {
    llmprov__text_index last = { NULL, 0, 0, 0 };
    const llmprov_json *v = NULL;
    size_t i;
    for (i = 0; (v = llmprov_json_next(object, v)) != NULL; i++)
        if (!llmprov__text_enter(&last, &w->plan->marks, v->key, i)) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    return last;
}

static void llmprov__write_key(llmprov_writer *w, llmprov_str key) {
    if (w->comma) llmprov__write_add(w, ",", 1);
    if (!key.ptr) return;
    llmprov__write_add(w, "\"", 1);
    llmprov__write_copy_piece(w, key.ptr, key.len);
    llmprov__write_add(w, "\":", 2);
}

/* The members of the merged object that were not written yet, but for one key. */
static void llmprov__write_members(llmprov_writer *w, const char *except) {
    llmprov__text_index last = llmprov__write_last(w, w->plan->merge);
    const llmprov_json *v = NULL;
    size_t i;
    for (i = 0; !w->status && (v = llmprov_json_next(w->plan->merge, v)) != NULL; i++) {
        bool hidden = llmprov__text_find(&last, v->key)->value != i;
        bool written = llmprov__text_find(&w->plan->written, llmprov__write_identity(v)) != NULL;
        if (hidden || written || (except && llmprov__text_is(v->key, except))) continue;
        llmprov__write_mark(w, v);
        llmprov__write_key(w, v->key);
        llmprov__write_add(w, v->raw.ptr, v->raw.len);
        w->comma = true;
    }
}

/* Writes what extra has for the root and nobody has written; `except` will still be written. */
static void llmprov__write_rest(llmprov_writer *w, const char *except) {
    if (llmprov__write_merging(w) && w->depth == 1) llmprov__write_members(w, except);
}

/* Says that a member was replaced, by its path from the root: put together from its end. */
static void llmprov__write_tell(llmprov_writer *w, const llmprov_json *member) {
    llmprov__mem_buf path = { NULL, 0, 0, { NULL, NULL }, false };
    const llmprov_json *v;
    size_t len = 0;
    char *to;
    if (!w->plan->merge_replaced) return;
    path.alloc = w->alloc;
    for (v = member; v != w->plan->root; v = v->parent) len += v->key.len + 1;
    to = llmprov__mem_room(&path, len + 1);
    if (to) {
        to += len ? len - 1 : 0;
        *to = 0;
        for (v = member; v != w->plan->root; v = v->parent) {
            if (v != member) *--to = '.';
            to -= v->key.len;
            memcpy(to, v->key.ptr, v->key.len);
        }
        w->plan->merge_replaced(w->plan->merge_user, to);
    }
    llmprov__mem_buf_free(&path);
}

/* A value that extra replaces is written first and then taken back: so a change can be told from a repetition. */
static void llmprov__write_settle(llmprov_writer *w) {
    struct llmprov_plan *plan = w->plan;
    const llmprov_json *by = plan->replacing;
    llmprov_str was = { NULL, 0 };
    plan->replacing = NULL;
    if (w->status) return;
    was.ptr = w->text + plan->replace_len;
    was.len = w->len - plan->replace_len;
    if (plan->refs.len == plan->replace_refs && llmprov__json_equal(was, by->raw, &w->alloc)) return;
    w->len = plan->replace_len;
    plan->refs.len = plan->replace_refs;
    plan->referred = plan->replace_referred;
    llmprov__write_add(w, by->raw.ptr, by->raw.len);
    llmprov__write_tell(w, by);
}

/* -- values: begin, what they are, end -- */

/* Whether a value may stand here: keys are for objects, and the top has one value. */
static bool llmprov__write_fits(const llmprov_writer *w, bool key) {
    if (!w->depth) return !key && !w->comma;
    return key == (w->stack[w->depth - 1] == '}');
}

static bool llmprov__write_begin(llmprov_writer *w, llmprov_str key, bool object) {
    struct llmprov_plan *plan = w->plan;
    const llmprov_json *here;
    if (!llmprov__write_fits(w, key.ptr != NULL)) llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
    if (w->status) return false;
    here = llmprov__write_here(w, key);
    llmprov__write_key(w, key);
    if (!here) return !w->status;
    llmprov__write_mark(w, here);
    if (object && here->kind == LLMPROV_JSON_OBJECT) {
        plan->merge = here;
        plan->merge_depth = w->depth + 1;
    } else {
        plan->replacing = here;
        plan->replace_depth = w->depth;
        plan->replace_len = w->len;
        plan->replace_refs = plan->refs.len;
        plan->replace_referred = plan->referred;
    }
    return !w->status;
}

static void llmprov__write_end(llmprov_writer *w) {
    w->comma = true;
    if (w->plan && w->plan->replacing && w->plan->replace_depth == w->depth) llmprov__write_settle(w);
}

static llmprov_str llmprov__write_name(const char *key) {
    llmprov_str name = { NULL, 0 };
    name.ptr = key;
    name.len = key ? strlen(key) : 0;
    return name;
}

static void llmprov__write_open_key(llmprov_writer *w, llmprov_str key, char bracket) {
    if (bracket != '{' && bracket != '[') llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
    if (w->depth >= (int)sizeof w->stack) llmprov__write_fail(w, LLMPROV_ERR_LIMIT);
    if (!llmprov__write_begin(w, key, bracket == '{')) return;
    llmprov__write_add(w, &bracket, 1);
    w->stack[w->depth++] = bracket == '{' ? '}' : ']';
    w->comma = false;
}

LLMPROV_API void llmprov_write_open(llmprov_writer *w, const char *key, char bracket) {
    llmprov__write_open_key(w, llmprov__write_name(key), bracket);
}

LLMPROV_API void llmprov_write_close(llmprov_writer *w) {
    if (!w->depth) llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
    if (w->status) return;
    if (llmprov__write_merging(w)) {
        llmprov__write_members(w, NULL);
        w->plan->merge = w->depth > 1 ? w->plan->merge->parent : NULL;
        w->plan->merge_depth--;
    }
    llmprov__write_add(w, &w->stack[--w->depth], 1);
    llmprov__write_end(w);
}

/* A whole scalar as it stands. */
static void llmprov__write_scalar(llmprov_writer *w, const char *key, const char *text, size_t len) {
    if (!llmprov__write_begin(w, llmprov__write_name(key), false)) return;
    llmprov__write_add(w, text, len);
    llmprov__write_end(w);
}

LLMPROV_API void llmprov_write_num(llmprov_writer *w, const char *key, double value) {
    char text[32];
    if (value - value != 0) llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
    if (!w->status) llmprov__write_scalar(w, key, text, llmprov__text_from_double(text, value));
}

LLMPROV_API void llmprov_write_int(llmprov_writer *w, const char *key, int64_t value) {
    char text[24];
    llmprov__write_scalar(w, key, text, llmprov__text_from_int(text, value));
}

LLMPROV_API void llmprov_write_bool(llmprov_writer *w, const char *key, bool value) {
    llmprov__write_scalar(w, key, value ? "true" : "false", value ? 4 : 5);
}

LLMPROV_API void llmprov_write_null(llmprov_writer *w, const char *key) {
    llmprov__write_scalar(w, key, "null", 4);
}

/* -- strings, in pieces; referred to where there is a plan and they are long -- */

/* `makes` is how many bytes of the body it will be. */
static void llmprov__write_refer(llmprov_writer *w, llmprov__write_how how, const char *data, uint64_t len,
                                 const llmprov_source *source, uint64_t makes) {
    llmprov__write_ref ref;
    memset(&ref, 0, sizeof ref);
    ref.at = w->len;
    ref.how = how;
    ref.data = data;
    ref.len = len;
    if (source) ref.source = *source;
    if (w->status) return;
    if (!llmprov__mem_add(&w->plan->refs, &ref, sizeof ref)) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    else w->plan->referred += makes;
}

static void llmprov__write_string_open(llmprov_writer *w, const char *key) {
    if (llmprov__write_begin(w, llmprov__write_name(key), false)) llmprov__write_add(w, "\"", 1);
}

static void llmprov__write_string_close(llmprov_writer *w) {
    llmprov__write_add(w, "\"", 1);
    llmprov__write_end(w);
}

/* A long piece must outlive the plan and be valid UTF-8. */
static void llmprov__write_piece(llmprov_writer *w, const char *p, size_t len) {
    if (!w->plan || len < LLMPROV__WRITE_LONG) llmprov__write_copy_piece(w, p, len);
    else llmprov__write_refer(w, LLMPROV__WRITE_ESCAPED, p, len, NULL, len + llmprov__write_growth(p, len));
}

/* Text that needs no escapes. */
static void llmprov__write_plain(llmprov_writer *w, const char *p, size_t len) {
    if (!w->plan || len < LLMPROV__WRITE_LONG) llmprov__write_add(w, p, len);
    else llmprov__write_refer(w, LLMPROV__WRITE_PLAIN, p, len, NULL, len);
}

/* Some bytes from a source, as base64; false = it came up short. */
static bool llmprov__write_read(char *to, const llmprov_source *source, uint64_t offset, size_t len) {
    unsigned char block[768];
    if (len > sizeof block || source->read(source->user, offset, block, len) != len) return false;
    llmprov__text_base64(to, block, len);
    return true;
}

/* The bytes of data, or of source when there is one, as base64. */
static void llmprov__write_base64(llmprov_writer *w, const void *data, uint64_t len, const llmprov_source *source) {
    uint64_t makes = (len + 2) / 3 * 4, offset;
    bool reads = source && source->read;
    char *to;
    if (len && !data && !reads) llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
    if (w->plan && (reads || len >= LLMPROV__WRITE_LONG)) {
        if (reads) llmprov__write_refer(w, LLMPROV__WRITE_BASE64, NULL, len, source, makes);
        else llmprov__write_refer(w, LLMPROV__WRITE_BASE64, (const char *)data, len, NULL, makes);
        return;
    }
    if (makes >= (size_t)-1) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    to = llmprov__write_room(w, (size_t)makes);
    if (!to) return;
    if (!reads) llmprov__text_base64(to, data, (size_t)len);
    for (offset = 0; reads && offset < len; offset += 768) {
        size_t n = len - offset < 768 ? (size_t)(len - offset) : 768;
        if (llmprov__write_read(to + offset / 3 * 4, source, offset, n)) continue;
        llmprov__write_fail(w, LLMPROV_ERR_ARGUMENT);
        break;
    }
    if (!w->status) w->len += (size_t)makes;
    w->text[w->len] = 0;
}

static void llmprov__write_long(llmprov_writer *w, const char *key, const char *p, size_t len) {
    llmprov__write_string_open(w, key);
    llmprov__write_piece(w, p, len);
    llmprov__write_string_close(w);
}

LLMPROV_API void llmprov_write_str(llmprov_writer *w, const char *key, const char *text, size_t len) {
    llmprov__write_string_open(w, key);
    llmprov__write_copy_piece(w, text, len);
    llmprov__write_string_close(w);
}

/* -- JSON that is trusted -- */

static void llmprov__write_raw_value(llmprov_writer *w, llmprov_str key, llmprov_str json, bool refer) {
    if (!llmprov__write_begin(w, key, false)) return;
    if (refer) llmprov__write_plain(w, json.ptr, json.len);
    else llmprov__write_add(w, json.ptr, json.len);
    llmprov__write_end(w);
}

/* Whether the value at the cursor and extra's in its place are both objects. */
static bool llmprov__write_both(const llmprov_writer *w, llmprov_str key, const llmprov_scan *s) {
    if (llmprov_json_kind(llmprov__write_here(w, key)) != LLMPROV_JSON_OBJECT) return false;
    return llmprov_scan_kind(s) == LLMPROV_JSON_OBJECT;
}

/* Writes an object member by member where extra has something to merge into it, and whole otherwise. */
static void llmprov__write_raw_key(llmprov_writer *w, llmprov_str key, llmprov_str json, bool refer) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_scan s = llmprov__json_scan(json.ptr, json.len, &scratch, LLMPROV__JSON_DEPTH_MAX);
    int open = 0;
    if (!llmprov__write_both(w, key, &s)) {
        llmprov__write_raw_value(w, key, json, refer);
        return;
    }
    scratch.alloc = w->alloc;
    do {
        if (llmprov__write_both(w, key, &s)) {
            llmprov__write_open_key(w, key, '{');
            open++;
        } else {
            llmprov_scan_raw(&s, &json);
            llmprov__write_raw_value(w, key, json, refer);
        }
        for (; open && !llmprov_scan_key(&s, &key); open--) llmprov_write_close(w);
    } while (open && !w->status);
    if (s.status) llmprov__write_fail(w, s.status);
    llmprov__mem_buf_free(&scratch);
}

LLMPROV_API void llmprov_write_raw(llmprov_writer *w, const char *key, const char *json, size_t len) {
    llmprov_str text = { NULL, 0 };
    text.ptr = json;
    text.len = len;
    llmprov__write_raw_key(w, llmprov__write_name(key), text, false);
}

static void llmprov__write_long_raw(llmprov_writer *w, const char *key, const char *json, size_t len) {
    llmprov_str text = { NULL, 0 };
    text.ptr = json;
    text.len = len;
    llmprov__write_raw_key(w, llmprov__write_name(key), text, true);
}

LLMPROV_API void llmprov_writer_free(llmprov_writer *w) {
    llmprov_alloc alloc = w->alloc;
    if (w->plan) {
        llmprov__mem_buf_free(&w->plan->refs);
        llmprov__mem_arena_free(&w->plan->marks);
        llmprov__mem_realloc(&alloc, w->plan, sizeof *w->plan, 0);
    }
    llmprov__mem_realloc(&alloc, w->text, w->cap, 0);
    memset(w, 0, sizeof *w);
    w->alloc = alloc;
}

/* -- the body: glue and references in order -- */

static uint64_t llmprov__write_size(const llmprov_writer *w) {
    return w->len + (w->plan ? w->plan->referred : 0);
}

/* How far a body was pulled; {0} = not at all. */
typedef struct llmprov__write_cursor {
    size_t glue, ref;            /* bytes of the glue and references that are done */
    uint64_t offset;             /* bytes of the next reference that are done */
    char held[6];                /* the rest of an escape or of four letters that did not fit */
    unsigned char held_from, held_to;
    bool failed;                 /* a source came up short */
} llmprov__write_cursor;

static size_t llmprov__write_pull_escaped(const llmprov__write_ref *ref, llmprov__write_cursor *c, char *to,
                                          size_t size) {
    const char *from = ref->data + c->offset, *next;
    char *at = to;
    next = llmprov__write_escape(&at, to + size, from, ref->data + ref->len);
    if (next == from) {
        c->held_to = (unsigned char)llmprov__write_one(c->held, (unsigned char)*next++);
        c->held_from = 0;
    }
    c->offset += (uint64_t)(next - from);
    return (size_t)(at - to);
}

static size_t llmprov__write_pull_base64(const llmprov__write_ref *ref, llmprov__write_cursor *c, char *to,
                                         size_t size) {
    uint64_t left = ref->len - c->offset;
    size_t fits = size >= 4 ? size / 4 * 3 : 3, makes;
    bool hold = size < 4;
    if (!ref->data && fits > 768) fits = 768;
    if (fits > left) fits = (size_t)left;
    makes = (fits + 2) / 3 * 4;
    if (ref->data) llmprov__text_base64(hold ? c->held : to, ref->data + c->offset, fits);
    else c->failed = !llmprov__write_read(hold ? c->held : to, &ref->source, c->offset, fits);
    c->offset += fits;
    if (!hold) return makes;
    c->held_from = 0;
    c->held_to = (unsigned char)makes;
    return 0;
}

static size_t llmprov__write_pull_bytes(char *to, size_t size, const char *from, uint64_t left) {
    size_t n = left < size ? (size_t)left : size;
    memcpy(to, from, n);
    return n;
}

/* The next piece of one kind: what is held, the glue up to the next reference, or that; 0 may mean "once more". */
static size_t llmprov__write_pull_some(const llmprov_writer *w, llmprov__write_cursor *c,
                                       const llmprov__write_ref *ref, char *to, size_t size) {
    size_t n, stop = ref ? ref->at : w->len;
    if (c->held_from < c->held_to) {
        n = llmprov__write_pull_bytes(to, size, c->held + c->held_from, (uint64_t)(c->held_to - c->held_from));
        c->held_from = (unsigned char)(c->held_from + n);
        return n;
    }
    if (c->glue < stop) {
        n = llmprov__write_pull_bytes(to, size, w->text + c->glue, stop - c->glue);
        c->glue += n;
        return n;
    }
    if (ref->how == LLMPROV__WRITE_ESCAPED) return llmprov__write_pull_escaped(ref, c, to, size);
    if (ref->how == LLMPROV__WRITE_BASE64) return llmprov__write_pull_base64(ref, c, to, size);
    n = llmprov__write_pull_bytes(to, size, ref->data + c->offset, ref->len - c->offset);
    c->offset += n;
    return n;
}

/* The next bytes of the body; 0 = the end, or c->failed. */
static size_t llmprov__write_pull(const llmprov_writer *w, llmprov__write_cursor *c, char *to, size_t size) {
    const llmprov__write_ref *refs = w->plan ? (const llmprov__write_ref *)(const void *)w->plan->refs.ptr : NULL;
    size_t count = w->plan ? w->plan->refs.len / sizeof *refs : 0, done = 0;
    while (done < size && !c->failed) {
        const llmprov__write_ref *ref = c->ref < count ? refs + c->ref : NULL;
        bool held = c->held_from < c->held_to;
        if (!held && ref && c->glue == ref->at && c->offset == ref->len) {
            c->ref++;
            c->offset = 0;
        } else if (!held && !ref && c->glue == w->len) {
            break;
        } else {
            done += llmprov__write_pull_some(w, c, ref, to + done, size - done);
        }
    }
    return c->failed ? 0 : done;
}

/* The whole body in one allocation of its size and a NUL; NULL = no memory, or a source came up short. */
static char *llmprov__write_flatten(const llmprov_writer *w, const llmprov_alloc *a, size_t *len) {
    llmprov_alloc alloc = { NULL, NULL };
    llmprov__write_cursor cursor;
    uint64_t size = llmprov__write_size(w);
    char *to;
    if (a) alloc = *a;
    memset(&cursor, 0, sizeof cursor);
    to = !w->status && size < (size_t)-1 ? (char *)llmprov__mem_realloc(&alloc, NULL, 0, (size_t)size + 1) : NULL;
    if (!to) return NULL;
    if (llmprov__write_pull(w, &cursor, to, (size_t)size) != size) {
        llmprov__mem_realloc(&alloc, to, (size_t)size + 1, 0);
        *len = (size_t)size;
        return NULL;
    }
    to[size] = 0;
    *len = (size_t)size;
    return to;
}

//==============================================================================
// >>msg        messages and histories, Anthropic-shape load and save
//
// The one form in which programs keep conversations. A block is read in two
// steps: its members are caught as raw JSON, then the type decides which of
// them have a field; the others stay in extra. So nothing is lost, and writing
// is the same walk backwards. Blocks nest once (in tool results); what would
// nest deeper is RAW.
// https://docs.anthropic.com/en/api/messages
// Calls: -
//==============================================================================

/* -- reading blocks -- */

typedef struct llmprov__msg_reader {
    llmprov__mem_arena *arena;
    llmprov_error *err;
    const char *path;            /* where we are, for messages */
} llmprov__msg_reader;

typedef enum llmprov__msg_key {
    LLMPROV__MSG_TYPE, LLMPROV__MSG_TEXT, LLMPROV__MSG_THINKING, LLMPROV__MSG_SIGNATURE, LLMPROV__MSG_DATA,
    LLMPROV__MSG_ID, LLMPROV__MSG_NAME, LLMPROV__MSG_INPUT, LLMPROV__MSG_USE_ID, LLMPROV__MSG_CONTENT,
    LLMPROV__MSG_IS_ERROR, LLMPROV__MSG_SOURCE, LLMPROV__MSG_TITLE, LLMPROV__MSG_CACHE, LLMPROV__MSG_ORIGIN,
    LLMPROV__MSG_KEYS
} llmprov__msg_key;

static const char *const llmprov__msg_names[LLMPROV__MSG_KEYS] = {
    "type", "text", "thinking", "signature", "data", "id", "name", "input", "tool_use_id", "content",
    "is_error", "source", "title", "cache_control", "origin",
};

/* Which member goes into which field, by type. A member of another kind of value than its field stays in extra. */
typedef enum llmprov__msg_place { LLMPROV__MSG_TO_TEXT, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_TO_JSON, LLMPROV__MSG_TO_TRUE,
    LLMPROV__MSG_TO_CONTENT, LLMPROV__MSG_TO_SOURCE } llmprov__msg_place;

typedef struct llmprov__msg_member {
    llmprov__msg_key key;
    llmprov__msg_place place;
    size_t field;                /* of a string: where in the block */
    bool required;               /* written even when it is absent */
} llmprov__msg_member;

typedef struct llmprov__msg_form {
    llmprov_block_type type;
    const char *word;            /* NULL = block.kind */
    llmprov__msg_member members[5];
} llmprov__msg_form;

#define LLMPROV__MSG_FIELD(name) offsetof(llmprov_block, name)

static const llmprov__msg_form llmprov__msg_forms[] = {
    { LLMPROV_BLOCK_TEXT, "text", { { LLMPROV__MSG_TEXT, LLMPROV__MSG_TO_TEXT, 0, true } } },
    { LLMPROV_BLOCK_IMAGE, "image", { { LLMPROV__MSG_SOURCE, LLMPROV__MSG_TO_SOURCE, 0, false } } },
    { LLMPROV_BLOCK_AUDIO, "audio", { { LLMPROV__MSG_ID, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(id), false },
                                      { LLMPROV__MSG_TEXT, LLMPROV__MSG_TO_TEXT, 0, false },
                                      { LLMPROV__MSG_SOURCE, LLMPROV__MSG_TO_SOURCE, 0, false } } },
    { LLMPROV_BLOCK_VIDEO, "video", { { LLMPROV__MSG_SOURCE, LLMPROV__MSG_TO_SOURCE, 0, false } } },
    { LLMPROV_BLOCK_DOCUMENT, "document", { { LLMPROV__MSG_SOURCE, LLMPROV__MSG_TO_SOURCE, 0, false },
                                            { LLMPROV__MSG_TITLE, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(name), false } } },
    { LLMPROV_BLOCK_TOOL_USE, "tool_use", { { LLMPROV__MSG_ID, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(id), true },
                                            { LLMPROV__MSG_NAME, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(name), true },
                                            { LLMPROV__MSG_INPUT, LLMPROV__MSG_TO_JSON, 0, true } } },
    { LLMPROV_BLOCK_TOOL_RESULT, "tool_result", { { LLMPROV__MSG_USE_ID, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(id), true },
                                                  { LLMPROV__MSG_CONTENT, LLMPROV__MSG_TO_CONTENT, 0, false },
                                                  { LLMPROV__MSG_IS_ERROR, LLMPROV__MSG_TO_TRUE, 0, false } } },
    { LLMPROV_BLOCK_THINKING, "thinking", { { LLMPROV__MSG_THINKING, LLMPROV__MSG_TO_TEXT, 0, true },
                                            { LLMPROV__MSG_SIGNATURE, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(signature), false } } },
    { LLMPROV_BLOCK_REDACTED, "redacted_thinking", { { LLMPROV__MSG_DATA, LLMPROV__MSG_TO_TEXT, 0, true } } },
    { LLMPROV_BLOCK_SERVER_USE, NULL, { { LLMPROV__MSG_ID, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(id), true },
                                        { LLMPROV__MSG_NAME, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(name), true },
                                        { LLMPROV__MSG_INPUT, LLMPROV__MSG_TO_JSON, 0, true } } },
    { LLMPROV_BLOCK_SERVER_RESULT, NULL, { { LLMPROV__MSG_USE_ID, LLMPROV__MSG_TO_STRING, LLMPROV__MSG_FIELD(id), true },
                                           { LLMPROV__MSG_CONTENT, LLMPROV__MSG_TO_JSON, 0, false },
                                           { LLMPROV__MSG_IS_ERROR, LLMPROV__MSG_TO_TRUE, 0, false } } },
};

static bool llmprov__msg_ends(llmprov_str a, const char *tail) {
    size_t n = strlen(tail);
    return a.len >= n && memcmp(a.ptr + a.len - n, tail, n) == 0;
}

/* The form of a type word, NULL for RAW. mcp_tool_use and advisor_tool_result are server blocks like their kin. */
static const llmprov__msg_form *llmprov__msg_form_of(llmprov_str word) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__msg_forms); i++) {
        const llmprov__msg_form *f = &llmprov__msg_forms[i];
        if (f->word ? llmprov__text_is(word, f->word)
                    : llmprov__msg_ends(word, f->type == LLMPROV_BLOCK_SERVER_USE ? "_tool_use" : "_tool_result")) return f;
    }
    return NULL;
}

static const llmprov__msg_form *llmprov__msg_form_for(llmprov_block_type type) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__msg_forms); i++)
        if (llmprov__msg_forms[i].type == type) return &llmprov__msg_forms[i];
    return NULL;
}

/* How many members a form has. */
static size_t llmprov__msg_members(const llmprov__msg_form *form) {
    size_t i = 0;
    while (form && i < LLMPROV__COUNT(form->members) && (i == 0 || form->members[i].key)) i++;
    return i;
}

static bool llmprov__msg_is_string(llmprov_str raw) {
    return raw.len && raw.ptr[0] == '"';
}

/* A raw JSON string as a copy in the arena; its length may be wanted. */
static char *llmprov__msg_string(llmprov__msg_reader *r, const llmprov_scan *s, llmprov_str raw, size_t *len) {
    llmprov_str text = llmprov__json_unquote(s, raw, false);
    char *to = llmprov__mem_copy(r->arena, text.ptr, text.len);
    if (len) *len = to ? text.len : 0;
    return to;
}

/* Adds a member to an object that is being gathered; it is opened by its first. */
static void llmprov__msg_gather(llmprov_writer *w, llmprov_str key, llmprov_str value) {
    if (!w->depth) llmprov_write_open(w, NULL, '{');
    llmprov__write_raw_key(w, key, value, false);
}

static void llmprov__msg_gather_begin(const llmprov__msg_reader *r, llmprov_writer *w) {
    memset(w, 0, sizeof *w);
    w->alloc = r->arena->alloc;
}

/* Moves a gathered object into the arena; NULL when nothing was gathered. */
static const char *llmprov__msg_gathered(llmprov__msg_reader *r, llmprov_writer *w, size_t *len) {
    char *to = NULL;
    if (w->depth) {
        llmprov_write_close(w);
        if (!w->status) to = llmprov__mem_copy(r->arena, w->text, w->len);
        *len = to ? w->len : 0;
    }
    if (w->status) r->arena->failed = true;
    llmprov_writer_free(w);
    return to;
}

/* {"type":"ephemeral"} and its one-hour form have a field; every other mark is kept as it is. */
static llmprov_cache llmprov__msg_cache(const llmprov_scan *s, llmprov_str raw, bool *whole) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_cache cache = LLMPROV_CACHE_NONE;
    llmprov_str key, text;
    bool hour = false;
    *whole = true;
    while (llmprov_scan_key(&in, &key)) {
        bool type = llmprov__text_is(key, "type"), ttl = llmprov__text_is(key, "ttl");
        if (!llmprov_scan_text(&in, &text)) *whole = false;
        else if (type && llmprov__text_is(text, "ephemeral")) cache = LLMPROV_CACHE_5M;
        else if (ttl && llmprov__text_is(text, "1h")) hour = true;
        else *whole = false;
    }
    if (!cache) *whole = false;
    return cache && hour ? LLMPROV_CACHE_1H : cache;
}

typedef struct llmprov__msg_source { llmprov_str type, mime, data, url, file_id; bool whole; } llmprov__msg_source;

static llmprov__msg_source llmprov__msg_source_of(const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov__msg_source m;
    llmprov_str key, value;
    memset(&m, 0, sizeof m);
    m.whole = true;
    while (llmprov_scan_key(&in, &key)) {
        llmprov_str *to = llmprov__text_is(key, "type") ? &m.type : llmprov__text_is(key, "media_type") ? &m.mime :
                          llmprov__text_is(key, "data") ? &m.data : llmprov__text_is(key, "url") ? &m.url :
                          llmprov__text_is(key, "file_id") ? &m.file_id : NULL;
        llmprov_scan_raw(&in, &value);
        if (to && llmprov__msg_is_string(value)) *to = value;
        else m.whole = false;
    }
    return m;
}

static bool llmprov__msg_base64_ok(llmprov_str text) {
    size_t i;
    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && c != '+' && c != '/' && c != '=' && c != '-' && c != '_') return false;
    }
    return true;
}

/* True when the whole source has found its fields. What has not stays in extra beside them. */
static bool llmprov__msg_read_source(llmprov__msg_reader *r, llmprov_block *b, const llmprov_scan *s, llmprov_str raw) {
    llmprov__msg_source m = llmprov__msg_source_of(s, raw);
    llmprov_str type = m.type.ptr ? llmprov__json_unquote(s, m.type, false) : m.type;
    bool base64 = llmprov__text_is(type, "base64"), text = llmprov__text_is(type, "text");
    bool url = llmprov__text_is(type, "url"), file = llmprov__text_is(type, "file");
    if (m.mime.ptr) b->mime = llmprov__msg_string(r, s, m.mime, NULL);
    if (base64 && m.data.ptr) {
        llmprov_str data = llmprov__json_unquote(s, m.data, false);
        if (!llmprov__msg_base64_ok(data)) return false;
        b->base64 = llmprov__mem_copy(r->arena, data.ptr, data.len);
        b->base64_len = data.len;
    }
    if (text && m.data.ptr) b->text = llmprov__msg_string(r, s, m.data, &b->text_len);
    if (url && m.url.ptr) b->url = llmprov__msg_string(r, s, m.url, NULL);
    if (file && m.file_id.ptr) b->file_id = llmprov__msg_string(r, s, m.file_id, NULL);
    if (base64) return m.whole && b->base64 && b->mime && !m.url.ptr && !m.file_id.ptr;
    if (text) return m.whole && b->text && b->mime && !strcmp(b->mime, "text/plain") && !m.url.ptr && !m.file_id.ptr;
    return m.whole && !m.data.ptr && !m.mime.ptr &&
           ((url && b->url && !m.file_id.ptr) || (file && b->file_id && !m.url.ptr));
}

/* Puts one member into its field; false = it stays in extra. */
static bool llmprov__msg_read_member(llmprov__msg_reader *r, llmprov_block *b, const llmprov__msg_member *m,
                                     const llmprov_scan *s, llmprov_str raw) {
    switch (m->place) {
    case LLMPROV__MSG_TO_TEXT:
        if (!llmprov__msg_is_string(raw)) return false;
        b->text = llmprov__msg_string(r, s, raw, &b->text_len);
        return true;
    case LLMPROV__MSG_TO_STRING:
        if (!llmprov__msg_is_string(raw)) return false;
        *(const char **)(void *)((char *)b + m->field) = llmprov__msg_string(r, s, raw, NULL);
        return true;
    case LLMPROV__MSG_TO_JSON:
        b->json = llmprov__mem_copy(r->arena, raw.ptr, raw.len);
        b->json_len = raw.len;
        return true;
    case LLMPROV__MSG_TO_TRUE:
        b->is_error = raw.ptr[0] == 't';
        return b->is_error;
    case LLMPROV__MSG_TO_SOURCE:
        return llmprov__msg_read_source(r, b, s, raw);
    case LLMPROV__MSG_TO_CONTENT:
        if (!llmprov__msg_is_string(raw)) return raw.ptr[0] == '[';
        b->text = llmprov__msg_string(r, s, raw, &b->text_len);
        return true;
    }
    return false;
}

typedef struct llmprov__msg_caught {
    llmprov_str raw[LLMPROV__MSG_KEYS];
    llmprov_writer extra;        /* what has no name here */
} llmprov__msg_caught;

/* Step one: catches the members of the object that comes. */
static void llmprov__msg_catch(llmprov__msg_reader *r, llmprov_scan *s, llmprov__msg_caught *c) {
    llmprov_str key, value;
    memset(c, 0, sizeof *c);
    llmprov__msg_gather_begin(r, &c->extra);
    while (llmprov_scan_key(s, &key)) {
        size_t i;
        for (i = 0; i < LLMPROV__MSG_KEYS && !llmprov__text_is(key, llmprov__msg_names[i]); i++) { }
        if (i == LLMPROV__MSG_KEYS) {
            llmprov_str name = { llmprov__mem_copy(r->arena, key.ptr, key.len), key.len };
            if (llmprov_scan_raw(s, &value) && name.ptr) llmprov__msg_gather(&c->extra, name, value);
        } else if (llmprov_scan_raw(s, &value)) {
            c->raw[i] = value;
        }
    }
}

/* The members that were caught by name and have not found a field join the others. */
static void llmprov__msg_gather_left(llmprov__msg_caught *c) {
    size_t i;
    for (i = 0; i < LLMPROV__MSG_KEYS; i++) {
        llmprov_str key = { llmprov__msg_names[i], strlen(llmprov__msg_names[i]) };
        if (c->raw[i].ptr) llmprov__msg_gather(&c->extra, key, c->raw[i]);
    }
}

/* Reads the block that comes, but not the list in a tool result's content, which is left in *content. */
static bool llmprov__msg_read_flat(llmprov__msg_reader *r, llmprov_scan *s, llmprov_block *b, llmprov_str *content) {
    llmprov__msg_caught c;
    const llmprov__msg_form *form;
    llmprov_str word;
    size_t i;
    bool whole = false;
    memset(b, 0, sizeof *b);
    content->ptr = NULL;
    llmprov__msg_catch(r, s, &c);
    if (s->status || !llmprov__msg_is_string(c.raw[LLMPROV__MSG_TYPE])) {
        llmprov_writer_free(&c.extra);
        if (!s->status) llmprov__err_set(r->err, r->arena, LLMPROV_ERR_ARGUMENT, r->path, ": a block is an object with a \"type\" word", (char *)NULL);
        return false;
    }
    word = llmprov__json_unquote(s, c.raw[LLMPROV__MSG_TYPE], false);
    form = llmprov__msg_form_of(word);
    if (!form || !form->word) b->kind = llmprov__mem_copy(r->arena, word.ptr, word.len);
    if (c.raw[LLMPROV__MSG_CACHE].ptr) b->cache = llmprov__msg_cache(s, c.raw[LLMPROV__MSG_CACHE], &whole);
    if (whole) c.raw[LLMPROV__MSG_CACHE].ptr = NULL;
    if (llmprov__msg_is_string(c.raw[LLMPROV__MSG_ORIGIN])) {
        b->origin = llmprov__msg_string(r, s, c.raw[LLMPROV__MSG_ORIGIN], NULL);
        c.raw[LLMPROV__MSG_ORIGIN].ptr = NULL;
    }
    if (!form) {
        b->type = LLMPROV_BLOCK_RAW;
        llmprov__msg_gather_left(&c);
        b->json = llmprov__msg_gathered(r, &c.extra, &b->json_len);
        return true;
    }
    b->type = form->type;
    c.raw[LLMPROV__MSG_TYPE].ptr = NULL;
    for (i = 0; i < llmprov__msg_members(form); i++) {
        llmprov_str *raw = &c.raw[form->members[i].key];
        if (!raw->ptr || !llmprov__msg_read_member(r, b, &form->members[i], s, *raw)) continue;
        if (form->members[i].place == LLMPROV__MSG_TO_CONTENT && raw->ptr[0] == '[') *content = *raw;
        raw->ptr = NULL;
    }
    llmprov__msg_gather_left(&c);
    b->extra = llmprov__msg_gathered(r, &c.extra, &b->extra_len);
    return true;
}

/* How many items a raw list has; false when it is none. */
static bool llmprov__msg_count(const llmprov_scan *s, llmprov_str raw, size_t *count) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    *count = 0;
    if (llmprov_scan_kind(&in) != LLMPROV_JSON_ARRAY) return false;
    while (llmprov_scan_item(&in)) {
        llmprov_scan_skip(&in);
        ++*count;
    }
    return true;
}

/* A place inside the current one: path[3] or path.name. Lives in the arena only when an error needs it. */
static llmprov__msg_reader llmprov__msg_inside(const llmprov__msg_reader *r, char to[160], const char *name, size_t index) {
    llmprov__msg_reader in = *r;
    size_t n = strlen(r->path), m = name ? strlen(name) : 0;
    if (n + m + 32 > 160) return in;
    memcpy(to, r->path, n);
    if (name) {
        if (n) to[n++] = '.';
        memcpy(to + n, name, m);
        n += m;
    }
    if (index != (size_t)-1) {
        to[n++] = '[';
        n += llmprov__text_from_int(to + n, (int64_t)index);
        to[n++] = ']';
    }
    to[n] = 0;
    in.path = to;
    return in;
}

/* The blocks inside a tool result. */
static bool llmprov__msg_read_content(llmprov__msg_reader *r, llmprov_block *b, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_block *items;
    llmprov_str deeper;
    size_t count, i = 0;
    char path[160];
    if (!llmprov__msg_count(s, raw, &count)) return false;
    items = (llmprov_block *)llmprov__mem_take(r->arena, count * sizeof *items);
    if (!items) return false;
    while (llmprov_scan_item(&in)) {
        llmprov__msg_reader at = llmprov__msg_inside(r, path, "content", i);
        llmprov_block *item = &items[i++];
        if (!llmprov__msg_read_flat(&at, &in, item, &deeper)) return false;
        if (!deeper.ptr) continue;
        item->json = llmprov__mem_copy(r->arena, deeper.ptr, deeper.len);
        item->json_len = deeper.len;
    }
    b->content = items;
    b->content_count = count;
    return true;
}

/* Reads one block whole; false after an error, which is in r->err or in the scan. */
static bool llmprov__msg_read_block(llmprov__msg_reader *r, llmprov_scan *s, llmprov_block *b) {
    llmprov_str content;
    if (!llmprov__msg_read_flat(r, s, b, &content)) return false;
    return !content.ptr || llmprov__msg_read_content(r, b, s, content);
}

/* Reads a string or a list of blocks. */
static bool llmprov__msg_read_blocks(llmprov__msg_reader *r, const llmprov_scan *s, llmprov_str raw, const char *name,
                                     llmprov_block **blocks, size_t *count, bool *plain) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    char path[160];
    size_t i = 0;
    *plain = llmprov__msg_is_string(raw);
    *count = 1;
    if (!*plain && !llmprov__msg_count(s, raw, count)) {
        llmprov__msg_reader at = llmprov__msg_inside(r, path, name, (size_t)-1);
        llmprov__err_set(r->err, r->arena, LLMPROV_ERR_ARGUMENT, at.path, ": a string or a list of blocks was expected", (char *)NULL);
        return false;
    }
    *blocks = (llmprov_block *)llmprov__mem_take(r->arena, *count * sizeof **blocks);
    if (!*blocks) return false;
    if (*plain) {
        (*blocks)->text = llmprov__msg_string(r, s, raw, &(*blocks)->text_len);
        return (*blocks)->text != NULL;
    }
    while (llmprov_scan_item(&in)) {
        llmprov__msg_reader at = llmprov__msg_inside(r, path, name, i);
        if (!llmprov__msg_read_block(&at, &in, &(*blocks)[i++])) return false;
    }
    return true;
}

static bool llmprov__msg_read_role(llmprov__msg_reader *r, llmprov_str word, llmprov_role *role) {
    if (llmprov__text_is(word, "user")) *role = LLMPROV_ROLE_USER;
    else if (llmprov__text_is(word, "assistant")) *role = LLMPROV_ROLE_ASSISTANT;
    else if (llmprov__text_is(word, "system")) *role = LLMPROV_ROLE_SYSTEM;
    else {
        llmprov__err_set(r->err, r->arena, LLMPROV_ERR_ARGUMENT, r->path, ".role: \"user\", \"assistant\" or \"system\" was expected", (char *)NULL);
        return false;
    }
    return true;
}

static bool llmprov__msg_read_message(llmprov__msg_reader *r, llmprov_scan *s, llmprov_message *m) {
    llmprov_writer extra;
    llmprov_str key, value, role = { NULL, 0 }, content = { NULL, 0 };
    llmprov_block *blocks = NULL;
    bool ok;
    llmprov__msg_gather_begin(r, &extra);
    memset(m, 0, sizeof *m);
    while (llmprov_scan_key(s, &key)) {
        llmprov_str name = { llmprov__mem_copy(r->arena, key.ptr, key.len), key.len };
        if (!llmprov_scan_raw(s, &value) || !name.ptr) break;
        if (llmprov__text_is(name, "role")) role = value;
        else if (llmprov__text_is(name, "content")) content = value;
        else llmprov__msg_gather(&extra, name, value);
    }
    m->extra = llmprov__msg_gathered(r, &extra, &m->extra_len);
    if (s->status || r->arena->failed) return false;
    if (!llmprov__msg_is_string(role) || !content.ptr) {
        llmprov__err_set(r->err, r->arena, LLMPROV_ERR_ARGUMENT, r->path, ": a message is an object with \"role\" and \"content\"", (char *)NULL);
        return false;
    }
    if (!llmprov__msg_read_role(r, llmprov__json_unquote(s, role, false), &m->role)) return false;
    ok = llmprov__msg_read_blocks(r, s, content, "content", &blocks, &m->block_count, &m->plain);
    m->blocks = blocks;
    return ok;
}

/* Reads a list of messages. */
static bool llmprov__msg_read_messages(llmprov__msg_reader *r, const llmprov_scan *s, llmprov_str raw,
                                       llmprov_message *messages) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    char path[160];
    size_t i = 0;
    while (llmprov_scan_item(&in)) {
        llmprov__msg_reader at = llmprov__msg_inside(r, path, "messages", i);
        if (!llmprov__msg_read_message(&at, &in, &messages[i++])) return false;
    }
    return true;
}

/* Whether a member's name is one that blocks have a field for. */
static bool llmprov__msg_is_known(llmprov_str key) {
    size_t i;
    for (i = 0; i < LLMPROV__MSG_KEYS; i++)
        if (llmprov__text_is(key, llmprov__msg_names[i])) return true;
    return llmprov__text_is(key, "citations");
}

/* -- writing blocks -- */

/* The store keeps origins, the wire refuses them; a saved reply has every member that replies have, too. */
enum { LLMPROV__MSG_FOR_WIRE, LLMPROV__MSG_FOR_STORE, LLMPROV__MSG_FOR_REPLY };

/* Where the bytes of an image or a document are, in Anthropic's form. */
static void llmprov__msg_write_source(llmprov_writer *w, const llmprov_block *b) {
    bool bytes = b->base64 || b->data || b->source.read;
    if (!bytes && !b->text && !b->url && !b->file_id) return;
    llmprov_write_open(w, "source", '{');
    llmprov_write_str(w, "type", bytes ? "base64" : b->url ? "url" : b->file_id ? "file" : "text",
                      bytes ? 6 : b->url ? 3 : 4);
    if (bytes) {
        llmprov_write_str(w, "media_type", b->mime ? b->mime : "application/octet-stream", llmprov__text_len(b->mime ? b->mime : "application/octet-stream", 0));
        llmprov__write_string_open(w, "data");
        if (b->base64) llmprov__write_plain(w, b->base64, llmprov__text_len(b->base64, b->base64_len));
        else llmprov__write_base64(w, b->data, b->data_len, b->data ? NULL : &b->source);
        llmprov__write_string_close(w);
    } else if (b->url) {
        llmprov__write_long(w, "url", b->url, strlen(b->url));
    } else if (b->file_id) {
        llmprov_write_str(w, "file_id", b->file_id, strlen(b->file_id));
    } else {
        llmprov_write_str(w, "media_type", "text/plain", 10);
        llmprov__write_long(w, "data", b->text, llmprov__text_len(b->text, b->text_len));
    }
    llmprov_write_close(w);
}

/* Whether extra has a member; then it is written from there. */
static bool llmprov__msg_has(const char *extra, size_t len, const char *key, llmprov_str *value) {
    llmprov_scan s = llmprov__json_scan(extra ? extra : "", llmprov__text_len(extra, len), NULL, 0);
    llmprov_str name;
    if (!extra) return false;
    while (llmprov_scan_key(&s, &name)) {
        bool found = llmprov__text_is(name, key);
        if (!llmprov_scan_raw(&s, value)) return false;
        if (found) return true;
    }
    return false;
}

/* A cache mark that was spelled out ("ttl":"5m") stays so as long as it means the same. */
static bool llmprov__msg_same_mark(llmprov_cache cache, llmprov_str raw) {
    llmprov_scan s = llmprov__json_scan(raw.ptr, raw.len, NULL, 0);
    bool whole;
    return llmprov__msg_cache(&s, raw, &whole) == cache;
}

/* The mark that an object's members spell out. */
static llmprov_cache llmprov__msg_spelled(const char *json, size_t len) {
    llmprov_str mark;
    if (!llmprov__msg_has(json, len, "cache_control", &mark)) return LLMPROV_CACHE_NONE;
    return llmprov__msg_same_mark(LLMPROV_CACHE_5M, mark) ? LLMPROV_CACHE_5M :
           llmprov__msg_same_mark(LLMPROV_CACHE_1H, mark) ? LLMPROV_CACHE_1H : LLMPROV_CACHE_NONE;
}

static void llmprov__msg_write_mark(llmprov_writer *w, llmprov_cache cache) {
    if (!cache) return;
    llmprov_write_open(w, "cache_control", '{');
    llmprov_write_str(w, "type", "ephemeral", 9);
    if (cache == LLMPROV_CACHE_1H) llmprov_write_str(w, "ttl", "1h", 2);
    llmprov_write_close(w);
}

/* What only a stream's blocks have, and no request may: libraries store it by mistake. */
static const char *const llmprov__msg_stream_only[] = { "index", "partial_json" };

static bool llmprov__msg_is_stream_only(llmprov_str key) {
    return llmprov__text_is(key, llmprov__msg_stream_only[0]) || llmprov__text_is(key, llmprov__msg_stream_only[1]);
}

/* Citations as a request takes them: a reply's file_id is not among their members. */
static void llmprov__msg_write_citations(llmprov_writer *w, const llmprov_scan *s, llmprov_str list) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str key, value;
    llmprov_write_open(w, "citations", '[');
    while (llmprov_scan_item(&in)) {
        llmprov_write_open(w, NULL, '{');
        while (llmprov_scan_key(&in, &key)) {
            bool skip = llmprov__text_is(key, "file_id");
            if (llmprov_scan_raw(&in, &value) && !skip) llmprov__write_raw_key(w, key, value, false);
        }
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

/* Whether a field of a block is set, which then stands over a member of extra that has its name. A source that its
   fields cannot hold whole is in extra. */
static bool llmprov__msg_fills(const llmprov_block *b, const llmprov__msg_member *m) {
    switch (m->place) {
    case LLMPROV__MSG_TO_TEXT: return b->text != NULL;
    case LLMPROV__MSG_TO_STRING: return *(const char *const *)(const void *)((const char *)b + m->field) != NULL;
    case LLMPROV__MSG_TO_JSON: return b->json != NULL;
    case LLMPROV__MSG_TO_TRUE: return b->is_error;
    case LLMPROV__MSG_TO_CONTENT: return b->text || b->content;
    case LLMPROV__MSG_TO_SOURCE: break;
    }
    return false;
}

/* Whether a member of a block's extra was written from its field. */
static bool llmprov__msg_filled(const llmprov_block *b, llmprov_str key) {
    const llmprov__msg_form *form = b ? llmprov__msg_form_for(b->type) : NULL;
    size_t i;
    for (i = llmprov__msg_members(form); i-- > 0; ) {
        const llmprov__msg_member *m = &form->members[i];
        if (llmprov__text_is(key, llmprov__msg_names[m->key]) && llmprov__msg_fills(b, m)) return true;
    }
    return b && b->origin && llmprov__text_is(key, "origin");
}

/* Members that have no field, but for one. `b` is the block that they are of, or NULL. */
static void llmprov__msg_write_rest(llmprov_writer *w, const llmprov_block *b, const char *extra, size_t len,
                                    const char *but, bool wire) {
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_str key, value;
    if (!extra) return;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = w->alloc;
    s = llmprov__json_scan(extra, llmprov__text_len(extra, len), &scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        bool skip = (but && llmprov__text_is(key, but)) || (wire && llmprov__msg_is_stream_only(key)) ||
                    llmprov__msg_filled(b, key);
        if (!llmprov_scan_raw(&s, &value) || skip) continue;
        if (wire && llmprov__text_is(key, "citations") && value.ptr[0] == '[') llmprov__msg_write_citations(w, &s, value);
        else llmprov__write_raw_key(w, key, value, false);
    }
    if (scratch.failed) w->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
}

static void llmprov__msg_write_extra(llmprov_writer *w, const char *extra, size_t len, const char *but) {
    llmprov__msg_write_rest(w, NULL, extra, len, but, false);
}

/* Members that have no field, and one mark: in the words that they have for it as long as these mean the same. */
static void llmprov__msg_write_marked(llmprov_writer *w, const llmprov_block *b, llmprov_str extra, llmprov_cache cache,
                                      bool wire) {
    llmprov_str mark;
    bool spelled = llmprov__msg_has(extra.ptr, extra.len, "cache_control", &mark) && llmprov__msg_same_mark(cache, mark);
    llmprov__msg_write_rest(w, b, extra.ptr, extra.len, spelled ? NULL : "cache_control", wire);
    if (!spelled) llmprov__msg_write_mark(w, cache);
}

/* What a block of a kind without a form consists of. A saved one keeps its mark although no field tells of it. */
static void llmprov__msg_write_whole(llmprov_writer *w, const llmprov_block *b, bool wire) {
    llmprov_str json = { b->json, llmprov__text_len(b->json, b->json_len) };
    bool told = wire || b->cache;
    llmprov__msg_write_marked(w, NULL, json, told ? b->cache : llmprov__msg_spelled(json.ptr, json.len), false);
    llmprov__msg_write_rest(w, NULL, b->extra, b->extra_len, "cache_control", wire);
}

static void llmprov__msg_write_member(llmprov_writer *w, const llmprov_block *b, const llmprov__msg_member *m) {
    const char *key = llmprov__msg_names[m->key], *string = NULL;
    llmprov_str in_extra;
    if (!llmprov__msg_fills(b, m) && llmprov__msg_has(b->extra, b->extra_len, key, &in_extra)) return;
    switch (m->place) {
    case LLMPROV__MSG_TO_TEXT:
        if (b->text || m->required) llmprov__write_long(w, key, b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
        break;
    case LLMPROV__MSG_TO_STRING:
        string = *(const char *const *)(const void *)((const char *)b + m->field);
        if (string || m->required) llmprov__write_long(w, key, string ? string : "", llmprov__text_len(string, 0));
        break;
    case LLMPROV__MSG_TO_JSON:
        if (b->json) llmprov__write_long_raw(w, key, b->json, llmprov__text_len(b->json, b->json_len));
        else if (m->required) llmprov_write_raw(w, key, "{}", 2);
        break;
    case LLMPROV__MSG_TO_TRUE:
        if (b->is_error) llmprov_write_bool(w, key, true);
        break;
    case LLMPROV__MSG_TO_SOURCE:
        llmprov__msg_write_source(w, b);
        break;
    case LLMPROV__MSG_TO_CONTENT:
        if (b->text && !b->content) llmprov__write_long(w, key, b->text, llmprov__text_len(b->text, b->text_len));
        break;
    }
}

/* Members that Anthropic's replies have in every block of a type, and what they are where nothing else is known. */
static const struct { const char *type, *member, *value; } llmprov__msg_reply_members[] = {
    { "text", "citations", "null" }, { "thinking", "signature", "\"\"" },
    { "tool_use", "caller", "{\"type\":\"direct\"}" }, { "server_tool_use", "caller", "{\"type\":\"direct\"}" },
    { "web_search_tool_result", "caller", "{\"type\":\"direct\"}" },
    { "web_fetch_tool_result", "caller", "{\"type\":\"direct\"}" },
};

static void llmprov__msg_write_reply_members(llmprov_writer *w, const llmprov_block *b, const char *type) {
    llmprov_str there;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__msg_reply_members); i++) {
        const char *member = llmprov__msg_reply_members[i].member, *value = llmprov__msg_reply_members[i].value;
        if (strcmp(type, llmprov__msg_reply_members[i].type)) continue;
        if (b->type == LLMPROV_BLOCK_THINKING && b->signature) continue;
        if (!llmprov__msg_has(b->extra, b->extra_len, member, &there)) llmprov_write_raw(w, member, value, strlen(value));
    }
}

/* Opens a block and writes all but the list in a tool result; the caller closes it. */
static void llmprov__msg_write_head(llmprov_writer *w, const char *key, const llmprov_block *b, int to) {
    const llmprov__msg_form *form = llmprov__msg_form_for(b->type);
    const char *word = form && form->word ? form->word : b->kind ? b->kind : "unknown";
    llmprov_str extra = { b->extra, llmprov__text_len(b->extra, b->extra_len) }, type;
    bool wire = to == LLMPROV__MSG_FOR_WIRE;
    size_t i;
    llmprov_write_open(w, key, '{');
    if (!form) {
        llmprov__msg_write_whole(w, b, wire);
    } else {
        if (!llmprov__msg_has(extra.ptr, extra.len, "type", &type)) llmprov_write_str(w, "type", word, strlen(word));
        for (i = 0; i < llmprov__msg_members(form); i++) llmprov__msg_write_member(w, b, &form->members[i]);
        if (to == LLMPROV__MSG_FOR_REPLY) llmprov__msg_write_reply_members(w, b, word);
    }
    if (!wire && b->origin) llmprov_write_str(w, "origin", b->origin, strlen(b->origin));
    if (form) llmprov__msg_write_marked(w, b, extra, b->cache, wire);
}

static void llmprov__msg_write_block(llmprov_writer *w, const llmprov_block *b, int to) {
    size_t i;
    llmprov__msg_write_head(w, NULL, b, to);
    if (b->type == LLMPROV_BLOCK_TOOL_RESULT && b->content) {
        llmprov_write_open(w, "content", '[');
        for (i = 0; i < b->content_count; i++) {
            llmprov__msg_write_head(w, NULL, &b->content[i], to);
            if (b->content[i].json && llmprov__msg_form_for(b->content[i].type) && b->content[i].type == LLMPROV_BLOCK_TOOL_RESULT)
                llmprov__write_long_raw(w, "content", b->content[i].json, llmprov__text_len(b->content[i].json, b->content[i].json_len));
            llmprov_write_close(w);
        }
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

static const char *llmprov__msg_role(llmprov_role role) {
    return role == LLMPROV_ROLE_ASSISTANT ? "assistant" : role == LLMPROV_ROLE_SYSTEM ? "system" : "user";
}

/* Content that was a string is one again while it still is one plain text. */
static bool llmprov__msg_is_plain(const llmprov_message *m) {
    return m->plain && m->block_count == 1 && m->blocks->type == LLMPROV_BLOCK_TEXT && !m->blocks->extra && !m->blocks->cache;
}

static void llmprov__msg_write_message(llmprov_writer *w, const llmprov_message *m, int to) {
    const char *role = llmprov__msg_role(m->role);
    size_t i;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "role", role, strlen(role));
    llmprov__msg_write_extra(w, m->extra, m->extra_len, NULL);
    if (llmprov__msg_is_plain(m)) {
        llmprov__write_long(w, "content", m->blocks->text, llmprov__text_len(m->blocks->text, m->blocks->text_len));
    } else {
        llmprov_write_open(w, "content", '[');
        for (i = 0; i < m->block_count; i++) llmprov__msg_write_block(w, &m->blocks[i], to);
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

/* A string where it is one text without marks, otherwise a list. */
static void llmprov__msg_write_system(llmprov_writer *w, const char *text, size_t len, const llmprov_block *blocks, size_t count) {
    size_t i;
    if (!text && !count) return;
    if (!count) {
        llmprov__write_long(w, "system", text, llmprov__text_len(text, len));
        return;
    }
    llmprov_write_open(w, "system", '[');
    for (i = 0; i < count; i++) llmprov__msg_write_block(w, &blocks[i], LLMPROV__MSG_FOR_WIRE);
    llmprov_write_close(w);
}

/* Hands a writer's text over, or its failure. */
static llmprov_status llmprov__msg_finish(llmprov_writer *w, llmprov_text *out) {
    llmprov_status status = w->status;
    memset(out, 0, sizeof *out);
    if (!status) {
        llmprov_scan s = llmprov__json_scan(w->text, w->len, NULL, 0);
        llmprov_str whole;
        if (!llmprov_scan_raw(&s, &whole)) status = LLMPROV_ERR_ARGUMENT;      /* a block held JSON that is none */
    }
    if (!status) {
        out->alloc = w->alloc;
        out->len = w->len;
        out->ptr = (char *)llmprov__mem_realloc(&w->alloc, w->text, w->cap, w->len + 1);
        if (out->ptr) w->text = NULL, w->cap = 0;
        else status = LLMPROV_ERR_NO_MEMORY;
    }
    llmprov_writer_free(w);
    return status;
}

LLMPROV_API llmprov_status llmprov_block_save(const llmprov_block *block, const llmprov_alloc *alloc, llmprov_text *out) {
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    if (alloc) w.alloc = *alloc;
    llmprov__msg_write_block(&w, block, LLMPROV__MSG_FOR_STORE);
    return llmprov__msg_finish(&w, out);
}

/* -- histories -- */

typedef struct llmprov__msg_memory {
    llmprov__mem_arena arena;
    size_t message_cap, block_cap;             /* block_cap: of the last message */
    bool list;                   /* was loaded from a bare list, and is saved as one */
} llmprov__msg_memory;

static llmprov__msg_memory *llmprov__msg_memory_of(llmprov_history *h) {
    llmprov__msg_memory *m = (llmprov__msg_memory *)h->memory;
    if (m || h->status) return h->status ? NULL : m;
    m = (llmprov__msg_memory *)llmprov__mem_realloc(&h->alloc, NULL, 0, sizeof *m);
    if (!m) {
        h->status = LLMPROV_ERR_NO_MEMORY;
        return NULL;
    }
    memset(m, 0, sizeof *m);
    m->arena.alloc = h->alloc;
    h->memory = m;
    return m;
}

LLMPROV_API void llmprov_history_free(llmprov_history *h) {
    llmprov__msg_memory *m;
    llmprov_alloc alloc;
    if (!h) return;
    alloc = h->alloc;
    m = (llmprov__msg_memory *)h->memory;
    if (m) {
        llmprov__mem_realloc(&alloc, h->messages, m->message_cap * sizeof *h->messages, 0);
        llmprov__mem_arena_free(&m->arena);
        llmprov__mem_realloc(&alloc, m, sizeof *m, 0);
    }
    memset(h, 0, sizeof *h);
    h->alloc = alloc;
}

static const char *llmprov__msg_keep(llmprov__mem_arena *a, const char *text, size_t len) {
    return text ? llmprov__mem_copy(a, text, len) : NULL;
}

/* Copies what one block points to, but for its content. A source is read now: a history owns what it holds. */
static bool llmprov__msg_copy_flat(llmprov__mem_arena *a, llmprov_block *to, const llmprov_block *from) {
    *to = *from;
    to->text_len = llmprov__text_len(from->text, from->text_len);
    to->json_len = llmprov__text_len(from->json, from->json_len);
    to->base64_len = llmprov__text_len(from->base64, from->base64_len);
    to->extra_len = llmprov__text_len(from->extra, from->extra_len);
    to->text = llmprov__msg_keep(a, from->text, to->text_len);
    to->json = llmprov__msg_keep(a, from->json, to->json_len);
    to->base64 = llmprov__msg_keep(a, from->base64, to->base64_len);
    to->extra = llmprov__msg_keep(a, from->extra, to->extra_len);
    to->id = llmprov__msg_keep(a, from->id, llmprov__text_len(from->id, 0));
    to->name = llmprov__msg_keep(a, from->name, llmprov__text_len(from->name, 0));
    to->mime = llmprov__msg_keep(a, from->mime, llmprov__text_len(from->mime, 0));
    to->url = llmprov__msg_keep(a, from->url, llmprov__text_len(from->url, 0));
    to->file_id = llmprov__msg_keep(a, from->file_id, llmprov__text_len(from->file_id, 0));
    to->signature = llmprov__msg_keep(a, from->signature, llmprov__text_len(from->signature, 0));
    to->kind = llmprov__msg_keep(a, from->kind, llmprov__text_len(from->kind, 0));
    to->origin = llmprov__msg_keep(a, from->origin, llmprov__text_len(from->origin, 0));
    if (from->data) {
        to->data = llmprov__mem_copy(a, from->data, from->data_len);
    } else if (from->source.read) {
        char *data = from->data_len < (size_t)-1 ? (char *)llmprov__mem_take(a, from->data_len + 1) : NULL;
        size_t done = 0, got = 1;
        while (data && got && done < from->data_len) {
            got = from->source.read(from->source.user, done, data + done, from->data_len - done);
            done += got <= from->data_len - done ? got : 0;
        }
        to->data = data;
        memset(&to->source, 0, sizeof to->source);
        if (done < from->data_len) return false;
    }
    return !a->failed;
}

static bool llmprov__msg_copy_block(llmprov__mem_arena *a, llmprov_block *to, const llmprov_block *from) {
    llmprov_block *content;
    size_t i;
    if (!llmprov__msg_copy_flat(a, to, from)) return false;
    if (!from->content) return true;
    content = (llmprov_block *)llmprov__mem_take(a, from->content_count * sizeof *content);
    for (i = 0; content && i < from->content_count; i++) {
        if (!llmprov__msg_copy_flat(a, &content[i], &from->content[i])) return false;
        content[i].content = NULL;
        content[i].content_count = 0;
    }
    to->content = content;
    return content != NULL;
}

/* An empty message at the end; NULL = no memory. */
static llmprov_message *llmprov__msg_grow(llmprov_history *h, llmprov_role role) {
    llmprov__msg_memory *m = llmprov__msg_memory_of(h);
    llmprov_message *message;
    if (!m) return NULL;
    if (h->message_count == m->message_cap) {
        size_t cap = m->message_cap ? m->message_cap * 2 : 8;
        message = (llmprov_message *)llmprov__mem_realloc(&h->alloc, h->messages, m->message_cap * sizeof *message, cap * sizeof *message);
        if (!message) {
            h->status = LLMPROV_ERR_NO_MEMORY;
            return NULL;
        }
        h->messages = message;
        m->message_cap = cap;
    }
    m->block_cap = 0;
    message = &h->messages[h->message_count++];
    memset(message, 0, sizeof *message);
    message->role = role;
    return message;
}

/* Room for one more block in the last message. */
static llmprov_block *llmprov__msg_grow_block(llmprov_history *h, llmprov_message *message) {
    llmprov__msg_memory *m = (llmprov__msg_memory *)h->memory;
    if (message->block_count >= m->block_cap) {
        size_t cap = message->block_count ? message->block_count * 2 : 1;
        llmprov_block *blocks = (llmprov_block *)llmprov__mem_take(&m->arena, cap * sizeof *blocks);
        if (!blocks) return NULL;
        if (message->block_count) memcpy(blocks, message->blocks, message->block_count * sizeof *blocks);
        message->blocks = blocks;
        m->block_cap = cap;
    }
    return (llmprov_block *)&message->blocks[message->block_count];
}

LLMPROV_API void llmprov_add_block(llmprov_history *h, llmprov_role role, const llmprov_block *block) {
    llmprov__msg_memory *m = llmprov__msg_memory_of(h);
    llmprov_message *message;
    llmprov_block *to;
    bool fresh;
    if (!m) return;
    fresh = !h->message_count || h->messages[h->message_count - 1].role != role;
    message = fresh ? llmprov__msg_grow(h, role) : &h->messages[h->message_count - 1];
    to = message ? llmprov__msg_grow_block(h, message) : NULL;
    if (to && llmprov__msg_copy_block(&m->arena, to, block)) {
        message->block_count++;
        message->plain = false;
        return;
    }
    if (fresh && message) h->message_count--;
    h->status = m->arena.failed || !to ? LLMPROV_ERR_NO_MEMORY : LLMPROV_ERR_ARGUMENT;
}

LLMPROV_API void llmprov_add_text(llmprov_history *h, llmprov_role role, const char *text) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.text = text ? text : "";
    llmprov_add_block(h, role, &b);
}

LLMPROV_API void llmprov_add_image(llmprov_history *h, const char *mime, const void *data, size_t len) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.type = LLMPROV_BLOCK_IMAGE;
    b.mime = mime;
    b.data = data;
    b.data_len = len;
    llmprov_add_block(h, LLMPROV_ROLE_USER, &b);
}

LLMPROV_API void llmprov_add_document(llmprov_history *h, const char *mime, const char *title, const void *data, size_t len) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.type = LLMPROV_BLOCK_DOCUMENT;
    b.mime = mime;
    b.name = title;
    b.data = data;
    b.data_len = len;
    llmprov_add_block(h, LLMPROV_ROLE_USER, &b);
}

LLMPROV_API void llmprov_add_tool_result(llmprov_history *h, const char *use_id, const char *text, bool is_error) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.type = LLMPROV_BLOCK_TOOL_RESULT;
    b.id = use_id;
    b.text = text ? text : "";
    b.is_error = is_error;
    llmprov_add_block(h, LLMPROV_ROLE_USER, &b);
}

LLMPROV_API void llmprov_add_message(llmprov_history *h, const llmprov_message *message) {
    llmprov__msg_memory *m;
    llmprov_message *to;
    llmprov_block *blocks;
    size_t i, extra_len;
    if (!message || !message->block_count || (m = llmprov__msg_memory_of(h)) == NULL) return;
    to = llmprov__msg_grow(h, message->role);
    if (!to) return;
    extra_len = llmprov__text_len(message->extra, message->extra_len);
    blocks = (llmprov_block *)llmprov__mem_take(&m->arena, message->block_count * sizeof *blocks);
    for (i = 0; blocks && i < message->block_count; i++)
        if (!llmprov__msg_copy_block(&m->arena, &blocks[i], &message->blocks[i])) break;
    to->extra = llmprov__msg_keep(&m->arena, message->extra, extra_len);
    if (m->arena.failed || i < message->block_count) {
        h->message_count--;
        h->status = m->arena.failed ? LLMPROV_ERR_NO_MEMORY : LLMPROV_ERR_ARGUMENT;
        return;
    }
    to->extra_len = extra_len;
    to->blocks = blocks;
    to->block_count = m->block_cap = message->block_count;
    to->plain = message->plain;
}

LLMPROV_API void llmprov_set_system(llmprov_history *h, const char *text) {
    llmprov__msg_memory *m = llmprov__msg_memory_of(h);
    const char *copy;
    if (!m) return;
    copy = llmprov__msg_keep(&m->arena, text, llmprov__text_len(text, 0));
    if (text && !copy) {
        h->status = LLMPROV_ERR_NO_MEMORY;
        return;
    }
    h->system = copy;
    h->system_len = llmprov__text_len(text, 0);
    h->system_blocks = NULL;
    h->system_count = 0;
}

LLMPROV_API llmprov_status llmprov_set_text(llmprov_history *h, size_t message, size_t block, const char *text) {
    llmprov__msg_memory *m = llmprov__msg_memory_of(h);
    const char *copy;
    llmprov_block *b;
    if (!m) return h->status;
    if (!text || message >= h->message_count || block >= h->messages[message].block_count) return LLMPROV_ERR_ARGUMENT;
    copy = llmprov__mem_copy(&m->arena, text, strlen(text));
    if (!copy) return h->status = LLMPROV_ERR_NO_MEMORY;
    b = (llmprov_block *)&h->messages[message].blocks[block];
    b->text = copy;
    b->text_len = strlen(text);
    return LLMPROV_OK;
}

LLMPROV_API void llmprov_history_cut(llmprov_history *h, size_t count) {
    llmprov__msg_memory *m = (llmprov__msg_memory *)h->memory;
    if (count >= h->message_count) return;
    h->message_count = count;
    if (m) m->block_cap = 0;
}

/* The members of a history: system and messages have a place, the rest is extra. */
static bool llmprov__msg_read_history(llmprov__msg_reader *r, llmprov_scan *s, llmprov_history *h, llmprov_str *messages, llmprov_str *system) {
    llmprov_writer extra;
    llmprov_str key, value;
    llmprov__msg_gather_begin(r, &extra);
    while (llmprov_scan_key(s, &key)) {
        llmprov_str name = { llmprov__mem_copy(r->arena, key.ptr, key.len), key.len };
        if (!llmprov_scan_raw(s, &value) || !name.ptr) break;
        if (llmprov__text_is(name, "messages")) *messages = value;
        else if (llmprov__text_is(name, "system") && value.ptr[0] != 'n') *system = value;
        else llmprov__msg_gather(&extra, name, value);
    }
    h->extra = llmprov__msg_gathered(r, &extra, &h->extra_len);
    return !s->status && !r->arena->failed;
}

static bool llmprov__msg_load(llmprov_history *h, llmprov__msg_memory *m, llmprov__msg_reader *r, llmprov_scan *s) {
    llmprov_str messages = { NULL, 0 }, system = { NULL, 0 };
    llmprov_block *blocks = NULL;
    llmprov_message *list;
    size_t count;
    bool plain;
    m->list = llmprov_scan_kind(s) == LLMPROV_JSON_ARRAY;
    if (m->list) llmprov_scan_raw(s, &messages);
    else if (!llmprov__msg_read_history(r, s, h, &messages, &system)) return false;
    if (!llmprov__json_done(s)) return false;
    if (!messages.ptr || !llmprov__msg_count(s, messages, &count)) {
        llmprov__err_set(r->err, r->arena, LLMPROV_ERR_ARGUMENT, "a history is a list of messages, or an object with a list \"messages\"", (char *)NULL);
        return false;
    }
    if (system.ptr) {
        if (!llmprov__msg_read_blocks(r, s, system, "system", &blocks, &h->system_count, &plain)) return false;
        h->system_blocks = blocks;
        if (plain) {
            h->system = blocks->text;
            h->system_len = blocks->text_len;
            h->system_blocks = NULL;
            h->system_count = 0;
        }
    }
    list = (llmprov_message *)llmprov__mem_realloc(&h->alloc, NULL, 0, (count ? count : 1) * sizeof *list);
    if (!list) {
        m->arena.failed = true;
        return false;
    }
    h->messages = list;
    m->message_cap = count ? count : 1;
    h->message_count = count;
    return llmprov__msg_read_messages(r, s, messages, list);
}

/* What a failed load says; the history is as it was: empty. */
static llmprov_status llmprov__msg_load_failed(llmprov_history *h, llmprov__msg_memory *m, llmprov_error *err, const llmprov_scan *s, llmprov_str came) {
    err->offset = llmprov__json_offset(s, came);
    if (m->arena.failed || s->status == LLMPROV_ERR_NO_MEMORY) err->code = LLMPROV_OK, llmprov__err_set(err, NULL, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
    else if (s->status) llmprov__err_set(err, &m->arena, s->status, "not JSON at byte ", llmprov__err_int((int64_t)err->offset).text, ": ", s->why ? s->why : "", (char *)NULL);
    llmprov__mem_realloc(&h->alloc, h->messages, m->message_cap * sizeof *h->messages, 0);
    m->message_cap = 0;
    m->list = false;
    m->arena.failed = false;
    h->messages = NULL;
    h->system = h->extra = NULL;
    h->system_blocks = NULL;
    h->message_count = h->system_count = h->system_len = h->extra_len = 0;
    return err->code;
}

LLMPROV_API llmprov_status llmprov_history_load(llmprov_history *h, const char *json, size_t len, llmprov_error *err) {
    llmprov__msg_memory *m = llmprov__msg_memory_of(h);
    llmprov__msg_reader r;
    llmprov__mem_buf scratch, clean = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_str came = { json, len }, text;
    llmprov_error ours;
    llmprov_scan s;
    bool ok;
    llmprov__err_clear(&ours);
    if (err) *err = ours;
    if (!m) {
        ours.code = h->status;
        ours.message = llmprov_status_text(h->status);
        if (err) *err = ours;
        return h->status;
    }
    if (h->message_count || h->system || h->system_count)
        return llmprov__err_set(err ? err : &ours, &m->arena, LLMPROV_ERR_ARGUMENT, "llmprov_history_load wants an empty history", (char *)NULL);
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = clean.alloc = h->alloc;
    text = llmprov__json_clean(&clean, came);
    if (clean.failed) m->arena.failed = true;
    s = llmprov__json_scan(text.ptr, text.len, &scratch, 0);
    r.arena = &m->arena;
    r.err = &ours;
    r.path = "";
    ok = !m->arena.failed && llmprov__msg_load(h, m, &r, &s) && !m->arena.failed && !scratch.failed;
    if (scratch.failed) m->arena.failed = true;
    if (!ok) llmprov__msg_load_failed(h, m, &ours, &s, came);
    llmprov__mem_buf_free(&clean);
    llmprov__mem_buf_free(&scratch);
    if (err) *err = ours;
    return ours.code;
}

LLMPROV_API llmprov_status llmprov_history_save(const llmprov_history *h, llmprov_text *out) {
    const llmprov__msg_memory *m = (const llmprov__msg_memory *)h->memory;
    bool list = m && m->list && !h->system && !h->system_count;
    llmprov_writer w;
    size_t i;
    memset(&w, 0, sizeof w);
    w.alloc = h->alloc;
    if (!list) {
        llmprov_write_open(&w, NULL, '{');
        llmprov__msg_write_extra(&w, h->extra, h->extra_len, h->system || h->system_count ? "system" : NULL);
        llmprov__msg_write_system(&w, h->system, h->system_len, h->system_blocks, h->system_count);
    }
    llmprov_write_open(&w, list ? NULL : "messages", '[');
    for (i = 0; i < h->message_count; i++) llmprov__msg_write_message(&w, &h->messages[i], LLMPROV__MSG_FOR_STORE);
    llmprov_write_close(&w);
    if (!list) llmprov_write_close(&w);
    return llmprov__msg_finish(&w, out);
}

LLMPROV_API const llmprov_block *llmprov_block_next(const llmprov_message *m, llmprov_block_type type, const llmprov_block *after) {
    const llmprov_block *b = after ? after + 1 : m->blocks, *end = m->blocks + m->block_count;
    for (; m->blocks && b < end; b++)
        if (b->type == type) return b;
    return NULL;
}

/* -- replies and errors in the same form -- */

static const char *const llmprov__msg_stops[LLMPROV_STOP_COUNT] = {
    "other", "end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn", "error", "model_context_window_exceeded",
};

LLMPROV_API const char *llmprov_stop_text(llmprov_stop stop) {
    return (unsigned)stop < LLMPROV_STOP_COUNT ? llmprov__msg_stops[stop] : "other";
}

LLMPROV_API const char *llmprov_error_type(llmprov_status code) {
    switch (code) {
    case LLMPROV_ERR_ARGUMENT: case LLMPROV_ERR_REQUEST: case LLMPROV_ERR_TOO_LONG: case LLMPROV_ERR_UNSUPPORTED:
    case LLMPROV_ERR_BAD_JSON: case LLMPROV_ERR_NO_PROVIDER: case LLMPROV_ERR_LIMIT: return "invalid_request_error";
    case LLMPROV_ERR_AUTH: case LLMPROV_ERR_NO_KEY: return "authentication_error";
    case LLMPROV_ERR_FORBIDDEN: return "permission_error";
    case LLMPROV_ERR_NOT_FOUND: return "not_found_error";
    case LLMPROV_ERR_RATE_LIMIT: return "rate_limit_error";
    case LLMPROV_ERR_QUOTA: return "billing_error";
    case LLMPROV_ERR_OVERLOADED: return "overloaded_error";
    case LLMPROV_ERR_TIMEOUT: return "timeout_error";
    default: return "api_error";
    }
}

/* The members of an object but for those of a list of names. */
static void llmprov__msg_write_others(llmprov_writer *w, llmprov_str object, const char *const *names, size_t count) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_scan s = llmprov__json_scan(object.ptr, object.len, &scratch, 0);
    llmprov_str key, value;
    scratch.alloc = w->alloc;
    while (llmprov_scan_key(&s, &key)) {
        size_t i = 0;
        while (i < count && !llmprov__text_is(key, names[i])) i++;
        if (llmprov_scan_raw(&s, &value) && i == count) llmprov__write_raw_key(w, key, value, false);
    }
    if (scratch.failed) llmprov__write_fail(w, LLMPROV_ERR_NO_MEMORY);
    llmprov__mem_buf_free(&scratch);
}

/* A member of an object, or null. */
static void llmprov__msg_write_or_null(llmprov_writer *w, llmprov_str object, const char *key) {
    llmprov_str value;
    if (llmprov__msg_has(object.ptr, object.len, key, &value)) llmprov_write_raw(w, key, value.ptr, value.len);
    else llmprov_write_null(w, key);
}

/* The counts, and what else the provider told where it told it in this form. */
static void llmprov__msg_write_usage(llmprov_writer *w, const llmprov_usage *u) {
    static const char *const counts[] = {
        "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation", "output_tokens",
        "output_tokens_details", "server_tool_use", "service_tier", "inference_geo", "speed",
    };
    llmprov_str raw = { u->raw, llmprov__text_len(u->raw, 0) }, value, none = { "{}", 2 };
    if (!llmprov__msg_has(raw.ptr, raw.len, counts[0], &value)) raw = none;
    llmprov_write_open(w, "usage", '{');
    llmprov_write_int(w, "input_tokens", u->input_tokens);
    llmprov_write_int(w, "cache_creation_input_tokens", u->cache_write_5m_tokens + u->cache_write_1h_tokens);
    llmprov_write_int(w, "cache_read_input_tokens", u->cache_read_tokens);
    llmprov_write_open(w, "cache_creation", '{');
    llmprov_write_int(w, "ephemeral_5m_input_tokens", u->cache_write_5m_tokens);
    llmprov_write_int(w, "ephemeral_1h_input_tokens", u->cache_write_1h_tokens);
    llmprov_write_close(w);
    llmprov_write_int(w, "output_tokens", u->output_tokens);
    llmprov_write_open(w, "output_tokens_details", '{');
    llmprov_write_int(w, "thinking_tokens", u->thinking_tokens);
    llmprov_write_close(w);
    llmprov__msg_write_or_null(w, raw, "server_tool_use");
    llmprov__msg_write_or_null(w, raw, "service_tier");
    llmprov__msg_write_or_null(w, raw, "inference_geo");
    llmprov__msg_write_or_null(w, raw, "speed");
    llmprov__msg_write_others(w, raw, counts, LLMPROV__COUNT(counts));
    llmprov_write_close(w);
}

static void llmprov__msg_write_word(llmprov_writer *w, const char *key, const char *text) {
    if (text) llmprov_write_str(w, key, text, strlen(text));
    else llmprov_write_null(w, key);
}

/* Every member that Anthropic's replies have, null where it is not known, then those that have no field. */
LLMPROV_API llmprov_status llmprov_response_save(const llmprov_response *r, llmprov_text *out) {
    static const char *const own[] = {
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "container",
        "diagnostics", "usage",
    };
    const char *stop = r->stop ? llmprov_stop_text(r->stop) : r->stop_word;
    llmprov_str extra = { r->extra ? r->extra : "{}", r->extra ? llmprov__text_len(r->extra, r->extra_len) : 2 };
    llmprov_writer w;
    size_t i;
    memset(&w, 0, sizeof w);
    if (r->memory) w.alloc = llmprov__mem_unmetered(&((const llmprov__mem_arena *)r->memory)->alloc);
    llmprov_write_open(&w, NULL, '{');
    llmprov__msg_write_word(&w, "id", r->id ? r->id : "");
    llmprov__msg_write_word(&w, "type", "message");
    llmprov__msg_write_word(&w, "role", "assistant");
    llmprov__msg_write_word(&w, "model", r->model ? r->model : "");
    llmprov_write_open(&w, "content", '[');
    for (i = 0; i < r->message.block_count; i++)
        llmprov__msg_write_block(&w, &r->message.blocks[i], LLMPROV__MSG_FOR_REPLY);
    llmprov_write_close(&w);
    llmprov__msg_write_word(&w, "stop_reason", stop && *stop ? stop : NULL);
    llmprov__msg_write_word(&w, "stop_sequence", r->stop_sequence);
    llmprov__msg_write_or_null(&w, extra, "stop_details");
    llmprov__msg_write_or_null(&w, extra, "container");
    llmprov__msg_write_or_null(&w, extra, "diagnostics");
    llmprov__msg_write_usage(&w, &r->usage);
    llmprov__msg_write_others(&w, extra, own, LLMPROV__COUNT(own));
    llmprov_write_close(&w);
    return llmprov__msg_finish(&w, out);
}

LLMPROV_API llmprov_status llmprov_error_save(const llmprov_error *e, const llmprov_alloc *alloc, llmprov_text *out) {
    const char *type = e->http_status == 409 ? "conflict_error" : e->http_status == 413 ? "request_too_large" : llmprov_error_type(e->code);
    const char *message = e->message ? e->message : "";
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    if (alloc) w.alloc = *alloc;
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "type", "error", 5);
    llmprov_write_open(&w, "error", '{');
    llmprov_write_str(&w, "type", type, strlen(type));
    llmprov_write_str(&w, "message", message, strlen(message));
    llmprov_write_close(&w);
    if (e->request_id && *e->request_id) llmprov_write_str(&w, "request_id", e->request_id, strlen(e->request_id));
    llmprov_write_close(&w);
    return llmprov__msg_finish(&w, out);
}

//==============================================================================
// >>http       requests, headers, URLs
//
// Nothing that a program or an environment hands in may break out of its place:
// a header's name is a token, its value one line, a URL has a host and no
// fragment, a path no "//" and no "..".
// Calls: -
//==============================================================================

/* A list of headers in an arena; setting one again replaces it, whatever its case. */
typedef struct llmprov__http_headers {
    llmprov_header *items;
    size_t count, cap;
} llmprov__http_headers;

static llmprov_header *llmprov__http_find(const llmprov__http_headers *h, const char *name) {
    size_t i;
    for (i = 0; i < h->count; i++)
        if (llmprov__text_same(h->items[i].name, name, true)) return &h->items[i];
    return NULL;
}

/* Both texts are kept, not copied. */
static void llmprov__http_set(llmprov__http_headers *h, llmprov__mem_arena *a, const char *name, const char *value) {
    llmprov_header *at = llmprov__http_find(h, name);
    if (!name || !value) return;
    if (!at && h->count == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 8;
        llmprov_header *items = (llmprov_header *)llmprov__mem_take(a, cap * sizeof *items);
        if (!items) return;
        if (h->count) memcpy(items, h->items, h->count * sizeof *items);
        h->items = items;
        h->cap = cap;
    }
    if (!at) at = &h->items[h->count++];
    at->name = name;
    at->value = value;
}

static void llmprov__http_drop(llmprov__http_headers *h, const char *name) {
    llmprov_header *at = llmprov__http_find(h, name);
    if (!at) return;
    memmove(at, at + 1, (size_t)(h->items + h->count - at - 1) * sizeof *at);
    h->count--;
}

/* RFC 9110 5.6.2 */
static bool llmprov__http_is_token(const char *p, size_t len) {
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c < '!' || !memchr("!#$%&'*+-.^_`|~", c, 15))) return false;
    }
    return len > 0;
}

/* Where a header's value stops being one line of text; its length when it is fine. */
static size_t llmprov__http_value_ok(const char *p, size_t len) {
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) break;
    }
    return i;
}

/* Lines of "Name: value" into the list. `whose` names them in the error, whose words lie in an arena of their own. */
static bool llmprov__http_lines(llmprov__http_headers *h, llmprov__mem_arena *a, const char *lines, const char *whose, llmprov_error *err, llmprov__mem_arena *words) {
    const char *p = lines;
    int64_t number = 1;
    for (; p && *p; number++) {
        const char *end = strchr(p, '\n'), *colon, *value;
        const char *next = end ? end + 1 : p + strlen(p);
        if (!end) end = next;
        if (end > p && end[-1] == '\r') end--;
        colon = (const char *)memchr(p, ':', (size_t)(end - p));
        if (end > p && (!colon || !llmprov__http_is_token(p, (size_t)(colon - p)))) {
            err->offset = (size_t)(p - lines);
            llmprov__err_set(err, words, LLMPROV_ERR_ARGUMENT, whose, ": line ", llmprov__err_int(number).text,
                             colon ? " has no proper header name before its colon" : " has no colon: \"Name: value\" was expected", (char *)NULL);
            return false;
        }
        if (end > p) {
            for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++) { }
            while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
            if (llmprov__http_value_ok(value, (size_t)(end - value)) < (size_t)(end - value)) {
                err->offset = (size_t)(value - lines);
                llmprov__err_set(err, words, LLMPROV_ERR_ARGUMENT, whose, ": line ", llmprov__err_int(number).text, " has a control character in its value", (char *)NULL);
                return false;
            }
            llmprov__http_set(h, a, llmprov__mem_copy(a, p, (size_t)(colon - p)), llmprov__mem_copy(a, value, (size_t)(end - value)));
        }
        p = next;
    }
    return true;
}

/* -- URLs -- */

/* "v1", "v4", "v1beta", "v2alpha1": a version segment. */
static bool llmprov__http_is_version(const char *p, size_t len) {
    size_t i = 1, digits;
    if (len < 2 || p[0] != 'v') return false;
    while (i < len && p[i] >= '0' && p[i] <= '9') i++;
    digits = i - 1;
    while (i < len && p[i] >= 'a' && p[i] <= 'z') i++;
    while (i < len && p[i] >= '0' && p[i] <= '9') i++;
    return digits > 0 && i == len;
}

/* The parts of a base URL: "https://host[:port]", the path without its slashes at the ends, the query. */
typedef struct llmprov__http_base { llmprov_str origin, path, query; } llmprov__http_base;

/* Why a text cannot stand in a URL as it is; NULL = it can. RFC 3986 is ASCII: what lies beyond has to be encoded, and
   a host's bytes otherwise than a path's, so it is left to whoever knows which host is meant. */
static const char *llmprov__http_misfit(const char *p) {
    const char *ascii = llmprov__text_ascii(p, p + strlen(p));
    if (*ascii) return "has a byte beyond ASCII: percent-encode it, or write the host as \"xn--...\"";
    for (; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || strchr("\"<>\\^`{|}", *p))
            return "has a character that a URL cannot have";
    return NULL;
}

static const char *llmprov__http_parse(const char *url, llmprov__http_base *b) {
    size_t scheme = !strncmp(url, "https://", 8) ? 8 : !strncmp(url, "http://", 7) ? 7 : 0;
    const char *p = url + scheme, *end = url + strlen(url), *query;
    const char *why = llmprov__http_misfit(url);
    memset(b, 0, sizeof *b);
    if (!*url) return "is empty";
    if (!scheme) return "does not begin with http:// or https://";
    if (why) return why;
    if (strchr(url, '#')) return "has a fragment";
    while (p < end && *p != '/' && *p != '?') p++;
    if (p == url + scheme || url[scheme] == ':') return "has no host";
    if (memchr(url + scheme, '@', (size_t)(p - url) - scheme)) return "has a user name in it: keys belong into desc.api_key";
    b->origin.ptr = url;
    b->origin.len = (size_t)(p - url);
    query = strchr(p, '?');
    if (query) {
        b->query.ptr = query;
        b->query.len = (size_t)(end - query);
        end = query;
    }
    while (p < end && *p == '/') p++;
    while (end > p && end[-1] == '/') end--;
    b->path.ptr = p;
    b->path.len = (size_t)(end - p);
    return NULL;
}

/* Walks the segments of a path; false after the last. Empty ones are passed over. */
static bool llmprov__http_segment(llmprov_str path, size_t *at, llmprov_str *segment) {
    while (*at < path.len && path.ptr[*at] == '/') ++*at;
    segment->ptr = path.ptr + *at;
    while (*at < path.len && path.ptr[*at] != '/') ++*at;
    segment->len = (size_t)(path.ptr + *at - segment->ptr);
    return segment->len > 0;
}

/* RFC 3986's unreserved characters, and those of `more`. */
static bool llmprov__http_is_plain(const char *p, const char *more) {
    for (; *p; p++) {
        bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (!word && !strchr("-._~", *p) && !strchr(more, *p)) return false;
    }
    return true;
}

/* "/v2/chat": plain segments, none of them empty or a dot segment. */
static bool llmprov__http_is_path(const char *path) {
    llmprov_str p = { path, strlen(path) }, segment;
    size_t at = 0;
    if (path[0] != '/' || p.len < 2 || !llmprov__http_is_plain(path, "/:%@+,=") || strstr(path, "//") || path[p.len - 1] == '/') return false;
    while (llmprov__http_segment(p, &at, &segment))
        if (llmprov__text_is(segment, ".") || llmprov__text_is(segment, "..")) return false;
    return true;
}

/* Cuts a known endpoint off a base that was given whole (".../v1/chat/completions"). */
static llmprov_str llmprov__http_without(llmprov_str path, const char *tail) {
    size_t n;
    while (*tail == '/') tail++;
    n = strlen(tail);
    if (path.len >= n && !memcmp(path.ptr + path.len - n, tail, n) && (path.len == n || path.ptr[path.len - n - 1] == '/')) {
        path.len -= n;
        while (path.len && path.ptr[path.len - 1] == '/') path.len--;
    }
    return path;
}

/* base + version + path. The version segment comes from the base where it has one, otherwise from `version`; so a
   base may be given with it or without it, and with a slash at its end or without. NULL = *why. */
static char *llmprov__http_url(llmprov__mem_arena *a, const char *base, const char *version, const char *path, const char **why) {
    llmprov__http_base b;
    llmprov_str segment;
    size_t at = 0, len;
    bool versioned = !version;
    char *url, *to;
    *why = llmprov__http_parse(base, &b);
    if (*why) return NULL;
    b.path = llmprov__http_without(b.path, path);
    while (llmprov__http_segment(b.path, &at, &segment))
        if (llmprov__text_is(segment, "..") || llmprov__text_is(segment, ".")) {
            *why = "has a dot segment in its path";
            return NULL;
        }
    at = 0;
    len = b.origin.len + b.path.len + b.query.len + (version ? strlen(version) : 0) + strlen(path) + 8;
    url = to = (char *)llmprov__mem_take(a, len);
    if (!url) return NULL;
    memcpy(to, b.origin.ptr, b.origin.len);
    to += b.origin.len;
    while (llmprov__http_segment(b.path, &at, &segment)) {
        *to++ = '/';
        memcpy(to, segment.ptr, segment.len);
        to += segment.len;
        versioned = versioned || llmprov__http_is_version(segment.ptr, segment.len);
    }
    if (!versioned) {
        *to++ = '/';
        memcpy(to, version, strlen(version));
        to += strlen(version);
    }
    if (*path != '/') *to++ = '/';
    memcpy(to, path, strlen(path));
    to += strlen(path);
    memcpy(to, b.query.ptr ? b.query.ptr : "", b.query.len);
    return url;
}

/* A text with what stands for a name in it ("{region}") in its place; NULL = no memory. The value has no such name. */
static const char *llmprov__http_fill(llmprov__mem_arena *a, const char *text, const char *name, const char *value) {
    const char *at;
    while (text && (at = strstr(text, name)) != NULL) {
        const char *before = llmprov__mem_copy(a, text, (size_t)(at - text));
        text = before ? llmprov__err_join(a, before, value, at + strlen(name), (char *)NULL) : NULL;
    }
    return text;
}

/* Why a text cannot be a part of a path, even percent-encoded: servers decode before they look; NULL = it can. */
static const char *llmprov__http_unfit(const char *text) {
    llmprov_str path = { text, strlen(text) }, segment;
    size_t at = 0;
    if (llmprov__http_value_ok(text, path.len) < path.len || strchr(text, '\t')) return "has a control character";
    while (llmprov__http_segment(path, &at, &segment))
        if (llmprov__text_is(segment, ".") || llmprov__text_is(segment, "..")) return "has a dot segment: it stands in the URL's path";
    return NULL;
}

/* The version segment that a row's own base URL ends with; NULL when it has none anywhere. */
static char *llmprov__http_version_of(llmprov__mem_arena *a, const char *base, const char *otherwise) {
    llmprov__http_base b;
    llmprov_str segment;
    size_t at = 0;
    if (!base || llmprov__http_parse(base, &b)) return otherwise ? llmprov__mem_copy(a, otherwise, strlen(otherwise)) : NULL;
    while (llmprov__http_segment(b.path, &at, &segment))
        if (llmprov__http_is_version(segment.ptr, segment.len)) return llmprov__mem_copy(a, segment.ptr, segment.len);
    return NULL;
}

/* -- what we read of a reply's headers -- */

typedef struct llmprov__http_head {
    int status;
    char request_id[96];
    char retry_after[48], retry_after_ms[24], date[48];
    llmprov_flag should_retry;
    bool event_stream;           /* Content-Type: text/event-stream, or AWS's */
    char error_type[64];         /* AWS's word for what failed */
} llmprov__http_head;

static void llmprov__http_keep(char *to, size_t size, const char *value) {
    size_t n = strlen(value);
    if (n >= size) return;
    memcpy(to, value, n + 1);
}

/* text/event-stream or AWS's own, in any case, with or without parameters. */
static bool llmprov__http_is_stream(const char *value) {
    char type[40];
    size_t len = strcspn(value, "; \t");
    if (len >= sizeof type) return false;
    memcpy(type, value, len);
    type[len] = 0;
    return llmprov__text_same(type, "text/event-stream", true) || llmprov__text_same(type, "application/vnd.amazon.eventstream", true);
}

/* "com.amazon#ThrottlingException:http://...,..." is ThrottlingException:
   https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization */
static void llmprov__http_error_type(char *to, size_t size, const char *value) {
    size_t len = strcspn(value, ",:"), i;
    const char *word = value;
    for (i = 0; i < len; i++)
        if (value[i] == '#') word = value + i + 1;
    len -= (size_t)(word - value);
    if (len >= size) len = size - 1;
    memcpy(to, word, len);
    to[len] = 0;
}

static void llmprov__http_head_line(llmprov__http_head *h, const char *name, const char *value) {
    static const char *const ids[] = { "request-id", "x-request-id", "apim-request-id", "x-ms-request-id", "x-amzn-requestid", "cf-ray" };
    size_t i;
    if (!name || !value) return;
    for (i = 0; i < LLMPROV__COUNT(ids); i++)
        if (llmprov__text_same(name, ids[i], true) && !h->request_id[0]) llmprov__http_keep(h->request_id, sizeof h->request_id, value);
    if (llmprov__text_same(name, "retry-after", true)) llmprov__http_keep(h->retry_after, sizeof h->retry_after, value);
    if (llmprov__text_same(name, "retry-after-ms", true)) llmprov__http_keep(h->retry_after_ms, sizeof h->retry_after_ms, value);
    if (llmprov__text_same(name, "date", true)) llmprov__http_keep(h->date, sizeof h->date, value);
    if (llmprov__text_same(name, "x-should-retry", true))
        h->should_retry = llmprov__text_same(value, "true", true) ? LLMPROV_YES : llmprov__text_same(value, "false", true) ? LLMPROV_NO : LLMPROV_UNSET;
    if (llmprov__text_same(name, "content-type", true)) h->event_stream = llmprov__http_is_stream(value);
    if (llmprov__text_same(name, "x-amzn-errortype", true)) llmprov__http_error_type(h->error_type, sizeof h->error_type, value);
}

//==============================================================================
// >>crypt      checksums and hashes
//
// CRC-32 as zip and AWS's event stream have it (IEEE 802.3), eight bytes at a
// time; SHA-256 (FIPS 180-4) and HMAC (RFC 2104) in pieces, so that a body is
// hashed while it is pulled. Nothing here allocates.
// Calls: -
//==============================================================================

/* A table of 256 numbers out of the eight for the single bits: its entries are sums (exclusive or) of those. */
#define LLMPROV__CRYPT_2(x, a) (x), (x) ^ (a)
#define LLMPROV__CRYPT_4(x, a, b) LLMPROV__CRYPT_2(x, a), LLMPROV__CRYPT_2((x) ^ (b), a)
#define LLMPROV__CRYPT_8(x, a, b, c) LLMPROV__CRYPT_4(x, a, b), LLMPROV__CRYPT_4((x) ^ (c), a, b)
#define LLMPROV__CRYPT_16(x, a, b, c, d) LLMPROV__CRYPT_8(x, a, b, c), LLMPROV__CRYPT_8((x) ^ (d), a, b, c)
#define LLMPROV__CRYPT_32(x, a, b, c, d, e) LLMPROV__CRYPT_16(x, a, b, c, d), LLMPROV__CRYPT_16((x) ^ (e), a, b, c, d)
#define LLMPROV__CRYPT_64(x, a, b, c, d, e, f) LLMPROV__CRYPT_32(x, a, b, c, d, e), LLMPROV__CRYPT_32((x) ^ (f), a, b, c, d, e)
#define LLMPROV__CRYPT_128(x, a, b, c, d, e, f, g) LLMPROV__CRYPT_64(x, a, b, c, d, e, f), LLMPROV__CRYPT_64((x) ^ (g), a, b, c, d, e, f)
#define LLMPROV__CRYPT_256(a, b, c, d, e, f, g, h) LLMPROV__CRYPT_128(0u, a, b, c, d, e, f, g), LLMPROV__CRYPT_128(h, a, b, c, d, e, f, g)

/* What a byte does to the sum when 0 to 7 further bytes follow it. */
static const uint32_t llmprov__crypt_crcs[8][256] = {
    { LLMPROV__CRYPT_256(0x77073096u, 0xEE0E612Cu, 0x076DC419u, 0x0EDB8832u, 0x1DB71064u, 0x3B6E20C8u, 0x76DC4190u, 0xEDB88320u) },
    { LLMPROV__CRYPT_256(0x191B3141u, 0x32366282u, 0x646CC504u, 0xC8D98A08u, 0x4AC21251u, 0x958424A2u, 0xF0794F05u, 0x3B83984Bu) },
    { LLMPROV__CRYPT_256(0x01C26A37u, 0x0384D46Eu, 0x0709A8DCu, 0x0E1351B8u, 0x1C26A370u, 0x384D46E0u, 0x709A8DC0u, 0xE1351B80u) },
    { LLMPROV__CRYPT_256(0xB8BC6765u, 0xAA09C88Bu, 0x8F629757u, 0xC5B428EFu, 0x5019579Fu, 0xA032AF3Eu, 0x9B14583Du, 0xED59B63Bu) },
    { LLMPROV__CRYPT_256(0x3D6029B0u, 0x7AC05360u, 0xF580A6C0u, 0x30704BC1u, 0x60E09782u, 0xC1C12F04u, 0x58F35849u, 0xB1E6B092u) },
    { LLMPROV__CRYPT_256(0xCB5CD3A5u, 0x4DC8A10Bu, 0x9B914216u, 0xEC53826Du, 0x03D6029Bu, 0x07AC0536u, 0x0F580A6Cu, 0x1EB014D8u) },
    { LLMPROV__CRYPT_256(0xA6770BB4u, 0x979F1129u, 0xF44F2413u, 0x33EF4E67u, 0x67DE9CCEu, 0xCFBD399Cu, 0x440B7579u, 0x8816EAF2u) },
    { LLMPROV__CRYPT_256(0xCCAA009Eu, 0x4225077Du, 0x844A0EFAu, 0xD3E51BB5u, 0x7CBB312Bu, 0xF9766256u, 0x299DC2EDu, 0x533B85DAu) },
};

/* Goes on from a sum; 0 begins one. */
static uint32_t llmprov__crypt_crc(uint32_t crc, const void *from, size_t len) {
    const uint32_t (*t)[256] = llmprov__crypt_crcs;
    const unsigned char *p = (const unsigned char *)from;
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t low = crc ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
        crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^
              t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
    }
    while (len--) crc = crc >> 8 ^ t[0][(crc ^ *p++) & 255];
    return ~crc;
}

/* -- SHA-256 -- */

typedef struct llmprov__crypt_sha {
    uint32_t h[8];
    uint64_t len;                /* bytes so far */
    unsigned char block[64];     /* the beginning of the next block */
} llmprov__crypt_sha;

static void llmprov__crypt_sha_begin(llmprov__crypt_sha *s) {
    static const uint32_t first[8] = {
        0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au, 0x510E527Fu, 0x9B05688Cu, 0x1F83D9ABu, 0x5BE0CD19u,
    };
    memcpy(s->h, first, sizeof s->h);
    s->len = 0;
}

static uint32_t llmprov__crypt_rotate(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

/* The 64 words that a block becomes. */
static void llmprov__crypt_sha_expand(uint32_t w[64], const unsigned char *p) {
    int i;
    for (i = 0; i < 16; i++, p += 4) w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    for (; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        a = llmprov__crypt_rotate(a, 7) ^ llmprov__crypt_rotate(a, 18) ^ a >> 3;
        b = llmprov__crypt_rotate(b, 17) ^ llmprov__crypt_rotate(b, 19) ^ b >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
}

static void llmprov__crypt_sha_block(llmprov__crypt_sha *s, const unsigned char *p) {
    static const uint32_t k[64] = {
        0x428A2F98u, 0x71374491u, 0xB5C0FBCFu, 0xE9B5DBA5u, 0x3956C25Bu, 0x59F111F1u, 0x923F82A4u, 0xAB1C5ED5u,
        0xD807AA98u, 0x12835B01u, 0x243185BEu, 0x550C7DC3u, 0x72BE5D74u, 0x80DEB1FEu, 0x9BDC06A7u, 0xC19BF174u,
        0xE49B69C1u, 0xEFBE4786u, 0x0FC19DC6u, 0x240CA1CCu, 0x2DE92C6Fu, 0x4A7484AAu, 0x5CB0A9DCu, 0x76F988DAu,
        0x983E5152u, 0xA831C66Du, 0xB00327C8u, 0xBF597FC7u, 0xC6E00BF3u, 0xD5A79147u, 0x06CA6351u, 0x14292967u,
        0x27B70A85u, 0x2E1B2138u, 0x4D2C6DFCu, 0x53380D13u, 0x650A7354u, 0x766A0ABBu, 0x81C2C92Eu, 0x92722C85u,
        0xA2BFE8A1u, 0xA81A664Bu, 0xC24B8B70u, 0xC76C51A3u, 0xD192E819u, 0xD6990624u, 0xF40E3585u, 0x106AA070u,
        0x19A4C116u, 0x1E376C08u, 0x2748774Cu, 0x34B0BCB5u, 0x391C0CB3u, 0x4ED8AA4Au, 0x5B9CCA4Fu, 0x682E6FF3u,
        0x748F82EEu, 0x78A5636Fu, 0x84C87814u, 0x8CC70208u, 0x90BEFFFAu, 0xA4506CEBu, 0xBEF9A3F7u, 0xC67178F2u,
    };
    uint32_t w[64], v[8], one, two;
    int i;
    llmprov__crypt_sha_expand(w, p);
    memcpy(v, s->h, sizeof v);
    for (i = 0; i < 64; i++) {
        one = llmprov__crypt_rotate(v[4], 6) ^ llmprov__crypt_rotate(v[4], 11) ^ llmprov__crypt_rotate(v[4], 25);
        one += v[7] + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
        two = llmprov__crypt_rotate(v[0], 2) ^ llmprov__crypt_rotate(v[0], 13) ^ llmprov__crypt_rotate(v[0], 22);
        two += (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + one;
        v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = one + two;
    }
    for (i = 0; i < 8; i++) s->h[i] += v[i];
}

static void llmprov__crypt_sha_add(llmprov__crypt_sha *s, const void *from, size_t len) {
    const unsigned char *p = (const unsigned char *)from;
    while (len) {
        size_t used = (size_t)(s->len % 64), n = 64 - used < len ? 64 - used : len;
        if (n == 64) {
            llmprov__crypt_sha_block(s, p);
        } else {
            memcpy(s->block + used, p, n);
            if (used + n == 64) llmprov__crypt_sha_block(s, s->block);
        }
        s->len += n;
        p += n;
        len -= n;
    }
}

static void llmprov__crypt_sha_end(llmprov__crypt_sha *s, unsigned char to[32]) {
    unsigned char tail[72] = { 0x80 };
    uint64_t bits = s->len * 8;
    size_t pad = 64 - (size_t)((s->len + 8) % 64), i;
    for (i = 0; i < 8; i++) tail[pad + i] = (unsigned char)(bits >> (56 - 8 * i));
    llmprov__crypt_sha_add(s, tail, pad + 8);
    for (i = 0; i < 32; i++) to[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

static void llmprov__crypt_sha256(unsigned char to[32], const void *from, size_t len) {
    llmprov__crypt_sha s;
    llmprov__crypt_sha_begin(&s);
    llmprov__crypt_sha_add(&s, from, len);
    llmprov__crypt_sha_end(&s, to);
}

/* -- HMAC-SHA-256 -- */

/* What the key becomes is wiped from the stack. */
static void llmprov__crypt_hmac(unsigned char to[32], const void *key, size_t key_len, const void *from, size_t len) {
    llmprov__crypt_sha s;
    unsigned char pad[64] = { 0 }, inner[32];
    size_t i;
    if (key_len > sizeof pad) llmprov__crypt_sha256(pad, key, key_len);
    else if (key_len) memcpy(pad, key, key_len);
    for (i = 0; i < sizeof pad; i++) pad[i] ^= 0x36;
    llmprov__crypt_sha_begin(&s);
    llmprov__crypt_sha_add(&s, pad, sizeof pad);
    llmprov__crypt_sha_add(&s, from, len);
    llmprov__crypt_sha_end(&s, inner);
    for (i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5C;
    llmprov__crypt_sha_begin(&s);
    llmprov__crypt_sha_add(&s, pad, sizeof pad);
    llmprov__crypt_sha_add(&s, inner, sizeof inner);
    llmprov__crypt_sha_end(&s, to);
    llmprov__mem_wipe(pad, sizeof pad);
    llmprov__mem_wipe(&s, sizeof s);
}

/* Two digits a byte, in lower case, and a NUL. */
static void llmprov__crypt_hex(char *to, const unsigned char *from, size_t len) {
    static const char digits[] = "0123456789abcdef";
    for (; len--; from++) {
        *to++ = digits[*from >> 4];
        *to++ = digits[*from & 15];
    }
    *to = 0;
}

//==============================================================================
// >>frame      cutting a byte stream into frames
//
// Bytes arrive in any pieces; a frame leaves when it is whole, and before any
// byte behind it is looked at. A frame inside one piece is not copied. Server-
// sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
// AWS's event stream: https://smithy.io/2.0/aws/amazon-eventstream.html
// A frame's text is valid until the next call.
// Calls: crypt
//==============================================================================

typedef struct llmprov__frame_cutter {
    llmprov_framing framing;
    llmprov__mem_buf line;       /* a line, or a binary message, that the piece before this one began        */
    llmprov__mem_buf data, name; /* what was put off to a further piece, or joined from several lines        */
    llmprov_str event, payload;  /* of the frame so far: in the piece or in the buffers                      */
    bool has_data, skip_lf, left, begun;
    bool known;                  /* a field or a comment came: it is an event stream                         */
    const char *clean;           /* up to here the piece in hand has no CR                                   */
    size_t total;                /* of the binary message that was begun; 0 = not known yet                  */
    size_t limit;                /* bytes of one event                                                       */
    llmprov_status status;
    const char *why;             /* what is wrong with a frame; static                                       */
} llmprov__frame_cutter;

static void llmprov__frame_init(llmprov__frame_cutter *f, const llmprov_alloc *alloc, size_t limit) {
    memset(f, 0, sizeof *f);
    f->line.alloc = f->data.alloc = f->name.alloc = *alloc;
    f->limit = limit;
    f->why = "it is longer than limits.max_event_bytes";
}

static void llmprov__frame_free(llmprov__frame_cutter *f) {
    llmprov__mem_buf_free(&f->line);
    llmprov__mem_buf_free(&f->data);
    llmprov__mem_buf_free(&f->name);
}

/* Moves a text into a buffer, so that it outlives the piece. */
static void llmprov__frame_hold(llmprov__frame_cutter *f, llmprov__mem_buf *b, llmprov_str *text) {
    if (text->ptr == b->ptr) return;
    b->len = 0;
    if (!llmprov__mem_add(b, text->ptr, text->len)) f->status = LLMPROV_ERR_NO_MEMORY;
    text->ptr = b->ptr;
}

/* A further data line is joined with a line feed. */
static void llmprov__frame_data(llmprov__frame_cutter *f, llmprov_str value) {
    if (!f->has_data) {
        f->payload = value;
        f->has_data = true;
        return;
    }
    llmprov__frame_hold(f, &f->data, &f->payload);
    if (!llmprov__mem_add(&f->data, "\n", 1) || !llmprov__mem_add(&f->data, value.ptr, value.len)) f->status = LLMPROV_ERR_NO_MEMORY;
    f->payload.ptr = f->data.ptr;
    f->payload.len = f->data.len;
}

/* llama-box ends a broken stream with a field named error that holds the JSON; leading blanks are a known slip. */
static void llmprov__frame_field(llmprov__frame_cutter *f, const char *p, const char *end) {
    const char *colon;
    llmprov_str name, value = { "", 0 };
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    colon = (const char *)memchr(p, ':', (size_t)(end - p));
    name.ptr = p;
    name.len = (size_t)((colon ? colon : end) - p);
    if (colon) {
        value.ptr = colon + 1 < end && colon[1] == ' ' ? colon + 2 : colon + 1;
        value.len = (size_t)(end - value.ptr);
    }
    f->known = f->known || llmprov__text_is(name, "data") || llmprov__text_is(name, "event") || llmprov__text_is(name, "id") || llmprov__text_is(name, "retry");
    if (llmprov__text_is(name, "data")) llmprov__frame_data(f, value);
    else if (llmprov__text_is(name, "event")) f->event = value;
    else if (llmprov__text_is(name, "error") && value.len && value.ptr[0] == '{') {
        f->event = name;
        llmprov__frame_data(f, value);
    }
}

/* One whole line; true = it ended a frame. */
static bool llmprov__frame_line(llmprov__frame_cutter *f, const char *p, const char *end) {
    if (p < end) {
        if (*p == ':') f->known = true;
        else llmprov__frame_field(f, p, end);
        return false;
    }
    if (f->has_data) return true;
    f->event.len = 0;
    return false;
}

/* Hands the frame out; its texts stay until the next call, which goes on at p. */
static bool llmprov__frame_leave(llmprov__frame_cutter *f, const char **at, const char *p, const char *end, llmprov_frame *out) {
    if (p == end) f->clean = NULL;
    *at = p;
    memset(out, 0, sizeof *out);
    out->event = f->event;
    out->data = f->payload;
    f->left = true;
    return true;
}

static void llmprov__frame_forget(llmprov__frame_cutter *f) {
    f->left = f->has_data = false;
    f->event.len = f->payload.len = 0;
}

/* The end of the line that begins at p: its CR or LF, or NULL. Most pieces have no CR at all: they are searched once. */
static const char *llmprov__frame_eol(llmprov__frame_cutter *f, const char *p, const char *end) {
    const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p)), *cr;
    if (f->clean == end) return lf;
    cr = (const char *)memchr(p, '\r', (size_t)(end - p));
    if (!cr) f->clean = end;
    return cr && (!lf || cr < lf) ? cr : lf;
}

/* A line that ran over the end of its piece: it is completed in the line buffer, from where its texts are held. */
static bool llmprov__frame_crossing(llmprov__frame_cutter *f, const char *p, const char *eol) {
    bool whole;
    if (!llmprov__mem_add(&f->line, p, (size_t)(eol - p))) f->status = LLMPROV_ERR_NO_MEMORY;
    whole = !f->status && llmprov__frame_line(f, f->line.ptr, f->line.ptr + f->line.len);
    if (f->has_data) llmprov__frame_hold(f, &f->data, &f->payload);
    if (f->event.len) llmprov__frame_hold(f, &f->name, &f->event);
    f->line.len = 0;
    return whole;
}

/* The usual frame, taken in one step: one data line and the empty line behind it, both in this piece. */
static bool llmprov__frame_short(llmprov__frame_cutter *f, const char *p, const char *eol, const char *end) {
    if (f->has_data || f->line.len || eol - p < 6 || end - eol < 2 || eol[0] != '\n' || eol[1] != '\n' || memcmp(p, "data: ", 6)) return false;
    if ((size_t)(eol - p) > f->limit) return false;
    f->payload.ptr = p + 6;
    f->payload.len = (size_t)(eol - p) - 6;
    return f->known = f->has_data = true;
}

/* What is left of a piece waits for the next one. */
static void llmprov__frame_wait(llmprov__frame_cutter *f, const char *p, const char *end) {
    f->clean = NULL;
    if (f->has_data) llmprov__frame_hold(f, &f->data, &f->payload);
    if (f->event.len) llmprov__frame_hold(f, &f->name, &f->event);
    if (p < end && !llmprov__mem_add(&f->line, p, (size_t)(end - p))) f->status = LLMPROV_ERR_NO_MEMORY;
    if (f->line.len + f->payload.len > f->limit) f->status = LLMPROV_ERR_LIMIT;
}

/* A byte-order mark may stand before the first line, and be cut like everything else. */
static const char *llmprov__frame_begin(llmprov__frame_cutter *f, const char *p, const char *end) {
    while (p < end && f->line.len < 3 && (unsigned char)*p == (unsigned char)"\xef\xbb\xbf"[f->line.len]) {
        if (!llmprov__mem_add(&f->line, p, 1)) {
            f->status = LLMPROV_ERR_NO_MEMORY;
            return p;
        }
        p++;
    }
    if (f->line.len == 3) f->line.len = 0, f->begun = true;
    else if (p < end) f->begun = true;
    return p;
}

static bool llmprov__frame_sse_next(llmprov__frame_cutter *f, const char **at, const char *end, llmprov_frame *out) {
    const char *p = *at;
    if (f->left) llmprov__frame_forget(f);
    if (!f->begun) p = llmprov__frame_begin(f, p, end);
    while (!f->status && p < end) {
        const char *eol;
        bool whole;
        if (f->skip_lf) {
            f->skip_lf = false;
            if (*p == '\n') {
                p++;
                continue;
            }
        }
        eol = llmprov__frame_eol(f, p, end);
        if (!eol) break;
        if (llmprov__frame_short(f, p, eol, end)) return llmprov__frame_leave(f, at, eol + 2, end, out);
        whole = f->line.len ? llmprov__frame_crossing(f, p, eol) : llmprov__frame_line(f, p, eol);
        f->skip_lf = *eol == '\r';
        p = eol + 1;
        if (whole && f->payload.len <= f->limit) return llmprov__frame_leave(f, at, p, end, out);
        if (whole) f->status = LLMPROV_ERR_LIMIT;
    }
    llmprov__frame_wait(f, p, end);
    *at = end;
    return false;
}

/* At a clean end: the frame that no blank line closed. Many servers leave the last one so. */
static bool llmprov__frame_sse_last(llmprov__frame_cutter *f, llmprov_frame *out) {
    const char *none;
    if (f->left) llmprov__frame_forget(f);
    if (f->line.len) llmprov__frame_crossing(f, "", "");
    return f->has_data && !f->status && llmprov__frame_leave(f, &none, NULL, NULL, out);
}

/* -- AWS's event stream: messages of a prelude (two lengths and their checksum), headers, payload, and a checksum of
   all that. Big-endian; the checksums are CRC-32. -- */

enum { LLMPROV__FRAME_PRELUDE = 12, LLMPROV__FRAME_LEAST = 16 };

static uint32_t llmprov__frame_u32(const char *p) {
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool llmprov__frame_bad(llmprov__frame_cutter *f, llmprov_status status, const char *why) {
    f->status = status;
    f->why = why;
    return false;
}

/* Reads the length of a message, which counts only when its checksum is right. */
static bool llmprov__frame_prelude(llmprov__frame_cutter *f, const char *p) {
    uint32_t total = llmprov__frame_u32(p), headers = llmprov__frame_u32(p + 4);
    if (llmprov__crypt_crc(0, p, 8) != llmprov__frame_u32(p + 8)) return llmprov__frame_bad(f, LLMPROV_ERR_BAD_REPLY, "the checksum of its lengths is wrong");
    if (total < LLMPROV__FRAME_LEAST || headers > total - LLMPROV__FRAME_LEAST) return llmprov__frame_bad(f, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other");
    if (total > f->limit) return llmprov__frame_bad(f, LLMPROV_ERR_LIMIT, f->why);
    f->total = total;
    return f->known = true;
}

/* The header that begins at *at: a name, a type, a value, whose length the type says, or two bytes before it. False =
   it is broken. Only strings have a value here. */
static bool llmprov__frame_header(const char **at, const char *end, llmprov_str *name, llmprov_str *value) {
    static const unsigned char sizes[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };
    enum { BYTES = 6, STRING = 7 };
    const char *p = *at;
    size_t type, len;
    name->len = (unsigned char)*p++;
    name->ptr = p;
    if (!name->len || (size_t)(end - p) < name->len + 1) return false;
    p += name->len;
    type = (unsigned char)*p++;
    if (type >= sizeof sizes) return false;
    len = sizes[type];
    if (type == BYTES || type == STRING) {
        if (end - p < 2) return false;
        len = (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
        p += 2;
    }
    if ((size_t)(end - p) < len) return false;
    value->ptr = p;
    value->len = type == STRING ? len : 0;
    *at = p + len;
    return true;
}

/* What a message is: an event by its type, an exception by its type, or an error by its code and sentence. */
static bool llmprov__frame_headers(llmprov__frame_cutter *f, const char *p, const char *end, llmprov_frame *out) {
    static const char *const names[] = { ":message-type", ":event-type", ":exception-type", ":error-code", ":error-message" };
    llmprov_str v[5], name, value;
    size_t i;
    bool exception, error;
    memset(v, 0, sizeof v);
    while (p < end) {
        if (!llmprov__frame_header(&p, end, &name, &value)) return llmprov__frame_bad(f, LLMPROV_ERR_BAD_REPLY, "one of its headers is broken");
        for (i = 0; i < LLMPROV__COUNT(names); i++)
            if (llmprov__text_is(name, names[i])) v[i] = value;
    }
    exception = llmprov__text_is(v[0], "exception");
    error = llmprov__text_is(v[0], "error");
    out->failed = exception || error;
    out->event = v[exception ? 2 : error ? 3 : 1];
    if (error) out->message = v[4];
    return true;
}

/* A whole message of f->total bytes. */
static bool llmprov__frame_message(llmprov__frame_cutter *f, const char *p, llmprov_frame *out) {
    const char *headers = p + LLMPROV__FRAME_PRELUDE, *payload = headers + llmprov__frame_u32(p + 4), *end = p + f->total - 4;
    memset(out, 0, sizeof *out);
    if (llmprov__crypt_crc(0, p, f->total - 4) != llmprov__frame_u32(end)) return llmprov__frame_bad(f, LLMPROV_ERR_BAD_REPLY, "its checksum is wrong");
    out->data.ptr = payload;
    out->data.len = (size_t)(end - payload);
    f->left = true;
    return llmprov__frame_headers(f, headers, payload, out);
}

/* Takes bytes of the piece until `need` are held; false = the piece is used up. */
static bool llmprov__frame_gather(llmprov__frame_cutter *f, const char **at, const char *end, size_t need) {
    size_t want = need - f->line.len, left = (size_t)(end - *at), n = want < left ? want : left;
    if (!llmprov__mem_add(&f->line, *at, n)) f->status = LLMPROV_ERR_NO_MEMORY;
    *at += n;
    return !f->status && f->line.len == need;
}

static bool llmprov__frame_binary_next(llmprov__frame_cutter *f, const char **at, const char *end, llmprov_frame *out) {
    const char *p = *at;
    if (f->left) f->left = false, f->line.len = f->total = 0;
    if (f->status || p == end) return false;
    if (!f->line.len && end - p >= LLMPROV__FRAME_PRELUDE) {
        if (!llmprov__frame_prelude(f, p)) return false;
        if ((size_t)(end - p) >= f->total) {
            *at = p + f->total;
            return llmprov__frame_message(f, p, out);
        }
    }
    if (!f->total) {
        if (!llmprov__frame_gather(f, at, end, LLMPROV__FRAME_PRELUDE) || !llmprov__frame_prelude(f, f->line.ptr)) return false;
    }
    return llmprov__frame_gather(f, at, end, f->total) && llmprov__frame_message(f, f->line.ptr, out);
}

/* At a clean end no message may be open. */
static bool llmprov__frame_binary_last(llmprov__frame_cutter *f) {
    if (f->status || f->left || !f->line.len) return false;
    return llmprov__frame_bad(f, LLMPROV_ERR_TRUNCATED, "the stream ended in the middle of it");
}

/* -- either -- */

/* The next frame that ends in the bytes from *at to end; false = they are used up, and what is unfinished is kept. */
static bool llmprov__frame_next(llmprov__frame_cutter *f, const char **at, const char *end, llmprov_frame *out) {
    if (f->framing == LLMPROV_FRAMING_EVENTSTREAM) return llmprov__frame_binary_next(f, at, end, out);
    return llmprov__frame_sse_next(f, at, end, out);
}

/* What a clean end leaves. */
static bool llmprov__frame_last(llmprov__frame_cutter *f, llmprov_frame *out) {
    if (f->framing == LLMPROV_FRAMING_EVENTSTREAM) return llmprov__frame_binary_last(f);
    return llmprov__frame_sse_last(f, out);
}

//==============================================================================
// >>auth       AWS's signature, version 4
//
// Pure functions: the time comes in, and so does the hash of the body. A path is
// taken as it is sent and encoded once more: the ":" of a model's id is %3A on
// the wire and %253A in what is signed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// Calls: http crypt
//==============================================================================

/* What is signed. */
typedef struct llmprov__auth_request {
    const char *method;
    llmprov_str path, query;     /* as they are sent; the path with its first slash, the query without "?"   */
    bool verbatim;               /* dot segments and empty ones of the path stay                             */
    const llmprov_header *headers;             /* those that are signed, host among them                     */
    size_t header_count;
    const char *payload;         /* SHA-256 of the body in hex                                               */
} llmprov__auth_request;

/* Who signs, where, when. */
typedef struct llmprov__auth_scope {
    const char *key, *secret, *region, *service;
    char date[17];               /* "20150830T123600Z"                                                       */
} llmprov__auth_scope;

/* -- the date -- */

static void llmprov__auth_two(char *to, int64_t value) {
    to[0] = (char)('0' + value / 10 % 10);
    to[1] = (char)('0' + value % 10);
}

/* Milliseconds since 1970 as "20150830T123600Z": years are counted from March, so that leap days come last. False for
   what is no time between 1970 and 9999. */
static bool llmprov__auth_date(char to[17], int64_t unix_ms) {
    int64_t seconds = unix_ms / 1000, days = seconds / 86400 + 719468, era = days / 146097, day = days % 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365, month;
    if (unix_ms <= 0 || unix_ms >= (int64_t)253402300800000) return false;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5 - 1;
    year += era * 400 + (month >= 10);
    llmprov__auth_two(to, year / 100);
    llmprov__auth_two(to + 2, year);
    llmprov__auth_two(to + 4, month < 10 ? month + 3 : month - 9);
    llmprov__auth_two(to + 6, day);
    to[8] = 'T';
    llmprov__auth_two(to + 9, seconds / 3600 % 24);
    llmprov__auth_two(to + 11, seconds / 60 % 60);
    llmprov__auth_two(to + 13, seconds % 60);
    memcpy(to + 15, "Z", 2);
    return true;
}

/* -- the canonical request -- */

static void llmprov__auth_add(llmprov__mem_buf *out, const char *text) {
    llmprov__mem_add(out, text, strlen(text));
}

/* Percent-encodes a piece; %XX stays when it is an escape already. */
static void llmprov__auth_encode(llmprov__mem_buf *out, llmprov_str piece, bool escaped) {
    size_t i;
    char three[3];
    for (i = 0; i < piece.len; i++) {
        bool escape = escaped && piece.ptr[i] == '%' && i + 2 < piece.len;
        if (escape) llmprov__mem_add(out, "%", 1);
        else llmprov__mem_add(out, three, llmprov__text_percent(three, piece.ptr + i, 1));
    }
}

/* The last segment that was written, with the slash behind it, goes again. */
static void llmprov__auth_up(llmprov__mem_buf *out, size_t root) {
    if (!out->ptr || out->len == root) return;
    while (--out->len > root && out->ptr[out->len - 1] != '/') { }
}

/* The path without empty and dot segments, each segment encoded. */
static void llmprov__auth_path(llmprov__mem_buf *out, llmprov_str path) {
    llmprov_str segment;
    size_t at = 0, root;
    bool open = false;           /* the path ends inside a segment */
    llmprov__mem_add(out, "/", 1);
    for (root = out->len; llmprov__http_segment(path, &at, &segment); ) {
        open = at == path.len && !llmprov__text_is(segment, ".") && !llmprov__text_is(segment, "..");
        if (llmprov__text_is(segment, "..")) llmprov__auth_up(out, root);
        else if (!llmprov__text_is(segment, ".")) {
            llmprov__auth_encode(out, segment, false);
            llmprov__mem_add(out, "/", 1);
        }
    }
    if (open && out->len > root) out->ptr[--out->len] = 0;
}

/* The same for services that take a path by its letters. */
static void llmprov__auth_verbatim(llmprov__mem_buf *out, llmprov_str path) {
    size_t i;
    for (i = 0; i < path.len; i++) {
        llmprov_str one = { path.ptr + i, 1 };
        if (path.ptr[i] == '/') llmprov__mem_add(out, "/", 1);
        else llmprov__auth_encode(out, one, false);
    }
    if (!path.len) llmprov__mem_add(out, "/", 1);
}

/* A parameter of the query, or a header: sorted by name, then by value where that counts. */
typedef struct llmprov__auth_pair { const char *name, *value; } llmprov__auth_pair;

static char *llmprov__auth_encoded(llmprov__mem_arena *a, llmprov_str piece) {
    llmprov__mem_buf text = { NULL, 0, 0, { NULL, NULL }, false };
    char *copy = NULL;
    text.alloc = a->alloc;
    llmprov__auth_encode(&text, piece, true);
    if (!text.failed) copy = llmprov__mem_copy(a, text.ptr ? text.ptr : "", text.len);
    else a->failed = true;
    llmprov__mem_buf_free(&text);
    return copy;
}

/* Puts one into its place among `count` that are sorted; of equals the later comes later. */
static void llmprov__auth_insert(llmprov__auth_pair *pairs, size_t count, llmprov__auth_pair one, bool by_value) {
    while (count) {
        int order = strcmp(pairs[count - 1].name, one.name);
        if (!order && by_value) order = strcmp(pairs[count - 1].value, one.value);
        if (order <= 0) break;
        pairs[count] = pairs[count - 1];
        count--;
    }
    pairs[count] = one;
}

static void llmprov__auth_query(llmprov__mem_buf *out, llmprov__mem_arena *a, llmprov_str query) {
    llmprov__auth_pair *pairs;
    const char *p = query.ptr, *end = p + query.len;
    size_t count = 1, i;
    for (i = 0; i < query.len; i++) count += p[i] == '&';
    pairs = (llmprov__auth_pair *)llmprov__mem_take(a, count * sizeof *pairs);
    for (count = 0; pairs && p < end; p++) {
        const char *amp = (const char *)memchr(p, '&', (size_t)(end - p)), *stop = amp ? amp : end;
        const char *equals = (const char *)memchr(p, '=', (size_t)(stop - p));
        llmprov_str name = { p, (size_t)((equals ? equals : stop) - p) }, value = { "", 0 };
        llmprov__auth_pair one;
        if (equals) value.ptr = equals + 1, value.len = (size_t)(stop - equals) - 1;
        one.name = llmprov__auth_encoded(a, name);
        one.value = llmprov__auth_encoded(a, value);
        if (!one.name || !one.value) return;
        if (stop > p) llmprov__auth_insert(pairs, count++, one, true);
        p = stop;
    }
    for (i = 0; pairs && i < count; i++) {
        if (i) llmprov__mem_add(out, "&", 1);
        llmprov__auth_add(out, pairs[i].name);
        llmprov__mem_add(out, "=", 1);
        llmprov__auth_add(out, pairs[i].value);
    }
}

/* The headers in order, their names in lower case; NULL = no memory. */
static llmprov__auth_pair *llmprov__auth_headers(llmprov__mem_arena *a, const llmprov__auth_request *r) {
    llmprov__auth_pair *pairs = (llmprov__auth_pair *)llmprov__mem_take(a, (r->header_count + 1) * sizeof *pairs);
    size_t i, k;
    for (i = 0; pairs && i < r->header_count; i++) {
        char *name = llmprov__mem_copy(a, r->headers[i].name, strlen(r->headers[i].name));
        llmprov__auth_pair one;
        if (!name) return NULL;
        for (k = 0; name[k]; k++) name[k] = llmprov__text_lower(name[k]);
        one.name = name;
        one.value = r->headers[i].value;
        llmprov__auth_insert(pairs, i, one, false);
    }
    return pairs;
}

/* A value without white space at its ends, each run of it inside being one blank. */
static void llmprov__auth_value(llmprov__mem_buf *out, const char *value) {
    const char *p = value + strspn(value, " \t\r\n");
    while (*p) {
        size_t n = strcspn(p, " \t\r\n");
        llmprov__mem_add(out, p, n);
        p += n + strspn(p + n, " \t\r\n");
        if (*p) llmprov__mem_add(out, " ", 1);
    }
}

/* "host;x-amz-date": each name once. */
static void llmprov__auth_names(llmprov__mem_buf *out, const llmprov__auth_pair *pairs, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (i && !strcmp(pairs[i].name, pairs[i - 1].name)) continue;
        if (i) llmprov__mem_add(out, ";", 1);
        llmprov__auth_add(out, pairs[i].name);
    }
}

static void llmprov__auth_header_lines(llmprov__mem_buf *out, const llmprov__auth_pair *pairs, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        bool again = i && !strcmp(pairs[i].name, pairs[i - 1].name);
        if (!again) llmprov__auth_add(out, pairs[i].name);
        llmprov__mem_add(out, again ? "," : ":", 1);
        llmprov__auth_value(out, pairs[i].value);
        if (i + 1 == count || strcmp(pairs[i].name, pairs[i + 1].name)) llmprov__mem_add(out, "\n", 1);
    }
}

static void llmprov__auth_canonical(llmprov__mem_buf *out, llmprov__mem_arena *a, const llmprov__auth_request *r, const llmprov__auth_pair *pairs) {
    llmprov__auth_add(out, r->method);
    llmprov__mem_add(out, "\n", 1);
    if (r->verbatim) llmprov__auth_verbatim(out, r->path);
    else llmprov__auth_path(out, r->path);
    llmprov__mem_add(out, "\n", 1);
    llmprov__auth_query(out, a, r->query);
    llmprov__mem_add(out, "\n", 1);
    llmprov__auth_header_lines(out, pairs, r->header_count);
    llmprov__mem_add(out, "\n", 1);
    llmprov__auth_names(out, pairs, r->header_count);
    llmprov__mem_add(out, "\n", 1);
    llmprov__auth_add(out, r->payload);
}

/* -- signing -- */

/* "20150830/us-east-1/service/aws4_request" */
static void llmprov__auth_place(llmprov__mem_buf *out, const llmprov__auth_scope *s) {
    llmprov__mem_add(out, s->date, 8);
    llmprov__mem_add(out, "/", 1);
    llmprov__auth_add(out, s->region);
    llmprov__mem_add(out, "/", 1);
    llmprov__auth_add(out, s->service);
    llmprov__auth_add(out, "/aws4_request");
}

static void llmprov__auth_string_to_sign(llmprov__mem_buf *out, const llmprov__auth_scope *s, const llmprov__mem_buf *canonical) {
    unsigned char hash[32];
    char hex[65];
    llmprov__crypt_sha256(hash, canonical->ptr, canonical->len);
    llmprov__crypt_hex(hex, hash, sizeof hash);
    llmprov__auth_add(out, "AWS4-HMAC-SHA256\n");
    llmprov__auth_add(out, s->date);
    llmprov__mem_add(out, "\n", 1);
    llmprov__auth_place(out, s);
    llmprov__mem_add(out, "\n", 1);
    llmprov__mem_add(out, hex, 64);
}

/* The secret signs the day, that the region, that the service, that the word, and that the text. */
static void llmprov__auth_signature(char hex[65], llmprov__mem_arena *a, const llmprov__auth_scope *s, const llmprov__mem_buf *text) {
    const char *secret = llmprov__err_join(a, "AWS4", s->secret, (char *)NULL);
    unsigned char key[32];
    hex[0] = 0;
    if (!secret) return;
    llmprov__crypt_hmac(key, secret, strlen(secret), s->date, 8);
    llmprov__crypt_hmac(key, key, sizeof key, s->region, strlen(s->region));
    llmprov__crypt_hmac(key, key, sizeof key, s->service, strlen(s->service));
    llmprov__crypt_hmac(key, key, sizeof key, "aws4_request", 12);
    llmprov__crypt_hmac(key, key, sizeof key, text->ptr, text->len);
    llmprov__crypt_hex(hex, key, sizeof key);
    llmprov__mem_wipe(key, sizeof key);
}

/* Room for all of a canonical request, so that no copy of a token in it is left behind by growing. */
static void llmprov__auth_reserve(llmprov__mem_buf *out, const llmprov__auth_request *r) {
    size_t size = 256 + strlen(r->method) + (r->path.len + r->query.len) * 3 + strlen(r->payload), i;
    for (i = 0; i < r->header_count; i++) size += 2 * strlen(r->headers[i].name) + strlen(r->headers[i].value) + 4;
    llmprov__mem_room(out, size);
}

/* The value of the header Authorization; NULL = no memory. The arena holds the secret afterwards. */
static char *llmprov__auth_sign(llmprov__mem_arena *a, const llmprov__auth_request *r, const llmprov__auth_scope *s) {
    llmprov__auth_pair *pairs = llmprov__auth_headers(a, r);
    llmprov__mem_buf canonical = { NULL, 0, 0, { NULL, NULL }, false }, text;
    char hex[65], *value = NULL;
    canonical.alloc = a->alloc;
    text = canonical;
    llmprov__auth_reserve(&canonical, r);
    if (pairs) llmprov__auth_canonical(&canonical, a, r, pairs);
    llmprov__auth_string_to_sign(&text, s, &canonical);
    llmprov__auth_signature(hex, a, s, &text);
    text.len = 0;
    llmprov__auth_add(&text, "AWS4-HMAC-SHA256 Credential=");
    llmprov__auth_add(&text, s->key);
    llmprov__mem_add(&text, "/", 1);
    llmprov__auth_place(&text, s);
    llmprov__auth_add(&text, ", SignedHeaders=");
    if (pairs) llmprov__auth_names(&text, pairs, r->header_count);
    llmprov__auth_add(&text, ", Signature=");
    llmprov__auth_add(&text, hex);
    if (pairs && hex[0] && !canonical.failed && !text.failed) value = llmprov__mem_copy(a, text.ptr, text.len);
    if (canonical.ptr) llmprov__mem_wipe(canonical.ptr, canonical.len);
    llmprov__mem_buf_free(&canonical);
    llmprov__mem_buf_free(&text);
    if (!value) a->failed = true;
    return value;
}

/* -- regions -- */

/* Partitions whose hosts end otherwise than in amazonaws.com, by how their regions begin:
   https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json */
static const struct { const char *prefix, *domain; } llmprov__auth_domains[] = {
    { "cn-", "amazonaws.com.cn" }, { "us-iso-", "c2s.ic.gov" }, { "us-isob-", "sc2s.sgov.gov" }, { "us-isof-", "csp.hci.ic.gov" },
    { "eu-isoe-", "cloud.adc-e.uk" }, { "eusc-", "amazonaws.eu" },
};

static const char *llmprov__auth_domain(const char *region) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__auth_domains); i++)
        if (!strncmp(region, llmprov__auth_domains[i].prefix, strlen(llmprov__auth_domains[i].prefix))) return llmprov__auth_domains[i].domain;
    return "amazonaws.com";
}

/* A region is a label of a host's name. */
static bool llmprov__auth_is_region(const char *region) {
    size_t i;
    for (i = 0; region[i]; i++)
        if (!(region[i] >= 'a' && region[i] <= 'z') && !(region[i] >= '0' && region[i] <= '9') && region[i] != '-') return false;
    return i > 0 && i < 64;
}

//==============================================================================
// >>retry      which failures are worth another try, and how long to wait
//
// Pure functions of what was fed: no clock, no randomness. The jitter comes from
// the call's number, the time that was fed and the reply's request id; a Retry-
// After date is measured against the reply's Date.
// Calls: http
//==============================================================================

/* A decimal number with at most a fraction, in thousandths; -1 when it is anything else. */
static int64_t llmprov__retry_decimal(const char *p, int64_t scale) {
    int64_t value = 0, fraction = 0, unit = scale;
    bool digits = false;
    while (*p == ' ') p++;
    for (; *p >= '0' && *p <= '9'; p++, digits = true)
        if (value < 1000000000) value = value * 10 + (*p - '0');
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++, digits = true) {
            unit /= 10;
            fraction += unit * (*p - '0');
        }
    while (*p == ' ') p++;
    return digits && !*p ? value * scale + fraction : -1;
}

static int llmprov__retry_two(const char *p) {
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* Days since 1970-01-01 in the Gregorian calendar, counted from March so that leap days come last. */
static int64_t llmprov__retry_days(int64_t year, int64_t month, int64_t day) {
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* The parts of a date as far as they were found; -1 = not found. */
typedef struct llmprov__retry_moment { int day, month, year, seconds; } llmprov__retry_moment;

/* "08:49:37" in seconds; -1 when it is anything else. */
static int llmprov__retry_clock(const char *p, size_t len) {
    int hour, minute, second;
    if (len != 8 || p[2] != ':' || p[5] != ':') return -1;
    hour = llmprov__retry_two(p);
    minute = llmprov__retry_two(p + 3);
    second = llmprov__retry_two(p + 6);
    return hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ? -1 : (hour * 60 + minute) * 60 + second;
}

/* One word of a date: a month, a time of day, a day, a year. A year of two digits is this century's: servers send
   moments that are near. */
static bool llmprov__retry_word(llmprov__retry_moment *m, const char *p, size_t len) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int i, two = len >= 2 ? llmprov__retry_two(p) : -1;
    for (i = 0; len == 3 && i < 12; i++)
        if (!memcmp(months + i * 3, p, 3)) {
            m->month = i + 1;
            return true;
        }
    if (len == 8) return (m->seconds = llmprov__retry_clock(p, len)) >= 0;
    if (len == 4 && two >= 0 && llmprov__retry_two(p + 2) >= 0) m->year = two * 100 + llmprov__retry_two(p + 2);
    else if (len == 2 && two >= 0 && m->day < 0) m->day = two;
    else if (len == 2 && two >= 0) m->year = 2000 + two;
    else if (len == 1 && *p >= '1' && *p <= '9') m->day = *p - '0';
    else return len == 3 && !memcmp(p, "GMT", 3);
    return true;
}

/* The three forms of RFC 9110 5.6.7 in seconds since 1970: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37
   GMT", "Sun Nov  6 08:49:37 1994". -1 when it is anything else. */
static int64_t llmprov__retry_date(const char *p) {
    llmprov__retry_moment m = { -1, -1, -1, -1 };
    size_t len = strcspn(p, ", ");
    if (len < 3 || !p[len]) return -1;
    for (p += len; *p; p += len) {
        p += strspn(p, ", -");
        len = strcspn(p, ", -");
        if (len && !llmprov__retry_word(&m, p, len)) return -1;
    }
    if (m.day < 1 || m.day > 31 || m.month < 0 || m.year < 1970 || m.seconds < 0) return -1;
    return llmprov__retry_days(m.year, m.month, m.day) * 86400 + m.seconds;
}

/* What the provider asked for, in milliseconds; -1 when it did not, or not in a form that exists. */
static int64_t llmprov__retry_asked(const llmprov__http_head *h, int64_t unix_ms) {
    int64_t ms = llmprov__retry_decimal(h->retry_after_ms, 1), at, now;
    if (ms < 0) ms = llmprov__retry_decimal(h->retry_after, 1000);
    if (ms >= 0) return ms;
    at = llmprov__retry_date(h->retry_after);
    now = unix_ms > 0 ? unix_ms / 1000 : llmprov__retry_date(h->date);
    return at < 0 || now < 0 ? -1 : at > now ? (at - now) * 1000 : 0;
}

typedef struct llmprov__retry_case {
    llmprov_status code;
    int http_status;
    llmprov_flag should_retry;   /* the provider's own word */
    int64_t asked_ms;            /* -1 = nothing asked */
    int attempt;                 /* 1 = the first has failed */
    int max_retries;
    int64_t cap_ms;              /* a longer asked wait counts as none */
    uint32_t seed;
    bool output;                 /* something of the answer has been shown */
    bool spent;                  /* the body cannot be sent again */
} llmprov__retry_case;

static bool llmprov__retry_worth(const llmprov__retry_case *c) {
    if (c->code == LLMPROV_ERR_QUOTA || c->code == LLMPROV_ERR_TOO_LONG || c->code == LLMPROV_ERR_CANCELLED ||
        c->code == LLMPROV_ERR_NO_MEMORY || c->code == LLMPROV_ERR_LIMIT || c->code == LLMPROV_ERR_ARGUMENT) return false;
    if (c->should_retry) return c->should_retry == LLMPROV_YES;
    return c->http_status == 408 || c->http_status == 409 || c->http_status == 429 || c->http_status >= 500 ||
           llmprov__err_retryable(c->code);
}

/* Half a second doubled each time, at most eight seconds, less up to a quarter. */
static int64_t llmprov__retry_backoff(const llmprov__retry_case *c) {
    int64_t ms = c->attempt > 4 ? 8000 : (int64_t)500 << (c->attempt - 1);
    uint32_t mixed = (c->seed + (uint32_t)c->attempt) * 2654435761u;
    return ms - ms / 4 * (int64_t)(mixed >> 16) / 65536;
}

/* How many milliseconds to wait before trying again; -1 = not again. */
static int64_t llmprov__retry_delay(const llmprov__retry_case *c) {
    int64_t backoff = llmprov__retry_backoff(c);
    if (c->output || c->spent || c->attempt > c->max_retries || !llmprov__retry_worth(c)) return -1;
    return c->asked_ms > 0 && c->asked_ms <= c->cap_ms ? c->asked_ms : backoff;
}

//==============================================================================
// >>reply      what a translator says becomes events and one response
//
// Whole replies and streams come through here, so they cannot disagree. A block
// gathers its text in one growing buffer; everything small lies in the arena.
// Text is made valid UTF-8 across pieces. A frame that equals the one before it
// but for one string (the usual case in a stream) takes a shortcut: two memory
// compares instead of a parse, with the same event as its result.
// Calls: msg
//==============================================================================

/* A member without a field; its JSON may be replaced while the reply goes on. */
typedef struct llmprov__reply_extra {
    llmprov_str key;
    llmprov__mem_buf json;
} llmprov__reply_extra;

/* Members in the order in which they came first. */
typedef struct llmprov__reply_members {
    llmprov__reply_extra *items;
    size_t count, cap;
    llmprov__text_index index;
} llmprov__reply_members;

typedef struct llmprov__reply_block {
    llmprov_block head;
    int choice, index;
    int next;                    /* the number of the next one of its choice; -1 = none yet */
    bool open, folded;           /* folded: the arguments of a tool that stood for a structured answer */
    bool freeform;               /* the arguments are a text, which becomes {"input":"..."} */
    llmprov__text_sieve sieve;
    llmprov__mem_buf text, signature, citations, details, data;
    char quad[4];                /* base64 that waits for the rest of its group */
    int quad_len;
    llmprov__reply_members extras;
} llmprov__reply_block;

typedef struct llmprov__reply_choice {
    int blocks, first, last;     /* how many it has, and the numbers of the first and of the last; -1 = none */
    bool ended, tools;
    llmprov_stop stop;
    const char *word, *sequence;
    llmprov__mem_buf logprobs, refusals;
    llmprov__reply_members extras;
} llmprov__reply_choice;

/* A buffer that lives as long as the reading of one reply. */
typedef struct llmprov__reply_loose {
    struct llmprov__reply_loose *next;
    llmprov__mem_buf text;
} llmprov__reply_loose;

/* The last frame that was one piece of text, and where its string lay. */
typedef struct llmprov__reply_hot {
    llmprov__mem_buf frame, event;
    size_t from, to;             /* the string's inside */
    int block;
    bool armed;
} llmprov__reply_hot;

typedef void (*llmprov__reply_sink)(void *user, const llmprov_event *event);

struct llmprov_turn {
    llmprov__mem_arena arena;    /* first: it is what a response's memory points to */
    llmprov__mem_meter meter;
    llmprov_alloc outer;         /* what this struct itself came from */
    llmprov_keep keep;
    bool streamed, started, done, silent;      /* silent: no more events */
    const char *provider;
    const llmprov_provider *row;
    const llmprov_profile *profile;
    const char *fold;            /* the tool whose arguments are the answer's text, or NULL */
    const llmprov_tool *tools;   /* to give names back as they were declared */
    llmprov__text_index tool_names;            /* which of them has a name on the wire; lives as long as the call */
    size_t tool_count;
    llmprov__reply_block *blocks;
    size_t block_count, block_cap;
    llmprov__text_index ids;     /* of the tool calls */
    size_t next_id;              /* the number of the next id that has to be made */
    llmprov__reply_choice *choices;
    size_t choice_count;
    char *id, *model;
    llmprov_usage usage;
    llmprov__reply_members usage_members;
    llmprov__reply_members extras;
    llmprov_error error;
    llmprov__err_warnings warnings;
    llmprov__mem_buf scratch, sifted;
    llmprov__reply_sink sink;
    void *sink_user;
    void *state;
    llmprov__reply_hot hot;
    llmprov__reply_loose *loose; /* buffers that a translator asked for */
    llmprov_event said;          /* the event of a piece: all but its few members stays zero */
    size_t events, pieces;       /* of the frame that is being read */
    const char *piece;
    size_t piece_len;
    int piece_block;
};

static llmprov_turn *llmprov__reply_new(const llmprov_alloc *alloc, size_t most, size_t state) {
    llmprov_turn *t = (llmprov_turn *)llmprov__mem_realloc(alloc, NULL, 0, sizeof *t);
    llmprov_alloc inner;
    if (!t) return NULL;
    memset(t, 0, sizeof *t);
    t->outer = *alloc;
    t->meter.inner = *alloc;
    t->meter.most = most;
    inner.fn = llmprov__mem_metered;
    inner.user = &t->meter;
    t->arena.alloc = t->scratch.alloc = t->sifted.alloc = inner;
    t->hot.frame.alloc = t->hot.event.alloc = inner;
    t->id = t->model = NULL;
    llmprov__err_clear(&t->error);
    t->state = state ? llmprov__mem_take(&t->arena, state) : NULL;
    return t;
}

static void llmprov__reply_free_extras(llmprov__reply_members *m) {
    size_t i;
    for (i = 0; i < m->count; i++) llmprov__mem_buf_free(&m->items[i].json);
    memset(m, 0, sizeof *m);
}

static void llmprov__reply_free_block(llmprov__reply_block *b) {
    llmprov__mem_buf_free(&b->text);
    llmprov__mem_buf_free(&b->signature);
    llmprov__mem_buf_free(&b->citations);
    llmprov__mem_buf_free(&b->details);
    llmprov__mem_buf_free(&b->data);
    llmprov__reply_free_extras(&b->extras);
}

/* Frees what only the reading needed. */
static void llmprov__reply_free_reading(llmprov_turn *t) {
    llmprov__mem_buf_free(&t->scratch);
    llmprov__mem_buf_free(&t->sifted);
    llmprov__mem_buf_free(&t->hot.frame);
    llmprov__mem_buf_free(&t->hot.event);
    t->hot.armed = false;
}

/* Back to the beginning, for another attempt; warnings stay. */
static void llmprov__reply_reset(llmprov_turn *t, size_t state) {
    size_t i;
    for (i = 0; i < t->block_count; i++) llmprov__reply_free_block(&t->blocks[i]);
    for (i = 0; i < t->choice_count; i++) {
        llmprov__mem_buf_free(&t->choices[i].logprobs);
        llmprov__mem_buf_free(&t->choices[i].refusals);
        llmprov__reply_free_extras(&t->choices[i].extras);
    }
    llmprov__mem_realloc(&t->arena.alloc, t->choices, t->choice_count * sizeof *t->choices, 0);
    llmprov__reply_free_extras(&t->extras);
    llmprov__reply_free_extras(&t->usage_members);
    llmprov__reply_free_reading(t);
    for (; t->loose; t->loose = t->loose->next) llmprov__mem_buf_free(&t->loose->text);
    t->choices = NULL;
    t->block_count = t->choice_count = t->next_id = 0;
    llmprov__text_forget(&t->ids);
    t->id = t->model = NULL;
    t->started = t->done = false;
    memset(&t->usage, 0, sizeof t->usage);
    if (t->state) memset(t->state, 0, state);
    llmprov__err_clear(&t->error);
}

static void llmprov__reply_free(llmprov_turn *t) {
    llmprov_alloc outer;
    if (!t) return;
    outer = t->outer;
    llmprov__reply_reset(t, 0);
    llmprov__mem_realloc(&t->arena.alloc, t->blocks, t->block_cap * sizeof *t->blocks, 0);
    llmprov__mem_arena_free(&t->arena);
    llmprov__mem_realloc(&outer, t, sizeof *t, 0);
}

/* -- failures and small things -- */

static void llmprov__reply_no_memory(llmprov_turn *t) {
    llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
    if (t->error.code != LLMPROV_ERR_NO_MEMORY || !t->meter.refused) return;
    t->error.code = LLMPROV_ERR_LIMIT;
    t->error.message = "limits.max_memory_bytes was reached";
}

LLMPROV_API llmprov_error *llmprov_turn_fail(llmprov_turn *t, llmprov_status code, const char *message) {
    if (code == LLMPROV_ERR_NO_MEMORY) llmprov__reply_no_memory(t);
    else llmprov__err_set(&t->error, &t->arena, code, message, (char *)NULL);
    return &t->error;
}

/* An empty buffer that needs no freeing; NULL = no memory. */
static llmprov__mem_buf *llmprov__reply_buffer(llmprov_turn *t) {
    llmprov__reply_loose *b = (llmprov__reply_loose *)llmprov__mem_take(&t->arena, sizeof *b);
    if (!b) {
        llmprov__reply_no_memory(t);
        return NULL;
    }
    b->text.alloc = t->arena.alloc;
    b->next = t->loose;
    t->loose = b;
    return &b->text;
}

LLMPROV_API void *llmprov_turn_state(llmprov_turn *t) {
    return t->state;
}

LLMPROV_API bool llmprov_turn_streamed(const llmprov_turn *t) {
    return t->streamed;
}

LLMPROV_API const llmprov_provider *llmprov_turn_row(const llmprov_turn *t) {
    return t->row;
}

LLMPROV_API const llmprov_profile *llmprov_turn_profile(const llmprov_turn *t) {
    return t->profile;
}

LLMPROV_API void llmprov_turn_done(llmprov_turn *t) {
    t->done = true;
}

LLMPROV_API char *llmprov_turn_keep(llmprov_turn *t, llmprov_str text) {
    char *copy = llmprov__mem_copy(&t->arena, text.ptr, text.len);
    if (!copy) llmprov__reply_no_memory(t);
    return copy;
}

static void llmprov__reply_warn(llmprov_turn *t, llmprov_status code, const char *field, const char *text) {
    llmprov__err_warn(&t->warnings, &t->arena, code, field, text);
}

static void llmprov__reply_emit(llmprov_turn *t, llmprov_event *e) {
    t->events++;
    if (!t->silent && t->sink) t->sink(t->sink_user, e);
}

static void llmprov__reply_begin_event(llmprov_event *e, llmprov_event_type type, const llmprov__reply_block *b) {
    memset(e, 0, sizeof *e);
    e->type = type;
    if (!b) return;
    e->choice = b->choice;
    e->index = b->index;
}

/* START goes out with the first id, or before the first block of a reply that has none. */
static void llmprov__reply_start(llmprov_turn *t) {
    llmprov_event e;
    if (t->started) return;
    t->started = true;
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_START, NULL);
    e.id = t->id ? t->id : "";
    e.model = t->model ? t->model : "";
    llmprov__reply_emit(t, &e);
}

LLMPROV_API void llmprov_turn_start(llmprov_turn *t, llmprov_str id, llmprov_str model) {
    if (id.len && !t->id) t->id = llmprov_turn_keep(t, id);
    if (model.len && !t->model) t->model = llmprov_turn_keep(t, model);
    if (t->id) llmprov__reply_start(t);
}

/* -- members without a field -- */

/* JSON that is kept as it came, but always valid UTF-8. */
static llmprov_str llmprov__reply_clean(llmprov_turn *t, llmprov_str json) {
    json = llmprov__json_clean(&t->sifted, json);
    if (t->sifted.failed) llmprov__reply_no_memory(t);
    return json;
}

static llmprov__reply_extra *llmprov__reply_find_extra(const llmprov__reply_members *m, llmprov_str key) {
    const llmprov__text_entry *at = llmprov__text_find(&m->index, key);
    return at ? &m->items[at->value] : NULL;
}

/* A new member without a value; NULL = no memory. */
static llmprov__reply_extra *llmprov__reply_new_extra(llmprov_turn *t, llmprov__reply_members *m, llmprov_str key) {
    llmprov__reply_extra *e;
    if (m->count == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 4;
        e = (llmprov__reply_extra *)llmprov__mem_take(&t->arena, cap * sizeof *e);
        if (!e) return NULL;
        if (m->count) memcpy(e, m->items, m->count * sizeof *e);
        m->items = e;
        m->cap = cap;
    }
    key.ptr = llmprov__mem_copy(&t->arena, key.ptr, key.len);
    if (!key.ptr || !llmprov__text_enter(&m->index, &t->arena, key, m->count)) return NULL;
    e = &m->items[m->count++];
    e->key = key;
    e->json.alloc = t->arena.alloc;
    return e;
}

static void llmprov__reply_set_extra(llmprov_turn *t, llmprov__reply_members *m, llmprov_str key, llmprov_str json) {
    llmprov__reply_extra *e = llmprov__reply_find_extra(m, key);
    json = llmprov__reply_clean(t, json);
    if (!e) e = llmprov__reply_new_extra(t, m, key);
    if (e) e->json.len = 0;
    if (!e || !llmprov__mem_add(&e->json, json.ptr, json.len)) llmprov__reply_no_memory(t);
}

/* The gathered members as one object in the arena; NULL when there are none. `base` is an object they replace members of. */
static const char *llmprov__reply_extras(llmprov_turn *t, const llmprov__reply_members *m, const char *base, size_t *len) {
    llmprov_writer w;
    const char *to = NULL;
    llmprov_scan s;
    llmprov_str key, value;
    size_t i;
    *len = 0;
    if (!m->count && !base) return NULL;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov_write_open(&w, NULL, '{');
    s = llmprov__json_scan(base ? base : "{}", base ? strlen(base) : 2, &t->scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        bool replaced = llmprov__reply_find_extra(m, key) != NULL;
        if (llmprov_scan_raw(&s, &value) && !replaced) llmprov__write_raw_key(&w, key, value, false);
    }
    for (i = 0; i < m->count; i++) {
        llmprov_str json = { m->items[i].json.ptr, m->items[i].json.len };
        llmprov__write_raw_key(&w, m->items[i].key, json, false);
    }
    llmprov_write_close(&w);
    if (!w.status) to = llmprov__mem_copy(&t->arena, w.text, w.len);
    if (to) *len = w.len;
    else llmprov__reply_no_memory(t);
    llmprov_writer_free(&w);
    return to;
}

/* -- choices and blocks -- */

/* The choice of that index, made when it is new; NULL = no memory or no sensible index. */
static llmprov__reply_choice *llmprov__reply_choice_at(llmprov_turn *t, int choice) {
    llmprov__reply_choice *list;
    size_t i, count = t->choice_count;
    if (choice < 0 || choice >= 1024) return NULL;
    if ((size_t)choice < count) return &t->choices[choice];
    list = (llmprov__reply_choice *)llmprov__mem_realloc(&t->arena.alloc, t->choices, count * sizeof *list, ((size_t)choice + 1) * sizeof *list);
    if (!list) {
        llmprov__reply_no_memory(t);
        return NULL;
    }
    memset(list + count, 0, ((size_t)choice + 1 - count) * sizeof *list);
    for (i = count; i <= (size_t)choice; i++) {
        list[i].word = "";
        list[i].first = list[i].last = -1;
        list[i].logprobs.alloc = list[i].refusals.alloc = t->arena.alloc;
    }
    t->choices = list;
    t->choice_count = (size_t)choice + 1;
    return &list[choice];
}

static llmprov__reply_block *llmprov__reply_block_at(llmprov_turn *t, int block) {
    return block >= 0 && (size_t)block < t->block_count ? &t->blocks[block] : NULL;
}

static llmprov__reply_block *llmprov__reply_new_block(llmprov_turn *t) {
    llmprov__reply_block *b;
    if (t->block_count == t->block_cap) {
        size_t cap = t->block_cap ? t->block_cap * 2 : 4;
        b = (llmprov__reply_block *)llmprov__mem_realloc(&t->arena.alloc, t->blocks, t->block_cap * sizeof *b, cap * sizeof *b);
        if (!b) {
            llmprov__reply_no_memory(t);
            return NULL;
        }
        t->blocks = b;
        t->block_cap = cap;
    }
    b = &t->blocks[t->block_count++];
    memset(b, 0, sizeof *b);
    b->text.alloc = b->signature.alloc = b->citations.alloc = b->details.alloc = b->data.alloc = t->arena.alloc;
    return b;
}

/* Every call has an id, and no two of one turn the same: what a server left out or repeated is made from the
   reply's id and the block's place, the same each time. */
static void llmprov__reply_own_id(llmprov_turn *t, llmprov__reply_block *b) {
    const char *given = b->head.id ? b->head.id : "", *stem = given, *id = given;
    size_t at = (size_t)(b - t->blocks);
    if (t->next_id < at) t->next_id = at;
    if (!*given) {
        stem = llmprov__err_join(&t->arena, "call_", llmprov__err_int(llmprov__text_hash(t->id ? t->id : "", llmprov__text_len(t->id, 0))).text, (char *)NULL);
        id = "";
    }
    while (stem && id && (!*id || llmprov__text_find(&t->ids, llmprov__text_of(id))))
        id = llmprov__err_join(&t->arena, stem, "_", llmprov__err_int((int64_t)t->next_id++).text, (char *)NULL);
    if (!stem || !id || !llmprov__text_enter(&t->ids, &t->arena, llmprov__text_of(id), at)) llmprov__reply_no_memory(t);
    else b->head.id = id;
    if (*given && id != given) llmprov__reply_warn(t, LLMPROV_ERR_ARGUMENT, "content", "two tool calls came with one id: the later one was given another");
}

static bool llmprov__reply_wants_text(const llmprov_turn *t, const llmprov__reply_block *b) {
    if (t->keep == LLMPROV_KEEP_ALL) return true;
    return t->keep == LLMPROV_KEEP_TOOLS && (b->head.type == LLMPROV_BLOCK_TOOL_USE || b->folded);
}

/* Puts a block behind the others of its choice. */
static void llmprov__reply_chain(llmprov_turn *t, llmprov__reply_choice *c, int number) {
    if (c->last >= 0) t->blocks[c->last].next = number;
    else c->first = number;
    t->blocks[number].next = -1;
    c->last = number;
}

LLMPROV_API int llmprov_turn_block(llmprov_turn *t, int choice, const llmprov_block *begin) {
    llmprov__reply_choice *c = llmprov__reply_choice_at(t, choice);
    llmprov__reply_block *b = c && !t->error.code ? llmprov__reply_new_block(t) : NULL;
    const llmprov__text_entry *declared;
    llmprov_event e;
    if (!b) return -1;
    llmprov__reply_start(t);
    if (!llmprov__msg_copy_block(&t->arena, &b->head, begin)) {
        t->block_count--;
        llmprov__reply_no_memory(t);
        return -1;
    }
    llmprov__reply_chain(t, c, (int)(b - t->blocks));
    b->choice = choice;
    b->index = c->blocks++;
    b->open = true;
    b->head.text = NULL;
    b->head.text_len = 0;
    if (b->head.type == LLMPROV_BLOCK_REDACTED) {
        b->head.text = llmprov__mem_copy(&t->arena, begin->text, begin->text_len);
        b->head.text_len = begin->text_len;
    }
    if (b->head.type == LLMPROV_BLOCK_TOOL_USE) {
        declared = b->head.name ? llmprov__text_find(&t->tool_names, llmprov__text_of(b->head.name)) : NULL;
        if (declared && t->tools[declared->value].name) b->head.name = t->tools[declared->value].name;
        if (!b->head.name || !*b->head.name) b->head.name = "unnamed";
        llmprov__reply_own_id(t, b);
        b->folded = t->fold && b->head.name && !strcmp(t->fold, b->head.name);
        if (b->folded) b->head.type = LLMPROV_BLOCK_TEXT;
        else c->tools = true;
    }
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_BLOCK, b);
    e.block = &b->head;
    llmprov__reply_emit(t, &e);
    return (int)t->block_count - 1;
}

/* -- pieces -- */

static void llmprov__reply_piece(llmprov_turn *t, llmprov__reply_block *b, llmprov_str text) {
    llmprov_event *e = &t->said;
    if (!text.len) return;
    e->type = b->head.type == LLMPROV_BLOCK_THINKING ? LLMPROV_EVENT_THINKING :
              b->head.type == LLMPROV_BLOCK_TOOL_USE || b->head.type == LLMPROV_BLOCK_SERVER_USE ? LLMPROV_EVENT_JSON : LLMPROV_EVENT_TEXT;
    e->choice = b->choice;
    e->index = b->index;
    e->text = text.ptr;
    e->text_len = text.len;
    if (llmprov__reply_wants_text(t, b) && !llmprov__mem_add(&b->text, text.ptr, text.len)) llmprov__reply_no_memory(t);
    else llmprov__reply_emit(t, e);
}

static void llmprov__reply_sift(llmprov_turn *t, llmprov__reply_block *b, const char *p, size_t len, bool last) {
    llmprov_str text = llmprov__text_sift(&b->sieve, &t->sifted, p, len, last);
    if (t->sifted.failed) llmprov__reply_no_memory(t);
    else llmprov__reply_piece(t, b, text);
}

LLMPROV_API void llmprov_turn_text(llmprov_turn *t, int block, const char *text, size_t len) {
    llmprov__reply_block *b = llmprov__reply_block_at(t, block);
    if (!b || !b->open || t->error.code) return;
    t->pieces += 2;              /* not from one string of the frame: no shortcut */
    llmprov__reply_sift(t, b, text, len, false);
}

LLMPROV_API void llmprov_turn_piece(llmprov_turn *t, int block, const llmprov_scan *s, llmprov_str string) {
    llmprov__reply_block *b = llmprov__reply_block_at(t, block);
    llmprov_str text;
    if (!b || !b->open || t->error.code || string.len < 2) return;
    t->pieces++;
    t->piece = string.ptr + 1;
    t->piece_len = string.len - 2;
    t->piece_block = block;
    text = llmprov__json_unquote(s, string, true);
    if (t->scratch.failed) llmprov__reply_no_memory(t);
    else llmprov__reply_sift(t, b, text.ptr, text.len, false);
}

LLMPROV_API void llmprov_turn_freeform(llmprov_turn *t, int block, llmprov_str string) {
    llmprov__reply_block *b = llmprov__reply_block_at(t, block);
    if (!b || !b->open || t->error.code || string.len < 2) return;
    if (!b->freeform) llmprov_turn_text(t, block, "{\"input\":\"", 10);
    b->freeform = true;
    llmprov_turn_text(t, block, string.ptr + 1, string.len - 2);
}

/* Base64 in any pieces to bytes: whole groups of four are decoded, the rest waits. The text may lie in the scratch. */
static bool llmprov__reply_audio(llmprov_turn *t, llmprov__reply_block *b, llmprov_str text, llmprov_str *bytes) {
    size_t n, done = 0, whole;
    bool fine = true;
    t->sifted.len = 0;
    if (!llmprov__mem_room(&t->sifted, text.len + 8)) return false;
    while (b->quad_len && b->quad_len < 4 && text.len) b->quad[b->quad_len++] = *text.ptr++, text.len--;
    if (b->quad_len == 4) {
        fine = llmprov__text_unbase64(t->sifted.ptr, &done, b->quad, 4);
        b->quad_len = 0;
    }
    whole = text.len / 4 * 4;
    if (fine && whole) {
        fine = llmprov__text_unbase64(t->sifted.ptr + done, &n, text.ptr, whole);
        done += fine ? n : 0;
    }
    if (!b->quad_len) {
        b->quad_len = (int)(text.len - whole);
        memcpy(b->quad, text.ptr + whole, (size_t)b->quad_len);
    }
    bytes->ptr = t->sifted.ptr;
    bytes->len = done;
    if (!fine) llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "the audio is not base64");
    return t->keep != LLMPROV_KEEP_ALL || llmprov__mem_add(&b->data, bytes->ptr, done);
}

/* Appends an item to a list that a block carries. */
static void llmprov__reply_item(llmprov_turn *t, llmprov__mem_buf *list, llmprov_str json) {
    if (t->keep != LLMPROV_KEEP_ALL) return;
    json = llmprov__reply_clean(t, json);
    if (!llmprov__mem_add(list, list->len ? "," : "[", 1) || !llmprov__mem_add(list, json.ptr, json.len)) llmprov__reply_no_memory(t);
}

LLMPROV_API void llmprov_turn_part(llmprov_turn *t, int block, const char *kind, llmprov_str value) {
    llmprov__reply_block *b = llmprov__reply_block_at(t, block);
    llmprov_str name = { kind, strlen(kind) };
    llmprov_event e;
    if (!b || t->error.code) return;
    t->pieces += 2;
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_PART, b);
    e.kind = kind;
    if (!strcmp(kind, "signature")) {
        b->signature.len = 0;
        if (!llmprov__mem_add(&b->signature, value.ptr, value.len)) llmprov__reply_no_memory(t);
        e.text = value.ptr;
        e.text_len = value.len;
    } else if (!strcmp(kind, "audio")) {
        llmprov_str bytes = { "", 0 };
        if (!llmprov__reply_audio(t, b, value, &bytes)) llmprov__reply_no_memory(t);
        e.data = bytes.ptr;
        e.data_len = bytes.len;
    } else {
        e.extra = value.ptr;
        e.extra_len = value.len;
        if (!strcmp(kind, "citation")) llmprov__reply_item(t, &b->citations, value);
        else if (!strcmp(kind, "reasoning_details")) llmprov__reply_item(t, &b->details, value);
        else llmprov__reply_set_extra(t, &b->extras, name, value);
    }
    if (!t->error.code) llmprov__reply_emit(t, &e);
}

/* -- the end of a block -- */

/* Arguments that are no object are kept inside one, so that the call and its id survive. */
static void llmprov__reply_arguments(llmprov_turn *t, llmprov__reply_block *b) {
    llmprov_scan s = llmprov__json_scan(b->text.ptr ? b->text.ptr : "", b->text.len, &t->scratch, 0);
    bool object = llmprov_scan_kind(&s) == LLMPROV_JSON_OBJECT, null = llmprov_scan_kind(&s) == LLMPROV_JSON_NULL, empty;
    llmprov_writer w;
    llmprov_scan_skip(&s);
    empty = s.end == s.begin || (null && llmprov__json_done(&s));
    b->head.json = empty ? "{}" : b->text.ptr;
    b->head.json_len = empty ? 2 : b->text.len;
    if (empty || (object && llmprov__json_done(&s))) return;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "rawInvalidInput", b->text.ptr, b->text.len);
    llmprov_write_close(&w);
    b->head.invalid = true;
    b->head.json = w.status ? NULL : llmprov__mem_copy(&t->arena, w.text, w.len);
    b->head.json_len = b->head.json ? w.len : 0;
    llmprov_writer_free(&w);
    if (!b->head.json) llmprov__reply_no_memory(t);
    llmprov__reply_warn(t, LLMPROV_ERR_BAD_REPLY, "content", "the arguments of a tool call are no JSON object: they are in rawInvalidInput");
}

/* A gathered list becomes a member of the block. */
static void llmprov__reply_close_list(llmprov_turn *t, llmprov__reply_block *b, const char *name, llmprov__mem_buf *items) {
    llmprov_str key = { name, strlen(name) }, list;
    if (!items->len || !llmprov__mem_add(items, "]", 1)) return;
    list.ptr = items->ptr;
    list.len = items->len;
    llmprov__reply_set_extra(t, &b->extras, key, list);
}

/* Gathers what a block consists of into its head. */
static void llmprov__reply_close(llmprov_turn *t, llmprov__reply_block *b) {
    llmprov_block *h = &b->head;
    bool whole = llmprov__reply_wants_text(t, b);
    b->open = false;
    if (h->type == LLMPROV_BLOCK_TOOL_USE || h->type == LLMPROV_BLOCK_SERVER_USE) {
        if (whole) llmprov__reply_arguments(t, b);
    } else if (h->type == LLMPROV_BLOCK_TEXT || h->type == LLMPROV_BLOCK_THINKING || b->text.len) {
        h->text = whole && b->text.ptr ? b->text.ptr : "";
        h->text_len = whole ? b->text.len : 0;
    }
    if (b->signature.ptr) h->signature = b->signature.ptr;
    if (b->data.ptr) h->data = b->data.ptr, h->data_len = b->data.len;
    llmprov__reply_close_list(t, b, "citations", &b->citations);
    llmprov__reply_close_list(t, b, "reasoning_details", &b->details);
    if (!b->extras.count) return;
    if (h->type == LLMPROV_BLOCK_RAW) h->json = llmprov__reply_extras(t, &b->extras, h->json, &h->json_len);
    else h->extra = llmprov__reply_extras(t, &b->extras, h->extra, &h->extra_len);
}

/* What was held back comes out, and a free text is closed. */
static void llmprov__reply_last(llmprov_turn *t, llmprov__reply_block *b) {
    llmprov_str close = LLMPROV__STR("\"}");
    llmprov__reply_sift(t, b, "", 0, true);
    if (b->freeform) llmprov__reply_piece(t, b, close);
}

LLMPROV_API void llmprov_turn_block_end(llmprov_turn *t, int block) {
    llmprov__reply_block *b = llmprov__reply_block_at(t, block);
    llmprov_event e;
    if (!b || !b->open || t->error.code) return;
    t->pieces += 2;
    llmprov__reply_last(t, b);
    llmprov__reply_close(t, b);
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_BLOCK_END, b);
    e.block = &b->head;
    llmprov__reply_emit(t, &e);
}

static void llmprov__reply_close_choice(llmprov_turn *t, int choice) {
    int i;
    for (i = t->choices[choice].first; i >= 0; i = t->blocks[i].next) llmprov_turn_block_end(t, i);
}

/* -- what belongs to a choice or to the whole -- */

LLMPROV_API void llmprov_turn_stop(llmprov_turn *t, int choice, llmprov_stop stop, llmprov_str word, llmprov_str sequence) {
    llmprov__reply_choice *c = llmprov__reply_choice_at(t, choice);
    if (!c || t->error.code) return;
    t->pieces += 2;
    llmprov__reply_start(t);
    c->ended = true;
    c->stop = stop;
    c->word = llmprov_turn_keep(t, word);
    c->sequence = sequence.ptr ? llmprov_turn_keep(t, sequence) : c->sequence;
    if (!c->word) c->word = "";
}

/* Sets each member of an object in a list. A null says nothing where there was something. */
static void llmprov__reply_set_members(llmprov_turn *t, llmprov__reply_members *list, llmprov_str object) {
    llmprov_scan s = llmprov__json_scan(object.ptr, object.len, &t->scratch, 0);
    llmprov_str key, value;
    while (llmprov_scan_key(&s, &key))
        if (llmprov_scan_raw(&s, &value) && (value.ptr[0] != 'n' || !llmprov__reply_find_extra(list, key))) llmprov__reply_set_extra(t, list, key, value);
}

LLMPROV_API llmprov_usage *llmprov_turn_usage(llmprov_turn *t, llmprov_str raw) {
    if (raw.len) llmprov__reply_set_members(t, &t->usage_members, raw);
    return &t->usage;
}

LLMPROV_API bool llmprov_turn_read_block(llmprov_turn *t, llmprov_scan *s, llmprov_block *block) {
    llmprov_error err;
    llmprov__msg_reader r = { NULL, NULL, "content" };
    llmprov_scan in = *s;
    llmprov_str raw;
    llmprov__err_clear(&err);
    r.arena = &t->arena;
    r.err = &err;
    if (!llmprov_scan_raw(s, &raw)) return false;
    in = llmprov_scan_in(s, llmprov__reply_clean(t, raw));
    if (llmprov__msg_read_block(&r, &in, block) && !t->arena.failed) return true;
    if (t->arena.failed || t->scratch.failed) llmprov__reply_no_memory(t);
    else llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, err.code ? err.message : "a content block is not JSON");
    return false;
}

LLMPROV_API void llmprov_turn_extra(llmprov_turn *t, int choice, llmprov_str key, llmprov_str json) {
    llmprov__reply_choice *c = choice < 0 ? NULL : llmprov__reply_choice_at(t, choice);
    if (choice < 0) llmprov__reply_set_extra(t, &t->extras, key, json);
    else if (c) llmprov__reply_set_extra(t, &c->extras, key, json);
}

/* Appends the items of a list to a list that is being gathered. */
static void llmprov__reply_append(llmprov_turn *t, llmprov__mem_buf *to, const llmprov_scan *s, llmprov_str list) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str item;
    while (llmprov_scan_item(&in)) {
        if (!llmprov_scan_raw(&in, &item)) return;
        if (!llmprov__mem_add(to, to->len ? "," : "[", 1) || !llmprov__mem_add(to, item.ptr, item.len)) llmprov__reply_no_memory(t);
    }
}

LLMPROV_API void llmprov_turn_choice_part(llmprov_turn *t, int choice, const char *kind, llmprov_str json) {
    llmprov__reply_choice *c = llmprov__reply_choice_at(t, choice);
    llmprov_scan s = llmprov__json_scan(json.ptr, json.len, &t->scratch, 0), in = s;
    llmprov_str key, value;
    llmprov_event e;
    if (!c || t->error.code) return;
    t->pieces += 2;
    while (t->keep == LLMPROV_KEEP_ALL && llmprov_scan_key(&in, &key)) {
        llmprov__mem_buf *to = llmprov__text_is(key, "content") ? &c->logprobs : llmprov__text_is(key, "refusal") ? &c->refusals : NULL;
        if (llmprov_scan_raw(&in, &value) && to && value.ptr[0] == '[') llmprov__reply_append(t, to, &s, value);
    }
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_PART, NULL);
    e.choice = choice;
    e.index = -1;
    e.kind = kind;
    e.extra = json.ptr;
    e.extra_len = json.len;
    llmprov__reply_emit(t, &e);
}

LLMPROV_API void llmprov_turn_other(llmprov_turn *t, llmprov_str kind, llmprov_str json) {
    llmprov__mem_buf name;
    llmprov_event e;
    if (t->error.code) return;
    memset(&name, 0, sizeof name);
    name.alloc = t->arena.alloc;
    if (!llmprov__mem_add(&name, kind.ptr ? kind.ptr : "", kind.ptr ? kind.len : 0)) {
        llmprov__reply_no_memory(t);
        return;
    }
    json = llmprov__reply_clean(t, json);
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_OTHER, NULL);
    e.kind = name.ptr;
    e.extra = json.ptr;
    e.extra_len = json.len;
    llmprov__reply_emit(t, &e);
    llmprov__mem_buf_free(&name);
}

/* -- the shortcut -- */

/* Remembers a frame that gave exactly one piece, whole in one of its strings. */
static void llmprov__reply_learn(llmprov_turn *t, const llmprov_frame *frame) {
    llmprov__reply_hot *h = &t->hot;
    h->armed = false;
    if (t->pieces != 1 || t->events != 1 || t->error.code) return;
    if (t->piece < frame->data.ptr || t->piece + t->piece_len > frame->data.ptr + frame->data.len) return;
    h->frame.len = h->event.len = 0;
    if (!llmprov__mem_add(&h->frame, frame->data.ptr, frame->data.len) || !llmprov__mem_add(&h->event, frame->event.ptr, frame->event.len)) {
        llmprov__reply_no_memory(t);
        return;
    }
    h->from = (size_t)(t->piece - frame->data.ptr);
    h->to = h->from + t->piece_len;
    h->block = t->piece_block;
    h->armed = true;
}

/* Reads a frame that differs from the learned one only inside its string; false = it must be parsed. */
static bool llmprov__reply_shortcut(llmprov_turn *t, const llmprov_frame *frame) {
    const llmprov__reply_hot *h = &t->hot;
    const char *data = frame->data.ptr, *from, *to;
    size_t tail;
    llmprov_str string;
    llmprov_scan s;
    if (!h->armed) return false;
    tail = h->frame.len - h->to;
    if (frame->data.len < h->from + tail || frame->event.len != h->event.len) return false;
    from = data + h->from;
    to = data + frame->data.len - tail;
    if (memcmp(data, h->frame.ptr, h->from) || memcmp(to, h->frame.ptr + h->to, tail) ||
        (h->event.len && memcmp(frame->event.ptr, h->event.ptr, h->event.len))) return false;
    string.ptr = from;
    string.len = (size_t)(to - from);
    if (llmprov__text_simple(from, string.len, string.len + tail) && !t->blocks[h->block].sieve.count) {
        llmprov__reply_piece(t, &t->blocks[h->block], string);
        return true;
    }
    if (llmprov__text_plain(from, to) == to) {
        llmprov__reply_sift(t, &t->blocks[h->block], from, string.len, false);
        return true;
    }
    s = llmprov__json_scan(from - 1, (size_t)(to - from) + 2, &t->scratch, 0);
    if (!llmprov_scan_raw(&s, &string) || s.at != s.end) return false;
    llmprov_turn_piece(t, h->block, &s, string);
    return true;
}

/* -- the end of the reply -- */

/* A model that called tools stopped to have them run, whatever its server says; other reasons keep their rank. */
static void llmprov__reply_settle(llmprov__reply_choice *c) {
    if (c->stop == LLMPROV_STOP_END && c->tools) c->stop = LLMPROV_STOP_TOOL_USE;
    else if (c->stop == LLMPROV_STOP_TOOL_USE && !c->tools) c->stop = LLMPROV_STOP_END;
}

/* Closes what is open and says META and END. */
static void llmprov__reply_finish(llmprov_turn *t) {
    llmprov__reply_choice *c = llmprov__reply_choice_at(t, 0);
    llmprov_event e;
    size_t i;
    if (!c || t->error.code) return;
    llmprov__reply_start(t);
    for (i = 0; i < t->choice_count; i++) {
        llmprov__reply_close_choice(t, (int)i);
        c = &t->choices[i];
        llmprov__reply_settle(c);
        if (i == 0) continue;
        llmprov__reply_begin_event(&e, LLMPROV_EVENT_CHOICE_END, NULL);
        e.choice = (int)i;
        e.stop = c->stop;
        e.stop_word = c->word;
        llmprov__reply_emit(t, &e);
    }
    if (t->extras.count) {
        llmprov__reply_begin_event(&e, LLMPROV_EVENT_META, NULL);
        e.extra = llmprov__reply_extras(t, &t->extras, NULL, &e.extra_len);
        llmprov__reply_emit(t, &e);
    }
    if (t->usage_members.count) t->usage.raw = llmprov__reply_extras(t, &t->usage_members, NULL, &i);
    if (t->error.code) return;
    llmprov__reply_begin_event(&e, LLMPROV_EVENT_END, NULL);
    e.stop = t->choices[0].stop;
    e.stop_word = t->choices[0].word;
    e.stop_sequence = t->choices[0].sequence;
    e.usage = &t->usage;
    llmprov__reply_emit(t, &e);
}

/* The members of a choice, its gathered logprobs among them. */
static const char *llmprov__reply_choice_extra(llmprov_turn *t, llmprov__reply_choice *c, size_t *len) {
    llmprov_str key = LLMPROV__STR("logprobs"), json;
    llmprov_writer w;
    if (!c->logprobs.len && !c->refusals.len) return llmprov__reply_extras(t, &c->extras, NULL, len);
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    if (c->logprobs.len) llmprov__mem_add(&c->logprobs, "]", 1);
    if (c->refusals.len) llmprov__mem_add(&c->refusals, "]", 1);
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_raw(&w, "content", c->logprobs.len ? c->logprobs.ptr : "null", c->logprobs.len ? c->logprobs.len : 4);
    llmprov_write_raw(&w, "refusal", c->refusals.len ? c->refusals.ptr : "null", c->refusals.len ? c->refusals.len : 4);
    llmprov_write_close(&w);
    json.ptr = w.text ? w.text : "null";
    json.len = w.text ? w.len : 4;
    llmprov__reply_set_extra(t, &c->extras, key, json);
    if (w.status) llmprov__reply_no_memory(t);
    llmprov_writer_free(&w);
    return llmprov__reply_extras(t, &c->extras, NULL, len);
}

static void llmprov__reply_fill_choice(llmprov_turn *t, int choice, llmprov_choice *to) {
    llmprov__reply_choice *c = &t->choices[choice];
    llmprov_block *blocks = (llmprov_block *)llmprov__mem_take(&t->arena, (size_t)c->blocks * sizeof *blocks);
    int i;
    to->message.role = LLMPROV_ROLE_ASSISTANT;
    to->stop = c->stop;
    to->stop_word = c->word;
    to->stop_sequence = c->sequence;
    to->extra = llmprov__reply_choice_extra(t, c, &to->extra_len);
    if (!blocks) return;
    for (i = c->first; i >= 0; i = t->blocks[i].next) blocks[to->message.block_count++] = t->blocks[i].head;
    to->message.blocks = blocks;
}

/* The text blocks of a message joined. */
static void llmprov__reply_fill_text(llmprov_turn *t, llmprov_response *r) {
    size_t i, len = 0, texts = 0;
    char *to;
    for (i = 0; i < r->message.block_count; i++) {
        const llmprov_block *b = &r->message.blocks[i];
        if (b->type != LLMPROV_BLOCK_TEXT) continue;
        r->text = b->text;
        len += b->text_len;
        texts++;
    }
    r->text_len = len;
    if (texts > 1) {
        r->text = to = (char *)llmprov__mem_take(&t->arena, len + 1);
        for (i = 0; to && i < r->message.block_count; i++) {
            const llmprov_block *b = &r->message.blocks[i];
            if (b->type != LLMPROV_BLOCK_TEXT) continue;
            memcpy(to, b->text, b->text_len);
            to += b->text_len;
        }
    }
    if (!r->text) r->text = "", r->text_len = 0;
}

/* Moves everything into a response; the turn is its memory from now on. Also after a failure: what came is kept. */
static void llmprov__reply_take(llmprov_turn *t, llmprov_response *r) {
    llmprov_choice *choices;
    size_t i;
    t->silent = true;
    for (i = 0; i < t->block_count; i++) {
        if (!t->blocks[i].open) continue;
        llmprov__reply_last(t, &t->blocks[i]);
        llmprov__reply_close(t, &t->blocks[i]);
    }
    llmprov__reply_choice_at(t, 0);
    choices = (llmprov_choice *)llmprov__mem_take(&t->arena, t->choice_count * sizeof *choices);
    for (i = 0; choices && i < t->choice_count; i++) llmprov__reply_fill_choice(t, (int)i, &choices[i]);
    if (choices && t->choice_count) {
        r->choices = choices;
        r->choice_count = t->choice_count;
        r->message = choices[0].message;
        r->stop = choices[0].stop;
        r->stop_word = choices[0].stop_word;
        r->stop_sequence = choices[0].stop_sequence;
    }
    llmprov__reply_fill_text(t, r);
    r->extra = llmprov__reply_extras(t, &t->extras, NULL, &r->extra_len);
    r->usage = t->usage;
    r->id = t->id ? t->id : "";
    r->model = t->model ? t->model : "";
    if (!r->stop_word) r->stop_word = "";
    llmprov__reply_free_reading(t);
    if (t->arena.failed) llmprov__reply_no_memory(t);
    r->warnings = t->warnings.items;
    r->warning_count = t->warnings.count;
    r->error = t->error;
    r->memory = t;
}

LLMPROV_API void llmprov_response_free(llmprov_response *r) {
    if (!r) return;
    llmprov__reply_free((llmprov_turn *)r->memory);
    memset(r, 0, sizeof *r);
}

//==============================================================================
// >>normal     any history becomes legal for a target
//
// What a wire format, a provider and a model demand of a conversation comes in
// as data (rules, quirks, profile flags); what is changed or dropped goes out as
// warnings. It is the same every time for the same input, so that prompt caches
// hold. Blocks are copied flat; texts stay where the caller has them. Its output:
// the request with messages and system of its own.
// Calls: msg
//==============================================================================

/* Where in the caller's messages a block came from, for warnings that are given later. */
typedef struct llmprov__normal_place { size_t message, block; } llmprov__normal_place;

/* Blocks of the result. In front of the items stands a pointer to their places, so that whoever has the blocks of a
   legal message can find them. */
typedef struct llmprov__normal_list { llmprov_block *items; llmprov__normal_place *places; size_t count, cap; } llmprov__normal_list;

/* A call of the assistant's turn that waits for its result. */
typedef struct llmprov__normal_call {
    const char *id, *wire_id, *name;
    llmprov_block result;
    size_t message, block;       /* where the call stands, then where its result does */
    size_t next, last;           /* the next call of the same id; of the first of them: the last */
    bool answered;
} llmprov__normal_call;

typedef struct llmprov__normal {
    llmprov__mem_arena *arena;   /* of the request that is made                                              */
    llmprov__mem_arena *keep;    /* of warnings and errors, which live longer                                */
    llmprov__err_warnings *warnings;
    llmprov_error *err;
    const llmprov_provider *row;
    const llmprov_profile *profile;
    const char *format;
    unsigned rules;
    size_t id_max, name_max;
    llmprov_request req;         /* the result */
    const char **wire_names;     /* of the tools */
    /* while it runs: */
    llmprov_message *out;
    size_t out_count, out_cap;
    llmprov__normal_list tail;   /* the blocks of the last one, where several were merged into it */
    llmprov_message *group;      /* the user's messages since the last assistant's */
    size_t group_count, group_cap;
    llmprov__normal_call *calls;
    size_t call_count, call_cap;
    bool spoken;                 /* the user's turn has come since the last assistant's */
    llmprov_block preface;       /* the system prompt of a model without that role: before the user's first words */
    llmprov__normal_list held;   /* system texts on their way to a legal place */
    llmprov_message held_like;   /* the message that they are from */
    llmprov__text_index ids;     /* those in use */
    llmprov__text_index waiting; /* by id: the first of the calls that waits for a result */
    llmprov__text_index names;   /* of the tools, as they are declared, then as they are on the wire */
    size_t ids_again;            /* how many ids had to be told apart */
    bool called;                 /* the conversation holds calls */
    size_t message, block;       /* where we are, for messages */
    size_t inside;               /* the block in that tool result's content, from 1; 0 = none */
    bool marks_dropped;
} llmprov__normal;

/* -- places, warnings, failures -- */

static const char *llmprov__normal_path(llmprov__normal *n, const char *member) {
    llmprov__err_number inside = llmprov__err_int((int64_t)n->inside - 1);
    const char *path = !member ? NULL :
        llmprov__err_join(n->arena, "messages[", llmprov__err_int((int64_t)n->message).text, "].content[",
                          llmprov__err_int((int64_t)n->block).text, n->inside ? "].content[" : "",
                          n->inside ? inside.text : "", "]", member, (char *)NULL);
    return path ? path : "messages";
}

static bool llmprov__normal_no_memory(llmprov__normal *n) {
    llmprov__err_set(n->err, n->keep, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
    return false;
}

static void llmprov__normal_warn(llmprov__normal *n, llmprov_status code, const char *member, const char *text) {
    if (text) llmprov__err_warn(n->warnings, n->keep, code, llmprov__normal_path(n, member), text);
    else llmprov__normal_no_memory(n);
}

/* What changes nothing for a program is said only where the request was read from a wire, which it is compared with. */
static void llmprov__normal_tell(llmprov__normal *n, const char *member, const char *text) {
    if (n->req.origin) llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, member, text);
}

static bool llmprov__normal_fail(llmprov__normal *n, const char *path, const char *text) {
    llmprov__err_set(n->err, n->keep, LLMPROV_ERR_ARGUMENT, path, ": ", text, (char *)NULL);
    if (!*n->err->param && (path = llmprov__mem_copy(n->keep, path, strlen(path))) != NULL) n->err->param = path;
    return false;
}

/* -- lists -- */

static bool llmprov__normal_widen(llmprov__normal *n, llmprov__normal_list *list) {
    size_t head = LLMPROV__MEM_ROUND(sizeof list->places), cap = list->cap ? list->cap * 2 : 1;
    char *memory = (char *)llmprov__mem_take(n->arena, head + cap * sizeof *list->items);
    llmprov__normal_place *places = (llmprov__normal_place *)llmprov__mem_take(n->arena, cap * sizeof *places);
    if (!memory || !places) return llmprov__normal_no_memory(n);
    memcpy(memory, &places, sizeof places);
    if (list->count) memcpy(memory + head, list->items, list->count * sizeof *list->items);
    if (list->count) memcpy(places, list->places, list->count * sizeof *places);
    list->items = (llmprov_block *)(void *)(memory + head);
    list->places = places;
    list->cap = cap;
    return true;
}

static llmprov_block *llmprov__normal_push(llmprov__normal *n, llmprov__normal_list *list, const llmprov_block *b) {
    if (list->count == list->cap && !llmprov__normal_widen(n, list)) return NULL;
    list->places[list->count].message = n->message;
    list->places[list->count].block = n->block;
    list->items[list->count] = *b;
    return &list->items[list->count++];
}

/* The caller's place of a block of a legal message. */
static llmprov__normal_place llmprov__normal_place_of(const llmprov_message *m, size_t block) {
    llmprov__normal_place *places;
    memcpy(&places, (const char *)m->blocks - LLMPROV__MEM_ROUND(sizeof places), sizeof places);
    return places[block];
}

/* Takes over blocks of a legal message with their places. */
static void llmprov__normal_push_all(llmprov__normal *n, llmprov__normal_list *list, const llmprov_message *m) {
    size_t i;
    for (i = 0; i < m->block_count; i++)
        if (llmprov__normal_push(n, list, &m->blocks[i])) list->places[list->count - 1] = llmprov__normal_place_of(m, i);
}

/* Room for one more item in an arena-backed array; what it holds moves. */
static void *llmprov__normal_more(llmprov__normal *n, void *items, size_t count, size_t *cap, size_t size) {
    size_t more = *cap ? *cap * 2 : 8;
    void *to;
    if (count < *cap) return items;
    to = llmprov__mem_take(n->arena, more * size);
    if (!to) {
        llmprov__normal_no_memory(n);
        return NULL;
    }
    if (count) memcpy(to, items, count * size);
    *cap = more;
    return to;
}

static llmprov_block llmprov__normal_text(const char *text, size_t len) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.text = text;
    b.text_len = len;
    return b;
}

/* -- is what the caller handed in well-formed? -- */

static bool llmprov__normal_check_text(llmprov__normal *n, const char *text, size_t len, const char *path) {
    size_t all = llmprov__text_len(text, len), valid = text ? llmprov__text_valid(text, all) : 0;
    if (valid == all) return true;
    n->err->offset = valid;
    return llmprov__normal_fail(n, path, llmprov__err_join(n->arena, "invalid UTF-8 at byte ", llmprov__err_int((int64_t)valid).text, (char *)NULL));
}

/* JSON that goes into the body as it is must be JSON. */
static bool llmprov__normal_check_json(llmprov__normal *n, const char *json, size_t len, const char *path, bool object) {
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_json_type kind;
    if (!json) return true;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = n->arena->alloc;
    len = llmprov__text_len(json, len);
    s = llmprov__json_scan(json, len, &scratch, 0);
    kind = llmprov_scan_kind(&s);
    llmprov_scan_skip(&s);
    llmprov__json_done(&s);
    llmprov__mem_buf_free(&scratch);
    if (s.status == LLMPROV_ERR_NO_MEMORY) return llmprov__normal_no_memory(n);
    if (s.status) {
        n->err->offset = (size_t)(s.at - s.begin);
        return llmprov__normal_fail(n, path, llmprov__err_join(n->arena, "not JSON at byte ", llmprov__err_int(s.at - s.begin).text, ": ", s.why, (char *)NULL));
    }
    if (object && kind != LLMPROV_JSON_OBJECT) return llmprov__normal_fail(n, path, "a JSON object was expected");
    return llmprov__normal_check_text(n, json, len, path);
}

static bool llmprov__normal_has_bytes(const llmprov_block *b) {
    return b->data || b->base64 || b->source.read || b->url || b->file_id || b->extra ||
           (b->type == LLMPROV_BLOCK_DOCUMENT && b->text) || (b->type == LLMPROV_BLOCK_AUDIO && b->id);
}

/* The fields of a block that are texts up to their NUL. */
static const struct { const char *member; size_t field; } llmprov__normal_strings[] = {
    { ".id", offsetof(llmprov_block, id) }, { ".name", offsetof(llmprov_block, name) },
    { ".mime", offsetof(llmprov_block, mime) }, { ".url", offsetof(llmprov_block, url) },
    { ".file_id", offsetof(llmprov_block, file_id) }, { ".signature", offsetof(llmprov_block, signature) },
    { ".kind", offsetof(llmprov_block, kind) },
};

static bool llmprov__normal_check_texts(llmprov__normal *n, const llmprov_block *b) {
    size_t i, len = llmprov__text_len(b->text, b->text_len);
    for (i = 0; i < LLMPROV__COUNT(llmprov__normal_strings); i++) {
        size_t field = llmprov__normal_strings[i].field;
        const char *text = *(const char *const *)(const void *)((const char *)b + field);
        if (text && llmprov__text_valid(text, strlen(text)) != strlen(text))
            return llmprov__normal_check_text(n, text, 0, llmprov__normal_path(n, llmprov__normal_strings[i].member));
    }
    if (!b->text || llmprov__text_valid(b->text, len) == len) return true;
    return llmprov__normal_check_text(n, b->text, len, llmprov__normal_path(n, ".text"));
}

/* Whether a block's JSON goes into a body as it is. The arguments of a call that can be answered are looked at later. */
static bool llmprov__normal_is_raw(const llmprov__normal *n, llmprov_block_type type) {
    if (type == LLMPROV_BLOCK_TOOL_USE || type == LLMPROV_BLOCK_TOOL_RESULT) return n->inside > 0;
    return type == LLMPROV_BLOCK_RAW || type == LLMPROV_BLOCK_SERVER_USE || type == LLMPROV_BLOCK_SERVER_RESULT;
}

static bool llmprov__normal_check_block(llmprov__normal *n, const llmprov_block *b) {
    bool media = b->type == LLMPROV_BLOCK_IMAGE || b->type == LLMPROV_BLOCK_AUDIO || b->type == LLMPROV_BLOCK_VIDEO ||
                 b->type == LLMPROV_BLOCK_DOCUMENT;
    bool call = b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_SERVER_USE;
    const char *wrong = NULL;
    if ((unsigned)b->type >= LLMPROV_BLOCK_COUNT) wrong = "no such block type";
    else if (call && (!b->name || !*b->name)) wrong = "a tool use needs a name";
    else if (media && !llmprov__normal_has_bytes(b))
        wrong = "an image, audio, video or document needs data, base64, a source, a url or a file_id";
    else if (b->base64 &&
             !llmprov__msg_base64_ok((llmprov_str){ b->base64, llmprov__text_len(b->base64, b->base64_len) }))
        wrong = "base64 holds other characters";
    if (wrong) return llmprov__normal_fail(n, llmprov__normal_path(n, ""), wrong);
    if (!llmprov__normal_check_texts(n, b)) return false;
    if (b->json && llmprov__normal_is_raw(n, b->type) &&
        !llmprov__normal_check_json(n, b->json, b->json_len, llmprov__normal_path(n, ".json"),
                                    b->type == LLMPROV_BLOCK_RAW)) return false;
    return !b->extra ||
           llmprov__normal_check_json(n, b->extra, b->extra_len, llmprov__normal_path(n, ".extra"), true);
}

/* One block with what it holds. */
static bool llmprov__normal_check_nest(llmprov__normal *n, const llmprov_block *b) {
    bool ok = llmprov__normal_check_block(n, b);
    for (n->inside = 1; ok && b->content && n->inside <= b->content_count; n->inside++)
        ok = llmprov__normal_check_block(n, &b->content[n->inside - 1]);
    n->inside = 0;
    return ok;
}

static bool llmprov__normal_check_message(llmprov__normal *n, const llmprov_message *m) {
    llmprov__err_number number = llmprov__err_int((int64_t)n->message);
    const char *place;
    if ((unsigned)m->role > LLMPROV_ROLE_SYSTEM) {
        place = llmprov__err_join(n->arena, "messages[", number.text, "]", (char *)NULL);
        return place ? llmprov__normal_fail(n, place, "no such role") : llmprov__normal_no_memory(n);
    }
    if (m->extra) {
        place = llmprov__err_join(n->arena, "messages[", number.text, "].extra", (char *)NULL);
        if (!place) return llmprov__normal_no_memory(n);
        if (!llmprov__normal_check_json(n, m->extra, m->extra_len, place, true)) return false;
    }
    for (n->block = 0; n->block < m->block_count; n->block++)
        if (!llmprov__normal_check_nest(n, &m->blocks[n->block])) return false;
    return true;
}

/* -- names and ids on the wire -- */

static bool llmprov__normal_word_char(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The text itself when it is legal; otherwise its legal characters, cut, and a hash: the same every time. */
static const char *llmprov__normal_legal(llmprov__normal *n, const char *text, size_t most, bool chars) {
    static const char hex[] = "0123456789abcdef";
    size_t len = strlen(text), i, keep;
    uint32_t hash = llmprov__text_hash(text, len);
    bool legal = len > 0 && len <= most;
    char *to;
    for (i = 0; chars && legal && i < len; i++) legal = llmprov__normal_word_char((unsigned char)text[i]);
    if (legal) return text;
    keep = len < most - 9 ? len : most - 9;
    while (!chars && keep && keep < len && ((unsigned char)text[keep] & 0xC0) == 0x80) keep--;
    to = (char *)llmprov__mem_take(n->arena, keep + 10);
    if (!to) {
        llmprov__normal_no_memory(n);
        return text;
    }
    for (i = 0; i < keep; i++) to[i] = !chars || llmprov__normal_word_char((unsigned char)text[i]) ? text[i] : '_';
    to[keep] = '_';
    for (i = 0; i < 8; i++) to[keep + 1 + i] = hex[hash >> (28 - 4 * i) & 15];
    return to;
}

/* Nine letters and digits of any id: itself when it is that already, otherwise made from its hash. */
static const char *llmprov__normal_nine(llmprov__normal *n, const char *text) {
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(text), i;
    uint64_t hash = ((uint64_t)llmprov__text_hash(text, len) << 32 | llmprov__text_hash(text, len / 2)) ^ (uint64_t)len;
    bool legal = len == 9;
    char *to;
    for (i = 0; legal && i < len; i++) legal = llmprov__normal_word_char((unsigned char)text[i]) && text[i] != '_' && text[i] != '-';
    if (legal) return text;
    to = (char *)llmprov__mem_take(n->arena, 10);
    if (!to) {
        llmprov__normal_no_memory(n);
        return text;
    }
    for (i = 0; i < 9; i++, hash /= 62) to[i] = digits[hash % 62];
    return to;
}

static const char *llmprov__normal_legal_id(llmprov__normal *n, const char *id) {
    if ((n->row->quirks.flags & LLMPROV_QUIRK_NINE_LETTER_IDS) || (n->profile->flags & LLMPROV_MODEL_NINE_LETTER_IDS)) return llmprov__normal_nine(n, id);
    return llmprov__normal_legal(n, id, n->id_max, (n->rules & LLMPROV_RULE_ID_CHARS) != 0);
}

/* A call's id on the wire: legal for the target, and unlike every other in the conversation. */
static const char *llmprov__normal_id(llmprov__normal *n, const char *id) {
    const char *legal, *wire;
    if (!id || !*id) id = llmprov__err_join(n->arena, "call_", llmprov__err_int((int64_t)n->message).text, "_", llmprov__err_int((int64_t)n->block).text, (char *)NULL);
    if (!id) {
        llmprov__normal_no_memory(n);
        return "";
    }
    legal = wire = llmprov__normal_legal_id(n, id);
    while (llmprov__text_find(&n->ids, llmprov__text_of(wire))) {
        const char *next = llmprov__err_join(n->arena, id, "_", llmprov__err_int((int64_t)n->ids_again++ + 2).text, (char *)NULL);
        if (!next) {
            llmprov__normal_no_memory(n);
            return legal;
        }
        wire = llmprov__normal_legal_id(n, next);
    }
    if (!llmprov__text_enter(&n->ids, n->arena, llmprov__text_of(wire), 0)) llmprov__normal_no_memory(n);
    return wire;
}

/* -- single blocks -- */

/* Whether opaque text of this origin means something to the target. */
static bool llmprov__normal_own(const llmprov__normal *n, const char *origin) {
    size_t len = strlen(n->format);
    if (!origin) return (n->rules & LLMPROV_RULE_NATIVE) != 0;
    return !strncmp(origin, n->format, len) && (!origin[len] || origin[len] == ':');
}

/* Thinking goes back to where it came from, whole and signed, or not at all. */
static bool llmprov__normal_thinking(llmprov__normal *n, const llmprov_block *b) {
    bool own = llmprov__normal_own(n, b->origin);
    if (own && (n->rules & LLMPROV_RULE_THINKING)) return true;
    if (own && !(n->rules & (LLMPROV_RULE_NATIVE | LLMPROV_RULE_SIGNED))) {
        own = n->row->quirks.reasoning_key && !(n->profile->flags & LLMPROV_MODEL_NO_REPLAY);
        if (!own) llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, "", "thinking was dropped: this model does not want it back");
        return own;
    }
    if (own && b->type == LLMPROV_BLOCK_THINKING && (!b->signature || !*b->signature)) {
        llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, "", "thinking without a signature was dropped");
        return false;
    }
    if (!own) llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, "", "thinking of another provider was dropped");
    return own;
}

/* The value of a member of a JSON object as text; empty when it has none. */
static llmprov_str llmprov__normal_member(llmprov__normal *n, const char *json, size_t len, const char *key) {
    llmprov__mem_buf scratch;
    llmprov_str raw, text = { "", 0 };
    llmprov_scan s;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = n->arena->alloc;
    if (json && llmprov__msg_has(json, len, key, &raw) && raw.ptr[0] == '"') {
        s = llmprov__json_scan(raw.ptr, raw.len, &scratch, 0);
        text = llmprov__json_unquote(&s, raw, false);
        text.ptr = llmprov__mem_copy(n->arena, text.ptr, text.len);
        if (!text.ptr) text.len = 0;
    }
    llmprov__mem_buf_free(&scratch);
    return text;
}

/* The text parts of a search result's content joined by lines. */
static const char *llmprov__normal_search(llmprov__normal *n, const llmprov_block *b) {
    llmprov_str title = llmprov__normal_member(n, b->json, b->json_len, "title"), source = llmprov__normal_member(n, b->json, b->json_len, "source"), list, item;
    const char *text = llmprov__err_join(n->arena, title.ptr, title.len ? "\n" : "", source.ptr, (char *)NULL);
    llmprov_scan s;
    if (!llmprov__msg_has(b->json, b->json_len, "content", &list)) return text;
    s = llmprov__json_scan(list.ptr, list.len, NULL, 0);
    while (text && llmprov_scan_item(&s) && llmprov_scan_raw(&s, &item)) {
        llmprov_str piece = llmprov__normal_member(n, item.ptr, item.len, "text");
        text = llmprov__err_join(n->arena, text, "\n", piece.ptr, (char *)NULL);
    }
    return text;
}

/* Blocks that only Anthropic's format has: what they say as text, or nothing, with a warning. */
static bool llmprov__normal_foreign(llmprov__normal *n, llmprov_block *b) {
    const char *text = NULL;
    if (b->type == LLMPROV_BLOCK_RAW && b->kind && !strcmp(b->kind, "search_result")) text = llmprov__normal_search(n, b);
    else if (b->type == LLMPROV_BLOCK_RAW && b->kind && !strcmp(b->kind, "tool_reference"))
        text = llmprov__err_join(n->arena, "[Loaded tool: ", llmprov__normal_member(n, b->json, b->json_len, "tool_name").ptr, "]", (char *)NULL);
    else if (b->type == LLMPROV_BLOCK_RAW && b->kind && !strcmp(b->kind, "compaction"))
        text = llmprov__normal_member(n, b->json, b->json_len, "content").ptr;
    if (text && *text) {
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", llmprov__err_join(n->arena, "a ", b->kind, " block became text", (char *)NULL));
        *b = llmprov__normal_text(text, strlen(text));
        return true;
    }
    text = llmprov__err_join(n->arena, "a block of the kind \"", b->kind ? b->kind : "", "\" was dropped: ", n->format, " has none", (char *)NULL);
    llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, "", text ? text : "");
    return false;
}

/* Arguments are an object on every wire. */
static void llmprov__normal_arguments(llmprov__normal *n, llmprov_block *b) {
    size_t len = llmprov__text_len(b->json, b->json_len);
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_writer w;
    bool object, empty;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = n->arena->alloc;
    s = llmprov__json_scan(b->json ? b->json : "", len, &scratch, 0);
    object = llmprov_scan_kind(&s) == LLMPROV_JSON_OBJECT;
    empty = !len || (len == 4 && !memcmp(b->json, "null", 4));
    llmprov_scan_skip(&s);
    object = object && llmprov__json_done(&s) && llmprov__text_valid(b->json, len) == len;
    llmprov__mem_buf_free(&scratch);
    if (object) return;
    if (empty) {
        b->json = "{}";
        b->json_len = 2;
        return;
    }
    memset(&w, 0, sizeof w);
    w.alloc = n->arena->alloc;
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "rawInvalidInput", b->json, len);
    llmprov_write_close(&w);
    b->json = w.status ? NULL : llmprov__mem_copy(n->arena, w.text, w.len);
    b->json_len = b->json ? w.len : 0;
    llmprov_writer_free(&w);
    if (!b->json) llmprov__normal_no_memory(n);
    llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, ".json", "the arguments of a tool call are no JSON object: they were wrapped in rawInvalidInput");
}

/* Whether members say something beyond those of a blank-separated list. A null says nothing, and members item_* only
   tell its own server which item a block was. */
static bool llmprov__normal_says(const char *extra, size_t len, const char *but) {
    llmprov_scan s = llmprov__json_scan(extra, llmprov__text_len(extra, len), NULL, 0);
    llmprov_str key, value;
    while (llmprov_scan_key(&s, &key)) {
        const char *p = but;
        bool listed = key.len > 5 && !memcmp(key.ptr, "item_", 5);
        for (; *p && !listed; p += *p == ' ') {
            size_t n = strcspn(p, " ");
            listed = n == key.len && !memcmp(p, key.ptr, n);
            p += n;
        }
        if (llmprov_scan_raw(&s, &value) && !listed && value.ptr[0] != 'n') return true;
    }
    return false;
}

static bool llmprov__normal_takes_marks(const llmprov__normal *n) {
    if (n->rules & LLMPROV_RULE_MARKS) return !(n->profile->flags & LLMPROV_MODEL_NO_MARKS);
    return (n->rules & LLMPROV_RULE_NATIVE) || (n->row->quirks.flags & LLMPROV_QUIRK_CACHE_CONTROL) ||
           (n->profile->flags & LLMPROV_MODEL_CACHE_MARKS);
}

/* A mark on what cannot carry one moves to the block before it, in the message before if need be. */
static void llmprov__normal_move_mark(llmprov__normal *n, llmprov__normal_list *list, llmprov_cache cache) {
    const llmprov_message *last = n->group_count ? &n->group[n->group_count - 1] : n->out_count ? &n->out[n->out_count - 1] : NULL;
    llmprov_block *b = list->count ? &list->items[list->count - 1] : last && last->block_count ? (llmprov_block *)&last->blocks[last->block_count - 1] : NULL;
    if (!cache) return;
    if (b && b->type != LLMPROV_BLOCK_THINKING && b->type != LLMPROV_BLOCK_REDACTED) b->cache = b->cache ? b->cache : cache;
    else llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, ".cache", "nothing before this mark can carry it: it was left out");
}

static bool llmprov__normal_thinks(const llmprov__normal_list *list) {
    size_t i;
    for (i = 0; i < list->count; i++)
        if (list->items[i].type == LLMPROV_BLOCK_THINKING || list->items[i].type == LLMPROV_BLOCK_REDACTED) return true;
    return false;
}

/* A text that the target refuses because it says nothing. */
static bool llmprov__normal_says_nothing(const llmprov__normal *n, const llmprov__normal_list *list, const llmprov_block *b) {
    size_t len = llmprov__text_len(b->text, b->text_len), i;
    if (!(n->rules & LLMPROV_RULE_NO_BLANKS)) return !len;
    for (i = 0; i < len && (b->text[i] == ' ' || (b->text[i] >= '\t' && b->text[i] <= '\r')); i++) { }
    return i == len && !llmprov__normal_thinks(list);
}

/* Marks count wherever they are spelled out: a whole block's own is in its JSON. One in extra means nothing beside a
   field that says there is none. */
static void llmprov__normal_adopt(llmprov__normal *n, llmprov_block *b) {
    if (b->cache) return;
    if (b->type == LLMPROV_BLOCK_RAW) b->cache = llmprov__msg_spelled(b->json, b->json_len);
    else if (b->extra && llmprov__msg_spelled(b->extra, b->extra_len))
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, ".extra", "a cache mark in extra was left out: the field cache says that there is none");
}

/* A mark that the target does not take. In a request that was read from a wire each is named, otherwise all at once. */
static void llmprov__normal_drop_mark(llmprov__normal *n, llmprov_cache *cache, const char *member) {
    if (!*cache || llmprov__normal_takes_marks(n)) return;
    *cache = LLMPROV_CACHE_NONE;
    if (n->req.origin) llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, member, "a cache mark was left out: this provider takes none");
    else n->marks_dropped = true;
}

/* Takes one block of a message over, or leaves it out. */
static void llmprov__normal_take(llmprov__normal *n, llmprov__normal_list *list, const llmprov_block *from) {
    llmprov_block b = *from;
    bool own_kind = b.type == LLMPROV_BLOCK_SERVER_USE || b.type == LLMPROV_BLOCK_SERVER_RESULT || b.type == LLMPROV_BLOCK_RAW;
    llmprov_str member;
    llmprov__normal_adopt(n, &b);
    llmprov__normal_drop_mark(n, &b.cache, ".cache");
    if (b.type == LLMPROV_BLOCK_TEXT && llmprov__normal_says_nothing(n, list, &b)) {
        llmprov__normal_move_mark(n, list, b.cache);
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "an empty text was left out");
        return;
    }
    if ((b.type == LLMPROV_BLOCK_THINKING || b.type == LLMPROV_BLOCK_REDACTED) && !llmprov__normal_thinking(n, &b)) return;
    if ((b.type == LLMPROV_BLOCK_THINKING || b.type == LLMPROV_BLOCK_REDACTED) && b.cache) {
        llmprov__normal_move_mark(n, list, b.cache);
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, ".cache", "thinking carries no cache mark: it was moved to the block before");
        b.cache = LLMPROV_CACHE_NONE;
    }
    if (own_kind && !llmprov__normal_own(n, b.origin) && !llmprov__normal_foreign(n, &b)) return;
    if (b.extra && b.origin && !llmprov__normal_own(n, b.origin)) {
        bool more = llmprov__normal_says(b.extra, b.extra_len, "type prompt_cache_breakpoint cache_control function content");
        b.extra = NULL;
        b.extra_len = 0;
        if (more) llmprov__normal_warn(n, LLMPROV_ERR_UNSUPPORTED, "", "members that another format minted were left out");
    }
    if ((n->rules & LLMPROV_RULE_NATIVE) && b.extra && (llmprov__msg_has(b.extra, b.extra_len, llmprov__msg_stream_only[0], &member) || llmprov__msg_has(b.extra, b.extra_len, llmprov__msg_stream_only[1], &member)))
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "index and partial_json belong to streams only: they were left out");
    if (b.type == LLMPROV_BLOCK_TOOL_USE) llmprov__normal_arguments(n, &b);
    llmprov__normal_push(n, list, &b);
}

/* -- the output -- */

/* A message that becomes part of another one cannot keep its own members. */
static void llmprov__normal_joins(llmprov__normal *n, size_t message, const llmprov_message *m) {
    const char *path;
    if (!m->extra) return;
    path = llmprov__err_join(n->arena, "messages[", llmprov__err_int((int64_t)message).text, "]", (char *)NULL);
    llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, path ? path : "messages", "its members beside role and content were left out, since it became part of another message");
}

static void llmprov__normal_emit(llmprov__normal *n, llmprov_role role, llmprov_block *blocks, size_t count, const llmprov_message *like) {
    llmprov_message *m, *last = n->out_count ? &n->out[n->out_count - 1] : NULL;
    if (!count) return;
    if ((n->rules & LLMPROV_RULE_MERGE) && last && last->role == role && role != LLMPROV_ROLE_SYSTEM) {
        llmprov_message more;
        memset(&more, 0, sizeof more);
        more.blocks = blocks;
        more.block_count = count;
        if (like) llmprov__normal_joins(n, llmprov__normal_place_of(&more, 0).message, like);
        if (n->tail.items != last->blocks || n->tail.count != last->block_count) {
            memset(&n->tail, 0, sizeof n->tail);
            llmprov__normal_push_all(n, &n->tail, last);
        }
        llmprov__normal_push_all(n, &n->tail, &more);
        last->blocks = n->tail.items;
        last->block_count = n->tail.count;
        last->plain = false;
        return;
    }
    n->out = (llmprov_message *)llmprov__normal_more(n, n->out, n->out_count, &n->out_cap, sizeof *n->out);
    if (!n->out) {
        n->out_count = n->out_cap = 0;
        return;
    }
    m = &n->out[n->out_count++];
    memset(m, 0, sizeof *m);
    if (like) *m = *like;
    m->role = role;
    m->blocks = blocks;
    m->block_count = count;
}

/* System texts where the target knows no such message: the user's words, marked. */
static void llmprov__normal_tag(llmprov__normal *n, llmprov__normal_list *list) {
    size_t i;
    for (i = 0; i < list->count; i++) {
        llmprov_block *b = &list->items[i];
        size_t len = llmprov__text_len(b->text, b->text_len);
        char *to = (char *)llmprov__mem_take(n->arena, len + 24);
        if (!to) {
            llmprov__normal_no_memory(n);
            return;
        }
        memcpy(to, "<system>\n", 9);
        memcpy(to + 9, b->text ? b->text : "", len);
        memcpy(to + 9 + len, "\n</system>", 10);
        b->text = to;
        b->text_len = len + 19;
    }
}

/* System texts that waited for a legal place: before an assistant's turn, and behind a user's or a server tool's result. */
static void llmprov__normal_release(llmprov__normal *n) {
    const llmprov_message *last = n->out_count ? &n->out[n->out_count - 1] : NULL;
    bool legal = last && (last->role == LLMPROV_ROLE_USER ||
                          (last->block_count && last->blocks[last->block_count - 1].type == LLMPROV_BLOCK_SERVER_RESULT));
    if (!n->held.count) return;
    if (!legal) {
        size_t message = n->message, block = n->block;
        n->message = n->held.places[0].message;
        n->block = n->held.places[0].block;
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "a system message in the middle became user text in <system> tags");
        llmprov__normal_tag(n, &n->held);
        n->message = message;
        n->block = block;
    }
    llmprov__normal_emit(n, legal ? LLMPROV_ROLE_SYSTEM : LLMPROV_ROLE_USER, n->held.items, n->held.count, legal ? &n->held_like : NULL);
    memset(&n->held, 0, sizeof n->held);
}

static const char llmprov__normal_cancelled[] = "cancelled: no result was recorded for this call";

/* Whether a block may stay in a tool result. */
static bool llmprov__normal_stays(const llmprov__normal *n, const llmprov_block *b) {
    bool images = (n->rules & LLMPROV_RULE_TOOL_IMAGES) != 0;
    if (images && b->type == LLMPROV_BLOCK_DOCUMENT) return (n->profile->flags & LLMPROV_MODEL_RESULT_DOCUMENTS) != 0;
    return b->type == LLMPROV_BLOCK_TEXT || (images && b->type == LLMPROV_BLOCK_IMAGE) || (b->type == LLMPROV_BLOCK_DOCUMENT && b->text);
}

/* Moves pictures and documents out of a tool result for a target that does not take them there. */
static void llmprov__normal_lift(llmprov__normal *n, llmprov_block *result, const char *name, llmprov__normal_list *lifted) {
    llmprov__normal_list texts = { NULL, NULL, 0, 0 };
    size_t i, moved = 0;
    for (i = 0; i < result->content_count; i++) {
        llmprov_block b = result->content[i];
        bool foreign = b.type == LLMPROV_BLOCK_RAW || b.type == LLMPROV_BLOCK_SERVER_RESULT || b.type == LLMPROV_BLOCK_SERVER_USE;
        if (foreign && !llmprov__normal_own(n, b.origin) && !llmprov__normal_foreign(n, &b)) continue;
        llmprov__normal_drop_mark(n, &b.cache, ".content.cache");
        if (llmprov__normal_stays(n, &b)) {
            llmprov__normal_push(n, &texts, &b);
            continue;
        }
        if (!moved++) {
            const char *note = llmprov__err_join(n->arena, "Content of the result of ", name ? name : "a tool", " (", result->id, "):", (char *)NULL);
            llmprov_block head = llmprov__normal_text(note ? note : "", llmprov__text_len(note, 0));
            llmprov__normal_push(n, lifted, &head);
        }
        b.cache = LLMPROV_CACHE_NONE;
        llmprov__normal_push(n, lifted, &b);
    }
    if (moved) {
        llmprov_block note = llmprov__normal_text("[see the content below]", 23);
        llmprov__normal_push(n, &texts, &note);
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "images and documents of a tool result went into a user message behind the results");
    }
    result->content = texts.items;
    result->content_count = texts.count;
}

/* A tool result's content as a copy whose marks may change. */
static void llmprov__normal_copy_content(llmprov__normal *n, llmprov_block *result) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    size_t i;
    for (i = 0; i < result->content_count; i++) {
        llmprov_block *b = llmprov__normal_push(n, &list, &result->content[i]);
        if (b) llmprov__normal_adopt(n, b);
        if (b) llmprov__normal_drop_mark(n, &b->cache, ".content.cache");
    }
    result->content = list.items;
    result->content_count = list.count;
}

static bool llmprov__normal_has_files(const llmprov_block *blocks, size_t count) {
    size_t i;
    for (i = 0; i < count; i++)
        if (blocks[i].type == LLMPROV_BLOCK_DOCUMENT || blocks[i].type == LLMPROV_BLOCK_VIDEO) return true;
    return false;
}

/* Whether what the user says next may not follow the results: in one message, where neighbours are merged, it would
   stand beside them. */
static bool llmprov__normal_apart(const llmprov__normal *n, const llmprov__normal_list *lifted) {
    bool merged = (n->rules & LLMPROV_RULE_TOOL_IMAGES) != 0, files = llmprov__normal_has_files(lifted->items, lifted->count);
    size_t i;
    if (n->row->quirks.flags & LLMPROV_QUIRK_NO_USER_AFTER_TOOL) return true;
    if (merged && (n->profile->flags & LLMPROV_MODEL_RESULTS_ALONE)) return true;
    for (i = 0; i < n->group_count; i++) files = files || llmprov__normal_has_files(n->group[i].blocks, n->group[i].block_count);
    return merged && files && (n->profile->flags & LLMPROV_MODEL_FAMILY) == LLMPROV_MODEL_CLAUDE;
}

/* Some servers refuse the user's words directly behind tool results: the assistant says something between. */
static void llmprov__normal_bridge(llmprov__normal *n, const llmprov__normal_list *lifted) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    llmprov_block b = llmprov__normal_text("OK.", 3);
    if (!llmprov__normal_apart(n, lifted)) return;
    if (n->group_count && n->group[0].block_count) {
        llmprov__normal_place place = llmprov__normal_place_of(&n->group[0], 0);
        n->message = place.message;
        n->block = place.block;
    }
    llmprov__normal_push(n, &list, &b);
    llmprov__normal_emit(n, LLMPROV_ROLE_ASSISTANT, list.items, list.count, NULL);
    llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "this provider refuses user messages directly behind tool results: the assistant says \"OK.\" between them");
}

/* The results of the pending calls, in the order of the calls, then what else the user said since. */
static void llmprov__normal_flush(llmprov__normal *n) {
    llmprov__normal_list results = { NULL, NULL, 0, 0 }, lifted = { NULL, NULL, 0, 0 };
    bool lift = ((n->rules & LLMPROV_RULE_TOOL_TEXT) && !(n->row->quirks.flags & LLMPROV_QUIRK_TOOL_IMAGES)) || (n->rules & LLMPROV_RULE_TOOL_IMAGES);
    size_t i, message = n->message, block = n->block, last = 0, last_block = 0;
    for (i = 0; i < n->call_count; i++) {
        llmprov__normal_call *c = &n->calls[i];
        n->message = c->message;
        n->block = c->block;
        if (!c->answered) {
            memset(&c->result, 0, sizeof c->result);
            c->result.type = LLMPROV_BLOCK_TOOL_RESULT;
            c->result.text = llmprov__normal_cancelled;
            c->result.text_len = sizeof llmprov__normal_cancelled - 1;
            c->result.is_error = true;
            llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", llmprov__err_join(n->arena, "the call ", c->id && *c->id ? c->id : "without an id", " has no result: it got one that says so", (char *)NULL));
        }
        if (c->answered && (c->message < last || (c->message == last && c->block < last_block)))
            llmprov__normal_tell(n, "", "tool results were put into the order of their calls");
        if (c->answered) last = c->message, last_block = c->block;
        if (c->answered && (c->result.id ? strcmp(c->result.id, c->wire_id) != 0 : !c->result.origin || !strchr(c->result.origin, ':'))) llmprov__normal_tell(n, ".id", "the id of a tool call was replaced by one that is legal here");
        c->result.id = c->wire_id;
        if (lift && c->result.content) llmprov__normal_lift(n, &c->result, c->name, &lifted);
        else if (c->result.content) llmprov__normal_copy_content(n, &c->result);
        llmprov__normal_push(n, &results, &c->result);
    }
    n->call_count = 0;
    llmprov__text_forget(&n->waiting);
    n->message = message;
    n->block = block;
    llmprov__normal_emit(n, LLMPROV_ROLE_USER, results.items, results.count, NULL);
    if (results.count && (lifted.count || n->group_count)) llmprov__normal_bridge(n, &lifted);
    n->message = message;
    n->block = block;
    llmprov__normal_emit(n, LLMPROV_ROLE_USER, lifted.items, lifted.count, NULL);
    for (i = 0; i < n->group_count; i++)
        llmprov__normal_emit(n, n->group[i].role, (llmprov_block *)n->group[i].blocks, n->group[i].block_count, &n->group[i]);
    n->group_count = 0;
}

/* -- the walk over the messages -- */

/* Pairs a result with the first call of its id in the turn before it that has none; false = there is no such call. */
static bool llmprov__normal_answer(llmprov__normal *n, const llmprov_block *b) {
    llmprov__text_entry *e = llmprov__text_find(&n->waiting, llmprov__text_of(b->id));
    llmprov__normal_call *c = e && e->value < n->call_count ? &n->calls[e->value] : NULL;
    if (!c) return false;
    if (c->next < n->call_count) n->calls[c->next].last = c->last;
    e->value = c->next;
    c->result = *b;
    c->message = n->message;
    c->block = n->block;
    llmprov__normal_drop_mark(n, &c->result.cache, ".cache");
    if (n->group_count) llmprov__normal_tell(n, "", "a tool result behind other words of the user was put before them");
    return c->answered = true;
}

/* The newest call is to be found by its id, behind those of the same one. */
static void llmprov__normal_await(llmprov__normal *n) {
    size_t at = n->call_count - 1;
    llmprov__normal_call *c = &n->calls[at];
    llmprov_str id = llmprov__text_of(c->id);
    llmprov__text_entry *e = llmprov__text_find(&n->waiting, id);
    c->next = (size_t)-1;
    c->last = at;
    if (e && e->value < at) {
        llmprov__normal_call *first = &n->calls[e->value];
        n->calls[first->last].next = at;
        first->last = at;
    } else if (!llmprov__text_enter(&n->waiting, n->arena, id, at)) llmprov__normal_no_memory(n);
}

/* A result whose call is gone would be refused: what it says stays, as text. */
static void llmprov__normal_orphan(llmprov__normal *n, llmprov__normal_list *list, const llmprov_block *b) {
    const char *head = llmprov__err_join(n->arena, "[Result of the tool call ", b->id ? b->id : "", ", which is not in this conversation]", (char *)NULL);
    llmprov_block text = llmprov__normal_text(head ? head : "", llmprov__text_len(head, 0));
    size_t i;
    llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "a tool result without its call became text");
    llmprov__normal_push(n, list, &text);
    text = llmprov__normal_text(b->text, llmprov__text_len(b->text, b->text_len));
    if (text.text_len) llmprov__normal_push(n, list, &text);
    for (i = 0; b->content && i < b->content_count; i++) llmprov__normal_take(n, list, &b->content[i]);
}

/* Whether the request goes on from turns that the server holds: from an answer by its id, or in a conversation there. */
static bool llmprov__normal_goes_on(const llmprov__normal *n) {
    static const char *const members[] = { "previous_response_id", "conversation" };
    bool own = n->req.origin && !strcmp(n->req.origin, n->format);
    llmprov_str value;
    size_t i;
    for (i = 0; (n->rules & LLMPROV_RULE_STORED) && i < LLMPROV__COUNT(members); i++) {
        if (llmprov__msg_has(n->req.extra, 0, members[i], &value) && value.ptr[0] != 'n') return true;
        if (own && llmprov__msg_has(n->req.kept, n->req.kept_len, members[i], &value) && value.ptr[0] != 'n') return true;
    }
    return false;
}

/* A result whose call is not here: the server may hold it. */
static void llmprov__normal_unasked(llmprov__normal *n, llmprov__normal_list *list, const llmprov_block *b) {
    if (llmprov__normal_goes_on(n)) llmprov__normal_push(n, list, b);
    else llmprov__normal_orphan(n, list, b);
}

/* Keeps a user's (or an in-place system's) message for the end of its group. */
static void llmprov__normal_keep(llmprov__normal *n, const llmprov_message *like, llmprov__normal_list *list) {
    llmprov_message *m;
    if (!list->count) {
        if (like->block_count && !n->call_count) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT,
            llmprov__err_join(n->arena, "messages[", llmprov__err_int((int64_t)n->message).text, "]", (char *)NULL), "a message without content was left out");
        return;
    }
    n->group = (llmprov_message *)llmprov__normal_more(n, n->group, n->group_count, &n->group_cap, sizeof *n->group);
    if (!n->group) {
        n->group_count = n->group_cap = 0;
        return;
    }
    n->spoken = true;
    m = &n->group[n->group_count++];
    *m = *like;
    m->blocks = list->items;
    m->block_count = list->count;
}

static void llmprov__normal_user(llmprov__normal *n, const llmprov_message *m) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    llmprov_message like = *m;
    n->spoken = true;
    if (n->preface.text) llmprov__normal_push(n, &list, &n->preface);
    n->preface.text = NULL;
    for (n->block = 0; n->block < m->block_count; n->block++) {
        const llmprov_block *b = &m->blocks[n->block];
        if (b->type != LLMPROV_BLOCK_TOOL_RESULT) llmprov__normal_take(n, &list, b);
        else if (!llmprov__normal_answer(n, b)) llmprov__normal_unasked(n, &list, b);
    }
    like.plain = like.plain && list.count == m->block_count;
    llmprov__normal_keep(n, &like, &list);
}

static void llmprov__normal_call_made(llmprov__normal *n, llmprov_block *b) {
    llmprov__normal_call *c;
    n->calls = (llmprov__normal_call *)llmprov__normal_more(n, n->calls, n->call_count, &n->call_cap, sizeof *n->calls);
    if (!n->calls) {
        n->call_count = n->call_cap = 0;
        llmprov__text_forget(&n->waiting);
        return;
    }
    c = &n->calls[n->call_count++];
    memset(c, 0, sizeof *c);
    c->id = b->id;
    c->name = b->name;
    c->message = n->message;
    c->block = n->block;
    c->wire_id = b->id = llmprov__normal_id(n, b->id);
    llmprov__normal_await(n);
    b->name = llmprov__normal_legal(n, b->name, n->name_max, true);
    if (strcmp(c->name, b->name)) llmprov__normal_tell(n, ".name", "the name of a tool was replaced by one that is legal here");
    if (c->id ? strcmp(c->id, c->wire_id) != 0 : !b->origin || !strchr(b->origin, ':')) llmprov__normal_tell(n, ".id", "the id of a tool call was replaced by one that is legal here");
}

/* A conversation that the assistant begins, for a target where the user must. */
static void llmprov__normal_open(llmprov__normal *n) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    llmprov_block b = llmprov__normal_text(".", 1);
    if (n->out_count || !(n->rules & LLMPROV_RULE_USER_FIRST) || (n->profile->flags & LLMPROV_MODEL_ASSISTANT_FIRST)) return;
    llmprov__normal_push(n, &list, &b);
    llmprov__normal_emit(n, LLMPROV_ROLE_USER, list.items, list.count, NULL);
    llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "messages", "this model wants the user to begin: \".\" was put before the assistant's words");
}

static void llmprov__normal_assistant(llmprov__normal *n, const llmprov_message *m) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    size_t i;
    bool together = (n->rules & LLMPROV_RULE_MERGE) && !n->spoken && n->out_count && n->out[n->out_count - 1].role == LLMPROV_ROLE_ASSISTANT;
    if (!together) llmprov__normal_flush(n);
    n->spoken = false;
    llmprov__normal_release(n);
    for (n->block = 0; n->block < m->block_count; n->block++) {
        const llmprov_block *b = &m->blocks[n->block];
        size_t before = list.count;
        if (b->type == LLMPROV_BLOCK_TOOL_RESULT) {
            llmprov__normal_orphan(n, &list, b);
            continue;
        }
        llmprov__normal_take(n, &list, b);
        for (i = before; i < list.count; i++)
            if (list.items[i].type == LLMPROV_BLOCK_TOOL_USE) llmprov__normal_call_made(n, &list.items[i]);
    }
    if (!list.count && m->block_count)
        llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, llmprov__err_join(n->arena, "messages[", llmprov__err_int((int64_t)n->message).text, "]", (char *)NULL), "a message without content was left out");
    if (list.count) llmprov__normal_open(n);
    llmprov__normal_emit(n, LLMPROV_ROLE_ASSISTANT, list.items, list.count, m);
}

/* System texts wait for their place: as their message, or as one of several. */
static void llmprov__normal_hold(llmprov__normal *n, const llmprov_message *m, const llmprov__normal_list *list) {
    bool first = !n->held.count;
    size_t i;
    if (first) n->held_like = *m;
    else llmprov__normal_joins(n, n->message, m);
    n->held_like.plain = first && m->plain && list->count == m->block_count;
    for (i = 0; i < list->count; i++) llmprov__normal_push(n, &n->held, &list->items[i]);
}

/* A system message in the middle is never hoisted to the top: that would change its meaning and the cached prefix. */
static void llmprov__normal_system(llmprov__normal *n, const llmprov_message *m) {
    llmprov__normal_list list = { NULL, NULL, 0, 0 };
    llmprov_message like = *m;
    bool top = (n->rules & LLMPROV_RULE_SYSTEM_TOP) != 0, one = (n->row->quirks.flags & LLMPROV_QUIRK_ONE_SYSTEM) != 0;
    for (n->block = 0; n->block < m->block_count; n->block++) llmprov__normal_take(n, &list, &m->blocks[n->block]);
    if (top && (n->profile->flags & LLMPROV_MODEL_MID_SYSTEM)) {
        llmprov__normal_hold(n, &like, &list);
        return;
    }
    if (top || one) {
        n->block = 0;
        llmprov__normal_warn(n, LLMPROV_ERR_ARGUMENT, "", "a system message in the middle became user text in <system> tags");
        llmprov__normal_tag(n, &list);
        like.role = LLMPROV_ROLE_USER;
        like.plain = false;
    }
    llmprov__normal_keep(n, &like, &list);
}

/* -- the system prompt -- */

static void llmprov__normal_add_system(llmprov__normal *n, llmprov__normal_list *list, const char *text, size_t len) {
    llmprov_block b = llmprov__normal_text(text, llmprov__text_len(text, len));
    if (text && b.text_len) llmprov__normal_push(n, list, &b);
}

static void llmprov__normal_add_systems(llmprov__normal *n, llmprov__normal_list *list, const llmprov_block *blocks, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) llmprov__normal_take(n, list, &blocks[i]);
}

static bool llmprov__normal_check_systems(llmprov__normal *n, const llmprov_block *blocks, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (blocks[i].type != LLMPROV_BLOCK_TEXT && blocks[i].type != LLMPROV_BLOCK_RAW) return llmprov__normal_fail(n, "system", "the system prompt has text blocks only");
        if (!llmprov__normal_check_text(n, blocks[i].text, blocks[i].text_len, "system") ||
            !llmprov__normal_check_json(n, blocks[i].extra, blocks[i].extra_len, "system: extra", true) ||
            !llmprov__normal_check_json(n, blocks[i].json, blocks[i].json_len, "system: json", true)) return false;
    }
    return true;
}

/* One text of all of them, for targets that want one. */
static llmprov_block llmprov__normal_joined(llmprov__normal *n, const llmprov__normal_list *list) {
    size_t i, len = 0;
    char *to, *p;
    for (i = 0; i < list->count; i++) len += llmprov__text_len(list->items[i].text, list->items[i].text_len) + 2;
    to = p = (char *)llmprov__mem_take(n->arena, len + 1);
    for (i = 0; p && i < list->count; i++) {
        size_t one = llmprov__text_len(list->items[i].text, list->items[i].text_len);
        if (i) memcpy(p, "\n\n", 2), p += 2;
        memcpy(p, list->items[i].text, one);
        p += one;
    }
    if (!to) llmprov__normal_no_memory(n);
    return llmprov__normal_text(to ? to : "", to ? (size_t)(p - to) : 0);
}

static void llmprov__normal_place_system(llmprov__normal *n, llmprov__normal_list *list) {
    n->req.system = NULL;
    n->req.system_blocks = NULL;
    n->req.system_count = 0;
    if (!list->count) return;
    if (n->profile->flags & LLMPROV_MODEL_NO_SYSTEM) {
        n->preface = llmprov__normal_joined(n, list);
        llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "system", "this model has no system role: the prompt went before the first words of the user");
        return;
    }
    if (list->count > 1 && (n->row->quirks.flags & LLMPROV_QUIRK_ONE_SYSTEM)) {
        list->items[0] = llmprov__normal_joined(n, list);
        list->count = 1;
    }
    n->req.system_blocks = list->items;
    n->req.system_count = list->count;
}

/* -- all messages in one list -- */

typedef struct llmprov__normal_input { llmprov_message *items; size_t count, leading; } llmprov__normal_input;

/* Members beside role and content mean something in the format that the request was read in. A name stays where the format
   knows it; what says nothing goes without a word. */
static void llmprov__normal_foreign_members(llmprov__normal *n, llmprov_message *m) {
    llmprov_scan s;
    llmprov_str key, value;
    if (!m->extra || !n->req.origin || llmprov__normal_own(n, n->req.origin)) return;
    s = llmprov__json_scan(m->extra, llmprov__text_len(m->extra, m->extra_len), NULL, 0);
    while (llmprov_scan_key(&s, &key)) {
        const char *name = llmprov__mem_copy(n->arena, key.ptr, key.len), *path;
        bool empty;
        if (!llmprov_scan_raw(&s, &value) || !name) break;
        empty = value.ptr[0] == 'n' || value.len == 2;
        path = llmprov__err_join(n->arena, "messages[", llmprov__err_int((int64_t)n->message).text, "].", name, (char *)NULL);
        if (!empty && path) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, path, "members of messages that another format has were left out");
    }
    m->extra = NULL;
    m->extra_len = 0;
}

static bool llmprov__normal_collect(llmprov__normal *n, const llmprov_request *req, llmprov__normal_input *in, llmprov_block *prompt) {
    size_t i, j, count = (req->history ? req->history->message_count : 0) + req->message_count + (req->prompt ? 1 : 0);
    in->items = (llmprov_message *)llmprov__mem_take(n->arena, count * sizeof *in->items);
    in->count = count;
    n->out = (llmprov_message *)llmprov__mem_take(n->arena, count * sizeof *n->out);
    if (!in->items || !n->out) return llmprov__normal_no_memory(n);
    n->out_cap = count;
    for (i = 0, j = 0; req->history && j < req->history->message_count; j++) in->items[i++] = req->history->messages[j];
    for (j = 0; j < req->message_count; j++) {
        in->items[i] = req->messages[j];
        n->message = i;
        llmprov__normal_foreign_members(n, &in->items[i++]);
    }
    if (req->prompt) {
        *prompt = llmprov__normal_text(req->prompt, strlen(req->prompt));
        in->items[i].blocks = prompt;
        in->items[i].block_count = 1;
        in->items[i].plain = true;
    }
    for (i = 0; i < count; i++) {
        n->message = i;
        if (!llmprov__normal_check_message(n, &in->items[i])) return false;
        n->called = n->called || llmprov_block_next(&in->items[i], LLMPROV_BLOCK_TOOL_USE, NULL);
    }
    for (in->leading = 0; (n->rules & LLMPROV_RULE_SYSTEM_TOP || n->row->quirks.flags & LLMPROV_QUIRK_ONE_SYSTEM ||
                           n->profile->flags & LLMPROV_MODEL_NO_SYSTEM) && in->leading < count && in->items[in->leading].role == LLMPROV_ROLE_SYSTEM; in->leading++) { }
    return true;
}

/* -- tools -- */

/* A tool of another format's kind, in a request that was read in that format; false = Anthropic has no such kind. */
static bool llmprov__normal_foreign_tool(llmprov__normal *n, llmprov_tool *tool, const char *path) {
    bool more = tool->extra && llmprov__normal_says(tool->extra, 0, tool->type ? "" : "type");
    if (!n->req.origin || llmprov__normal_own(n, n->req.origin) || !(n->rules & LLMPROV_RULE_NATIVE)) return true;
    if (tool->type && !tool->schema) {
        llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, path, "a kind of tool that only another format has: the tool was left out");
        return false;
    }
    if (tool->type) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, path, "a tool whose input is a text became a function with one text");
    else if (more) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, path, "members of this tool that another format minted were left out");
    tool->type = tool->extra = NULL;
    return true;
}

static bool llmprov__normal_tools(llmprov__normal *n) {
    llmprov_tool *tools;
    size_t i, count = 0;
    if (!n->req.tool_count) return true;
    tools = (llmprov_tool *)llmprov__mem_take(n->arena, n->req.tool_count * sizeof *tools);
    n->wire_names = (const char **)llmprov__mem_take(n->arena, n->req.tool_count * sizeof *n->wire_names);
    if (!tools || !n->wire_names) return llmprov__normal_no_memory(n);
    for (i = 0; i < n->req.tool_count; i++) {
        const char *path = llmprov__err_join(n->arena, "tools[", llmprov__err_int((int64_t)i).text, "]", (char *)NULL);
        if (!path) return llmprov__normal_no_memory(n);
        tools[i] = n->req.tools[i];
        if (!tools[i].type && (!tools[i].name || !*tools[i].name)) return llmprov__normal_fail(n, path, "a tool needs a name");
        if (tools[i].name && llmprov__text_find(&n->names, llmprov__text_of(tools[i].name)))
            return llmprov__normal_fail(n, path, llmprov__err_join(n->arena, "a second tool of the name \"", tools[i].name, "\"", (char *)NULL));
        if (tools[i].name && !llmprov__text_enter(&n->names, n->arena, llmprov__text_of(tools[i].name), i))
            return llmprov__normal_no_memory(n);
        if (!llmprov__normal_check_text(n, tools[i].name, 0, path) || !llmprov__normal_check_text(n, tools[i].description, 0, path) ||
            !llmprov__normal_check_text(n, tools[i].type, 0, path) ||
            !llmprov__normal_check_json(n, tools[i].schema, 0, llmprov__err_join(n->arena, path, ".schema", (char *)NULL), true) || !llmprov__normal_check_json(n, tools[i].extra, 0, path, true)) return false;
        n->wire_names[i] = tools[i].name ? tools[i].name : "";
        if (!tools[i].type) tools[i].name = n->wire_names[i] = llmprov__normal_legal(n, tools[i].name, n->name_max, true);
        if (n->req.origin && !tools[i].type && strcmp(tools[i].name, n->req.tools[i].name)) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, path, "the name of a tool was replaced by one that is legal here");
        if (!tools[i].cache) tools[i].cache = llmprov__msg_spelled(tools[i].extra, 0);
        if (tools[i].cache && !llmprov__normal_takes_marks(n)) {
            tools[i].cache = LLMPROV_CACHE_NONE;
            if (n->req.origin) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, path, "a cache mark was left out: this provider takes none");
            else n->marks_dropped = true;
        }
        if (llmprov__normal_foreign_tool(n, &tools[i], path)) tools[count++] = tools[i];
    }
    if (n->req.tool_name) {
        const char *said = n->req.tool_name;
        n->req.tool_name = llmprov__normal_legal(n, said, n->name_max, true);
        if (n->req.origin && strcmp(said, n->req.tool_name)) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "tool_choice", "the name of a tool was replaced by one that is legal here");
    }
    n->req.tools = tools;
    n->req.tool_count = count;
    llmprov__text_forget(&n->names);
    for (i = 0; i < n->req.tool_count; i++)
        if (!llmprov__text_enter(&n->names, n->arena, llmprov__text_of(tools[i].name), i))
            return llmprov__normal_no_memory(n);
    return true;
}

/* The structured answer's name: legal, and no tool's, since a tool may have to stand for it. */
static bool llmprov__normal_schema(llmprov__normal *n) {
    const char *asked = n->req.schema_name ? n->req.schema_name : "answer", *name;
    int64_t again = 2;
    if (!n->req.schema) return true;
    if (!llmprov__normal_check_json(n, n->req.schema, 0, "schema", true) || !llmprov__normal_check_text(n, asked, 0, "schema_name")) return false;
    name = llmprov__normal_legal(n, asked, 64, true);
    if (strcmp(name, asked)) llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "schema_name", "letters, digits, _ and - are allowed, 64 at most: another name was made of it");
    while (name && llmprov__text_find(&n->names, llmprov__text_of(name))) name = llmprov__err_join(n->arena, "answer_", llmprov__err_int(again++).text, (char *)NULL);
    n->req.schema_name = name;
    return name ? true : llmprov__normal_no_memory(n);
}

/* For gateways that want tools defined wherever the conversation holds calls: one that nobody can call. */
static bool llmprov__normal_defined(llmprov__normal *n) {
    llmprov_tool *tool;
    if (!(n->row->quirks.flags & LLMPROV_QUIRK_TOOLS_DEFINED) || n->req.tool_count || !n->called) return true;
    tool = (llmprov_tool *)llmprov__mem_take(n->arena, sizeof *tool);
    if (!tool) return llmprov__normal_no_memory(n);
    tool->name = "no_tool";
    tool->description = "Stands for the tools of earlier turns. Never call it.";
    n->req.tools = tool;
    n->req.tool_count = 1;
    llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "tools", "this provider wants tools where the conversation holds calls: one that cannot be called was added");
    return true;
}

/* -- cache marks: at most four, the hour before the five minutes -- */

typedef struct llmprov__normal_marks { size_t count, clear; bool inverted, short_seen; } llmprov__normal_marks;

/* Counts a mark, or clears it while there are some to clear. */
static void llmprov__normal_mark(llmprov__normal_marks *m, llmprov_cache *at) {
    if (!*at) return;
    m->count++;
    if (*at == LLMPROV_CACHE_5M) m->short_seen = true;
    else if (m->short_seen) m->inverted = true;
    if (!m->clear) return;
    m->clear--;
    *at = LLMPROV_CACHE_NONE;
}

/* The tools' and the system prompt's marks come first. Both lists are the normaliser's own. */
static void llmprov__normal_mark_head(llmprov__normal *n, llmprov__normal_marks *m) {
    size_t i;
    for (i = 0; i < n->req.tool_count; i++) llmprov__normal_mark(m, &((llmprov_tool *)n->req.tools)[i].cache);
    for (i = 0; i < n->req.system_count; i++) llmprov__normal_mark(m, &((llmprov_block *)n->req.system_blocks)[i].cache);
}

/* Then those of the messages; of a tool result those inside it first. */
static void llmprov__normal_mark_messages(llmprov__normal *n, llmprov__normal_marks *m) {
    size_t i, j, k;
    for (i = 0; i < n->out_count; i++)
        for (j = 0; j < n->out[i].block_count; j++) {
            llmprov_block *b = &((llmprov_block *)n->out[i].blocks)[j];
            for (k = 0; b->content && k < b->content_count; k++) llmprov__normal_mark(m, &((llmprov_block *)b->content)[k].cache);
            llmprov__normal_mark(m, &b->cache);
        }
}

/* The mark of the whole request, which stands behind all others. */
static llmprov_cache llmprov__normal_last_mark(const llmprov__normal *n) {
    llmprov_cache kept = llmprov__msg_spelled(n->req.kept, n->req.kept_len), extra = llmprov__msg_spelled(n->req.extra, 0);
    if (!(n->rules & LLMPROV_RULE_NATIVE)) return n->req.cache;
    return extra ? extra : n->req.cache ? n->req.cache : kept;
}

/* Of too many marks the oldest of the messages go first, then the oldest before them. */
static bool llmprov__normal_limit_marks(llmprov__normal *n) {
    llmprov__normal_marks all = { 0, 0, false, false }, clear = all;
    llmprov_cache last = llmprov__normal_last_mark(n);
    size_t head, excess, most = last ? 3 : 4;
    llmprov__normal_mark_head(n, &all);
    head = all.count;
    llmprov__normal_mark_messages(n, &all);
    all.inverted = all.inverted || (last == LLMPROV_CACHE_1H && all.short_seen);
    if (all.inverted) return llmprov__normal_fail(n, "cache", "a one-hour cache mark must come before the five-minute ones (tools, system, messages)");
    if (all.count <= most) return true;
    excess = all.count - most;
    llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "cache", "more than four cache marks: the oldest of the messages were left out");
    clear.clear = excess < all.count - head ? excess : all.count - head;
    excess -= clear.clear;
    llmprov__normal_mark_messages(n, &clear);
    clear.clear = excess;
    llmprov__normal_mark_head(n, &clear);
    return true;
}

/* -- the end of the conversation -- */

/* A conversation that ends with the assistant's text is to be continued there; not every model does. */
static void llmprov__normal_prefill(llmprov__normal *n) {
    llmprov_message *last = n->out_count ? &n->out[n->out_count - 1] : NULL;
    llmprov_block *b = last && last->block_count && last->role == LLMPROV_ROLE_ASSISTANT ? (llmprov_block *)&last->blocks[last->block_count - 1] : NULL;
    size_t len;
    if (!b || b->type != LLMPROV_BLOCK_TEXT) return;
    if (n->profile->flags & LLMPROV_MODEL_NO_PREFILL) {
        llmprov_block go = llmprov__normal_text("Continue.", 9);
        llmprov__normal_list list = { NULL, NULL, 0, 0 };
        llmprov__normal_push(n, &list, &go);
        llmprov__normal_emit(n, LLMPROV_ROLE_USER, list.items, list.count, NULL);
        llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "messages", "this model refuses a conversation that ends with the assistant: the user asks it to continue");
        return;
    }
    if (!(n->rules & LLMPROV_RULE_TRIM_PREFILL)) return;
    for (len = b->text_len = llmprov__text_len(b->text, b->text_len); len && (b->text[len - 1] == ' ' || (b->text[len - 1] >= '\t' && b->text[len - 1] <= '\r')); len--) { }
    if (len == b->text_len) return;
    if (!len) last->block_count--;
    else {
        b->text_len = len;
        last->plain = last->plain && len;
    }
    if (!last->block_count) n->out_count--;
    llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_ARGUMENT, "messages", "white space at the end of the final assistant text was cut");
}

/* Counts below nothing and numbers that are none are nobody's meaning. */
static bool llmprov__normal_check_counts(llmprov__normal *n, const llmprov_request *r) {
    const struct { const char *field; double value; } numbers[] = {
        { "temperature", r->temperature.value }, { "top_p", r->top_p.value }, { "presence_penalty", r->presence_penalty.value },
        { "frequency_penalty", r->frequency_penalty.value },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(numbers); i++)
        if (!(numbers[i].value - numbers[i].value == 0)) return llmprov__normal_fail(n, numbers[i].field, "it is not a finite number");
    if (r->max_tokens.set && r->max_tokens.value < 0) return llmprov__normal_fail(n, "max_tokens", "it is negative");
    if (r->thinking_tokens.set && r->thinking_tokens.value < 0) return llmprov__normal_fail(n, "thinking_tokens", "it is negative");
    if (r->top_k.set && r->top_k.value < 0) return llmprov__normal_fail(n, "top_k", "it is negative");
    if (r->n.set && r->n.value < 1) return llmprov__normal_fail(n, "n", "there is at least one answer");
    return true;
}

/* The texts and the JSON beside the conversation. */
static bool llmprov__normal_check_words(llmprov__normal *n, const llmprov_request *r) {
    const struct { const char *field, *text; } words[] = {
        { "model", r->model }, { "tool_name", r->tool_name }, { "user_id", r->user_id },
        { "service_tier", r->service_tier },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(words); i++)
        if (!llmprov__normal_check_text(n, words[i].text, 0, words[i].field)) return false;
    for (i = 0; i < r->stop_count; i++) {
        const char *path = llmprov__err_join(n->arena, "stop[", llmprov__err_int((int64_t)i).text, "]", (char *)NULL);
        if (!path) return llmprov__normal_no_memory(n);
        if (!r->stop[i]) return llmprov__normal_fail(n, path, "it is NULL");
        if (!llmprov__normal_check_text(n, r->stop[i], 0, path)) return false;
    }
    return llmprov__normal_check_json(n, r->kept, r->kept_len, "kept", true) &&
           llmprov__normal_check_json(n, r->extra, 0, "extra", true);
}

/* Says for whom the history is to be made legal; where the result and what is said about it go is the caller's to set. */
static void llmprov__normal_target(llmprov__normal *n, const llmprov_provider *row, const llmprov_translator *t, const llmprov_profile *profile) {
    memset(n, 0, sizeof *n);
    n->row = row;
    n->profile = profile;
    n->format = t->format;
    n->rules = t->rules;
    n->id_max = t->id_max;
    n->name_max = t->name_max;
}

static bool llmprov__normal_run(llmprov__normal *n, const llmprov_request *req) {
    llmprov__normal_list system = { NULL, NULL, 0, 0 };
    llmprov__normal_input in = { NULL, 0, 0 };
    llmprov_block *prompt = (llmprov_block *)llmprov__mem_take(n->arena, sizeof *prompt);
    size_t i;
    n->req = *req;
    if (!prompt) return llmprov__normal_no_memory(n);
    if (req->history && req->history->status) {
        llmprov__err_set(n->err, n->keep, req->history->status, "history: it is not whole, since adding to it failed: ", llmprov_status_text(req->history->status), (char *)NULL);
        return false;
    }
    if (!llmprov__normal_check_counts(n, req) || !llmprov__normal_check_words(n, req)) return false;
    if (!llmprov__normal_check_text(n, req->system, 0, "system") || !llmprov__normal_check_systems(n, req->system_blocks, req->system_count) ||
        !llmprov__normal_collect(n, req, &in, prompt) || !llmprov__normal_tools(n) || !llmprov__normal_schema(n) || !llmprov__normal_defined(n)) return false;
    llmprov__normal_add_system(n, &system, req->system, 0);
    llmprov__normal_add_systems(n, &system, req->system_blocks, req->system_count);
    if (req->history) {
        if (!llmprov__normal_check_text(n, req->history->system, req->history->system_len, "system") ||
            !llmprov__normal_check_systems(n, req->history->system_blocks, req->history->system_count)) return false;
        llmprov__normal_add_system(n, &system, req->history->system, req->history->system_len);
        llmprov__normal_add_systems(n, &system, req->history->system_blocks, req->history->system_count);
    }
    for (i = 0; i < in.leading; i++) llmprov__normal_add_systems(n, &system, in.items[i].blocks, in.items[i].block_count);
    llmprov__normal_place_system(n, &system);
    for (i = in.leading; i < in.count && !n->err->code; i++) {
        n->message = i;
        if (in.items[i].role == LLMPROV_ROLE_ASSISTANT) llmprov__normal_assistant(n, &in.items[i]);
        else if (in.items[i].role == LLMPROV_ROLE_SYSTEM) llmprov__normal_system(n, &in.items[i]);
        else llmprov__normal_user(n, &in.items[i]);
    }
    llmprov__normal_flush(n);
    llmprov__normal_release(n);
    llmprov__normal_prefill(n);
    if (n->marks_dropped || (n->req.cache && !(n->rules & LLMPROV_RULE_NATIVE) && !((n->rules & LLMPROV_RULE_MARKS) && llmprov__normal_takes_marks(n)))) {
        llmprov__err_warn(n->warnings, n->keep, LLMPROV_ERR_UNSUPPORTED, "cache", "cache marks were left out: this provider takes none");
        n->req.cache = LLMPROV_CACHE_NONE;
    }
    if (!n->err->code && !n->out_count) return llmprov__normal_fail(n, "messages", "a request needs a message: set prompt, messages or history");
    n->req.prompt = NULL;
    n->req.history = NULL;
    n->req.messages = n->out;
    n->req.message_count = n->out_count;
    return !n->err->code && llmprov__normal_limit_marks(n);
}

//==============================================================================
// >>translator what a wire format's code may say while it writes
//
// A draft collects headers, warnings and the first failure beside the body.
// Calls: msg http
//==============================================================================

typedef struct llmprov__translator_job {
    llmprov__http_headers headers;
    llmprov_turn *turn;          /* its arena and its lists */
} llmprov__translator_job;

/* What the fields of a request are called in the format that it was read in: the first of these that was said. */
static const struct { const char *origin, *field, *members; } llmprov__translator_names[] = {
    { "openai-chat", "effort", "reasoning_effort reasoning thinking" }, { "openai-chat", "thinking", "thinking reasoning reasoning_effort" },
    { "openai-chat", "thinking_tokens", "reasoning thinking" }, { "openai-chat", "schema", "response_format" },
    { "openai-chat", "parallel_tools", "parallel_tool_calls" }, { "openai-chat", "user_id", "safety_identifier user" },
    { "openai-chat", "max_tokens", "max_completion_tokens max_tokens" },
};

static const char *llmprov__translator_named(const llmprov_request *r, const char *field, char to[32]) {
    const char *p = NULL, *end;
    llmprov_str value;
    size_t i;
    for (i = 0; r->origin && i < LLMPROV__COUNT(llmprov__translator_names); i++)
        if (!strcmp(llmprov__translator_names[i].origin, r->origin) && !strcmp(llmprov__translator_names[i].field, field)) p = llmprov__translator_names[i].members;
    for (to[0] = 0; p && *p; p = *end ? end + 1 : NULL) {
        char word[32] = "";
        end = strchr(p, ' ') ? strchr(p, ' ') : p + strlen(p);
        memcpy(word, p, (size_t)(end - p));
        if (!to[0] || llmprov__msg_has(r->kept, r->kept_len, word, &value)) memcpy(to, word, sizeof word);
        if (llmprov__msg_has(r->kept, r->kept_len, word, &value)) break;
    }
    return to[0] ? to : field;
}

LLMPROV_API void llmprov_draft_warn(llmprov_draft *d, llmprov_status code, const char *field, const char *text) {
    llmprov_turn *t = ((llmprov__translator_job *)d->call)->turn;
    char name[32];
    llmprov__err_warn(&t->warnings, &t->arena, code, llmprov__translator_named(d->chat, field, name), text);
}

LLMPROV_API void llmprov_draft_fail(llmprov_draft *d, llmprov_status code, const char *field, const char *text) {
    llmprov_turn *t = ((llmprov__translator_job *)d->call)->turn;
    if (t->error.code) return;
    llmprov__err_set(&t->error, &t->arena, code, field, ": ", text, (char *)NULL);
    t->error.param = llmprov__mem_copy(&t->arena, field, strlen(field));
    if (!t->error.param) t->error.param = "";
}

/* Betas may come from the caller too: both are sent. */
LLMPROV_API void llmprov_draft_header(llmprov_draft *d, const char *name, const char *value) {
    llmprov__translator_job *job = (llmprov__translator_job *)d->call;
    llmprov__mem_arena *a = &job->turn->arena;
    const llmprov_header *there = llmprov__http_find(&job->headers, name);
    bool list = llmprov__text_same(name, "anthropic-beta", true);
    if (there && !list) return;
    if (value[llmprov__http_value_ok(value, strlen(value))]) {
        llmprov_draft_fail(d, LLMPROV_ERR_ARGUMENT, name, "a control character in a header's value");
        return;
    }
    value = there ? llmprov__err_join(a, there->value, ",", value, (char *)NULL) : llmprov__mem_copy(a, value, strlen(value));
    llmprov__http_set(&job->headers, a, llmprov__mem_copy(a, name, strlen(name)), value);
}

LLMPROV_API void llmprov_draft_fold(llmprov_draft *d, const char *tool) {
    llmprov_turn *t = ((llmprov__translator_job *)d->call)->turn;
    t->fold = llmprov__mem_copy(&t->arena, tool, strlen(tool));
}

/* Whether a path can stand behind a base URL; {model} in it is the model's name. */
static bool llmprov__translator_path(const char *path) {
    const char *p = path;
    while (*p) {
        char one[2] = { *p, 0 };
        bool model = !strncmp(p, "{model}", 7);
        if (!model && llmprov__http_misfit(one)) return false;
        p += model ? 7 : 1;
    }
    return path[0] == '/';
}

/* What a translator lacks; NULL = it is whole. */
static const char *llmprov__translator_lacks(const llmprov_translator *t) {
    return !t->format || !*t->format ? "format" : !t->path || !llmprov__translator_path(t->path) ? "path" :
           t->stream_path && !llmprov__translator_path(t->stream_path) ? "stream_path" :
           t->version && llmprov__http_misfit(t->version) ? "version" : !t->write ? "write" : !t->read ? "read" :
           !t->read_frame ? "read_frame" : !t->read_end ? "read_end" : !t->read_error ? "read_error" : t->id_max < 16 ? "id_max" :
           t->name_max < 16 ? "name_max" : !t->write_event != !t->write_reply ? "write_reply and write_event" :
           !t->write_event != !t->write_error ? "write_error" : NULL;
}

//==============================================================================
// >>parts      what translators share
//
// Words of the trade in tables: stop reasons, error types, efforts, media types;
// and the decisions that profile data asks for, made once for all formats.
// Calls: msg reply normal translator
//==============================================================================

/* The word for a tool whose input is a text. */
static const char llmprov__parts_custom[] = "custom";

/* The name of a wire format that is a provider's, too. */
static const char llmprov__parts_responses[] = "openai-responses";

/* -- stop reasons -- */

static const struct { const char *word; llmprov_stop stop; } llmprov__parts_stops[] = {
    { "end_turn", LLMPROV_STOP_END }, { "stop", LLMPROV_STOP_END }, { "eos", LLMPROV_STOP_END }, { "completed", LLMPROV_STOP_END },
    { "STOP", LLMPROV_STOP_END }, { "COMPLETE", LLMPROV_STOP_END },
    { "stop_sequence", LLMPROV_STOP_SEQUENCE },
    { "max_tokens", LLMPROV_STOP_LENGTH }, { "length", LLMPROV_STOP_LENGTH }, { "MAX_TOKENS", LLMPROV_STOP_LENGTH },
    { "model_length", LLMPROV_STOP_LENGTH }, { "max_output_tokens", LLMPROV_STOP_LENGTH },
    { "model_context_window_exceeded", LLMPROV_STOP_CONTEXT }, { "REASON_MAX_CONTEXT", LLMPROV_STOP_CONTEXT },
    { "tool_use", LLMPROV_STOP_TOOL_USE }, { "tool_calls", LLMPROV_STOP_TOOL_USE }, { "function_call", LLMPROV_STOP_TOOL_USE },
    { "TOOL_CALL", LLMPROV_STOP_TOOL_USE },
    { "refusal", LLMPROV_STOP_REFUSAL }, { "content_filter", LLMPROV_STOP_REFUSAL }, { "content_filtered", LLMPROV_STOP_REFUSAL },
    { "guardrail_intervened", LLMPROV_STOP_REFUSAL }, { "sensitive", LLMPROV_STOP_REFUSAL }, { "SAFETY", LLMPROV_STOP_REFUSAL },
    { "RECITATION", LLMPROV_STOP_REFUSAL }, { "BLOCKLIST", LLMPROV_STOP_REFUSAL }, { "PROHIBITED_CONTENT", LLMPROV_STOP_REFUSAL },
    { "SPII", LLMPROV_STOP_REFUSAL }, { "IMAGE_SAFETY", LLMPROV_STOP_REFUSAL }, { "MODEL_ARMOR", LLMPROV_STOP_REFUSAL },
    { "ERROR_TOXIC", LLMPROV_STOP_REFUSAL },
    { "pause_turn", LLMPROV_STOP_PAUSE },
    { "error", LLMPROV_STOP_ERROR }, { "network_error", LLMPROV_STOP_ERROR }, { "failed", LLMPROV_STOP_ERROR }, { "cancelled", LLMPROV_STOP_ERROR }, { "time_limit", LLMPROV_STOP_ERROR },
    { "ERROR", LLMPROV_STOP_ERROR }, { "TIMEOUT", LLMPROV_STOP_ERROR }, { "insufficient_system_resource", LLMPROV_STOP_ERROR },
    { "MALFORMED_FUNCTION_CALL", LLMPROV_STOP_ERROR }, { "malformed_model_output", LLMPROV_STOP_ERROR }, { "malformed_tool_use", LLMPROV_STOP_ERROR },
};

/* An unknown word is OTHER, never a success. */
static llmprov_stop llmprov__parts_stop(llmprov_str word) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__parts_stops); i++)
        if (llmprov__text_is(word, llmprov__parts_stops[i].word)) return llmprov__parts_stops[i].stop;
    return LLMPROV_STOP_OTHER;
}

/* -- members of objects -- */

/* Consumes the object that comes: the members that are asked for by name as raw JSON, the others (for a turn) into the
   extra of a choice or (-1) of the reply. A member that is null counts as absent: it says nothing. */
static void llmprov__parts_take(llmprov_turn *t, int choice, llmprov_scan *in, const char *const *names, llmprov_str *values, size_t count) {
    llmprov_str key, raw;
    size_t i;
    memset(values, 0, count * sizeof *values);
    while (llmprov_scan_key(in, &key)) {
        for (i = 0; i < count && !(key.len && names[i][0] == key.ptr[0] && llmprov__text_is(key, names[i])); i++) { }
        if (!llmprov_scan_raw(in, &raw) || raw.ptr[0] == 'n') continue;
        if (i < count) values[i] = raw;
        else if (t) llmprov_turn_extra(t, choice, key, raw);
    }
}

/* The same for an object that was caught raw. */
static void llmprov__parts_sort(llmprov_turn *t, int choice, const llmprov_scan *s, llmprov_str object, const char *const *names, llmprov_str *values, size_t count) {
    llmprov_scan in = llmprov_scan_in(s, object);
    if (object.ptr) llmprov__parts_take(t, choice, &in, names, values, count);
    else memset(values, 0, count * sizeof *values);
}

static void llmprov__parts_members(const llmprov_scan *s, llmprov_str object, const char *const *names, llmprov_str *values, size_t count) {
    llmprov__parts_sort(NULL, -1, s, object, names, values, count);
}

/* -- errors -- */

/* Words that say what happened whatever the HTTP status is. */
static const struct { const char *word; llmprov_status code; } llmprov__parts_errors[] = {
    { "authentication_error", LLMPROV_ERR_AUTH }, { "invalid_api_key", LLMPROV_ERR_AUTH }, { "invalid_authentication", LLMPROV_ERR_AUTH },
    { "permission_error", LLMPROV_ERR_FORBIDDEN }, { "permission_denied", LLMPROV_ERR_FORBIDDEN },
    { "unsupported_country_region_territory", LLMPROV_ERR_FORBIDDEN },
    { "not_found_error", LLMPROV_ERR_NOT_FOUND }, { "model_not_found", LLMPROV_ERR_NOT_FOUND }, { "DeploymentNotFound", LLMPROV_ERR_NOT_FOUND },
    { "request_too_large", LLMPROV_ERR_TOO_LONG }, { "context_length_exceeded", LLMPROV_ERR_TOO_LONG },
    { "exceed_context_size_error", LLMPROV_ERR_TOO_LONG }, { "too_many_prompt_tokens", LLMPROV_ERR_TOO_LONG }, { "request_body_too_large_after_decoding", LLMPROV_ERR_TOO_LONG },
    { "billing_error", LLMPROV_ERR_QUOTA }, { "insufficient_quota", LLMPROV_ERR_QUOTA }, { "credit_balance_exhausted", LLMPROV_ERR_QUOTA },
    { "billing_hard_limit_reached", LLMPROV_ERR_QUOTA }, { "enforced_spend_limit_reached", LLMPROV_ERR_QUOTA },
    { "contract_spend_limit_reached", LLMPROV_ERR_QUOTA }, { "linked_organization_spend_limit_reached", LLMPROV_ERR_QUOTA },
    { "rate_limit_error", LLMPROV_ERR_RATE_LIMIT }, { "rate_limit_exceeded", LLMPROV_ERR_RATE_LIMIT }, { "slow_down", LLMPROV_ERR_RATE_LIMIT },
    { "ramp_limit_exceeded", LLMPROV_ERR_RATE_LIMIT },
    { "overloaded_error", LLMPROV_ERR_OVERLOADED }, { "server_is_overloaded", LLMPROV_ERR_OVERLOADED }, { "overloaded", LLMPROV_ERR_OVERLOADED },
    { "timeout_error", LLMPROV_ERR_TIMEOUT },
    { "api_error", LLMPROV_ERR_SERVER }, { "server_error", LLMPROV_ERR_SERVER }, { "internal_server_error", LLMPROV_ERR_SERVER },
    { "invalid_request_error", LLMPROV_ERR_REQUEST }, { "invalid_request", LLMPROV_ERR_REQUEST }, { "content_filter", LLMPROV_ERR_REQUEST },
    { "tool_use_failed", LLMPROV_ERR_REQUEST }, { "conflict_error", LLMPROV_ERR_REQUEST },
};

static llmprov_status llmprov__parts_error_word(const char *word) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__parts_errors); i++)
        if (llmprov__text_same(word, llmprov__parts_errors[i].word, false)) return llmprov__parts_errors[i].code;
    return LLMPROV_OK;
}

static const struct { int http; llmprov_status code; } llmprov__parts_statuses[] = {
    { 401, LLMPROV_ERR_AUTH }, { 402, LLMPROV_ERR_QUOTA }, { 403, LLMPROV_ERR_FORBIDDEN }, { 404, LLMPROV_ERR_NOT_FOUND },
    { 408, LLMPROV_ERR_TIMEOUT }, { 413, LLMPROV_ERR_TOO_LONG }, { 429, LLMPROV_ERR_RATE_LIMIT }, { 503, LLMPROV_ERR_OVERLOADED },
    { 504, LLMPROV_ERR_TIMEOUT }, { 524, LLMPROV_ERR_TIMEOUT }, { 529, LLMPROV_ERR_OVERLOADED },
};

static llmprov_status llmprov__parts_error_status(int http) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__parts_statuses); i++)
        if (llmprov__parts_statuses[i].http == http) return llmprov__parts_statuses[i].code;
    return http >= 500 ? LLMPROV_ERR_SERVER : http >= 400 ? LLMPROV_ERR_REQUEST : http >= 300 ? LLMPROV_ERR_BAD_REPLY : LLMPROV_OK;
}

static char llmprov__parts_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Whether a text holds a phrase in lower case, whatever its own case. */
static bool llmprov__parts_says(const char *text, const char *phrase) {
    for (; *text; text++) {
        size_t i;
        for (i = 0; phrase[i] && llmprov__parts_lower(text[i]) == phrase[i]; i++) { }
        if (!phrase[i]) return true;
    }
    return false;
}

/* Phrases for providers whose codes do not say it. */
static const struct { const char *phrase; llmprov_status code; } llmprov__parts_phrases[] = {
    { "context length", LLMPROV_ERR_TOO_LONG }, { "context window", LLMPROV_ERR_TOO_LONG }, { "prompt is too long", LLMPROV_ERR_TOO_LONG },
    { "maximum context", LLMPROV_ERR_TOO_LONG }, { "context size", LLMPROV_ERR_TOO_LONG }, { "too many tokens", LLMPROV_ERR_TOO_LONG },
    { "is not a valid model", LLMPROV_ERR_NOT_FOUND }, { "invalid model:", LLMPROV_ERR_NOT_FOUND },
    { "quota exhausted", LLMPROV_ERR_QUOTA }, { "exceeded your current quota", LLMPROV_ERR_QUOTA }, { "credit balance", LLMPROV_ERR_QUOTA },
    { "insufficient credit", LLMPROV_ERR_QUOTA }, { "insufficient balance", LLMPROV_ERR_QUOTA },
};

/* Code, type and status in this order; a vague answer is made precise by the sentence. */
static llmprov_status llmprov__parts_classify(int http, const char *code, const char *type, const char *message) {
    llmprov_status by_code = llmprov__parts_error_word(code), by_type = llmprov__parts_error_word(type), by_http = llmprov__parts_error_status(http);
    llmprov_status status = by_code && by_code != LLMPROV_ERR_REQUEST ? by_code : by_type && by_type != LLMPROV_ERR_REQUEST ? by_type : by_http;
    size_t i;
    if (status == LLMPROV_ERR_SERVER && http >= 300 && (http < 500 || by_http == LLMPROV_ERR_TIMEOUT)) status = by_http;
    if (!status && llmprov__text_len(code, 0) == 3 && code[0] >= '4' && code[0] <= '5')
        status = llmprov__parts_error_status((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    if (!status) status = by_code ? by_code : by_type;
    if (!status || status == LLMPROV_ERR_REQUEST || status == LLMPROV_ERR_RATE_LIMIT || status == LLMPROV_ERR_SERVER)
        for (i = 0; i < LLMPROV__COUNT(llmprov__parts_phrases); i++)
            if (llmprov__parts_says(message, llmprov__parts_phrases[i].phrase)) return llmprov__parts_phrases[i].code;
    return status ? status : LLMPROV_ERR_SERVER;
}

/* The members of an error object, whichever of the shapes it has: {"error":{...}}, {"error":"...","code":...},
   {"message":...}, {"detail":...}, {"type":"error","error":{...},"request_id":...}, [{"error":...}]. */
typedef struct llmprov__parts_fault { char *type, *code, *message, *param, *request_id, *behind; bool found; } llmprov__parts_fault;

/* A string, or any other value as its JSON text. */
static char *llmprov__parts_any(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_str text;
    if (llmprov_scan_kind(&in) == LLMPROV_JSON_NULL) return NULL;
    return llmprov_turn_keep(t, llmprov_scan_text(&in, &text) ? text : raw);
}

/* One object's members; a nested "error" object is left in *nested. */
static void llmprov__parts_fault_level(llmprov_turn *t, llmprov_scan *s, llmprov__parts_fault *f, llmprov_str *nested) {
    llmprov_str key, raw;
    while (llmprov_scan_key(s, &key)) {
        bool error = llmprov__text_is(key, "error");
        char **to = llmprov__text_is(key, "type") ? &f->type : llmprov__text_is(key, "code") || llmprov__text_is(key, "error_code") ? &f->code :
                    llmprov__text_is(key, "message") || llmprov__text_is(key, "detail") || llmprov__text_is(key, "msg") ? &f->message :
                    llmprov__text_is(key, "param") ? &f->param : llmprov__text_is(key, "request_id") ? &f->request_id :
                    llmprov__text_is(key, "status") ? &f->type : NULL;
        bool details = llmprov__text_is(key, "details"), metadata = llmprov__text_is(key, "metadata");
        if (!llmprov_scan_raw(s, &raw)) return;
        if (metadata && raw.ptr[0] == '{') {
            static const char *const names[] = { "raw" };
            llmprov_str behind;
            llmprov__parts_members(s, raw, names, &behind, 1);
            if (behind.ptr) f->behind = llmprov__parts_any(t, s, behind);
        }
        if ((error && raw.ptr[0] == '{') || (details && raw.ptr[0] == '{')) *nested = raw;
        else if (error && raw.ptr[0] == '"') to = &f->message;
        if (!to || (*to && to != &f->message)) continue;
        if (to == &f->message) f->found = true;
        *to = llmprov__parts_any(t, s, raw);
    }
}

static llmprov__parts_fault llmprov__parts_fault_of(llmprov_turn *t, llmprov_scan *body) {
    llmprov__parts_fault f;
    llmprov_scan level;
    llmprov_str whole, nested = { NULL, 0 };
    int depth;
    memset(&f, 0, sizeof f);
    if (llmprov_scan_kind(body) == LLMPROV_JSON_ARRAY && !llmprov_scan_item(body)) return f;
    if (!llmprov_scan_raw(body, &whole)) return f;
    for (depth = 0; depth < 3 && whole.ptr; depth++) {
        level = llmprov_scan_in(body, whole);
        nested.ptr = NULL;
        if (depth == 1) f.type = NULL;
        llmprov__parts_fault_level(t, &level, &f, &nested);
        if (nested.ptr) f.found = true;
        whole = nested;
    }
    return f;
}

/* The sentence of an error that a gateway passes on as text: itself JSON, or not. */
static const char *llmprov__parts_behind(llmprov_turn *t, const llmprov__parts_fault *f) {
    llmprov_scan s = llmprov__json_scan(f->behind, strlen(f->behind), &t->scratch, 0), check = s;
    llmprov__parts_fault other;
    if (llmprov_scan_kind(&s) != LLMPROV_JSON_OBJECT) return f->behind;
    llmprov_scan_skip(&check);
    if (!llmprov__json_done(&check)) return f->behind;
    other = llmprov__parts_fault_of(t, &s);
    return other.message && *other.message ? other.message : f->behind;
}

/* Fills an error from a body; what the body does not say stays as it was. */
static bool llmprov__parts_read_error(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) {
    llmprov__parts_fault f = llmprov__parts_fault_of(t, body);
    const char *both = NULL;
    if (!f.found) return false;
    if (f.message && *f.message) e->message = f.message;
    if (f.behind && *f.behind) both = llmprov__err_join(&t->arena, e->message, ": ", llmprov__parts_behind(t, &f), (char *)NULL);
    if (both) e->message = both;
    if (f.param) e->param = f.param;
    if (f.request_id) e->request_id = f.request_id;
    if (f.type) e->provider_code = f.type;
    if (f.code && !(f.type && *f.code >= '0' && *f.code <= '9' && strlen(f.code) == 3)) e->provider_code = f.code;
    e->code = llmprov__parts_classify(e->http_status, f.code ? f.code : "", f.type ? f.type : "", e->message);
    return true;
}

/* -- members of a request that a model may refuse -- */

/* A warning "field: was VALUE; why". */
static void llmprov__parts_drop(llmprov_draft *d, const char *field, double value, const char *why) {
    llmprov__mem_arena *a = &((llmprov__translator_job *)d->call)->turn->arena;
    char number[33];
    const char *text;
    number[llmprov__text_from_double(number, value)] = 0;
    text = llmprov__err_join(a, number, " was left out: ", why, (char *)NULL);
    if (text) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, text);
}

static void llmprov__parts_drop_num(llmprov_draft *d, const char *field, llmprov_num value, const char *why) {
    if (value.set) llmprov__parts_drop(d, field, value.value, why);
}

static void llmprov__parts_drop_int(llmprov_draft *d, const char *field, llmprov_int value, const char *why) {
    if (value.set) llmprov__parts_drop(d, field, (double)value.value, why);
}

static void llmprov__parts_drop_text(llmprov_draft *d, const char *field, const char *why) {
    llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, why);
}

/* A number from 0 to `most`; one beyond is sent as the nearer end. */
static void llmprov__parts_write_range(llmprov_draft *d, const char *field, llmprov_num value, double most) {
    if (!value.set) return;
    if (value.value < 0 || value.value > most) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, most > 1 ? "the range is 0 to 2: its nearer end was sent" : "the range is 0 to 1: its nearer end was sent");
        value.value = value.value < 0 ? 0 : most;
    }
    llmprov_write_num(d->body, field, value.value);
}

/* Why sampling settings cannot be sent; NULL = they can. */
static const char *llmprov__parts_no_sampling(const llmprov_draft *d, bool thinks) {
    if (d->profile->flags & LLMPROV_MODEL_NO_SAMPLING) return "this model refuses sampling settings";
    if ((d->profile->flags & LLMPROV_MODEL_SAMPLING_IF_OFF) && thinks) return "this model takes sampling settings only with thinking off";
    return NULL;
}

static const char *const llmprov__parts_efforts[] = { "", "none", "minimal", "low", "medium", "high", "xhigh", "max" };

/* Whether a blank-separated list has a word. */
static bool llmprov__parts_lists(const char *list, const char *word) {
    size_t n = strlen(word);
    const char *p = list;
    while (p && *p) {
        const char *end = strchr(p, ' ');
        size_t len = end ? (size_t)(end - p) : strlen(p);
        if (len == n && !memcmp(p, word, n)) return true;
        p = end ? end + 1 : NULL;
    }
    return false;
}

/* The words that the model takes: the row's for models of this name, otherwise the profile's. */
static const char *llmprov__parts_known_efforts(const llmprov_draft *d) {
    const char *row = d->row->quirks.efforts, *colon = row ? strchr(row, ':') : NULL, *name = strrchr(d->model, '/');
    name = name ? name + 1 : d->model;
    return colon && !strncmp(name, row, (size_t)(colon - row)) ? colon + 1 : d->profile->efforts;
}

/* The nearest word that the model takes: the next lower one, otherwise the next higher; "none" only when asked for.
   NULL = nothing can be said. */
static const char *llmprov__parts_effort(llmprov_draft *d, llmprov_effort asked) {
    const char *known = llmprov__parts_known_efforts(d), *word = NULL, *text;
    int i;
    if (!asked) return NULL;
    if (!known || llmprov__parts_lists(known, llmprov__parts_efforts[asked])) return llmprov__parts_efforts[asked];
    for (i = (int)asked - 1; i > LLMPROV_EFFORT_OFF && !word; i--)
        if (llmprov__parts_lists(known, llmprov__parts_efforts[i])) word = llmprov__parts_efforts[i];
    for (i = (int)asked + 1; i <= LLMPROV_EFFORT_MAX && !word; i++)
        if (llmprov__parts_lists(known, llmprov__parts_efforts[i])) word = llmprov__parts_efforts[i];
    if (!word && llmprov__parts_lists(known, "default")) word = "default";
    if (!word) {
        llmprov__parts_drop_text(d, "effort", "the effort was left out: this model takes none");
        return NULL;
    }
    text = llmprov__err_join(&((llmprov__translator_job *)d->call)->turn->arena, "this model has no effort \"", llmprov__parts_efforts[asked], "\": \"", word, "\" was sent", (char *)NULL);
    if (text) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "effort", text);
    return word;
}

/* The effort that is as much as a budget of that many tokens. */
static llmprov_effort llmprov__parts_effort_of(int64_t tokens) {
    return tokens >= 10000 ? LLMPROV_EFFORT_HIGH : tokens >= 5000 ? LLMPROV_EFFORT_MEDIUM : LLMPROV_EFFORT_LOW;
}

static int64_t llmprov__parts_budget_of(llmprov_effort effort) {
    static const int64_t tokens[] = { 10000, 0, 1024, 2048, 10000, 16384, 32768, 32768 };
    return tokens[effort];
}

/* -- bytes of a block -- */

static bool llmprov__parts_has_bytes(const llmprov_block *b) {
    return b->data || b->base64 || b->source.read;
}

/* As base64, inside a string that is open. */
static void llmprov__parts_base64(llmprov_writer *w, const llmprov_block *b) {
    if (b->base64) llmprov__write_plain(w, b->base64, llmprov__text_len(b->base64, b->base64_len));
    else llmprov__write_base64(w, b->data, b->data_len, b->data ? NULL : &b->source);
}

/* -- thinking of Claude, wherever it is spoken to -- */

typedef struct llmprov__parts_thinking {
    bool thinks, off;
    const char *effort;
    int64_t budget, max_tokens;
    const char *thinking;        /* the type word, NULL = nothing is said */
} llmprov__parts_thinking;

static void llmprov__parts_think_cap(llmprov_draft *d, llmprov__parts_thinking *p, const char *why) {
    if (!p->effort || (strcmp(p->effort, "xhigh") && strcmp(p->effort, "max"))) return;
    llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "effort", why);
    p->effort = "high";
}

/* Thinking off, in the words that the model knows. */
static void llmprov__parts_think_off(llmprov_draft *d, llmprov__parts_thinking *p) {
    unsigned flags = d->profile->flags;
    p->off = true;
    if (!(flags & LLMPROV_MODEL_NO_DISABLED)) {
        p->thinking = "disabled";
        if (flags & LLMPROV_MODEL_OFF_CAPS_EFFORT) llmprov__parts_think_cap(d, p, "with thinking off this model takes no effort above \"high\": \"high\" was sent");
        return;
    }
    p->thinking = flags & LLMPROV_MODEL_BETWEEN_TOOLS ? "between_tools" : NULL;
    if (!p->thinking) p->effort = "low";
    llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking", p->thinking ? "this model cannot stop thinking: \"between_tools\" was sent" : "this model cannot stop thinking: effort \"low\" was sent");
}

/* A budget in tokens, or what stands for it where the model refuses budgets. */
static void llmprov__parts_think_budget(llmprov_draft *d, llmprov__parts_thinking *p, int64_t tokens) {
    p->thinks = true;
    if (d->profile->flags & LLMPROV_MODEL_NO_BUDGET) {
        p->thinking = "adaptive";
        if (!p->effort) p->effort = llmprov__parts_effort(d, llmprov__parts_effort_of(tokens));
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking_tokens", "this model takes no thinking budget: adaptive thinking with an effort was sent");
        return;
    }
    p->thinking = "enabled";
    p->budget = tokens < 1024 ? 1024 : tokens;
    if (tokens < 1024) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking_tokens", "the least thinking budget is 1024: it was raised");
}

static void llmprov__parts_think_on(llmprov_draft *d, llmprov__parts_thinking *p) {
    p->thinks = true;
    if (d->profile->flags & LLMPROV_MODEL_ADAPTIVE) p->thinking = "adaptive";
    else llmprov__parts_think_budget(d, p, llmprov__parts_budget_of(d->chat->effort));
}

static void llmprov__parts_think_between(llmprov_draft *d, llmprov__parts_thinking *p) {
    if (d->profile->flags & LLMPROV_MODEL_BETWEEN_TOOLS) {
        p->thinking = "between_tools";
        llmprov__parts_think_cap(d, p, "with thinking between tools only this model takes no effort above \"high\": \"high\" was sent");
        return;
    }
    llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking", "this model does not know \"between_tools\": thinking is on");
    llmprov__parts_think_on(d, p);
}

/* What is said about thinking and effort. Models without efforts get a budget instead. */
static void llmprov__parts_think(llmprov_draft *d, llmprov__parts_thinking *p) {
    const llmprov_request *r = d->chat;
    bool efforts = !d->profile->efforts || *d->profile->efforts;
    if (r->effort > LLMPROV_EFFORT_OFF && efforts) p->effort = llmprov__parts_effort(d, r->effort);
    if (r->thinking == LLMPROV_THINKING_OFF || (r->thinking == LLMPROV_THINKING_AUTO && r->effort == LLMPROV_EFFORT_OFF)) llmprov__parts_think_off(d, p);
    else if (r->thinking == LLMPROV_THINKING_BETWEEN_TOOLS) llmprov__parts_think_between(d, p);
    else if (r->thinking_tokens.set) llmprov__parts_think_budget(d, p, r->thinking_tokens.value);
    else if (r->thinking == LLMPROV_THINKING_ON || (r->thinking == LLMPROV_THINKING_AUTO && r->effort > LLMPROV_EFFORT_OFF)) llmprov__parts_think_on(d, p);
}

/* -- betas of Anthropic's -- */

/* Features that are still behind a beta name: members of the body (that hold a word), tools of a type, blocks of a kind. */
static const struct { const char *where, *word, *beta; } llmprov__parts_beta_names[] = {
    { "tools", "computer_20241022", "computer-use-2024-10-22" },
    { "tools", "bash_20241022", "computer-use-2024-10-22" },
    { "tools", "text_editor_20241022", "computer-use-2024-10-22" },
    { "tools", "computer_20250124", "computer-use-2025-01-24" },
    { "tools", "computer_20251124", "computer-use-2025-11-24" },
    { "tools", "advisor_20260301", "advisor-tool-2026-03-01" },
    { "tools", "mcp_toolset", "mcp-client-2025-11-20" },
    { "messages", "mcp_tool_use", "mcp-client-2025-11-20" },
    { "messages", "mcp_tool_result", "mcp-client-2025-11-20" },
    { "messages", "mcp_tool_listing", "mcp-client-2026-09-15" },
    { "messages", "compaction", "compact-2026-01-12" },
    { "messages", "fallback", "server-side-fallback-2026-07-01" },
    { "messages", "advisor_tool_result", "advisor-tool-2026-03-01" },
    { "messages", "tool_addition", "mid-conversation-tool-changes-2026-07-01" },
    { "messages", "tool_removal", "mid-conversation-tool-changes-2026-07-01" },
    { "message", "clear_at", "mid-conversation-system-clear-at-2026-08-21" },
    { "message", "output_config", "mid-conversation-output-config-2026-07-01" },
    { "context_management", "", "context-management-2025-06-27" },
    { "context_management", "\"compact_20260112\"", "compact-2026-01-12" },
    { "output_config", "\"task_budget\"", "task-budgets-2026-03-13" },
    { "thinking", "\"updates\"", "thinking-display-updates-2026-08-18" },
    { "thinking", "\"block_binding\"", "thinking-binding-controls-2026-08-01" },
    { "compaction", "", "compact-2026-09-04" },
    { "thread", "", "message-threads-2026-08-12" },
    { "mcp_servers", "", "mcp-client-2025-11-20" },
    { "fallbacks", "", "server-side-fallback-2026-07-01" },
    { "fallback_credit_token", "", "fallback-credit-2026-07-01" },
    { "billing_policy", "", "user-profiles-billing-2026-10-01" },
    { "output_format", "", "structured-outputs-2025-11-13" },
};

static bool llmprov__parts_holds(const char *members, size_t len, const char *name, const char *word) {
    llmprov_str value;
    size_t n = strlen(word), i;
    if (!llmprov__msg_has(members, len, name, &value)) return false;
    for (i = 0; i + n <= value.len; i++)
        if (!memcmp(value.ptr + i, word, n)) return true;
    return false;
}

static bool llmprov__parts_uses(const llmprov_request *r, const char *where, const char *word) {
    llmprov_str value;
    size_t i, j;
    if (!strcmp(where, "message")) {
        for (i = 0; i < r->message_count; i++)
            if (llmprov__msg_has(r->messages[i].extra, r->messages[i].extra_len, word, &value)) return true;
        return false;
    }
    if (!strcmp(where, "tools")) {
        for (i = 0; i < r->tool_count; i++)
            if (llmprov__text_same(r->tools[i].type, word, false)) return true;
        return false;
    }
    if (!strcmp(where, "messages")) {
        for (i = 0; i < r->message_count; i++)
            for (j = 0; j < r->messages[i].block_count; j++)
                if (llmprov__text_same(r->messages[i].blocks[j].kind, word, false)) return true;
        return false;
    }
    return llmprov__parts_holds(r->extra, 0, where, word) || llmprov__parts_holds(r->kept, r->kept_len, where, word);
}

enum { LLMPROV__PARTS_BETAS = 800 };

/* The betas that a request needs, each once, with commas between them; returns the length. */
static size_t llmprov__parts_betas(const llmprov_request *r, char list[LLMPROV__PARTS_BETAS]) {
    size_t i, n = 0;
    for (i = 0; i < LLMPROV__COUNT(llmprov__parts_beta_names); i++) {
        const char *beta = llmprov__parts_beta_names[i].beta;
        size_t len = strlen(beta);
        if (!llmprov__parts_uses(r, llmprov__parts_beta_names[i].where, llmprov__parts_beta_names[i].word)) continue;
        list[n] = 0;
        if (strstr(list, beta) || n + len + 2 > LLMPROV__PARTS_BETAS) continue;
        if (n) list[n++] = ',';
        memcpy(list + n, beta, len);
        n += len;
    }
    list[n] = 0;
    return n;
}

/* -- tools of Anthropic's own kinds, for targets that know only functions -- */

static const struct { const char *prefix, *name, *description, *schema; } llmprov__parts_tools[] = {
    { "bash_", "bash", "Runs a command in a persistent bash shell.",
      "{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\"},\"restart\":{\"type\":\"boolean\"}}}" },
    { "text_editor_", "str_replace_based_edit_tool", "Views, creates and edits text files.",
      "{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\",\"enum\":[\"view\",\"create\",\"str_replace\",\"insert\",\"undo_edit\"]},"
      "\"path\":{\"type\":\"string\"},\"file_text\":{\"type\":\"string\"},\"old_str\":{\"type\":\"string\"},\"new_str\":{\"type\":\"string\"},"
      "\"insert_line\":{\"type\":\"integer\"},\"insert_text\":{\"type\":\"string\"},\"view_range\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}},"
      "\"required\":[\"command\",\"path\"]}" },
    { "memory_", "memory", "Keeps notes in files under /memories.",
      "{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\",\"enum\":[\"view\",\"create\",\"str_replace\",\"insert\",\"delete\",\"rename\"]},"
      "\"path\":{\"type\":\"string\"},\"file_text\":{\"type\":\"string\"},\"old_str\":{\"type\":\"string\"},\"new_str\":{\"type\":\"string\"},"
      "\"insert_line\":{\"type\":\"integer\"},\"insert_text\":{\"type\":\"string\"},\"old_path\":{\"type\":\"string\"},\"new_path\":{\"type\":\"string\"}},"
      "\"required\":[\"command\"]}" },
    { "computer_", "computer", "Operates a computer by mouse, keyboard and screenshots.",
      "{\"type\":\"object\",\"properties\":{\"action\":{\"type\":\"string\"},\"coordinate\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
      "\"start_coordinate\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"text\":{\"type\":\"string\"},\"duration\":{\"type\":\"number\"},"
      "\"scroll_direction\":{\"type\":\"string\"},\"scroll_amount\":{\"type\":\"integer\"},\"region\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}},"
      "\"required\":[\"action\"]}" },
};

/* The function that stands for a tool of a vendor's kind; false = there is none. */
static bool llmprov__parts_as_function(const llmprov_tool *tool, llmprov_tool *function) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__parts_tools); i++) {
        if (strncmp(tool->type, llmprov__parts_tools[i].prefix, strlen(llmprov__parts_tools[i].prefix))) continue;
        *function = *tool;
        function->type = NULL;
        if (!function->name) function->name = llmprov__parts_tools[i].name;
        function->description = llmprov__parts_tools[i].description;
        function->schema = llmprov__parts_tools[i].schema;
        function->extra = NULL;
        return true;
    }
    return false;
}

/* Members that are kept although fields carry what they say, by the format that they came from: their own format writes
   them with the fields. */
static const struct { const char *format, *members; } llmprov__parts_carriers[] = {
    { "anthropic-messages", "thinking output_config output_format metadata tool_choice stream system" },
    { "openai-chat", "max_tokens max_completion_tokens stream stream_options stop tools tool_choice parallel_tool_calls functions function_call "
                     "response_format reasoning_effort reasoning thinking user safety_identifier" },
    { "openai-responses", "input reasoning text tool_choice" },
};

static bool llmprov__parts_carried(const llmprov_request *r, const char *name) {
    size_t i;
    for (i = 0; r->origin && i < LLMPROV__COUNT(llmprov__parts_carriers); i++)
        if (!strcmp(r->origin, llmprov__parts_carriers[i].format)) return llmprov__parts_lists(llmprov__parts_carriers[i].members, name);
    return false;
}

/* Whether a field says what a member that was kept as null did not: then that member is written, or a newer name of it. */
static bool llmprov__parts_is_set(const llmprov_request *r, const char *name) {
    bool thinks = r->effort || r->thinking_tokens.set || r->thinking != LLMPROV_THINKING_AUTO;
    const struct { const char *name; bool set; const char *newer; } fields[] = {
        { "temperature", r->temperature.set, NULL }, { "top_p", r->top_p.set, NULL }, { "top_k", r->top_k.set, NULL }, { "seed", r->seed.set, NULL },
        { "n", r->n.set, NULL }, { "presence_penalty", r->presence_penalty.set, NULL }, { "frequency_penalty", r->frequency_penalty.set, NULL },
        { "model", true, NULL }, { "service_tier", r->service_tier != NULL, NULL }, { "stream", r->stream == LLMPROV_STREAM_ON, NULL },
        { "stop", r->stop_count > 0, NULL }, { "tools", r->tool_count > 0, NULL }, { "tool_choice", r->tool_choice != LLMPROV_TOOL_AUTO, NULL },
        { "parallel_tool_calls", r->parallel_tools != LLMPROV_UNSET, NULL }, { "response_format", r->schema != NULL, NULL },
        { "max_tokens", r->max_tokens.set, "max_completion_tokens" }, { "max_completion_tokens", r->max_tokens.set, "max_tokens" },
        { "user", r->user_id != NULL, "safety_identifier" }, { "safety_identifier", r->user_id != NULL, "user" },
        { "reasoning_effort", thinks, "reasoning" }, { "reasoning", thinks, "reasoning_effort" }, { "thinking", thinks, "reasoning_effort" },
    };
    llmprov_str value;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(fields); i++)
        if (!strcmp(fields[i].name, name))
            return fields[i].set && !(fields[i].newer && llmprov__msg_has(r->kept, r->kept_len, fields[i].newer, &value) && value.ptr[0] != 'n');
    return false;
}

/* Members that llmprov_ask kept: back into their own format but for some that the model refuses, a warning elsewhere. */
static void llmprov__parts_kept(llmprov_draft *d, const char *format, const char *refused, const char *why) {
    const llmprov_request *r = d->chat;
    bool own = r->origin && !strcmp(r->origin, format);
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_str key, value;
    if (!r->kept) return;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = d->body->alloc;
    s = llmprov__json_scan(r->kept, llmprov__text_len(r->kept, r->kept_len), &scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        char name[64];
        size_t len = key.len < sizeof name ? key.len : sizeof name - 1;
        memcpy(name, key.ptr, len);
        name[len] = 0;
        if (!llmprov_scan_raw(&s, &value)) break;
        if (value.ptr[0] == 'n' && (!own || llmprov__parts_is_set(r, name))) continue;
        if (value.ptr[0] != 'n' && llmprov__parts_carried(r, name) && (own || strcmp(name, "response_format") || r->schema)) continue;
        if (own && why && llmprov__parts_lists(refused, name)) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, name, why);
        else if (own) llmprov__write_raw_key(d->body, key, value, false);
        else llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, name, "this member has no place in the target's format: it was left out");
    }
    if (scratch.failed) d->body->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
}

/* A text that was caught raw; what is no string is empty. Valid until the next text of the scan. */
static llmprov_str llmprov__parts_text(const llmprov_scan *s, llmprov_str raw) {
    llmprov_str empty = { "", 0 };
    return raw.ptr && raw.ptr[0] == '"' ? llmprov__json_unquote(s, raw, false) : empty;
}

/* What a member of OpenAI's shape says about thinking: reasoning_effort, and what other servers have beside it. False = it
   is none of them. */
static bool llmprov__parts_said_thinking(llmprov_request *r, const llmprov_scan *s, llmprov_str name, llmprov_str raw) {
    static const char *const names[] = { "effort", "max_tokens", "budget_tokens", "enabled", "type" };
    bool object = llmprov__text_is(name, "reasoning") || llmprov__text_is(name, "thinking");
    llmprov_str v[5], word;
    llmprov_scan in;
    int i;
    if (!object && !llmprov__text_is(name, "reasoning_effort")) return false;
    if (object) llmprov__parts_members(s, raw, names, v, 5);
    else memset(v, 0, sizeof v), v[0] = raw;
    word = llmprov__parts_text(s, v[0]);
    for (i = LLMPROV_EFFORT_OFF; i <= LLMPROV_EFFORT_MAX; i++)
        if (llmprov__text_is(word, llmprov__parts_efforts[i])) r->effort = (llmprov_effort)i;
    if (v[1].ptr || v[2].ptr) {
        in = llmprov_scan_in(s, v[1].ptr ? v[1] : v[2]);
        r->thinking_tokens.set = llmprov_scan_int(&in, &r->thinking_tokens.value);
    }
    word = llmprov__parts_text(s, v[4]);
    if ((v[3].ptr && v[3].ptr[0] == 'f') || llmprov__text_is(word, "disabled")) r->thinking = LLMPROV_THINKING_OFF;
    else if ((v[3].ptr && v[3].ptr[0] == 't') || word.len) r->thinking = LLMPROV_THINKING_ON;
    return true;
}

/* A tool choice of OpenAI's shape, also that of the old function_call. The name is valid until the next text. */
static llmprov_tool_choice llmprov__parts_said_choice(const llmprov_scan *s, llmprov_str raw, llmprov_str *name) {
    static const char *const outer[] = { "function", llmprov__parts_custom, "allowed_tools", "name" }, *const inner[] = { "name", "mode" };
    llmprov_str v[4], in[2], word;
    name->ptr = NULL;
    name->len = 0;
    if (raw.ptr[0] == '{') {
        llmprov__parts_members(s, raw, outer, v, 4);
        llmprov__parts_members(s, v[2].ptr ? v[2] : v[0].ptr ? v[0] : v[1].ptr ? v[1] : raw, inner, in, 2);
        if (in[0].ptr) *name = llmprov__parts_text(s, in[0]);
        if (in[0].ptr && !v[2].ptr) return LLMPROV_TOOL_NAMED;
        raw = in[1];
    }
    word = llmprov__parts_text(s, raw);
    return llmprov__text_is(word, "none") ? LLMPROV_TOOL_NONE : llmprov__text_is(word, "required") || llmprov__text_is(word, "any") ? LLMPROV_TOOL_ANY : LLMPROV_TOOL_AUTO;
}

/* A whole number as a count, 0 when it is none: providers send null, floats and strings. */
static int64_t llmprov__parts_count(const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    double value = 0;
    int64_t count = 0;
    if (!raw.ptr) return 0;
    if (llmprov_scan_int(&in, &count)) return count > 0 ? count : 0;
    in = llmprov_scan_in(s, raw);
    return llmprov_scan_num(&in, &value) && value > 0 && value < 9e15 ? (int64_t)value : 0;
}

/* A raw JSON string, or a member of each item of a list joined, as a text in the arena. */
static const char *llmprov__parts_joined(const llmprov_scan *s, llmprov_str raw, const char *member, llmprov__mem_arena *arena, size_t *len) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov__mem_buf all;
    llmprov_str item, text = llmprov__parts_text(s, raw);
    const char *to;
    memset(&all, 0, sizeof all);
    all.alloc = arena->alloc;
    llmprov__mem_add(&all, text.ptr, text.len);
    while (raw.ptr[0] == '[' && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) {
        if (item.ptr[0] == '{') llmprov__parts_members(s, item, &member, &item, 1);
        text = llmprov__parts_text(s, item);
        llmprov__mem_add(&all, text.ptr, text.len);
    }
    if (all.failed) arena->failed = true;
    to = llmprov__mem_copy(arena, all.ptr ? all.ptr : "", all.len);
    *len = to ? all.len : 0;
    llmprov__mem_buf_free(&all);
    return to;
}

/* JSON without the white space between its tokens, in place. */
static size_t llmprov__parts_compact(char *json, size_t len) {
    size_t i, n = 0;
    bool string = false;
    for (i = 0; i < len; i++) {
        char c = json[i];
        if (!string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
        json[n++] = c;
        if (string && c == '\\' && i + 1 < len) json[n++] = json[++i];
        else if (c == '"') string = !string;
    }
    return n;
}

/* The place of a block in the caller's messages, for warnings. */
static void llmprov__parts_field(char to[96], const llmprov_message *m, size_t block) {
    llmprov__normal_place place = llmprov__normal_place_of(m, block);
    llmprov__err_number i = llmprov__err_int((int64_t)place.message), j = llmprov__err_int((int64_t)place.block);
    size_t n = strlen(i.text), k = strlen(j.text);
    memcpy(to, "messages[", 9);
    memcpy(to + 9, i.text, n);
    memcpy(to + 9 + n, "].content[", 10);
    memcpy(to + 19 + n, j.text, k);
    memcpy(to + 19 + n + k, "]", 2);
}

#ifndef LLMPROV_NO_ANTHROPIC_MESSAGES

//==============================================================================
// >>t_messages the wire format anthropic-messages
//
// https://docs.anthropic.com/en/api/messages  .../messages-streaming  .../errors
// Two dated versions: 2026-10-21 has no sampling settings, refuses documents in
// the assistant's turns and citations on the user's texts; 2023-06-01 has them.
// Where the caller does not say, the newer one is sent unless the request needs
// the older. What models accept is in their profiles.
// Calls: msg reply translator parts
//==============================================================================

/* -- writing a request -- */

/* max_tokens is demanded by the API: the model's own limit when the caller set none, and more than the budget.
   A whole reply of more than 21,333 tokens could take longer than connections live: it is streamed instead. */
static void llmprov__t_messages_tokens(llmprov_draft *d, llmprov__parts_thinking *p) {
    int64_t most = d->profile->max_output_tokens;
    p->max_tokens = d->chat->max_tokens.set ? d->chat->max_tokens.value : most ? most : 4096;
    if (!d->chat->max_tokens.set && !most)
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "max_tokens", "the format demands it and the model is not known: 4096 was sent");
    if (p->budget && p->max_tokens <= p->budget) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "max_tokens", "it must be more than the thinking budget: the budget and 1024 were sent");
        p->max_tokens = p->budget < INT64_MAX - 1024 ? p->budget + 1024 : INT64_MAX;
    }
    if (d->stream || p->max_tokens <= 21333) return;
    if (d->chat->stream == LLMPROV_STREAM_AUTO && (!d->row->can || (d->row->can & LLMPROV_CAN_STREAM))) d->stream = true;
    else if (!d->chat->max_tokens.set) p->max_tokens = 21333;
}

/* The settings that only the older version knows, and only some models take. */
static bool llmprov__t_messages_sampling(llmprov_draft *d, const llmprov__parts_thinking *p) {
    const llmprov_request *r = d->chat;
    llmprov_num temperature = r->temperature, top_p = r->top_p;
    const char *why = d->profile->flags & LLMPROV_MODEL_NO_SAMPLING ? "this model refuses sampling settings" :
                      p->thinks ? "sampling settings are refused while thinking is on" :
                      d->api_version && !strcmp(d->api_version, "2026-10-21") ? "API version 2026-10-21 has no sampling settings" : NULL;
    if (why) {
        llmprov__parts_drop_num(d, "temperature", temperature, why);
        llmprov__parts_drop_num(d, "top_p", top_p, why);
        llmprov__parts_drop_int(d, "top_k", r->top_k, why);
        return false;
    }
    if (temperature.set && top_p.set && (d->profile->flags & LLMPROV_MODEL_ONE_SAMPLING)) {
        llmprov__parts_drop_num(d, "top_p", top_p, "this model takes temperature or top_p, not both");
        top_p.set = false;
    }
    llmprov__parts_write_range(d, "temperature", temperature, 1);
    llmprov__parts_write_range(d, "top_p", top_p, 1);
    if (r->top_k.set) llmprov_write_int(d->body, "top_k", r->top_k.value);
    return temperature.set || top_p.set || r->top_k.set;
}

static bool llmprov__t_messages_cites(const char *members, size_t len) {
    llmprov_str value;
    return llmprov__msg_has(members, len, "citations", &value) && value.ptr[0] == '[' && memchr(value.ptr, '{', value.len) != NULL;
}

/* Whether a text of the user's has citations: the block itself, or one in a search result's content. */
static bool llmprov__t_messages_user_cites(const llmprov_block *b) {
    llmprov_str list, item;
    llmprov_scan s;
    if (b->type == LLMPROV_BLOCK_TEXT) return llmprov__t_messages_cites(b->extra, b->extra_len);
    if (b->type != LLMPROV_BLOCK_RAW || !llmprov__msg_has(b->json, b->json_len, "content", &list)) return false;
    s = llmprov__json_scan(list.ptr, list.len, NULL, 0);
    while (llmprov_scan_item(&s) && llmprov_scan_raw(&s, &item))
        if (llmprov__t_messages_cites(item.ptr, item.len)) return true;
    return false;
}

/* What the newer version refuses: documents in the assistant's turns, citations on the user's texts. */
static bool llmprov__t_messages_needs_old(const llmprov_request *r) {
    size_t i, j, k;
    for (i = 0; i < r->message_count; i++) {
        const llmprov_message *m = &r->messages[i];
        for (j = 0; j < m->block_count; j++) {
            const llmprov_block *b = &m->blocks[j];
            if (m->role == LLMPROV_ROLE_ASSISTANT && b->type == LLMPROV_BLOCK_DOCUMENT) return true;
            if (m->role != LLMPROV_ROLE_USER) continue;
            if (llmprov__t_messages_user_cites(b)) return true;
            for (k = 0; b->content && k < b->content_count; k++)
                if (llmprov__t_messages_user_cites(&b->content[k])) return true;
        }
    }
    return false;
}


/* The betas that the request needs, each once. */
static void llmprov__t_messages_beta(llmprov_draft *d) {
    char list[LLMPROV__PARTS_BETAS];
    if (llmprov__parts_betas(d->chat, list)) llmprov_draft_header(d, "anthropic-beta", list);
}

/* Whether the request was asked in this format: then what was said goes back as it was. */
static bool llmprov__t_messages_own(const llmprov_draft *d) {
    return llmprov__text_same(d->chat->origin, "anthropic-messages", false);
}

/* A member that such a request was kept with, as raw JSON. */
static llmprov_str llmprov__t_messages_kept(const llmprov_draft *d, const char *member) {
    llmprov_str value = { NULL, 0 };
    if (!llmprov__t_messages_own(d) || !llmprov__msg_has(d->chat->kept, d->chat->kept_len, member, &value)) value.ptr = NULL;
    return value;
}

static bool llmprov__t_messages_says(llmprov_str object, const char *member, const char *word) {
    llmprov_scan s = llmprov__json_scan(object.ptr ? object.ptr : "{}", object.ptr ? object.len : 2, NULL, 0);
    llmprov_str value;
    if (!object.ptr || !llmprov__msg_has(object.ptr, object.len, member, &value)) return !word;
    return word && llmprov__text_is(llmprov__parts_text(&s, value), word);
}

static void llmprov__t_messages_tool(llmprov_draft *d, const llmprov_tool *tool) {
    llmprov_writer *w = d->body;
    llmprov_str word;
    llmprov_write_open(w, NULL, '{');
    if (tool->type && !llmprov__msg_has(tool->extra, 0, "type", &word)) llmprov_write_str(w, "type", tool->type, strlen(tool->type));
    if (tool->name) llmprov_write_str(w, "name", tool->name, strlen(tool->name));
    if (tool->description && (*tool->description || llmprov__t_messages_own(d))) llmprov__write_long(w, "description", tool->description, strlen(tool->description));
    if (tool->schema) llmprov__write_long_raw(w, "input_schema", tool->schema, strlen(tool->schema));
    else if (!tool->type) llmprov_write_raw(w, "input_schema", "{\"type\":\"object\",\"properties\":{}}", 33);
    if (tool->strict) llmprov_write_bool(w, "strict", tool->strict == LLMPROV_YES);
    llmprov__msg_write_marked(w, NULL, llmprov__text_of(tool->extra), tool->cache, false);
    llmprov_write_close(w);
}

/* For models that give no structured answers natively, the arguments of a forced tool are the answer. */
static void llmprov__t_messages_tools(llmprov_draft *d, bool fold) {
    llmprov_tool answer;
    size_t i;
    if (!d->chat->tool_count && !fold) return;
    llmprov_write_open(d->body, "tools", '[');
    for (i = 0; i < d->chat->tool_count; i++) llmprov__t_messages_tool(d, &d->chat->tools[i]);
    if (fold) {
        memset(&answer, 0, sizeof answer);
        answer.name = d->chat->schema_name;
        answer.description = "Gives the answer in its final form.";
        answer.schema = d->chat->schema;
        llmprov__t_messages_tool(d, &answer);
        llmprov_draft_fold(d, answer.name);
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "schema", "this model has no native structured answers: a forced tool call stands for it, without parallel calls");
    }
    llmprov_write_close(d->body);
}

/* Whether a kept choice says just what the fields say. */
static bool llmprov__t_messages_same_choice(llmprov_str kept, const char *word, const char *name, bool single) {
    llmprov_str alone;
    bool was = kept.ptr && llmprov__msg_has(kept.ptr, kept.len, "disable_parallel_tool_use", &alone) && alone.ptr[0] == 't';
    return kept.ptr && llmprov__t_messages_says(kept, "type", word) && (!name || llmprov__t_messages_says(kept, "name", name)) && was == single;
}

/* Forcing a tool is refused while thinking, and by some models always: the model is left to choose. */
static void llmprov__t_messages_choice(llmprov_draft *d, const llmprov__parts_thinking *p, bool fold) {
    static const char *const words[] = { "auto", "none", "any", "tool" };
    llmprov_tool_choice choice = fold ? (d->chat->tool_count ? LLMPROV_TOOL_ANY : LLMPROV_TOOL_NAMED) : d->chat->tool_choice;
    const char *name = choice != LLMPROV_TOOL_NAMED ? NULL : fold ? d->chat->schema_name : d->chat->tool_name;
    bool single = fold || d->chat->parallel_tools == LLMPROV_NO;
    llmprov_str kept = llmprov__t_messages_kept(d, "tool_choice");
    if (!d->chat->tool_count && !fold && !kept.ptr) return;
    if (choice >= LLMPROV_TOOL_ANY && ((d->profile->flags & LLMPROV_MODEL_NO_FORCED_TOOL) || p->thinks)) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "tool_choice", p->thinks ? "a forced tool is refused while thinking is on: auto was sent" : "this model refuses a forced tool: auto was sent");
        choice = LLMPROV_TOOL_AUTO;
        name = NULL;
    }
    if (llmprov__t_messages_same_choice(kept, words[choice], name, single)) {
        llmprov_write_raw(d->body, "tool_choice", kept.ptr, kept.len);
        return;
    }
    if (choice == LLMPROV_TOOL_AUTO && !single) return;
    llmprov_write_open(d->body, "tool_choice", '{');
    llmprov_write_str(d->body, "type", words[choice], strlen(words[choice]));
    if (name) llmprov_write_str(d->body, "name", name, strlen(name));
    if (single && choice != LLMPROV_TOOL_NONE) llmprov_write_bool(d->body, "disable_parallel_tool_use", true);
    llmprov_write_close(d->body);
}

/* Writes the members of a kept object that have no field in a request. */
static void llmprov__t_messages_write_kept(llmprov_draft *d, llmprov_str object, const char *a, const char *b) {
    llmprov_scan s = llmprov__json_scan(object.ptr ? object.ptr : "{}", object.ptr ? object.len : 2, NULL, 0);
    llmprov_str key, value;
    while (llmprov_scan_key(&s, &key)) {
        bool field = llmprov__text_is(key, a) || llmprov__text_is(key, b);
        if (llmprov_scan_raw(&s, &value) && !field) llmprov__write_raw_key(d->body, key, value, false);
    }
}

/* What is said about thinking. Where it is what was asked, it goes back to the letter; otherwise what the model takes,
   with the kept members that have no field. */
static void llmprov__t_messages_write_thinking(llmprov_draft *d, const llmprov__parts_thinking *p) {
    llmprov_str kept = llmprov__t_messages_kept(d, "thinking");
    bool same = llmprov__t_messages_says(kept, "type", p->thinking) && (!p->budget || p->budget == d->chat->thinking_tokens.value);
    if (!p->thinking) return;
    if (kept.ptr && same) {
        llmprov_write_raw(d->body, "thinking", kept.ptr, kept.len);
        return;
    }
    llmprov_write_open(d->body, "thinking", '{');
    llmprov_write_str(d->body, "type", p->thinking, strlen(p->thinking));
    if (p->budget) llmprov_write_int(d->body, "budget_tokens", p->budget);
    if (!strcmp(p->thinking, "adaptive") && !llmprov__msg_has(kept.ptr, kept.len, "display", &(llmprov_str){ NULL, 0 })) llmprov_write_str(d->body, "display", "summarized", 10);
    llmprov__t_messages_write_kept(d, kept, "type", "budget_tokens");
    llmprov_write_close(d->body);
}

/* The schema of a structured answer under the older name of its member, where it was asked for so. */
static bool llmprov__t_messages_write_format(llmprov_draft *d) {
    llmprov_str kept = llmprov__t_messages_kept(d, "output_format"), schema;
    if (!kept.ptr || !llmprov__msg_has(kept.ptr, kept.len, "schema", &schema) || !llmprov__text_is(schema, d->chat->schema)) return false;
    llmprov_write_raw(d->body, "output_format", kept.ptr, kept.len);
    return true;
}

static void llmprov__t_messages_write_output(llmprov_draft *d, const llmprov__parts_thinking *p, bool fold) {
    llmprov_str kept = llmprov__t_messages_kept(d, "output_config");
    bool schema = d->chat->schema && !fold && !llmprov__t_messages_write_format(d);
    if (!p->effort && !schema && !kept.ptr) return;
    llmprov_write_open(d->body, "output_config", '{');
    if (p->effort) llmprov_write_str(d->body, "effort", p->effort, strlen(p->effort));
    if (schema) {
        llmprov_write_open(d->body, "format", '{');
        llmprov_write_str(d->body, "type", "json_schema", 11);
        llmprov__write_long_raw(d->body, "schema", d->chat->schema, strlen(d->chat->schema));
        llmprov_write_close(d->body);
    }
    llmprov__t_messages_write_kept(d, kept, "effort", "format");
    llmprov_write_close(d->body);
}

static void llmprov__t_messages_write_metadata(llmprov_draft *d) {
    llmprov_str kept = llmprov__t_messages_kept(d, "metadata");
    if (!d->chat->user_id && !kept.ptr) return;
    llmprov_write_open(d->body, "metadata", '{');
    if (d->chat->user_id) llmprov_write_str(d->body, "user_id", d->chat->user_id, strlen(d->chat->user_id));
    llmprov__t_messages_write_kept(d, kept, "user_id", "user_id");
    llmprov_write_close(d->body);
}

static void llmprov__t_messages_write_stops(llmprov_draft *d) {
    size_t i;
    if (!d->chat->stop_count) return;
    llmprov_write_open(d->body, "stop_sequences", '[');
    for (i = 0; i < d->chat->stop_count; i++) llmprov_write_str(d->body, NULL, d->chat->stop[i], strlen(d->chat->stop[i]));
    llmprov_write_close(d->body);
}

/* What the format has no member for. */
static void llmprov__t_messages_refused(llmprov_draft *d) {
    const char *why = "anthropic-messages has no such member";
    llmprov__parts_drop_int(d, "seed", d->chat->seed, why);
    llmprov__parts_drop_num(d, "presence_penalty", d->chat->presence_penalty, why);
    llmprov__parts_drop_num(d, "frequency_penalty", d->chat->frequency_penalty, why);
    if (d->chat->n.set && d->chat->n.value != 1) llmprov__parts_drop_int(d, "n", d->chat->n, "this format gives one answer");
}

/* Blocks that this format has no kind for. */
static bool llmprov__t_messages_can(llmprov_draft *d, const llmprov_message *m, size_t block) {
    const llmprov_block *b = &m->blocks[block];
    char field[96];
    if (b->type != LLMPROV_BLOCK_AUDIO && b->type != LLMPROV_BLOCK_VIDEO) return true;
    llmprov__parts_field(field, m, block);
    if (b->type == LLMPROV_BLOCK_AUDIO && b->text) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "anthropic-messages takes no audio: its transcript was sent");
        llmprov_write_open(d->body, NULL, '{');
        llmprov_write_str(d->body, "type", "text", 4);
        llmprov__write_long(d->body, "text", b->text, llmprov__text_len(b->text, b->text_len));
        llmprov_write_close(d->body);
        return false;
    }
    llmprov_draft_fail(d, LLMPROV_ERR_UNSUPPORTED, field, "anthropic-messages takes no audio and no video");
    return false;
}

static void llmprov__t_messages_write_messages(llmprov_draft *d) {
    size_t i, j;
    llmprov_write_open(d->body, "messages", '[');
    for (i = 0; i < d->chat->message_count; i++) {
        const llmprov_message *m = &d->chat->messages[i];
        const char *role = llmprov__msg_role(m->role);
        if (llmprov__msg_is_plain(m)) {
            llmprov__msg_write_message(d->body, m, LLMPROV__MSG_FOR_WIRE);
            continue;
        }
        llmprov_write_open(d->body, NULL, '{');
        llmprov_write_str(d->body, "role", role, strlen(role));
        llmprov__msg_write_extra(d->body, m->extra, m->extra_len, NULL);
        llmprov_write_open(d->body, "content", '[');
        for (j = 0; j < m->block_count; j++)
            if (llmprov__t_messages_can(d, m, j)) llmprov__msg_write_block(d->body, &m->blocks[j], LLMPROV__MSG_FOR_WIRE);
        llmprov_write_close(d->body);
        llmprov_write_close(d->body);
    }
    llmprov_write_close(d->body);
}

static void llmprov__t_messages_write_system(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    bool list = llmprov__t_messages_kept(d, "system").ptr != NULL;
    if (!list && r->system_count == 1 && !r->system_blocks->cache && !r->system_blocks->extra && r->system_blocks->type == LLMPROV_BLOCK_TEXT)
        llmprov__msg_write_system(d->body, r->system_blocks->text, r->system_blocks->text_len, NULL, 0);
    else llmprov__msg_write_system(d->body, NULL, 0, r->system_blocks, r->system_count);
}

static void llmprov__t_messages_write(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_writer *w = d->body;
    llmprov__parts_thinking p;
    bool fold = r->schema && !(d->profile->flags & LLMPROV_MODEL_SCHEMA), sampled;
    memset(&p, 0, sizeof p);
    llmprov__parts_think(d, &p);
    llmprov__t_messages_tokens(d, &p);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "model", d->model, strlen(d->model));
    llmprov_write_int(w, "max_tokens", p.max_tokens);
    if (d->stream || llmprov__t_messages_kept(d, "stream").ptr) llmprov_write_bool(w, "stream", d->stream);
    sampled = llmprov__t_messages_sampling(d, &p);
    llmprov__t_messages_write_stops(d);
    llmprov__t_messages_write_thinking(d, &p);
    llmprov__t_messages_write_output(d, &p, fold);
    llmprov__t_messages_write_metadata(d);
    if (r->service_tier) llmprov_write_str(w, "service_tier", r->service_tier, strlen(r->service_tier));
    llmprov__t_messages_refused(d);
    llmprov__t_messages_tools(d, fold);
    llmprov__t_messages_choice(d, &p, fold);
    llmprov__msg_write_mark(w, r->cache);
    llmprov__parts_kept(d, "anthropic-messages", "", NULL);
    llmprov__t_messages_write_system(d);
    llmprov__write_rest(w, "messages");
    llmprov__t_messages_write_messages(d);
    llmprov_write_close(w);
    llmprov_draft_header(d, "anthropic-version", d->api_version ? d->api_version : sampled || llmprov__t_messages_needs_old(r) ? "2023-06-01" : "2026-10-21");
    llmprov__t_messages_beta(d);
}

/* -- reading replies -- */

typedef struct llmprov__t_messages_state {
    int *blocks;                 /* by wire index: our number, or -1 */
    size_t cap;
    bool open, stopped;
} llmprov__t_messages_state;

/* The place that remembers which block a wire index means; NULL = no sensible index. */
static int *llmprov__t_messages_at(llmprov_turn *t, const llmprov_scan *s, llmprov_str index) {
    llmprov__t_messages_state *m = (llmprov__t_messages_state *)llmprov_turn_state(t);
    int64_t i = llmprov__parts_count(s, index);
    size_t cap = m->cap ? m->cap * 2 : 8, k;
    int *blocks;
    if (i >= 65536) {
        llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "a content block has an index beyond 65535");
        return NULL;
    }
    if ((size_t)i < m->cap) return &m->blocks[i];
    while (cap <= (size_t)i) cap *= 2;
    blocks = (int *)(void *)llmprov__mem_take(&t->arena, cap * sizeof *blocks);
    if (!blocks) {
        llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
        return NULL;
    }
    for (k = 0; k < cap; k++) blocks[k] = k < m->cap ? m->blocks[k] : -1;
    m->blocks = blocks;
    m->cap = cap;
    return &blocks[i];
}

/* A count that was told. Zeros count only where the snapshot is a real one. */
static void llmprov__t_messages_count(const llmprov_scan *s, llmprov_str raw, int64_t *to, bool zeros) {
    int64_t count = llmprov__parts_count(s, raw);
    if (count || (zeros && raw.ptr)) *to = count;
}

/* Usage in message_start and message_delta are snapshots, never increments. A delta without input tokens (or with zero)
   does not tell about the input: there the first snapshot stands. */
static void llmprov__t_messages_usage(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "output_tokens_details" };
    static const char *const split[] = { "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens" };
    static const char *const details[] = { "thinking_tokens" };
    llmprov_str v[6], c[2], thinking;
    llmprov_usage *u;
    int64_t written = 0;
    bool told;
    if (!raw.ptr || raw.ptr[0] != '{') return;
    u = llmprov_turn_usage(t, raw);
    llmprov__parts_members(s, raw, names, v, 6);
    llmprov__parts_members(s, v[4], split, c, 2);
    llmprov__parts_members(s, v[5], details, &thinking, 1);
    told = llmprov__parts_count(s, v[0]) > 0;
    llmprov__t_messages_count(s, v[0], &u->input_tokens, false);
    llmprov__t_messages_count(s, v[1], &u->output_tokens, false);
    llmprov__t_messages_count(s, v[2], &u->cache_read_tokens, told);
    llmprov__t_messages_count(s, c[0], &u->cache_write_5m_tokens, told);
    llmprov__t_messages_count(s, c[1], &u->cache_write_1h_tokens, told);
    llmprov__t_messages_count(s, v[3], &written, false);
    if (told && v[3].ptr && !written) u->cache_write_5m_tokens = u->cache_write_1h_tokens = 0;
    if (written > u->cache_write_5m_tokens + u->cache_write_1h_tokens) u->cache_write_5m_tokens = written - u->cache_write_1h_tokens;
    llmprov__t_messages_count(s, thinking, &u->thinking_tokens, false);
}

/* The members of a block's extra that say nothing (null), or come as events of their own. */
static void llmprov__t_messages_tidy(llmprov_turn *t, llmprov_block *b, llmprov_str *citations) {
    llmprov_scan s = llmprov__json_scan(b->extra ? b->extra : "{}", b->extra ? b->extra_len : 2, &t->scratch, 0);
    llmprov_writer w;
    llmprov_str key, value;
    citations->ptr = NULL;
    if (!b->extra) return;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    while (llmprov_scan_key(&s, &key) && llmprov_scan_raw(&s, &value)) {
        if (llmprov__text_is(key, "citations") && value.ptr[0] == '[') *citations = value;
        else if (value.ptr[0] != 'n') {
            if (!w.depth) llmprov_write_open(&w, NULL, '{');
            llmprov__write_raw_key(&w, key, value, false);
        }
    }
    b->extra = NULL;
    b->extra_len = 0;
    if (w.depth) {
        llmprov_write_close(&w);
        b->extra = w.status ? NULL : llmprov__mem_copy(&t->arena, w.text, w.len);
        b->extra_len = b->extra ? w.len : 0;
        if (!b->extra) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    }
    llmprov_writer_free(&w);
}

/* Begins a block from its JSON, with whatever text, arguments and proofs it holds already. */
static int llmprov__t_messages_begin(llmprov_turn *t, llmprov_scan *s) {
    llmprov_block b;
    llmprov_str citations, item;
    llmprov_scan in;
    int block;
    bool args;
    if (!llmprov_turn_read_block(t, s, &b)) return -1;
    llmprov__t_messages_tidy(t, &b, &citations);
    args = b.type == LLMPROV_BLOCK_TOOL_USE || b.type == LLMPROV_BLOCK_SERVER_USE;
    if (args && b.json) b.json_len = llmprov__parts_compact((char *)b.json, b.json_len);
    {
        llmprov_block head = b;
        if (args) head.json = NULL, head.json_len = 0;
        head.signature = NULL;
        block = llmprov_turn_block(t, 0, &head);
    }
    if (b.type == LLMPROV_BLOCK_TEXT || b.type == LLMPROV_BLOCK_THINKING) llmprov_turn_text(t, block, b.text ? b.text : "", b.text_len);
    if (args && b.json && !(b.json_len == 2 && b.json[0] == '{')) llmprov_turn_text(t, block, b.json, b.json_len);
    if (b.signature && *b.signature) {
        llmprov_str signature = { b.signature, strlen(b.signature) };
        llmprov_turn_part(t, block, "signature", signature);
    }
    if (citations.ptr) {
        in = llmprov__json_scan(citations.ptr, citations.len, NULL, 0);
        while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) llmprov_turn_part(t, block, "citation", item);
    }
    return block;
}

static void llmprov__t_messages_read_stop(llmprov_turn *t, const llmprov_scan *s, llmprov_str reason, llmprov_str sequence) {
    llmprov__t_messages_state *m = (llmprov__t_messages_state *)llmprov_turn_state(t);
    llmprov_str word, matched = { NULL, 0 };
    char *kept;
    if (!reason.ptr || reason.ptr[0] != '"') return;
    if (sequence.ptr && sequence.ptr[0] == '"') {
        matched = llmprov__parts_text(s, sequence);
        kept = llmprov_turn_keep(t, matched);
        if (!kept) return;
        matched.ptr = kept;
    }
    word = llmprov__parts_text(s, reason);
    llmprov_turn_stop(t, 0, llmprov__parts_stop(word), word, matched);
    m->stopped = true;
}

static const char *const llmprov__t_messages_members[] = { "id", "model", "usage", "stop_reason", "stop_sequence", "content", "type", "role" };

/* A whole message, or the one in message_start. */
static bool llmprov__t_messages_message(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    llmprov_str v[8], id, model;
    llmprov_scan in;
    char *kept;
    llmprov__parts_sort(t, -1, s, raw, llmprov__t_messages_members, v, 8);
    id = llmprov__parts_text(s, v[0]);
    kept = llmprov_turn_keep(t, id);
    if (!kept) return false;
    id.ptr = kept;
    model = llmprov__parts_text(s, v[1]);
    llmprov_turn_start(t, id, model);
    llmprov__t_messages_usage(t, s, v[2]);
    if (v[5].ptr) {
        in = llmprov_scan_in(s, v[5]);
        while (llmprov_scan_item(&in)) llmprov_turn_block_end(t, llmprov__t_messages_begin(t, &in));
    }
    llmprov__t_messages_read_stop(t, s, v[3], v[4]);
    return v[5].ptr != NULL;
}

static void llmprov__t_messages_read_error(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) {
    llmprov__parts_read_error(t, e, body);
}

static void llmprov__t_messages_read(llmprov_turn *t, llmprov_scan *body) {
    static const char *const names[] = { "type", "error" };
    llmprov_str raw, v[2], type;
    if (!llmprov_scan_raw(body, &raw)) return;
    llmprov__parts_members(body, raw, names, v, 2);
    type = llmprov__parts_text(body, v[0]);
    if (v[1].ptr || llmprov__text_is(type, "error")) {
        llmprov_scan in = llmprov_scan_in(body, raw);
        llmprov__t_messages_read_error(t, llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed"), &in);
        return;
    }
    if (raw.ptr[0] != '{' || !llmprov__t_messages_message(t, body, raw))
        llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "the reply is no message: it has no \"content\"");
    llmprov_turn_done(t);
}

static void llmprov__t_messages_start(llmprov_turn *t, const llmprov_scan *s, llmprov_str message) {
    llmprov__t_messages_state *m = (llmprov__t_messages_state *)llmprov_turn_state(t);
    if (m->open) {
        llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "a second message_start came before message_stop");
        return;
    }
    m->open = true;
    if (message.ptr) llmprov__t_messages_message(t, s, message);
}

/* Deltas by their type: which member holds the piece, and what kind of block they would begin. */
static const struct { const char *type, *member; llmprov_block_type block; const char *part; } llmprov__t_messages_deltas[] = {
    { "text_delta", "text", LLMPROV_BLOCK_TEXT, NULL },
    { "input_json_delta", "partial_json", LLMPROV_BLOCK_TOOL_USE, NULL },
    { "thinking_delta", "thinking", LLMPROV_BLOCK_THINKING, NULL },
    { "signature_delta", "signature", LLMPROV_BLOCK_THINKING, "signature" },
    { "citations_delta", "citation", LLMPROV_BLOCK_TEXT, "citation" },
};

/* A delta of a kind that has no row: its members belong to the block, but for names that the block has fields for:
   what those mean there nobody knows. The event as it came is told too. */
static void llmprov__t_messages_unknown_delta(llmprov_turn *t, const llmprov_scan *s, llmprov_str whole, llmprov_str delta, int block) {
    llmprov_scan in = llmprov_scan_in(s, delta);
    llmprov_str key, raw, kind = LLMPROV__STR("content_block_delta");
    while (llmprov_scan_key(&in, &key)) {
        char *name = llmprov__msg_is_known(key) ? NULL : llmprov_turn_keep(t, key);
        if (llmprov_scan_raw(&in, &raw) && name) llmprov_turn_part(t, block, name, raw);
    }
    llmprov_turn_other(t, kind, whole);
}

static void llmprov__t_messages_delta(llmprov_turn *t, const llmprov_scan *s, llmprov_str whole, llmprov_str index, llmprov_str delta) {
    static const char *const names[] = { "type", "text", "partial_json", "thinking", "signature", "citation" };
    llmprov_str v[6], type;
    int *at = llmprov__t_messages_at(t, s, index);
    size_t i;
    if (!at || !delta.ptr) return;
    llmprov__parts_members(s, delta, names, v, 6);
    type = llmprov__parts_text(s, v[0]);
    for (i = 0; i < 5 && !llmprov__text_is(type, llmprov__t_messages_deltas[i].type); i++) { }
    if (*at < 0 && i < 5) {
        llmprov_block b;
        memset(&b, 0, sizeof b);
        b.type = llmprov__t_messages_deltas[i].block;
        *at = llmprov_turn_block(t, 0, &b);
    }
    if (i == 5) llmprov__t_messages_unknown_delta(t, s, whole, delta, *at);
    else if (!v[i + 1].ptr) return;
    else if (!llmprov__t_messages_deltas[i].part) llmprov_turn_piece(t, *at, s, v[i + 1]);
    else llmprov_turn_part(t, *at, llmprov__t_messages_deltas[i].part, i == 3 ? llmprov__parts_text(s, v[i + 1]) : v[i + 1]);
}

static void llmprov__t_messages_message_delta(llmprov_turn *t, const llmprov_scan *s, llmprov_str whole, llmprov_str delta, llmprov_str usage) {
    static const char *const names[] = { "stop_reason", "stop_sequence" };
    static const char *const known[] = { "type", "delta", "usage" };
    llmprov_str v[2], top[3];
    llmprov__parts_sort(t, -1, s, delta, names, v, 2);
    llmprov__parts_sort(t, -1, s, whole, known, top, 3);
    llmprov__t_messages_usage(t, s, usage);
    llmprov__t_messages_read_stop(t, s, v[0], v[1]);
}

/* An error inside a stream: wrapped as the API does, or bare as llama-server sends it. */
static void llmprov__t_messages_stream_error(llmprov_turn *t, const llmprov_scan *s, llmprov_str whole) {
    llmprov_scan in = llmprov_scan_in(s, whole);
    llmprov__t_messages_read_error(t, llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed in the middle of its reply"), &in);
}

static void llmprov__t_messages_event(llmprov_turn *t, const llmprov_scan *s, llmprov_str event, llmprov_str whole, const llmprov_str *v) {
    llmprov__t_messages_state *m = (llmprov__t_messages_state *)llmprov_turn_state(t);
    int *at;
    if (llmprov__text_is(event, "content_block_delta")) llmprov__t_messages_delta(t, s, whole, v[1], v[2]);
    else if (llmprov__text_is(event, "content_block_start")) {
        llmprov_scan in = llmprov_scan_in(s, v[3]);
        int block = v[3].ptr ? llmprov__t_messages_begin(t, &in) : -1;
        at = llmprov__t_messages_at(t, s, v[1]);
        if (at) *at = block;
    } else if (llmprov__text_is(event, "content_block_stop")) {
        at = llmprov__t_messages_at(t, s, v[1]);
        if (at) llmprov_turn_block_end(t, *at);
    } else if (llmprov__text_is(event, "message_start")) llmprov__t_messages_start(t, s, v[4]);
    else if (llmprov__text_is(event, "message_delta")) llmprov__t_messages_message_delta(t, s, whole, v[2], v[5]);
    else if (llmprov__text_is(event, "message_stop")) {
        m->open = false;
        if (m->stopped) llmprov_turn_done(t);
    } else if (llmprov__text_is(event, "error") || v[6].ptr) llmprov__t_messages_stream_error(t, s, whole);
    else if (!llmprov__text_is(event, "ping")) llmprov_turn_other(t, event, whole);
}

static void llmprov__t_messages_read_frame(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data) {
    static const char *const names[] = { "type", "index", "delta", "content_block", "message", "usage", "error" };
    llmprov_str v[7], whole = { data->at, 0 }, event;
    llmprov__parts_take(NULL, -1, data, names, v, 7);
    if (data->status) return;
    whole.len = (size_t)(data->at - whole.ptr);
    event = v[0].ptr && !llmprov__text_is(frame->event, "error") ? llmprov__parts_text(data, v[0]) : frame->event;
    llmprov__t_messages_event(t, data, event, whole, v);
}

/* Only message_stop after a stop reason ends a message; see llmprov__t_messages_event. */
static void llmprov__t_messages_read_end(llmprov_turn *t) {
    (void)t;
}
#endif /* LLMPROV_NO_ANTHROPIC_MESSAGES */

#ifndef LLMPROV_NO_OPENAI_CHAT

//==============================================================================
// >>t_chat     the wire format openai-chat
//
// https://platform.openai.com/docs/api-reference/chat  and what a hundred servers
// make of it. A whole reply is read as one large delta, so it gives the events
// of a stream. The finish reason ends an answer, not [DONE], which may be absent.
// Calls: msg reply normal translator parts
//==============================================================================

/* -- writing a request -- */

/* Whether the request was read in this format: then it goes back as it was said. What the fields do not say stands in kept
   and in the extras; a block that this format minted has its origin, and behind a colon the member that it stood in. */
static bool llmprov__t_chat_own(const llmprov_draft *d) {
    return d->chat->origin && !strcmp(d->chat->origin, "openai-chat");
}

static bool llmprov__t_chat_minted(const llmprov_block *b) {
    return b->origin && !strncmp(b->origin, "openai-chat", 11);
}

static bool llmprov__t_chat_came_as(const llmprov_block *b, const char *member) {
    return llmprov__t_chat_minted(b) && b->origin[11] == ':' && !strcmp(b->origin + 12, member);
}

/* A member of a request that was read in this format. */
static bool llmprov__t_chat_said(const llmprov_draft *d, const char *member, llmprov_str *value) {
    return llmprov__t_chat_own(d) && llmprov__msg_has(d->chat->kept, d->chat->kept_len, member, value);
}

static bool llmprov__t_chat_said_some(const llmprov_draft *d, const char *member, llmprov_str *value) {
    return llmprov__t_chat_said(d, member, value) && value->ptr[0] != 'n';
}

static llmprov_scan llmprov__t_chat_scan(llmprov_str json) {
    return llmprov__json_scan(json.ptr, json.len, NULL, 0);
}

/* A member of what this format minted beside a block's fields. */
static bool llmprov__t_chat_has(const llmprov_block *b, const char *member, llmprov_str *value) {
    return llmprov__t_chat_minted(b) && llmprov__msg_has(b->extra, b->extra_len, member, value);
}

/* The members of an object but for some. */
static void llmprov__t_chat_others(llmprov_writer *w, const char *object, size_t len, const char *but) {
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_str key, value;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = w->alloc;
    s = llmprov__json_scan(object ? object : "{}", object ? llmprov__text_len(object, len) : 2, &scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        char name[64];
        size_t n = key.len < sizeof name ? key.len : sizeof name - 1;
        memcpy(name, key.ptr, n);
        name[n] = 0;
        if (llmprov_scan_raw(&s, &value) && !llmprov__parts_lists(but, name)) llmprov__write_raw_key(w, key, value, false);
    }
    if (scratch.failed) w->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
}

/* What this format minted beside a block's fields, but for members that are written with them. */
static void llmprov__t_chat_rest(llmprov_draft *d, const llmprov_block *b, const char *but) {
    if (llmprov__t_chat_minted(b)) llmprov__t_chat_others(d->body, b->extra, b->extra_len, but);
}

/* The members of an inner object of a block that have no field. */
static void llmprov__t_chat_inner(llmprov_draft *d, const llmprov_block *b, const char *member, const char *but) {
    llmprov_str inner;
    if (llmprov__t_chat_has(b, member, &inner) && inner.ptr[0] == '{') llmprov__t_chat_others(d->body, inner.ptr, inner.len, but);
}

/* Whether a message's blocks can be one string. */
static bool llmprov__t_chat_is_string(const llmprov_draft *d, const llmprov_message *m) {
    return m->block_count == 1 && m->blocks->type == LLMPROV_BLOCK_TEXT && !m->blocks->cache && (m->plain || !llmprov__t_chat_own(d));
}

/* The mark as it was said, where it still means the same. */
static bool llmprov__t_chat_same_mark(const llmprov_block *b, const char *word, llmprov_str *raw) {
    llmprov_str ttl;
    llmprov_scan s;
    bool whole, hour;
    if (!llmprov__t_chat_has(b, word, raw) || raw->ptr[0] != '{') return false;
    s = llmprov__t_chat_scan(*raw);
    if (word[0] == 'c') return llmprov__msg_cache(&s, *raw, &whole) == b->cache;
    hour = llmprov__msg_has(raw->ptr, raw->len, "ttl", &ttl) && llmprov__text_is(ttl, "\"12h\"");
    return hour == (b->cache == LLMPROV_CACHE_1H);
}

/* A cache mark in the target's words. */
static void llmprov__t_chat_mark(llmprov_draft *d, const llmprov_block *b, const char *field) {
    const char *word = d->row->quirks.flags & LLMPROV_QUIRK_CACHE_CONTROL ? "cache_control" : "prompt_cache_breakpoint";
    llmprov_str raw;
    if (!b->cache) return;
    if (llmprov__t_chat_same_mark(b, word, &raw)) {
        llmprov_write_raw(d->body, word, raw.ptr, raw.len);
        return;
    }
    if (llmprov__t_chat_has(b, word[0] == 'c' ? "prompt_cache_breakpoint" : "cache_control", &raw))
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "this provider has another word for cache marks: that was sent");
    if (word[0] == 'c') {
        llmprov__msg_write_mark(d->body, b->cache);
        return;
    }
    llmprov_write_open(d->body, word, '{');
    llmprov_write_str(d->body, "mode", "explicit", 8);
    llmprov_write_str(d->body, "ttl", b->cache == LLMPROV_CACHE_1H ? "12h" : "30m", 3);
    llmprov_write_close(d->body);
}

/* A text, or a refusal, which is one with its kind beside it. */
static void llmprov__t_chat_text_part(llmprov_draft *d, const char *head, const llmprov_block *b, const char *field) {
    llmprov_str type;
    const char *word = llmprov__t_chat_has(b, "type", &type) && llmprov__text_is(type, "\"refusal\"") ? "refusal" : "text";
    llmprov_write_open(d->body, NULL, '{');
    llmprov_write_str(d->body, "type", word, strlen(word));
    llmprov__write_string_open(d->body, word);
    if (head) llmprov__write_copy_piece(d->body, head, strlen(head));
    llmprov__write_piece(d->body, b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
    llmprov__write_string_close(d->body);
    llmprov__t_chat_mark(d, b, field);
    if (!head) llmprov__t_chat_rest(d, b, "type prompt_cache_breakpoint cache_control");
    llmprov_write_close(d->body);
}

/* "key":"data:mime;base64,..." */
static void llmprov__t_chat_data_url(llmprov_writer *w, const char *key, const llmprov_block *b, const char *otherwise) {
    const char *mime = b->mime ? b->mime : otherwise;
    llmprov__write_string_open(w, key);
    llmprov__write_copy_piece(w, "data:", 5);
    llmprov__write_copy_piece(w, mime, strlen(mime));
    llmprov__write_copy_piece(w, ";base64,", 8);
    llmprov__parts_base64(w, b);
    llmprov__write_string_close(w);
}

/* {"url":...}, or the URL itself where that was said. */
static bool llmprov__t_chat_image(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_writer *w = d->body;
    const char *word = b->type == LLMPROV_BLOCK_VIDEO ? "video_url" : "image_url";
    llmprov_str detail, form;
    bool bare = llmprov__t_chat_has(b, word, &form) && form.ptr[0] == 'n';
    if (!llmprov__parts_has_bytes(b) && !b->url) return false;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", word, strlen(word));
    if (!bare) llmprov_write_open(w, word, '{');
    if (llmprov__parts_has_bytes(b)) llmprov__t_chat_data_url(w, bare ? word : "url", b, "image/png");
    else llmprov__write_long(w, bare ? word : "url", b->url, strlen(b->url));
    if (!bare && llmprov__msg_has(b->extra, b->extra_len, "detail", &detail)) llmprov_write_raw(w, "detail", detail.ptr, detail.len);
    if (!bare) llmprov__t_chat_inner(d, b, word, "url detail");
    if (!bare) llmprov_write_close(w);
    llmprov__t_chat_mark(d, b, field);
    llmprov__t_chat_rest(d, b, b->type == LLMPROV_BLOCK_VIDEO ? "video_url detail prompt_cache_breakpoint cache_control" : "image_url detail prompt_cache_breakpoint cache_control");
    llmprov_write_close(w);
    return true;
}

/* The bytes, or what stood in their place. */
static void llmprov__t_chat_sound(llmprov_writer *w, const char *key, const llmprov_block *b) {
    llmprov__write_string_open(w, key);
    if (llmprov__parts_has_bytes(b)) llmprov__parts_base64(w, b);
    else llmprov__write_piece(w, b->url, strlen(b->url));
    llmprov__write_string_close(w);
}

static bool llmprov__t_chat_audio(llmprov_draft *d, const llmprov_block *b, const char *field) {
    static const struct { const char *mime, *format; } formats[] = {
        { "audio/wav", "wav" }, { "audio/x-wav", "wav" }, { "audio/wave", "wav" }, { "audio/mpeg", "mp3" }, { "audio/mp3", "mp3" },
    };
    llmprov_writer *w = d->body;
    llmprov_str form = { NULL, 0 }, format = { NULL, 0 };
    bool said = llmprov__t_chat_has(b, "input_audio", &form) && (form.ptr[0] == 'n' || llmprov__msg_has(form.ptr, form.len, "format", &format)), bare = said && form.ptr[0] == 'n';
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(formats) && !llmprov__text_same(b->mime, formats[i].mime, true); i++) { }
    if (!llmprov__parts_has_bytes(b) && !(llmprov__t_chat_own(d) && b->url)) return false;
    if (!said && i == LLMPROV__COUNT(formats) && !(llmprov__t_chat_own(d) && !b->mime)) return false;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", "input_audio", 11);
    if (bare) llmprov__t_chat_sound(w, "input_audio", b);
    else {
        llmprov_write_open(w, "input_audio", '{');
        llmprov__t_chat_sound(w, "data", b);
        if (i < LLMPROV__COUNT(formats)) llmprov_write_str(w, "format", formats[i].format, 3);
        else if (format.ptr) llmprov_write_raw(w, "format", format.ptr, format.len);
        llmprov__t_chat_inner(d, b, "input_audio", "data format");
        llmprov_write_close(w);
    }
    if (llmprov__t_chat_own(d)) llmprov__t_chat_mark(d, b, field);
    llmprov__t_chat_rest(d, b, "input_audio prompt_cache_breakpoint cache_control");
    llmprov_write_close(w);
    return true;
}

/* A file of this format: bytes, a URL where a server takes one, or one that the provider holds. */
static bool llmprov__t_chat_file(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_writer *w = d->body;
    const char *name = b->name ? b->name : llmprov__t_chat_own(d) && llmprov__t_chat_minted(b) ? NULL : "document.pdf";
    bool minted = llmprov__t_chat_minted(b), bytes = llmprov__parts_has_bytes(b);
    llmprov_str inner;
    if (!bytes && !(minted && (b->file_id || b->url || llmprov__t_chat_has(b, "file", &inner)))) return false;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", "file", 4);
    llmprov_write_open(w, "file", '{');
    if (name && (bytes || b->name)) llmprov_write_str(w, "filename", name, strlen(name));
    if (bytes) llmprov__t_chat_data_url(w, "file_data", b, "application/pdf");
    else if (b->url) llmprov__write_long(w, "file_data", b->url, strlen(b->url));
    if (minted && b->file_id) llmprov_write_str(w, "file_id", b->file_id, strlen(b->file_id));
    llmprov__t_chat_inner(d, b, "file", "filename file_data file_id");
    llmprov_write_close(w);
    llmprov__t_chat_mark(d, b, field);
    llmprov__t_chat_rest(d, b, "file prompt_cache_breakpoint cache_control");
    llmprov_write_close(w);
    return true;
}

/* A document as a file; one that is text becomes text under its title. */
static bool llmprov__t_chat_document(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_block text = *b;
    char head[256];
    size_t n = b->name ? strlen(b->name) : 0;
    if (!b->text || llmprov__parts_has_bytes(b)) return llmprov__t_chat_file(d, b, field);
    head[0] = 0;
    if (n && n < sizeof head - 2) {
        memcpy(head, b->name, n);
        memcpy(head + n, "\n", 2);
    }
    llmprov__t_chat_text_part(d, head, &text, field);
    llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-chat has no text documents: it became text under its title");
    return true;
}

/* What a block carries beyond its fields has no place here; what the format minted itself has. */
static void llmprov__t_chat_lost(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_scan s = llmprov__json_scan(b->extra ? b->extra : "{}", b->extra ? llmprov__text_len(b->extra, b->extra_len) : 2, NULL, 0);
    llmprov_str key, value;
    if (llmprov__t_chat_minted(b)) return;
    while (llmprov_scan_key(&s, &key)) {
        bool known = llmprov__text_is(key, "cache_control") || llmprov__text_is(key, "detail") || (llmprov__text_is(key, "type")) ||
                     llmprov__text_is(key, "is_error") || llmprov__text_is(key, "caller");
        if (!llmprov_scan_raw(&s, &value) || known || value.ptr[0] == 'n') continue;
        llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "members of this block that openai-chat has no place for were left out (citations, caller, source or the like)");
        return;
    }
}

static void llmprov__t_chat_part(llmprov_draft *d, const llmprov_block *b, const char *field) {
    bool written = false;
    llmprov__t_chat_lost(d, b, field);
    switch (b->type) {
    case LLMPROV_BLOCK_TEXT: llmprov__t_chat_text_part(d, NULL, b, field); return;
    case LLMPROV_BLOCK_IMAGE: written = llmprov__t_chat_image(d, b, field) || llmprov__t_chat_file(d, b, field); break;
    case LLMPROV_BLOCK_VIDEO: written = llmprov__t_chat_minted(b) && llmprov__t_chat_image(d, b, field); break;
    case LLMPROV_BLOCK_AUDIO: written = llmprov__t_chat_audio(d, b, field); break;
    case LLMPROV_BLOCK_DOCUMENT: written = llmprov__t_chat_document(d, b, field); break;
    default: break;
    }
    if (!written && llmprov__t_chat_minted(b) && b->type == LLMPROV_BLOCK_RAW && b->json) {
        llmprov__write_long_raw(d->body, NULL, b->json, llmprov__text_len(b->json, b->json_len));
        written = true;
    }
    if (written) return;
    llmprov_draft_fail(d, LLMPROV_ERR_UNSUPPORTED, field,
                       b->type == LLMPROV_BLOCK_DOCUMENT ? "openai-chat takes documents as bytes only, neither by URL nor as another provider's file" :
                       b->type == LLMPROV_BLOCK_AUDIO ? "openai-chat takes audio as bytes in wav or mp3 only" :
                       b->type == LLMPROV_BLOCK_IMAGE ? "openai-chat takes images as bytes or by URL, not as another provider's file" : "openai-chat takes no such block here");
}

static void llmprov__t_chat_role(llmprov_writer *w, const char *role) {
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "role", role, strlen(role));
}

static void llmprov__t_chat_member_path(char to[160], const llmprov_message *m, const char *member) {
    char block[96];
    size_t n;
    llmprov__parts_field(block, m, 0);
    n = (size_t)(strchr(block, '.') - block);
    memcpy(to, block, n);
    to[n] = '.';
    memcpy(to + n + 1, member, strlen(member) + 1);
}

/* Members beside role and content: as they were said in this format; of others the name, which both ends know. */
static void llmprov__t_chat_extras(llmprov_draft *d, const llmprov_message *m, const char *written) {
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_str key, value;
    bool own = llmprov__t_chat_own(d);
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = d->body->alloc;
    s = llmprov__json_scan(m->extra ? m->extra : "{}", m->extra ? llmprov__text_len(m->extra, m->extra_len) : 2, &scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        char member[64], path[160];
        size_t n = key.len < sizeof member ? key.len : sizeof member - 1;
        bool name = llmprov__text_is(key, "name"), refused = name && (d->row->quirks.flags & LLMPROV_QUIRK_NO_NAMES);
        memcpy(member, key.ptr, n);
        member[n] = 0;
        if (!llmprov_scan_raw(&s, &value) || llmprov__parts_lists(written, member)) continue;
        llmprov__t_chat_member_path(path, m, member);
        if (refused) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, path, "this provider refuses names on messages: it was left out");
        else if (own || name) llmprov__write_raw_key(d->body, key, value, false);
        else if (value.ptr[0] != 'n') llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, path, "openai-chat has no such member in messages: it was left out");
    }
    if (scratch.failed) d->body->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
}

static void llmprov__t_chat_user(llmprov_draft *d, const llmprov_message *m, const char *role) {
    size_t i;
    char field[96];
    llmprov__t_chat_role(d->body, role);
    llmprov__t_chat_extras(d, m, "role content");
    if (llmprov__t_chat_is_string(d, m)) {
        llmprov__parts_field(field, m, 0);
        llmprov__t_chat_lost(d, m->blocks, field);
        llmprov__write_long(d->body, "content", m->blocks->text ? m->blocks->text : "", llmprov__text_len(m->blocks->text, m->blocks->text_len));
    } else {
        llmprov_write_open(d->body, "content", '[');
        for (i = 0; i < m->block_count; i++) {
            llmprov__parts_field(field, m, i);
            llmprov__t_chat_part(d, &m->blocks[i], field);
        }
        llmprov_write_close(d->body);
    }
    llmprov_write_close(d->body);
}

/* The text that the arguments are, where they are a text: of a call of such a tool. */
static bool llmprov__t_chat_input(const llmprov_block *b, llmprov_str *input) {
    llmprov_str type;
    return llmprov__t_chat_has(b, "type", &type) && llmprov__text_is(type, "\"custom\"") && llmprov__msg_has(b->json, b->json_len, "input", input) && input->ptr[0] == '"';
}

/* "arguments" of a call; those that were no object as they were said. */
static void llmprov__t_chat_args(llmprov_draft *d, const llmprov_block *b) {
    llmprov_str function, said;
    bool stands = b->invalid || llmprov__text_is((llmprov_str){ b->json, llmprov__text_len(b->json, b->json_len) }, "{}");
    if (stands && llmprov__t_chat_has(b, "function", &function) && llmprov__msg_has(function.ptr, function.len, "arguments", &said)) llmprov_write_raw(d->body, "arguments", said.ptr, said.len);
    else llmprov__write_long(d->body, "arguments", b->json, llmprov__text_len(b->json, b->json_len));
}

static void llmprov__t_chat_one_call(llmprov_draft *d, const llmprov_block *b) {
    llmprov_writer *w = d->body;
    llmprov_str input, type, more;
    bool custom = llmprov__t_chat_input(b, &input);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "id", b->id, strlen(b->id));
    if (custom) llmprov_write_str(w, "type", llmprov__parts_custom, 6);
    else if (!llmprov__t_chat_own(d) || !llmprov__t_chat_has(b, "type", &type) || type.ptr[0] != 'n') llmprov_write_str(w, "type", "function", 8);
    llmprov_write_open(w, custom ? llmprov__parts_custom : "function", '{');
    llmprov_write_str(w, "name", b->name, strlen(b->name));
    if (custom) llmprov__write_long_raw(w, "input", input.ptr, input.len);
    else llmprov__t_chat_args(d, b);
    llmprov__t_chat_inner(d, b, custom ? llmprov__parts_custom : "function", "name arguments input");
    llmprov_write_close(w);
    if (llmprov__t_chat_own(d)) llmprov__t_chat_rest(d, b, custom ? "id type custom" : "id type function");
    else if (llmprov__msg_has(b->extra, b->extra_len, "extra_content", &more)) llmprov_write_raw(w, "extra_content", more.ptr, more.len);
    llmprov_write_close(w);
}

/* The calls of a turn; one that was said as function_call, without an id, stays so. */
static void llmprov__t_chat_calls(llmprov_draft *d, const llmprov_message *m) {
    llmprov_writer *w = d->body;
    const llmprov_block *b = NULL;
    bool open = false;
    while ((b = llmprov_block_next(m, LLMPROV_BLOCK_TOOL_USE, b)) != NULL) {
        if (llmprov__t_chat_own(d) && llmprov__t_chat_came_as(b, "function_call")) continue;
        if (!open) llmprov_write_open(w, "tool_calls", '[');
        open = true;
        llmprov__t_chat_one_call(d, b);
    }
    if (open) llmprov_write_close(w);
    while (llmprov__t_chat_own(d) && (b = llmprov_block_next(m, LLMPROV_BLOCK_TOOL_USE, b)) != NULL) {
        if (!llmprov__t_chat_came_as(b, "function_call")) continue;
        llmprov_write_open(w, "function_call", '{');
        llmprov_write_str(w, "name", b->name, strlen(b->name));
        llmprov__t_chat_args(d, b);
        llmprov__t_chat_inner(d, b, "function", "name arguments");
        llmprov_write_close(w);
        return;
    }
}

/* Whether thinking goes back among the parts of the content, as Mistral has it. */
static bool llmprov__t_chat_thinks_in_content(const llmprov_draft *d, const llmprov_message *m) {
    const llmprov_block *b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, NULL);
    return b && (llmprov__t_chat_came_as(b, "content") || llmprov__text_same(d->row->quirks.reasoning_key, "content", false));
}

/* Whether the thoughts that were said still make a text. */
static bool llmprov__t_chat_same_thoughts(llmprov_draft *d, const llmprov_block *b, llmprov_str *said) {
    llmprov__mem_arena *arena = &((llmprov__translator_job *)d->call)->turn->arena;
    llmprov__mem_buf scratch;
    llmprov_scan s;
    const char *text;
    size_t len;
    if (!llmprov__t_chat_own(d) || !llmprov__t_chat_has(b, "thinking", said)) return false;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = arena->alloc;
    s = llmprov__json_scan(said->ptr, said->len, &scratch, 0);
    text = llmprov__parts_joined(&s, *said, "text", arena, &len);
    llmprov__mem_buf_free(&scratch);
    return text && len == llmprov__text_len(b->text, b->text_len) && !memcmp(text, b->text, len);
}

static void llmprov__t_chat_thought_part(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_writer *w = d->body;
    llmprov_block text = *b;
    llmprov_str said;
    text.extra = text.origin = NULL;
    text.cache = LLMPROV_CACHE_NONE;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", "thinking", 8);
    if (llmprov__t_chat_same_thoughts(d, b, &said)) llmprov__write_long_raw(w, "thinking", said.ptr, said.len);
    else {
        llmprov_write_open(w, "thinking", '[');
        llmprov__t_chat_text_part(d, NULL, &text, field);
        llmprov_write_close(w);
        if (!llmprov__t_chat_own(d)) llmprov_write_bool(w, "closed", true);
    }
    if (llmprov__t_chat_own(d)) llmprov__t_chat_rest(d, b, "type thinking");
    llmprov_write_close(w);
}

/* Content as a list: thinking and the other parts in their order. */
static void llmprov__t_chat_content_parts(llmprov_draft *d, const llmprov_message *m) {
    char field[96];
    size_t i;
    llmprov_write_open(d->body, "content", '[');
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        llmprov__parts_field(field, m, i);
        if (b->type == LLMPROV_BLOCK_THINKING && llmprov__t_chat_thinks_in_content(d, m)) llmprov__t_chat_thought_part(d, b, field);
        else if (b->type == LLMPROV_BLOCK_TEXT && !(llmprov__t_chat_own(d) && llmprov__t_chat_came_as(b, "refusal"))) llmprov__t_chat_text_part(d, NULL, b, field);
        else if (llmprov__t_chat_own(d) && llmprov__t_chat_minted(b) && (b->type == LLMPROV_BLOCK_RAW || b->type == LLMPROV_BLOCK_IMAGE || b->type == LLMPROV_BLOCK_DOCUMENT ||
                 b->type == LLMPROV_BLOCK_VIDEO || (b->type == LLMPROV_BLOCK_AUDIO && !b->id))) llmprov__t_chat_part(d, b, field);
    }
    llmprov_write_close(d->body);
}

/* The member that a piece of thinking goes back in: the one that it came in, otherwise the provider's. */
static const char *llmprov__t_chat_thought_key(const llmprov_draft *d, const llmprov_block *b) {
    const char *came = b->origin ? strchr(b->origin, ':') : NULL;
    return came && came[1] ? came + 1 : d->row->quirks.reasoning_key;
}

/* Thinking goes back in the member that it came in; what came in several goes back in several. */
static void llmprov__t_chat_thinking(llmprov_draft *d, const llmprov_message *m, bool always) {
    const llmprov_block *b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, NULL), *same;
    const char *key = d->row->quirks.reasoning_key;
    llmprov_str details;
    bool told = false;
    if (!b && key && always && !(llmprov__t_chat_own(d) && llmprov__msg_has(m->extra, m->extra_len, key, &details))) {
        char path[160];
        llmprov__t_chat_member_path(path, m, key);
        if (llmprov__t_chat_own(d)) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, path, "this model wants it in every turn of a conversation with tools: an empty one was sent");
        llmprov_write_str(d->body, key, "", 0);
    }
    if (!b || !key || llmprov__t_chat_thinks_in_content(d, m)) return;
    for (; b; b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, b)) {
        key = llmprov__t_chat_thought_key(d, b);
        if (!told && llmprov__msg_has(b->extra, b->extra_len, "reasoning_details", &details)) {
            llmprov__write_long_raw(d->body, "reasoning_details", details.ptr, details.len);
            told = true;
        }
        for (same = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, NULL); same != b && strcmp(llmprov__t_chat_thought_key(d, same), key); same = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, same)) { }
        if (same != b || (told && !strcmp(key, "reasoning_details"))) continue;
        llmprov__write_string_open(d->body, key);
        for (; same; same = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, same))
            if (!strcmp(llmprov__t_chat_thought_key(d, same), key)) llmprov__write_piece(d->body, same->text ? same->text : "", llmprov__text_len(same->text, same->text_len));
        llmprov__write_string_close(d->body);
    }
}

/* What the assistant's turn consists of, by where it goes. */
enum { LLMPROV__T_CHAT_HAS_TEXT = 1, LLMPROV__T_CHAT_HAS_REFUSAL = 2, LLMPROV__T_CHAT_HAS_CALLS = 4, LLMPROV__T_CHAT_HAS_OLD_CALL = 8, LLMPROV__T_CHAT_HAS_AUDIO = 16,
       LLMPROV__T_CHAT_HAS_LIST = 32, LLMPROV__T_CHAT_HAS_THINKING = 64 };

static unsigned llmprov__t_chat_holds(const llmprov_draft *d, const llmprov_message *m) {
    unsigned has = 0;
    bool own = llmprov__t_chat_own(d);
    size_t i;
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        bool part = own && b->origin && !strcmp(b->origin, "openai-chat") && b->type != LLMPROV_BLOCK_TOOL_USE && !(b->type == LLMPROV_BLOCK_AUDIO && b->id);
        if (b->type == LLMPROV_BLOCK_TEXT) has |= own && llmprov__t_chat_came_as(b, "refusal") ? LLMPROV__T_CHAT_HAS_REFUSAL : LLMPROV__T_CHAT_HAS_TEXT;
        if (b->type == LLMPROV_BLOCK_TOOL_USE) has |= own && llmprov__t_chat_came_as(b, "function_call") ? LLMPROV__T_CHAT_HAS_OLD_CALL : LLMPROV__T_CHAT_HAS_CALLS;
        if (b->type == LLMPROV_BLOCK_AUDIO && b->id) has |= LLMPROV__T_CHAT_HAS_AUDIO;
        if (b->type == LLMPROV_BLOCK_THINKING) has |= LLMPROV__T_CHAT_HAS_THINKING;
        if (part && !m->plain) has |= LLMPROV__T_CHAT_HAS_LIST;
    }
    return has;
}

/* Members of a message that its blocks write. */
static void llmprov__t_chat_written(char to[200], unsigned has) {
    static const struct { unsigned when; const char *members; } table[] = {
        { LLMPROV__T_CHAT_HAS_TEXT | LLMPROV__T_CHAT_HAS_LIST, " content" }, { LLMPROV__T_CHAT_HAS_REFUSAL, " refusal" }, { LLMPROV__T_CHAT_HAS_CALLS, " tool_calls" },
        { LLMPROV__T_CHAT_HAS_OLD_CALL, " function_call" }, { LLMPROV__T_CHAT_HAS_AUDIO, " audio" },
        { LLMPROV__T_CHAT_HAS_THINKING, " reasoning_content reasoning reasoning_details" },
    };
    size_t i, n = 4;
    memcpy(to, "role", 5);
    for (i = 0; i < LLMPROV__COUNT(table); i++) {
        size_t len = strlen(table[i].members);
        if (!(has & table[i].when)) continue;
        memcpy(to + n, table[i].members, len + 1);
        n += len;
    }
}

/* The texts of a turn as one string. */
static void llmprov__t_chat_joined(llmprov_draft *d, const llmprov_message *m, const char *key, bool refusal) {
    const llmprov_block *b = NULL;
    llmprov__write_string_open(d->body, key);
    while ((b = llmprov_block_next(m, LLMPROV_BLOCK_TEXT, b)) != NULL)
        if ((llmprov__t_chat_own(d) && llmprov__t_chat_came_as(b, "refusal")) == refusal) llmprov__write_piece(d->body, b->text, llmprov__text_len(b->text, b->text_len));
    llmprov__write_string_close(d->body);
}

static void llmprov__t_chat_assistant_content(llmprov_draft *d, const llmprov_message *m, unsigned has) {
    llmprov_str said;
    if (llmprov__t_chat_thinks_in_content(d, m) || (has & LLMPROV__T_CHAT_HAS_LIST)) llmprov__t_chat_content_parts(d, m);
    else if (has & LLMPROV__T_CHAT_HAS_TEXT) llmprov__t_chat_joined(d, m, "content", false);
    else if (llmprov__t_chat_own(d) && (llmprov__msg_has(m->extra, m->extra_len, "content", &said) || (has & ~LLMPROV__T_CHAT_HAS_THINKING))) return;
    else if (has & (LLMPROV__T_CHAT_HAS_CALLS | LLMPROV__T_CHAT_HAS_AUDIO)) llmprov_write_null(d->body, "content");
    else llmprov_write_str(d->body, "content", "", 0);
}

/* Blocks that have no place in the assistant's turn, and thinking that goes into another member than it came in. */
static void llmprov__t_chat_left_out(llmprov_draft *d, const llmprov_message *m) {
    char field[96];
    size_t i;
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        bool known = b->type == LLMPROV_BLOCK_TEXT || b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_THINKING || b->type == LLMPROV_BLOCK_REDACTED ||
                     (b->type == LLMPROV_BLOCK_AUDIO && b->id) || (llmprov__t_chat_own(d) && llmprov__t_chat_minted(b));
        llmprov__parts_field(field, m, i);
        llmprov__t_chat_lost(d, b, field);
        if (!known) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "openai-chat takes text and tool calls in the assistant's turns: this block was left out");
        if (llmprov__t_chat_own(d) && b->type == LLMPROV_BLOCK_THINKING && !llmprov__t_chat_came_as(b, "content") && llmprov__t_chat_thinks_in_content(d, m))
            llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "this provider takes thinking among the parts of the content: it was put there");
    }
}

/* The assistant's texts are one string: joined, since the format knows no blocks there; a list where one was said. */
static void llmprov__t_chat_assistant(llmprov_draft *d, const llmprov_message *m, bool think) {
    const llmprov_block *audio = llmprov_block_next(m, LLMPROV_BLOCK_AUDIO, NULL);
    unsigned has = llmprov__t_chat_holds(d, m);
    char written[200];
    llmprov__t_chat_written(written, has);
    llmprov__t_chat_role(d->body, "assistant");
    llmprov__t_chat_extras(d, m, written);
    llmprov__t_chat_left_out(d, m);
    if (audio && audio->id) {
        llmprov_write_open(d->body, "audio", '{');
        llmprov_write_str(d->body, "id", audio->id, strlen(audio->id));
        if (llmprov__t_chat_own(d)) llmprov__t_chat_rest(d, audio, "id");
        llmprov_write_close(d->body);
    }
    llmprov__t_chat_thinking(d, m, think);
    llmprov__t_chat_assistant_content(d, m, has);
    if (has & LLMPROV__T_CHAT_HAS_REFUSAL) llmprov__t_chat_joined(d, m, "refusal", true);
    llmprov__t_chat_calls(d, m);
    llmprov_write_close(d->body);
}

/* A tool message: text; where the provider takes them, also images. A list stays one where it was said. */
static void llmprov__t_chat_result(llmprov_draft *d, const llmprov_message *m, size_t block) {
    const llmprov_block *b = &m->blocks[block];
    llmprov_writer *w = d->body;
    llmprov_str said;
    char field[96];
    size_t i;
    bool own = llmprov__t_chat_own(d), minted = own && llmprov__t_chat_minted(b), old = own && llmprov__t_chat_came_as(b, "function"), parts = minted && b->content_count;
    llmprov__parts_field(field, m, block);
    llmprov__t_chat_role(w, old ? "function" : "tool");
    if (!old || llmprov__t_chat_has(b, "tool_call_id", &said)) llmprov_write_str(w, "tool_call_id", b->id ? b->id : "", llmprov__text_len(b->id, 0));
    if (minted) llmprov__t_chat_rest(d, b, b->text || b->content_count ? "role tool_call_id content" : "role tool_call_id");
    if (b->is_error && b->text != llmprov__normal_cancelled) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-chat has no is_error: the result begins with \"Error: \"");
    for (i = 0; b->content && i < b->content_count; i++) parts = parts || b->content[i].type != LLMPROV_BLOCK_TEXT;
    if (parts) {
        llmprov_write_open(w, "content", '[');
        for (i = 0; i < b->content_count; i++) llmprov__t_chat_part(d, &b->content[i], field);
        llmprov_write_close(w);
    } else if (!minted || b->text || !llmprov__t_chat_has(b, "content", &said)) {
        llmprov__write_string_open(w, "content");
        if (b->is_error) llmprov__write_copy_piece(w, "Error: ", 7);
        if (b->text) llmprov__write_piece(w, b->text, llmprov__text_len(b->text, b->text_len));
        for (i = 0; b->content && i < b->content_count; i++) {
            if (i) llmprov__write_copy_piece(w, "\n", 1);
            llmprov__write_piece(w, b->content[i].text ? b->content[i].text : "", llmprov__text_len(b->content[i].text, b->content[i].text_len));
        }
        llmprov__write_string_close(w);
    }
    llmprov_write_close(w);
}

/* The role of system texts: as it was said, otherwise as the provider wants it. */
static const char *llmprov__t_chat_system_role(const llmprov_draft *d, const llmprov_message *m) {
    bool developer = (d->row->quirks.flags & LLMPROV_QUIRK_DEVELOPER) && d->profile->efforts && *d->profile->efforts;
    if (llmprov__t_chat_own(d) && m->block_count) developer = llmprov__t_chat_came_as(m->blocks, "developer");
    return developer ? "developer" : "system";
}

static void llmprov__t_chat_messages(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_message system;
    size_t i, j;
    bool think = false;          /* some models want the member in every turn of a tool conversation */
    for (i = 0; (d->profile->flags & LLMPROV_MODEL_REPLAY_THINKING) && !think && i < r->message_count; i++)
        think = llmprov_block_next(&r->messages[i], LLMPROV_BLOCK_TOOL_USE, NULL) != NULL;
    llmprov_write_open(d->body, "messages", '[');
    memset(&system, 0, sizeof system);
    system.blocks = r->system_blocks;
    system.block_count = r->system_count;
    if (r->system_count) llmprov__t_chat_user(d, &system, llmprov__t_chat_system_role(d, &system));
    for (i = 0; i < r->message_count; i++) {
        const llmprov_message *m = &r->messages[i];
        for (j = 0; j < m->block_count && m->blocks[j].type == LLMPROV_BLOCK_TOOL_RESULT; j++) llmprov__t_chat_result(d, m, j);
        if (j) continue;
        if (m->role == LLMPROV_ROLE_ASSISTANT) llmprov__t_chat_assistant(d, m, think);
        else llmprov__t_chat_user(d, m, m->role == LLMPROV_ROLE_USER ? "user" : llmprov__t_chat_system_role(d, m));
    }
    llmprov_write_close(d->body);
}

/* A function: its members, and those that this format minted beside them. */
static void llmprov__t_chat_function(llmprov_draft *d, const llmprov_tool *tool) {
    llmprov_writer *w = d->body;
    llmprov_block mark;
    llmprov_str type, inner;
    bool own = llmprov__t_chat_own(d);
    memset(&mark, 0, sizeof mark);
    mark.cache = tool->cache;
    llmprov_write_open(w, NULL, '{');
    if (!own || !llmprov__msg_has(tool->extra, 0, "type", &type)) llmprov_write_str(w, "type", "function", 8);
    llmprov_write_open(w, "function", '{');
    llmprov_write_str(w, "name", tool->name, strlen(tool->name));
    if (tool->description && (own || *tool->description)) llmprov__write_long(w, "description", tool->description, strlen(tool->description));
    if (tool->schema) llmprov__write_long_raw(w, "parameters", tool->schema, strlen(tool->schema));
    else if (!own || !tool->extra) llmprov_write_raw(w, "parameters", "{\"type\":\"object\",\"properties\":{}}", 33);
    if (tool->strict && !(d->row->quirks.flags & LLMPROV_QUIRK_NO_STRICT)) llmprov_write_bool(w, "strict", tool->strict == LLMPROV_YES);
    if (own && llmprov__msg_has(tool->extra, 0, "function", &inner) && inner.ptr[0] == '{') llmprov__t_chat_others(w, inner.ptr, inner.len, "name description");
    llmprov_write_close(w);
    if (d->row->quirks.flags & LLMPROV_QUIRK_CACHE_CONTROL) llmprov__t_chat_mark(d, &mark, "tools");
    if (own) llmprov__t_chat_others(w, tool->extra, 0, "type function");
    llmprov_write_close(w);
}

/* A tool of a kind that this format has itself: its members are in extra. */
static bool llmprov__t_chat_typed(llmprov_draft *d, const llmprov_tool *tool) {
    llmprov_block mark;
    if (strcmp(tool->type, llmprov__parts_custom) && !llmprov__t_chat_own(d)) return false;
    memset(&mark, 0, sizeof mark);
    mark.cache = tool->cache;
    llmprov_write_open(d->body, NULL, '{');
    llmprov_write_str(d->body, "type", tool->type, strlen(tool->type));
    llmprov__t_chat_others(d->body, tool->extra, 0, "type");
    if (d->row->quirks.flags & LLMPROV_QUIRK_CACHE_CONTROL) llmprov__t_chat_mark(d, &mark, "tools");
    llmprov_write_close(d->body);
    return true;
}

/* A tool of the time before there were tools, as it was said. */
static bool llmprov__t_chat_old_tool(const llmprov_draft *d, const llmprov_tool *tool, llmprov_str *said) {
    llmprov_str list, name;
    llmprov_scan s;
    if (tool->type || tool->extra || !llmprov__t_chat_said_some(d, "functions", &list)) return false;
    s = llmprov__t_chat_scan(list);
    while (llmprov_scan_item(&s) && llmprov_scan_raw(&s, said)) {
        llmprov__mem_buf scratch;
        llmprov_scan in;
        bool same;
        memset(&scratch, 0, sizeof scratch);
        scratch.alloc = d->body->alloc;
        in = llmprov__json_scan(said->ptr, said->len, &scratch, 0);
        same = llmprov__msg_has(said->ptr, said->len, "name", &name) && llmprov__text_is(llmprov__parts_text(&in, name), tool->name);
        llmprov__mem_buf_free(&scratch);
        if (same) return true;
    }
    return false;
}

/* OpenAI's own kinds of tools carry their members in extra; Anthropic's become functions where they can. */
static void llmprov__t_chat_tool(llmprov_draft *d, const llmprov_tool *tool, const char *field) {
    llmprov_tool function;
    if (tool->strict && (d->row->quirks.flags & LLMPROV_QUIRK_NO_STRICT))
        llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "this provider knows no strict tools: strict was left out");
    if (!tool->type) {
        llmprov__t_chat_function(d, tool);
        if (tool->extra && !llmprov__t_chat_own(d)) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "members of this tool that openai-chat has no place for were left out");
    } else if (llmprov__t_chat_typed(d, tool)) {
        return;
    } else if (llmprov__parts_as_function(tool, &function)) {
        llmprov__t_chat_function(d, &function);
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-chat has no such tool kind: a function with its known schema stands for it");
    } else llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "openai-chat has no such tool kind: the tool was left out");
}

/* How many tools the target has a form for; old: of the list of the old time. */
static size_t llmprov__t_chat_tool_count(const llmprov_draft *d, bool old) {
    const llmprov_request *r = d->chat;
    llmprov_tool function;
    llmprov_str said;
    size_t i, count = 0;
    for (i = 0; i < r->tool_count; i++) {
        const llmprov_tool *t = &r->tools[i];
        bool form = !t->type || llmprov__t_chat_own(d) || !strcmp(t->type, llmprov__parts_custom) || llmprov__parts_as_function(t, &function);
        count += form && llmprov__t_chat_old_tool(d, t, &said) == old;
    }
    return count;
}

/* The choice as it was said, in either word for it, where it is still what is asked. */
static bool llmprov__t_chat_same_choice(llmprov_draft *d, const char *member, llmprov_tool_choice choice) {
    llmprov__mem_buf scratch;
    llmprov_str said, name;
    llmprov_scan s;
    bool same;
    if (!llmprov__t_chat_said_some(d, member, &said)) return false;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = d->body->alloc;
    s = llmprov__json_scan(said.ptr, said.len, &scratch, 0);
    same = llmprov__parts_said_choice(&s, said, &name) == choice && (choice != LLMPROV_TOOL_NAMED || (d->chat->tool_name && llmprov__text_is(name, d->chat->tool_name)));
    if (scratch.failed) d->body->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
    if (same) llmprov_write_raw(d->body, member, said.ptr, said.len);
    return same;
}

static void llmprov__t_chat_choice(llmprov_draft *d) {
    static const char *const words[] = { "auto", "none", "required" };
    llmprov_tool_choice choice = d->chat->tool_choice;
    unsigned refused = d->row->quirks.flags & LLMPROV_QUIRK_NO_FORCED_TOOL;
    if (choice >= LLMPROV_TOOL_ANY && (refused || (d->profile->flags & (LLMPROV_MODEL_NO_REQUIRED | LLMPROV_MODEL_NO_FORCED_TOOL)))) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "tool_choice", "this model or provider refuses a forced tool: auto was sent");
        choice = LLMPROV_TOOL_AUTO;
    }
    if (llmprov__t_chat_same_choice(d, "tool_choice", choice) || llmprov__t_chat_same_choice(d, "function_call", choice)) return;
    if (choice == LLMPROV_TOOL_NAMED && d->chat->tool_name) {
        llmprov_write_open(d->body, "tool_choice", '{');
        llmprov_write_str(d->body, "type", "function", 8);
        llmprov_write_open(d->body, "function", '{');
        llmprov_write_str(d->body, "name", d->chat->tool_name, strlen(d->chat->tool_name));
        llmprov_write_close(d->body);
        llmprov_write_close(d->body);
    } else if (choice != LLMPROV_TOOL_AUTO) {
        const char *word = words[choice > LLMPROV_TOOL_ANY ? LLMPROV_TOOL_ANY : choice];
        llmprov_write_str(d->body, "tool_choice", word, strlen(word));
    }
}

static void llmprov__t_chat_parallel(llmprov_draft *d) {
    if (!d->chat->parallel_tools) return;
    if (d->row->quirks.flags & LLMPROV_QUIRK_NO_PARALLEL) llmprov__parts_drop_text(d, "parallel_tools", "this provider has no parallel_tool_calls: it was left out");
    else llmprov_write_bool(d->body, "parallel_tool_calls", d->chat->parallel_tools == LLMPROV_YES);
}

/* An empty list of tools is refused by some: neither it nor what belongs to it is written unless it was said. */
static void llmprov__t_chat_tools(llmprov_draft *d) {
    bool some = llmprov__t_chat_tool_count(d, false) > 0, old = llmprov__t_chat_tool_count(d, true) > 0;
    llmprov_str said;
    size_t i;
    if (some) llmprov_write_open(d->body, "tools", '[');
    for (i = 0; i < d->chat->tool_count; i++) {
        char field[40] = "tools[";
        llmprov__err_number n = llmprov__err_int((int64_t)i);
        memcpy(field + 6, n.text, strlen(n.text));
        memcpy(field + 6 + strlen(n.text), "]", 2);
        if (!llmprov__t_chat_old_tool(d, &d->chat->tools[i], &said)) llmprov__t_chat_tool(d, &d->chat->tools[i], field);
    }
    if (some) llmprov_write_close(d->body);
    else if (!d->chat->tool_count && llmprov__t_chat_said_some(d, "tools", &said)) llmprov_write_raw(d->body, "tools", said.ptr, said.len);
    if (old) llmprov_write_open(d->body, "functions", '[');
    for (i = 0; old && i < d->chat->tool_count; i++)
        if (llmprov__t_chat_old_tool(d, &d->chat->tools[i], &said)) llmprov__write_long_raw(d->body, NULL, said.ptr, said.len);
    if (old) llmprov_write_close(d->body);
    if (!some && !old && !llmprov__t_chat_own(d)) return;
    llmprov__t_chat_choice(d);
    llmprov__t_chat_parallel(d);
}

/* Who asks, under the name that was said, otherwise the provider's. OpenAI's safety_identifier takes 128 characters. */
static void llmprov__t_chat_user_id(llmprov_draft *d) {
    const char *key = d->row->quirks.user_key, *id = d->chat->user_id;
    size_t len = llmprov__text_len(id, 0);
    llmprov_str said, older;
    if (!id) return;
    if (llmprov__t_chat_said_some(d, "safety_identifier", &said)) key = "safety_identifier";
    else if (llmprov__t_chat_said_some(d, "user", &said)) key = "user";
    if (len > 128 && llmprov__text_same(key, "safety_identifier", false)) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "user_id", "safety_identifier takes 128 characters: the rest was cut off");
        for (len = 128; len && ((unsigned char)id[len] & 0xC0) == 0x80; len--) { }
    }
    llmprov_write_str(d->body, key ? key : "user", id, len);
    if (llmprov__text_same(key, "safety_identifier", false) && llmprov__t_chat_said_some(d, "user", &older)) llmprov_write_raw(d->body, "user", older.ptr, older.len);
}

/* Whether the form of the answer that was said is still what is asked, with a name that is legal everywhere. */
static bool llmprov__t_chat_same_format(const llmprov_draft *d, llmprov_str *said) {
    llmprov_str schema, value, name;
    const char *asked = d->chat->schema;
    size_t i;
    if (!llmprov__t_chat_said_some(d, "response_format", said)) return false;
    if (!llmprov__msg_has(said->ptr, said->len, "json_schema", &schema) || !llmprov__msg_has(schema.ptr, schema.len, "schema", &value) || value.ptr[0] == 'n') return !asked;
    if (!llmprov__msg_has(schema.ptr, schema.len, "name", &name)) name.len = 0;
    for (i = 1; i + 1 < name.len; i++)
        if (!llmprov__normal_word_char((unsigned char)name.ptr[i])) return false;
    return asked && name.len <= 66 && strlen(asked) == value.len && !memcmp(asked, value.ptr, value.len);
}

static void llmprov__t_chat_schema(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    const char *name = r->schema_name;
    llmprov_writer *w = d->body;
    bool none = (d->row->quirks.flags & LLMPROV_QUIRK_NO_JSON_SCHEMA) && r->schema;
    llmprov_str said;
    if (!none && llmprov__t_chat_same_format(d, &said)) {
        llmprov__write_long_raw(w, "response_format", said.ptr, said.len);
        return;
    }
    if (!r->schema) return;
    llmprov_write_open(w, "response_format", '{');
    if (none) {
        llmprov_write_str(w, "type", "json_object", 11);
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "schema", "this provider knows no json_schema: json_object was sent, and the schema went nowhere; say it in the prompt");
    } else {
        llmprov_write_str(w, "type", "json_schema", 11);
        llmprov_write_open(w, "json_schema", '{');
        llmprov_write_str(w, "name", name, strlen(name));
        llmprov__write_long_raw(w, "schema", r->schema, strlen(r->schema));
        if (r->schema_strict) llmprov_write_bool(w, "strict", r->schema_strict == LLMPROV_YES);
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

/* The effort that is asked for, by effort, thinking or a budget. */
static llmprov_effort llmprov__t_chat_asked(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    if (r->thinking == LLMPROV_THINKING_OFF) return LLMPROV_EFFORT_OFF;
    if (r->effort) return r->effort;
    if (r->thinking_tokens.set && !(d->row->quirks.flags & LLMPROV_QUIRK_REASONING_OBJECT)) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking_tokens", "openai-chat takes no thinking budget: an effort was sent");
        return llmprov__parts_effort_of(r->thinking_tokens.value);
    }
    return r->thinking == LLMPROV_THINKING_ON || r->thinking == LLMPROV_THINKING_BETWEEN_TOOLS ? LLMPROV_EFFORT_MEDIUM : LLMPROV_EFFORT_DEFAULT;
}

static const char *const llmprov__t_chat_thinkers[] = { "reasoning_effort", "thinking", "reasoning" };

/* What was said about thinking, where it is still what is asked: as it was said. */
static bool llmprov__t_chat_same_thinking(llmprov_draft *d) {
    llmprov_request said;
    llmprov__mem_buf scratch;
    llmprov_str raw;
    size_t i, count = 0;
    memset(&said, 0, sizeof said);
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = d->body->alloc;
    for (i = 0; i < LLMPROV__COUNT(llmprov__t_chat_thinkers); i++) {
        llmprov_str name = { llmprov__t_chat_thinkers[i], strlen(llmprov__t_chat_thinkers[i]) };
        llmprov_scan s;
        if (!llmprov__t_chat_said_some(d, name.ptr, &raw)) continue;
        s = llmprov__json_scan(raw.ptr, raw.len, &scratch, 0);
        count += llmprov__parts_said_thinking(&said, &s, name, raw);
    }
    if (scratch.failed) d->body->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
    return count && said.effort == d->chat->effort && said.thinking == d->chat->thinking && said.thinking_tokens.set == d->chat->thinking_tokens.set &&
           said.thinking_tokens.value == d->chat->thinking_tokens.value;
}

/* Writes what was said about thinking; returns the word that the effort is. */
static const char *llmprov__t_chat_write_said(llmprov_draft *d) {
    llmprov_str raw;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__t_chat_thinkers); i++)
        if (llmprov__t_chat_said_some(d, llmprov__t_chat_thinkers[i], &raw)) llmprov_write_raw(d->body, llmprov__t_chat_thinkers[i], raw.ptr, raw.len);
    return d->chat->thinking == LLMPROV_THINKING_OFF ? "none" : d->chat->effort ? llmprov__parts_efforts[d->chat->effort] : d->chat->thinking == LLMPROV_THINKING_ON ? "medium" : NULL;
}

/* Each member about thinking that was said and is not sent as it was said; `key` is the one that is sent. */
static void llmprov__t_chat_said_otherwise(llmprov_draft *d, const char *key) {
    llmprov_str raw;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__t_chat_thinkers); i++)
        if (strcmp(llmprov__t_chat_thinkers[i], key) && llmprov__t_chat_said_some(d, llmprov__t_chat_thinkers[i], &raw))
            llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, llmprov__t_chat_thinkers[i], "what is sent about thinking is said in another member");
}

/* Says how hard to think; returns the word that was sent, or NULL. */
static const char *llmprov__t_chat_effort(llmprov_draft *d) {
    unsigned quirks = d->row->quirks.flags;
    bool said = llmprov__t_chat_same_thinking(d), tools_if_off = (quirks & LLMPROV_QUIRK_DEVELOPER) && (d->profile->flags & LLMPROV_MODEL_TOOLS_IF_OFF) && d->chat->tool_count;
    llmprov_effort asked = said && !d->chat->effort ? LLMPROV_EFFORT_DEFAULT : llmprov__t_chat_asked(d);
    const char *word = llmprov__parts_effort(d, asked);
    if (said && (word ? asked && !strcmp(word, llmprov__parts_efforts[asked]) : !asked) && !(tools_if_off && (!word || strcmp(word, "none")))) return llmprov__t_chat_write_said(d);
    if (llmprov__t_chat_own(d)) llmprov__t_chat_said_otherwise(d, quirks & LLMPROV_QUIRK_REASONING_OBJECT ? "reasoning" : "reasoning_effort");
    if (tools_if_off && (!word || strcmp(word, "none"))) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "effort", "with function tools this model takes only effort \"none\" on chat/completions: it was sent");
        word = "none";
    }
    if (quirks & LLMPROV_QUIRK_REASONING_OBJECT) {
        if (!word && !d->chat->thinking_tokens.set) return NULL;
        llmprov_write_open(d->body, "reasoning", '{');
        if (d->chat->thinking_tokens.set) llmprov_write_int(d->body, "max_tokens", d->chat->thinking_tokens.value);
        else llmprov_write_str(d->body, "effort", word, strlen(word));
        llmprov_write_close(d->body);
        return word;
    }
    if (!word) return NULL;
    if (quirks & LLMPROV_QUIRK_THINKING_OBJECT) {
        bool off = !strcmp(word, "none");
        llmprov_write_open(d->body, "thinking", '{');
        llmprov_write_str(d->body, "type", off ? "disabled" : "enabled", off ? 8 : 7);
        llmprov_write_close(d->body);
        if (off) return word;
    }
    llmprov_write_str(d->body, "reasoning_effort", word, strlen(word));
    return word;
}

static void llmprov__t_chat_penalties(llmprov_draft *d, const char *why) {
    const llmprov_request *r = d->chat;
    if (!why && (d->row->quirks.flags & LLMPROV_QUIRK_NO_PENALTIES)) why = "this provider refuses penalties";
    if (why) {
        llmprov__parts_drop_num(d, "presence_penalty", r->presence_penalty, why);
        llmprov__parts_drop_num(d, "frequency_penalty", r->frequency_penalty, why);
        return;
    }
    if (r->presence_penalty.set) llmprov_write_num(d->body, "presence_penalty", r->presence_penalty.value);
    if (r->frequency_penalty.set) llmprov_write_num(d->body, "frequency_penalty", r->frequency_penalty.value);
}

/* Writes sampling settings; returns why they cannot be sent, or NULL. */
static const char *llmprov__t_chat_sampling(llmprov_draft *d, const char *effort) {
    const llmprov_request *r = d->chat;
    bool off = effort && !strcmp(effort, "none"), reasons = (d->profile->flags & LLMPROV_MODEL_REASONS) || effort;
    const char *why = llmprov__parts_no_sampling(d, !off && reasons);
    if (why) {
        llmprov__parts_drop_num(d, "temperature", r->temperature, why);
        llmprov__parts_drop_num(d, "top_p", r->top_p, why);
    } else {
        llmprov__parts_write_range(d, "temperature", r->temperature, 2);
        llmprov__parts_write_range(d, "top_p", r->top_p, 1);
    }
    llmprov__t_chat_penalties(d, why);
    if (d->row->quirks.flags & LLMPROV_QUIRK_TOP_K && !why) {
        if (r->top_k.set) llmprov_write_int(d->body, "top_k", r->top_k.value);
    } else llmprov__parts_drop_int(d, "top_k", r->top_k, why ? why : "this provider has no top_k");
    if (d->row->quirks.flags & LLMPROV_QUIRK_NO_SEED) llmprov__parts_drop_int(d, "seed", r->seed, "this provider refuses seed");
    else if (r->seed.set) llmprov_write_int(d->body, "seed", r->seed.value);
    return why;
}

static void llmprov__t_chat_stops(llmprov_draft *d) {
    size_t i, count = d->chat->stop_count;
    llmprov_str said;
    bool form = llmprov__t_chat_said_some(d, "stop", &said);
    if (!count && form && said.ptr[0] == '[') llmprov_write_raw(d->body, "stop", said.ptr, said.len);
    if (!count) return;
    if (d->profile->flags & LLMPROV_MODEL_NO_STOP) {
        llmprov__parts_drop_text(d, "stop", "this model refuses stop sequences: they were left out");
        return;
    }
    if (count > 4) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "stop", "openai-chat takes four stop sequences: the first four were sent");
        count = 4;
    }
    if (count == 1 && form && said.ptr[0] == '"') {
        llmprov_write_str(d->body, "stop", d->chat->stop[0], strlen(d->chat->stop[0]));
        return;
    }
    llmprov_write_open(d->body, "stop", '[');
    for (i = 0; i < count; i++) llmprov_write_str(d->body, NULL, d->chat->stop[i], strlen(d->chat->stop[i]));
    llmprov_write_close(d->body);
}

/* The most tokens, under the name that was said, unless the provider has one name only. */
static void llmprov__t_chat_most(llmprov_draft *d) {
    static const char newer[] = "max_completion_tokens", older[] = "max_tokens";
    const char *key = d->row->quirks.max_tokens_key ? d->row->quirks.max_tokens_key : older, *said = NULL;
    const llmprov_int most = d->chat->max_tokens;
    llmprov_str raw;
    if (!most.set) return;
    if (llmprov__t_chat_said_some(d, newer, &raw)) said = newer;
    else if (llmprov__t_chat_said_some(d, older, &raw)) said = older;
    if (!said && !most.value) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "max_tokens", "0 only warms the cache of anthropic-messages: servers of openai-chat refuse it");
    if (said && d->row->quirks.max_tokens_key && strcmp(said, key))
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, said, strcmp(key, newer) ? "this provider calls it max_tokens: that was sent" : "this provider calls it max_completion_tokens: that was sent");
    else if (said) key = said;
    llmprov_write_int(d->body, key, most.value);
    if (key == newer && llmprov__t_chat_said_some(d, older, &raw)) llmprov_write_raw(d->body, older, raw.ptr, raw.len);
}

/* Whether to stream, and with which options: those that were said, otherwise that the usage is told. */
static void llmprov__t_chat_stream(llmprov_draft *d) {
    bool own = llmprov__t_chat_own(d), said, asked;
    llmprov_str raw, options;
    if (d->stream) llmprov_write_bool(d->body, "stream", true);
    else if (llmprov__t_chat_said_some(d, "stream", &raw)) llmprov_write_bool(d->body, "stream", false);
    asked = llmprov__t_chat_said_some(d, "stream", &raw) && raw.ptr[0] == 't';
    said = llmprov__t_chat_said(d, "stream_options", &options);
    if (said && !d->stream && asked) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "stream_options", "they belong to streams only: they were left out");
    if ((own && !said) || (said && !d->stream && asked) || (!own && !d->stream)) return;
    if (d->row->quirks.flags & LLMPROV_QUIRK_NO_STREAM_OPTIONS) {
        if (said) llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, "stream_options", "this provider refuses stream_options: they were left out");
        return;
    }
    if (said) {
        llmprov_write_raw(d->body, "stream_options", options.ptr, options.len);
        return;
    }
    llmprov_write_open(d->body, "stream_options", '{');
    llmprov_write_bool(d->body, "include_usage", true);
    llmprov_write_close(d->body);
}

static void llmprov__t_chat_tier(llmprov_draft *d) {
    const char *tier = d->chat->service_tier;
    bool only = llmprov__text_same(tier, "standard_only", false) && !llmprov__t_chat_own(d);
    if (!tier) return;
    if (only) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "service_tier", "openai-chat calls \"standard_only\" \"default\": that was sent");
    llmprov_write_str(d->body, "service_tier", only ? "default" : tier, only ? 7 : strlen(tier));
}

static void llmprov__t_chat_write(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_writer *w = d->body;
    const char *why;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "model", d->model, strlen(d->model));
    llmprov__t_chat_most(d);
    if (r->n.set) llmprov_write_int(w, "n", r->n.value);
    llmprov__t_chat_stream(d);
    why = llmprov__t_chat_sampling(d, llmprov__t_chat_effort(d));
    llmprov__t_chat_stops(d);
    llmprov__t_chat_schema(d);
    llmprov__t_chat_user_id(d);
    llmprov__t_chat_tier(d);
    llmprov__t_chat_tools(d);
    llmprov__parts_kept(d, "openai-chat", "logprobs top_logprobs logit_bias", why);
    llmprov__write_rest(w, "messages");
    llmprov__t_chat_messages(d);
    llmprov_write_close(w);
}

/* -- reading replies -- */

/* A call of a choice while it is put together. */
typedef struct llmprov__t_chat_slot {
    int64_t index;               /* the wire's, -1 = it sent none */
    char *id;
    int block;                   /* -1 until its name is known */
    size_t list;                 /* the number of the list that last had a piece of it */
    size_t same, last;           /* the next slot of this id; of the first of them: the last; as number + 1, 0 = none */
    llmprov__mem_buf *early;     /* arguments that came before the name, or those of a wrapper */
    char *wrapper;               /* the name of a call that may hold several others */
} llmprov__t_chat_slot;

typedef struct llmprov__t_chat_choice_state {
    int text, thinking, audio;   /* the open blocks, as number + 1; 0 = none */
    bool ended, streamed, refused;
    int lead;                    /* LLMPROV__T_CHAT_LEAD_*: how far the beginning of the text is decided */
    char held[16];               /* what may become a tag, or white space that may mean nothing */
    size_t held_len;
    llmprov__t_chat_slot *slots;
    size_t slot_count, slot_cap;
    llmprov__text_index ids, indices;          /* the first slot of an id, the last one of an index */
    size_t latest;
    size_t list;                 /* how many lists of calls came */
} llmprov__t_chat_choice_state;

typedef struct llmprov__t_chat_state {
    llmprov__t_chat_choice_state *choices;
    size_t count, cap;
} llmprov__t_chat_state;

static llmprov__t_chat_choice_state *llmprov__t_chat_at(llmprov_turn *t, int64_t index) {
    llmprov__t_chat_state *m = (llmprov__t_chat_state *)llmprov_turn_state(t);
    llmprov__t_chat_choice_state *choices;
    size_t count = (size_t)index + 1;
    if (index < 0 || index >= 1024) {
        llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "choices[].index is beyond 1023");
        return NULL;
    }
    if ((size_t)index < m->count) return &m->choices[index];
    if (count <= m->cap) {
        m->count = count;
        return &m->choices[index];
    }
    m->cap = count > m->cap * 2 ? count : m->cap * 2;
    choices = (llmprov__t_chat_choice_state *)llmprov__mem_take(&t->arena, m->cap * sizeof *choices);
    if (!choices) {
        m->cap = m->count;
        llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
        return NULL;
    }
    if (m->count) memcpy(choices, m->choices, m->count * sizeof *choices);
    m->choices = choices;
    m->count = count;
    return &choices[index];
}

static void llmprov__t_chat_end_block(llmprov_turn *t, int *block) {
    if (*block) llmprov_turn_block_end(t, *block - 1);
    *block = 0;
}

/* The open block of a kind, begun when there is none; what was open beside it ends. */
static int llmprov__t_chat_open(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, llmprov_block_type type, const char *origin) {
    int *at = type == LLMPROV_BLOCK_TEXT ? &c->text : type == LLMPROV_BLOCK_THINKING ? &c->thinking : &c->audio;
    llmprov_block b;
    if (*at) return *at - 1;
    llmprov__t_chat_end_block(t, &c->text);
    llmprov__t_chat_end_block(t, &c->thinking);
    memset(&b, 0, sizeof b);
    b.type = type;
    b.origin = origin;
    *at = llmprov_turn_block(t, choice, &b) + 1;
    return *at - 1;
}

static bool llmprov__t_chat_some(llmprov_str raw) {
    return raw.ptr && raw.ptr[0] == '"' && raw.len > 2;
}

/* -- tool calls -- */

/* An index as a key; it must outlive what it is entered in. */
static llmprov_str llmprov__t_chat_key(const int64_t *index) {
    llmprov_str bytes = { (const char *)index, sizeof *index };
    return bytes;
}

static llmprov__t_chat_slot *llmprov__t_chat_new_slot(llmprov_turn *t, llmprov__t_chat_choice_state *c, int64_t index) {
    llmprov__t_chat_slot *s = c->slots;
    bool room = true;
    if (c->slot_count == c->slot_cap) {
        size_t cap = c->slot_cap ? c->slot_cap * 2 : 4;
        s = (llmprov__t_chat_slot *)llmprov__mem_take(&t->arena, cap * sizeof *s);
        if (s && c->slot_count) memcpy(s, c->slots, c->slot_count * sizeof *s);
        if (s) c->slot_cap = cap;
        if (s) c->slots = s;
    }
    if (s) {
        s = &c->slots[c->slot_count];
        memset(s, 0, sizeof *s);
        s->index = index;
        s->block = -1;
        room = index < 0 || llmprov__text_enter(&c->indices, &t->arena, llmprov__t_chat_key(&s->index), c->slot_count);
    }
    if (!s || !room) {
        llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
        return NULL;
    }
    c->latest = c->slot_count++;
    return s;
}

/* A slot is to be found by the id that came with it. */
static void llmprov__t_chat_name_slot(llmprov_turn *t, llmprov__t_chat_choice_state *c, llmprov__t_chat_slot *s, llmprov_str id) {
    size_t number = (size_t)(s - c->slots);
    const llmprov__text_entry *e = llmprov__text_find(&c->ids, id);
    s->id = llmprov_turn_keep(t, id);
    s->last = number + 1;
    if (e) {
        c->slots[c->slots[e->value].last - 1].same = number + 1;
        c->slots[e->value].last = number + 1;
    } else if (s->id) {
        id.ptr = s->id;
        if (!llmprov__text_enter(&c->ids, &t->arena, id, number)) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    }
}

/* The slot of an id that a piece belongs to, as number + 1; 0 = none. A list has each call once. */
static size_t llmprov__t_chat_by_id(const llmprov__t_chat_choice_state *c, int64_t index, llmprov_str id, bool named) {
    const llmprov__text_entry *first = llmprov__text_find(&c->ids, id), *own;
    size_t i;
    if (!first) return 0;
    if (!named) return first->value + 1;
    if (index >= 0) {
        own = llmprov__text_find(&c->indices, llmprov__t_chat_key(&index));
        if (!own || c->slots[own->value].list == c->list || !c->slots[own->value].id) return 0;
        return llmprov__text_is(id, c->slots[own->value].id) ? own->value + 1 : 0;
    }
    for (i = first->value + 1; i && c->slots[i - 1].list == c->list; ) i = c->slots[i - 1].same;
    return i;
}

/* Which call a piece belongs to: one with its id; one with its index, unless a name says that another begins there;
   the latest. A new id alone begins no call (some servers send one with every piece), a new id with a name does. */
static llmprov__t_chat_slot *llmprov__t_chat_slot_for(llmprov_turn *t, llmprov__t_chat_choice_state *c, int64_t index, llmprov_str id, bool named, bool first) {
    const llmprov__text_entry *e = index >= 0 ? llmprov__text_find(&c->indices, llmprov__t_chat_key(&index)) : NULL;
    size_t i = id.len ? llmprov__t_chat_by_id(c, index, id, named) : 0;
    if (i) return &c->slots[c->latest = i - 1];
    if (e) {
        llmprov__t_chat_slot *s = &c->slots[e->value];
        bool other = named && ((id.len && s->id && s->block >= 0) || s->list == c->list);
        if (!other) return &c->slots[c->latest = e->value];
    }
    if (index < 0 && c->slot_count && !named && !first) return &c->slots[c->latest];
    return llmprov__t_chat_new_slot(t, c, index);
}

static bool llmprov__t_chat_declared(const llmprov_turn *t, llmprov_str name) {
    return llmprov__text_find(&t->tool_names, name) != NULL;
}

/* Some models wrap parallel calls in one of an internal tool, which no program has declared. */
static bool llmprov__t_chat_is_wrapper(const llmprov_turn *t, llmprov_str name) {
    return t->tools && t->tool_count && (llmprov__text_is(name, "parallel") || llmprov__text_is(name, "multi_tool_use.parallel")) && !llmprov__t_chat_declared(t, name);
}

/* The name of a wrapped call: without the namespace that the wrapper puts before it. */
static llmprov_str llmprov__t_chat_wrapped_name(const llmprov_scan *s, llmprov_str raw) {
    llmprov_str name = llmprov__parts_text(s, raw);
    if (name.len > 10 && !memcmp(name.ptr, "functions.", 10)) name.ptr += 10, name.len -= 10;
    return name;
}

/* Walks the calls in a wrapper's arguments: counts them, or (begin) makes them. 0 = one of them is not declared. */
static size_t llmprov__t_chat_unwrap(llmprov_turn *t, int choice, llmprov_str arguments, bool begin) {
    static const char *const outer[] = { "tool_uses" }, *const inner[] = { "recipient_name", "parameters" };
    llmprov_scan s = llmprov__json_scan(arguments.ptr, arguments.len, &t->scratch, 0), whole = s, in;
    llmprov_str uses, v[2], item;
    size_t count = 0;
    llmprov_scan_skip(&whole);
    if (!llmprov__json_done(&whole) || llmprov_scan_kind(&s) != LLMPROV_JSON_OBJECT) return 0;
    llmprov__parts_members(&s, arguments, outer, &uses, 1);
    in = llmprov_scan_in(&s, uses);
    while (uses.ptr && uses.ptr[0] == '[' && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) {
        llmprov_block b;
        int block;
        llmprov__parts_members(&s, item, inner, v, 2);
        if (!llmprov__t_chat_declared(t, llmprov__t_chat_wrapped_name(&s, v[0]))) return 0;
        count++;
        if (!begin) continue;
        memset(&b, 0, sizeof b);
        b.type = LLMPROV_BLOCK_TOOL_USE;
        b.name = llmprov_turn_keep(t, llmprov__t_chat_wrapped_name(&s, v[0]));
        block = llmprov_turn_block(t, choice, &b);
        if (v[1].ptr) llmprov_turn_text(t, block, v[1].ptr, v[1].len);
    }
    return count;
}

/* The call begins when its name is known. */
static void llmprov__t_chat_begin_call(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, llmprov__t_chat_slot *s, llmprov_str name, llmprov_str more, bool custom) {
    llmprov_block b;
    llmprov_writer w;
    memset(&b, 0, sizeof b);
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov__t_chat_end_block(t, &c->text);
    llmprov__t_chat_end_block(t, &c->thinking);
    b.type = LLMPROV_BLOCK_TOOL_USE;
    b.id = s->id;
    b.name = llmprov_turn_keep(t, name);
    if (more.ptr || custom) {
        llmprov_write_open(&w, NULL, '{');
        if (custom) llmprov_write_str(&w, "type", llmprov__parts_custom, 6);
        if (more.ptr) llmprov_write_raw(&w, "extra_content", more.ptr, more.len);
        llmprov_write_close(&w);
        b.extra = w.text;
        b.extra_len = w.len;
        b.origin = "openai-chat";
    }
    s->block = llmprov_turn_block(t, choice, &b);
    if (w.status) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    llmprov_writer_free(&w);
    if (s->early) llmprov_turn_text(t, s->block, s->early->ptr, s->early->len);
    s->early = NULL;
}

/* Arguments are a JSON string in pieces; some servers send the object itself, or null. */
static void llmprov__t_chat_arguments(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_slot *slot, llmprov_str args) {
    llmprov_str text;
    if (!args.ptr) return;
    if (slot->block >= 0 && args.ptr[0] == '"') {
        llmprov_turn_piece(t, slot->block, s, args);
        return;
    }
    text = args.ptr[0] == '"' ? llmprov__json_unquote(s, args, true) : args;
    if (slot->block >= 0) {
        char *compact = llmprov_turn_keep(t, text);
        if (compact) llmprov_turn_text(t, slot->block, compact, llmprov__parts_compact(compact, text.len));
        return;
    }
    if (!slot->early) slot->early = llmprov__reply_buffer(t);
    if (!slot->early || !llmprov__mem_add(slot->early, text.ptr, text.len)) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
}

static void llmprov__t_chat_call(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str raw, bool first) {
    static const char *const names[] = { "index", "id", "function", llmprov__parts_custom, "extra_content" };
    static const char *const inner[] = { "name", "arguments", "input" };
    llmprov_str v[5], f[3], id, name;
    llmprov__t_chat_slot *slot;
    llmprov__parts_members(s, raw, names, v, 5);
    llmprov__parts_members(s, v[2].ptr ? v[2] : v[3], inner, f, 3);
    id = llmprov__parts_text(s, v[1]);
    if (!id.len && !llmprov__t_chat_some(f[0]) && (!f[1].ptr || f[1].len <= 2) && (!f[2].ptr || f[2].len <= 2) && !c->slot_count) return;
    slot = llmprov__t_chat_slot_for(t, c, v[0].ptr ? llmprov__parts_count(s, v[0]) : -1, id, llmprov__t_chat_some(f[0]), first);
    if (!slot) return;
    slot->list = c->list;
    if (!slot->id && id.len) llmprov__t_chat_name_slot(t, c, slot, id);
    name = llmprov__parts_text(s, f[0]);
    if (slot->block < 0 && name.len && !slot->wrapper && llmprov__t_chat_is_wrapper(t, name)) slot->wrapper = llmprov_turn_keep(t, name);
    else if (slot->block < 0 && name.len && !slot->wrapper) llmprov__t_chat_begin_call(t, c, choice, slot, name, v[4], v[3].ptr && !v[2].ptr);
    if (v[3].ptr && f[2].ptr) llmprov_turn_freeform(t, slot->block, f[2]);
    else llmprov__t_chat_arguments(t, s, slot, f[1]);
}

/* Each item of the list of calls. In one message, calls without an index are different calls. */
static void llmprov__t_chat_calls_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str list) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str item;
    size_t i;
    bool several = false;
    c->list++;
    for (i = 0; list.ptr && llmprov_scan_item(&in); i++) {
        if (!llmprov_scan_raw(&in, &item)) return;
        if (item.ptr[0] == '{') llmprov__t_chat_call(t, s, c, choice, item, several);
        several = true;
    }
}

/* -- text, thinking, refusals, audio -- */

/* A list of content parts, as Mistral sends: text, and thinking that is a list of texts itself. */
static void llmprov__t_chat_part_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str part) {
    static const char *const names[] = { "type", "text", "thinking", "refusal" };
    llmprov_str v[4], item, text[1];
    llmprov_scan in;
    llmprov__parts_members(s, part, names, v, 4);
    if (llmprov__t_chat_some(v[1])) llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_TEXT, NULL), s, v[1]);
    if (llmprov__t_chat_some(v[3])) llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_TEXT, NULL), s, v[3]);
    if (llmprov__t_chat_some(v[2])) llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_THINKING, "openai-chat:content"), s, v[2]);
    if (!v[2].ptr || v[2].ptr[0] != '[') return;
    in = llmprov_scan_in(s, v[2]);
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) {
        llmprov__parts_members(s, item, names + 1, text, 1);
        if (llmprov__t_chat_some(text[0])) llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_THINKING, "openai-chat:content"), s, text[0]);
    }
}

/* -- the beginning of a text: white space that means nothing, thinking in tags -- */

enum { LLMPROV__T_CHAT_LEAD_NEW, LLMPROV__T_CHAT_LEAD_TAG, LLMPROV__T_CHAT_LEAD_THINKING, LLMPROV__T_CHAT_LEAD_PASSED };

static void llmprov__t_chat_say(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, const char *p, size_t len) {
    bool thinking = c->lead == LLMPROV__T_CHAT_LEAD_THINKING;
    if (len) llmprov_turn_text(t, llmprov__t_chat_open(t, c, choice, thinking ? LLMPROV_BLOCK_THINKING : LLMPROV_BLOCK_TEXT, thinking ? "openai-chat:content" : NULL), p, len);
}

/* What was held was no tag: it is said after all. */
static void llmprov__t_chat_let_go(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice) {
    size_t len = c->held_len;
    c->held_len = 0;
    if (c->lead == LLMPROV__T_CHAT_LEAD_TAG || c->lead == LLMPROV__T_CHAT_LEAD_NEW) c->lead = LLMPROV__T_CHAT_LEAD_PASSED;
    llmprov__t_chat_say(t, c, choice, c->held, len);
}

/* The next character towards a tag; false = it belongs to none. */
static bool llmprov__t_chat_tag(llmprov__t_chat_choice_state *c, const char *tag, char letter) {
    if (tag[c->held_len] != letter) return false;
    c->held[c->held_len++] = letter;
    return true;
}

/* Thinking up to </think>. Returns how many bytes were used. */
static size_t llmprov__t_chat_think(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, const char *p, size_t len) {
    static const char tag[] = "</think>";
    size_t i = 0, from = 0;
    for (; i < len; i++) {
        if (c->held_len && tag[c->held_len] != p[i]) {
            llmprov__t_chat_say(t, c, choice, c->held, c->held_len);
            c->held_len = 0;
            from = i;
        }
        if (tag[c->held_len] == p[i]) {
            if (!c->held_len) llmprov__t_chat_say(t, c, choice, p + from, i - from);
            c->held[c->held_len++] = p[i];
            from = i + 1;
        }
        if (c->held_len < sizeof tag - 1) continue;
        c->held_len = 0;
        c->lead = LLMPROV__T_CHAT_LEAD_PASSED;
        llmprov__t_chat_end_block(t, &c->thinking);
        return i + 1;
    }
    llmprov__t_chat_say(t, c, choice, p + from, len - from);
    return len;
}

/* Reads decoded text while its beginning is not decided. Returns how many bytes were used. */
static size_t llmprov__t_chat_lead(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, const char *p, size_t len) {
    bool tags = (llmprov_turn_row(t)->quirks.flags & LLMPROV_QUIRK_THINK_TAGS) != 0, trim = (llmprov_turn_profile(t)->flags & LLMPROV_MODEL_TRIM_START) != 0;
    size_t i = 0;
    if (c->lead == LLMPROV__T_CHAT_LEAD_NEW) {
        while ((tags || trim) && i < len && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t')) i++;
        if (i == len) return i;
        c->lead = tags ? LLMPROV__T_CHAT_LEAD_TAG : LLMPROV__T_CHAT_LEAD_PASSED;
    }
    while (c->lead == LLMPROV__T_CHAT_LEAD_TAG && i < len) {
        if (!llmprov__t_chat_tag(c, "<think>", p[i])) llmprov__t_chat_let_go(t, c, choice);
        else if (++i && c->held_len == 7) {
            c->held_len = 0;
            c->lead = LLMPROV__T_CHAT_LEAD_THINKING;
        }
    }
    if (c->lead == LLMPROV__T_CHAT_LEAD_THINKING) i += llmprov__t_chat_think(t, c, choice, p + i, len - i);
    return i;
}

/* A piece of the answer's text. */
static void llmprov__t_chat_words(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str raw) {
    llmprov_str text;
    size_t used;
    unsigned special = (llmprov_turn_row(t)->quirks.flags & LLMPROV_QUIRK_THINK_TAGS) | (llmprov_turn_profile(t)->flags & LLMPROV_MODEL_TRIM_START);
    if (!special || c->lead == LLMPROV__T_CHAT_LEAD_PASSED) {
        llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_TEXT, NULL), s, raw);
        return;
    }
    text = llmprov__json_unquote(s, raw, true);
    if (!text.ptr) {
        llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
        return;
    }
    used = llmprov__t_chat_lead(t, c, choice, text.ptr, text.len);
    llmprov__t_chat_say(t, c, choice, text.ptr + used, text.len - used);
}

static void llmprov__t_chat_content(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str content) {
    llmprov_scan in;
    llmprov_str part;
    if (llmprov__t_chat_some(content)) llmprov__t_chat_words(t, s, c, choice, content);
    if (!content.ptr || content.ptr[0] != '[') return;
    in = llmprov_scan_in(s, content);
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &part))
        if (part.ptr[0] == '{') llmprov__t_chat_part_read(t, s, c, choice, part);
}

/* Structured reasoning: its pieces are kept whole, to be sent back unchanged; its text is shown when no plain member has it. */
static void llmprov__t_chat_details(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str details, bool shown) {
    static const char *const names[] = { "text", "summary" };
    llmprov_scan in = llmprov_scan_in(s, details);
    llmprov_str item, v[2];
    if (!details.ptr || details.ptr[0] != '[') return;
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) {
        int block = llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_THINKING, "openai-chat:reasoning");
        llmprov__parts_members(s, item, names, v, 2);
        if (!shown && llmprov__t_chat_some(v[0])) llmprov_turn_piece(t, block, s, v[0]);
        else if (!shown && llmprov__t_chat_some(v[1])) llmprov_turn_piece(t, block, s, v[1]);
        llmprov_turn_part(t, block, "reasoning_details", item);
    }
}

static void llmprov__t_chat_thinking_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str content, llmprov_str plain, llmprov_str details) {
    bool other = llmprov__t_chat_some(plain);
    llmprov_str text = other ? plain : content;
    if (llmprov__t_chat_some(text))
        llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_THINKING, other ? "openai-chat:reasoning" : "openai-chat:reasoning_content"), s, text);
    llmprov__t_chat_details(t, s, c, choice, details, llmprov__t_chat_some(text));
}

static void llmprov__t_chat_audio_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str audio) {
    static const char *const names[] = { "id", "data", "transcript", "expires_at" };
    llmprov_str v[4];
    llmprov_block b;
    if (!audio.ptr || audio.ptr[0] != '{') return;
    llmprov__parts_members(s, audio, names, v, 4);
    if (!c->audio && !llmprov__t_chat_some(v[0]) && !llmprov__t_chat_some(v[1]) && !llmprov__t_chat_some(v[2])) return;
    if (!c->audio) {
        memset(&b, 0, sizeof b);
        b.type = LLMPROV_BLOCK_AUDIO;
        b.origin = "openai-chat";
        b.id = llmprov_turn_keep(t, llmprov__parts_text(s, v[0]));
        c->audio = llmprov_turn_block(t, choice, &b) + 1;
    }
    if (llmprov__t_chat_some(v[1])) {
        llmprov_str data = llmprov__parts_text(s, v[1]);
        llmprov_turn_part(t, c->audio - 1, "audio", data);
    }
    if (llmprov__t_chat_some(v[2])) llmprov_turn_piece(t, c->audio - 1, s, v[2]);
    if (v[3].ptr) llmprov_turn_part(t, c->audio - 1, "expires_at", v[3]);
}

/* url_citation and its kin, each on the text that it belongs to. */
static void llmprov__t_chat_annotations(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str list) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str item;
    if (!list.ptr || list.ptr[0] != '[') return;
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item))
        llmprov_turn_part(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_TEXT, NULL), "citation", item);
}

/* The function_call of old servers is a call without id and index. */
static void llmprov__t_chat_legacy(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str call) {
    static const char *const names[] = { "name", "arguments" };
    llmprov_str v[2], none = { "", 0 }, name;
    llmprov__t_chat_slot *slot;
    if (!call.ptr || call.ptr[0] != '{') return;
    llmprov__parts_members(s, call, names, v, 2);
    if (!llmprov__t_chat_some(v[0]) && !llmprov__t_chat_some(v[1]) && !(v[1].ptr && v[1].ptr[0] == '{')) return;
    slot = llmprov__t_chat_slot_for(t, c, 0, none, false, false);
    name = llmprov__parts_text(s, v[0]);
    if (!slot) return;
    if (slot->block < 0 && name.len) {
        llmprov_str nothing = { NULL, 0 };
        llmprov__t_chat_begin_call(t, c, choice, slot, name, nothing, false);
    }
    llmprov__t_chat_arguments(t, s, slot, v[1]);
}

/* -- choices -- */

enum { LLMPROV__T_CHAT_CONTENT, LLMPROV__T_CHAT_REASONING_CONTENT, LLMPROV__T_CHAT_REASONING, LLMPROV__T_CHAT_DETAILS, LLMPROV__T_CHAT_REFUSAL,
       LLMPROV__T_CHAT_AUDIO, LLMPROV__T_CHAT_CALLS, LLMPROV__T_CHAT_LEGACY, LLMPROV__T_CHAT_ANNOTATIONS, LLMPROV__T_CHAT_ROLE, LLMPROV__T_CHAT_MEMBERS };

static const char *const llmprov__t_chat_members[] = { "content", "reasoning_content", "reasoning", "reasoning_details", "refusal", "audio",
                                                       "tool_calls", "function_call", "annotations", "role" };

/* A delta, or a whole message: thinking, text, refusal, audio, calls, in this order. */
static void llmprov__t_chat_delta(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str delta) {
    llmprov_str v[LLMPROV__T_CHAT_MEMBERS];
    llmprov__parts_sort(t, choice, s, delta, llmprov__t_chat_members, v, LLMPROV__T_CHAT_MEMBERS);
    llmprov__t_chat_thinking_read(t, s, c, choice, v[LLMPROV__T_CHAT_REASONING_CONTENT], v[LLMPROV__T_CHAT_REASONING], v[LLMPROV__T_CHAT_DETAILS]);
    llmprov__t_chat_content(t, s, c, choice, v[LLMPROV__T_CHAT_CONTENT]);
    if (llmprov__t_chat_some(v[LLMPROV__T_CHAT_REFUSAL])) {
        llmprov_turn_piece(t, llmprov__t_chat_open(t, c, choice, LLMPROV_BLOCK_TEXT, NULL), s, v[LLMPROV__T_CHAT_REFUSAL]);
        c->refused = true;
    }
    llmprov__t_chat_annotations(t, s, c, choice, v[LLMPROV__T_CHAT_ANNOTATIONS]);
    llmprov__t_chat_audio_read(t, s, c, choice, v[LLMPROV__T_CHAT_AUDIO]);
    if (v[LLMPROV__T_CHAT_CALLS].ptr && v[LLMPROV__T_CHAT_CALLS].ptr[0] == '[') llmprov__t_chat_calls_read(t, s, c, choice, v[LLMPROV__T_CHAT_CALLS]);
    llmprov__t_chat_legacy(t, s, c, choice, v[LLMPROV__T_CHAT_LEGACY]);
}

static void llmprov__t_chat_finish(llmprov_turn *t, const llmprov_scan *s, llmprov__t_chat_choice_state *c, int choice, llmprov_str reason, llmprov_str sequence) {
    llmprov_str word = llmprov__parts_text(s, reason), matched = { NULL, 0 };
    llmprov_stop stop = llmprov__parts_stop(word);
    if (!word.len) return;
    if (c->held_len) llmprov__t_chat_let_go(t, c, choice);
    if (stop == LLMPROV_STOP_END && c->refused) stop = LLMPROV_STOP_REFUSAL;
    if (stop == LLMPROV_STOP_END && sequence.ptr && sequence.ptr[0] == '"') matched = sequence;
    if (matched.ptr) {
        char *kept = llmprov_turn_keep(t, llmprov__parts_text(s, matched));
        matched.ptr = kept;
        matched.len = kept ? strlen(kept) : 0;
        word = llmprov__parts_text(s, reason);
    }
    if (!c->ended) llmprov_turn_stop(t, choice, stop, word, matched);
    c->ended = true;
}

static void llmprov__t_chat_choice_read(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    static const char *const first[] = { "index" };
    static const char *const names[] = { "index", "delta", "message", "finish_reason", "logprobs", "stop_reason", "text", "native_finish_reason" };
    llmprov_str v[8], body;
    llmprov__t_chat_choice_state *c;
    int choice;
    llmprov__parts_members(s, raw, first, v, 1);
    choice = (int)llmprov__parts_count(s, v[0]);
    llmprov__parts_sort(t, choice, s, raw, names, v, 8);
    c = llmprov__t_chat_at(t, choice);
    if (!c) return;
    if (v[1].ptr) c->streamed = true;
    body = llmprov_turn_streamed(t) ? (c->streamed ? v[1] : v[2]) : v[2].ptr ? v[2] : v[1];
    if (body.ptr && body.ptr[0] == '{') llmprov__t_chat_delta(t, s, c, choice, body);
    if (v[4].ptr && v[4].ptr[0] == '{') llmprov_turn_choice_part(t, choice, "logprobs", v[4]);
    llmprov__t_chat_finish(t, s, c, choice, v[3], v[5]);
}

/* -- usage -- */

/* Cached and written tokens are part of the prompt's; at some servers they stand beside them, and so do the tokens of
   thinking: the total tells. */
static void llmprov__t_chat_usage(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details",
                                         "prompt_cache_hit_tokens", "cached_tokens", "reasoning_tokens", "input_tokens", "output_tokens",
                                         "cache_read_input_tokens", "cache_creation_input_tokens" };
    static const char *const in_names[] = { "cached_tokens", "cache_write_tokens", "audio_tokens", "cache_creation_tokens" };
    static const char *const out_names[] = { "reasoning_tokens", "audio_tokens" };
    llmprov_str v[12], in[4], out[2];
    int64_t prompt, completion, total, cached, written, reasoning;
    llmprov_usage *u;
    if (!raw.ptr || raw.ptr[0] != '{') return;
    u = llmprov_turn_usage(t, raw);
    llmprov__parts_members(s, raw, names, v, 12);
    llmprov__parts_members(s, v[3], in_names, in, 4);
    llmprov__parts_members(s, v[4], out_names, out, 2);
    prompt = llmprov__parts_count(s, v[0].ptr ? v[0] : v[8]);
    completion = llmprov__parts_count(s, v[1].ptr ? v[1] : v[9]);
    total = llmprov__parts_count(s, v[2]);
    cached = llmprov__parts_count(s, in[0].ptr ? in[0] : v[5].ptr ? v[5] : v[6].ptr ? v[6] : v[10]);
    written = llmprov__parts_count(s, in[1].ptr ? in[1] : in[3].ptr ? in[3] : v[11]);
    reasoning = llmprov__parts_count(s, out[0].ptr ? out[0] : v[7]);
    if (reasoning && total == prompt + completion + reasoning) completion += reasoning;
    u->input_tokens = cached + written <= prompt ? prompt - cached - written : prompt;
    u->cache_read_tokens = cached;
    u->cache_write_5m_tokens = written;
    u->output_tokens = completion;
    u->thinking_tokens = reasoning;
    u->input_audio_tokens = llmprov__parts_count(s, in[2]);
    u->output_audio_tokens = llmprov__parts_count(s, out[1]);
}

/* -- whole replies, frames, errors -- */

static void llmprov__t_chat_read_error(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) {
    llmprov__parts_read_error(t, e, body);
}

enum { LLMPROV__T_CHAT_ID, LLMPROV__T_CHAT_MODEL, LLMPROV__T_CHAT_CHOICES, LLMPROV__T_CHAT_USAGE, LLMPROV__T_CHAT_X_GROQ, LLMPROV__T_CHAT_ERROR,
       LLMPROV__T_CHAT_OBJECT, LLMPROV__T_CHAT_OBFUSCATION, LLMPROV__T_CHAT_P, LLMPROV__T_CHAT_TOPS };

static const char *const llmprov__t_chat_tops[] = { "id", "model", "choices", "usage", "x_groq", "error", "object", "obfuscation", "p" };

/* A chunk of a stream or a whole completion. */
static void llmprov__t_chat_object(llmprov_turn *t, llmprov_scan *s) {
    static const char *const groq[] = { "usage" };
    llmprov_str v[LLMPROV__T_CHAT_TOPS], id, choice, usage[1];
    llmprov_scan begin = *s, in;
    char *kept;
    llmprov__parts_take(t, -1, s, llmprov__t_chat_tops, v, LLMPROV__T_CHAT_TOPS);
    if (s->status) return;
    if (v[LLMPROV__T_CHAT_ERROR].ptr && v[LLMPROV__T_CHAT_ERROR].len > 2) {
        llmprov__t_chat_read_error(t, llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed in the middle of its reply"), &begin);
        return;
    }
    id = llmprov__parts_text(s, v[LLMPROV__T_CHAT_ID]);
    if (id.len && !t->started) {
        kept = llmprov_turn_keep(t, id);
        if (!kept) return;
        id.ptr = kept;
    }
    llmprov_turn_start(t, id, llmprov__parts_text(s, v[LLMPROV__T_CHAT_MODEL]));
    if (v[LLMPROV__T_CHAT_CHOICES].ptr && v[LLMPROV__T_CHAT_CHOICES].ptr[0] == '[') {
        in = llmprov_scan_in(s, v[LLMPROV__T_CHAT_CHOICES]);
        while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &choice))
            if (choice.ptr[0] == '{') llmprov__t_chat_choice_read(t, s, choice);
    } else if (!llmprov_turn_streamed(t)) llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "the reply is no completion: it has no \"choices\"");
    llmprov__t_chat_usage(t, s, v[LLMPROV__T_CHAT_USAGE]);
    llmprov__parts_members(s, v[LLMPROV__T_CHAT_X_GROQ], groq, usage, 1);
    llmprov__t_chat_usage(t, s, usage[0]);
}

static bool llmprov__t_chat_ended(llmprov_turn *t) {
    llmprov__t_chat_state *m = (llmprov__t_chat_state *)llmprov_turn_state(t);
    size_t i;
    for (i = 0; i < m->count; i++)
        if (!m->choices[i].ended) return false;
    return m->count > 0;
}

/* A call that waited to the end: a wrapper of others, or one whose name never came. */
static void llmprov__t_chat_late(llmprov_turn *t, llmprov__t_chat_choice_state *c, int choice, llmprov__t_chat_slot *slot) {
    llmprov_str none = { NULL, 0 }, name, arguments = { slot->early ? slot->early->ptr : "", slot->early ? slot->early->len : 0 };
    if (slot->wrapper && llmprov__t_chat_unwrap(t, choice, arguments, false)) {
        llmprov__t_chat_unwrap(t, choice, arguments, true);
        return;
    }
    name.ptr = slot->wrapper ? slot->wrapper : "unnamed";
    name.len = strlen(name.ptr);
    llmprov__t_chat_begin_call(t, c, choice, slot, name, none, false);
}

static void llmprov__t_chat_late_calls(llmprov_turn *t) {
    llmprov__t_chat_state *m = (llmprov__t_chat_state *)llmprov_turn_state(t);
    size_t i, j;
    for (i = 0; i < m->count; i++)
        for (j = 0; j < m->choices[i].slot_count; j++)
            if (m->choices[i].slots[j].block < 0) llmprov__t_chat_late(t, &m->choices[i], (int)i, &m->choices[i].slots[j]);
}

static void llmprov__t_chat_read(llmprov_turn *t, llmprov_scan *body) {
    if (llmprov_scan_kind(body) != LLMPROV_JSON_OBJECT) llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "the reply is no completion: it is no object");
    llmprov__t_chat_object(t, body);
    llmprov__t_chat_late_calls(t);
    llmprov_turn_done(t);
}

static void llmprov__t_chat_read_frame(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data) {
    if (llmprov__text_is(frame->event, "error") && llmprov_scan_kind(data) == LLMPROV_JSON_OBJECT)
        llmprov__t_chat_read_error(t, llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed in the middle of its reply"), data);
    else llmprov__t_chat_object(t, data);
}

/* At [DONE] or the end of the bytes: complete when every answer had its finish reason. */
static void llmprov__t_chat_read_end(llmprov_turn *t) {
    if (!llmprov__t_chat_ended(t)) return;
    llmprov__t_chat_late_calls(t);
    llmprov_turn_done(t);
}
#endif /* LLMPROV_NO_OPENAI_CHAT */

#ifndef LLMPROV_NO_OPENAI_RESPONSES

//==============================================================================
// >>t_responses the wire format openai-responses
//
// https://platform.openai.com/docs/api-reference/responses  and the servers that
// speak it too. A turn is a list of items; a block remembers the item that it was
// part of in members named item_*, so that it goes back as what it was. Nothing is
// left with the server (store: false) unless the request says otherwise. Items are
// told apart by output_index: some gateways change their ids from event to event.
// Calls: msg reply normal translator parts
//==============================================================================

/* -- items and blocks -- */

/* Items that a program answers: calls. The members that hold the arguments are one text of JSON or of anything in
   the first two rows; in the others they are the members of the arguments' object. */
typedef struct llmprov__t_responses_call {
    const char *type;
    const char *name;            /* of the tool; NULL = the item says it */
    const char *members;
    const char *prefix;          /* what ids begin with that the API made; others it refuses; NULL = any */
    const char *output;          /* the type of the result */
} llmprov__t_responses_call;

enum { LLMPROV__T_RESPONSES_FUNCTION, LLMPROV__T_RESPONSES_CUSTOM, LLMPROV__T_RESPONSES_COMPUTER, LLMPROV__T_RESPONSES_LOCAL_SHELL,
       LLMPROV__T_RESPONSES_SHELL, LLMPROV__T_RESPONSES_PATCH, LLMPROV__T_RESPONSES_SEARCH };

static const llmprov__t_responses_call llmprov__t_responses_calls[] = {
    { "function_call", NULL, "arguments", "fc_", "function_call_output" },
    { "custom_tool_call", NULL, "input", "ctc_", "custom_tool_call_output" },
    { "computer_call", "computer", "actions action", NULL, "computer_call_output" },
    { "local_shell_call", "local_shell", "action", NULL, "local_shell_call_output" },
    { "shell_call", "shell", "action", NULL, "shell_call_output" },
    { "apply_patch_call", "apply_patch", "operation", NULL, "apply_patch_call_output" },
    { "tool_search_call", "tool_search", "arguments", NULL, "tool_search_output" },
};

/* Whether a block was minted by this format. */
static bool llmprov__t_responses_own(const llmprov_block *b) {
    size_t len = sizeof llmprov__parts_responses - 1;
    return b->origin && !strncmp(b->origin, llmprov__parts_responses, len) && (!b->origin[len] || b->origin[len] == ':');
}

/* Whether it was a part of that kind: "refusal" of a message, "content" of a reasoning. */
static bool llmprov__t_responses_was(const llmprov_block *b, const char *part) {
    return llmprov__t_responses_own(b) && b->origin[sizeof llmprov__parts_responses - 1] && !strcmp(b->origin + sizeof llmprov__parts_responses, part);
}

/* What an own block keeps beside its fields, as JSON; ptr NULL = nothing of that name. */
static llmprov_str llmprov__t_responses_has(const llmprov_block *b, const char *key) {
    llmprov_str value = { NULL, 0 };
    if (!llmprov__t_responses_own(b) || !llmprov__msg_has(b->extra, b->extra_len, key, &value)) value.ptr = NULL, value.len = 0;
    return value;
}

static bool llmprov__t_responses_says(llmprov_str raw, const char *word) {
    size_t len = strlen(word);
    return raw.ptr && raw.len == len + 2 && !memcmp(raw.ptr + 1, word, len);
}

static bool llmprov__t_responses_same_item(const llmprov_block *a, const llmprov_block *b) {
    llmprov_str x = llmprov__t_responses_has(a, "item_id"), y = llmprov__t_responses_has(b, "item_id");
    return x.len == y.len && (!x.len || !memcmp(x.ptr, y.ptr, x.len));
}

/* -- writing a request: what it says about itself -- */

/* Whether the request was read in this format: what it does not say is its client's will, too. */
static bool llmprov__t_responses_came(const llmprov_draft *d) {
    return d->chat->origin && !strcmp(d->chat->origin, llmprov__parts_responses);
}

/* A member that llmprov_ask kept from this format; ptr NULL = none. */
static llmprov_str llmprov__t_responses_kept(const llmprov_draft *d, const char *name) {
    llmprov_str value = { NULL, 0 };
    if (!llmprov__t_responses_came(d) || !llmprov__msg_has(d->chat->kept, d->chat->kept_len, name, &value)) value.ptr = NULL, value.len = 0;
    return value;
}

/* The same from what the caller merges in. */
static llmprov_str llmprov__t_responses_extra(const llmprov_draft *d, const char *name) {
    llmprov_str value = { NULL, 0 };
    if (!llmprov__msg_has(d->chat->extra, 0, name, &value)) value.ptr = NULL, value.len = 0;
    return value;
}

static llmprov_str llmprov__t_responses_said(const llmprov_draft *d, const char *name) {
    llmprov_str value = llmprov__t_responses_extra(d, name);
    return value.ptr ? value : llmprov__t_responses_kept(d, name);
}

/* Whether the server holds the turns before: then neither they nor their reasoning are sent again. */
static bool llmprov__t_responses_goes_on(const llmprov_draft *d) {
    llmprov_str previous = llmprov__t_responses_said(d, "previous_response_id");
    return previous.ptr && previous.ptr[0] == '"';
}

/* Whether this turn is left with the server. */
static bool llmprov__t_responses_stored(const llmprov_draft *d) {
    llmprov_str store = llmprov__t_responses_said(d, "store"), background = llmprov__t_responses_said(d, "background"), talk = llmprov__t_responses_said(d, "conversation");
    if (store.ptr && store.ptr[0] != 'n') return store.ptr[0] == 't';
    return llmprov__t_responses_came(d) || llmprov__t_responses_goes_on(d) || (talk.ptr && talk.ptr[0] != 'n') || (background.ptr && background.ptr[0] == 't');
}

/* -- parts of messages and of results -- */

/* Members of a block's extra that belong to its part, not to its item. */
static const char llmprov__t_responses_parts[] = "citations prompt_cache_breakpoint detail filename logprobs";

/* The other members of an own block's item, but for those that are written by name. */
static void llmprov__t_responses_rest(llmprov_draft *d, const llmprov_block *b, const char *but) {
    llmprov_scan s = llmprov__json_scan(b->extra ? b->extra : "{}", b->extra ? llmprov__text_len(b->extra, b->extra_len) : 2, NULL, 0);
    llmprov_str key, value;
    char name[64];
    if (!llmprov__t_responses_own(b)) return;
    while (llmprov_scan_key(&s, &key)) {
        size_t len = key.len < sizeof name ? key.len : sizeof name - 1;
        memcpy(name, key.ptr, len);
        name[len] = 0;
        if (!llmprov_scan_raw(&s, &value)) return;
        if (!strncmp(name, "item_", 5) || llmprov__parts_lists(but, name) || llmprov__parts_lists(llmprov__t_responses_parts, name)) continue;
        llmprov__write_raw_key(d->body, key, value, false);
    }
}

static void llmprov__t_responses_mark(llmprov_draft *d, const llmprov_block *b) {
    llmprov_str own = llmprov__t_responses_has(b, "prompt_cache_breakpoint");
    if (own.ptr) llmprov_write_raw(d->body, "prompt_cache_breakpoint", own.ptr, own.len);
    if (own.ptr || !b->cache) return;
    llmprov_write_open(d->body, "prompt_cache_breakpoint", '{');
    llmprov_write_str(d->body, "mode", "explicit", 8);
    llmprov_write_str(d->body, "ttl", b->cache == LLMPROV_CACHE_1H ? "12h" : "30m", 3);
    llmprov_write_close(d->body);
}

static void llmprov__t_responses_type(llmprov_writer *w, const char *type) {
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", type, strlen(type));
}

/* A text as the user's, the assistant's (where annotations always stand), or as a refusal. */
static void llmprov__t_responses_text(llmprov_draft *d, const llmprov_block *b, bool assistant) {
    bool refusal = llmprov__t_responses_was(b, "refusal");
    llmprov_str notes = llmprov__t_responses_has(b, "citations"), logprobs = llmprov__t_responses_has(b, "logprobs");
    llmprov__t_responses_type(d->body, !assistant ? "input_text" : refusal ? "refusal" : "output_text");
    llmprov__write_long(d->body, assistant && refusal ? "refusal" : "text", b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
    if (assistant && !refusal && notes.ptr) llmprov_write_raw(d->body, "annotations", notes.ptr, notes.len);
    else if (assistant && !refusal && (!llmprov__t_responses_own(b) || llmprov__t_responses_has(b, "item_id").ptr)) llmprov_write_raw(d->body, "annotations", "[]", 2);
    if (assistant && logprobs.ptr) llmprov_write_raw(d->body, "logprobs", logprobs.ptr, logprobs.len);
    if (!assistant) llmprov__t_responses_mark(d, b);
    llmprov_write_close(d->body);
}

static bool llmprov__t_responses_has_bytes(const llmprov_block *b) {
    return b->data || b->base64 || b->source.read;
}

/* "key":"data:mime;base64,..." */
static void llmprov__t_responses_data_url(llmprov_writer *w, const char *key, const llmprov_block *b, const char *otherwise) {
    const char *mime = b->mime ? b->mime : otherwise;
    llmprov__write_string_open(w, key);
    llmprov__write_copy_piece(w, "data:", 5);
    llmprov__write_copy_piece(w, mime, strlen(mime));
    llmprov__write_copy_piece(w, ";base64,", 8);
    if (b->base64) llmprov__write_plain(w, b->base64, llmprov__text_len(b->base64, b->base64_len));
    else llmprov__write_base64(w, b->data, b->data_len, b->data ? NULL : &b->source);
    llmprov__write_string_close(w);
}

/* A file that OpenAI holds means something there only. */
static bool llmprov__t_responses_file(const llmprov_block *b) {
    return b->file_id && b->origin && !strncmp(b->origin, "openai-", 7);
}

/* The members that say where an image is; false = nothing that this format can point to. */
static bool llmprov__t_responses_image_at(llmprov_draft *d, const llmprov_block *b) {
    if (llmprov__t_responses_has_bytes(b)) llmprov__t_responses_data_url(d->body, "image_url", b, "image/png");
    else if (b->url) llmprov__write_long(d->body, "image_url", b->url, strlen(b->url));
    else if (llmprov__t_responses_file(b)) llmprov_write_str(d->body, "file_id", b->file_id, strlen(b->file_id));
    else return false;
    return true;
}

static bool llmprov__t_responses_image(llmprov_draft *d, const llmprov_block *b) {
    llmprov_str detail = { NULL, 0 };
    bool some;
    llmprov__t_responses_type(d->body, "input_image");
    some = llmprov__t_responses_image_at(d, b);
    if (llmprov__msg_has(b->extra, b->extra_len, "detail", &detail)) llmprov_write_raw(d->body, "detail", detail.ptr, detail.len);
    else if (!llmprov__t_responses_own(b)) llmprov_write_str(d->body, "detail", "auto", 4);
    llmprov__t_responses_mark(d, b);
    llmprov_write_close(d->body);
    return some;
}

/* A document that is text becomes text under its title: the format has no such files. */
static void llmprov__t_responses_document_text(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_writer *w = d->body;
    llmprov__t_responses_type(w, "input_text");
    llmprov__write_string_open(w, "text");
    if (b->name) llmprov__write_piece(w, b->name, strlen(b->name));
    if (b->name) llmprov__write_copy_piece(w, "\n", 1);
    llmprov__write_piece(w, b->text, llmprov__text_len(b->text, b->text_len));
    llmprov__write_string_close(w);
    llmprov__t_responses_mark(d, b);
    llmprov_write_close(w);
    llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-responses has no text documents: it became text under its title");
}

/* A file's name stands beside its bytes only: beside a URL the API refuses it. */
static bool llmprov__t_responses_document(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_writer *w = d->body;
    const char *name = b->name ? b->name : "document.pdf";
    llmprov_str detail = llmprov__t_responses_has(b, "detail");
    bool bytes = llmprov__t_responses_has_bytes(b), some = true;
    if (b->text && !bytes) {
        llmprov__t_responses_document_text(d, b, field);
        return true;
    }
    llmprov__t_responses_type(w, "input_file");
    if (bytes && (b->name || !llmprov__t_responses_own(b))) llmprov_write_str(w, "filename", name, strlen(name));
    if (bytes) llmprov__t_responses_data_url(w, "file_data", b, "application/pdf");
    else if (b->url) llmprov__write_long(w, "file_url", b->url, strlen(b->url));
    else if (llmprov__t_responses_file(b)) llmprov_write_str(w, "file_id", b->file_id, strlen(b->file_id));
    else some = false;
    if (detail.ptr) llmprov_write_raw(w, "detail", detail.ptr, detail.len);
    llmprov__t_responses_mark(d, b);
    llmprov_write_close(w);
    return some;
}

/* What a block of another format carries beyond its fields has no place here. */
static void llmprov__t_responses_lost(llmprov_draft *d, const llmprov_block *b, const char *field) {
    llmprov_scan s = llmprov__json_scan(b->extra ? b->extra : "{}", b->extra ? llmprov__text_len(b->extra, b->extra_len) : 2, NULL, 0);
    llmprov_str key, value;
    if (llmprov__t_responses_own(b)) return;
    while (llmprov_scan_key(&s, &key)) {
        bool known = llmprov__text_is(key, "cache_control") || llmprov__text_is(key, "detail") || llmprov__text_is(key, "type") ||
                     llmprov__text_is(key, "is_error") || llmprov__text_is(key, "caller");
        if (!llmprov_scan_raw(&s, &value) || known || value.ptr[0] == 'n') continue;
        llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "members of this block that openai-responses has no place for were left out (citations, source or the like)");
        return;
    }
}

/* One part of what the user says or a tool gave. */
static void llmprov__t_responses_part(llmprov_draft *d, const llmprov_block *b, const char *field) {
    bool written = false;
    llmprov__t_responses_lost(d, b, field);
    if (b->type == LLMPROV_BLOCK_TEXT) {
        llmprov__t_responses_text(d, b, false);
        return;
    }
    if (b->type == LLMPROV_BLOCK_IMAGE) written = llmprov__t_responses_image(d, b);
    else if (b->type == LLMPROV_BLOCK_DOCUMENT) written = llmprov__t_responses_document(d, b, field);
    if (!written) llmprov_draft_fail(d, LLMPROV_ERR_UNSUPPORTED, field,
        b->type == LLMPROV_BLOCK_DOCUMENT ? "openai-responses takes documents as bytes or by URL, not as another provider's file" :
        b->type == LLMPROV_BLOCK_IMAGE ? "openai-responses takes images as bytes or by URL, not as another provider's file" :
        b->type == LLMPROV_BLOCK_AUDIO ? "openai-responses takes no audio" : "openai-responses takes no such block here");
}

/* -- items -- */

/* What a turn is written with. */
typedef struct llmprov__t_responses_turn {
    llmprov_draft *d;
    const llmprov_message *m;
    size_t message;              /* its number */
    bool assistant;
    bool loose;                  /* a reasoning item was left out: the ids of those that followed it would be refused */
} llmprov__t_responses_turn;

/* Whether an item goes back under the id that it came with. */
static bool llmprov__t_responses_id(const llmprov__t_responses_turn *t, const llmprov_block *b, const char *prefix) {
    llmprov_str id = llmprov__t_responses_has(b, "item_id");
    size_t len = prefix ? strlen(prefix) : 0;
    if (!id.ptr || id.len < len + 2 || (len && memcmp(id.ptr + 1, prefix, len)) || t->loose) return false;
    llmprov_write_raw(t->d->body, "id", id.ptr, id.len);
    return true;
}

/* The end of a run of blocks that were one item. */
static size_t llmprov__t_responses_run(const llmprov_message *m, size_t from) {
    const llmprov_block *b = &m->blocks[from];
    bool media = b->type == LLMPROV_BLOCK_TEXT || (m->role != LLMPROV_ROLE_ASSISTANT && b->type <= LLMPROV_BLOCK_DOCUMENT);
    bool alone = !llmprov__t_responses_has(b, "item_id").ptr && (b->type == LLMPROV_BLOCK_THINKING || b->type == LLMPROV_BLOCK_REDACTED);
    size_t i = from + 1;
    while (i < m->block_count && !alone && llmprov__t_responses_same_item(b, &m->blocks[i]) &&
           (m->blocks[i].type == b->type || (media && m->role != LLMPROV_ROLE_ASSISTANT && m->blocks[i].type <= LLMPROV_BLOCK_DOCUMENT))) i++;
    return i;
}

/* Whether a run of texts is written as a string. */
static bool llmprov__t_responses_is_string(const llmprov__t_responses_turn *t, size_t from, size_t to) {
    const llmprov_block *b = &t->m->blocks[from];
    if (to - from != 1 || b->type != LLMPROV_BLOCK_TEXT || b->cache || llmprov__t_responses_has(b, "item_id").ptr || llmprov__t_responses_was(b, "refusal")) return false;
    return (t->m->plain && t->m->block_count == 1) || (t->assistant && !llmprov__t_responses_own(b));
}

static void llmprov__t_responses_role(const llmprov__t_responses_turn *t, const llmprov_block *b) {
    unsigned quirks = t->d->row->quirks.flags;
    bool developer = (quirks & LLMPROV_QUIRK_DEVELOPER) && t->d->profile->efforts && *t->d->profile->efforts;
    llmprov_str was = llmprov__t_responses_has(b, "item_role");
    const char *role = t->assistant ? "assistant" : t->m->role == LLMPROV_ROLE_USER ? "user" : developer ? "developer" : "system";
    if (was.ptr && t->m->role == LLMPROV_ROLE_SYSTEM) llmprov_write_raw(t->d->body, "role", was.ptr, was.len);
    else llmprov_write_str(t->d->body, "role", role, strlen(role));
}

/* A message: an item that came from here goes back with all that it had, others in the short form. */
static void llmprov__t_responses_message(llmprov__t_responses_turn *t, size_t from, size_t to) {
    llmprov_writer *w = t->d->body;
    const llmprov_block *b = &t->m->blocks[from];
    bool string = llmprov__t_responses_is_string(t, from, to), own = llmprov__t_responses_own(b), id;
    llmprov_str type = llmprov__t_responses_has(b, "item_type"), status = llmprov__t_responses_has(b, "item_status");
    char field[96];
    size_t i;
    llmprov_write_open(w, NULL, '{');
    if (type.ptr || llmprov__t_responses_has(b, "item_id").ptr || (!own && t->assistant && !string)) llmprov_write_str(w, "type", "message", 7);
    id = t->assistant && llmprov__t_responses_id(t, b, "msg_");
    llmprov__t_responses_role(t, b);
    if (status.ptr) llmprov_write_raw(w, "status", status.ptr, status.len);
    else if (id) llmprov_write_str(w, "status", "completed", 9);
    llmprov__t_responses_rest(t->d, b, "");
    if (string) {
        llmprov__parts_field(field, t->m, from);
        llmprov__t_responses_lost(t->d, b, field);
        llmprov__write_long(w, "content", b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
    } else {
        llmprov_write_open(w, "content", '[');
        for (i = from; i < to; i++) {
            llmprov__parts_field(field, t->m, i);
            if (t->assistant) llmprov__t_responses_lost(t->d, &t->m->blocks[i], field);
            if (t->assistant) llmprov__t_responses_text(t->d, &t->m->blocks[i], true);
            else llmprov__t_responses_part(t->d, &t->m->blocks[i], field);
        }
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

/* The texts of a reasoning of one kind. */
static void llmprov__t_responses_thoughts(llmprov__t_responses_turn *t, size_t from, size_t to, bool content) {
    llmprov_writer *w = t->d->body;
    bool some = false;
    size_t i;
    for (i = from; content && i < to; i++) some = some || llmprov__t_responses_was(&t->m->blocks[i], "content");
    if (content && !some) return;
    llmprov_write_open(w, content ? "content" : "summary", '[');
    for (i = from; i < to; i++) {
        const llmprov_block *b = &t->m->blocks[i];
        if (b->type != LLMPROV_BLOCK_THINKING || !llmprov__text_len(b->text, b->text_len) || llmprov__t_responses_was(b, "content") != content) continue;
        llmprov__t_responses_type(w, content ? "reasoning_text" : "summary_text");
        llmprov__write_long(w, "text", b->text, llmprov__text_len(b->text, b->text_len));
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

/* Why a reasoning is not sent; NULL = it is. */
static const char *llmprov__t_responses_unsaid(const llmprov__t_responses_turn *t, const llmprov_block *sealed) {
    if (t->d->profile->flags & LLMPROV_MODEL_NO_REPLAY) return "thinking was dropped: this model does not want it back";
    if (llmprov__t_responses_goes_on(t->d)) return "thinking was dropped: with previous_response_id the server holds it";
    if (sealed || llmprov__t_responses_stored(t->d)) return NULL;
    return "reasoning without encrypted_content was dropped: with store false the server would refuse it";
}

/* A reasoning goes back sealed, as it came. */
static void llmprov__t_responses_reasoning(llmprov__t_responses_turn *t, size_t from, size_t to) {
    llmprov_writer *w = t->d->body;
    const llmprov_block *sealed = NULL;
    llmprov_str status = llmprov__t_responses_has(&t->m->blocks[from], "item_status");
    const char *why, *seal;
    char field[96];
    size_t i;
    for (i = from; i < to; i++)
        if (t->m->blocks[i].type == LLMPROV_BLOCK_REDACTED || (t->m->blocks[i].signature && *t->m->blocks[i].signature)) sealed = &t->m->blocks[i];
    if ((why = llmprov__t_responses_unsaid(t, sealed)) != NULL) {
        llmprov__parts_field(field, t->m, from);
        llmprov_draft_warn(t->d, LLMPROV_ERR_UNSUPPORTED, field, why);
        t->loose = true;
        return;
    }
    llmprov__t_responses_type(w, "reasoning");
    llmprov__t_responses_id(t, &t->m->blocks[from], NULL);
    llmprov__t_responses_thoughts(t, from, to, false);
    llmprov__t_responses_thoughts(t, from, to, true);
    seal = !sealed ? NULL : sealed->type == LLMPROV_BLOCK_REDACTED ? sealed->text : sealed->signature;
    if (seal) llmprov__write_long(w, "encrypted_content", seal, strlen(seal));
    if (status.ptr) llmprov_write_raw(w, "status", status.ptr, status.len);
    llmprov__t_responses_rest(t->d, &t->m->blocks[from], "");
    llmprov_write_close(w);
}

/* Which kind of call a block is: its own item's, or as the tool was declared. */
static const llmprov__t_responses_call *llmprov__t_responses_kind(const llmprov_draft *d, const llmprov_block *b) {
    llmprov_str type = llmprov__t_responses_has(b, "item_type");
    size_t i;
    for (i = 0; type.ptr && i < LLMPROV__COUNT(llmprov__t_responses_calls); i++)
        if (llmprov__t_responses_says(type, llmprov__t_responses_calls[i].type)) return &llmprov__t_responses_calls[i];
    for (i = 0; i < d->chat->tool_count; i++)
        if (llmprov__text_same(d->chat->tools[i].type, llmprov__parts_custom, false) && llmprov__text_same(d->chat->tools[i].name, b->name, false))
            return &llmprov__t_responses_calls[LLMPROV__T_RESPONSES_CUSTOM];
    return llmprov__t_responses_calls;
}

/* The text of a custom tool's arguments, which are {"input":"..."}. */
static void llmprov__t_responses_input(llmprov_writer *w, const llmprov_block *b) {
    llmprov_str input;
    if (llmprov__msg_has(b->json, b->json_len, "input", &input) && input.ptr[0] == '"') llmprov_write_raw(w, "input", input.ptr, input.len);
    else llmprov__write_long(w, "input", b->json, llmprov__text_len(b->json, b->json_len));
}

static void llmprov__t_responses_write_call(llmprov__t_responses_turn *t, const llmprov_block *b, const char *field) {
    const llmprov__t_responses_call *kind = llmprov__t_responses_kind(t->d, b);
    llmprov_writer *w = t->d->body;
    llmprov_str status = llmprov__t_responses_has(b, "item_status");
    llmprov__t_responses_lost(t->d, b, field);
    llmprov__t_responses_type(w, kind->type);
    llmprov__t_responses_id(t, b, kind->prefix);
    llmprov_write_str(w, "call_id", b->id, strlen(b->id));
    if (!kind->name) llmprov_write_str(w, "name", b->name, strlen(b->name));
    if (kind->name) llmprov__msg_write_extra(w, b->json, b->json_len, NULL);
    else if (kind == llmprov__t_responses_calls) llmprov__write_long(w, "arguments", b->json, llmprov__text_len(b->json, b->json_len));
    else llmprov__t_responses_input(w, b);
    if (status.ptr) llmprov_write_raw(w, "status", status.ptr, status.len);
    else if (kind->name) llmprov_write_str(w, "status", "completed", 9);
    llmprov__t_responses_rest(t->d, b, kind->members);
    llmprov_write_close(w);
}

/* -- results -- */

/* The call that a result answers: in the assistant's turn before. */
static const llmprov_block *llmprov__t_responses_asked(const llmprov__t_responses_turn *t, const char *id) {
    const llmprov_block *b = NULL;
    size_t i = t->message;
    while (i > 0 && t->d->chat->messages[i - 1].role != LLMPROV_ROLE_ASSISTANT) i--;
    while (id && i > 0 && (b = llmprov_block_next(&t->d->chat->messages[i - 1], LLMPROV_BLOCK_TOOL_USE, b)) != NULL)
        if (b->id && !strcmp(b->id, id)) return b;
    return NULL;
}

/* A result's texts as the inside of a string. */
static void llmprov__t_responses_texts(llmprov_writer *w, const llmprov_block *b) {
    size_t i;
    if (b->text) llmprov__write_piece(w, b->text, llmprov__text_len(b->text, b->text_len));
    for (i = 0; b->content && i < b->content_count; i++) {
        if (i) llmprov__write_copy_piece(w, "\n", 1);
        llmprov__write_piece(w, b->content[i].text ? b->content[i].text : "", llmprov__text_len(b->content[i].text, b->content[i].text_len));
    }
}

static void llmprov__t_responses_string(llmprov_writer *w, const char *key, const llmprov_block *b, bool error) {
    llmprov__write_string_open(w, key);
    if (error) llmprov__write_copy_piece(w, "Error: ", 7);
    llmprov__t_responses_texts(w, b);
    llmprov__write_string_close(w);
}

/* A string, or a list of parts where it is more than text or was a list. */
static void llmprov__t_responses_output(llmprov__t_responses_turn *t, const llmprov_block *b, const char *field) {
    llmprov_writer *w = t->d->body;
    bool parts = b->content && llmprov__t_responses_own(b);
    size_t i;
    for (i = 0; b->content && i < b->content_count; i++) parts = parts || b->content[i].type != LLMPROV_BLOCK_TEXT;
    if (b->is_error && b->text != llmprov__normal_cancelled)
        llmprov_draft_warn(t->d, LLMPROV_ERR_ARGUMENT, field, "openai-responses has no is_error: the result begins with \"Error: \"");
    if (!parts) {
        llmprov__t_responses_string(w, "output", b, b->is_error);
        return;
    }
    llmprov_write_open(w, "output", '[');
    if (b->is_error) {
        llmprov__t_responses_type(w, "input_text");
        llmprov_write_str(w, "text", "Error: ", 7);
        llmprov_write_close(w);
    }
    for (i = 0; i < b->content_count; i++) llmprov__t_responses_part(t->d, &b->content[i], field);
    llmprov_write_close(w);
}

/* What a shell printed. */
static void llmprov__t_responses_shell(llmprov_writer *w, const llmprov_block *b) {
    llmprov_write_open(w, "output", '[');
    llmprov_write_open(w, NULL, '{');
    llmprov__t_responses_string(w, "stdout", b, false);
    llmprov_write_str(w, "stderr", "", 0);
    llmprov_write_open(w, "outcome", '{');
    llmprov_write_str(w, "type", "exit", 4);
    llmprov_write_int(w, "exit_code", b->is_error ? 1 : 0);
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_write_close(w);
}

/* A picture of one empty point. */
static const char llmprov__t_responses_blank[] = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

/* A screenshot: the result's image. */
static void llmprov__t_responses_screenshot(llmprov__t_responses_turn *t, const llmprov_block *b, const char *field) {
    llmprov_writer *w = t->d->body;
    bool some = false;
    size_t i;
    llmprov_write_open(w, "output", '{');
    llmprov_write_str(w, "type", "computer_screenshot", 19);
    for (i = 0; i < b->content_count && !some; i++) some = b->content[i].type == LLMPROV_BLOCK_IMAGE && llmprov__t_responses_image_at(t->d, &b->content[i]);
    if (!some && b->text == llmprov__normal_cancelled) {
        llmprov_write_str(w, "image_url", llmprov__t_responses_blank, sizeof llmprov__t_responses_blank - 1);
        llmprov_draft_warn(t->d, LLMPROV_ERR_ARGUMENT, field, "the result of a computer call is a screenshot: an empty picture stands for the one that was not taken");
    } else if (!some) llmprov_draft_fail(t->d, LLMPROV_ERR_UNSUPPORTED, field, "the result of a computer call is a screenshot: give it an image");
    llmprov_write_close(w);
}

static void llmprov__t_responses_tools_found(llmprov_writer *w, const llmprov_block *b) {
    const char *text = b->text ? b->text : "";
    size_t len = llmprov__text_len(text, b->text_len);
    llmprov_scan s = llmprov__json_scan(text, len, NULL, 0);
    bool list = llmprov_scan_kind(&s) == LLMPROV_JSON_ARRAY;
    llmprov_scan_skip(&s);
    list = list && llmprov__json_done(&s);
    llmprov_write_raw(w, "tools", list ? text : "[]", list ? len : 2);
}

static void llmprov__t_responses_result(llmprov__t_responses_turn *t, const llmprov_block *b, const char *field) {
    const llmprov_block *call = llmprov__t_responses_asked(t, b->id);
    const llmprov__t_responses_call *kind = llmprov__t_responses_kind(t->d, call ? call : b);
    llmprov_writer *w = t->d->body;
    llmprov_str own = llmprov__t_responses_has(b, "output"), status = llmprov__t_responses_has(b, "item_status");
    size_t row = (size_t)(kind - llmprov__t_responses_calls);
    const char *id = b->id ? b->id : "";
    llmprov__t_responses_lost(t->d, b, field);
    llmprov__t_responses_type(w, kind->output);
    llmprov__t_responses_id(t, b, NULL);
    llmprov_write_str(w, row == LLMPROV__T_RESPONSES_LOCAL_SHELL ? "id" : "call_id", id, strlen(id));
    if (own.ptr) llmprov__write_long_raw(w, "output", own.ptr, own.len);
    else if (row == LLMPROV__T_RESPONSES_COMPUTER) llmprov__t_responses_screenshot(t, b, field);
    else if (row == LLMPROV__T_RESPONSES_SHELL) llmprov__t_responses_shell(w, b);
    else if (row == LLMPROV__T_RESPONSES_SEARCH) llmprov__t_responses_tools_found(w, b);
    else if (row == LLMPROV__T_RESPONSES_PATCH || row == LLMPROV__T_RESPONSES_LOCAL_SHELL) llmprov__t_responses_string(w, "output", b, false);
    else llmprov__t_responses_output(t, b, field);
    if (status.ptr) llmprov_write_raw(w, "status", status.ptr, status.len);
    else if (row == LLMPROV__T_RESPONSES_PATCH) llmprov_write_str(w, "status", b->is_error ? "failed" : "completed", b->is_error ? 6 : 9);
    llmprov__t_responses_rest(t->d, b, "output");
    llmprov_write_close(w);
}

/* -- turns -- */

/* Whether an item is one that the server holds already. */
static bool llmprov__t_responses_held(const llmprov__t_responses_turn *t, const llmprov_block *b) {
    llmprov_str id;
    bool item = b->type == LLMPROV_BLOCK_RAW ? llmprov__msg_has(b->json, b->json_len, "id", &id) : llmprov__t_responses_has(b, "item_id").ptr != NULL;
    return t->assistant && item && (b->type == LLMPROV_BLOCK_RAW || b->type == LLMPROV_BLOCK_TEXT) && llmprov__t_responses_goes_on(t->d);
}

/* Writes the item that begins with a block; returns the block behind it. */
static size_t llmprov__t_responses_item(llmprov__t_responses_turn *t, size_t at) {
    const llmprov_block *b = &t->m->blocks[at];
    size_t end = llmprov__t_responses_run(t->m, at);
    char field[96];
    llmprov__parts_field(field, t->m, at);
    if (llmprov__t_responses_held(t, b)) {
        llmprov_draft_warn(t->d, LLMPROV_ERR_UNSUPPORTED, field, "with previous_response_id the server holds this item: it was left out");
        return end;
    }
    if (b->type == LLMPROV_BLOCK_TOOL_RESULT) {
        llmprov__t_responses_result(t, b, field);
        return at + 1;
    }
    if (b->type == LLMPROV_BLOCK_RAW) {
        llmprov__write_long_raw(t->d->body, NULL, b->json, llmprov__text_len(b->json, b->json_len));
        return at + 1;
    }
    if (b->type == LLMPROV_BLOCK_TEXT || !t->assistant) {
        llmprov__t_responses_message(t, at, end);
        return end;
    }
    if (b->type == LLMPROV_BLOCK_THINKING || b->type == LLMPROV_BLOCK_REDACTED) {
        llmprov__t_responses_reasoning(t, at, end);
        return end;
    }
    if (b->type == LLMPROV_BLOCK_TOOL_USE) {
        llmprov__t_responses_write_call(t, b, field);
        return at + 1;
    }
    llmprov_draft_warn(t->d, LLMPROV_ERR_UNSUPPORTED, field, "openai-responses takes text, thinking and calls in the assistant's turns: this block was left out");
    return at + 1;
}

static void llmprov__t_responses_write_turn(llmprov_draft *d, const llmprov_message *m, size_t number) {
    llmprov__t_responses_turn t = { NULL, NULL, 0, false, false };
    bool last = (d->row->quirks.flags & LLMPROV_QUIRK_CALLS_LAST) != 0;
    size_t i = 0;
    t.d = d;
    t.m = m;
    t.message = number;
    t.assistant = m->role == LLMPROV_ROLE_ASSISTANT;
    while (i < m->block_count) i = last && m->blocks[i].type == LLMPROV_BLOCK_TOOL_USE ? i + 1 : llmprov__t_responses_item(&t, i);
    for (i = 0; last && i < m->block_count; i++)
        if (m->blocks[i].type == LLMPROV_BLOCK_TOOL_USE) llmprov__t_responses_item(&t, i);
}

/* A request that was read with a string for input, and nothing was added to it, has one again. */
static bool llmprov__t_responses_input_is_string(const llmprov_draft *d) {
    llmprov_str was = llmprov__t_responses_kept(d, "input");
    const llmprov_message *m = d->chat->messages;
    return was.ptr && d->chat->message_count == 1 && m->plain && m->block_count == 1 && m->blocks->type == LLMPROV_BLOCK_TEXT && !m->blocks->cache;
}

static bool llmprov__t_responses_system_marked(const llmprov_request *r) {
    size_t i;
    for (i = 0; i < r->system_count; i++)
        if (r->system_blocks[i].cache) return true;
    return false;
}

static void llmprov__t_responses_conversation(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_message system;
    size_t i;
    if (llmprov__t_responses_input_is_string(d)) {
        llmprov__write_long(d->body, "input", r->messages->blocks->text, llmprov__text_len(r->messages->blocks->text, r->messages->blocks->text_len));
        return;
    }
    llmprov_write_open(d->body, "input", '[');
    memset(&system, 0, sizeof system);
    system.role = LLMPROV_ROLE_SYSTEM;
    system.blocks = r->system_blocks;
    system.block_count = r->system_count;
    if (llmprov__t_responses_system_marked(r)) llmprov__t_responses_write_turn(d, &system, 0);
    for (i = 0; i < r->message_count; i++) llmprov__t_responses_write_turn(d, &r->messages[i], i);
    llmprov_write_close(d->body);
}

/* The system prompt is one text, unless cache marks ask for parts: then it is the first message. */
static void llmprov__t_responses_instructions(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    size_t i;
    if (!r->system_count || llmprov__t_responses_system_marked(r)) return;
    llmprov__write_string_open(d->body, "instructions");
    for (i = 0; i < r->system_count; i++) {
        llmprov__t_responses_lost(d, &r->system_blocks[i], "system");
        if (i) llmprov__write_copy_piece(d->body, "\n\n", 2);
        llmprov__write_piece(d->body, r->system_blocks[i].text, llmprov__text_len(r->system_blocks[i].text, r->system_blocks[i].text_len));
    }
    llmprov__write_string_close(d->body);
}

/* -- tools -- */

/* Members of a tool: those of another format's mean nothing here. */
static void llmprov__t_responses_tool_rest(llmprov_draft *d, const llmprov_tool *tool, const char *field) {
    bool foreign = d->chat->origin && !llmprov__t_responses_came(d);
    llmprov_str key, value;
    llmprov_scan s = llmprov__json_scan(tool->extra ? tool->extra : "{}", tool->extra ? strlen(tool->extra) : 2, NULL, 0);
    while (llmprov_scan_key(&s, &key)) {
        bool type = llmprov__text_is(key, "type");
        if (!llmprov_scan_raw(&s, &value) || type) continue;
        if (!foreign) llmprov__write_raw_key(d->body, key, value, false);
        else llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "members of this tool that another format minted were left out");
        if (foreign) return;
    }
}

/* Without strict the API is strict: so it is always said, but for a client that chose not to say it. */
static void llmprov__t_responses_function(llmprov_draft *d, const llmprov_tool *tool, const char *field) {
    llmprov_writer *w = d->body;
    bool silent = (d->row->quirks.flags & LLMPROV_QUIRK_NO_STRICT) || (!tool->strict && llmprov__t_responses_came(d));
    llmprov__t_responses_type(w, "function");
    llmprov_write_str(w, "name", tool->name, strlen(tool->name));
    if (tool->description && *tool->description) llmprov__write_long(w, "description", tool->description, strlen(tool->description));
    if (tool->schema) llmprov__write_long_raw(w, "parameters", tool->schema, strlen(tool->schema));
    else llmprov_write_raw(w, "parameters", "{\"type\":\"object\",\"properties\":{}}", 33);
    if (!silent) llmprov_write_bool(w, "strict", tool->strict == LLMPROV_YES);
    llmprov__t_responses_tool_rest(d, tool, field);
    llmprov_write_close(w);
}

/* A custom tool as openai-chat has it, in an object of its own and its grammar in a further one, is flat here. */
static void llmprov__t_responses_nested(llmprov_draft *d, llmprov_str custom) {
    llmprov_scan s = llmprov__json_scan(custom.ptr, custom.len, NULL, 0);
    llmprov_str key, value, grammar;
    while (llmprov_scan_key(&s, &key)) {
        bool format = llmprov__text_is(key, "format");
        if (!llmprov_scan_raw(&s, &value)) return;
        if (!format || !llmprov__msg_has(value.ptr, value.len, "grammar", &grammar)) {
            llmprov__write_raw_key(d->body, key, value, false);
            continue;
        }
        llmprov_write_open(d->body, "format", '{');
        llmprov_write_str(d->body, "type", "grammar", 7);
        llmprov__msg_write_extra(d->body, grammar.ptr, grammar.len, NULL);
        llmprov_write_close(d->body);
    }
}

static void llmprov__t_responses_custom(llmprov_draft *d, const llmprov_tool *tool, const char *field) {
    llmprov_str nested;
    llmprov__t_responses_type(d->body, llmprov__parts_custom);
    if (llmprov__msg_has(tool->extra, 0, llmprov__parts_custom, &nested) && nested.ptr[0] == '{') {
        llmprov__t_responses_nested(d, nested);
    } else {
        if (tool->name) llmprov_write_str(d->body, "name", tool->name, strlen(tool->name));
        if (tool->description && *tool->description) llmprov__write_long(d->body, "description", tool->description, strlen(tool->description));
        llmprov__t_responses_tool_rest(d, tool, field);
    }
    llmprov_write_close(d->body);
}

/* Kinds of Anthropic's end in a date of eight digits; OpenAI's do not. */
static bool llmprov__t_responses_dated(const char *type) {
    size_t len = strlen(type), i;
    if (len < 10 || type[len - 9] != '_') return false;
    for (i = len - 8; i < len; i++)
        if (type[i] < '0' || type[i] > '9') return false;
    return true;
}

/* What Anthropic's tools that its servers run are called here. */
static bool llmprov__t_responses_hosted(llmprov_draft *d, const llmprov_tool *tool) {
    llmprov_writer *w = d->body;
    llmprov_str value;
    if (!strncmp(tool->type, "web_search_", 11)) {
        llmprov__t_responses_type(w, "web_search");
        if (llmprov__msg_has(tool->extra, 0, "user_location", &value)) llmprov_write_raw(w, "user_location", value.ptr, value.len);
        if (llmprov__msg_has(tool->extra, 0, "allowed_domains", &value) && value.ptr[0] == '[') {
            llmprov_write_open(w, "filters", '{');
            llmprov_write_raw(w, "allowed_domains", value.ptr, value.len);
            llmprov_write_close(w);
        }
    } else if (!strncmp(tool->type, "code_execution_", 15)) {
        llmprov__t_responses_type(w, "code_interpreter");
        llmprov_write_raw(w, "container", "{\"type\":\"auto\"}", 15);
    } else return false;
    llmprov_write_close(w);
    return true;
}

static void llmprov__t_responses_tool(llmprov_draft *d, const llmprov_tool *tool, const char *field) {
    llmprov_tool function;
    if (tool->strict && (d->row->quirks.flags & LLMPROV_QUIRK_NO_STRICT))
        llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "this provider knows no strict tools: strict was left out");
    if (!tool->type) {
        llmprov__t_responses_function(d, tool, field);
    } else if (!strcmp(tool->type, llmprov__parts_custom)) {
        llmprov__t_responses_custom(d, tool, field);
    } else if (!llmprov__t_responses_dated(tool->type)) {
        llmprov__t_responses_type(d->body, tool->type);
        if (tool->name) llmprov_write_str(d->body, "name", tool->name, strlen(tool->name));
        if (tool->description && *tool->description) llmprov__write_long(d->body, "description", tool->description, strlen(tool->description));
        llmprov__msg_write_extra(d->body, tool->extra, 0, "type");
        llmprov_write_close(d->body);
    } else if (llmprov__t_responses_hosted(d, tool)) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-responses has its own tool for this: that was sent, with the members that both have");
    } else if (llmprov__parts_as_function(tool, &function)) {
        llmprov__t_responses_function(d, &function, field);
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, field, "openai-responses has no such tool kind: a function with its known schema stands for it");
    } else llmprov_draft_warn(d, LLMPROV_ERR_UNSUPPORTED, field, "openai-responses has no such tool kind: the tool was left out");
}

/* The choice of one tool, in the words for its kind. */
static void llmprov__t_responses_named(llmprov_draft *d) {
    const char *name = d->chat->tool_name, *type = NULL;
    size_t i;
    for (i = 0; i < d->chat->tool_count; i++)
        if (llmprov__text_same(d->chat->tools[i].name, name, false) || (!d->chat->tools[i].name && llmprov__text_same(d->chat->tools[i].type, name, false))) type = d->chat->tools[i].type;
    if (type && llmprov__t_responses_dated(type)) type = NULL;
    llmprov_write_open(d->body, "tool_choice", '{');
    llmprov_write_str(d->body, "type", type ? type : "function", type ? strlen(type) : 8);
    if (!type || !strcmp(type, llmprov__parts_custom)) llmprov_write_str(d->body, "name", name, strlen(name));
    llmprov_write_close(d->body);
}

static void llmprov__t_responses_choice(llmprov_draft *d) {
    static const char *const words[] = { "auto", "none", "required", "required" };
    llmprov_tool_choice choice = d->chat->tool_choice;
    llmprov_str kept = llmprov__t_responses_kept(d, "tool_choice");
    if (choice >= LLMPROV_TOOL_ANY && ((d->row->quirks.flags & LLMPROV_QUIRK_NO_FORCED_TOOL) || (d->profile->flags & (LLMPROV_MODEL_NO_REQUIRED | LLMPROV_MODEL_NO_FORCED_TOOL)))) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "tool_choice", "this model or provider refuses a forced tool: auto was sent");
        choice = LLMPROV_TOOL_AUTO;
        kept.ptr = NULL;
    }
    if (kept.ptr) llmprov_write_raw(d->body, "tool_choice", kept.ptr, kept.len);
    else if (choice == LLMPROV_TOOL_NAMED && d->chat->tool_name) llmprov__t_responses_named(d);
    else if (choice != LLMPROV_TOOL_AUTO) llmprov_write_str(d->body, "tool_choice", words[choice], strlen(words[choice]));
    if (!d->chat->parallel_tools) return;
    if (d->row->quirks.flags & LLMPROV_QUIRK_NO_PARALLEL) llmprov__parts_drop_text(d, "parallel_tools", "this provider has no parallel_tool_calls: it was left out");
    else llmprov_write_bool(d->body, "parallel_tool_calls", d->chat->parallel_tools == LLMPROV_YES);
}

/* A list without a tool in it is not written. */
static void llmprov__t_responses_tools(llmprov_draft *d) {
    llmprov_tool function;
    size_t i, count = 0;
    for (i = 0; i < d->chat->tool_count; i++) {
        const llmprov_tool *tool = &d->chat->tools[i];
        count += !tool->type || !llmprov__t_responses_dated(tool->type) || !strncmp(tool->type, "web_search_", 11) ||
                 !strncmp(tool->type, "code_execution_", 15) || llmprov__parts_as_function(tool, &function);
    }
    if (count) llmprov_write_open(d->body, "tools", '[');
    for (i = 0; i < d->chat->tool_count; i++) {
        char field[40] = "tools[";
        llmprov__err_number n = llmprov__err_int((int64_t)i);
        memcpy(field + 6, n.text, strlen(n.text));
        memcpy(field + 6 + strlen(n.text), "]", 2);
        llmprov__t_responses_tool(d, &d->chat->tools[i], field);
    }
    if (count) llmprov_write_close(d->body);
    if (count || llmprov__t_responses_came(d)) llmprov__t_responses_choice(d);
}

/* -- settings -- */

static llmprov_effort llmprov__t_responses_effort(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    if (r->thinking == LLMPROV_THINKING_OFF) return LLMPROV_EFFORT_OFF;
    if (r->effort) return r->effort;
    if (r->thinking_tokens.set) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "thinking_tokens", "openai-responses takes no thinking budget: an effort was sent");
        return llmprov__parts_effort_of(r->thinking_tokens.value);
    }
    if (llmprov__t_responses_came(d)) return LLMPROV_EFFORT_DEFAULT;
    return r->thinking == LLMPROV_THINKING_ON || r->thinking == LLMPROV_THINKING_BETWEEN_TOOLS ? LLMPROV_EFFORT_MEDIUM : LLMPROV_EFFORT_DEFAULT;
}

/* How hard to think, and whether it is to be seen; returns the word that was sent, or NULL. */
static const char *llmprov__t_responses_reason(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    const char *word = llmprov__parts_effort(d, llmprov__t_responses_effort(d));
    llmprov_str kept = llmprov__t_responses_kept(d, "reasoning");
    bool aloud = !llmprov__t_responses_came(d) && (r->thinking == LLMPROV_THINKING_ON || r->thinking == LLMPROV_THINKING_BETWEEN_TOOLS || r->thinking_tokens.set);
    if (!word && !kept.ptr) return NULL;
    llmprov_write_open(d->body, "reasoning", '{');
    if (word) llmprov_write_str(d->body, "effort", word, strlen(word));
    if (aloud && word && strcmp(word, "none")) llmprov_write_str(d->body, "summary", "auto", 4);
    if (kept.ptr) llmprov__msg_write_extra(d->body, kept.ptr, kept.len, NULL);
    llmprov_write_close(d->body);
    return word;
}

static void llmprov__t_responses_sampling(llmprov_draft *d, const char *effort) {
    const llmprov_request *r = d->chat;
    bool off = effort && !strcmp(effort, "none"), reasons = (d->profile->flags & LLMPROV_MODEL_REASONS) || effort;
    const char *why = llmprov__parts_no_sampling(d, !off && reasons), *none = "openai-responses has no such member";
    if (why) {
        llmprov__parts_drop_num(d, "temperature", r->temperature, why);
        llmprov__parts_drop_num(d, "top_p", r->top_p, why);
    } else {
        llmprov__parts_write_range(d, "temperature", r->temperature, 2);
        llmprov__parts_write_range(d, "top_p", r->top_p, 1);
    }
    llmprov__parts_drop_num(d, "presence_penalty", r->presence_penalty, none);
    llmprov__parts_drop_num(d, "frequency_penalty", r->frequency_penalty, none);
    llmprov__parts_drop_int(d, "top_k", r->top_k, none);
    llmprov__parts_drop_int(d, "seed", r->seed, none);
    if (r->n.set && r->n.value != 1) llmprov__parts_drop_int(d, "n", r->n, "this format gives one answer");
    if (r->stop_count) llmprov__parts_drop_text(d, "stop", "openai-responses knows no stop sequences: they were left out");
}

/* The API takes sixteen tokens at least. */
static void llmprov__t_responses_tokens(llmprov_draft *d) {
    const char *key = d->row->quirks.max_tokens_key;
    int64_t most = d->chat->max_tokens.value;
    if (!d->chat->max_tokens.set) return;
    if (most < 16) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "max_tokens", "openai-responses takes 16 tokens at least: that was sent");
        most = 16;
    }
    llmprov_write_int(d->body, key ? key : "max_output_tokens", most);
}

/* The answer's form, and what else was kept of this member. */
static void llmprov__t_responses_write_text(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_writer *w = d->body;
    llmprov_str kept = llmprov__t_responses_kept(d, "text");
    if (!r->schema && !kept.ptr) return;
    llmprov_write_open(w, "text", '{');
    if (r->schema) {
        llmprov_write_open(w, "format", '{');
        if (d->row->quirks.flags & LLMPROV_QUIRK_NO_JSON_SCHEMA) {
            llmprov_write_str(w, "type", "json_object", 11);
            llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "schema", "this provider knows no json_schema: json_object was sent, and the schema went nowhere; say it in the prompt");
        } else {
            llmprov_write_str(w, "type", "json_schema", 11);
            llmprov_write_str(w, "name", r->schema_name, strlen(r->schema_name));
            llmprov__write_long_raw(w, "schema", r->schema, strlen(r->schema));
            if (r->schema_strict) llmprov_write_bool(w, "strict", r->schema_strict == LLMPROV_YES);
        }
        llmprov_write_close(w);
    }
    if (kept.ptr) llmprov__msg_write_extra(w, kept.ptr, kept.len, r->schema ? "format" : NULL);
    llmprov_write_close(w);
}

/* OpenAI's safety_identifier takes 128 characters. */
static void llmprov__t_responses_user_id(llmprov_draft *d) {
    const char *key = d->row->quirks.user_key ? d->row->quirks.user_key : "safety_identifier", *id = d->chat->user_id;
    size_t len = llmprov__text_len(id, 0);
    if (!id) return;
    if (len > 128) {
        llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "user_id", "safety_identifier takes 128 characters: the rest was cut off");
        for (len = 128; len && ((unsigned char)id[len] & 0xC0) == 0x80; len--) { }
    }
    llmprov_write_str(d->body, key, id, len);
}

/* Nothing is left with the server; so reasoning must come sealed, to be sent back. Models that do not reason refuse it. */
static void llmprov__t_responses_store(llmprov_draft *d, const char *effort) {
    bool reasons = (d->profile->flags & LLMPROV_MODEL_REASONS) || (d->profile->efforts && *d->profile->efforts) || effort;
    if (llmprov__t_responses_stored(d) || llmprov__t_responses_came(d)) return;
    if (!llmprov__t_responses_extra(d, "store").ptr) llmprov_write_bool(d->body, "store", false);
    if (reasons && !llmprov__t_responses_extra(d, "include").ptr) llmprov_write_raw(d->body, "include", "[\"reasoning.encrypted_content\"]", 31);
}

/* Members that this format kept: those that were written with their fields are not written twice. */
static void llmprov__t_responses_write_kept(llmprov_draft *d) {
    llmprov_scan s;
    llmprov_str key, value;
    if (!llmprov__t_responses_came(d)) {
        llmprov__parts_kept(d, llmprov__parts_responses, "", NULL);
        return;
    }
    s = llmprov__json_scan(d->chat->kept ? d->chat->kept : "{}", d->chat->kept ? llmprov__text_len(d->chat->kept, d->chat->kept_len) : 2, NULL, 0);
    while (llmprov_scan_key(&s, &key)) {
        bool written = llmprov__text_is(key, "input") || llmprov__text_is(key, "reasoning") || llmprov__text_is(key, "text") || llmprov__text_is(key, "tool_choice");
        if (llmprov_scan_raw(&s, &value) && !written) llmprov__write_raw_key(d->body, key, value, false);
    }
}

static void llmprov__t_responses_write(llmprov_draft *d) {
    const llmprov_request *r = d->chat;
    llmprov_writer *w = d->body;
    const char *effort;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "model", d->model, strlen(d->model));
    llmprov__t_responses_tokens(d);
    if (d->stream) llmprov_write_bool(w, "stream", true);
    effort = llmprov__t_responses_reason(d);
    llmprov__t_responses_sampling(d, effort);
    llmprov__t_responses_write_text(d);
    llmprov__t_responses_store(d, effort);
    llmprov__t_responses_user_id(d);
    if (r->service_tier) {
        bool only = !strcmp(r->service_tier, "standard_only");
        if (only) llmprov_draft_warn(d, LLMPROV_ERR_ARGUMENT, "service_tier", "openai-responses calls \"standard_only\" \"default\": that was sent");
        llmprov_write_str(w, "service_tier", only ? "default" : r->service_tier, only ? 7 : strlen(r->service_tier));
    }
    llmprov__t_responses_tools(d);
    llmprov__t_responses_write_kept(d);
    llmprov__t_responses_instructions(d);
    llmprov__write_rest(w, "input");
    llmprov__t_responses_conversation(d);
    llmprov_write_close(w);
}

/* -- reading replies: the items that are open -- */

typedef enum llmprov__t_responses_what { LLMPROV__T_RESPONSES_MESSAGE, LLMPROV__T_RESPONSES_REASONING, LLMPROV__T_RESPONSES_CALL, LLMPROV__T_RESPONSES_OTHER } llmprov__t_responses_what;

/* The kinds of parts that become blocks. */
enum { LLMPROV__T_RESPONSES_SAID, LLMPROV__T_RESPONSES_REFUSED, LLMPROV__T_RESPONSES_SUMMARY, LLMPROV__T_RESPONSES_CONTENT, LLMPROV__T_RESPONSES_PART_KINDS };

typedef struct llmprov__t_responses_open {
    int64_t index;               /* the wire's output_index */
    llmprov__t_responses_what what;
    const llmprov__t_responses_call *call;
    char *extra;                 /* members that its blocks remember */
    size_t extra_len;
    int block;                   /* the one that is open, -1 = none */
    int kind;                    /* of its part */
    int64_t part;                /* the number of that part; those before it have been said */
    bool some;                   /* a piece of it came */
    bool begun[2];               /* of a message: content; of a reasoning: summary, content: a part was begun */
    int64_t last[2];             /* the last one that was */
    bool annotated, ended;
} llmprov__t_responses_open;

typedef struct llmprov__t_responses_state {
    llmprov__t_responses_open *items;
    size_t count, cap, latest;
    bool refused;
} llmprov__t_responses_state;

/* Members of an event, or of the object that stands for one. */
enum { LLMPROV__T_RESPONSES_TYPE, LLMPROV__T_RESPONSES_INDEX, LLMPROV__T_RESPONSES_DELTA, LLMPROV__T_RESPONSES_PART, LLMPROV__T_RESPONSES_SUMMARY_PART,
       LLMPROV__T_RESPONSES_LOGPROBS, LLMPROV__T_RESPONSES_TEXT, LLMPROV__T_RESPONSES_REFUSAL, LLMPROV__T_RESPONSES_ARGUMENTS, LLMPROV__T_RESPONSES_INPUT,
       LLMPROV__T_RESPONSES_ITEM, LLMPROV__T_RESPONSES_PART_ITSELF, LLMPROV__T_RESPONSES_RESPONSE, LLMPROV__T_RESPONSES_ANNOTATION, LLMPROV__T_RESPONSES_MEMBERS };

static const char *const llmprov__t_responses_members[] = { "type", "output_index", "delta", "content_index", "summary_index", "logprobs", "text", "refusal",
                                                            "arguments", "input", "item", "part", "response", "annotation" };

/* One event while it is read. */
typedef struct llmprov__t_responses_event {
    llmprov_turn *t;
    const llmprov_scan *s;
    llmprov_str v[LLMPROV__T_RESPONSES_MEMBERS], whole, type;
    int kind;                    /* what its row says */
} llmprov__t_responses_event;

static bool llmprov__t_responses_some(llmprov_str raw) {
    return raw.ptr && raw.ptr[0] == '"' && raw.len > 2;
}

static llmprov__t_responses_open *llmprov__t_responses_find(llmprov__t_responses_state *m, llmprov_str index, const llmprov_scan *s) {
    int64_t i = llmprov__parts_count(s, index);
    size_t k;
    if (!index.ptr) return m->count ? &m->items[m->latest] : NULL;
    for (k = m->count; k > 0; k--)
        if (m->items[k - 1].index == i) return &m->items[m->latest = k - 1];
    return NULL;
}

static llmprov__t_responses_open *llmprov__t_responses_new(llmprov_turn *t, int64_t index) {
    llmprov__t_responses_state *m = (llmprov__t_responses_state *)llmprov_turn_state(t);
    llmprov__t_responses_open *it;
    if (m->count == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 4;
        it = (llmprov__t_responses_open *)llmprov__mem_take(&t->arena, cap * sizeof *it);
        if (!it) {
            llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
            return NULL;
        }
        if (m->count) memcpy(it, m->items, m->count * sizeof *it);
        m->items = it;
        m->cap = cap;
    }
    m->latest = m->count;
    it = &m->items[m->count++];
    memset(it, 0, sizeof *it);
    it->index = index;
    it->block = -1;
    return it;
}

/* -- blocks -- */

static void llmprov__t_responses_close(llmprov_turn *t, llmprov__t_responses_open *it) {
    if (it->block >= 0) llmprov_turn_block_end(t, it->block);
    it->block = -1;
    it->some = it->annotated = false;
}

static bool llmprov__t_responses_second(int kind) {
    return kind == LLMPROV__T_RESPONSES_CONTENT;
}

/* Whether a part of that number has not been begun yet. */
static bool llmprov__t_responses_is_new(const llmprov__t_responses_open *it, int kind, int64_t part) {
    bool second = llmprov__t_responses_second(kind);
    return !it->begun[second] || part > it->last[second];
}

/* The block of a part of a message or of a reasoning, begun when there is none; what was open ends. -1 = it has been. */
static int llmprov__t_responses_part_at(llmprov_turn *t, llmprov__t_responses_open *it, int kind, int64_t part) {
    static const char *const origins[] = { llmprov__parts_responses, "openai-responses:refusal", llmprov__parts_responses, "openai-responses:content" };
    llmprov_block b;
    if (it->block >= 0 && it->kind == kind && it->part == part) return it->block;
    if (it->ended || !llmprov__t_responses_is_new(it, kind, part)) return -1;
    llmprov__t_responses_close(t, it);
    memset(&b, 0, sizeof b);
    b.type = it->what == LLMPROV__T_RESPONSES_REASONING ? LLMPROV_BLOCK_THINKING : LLMPROV_BLOCK_TEXT;
    b.origin = origins[kind];
    b.extra = it->extra;
    b.extra_len = it->extra_len;
    it->block = llmprov_turn_block(t, 0, &b);
    it->kind = kind;
    it->part = part;
    it->begun[llmprov__t_responses_second(kind)] = true;
    it->last[llmprov__t_responses_second(kind)] = part;
    if (kind == LLMPROV__T_RESPONSES_REFUSED) ((llmprov__t_responses_state *)llmprov_turn_state(t))->refused = true;
    return it->block;
}

static void llmprov__t_responses_logprobs_read(llmprov_turn *t, llmprov_str list) {
    llmprov_writer w;
    llmprov_str json;
    if (!list.ptr || list.ptr[0] != '[' || list.len <= 2) return;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_raw(&w, "content", list.ptr, list.len);
    llmprov_write_close(&w);
    json.ptr = w.text;
    json.len = w.len;
    if (w.status) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    else llmprov_turn_choice_part(t, 0, "logprobs", json);
    llmprov_writer_free(&w);
}

static void llmprov__t_responses_annotations(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str list) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str item;
    if (!list.ptr || list.ptr[0] != '[' || it->annotated) return;
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) llmprov_turn_part(t, it->block, "citation", item);
}

/* The text that a part's end repeats: it counts only where no piece of it came. */
static void llmprov__t_responses_whole_text(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str text) {
    if (!it->some && llmprov__t_responses_some(text)) llmprov_turn_piece(t, it->block, s, text);
    it->some = it->some || llmprov__t_responses_some(text);
}

/* A part as it stands in an item, or at its end: what has not been said of it yet. */
static void llmprov__t_responses_part_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str part, int64_t number, bool summary) {
    static const char *const names[] = { "type", "text", "refusal", "annotations", "logprobs" };
    llmprov_str v[5];
    bool refusal, fresh;
    int kind;
    if (!part.ptr || part.ptr[0] != '{') return;
    llmprov__parts_members(s, part, names, v, 5);
    refusal = v[2].ptr && llmprov__t_responses_says(v[0], "refusal");
    kind = it->what == LLMPROV__T_RESPONSES_REASONING ? (summary ? LLMPROV__T_RESPONSES_SUMMARY : LLMPROV__T_RESPONSES_CONTENT) :
           refusal ? LLMPROV__T_RESPONSES_REFUSED : LLMPROV__T_RESPONSES_SAID;
    fresh = llmprov__t_responses_is_new(it, kind, number);
    if (llmprov__t_responses_part_at(t, it, kind, number) < 0) return;
    if (fresh) llmprov__t_responses_logprobs_read(t, v[4]);
    llmprov__t_responses_whole_text(t, s, it, refusal ? v[2] : v[1]);
    llmprov__t_responses_annotations(t, s, it, v[3]);
    it->annotated = it->annotated || (v[3].ptr && v[3].len > 2);
}

static void llmprov__t_responses_parts_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str list, bool summary) {
    llmprov_scan in = llmprov_scan_in(s, list);
    llmprov_str part;
    int64_t number = 0;
    if (!list.ptr || list.ptr[0] != '[') return;
    while (llmprov_scan_item(&in) && llmprov_scan_raw(&in, &part)) llmprov__t_responses_part_read(t, s, it, part, number++, summary);
}

/* -- items -- */

enum { LLMPROV__T_RESPONSES_ITEM_TYPE, LLMPROV__T_RESPONSES_ITEM_ID, LLMPROV__T_RESPONSES_CALL_ID, LLMPROV__T_RESPONSES_NAME, LLMPROV__T_RESPONSES_CONTENTS,
       LLMPROV__T_RESPONSES_SUMMARIES, LLMPROV__T_RESPONSES_SEALED, LLMPROV__T_RESPONSES_STATUS, LLMPROV__T_RESPONSES_CALLED, LLMPROV__T_RESPONSES_TYPED,
       LLMPROV__T_RESPONSES_EXECUTION, LLMPROV__T_RESPONSES_ENVIRONMENT, LLMPROV__T_RESPONSES_ITEM_MEMBERS };

static const char *const llmprov__t_responses_item_members[] = { "type", "id", "call_id", "name", "content", "summary", "encrypted_content", "status",
                                                                 "arguments", "input", "execution", "environment" };

/* Members of an item that are read by name, by what it is; of a call also those of its arguments. */
static const char *const llmprov__t_responses_taken[] = { "type id role content status", "type id summary content encrypted_content status", "type id call_id name status", "" };

static bool llmprov__t_responses_is_taken(const llmprov__t_responses_open *it, const char *name) {
    return llmprov__parts_lists(llmprov__t_responses_taken[it->what], name) || (it->call && llmprov__parts_lists(it->call->members, name));
}

/* What the blocks of an item remember of it. */
static void llmprov__t_responses_remember(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item, const llmprov_str *v) {
    llmprov_scan in = llmprov_scan_in(s, item);
    llmprov_str key, value;
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov_write_open(&w, NULL, '{');
    if (v[LLMPROV__T_RESPONSES_ITEM_ID].ptr) llmprov_write_raw(&w, "item_id", v[LLMPROV__T_RESPONSES_ITEM_ID].ptr, v[LLMPROV__T_RESPONSES_ITEM_ID].len);
    if (it->call && it->call != llmprov__t_responses_calls) llmprov_write_str(&w, "item_type", it->call->type, strlen(it->call->type));
    while (llmprov_scan_key(&in, &key)) {
        char *name = llmprov_turn_keep(t, key);
        if (!llmprov_scan_raw(&in, &value) || !name) break;
        if (value.ptr[0] != 'n' && !llmprov__t_responses_is_taken(it, name)) llmprov_write_raw(&w, name, value.ptr, value.len);
    }
    llmprov_write_close(&w);
    if (w.status) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    else if (w.len > 2) {
        llmprov_str extra = { w.text, w.len };
        it->extra = llmprov_turn_keep(t, extra);
        it->extra_len = it->extra ? w.len : 0;
    }
    llmprov_writer_free(&w);
}

/* Tools of a call's kind that the server runs itself are no calls. */
static bool llmprov__t_responses_is_call(const llmprov_scan *s, const llmprov__t_responses_call *call, const llmprov_str *v) {
    static const char *const names[] = { "type" };
    llmprov_str type;
    size_t row = (size_t)(call - llmprov__t_responses_calls);
    if (row == LLMPROV__T_RESPONSES_SEARCH) return llmprov__t_responses_says(v[LLMPROV__T_RESPONSES_EXECUTION], "client");
    if (row != LLMPROV__T_RESPONSES_SHELL || !v[LLMPROV__T_RESPONSES_ENVIRONMENT].ptr) return true;
    llmprov__parts_members(s, v[LLMPROV__T_RESPONSES_ENVIRONMENT], names, &type, 1);
    return !type.ptr || llmprov__t_responses_says(type, "local");
}

static void llmprov__t_responses_begin_call(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, const llmprov_str *v) {
    llmprov_block b;
    memset(&b, 0, sizeof b);
    b.type = LLMPROV_BLOCK_TOOL_USE;
    b.id = llmprov_turn_keep(t, llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_CALL_ID].ptr ? v[LLMPROV__T_RESPONSES_CALL_ID] : v[LLMPROV__T_RESPONSES_ITEM_ID]));
    b.name = it->call->name ? it->call->name : llmprov_turn_keep(t, llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_NAME]));
    b.extra = it->extra;
    b.extra_len = it->extra_len;
    b.origin = it->extra ? llmprov__parts_responses : NULL;
    it->block = llmprov_turn_block(t, 0, &b);
}

/* An item as a block of its own kind; what would be read as one of ours stays as it stands. */
static void llmprov__t_responses_raw(llmprov_turn *t, const llmprov_scan *s, llmprov_str item, llmprov_str type, llmprov_block *b) {
    llmprov_scan in = llmprov_scan_in(s, item);
    char *kind = llmprov_turn_keep(t, type);
    memset(b, 0, sizeof *b);
    if (llmprov__msg_form_of(type) || !llmprov_turn_read_block(t, &in, b)) b->json = llmprov_turn_keep(t, item), b->json_len = item.len;
    b->type = LLMPROV_BLOCK_RAW;
    b->kind = kind;
    b->origin = llmprov__parts_responses;
}

/* An item that the server has done, or of a kind that this version does not know: kept whole. */
static void llmprov__t_responses_begin_other(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item, llmprov_str type) {
    llmprov_block b;
    llmprov__t_responses_raw(t, s, item, type, &b);
    if (!t->error.code) it->block = llmprov_turn_block(t, 0, &b);
}

/* What it is in the end. */
static void llmprov__t_responses_other(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item, llmprov_str type) {
    llmprov__reply_block *block = llmprov__reply_block_at(t, it->block);
    llmprov_block b;
    if (!block) return;
    llmprov__t_responses_raw(t, s, item, type, &b);
    if (b.json) block->head.json = b.json, block->head.json_len = b.json_len;
}

/* An item begins: texts when their first part does, calls that come whole with their end, everything else at once. */
static llmprov__t_responses_open *llmprov__t_responses_begin(llmprov_turn *t, const llmprov_scan *s, llmprov_str item, int64_t index) {
    llmprov_str v[LLMPROV__T_RESPONSES_ITEM_MEMBERS], type;
    llmprov__t_responses_open *it = llmprov__t_responses_new(t, index);
    size_t i;
    if (!it) return NULL;
    llmprov__parts_members(s, item, llmprov__t_responses_item_members, v, LLMPROV__T_RESPONSES_ITEM_MEMBERS);
    type = v[LLMPROV__T_RESPONSES_ITEM_TYPE];
    it->what = llmprov__t_responses_says(type, "message") ? LLMPROV__T_RESPONSES_MESSAGE : llmprov__t_responses_says(type, "reasoning") ? LLMPROV__T_RESPONSES_REASONING : LLMPROV__T_RESPONSES_OTHER;
    for (i = 0; i < LLMPROV__COUNT(llmprov__t_responses_calls); i++)
        if (llmprov__t_responses_says(type, llmprov__t_responses_calls[i].type) && llmprov__t_responses_is_call(s, &llmprov__t_responses_calls[i], v)) it->call = &llmprov__t_responses_calls[i];
    if (it->call) it->what = LLMPROV__T_RESPONSES_CALL;
    if (it->what == LLMPROV__T_RESPONSES_OTHER) {
        llmprov__t_responses_begin_other(t, s, it, item, llmprov__parts_text(s, type));
        return it;
    }
    llmprov__t_responses_remember(t, s, it, item, v);
    if (it->call && !it->call->name) llmprov__t_responses_begin_call(t, s, it, v);
    return it;
}

/* Members of a finished item that were others, or not there, when it began. */
static void llmprov__t_responses_more(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item) {
    llmprov_scan in = llmprov_scan_in(s, item);
    llmprov_str key, value, was;
    while (it->block >= 0 && llmprov_scan_key(&in, &key)) {
        char *name = llmprov_turn_keep(t, key);
        if (!llmprov_scan_raw(&in, &value) || !name) return;
        if (llmprov__t_responses_is_taken(it, name) || value.ptr[0] == 'n') continue;
        if (it->extra && llmprov__msg_has(it->extra, it->extra_len, name, &was) && was.len == value.len && !memcmp(was.ptr, value.ptr, was.len)) continue;
        llmprov_turn_part(t, it->block, name, value);
    }
}

/* The arguments of a call whose item has them as members of its own. */
static void llmprov__t_responses_bare_arguments(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item) {
    llmprov_scan in = llmprov_scan_in(s, item);
    llmprov_str key, value;
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    w.alloc = t->arena.alloc;
    llmprov_write_open(&w, NULL, '{');
    while (llmprov_scan_key(&in, &key)) {
        char *name = llmprov_turn_keep(t, key);
        if (!llmprov_scan_raw(&in, &value) || !name) break;
        if (value.ptr[0] != 'n' && llmprov__parts_lists(it->call->members, name)) llmprov_write_raw(&w, name, value.ptr, value.len);
    }
    llmprov_write_close(&w);
    if (w.status) llmprov_turn_fail(t, LLMPROV_ERR_NO_MEMORY, "");
    else llmprov_turn_text(t, it->block, w.text, w.len);
    llmprov_writer_free(&w);
}

/* The arguments of a call, where no piece of them came. Some servers send them as an object, or as null. */
static void llmprov__t_responses_arguments_read(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str arguments, llmprov_str input) {
    char *compact;
    if (it->some) return;
    if (it->call == &llmprov__t_responses_calls[LLMPROV__T_RESPONSES_CUSTOM]) {
        if (input.ptr && input.ptr[0] == '"') llmprov_turn_freeform(t, it->block, input);
        it->some = input.ptr != NULL;
        return;
    }
    if (llmprov__t_responses_some(arguments)) llmprov_turn_piece(t, it->block, s, arguments);
    else if (arguments.ptr && arguments.ptr[0] == '{' && (compact = llmprov_turn_keep(t, arguments)) != NULL)
        llmprov_turn_text(t, it->block, compact, llmprov__parts_compact(compact, arguments.len));
    it->some = arguments.ptr && arguments.len > 2;
}

/* A reasoning's seal comes with its end; one that says nothing is a block all the same, for the seal. */
static void llmprov__t_responses_seal(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str sealed) {
    if (it->block < 0 && !it->begun[0] && !it->begun[1]) llmprov__t_responses_part_at(t, it, LLMPROV__T_RESPONSES_SUMMARY, 0);
    if (llmprov__t_responses_some(sealed)) llmprov_turn_part(t, it->block, "signature", llmprov__parts_text(s, sealed));
}

/* An item is whole: what has not come of it yet comes now. */
static void llmprov__t_responses_finish(llmprov_turn *t, const llmprov_scan *s, llmprov__t_responses_open *it, llmprov_str item) {
    llmprov_str v[LLMPROV__T_RESPONSES_ITEM_MEMBERS];
    if (!it || it->ended || t->error.code) return;
    llmprov__parts_members(s, item, llmprov__t_responses_item_members, v, LLMPROV__T_RESPONSES_ITEM_MEMBERS);
    if (it->what == LLMPROV__T_RESPONSES_REASONING) llmprov__t_responses_parts_read(t, s, it, v[LLMPROV__T_RESPONSES_SUMMARIES], true);
    if (it->what <= LLMPROV__T_RESPONSES_REASONING) llmprov__t_responses_parts_read(t, s, it, v[LLMPROV__T_RESPONSES_CONTENTS], false);
    if (it->what == LLMPROV__T_RESPONSES_REASONING) llmprov__t_responses_seal(t, s, it, v[LLMPROV__T_RESPONSES_SEALED]);
    if (it->call && it->call->name) {
        llmprov__t_responses_remember(t, s, it, item, v);
        llmprov__t_responses_begin_call(t, s, it, v);
        llmprov__t_responses_bare_arguments(t, s, it, item);
    } else if (it->call) llmprov__t_responses_arguments_read(t, s, it, v[LLMPROV__T_RESPONSES_CALLED], v[LLMPROV__T_RESPONSES_TYPED]);
    if (it->what == LLMPROV__T_RESPONSES_OTHER) llmprov__t_responses_other(t, s, it, item, llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_ITEM_TYPE]));
    else llmprov__t_responses_more(t, s, it, item);
    if (it->what != LLMPROV__T_RESPONSES_OTHER && v[LLMPROV__T_RESPONSES_STATUS].ptr && it->extra && !llmprov__t_responses_says(v[LLMPROV__T_RESPONSES_STATUS], "completed") && it->block >= 0)
        llmprov_turn_part(t, it->block, "item_status", v[LLMPROV__T_RESPONSES_STATUS]);
    llmprov__t_responses_close(t, it);
    it->ended = true;
}

static void llmprov__t_responses_items_read(llmprov_turn *t, const llmprov_scan *s, llmprov_str output) {
    llmprov_scan in = llmprov_scan_in(s, output);
    llmprov_str item;
    int64_t index = 0;
    while (output.ptr && !t->error.code && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item))
        if (item.ptr[0] == '{') llmprov__t_responses_finish(t, s, llmprov__t_responses_begin(t, s, item, index++), item);
}

/* Items that began and did not end are whole in the response that ends the reply, at their place. */
static void llmprov__t_responses_items_late(llmprov_turn *t, const llmprov_scan *s, llmprov_str output) {
    llmprov__t_responses_state *m = (llmprov__t_responses_state *)llmprov_turn_state(t);
    llmprov_scan in = llmprov_scan_in(s, output);
    llmprov_str item;
    int64_t index = 0;
    size_t k;
    for (; output.ptr && !t->error.code && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item); index++)
        for (k = 0; k < m->count && item.ptr[0] == '{'; k++)
            if (m->items[k].index == index) llmprov__t_responses_finish(t, s, &m->items[k], item);
}

static bool llmprov__t_responses_all_ended(const llmprov__t_responses_state *m) {
    size_t i;
    for (i = 0; i < m->count && m->items[i].ended; i++) { }
    return i == m->count;
}

/* -- the response object -- */

/* Cached and written tokens are part of the input's; where a server counts thinking beside the output, the total tells. */
static void llmprov__t_responses_usage(llmprov_turn *t, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details" };
    static const char *const in_names[] = { "cached_tokens", "cache_write_tokens", "cache_write_tokens_details", "audio_tokens" };
    static const char *const kept_names[] = { "ttl_12h_tokens" }, *const out_names[] = { "reasoning_tokens", "audio_tokens" };
    llmprov_str v[5], in[4], hours, out[2];
    int64_t prompt, cached, written;
    llmprov_usage *u;
    if (!raw.ptr || raw.ptr[0] != '{') return;
    u = llmprov_turn_usage(t, raw);
    llmprov__parts_members(s, raw, names, v, 5);
    llmprov__parts_members(s, v[3], in_names, in, 4);
    llmprov__parts_members(s, in[2], kept_names, &hours, 1);
    llmprov__parts_members(s, v[4], out_names, out, 2);
    prompt = llmprov__parts_count(s, v[0]);
    cached = llmprov__parts_count(s, in[0]);
    written = llmprov__parts_count(s, in[1]);
    u->thinking_tokens = llmprov__parts_count(s, out[0]);
    u->output_tokens = llmprov__parts_count(s, v[1]);
    if (u->thinking_tokens && llmprov__parts_count(s, v[2]) == prompt + u->output_tokens + u->thinking_tokens) u->output_tokens += u->thinking_tokens;
    u->input_tokens = cached + written <= prompt ? prompt - cached - written : prompt;
    u->cache_read_tokens = cached;
    u->cache_write_1h_tokens = llmprov__parts_count(s, hours) < written ? llmprov__parts_count(s, hours) : written;
    u->cache_write_5m_tokens = written - u->cache_write_1h_tokens;
    u->input_audio_tokens = llmprov__parts_count(s, in[3]);
    u->output_audio_tokens = llmprov__parts_count(s, out[1]);
}

enum { LLMPROV__T_RESPONSES_R_ID, LLMPROV__T_RESPONSES_R_MODEL, LLMPROV__T_RESPONSES_R_OUTPUT, LLMPROV__T_RESPONSES_R_USAGE, LLMPROV__T_RESPONSES_R_STATUS,
       LLMPROV__T_RESPONSES_R_ERROR, LLMPROV__T_RESPONSES_R_INCOMPLETE, LLMPROV__T_RESPONSES_R_OBJECT, LLMPROV__T_RESPONSES_R_TEXT, LLMPROV__T_RESPONSES_R_MEMBERS };

static const char *const llmprov__t_responses_tops[] = { "id", "model", "output", "usage", "status", "error", "incomplete_details", "object", "output_text" };

static void llmprov__t_responses_read_error(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) {
    llmprov__parts_read_error(t, e, body);
}

/* Says who answers. Members without a field are taken from the response that ends the reply. */
static void llmprov__t_responses_head(llmprov_turn *t, const llmprov_scan *s, llmprov_str response, llmprov_str *v, bool last) {
    llmprov_str id;
    if (last) llmprov__parts_sort(t, -1, s, response, llmprov__t_responses_tops, v, LLMPROV__T_RESPONSES_R_MEMBERS);
    else llmprov__parts_members(s, response, llmprov__t_responses_tops, v, LLMPROV__T_RESPONSES_R_MEMBERS);
    if (t->id) return;
    id.len = llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_R_ID]).len;
    id.ptr = llmprov_turn_keep(t, llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_R_ID]));
    if (id.ptr) llmprov_turn_start(t, id, llmprov__parts_text(s, v[LLMPROV__T_RESPONSES_R_MODEL]));
}

/* A failure that the response tells itself. */
static void llmprov__t_responses_failed(llmprov_turn *t, const llmprov_scan *s, llmprov_str response) {
    static const char *const names[] = { "error" };
    llmprov_str error;
    llmprov_scan in;
    llmprov_error *e = llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed, and did not say why");
    llmprov__parts_members(s, response, names, &error, 1);
    if (!error.ptr) return;
    in = llmprov_scan_in(s, response);
    llmprov__t_responses_read_error(t, e, &in);
}

/* Why it ended: the reason of one that is incomplete, otherwise its status. */
static void llmprov__t_responses_stop(llmprov_turn *t, const llmprov_scan *s, const llmprov_str *v, llmprov_str status) {
    static const char *const names[] = { "reason" };
    const llmprov__t_responses_state *m = (const llmprov__t_responses_state *)llmprov_turn_state(t);
    llmprov_str reason, none = { NULL, 0 }, word;
    llmprov_stop stop;
    llmprov__parts_members(s, v[LLMPROV__T_RESPONSES_R_INCOMPLETE], names, &reason, 1);
    word = reason.ptr && !llmprov__text_is(status, "completed") ? llmprov__parts_text(s, reason) : status;
    stop = llmprov__parts_stop(word);
    if (stop == LLMPROV_STOP_END && m->refused) stop = LLMPROV_STOP_REFUSAL;
    llmprov_turn_stop(t, 0, stop, word, none);
}

/* The response that ends a reply; `otherwise` is its status where it says none. */
static void llmprov__t_responses_end(llmprov_turn *t, const llmprov_scan *s, llmprov_str response, const char *otherwise) {
    llmprov__t_responses_state *m = (llmprov__t_responses_state *)llmprov_turn_state(t);
    llmprov_str v[LLMPROV__T_RESPONSES_R_MEMBERS], status = { otherwise, strlen(otherwise) };
    size_t i;
    llmprov__t_responses_head(t, s, response, v, true);
    if (v[LLMPROV__T_RESPONSES_R_STATUS].ptr && v[LLMPROV__T_RESPONSES_R_STATUS].ptr[0] == '"') {
        status.ptr = v[LLMPROV__T_RESPONSES_R_STATUS].ptr + 1;
        status.len = v[LLMPROV__T_RESPONSES_R_STATUS].len - 2;
    }
    if (!m->count) llmprov__t_responses_items_read(t, s, v[LLMPROV__T_RESPONSES_R_OUTPUT]);
    else if (!llmprov__t_responses_all_ended(m)) llmprov__t_responses_items_late(t, s, v[LLMPROV__T_RESPONSES_R_OUTPUT]);
    for (i = 0; i < m->count; i++) llmprov__t_responses_close(t, &m->items[i]);
    llmprov__t_responses_usage(t, s, v[LLMPROV__T_RESPONSES_R_USAGE]);
    if (llmprov__text_is(status, "failed") || (v[LLMPROV__T_RESPONSES_R_ERROR].ptr && v[LLMPROV__T_RESPONSES_R_ERROR].len > 2)) llmprov__t_responses_failed(t, s, response);
    else llmprov__t_responses_stop(t, s, v, status);
    llmprov_turn_done(t);
}

/* -- events -- */

static llmprov__t_responses_open *llmprov__t_responses_at(llmprov__t_responses_event *e) {
    return llmprov__t_responses_find((llmprov__t_responses_state *)llmprov_turn_state(e->t), e->v[LLMPROV__T_RESPONSES_INDEX], e->s);
}

/* The item of a part's event; one that was not announced is a message or a reasoning, as the part is. */
static llmprov__t_responses_open *llmprov__t_responses_part_of(llmprov__t_responses_event *e, int kind) {
    llmprov__t_responses_open *it = llmprov__t_responses_at(e);
    if (it && it->what <= LLMPROV__T_RESPONSES_REASONING) return it;
    if (it) return NULL;
    it = llmprov__t_responses_new(e->t, llmprov__parts_count(e->s, e->v[LLMPROV__T_RESPONSES_INDEX]));
    if (it) it->what = kind >= LLMPROV__T_RESPONSES_SUMMARY ? LLMPROV__T_RESPONSES_REASONING : LLMPROV__T_RESPONSES_MESSAGE;
    return it;
}

static int64_t llmprov__t_responses_number(const llmprov__t_responses_event *e, int kind) {
    return llmprov__parts_count(e->s, e->v[kind == LLMPROV__T_RESPONSES_SUMMARY ? LLMPROV__T_RESPONSES_SUMMARY_PART : LLMPROV__T_RESPONSES_PART]);
}

static void llmprov__t_responses_on_head(llmprov__t_responses_event *e) {
    llmprov_str v[LLMPROV__T_RESPONSES_R_MEMBERS];
    llmprov__t_responses_head(e->t, e->s, e->v[LLMPROV__T_RESPONSES_RESPONSE], v, false);
}

/* The last word of the event's name is what became of the response. */
static void llmprov__t_responses_on_end(llmprov__t_responses_event *e) {
    static const char *const words[] = { "completed", "incomplete", "failed", "cancelled" };
    llmprov_str response = e->v[LLMPROV__T_RESPONSES_RESPONSE];
    llmprov__t_responses_end(e->t, e->s, response.ptr && response.ptr[0] == '{' ? response : e->whole, words[e->kind]);
}

static void llmprov__t_responses_on_added(llmprov__t_responses_event *e) {
    llmprov_str item = e->v[LLMPROV__T_RESPONSES_ITEM], index = e->v[LLMPROV__T_RESPONSES_INDEX];
    const llmprov__t_responses_state *m = (const llmprov__t_responses_state *)llmprov_turn_state(e->t);
    if (!item.ptr || item.ptr[0] != '{' || (index.ptr && llmprov__t_responses_at(e))) return;
    llmprov__t_responses_begin(e->t, e->s, item, index.ptr ? llmprov__parts_count(e->s, index) : (int64_t)m->count);
}

static void llmprov__t_responses_on_done(llmprov__t_responses_event *e) {
    llmprov_str item = e->v[LLMPROV__T_RESPONSES_ITEM];
    llmprov__t_responses_open *it = llmprov__t_responses_at(e);
    if (!item.ptr || item.ptr[0] != '{') return;
    if (!it || (it->ended && !e->v[LLMPROV__T_RESPONSES_INDEX].ptr)) it = llmprov__t_responses_begin(e->t, e->s, item, llmprov__parts_count(e->s, e->v[LLMPROV__T_RESPONSES_INDEX]));
    llmprov__t_responses_finish(e->t, e->s, it, item);
}

/* A piece of a part's text. */
static void llmprov__t_responses_on_piece(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_part_of(e, e->kind);
    llmprov_str delta = e->v[LLMPROV__T_RESPONSES_DELTA];
    if (!it || !llmprov__t_responses_some(delta)) return;
    if (llmprov__t_responses_part_at(e->t, it, e->kind, llmprov__t_responses_number(e, e->kind)) < 0) return;
    llmprov__t_responses_logprobs_read(e->t, e->v[LLMPROV__T_RESPONSES_LOGPROBS]);
    llmprov_turn_piece(e->t, it->block, e->s, delta);
    it->some = true;
}

/* The whole text again. */
static void llmprov__t_responses_on_text(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_part_of(e, e->kind);
    llmprov_str text = e->v[e->kind == LLMPROV__T_RESPONSES_REFUSED ? LLMPROV__T_RESPONSES_REFUSAL : LLMPROV__T_RESPONSES_TEXT];
    if (!it || llmprov__t_responses_part_at(e->t, it, e->kind, llmprov__t_responses_number(e, e->kind)) < 0) return;
    if (!it->some) llmprov__t_responses_logprobs_read(e->t, e->v[LLMPROV__T_RESPONSES_LOGPROBS]);
    llmprov__t_responses_whole_text(e->t, e->s, it, text);
}

/* A part begins: its type says what of. */
static void llmprov__t_responses_on_part(llmprov__t_responses_event *e) {
    static const char *const names[] = { "type" };
    llmprov_str type;
    llmprov__t_responses_open *it;
    int kind = e->kind;
    llmprov__parts_members(e->s, e->v[LLMPROV__T_RESPONSES_PART_ITSELF], names, &type, 1);
    if (llmprov__t_responses_says(type, "refusal")) kind = LLMPROV__T_RESPONSES_REFUSED;
    if (llmprov__t_responses_says(type, "reasoning_text")) kind = LLMPROV__T_RESPONSES_CONTENT;
    it = llmprov__t_responses_part_of(e, kind);
    if (it && it->what == LLMPROV__T_RESPONSES_REASONING && kind < LLMPROV__T_RESPONSES_SUMMARY) kind = LLMPROV__T_RESPONSES_CONTENT;
    if (it) llmprov__t_responses_part_at(e->t, it, kind, llmprov__t_responses_number(e, kind));
}

static void llmprov__t_responses_on_part_end(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_part_of(e, e->kind);
    if (it && !it->ended) llmprov__t_responses_part_read(e->t, e->s, it, e->v[LLMPROV__T_RESPONSES_PART_ITSELF], llmprov__t_responses_number(e, e->kind), e->kind == LLMPROV__T_RESPONSES_SUMMARY);
}

static void llmprov__t_responses_on_annotation(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_part_of(e, LLMPROV__T_RESPONSES_SAID);
    if (!it || !e->v[LLMPROV__T_RESPONSES_ANNOTATION].ptr) return;
    if (llmprov__t_responses_part_at(e->t, it, LLMPROV__T_RESPONSES_SAID, llmprov__t_responses_number(e, LLMPROV__T_RESPONSES_SAID)) < 0) return;
    llmprov_turn_part(e->t, it->block, "citation", e->v[LLMPROV__T_RESPONSES_ANNOTATION]);
    it->annotated = true;
}

/* A piece of a call's arguments. */
static void llmprov__t_responses_on_arguments(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_at(e);
    llmprov_str delta = e->v[LLMPROV__T_RESPONSES_DELTA];
    if (!it || !it->call || it->call->name || it->block < 0 || !llmprov__t_responses_some(delta)) return;
    if (it->call == llmprov__t_responses_calls) llmprov_turn_piece(e->t, it->block, e->s, delta);
    else llmprov_turn_freeform(e->t, it->block, delta);
    it->some = true;
}

static void llmprov__t_responses_on_arguments_end(llmprov__t_responses_event *e) {
    llmprov__t_responses_open *it = llmprov__t_responses_at(e);
    if (!it || !it->call || it->call->name || it->block < 0) return;
    llmprov__t_responses_arguments_read(e->t, e->s, it, e->v[LLMPROV__T_RESPONSES_ARGUMENTS], e->v[LLMPROV__T_RESPONSES_INPUT]);
}

static void llmprov__t_responses_on_error(llmprov__t_responses_event *e) {
    llmprov_scan in = llmprov_scan_in(e->s, e->whole);
    llmprov__t_responses_read_error(e->t, llmprov_turn_fail(e->t, LLMPROV_ERR_SERVER, "the provider failed in the middle of its reply"), &in);
}

static void llmprov__t_responses_on_nothing(llmprov__t_responses_event *e) {
    (void)e;
}

static const struct { const char *type; void (*see)(llmprov__t_responses_event *e); int kind; } llmprov__t_responses_events[] = {
    { "response.output_text.delta", llmprov__t_responses_on_piece, LLMPROV__T_RESPONSES_SAID },
    { "response.function_call_arguments.delta", llmprov__t_responses_on_arguments, 0 },
    { "response.reasoning_summary_text.delta", llmprov__t_responses_on_piece, LLMPROV__T_RESPONSES_SUMMARY },
    { "response.reasoning_text.delta", llmprov__t_responses_on_piece, LLMPROV__T_RESPONSES_CONTENT },
    { "response.custom_tool_call_input.delta", llmprov__t_responses_on_arguments, 0 },
    { "response.refusal.delta", llmprov__t_responses_on_piece, LLMPROV__T_RESPONSES_REFUSED },
    { "response.created", llmprov__t_responses_on_head, 0 },
    { "response.queued", llmprov__t_responses_on_head, 0 },
    { "response.in_progress", llmprov__t_responses_on_head, 0 },
    { "response.output_item.added", llmprov__t_responses_on_added, 0 },
    { "response.output_item.done", llmprov__t_responses_on_done, 0 },
    { "response.content_part.added", llmprov__t_responses_on_part, LLMPROV__T_RESPONSES_SAID },
    { "response.content_part.done", llmprov__t_responses_on_part_end, LLMPROV__T_RESPONSES_SAID },
    { "response.reasoning_part.added", llmprov__t_responses_on_part, LLMPROV__T_RESPONSES_CONTENT },
    { "response.reasoning_part.done", llmprov__t_responses_on_part_end, LLMPROV__T_RESPONSES_CONTENT },
    { "response.reasoning_summary_part.added", llmprov__t_responses_on_part, LLMPROV__T_RESPONSES_SUMMARY },
    { "response.reasoning_summary_part.done", llmprov__t_responses_on_part_end, LLMPROV__T_RESPONSES_SUMMARY },
    { "response.output_text.done", llmprov__t_responses_on_text, LLMPROV__T_RESPONSES_SAID },
    { "response.reasoning_summary_text.done", llmprov__t_responses_on_text, LLMPROV__T_RESPONSES_SUMMARY },
    { "response.reasoning_text.done", llmprov__t_responses_on_text, LLMPROV__T_RESPONSES_CONTENT },
    { "response.refusal.done", llmprov__t_responses_on_text, LLMPROV__T_RESPONSES_REFUSED },
    { "response.output_text.annotation.added", llmprov__t_responses_on_annotation, 0 },
    { "response.function_call_arguments.done", llmprov__t_responses_on_arguments_end, 0 },
    { "response.custom_tool_call_input.done", llmprov__t_responses_on_arguments_end, 0 },
    { "response.completed", llmprov__t_responses_on_end, 0 },
    { "response.incomplete", llmprov__t_responses_on_end, 1 },
    { "response.failed", llmprov__t_responses_on_end, 2 },
    { "response.cancelled", llmprov__t_responses_on_end, 3 },
    { "error", llmprov__t_responses_on_error, 0 },
    { "keepalive", llmprov__t_responses_on_nothing, 0 },
};

/* What has no row goes to whoever may know it: how far the server's own tools are, pieces of pictures. */
static void llmprov__t_responses_read_frame(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data) {
    llmprov__t_responses_event e;
    llmprov_scan begin = *data;
    size_t i;
    e.t = t;
    e.s = data;
    e.whole.ptr = llmprov__json_space(data->at, data->end);
    llmprov__parts_take(NULL, -1, data, llmprov__t_responses_members, e.v, LLMPROV__T_RESPONSES_MEMBERS);
    if (data->status) return;
    e.whole.len = (size_t)(data->at - e.whole.ptr);
    e.type = e.v[LLMPROV__T_RESPONSES_TYPE];
    if (e.type.ptr && e.type.ptr[0] == '"') e.type.ptr++, e.type.len -= 2;
    else e.type = frame->event;
    if (llmprov__text_is(frame->event, "error")) e.type = frame->event;
    for (i = 0; i < LLMPROV__COUNT(llmprov__t_responses_events); i++) {
        if (!llmprov__text_is(e.type, llmprov__t_responses_events[i].type)) continue;
        e.kind = llmprov__t_responses_events[i].kind;
        llmprov__t_responses_events[i].see(&e);
        return;
    }
    if (!e.type.len && !e.v[LLMPROV__T_RESPONSES_RESPONSE].ptr) {
        static const char *const names[] = { "error" };
        llmprov_str error;
        llmprov__parts_take(NULL, -1, &begin, names, &error, 1);
        if (error.ptr) {
            llmprov__t_responses_on_error(&e);
            return;
        }
    }
    llmprov_turn_other(t, e.type, e.whole);
}

static void llmprov__t_responses_read(llmprov_turn *t, llmprov_scan *body) {
    static const char *const names[] = { "output", "status", "error", "type" };
    llmprov_str raw, v[4];
    bool response;
    if (!llmprov_scan_raw(body, &raw)) return;
    memset(v, 0, sizeof v);
    if (raw.ptr[0] == '{') llmprov__parts_members(body, raw, names, v, 4);
    response = v[0].ptr || (v[1].ptr && !(v[2].ptr && v[2].ptr[0] == '"'));
    if (!response && (v[2].ptr || llmprov__t_responses_says(v[3], "error"))) {
        llmprov_scan in = llmprov_scan_in(body, raw);
        llmprov__t_responses_read_error(t, llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "the provider failed"), &in);
    } else if (!response) llmprov_turn_fail(t, LLMPROV_ERR_BAD_REPLY, "the reply is no response: it has no \"output\"");
    else llmprov__t_responses_end(t, body, raw, "completed");
    llmprov_turn_done(t);
}

/* Only completed, incomplete, failed and cancelled end a response; see llmprov__t_responses_on_end. */
static void llmprov__t_responses_read_end(llmprov_turn *t) {
    (void)t;
}
#endif /* LLMPROV_NO_OPENAI_RESPONSES */

//==============================================================================
// >>face       what translators share as servers
//
// Requests: a table says what each member may be, and one walk refuses what is
// something else, by its path. Answers: a frame is put together in one buffer; a
// delta that equals the one before but for its text is written by its text alone.
// Where a format's blocks do not overlap, those that come too early wait.
// Calls: msg parts
//==============================================================================

/* -- the memory of a request -- */

typedef struct llmprov__face_memory {
    llmprov__mem_arena arena;
    llmprov__mem_buf scratch;
    llmprov__mem_buf clean;      /* the text that was read, where it had to be made UTF-8 */
    llmprov__err_warnings warnings;
} llmprov__face_memory;

static llmprov__mem_arena *llmprov__face_arena(llmprov_asked *a) {
    return &((llmprov__face_memory *)a->memory)->arena;
}

LLMPROV_API void *llmprov_asked_take(llmprov_asked *a, size_t size) {
    return llmprov__mem_take(llmprov__face_arena(a), size);
}

LLMPROV_API char *llmprov_asked_keep(llmprov_asked *a, llmprov_str text) {
    return llmprov__mem_copy(llmprov__face_arena(a), text.ptr, text.len);
}

LLMPROV_API void llmprov_asked_warn(llmprov_asked *a, llmprov_status code, const char *field, const char *text) {
    llmprov__face_memory *m = (llmprov__face_memory *)a->memory;
    llmprov__err_warn(&m->warnings, &m->arena, code, field, text);
    a->warnings = m->warnings.items;
    a->warning_count = m->warnings.count;
}

LLMPROV_API void llmprov_asked_fail(llmprov_asked *a, const char *code, const char *path, const char *text) {
    llmprov__mem_arena *arena = llmprov__face_arena(a);
    const char *kept;
    if (a->error.code) return;
    llmprov__err_set(&a->error, arena, LLMPROV_ERR_ARGUMENT, path, ": ", text, (char *)NULL);
    a->error.http_status = 400;
    if ((kept = llmprov__mem_copy(arena, path, strlen(path))) != NULL) a->error.param = kept;
    if ((kept = llmprov__mem_copy(arena, code, strlen(code))) != NULL) a->error.provider_code = kept;
}

/* -- what a request may hold -- */

/* The kinds of value that a member may be, as bits. */
enum {
    LLMPROV__FACE_BOOL = 1 << LLMPROV_JSON_BOOL,
    LLMPROV__FACE_NUMBER = 1 << LLMPROV_JSON_NUMBER,
    LLMPROV__FACE_STRING = 1 << LLMPROV_JSON_STRING,
    LLMPROV__FACE_LIST = 1 << LLMPROV_JSON_ARRAY,
    LLMPROV__FACE_OBJECT = 1 << LLMPROV_JSON_OBJECT,
    LLMPROV__FACE_WHOLE = 128,   /* a number is a whole one */
    LLMPROV__FACE_STRINGS = 256, /* a list holds strings */
    LLMPROV__FACE_NEEDED = 512,  /* it must be there */
    LLMPROV__FACE_TEXT = LLMPROV__FACE_STRING | LLMPROV__FACE_NEEDED,
    LLMPROV__FACE_INT = LLMPROV__FACE_NUMBER | LLMPROV__FACE_WHOLE
};

/* One member of one kind of object. What has no row may be anything; null counts as absent. */
typedef struct llmprov__face_rule {
    int in;                      /* the kind of object that it stands in */
    const char *member;
    unsigned is;                 /* LLMPROV__FACE_* */
    int to;                      /* the kind of object that it is, or that its list holds; 0 = not looked into */
    const char *words;           /* which strings, with blanks between them; NULL = any */
} llmprov__face_rule;

/* An object whose "type" (NULL = it has none) or "role" makes it one of a more special kind: both kinds' rules hold. */
typedef struct llmprov__face_case { int in; const char *type; int is; } llmprov__face_case;

typedef struct llmprov__face_rules {
    const llmprov__face_rule *rules;           /* at most 128 */
    size_t rule_count;
    const llmprov__face_case *cases;
    size_t case_count;
} llmprov__face_rules;

enum { LLMPROV__FACE_LEVELS = 16 };

/* An object that is open, or a list. */
typedef struct llmprov__face_level {
    const llmprov__face_rule *rule;            /* of the member; NULL = the root, or an item */
    int in, as;                  /* of an object: its kind, and the more special one */
    int64_t index;               /* of a list: the item; -1 = it is no list, or has not begun */
    bool list;
    unsigned char seen[16];      /* which rules were met, as bits */
} llmprov__face_level;

typedef struct llmprov__face_walk {
    llmprov_asked *asked;
    llmprov_scan *s;
    const llmprov__face_rules *rules;
    llmprov__face_level level[LLMPROV__FACE_LEVELS];
    int count;
} llmprov__face_walk;

/* The path of where we are, and of a member there (NULL = none). */
static const char *llmprov__face_path(const llmprov__face_walk *w, const char *member) {
    llmprov__mem_arena *a = llmprov__face_arena(w->asked);
    const char *path = "";
    int i;
    for (i = 0; path && i < w->count; i++) {
        const llmprov__face_level *l = &w->level[i];
        if (l->rule) path = llmprov__err_join(a, path, *path ? "." : "", l->rule->member, (char *)NULL);
        if (path && l->list && l->index >= 0) path = llmprov__err_join(a, path, "[", llmprov__err_int(l->index).text, "]", (char *)NULL);
    }
    if (path && member) path = llmprov__err_join(a, path, *path ? "." : "", member, (char *)NULL);
    return path && *path ? path : "the request";
}

/* "a string or a list" of some kinds. */
static const char *llmprov__face_kinds(const llmprov__face_walk *w, unsigned is) {
    static const char *const names[] = { "", "null", "true or false", "a number", "a string", "a list", "an object" };
    const char *text = "";
    int i;
    for (i = LLMPROV_JSON_BOOL; text && i <= LLMPROV_JSON_OBJECT; i++) {
        const char *name = i == LLMPROV_JSON_NUMBER && (is & LLMPROV__FACE_WHOLE) ? "a whole number" : names[i];
        if (is & 1u << i) text = llmprov__err_join(llmprov__face_arena(w->asked), text, *text ? " or " : "", name, (char *)NULL);
    }
    return text ? text : "";
}

static void llmprov__face_wrong(llmprov__face_walk *w, const char *code, const char *member, const char *text) {
    if (!w->asked->error.code) w->asked->error.offset = (size_t)(w->s->at - w->s->begin);
    llmprov_asked_fail(w->asked, code, llmprov__face_path(w, member), text ? text : "");
}

static void llmprov__face_unexpected(llmprov__face_walk *w, const char *member, unsigned is, llmprov_json_type got) {
    const char *what = got == LLMPROV_JSON_NUMBER && (is & LLMPROV__FACE_NUMBER) ? "a number with a fraction or beyond 64 bits" : llmprov__face_kinds(w, 1u << got);
    if (got == LLMPROV_JSON_NULL) what = "null";
    llmprov__face_wrong(w, "invalid_type", member, llmprov__err_join(llmprov__face_arena(w->asked), llmprov__face_kinds(w, is), " was expected, but got ", what, (char *)NULL));
}

/* The more special kind of the object that comes, by its "type" or "role". */
static int llmprov__face_special(const llmprov__face_walk *w, int in) {
    llmprov_scan s = *w->s;
    llmprov_str key, raw, type = { NULL, 0 }, role = { NULL, 0 };
    size_t i;
    for (i = 0; i < w->rules->case_count && w->rules->cases[i].in != in; i++) { }
    if (i == w->rules->case_count) return in;
    while (llmprov_scan_key(&s, &key)) {
        llmprov_str *to = llmprov__text_is(key, "type") ? &type : llmprov__text_is(key, "role") ? &role : NULL;
        if (llmprov_scan_raw(&s, &raw) && to && raw.ptr[0] != 'n') *to = raw;
    }
    for (; i < w->rules->case_count; i++) {
        const llmprov__face_case *c = &w->rules->cases[i];
        if (c->in != in) continue;
        if (c->type ? (type.ptr && llmprov__text_is(llmprov__parts_text(w->s, type), c->type)) || (role.ptr && llmprov__text_is(llmprov__parts_text(w->s, role), c->type)) : !type.ptr) return c->is;
    }
    return in;
}

static void llmprov__face_enter(llmprov__face_walk *w, const llmprov__face_rule *rule, int in, bool list) {
    llmprov__face_level *l;
    if (w->count == LLMPROV__FACE_LEVELS) {
        llmprov_scan_skip(w->s);
        return;
    }
    l = &w->level[w->count++];
    memset(l, 0, sizeof *l);
    l->rule = rule;
    l->list = list;
    l->index = -1;
    l->in = in;
    l->as = list ? in : llmprov__face_special(w, in);
}

/* Leaves an object: everything that it must have was there. */
static void llmprov__face_leave(llmprov__face_walk *w) {
    const llmprov__face_level *l = &w->level[w->count - 1];
    size_t i;
    for (i = 0; !l->list && i < w->rules->rule_count; i++) {
        const llmprov__face_rule *r = &w->rules->rules[i];
        bool ours = r->in == l->in || r->in == l->as;
        if (ours && (r->is & LLMPROV__FACE_NEEDED) && !(l->seen[i / 8] & 1 << i % 8))
            llmprov__face_wrong(w, "missing_required_parameter", r->member, "this member is required");
    }
    w->count--;
}

static void llmprov__face_word(llmprov__face_walk *w, const llmprov__face_rule *rule) {
    llmprov_str text;
    char *word;
    if (!llmprov_scan_text(w->s, &text) || (word = llmprov_asked_keep(w->asked, text)) == NULL || llmprov__parts_lists(rule->words, word)) return;
    llmprov__face_wrong(w, "invalid_value", rule->member, llmprov__err_join(llmprov__face_arena(w->asked), "\"", word, "\" is none of: ", rule->words, (char *)NULL));
}

/* The rule for a member, the more special kind's before the other's; those that name it have been met. NULL = none. */
static const llmprov__face_rule *llmprov__face_find(const llmprov__face_walk *w, llmprov__face_level *l, llmprov_str key) {
    const llmprov__face_rule *found = NULL;
    bool null = llmprov_scan_kind(w->s) == LLMPROV_JSON_NULL;
    size_t i;
    for (i = 0; i < w->rules->rule_count; i++) {
        const llmprov__face_rule *r = &w->rules->rules[i];
        if ((r->in != l->in && r->in != l->as) || !llmprov__text_is(key, r->member)) continue;
        if (!found || r->in == l->as) found = r;
        if (!null) l->seen[i / 8] = (unsigned char)(l->seen[i / 8] | 1 << i % 8);
    }
    return found;
}

/* The value of a member that has a rule. */
static void llmprov__face_value(llmprov__face_walk *w, const llmprov__face_rule *rule) {
    llmprov_json_type kind = llmprov_scan_kind(w->s);
    int64_t whole;
    if (kind == LLMPROV_JSON_NULL) llmprov_scan_skip(w->s);
    else if (!(rule->is & 1u << kind)) llmprov__face_unexpected(w, rule->member, rule->is, kind);
    else if (rule->words && kind == LLMPROV_JSON_STRING) llmprov__face_word(w, rule);
    else if (kind == LLMPROV_JSON_NUMBER && (rule->is & LLMPROV__FACE_WHOLE)) {
        if (!llmprov_scan_int(w->s, &whole)) llmprov__face_unexpected(w, rule->member, rule->is, kind);
    } else if (kind == LLMPROV_JSON_ARRAY && (rule->to || (rule->is & LLMPROV__FACE_STRINGS))) llmprov__face_enter(w, rule, rule->to, true);
    else if (kind == LLMPROV_JSON_OBJECT && rule->to) llmprov__face_enter(w, rule, rule->to, false);
    else llmprov_scan_skip(w->s);
}

static void llmprov__face_item(llmprov__face_walk *w, llmprov__face_level *l) {
    bool strings = !l->in;
    llmprov_json_type kind = llmprov_scan_kind(w->s);
    l->index++;
    if (kind != (strings ? LLMPROV_JSON_STRING : LLMPROV_JSON_OBJECT)) llmprov__face_unexpected(w, NULL, strings ? LLMPROV__FACE_STRING : LLMPROV__FACE_OBJECT, kind);
    else if (strings) llmprov_scan_skip(w->s);
    else llmprov__face_enter(w, NULL, l->in, false);
}

/* One step: the next member or item, or the end of what is open. */
static void llmprov__face_step(llmprov__face_walk *w) {
    llmprov__face_level *l = &w->level[w->count - 1];
    const llmprov__face_rule *rule;
    llmprov_str key;
    if (l->list) {
        if (llmprov_scan_item(w->s)) llmprov__face_item(w, l);
        else llmprov__face_leave(w);
        return;
    }
    if (!llmprov_scan_key(w->s, &key)) {
        llmprov__face_leave(w);
        return;
    }
    rule = llmprov__face_find(w, l, key);
    if (rule) llmprov__face_value(w, rule);
    else llmprov_scan_skip(w->s);
}

/* Walks over a request, which is JSON, and should be an object of the kind `root`; false = a rule is broken, and the error
   says which. */
static bool llmprov__face_check(llmprov_asked *asked, const llmprov_scan *body, const llmprov__face_rules *rules, int root) {
    llmprov_scan s = *body;
    llmprov__face_walk w;
    w.asked = asked;
    w.s = &s;
    w.rules = rules;
    w.count = 0;
    if (llmprov_scan_kind(&s) != LLMPROV_JSON_OBJECT)
        llmprov__face_unexpected(&w, NULL, LLMPROV__FACE_OBJECT, llmprov_scan_kind(&s));
    else llmprov__face_enter(&w, NULL, root, false);
    while (w.count && !asked->error.code) llmprov__face_step(&w);
    return !asked->error.code;
}

/* -- answers -- */

/* An event that waits for its block's turn. */
typedef struct llmprov__face_held {
    struct llmprov__face_held *next;
    llmprov_event event;
    llmprov_block block;
} llmprov__face_held;

typedef struct llmprov__face_line { llmprov__face_held *first, *last; } llmprov__face_line;

/* How far the arguments of the open block have come: once they are one whole value, nothing follows. */
typedef struct llmprov__face_arguments { int depth; bool string, escape, begun; } llmprov__face_arguments;

/* A frame that was one piece of text: what stands before it is still in the writer, what stands behind it here. */
typedef struct llmprov__face_hot {
    llmprov_event_type type;
    int choice, index;
    size_t from, to;             /* where the text lies */
    char tail[48];
    size_t tail_len;
    int texts, frames;           /* of the event that is being written */
    bool armed;
} llmprov__face_hot;

struct llmprov_face {
    llmprov_face_desc desc;
    const llmprov_translator *translator;
    llmprov__mem_arena arena;
    llmprov__err_warnings warnings;
    llmprov_error error;         /* why nothing can be written any more */
    void *state;
    llmprov_writer json;
    size_t data;                 /* where the JSON of the frame in hand begins */
    bool streaming, ended;
    size_t characters;           /* of the TEXT events so far: where in a text a citation is */
    llmprov__face_hot hot;
    /* where blocks do not overlap: */
    int current;                 /* the block whose turn it is; those before it are closed */
    bool open;
    llmprov__face_arguments arguments;
    llmprov__face_line *lines;   /* what waits, by block */
    size_t line_count, waiting;
    llmprov__mem_arena held;
};

LLMPROV_API void *llmprov_face_state(llmprov_face *f) {
    return f->state;
}

LLMPROV_API const llmprov_face_desc *llmprov_face_asked(const llmprov_face *f) {
    return &f->desc;
}

LLMPROV_API bool llmprov_face_own(const llmprov_face *f) {
    return llmprov__text_same(f->desc.from, f->desc.format, false);
}

static void llmprov__face_no_memory(llmprov_face *f) {
    llmprov__err_set(&f->error, NULL, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
}

LLMPROV_API void llmprov_face_warn(llmprov_face *f, llmprov_status code, const char *field, const char *text) {
    size_t i;
    for (i = 0; i < f->warnings.count; i++)
        if (!strcmp(f->warnings.items[i].field, field)) return;
    llmprov__err_warn(&f->warnings, &f->arena, code, field, text);
    if (f->arena.failed) llmprov__face_no_memory(f);
}

LLMPROV_API char *llmprov_face_keep(llmprov_face *f, const char *text, size_t len) {
    char *copy = llmprov__mem_copy(&f->arena, text, len);
    if (!copy) llmprov__face_no_memory(f);
    return copy;
}

/* A warning for each member that another format minted; `in` stands before its name. */
static void llmprov__face_lost(llmprov_face *f, const char *in, const char *extra, size_t len) {
    llmprov_scan s = llmprov__json_scan(extra ? extra : "{}", extra ? llmprov__text_len(extra, len) : 2, NULL, 0);
    llmprov_str key, value;
    while (llmprov_scan_key(&s, &key)) {
        char *name = llmprov_face_keep(f, key.ptr, key.len);
        const char *field = name ? llmprov__err_join(&f->arena, in, name, (char *)NULL) : NULL;
        if (llmprov_scan_raw(&s, &value) && value.ptr[0] != 'n' && field)
            llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, field, "this member of another format has no place in the client's: it was left out");
    }
}

/* -- frames -- */

static void llmprov__face_out(llmprov_face *f, const char *bytes, size_t len) {
    if (f->json.status == LLMPROV_ERR_NO_MEMORY) llmprov__face_no_memory(f);
    else if (f->json.status) llmprov__err_set(&f->error, &f->arena, f->json.status, "the answer could not be written as JSON", (char *)NULL);
    if (f->error.code || f->desc.out(f->desc.user, bytes, len)) return;
    llmprov__err_set(&f->error, &f->arena, LLMPROV_ERR_CANCELLED, "the client of this answer is gone", (char *)NULL);
}

LLMPROV_API llmprov_writer *llmprov_face_begin(llmprov_face *f, const char *event) {
    llmprov_writer *w = &f->json;
    w->len = 0;
    w->depth = 0;
    w->comma = false;
    if (!f->streaming) return w;
    if (event) {
        llmprov__write_add(w, "event: ", 7);
        llmprov__write_add(w, event, strlen(event));
        llmprov__write_add(w, "\n", 1);
    }
    llmprov__write_add(w, "data: ", 6);
    f->data = w->len;
    return w;
}

/* JSON that was taken over may be spread over lines, and a frame is one line. Inside strings no line ends. */
static void llmprov__face_one_line(llmprov_writer *w, size_t from) {
    char *at = w->text + from, *end = w->text + w->len;
    for (; at < end; at++)
        if (*at == '\n' || *at == '\r') *at = ' ';
}

LLMPROV_API void llmprov_face_text(llmprov_face *f, const char *key, const char *text, size_t len) {
    llmprov__write_string_open(&f->json, key);
    f->hot.from = f->json.len;
    llmprov__write_copy_piece(&f->json, text, len);
    f->hot.to = f->json.len;
    llmprov__write_string_close(&f->json);
    f->hot.texts++;
}

LLMPROV_API void llmprov_face_send(llmprov_face *f) {
    if (f->streaming && f->json.status == LLMPROV_OK) llmprov__face_one_line(&f->json, f->data);
    if (f->streaming) llmprov__write_add(&f->json, "\n\n", 2);
    f->hot.frames++;
    llmprov__face_out(f, f->json.text, f->json.len);
}

LLMPROV_API void llmprov_face_word(llmprov_face *f, const char *word) {
    llmprov__write_add(llmprov_face_begin(f, NULL), word, strlen(word));
    llmprov_face_send(f);
}

/* Remembers the frame of an event that was one piece of text in one frame. */
static void llmprov__face_learn(llmprov_face *f, const llmprov_event *e) {
    llmprov__face_hot *h = &f->hot;
    h->tail_len = f->json.len - h->to;
    h->armed = h->texts == 1 && h->frames == 1 && !f->error.code && h->tail_len <= sizeof h->tail;
    if (!h->armed) return;
    memcpy(h->tail, f->json.text + h->to, h->tail_len);
    h->type = e->type;
    h->choice = e->choice;
    h->index = e->index;
}

/* Writes a piece like the one before by its text alone; false = it is another. */
static bool llmprov__face_again(llmprov_face *f, const llmprov_event *e) {
    const llmprov__face_hot *h = &f->hot;
    char *to;
    if (!h->armed || e->type != h->type || e->index != h->index || e->choice != h->choice || e->type == LLMPROV_EVENT_PART) return false;
    f->json.len = h->from;
    to = llmprov__text_simple(e->text, e->text_len, e->text_len) ? llmprov__write_room(&f->json, e->text_len + h->tail_len) : NULL;
    if (to) {
        memcpy(to, e->text, e->text_len);
        memcpy(to + e->text_len, h->tail, h->tail_len);
        f->json.len += e->text_len + h->tail_len;
    } else {
        llmprov__write_copy_piece(&f->json, e->text, e->text_len);
        llmprov__write_add(&f->json, h->tail, h->tail_len);
    }
    llmprov__face_out(f, f->json.text, f->json.len);
    return true;
}

static void llmprov__face_write(llmprov_face *f, const llmprov_event *e) {
    if (e->type == LLMPROV_EVENT_TEXT) f->characters += llmprov__text_count(e->text, e->text_len);
    if (f->error.code || llmprov__face_again(f, e)) return;
    f->hot.armed = false;
    f->hot.texts = f->hot.frames = 0;
    f->translator->write_event(f, e);
    llmprov__face_learn(f, e);
}

/* -- one block at a time -- */

static void llmprov__face_argue(llmprov__face_arguments *a, const char *p, size_t len) {
    const char *end = p + len;
    for (; p < end; p++) {
        if (a->escape) a->escape = false;
        else if (a->string) {
            a->escape = *p == '\\';
            a->string = *p != '"';
        } else if (*p == '"') a->string = true;
        else if (*p == '{' || *p == '[') a->depth++, a->begun = true;
        else if (*p == '}' || *p == ']') a->depth--;
    }
}

static void llmprov__face_hold(llmprov_face *f, const llmprov_event *e) {
    size_t count = (size_t)e->index + 1;
    llmprov__face_held *held = (llmprov__face_held *)llmprov__mem_take(&f->held, sizeof *held);
    llmprov__face_line *lines = f->lines, *line;
    if (count > f->line_count && held) {
        size_t more = count > f->line_count * 2 ? count : f->line_count * 2;
        lines = (llmprov__face_line *)llmprov__mem_realloc(&f->arena.alloc, f->lines, f->line_count * sizeof *lines, more * sizeof *lines);
        if (lines) {
            memset(lines + f->line_count, 0, (more - f->line_count) * sizeof *lines);
            f->lines = lines;
            f->line_count = more;
        }
    }
    if (!held || !lines || (e->block && !llmprov__msg_copy_block(&f->held, &held->block, e->block))) {
        llmprov__face_no_memory(f);
        return;
    }
    held->event = *e;
    held->event.block = e->block ? &held->block : NULL;
    held->event.text = e->text ? llmprov__mem_copy(&f->held, e->text, e->text_len) : NULL;
    held->event.extra = e->extra ? llmprov__mem_copy(&f->held, e->extra, e->extra_len) : NULL;
    held->event.data = e->data ? llmprov__mem_copy(&f->held, e->data, e->data_len) : NULL;
    held->event.kind = e->kind ? llmprov__mem_copy(&f->held, e->kind, strlen(e->kind)) : NULL;
    if (f->held.failed) llmprov__face_no_memory(f);
    line = &f->lines[e->index];
    if (line->last) line->last->next = held;
    else line->first = held;
    line->last = held;
    f->waiting++;
}

/* Writes an event of the block whose turn it is. */
static void llmprov__face_turn(llmprov_face *f, const llmprov_event *e) {
    if (e->type == LLMPROV_EVENT_BLOCK) {
        f->current = e->index;
        f->open = true;
        memset(&f->arguments, 0, sizeof f->arguments);
    }
    if (e->type == LLMPROV_EVENT_JSON) llmprov__face_argue(&f->arguments, e->text, e->text_len);
    llmprov__face_write(f, e);
    if (e->type != LLMPROV_EVENT_BLOCK_END) return;
    f->open = false;
    f->current = e->index + 1;
}

static void llmprov__face_close(llmprov_face *f) {
    llmprov_event e;
    if (!f->open) return;
    memset(&e, 0, sizeof e);
    e.type = LLMPROV_EVENT_BLOCK_END;
    e.index = f->current;
    llmprov__face_turn(f, &e);
}

/* What waited for the block that has ended. */
static void llmprov__face_replay(llmprov_face *f) {
    while (f->waiting && !f->open && (size_t)f->current < f->line_count) {
        llmprov__face_line *line = &f->lines[f->current];
        llmprov__face_held *held = line->first;
        if (!held) f->current++;
        line->first = line->last = NULL;
        for (; held; held = held->next) {
            f->waiting--;
            llmprov__face_turn(f, &held->event);
        }
    }
    if (!f->waiting) llmprov__mem_arena_reset(&f->held);
}

static void llmprov__face_order(llmprov_face *f, const llmprov_event *e) {
    bool later = f->open && e->index > f->current;
    if (e->index < f->current) return;
    if (later && e->type == LLMPROV_EVENT_BLOCK && !f->waiting && f->arguments.begun && !f->arguments.depth) {
        llmprov__face_close(f);
        later = false;
    }
    if (later) llmprov__face_hold(f, e);
    else llmprov__face_turn(f, e);
    if (!f->open) llmprov__face_replay(f);
}

/* The end of the answer: every block gets its turn. */
static void llmprov__face_finish(llmprov_face *f) {
    while (f->open && !f->error.code) {
        llmprov__face_close(f);
        llmprov__face_replay(f);
    }
    f->ended = true;
}

#ifndef LLMPROV_NO_ANTHROPIC_MESSAGES

//==============================================================================
// >>s_messages anthropic-messages as a server
//
// A request's members go into fields; what the fields do not carry to the letter is
// kept beside them and goes back to this format as it was said. An answer has every
// member that the API's own has, null where nothing is known.
// https://docs.anthropic.com/en/api/messages  .../messages-streaming  .../errors
// Calls: msg parts face
//==============================================================================

/* -- what a request may hold -- */

enum { LLMPROV__S_MESSAGES_REQUEST = 1, LLMPROV__S_MESSAGES_MESSAGE, LLMPROV__S_MESSAGES_BLOCK, LLMPROV__S_MESSAGES_TEXT, LLMPROV__S_MESSAGES_IMAGE,
       LLMPROV__S_MESSAGES_SOURCE, LLMPROV__S_MESSAGES_USE, LLMPROV__S_MESSAGES_RESULT, LLMPROV__S_MESSAGES_THOUGHT, LLMPROV__S_MESSAGES_REDACTED,
       LLMPROV__S_MESSAGES_TOOL, LLMPROV__S_MESSAGES_CUSTOM, LLMPROV__S_MESSAGES_CHOICE, LLMPROV__S_MESSAGES_THINKING, LLMPROV__S_MESSAGES_OUTPUT,
       LLMPROV__S_MESSAGES_FORMAT, LLMPROV__S_MESSAGES_METADATA, LLMPROV__S_MESSAGES_MARK, LLMPROV__S_MESSAGES_NAMED };

static const llmprov__face_rule llmprov__s_messages_rules[] = {
    { LLMPROV__S_MESSAGES_REQUEST, "model", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "messages", LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_MESSAGES_MESSAGE, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "max_tokens", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "system", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST, LLMPROV__S_MESSAGES_BLOCK, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "temperature", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "top_p", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "top_k", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "stop_sequences", LLMPROV__FACE_LIST | LLMPROV__FACE_STRINGS, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "stream", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "tools", LLMPROV__FACE_LIST, LLMPROV__S_MESSAGES_TOOL, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "tool_choice", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_CHOICE, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "thinking", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_THINKING, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "output_config", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_OUTPUT, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "output_format", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_FORMAT, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "metadata", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_METADATA, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "service_tier", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_REQUEST, "cache_control", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_MARK, NULL },
    { LLMPROV__S_MESSAGES_MESSAGE, "role", LLMPROV__FACE_TEXT, 0, "user assistant system" },
    { LLMPROV__S_MESSAGES_MESSAGE, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_MESSAGES_BLOCK, NULL },
    { LLMPROV__S_MESSAGES_BLOCK, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_BLOCK, "cache_control", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_MARK, NULL },
    { LLMPROV__S_MESSAGES_TEXT, "text", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_TEXT, "citations", LLMPROV__FACE_LIST, 0, NULL },
    { LLMPROV__S_MESSAGES_IMAGE, "source", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_MESSAGES_SOURCE, NULL },
    { LLMPROV__S_MESSAGES_IMAGE, "title", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_SOURCE, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_SOURCE, "media_type", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_SOURCE, "data", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_SOURCE, "url", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_SOURCE, "file_id", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_USE, "id", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_USE, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_USE, "input", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, 0, NULL },
    { LLMPROV__S_MESSAGES_RESULT, "tool_use_id", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_RESULT, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST, LLMPROV__S_MESSAGES_BLOCK, NULL },
    { LLMPROV__S_MESSAGES_RESULT, "is_error", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_MESSAGES_THOUGHT, "thinking", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_THOUGHT, "signature", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_REDACTED, "data", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_TOOL, "type", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_TOOL, "name", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_TOOL, "description", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_TOOL, "strict", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_MESSAGES_TOOL, "cache_control", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_MARK, NULL },
    { LLMPROV__S_MESSAGES_CUSTOM, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_CUSTOM, "input_schema", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, 0, NULL },
    { LLMPROV__S_MESSAGES_CHOICE, "type", LLMPROV__FACE_TEXT, 0, "auto any tool none" },
    { LLMPROV__S_MESSAGES_CHOICE, "disable_parallel_tool_use", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_MESSAGES_NAMED, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_THINKING, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_MESSAGES_THINKING, "budget_tokens", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_MESSAGES_OUTPUT, "effort", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_OUTPUT, "format", LLMPROV__FACE_OBJECT, LLMPROV__S_MESSAGES_FORMAT, NULL },
    { LLMPROV__S_MESSAGES_FORMAT, "schema", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_MESSAGES_METADATA, "user_id", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_MESSAGES_MARK, "type", LLMPROV__FACE_TEXT, 0, "ephemeral" },
    { LLMPROV__S_MESSAGES_MARK, "ttl", LLMPROV__FACE_STRING, 0, "5m 1h" },
};

static const llmprov__face_case llmprov__s_messages_cases[] = {
    { LLMPROV__S_MESSAGES_BLOCK, "text", LLMPROV__S_MESSAGES_TEXT },
    { LLMPROV__S_MESSAGES_BLOCK, "image", LLMPROV__S_MESSAGES_IMAGE },
    { LLMPROV__S_MESSAGES_BLOCK, "document", LLMPROV__S_MESSAGES_IMAGE },
    { LLMPROV__S_MESSAGES_BLOCK, "tool_use", LLMPROV__S_MESSAGES_USE },
    { LLMPROV__S_MESSAGES_BLOCK, "server_tool_use", LLMPROV__S_MESSAGES_USE },
    { LLMPROV__S_MESSAGES_BLOCK, "tool_result", LLMPROV__S_MESSAGES_RESULT },
    { LLMPROV__S_MESSAGES_BLOCK, "thinking", LLMPROV__S_MESSAGES_THOUGHT },
    { LLMPROV__S_MESSAGES_BLOCK, "redacted_thinking", LLMPROV__S_MESSAGES_REDACTED },
    { LLMPROV__S_MESSAGES_TOOL, NULL, LLMPROV__S_MESSAGES_CUSTOM },
    { LLMPROV__S_MESSAGES_TOOL, llmprov__parts_custom, LLMPROV__S_MESSAGES_CUSTOM },
    { LLMPROV__S_MESSAGES_CHOICE, "tool", LLMPROV__S_MESSAGES_NAMED },
};

static const llmprov__face_rules llmprov__s_messages_form = {
    llmprov__s_messages_rules, LLMPROV__COUNT(llmprov__s_messages_rules), llmprov__s_messages_cases, LLMPROV__COUNT(llmprov__s_messages_cases),
};

/* -- reading a request, whose members are of the right kinds -- */

typedef struct llmprov__s_messages_ask {
    llmprov_asked *asked;
    llmprov_request *r;
    llmprov__msg_reader reader;
    llmprov_writer kept;
} llmprov__s_messages_ask;

static char *llmprov__s_messages_string(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    return llmprov__msg_string(&a->reader, s, raw, NULL);
}

static void llmprov__s_messages_stops(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    const char **stops;
    llmprov_str item;
    size_t count, i = 0;
    llmprov__msg_count(s, raw, &count);
    stops = (const char **)llmprov_asked_take(a->asked, count * sizeof *stops);
    while (stops && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) stops[i++] = llmprov__s_messages_string(a, s, item);
    a->r->stop = stops;
    a->r->stop_count = stops ? count : 0;
}

/* One tool: what has no field goes to extra, the word "custom" (which says nothing) too. */
static void llmprov__s_messages_tool(llmprov__s_messages_ask *a, llmprov_scan *s, llmprov_tool *tool) {
    llmprov_writer extra;
    llmprov_str key, raw, type;
    size_t len = 0;
    bool whole;
    llmprov__msg_gather_begin(&a->reader, &extra);
    while (llmprov_scan_key(s, &key)) {
        llmprov_str name = { llmprov_asked_keep(a->asked, key), key.len };
        if (!llmprov_scan_raw(s, &raw) || !name.ptr) break;
        if (llmprov__text_is(name, "name") && raw.ptr[0] == '"') tool->name = llmprov__s_messages_string(a, s, raw);
        else if (llmprov__text_is(name, "description") && raw.ptr[0] == '"') tool->description = llmprov__s_messages_string(a, s, raw);
        else if (llmprov__text_is(name, "input_schema") && raw.ptr[0] == '{') tool->schema = llmprov_asked_keep(a->asked, raw);
        else if (llmprov__text_is(name, "strict") && (raw.ptr[0] == 't' || raw.ptr[0] == 'f')) tool->strict = raw.ptr[0] == 't' ? LLMPROV_YES : LLMPROV_NO;
        else {
            if (llmprov__text_is(name, "cache_control")) {
                tool->cache = llmprov__msg_cache(s, raw, &whole);
                if (whole) continue;
                tool->cache = LLMPROV_CACHE_NONE;
            }
            type = llmprov__parts_text(s, raw);
            if (llmprov__text_is(name, "type") && type.len && !llmprov__text_is(type, llmprov__parts_custom)) tool->type = llmprov_asked_keep(a->asked, type);
            llmprov__msg_gather(&extra, name, raw);
        }
    }
    tool->extra = llmprov__msg_gathered(&a->reader, &extra, &len);
}

static void llmprov__s_messages_tools(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_tool *tools;
    size_t count, i = 0;
    llmprov__msg_count(s, raw, &count);
    tools = (llmprov_tool *)llmprov_asked_take(a->asked, count * sizeof *tools);
    while (tools && llmprov_scan_item(&in)) llmprov__s_messages_tool(a, &in, &tools[i++]);
    a->r->tools = tools;
    a->r->tool_count = tools ? count : 0;
}

static void llmprov__s_messages_keep(llmprov__s_messages_ask *a, const char *member, llmprov_str raw) {
    llmprov_str key = { member, strlen(member) };
    llmprov__msg_gather(&a->kept, key, raw);
}

static void llmprov__s_messages_choice(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "type", "name", "disable_parallel_tool_use" };
    static const char *const words[] = { "auto", "none", "any", "tool" };
    llmprov_str v[3], type;
    size_t i;
    llmprov__parts_members(s, raw, names, v, 3);
    type = llmprov__parts_text(s, v[0]);
    for (i = 0; i < 3 && !llmprov__text_is(type, words[i]); i++) { }
    a->r->tool_choice = (llmprov_tool_choice)i;
    if (v[1].ptr && v[1].ptr[0] == '"') a->r->tool_name = llmprov__s_messages_string(a, s, v[1]);
    if (v[2].ptr && v[2].ptr[0] == 't') a->r->parallel_tools = LLMPROV_NO;
    llmprov__s_messages_keep(a, "tool_choice", raw);
}

/* The fields carry it to other formats; its own gets it back as it was said. */
static void llmprov__s_messages_thinking(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "type", "budget_tokens" };
    llmprov_str v[2], type;
    llmprov_scan in;
    llmprov__parts_members(s, raw, names, v, 2);
    type = llmprov__parts_text(s, v[0]);
    a->r->thinking = llmprov__text_is(type, "disabled") ? LLMPROV_THINKING_OFF : llmprov__text_is(type, "between_tools") ? LLMPROV_THINKING_BETWEEN_TOOLS : LLMPROV_THINKING_ON;
    if (v[1].ptr) {
        in = llmprov_scan_in(s, v[1]);
        a->r->thinking_tokens.set = llmprov_scan_int(&in, &a->r->thinking_tokens.value);
    }
    llmprov__s_messages_keep(a, "thinking", raw);
}

static void llmprov__s_messages_format(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "schema" };
    llmprov_str schema;
    llmprov__parts_members(s, raw, names, &schema, 1);
    if (schema.ptr) a->r->schema = llmprov_asked_keep(a->asked, schema);
}

/* The older name of output_config.format. */
static void llmprov__s_messages_old_format(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov__s_messages_format(a, s, raw);
    llmprov__s_messages_keep(a, "output_format", raw);
}

static void llmprov__s_messages_output(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "effort", "format" };
    llmprov_str v[2], word;
    int i;
    llmprov__parts_members(s, raw, names, v, 2);
    if (v[1].ptr) llmprov__s_messages_format(a, s, v[1]);
    word = llmprov__parts_text(s, v[0]);
    for (i = LLMPROV_EFFORT_LOW; i <= LLMPROV_EFFORT_MAX; i++)
        if (llmprov__text_is(word, llmprov__parts_efforts[i])) a->r->effort = (llmprov_effort)i;
    llmprov__s_messages_keep(a, "output_config", raw);
}

static void llmprov__s_messages_metadata(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const names[] = { "user_id" };
    llmprov_str id;
    llmprov__parts_members(s, raw, names, &id, 1);
    if (id.ptr) a->r->user_id = llmprov__s_messages_string(a, s, id);
    llmprov__s_messages_keep(a, "metadata", raw);
}

static void llmprov__s_messages_messages(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_message *messages;
    size_t count;
    llmprov__msg_count(s, raw, &count);
    messages = (llmprov_message *)llmprov_asked_take(a->asked, count * sizeof *messages);
    if (!messages || !llmprov__msg_read_messages(&a->reader, s, raw, messages)) return;
    a->r->messages = messages;
    a->r->message_count = count;
}

static void llmprov__s_messages_system(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_str list = LLMPROV__STR("[]");
    llmprov_block *blocks = NULL;
    bool plain;
    if (!llmprov__msg_read_blocks(&a->reader, s, raw, "system", &blocks, &a->r->system_count, &plain)) a->r->system_count = 0;
    else a->r->system_blocks = blocks;
    if (!plain) llmprov__s_messages_keep(a, "system", list);       /* so that one text in a list goes back as a list */
}

static void llmprov__s_messages_mark(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    bool whole;
    a->r->cache = llmprov__msg_cache(s, raw, &whole);
    if (whole) return;
    a->r->cache = LLMPROV_CACHE_NONE;
    llmprov__s_messages_keep(a, "cache_control", raw);
}

/* A member that is a scalar or a text; false = it is something else. */
static bool llmprov__s_messages_simple(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str name, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_request *r = a->r;
    if (llmprov__text_is(name, "model")) r->model = llmprov__s_messages_string(a, s, raw);
    else if (llmprov__text_is(name, "service_tier")) r->service_tier = llmprov__s_messages_string(a, s, raw);
    else if (llmprov__text_is(name, "max_tokens")) r->max_tokens.set = llmprov_scan_int(&in, &r->max_tokens.value);
    else if (llmprov__text_is(name, "temperature")) r->temperature.set = llmprov_scan_num(&in, &r->temperature.value);
    else if (llmprov__text_is(name, "top_p")) r->top_p.set = llmprov_scan_num(&in, &r->top_p.value);
    else if (llmprov__text_is(name, "top_k")) r->top_k.set = llmprov_scan_int(&in, &r->top_k.value);
    else return false;
    return true;
}

/* A stream that is said to be none goes back so. */
static void llmprov__s_messages_stream(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw) {
    (void)s;
    a->r->stream = raw.ptr[0] == 't' ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    if (raw.ptr[0] != 't') llmprov__s_messages_keep(a, "stream", raw);
}

static void llmprov__s_messages_member(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str name, llmprov_str raw) {
    static const struct { const char *name; void (*read)(llmprov__s_messages_ask *a, const llmprov_scan *s, llmprov_str raw); } members[] = {
        { "messages", llmprov__s_messages_messages }, { "system", llmprov__s_messages_system }, { "tools", llmprov__s_messages_tools },
        { "tool_choice", llmprov__s_messages_choice }, { "stop_sequences", llmprov__s_messages_stops }, { "thinking", llmprov__s_messages_thinking },
        { "output_config", llmprov__s_messages_output }, { "output_format", llmprov__s_messages_old_format }, { "metadata", llmprov__s_messages_metadata },
        { "cache_control", llmprov__s_messages_mark }, { "stream", llmprov__s_messages_stream },
    };
    size_t i;
    if (raw.ptr[0] != 'n' && llmprov__s_messages_simple(a, s, name, raw)) return;
    for (i = 0; raw.ptr[0] != 'n' && i < LLMPROV__COUNT(members); i++) {
        if (!llmprov__text_is(name, members[i].name)) continue;
        members[i].read(a, s, raw);
        return;
    }
    llmprov__msg_gather(&a->kept, name, raw);
}

static void llmprov__s_messages_read_request(llmprov_asked *asked, llmprov_scan *body) {
    llmprov__s_messages_ask a;
    llmprov_str key, raw;
    if (!llmprov__face_check(asked, body, &llmprov__s_messages_form, LLMPROV__S_MESSAGES_REQUEST)) return;
    memset(&a, 0, sizeof a);
    a.asked = asked;
    a.r = &asked->request;
    a.reader.arena = llmprov__face_arena(asked);
    a.reader.err = &asked->error;
    a.reader.path = "";
    a.r->thinking = LLMPROV_THINKING_UNSAID;
    a.r->stream = LLMPROV_STREAM_OFF;
    llmprov__msg_gather_begin(&a.reader, &a.kept);
    while (llmprov_scan_key(body, &key)) {
        llmprov_str name = { llmprov_asked_keep(asked, key), key.len };
        if (!llmprov_scan_raw(body, &raw) || !name.ptr || asked->error.code) break;
        llmprov__s_messages_member(&a, body, name, raw);
    }
    a.r->kept = llmprov__msg_gathered(&a.reader, &a.kept, &a.r->kept_len);
    a.r->origin = "anthropic-messages";
}

/* -- what an answer consists of -- */

static void llmprov__s_messages_str(llmprov_writer *w, const char *key, const char *text) {
    if (text) llmprov_write_str(w, key, text, strlen(text));
    else llmprov_write_null(w, key);
}

/* A member of the provider's own object, where there is one and it came in this format; otherwise null. */
static void llmprov__s_messages_own(llmprov_face *f, llmprov_writer *w, const char *key, const char *object) {
    llmprov_str value;
    if (object && llmprov_face_own(f) && llmprov__msg_has(object, strlen(object), key, &value)) llmprov_write_raw(w, key, value.ptr, value.len);
    else llmprov_write_null(w, key);
}

static void llmprov__s_messages_usage(llmprov_face *f, llmprov_writer *w, const llmprov_usage *u, bool whole) {
    llmprov_write_open(w, "usage", '{');
    llmprov_write_int(w, "input_tokens", u->input_tokens);
    llmprov_write_int(w, "cache_creation_input_tokens", u->cache_write_5m_tokens + u->cache_write_1h_tokens);
    llmprov_write_int(w, "cache_read_input_tokens", u->cache_read_tokens);
    llmprov_write_int(w, "output_tokens", u->output_tokens);
    llmprov_write_open(w, "output_tokens_details", '{');
    llmprov_write_int(w, "thinking_tokens", u->thinking_tokens);
    llmprov_write_close(w);
    llmprov__s_messages_own(f, w, "server_tool_use", u->raw);
    if (whole) {
        llmprov_write_open(w, "cache_creation", '{');
        llmprov_write_int(w, "ephemeral_5m_input_tokens", u->cache_write_5m_tokens);
        llmprov_write_int(w, "ephemeral_1h_input_tokens", u->cache_write_1h_tokens);
        llmprov_write_close(w);
        llmprov__s_messages_own(f, w, "service_tier", u->raw);
        llmprov__s_messages_own(f, w, "inference_geo", u->raw);
        llmprov__s_messages_own(f, w, "speed", u->raw);
    }
    llmprov_write_close(w);
}

/* What no other format's reason means is said in the provider's own word: never a success. */
static void llmprov__s_messages_stop(llmprov_face *f, llmprov_writer *w, llmprov_stop stop, const char *word, const char *sequence) {
    bool foreign = stop == LLMPROV_STOP_OTHER || stop == LLMPROV_STOP_ERROR;
    if (foreign) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "stop_reason", "anthropic-messages has no such reason: the provider's own word was written");
    llmprov__s_messages_str(w, "stop_reason", foreign && word && *word ? word : llmprov_stop_text(stop));
    llmprov__s_messages_str(w, "stop_sequence", sequence);
}

/* What a block becomes here: itself, a text (the transcript of audio), or nothing. */
static bool llmprov__s_messages_takes(llmprov_face *f, llmprov_block *b) {
    bool opaque = b->type == LLMPROV_BLOCK_SERVER_USE || b->type == LLMPROV_BLOCK_SERVER_RESULT || b->type == LLMPROV_BLOCK_REDACTED || b->type == LLMPROV_BLOCK_RAW;
    bool media = b->type == LLMPROV_BLOCK_IMAGE || b->type == LLMPROV_BLOCK_VIDEO || b->type == LLMPROV_BLOCK_DOCUMENT;
    if (b->type == LLMPROV_BLOCK_AUDIO) {
        llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "audio", "anthropic-messages has no audio in replies: its transcript was written");
        b->type = LLMPROV_BLOCK_TEXT;
        b->extra = NULL;
    }
    if (!media && !(opaque && !llmprov_face_own(f))) return true;
    llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "content", "a block that anthropic-messages has no form for in replies was left out");
    return false;
}

/* A block with all members that the API's own have. Proofs and members that other formats minted mean nothing here. */
static void llmprov__s_messages_block(llmprov_face *f, llmprov_writer *w, const char *key, const llmprov_block *from) {
    llmprov_block b = *from;
    llmprov_str there;
    if (!llmprov_face_own(f)) {
        llmprov__face_lost(f, "content.", b.extra, b.extra_len);
        b.extra = NULL;
        b.signature = NULL;
    }
    b.origin = NULL;
    llmprov__msg_write_head(w, key, &b, LLMPROV__MSG_FOR_STORE);
    if (b.type == LLMPROV_BLOCK_TEXT && !llmprov__msg_has(b.extra, b.extra_len, "citations", &there)) llmprov_write_null(w, "citations");
    if (b.type == LLMPROV_BLOCK_THINKING && !b.signature) llmprov_write_str(w, "signature", "", 0);
    if ((b.type == LLMPROV_BLOCK_TOOL_USE || b.type == LLMPROV_BLOCK_SERVER_USE) && !llmprov__msg_has(b.extra, b.extra_len, "caller", &there))
        llmprov_write_raw(w, "caller", "{\"type\":\"direct\"}", 17);
    llmprov_write_close(w);
}

/* id, type, role, model. */
static void llmprov__s_messages_head(llmprov_face *f, llmprov_writer *w, const char *id, const char *model) {
    const llmprov_face_desc *d = llmprov_face_asked(f);
    llmprov__s_messages_str(w, "id", d->id ? d->id : id && *id ? id : "msg_1");
    llmprov_write_str(w, "type", "message", 7);
    llmprov_write_str(w, "role", "assistant", 9);
    llmprov__s_messages_str(w, "model", d->model ? d->model : model ? model : "");
}

/* The reply's members that have no field, where they are this format's own; what it always has is null otherwise. */
static void llmprov__s_messages_tail(llmprov_face *f, llmprov_writer *w, const char *extra, size_t len, const char *const *always) {
    llmprov_str value;
    bool own = llmprov_face_own(f);
    if (extra && own) llmprov__msg_write_extra(w, extra, len, NULL);
    else llmprov__face_lost(f, "", extra, len);
    for (; *always; always++)
        if (!own || !llmprov__msg_has(extra, len, *always, &value)) llmprov_write_null(w, *always);
}

static const char *const llmprov__s_messages_always[] = { "container", "stop_details", "diagnostics", NULL };

static void llmprov__s_messages_write_reply(llmprov_face *f, const llmprov_response *r) {
    llmprov_writer *w = llmprov_face_begin(f, NULL);
    size_t i;
    llmprov_write_open(w, NULL, '{');
    llmprov__s_messages_head(f, w, r->id, r->model);
    llmprov_write_open(w, "content", '[');
    for (i = 0; i < r->message.block_count; i++) {
        llmprov_block b = r->message.blocks[i];
        if (llmprov__s_messages_takes(f, &b)) llmprov__s_messages_block(f, w, NULL, &b);
    }
    llmprov_write_close(w);
    llmprov__s_messages_stop(f, w, r->stop, r->stop_word, r->stop_sequence);
    llmprov__s_messages_usage(f, w, &r->usage, true);
    llmprov__s_messages_tail(f, w, r->extra, r->extra_len, llmprov__s_messages_always);
    llmprov_write_close(w);
    llmprov_face_send(f);
}

/* -- a stream -- */

typedef struct llmprov__s_messages_state {
    int count;                   /* blocks that were written */
    bool skipping;               /* the block that is open has no form here */
    const char *extra;           /* members of the reply without a field */
    size_t extra_len;
} llmprov__s_messages_state;

/* Begins a frame that is about the block of that number; -1 = about none. */
static llmprov_writer *llmprov__s_messages_frame(llmprov_face *f, const char *type, int index) {
    llmprov_writer *w = llmprov_face_begin(f, type);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", type, strlen(type));
    if (index >= 0) llmprov_write_int(w, "index", index);
    return w;
}

static void llmprov__s_messages_end_frame(llmprov_face *f, llmprov_writer *w) {
    llmprov_write_close(w);
    llmprov_face_send(f);
}

static void llmprov__s_messages_start(llmprov_face *f, const llmprov_event *e) {
    static const llmprov_usage none;
    llmprov_writer *w = llmprov__s_messages_frame(f, "message_start", -1);
    llmprov_write_open(w, "message", '{');
    llmprov__s_messages_head(f, w, e->id, e->model);
    llmprov_write_raw(w, "content", "[]", 2);
    llmprov_write_null(w, "stop_reason");
    llmprov_write_null(w, "stop_sequence");
    llmprov__s_messages_usage(f, w, &none, true);
    llmprov__s_messages_tail(f, w, NULL, 0, llmprov__s_messages_always);
    llmprov_write_close(w);
    llmprov__s_messages_end_frame(f, w);
}

static void llmprov__s_messages_begin(llmprov_face *f, llmprov__s_messages_state *m, const llmprov_event *e) {
    llmprov_block b = *e->block;
    llmprov_writer *w;
    m->skipping = !llmprov__s_messages_takes(f, &b);
    if (m->skipping) return;
    w = llmprov__s_messages_frame(f, "content_block_start", m->count++);
    llmprov__s_messages_block(f, w, "content_block", &b);
    llmprov__s_messages_end_frame(f, w);
}

static const struct { llmprov_event_type event; const char *type, *member; } llmprov__s_messages_deltas[] = {
    { LLMPROV_EVENT_TEXT, "text_delta", "text" },
    { LLMPROV_EVENT_THINKING, "thinking_delta", "thinking" },
    { LLMPROV_EVENT_JSON, "input_json_delta", "partial_json" },
};

static void llmprov__s_messages_delta(llmprov_face *f, const llmprov__s_messages_state *m, const llmprov_event *e) {
    llmprov_writer *w;
    size_t i = 0;
    if (m->skipping) return;
    while (i < LLMPROV__COUNT(llmprov__s_messages_deltas) - 1 && llmprov__s_messages_deltas[i].event != e->type) i++;
    w = llmprov__s_messages_frame(f, "content_block_delta", m->count - 1);
    llmprov_write_open(w, "delta", '{');
    llmprov__s_messages_str(w, "type", llmprov__s_messages_deltas[i].type);
    llmprov_face_text(f, llmprov__s_messages_deltas[i].member, e->text, e->text_len);
    llmprov_write_close(w);
    llmprov__s_messages_end_frame(f, w);
}

/* Signatures and citations are this format's own or nothing. */
static void llmprov__s_messages_part(llmprov_face *f, const llmprov__s_messages_state *m, const llmprov_event *e) {
    bool signature = !strcmp(e->kind, "signature"), citation = !strcmp(e->kind, "citation");
    llmprov_writer *w;
    if (llmprov_face_own(f) && !signature && !citation) return;     /* its event went through as it came */
    if (m->skipping || e->index < 0 || !llmprov_face_own(f)) {
        llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, e->kind, "anthropic-messages has no place for this part of a reply in a stream: it was left out");
        return;
    }
    w = llmprov__s_messages_frame(f, "content_block_delta", m->count - 1);
    llmprov_write_open(w, "delta", '{');
    llmprov__s_messages_str(w, "type", signature ? "signature_delta" : "citations_delta");
    if (signature) llmprov_write_str(w, "signature", e->text, e->text_len);
    else llmprov_write_raw(w, "citation", e->extra, e->extra_len);
    llmprov_write_close(w);
    llmprov__s_messages_end_frame(f, w);
}

static void llmprov__s_messages_end(llmprov_face *f, const llmprov__s_messages_state *m, const llmprov_event *e) {
    static const char *const always[] = { "container", "stop_details", NULL };
    llmprov_writer *w = llmprov__s_messages_frame(f, "message_delta", -1);
    llmprov_write_open(w, "delta", '{');
    llmprov__s_messages_stop(f, w, e->stop, e->stop_word, e->stop_sequence);
    llmprov__s_messages_tail(f, w, m->extra, m->extra_len, always);
    llmprov_write_close(w);
    llmprov__s_messages_usage(f, w, e->usage, false);
    llmprov__s_messages_end_frame(f, w);
    llmprov__s_messages_end_frame(f, llmprov__s_messages_frame(f, "message_stop", -1));
}

/* An event that this version does not know goes through where it is this format's own. */
static void llmprov__s_messages_other(llmprov_face *f, const llmprov_event *e) {
    if (llmprov_face_own(f) && e->kind && *e->kind) {
        llmprov_write_raw(llmprov_face_begin(f, e->kind), NULL, e->extra, e->extra_len);
        llmprov_face_send(f);
    } else {
        llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, e->kind && *e->kind ? e->kind : "event", "an event of another format was left out");
    }
}

static void llmprov__s_messages_write_event(llmprov_face *f, const llmprov_event *e) {
    llmprov__s_messages_state *m = (llmprov__s_messages_state *)llmprov_face_state(f);
    switch (e->type) {
    case LLMPROV_EVENT_START: llmprov__s_messages_start(f, e); break;
    case LLMPROV_EVENT_BLOCK: llmprov__s_messages_begin(f, m, e); break;
    case LLMPROV_EVENT_TEXT: case LLMPROV_EVENT_THINKING: case LLMPROV_EVENT_JSON: llmprov__s_messages_delta(f, m, e); break;
    case LLMPROV_EVENT_PART: llmprov__s_messages_part(f, m, e); break;
    case LLMPROV_EVENT_BLOCK_END:
        if (!m->skipping) llmprov__s_messages_end_frame(f, llmprov__s_messages_frame(f, "content_block_stop", m->count - 1));
        break;
    case LLMPROV_EVENT_META:
        m->extra = llmprov_face_keep(f, e->extra, e->extra_len);
        m->extra_len = m->extra ? e->extra_len : 0;
        break;
    case LLMPROV_EVENT_OTHER: llmprov__s_messages_other(f, e); break;
    case LLMPROV_EVENT_END: llmprov__s_messages_end(f, m, e); break;
    default: break;
    }
}

/* -- errors -- */

static const struct { llmprov_status code; int http; } llmprov__s_messages_statuses[] = {
    { LLMPROV_ERR_AUTH, 401 }, { LLMPROV_ERR_NO_KEY, 401 }, { LLMPROV_ERR_QUOTA, 402 }, { LLMPROV_ERR_FORBIDDEN, 403 },
    { LLMPROV_ERR_NOT_FOUND, 404 }, { LLMPROV_ERR_RATE_LIMIT, 429 }, { LLMPROV_ERR_TIMEOUT, 504 }, { LLMPROV_ERR_OVERLOADED, 529 },
    { LLMPROV_ERR_ARGUMENT, 400 }, { LLMPROV_ERR_REQUEST, 400 }, { LLMPROV_ERR_TOO_LONG, 400 }, { LLMPROV_ERR_UNSUPPORTED, 400 },
    { LLMPROV_ERR_BAD_JSON, 400 }, { LLMPROV_ERR_NO_PROVIDER, 400 }, { LLMPROV_ERR_LIMIT, 400 },
};

static int llmprov__s_messages_status(const llmprov_error *e) {
    size_t i;
    if (e->http_status == 409 || e->http_status == 413) return e->http_status;
    for (i = 0; i < LLMPROV__COUNT(llmprov__s_messages_statuses); i++)
        if (llmprov__s_messages_statuses[i].code == e->code) return llmprov__s_messages_statuses[i].http;
    return 500;
}

static int llmprov__s_messages_write_error(llmprov_face *f, const llmprov_error *e) {
    llmprov_writer *w = llmprov_face_begin(f, "error");
    int status = llmprov__s_messages_status(e);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "type", "error", 5);
    llmprov_write_open(w, "error", '{');
    llmprov__s_messages_str(w, "type", status == 409 ? "conflict_error" : status == 413 ? "request_too_large" : llmprov_error_type(e->code));
    llmprov__s_messages_str(w, "message", e->message ? e->message : "");
    llmprov_write_close(w);
    llmprov__s_messages_str(w, "request_id", e->request_id && *e->request_id ? e->request_id : NULL);
    llmprov_write_close(w);
    llmprov_face_send(f);
    return status;
}
#endif /* LLMPROV_NO_ANTHROPIC_MESSAGES */

#ifndef LLMPROV_NO_OPENAI_CHAT

//==============================================================================
// >>s_chat     openai-chat as a server
//
// One message of the wire is one of ours. What the fields do not carry to the
// letter stays beside them as it was said, and goes back to this format so. An
// answer's thinking is in reasoning_content, as many servers have it: OpenAI's own
// answers have no place for it.
// https://platform.openai.com/docs/api-reference/chat/create  .../object  .../streaming
// Calls: msg parts face
//==============================================================================

/* -- what a request may hold -- */

enum { LLMPROV__S_CHAT_REQUEST = 1, LLMPROV__S_CHAT_MESSAGE, LLMPROV__S_CHAT_SPEAKER, LLMPROV__S_CHAT_ASSISTANT, LLMPROV__S_CHAT_RESULT,
       LLMPROV__S_CHAT_OLD_RESULT, LLMPROV__S_CHAT_PART, LLMPROV__S_CHAT_TEXT, LLMPROV__S_CHAT_IMAGE, LLMPROV__S_CHAT_VIDEO, LLMPROV__S_CHAT_SOUND,
       LLMPROV__S_CHAT_FILE, LLMPROV__S_CHAT_REFUSAL, LLMPROV__S_CHAT_THOUGHT, LLMPROV__S_CHAT_URL, LLMPROV__S_CHAT_SOUND_DATA, LLMPROV__S_CHAT_FILE_DATA,
       LLMPROV__S_CHAT_BREAKPOINT, LLMPROV__S_CHAT_MARK, LLMPROV__S_CHAT_CALL, LLMPROV__S_CHAT_FUNCTION_CALL, LLMPROV__S_CHAT_CUSTOM_CALL,
       LLMPROV__S_CHAT_CALLED, LLMPROV__S_CHAT_CUSTOM_CALLED, LLMPROV__S_CHAT_AUDIO_ID, LLMPROV__S_CHAT_TOOL, LLMPROV__S_CHAT_FUNCTION_TOOL,
       LLMPROV__S_CHAT_CUSTOM_TOOL, LLMPROV__S_CHAT_FUNCTION, LLMPROV__S_CHAT_CUSTOM, LLMPROV__S_CHAT_CHOICE, LLMPROV__S_CHAT_FUNCTION_CHOICE,
       LLMPROV__S_CHAT_CUSTOM_CHOICE, LLMPROV__S_CHAT_ALLOWED_CHOICE, LLMPROV__S_CHAT_NAMED, LLMPROV__S_CHAT_ALLOWED, LLMPROV__S_CHAT_FORMAT,
       LLMPROV__S_CHAT_SCHEMA_FORMAT, LLMPROV__S_CHAT_SCHEMA, LLMPROV__S_CHAT_STREAM_OPTIONS, LLMPROV__S_CHAT_VOICE, LLMPROV__S_CHAT_PREDICTION,
       LLMPROV__S_CHAT_REASONING, LLMPROV__S_CHAT_THINKING };

static const llmprov__face_rule llmprov__s_chat_rules[] = {
    { LLMPROV__S_CHAT_REQUEST, "model", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "messages", LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_MESSAGE, NULL },
    { LLMPROV__S_CHAT_REQUEST, "max_tokens", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "max_completion_tokens", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "n", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "temperature", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "top_p", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "top_k", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "seed", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "presence_penalty", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "frequency_penalty", LLMPROV__FACE_NUMBER, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "logit_bias", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "logprobs", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "top_logprobs", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "stop", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_STRINGS, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "stream", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "stream_options", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_STREAM_OPTIONS, NULL },
    { LLMPROV__S_CHAT_REQUEST, "tools", LLMPROV__FACE_LIST, LLMPROV__S_CHAT_TOOL, NULL },
    { LLMPROV__S_CHAT_REQUEST, "tool_choice", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_CHOICE, "none auto required any" },
    { LLMPROV__S_CHAT_REQUEST, "parallel_tool_calls", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "functions", LLMPROV__FACE_LIST, LLMPROV__S_CHAT_FUNCTION, NULL },
    { LLMPROV__S_CHAT_REQUEST, "function_call", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_NAMED, "none auto" },
    { LLMPROV__S_CHAT_REQUEST, "response_format", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_FORMAT, NULL },
    { LLMPROV__S_CHAT_REQUEST, "reasoning_effort", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "reasoning", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_REASONING, NULL },
    { LLMPROV__S_CHAT_REQUEST, "thinking", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_THINKING, NULL },
    { LLMPROV__S_CHAT_REQUEST, "verbosity", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "user", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "safety_identifier", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "prompt_cache_key", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "prompt_cache_options", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "prompt_cache_retention", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "service_tier", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "store", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "metadata", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "modalities", LLMPROV__FACE_LIST | LLMPROV__FACE_STRINGS, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "audio", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_VOICE, NULL },
    { LLMPROV__S_CHAT_REQUEST, "prediction", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_PREDICTION, NULL },
    { LLMPROV__S_CHAT_REQUEST, "moderation", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_REQUEST, "web_search_options", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_MESSAGE, "role", LLMPROV__FACE_TEXT, 0, "system developer user assistant tool function" },
    { LLMPROV__S_CHAT_MESSAGE, "name", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_MESSAGE, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST, LLMPROV__S_CHAT_PART, NULL },
    { LLMPROV__S_CHAT_SPEAKER, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_PART, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "refusal", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "audio", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_AUDIO_ID, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "tool_calls", LLMPROV__FACE_LIST, LLMPROV__S_CHAT_CALL, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "function_call", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_CALLED, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "reasoning_content", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "reasoning", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_ASSISTANT, "reasoning_details", LLMPROV__FACE_LIST, 0, NULL },
    { LLMPROV__S_CHAT_RESULT, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_PART, NULL },
    { LLMPROV__S_CHAT_RESULT, "tool_call_id", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_OLD_RESULT, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_OLD_RESULT, "content", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_PART, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_PART, "prompt_cache_breakpoint", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_BREAKPOINT, NULL },
    { LLMPROV__S_CHAT_PART, "cache_control", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_MARK, NULL },
    { LLMPROV__S_CHAT_TEXT, "text", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_IMAGE, "image_url", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_URL, NULL },
    { LLMPROV__S_CHAT_VIDEO, "video_url", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_URL, NULL },
    { LLMPROV__S_CHAT_SOUND, "input_audio", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_SOUND_DATA, NULL },
    { LLMPROV__S_CHAT_FILE, "file", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_FILE_DATA, NULL },
    { LLMPROV__S_CHAT_REFUSAL, "refusal", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_THOUGHT, "thinking", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_PART, NULL },
    { LLMPROV__S_CHAT_URL, "url", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_URL, "detail", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_SOUND_DATA, "data", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_SOUND_DATA, "format", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_FILE_DATA, "file_data", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_FILE_DATA, "file_id", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_FILE_DATA, "filename", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_BREAKPOINT, "mode", LLMPROV__FACE_TEXT, 0, "explicit" },
    { LLMPROV__S_CHAT_BREAKPOINT, "ttl", LLMPROV__FACE_STRING, 0, "30m 12h" },
    { LLMPROV__S_CHAT_MARK, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_MARK, "ttl", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_CALL, "id", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_CALL, "type", LLMPROV__FACE_STRING, 0, "function custom" },
    { LLMPROV__S_CHAT_FUNCTION_CALL, "function", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_CALLED, NULL },
    { LLMPROV__S_CHAT_CUSTOM_CALL, llmprov__parts_custom, LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_CUSTOM_CALLED, NULL },
    { LLMPROV__S_CHAT_CALLED, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_CALLED, "arguments", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_CUSTOM_CALLED, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_CUSTOM_CALLED, "input", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_AUDIO_ID, "id", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_TOOL, "type", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_TOOL, "cache_control", LLMPROV__FACE_OBJECT, LLMPROV__S_CHAT_MARK, NULL },
    { LLMPROV__S_CHAT_FUNCTION_TOOL, "function", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_FUNCTION, NULL },
    { LLMPROV__S_CHAT_CUSTOM_TOOL, llmprov__parts_custom, LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_CUSTOM, NULL },
    { LLMPROV__S_CHAT_FUNCTION, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_FUNCTION, "description", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_FUNCTION, "parameters", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_FUNCTION, "strict", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_CUSTOM, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_CUSTOM, "description", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_CUSTOM, "format", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_CHOICE, "type", LLMPROV__FACE_STRING, 0, "function custom allowed_tools" },
    { LLMPROV__S_CHAT_FUNCTION_CHOICE, "function", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_NAMED, NULL },
    { LLMPROV__S_CHAT_CUSTOM_CHOICE, llmprov__parts_custom, LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_NAMED, NULL },
    { LLMPROV__S_CHAT_ALLOWED_CHOICE, "allowed_tools", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_ALLOWED, NULL },
    { LLMPROV__S_CHAT_NAMED, "name", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_ALLOWED, "mode", LLMPROV__FACE_TEXT, 0, "auto required" },
    { LLMPROV__S_CHAT_ALLOWED, "tools", LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, 0, NULL },
    { LLMPROV__S_CHAT_FORMAT, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_SCHEMA_FORMAT, "json_schema", LLMPROV__FACE_OBJECT | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_SCHEMA, NULL },
    { LLMPROV__S_CHAT_SCHEMA, "name", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_SCHEMA, "description", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_SCHEMA, "schema", LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_SCHEMA, "strict", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_STREAM_OPTIONS, "include_usage", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_STREAM_OPTIONS, "include_obfuscation", LLMPROV__FACE_BOOL, 0, NULL },
    { LLMPROV__S_CHAT_VOICE, "format", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_VOICE, "voice", LLMPROV__FACE_STRING | LLMPROV__FACE_OBJECT, 0, NULL },
    { LLMPROV__S_CHAT_PREDICTION, "type", LLMPROV__FACE_TEXT, 0, NULL },
    { LLMPROV__S_CHAT_PREDICTION, "content", LLMPROV__FACE_STRING | LLMPROV__FACE_LIST | LLMPROV__FACE_NEEDED, LLMPROV__S_CHAT_PART, NULL },
    { LLMPROV__S_CHAT_REASONING, "effort", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_REASONING, "max_tokens", LLMPROV__FACE_INT, 0, NULL },
    { LLMPROV__S_CHAT_THINKING, "type", LLMPROV__FACE_STRING, 0, NULL },
    { LLMPROV__S_CHAT_THINKING, "budget_tokens", LLMPROV__FACE_INT, 0, NULL },
};

static const llmprov__face_case llmprov__s_chat_cases[] = {
    { LLMPROV__S_CHAT_MESSAGE, "system", LLMPROV__S_CHAT_SPEAKER },
    { LLMPROV__S_CHAT_MESSAGE, "developer", LLMPROV__S_CHAT_SPEAKER },
    { LLMPROV__S_CHAT_MESSAGE, "user", LLMPROV__S_CHAT_SPEAKER },
    { LLMPROV__S_CHAT_MESSAGE, "assistant", LLMPROV__S_CHAT_ASSISTANT },
    { LLMPROV__S_CHAT_MESSAGE, "tool", LLMPROV__S_CHAT_RESULT },
    { LLMPROV__S_CHAT_MESSAGE, "function", LLMPROV__S_CHAT_OLD_RESULT },
    { LLMPROV__S_CHAT_PART, "text", LLMPROV__S_CHAT_TEXT },
    { LLMPROV__S_CHAT_PART, "image_url", LLMPROV__S_CHAT_IMAGE },
    { LLMPROV__S_CHAT_PART, "video_url", LLMPROV__S_CHAT_VIDEO },
    { LLMPROV__S_CHAT_PART, "input_audio", LLMPROV__S_CHAT_SOUND },
    { LLMPROV__S_CHAT_PART, "file", LLMPROV__S_CHAT_FILE },
    { LLMPROV__S_CHAT_PART, "refusal", LLMPROV__S_CHAT_REFUSAL },
    { LLMPROV__S_CHAT_PART, "thinking", LLMPROV__S_CHAT_THOUGHT },
    { LLMPROV__S_CHAT_CALL, NULL, LLMPROV__S_CHAT_FUNCTION_CALL },
    { LLMPROV__S_CHAT_CALL, "function", LLMPROV__S_CHAT_FUNCTION_CALL },
    { LLMPROV__S_CHAT_CALL, llmprov__parts_custom, LLMPROV__S_CHAT_CUSTOM_CALL },
    { LLMPROV__S_CHAT_TOOL, NULL, LLMPROV__S_CHAT_FUNCTION_TOOL },
    { LLMPROV__S_CHAT_TOOL, "function", LLMPROV__S_CHAT_FUNCTION_TOOL },
    { LLMPROV__S_CHAT_TOOL, llmprov__parts_custom, LLMPROV__S_CHAT_CUSTOM_TOOL },
    { LLMPROV__S_CHAT_CHOICE, NULL, LLMPROV__S_CHAT_FUNCTION_CHOICE },
    { LLMPROV__S_CHAT_CHOICE, "function", LLMPROV__S_CHAT_FUNCTION_CHOICE },
    { LLMPROV__S_CHAT_CHOICE, llmprov__parts_custom, LLMPROV__S_CHAT_CUSTOM_CHOICE },
    { LLMPROV__S_CHAT_CHOICE, "allowed_tools", LLMPROV__S_CHAT_ALLOWED_CHOICE },
    { LLMPROV__S_CHAT_FORMAT, "json_schema", LLMPROV__S_CHAT_SCHEMA_FORMAT },
};

static const llmprov__face_rules llmprov__s_chat_form = {
    llmprov__s_chat_rules, LLMPROV__COUNT(llmprov__s_chat_rules), llmprov__s_chat_cases, LLMPROV__COUNT(llmprov__s_chat_cases),
};

/* -- reading a request, whose members are of the right kinds -- */

typedef struct llmprov__s_chat_ask {
    llmprov_asked *asked;
    llmprov_request *r;
    llmprov__msg_reader reader;
    llmprov_writer kept;
} llmprov__s_chat_ask;

static const char llmprov__s_chat_origin[] = "openai-chat";

/* Catches the members of the object that comes: those that are asked for as raw JSON, the others and nulls in *rest. */
static void llmprov__s_chat_catch(llmprov__s_chat_ask *a, llmprov_scan *s, const char *const *names, llmprov_str *values, size_t count, llmprov_writer *rest) {
    llmprov_str key, raw;
    size_t i;
    memset(values, 0, count * sizeof *values);
    llmprov__msg_gather_begin(&a->reader, rest);
    while (llmprov_scan_key(s, &key)) {
        llmprov_str name = { llmprov_asked_keep(a->asked, key), key.len };
        if (!llmprov_scan_raw(s, &raw) || !name.ptr) return;
        for (i = 0; i < count && !llmprov__text_is(name, names[i]); i++) { }
        if (i < count && raw.ptr[0] != 'n') values[i] = raw;
        else llmprov__msg_gather(rest, name, raw);
    }
}

/* The same for an object that was caught raw. */
static void llmprov__s_chat_catch_in(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str object, const char *const *names, llmprov_str *values, size_t count, llmprov_writer *rest) {
    llmprov_scan in = llmprov_scan_in(s, object);
    llmprov__s_chat_catch(a, &in, names, values, count, rest);
}

static void llmprov__s_chat_leave(llmprov_writer *rest, const char *member, llmprov_str raw) {
    llmprov_str key = { member, strlen(member) };
    if (raw.ptr) llmprov__msg_gather(rest, key, raw);
}

/* What is left of an object inside goes to the rest of the one around it, under its name. */
static void llmprov__s_chat_nest(llmprov__s_chat_ask *a, llmprov_writer *rest, const char *member, llmprov_writer *inner) {
    llmprov_str object;
    object.ptr = llmprov__msg_gathered(&a->reader, inner, &object.len);
    llmprov__s_chat_leave(rest, member, object);
}

static char *llmprov__s_chat_string(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str raw) {
    return raw.ptr ? llmprov__msg_string(&a->reader, s, raw, NULL) : NULL;
}

/* What a block has no field for, which this format minted. */
static void llmprov__s_chat_extra(llmprov__s_chat_ask *a, llmprov_block *b, llmprov_writer *rest) {
    b->extra = llmprov__msg_gathered(&a->reader, rest, &b->extra_len);
    if (b->extra && !b->origin) b->origin = llmprov__s_chat_origin;
}

/* -- parts of a message -- */

enum { LLMPROV__S_CHAT_P_TYPE, LLMPROV__S_CHAT_P_TEXT, LLMPROV__S_CHAT_P_IMAGE, LLMPROV__S_CHAT_P_VIDEO, LLMPROV__S_CHAT_P_SOUND, LLMPROV__S_CHAT_P_FILE,
       LLMPROV__S_CHAT_P_REFUSAL, LLMPROV__S_CHAT_P_THINKING, LLMPROV__S_CHAT_P_BREAKPOINT, LLMPROV__S_CHAT_P_MARK, LLMPROV__S_CHAT_P_COUNT };

static const char *const llmprov__s_chat_parts[] = { "type", "text", "image_url", "video_url", "input_audio", "file", "refusal", "thinking",
                                                     "prompt_cache_breakpoint", "cache_control" };

/* Bytes in a data: URL, or a URL. */
static void llmprov__s_chat_source(llmprov__s_chat_ask *a, llmprov_block *b, llmprov_str url) {
    static const char mark[] = ";base64";
    const char *comma = url.len > 5 && !memcmp(url.ptr, "data:", 5) ? (const char *)memchr(url.ptr, ',', url.len) : NULL;
    llmprov_str mime = { url.ptr + 5, 0 }, data = { NULL, 0 };
    if (comma && comma > mime.ptr + sizeof mark - 1 && !memcmp(comma - (sizeof mark - 1), mark, sizeof mark - 1)) {
        mime.len = (size_t)(comma - mime.ptr) - (sizeof mark - 1);
        data.ptr = comma + 1;
        data.len = (size_t)(url.ptr + url.len - data.ptr);
    }
    if (!data.ptr || memchr(mime.ptr, ';', mime.len) || !llmprov__msg_base64_ok(data)) {
        b->url = llmprov_asked_keep(a->asked, url);
        return;
    }
    b->mime = llmprov_asked_keep(a->asked, mime);
    b->base64 = llmprov_asked_keep(a->asked, data);
    b->base64_len = data.len;
}

/* {"url":...}, or the URL itself, which some servers take: that form is remembered as a null. */
static void llmprov__s_chat_url(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest) {
    static const char *const names[] = { "url", "detail" };
    llmprov_str v[2], null = LLMPROV__STR("null");
    llmprov_writer inner;
    b->type = part == LLMPROV__S_CHAT_P_VIDEO ? LLMPROV_BLOCK_VIDEO : LLMPROV_BLOCK_IMAGE;
    if (raw.ptr[0] == '"') {
        llmprov__s_chat_source(a, b, llmprov__parts_text(s, raw));
        llmprov__s_chat_leave(rest, llmprov__s_chat_parts[part], null);
        return;
    }
    llmprov__s_chat_catch_in(a, s, raw, names, v, 2, &inner);
    llmprov__s_chat_source(a, b, llmprov__parts_text(s, v[0]));
    llmprov__s_chat_leave(rest, names[1], v[1]);
    llmprov__s_chat_nest(a, rest, llmprov__s_chat_parts[part], &inner);
}

/* {"data":...,"format":...}, or the data itself, which some servers take. Data that is no base64 is a URL. */
static void llmprov__s_chat_sound(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest) {
    static const char *const names[] = { "data", "format" };
    llmprov_str v[2] = { { NULL, 0 }, { NULL, 0 } }, null = LLMPROV__STR("null"), data, format;
    llmprov_writer inner;
    llmprov__msg_gather_begin(&a->reader, &inner);
    b->type = LLMPROV_BLOCK_AUDIO;
    if (raw.ptr[0] == '"') llmprov__s_chat_leave(rest, llmprov__s_chat_parts[part], null);
    else llmprov__s_chat_catch_in(a, s, raw, names, v, 2, &inner);
    data = llmprov__parts_text(s, v[0].ptr ? v[0] : raw);
    if (llmprov__msg_base64_ok(data)) {
        b->base64 = llmprov_asked_keep(a->asked, data);
        b->base64_len = data.len;
    } else b->url = llmprov_asked_keep(a->asked, data);
    format = llmprov__parts_text(s, v[1]);
    if (llmprov__text_is(format, "wav")) b->mime = "audio/wav";
    else if (llmprov__text_is(format, "mp3")) b->mime = "audio/mpeg";
    else if (format.len) {
        b->mime = llmprov__err_join(a->reader.arena, "audio/", llmprov_asked_keep(a->asked, format), (char *)NULL);
        llmprov__s_chat_leave(&inner, names[1], v[1]);
    }
    llmprov__s_chat_nest(a, rest, llmprov__s_chat_parts[part], &inner);
}

static void llmprov__s_chat_file(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest) {
    static const char *const names[] = { "file_data", "file_id", "filename" };
    llmprov_str v[3];
    llmprov_writer inner;
    b->type = LLMPROV_BLOCK_DOCUMENT;
    b->origin = llmprov__s_chat_origin;
    llmprov__s_chat_catch_in(a, s, raw, names, v, 3, &inner);
    b->file_id = llmprov__s_chat_string(a, s, v[1]);
    b->name = llmprov__s_chat_string(a, s, v[2]);
    if (v[0].ptr) llmprov__s_chat_source(a, b, llmprov__parts_text(s, v[0]));
    llmprov__s_chat_nest(a, rest, llmprov__s_chat_parts[part], &inner);
}

/* Text, or a refusal, which is text here with its kind beside it. */
static void llmprov__s_chat_text(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest) {
    llmprov_str refusal = LLMPROV__STR("\"refusal\"");
    b->text = llmprov__msg_string(&a->reader, s, raw, &b->text_len);
    if (part == LLMPROV__S_CHAT_P_REFUSAL) llmprov__s_chat_leave(rest, "type", refusal);
}

/* A text, or a list of them: joined for other formats, kept as it was said for this one. */
static void llmprov__s_chat_thinking(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest) {
    b->type = LLMPROV_BLOCK_THINKING;
    b->origin = "openai-chat:content";
    llmprov__s_chat_leave(rest, llmprov__s_chat_parts[part], raw);
    b->text = llmprov__parts_joined(s, raw, llmprov__s_chat_parts[LLMPROV__S_CHAT_P_TEXT], a->reader.arena, &b->text_len);
}

/* A prompt-cache breakpoint, in OpenAI's word or in Anthropic's. It is kept to the letter too. */
static void llmprov__s_chat_mark(const llmprov_scan *s, llmprov_block *b, const llmprov_str *v) {
    static const char *const names[] = { "ttl" };
    llmprov_str ttl;
    bool whole;
    if (v[LLMPROV__S_CHAT_P_MARK].ptr) b->cache = llmprov__msg_cache(s, v[LLMPROV__S_CHAT_P_MARK], &whole);
    if (!v[LLMPROV__S_CHAT_P_BREAKPOINT].ptr) return;
    llmprov__parts_members(s, v[LLMPROV__S_CHAT_P_BREAKPOINT], names, &ttl, 1);
    b->cache = llmprov__text_is(llmprov__parts_text(s, ttl), "12h") ? LLMPROV_CACHE_1H : LLMPROV_CACHE_5M;
}

/* The part that comes. One of a kind that has no block is kept whole. */
static void llmprov__s_chat_part(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_block *b) {
    typedef void (*reader)(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, int part, llmprov_str raw, llmprov_writer *rest);
    static const reader readers[] = { NULL, llmprov__s_chat_text, llmprov__s_chat_url, llmprov__s_chat_url, llmprov__s_chat_sound, llmprov__s_chat_file,
                                      llmprov__s_chat_text, llmprov__s_chat_thinking };
    llmprov_str v[LLMPROV__S_CHAT_P_COUNT], type, whole;
    llmprov_writer rest;
    llmprov_scan in;
    int i, part;
    if (!llmprov_scan_raw(s, &whole)) return;
    in = llmprov_scan_in(s, whole);
    llmprov__s_chat_catch(a, &in, llmprov__s_chat_parts, v, LLMPROV__S_CHAT_P_COUNT, &rest);
    llmprov__s_chat_mark(s, b, v);
    type = llmprov__parts_text(s, v[LLMPROV__S_CHAT_P_TYPE]);
    for (part = LLMPROV__S_CHAT_P_TEXT; part <= LLMPROV__S_CHAT_P_THINKING && !llmprov__text_is(type, llmprov__s_chat_parts[part]); part++) { }
    if (part > LLMPROV__S_CHAT_P_THINKING) {
        llmprov_writer_free(&rest);
        b->type = LLMPROV_BLOCK_RAW;
        b->origin = llmprov__s_chat_origin;
        b->kind = llmprov_asked_keep(a->asked, type);
        b->json = llmprov_asked_keep(a->asked, whole);
        b->json_len = whole.len;
        return;
    }
    readers[part](a, s, b, part, v[part], &rest);
    for (i = LLMPROV__S_CHAT_P_TEXT; i < LLMPROV__S_CHAT_P_COUNT; i++)
        if (i != part) llmprov__s_chat_leave(&rest, llmprov__s_chat_parts[i], v[i]);
    llmprov__s_chat_extra(a, b, &rest);
}

/* -- tool calls -- */

/* Arguments that are a JSON object, to the letter; of others what stands for an object, and the letter beside it. */
static void llmprov__s_chat_arguments(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, llmprov_str raw, llmprov_writer *inner) {
    llmprov_str text = llmprov__parts_text(s, raw);
    llmprov__mem_buf scratch;
    llmprov_scan in;
    llmprov_writer w;
    bool object;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = a->reader.arena->alloc;
    b->json = llmprov_asked_keep(a->asked, text);
    b->json_len = text.len;
    in = llmprov__json_scan(b->json ? b->json : "", text.len, &scratch, 0);
    object = llmprov_scan_kind(&in) == LLMPROV_JSON_OBJECT;
    llmprov_scan_skip(&in);
    object = llmprov__json_done(&in) && object;
    if (scratch.failed) a->reader.arena->failed = true;
    llmprov__mem_buf_free(&scratch);
    if (object) return;
    llmprov__s_chat_leave(inner, "arguments", raw);
    b->invalid = text.len > 0;
    llmprov__msg_gather_begin(&a->reader, &w);
    llmprov_write_open(&w, NULL, '{');
    if (b->invalid) llmprov_write_raw(&w, "rawInvalidInput", raw.ptr, raw.len);
    b->json = llmprov__msg_gathered(&a->reader, &w, &b->json_len);
}

/* {"name":...,"arguments":...} of a call, or {"name":...,"input":...} of one whose arguments are a text. */
static void llmprov__s_chat_called(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, bool custom, llmprov_str raw, llmprov_writer *inner) {
    static const char *const names[] = { "name", "arguments", "input" };
    llmprov_str v[3];
    llmprov_writer w;
    llmprov__s_chat_catch_in(a, s, raw, names, v, 3, inner);
    b->type = LLMPROV_BLOCK_TOOL_USE;
    b->name = llmprov__s_chat_string(a, s, v[0]);
    if (!custom) {
        llmprov__s_chat_leave(inner, names[2], v[2]);
        llmprov__s_chat_arguments(a, s, b, v[1], inner);
        return;
    }
    llmprov__s_chat_leave(inner, names[1], v[1]);
    llmprov__msg_gather_begin(&a->reader, &w);
    llmprov__s_chat_leave(&w, names[2], v[2]);
    b->json = llmprov__msg_gathered(&a->reader, &w, &b->json_len);
}

/* One call. That its kind was said, and which, stays in extra where it is not "function". */
static void llmprov__s_chat_call(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_block *b) {
    static const char *const names[] = { "id", "type", "function", llmprov__parts_custom };
    llmprov_str v[4], null = LLMPROV__STR("null");
    llmprov_writer rest, inner;
    bool custom;
    llmprov__s_chat_catch(a, s, names, v, 4, &rest);
    custom = llmprov__text_is(llmprov__parts_text(s, v[1]), llmprov__parts_custom);
    b->id = llmprov__s_chat_string(a, s, v[0]);
    if (!v[1].ptr) llmprov__s_chat_leave(&rest, names[1], null);
    if (custom) llmprov__s_chat_leave(&rest, names[1], v[1]);
    llmprov__s_chat_called(a, s, b, custom, custom ? v[3] : v[2], &inner);
    llmprov__s_chat_nest(a, &rest, custom ? names[3] : names[2], &inner);
    llmprov__s_chat_leave(&rest, custom ? names[2] : names[3], custom ? v[2] : v[3]);
    llmprov__s_chat_extra(a, b, &rest);
}

/* The one call of the time before there were several. */
static void llmprov__s_chat_old_call(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_block *b, llmprov_str raw) {
    llmprov_writer rest, inner;
    llmprov__msg_gather_begin(&a->reader, &rest);
    b->origin = "openai-chat:function_call";
    llmprov__s_chat_called(a, s, b, false, raw, &inner);
    llmprov__s_chat_nest(a, &rest, "function", &inner);
    llmprov__s_chat_extra(a, b, &rest);
}

/* -- messages -- */

enum { LLMPROV__S_CHAT_M_ROLE, LLMPROV__S_CHAT_M_CONTENT, LLMPROV__S_CHAT_M_CALLS, LLMPROV__S_CHAT_M_CALL, LLMPROV__S_CHAT_M_REFUSAL, LLMPROV__S_CHAT_M_AUDIO,
       LLMPROV__S_CHAT_M_REASONING_CONTENT, LLMPROV__S_CHAT_M_REASONING, LLMPROV__S_CHAT_M_DETAILS, LLMPROV__S_CHAT_M_ID, LLMPROV__S_CHAT_M_NAME,
       LLMPROV__S_CHAT_M_COUNT };

static const char *const llmprov__s_chat_members[] = { "role", "content", "tool_calls", "function_call", "refusal", "audio", "reasoning_content",
                                                       "reasoning", "reasoning_details", "tool_call_id", "name" };

/* A message while it is read. Members that become blocks are taken out of v. */
typedef struct llmprov__s_chat_message {
    llmprov_message *to;
    llmprov_block *blocks;
    size_t count;
    llmprov_str v[LLMPROV__S_CHAT_M_COUNT];
} llmprov__s_chat_message;

/* A member that is a text of some length: then it becomes a block. */
static llmprov_block *llmprov__s_chat_words(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m, int member, llmprov_block_type type, const char *origin) {
    llmprov_str raw = m->v[member];
    llmprov_block *b;
    if (!raw.ptr || raw.ptr[0] != '"' || raw.len == 2) return NULL;
    b = &m->blocks[m->count++];
    b->type = type;
    b->origin = origin;
    b->text = llmprov__msg_string(&a->reader, s, raw, &b->text_len);
    m->v[member].ptr = NULL;
    return b;
}

/* reasoning_details are an opaque list for the provider that sent it: beside the text that it belongs to. */
static void llmprov__s_chat_reasoning(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m) {
    llmprov_str details = m->v[LLMPROV__S_CHAT_M_DETAILS];
    llmprov_block *b = llmprov__s_chat_words(a, s, m, LLMPROV__S_CHAT_M_REASONING, LLMPROV_BLOCK_THINKING, "openai-chat:reasoning"), *c;
    llmprov_writer rest;
    size_t count;
    c = llmprov__s_chat_words(a, s, m, LLMPROV__S_CHAT_M_REASONING_CONTENT, LLMPROV_BLOCK_THINKING, "openai-chat:reasoning_content");
    if (!details.ptr || !llmprov__msg_count(s, details, &count) || !count) return;
    if (!b) b = c;
    if (!b) {
        b = &m->blocks[m->count++];
        b->type = LLMPROV_BLOCK_THINKING;
        b->origin = "openai-chat:reasoning_details";
        b->text = llmprov__parts_joined(s, details, "text", a->reader.arena, &b->text_len);
    }
    llmprov__msg_gather_begin(&a->reader, &rest);
    llmprov__s_chat_leave(&rest, llmprov__s_chat_members[LLMPROV__S_CHAT_M_DETAILS], details);
    llmprov__s_chat_extra(a, b, &rest);
    m->v[LLMPROV__S_CHAT_M_DETAILS].ptr = NULL;
}

/* The parts of a list; an empty one stays as it was said. */
static void llmprov__s_chat_list(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m, int member, const char *origin,
                                 void (*read)(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_block *b)) {
    llmprov_scan in = llmprov_scan_in(s, m->v[member]);
    size_t before = m->count;
    while (m->v[member].ptr && llmprov_scan_item(&in)) {
        read(a, &in, &m->blocks[m->count]);
        if (!m->blocks[m->count].origin) m->blocks[m->count].origin = origin;
        m->count++;
    }
    if (m->count > before) m->v[member].ptr = NULL;
}

/* Content: a string is one text. Of the assistant an empty one says nothing beside other things, and a list is marked. */
static void llmprov__s_chat_content(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m, const char *origin, bool beside) {
    llmprov_str raw = m->v[LLMPROV__S_CHAT_M_CONTENT];
    if (!raw.ptr || raw.ptr[0] == '[') {
        llmprov__s_chat_list(a, s, m, LLMPROV__S_CHAT_M_CONTENT, origin, llmprov__s_chat_part);
        return;
    }
    m->to->plain = true;
    if (raw.len == 2 && beside) return;
    m->blocks[m->count].origin = m->to->role == LLMPROV_ROLE_ASSISTANT ? NULL : origin;
    m->blocks[m->count].text = llmprov__msg_string(&a->reader, s, raw, &m->blocks[m->count].text_len);
    m->count++;
    m->v[LLMPROV__S_CHAT_M_CONTENT].ptr = NULL;
}

static void llmprov__s_chat_assistant(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m) {
    static const char *const names[] = { "id" };
    llmprov_str id, calls = m->v[LLMPROV__S_CHAT_M_CALLS], audio = m->v[LLMPROV__S_CHAT_M_AUDIO];
    size_t count = 0;
    llmprov_writer rest;
    llmprov__s_chat_reasoning(a, s, m);
    llmprov__s_chat_content(a, s, m, llmprov__s_chat_origin, m->count || audio.ptr || m->v[LLMPROV__S_CHAT_M_CALL].ptr || m->v[LLMPROV__S_CHAT_M_REFUSAL].ptr ||
                            (calls.ptr && llmprov__msg_count(s, calls, &count) && count));
    llmprov__s_chat_words(a, s, m, LLMPROV__S_CHAT_M_REFUSAL, LLMPROV_BLOCK_TEXT, "openai-chat:refusal");
    if (audio.ptr) {
        llmprov_block *b = &m->blocks[m->count++];
        llmprov__s_chat_catch_in(a, s, audio, names, &id, 1, &rest);
        b->type = LLMPROV_BLOCK_AUDIO;
        b->origin = llmprov__s_chat_origin;
        b->id = llmprov__s_chat_string(a, s, id);
        llmprov__s_chat_extra(a, b, &rest);
        m->v[LLMPROV__S_CHAT_M_AUDIO].ptr = NULL;
    }
    llmprov__s_chat_list(a, s, m, LLMPROV__S_CHAT_M_CALLS, NULL, llmprov__s_chat_call);
    if (!m->v[LLMPROV__S_CHAT_M_CALL].ptr) return;
    llmprov__s_chat_old_call(a, s, &m->blocks[m->count++], m->v[LLMPROV__S_CHAT_M_CALL]);
    m->v[LLMPROV__S_CHAT_M_CALL].ptr = NULL;
}

/* A tool message is a user's with one result, which has all its members: results may be put in another order. */
static void llmprov__s_chat_result(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov__s_chat_message *m, bool old) {
    llmprov_str raw = m->v[LLMPROV__S_CHAT_M_CONTENT];
    llmprov_block *b = &m->blocks[0];
    m->blocks++;
    llmprov__s_chat_list(a, s, m, LLMPROV__S_CHAT_M_CONTENT, NULL, llmprov__s_chat_part);
    b->type = LLMPROV_BLOCK_TOOL_RESULT;
    b->id = llmprov__s_chat_string(a, s, m->v[LLMPROV__S_CHAT_M_ID]);
    b->origin = old ? "openai-chat:function" : llmprov__s_chat_origin;
    m->v[LLMPROV__S_CHAT_M_ID].ptr = NULL;
    if (raw.ptr && raw.ptr[0] == '"') {
        b->text = llmprov__msg_string(&a->reader, s, raw, &b->text_len);
        m->v[LLMPROV__S_CHAT_M_CONTENT].ptr = NULL;
    } else {
        b->content = m->blocks;
        b->content_count = m->count;
    }
    m->blocks = b;
    m->count = 1;
}

/* How many blocks a message may become. */
static size_t llmprov__s_chat_room(const llmprov_scan *s, const llmprov_str *v) {
    size_t parts = 0, calls = 0;
    if (v[LLMPROV__S_CHAT_M_CONTENT].ptr) llmprov__msg_count(s, v[LLMPROV__S_CHAT_M_CONTENT], &parts);
    if (v[LLMPROV__S_CHAT_M_CALLS].ptr) llmprov__msg_count(s, v[LLMPROV__S_CHAT_M_CALLS], &calls);
    return parts + calls + 7;
}

static void llmprov__s_chat_message_read(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_message *to) {
    llmprov__s_chat_message m;
    llmprov_writer rest;
    llmprov_str role;
    bool tool, old, developer;
    size_t i;
    memset(&m, 0, sizeof m);
    m.to = to;
    llmprov__s_chat_catch(a, s, llmprov__s_chat_members, m.v, LLMPROV__S_CHAT_M_COUNT, &rest);
    role = llmprov__parts_text(s, m.v[LLMPROV__S_CHAT_M_ROLE]);
    m.v[LLMPROV__S_CHAT_M_ROLE].ptr = NULL;
    old = llmprov__text_is(role, "function");
    tool = old || llmprov__text_is(role, "tool");
    developer = llmprov__text_is(role, "developer");
    to->role = llmprov__text_is(role, "assistant") ? LLMPROV_ROLE_ASSISTANT : llmprov__text_is(role, "user") || tool ? LLMPROV_ROLE_USER : LLMPROV_ROLE_SYSTEM;
    m.blocks = (llmprov_block *)llmprov_asked_take(a->asked, llmprov__s_chat_room(s, m.v) * sizeof *m.blocks);
    if (m.blocks && tool) llmprov__s_chat_result(a, s, &m, old);
    else if (m.blocks && to->role == LLMPROV_ROLE_ASSISTANT) llmprov__s_chat_assistant(a, s, &m);
    else if (m.blocks) llmprov__s_chat_content(a, s, &m, developer ? "openai-chat:developer" : NULL, false);
    for (i = 0; i < LLMPROV__S_CHAT_M_COUNT; i++) llmprov__s_chat_leave(&rest, llmprov__s_chat_members[i], m.v[i]);
    if (m.blocks && tool) llmprov__s_chat_extra(a, m.blocks, &rest);
    else to->extra = llmprov__msg_gathered(&a->reader, &rest, &to->extra_len);
    to->blocks = m.blocks;
    to->block_count = m.count;
}

static void llmprov__s_chat_messages(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_message *messages;
    size_t count, i = 0;
    llmprov__msg_count(s, raw, &count);
    messages = (llmprov_message *)llmprov_asked_take(a->asked, count * sizeof *messages);
    while (messages && llmprov_scan_item(&in)) llmprov__s_chat_message_read(a, &in, &messages[i++]);
    a->r->messages = messages;
    a->r->message_count = messages ? count : 0;
}

/* -- tools -- */

/* The members of a function. */
static void llmprov__s_chat_function(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_tool *tool, llmprov_str raw, llmprov_writer *inner) {
    static const char *const names[] = { "name", "description", "parameters", "strict" };
    llmprov_str v[4];
    llmprov__s_chat_catch_in(a, s, raw, names, v, 4, inner);
    tool->name = llmprov__s_chat_string(a, s, v[0]);
    tool->description = llmprov__s_chat_string(a, s, v[1]);
    if (v[2].ptr) tool->schema = llmprov_asked_keep(a->asked, v[2]);
    if (v[3].ptr) tool->strict = v[3].ptr[0] == 't' ? LLMPROV_YES : LLMPROV_NO;
}

/* A tool whose input is a text: its members stay in extra; other formats get a function with one text. */
static void llmprov__s_chat_custom(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_tool *tool, llmprov_str raw) {
    static const char *const names[] = { "name", "description" };
    llmprov_str v[2];
    llmprov__parts_members(s, raw, names, v, 2);
    tool->name = llmprov__s_chat_string(a, s, v[0]);
    tool->description = llmprov__s_chat_string(a, s, v[1]);
    tool->schema = "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}";
}

static void llmprov__s_chat_tool(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_tool *tool) {
    static const char *const names[] = { "type", "function", llmprov__parts_custom, "cache_control" };
    llmprov_str v[4], type, null = LLMPROV__STR("null");
    llmprov_writer rest, inner;
    size_t len;
    bool whole = false;
    llmprov__s_chat_catch(a, s, names, v, 4, &rest);
    type = llmprov__parts_text(s, v[0]);
    if (type.len && !llmprov__text_is(type, names[1])) tool->type = llmprov_asked_keep(a->asked, type);
    if (v[3].ptr) tool->cache = llmprov__msg_cache(s, v[3], &whole);
    if (!whole) tool->cache = LLMPROV_CACHE_NONE;
    if (whole) v[3].ptr = NULL;
    if (!v[0].ptr) llmprov__s_chat_leave(&rest, names[0], null);
    if (!tool->type) {
        llmprov__s_chat_function(a, s, tool, v[1], &inner);
        llmprov__s_chat_nest(a, &rest, names[1], &inner);
        v[1].ptr = NULL;
    } else if (!strcmp(tool->type, names[2])) llmprov__s_chat_custom(a, s, tool, v[2]);
    llmprov__s_chat_leave(&rest, names[1], v[1]);
    llmprov__s_chat_leave(&rest, names[2], v[2]);
    llmprov__s_chat_leave(&rest, names[3], v[3]);
    tool->extra = llmprov__msg_gathered(&a->reader, &rest, &len);
}

/* A list of the old time: as it was said for this format, tools for the others. */
static void llmprov__s_chat_old_tool(llmprov__s_chat_ask *a, llmprov_scan *s, llmprov_tool *tool) {
    llmprov_writer inner;
    llmprov_str raw;
    if (!llmprov_scan_raw(s, &raw)) return;
    llmprov__s_chat_function(a, s, tool, raw, &inner);
    llmprov_writer_free(&inner);
}

/* Both lists of tools, one behind the other, wherever they stand in the request. */
static void llmprov__s_chat_tools(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str tools, llmprov_str functions) {
    llmprov_scan in = llmprov_scan_in(s, tools), old = llmprov_scan_in(s, functions);
    llmprov_tool *list;
    size_t count = 0, old_count = 0, i = 0;
    if (tools.ptr) llmprov__msg_count(s, tools, &count);
    if (functions.ptr) llmprov__msg_count(s, functions, &old_count);
    list = (llmprov_tool *)llmprov_asked_take(a->asked, (count + old_count) * sizeof *list);
    while (list && tools.ptr && llmprov_scan_item(&in)) llmprov__s_chat_tool(a, &in, &list[i++]);
    while (list && functions.ptr && llmprov_scan_item(&old)) llmprov__s_chat_old_tool(a, &old, &list[i++]);
    a->r->tools = list;
    a->r->tool_count = list ? count + old_count : 0;
    if (tools.ptr && !count) llmprov__s_chat_leave(&a->kept, "tools", tools);
}

/* -- the other members -- */

static void llmprov__s_chat_stops(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_scan in = llmprov_scan_in(s, raw);
    const char **stops;
    llmprov_str item;
    size_t count = 1, i = 0;
    bool list = llmprov__msg_count(s, raw, &count);
    if (!list) count = 1;
    stops = (const char **)llmprov_asked_take(a->asked, count * sizeof *stops);
    if (stops && !list) stops[0] = llmprov__s_chat_string(a, s, raw);
    while (stops && list && llmprov_scan_item(&in) && llmprov_scan_raw(&in, &item)) stops[i++] = llmprov__s_chat_string(a, s, item);
    a->r->stop = stops;
    a->r->stop_count = stops ? count : 0;
}

static void llmprov__s_chat_format(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str raw) {
    static const char *const outer[] = { "json_schema" }, *const inner[] = { "name", "schema", "strict" };
    llmprov_str schema, v[3];
    llmprov__parts_members(s, raw, outer, &schema, 1);
    llmprov__parts_members(s, schema, inner, v, 3);
    if (!v[1].ptr) return;
    a->r->schema = llmprov_asked_keep(a->asked, v[1]);
    a->r->schema_name = llmprov__s_chat_string(a, s, v[0]);
    if (v[2].ptr) a->r->schema_strict = v[2].ptr[0] == 't' ? LLMPROV_YES : LLMPROV_NO;
}

static void llmprov__s_chat_choice(llmprov__s_chat_ask *a, const llmprov_scan *s, llmprov_str raw) {
    llmprov_str name;
    a->r->tool_choice = llmprov__parts_said_choice(s, raw, &name);
    if (a->r->tool_choice == LLMPROV_TOOL_NAMED) a->r->tool_name = llmprov_asked_keep(a->asked, name);
}

static void llmprov__s_chat_thinks(llmprov__s_chat_ask *a, const llmprov_scan *s, const char *name, llmprov_str raw) {
    llmprov_str key = { name, strlen(name) };
    llmprov__parts_said_thinking(a->r, s, key, raw);
}

/* Members whose value is a field. The later ones are the newer names and win. Those that are kept too are written back as
   they were said: under that name, or in that form. */
enum { LLMPROV__S_CHAT_STRING, LLMPROV__S_CHAT_INT, LLMPROV__S_CHAT_NUM, LLMPROV__S_CHAT_THINKS };

static const struct { const char *name; int kind; size_t field; bool keep; } llmprov__s_chat_fields[] = {
    { "model", LLMPROV__S_CHAT_STRING, offsetof(llmprov_request, model), false },
    { "service_tier", LLMPROV__S_CHAT_STRING, offsetof(llmprov_request, service_tier), false },
    { "user", LLMPROV__S_CHAT_STRING, offsetof(llmprov_request, user_id), true },
    { "safety_identifier", LLMPROV__S_CHAT_STRING, offsetof(llmprov_request, user_id), true },
    { "max_tokens", LLMPROV__S_CHAT_INT, offsetof(llmprov_request, max_tokens), true },
    { "max_completion_tokens", LLMPROV__S_CHAT_INT, offsetof(llmprov_request, max_tokens), true },
    { "n", LLMPROV__S_CHAT_INT, offsetof(llmprov_request, n), false },
    { "seed", LLMPROV__S_CHAT_INT, offsetof(llmprov_request, seed), false },
    { "top_k", LLMPROV__S_CHAT_INT, offsetof(llmprov_request, top_k), false },
    { "temperature", LLMPROV__S_CHAT_NUM, offsetof(llmprov_request, temperature), false },
    { "top_p", LLMPROV__S_CHAT_NUM, offsetof(llmprov_request, top_p), false },
    { "presence_penalty", LLMPROV__S_CHAT_NUM, offsetof(llmprov_request, presence_penalty), false },
    { "frequency_penalty", LLMPROV__S_CHAT_NUM, offsetof(llmprov_request, frequency_penalty), false },
    { "reasoning_effort", LLMPROV__S_CHAT_THINKS, 0, true },
    { "thinking", LLMPROV__S_CHAT_THINKS, 0, true },
    { "reasoning", LLMPROV__S_CHAT_THINKS, 0, true },
};

enum { LLMPROV__S_CHAT_T_MESSAGES, LLMPROV__S_CHAT_T_TOOLS, LLMPROV__S_CHAT_T_FUNCTIONS, LLMPROV__S_CHAT_T_FUNCTION_CALL, LLMPROV__S_CHAT_T_CHOICE,
       LLMPROV__S_CHAT_T_PARALLEL, LLMPROV__S_CHAT_T_STOP, LLMPROV__S_CHAT_T_STREAM, LLMPROV__S_CHAT_T_FORMAT, LLMPROV__S_CHAT_T_COUNT,
       LLMPROV__S_CHAT_T_ALL = LLMPROV__S_CHAT_T_COUNT + LLMPROV__COUNT(llmprov__s_chat_fields) };

static const char *const llmprov__s_chat_tops[] = { "messages", "tools", "functions", "function_call", "tool_choice", "parallel_tool_calls", "stop",
                                                    "stream", "response_format" };

static void llmprov__s_chat_field(llmprov__s_chat_ask *a, const llmprov_scan *s, size_t i, llmprov_str raw) {
    char *to = (char *)a->r + llmprov__s_chat_fields[i].field;
    llmprov_scan in = llmprov_scan_in(s, raw);
    llmprov_int *whole = (llmprov_int *)(void *)to;
    llmprov_num *number = (llmprov_num *)(void *)to;
    switch (llmprov__s_chat_fields[i].kind) {
    case LLMPROV__S_CHAT_STRING: *(const char **)(void *)to = llmprov__s_chat_string(a, s, raw); break;
    case LLMPROV__S_CHAT_INT: whole->set = llmprov_scan_int(&in, &whole->value); break;
    case LLMPROV__S_CHAT_NUM: number->set = llmprov_scan_num(&in, &number->value); break;
    default: llmprov__s_chat_thinks(a, s, llmprov__s_chat_fields[i].name, raw); break;
    }
    if (llmprov__s_chat_fields[i].keep) llmprov__s_chat_leave(&a->kept, llmprov__s_chat_fields[i].name, raw);
}

/* The members that need more than a field. */
static void llmprov__s_chat_members_read(llmprov__s_chat_ask *a, const llmprov_scan *s, const llmprov_str *v) {
    static const int kept[] = { LLMPROV__S_CHAT_T_FUNCTIONS, LLMPROV__S_CHAT_T_FUNCTION_CALL, LLMPROV__S_CHAT_T_CHOICE, LLMPROV__S_CHAT_T_STREAM, LLMPROV__S_CHAT_T_FORMAT };
    size_t i;
    llmprov__s_chat_messages(a, s, v[LLMPROV__S_CHAT_T_MESSAGES]);
    llmprov__s_chat_tools(a, s, v[LLMPROV__S_CHAT_T_TOOLS], v[LLMPROV__S_CHAT_T_FUNCTIONS]);
    if (v[LLMPROV__S_CHAT_T_FUNCTION_CALL].ptr) llmprov__s_chat_choice(a, s, v[LLMPROV__S_CHAT_T_FUNCTION_CALL]);
    if (v[LLMPROV__S_CHAT_T_CHOICE].ptr) llmprov__s_chat_choice(a, s, v[LLMPROV__S_CHAT_T_CHOICE]);
    if (v[LLMPROV__S_CHAT_T_PARALLEL].ptr) a->r->parallel_tools = v[LLMPROV__S_CHAT_T_PARALLEL].ptr[0] == 't' ? LLMPROV_YES : LLMPROV_NO;
    if (v[LLMPROV__S_CHAT_T_STOP].ptr) llmprov__s_chat_stops(a, s, v[LLMPROV__S_CHAT_T_STOP]);
    if (v[LLMPROV__S_CHAT_T_STOP].ptr && (!a->r->stop_count || v[LLMPROV__S_CHAT_T_STOP].ptr[0] == '"')) llmprov__s_chat_leave(&a->kept, "stop", v[LLMPROV__S_CHAT_T_STOP]);
    if (v[LLMPROV__S_CHAT_T_FORMAT].ptr) llmprov__s_chat_format(a, s, v[LLMPROV__S_CHAT_T_FORMAT]);
    a->r->stream = v[LLMPROV__S_CHAT_T_STREAM].ptr && v[LLMPROV__S_CHAT_T_STREAM].ptr[0] == 't' ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    for (i = 0; i < LLMPROV__COUNT(kept); i++) llmprov__s_chat_leave(&a->kept, llmprov__s_chat_tops[kept[i]], v[kept[i]]);
}

static void llmprov__s_chat_read_request(llmprov_asked *asked, llmprov_scan *body) {
    const char *names[LLMPROV__S_CHAT_T_ALL];
    llmprov_str v[LLMPROV__S_CHAT_T_ALL];
    llmprov__s_chat_ask a;
    size_t i;
    if (!llmprov__face_check(asked, body, &llmprov__s_chat_form, LLMPROV__S_CHAT_REQUEST)) return;
    memset(&a, 0, sizeof a);
    a.asked = asked;
    a.r = &asked->request;
    a.reader.arena = llmprov__face_arena(asked);
    a.reader.err = &asked->error;
    a.reader.path = "";
    for (i = 0; i < LLMPROV__S_CHAT_T_ALL; i++)
        names[i] = i < LLMPROV__S_CHAT_T_COUNT ? llmprov__s_chat_tops[i] : llmprov__s_chat_fields[i - LLMPROV__S_CHAT_T_COUNT].name;
    llmprov__s_chat_catch(&a, body, names, v, LLMPROV__S_CHAT_T_ALL, &a.kept);
    llmprov__s_chat_members_read(&a, body, v);
    for (i = LLMPROV__S_CHAT_T_COUNT; i < LLMPROV__S_CHAT_T_ALL; i++)
        if (v[i].ptr) llmprov__s_chat_field(&a, body, i - LLMPROV__S_CHAT_T_COUNT, v[i]);
    a.r->kept = llmprov__msg_gathered(&a.reader, &a.kept, &a.r->kept_len);
    a.r->origin = llmprov__s_chat_origin;
}

/* -- what an answer consists of -- */

/* What is known about one answer while it is written. */
typedef struct llmprov__s_chat_block {
    int number;                  /* of a call among the calls of its answer                                  */
    bool custom, old, left_out;  /* custom: its arguments are a text, which waits for its end                */
    bool begun;                  /* something of it was written                                              */
    char *text;                  /* what waits                                                               */
    size_t len, cap;
    unsigned char carry[3];      /* bytes of audio that are no whole group of base64 yet                     */
    size_t carry_len;
    llmprov_block head;
} llmprov__s_chat_block;

typedef struct llmprov__s_chat_answer {
    llmprov__s_chat_block *blocks;
    size_t block_cap;
    int calls;
    bool begun, refused;
    size_t characters;           /* of the text so far, where citations need it                              */
} llmprov__s_chat_answer;

typedef struct llmprov__s_chat_state {
    llmprov__s_chat_answer *answers;
    size_t answer_count;
    const char *id, *model;
    const char *extra;           /* members of the reply without a field                                     */
    size_t extra_len;
} llmprov__s_chat_state;

static void llmprov__s_chat_str(llmprov_writer *w, const char *key, const char *text) {
    if (text) llmprov_write_str(w, key, text, strlen(text));
    else llmprov_write_null(w, key);
}

static bool llmprov__s_chat_kept(const llmprov_face *f, const char *member, llmprov_str *value) {
    const llmprov_request *r = llmprov_face_asked(f)->request;
    return r && r->origin && !strcmp(r->origin, llmprov__s_chat_origin) && llmprov__msg_has(r->kept, r->kept_len, member, value);
}

/* Whether the client speaks of functions as it was before there were tools. */
static bool llmprov__s_chat_is_old(const llmprov_face *f) {
    llmprov_str value;
    return llmprov__s_chat_kept(f, "functions", &value) && value.ptr[0] == '[';
}

static bool llmprov__s_chat_wants_usage(const llmprov_face *f) {
    llmprov_str options, value;
    return llmprov__s_chat_kept(f, "stream_options", &options) && llmprov__msg_has(options.ptr, options.len, "include_usage", &value) && value.ptr[0] == 't';
}

/* Whether a call is one whose arguments are a text: it came so, or the client's tool of that name is of that kind. */
static bool llmprov__s_chat_is_custom(const llmprov_face *f, const llmprov_block *b) {
    const llmprov_request *r = llmprov_face_asked(f)->request;
    llmprov_str type;
    size_t i;
    if (llmprov_face_own(f) && llmprov__msg_has(b->extra, b->extra_len, "type", &type)) return llmprov__text_is(type, "\"custom\"");
    for (i = 0; r && i < r->tool_count; i++)
        if (r->tools[i].type && !strcmp(r->tools[i].type, llmprov__parts_custom) && llmprov__text_same(r->tools[i].name, b->name, false)) return true;
    return false;
}

static bool llmprov__s_chat_came_as(const llmprov_block *b, const char *member) {
    size_t len = sizeof llmprov__s_chat_origin - 1;
    return b->origin && !strncmp(b->origin, llmprov__s_chat_origin, len) && b->origin[len] == ':' && !strcmp(b->origin + len + 1, member);
}

/* The member for a piece of thinking. */
static const char *llmprov__s_chat_thought(const llmprov_face *f, const llmprov_block *b) {
    return llmprov_face_own(f) && llmprov__s_chat_came_as(b, "reasoning") ? "reasoning" : "reasoning_content";
}

/* Whether a block has a form here. */
static bool llmprov__s_chat_takes(llmprov_face *f, const llmprov_block *b) {
    bool fine = b->type == LLMPROV_BLOCK_TEXT || b->type == LLMPROV_BLOCK_THINKING || b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_AUDIO;
    if (b->type == LLMPROV_BLOCK_REDACTED) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "redacted_thinking", "openai-chat has no place for thinking that is not shown: it was left out");
    else if (!fine) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "content", "a block that openai-chat has no form for in replies (of a tool that the provider ran itself, or the like) was left out");
    return fine;
}

/* -- citations -- */

/* One citation as an annotation: as it came, or its URL and title on the characters from `start` to `end`. */
static void llmprov__s_chat_annotation(llmprov_face *f, llmprov_writer *w, const char *key, llmprov_str citation, size_t start, size_t end) {
    llmprov_str url, title;
    if (llmprov_face_own(f)) {
        llmprov_write_raw(w, key, citation.ptr, citation.len);
        return;
    }
    if (!llmprov__msg_has(citation.ptr, citation.len, "url", &url) || url.ptr[0] != '"') return;
    if (!llmprov__msg_has(citation.ptr, citation.len, "title", &title) || title.ptr[0] != '"') title = url;
    llmprov_write_open(w, key, '{');
    llmprov_write_str(w, "type", "url_citation", 12);
    llmprov_write_open(w, "url_citation", '{');
    llmprov_write_int(w, "start_index", (int64_t)start);
    llmprov_write_int(w, "end_index", (int64_t)end);
    llmprov_write_raw(w, "title", title.ptr, title.len);
    llmprov_write_raw(w, "url", url.ptr, url.len);
    llmprov_write_close(w);
    llmprov_write_close(w);
}

/* Whether a citation can be an annotation. */
static bool llmprov__s_chat_cites(llmprov_face *f, llmprov_str citation) {
    llmprov_str url;
    if (llmprov_face_own(f) || (llmprov__msg_has(citation.ptr, citation.len, "url", &url) && url.ptr[0] == '"')) return true;
    llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "citations", "openai-chat has citations of URLs only: those of documents were left out");
    return false;
}

/* -- whole replies -- */

enum { LLMPROV__S_CHAT_CONTENT, LLMPROV__S_CHAT_REFUSED };

/* The texts of an answer as one string, or null. */
static void llmprov__s_chat_texts(llmprov_writer *w, const char *key, const llmprov_message *m, int which) {
    size_t i;
    bool some = false;
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        if (b->type != LLMPROV_BLOCK_TEXT || llmprov__s_chat_came_as(b, "refusal") != (which == LLMPROV__S_CHAT_REFUSED)) continue;
        if (!some) llmprov__write_string_open(w, key);
        some = true;
        llmprov__write_copy_piece(w, b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
    }
    if (some) llmprov__write_string_close(w);
    else llmprov_write_null(w, key);
}

static void llmprov__s_chat_thoughts(llmprov_face *f, llmprov_writer *w, const llmprov_message *m) {
    const llmprov_block *b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, NULL);
    llmprov_str details;
    if (!b) return;
    llmprov__write_string_open(w, llmprov__s_chat_thought(f, b));
    for (; b; b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, b)) {
        llmprov__write_copy_piece(w, b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
        if (b->signature && *b->signature) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "signature", "openai-chat has no place for the signature of thinking: it was left out");
    }
    llmprov__write_string_close(w);
    b = llmprov_block_next(m, LLMPROV_BLOCK_THINKING, NULL);
    if (llmprov_face_own(f) && llmprov__msg_has(b->extra, b->extra_len, "reasoning_details", &details)) llmprov_write_raw(w, "reasoning_details", details.ptr, details.len);
}

static void llmprov__s_chat_annotations(llmprov_face *f, llmprov_writer *w, const llmprov_message *m) {
    size_t i, start = 0;
    bool some = false;
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        size_t end = start + (b->type == LLMPROV_BLOCK_TEXT ? llmprov__text_count(b->text ? b->text : "", llmprov__text_len(b->text, b->text_len)) : 0);
        llmprov_str list, item;
        llmprov_scan s;
        if (b->type == LLMPROV_BLOCK_TEXT && llmprov__msg_has(b->extra, b->extra_len, "citations", &list) && list.ptr[0] == '[') {
            s = llmprov__json_scan(list.ptr, list.len, NULL, 0);
            while (llmprov_scan_item(&s) && llmprov_scan_raw(&s, &item)) {
                if (!llmprov__s_chat_cites(f, item)) continue;
                if (!some) llmprov_write_open(w, "annotations", '[');
                some = true;
                llmprov__s_chat_annotation(f, w, NULL, item, start, end);
            }
        }
        start = end;
    }
    if (some) llmprov_write_close(w);
}

static void llmprov__s_chat_voice(llmprov_face *f, llmprov_writer *w, const llmprov_message *m) {
    const llmprov_block *b = llmprov_block_next(m, LLMPROV_BLOCK_AUDIO, NULL);
    llmprov_str expires;
    if (!b) return;
    llmprov_write_open(w, "audio", '{');
    llmprov__s_chat_str(w, "id", b->id ? b->id : "audio_1");
    llmprov__write_string_open(w, "data");
    if (b->base64) llmprov__write_add(w, b->base64, llmprov__text_len(b->base64, b->base64_len));
    else llmprov__write_base64(w, b->data, b->data_len, NULL);
    llmprov__write_string_close(w);
    if (llmprov__msg_has(b->extra, b->extra_len, "expires_at", &expires)) llmprov_write_raw(w, "expires_at", expires.ptr, expires.len);
    else llmprov_write_int(w, "expires_at", llmprov_face_asked(f)->created);
    llmprov_write_str(w, "transcript", b->text ? b->text : "", llmprov__text_len(b->text, b->text_len));
    llmprov_write_close(w);
}

/* "name" and the arguments, which are a JSON object, or the text in it for a tool that takes one. */
static void llmprov__s_chat_call_body(llmprov_writer *w, const llmprov_block *b, bool custom) {
    llmprov_str input;
    llmprov__s_chat_str(w, "name", b->name ? b->name : "");
    if (!custom) llmprov_write_str(w, "arguments", b->json ? b->json : "{}", b->json ? llmprov__text_len(b->json, b->json_len) : 2);
    else if (llmprov__msg_has(b->json, b->json_len, "input", &input) && input.ptr[0] == '"') llmprov_write_raw(w, "input", input.ptr, input.len);
    else llmprov_write_str(w, "input", b->json ? b->json : "", llmprov__text_len(b->json, b->json_len));
}

/* What the provider said about a call beside what has a field. */
static void llmprov__s_chat_call_more(llmprov_face *f, llmprov_writer *w, const llmprov_block *b) {
    llmprov_str more;
    if (llmprov_face_own(f) && llmprov__msg_has(b->extra, b->extra_len, "extra_content", &more)) llmprov_write_raw(w, "extra_content", more.ptr, more.len);
}

static void llmprov__s_chat_answer_calls(llmprov_face *f, llmprov_writer *w, const llmprov_message *m) {
    const llmprov_block *b = llmprov_block_next(m, LLMPROV_BLOCK_TOOL_USE, NULL);
    if (!b) return;
    if (llmprov__s_chat_is_old(f)) {
        llmprov_write_open(w, "function_call", '{');
        llmprov__s_chat_call_body(w, b, false);
        llmprov_write_close(w);
        if (llmprov_block_next(m, LLMPROV_BLOCK_TOOL_USE, b)) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "function_call", "the client takes one call, since it asked with functions: the others were left out");
        return;
    }
    llmprov_write_open(w, "tool_calls", '[');
    for (; b; b = llmprov_block_next(m, LLMPROV_BLOCK_TOOL_USE, b)) {
        bool custom = llmprov__s_chat_is_custom(f, b);
        llmprov_write_open(w, NULL, '{');
        llmprov__s_chat_str(w, "id", b->id ? b->id : "");
        llmprov__s_chat_str(w, "type", custom ? llmprov__parts_custom : "function");
        llmprov_write_open(w, custom ? llmprov__parts_custom : "function", '{');
        llmprov__s_chat_call_body(w, b, custom);
        llmprov_write_close(w);
        llmprov__s_chat_call_more(f, w, b);
        llmprov_write_close(w);
    }
    llmprov_write_close(w);
}

static const struct { llmprov_stop stop; const char *word; } llmprov__s_chat_stops_words[] = {
    { LLMPROV_STOP_END, "stop" }, { LLMPROV_STOP_SEQUENCE, "stop" }, { LLMPROV_STOP_LENGTH, "length" }, { LLMPROV_STOP_CONTEXT, "length" },
    { LLMPROV_STOP_PAUSE, "length" }, { LLMPROV_STOP_TOOL_USE, "tool_calls" }, { LLMPROV_STOP_REFUSAL, "content_filter" },
};

/* What no reason of this format means is said in the provider's own word: never a success. */
static const char *llmprov__s_chat_finish(llmprov_face *f, llmprov_stop stop, const char *word, bool refused) {
    llmprov_str said = { word ? word : "", word ? strlen(word) : 0 };
    size_t i;
    if (stop == LLMPROV_STOP_REFUSAL && refused) return "stop";
    if (stop == LLMPROV_STOP_TOOL_USE && llmprov__s_chat_is_old(f)) return "function_call";
    if (stop == LLMPROV_STOP_PAUSE) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "finish_reason", "openai-chat has no reason for a turn that is to be continued: \"length\" was written");
    if (llmprov_face_own(f) && said.len && llmprov__parts_stop(said) == stop) return word;
    for (i = 0; i < LLMPROV__COUNT(llmprov__s_chat_stops_words); i++)
        if (llmprov__s_chat_stops_words[i].stop == stop) return llmprov__s_chat_stops_words[i].word;
    llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "finish_reason", "openai-chat has no such reason: the provider's own word was written");
    return said.len ? word : "error";
}

/* Which sequence matched: servers beyond OpenAI have a member for it. */
static void llmprov__s_chat_sequence(llmprov_face *f, llmprov_writer *w, const char *sequence) {
    if (!sequence) return;
    if (llmprov_face_own(f)) llmprov__s_chat_str(w, "stop_reason", sequence);
    else llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "stop_sequence", "openai-chat does not tell which stop sequence matched: it was left out");
}

/* The members of an object that nobody wrote here. */
static void llmprov__s_chat_others(llmprov_writer *w, const char *object, size_t len, const char *written) {
    llmprov__mem_buf scratch;
    llmprov_scan s;
    llmprov_str key, value;
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = w->alloc;
    s = llmprov__json_scan(object ? object : "{}", object ? llmprov__text_len(object, len) : 2, &scratch, 0);
    while (llmprov_scan_key(&s, &key)) {
        char name[64];
        size_t n = key.len < sizeof name ? key.len : sizeof name - 1;
        memcpy(name, key.ptr, n);
        name[n] = 0;
        if (llmprov_scan_raw(&s, &value) && !llmprov__parts_lists(written, name)) llmprov__write_raw_key(w, key, value, false);
    }
    if (scratch.failed) w->status = LLMPROV_ERR_NO_MEMORY;
    llmprov__mem_buf_free(&scratch);
}

/* Counts under a name, and what else the provider's own object of that name has. */
static void llmprov__s_chat_details(llmprov_writer *w, const char *key, const char *raw, const char *const *names, const int64_t *counts, size_t count, const char *written) {
    llmprov_str own = { NULL, 0 };
    size_t i;
    if (!raw || !llmprov__msg_has(raw, strlen(raw), key, &own) || own.ptr[0] != '{') own.ptr = NULL;
    llmprov_write_open(w, key, '{');
    for (i = 0; i < count; i++) llmprov_write_int(w, names[i], counts[i]);
    llmprov__s_chat_others(w, own.ptr, own.len, written);
    llmprov_write_close(w);
}

/* The prompt's tokens are all of the input; those of a cache and those of thinking are parts of their sums. */
static void llmprov__s_chat_usage(llmprov_face *f, llmprov_writer *w, const llmprov_usage *u) {
    static const char *const in_names[] = { "cached_tokens", "cache_write_tokens", "audio_tokens" }, *const out_names[] = { "reasoning_tokens", "audio_tokens" };
    const char *raw = llmprov_face_own(f) ? u->raw : NULL;
    int64_t written = u->cache_write_5m_tokens + u->cache_write_1h_tokens, prompt = u->input_tokens + u->cache_read_tokens + written;
    const int64_t in[] = { u->cache_read_tokens, written, u->input_audio_tokens }, out[] = { u->thinking_tokens, u->output_audio_tokens };
    llmprov_write_open(w, "usage", '{');
    llmprov_write_int(w, "prompt_tokens", prompt);
    llmprov_write_int(w, "completion_tokens", u->output_tokens);
    llmprov_write_int(w, "total_tokens", prompt + u->output_tokens);
    llmprov__s_chat_details(w, "prompt_tokens_details", raw, in_names, in, 3, "cached_tokens cache_write_tokens cache_creation_tokens audio_tokens");
    llmprov__s_chat_details(w, "completion_tokens_details", raw, out_names, out, 2, "reasoning_tokens audio_tokens");
    if (raw) llmprov__s_chat_others(w, raw, 0, "prompt_tokens completion_tokens total_tokens prompt_tokens_details completion_tokens_details input_tokens "
                                               "output_tokens reasoning_tokens");
    llmprov_write_close(w);
}

/* id, object, created, model. */
static void llmprov__s_chat_head(llmprov_face *f, llmprov_writer *w, const char *object, const char *id, const char *model) {
    const llmprov_face_desc *d = llmprov_face_asked(f);
    llmprov__s_chat_str(w, "id", d->id ? d->id : id && *id ? id : "chatcmpl-1");
    llmprov__s_chat_str(w, "object", object);
    llmprov_write_int(w, "created", d->created);
    llmprov__s_chat_str(w, "model", d->model ? d->model : model ? model : "");
}

/* The reply's members that have no field, where they are this format's own. */
static void llmprov__s_chat_tail(llmprov_face *f, llmprov_writer *w, const char *extra, size_t len) {
    if (extra && llmprov_face_own(f)) llmprov__s_chat_others(w, extra, len, "created id object model choices usage error");
    else if (extra) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "extra", "members of the reply that another format minted were left out");
}

static void llmprov__s_chat_message_write(llmprov_face *f, llmprov_writer *w, const llmprov_message *m) {
    size_t i;
    for (i = 0; i < m->block_count; i++) llmprov__s_chat_takes(f, &m->blocks[i]);
    llmprov_write_open(w, "message", '{');
    llmprov_write_str(w, "role", "assistant", 9);
    llmprov__s_chat_texts(w, "content", m, LLMPROV__S_CHAT_CONTENT);
    llmprov__s_chat_texts(w, "refusal", m, LLMPROV__S_CHAT_REFUSED);
    llmprov__s_chat_thoughts(f, w, m);
    llmprov__s_chat_annotations(f, w, m);
    llmprov__s_chat_voice(f, w, m);
    llmprov__s_chat_answer_calls(f, w, m);
    llmprov_write_close(w);
}

static bool llmprov__s_chat_has_refusal(const llmprov_message *m) {
    const llmprov_block *b = NULL;
    while ((b = llmprov_block_next(m, LLMPROV_BLOCK_TEXT, b)) != NULL)
        if (llmprov__s_chat_came_as(b, "refusal")) return true;
    return false;
}

static void llmprov__s_chat_choice_write(llmprov_face *f, llmprov_writer *w, size_t index, const llmprov_choice *c) {
    llmprov_str logprobs, null = LLMPROV__STR("null");
    bool own = llmprov_face_own(f);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_int(w, "index", (int64_t)index);
    llmprov__s_chat_message_write(f, w, &c->message);
    if (!own || !llmprov__msg_has(c->extra, c->extra_len, "logprobs", &logprobs)) logprobs = null;
    llmprov_write_raw(w, "logprobs", logprobs.ptr, logprobs.len);
    llmprov__s_chat_str(w, "finish_reason", llmprov__s_chat_finish(f, c->stop, c->stop_word, llmprov__s_chat_has_refusal(&c->message)));
    llmprov__s_chat_sequence(f, w, c->stop_sequence);
    if (own) llmprov__s_chat_others(w, c->extra, c->extra_len, "index message delta logprobs finish_reason stop_reason");
    llmprov_write_close(w);
}

static void llmprov__s_chat_write_reply(llmprov_face *f, const llmprov_response *r) {
    llmprov_writer *w = llmprov_face_begin(f, NULL);
    llmprov_choice only;
    size_t i;
    memset(&only, 0, sizeof only);
    only.message = r->message;
    only.stop = r->stop;
    only.stop_word = r->stop_word;
    only.stop_sequence = r->stop_sequence;
    llmprov_write_open(w, NULL, '{');
    llmprov__s_chat_head(f, w, "chat.completion", r->id, r->model);
    llmprov_write_open(w, "choices", '[');
    if (!r->choice_count) llmprov__s_chat_choice_write(f, w, 0, &only);
    for (i = 0; i < r->choice_count; i++) llmprov__s_chat_choice_write(f, w, i, &r->choices[i]);
    llmprov_write_close(w);
    llmprov__s_chat_usage(f, w, &r->usage);
    llmprov__s_chat_tail(f, w, r->extra, r->extra_len);
    llmprov_write_close(w);
    llmprov_face_send(f);
}

/* -- a stream -- */

/* Room for one more item in memory that lives as long as the face; NULL = there is none. */
static void *llmprov__s_chat_more(llmprov_face *f, void *items, size_t *cap, size_t count, size_t size) {
    size_t more = *cap ? *cap * 2 : 4;
    void *to;
    if (count <= *cap) return items;
    while (more < count) more *= 2;
    to = llmprov__mem_take(&f->arena, more * size);
    if (!to) {
        llmprov__face_no_memory(f);
        return NULL;
    }
    if (*cap) memcpy(to, items, *cap * size);
    *cap = more;
    return to;
}

static llmprov__s_chat_answer *llmprov__s_chat_answer_at(llmprov_face *f, int choice) {
    llmprov__s_chat_state *m = (llmprov__s_chat_state *)llmprov_face_state(f);
    llmprov__s_chat_answer *to = (llmprov__s_chat_answer *)llmprov__s_chat_more(f, m->answers, &m->answer_count, (size_t)choice + 1, sizeof *to);
    if (!to) return NULL;
    m->answers = to;
    return &to[choice];
}

static llmprov__s_chat_block *llmprov__s_chat_block_at(llmprov_face *f, llmprov__s_chat_answer *a, int index) {
    llmprov__s_chat_block *to = (llmprov__s_chat_block *)llmprov__s_chat_more(f, a->blocks, &a->block_cap, (size_t)index + 1, sizeof *to);
    if (!to) return NULL;
    a->blocks = to;
    return &to[index];
}

/* Begins a chunk, with its only choice and that one's delta open; choice -1: one without a choice. */
static llmprov_writer *llmprov__s_chat_chunk(llmprov_face *f, int choice) {
    llmprov__s_chat_state *m = (llmprov__s_chat_state *)llmprov_face_state(f);
    llmprov_writer *w = llmprov_face_begin(f, NULL);
    llmprov_write_open(w, NULL, '{');
    llmprov__s_chat_head(f, w, "chat.completion.chunk", m->id, m->model);
    if (choice >= 0 && llmprov__s_chat_wants_usage(f)) llmprov_write_null(w, "usage");
    llmprov_write_open(w, "choices", '[');
    if (choice < 0) {
        llmprov_write_close(w);
        return w;
    }
    llmprov_write_open(w, NULL, '{');
    llmprov_write_int(w, "index", choice);
    llmprov_write_open(w, "delta", '{');
    return w;
}

/* Ends a chunk behind its delta. */
static void llmprov__s_chat_end_chunk(llmprov_face *f, llmprov_writer *w) {
    llmprov_write_close(w);
    llmprov_write_null(w, "finish_reason");
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_face_send(f);
}

/* The first chunk of an answer says whose it is. */
static void llmprov__s_chat_begin(llmprov_face *f, llmprov__s_chat_answer *a, int choice) {
    llmprov_writer *w;
    if (a->begun) return;
    a->begun = true;
    w = llmprov__s_chat_chunk(f, choice);
    llmprov_write_str(w, "role", "assistant", 9);
    llmprov_write_str(w, "content", "", 0);
    llmprov__s_chat_end_chunk(f, w);
}

/* Opens the one call of a delta. */
static void llmprov__s_chat_open_call(llmprov_writer *w, const llmprov__s_chat_block *b) {
    llmprov_write_open(w, "tool_calls", '[');
    llmprov_write_open(w, NULL, '{');
    llmprov_write_int(w, "index", b->number);
}

static void llmprov__s_chat_close_call(llmprov_face *f, llmprov_writer *w) {
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov__s_chat_end_chunk(f, w);
}

static void llmprov__s_chat_begin_call(llmprov_face *f, llmprov__s_chat_answer *a, llmprov__s_chat_block *to, const llmprov_event *e) {
    llmprov_writer *w;
    const llmprov_block *b = e->block;
    to->number = a->calls++;
    to->old = llmprov__s_chat_is_old(f);
    to->custom = !to->old && llmprov__s_chat_is_custom(f, b);
    to->left_out = to->old && to->number > 0;
    if (to->left_out) llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "function_call", "the client takes one call, since it asked with functions: the others were left out");
    if (to->left_out) return;
    w = llmprov__s_chat_chunk(f, e->choice);
    if (to->old) {
        llmprov_write_open(w, "function_call", '{');
        llmprov__s_chat_str(w, "name", b->name ? b->name : "");
        llmprov_write_str(w, "arguments", "", 0);
        llmprov_write_close(w);
        llmprov__s_chat_end_chunk(f, w);
        return;
    }
    llmprov__s_chat_open_call(w, to);
    llmprov__s_chat_str(w, "id", b->id ? b->id : "");
    llmprov__s_chat_str(w, "type", to->custom ? llmprov__parts_custom : "function");
    llmprov__s_chat_call_more(f, w, b);
    llmprov_write_open(w, to->custom ? llmprov__parts_custom : "function", '{');
    llmprov__s_chat_str(w, "name", b->name ? b->name : "");
    llmprov_write_str(w, to->custom ? "input" : "arguments", "", 0);
    llmprov__s_chat_close_call(f, w);
}

static void llmprov__s_chat_begin_block(llmprov_face *f, llmprov__s_chat_answer *a, const llmprov_event *e) {
    llmprov__s_chat_block *b = llmprov__s_chat_block_at(f, a, e->index);
    llmprov_writer *w;
    if (!b) return;
    b->left_out = !llmprov__s_chat_takes(f, e->block);
    b->head.type = e->block->type;
    b->head.origin = e->block->origin ? llmprov_face_keep(f, e->block->origin, strlen(e->block->origin)) : NULL;
    if (b->left_out) return;
    if (e->block->type == LLMPROV_BLOCK_TOOL_USE) llmprov__s_chat_begin_call(f, a, b, e);
    if (llmprov__s_chat_came_as(e->block, "refusal")) a->refused = true;
    if (e->block->type != LLMPROV_BLOCK_AUDIO) return;
    w = llmprov__s_chat_chunk(f, e->choice);
    llmprov_write_open(w, "audio", '{');
    llmprov__s_chat_str(w, "id", e->block->id && *e->block->id ? e->block->id : "audio_1");
    llmprov_write_close(w);
    llmprov__s_chat_end_chunk(f, w);
}

/* The text of a call whose arguments are a text waits until it is whole. */
static void llmprov__s_chat_wait(llmprov_face *f, llmprov__s_chat_block *b, const char *text, size_t len) {
    char *to = (char *)llmprov__s_chat_more(f, b->text, &b->cap, b->len + len + 1, 1);
    if (!to) return;
    b->text = to;
    memcpy(to + b->len, text, len);
    b->len += len;
    to[b->len] = 0;
}

static void llmprov__s_chat_delta(llmprov_face *f, const llmprov__s_chat_answer *a, llmprov__s_chat_block *b, const llmprov_event *e) {
    llmprov_writer *w;
    (void)a;
    b->begun = true;
    if (b->custom) {
        llmprov__s_chat_wait(f, b, e->text, e->text_len);
        return;
    }
    w = llmprov__s_chat_chunk(f, e->choice);
    if (b->head.type == LLMPROV_BLOCK_TEXT) llmprov_face_text(f, llmprov__s_chat_came_as(&b->head, "refusal") ? "refusal" : "content", e->text, e->text_len);
    else if (b->head.type == LLMPROV_BLOCK_THINKING) llmprov_face_text(f, llmprov__s_chat_thought(f, &b->head), e->text, e->text_len);
    else if (b->head.type == LLMPROV_BLOCK_AUDIO) {
        llmprov_write_open(w, "audio", '{');
        llmprov_face_text(f, "transcript", e->text, e->text_len);
        llmprov_write_close(w);
    } else if (b->old) {
        llmprov_write_open(w, "function_call", '{');
        llmprov_face_text(f, "arguments", e->text, e->text_len);
        llmprov_write_close(w);
    } else {
        llmprov__s_chat_open_call(w, b);
        llmprov_write_open(w, "function", '{');
        llmprov_face_text(f, "arguments", e->text, e->text_len);
        llmprov__s_chat_close_call(f, w);
        return;
    }
    llmprov__s_chat_end_chunk(f, w);
}

/* Some audio: whole groups of base64, so that the pieces make one text. */
static void llmprov__s_chat_audio(llmprov_face *f, llmprov__s_chat_block *b, int choice, const unsigned char *p, size_t len, bool last) {
    size_t all = b->carry_len + len, rest = last ? 0 : all % 3, i;
    unsigned char *to = (unsigned char *)llmprov__mem_take(&f->held, all ? all : 1);
    llmprov_writer *w;
    if (!to) {
        llmprov__face_no_memory(f);
        return;
    }
    memcpy(to, b->carry, b->carry_len);
    if (len) memcpy(to + b->carry_len, p, len);
    b->carry_len = rest;
    for (i = 0; i < rest; i++) b->carry[i] = to[all - rest + i];
    if (all > rest) {
        w = llmprov__s_chat_chunk(f, choice);
        llmprov_write_open(w, "audio", '{');
        llmprov__write_string_open(w, "data");
        llmprov__write_base64(w, to, all - rest, NULL);
        llmprov__write_string_close(w);
        llmprov_write_close(w);
        llmprov__s_chat_end_chunk(f, w);
    }
    llmprov__mem_arena_reset(&f->held);
}

/* A member of a delta that is a list of one item, or a value. */
static void llmprov__s_chat_raw_delta(llmprov_face *f, int choice, const char *member, const char *inner, llmprov_str value) {
    llmprov_writer *w = llmprov__s_chat_chunk(f, choice);
    llmprov_write_open(w, member, inner ? '{' : '[');
    llmprov_write_raw(w, inner, value.ptr, value.len);
    llmprov_write_close(w);
    llmprov__s_chat_end_chunk(f, w);
}

static void llmprov__s_chat_cite(llmprov_face *f, llmprov__s_chat_answer *a, const llmprov_event *e, llmprov_str citation) {
    llmprov_writer *w;
    if (!llmprov__s_chat_cites(f, citation)) return;
    w = llmprov__s_chat_chunk(f, e->choice);
    llmprov_write_open(w, "annotations", '[');
    llmprov__s_chat_annotation(f, w, NULL, citation, a->characters, f->characters);
    llmprov_write_close(w);
    llmprov__s_chat_end_chunk(f, w);
}

/* Logprobs belong to a choice, the other parts to a block. */
static void llmprov__s_chat_part_write(llmprov_face *f, llmprov__s_chat_answer *a, llmprov__s_chat_block *b, const llmprov_event *e) {
    llmprov_str value = { e->extra, e->extra_len };
    llmprov_writer *w;
    if (!strcmp(e->kind, "logprobs") && llmprov_face_own(f)) {
        w = llmprov__s_chat_chunk(f, e->choice);
        llmprov_write_close(w);
        llmprov_write_raw(w, "logprobs", value.ptr, value.len);
        llmprov_write_null(w, "finish_reason");
        llmprov_write_close(w);
        llmprov_write_close(w);
        llmprov_write_close(w);
        llmprov_face_send(f);
    } else if (b && !strcmp(e->kind, "citation")) llmprov__s_chat_cite(f, a, e, value);
    else if (b && !strcmp(e->kind, "audio")) llmprov__s_chat_audio(f, b, e->choice, (const unsigned char *)e->data, e->data_len, false);
    else if (b && !strcmp(e->kind, "expires_at")) llmprov__s_chat_raw_delta(f, e->choice, "audio", "expires_at", value);
    else if (b && !strcmp(e->kind, "reasoning_details") && llmprov_face_own(f)) llmprov__s_chat_raw_delta(f, e->choice, "reasoning_details", NULL, value);
    else llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, e->kind, "openai-chat has no place for this part of a reply: it was left out");
}

/* What waited for the end of a block. A call without arguments has an empty object: what is no JSON is no call. */
static void llmprov__s_chat_end_block(llmprov_face *f, llmprov__s_chat_answer *a, llmprov__s_chat_block *b, const llmprov_event *e) {
    llmprov_event empty = *e;
    llmprov_block call = b->head;
    llmprov_writer *w;
    a->characters = f->characters;
    if (b->head.type == LLMPROV_BLOCK_AUDIO && b->carry_len) llmprov__s_chat_audio(f, b, e->choice, NULL, 0, true);
    if (b->head.type != LLMPROV_BLOCK_TOOL_USE) return;
    if (b->custom) {
        llmprov_str input;
        w = llmprov__s_chat_chunk(f, e->choice);
        llmprov__s_chat_open_call(w, b);
        llmprov_write_open(w, llmprov__parts_custom, '{');
        call.json = b->text ? b->text : "";
        call.json_len = b->len;
        if (llmprov__msg_has(call.json, call.json_len, "input", &input) && input.ptr[0] == '"') llmprov_write_raw(w, "input", input.ptr, input.len);
        else llmprov_write_str(w, "input", call.json, call.json_len);
        llmprov__s_chat_close_call(f, w);
    } else if (!b->begun) {
        empty.text = "{}";
        empty.text_len = 2;
        llmprov__s_chat_delta(f, a, b, &empty);
    }
}

/* The last chunk of an answer says why it ended. */
static void llmprov__s_chat_finish_write(llmprov_face *f, const llmprov__s_chat_answer *a, const llmprov_event *e, bool last) {
    llmprov__s_chat_state *m = (llmprov__s_chat_state *)llmprov_face_state(f);
    llmprov_writer *w = llmprov__s_chat_chunk(f, e->choice);
    llmprov_write_close(w);
    llmprov__s_chat_str(w, "finish_reason", llmprov__s_chat_finish(f, e->stop, e->stop_word, a->refused));
    llmprov__s_chat_sequence(f, w, e->stop_sequence);
    llmprov_write_close(w);
    llmprov_write_close(w);
    if (last) llmprov__s_chat_tail(f, w, m->extra, m->extra_len);
    llmprov_write_close(w);
    llmprov_face_send(f);
}

static void llmprov__s_chat_end(llmprov_face *f, const llmprov_event *e) {
    llmprov_writer *w;
    if (llmprov__s_chat_wants_usage(f)) {
        w = llmprov__s_chat_chunk(f, -1);
        llmprov__s_chat_usage(f, w, e->usage);
        llmprov_write_close(w);
        llmprov_face_send(f);
    }
    llmprov_face_word(f, "[DONE]");
}

static void llmprov__s_chat_start(llmprov_face *f, const llmprov_event *e) {
    llmprov__s_chat_state *m = (llmprov__s_chat_state *)llmprov_face_state(f);
    m->id = e->id ? llmprov_face_keep(f, e->id, strlen(e->id)) : NULL;
    m->model = e->model ? llmprov_face_keep(f, e->model, strlen(e->model)) : NULL;
}

static void llmprov__s_chat_write_event(llmprov_face *f, const llmprov_event *e) {
    llmprov__s_chat_state *m = (llmprov__s_chat_state *)llmprov_face_state(f);
    llmprov__s_chat_answer *a = e->choice >= 0 ? llmprov__s_chat_answer_at(f, e->choice) : NULL;
    llmprov__s_chat_block *b;
    if (!a) return;
    if (e->type == LLMPROV_EVENT_START) llmprov__s_chat_start(f, e);
    if (e->type != LLMPROV_EVENT_META && e->type != LLMPROV_EVENT_OTHER) llmprov__s_chat_begin(f, a, e->choice);
    b = e->type >= LLMPROV_EVENT_TEXT && e->type <= LLMPROV_EVENT_BLOCK_END && e->index >= 0 ? llmprov__s_chat_block_at(f, a, e->index) : NULL;
    if (b && b->left_out) return;
    switch (e->type) {
    case LLMPROV_EVENT_BLOCK: llmprov__s_chat_begin_block(f, a, e); break;
    case LLMPROV_EVENT_TEXT: case LLMPROV_EVENT_THINKING: case LLMPROV_EVENT_JSON: llmprov__s_chat_delta(f, a, b, e); break;
    case LLMPROV_EVENT_PART: llmprov__s_chat_part_write(f, a, b, e); break;
    case LLMPROV_EVENT_BLOCK_END: llmprov__s_chat_end_block(f, a, b, e); break;
    case LLMPROV_EVENT_META:
        m->extra = llmprov_face_keep(f, e->extra, e->extra_len);
        m->extra_len = m->extra ? e->extra_len : 0;
        break;
    case LLMPROV_EVENT_CHOICE_END: llmprov__s_chat_finish_write(f, a, e, false); break;
    case LLMPROV_EVENT_END:
        llmprov__s_chat_finish_write(f, a, e, true);
        llmprov__s_chat_end(f, e);
        break;
    default: break;
    }
}

/* -- errors -- */

static const struct { llmprov_status code; int http; const char *type, *word; } llmprov__s_chat_errors[] = {
    { LLMPROV_ERR_AUTH, 401, "invalid_request_error", "invalid_api_key" }, { LLMPROV_ERR_NO_KEY, 401, "invalid_request_error", "invalid_api_key" },
    { LLMPROV_ERR_FORBIDDEN, 403, "invalid_request_error", "permission_denied" }, { LLMPROV_ERR_NOT_FOUND, 404, "invalid_request_error", "model_not_found" },
    { LLMPROV_ERR_NO_PROVIDER, 404, "invalid_request_error", "model_not_found" }, { LLMPROV_ERR_TOO_LONG, 400, "invalid_request_error", "context_length_exceeded" },
    { LLMPROV_ERR_RATE_LIMIT, 429, "requests", "rate_limit_exceeded" }, { LLMPROV_ERR_QUOTA, 429, "insufficient_quota", "insufficient_quota" },
    { LLMPROV_ERR_OVERLOADED, 503, "server_error", "server_is_overloaded" }, { LLMPROV_ERR_TIMEOUT, 504, "server_error", "timeout_error" },
    { LLMPROV_ERR_ARGUMENT, 400, "invalid_request_error", NULL }, { LLMPROV_ERR_REQUEST, 400, "invalid_request_error", NULL },
    { LLMPROV_ERR_UNSUPPORTED, 400, "invalid_request_error", NULL }, { LLMPROV_ERR_BAD_JSON, 400, "invalid_request_error", NULL },
    { LLMPROV_ERR_LIMIT, 400, "invalid_request_error", NULL },
};

/* The code that this format's own error has: one of llmprov_ask's, or one that came in this format. */
static const char *llmprov__s_chat_own_code(llmprov_face *f, const llmprov_error *e) {
    bool asked = !e->provider || !*e->provider;
    return e->provider_code && *e->provider_code && (asked || llmprov_face_own(f)) ? e->provider_code : NULL;
}

static int llmprov__s_chat_write_error(llmprov_face *f, const llmprov_error *e) {
    llmprov_writer *w = llmprov_face_begin(f, NULL);
    const char *type = "server_error", *word = NULL, *own = llmprov__s_chat_own_code(f, e);
    int status = 500;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__s_chat_errors); i++) {
        if (llmprov__s_chat_errors[i].code != e->code) continue;
        status = llmprov__s_chat_errors[i].http;
        type = llmprov__s_chat_errors[i].type;
        word = llmprov__s_chat_errors[i].word;
    }
    if (e->http_status == 409 || e->http_status == 413 || e->http_status == 422) status = e->http_status, type = "invalid_request_error";
    if (own && strcmp(own, type)) word = own;
    llmprov_write_open(w, NULL, '{');
    llmprov_write_open(w, "error", '{');
    llmprov__s_chat_str(w, "message", e->message ? e->message : "");
    llmprov__s_chat_str(w, "type", type);
    llmprov__s_chat_str(w, "param", e->param && *e->param ? e->param : NULL);
    llmprov__s_chat_str(w, "code", word);
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_face_send(f);
    return status;
}
#endif /* LLMPROV_NO_OPENAI_CHAT */

//==============================================================================
// >>translators the wire formats that are compiled in
//
// A row of a format that was left out stays; its first use says so.
// Calls: t_messages t_chat t_responses s_messages s_chat
//==============================================================================

static const llmprov_translator llmprov__translators_list[] = {
#ifndef LLMPROV_NO_ANTHROPIC_MESSAGES
    { .format = "anthropic-messages", .path = "/messages", .version = "v1", .framing = LLMPROV_FRAMING_SSE,
      .can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM | LLMPROV_CAN_TOOLS | LLMPROV_CAN_IMAGES | LLMPROV_CAN_SCHEMA,
      .rules = LLMPROV_RULE_MERGE | LLMPROV_RULE_ID_CHARS | LLMPROV_RULE_SYSTEM_TOP | LLMPROV_RULE_TRIM_PREFILL |
               LLMPROV_RULE_NATIVE | LLMPROV_RULE_MAX_TOKENS | LLMPROV_RULE_ONE_BLOCK,
      .id_max = 128, .name_max = 128, .read_state = sizeof(llmprov__t_messages_state),
      .write = llmprov__t_messages_write, .read = llmprov__t_messages_read, .read_frame = llmprov__t_messages_read_frame,
      .read_end = llmprov__t_messages_read_end, .read_error = llmprov__t_messages_read_error,
      .write_state = sizeof(llmprov__s_messages_state), .body_max = 32u << 20, .read_request = llmprov__s_messages_read_request,
      .write_reply = llmprov__s_messages_write_reply, .write_event = llmprov__s_messages_write_event,
      .write_error = llmprov__s_messages_write_error },
#endif
#ifndef LLMPROV_NO_OPENAI_CHAT
    { .format = "openai-chat", .path = "/chat/completions", .version = "v1", .framing = LLMPROV_FRAMING_SSE,
      .can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM | LLMPROV_CAN_TOOLS | LLMPROV_CAN_IMAGES | LLMPROV_CAN_SCHEMA | LLMPROV_CAN_CHOICES,
      .rules = LLMPROV_RULE_TOOL_TEXT, .id_max = 40, .name_max = 64, .read_state = sizeof(llmprov__t_chat_state),
      .write = llmprov__t_chat_write, .read = llmprov__t_chat_read, .read_frame = llmprov__t_chat_read_frame,
      .read_end = llmprov__t_chat_read_end, .read_error = llmprov__t_chat_read_error,
      .write_state = sizeof(llmprov__s_chat_state), .read_request = llmprov__s_chat_read_request, .write_reply = llmprov__s_chat_write_reply,
      .write_event = llmprov__s_chat_write_event, .write_error = llmprov__s_chat_write_error },
#endif
#ifndef LLMPROV_NO_OPENAI_RESPONSES
    { .format = "openai-responses", .path = "/responses", .version = "v1", .framing = LLMPROV_FRAMING_SSE,
      .can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM | LLMPROV_CAN_TOOLS | LLMPROV_CAN_IMAGES | LLMPROV_CAN_SCHEMA,
      .rules = LLMPROV_RULE_THINKING | LLMPROV_RULE_STORED, .id_max = 64, .name_max = 64, .read_state = sizeof(llmprov__t_responses_state),
      .write = llmprov__t_responses_write, .read = llmprov__t_responses_read, .read_frame = llmprov__t_responses_read_frame,
      .read_end = llmprov__t_responses_read_end, .read_error = llmprov__t_responses_read_error },
#endif
    { .format = NULL },
};

static const llmprov_translator *llmprov__translators_find(const char *format) {
    const llmprov_translator *t;
    for (t = llmprov__translators_list; t->format; t++)
        if (!strcmp(t->format, format)) return t;
    return NULL;
}

//==============================================================================
// >>providers  the built-in rows
//
// Data only. Default models and quirks as of 2026-11.
// Calls: -
//==============================================================================

static const llmprov_provider llmprov__providers_rows[] = {
    { .id = "anthropic", .format = "anthropic-messages", .base_url = "https://api.anthropic.com/v1",
      .key_env = "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN=bearer", .base_env = "ANTHROPIC_BASE_URL", .aliases = "claude",
      .default_model = "claude-sonnet-4-6", .auth = LLMPROV_AUTH_HEADER, .auth_name = "x-api-key" },
    { .id = "openai", .format = "openai-chat", .base_url = "https://api.openai.com/v1", .key_env = "OPENAI_API_KEY",
      .base_env = "OPENAI_BASE_URL", .aliases = "oai gpt", .default_model = "gpt-5.2",
      .quirks = { .max_tokens_key = "max_completion_tokens", .user_key = "safety_identifier", .flags = LLMPROV_QUIRK_DEVELOPER } },
    { .id = "openai-responses", .format = "openai-responses", .base_url = "https://api.openai.com/v1", .key_env = "OPENAI_API_KEY",
      .base_env = "OPENAI_BASE_URL", .aliases = "responses", .default_model = "gpt-5.2",
      .quirks = { .user_key = "safety_identifier", .flags = LLMPROV_QUIRK_DEVELOPER } },
    { .id = "groq", .format = "openai-chat", .base_url = "https://api.groq.com/openai/v1", .key_env = "GROQ_API_KEY",
      .base_env = "GROQ_BASE_URL", .default_model = "openai/gpt-oss-120b",
      .can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM | LLMPROV_CAN_TOOLS | LLMPROV_CAN_IMAGES | LLMPROV_CAN_SCHEMA,
      .quirks = { .max_tokens_key = "max_completion_tokens", .reasoning_key = "reasoning",
                  .efforts = "qwen3: none default", .flags = LLMPROV_QUIRK_NO_STREAM_OPTIONS } },
    { .id = "deepseek", .format = "openai-chat", .base_url = "https://api.deepseek.com/v1", .key_env = "DEEPSEEK_API_KEY",
      .base_env = "DEEPSEEK_BASE_URL", .default_model = "deepseek-flash",
      .quirks = { .reasoning_key = "reasoning_content", .flags = LLMPROV_QUIRK_NO_PENALTIES | LLMPROV_QUIRK_NO_SEED |
                  LLMPROV_QUIRK_NO_FORCED_TOOL | LLMPROV_QUIRK_THINKING_OBJECT | LLMPROV_QUIRK_NO_JSON_SCHEMA } },
    { .id = "mistral", .format = "openai-chat", .base_url = "https://api.mistral.ai/v1", .key_env = "MISTRAL_API_KEY",
      .base_env = "MISTRAL_BASE_URL", .default_model = "mistral-large-latest",
      .quirks = { .reasoning_key = "content", .flags = LLMPROV_QUIRK_NO_STREAM_OPTIONS | LLMPROV_QUIRK_NINE_LETTER_IDS |
                  LLMPROV_QUIRK_NO_USER_AFTER_TOOL | LLMPROV_QUIRK_NO_NAMES } },
    { .id = "openrouter", .format = "openai-chat", .base_url = "https://openrouter.ai/api/v1", .key_env = "OPENROUTER_API_KEY",
      .base_env = "OPENROUTER_BASE_URL", .aliases = "or", .default_model = "anthropic/claude-sonnet-4.6",
      .quirks = { .reasoning_key = "reasoning", .flags = LLMPROV_QUIRK_REASONING_OBJECT | LLMPROV_QUIRK_CACHE_CONTROL | LLMPROV_QUIRK_TOP_K } },
    { .id = "together", .format = "openai-chat", .base_url = "https://api.together.ai/v1",
      .key_env = "TOGETHER_API_KEY TOGETHER_AI_API_KEY TOGETHERAI_API_KEY", .base_env = "TOGETHER_BASE_URL",
      .aliases = "togetherai together-ai", .default_model = "openai/gpt-oss-120b",
      .quirks = { .reasoning_key = "reasoning", .flags = LLMPROV_QUIRK_TOP_K } },
    { .id = "fireworks", .format = "openai-chat", .base_url = "https://api.fireworks.ai/inference/v1", .key_env = "FIREWORKS_API_KEY",
      .base_env = "FIREWORKS_BASE_URL", .aliases = "fireworks-ai", .default_model = "accounts/fireworks/models/glm-5p2",
      .quirks = { .reasoning_key = "reasoning_content", .flags = LLMPROV_QUIRK_NO_STREAM_OPTIONS | LLMPROV_QUIRK_TOP_K } },
    { .id = "cerebras", .format = "openai-chat", .base_url = "https://api.cerebras.ai/v1", .key_env = "CEREBRAS_API_KEY",
      .base_env = "CEREBRAS_BASE_URL", .default_model = "gpt-oss-120b",
      .quirks = { .max_tokens_key = "max_completion_tokens", .reasoning_key = "reasoning",
                  .flags = LLMPROV_QUIRK_NO_PENALTIES | LLMPROV_QUIRK_NO_PARALLEL } },
    { .id = "ollama", .format = "openai-chat", .base_url = "http://localhost:11434/v1", .key_env = "OLLAMA_API_KEY",
      .base_env = "OLLAMA_BASE_URL", .default_model = "qwen3", .auth_optional = true,
      .quirks = { .reasoning_key = "reasoning", .flags = LLMPROV_QUIRK_NO_FORCED_TOOL } },
    { .id = "vllm", .format = "openai-chat", .base_url = "http://localhost:8000/v1", .key_env = "VLLM_API_KEY",
      .base_env = "VLLM_BASE_URL", .auth_optional = true, .quirks = { .reasoning_key = "reasoning", .flags = LLMPROV_QUIRK_TOP_K } },
    { .id = "lmstudio", .format = "openai-chat", .base_url = "http://localhost:1234/v1", .key_env = "LM_API_TOKEN LMSTUDIO_API_KEY",
      .base_env = "LMSTUDIO_BASE_URL", .aliases = "lm-studio", .auth_optional = true,
      .quirks = { .reasoning_key = "reasoning_content", .flags = LLMPROV_QUIRK_TOP_K } },
    { .id = "llama.cpp", .format = "openai-chat", .base_url = "http://127.0.0.1:8080/v1", .key_env = "LLAMA_API_KEY",
      .base_env = "LLAMA_BASE_URL", .aliases = "llamacpp llama-server", .auth_optional = true,
      .default_model = "default", .quirks = { .reasoning_key = "reasoning_content", .flags = LLMPROV_QUIRK_TOP_K | LLMPROV_QUIRK_TOOL_IMAGES } },
    { .id = "custom", .format = "openai-chat", .key_env = "CUSTOM_API_KEY", .base_env = "CUSTOM_BASE_URL", .auth_optional = true },
};

//==============================================================================
// >>profiles   what families of models accept and refuse
//
// By the longest prefix of the model's name. Dots count as hyphens, and what a
// gateway puts before the name ("anthropic/", "us.anthropic.") does not count.
// Calls: -
//==============================================================================

#define LLMPROV__PROFILES_ANY_CLAUDE (LLMPROV_MODEL_CLAUDE | LLMPROV_MODEL_ASSISTANT_FIRST | LLMPROV_MODEL_RESULT_DOCUMENTS)
#define LLMPROV__PROFILES_CLAUDE (LLMPROV__PROFILES_ANY_CLAUDE | LLMPROV_MODEL_ADAPTIVE | LLMPROV_MODEL_NO_SAMPLING | LLMPROV_MODEL_NO_PREFILL | LLMPROV_MODEL_MID_SYSTEM | LLMPROV_MODEL_SCHEMA)
#define LLMPROV__PROFILES_CLAUDE4 (LLMPROV__PROFILES_ANY_CLAUDE | LLMPROV_MODEL_ONE_SAMPLING)
#define LLMPROV__PROFILES_OPENAI (LLMPROV_MODEL_NO_STOP | LLMPROV_MODEL_SCHEMA)
#define LLMPROV__PROFILES_NOVA (LLMPROV_MODEL_NOVA)
#define LLMPROV__PROFILES_LLAMA (LLMPROV_MODEL_NO_MARKS | LLMPROV_MODEL_NO_FORCED_TOOL | LLMPROV_MODEL_RESULTS_ALONE | LLMPROV_MODEL_RESULT_DOCUMENTS)
#define LLMPROV__PROFILES_MISTRAL (LLMPROV__PROFILES_LLAMA | LLMPROV_MODEL_NINE_LETTER_IDS)

static const llmprov_profile llmprov__profiles_rows[] = {
    { "", 0, 0, NULL },
    { "claude-", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_OFF_CAPS_EFFORT, 128000, "low medium high xhigh max" },
    { "claude-sonnet-5-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_DISABLED | LLMPROV_MODEL_BETWEEN_TOOLS | LLMPROV_MODEL_NO_FORCED_TOOL, 128000, "low medium high xhigh max" },
    { "claude-opus-5-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_DISABLED | LLMPROV_MODEL_NO_FORCED_TOOL, 128000, "low medium high xhigh max" },
    { "claude-haiku-5-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_OFF_CAPS_EFFORT, 128000, "low medium high xhigh max" },
    { "claude-fable-5-1", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_DISABLED | LLMPROV_MODEL_NO_FORCED_TOOL, 128000, "low medium high xhigh max" },
    { "claude-fable-5-2", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_DISABLED | LLMPROV_MODEL_NO_FORCED_TOOL, 128000, "low medium high xhigh max" },
    { "claude-fable-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_DISABLED, 128000, "low medium high xhigh max" },
    { "claude-mythos-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_FORCED_TOOL | LLMPROV_MODEL_OFF_CAPS_EFFORT, 128000, "low medium high xhigh max" },
    { "claude-mythos-preview", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_NO_BUDGET | LLMPROV_MODEL_NO_FORCED_TOOL, 128000, "low medium high xhigh max" },
    { "claude-opus-5", LLMPROV__PROFILES_CLAUDE | LLMPROV_MODEL_OFF_CAPS_EFFORT, 128000, "low medium high xhigh max" },
    { "claude-sonnet-5", LLMPROV__PROFILES_CLAUDE, 128000, "low medium high xhigh max" },
    { "claude-opus-4-8", LLMPROV__PROFILES_CLAUDE, 128000, "low medium high xhigh max" },
    { "claude-opus-4-7", LLMPROV__PROFILES_CLAUDE, 128000, "low medium high xhigh max" },
    { "claude-opus-4-6", LLMPROV__PROFILES_CLAUDE & ~(unsigned)LLMPROV_MODEL_NO_SAMPLING, 128000, "low medium high max" },
    { "claude-sonnet-4-6", LLMPROV__PROFILES_CLAUDE & ~(unsigned)LLMPROV_MODEL_NO_SAMPLING, 128000, "low medium high max" },
    { "claude-opus-4-5", LLMPROV__PROFILES_CLAUDE4 | LLMPROV_MODEL_SCHEMA, 64000, "low medium high" },
    { "claude-sonnet-4-5", LLMPROV__PROFILES_CLAUDE4 | LLMPROV_MODEL_SCHEMA, 64000, "" },
    { "claude-haiku-4-5", LLMPROV__PROFILES_CLAUDE4 | LLMPROV_MODEL_SCHEMA, 64000, "" },
    { "claude-opus-4-1", LLMPROV__PROFILES_CLAUDE4 | LLMPROV_MODEL_SCHEMA, 32000, "" },
    { "claude-opus-4", LLMPROV__PROFILES_ANY_CLAUDE, 32000, "" },
    { "claude-sonnet-4", LLMPROV__PROFILES_ANY_CLAUDE, 64000, "" },
    { "claude-3-7", LLMPROV__PROFILES_ANY_CLAUDE, 64000, "" },
    { "claude-3-5", LLMPROV__PROFILES_ANY_CLAUDE, 8192, "" },
    { "claude-3", LLMPROV__PROFILES_ANY_CLAUDE, 4096, "" },
    { "claude-2", LLMPROV__PROFILES_ANY_CLAUDE, 4096, "" },
    { "claude-instant", LLMPROV__PROFILES_ANY_CLAUDE, 4096, "" },
    { "gpt-3", 0, 0, "" },
    { "gpt-4", LLMPROV_MODEL_SCHEMA, 0, "" },
    { "chatgpt-", LLMPROV_MODEL_SCHEMA, 0, "" },
    { "o1", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "low medium high" },
    { "o3", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "low medium high" },
    { "o4", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "low medium high" },
    { "gpt-5", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "minimal low medium high" },
    { "gpt-5-chat", LLMPROV_MODEL_SCHEMA, 0, "" },
    { "gpt-5.1", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_SAMPLING_IF_OFF, 0, "none low medium high" },
    { "gpt-5.1-chat", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium" },
    { "gpt-5.1-codex", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "low medium high" },
    { "gpt-5.2", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_SAMPLING_IF_OFF, 0, "none low medium high xhigh" },
    { "gpt-5.2-chat", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium" },
    { "gpt-5.2-pro", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium high xhigh" },
    { "gpt-5.3", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_SAMPLING_IF_OFF, 0, "none low medium high xhigh" },
    { "gpt-5.3-chat", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium" },
    { "gpt-5.4", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_SAMPLING_IF_OFF, 0, "none low medium high xhigh" },
    { "gpt-5.4-pro", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium high xhigh" },
    { "gpt-5.5", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_SAMPLING_IF_OFF | LLMPROV_MODEL_TOOLS_IF_OFF, 0, "none low medium high xhigh" },
    { "gpt-5.5-pro", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING, 0, "medium high xhigh" },
    { "gpt-5.6", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_SAMPLING_IF_OFF | LLMPROV_MODEL_TOOLS_IF_OFF | LLMPROV_MODEL_CACHE_MARKS, 0, "none low medium high xhigh" },
    { "gpt-6", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_SAMPLING_IF_OFF | LLMPROV_MODEL_TOOLS_IF_OFF | LLMPROV_MODEL_CACHE_MARKS, 0, "none low medium high xhigh" },
    { "gpt-6-astra", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING | LLMPROV_MODEL_CACHE_MARKS, 0, "low medium high xhigh" },
    { "gpt-6.1-sol", LLMPROV__PROFILES_OPENAI | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_SAMPLING | LLMPROV_MODEL_CACHE_MARKS, 0, "low medium high xhigh" },
    { "gpt-oss", LLMPROV_MODEL_REASONS, 0, "low medium high" },
    { "qwen3", 0, 0, NULL },
    { "qwen3-coder", LLMPROV_MODEL_NO_REQUIRED, 0, "" },
    { "kimi", LLMPROV_MODEL_NO_REQUIRED, 0, NULL },
    { "deepseek-r1", LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_REPLAY | LLMPROV_MODEL_TRIM_START, 0, "" },
    { "deepseek-reasoner", LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_REPLAY, 0, "" },
    { "deepseek-v4", LLMPROV_MODEL_REPLAY_THINKING, 0, NULL },
    { "grok-4.3", 0, 0, "none low medium high" },
    { "grok-4.5", LLMPROV_MODEL_REASONS, 0, "low medium high" },
    { "magistral", LLMPROV_MODEL_REASONS, 0, "" },
    { "gemma", LLMPROV_MODEL_NO_SYSTEM, 0, "" },
    { "amazon.nova-", LLMPROV__PROFILES_NOVA, 0, "" },
    { "amazon.nova-2", LLMPROV__PROFILES_NOVA, 0, "low medium high" },
    { "amazon.titan-text", LLMPROV_MODEL_NO_SYSTEM | LLMPROV_MODEL_NO_MARKS, 0, "" },
    { "openai.gpt-oss", LLMPROV_MODEL_GPT_OSS | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_NO_STOP | LLMPROV_MODEL_NO_MARKS, 0, "low medium high" },
    { "openai.gpt-5", LLMPROV_MODEL_GPT | LLMPROV_MODEL_NO_SAMPLING | LLMPROV_MODEL_NO_STOP | LLMPROV_MODEL_NO_MARKS, 0, "none low medium high xhigh" },
    { "openai.gpt-6", LLMPROV_MODEL_GPT | LLMPROV_MODEL_NO_SAMPLING | LLMPROV_MODEL_NO_STOP | LLMPROV_MODEL_NO_MARKS, 0, "none low medium high xhigh" },
    { "qwen.qwen3", LLMPROV_MODEL_QWEN | LLMPROV_MODEL_ASSISTANT_FIRST | LLMPROV_MODEL_NO_MARKS, 0, "low medium high" },
    { "minimax.minimax-m2", LLMPROV_MODEL_REASONS | LLMPROV_MODEL_SCHEMA | LLMPROV_MODEL_NO_MARKS, 0, "" },
    { "meta.llama2", LLMPROV__PROFILES_LLAMA, 0, "" },
    { "meta.llama3", LLMPROV__PROFILES_LLAMA, 0, "" },
    { "meta.llama4", LLMPROV__PROFILES_LLAMA, 0, "" },
    { "mistral.mistral-", LLMPROV__PROFILES_MISTRAL, 0, "" },
    { "mistral.mistral-7b", LLMPROV__PROFILES_MISTRAL | LLMPROV_MODEL_NO_SYSTEM, 0, "" },
    { "mistral.mixtral-", LLMPROV__PROFILES_MISTRAL | LLMPROV_MODEL_NO_SYSTEM, 0, "" },
    { "mistral.pixtral-", LLMPROV__PROFILES_MISTRAL, 0, "" },
    { "mistral.ministral-", LLMPROV__PROFILES_MISTRAL, 0, "" },
    { "mistral.magistral-", LLMPROV__PROFILES_MISTRAL | LLMPROV_MODEL_REASONS, 0, "" },
};

static char llmprov__profiles_fold(char c) {
    return c == '.' || c == '_' || c == '@' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The length of the prefix when it fits. */
static size_t llmprov__profiles_fit(const char *model, const char *prefix, bool *fits) {
    size_t i;
    for (i = 0; prefix[i] && llmprov__profiles_fold(model[i]) == llmprov__profiles_fold(prefix[i]); i++) { }
    *fits = !prefix[i];
    return i;
}

/* Where AWS runs a model, before its name. */
static const char *const llmprov__profiles_places[] = { "us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global." };

/* The model's own name, without what gateways and clouds put before it. */
static const char *llmprov__profiles_name(const char *model) {
    const char *claude = strstr(model, "claude-"), *slash = strrchr(model, '/');
    size_t i, n;
    if (claude) return claude;
    if (slash) model = slash + 1;
    for (i = 0; i < LLMPROV__COUNT(llmprov__profiles_places); i++) {
        n = strlen(llmprov__profiles_places[i]);
        if (!strncmp(model, llmprov__profiles_places[i], n)) return model + n;
    }
    return model;
}

/* The best of some rows, or `best` when none fits better than its `*len`. */
static const llmprov_profile *llmprov__profiles_best(const llmprov_profile *rows, size_t count, const char *model, const llmprov_profile *best, size_t *len) {
    const char *name = llmprov__profiles_name(model);
    size_t i;
    for (i = 0; i < count; i++) {
        bool fits;
        size_t n = llmprov__profiles_fit(name, rows[i].prefix, &fits);
        if (!fits || (best && n < *len)) continue;
        best = &rows[i];
        *len = n;
    }
    return best;
}

//==============================================================================
// >>registry   providers, formats and profiles added at run time
//
// What a registry does not have, the built-in tables have. Rows are copied whole.
// Calls: http translator translators providers profiles
//==============================================================================

struct llmprov_registry {
    llmprov_alloc alloc;
    llmprov__mem_arena arena;
    llmprov_provider *rows;
    size_t row_count, row_cap;
    const char **hidden;         /* ids of built-in rows that were unregistered or replaced */
    size_t hidden_count, hidden_cap;
    llmprov_profile *profiles;
    size_t profile_count, profile_cap;
    const llmprov_translator **translators;
    size_t translator_count, translator_cap;
    llmprov_client *clients;     /* opened by llmprov_client_for */
    llmprov_error error;
    llmprov__mem_arena words;    /* of the error */
};

LLMPROV_API llmprov_registry *llmprov_registry_new(const llmprov_alloc *alloc) {
    llmprov_alloc a = { NULL, NULL };
    llmprov_registry *reg;
    if (alloc) a = *alloc;
    reg = (llmprov_registry *)llmprov__mem_realloc(&a, NULL, 0, sizeof *reg);
    if (!reg) return NULL;
    memset(reg, 0, sizeof *reg);
    reg->alloc = reg->arena.alloc = reg->words.alloc = a;
    llmprov__err_clear(&reg->error);
    return reg;
}

/* Room for one more item of an array in the arena; what it held before stays there until the end. The array comes in and
   goes out as a plain pointer; NULL = no memory, and it is as it was. */
static void *llmprov__registry_more(llmprov_registry *reg, void *items, size_t count, size_t *cap, size_t size) {
    size_t more = *cap ? *cap * 2 : 8;
    void *to;
    if (count < *cap) return items;
    to = llmprov__mem_take(&reg->arena, more * size);
    reg->arena.failed = false;
    if (!to) return NULL;
    if (count) memcpy(to, items, count * size);
    *cap = more;
    return to;
}

LLMPROV_API const llmprov_error *llmprov_registry_error(const llmprov_registry *reg) {
    static const llmprov_error no_memory = { .code = LLMPROV_ERR_NO_MEMORY, .provider = "", .provider_code = "", .param = "", .request_id = "", .message = "out of memory", .raw = "" };
    return reg ? &reg->error : &no_memory;
}

/* A refusal that names the member. */
static llmprov_status llmprov__registry_refuse(llmprov_registry *reg, llmprov_status code, const char *member, const char *text, const char *more) {
    llmprov__mem_arena old = reg->words;
    reg->words.chunks = NULL;
    llmprov__err_clear(&reg->error);
    llmprov__err_set(&reg->error, &reg->words, code, member, ": ", text, more, (char *)NULL);
    reg->error.param = member;
    llmprov__mem_arena_free(&old);
    return reg->error.code;
}

static const llmprov_translator *llmprov__registry_translator(const llmprov_registry *reg, const char *format) {
    size_t i;
    for (i = 0; reg && i < reg->translator_count; i++)
        if (!strcmp(reg->translators[i]->format, format)) return reg->translators[i];
    return llmprov__translators_find(format);
}

LLMPROV_API const char *llmprov_format_at(const llmprov_registry *reg, size_t i) {
    size_t built = LLMPROV__COUNT(llmprov__translators_list) - 1, k;
    if (i < built) return llmprov__translators_list[i].format;
    for (k = 0, i -= built; reg && k < reg->translator_count; k++)
        if (!llmprov__translators_find(reg->translators[k]->format) && i-- == 0) return reg->translators[k]->format;
    return NULL;
}

/* Whether a name is the row's id or one of its aliases. */
static bool llmprov__registry_named(const llmprov_provider *row, const char *name) {
    const char *p = row->aliases;
    size_t n = strlen(name);
    if (!strcmp(row->id, name)) return true;
    while (p && *p) {
        size_t len = strcspn(p, " ");
        if (len == n && !memcmp(p, name, n)) return true;
        p += len;
        while (*p == ' ') p++;
    }
    return false;
}

static bool llmprov__registry_hidden(const llmprov_registry *reg, const char *id) {
    size_t i;
    for (i = 0; reg && i < reg->hidden_count; i++)
        if (!strcmp(reg->hidden[i], id)) return true;
    return false;
}

LLMPROV_API size_t llmprov_provider_count(const llmprov_registry *reg) {
    size_t i, count = reg ? reg->row_count : 0;
    for (i = 0; i < LLMPROV__COUNT(llmprov__providers_rows); i++) count += !llmprov__registry_hidden(reg, llmprov__providers_rows[i].id);
    return count;
}

LLMPROV_API const llmprov_provider *llmprov_provider_at(const llmprov_registry *reg, size_t i) {
    size_t k;
    for (k = 0; k < LLMPROV__COUNT(llmprov__providers_rows); k++)
        if (!llmprov__registry_hidden(reg, llmprov__providers_rows[k].id) && i-- == 0) return &llmprov__providers_rows[k];
    return reg && i < reg->row_count ? &reg->rows[i] : NULL;
}

LLMPROV_API const llmprov_provider *llmprov_provider_find(const llmprov_registry *reg, const char *id) {
    const llmprov_provider *row;
    size_t i;
    for (i = 0; id && (row = llmprov_provider_at(reg, i)) != NULL; i++)
        if (llmprov__registry_named(row, id)) return row;
    return NULL;
}

LLMPROV_API const llmprov_profile *llmprov_profile_find(const llmprov_registry *reg, const char *model) {
    size_t len = 0;
    const llmprov_profile *best = llmprov__profiles_best(llmprov__profiles_rows, LLMPROV__COUNT(llmprov__profiles_rows), model ? model : "", NULL, &len);
    return reg ? llmprov__profiles_best(reg->profiles, reg->profile_count, model ? model : "", best, &len) : best;
}

LLMPROV_API bool llmprov_unregister(llmprov_registry *reg, const char *id) {
    const char **hidden;
    size_t i;
    const llmprov_provider *row = reg ? llmprov_provider_find(reg, id) : NULL;
    if (!row) return false;
    for (i = 0; i < reg->row_count; i++) {
        if (&reg->rows[i] != row) continue;
        memmove(&reg->rows[i], &reg->rows[i + 1], (reg->row_count - i - 1) * sizeof *reg->rows);
        reg->row_count--;
        return true;
    }
    hidden = (const char **)llmprov__registry_more(reg, reg->hidden, reg->hidden_count, &reg->hidden_cap, sizeof *hidden);
    if (!hidden) return false;
    reg->hidden = hidden;
    hidden[reg->hidden_count++] = row->id;
    return true;
}

/* Why a row could not work; NULL = it can. *member is what is wrong with it. */
static const char *llmprov__registry_fault(llmprov_registry *reg, const llmprov_provider *row, const char **member) {
    llmprov__http_headers none = { NULL, 0, 0 };
    llmprov_error err;
    llmprov__http_base base;
    const char *why, *url;
    llmprov__err_clear(&err);
    *member = "id";
    if (!row->id || !*row->id || strpbrk(row->id, " \t\r\n/")) return "a word without blanks and slashes was expected";
    *member = "format";
    if (!row->format || !llmprov__registry_translator(reg, row->format)) return "nobody knows this wire format: ";
    *member = "base_url";
    if (row->base_url && (url = llmprov__http_fill(&reg->words, row->base_url, "{region}", "region")) == NULL) return "out of memory";
    if (row->base_url && (why = llmprov__http_parse(url, &base)) != NULL) return why;
    *member = "auth_name";
    if (row->auth == LLMPROV_AUTH_SIGV4 && (!row->auth_name || !llmprov__http_is_plain(row->auth_name, ""))) return "the name of AWS's service was expected: \"bedrock\"";
    if ((row->auth == LLMPROV_AUTH_HEADER || row->auth == LLMPROV_AUTH_QUERY) && (!row->auth_name || !llmprov__http_is_token(row->auth_name, strlen(row->auth_name))))
        return "the header or query name that carries the key was expected";
    if (row->auth == LLMPROV_AUTH_QUERY && !llmprov__http_is_plain(row->auth_name, "")) return "letters, digits and -._~ were expected in a query name";
    *member = "headers";
    if (row->headers && !llmprov__http_lines(&none, &reg->words, row->headers, "headers", &err, &reg->words)) return err.message;
    *member = "quirks.chat_path";
    if (row->quirks.chat_path && !llmprov__http_is_path(row->quirks.chat_path)) return "a path of plain segments was expected: \"/v2/chat\"";
    return NULL;
}

/* The row that already has the id or an alias of a new one. */
static const llmprov_provider *llmprov__registry_taken(const llmprov_registry *reg, const llmprov_provider *row, const char **member) {
    const llmprov_provider *other;
    const char *p = row->aliases;
    size_t i;
    *member = "id";
    other = llmprov_provider_find(reg, row->id);
    if (other) return other;
    *member = "aliases";
    for (i = 0; (other = llmprov_provider_at(reg, i)) != NULL; i++) {
        for (p = row->aliases; p && *p;) {
            char name[64];
            size_t len = strcspn(p, " ");
            if (len && len < sizeof name) {
                memcpy(name, p, len);
                name[len] = 0;
                if (llmprov__registry_named(other, name)) return other;
            }
            p += len;
            while (*p == ' ') p++;
        }
    }
    return NULL;
}

static const char *llmprov__registry_keep(llmprov_registry *reg, const char *text) {
    return text ? llmprov__mem_copy(&reg->arena, text, strlen(text)) : NULL;
}

static void llmprov__registry_copy(llmprov_registry *reg, llmprov_provider *to, const llmprov_provider *from) {
    *to = *from;
    to->id = llmprov__registry_keep(reg, from->id);
    to->format = llmprov__registry_keep(reg, from->format);
    to->base_url = llmprov__registry_keep(reg, from->base_url);
    to->key_env = llmprov__registry_keep(reg, from->key_env);
    to->base_env = llmprov__registry_keep(reg, from->base_env);
    to->aliases = llmprov__registry_keep(reg, from->aliases);
    to->default_model = llmprov__registry_keep(reg, from->default_model);
    to->auth_name = llmprov__registry_keep(reg, from->auth_name);
    to->headers = llmprov__registry_keep(reg, from->headers);
    to->quirks.chat_path = llmprov__registry_keep(reg, from->quirks.chat_path);
    to->quirks.max_tokens_key = llmprov__registry_keep(reg, from->quirks.max_tokens_key);
    to->quirks.reasoning_key = llmprov__registry_keep(reg, from->quirks.reasoning_key);
    to->quirks.user_key = llmprov__registry_keep(reg, from->quirks.user_key);
    to->quirks.efforts = llmprov__registry_keep(reg, from->quirks.efforts);
}

static llmprov_status llmprov__registry_no_memory(llmprov_registry *reg) {
    reg->arena.failed = false;
    return llmprov__registry_refuse(reg, LLMPROV_ERR_NO_MEMORY, "", "", NULL);
}

LLMPROV_API llmprov_status llmprov_register(llmprov_registry *reg, const llmprov_provider *row, unsigned flags) {
    const char *member, *fault;
    const llmprov_provider *taken;
    llmprov_provider copy, *rows;
    if (!reg) return LLMPROV_ERR_NO_MEMORY;
    llmprov__err_clear(&reg->error);
    fault = llmprov__registry_fault(reg, row, &member);
    if (fault) return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, member, fault, !strcmp(member, "format") && row->format ? row->format : NULL);
    taken = llmprov__registry_taken(reg, row, &member);
    if (taken && !(flags & LLMPROV_REPLACE)) return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, member, "this name belongs to the row ", taken->id);
    llmprov__registry_copy(reg, &copy, row);
    if (reg->arena.failed) return llmprov__registry_no_memory(reg);
    rows = (llmprov_provider *)llmprov__registry_more(reg, reg->rows, reg->row_count, &reg->row_cap, sizeof *rows);
    if (!rows) return llmprov__registry_no_memory(reg);
    reg->rows = rows;
    while ((taken = llmprov__registry_taken(reg, row, &member)) != NULL)
        if (!llmprov_unregister(reg, taken->id)) return llmprov__registry_no_memory(reg);
    reg->rows[reg->row_count++] = copy;
    return LLMPROV_OK;
}

LLMPROV_API llmprov_status llmprov_register_profile(llmprov_registry *reg, const llmprov_profile *profile, unsigned flags) {
    llmprov_profile copy = *profile, *profiles;
    size_t i;
    if (!reg) return LLMPROV_ERR_NO_MEMORY;
    llmprov__err_clear(&reg->error);
    if (!profile->prefix) return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, "prefix", "the beginning of model names was expected", NULL);
    for (i = 0; i < reg->profile_count && strcmp(reg->profiles[i].prefix, profile->prefix); i++) { }
    if (i < reg->profile_count && !(flags & LLMPROV_REPLACE)) return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, "prefix", "there is a profile for ", profile->prefix);
    copy.prefix = llmprov__registry_keep(reg, profile->prefix);
    copy.efforts = llmprov__registry_keep(reg, profile->efforts);
    if (reg->arena.failed) return llmprov__registry_no_memory(reg);
    profiles = (llmprov_profile *)llmprov__registry_more(reg, reg->profiles, reg->profile_count, &reg->profile_cap, sizeof *profiles);
    if (!profiles) return llmprov__registry_no_memory(reg);
    reg->profiles = profiles;
    profiles[i] = copy;
    if (i == reg->profile_count) reg->profile_count++;
    return LLMPROV_OK;
}

LLMPROV_API llmprov_status llmprov_register_translator(llmprov_registry *reg, const llmprov_translator *translator, unsigned flags) {
    const char *lacks = llmprov__translator_lacks(translator);
    const llmprov_translator **list;
    size_t i;
    if (!reg) return LLMPROV_ERR_NO_MEMORY;
    llmprov__err_clear(&reg->error);
    if (lacks) return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, lacks, "a translator needs this member", NULL);
    if (llmprov__registry_translator(reg, translator->format) && !(flags & LLMPROV_REPLACE))
        return llmprov__registry_refuse(reg, LLMPROV_ERR_ARGUMENT, "format", "there is a translator for ", translator->format);
    for (i = 0; i < reg->translator_count && strcmp(reg->translators[i]->format, translator->format); i++) { }
    list = (const llmprov_translator **)llmprov__registry_more(reg, reg->translators, reg->translator_count, &reg->translator_cap, sizeof *list);
    if (!list) return llmprov__registry_no_memory(reg);
    reg->translators = list;
    list[i] = translator;
    if (i == reg->translator_count) reg->translator_count++;
    return LLMPROV_OK;
}

/* -- near names, for a name that is unknown -- */

/* How many letters must change, at most 3 of names up to 31 letters; larger = 9. */
static int llmprov__registry_distance(const char *a, const char *b) {
    unsigned char row[33];
    size_t n = strlen(a), m = strlen(b), i, j;
    if (n > 31 || m > 31) return 9;
    for (j = 0; j <= m; j++) row[j] = (unsigned char)j;
    for (i = 0; i < n; i++) {
        unsigned char left = row[0]++;
        for (j = 0; j < m; j++) {
            unsigned char change = (unsigned char)(left + (a[i] != b[j])), up = (unsigned char)(row[j + 1] + 1), side = (unsigned char)(row[j] + 1);
            left = row[j + 1];
            row[j + 1] = change < up ? (change < side ? change : side) : up < side ? up : side;
        }
    }
    return row[m];
}

/* Names like an unknown one; without any, all there are. */
static const char *llmprov__registry_near(const llmprov_registry *reg, llmprov__mem_arena *a, const char *name) {
    const llmprov_provider *row;
    const char *list = "", *all = "";
    size_t i;
    for (i = 0; list && all && (row = llmprov_provider_at(reg, i)) != NULL; i++) {
        bool near = llmprov__registry_distance(name, row->id) <= 2 || (strlen(name) > 2 && (strstr(row->id, name) || strstr(name, row->id)));
        all = llmprov__err_join(a, all, *all ? ", " : "", row->id, (char *)NULL);
        if (near && all) list = llmprov__err_join(a, list, *list ? ", " : "", row->id, (char *)NULL);
    }
    return list && *list ? list : all ? all : "";
}

//==============================================================================
// >>client     keys, base URLs, defaults
//
// What the desc leaves open comes from the environment, then from the row. The
// one place that reads the environment, and the one place that keeps a key; it
// is wiped when the client closes.
// Calls: http auth registry
//==============================================================================

struct llmprov_client {
    llmprov_alloc alloc;
    llmprov__mem_arena arena;    /* wiped at the end: keys and headers lie here */
    llmprov_error error;
    llmprov_desc desc;           /* its texts are ours */
    llmprov_provider row;
    const llmprov_translator *translator;
    const char *key, *url;
    const char *stream_url;      /* of streamed replies */
    const char *region;
    llmprov_credentials keys;    /* AWS's */
    llmprov_auth auth;
    uint32_t calls;              /* the seed of the jitter */
    llmprov_client *next;        /* in a registry's cache */
    llmprov_desc asked;          /* as it was given, to find the client again */
};

static const char *llmprov__client_env(const char *name) {
#if defined(LLMPROV_NO_GETENV) || defined(LLMPROV_NO_STDLIB)
    (void)name;
    return NULL;
#else
    const char *value = name ? getenv(name) : NULL;
    return value && *value ? value : NULL;
#endif
}

/* The first of some variables, their names separated by blanks, that is set; *end = what stands behind its name. */
static const char *llmprov__client_first(const char *names, const char **end) {
    const char *p = names, *value = NULL;
    while (p && *p && !value) {
        char name[96];
        size_t word = strcspn(p, " =");
        memcpy(name, p, word < sizeof name ? word : 0);
        name[word < sizeof name ? word : 0] = 0;
        value = llmprov__client_env(name);
        *end = p + word;
        p += strcspn(p, " ");
        while (*p == ' ') p++;
    }
    return value;
}

static const char *llmprov__client_keep(llmprov_client *c, const char *text) {
    return text ? llmprov__mem_copy(&c->arena, text, strlen(text)) : NULL;
}

static void llmprov__client_fail(llmprov_client *c, llmprov_status code, const char *a, const char *b, const char *more) {
    llmprov__err_set(&c->error, &c->arena, code, a, b, more, (char *)NULL);
    c->error.retryable = false;
}

/* AWS's keys: the desc's, or all of them from the environment. */
static void llmprov__client_find_secret(llmprov_client *c) {
    const llmprov_desc *d = &c->desc;
    bool own = d->access_key || d->secret_key;
    c->keys.access_key = own ? d->access_key : llmprov__client_keep(c, llmprov__client_env("AWS_ACCESS_KEY_ID"));
    c->keys.secret_key = own ? d->secret_key : llmprov__client_keep(c, llmprov__client_env("AWS_SECRET_ACCESS_KEY"));
    c->keys.session_token = own ? d->session_token : llmprov__client_keep(c, llmprov__client_env("AWS_SESSION_TOKEN"));
}

/* The desc's key, or the first of the row's variables that is set. NAME=bearer says how its value is sent. Where
   requests can be signed, an API key is a bearer token, and AWS's keys in the desc stand over one in a variable. */
static void llmprov__client_find_key(llmprov_client *c) {
    const llmprov_desc *d = &c->desc;
    const char *end = "";
    bool signs = c->row.auth == LLMPROV_AUTH_SIGV4, own = d->credentials || (signs && (d->access_key || d->secret_key));
    c->auth = c->row.auth;
    c->key = llmprov__client_keep(c, d->api_key);
    if (!c->key && !own) c->key = llmprov__client_keep(c, llmprov__client_first(c->row.key_env, &end));
    if (*end == '=' || (signs && c->key)) c->auth = c->key ? LLMPROV_AUTH_BEARER : c->auth;
    if (signs && !c->key && !d->credentials) llmprov__client_find_secret(c);
}

/* "ONE or TWO": the variables that a key may be in. */
static const char *llmprov__client_variables(llmprov_client *c) {
    const char *p = c->row.key_env, *list = "";
    while (p && *p && list) {
        char name[96];
        size_t len = strcspn(p, " "), word = strcspn(p, " =");
        memcpy(name, p, word < sizeof name ? word : 0);
        name[word < sizeof name ? word : 0] = 0;
        list = llmprov__err_join(&c->arena, list, *list ? " or " : "", name, (char *)NULL);
        p += len;
        while (*p == ' ') p++;
    }
    return list && *list ? list : "(the row names none)";
}

/* What goes into headers must be one line; a secret may be anything. */
static const char *llmprov__client_unfit(const llmprov_credentials *k) {
    const char *const lines[] = { k->access_key, k->session_token, k->bearer };
    size_t i;
    if (!k->bearer && (!k->access_key || !*k->access_key || !k->secret_key || !*k->secret_key)) return "the access key or its secret is missing";
    for (i = 0; i < LLMPROV__COUNT(lines); i++)
        if (lines[i] && lines[i][llmprov__http_value_ok(lines[i], strlen(lines[i]))]) return "one of AWS's keys has a line break or another control character";
    return NULL;
}

static void llmprov__client_check_secret(llmprov_client *c) {
    const char *unfit = llmprov__client_unfit(&c->keys);
    if (!c->keys.access_key && !c->keys.secret_key)
        llmprov__client_fail(c, LLMPROV_ERR_NO_KEY, "no API key and no AWS keys: set desc.api_key, desc.access_key and desc.secret_key, desc.credentials, or the variables ",
                             llmprov__client_variables(c), " or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    else if (unfit) llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, unfit, "", NULL);
    if (!c->region) llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "a request is signed for a region: set desc.region or the variable ", "AWS_REGION", NULL);
}

static void llmprov__client_check_key(llmprov_client *c) {
    size_t len = c->key ? strlen(c->key) : 0, ok = c->key ? llmprov__http_value_ok(c->key, len) : 0;
    if (c->auth == LLMPROV_AUTH_NONE || c->error.code || c->desc.credentials) return;
    if (c->auth == LLMPROV_AUTH_SIGV4) {
        llmprov__client_check_secret(c);
        return;
    }
    if (c->key && ok < len) {
        c->error.offset = ok;
        llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "the API key has a line break or another control character at byte ", llmprov__err_int((int64_t)ok).text, NULL);
    } else if ((!c->key || !len) && !c->row.auth_optional) {
        llmprov__client_fail(c, LLMPROV_ERR_NO_KEY, "no API key: set desc.api_key or the variable ", llmprov__client_variables(c), NULL);
    }
    if (!len) c->key = NULL;
}

/* The variables are AWS's: for rows that are, only. */
static void llmprov__client_find_region(llmprov_client *c) {
    const char *end;
    bool aws = c->row.auth == LLMPROV_AUTH_SIGV4 || (c->row.base_url && strstr(c->row.base_url, "{region}"));
    c->region = c->desc.region;
    if (!c->region && aws) c->region = llmprov__client_keep(c, llmprov__client_first("AWS_REGION AWS_DEFAULT_REGION", &end));
    if (c->region && !llmprov__auth_is_region(c->region)) llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "the region is no region: \"", c->region, "\"; letters, digits and hyphens were expected");
}

/* A base URL with the region in its place, and the domain of that region's partition. */
static const char *llmprov__client_placed(llmprov_client *c, const char *base, const char *region) {
    const char *host;
    if (!base || !strstr(base, "{region}")) return base;
    if (!region) {
        llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "no region: set desc.region or the variable ", "AWS_REGION", NULL);
        return NULL;
    }
    host = llmprov__err_join(&c->arena, region, ".", llmprov__auth_domain(region), (char *)NULL);
    base = host ? llmprov__http_fill(&c->arena, base, "{region}.amazonaws.com", host) : NULL;
    return llmprov__http_fill(&c->arena, base, "{region}", region);
}

static char *llmprov__client_address(llmprov_client *c, const char *base, const char *path, const char *whose) {
    const char *own = llmprov__client_placed(c, c->row.base_url, "region"), *why;
    const char *version = llmprov__http_version_of(&c->arena, own, c->translator->version);
    char *url = llmprov__http_url(&c->arena, base, version, path, &why);
    if (!url && why) llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, whose, ": the base URL ", why);
    return url;
}

/* The address: desc, environment, row; and the version segment where it lacks one. */
static void llmprov__client_find_url(llmprov_client *c) {
    const char *own = c->row.quirks.chat_path, *end;
    const char *env = c->desc.base_url ? NULL : llmprov__client_first(c->row.base_env, &end);
    const char *base = c->desc.base_url ? c->desc.base_url : env;
    const char *whose = c->desc.base_url ? "desc.base_url" : env ? c->row.base_env : "row.base_url";
    if (!base) base = c->row.base_url;
    if (!base) {
        llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "no base URL: set desc.base_url or the variable ", c->row.base_env ? c->row.base_env : "(the row names none)", NULL);
        return;
    }
    base = llmprov__client_placed(c, base, c->region);
    if (!base) return;
    c->url = llmprov__client_address(c, base, own ? own : c->translator->path, whose);
    c->stream_url = own || !c->translator->stream_path ? c->url : llmprov__client_address(c, base, c->translator->stream_path, whose);
}

/* A version goes into a header or a query: visible ASCII. */
static void llmprov__client_check_version(llmprov_client *c) {
    const char *begin = c->desc.api_version, *p = begin;
    while (p && *p > ' ' && *p < 0x7f) p++;
    if (!p || !*p || c->error.code) return;
    c->error.offset = (size_t)(p - begin);
    llmprov__client_fail(c, LLMPROV_ERR_ARGUMENT, "desc.api_version: no visible ASCII character at byte ",
                         llmprov__err_int(p - begin).text, NULL);
}

static void llmprov__client_find_row(llmprov_client *c, const llmprov_desc *desc) {
    const llmprov_provider *row = desc->provider ? llmprov_provider_find(desc->registry, desc->provider) : NULL;
    if (!row) {
        const char *asked = desc->provider ? desc->provider : "", *near = llmprov__registry_near(desc->registry, &c->arena, asked);
        if (*asked) llmprov__err_set(&c->error, &c->arena, LLMPROV_ERR_NO_PROVIDER, "unknown provider \"", asked, "\"; near names: ", near, (char *)NULL);
        else llmprov__err_set(&c->error, &c->arena, desc->provider ? LLMPROV_ERR_NO_PROVIDER : LLMPROV_ERR_ARGUMENT, "desc.provider is required; there are: ", near, (char *)NULL);
        return;
    }
    c->row = *row;
    c->translator = llmprov__registry_translator(desc->registry, row->format);
    if (!c->translator) llmprov__client_fail(c, LLMPROV_ERR_UNSUPPORTED, "this wire format is not compiled in: ", row->format, NULL);
}

/* As much of a desc as the caller's version of it has. */
static llmprov_desc llmprov__client_asked(const llmprov_desc *from) {
    llmprov_desc d;
    memset(&d, 0, sizeof d);
    memcpy(&d, from, from->size && from->size < sizeof d ? from->size : sizeof d);
    return d;
}

/* The same with texts of our own. */
static llmprov_desc llmprov__client_desc(llmprov_client *c, llmprov_desc d) {
    d.provider = llmprov__client_keep(c, d.provider);
    d.api_key = llmprov__client_keep(c, d.api_key);
    d.base_url = llmprov__client_keep(c, d.base_url);
    d.api_version = llmprov__client_keep(c, d.api_version);
    d.headers = llmprov__client_keep(c, d.headers);
    d.region = llmprov__client_keep(c, d.region);
    d.access_key = llmprov__client_keep(c, d.access_key);
    d.secret_key = llmprov__client_keep(c, d.secret_key);
    d.session_token = llmprov__client_keep(c, d.session_token);
    return d;
}

static int llmprov__client_or(int value, int otherwise) {
    return value ? value : otherwise;
}

static void llmprov__client_defaults(llmprov_desc *d) {
    d->max_retries = d->max_retries < 0 ? 0 : llmprov__client_or(d->max_retries, 2);
    d->timeout_ms = llmprov__client_or(d->timeout_ms, 600000);
    d->connect_ms = llmprov__client_or(d->connect_ms, 10000);
    d->gap_ms = llmprov__client_or(d->gap_ms, 120000);
    d->retry_after_cap_ms = llmprov__client_or(d->retry_after_cap_ms, 60000);
    if (!d->limits.max_reply_bytes) d->limits.max_reply_bytes = (size_t)64 << 20;
    if (!d->limits.max_event_bytes) d->limits.max_event_bytes = (size_t)16 << 20;
    if (!d->limits.max_json_depth) d->limits.max_json_depth = 128;
}

static void llmprov__client_set_up(llmprov_client *c) {
    llmprov__http_headers none = { NULL, 0, 0 };
    llmprov__client_find_row(c, &c->desc);
    if (c->error.code) return;
    c->error.provider = c->row.id;
    if (c->desc.headers) llmprov__http_lines(&none, &c->arena, c->desc.headers, "desc.headers", &c->error, &c->arena);
    llmprov__client_check_version(c);
    llmprov__client_find_region(c);
    llmprov__client_find_url(c);
    llmprov__client_find_key(c);
    llmprov__client_check_key(c);
}

LLMPROV_API llmprov_client *llmprov_open(const llmprov_desc *desc) {
    static const llmprov_desc nothing = { 0 };
    llmprov_desc asked = llmprov__client_asked(desc ? desc : &nothing);
    llmprov_client *c = (llmprov_client *)llmprov__mem_realloc(&asked.alloc, NULL, 0, sizeof *c);
    if (!c) return NULL;
    memset(c, 0, sizeof *c);
    c->alloc = c->arena.alloc = asked.alloc;
    llmprov__err_clear(&c->error);
    c->asked = c->desc = llmprov__client_desc(c, asked);
    llmprov__client_defaults(&c->desc);
    llmprov__client_set_up(c);
    if (c->arena.failed) {
        llmprov__err_clear(&c->error);
        llmprov__err_set(&c->error, &c->arena, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
    }
    return c;
}

LLMPROV_API void llmprov_close(llmprov_client *c) {
    llmprov_alloc alloc;
    if (!c) return;
    alloc = c->alloc;
    if (c->desc.transport.close) c->desc.transport.close(c->desc.transport.user);
    llmprov__mem_arena_wipe(&c->arena);
    llmprov__mem_realloc(&alloc, c, sizeof *c, 0);
}

LLMPROV_API const llmprov_error *llmprov_client_error(const llmprov_client *c) {
    return c ? &c->error : llmprov_registry_error(NULL);
}

LLMPROV_API const llmprov_provider *llmprov_client_provider(const llmprov_client *c) {
    return c && c->row.id ? &c->row : NULL;
}

LLMPROV_API const llmprov_transport *llmprov_client_transport(const llmprov_client *c) {
    return c ? &c->desc.transport : NULL;
}

LLMPROV_API void llmprov_client_set_transport(llmprov_client *c, const llmprov_transport *transport) {
    if (!c) return;
    if (c->desc.transport.close) c->desc.transport.close(c->desc.transport.user);
    c->desc.transport = *transport;
}

/* -- clients that a registry keeps -- */

static bool llmprov__client_same_transport(const llmprov_transport *a, const llmprov_transport *b) {
    return a->perform == b->perform && a->wait == b->wait && a->now == b->now && a->close == b->close && a->user == b->user;
}

/* Every field that changes what a client does. */
static bool llmprov__client_same(const llmprov_desc *a, const llmprov_desc *b) {
    return llmprov__text_same(a->provider, b->provider, false) && llmprov__text_same(a->api_key, b->api_key, false) &&
           llmprov__text_same(a->base_url, b->base_url, false) && llmprov__text_same(a->api_version, b->api_version, false) &&
           llmprov__text_same(a->headers, b->headers, false) && llmprov__client_same_transport(&a->transport, &b->transport) &&
           llmprov__text_same(a->region, b->region, false) && llmprov__text_same(a->access_key, b->access_key, false) &&
           llmprov__text_same(a->secret_key, b->secret_key, false) && llmprov__text_same(a->session_token, b->session_token, false) &&
           a->credentials == b->credentials &&
           a->max_retries == b->max_retries && a->timeout_ms == b->timeout_ms && a->connect_ms == b->connect_ms && a->gap_ms == b->gap_ms &&
           a->retry_after_cap_ms == b->retry_after_cap_ms && a->unix_ms == b->unix_ms && a->cancelled == b->cancelled && a->user == b->user &&
           a->limits.max_reply_bytes == b->limits.max_reply_bytes && a->limits.max_event_bytes == b->limits.max_event_bytes &&
           a->limits.max_memory_bytes == b->limits.max_memory_bytes && a->limits.max_json_depth == b->limits.max_json_depth &&
           a->alloc.fn == b->alloc.fn && a->alloc.user == b->alloc.user && a->log.fn == b->log.fn && a->log.user == b->log.user;
}

static bool llmprov__client_same_keys(const llmprov_credentials *a, const llmprov_credentials *b) {
    return llmprov__text_same(a->access_key, b->access_key, false) && llmprov__text_same(a->secret_key, b->secret_key, false) &&
           llmprov__text_same(a->session_token, b->session_token, false);
}

/* The environment may have changed since: a client whose key or address came from there is found by what it found. */
static bool llmprov__client_current(llmprov_client *c, const llmprov_client *fresh) {
    return llmprov__client_same(&c->asked, &fresh->asked) && llmprov__text_same(c->key, fresh->key, false) && llmprov__text_same(c->url, fresh->url, false) &&
           llmprov__text_same(c->region, fresh->region, false) && llmprov__client_same_keys(&c->keys, &fresh->keys);
}

LLMPROV_API llmprov_client *llmprov_client_for(llmprov_registry *reg, const llmprov_desc *desc) {
    llmprov_desc with;
    llmprov_client *c, *fresh;
    if (!reg) return NULL;
    with = llmprov__client_asked(desc);
    with.size = 0;
    with.registry = reg;
    fresh = llmprov_open(&with);
    if (!fresh) return NULL;
    for (c = reg->clients; c && !llmprov__client_current(c, fresh); c = c->next) { }
    if (c) {
        memset(&fresh->desc.transport, 0, sizeof fresh->desc.transport);
        llmprov_close(fresh);
        return c;
    }
    fresh->next = reg->clients;
    return reg->clients = fresh;
}

LLMPROV_API void llmprov_client_forget(llmprov_registry *reg, const char *provider) {
    llmprov_client **at;
    if (!reg) return;
    for (at = &reg->clients; *at;) {
        llmprov_client *c = *at;
        if (provider && strcmp(provider, c->row.id ? c->row.id : "") && !llmprov__text_same(provider, c->desc.provider, false)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        llmprov_close(c);
    }
}

LLMPROV_API void llmprov_registry_free(llmprov_registry *reg) {
    llmprov_alloc alloc;
    if (!reg) return;
    llmprov_client_forget(reg, NULL);
    alloc = reg->alloc;
    llmprov__mem_arena_free(&reg->words);
    llmprov__mem_arena_free(&reg->arena);
    llmprov__mem_realloc(&alloc, reg, sizeof *reg, 0);
}

//==============================================================================
// >>call       the state machine of one exchange
//
// It does no I/O and has no clock: it says what it wants, and is fed. Frames are
// cut from the fed bytes one at a time; the events of one are delivered before
// the next is looked at. Retries, time-outs and limits are decided here, and
// nothing is retried once any of the answer was shown.
// Calls: msg http crypt frame auth retry reply normal translator parts registry
//        client
//==============================================================================

/* How long, in milliseconds, a connection is given to end properly once its reply is complete. */
enum { LLMPROV__CALL_LINGER = 1000 };

typedef enum llmprov__call_mode { LLMPROV__CALL_UNKNOWN, LLMPROV__CALL_FRAMES, LLMPROV__CALL_WHOLE } llmprov__call_mode;

struct llmprov_call {
    llmprov_alloc alloc;
    llmprov_client *client;
    llmprov_request req;
    llmprov_turn *turn;          /* what was read so far */
    llmprov__mem_arena plan;     /* what the body refers to; dies with the call */
    llmprov__mem_arena wire;     /* headers with the key; wiped */
    llmprov_writer body;
    llmprov__write_cursor cursor;
    char *whole;                 /* the body in one piece, when it was asked for */
    size_t whole_len;
    llmprov_http http;
    llmprov__http_headers headers;             /* of http */
    char hash[65];               /* SHA-256 of the body in hex, once it is known */
    bool signs;                  /* credentials are asked for, or the request is signed, before each attempt */
    bool stream, once, touched;  /* once: a source can be read one time; touched: it was */
    llmprov_want want;
    bool finished, shown, cancelled, in_callback, free_later, clocked;
    bool expired;                /* the whole call's time is over: no further attempt */
    bool told;                   /* END was delivered: too late to cancel */
    bool muted;                  /* nobody asks for events */
    int attempt;
    uint32_t seed;
    llmprov__http_head head;
    llmprov__call_mode mode;
    llmprov__frame_cutter frames;
    int64_t frame_number;
    llmprov__mem_buf reply;      /* a whole body */
    llmprov__mem_buf later;      /* fed bytes that no one has asked for yet */
    const char *at, *end;        /* the bytes in hand */
    uint64_t received;
    uint64_t now, began, mark, due;            /* of the clock that is fed */
    llmprov_event *queue;        /* events for llmprov_call_next */
    size_t queue_at, queue_count, queue_cap;
    llmprov__mem_arena queued;   /* their texts */
};

/* -- delivering events -- */

static const char *llmprov__call_copy(llmprov_call *call, const char *text) {
    return text ? llmprov__mem_copy(&call->queued, text, strlen(text)) : NULL;
}

static const void *llmprov__call_copy_of(llmprov_call *call, const void *from, size_t size) {
    void *to = from ? llmprov__mem_take(&call->queued, size ? size : 1) : NULL;
    if (to && size) memcpy(to, from, size);
    return to;
}

/* Keeps an event until llmprov_call_next asks for it; what it points to is copied, since the frame will be gone. */
static void llmprov__call_queue(llmprov_call *call, const llmprov_event *e) {
    llmprov_event *to;
    if (call->queue_count == call->queue_cap) {
        size_t cap = call->queue_cap ? call->queue_cap * 2 : 8;
        to = (llmprov_event *)llmprov__mem_realloc(&call->plan.alloc, call->queue, call->queue_cap * sizeof *to, cap * sizeof *to);
        if (!to) {
            llmprov__reply_no_memory(call->turn);
            return;
        }
        call->queue = to;
        call->queue_cap = cap;
    }
    to = &call->queue[call->queue_count++];
    *to = *e;
    to->text = e->text ? (const char *)llmprov__mem_copy(&call->queued, e->text, e->text_len) : NULL;
    to->extra = e->extra ? (const char *)llmprov__mem_copy(&call->queued, e->extra, e->extra_len) : NULL;
    to->data = llmprov__call_copy_of(call, e->data, e->data_len);
    to->block = (const llmprov_block *)llmprov__call_copy_of(call, e->block, sizeof *e->block);
    to->usage = (const llmprov_usage *)llmprov__call_copy_of(call, e->usage, sizeof *e->usage);
    to->error = (const llmprov_error *)llmprov__call_copy_of(call, e->error, sizeof *e->error);
    to->id = llmprov__call_copy(call, e->id);
    to->model = llmprov__call_copy(call, e->model);
    to->kind = llmprov__call_copy(call, e->kind);
    to->stop_word = llmprov__call_copy(call, e->stop_word);
    to->stop_sequence = llmprov__call_copy(call, e->stop_sequence);
    if (call->queued.failed) {
        call->queued.failed = false;
        call->queue_count--;
        llmprov__reply_no_memory(call->turn);
    }
}

static void llmprov__call_deliver(void *user, const llmprov_event *e) {
    llmprov_call *call = (llmprov_call *)user;
    if (call->cancelled) return;
    if (e->type == LLMPROV_EVENT_END) call->told = true;
    if (e->type != LLMPROV_EVENT_START && e->type != LLMPROV_EVENT_RETRY && e->type != LLMPROV_EVENT_ERROR) call->shown = true;
    if (!call->req.on_event) {
        if (!call->muted) llmprov__call_queue(call, e);
        return;
    }
    call->in_callback = true;
    if (!call->req.on_event(call->req.user, e)) call->cancelled = true;
    call->in_callback = false;
}

static void llmprov__call_tell_error(llmprov_call *call, llmprov_event_type type) {
    llmprov_event e;
    memset(&e, 0, sizeof e);
    e.type = type;
    e.error = &call->turn->error;
    llmprov__call_deliver(call, &e);
}

/* -- the end of an attempt -- */

/* What the reply's head says about a failure. */
static void llmprov__call_blame(llmprov_call *call) {
    llmprov_error *e = &call->turn->error;
    int64_t asked = llmprov__retry_asked(&call->head, call->client->desc.unix_ms ? call->client->desc.unix_ms(call->client->desc.user) : 0);
    e->provider = call->turn->provider;
    e->http_status = call->head.status;
    if (!*e->request_id && call->head.request_id[0]) {
        char *id = llmprov__mem_copy(&call->turn->arena, call->head.request_id, strlen(call->head.request_id));
        if (id) e->request_id = id;
    }
    if (asked > 0) e->retry_after_ms = asked > 2147483647 ? 2147483647 : (int)asked;
}

static int64_t llmprov__call_retry(llmprov_call *call) {
    const llmprov_error *e = &call->turn->error;
    const llmprov_desc *d = &call->client->desc;
    llmprov__retry_case c;
    memset(&c, 0, sizeof c);
    c.code = e->code;
    c.http_status = call->head.status >= 400 ? call->head.status : 0;
    c.should_retry = call->head.status >= 400 ? call->head.should_retry : LLMPROV_UNSET;
    c.asked_ms = e->retry_after_ms > 0 ? e->retry_after_ms : -1;
    c.attempt = call->attempt;
    c.max_retries = call->expired ? 0 : d->max_retries;
    c.cap_ms = d->retry_after_cap_ms;
    c.seed = call->seed ^ (uint32_t)call->now ^ llmprov__text_hash(call->head.request_id, strlen(call->head.request_id));
    call->turn->error.retryable = llmprov__retry_worth(&c);
    c.output = call->shown;
    c.spent = call->once && call->touched;
    if (c.spent && call->turn->error.retryable && !c.output && call->attempt <= c.max_retries) {
        char *text = llmprov__err_join(&call->turn->arena, e->message, "; it was not sent again: a source of its body can be read only once", (char *)NULL);
        if (text) call->turn->error.message = text;
    }
    return llmprov__retry_delay(&c);
}

static void llmprov__call_forget_reply(llmprov_call *call) {
    llmprov__frame_free(&call->frames);
    llmprov__mem_buf_free(&call->reply);
    llmprov__mem_buf_free(&call->later);
    call->at = call->end = NULL;
    call->received = 0;
    call->frame_number = 0;
    call->mode = LLMPROV__CALL_UNKNOWN;
}

static void llmprov__call_open_frames(llmprov_call *call) {
    const llmprov_client *c = call->client;
    llmprov__frame_init(&call->frames, &call->turn->arena.alloc, c->desc.limits.max_event_bytes);
    if (c->translator) call->frames.framing = c->translator->framing;
}

static void llmprov__call_stop(llmprov_call *call) {
    call->want = LLMPROV_WANT_NOTHING;
    call->finished = true;
}

/* The attempt failed: it is tried again after a while, or the call is over. */
static void llmprov__call_failed(llmprov_call *call) {
    int64_t delay;
    if (call->finished) return;
    llmprov__call_blame(call);
    if (call->cancelled && call->turn->error.code != LLMPROV_ERR_CANCELLED) {
        llmprov__err_clear(&call->turn->error);
        llmprov__err_set(&call->turn->error, &call->turn->arena, LLMPROV_ERR_CANCELLED, (char *)NULL);
    }
    delay = llmprov__call_retry(call);
    if (delay < 0) {
        llmprov__call_stop(call);
        llmprov__err_log(&call->client->desc.log, 0, "call", call->turn->error.message);
        if (!call->cancelled) llmprov__call_tell_error(call, LLMPROV_EVENT_ERROR);
        return;
    }
    llmprov__err_log(&call->client->desc.log, 1, "call", call->turn->error.message);
    llmprov__call_tell_error(call, LLMPROV_EVENT_RETRY);
    call->due = call->now + (uint64_t)delay;
    call->want = LLMPROV_WANT_TIME;
    llmprov__call_forget_reply(call);
}

static void llmprov__call_fail_now(llmprov_call *call, llmprov_status code, const char *text) {
    if (call->finished) return;
    llmprov_turn_fail(call->turn, code, text);
    llmprov__call_failed(call);
}

/* Whether the program wants to stop; looked at wherever time passes. */
static bool llmprov__call_stopped(llmprov_call *call) {
    const llmprov_desc *d = &call->client->desc;
    if (!call->cancelled && d->cancelled && d->cancelled(d->user)) call->cancelled = true;
    if (call->cancelled && !call->finished) llmprov__call_fail_now(call, LLMPROV_ERR_CANCELLED, "the call was cancelled");
    return call->finished;
}

static void llmprov__call_succeeded(llmprov_call *call) {
    if (call->finished) return;
    llmprov__reply_finish(call->turn);
    if (call->turn->error.code) llmprov__call_failed(call);
    else if (call->cancelled && !call->told) llmprov__call_stopped(call);
    else call->finished = true;
}

/* -- reading -- */

static llmprov_scan llmprov__call_scan(llmprov_call *call, llmprov_str text) {
    return llmprov__json_scan(text.ptr, text.len, &call->turn->scratch, call->client->desc.limits.max_json_depth);
}

static void llmprov__call_not_json(llmprov_call *call, const llmprov_scan *s) {
    llmprov_turn *t = call->turn;
    bool frame = call->mode == LLMPROV__CALL_FRAMES;
    if (t->error.code) return;
    if (s->status == LLMPROV_ERR_NO_MEMORY || t->scratch.failed) {
        llmprov__reply_no_memory(t);
        return;
    }
    t->error.offset = (size_t)(s->at - s->begin);
    llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_BAD_REPLY, frame ? "stream event " : "the reply", frame ? llmprov__err_int(call->frame_number).text : "", " is not JSON at byte ",
                     llmprov__err_int(s->at - s->begin).text, ": ", s->why ? s->why : "", (char *)NULL);
}

static llmprov_str llmprov__call_trim(llmprov_str text) {
    while (text.len && (unsigned char)text.ptr[0] <= ' ') text.ptr++, text.len--;
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ') text.len--;
    return text;
}

static void llmprov__call_keep_raw(llmprov_call *call, llmprov_str body) {
    llmprov_error *e = &call->turn->error;
    size_t len = body.len < 65536 ? body.len : 65536;
    char *raw = llmprov__mem_copy(&call->turn->arena, body.ptr, len);
    if (!raw) return;
    e->raw = raw;
    e->raw_len = len;
}

/* One frame of a stream. */
static void llmprov__call_frame(llmprov_call *call, const llmprov_frame *frame) {
    const llmprov_translator *tr = call->client->translator;
    llmprov_turn *t = call->turn;
    llmprov_scan s;
    call->frame_number++;
    if (!frame->failed && llmprov__reply_shortcut(t, frame)) return;
    if (frame->data.len <= 16 && llmprov__text_is(llmprov__call_trim(frame->data), "[DONE]")) {
        tr->read_end(t);
        return;
    }
    if (!llmprov__call_trim(frame->data).len && !frame->failed) return;
    t->events = t->pieces = 0;
    s = llmprov__call_scan(call, frame->data);
    tr->read_frame(t, frame, &s);
    if (!s.status && !t->error.code) llmprov__json_done(&s);
    if (s.status) llmprov__call_not_json(call, &s);
    if (t->error.code) llmprov__call_keep_raw(call, frame->data);
    llmprov__reply_learn(t, frame);
}

/* After each frame: has the call come to an end? */
static bool llmprov__call_settled(llmprov_call *call) {
    if (call->finished) return true;
    if (call->turn->error.code) llmprov__call_failed(call);
    else if (call->cancelled) llmprov__call_stopped(call);
    else if (call->turn->done) llmprov__call_succeeded(call);
    return call->finished || call->want != LLMPROV_WANT_RECV;
}

/* What came was no frame, or one too long. */
static void llmprov__call_no_frame(llmprov_call *call) {
    llmprov_turn *t = call->turn;
    if (call->frames.status == LLMPROV_ERR_NO_MEMORY) llmprov__reply_no_memory(t);
    else llmprov__err_set(&t->error, &t->arena, call->frames.status, "stream event ", llmprov__err_int(call->frame_number + 1).text, ": ", call->frames.why, (char *)NULL);
    llmprov__call_failed(call);
}

/* A stream begins with neither a brace nor a bracket, whatever the Content-Type says; a refusal is never one. White
   space and a byte-order mark before it say nothing, but for binary frames, which begin with a zero as a rule. */
static llmprov__call_mode llmprov__call_sniff(llmprov_call *call) {
    const char *p = call->at;
    bool binary = call->frames.framing == LLMPROV_FRAMING_EVENTSTREAM && !memchr(" \t\r\n", *p, 4);
    while (!binary && p < call->end && ((unsigned char)*p <= ' ' || (unsigned char)*p == 0xEF || (unsigned char)*p == 0xBB || (unsigned char)*p == 0xBF)) p++;
    if (p == call->end) return LLMPROV__CALL_UNKNOWN;
    if (call->head.status >= 300 || *p == '{' || *p == '[' || *p == '<' || !(call->stream || call->head.event_stream)) return LLMPROV__CALL_WHOLE;
    call->at = p;
    return LLMPROV__CALL_FRAMES;
}

/* Reads frames until one gave an event (for llmprov_call_next) or the bytes are used up. */
static void llmprov__call_digest(llmprov_call *call) {
    llmprov_frame frame;
    if (call->mode != LLMPROV__CALL_FRAMES) {
        if (call->end > call->at && !llmprov__mem_add(&call->reply, call->at, (size_t)(call->end - call->at))) llmprov__call_fail_now(call, LLMPROV_ERR_NO_MEMORY, "");
        call->at = call->end;
        return;
    }
    while (call->at < call->end && !(call->queue_at < call->queue_count)) {
        if (!llmprov__frame_next(&call->frames, &call->at, call->end, &frame)) {
            if (call->frames.status) llmprov__call_no_frame(call);
            return;
        }
        llmprov__call_frame(call, &frame);
        if ((call->turn->error.code || call->turn->done || call->cancelled) && llmprov__call_settled(call)) {
            call->at = call->end;
            return;
        }
    }
}

/* The JSON in an error's body: the body itself, or what an event stream's data line holds. */
static llmprov_str llmprov__call_error_json(llmprov_str body) {
    const char *data = NULL;
    size_t i;
    body = llmprov__call_trim(body);
    if (!body.len || body.ptr[0] == '{' || body.ptr[0] == '[') return body;
    for (i = 0; i + 5 < body.len && !data; i++)
        if (!memcmp(body.ptr + i, "data:", 5) && (i == 0 || body.ptr[i - 1] == '\n')) data = body.ptr + i + 5;
    if (!data) return body;
    body.len = (size_t)(body.ptr + body.len - data);
    body.ptr = data;
    if ((data = (const char *)memchr(body.ptr, '\n', body.len)) != NULL) body.len = (size_t)(data - body.ptr);
    return llmprov__call_trim(body);
}

/* The beginning of a body that is not what it should be, for a sentence: printable, at most 80 bytes. */
static const char *llmprov__call_excerpt(llmprov_call *call, llmprov_str body) {
    size_t i, len = body.len < 80 ? body.len : 80;
    char *to;
    while (len && ((unsigned char)body.ptr[len - 1] & 0xC0) == 0x80) len--;
    if (len && (unsigned char)body.ptr[len - 1] >= 0xC0) len--;
    to = llmprov__mem_copy(&call->turn->arena, body.ptr, len);
    if (!to) return "";
    for (i = 0; i < len; i++)
        if ((unsigned char)to[i] < ' ' || (unsigned char)to[i] == 127) to[i] = ' ';
    if (llmprov__text_valid(to, len) != len) to[llmprov__text_valid(to, len)] = 0;
    return to;
}

/* The server answered with a refusal. */
static void llmprov__call_refused(llmprov_call *call, llmprov_str body) {
    llmprov_turn *t = call->turn;
    llmprov_error *e = &t->error;
    llmprov_str json = llmprov__call_error_json(body);
    llmprov_scan s = llmprov__call_scan(call, json), check = s;
    llmprov_status code = llmprov__parts_error_status(call->head.status);
    const char *type;
    llmprov_scan_skip(&check);
    e->http_status = call->head.status;
    if (call->head.error_type[0] && (type = llmprov__mem_copy(&t->arena, call->head.error_type, strlen(call->head.error_type))) != NULL) e->provider_code = type;
    if (json.len && llmprov__json_done(&check)) {
        llmprov__err_set(e, &t->arena, code, "HTTP ", llmprov__err_int(call->head.status).text, ": ", llmprov__call_excerpt(call, json), (char *)NULL);
        call->client->translator->read_error(t, e, &s);
    } else {
        json = llmprov__call_trim(body);
        llmprov__err_set(e, &t->arena, code, "HTTP ", llmprov__err_int(call->head.status).text, json.len ? ", and the body is not JSON; it begins: " : " with an empty body",
                         llmprov__call_excerpt(call, json), (char *)NULL);
    }
    if (t->arena.failed || t->scratch.failed) {
        e->code = LLMPROV_OK;
        llmprov__reply_no_memory(t);
    }
    llmprov__call_keep_raw(call, body);
    llmprov__call_failed(call);
}

/* A whole reply. */
static void llmprov__call_read_whole(llmprov_call *call, llmprov_str body) {
    llmprov_turn *t = call->turn;
    llmprov_scan s = llmprov__call_scan(call, body), check = s;
    llmprov_str trimmed = llmprov__call_trim(body);
    t->streamed = false;
    if (!trimmed.len) {
        llmprov__call_fail_now(call, LLMPROV_ERR_TRUNCATED, "the reply has an empty body");
        return;
    }
    if (trimmed.ptr[0] == '<') {
        llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_BAD_REPLY, "the reply is not JSON; it begins: ", llmprov__call_excerpt(call, trimmed), (char *)NULL);
        llmprov__call_keep_raw(call, body);
        llmprov__call_failed(call);
        return;
    }
    llmprov_scan_skip(&check);
    llmprov__json_done(&check);
    if (check.status) llmprov__call_not_json(call, &check);
    else call->client->translator->read(t, &s);
    if (s.status) llmprov__call_not_json(call, &s);
    if (t->error.code) llmprov__call_keep_raw(call, body);
    llmprov__call_settled(call);
}

/* A frame that the end of the bytes cut is no frame. */
static bool llmprov__call_is_whole(llmprov_call *call, llmprov_str data) {
    llmprov_scan s = llmprov__call_scan(call, data);
    if (llmprov__text_is(llmprov__call_trim(data), "[DONE]")) return true;
    llmprov_scan_skip(&s);
    return llmprov__json_done(&s);
}

/* A stream that ended cleanly: what no blank line closed counts, and then the format's own end must have come. */
static void llmprov__call_read_end(llmprov_call *call) {
    llmprov_frame frame;
    if (llmprov__frame_last(&call->frames, &frame) && llmprov__call_is_whole(call, frame.data)) {
        llmprov__call_frame(call, &frame);
        if (llmprov__call_settled(call)) return;
    }
    if (call->frames.status) {
        llmprov__call_no_frame(call);
        return;
    }
    call->client->translator->read_end(call->turn);
    if (llmprov__call_settled(call)) return;
    if (!call->frames.known) llmprov__call_fail_now(call, LLMPROV_ERR_BAD_REPLY, "the reply is neither JSON nor an event stream");
    else llmprov__call_fail_now(call, LLMPROV_ERR_TRUNCATED, "the stream ended before the provider said that the reply was complete");
}

static void llmprov__call_complete(llmprov_call *call) {
    llmprov_str body = { call->reply.ptr ? call->reply.ptr : "", call->reply.len };
    if (call->finished || call->want != LLMPROV_WANT_RECV) return;
    if (call->head.status >= 300) llmprov__call_refused(call, body);
    else if (call->mode == LLMPROV__CALL_FRAMES) llmprov__call_read_end(call);
    else if (call->stream && !llmprov__call_trim(body).len) llmprov__call_fail_now(call, LLMPROV_ERR_TRUNCATED, "the stream ended before it began");
    else llmprov__call_read_whole(call, body);
}

/* -- writing -- */

static const char llmprov__call_short[] = "a source gave fewer bytes than its data_len says";

static const char *llmprov__call_model(const llmprov_call *call) {
    return call->req.model && *call->req.model ? call->req.model : call->client->row.default_model;
}

/* Asking for what the provider cannot do fails before a byte is sent. */
static const char *llmprov__call_cannot(const llmprov_call *call) {
    unsigned can = call->client->row.can ? call->client->row.can : call->client->translator->can;
    const llmprov_request *r = &call->req;
    if (!(can & LLMPROV_CAN_CHAT)) return "chat";
    if (!(can & LLMPROV_CAN_STREAM) && r->stream == LLMPROV_STREAM_ON) return "stream";
    if (!(can & LLMPROV_CAN_TOOLS) && r->tool_count) return "tools";
    if (!(can & LLMPROV_CAN_SCHEMA) && r->schema) return "schema";
    if (!(can & LLMPROV_CAN_CHOICES) && (can & LLMPROV_CAN_CHAT) && call->client->row.can && r->n.set && r->n.value > 1) return "n";
    return NULL;
}

static bool llmprov__call_has_image(const llmprov_request *r) {
    size_t i;
    for (i = 0; i < r->message_count; i++)
        if (llmprov_block_next(&r->messages[i], LLMPROV_BLOCK_IMAGE, NULL)) return true;
    return false;
}

static void llmprov__call_replaced(void *user, const char *path) {
    llmprov_turn *t = (llmprov_turn *)user;
    llmprov__err_warn(&t->warnings, &t->arena, LLMPROV_ERR_ARGUMENT, path, "request.extra replaced what would have been written here");
}

static bool llmprov__call_normalise(llmprov_call *call, llmprov__normal *n) {
    llmprov_turn *t = call->turn;
    llmprov__normal_target(n, &call->client->row, call->client->translator, t->profile);
    n->arena = &call->plan;
    n->keep = &t->arena;
    n->warnings = &t->warnings;
    n->err = &t->error;
    if (!llmprov__normal_run(n, &call->req)) {
        if (t->error.code == LLMPROV_ERR_NO_MEMORY) llmprov__reply_no_memory(t);
        return false;
    }
    t->tools = call->req.tools;
    t->tool_names = n->names;
    t->tool_count = call->req.tool_count;
    return true;
}

/* Sources that can be read only once forbid a second attempt. */
static bool llmprov__call_reads_once(const llmprov_request *r) {
    size_t i, j, k;
    for (i = 0; i < r->message_count; i++)
        for (j = 0; j < r->messages[i].block_count; j++) {
            const llmprov_block *b = &r->messages[i].blocks[j];
            if (b->source.read && b->source.once) return true;
            for (k = 0; b->content && k < b->content_count; k++)
                if (b->content[k].source.read && b->content[k].source.once) return true;
        }
    return false;
}

/* The auth header, or the URL with the key in it. */
static void llmprov__call_auth(llmprov_call *call, llmprov__http_headers *h) {
    const llmprov_client *c = call->client;
    const char *name = c->auth == LLMPROV_AUTH_BEARER ? "authorization" : c->row.auth_name;
    call->signs = (c->auth == LLMPROV_AUTH_SIGV4 || c->desc.credentials) && !llmprov__http_find(h, "authorization");
    if (!c->key || c->auth == LLMPROV_AUTH_NONE || call->signs) return;
    if (c->auth == LLMPROV_AUTH_QUERY) {
        size_t len = strlen(c->key);
        char *key = (char *)llmprov__mem_take(&call->wire, len * 3 + 1);
        if (!key) return;
        key[llmprov__text_percent(key, c->key, len)] = 0;
        call->http.url = llmprov__err_join(&call->wire, call->http.url, strchr(call->http.url, '?') ? "&" : "?", name, "=", key, (char *)NULL);
        call->http.secret_in_url = true;
        return;
    }
    if (llmprov__http_find(h, name)) return;
    llmprov__http_set(h, &call->wire, name, c->auth == LLMPROV_AUTH_BEARER ? llmprov__err_join(&call->wire, "Bearer ", c->key, (char *)NULL) : c->key);
}

/* Headers: the caller's stand over the client's, those over the row's, those over ours. */
static bool llmprov__call_headers(llmprov_call *call, llmprov__http_headers *h) {
    const llmprov_client *c = call->client;
    llmprov_error *err = &call->turn->error;
    llmprov__mem_arena *words = &call->turn->arena;
    return (!c->row.headers || llmprov__http_lines(h, &call->wire, c->row.headers, "row.headers", err, words)) &&
           (!c->desc.headers || llmprov__http_lines(h, &call->wire, c->desc.headers, "desc.headers", err, words)) &&
           (!call->req.headers || llmprov__http_lines(h, &call->wire, call->req.headers, "request.headers", err, words));
}

/* The URL, in which the model's name may be a segment of the path. */
static bool llmprov__call_url(llmprov_call *call) {
    const llmprov_client *c = call->client;
    const char *url = call->stream ? c->stream_url : c->url, *model = llmprov__call_model(call), *unfit;
    size_t len = strlen(model);
    char *name;
    call->http.url = url;
    if (!strstr(url, "{model}")) return true;
    unfit = llmprov__http_unfit(model);
    if (unfit) {
        llmprov__err_set(&call->turn->error, &call->turn->arena, LLMPROV_ERR_ARGUMENT, "model: the name ", unfit, (char *)NULL);
        call->turn->error.param = "model";
        return false;
    }
    name = (char *)llmprov__mem_take(&call->wire, len * 3 + 1);
    if (!name) return false;
    llmprov__text_percent(name, model, len);
    call->http.url = llmprov__http_fill(&call->wire, url, "{model}", name);
    return call->http.url != NULL;
}

static const char *llmprov__call_accept(const llmprov_call *call) {
    if (!call->stream) return "application/json";
    return call->client->translator->framing == LLMPROV_FRAMING_EVENTSTREAM ? "application/vnd.amazon.eventstream" : "text/event-stream";
}

static void llmprov__call_address(llmprov_call *call, llmprov__translator_job *job) {
    if (!llmprov__call_url(call)) return;
    if (!llmprov__http_find(&job->headers, "content-type")) llmprov__http_set(&job->headers, &call->wire, "content-type", "application/json");
    if (!llmprov__http_find(&job->headers, "accept")) llmprov__http_set(&job->headers, &call->wire, "accept", llmprov__call_accept(call));
    llmprov__call_auth(call, &job->headers);
    call->http.method = "POST";
    call->headers = job->headers;
    call->http.headers = job->headers.items;
    call->http.header_count = job->headers.count;
    call->http.body_len = llmprov__write_size(&call->body);
}

/* -- signing: before each attempt, with the time and the keys of that moment -- */

/* What the program hands out now, or what the client has. */
static bool llmprov__call_credentials(llmprov_call *call, int64_t now, llmprov_credentials *k) {
    const llmprov_desc *d = &call->client->desc;
    const char *unfit;
    *k = call->client->keys;
    if (!d->credentials) return true;
    memset(k, 0, sizeof *k);
    if (!d->credentials(d->user, k)) {
        llmprov_turn_fail(call->turn, LLMPROV_ERR_NO_KEY, "desc.credentials has no credentials");
        return false;
    }
    unfit = llmprov__client_unfit(k);
    if (unfit) llmprov_turn_fail(call->turn, LLMPROV_ERR_NO_KEY, llmprov__err_join(&call->wire, "desc.credentials: ", unfit, (char *)NULL));
    else if (k->expires_ms && now >= k->expires_ms) llmprov_turn_fail(call->turn, LLMPROV_ERR_AUTH, "the credentials of desc.credentials have expired");
    return !call->turn->error.code;
}

/* The body is hashed once: what it holds is the same in every attempt. */
static bool llmprov__call_hash(llmprov_call *call) {
    llmprov__crypt_sha sha;
    llmprov__write_cursor cursor;
    unsigned char hash[32];
    char piece[1024];
    size_t n;
    if (call->hash[0]) return true;
    if (call->once) {
        llmprov_turn_fail(call->turn, LLMPROV_ERR_UNSUPPORTED, "a request is signed with the hash of its body, and a source of this one can be read only once: "
                          "give its bytes, a source that can be read again, or an API key, which signs nothing");
        return false;
    }
    memset(&cursor, 0, sizeof cursor);
    llmprov__crypt_sha_begin(&sha);
    while ((n = llmprov__write_pull(&call->body, &cursor, piece, sizeof piece)) > 0) llmprov__crypt_sha_add(&sha, piece, n);
    llmprov__crypt_sha_end(&sha, hash);
    if (cursor.failed) llmprov_turn_fail(call->turn, LLMPROV_ERR_ARGUMENT, llmprov__call_short);
    else llmprov__crypt_hex(call->hash, hash, sizeof hash);
    return !cursor.failed;
}

/* The host as a transport sends it: without a port that the scheme implies. */
static char *llmprov__call_host(llmprov_call *call, llmprov_str origin) {
    bool https = origin.len > 5 && origin.ptr[4] == 's';
    const char *port = https ? ":443" : ":80";
    size_t scheme = https ? 8 : 7, n = strlen(port);
    origin.ptr += scheme;
    origin.len -= scheme;
    if (origin.len > n && !memcmp(origin.ptr + origin.len - n, port, n)) origin.len -= n;
    return llmprov__mem_copy(&call->wire, origin.ptr, origin.len);
}

/* Signed are the host, the body's type, and what is AWS's own: what lies between may change other headers. */
static void llmprov__call_signature(llmprov_call *call, const llmprov_credentials *k, const char *date) {
    llmprov__auth_scope scope = { k->access_key, k->secret_key, call->client->region, call->client->row.auth_name, "" };
    llmprov__auth_request r;
    llmprov__http_base base;
    llmprov_header *signed_headers = (llmprov_header *)llmprov__mem_take(&call->wire, (call->headers.count + 1) * sizeof *signed_headers);
    const char *url = call->http.url, *query;
    size_t i;
    memset(&r, 0, sizeof r);
    if (!signed_headers || llmprov__http_parse(url, &base)) return;
    memcpy(scope.date, date, sizeof scope.date);
    r.method = call->http.method;
    r.path.ptr = url + base.origin.len;
    query = strchr(r.path.ptr, '?');
    r.path.len = query ? (size_t)(query - r.path.ptr) : strlen(r.path.ptr);
    r.query.ptr = query ? query + 1 : "";
    r.query.len = strlen(r.query.ptr);
    r.payload = call->hash;
    r.headers = signed_headers;
    signed_headers[0].name = "host";
    signed_headers[0].value = llmprov__call_host(call, base.origin);
    if (!signed_headers[0].value) return;
    for (r.header_count = 1, i = 0; i < call->headers.count; i++) {
        const char *name = call->headers.items[i].name;
        if (llmprov__text_same(name, "content-type", true) || llmprov__text_begins(name, "x-amz-")) signed_headers[r.header_count++] = call->headers.items[i];
    }
    llmprov__http_set(&call->headers, &call->wire, "authorization", llmprov__auth_sign(&call->wire, &r, &scope));
}

/* False = it cannot be signed; the error says why. */
static bool llmprov__call_sign(llmprov_call *call) {
    const llmprov_client *c = call->client;
    llmprov_turn *t = call->turn;
    int64_t now = call->signs && c->desc.unix_ms ? c->desc.unix_ms(c->desc.user) : 0;
    llmprov_credentials k;
    char date[17];
    if (!call->signs || t->error.code) return !t->error.code;
    if (!llmprov__call_credentials(call, now, &k)) return false;
    llmprov__http_drop(&call->headers, "x-amz-security-token");
    if (k.bearer) llmprov__http_set(&call->headers, &call->wire, "authorization", llmprov__err_join(&call->wire, "Bearer ", k.bearer, (char *)NULL));
    else if (c->auth != LLMPROV_AUTH_SIGV4) llmprov_turn_fail(t, LLMPROV_ERR_NO_KEY, "desc.credentials: this provider wants a bearer token");
    else if (!c->region) llmprov_turn_fail(t, LLMPROV_ERR_ARGUMENT, "a request is signed for a region: set desc.region or the variable AWS_REGION");
    else if (!llmprov__auth_date(date, now)) llmprov_turn_fail(t, LLMPROV_ERR_ARGUMENT, "a request is signed with the time: set desc.unix_ms to a function that knows it");
    else if (llmprov__call_hash(call)) {
        llmprov__http_set(&call->headers, &call->wire, "x-amz-date", llmprov__mem_copy(&call->wire, date, 16));
        if (k.session_token && *k.session_token)
            llmprov__http_set(&call->headers, &call->wire, "x-amz-security-token", llmprov__mem_copy(&call->wire, k.session_token, strlen(k.session_token)));
        if (!call->wire.failed) llmprov__call_signature(call, &k, date);
    }
    call->http.headers = call->headers.items;
    call->http.header_count = call->headers.count;
    if (call->wire.failed) llmprov__reply_no_memory(t);
    return !t->error.code;
}

static void llmprov__call_write_body(llmprov_call *call, llmprov__normal *n, llmprov__translator_job *job, const llmprov_json *extra) {
    llmprov_draft d;
    llmprov_turn *t = call->turn;
    memset(&d, 0, sizeof d);
    call->body.alloc = call->plan.alloc;
    if (!llmprov__write_plan(&call->body)) {
        llmprov__reply_no_memory(t);
        return;
    }
    if (extra) {
        llmprov__write_merge(&call->body, extra);
        call->body.plan->merge_replaced = llmprov__call_replaced;
        call->body.plan->merge_user = t;
    }
    d.body = &call->body;
    d.row = &call->client->row;
    d.profile = n->profile;
    d.chat = &n->req;
    d.model = llmprov__call_model(call);
    d.api_version = call->client->desc.api_version;
    d.stream = call->stream;
    d.call = job;
    call->client->translator->write(&d);
    call->stream = d.stream;
    if (call->body.status == LLMPROV_ERR_NO_MEMORY) llmprov__reply_no_memory(t);
    else if (call->body.status) llmprov_turn_fail(t, call->body.status, "the request could not be written: a number is not finite or the nesting is too deep");
}

/* What is merged into the body: an object, which the normaliser has made sure of. */
static llmprov_json *llmprov__call_extra(llmprov_call *call, bool *ok) {
    const char *text = call->req.extra;
    llmprov_json *extra = text ? llmprov_json_parse(text, strlen(text), &call->plan.alloc, NULL) : NULL;
    *ok = extra || !text;
    if (!*ok) llmprov__reply_no_memory(call->turn);
    return extra;
}

/* Everything that happens before the first byte: checks, normalising, the body plan, the address. */
static void llmprov__call_prepare(llmprov_call *call) {
    llmprov_turn *t = call->turn;
    const char *cannot, *model = llmprov__call_model(call);
    llmprov__translator_job job;
    llmprov__normal n;
    llmprov_json *extra;
    bool ok;
    memset(&job, 0, sizeof job);
    job.turn = t;
    if (!model) {
        llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_ARGUMENT, "no model: set request.model; the provider ", call->client->row.id, " has no default", (char *)NULL);
        return;
    }
    if ((cannot = llmprov__call_cannot(call)) != NULL) {
        llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_UNSUPPORTED, call->client->row.id, " cannot do what request.", cannot, " asks for", (char *)NULL);
        return;
    }
    if (!llmprov__call_normalise(call, &n)) return;
    if (!((call->client->row.can ? call->client->row.can : call->client->translator->can) & LLMPROV_CAN_IMAGES) && llmprov__call_has_image(&n.req)) {
        llmprov__err_set(&t->error, &t->arena, LLMPROV_ERR_UNSUPPORTED, call->client->row.id, " cannot look at images", (char *)NULL);
        return;
    }
    if (llmprov__text_valid(model, strlen(model)) != strlen(model)) {
        llmprov_turn_fail(t, LLMPROV_ERR_ARGUMENT, "model: invalid UTF-8");
        return;
    }
    extra = llmprov__call_extra(call, &ok);
    if (ok && llmprov__call_headers(call, &job.headers)) {
        call->once = llmprov__call_reads_once(&n.req);
        llmprov__call_write_body(call, &n, &job, extra);
        llmprov__call_address(call, &job);
        llmprov__call_sign(call);
    }
    llmprov_json_free(extra);
    if (call->plan.failed || call->wire.failed || t->arena.failed) llmprov__reply_no_memory(t);
}

static llmprov_request llmprov__call_request(const llmprov_request *from) {
    llmprov_request r;
    memset(&r, 0, sizeof r);
    memcpy(&r, from, from->size && from->size < sizeof r ? from->size : sizeof r);
    return r;
}

static void llmprov__call_begin(llmprov_call *call) {
    llmprov_client *c = call->client;
    llmprov_turn *t = call->turn;
    unsigned can = c->row.can ? c->row.can : c->translator ? c->translator->can : 0;
    t->provider = c->row.id ? c->row.id : "";
    t->keep = call->req.keep;
    t->sink = llmprov__call_deliver;
    t->sink_user = call;
    call->stream = call->req.stream == LLMPROV_STREAM_ON || (call->req.stream == LLMPROV_STREAM_AUTO && call->req.on_event && (can & LLMPROV_CAN_STREAM));
    if (c->error.code) {
        t->error = c->error;
        t->error.message = llmprov__err_join(&t->arena, c->error.message, (char *)NULL);
        if (!t->error.message) t->error.message = llmprov_status_text(c->error.code);
        t->error.provider = llmprov__mem_copy(&t->arena, t->provider, strlen(t->provider));
        if (!t->error.provider) t->error.provider = "";
    } else {
        t->row = &c->row;
        t->profile = llmprov_profile_find(c->desc.registry, llmprov__call_model(call));
        t->provider = llmprov__mem_copy(&t->arena, t->provider, strlen(t->provider));
        if (!t->provider) t->provider = "";
        llmprov__call_prepare(call);
    }
    t->streamed = call->stream;
    if (t->error.code) {
        t->error.provider = t->provider;
        t->error.retryable = false;
        llmprov__call_stop(call);
        llmprov__call_tell_error(call, LLMPROV_EVENT_ERROR);
        return;
    }
    call->attempt = 1;
    call->want = LLMPROV_WANT_SEND;
}

LLMPROV_API llmprov_call *llmprov_call_chat(llmprov_client *c, const llmprov_request *req) {
    llmprov_call *call;
    if (!c || !req) return NULL;
    call = (llmprov_call *)llmprov__mem_realloc(&c->alloc, NULL, 0, sizeof *call);
    if (!call) return NULL;
    memset(call, 0, sizeof *call);
    call->alloc = c->alloc;
    call->client = c;
    call->req = llmprov__call_request(req);
    call->seed = c->calls++;
    call->turn = llmprov__reply_new(&c->alloc, c->desc.limits.max_memory_bytes, c->translator ? c->translator->read_state : 0);
    if (!call->turn) {
        llmprov__mem_realloc(&c->alloc, call, sizeof *call, 0);
        return NULL;
    }
    call->plan.alloc = call->wire.alloc = call->queued.alloc = call->reply.alloc = call->later.alloc = call->turn->arena.alloc;
    llmprov__call_open_frames(call);
    if (call->turn->arena.failed) llmprov__reply_no_memory(call->turn);
    llmprov__call_begin(call);
    return call;
}

/* -- what the program calls -- */

LLMPROV_API void llmprov_call_free(llmprov_call *call) {
    llmprov_alloc alloc;
    if (!call) return;
    if (call->in_callback) {
        call->free_later = call->cancelled = true;
        return;
    }
    alloc = call->alloc;
    llmprov__mem_realloc(&call->plan.alloc, call->whole, call->whole ? call->whole_len + 1 : 0, 0);
    llmprov__mem_realloc(&call->plan.alloc, call->queue, call->queue_cap * sizeof *call->queue, 0);
    llmprov_writer_free(&call->body);
    llmprov__frame_free(&call->frames);
    llmprov__mem_buf_free(&call->reply);
    llmprov__mem_buf_free(&call->later);
    llmprov__mem_arena_free(&call->queued);
    llmprov__mem_arena_free(&call->plan);
    llmprov__mem_arena_wipe(&call->wire);
    llmprov__reply_free(call->turn);
    llmprov__mem_realloc(&alloc, call, sizeof *call, 0);
}

/* The last thing in every function that may have delivered an event: a call that was freed in there is freed now. */
static bool llmprov__call_leave(llmprov_call *call) {
    if (!call->free_later || call->in_callback) return false;
    llmprov_call_free(call);
    return true;
}

LLMPROV_API llmprov_want llmprov_call_want(const llmprov_call *call) {
    return call ? call->want : LLMPROV_WANT_NOTHING;
}

LLMPROV_API const llmprov_http *llmprov_call_http(const llmprov_call *call) {
    return call && (call->want == LLMPROV_WANT_SEND || call->want == LLMPROV_WANT_RECV) ? &call->http : NULL;
}

/* A source came up short. */
static void llmprov__call_body_failed(llmprov_call *call) {
    llmprov__call_fail_now(call, LLMPROV_ERR_ARGUMENT, llmprov__call_short);
}

LLMPROV_API size_t llmprov_call_body(llmprov_call *call, void *to, size_t size) {
    size_t n;
    if (!call || call->finished || call->in_callback) return 0;
    if (llmprov__call_stopped(call)) {
        llmprov__call_leave(call);
        return 0;
    }
    if (size) call->touched = true;
    call->mark = call->now;
    n = llmprov__write_pull(&call->body, &call->cursor, (char *)to, size);
    if (!call->cursor.failed) return n;
    llmprov__call_body_failed(call);
    llmprov__call_leave(call);
    return 0;
}

LLMPROV_API bool llmprov_call_body_rewind(llmprov_call *call) {
    if (!call || (call->once && call->touched)) return false;
    memset(&call->cursor, 0, sizeof call->cursor);
    return true;
}

LLMPROV_API const void *llmprov_call_body_whole(llmprov_call *call, size_t *len) {
    if (len) *len = 0;
    if (!call || call->want == LLMPROV_WANT_NOTHING) return NULL;
    if (!call->whole) {
        call->touched = true;
        call->whole = llmprov__write_flatten(&call->body, &call->plan.alloc, &call->whole_len);
    }
    if (!call->whole && call->whole_len) llmprov__call_body_failed(call);
    else if (!call->whole) llmprov__call_fail_now(call, LLMPROV_ERR_NO_MEMORY, "");
    if (!call->whole) {
        call->whole_len = 0;
        llmprov__call_leave(call);
        return NULL;
    }
    if (len) *len = call->whole_len;
    return call->whole;
}

LLMPROV_API void llmprov_call_sent(llmprov_call *call) {
    if (!call || call->want != LLMPROV_WANT_SEND) return;
    call->want = LLMPROV_WANT_RECV;
    call->mark = call->now;
    llmprov__err_log(&call->client->desc.log, 2, "call", call->http.secret_in_url ? call->client->url : call->http.url);
}

LLMPROV_API void llmprov_call_head(llmprov_call *call, int status, const llmprov_header *headers, size_t count) {
    size_t i;
    if (!call) return;
    llmprov_call_sent(call);
    if (call->want != LLMPROV_WANT_RECV || (status >= 100 && status < 200)) return;
    memset(&call->head, 0, sizeof call->head);
    call->head.status = status;
    for (i = 0; i < count; i++) llmprov__http_head_line(&call->head, headers[i].name, headers[i].value);
    call->mark = call->now;
}

/* Puts more bytes into hand behind those that were not read yet. They are the caller's, who may change them as soon as
   feeding is over. */
static bool llmprov__call_take_bytes(llmprov_call *call, const char *data, size_t len) {
    size_t rest = (size_t)(call->end - call->at);
    call->frames.clean = NULL;
    if (rest && call->at != call->later.ptr) memmove(call->later.ptr, call->at, rest);
    call->later.len = rest;
    if (!llmprov__mem_add(&call->later, data, len)) return false;
    call->at = call->later.ptr;
    call->end = call->at + call->later.len;
    return true;
}

/* Reads what was fed, or keeps a stream's bytes until somebody asks for its events. */
static void llmprov__call_read(llmprov_call *call, const char *data, size_t len) {
    bool wait = !call->req.on_event && !call->muted;
    if (call->mode != LLMPROV__CALL_FRAMES || !wait) {
        call->at = data;
        call->end = data + len;
        if (call->mode == LLMPROV__CALL_UNKNOWN) call->mode = llmprov__call_sniff(call);
        if (!wait || call->mode != LLMPROV__CALL_FRAMES) {
            llmprov__call_digest(call);
            return;
        }
        data = call->at;
        len = (size_t)(call->end - data);
        call->at = call->end = NULL;
    }
    if (!llmprov__call_take_bytes(call, data, len)) llmprov__call_fail_now(call, LLMPROV_ERR_NO_MEMORY, "");
}

static void llmprov__call_feed(llmprov_call *call, const char *data, size_t len) {
    if (call->want == LLMPROV_WANT_SEND) llmprov_call_head(call, 200, NULL, 0);
    if (call->want != LLMPROV_WANT_RECV) return;
    call->mark = call->now;
    call->received += len;
    if (call->received > call->client->desc.limits.max_reply_bytes) llmprov__call_fail_now(call, LLMPROV_ERR_LIMIT, "the reply is longer than limits.max_reply_bytes");
    else llmprov__call_read(call, data, len);
}

LLMPROV_API bool llmprov_call_feed(llmprov_call *call, const void *data, size_t len) {
    if (!call || call->in_callback) return false;
    if (call->finished) return call->want == LLMPROV_WANT_RECV;
    if (!llmprov__call_stopped(call) && len) llmprov__call_feed(call, (const char *)data, len);
    if (llmprov__call_leave(call)) return false;
    return call->want == LLMPROV_WANT_RECV || (call->want == LLMPROV_WANT_SEND && !len);
}

/* Reads all that is in hand, also where nobody has asked for its events yet. */
static void llmprov__call_read_rest(llmprov_call *call) {
    while (!call->finished && call->at < call->end && call->want == LLMPROV_WANT_RECV) {
        size_t waiting = call->queue_at;
        call->queue_at = call->queue_count;
        llmprov__call_digest(call);
        call->queue_at = waiting;
    }
}

LLMPROV_API void llmprov_call_eof(llmprov_call *call) {
    if (!call || call->in_callback || call->want == LLMPROV_WANT_TIME || call->want == LLMPROV_WANT_NOTHING) return;
    if (call->want == LLMPROV_WANT_SEND) llmprov_call_head(call, 200, NULL, 0);
    llmprov__call_read_rest(call);
    if (!call->finished) llmprov__call_complete(call);
    if (call->finished) call->want = LLMPROV_WANT_NOTHING;
    llmprov__call_leave(call);
}

LLMPROV_API void llmprov_call_fail(llmprov_call *call, llmprov_status why, const char *text) {
    llmprov_str body;
    if (!call || call->in_callback || call->want == LLMPROV_WANT_NOTHING || call->want == LLMPROV_WANT_TIME) return;
    if (why <= LLMPROV_OK || why >= LLMPROV_STATUS_COUNT) why = LLMPROV_ERR_TRANSPORT;
    llmprov__call_read_rest(call);
    body.ptr = call->reply.ptr ? call->reply.ptr : "";
    body.len = call->reply.len;
    if (call->finished) call->want = LLMPROV_WANT_NOTHING;
    else if (call->want == LLMPROV_WANT_RECV && call->head.status >= 300) llmprov__call_refused(call, body);
    else if (!llmprov__call_stopped(call)) llmprov__call_fail_now(call, why, text ? text : llmprov_status_text(why));
    llmprov__call_leave(call);
}

/* -- time -- */

static void llmprov__call_again(llmprov_call *call) {
    llmprov_turn *t = call->turn;
    llmprov__reply_reset(t, call->client->translator->read_state);
    memset(&call->head, 0, sizeof call->head);
    memset(&call->cursor, 0, sizeof call->cursor);
    llmprov__call_open_frames(call);
    call->attempt++;
    call->mark = call->now;
    call->want = LLMPROV_WANT_SEND;
    if (!llmprov__call_sign(call)) llmprov__call_failed(call);
}

/* The next moment at which something runs out, and what. */
static uint64_t llmprov__call_deadline(const llmprov_call *call, const char **what) {
    const llmprov_desc *d = &call->client->desc;
    uint64_t at = (uint64_t)-1, one;
    if (call->want == LLMPROV_WANT_NOTHING) return at;
    if (call->want == LLMPROV_WANT_TIME) at = call->due;
    if (d->timeout_ms > 0 && (one = call->began + (uint64_t)d->timeout_ms) < at) {
        at = one;
        *what = "the whole call took longer than desc.timeout_ms";
    }
    if (call->want == LLMPROV_WANT_SEND && d->connect_ms > 0 && (one = call->mark + (uint64_t)d->connect_ms) < at) {
        at = one;
        *what = "the request was not out within desc.connect_ms";
    }
    if (call->want == LLMPROV_WANT_RECV && d->gap_ms > 0 && (call->stream || call->head.status) && (one = call->mark + (uint64_t)d->gap_ms) < at) {
        at = one;
        *what = "no byte came for longer than desc.gap_ms";
    }
    if (call->finished && (one = call->mark + LLMPROV__CALL_LINGER) < at) at = one;
    return at;
}

/* What has run out by now: a wait, the connection's last moments, the whole call, or this attempt. */
static void llmprov__call_expire(llmprov_call *call) {
    const llmprov_desc *d = &call->client->desc;
    const char *what = NULL;
    if (call->now < llmprov__call_deadline(call, &what)) return;
    if (call->finished) call->want = LLMPROV_WANT_NOTHING;
    else if (!what) llmprov__call_again(call);
    else {
        call->expired = d->timeout_ms > 0 && call->now - call->began >= (uint64_t)d->timeout_ms;
        if (call->want == LLMPROV_WANT_TIME) llmprov__err_clear(&call->turn->error);
        llmprov__call_fail_now(call, LLMPROV_ERR_TIMEOUT, what);
    }
}

LLMPROV_API void llmprov_call_tick(llmprov_call *call, uint64_t now_ms) {
    if (!call || call->in_callback) return;
    if (!call->clocked) {
        call->began = call->mark = now_ms;
        call->due += now_ms;
        call->clocked = true;
    }
    if (now_ms > call->now) call->now = now_ms;
    if (call->want == LLMPROV_WANT_NOTHING) return;
    if (call->finished || !llmprov__call_stopped(call)) llmprov__call_expire(call);
    llmprov__call_leave(call);
}

LLMPROV_API int llmprov_call_due_ms(const llmprov_call *call) {
    const char *what;
    uint64_t at;
    if (!call || call->want == LLMPROV_WANT_NOTHING) return -1;
    at = llmprov__call_deadline(call, &what);
    if (at == (uint64_t)-1) return -1;
    return at <= call->now ? 0 : at - call->now > 2147483647 ? 2147483647 : (int)(at - call->now);
}

/* -- events and the result -- */

LLMPROV_API bool llmprov_call_next(llmprov_call *call, llmprov_event *event) {
    if (!call || call->req.on_event || call->in_callback) return false;
    if (call->queue_at == call->queue_count) {
        call->queue_at = call->queue_count = 0;
        llmprov__mem_arena_reset(&call->queued);
        if (!call->finished && call->want == LLMPROV_WANT_RECV && call->at < call->end && !llmprov__call_stopped(call)) llmprov__call_digest(call);
    }
    if (call->queue_at == call->queue_count) return false;
    *event = call->queue[call->queue_at++];
    return true;
}

LLMPROV_API void llmprov_call_mute(llmprov_call *call) {
    if (call) call->muted = true;
}

LLMPROV_API void llmprov_call_cancel(llmprov_call *call) {
    if (!call) return;
    call->cancelled = true;
    if (!call->in_callback) llmprov__call_stopped(call);
}

LLMPROV_API const llmprov_error *llmprov_call_error(const llmprov_call *call) {
    return call && call->turn ? &call->turn->error : llmprov_registry_error(NULL);
}

LLMPROV_API const llmprov_warning *llmprov_call_warnings(const llmprov_call *call, size_t *count) {
    *count = call && call->turn ? call->turn->warnings.count : 0;
    return *count ? call->turn->warnings.items : NULL;
}

/* The result takes the meter with it: what the call still holds goes back the plain way. */
static void llmprov__call_unmeter(llmprov_call *call) {
    call->plan.alloc = call->wire.alloc = call->queued.alloc = call->reply.alloc = call->later.alloc = call->alloc;
    call->frames.line.alloc = call->frames.data.alloc = call->frames.name.alloc = call->body.alloc = call->alloc;
    if (call->body.plan) call->body.plan->refs.alloc = call->body.plan->marks.alloc = call->alloc;
}

static llmprov_status llmprov__call_nothing(llmprov_response *out, llmprov_status code, const char *text) {
    llmprov__err_clear(&out->error);
    out->error.code = code;
    out->error.message = text ? text : llmprov_status_text(code);
    out->text = out->stop_word = out->id = out->model = "";
    return code;
}

LLMPROV_API llmprov_status llmprov_call_take(llmprov_call *call, llmprov_response *out) {
    memset(out, 0, sizeof *out);
    out->size = (uint32_t)sizeof *out;
    if (!call || !call->turn) return llmprov__call_nothing(out, call ? LLMPROV_ERR_ARGUMENT : LLMPROV_ERR_NO_MEMORY, call ? "the result was taken already" : NULL);
    if (!call->finished && call->want != LLMPROV_WANT_TIME) llmprov_call_cancel(call);
    llmprov__call_stop(call);
    out->attempts = call->attempt;
    llmprov__reply_take(call->turn, out);
    llmprov__call_unmeter(call);
    call->turn = NULL;
    return out->error.code;
}

//==============================================================================
// >>ask        the other side: requests in, replies out
//
// A request is read into the same struct that a program fills, so it can be sent
// on to any provider; what comes back is written as the client expects it.
// Calls: normal face registry
//==============================================================================

/* -- requests -- */

/* The memory of a result; NULL = there is none, and the error says so. */
static llmprov__face_memory *llmprov__ask_begin(llmprov_asked *out, const llmprov_alloc *alloc) {
    llmprov_alloc a = { NULL, NULL };
    llmprov__face_memory *m;
    memset(out, 0, sizeof *out);
    llmprov__err_clear(&out->error);
    if (alloc) a = *alloc;
    m = (llmprov__face_memory *)llmprov__mem_realloc(&a, NULL, 0, sizeof *m);
    if (!m) {
        llmprov__err_set(&out->error, NULL, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
        return NULL;
    }
    memset(m, 0, sizeof *m);
    m->arena.alloc = m->scratch.alloc = m->clean.alloc = a;
    out->memory = m;
    return m;
}

/* A failure that only the memory had comes before every other. */
static llmprov_status llmprov__ask_end(llmprov_asked *out, const llmprov__face_memory *m) {
    if (m->arena.failed || m->scratch.failed || m->clean.failed) {
        llmprov__err_clear(&out->error);
        llmprov__err_set(&out->error, NULL, LLMPROV_ERR_NO_MEMORY, (char *)NULL);
    }
    return out->error.code;
}

static void llmprov__ask_too_long(llmprov_asked *out, size_t most) {
    llmprov_asked_fail(out, "request_too_large", "the request", llmprov__err_join(llmprov__face_arena(out), "its body is longer than ",
                       llmprov__err_int((int64_t)most).text, " bytes, the most that this API takes", (char *)NULL));
    if (out->error.code == LLMPROV_ERR_ARGUMENT) out->error.code = LLMPROV_ERR_LIMIT;
    out->error.http_status = 413;
}

static void llmprov__ask_not_json(llmprov_asked *out, llmprov__face_memory *m, const llmprov_scan *s, llmprov_str came) {
    if (s->status == LLMPROV_ERR_NO_MEMORY) m->scratch.failed = true;
    out->error.offset = llmprov__json_offset(s, came);
    llmprov__err_set(&out->error, &m->arena, s->status, "not JSON at byte ", llmprov__err_int((int64_t)out->error.offset).text, ": ", s->why ? s->why : "", (char *)NULL);
    out->error.http_status = 400;
}

LLMPROV_API llmprov_status llmprov_ask(const llmprov_registry *reg, const char *format, const char *json, size_t len,
                                       const llmprov_alloc *alloc, llmprov_asked *out) {
    const llmprov_translator *t = format ? llmprov__registry_translator(reg, format) : NULL;
    llmprov__face_memory *m = llmprov__ask_begin(out, alloc);
    llmprov_str came = { json, len }, text;
    llmprov_scan s, check;
    if (!m) return out->error.code;
    if (!t || !t->read_request) return llmprov__err_set(&out->error, &m->arena, LLMPROV_ERR_UNSUPPORTED, "requests in this format cannot be read: ", format ? format : "(none was named)", (char *)NULL);
    if (t->body_max && len > t->body_max) {
        llmprov__ask_too_long(out, t->body_max);
        return llmprov__ask_end(out, m);
    }
    text = llmprov__json_clean(&m->clean, came);
    s = check = llmprov__json_scan(text.ptr, text.len, &m->scratch, 0);
    llmprov_scan_skip(&check);
    if (llmprov__json_done(&check)) t->read_request(out, &s);
    else llmprov__ask_not_json(out, m, &check, came);
    if (s.status == LLMPROV_ERR_NO_MEMORY) m->scratch.failed = true;
    return llmprov__ask_end(out, m);
}

LLMPROV_API void llmprov_asked_free(llmprov_asked *asked) {
    llmprov__face_memory *m;
    llmprov_alloc a;
    if (!asked) return;
    m = (llmprov__face_memory *)asked->memory;
    if (m) {
        a = m->arena.alloc;
        llmprov__mem_buf_free(&m->scratch);
        llmprov__mem_buf_free(&m->clean);
        llmprov__mem_arena_free(&m->arena);
        llmprov__mem_realloc(&a, m, sizeof *m, 0);
    }
    memset(asked, 0, sizeof *asked);
}

/* -- as strict as the API -- */

/* The calls of the assistant's last turn that wait for their results, in a hash table by id. */
typedef struct llmprov__ask_call { const char *id; size_t block; bool answered; } llmprov__ask_call;
typedef struct llmprov__ask_calls { llmprov__ask_call *slots; size_t size, message, waiting; } llmprov__ask_calls;

static void llmprov__ask_unpaired(llmprov_asked *a, size_t message, size_t block, const char *what, const char *id, const char *lacks) {
    llmprov__mem_arena *arena = llmprov__face_arena(a);
    const char *path = llmprov__err_join(arena, "messages[", llmprov__err_int((int64_t)message).text, "].content[", llmprov__err_int((int64_t)block).text, "]", (char *)NULL);
    const char *text = llmprov__err_join(arena, what, " \"", id, "\" ", lacks, (char *)NULL);
    llmprov_asked_fail(a, "invalid_value", path ? path : "messages", text ? text : lacks);
}

/* Where an id is, or where it would go. */
static llmprov__ask_call *llmprov__ask_slot(const llmprov__ask_calls *c, const char *id) {
    size_t at = llmprov__text_hash(id, strlen(id)) % c->size;
    while (c->slots[at].id && strcmp(c->slots[at].id, id)) at = (at + 1) % c->size;
    return &c->slots[at];
}

/* The first call without a result is refused. */
static void llmprov__ask_settle(llmprov_asked *a, const llmprov__ask_calls *c) {
    const llmprov__ask_call *first = NULL;
    size_t i;
    for (i = 0; c->waiting && i < c->size; i++)
        if (c->slots[i].id && !c->slots[i].answered && (!first || c->slots[i].block < first->block)) first = &c->slots[i];
    if (first) llmprov__ask_unpaired(a, c->message, first->block, "the tool call", first->id, "has no result behind it");
}

static void llmprov__ask_turn(llmprov_asked *a, llmprov__ask_calls *c, size_t message) {
    const llmprov_message *m = &a->request.messages[message];
    size_t i;
    c->message = message;
    c->waiting = 0;
    c->size = m->block_count * 2 + 1;
    c->slots = (llmprov__ask_call *)llmprov_asked_take(a, c->size * sizeof *c->slots);
    for (i = 0; c->slots && i < m->block_count; i++) {
        const char *id = m->blocks[i].id ? m->blocks[i].id : "";
        llmprov__ask_call *slot = m->blocks[i].type == LLMPROV_BLOCK_TOOL_USE ? llmprov__ask_slot(c, id) : NULL;
        if (!slot) continue;
        if (slot->id) llmprov__ask_unpaired(a, message, i, "the tool call", id, "has the id of another one");
        slot->id = id;
        slot->block = i;
        c->waiting++;
    }
}

static void llmprov__ask_result(llmprov_asked *a, llmprov__ask_calls *c, size_t message, size_t block) {
    const char *id = a->request.messages[message].blocks[block].id;
    llmprov__ask_call *slot = c->waiting ? llmprov__ask_slot(c, id ? id : "") : NULL;
    if (slot && slot->id && !slot->answered) {
        slot->answered = true;
        c->waiting--;
        return;
    }
    llmprov__ask_unpaired(a, message, block, "the tool result", id ? id : "", "has no call in the assistant's turn before it");
}

/* Whether calls and results pair: every result behind its call, every call with one. */
static void llmprov__ask_pair(llmprov_asked *a) {
    llmprov__ask_calls c = { NULL, 0, 0, 0 };
    size_t i, j;
    for (i = 0; i < a->request.message_count && !a->error.code; i++) {
        const llmprov_message *m = &a->request.messages[i];
        if (m->role == LLMPROV_ROLE_ASSISTANT) {
            llmprov__ask_settle(a, &c);
            llmprov__ask_turn(a, &c, i);
            continue;
        }
        for (j = 0; j < m->block_count && !a->error.code; j++)
            if (m->blocks[j].type == LLMPROV_BLOCK_TOOL_RESULT) llmprov__ask_result(a, &c, i, j);
    }
    if (!a->error.code) llmprov__ask_settle(a, &c);
}

LLMPROV_API llmprov_status llmprov_asked_check(llmprov_asked *asked, const llmprov_registry *reg) {
    const llmprov_translator *t = asked->request.origin ? llmprov__registry_translator(reg, asked->request.origin) : NULL;
    const llmprov_request *r = &asked->request;
    const char *missing = !r->model ? "model" : !r->message_count ? "messages" : t && (t->rules & LLMPROV_RULE_MAX_TOKENS) && !r->max_tokens.set ? "max_tokens" : NULL;
    if (asked->error.code || !asked->memory) return asked->error.code;
    if (missing) llmprov_asked_fail(asked, "missing_required_parameter", missing, "this member is required");
    else llmprov__ask_pair(asked);
    return llmprov__ask_end(asked, (const llmprov__face_memory *)asked->memory);
}

/* -- the normaliser for itself -- */

LLMPROV_API llmprov_status llmprov_normalise(const llmprov_registry *reg, const char *provider, const llmprov_request *req,
                                             const llmprov_alloc *alloc, llmprov_asked *out) {
    const llmprov_provider *row = provider ? llmprov_provider_find(reg, provider) : NULL;
    const llmprov_translator *t = row ? llmprov__registry_translator(reg, row->format) : NULL;
    llmprov__face_memory *m = llmprov__ask_begin(out, alloc);
    const char *model = req->model ? req->model : row && row->default_model ? row->default_model : "";
    llmprov__normal n;
    if (!m) return out->error.code;
    if (!t) return llmprov__err_set(&out->error, &m->arena, LLMPROV_ERR_NO_PROVIDER, "no provider of that name and format: ", provider ? provider : "(none was named)", (char *)NULL);
    llmprov__normal_target(&n, row, t, llmprov_profile_find(reg, model));
    n.arena = n.keep = &m->arena;
    n.warnings = &m->warnings;
    n.err = &out->error;
    if (llmprov__normal_run(&n, req)) out->request = n.req;
    out->warnings = m->warnings.items;
    out->warning_count = m->warnings.count;
    return llmprov__ask_end(out, m);
}

/* -- answers -- */

/* Copies what the desc points to, but for the request. */
static void llmprov__ask_copy(llmprov_face *f) {
    const char **texts[] = { &f->desc.format, &f->desc.from, &f->desc.id, &f->desc.model };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(texts); i++) {
        const char *text = *texts[i];
        *texts[i] = text ? llmprov__mem_copy(&f->arena, text, strlen(text)) : NULL;
    }
}

LLMPROV_API void llmprov_face_free(llmprov_face *f) {
    llmprov_alloc a;
    if (!f) return;
    a = f->arena.alloc;
    llmprov_writer_free(&f->json);
    llmprov__mem_realloc(&a, f->lines, f->line_count * sizeof *f->lines, 0);
    llmprov__mem_arena_free(&f->held);
    llmprov__mem_arena_free(&f->arena);
    llmprov__mem_realloc(&a, f, sizeof *f, 0);
}

LLMPROV_API llmprov_face *llmprov_face_open(const llmprov_face_desc *desc) {
    llmprov_alloc a = desc->alloc;
    llmprov_face *f = (llmprov_face *)llmprov__mem_realloc(&a, NULL, 0, sizeof *f);
    const llmprov_translator *t = desc->format ? llmprov__registry_translator(desc->registry, desc->format) : NULL;
    if (!f) return NULL;
    memset(f, 0, sizeof *f);
    memcpy(&f->desc, desc, desc->size && desc->size < sizeof f->desc ? desc->size : sizeof f->desc);
    f->arena.alloc = f->held.alloc = f->json.alloc = a;
    llmprov__err_clear(&f->error);
    llmprov__ask_copy(f);
    f->translator = t;
    f->state = t && t->write_state ? llmprov__mem_take(&f->arena, t->write_state) : NULL;
    if (!t || !t->write_event) llmprov__err_set(&f->error, &f->arena, LLMPROV_ERR_UNSUPPORTED, "answers in this format cannot be written: ", desc->format ? desc->format : "(none was named)", (char *)NULL);
    else if (!desc->out) llmprov__err_set(&f->error, &f->arena, LLMPROV_ERR_ARGUMENT, "llmprov_face_desc.out: an answer needs a way out", (char *)NULL);
    if (!f->arena.failed) return f;
    llmprov_face_free(f);
    return NULL;
}

LLMPROV_API const char *llmprov_face_type(const llmprov_face *f, bool stream) {
    return f && stream ? "text/event-stream; charset=utf-8" : "application/json";
}

LLMPROV_API const llmprov_error *llmprov_face_failure(const llmprov_face *f) {
    static const llmprov_error none = { .code = LLMPROV_ERR_NO_MEMORY, .provider = "", .provider_code = "", .param = "", .request_id = "",
                                        .message = "out of memory", .raw = "" };
    return f ? &f->error : &none;
}

LLMPROV_API const llmprov_warning *llmprov_face_warnings(const llmprov_face *f, size_t *count) {
    *count = f ? f->warnings.count : 0;
    return f ? f->warnings.items : NULL;
}

/* Whether the format gives one answer only; then the others are left out. */
static bool llmprov__ask_one(llmprov_face *f) {
    if (f->translator->can & LLMPROV_CAN_CHOICES) return false;
    llmprov_face_warn(f, LLMPROV_ERR_UNSUPPORTED, "choices", "this format gives one answer: the others were left out");
    return true;
}

/* Whether the face can still say something. */
static bool llmprov__ask_open(llmprov_face *f) {
    if (f->ended && !f->error.code) llmprov__err_set(&f->error, &f->arena, LLMPROV_ERR_ARGUMENT, "the answer has ended already", (char *)NULL);
    return !f->error.code;
}

LLMPROV_API llmprov_status llmprov_face_error(llmprov_face *f, const llmprov_error *error, int *http_status) {
    int status = 500;
    if (http_status) *http_status = status;
    if (!f) return LLMPROV_ERR_NO_MEMORY;
    if (!llmprov__ask_open(f)) return f->error.code;
    status = f->translator->write_error(f, error);
    f->ended = true;
    if (http_status) *http_status = status;
    return f->error.code;
}

LLMPROV_API llmprov_status llmprov_face_event(llmprov_face *f, const llmprov_event *e) {
    bool block = e->type >= LLMPROV_EVENT_BLOCK && e->type <= LLMPROV_EVENT_BLOCK_END && e->index >= 0;
    if (!f) return LLMPROV_ERR_NO_MEMORY;
    if (e->type == LLMPROV_EVENT_OTHER && !f->streaming) return f->error.code;     /* a stream begins with START, or fails whole */
    if (e->type == LLMPROV_EVENT_RETRY || !llmprov__ask_open(f)) return f->error.code;
    if (e->type != LLMPROV_EVENT_JSON && llmprov__face_again(f, e)) return f->error.code;
    if (e->type == LLMPROV_EVENT_ERROR) return llmprov_face_error(f, e->error, NULL);
    f->streaming = true;
    if (e->choice && llmprov__ask_one(f)) return f->error.code;
    if (e->type == LLMPROV_EVENT_END) llmprov__face_finish(f);
    if (block && (f->translator->rules & LLMPROV_RULE_ONE_BLOCK)) llmprov__face_order(f, e);
    else llmprov__face_write(f, e);
    return f->error.code;
}

LLMPROV_API llmprov_status llmprov_face_reply(llmprov_face *f, const llmprov_response *reply) {
    if (!f) return LLMPROV_ERR_NO_MEMORY;
    if (!llmprov__ask_open(f)) return f->error.code;
    if (reply->error.code) return llmprov_face_error(f, &reply->error, NULL);
    if (reply->choice_count > 1) llmprov__ask_one(f);
    f->translator->write_reply(f, reply);
    f->ended = true;
    return f->error.code;
}

//==============================================================================
// >>curl       an optional transport over libcurl
//
// Connections are kept and used again. A redirect is followed only inside its
// own origin and only where it keeps the method (307, 308), so a key goes nowhere
// else. curl_global_init is left to the program, which calls it when it has
// threads. Both forms, one call and many, are one exchange on a multi handle.
// Calls: call
//==============================================================================

#ifdef LLMPROV_CURL

#include <curl/curl.h>
#include <time.h>

enum { LLMPROV__CURL_LINES = 128, LLMPROV__CURL_HOPS = 5 };

/* What both forms know of their desc. */
typedef struct llmprov__curl_options {
    char *proxy, *ca_file;
    bool verbose;
} llmprov__curl_options;

/* One exchange. */
typedef struct llmprov__curl_exchange {
    struct llmprov__curl_exchange *next;
    CURL *easy;
    llmprov_call *call;
    struct curl_slist *headers;  /* of the request */
    struct curl_slist *lines;    /* of the reply: "Name: value" */
    uint64_t unsent;
    long status;
    int hops;
    bool busy;
    char error[CURL_ERROR_SIZE];
} llmprov__curl_exchange;

typedef struct llmprov__curl_state {
    CURLM *multi;
    llmprov__curl_options options;
    llmprov__curl_exchange exchange;
} llmprov__curl_state;

struct llmprov_curl_many {
    CURLM *multi;
    llmprov__curl_options options;
    llmprov__curl_exchange *list;
};

/* Monotonic where the program's feature macros show a monotonic clock; whole seconds otherwise. */
static uint64_t llmprov__curl_now(void *user) {
#ifdef CLOCK_MONOTONIC
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
#else
    (void)user;
    return (uint64_t)time(NULL) * 1000u;
#endif
}

static void llmprov__curl_wait(void *user, int ms) {
    llmprov__curl_state *s = (llmprov__curl_state *)user;
    if (s && s->multi && ms > 0) curl_multi_poll(s->multi, NULL, 0, ms, NULL);
}

static char *llmprov__curl_copy(const char *text) {
    size_t n = text ? strlen(text) + 1 : 0;
    char *to = n ? (char *)malloc(n) : NULL;
    if (to) memcpy(to, text, n);
    return to;
}

static bool llmprov__curl_options_copy(llmprov__curl_options *to, const llmprov_curl_desc *desc) {
    if (!desc) return true;
    to->proxy = llmprov__curl_copy(desc->proxy);
    to->ca_file = llmprov__curl_copy(desc->ca_file);
    to->verbose = desc->verbose;
    return (!desc->proxy || to->proxy) && (!desc->ca_file || to->ca_file);
}

static void llmprov__curl_options_free(llmprov__curl_options *o) {
    free(o->proxy);
    free(o->ca_file);
}

/* -- what libcurl calls -- */

static size_t llmprov__curl_read(char *to, size_t size, size_t count, void *user) {
    llmprov__curl_exchange *x = (llmprov__curl_exchange *)user;
    size_t n = llmprov_call_body(x->call, to, size * count);
    if (!n && x->unsent) return CURL_READFUNC_ABORT;
    x->unsent -= n;
    if (!x->unsent) llmprov_call_sent(x->call);
    return n;
}

static int llmprov__curl_seek(void *user, curl_off_t offset, int origin) {
    llmprov__curl_exchange *x = (llmprov__curl_exchange *)user;
    if (offset != 0 || origin != SEEK_SET || !llmprov_call_body_rewind(x->call)) return CURL_SEEKFUNC_FAIL;
    x->unsent = llmprov_call_http(x->call) ? llmprov_call_http(x->call)->body_len : 0;
    return CURL_SEEKFUNC_OK;
}

static bool llmprov__curl_redirects(const llmprov__curl_exchange *x) {
    return x->status == 307 || x->status == 308;
}

/* Cuts the lines into names and values and reports the head. */
static void llmprov__curl_head(llmprov__curl_exchange *x) {
    llmprov_header headers[LLMPROV__CURL_LINES];
    struct curl_slist *line;
    size_t count = 0;
    for (line = x->lines; line && count < LLMPROV__CURL_LINES; line = line->next) {
        char *value = strchr(line->data, ':');
        if (!value) continue;
        *value++ = 0;
        while (*value == ' ' || *value == '\t') value++;
        headers[count].name = line->data;
        headers[count++].value = value;
    }
    llmprov_call_head(x->call, (int)x->status, headers, count);
    curl_slist_free_all(x->lines);
    x->lines = NULL;
}

/* libcurl gives one header line at a time, each head from its status line to an empty one. */
static size_t llmprov__curl_header(char *p, size_t size, size_t count, void *user) {
    llmprov__curl_exchange *x = (llmprov__curl_exchange *)user;
    size_t n = size * count, len = n;
    while (len && (p[len - 1] == '\r' || p[len - 1] == '\n')) len--;
    if (len > 5 && !memcmp(p, "HTTP/", 5)) {
        curl_slist_free_all(x->lines);
        x->lines = NULL;
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
    } else if (len) {
        char *line = (char *)malloc(len + 1);
        struct curl_slist *more;
        if (!line) return 0;
        memcpy(line, p, len);
        line[len] = 0;
        more = curl_slist_append(x->lines, line);
        free(line);
        if (!more) return 0;
        x->lines = more;
    } else if (!llmprov__curl_redirects(x)) {
        llmprov__curl_head(x);
    }
    return n;
}

static size_t llmprov__curl_write(char *p, size_t size, size_t count, void *user) {
    llmprov__curl_exchange *x = (llmprov__curl_exchange *)user;
    if (llmprov__curl_redirects(x)) return size * count;
    return llmprov_call_feed(x->call, p, size * count) ? size * count : size * count + 1;
}

/* -- an exchange from its beginning to its end -- */

static bool llmprov__curl_set_headers(llmprov__curl_exchange *x, const llmprov_http *http) {
    size_t i;
    curl_slist_free_all(x->headers);
    x->headers = curl_slist_append(NULL, "Expect:");
    for (i = 0; x->headers && i < http->header_count; i++) {
        size_t n = strlen(http->headers[i].name), m = strlen(http->headers[i].value);
        char *line = (char *)malloc(n + m + 3);
        struct curl_slist *more = NULL;
        if (line) {
            memcpy(line, http->headers[i].name, n);
            memcpy(line + n, ": ", 2);
            memcpy(line + n + 2, http->headers[i].value, m + 1);
            more = curl_slist_append(x->headers, line);
            memset(line, 0, n + m + 2);
            free(line);
        }
        if (!more) return false;
        x->headers = more;
    }
    return x->headers != NULL;
}

static void llmprov__curl_set_options(llmprov__curl_exchange *x, const llmprov_http *http, const char *url, const llmprov__curl_options *o) {
    CURL *e = x->easy;
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->body_len);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, llmprov__curl_read);
    curl_easy_setopt(e, CURLOPT_READDATA, x);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, llmprov__curl_seek);
    curl_easy_setopt(e, CURLOPT_SEEKDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, llmprov__curl_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, llmprov__curl_write);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_VERBOSE, o->verbose ? 1L : 0L);
    if (o->proxy) curl_easy_setopt(e, CURLOPT_PROXY, o->proxy);
    if (o->ca_file) curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
}

/* Begins to send to a URL; false = no memory. */
static bool llmprov__curl_start(CURLM *multi, llmprov__curl_exchange *x, const char *url, const llmprov__curl_options *o) {
    const llmprov_http *http = llmprov_call_http(x->call);
    if (!http || !multi) return false;
    if (!x->easy) x->easy = curl_easy_init();
    if (!x->easy || !llmprov__curl_set_headers(x, http)) return false;
    x->error[0] = 0;
    x->status = 0;
    x->unsent = http->body_len;
    llmprov__curl_set_options(x, http, url, o);
    x->busy = curl_multi_add_handle(multi, x->easy) == CURLM_OK;
    return x->busy;
}

static void llmprov__curl_end(CURLM *multi, llmprov__curl_exchange *x) {
    if (x->busy) curl_multi_remove_handle(multi, x->easy);
    curl_slist_free_all(x->lines);
    curl_slist_free_all(x->headers);
    x->lines = x->headers = NULL;
    x->busy = false;
}

/* "https://host:port" of a URL, as a length. */
static size_t llmprov__curl_origin(const char *url) {
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

/* Goes where a redirect points, inside its own origin. True = under way again. */
static bool llmprov__curl_follow(CURLM *multi, llmprov__curl_exchange *x, const llmprov__curl_options *o) {
    const llmprov_http *http = llmprov_call_http(x->call);
    char *to = NULL, *url;
    bool same, started;
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &to);
    url = llmprov__curl_copy(to);
    same = url && http && llmprov__curl_origin(url) == llmprov__curl_origin(http->url) && !strncmp(url, http->url, llmprov__curl_origin(url));
    llmprov__curl_end(multi, x);
    started = same && x->hops++ < LLMPROV__CURL_HOPS && llmprov_call_body_rewind(x->call) && llmprov__curl_start(multi, x, url, o);
    free(url);
    if (!started) llmprov_call_fail(x->call, LLMPROV_ERR_BAD_REPLY, same ? "the server redirects too often" : "the server redirects to another origin, which was not followed: the key stays here");
    return started;
}

/* Tells the call how the exchange ended. */
static void llmprov__curl_report(llmprov__curl_exchange *x, CURLcode code) {
    llmprov_status why = code == CURLE_OPERATION_TIMEDOUT ? LLMPROV_ERR_TIMEOUT : code == CURLE_PARTIAL_FILE ? LLMPROV_ERR_TRUNCATED :
                         code == CURLE_OUT_OF_MEMORY ? LLMPROV_ERR_NO_MEMORY : LLMPROV_ERR_TRANSPORT;
    if (code == CURLE_OK) llmprov_call_eof(x->call);
    else llmprov_call_fail(x->call, why, x->error[0] ? x->error : curl_easy_strerror(code));
}

/* The exchange of a message that libcurl is done with it. True = it goes on elsewhere. */
static bool llmprov__curl_done(CURLM *multi, llmprov__curl_exchange *x, CURLcode code, const llmprov__curl_options *o) {
    if (code == CURLE_OK && llmprov__curl_redirects(x)) return llmprov__curl_follow(multi, x, o);
    llmprov__curl_end(multi, x);
    llmprov__curl_report(x, code);
    return false;
}

/* -- one call -- */

static bool llmprov__curl_perform(void *user, const llmprov_http *http, llmprov_call *call) {
    llmprov__curl_state *s = (llmprov__curl_state *)user;
    llmprov__curl_exchange *x;
    CURLMsg *message;
    int running = 1, left;
    if (!s || !s->multi) {
        llmprov_call_fail(call, LLMPROV_ERR_NO_MEMORY, "out of memory");
        return false;
    }
    x = &s->exchange;
    x->call = call;
    x->hops = 0;
    if (!llmprov__curl_start(s->multi, x, http->url, &s->options)) {
        llmprov__curl_end(s->multi, x);
        llmprov_call_fail(call, LLMPROV_ERR_NO_MEMORY, "libcurl could not begin");
        return false;
    }
    while (x->busy) {
        int due = llmprov_call_due_ms(call);
        curl_multi_perform(s->multi, &running);
        while ((message = curl_multi_info_read(s->multi, &left)) != NULL)
            if (message->msg == CURLMSG_DONE) llmprov__curl_done(s->multi, x, message->data.result, &s->options);
        llmprov_call_tick(call, llmprov__curl_now(NULL));
        if (x->busy && (llmprov_call_want(call) == LLMPROV_WANT_NOTHING || llmprov_call_want(call) == LLMPROV_WANT_TIME)) llmprov__curl_end(s->multi, x);
        if (x->busy) curl_multi_poll(s->multi, NULL, 0, due < 0 || due > 200 ? 200 : due, NULL);
    }
    return true;
}

static void llmprov__curl_close(void *user) {
    llmprov__curl_state *s = (llmprov__curl_state *)user;
    if (!s) return;
    if (s->exchange.easy) curl_easy_cleanup(s->exchange.easy);
    curl_multi_cleanup(s->multi);
    llmprov__curl_options_free(&s->options);
    free(s);
}

LLMPROV_API llmprov_transport llmprov_curl(const llmprov_curl_desc *desc) {
    llmprov_transport t = { llmprov__curl_perform, llmprov__curl_wait, llmprov__curl_now, llmprov__curl_close, NULL };
    llmprov__curl_state *s = (llmprov__curl_state *)calloc(1, sizeof *s);
    if (!s) return t;
    t.user = s;
    if (llmprov__curl_options_copy(&s->options, desc)) s->multi = curl_multi_init();
    return t;
}

/* -- many calls -- */

LLMPROV_API llmprov_curl_many *llmprov_curl_many_new(const llmprov_curl_desc *desc) {
    llmprov_curl_many *m = (llmprov_curl_many *)calloc(1, sizeof *m);
    if (!m) return NULL;
    m->multi = llmprov__curl_options_copy(&m->options, desc) ? curl_multi_init() : NULL;
    if (m->multi) return m;
    llmprov__curl_options_free(&m->options);
    free(m);
    return NULL;
}

LLMPROV_API bool llmprov_curl_many_add(llmprov_curl_many *many, llmprov_call *call) {
    llmprov__curl_exchange *x = many && call ? (llmprov__curl_exchange *)calloc(1, sizeof *x) : NULL;
    if (!x) return false;
    x->call = call;
    x->next = many->list;
    many->list = x;
    return true;
}

/* Brings one call forward: sends what wants to be sent, and lets time pass. False = it wants nothing more. */
static bool llmprov__curl_many_move(llmprov_curl_many *m, llmprov__curl_exchange *x, uint64_t now) {
    llmprov_want want;
    llmprov_call_tick(x->call, now);
    want = llmprov_call_want(x->call);
    if (x->busy && (want == LLMPROV_WANT_NOTHING || want == LLMPROV_WANT_TIME)) llmprov__curl_end(m->multi, x);
    if (want == LLMPROV_WANT_SEND && !x->busy) {
        x->hops = 0;
        if (!llmprov__curl_start(m->multi, x, llmprov_call_http(x->call)->url, &m->options)) {
            llmprov__curl_end(m->multi, x);
            llmprov_call_fail(x->call, LLMPROV_ERR_NO_MEMORY, "libcurl could not begin");
        }
    }
    return want != LLMPROV_WANT_NOTHING;
}

static void llmprov__curl_many_drop(llmprov_curl_many *m, llmprov__curl_exchange **at) {
    llmprov__curl_exchange *x = *at;
    *at = x->next;
    llmprov__curl_end(m->multi, x);
    if (x->easy) curl_easy_cleanup(x->easy);
    free(x);
}

LLMPROV_API int llmprov_curl_many_step(llmprov_curl_many *many, int wait_ms) {
    llmprov__curl_exchange **at, *x;
    uint64_t now = llmprov__curl_now(NULL);
    CURLMsg *message;
    int running = 0, left, count = 0, due;
    if (!many) return 0;
    for (at = &many->list; *at;) {
        if (!llmprov__curl_many_move(many, *at, now)) {
            llmprov__curl_many_drop(many, at);
            continue;
        }
        due = llmprov_call_due_ms((*at)->call);
        if (due >= 0 && due < wait_ms) wait_ms = due;
        count++;
        at = &(*at)->next;
    }
    curl_multi_perform(many->multi, &running);
    while ((message = curl_multi_info_read(many->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        llmprov__curl_done(many->multi, x, code, &many->options);
        wait_ms = 0;
    }
    if (count && wait_ms > 0) curl_multi_poll(many->multi, NULL, 0, wait_ms, NULL);
    return count;
}

LLMPROV_API void llmprov_curl_many_free(llmprov_curl_many *many) {
    if (!many) return;
    while (many->list) llmprov__curl_many_drop(many, &many->list);
    curl_multi_cleanup(many->multi);
    llmprov__curl_options_free(&many->options);
    free(many);
}
#endif /* LLMPROV_CURL */

//==============================================================================
// >>easy       blocking calls
//
// Written with nothing but the interface: whatever is here, a program could have
// written.
// Calls: client call curl
//==============================================================================

static void llmprov__easy_tick(const llmprov_transport *t, llmprov_call *call) {
    if (t->now) llmprov_call_tick(call, t->now(t->user));
}

/* Waits for a retry; false when the transport cannot. */
static bool llmprov__easy_wait(const llmprov_transport *t, llmprov_call *call) {
    int ms = llmprov_call_due_ms(call);
    if (!t->wait || !t->now || ms < 0) return false;
    t->wait(t->user, ms < 50 ? ms : 50);
    return true;
}

static void llmprov__easy_run(const llmprov_transport *t, llmprov_call *call) {
    for (;;) {
        llmprov_want want;
        llmprov__easy_tick(t, call);
        want = llmprov_call_want(call);
        if (want == LLMPROV_WANT_NOTHING) return;
        if (want == LLMPROV_WANT_TIME) {
            if (!llmprov__easy_wait(t, call)) return;
        } else if (t->perform(t->user, llmprov_call_http(call), call)) {
            llmprov_call_eof(call);
        } else {
            llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "the transport could not complete the exchange");
        }
    }
}

LLMPROV_API llmprov_status llmprov_chat(llmprov_client *c, const llmprov_request *req, llmprov_response *out) {
    llmprov_call *call = llmprov_call_chat(c, req);
    const llmprov_transport *t = llmprov_client_transport(c);
    llmprov_status status;
#ifdef LLMPROV_CURL
    if (t && !t->perform) {
        llmprov_transport curl = llmprov_curl(NULL);
        llmprov_client_set_transport(c, &curl);
    }
#endif
    if (req && !req->on_event) llmprov_call_mute(call);
    if (t && t->perform) llmprov__easy_run(t, call);
    else if (call) llmprov_call_fail(call, LLMPROV_ERR_ARGUMENT, "no transport: set desc.transport, or define LLMPROV_CURL");
    status = llmprov_call_take(call, out);
    llmprov_call_free(call);
    return status;
}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif /* __cplusplus */
#endif /* LLMPROV_IMPLEMENTED */
#endif /* LLMPROV_IMPLEMENTATION */
