/* Known pitfalls of translation: errors and retries, stop reasons, usage. */
#include "engine.h"

// -- errors in disguise --------------------------------------------------------------------

/* The same code as the matching HTTP status gives, so that a policy sees it. */
TEST(pitfall_164_a_stream_that_begins_with_an_error) {
    engine_reply a = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q("event: error\ndata: {'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}\n\n"));
    engine_reply b = engine_read("anthropic-messages", ENGINE_WHOLE, 529, Q("{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}"));
    engine_reply c = engine_read("openai-chat", ENGINE_STREAM, 200, Q("data: {'error':{'message':'You exceeded your current quota','type':'insufficient_quota','param':null,'code':'insufficient_quota'}}\n\n"));
    engine_reply d = engine_read("openai-chat", ENGINE_WHOLE, 429, Q("{'error':{'message':'You exceeded your current quota','type':'insufficient_quota','param':null,'code':'insufficient_quota'}}"));
    engine_reply e = engine_read("openai-chat", ENGINE_STREAM, 200, Q("event: error\ndata: {'message':'slow down','type':'rate_limit_exceeded'}\n\n"));
    CHECK_INT(a.r.error.code, LLMPROV_ERR_OVERLOADED);
    CHECK_INT(a.r.error.code, b.r.error.code);
    CHECK(a.r.error.retryable && b.r.error.retryable);
    CHECK_STR(a.r.error.provider_code, "overloaded_error");
    CHECK_INT(c.r.error.code, LLMPROV_ERR_QUOTA);
    CHECK_INT(c.r.error.code, d.r.error.code);
    CHECK(!c.r.error.retryable && !d.r.error.retryable);
    CHECK_INT(e.r.error.code, LLMPROV_ERR_RATE_LIMIT);
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
    engine_reply_free(&d);
    engine_reply_free(&e);
}

TEST(pitfall_165_http_200_with_an_error_in_it) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'error':{'message':'Upstream failed','code':502}}"));
    engine_reply b = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'error':'Argument not supported','code':'The request is malformed'}"));
    engine_reply c = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'content':'Half'}")
        "data: {'id':'c1','model':'m-1','error':{'code':502,'message':'Provider returned error'},'choices':[{'index':0,'delta':{'content':''},'finish_reason':'error'}]}\n\n" CHAT_USAGE("{'prompt_tokens':1,'completion_tokens':2,'total_tokens':3}") CHAT_DONE));
    engine_reply d = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q("{'type':'error','error':{'type':'api_error','message':'Broken'}}"));
    engine_reply e = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'error':null,'id':'c','model':'m','choices':[{'index':0,'message':{'content':'Yes'},'finish_reason':'stop'}]}"));
    CHECK_INT(a.r.error.code, LLMPROV_ERR_SERVER);
    CHECK(strstr(a.r.error.message, "Upstream failed") != NULL);
    CHECK(b.r.error.code != LLMPROV_OK);
    CHECK(strstr(b.r.error.message, "Argument not supported") != NULL);
    CHECK_INT(c.r.error.code, LLMPROV_ERR_SERVER);
    CHECK_STR(c.r.text, "Half");
    CHECK_INT(d.r.error.code, LLMPROV_ERR_SERVER);
    CHECK_INT(e.r.error.code, LLMPROV_OK);                    /* null is no error */
    CHECK_STR(e.r.text, "Yes");
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
    engine_reply_free(&d);
    engine_reply_free(&e);
}

TEST(pitfall_166_what_the_provider_said) {
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    const char *body = Q("{'error':{'message':'Unknown parameter: foo','type':'invalid_request_error','param':'foo','code':'unknown_parameter'}}");
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 400, body, strlen(body));
    engine_reply r;
    w.headers[1].name = "X-Request-Id";
    w.headers[1].value = "req_7";
    w.header_count = 2;
    r = engine_read_wire(engine_open("custom", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_REQUEST);
    CHECK_INT(r.r.error.http_status, 400);
    CHECK_STR(r.r.error.provider, "custom");
    CHECK_STR(r.r.error.provider_code, "unknown_parameter");
    CHECK_STR(r.r.error.param, "foo");
    CHECK_STR(r.r.error.request_id, "req_7");
    CHECK(strstr(r.r.error.message, "Unknown parameter: foo") != NULL);
    CHECK_STR(r.r.error.raw, body);
    engine_reply_free(&r);
}

