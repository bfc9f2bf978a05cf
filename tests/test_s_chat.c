/* >>s_chat: openai-chat as a server. Requests are read and written again; answers are written and read again by the
   client half, which must see the same events. */
#include "engine.h"

// -- requests, there and back ----------------------------------------------------------------

static llmprov_status s_chat_ask(const char *json, llmprov_asked *out) {
    llmprov_alloc alloc = test_alloc();
    llmprov_status status = llmprov_ask(NULL, "openai-chat", json, strlen(json), &alloc, out);
    CHECK_ALWAYS(status == out->error.code && out->error.message && (!status || *out->error.message));
    return status;
}

/* Reads a body and writes it for a provider; `warned` are the fields of the warnings, each with a blank behind it. */
static void s_chat_again(const char *provider, const char *json, const char *expected, const char *warned, int line) {
    engine_text fields = { NULL, 0, 0 };
    llmprov_asked a;
    engine_sent s;
    llmprov_desc desc = { .base_url = "https://api.test/v1" };
    size_t i;
    engine_add(&fields, "", 0);
    if (s_chat_ask(json, &a) == LLMPROV_OK) {
        s = engine_send_with(provider, &desc, &a.request, __FILE__, line);
        if (!s.text && !test_excused()) test_fail(__FILE__, line, "there is no body: %s", s.error.message);
        if (s.text) engine_check_json(s.text, s.len, expected, "the body", __FILE__, line);
        for (i = 0; i < s.warning_count; i++) {
            engine_add(&fields, s.warnings[i].field, strlen(s.warnings[i].field));
            engine_add(&fields, " ", 1);
        }
        if (s.text) test_check_str(fields.ptr, warned, "the warnings", __FILE__, line);
        engine_sent_free(&s);
    } else if (!test_excused()) test_fail(__FILE__, line, "refused: %s", a.error.message);
    llmprov_asked_free(&a);
    engine_text_free(&fields);
}

#define S_CHAT(messages) "{'model':'m-1','messages':[" messages "]}"
#define S_CHAT_HI "{'role':'user','content':'Hi'}"
#define S_CHAT_WITH(members) "{'model':'m-1'," members ",'messages':[" S_CHAT_HI "]}"
#define S_CHAT_FUNCTION "{'type':'function','function':{'name':'f','parameters':{'type':'object'}}}"
#define S_CHAT_CALLING(calls) S_CHAT(S_CHAT_HI ",{'role':'assistant'," calls "},{'role':'tool','tool_call_id':'c1','content':'4'}")
#define S_CHAT_PART(part) S_CHAT("{'role':'user','content':[" part "]}")

TEST(s_chat_gives_back_what_it_read) {
    static const char *const bodies[] = {
        S_CHAT(S_CHAT_HI),
        S_CHAT("{'role':'user','content':[{'type':'text','text':'Hi'}]}"),
        S_CHAT("{'role':'system','content':'S'},{'role':'developer','content':'D'},{'role':'user','content':'a','name':'Ann'}," S_CHAT_HI),
        S_CHAT("{'role':'developer','content':[{'type':'text','text':'D'}]}," S_CHAT_HI ",{'role':'system','content':[{'type':'text','text':'late'}]}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'Hello','name':'Bot','refusal':null,'annotations':[],'unknown':{'x':[1,2]}}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':[{'type':'text','text':'a'},{'type':'refusal','refusal':'no'},{'type':'text','text':'b'}]}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':null,'refusal':'I will not.'}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','refusal':'I will not.'}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':null,'audio':{'id':'audio_1','expires_at':9}}," S_CHAT_HI),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'x','audio':null,'tool_calls':null,'function_call':null}," S_CHAT_HI),
        S_CHAT_CALLING("'content':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{ \\\"a\\\" : 1 }'}}]"),
        S_CHAT_CALLING("'content':'','tool_calls':[{'id':'c1','type':'function','index':0,'function':{'name':'f','arguments':'{}','parsed':null},'x':1}]"),
        S_CHAT_CALLING("'content':[],'tool_calls':[{'id':'c1','function':{'name':'f','arguments':'{}'}}]"),
        S_CHAT_CALLING("'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':''}}]"),
        S_CHAT_CALLING("'content':'Let me see.','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'no json'}}]"),
        S_CHAT_CALLING("'tool_calls':[{'id':'c1','type':'custom','custom':{'name':'f','input':'print(\\\"\\u00e4\\\")'}}]"),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':null,'function_call':{'name':'f','arguments':'{}'}},{'role':'function','name':'f','content':'4'}"),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':null,'function_call':{'name':'f','arguments':'{}'}},{'role':'function','name':'f','content':null}"),
        S_CHAT(S_CHAT_HI ",{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{}'}}]},"
               "{'role':'tool','tool_call_id':'c1','name':'f','content':[{'type':'text','text':'a'},{'type':'text','text':'b','x':1}]}," S_CHAT_HI),
        S_CHAT_PART("{'type':'image_url','image_url':{'url':'data:image/png;base64,QUJD','detail':'low'}},{'type':'image_url','image_url':{'url':'https://x.test/a.png','y':1},'z':2}"),
        S_CHAT_PART("{'type':'image_url','image_url':'https://x.test/a.png'},{'type':'image_url','image_url':{'url':'data:image/svg+xml;utf8,<svg/>'}}"),
        S_CHAT_PART("{'type':'video_url','video_url':{'url':'data:video/mp4;base64,QUJD'}},{'type':'video_url','video_url':{'url':'https://x.test/a.mp4'}}"),
        S_CHAT_PART("{'type':'input_audio','input_audio':{'data':'QUJD','format':'wav'}},{'type':'input_audio','input_audio':{'data':'QUJD','format':'mp3'}}"),
        S_CHAT_PART("{'type':'input_audio','input_audio':{'data':'QUJD','format':'flac'}},{'type':'input_audio','input_audio':'https://x.test/a.mp3'}"),
        S_CHAT_PART("{'type':'file','file':{'file_data':'data:application/pdf;base64,QUJD','filename':'a.pdf'}},{'type':'file','file':{'file_id':'file-1'}}"),
        S_CHAT_PART("{'type':'file','file':{'file_data':'data:application/pdf;base64,QUJD'}},{'type':'file','file':{'file_data':'https://x.test/a.pdf','filename':'a.pdf','more':1}}"),
        S_CHAT_PART("{'type':'text','text':'a','odd':true},{'type':'document_url','document_url':'https://x.test/a.pdf'}"),
        S_CHAT_WITH("'max_tokens':5"), S_CHAT_WITH("'max_completion_tokens':5"), S_CHAT_WITH("'max_tokens':7,'max_completion_tokens':5"), S_CHAT_WITH("'max_tokens':0"),
        S_CHAT_WITH("'max_tokens':null,'stop':null,'temperature':null,'tools':null,'tool_choice':null,'n':null,'seed':null,'stream':null,'response_format':null,'user':null"),
        S_CHAT_WITH("'stop':'END'"), S_CHAT_WITH("'stop':['END']"), S_CHAT_WITH("'stop':[]"), S_CHAT_WITH("'n':2,'seed':7"),
        S_CHAT_WITH("'temperature':1.25,'top_p':0.5,'presence_penalty':-1,'frequency_penalty':0.5,'logit_bias':{'50256':-100},'logprobs':true,'top_logprobs':2"),
        S_CHAT_WITH("'stream':true"), S_CHAT_WITH("'stream':false"), S_CHAT_WITH("'stream':true,'stream_options':{'include_usage':true,'include_obfuscation':false}"),
        S_CHAT_WITH("'stream':true,'stream_options':{}"), S_CHAT_WITH("'user':'u'"), S_CHAT_WITH("'safety_identifier':'u'"), S_CHAT_WITH("'user':'a','safety_identifier':'b'"),
        S_CHAT_WITH("'tools':[]"), S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':'auto','parallel_tool_calls':true"), S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':'none'"),
        S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':'required','parallel_tool_calls':false"), S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':'any'"),
        S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':{'type':'function','function':{'name':'f'}}"), S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':{'function':{'name':'f'}}"),
        S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'required','tools':[{'type':'function','function':{'name':'f'}}]}}"),
        S_CHAT_WITH("'tools':[{'type':'custom','custom':{'name':'g','description':'d','format':{'type':'grammar','grammar':{'syntax':'lark','definition':'start: x'}}}}],"
                    "'tool_choice':{'type':'custom','custom':{'name':'g'}}"),
        S_CHAT_WITH("'tools':[{'function':{'name':'f'}},{'type':'function','function':{'name':'g','description':'','parameters':null,'strict':null,'x':1},'y':2}]"),
        S_CHAT_WITH("'tools':[{'type':'function','function':{'name':'g','description':'d','strict':true,'parameters':{'type':'object','properties':{}}}},{'type':'openrouter:web_search','parameters':{'n':1}}]"),
        S_CHAT_WITH("'functions':[{'name':'f','description':'d','parameters':{'type':'object'}}],'function_call':'auto'"),
        S_CHAT_WITH("'functions':[{'name':'f'},{'name':'g','x':1}],'function_call':{'name':'f'},'tools':[{'type':'function','function':{'name':'h','parameters':{}}}]"),
        S_CHAT_WITH("'response_format':{'type':'text'}"), S_CHAT_WITH("'response_format':{'type':'json_object'}"),
        S_CHAT_WITH("'response_format':{'type':'json_schema','json_schema':{'name':'A-1','description':'d','strict':true,'schema':{ 'type' : 'object' }}}"),
        S_CHAT_WITH("'response_format':{'type':'json_schema','json_schema':{'schema':{'type':'object'}}}"),
        S_CHAT_WITH("'reasoning_effort':'high'"), S_CHAT_WITH("'reasoning_effort':'default'"), S_CHAT_WITH("'reasoning_effort':'none'"), S_CHAT_WITH("'reasoning':{'effort':'low','exclude':true}"),
        S_CHAT_WITH("'reasoning':{'max_tokens':2000}"), S_CHAT_WITH("'reasoning':{'enabled':false}"), S_CHAT_WITH("'thinking':{'type':'enabled','budget_tokens':1500}"),
        S_CHAT_WITH("'thinking':{'type':'disabled'},'metadata':{'a':'b'},'store':true,'verbosity':'low','service_tier':'flex','prompt_cache_key':'k'"),
        S_CHAT_WITH("'modalities':['text','audio'],'audio':{'format':'wav','voice':'alloy'},'prediction':{'type':'content','content':'x'},'web_search_options':{'search_context_size':'low'},'min_p':0.1"),
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bodies) && !test_excused(); i++) s_chat_again("custom", Q(bodies[i]), Q(bodies[i]), "", (int)(1000 + i));
}

