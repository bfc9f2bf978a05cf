#!/bin/sh
# Threads under ThreadSanitizer (tests/platform/tsan.c). It must find nothing, and must find what is put there: the same
# without the lock that llmprov_client_for wants. Run by `make tsan` from the project's root.
set -u
dir=build/tsan
. tests/platform/lib.sh
cc=
for compiler in "${CC:-cc}" gcc clang-19 clang; do
    printf 'int main(void) { return 0; }\n' > $dir/try.c
    $compiler -fsanitize=thread -o $dir/try $dir/try.c 2> /dev/null && $dir/try && cc=$compiler && break
done
if [ -z "$cc" ]; then
    skip "tsan: no compiler here has -fsanitize=thread, or its programs do not run"
    exit $failed
fi
try "tsan: compiles" $cc -std=c99 -Wall -Wextra -Werror -g -O1 -fsanitize=thread -pthread -o $dir/threads tests/platform/tsan.c
[ $failed = 0 ] || exit 1
try "tsan: no race" timeout 300 $dir/threads
tail -n 1 $dir/out
try "tsan: without the lock there is one, and it is found" sh -c "! timeout 300 $dir/threads unlocked > $dir/races 2>&1 && grep -q 'WARNING: ThreadSanitizer: data race' $dir/races"
[ $failed = 0 ]