/* OpenRouter's own sentence says nothing; the upstream server's is a text inside. */
TEST(pitfall_166_the_error_behind_a_gateway) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 400, Q("{'error':{'message':'Provider returned error','code':400,'metadata':{'raw':'{\\'error\\':{\\'message\\':\\'Unsupported value: foo\\',\\'type\\':\\'invalid_request_error\\'}}','provider_name':'OpenAI'}},'user_id':'u'}"));
    engine_reply b = engine_read("openai-chat", ENGINE_WHOLE, 400, Q("{'error':{'message':'Provider returned error','code':400,'metadata':{'raw':'This endpoint has a maximum context length of 10 tokens','provider_name':'X'}}}"));
    CHECK_INT(a.r.error.code, LLMPROV_ERR_REQUEST);
    CHECK(strstr(a.r.error.message, "Provider returned error") != NULL);
    CHECK(strstr(a.r.error.message, "Unsupported value: foo") != NULL);
    CHECK_INT(b.r.error.code, LLMPROV_ERR_TOO_LONG);
    CHECK(strstr(b.r.error.message, "maximum context length") != NULL);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

// -- retries -------------------------------------------------------------------------------

static bool pitfalls_retryable(const char *format, int status, const char *body, const char *should) {
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    engine_wire w = engine_wire_of(ENGINE_WHOLE, status, body, strlen(body));
    engine_reply r;
    bool retryable;
    if (should) {
        w.headers[w.header_count].name = "x-should-retry";
        w.headers[w.header_count++].value = should;
    }
    r = engine_read_wire(engine_open(format, NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK(r.r.error.code != LLMPROV_OK);
    retryable = r.r.error.retryable;
    engine_reply_free(&r);
    return retryable;
}

TEST(pitfall_167_which_failures_are_retried) {
    static const int yes[] = { 408, 409, 429, 500, 502, 503, 504, 520, 529, 599 }, no[] = { 400, 401, 403, 404, 413, 422 };
    size_t i;
    for (i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!CHECK(pitfalls_retryable("openai-chat", yes[i], "{\"error\":{\"message\":\"m\"}}", NULL)) && !test_excused()) printf("    %d\n", yes[i]);
    for (i = 0; i < sizeof no / sizeof *no; i++)
        if (!CHECK(!pitfalls_retryable("openai-chat", no[i], "{\"error\":{\"message\":\"m\"}}", NULL)) && !test_excused()) printf("    %d\n", no[i]);
    CHECK(!pitfalls_retryable("anthropic-messages", 503, "{}", "false"));
    CHECK(pitfalls_retryable("anthropic-messages", 400, "{}", "true"));
}

TEST(pitfall_167_lost_connections_are_retried) {
    llmprov_desc desc = { .max_retries = 1 };
    llmprov_request req = { .model = "m", .prompt = "Hi", .on_event = engine_on_event };
    llmprov_client *client = engine_open("custom", &desc);
    engine_trace trace;
    llmprov_call *call;
    llmprov_response r;
    const char *body = Q(CHAT("{'content':'Yes'}") CHAT_END("stop") CHAT_DONE);
    memset(&trace, 0, sizeof trace);
    req.user = &trace;
    call = llmprov_call_chat(client, &req);
    llmprov_call_tick(call, 1000);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "connection reset");
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_TIME);
    llmprov_call_tick(call, 1000 + 60000);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_SEND);
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, body, strlen(body));
    llmprov_call_eof(call);
    llmprov_call_take(call, &r);
    CHECK_INT(r.error.code, LLMPROV_OK);
    CHECK_STR(r.text, "Yes");
    CHECK_INT(r.attempts, 2);
    CHECK(trace.count && trace.lanes[0].text.ptr && strstr(trace.lanes[0].text.ptr, "RETRY") != NULL);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(client);
    engine_trace_free(&trace);
}

