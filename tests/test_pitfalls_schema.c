/* Known pitfalls of translation: schemas of tools and of structured answers, as requests carry them. tests/pitfalls/LIST
   says which test stands for which. */
#include "engine.h"

/* What both formats make of one schema, strict: as a tool's and as the answer's. */
typedef struct pitfalls_schemas { engine_sent openai, anthropic; } pitfalls_schemas;

static pitfalls_schemas pitfalls_schema_send(const char *schema, llmprov_flag strict) {
    llmprov_tool tool = { .name = "f", .schema = schema, .strict = strict };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = &tool, .tool_count = 1, .schema = schema, .schema_strict = strict, .max_tokens = LLMPROV_INT(9) };
    pitfalls_schemas s;
    s.openai = engine_send("openai", &req);
    req.model = "claude-sonnet-4-6";
    s.anthropic = engine_send("anthropic", &req);
    return s;
}

static void pitfalls_schema_free(pitfalls_schemas *s) {
    engine_sent_free(&s->openai);
    engine_sent_free(&s->anthropic);
}

#define PITFALLS_OPENAI(s, json) do { \
    CHECK_BODY((s).openai, "tools[0].function.parameters", json); \
    CHECK_BODY((s).openai, "response_format.json_schema.schema", json); } while (0)
#define PITFALLS_ANTHROPIC(s, json) do { \
    CHECK_BODY((s).anthropic, "tools[0].input_schema", json); \
    CHECK_BODY((s).anthropic, "output_config.format.schema", json); } while (0)

TEST(pitfall_124_every_object_is_closed_and_all_is_required) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"l\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}}}}},"
                                    "\"$defs\":{\"A\":{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"null\"}}},{\"type\":\"string\"}]}},\"required\":[\"l\"]}", LLMPROV_YES);
    PITFALLS_OPENAI(s, Q("{'type':'object','properties':{'l':{'type':'array','items':{'type':'object','properties':{'a':{'anyOf':[{'$ref':'#/$defs/A'},{'type':'null'}]}},'required':['a'],'additionalProperties':false}}},"
                       "'$defs':{'A':{'anyOf':[{'type':'object','properties':{'b':{'type':'null'}},'required':['b'],'additionalProperties':false},{'type':'string'}]}},'required':['l'],'additionalProperties':false}"));
    PITFALLS_ANTHROPIC(s, Q("{'type':'object','properties':{'l':{'type':'array','items':{'type':'object','properties':{'a':{'$ref':'#/$defs/A'}},'additionalProperties':false}}},"
                          "'$defs':{'A':{'anyOf':[{'type':'object','properties':{'b':{'type':'null'}},'additionalProperties':false},{'type':'string'}]}},'required':['l'],'additionalProperties':false}"));
    CHECK_WARNED(s.openai, LLMPROV_ERR_ARGUMENT, "tools[0].schema.properties.l.items.properties.a");
    CHECK_WARNED(s.openai, LLMPROV_ERR_ARGUMENT, "schema.properties.l.items.properties.a");
    pitfalls_schema_free(&s);
}

TEST(pitfall_125_optional_becomes_nullable) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", LLMPROV_YES), t = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", LLMPROV_UNSET);
    PITFALLS_OPENAI(s, Q("{'type':'object','properties':{'a':{'type':['string','null']}},'required':['a'],'additionalProperties':false}"));
    CHECK_BODY(s.openai, "tools[0].function.strict", "true");
    PITFALLS_OPENAI(t, Q("{'type':'object','properties':{'a':{'type':'string'}}}"));
    CHECK_INT(t.openai.warning_count, 0);
    pitfalls_schema_free(&s);
    pitfalls_schema_free(&t);
}

/* What cannot be strict is refused before anything is sent: sending it otherwise would break the promise that was asked for. */
TEST(pitfall_125_what_cannot_be_strict_is_refused) {
    llmprov_tool tool = { .name = "f", .schema = "{\"type\":\"object\",\"properties\":{\"m\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}", .strict = LLMPROV_YES };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent s = engine_send("openai", &req);
    CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(s.error.message, "tools[0].schema: properties.m.additionalProperties: an object of free keys has no place in OpenAI's strict schemas");
    engine_sent_free(&s);
}

