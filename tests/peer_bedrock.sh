#!/bin/sh
# AWS's own signer and event-stream codec as a server: tests/peer_bedrock.c speaks to it. Run by `make peer-bedrock` from
# the project's root; needs node, npm (which fetches four packages into build/) and $SHARED/peers/bedrock-peer.cjs.
# Ends with "bedrock peer: N passed, N failed", or says why it was skipped, which counts as a failure where CI is "true".
set -u
SHARED=${SHARED:-../shared}
peer=$SHARED/peers/bedrock-peer.cjs
dir=build/bedrock-peer
server=

skip() {
    echo "skipped: no bedrock peer ($1)"
    [ "${CI:-}" != true ]
    exit
}
finish() {
    [ -z "$server" ] || kill "$server" 2> /dev/null
    wait
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

[ -f "$peer" ] || skip "there is no $peer"
for tool in node npm timeout; do command -v $tool > /dev/null || skip "there is no $tool"; done
mkdir -p $dir
if [ ! -d $dir/node_modules/@smithy/signature-v4 ]; then
    printf '{"private":true}\n' > $dir/package.json
    (cd $dir && timeout 200 npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
        @smithy/signature-v4@5 @smithy/eventstream-codec@4 @aws-crypto/sha256-js@5 @smithy/util-utf8@4) > $dir/npm.log 2>&1 ||
        skip "npm cannot install: $(tail -n 1 $dir/npm.log)"
fi
${CC:-cc} -std=c99 -O1 -Wall -Wextra -I. -o $dir/peer tests/peer_bedrock.c || exit 1
NODE_PATH=$PWD/$dir/node_modules node "$peer" > $dir/server.log 2>&1 &
server=$!
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY AWS_BEARER_TOKEN_BEDROCK AWS_SESSION_TOKEN
AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY \
    timeout 100 $dir/peer http://127.0.0.1:18150 || { tail -n 5 $dir/server.log; exit 1; }
