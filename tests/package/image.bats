#!/usr/bin/env bats
# The container image: made from the package, unpacked, and run by systemd-nspawn as a container
# engine does: another user than root, a read-only root, one capability, a network of its own.
#
# Clients: `host` is the gateway's machine, which has a second address of the home.

bats_require_minimum_version 1.5.0
load machine

INSIDE=172.31.77.2
GATEWAY=172.31.77.1
HOME_CLIENT=172.31.77.9

setup_file() {
    IMAGE=$FOLDER/image
    HOST_NET=hubgate-host-$$ OWN_NET=hubgate-own-$$
    export IMAGE HOST_NET OWN_NET
    mkdir -p "$IMAGE/state"
    "$BATS_TEST_DIRNAME/../../scripts/image" "$IMAGE/layout" "$FOLDER/0.0.1-1.deb"
    skopeo copy --quiet "oci:$IMAGE/layout:0.0.1-1" "oci:$IMAGE/single:image"
    umoci unpack --image "$IMAGE/single:image" "$IMAGE/bundle"
    # Where systemd-nspawn looks up the user.
    cp /usr/bin/getent "$IMAGE/bundle/rootfs/usr/bin/"
    chown 65532:65532 "$IMAGE/state"
    chmod 700 "$IMAGE/state"
    write_configuration ""
    make_networks
    ip netns exec "$OWN_NET" "$BATS_TEST_DIRNAME/hub" >/dev/null 2>&1 3>&- 4>&- &
    echo $! >"$IMAGE/hub"
}

teardown_file() {
    kill "$(cat "$IMAGE/hub")" || true
    umount --lazy "$IMAGE/sys"
    ip netns delete "$HOST_NET"
    ip netns delete "$OWN_NET"
    rm -rf "$IMAGE" /run/asked /run/answer
}

teardown() {
    [[ ! -e $IMAGE/nspawn ]] || stop_container
}

make_networks() {
    ip netns add "$HOST_NET"
    ip netns add "$OWN_NET"
    ip link add eth0 netns "$OWN_NET" type veth peer name bridge netns "$HOST_NET"
    ip -n "$HOST_NET" address add "$GATEWAY/24" dev bridge
    ip -n "$HOST_NET" address add "$HOME_CLIENT/24" dev bridge
    ip -n "$HOST_NET" link set bridge up
    ip -n "$OWN_NET" address add "$INSIDE/24" dev eth0
    ip -n "$OWN_NET" link set eth0 up
    ip -n "$OWN_NET" link set lo up
    ip -n "$OWN_NET" route add default via "$GATEWAY"
    # The interfaces of the network, which container engines show, and systemd-nspawn does not.
    mkdir "$IMAGE/sys"
    nsenter --net="/run/netns/$OWN_NET" mount -t sysfs sysfs "$IMAGE/sys"
}

# The configuration of the container, with one more line.
write_configuration() {
    cat >"$IMAGE/proxy.yaml" <<YAML
state: /var/lib/hubgate
$1
sites:
  - hosts: [home.test]
    certificate: self-signed
    upstream: http://127.0.0.1:8080
    access: {networks: [lan]}
YAML
    chmod 644 "$IMAGE/proxy.yaml"
}

