#!/usr/bin/env bats
# NGINX_FOLDER is read by the stage; what a test sets is for itself alone.
# shellcheck disable=SC2030,SC2031,SC2034

load stage.bash

setup() {
    setup_stage
    setup_nginx
    NGINX_FOLDER=$(nginx_folder)
}

teardown() {
    [[ -z ${holder:-} ]] || kill "$holder" 2>/dev/null || true
    teardown_stage
}

# install fails at STEP with CAUSE, and NGINX answers.
install_fails() {
    run add_on install
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"hubgate: \"$1\" failed: "*"$2"*"Log: $HUBGATE_ROOT/var/log/openhabian-hubgate.log"* ]]
    rolled_back
}

@test "a port that another program holds" {
    python3 -c '
import socket, sys, time
held = socket.create_server(("127.0.0.2", int(sys.argv[1])))
time.sleep(600)' "$HTTP_PORT" 3>&- 4>&- &
    holder=$!
    within 5 held
    install_fails "Checking the ports" "port $HTTP_PORT is held by python3 (process $holder)"
}

held() {
    [[ -n $(ss -Htln "src 127.0.0.2:$HTTP_PORT") ]]
}

@test "an NGINX whose files are broken goes on as it runs" {
    echo "proxy_pas x;" >"$HUBGATE_ROOT/etc/nginx/sites-enabled/broken"
    NGINX_FOLDER=$(nginx_folder)
    install_fails "Checking NGINX" 'unknown directive "proxy_pas"'
}

@test "a directive that guards access and cannot be taken over" {
    # shellcheck disable=SC2016
    write_site 'if ($http_x_door = "shut") { return 403; }'
    NGINX_FOLDER=$(nginx_folder)
    install_fails "Writing proxy.yaml" "sites-enabled/openhab:1"
}

@test "no package and no network" {
    unset HUBGATE_DEB
    install_fails "Getting hubgate" "name a package file in HUBGATE_DEB"
}

@test "a package file that is missing, or something else" {
    HUBGATE_DEB=$HUBGATE_ROOT/none.deb
    install_fails "Getting hubgate" "there is no package file"
    HUBGATE_DEB=$HUBGATE_ROOT/etc/os-release
    install_fails "Getting hubgate" "is not a package of hubgate"
}

@test "a download without a checksum or over http" {
    unset HUBGATE_DEB
    export HUBGATE_URL=https://127.0.0.1:1/hubgate.deb
    install_fails "Getting hubgate" "HUBGATE_SHA256"
    HUBGATE_SHA256=$(printf '0%.0s' {1..64})
    export HUBGATE_SHA256
    HUBGATE_URL=http://127.0.0.1:1/hubgate.deb install_fails "Getting hubgate" "must begin with https://"
}

@test "a package that apt cannot install" {
    : >"$HUBGATE_ROOT/faults/apt"
    install_fails "Getting hubgate" "apt-get could not install"
}

@test "a proxy.yaml with faults" {
    : >"$HUBGATE_ROOT/faults/check"
    install_fails "Checking proxy.yaml" "proxy.yaml:1:1: a fault"
}

@test "a hubgate that dies at its start" {
    : >"$HUBGATE_ROOT/faults/run"
    install_fails "Starting hubgate" "hubgate did not start: no memory left"
}

@test "a hubgate that does not serve the home" {
    serves_wrongly 's/home.example.org/other.example.org/'
    install_fails "Asking hubgate as a browser does" "hubgate does not know the host home.example.org"
}

@test "a hubgate that does not reach the hub" {
    sed -i '/auth_basic/d' "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    NGINX_FOLDER=$(nginx_folder)
    serves_wrongly "s|http://127.0.0.1:$HUB_PORT|http://127.0.0.1:1|"
    install_fails "Asking hubgate as a browser does" "http://127.0.0.1:$HUB_PORT answers, but hubgate says 503"
}

@test "a hubgate that shows the certificate of another name" {
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other.example.org \
        -addext subjectAltName=DNS:other.example.org \
        -keyout "$HUBGATE_ROOT/run/openhab.key" -out "$HUBGATE_ROOT/run/openhab.crt" 2>/dev/null
    chmod 644 "$HUBGATE_ROOT/run/openhab.key"
    serves_wrongly 's|/etc/ssl/certs/openhab|/run/openhab|'
    install_fails "Asking hubgate as a browser does" "the certificate for home.example.org is for another name"
}

@test "a hubgate that shows a stand-in for the certificate of NGINX" {
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=home.example.org \
        -addext subjectAltName=DNS:home.example.org \
        -keyout "$HUBGATE_ROOT/run/openhab.key" -out "$HUBGATE_ROOT/run/openhab.crt" 2>/dev/null
    chmod 644 "$HUBGATE_ROOT/run/openhab.key"
    serves_wrongly 's|/etc/ssl/certs/openhab|/run/openhab|'
    install_fails "Asking hubgate as a browser does" "NGINX showed another certificate for home.example.org than hubgate does"
}