TEST(s_chat_gives_back_what_providers_take) {
    static const struct { const char *provider, *body; } cases[] = {
        { "deepseek", S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','reasoning_content':'Hm.'}," S_CHAT_HI) },
        { "openrouter", S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','reasoning':'Hm.','reasoning_details':[{'type':'reasoning.text','text':'Hm.','signature':'s'}]}," S_CHAT_HI) },
        { "openrouter", S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','reasoning_details':[{'type':'reasoning.encrypted','data':'xyz'}]}," S_CHAT_HI) },
        { "openrouter", S_CHAT("{'role':'system','content':[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'1h'}}],'cache_control':{'type':'ephemeral'}}," S_CHAT_HI) },
        { "vllm", S_CHAT_WITH("'top_k':3") },
        { "vllm", S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','reasoning':'one','reasoning_content':'two'}," S_CHAT_HI) },
        { "mistral", S_CHAT(S_CHAT_HI ",{'role':'assistant','prefix':true,'content':[{'type':'thinking','thinking':[{'type':'text','text':'H'},{'type':'text','text':'m'}]},{'type':'text','text':'a'}]}," S_CHAT_HI) },
        { "openai", "{'model':'gpt-5.6','messages':[{'role':'user','content':[{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'explicit'}},"
                    "{'type':'input_audio','input_audio':{'data':'QUJD','format':'wav'},'prompt_cache_breakpoint':{'mode':'explicit','ttl':'12h'}}]}]}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) s_chat_again(cases[i].provider, Q(cases[i].body), Q(cases[i].body), "", (int)(2000 + i));
}

/* What a provider, a model or the rules of conversations change is named by the client's own path. */
TEST(s_chat_names_what_it_changes) {
    static const struct { const char *provider, *body, *expected, *warned; } cases[] = {
        { "openai", S_CHAT_WITH("'max_tokens':5"), S_CHAT_WITH("'max_completion_tokens':5"), "max_tokens " },
        { "custom", S_CHAT_WITH("'top_k':5"), S_CHAT(S_CHAT_HI), "top_k " },
        { "groq", S_CHAT_WITH("'stream':true,'stream_options':{'include_usage':true}"), S_CHAT_WITH("'stream':true"), "stream_options " },
        { "cerebras", S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "],'parallel_tool_calls':true"), S_CHAT_WITH("'tools':[" S_CHAT_FUNCTION "]"), "parallel_tool_calls " },
        { "deepseek", S_CHAT_WITH("'response_format':{'type':'json_schema','json_schema':{'name':'a','schema':{'type':'object'}}}"), S_CHAT_WITH("'response_format':{'type':'json_object'}"), "response_format " },
        { "openai", "{'model':'gpt-5','reasoning_effort':'max','logprobs':true,'top_logprobs':1,'temperature':0.5,'messages':[" S_CHAT_HI "]}",
          "{'model':'gpt-5','reasoning_effort':'high','messages':[" S_CHAT_HI "]}", "reasoning_effort temperature logprobs top_logprobs " },
        { "mistral", S_CHAT("{'role':'user','content':'a','name':'Ann'}"), S_CHAT("{'role':'user','content':'a'}"), "messages[0].name " },
        { "custom", S_CHAT("{'role':'user','content':[{'type':'text','text':'a','cache_control':{'type':'ephemeral'}}]}"), S_CHAT_PART("{'type':'text','text':'a'}"), "messages[0].content[0].cache " },
        { "openrouter", S_CHAT("{'role':'user','content':[{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'explicit'}}]}"),
          S_CHAT_PART("{'type':'text','text':'a','cache_control':{'type':'ephemeral'}}"), "messages[0].content[0] " },
        { "custom", S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','reasoning_content':'Hm.'}," S_CHAT_HI), S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a'}," S_CHAT_HI), "messages[1].content[0] " },
        { "custom", S_CHAT("{'role':'user','content':''}," S_CHAT_HI), S_CHAT(S_CHAT_HI), "messages[0].content[0] messages[0] " },
        { "custom", S_CHAT(S_CHAT_HI ",{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}},{'id':'b','type':'function','function':{'name':'f','arguments':'{}'}}]},"
                           "{'role':'tool','tool_call_id':'b','content':'2'},{'role':'tool','tool_call_id':'a','content':'1'}"),
          S_CHAT(S_CHAT_HI ",{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}},{'id':'b','type':'function','function':{'name':'f','arguments':'{}'}}]},"
                           "{'role':'tool','tool_call_id':'a','content':'1'},{'role':'tool','tool_call_id':'b','content':'2'}"), "messages[2].content[0] " },
        { "mistral", S_CHAT(S_CHAT_HI ",{'role':'assistant','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c1','content':'1'}"),
          NULL, "messages[1].content[0].id messages[2].content[0].id " },
        { "custom", S_CHAT_CALLING("'tool_calls':[{'type':'function','function':{'name':'f','arguments':'{}'}}]"),
          S_CHAT(S_CHAT_HI ",{'role':'assistant','tool_calls':[{'id':'call_1_0','type':'function','function':{'name':'f','arguments':'{}'}}]},"
                 "{'role':'tool','tool_call_id':'call_1_0','content':'cancelled: no result was recorded for this call'},"
                 "{'role':'user','content':[{'type':'text','text':'[Result of a tool call c1, which is not in this conversation]'},{'type':'text','text':'4'}]}"), NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_asked a;
        if (cases[i].expected && cases[i].warned) s_chat_again(cases[i].provider, Q(cases[i].body), Q(cases[i].expected), Q(cases[i].warned), (int)(3000 + i));
        else if (!s_chat_ask(Q(cases[i].body), &a)) {
            engine_sent s = engine_send(cases[i].provider, &a.request);
            CHECK(s.warning_count > 1 && !strncmp(s.warnings[0].field, "messages[1]", 11));
            engine_sent_free(&s);
            llmprov_asked_free(&a);
        } else llmprov_asked_free(&a);
    }
}

TEST(s_chat_fills_a_request) {
    static const char sample[] =
        "{'model':'m','max_completion_tokens':50,'max_tokens':9,'n':2,'stream':true,'temperature':0,'top_p':0.5,'top_k':3,'seed':4,'stop':'A','user':'old','safety_identifier':'new',"
        "'reasoning':{'max_tokens':2000},'service_tier':'flex','tool_choice':{'type':'function','function':{'name':'f'}},'parallel_tool_calls':false,"
        "'response_format':{'type':'json_schema','json_schema':{'name':'N','strict':false,'schema':{'type':'object'}}},"
        "'tools':[{'type':'function','function':{'name':'f','description':'d','parameters':{'type':'object'},'strict':true},'cache_control':{'type':'ephemeral'}},"
        "{'type':'custom','custom':{'name':'g'}}],'messages':[{'role':'developer','content':'S'},"
        "{'role':'user','content':[{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'explicit','ttl':'12h'}},{'type':'image_url','image_url':{'url':'data:image/png;base64,QUJD'}},"
        "{'type':'input_audio','input_audio':{'data':'QUJD','format':'mp3'}},{'type':'file','file':{'filename':'a.pdf','file_data':'data:application/pdf;base64,QUJD'}}]},"
        "{'role':'assistant','reasoning_content':'Hm.','content':'b','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{\\\"x\\\":1}'}},"
        "{'id':'c2','type':'custom','custom':{'name':'g','input':'text'}}]},{'role':'tool','tool_call_id':'c1','content':'1'},{'role':'tool','tool_call_id':'c2','content':[{'type':'text','text':'2'}]}]}";
    llmprov_asked a;
    const llmprov_request *r = &a.request;
    const llmprov_block *b;
    OK_OR(s_chat_ask(Q(sample), &a), done);
    CHECK_STR(r->model, "m");
    CHECK(r->max_tokens.set && r->max_tokens.value == 50 && r->n.value == 2 && r->top_k.value == 3 && r->seed.value == 4);
    CHECK(r->temperature.set && !(r->temperature.value > 0) && r->top_p.set && r->thinking_tokens.value == 2000);
    CHECK_INT(r->stream, LLMPROV_STREAM_ON);
    CHECK(r->stop_count == 1 && !strcmp(r->stop[0], "A"));
    CHECK_STR(r->user_id, "new");
    CHECK_STR(r->service_tier, "flex");
    CHECK_STR(r->schema, "{\"type\":\"object\"}");
    CHECK_STR(r->schema_name, "N");
    CHECK(r->schema_strict == LLMPROV_NO && r->parallel_tools == LLMPROV_NO && r->tool_choice == LLMPROV_TOOL_NAMED);
    CHECK_STR(r->tool_name, "f");
    CHECK_STR(r->origin, "openai-chat");
    NEED_OR(r->tool_count == 2 && r->message_count == 5, done);
    CHECK(r->tools[0].strict == LLMPROV_YES && r->tools[0].cache == LLMPROV_CACHE_5M && !r->tools[0].type && r->tools[0].schema);
    CHECK(!strcmp(r->tools[1].type, "custom") && !strcmp(r->tools[1].name, "g"));
    CHECK(r->messages[0].role == LLMPROV_ROLE_SYSTEM && r->messages[0].plain);
    b = r->messages[1].blocks;
    CHECK(r->messages[1].block_count == 4 && b[0].cache == LLMPROV_CACHE_1H && b[1].type == LLMPROV_BLOCK_IMAGE && !strcmp(b[1].mime, "image/png") && !strcmp(b[1].base64, "QUJD"));
    CHECK(b[2].type == LLMPROV_BLOCK_AUDIO && !strcmp(b[2].mime, "audio/mpeg") && b[3].type == LLMPROV_BLOCK_DOCUMENT && !strcmp(b[3].name, "a.pdf"));
    b = r->messages[2].blocks;
    NEED_OR(r->messages[2].block_count == 4, done);
    CHECK(b[0].type == LLMPROV_BLOCK_THINKING && b[1].type == LLMPROV_BLOCK_TEXT && b[2].type == LLMPROV_BLOCK_TOOL_USE && b[3].type == LLMPROV_BLOCK_TOOL_USE);
    CHECK_STR(b[2].json, "{\"x\":1}");
    CHECK_STR(b[3].json, "{\"input\":\"text\"}");
    CHECK(r->messages[3].role == LLMPROV_ROLE_USER && r->messages[3].block_count == 1 && !strcmp(r->messages[3].blocks->id, "c1") && !strcmp(r->messages[3].blocks->text, "1"));
    CHECK(r->messages[4].blocks->content_count == 1);
done:
    llmprov_asked_free(&a);
}

/* A request of one format to a model of the other; what has no place there is named. */
TEST(s_chat_goes_to_anthropic) {
    s_chat_again("anthropic", Q("{'model':'claude-sonnet-4-6','max_completion_tokens':50,'n':1,'user':'u','stop':'X','verbosity':'low','logprobs':true,'reasoning_effort':null,'stream':false,"
                                "'tools':[{'type':'function','function':{'name':'f','description':'d','parameters':{'type':'object'},'z':1}},{'type':'custom','custom':{'name':'g'}},{'type':'openrouter:x'}],"
                                "'tool_choice':'required','parallel_tool_calls':false,'messages':[{'role':'developer','content':'S'},{'role':'user','name':'Ann','content':'Hi'},"
                                "{'role':'assistant','content':'','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{\\\"x\\\":1}'}},{'id':'c2','type':'custom','custom':{'name':'g','input':'t'}}]},"
                                "{'role':'tool','tool_call_id':'c1','content':'1'},{'role':'tool','tool_call_id':'c2','content':'2'},"
                                "{'role':'user','content':[{'type':'image_url','image_url':{'url':'https://x.test/a.png'}},{'type':'document_url','document_url':'u'}]}]}"),
                 Q("{'model':'claude-sonnet-4-6','max_tokens':50,'stop_sequences':['X'],'metadata':{'user_id':'u'},'tools':[{'name':'f','description':'d','input_schema':{'type':'object','properties':{}}},"
                   "{'name':'g','input_schema':{'type':'object','properties':{'input':{'type':'string'}},'required':['input']}}],'tool_choice':{'type':'any','disable_parallel_tool_use':true},"
                   "'system':'S','messages':[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'c1','name':'f','input':{'x':1}},"
                   "{'type':'tool_use','id':'c2','name':'g','input':{'input':'t'}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':'1'},{'type':'tool_result','tool_use_id':'c2','content':'2'},"
                   "{'type':'image','source':{'type':'url','url':'https://x.test/a.png'}}]}]}"),
                 "messages[1].name tools[0] tools[1] tools[2] messages[5].content[1] verbosity logprobs ", __LINE__);
}

/* What is put between reading and writing is what is new, and all that is. */
TEST(s_chat_shows_what_was_added) {
    static const char body[] = "{'model':'m-1','max_tokens':9,'messages':[{'role':'developer','content':'S'},{'role':'user','content':'a','name':'Ann'},{'role':'assistant','content':null,'tool_calls':["
                               "{'id':'c1','type':'function','function':{'name':'f','arguments':'{ }'}}]},{'role':'tool','tool_call_id':'c1','content':'4'}" "%s" "]}";
    llmprov_block more = { .text = "and more" }, blocks[2];
    llmprov_message messages[6];
    char text[600], expected[600];
    llmprov_asked a;
    engine_sent s;
    sprintf(text, body, "");
    OK_OR(s_chat_ask(Q(text), &a), done);
    NEED_OR(a.request.message_count == 4, done);
    memcpy(messages, a.request.messages, 4 * sizeof *messages);
    memset(&messages[4], 0, sizeof messages[4]);
    messages[4].blocks = &more;
    messages[4].block_count = 1;
    messages[4].plain = true;
    a.request.messages = messages;
    a.request.message_count = 5;
    s = engine_send("custom", &a.request);
    sprintf(expected, body, ",{'role':'user','content':'and more'}");
    if (s.text) CHECK_JSON(s.text, s.len, Q(expected));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    blocks[0] = messages[1].blocks[0];
    blocks[1] = more;
    messages[1].blocks = blocks;
    messages[1].block_count = 2;
    a.request.message_count = 4;
    s = engine_send("custom", &a.request);
    CHECK_BODY(s, "messages[1]", Q("{'role':'user','name':'Ann','content':[{'type':'text','text':'a'},{'type':'text','text':'and more'}]}"));
    CHECK_BODY(s, "messages[2].tool_calls[0].function.arguments", Q("'{ }'"));
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

/* A field that the program sets after reading counts, not what was said. */
TEST(s_chat_fields_count) {
    llmprov_asked a;
    engine_sent s;
    OK_OR(s_chat_ask(Q(S_CHAT_WITH("'max_completion_tokens':5,'temperature':null,'stop':'A','user':'u','reasoning_effort':'low','tool_choice':'auto','tools':[" S_CHAT_FUNCTION "]")), &a), done);
    a.request.max_tokens.value = 6;
    a.request.temperature.set = true;
    a.request.user_id = "other";
    a.request.effort = LLMPROV_EFFORT_HIGH;
    a.request.tool_choice = LLMPROV_TOOL_ANY;
    s = engine_send("custom", &a.request);
    if (s.text) CHECK_JSON(s.text, s.len, Q(S_CHAT_WITH("'max_completion_tokens':6,'temperature':0,'stop':'A','user':'other','reasoning_effort':'high','tool_choice':'required','tools':[" S_CHAT_FUNCTION "]")));
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

TEST(s_chat_refuses_and_names_the_member) {
#define S_CHAT_TYPE(body, path) { body, path, "invalid_type" }
#define S_CHAT_MISSING(body, path) { body, path, "missing_required_parameter" }
#define S_CHAT_VALUE(body, path) { body, path, "invalid_value" }
    static const struct { const char *body, *path, *code; } cases[] = {
        S_CHAT_TYPE("[]", "the request"), S_CHAT_MISSING("{}", "messages"), S_CHAT_TYPE("{'messages':{}}", "messages"), S_CHAT_TYPE("{'messages':[1]}", "messages[0]"),
        S_CHAT_MISSING(S_CHAT("{'content':'a'}"), "messages[0].role"), S_CHAT_TYPE(S_CHAT("{'role':1,'content':'a'}"), "messages[0].role"), S_CHAT_VALUE(S_CHAT("{'role':'x','content':'a'}"), "messages[0].role"),
        S_CHAT_MISSING(S_CHAT("{'role':'user'}"), "messages[0].content"), S_CHAT_MISSING(S_CHAT("{'role':'user','content':null}"), "messages[0].content"),
        S_CHAT_MISSING(S_CHAT("{'role':'system'}"), "messages[0].content"), S_CHAT_MISSING(S_CHAT("{'role':'developer'}"), "messages[0].content"), S_CHAT_MISSING(S_CHAT("{'role':'tool','tool_call_id':'c'}"), "messages[0].content"),
        S_CHAT_TYPE(S_CHAT("{'role':'user','content':5}"), "messages[0].content"), S_CHAT_TYPE(S_CHAT("{'role':'user','content':['a']}"), "messages[0].content[0]"),
        S_CHAT_MISSING(S_CHAT_PART("{'text':'a'}"), "messages[0].content[0].type"), S_CHAT_MISSING(S_CHAT_PART("{'type':'text'}"), "messages[0].content[0].text"),
        S_CHAT_TYPE(S_CHAT_PART("{'type':'text','text':'a'},{'type':'text','text':5}"), "messages[0].content[1].text"), S_CHAT_MISSING(S_CHAT_PART("{'type':'image_url'}"), "messages[0].content[0].image_url"),
        S_CHAT_MISSING(S_CHAT_PART("{'type':'image_url','image_url':{}}"), "messages[0].content[0].image_url.url"), S_CHAT_TYPE(S_CHAT_PART("{'type':'image_url','image_url':{'url':1}}"), "messages[0].content[0].image_url.url"),
        S_CHAT_TYPE(S_CHAT_PART("{'type':'input_audio','input_audio':{'data':1}}"), "messages[0].content[0].input_audio.data"), S_CHAT_TYPE(S_CHAT_PART("{'type':'file','file':{'file_data':1}}"), "messages[0].content[0].file.file_data"),
        S_CHAT_TYPE(S_CHAT_PART("{'type':'file','file':'x'}"), "messages[0].content[0].file"), S_CHAT_MISSING(S_CHAT_PART("{'type':'refusal'}"), "messages[0].content[0].refusal"),
        S_CHAT_VALUE(S_CHAT_PART("{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'x'}}"), "messages[0].content[0].prompt_cache_breakpoint.mode"),
        S_CHAT_TYPE(S_CHAT("{'role':'user','content':'a','name':1}"), "messages[0].name"), S_CHAT_TYPE(S_CHAT("{'role':'assistant','refusal':1}"), "messages[0].refusal"),
        S_CHAT_TYPE(S_CHAT("{'role':'assistant','tool_calls':{}}"), "messages[0].tool_calls"), S_CHAT_MISSING(S_CHAT("{'role':'assistant','tool_calls':[{'id':'a'}]}"), "messages[0].tool_calls[0].function"),
        S_CHAT_VALUE(S_CHAT("{'role':'assistant','tool_calls':[{'id':'a','type':'x'}]}"), "messages[0].tool_calls[0].type"), S_CHAT_TYPE(S_CHAT("{'role':'assistant','tool_calls':[{'id':1,'function':{'name':'f','arguments':''}}]}"), "messages[0].tool_calls[0].id"),
        S_CHAT_TYPE(S_CHAT("{'role':'assistant','tool_calls':[{'id':'a','function':{'name':'f','arguments':{}}}]}"), "messages[0].tool_calls[0].function.arguments"),
        S_CHAT_MISSING(S_CHAT("{'role':'assistant','tool_calls':[{'id':'a','function':{'arguments':''}}]}"), "messages[0].tool_calls[0].function.name"),
        S_CHAT_MISSING(S_CHAT("{'role':'assistant','tool_calls':[{'id':'a','type':'custom','custom':{'name':'f'}}]}"), "messages[0].tool_calls[0].custom.input"),
        S_CHAT_TYPE(S_CHAT("{'role':'assistant','function_call':'f'}"), "messages[0].function_call"), S_CHAT_MISSING(S_CHAT("{'role':'assistant','audio':{}}"), "messages[0].audio.id"),
        S_CHAT_TYPE(S_CHAT("{'role':'tool','tool_call_id':1,'content':'a'}"), "messages[0].tool_call_id"), S_CHAT_MISSING(S_CHAT("{'role':'function','content':'a'}"), "messages[0].name"),
        S_CHAT_TYPE("{'model':5,'messages':[" S_CHAT_HI "]}", "model"), S_CHAT_TYPE(S_CHAT_WITH("'max_tokens':'5'"), "max_tokens"), S_CHAT_TYPE(S_CHAT_WITH("'max_completion_tokens':1.5"), "max_completion_tokens"),
        S_CHAT_TYPE(S_CHAT_WITH("'temperature':'hot'"), "temperature"), S_CHAT_TYPE(S_CHAT_WITH("'top_p':[]"), "top_p"), S_CHAT_TYPE(S_CHAT_WITH("'n':'2'"), "n"), S_CHAT_TYPE(S_CHAT_WITH("'seed':true"), "seed"),
        S_CHAT_TYPE(S_CHAT_WITH("'stop':5"), "stop"), S_CHAT_TYPE(S_CHAT_WITH("'stop':['a',5]"), "stop[1]"), S_CHAT_TYPE(S_CHAT_WITH("'stream':1"), "stream"), S_CHAT_TYPE(S_CHAT_WITH("'stream_options':{'include_usage':1}"), "stream_options.include_usage"),
        S_CHAT_TYPE(S_CHAT_WITH("'tools':{}"), "tools"), S_CHAT_MISSING(S_CHAT_WITH("'tools':[{}]"), "tools[0].function"), S_CHAT_MISSING(S_CHAT_WITH("'tools':[{'type':'function','function':{}}]"), "tools[0].function.name"),
        S_CHAT_TYPE(S_CHAT_WITH("'tools':[{'type':'function','function':{'name':'f','parameters':'x'}}]"), "tools[0].function.parameters"), S_CHAT_TYPE(S_CHAT_WITH("'tools':[{'type':'function','function':{'name':'f','strict':1}}]"), "tools[0].function.strict"),
        S_CHAT_MISSING(S_CHAT_WITH("'tools':[{'type':'custom','custom':{}}]"), "tools[0].custom.name"), S_CHAT_VALUE(S_CHAT_WITH("'tool_choice':'maybe'"), "tool_choice"), S_CHAT_TYPE(S_CHAT_WITH("'tool_choice':5"), "tool_choice"),
        S_CHAT_MISSING(S_CHAT_WITH("'tool_choice':{'type':'function'}"), "tool_choice.function"), S_CHAT_MISSING(S_CHAT_WITH("'tool_choice':{'type':'function','function':{}}"), "tool_choice.function.name"),
        S_CHAT_VALUE(S_CHAT_WITH("'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'x','tools':[]}}"), "tool_choice.allowed_tools.mode"), S_CHAT_TYPE(S_CHAT_WITH("'parallel_tool_calls':'yes'"), "parallel_tool_calls"),
        S_CHAT_MISSING(S_CHAT_WITH("'response_format':{}"), "response_format.type"), S_CHAT_MISSING(S_CHAT_WITH("'response_format':{'type':'json_schema'}"), "response_format.json_schema"),
        S_CHAT_TYPE(S_CHAT_WITH("'response_format':{'type':'json_schema','json_schema':{'schema':1}}"), "response_format.json_schema.schema"), S_CHAT_TYPE(S_CHAT_WITH("'reasoning_effort':1"), "reasoning_effort"),
        S_CHAT_TYPE(S_CHAT_WITH("'user':1"), "user"), S_CHAT_TYPE(S_CHAT_WITH("'functions':[1]"), "functions[0]"), S_CHAT_MISSING(S_CHAT_WITH("'functions':[{}]"), "functions[0].name"), S_CHAT_TYPE(S_CHAT_WITH("'metadata':1"), "metadata"),
        S_CHAT_TYPE(S_CHAT_WITH("'modalities':[1]"), "modalities[0]"), S_CHAT_TYPE(S_CHAT_WITH("'audio':1"), "audio"), S_CHAT_TYPE(S_CHAT_WITH("'logprobs':1"), "logprobs"), S_CHAT_TYPE(S_CHAT_WITH("'logit_bias':[]"), "logit_bias"),
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_asked a;
        s_chat_ask(Q(cases[i].body), &a);
        if (!CHECK(a.error.code == LLMPROV_ERR_ARGUMENT && !strcmp(a.error.param, cases[i].path) && !strcmp(a.error.provider_code, cases[i].code) && a.error.http_status == 400) && !test_excused())
            printf("    %s\n    %s: %s (%s)\n", cases[i].body, a.error.param, a.error.message, a.error.provider_code);
        llmprov_asked_free(&a);
    }
}

TEST(s_chat_checks_pairs) {
    static const struct { const char *body, *param; } cases[] = {
        { S_CHAT(S_CHAT_HI), NULL }, { "{'messages':[" S_CHAT_HI "]}", "model" }, { "{'model':'m','messages':[]}", "messages" },
        { S_CHAT(S_CHAT_HI ",{'role':'tool','tool_call_id':'c1','content':'1'}"), "messages[1].tool_call_id" },
        { S_CHAT(S_CHAT_HI ",{'role':'assistant','content':'a','tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{}'}}]}," S_CHAT_HI), "messages[1].tool_calls[0]" },
        { S_CHAT_CALLING("'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':'{}'}}]"), NULL },
        { S_CHAT(S_CHAT_HI ",{'role':'assistant','function_call':{'name':'f','arguments':'{}'}},{'role':'function','name':'f','content':'1'}"), NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_asked a;
        if (!s_chat_ask(Q(cases[i].body), &a)) {
            llmprov_status status = llmprov_asked_check(&a, NULL);
            if (!cases[i].param) CHECK(status == LLMPROV_OK || status == LLMPROV_ERR_NO_MEMORY);
            else if (status != LLMPROV_ERR_NO_MEMORY) CHECK_STR(a.error.param, cases[i].param);
        }
        llmprov_asked_free(&a);
    }
}

static const char s_chat_sample[] =
    "{\"model\":\"m\",\"max_tokens\":5,\"stop\":[\"a\"],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}},{\"type\":\"custom\",\"custom\":{\"name\":\"g\"}}],"
    "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}},\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"a\":1}}},\"reasoning\":{\"effort\":\"low\"},"
    "\"messages\":[{\"role\":\"developer\",\"content\":\"\\u00e4\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}},"
    "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"QUJD\",\"format\":\"wav\"}},{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}]},{\"role\":\"assistant\",\"reasoning\":\"r\",\"refusal\":\"n\",\"tool_calls\":["
    "{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"id\":\"d\",\"type\":\"custom\",\"custom\":{\"name\":\"g\",\"input\":\"\\n\"}}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"1\"},{\"role\":\"tool\",\"tool_call_id\":\"d\",\"content\":[{\"type\":\"text\",\"text\":\"2\"}]}]}";

TEST_NO_OOM(s_chat_any_beginning_fails_cleanly) {
    size_t len;
    for (len = 0; len < sizeof s_chat_sample - 1; len++) {
        llmprov_asked a;
        CHECK_INT(llmprov_ask(NULL, "openai-chat", s_chat_sample, len, NULL, &a), LLMPROV_ERR_BAD_JSON);
        llmprov_asked_free(&a);
    }
}

/* Bytes replaced: refused with a sentence, or a request that both formats can write or refuse. */
TEST_NO_OOM(s_chat_damaged_requests) {
    static const char bytes[] = "{}[]:,\"\\u0n1t- x\xFF";
    llmprov_desc d = { .provider = "openai", .api_key = "k", .alloc = test_alloc() }, e = { .provider = "anthropic", .api_key = "k", .alloc = test_alloc() };
    llmprov_client *clients[2] = { llmprov_open(&d), llmprov_open(&e) };
    char copy[sizeof s_chat_sample];
    int round, rounds = getenv("TEST_LONG") ? 60000 : 3000, fine = 0, k;
    for (round = 0; round < rounds && !test_now.failures; round++) {
        llmprov_asked a;
        int damage;
        memcpy(copy, s_chat_sample, sizeof copy);
        for (damage = round % 3; damage >= 0; damage--) copy[(size_t)(test_random() >> 33) % (sizeof copy - 1)] = bytes[(size_t)(test_random() >> 33) % (sizeof bytes - 1)];
        for (k = 0; k < 2 && s_chat_ask(copy, &a) == LLMPROV_OK; k++) {
            llmprov_call *call = llmprov_call_chat(clients[k], &a.request);
            size_t len;
            const char *body = (const char *)llmprov_call_body_whole(call, &len);
            llmprov_error err = { .code = LLMPROV_OK };
            if (body) llmprov_json_free(llmprov_json_parse(body, len, NULL, &err));
            if (body && !CHECK(!err.code && llmprov__text_valid(body, len) == len)) printf("    %s\n    %s\n", copy, body);
            fine += body != NULL;
            llmprov_call_free(call);
            llmprov_asked_free(&a);
        }
        if (k < 2) llmprov_asked_free(&a);
    }
    CHECK(fine > rounds / 20);
    llmprov_close(clients[0]);
    llmprov_close(clients[1]);
}

// -- answers ---------------------------------------------------------------------------------

typedef struct s_chat_out {
    llmprov_face *face;
    engine_trace trace;
    engine_text bytes;
} s_chat_out;

static bool s_chat_take(void *user, const void *bytes, size_t len) {
    engine_add(&((s_chat_out *)user)->bytes, (const char *)bytes, len);
    return true;
}

static bool s_chat_event(void *user, const llmprov_event *e) {
    s_chat_out *out = (s_chat_out *)user;
    if (e->type != LLMPROV_EVENT_ERROR) engine_on_event(&out->trace, e);
    llmprov_face_event(out->face, e);
    return true;
}

/* A client's request that wants the usage of a stream. */
static const char s_chat_asking[] = "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

/* Reads a reply of a format and writes it as openai-chat for who asked with `asking`; the result is in out->bytes. */
static llmprov_status s_chat_convert(const char *format, const llmprov_provider *row, int stream, const engine_wire *w, const llmprov_asked *asking, s_chat_out *out, llmprov_response *r) {
    llmprov_face_desc f = { .format = "openai-chat", .from = format, .created = 1, .out = s_chat_take, .user = out, .alloc = test_alloc() };
    llmprov_desc desc = { .provider = row ? row->id : NULL };
    llmprov_client *client = engine_open(format, &desc);
    llmprov_request req = { .model = "test-model", .prompt = "Hello", .stream = stream == ENGINE_STREAM ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF, .on_event = s_chat_event, .user = out };
    llmprov_call *call;
    llmprov_status status = LLMPROV_ERR_NO_MEMORY;
    memset(out, 0, sizeof *out);
    memset(r, 0, sizeof *r);
    engine_add(&out->bytes, "", 0);
    f.request = asking ? &asking->request : NULL;
    out->face = llmprov_face_open(&f);
    if (stream != ENGINE_STREAM) req.on_event = NULL;
    call = out->face ? llmprov_call_chat(client, &req) : NULL;
    if (call) {
        llmprov_call_mute(call);
        llmprov_call_head(call, w->status, w->headers, w->header_count);
        llmprov_call_feed(call, w->body, w->len);
        llmprov_call_eof(call);
        status = llmprov_call_take(call, r);
        if (stream != ENGINE_STREAM && status != LLMPROV_ERR_NO_MEMORY) llmprov_face_reply(out->face, r);
        llmprov_call_free(call);
    }
    llmprov_close(client);
    return status;
}

static void s_chat_out_free(s_chat_out *out) {
    llmprov_face_free(out->face);
    engine_trace_free(&out->trace);
    engine_text_free(&out->bytes);
}

/* Writes a stream of this format anew, and reads that: whole, byte by byte, in random cuts it gives the events of the first. */
static void s_chat_twice(const char *what, const engine_wire *w) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    llmprov_asked asking;
    s_chat_out out;
    llmprov_response r;
    engine_text told;
    if (s_chat_ask(s_chat_asking, &asking) == LLMPROV_OK && s_chat_convert("openai-chat", NULL, ENGINE_STREAM, w, &asking, &out, &r) == LLMPROV_OK) {
        engine_wire again = engine_wire_of(ENGINE_STREAM, 200, out.bytes.ptr, out.bytes.len);
        engine_reply second = engine_read_wire(engine_open("openai-chat", NULL), &req, ENGINE_STREAM, &again, __FILE__, __LINE__);
        told = engine_told(&out.trace);
        if (!test_check_text(second.told.ptr, second.told.len, told.ptr, told.len, what, __FILE__, __LINE__) && !test_excused()) printf("%s\n", out.bytes.ptr);
        engine_text_free(&told);
        engine_reply_free(&second);
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    } else if (!asking.error.code) {
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    }
    llmprov_asked_free(&asking);
}

#define S_CHAT_USAGE CHAT_USAGE("{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12}")
#define S_CHAT_CHOICE(choice, delta) CHAT_TOP("'choices':[{'index':" choice ",'delta':" delta ",'finish_reason':null}]")

TEST(s_chat_streams_are_written_as_they_were_read) {
    static const char *const streams[] = {
        CHAT("{'role':'assistant','content':''}") CHAT("{'content':'Hel'}") CHAT("{'content':'lo \\u00e4\\n\\\"x\\\"'}") CHAT("{'content':'!'}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'reasoning_content':'Hm, '}") CHAT("{'reasoning_content':'yes.'}") CHAT("{'content':'a'}") CHAT("{'content':'b'}") CHAT_END("length") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'reasoning':'Hm.','reasoning_details':[{'type':'reasoning.text','text':'Hm.'}]}") CHAT("{'content':'a'}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f','arguments':''}}]}") CHAT("{'tool_calls':[{'index':1,'id':'b','type':'function','function':{'name':'g','arguments':'{'}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'{\\\"x\\\":'}}]}") CHAT("{'tool_calls':[{'index':1,'function':{'arguments':'}'}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]}")
        CHAT("{'tool_calls':[{'index':2,'id':'c','type':'function','function':{'name':'h','arguments':'{}'}}]}") CHAT_END("tool_calls") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'content':'Let me see.'}") CHAT("{'tool_calls':[{'index':0,'id':'a','type':'custom','custom':{'name':'f','input':'print('}}]}") CHAT("{'tool_calls':[{'index':0,'custom':{'input':'\\\"\\u00e4\\\\n\\\")'}}]}")
        CHAT_END("tool_calls") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'refusal':'I will '}") CHAT("{'refusal':'not.'}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'content':'Well: '}") CHAT("{'refusal':'no.'}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'content':'a'}") CHAT_END("content_filter") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'content':'a','annotations':[{'type':'url_citation','url_citation':{'start_index':0,'end_index':1,'title':'T','url':'u'}}]}") CHAT("{'content':'b'}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'audio':{'id':'audio_1'}}") CHAT("{'audio':{'data':'QUJDREVG'}}") CHAT("{'audio':{'transcript':'Hi'}}") CHAT("{'audio':{'expires_at':9}}") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT_TOP("'choices':[{'index':0,'delta':{'content':'a'},'logprobs':{'content':[{'token':'a','logprob':-0.5,'bytes':[97],'top_logprobs':[]}],'refusal':null},'finish_reason':null}]") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        S_CHAT_CHOICE("0", "{'content':'a'}") S_CHAT_CHOICE("1", "{'content':'b'}") S_CHAT_CHOICE("0", "{'content':'c'}") S_CHAT_CHOICE("1", "{'tool_calls':[{'index':0,'id':'x','function':{'name':'f','arguments':'{}'}}]}")
        CHAT_TOP("'choices':[{'index':1,'delta':{},'finish_reason':'tool_calls'}]") CHAT_END("stop") S_CHAT_USAGE CHAT_DONE,
        CHAT("{'content':'a'}") CHAT_TOP("'choices':[{'index':0,'delta':{},'finish_reason':'stop','stop_reason':'END'}]")
        CHAT_TOP("'choices':[],'system_fingerprint':'fp','service_tier':'flex','usage':{'prompt_tokens':50,'completion_tokens':7,'total_tokens':57,'prompt_tokens_details':{'cached_tokens':20,'cache_write_tokens':5,'audio_tokens':1},"
                 "'completion_tokens_details':{'reasoning_tokens':3,'audio_tokens':2}}") CHAT_DONE,
        CHAT("{'content':'a'}") CHAT_END("model_length") S_CHAT_USAGE CHAT_DONE, CHAT("{'content':'a'}") CHAT_END("odd_word") S_CHAT_USAGE CHAT_DONE,
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(streams) && !test_excused(); i++) {
        const char *text = Q(streams[i]);
        engine_wire w = engine_wire_of(ENGINE_STREAM, 200, text, strlen(text));
        s_chat_twice(streams[i], &w);
    }
}

/* The body of a golden file; NULL ptr when there is none, or it is a refusal. */
static engine_text s_chat_golden(const char *format, const char *name, const char *file, const char **body) {
    char path[300];
    engine_text t;
    sprintf(path, "tests/wire/%s/%s/%s", format, name, file);
    t = engine_file(path);
    *body = t.ptr && !strncmp(t.ptr, "HTTP/1.1 200", 12) ? strstr(t.ptr, "\n\n") : NULL;
    if (*body) *body += 2;
    return t;
}

static const char *const s_chat_cases[] = { "hello", "tool", "tool_text", "tools_parallel", "tool_no_arguments", "thinking", "length", "stop_sequence", "refusal", "unicode", "cache_usage", "redacted", "citations" };

/* What another format's model says reads as the same answer: text, thinking, calls and usage. */
TEST_NO_OOM(s_chat_says_what_anthropic_said) {
    size_t i, j;
    int stream;
    for (i = 0; i < LLMPROV__COUNT(s_chat_cases) && !test_excused(); i++)
        for (stream = 0; stream < 2; stream++) {
            const char *body;
            engine_text file = s_chat_golden("anthropic-messages", s_chat_cases[i], stream ? "stream.txt" : "reply.txt", &body);
            if (body) {
                engine_wire w = engine_wire_of(stream, 200, body, file.len - (size_t)(body - file.ptr));
                llmprov_asked asking;
                s_chat_out out;
                llmprov_response r;
                engine_reply again;
                s_chat_ask(s_chat_asking, &asking);
                CHECK_INT(s_chat_convert("anthropic-messages", NULL, stream, &w, &asking, &out, &r), LLMPROV_OK);
                again = engine_read_at("openai-chat", stream, 200, out.bytes.ptr, out.bytes.len, __FILE__, __LINE__);
                CHECK_INT(again.status, LLMPROV_OK);
                CHECK_STR(again.r.text, r.text);
                CHECK_STR(again.r.id, r.id);
                CHECK_STR(again.r.model, r.model);
                CHECK_INT(engine_count(&again.r.message, LLMPROV_BLOCK_TOOL_USE), engine_count(&r.message, LLMPROV_BLOCK_TOOL_USE));
                for (j = 0; j < (size_t)engine_count(&r.message, LLMPROV_BLOCK_TOOL_USE); j++) {
                    CHECK_STR(engine_call(again, (int)j)->id, engine_call(again, (int)j)->id);
                    CHECK_JSON(engine_call(again, (int)j)->json, engine_call(again, (int)j)->json_len, engine_block(&r.message, LLMPROV_BLOCK_TOOL_USE, (int)j)->json);
                }
                CHECK_STR(engine_block(&again.r.message, LLMPROV_BLOCK_THINKING, 0)->text, engine_block(&r.message, LLMPROV_BLOCK_THINKING, 0)->text);
                CHECK_INT(again.r.stop == r.stop || (r.stop == LLMPROV_STOP_SEQUENCE && again.r.stop == LLMPROV_STOP_END), true);
                CHECK_INT(again.r.usage.input_tokens, r.usage.input_tokens);
                CHECK_INT(again.r.usage.cache_read_tokens, r.usage.cache_read_tokens);
                CHECK_INT(again.r.usage.cache_write_5m_tokens, r.usage.cache_write_5m_tokens + r.usage.cache_write_1h_tokens);
                CHECK_INT(again.r.usage.output_tokens, r.usage.output_tokens);
                CHECK_INT(again.r.usage.thinking_tokens, r.usage.thinking_tokens);
                engine_reply_free(&again);
                llmprov_response_free(&r);
                s_chat_out_free(&out);
                llmprov_asked_free(&asking);
            } else if (i < 4) CHECK(false);
            engine_text_free(&file);
        }
}

/* Whole replies of this format go out as they came in, but for what their server invented. */
TEST(s_chat_replies_are_written_as_they_were_read) {
    static const char *const replies[] = {
        "{'id':'c1','object':'chat.completion','created':1,'model':'m-1','choices':[{'index':0,'message':{'role':'assistant','content':'Hi','refusal':null},'logprobs':null,'finish_reason':'stop'}],"
        "'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12,'prompt_tokens_details':{'cached_tokens':1,'cache_write_tokens':0,'audio_tokens':0},"
        "'completion_tokens_details':{'reasoning_tokens':2,'audio_tokens':0,'accepted_prediction_tokens':3}},'service_tier':'default','system_fingerprint':'fp'}",
        "{'id':'c1','object':'chat.completion','created':1,'model':'m-1','choices':[{'index':0,'message':{'role':'assistant','content':null,'refusal':null,'tool_calls':[{'id':'a','type':'function','function':"
        "{'name':'f','arguments':'{\\\"x\\\": 1}'}},{'id':'b','type':'custom','custom':{'name':'g','input':'a\\n'}}]},'logprobs':null,'finish_reason':'tool_calls'},{'index':1,'message':{'role':'assistant','content':'b',"
        "'refusal':null,'annotations':[{'type':'url_citation','url_citation':{'start_index':0,'end_index':1,'title':'T','url':'u'}}]},'logprobs':{'content':[{'token':'b','logprob':0,'bytes':null,'top_logprobs':[]}],'refusal':null},"
        "'finish_reason':'stop'}],'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12,'prompt_tokens_details':{'cached_tokens':0,'cache_write_tokens':0,'audio_tokens':0},"
        "'completion_tokens_details':{'reasoning_tokens':0,'audio_tokens':0}}}",
        "{'id':'c1','object':'chat.completion','created':1,'model':'m-1','choices':[{'index':0,'message':{'role':'assistant','content':null,'refusal':'No.','reasoning_content':'Hm.'},'logprobs':null,'finish_reason':'stop'}],"
        "'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12,'prompt_tokens_details':{'cached_tokens':0,'cache_write_tokens':0,'audio_tokens':0},'completion_tokens_details':{'reasoning_tokens':0,'audio_tokens':0}}}",
        "{'id':'c1','object':'chat.completion','created':1,'model':'m-1','choices':[{'index':0,'message':{'role':'assistant','content':null,'refusal':null,'audio':{'id':'audio_1','data':'QUJDRA==','expires_at':9,'transcript':'Hi'}},"
        "'logprobs':null,'finish_reason':'stop'}],'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12,'prompt_tokens_details':{'cached_tokens':0,'cache_write_tokens':0,'audio_tokens':0},"
        "'completion_tokens_details':{'reasoning_tokens':0,'audio_tokens':7}}}",
    };
    size_t i, count;
    for (i = 0; i < LLMPROV__COUNT(replies); i++) {
        const char *text = Q(replies[i]);
        engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, text, strlen(text));
        s_chat_out out;
        llmprov_response r;
        if (s_chat_convert("openai-chat", NULL, ENGINE_WHOLE, &w, NULL, &out, &r) == LLMPROV_OK) {
            CHECK_JSON(out.bytes.ptr, out.bytes.len, text);
            llmprov_face_warnings(out.face, &count);
            CHECK_INT(count, 0);
        }
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    }
}

/* The frames of a stream, to the byte: the first says the role, usage is told to who asked for it, and in the end. */
TEST(s_chat_frames) {
#define S_CHAT_FRAME(usage, inside) "data: {\"id\":\"msg_1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\"," usage "\"choices\":[" inside "]"
#define S_CHAT_STEP(usage, delta) S_CHAT_FRAME(usage, "{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}") "}\n\n"
#define S_CHAT_ALL(usage) S_CHAT_STEP(usage, "{\"role\":\"assistant\",\"content\":\"\"}") S_CHAT_STEP(usage, "{\"reasoning_content\":\"Hm\"}") S_CHAT_STEP(usage, "{\"reasoning_content\":\".\"}") \
        S_CHAT_STEP(usage, "{\"content\":\"a\"}") S_CHAT_STEP(usage, "{\"content\":\"b\\n\"}") S_CHAT_STEP(usage, "{\"content\":\"c\"}") \
        S_CHAT_STEP(usage, "{\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}") \
        S_CHAT_STEP(usage, "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]}") S_CHAT_STEP(usage, "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}") \
        S_CHAT_STEP(usage, "{\"tool_calls\":[{\"index\":1,\"id\":\"t2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]}") \
        S_CHAT_STEP(usage, "{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{}\"}}]}") S_CHAT_FRAME(usage, "{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}") "}\n\n"
    const char *from = Q(MSG_START MSG_BLOCK("0", "{'type':'thinking','thinking':'','signature':''}") MSG_DELTA("0", "{'type':'thinking_delta','thinking':'Hm'}") MSG_DELTA("0", "{'type':'thinking_delta','thinking':'.'}")
                         MSG_DELTA("0", "{'type':'signature_delta','signature':'sig'}") MSG_STOP("0") MSG_BLOCK("1", "{'type':'redacted_thinking','data':'x'}") MSG_STOP("1")
                         MSG_BLOCK("2", "{'type':'text','text':''}") MSG_DELTA("2", "{'type':'text_delta','text':'a'}") MSG_DELTA("2", "{'type':'text_delta','text':'b\\n'}") MSG_DELTA("2", "{'type':'text_delta','text':'c'}") MSG_STOP("2")
                         MSG_BLOCK("3", "{'type':'server_tool_use','id':'s1','name':'web_search','input':{}}") MSG_STOP("3")
                         MSG_BLOCK("4", "{'type':'tool_use','id':'t1','name':'f','input':{}}") MSG_DELTA("4", "{'type':'input_json_delta','partial_json':'{\\\"x\\\":'}") MSG_DELTA("4", "{'type':'input_json_delta','partial_json':'1}'}") MSG_STOP("4")
                         MSG_BLOCK("5", "{'type':'tool_use','id':'t2','name':'g','input':{}}") MSG_STOP("5") MSG_END("tool_use"));
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, from, strlen(from));
    llmprov_asked asking;
    s_chat_out out;
    llmprov_response r;
    size_t count;
    const llmprov_warning *warnings;
    if (s_chat_convert("anthropic-messages", NULL, ENGINE_STREAM, &w, NULL, &out, &r) == LLMPROV_OK) {
        CHECK_TEXT(out.bytes.ptr, out.bytes.len, S_CHAT_ALL("") "data: [DONE]\n\n");
        warnings = llmprov_face_warnings(out.face, &count);
        CHECK_INT(count, 3);
        if (count == 3) CHECK(!strcmp(warnings[0].field, "signature") && !strcmp(warnings[1].field, "redacted_thinking") && !strcmp(warnings[2].field, "content"));
    }
    llmprov_response_free(&r);
    s_chat_out_free(&out);
    if (s_chat_ask(s_chat_asking, &asking) == LLMPROV_OK) {
        if (s_chat_convert("anthropic-messages", NULL, ENGINE_STREAM, &w, &asking, &out, &r) == LLMPROV_OK) {
            engine_add(&out.bytes, "", 0);
            if (CHECK(out.bytes.len > sizeof(S_CHAT_ALL("\"usage\":null,")) - 1))
                CHECK_TEXT(out.bytes.ptr, sizeof(S_CHAT_ALL("\"usage\":null,")) - 1, S_CHAT_ALL("\"usage\":null,"));
            CHECK(strstr(out.bytes.ptr, "\"choices\":[],\"usage\":{\"prompt_tokens\":") && strstr(out.bytes.ptr, "}\n\ndata: [DONE]\n\n"));
        }
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    }
    llmprov_asked_free(&asking);
}

/* Who asked with functions gets a function_call, and a tool whose input is a text gets text. */
TEST(s_chat_answers_in_the_words_of_the_question) {
    static const char functions[] = "{'functions':[{'name':'f'}],'messages':[" S_CHAT_HI "]}", custom[] = "{'tools':[{'type':'custom','custom':{'name':'f'}}],'messages':[" S_CHAT_HI "]}";
    const char *from = Q(MSG_WHOLE("[{'type':'tool_use','id':'t1','name':'f','input':{'input':'x\\ny'}}]", "tool_use"));
    const char *stream = Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'t1','name':'f','input':{}}") MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'{\\\"input\\\": \\\"x\\\\'}")
                           MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'ny\\\"}'}") MSG_STOP("0") MSG_END("tool_use"));
    const struct { const char *asking; int stream; const char *says, *finish; } cases[] = {
        { functions, ENGINE_WHOLE, "\"function_call\":{\"name\":\"f\",\"arguments\":\"{\\\"input\\\":\\\"x\\\\ny\\\"}\"}", "\"function_call\"" },
        { functions, ENGINE_STREAM, "\"delta\":{\"function_call\":{\"arguments\":\"{\\\"input\\\": \\\"x\\\\\"}}", "\"finish_reason\":\"function_call\"" },
        { custom, ENGINE_WHOLE, "\"tool_calls\":[{\"id\":\"t1\",\"type\":\"custom\",\"custom\":{\"name\":\"f\",\"input\":\"x\\ny\"}}]", "\"tool_calls\"" },
        { custom, ENGINE_STREAM, "{\"tool_calls\":[{\"index\":0,\"custom\":{\"input\":\"x\\ny\"}}]}", "\"finish_reason\":\"tool_calls\"" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        const char *body = cases[i].stream ? stream : from;
        engine_wire w = engine_wire_of(cases[i].stream, 200, body, strlen(body));
        llmprov_asked asking;
        s_chat_out out;
        llmprov_response r;
        if (s_chat_ask(Q(cases[i].asking), &asking) == LLMPROV_OK) {
            if (s_chat_convert("anthropic-messages", NULL, cases[i].stream, &w, &asking, &out, &r) == LLMPROV_OK)
                if (!CHECK(strstr(out.bytes.ptr, cases[i].says) && strstr(out.bytes.ptr, cases[i].finish)) && !test_excused()) printf("%s\n", out.bytes.ptr);
            llmprov_response_free(&r);
            s_chat_out_free(&out);
        }
        llmprov_asked_free(&asking);
    }
}

