/* >>s_messages: anthropic-messages as a server. What goes through the model to other formats is tested with the wire. */
#include "server.h"

#define S_MESSAGES_ASK(inside) "{'model':'m','max_tokens':5," inside "}"
#define S_MESSAGES_SAID(inside) S_MESSAGES_ASK("'messages':[{'role':'user','content':" inside "}]")

/* A wrong type anywhere is refused, by its path. */
TEST(s_messages_refuses_wrong_types_by_their_path) {
    static const server_case cases[] = {
        { "5", "the request", "invalid_type" }, { "{'model':1,'messages':[]}", "model", "invalid_type" },
        { "{'model':'m'}", "messages", "missing_required_parameter" }, { "{'model':'m','messages':null}", "messages", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':{}"), "messages", "invalid_type" }, { S_MESSAGES_ASK("'messages':[5]"), "messages[0]", "invalid_type" },
        { S_MESSAGES_ASK("'messages':[{}]"), "messages[0].role", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':'a'},{'role':'user'}]"), "messages[1].content", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'robot','content':'a'}]"), "messages[0].role", "invalid_value" },
        { S_MESSAGES_ASK("'messages':[{'role':7,'content':'a'}]"), "messages[0].role", "invalid_type" },
        { S_MESSAGES_SAID("5"), "messages[0].content", "invalid_type" }, { S_MESSAGES_SAID("['a']"), "messages[0].content[0]", "invalid_type" },
        { S_MESSAGES_SAID("[{'text':'a'}]"), "messages[0].content[0].type", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'text','text':'a'},{'type':'text'}]"), "messages[0].content[1].text", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'text','text':5}]"), "messages[0].content[0].text", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'image'}]"), "messages[0].content[0].source", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'image','source':'x'}]"), "messages[0].content[0].source", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'image','source':{'type':'base64','media_type':1}}]"), "messages[0].content[0].source.media_type", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'document','source':{'media_type':'x'}}]"), "messages[0].content[0].source.type", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'tool_use','id':'a','name':'f'}]"), "messages[0].content[0].input", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'tool_use','id':'a','name':'f','input':[]}]"), "messages[0].content[0].input", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'tool_use','id':1,'name':'f','input':{}}]"), "messages[0].content[0].id", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'tool_result','content':'x'}]"), "messages[0].content[0].tool_use_id", "missing_required_parameter" },
        { S_MESSAGES_SAID("[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':{}}]}]"), "messages[0].content[0].content[0].text", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'tool_result','tool_use_id':'a','is_error':'yes'}]"), "messages[0].content[0].is_error", "invalid_type" },
        { S_MESSAGES_SAID("[{'type':'text','text':'a','cache_control':{'type':'eternal'}}]"), "messages[0].content[0].cache_control.type", "invalid_value" },
        { S_MESSAGES_SAID("[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'2h'}}]"), "messages[0].content[0].cache_control.ttl", "invalid_value" },
        { S_MESSAGES_SAID("'a'") , NULL, NULL },
        { S_MESSAGES_ASK("'system':{},'messages':[]"), "system", "invalid_type" }, { S_MESSAGES_ASK("'system':[{'type':'text'}],'messages':[]"), "system[0].text", "missing_required_parameter" },
        { "{'model':'m','max_tokens':1.5,'messages':[]}", "max_tokens", "invalid_type" }, { "{'model':'m','max_tokens':'5','messages':[]}", "max_tokens", "invalid_type" },
        { S_MESSAGES_ASK("'temperature':'hot','messages':[]"), "temperature", "invalid_type" }, { S_MESSAGES_ASK("'top_k':true,'messages':[]"), "top_k", "invalid_type" },
        { S_MESSAGES_ASK("'stream':'true','messages':[]"), "stream", "invalid_type" }, { S_MESSAGES_ASK("'stop_sequences':'x','messages':[]"), "stop_sequences", "invalid_type" },
        { S_MESSAGES_ASK("'stop_sequences':['a',1],'messages':[]"), "stop_sequences[1]", "invalid_type" }, { S_MESSAGES_ASK("'metadata':'x','messages':[]"), "metadata", "invalid_type" },
        { S_MESSAGES_ASK("'metadata':{'user_id':1},'messages':[]"), "metadata.user_id", "invalid_type" }, { S_MESSAGES_ASK("'tools':{},'messages':[]"), "tools", "invalid_type" },
        { S_MESSAGES_ASK("'tools':[{'name':'f','input_schema':{}},{'name':'f'}],'messages':[]"), "tools[1].input_schema", "missing_required_parameter" },
        { S_MESSAGES_ASK("'tools':[{'input_schema':{}}],'messages':[]"), "tools[0].name", "missing_required_parameter" },
        { S_MESSAGES_ASK("'tools':[{'type':'custom','name':'f'}],'messages':[]"), "tools[0].input_schema", "missing_required_parameter" },
        { S_MESSAGES_ASK("'tools':[{'name':'f','input_schema':{},'strict':1}],'messages':[]"), "tools[0].strict", "invalid_type" },
        { S_MESSAGES_ASK("'tool_choice':'auto','messages':[]"), "tool_choice", "invalid_type" }, { S_MESSAGES_ASK("'tool_choice':{'type':'must'},'messages':[]"), "tool_choice.type", "invalid_value" },
        { S_MESSAGES_ASK("'tool_choice':{'type':'tool'},'messages':[]"), "tool_choice.name", "missing_required_parameter" },
        { S_MESSAGES_ASK("'thinking':{'type':'enabled','budget_tokens':'many'},'messages':[]"), "thinking.budget_tokens", "invalid_type" },
        { S_MESSAGES_ASK("'thinking':{'type':'sometimes'},'messages':[]"), "thinking.type", "invalid_value" },
        { S_MESSAGES_ASK("'thinking':true,'messages':[]"), "thinking", "invalid_type" }, { S_MESSAGES_ASK("'output_config':{'format':'json'},'messages':[]"), "output_config.format", "invalid_type" },
        { S_MESSAGES_ASK("'service_tier':1,'messages':[]"), "service_tier", "invalid_type" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':[{'type':'image','source':{'type':'base64','media_type':'image/png'}}]}]"), "messages[0].content[0].source.data", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':[{'type':'image','source':{'type':'base64','data':'aGk='}}]}]"), "messages[0].content[0].source.media_type", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':[{'type':'image','source':{'type':'url'}}]}]"), "messages[0].content[0].source.url", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':[{'type':'document','source':{'type':'file'}}]}]"), "messages[0].content[0].source.file_id", "missing_required_parameter" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':[{'type':'document','source':{'type':'text','media_type':'text/plain'}}]}]"), "messages[0].content[0].source.data", "missing_required_parameter" },
    };
    SERVER_REFUSES("anthropic-messages", cases);
}

