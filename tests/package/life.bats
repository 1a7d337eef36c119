#!/usr/bin/env bats
# The life of the package on a Debian with its systemd. Each test goes on where
# the one before has ended.

bats_require_minimum_version 1.5.0
load machine

setup_file() {
    start_machine
    inventory >"$FOLDER/before"
}

teardown_file() {
    stop_machine
}

add_to_unit() {
    on mkdir -p /etc/systemd/system/hubgate.service.d
    on sh -c "printf '[Service]\n%s\n' '$1' >/etc/systemd/system/hubgate.service.d/test.conf"
    on systemctl daemon-reload
}

restore_unit() {
    on rm -r /etc/systemd/system/hubgate.service.d
    on systemctl daemon-reload
}

journal_process() {
    on systemctl show --property=MainPID --value systemd-journald.service
}

# 11 MB of lines: systemd gives the journal's socket 8 MiB, and hubgate holds 1 MiB and as much that
# is being written.
fill_the_journal() {
    local most
    most=$(printf 'x%.0s' {1..500})
    on curl --silent --insecure --max-time 400 --output /dev/null --user-agent "$most" \
        --referer "$most" "https://localhost/?$most$most$most$most&[1-3500]"
}

has_ended() {
    ! signal 0 "$1" 2>/dev/null
}

@test "an installation is closed, complete and not started" {
    install_version 0.0.1-1
    run on systemctl is-active hubgate.service
    [[ $output == inactive ]]
    run on systemctl is-enabled hubgate.service
    [[ $output == disabled ]]
    [[ $(on stat --format '%U:%G %a' /var/lib/hubgate) == "hubgate:hubgate 700" ]]
    [[ $(on getent passwd hubgate) == *:/var/lib/hubgate:/usr/sbin/nologin ]]
    on test -e /usr/share/man/man1/hubgate.1.gz -a -e /usr/share/man/man5/proxy.yaml.5.gz
    on bash -c 'source /usr/share/bash-completion/completions/hubgate'
    run -0 on hubgate check
    [[ $output == *"from your networks without authentication; no access from elsewhere"* ]]
}

@test "systemd starts it and a request is answered" {
    on systemctl enable --quiet --now hubgate.service
    within 10 answers
}

@test "clients may occupy a share of the machine's memory, which the service does not see in /proc" {
    local share
    share=$(awk '/^MemTotal:/ {s = $2 / 16384; print (s < 32 ? 32 : (s > 512 ? 512 : s))}' /proc/meminfo)
    run -0 on hubgate status
    [[ $output == *"clients may occupy $(printf %.1f "$share") MiB"* ]]
}

@test "systemd rates its exposure at 2.0 or less" {
    on systemd-analyze security --no-pager --threshold=20 hubgate.service
}

@test "it is not root, has one capability and can write to its state only" {
    local status
    status=$(on cat "/proc/$(main_process)/status")
    grep -qE "^Uid:\s+$(on id -u hubgate)\s" <<<"$status"
    grep -qE '^CapEff:\s+0000000000000400$' <<<"$status"
    grep -qE '^CapBnd:\s+0000000000000400$' <<<"$status"
    grep -qE '^NoNewPrivs:\s+1$' <<<"$status"
    grep -qE '^Seccomp:\s+2$' <<<"$status"
    printf '#!/bin/sh\ncd /var/lib/hubgate && mkdir export && echo key >export/key\ntouch /etc/hubgate/x /usr/x /var/x 2>/dev/null && exit 1\nls /root 2>/dev/null && exit 1\nmkdir /tmp/own' |
        on tee /etc/hubgate/program >/dev/null
    on chmod 755 /etc/hubgate/program
    # A program that hubgate starts is shut in like hubgate.
    add_to_unit ExecStartPost=/etc/hubgate/program
    on systemctl restart hubgate.service
    [[ $(on cat /var/lib/hubgate/export/key) == key ]]
    run -1 on test -e /tmp/own
    on rm -r /var/lib/hubgate/export
    restore_unit
}

@test "a reload tells mistakes and changes nothing then" {
    local before
    before=$(main_process)
    on cp /etc/hubgate/proxy.yaml /root/proxy.yaml
    on sh -c 'echo "sites: []" >/etc/hubgate/proxy.yaml'
    run on systemctl reload hubgate.service
    ((status != 0))
    answers
    on sh -c '{ echo "# mine"; cat /root/proxy.yaml; } >/etc/hubgate/proxy.yaml'
    on systemctl reload hubgate.service
    [[ $(main_process) == "$before" ]]
}

@test "a journal that stands still delays neither a request nor a command nor the stop" {
    local before journal
    before=$(main_process)
    journal=$(journal_process)
    signal STOP "$journal"
    fill_the_journal
    answers
    on hubgate status
    signal TERM "$before"
    within 20 has_ended "$before"
    signal CONT "$journal"
    on systemctl start hubgate.service
    within 10 answers
}

@test "a process that is killed, or hangs, is started again" {
    local before
    before=$(main_process)
    signal KILL "$before"
    within 20 has_another_main_process "$before"
    within 10 answers
    add_to_unit WatchdogSec=2s
    on systemctl restart hubgate.service
    before=$(main_process)
    signal STOP "$before"
    within 30 has_another_main_process "$before"
    within 10 answers
    restore_unit
    on systemctl restart hubgate.service
}

@test "an upgrade under load fails no request and keeps what was begun" {
    local before
    before=$(main_process)
    under_load install_version 0.0.2-1
    has_another_main_process "$before"
}

@test "systemd follows the new process" {
    [[ $(on systemctl is-active hubgate.service) == active ]]
    [[ $(on systemctl show --property=NRestarts --value hubgate.service) == 0 ]]
    on systemctl reload hubgate.service
    local before
    before=$(main_process)
    signal KILL "$before"
    within 20 has_another_main_process "$before"
    within 10 answers
}

@test "a changed configuration survives the upgrade" {
    [[ $(on head -n 1 /etc/hubgate/proxy.yaml) == "# mine" ]]
}

@test "systemd's sockets start it" {
    on systemctl stop hubgate.service
    on systemctl start hubgate.socket
    answers
    on systemctl is-active hubgate.service
    on systemctl stop hubgate.socket hubgate.service
    on systemctl start hubgate.service
}

@test "a removal ends it and leaves configuration and state" {
    on apt-get remove --yes hubgate
    run on systemctl is-active hubgate.service
    [[ $output == inactive ]]
    [[ $(on head -n 1 /etc/hubgate/proxy.yaml) == "# mine" ]]
    on test -e /var/lib/hubgate/self-signed/openhabian.local.pem
    run -1 pgrep --ns "$(leader)" --nslist pid --exact hubgate
}

@test "an installation after a removal takes up configuration and state" {
    local key=/var/lib/hubgate/self-signed/openhabian.local.pem before
    before=$(on sha256sum "$key")
    install_version 0.0.2-1
    on systemctl start hubgate.service
    within 10 answers
    [[ $(on sha256sum "$key") == "$before" ]]
    [[ $(on head -n 1 /etc/hubgate/proxy.yaml) == "# mine" ]]
}

@test "a purge leaves nothing behind" {
    on apt-get purge --yes hubgate
    on rm -f /root/proxy.yaml
    diff "$FOLDER/before" <(inventory)
    [[ -z $(on systemctl --failed --no-legend) ]]
}
