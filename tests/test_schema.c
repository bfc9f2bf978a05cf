/* Schemas become what a target takes: a table of keywords for each target, the shapes that generators make, and what
   cannot be said. Texts have ' for ". */
#include "engine.h"

/* ' becomes ". */
static const char *schema_quoted(char *to, const char *from) {
    char *p = to;
    do *p++ = *from == '\'' ? '"' : *from; while (*from++);
    return to;
}

typedef struct schema_case { const char *in, *out, *warned; } schema_case;

/* Compiles and compares byte for byte; `warned` is "code path" of each warning, blank-separated by "; ". out NULL = the
   input's own bytes. */
static void schema_check(llmprov_schema_target target, const schema_case *t, int line) {
    char in[2048], out[2048], warned[1024] = "", *w = warned;
    llmprov_alloc alloc = test_alloc();
    llmprov_schema s;
    size_t i;
    schema_quoted(in, t->in);
    schema_quoted(out, t->out ? t->out : t->in);
    llmprov_schema_compile(in, strlen(in), target, &alloc, &s);
    if (!s.error.code || s.error.code != LLMPROV_ERR_NO_MEMORY) {
        for (i = 0; i < s.warning_count; i++) w += sprintf(w, "%s%s %s", i ? "; " : "", s.warnings[i].code == LLMPROV_ERR_UNSUPPORTED ? "-" : "~", s.warnings[i].field);
        test_check_str(s.error.code ? s.error.message : s.json, s.error.code ? "" : out, t->in, __FILE__, line);
        test_check_str(warned, t->warned ? t->warned : "", t->in, __FILE__, line);
        CHECK(!s.error.code || s.error.param);
        CHECK(s.json_len == strlen(s.json));
    }
    llmprov_schema_free(&s);
}

static void schema_refused(llmprov_schema_target target, const char *text, llmprov_status code, const char *message, int line) {
    char in[2048];
    llmprov_alloc alloc = test_alloc();
    llmprov_schema s;
    schema_quoted(in, text);
    llmprov_schema_compile(in, strlen(in), target, &alloc, &s);
    if (s.error.code != LLMPROV_ERR_NO_MEMORY) {
        test_check_int(s.error.code, code, text, __FILE__, line);
        test_check_str(s.error.message, message, text, __FILE__, line);
        CHECK_STR(s.json, "");
    }
    llmprov_schema_free(&s);
}

#define TABLE(target, list) do { size_t n_; for (n_ = 0; n_ < LLMPROV__COUNT(list); n_++) schema_check(target, &(list)[n_], __LINE__); } while (0)
#define SCHEMA_REFUSED(target, text, message) schema_refused(target, text, LLMPROV_ERR_ARGUMENT, message, __LINE__)

/* An object with one required property, as it is in the result and, without what every strict object has, as it comes. */
#define ONE_IN(schema) "{'type':'object','properties':{'x':" schema "},'required':['x']}"
#define ONE_OUT(schema) "{'type':'object','properties':{'x':" schema "},'required':['x'],'additionalProperties':false}"

// -- what need not change ------------------------------------------------------------------

TEST(schema_that_fits_stays_byte_for_byte) {
    static const schema_case same[] = {
        { " { 'type' : 'object' ,\n 'properties' : { } , 'required':[ ], 'additionalProperties':false } ", "{ 'type' : 'object' ,\n 'properties' : { } , 'required':[ ], 'additionalProperties':false }", NULL },
        { ONE_OUT("{'type':'string','title':'X','default':'a','description':'Says \\\\ \\'x\\'.'}"), NULL, NULL },
        { ONE_OUT("{'anyOf':[{'type':'integer'},{'type':'null'}]}"), NULL, NULL },
        { ONE_OUT("{'type':['null','string']}"), NULL, NULL },
        { "{'$defs':{'P':{'type':'object','properties':{},'required':[],'additionalProperties':false}},'type':'object','properties':{'x':{'$ref':'#/$defs/P'}},'required':['x'],'additionalProperties':false}", NULL, NULL },
        { "{'definitions':{'P q/~':{'type':'string'}},'type':'object','properties':{'x':{'$ref':'#/definitions/P%20q~1~0'}},'required':['x'],'additionalProperties':false}", NULL, NULL },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, same);
    TABLE(LLMPROV_SCHEMA_ANTHROPIC, same);
    TABLE(LLMPROV_SCHEMA_ANTHROPIC_TOOL, same);
    TABLE(LLMPROV_SCHEMA_PLAIN, same);
}

TEST(schema_plain_only_puts_right_what_servers_refuse) {
    static const schema_case plain[] = {
        { "{}", "{'type':'object','properties':{}}", NULL },
        { "{'properties':{'a':{'not':{'type':'object'}}}}", "{'type':'object','properties':{'a':{'not':{'type':'object','properties':{}}}}}", NULL },
        { ONE_IN("{'type':'array'}"), ONE_IN("{'type':'array','items':{}}"), NULL },
        { ONE_IN("{'type':'array','items':[{'type':'array'},{'type':'string'}],'additionalItems':false}"),
          ONE_IN("{'type':'array','prefixItems':[{'type':'array','items':{}},{'type':'string'}],'items':false}"), NULL },
        { ONE_IN("{'type':'array','items':[{'type':'string'}]}"), ONE_IN("{'type':'array','prefixItems':[{'type':'string'}],'items':{}}"), NULL },
        { ONE_IN("{'type':'string','nullable':true}"), ONE_IN("{'type':['string','null']}"), NULL },
        { ONE_IN("{'nullable':true,'type':'string','enum':['a','b']}"), ONE_IN("{'type':['string','null'],'enum':['a','b',null]}"), NULL },
        { ONE_IN("{'const':'a','nullable':true}"), ONE_IN("{'enum':['a',null]}"), NULL },
        { ONE_IN("{'nullable':true,'anyOf':[{'type':'string'}]}"), ONE_IN("{'anyOf':[{'type':'string'},{'type':'null'}]}"), NULL },
        { ONE_IN("{'$ref':'#/$defs/A','nullable':true}"), ONE_IN("{'anyOf':[{'$ref':'#/$defs/A'},{'type':'null'}]}"), NULL },
        { ONE_IN("{'type':'string','nullable':false}"), ONE_IN("{'type':'string'}"), NULL },
        { ONE_IN("{'type':'number','minimum':3,'exclusiveMinimum':true,'maximum':9,'exclusiveMaximum':false}"), ONE_IN("{'type':'number','exclusiveMinimum':3,'maximum':9}"), NULL },
        { "{'type':'object','properties':{'properties':{'type':'string'},'items':{'type':'array','items':{}}},'default':{'type':'array'},'enum':[{'type':'array'}]}", NULL, NULL },
        { "{'type':'object','properties':{'a':{'oneOf':[{'type':'string','minLength':2},true]}},'patternProperties':{'^x':{'format':'uri'}},'x-mine':[1, 2],'$ref':'http://elsewhere'}", NULL, NULL },
        { "{'type':'object','properties':{},'dependencies':{'a':['type'],'b':{'type':'array'}}}", "{'type':'object','properties':{},'dependencies':{'a':['type'],'b':{'type':'array','items':{}}}}", NULL },
    };
    TABLE(LLMPROV_SCHEMA_PLAIN, plain);
}

