#!/usr/bin/env bats
# The apt repository, from the first installation over upgrades to forged and replayed files. Each
# test continues where the previous one ended.

bats_require_minimum_version 1.5.0
load machine

URL=http://127.0.0.1:8000/apt
DAY=86400

setup_file() {
    start_machine
    on rm -rf /etc/apt/sources.list /etc/apt/sources.list.d
    on mkdir /etc/apt/sources.list.d
    # Short, as a path of a socket is limited.
    KEYS=$FOLDER/k1 NEXT_KEYS=$FOLDER/k2 SITE=$FOLDER/site
    NOW=$(date +%s)
    export KEYS NEXT_KEYS SITE NOW
    repository --new-key "$KEYS"
    repository --new-key "$NEXT_KEYS"
    publish "$SITE/apt" $((NOW - 2 * DAY)) 0.0.1-1
    nsenter --target "$(leader)" --net \
        python3 -m http.server --bind 127.0.0.1 --directory "$SITE" 8000 >"$FOLDER/server" 2>&1 3>&- 4>&- &
    export SERVER=$!
    within 10 on curl --silent --fail --output /dev/null "$URL/hubgate.sources"
}

teardown_file() {
    kill "$SERVER" || true
    local home
    for home in "$KEYS" "$NEXT_KEYS"; do
        gpgconf --homedir "$home" --kill all
    done
    stop_machine
    rm -rf "$SITE" "$KEYS" "$NEXT_KEYS"
}

repository() {
    "$BATS_TEST_DIRNAME/../../scripts/repository" "$@"
}

# Publishes a version of the program in a folder, as of a time.
publish() {
    GNUPGHOME=$KEYS SOURCE_DATE_EPOCH=$2 repository --url "$URL" "$1" "$FOLDER/$3.deb"
}

# Serves a copy of the first folder, which a test may change, in the place of the repository.
serve_copy() {
    rm -rf "$SITE/apt"
    cp -r "$1" "$SITE/apt"
}

# Reads the repository as a machine that never did before; fails on any error.
update_anew() {
    on find /var/lib/apt/lists -type f -delete
    on apt-get -o APT::Update::Error-Mode=any update
}

# The versions that apt would install from the repository.
offered() {
    on apt-cache madison hubgate | awk -F'|' '{gsub(/ /, "", $2); print $2}' | paste --serial --delimiters ' '
}

# Requires that an update fails with a message, and that nothing is offered then.
refuses() {
    run update_anew
    ((status != 0))
    grep --ignore-case --extended-regexp "$1" <<<"$output"
    [[ -z $(offered) ]]
}

@test "apt install hubgate installs it from the repository" {
    local begin=$SECONDS
    on curl --silent --fail --output-dir /usr/share/keyrings --remote-name "$URL/hubgate-archive-keyring.asc"
    on curl --silent --fail --output-dir /etc/apt/sources.list.d --remote-name "$URL/hubgate.sources"
    on apt-get -o APT::Update::Error-Mode=any update
    on env DEBIAN_FRONTEND=noninteractive apt-get install --yes hubgate
    on systemctl enable --quiet --now hubgate.service
    within 10 answers
    [[ $(installed_version hubgate) == 0.0.1-1 ]]
    [[ -n $(installed_version hubgate-archive-keyring) ]]
    echo "# from the added repository to an answer: $((SECONDS - begin)) s" >&3
}

@test "an upgrade from the repository under load fails no request" {
    local before
    before=$(main_process)
    cp -r "$SITE/apt" "$SITE/old"
    publish "$SITE/apt" $((NOW - DAY)) 0.0.2-1
    on apt-get -o APT::Update::Error-Mode=any update
    under_load on env DEBIAN_FRONTEND=noninteractive apt-get upgrade --yes
    has_another_main_process "$before"
    [[ $(installed_version hubgate) == 0.0.2-1 ]]
    cp -r "$SITE/apt" "$SITE/new"
}