TEST(pitfall_168_some_429_and_400_are_final) {
    CHECK(!pitfalls_retryable("openai-chat", 429, Q("{'error':{'message':'Request too large: maximum context length is 8192 tokens','type':'tokens'}}"), NULL));
    CHECK(!pitfalls_retryable("openai-chat", 429, Q("{'error':{'message':'Quota exhausted for this month'}}"), NULL));
    CHECK(!pitfalls_retryable("openai-chat", 429, Q("{'error':{'message':'m','code':'insufficient_quota'}}"), NULL));
    CHECK(!pitfalls_retryable("openai-chat", 400, Q("{'error':{'message':'prompt is too long: 210000 tokens'}}"), NULL));
    CHECK(!pitfalls_retryable("anthropic-messages", 429, Q("{'type':'error','error':{'type':'rate_limit_error','message':'m','details':{'error_code':'enforced_spend_limit_reached'}}}"), NULL));
    CHECK(pitfalls_retryable("openai-chat", 429, Q("{'error':{'message':'Rate limit reached','code':'rate_limit_exceeded'}}"), NULL));
}

TEST(pitfall_168_too_long_in_other_words) {
    static const char *const bodies[] = {
        "{'error':{'message':'The total length of all messages is too long.','type':'too_many_prompt_tokens','code':400}}",
        "{'error':{'message':'m','type':'exceed_context_size_error','code':400}}", "{'error':{'message':'m','code':'context_length_exceeded'}}",
        "{'error':{'message':'prompt too long; exceeded max context length by 5 tokens'}}", "{'type':'error','error':{'type':'request_too_large','message':'m'}}",
    };
    size_t i;
    for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 400, Q(bodies[i]));
        if (!CHECK_INT(r.r.error.code, LLMPROV_ERR_TOO_LONG) && !test_excused()) printf("    %s\n", bodies[i]);
        CHECK(!r.r.error.retryable);
        engine_reply_free(&r);
    }
}

/* How long a call waits after a 429 with these headers. */
static int pitfalls_wait(const char *name, const char *value, const char *name2, const char *value2, int cap_ms) {
    llmprov_desc desc = { .max_retries = 3, .retry_after_cap_ms = cap_ms };
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    llmprov_client *client = engine_open("custom", &desc);
    llmprov_call *call = llmprov_call_chat(client, &req);
    llmprov_header h[3] = { { "date", "Fri, 20 Nov 2026 12:00:00 GMT" }, { name, value }, { name2, value2 } };
    int due;
    llmprov_call_tick(call, 5000);
    llmprov_call_head(call, 429, h, name2 ? 3 : 2);
    llmprov_call_eof(call);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_TIME);
    due = llmprov_call_due_ms(call);
    llmprov_call_free(call);
    llmprov_close(client);
    return due;
}

static bool pitfalls_backoff(int ms) { return ms > 370 && ms <= 500; }      /* half a second less up to a quarter */

TEST(pitfall_169_how_long_to_wait) {
    CHECK_INT(pitfalls_wait("retry-after", "7", NULL, NULL, 0), 7000);
    CHECK_INT(pitfalls_wait("Retry-After", "1.5", NULL, NULL, 0), 1500);
    CHECK_INT(pitfalls_wait("retry-after-ms", "2200", "retry-after", "9", 0), 2200);
    CHECK_INT(pitfalls_wait("retry-after", "Fri, 20 Nov 2026 12:00:09 GMT", NULL, NULL, 0), 9000);
    CHECK(pitfalls_backoff(pitfalls_wait("retry-after", "12abc", NULL, NULL, 0)));
    CHECK(pitfalls_backoff(pitfalls_wait("retry-after", "", NULL, NULL, 0)));
    CHECK(pitfalls_backoff(pitfalls_wait("retry-after", "-5", NULL, NULL, 0)));
    CHECK(pitfalls_backoff(pitfalls_wait("retry-after", "tomorrow", NULL, NULL, 0)));
    CHECK(pitfalls_backoff(pitfalls_wait("retry-after", "61", NULL, NULL, 0)));           /* beyond the cap: the back-off counts */
    CHECK_INT(pitfalls_wait("retry-after", "61", NULL, NULL, 120000), 61000);             /* which is the caller's */
    CHECK(pitfalls_backoff(pitfalls_wait("x-other", "1", NULL, NULL, 0)));
}