TEST(schema_gemini_has_no_const) {
    static const schema_case cases[] = {
        { "{'anyOf':[{'const':'a'},{'type':'array'}]}", "{'anyOf':[{'enum':['a']},{'type':'array','items':{}}]}", NULL },
        { ONE_IN("{'const':'a'}"), ONE_IN("{'enum':['a']}"), NULL },
        { ONE_IN("{'type':'integer','const': 1 ,'title':'One'}"), ONE_IN("{'type':'integer','enum':[1],'title':'One'}"), NULL },
        { ONE_IN("{'enum':['a','b'],'const':'b'}"), ONE_IN("{'enum':['b']}"), NULL },
        { ONE_IN("{'anyOf':[{'const':null},{'const':{'const':1}}]}"), ONE_IN("{'anyOf':[{'enum':[null]},{'enum':[{'const':1}]}]}"), NULL },
        { "{'type':'object','properties':{'const':{'type':'string'},'enum':{'enum':[1,'a']}},'required':['const']}", NULL, NULL },
        { "{'$schema':'x','type':'object','properties':{'a':{'$ref':'#/$defs/A'}},'additionalProperties':false,'$defs':{'A':{'type':['string','null'],'default':null}}}", NULL, NULL },
    };
    TABLE(LLMPROV_SCHEMA_GEMINI, cases);
}

/* What stands beside a reference is not read there: so the reference becomes what it leads to, unless it leads back. */
TEST(schema_gemini_reads_nothing_beside_a_reference) {
    static const schema_case cases[] = {
        { "{'properties':{'a':{'$ref':'#/$defs/A'},'b':{'$ref':'#/$defs/A','$comment':'c'}},'$defs':{'A':{'type':'string'}}}", NULL, NULL },
        { "{'properties':{'a':{'description':'Mine.','$ref':'#/$defs/A'}},'$defs':{'A':{'type':'string','const':'x','description':'Its own.'}}}",
          "{'properties':{'a':{'description':'Mine.','type':'string','enum':['x']}},'$defs':{'A':{'type':'string','enum':['x'],'description':'Its own.'}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A','nullable':true}},'$defs':{'A':{'type':'string'}}}",
          "{'properties':{'a':{'type':['string','null']}},'$defs':{'A':{'type':'string'}}}", "~ properties.a.$ref" },
        { "{'$defs':{'A':{'type':'object','properties':{'next':{'$ref':'#/$defs/A','description':'The next.'}}}},'$ref':'#/$defs/A'}", NULL, "- $defs.A.properties.next.$ref" },
    };
    TABLE(LLMPROV_SCHEMA_GEMINI, cases);
}

// -- without rules, and without references -----------------------------------------------------

TEST(schema_answers_keep_their_form) {
    static const schema_case cases[] = {
        { "{}", NULL, NULL },
        { "{'anyOf':[{'type':'object'},{'type':'array'}],'$defs':{'A':{'$ref':'#'}}}", NULL, NULL },
        { ONE_IN("{'type':'string','nullable':true}"), ONE_IN("{'type':['string','null']}"), NULL },
        { ONE_IN("{'type':'array','items':[{'type':'string'}]}"), ONE_IN("{'type':'array','prefixItems':[{'type':'string'}],'items':{}}"), NULL },
        { ONE_IN("{'type':'number','maximum':3,'exclusiveMaximum':true}"), ONE_IN("{'type':'number','exclusiveMaximum':3}"), NULL },
    };
    TABLE(LLMPROV_SCHEMA_ANSWER, cases);
}

TEST(schema_references_become_what_they_lead_to) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'a':{'type':'string','enum':['$ref']},'$ref':{'type':'null'}}}", NULL, NULL },
        { "{'$schema':'s','type':'object','properties':{'a':{'$ref':'#/$defs/A'},'b':{'type':'array','items':{'$ref':'#/$defs/A'}}},'$defs':{'A':{'type':'string'}}}",
          "{'$schema':'s','type':'object','properties':{'a':{'type':'string'},'b':{'type':'array','items':{'type':'string'}}}}", "~ properties.a.$ref; ~ properties.b.items.$ref" },
        { "{'$ref':'#/definitions/A~1b','definitions':{'A/b':{'type':'object','properties':{'x':{'$ref':'#/definitions/C'}}},'C':{'$ref':'#/definitions/D'},'D':{'type':'null'}}}",
          "{'type':'object','properties':{'x':{'type':'null'}}}", "~ $ref; ~ definitions.A/b.properties.x.$ref" },
    };
    static const schema_case beside[] = {
        { "{'properties':{'a':{'title':'X','$ref':'#/$defs/A','description':'Mine.'}},'$defs':{'A':{'type':'string','title':'A','minLength':2}}}",
          "{'properties':{'a':{'title':'X','type':'string','minLength':2,'description':'Mine.'}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A','type':'object'}},'$defs':{'A':{'type':'object','additionalProperties':false}}}",
          "{'properties':{'a':{'additionalProperties':false,'type':'object'}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A','nullable':true}},'$defs':{'A':{'type':'string','enum':['x']}}}",
          "{'properties':{'a':{'type':['string','null'],'enum':['x',null]}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A','minLength':3}},'$defs':{'A':{'type':'string'}}}",
          "{'properties':{'a':{'allOf':[{'type':'string'}],'minLength':3}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'allOf':[{'minLength':3}],'$ref':'#/$defs/A'}},'$defs':{'A':{'type':'string'}}}",
          "{'properties':{'a':{'allOf':[{'minLength':3}],'anyOf':[{'type':'string'}]}}}", "~ properties.a.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A'}},'$defs':{'A':{'$ref':'#/$defs/B','description':'A.'},'B':{'type':'string','description':'B.'}}}",
          "{'properties':{'a':{'allOf':[{'type':'string','description':'A.'}]}}}", "~ properties.a.$ref; ~ $defs.A.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/T'},'b':{'$ref':'#/$defs/F'}},'$defs':{'T':true,'F':false}}",
          "{'properties':{'a':{},'b':{'allOf':[false]}}}", "~ properties.a.$ref; ~ properties.b.$ref" },
        { "{'properties':{'definitions':{'type':'string'},'a':{'$ref':'#/properties/definitions'}}}",
          "{'properties':{'definitions':{'type':'string'},'a':{'type':'string'}}}", "~ properties.a.$ref" },
    };
    TABLE(LLMPROV_SCHEMA_INLINE, cases);
    TABLE(LLMPROV_SCHEMA_INLINE_TOOL, cases);
    TABLE(LLMPROV_SCHEMA_INLINE, beside);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_INLINE, "{'properties':{'a':{'$ref':'http://a.test/b'}}}", "properties.a.$ref: http://a.test/b lies outside of this schema, and only what begins with # is followed");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_INLINE, "{'properties':{'a':{'$ref':'#/$defs/A'}}}", "properties.a.$ref: #/$defs/A leads nowhere: it must be # and a JSON pointer to a schema");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_INLINE, "{'properties':{'a':{'$ref':'#/properties/b'},'b':{'$ref':'#/properties/a'}}}", "properties.a.$ref: #/properties/b leads back to itself");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_INLINE, "{'$ref':'#/$defs/A','allOf':[],'anyOf':[],'oneOf':[],'$defs':{'A':{'type':'null'}}}", "$ref: what it leads to cannot be said beside allOf, anyOf and oneOf");
}

