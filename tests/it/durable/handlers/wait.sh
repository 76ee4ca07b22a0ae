# shellcheck shell=bash
# Requirements for waits.

# 2-1: a wait of 2 s
# null -> SUCCEEDED
wait_2_1() { durable wait 2; }

# 2-2: a wait has a name
# null -> SUCCEEDED
wait_2_2() { durable wait 2s custom_wait_name; }

# 2-3: two waits
# null -> SUCCEEDED {"completedWaits":2}
wait_2_3() {
  durable wait 2 wait-1
  durable wait 2 wait-2
  say '{"completedWaits":2}'
}

# 2-4: a wait of one minute
# null -> RUNNING
# open
wait_2_4() { durable wait 1m; }

# 2-5: a wait of one hour
# null -> RUNNING
# open
wait_2_5() { durable wait 1h; }