TEST(pitfall_126_objects_have_properties) {
    llmprov_tool tool = { .name = "f", .schema = "{\"type\":\"object\"}" };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("openai", &req), b;
    tool.strict = LLMPROV_YES;
    b = engine_send("openai", &req);
    CHECK_BODY(a, "tools[0].function.parameters", Q("{'type':'object','properties':{}}"));
    CHECK_BODY(b, "tools[0].function.parameters", Q("{'type':'object','properties':{},'required':[],'additionalProperties':false}"));
    CHECK_INT(a.warning_count + b.warning_count, 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_127_references_and_unions) {
    pitfalls_schemas s = pitfalls_schema_send("{\"$ref\":\"#/$defs/N\",\"$defs\":{\"N\":{\"type\":\"object\",\"properties\":{\"o\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]},\"p\":{\"$ref\":\"#/$defs/P\",\"description\":\"D\"}},\"required\":[\"o\",\"p\"]},"
                                    "\"P\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}", LLMPROV_YES);
    llmprov_tool tool = { .name = "f", .schema = "{\"anyOf\":[{\"type\":\"object\",\"properties\":{}},{\"type\":\"null\"}]}", .strict = LLMPROV_YES };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent root = engine_send("openai", &req), circle;
    PITFALLS_OPENAI(s, Q("{'type':'object','properties':{'o':{'anyOf':[{'type':'string'},{'type':'integer'}]},'p':{'anyOf':[{'$ref':'#/$defs/P'}],'description':'D'}},'required':['o','p'],'additionalProperties':false,"
                       "'$defs':{'P':{'type':'array','items':{'type':'string'}}}}"));
    CHECK_INT(root.error.code, LLMPROV_ERR_ARGUMENT);
    tool.schema = "{\"$ref\":\"#/$defs/N\",\"$defs\":{\"N\":{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#/$defs/N\"}},\"required\":[\"n\"]}}}";
    circle = engine_send("openai", &req);
    CHECK_BODY(circle, "tools[0].function.parameters", Q("{'type':'object','properties':{'n':{'$ref':'#'}},'required':['n'],'additionalProperties':false}"));
    engine_sent_free(&root);
    engine_sent_free(&circle);
    pitfalls_schema_free(&s);
}

/* Keywords that are not taken go into the description. Recorded requests with title and default in strict schemas were
   answered with 200 by OpenAI, so that both stay, other than the pitfall says. */
TEST(pitfall_128_keywords_that_strict_does_not_take) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"title\":\"T\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":2,\"format\":\"uri\",\"pattern\":\"(?!x)\",\"default\":\"q\",\"description\":\"A.\"},"
                                    "\"b\":{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":1},\"uniqueItems\":true,\"minItems\":2}},\"required\":[\"a\",\"b\"],\"minProperties\":1}", LLMPROV_YES);
    PITFALLS_OPENAI(s, Q("{'type':'object','title':'T','properties':{'a':{'type':'string','default':'q','description':'A. (minLength: 2; format: uri; pattern: (?!x))'},"
                       "'b':{'type':'array','items':{'type':'number','minimum':1},'minItems':2,'description':'(uniqueItems: true)'}},'required':['a','b'],'additionalProperties':false,'description':'(minProperties: 1)'}"));
    CHECK_WARNED(s.openai, LLMPROV_ERR_UNSUPPORTED, "tools[0].schema.properties.a.minLength");
    CHECK_WARNED(s.openai, LLMPROV_ERR_UNSUPPORTED, "schema.minProperties");
    pitfalls_schema_free(&s);
}

