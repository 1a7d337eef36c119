#!/usr/bin/env bats

load stage.bash

setup() { setup_stage; }
teardown() { teardown_stage; }

@test "install puts hubgate into NGINX's place with its name, certificate and password" {
    setup_nginx
    NGINX_FOLDER=$(find "$HUBGATE_ROOT/etc/nginx" -type f -exec sha256sum {} \;)
    run add_on install
    echo "$output"
    [ "$status" -eq 0 ]
    hubgate_answers
    is_on hubgate.service
    is_off nginx.service
    [[ $(ask) == *" 401"* ]]
    [[ $(find "$HUBGATE_ROOT/etc/nginx" -type f -exec sha256sum {} \;) == "$NGINX_FOLDER" ]]
    grep -q "the package's own" "$HUBGATE_ROOT/etc/hubgate/proxy.yaml.1"
}

@test "the private key is handed to the group of the service and to nobody else" {
    ((EUID == 0)) || skip "needs root: the service has an account of its own only then"
    setup_nginx
    add_on install
    [[ $(stat -c '%a %U %G' "$HUBGATE_ROOT/etc/ssl/certs/openhab.key") == "640 root nogroup" ]]
    add_on remove
    [[ $(stat -c '%a %U %G' "$HUBGATE_ROOT/etc/ssl/certs/openhab.key") == "600 root root" ]]
}

@test "a password file of the group www-data is read by joining the group" {
    ((EUID == 0)) || skip "needs root: the service has an account of its own only then"
    setup_nginx
    chgrp www-data "$HUBGATE_ROOT/etc/nginx/.htpasswd"
    chmod 640 "$HUBGATE_ROOT/etc/nginx/.htpasswd"
    add_on install
    hubgate_answers
    [[ $(stat -c '%a %G' "$HUBGATE_ROOT/etc/nginx/.htpasswd") == "640 www-data" ]]
    [[ $(cat "$HUBGATE_ROOT/run/groups") == www-data ]]
    add_on remove
    nginx_answers
    [ ! -s "$HUBGATE_ROOT/run/groups" ]
}

@test "keys in closed folders, as certbot keeps them, are reached and closed again" {
    ((EUID == 0)) || skip "needs root: the service has an account of its own only then"
    setup_nginx
    local folder="$HUBGATE_ROOT/etc/letsencrypt"
    mkdir -p "$folder/live/home" "$folder/archive/home"
    chmod 700 "$folder" "$folder/live" "$folder/archive"
    mv "$HUBGATE_ROOT/etc/ssl/certs/openhab.key" "$folder/archive/home/privkey1.pem"
    ln -s ../../archive/home/privkey1.pem "$folder/live/home/privkey.pem"
    sed -i "s|ssl_certificate_key .*|ssl_certificate_key $folder/live/home/privkey.pem;|" "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    add_on install
    hubgate_answers
    [[ $(stat -c '%a %G' "$folder/archive") == "710 nogroup" ]]
    add_on remove
    nginx_answers
    [[ $(stat -c '%a %G' "$folder/archive" "$folder/archive/home/privkey1.pem") == $'700 root\n600 root' ]]
}

@test "an NGINX at another address, and for IPv6, is followed there" {
    grep -q '^0*1 ' /proc/net/if_inet6 || skip "this machine has no IPv6"
    setup_nginx
    sed -i "s/listen 127.0.0.1:$HTTPS_PORT/listen [::1]:$HTTPS_PORT/; s/listen 127.0.0.1:$HTTP_PORT/listen 127.0.0.2:$HTTP_PORT/" \
        "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    systemctl restart nginx.service
    run add_on install
    echo "$output"
    [ "$status" -eq 0 ]
    is_on hubgate.service
}

@test "certbot's renewals that need NGINX are told" {
    setup_nginx
    mkdir -p "$HUBGATE_ROOT/etc/letsencrypt/renewal"
    echo 'authenticator = webroot' >"$HUBGATE_ROOT/etc/letsencrypt/renewal/home.example.org.conf"
    echo 'authenticator = dns-cloudflare' >"$HUBGATE_ROOT/etc/letsencrypt/renewal/other.example.org.conf"
    run add_on install
    [[ $output == *"will fail from now on for: home.example.org. "* ]]
}

@test "a second install upgrades and leaves proxy.yaml alone" {
    setup_nginx
    add_on install
    echo "# the operator was here" >>"$HUBGATE_ROOT/etc/hubgate/proxy.yaml"
    build_package 2.0
    HUBGATE_DEB=$HUBGATE_ROOT/hubgate_2.0.deb add_on install
    hubgate_answers
    [[ $(cat "$HUBGATE_ROOT/var/lib/version") == 2.0 ]]
    grep -q "the operator was here" "$HUBGATE_ROOT/etc/hubgate/proxy.yaml"
    add_on remove
    nginx_answers
}

@test "menu 34's change of the password holds at once" {
    setup_nginx
    add_on install
    hubgate_answers
    echo changed-secret | htpasswd -i "$HUBGATE_ROOT/etc/nginx/.htpasswd" anna
    hubgate_answers anna:changed-secret
    not answers
}

