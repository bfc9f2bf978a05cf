#!/bin/sh
# The official SDKs of Anthropic and OpenAI as clients of the gateway in examples/server.c, with the mock server
# behind it in either format. Run by `make clients` from the project's root; needs build/mock and
# build/examples/server. Without node or npm it says so and skips, which with CI=true is a failure.
#
#   sh tests/clients.sh [PART-OF-A-NAME]      GATEWAY=... for another build of examples/server.c
set -u
why=$(sh tests/clients/install.sh) || {
    echo "skipped: clients: $why"
    [ "${CI:-}" != true ]
    exit
}
gateway=${GATEWAY:-build/examples/server}
dir=$(mktemp -d "${TMPDIR:-/tmp}/llmprov-clients.XXXXXX") || exit 1
mock='' servers=''
finish() {
    exec 3>&-
    [ -z "$mock$servers" ] || kill $mock $servers 2> /dev/null
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# The model "slow" has a pause between its events; every other plays the case that it is named after, or chats.
always='"times":1000000'
printf '{"answers":[{"if":{"model":"slow"},"case":"hello","gap_ms":50,%s},{}]}\n' "$always" > "$dir/script"
mkfifo "$dir/hold" && mkdir "$dir/record" || exit 1
build/mock --until-eof --lifetime 170 --script "$dir/script" --record "$dir/record" < "$dir/hold" > "$dir/mock" &
mock=$!
exec 3> "$dir/hold"

# The port that a program printed to a file.
port() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -s "$dir/$1" ] || break
        sleep 0.1
    done
    sed -n 's/^listening on 127.0.0.1://p' "$dir/$1"
}

# serve NAME PROVIDER: a gateway before the mock; its key is any, and nothing else comes from our environment
serve() {
    env -i ANTHROPIC_API_KEY=any OPENAI_API_KEY=any \
        "$gateway" --provider "$2" --base-url "http://127.0.0.1:$(port mock)" > "$dir/$1" 2> "$dir/$1.log" 3>&- &
    servers="$servers $!"
}
serve messages anthropic
serve chat openai

env -u ANTHROPIC_BASE_URL -u OPENAI_BASE_URL BEHIND_MESSAGES="$(port messages)" BEHIND_CHAT="$(port chat)" \
    RECORD="$dir/record" GATEWAY="$gateway" NO_PROXY=127.0.0.1 node tests/clients/run.mjs "${1:-}" 3>&-
code=$?
for server in $servers; do
    kill "$server" && wait "$server" || { echo "a gateway ended with $?"; tail -n 20 "$dir"/*.log; code=1; }
done
servers=''
exit $code
