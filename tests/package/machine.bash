#!/usr/bin/env bash
# A machine with its own systemd, network and ports, in a folder.

# Unpacks and boots it; what the tests need on it is put there.
start_machine() {
    MACHINE=$FOLDER/$SUITE
    mkdir -p "$MACHINE"
    tar --extract --file "$DEBIAN" --directory "$MACHINE"
    cp "$FOLDER"/*.deb "$BATS_TEST_DIRNAME/hub" "$BATS_TEST_DIRNAME/callers" "$MACHINE/usr/local/bin/"
    local alone=()
    # Without a systemd here nobody could make a unit for it.
    [[ -d /run/systemd/system ]] || alone=(--keep-unit)
    systemd-nspawn --quiet --register=no "${alone[@]}" --private-network --boot \
        --directory "$MACHINE" </dev/null >"$FOLDER/console" 2>&1 3>&- 4>&- &
    NSPAWN=$!
    export MACHINE NSPAWN
    within 60 booted || { tail -20 "$FOLDER/console"; return 1; }
    on systemd-run --quiet --unit hub /usr/local/bin/hub
}

stop_machine() {
    kill "$NSPAWN" || true
    wait "$NSPAWN" || true
    rm -rf "$MACHINE"
}

# The machine's first process, as this machine knows it.
leader() {
    pgrep --parent "$NSPAWN" | head -n 1
}

# Runs a program on the machine.
on() {
    nsenter --target "$(leader)" --all "$@" 3>&- 4>&-
}

signal() {
    on sh -c "kill -$1 $2"
}

booted() {
    [[ $(on systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}

# Waits until a command succeeds, for so many seconds at most.
within() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        if ((SECONDS >= deadline)); then
            echo "not within $1 s: ${*:2}"
            return 1
        fi
        sleep 0.1
    done
}

install_version() {
    on env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        "/usr/local/bin/$1.deb"
}

installed_version() {
    # shellcheck disable=SC2016
    on dpkg-query --show --showformat '${Version}' "$1"
}

# Replaces the program by a command while callers request; requires that no request fails, nor one
# that began before.
under_load() {
    on rm -f /run/asked /run/answer /run/enough
    on /usr/local/bin/callers >"$FOLDER/asked" &
    local callers=$! slow
    answer /slow >"$FOLDER/slow" &
    slow=$!
    within 10 on test -e /run/asked
    "$@"
    on touch /run/answer
    wait "$slow"
    [[ $(cat "$FOLDER/slow") == hub ]]
    on touch /run/enough
    wait "$callers"
    cat "$FOLDER/asked"
    run -1 grep wrong "$FOLDER/asked"
    (($(sed -n 's/^asked //p' "$FOLDER/asked") > 20))
}

main_process() {
    on systemctl show --property=MainPID --value hubgate.service
}

has_another_main_process() {
    local now
    now=$(main_process)
    [[ $now != "$1" && $now != 0 ]]
}

# What a caller at home gets for a path.
answer() {
    on curl --silent --insecure --max-time 60 "https://localhost$1"
}

answers() {
    [[ $(answer /) == hub ]]
}

# All files but those that come with every boot and every use of apt, and all accounts.
inventory() {
    on find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev \
        -o -path /var/cache -o -path /var/log -o -path /var/tmp -o -path /var/lib/dpkg \
        -o -path /var/lib/apt -o -path /var/lib/systemd \) -prune -o -print | sort
    on cat /etc/passwd /etc/group
}