/* A schema that holds itself: one turn of it, and then only what kind of value it is. */
TEST(schema_references_that_lead_back_end) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'next':{'$ref':'#','description':'The rest.'},'v':{'type':'string'}}}",
          "{'type':'object','properties':{'next':{'type':'object','description':'The rest.'},'v':{'type':'string'}}}", "- properties.next.$ref" },
        { "{'$ref':'#/$defs/N','$defs':{'N':{'type':'object','description':'A node.','properties':{'kids':{'type':'array','items':{'$ref':'#/$defs/N'}}},'required':['kids']}}}",
          "{'type':'object','description':'A node.','properties':{'kids':{'type':'array','items':{'type':'object','description':'A node.'}}},'required':['kids']}", "~ $ref; - $defs.N.properties.kids.items.$ref" },
        { "{'properties':{'a':{'$ref':'#/$defs/A'}},'$defs':{'A':{'type':'object','properties':{'b':{'$ref':'#/$defs/B'}}},'B':{'anyOf':[{'$ref':'#/$defs/A'},{'type':'null'}]}}}",
          "{'properties':{'a':{'type':'object','properties':{'b':{'anyOf':[{'type':'object'},{'type':'null'}]}}}}}",
          "~ properties.a.$ref; ~ $defs.A.properties.b.$ref; - $defs.B.anyOf[0].$ref" },
        { "{'properties':{'a':{'$ref':'#/properties/a','type':'string'}}}", "{'properties':{'a':{'type':'string'}}}", "- properties.a.$ref" },
    };
    static const schema_case tools[] = {
        { "{'properties':{'next':{'$ref':'#'}}}", "{'type':'object','properties':{'next':{}}}", "- properties.next.$ref" },
        { "{'type':'object','properties':{'next':{'$ref':'#'}}}", "{'type':'object','properties':{'next':{'type':'object','properties':{}}}}", "- properties.next.$ref" },
    };
    TABLE(LLMPROV_SCHEMA_INLINE, cases);
    TABLE(LLMPROV_SCHEMA_INLINE_TOOL, tools);
}

TEST(schema_strict_without_references) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'a':{'$ref':'#/$defs/A'}},'required':['a'],'$defs':{'A':{'type':'object','properties':{'n':{'type':'integer','minimum':1}},'required':['n']}}}",
          "{'type':'object','properties':{'a':{'type':'object','properties':{'n':{'type':'integer','minimum':1}},'required':['n'],'additionalProperties':false}},'required':['a'],'additionalProperties':false}",
          "~ properties.a.$ref" },
        { "{'type':'object','properties':{'a':{'type':['array','null'],'items':{'$ref':'#'}}}}",
          "{'type':'object','properties':{'a':{'type':['array','null'],'items':{'type':'object','properties':{},'required':[],'additionalProperties':false}}},'required':['a'],'additionalProperties':false}",
          "- properties.a.items.$ref; ~ properties.a.items" },
    };
    TABLE(LLMPROV_SCHEMA_INLINE_STRICT, cases);
}

TEST(schema_nova_has_a_bare_root) {
    static const schema_case cases[] = {
        { ONE_IN("{'type':'string','description':'D','minLength':1}"), NULL, NULL },
        { "{'$schema':'s','title':'T','type':'object','properties':{'a':{'$ref':'#/$defs/A','title':'U'}},'required':['a'],'$defs':{'A':{'type':'array'}}}",
          "{'type':'object','properties':{'a':{'type':'array','title':'U','items':{}}},'required':['a']}", "~ properties.a.$ref" },
        { "{'description':'D','properties':{'description':{'type':'string'}},'additionalProperties':false,'minProperties':1}", "{'type':'object','properties':{'description':{'type':'string'}}}",
          "- description; - additionalProperties; - minProperties" },
        { "{'$ref':'#/$defs/A','$defs':{'A':{'type':'object','properties':{'a':{'type':'null'}},'required':['a'],'additionalProperties':false}}}", "{'type':'object','properties':{'a':{'type':'null'}},'required':['a']}", "~ $ref; - additionalProperties" },
        { "{'anyOf':[{'type':'object'}]}", "{'type':'object','properties':{}}", "- anyOf" },
    };
    TABLE(LLMPROV_SCHEMA_NOVA, cases);
}

// -- Cohere --------------------------------------------------------------------------------

TEST(schema_cohere_keywords) {
    static const schema_case cases[] = {
        { ONE_IN("{'type':'string','pattern':'[0-9]+','format':'uuid'}"), NULL, NULL },
        { ONE_IN("{'type':'string','pattern':'^a$','format':'email'}"), ONE_IN("{'type':'string','description':'(pattern: ^a$; format: email)'}"), "- properties.x.pattern; - properties.x.format" },
        { ONE_IN("{'type':'integer','minimum':1,'description':'D'}"), ONE_IN("{'type':'integer','description':'D (minimum: 1)'}"), "- properties.x.minimum" },
        { ONE_IN("{'type':'array','uniqueItems':true,'maxItems':3}"), ONE_IN("{'type':'array','description':'(uniqueItems: true; maxItems: 3)'}"), "- properties.x.uniqueItems; - properties.x.maxItems" },
        { ONE_IN("{'type':'array','items':{}}"), NULL, NULL },
        { ONE_IN("{'description':'Anything.'}"), NULL, NULL },
        { ONE_IN("{'oneOf':[{'type':'string'},{'type':'integer'}]}"), ONE_IN("{'anyOf':[{'type':'string'},{'type':'integer'}]}"), NULL },
        { ONE_IN("{'allOf':[{'type':'string'},{'enum':['a']}]}"), ONE_IN("{'type':'string','enum':['a']}"), NULL },
        { ONE_IN("{'type':'object','additionalProperties':{'type':'integer','maximum':3}}"), ONE_IN("{'type':'object','additionalProperties':{'type':'integer','description':'(maximum: 3)'}}"), "- properties.x.additionalProperties.maximum" },
        { ONE_IN("{'type':'object','additionalProperties':true}"), NULL, NULL },
        { ONE_IN("{'allOf':[{'type':'object','additionalProperties':false},{'additionalProperties':{'type':'null'}}]}"), ONE_IN("{'type':'object','additionalProperties':false}"), NULL },
        { "{'type':'object','properties':{'a':{'$ref':'#/$defs/A'}},'required':['a','b'],'$defs':{'A':{'type':'object','properties':{'a':{'$ref':'#/$defs/A'},'v':{'type':'null'}},'required':['v']}}}", NULL, NULL },
    };
    static const schema_case demands[] = {
        { "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':['integer','null']}}}",
          "{'type':'object','properties':{'a':{'type':['string','null']},'b':{'type':['integer','null']}},'required':['a','b']}", "~ properties.a" },
        { ONE_IN("{'type':'object','properties':{'y':{'type':'string'}},'required':[]}"), ONE_IN("{'type':'object','properties':{'y':{'type':['string','null']}},'required':['y']}"), "~ properties.x.properties.y" },
        { "{}", "{'type':'object'}", "~ " },
    };
    TABLE(LLMPROV_SCHEMA_COHERE, cases);
    TABLE(LLMPROV_SCHEMA_COHERE, demands);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_COHERE, "{'type':'array'}", "the root is not just an object, as it must be in Cohere's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_COHERE, "{'anyOf':[{'type':'object'},{'type':'object'}]}", "anyOf: the root is a union: put it into a property, since the root is one object in Cohere's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_COHERE, ONE_IN("{'type':'object','required':[1]}"), "properties.x.required[0]: a name was expected");
}

