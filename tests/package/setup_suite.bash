#!/usr/bin/env bash
# What all tests share: two packages made of the test profile's program, one of
# a higher version, and the Debian that SUITE names, ready to be unpacked.

setup_suite() {
    cd "$BATS_TEST_DIRNAME/../.." || return
    FOLDER=$(mktemp -d /tmp/hubgate-package.XXXXXX)
    export FOLDER
    make_packages
    make_debian
}

teardown_suite() {
    rm -rf "$FOLDER"
}

make_packages() {
    # With a bench, whose dependencies are those of the tests, so that nothing is built anew.
    cargo build --locked --quiet --bin hubgate --bench functions
    target/debug/hubgate manual target/debian/manual
    make_package 0.0.1-1
    make_package 0.0.2-1
}

make_package() {
    scripts/cargo-deb --quiet --no-build --no-strip --fast --profile dev \
        --deb-version "$1" --output "$FOLDER/$1.deb"
}

make_debian() {
    DEBIAN=$PWD/target/test-tools/debian/$SUITE.tar
    export DEBIAN
    [[ ! -e $DEBIAN ]] || return 0
    mkdir -p "${DEBIAN%/*}"
    debootstrap --variant=minbase --include=systemd-sysv,dbus,adduser,ca-certificates,curl,socat \
        "$SUITE" "$FOLDER/debian" "$(mirror)" >"$FOLDER/debootstrap" || {
        tail -20 "$FOLDER/debootstrap"
        return 1
    }
    tar --create --file "$DEBIAN.part" --directory "$FOLDER/debian" .
    mv "$DEBIAN.part" "$DEBIAN"
    rm -rf "$FOLDER/debian"
}

# Where this machine's own packages come from.
mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Component: main' 'Origin: Debian' | head -n 1
}