/* Calls do not all come back at the same moment, nor does one wait the same time twice. */
TEST(pitfall_169_jitter) {
    llmprov_desc desc = { .max_retries = 9 };
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    llmprov_client *client = engine_open("custom", &desc);
    int due[8], i, unlike = 0;
    for (i = 0; i < 8; i++) {
        llmprov_call *call = llmprov_call_chat(client, &req);
        llmprov_call_head(call, 500, NULL, 0);
        llmprov_call_eof(call);
        due[i] = llmprov_call_due_ms(call);
        CHECK(pitfalls_backoff(due[i]));
        unlike += i && due[i] != due[0];
        llmprov_call_free(call);
    }
    CHECK(unlike > 3);
    llmprov_close(client);
}

TEST(pitfall_170_no_retry_once_output_was_shown) {
    llmprov_desc desc = { .max_retries = 5 };
    llmprov_request req = { .model = "m", .prompt = "Hi", .on_event = engine_on_event };
    llmprov_client *client = engine_open("custom", &desc);
    const char *begin = Q(CHAT("{'content':'Ye'}"));
    engine_trace trace;
    llmprov_call *call;
    llmprov_response r;
    memset(&trace, 0, sizeof trace);
    req.user = &trace;
    call = llmprov_call_chat(client, &req);
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, begin, strlen(begin));
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "connection reset");
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_NOTHING);
    llmprov_call_take(call, &r);
    CHECK_INT(r.error.code, LLMPROV_ERR_TRANSPORT);
    CHECK(r.error.retryable);                                 /* the program may, and knows what it showed */
    CHECK_STR(r.text, "Ye");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(client);
    engine_trace_free(&trace);
}

static int pitfalls_no;

static bool pitfalls_says_no(void *user, const llmprov_event *e) {
    (void)user;
    return e->type != (llmprov_event_type)pitfalls_no;
}

TEST(pitfall_171_cancelled_means_cancelled) {
    llmprov_desc desc = { .max_retries = 5 };
    llmprov_request req = { .model = "m", .prompt = "Hi", .on_event = pitfalls_says_no };
    llmprov_client *client = engine_open("custom", &desc);
    const char *body = Q(CHAT("{'content':'Ye'}") CHAT("{'content':'s'}") CHAT_END("stop") CHAT_DONE);
    static const llmprov_event_type when[] = { LLMPROV_EVENT_START, LLMPROV_EVENT_BLOCK, LLMPROV_EVENT_TEXT, LLMPROV_EVENT_BLOCK_END };
    size_t i;
    for (i = 0; i < 4; i++) {
        llmprov_call *call = llmprov_call_chat(client, &req);
        llmprov_response r;
        pitfalls_no = when[i];
        llmprov_call_head(call, 200, NULL, 0);
        llmprov_call_feed(call, body, strlen(body));
        llmprov_call_eof(call);
        CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_NOTHING);
        llmprov_call_take(call, &r);
        CHECK_INT(r.error.code, LLMPROV_ERR_CANCELLED);
        CHECK(!r.error.retryable);
        llmprov_response_free(&r);
        llmprov_call_free(call);
    }
    llmprov_close(client);
}