/* Citations of URLs are on the characters that they are about; those of documents have no place. */
TEST(s_chat_citations) {
    const char *whole = Q(MSG_WHOLE("[{'type':'text','text':'\\u00e4b '},{'type':'text','text':'cd','citations':[{'type':'web_search_result_location','url':'https://u','title':'T','cited_text':'x'},"
                                    "{'type':'char_location','cited_text':'y','document_index':0}]}]", "end_turn"));
    const char *stream = Q(MSG_START MSG_TEXT("0", "\\u00e4") MSG_BLOCK("1", "{'type':'text','text':''}") MSG_DELTA("1", "{'type':'text_delta','text':'b '}") MSG_DELTA("1", "{'type':'text_delta','text':'cd'}") MSG_DELTA("1", "{'type':'text_delta','text':'e'}")
                           MSG_DELTA("1", "{'type':'citations_delta','citation':{'type':'web_search_result_location','url':'https://u','title':'T','cited_text':'x'}}") MSG_STOP("1") MSG_END("end_turn"));
    int k;
    for (k = 0; k < 2; k++) {
        engine_wire w = engine_wire_of(k ? ENGINE_STREAM : ENGINE_WHOLE, 200, k ? stream : whole, strlen(k ? stream : whole));
        s_chat_out out;
        llmprov_response r;
        size_t count;
        if (s_chat_convert("anthropic-messages", NULL, k ? ENGINE_STREAM : ENGINE_WHOLE, &w, NULL, &out, &r) == LLMPROV_OK) {
            CHECK(strstr(out.bytes.ptr, k ? "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":1,\"end_index\":6,\"title\":\"T\",\"url\":\"https://u\"}}]"
                                          : "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":3,\"end_index\":5,\"title\":\"T\",\"url\":\"https://u\"}}]"));
            llmprov_face_warnings(out.face, &count);
            CHECK_INT(count, k ? 0 : 1);
        }
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    }
}