/* What the API refuses although it can be read: only a server that wants to be as strict asks for it. */
TEST(s_messages_as_strict_as_the_api) {
    static const struct { const char *json, *param; } cases[] = {
        { S_MESSAGES_SAID("'hi'"), NULL }, { "{'max_tokens':5,'messages':[{'role':'user','content':'a'}]}", "model" }, { "{'model':'m','messages':[{'role':'user','content':'a'}]}", "max_tokens" },
        { S_MESSAGES_ASK("'messages':[]"), "messages" }, { S_MESSAGES_SAID("[{'type':'tool_result','tool_use_id':'a','content':'x'}]"), "messages[0].content[0]" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'text','text':'t'},{'type':'tool_use','id':'a','name':'f','input':{}}]},"
          "{'role':'user','content':'go on'}]"), "messages[1].content[1]" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}},{'type':'tool_use','id':'b','name':'f','input':{}}]},"
          "{'role':'user','content':[{'type':'tool_result','tool_use_id':'b'},{'type':'tool_result','tool_use_id':'a'}]}]"), NULL },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}},{'type':'tool_use','id':'b','name':'f','input':{}}]},"
          "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'},{'type':'tool_result','tool_use_id':'a'}]}]"), "messages[2].content[1]" },
        { S_MESSAGES_ASK("'messages':[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}},{'type':'tool_use','id':'a','name':'f','input':{}}]}]"), "messages[1].content[1]" },
        { S_MESSAGES_ASK("'messages':[{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},{'role':'assistant','content':'x'},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'}]}]"),
          "messages[0].content[0]" },
    };
    llmprov_asked a;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_status status = server_read("anthropic-messages", Q(cases[i].json), &a);
        if (!status) status = llmprov_asked_check(&a, NULL);
        if (status != LLMPROV_ERR_NO_MEMORY && (!CHECK_INT(status, cases[i].param ? LLMPROV_ERR_ARGUMENT : LLMPROV_OK) || !CHECK_STR(a.error.param, cases[i].param ? cases[i].param : "")))
            printf("    %s\n    %s\n", cases[i].json, a.error.message);
        llmprov_asked_free(&a);
    }
}