/* What Groq's model wrote is in the error, to be tried again with. */
TEST(pitfall_172_groqs_failed_generation) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 400, Q("{'error':{'message':'Failed to call a function.','type':'invalid_request_error','code':'tool_use_failed','failed_generation':'<function=f>{x:1}</function>'}}"));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'content':'Hm'}")
        "event: error\ndata: {'error':{'message':'Failed to call a function.','type':'invalid_request_error','code':'tool_use_failed','failed_generation':'<function=f>'}}\n\n"));
    CHECK_INT(a.r.error.code, LLMPROV_ERR_REQUEST);
    CHECK_STR(a.r.error.provider_code, "tool_use_failed");
    CHECK(a.r.error.raw && strstr(a.r.error.raw, "<function=f>{x:1}</function>") != NULL);
    CHECK_INT(b.r.error.code, LLMPROV_ERR_REQUEST);
    CHECK_STR(b.r.error.provider_code, "tool_use_failed");
    CHECK(b.r.error.raw && strstr(b.r.error.raw, "failed_generation") != NULL);
    CHECK_STR(b.r.text, "Hm");
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_173_refusals) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':null,'refusal':'I cannot do that.'}", "stop")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'refusal':'I cannot'}") CHAT("{'refusal':' do that.'}") CHAT_END("stop") CHAT_DONE));
    engine_reply c = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q("{'id':'m','type':'message','role':'assistant','model':'m','content':[{'type':'text','text':'I cannot'}],'stop_reason':'refusal','stop_sequence':null,"
        "'stop_details':{'type':'refusal','category':'cyber','explanation':'why'},'usage':{'input_tokens':1,'output_tokens':2}}"));
    engine_reply d = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'content':'Well'}", "content_filter")));
    engine_reply e = engine_read("openai-chat", ENGINE_STREAM, 200, Q("data: {'id':'c','model':'m','choices':[{'index':0,'finish_reason':'content_filter','content_filter_results':{'hate':{'filtered':true}}}]}\n\n" CHAT_DONE));
    CHECK_INT(a.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(a.r.text, "I cannot do that.");
    CHECK_STR(a.r.stop_word, "stop");
    CHECK_INT(b.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(b.r.text, "I cannot do that.");
    CHECK_INT(c.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(c.r.text, "I cannot");
    CHECK(c.r.extra && strstr(c.r.extra, "cyber") != NULL);
    CHECK_INT(d.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(d.r.text, "Well");
    CHECK_INT(e.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_INT(e.r.error.code, LLMPROV_OK);
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
    engine_reply_free(&d);
    engine_reply_free(&e);
}

/* The key is in a header of the one URL, nowhere else; a redirect that reaches the engine is a failure, not another
   place to send it to. */
TEST(pitfall_174_credentials_stay_at_their_origin) {
    llmprov_desc desc = { .api_key = "sk-very-secret", .base_url = "https://api.test/v1", .max_retries = 2 };
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    engine_sent s = engine_send_with("custom", &desc, &req, __FILE__, __LINE__);
    llmprov_header to = { "location", "https://evil.test/v1/chat/completions" };
    llmprov_response r;
    CHECK_STR(engine_header(&s, "authorization"), "Bearer sk-very-secret");
    CHECK(s.http && !strstr(s.http->url, "secret"));
    CHECK(s.text && !strstr(s.text, "secret"));
    llmprov_call_head(s.call, 307, &to, 1);
    llmprov_call_eof(s.call);
    CHECK_INT(llmprov_call_want(s.call), LLMPROV_WANT_NOTHING);
    llmprov_call_take(s.call, &r);
    CHECK(r.error.code != LLMPROV_OK);
    CHECK(!strstr(r.error.message ? r.error.message : "", "secret"));
    llmprov_response_free(&r);
    engine_sent_free(&s);
}

/* A callback that says no to the news of a failure does not change which failure it was. */
TEST(pitfall_175_callbacks_do_not_mask_the_providers_error) {
    llmprov_request req = { .model = "m", .prompt = "Hi", .on_event = pitfalls_says_no };
    llmprov_client *client = engine_open("custom", NULL);
    llmprov_call *call = llmprov_call_chat(client, &req);
    const char *body = Q("{'error':{'message':'No such key','code':'invalid_api_key'}}");
    llmprov_response r;
    pitfalls_no = LLMPROV_EVENT_ERROR;
    llmprov_call_head(call, 401, NULL, 0);
    llmprov_call_feed(call, body, strlen(body));
    llmprov_call_eof(call);
    llmprov_call_take(call, &r);
    CHECK_INT(r.error.code, LLMPROV_ERR_AUTH);
    CHECK(strstr(r.error.message ? r.error.message : "", "No such key") != NULL);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(client);
}

// -- stop reasons --------------------------------------------------------------------------

/* A loop that runs while tools are asked for must not ask for ever. */
TEST(pitfall_177_the_word_for_calls_without_any) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'id':'c','choices':[{'index':0,'message':{'content':'x'},'finish_reason':'tool_calls'}]}"));
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    CHECK_STR(r.r.stop_word, "tool_calls");
    engine_reply_free(&r);
}

TEST_NO_OOM(pitfall_177_words_for_the_end) {
    static const struct { const char *word; llmprov_stop stop; } words[] = {
        { "stop", LLMPROV_STOP_END }, { "end_turn", LLMPROV_STOP_END }, { "eos", LLMPROV_STOP_END }, { "completed", LLMPROV_STOP_END }, { "COMPLETE", LLMPROV_STOP_END }, { "STOP", LLMPROV_STOP_END },
        { "stop_sequence", LLMPROV_STOP_SEQUENCE }, { "length", LLMPROV_STOP_LENGTH }, { "max_tokens", LLMPROV_STOP_LENGTH }, { "model_length", LLMPROV_STOP_LENGTH }, { "MAX_TOKENS", LLMPROV_STOP_LENGTH },
        { "model_context_window_exceeded", LLMPROV_STOP_CONTEXT }, { "TOOL_CALL", LLMPROV_STOP_TOOL_USE }, { "tool_calls", LLMPROV_STOP_TOOL_USE }, { "tool_use", LLMPROV_STOP_TOOL_USE }, { "function_call", LLMPROV_STOP_TOOL_USE },
        { "content_filter", LLMPROV_STOP_REFUSAL }, { "refusal", LLMPROV_STOP_REFUSAL }, { "SAFETY", LLMPROV_STOP_REFUSAL }, { "guardrail_intervened", LLMPROV_STOP_REFUSAL }, { "sensitive", LLMPROV_STOP_REFUSAL },
        { "error", LLMPROV_STOP_ERROR }, { "network_error", LLMPROV_STOP_ERROR }, { "insufficient_system_resource", LLMPROV_STOP_ERROR }, { "failed", LLMPROV_STOP_ERROR }, { "cancelled", LLMPROV_STOP_ERROR },
        { "malformed_tool_use", LLMPROV_STOP_ERROR }, { "pause_turn", LLMPROV_STOP_PAUSE },
        { "a_word_of_next_year", LLMPROV_STOP_OTHER }, { "Stop", LLMPROV_STOP_OTHER },
    };
    size_t i;
    for (i = 0; i < sizeof words / sizeof *words; i++) {
        engine_text t = { NULL, 0, 0 };
        engine_reply r;
        engine_adds(&t, "{'id':'c','choices':[{'index':0,'message':{'content':'x'");
        if (words[i].stop == LLMPROV_STOP_TOOL_USE) engine_adds(&t, ",'tool_calls':[{'id':'t','type':'function','function':{'name':'f','arguments':'{}'}}]");
        engine_adds(&t, "},'finish_reason':'");
        engine_adds(&t, words[i].word);
        engine_adds(&t, "'}]}");
        r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(t.ptr));
        if (r.r.stop != words[i].stop) test_fail(__FILE__, __LINE__, "%s is %s, expected %s", words[i].word, llmprov_stop_text(r.r.stop), llmprov_stop_text(words[i].stop));
        CHECK_STR(r.r.stop_word, words[i].word);
        engine_reply_free(&r);
        engine_text_free(&t);
    }
}

/* A recording (openrouter.chat.027d3cafd7) says tool_calls and has none, but a whole answer: there is nothing to run, and
   a loop that waits for calls must end. The word stays. */
TEST(pitfall_177_tool_calls_without_a_call) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':'{\\'topic\\':\\'x\\'}'}", "tool_calls")));
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    CHECK_STR(r.r.stop_word, "tool_calls");
    engine_reply_free(&r);
}