/* The second piece of each kind of delta takes the shortcut: its frame is the one before it with another text. */
TEST(s_chat_deltas_are_cheap) {
    static const struct { llmprov_block_type type; llmprov_event_type event; } kinds[] = {
        { LLMPROV_BLOCK_TEXT, LLMPROV_EVENT_TEXT }, { LLMPROV_BLOCK_THINKING, LLMPROV_EVENT_THINKING }, { LLMPROV_BLOCK_TOOL_USE, LLMPROV_EVENT_JSON },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(kinds); i++) {
        s_chat_out out;
        llmprov_asked asking;
        llmprov_face_desc f = { .format = "openai-chat", .out = s_chat_take, .user = &out, .alloc = test_alloc() };
        llmprov_block block = { .type = kinds[i].type, .id = "a1", .name = "f" };
        llmprov_event e = { .type = LLMPROV_EVENT_START, .id = "x", .model = "m" };
        memset(&out, 0, sizeof out);
        engine_add(&out.bytes, "", 0);
        if (s_chat_ask(s_chat_asking, &asking) == LLMPROV_OK) {
            f.request = &asking.request;
            out.face = llmprov_face_open(&f);
            llmprov_face_event(out.face, &e);
            e.type = LLMPROV_EVENT_BLOCK;
            e.block = &block;
            llmprov_face_event(out.face, &e);
            e.type = kinds[i].event;
            e.text = "{";
            e.text_len = 1;
            if (llmprov_face_event(out.face, &e) == LLMPROV_OK) CHECK(out.face->hot.armed);
            s_chat_out_free(&out);
        } else engine_text_free(&out.bytes);
        llmprov_asked_free(&asking);
    }
}