@test "a hubgate whose http does not lead to https" {
    serves_wrongly 's/http: \[[^]]*\]/http: []/'
    install_fails "Asking hubgate as a browser does" "http at 127.0.0.1:$HTTP_PORT does not lead to https"
}

# What is served is proxy.yaml changed by a sed expression.
serves_wrongly() {
    echo "$1" >"$HUBGATE_ROOT/faults/serve"
    export hubgatewait=1
}

@test "a Debian that is too old" {
    sed -i 's/^ID=.*/ID=debian/; s/^VERSION_ID=.*/VERSION_ID="10"/' "$HUBGATE_ROOT/etc/os-release"
    install_fails "Checking this machine" "hubgate needs Debian 11 or later, and this is 10"
}

@test "a script that is killed in the middle is repaired by the next call" {
    kill_in_the_middle KILL
    nothing_answers
    run add_on install
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"ended in the middle (install: Starting hubgate)"* ]]
    hubgate_answers
    add_on remove
    nginx_is_back
}

@test "a script that is killed in the middle is repaired by a removal" {
    kill_in_the_middle KILL
    run add_on remove
    echo "$output"
    rolled_back
}

@test "a removal that is killed in the middle is finished by the next call" {
    add_on install
    kill_in_the_middle KILL remove
    nothing_answers
    run add_on remove
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"ended in the middle (remove: Putting NGINX back)"* ]]
    nginx_is_back
}

@test "a machine that restarts in the middle comes up with NGINX" {
    kill_in_the_middle KILL
    systemctl is-enabled nginx.service
    not systemctl is-enabled hubgate.service
}

@test "a script that is told to end rolls back before it does" {
    kill_in_the_middle TERM
    cat "$HUBGATE_ROOT/run/output"
    rolled_back
    grep -q "interrupted. NGINX answers as before" "$HUBGATE_ROOT/run/output"
}

# Ends the add-on, by a signal, when NGINX is stopped and hubgate not yet there.
kill_in_the_middle() {
    : >"$HUBGATE_ROOT/faults/hang"
    setsid "$ADD_ON" "${2:-install}" <&- >"$HUBGATE_ROOT/run/output" 2>&1 3>&- 4>&- &
    local script=$!
    within 20 test -e "$HUBGATE_ROOT/run/hanging"
    if [[ $1 == KILL ]]; then
        kill -KILL -- "-$script"
    else
        kill -TERM "$script"
    fi
    rm "$HUBGATE_ROOT/faults/hang"
    wait "$script" || true
}

@test "two runs at a time are not had" {
    : >"$HUBGATE_ROOT/faults/hang"
    setsid "$ADD_ON" install <&- >/dev/null 2>&1 3>&- 4>&- &
    within 20 test -e "$HUBGATE_ROOT/run/hanging"
    run add_on remove
    [ "$status" -eq 1 ]
    [[ $output == *"another run is under way"* ]]
    rm "$HUBGATE_ROOT/faults/hang"
    wait
    hubgate_answers
}

@test "an upgrade that fails puts the hubgate of before back" {
    add_on install
    build_package 2.0
    export HUBGATE_DEB=$HUBGATE_ROOT/hubgate_2.0.deb
    : >"$HUBGATE_ROOT/faults/check"
    run add_on install
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"hubgate goes on as before"* ]]
    hubgate_answers
    [[ $(cat "$HUBGATE_ROOT/var/lib/version") == 1.0 ]]
}

@test "an upgrade to a hubgate that does not start puts the one of before back" {
    add_on install
    build_package 2.0 /bin/false
    HUBGATE_DEB=$HUBGATE_ROOT/hubgate_2.0.deb run add_on install
    echo "$output"
    [ "$status" -eq 1 ]
    hubgate_answers
    is_on hubgate.service
    [[ $(cat "$HUBGATE_ROOT/var/lib/version") == 1.0 ]]
}

@test "a hubgate that runs beside NGINX is not mistaken for one in its place" {
    : >"$HUBGATE_ROOT/run/hubgate.log"
    tail -f /dev/null 3>&- 4>&- &
    holder=$!
    echo "$holder" >"$HUBGATE_ROOT/run/hubgate.pid"
    run add_on install
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"hubgate runs beside NGINX"* ]]
    nginx_answers
    systemctl is-active hubgate.service
}

@test "an upgrade without a package leaves what serves alone" {
    add_on install
    unset HUBGATE_DEB
    run add_on install
    [ "$status" -eq 1 ]
    hubgate_answers
    is_on hubgate.service
}

@test "an upgrade after which no hubgate comes up leads back to NGINX" {
    add_on install
    systemctl stop hubgate.service
    : >"$HUBGATE_ROOT/faults/run"
    run add_on install
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"NGINX answers as before"* ]]
    nginx_answers
    is_off hubgate.service
}
