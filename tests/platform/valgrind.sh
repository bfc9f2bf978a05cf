#!/bin/sh
# The tests under valgrind's memcheck: any error and any leak fails. Each test runs once as it stands and once with one
# allocation refused, instead of hundreds of times, so that it ends in minutes; in two
# halves at once, as make test.
set -u
export TEST_RUNS=1
B=build
CC=${CC:-cc}
mkdir -p $B || exit 2
for half in 1 2; do
    $CC -std=c99 -O1 -g -DTEST_LIST="\"../$B/half$half.inc\"" -o $B/test-valgrind$half tests/test_all.c &
    eval "pid$half=$!"
done
wait "$pid1" && wait "$pid2" || exit 2
for half in 1 2; do
    valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible $B/test-valgrind$half > $B/valgrind$half.log 2>&1 &
    eval "pid$half=$!"
done
code=0
wait "$pid1" || code=1
wait "$pid2" || code=1
for half in 1 2; do tail -n 40 $B/valgrind$half.log; done
exit $code
