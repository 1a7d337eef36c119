#!/usr/bin/env bats
# From a Debian with nothing but the package to a phone that is in, as a person types it.

bats_require_minimum_version 1.5.0
load machine

# Neither at home nor the machine's own: a certificate or password is asked for.
AWAY=203.0.113.5
HOST=openhabian.local

setup_file() {
    start_machine
    nsenter --target "$(leader)" --net ip address add "$AWAY/32" dev lo
}

teardown_file() {
    stop_machine
}

# A phone's browser at home.
at_home() {
    on curl --silent --insecure --max-time 20 --resolve "$HOST:443:127.0.0.1" "$@"
}

# The same away from home.
away() {
    on curl --silent --insecure --max-time 20 --interface "$AWAY" \
        --resolve "$HOST:443:$AWAY" "$@"
}

# What `hubgate client add` shows, once it does.
shown() {
    on grep --only-matching --extended-regexp "$1" /tmp/invitation
}

invite() {
    on sh -c "hubgate client add \"Anna's phone\" >/tmp/invitation 2>&1" 3>&- 4>&- &
    within 10 shown 'code  [0-9 ]+'
}

# Enters the code, and takes the file and its password.
enrol() {
    local link code page
    link=$(shown 'https://[^ ]+')
    code=$(shown 'code  [0-9 ]+' | tr --complement --delete 0-9)
    page=$(at_home --data "code=$code" --output /dev/null --write-out '%{redirect_url}' "$link")
    PASSWORD=$(at_home "$page" | sed --quiet 's/.*<code[^>]*>\([^<]*\)<.*/\1/p' | head -n 1)
    at_home --output /tmp/phone.p12 "$page/phone.p12"
}

@test "a person gets from the package to an enrolled phone by three commands" {
    local begin=$SECONDS
    install_version 0.0.1-1
    run -0 "$BATS_TEST_DIRNAME/type" \
        'Name that people type' "$HOST" 'Address of the hub' '' 'Number' 4 \
        'first user' anna 'new password' 'correct horse' 'once more' 'correct horse' \
        -- nsenter --target "$(leader)" --all hubgate init
    [[ $output == *"next: systemctl enable --now hubgate"* ]]
    on systemctl enable --quiet --now hubgate
    invite
    [[ $(away --output /dev/null --write-out '%{http_code}' "https://$HOST/") == 401 ]]
    enrol
    [[ $(away --cert-type P12 --cert "/tmp/phone.p12:$PASSWORD" "https://$HOST/") == hub ]]
    within 10 shown "Anna's phone is enrolled"
    [[ $(away --user "anna:correct horse" "https://$HOST/") == hub ]]
    echo "# from the package to a phone that is in: $((SECONDS - begin)) s of machine time" >&3
}

@test "the next command that init prints is the right one each time" {
    run -1 on hubgate init --host "$HOST" --away nobody
    [[ $output == *"hubgate init --overwrite /etc/hubgate/proxy.yaml"* ]]
    run -0 on hubgate init --host "$HOST" --away nobody --overwrite /etc/hubgate/proxy.yaml
    [[ $output == *"next: hubgate reload"* ]]
    on hubgate reload
    [[ $(away --output /dev/null --write-out '%{http_code}' "https://$HOST/") == 403 ]]
}