# Runs the image's program, with the arguments of its configuration or others.
# shellcheck disable=SC2120
container() {
    local dropped=AUDIT_CONTROL,AUDIT_WRITE,CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER,FSETID,IPC_OWNER,KILL,LEASE
    dropped+=,LINUX_IMMUTABLE,MKNOD,NET_ADMIN,NET_BROADCAST,NET_RAW,SETFCAP,SETGID,SETPCAP,SETUID,SYS_ADMIN
    dropped+=,SYS_BOOT,SYS_CHROOT,SYS_NICE,SYS_PTRACE,SYS_RESOURCE,SYS_TTY_CONFIG
    local entry arguments alone=()
    mapfile -t entry < <(configured Entrypoint)
    arguments=("$@")
    (($#)) || mapfile -t arguments < <(configured Cmd)
    [[ -d /run/systemd/system ]] || alone=(--keep-unit)
    exec systemd-nspawn --quiet --register=no "${alone[@]}" --directory "$IMAGE/bundle/rootfs" --read-only \
        --network-namespace-path "/run/netns/$OWN_NET" --bind-ro "$IMAGE/sys:/sys" --user hubgate \
        --as-pid2 --kill-signal SIGTERM \
        --drop-capability "CAP_${dropped//,/,CAP_}" --pipe --resolv-conf off --timezone off \
        --bind "$IMAGE/state:/var/lib/hubgate" --bind-ro "$IMAGE/proxy.yaml:/etc/hubgate/proxy.yaml" \
        -- "${entry[@]}" "${arguments[@]}"
}

# A value of the image's configuration; one line for each element of a list.
configured() {
    skopeo inspect --config "oci:$IMAGE/single:image" | python3 -c '
import json, sys
value = json.load(sys.stdin)["config"][sys.argv[1]]
print(value if isinstance(value, str) else "\n".join(value))' "$1"
}

start_container() {
    # shellcheck disable=SC2119
    container >"$IMAGE/out" 2>"$IMAGE/err" 3>&- 4>&- </dev/null &
    echo $! >"$IMAGE/nspawn"
    within 20 is_ready || { cat "$IMAGE/out" "$IMAGE/err"; return 1; }
}

is_ready() {
    inside status >/dev/null 2>&1
}

# The program's process, as this machine knows it: a child of the container's first one.
program() {
    local children
    children=$(pgrep --parent "$(cat "$IMAGE/nspawn")" --delimiter ,)
    pgrep --parent "${children:-0}" --exact hubgate
}

# Runs the program in the container, as `docker exec` and its health check do.
inside() {
    nsenter --target "$(program)" --mount --net --pid --root --wd --setuid 65532 --setgid 65532 \
        /usr/bin/hubgate --config /etc/hubgate/proxy.yaml "$@"
}

# Ends it as `docker stop` does, and requires that it ends well.
stop_container() {
    kill -TERM "$(program)"
    wait_for_end
}

wait_for_end() {
    within 30 has_ended
    rm "$IMAGE/nspawn"
}

has_ended() {
    ! kill -0 "$(cat "$IMAGE/nspawn")" 2>/dev/null
}

# What a client on the host gets, from an address.
from() {
    local address=$1 path=$2
    shift 2
    ip netns exec "$HOST_NET" curl --silent --insecure --max-time 60 --interface "$address" \
        --resolve "home.test:443:$INSIDE" "$@" "https://home.test$path"
}

status_from() {
    from "$1" / --output /dev/null --write-out '%{http_code}' "${@:2}"
}

@test "the image has the program, its libraries and nothing that starts a shell" {
    local programs
    programs=$(find "$IMAGE/bundle/rootfs" -type f -perm /111 ! -name '*.so*' ! -name getent -printf '%P\n')
    [[ $programs == usr/bin/hubgate ]]
    [[ $(configured Entrypoint | tr '\n' ' ') == "/usr/bin/hubgate --config /etc/hubgate/proxy.yaml " ]]
    [[ $(configured Volumes) == /var/lib/hubgate ]]
    [[ $(configured User) == 65532:65532 ]]
    [[ -e $IMAGE/bundle/rootfs/usr/share/zoneinfo/Europe/Berlin ]]
    grep --quiet CERTIFICATE "$IMAGE/bundle/rootfs/etc/ssl/certs/ca-certificates.crt"
}

@test "it serves as a user with one capability on a root that it cannot write to" {
    local process
    start_container
    [[ $(from "$HOME_CLIENT" /) == hub ]]
    process=/proc/$(program)/status
    grep --extended-regexp '^Uid:\s+65532\s+65532\s+65532' "$process"
    grep --extended-regexp '^CapEff:\s+0000000000000400$' "$process"
    grep --extended-regexp '^CapBnd:\s+0000000000000400$' "$process"
    grep --quiet --extended-regexp ' / [^ ]* ?ro[, ]' "/proc/$(program)/mountinfo"
    [[ -n $(ls "$IMAGE/state") ]]
}

@test "its logs are on stdout and stderr, its health check is hubgate status" {
    start_container
    from "$HOME_CLIENT" /logged
    within 5 grep --quiet 'GET /logged HTTP/' "$IMAGE/out"
    grep --quiet 'INFO' "$IMAGE/err"
    inside status
    stop_container
    run container status
    ((status == 1))
}

@test "SIGTERM ends it after the requests in progress" {
    rm -f /run/asked /run/answer
    start_container
    from "$HOME_CLIENT" /slow >"$IMAGE/slow" &
    local slow=$!
    within 10 test -e /run/asked
    kill -TERM "$(program)"
    touch /run/answer
    wait "$slow"
    [[ $(cat "$IMAGE/slow") == hub ]]
    wait_for_end
}

@test "a new container takes up the state of the one before" {
    local before
    start_container
    stop_container
    before=$(sha256sum "$IMAGE/state/self-signed/home.test.pem")
    start_container
    [[ $(from "$HOME_CLIENT" /) == hub ]]
    [[ $(sha256sum "$IMAGE/state/self-signed/home.test.pem") == "$before" ]]
}

@test "the gateway, by which a bridge replaces addresses, is in no network" {
    start_container
    [[ $(status_from "$GATEWAY") == 403 ]]
    [[ $(from "$GATEWAY" /) == *container* ]]
    [[ $(status_from "$HOME_CLIENT") == 200 ]]
    grep "a connection comes from $GATEWAY" "$IMAGE/err"
    run inside check
    [[ $output == *"may replace the address of every client by $GATEWAY"* ]]
    run inside doctor
    [[ $output == *"network_mode: host"* ]]
    run inside explain https://home.test/ --from "$GATEWAY"
    [[ $output == *"403"*"container's network"* ]]
}

@test "a trusted proxy at the gateway names the clients" {
    write_configuration "trusted_proxies: [$GATEWAY]"
    start_container
    [[ $(status_from "$GATEWAY") == 403 ]]
    [[ $(status_from "$GATEWAY" --header 'X-Forwarded-For: 203.0.113.7') == 403 ]]
    [[ $(status_from "$GATEWAY" --header 'X-Forwarded-For: 192.168.1.5') == 200 ]]
    run inside check
    [[ $output != *"may replace"* ]]
    write_configuration ""
}