TEST(pitfall_178_turns_without_content) {
    engine_reply a = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[]", "end_turn")));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_END("stop_sequence")));
    engine_reply c = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':''}", "length")));
    CHECK_INT(a.r.error.code, LLMPROV_OK);
    CHECK_INT(a.r.message.block_count, 0);
    CHECK_INT(a.r.stop, LLMPROV_STOP_END);
    CHECK_INT(b.r.error.code, LLMPROV_OK);
    CHECK_INT(b.r.stop, LLMPROV_STOP_SEQUENCE);
    CHECK_INT(c.r.error.code, LLMPROV_OK);
    CHECK_INT(c.r.stop, LLMPROV_STOP_LENGTH);
    CHECK_STR(c.r.text, "");
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
}

TEST(pitfall_179_which_stop_sequence_matched) {
    engine_reply a = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_TEXT("0", "One, ")
        MSG_EVENT("message_delta", ",'delta':{'stop_reason':'stop_sequence','stop_sequence':'two'},'usage':{'output_tokens':3}") MSG_EVENT("message_stop", "")));
    engine_reply b = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'id':'c','choices':[{'index':0,'message':{'content':'One, '},'finish_reason':'stop','stop_reason':'two'}]}"));
    engine_reply c = engine_read("openai-chat", ENGINE_WHOLE, 200, Q("{'id':'c','choices':[{'index':0,'message':{'content':'One'},'finish_reason':'stop','stop_reason':null}]}"));
    CHECK_STR(a.r.stop_sequence, "two");
    CHECK_INT(a.r.stop, LLMPROV_STOP_SEQUENCE);
    CHECK_STR(b.r.stop_sequence, "two");                      /* vLLM's and Venice's member */
    CHECK_STR(b.r.stop_word, "stop");
    CHECK(!c.r.stop_sequence);
    CHECK_INT(c.r.stop, LLMPROV_STOP_END);
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
}

