/* >>t_messages: what every server of this format sends, and what a request that was read in it becomes again. */
#include "engine.h"

TEST(t_messages_streams_of_every_server) {
    static const engine_row rows[] = {
        { MSG_START MSG_EVENT("content_block_delta", ",'index':65536,'delta':{}"), "!a content block has an index beyond 65535" }, { MSG_START MSG_EVENT("content_block_start", ",'index':65536,'content_block':{'type':'text','text':''}"), "!a content block has an index beyond 65535" },
        { MSG_START MSG_STOP("65536"), "!a content block has an index beyond 65535" },
        { MSG_START MSG_EVENT("content_block_delta", ",'index':0") MSG_DELTA("0", "{'type':'text_delta'}") MSG_DELTA("20", "{'type':'text_delta','text':'a'}") MSG_DELTA("20", "{'type':'odd_delta','text':'x','more':1}") MSG_DELTA("30", "{'type':'odd_delta'}") MSG_END("end_turn"), "|a" },
        { MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'a','name':'f','input':{ 'a':1 }}") MSG_STOP("0") MSG_BLOCK("1", "{'type':'text','text':'t','citations':[{'type':'x'}],'none':null,'odd':1}") MSG_STOP("1")
          MSG_BLOCK("2", "{'type':'thinking','thinking':'h','signature':'S','citations':7}") MSG_STOP("2") MSG_BLOCK("3", "{'type':'tool_use','id':'b','name':'g','input':[]}") MSG_STOP("3") MSG_END("end_turn"), NULL },
        { MSG_START MSG_EVENT("message_delta", ",'delta':{'stop_reason':7},'usage':7") MSG_EVENT("message_delta", ",'delta':{'stop_reason':'stop_sequence','stop_sequence':'END'}") MSG_EVENT("message_stop", ""), "" },
        { MSG_START MSG_EVENT("message_delta", ",'delta':{'stop_reason':'end_turn','stop_sequence':7}") MSG_EVENT("message_stop", ""), "" },
        { MSG_START "event: odd\ndata: {'error':{'message':'boom'}}\n\n", "!boom" }, { MSG_START "event: error\ndata: {'type':'x','error':{'message':'boom'}}\n\n", "!boom" }, { MSG_START MSG_START, "!a second message_start came before message_stop" }, { MSG_EVENT("message_start", "") MSG_EVENT("content_block_start", ",'index':0") MSG_END("end_turn"), "" },
    };
    engine_row known[LLMPROV__COUNT(rows)];
    memcpy(known, rows, sizeof rows);
    known[4].shown = "f({\"a\":1})|t|~h^S|g?({\"rawInvalidInput\":\"[]\"})";
    ENGINE_ROWS("anthropic-messages", ENGINE_STREAM, known);
}

TEST(t_messages_whole_replies_of_every_server) {
    static const engine_row rows[] = {
        { "[]", "!the reply is no message: it has no \"content\"" }, { "{'id':'m'}", "!the reply is no message: it has no \"content\"" }, { "{'type':'error'}", "!the provider failed" }, { "{'error':{'message':'boom'}}", "!boom" },
        { "{'content':[{'type':'text','text':'a'}],'stop_reason':'stop_sequence','stop_sequence':'END','usage':7}", "a" },
    };
    ENGINE_ROWS("anthropic-messages", ENGINE_WHOLE, rows);
}

/* A request of a client's, and what goes out; NULL = the same. */
static void t_messages_round(const char *asked, const char *sent, int line) {
    llmprov_alloc alloc = test_alloc();
    engine_text json = { NULL, 0, 0 };
    llmprov_asked a;
    engine_sent s;
    engine_adds(&json, Q(asked));
    if (llmprov_ask(NULL, "anthropic-messages", json.ptr, json.len, &alloc, &a) && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, a.error.message);
    if (!a.error.code) {
        s = engine_send_with("anthropic-messages", NULL, &a.request, __FILE__, line);
        if (!s.body && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, s.error.message);
        if (s.body && !engine_check_json(s.text, s.len, sent ? Q(sent) : json.ptr, "the request", __FILE__, line) && !test_excused()) printf("    %s\n", asked);
        engine_sent_free(&s);
    }
    llmprov_asked_free(&a);
    engine_text_free(&json);
}

#define T_MESSAGES_ASK(inside) "{'model':'claude-sonnet-4-5','max_tokens':3000," inside ",'messages':[{'role':'user','content':'Hi'}]}"

#define T_MESSAGES_BARE "{'model':'claude-sonnet-4-5','max_tokens':3000,'messages':[{'role':'user','content':'Hi'}]}"

TEST(t_messages_requests_come_back_as_they_were) {
    static const struct { const char *asked, *sent; } cases[] = {
        { T_MESSAGES_ASK("'thinking':{'type':'enabled','budget_tokens':2000,'odd':1}"), NULL }, { T_MESSAGES_ASK("'thinking':{'type':'disabled'}"), NULL }, { T_MESSAGES_ASK("'metadata':{'user_id':'u','odd':1}"), NULL }, { T_MESSAGES_ASK("'metadata':{'odd':1}"), NULL },
        { T_MESSAGES_ASK("'service_tier':'priority'"), NULL }, { T_MESSAGES_ASK("'system':[{'type':'text','text':'S'}]"), NULL }, { T_MESSAGES_ASK("'system':'S'"), NULL }, { T_MESSAGES_ASK("'tools':[{'name':'f','input_schema':{'type':'object'}}],'tool_choice':{'type':'tool','name':'f','disable_parallel_tool_use':true}"), NULL },
        { T_MESSAGES_ASK("'tools':[{'name':'f','input_schema':{'type':'object'}}],'tool_choice':{'type':'auto','disable_parallel_tool_use':false}"), NULL }, { T_MESSAGES_ASK("'tools':[{'type':'mcp_toolset','mcp_server_name':'s'}],'tool_choice':{'type':'any'}"), NULL },
        { T_MESSAGES_ASK("'output_format':{'type':'json_schema','schema':{'type':'object'}}"), NULL }, { T_MESSAGES_ASK("'output_config':{'format':{'type':'json_schema','schema':{'type':'object'}},'odd':1}"), NULL },
        { T_MESSAGES_ASK("'anthropic_version':'2023-06-01'"), T_MESSAGES_BARE }, { T_MESSAGES_ASK("'anthropic_version':'bedrock-2023-05-31'"), T_MESSAGES_BARE }, { T_MESSAGES_ASK("'anthropic_version':''"), T_MESSAGES_BARE }, { T_MESSAGES_ASK("'anthropic_version':':'"), T_MESSAGES_BARE },
        { T_MESSAGES_ASK("'tool_choice':{'type':'none'}"), NULL }, { T_MESSAGES_ASK("'output_format':{'type':'odd'}"), NULL }, { T_MESSAGES_ASK("'output_config':{'format':{'type':'odd'},'odd':1}"), NULL }, { T_MESSAGES_ASK("'system':[{'type':'text','text':'S','odd':1}]"), NULL },
        { T_MESSAGES_ASK("'anthropic_beta':['a','','b\\u0063',7],'anthropic_version':7"), T_MESSAGES_BARE },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) t_messages_round(cases[i].asked, cases[i].sent, __LINE__);
}