// -- OpenAI --------------------------------------------------------------------------------

TEST(schema_openai_keywords) {
    static const schema_case cases[] = {
        { "{}", "{'type':'object','properties':{},'required':[],'additionalProperties':false}", "~ " },
        { "{'$schema':'https://json-schema.org/draft/2020-12/schema','$id':'x','type':'object'}", "{'type':'object','properties':{},'required':[],'additionalProperties':false}", NULL },
        { ONE_IN("{'type':'string','pattern':'^a$','format':'date-time'}"), ONE_OUT("{'type':'string','pattern':'^a$','format':'date-time'}"), NULL },
        { ONE_IN("{'type':'string','pattern':'(?=a)b'}"), ONE_OUT("{'type':'string','description':'(pattern: (?=a)b)'}"), "- properties.x.pattern" },
        { ONE_IN("{'type':'string','pattern':'\\\\(?=a)'}"), ONE_OUT("{'type':'string','pattern':'\\\\(?=a)'}"), NULL },
        { ONE_IN("{'type':'string','format':'uri','description':'Where.'}"), ONE_OUT("{'type':'string','description':'Where. (format: uri)'}"), "- properties.x.format" },
        { ONE_IN("{'description':'Name.','minLength':2,'maxLength':9,'type':'string'}"), ONE_OUT("{'description':'Name. (minLength: 2; maxLength: 9)','type':'string'}"), "- properties.x.minLength; - properties.x.maxLength" },
        { ONE_IN("{'type':'integer','minimum':1,'exclusiveMaximum':7,'multipleOf':2}"), ONE_OUT("{'type':'integer','minimum':1,'exclusiveMaximum':7,'multipleOf':2}"), NULL },
        { ONE_IN("{'type':'number','minimum':1,'exclusiveMinimum':true}"), ONE_OUT("{'type':'number','exclusiveMinimum':1}"), NULL },
        { ONE_IN("{'type':'array','items':{'type':'string'},'minItems':2,'maxItems':3,'uniqueItems':true,'contains':{'const':'a'}}"),
          ONE_OUT("{'type':'array','items':{'type':'string'},'minItems':2,'maxItems':3,'description':'(uniqueItems: true; contains: {\\'const\\':\\'a\\'})'}"), "- properties.x.uniqueItems; - properties.x.contains" },
        { ONE_IN("{'type':'string','examples':['a', 'b'],'x-order':3,'deprecated':true}"), ONE_OUT("{'type':'string','description':'(examples: [\\'a\\',\\'b\\']; x-order: 3; deprecated: true)'}"),
          "- properties.x.examples; - properties.x.x-order; - properties.x.deprecated" },
        { ONE_IN("{'type':'string','not':{'const':''},'if':{'minLength':1},'then':{'maxLength':3},'else':{}}"),
          ONE_OUT("{'type':'string','description':'(not: {\\'const\\':\\'\\'}; if: {\\'minLength\\':1}; then: {\\'maxLength\\':3}; else: {})'}"),
          "- properties.x.not; - properties.x.if; - properties.x.then; - properties.x.else" },
        { "{'type':'object','properties':{'a':{'type':'string'}},'required':['a'],'dependentRequired':{'a':['b']},'propertyNames':{'pattern':'a'},'minProperties':1,'patternProperties':{'^x':{}}}",
          "{'type':'object','properties':{'a':{'type':'string'}},'required':['a'],'additionalProperties':false,'description':'(dependentRequired: {\\'a\\':[\\'b\\']}; propertyNames: {\\'pattern\\':\\'a\\'}; minProperties: 1; patternProperties: {\\'^x\\':{}})'}",
          "- dependentRequired; - propertyNames; - minProperties; - patternProperties" },
        { ONE_IN("{'enum':['a',1,2.5,true,null]}"), ONE_OUT("{'type':['string','number','boolean','null'],'enum':['a',1,2.5,true,null]}"), NULL },
        { ONE_IN("{'const':3}"), ONE_OUT("{'type':'integer','const':3}"), NULL },
        { ONE_IN("{'minimum':3}"), ONE_OUT("{'type':'number','minimum':3}"), "~ properties.x" },
        { ONE_IN("{'type':'string','minimum':3,'properties':{'a':{}}}"), ONE_OUT("{'type':'string'}"), NULL },
        { ONE_IN("{'type':'object','properties':{'y':{'type':'null'}},'additionalProperties':true,'unevaluatedProperties':false}"), ONE_OUT("{'type':'object','properties':{'y':{'type':'null'}},'additionalProperties':false,'required':['y']}"),
          "- properties.x.additionalProperties" },
        { ONE_IN("{'type':'object'}"), ONE_OUT("{'type':'object','properties':{},'required':[],'additionalProperties':false}"), "~ properties.x" },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
}

TEST(schema_openai_null_stands_for_left_out) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'integer','default':null}},'required':['b']}",
          "{'type':'object','properties':{'a':{'type':['string','null']},'b':{'type':'integer'}},'required':['b','a'],'additionalProperties':false}", "~ properties.a" },
        { "{'type':'object','properties':{'a':{'type':['null','string']}}}", "{'type':'object','properties':{'a':{'type':['null','string']}},'required':['a'],'additionalProperties':false}", NULL },
        { "{'type':'object','properties':{'a':{'type':'string','enum':['x']}}}", "{'type':'object','properties':{'a':{'type':['string','null'],'enum':['x',null]}},'required':['a'],'additionalProperties':false}", "~ properties.a" },
        { "{'type':'object','properties':{'a':{'const':'x'}}}", "{'type':'object','properties':{'a':{'type':['string','null'],'enum':['x',null]}},'required':['a'],'additionalProperties':false}", "~ properties.a" },
        { "{'type':'object','properties':{'a':{'anyOf':[{'type':'string'},{'type':'integer'}]}}}", "{'type':'object','properties':{'a':{'anyOf':[{'type':'string'},{'type':'integer'},{'type':'null'}]}},'required':['a'],'additionalProperties':false}", "~ properties.a" },
        { "{'type':'object','properties':{'a':{'$ref':'#/$defs/P'}},'$defs':{'P':{'type':'string'}}}", "{'type':'object','properties':{'a':{'anyOf':[{'$ref':'#/$defs/P'},{'type':'null'}]}},'$defs':{'P':{'type':'string'}},'required':['a'],'additionalProperties':false}", "~ properties.a" },
        { "{'type':'object','properties':{'a':{'type':'string','nullable':true}}}", "{'type':'object','properties':{'a':{'type':['string','null']}},'required':['a'],'additionalProperties':false}", NULL },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
}