/* Bytes in any pieces make one text of base64. */
TEST(s_chat_audio_in_pieces) {
    static const char bytes[] = "ABCDEFGHIJK";
    s_chat_out out;
    llmprov_face_desc f = { .format = "openai-chat", .out = s_chat_take, .user = &out, .alloc = test_alloc() };
    llmprov_block block = { .type = LLMPROV_BLOCK_AUDIO, .id = "a1" };
    llmprov_event e = { .type = LLMPROV_EVENT_START, .id = "x", .model = "m" };
    engine_text all = { NULL, 0, 0 };
    const char *p;
    size_t at;
    memset(&out, 0, sizeof out);
    engine_add(&out.bytes, "", 0);
    out.face = llmprov_face_open(&f);
    llmprov_face_event(out.face, &e);
    e.type = LLMPROV_EVENT_BLOCK;
    e.block = &block;
    llmprov_face_event(out.face, &e);
    e.type = LLMPROV_EVENT_PART;
    e.kind = "audio";
    for (at = 0; at < 11; at += e.data_len) {
        e.data = bytes + at;
        e.data_len = at == 0 ? 1 : at == 1 ? 4 : 6;
        llmprov_face_event(out.face, &e);
    }
    e.type = LLMPROV_EVENT_BLOCK_END;
    if (llmprov_face_event(out.face, &e) == LLMPROV_OK) {
        for (p = out.bytes.ptr; (p = strstr(p, "\"data\":\"")) != NULL; p += 8) engine_add(&all, p + 8, strcspn(p + 8, "\""));
        CHECK_STR(all.ptr, "QUJDREVGR0hJSks=");
    }
    engine_text_free(&all);
    s_chat_out_free(&out);
}