TEST(pitfall_129_untyped_items) {
    llmprov_tool tool = { .name = "f", .schema = "{\"type\":\"object\",\"properties\":{\"l\":{\"type\":\"array\"}}}", .strict = LLMPROV_YES };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent a = engine_send("openai", &req), b;
    tool.strict = LLMPROV_NO;
    b = engine_send("openai", &req);
    CHECK_INT(a.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_BODY(b, "tools[0].function.parameters", Q("{'type':'object','properties':{'l':{'type':'array','items':{}}}}"));
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* Of allOf only what can be met by one schema: for strict targets, too. */
TEST(pitfall_136_all_of_is_merged) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"a\":{\"allOf\":[{\"type\":\"string\"},{\"enum\":[\"x\",\"y\"]}]}},\"required\":[\"a\"]}", LLMPROV_YES);
    PITFALLS_OPENAI(s, Q("{'type':'object','properties':{'a':{'type':'string','enum':['x','y']}},'required':['a'],'additionalProperties':false}"));
    PITFALLS_ANTHROPIC(s, Q("{'type':'object','properties':{'a':{'type':'string','enum':['x','y']}},'required':['a'],'additionalProperties':false}"));
    pitfalls_schema_free(&s);
}

TEST(pitfall_137_keywords_that_anthropic_does_not_take) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1},\"b\":{\"type\":\"string\",\"format\":\"uri\",\"pattern\":\"x\",\"not\":{\"const\":\"y\"}}}}", LLMPROV_YES);
    PITFALLS_ANTHROPIC(s, Q("{'type':'object','properties':{'a':{'type':'integer','description':'(minimum: 1)'},'b':{'type':'string','format':'uri','description':'(pattern: x; not: {\\'const\\':\\'y\\'})'}},'additionalProperties':false}"));
    CHECK_WARNED(s.anthropic, LLMPROV_ERR_UNSUPPORTED, "schema.properties.a.minimum");
    CHECK_WARNED(s.anthropic, LLMPROV_ERR_UNSUPPORTED, "tools[0].schema.properties.b.pattern");
    pitfalls_schema_free(&s);
}

/* The answer's schema is strict in any case, a tool's only when it is asked for. */
TEST(pitfall_137_the_answer_is_always_strict) {
    pitfalls_schemas s = pitfalls_schema_send("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}}}", LLMPROV_UNSET);
    CHECK_BODY(s.anthropic, "tools[0].input_schema", Q("{'type':'object','properties':{'a':{'type':'integer','minimum':1}}}"));
    CHECK_BODY(s.anthropic, "output_config.format.schema", Q("{'type':'object','properties':{'a':{'type':'integer','description':'(minimum: 1)'}},'additionalProperties':false}"));
    pitfalls_schema_free(&s);
}

/* What was asked in a format goes back into it to the letter. */
TEST(pitfall_137_asked_schemas_go_back_unchanged) {
    const char *body = Q("{'model':'claude-sonnet-4-6','max_tokens':9,'messages':[{'role':'user','content':'Hi'}],'tools':[{'name':'f','input_schema':{'type':'object'},'strict':true}],"
                         "'output_config':{'format':{'type':'json_schema','schema':{'type':'integer','minimum':1}}}}");
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    engine_sent s;
    OK_OR(llmprov_ask(NULL, "anthropic-messages", body, strlen(body), &alloc, &asked), done);
    s = engine_send("anthropic", &asked.request);
    CHECK_BODY(s, "tools[0].input_schema", Q("{'type':'object'}"));
    CHECK_BODY(s, "output_config.format.schema", Q("{'type':'integer','minimum':1}"));
    engine_sent_free(&s);
done:
    llmprov_asked_free(&asked);
}

TEST(pitfall_138_too_many_unions) {
    char schema[2048], *p = schema;
    llmprov_tool tool = { .name = "f", .schema = schema, .strict = LLMPROV_YES };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(9) };
    engine_sent s;
    int i;
    p += sprintf(p, "{\"type\":\"object\",\"properties\":{\"u\":{\"type\":[\"string\",\"integer\"]}");
    for (i = 0; i < 16; i++) p += sprintf(p, ",\"p%d\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", i);
    sprintf(p, "}}");
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "tools[0].input_schema.properties.u", Q("{'type':['string','integer']}"));
    CHECK_BODY(s, "tools[0].input_schema.properties.p0", Q("{'type':'string'}"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[0].schema.properties.p15");
    CHECK_INT(s.warning_count, 16);
    engine_sent_free(&s);
}