TEST(schema_unions) {
    static const schema_case cases[] = {
        { ONE_IN("{'oneOf':[{'type':'string'},{'type':'integer'}]}"), ONE_OUT("{'anyOf':[{'type':'string'},{'type':'integer'}]}"), NULL },
        { ONE_IN("{'oneOf':[{'type':'number'},{'type':'integer'}]}"), ONE_OUT("{'anyOf':[{'type':'number'},{'type':'integer'}]}"), "~ properties.x.oneOf" },
        { ONE_IN("{'oneOf':[{'type':'number'},{'type':'integer'}],'discriminator':{'propertyName':'k'}}"), ONE_OUT("{'anyOf':[{'type':'number'},{'type':'integer'}]}"), NULL },
        { ONE_IN("{'anyOf':[{'type':'string'}],'title':'T'}"), ONE_OUT("{'title':'T','type':'string'}"), NULL },
        { ONE_IN("{'type':'object','properties':{'k':{'type':'string'},'l':{'type':'null'}},'description':'D','anyOf':[{'required':['k']},{'required':['l'],'description':'E'}]}"),
          ONE_OUT("{'description':'D','anyOf':[{'type':'object','properties':{'k':{'type':'string'},'l':{'type':'null'}},'required':['k','l'],'additionalProperties':false},"
                  "{'type':'object','properties':{'k':{'type':['string','null']},'l':{'type':'null'}},'required':['l','k'],'description':'E','additionalProperties':false}]}"), "~ properties.x.properties.k" },
        { ONE_IN("{'type':['string','null'],'anyOf':[{'format':'date'},{'type':'integer'},{'pattern':'^x'}]}"), ONE_OUT("{'anyOf':[{'type':['string','null'],'format':'date'},{'type':['string','null'],'pattern':'^x'}]}"), NULL },
        { ONE_IN("{'anyOf':[{'type':'string'},{'type':'integer'}],'oneOf':[{'enum':['a']},{'enum':[1]}]}"),
          ONE_OUT("{'anyOf':[{'anyOf':[{'type':'string','enum':['a']}]},{'anyOf':[{'type':'integer','enum':[1]}]}]}"), "~ properties.x.oneOf" },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
}

TEST(schema_all_of_is_merged) {
    static const schema_case cases[] = {
        { ONE_IN("{'allOf':[{'type':'string'},{'enum':['a','b']},{'enum':['b','c'],'description':'B'}],'description':'A'}"), ONE_OUT("{'description':'A\\nB','type':'string','enum':['b']}"), NULL },
        { ONE_IN("{'allOf':[{'type':'number','minimum':1,'maximum':9},{'type':['integer','string'],'minimum':3,'maximum':20}]}"), ONE_OUT("{'type':'integer','minimum':3,'maximum':9}"), NULL },
        { ONE_IN("{'allOf':[{'type':'string','pattern':'a'},{'pattern':'b'}]}"), ONE_OUT("{'type':'string','pattern':'a','description':'(pattern: b)'}"), "- properties.x.allOf[1].pattern" },
        { "{'allOf':[{'$ref':'#/$defs/B'},{'properties':{'b':{'maximum':3},'c':{'type':'string'}},'required':['c','b']}],'$defs':{'B':{'type':'object','properties':{'a':{'type':'null'},'b':{'type':'integer','minimum':1}},'required':['b'],'additionalProperties':false}}}",
          "{'properties':{'b':{'maximum':3,'type':'integer','minimum':1},'c':{'type':'string'},'a':{'type':'null'}},'required':['c','b','a'],'type':'object','additionalProperties':false}", NULL },
        { ONE_IN("{'allOf':[{'type':'array','items':{'type':'string'}},{'items':{'enum':['a']},'minItems':1}]}"), ONE_OUT("{'type':'array','items':{'type':'string','enum':['a']},'minItems':1}"), NULL },
        { ONE_IN("{'allOf':[{'anyOf':[{'type':'string'},{'type':'integer'}]},{'anyOf':[{'const':'a'},{'const':1}]}]}"), ONE_OUT("{'anyOf':[{'anyOf':[{'type':'string','const':'a'}]},{'anyOf':[{'type':'integer','const':1}]}]}"), NULL },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'allOf':[{'type':'string'},{'type':'integer'}]}"), "properties.x: nothing fits all that is said here");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'allOf':[{'enum':['a']},{'const':'b'}]}"), "properties.x: nothing fits all that is said here");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'string','anyOf':[{'type':'integer'},{'type':'null'}]}"), "properties.x.anyOf: nothing fits any of the alternatives and what stands beside them");
}

TEST(schema_references) {
    static const schema_case cases[] = {
        /* as zod and pydantic write them */
        { "{'$ref':'#/definitions/Root','definitions':{'Root':{'type':'object','properties':{'a':{'$ref':'#/definitions/Leaf'}},'required':['a']},'Leaf':{'type':'string'},'Unused':{}},'$schema':'http://json-schema.org/draft-07/schema#'}",
          "{'definitions':{'Leaf':{'type':'string'}},'type':'object','properties':{'a':{'$ref':'#/definitions/Leaf'}},'required':['a'],'additionalProperties':false}", NULL },
        { "{'$defs':{'E':{'enum':['a','b'],'type':'string','title':'E'},'O':{'type':'object','properties':{'e':{'allOf':[{'$ref':'#/$defs/E'}],'default':'a'}},'required':['e']}},'type':'object','properties':{'o':{'$ref':'#/$defs/O','description':'The o.'}},'required':['o']}",
          "{'$defs':{'O':{'type':'object','properties':{'e':{'default':'a','enum':['a','b'],'type':'string','title':'E'}},'required':['e'],'additionalProperties':false}},'type':'object','properties':{'o':{'anyOf':[{'$ref':'#/$defs/O'}],'description':'The o.'}},'required':['o'],'additionalProperties':false}", NULL },
        /* to places that are no definitions, in other ways of writing, and by way of others */
        { "{'type':'object','properties':{'a':{'type':'array','items':{'type':'integer'}},'b':{'$ref':'#/properties/a/items'},'c':{'$ref':'#/properties/b'}},'required':['a','b','c']}",
          "{'type':'object','properties':{'a':{'type':'array','items':{'type':'integer'}},'b':{'$ref':'#/$defs/items_1'},'c':{'$ref':'#/$defs/items_1'}},'required':['a','b','c'],'additionalProperties':false,'$defs':{'items_1':{'type':'integer'}}}", NULL },
        { "{'type':'object','properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]},'b':{'$ref':'#/properties/a/anyOf/0'}},'required':['a','b'],'$defs':{'schema_1':{}}}",
          "{'type':'object','properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]},'b':{'$ref':'#/$defs/schema_1000004'}},'required':['a','b'],'$defs':{'schema_1000004':{'type':'string'}},'additionalProperties':false}", NULL },
        /* with constraints beside them they are copied */
        { "{'type':'object','properties':{'a':{'$ref':'#/$defs/N','minimum':5}},'required':['a'],'$defs':{'N':{'type':'integer','minimum':1}}}", "{'type':'object','properties':{'a':{'minimum':5,'type':'integer'}},'required':['a'],'additionalProperties':false}", NULL },
        { "{'type':'object','properties':{'a':{'$ref':'#/$defs/N','minLength':5}},'required':['a'],'$defs':{'N':{'type':'array','items':{'type':'null'}}}}",
          "{'type':'object','properties':{'a':{'anyOf':[{'$ref':'#/$defs/N'}],'description':'(minLength: 5)'}},'required':['a'],'$defs':{'N':{'type':'array','items':{'type':'null'}}},'additionalProperties':false}", "- properties.a.minLength" },
        /* circles */
        { "{'type':'object','properties':{'next':{'anyOf':[{'$ref':'#'},{'type':'null'}]}},'required':['next'],'additionalProperties':false}", NULL, NULL },
        { "{'$ref':'#/$defs/Node','$defs':{'Node':{'type':'object','properties':{'kids':{'type':'array','items':{'$ref':'#/$defs/Node'}}},'required':['kids']}}}",
          "{'type':'object','properties':{'kids':{'type':'array','items':{'$ref':'#'}}},'required':['kids'],'additionalProperties':false}", NULL },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'https://x/y.json'}"), "properties.x.$ref: https://x/y.json lies outside of this schema, and only what begins with # is followed");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'#/$defs/None'}"), "properties.x.$ref: #/$defs/None leads nowhere: it must be # and a JSON pointer to a schema");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'#name'}"), "properties.x.$ref: #name leads nowhere: it must be # and a JSON pointer to a schema");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'#/required'}"), "properties.x.$ref: #/required leads to something that is no schema");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':3}"), "properties.x.$ref: a $ref is a text that begins with #");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'#/properties/x'}"), "properties.x.$ref: #/properties/x leads back to itself");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'anyOf':[{'type':'null'},{'$ref':'#/$defs/A'}]}},'$defs':{'A':{'anyOf':[{'type':'string'},{'$ref':'#/$defs/A'}]}"), "$defs.A.anyOf[1].$ref: #/$defs/A leads back to itself");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'allOf':[{'$ref':'#/$defs/A'},{'type':'string'}]}},'$defs':{'A':{'allOf':[{'$ref':'#/$defs/A'}]}"), "$defs.A: a reference in it leads back to it");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'$ref':'#/$defs/A','required':['n']}},'$defs':{'A':{'type':'object','properties':{'n':{'$ref':'#/$defs/A','required':['n']}}}"),
            "$defs.A.properties.n: references with constraints beside them lead back here: such a circle cannot be written");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC, ONE_IN("{'$ref':'#/$defs/A'}},'$defs':{'A':{'type':'array','items':{'$ref':'#/$defs/B'}},'B':{'type':'object','properties':{'a':{'$ref':'#/$defs/A'}}}"),
            "$defs.B.properties.a.$ref: #/$defs/A closes a circle, which has no place in Anthropic's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC_TOOL, "{'type':'object','properties':{'x':{'$ref':'#'}}}", "properties.x.$ref: # closes a circle, which has no place in Anthropic's strict schemas");
}