// -- usage ---------------------------------------------------------------------------------

static llmprov_usage pitfalls_usage(const char *format, const char *usage, const char *file, int line) {
    engine_text t = { NULL, 0, 0 };
    engine_reply r;
    llmprov_usage u;
    const char *json;
    engine_adds(&t, !strcmp(format, "openai-chat") ? "{'id':'c','choices':[{'index':0,'message':{'content':'x'},'finish_reason':'stop'}],'usage':"
                                                   : "{'id':'m','type':'message','role':'assistant','model':'m','content':[],'stop_reason':'end_turn','usage':");
    engine_adds(&t, usage);
    engine_adds(&t, "}");
    json = Q(t.ptr);
    r = engine_read_at(format, ENGINE_WHOLE, 200, json, strlen(json), file, line);
    u = r.r.usage;
    engine_check_json(u.raw, u.raw ? strlen(u.raw) : 0, Q(usage), "the raw usage", file, line);
    u.raw = NULL;
    engine_reply_free(&r);
    engine_text_free(&t);
    return u;
}
#define USAGE(format, usage) pitfalls_usage((format), (usage), __FILE__, __LINE__)

TEST(pitfall_180_four_disjoint_buckets) {
    llmprov_usage a = USAGE("openai-chat", "{'prompt_tokens':100,'completion_tokens':9,'total_tokens':109,'prompt_tokens_details':{'cached_tokens':60,'cache_write_tokens':15}}");
    llmprov_usage b = USAGE("anthropic-messages", "{'input_tokens':25,'output_tokens':9,'cache_read_input_tokens':60,'cache_creation_input_tokens':15,'cache_creation':{'ephemeral_5m_input_tokens':5,'ephemeral_1h_input_tokens':10}}");
    llmprov_usage c = USAGE("anthropic-messages", "{'input_tokens':25,'output_tokens':9,'cache_read_input_tokens':60,'cache_creation_input_tokens':15}");
    CHECK_INT(a.input_tokens, 25);
    CHECK_INT(a.cache_read_tokens, 60);
    CHECK_INT(a.cache_write_5m_tokens, 15);
    CHECK_INT(a.input_tokens + a.cache_read_tokens + a.cache_write_5m_tokens + a.cache_write_1h_tokens, 100);
    CHECK_INT(b.input_tokens, 25);
    CHECK_INT(b.cache_write_5m_tokens, 5);
    CHECK_INT(b.cache_write_1h_tokens, 10);
    CHECK_INT(c.cache_write_5m_tokens, 15);
    CHECK_INT(c.cache_write_1h_tokens, 0);
}