/* A reason that is no success is never told as one. */
TEST(s_chat_reasons) {
    static const struct { llmprov_stop stop; const char *word, *expected; bool warns; } cases[] = {
        { LLMPROV_STOP_END, "end_turn", "stop", false }, { LLMPROV_STOP_LENGTH, "max_tokens", "length", false }, { LLMPROV_STOP_TOOL_USE, "tool_use", "tool_calls", false },
        { LLMPROV_STOP_REFUSAL, "refusal", "content_filter", false }, { LLMPROV_STOP_CONTEXT, "model_context_window_exceeded", "length", false }, { LLMPROV_STOP_SEQUENCE, "stop_sequence", "stop", false },
        { LLMPROV_STOP_PAUSE, "pause_turn", "length", true }, { LLMPROV_STOP_OTHER, "compaction", "compaction", true }, { LLMPROV_STOP_ERROR, "failed", "failed", true }, { LLMPROV_STOP_OTHER, "", "error", true },
    };
    size_t i, count;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        s_chat_out out;
        llmprov_face_desc f = { .format = "openai-chat", .from = "anthropic-messages", .out = s_chat_take, .user = &out, .alloc = test_alloc() };
        llmprov_response r;
        llmprov_json *v;
        memset(&out, 0, sizeof out);
        memset(&r, 0, sizeof r);
        engine_add(&out.bytes, "", 0);
        r.stop = cases[i].stop;
        r.stop_word = cases[i].word;
        out.face = llmprov_face_open(&f);
        llmprov_face_reply(out.face, &r);
        v = llmprov_json_parse(out.bytes.ptr, out.bytes.len, NULL, NULL);
        CHECK_STR(llmprov_json_str(llmprov_json_path(v, "choices[0].finish_reason"), NULL), cases[i].expected);
        llmprov_face_warnings(out.face, &count);
        CHECK_INT(count, cases[i].warns);
        llmprov_json_free(v);
        s_chat_out_free(&out);
    }
}

