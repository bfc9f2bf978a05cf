#!/bin/sh
# Installs the npm packages of tests/clients/package-lock.json into build/clients, unless they are there already.
# Without node or npm, or without the registry, it says why and exits with 3.
set -u
to=build/clients lock=tests/clients/package-lock.json
for tool in node npm; do
    command -v $tool > /dev/null 2>&1 || { echo "there is no $tool"; exit 3; }
done
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || { echo "node $major is too old: 18 or later is needed"; exit 3; }
if cmp -s $lock $to/installed.json; then exit 0; fi
mkdir -p $to && cp tests/clients/package.json $lock $to/ || exit 1
(cd $to && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > npm.log 2>&1) || {
    tail -n 3 $to/npm.log
    echo "npm cannot install the packages of $lock"
    exit 3
}
cp $lock $to/installed.json