/* A body that is longer than the API takes is refused before it is read. */
TEST_NO_OOM(s_messages_a_body_of_100_megabytes) {
    size_t len = (size_t)100 << 20;
    char *body = (char *)malloc(len);
    llmprov_asked a;
    if (!body) SKIP("no memory for 100 MB");
    memset(body, ' ', len);
    CHECK_INT(llmprov_ask(NULL, "anthropic-messages", body, len, NULL, &a), LLMPROV_ERR_LIMIT);
    CHECK_INT(a.error.http_status, 413);
    CHECK_STR(a.error.provider_code, "request_too_large");
    CHECK(strstr(a.error.message, "33554432 bytes"));
    llmprov_asked_free(&a);
    free(body);
}

/* Nesting beyond what the rules look into is kept, not refused. */
TEST(s_messages_deep_nesting_is_kept) {
    const char *json = Q(S_MESSAGES_SAID("[{'type':'tool_result','tool_use_id':'a','content':[{'type':'tool_result','tool_use_id':'b','content':[{'type':'tool_result','tool_use_id':'c',"
                                         "'content':[{'type':'tool_result','tool_use_id':'d','content':[{'type':'tool_result','tool_use_id':'e','content':[{'type':'tool_result',"
                                         "'tool_use_id':'f','content':[{'type':'tool_result','tool_use_id':'g','content':[{'type':'tool_result','tool_use_id':'h','content':5}]}]}]}]}]}]}]}]"));
    llmprov_asked a;
    OK_OR(server_read("anthropic-messages", json, &a), done);
    CHECK_INT(a.request.messages[0].blocks[0].content_count, 1);
done:
    llmprov_asked_free(&a);
}

/* Members of a message that are still behind a beta name: the name is sent, and the member goes through. */
TEST(s_messages_betas_of_message_members) {
    static const struct { const char *member, *beta; } cases[] = {
        { "'clear_at':'next_user_message'", "mid-conversation-system-clear-at-2026-08-21" }, { "'output_config':{'effort':'low'}", "mid-conversation-output-config-2026-07-01" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[400];
        llmprov_asked a;
        engine_sent s;
        sprintf(json, "{'model':'claude-sonnet-5','max_tokens':5,'messages':[{'role':'user','content':'Hi'},{'role':'system','content':'Mind.',%s},{'role':'assistant','content':'Yes.'},{'role':'user','content':'So?'}]}",
                cases[i].member);
        OK_OR(server_read("anthropic-messages", Q(json), &a), done);
        s = engine_send("anthropic", &a.request);
        if (s.http) CHECK_STR(engine_header(&s, "anthropic-beta"), cases[i].beta);
        if (s.body) CHECK(llmprov_json_get(llmprov_json_path(s.body, "messages[1]"), i ? "output_config" : "clear_at"));
        engine_sent_free(&s);
    done:
        llmprov_asked_free(&a);
    }
}

/* A mark that says more than its field goes back as it came. */
TEST(s_messages_marks_of_tools) {
    static const server_round rows[] = {
        { "{'model':'claude-sonnet-4-6','max_tokens':9,'messages':[{'role':'user','content':'U'}],'tools':[{'name':'f','input_schema':{'type':'object'},'cache_control':{'type':'ephemeral','ttl':'1h'}},"
          "{'name':'g','input_schema':{'type':'object'},'cache_control':{'type':'ephemeral','ttl':'5m','z':1}}]}", NULL, NULL },
    };
    SERVER_ROUNDS("anthropic-messages", "anthropic", NULL, rows);
}
