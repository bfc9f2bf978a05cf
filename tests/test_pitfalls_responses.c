/* Known pitfalls of translation that concern openai-responses alone. */
#include "engine.h"

#define R_HEAD "data: {'type':'response.created','response':{'id':'resp_1','model':'m','status':'in_progress','output':[]}}\n\n"
#define R_ADDED(index, item) "data: {'type':'response.output_item.added','output_index':" index ",'item':" item "}\n\n"
#define R_DONE(index, item) "data: {'type':'response.output_item.done','output_index':" index ",'item':" item "}\n\n"
#define R_DELTA(type, index, more) "data: {'type':'response." type ".delta','output_index':" index more "}\n\n"
#define R_END "data: {'type':'response.completed','response':{'id':'resp_1','model':'m','status':'completed','output':[],'usage':{'input_tokens':3,'output_tokens':2,'total_tokens':5}}}\n\n"

/* A conversation in Anthropic's form, with origins, as a body of this format. */
static engine_sent pitfalls_turns(const char *provider, const char *history, const char *extra, const char *file, int line) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = "gpt-5.2", .history = &h, .extra = extra };
    engine_sent s = engine_send_with(provider, NULL, &req, file, line);
    llmprov_history_free(&h);
    return s;
}
#define TURNS(provider, history, extra) pitfalls_turns((provider), (history), (extra), __FILE__, __LINE__)

#define R_CALL(id) "{'type':'tool_use','id':'call_1','name':'f','input':{},'origin':'openai-responses','item_id':'" id "'}"
#define R_RESULT "{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_1','content':'1'}]}"
#define R_THOUGHT(more) "{'type':'thinking','thinking':'Hm.','origin':'openai-responses','item_id':'rs_1'" more "}"
#define R_SAID "{'type':'text','text':'I look.','origin':'openai-responses','item_id':'msg_1','phase':'commentary'}"

TEST(pitfall_012_item_ids_that_the_api_made) {
    engine_sent ours = TURNS("openai-responses", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_CALL("fc_1") "]}," R_RESULT "]", NULL);
    engine_sent other = TURNS("openai-responses", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_CALL("my-own") "]}," R_RESULT "]", NULL);
    engine_sent chat = TURNS("openai", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_CALL("fc_1") "]}," R_RESULT "]", NULL);
    CHECK_BODY(ours, "input[1]", Q("{'type':'function_call','id':'fc_1','call_id':'call_1','name':'f','arguments':'{}'}"));
    CHECK_BODY(ours, "input[2]", Q("{'type':'function_call_output','call_id':'call_1','output':'1'}"));
    CHECK_BODY(other, "input[1]", Q("{'type':'function_call','call_id':'call_1','name':'f','arguments':'{}'}"));
    CHECK(chat.text && !strstr(chat.text, "fc_1"));
    CHECK_INT(chat.warning_count, 0);
    engine_sent_free(&ours);
    engine_sent_free(&other);
    engine_sent_free(&chat);
}

TEST(pitfall_036_item_ids_that_change) {
    engine_reply r = engine_read("openai-responses", ENGINE_STREAM, 200, Q(R_HEAD
        R_ADDED("0", "{'type':'message','id':'a1','role':'assistant','content':[]}") R_ADDED("1", "{'type':'function_call','id':'a2','call_id':'c','name':'f','arguments':''}")
        R_DELTA("output_text", "0", ",'item_id':'b7','content_index':0,'delta':'Hel'") R_DELTA("function_call_arguments", "1", ",'item_id':'b8','delta':'{\\'x\\':'")
        R_DELTA("output_text", "0", ",'item_id':'b9','content_index':0,'delta':'lo'") R_DELTA("function_call_arguments", "1", ",'item_id':'c1','delta':'1}'")
        R_DONE("0", "{'type':'message','id':'d1','role':'assistant','content':[{'type':'output_text','text':'Hello','annotations':[]}]}")
        R_DONE("1", "{'type':'function_call','id':'d2','call_id':'c','name':'f','arguments':'{\\'x\\':1}'}") R_END));
    CHECK_STR(r.r.text, "Hello");
    CHECK_JSON(engine_call(r, 0)->json, engine_call(r, 0)->json_len, "{\"x\":1}");
    CHECK_INT(r.r.message.block_count, 2);
    CHECK_INT(r.r.stop, LLMPROV_STOP_TOOL_USE);
    engine_reply_free(&r);
}

TEST(pitfall_058_calls_last) {
    static const char history[] = "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_CALL("fc_1") ",{'type':'text','text':'So.'}]}," R_RESULT "]";
    engine_sent plain = TURNS("openai-responses", history, NULL), last = TURNS("deepseek-responses", history, NULL);
    CHECK_BODY(plain, "input[1].type", "\"function_call\"");
    CHECK_BODY(plain, "input[2].content", "\"So.\"");
    CHECK_BODY(last, "input[1].content", "\"So.\"");
    CHECK_BODY(last, "input[2].type", "\"function_call\"");
    CHECK_BODY(last, "input[3].type", "\"function_call_output\"");
    engine_sent_free(&plain);
    engine_sent_free(&last);
}