TEST(schema_lists) {
    static const schema_case cases[] = {
        { ONE_IN("{'type':'array','prefixItems':[{'type':'number'},{'type':'number'}],'items':false,'minItems':2,'maxItems':2}"),
          ONE_OUT("{'type':'array','items':{'type':'number'},'minItems':2,'maxItems':2,'description':'(prefixItems: [{\\'type\\':\\'number\\'},{\\'type\\':\\'number\\'}])'}"), "- properties.x.prefixItems" },
        { ONE_IN("{'type':'array','items':[{'type':'number'},{'type':'number'},{'type':'string'}],'additionalItems':{'type':'null'}}"),
          ONE_OUT("{'type':'array','items':{'anyOf':[{'type':'number'},{'type':'string'},{'type':'null'}]},'description':'(items: [{\\'type\\':\\'number\\'},{\\'type\\':\\'number\\'},{\\'type\\':\\'string\\'}])'}"), "- properties.x.items" },
        { ONE_IN("{'items':{'type':'string'}}"), ONE_OUT("{'type':'array','items':{'type':'string'}}"), "~ properties.x" },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'array'}"), "properties.x: a list needs a type for its items in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'array','items':[]}"), "properties.x.items: a list needs a type for its items in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'array','items':{}}"), "properties.x.items: it has no type, and every value needs one in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC, ONE_IN("{'type':'array','items':true}"), "properties.x.items: it has no type, and every value needs one in Anthropic's strict schemas");
}

// -- Anthropic -----------------------------------------------------------------------------

TEST(schema_anthropic_keywords) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'a':{'type':'integer','minimum':1,'maximum':5,'description':'How many.'},'b':{'type':'string','pattern':'^a'}},'required':['a']}",
          "{'type':'object','properties':{'a':{'type':'integer','description':'How many. (minimum: 1; maximum: 5)'},'b':{'type':'string','description':'(pattern: ^a)'}},'required':['a'],'additionalProperties':false}",
          "- properties.a.minimum; - properties.a.maximum; - properties.b.pattern" },
        { ONE_IN("{'type':'array','items':{'type':'string'},'minItems':1}"), ONE_OUT("{'type':'array','items':{'type':'string'},'minItems':1}"), NULL },
        { ONE_IN("{'type':'array','items':{'type':'string'},'minItems':2,'maxItems':4}"), ONE_OUT("{'type':'array','items':{'type':'string'},'description':'(minItems: 2; maxItems: 4)'}"), "- properties.x.minItems; - properties.x.maxItems" },
        { ONE_IN("{'type':'string','format':'uri'}"), ONE_OUT("{'type':'string','format':'uri'}"), NULL },
        { ONE_IN("{'type':'string','format':'regex'}"), ONE_OUT("{'type':'string','description':'(format: regex)'}"), "- properties.x.format" },
        { ONE_IN("{'type':'object','properties':{},'enum':[{'a':1}]}"), ONE_OUT("{'type':'object','properties':{},'additionalProperties':false,'description':'(enum: [{\\'a\\':1}])'}"), "- properties.x.enum" },
        { "{'type':'object','properties':{}}", "{'type':'object','properties':{},'additionalProperties':false}", NULL },
    };
    static const schema_case answers[] = {
        { "{'anyOf':[{'type':'string'},{'type':'integer'}]}", NULL, NULL },
        { "{'type':'array','items':{'type':'string'}}", NULL, NULL },
    };
    TABLE(LLMPROV_SCHEMA_ANTHROPIC, cases);
    TABLE(LLMPROV_SCHEMA_ANTHROPIC_TOOL, cases);
    TABLE(LLMPROV_SCHEMA_ANTHROPIC, answers);
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC_TOOL, answers[0].in, "anyOf: the root is a union: put it into a property, since the root is one object in Anthropic's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC_TOOL, answers[1].in, "the root is not just an object, as it must be in Anthropic's strict schemas");
}

/* `count` properties "p<i>" of one schema, of which those below `required` are required. */
static size_t schema_many(char *to, int count, int required, const char *schema) {
    char *p = to, quoted[256];
    int i;
    schema_quoted(quoted, schema);
    p += sprintf(p, "{\"type\":\"object\",\"properties\":{");
    for (i = 0; i < count; i++) p += sprintf(p, "%s\"p%d\":%s", i ? "," : "", i, quoted);
    p += sprintf(p, "},\"required\":[");
    for (i = 0; i < required; i++) p += sprintf(p, "%s\"p%d\"", i ? "," : "", i);
    return (size_t)(p + sprintf(p, "]}") - to);
}

/* Compiles such a schema: how many are required and how many places are unions, or -1 and the message. */
static int schema_compile_many(llmprov_schema_target target, int count, int required, const char *schema, size_t *warnings, char message[256]) {
    static char text[1 << 20];
    size_t len = schema_many(text, count, required, schema);
    llmprov_alloc alloc = test_alloc();
    llmprov_json *v;
    llmprov_schema s;
    int got;
    llmprov_schema_compile(text, len, target, &alloc, &s);
    v = s.error.code ? NULL : llmprov_json_parse(s.json, s.json_len, &alloc, NULL);
    got = v ? (int)llmprov_json_count(llmprov_json_get(v, "required")) : -1;
    *warnings = s.warning_count;
    snprintf(message, 256, "%s", s.error.message);
    llmprov_json_free(v);
    llmprov_schema_free(&s);
    return got;
}