TEST(pitfall_181_more_cached_than_there_is_prompt) {
    llmprov_usage a = USAGE("openai-chat", "{'prompt_tokens':40,'completion_tokens':9,'total_tokens':109,'prompt_tokens_details':{'cached_tokens':60}}");
    llmprov_usage b = USAGE("openai-chat", "{'prompt_tokens':-3,'completion_tokens':-1,'total_tokens':-4}");
    CHECK_INT(a.input_tokens, 40);                            /* exclusive there */
    CHECK_INT(a.cache_read_tokens, 60);
    CHECK_INT(b.input_tokens, 0);
    CHECK_INT(b.output_tokens, 0);
}

TEST(pitfall_182_thinking_is_never_counted_twice) {
    llmprov_usage a = USAGE("openai-chat", "{'prompt_tokens':10,'completion_tokens':50,'total_tokens':60,'completion_tokens_details':{'reasoning_tokens':40}}");
    llmprov_usage b = USAGE("openai-chat", "{'prompt_tokens':10,'completion_tokens':10,'total_tokens':60,'completion_tokens_details':{'reasoning_tokens':40}}");
    llmprov_usage c = USAGE("anthropic-messages", "{'input_tokens':10,'output_tokens':50,'output_tokens_details':{'thinking_tokens':40}}");
    CHECK_INT(a.output_tokens, 50);                           /* inside */
    CHECK_INT(a.thinking_tokens, 40);
    CHECK_INT(b.output_tokens, 50);                           /* beside, as the total says (xAI) */
    CHECK_INT(b.thinking_tokens, 40);
    CHECK_INT(c.output_tokens, 50);
    CHECK_INT(c.thinking_tokens, 40);
}

/* Snapshots, not increments; 0 of the input means "not told" as long as all of it is 0. A raw recording
   (anthropic.messages.87e08a020a) tells 0 for the cache beside an input that is not 0: there the 0 counts. */
TEST(pitfall_184_usage_of_a_stream_is_a_snapshot) {
    engine_reply a = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(
        MSG_EVENT("message_start", ",'message':{'id':'m','type':'message','role':'assistant','model':'m','content':[],'stop_reason':null,'usage':{'input_tokens':100,'output_tokens':7,'cache_read_input_tokens':30,'cache_creation_input_tokens':0}}")
        MSG_TEXT("0", "x") MSG_EVENT("message_delta", ",'delta':{'stop_reason':'end_turn'},'usage':{'input_tokens':0,'output_tokens':20,'cache_read_input_tokens':0}") MSG_EVENT("message_stop", "")));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(
        MSG_EVENT("message_start", ",'message':{'id':'m','type':'message','role':'assistant','model':'m','content':[],'stop_reason':null,'usage':{'input_tokens':100,'output_tokens':7,'cache_read_input_tokens':55096}}")
        MSG_TEXT("0", "x") MSG_EVENT("message_delta", ",'delta':{'stop_reason':null},'usage':{'output_tokens':12}")
        MSG_EVENT("message_delta", ",'delta':{'stop_reason':'end_turn'},'usage':{'input_tokens':181,'output_tokens':20,'cache_read_input_tokens':0,'cache_creation_input_tokens':null}") MSG_EVENT("message_stop", "")));
    CHECK_INT(a.r.usage.input_tokens, 100);
    CHECK_INT(a.r.usage.output_tokens, 20);
    CHECK_INT(a.r.usage.cache_read_tokens, 30);
    CHECK_INT(b.r.usage.input_tokens, 181);
    CHECK_INT(b.r.usage.output_tokens, 20);
    CHECK_INT(b.r.usage.cache_read_tokens, 0);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_186_unknown_members_of_usage_stay) {
    llmprov_usage a = USAGE("openai-chat", "{'prompt_tokens':1,'completion_tokens':2,'total_tokens':3,'cost':0.00012,'cost_details':{'upstream':1e-5},'search_context_size':'low'}");
    llmprov_usage b = USAGE("anthropic-messages", "{'input_tokens':1,'output_tokens':2,'service_tier':'standard','server_tool_use':{'web_search_requests':3},'iterations':[{'type':'message','input_tokens':1}]}");
    CHECK_INT(a.input_tokens, 1);
    CHECK_INT(b.output_tokens, 2);
}