@test "without NGINX hubgate is set up with the password of openhabian.conf" {
    write_settings
    run add_on install
    echo "$output"
    [ "$status" -eq 0 ]
    grep -q "networks: \[lan\], password: " "$HUBGATE_ROOT/etc/hubgate/proxy.yaml"
    htpasswd -vb "$HUBGATE_ROOT/etc/hubgate/.htpasswd" ben secret-of-ben
    grep -qx hubgatepw=xxxxxxxx "$HUBGATE_ROOT/etc/openhabian.conf"
    [[ $(ask_home --user ben:secret-of-ben) == hub ]]
    add_on remove
    not ask_home
}

@test "a public name gets a certificate from a CA, and a name of home none" {
    # shellcheck source=/dev/null
    source "$ADD_ON"
    hubgate_is_public home.example.org
    not hubgate_is_public openhabian
    not hubgate_is_public openhabian.local
    not hubgate_is_public openhab.fritz.box
    not hubgate_is_public 192.168.1.4
}

@test "no password is seen in argv, log or output" {
    write_settings
    record_arguments
    PATH="$RECORDERS:$PATH" run add_on install
    [ "$status" -eq 0 ]
    grep -q "^hubgate .*user add ben" "$HUBGATE_ROOT/argv"
    not grep -rq secret-of-ben "$HUBGATE_ROOT/argv" "$HUBGATE_ROOT/var/log" "$HUBGATE_ROOT/var/lib" "$HUBGATE_ROOT/run" "$HUBGATE_ROOT/etc"
    [[ $output != *secret-of-ben* ]]
}

# Every program there is, by whomever it is called, has its arguments noted first.
record_arguments() {
    export RECORDERS="$HUBGATE_ROOT/run/recorders"
    mkdir "$RECORDERS"
    cat >"$HUBGATE_ROOT/run/recorder" <<'RECORDER'
#!/bin/bash
name=${0##*/}
printf '%s\n' "$name $*" >>"$HUBGATE_ROOT/argv"
program=$(PATH=${PATH#"$RECORDERS:"} type -P "$name")
exec "$program" "$@"
RECORDER
    chmod +x "$HUBGATE_ROOT/run/recorder"
    : >"$HUBGATE_ROOT/argv"
    chmod 666 "$HUBGATE_ROOT/argv"
    python3 - <<'PYTHON'
import os
names = {name for folder in os.environ["PATH"].split(":") if os.path.isdir(folder) for name in os.listdir(folder)}
for name in names:
    os.symlink("../recorder", os.path.join(os.environ["RECORDERS"], name))
PYTHON
}

@test "an openHAB that is down does not keep hubgate out" {
    setup_nginx
    local nobody_there
    read -r nobody_there _ < <(free_ports)
    sed -i "s/:$HUB_PORT/:$nobody_there/" "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    sed -i '/auth_basic/d' "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    run add_on install
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"openHAB itself does not answer yet"* ]]
}

@test "as a function of openHABian it asks first and tells last" {
    setup_nginx
    printf '#!/bin/sh\necho "$@" >>"%s"\n' "$HUBGATE_ROOT/run/asked" >"$HUBGATE_ROOT/usr/bin/whiptail"
    chmod +x "$HUBGATE_ROOT/usr/bin/whiptail"
    INTERACTIVE=1 openhabian install_hubgate install
    hubgate_answers
    grep -q -- --yesno "$HUBGATE_ROOT/run/asked"
    grep -q -- "--msgbox hubgate serves" "$HUBGATE_ROOT/run/asked"
    hubgateaction=remove openhabian setup_hubgate
    nginx_answers
    [[ $(openhabian setup_hubgate) == *"SKIPPED (no configuration provided)" ]]
}

# With what openHABian has, and as it runs its functions.
# shellcheck disable=SC2317
openhabian() {
    # shellcheck source=/dev/null
    source "$ADD_ON"
    timestamp() { date +"%F_%T_%Z"; }
    cond_redirect() { echo "\$ $*"; "$@"; }
    "$@" 3>&- 4>&-
}

ask_home() {
    curl --silent --insecure --noproxy '*' --max-time 5 \
        --resolve "home.internal:$HTTPS_PORT:127.0.0.1" "https://home.internal:$HTTPS_PORT/" "$@"
}

write_settings() {
    cat >"$HUBGATE_ROOT/etc/openhabian.conf" <<SETTINGS
hubgatehost=home.internal
hubgateuser=ben
hubgatepw=secret-of-ben
hubgatehttp=$HTTP_PORT
hubgatehttps=$HTTPS_PORT
hubgateupstream=http://127.0.0.1:$HUB_PORT
SETTINGS
}

@test "a key in a folder of another user is not handed over, as that user could put a link in its place" {
    ((EUID == 0)) || skip "needs root: the service has an account of its own only then"
    setup_nginx
    local folder="$HUBGATE_ROOT/home/anna"
    mkdir -p "$folder"
    chmod 755 "$folder"
    mv "$HUBGATE_ROOT/etc/ssl/certs/openhab.key" "$folder/openhab.key"
    chown 1234 "$folder"
    sed -i "s|ssl_certificate_key .*|ssl_certificate_key $folder/openhab.key;|" "$HUBGATE_ROOT/etc/nginx/sites-enabled/openhab"
    run add_on install
    ((status != 0))
    [[ $output == *"may not read $folder/openhab.key"* ]]
    [[ $(stat -c '%a %U %G' "$folder/openhab.key") == "600 root root" ]]
}