TEST(schema_anthropic_limits_of_a_request) {
    char message[256];
    size_t warnings;
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 16, 16, "{'type':['string','null']}", &warnings, message), 16);
    CHECK_INT(warnings, 0);
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 17, 16, "{'type':['string','null']}", &warnings, message), 16);
    CHECK_INT(warnings, 1);
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 20, 20, "{'anyOf':[{'type':'string'},{'type':'null'}]}", &warnings, message), 0);
    CHECK_INT(warnings, 20);
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 24, 0, "{'type':'string'}", &warnings, message), 0);
    schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 25, 0, "{'type':'string'}", &warnings, message);
    CHECK_STR(message, "it has 25 properties that may be left out; the most is 24 in Anthropic's strict schemas");
    schema_compile_many(LLMPROV_SCHEMA_ANTHROPIC, 17, 17, "{'type':['string','integer']}", &warnings, message);
    CHECK_STR(message, "it has 17 places with several types; the most is 16 in Anthropic's strict schemas");
}

TEST_NO_OOM(schema_openai_limits) {
    char message[256];
    size_t warnings;
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_OPENAI, 5000, 5000, "{'type':'string'}", &warnings, message), 5000);
    schema_compile_many(LLMPROV_SCHEMA_OPENAI, 5001, 5001, "{'type':'string'}", &warnings, message);
    CHECK_STR(message, "it has 5001 properties; the most is 5000 in OpenAI's strict schemas");
    CHECK_INT(schema_compile_many(LLMPROV_SCHEMA_OPENAI, 500, 500, "{'enum':['a','b']}", &warnings, message), 500);
    schema_compile_many(LLMPROV_SCHEMA_OPENAI, 501, 501, "{'enum':['a','b']}", &warnings, message);
    CHECK_STR(message, "it has 1002 values in enums; the most is 1000 in OpenAI's strict schemas");
}

TEST_NO_OOM(schema_openai_limits_of_an_enum_and_of_levels) {
    static char text[1 << 17];
    char *p = text;
    llmprov_schema s;
    int i, levels;
    p += sprintf(p, "{\"type\":\"object\",\"properties\":{\"x\":{\"enum\":[");
    for (i = 0; i < 251; i++) p += sprintf(p, "%s\"%060d\"", i ? "," : "", i);
    sprintf(p, "]}},\"required\":[\"x\"]}");
    llmprov_schema_compile(text, strlen(text), LLMPROV_SCHEMA_OPENAI, NULL, &s);
    CHECK_STR(s.error.message, "properties.x.enum: an enum of more than 250 values may have 15000 characters in OpenAI's strict schemas");
    llmprov_schema_free(&s);
    for (levels = 10; levels < 12; levels++) {
        for (p = text, i = 0; i <= levels; i++) p += sprintf(p, "{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"x\":");
        p += sprintf(p, "{\"type\":\"null\"}");
        for (i = 0; i <= levels; i++) p += sprintf(p, "}}");
        llmprov_schema_compile(text, strlen(text), LLMPROV_SCHEMA_OPENAI, NULL, &s);
        if (levels == 10) CHECK_STR(s.error.message, "");
        else CHECK(strstr(s.error.message, "properties.x: objects are nested more than 10 levels deep, which is the most in OpenAI's strict schemas") != NULL);
        llmprov_schema_free(&s);
    }
}

// -- what cannot be said, and what is no schema ---------------------------------------------

TEST(schema_refuses_naming_the_place) {
    static const char *const jsons[] = { "", "{", "nonsense", "{'a':1}}", "{'a':'\\x'}" };
    size_t i;
    int target;
    for (target = LLMPROV_SCHEMA_PLAIN; target <= LLMPROV_SCHEMA_COHERE; target++) {
        llmprov_alloc alloc = test_alloc();
        llmprov_schema s;
        for (i = 0; i < LLMPROV__COUNT(jsons); i++) {
            char in[64];
            llmprov_status status;
            schema_quoted(in, jsons[i]);
            status = llmprov_schema_compile(in, strlen(in), (llmprov_schema_target)target, &alloc, &s);
            CHECK(status == LLMPROV_ERR_BAD_JSON || status == LLMPROV_ERR_NO_MEMORY);
            CHECK(s.error.code == LLMPROV_ERR_NO_MEMORY || strstr(s.error.message, "not JSON at byte "));
            llmprov_schema_free(&s);
        }
        SCHEMA_REFUSED((llmprov_schema_target)target, "[]", "a schema is an object");
        SCHEMA_REFUSED((llmprov_schema_target)target, "true", "a schema is an object");
    }
    SCHEMA_REFUSED((llmprov_schema_target)99, "{}", "there is no such target");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("true"), "properties.x: it has no type, and every value needs one in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("false"), "properties.x: \"false\" lets nothing fit, and the target has no word for that");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("'string'"), "properties.x: a schema is an object");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'text'}"), "properties.x.type: this is no type of JSON Schema: object, array, string, number, integer, boolean, null");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'anyOf':{}}"), "properties.x.anyOf: a list of schemas was expected");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'oneOf':[]}"), "properties.x.oneOf: a list of schemas was expected");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'description':'anything'}"), "properties.x: it has no type, and every value needs one in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'object','properties':[]}"), "properties.x.properties: an object of schemas was expected");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'object','required':'a'}"), "properties.x.required: a list of names was expected");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'object','properties':{},'required':['a']}"), "properties.x.required[0]: a is required but none of the properties: objects are closed, so that it could not be given");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, ONE_IN("{'type':'object','additionalProperties':{'type':'string'}}"), "properties.x.additionalProperties: an object of free keys has no place in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_ANTHROPIC, ONE_IN("{'type':'object','patternProperties':{'^a':{'type':'string'}}}"), "properties.x.patternProperties: an object of free keys has no place in Anthropic's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, "{'type':'array','items':{'type':'string'}}", "the root is not just an object, as it must be in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, "{'type':['object','null'],'properties':{}}", "the root is not just an object, as it must be in OpenAI's strict schemas");
    SCHEMA_REFUSED(LLMPROV_SCHEMA_OPENAI, "{'oneOf':[{'type':'object'},{'type':'object'}]}", "oneOf: the root is a union: put it into a property, since the root is one object in OpenAI's strict schemas");
}

// -- bounds --------------------------------------------------------------------------------

/* A chain of definitions, each with two references to the next that must be copied: 2^60 copies. */
TEST_NO_OOM(schema_copies_that_multiply_end) {
    static char text[1 << 16];
    char *p = text;
    llmprov_schema s;
    int i;
    p += sprintf(p, "{\"type\":\"object\",\"properties\":{\"r\":{\"$ref\":\"#/$defs/d0\",\"type\":\"object\"}},\"$defs\":{");
    for (i = 0; i < 60; i++)
        p += sprintf(p, "\"d%d\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/d%d\",\"type\":\"object\"},\"b\":{\"$ref\":\"#/$defs/d%d\",\"type\":\"object\"}}},", i, i + 1, i + 1);
    sprintf(p, "\"d60\":{\"type\":\"object\"}}}");
    CHECK_INT(llmprov_schema_compile(text, strlen(text), LLMPROV_SCHEMA_ANTHROPIC, NULL, &s), LLMPROV_ERR_LIMIT);
    CHECK(strstr(s.error.message, "the copies multiply") != NULL);
    llmprov_schema_free(&s);
}

