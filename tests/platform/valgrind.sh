#!/bin/sh
# The tests under valgrind's memcheck: any error and any leak fails. Each test runs once as it stands and once with one
# allocation refused, instead of five hundred times, so that it ends in minutes.
set -u
B=build
CC=${CC:-cc}
mkdir -p $B || exit 2
$CC -std=c99 -O1 -g -DTEST_RUNS=1 -DTEST_LIST='"../build/tests.inc"' -o $B/test-valgrind tests/test_all.c || exit 2
valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=definite,indirect,possible \
    --track-origins=no $B/test-valgrind