TEST(s_chat_errors) {
    static const struct { llmprov_error e; const char *from; int status; const char *body; } cases[] = {
        { { .code = LLMPROV_ERR_ARGUMENT, .message = "n: bad", .param = "n", .provider_code = "invalid_type" }, NULL, 400, "{'error':{'message':'n: bad','type':'invalid_request_error','param':'n','code':'invalid_type'}}" },
        { { .code = LLMPROV_ERR_AUTH, .message = "m", .provider = "anthropic", .provider_code = "authentication_error" }, "anthropic-messages", 401, "{'error':{'message':'m','type':'invalid_request_error','param':null,'code':'invalid_api_key'}}" },
        { { .code = LLMPROV_ERR_FORBIDDEN, .message = "m" }, NULL, 403, "{'error':{'message':'m','type':'invalid_request_error','param':null,'code':'permission_denied'}}" },
        { { .code = LLMPROV_ERR_NOT_FOUND, .message = "m" }, NULL, 404, "{'error':{'message':'m','type':'invalid_request_error','param':null,'code':'model_not_found'}}" },
        { { .code = LLMPROV_ERR_TOO_LONG, .message = "m" }, NULL, 400, "{'error':{'message':'m','type':'invalid_request_error','param':null,'code':'context_length_exceeded'}}" },
        { { .code = LLMPROV_ERR_LIMIT, .message = "m", .http_status = 413, .provider_code = "request_too_large" }, NULL, 413, "{'error':{'message':'m','type':'invalid_request_error','param':null,'code':'request_too_large'}}" },
        { { .code = LLMPROV_ERR_RATE_LIMIT, .message = "m" }, NULL, 429, "{'error':{'message':'m','type':'requests','param':null,'code':'rate_limit_exceeded'}}" },
        { { .code = LLMPROV_ERR_RATE_LIMIT, .message = "m", .provider = "openai", .provider_code = "slow_down" }, "openai-chat", 429, "{'error':{'message':'m','type':'requests','param':null,'code':'slow_down'}}" },
        { { .code = LLMPROV_ERR_QUOTA, .message = "m" }, NULL, 429, "{'error':{'message':'m','type':'insufficient_quota','param':null,'code':'insufficient_quota'}}" },
        { { .code = LLMPROV_ERR_OVERLOADED, .message = "m" }, NULL, 503, "{'error':{'message':'m','type':'server_error','param':null,'code':'server_is_overloaded'}}" },
        { { .code = LLMPROV_ERR_TIMEOUT, .message = "m" }, NULL, 504, "{'error':{'message':'m','type':'server_error','param':null,'code':'timeout_error'}}" },
        { { .code = LLMPROV_ERR_SERVER, .message = "m" }, NULL, 500, "{'error':{'message':'m','type':'server_error','param':null,'code':null}}" },
        { { .code = LLMPROV_ERR_TRUNCATED, .message = "m" }, NULL, 500, "{'error':{'message':'m','type':'server_error','param':null,'code':null}}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        s_chat_out out;
        llmprov_face_desc f = { .format = "openai-chat", .from = cases[i].from, .out = s_chat_take, .user = &out, .alloc = test_alloc() };
        int status;
        memset(&out, 0, sizeof out);
        engine_add(&out.bytes, "", 0);
        out.face = llmprov_face_open(&f);
        if (llmprov_face_error(out.face, &cases[i].e, &status) == LLMPROV_OK) {
            CHECK_INT(status, cases[i].status);
            CHECK_JSON(out.bytes.ptr, out.bytes.len, Q(cases[i].body));
        }
        s_chat_out_free(&out);
    }
}

/* Once a stream began an error is a frame of it, and the client half reads the same kind of error. */
TEST(s_chat_error_inside_a_stream) {
    static const struct { const char *type; llmprov_status code; } cases[] = {
        { "overloaded_error", LLMPROV_ERR_OVERLOADED }, { "rate_limit_error", LLMPROV_ERR_RATE_LIMIT }, { "api_error", LLMPROV_ERR_SERVER }, { "invalid_request_error", LLMPROV_ERR_REQUEST },
        { "authentication_error", LLMPROV_ERR_AUTH }, { "permission_error", LLMPROV_ERR_FORBIDDEN }, { "not_found_error", LLMPROV_ERR_NOT_FOUND }, { "timeout_error", LLMPROV_ERR_TIMEOUT },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char text[1200];
        engine_wire w;
        s_chat_out out;
        llmprov_response r;
        engine_reply again;
        sprintf(text, "%s", Q(MSG_START MSG_TEXT("0", "a")));
        sprintf(text + strlen(text), "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"It broke.\"}}\n\n", cases[i].type);
        w = engine_wire_of(ENGINE_STREAM, 200, text, strlen(text));
        if (s_chat_convert("anthropic-messages", NULL, ENGINE_STREAM, &w, NULL, &out, &r) == cases[i].code) {
            CHECK(strstr(out.bytes.ptr, "data: {\"error\":{\"message\":\"It broke.\""));
            CHECK(!strstr(out.bytes.ptr, "[DONE]"));
            again = engine_read("openai-chat", ENGINE_STREAM, 200, out.bytes.ptr);
            CHECK_INT(again.status, cases[i].code);
            CHECK_STR(again.r.text, "a");
            engine_reply_free(&again);
        } else CHECK(false);
        llmprov_response_free(&r);
        s_chat_out_free(&out);
    }
}

/* Anthropic answers that hold what is told of a cache: parts of the prompt here, beside it there. */
TEST(s_chat_usage_that_does_not_add_up) {
    static const struct { const char *usage; int64_t input, read, written; } cases[] = {
        { "{'prompt_tokens':10,'completion_tokens':1,'total_tokens':11,'prompt_tokens_details':{'cached_tokens':4,'cache_write_tokens':3}}", 3, 4, 3 },
        { "{'prompt_tokens':10,'completion_tokens':1,'total_tokens':11,'prompt_tokens_details':{'cached_tokens':40}}", 10, 40, 0 },
        { "{'prompt_tokens':10,'completion_tokens':1,'total_tokens':11,'prompt_tokens_details':{'cached_tokens':8,'cache_write_tokens':8}}", 2, 8, 8 },
        { "{'prompt_tokens':10,'completion_tokens':1,'total_tokens':18,'prompt_tokens_details':{'cached_tokens':4,'cache_write_tokens':3}}", 10, 4, 3 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char text[600];
        engine_reply reply;
        sprintf(text, "{'id':'c1','model':'m','choices':[{'index':0,'message':{'role':'assistant','content':'a'},'finish_reason':'stop'}],'usage':%s}", cases[i].usage);
        reply = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(text));
        CHECK_INT(reply.r.usage.input_tokens, cases[i].input);
        CHECK_INT(reply.r.usage.cache_read_tokens, cases[i].read);
        CHECK_INT(reply.r.usage.cache_write_5m_tokens, cases[i].written);
        engine_reply_free(&reply);
    }
}

/* A call of a tool whose input is a text goes back as one, also from a history that was saved. */
TEST(s_chat_custom_calls_go_back_as_they_came) {
    engine_reply reply = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':'custom','custom':{'name':'g','input':'a\\nb'}}]}", "tool_calls")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m-1", .history = &h };
    engine_sent s;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &reply.r.message);
    llmprov_add_tool_result(&h, "c1", "4", false);
    if (reply.status == LLMPROV_OK && !h.status) {
        s = engine_send("custom", &req);
        CHECK_BODY(s, "messages[1].tool_calls", Q("[{'id':'c1','type':'custom','custom':{'name':'g','input':'a\\nb'}}]"));
        engine_sent_free(&s);
    }
    llmprov_history_free(&h);
    engine_reply_free(&reply);
}

/* A member's name that there is no memory for is passed over with its value: were the message left in its middle, its rest
   would be taken for further messages, beyond the end of their list. */
TEST(s_chat_passes_names_without_memory) {
    static char body[4000];
    llmprov_asked asked;
    char *p = body;
    int i;
    p += sprintf(p, "{\"model\":\"m\",\"messages\":[");
    for (i = 1; i < 40; i++) p += sprintf(p, "{\"role\":\"user\",\"content\":\"a\"},");
    p += sprintf(p, "{\"role\":\"user\",\"");
    memset(p, 'a', 1100);
    sprintf(p + 1100, "\":1,\"content\":\"b\",\"c\":2}]}");
    if (s_chat_ask(body, &asked) == LLMPROV_OK) CHECK_INT(asked.request.message_count, 40);
    llmprov_asked_free(&asked);
}
