#!/usr/bin/env bats
# NGINX_FOLDER is read by the stage.
# shellcheck disable=SC2034

load stage.bash

setup() {
    setup_stage
    setup_nginx
    NGINX_FOLDER=$(nginx_folder)
}

teardown() { teardown_stage; }

@test "remove puts NGINX back, and leaves proxy.yaml and the state" {
    add_on install
    run add_on remove
    echo "$output"
    [ "$status" -eq 0 ]
    nginx_answers
    is_on nginx.service
    is_off hubgate.service
    [[ $(nginx_folder) == "$NGINX_FOLDER" ]]
    [ -e "$HUBGATE_ROOT/etc/hubgate/proxy.yaml" ]
    [ -d "$HUBGATE_ROOT/var/lib/hubgate" ]
    [ ! -e "$HUBGATE_ROOT/usr/bin/hubgate" ]
    [[ $output == *"proxy.yaml and "*" were left"* ]]
}

@test "an NGINX that ran without being enabled does so again" {
    systemctl disable nginx.service
    add_on install
    add_on remove
    nginx_answers
    not systemctl is-enabled nginx.service
}

@test "remove twice, or without an installation, changes nothing" {
    add_on remove
    nginx_answers
    add_on install
    add_on remove
    add_on remove
    nginx_answers
}

@test "install after remove works again" {
    add_on install
    add_on remove
    add_on install
    hubgate_answers
}

@test "remove with a broken NGINX is refused, and hubgate goes on" {
    add_on install
    echo "proxy_pas x;" >"$HUBGATE_ROOT/etc/nginx/sites-enabled/broken"
    run add_on remove
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"NGINX's own configuration has a fault: unknown directive"* ]]
    hubgate_answers
    is_on hubgate.service
}

@test "when NGINX does not start again, hubgate goes on" {
    add_on install
    : >"$HUBGATE_ROOT/faults/nginx"
    run add_on remove
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"systemctl could not start NGINX. hubgate goes on"* ]]
    hubgate_answers
    is_on hubgate.service
}