@test "an index of an earlier Release is served by its hash" {
    local index
    for index in "$SITE"/old/dists/stable/main/binary-*/by-hash/SHA256/*; do
        cmp "$index" "$SITE/apt/${index#"$SITE/old/"}"
    done
}

@test "a replayed older Release changes nothing" {
    serve_copy "$SITE/old"
    run on apt-get update
    [[ $(offered) == "0.0.2-1 0.0.1-1" ]]
}

@test "an expired Release is refused" {
    GNUPGHOME=$KEYS SOURCE_DATE_EPOCH=$((NOW - 91 * DAY)) \
        repository --url "$URL" "$SITE/expired" "$FOLDER/0.0.1-1.deb"
    serve_copy "$SITE/expired"
    refuses 'expired'
}

@test "a repository signed by another key is refused" {
    GNUPGHOME=$NEXT_KEYS repository --url "$URL" "$SITE/foreign" "$FOLDER/0.0.2-1.deb"
    serve_copy "$SITE/foreign"
    refuses 'NO_PUBKEY|missing key'
}

@test "a repository without a signature is refused" {
    serve_copy "$SITE/new"
    rm "$SITE/apt/dists/stable/InRelease" "$SITE/apt/dists/stable/Release.gpg"
    refuses 'not signed'
}

@test "a changed Release is refused" {
    serve_copy "$SITE/new"
    sed --in-place 's/^Label: hubgate$/Label: hubgat3/' "$SITE"/apt/dists/stable/*Release
    refuses 'invalid|BADSIG|not signed|bad signature'
}

@test "a changed index is refused" {
    local index
    serve_copy "$SITE/new"
    for index in "$SITE"/apt/dists/stable/main/binary-amd64/{Packages.gz,by-hash/SHA256/*}; do
        printf x >>"$index"
    done
    sed --in-place 's/0\.0\.2-1/0.0.3-1/' "$SITE/apt/dists/stable/main/binary-amd64/Packages"
    refuses 'hash sum mismatch|unexpected size'
}

@test "a changed package is refused" {
    serve_copy "$SITE/new"
    update_anew
    printf x | dd of="$SITE/apt/pool/main/hubgate/hubgate_0.0.1-1_amd64.deb" bs=1 seek=4000 conv=notrunc
    on apt-get clean
    run on env DEBIAN_FRONTEND=noninteractive apt-get install --yes --allow-downgrades hubgate=0.0.1-1
    ((status != 0))
    [[ $output == *"Hash Sum mismatch"* ]]
    [[ $(installed_version hubgate) == 0.0.2-1 ]]
}

@test "a published package is never replaced by another of its version" {
    mkdir "$FOLDER/root"
    dpkg-deb --raw-extract "$FOLDER/0.0.1-1.deb" "$FOLDER/root"
    touch "$FOLDER/root/usr/bin/another"
    dpkg-deb --build "$FOLDER/root" "$FOLDER/another.deb"
    GNUPGHOME=$KEYS run -1 repository --url "$URL" "$SITE/new" "$FOLDER/another.deb"
    [[ $output == *"a changed package needs a new version"* ]]
    rm -r "$FOLDER/root" "$FOLDER/another.deb"
}

@test "a next key reaches a machine by an upgrade before it signs alone" {
    local keyring=/usr/share/keyrings/hubgate-archive-keyring.asc before
    before=$(on sha256sum "$keyring")
    gpg --homedir "$KEYS" --quiet --import "$NEXT_KEYS/public.asc"
    publish "$SITE/new" "$NOW" 0.0.2-1
    serve_copy "$SITE/new"
    update_anew
    on env DEBIAN_FRONTEND=noninteractive apt-get upgrade --yes
    [[ $(on sha256sum "$keyring") != "$before" ]]
    gpg --homedir "$KEYS" --quiet --import "$NEXT_KEYS/signing-subkey.asc"
    publish "$SITE/new" "$NOW" 0.0.2-1
    serve_copy "$SITE/new"
    update_anew
    serve_copy "$SITE/foreign"
    update_anew
    [[ $(offered) == 0.0.2-1* ]]
}

@test "a machine with the first key alone accepts what both keys signed" {
    on cp /dev/stdin /usr/share/keyrings/hubgate-archive-keyring.asc <"$KEYS/public.asc"
    serve_copy "$SITE/foreign"
    refuses 'NO_PUBKEY|missing key'
    serve_copy "$SITE/new"
    update_anew
    [[ $(offered) == 0.0.2-1* ]]
}