/* The same without references: each definition holds the next one twice. And a chain of them that is too deep. */
TEST_NO_OOM(schema_what_is_inlined_ends) {
    static char text[1 << 16];
    llmprov_schema s;
    char *p;
    int i, twice;
    for (twice = 1; twice >= 0; twice--) {
        p = text + sprintf(text, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
        for (i = 0; i < 150; i++) {
            p += sprintf(p, "\"d%d\":{\"properties\":{\"a\":{\"$ref\":\"#/$defs/d%d\"}", i, i + 1);
            p += twice ? sprintf(p, ",\"b\":{\"$ref\":\"#/$defs/d%d\"}}},", i + 1) : sprintf(p, "}},");
        }
        sprintf(p, "\"d150\":{\"type\":\"null\"}}}");
        CHECK_INT(llmprov_schema_compile(text, strlen(text), LLMPROV_SCHEMA_INLINE, NULL, &s), LLMPROV_ERR_LIMIT);
        CHECK(strstr(s.error.message, "nested too deep") != NULL);
        llmprov_schema_free(&s);
    }
    p = text + sprintf(text, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (i = 0; i < 40; i++)
        p += sprintf(p, "\"d%d\":{\"properties\":{\"a\":{\"$ref\":\"#/$defs/d%d\"},\"b\":{\"$ref\":\"#/$defs/d%d\"}}},", i, i + 1, i + 1);
    sprintf(p, "\"d40\":{\"type\":\"null\"}}}");
    CHECK_INT(llmprov_schema_compile(text, strlen(text), LLMPROV_SCHEMA_NOVA, NULL, &s), LLMPROV_ERR_LIMIT);
    CHECK(strstr(s.error.message, "the copies multiply") != NULL);
    llmprov_schema_free(&s);
}

/* Nothing in it is quadratic: eight times the input is no more than sixteen times the memory. */
TEST_NO_OOM(schema_memory_grows_with_its_input) {
    static const char *const each[] = { "{'type':'string','minLength':2}", "{'$ref':'#/properties/p0','description':'d'}", "{'anyOf':[{'type':'string'},{'type':'integer'}]}", "{'type':'object','properties':{'a':{'const':'x'}}}" };
    static char text[1 << 20];
    llmprov_alloc alloc = test_alloc();
    size_t i, peak = 0;
    int n;
    for (i = 0; i < LLMPROV__COUNT(each); i++) {
        for (n = 200; n <= 1600; n *= 8) {
            llmprov_schema s;
            test_memory.peak = test_memory.bytes;
            llmprov_schema_compile(text, schema_many(text, n, n, each[i]), LLMPROV_SCHEMA_ANTHROPIC, &alloc, &s);
            llmprov_schema_free(&s);
            if (n > 200) CHECK(test_memory.peak <= peak * 16);
            peak = test_memory.peak;
        }
    }
}

/* Every cut and every changed byte of a schema ends in a result or an error, and twice in the same. */
TEST_NO_OOM(schema_any_text_is_compiled_or_refused) {
    static const char *const seeds[] = {
        "{'$defs':{'A':{'type':'object','properties':{'a':{'$ref':'#/$defs/A'},'b':{'enum':['x',1,null]}},'required':['b']}},'allOf':[{'$ref':'#/$defs/A'},{'properties':{'c':{'oneOf':[{'const':1},{'type':['string','null']}]}}}],'type':'object'}",
        "{'type':'object','properties':{'t':{'type':'array','prefixItems':[{'type':'number'},{'type':'string'}],'items':{'type':'null'}},'u':{'type':'integer','minimum':1,'anyOf':[{'maximum':3},{'$ref':'#/properties/t/prefixItems/0'}]}},'nullable':false}",
    };
    size_t i, k, round;
    for (i = 0; i < LLMPROV__COUNT(seeds); i++) {
        for (round = 0; round < 3000; round++) {
            char in[512], swap;
            int target = (int)((test_random() >> 32) % (LLMPROV_SCHEMA_COHERE + 1));
            llmprov_schema a, b;
            size_t len = strlen(schema_quoted(in, seeds[i]));
            for (k = 0; k < 1 + round % 3; k++) {
                size_t from = (size_t)(test_random() >> 32) % len, to = (size_t)(test_random() >> 32) % len;
                swap = in[from], in[from] = in[to], in[to] = swap;
                if (round % 7 == 0) memmove(in + from, in + to, len - (from > to ? from : to));
            }
            llmprov_schema_compile(in, len, (llmprov_schema_target)target, NULL, &a);
            llmprov_schema_compile(in, len, (llmprov_schema_target)target, NULL, &b);
            CHECK(a.error.code == b.error.code && !strcmp(a.json, b.json) && !strcmp(a.error.message, b.error.message) && a.warning_count == b.warning_count);
            CHECK(a.error.code ? *a.error.message != 0 : engine_equal(a.json, a.json_len, a.json, a.json_len));
            llmprov_schema_free(&a);
            llmprov_schema_free(&b);
        }
    }
}

/* Null and lists, where several schemas hold in one place. */
TEST(schema_several_that_hold_at_once) {
    static const schema_case cases[] = {
        { "{'type':'object','properties':{'x':{'type':['string','null'],'enum':['a']}}}", ONE_OUT("{'type':['string','null'],'enum':['a',null]}"), "~ properties.x" },
        { ONE_IN("{'nullable':true,'allOf':[{'enum':['a',null]}]}"), ONE_OUT("{'type':['string','null'],'enum':['a',null]}"), NULL },
        { ONE_IN("{'nullable':true,'allOf':[{'type':'string'}]}"), ONE_OUT("{'type':'string'}"), NULL },
        { ONE_IN("{'nullable':true,'allOf':[{'enum':['a']}]}"), ONE_OUT("{'type':'string','enum':['a']}"), NULL },
        { ONE_IN("{'nullable':true,'type':'string','allOf':[{'type':['string','null'],'minLength':1}]}"), ONE_OUT("{'type':['string','null'],'description':'(minLength: 1)'}"), "- properties.x.allOf[0].minLength" },
        { ONE_IN("{'type':'array','prefixItems':[{'type':'string'}],'allOf':[{'items':{'type':'integer'}}]}"),
          ONE_OUT("{'type':'array','items':{'type':'string'},'description':'(prefixItems: [{\\'type\\':\\'string\\'}])'}"), "- properties.x.prefixItems; - properties.x.allOf[0].items" },
    };
    TABLE(LLMPROV_SCHEMA_OPENAI, cases);
}

// -- what fuzzing found ----------------------------------------------------------------------

/* What was made fit stays as it is: Nova's root has no items, and gets none. */
TEST(schema_list_at_novas_root) {
    static const char *const lists[] = { "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "{\"type\":\"array\"}" };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < 2; i++) {
        llmprov_schema s;
        llmprov_schema_compile(lists[i], strlen(lists[i]), LLMPROV_SCHEMA_NOVA, &alloc, &s);
        if (!s.error.code) CHECK_STR(s.json, "{\"type\":\"array\"}");
        CHECK_ALWAYS(s.error.code == LLMPROV_OK || s.error.code == LLMPROV_ERR_NO_MEMORY);
        llmprov_schema_free(&s);
    }
}