TEST(pitfall_059_turns_that_the_server_holds) {
    engine_sent result = TURNS("openai-responses", "[" R_RESULT "]", "{\"previous_response_id\":\"resp_1\"}");
    engine_sent both = TURNS("openai-responses", "[{'role':'assistant','content':[" R_SAID "," R_CALL("fc_1") "]}," R_RESULT "]", "{\"previous_response_id\":\"resp_1\"}");
    engine_sent orphan = TURNS("openai-responses", "[" R_RESULT "]", NULL);
    CHECK_BODY(result, "input", Q("[{'type':'function_call_output','call_id':'call_1','output':'1'}]"));
    CHECK_BODY(result, "store", NULL);
    CHECK_BODY(both, "input[0].type", "\"function_call\"");
    CHECK_BODY(both, "input[1].type", "\"function_call_output\"");
    CHECK_WARNED(both, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
    CHECK_BODY(orphan, "input[0].role", "\"user\"");
    CHECK_WARNED(orphan, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]");
    engine_sent_free(&result);
    engine_sent_free(&both);
    engine_sent_free(&orphan);
}

TEST(pitfall_060_the_phase_of_a_message) {
    static const char history[] = "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_SAID "]},{'role':'user','content':'And?'}]";
    engine_sent own = TURNS("openai-responses", history, NULL), other = TURNS("openai", history, NULL);
    CHECK_BODY(own, "input[1]", Q("{'type':'message','id':'msg_1','role':'assistant','status':'completed','phase':'commentary','content':[{'type':'output_text','text':'I look.','annotations':[]}]}"));
    CHECK_INT(own.warning_count, 0);
    CHECK(other.text && !strstr(other.text, "phase"));
    CHECK_WARNED(other, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&own);
    engine_sent_free(&other);
}

TEST(pitfall_088_reasoning_without_its_seal) {
    engine_sent bare = TURNS("openai-responses", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_THOUGHT("") "," R_SAID "]},{'role':'user','content':'And?'}]", NULL);
    engine_sent sealed = TURNS("openai-responses", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_THOUGHT(",'signature':'gAAA'") "," R_SAID "]},{'role':'user','content':'And?'}]", NULL);
    engine_sent stored = TURNS("openai-responses", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" R_THOUGHT("") "," R_SAID "]},{'role':'user','content':'And?'}]", "{\"store\":true}");
    CHECK_BODY(bare, "store", "false");
    CHECK_BODY(bare, "include", "[\"reasoning.encrypted_content\"]");
    CHECK(bare.text && !strstr(bare.text, "rs_1") && !strstr(bare.text, "msg_1"));
    CHECK_WARNED(bare, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    CHECK_BODY(sealed, "input[1]", Q("{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'Hm.'}],'encrypted_content':'gAAA'}"));
    CHECK_BODY(sealed, "input[2].id", "\"msg_1\"");
    CHECK_INT(sealed.warning_count, 0);
    CHECK_BODY(stored, "input[1].id", "\"rs_1\"");
    CHECK(stored.text && !strstr(stored.text, "encrypted_content"));
    engine_sent_free(&bare);
    engine_sent_free(&sealed);
    engine_sent_free(&stored);
}

TEST(pitfall_089_reasoning_that_the_server_holds) {
    engine_sent s = TURNS("openai-responses", "[{'role':'assistant','content':[" R_THOUGHT(",'signature':'gAAA'") "," R_CALL("fc_1") "]}," R_RESULT "]", "{\"previous_response_id\":\"resp_1\"}");
    CHECK(s.text && !strstr(s.text, "gAAA"));
    CHECK_BODY(s, "input[0].type", "\"function_call\"");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
    engine_sent_free(&s);
}

TEST(pitfall_161_a_failed_reply_without_output) {
    engine_reply whole = engine_read("openai-responses", ENGINE_WHOLE, 200, Q("{'id':'resp_1','object':'response','model':'m','status':'failed','error':{'code':'rate_limit_exceeded','message':'Slow down.'}}"));
    engine_reply stream = engine_read("openai-responses", ENGINE_STREAM, 200, Q(R_HEAD "data: {'type':'response.failed','response':{'id':'resp_1','status':'failed','error':{'code':'server_error','message':'Broken.'}}}\n\n"));
    engine_reply mute = engine_read("openai-responses", ENGINE_WHOLE, 200, Q("{'id':'resp_1','object':'response','model':'m','status':'failed','error':null,'output':[]}"));
    CHECK_INT(whole.r.error.code, LLMPROV_ERR_RATE_LIMIT);
    CHECK_STR(whole.r.error.message, "Slow down.");
    CHECK_INT(stream.r.error.code, LLMPROV_ERR_SERVER);
    CHECK_STR(stream.r.error.message, "Broken.");
    CHECK_INT(mute.r.error.code, LLMPROV_ERR_SERVER);
    engine_reply_free(&whole);
    engine_reply_free(&stream);
    engine_reply_free(&mute);
}
