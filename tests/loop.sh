#!/bin/sh
# The command line against the mock server, over loopback: chats in every format, every fault, a change of provider
# between any two, the gateway of examples/server.c between any two, and what works without network. Run by `make loop`
# from the project's root; needs build/llmprov, build/llmprov-plain, build/mock, build/raw and build/examples/server. All
# formats go over the plain sockets of examples/sockets.h; where libcurl
# is compiled into build/llmprov, two of them go over it too.
set -u
# Nothing of the caller's: keys, base URLs and proxies are variables.
[ "${1:-}" = clean ] || exec env -i PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" CC="${CC:-cc}" sh "$0" clean
program=build/llmprov
formats=$($program formats) || exit 1
. tests/loop_parts.sh
start_mock curl plain

# -- without network -----------------------------------------------------------------------

check 'no command' 1 '' 'llmprov chat'
check 'help' 0 'llmprov convert' '' --help
check 'version' 0 '^llmprov [0-9.]*$' '' --version
check 'unknown command' 1 '' 'unknown command.*: talk' talk
for command in chat request convert providers formats; do
    check "$command help" 0 "^llmprov $command" '' $command --help
    check "$command unknown option" 1 '' 'unknown option: --loud' $command --loud
done
check 'option without value' 1 '' 'needs a value: --model' chat --model
check 'flag with value' 1 '' 'takes no value: --json' chat --json=yes
check 'two prompts' 1 '' 'one word too many.*: b' chat -p openai a b
check 'unknown provider' 1 '' 'unknown provider.*: nope' chat -p nope hi
check 'no provider' 3 '' 'ANTHROPIC_API_KEY' chat hi
check 'no key' 3 '' 'OPENAI_API_KEY' chat -p openai hi
check 'no file' 2 '' "cannot read $dir/none: " convert --from openai-chat --what reply "$dir/none"
check 'no history' 2 '' "cannot read $dir/none: " chat -p ollama --load "$dir/none" hi
echo '{"messages":[{"role":"user"' > "$dir/broken"
check 'broken history' 2 '' 'byte 2[0-9]' chat -p ollama --load "$dir/broken" hi
check 'image of no kind' 2 '' 'neither PNG' chat -p ollama --image "$dir/broken" hi
check 'formats' 0 '^openai-chat$' '' formats
check 'providers' 0 '^anthropic  *ANTHROPIC_API_KEY,[^ ]*  *not set$' '' providers
check 'providers: local' 0 '^ollama .* no key needed$' '' providers
export GROQ_API_KEY=x
check 'providers: set' 0 '^groq  *GROQ_API_KEY  *set$' '' providers
check 'default provider' 0 '^POST https://api.groq.com/' '*' request tests/wire/anthropic-messages/hello/request.json
unset GROQ_API_KEY

# request
cat > "$dir/in" <<'END'
{"model":"m","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"hi"}]}
END
check 'request to anthropic' 0 '^POST https://api.anthropic.com/v1/messages$' '' request -p anthropic
check 'request: the key is masked' 0 '^x-api-key: \*\*\*\*$' '' request -p anthropic
check 'request: same body' 0 '"model":"m","max_tokens":9,.*"system":"Be brief."' '' request -p anthropic -
check 'request to openai' 0 '^authorization: Bearer \*\*\*\*$' '' request -p openai -m x
check 'request: model' 0 '"model":"x"' '' request -p openai -m x --stream
check 'request: stream' 0 '"stream":true' '' request -m openai/x --stream
check 'request: address' 0 '^POST http://h:1/v1/chat/completions$' '' request -p custom --base-url http://h:1
export OPENAI_API_KEY=sk-secret
check 'request: a key that is set' 0 '^authorization: Bearer \*\*\*\*$' '' request -p openai
expect 'request: no key in it' sh -c "! grep sk-secret '$dir/request: a key that is set.out'"
unset OPENAI_API_KEY
echo '{"model":"m","max_tokens":9,"top_k":3,"messages":[{"role":"user","content":"hi"}]}' > "$dir/in"
check 'request: a warning' 0 '*' '^llmprov: warning: top_k: ' request -p openai
echo '{"model":"m",' > "$dir/in"
check 'request: broken' 2 '' 'stdin: .*byte 1[0-9]' request -p openai
: > "$dir/in"

# -- the mock server starts ----------------------------------------------------------------

where mock
url=http://127.0.0.1:$port

# ask PATH BODY HEADERS: what the mock says to what the command line does not ask
ask() {
    printf 'POST %s HTTP/1.0\r\ncontent-length: %s\r\n%s\r\n%s' "$1" ${#2} "${3:-}" "$2" | $limit build/raw "$port" 3>&-
}

# asked NAME EXPECTED PATH BODY HEADERS
asked() {
    name=$1 at=$dir/$1 why=
    ask "$3" "$4" "${5:-}" > "$at.out" 2> "$at.err"
    found "$2" "$at.out" || why="the mock should say: $2"
    verdict
}

# A binary stream lies there as text: the mock makes it.
put_body() {
    if grep -q 'application/vnd.amazon.eventstream' "tests/wire/$1/$2/$3.txt"; then
        ask "/model/mock-$2/converse-stream" '{"messages":[{"role":"user","content":[{"text":"x"}]}]}' > "$dir/answer"
        head=$(sed '/^.$/q' "$dir/answer" | wc -c)
        tail -c +$((head + 1)) "$dir/answer"
    else body "$1/$2/$3.txt"
    fi
}

# -- from format to format -----------------------------------------------------------------

program=build/llmprov-plain
servers=
for to in $formats; do
    body openai-chat/hello/reply.txt > "$dir/hello"
    if $program convert --from openai-chat --to $to --what reply "$dir/hello" > /dev/null 2> "$dir/why"; then servers="$servers $to"
    else expect "convert: $to is no server" grep 'cannot be written' "$dir/why"
    fi
done
for format in $formats; do
    for case in hello thinking tool unicode rate_limit error_in_stream; do
        for what in reply stream; do
            [ ! -f tests/wire/$format/$case/$what.txt ] || put_body $format $case $what > "$dir/$format.$case.$what"
        done
    done
    of="$dir/convert $format"
    for case in hello thinking unicode tool; do
        for what in reply stream; do
            check "convert $format $case $what" 0 '"type":"message"' '*' convert --from $format --to anthropic-messages --gather --what $what "$dir/$format.$case.$what"
        done
        expect "convert $format $case: stream and reply agree" cmp "$of $case reply.out" "$of $case stream.out"
    done
    for to in $servers; do
        begins='^\(data: \)*{'
        [ $to != bedrock-converse ] || begins=':event-type'
        check "convert $format reply to $to" 0 '^{' '*' convert --from $format --to $to --what reply "$dir/$format.tool.reply"
        check "convert $format stream to $to" 0 "$begins" '*' convert --from $format --to $to --what stream "$dir/$format.tool.stream"
        cp "$of stream to $to.out" "$dir/again"
        check "convert $format by $to and back" 0 '"event":"end","stop":"tool_use"' '*' convert --from $to --to events --what stream "$dir/again"
    done
    check "convert $format to events" 0 '^{"event":"start"[^{]*}$' '*' convert --from $format --to events --what stream "$dir/$format.hello.stream"
    expect "convert $format: the end" grep '^{"event":"end","stop":"end_turn","stop_word":"[A-Za-z_]*","stop_sequence":null,"usage":{"input_tokens":[1-9]' "$of to events.out"
    expect "convert $format: blocks" grep '^{"event":"block","index":0,"block":{"type":"text","text":""' "$of to events.out"
    check "convert $format: a call" 0 '^{"event":"block_end","index":[0-9]*,"block":{"type":"tool_use","id":.*"input":{.*}' '*' convert --from $format --to events --what reply "$dir/$format.tool.reply"
    check "convert $format: an error" 3 '^{"type":"error","error":{"type":"rate_limit_error","message":"..*"}' '' convert --from $format --what error --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error as a reply" 3 '"error":{"type":"rate_limit_error"' 'llmprov: ' convert --from $format --to anthropic-messages --what reply --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error as a message" 3 '"content":\[\]' 'llmprov: ' convert --from $format --to anthropic-messages --gather --what reply --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error in a stream to a stream" 3 '^data: {"type":"error","error":' 'llmprov: ' convert --from $format --to anthropic-messages --what stream "$dir/$format.error_in_stream.stream"
    check "convert $format: an error in a stream" 3 '^{"event":"error","error":{"type":"[a-z_]*","message":"..*"}}$' '^llmprov: ' convert --from $format --to events --what stream "$dir/$format.error_in_stream.stream"
    head -c $(($(wc -c < "$dir/$format.hello.stream") / 2)) "$dir/$format.hello.stream" > "$dir/cut"
    check "convert $format: a cut stream" 3 '"text":"Hello' '^llmprov: .*ended' convert --from $format --gather --what stream "$dir/cut"
    echo '<html>' > "$dir/cut"
    check "convert $format: no reply" 2 '"event":"error"' 'cut: .*not JSON' convert --from $format --to events --what reply "$dir/cut"
done
program=build/llmprov
check 'convert: which format' 1 '' '--from' convert --what reply
check 'convert: which form' 1 '' '--what' convert --from openai-chat
check 'convert: unknown format' 1 '' 'nope' convert --from nope --what reply
check 'convert: by a row' 0 '"type":"message"' '' convert -p deepseek --to anthropic-messages --gather --what reply "$dir/openai-chat.hello.reply"
check 'convert: status' 1 '' '--status' convert --from openai-chat --what error --status 99 "$dir/cut"
check 'convert: to' 1 '' '--to' convert --from openai-chat --what reply --to xml "$dir/cut"

# -- the mock itself -----------------------------------------------------------------------

hi='"contents":[{"role":"user","parts":[{"text":"hi"}]}]'
asked 'gemini: an array' '^,.$' '/v1beta/models/m:streamGenerateContent' "{$hi}"
asked 'gemini: its end' '^]$' '/v1/models/m:streamGenerateContent?alt=json' "{$hi}"
asked 'gemini: events' '^data: {' '/v1beta/models/m:streamGenerateContent?x=1&alt=sse' "{$hi}"
asked 'gemini: an error in an array' '^\[{' '/v1beta/models/m:streamGenerateContent' '{}'
asked 'vertex' '"modelVersion": "m"' '/v1/projects/p/locations/l/publishers/google/models/m:generateContent' "{$hi}"
turn='{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}'
turn="\"contents\":[$turn,{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"name\":\"f\",\"response\":{}}}]}]"
asked 'gemini: a signature is missing' 'no thoughtSignature' '/v1beta/models/gemini-3.5-flash:generateContent' "{$turn}"
asked 'gemini: none is needed' '^HTTP/1.1 200' '/v1beta/models/gemini-2.5-flash:generateContent' "{$turn}"
say='{"role":"user","content":[{"text":"hi"}]}'
hello='"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]'
asked 'messages: thinking' '"thinking_delta","thinking":"Let me think."' /v1/messages "{$hello,\"stream\":true,\"thinking\":{\"type\":\"adaptive\"}}" 'anthropic-version: 2023-06-01
'
asked 'chat: thinking' '"reasoning_content":"Let me think."' /v1/chat/completions "{$hello,\"stream\":true,\"reasoning_effort\":\"low\"}"
asked 'responses: thinking' 'summary_text.delta.*"Let me think."' /v1/responses '{"model":"m","input":"hi","stream":true,"reasoning":{"effort":"low"}}'
asked 'gemini: thinking' '"text": "Let me think.", "thought": true' '/v1beta/models/m:streamGenerateContent?alt=sse' "{$hi,\"generationConfig\":{\"thinkingConfig\":{\"includeThoughts\":true}}}"
asked 'bedrock: thinking' '"text":"Let me think."' /model/m/converse '{"messages":[{"role":"user","content":[{"text":"hi"}]}],"additionalModelRequestFields":{"thinking":{"type":"enabled"}}}'
asked 'ollama: thinking' '"thinking":"Let me think."' /api/chat "{$hello,\"think\":true}"
asked 'cohere: thinking' '"content":{"thinking":"Let me think."}' /v2/chat "{$hello,\"stream\":true,\"thinking\":{\"type\":\"enabled\"}}"
asked 'bedrock: turns' 'ValidationException' '/model/m/converse' "{\"messages\":[$say,$say]}"
asked 'bedrock: a blank' 'is blank' '/model/m/converse' '{"messages":[{"role":"user","content":[{"text":" "}]}]}'
asked 'bedrock: nothing' '^HTTP/1.1 404' '/model/m/fly' '{}'
asked 'ollama: streams unasked' 'x-ndjson' '/api/chat' '{"model":"m","messages":[{"role":"user","content":"hi"}]}'
asked 'cohere: a role' '"message":"invalid request' '/v2/chat' '{"model":"m","messages":[{"role":"robot","content":"hi"}]}'
asked 'responses: a call without its output' 'No tool output' '/v1/responses' '{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}'
create='{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
asked 'proxy: whole' '^{"id":"msg_.*legacyuse mock' /create "$create" "x-api-key: k
"
asked 'proxy: no credits' '^{"error":"API Credits Exceeded"}$' /create "$create" "x-api-key: no-credits
"
asked 'proxy: no key' '^HTTP/1.1 401' /create "$create"
asked 'proxy: invalid' '^{"error":"max_tokens: Field required"}$' /create '{"model":"m","messages":[]}' "x-api-key: k
"

# -- over the loopback ---------------------------------------------------------------------

set_keys
program=build/llmprov-plain
retries plain "$formats"
for format in $formats; do talk plain $format; done
expect 'the image arrived in every format' sh -c "[ \$(grep -l iVBORw0KGgo '$dir'/record/* | wc -l) = $(echo "$formats" | wc -l) ]"

# A conversation with a tool goes on with every other provider.
for from in $formats; do
    for to in $formats; do
        [ $from != $to ] || continue
        p=$(provider_of $to) || exit 1
        check "from $from to $to" 0 "^Hello! This is the $to mock.*began with \"What is 2 plus 40?\"" '*' \
            chat -p $p --base-url "$url" --load "$dir/$from.talk" --tool-demo 'Go on.'
    done
done

# -- through the gateway -------------------------------------------------------------------

for behind in $formats; do
    p=$(provider_of $behind) || exit 1
    : > "$dir/$behind.port"
    build/examples/server --provider $p --base-url "$url" < /dev/null > "$dir/$behind.port" 2> "$dir/$behind.err" 3>&- &
    gateways="$gateways $!"
done
for behind in $formats; do
    where $behind
    asked "gateway to $behind: a stream that is an array" '^\[{' '/v1beta/models/m:streamGenerateContent' "{$hi}"
    asked "gateway to $behind: a stream of events" '^data: {' '/v1beta/models/m:streamGenerateContent?alt=sse' "{$hi}"
    for format in $servers; do
        p=$(provider_of $format) || exit 1
        c="chat -p $p --base-url http://127.0.0.1:$port"
        of="gateway from $format to $behind"
        check "$of: stream" 0 "^Hello! This is the $behind mock. I have seen 1 message" '*' $c 'Good day'
        check "$of: whole" 0 "^Hello! This is the $behind mock. I have seen 1 message" '*' $c --no-stream 'Good day'
        check "$of: a tool" 0 '^The tool says: 42$' '^llmprov: tool add {.*} -> 42$' $c --tool-demo 'What is 2 plus 40?'
        check "$of: limited" 3 '' '^llmprov: .*\(limit\|many\)' $c -m limited hi
        check "$of: an error in the stream" 3 '*' '^llmprov: ' $c -m stream-error hi
        check "$of: cut" 3 '^Hello' '^llmprov: ' $c -m cut hi
    done
done

check 'bedrock: a wrong checksum' 3 'Hello' '^llmprov: ' chat -p bedrock --base-url "$url" -m bad-crc hi
(unset AWS_BEARER_TOKEN_BEDROCK; export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret
check 'bedrock: signed' 0 'Hello!' '' chat -p bedrock --base-url "$url" hi)
expect 'the signature arrived' sh -c "grep -l 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/' '$dir'/record/* | grep -q ."

# The proxy of legacy-use never streams: a conversation with a tool, by events and whole, and what it refuses.
export LEGACYUSE_PROXY_API_KEY=demo
c="chat -p legacyuse --base-url $url"
check 'proxy: an answer' 0 '^Hello! This is the legacyuse mock. I have seen 1 message' '' $c --save "$dir/talk" 'I am Ada'
check 'proxy: whole' 0 '^Hello! This is the legacyuse mock' '' $c --no-stream 'Good day'
check 'proxy: events' 0 '^{"event":"end","stop":"end_turn"' '' $c --json 'Good day'
check 'proxy: a tool' 0 '^The tool says: 42$' '^llmprov: tool add {.*} -> 42$' $c --load "$dir/talk" --save "$dir/talk" --tool-demo 'What is 2 plus 40?'
printf 'one\n\ntwo\n/quit\n' > "$dir/in"
check 'proxy: a conversation' 0 'seen 9 messages.*I am Ada' '' $c --load "$dir/talk" --save "$dir/talk" --tool-demo
: > "$dir/in"
check 'proxy: goes on elsewhere' 0 '^Hello! This is the gemini-generate mock.*I am Ada' '*' chat -p gemini --base-url "$url" --load "$dir/talk" --tool-demo 'Go on.'
later 'proxy: again when overloaded' 0 'Hello!' 'trying again' $c -m proxy-overloaded hi
later 'proxy: always limited' 3 '' '^llmprov: ' $c -m limited hi
export LEGACYUSE_PROXY_API_KEY=no-credits
check 'proxy: out of credit' 3 '' 'API Credits Exceeded' $c hi
expect 'no credit is asked for once' sh -c "grep -c no_credits '$dir/log' | grep -x 2"
printf 'one\ntwo\nthree\n' > "$dir/in"
check 'UI-TARS' 0 'gear' '*' chat -p openai --base-url "$url" -m uitars-1.5
: > "$dir/in"
expect 'UI-TARS acts in three steps' sh -c "grep -c 'uitars_[cft]' '$dir/log' | grep -x 3"
check 'UI-TARS operates a computer' 0 '^The task asks for the settings' '*' chat -p uitars --base-url "$url" --computer-demo 'Open the network settings.'
expect 'its actions came as calls of the tool' sh -c "grep -c 'tool computer {\"action\":\"\(left_click\",\"coordinate\":\[1197,36\]\|type\",\"text\":\"network\"\|key\",\"text\":\"Return\"\)} -> done' '$dir/UI-TARS operates a computer.err' | grep -x 3"
expect 'and its last words as text' grep -q '^.*The network settings are open.$' "$dir/UI-TARS operates a computer.out"
check 'UI-TARS, whole replies' 0 'The network settings are open.' '*' chat -p uitars --base-url "$url" --computer-demo --no-stream 'Open the network settings.'
check 'plain: https' 3 '' 'TLS needs libcurl' chat -p openai --base-url https://127.0.0.1:1 hi

if ! cmp -s build/llmprov build/llmprov-plain; then
    program=build/llmprov
    retries curl 'anthropic-messages bedrock-converse'
    for format in anthropic-messages bedrock-converse; do talk curl $format; done
fi
verdicts loop
